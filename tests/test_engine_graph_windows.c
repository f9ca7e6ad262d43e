/* Windows and triggers as they are written: what they mean, and what is refused where. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "engine/pipeline/graph.h"

#define HEAD                                                                                   \
    "pipeline:\n"                                                                              \
    "  type: chain\n"                                                                          \
    "  transforms:\n"                                                                          \
    "    - {type: ReadFromLog, config: {topic: in, schema: {at: timestamp, k: integer}, "      \
    "event_time: at, watermark: {strategy: ascending}}}\n"
#define TAIL                                                                                   \
    "    - {type: Combine, config: {group_by: k, combine: {low: {fn: min, value: k}}}}\n"      \
    "    - {type: Combine, name: Again, config: {group_by: k, combine: {low: min}}}\n"         \
    "    - {type: WriteToLog, config: {topic: out}}\n"
#define WINDOW(config) HEAD "    - {type: Window, config: {" config "}}\n" TAIL

static const struct mr_graph *read(struct mr_region *region, const char *text)
{
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    if (!mr_graph_read(region, "p.yaml", text, strlen(text), NULL, 0, &graph, &err))
        fail_msg("%d:%d: %s", err.input_line, err.input_col, err.msg);
    return graph;
}

static const struct mr_transform *named(const struct mr_graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        if (strcmp(graph->transforms[i].name, name) == 0) return &graph->transforms[i];
    fail_msg("no transform %s", name);
    return NULL;
}

static void a_trigger_is_read_with_its_parts(void **state)
{
    (void)state;
    struct mr_region *region = mr_region_create();
    const struct mr_graph *graph = read(region,
        WINDOW("windowing: {type: sessions, gap: 10s}, allowed_lateness: 5s, accumulation: "
               "accumulating, timestamp_combiner: latest, trigger: {after_watermark: {early: "
               "{delay: 2s}, late: {after_any: [{count: 3}, {after_processing_time: {delay: "
               "1m}}]}}}"));
    const struct mr_windowing *windowing = &named(graph, "Combine")->windowing;
    assert_int_equal(windowing->kind, MR_WINDOW_SESSIONS);
    assert_int_equal(windowing->gap_us, 10 * MR_SECOND_US);
    assert_int_equal(windowing->accumulation, MR_ACCUMULATING);
    assert_int_equal(windowing->timestamp_combiner, MR_LATEST);
    assert_int_equal(windowing->trigger.kind, MR_TRIGGER_WATERMARK);
    assert_int_equal(windowing->trigger.early->kind, MR_TRIGGER_DELAY);
    assert_int_equal(windowing->trigger.early->delay_ns, 2 * MR_SECOND_NS);
    const struct mr_trigger *late = windowing->trigger.late;
    assert_int_equal(late->kind, MR_TRIGGER_ANY);
    assert_int_equal(late->n_parts, 2);
    assert_int_equal(late->parts[0].count, 3);
    assert_int_equal(late->parts[1].delay_ns, 60 * MR_SECOND_NS);
    mr_region_destroy(region);
}

static void the_next_combine_has_the_continuation_trigger(void **state)
{
    (void)state;
    struct mr_region *region = mr_region_create();
    const struct mr_graph *graph = read(region,
        WINDOW("windowing: {type: fixed, size: 1s}, trigger: {after_watermark: {early: {count: "
               "7}, late: {delay: 2s}}}"));
    const struct mr_trigger *trigger = &named(graph, "Again")->windowing.trigger;
    assert_int_equal(trigger->kind, MR_TRIGGER_WATERMARK);
    assert_int_equal(trigger->early->kind, MR_TRIGGER_COUNT);
    assert_int_equal(trigger->early->count, 1);
    assert_int_equal(trigger->late->kind, MR_TRIGGER_COUNT);
    assert_int_equal(trigger->late->count, 1);
    graph = read(region,
        WINDOW(
            "windowing: {type: fixed, size: 1s}, trigger: {after_each: [{count: 2}, never]}"));
    trigger = &named(graph, "Again")->windowing.trigger;
    assert_int_equal(trigger->kind, MR_TRIGGER_REPEATEDLY);
    assert_int_equal(trigger->parts[0].kind, MR_TRIGGER_ANY);
    assert_int_equal(trigger->parts[0].n_parts, 2);
    mr_region_destroy(region);
}

static void what_comes_to_the_default_is_plain(void **state)
{
    (void)state;
    struct mr_region *region = mr_region_create();
    const struct mr_graph *graph = read(region,
        WINDOW("windowing: {type: fixed, size: 1s}, trigger: after_watermark, accumulation: "
               "accumulating"));
    assert_true(mr_windowing_is_plain(&named(graph, "Combine")->windowing));
    graph = read(region, WINDOW("windowing: {type: fixed, size: 1s}, trigger: after_watermark, "
                                "allowed_lateness: 1s"));
    assert_false(mr_windowing_is_plain(&named(graph, "Combine")->windowing));
    mr_region_destroy(region);
}

static void a_trigger_that_finishes_is_warned_of(void **state)
{
    (void)state;
    struct mr_region *region = mr_region_create();
    const struct mr_graph *graph =
        read(region, WINDOW("windowing: {type: fixed, size: 1s}, trigger: {count: 2}"));
    assert_int_equal(graph->n_warnings, 1);
    assert_non_null(strstr(graph->warnings[0].text, "finishes"));
    graph = read(region,
        WINDOW("windowing: {type: fixed, size: 1s}, trigger: {repeatedly: {count: 2}}"));
    assert_int_equal(graph->n_warnings, 0);
    mr_region_destroy(region);
}

static const struct {
    const char *config;
    int col;
    const char *message;
    const char *hint;
} bad[] = {
    {"trigger: {after_watermrk: {}}", 41, "unknown trigger 'after_watermrk'",
        "after_watermark"},
    {"trigger: {count: 0}", 48, "count", NULL},
    {"trigger: {count: x}", 48, "count", NULL},
    {"trigger: count", 40, "trigger 'count' needs a value", NULL},
    {"trigger: {never: 1}", 48, "trigger 'never' takes nothing", NULL},
    {"trigger: {count: 1, delay: 2s}", 40, "a trigger is one word", NULL},
    {"trigger: []", 40, "trigger", NULL},
    {"trigger: {after_any: []}", 52, "after_any must be a list of triggers", NULL},
    {"trigger: {after_each: {count: 1}}", 53, "after_each must be a list", NULL},
    {"trigger: {after_watermark: {erly: {count: 1}}}", 59, "erly", "early"},
    {"trigger: {after_watermark: 3}", 58, "must be a map", NULL},
    {"trigger: {delay: soon}", 48, "delay", NULL},
    {"trigger: {after_processing_time: {}}", 64, "needs a 'delay'", NULL},
    {"trigger: {repeatedly: {repeatedly: later}}", 66, "unknown trigger 'later'", NULL},
    {"accumulation: acumulating", 45, "unknown accumulation", "accumulating"},
    {"accumulation: retractin", 45, "unknown accumulation", "retracting"},
    {"timestamp_combiner: first", 51, "unknown timestamp_combiner", NULL},
    {"late_output: x", 31, "not supported yet", NULL},
    {"windowing: {type: calendar, time_zone: Europe/Berlni}", 70, "unknown time zone",
        "Europe/Berlin"},
    {"windowing: {type: calendar, days: 0}", 65, "days", NULL},
    {"windowing: {type: sliding, size: 1s, period: 0}", 76, "at least a microsecond", NULL},
    {"windowing: {type: sessions, gap: 1s, offset: 1s}", 68, "offset", NULL},
};

static void bad_windows_are_refused_at_their_place(void **state)
{
    (void)state;
    struct mr_region *region = mr_region_create();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[2048];
        bool has_windowing = strncmp(bad[i].config, "windowing", 9) == 0;
        snprintf(text, sizeof text, "%s    - {type: Window, config: {%s%s}}\n%s", HEAD,
            bad[i].config, has_windowing ? "" : ", windowing: {type: global}", TAIL);
        const struct mr_graph *graph = NULL;
        struct mr_err err = {0};
        bool ok = mr_graph_read(region, "p.yaml", text, strlen(text), NULL, 0, &graph, &err);
        bool is_right = !ok && err.input_line == 5 && err.input_col == bad[i].col &&
                        strstr(err.msg, bad[i].message) &&
                        (!bad[i].hint || strstr(err.hint, bad[i].hint));
        if (!is_right)
            fail_msg("%s: %d:%d: %s [%s]", bad[i].config, err.input_line, err.input_col,
                ok ? "no error" : err.msg, err.hint);
    }
    mr_region_destroy(region);
}

/* What folds rows, or calls out for them, cannot take them back; behind what can, and behind
 * other windows too. */
