/* Runs of stepped scenarios from text: a pipeline of two inputs, one output a kind of thing
 * that steps can expect. */
#ifndef MR_TESTS_TEST_RUN_STEPS_H
#define MR_TESTS_TEST_RUN_STEPS_H

#include "tests/test_scenarios_language.h"

#include "scenarios/run/run.h"

/* Clicks a user and minute, late ones up to 30 s; and the clicks themselves. */
static const char test_clicks[] =
    "pipeline:\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      name: Clicks\n"
    "      config:\n"
    "        topic: clicks\n"
    "        schema: {user: string, time: timestamp, cost: 'float?'}\n"
    "        event_time: time\n"
    "        watermark: {strategy: bounded, max_out_of_orderness: 10s}\n"
    "    - type: ReadFromLog\n"
    "      name: Taps\n"
    "      config:\n"
    "        topic: taps\n"
    "        schema: {user: string, time: timestamp, cost: 'float?'}\n"
    "        event_time: time\n"
    "        watermark: {strategy: ascending}\n"
    "    - {type: Flatten, name: Both, input: [Clicks, Taps]}\n"
    "    - type: Window\n"
    "      name: Minutes\n"
    "      input: Both\n"
    "      config: {windowing: {type: fixed, size: 60s}, allowed_lateness: 30s}\n"
    "    - type: Combine\n"
    "      name: Count\n"
    "      input: Minutes\n"
    "      config: {group_by: user, combine: {n: {fn: count, value: user}}}\n"
    "    - {type: WriteToLog, input: Count, config: {topic: counts, key: user}}\n"
    "    - {type: WriteToLog, name: Raw, input: Clicks, config: {topic: raw, key: user}}\n";

/* One input without an event time, whose rows have the time of their arrival. */
static const char test_plain[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - {type: ReadFromLog, config: {topic: words, schema: {word: string}}}\n"
    "    - {type: WriteToLog, config: {topic: out}}\n";

static inline const struct mr_scenario *read_steps(
    struct mr_region *region, const char *pipeline, const char *rest)
{
    const char *text = mr_region_printf(region, "scenario: s\npipeline: p.yaml\n%s", rest);
    const struct test_file file = {"p.yaml", pipeline};
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    if (!test_try(region, text, &file, &scenario, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        fail_msg("%s", message);
    }
    return scenario;
}

static inline struct mr_run_result *run_seed(
    struct mr_region *region, const struct mr_scenario *scenario, uint64_t seed)
{
    struct mr_arena_options options = {.bytes_max = mr_run_arena_bytes(scenario), .fill = -1};
    struct mr_run_options run = {.seed = seed};
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    assert_true(mr_arena_open(&options, &arena, &err));
    mr_run(arena, scenario, &run, result);
    mr_arena_close(arena);
    return result;
}

static inline struct mr_run_result *assert_holds(
    struct mr_region *region, const struct mr_scenario *scenario, uint64_t seed)
{
    struct mr_run_result *result = run_seed(region, scenario, seed);
    if (result->n_findings > 0)
        fail_msg("seed %d: %s\n%s\n%s\n%s", (int)seed, result->findings[0].summary,
            result->findings[0].expected, result->findings[0].actual,
            result->findings[0].cause);
    assert_int_equal(result->end, MR_END_RUN_FOR);
    return result;
}

/* As it stands, with a restore between each two steps, and over two and three channels. */
static inline struct mr_run_result *assert_always_holds(
    struct mr_region *region, const char *pipeline, const char *rest)
{
    const struct mr_scenario *scenario = read_steps(region, pipeline, rest);
    struct mr_run_result *result = assert_holds(region, scenario, 1);
    const struct mr_scenario *restored = mr_scenario_restored_between(region, scenario);
    assert_holds(region, restored, 1);
    for (uint32_t channels = 2; channels <= 3; channels++) {
        const struct mr_scenario *split = mr_scenario_split(region, scenario, channels);
        for (uint64_t seed = 1; seed <= split->seeds && seed <= 40; seed++)
            assert_holds(region, split, seed);
        assert_holds(region, mr_scenario_split(region, restored, channels), 1);
    }
    return result;
}

static inline const struct mr_witness *assert_fails(
    struct mr_region *region, const char *pipeline, const char *rest, const char *summary)
{
    const struct mr_run_result *result =
        run_seed(region, read_steps(region, pipeline, rest), 1);
    assert_true(result->n_findings > 0);
    const struct mr_witness *witness = &result->findings[0];
    for (uint32_t i = 0; i < result->n_findings; i++)
        if (result->findings[i].check == MR_CHECK_STEPS) witness = &result->findings[i];
    assert_int_equal(witness->check, MR_CHECK_STEPS);
    assert_int_equal(witness->verdict, MR_VERDICT_WRONG);
    assert_string_equal(witness->summary, summary);
    return witness;
}

#endif
