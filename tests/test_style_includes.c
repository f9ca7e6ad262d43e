/* The arrows of the architecture: which folder may include which (DESIGN: the folders are the
 * architecture). */
#include "tests/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct rule {
    const char *folder;  /* prefix of the file's path */
    const char *allowed; /* prefixes that it may include, between spaces; the first rule that
                            fits decides */
};

static const struct rule rules[] = {
    {"base/", " base/ "},
    {"engine/", " base/ engine/ "},
    {"sim/", " base/ sim/ "},
    {"scenarios/oracle/",
        " base/ engine/pipeline/ engine/expression/ engine/batch/scratch.h scenarios/oracle/ "},
    {"scenarios/", " base/ engine/ sim/ scenarios/ "},
    {"replay/", " base/ engine/ sim/ scenarios/ replay/ "},
    {"reports/", " base/ scenarios/ replay/ reports/ "},
    {"bench/", " base/ engine/ sim/ scenarios/ bench/ "},
    {"cli/", " base/ engine/ sim/ scenarios/ replay/ reports/ bench/ cli/ "},
};

/* System headers that only one place may use. */
static const struct rule only[] = {
    {"<libfyaml.h>", " base/yaml"},
    {"<sqlite3.h>", " replay/store engine/expression/sql_connection.h"},
    {"<xxhash.h>", " base/digest"},
    {"<Python.h>", " engine/expression/python_internal.h"},
};

static int files_seen;
static int failures;

static void report(const char *path, int line, const char *what, const char *name)
{
    fprintf(stderr, "%s:%d: %s %s\n", path, line, what, name);
    failures++;
}

static int is_allowed(const char *allowed, const char *included)
{
    char words[512];
    snprintf(words, sizeof words, "%s", allowed);
    char *save = NULL;
    for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
        if (strncmp(included, word, strlen(word)) == 0) return 1;
    return 0;
}

static void check_quoted(const char *path, int line, const char *included)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strncmp(path, rules[i].folder, strlen(rules[i].folder)) != 0) continue;
        if (!is_allowed(rules[i].allowed, included))
            report(path, line, "may not include", included);
        return;
    }
}

static void check_angled(const char *path, int line, const char *included)
{
    for (size_t i = 0; i < sizeof only / sizeof only[0]; i++)
        if (strncmp(included, only[i].folder, strlen(only[i].folder)) == 0 &&
            !is_allowed(only[i].allowed, path))
            report(path, line, "is not the place for", only[i].folder);
}

static void check_file(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    files_seen++;
    char text[1024];
    for (int line = 1; fgets(text, sizeof text, file); line++) {
        if (strncmp(text, "#include ", 9) != 0) continue;
        char *name = text + 9;
        if (name[0] == '"') {
            name[strcspn(name + 1, "\"") + 1] = '\0';
            check_quoted(path, line, name + 1);
        } else {
            check_angled(path, line, name);
        }
    }
    fclose(file);
}

static void check_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    if (!directory) return;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        struct stat status;
        if (stat(path, &status) != 0) continue;
        size_t bytes = strlen(path);
        if (S_ISDIR(status.st_mode))
            check_folder(path);
        else if (bytes > 2 &&
                 (strcmp(path + bytes - 2, ".c") == 0 || strcmp(path + bytes - 2, ".h") == 0))
            check_file(path);
    }
    closedir(directory);
}

static void no_file_includes_against_the_arrows(void **state)
{
    (void)state;
    static const char *const folders[] = {
        "base", "engine", "sim", "scenarios", "replay", "reports", "bench", "cli"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) check_folder(folders[i]);
    assert_true(files_seen > 100);
    assert_int_equal(failures, 0);
}

static void a_wrong_include_is_found(void **state)
{
    (void)state;
    int before = failures;
    check_quoted("engine/x.c", 1, "sim/world/world.h");
    check_quoted("scenarios/oracle/x.c", 1, "engine/operators/combine.h");
    check_angled("engine/x.c", 1, "<sqlite3.h>");
    check_quoted("engine/x.c", 1, "base/env.h");
    assert_int_equal(failures - before, 3);
    failures = before;
}

int main(void)
{
    if (chdir(MR_SOURCE_DIR) != 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_file_includes_against_the_arrows),
        cmocka_unit_test(a_wrong_include_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
