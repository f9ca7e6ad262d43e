#include "tests/test.h"

#include <string.h>

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

/* Computed apart, with integers of any length. */
static void the_same_key_is_the_same_number_on_every_machine(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        enum mr_domain domain;
        uint32_t name;
        uint64_t occurrence, expected;
    } golden[] = {
        {1, MR_DRAW_LATENCY, 0, 0, 0xd5f12d81d78cb4a3},
        {1, MR_DRAW_STREAM, 0x12345678, 7, 0xbf2f56bdcdad22da},
        {0xa0761d6478bd642f, MR_DRAW_UNIVERSE, 1, 2, 0xe5aedede7493ffbb},
        {UINT64_MAX, MR_DRAW_CHANCE, UINT32_MAX, UINT64_MAX, 0xee56135a0d6297aa},
    };
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        struct mr_draws draws = {.seed = golden[i].seed};
        uint64_t drawn =
            mr_draw(&draws, golden[i].domain, golden[i].name, golden[i].occurrence);
        assert_true(drawn == golden[i].expected);
    }
}

enum { CELLS = 256, SAMPLES = CELLS * 400 };

/* Chi-square of 255 degrees of freedom: 255 expected, 22.6 its deviation; 370 is five of them.
 */
static void assert_even(const uint32_t counts[CELLS])
{
    double chi_square = 0;
    for (int i = 0; i < CELLS; i++) {
        double difference = (double)counts[i] - SAMPLES / CELLS;
        chi_square += difference * difference / ((double)SAMPLES / CELLS);
    }
    assert_true(chi_square < 370);
    assert_true(chi_square > 150);
}

/* `walk` says which part of the key counts up; all else stays. */
static uint64_t walk_key(int walk, uint64_t i, uint64_t stride)
{
    struct mr_draws draws = {.seed = walk == 0 ? i * stride : 1};
    uint32_t name = walk == 1 ? (uint32_t)(i * stride) : 99;
    return mr_draw(&draws, MR_DRAW_STREAM, name, walk == 2 ? i * stride : 3);
}

static void draws_are_even_whichever_part_of_the_key_counts_up(void **state)
{
    (void)state;
    static const uint64_t strides[] = {1, 256, 1 << 13};
    for (int walk = 0; walk < 3; walk++) {
        for (int s = 0; s < 3; s++) {
            for (int shift = 0; shift < 64; shift += 8) {
                uint32_t counts[CELLS] = {0};
                for (uint64_t i = 0; i < SAMPLES; i++)
                    counts[walk_key(walk, i, strides[s]) >> shift & 255]++;
                assert_even(counts);
            }
        }
    }
}

/* Four bits of one draw and four of the next, together in one cell. */
static void neighbouring_draws_do_not_depend_on_each_other(void **state)
{
    (void)state;
    for (int walk = 0; walk < 3; walk++) {
        for (int shift = 0; shift < 64; shift += 20) {
            uint32_t counts[CELLS] = {0};
            for (uint64_t i = 0; i < SAMPLES; i++)
                counts[(walk_key(walk, 2 * i, 1) >> shift & 15) << 4 |
                       (walk_key(walk, 2 * i + 1, 1) >> shift & 15)]++;
            assert_even(counts);
        }
    }
}

/* A seed that makes a factor of the first product zero must not make all names alike. */
static void no_seed_makes_names_alike(void **state)
{
    (void)state;
    struct mr_draws draws = {.seed = 0xa0761d6478bd642f};
    uint64_t first = mr_draw(&draws, MR_DRAW_FAULT, 1, 0);
    assert_true(first != mr_draw(&draws, MR_DRAW_FAULT, 2, 0));
    assert_true(first != mr_draw(&draws, MR_DRAW_CUT, 1, 0));
    assert_true(first != mr_draw(&draws, MR_DRAW_FAULT, 1, 1));
}

static void a_bounded_draw_meets_every_value_and_no_other(void **state)
{
    (void)state;
    uint32_t counts[10] = {0};
    bool met_min = false, met_max = false;
    for (uint64_t i = 0; i < 10000; i++) {
        uint64_t below = mr_draw_below(&plain, 10, MR_DRAW_FAULT, 5, i);
        assert_true(below < 10);
        counts[below]++;
        int64_t between = mr_draw_between(&plain, -3, 3, MR_DRAW_FAULT, 6, i);
        assert_true(between >= -3 && between <= 3);
        met_min = met_min || between == -3;
        met_max = met_max || between == 3;
    }
    for (int i = 0; i < 10; i++) assert_in_range(counts[i], 850, 1150);
    assert_true(met_min && met_max);
    assert_true(mr_draw_below(&plain, 1, MR_DRAW_FAULT, 5, 0) == 0);
    assert_true(mr_draw_between(&plain, 7, 7, MR_DRAW_FAULT, 5, 0) == 7);
}