static void what_cannot_take_rows_back_is_refused(void **state)
{
    (void)state;
    static const char *const last[] = {"Reshuffle",
        "AssertEqual, config: {elements: [{k: 1, n: 1}]}",
        "Combine, config: {group_by: k, combine: {m: {fn: sum, value: n}}}"};
    struct mr_region *region = mr_region_create();
    for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
        char text[2048];
        snprintf(text, sizeof text,
            "pipeline:\n  type: chain\n  transforms:\n"
            "    - {type: Create, config: {elements: [{k: 1}]}}\n"
            "    - {type: Window, config: {windowing: {type: global}, accumulation: "
            "retracting, "
            "trigger: {repeatedly: {count: 1}}}}\n"
            "    - {type: Combine, name: C, config: {group_by: k, combine: {n: {fn: count, "
            "value: k}}}}\n"
            "    - {type: Filter, config: {language: python, keep: n > 1}}\n"
            "    - {type: WindowInto, config: {windowing: {type: fixed, size: 1s}}}\n"
            "    - {type: %s}\n",
            last[i]);
        const struct mr_graph *graph = NULL;
        struct mr_err err = {0};
        bool ok = mr_graph_read(region, "p.yaml", text, strlen(text), NULL, 0, &graph, &err);
        bool is_right = !ok && err.input_line == 9 && err.input_col == 14 &&
                        strstr(err.msg, "cannot take rows back: 'C' upstream is 'retracting'");
        if (!is_right)
            fail_msg("%s: %d:%d: %s", last[i], err.input_line, err.input_col,
                ok ? "no error" : err.msg);
    }
    mr_region_destroy(region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trigger_is_read_with_its_parts),
        cmocka_unit_test(the_next_combine_has_the_continuation_trigger),
        cmocka_unit_test(what_comes_to_the_default_is_plain),
        cmocka_unit_test(a_trigger_that_finishes_is_warned_of),
        cmocka_unit_test(bad_windows_are_refused_at_their_place),
        cmocka_unit_test(what_cannot_take_rows_back_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
