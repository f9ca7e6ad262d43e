/* Who tests the tester, for sources: each bug of a watermark's strategy, of idleness or of
 * alignment makes the very check fire that it is there for, and without one no check says
 * anything. Whole runs of small scenarios, from text. */
#include "tests/test.h"

#include "tests/planted_run.h"

#define READ(name, topic, watermark)                                                           \
    "    - type: ReadFromLog\n"                                                                \
    "      name: " name "\n"                                                                   \
    "      config:\n"                                                                          \
    "        topic: " topic "\n"                                                               \
    "        schema: {at: timestamp, key: integer, value: integer}\n" watermark
#define FOLD(input)                                                                            \
    "    - {type: Window, input: " input ", config: {windowing: {type: fixed, size: 50ms}}}\n" \
    "    - type: Combine\n"                                                                    \
    "      input: Window\n"                                                                    \
    "      config: {group_by: key, combine: {n: {fn: count, value: key}}}\n"                   \
    "    - {type: WriteToLog, input: Combine, config: {topic: out, key: key}}\n"
#define ALIGNED(drift)                                                                         \
    "        event_time: at\n"                                                                 \
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms, idle_after: 60ms, "    \
    "alignment: {group: g, max_drift: " drift "}}\n"

static const char punctuated_pipeline[] = "pipeline:\n  transforms:\n" READ("A", "events",
    "        event_time: at\n"
    "        watermark: {strategy: punctuated, when: value % 5 == 0, language: python}\n")
    FOLD("A");
static const char clock_pipeline[] = "pipeline:\n  transforms:\n" READ(
    "A", "events", "        watermark: {strategy: processing_time}\n") FOLD("A");
static const char tight_pipeline[] =
    "pipeline:\n  transforms:\n" READ("A", "events", ALIGNED("5ms")) FOLD("A");
static const char aligned_pipeline[] =
    "pipeline:\n  transforms:\n" READ("A", "events", ALIGNED("20ms")) READ(
        "B", "more", ALIGNED("20ms")) "    - {type: Flatten, input: [A, B]}\n" FOLD("Flatten");

#define CLUSTER                                                                                \
    "cluster:\n"                                                                               \
    "  {workers: 3, slots: 2, parallelism: 4, checkpoint: {every: 100ms}, watermark_every: "   \
    "10ms, flush_after: 2ms,\n"                                                                \
    "   batch: {seeded: [1, 5, 20]}, fetch: {rows: 10, rows_min: 1, wait: 40ms}}\n"            \
    "check: {liveness: {within: 600ms}}\n"                                                     \
    "limits: {memory: 64MB, virtual_time: 20s}\n"
#define STREAM(topic, rows, duration, more)                                                    \
    "  " topic ": {partitions: 4, key: key, generate: {rows: " rows ", duration: " duration    \
    ", keys: 12, values: 100}" more "}\n"
#define SCENARIO "scenario: sources\npipeline: {file: pipeline.yaml}\nstreams:\n"

static const char one_stream[] = SCENARIO STREAM("events", "400", "2s", "") CLUSTER;
static const char quiet_stream[] = SCENARIO STREAM(
    "events", "400", "2s", ", silence: {partition: 1, from: 500ms, for: 200ms}") CLUSTER;
/* A partition falls silent while it waits for one that fell silent before it. */
static const char one_after_the_other[] = SCENARIO STREAM("events", "4000", "4s",
    ", silence: [{partition: 1, from: 500ms, for: 300ms}, {partition: 2, from: 512ms, for: "
    "300ms}, {partition: 3, from: 517ms, for: 300ms}]") CLUSTER;
/* One of the group's partitions says nothing for long; all of `more` ends early. */
static const char silent_stream[] = SCENARIO STREAM(
    "events", "800", "4s", ", silence: [{partition: 1, from: 500ms, for: 2500ms}]")
    STREAM("more", "800", "4s", "") CLUSTER;
static const char short_stream[] =
    SCENARIO STREAM("events", "800", "4s", "") STREAM("more", "200", "1s", "") CLUSTER;
