/* Who tests the tester, for Lookup: each bug makes the very check fire that it is there for,
 * and without one no check says anything. Whole runs of small scenarios, from text. */
#include "tests/test.h"

#include "tests/planted_run.h"

#define READ                                                                                   \
    "pipeline:\n"                                                                              \
    "  transforms:\n"                                                                          \
    "    - type: ReadFromLog\n"                                                                \
    "      config:\n"                                                                          \
    "        topic: events\n"                                                                  \
    "        schema: {at: timestamp, key: integer, value: integer}\n"                          \
    "        event_time: at\n"                                                                 \
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"
#define LOOKUP(knobs)                                                                          \
    "    - type: Lookup\n"                                                                     \
    "      input: ReadFromLog\n"                                                               \
    "      config: {connector: names, key: key, fields: {name: string}, timeout: 15ms, "       \
    "retries: 1, backoff: 2ms, error_handling: {output: bad}, " knobs "}\n"
#define SINKS                                                                                  \
    "    - {type: WriteToLog, name: Good, input: Lookup, config: {topic: out, key: key}}\n"    \
    "    - {type: WriteToLog, name: Bad, input: Lookup.bad, config: {topic: bad}}\n"

static const char ordered[] = READ LOOKUP("max_in_flight: 3") SINKS;
static const char cached[] = READ LOOKUP("order: unordered, cache_ttl: 30ms") SINKS;
static const char limited[] = READ LOOKUP("order: unordered, rate_limit: 400") SINKS;
static const char windows[] =
    READ LOOKUP("order: unordered") "    - {type: Window, input: Lookup, config: {windowing: "
                                    "{type: fixed, size: 20ms}}}\n"
                                    "    - type: Combine\n"
                                    "      input: Window\n"
                                    "      config: {group_by: name, combine: {n: {fn: count, "
                                    "value: key}}}\n"
                                    "    - {type: WriteToLog, name: Good, input: Combine, "
                                    "config: {topic: out, key: name}}\n"
                                    "    - {type: WriteToLog, name: Bad, input: Lookup.bad, "
                                    "config: {topic: bad}}\n";

#define SCENARIO(faults)                                                                       \
    "scenario: lookups\n"                                                                      \
    "pipeline: {file: pipeline.yaml}\n"                                                        \
    "streams:\n"                                                                               \
    "  events: {partitions: 4, key: key, generate: {rows: 600, duration: 2s, keys: 12, "       \
    "values: 100}}\n"                                                                          \
    "services:\n"                                                                              \
    "  names: {table: names.csv, key: id, latency: {kind: lognormal, median: 4ms, p99: "       \
    "25ms}, errors: 3%, lost: 1%}\n"                                                           \
    "cluster:\n"                                                                               \
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: 100ms}, heartbeat: {every: " \
    "100ms},\n"                                                                                \
    "   batch: {seeded: [1, 5, 20]}, fetch: {rows: 10, rows_min: 1, wait: 50ms}, restart: "    \
    "{backoff: 50ms}}\n" faults "limits: {memory: 64MB, virtual_time: 30s}\n"
static const char calm[] = SCENARIO("");
static const char crash[] = SCENARIO("faults:\n  - crash: {worker: any, at: {between: [500ms, "
                                     "1500ms]}, restart_after: 100ms}\n");

static const char table[] = "id,name\n0,zero\n1,one\n2,two\n3,three\n4,four\n5,five\n6,six\n7,"
                            "seven\n8,eight\n9,nine\n";

static void open_with_table(struct subject *subject, const char *pipeline, const char *scenario)
{
    subject->table = table;
    open_subject(subject, pipeline, scenario);
}

static void without_a_planted_bug_no_check_fires(void **state)
{
    struct subject *subject = *state;
    subject->table = table;
    uint64_t retried = UINT64_C(1) << MR_SOMETIMES_LOOKUP_RETRIED;
    uint64_t reissued = UINT64_C(1) << MR_SOMETIMES_LOOKUP_REISSUED;
    assert_nothing_fires(subject, ordered, calm, retried);
    assert_nothing_fires(subject, ordered, crash, retried | reissued);
    assert_nothing_fires(subject, cached, crash, retried | reissued);
    assert_nothing_fires(subject, limited, calm, retried);
    assert_nothing_fires(subject, windows, crash, retried | reissued);
}

