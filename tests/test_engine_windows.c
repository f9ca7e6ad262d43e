/* Which windows a row is in: the engine and the oracle, each against the definition. */
#include "tests/test.h"

#include <stdio.h>

#include "base/digest.h"
#include "engine/operators/operator.h"
#include "scenarios/oracle/fold.h"

enum { TRIES = 20000 };

static int64_t draw(uint64_t *state, int64_t below)
{
    *state = mr_digest_mix(*state, 1);
    return (int64_t)(mr_hash_u64(*state) % (uint64_t)below);
}

/* The least and the largest start s = offset modulo period with t - size < s <= t, by looking
 * at each instant. */
static bool search(
    const struct mr_windowing *windowing, mr_us at_us, mr_us *first_us, mr_us *last_us)
{
    bool has_one = false;
    for (mr_us start_us = at_us - windowing->size_us + 1; start_us <= at_us; start_us++) {
        mr_us phase = (start_us - windowing->offset_us) % windowing->period_us;
        if (phase != 0) continue;
        if (!has_one) *first_us = start_us;
        *last_us = start_us;
        has_one = true;
    }
    return has_one;
}

static void assert_hull(const struct mr_windowing *windowing, mr_us at_us, bool has_one,
    mr_us first_us, mr_us last_us)
{
    struct mr_flow_row row = {.at_us = at_us};
    mr_us start_us, end_us;
    mr_flow_window(windowing, &row, &start_us, &end_us);
    int64_t n = mr_flow_window_count(windowing, start_us, end_us);
    if (!has_one) {
        assert_int_equal(n, 0);
        return;
    }
    assert_int_equal(start_us, first_us);
    assert_int_equal(end_us, mr_us_add(last_us, windowing->size_us));
    assert_int_equal(n, (last_us - first_us) / windowing->period_us + 1);
}

static void sliding_windows_are_those_that_cover_the_time(void **state)
{
    (void)state;
    uint64_t seed = 7;
    uint32_t n_without = 0;
    for (int i = 0; i < TRIES; i++) {
        struct mr_windowing windowing = {.kind = MR_WINDOW_SLIDING};
        windowing.size_us = 1 + draw(&seed, 40);
        windowing.period_us = 1 + draw(&seed, 40);
        windowing.offset_us = draw(&seed, windowing.period_us);
        mr_us at_us = draw(&seed, 400) - 200;
        mr_us first_us = 0, last_us = 0, own_first_us, own_last_us;
        bool has_one = search(&windowing, at_us, &first_us, &last_us);
        assert_int_equal(
            mr_sliding_starts(&windowing, at_us, &own_first_us, &own_last_us), has_one);
        assert_hull(&windowing, at_us, has_one, first_us, last_us);
        n_without += !has_one;
        if (!has_one) continue;
        assert_int_equal(own_first_us, first_us);
        assert_int_equal(own_last_us, last_us);
    }
    assert_true(n_without > TRIES / 20);
}

static void at_the_ends_of_time_both_agree(void **state)
{
    (void)state;
    struct mr_windowing windowing = {.kind = MR_WINDOW_SLIDING,
        .size_us = 3600 * MR_SECOND_US,
        .period_us = 60 * MR_SECOND_US};
    for (int64_t i = 0; i < 400; i++) {
        mr_us at_us = i % 2 ? mr_us_add(MR_US_MIN, i * 19 * MR_SECOND_US)
                            : mr_us_add(MR_US_MAX, -i * 19 * MR_SECOND_US);
        mr_us first_us, last_us;
        assert_true(mr_sliding_starts(&windowing, at_us, &first_us, &last_us));
        assert_true(first_us >= MR_US_MIN && first_us <= last_us && last_us <= at_us);
        struct mr_flow_row row = {.at_us = at_us};
        mr_us start_us, end_us;
        mr_flow_window(&windowing, &row, &start_us, &end_us);
        assert_int_equal(start_us, first_us);
        assert_int_equal(end_us, mr_us_add(last_us, windowing.size_us));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sliding_windows_are_those_that_cover_the_time),
        cmocka_unit_test(at_the_ends_of_time_both_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
