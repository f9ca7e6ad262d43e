/* Every pipeline under every mix of faults, over some seeds: no check fires but where it is
 * meant to. MR_STRESS_SEEDS=N runs more seeds than the few; MR_STRESS_FOLDER=DIR writes the
 * files for the binary as well. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/stress_run.h"

enum { SEEDS = 2, FAILURES_MAX = 20, UNIVERSE_TRIALS = 2, OUTAGE_SEEDS = 20 };

/* Of all runs with checks. */
struct campaign {
    uint64_t seeds; /* 0: it has not run yet */
    uint64_t runs;
    uint64_t failures;
    uint64_t sometimes;
    uint64_t faults_struck[STRESS_MIXES];
    uint32_t n_faults[STRESS_MIXES];
    uint64_t meant[STRESS_PIPELINES];
    uint64_t matched[STRESS_PIPELINES];
    uint64_t restores;
};

static struct campaign campaign;
static struct stress stress;

/* Where a test has failed, the run is still open. */
static int tear_down(void **state)
{
    (void)state;
    stress_close(&stress);
    return 0;
}

static uint64_t seeds_wanted(void)
{
    const char *text = getenv("MR_STRESS_SEEDS");
    uint64_t seeds = text ? strtoull(text, NULL, 10) : SEEDS;
    return seeds > 0 ? seeds : SEEDS;
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void write_files(void)
{
    const char *folder = getenv("MR_STRESS_FOLDER");
    if (!folder) return;
    char pipeline[128];
    snprintf(pipeline, sizeof pipeline, "%s.yaml", stress.pipeline->name);
    write_file(folder, pipeline, stress.pipeline->text);
    if (stress.pipeline->services) write_file(folder, "names.csv", stress_table);
    write_file(folder, stress.name, stress.text);
}

static void count_run(uint32_t pipeline, uint32_t mix)
{
    const struct mr_run_result *result = &stress.result;
    campaign.runs++;
    campaign.sometimes |= result->sometimes;
    campaign.faults_struck[mix] |= result->faults_struck;
    campaign.n_faults[mix] = stress.scenario->n_faults;
    campaign.matched[pipeline] += result->counts.rows_matched;
    campaign.restores += result->counts.restores;
    for (uint32_t i = 0; i < result->n_findings; i++)
        campaign.meant[pipeline] += stress_is_meant(&stress, &result->findings[i]);
}

static void run_seeds(uint32_t pipeline, uint32_t mix)
{
    stress_open(&stress, &stress_pipelines[pipeline], &stress_mixes[mix]);
    write_files();
    for (uint64_t seed = 1; seed <= campaign.seeds; seed++) {
        struct mr_run_options options = {.seed = seed};
        campaign.failures += !stress_run(&stress, &options);
        count_run(pipeline, mix);
        if (campaign.failures >= FAILURES_MAX) break;
    }
    stress_close(&stress);
}

/* The runs that several tests look at: made by the first of them. */
static const struct campaign *whole_campaign(void)
{
    if (campaign.seeds > 0) return &campaign;
    campaign.seeds = seeds_wanted();
    for (uint32_t pipeline = 0; pipeline < STRESS_PIPELINES; pipeline++)
        for (uint32_t mix = 0; mix < STRESS_MIXES; mix++)
            if (campaign.failures < FAILURES_MAX) run_seeds(pipeline, mix);
    printf("%llu runs, %llu restores\n", (unsigned long long)campaign.runs,
        (unsigned long long)campaign.restores);
    return &campaign;
}

static void no_check_fires_but_where_it_is_meant_to(void **state)
{
    (void)state;
    assert_int_equal(whole_campaign()->failures, 0);
}

/* A mix that never strikes, or a check that cannot fire, proves nothing. */
static void every_fault_strikes_and_every_milestone_is_reached(void **state)
{
    (void)state;
    const struct campaign *all = whole_campaign();
    for (uint32_t mix = 0; mix < STRESS_MIXES; mix++)
        for (uint32_t i = 0; i < all->n_faults[mix]; i++)
            if (!(all->faults_struck[mix] >> i & 1))
                fail_msg("fault %u of '%s' never struck", i + 1, stress_mixes[mix].name);
    for (uint32_t i = 0; i < MR_SOMETIMES_COUNT; i++)
        if (!(all->sometimes >> i & 1))
            fail_msg("'%s' was never reached", mr_sometimes[i].name);
    assert_true(all->restores > all->runs / 2);
}

static void every_pipeline_delivers_and_fails_as_it_is_meant_to(void **state)
{
    (void)state;
    const struct campaign *all = whole_campaign();
    for (uint32_t i = 0; i < STRESS_PIPELINES; i++) {
        if (all->matched[i] == 0)
            fail_msg("no row of '%s' was compared", stress_pipelines[i].name);
        if (stress_pipelines[i].meant != MR_VERDICT_PASS && all->meant[i] == 0)
            fail_msg("'%s' never gave %s", stress_pipelines[i].name,
                mr_verdict_name(stress_pipelines[i].meant));
    }
}

/* As in every log of that kind: the outage must be shorter than the time-out. */
static void an_outage_longer_than_the_transaction_timeout_loses_rows(void **state)
{
    (void)state;
    static const struct stress_mix mix = {.name = "outage",
        .cluster = {.transaction_timeout = "1s"},
        .faults = CRASH_AT(ANY, "sink.before_commit", "30", "2s")};
    uint32_t n_losses = 0;
    stress_open(&stress, &stress_pipelines[0], &mix);
    for (uint64_t seed = 1; seed <= OUTAGE_SEEDS; seed++) {
        struct mr_run_options options = {.seed = seed};
        mr_run(stress.arena, stress.scenario, &options, &stress.result);
        for (uint32_t i = 0; i < stress.result.n_findings; i++) {
            const struct mr_witness *finding = &stress.result.findings[i];
            n_losses += finding->verdict == MR_VERDICT_LOSS;
            if (finding->verdict == MR_VERDICT_LOSS)
                assert_non_null(strstr(finding->cause, "timed out"));
            else
                assert_int_equal(finding->verdict, MR_VERDICT_STUCK); /* it fails for good */
        }
    }
    assert_true(n_losses > OUTAGE_SEEDS / 2);
    stress_close(&stress);
}

static void compare_without_checks(uint64_t seed)
{
    struct mr_run_options options = {.seed = seed};
    mr_run(stress.arena, stress.scenario, &options, &stress.result);
    uint64_t digest = stress.result.digest, steps = stress.result.steps;
    options.has_no_checks = true;
    mr_run(stress.arena, stress.scenario, &options, &stress.result);
    if (stress.result.digest == digest && stress.result.steps == steps) return;
    stress_tell(&stress, "the checks change the run", stress.result.last_step);
    fail();
}

static void the_checks_do_not_change_a_run(void **state)
{
    (void)state;
    for (uint32_t pipeline = 0; pipeline < STRESS_PIPELINES; pipeline++)
        for (uint32_t mix = 0; mix < STRESS_MIXES; mix++) {
            stress_open(&stress, &stress_pipelines[pipeline], &stress_mixes[mix]);
            compare_without_checks(1);
            stress_close(&stress);
        }
}

static void go_back_in_time(uint64_t seed)
{
    struct mr_run_options options = {.seed = seed};
    mr_run(stress.arena, stress.scenario, &options, &stress.result);
    uint64_t digest = stress.result.digest;
    options.universe_trials = UNIVERSE_TRIALS;
    mr_run(stress.arena, stress.scenario, &options, &stress.result);
    if (stress.result.universe_failures == 0 && stress.result.digest == digest) return;
    stress_tell(&stress, "going back in time changes the run", stress.result.last_step);
    fail();
}

static void a_run_that_goes_back_in_time_is_the_same(void **state)
{
    (void)state;
    for (uint32_t pipeline = 0; pipeline < STRESS_PIPELINES; pipeline++)
        for (uint32_t mix = 0; mix < STRESS_MIXES; mix++) {
            stress_open(&stress, &stress_pipelines[pipeline], &stress_mixes[mix]);
            go_back_in_time(2);
            stress_close(&stress);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(no_check_fires_but_where_it_is_meant_to, tear_down),
        cmocka_unit_test_teardown(
            every_fault_strikes_and_every_milestone_is_reached, tear_down),
        cmocka_unit_test_teardown(
            every_pipeline_delivers_and_fails_as_it_is_meant_to, tear_down),
        cmocka_unit_test_teardown(
            an_outage_longer_than_the_transaction_timeout_loses_rows, tear_down),
        cmocka_unit_test_teardown(the_checks_do_not_change_a_run, tear_down),
        cmocka_unit_test_teardown(a_run_that_goes_back_in_time_is_the_same, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
