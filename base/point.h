/* The registries of names: points where a fault may strike, chances the world may take, bugs that can be planted,
 * and milestones that a campaign should reach. */
#ifndef MR_BASE_POINT_H
#define MR_BASE_POINT_H

#include <stdbool.h>
#include <stdint.h>

/* Named points: marks in a handler's list of effects. A crash there releases the effects before the mark. */
#define MR_POINTS(X)                                                                            \
    X(CHECKPOINT_TRIGGERED, "checkpoint.triggered", "coordinator: asked the sources for a checkpoint")   \
    X(CHECKPOINT_BARRIER_SENT, "checkpoint.barrier_sent", "worker: a task sent a barrier to one channel")\
    X(CHECKPOINT_SNAPSHOT, "checkpoint.snapshot", "worker: a task took its snapshot")                   \
    X(CHECKPOINT_STATE_PUT, "checkpoint.state_put", "worker: sent its state to the object store")       \
    X(CHECKPOINT_ACK_SENT, "checkpoint.ack_sent", "worker: acknowledged a checkpoint")                  \
    X(CHECKPOINT_BEFORE_POINTER, "checkpoint.before_pointer", "coordinator: all state is durable, the pointer is not moved") \
    X(CHECKPOINT_COMPLETED, "checkpoint.completed", "coordinator: the pointer moved, nobody was told")  \
    X(SINK_PRECOMMITTED, "sink.precommitted", "worker: a sink's transaction is flushed and in its snapshot") \
    X(SINK_BEFORE_COMMIT, "sink.before_commit", "worker: told to commit, has not asked the broker")     \
    X(SINK_COMMIT_SENT, "sink.commit_sent", "worker: asked the broker to commit")                       \
    X(SINK_COMMITTED, "sink.committed", "worker: the broker answered that the transaction is committed")\
    X(RESTORE_STARTED, "restore.started", "worker: begins to restore its tasks")                        \
    X(RESTORE_FINISHED, "restore.finished", "worker: its tasks run again")                              \
    X(DEPLOY_SENT, "deploy.sent", "coordinator: sent a deployment to one worker")

enum mr_point {
#define X(name, text, about) MR_POINT_##name,
    MR_POINTS(X)
#undef X
        MR_POINT_COUNT,
};

/* Places where the world may choose an awkward but legal behaviour. */
#define MR_CHANCES(X)                                                                           \
    X(FLUSH_EARLY, "exchange.flush_early", "send a batch before it is full")                    \
    X(SPLIT_BATCH, "source.split_batch", "handle only a part of what was fetched")              \
    X(DELAY_CREDIT, "exchange.delay_credit", "give credit back late")                           \
    X(DELAY_ACK, "checkpoint.delay_ack", "acknowledge a checkpoint late")                       \
    X(EAGER_WATERMARK, "source.eager_watermark", "send the watermark after each batch")

enum mr_chance {
#define X(name, text, about) MR_CHANCE_##name,
    MR_CHANCES(X)
#undef X
        MR_CHANCE_COUNT,
};

/* Bugs that a run can be given: each is one line at the place where a real engine had it. The columns: enum, name,
 * what goes wrong, the check that must fire. */
