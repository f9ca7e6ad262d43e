/* The one-way tap of the engine: through it checks and recorder see rows, watermarks and checkpoints. It never
 * affects the run. Operators are named by the id of their transform in the graph; subtasks count from 0. */
#ifndef MR_ENGINE_PROBE_H
#define MR_ENGINE_PROBE_H

#include "engine/batch/batch.h"

/* Where something happened. */
struct mr_probe_at {
    mr_ns at_ns;
    uint32_t worker;  /* process id */
    uint32_t attempt; /* of the job, from 1; rises with each deployment */
    uint32_t transform;
    uint32_t subtask;
    uint64_t epoch; /* of the stream: the id of the next barrier here */
    uint32_t input; /* of the transform, by which the row at hand came in */
};

/* One direction between two subtasks across an exchange. */
struct mr_probe_channel {
    uint32_t from_transform; /* last transform of the sending stage on this edge */
    uint32_t from_subtask;
    uint32_t to_transform; /* the transform that the edge enters */
    uint32_t to_subtask;
};

enum mr_job_state {
    MR_JOB_STARTING, /* tasks are being deployed */
    MR_JOB_RUNNING,
    MR_JOB_RESTARTING, /* an attempt failed; another follows after the backoff */
    MR_JOB_STOPPED,    /* by choice; may be restarted */
    MR_JOB_FAILED,     /* for good: `reason` says why */
    MR_JOB_FINISHED,   /* bounded: all is committed */
};

/* Any function may be NULL. All pointers are borrowed for the call. */
struct mr_probe {
    void *self;

    /* Sources. Rows [offset, offset + n_rows) of a partition were read and handed on. */
    void (*source_read)(void *self, const struct mr_probe_at *at, uint32_t partition,
        int64_t offset, uint32_t n_rows);
    /* The reader asked the log and was told that nothing is there now (an empty answer). */
    void (*source_empty)(void *self, const struct mr_probe_at *at, uint32_t partition);
    /* An answer of the log waits: the reader is blocked, or ahead of its alignment group. Its next source_read or
     * source_empty says that it waits no longer. */
    void (*source_held)(void *self, const struct mr_probe_at *at, uint32_t partition);
    void (*source_idle)(void *self, const struct mr_probe_at *at, uint32_t partition, bool is_idle);
    /* The subtask's watermark rose, or was set on restore. MR_US_MAX: its input has ended. */
    void (*source_watermark)(void *self, const struct mr_probe_at *at, mr_us watermark_us);

    /* A worker learned where an alignment group stands. */
    void (*group_aligned)(void *self, mr_ns at_ns, uint32_t worker, uint32_t attempt, uint32_t group, mr_us low_us);

    /* Channels. `number` counts messages of a channel within an attempt. watermark_us: MR_US_MIN: none with it. */
    void (*sent)(void *self, const struct mr_probe_at *at, const struct mr_probe_channel *channel,
        uint64_t number, uint32_t n_rows, mr_us watermark_us);
    void (*received)(void *self, const struct mr_probe_at *at, const struct mr_probe_channel *channel,
        uint64_t number, const struct mr_batch *rows, mr_us watermark_us);
    void (*channel_idle)(void *self, const struct mr_probe_at *at,
        const struct mr_probe_channel *channel, bool is_idle);
    /* A barrier came through a channel; `rows_sent` is what the sender counted before it. */
    void (*barrier)(void *self, const struct mr_probe_at *at, const struct mr_probe_channel *channel,
        uint64_t checkpoint, uint64_t rows_sent);

