#include "tests/test.h"

#include "base/digest.h"
#include "base/draw.h"

static const struct mr_draws plain = {.seed = 42};

static int set_up(void **state)
{
    *state = mr_region_create();
    return 0;
}

static int tear_down(void **state)
{
    mr_region_destroy(*state);
    return 0;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

enum { DRAWS = 1000000 };

static int64_t *draw_sorted(const struct mr_distribution *distribution)
{
    int64_t *values = malloc(sizeof *values * DRAWS);
    assert_non_null(values);
    for (uint64_t i = 0; i < DRAWS; i++)
        values[i] = mr_draw_from(&plain, distribution, MR_DRAW_LATENCY, 17, i);
    qsort(values, DRAWS, sizeof *values, compare);
    return values;
}

static double mean_of(const int64_t *values)
{
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) sum += (double)values[i];
    return sum / DRAWS;
}

struct quantile {
    double at;
    int64_t expected;
    double tolerance; /* of the expected value; wider where few draws lie */
};

static void assert_quantiles(const int64_t *values, const struct quantile *quantiles, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double value = (double)values[(int)(quantiles[i].at * DRAWS)];
        double expected = (double)quantiles[i].expected;
        if (value < expected * (1 - quantiles[i].tolerance) ||
            value > expected * (1 + quantiles[i].tolerance))
            fail_msg("quantile %g is %g, not %g", quantiles[i].at, value, expected);
    }
}

/* -ln(1 - p) times a million. */
static void exponential_draws_have_the_quantiles_of_the_formula(void **state)
{
    struct mr_distribution exponential =
        mr_distribution_exponential(*state, 0, 1000000, INT64_MAX);
    static const struct quantile quantiles[] = {{.1, 105361, .02}, {.25, 287682, .01},
        {.5, 693147, .01}, {.75, 1386294, .01}, {.9, 2302585, .01}, {.99, 4605170, .01},
        {.999, 6907755, .02}, {.9999, 9210340, .05}};
    int64_t *values = draw_sorted(&exponential);
    assert_quantiles(values, quantiles, sizeof quantiles / sizeof quantiles[0]);
    double mean = mean_of(values);
    assert_true(mean > 997000 && mean < 1003000);
    assert_true(values[0] < 30 && values[DRAWS - 1] > 11000000);
    free(values);
}

/* Logarithms have 32 binary places. The digest holds all of the tables. */
static void assert_near(int64_t value, int64_t expected)
{
    int64_t difference = value - expected;
    if (difference * 10000000 > expected || -difference * 10000000 > expected)
        fail_msg("%lld is not %lld", (long long)value, (long long)expected);
}

static void tables_are_the_same_on_every_machine(void **state)
{
    struct mr_distribution exponential =
        mr_distribution_exponential(*state, 0, 1000000000000, INT64_MAX);
    assert_int_equal(exponential.quantiles[0], 0);
    assert_near(exponential.quantiles[1], 3913899321);
    assert_near(exponential.quantiles[64], 287682072452);
    assert_near(exponential.quantiles[128], 693147180560);
    assert_near(exponential.quantiles[255], 5545177444480);
    assert_int_equal(exponential.tail[0], exponential.quantiles[255]);
    assert_near(exponential.tail[128], 6238324625040);
    assert_near(exponential.tail[256], 11783502069519);
    struct mr_distribution lognormal =
        mr_distribution_lognormal(*state, 1000000000, 100000000000, 0, INT64_MAX);
    assert_near(lognormal.quantiles[0], 3305001);
    assert_near(lognormal.quantiles[64], 263105503);
    assert_int_equal(lognormal.quantiles[128], 1000000000);
    assert_near(lognormal.quantiles[192], 3800756686);
    assert_near(lognormal.quantiles[255], 193599526926);
    assert_int_equal(lognormal.tail[0], lognormal.quantiles[255]);
    assert_near(lognormal.tail[256], 5226427224509);
    const struct mr_distribution *both[] = {&exponential, &lognormal};
    uint64_t digest = 0;
    for (int d = 0; d < 2; d++)
        for (uint32_t i = 0; i < 257; i++) {
            digest = mr_digest_mix(digest, (uint64_t)both[d]->quantiles[i]);
            digest = mr_digest_mix(digest, (uint64_t)both[d]->tail[i]);
        }
    assert_true(digest == 0xbb1907888cfa9204);
}

static void exponential_draws_are_shifted_by_the_minimum_and_cut_at_the_maximum(void **state)
{
    struct mr_distribution exponential = mr_distribution_exponential(*state, 500, 1000, 2000);
    int64_t *values = draw_sorted(&exponential);
    assert_int_equal(values[0], 500);
    assert_int_equal(values[DRAWS - 1], 2000);
    const struct quantile middle = {.5, 500 + 693, .01};
    assert_quantiles(values, &middle, 1);
    free(values);
    struct mr_distribution constant = mr_distribution_exponential(*state, 7, 0, 100);
    assert_true(mr_draw_from(&plain, &constant, MR_DRAW_LATENCY, 1, 1) == 7);
}

