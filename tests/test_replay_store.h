/* A record in a folder of its own, and things to put into it: for the tests of the store. */
#ifndef MR_TESTS_TEST_REPLAY_STORE_H
#define MR_TESTS_TEST_REPLAY_STORE_H

#include "tests/test.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "replay/store.h"

static const struct mr_build build = {
    .version = "1.2.3", .commit = "abc", .compiler = "some cc"};

struct bench {
    char folder[64];
    char path[96];
    struct mr_scenario scenario;
    struct mr_topic topics[2];
    struct mr_fault_spec faults[2];
    enum mr_sometimes sometimes[1];
    struct mr_stream_config stream;
    struct mr_run_result result;
    struct mr_err err;
};

static inline void make_scenario(struct bench *bench)
{
    bench->topics[0] =
        (struct mr_topic){.name = "in", .n_partitions = 4, .stream = &bench->stream};
    bench->topics[1] = (struct mr_topic){.name = "out", .n_partitions = 2};
    bench->faults[0].fault.name = "crash-1";
    bench->faults[0].fault.kind = MR_FAULT_CRASH;
    bench->faults[1].fault.name = "slow-1";
    bench->faults[1].fault.kind = MR_FAULT_SLOW_LINK;
    bench->sometimes[0] = MR_SOMETIMES_HANDLER_CUT;
    bench->scenario = (struct mr_scenario){.name = "it's \"quoted\"",
        .about = "about",
        .path = "nowhere/x.yaml",
        .digest = 0xfedcba9876543210,
        .n_topics = 2,
        .topics = bench->topics,
        .n_faults = 2,
        .faults = bench->faults,
        .n_sometimes = 1,
        .sometimes = bench->sometimes,
        .first_seed = 3,
        .seeds = 7,
        .expect = {.is_failure = true,
            .check = MR_CHECK_EXACTLY_ONCE,
            .verdict = MR_VERDICT_DUPLICATE,
            .seeds_at_least = 2}};
    bench->scenario.check.enabled[MR_CHECK_ORDER] = true;
}

static inline void make_result(struct bench *bench, uint64_t seed)
{
    struct mr_run_result *result = &bench->result;
    memset(result, 0, sizeof *result);
    *result = (struct mr_run_result){.seed = seed,
        .digest = 0x8000000000000001,
        .steps = 4100,
        .virtual_ns = 123456789,
        .end = MR_END_RUN_FOR,
        .counts = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
        .sometimes = UINT64_C(1) << MR_SOMETIMES_HANDLER_CUT,
        .faults_struck = 2,
        .n_findings = 2,
        .finding_counts = {11, 12}};
    struct mr_witness *witness = &result->findings[0];
    *witness = (struct mr_witness){.check = MR_CHECK_EXACTLY_ONCE,
        .verdict = MR_VERDICT_DUPLICATE,
        .at_ns = 77,
        .step = 88,
        .transform = "Write",
        .key = "ORD",
        .window_start_us = -5,
        .window_end_us = 5,
        .summary = "twice",
        .cause = "restore",
        .expected = "{}",
        .actual = "{\"a\": 1}",
        .n_inputs = 9};
    for (int i = 0; i < MR_WITNESS_ROWS; i++)
        snprintf(witness->inputs[i], sizeof witness->inputs[i], "input %d", i);
    result->findings[1] = (struct mr_witness){.check = MR_CHECK_LIVENESS,
        .verdict = MR_VERDICT_STUCK,
        .window_start_us = MR_US_MIN,
        .window_end_us = MR_US_MIN};
}

static inline int set_up(void **state)
{
    struct bench *bench = mr_alloc(sizeof *bench);
    strcpy(bench->folder, "/tmp/millrace-store-XXXXXX");
    if (!mkdtemp(bench->folder)) return 1;
    snprintf(bench->path, sizeof bench->path, "%s/a.mrr", bench->folder);
    make_scenario(bench);
    make_result(bench, 5);
    *state = bench;
    return 0;
}

/* Files in the folder; removes them when `is_last`. */
static inline int count_files(const struct bench *bench, bool is_last)
{
    int n = 0;
    DIR *folder = opendir(bench->folder);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        n++;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", bench->folder, entry->d_name);
        if (is_last) unlink(path);
    }
    closedir(folder);
    return n;
}