static void rows_that_no_checkpoint_holds_are_lost(void **state)
{
    open_with_table(*state, ordered, crash);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_LOOKUP_FORGETS_CALLS, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_string_equal(witness->transform, "Good");
}

static void two_answers_for_one_row_are_two_rows(void **state)
{
    open_with_table(*state, ordered, calm);
    const struct mr_witness *witness = expect(
        *state, MR_PLANT_LOOKUP_ANSWERS_TWICE, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
    assert_string_equal(witness->transform, "Good");
}

static void a_watermark_that_does_not_wait_overtakes(void **state)
{
    open_with_table(*state, windows, calm);
    const struct mr_witness *witness = expect(*state, MR_PLANT_LOOKUP_FREES_WATERMARK,
        MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK);
    assert_string_equal(witness->transform, "Lookup");
    assert_non_null(strstr(witness->summary, "still being looked up"));
}

static void a_row_that_is_dropped_when_all_calls_fail_is_lost(void **state)
{
    open_with_table(*state, ordered, calm);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_LOOKUP_DROPS_TIMED_OUT, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_string_equal(witness->transform, "Bad");
}

static void rows_in_the_order_of_answers_are_out_of_order(void **state)
{
    open_with_table(*state, ordered, calm);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_LOOKUP_OUT_OF_ORDER, MR_CHECK_ORDER, MR_VERDICT_REORDERED);
    assert_string_equal(witness->transform, "Good");
}

static void more_calls_than_may_be_under_way_are_counted(void **state)
{
    open_with_table(*state, ordered, calm);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_LOOKUP_OVER_CAPACITY, MR_CHECK_LOOKUPS, MR_VERDICT_OVERRUN);
    assert_non_null(strstr(witness->summary, "calls at a time: 4, 3 allowed"));
}

static void calls_faster_than_the_rate_are_seen(void **state)
{
    open_with_table(*state, limited, calm);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_LOOKUP_OVER_RATE, MR_CHECK_LOOKUPS, MR_VERDICT_OVERRUN);
    assert_string_equal(witness->expected, "2500000");
}

static void a_call_given_up_too_early_is_seen(void **state)
{
    open_with_table(*state, ordered, calm);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_LOOKUP_HASTY, MR_CHECK_LOOKUPS, MR_VERDICT_HASTY);
    assert_string_equal(witness->expected, "15000000");
}

static void an_answer_older_than_the_cache_may_hold_is_seen(void **state)
{
    open_with_table(*state, cached, calm);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_LOOKUP_STALE_CACHE, MR_CHECK_LOOKUPS, MR_VERDICT_STALE);
    assert_string_equal(witness->expected, "30000000");
}

static void an_error_taken_for_a_missing_key_is_no_answer_of_the_service(void **state)
{
    open_with_table(*state, ordered, calm);
    const struct mr_witness *witness = expect(
        *state, MR_PLANT_LOOKUP_ERROR_IS_MISSING, MR_CHECK_LOOKUPS, MR_VERDICT_WRONG);
    assert_string_equal(witness->actual, "not there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLANTED(without_a_planted_bug_no_check_fires),
        PLANTED(rows_that_no_checkpoint_holds_are_lost),
        PLANTED(two_answers_for_one_row_are_two_rows),
        PLANTED(a_watermark_that_does_not_wait_overtakes),
        PLANTED(a_row_that_is_dropped_when_all_calls_fail_is_lost),
        PLANTED(rows_in_the_order_of_answers_are_out_of_order),
        PLANTED(more_calls_than_may_be_under_way_are_counted),
        PLANTED(calls_faster_than_the_rate_are_seen),
        PLANTED(a_call_given_up_too_early_is_seen),
        PLANTED(an_error_taken_for_a_missing_key_is_no_answer_of_the_service),
        PLANTED(an_answer_older_than_the_cache_may_hold_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