    /* Operators. */
    void (*operator_watermark)(void *self, const struct mr_probe_at *at, mr_us watermark_us);
    /* A row was dropped because its window had expired at the operator's watermark. */
    void (*late_dropped)(void *self, const struct mr_probe_at *at, const struct mr_batch *batch,
        uint32_t row, mr_us window_start_us, mr_us window_end_us, mr_us watermark_us);
    /* Rows were taken into state (only Combine, only when wants_accepted). */
    bool wants_accepted;
    void (*accepted)(void *self, const struct mr_probe_at *at, const struct mr_batch *batch,
        uint32_t row, mr_us window_start_us, mr_us window_end_us);
    /* A window's pane fired: rows of the operator's output, with window and pane slots. */
    void (*fired)(void *self, const struct mr_probe_at *at, const struct mr_batch *rows,
        mr_us window_start_us, mr_us window_end_us, enum mr_pane_timing timing, mr_us watermark_us);
    /* A Combine whose panes hang on a trigger (not mr_windowing_is_plain) tells instead of `fired`: the rows of a batch
     * are all taken in, and what fires now fires for them; it has looked at the time; panes fired, of any windows. */
    void (*batch_taken)(void *self, const struct mr_probe_at *at);
    void (*time_passed)(void *self, const struct mr_probe_at *at);
    void (*panes_fired)(void *self, const struct mr_probe_at *at, const struct mr_batch *rows);
    /* What operators with state by key (graph.h, struct mr_keyed) meet, told before they do anything about it: a row of
     * one of their inputs, a watermark, a moment of processing time at which they look for due timers. `now_us` is
     * processing time as they see it. */
    void (*keyed_row)(void *self, const struct mr_probe_at *at, uint32_t input,
        const struct mr_batch *batch, uint32_t row, mr_us now_us);
    void (*keyed_watermark)(
        void *self, const struct mr_probe_at *at, mr_us watermark_us, mr_us now_us);
    void (*keyed_wake)(void *self, const struct mr_probe_at *at, mr_us now_us);
    /* A row failed and there is no error output: the job fails over it. */
    void (*row_failed)(void *self, const struct mr_probe_at *at, int error);
    /* LogForTesting saw a row, given as JSON. */
    void (*row_logged)(void *self, const struct mr_probe_at *at, const char *text);

    /* Lookups. `number` counts the rows that a subtask took in, in this attempt. */
    void (*lookup_taken)(void *self, const struct mr_probe_at *at, uint64_t number);
    void (*lookup_called)(void *self, const struct mr_probe_at *at, uint64_t number, uint32_t call);
    /* The call was answered, with a mr_lookup_status of base/wire/lookup.h, or (-1) given up. */
    void (*lookup_ended)(void *self, const struct mr_probe_at *at, uint64_t number, uint32_t call, int status);
    /* The row, all of the batch, left as one of enum mr_lookup_outcome says. answered_ns: when the service said what it
     * has; MR_NS_NEVER: it was not asked. */
    void (*lookup_left)(void *self, const struct mr_probe_at *at, uint64_t number, const struct mr_batch *row,
        int outcome, mr_ns answered_ns);
    /* A row that was under way when the snapshot was taken. */
    void (*lookup_snapshot)(void *self, const struct mr_probe_at *at, uint64_t checkpoint,
        const struct mr_batch *row);

    /* Checkpoints. */
    void (*checkpoint_triggered)(void *self, mr_ns at_ns, uint32_t attempt, uint64_t checkpoint);
    void (*checkpoint_aborted)(void *self, mr_ns at_ns, uint32_t attempt, uint64_t checkpoint);
    /* A source's part of a snapshot: the next row to read of each partition that it owns. */
    void (*snapshot_source)(void *self, const struct mr_probe_at *at, uint64_t checkpoint,
        uint32_t partition, int64_t next_offset);
    /* An operator's part: its watermark and its state as it goes to the object store (engine/state/snapshot.h). */
    void (*snapshot_operator)(void *self, const struct mr_probe_at *at, uint64_t checkpoint,
        mr_us watermark_us, const void *state, uint32_t state_bytes);
    /* A sink flushed a transaction for a checkpoint. */
    void (*precommitted)(void *self, const struct mr_probe_at *at, uint64_t checkpoint,
        uint64_t producer_id, uint32_t producer_epoch, uint64_t n_rows);
    /* The pointer moved to the checkpoint, or a coordinator found it there: it counts from now on. */
    void (*checkpoint_completed)(void *self, mr_ns at_ns, uint32_t attempt, uint64_t checkpoint,
        uint64_t state_bytes);

    /* The job. An attempt starts from a checkpoint (0: from nothing). `is_rewind`: from an older one than the last,
     * by choice: its transactions are history and are not committed again. */
    void (*attempt_started)(void *self, mr_ns at_ns, uint32_t attempt, uint64_t from_checkpoint,
        bool is_rewind);
    void (*job_state)(void *self, mr_ns at_ns, uint32_t attempt, enum mr_job_state state,
        const char *reason);
};

#endif
