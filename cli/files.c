#define _XOPEN_SOURCE 700 /* realpath */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/files.h"
#include "cli/pipeline_files.h"

#define FILE_BYTES_MAX ((size_t)4 << 30)

void mr_files_init(struct mr_files *files, const char *path)
{
    const char *slash = strrchr(path, '/');
    int bytes = slash ? (int)(slash - path) + 1 : 0;
    snprintf(files->folder, sizeof files->folder, "%.*s", bytes, path);
}

static bool read_stream(struct mr_region *region, FILE *file, const char *path,
    const char **text, size_t *bytes, struct mr_err *err)
{
    struct mr_text content = {0};
    char block[1 << 16];
    size_t n;
    while ((n = fread(block, 1, sizeof block, file)) > 0 && content.bytes < FILE_BYTES_MAX)
        mr_text_add(&content, block, n);
    bool is_ok = !ferror(file) && content.bytes < FILE_BYTES_MAX;
    if (is_ok) {
        *text = mr_region_strndup(region, content.data ? content.data : "", content.bytes);
        *bytes = content.bytes;
    }
    mr_text_deinit(&content);
    return is_ok || mr_fail(err, MR_ERR_IO, "cannot read '%s': %s", path, strerror(errno));
}

static bool read_file(void *self, struct mr_region *region, const char *path, const char **text,
    size_t *bytes, struct mr_err *err)
{
    const struct mr_files *files = self;
    char full[2 * MR_PATH_BYTES];
    snprintf(full, sizeof full, "%s%s", path[0] == '/' ? "" : files->folder, path);
    struct stat status;
    if (stat(full, &status) != 0)
        return mr_fail(err, MR_ERR_INPUT, "cannot read '%s': %s", full, strerror(errno));
    if (S_ISDIR(status.st_mode)) return mr_fail(err, MR_ERR_INPUT, "'%s' is a folder", full);
    FILE *file = fopen(full, "rb");
    if (!file) return mr_fail(err, MR_ERR_INPUT, "cannot read '%s': %s", full, strerror(errno));
    bool is_ok = read_stream(region, file, full, text, bytes, err);
    fclose(file);
    return is_ok;
}

struct mr_file_reader mr_files_reader(struct mr_files *files)
{
    return (struct mr_file_reader){.self = files, .read = read_file, .find = mr_cli_find_data};
}

bool mr_cli_read_scenario(struct mr_region *region, const char *path,
    const struct mr_scenario **out, struct mr_err *err)
{
    struct mr_files files;
    mr_files_init(&files, path);
    struct mr_file_reader reader = mr_files_reader(&files);
    return mr_scenario_read(region, mr_region_strdup(region, path), &reader, out, err);
}

const char *mr_cli_real_path(struct mr_region *region, const char *path)
{
    char *real = realpath(path, NULL);
    if (!real) return path;
    const char *out = mr_region_strdup(region, real);
    free(real);
    return out;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_yaml(const char *name)
{
    size_t bytes = strlen(name);
    return name[0] != '.' && bytes > 5 && strcmp(name + bytes - 5, ".yaml") == 0;
}

static size_t list_folder(
    struct mr_region *region, DIR *folder, const char *path, const char **paths, size_t max)
{
    size_t n = 0;
    const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    for (struct dirent *entry; (entry = readdir(folder)) && n < max;)
        if (is_yaml(entry->d_name))
            paths[n++] = mr_region_printf(region, "%s%s%s", path, slash, entry->d_name);
    qsort(paths, n, sizeof *paths, compare_paths);
    return n;
}

bool mr_cli_find_scenarios(struct mr_region *region, const char *path, const char ***paths,
    size_t *n_paths, struct mr_err *err)
{
    enum { PATHS_MAX = 4096 };
    struct stat status;
    if (stat(path, &status) != 0)
        return mr_fail(err, MR_ERR_INPUT, "cannot read '%s': %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode)) {
        *paths = mr_region_array(region, const char *, 1);
        (*paths)[0] = mr_region_strdup(region, path);
        *n_paths = 1;
        return true;
    }
    DIR *folder = opendir(path);
    if (!folder)
        return mr_fail(err, MR_ERR_INPUT, "cannot read '%s': %s", path, strerror(errno));
    *paths = mr_region_array(region, const char *, PATHS_MAX);
    *n_paths = list_folder(region, folder, path, *paths, PATHS_MAX);
    closedir(folder);
    return true;
}

/* There, and not a file that could be replaced by another. */
static bool is_special(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* A pipe or a terminal cannot be synced: that is no failure. */
static bool sync_file(FILE *file)
{
    return fsync(fileno(file)) == 0 || errno == EINVAL || errno == EROFS;
}

static bool write_whole(const char *path, const char *text, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file) return false;
    bool is_ok = fwrite(text, 1, bytes, file) == bytes;
    is_ok = fflush(file) == 0 && is_ok;
    is_ok = is_ok && sync_file(file);
    return fclose(file) == 0 && is_ok;
}

bool mr_cli_write_file(const char *path, const char *text, size_t bytes, struct mr_err *err)
{
    errno = 0;
    if (strcmp(path, "-") == 0) {
        if (fwrite(text, 1, bytes, stdout) == bytes && fflush(stdout) == 0) return true;
        return mr_fail(err, MR_ERR_IO, "cannot write to standard output: %s", strerror(errno));
    }
    if (is_special(path)) {
        if (write_whole(path, text, bytes)) return true;
        return mr_fail(err, MR_ERR_IO, "cannot write '%s': %s", path, strerror(errno));
    }
    char temporary[MR_PATH_BYTES];
    snprintf(temporary, sizeof temporary, "%s.%ld.part", path, (long)getpid());
    if (write_whole(temporary, text, bytes) && rename(temporary, path) == 0) return true;
    int reason = errno;
    unlink(temporary);
    return mr_fail(err, MR_ERR_IO, "cannot write '%s': %s", path, strerror(reason));
}

bool mr_cli_make_folder(const char *path, struct mr_err *err)
{
    char part[MR_PATH_BYTES];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = part + 1;; slash++) {
        if (*slash != '/' && *slash != '\0') continue;
        char end = *slash;
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return mr_fail(
                err, MR_ERR_IO, "cannot make the folder '%s': %s", part, strerror(errno));
        if (end == '\0') return true;
        *slash = '/';
    }
}
