/* What a seed draws, and that its manifest is a scenario that draws the same. */
#include "tests/test_scenarios_language.h"

#include "base/digest.h"
#include "scenarios/run/run.h"

enum { SEEDS = 300 };

static const char drawn_text[] = TEST_HEAD_STREAM
    "outputs: {again: }\n"
    "cluster: {batch: {seeded: [1, 7, 50]}, fetch: {rows: {between: [10, 20]}}, "
    "checkpoint: {every: {between: [1s, 2s]}, retention: 5}}\n"
    "faults:\n"
    "  - crash: {worker: any, at: {between: [2s, 3500ms]}, restart_after: "
    "{between: [1ms, 2ms]}}\n"
    "  - crash: {worker: any, at: {point: [sink.before_commit, "
    "sink.commit_sent], occurrence: {between: [1, 9]}}}\n"
    "  - slow_link: {from: worker-1, to: broker, at: 1s, for: {seeded: [1s, "
    "3s]}, extra: {between: [1ms, 9ms]}, factor: 4}\n"
    "  - pause: {process: coordinator, at: {kind: exponential, mean: 2s}, for: "
    "1s}\n"
    "  - crash: {worker: 2, at: 4s, restart_after: never}\n"
    "job:\n"
    "  - stop: {at: {between: [1s, 4s]}, after_checkpoints: 4}\n"
    "  - restart: {after: {between: [0s, 1s]}, checkpoints_back: 2, topics: "
    "{totals: again}}\n"
    "sometimes: [rewound]\n"
    "expect: {fail: {check: order, verdict: REORDERED, seeds: {at_least: 20}}}\n";

struct world {
    struct mr_region *region;
    struct mr_arena *arena;
};

static int set_up(void **state)
{
    struct world *world = mr_alloc(sizeof *world);
    struct mr_arena_options options = {.bytes_max = 64 << 20, .fill = 0x5a};
    struct mr_err err = {0};
    world->region = mr_region_create();
    if (!mr_arena_open(&options, &world->arena, &err)) return -1;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    mr_arena_close(world->arena);
    mr_region_destroy(world->region);
    mr_free(world);
    return 0;
}

static struct mr_manifest draw(
    struct world *world, const struct mr_scenario *scenario, uint64_t seed)
{
    struct mr_draws draws = {.seed = seed};
    struct mr_manifest manifest;
    mr_manifest_draw(world->arena, scenario, &draws, &manifest);
    return manifest;
}

static void a_seed_always_draws_the_same(void **state)
{
    struct world *world = *state;
    const struct mr_scenario *scenario = test_read(world->region, drawn_text);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct mr_manifest first = draw(world, scenario, seed);
        struct mr_manifest second = draw(world, scenario, seed);
        assert_int_equal(first.seed, seed);
        assert_int_equal(first.batch_rows, second.batch_rows);
        assert_int_equal(first.faults[0].at_ns, second.faults[0].at_ns);
        assert_int_equal(first.job_steps[0].at_ns, second.job_steps[0].at_ns);
    }
}

