#include "tests/test.h"

#include <string.h>

#include "base/alloc.h"
#include "scenarios/run/tally.h"

/* A scenario of which only what a tally looks at is filled. */
struct bench {
    struct mr_scenario scenario;
    struct mr_tally tally;
    struct mr_run_result result;
};

static int set_up(void **state)
{
    struct bench *bench = mr_alloc(sizeof *bench);
    bench->scenario = (struct mr_scenario){.name = "x", .seeds = 10, .first_seed = 1};
    mr_tally_init(&bench->tally, &bench->scenario, true);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    mr_free(*state);
    return 0;
}

/* A result of `seed`, so far without findings. */
static struct mr_run_result *begin(struct bench *bench, uint64_t seed)
{
    memset(&bench->result, 0, sizeof bench->result);
    bench->result.seed = seed;
    bench->result.steps = 100 + seed;
    bench->result.virtual_ns = 1000;
    return &bench->result;
}

static void find(struct mr_run_result *result, enum mr_check check, enum mr_verdict verdict)
{
    uint32_t i = result->n_findings++;
    result->finding_counts[i] = 2;
    result->findings[i].check = check;
    result->findings[i].verdict = verdict;
    result->findings[i].at_ns = (mr_ns)result->seed;
}

static void add_passing(struct bench *bench, uint64_t seed)
{
    mr_tally_add(&bench->tally, begin(bench, seed));
}

static void add_finding(
    struct bench *bench, uint64_t seed, enum mr_check check, enum mr_verdict verdict)
{
    find(begin(bench, seed), check, verdict);
    mr_tally_add(&bench->tally, &bench->result);
}

static int code_of(const struct bench *bench)
{
    const struct mr_tally *const tallies[] = {&bench->tally};
    return mr_tally_exit_code(tallies, 1);
}

static void expect_duplicates(struct bench *bench, uint32_t at_least)
{
    bench->scenario.expect = (struct mr_expectation){.is_failure = true,
        .check = MR_CHECK_EXACTLY_ONCE,
        .verdict = MR_VERDICT_DUPLICATE,
        .seeds_at_least = at_least};
}

static void seeds_without_findings_pass(void **state)
{
    struct bench *bench = *state;
    for (uint64_t seed = 1; seed <= 10; seed++) add_passing(bench, seed);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_PASSED);
    assert_int_equal(bench->tally.passed, 10);
    assert_int_equal(bench->tally.steps, 1055);
    assert_int_equal(bench->tally.virtual_ns, 10000);
    assert_int_equal(code_of(bench), 0);
}

