/* What a worker's tasks may ask of it. */
#ifndef MR_ENGINE_RUNTIME_WORKER_INTERNAL_H
#define MR_ENGINE_RUNTIME_WORKER_INTERNAL_H

#include "engine/state/snapshot.h"

struct mr_worker;

/* All sources of a task have ended. */
void mr_worker_task_ended(struct mr_worker *worker);
void mr_worker_sink_waits(struct mr_worker *worker);
void mr_worker_sink_flushed(struct mr_worker *worker);
void mr_worker_wake_at(struct mr_worker *worker, uint32_t task, uint32_t operator_index, mr_ns at_ns);
/* Rows wait in a gate or a sink: wake me in time. */
void mr_worker_arm_flush(struct mr_worker *worker);
/* An operator waits for a time: mr_task_timer of all tasks then. */
void mr_worker_arm_timer(struct mr_worker *worker, mr_ns at_ns);
/* Where a task writes its part of the checkpoint; NULL when the worker has given it up. */
struct mr_snapshot_writer *mr_worker_snapshot_begin(struct mr_worker *worker, uint64_t checkpoint);
void mr_worker_snapshot_end(struct mr_worker *worker);

#endif
