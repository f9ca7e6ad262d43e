/* What must hold: the checks that judge a run, the failure that is expected, and what a
 * campaign must have seen. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

enum { LIVENESS_CHECKPOINTS = 10 };

/* A check is on or off, or a map of its options, which turns it on. NULL: not written. */
static bool read_switch(struct mr_reading *reading, const struct mr_yaml *checks,
    enum mr_check check, const struct mr_yaml **options)
{
    const struct mr_yaml *node = mr_yaml_get(checks, mr_check_name(check));
    bool *is_enabled = &reading->scenario->check.enabled[check];
    *options = NULL;
    if (!node) return true;
    *is_enabled = true;
    if (node->kind == MR_YAML_BOOL) {
        *is_enabled = node->boolean;
        return true;
    }
    if (node->kind == MR_YAML_NULL) return true;
    if (node->kind != MR_YAML_MAP)
        return mr_fail_node(reading, node,
            "the check '%s' must be true, false or a map of its options", mr_check_name(check));
    *options = node;
    return true;
}

static bool read_plain(struct mr_reading *reading, const struct mr_yaml *checks)
{
    static const enum mr_check plain[] = {
        MR_CHECK_WATERMARKS, MR_CHECK_CONSISTENT_CUT, MR_CHECK_CONSERVATION, MR_CHECK_ORDER,
        MR_CHECK_LOOKUPS};
    for (size_t i = 0; i < MR_COUNT_OF(plain); i++) {
        const struct mr_yaml *options;
        if (!read_switch(reading, checks, plain[i], &options)) return false;
        if (options &&
            !mr_read_keys(reading, options, mr_check_name(plain[i]), MR_MAP_CHECK_PLAIN))
            return false;
    }
    return true;
}

static bool read_exactly_once(struct mr_reading *reading, const struct mr_yaml *checks)
{
    static const char *const outputs[] = {"all"};
    const struct mr_yaml *options;
    int all;
    if (!read_switch(reading, checks, MR_CHECK_EXACTLY_ONCE, &options)) return false;
    return !options ||
           (mr_read_keys(reading, options, "exactly_once", MR_MAP_CHECK_EXACTLY_ONCE) &&
               mr_read_word(reading, options, "exactly_once.outputs", outputs, 1, &all));
}

static mr_ns longest_ns(const struct mr_drawn *drawn)
{
    mr_ns longest = drawn->n_choices > 0 ? 0 : drawn->distribution.max;
    for (uint32_t i = 0; i < drawn->n_choices; i++)
        if (drawn->choices[i] > longest) longest = drawn->choices[i];
    return longest;
}

static bool read_liveness(struct mr_reading *reading, const struct mr_yaml *checks)
{
    struct mr_scenario *scenario = reading->scenario;
    const struct mr_yaml *options;
    mr_ns every_ns = longest_ns(&scenario->cluster.checkpoint_every_ns);
    if (every_ns == 0) every_ns = 2 * MR_SECOND_NS; /* no checkpoints but the final one */
    if (__builtin_mul_overflow(
            every_ns, (mr_ns)LIVENESS_CHECKPOINTS, &scenario->check.liveness_ns))
        scenario->check.liveness_ns = MR_NS_NEVER - 1;
    if (!read_switch(reading, checks, MR_CHECK_LIVENESS, &options)) return false;
    return !options || (mr_read_keys(reading, options, "liveness", MR_MAP_CHECK_LIVENESS) &&
                           mr_read_integer(reading, options, "liveness.within",
                               MR_RANGE_NS_POSITIVE, &scenario->check.liveness_ns));
}

static bool read_late(struct mr_reading *reading, const struct mr_yaml *checks)
{
    struct mr_check_options *check = &reading->scenario->check;
    const struct mr_yaml *options;
    if (!read_switch(reading, checks, MR_CHECK_LATE, &options)) return false;
    if (!options && check->enabled[MR_CHECK_LATE])
        return mr_fail_node(
            reading, mr_yaml_get(checks, "late"), "the check 'late' needs 'dropped_at_most'");
    return !options || (mr_read_keys(reading, options, "late", MR_MAP_CHECK_LATE) &&
                           mr_read_required(reading, options, "dropped_at_most") &&
                           mr_read_ratio(reading, options, "late.dropped_at_most",
                               &check->dropped_at_most));
}

/* An AssertEqual speaks of all of its input, so that this must end, and come once. */
static bool read_assertions(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    const struct mr_graph *graph = scenario->graph;
    const struct mr_transform *assertion = NULL;
    for (uint32_t i = 0; i < graph->n_transforms && !assertion; i++)
        if (graph->transforms[i].kind == MR_WRITE_TO_LOG && graph->transforms[i].write.assertion)
            assertion = &graph->transforms[i];
    scenario->check.enabled[MR_CHECK_ASSERTIONS] = assertion != NULL;
    if (assertion && scenario->run_for_ns > 0)
        return mr_fail_node(reading, mr_yaml_get(root, "run_for"),
            "'%s' of the pipeline needs an input that ends: no stream may have 'end: open'",
            assertion->name);
    for (uint32_t i = 0; assertion && i < scenario->n_job_steps; i++)
        if (scenario->job_steps[i].checkpoints_back > 0)
            return mr_fail_node(reading, mr_yaml_get(root, "job"),
                "going back to an older checkpoint writes rows twice, which '%s' of the "
                "pipeline would take for a failure",
                assertion->name);
    return true;
}

