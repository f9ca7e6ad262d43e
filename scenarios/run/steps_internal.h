/* What the files that play steps share. */
#ifndef MR_SCENARIOS_RUN_STEPS_INTERNAL_H
#define MR_SCENARIOS_RUN_STEPS_INTERNAL_H

#include "scenarios/language/interleaving.h"
#include "scenarios/run/lead.h"
#include "scenarios/run/run_internal.h"
#include "scenarios/run/steps.h"

struct mr_playing {
    struct run *run;
    struct mr_lead *lead;
    struct mr_run_result *result;
    const struct mr_scenario *scenario;
    const struct mr_test_step *step;
    uint64_t *n_rows; /* [n_topics]: handed in: they go to the channels by turns */
    struct mr_interleaving interleaving;
    uint32_t segment; /* the next one */
    uint64_t rank;    /* of the merges of the segments to come; with is_drawn: not used */
    bool is_drawn;
    uint64_t n_draws;
    bool has_failed;
    struct mr_witness failure; /* the last one */
};

void mr_playing_begin(struct mr_playing *playing, struct run *run, struct mr_run_result *result);
/* False, here and below: the run has ended. Whether the step has failed says has_failed. */
bool mr_play(struct mr_playing *playing, const struct mr_test_step *step);
/* What came out and nobody claimed is a failure; a last checkpoint commits all, for the checks. */
bool mr_playing_finish(struct mr_playing *playing);

/* The step has failed: `what` is the sentence behind its place. The rest of `failure` is the
 * caller's to fill, then it is to be told. */
void mr_step_failed(struct mr_playing *playing, const char *what);
void mr_step_tell(struct mr_playing *playing);

void mr_play_expect(struct mr_playing *playing);
/* `is_end`: of all outputs, behind the last step. */
void mr_play_expect_none(struct mr_playing *playing, bool is_end);
bool mr_play_expect_state(struct mr_playing *playing);
bool mr_play_checkpoint(struct mr_playing *playing);
void mr_play_row(struct mr_playing *playing, const struct mr_test_step *step, uint32_t row,
    uint32_t channel);
/* The rows and marks of a segment in the order of this run's interleaving. */
bool mr_play_segment(struct mr_playing *playing, const struct mr_segment *segment);

#endif
