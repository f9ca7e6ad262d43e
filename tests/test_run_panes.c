/* Sessions, triggers and panes in whole runs: with crashes, late rows and rewinds the checks,
 * which know from reference machines which panes are owed, find nothing to say; with a planted
 * bug they do. */
#include "tests/test_run_windows.h"

enum { SEEDS = 25 };
#define N_OF(array) (sizeof(array) / sizeof *(array))

static const char sessions[] = PIPELINE("windowing: {type: sessions, gap: 60ms}");
static const char late_sessions[] =
    PIPELINE("windowing: {type: sessions, gap: 40ms}, allowed_lateness: 80ms");

static void sessions_stay_exact(void **state)
{
    (void)state;
    assert_true(assert_calm(sessions, crash_scenario, SEEDS) > 0);
    assert_calm(late_sessions, crash_scenario, SEEDS);
}

static void a_rewind_leaves_sessions_exact(void **state)
{
    (void)state;
    assert_calm(sessions, rewind_scenario, SEEDS);
    assert_calm(late_sessions, rewind_scenario, SEEDS);
}

/* Every trigger, in every kind of window and mode. */
static const char *const triggers[] = {
    "after_watermark: {early: {count: 2}}",
    "after_watermark: {early: {count: 3}, late: {count: 2}}",
    "after_watermark: {early: {delay: 20ms}, late: {count: 1}}",
    "repeatedly: {count: 3}",
    "repeatedly: {delay: 15ms}",
    "repeatedly: {after_any: [{count: 5}, {delay: 30ms}]}",
    "repeatedly: {after_all: [{count: 2}, {delay: 20ms}]}",
    "after_each: [{count: 1}, {repeatedly: {count: 2}}]",
    ("after_each: [{after_any: [{delay: 10ms}, {count: 3}]}, {after_watermark: {late: {count: "
     "2}}}]"),
    "repeatedly: {after_all: [after_watermark, {count: 4}]}",
    "after_any: [after_watermark, {count: 4}]",
    "count: 4",
    "never:",
};
static const char *const windowings[] = {
    "{type: fixed, size: 100ms}",
    "{type: sliding, size: 90ms, period: 40ms}",
    "{type: sessions, gap: 40ms}",
    "{type: global}",
    "{type: calendar, days: 1, time_zone: America/Chicago}",
};
static const char *const modes[] = {
    "",
    ", accumulation: accumulating, allowed_lateness: 60ms",
    ", timestamp_combiner: earliest, allowed_lateness: 30ms",
    ", timestamp_combiner: latest, accumulation: accumulating",
};
static const char *const retracting_modes[] = {
    ", accumulation: retracting, allowed_lateness: 60ms",
    ", accumulation: retracting, timestamp_combiner: earliest",
};

static void assert_modes_calm(const char *scenario, const char *transforms, uint64_t seeds,
    const char *const *of, size_t n_modes)
{
    for (size_t t = 0; t < N_OF(triggers); t++)
        for (size_t w = 0; w < N_OF(windowings); w++) {
            char text[4096];
            const char *mode = of[(t + w) % n_modes];
            int n = snprintf(text, sizeof text,
                "%s    - {type: Window, config: {windowing: %s, trigger: {%s}%s}}\n%s", SOURCE,
                windowings[w], triggers[t], mode, transforms);
            assert_true(n > 0 && n < (int)sizeof text);
            assert_calm(text, scenario, seeds);
        }
}

static void assert_triggers_calm(const char *scenario, const char *transforms, uint64_t seeds)
{
    assert_modes_calm(scenario, transforms, seeds, modes, N_OF(modes));
}

static void every_trigger_stays_exact(void **state)
{
    (void)state;
    assert_triggers_calm(crash_scenario, TOTALS SINK, 6);
}

static void a_rewind_leaves_every_trigger_exact(void **state)
{
    (void)state;
    assert_triggers_calm(rewind_scenario, TOTALS SINK, 3);
}

