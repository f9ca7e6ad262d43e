#include "tests/test.h"

#include "engine/runtime/watermark.h"

static struct mr_watermark_merge make(struct mr_watermark_input *inputs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        inputs[i] = (struct mr_watermark_input){.watermark_us = MR_US_MIN};
    return (struct mr_watermark_merge){.n = n, .inputs = inputs, .merged_us = MR_US_MIN};
}

static void the_merged_watermark_is_the_minimum_of_all_inputs(void **state)
{
    (void)state;
    struct mr_watermark_input inputs[3];
    struct mr_watermark_merge merge = make(inputs, 3);
    assert_false(mr_watermark_raise(&merge, 0, 100));
    assert_false(mr_watermark_raise(&merge, 1, 50));
    assert_true(merge.merged_us == MR_US_MIN);
    assert_true(mr_watermark_raise(&merge, 2, 70));
    assert_int_equal(merge.merged_us, 50);
    assert_true(mr_watermark_raise(&merge, 1, 90));
    assert_int_equal(merge.merged_us, 70);
}

static void a_lower_watermark_is_ignored(void **state)
{
    (void)state;
    struct mr_watermark_input inputs[1];
    struct mr_watermark_merge merge = make(inputs, 1);
    assert_true(mr_watermark_raise(&merge, 0, 100));
    assert_false(mr_watermark_raise(&merge, 0, 40));
    assert_int_equal(merge.merged_us, 100);
    assert_int_equal(inputs[0].watermark_us, 100);
}

static void an_idle_input_is_not_waited_for(void **state)
{
    (void)state;
    struct mr_watermark_input inputs[2];
    struct mr_watermark_merge merge = make(inputs, 2);
    mr_watermark_raise(&merge, 0, 100);
    assert_true(mr_watermark_set_idle(&merge, 1, true));
    assert_int_equal(merge.merged_us, 100);
    assert_false(merge.is_idle);
}

/* An input that wakes up far behind must neither pull the merged watermark back nor hold it at
 * its own. */
static void an_input_that_wakes_up_behind_does_not_pull_the_watermark_back(void **state)
{
    (void)state;
    struct mr_watermark_input inputs[2];
    struct mr_watermark_merge merge = make(inputs, 2);
    mr_watermark_raise(&merge, 0, 100);
    mr_watermark_set_idle(&merge, 1, true);
    mr_watermark_set_idle(&merge, 1, false);
    mr_watermark_raise(&merge, 1, 30);
    assert_int_equal(merge.merged_us, 100);
    mr_watermark_raise(&merge, 0, 200);
    assert_int_equal(merge.merged_us, 200);
    mr_watermark_raise(&merge, 1, 250); /* caught up: it counts again */
    mr_watermark_raise(&merge, 0, 400);
    assert_int_equal(merge.merged_us, 250);
}

static void when_all_inputs_are_idle_the_merge_is_idle_at_the_largest(void **state)
{
    (void)state;
    struct mr_watermark_input inputs[2];
    struct mr_watermark_merge merge = make(inputs, 2);
    mr_watermark_raise(&merge, 0, 100);
    mr_watermark_raise(&merge, 1, 60);
    mr_watermark_set_idle(&merge, 0, true);
    assert_true(mr_watermark_set_idle(&merge, 1, true));
    assert_true(merge.is_idle);
    assert_int_equal(merge.merged_us, 100);
    assert_true(mr_watermark_set_idle(&merge, 0, false));
    assert_false(merge.is_idle);
}

/* Over random changes: it never falls, and never passes the least input that is active and has
 * caught up. */
static void whatever_happens_the_merged_watermark_never_falls_or_overtakes(void **state)
{
    (void)state;
    uint64_t random = 42;
    for (int round = 0; round < 500; round++) {
        struct mr_watermark_input inputs[4];
        struct mr_watermark_merge merge = make(inputs, 4);
        mr_us last = MR_US_MIN;
        for (int step = 0; step < 60; step++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            uint32_t input = (uint32_t)(random >> 33) % 4;
            if ((random >> 40) % 4 == 0)
                mr_watermark_set_idle(&merge, input, (random >> 50) % 2);
            else if (!inputs[input].is_idle)
                mr_watermark_raise(&merge, input, (mr_us)(random >> 45) % 1000);
            assert_true(merge.merged_us >= last);
            if (merge.merged_us > last)
                for (uint32_t i = 0; i < 4; i++)
                    assert_true(inputs[i].is_idle || inputs[i].is_behind ||
                                inputs[i].watermark_us >= merge.merged_us);
            last = merge.merged_us;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_merged_watermark_is_the_minimum_of_all_inputs),
        cmocka_unit_test(a_lower_watermark_is_ignored),
        cmocka_unit_test(an_idle_input_is_not_waited_for),
        cmocka_unit_test(an_input_that_wakes_up_behind_does_not_pull_the_watermark_back),
        cmocka_unit_test(when_all_inputs_are_idle_the_merge_is_idle_at_the_largest),
        cmocka_unit_test(whatever_happens_the_merged_watermark_never_falls_or_overtakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
