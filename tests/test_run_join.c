/* Join: the engine, which joins by hashes in three subtasks that crash, against the oracle's
 * nested loops. */
#include "tests/test_scenarios_language.h"

#include "scenarios/run/run.h"

enum { SEEDS = 10 };

#define CLUSTER                                                                                \
    "cluster:\n"                                                                               \
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: 100ms, retention: 4}, "      \
    "heartbeat: {every: 100ms},\n"                                                             \
    "   batch: {seeded: [1, 5, 20]}, fetch: {rows: 10, rows_min: 1, wait: 50ms}, restart: "    \
    "{backoff: 50ms}}\n"
#define STREAMS(disorder)                                                                      \
    "scenario: s\n"                                                                            \
    "pipeline: p.yaml\n"                                                                       \
    "streams:\n"                                                                               \
    "  a: {partitions: 3, key: k, generate: {rows: 300, duration: 3s, keys: 9, values: "       \
    "5" disorder "}}\n"                                                                        \
    "  b: {partitions: 2, generate: {rows: 240, duration: 3s, keys: 12, values: 4" disorder    \
    "}}\n"                                                                                     \
    "  c: {partitions: 1, generate: {rows: 200, duration: 3s, keys: 7, values: 6" disorder     \
    "}}\n" CLUSTER
#define CRASHES                                                                                \
    "faults:\n"                                                                                \
    "  - crash: {worker: any, at: {between: [500ms, 2500ms]}, restart_after: 100ms}\n"         \
    "limits: {memory: 64MB}\n"
#define SCENARIO STREAMS(", disorder: 40ms") CRASHES
#define REWIND                                                                                 \
    STREAMS("")                                                                                \
    "outputs:\n"                                                                               \
    "  again: {partitions: 2}\n"                                                               \
    "job:\n"                                                                                   \
    "  - stop: {at: {between: [1s, 2s]}, after_checkpoints: 4}\n"                              \
    "  - restart: {after: {between: [50ms, 200ms]}, checkpoints_back: 2, topics: {out: "       \
    "again}}\n"                                                                                \
    "limits: {memory: 64MB}\n"

#define READ(name, schema)                                                                     \
    "    - type: ReadFromLog\n"                                                                \
    "      name: " name "\n"                                                                   \
    "      config:\n"                                                                          \
    "        topic: " name "\n"                                                                \
    "        schema: " schema "\n"                                                             \
    "        event_time: t\n"                                                                  \
    "        watermark: {strategy: bounded, max_out_of_orderness: 15ms}\n"
#define READ_ALL                                                                               \
    "pipeline:\n"                                                                              \
    "  transforms:\n" READ("a", "{t: timestamp, k: integer, v: integer}")                      \
        READ("b", "{t: timestamp, k: integer, w: integer?}")                                   \
            READ("c", "{t: timestamp, k: integer, x: integer}")
#define WINDOW(name, input, windowing)                                                         \
    "    - {type: WindowInto, name: " name ", input: " input                                   \
    ", config: {windowing: " windowing "}}\n"
#define WINDOWED(windowing)                                                                    \
    READ_ALL WINDOW("A", "a", windowing) WINDOW("B", "b", windowing) WINDOW("C", "c", windowing)
#define FIXED WINDOWED("{type: fixed, size: 0.1}")
#define JOIN(input, config) "    - {type: Join, input: " input ", config: {" config "}}\n"
#define SINK(input) "    - {type: WriteToLog, input: " input ", config: {topic: out}}\n"
#define PAIR "{A: A, B: B}"
#define TRIPLE "{A: A, B: B, C: C}"

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

static void inner_and_outer_joins_of_two_agree(void **state)
{
    uint64_t n_inner =
        run_seeds(*state, SCENARIO, FIXED JOIN(PAIR, "equalities: k") SINK("Join"));
    uint64_t n_left =
        run_seeds(*state, SCENARIO, FIXED JOIN(PAIR, "equalities: k, type: left") SINK("Join"));
    uint64_t n_right = run_seeds(
        *state, SCENARIO, FIXED JOIN(PAIR, "equalities: k, type: right") SINK("Join"));
    uint64_t n_outer = run_seeds(
        *state, SCENARIO, FIXED JOIN(PAIR, "equalities: k, type: outer") SINK("Join"));
    assert_true(n_inner > 100 * SEEDS);
    assert_true(n_left > n_inner && n_right > n_inner);
    assert_true(n_outer > n_left && n_outer > n_right);
    assert_int_equal(n_outer - n_left, n_right - n_inner);
}

