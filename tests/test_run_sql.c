/* Sql, and SQL in other transforms, in a crashing world: the engine against the oracle's own
 * connection. */
#include "tests/test_scenarios_language.h"

#include "scenarios/run/run.h"

enum { SEEDS = 6 };

#define SCENARIO                                                                               \
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
    "{backoff: 50ms}}\n"                                                                       \
    "faults:\n"                                                                                \
    "  - crash: {worker: any, at: {between: [500ms, 2500ms]}, restart_after: 100ms}\n"         \
    "limits: {memory: 64MB}\n"
#define READ(name, schema)                                                                     \
    "    - type: ReadFromLog\n"                                                                \
    "      name: " name "\n"                                                                   \
    "      config:\n"                                                                          \
    "        topic: " name "\n"                                                                \
    "        schema: " schema "\n"                                                             \
    "        event_time: t\n"                                                                  \
    "        watermark: {strategy: bounded, max_out_of_orderness: 5ms}\n"
#define WINDOWED                                                                               \
    "pipeline:\n"                                                                              \
    "  transforms:\n" READ("a", "{t: timestamp, k: integer, v: integer}") READ("b",            \
        "{t: timestamp, k: integer?, w: float}") "    - {type: WindowInto, name: A, input: "   \
                                                 "a, config: {windowing: {type: fixed, "       \
                                                 "size: 0.05}}}\n"                             \
                                                 "    - {type: WindowInto, name: B, input: "   \
                                                 "b, config: {windowing: {type: fixed, "       \
                                                 "size: 0.05}}}\n"
#define SQL(input, query)                                                                      \
    "    - {type: Sql, input: " input ", config: {query: \"" query "\"}}\n"                    \
    "    - {type: WriteToLog, input: Sql, config: {topic: out}}\n"

/* Returns the rows that were matched over all seeds. */
static uint64_t run_planted(
    struct mr_region *region, const char *pipeline, enum mr_plant plant, bool *is_caught)
{
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    struct test_file file = {"p.yaml", pipeline};
    if (!test_try(region, SCENARIO, &file, &scenario, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        fail_msg("%s", message);
    }
    struct mr_arena_options options = {.bytes_max = mr_run_arena_bytes(scenario), .fill = -1};
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    struct mr_arena *arena = NULL;
    uint64_t n_matched = 0;
    assert_true(mr_arena_open(&options, &arena, &err));
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_run_options run = {.seed = seed, .plant = plant};
        mr_run(arena, scenario, &run, result);
        for (uint32_t i = 0; i < result->n_findings && is_caught; i++)
            *is_caught |= result->findings[i].verdict == MR_VERDICT_LOSS;
        if (is_caught) continue;
        if (result->n_findings > 0)
            fail_msg("%s\nseed %d: %s %s\nexpected %s\nactual %s", pipeline, (int)seed,
                mr_verdict_name(result->findings[0].verdict), result->findings[0].summary,
                result->findings[0].expected, result->findings[0].actual);
        assert_int_equal(result->end, MR_END_FINISHED);
        n_matched += result->counts.rows_matched;
    }
    mr_arena_close(arena);
    return n_matched;
}

static uint64_t run_seeds(struct mr_region *region, const char *pipeline)
{
    return run_planted(region, pipeline, MR_PLANT_NONE, NULL);
}

static void queries_over_windows_agree(void **state)
{
    static const char *const queries[] = {
        SQL("A",
            "SELECT k, COUNT(*) AS n, SUM(v) AS s, AVG(v) AS m FROM PCOLLECTION GROUP BY k"),
        SQL("{A: A, B: B}", "SELECT A.k, w, A.v FROM A FULL JOIN B ON A.k = B.k AND A.v > 1"),
        SQL("{A: A, B: B}", "SELECT A.k, SUM(w * v) AS s, COUNT(DISTINCT w) AS d FROM A JOIN B "
                            "ON A.k = B.k GROUP "
                            "BY A.k HAVING COUNT(*) > 1"),
        SQL("B", "SELECT k, w FROM PCOLLECTION ORDER BY w DESC, k LIMIT 3"),
        SQL("B", "SELECT DISTINCT k FROM PCOLLECTION"),
        SQL("A",
            "SELECT l.v, r.t FROM PCOLLECTION l, PCOLLECTION r WHERE l.k = r.k AND l.t < r.t"),
        SQL("{A: A, B: B}", "SELECT k FROM A UNION ALL SELECT k FROM B"),
    };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char pipeline[8192];
        snprintf(pipeline, sizeof pipeline, "%s%s", WINDOWED, queries[i]);
        assert_true(run_seeds(*state, pipeline) > 50);
    }
}

/* Row by row it needs no window, and rows are not held back. */
static void projections_and_filters_do_not_wait(void **state)
{
    const uint64_t n = run_seeds(*state,
        WINDOWED SQL("a", "SELECT v + 1 AS v, k, CASE WHEN v > 2 THEN 'x' END AS c FROM "
                          "PCOLLECTION p WHERE p.k <> 3"));
    assert_true(n > 200 * SEEDS && n < 300 * SEEDS);
}

static void sql_in_other_transforms_agrees(void **state)
{
    assert_true(
        run_seeds(*state, WINDOWED
            "    - {type: MapToFields, input: B, config: {language: sql, append: true, fields: "
            "{x: 'w / 2', s: 'CAST(k AS VARCHAR) || CAST(1 AS VARCHAR)'}}}\n"
            "    - {type: Filter, input: MapToFields, config: {language: calcite, keep: 'x < 1 "
            "OR "
            "k IS NULL'}}\n"
            "    - {type: Combine, input: Filter, config: {language: sql, group_by: [k, s], "
            "combine: {n: 'count(*)', m: {value: w * 2, fn: max}}}}\n"
            "    - {type: WriteToLog, input: Combine, config: {topic: out}}\n") > 50 * SEEDS);
}

static void a_row_that_fails_goes_to_the_error_output(void **state)
{
    assert_int_equal(run_seeds(*state, WINDOWED "    - {type: MapToFields, input: a, config: "
                                                "{language: sql, fields: {x: '10 / (v - "
                                                "2)'}, error_handling: {output: bad}}}\n"
                                                "    - {type: WriteToLog, name: G, input: "
                                                "MapToFields.good, config: {topic: good}}\n"
                                                "    - {type: WriteToLog, name: E, input: "
                                                "MapToFields.bad, config: {topic: bad}}\n"),
        300 * SEEDS);
}

static void a_lost_state_is_seen(void **state)
{
    bool is_caught = false;
    run_planted(*state, WINDOWED SQL("B", "SELECT DISTINCT w FROM PCOLLECTION"),
        MR_PLANT_RESTORE_SKIPS_STATE, &is_caught);
    assert_true(is_caught);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(queries_over_windows_agree),
        LANGUAGE_TEST(projections_and_filters_do_not_wait),
        LANGUAGE_TEST(sql_in_other_transforms_agrees),
        LANGUAGE_TEST(a_row_that_fails_goes_to_the_error_output),
        LANGUAGE_TEST(a_lost_state_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