static const char resting_streams[] = SCENARIO STREAM("events", "800", "4s",
    ", silence: [{partition: 1, from: 500ms, for: 300ms}, {partition: 2, from: 900ms, for: "
    "200ms}, {partition: 1, from: 1500ms, for: 130ms}, {partition: 3, from: 2s, for: 90ms}]")
    STREAM("more", "400", "4s",
        ", silence: [{partition: 0, from: 1s, for: 150ms}, "
        "{partition: 2, from: 1200ms, for: 400ms}]") CLUSTER;

static void without_a_planted_bug_no_check_fires(void **state)
{
    uint64_t idle = UINT64_C(1) << MR_SOMETIMES_PARTITION_IDLE;
    uint64_t paused = UINT64_C(1) << MR_SOMETIMES_SOURCE_PAUSED;
    assert_nothing_fires(*state, punctuated_pipeline, one_stream, 0);
    assert_nothing_fires(*state, clock_pipeline, quiet_stream, 0);
    assert_nothing_fires(*state, tight_pipeline, one_after_the_other, idle | paused);
    assert_nothing_fires(*state, aligned_pipeline, silent_stream, idle | paused);
    assert_nothing_fires(*state, aligned_pipeline, short_stream, paused);
    assert_nothing_fires(*state, aligned_pipeline, resting_streams, idle | paused);
}

static void a_watermark_from_rows_that_carry_none_overtakes(void **state)
{
    open_subject(*state, punctuated_pipeline, one_stream);
    const struct mr_witness *witness = expect(
        *state, MR_PLANT_PUNCTUATED_BY_ALL, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK);
    assert_string_equal(witness->transform, "A");
    assert_true(strcmp(witness->actual, witness->expected) > 0);
}

static void a_watermark_ahead_of_the_clock_overtakes(void **state)
{
    open_subject(*state, clock_pipeline, quiet_stream);
    const struct mr_witness *witness = expect(*state, MR_PLANT_CLOCK_WATERMARK_AHEAD,
        MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK);
    assert_string_equal(witness->transform, "A");
    assert_true(strcmp(witness->actual, witness->expected) > 0);
}

static void an_idle_clock_that_runs_while_the_reader_waits_is_seen(void **state)
{
    open_subject(*state, tight_pipeline, one_after_the_other);
    const struct mr_witness *witness = expect(*state, MR_PLANT_IDLE_WHILE_BLOCKED,
        MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK);
    assert_non_null(strstr(witness->summary, "was declared idle after"));
}

static void a_group_that_waits_for_an_idle_partition_is_stuck(void **state)
{
    open_subject(*state, aligned_pipeline, silent_stream);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_ALIGNED_WITH_IDLE, MR_CHECK_LIVENESS, MR_VERDICT_STUCK);
    assert_non_null(strstr(witness->cause, "is idle"));
}

static void a_group_that_waits_for_an_ended_partition_is_stuck(void **state)
{
    open_subject(*state, aligned_pipeline, short_stream);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_ALIGNED_WITH_ENDED, MR_CHECK_LIVENESS, MR_VERDICT_STUCK);
    assert_non_null(strstr(witness->cause, "events["));
}

static void a_group_that_follows_its_fastest_partition_drifts(void **state)
{
    open_subject(*state, aligned_pipeline, resting_streams);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_ALIGNED_WITH_HIGHEST, MR_CHECK_WATERMARKS, MR_VERDICT_DRIFTED);
    assert_non_null(
        strstr(witness->summary, "was told that the alignment group 'g' stands at"));
}

static void a_source_that_ignores_its_group_drifts(void **state)
{
    open_subject(*state, aligned_pipeline, resting_streams);
    const struct mr_witness *witness =
        expect(*state, MR_PLANT_DRIFT_IGNORED, MR_CHECK_WATERMARKS, MR_VERDICT_DRIFTED);
    assert_non_null(strstr(witness->summary, "on, whose watermark"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLANTED(without_a_planted_bug_no_check_fires),
        PLANTED(a_watermark_from_rows_that_carry_none_overtakes),
        PLANTED(a_watermark_ahead_of_the_clock_overtakes),
        PLANTED(an_idle_clock_that_runs_while_the_reader_waits_is_seen),
        PLANTED(a_group_that_waits_for_an_idle_partition_is_stuck),
        PLANTED(a_group_that_waits_for_an_ended_partition_is_stuck),
        PLANTED(a_group_that_follows_its_fastest_partition_drifts),
        PLANTED(a_source_that_ignores_its_group_drifts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