static void the_widest_range_is_drawn_from_as_well(void **state)
{
    (void)state;
    int n_negative = 0;
    for (uint64_t i = 0; i < 1000; i++)
        n_negative += mr_draw_between(&plain, INT64_MIN, INT64_MAX, MR_DRAW_FAULT, 1, i) < 0;
    assert_in_range(n_negative, 420, 580);
    uint64_t large = 0;
    for (uint64_t i = 0; i < 1000; i++)
        large |= mr_draw_below(&plain, UINT64_MAX, MR_DRAW_FAULT, 1, i);
    assert_true(large >> 63);
}

static void a_probability_happens_as_often_as_it_says(void **state)
{
    (void)state;
    int n = 0, n_never = 0, n_always = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        n += mr_draw_happens(&plain, (struct mr_ratio){3, 1000}, MR_DRAW_CHANCE, 4, i);
        n_never += mr_draw_happens(&plain, (struct mr_ratio){0, 5}, MR_DRAW_CHANCE, 4, i);
        n_always += mr_draw_happens(&plain, (struct mr_ratio){5, 5}, MR_DRAW_CHANCE, 4, i);
    }
    assert_in_range(n, 230, 370);
    assert_int_equal(n_never, 0);
    assert_int_equal(n_always, 100000);
}

static const struct mr_override table[] = {
    {MR_DRAW_LATENCY, 1, 0, 11},
    {MR_DRAW_LATENCY, 2, 0, 12},
    {MR_DRAW_LATENCY, 2, 5, -13},
    {MR_DRAW_FAULT, 2, 0, 0},
    {MR_DRAW_STREAM, 2, 0, INT64_MAX},
};
static const struct mr_draws overridden = {.seed = 42, .overrides = table, .n_overrides = 5};

static void an_override_stands_for_the_draw_of_its_key_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_true(mr_draw(&overridden, table[i].domain, table[i].name, table[i].occurrence) ==
                    (uint64_t)table[i].value);
    for (enum mr_domain domain = 0; domain < MR_DOMAINS; domain++) {
        for (uint32_t name = 0; name < 4; name++) {
            for (uint64_t occurrence = 0; occurrence < 7; occurrence++) {
                bool is_listed = false;
                for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                    is_listed =
                        is_listed || (table[i].domain == domain && table[i].name == name &&
                                         table[i].occurrence == occurrence);
                if (is_listed) continue;
                assert_true(mr_draw(&overridden, domain, name, occurrence) ==
                            mr_draw(&plain, domain, name, occurrence));
            }
        }
    }
}

static void an_override_is_cut_to_the_range(void **state)
{
    (void)state;
    assert_true(mr_draw_below(&overridden, 100, MR_DRAW_LATENCY, 1, 0) == 11);
    assert_true(mr_draw_below(&overridden, 11, MR_DRAW_LATENCY, 1, 0) == 10);
    assert_true(mr_draw_below(&overridden, 11, MR_DRAW_LATENCY, 2, 5) == 0);
    assert_true(mr_draw_between(&overridden, 0, 20, MR_DRAW_LATENCY, 2, 0) == 12);
    assert_true(mr_draw_between(&overridden, 13, 20, MR_DRAW_LATENCY, 2, 0) == 13);
    assert_true(mr_draw_between(&overridden, -20, -14, MR_DRAW_LATENCY, 2, 5) == -14);
    struct mr_ratio always = {1, 1}, never = {0, 1};
    assert_false(mr_draw_happens(&overridden, always, MR_DRAW_FAULT, 2, 0));
    assert_true(mr_draw_happens(&overridden, never, MR_DRAW_LATENCY, 2, 5));
    struct mr_distribution constant = mr_distribution_constant(5);
    assert_true(mr_draw_from(&overridden, &constant, MR_DRAW_LATENCY, 1, 0) == 11);
    assert_true(mr_draw_from(&overridden, &constant, MR_DRAW_LATENCY, 3, 0) == 5);
}

/* Distributions. */

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
        TEST(the_same_key_is_the_same_number_on_every_machine),
        TEST(draws_are_even_whichever_part_of_the_key_counts_up),
        TEST(neighbouring_draws_do_not_depend_on_each_other),
        TEST(no_seed_makes_names_alike),
        TEST(a_bounded_draw_meets_every_value_and_no_other),
        TEST(the_widest_range_is_drawn_from_as_well),
        TEST(a_probability_happens_as_often_as_it_says),
        TEST(an_override_stands_for_the_draw_of_its_key_alone),
        TEST(an_override_is_cut_to_the_range),
        TEST(exponential_draws_have_the_quantiles_of_the_formula),
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