/* 4 ms * 15 ^ (z(p) / z(0.99)), z the quantile of the normal distribution. */
static void lognormal_draws_have_the_quantiles_of_the_formula(void **state)
{
    struct mr_distribution lognormal =
        mr_distribution_lognormal(*state, 4000000, 60000000, 0, INT64_MAX);
    static const struct quantile quantiles[] = {{.01, 266667, .03}, {.1, 899846, .01},
        {.25, 1824189, .01}, {.5, 4000000, .01}, {.75, 8771019, .01}, {.9, 17780818, .01},
        {.99, 60000000, .02}, {.999, 145994006, .03}, {.9999, 303541806, .08}};
    int64_t *values = draw_sorted(&lognormal);
    assert_quantiles(values, quantiles, sizeof quantiles / sizeof quantiles[0]);
    free(values);
}

static void lognormal_draws_stay_in_their_range(void **state)
{
    struct mr_distribution lognormal = mr_distribution_lognormal(*state, 100, 1000, 50, 2000);
    int64_t *values = draw_sorted(&lognormal);
    assert_int_equal(values[0], 50);
    assert_int_equal(values[DRAWS - 1], 2000);
    free(values);
    struct mr_distribution constant =
        mr_distribution_lognormal(*state, 123457, 123457, 0, 1 << 30);
    for (uint64_t i = 0; i < 100; i++)
        assert_int_equal(mr_draw_from(&plain, &constant, MR_DRAW_LATENCY, 1, i), 123457);
}

static void huge_parameters_saturate(void **state)
{
    struct mr_distribution lognormal =
        mr_distribution_lognormal(*state, 1, INT64_MAX, 0, INT64_MAX);
    struct mr_distribution exponential =
        mr_distribution_exponential(*state, INT64_MAX - 5, INT64_MAX, INT64_MAX);
    int64_t largest = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        int64_t value = mr_draw_from(&plain, &lognormal, MR_DRAW_LATENCY, 1, i);
        assert_true(value >= 0);
        if (value > largest) largest = value;
        assert_true(mr_draw_from(&plain, &exponential, MR_DRAW_LATENCY, 1, i) >= INT64_MAX - 5);
    }
    assert_true(largest == INT64_MAX);
}

static void uniform_draws_meet_both_ends(void **state)
{
    (void)state;
    struct mr_distribution uniform = mr_distribution_uniform(-2, 2);
    int counts[5] = {0};
    for (uint64_t i = 0; i < 50000; i++) {
        int64_t value = mr_draw_from(&plain, &uniform, MR_DRAW_LATENCY, 1, i);
        assert_in_range(value + 2, 0, 4);
        counts[value + 2]++;
    }
    for (int i = 0; i < 5; i++) assert_in_range(counts[i], 9500, 10500);
    struct mr_distribution all = mr_distribution_uniform(INT64_MIN, INT64_MAX);
    assert_true(mr_draw_from(&plain, &all, MR_DRAW_LATENCY, 1, 1) !=
                mr_draw_from(&plain, &all, MR_DRAW_LATENCY, 1, 2));
}

/* The two parts are even in themselves: what decides between them does not colour the value. */
static void a_bimodal_draw_is_one_of_two(void **state)
{
    (void)state;
    struct mr_distribution fast = mr_distribution_uniform(0, 99);
    struct mr_distribution slow = mr_distribution_uniform(1000, 1099);
    struct mr_distribution both = {.kind = MR_DISTRIBUTION_BIMODAL,
        .max = 1099,
        .ratio = {9, 10},
        .first = &fast,
        .second = &slow};
    int n_slow = 0, n_low[2] = {0};
    for (uint64_t i = 0; i < 100000; i++) {
        int64_t value = mr_draw_from(&plain, &both, MR_DRAW_LATENCY, 1, i);
        bool is_slow = value >= 1000;
        n_slow += is_slow;
        n_low[is_slow] += value % 1000 < 50;
    }
    assert_in_range(n_slow, 9600, 10400);
    assert_in_range(n_low[0], 44000, 46000);
    assert_in_range(n_low[1], 4700, 5300);
}

static void a_table_is_linear_between_its_quantiles(void **state)
{
    (void)state;
    static const int64_t quantiles[] = {-100, 0, 0, 1000};
    struct mr_distribution distribution = {.kind = MR_DISTRIBUTION_TABLE,
        .min = -100,
        .max = 1000,
        .quantiles = quantiles,
        .n_quantiles = 4};
    int64_t *values = draw_sorted(&distribution);
    assert_in_range(values[DRAWS / 6] + 100, 49, 51);
    assert_int_equal(values[DRAWS / 2], 0);
    assert_in_range(values[DRAWS / 6 * 5], 490, 510);
    assert_in_range(values[DRAWS - 1], 998, 1000);
    free(values);
    distribution.n_quantiles = 1;
    assert_int_equal(mr_draw_from(&plain, &distribution, MR_DRAW_LATENCY, 1, 1), -100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exponential_draws_have_the_quantiles_of_the_formula),
        TEST(tables_are_the_same_on_every_machine),
        TEST(exponential_draws_are_shifted_by_the_minimum_and_cut_at_the_maximum),
        TEST(lognormal_draws_have_the_quantiles_of_the_formula),
        TEST(lognormal_draws_stay_in_their_range),
        TEST(huge_parameters_saturate),
        TEST(uniform_draws_meet_both_ends),
        TEST(a_bimodal_draw_is_one_of_two),
        TEST(a_table_is_linear_between_its_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
