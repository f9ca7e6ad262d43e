/* Sliding windows in whole runs: with crashes, late rows and rewinds the checks find nothing to
 * say, and with a planted bug they do. */
#include "tests/test_run_windows.h"

enum { SEEDS = 40 };

static const char whole_periods[] =
    PIPELINE("windowing: {type: sliding, size: 120ms, period: 40ms}");
static const char broken_periods[] =
    PIPELINE("windowing: {type: sliding, size: 110ms, period: 40ms, offset: 7ms}");
static const char with_gaps[] =
    PIPELINE("windowing: {type: sliding, size: 30ms, period: 100ms}");
static const char with_lateness[] =
    PIPELINE("windowing: {type: sliding, size: 100ms, period: 30ms}, allowed_lateness: 35ms");
/* The windows travel where times were assigned after them, and where panes are combined again.
 */
static const char with_times_assigned[] = SOURCE
    "    - {type: WindowInto, config: {windowing: {type: sliding, size: 90ms, period: 40ms}}}\n"
    "    - {type: AssignTimestamps, config: {timestamp: value}}\n" TOTALS SINK;
static const char combined_twice[] = SOURCE
    "    - {type: WindowInto, config: {windowing: {type: sliding, size: 90ms, period: 40ms}}}\n"
    "    - {type: Combine, name: A, config: {group_by: [key, value], combine: {n: {fn: count, "
    "value: key}}}}\n" TOTALS SINK;
/* No Combine: a row is written once, however many windows it is in. */
static const char without_combine[] =
    SOURCE "    - {type: WindowInto, config: {windowing: {type: sliding, size: 30ms, period: "
           "70ms}}}\n" SINK;

static void crashes_and_late_rows_leave_sliding_windows_exact(void **state)
{
    (void)state;
    assert_true(assert_calm(whole_periods, crash_scenario, SEEDS) > 0);
    assert_true(assert_calm(broken_periods, crash_scenario, SEEDS) > 0);
    assert_true(assert_calm(with_gaps, crash_scenario, SEEDS) > 0);
    assert_true(assert_calm(with_lateness, crash_scenario, SEEDS) > 0);
}

static void windows_travel_with_their_rows(void **state)
{
    (void)state;
    assert_calm(with_times_assigned, crash_scenario, SEEDS);
    assert_calm(combined_twice, crash_scenario, SEEDS);
    assert_calm(without_combine, crash_scenario, SEEDS);
}

static void a_rewind_leaves_sliding_windows_exact(void **state)
{
    (void)state;
    assert_calm(broken_periods, rewind_scenario, SEEDS);
    assert_calm(with_lateness, rewind_scenario, SEEDS);
}

static void planted_bugs_of_windows_are_caught(void **state)
{
    (void)state;
    assert_caught(whole_periods, crash_scenario, MR_PLANT_RESTORE_SKIPS_STATE,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_caught(whole_periods, crash_scenario, MR_PLANT_FALSE_LATE_DROP,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_FALSE_LATE);
}

/* FLINK-21305. */
static void a_row_too_late_for_its_first_window_counts_in_the_others(void **state)
{
    (void)state;
    assert_caught(whole_periods, crash_scenario, MR_PLANT_SLICE_GONE_WITH_WINDOW,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crashes_and_late_rows_leave_sliding_windows_exact),
        cmocka_unit_test(windows_travel_with_their_rows),
        cmocka_unit_test(a_rewind_leaves_sliding_windows_exact),
        cmocka_unit_test(planted_bugs_of_windows_are_caught),
        cmocka_unit_test(a_row_too_late_for_its_first_window_counts_in_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
