/* The verdict over a campaign: what all seeds of a scenario found together, against what the
 * scenario expects. */
#ifndef MR_SCENARIOS_RUN_TALLY_H
#define MR_SCENARIOS_RUN_TALLY_H

#include "scenarios/run/run.h"

/* What a scenario's seeds amount to. Which of them came first does not matter to it. */
enum mr_tally_verdict {
    MR_TALLY_PASSED,
    MR_TALLY_FAILED,   /* a check found something that was not expected, or expected failures
                          stayed away */
    MR_TALLY_LIMIT,    /* no check failed, but a seed ran into its limits */
    MR_TALLY_LOST,     /* Millrace itself died over a seed */
    MR_TALLY_DIVERGED, /* two runs of one seed differed */
};

/* All findings of one (check, verdict). */
struct mr_tally_finding {
    enum mr_check check;
    enum mr_verdict verdict;
    bool is_expected; /* the failure that `expect` names */
    uint64_t seeds;   /* in which it was found */
    uint64_t count;   /* how often, over all seeds */
    uint64_t first_seed;
    struct mr_witness witness; /* of the first seed */
};

/* Room for every (check, verdict) that there is. */
enum { MR_TALLY_FINDINGS_MAX = (int)MR_CHECKS * (int)MR_VERDICTS, MR_TALLY_LOST_MAX = 16 };
struct mr_lost_seed {
    uint64_t seed;
    int signal; /* 0: it exited by itself with `code` */
    int code;
};

struct mr_tally {
    const struct mr_scenario *scenario;
    bool is_whole;  /* every seed that the scenario asks for has been asked for: `expect` can be
                       judged */
    uint64_t seeds; /* that ran to their end */
    uint64_t passed;   /* without any finding */
    uint64_t expected; /* with the expected finding, and no other */
    uint64_t unexpected;
    uint64_t steps; /* sums over the seeds */
    mr_ns virtual_ns;
    struct mr_checks_counts counts;
    uint64_t seeds_restored;  /* with at least one restore from a checkpoint */
    uint64_t sometimes;       /* bit i: milestone i was reached in some seed */
    uint64_t faults_struck;   /* bit i: fault i struck in some seed */
    uint64_t fault_seeds[64]; /* in how many seeds fault i struck */
    uint64_t universe_failures;
    uint64_t crash_points; /* tried, and those that failed */
    uint64_t crash_points_failed;
    uint64_t crash_steps; /* events of all their runs */
    uint64_t diverged;
    uint32_t n_findings;
    struct mr_tally_finding findings[MR_TALLY_FINDINGS_MAX]; /* in order of their first seed */
    uint64_t n_lost;
    struct mr_lost_seed lost[MR_TALLY_LOST_MAX]; /* the first of them by seed */
};

void mr_tally_init(struct mr_tally *tally, const struct mr_scenario *scenario, bool is_whole);
/* Results may come in any order of seeds; the tally is the same. */
void mr_tally_add(struct mr_tally *tally, const struct mr_run_result *result);
void mr_tally_add_lost(struct mr_tally *tally, struct mr_lost_seed lost);

/* Whether a seed found something beside what `expect` names. */
bool mr_run_is_unexpected(
    const struct mr_scenario *scenario, const struct mr_run_result *result);

enum mr_tally_verdict mr_tally_verdict(const struct mr_tally *tally);
/* The milestones that the scenario demands and no seed reached: bit i. Judged only when
 * is_whole. */
uint64_t mr_tally_missed(const struct mr_tally *tally);
/* Whether the expected failure came in as many seeds as the scenario states; true when none is
 * expected or the campaign is not whole. */
bool mr_tally_expectation_holds(const struct mr_tally *tally);
/* The exit code of several scenarios: 3 before 6 before 1 before 5 (internal error, divergence,
 * failure, limits). */
int mr_tally_exit_code(const struct mr_tally *const *tallies, size_t n_tallies);

#endif