static void drawn_values_lie_in_their_ranges(void **state)
{
    struct world *world = *state;
    const struct mr_scenario *scenario = test_read(world->region, drawn_text);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_manifest drawn = draw(world, scenario, seed);
        assert_true(drawn.batch_rows == 1 || drawn.batch_rows == 7 || drawn.batch_rows == 50);
        assert_in_range(drawn.fetch_rows, 10, 20);
        assert_in_range(drawn.checkpoint_every_ns, MR_SECOND_NS, 2 * MR_SECOND_NS);
        assert_int_equal(drawn.n_faults, 5);
        const struct mr_fault *faults = drawn.faults;
        assert_in_range(faults[0].process, 1, 3);
        assert_in_range(faults[0].at_ns, 2 * MR_SECOND_NS, 3500 * MR_MS_NS);
        assert_in_range(faults[0].restart_after_ns, MR_MS_NS, 2 * MR_MS_NS);
        assert_int_equal(faults[1].process, MR_ANY_PROCESS);
        assert_true(faults[1].is_at_point);
        assert_false(faults[1].waits_for_handler);
        assert_in_range(faults[1].occurrence, 1, 9);
        assert_in_range(
            faults[1].point, MR_POINT_SINK_BEFORE_COMMIT, MR_POINT_SINK_COMMIT_SENT);
        assert_int_equal(faults[2].factor, 4);
        assert_in_range(faults[2].extra_ns, MR_MS_NS, 9 * MR_MS_NS);
        assert_int_equal(faults[3].process, MR_PROCESS_COORDINATOR);
        assert_int_equal(faults[4].process, 2);
        assert_int_equal(faults[4].restart_after_ns, MR_NS_NEVER);
        assert_in_range(drawn.job_steps[0].at_ns, MR_SECOND_NS, 4 * MR_SECOND_NS);
        assert_int_equal(drawn.job_steps[1].checkpoints_back, 2);
        assert_int_equal(drawn.job_steps[1].to_topics[0], 2);
        mr_arena_reset(world->arena);
    }
}

static void every_choice_is_drawn_by_some_seed(void **state)
{
    struct world *world = *state;
    const struct mr_scenario *scenario = test_read(world->region, drawn_text);
    uint32_t n_batch_1 = 0, n_worker_3 = 0, n_waiting = 0, n_commit_sent = 0, n_long = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_manifest drawn = draw(world, scenario, seed);
        n_batch_1 += drawn.batch_rows == 1;
        n_worker_3 += drawn.faults[0].process == 3;
        n_waiting += drawn.faults[0].waits_for_handler;
        n_commit_sent += drawn.faults[1].point == MR_POINT_SINK_COMMIT_SENT;
        n_long += drawn.faults[2].for_ns == 3 * MR_SECOND_NS;
    }
    assert_in_range(n_batch_1, SEEDS / 3 - 40, SEEDS / 3 + 40);
    assert_in_range(n_worker_3, SEEDS / 3 - 40, SEEDS / 3 + 40);
    assert_in_range(n_waiting, SEEDS / 2 - 40, SEEDS / 2 + 40);
    assert_in_range(n_commit_sent, SEEDS / 2 - 40, SEEDS / 2 + 40);
    assert_in_range(n_long, SEEDS / 2 - 40, SEEDS / 2 + 40);
}

/* A scenario with one fault more: the old ones strike as before. */
static void another_fault_shifts_no_draw(void **state)
{
    struct world *world = *state;
    char text[4096];
    const char *list = strstr(drawn_text, "  - crash: {worker: any, at: {between");
    snprintf(text, sizeof text,
        "%.*s  - pause: {worker: any, at: {between: [1s, 9s]}, for: 1s}\n%s",
        (int)(list - drawn_text), drawn_text, list);
    const struct mr_scenario *one = test_read(world->region, drawn_text);
    const struct mr_scenario *other = test_read(world->region, text);
    struct mr_manifest before = draw(world, one, 5), after = draw(world, other, 5);
    assert_int_equal(after.n_faults, before.n_faults + 1);
    for (uint32_t i = 0; i < before.n_faults; i++) {
        assert_string_equal(after.faults[i + 1].name, before.faults[i].name);
        assert_int_equal(after.faults[i + 1].at_ns, before.faults[i].at_ns);
        assert_int_equal(after.faults[i + 1].occurrence, before.faults[i].occurrence);
    }
}