/* The equality is one of all three, and partitions them; then it is not, and they come together
 * in one place. */
static void joins_of_three_agree(void **state)
{
    static const char *const configs[] = {
        JOIN(TRIPLE, "equalities: k"),
        JOIN(TRIPLE, "equalities: [{A: k, B: k}, {B: k, C: k}], type: left"),
        JOIN(TRIPLE, "equalities: [{A: k, B: k}, {A: k, C: k}], type: outer"),
        JOIN(TRIPLE, "equalities: [{A: k, B: k}, {B: w, C: x}], type: {outer: [B, C]}"),
        JOIN(TRIPLE,
            "equalities: [{A: v, B: w}, {A: k, C: k}, {B: k, C: k}], type: {outer: [C, A, B]}"),
        JOIN("{C: C, A: A, B: B}",
            "equalities: [{A: k, B: k, C: k}, {A: v, B: w}], type: right, fields: {A: [v], B: "
            "{other: w}}"),
    };
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        char pipeline[8192];
        snprintf(pipeline, sizeof pipeline, "%s%s%s", FIXED, configs[i], SINK("Join"));
        assert_true(run_seeds(*state, SCENARIO, pipeline) > 0);
    }
}

static void windows_of_all_kinds_are_joined(void **state)
{
    assert_true(run_seeds(*state, SCENARIO,
                    WINDOWED("{type: sliding, size: 0.1, period: 0.04}")
                        JOIN(PAIR, "equalities: k, type: outer") SINK("Join")) > 0);
    assert_true(
        run_seeds(*state, SCENARIO,
            READ_ALL JOIN("{A: a, B: b}", "equalities: k, type: left") SINK("Join")) > 0);
}

/* Nothing that is None equals anything. */
static void a_none_joins_nothing(void **state)
{
    assert_true(run_seeds(*state, SCENARIO,
                    FIXED JOIN(TRIPLE, "equalities: [{A: v, B: w}, {B: w, C: x}], type: outer")
                        SINK("Join")) > 0);
}

/* With itself, behind a Combine, and before one. */
static void joins_stand_among_other_transforms(void **state)
{
    assert_true(run_seeds(*state, SCENARIO,
                    FIXED JOIN("{l: A, r: A}",
                        "equalities: [{l: v, r: v}], fields: {r: {k2: k}}") SINK("Join")) > 0);
    assert_true(
        run_seeds(*state, SCENARIO,
            FIXED
            "    - {type: Combine, input: A, config: {group_by: k, combine: {n: {fn: "
            "count, value: v}, m: {fn: mean, value: v}}}}\n" JOIN("{n: Combine, b: B}",
                "equalities: k, type: left, fields: {b: [w]}") "    - {type: Combine, name: "
                                                               "Again, input: Join, config: "
                                                               "{group_by: k, "
                                                               "combine: {n: max, m: min, r: "
                                                               "{fn: count, value: "
                                                               "w}}}}\n" SINK("Again")) > 0);
}

static void a_rewind_leaves_joins_exact(void **state)
{
    run_seeds(*state, REWIND, FIXED JOIN(PAIR, "equalities: k, type: outer") SINK("Join"));
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

static void planted_bugs_of_a_join_are_caught(void **state)
{
    static const char windows[] = FIXED JOIN(PAIR, "equalities: k, type: outer") SINK("Join");
    static const char one_window[] =
        READ_ALL JOIN("{A: a, B: b}", "equalities: k, type: outer") SINK("Join");
    assert_caught(
        *state, windows, MR_PLANT_RESTORE_SKIPS_STATE, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_caught(*state, one_window, MR_PLANT_RESTORE_SKIPS_STATE, MR_CHECK_CONSISTENT_CUT,
        MR_VERDICT_CUT_INCONSISTENT);
    assert_caught(*state, windows, MR_PLANT_FALSE_LATE_DROP, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_FALSE_LATE);
    assert_caught(
        *state, windows, MR_PLANT_STALE_TIMER, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_caught(*state, windows, MR_PLANT_SNAPSHOT_BEFORE_ALIGNED, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(inner_and_outer_joins_of_two_agree),
        LANGUAGE_TEST(joins_of_three_agree),
        LANGUAGE_TEST(windows_of_all_kinds_are_joined),
        LANGUAGE_TEST(a_none_joins_nothing),
        LANGUAGE_TEST(joins_stand_among_other_transforms),
        LANGUAGE_TEST(a_rewind_leaves_joins_exact),
        LANGUAGE_TEST(planted_bugs_of_a_join_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