bool mr_read_checks(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_check_options *check = &reading->scenario->check;
    for (int i = 0; i < MR_CHECKS; i++) check->enabled[i] = i != MR_CHECK_LATE;
    if (!read_assertions(reading, root)) return false;
    check->enabled[MR_CHECK_STEPS] = reading->scenario->is_stepped;
    check->enabled[MR_CHECK_LOOKUPS] = reading->scenario->n_lookups > 0;
    const struct mr_yaml *map = mr_read_map(root, "check");
    return mr_read_keys(reading, map, "check", MR_MAP_CHECK) &&
           read_exactly_once(reading, map) && read_plain(reading, map) &&
           read_liveness(reading, map) && read_late(reading, map);
}

static bool read_check_name(
    struct mr_reading *reading, const struct mr_yaml *map, enum mr_check *out)
{
    const char *words[MR_CHECKS];
    for (int i = 0; i < MR_CHECKS; i++) words[i] = mr_check_name((enum mr_check)i);
    int check = MR_CHECK_RUN;
    if (!mr_read_required(reading, map, "check") ||
        !mr_read_word(reading, map, "expect.fail.check", words, MR_CHECKS, &check))
        return false;
    if (check == MR_CHECK_SOMETIMES)
        return mr_fail_node(reading, mr_yaml_get(map, "check"),
            "'sometimes' is judged over the campaign: no seed fails it");
    if (!reading->scenario->check.enabled[check])
        return mr_fail_node(reading, mr_yaml_get(map, "check"),
            "the check '%s' is expected to fail, but it is off", words[check]);
    *out = (enum mr_check)check;
    return true;
}

static bool read_verdict(
    struct mr_reading *reading, const struct mr_yaml *map, enum mr_verdict *out)
{
    const char *words[MR_VERDICTS];
    for (int i = 0; i < MR_VERDICTS; i++) words[i] = mr_verdict_name((enum mr_verdict)i);
    int verdict = MR_VERDICT_LIMIT;
    if (!mr_read_required(reading, map, "verdict") ||
        !mr_read_word(reading, map, "expect.fail.verdict", words, MR_VERDICTS, &verdict))
        return false;
    if (verdict == MR_VERDICT_PASS)
        return mr_fail_node(
            reading, mr_yaml_get(map, "verdict"), "PASS is no failure: leave 'expect' out");
    *out = (enum mr_verdict)verdict;
    return true;
}

static bool read_seeds(
    struct mr_reading *reading, const struct mr_yaml *map, uint32_t *at_least)
{
    const struct mr_yaml *seeds = mr_read_map(map, "expect.fail.seeds");
    uint64_t most = reading->scenario->seeds;
    if (most > UINT32_MAX) most = UINT32_MAX;
    return mr_read_keys(reading, seeds, "expect.fail.seeds", MR_MAP_EXPECT_SEEDS) &&
           mr_read_u32(
               reading, seeds, "expect.fail.seeds.at_least", 0, (uint32_t)most, at_least);
}

bool mr_read_expect(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_expectation *expect = &reading->scenario->expect;
    const struct mr_yaml *node = mr_read_key(root, "expect");
    if (!node) return true;
    if (node->kind == MR_YAML_TEXT && strcmp(node->text, "pass") == 0) return true;
    if (node->kind != MR_YAML_MAP)
        return mr_fail_node(
            reading, node, "'expect' must be 'pass' or {fail: {check: ..., verdict: ...}}");
    if (!mr_read_keys(reading, node, "expect", MR_MAP_EXPECT) ||
        !mr_read_required(reading, node, "fail"))
        return false;
    const struct mr_yaml *map = mr_yaml_get(node, "fail");
    expect->is_failure = true;
    expect->seeds_at_least = 1;
    return mr_read_keys(reading, map, "expect.fail", MR_MAP_EXPECT_FAIL) &&
           read_check_name(reading, map, &expect->check) &&
           read_verdict(reading, map, &expect->verdict) &&
           read_seeds(reading, map, &expect->seeds_at_least);
}

static bool read_milestone(
    struct mr_reading *reading, const struct mr_yaml *node, enum mr_sometimes *out)
{
    const char *name, *words[MR_SOMETIMES_COUNT];
    if (!mr_yaml_as_text(node, "sometimes", &name, reading->err)) return false;
    int milestone = mr_named_find(mr_sometimes, MR_SOMETIMES_COUNT, name);
    *out = (enum mr_sometimes)milestone;
    if (milestone >= 0) return true;
    for (int i = 0; i < MR_SOMETIMES_COUNT; i++) words[i] = mr_sometimes[i].name;
    return mr_fail_word(reading, node, "milestone", name, words, MR_SOMETIMES_COUNT);
}

bool mr_read_sometimes(struct mr_reading *reading, const struct mr_yaml *root)
{
    const struct mr_yaml *list = mr_read_key(root, "sometimes");
    if (!list) return true;
    if (list->kind != MR_YAML_LIST || list->n > MR_SOMETIMES_COUNT)
        return mr_fail_node(reading, list, "'sometimes' must be a list of milestones");
    enum mr_sometimes *sometimes =
        mr_region_array(reading->region, enum mr_sometimes, list->n + 1);
    for (uint32_t i = 0; i < list->n; i++)
        if (!read_milestone(reading, list->items[i], &sometimes[i])) return false;
    reading->scenario->sometimes = sometimes;
    reading->scenario->n_sometimes = list->n;
    return true;
}
