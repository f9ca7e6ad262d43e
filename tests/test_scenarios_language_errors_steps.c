/* Steps that are no steps: refused with place and reason. */
#include "tests/test_scenarios_language.h"

static void refused(void **state, const struct test_error *errors, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char text[1024];
        snprintf(text, sizeof text, TEST_HEAD "steps:\n%s", errors[i].text);
        test_error(*state, text, NULL, &errors[i]);
    }
}
#define REFUSED(...)                                                                           \
    do {                                                                                       \
        static const struct test_error errors_[] = {__VA_ARGS__};                              \
        refused(state, errors_, sizeof errors_ / sizeof errors_[0]);                           \
    } while (0)

static void a_step_is_one_known_thing(void **state)
{
    REFUSED({"  - row: []\n", "dir/s.yaml:4:5", "unknown step 'row'", "did you mean 'rows'?"},
        {"  - checkpont\n", "dir/s.yaml:4:5", "unknown step 'checkpont'",
            "did you mean 'checkpoint'?"},
        {"  - {watermark: 10, rows: []}\n", "dir/s.yaml:4:21",
            "a step is one thing: 'rows' needs a '-' of its own", NULL},
        {"  - []\n", "dir/s.yaml:4:5", "a step must be a map such as {watermark: 10}", NULL},
        {"  - checkpoint: now\n", "dir/s.yaml:4:17", "'checkpoint' takes nothing", NULL},
        {"  - restore: 3\n", "dir/s.yaml:4:14", "'restore' takes nothing", NULL});
}

static void rows_must_fit_their_input(void **state)
{
    REFUSED({"  - rows: {event: []}\n", "dir/s.yaml:4:12", "unknown input 'event'",
                "did you mean 'events'?"},
        {"  - rows: {input: totals, rows: []}\n", "dir/s.yaml:4:19", "unknown input 'totals'",
            NULL},
        {"  - rows: {input: events, row: []}\n", "dir/s.yaml:4:27",
            "unknown key 'row' of 'step rows'", "did you mean 'rows'?"},
        {"  - rows: 5\n", "dir/s.yaml:4:11", "rows must be a list of maps", NULL},
        {"  - rows: [5]\n", "dir/s.yaml:4:12", "a row must be a map of its fields", NULL},
        {"  - rows: [{at: 1, key: a, valu: 1, wait: 1}]\n", "dir/s.yaml:4:28",
            "unknown field 'valu'", "did you mean 'value'?"},
        {"  - rows: [{at: 1, key: a, value: x, wait: 1}]\n", "dir/s.yaml:4:35",
            "field 'value' is integer, not string", NULL},
        {"  - rows: [{at: 1, key: a, value: null, wait: 1}]\n", "dir/s.yaml:4:35",
            "field 'value' cannot be null", NULL},
        {"  - rows: [{at: 1, key: a, value: 1}]\n", "dir/s.yaml:4:12",
            "the row has no field 'wait'", NULL},
        {"  - rows: [{at: noon, key: a, value: 1, wait: 1}]\n", "dir/s.yaml:4:17",
            "at must be a time: 2001-01-03T07:00:00Z, seconds since 1970, a duration since "
            "1970 "
            "such as 90s or 5m, or infinity",
            NULL},
        {"  - rows: [{row: {at: 1, key: a, value: 1, wait: 1}, timestamp: 2}]\n",
            "dir/s.yaml:4:65",
            "the time of the row is its field 'at', which is there beside 'timestamp'", NULL},
        {"  - rows: [{row: {key: a, value: 1, wait: 1}}]\n", "dir/s.yaml:4:18",
            "the row has no field 'at'", NULL});
}

static void watermarks_rise(void **state)
{
    REFUSED(
        {"  - watermark: 10\n  - watermark: 9\n", "dir/s.yaml:5:5",
            "the watermark of 'events' cannot fall: it stands at 1970-01-01T00:00:10Z", NULL},
        {"  - watermark: soon\n", "dir/s.yaml:4:16",
            "a watermark must be a time: 2001-01-03T07:00:00Z, seconds since 1970, a duration "
            "since 1970 such as 90s or 5m, or infinity",
            NULL},
        {"  - watermark: {input: events}\n", "dir/s.yaml:4:16", "'to' is missing", NULL},
        {"  - watermark: {events: 10, evens: 10}\n", "dir/s.yaml:4:29", "unknown input 'evens'",
            "did you mean 'events'?"},
        {"  - idle: evens\n", "dir/s.yaml:4:11", "unknown input 'evens'",
            "did you mean 'events'?"},
        {"  - active: 3\n", "dir/s.yaml:4:13", "'active' takes an input", NULL},
        {"  - processing_time: 0\n", "dir/s.yaml:4:22", "'processing_time' must be more than 0",
            NULL},
        {"  - processing_time: {advanced: 5s}\n", "dir/s.yaml:4:23",
            "unknown key 'advanced' of 'step processing_time'", "did you mean 'advance'?"});
}

