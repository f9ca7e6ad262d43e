/* Records: which seeds are worth one in full, and the runs that make it. */
#ifndef MR_CLI_RECORDING_H
#define MR_CLI_RECORDING_H

#include "cli/suite.h"

/* The manifest of a seed as YAML, with paths that lead from the folder of `beside`. */
MR_MUST_CHECK bool mr_recording_manifest(struct mr_text *out,
    const struct mr_scenario *scenario, uint64_t seed, const char *beside, struct mr_err *err);
/* Runs a seed, which was added as `run` before, once more and records all of it. `before` is
 * its result. Recording needs memory of its own: unless the run is one that exhausts its memory
 * it gets more than the scenario allows. *is_same: it was the same run (one that exhausts its
 * memory does so earlier now, and is not compared). Errors: IO: no memory for the arena. */
MR_MUST_CHECK bool mr_recording_run(struct mr_store *store, int64_t run,
    const struct mr_scenario *scenario, const struct mr_run_options *options,
    const struct mr_run_result *before, bool *is_same, struct mr_err *err);

enum mr_recording_choice {
    MR_RECORD_NONE,  /* only the row of each seed */
    MR_RECORD_FIRST, /* the first failing seed of each verdict and a few unexpected ones; a
                        passing one when all passed */
    MR_RECORD_ALL,   /* every seed with a finding */
};
/* Adds an entry of a suite to the record. A run that is not the same when it is recorded is
 * counted as diverged, and told in `text`. Errors: IO. */
MR_MUST_CHECK bool mr_recording_add(struct mr_store *store, struct mr_suite_entry *entry,
    const struct mr_suite_options *options, enum mr_recording_choice choice,
    struct mr_text *text, struct mr_err *err);

#endif
