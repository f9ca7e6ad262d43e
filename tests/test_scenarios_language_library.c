/* The scenarios of the library do what they claim, over a few of their seeds. */
#include "tests/test_scenarios_language.h"

#include "cli/files.h"
#include "scenarios/run/run.h"

enum { SEEDS = 6 };

static const struct mr_scenario *read_library(struct mr_region *region, const char *name)
{
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    const char *path =
        mr_region_printf(region, "%s/scenarios/library/%s.yaml", MR_SOURCE_DIR, name);
    if (!mr_cli_read_scenario(region, path, &scenario, &err)) fail_msg("%s", err.msg);
    assert_string_equal(scenario->name, name);
    assert_true(strlen(scenario->about) > 40);
    assert_int_equal(scenario->seeds, 200);
    return scenario;
}

/* Every seed must hold, or fail as the scenario expects and in no other way; returns how many
 * failed. */
static uint32_t run_seeds(
    const struct mr_scenario *scenario, uint64_t *reached, struct mr_run_result *kept)
{
    struct mr_arena_options options = {.bytes_max = mr_run_arena_bytes(scenario), .fill = -1};
    struct mr_run_result *last = mr_alloc(sizeof *last);
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    uint32_t n_failed = 0;
    assert_true(mr_arena_open(&options, &arena, &err));
    *reached = 0;
    memset(kept, 0, sizeof *kept);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_run_options run = {.seed = seed};
        mr_run(arena, scenario, &run, last);
        *reached |= last->sometimes;
        n_failed += last->n_findings > 0;
        if (last->n_findings > 0 || kept->n_findings == 0) *kept = *last;
        for (uint32_t i = 0; i < last->n_findings; i++) {
            const struct mr_witness *found = &last->findings[i];
            if (!scenario->expect.is_failure || found->check != scenario->expect.check ||
                found->verdict != scenario->expect.verdict)
                fail_msg("%s, seed %d: %s", scenario->name, (int)seed, found->summary);
        }
    }
    mr_arena_close(arena);
    mr_free(last);
    return n_failed;
}

static bool is_reached(uint64_t reached, enum mr_sometimes milestone)
{
    return reached >> milestone & 1;
}

static void assert_passes(
    struct mr_region *region, const char *name, enum mr_run_end end, uint64_t *reached)
{
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    const struct mr_scenario *scenario = read_library(region, name);
    assert_false(scenario->expect.is_failure);
    assert_int_equal(run_seeds(scenario, reached, result), 0);
    assert_int_equal(result->end, end);
    assert_true(result->counts.rows_matched > 100);
}

static void hours_are_counted_once_although_workers_crash(void **state)
{
    uint64_t reached;
    assert_passes(*state, "hourly-departures-worker-crash", MR_END_FINISHED, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_WORKER_RESTARTED));
    assert_true(is_reached(reached, MR_SOMETIMES_RECOVERED_FROM_CHECKPOINT));
    assert_true(is_reached(reached, MR_SOMETIMES_COMMITTED_AFTER_RESTORE));
}

static void hours_are_counted_once_although_the_network_is_in_trouble(void **state)
{
    uint64_t reached;
    assert_passes(*state, "hourly-departures-network-trouble", MR_END_FINISHED, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_CONNECTION_RESET));
    assert_true(is_reached(reached, MR_SOMETIMES_RECOVERED_FROM_CHECKPOINT));
}

static void flights_come_through_although_the_coordinator_crashes(void **state)
{
    uint64_t reached;
    assert_passes(*state, "delayed-flights-coordinator-crash", MR_END_FINISHED, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_COORDINATOR_RESTARTED));
}

static void sorted_flights_are_each_in_one_topic(void **state)
{
    uint64_t reached;
    assert_passes(*state, "sorted-flights-worker-crash", MR_END_FINISHED, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_RECOVERED_FROM_CHECKPOINT));
}

static void airports_keep_their_state_although_workers_crash(void **state)
{
    uint64_t reached;
    assert_passes(*state, "airport-pauses-worker-crash", MR_END_FINISHED, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_RECOVERED_FROM_CHECKPOINT));
}

static void the_board_shows_each_flight_once_although_workers_crash(void **state)
{
    uint64_t reached;
    assert_passes(*state, "flight-board-trouble", MR_END_FINISHED, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_RECOVERED_FROM_CHECKPOINT));
}

