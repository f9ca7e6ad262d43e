#include "scenarios/run/tally.h"

#include <string.h>

void mr_tally_init(struct mr_tally *tally, const struct mr_scenario *scenario, bool is_whole)
{
    memset(tally, 0, sizeof *tally);
    tally->scenario = scenario;
    tally->is_whole = is_whole;
}

/* Findings. */

static bool is_expected(const struct mr_scenario *scenario, const struct mr_witness *witness)
{
    const struct mr_expectation *expect = &scenario->expect;
    return expect->is_failure && expect->check == witness->check &&
           expect->verdict == witness->verdict;
}

bool mr_run_is_unexpected(
    const struct mr_scenario *scenario, const struct mr_run_result *result)
{
    for (uint32_t i = 0; i < result->n_findings; i++)
        if (!is_expected(scenario, &result->findings[i])) return true;
    return false;
}

static bool comes_before(const struct mr_tally_finding *a, const struct mr_tally_finding *b)
{
    if (a->first_seed != b->first_seed) return a->first_seed < b->first_seed;
    if (a->check != b->check) return a->check < b->check;
    return a->verdict < b->verdict;
}

static uint32_t find(const struct mr_tally *tally, const struct mr_witness *witness)
{
    uint32_t i = 0;
    while (i < tally->n_findings && (tally->findings[i].check != witness->check ||
                                        tally->findings[i].verdict != witness->verdict))
        i++;
    return i;
}

static void add_finding(struct mr_tally *tally, const struct mr_run_result *result, uint32_t n)
{
    const struct mr_witness *witness = &result->findings[n];
    uint32_t at = find(tally, witness);
    struct mr_tally_finding *finding = &tally->findings[at];
    if (at == tally->n_findings) {
        MR_ASSERT(at < MR_TALLY_FINDINGS_MAX);
        *finding = (struct mr_tally_finding){.check = witness->check,
            .verdict = witness->verdict,
            .is_expected = is_expected(tally->scenario, witness),
            .first_seed = UINT64_MAX};
        tally->n_findings++;
    }
    finding->seeds++;
    finding->count += result->finding_counts[n];
    if (finding->seeds > 1 && result->seed >= finding->first_seed) return;
    finding->first_seed = result->seed;
    finding->witness = *witness;
    for (; at > 0 && comes_before(&tally->findings[at], &tally->findings[at - 1]); at--) {
        struct mr_tally_finding moved = tally->findings[at];
        tally->findings[at] = tally->findings[at - 1];
        tally->findings[at - 1] = moved;
    }
}

/* Sums. */

static void add_counts(struct mr_checks_counts *sum, const struct mr_checks_counts *counts)
{
    sum->rows_read += counts->rows_read;
    sum->rows_folded += counts->rows_folded;
    sum->rows_matched += counts->rows_matched;
    sum->rows_dropped += counts->rows_dropped;
    sum->checkpoints += counts->checkpoints;
    sum->restores += counts->restores;
    sum->restarts += counts->restarts;
    sum->cut_entries += counts->cut_entries;
    sum->messages += counts->messages;
    sum->transactions += counts->transactions;
}

void mr_tally_add(struct mr_tally *tally, const struct mr_run_result *result)
{
    tally->seeds++;
    if (result->n_findings == 0)
        tally->passed++;
    else if (mr_run_is_unexpected(tally->scenario, result))
        tally->unexpected++;
    else
        tally->expected++;
    tally->steps += result->steps;
    tally->virtual_ns = mr_add_saturating(tally->virtual_ns, result->virtual_ns);
    add_counts(&tally->counts, &result->counts);
    tally->seeds_restored += result->counts.restores > 0;
    tally->sometimes |= result->sometimes;
    tally->faults_struck |= result->faults_struck;
    for (uint32_t i = 0; i < 64; i++) tally->fault_seeds[i] += result->faults_struck >> i & 1;
    tally->universe_failures += result->universe_failures;
    tally->crash_points += result->crash_points;
    tally->crash_points_failed += result->crash_points_failed;
    tally->crash_steps += result->crash_steps;
    for (uint32_t i = 0; i < result->n_findings; i++) add_finding(tally, result, i);
}

void mr_tally_add_lost(struct mr_tally *tally, struct mr_lost_seed lost)
{
    uint64_t kept = tally->n_lost < MR_TALLY_LOST_MAX ? tally->n_lost : MR_TALLY_LOST_MAX;
    tally->n_lost++;
    uint64_t at = kept;
    while (at > 0 && tally->lost[at - 1].seed > lost.seed) at--;
    for (uint64_t i = kept < MR_TALLY_LOST_MAX ? kept : kept - 1; i > at; i--)
        tally->lost[i] = tally->lost[i - 1];
    if (at < MR_TALLY_LOST_MAX) tally->lost[at] = lost;
}

/* Verdicts. */

uint64_t mr_tally_missed(const struct mr_tally *tally)
{
    uint64_t demanded = 0;
    if (!tally->is_whole) return 0;
    for (uint32_t i = 0; i < tally->scenario->n_sometimes; i++)
        demanded |= UINT64_C(1) << tally->scenario->sometimes[i];
    return demanded & ~tally->sometimes;
}

bool mr_tally_expectation_holds(const struct mr_tally *tally)
{
    const struct mr_expectation *expect = &tally->scenario->expect;
    if (!expect->is_failure || !tally->is_whole) return true;
    for (uint32_t i = 0; i < tally->n_findings; i++)
        if (tally->findings[i].is_expected)
            return tally->findings[i].seeds >= expect->seeds_at_least;
    return expect->seeds_at_least == 0;
}

enum mr_tally_verdict mr_tally_verdict(const struct mr_tally *tally)
{
    bool has_failed = mr_tally_missed(tally) != 0 || !mr_tally_expectation_holds(tally);
    bool has_limit = false;
    for (uint32_t i = 0; i < tally->n_findings; i++) {
        if (tally->findings[i].is_expected) continue;
        if (tally->findings[i].verdict == MR_VERDICT_LIMIT)
            has_limit = true;
        else
            has_failed = true;
    }
    if (tally->n_lost > 0) return MR_TALLY_LOST;
    if (tally->diverged > 0 || tally->universe_failures > 0) return MR_TALLY_DIVERGED;
    if (has_failed) return MR_TALLY_FAILED;
    return has_limit ? MR_TALLY_LIMIT : MR_TALLY_PASSED;
}

int mr_tally_exit_code(const struct mr_tally *const *tallies, size_t n_tallies)
{
    static const struct {
        enum mr_tally_verdict verdict;
        int code;
    } worst_first[] = {
        {MR_TALLY_LOST, 3}, {MR_TALLY_DIVERGED, 6}, {MR_TALLY_FAILED, 1}, {MR_TALLY_LIMIT, 5}};
    for (size_t k = 0; k < sizeof worst_first / sizeof worst_first[0]; k++)
        for (size_t i = 0; i < n_tallies; i++)
            if (mr_tally_verdict(tallies[i]) == worst_first[k].verdict)
                return worst_first[k].code;
    return 0;
}