/* What was said is taken back, in every kind of window, through transforms that pass rows on.
 */
static void panes_that_are_taken_back_stay_exact(void **state)
{
    (void)state;
    assert_modes_calm(crash_scenario, TOTALS SINK, 3, retracting_modes, N_OF(retracting_modes));
    assert_modes_calm(crash_scenario,
        TOTALS "    - {type: Filter, config: {language: python, keep: \"key != 1\"}}\n"
               "    - type: ExtractWindowingInfo\n"
               "      config: {fields: [pane_info, window_start, timestamp]}\n" SINK,
        1, retracting_modes, N_OF(retracting_modes));
}

static void a_rewind_leaves_what_is_taken_back_exact(void **state)
{
    (void)state;
    assert_modes_calm(
        rewind_scenario, TOTALS SINK, 2, retracting_modes, N_OF(retracting_modes));
}

/* The second Combine has the continuation trigger of the first. */
static void panes_are_combined_again(void **state)
{
    (void)state;
    assert_triggers_calm(crash_scenario,
        "    - {type: Combine, name: A, config: {group_by: [key, value], combine: {n: {fn: "
        "count, value: key}}}}\n"
        "    - {type: Combine, name: B, config: {group_by: key, combine: {n: {fn: sum, value: "
        "n}}}}\n" SINK,
        3);
}

/* What ExtractWindowingInfo shows of them, session by session. */
static void the_info_of_panes_stays_exact(void **state)
{
    (void)state;
    assert_triggers_calm(crash_scenario,
        TOTALS
        "    - type: ExtractWindowingInfo\n"
        "      config: {fields: [pane_info, window_start, window_end, timestamp]}\n" SINK,
        2);
}

static void planted_bugs_of_panes_are_caught(void **state)
{
    (void)state;
    assert_caught(PIPELINE("windowing: {type: sessions, gap: 60ms}, allowed_lateness: 90ms, "
                           "trigger: {repeatedly: {count: 4}}"),
        crash_scenario, MR_PLANT_MERGE_LOSES_TRIGGER, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_PANE_CONTRACT);
    assert_caught(PIPELINE("windowing: {type: fixed, size: 500ms}, accumulation: accumulating, "
                           "trigger: {after_watermark: {early: {count: 2}}}"),
        crash_scenario, MR_PLANT_PANE_INDEX_RESET, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_PANE_CONTRACT);
    assert_caught(PIPELINE("windowing: {type: fixed, size: 500ms}, accumulation: retracting, "
                           "trigger: {after_watermark: {early: {count: 2}}}"),
        crash_scenario, MR_PLANT_RETRACTION_LOST, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_PANE_CONTRACT);
    assert_caught(sessions, crash_scenario, MR_PLANT_PANE_AFTER_HORIZON, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_PANE_CONTRACT);
    assert_caught(PIPELINE("windowing: {type: fixed, size: 1s}, "
                           "trigger: {repeatedly: {delay: 150ms}}"),
        crash_scenario, MR_PLANT_TIMER_LOST_AT_RESTORE, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_PANE_CONTRACT);
    assert_caught(sessions, crash_scenario, MR_PLANT_FALSE_LATE_DROP, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_FALSE_LATE);
    assert_caught(sessions, crash_scenario, MR_PLANT_RESTORE_SKIPS_STATE, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_PANE_CONTRACT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_stay_exact),
        cmocka_unit_test(a_rewind_leaves_sessions_exact),
        cmocka_unit_test(every_trigger_stays_exact),
        cmocka_unit_test(a_rewind_leaves_every_trigger_exact),
        cmocka_unit_test(panes_that_are_taken_back_stay_exact),
        cmocka_unit_test(a_rewind_leaves_what_is_taken_back_exact),
        cmocka_unit_test(panes_are_combined_again),
        cmocka_unit_test(the_info_of_panes_stays_exact),
        cmocka_unit_test(planted_bugs_of_panes_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
