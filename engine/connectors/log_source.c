/* ReadFromLog: a subtask reads its partitions of a topic, keeps their offsets and makes their watermark. */
#include <string.h>

#include "base/wire/log.h"
#include "engine/connectors/source_marks.h"
#include "engine/runtime/watermark.h"

struct partition {
    uint32_t id;
    int64_t next_offset;
    mr_us newest_us;             /* largest mark read (see source_marks.h), or the log's last mark; MR_US_MIN: none */
    uint32_t n_marks;            /* that were taken */
    bool was_idle;               /* by the log's word, when the snapshot was taken */
    bool is_fetching;
    bool has_ended;
    mr_ns quiet_since_ns;        /* when the last row was read, or waiting for rows began */
    struct mr_message *held;     /* an answer that came while the task was blocked, or the partition ahead of its group */
};

struct source {
    struct mr_operator operator;
    uint32_t topic;
    bool is_marked;        /* the log tells the watermark, and who is idle */
    uint32_t n_partitions; /* of this subtask */
    struct partition *partitions;
    struct mr_watermark_merge merge;
    enum mr_type types[MR_FIELDS_MAX];
    bool has_clock; /* its rows have the time at which they are read */
    mr_us date_origin_us;
    bool has_ended;
    bool is_running;
    uint32_t resume_at; /* the partition whose turn it is when credit comes back */
};

static const struct mr_read_from_log *spec(const struct source *source)
{
    return &source->operator.transform->read;
}

static const struct mr_job_topic *find_topic(const struct mr_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->n_topics; i++)
        if (strcmp(job->topics[i].name, name) == 0) return &job->topics[i];
    return NULL;
}

static void source_open(struct mr_operator *operator)
{
    struct source *source = (struct source *)operator;
    const struct mr_task_context *context = operator->context;
    const struct mr_job_topic *topic = find_topic(context->job, spec(source)->topic);
    MR_ASSERT(topic != NULL);
    const struct mr_schema *schema = &operator->transform->outputs[0].schema;
    for (uint32_t i = 0; i < schema->n_fields; i++) source->types[i] = schema->fields[i].type;
    source->topic = topic->index;
    source->is_marked = topic->is_marked;
    source->has_clock =
        spec(source)->strategy == MR_WATERMARK_PROCESSING_TIME && !source->is_marked;
    source->date_origin_us = topic->date_origin_us;
    for (uint32_t p = context->subtask; p < topic->n_partitions; p += context->job->parallelism)
        source->n_partitions++;
    source->partitions = mr_arena_zalloc(
        context->arena, sizeof *source->partitions * (source->n_partitions + 1));
    source->merge = (struct mr_watermark_merge){.n = source->n_partitions, .merged_us = MR_US_MIN};
    source->merge.inputs = mr_arena_zalloc(
        context->arena, sizeof *source->merge.inputs * (source->n_partitions + 1));
    for (uint32_t i = 0; i < source->n_partitions; i++) {
        source->partitions[i].id = context->subtask + i * context->job->parallelism;
        source->partitions[i].newest_us = MR_US_MIN;
        source->merge.inputs[i].watermark_us = MR_US_MIN;
    }
}

static void source_close(struct mr_operator *operator)
{
    struct source *source = (struct source *)operator;
    struct mr_arena *arena = operator->context->arena;
    for (uint32_t i = 0; i < source->n_partitions; i++)
        mr_message_release(arena, source->partitions[i].held);
    mr_arena_free(arena, source->partitions, sizeof *source->partitions * (source->n_partitions + 1));
    mr_arena_free(arena, source->merge.inputs, sizeof *source->merge.inputs * (source->n_partitions + 1));
    source->n_partitions = 0;
}

/* Waits no longer than until the partition might be declared idle. */
static mr_ns fetch_wait_ns(const struct source *source, const struct partition *partition, mr_ns now)
{
    mr_ns wait_ns = source->operator.context->job->fetch_wait_ns;
    mr_ns idle_after_ns = spec(source)->idle_after_ns;
    if (idle_after_ns <= 0 || source->is_marked) return wait_ns;
    mr_ns left_ns = partition->quiet_since_ns + idle_after_ns - now;
    if (left_ns < MR_MS_NS) left_ns = idle_after_ns;
    return left_ns < wait_ns ? left_ns : wait_ns;
}

