/* JoinStreams: the engine, which puts pairs out as they come, in three subtasks that crash,
 * against the oracle, which holds each row against each. */
#include "tests/test_scenarios_language.h"

#include "scenarios/run/run.h"

enum { SEEDS = 10 };

#define STREAMS                                                                                \
    "scenario: s\n"                                                                            \
    "pipeline: p.yaml\n"                                                                       \
    "streams:\n"                                                                               \
    "  a: {partitions: 3, key: k, generate: {rows: 300, duration: 3s, keys: 9, values: 5, "    \
    "disorder: 40ms}}\n"                                                                       \
    "  b: {partitions: 2, generate: {rows: 240, duration: 3s, keys: 12, values: 4, disorder: " \
    "40ms}}\n"                                                                                 \
    "cluster:\n"                                                                               \
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: 100ms, retention: 4}, "      \
    "heartbeat: {every: 100ms},\n"                                                             \
    "   batch: {seeded: [1, 5, 20]}, fetch: {rows: 10, rows_min: 1, wait: 50ms}, restart: "    \
    "{backoff: 50ms}}\n"
#define SCENARIO                                                                               \
    STREAMS                                                                                    \
    "faults:\n"                                                                                \
    "  - crash: {worker: any, at: {between: [500ms, 2500ms]}, restart_after: 100ms}\n"         \
    "limits: {memory: 64MB}\n"
#define REWIND                                                                                 \
    STREAMS                                                                                    \
    "outputs:\n"                                                                               \
    "  again: {partitions: 2}\n"                                                               \
    "job:\n"                                                                                   \
    "  - stop: {at: {between: [1s, 2s]}, after_checkpoints: 4}\n"                              \
    "  - restart: {after: {between: [50ms, 200ms]}, checkpoints_back: 2, topics: {out: "       \
    "again}}\n"                                                                                \
    "limits: {memory: 64MB}\n"
/* One side says nothing for more than a second. */
#define ONE_SIDE_IDLE                                                                          \
    "scenario: s\n"                                                                            \
    "pipeline: p.yaml\n"                                                                       \
    "streams:\n"                                                                               \
    "  a: {partitions: 2, key: k, generate: {rows: 300, duration: 3s, keys: 9, values: 5}}\n"  \
    "  b: {partitions: 1, generate: {rows: 240, duration: 3s, keys: 12, values: 4}, silence: " \
    "[{partition: 0, from: 500ms, for: 1500ms}]}\n"                                            \
    "cluster: {workers: 2, slots: 2, parallelism: 2, checkpoint: {every: 100ms}, "             \
    "watermark_every: 20ms}\n"                                                                 \
    "limits: {memory: 64MB}\n"

#define READ(name, schema, bound)                                                              \
    "    - type: ReadFromLog\n"                                                                \
    "      name: " name "\n"                                                                   \
    "      config:\n"                                                                          \
    "        topic: " name "\n"                                                                \
    "        schema: " schema "\n"                                                             \
    "        event_time: t\n"                                                                  \
    "        watermark: {strategy: bounded, max_out_of_orderness: " bound ", idle_after: "     \
    "100ms}\n"
#define READ_BOTH                                                                              \
    "pipeline:\n"                                                                              \
    "  transforms:\n" READ("a", "{t: timestamp, k: integer, v: integer}", "5ms")               \
        READ("b", "{t: timestamp, k: integer, w: integer?}", "5ms")
#define JOIN(config)                                                                           \
    READ_BOTH "    - {type: JoinStreams, input: {a: a, b: b}, config: {equalities: k, " config \
              "}}\n"
#define SINK(input) "    - {type: WriteToLog, input: " input ", config: {topic: out}}\n"

