#include "cli/pipeline_files.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DATA_FILES_MAX = 10000 };
#define DATA_BYTES_MAX ((size_t)1 << 30) /* of all the files of a pattern */

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The paths of a pattern below `folder`, in the order of their bytes. */
static bool list(const char *folder, const char *pattern, glob_t *found, struct mr_err *err)
{
    char full[2 * MR_PATH_BYTES];
    snprintf(full, sizeof full, "%s%s", pattern[0] == '/' ? "" : folder, pattern);
    int code = glob(full, GLOB_ERR | GLOB_NOSORT, NULL, found);
    if (code == 0) return true;
    *found = (glob_t){0};
    if (code == GLOB_NOMATCH) return true;
    return mr_fail(err, MR_ERR_IO, "cannot read the files '%s'", full);
}

static bool read_one(struct mr_region *region, const char *path, size_t skipped,
    size_t *bytes_left, struct mr_data_file *out, struct mr_err *err)
{
    struct mr_files plain = {.folder = ""};
    struct mr_file_reader reader = mr_files_reader(&plain);
    struct stat status;
    if (stat(path, &status) == 0 && (size_t)status.st_size > *bytes_left)
        return mr_fail(err, MR_ERR_LIMIT,
            "'%s' is too large: %d MiB can be read for one pattern", path,
            (int)(DATA_BYTES_MAX >> 20));
    if (!reader.read(reader.self, region, path, &out->text, &out->bytes, err)) return false;
    out->path = mr_region_strdup(region, path + skipped);
    *bytes_left -= out->bytes < *bytes_left ? out->bytes : *bytes_left;
    return true;
}

/* An insertion sort: glob's own order depends on the locale. */
static void sort_paths(char **paths, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && strcmp(paths[k - 1], paths[k]) > 0; k--) {
            char *path = paths[k];
            paths[k] = paths[k - 1];
            paths[k - 1] = path;
        }
}

static bool read_all(struct mr_region *region, glob_t *found, size_t skipped,
    struct mr_data_files *out, struct mr_err *err)
{
    if (found->gl_pathc > DATA_FILES_MAX)
        return mr_fail(
            err, MR_ERR_LIMIT, "a pattern names more than %d files", (int)DATA_FILES_MAX);
    struct mr_data_file *files =
        mr_region_array(region, struct mr_data_file, found->gl_pathc + 1);
    uint32_t n = 0;
    size_t bytes_left = DATA_BYTES_MAX;
    sort_paths(found->gl_pathv, found->gl_pathc);
    for (size_t i = 0; i < found->gl_pathc; i++) {
        if (!is_file(found->gl_pathv[i])) continue;
        if (!read_one(region, found->gl_pathv[i], skipped, &bytes_left, &files[n++], err))
            return false;
    }
    *out = (struct mr_data_files){.n = n, .files = files};
    return true;
}

bool mr_cli_find_data(void *self, struct mr_region *region, const char *pattern,
    struct mr_data_files *out, struct mr_err *err)
{
    const struct mr_files *files = self;
    const char *folders[] = {"", files->folder};
    *out = (struct mr_data_files){0};
    for (int i = 0; i < 2 && out->n == 0; i++) {
        glob_t found = {0};
        bool is_ok =
            list(folders[i], pattern, &found, err) &&
            read_all(region, &found, pattern[0] == '/' ? 0 : strlen(folders[i]), out, err);
        globfree(&found);
        if (!is_ok) return false;
    }
    return true;
}

/* Beside the pipeline, and where there is nothing, in the working directory. */
static bool read_beside(void *self, struct mr_region *region, const char *path,
    const char **text, size_t *bytes, struct mr_err *err)
{
    struct mr_file_reader beside = mr_files_reader(self);
    struct mr_files plain = {.folder = ""};
    struct mr_file_reader here = mr_files_reader(&plain);
    struct mr_err ignored = {0};
    return beside.read(beside.self, region, path, text, bytes, err) ||
           (path[0] != '/' && is_file(path) &&
               here.read(here.self, region, path, text, bytes, &ignored) &&
               (*err = (struct mr_err){0}, true));
}

struct mr_graph_files mr_cli_pipeline_files(struct mr_files *files, const char *jinja_variables)
{
    return (struct mr_graph_files){.self = files,
        .read = read_beside,
        .jinja_variables = jinja_variables,
        .find = mr_cli_find_data};
}