static void a_rewound_job_writes_the_later_hours_again_elsewhere(void **state)
{
    uint64_t reached;
    assert_passes(*state, "hourly-departures-rewind", MR_END_FINISHED, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_REWOUND));
    assert_true(is_reached(reached, MR_SOMETIMES_WORKER_RESTARTED));
    assert_false(is_reached(reached, MR_SOMETIMES_LATE_ROW_DROPPED));
}

static void results_flow_past_an_idle_partition(void **state)
{
    uint64_t reached;
    assert_passes(*state, "idle-partition-with-timeout", MR_END_RUN_FOR, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_PARTITION_IDLE));
}

static void each_departure_counts_in_three_sliding_windows_although_workers_crash(void **state)
{
    uint64_t reached;
    assert_passes(*state, "sliding-departures-worker-crash", MR_END_FINISHED, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_WORKER_RESTARTED));
    assert_true(is_reached(reached, MR_SOMETIMES_LATE_ROW_DROPPED));
}

static void connections_are_each_there_once_although_workers_crash(void **state)
{
    uint64_t reached;
    assert_passes(*state, "connecting-flights-worker-crash", MR_END_FINISHED, &reached);
    assert_true(is_reached(reached, MR_SOMETIMES_RECOVERED_FROM_CHECKPOINT));
}

/* The first witness of the last seed that failed. */
static const struct mr_witness *expected_failure(
    struct mr_region *region, const char *name, uint32_t at_least)
{
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    const struct mr_scenario *scenario = read_library(region, name);
    uint64_t reached;
    assert_true(scenario->expect.is_failure);
    assert_in_range(run_seeds(scenario, &reached, result), at_least, SEEDS);
    assert_true(result->n_findings > 0);
    return &result->findings[0];
}

static void without_transactions_a_restart_delivers_hours_twice(void **state)
{
    const struct mr_witness *witness =
        expected_failure(*state, "hourly-departures-at-least-once", 1);
    assert_int_equal(witness->verdict, MR_VERDICT_DUPLICATE);
    assert_true(strlen(witness->key) > 0);
    assert_true(witness->window_start_us > MR_US_MIN);
    assert_non_null(strstr(witness->actual, "departures"));
    assert_non_null(strstr(witness->cause, "attempt"));
    assert_non_null(strstr(witness->cause, "crash-"));
}

static void a_tight_bound_drops_more_than_declared_and_the_verdict_names_better_ones(
    void **state)
{
    const struct mr_witness *witness =
        expected_failure(*state, "hourly-departures-tight-bound", SEEDS);
    assert_int_equal(witness->verdict, MR_VERDICT_LATE);
    assert_non_null(strstr(witness->summary, "99 %"));
    assert_non_null(strstr(witness->summary, "99.9 %"));
}

static void without_a_timeout_the_silent_partition_is_named(void **state)
{
    const struct mr_witness *witness =
        expected_failure(*state, "idle-partition-without-timeout", SEEDS);
    assert_int_equal(witness->verdict, MR_VERDICT_STUCK);
    assert_non_null(strstr(witness->cause, "flights[3]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(hours_are_counted_once_although_workers_crash),
        LANGUAGE_TEST(hours_are_counted_once_although_the_network_is_in_trouble),
        LANGUAGE_TEST(flights_come_through_although_the_coordinator_crashes),
        LANGUAGE_TEST(sorted_flights_are_each_in_one_topic),
        LANGUAGE_TEST(connections_are_each_there_once_although_workers_crash),
        LANGUAGE_TEST(airports_keep_their_state_although_workers_crash),
        LANGUAGE_TEST(the_board_shows_each_flight_once_although_workers_crash),
        LANGUAGE_TEST(a_rewound_job_writes_the_later_hours_again_elsewhere),
        LANGUAGE_TEST(results_flow_past_an_idle_partition),
        LANGUAGE_TEST(each_departure_counts_in_three_sliding_windows_although_workers_crash),
        LANGUAGE_TEST(without_transactions_a_restart_delivers_hours_twice),
        LANGUAGE_TEST(a_tight_bound_drops_more_than_declared_and_the_verdict_names_better_ones),
        LANGUAGE_TEST(without_a_timeout_the_silent_partition_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