static void expectations_must_fit_their_output(void **state)
{
    REFUSED({"  - expect: {output: total, rows: []}\n", "dir/s.yaml:4:22",
                "unknown output 'total'", "did you mean 'totals'?"},
        {"  - expect: {total: []}\n", "dir/s.yaml:4:14", "unknown output 'total'",
            "did you mean 'totals'?"},
        {"  - expect: {output: totals}\n", "dir/s.yaml:4:13",
            "'expect' needs 'rows' or 'panes': a list", NULL},
        {"  - expect: {rows: [], panes: []}\n", "dir/s.yaml:4:13",
            "'expect' has 'rows' or 'panes', not both", NULL},
        {"  - expect: [{key: a}]\n", "dir/s.yaml:4:14", "the row has no field 'n'", NULL},
        {"  - expect: [{row: {key: a, n: 1}, windw: [0, 60]}]\n", "dir/s.yaml:4:36",
            "unknown key 'windw' of 'pane'", "did you mean 'window'?"},
        {"  - expect: [{row: {key: a, n: 1}, window: [60, 0]}]\n", "dir/s.yaml:4:44",
            "the window ends before it has begun", NULL},
        {"  - expect: [{row: {key: a, n: 1}, window: 60}]\n", "dir/s.yaml:4:44",
            "a window is [start, end] or 'global'", NULL},
        {"  - expect: [{row: {key: a, n: 1}, timing: lat}]\n", "dir/s.yaml:4:44",
            "unknown timing 'lat'", "did you mean 'late'?"},
        {"  - expect: [{row: {key: a, n: 1}, index: -1}]\n", "dir/s.yaml:4:43",
            "'index' must be from 0 to 4294967295, not -1", NULL},
        {"  - expect_none: [total]\n", "dir/s.yaml:4:19", "unknown output 'total'",
            "did you mean 'totals'?"},
        {"  - expect_state: {transform: Combin, gone: true}\n", "dir/s.yaml:4:31",
            "unknown transform with state 'Combin'", "did you mean 'Combine'?"},
        {"  - expect_state: {transform: WindowInto, gone: true}\n", "dir/s.yaml:4:31",
            "'WindowInto' is a WindowInto: only state by key can be looked at, of a Combine, "
            "KeyedProcess, Deduplicate, TopN or Materialize",
            NULL},
        {"  - expect_state: {transform: Combine}\n", "dir/s.yaml:4:19",
            "'expect_state' needs 'present' or 'gone'", NULL},
        {"  - expect_state: {transform: Combine, key: {kee: a}, gone: true}\n",
            "dir/s.yaml:4:46", "unknown field 'kee'", "did you mean 'key'?"},
        {"  - expect_state: {transform: Combine, key: 7, gone: true}\n", "dir/s.yaml:4:45",
            "field 'key' is string, not integer", NULL});
}

static void what_is_for_other_scenarios_cannot_stand_beside_steps(void **state)
{
    REFUSED(
        {"  - checkpoint\nfaults: []\n", "dir/s.yaml:5:1",
            "'faults' cannot stand beside 'steps': the steps feed the inputs, and their world "
            "is calm",
            NULL},
        {"  - checkpoint\ncluster: {heartbeat: {every: 1s}}\n", "dir/s.yaml:5:11",
            "'cluster.heartbeat' cannot stand beside 'steps', in whose world nothing takes "
            "time",
            NULL},
        {"  - checkpoint\nsplit: 17\n", "dir/s.yaml:5:8",
            "'split' must be from 1 to 16, not 17", NULL},
        {"  []\n", "dir/s.yaml:4:3", "'steps' must be a list of steps", NULL});
    static const struct test_error error = {TEST_HEAD_STREAM "split: 2\n", "dir/s.yaml:4:1",
        "'split' is for scenarios with 'steps'", NULL};
    test_errors(*state, &error, 1);
}

static void inputs_are_where_the_pipeline_begins(void **state)
{
    REFUSED(
        {"  - checkpoint\ninputs: {ReadFromLo: {schema: {a: integer}}}\n", "dir/s.yaml:5:10",
            "unknown transform 'ReadFromLo'", "did you mean 'ReadFromLog'?"},
        {"  - checkpoint\ninputs: {ReadFromLog: {event_time: a}}\n", "dir/s.yaml:5:23",
            "'schema' is missing", NULL},
        {"  - checkpoint\ninputs: {ReadFromLog: {schem: {a: integer}}}\n", "dir/s.yaml:5:24",
            "unknown key 'schem' of 'inputs'", "did you mean 'schema'?"},
        {"  - checkpoint\ninputs: [ReadFromLog]\n", "dir/s.yaml:5:9",
            "'inputs' must be a map from transforms to {schema, event_time}", NULL});
}

static void times_are_written_in_several_ways(void **state)
{
    const struct mr_scenario *scenario =
        test_read(*state, TEST_HEAD "steps:\n"
                                    "  - watermark: -infinity\n"
                                    "  - watermark: -1.5\n"
                                    "  - watermark: 90\n"
                                    "  - watermark: 2m\n"
                                    "  - watermark: 1970-01-01T00:02:00.5Z\n"
                                    "  - watermark: infinity\n"
                                    "  - watermark: {input: events, to: .inf}\n");
    static const mr_us times_us[] = {
        MR_US_MIN, -1500000, 90000000, 120000000, 120500000, MR_US_MAX, MR_US_MAX};
    assert_int_equal(scenario->n_steps, 7);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(scenario->steps[i].watermark_us, times_us[i]);
    assert_int_equal(scenario->seeds, 1);
    assert_int_equal(scenario->cluster.parallelism, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(a_step_is_one_known_thing),
        LANGUAGE_TEST(rows_must_fit_their_input),
        LANGUAGE_TEST(watermarks_rise),
        LANGUAGE_TEST(expectations_must_fit_their_output),
        LANGUAGE_TEST(what_is_for_other_scenarios_cannot_stand_beside_steps),
        LANGUAGE_TEST(inputs_are_where_the_pipeline_begins),
        LANGUAGE_TEST(times_are_written_in_several_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
