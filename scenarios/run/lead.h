/* The hand that leads a stepped run: it feeds inputs, moves virtual time, asks for checkpoints
 * and strikes workers down, each time until all is quiet again; and it hears what comes out.
 *
 * The world takes no time (scenarios/language/calm.c): whatever follows from a step happens at
 * the instant of the step, and only mr_lead_advance moves on. */
#ifndef MR_SCENARIOS_RUN_LEAD_H
#define MR_SCENARIOS_RUN_LEAD_H

#include "engine/batch/batch.h"
#include "scenarios/run/run.h"

struct run;
struct mr_lead;

/* A row that a sink has emitted, before anything is committed. */
struct mr_outcome {
    struct mr_outcome *next;
    uint32_t topic;
    mr_us time_us;
    bool has_window;
    mr_us window_start_us;
    mr_us window_end_us;
    struct mr_pane pane;
    int kind;              /* enum mr_row_kind */
    struct mr_value row[]; /* with its texts behind it */
};

struct mr_lead *mr_lead_new(struct run *run);
/* Hangs it between the broker and `next`; and beside the checks. */
const struct mr_broker_tap *mr_lead_tap(struct mr_lead *lead, const struct mr_broker_tap *next);
void mr_lead_watch(struct mr_lead *lead, struct mr_checks_config *config);
/* The faults by which it strikes: one for each worker, in the place of those of the manifest.
 */
void mr_lead_arm(struct mr_lead *lead, struct mr_manifest *manifest);

/* Lets happen what happens by itself at this instant. All below end with it. False: the run has
 * ended, see mr_lead_end. */
bool mr_lead_settle(struct mr_lead *lead, struct mr_run_result *result);
enum mr_run_end mr_lead_end(const struct mr_lead *lead);
/* Hands in without settling. Rows without a time have the instant's. */
void mr_lead_add(struct mr_lead *lead, uint32_t topic, uint32_t partition,
    const struct mr_value *row, bool has_time, mr_us time_us);
void mr_lead_mark(
    struct mr_lead *lead, uint32_t topic, uint32_t partition, mr_us watermark_us, bool is_idle);
/* What was handed in is there. */
bool mr_lead_feed(struct mr_lead *lead, struct mr_run_result *result);
bool mr_lead_advance(struct mr_lead *lead, mr_ns span_ns, struct mr_run_result *result);
/* *is_done: it has completed. */
bool mr_lead_checkpoint(struct mr_lead *lead, bool *is_done, struct mr_run_result *result);
/* All workers crash, and the job goes on from the last checkpoint. */
bool mr_lead_restore(struct mr_lead *lead, bool *is_done, struct mr_run_result *result);
mr_ns mr_lead_now(const struct mr_lead *lead);

/* What came out of a topic since it was taken last, in order of arrival; NULL: nothing. */
struct mr_outcome *mr_lead_fresh(const struct mr_lead *lead, uint32_t topic);
/* They are somebody's: they are not fresh any more, nor when a restore makes them come again.
 */
void mr_lead_take(struct mr_lead *lead, uint32_t topic);

/* The first fresh one, which is taken; NULL: there is none. */
const struct mr_outcome *mr_lead_take_one(struct mr_lead *lead, uint32_t topic);

/* A state that the last checkpoint stored, in the order of the subtasks; see
 * mr_lead_checkpoint. */
struct mr_stored {
    struct mr_stored *next;
    uint32_t transform;
    uint32_t bytes;
    unsigned char state[];
};
const struct mr_stored *mr_lead_stored(const struct mr_lead *lead);

#endif
