/* The program as a user runs it, in a folder of its own with a small scenario: for the
 * whole-run tests. */
#ifndef MR_TESTS_TEST_CLI_WHOLE_H
#define MR_TESTS_TEST_CLI_WHOLE_H

#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char program[] = MR_BINARY_DIR "/millrace";

static const char pipeline[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config:\n"
    "        topic: events\n"
    "        schema: {at: timestamp, key: integer, value: integer}\n"
    "        event_time: at\n"
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"
    "    - type: Window\n"
    "      config: {windowing: {type: fixed, size: 100ms}}\n"
    "    - type: Combine\n"
    "      config: {group_by: key, combine: {n: {fn: count, value: key}}}\n"
    "    - type: WriteToLog\n"
    "      config: {topic: totals, key: key, delivery: exactly_once}\n";

static const char scenario[] =
    "scenario: small\n"
    "pipeline: {file: pipeline.yaml}\n"
    "streams:\n"
    "  events: {partitions: 4, generate: {rows: 1000, duration: 4s, keys: 50, values: 1000}}\n"
    "cluster:\n"
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: 1s}, batch: 10,\n"
    "   heartbeat: {every: 500ms}, restart: {backoff: 100ms}}\n"
    "faults:\n"
    "  - crash: {worker: any, at: {between: [1s, 3500ms]}, restart_after: 200ms}\n"
    "seeds: 6\n";

struct bench {
    char folder[64];
    char output[1 << 20]; /* of the last command: both streams */
    int code;             /* 128 + signal when it was killed */
    pid_t pid;            /* of one that is under way */
};

/* Files. */

static inline void write_text(const char *name, const char *text, const char *more)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fprintf(file, "%s%s", text, more);
    assert_int_equal(fclose(file), 0);
}

static inline void read_text(const char *name, char *out, size_t size)
{
    FILE *file = fopen(name, "r");
    if (!file) fail_msg("there is no '%s'", name);
    size_t n = fread(out, 1, size - 1, file);
    out[n] = '\0';
    fclose(file);
}

static inline bool is_there(const char *name)
{
    return access(name, F_OK) == 0;
}

/* How many files of the folder have `part` in their name; removes all when it is NULL. */
static inline int count_files(const char *folder, const char *part)
{
    int n = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        char path[1024];
        snprintf(path, sizeof path, "%.512s/%s", folder, entry->d_name);
        if (part) n += strstr(entry->d_name, part) != NULL;
        if (!part && entry->d_name[0] != '.' && unlink(path) != 0) count_files(path, NULL);
    }
    if (directory) closedir(directory);
    if (!part) rmdir(folder);
    return n;
}

static inline int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    if (!bench) return 1;
    strcpy(bench->folder, "/tmp/millrace-whole-XXXXXX");
    if (!mkdtemp(bench->folder) || chdir(bench->folder) != 0) return 1;
    write_text("pipeline.yaml", pipeline, "");
    write_text("small.yaml", scenario, "");
    *state = bench;
    return 0;
}

static inline int tear_down(void **state)
{
    struct bench *bench = *state;
    if (chdir("/") != 0) return 1;
    count_files(bench->folder, NULL);
    free(bench);
    return 0;
}

/* Commands. */

static inline void begin(struct bench *bench, const char *line)
{
    char copy[1024], *argv[32] = {(char[]){"millrace"}}, *save = NULL;
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    bench->pid = fork();
    assert_true(bench->pid >= 0);
    if (bench->pid > 0) return;
    int fd = open("output.txt", O_CREAT | O_TRUNC | O_WRONLY, 0666);
    if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0) _exit(99);
    execv(program, argv);
    _exit(98);
}

static inline void end(struct bench *bench)
{
    int status;
    assert_int_equal(waitpid(bench->pid, &status, 0), bench->pid);
    bench->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_text("output.txt", bench->output, sizeof bench->output);
}

static inline void run(struct bench *bench, const char *line, int code)
{
    begin(bench, line);
    end(bench);
    if (bench->code != code)
        fail_msg("millrace %s: exit %d, not %d:\n%s", line, bench->code, code, bench->output);
}

static inline void says(const struct bench *bench, const char *text)
{
    if (!strstr(bench->output, text)) fail_msg("no '%s' in:\n%s", text, bench->output);
}

static inline void says_not(const struct bench *bench, const char *text)
{
    if (strstr(bench->output, text)) fail_msg("'%s' in:\n%s", text, bench->output);
}

/* What stands behind `word` up to the end of its line. */
static inline void read_behind(
    const struct bench *bench, const char *word, char *out, size_t size)
{
    const char *at = strstr(bench->output, word);
    if (!at) fail_msg("no '%s' in:\n%s", word, bench->output);
    at += strlen(word);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
}

static inline pid_t child_of(pid_t pid)
{
    char path[64];
    long child = -1;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%ld", &child) != 1) child = -1;
    if (file) fclose(file);
    return (pid_t)child;
}

/* Waits until the command has a worker process. */
static inline pid_t wait_for_child(const struct bench *bench)
{
    for (int i = 0; i < 2000; i++) {
        pid_t child = child_of(bench->pid);
        if (child > 0) return child;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    fail_msg("no worker process");
    return -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
