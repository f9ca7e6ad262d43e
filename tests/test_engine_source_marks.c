/* The watermark that follows from the largest mark of a source's rows, at the extremes of time.
 */
#include "tests/test.h"

#include "engine/connectors/source_marks.h"

static const struct mr_read_from_log ascending = {.strategy = MR_WATERMARK_ASCENDING};
static const struct mr_read_from_log bounded = {
    .strategy = MR_WATERMARK_BOUNDED, .max_out_of_orderness_us = MR_SECOND_US};

static void without_rows_there_is_no_watermark(void **state)
{
    (void)state;
    assert_int_equal(mr_source_watermark_us(&ascending, MR_US_MIN), MR_US_MIN);
    assert_int_equal(mr_source_watermark_us(&bounded, MR_US_MIN), MR_US_MIN);
}

static void a_bound_does_not_lead_below_the_least_of_times(void **state)
{
    (void)state;
    assert_int_equal(mr_source_watermark_us(&bounded, MR_US_MIN + 5), MR_US_MIN);
    assert_int_equal(
        mr_source_watermark_us(&bounded, MR_US_MIN + MR_SECOND_US + 1), MR_US_MIN + 1);
}

/* The largest of all says that the input has ended: no row may say that. */
static void a_row_at_the_end_of_time_does_not_end_its_input(void **state)
{
    (void)state;
    assert_int_equal(mr_source_watermark_us(&ascending, MR_US_MAX), MR_US_MAX - 1);
    assert_int_equal(mr_source_watermark_us(&ascending, MR_US_MAX - 1), MR_US_MAX - 1);
    assert_int_equal(mr_source_watermark_us(&bounded, MR_US_MAX), MR_US_MAX - MR_SECOND_US);
}

/* Beam's global window ends a day before its largest timestamp. */
static void a_row_behind_the_global_window_has_its_own_watermark(void **state)
{
    (void)state;
    mr_us behind_us = INT64_C(9223371950454775000) + 7;
    assert_int_equal(mr_source_watermark_us(&ascending, behind_us), behind_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_rows_there_is_no_watermark),
        cmocka_unit_test(a_bound_does_not_lead_below_the_least_of_times),
        cmocka_unit_test(a_row_at_the_end_of_time_does_not_end_its_input),
        cmocka_unit_test(a_row_behind_the_global_window_has_its_own_watermark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