#define MR_PLANTS(X)                                                                            \
    X(NONE, "none", "no bug", "")                                                               \
    X(RESTORE_SKIPS_STATE, "restore_skips_state", "a restored operator starts empty", "exactly_once LOSS or WRONG") \
    X(OFFSET_OF_LAST_RECORD, "offset_of_last_record", "the checkpoint holds the offset of the last record, not the next", "exactly_once WRONG") \
    X(COMMIT_CURRENT, "commit_current", "the sink commits its current transaction, not the checkpoint's", "exactly_once") \
    X(COMMIT_BEFORE_CHECKPOINT, "commit_before_checkpoint", "the sink commits when it pre-commits", "exactly_once DUPLICATE") \
    X(SKIP_RECOVERED_COMMIT, "skip_recovered_commit", "transactions of the restored checkpoint are not committed", "exactly_once LOSS") \
    X(REWIND_COMMITS_HISTORY, "rewind_commits_history", "a rewind aborts what an older attempt committed or commits it again", "exactly_once") \
    X(FALSE_LATE_DROP, "false_late_drop", "a row is dropped at window end less one lateness unit too early", "exactly_once FALSE_LATE") \
    X(WATERMARK_IGNORES_CHANNEL, "watermark_ignores_channel", "the minimum leaves out a channel that sent nothing yet", "watermarks WATERMARK_OVERTOOK") \
    X(WATERMARK_REGRESSES, "watermark_regresses", "the source sends a lower watermark after a quiet fetch", "watermarks WATERMARK_REGRESSED") \
    X(FIRE_ONE_EARLY, "fire_one_early", "a window fires one microsecond before its end", "watermarks or exactly_once PANE_CONTRACT") \
    X(SNAPSHOT_BEFORE_ALIGNED, "snapshot_before_aligned", "the snapshot is taken at the first barrier", "consistent_cut CUT_INCONSISTENT") \
    X(DROP_WHILE_ALIGNING, "drop_while_aligning", "a message behind a barrier is lost", "conservation LOSS") \
    X(SWAP_MESSAGES, "swap_messages", "two messages of a channel change places", "order REORDERED") \
    X(SWALLOW_WATERMARK, "swallow_watermark", "an operator does not forward the watermark", "liveness STUCK") \
    X(LOSE_ACK, "lose_ack", "the coordinator forgets one acknowledgement", "liveness STUCK") \
    X(ABORTED_VISIBLE, "aborted_visible", "rows are written outside the transaction", "exactly_once") \
    X(STALE_TIMER, "stale_timer", "a restored window that passed does not fire", "exactly_once LOSS") \
    X(SLICE_GONE_WITH_WINDOW, "slice_gone_with_window", "a row too late for its first sliding window is not counted in those still open", "exactly_once WRONG or LOSS") \
    X(MERGE_LOSES_TRIGGER, "merge_loses_trigger", "a session that merges forgets what its trigger had counted", "exactly_once PANE_CONTRACT") \
    X(RETRACTION_LOST, "retraction_lost", "a restored window does not know what its last pane said, and takes nothing back", "exactly_once PANE_CONTRACT") \
    X(PANE_INDEX_RESET, "pane_index_reset", "after a restore the panes of a window are counted anew", "exactly_once PANE_CONTRACT") \
    X(PANE_AFTER_HORIZON, "pane_after_horizon", "a row that comes a second after its window has expired is taken in", "exactly_once PANE_CONTRACT") \
    X(TIMER_LOST_AT_RESTORE, "timer_lost_at_restore", "a timer of processing time is not set again at a restore", "exactly_once PANE_CONTRACT") \
    X(INTERVAL_OFF_BY_ONE, "interval_off_by_one", "a join leaves out rows at the end of its interval", "exactly_once LOSS") \
    X(UNMATCHED_AGAIN, "unmatched_again", "a restored outer join does not know which rows had met another", "exactly_once WRONG or DUPLICATE") \
    X(PUNCTUATED_BY_ALL, "punctuated_by_all", "each row counts as one that carries a watermark", "watermarks WATERMARK_OVERTOOK") \
    X(CLOCK_WATERMARK_AHEAD, "clock_watermark_ahead", "the watermark of a reader's clock runs ahead of it after a quiet fetch", "watermarks WATERMARK_OVERTOOK") \
    X(IDLE_WHILE_BLOCKED, "idle_while_blocked", "the idle clock runs on while the reader is blocked or paused", "watermarks WATERMARK_OVERTOOK") \
    X(ALIGNED_WITH_IDLE, "aligned_with_idle", "an alignment group waits for partitions that are idle", "liveness STUCK") \
    X(ALIGNED_WITH_ENDED, "aligned_with_ended", "an alignment group waits for partitions that have ended", "liveness STUCK") \
    X(ALIGNED_WITH_HIGHEST, "aligned_with_highest", "an alignment group follows its highest watermark instead of its lowest", "watermarks DRIFTED") \
    X(DRIFT_IGNORED, "drift_ignored", "a source reads on however far it is ahead of its alignment group", "watermarks DRIFTED") \
    X(LOOKUP_FORGETS_CALLS, "lookup_forgets_calls", "rows whose lookup is under way are not in the checkpoint", "exactly_once LOSS") \
    X(LOOKUP_ANSWERS_TWICE, "lookup_answers_twice", "an answer that comes after the time-out makes a second row", "exactly_once DUPLICATE") \
    X(LOOKUP_FREES_WATERMARK, "lookup_frees_watermark", "the watermark does not wait for rows whose lookup is under way", "watermarks WATERMARK_OVERTOOK") \
    X(LOOKUP_DROPS_TIMED_OUT, "lookup_drops_timed_out", "a row whose lookup was retried in vain is gone", "exactly_once LOSS") \
    X(LOOKUP_OUT_OF_ORDER, "lookup_out_of_order", "rows leave an ordered lookup as they are answered", "order REORDERED") \
    X(LOOKUP_OVER_CAPACITY, "lookup_over_capacity", "retries are not counted among the calls under way", "lookups OVERRUN") \
    X(LOOKUP_OVER_RATE, "lookup_over_rate", "retries are not counted against the rate", "lookups OVERRUN") \
    X(LOOKUP_HASTY, "lookup_hasty", "a call is given up at half of its time-out", "lookups HASTY") \
    X(LOOKUP_STALE_CACHE, "lookup_stale_cache", "the cache forgets nothing", "lookups STALE") \
    X(LOOKUP_ERROR_IS_MISSING, "lookup_error_is_missing", "an error of the service passes for a key that is not there", "lookups WRONG") \
    X(KEYED_TIMER_LOST, "keyed_timer_lost", "timers by key are not set again at a restore", "exactly_once LOSS") \
    X(KEYED_TTL_LOST, "keyed_ttl_lost", "state by key outlives its time to live once it was restored", "exactly_once WRONG or LOSS") \
    X(KEYED_SEEN_LOST, "keyed_seen_lost", "a Deduplicate forgets at a restore what it has seen", "exactly_once DUPLICATE or WRONG") \
    X(KEYED_TIMER_SLOW, "keyed_timer_slow", "an event-time timer waits for the watermark behind the one that it was due at", "exactly_once LOSS")