static void fetch(struct source *source, uint32_t index, int64_t offset)
{
    const struct mr_task_context *context = source->operator.context;
    struct partition *partition = &source->partitions[index];
    MR_ASSERT(!partition->is_fetching && !partition->held);
    uint32_t bytes = source->is_marked ? sizeof(struct mr_log_marked_fetch) : sizeof(struct mr_log_fetch);
    struct mr_message *message = mr_message_new(context->arena, MR_LOG_FETCH, bytes);
    struct mr_log_marked_fetch request = {.mark = partition->n_marks};
    request.fetch = (struct mr_log_fetch){.tag = mr_request_tag(&source->operator, index),
        .topic = source->topic,
        .partition = partition->id,
        .offset = offset,
        .wait_ns = fetch_wait_ns(source, partition, context->env->now(context->env)),
        .rows_min = context->job->fetch_rows_min,
        .rows_max = context->job->fetch_rows};
    memcpy(message->body, &request, bytes);
    partition->is_fetching = true;
    context->env->send(context->env, context->broker_connection, message);
}

/* Tells the task where the merged watermark stands. */
static void report(struct source *source)
{
    mr_task_source_watermark(&source->operator, source->merge.merged_us, source->merge.is_idle);
}

static void end_if_done(struct source *source)
{
    for (uint32_t i = 0; i < source->n_partitions; i++)
        if (!source->partitions[i].has_ended) return;
    if (source->has_ended) return;
    source->has_ended = true;
    mr_task_source_ended(&source->operator);
}

static void set_idle(struct source *source, uint32_t index, bool is_idle)
{
    if (source->merge.inputs[index].is_idle == is_idle) return;
    const struct mr_task_context *context = source->operator.context;
    const struct mr_probe *probe = context->job->probe;
    struct mr_probe_at at = mr_operator_at(&source->operator);
    if (probe && probe->source_idle)
        probe->source_idle(probe->self, &at, source->partitions[index].id, is_idle);
    if (is_idle) context->env->milestone(context->env, MR_SOMETIMES_PARTITION_IDLE);
    if (mr_watermark_set_idle(&source->merge, index, is_idle)) report(source);
}

static void raise_watermark(struct source *source, uint32_t index)
{
    const struct partition *partition = &source->partitions[index];
    mr_us watermark_us = partition->has_ended ? MR_US_MAX
        : source->is_marked                   ? partition->newest_us
                                              : mr_source_watermark_us(spec(source), partition->newest_us);
    if (mr_watermark_raise(&source->merge, index, watermark_us)) report(source);
}

static void emit_rows(struct source *source, struct partition *partition,
    const struct mr_message *reply, uint32_t n_rows)
{
    struct mr_task_context *context = source->operator.context;
    const struct mr_log_fetch_reply *answer = (const struct mr_log_fetch_reply *)reply->body;
    struct mr_column *columns = mr_scratch_array(&context->scratch, struct mr_column, MR_FIELDS_MAX);
    struct mr_batch batch;
    mr_blob_slice(reply->attached->body, source->types, answer->first_row, n_rows,
        &context->scratch, columns, &batch);
    const struct mr_probe *probe = context->job->probe;
    struct mr_probe_at at = mr_operator_at(&source->operator);
    if (probe && probe->source_read)
        probe->source_read(probe->self, &at, partition->id, partition->next_offset, n_rows);
    partition->next_offset += n_rows;
    if (source->has_clock)
        mr_source_stamp(&source->operator, &batch, partition->newest_us);
    else if (!source->is_marked)
        partition->newest_us = mr_source_newest_us(&source->operator, &batch, partition->newest_us);
    context->env->spend(context->env, context->job->costs.row_ns * (mr_ns)n_rows);
    mr_operator_emit(&source->operator, MR_OUTPUT_MAIN, &batch);
}

static void take_empty(struct source *source, uint32_t index)
{
    const struct mr_task_context *context = source->operator.context;
    struct partition *partition = &source->partitions[index];
    const struct mr_probe *probe = context->job->probe;
    struct mr_probe_at at = mr_operator_at(&source->operator);
    if (probe && probe->source_empty) probe->source_empty(probe->self, &at, partition->id);
    mr_ns idle_after_ns = source->is_marked ? 0 : spec(source)->idle_after_ns;
    if (idle_after_ns > 0 && at.at_ns - partition->quiet_since_ns >= idle_after_ns)
        set_idle(source, index, true);
}

/* True when the answer brought a mark, which is all that it brought. */
static bool take_mark(struct source *source, uint32_t index, const struct mr_message *reply)
{
    struct partition *partition = &source->partitions[index];
    if (!source->is_marked) return false;
    const struct mr_log_marked_fetch_reply *answer =
        (const struct mr_log_marked_fetch_reply *)reply->body;
    MR_ASSERT(reply->body_bytes == sizeof *answer);
    if (answer->mark == partition->n_marks) return false;
    MR_ASSERT(answer->mark == partition->n_marks + 1 && answer->reply.n_rows == 0);
    partition->n_marks++;
    if (answer->watermark_us > partition->newest_us) partition->newest_us = answer->watermark_us;
    set_idle(source, index, answer->is_idle != 0);
    raise_watermark(source, index);
    fetch(source, index, partition->next_offset);
    return true;
}

