#include "tests/test.h"

#include "base/draw.h"

static const struct mr_draws plain = {.seed = 42};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_key_is_the_same_number_on_every_machine),
        cmocka_unit_test(draws_are_even_whichever_part_of_the_key_counts_up),
        cmocka_unit_test(neighbouring_draws_do_not_depend_on_each_other),
        cmocka_unit_test(no_seed_makes_names_alike),
        cmocka_unit_test(a_bounded_draw_meets_every_value_and_no_other),
        cmocka_unit_test(the_widest_range_is_drawn_from_as_well),
        cmocka_unit_test(a_probability_happens_as_often_as_it_says),
        cmocka_unit_test(an_override_stands_for_the_draw_of_its_key_alone),
        cmocka_unit_test(an_override_is_cut_to_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
