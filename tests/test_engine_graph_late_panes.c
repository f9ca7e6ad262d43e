/* Which Combines with allowed lateness have panes that are told one by one. */
#include "tests/test.h"

#include <string.h>

#include "engine/pipeline/graph.h"

#define HEAD                                                                                   \
    "pipeline:\n  type: chain\n  transforms:\n"                                                \
    "    - {type: ReadFromLog, config: {topic: a, schema: {k: string, n: integer, t: "         \
    "timestamp}, event_time: t, watermark: {strategy: ascending}}}\n"
#define LATE                                                                                   \
    "    - {type: Window, config: {windowing: {type: fixed, size: 1s}, allowed_lateness: "      \
    "1s}}\n"
#define COMBINE(fn)                                                                            \
    "    - {type: Combine, config: {group_by: k, combine: {s: {fn: " fn ", value: n}}}}\n"
#define MAP(fields)                                                                            \
    "    - {type: MapToFields, config: {language: python, fields: {" fields "}}}\n"
#define WRITE "    - {type: WriteToLog, config: {topic: b}}\n"

/* Whether the first Combine of the pipeline is one of them. */
static bool has_told_panes(struct mr_region *region, const char *text)
{
    const struct mr_graph *graph;
    struct mr_err err = {0};
    if (!mr_graph_read(region, "p.yaml", text, strlen(text), NULL, 0, &graph, &err))
        fail_msg("%s", err.msg);
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_windowing *windowing = &graph->transforms[i].windowing;
        if (graph->transforms[i].kind != MR_COMBINE) continue;
        if (windowing->has_told_panes) assert_false(mr_windowing_is_plain(windowing));
        return windowing->has_told_panes;
    }
    fail_msg("no Combine");
    return false;
}

static void panes_that_go_straight_to_a_sink_need_only_add_up(void **state)
{
    assert_false(has_told_panes(*state, HEAD LATE COMBINE("sum") WRITE));
    assert_false(has_told_panes(*state, HEAD LATE COMBINE("sum") MAP("x: s, y: k") WRITE));
}

static void what_sees_each_pane_by_itself_has_them_told(void **state)
{
    assert_true(has_told_panes(*state, HEAD LATE COMBINE("sum") MAP("k: k, s: s + 1") WRITE));
    assert_true(has_told_panes(*state, HEAD LATE COMBINE("sum") MAP("s: s") WRITE));
    assert_true(has_told_panes(*state,
        HEAD LATE COMBINE("sum") "    - {type: Filter, config: {language: python, keep: s > "
                                 "1}}\n" WRITE));
    assert_true(has_told_panes(*state,
        HEAD LATE COMBINE("sum") "    - {type: Combine, config: {group_by: [], combine: {s: "
                                 "sum}}}\n" WRITE));
}

static void values_that_are_kept_do_not_add_up(void **state)
{
    assert_true(has_told_panes(*state, HEAD LATE COMBINE("group") WRITE));
}

static void without_lateness_nothing_is_told(void **state)
{
    assert_false(has_told_panes(*state,
        HEAD "    - {type: Window, config: {windowing: {type: fixed, size: 1s}}}\n" COMBINE(
            "sum") MAP("k: k, s: s + 1") WRITE));
}

static int open_region(void **state)
{
    *state = mr_region_create();
    return 0;
}

static int close_region(void **state)
{
    mr_region_destroy(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_region, close_region)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(panes_that_go_straight_to_a_sink_need_only_add_up),
        TEST(what_sees_each_pane_by_itself_has_them_told),
        TEST(values_that_are_kept_do_not_add_up),
        TEST(without_lateness_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
