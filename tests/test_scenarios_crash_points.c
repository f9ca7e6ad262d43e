/* Every crash point of a small run: without a bug all hold, with one planted the check says so,
 * and the point that is named fails by itself in the same way. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/run/run.h"

static const char pipeline[] =
    "pipeline:\n  type: chain\n  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config: {topic: events, schema: {at: timestamp, key: integer, value: integer}, "
    "event_time: at, watermark: {strategy: bounded, max_out_of_orderness: 10ms}}\n"
    "    - {type: Window, config: {windowing: {type: fixed, size: 200ms}}}\n"
    "    - {type: Combine, config: {group_by: key, combine: {n: {fn: count, value: key}, "
    "total: "
    "{fn: sum, value: value}}}}\n"
    "    - {type: WriteToLog, config: {topic: out, key: key}}\n";

static const char scenario_text[] = "scenario: small\n"
                                    "pipeline: {file: pipeline.yaml}\n"
                                    "streams:\n"
                                    "  events: {partitions: 2, key: key, generate: {rows: 80, "
                                    "duration: 800ms, keys: 5, values: "
                                    "20, disorder: 5ms}}\n"
                                    "network: datacenter\n"
                                    "cluster:\n"
                                    "  workers: 2\n"
                                    "  slots: 2\n"
                                    "  parallelism: 2\n"
                                    "  checkpoint: {every: 200ms}\n"
                                    "  heartbeat: {every: 100ms, timeout: 400ms}\n"
                                    "  batch: 20\n"
                                    "  fetch: {rows: 100, rows_min: 1, wait: 200ms}\n"
                                    "  watermark_every: 50ms\n"
                                    "  flush_after: 50ms\n"
                                    "  restart: {backoff: 50ms, backoff_max: 200ms}\n"
                                    "limits: {memory: 64MB, virtual_time: 60s}\n";

struct subject {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    struct mr_run_result result;
};

static bool read_text(void *self, struct mr_region *region, const char *path, const char **text,
    size_t *bytes, struct mr_err *err)
{
    (void)self, (void)region, (void)err;
    *text = strstr(path, "pipeline.yaml") ? pipeline : scenario_text;
    *bytes = strlen(*text);
    return true;
}

static int set_up(void **state)
{
    struct subject *subject = calloc(1, sizeof *subject);
    struct mr_file_reader reader = {.read = read_text};
    struct mr_err err = {0};
    subject->region = mr_region_create();
    if (!mr_scenario_read(subject->region, "scenario.yaml", &reader, &subject->scenario, &err))
        fail_msg("%s", err.msg);
    struct mr_arena_options options = {
        .bytes_max = mr_run_arena_bytes(subject->scenario), .fill = 0xa5};
    if (!mr_arena_open(&options, &subject->arena, &err)) fail_msg("%s", err.msg);
    *state = subject;
    return 0;
}

static int tear_down(void **state)
{
    struct subject *subject = *state;
    mr_arena_close(subject->arena);
    mr_region_destroy(subject->region);
    free(subject);
    return 0;
}

static const struct mr_run_result *try_all(struct subject *subject, enum mr_plant plant)
{
    struct mr_run_options options = {.seed = 1,
        .plant = plant,
        .tries_crash_points = true,
        .crash_restart_after_ns = 100 * MR_MS_NS};
    mr_run(subject->arena, subject->scenario, &options, &subject->result);
    return &subject->result;
}

static void every_crash_point_holds(void **state)
{
    struct subject *subject = *state;
    struct mr_run_options options = {.seed = 1};
    mr_run(subject->arena, subject->scenario, &options, &subject->result);
    uint64_t digest = subject->result.digest, steps = subject->result.steps;
    const struct mr_run_result *result = try_all(subject, MR_PLANT_NONE);
    assert_true(result->crash_points > steps / 4);
    assert_true(result->crash_steps > 100 * steps);
    assert_int_equal(result->crash_points_failed, 0);
    assert_int_equal(result->n_findings, 0);
    /* Nothing of it is left in the run itself. */
    assert_true(result->digest == digest);
    assert_int_equal(result->steps, steps);
    assert_int_equal(result->counts.restores, 0);
}

static void assert_found(struct subject *subject, enum mr_plant plant, enum mr_verdict verdict)
{
    const struct mr_run_result *result = try_all(subject, plant);
    assert_true(result->crash_points_failed > 0);
    assert_true(result->crash_points_failed < result->crash_points);
    const struct mr_witness *witness = NULL;
    for (uint32_t i = 0; i < result->n_findings; i++)
        if (result->findings[i].verdict == verdict) witness = &result->findings[i];
    if (!witness) fail_msg("%s: no %s", mr_plants[plant].name, mr_verdict_name(verdict));
    assert_non_null(strstr(witness->cause, "crash point "));
    assert_int_equal(witness->check, MR_CHECK_EXACTLY_ONCE);
}

static void a_planted_bug_fails_at_some_of_them(void **state)
{
    assert_found(*state, MR_PLANT_RESTORE_SKIPS_STATE, MR_VERDICT_WRONG);
    assert_found(*state, MR_PLANT_SKIP_RECOVERED_COMMIT, MR_VERDICT_LOSS);
    assert_found(*state, MR_PLANT_COMMIT_CURRENT, MR_VERDICT_DUPLICATE);
}

static void the_point_that_is_named_fails_by_itself(void **state)
{
    struct subject *subject = *state;
    const struct mr_run_result *result = try_all(subject, MR_PLANT_RESTORE_SKIPS_STATE);
    assert_true(result->failed_step > 0);
    struct mr_run_options options = {.seed = 1,
        .plant = MR_PLANT_RESTORE_SKIPS_STATE,
        .crash_step = result->failed_step,
        .crash_prefix = result->failed_prefix,
        .crash_restart_after_ns = 100 * MR_MS_NS};
    mr_run(subject->arena, subject->scenario, &options, &subject->result);
    assert_true(subject->result.n_findings > 0);
    assert_int_equal(subject->result.findings[0].check, MR_CHECK_EXACTLY_ONCE);
    assert_true(subject->result.counts.restores > 0);
    options.plant = MR_PLANT_NONE;
    mr_run(subject->arena, subject->scenario, &options, &subject->result);
    assert_int_equal(subject->result.n_findings, 0);
    assert_true(subject->result.counts.restores > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_crash_point_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_planted_bug_fails_at_some_of_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_point_that_is_named_fails_by_itself, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
