/* A task: one subtask of a stage. Takes messages from its channels in a legal order, aligns barriers, merges
 * watermarks, and pushes everything through its operators. */
#ifndef MR_ENGINE_RUNTIME_TASK_H
#define MR_ENGINE_RUNTIME_TASK_H

#include "engine/operators/operator.h"
#include "engine/runtime/gate.h"
#include "engine/runtime/protocol.h"
#include "engine/runtime/watermark.h"

/* The receiving end of a channel. */
struct mr_in_channel {
    const struct mr_exchange *exchange;
    uint32_t from; /* subtask at the other end */
    uint32_t connection; /* that its messages come by, and credit goes back on; 0: none yet */
    struct mr_message *queue_first; /* linked by message->world[0]: behind a barrier, or while the task is blocked */
    struct mr_message *queue_last;
    bool is_aligned;     /* its barrier of the checkpoint at hand has come: it waits for the others */
    uint32_t n_handled;  /* messages of rows since credit was last given back */
    uint64_t rows_received;
    struct mr_operator *operator; /* that its rows go to */
};

struct mr_worker;
struct mr_task {
    struct mr_task_context context;
    struct mr_worker *worker;
    const struct mr_stage *stage;
    uint32_t n_operators;
    struct mr_operator **operators; /* [n_operators], producers first */
    struct mr_operator *holder; /* the one that may keep the watermark back; NULL: none */
    uint32_t n_gates;
    struct mr_gate *gates;
    uint32_t n_channels;
    struct mr_in_channel *channels;
    uint32_t n_queued;               /* messages that wait in channels */
    struct mr_watermark_merge merge; /* of the channels, or of the sources */
    uint32_t n_sources;
    uint32_t n_sources_ended;
    uint32_t n_holding;  /* operators that may hold rows: see `hold` of their class */
    uint64_t aligning;   /* checkpoint whose barriers are awaited; 0: none */
    uint32_t n_aligned;
    uint64_t last_checkpoint; /* the last barrier that was passed on or given up */
    bool is_draining;    /* guards against re-entry */
};

/* Builds the task: `connections[exchange][subtask]` are those to the workers of the receiving subtasks. */
struct mr_task *mr_task_new(struct mr_worker *worker, const struct mr_task_context *context,
    const struct mr_stage *stage, const uint32_t *connection_of_subtask);
void mr_task_discard(struct mr_task *task);

void mr_task_restore(struct mr_task *task, struct mr_snapshot_reader *reader);
void mr_task_prepare(struct mr_task *task);
void mr_task_start(struct mr_task *task);
/* A message of rows, a watermark, idleness or a barrier. Keeps its own reference when it must wait. */
void mr_task_receive(struct mr_task *task, uint32_t channel, uint32_t connection,
    struct mr_message *message);
void mr_task_credit(struct mr_task *task, uint32_t exchange, uint32_t target, uint32_t credit);
void mr_task_reply(struct mr_task *task, uint32_t operator_index, const struct mr_message *message,
    uint32_t detail);
void mr_task_woken(struct mr_task *task, uint32_t operator_index);
/* Sources: takes the snapshot and sends the barrier. */
void mr_task_trigger(struct mr_task *task, uint64_t checkpoint);
/* The checkpoint is given up: stop waiting for its barriers. */
void mr_task_abort(struct mr_task *task, uint64_t checkpoint);
void mr_task_timer(struct mr_task *task); /* a time has come that an operator waits for */
void mr_task_complete(struct mr_task *task, uint64_t checkpoint);
void mr_task_stop(struct mr_task *task);
void mr_task_flush(
    struct mr_task *task); /* rows that have waited, and the watermark with them */
/* Whether someone has not heard of the watermark: there were no rows for it to travel with. */
bool mr_task_owes_watermark(const struct mr_task *task);
void mr_task_announce(struct mr_task *task); /* the watermark, alone */
bool mr_task_is_busy(const struct mr_task *task);
/* The least watermark of active partitions in an alignment group; MR_US_MAX: none. */
mr_us mr_task_lowest(const struct mr_task *task, uint32_t group);
/* An alignment group stands elsewhere: who waited for it may go on. */
void mr_task_aligned(struct mr_task *task);

#endif