static void a_finding_fails_and_names_its_first_seed(void **state)
{
    struct bench *bench = *state;
    add_finding(bench, 7, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    add_finding(bench, 3, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    add_finding(bench, 5, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_FAILED);
    assert_int_equal(code_of(bench), 1);
    assert_int_equal(bench->tally.unexpected, 3);
    assert_int_equal(bench->tally.n_findings, 1);
    const struct mr_tally_finding *finding = &bench->tally.findings[0];
    assert_int_equal(finding->first_seed, 3);
    assert_int_equal(finding->witness.at_ns, 3);
    assert_int_equal(finding->seeds, 3);
    assert_int_equal(finding->count, 6);
    assert_false(finding->is_expected);
}

static void add_numbered(struct bench *bench, uint64_t seed)
{
    static const enum mr_verdict verdicts[] = {
        MR_VERDICT_LOSS, MR_VERDICT_WRONG, MR_VERDICT_STUCK, MR_VERDICT_LIMIT};
    struct mr_run_result *result = begin(bench, seed);
    result->counts.rows_read = seed;
    result->counts.restores = seed % 3;
    result->sometimes = UINT64_C(1) << seed % 5;
    result->faults_struck = UINT64_C(1) << seed % 3;
    for (uint64_t i = 0; i < seed % 4; i++)
        find(result, MR_CHECK_EXACTLY_ONCE, verdicts[(seed + i) % 4]);
    mr_tally_add(&bench->tally, result);
    if (seed % 5 == 0)
        mr_tally_add_lost(
            &bench->tally, (struct mr_lost_seed){.seed = 1000 + seed, .signal = 11});
}

/* Once from the first seed to the last, then in another order: each byte is the same. */
static void the_order_of_seeds_does_not_matter(void **state)
{
    struct bench *bench = *state;
    enum { SEEDS = 101 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) add_numbered(bench, seed);
    struct mr_tally *first = mr_alloc(sizeof *first);
    *first = bench->tally;
    for (uint64_t factor = 2; factor < 100; factor += 13) {
        mr_tally_init(&bench->tally, &bench->scenario, true);
        for (uint64_t i = 0; i < SEEDS; i++) add_numbered(bench, i * factor % SEEDS);
        assert_int_equal(first->n_findings, bench->tally.n_findings);
        assert_true(first->n_findings > 3);
        for (uint32_t i = 0; i < first->n_findings; i++) {
            const struct mr_tally_finding *a = &first->findings[i];
            const struct mr_tally_finding *b = &bench->tally.findings[i];
            assert_int_equal(a->verdict, b->verdict);
            assert_int_equal(a->first_seed, b->first_seed);
            assert_int_equal(a->seeds, b->seeds);
            assert_int_equal(a->count, b->count);
            assert_int_equal(a->witness.at_ns, b->witness.at_ns);
        }
        assert_int_equal(first->n_lost, bench->tally.n_lost);
        assert_memory_equal(first->lost, bench->tally.lost, sizeof first->lost);
        assert_memory_equal(
            first->fault_seeds, bench->tally.fault_seeds, sizeof first->fault_seeds);
        assert_int_equal(first->seeds_restored, bench->tally.seeds_restored);
        assert_int_equal(first->counts.rows_read, bench->tally.counts.rows_read);
        assert_int_equal(first->sometimes, bench->tally.sometimes);
    }
    mr_free(first);
}

static void findings_stand_in_order_of_their_first_seed(void **state)
{
    struct bench *bench = *state;
    add_finding(bench, 9, MR_CHECK_ORDER, MR_VERDICT_REORDERED);
    add_finding(bench, 4, MR_CHECK_LIVENESS, MR_VERDICT_STUCK);
    add_finding(bench, 6, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    add_finding(bench, 2, MR_CHECK_ORDER, MR_VERDICT_REORDERED);
    assert_int_equal(bench->tally.n_findings, 3);
    assert_int_equal(bench->tally.findings[0].verdict, MR_VERDICT_REORDERED);
    assert_int_equal(bench->tally.findings[1].verdict, MR_VERDICT_STUCK);
    assert_int_equal(bench->tally.findings[2].verdict, MR_VERDICT_LOSS);
}

static void every_check_and_verdict_has_room(void **state)
{
    struct bench *bench = *state;
    uint64_t seed = 0;
    for (int check = 0; check < MR_CHECKS; check++)
        for (int verdict = 0; verdict < MR_VERDICTS; verdict++)
            add_finding(bench, ++seed, (enum mr_check)check, (enum mr_verdict)verdict);
    assert_int_equal(bench->tally.n_findings, MR_TALLY_FINDINGS_MAX);
}

static void an_expected_failure_is_a_pass(void **state)
{
    struct bench *bench = *state;
    expect_duplicates(bench, 2);
    add_passing(bench, 1);
    add_finding(bench, 2, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
    assert_false(mr_tally_expectation_holds(&bench->tally));
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_FAILED);
    add_finding(bench, 3, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
    assert_true(mr_tally_expectation_holds(&bench->tally));
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_PASSED);
    assert_int_equal(bench->tally.expected, 2);
    assert_int_equal(bench->tally.unexpected, 0);
    assert_true(bench->tally.findings[0].is_expected);
}

static void another_finding_beside_the_expected_one_fails(void **state)
{
    struct bench *bench = *state;
    expect_duplicates(bench, 1);
    find(begin(bench, 1), MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
    find(&bench->result, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_true(mr_run_is_unexpected(&bench->scenario, &bench->result));
    mr_tally_add(&bench->tally, &bench->result);
    assert_int_equal(bench->tally.unexpected, 1);
    assert_int_equal(bench->tally.expected, 0);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_FAILED);
}

static void the_same_verdict_of_another_check_is_not_expected(void **state)
{
    struct bench *bench = *state;
    expect_duplicates(bench, 0);
    add_finding(bench, 1, MR_CHECK_CONSERVATION, MR_VERDICT_DUPLICATE);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_FAILED);
}

static void a_part_of_the_seeds_leaves_the_expectation_unjudged(void **state)
{
    struct bench *bench = *state;
    static const enum mr_sometimes demanded[] = {MR_SOMETIMES_REWOUND};
    bench->scenario.sometimes = demanded;
    bench->scenario.n_sometimes = 1;
    expect_duplicates(bench, 5);
    mr_tally_init(&bench->tally, &bench->scenario, false);
    add_passing(bench, 1);
    assert_true(mr_tally_expectation_holds(&bench->tally));
    assert_int_equal(mr_tally_missed(&bench->tally), 0);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_PASSED);
}

static void a_milestone_that_no_seed_reached_fails(void **state)
{
    struct bench *bench = *state;
    static const enum mr_sometimes demanded[] = {
        MR_SOMETIMES_REWOUND, MR_SOMETIMES_HANDLER_CUT};
    bench->scenario.sometimes = demanded;
    bench->scenario.n_sometimes = 2;
    begin(bench, 1)->sometimes = UINT64_C(1) << MR_SOMETIMES_REWOUND;
    mr_tally_add(&bench->tally, &bench->result);
    assert_int_equal(mr_tally_missed(&bench->tally), UINT64_C(1) << MR_SOMETIMES_HANDLER_CUT);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_FAILED);
    begin(bench, 2)->sometimes = UINT64_C(1) << MR_SOMETIMES_HANDLER_CUT;
    mr_tally_add(&bench->tally, &bench->result);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_PASSED);
}