static inline int tear_down(void **state)
{
    struct bench *bench = *state;
    count_files(bench, true);
    rmdir(bench->folder);
    mr_free(bench);
    return 0;
}

static inline struct mr_store *create(struct bench *bench)
{
    struct mr_store *store = NULL;
    if (!mr_store_create(bench->path, &build, &store, &bench->err))
        fail_msg("%s", bench->err.msg);
    return store;
}

static inline void finish(struct bench *bench, struct mr_store *store)
{
    if (!mr_store_finish(store, &bench->err)) fail_msg("%s", bench->err.msg);
    mr_store_close(store);
}

static inline struct mr_store *open_store(struct bench *bench)
{
    struct mr_store *store = NULL;
    if (!mr_store_open(bench->path, &store, &bench->err)) fail_msg("%s", bench->err.msg);
    return store;
}

/* The rows of a SELECT as text: columns with `|` between them, a line a row. */
static inline void expect(struct bench *bench, struct mr_store *store, const char *sql,
    int columns, const char *expected)
{
    struct mr_store_rows *rows;
    struct mr_text text = {0};
    if (!mr_store_select(store, sql, NULL, 0, &rows, &bench->err))
        fail_msg("%s", bench->err.msg);
    while (mr_store_next(rows)) {
        for (int i = 0; i < columns; i++)
            mr_text_printf(&text, "%s%s", i ? "|" : "",
                mr_store_is_null(rows, i) ? "null" : mr_store_text(rows, i));
        mr_text_add(&text, "\n", 1);
    }
    assert_true(mr_store_rows_close(rows, &bench->err));
    assert_string_equal(text.data ? text.data : "", expected);
    mr_text_deinit(&text);
}

/* Everything that a recorder may be told, once. */
static inline void tell_everything(const struct mr_recorder *r)
{
    static const struct mr_field fields[] = {
        {"name", MR_TYPE_STRING, true, NULL}, {"n \"x\"", MR_TYPE_INT, true, NULL}};
    static const struct mr_schema schema = {2, fields};
    struct mr_string names[2] = {{.bytes = 3, .inline_text = "a\"b"}, {.bytes = 0}};
    uint64_t valid[] = {1};
    int64_t numbers[2] = {-7, 8};
    mr_us times[2] = {100, 200}, starts[2] = {0, 100}, ends[2] = {100, 200};
    struct mr_pane panes[2] = {{.timing = MR_PANE_ON_TIME}, {.timing = MR_PANE_UNKNOWN}};
    struct mr_column columns[2] = {{.type = MR_TYPE_STRING, .values = names, .valid = valid},
        {.type = MR_TYPE_INT, .values = numbers}};
    struct mr_batch batch = {.n_rows = 2,
        .n_columns = 2,
        .columns = columns,
        .times_us = times,
        .slots = MR_SLOT_WINDOW | MR_SLOT_PANE,
        .window_starts_us = starts,
        .window_ends_us = ends,
        .panes = panes,
        .n_selected = 2};
    r->input(r->self, 0, 1, 5, 1000, 90);
    r->input(r->self, 0, 1, 6, MR_NS_NEVER, 91);
    r->job(r->self, 1, 1, "running", "because");
    r->appended(r->self, 2, 1, 0, 40, 9, 1, 1, 3, &schema, &batch);
    r->transaction(r->self, 3, 9, 1, "precommitted");
    r->transaction(r->self, 4, 9, 1, "committed");
    batch.slots = 0;
    batch.n_selected = 1;
    r->appended(r->self, 5, 1, 0, 42, 9, 1, 1, 4, &schema, &batch);
    r->transaction(r->self, 6, 9, 1, "aborted");
    r->appended(r->self, 7, 1, 1, 0, 0, 0, 1, 4, &schema, &batch);
    r->watermark(r->self, 8, "Window", 2, 1, 555);
    r->backlog(r->self, 9, 0, 44);
    r->late(r->self, 10, "Combine", 1, 1, 2, 3, 4);
    r->checkpoint(r->self, 11, 3, 1, "completed", 512);
    r->fault(r->self, 12, "crash-1", "crash", "worker-1", true);
    r->process(r->self, 13, "worker-1", "crashed");
    r->point(r->self, 14, "worker-2", "sink.committed", 6);
    r->message(r->self, 15, "worker-1", "broker", 7, 8, 9, 10);
    r->log(r->self, 16, "worker-1", "it's");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