enum mr_plant {
#define X(name, text, about, check) MR_PLANT_##name,
    MR_PLANTS(X)
#undef X
        MR_PLANT_COUNT,
};

/* Milestones: a campaign says which must be reached in at least one seed. */
#define MR_SOMETIMES(X)                                                                         \
    X(RECOVERED_FROM_CHECKPOINT, "recovered_from_checkpoint", "a job was restored from a checkpoint with state") \
    X(RECOVERED_FROM_NOTHING, "recovered_from_nothing", "a job was restarted before its first checkpoint") \
    X(COMMITTED_AFTER_RESTORE, "committed_after_restore", "a restore found transactions to commit")     \
    X(TRANSACTION_ABORTED, "transaction_aborted", "a transaction was aborted")                  \
    X(PRODUCER_FENCED, "producer_fenced", "a zombie producer was refused")                      \
    X(LATE_ROW_DROPPED, "late_row_dropped", "a row was dropped as late")                        \
    X(LATE_PANE_FIRED, "late_pane_fired", "a pane fired after its window's end")                \
    X(PARTITION_IDLE, "partition_idle", "a source partition was declared idle")                 \
    X(BACKPRESSURED, "backpressured", "a task waited for credit")                               \
    X(CHECKPOINT_ABORTED, "checkpoint_aborted", "a checkpoint was given up")                    \
    X(COORDINATOR_RESTARTED, "coordinator_restarted", "the coordinator came back after a crash")\
    X(WORKER_RESTARTED, "worker_restarted", "a worker came back after a crash")                 \
    X(CONNECTION_RESET, "connection_reset", "a connection was reset")                           \
    X(HANDLER_CUT, "handler_cut", "a crash fell between two effects of a handler")              \
    X(REWOUND, "rewound", "a job was restarted from an older checkpoint") \
    X(SOURCE_PAUSED, "source_paused", "a partition waited for its alignment group") \
    X(LOOKUP_RETRIED, "lookup_retried", "a call of a Lookup was made again")                    \
    X(LOOKUP_REISSUED, "lookup_reissued", "a restore found lookups under way")

enum mr_sometimes {
#define X(name, text, about) MR_SOMETIMES_##name,
    MR_SOMETIMES(X)
#undef X
        MR_SOMETIMES_COUNT,
};

/* A registry as data: for `millrace points`, for reading names, for messages. */
struct mr_named {
    const char *name;
    const char *about;
    const char *check; /* planted bugs only */
};
extern const struct mr_named mr_points[MR_POINT_COUNT];
extern const struct mr_named mr_chances[MR_CHANCE_COUNT];
extern const struct mr_named mr_plants[MR_PLANT_COUNT];
extern const struct mr_named mr_sometimes[MR_SOMETIMES_COUNT];
/* The index of `name`, or -1. */
int mr_named_find(const struct mr_named *names, int n_names, const char *name);

#endif