static void an_override_takes_the_place_of_a_draw(void **state)
{
    struct world *world = *state;
    const struct mr_scenario *scenario = test_read(world->region, drawn_text);
    struct mr_override override = {.domain = MR_DRAW_FAULT,
        .name = mr_name(scenario->faults[0].at_ns.name),
        .value = 2100 * MR_MS_NS};
    struct mr_draws draws = {.seed = 5, .overrides = &override, .n_overrides = 1};
    struct mr_manifest manifest, before = draw(world, scenario, 5);
    mr_manifest_draw(world->arena, scenario, &draws, &manifest);
    assert_int_equal(manifest.faults[0].at_ns, 2100 * MR_MS_NS);
    assert_int_equal(manifest.faults[1].occurrence, before.faults[1].occurrence);
    assert_int_equal(manifest.batch_rows, before.batch_rows);
}

/* ---- Writing ---- */

static void assert_same_fault(const struct mr_fault *a, const struct mr_fault *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->process, b->process);
    assert_int_equal(a->from, b->from);
    assert_int_equal(a->to, b->to);
    assert_int_equal(a->is_both_ways, b->is_both_ways);
    assert_int_equal(a->is_at_point, b->is_at_point);
    assert_int_equal(a->waits_for_handler, b->waits_for_handler);
    assert_int_equal(a->at_ns, b->at_ns);
    assert_int_equal(a->point, b->point);
    assert_int_equal(a->occurrence, b->occurrence);
    assert_int_equal(a->for_ns, b->for_ns);
    assert_int_equal(a->restart_after_ns, b->restart_after_ns);
    assert_int_equal(a->factor, b->factor);
    assert_int_equal(a->extra_ns, b->extra_ns);
}

static void assert_same(const struct mr_manifest *a, const struct mr_manifest *b)
{
    assert_int_equal(a->batch_rows, b->batch_rows);
    assert_int_equal(a->fetch_rows, b->fetch_rows);
    assert_int_equal(a->checkpoint_every_ns, b->checkpoint_every_ns);
    assert_int_equal(a->n_faults, b->n_faults);
    for (uint32_t i = 0; i < a->n_faults; i++) assert_same_fault(&a->faults[i], &b->faults[i]);
    assert_int_equal(a->n_job_steps, b->n_job_steps);
    for (uint32_t i = 0; i < a->n_job_steps; i++) {
        assert_int_equal(a->job_steps[i].kind, b->job_steps[i].kind);
        assert_int_equal(a->job_steps[i].at_ns, b->job_steps[i].at_ns);
    }
}

static void a_manifest_is_a_scenario_that_draws_the_same(void **state)
{
    struct world *world = *state;
    const struct mr_scenario *scenario = test_read(world->region, drawn_text);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct mr_manifest drawn = draw(world, scenario, seed);
        struct mr_text text = {0};
        mr_manifest_write(&text, scenario, &drawn, "dir");
        const struct mr_scenario *again = test_read(world->region, text.data);
        mr_text_deinit(&text);
        assert_int_equal(again->seeds, 1);
        assert_int_equal(again->first_seed, seed);
        struct mr_manifest redrawn = draw(world, again, seed);
        assert_same(&drawn, &redrawn);
        struct mr_manifest foreign = draw(world, again, seed + 1);
        assert_same(&drawn, &foreign); /* nothing is left to draw */
        assert_int_equal(again->check.liveness_ns, scenario->check.liveness_ns);
        assert_true(again->expect.is_failure);
        assert_int_equal(again->expect.seeds_at_least, 0);
        assert_int_equal(again->n_sometimes, 0);
        mr_arena_reset(world->arena);
    }
}

static void the_manifest_of_a_manifest_is_itself(void **state)
{
    struct world *world = *state;
    const struct mr_scenario *scenario = test_read(world->region, drawn_text);
    struct mr_manifest drawn = draw(world, scenario, 11);
    struct mr_text first = {0}, second = {0};
    mr_manifest_write(&first, scenario, &drawn, "dir");
    scenario = test_read(world->region, first.data);
    drawn = draw(world, scenario, 11);
    mr_manifest_write(&second, scenario, &drawn, "dir");
    assert_string_equal(first.data, second.data);
    mr_text_deinit(&first);
    mr_text_deinit(&second);
}