static void limits_alone_are_their_own_verdict(void **state)
{
    struct bench *bench = *state;
    add_finding(bench, 1, MR_CHECK_RUN, MR_VERDICT_LIMIT);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_LIMIT);
    assert_int_equal(code_of(bench), 5);
    add_finding(bench, 2, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_FAILED);
}

static void the_lost_seeds_that_are_kept_are_the_first(void **state)
{
    struct bench *bench = *state;
    for (uint64_t i = 0; i < 40; i++)
        mr_tally_add_lost(
            &bench->tally, (struct mr_lost_seed){.seed = 100 - i * 7 % 40, .signal = (int)i});
    assert_int_equal(bench->tally.n_lost, 40);
    for (uint64_t i = 0; i < MR_TALLY_LOST_MAX; i++)
        assert_int_equal(bench->tally.lost[i].seed, 61 + i);
    assert_int_equal(mr_tally_verdict(&bench->tally), MR_TALLY_LOST);
    assert_int_equal(code_of(bench), 3);
}

static void a_divergence_is_found_in_two_ways(void **state)
{
    struct bench *bench = *state;
    add_passing(bench, 1);
    bench->tally.diverged = 1;
    assert_int_equal(code_of(bench), 6);
    bench->tally.diverged = 0;
    assert_int_equal(code_of(bench), 0);
    begin(bench, 2)->universe_failures = 1;
    mr_tally_add(&bench->tally, &bench->result);
    assert_int_equal(code_of(bench), 6);
}

static void the_worst_scenario_decides_the_exit_code(void **state)
{
    struct bench *benches[4];
    (void)state;
    for (int i = 0; i < 4; i++) assert_int_equal(set_up((void **)&benches[i]), 0);
    add_finding(benches[0], 1, MR_CHECK_RUN, MR_VERDICT_LIMIT);
    add_finding(benches[1], 1, MR_CHECK_ORDER, MR_VERDICT_REORDERED);
    benches[2]->tally.diverged = 1;
    mr_tally_add_lost(&benches[3]->tally, (struct mr_lost_seed){.seed = 1, .code = 3});
    const struct mr_tally *tallies[4];
    static const int codes[] = {5, 1, 6, 3};
    assert_int_equal(mr_tally_exit_code(tallies, 0), 0);
    for (size_t i = 0; i < 4; i++) {
        tallies[i] = &benches[i]->tally;
        assert_int_equal(mr_tally_exit_code(tallies, i + 1), codes[i]);
    }
    for (int i = 0; i < 4; i++) tear_down((void **)&benches[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(seeds_without_findings_pass),
        TEST(a_finding_fails_and_names_its_first_seed),
        TEST(the_order_of_seeds_does_not_matter),
        TEST(findings_stand_in_order_of_their_first_seed),
        TEST(every_check_and_verdict_has_room),
        TEST(an_expected_failure_is_a_pass),
        TEST(another_finding_beside_the_expected_one_fails),
        TEST(the_same_verdict_of_another_check_is_not_expected),
        TEST(a_part_of_the_seeds_leaves_the_expectation_unjudged),
        TEST(a_milestone_that_no_seed_reached_fails),
        TEST(limits_alone_are_their_own_verdict),
        TEST(the_lost_seeds_that_are_kept_are_the_first),
        TEST(a_divergence_is_found_in_two_ways),
        cmocka_unit_test(the_worst_scenario_decides_the_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
