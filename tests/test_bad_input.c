/* Each bad input that a user can hand in, through the whole program: exit code 2, a message as
 * a compiler writes it, with the line quoted and the nearest word; and where the machine
 * refuses, exit code 7 and no half file. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/build.h"

/* Files of one test in a folder of its own, and what the last command said. */
struct desk {
    struct mr_region *region;
    char folder[64];
    const char *said;
};

static const char good_scenario[] = "scenario: s\n"
                                    "pipeline: p.yaml\n"
                                    "streams: {events: {trace: t.csv, key: key}}\n"
                                    "seeds: 1\n";
static const char good_pipeline[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config:\n"
    "        topic: events\n"
    "        schema: {at: timestamp, key: string, value: integer}\n"
    "        event_time: at\n"
    "        watermark: {strategy: bounded, max_out_of_orderness: 10s}\n"
    "    - type: Filter\n"
    "      config: {language: python, keep: value > 0}\n"
    "    - type: Combine\n"
    "      windowing: {type: fixed, size: 60s}\n"
    "      config: {group_by: key, combine: {n: {fn: count, value: key}}}\n"
    "    - type: WriteToLog\n"
    "      config: {topic: totals, key: key}\n";
static const char good_trace[] = "at,key,value\n"
                                 "2001-01-03 07:00:00,a,1\n"
                                 "2001-01-03 07:00:01,b,2\n"
                                 "2001-01-03 07:00:03,a,3\n";

static const char *path_of(struct desk *desk, const char *name)
{
    return mr_region_printf(desk->region, "%s/%s", desk->folder, name);
}

static void write_bytes(struct desk *desk, const char *name, const char *text, size_t bytes)
{
    FILE *file = fopen(path_of(desk, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void put(struct desk *desk, const char *name, const char *text)
{
    write_bytes(desk, name, text, strlen(text));
}

static const char *take(struct desk *desk, const char *name, size_t *bytes)
{
    FILE *file = fopen(path_of(desk, name), "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(file);
    rewind(file);
    char *text = mr_region_alloc(desk->region, *bytes + 1);
    assert_int_equal(fread(text, 1, *bytes, file), *bytes);
    fclose(file);
    return text;
}

/* Runs `millrace ARGUMENTS` in the folder; the exit code. */
static int millrace(struct desk *desk, const char *arguments)
{
    const char *command = mr_region_printf(desk->region,
        "cd %s && " MR_BINARY_DIR "/millrace %s >said 2>&1", desk->folder, arguments);
    int status = system(command);
    assert_true(WIFEXITED(status));
    size_t bytes;
    desk->said = take(desk, "said", &bytes);
    return WEXITSTATUS(status);
}

static int set_up(void **state)
{
    struct desk *desk = mr_alloc(sizeof *desk);
    desk->region = mr_region_create();
    strcpy(desk->folder, "/tmp/millrace-bad-input-XXXXXX");
    if (!mkdtemp(desk->folder)) return -1;
    put(desk, "s.yaml", good_scenario);
    put(desk, "p.yaml", good_pipeline);
    put(desk, "t.csv", good_trace);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    int status = system(mr_region_printf(desk->region, "rm -rf %s", desk->folder));
    mr_region_destroy(desk->region);
    mr_free(desk);
    return status;
}

static void assert_says(const struct desk *desk, const char *text)
{
    if (!strstr(desk->said, text)) fail_msg("'%s' is not in: %s", text, desk->said);
}

/* One file is replaced; the error stands at a place, and perhaps with a hint. */
struct bad {
    const char *text;
    const char *error; /* "s.yaml:1:2: error: ..." */
    const char *hint;  /* "": none is asked for */
};

static void assert_bad(struct desk *desk, const char *name, const struct bad *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put(desk, name, list[i].text);
        int code = millrace(desk, "test s.yaml --no-record");
        if (code != 2) fail_msg("exit %d for: %s\n%s", code, list[i].text, desk->said);
        assert_says(desk, list[i].error);
        assert_says(desk, list[i].hint);
    }
}
#define ASSERT_BAD(desk, name, list)                                                           \
    assert_bad(desk, name, list, sizeof(list) / sizeof(list)[0])

static void what_is_right_passes(void **state)
{
    struct desk *desk = *state;
    if (millrace(desk, "test s.yaml --no-record") != 0) fail_msg("%s", desk->said);
}

#define HEAD "scenario: s\npipeline: p.yaml\n"
#define STREAM "streams: {events: {trace: t.csv}}\n"

static void a_scenario_that_is_wrong_is_refused_at_its_place(void **state)
{
    static const struct bad list[] = {
        {"scenario: [s\n", "s.yaml:1:11: error: not valid YAML", "  scenario: [s\n"},
        {"", "s.yaml:1:1: error: the scenario is empty", ""},
        {HEAD STREAM "fautls: []\n", "s.yaml:4:1: error: unknown key 'fautls'",
            "did you mean 'faults'?"},
        {HEAD "streams: {event: {trace: t.csv}}\n",
            "s.yaml:3:11: error: no ReadFromLog reads the stream 'event'",
            "did you mean 'events'?"},
        {HEAD "streams: {events: {trace: t.csv, key: keyy}}\n",
            "s.yaml:3:39: error: unknown field 'keyy'", "did you mean 'key'?"},
        {HEAD STREAM "faults: [{crash: {worker: any, at: {point: sink.comited}}}]\n",
            "s.yaml:4:44: error: unknown point 'sink.comited'",
            "did you mean 'sink.committed'?"},
        {HEAD STREAM "faults: [{crash: {process: worker-9, at: 1s}}]\n",
            "s.yaml:4:28: error: unknown process 'worker-9'", "did you mean 'worker-1'?"},
        {HEAD STREAM "faults: [{crash: {worker: 9, at: 1s}}]\n",
            "s.yaml:4:27: error: there is no worker 9", ""},
        {HEAD STREAM "faults: [{crash: {worker: 1, at: -1s}}]\n",
            "s.yaml:4:34: error: 'at': the duration '-1s' is negative", ""},
        {HEAD STREAM "limits: {memory: 99999999999999999999GB}\n",
            "s.yaml:4:18: error: 'limits.memory' must be bytes", ""},
        {HEAD STREAM "limits: {events: 99999999999999999999}\n",
            "s.yaml:4:18: error: the integer 99999999999999999999 does not fit into 64 bits",
            ""},
        {HEAD STREAM "limits: {virtual_time: 999999999h}\n",
            "s.yaml:4:24: error: 'limits.virtual_time': the duration '999999999h' is longer "
            "than",
            ""},
        {"scenario: s\npipeline: nowhere.yaml\n" STREAM,
            "s.yaml:2:11: error: cannot read 'nowhere.yaml'", "  pipeline: nowhere.yaml\n"},
        {HEAD "streams: {events: {trace: nowhere.csv}}\n",
            "s.yaml:3:27: error: cannot read 'nowhere.csv'", ""},
    };
    ASSERT_BAD(*state, "s.yaml", list);
}

#define READ                                                                                   \
    "    - type: ReadFromLog\n"                                                                \
    "      config: {topic: events, schema: {at: timestamp, key: string, value: integer},\n"    \
    "               event_time: at, watermark: {strategy: ascending}}\n"
#define WRITE                                                                                  \
    "    - type: WriteToLog\n"                                                                 \
    "      config: {topic: totals, key: key}\n"
#define CHAIN "pipeline:\n  type: chain\n  transforms:\n" READ
#define GRAPH "pipeline:\n  transforms:\n" READ

static void a_pipeline_that_is_wrong_is_refused_at_its_place(void **state)
{
    static const struct bad list[] = {
        {"pipeline: {\n", "p.yaml:1:11: error: not valid YAML", ""},
        {CHAIN "    - type: Fitler\n      config: {}\n" WRITE,
            "p.yaml:7:13: error: unknown transform type 'Fitler'", "did you mean 'Filter'?"},
        {CHAIN "    - type: Filter\n      config: {language: python, keep: valu > 0}\n" WRITE,
            "p.yaml:8:40: error: unknown field 'valu'", "did you mean 'value'?"},
        {CHAIN "    - type: Filter\n      config: {language: python, keep: key > 0}\n" WRITE,
            "p.yaml:8:40: error: type mismatch", ""},
        {GRAPH "    - type: Flatten\n      input: [ReadFromLog, Filter]\n"
               "    - type: Filter\n      input: Flatten\n"
               "      config: {language: python, keep: value > 0}\n"
               "    - type: WriteToLog\n      input: Filter\n      config: {topic: totals}\n",
            "p.yaml:9:14: error: circular reference: Flatten -> Filter -> Flatten", ""},
        {CHAIN "    - type: Filter\n      config: {language: python, keep: value > 0,\n"
               "               error_handling: {output: bad}}\n" WRITE,
            "p.yaml:9:41: error: unconsumed error output for 'Filter'", ""},
    };
    ASSERT_BAD(*state, "p.yaml", list);
}

static void a_trace_that_is_wrong_is_refused_at_its_row(void **state)
{
    static const struct bad list[] = {
        {"", "t.csv:1:1: error: the trace is empty", ""},
        {"at,key,value\n", "t.csv:1:1: error: the trace has a header and no row", ""},
        {"at,kee,value\n2001-01-03,a,1\n", "t.csv:1:1: error: the trace has no column 'key'",
            "did you mean 'kee'?"},
        {"at,key,value\n2001-01-03,a,1\n2001-01-03,a\n",
            "t.csv:3:1: error: the row has 2 cells, the header has 3", "  2001-01-03,a\n"},
        {"at,key,value\n2001-01-03,a,1\n2001-01-03,a,one\n",
            "t.csv:3:14: error: cell 'one' of column 'value' is not an integer",
            "             ^"},
        {"at,key,value\nyesterday,a,1\n",
            "t.csv:2:1: error: cell 'yesterday' of column 'at' is not a time", ""},
    };
    ASSERT_BAD(*state, "t.csv", list);
}

static void an_absurd_time_is_refused_or_dropped_as_the_policy_says(void **state)
{
    struct desk *desk = *state;
    put(desk, "t.csv",
        "at,key,value\n2001-01-03,a,1\n2001-01-03,b,2\n1970-01-01,a,3\n9999-01-01,a,4\n");
    static const struct bad list[] = {
        {HEAD "streams: {events: {trace: t.csv, max_future: 30d}}\n",
            "t.csv:5:1: error: time 9999-01-01T00:00:00Z lies more than 30d (max_future) after",
            ""},
        {HEAD "streams: {events: {trace: t.csv, max_past: 30d}}\n",
            "t.csv:4:1: error: time 1970-01-01T00:00:00Z lies more than 30d (max_past) before",
            ""},
        {HEAD "streams: {events: {trace: t.csv, on_bad_time: ignore}}\n",
            "s.yaml:3:47: error: unknown streams.on_bad_time 'ignore'", "known: error, drop"},
    };
    ASSERT_BAD(desk, "s.yaml", list);
    put(desk, "s.yaml",
        HEAD
        "streams: {events: {trace: t.csv, on_bad_time: drop, max_future: 30d, max_past: 30d}}\n"
        "seeds: 1\n");
    assert_int_equal(millrace(desk, "test s.yaml --no-record"), 0);
    put(desk, "t.csv", "at,key,value\nyesterday,a,1\ntomorrow,b,2\n");
    assert_int_equal(millrace(desk, "test s.yaml --no-record"), 2);
    assert_says(
        desk, "t.csv:1:1: error: the trace has no valid row: 2 were dropped for their time");
}

static void assert_deep(
    struct desk *desk, const char *open, const char *close, const char *name)
{
    enum { LEVELS = 10000 };
    struct mr_text text = {0};
    mr_text_printf(&text, "%s: ", name[0] == 's' ? "about" : "pipeline");
    for (int i = 0; i < LEVELS; i++) mr_text_add(&text, open, strlen(open));
    mr_text_printf(&text, "x");
    for (int i = 0; i < LEVELS; i++) mr_text_add(&text, close, strlen(close));
    put(desk, name, text.data);
    mr_text_deinit(&text);
    assert_int_equal(millrace(desk, "test s.yaml --no-record"), 2);
    assert_says(desk, mr_region_printf(desk->region, "%s:1:", name));
    assert_says(desk, "error: ");
    assert_says(desk, "nest");
}

static void ten_thousand_nested_levels_are_refused(void **state)
{
    assert_deep(*state, "[", "]", "p.yaml");
    assert_deep(*state, "{a: ", "}", "p.yaml");
    assert_deep(*state, "[", "]", "s.yaml");
    assert_deep(*state, "{a: ", "}", "s.yaml");
}

static void what_is_not_there_is_refused_by_name(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(millrace(desk, "test nowhere.yaml"), 2);
    assert_says(desk, "error: cannot read 'nowhere.yaml'");
    assert_int_equal(millrace(desk, "tests s.yaml"), 2);
    assert_says(desk, "did you mean 'test'?");
    assert_int_equal(millrace(desk, "test s.yaml --sedes 3"), 2);
    assert_says(desk, "did you mean '--seeds'?");
    assert_int_equal(mkdir(path_of(desk, "empty"), 0777), 0);
    assert_int_equal(millrace(desk, "test empty"), 4);
}

/* ---- Records ---- */

static void make_record(struct desk *desk)
{
    if (millrace(desk, "run s.yaml --seed 1 --record r.mrr") != 0) fail_msg("%s", desk->said);
    if (millrace(desk, "replay r.mrr") != 0) fail_msg("%s", desk->said);
}

static void a_truncated_record_is_refused(void **state)
{
    struct desk *desk = *state;
    make_record(desk);
    size_t bytes;
    const char *record = take(desk, "r.mrr", &bytes);
    write_bytes(desk, "half.mrr", record, bytes / 2);
    assert_int_equal(millrace(desk, "replay half.mrr"), 2);
    assert_says(desk, "error: record 'half.mrr' is truncated or damaged");
    put(desk, "text.mrr", "hello\n");
    assert_int_equal(millrace(desk, "replay text.mrr"), 2);
    assert_says(desk, "error: 'text.mrr' is not a record of Millrace");
    assert_int_equal(millrace(desk, "replay nowhere.mrr"), 2);
    assert_says(desk, "nowhere.mrr");
}

/* The record says its version before its commit; a file without checksums can be told another.
 */
static void a_record_of_another_build_is_refused_with_the_command_that_runs_the_seed(
    void **state)
{
    struct desk *desk = *state;
    make_record(desk);
    size_t bytes;
    char *record = (char *)take(desk, "r.mrr", &bytes);
    const char *build =
        mr_region_printf(desk->region, "%s%s", mr_build.version, mr_build.commit);
    size_t build_bytes = strlen(build), n_found = 0;
    for (size_t i = 0; i + build_bytes <= bytes; i++) {
        if (memcmp(record + i, build, build_bytes) != 0) continue;
        record[i] = '9';
        n_found++;
    }
    assert_true(n_found > 0);
    write_bytes(desk, "r.mrr", record, bytes);
    assert_int_equal(millrace(desk, "replay r.mrr"), 2);
    assert_says(desk, "error: the record is of another build");
    assert_says(desk, "to run the seed with this build: ");
    assert_says(desk, "--seed 1");
}

/* ---- The machine ---- */

static void nothing_is_there(struct desk *desk, const char *folder)
{
    const char *command = mr_region_printf(
        desk->region, "test -z \"$(ls -A %s/%s 2>/dev/null)\"", desk->folder, folder);
    if (system(command) != 0) fail_msg("half files are left in %s", folder);
}

static void an_unwritable_path_is_exit_7_and_leaves_no_half_file(void **state)
{
    struct desk *desk = *state;
    put(desk, "file", "in the way\n");
    assert_int_equal(millrace(desk, "test s.yaml --out file/report"), 7);
    assert_says(desk, "error: ");
    assert_int_equal(millrace(desk, "test s.yaml --no-record --html file/r.html"), 7);
    assert_int_equal(millrace(desk, "run s.yaml --seed 1 --record file/r.mrr"), 7);
    assert_int_equal(millrace(desk, "run s.yaml --seed 1 --manifest file/m.yaml"), 7);
    size_t bytes;
    assert_string_equal(take(desk, "file", &bytes), "in the way\n");
}

/* /dev/full refuses every write; a file size limit of one block lets a record begin and not
 * end. */
static void a_full_disk_is_exit_7_and_leaves_no_half_file(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(mkdir(path_of(desk, "out"), 0777), 0);
    const char *command = mr_region_printf(desk->region,
        "cd %s && trap '' XFSZ && ulimit -f 1 && " MR_BINARY_DIR
        "/millrace run s.yaml --seed 1 --record out/r.mrr >/dev/null 2>&1",
        desk->folder);
    int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    nothing_is_there(desk, "out");
}

static void an_exhausted_arena_is_the_verdict_limit(void **state)
{
    struct desk *desk = *state;
    put(desk, "s.yaml",
        "scenario: s\n"
        "pipeline: p.yaml\n"
        "streams: {events: {key: key, generate: {rows: 200000, duration: 20s, keys: 100000}}}\n"
        "limits: {memory: 1MiB}\n"
        "seeds: 1\n");
    assert_int_equal(millrace(desk, "test s.yaml --no-record"), 5);
    assert_says(desk, "LIMIT");
    assert_says(desk, "limits.memory");
}

#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(what_is_right_passes),
        DESK_TEST(a_scenario_that_is_wrong_is_refused_at_its_place),
        DESK_TEST(a_pipeline_that_is_wrong_is_refused_at_its_place),
        DESK_TEST(a_trace_that_is_wrong_is_refused_at_its_row),
        DESK_TEST(an_absurd_time_is_refused_or_dropped_as_the_policy_says),
        DESK_TEST(ten_thousand_nested_levels_are_refused),
        DESK_TEST(what_is_not_there_is_refused_by_name),
        DESK_TEST(a_truncated_record_is_refused),
        DESK_TEST(a_record_of_another_build_is_refused_with_the_command_that_runs_the_seed),
        DESK_TEST(an_unwritable_path_is_exit_7_and_leaves_no_half_file),
        DESK_TEST(a_full_disk_is_exit_7_and_leaves_no_half_file),
        DESK_TEST(an_exhausted_arena_is_the_verdict_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
