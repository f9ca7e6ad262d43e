/* Who tests the tester, for sources: each bug of a watermark's strategy, of idleness or of
 * alignment makes the very check fire that it is there for, and without one no check says
 * anything. Whole runs of small scenarios, from text. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/run/run.h"

enum { SEEDS = 20, CLEAN_SEEDS = 20 };

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

struct subject {
    const char *pipeline;
    const char *scenario_text;
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    struct mr_run_result result;
};

static bool read_text(void *self, struct mr_region *region, const char *path, const char **text,
    size_t *bytes, struct mr_err *err)
{
    (void)region;
    (void)err;
    const struct subject *subject = self;
    *text = strstr(path, "pipeline") ? subject->pipeline : subject->scenario_text;
    *bytes = strlen(*text);
    return true;
}

static void open_subject(struct subject *subject, const char *pipeline, const char *scenario)
{
    subject->pipeline = pipeline;
    subject->scenario_text = scenario;
    struct mr_file_reader reader = {.self = subject, .read = read_text};
    struct mr_err err = {0};
    subject->region = mr_region_create();
    if (!mr_scenario_read(subject->region, "scenario.yaml", &reader, &subject->scenario, &err))
        fail_msg("%s", err.msg);
    struct mr_arena_options options = {
        .bytes_max = mr_run_arena_bytes(subject->scenario), .fill = 0xa5};
    if (!mr_arena_open(&options, &subject->arena, &err)) fail_msg("%s", err.msg);
}

static void close_subject(struct subject *subject)
{
    mr_arena_close(subject->arena);
    mr_region_destroy(subject->region);
    subject->arena = NULL;
    subject->region = NULL;
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct subject));
    return *state ? 0 : 1;
}

static int tear_down(void **state)
{
    close_subject(*state);
    free(*state);
    return 0;
}

/* The witness of the first seed in which the check says so. */
static const struct mr_witness *expect(
    struct subject *subject, enum mr_plant plant, enum mr_check check, enum mr_verdict verdict)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_run_options options = {.seed = seed, .plant = plant};
        mr_run(subject->arena, subject->scenario, &options, &subject->result);
        for (uint32_t i = 0; i < subject->result.n_findings; i++) {
            const struct mr_witness *witness = &subject->result.findings[i];
            if (witness->check != check || witness->verdict != verdict) continue;
            assert_true(witness->summary[0] != '\0');
            return witness;
        }
    }
    fail_msg("%s: no %s %s in %d seeds", mr_plants[plant].name, mr_check_name(check),
        mr_verdict_name(verdict), SEEDS);
    return NULL;
}

static void assert_nothing_fires(
    struct subject *subject, const char *pipeline, const char *scenario, uint64_t milestones)
{
    uint64_t reached = 0;
    open_subject(subject, pipeline, scenario);
    for (uint64_t seed = 1; seed <= CLEAN_SEEDS; seed++) {
        struct mr_run_options options = {.seed = seed};
        mr_run(subject->arena, subject->scenario, &options, &subject->result);
        if (subject->result.n_findings > 0)
            fail_msg("seed %llu: %s: %s", (unsigned long long)seed,
                mr_verdict_name(subject->result.findings[0].verdict),
                subject->result.findings[0].summary);
        assert_int_equal(subject->result.end, MR_END_FINISHED);
        assert_true(subject->result.counts.rows_matched > 0);
        reached |= subject->result.sometimes;
    }
    assert_true((reached & milestones) == milestones);
    close_subject(subject);
}

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

#define PLANTED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