/* The rows at hand, and the watermark behind them, have the reader's time. */
static void read_clock(const struct source *source, struct partition *partition, uint32_t n_rows)
{
    mr_us clock_us = mr_source_clock_us(&source->operator, source->date_origin_us);
    /* The watermark runs ahead by what a quiet fetch would wait. */
    if (MR_PLANTED(source->operator.context->env, CLOCK_WATERMARK_AHEAD) && n_rows == 0)
        clock_us += mr_us_from_ns(source->operator.context->job->fetch_wait_ns);
    if (clock_us > partition->newest_us) partition->newest_us = clock_us;
}

static void take(struct source *source, uint32_t index, struct mr_message *reply)
{
    const struct mr_task_context *context = source->operator.context;
    struct partition *partition = &source->partitions[index];
    const struct mr_log_fetch_reply *answer = (const struct mr_log_fetch_reply *)reply->body;
    if (answer->status != MR_LOG_OK) {
        mr_task_fail(source->operator.context, "topic '%s': fetch at offset %lld refused (%u)",
            spec(source)->topic, (long long)answer->offset, answer->status);
        return;
    }
    if (MR_UNLIKELY(source->is_marked) && take_mark(source, index, reply)) return;
    MR_ASSERT(answer->n_rows == 0 || answer->offset == partition->next_offset);
    uint32_t n_rows = answer->n_rows;
    bool is_split = n_rows > 1 && MR_CHANCE(context->env, SPLIT_BATCH);
    if (is_split) n_rows /= 2;
    bool is_end = answer->is_end && !is_split;
    if (source->has_clock) read_clock(source, partition, n_rows);
    int64_t next_offset = is_split ? answer->offset + n_rows : answer->next_offset;
    if (n_rows > 0) {
        partition->quiet_since_ns = context->env->now(context->env);
        set_idle(source, index, false);
        if (!is_end) fetch(source, index, next_offset); /* the next answer travels while rows are handled */
        emit_rows(source, partition, reply, n_rows);
    } else if (!is_end) {
        take_empty(source, index);
        fetch(source, index, partition->next_offset);
    }
    partition->has_ended = partition->has_ended || is_end;
    if (partition->has_ended) set_idle(source, index, false);
    raise_watermark(source, index);
    end_if_done(source);
}

/* Its watermark is further ahead of its group's than it may be: it waits for the others. */
static bool is_ahead(const struct source *source, uint32_t index)
{
    const struct mr_alignment *alignment = &spec(source)->alignment;
    if (!alignment->is_aligned) return false;
    if (MR_PLANTED(source->operator.context->env, DRIFT_IGNORED)) return false;
    mr_us low_us = source->operator.context->group_lows_us[alignment->group];
    return source->merge.inputs[index].watermark_us > mr_us_add(low_us, alignment->max_drift_us);
}

static void hold(struct source *source, uint32_t index, struct mr_message *reply)
{
    const struct mr_task_context *context = source->operator.context;
    source->partitions[index].held = reply;
    if (!context->is_blocked) context->env->milestone(context->env, MR_SOMETIMES_SOURCE_PAUSED);
    const struct mr_probe *probe = context->job->probe;
    struct mr_probe_at at = mr_operator_at(&source->operator);
    if (probe && probe->source_held)
        probe->source_held(probe->self, &at, source->partitions[index].id);
}

/* Partitions that are idle or have ended hold nobody up (FLINK-32496 and its kin). */
static mr_us source_lowest(const struct mr_operator *operator, uint32_t group)
{
    const struct source *source = (const struct source *)operator;
    const struct mr_env *env = operator->context->env;
    mr_us lowest_us = MR_US_MAX;
    if (!spec(source)->alignment.is_aligned || spec(source)->alignment.group != group) return lowest_us;
    for (uint32_t i = 0; i < source->n_partitions; i++) {
        const struct mr_watermark_input *input = &source->merge.inputs[i];
        mr_us own_us = input->watermark_us;
        bool counts = !input->is_idle || MR_PLANTED(env, ALIGNED_WITH_IDLE);
        if (source->partitions[i].has_ended && MR_PLANTED(env, ALIGNED_WITH_ENDED))
            own_us = mr_source_watermark_us(spec(source), source->partitions[i].newest_us);
        if (counts && own_us < lowest_us) lowest_us = own_us;
    }
    return lowest_us;
}

