/* An operator: one transform at work in one subtask. Rows, watermarks and barriers are pushed through a chain of them. */
#ifndef MR_ENGINE_OPERATORS_OPERATOR_H
#define MR_ENGINE_OPERATORS_OPERATOR_H

#include "engine/batch/scratch.h"
#include "engine/expression/caller.h"
#include "engine/runtime/job.h"
#include "engine/pipeline/plan.h"
#include "engine/state/snapshot.h"

struct mr_operator;
struct mr_gate;

/* What the operators of a task share. */
struct mr_task_context {
    const struct mr_env *env;
    const struct mr_job *job;
    struct mr_arena *arena;
    struct mr_scratch scratch; /* of the handler */
    struct mr_caller caller;   /* of user code; hangs on the scratch */
    uint32_t stage;
    uint32_t subtask;
    uint32_t attempt;
    uint64_t epoch;      /* id of the next barrier */
    mr_us watermark_us;  /* merged, of the task */
    bool is_blocked;     /* an output waits for credit: take no input */
    bool has_unsent; /* rows wait for company, or a watermark for rows, since the last flush */
    uint32_t broker_connection;
    uint32_t task_index; /* of the worker: part of the tags of requests */
    const uint32_t *topic_map; /* [2 * n_topic_map]: from, to */
    uint32_t n_topic_map;
    const uint32_t *service_connections; /* of the worker, [n_services of the job] */
    bool is_full; /* an operator has rows under way, as many as it may: take no more rows */
    const mr_us *group_lows_us; /* of the worker: where the alignment groups of the graph stand */
    bool has_failed;
    char failure[200];
    bool is_rewind;      /* restored from an older checkpoint by choice */
    struct mr_task *task;
};

struct mr_operator_class {
    const char *name;
    uint32_t bytes; /* of the operator's struct, which begins with struct mr_operator */
    void (*open)(struct mr_operator *operator);
    void (*close)(struct mr_operator *operator);
    void (*batch)(struct mr_operator *operator, const struct mr_batch *batch);
    /* The watermark has risen to watermark_us and has not been forwarded yet. */
    void (*watermark)(struct mr_operator *operator, mr_us watermark_us);
    /* A Combine may keep the watermark of its output back, for panes to come: what it is now. NULL: it does not. */
    mr_us (*output_us)(const struct mr_operator *operator);
    void (*timer)(struct mr_operator *operator); /* a time that mr_task_arm named has come, or another */
    void (*snapshot)(struct mr_operator *operator, struct mr_snapshot_writer *writer,
        uint64_t checkpoint);
    void (*restore)(struct mr_operator *operator, struct mr_snapshot_reader *reader, bool is_rewind);
    /* Connectors only. A reply of the broker to the request that carried `detail`. */
    void (*reply)(struct mr_operator *operator, const struct mr_message *message, uint32_t detail);
    void (*prepare)(struct mr_operator *operator); /* sinks: after open and restore; see is_busy */
    void (*start)(struct mr_operator *operator);  /* sources: the job runs */
    void (*resume)(struct mr_operator *operator); /* sources: outputs have credit again, or the group has caught up */
    /* Operators that hold rows while they wait for a service, first of their stage: the watermark that all who have it
     * may go on from; MR_US_MAX: no row is held. */
    mr_us (*hold)(const struct mr_operator *operator);
    void (*woken)(struct mr_operator *operator); /* a mr_task_wake_at came due */
    /* Sources: the least watermark of their active partitions if they are of the alignment group; MR_US_MAX: none. */
    mr_us (*lowest)(const struct mr_operator *operator, uint32_t group);
    void (*flush)(struct mr_operator *operator);  /* sinks: send what has waited */
    void (*complete)(struct mr_operator *operator, uint64_t checkpoint); /* sinks: it counts; commit */
    void (*stop)(struct mr_operator *operator);   /* sinks: commit what is complete, abort the rest */
    bool (*is_busy)(const struct mr_operator *operator); /* sinks: answers are owed before it is ready or stopped */
};

struct mr_consumer {
    struct mr_operator *operator; /* in the same task, or */
    uint32_t input;               /* which of its inputs this is */
    struct mr_gate *gate;         /* an exchange */
};

struct mr_operator_output {
    uint32_t n;
    struct mr_consumer *consumers;
};

struct mr_operator {
    const struct mr_operator_class *class;
    const struct mr_transform *transform;
    struct mr_task_context *context;
    uint32_t index; /* in the task: part of the tags of requests */
    uint32_t input; /* the input that the batch at hand came in by */
    struct mr_operator_output *outputs; /* [n_outputs of the transform] */
};

