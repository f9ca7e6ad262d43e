/* AssertEqual and LogForTesting inside of scenarios: engine, oracle and check together. */
#include "tests/test_scenarios_language.h"

#include "scenarios/run/run.h"

#define SCENARIO                                                                               \
    "scenario: s\n"                                                                            \
    "pipeline: p.yaml\n"                                                                       \
    "streams:\n"                                                                               \
    "  events: {partitions: 2, key: key, generate: {rows: 300, duration: 3s, keys: 3, "        \
    "values: 1}}\n"                                                                            \
    "cluster:\n"                                                                               \
    "  {workers: 2, slots: 2, parallelism: 2, checkpoint: {every: 100ms}, "                    \
    "heartbeat: {every: 100ms}, restart: {backoff: 50ms}}\n"                                   \
    "limits: {memory: 64MB}\n"
#define CRASH                                                                                  \
    "faults:\n  - crash: {worker: any, at: {between: [500ms, 2500ms]}, restart_after: "        \
    "100ms}\n"
#define READ                                                                                   \
    "pipeline:\n"                                                                              \
    "  transforms:\n"                                                                          \
    "    - type: ReadFromLog\n"                                                                \
    "      config:\n"                                                                          \
    "        topic: events\n"                                                                  \
    "        schema: {at: timestamp, key: integer, value: integer}\n"                          \
    "        event_time: at\n"                                                                 \
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"                     \
    "    - {type: LogForTesting, name: Log, input: ReadFromLog, config: {prefix: 'saw '}}\n"   \
    "    - type: Combine\n"                                                                    \
    "      input: Log\n"                                                                       \
    "      config: {group_by: [], combine: {n: {fn: count, value: key}}}\n"
#define ASSERT(elements)                                                                       \
    "    - {type: AssertEqual, input: Combine, config: {elements: " elements "}}\n"

static const struct mr_scenario *read_scenario(
    struct mr_region *region, const char *scenario, const char *pipeline)
{
    const struct mr_scenario *out = NULL;
    struct mr_err err = {0};
    struct test_file file = {"p.yaml", pipeline};
    if (test_try(region, scenario, &file, &out, &err)) return out;
    char message[2048];
    mr_err_format(&err, message, sizeof message);
    fail_msg("%s", message);
    return NULL;
}

static struct mr_run_result *run_seed(struct mr_region *region,
    const struct mr_scenario *scenario, uint64_t seed, const struct mr_recorder *recorder)
{
    struct mr_arena_options options = {.bytes_max = mr_run_arena_bytes(scenario), .fill = -1};
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    struct mr_run_options run = {.seed = seed, .recorder = recorder};
    assert_true(mr_arena_open(&options, &arena, &err));
    mr_run(arena, scenario, &run, result);
    mr_arena_close(arena);
    assert_int_equal(result->end, MR_END_FINISHED);
    return result;
}

static void what_is_asserted_holds_whatever_crashes(void **state)
{
    const struct mr_scenario *scenario =
        read_scenario(*state, SCENARIO CRASH, READ ASSERT("[{n: 300.0, gone: null}]"));
    assert_true(scenario->check.enabled[MR_CHECK_ASSERTIONS]);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct mr_run_result *result = run_seed(*state, scenario, seed, NULL);
        if (result->n_findings > 0)
            fail_msg("seed %d: %s", (int)seed, result->findings[0].summary);
    }
}

static void what_does_not_hold_is_wrong_with_both_rows(void **state)
{
    const struct mr_scenario *scenario =
        read_scenario(*state, SCENARIO, READ ASSERT("[{n: 299}, {n: 7}]"));
    struct mr_run_result *result = run_seed(*state, scenario, 1, NULL);
    assert_int_equal(result->n_findings, 1);
    assert_int_equal(result->finding_counts[0], 3);
    const struct mr_witness *witness = &result->findings[0];
    assert_int_equal(witness->check, MR_CHECK_ASSERTIONS);
    assert_int_equal(witness->verdict, MR_VERDICT_WRONG);
    assert_string_equal(witness->transform, "AssertEqual");
    assert_string_equal(
        witness->summary, "2 rows are expected and 1 came: 2 are missing and 1 unexpected");
    assert_string_equal(witness->expected, "{\"n\": 299}");
    assert_string_equal(witness->actual, "{\"n\": 300}");
}

static void count_log(
    void *self, mr_ns at_ns, const struct mr_transform *transform, const char *row_json)
{
    (void)at_ns;
    assert_string_equal(transform->log.prefix, "saw ");
    assert_int_equal(strncmp(row_json, "{\"at\": \"", 8), 0);
    ++*(int *)self;
}

static void each_row_is_logged_and_goes_on(void **state)
{
    const struct mr_scenario *scenario =
        read_scenario(*state, SCENARIO, READ ASSERT("[{n: 300}]"));
    int n_logged = 0;
    struct mr_recorder recorder = {.self = &n_logged, .row_logged = count_log};
    struct mr_run_result *told = run_seed(*state, scenario, 1, &recorder);
    struct mr_run_result *quiet = run_seed(*state, scenario, 1, NULL);
    assert_int_equal(n_logged, 300);
    assert_int_equal(told->n_findings, 0);
    assert_int_equal(told->digest, quiet->digest);
}

static void refused(void **state, const char *scenario, const char *pipeline, const char *part)
{
    const struct mr_scenario *out = NULL;
    struct mr_err err = {0};
    struct test_file file = {"p.yaml", pipeline};
    assert_false(test_try(*state, scenario, &file, &out, &err));
    char message[2048];
    mr_err_format(&err, message, sizeof message);
    if (!strstr(message, part)) fail_msg("no '%s' in:\n%s", part, message);
}

static void an_input_without_an_end_is_refused(void **state)
{
    refused(state,
        "scenario: s\npipeline: p.yaml\nrun_for: 5s\n"
        "streams: {events: {end: open, generate: {rows: 10, duration: 1s}}}\n",
        READ ASSERT("[]"),
        "s.yaml:3:10: error: 'AssertEqual' of the pipeline needs an input that ends");
}

static void a_rewind_that_repeats_rows_is_refused(void **state)
{
    refused(state,
        SCENARIO "job:\n  - stop: {after_checkpoints: 2}\n  - restart: {checkpoints_back: 1}\n",
        READ ASSERT("[]"), "going back to an older checkpoint writes rows twice");
}

static void elements_are_checked_where_they_stand(void **state)
{
    refused(state, SCENARIO, READ ASSERT("{n: 1}"), "elements of AssertEqual must be a list");
    refused(state, SCENARIO, READ ASSERT("[1]"), "an element of AssertEqual must be a map");
    refused(state, SCENARIO,
        READ "    - {type: AssertEqual, input: Combine, config: {element: []}}\n",
        "did you mean 'elements'?");
    refused(state, SCENARIO,
        READ "    - {type: LogForTesting, name: Other, input: Combine, config: {level: INF}}\n",
        "did you mean 'INFO'?");
}

int main(void)
{
#define WITH_REGION(name) cmocka_unit_test_setup_teardown(name, test_set_up, test_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_REGION(what_is_asserted_holds_whatever_crashes),
        WITH_REGION(what_does_not_hold_is_wrong_with_both_rows),
        WITH_REGION(each_row_is_logged_and_goes_on),
        WITH_REGION(an_input_without_an_end_is_refused),
        WITH_REGION(a_rewind_that_repeats_rows_is_refused),
        WITH_REGION(elements_are_checked_where_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
