/* A suite: the scenarios of one `millrace test`, each over its seeds, and what came of them. */
#ifndef MR_CLI_SUITE_H
#define MR_CLI_SUITE_H

#include "cli/campaign.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "replay/store.h"

struct mr_suite_options {
    struct mr_seed_choice seeds;
    uint32_t jobs;
    enum mr_plant plant;
    uint32_t universe_trials;
    bool tries_crash_points;
    mr_ns crash_restart_after_ns;
    struct mr_surroundings surroundings;
    bool is_twice;
    bool is_verbose;    /* a line for each seed */
    bool is_quiet;      /* nothing but failures */
    bool keeps_results; /* for records */
};

/* What is known of a seed after the campaign. */
enum mr_seed_state { MR_SEED_OPEN, MR_SEED_DONE, MR_SEED_LOST };
struct mr_seed_note {
    enum mr_seed_state state;
    bool is_diverged; /* its second run differed */
    uint64_t digest;
    uint64_t steps;
    struct mr_run_result *result; /* its findings and no more; NULL unless keeps_results */
};

/* One scenario of the suite. */
struct mr_suite_entry {
    const struct mr_scenario *scenario;
    uint64_t first_seed;
    uint64_t last_seed;
    struct mr_seed_note *notes; /* [last_seed - first_seed + 1] */
    struct mr_tally tally;
    double seconds; /* of wall time */
};

/* Which seeds the scenario runs over; sets up an empty entry. */
void mr_suite_entry_init(struct mr_suite_entry *entry, const struct mr_scenario *scenario,
    const struct mr_suite_options *options);
/* Accepts a zeroed entry. */
void mr_suite_entry_deinit(struct mr_suite_entry *entry);
/* The campaign of an entry as the options have it. */
struct mr_campaign mr_suite_campaign(
    const struct mr_suite_entry *entry, const struct mr_suite_options *options);
/* Runs all its seeds; with is_twice in two surroundings. Says what differed in `text`. Ends
 * early when a signal comes. Errors: IO. */
MR_MUST_CHECK bool mr_suite_run(struct mr_suite_entry *entry,
    const struct mr_suite_options *options, struct mr_progress *progress, struct mr_text *text,
    struct mr_err *err);

#endif