static const struct mr_scenario *read(
    struct mr_region *region, const char *scenario_text, const char *pipeline)
{
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    struct test_file file = {"p.yaml", pipeline};
    if (!test_try(region, scenario_text, &file, &scenario, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        fail_msg("%s", message);
    }
    return scenario;
}

/* Returns the rows that were matched over all seeds. */
static uint64_t run_seeds(
    struct mr_region *region, const char *scenario_text, const char *pipeline)
{
    const struct mr_scenario *scenario = read(region, scenario_text, pipeline);
    struct mr_err err = {0};
    struct mr_arena_options options = {.bytes_max = mr_run_arena_bytes(scenario), .fill = -1};
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    struct mr_arena *arena = NULL;
    uint64_t n_matched = 0;
    assert_true(mr_arena_open(&options, &arena, &err));
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_run_options run = {.seed = seed};
        mr_run(arena, scenario, &run, result);
        if (result->n_findings > 0)
            fail_msg("seed %d: %s %s\nexpected %s\nactual %s", (int)seed,
                mr_verdict_name(result->findings[0].verdict), result->findings[0].summary,
                result->findings[0].expected, result->findings[0].actual);
        assert_int_equal(result->end, MR_END_FINISHED);
        n_matched += result->counts.rows_matched;
    }
    mr_arena_close(arena);
    return n_matched;
}

static void assert_caught(struct mr_region *region, const char *pipeline, enum mr_plant plant,
    enum mr_check check, enum mr_verdict verdict)
{
    const struct mr_scenario *scenario = read(region, SCENARIO, pipeline);
    struct mr_err err = {0};
    struct mr_arena_options options = {.bytes_max = mr_run_arena_bytes(scenario), .fill = -1};
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    struct mr_arena *arena = NULL;
    bool is_caught = false;
    assert_true(mr_arena_open(&options, &arena, &err));
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_run_options run = {.seed = seed, .plant = plant};
        mr_run(arena, scenario, &run, result);
        for (uint32_t i = 0; i < result->n_findings; i++)
            is_caught |=
                result->findings[i].check == check && result->findings[i].verdict == verdict;
    }
    mr_arena_close(arena);
    if (!is_caught) fail_msg("%s is not caught", mr_plants[plant].name);
}

static void intervals_of_all_types_agree(void **state)
{
#define INTERVAL(type)                                                                         \
    JOIN("kind: interval, before: 20ms, after: 60ms, type: " type) SINK("JoinStreams")
    uint64_t n_inner = run_seeds(*state, SCENARIO, INTERVAL("inner"));
    uint64_t n_left = run_seeds(*state, SCENARIO, INTERVAL("left"));
    uint64_t n_right = run_seeds(*state, SCENARIO, INTERVAL("right"));
    uint64_t n_outer = run_seeds(*state, SCENARIO, INTERVAL("outer"));
    assert_true(n_inner > 20 * SEEDS);
    assert_true(n_left > n_inner && n_right > n_inner && n_outer > n_left);
}

/* What comes out unmatched is not late for what comes after it: its window is still open. */
static void unmatched_rows_are_on_time_downstream(void **state)
{
    assert_true(
        run_seeds(*state, SCENARIO,
            JOIN(
                "kind: interval, after: 30ms, type: outer, fields: {a: [v], b: [w]}") "    - "
                                                                                      "{type: "
                                                                                      "WindowIn"
                                                                                      "to, "
                                                                                      "input: "
                                                                                      "JoinStre"
                                                                                      "ams, "
                                                                                      "config: "
                                                                                      "{windowi"
                                                                                      "ng: "
                                                                                      "{type: "
                                                                                      "fixed, "
                                                                                      "size: "
                                                                                      "0.05}}}"
                                                                                      "\n"
                                                                                      "    - "
                                                                                      "{type: "
                                                                                      "Combine,"
                                                                                      " input: "
                                                                                      "WindowIn"
                                                                                      "to, "
                                                                                      "config: "
                                                                                      "{group_"
                                                                                      "by: v, "
                                                                                      "combine:"
                                                                                      " {n: "
                                                                                      "{fn: "
                                                                                      "count, "
                                                                                      "value: "
                                                                                      "w}}}}"
                                                                                      "\n" SINK(
                                                                                          "Comb"
                                                                                          "in"
                                                                                          "e")) >
        0);
}