extern const struct mr_operator_class mr_map_to_fields_class;
extern const struct mr_operator_class mr_filter_class;
extern const struct mr_operator_class mr_flatten_class;
extern const struct mr_operator_class mr_assign_timestamps_class;
extern const struct mr_operator_class mr_window_into_class;
extern const struct mr_operator_class mr_combine_class;
extern const struct mr_operator_class mr_combine_slices_class; /* sliding windows, plain */
extern const struct mr_operator_class mr_combine_panes_class;  /* sessions, triggers */
extern const struct mr_operator_class mr_create_class;
extern const struct mr_operator_class mr_log_source_class;
extern const struct mr_operator_class mr_log_sink_class;
extern const struct mr_operator_class mr_partition_class;
extern const struct mr_operator_class mr_reshuffle_class;
extern const struct mr_operator_class mr_lookup_class;
extern const struct mr_operator_class mr_extract_windowing_info_class;
extern const struct mr_operator_class mr_validate_with_schema_class;
extern const struct mr_operator_class mr_explode_class;
extern const struct mr_operator_class mr_log_for_testing_class;
extern const struct mr_operator_class mr_join_class;
extern const struct mr_operator_class mr_sql_class;
extern const struct mr_operator_class mr_stream_join_class;
extern const struct mr_operator_class mr_keyed_process_class;
extern const struct mr_operator_class mr_deduplicate_class;
extern const struct mr_operator_class mr_top_n_class;
extern const struct mr_operator_class mr_materialize_class;
extern const struct mr_operator_class mr_route_class;
extern const struct mr_operator_class mr_route_control_class;

/* Pushes rows to all consumers of an output. Nothing when no row counts. */
void mr_operator_emit(struct mr_operator *operator, uint32_t output, const struct mr_batch *batch);
/* A pane of one window: the same on the main output, and the probe is told of it. */
void mr_operator_fire(struct mr_operator *operator, const struct mr_batch *pane,
    mr_us window_start_us, mr_us window_end_us, enum mr_pane_timing timing, mr_us watermark_us);
/* The task fails: the worker will report it. The first reason counts. */
void mr_task_fail(struct mr_task_context *context, const char *format, ...) MR_PRINTF(2, 3);
/* Where and when, for the probe. */
static inline struct mr_probe_at mr_operator_at(const struct mr_operator *operator)
{
    const struct mr_task_context *context = operator->context;
    return (struct mr_probe_at){.at_ns = context->env->now(context->env),
        .worker = context->env->process,
        .attempt = context->attempt,
        .transform = operator->transform->id,
        .subtask = context->subtask,
        .epoch = context->epoch,
        .input = operator->input};
}

/* Tags of requests to the broker: attempt, task, operator and a detail of the operator's own. */
static inline uint64_t mr_request_tag(const struct mr_operator *operator, uint32_t detail)
{
    MR_ASSERT(detail < 1u << 20);
    return (uint64_t)operator->context->attempt << 40 |
        (uint64_t)operator->context->task_index << 28 | (uint64_t)operator->index << 20 | detail;
}

/* Deals with rows that failed, errors[n_rows]: to the error output if the transform has one, else the task fails.
 * Returns the batch less these rows; its selection lies in scratch. */
struct mr_batch mr_operator_divert(struct mr_operator *operator, const struct mr_batch *batch,
    const uint8_t *errors);

/* A column of texts[n], copied into scratch. */
struct mr_span {
    const char *text;
    uint32_t bytes;
};
struct mr_column mr_operator_texts(
    struct mr_operator *operator, const struct mr_span *texts, uint32_t n);
/* mr_operator_divert where the error does not say it all: the failure of row r is texts[r], written only for rows that
 * failed; NULL stands for mr_row_error_text. */
struct mr_batch mr_operator_divert_as(struct mr_operator *operator, const struct mr_batch *batch,
    const uint8_t *errors, const struct mr_span *texts);

/* The window that a row of the operator's input is in. Of SLIDING ones from the start of the first to the end of the
 * last; the empty [t, t) when it is in none. */
void mr_row_window(const struct mr_windowing *windowing, const struct mr_batch *batch, uint32_t row,
    mr_us *start_us, mr_us *end_us);

/* The starts of the first and the last SLIDING window of a time. False when it is in none. Windows that would begin
 * before the least of all timestamps do not exist. */
bool mr_sliding_starts(
    const struct mr_windowing *windowing, mr_us at_us, mr_us *first_us, mr_us *last_us);

/* Calls the operator's `timer` at that time, or never if the task is gone by then. */
void mr_task_wake_at(struct mr_operator *operator, mr_ns at_ns);
/* The watermark of the task's input, which the task's own may stay behind. */
mr_us mr_task_merged_us(const struct mr_operator *operator);
/* Sources report to their task: the watermark rose to watermark_us, or their idleness changed. */
void mr_task_source_watermark(struct mr_operator *source, mr_us watermark_us, bool is_idle);
/* There is nothing more to read, ever. */
void mr_task_source_ended(struct mr_operator *source);
/* The operator's `timer` is called at at_ns, or as soon after it as may be. Earlier calls stand. */
void mr_task_arm(struct mr_operator *operator, mr_ns at_ns);
/* A sink has begun, and has ended, to wait for answers without which a checkpoint is not whole. */
void mr_task_sink_waits(struct mr_operator *sink);
void mr_task_sink_flushed(struct mr_operator *sink);

#endif
