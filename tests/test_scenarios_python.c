/* Whole runs of pipelines with functions in Python: what they keep is lost with their worker,
 * and what they do is the same in every run of a seed. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/run/run.h"

struct files {
    const char *pipeline;
    const char *functions; /* functions.py */
};

struct subject {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    struct mr_run_result result;
};

static struct subject subject;

static const char scenario_text[] =
    "scenario: functions\n"
    "pipeline: {file: pipelines/p.yaml}\n"
    "streams:\n"
    "  events: {partitions: 4, generate: {rows: 400, duration: 2s, keys: 5, values: 1000}}\n"
    "cluster:\n"
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: 500ms}, batch: 10}\n"
    "faults:\n"
    "  - crash: {worker: any, at: {between: [700ms, 1500ms]}, restart_after: 200ms}\n"
    "limits: {memory: 64MB, virtual_time: 30s}\n";

#define PIPELINE(map)                                                                          \
    "pipeline:\n"                                                                              \
    "  type: chain\n"                                                                          \
    "  transforms:\n"                                                                          \
    "    - type: ReadFromLog\n"                                                                \
    "      config:\n"                                                                          \
    "        topic: events\n"                                                                  \
    "        schema: {at: timestamp, key: integer, value: integer}\n"                          \
    "        event_time: at\n"                                                                 \
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"                     \
    "    - type: MapToFields\n"                                                                \
    "      config:\n"                                                                          \
    "        language: python\n"                                                               \
    "        fields: {key: key, value: " map "}\n"                                             \
    "    - type: WriteToLog\n"                                                                 \
    "      config: {topic: out, key: key}\n"

static bool read_text(void *self, struct mr_region *region, const char *path, const char **text,
    size_t *bytes, struct mr_err *err)
{
    (void)region;
    const struct files *files = self;
    *text = NULL;
    if (strcmp(path, "scenario.yaml") == 0) *text = scenario_text;
    if (strcmp(path, "pipelines/p.yaml") == 0) *text = files->pipeline;
    if (strcmp(path, "pipelines/functions.py") == 0) *text = files->functions;
    if (!*text) return mr_fail(err, MR_ERR_INPUT, "no file '%s'", path);
    *bytes = strlen(*text);
    return true;
}

static bool open_subject(struct files files, struct mr_err *err)
{
    struct mr_file_reader reader = {.self = &files, .read = read_text};
    *err = (struct mr_err){0};
    subject.region = mr_region_create();
    return mr_scenario_read(subject.region, "scenario.yaml", &reader, &subject.scenario, err);
}

static uint64_t run(uint64_t seed)
{
    struct mr_run_options options = {.seed = seed};
    mr_run(subject.arena, subject.scenario, &options, &subject.result);
    return subject.result.digest;
}

static void open_to_run(struct files files)
{
    struct mr_err err;
    if (!open_subject(files, &err)) fail_msg("%s", err.msg);
    struct mr_arena_options options = {
        .bytes_max = mr_run_arena_bytes(subject.scenario), .fill = 0xa5};
    if (!mr_arena_open(&options, &subject.arena, &err)) fail_msg("%s", err.msg);
}

static int tear_down(void **state)
{
    (void)state;
    mr_arena_close(subject.arena);
    mr_region_destroy(subject.region);
    subject.arena = NULL;
    subject.region = NULL;
    return 0;
}

static void a_function_of_a_file_runs_and_a_seed_is_the_same_alone_and_after_others(
    void **state)
{
    (void)state;
    open_to_run((struct files){
        .pipeline = PIPELINE("{path: functions.py, name: Tools.mix, output_type: string}"),
        .functions = "import random, hashlib\n"
                     "class Tools:\n"
                     "    @staticmethod\n"
                     "    def mix(row):\n"
                     "        text = str({str(row.key), 'b', 'c'}) + str(random.random())\n"
                     "        return text + hashlib.sha256(text.encode()).hexdigest()[:8]\n"});
    assert_true(subject.scenario->graph->needs_python);
    uint64_t alone = run(5);
    assert_int_equal(subject.result.n_findings, 0);
    assert_int_equal(subject.result.counts.rows_matched, 400);
    for (uint64_t seed = 1; seed < 5; seed++) {
        assert_int_not_equal(run(seed), alone);
        assert_int_equal(subject.result.n_findings, 0);
    }
    assert_int_equal(run(5), alone);
}

/* A counter in a global is no state of the stream: no checkpoint holds it. */
static void a_function_that_counts_in_a_global_is_found(void **state)
{
    (void)state;
    open_to_run((struct files){
        .pipeline = PIPELINE("{path: functions.py, name: count, output_type: integer}"),
        .functions = "n = 0\n"
                     "def count(row):\n"
                     "    global n\n"
                     "    n += 1\n"
                     "    return n\n"});
    run(1);
    assert_true(subject.result.n_findings > 0);
    assert_int_equal(subject.result.findings[0].check, MR_CHECK_EXACTLY_ONCE);
}

static void what_is_wrong_in_a_file_is_said_at_its_line(void **state)
{
    (void)state;
    struct mr_err err;
    assert_false(
        open_subject((struct files){.pipeline = PIPELINE(
                                        "{path: functions.py, name: f, output_type: integer}"),
                         .functions = "import math\n\ndef f(row):\n    return row.valu\n"},
            &err));
    assert_non_null(strstr(err.msg, "unknown field 'valu'"));
    assert_string_equal(err.input_file, "functions.py");
    assert_int_equal(err.input_line, 4);
    assert_int_equal(err.input_col, 16);
    assert_non_null(strstr(err.hint, "value"));
}

static void a_file_that_is_not_there_is_said_at_its_place(void **state)
{
    (void)state;
    struct mr_err err;
    assert_false(
        open_subject((struct files){.pipeline = PIPELINE(
                                        "{path: nosuch.py, name: f, output_type: integer}")},
            &err));
    assert_non_null(strstr(err.msg, "no file 'pipelines/nosuch.py'"));
    assert_non_null(strstr(err.input_file, "p.yaml"));
    assert_int_equal(err.input_line, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            a_function_of_a_file_runs_and_a_seed_is_the_same_alone_and_after_others, tear_down),
        cmocka_unit_test_teardown(a_function_that_counts_in_a_global_is_found, tear_down),
        cmocka_unit_test_teardown(what_is_wrong_in_a_file_is_said_at_its_line, tear_down),
        cmocka_unit_test_teardown(a_file_that_is_not_there_is_said_at_its_place, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