static void versions_are_looked_up_at_the_time_of_the_row(void **state)
{
#define TEMPORAL(config) JOIN("kind: temporal, " config) SINK("JoinStreams")
    uint64_t n_inner = run_seeds(*state, SCENARIO, TEMPORAL("type: inner"));
    uint64_t n_young = run_seeds(*state, SCENARIO, TEMPORAL("type: inner, max_age: 30ms"));
    uint64_t n_left = run_seeds(*state, SCENARIO, TEMPORAL("type: left, max_age: 30ms"));
    assert_true(n_young > 0 && n_inner > n_young && n_left > n_inner);
}

static void in_windows_it_is_a_join(void **state)
{
    assert_true(run_seeds(*state, SCENARIO,
                    READ_BOTH "    - {type: JoinStreams, input: {a: a, b: b}, windowing: "
                              "{type: fixed, size: 0.1}, "
                              "config: {kind: window, equalities: k, type: left}}\n" SINK(
                                  "JoinStreams")) > 0);
}

/* Joined with itself, and joined again. */
static void joins_follow_joins(void **state)
{
    assert_true(
        run_seeds(*state, SCENARIO,
            READ_BOTH
            "    - {type: JoinStreams, name: S, input: {x: a, y: a}, config: {kind: interval, "
            "after: 15ms, equalities: [{x: v, y: v}], fields: {y: {k2: k}, x: [k]}}}\n"
            "    - {type: JoinStreams, name: T, input: {s: S, b: b}, config: {kind: temporal, "
            "type: left, equalities: k, fields: {b: [w]}}}\n" SINK("T")) > 0);
}

/* The other side goes on without it; what comes too late then is late. */
static void an_idle_side_holds_nothing_up(void **state)
{
    assert_true(run_seeds(*state, ONE_SIDE_IDLE,
                    JOIN("kind: interval, before: 20ms, after: 20ms, type: outer")
                        SINK("JoinStreams")) > 0);
}

static void a_rewind_leaves_joins_exact(void **state)
{
    run_seeds(*state, REWIND,
        JOIN("kind: interval, before: 40ms, after: 40ms, type: outer") SINK("JoinStreams"));
    run_seeds(*state, REWIND, JOIN("kind: temporal, type: left") SINK("JoinStreams"));
}

static void planted_bugs_of_joins_are_caught(void **state)
{
    static const char interval[] =
        JOIN("kind: interval, before: 400ms, after: 400ms, type: outer") SINK("JoinStreams");
    static const char temporal[] = JOIN("kind: temporal, type: left") SINK("JoinStreams");
    /* Of times that are whole tens of milliseconds, so that some lie on the bound. */
    static const char bound[] = READ_BOTH
        "    - {type: AssignTimestamps, name: X, input: a, config: {language: python, "
        "timestamp: "
        "v // 2}}\n"
        "    - {type: AssignTimestamps, name: Y, input: b, config: {language: python, "
        "timestamp: "
        "k // 4 + 1}}\n"
        "    - {type: JoinStreams, input: {x: X, y: Y}, config: {kind: interval, after: 1s, "
        "equalities: k}}\n" SINK("JoinStreams");
    assert_caught(
        *state, interval, MR_PLANT_UNMATCHED_AGAIN, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_WRONG);
    assert_caught(*state, interval, MR_PLANT_RESTORE_SKIPS_STATE, MR_CHECK_CONSISTENT_CUT,
        MR_VERDICT_CUT_INCONSISTENT);
    assert_caught(
        *state, temporal, MR_PLANT_RESTORE_SKIPS_STATE, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_caught(
        *state, bound, MR_PLANT_INTERVAL_OFF_BY_ONE, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(intervals_of_all_types_agree),
        LANGUAGE_TEST(unmatched_rows_are_on_time_downstream),
        LANGUAGE_TEST(versions_are_looked_up_at_the_time_of_the_row),
        LANGUAGE_TEST(in_windows_it_is_a_join),
        LANGUAGE_TEST(joins_follow_joins),
        LANGUAGE_TEST(an_idle_side_holds_nothing_up),
        LANGUAGE_TEST(a_rewind_leaves_joins_exact),
        LANGUAGE_TEST(planted_bugs_of_joins_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