static void source_reply(struct mr_operator *operator, const struct mr_message *message, uint32_t detail)
{
    struct source *source = (struct source *)operator;
    MR_ASSERT(message->kind == MR_LOG_FETCH_REPLY && detail < source->n_partitions);
    struct partition *partition = &source->partitions[detail];
    MR_ASSERT(partition->is_fetching && !partition->held);
    partition->is_fetching = false;
    struct mr_message *reply = mr_message_retain((struct mr_message *)message);
    if (operator->context->is_blocked || is_ahead(source, detail)) {
        hold(source, detail, reply);
        return;
    }
    take(source, detail, reply);
    mr_message_release(operator->context->arena, reply);
}

static void source_resume(struct mr_operator *operator)
{
    struct source *source = (struct source *)operator;
    mr_ns now = operator->context->env->now(operator->context->env);
    uint32_t first = source->resume_at;
    for (uint32_t k = 0; k < source->n_partitions; k++) {
        uint32_t i = (first + k) % source->n_partitions;
        struct partition *partition = &source->partitions[i];
        if (operator->context->is_blocked || operator->context->has_failed) return;
        if (!partition->held || is_ahead(source, i)) continue;
        source->resume_at = (i + 1) % source->n_partitions; /* the next ones in turn: none starves */
        struct mr_message *reply = partition->held;
        partition->held = NULL;
        if (!MR_PLANTED(operator->context->env, IDLE_WHILE_BLOCKED))
            partition->quiet_since_ns = now; /* the idle clock rests while the reader is blocked (FLINK-35886) */
        take(source, i, reply);
        mr_message_release(operator->context->arena, reply);
    }
}

static void source_start(struct mr_operator *operator)
{
    struct source *source = (struct source *)operator;
    source->is_running = true;
    mr_ns now = operator->context->env->now(operator->context->env);
    for (uint32_t i = 0; i < source->n_partitions; i++) {
        source->partitions[i].quiet_since_ns = now;
        if (!source->partitions[i].has_ended) fetch(source, i, source->partitions[i].next_offset);
        if (source->partitions[i].was_idle) set_idle(source, i, true);
        raise_watermark(source, i);
    }
    if (source->n_partitions == 0) {
        source->merge.is_idle = true; /* nothing to read, now or later: nobody need wait for it */
        report(source);
    }
    end_if_done(source);
}

static void source_snapshot(struct mr_operator *operator, struct mr_snapshot_writer *writer,
    uint64_t checkpoint)
{
    const struct source *source = (const struct source *)operator;
    const struct mr_probe *probe = operator->context->job->probe;
    struct mr_probe_at at = mr_operator_at(operator);
    mr_snapshot_u32(writer, source->n_partitions);
    for (uint32_t i = 0; i < source->n_partitions; i++) {
        const struct partition *partition = &source->partitions[i];
        int64_t next_offset = partition->next_offset;
        if (probe && probe->snapshot_source)
            probe->snapshot_source(probe->self, &at, checkpoint, partition->id, next_offset);
        /* FLINK-4618: the offset of the last record instead of the next. */
        if (MR_PLANTED(operator->context->env, OFFSET_OF_LAST_RECORD) && next_offset > 0) next_offset--;
        mr_snapshot_u32(writer, partition->id);
        /* A partition that had ended is asked again: one empty answer. */
        bool is_idle = source->is_marked && source->merge.inputs[i].is_idle;
        mr_snapshot_u32(writer, partition->n_marks << 1 | is_idle);
        mr_snapshot_u64(writer, (uint64_t)next_offset);
        mr_snapshot_u64(writer, (uint64_t)partition->newest_us);
    }
}

static void source_restore(struct mr_operator *operator, struct mr_snapshot_reader *reader,
    bool is_rewind)
{
    (void)is_rewind;
    struct source *source = (struct source *)operator;
    uint32_t n = mr_snapshot_read_u32(reader);
    for (uint32_t i = 0; i < n && !reader->is_broken; i++) {
        uint32_t id = mr_snapshot_read_u32(reader);
        uint32_t marks = mr_snapshot_read_u32(reader);
        int64_t next_offset = (int64_t)mr_snapshot_read_u64(reader);
        mr_us newest_us = (mr_us)mr_snapshot_read_u64(reader);
        for (uint32_t k = 0; k < source->n_partitions; k++) {
            if (source->partitions[k].id != id) continue;
            source->partitions[k].next_offset = next_offset;
            source->partitions[k].newest_us = newest_us;
            source->partitions[k].n_marks = marks >> 1;
            source->partitions[k].was_idle = marks & 1;
        }
    }
}

const struct mr_operator_class mr_log_source_class = {.name = "ReadFromLog",
    .bytes = sizeof(struct source),
    .open = source_open,
    .close = source_close,
    .snapshot = source_snapshot,
    .restore = source_restore,
    .reply = source_reply,
    .start = source_start,
    .lowest = source_lowest,
    .resume = source_resume};
