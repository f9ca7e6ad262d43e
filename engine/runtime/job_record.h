/* What survives a coordinator: one object in the store, replaced as a whole by conditional
 * puts. */
#ifndef MR_ENGINE_RUNTIME_JOB_RECORD_H
#define MR_ENGINE_RUNTIME_JOB_RECORD_H

#include "engine/runtime/job.h"

enum { MR_RETAINED_MAX = 32 }; /* largest mr_job.checkpoint_retention */

enum mr_record_state {
    MR_RECORD_RUNNING,
    MR_RECORD_STOPPED,
    MR_RECORD_FINISHED,
    MR_RECORD_FAILED
};

struct mr_retained {
    uint64_t checkpoint;
    uint32_t attempt; /* that took it */
    uint32_t zero;
};

struct mr_job_record {
    uint64_t last_command; /* tag of the last RESTART that was carried out */
    uint64_t rewound_to;   /* the newest checkpoint was gone back to, and none has completed
                              since; 0: no */
    uint32_t attempt;      /* highest that was ever begun */
    uint32_t state;        /* enum mr_record_state */
    uint32_t n_retained;
    uint32_t n_topics;
    uint32_t from_topics[MR_COMMAND_TOPICS_MAX];
    uint32_t to_topics[MR_COMMAND_TOPICS_MAX];
    struct mr_retained retained[MR_RETAINED_MAX]; /* oldest first; unused ones zero */
};
_Static_assert(sizeof(struct mr_job_record) == 96 + 16 * MR_RETAINED_MAX, "no padding");

/* The newest completed checkpoint; {0} when there is none. */
struct mr_retained mr_job_record_newest(const struct mr_job_record *record);
/* Adds a completed checkpoint. What falls out of the `retention` newest is written to
 * evicted[MR_RETAINED_MAX]; returns how many. */
uint32_t mr_job_record_add(struct mr_job_record *record, struct mr_retained done,
    uint32_t retention, struct mr_retained *evicted);
/* Goes back by `n` checkpoints: the newer ones are taken out, written to evicted[n]. False: so
 * many are not retained. */
bool mr_job_record_rewind(
    struct mr_job_record *record, uint32_t n, struct mr_retained *evicted);

/* Requests to the object store; the reply carries `tag`. */
struct mr_message *mr_job_record_get(struct mr_arena *arena, uint64_t tag);
struct mr_message *mr_job_record_put(struct mr_arena *arena, uint64_t tag,
    const struct mr_job_record *record, uint64_t expected_version);
/* Deletes the state of one worker in a checkpoint. */
struct mr_message *mr_state_delete(
    struct mr_arena *arena, uint64_t tag, struct mr_retained of, uint32_t worker);

#endif