static void paths_of_a_manifest_lead_from_its_own_folder(void **state)
{
    struct world *world = *state;
    const struct mr_scenario *scenario = test_read(world->region,
        "scenario: s\npipeline: pipeline.yaml\nstreams: {events: {trace: trace.csv}}\n");
    struct mr_manifest drawn = draw(world, scenario, 1);
    struct mr_text text = {0};
    mr_manifest_write(&text, scenario, &drawn, "out/records");
    assert_non_null(strstr(text.data, "pipeline: ../../dir/pipeline.yaml\n"));
    assert_non_null(strstr(text.data, "trace: ../../dir/trace.csv\n"));
    mr_text_deinit(&text);
}

/* ---- Running ---- */

static const char run_text[] =
    "scenario: s\nstreams: {events: {partitions: 4, key: key, generate: {rows: 400, duration: "
    "4s, keys: 20}}}\n"
    "outputs: {again: }\n"
    "pipeline: {file: pipeline.yaml, set: {WindowInto.windowing.size: 100ms}}\n"
    "cluster: {parallelism: 3, checkpoint: {every: {between: [300ms, 500ms]}, retention: 5}, "
    "fetch: {rows: {seeded: [5, 50]}}, restart: {backoff: 100ms}}\n"
    "chances: {}\n"
    "faults:\n"
    "  - crash: {worker: any, at: {between: [500ms, 3s]}, restart_after: {between: [50ms, "
    "400ms]}}\n"
    "  - slow_link: {from: worker-1, to: worker-2, at: {between: [0s, 2s]}, for: 1s, "
    "factor: {between: [2, 50]}}\n"
    "job:\n"
    "  - stop: {at: {between: [1s, 3s]}, after_checkpoints: 3}\n"
    "  - restart: {after: {between: [0s, 1s]}, checkpoints_back: 1, topics: {totals: again}}\n";

static uint64_t run_digest(
    struct world *world, const struct mr_scenario *scenario, uint64_t seed, uint64_t *steps)
{
    struct mr_run_options options = {.seed = seed};
    struct mr_run_result *result = mr_alloc(sizeof *result);
    mr_run(world->arena, scenario, &options, result);
    if (result->n_findings > 0) fail_msg("seed %d: %s", (int)seed, result->findings[0].summary);
    uint64_t digest = result->digest;
    *steps = result->steps;
    mr_free(result);
    return digest;
}

static void a_manifest_is_the_same_run_event_by_event(void **state)
{
    struct world *world = *state;
    const struct mr_scenario *scenario = test_read(world->region, run_text);
    for (uint64_t seed = 1; seed <= 12; seed++) {
        uint64_t steps, steps_again;
        uint64_t digest = run_digest(world, scenario, seed, &steps);
        struct mr_manifest drawn = draw(world, scenario, seed);
        struct mr_text text = {0};
        mr_manifest_write(&text, scenario, &drawn, "dir");
        const struct mr_scenario *again = test_read(world->region, text.data);
        mr_text_deinit(&text);
        assert_true(steps > 100);
        assert_true(digest == run_digest(world, again, seed, &steps_again));
        assert_int_equal(steps, steps_again);
    }
}

#define MANIFEST_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MANIFEST_TEST(a_seed_always_draws_the_same),
        MANIFEST_TEST(drawn_values_lie_in_their_ranges),
        MANIFEST_TEST(every_choice_is_drawn_by_some_seed),
        MANIFEST_TEST(another_fault_shifts_no_draw),
        MANIFEST_TEST(an_override_takes_the_place_of_a_draw),
        MANIFEST_TEST(a_manifest_is_a_scenario_that_draws_the_same),
        MANIFEST_TEST(the_manifest_of_a_manifest_is_itself),
        MANIFEST_TEST(paths_of_a_manifest_lead_from_its_own_folder),
        MANIFEST_TEST(a_manifest_is_the_same_run_event_by_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
