/* Invariants.
 * 1. Messages of one channel are handled in the order of their numbers; while a channel has a queue, new ones go behind.
 * 2. From the barrier of a checkpoint on a channel until the last channel's, nothing of that channel is handled: the
 *    snapshot holds exactly what came before the barriers.
 * 3. A row is handled before the watermark that its message carries; operators hear of the watermark before it is
 *    forwarded. */
#include "engine/runtime/task.h"

#include <string.h>

#include "engine/runtime/worker_internal.h"

/* Fixed and global windows with the default trigger have an operator of their own: the fast one. */
static const struct mr_operator_class *class_of_combine(const struct mr_windowing *windowing)
{
    if (!mr_windowing_is_plain(windowing)) return &mr_combine_panes_class;
    return windowing->kind == MR_WINDOW_SLIDING ? &mr_combine_slices_class : &mr_combine_class;
}

static const struct mr_operator_class *class_of(const struct mr_transform *transform)
{
    switch (transform->kind) {
    case MR_COMBINE: return class_of_combine(&transform->windowing);
    case MR_READ_FROM_LOG: return &mr_log_source_class;
    case MR_CREATE: return &mr_create_class;
    case MR_MAP_TO_FIELDS: return &mr_map_to_fields_class;
    case MR_FILTER: return &mr_filter_class;
    case MR_FLATTEN: return &mr_flatten_class;
    case MR_ASSIGN_TIMESTAMPS: return &mr_assign_timestamps_class;
    case MR_WINDOW_INTO: return &mr_window_into_class;
    case MR_WRITE_TO_LOG: return &mr_log_sink_class;
    case MR_PARTITION: return &mr_partition_class;
    case MR_RESHUFFLE: return &mr_reshuffle_class;
    case MR_EXTRACT_WINDOWING_INFO: return &mr_extract_windowing_info_class;
    case MR_EXPLODE: return &mr_explode_class;
    case MR_VALIDATE_WITH_SCHEMA: return &mr_validate_with_schema_class;
    case MR_LOOKUP: return &mr_lookup_class;
    case MR_LOG_FOR_TESTING: return &mr_log_for_testing_class;
    case MR_JOIN: return &mr_join_class;
    case MR_SQL: return &mr_sql_class;
    case MR_JOIN_STREAMS: return &mr_stream_join_class;
    case MR_KEYED_PROCESS: return &mr_keyed_process_class;
    case MR_DEDUPLICATE: return &mr_deduplicate_class;
    case MR_TOP_N: return &mr_top_n_class;
    case MR_MATERIALIZE: return &mr_materialize_class;
    case MR_ROUTE: return transform->keyed ? &mr_route_control_class : &mr_route_class;
    }
    MR_UNREACHABLE("a transform without an operator");
    return NULL;
}

static bool is_source(const struct mr_operator *operator)
{
    return operator->class == &mr_log_source_class || operator->class == &mr_create_class;
}

static struct mr_operator *find_operator(const struct mr_task *task, uint32_t transform)
{
    for (uint32_t i = 0; i < task->n_operators; i++)
        if (task->operators[i]->transform->id == transform) return task->operators[i];
    return NULL;
}

static void make_operators(struct mr_task *task)
{
    const struct mr_graph *graph = task->context.job->graph;
    struct mr_arena *arena = task->context.arena;
    task->n_operators = task->stage->n_transforms;
    task->operators = mr_arena_zalloc(arena, sizeof *task->operators * task->n_operators);
    for (uint32_t i = 0; i < task->n_operators; i++) {
        const struct mr_transform *transform = &graph->transforms[task->stage->transforms[i]];
        const struct mr_operator_class *class = class_of(transform);
        struct mr_operator *operator = mr_arena_zalloc(arena, class->bytes);
        operator->class = class;
        operator->transform = transform;
        operator->context = &task->context;
        operator->index = i;
        task->operators[i] = operator;
        task->n_sources += is_source(operator);
        if (class->output_us) task->holder = operator;
        task->n_holding += class->hold != NULL;
    }
}

static void make_gates(struct mr_task *task, const uint32_t *connection_of_subtask)
{
    task->n_gates = task->stage->n_outputs;
    task->gates = mr_arena_zalloc(task->context.arena, sizeof *task->gates * (task->n_gates + 1));
    for (uint32_t i = 0; i < task->n_gates; i++) {
        const struct mr_exchange *exchange = &task->context.job->plan->exchanges[task->stage->outputs[i]];
        uint32_t first = mr_exchange_is_wide(exchange) ? 0 : task->context.subtask;
        mr_gate_init(&task->gates[i], &task->context, exchange, connection_of_subtask + first);
    }
}

/* All readers of one output: operators of this task and gates. Counts when `out` is NULL. */
static uint32_t list_consumers(struct mr_task *task, const struct mr_transform *from, uint32_t output,
    struct mr_consumer *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < task->n_operators; i++) {
        const struct mr_transform *to = task->operators[i]->transform;
        for (uint32_t k = 0; k < to->n_inputs; k++) {
            if (to->inputs[k].transform != from->id || to->inputs[k].output != output) continue;
            if (out) out[n] = (struct mr_consumer){.operator = task->operators[i], .input = k};
            n++;
        }
    }
    for (uint32_t i = 0; i < task->n_gates; i++) {
        const struct mr_edge *edge = &task->gates[i].exchange->from;
        if (edge->transform != from->id || edge->output != output) continue;
        if (out) out[n] = (struct mr_consumer){.gate = &task->gates[i]};
        n++;
    }
    return n;
}

static void connect_outputs(struct mr_task *task)
{
    for (uint32_t i = 0; i < task->n_operators; i++) {
        struct mr_operator *operator = task->operators[i];
        operator->outputs = mr_arena_zalloc(task->context.arena,
            sizeof *operator->outputs * (operator->transform->n_outputs + 1));
        for (uint32_t output = 0; output < operator->transform->n_outputs; output++) {
            uint32_t n = list_consumers(task, operator->transform, output, NULL);
            operator->outputs[output].n = n;
            operator->outputs[output].consumers = mr_arena_zalloc(
                task->context.arena, sizeof(struct mr_consumer) * (n + 1));
            list_consumers(task, operator->transform, output, operator->outputs[output].consumers);
        }
    }
}

static void make_channels(struct mr_task *task)
{
    const struct mr_job *job = task->context.job;
    for (uint32_t i = 0; i < task->stage->n_inputs; i++)
        task->n_channels +=
            mr_exchange_is_wide(&job->plan->exchanges[task->stage->inputs[i]]) ? job->parallelism : 1;
    task->channels =
        mr_arena_zalloc(task->context.arena, sizeof *task->channels * (task->n_channels + 1));
    uint32_t n = 0;
    for (uint32_t i = 0; i < task->stage->n_inputs; i++) {
        const struct mr_exchange *exchange = &job->plan->exchanges[task->stage->inputs[i]];
        bool is_wide = mr_exchange_is_wide(exchange);
        for (uint32_t k = 0; k < (is_wide ? job->parallelism : 1); k++)
            task->channels[n++] = (struct mr_in_channel){.exchange = exchange,
                .from = is_wide ? k : task->context.subtask,
                .operator= find_operator(task, exchange->to_transform)};
    }
    uint32_t n_merged = task->n_channels + task->n_sources;
    MR_ASSERT(n_merged > 0 && (task->n_channels == 0 || task->n_sources == 0));
    task->merge = (struct mr_watermark_merge){.n = n_merged, .merged_us = MR_US_MIN};
    task->merge.inputs =
        mr_arena_zalloc(task->context.arena, sizeof *task->merge.inputs * n_merged);
    for (uint32_t i = 0; i < n_merged; i++) {
        task->merge.inputs[i].watermark_us = MR_US_MIN;
        /* FLINK-32828: an input is registered with its first message only. */
        if (MR_PLANTED(task->context.env, WATERMARK_IGNORES_CHANNEL) && task->n_channels && i > 0)
            task->merge.inputs[i].is_idle = true;
    }
}

struct mr_task *mr_task_new(struct mr_worker *worker, const struct mr_task_context *context,
    const struct mr_stage *stage, const uint32_t *connection_of_subtask)
{
    struct mr_task *task = mr_arena_new(context->arena, struct mr_task);
    task->worker = worker;
    task->stage = stage;
    task->context = *context;
    task->context.task = task;
    task->context.watermark_us = MR_US_MIN;
    mr_scratch_init(&task->context.scratch, context->arena);
    task->context.caller = (struct mr_caller){
        .owner = context->env->process, .incarnation = context->env->incarnation};
    task->context.scratch.caller = &task->context.caller;
    make_operators(task);
    make_gates(task, connection_of_subtask);
    connect_outputs(task);
    make_channels(task);
    for (uint32_t i = 0; i < task->n_operators; i++)
        if (task->operators[i]->class->open) task->operators[i]->class->open(task->operators[i]);
    return task;
}

static struct mr_message *pop_queue(struct mr_task *task, struct mr_in_channel *channel)
{
    MR_ASSERT(task->n_queued > 0);
    task->n_queued--;
    struct mr_message *message = channel->queue_first;
    channel->queue_first = (struct mr_message *)(uintptr_t)message->world[0];
    if (!channel->queue_first) channel->queue_last = NULL;
    return message;
}

void mr_task_discard(struct mr_task *task)
{
    struct mr_arena *arena = task->context.arena;
    for (uint32_t i = 0; i < task->n_operators; i++) {
        struct mr_operator *operator = task->operators[i];
        for (uint32_t output = 0; output < operator->transform->n_outputs; output++)
            mr_arena_free(arena, operator->outputs[output].consumers,
                sizeof(struct mr_consumer) * (operator->outputs[output].n + 1));
        mr_arena_free(arena, operator->outputs,
            sizeof *operator->outputs * (operator->transform->n_outputs + 1));
        if (operator->class->close) operator->class->close(operator);
        mr_arena_free(arena, operator, operator->class->bytes);
    }
    mr_arena_free(arena, task->operators, sizeof *task->operators * task->n_operators);
    for (uint32_t i = 0; i < task->n_gates; i++) mr_gate_discard(&task->gates[i]);
    mr_arena_free(arena, task->gates, sizeof *task->gates * (task->n_gates + 1));
    for (uint32_t i = 0; i < task->n_channels; i++)
        while (task->channels[i].queue_first)
            mr_message_release(arena, pop_queue(task, &task->channels[i]));
    mr_arena_free(arena, task->channels, sizeof *task->channels * (task->n_channels + 1));
    mr_arena_free(arena, task->merge.inputs, sizeof *task->merge.inputs * task->merge.n);
    mr_scratch_deinit(&task->context.scratch);
    mr_arena_free(arena, task, sizeof *task);
}

static struct mr_probe_at task_at(const struct mr_task *task)
{
    struct mr_probe_at at = mr_operator_at(task->operators[0]);
    return at;
}

static struct mr_probe_channel channel_at(const struct mr_task *task, const struct mr_in_channel *channel)
{
    return (struct mr_probe_channel){.from_transform = channel->exchange->from.transform,
        .from_subtask = channel->from,
        .to_transform = channel->exchange->to_transform,
        .to_subtask = task->context.subtask};
}

static void forward_watermark(struct mr_task *task)
{
    mr_us watermark_us = task->context.watermark_us;
    if (task->holder) watermark_us = task->holder->class->output_us(task->holder);
    for (uint32_t i = 0; i < task->n_gates; i++)
        if (task->gates[i].watermark_us < watermark_us)
            mr_gate_watermark(&task->gates[i], watermark_us);
}

/* The watermark that rows under way in a service let pass; MR_US_MAX: there are none. */
static mr_us hold_of(const struct mr_task *task)
{
    mr_us hold_us = MR_US_MAX;
    for (uint32_t i = 0; i < task->n_operators && task->n_holding; i++) {
        const struct mr_operator *operator = task->operators[i];
        mr_us own_us = operator->class->hold ? operator->class->hold(operator) : MR_US_MAX;
        if (own_us < hold_us) hold_us = own_us;
    }
    return hold_us;
}

/* Invariant 3: operators first, then the gates. */
static void advance_watermark(struct mr_task *task)
{
    mr_us watermark_us = task->merge.merged_us;
    mr_us hold_us = hold_of(task);
    bool is_holding = hold_us < MR_US_MAX;
    if (MR_UNLIKELY(watermark_us > hold_us) &&
        !MR_PLANTED(task->context.env, LOOKUP_FREES_WATERMARK))
        watermark_us = hold_us;
    if (watermark_us > task->context.watermark_us) {
        task->context.watermark_us = watermark_us;
        const struct mr_probe *probe = task->context.job->probe;
        if (probe && probe->operator_watermark && task->n_channels) {
            struct mr_probe_at at = task_at(task);
            probe->operator_watermark(probe->self, &at, watermark_us);
        }
        for (uint32_t i = 0; i < task->n_operators; i++)
            if (task->operators[i]->class->watermark)
                task->operators[i]->class->watermark(task->operators[i], watermark_us);
        forward_watermark(task);
    }
    for (uint32_t i = 0; i < task->n_gates; i++) mr_gate_idle(&task->gates[i], task->merge.is_idle && !is_holding);
}

void mr_task_source_watermark(struct mr_operator *source, mr_us watermark_us, bool is_idle)
{
    struct mr_task *task = source->context->task;
    const struct mr_probe *probe = task->context.job->probe;
    uint32_t input = 0;
    for (uint32_t i = 0; i < source->index; i++) input += is_source(task->operators[i]);
    if (probe && probe->source_watermark && watermark_us > task->merge.inputs[input].watermark_us) {
        struct mr_probe_at at = mr_operator_at(source);
        probe->source_watermark(probe->self, &at, watermark_us);
    }
    mr_watermark_raise(&task->merge, input, watermark_us);
    mr_watermark_set_idle(&task->merge, input, is_idle);
    advance_watermark(task);
    if (MR_CHANCE(task->context.env, EAGER_WATERMARK))
        for (uint32_t i = 0; i < task->n_gates; i++) mr_gate_announce(&task->gates[i]);
}

void mr_task_source_ended(struct mr_operator *source)
{
    struct mr_task *task = source->context->task;
    task->n_sources_ended++;
    MR_ASSERT(task->n_sources_ended <= task->n_sources);
    mr_task_flush(task);
    if (task->n_sources_ended == task->n_sources) mr_worker_task_ended(task->worker);
}

void mr_task_sink_waits(struct mr_operator *sink)
{
    mr_worker_sink_waits(sink->context->task->worker);
}

void mr_task_sink_flushed(struct mr_operator *sink)
{
    mr_worker_sink_flushed(sink->context->task->worker);
}

static void snapshot_operator(struct mr_task *task, struct mr_operator *operator,
    struct mr_snapshot_writer *writer, uint64_t checkpoint)
{
    mr_snapshot_u32(writer, operator->transform->id);
    uint32_t length_at = writer->bytes;
    mr_snapshot_u32(writer, 0);
    uint32_t begin = writer->bytes;
    if (operator->class->snapshot) operator->class->snapshot(operator, writer, checkpoint);
    uint32_t bytes = writer->bytes - begin;
    memcpy(writer->data + length_at, &bytes, 4);
    const struct mr_probe *probe = task->context.job->probe;
    bool has_state = mr_transform_has_state(operator->transform) || operator->transform->keyed;
    if (!probe || !probe->snapshot_operator || !has_state) return;
    struct mr_probe_at at = mr_operator_at(operator);
    probe->snapshot_operator(probe->self, &at, checkpoint, task->context.watermark_us,
        writer->data + begin, bytes);
}

/* Takes the snapshot and passes the barrier on. */
static void checkpoint_task(struct mr_task *task, uint64_t checkpoint)
{
    const struct mr_env *env = task->context.env;
    struct mr_snapshot_writer *writer = mr_worker_snapshot_begin(task->worker, checkpoint);
    if (writer) {
        uint32_t before = writer->bytes;
        mr_snapshot_u32(writer, task->stage->id);
        mr_snapshot_u32(writer, task->context.subtask);
        mr_snapshot_u64(writer, (uint64_t)task->context.watermark_us);
        mr_snapshot_u32(writer, task->n_operators);
        for (uint32_t i = 0; i < task->n_operators; i++)
            snapshot_operator(task, task->operators[i], writer, checkpoint);
        env->spend(env, task->context.job->costs.snapshot_kb_ns * (mr_ns)(writer->bytes - before) / 1024);
    }
    env->reach(env, MR_POINT_CHECKPOINT_SNAPSHOT);
    task->context.epoch = checkpoint + 1;
    task->last_checkpoint = checkpoint;
    for (uint32_t i = 0; i < task->n_gates; i++) mr_gate_barrier(&task->gates[i], checkpoint);
    if (writer) mr_worker_snapshot_end(task->worker);
}

void mr_task_trigger(struct mr_task *task, uint64_t checkpoint)
{
    MR_ASSERT(task->n_sources > 0);
    if (checkpoint > task->last_checkpoint) checkpoint_task(task, checkpoint);
}

static void stop_aligning(struct mr_task *task)
{
    for (uint32_t i = 0; i < task->n_channels; i++) task->channels[i].is_aligned = false;
    task->aligning = 0;
    task->n_aligned = 0;
}

static void handle_barrier(struct mr_task *task, struct mr_in_channel *channel,
    const struct mr_barrier *barrier)
{
    if (barrier->checkpoint <= task->last_checkpoint) return;
    if (task->aligning != barrier->checkpoint) { /* a newer one subsumes what was awaited */
        stop_aligning(task);
        task->aligning = barrier->checkpoint;
    }
    MR_ASSERT(!channel->is_aligned);
    channel->is_aligned = true;
    task->n_aligned++;
    bool is_complete = task->n_aligned == task->n_channels ||
        MR_PLANTED(task->context.env, SNAPSHOT_BEFORE_ALIGNED);
    if (!is_complete) return;
    stop_aligning(task);
    checkpoint_task(task, barrier->checkpoint);
}

static void give_credit(struct mr_task *task, struct mr_in_channel *channel)
{
    uint32_t half = task->context.job->channel_credit / 2;
    if (channel->n_handled < (half ? half : 1)) return;
    if (MR_CHANCE(task->context.env, DELAY_CREDIT) && channel->n_handled + 1 < task->context.job->channel_credit)
        return;
    struct mr_message *message =
        mr_message_new(task->context.arena, MR_MSG_CREDIT, sizeof(struct mr_credit));
    struct mr_credit credit = {.attempt = task->context.attempt,
        .exchange = (uint16_t)channel->exchange->id,
        .from = (uint16_t)channel->from,
        .to = (uint16_t)task->context.subtask,
        .messages = channel->n_handled};
    memcpy(message->body, &credit, sizeof credit);
    channel->n_handled = 0;
    task->context.env->send(task->context.env, channel->connection, message);
}

/* Hands rows to the operator that the exchange enters. */
static void handle_rows(struct mr_task *task, struct mr_in_channel *channel, const struct mr_batch *batch)
{
    const struct mr_env *env = task->context.env;
    struct mr_operator *operator= channel->operator;
    env->spend(env, task->context.job->costs.row_ns * (mr_ns)batch->n_rows);
    channel->rows_received += batch->n_rows;
    operator->input = channel->exchange->to_input;
    operator->class->batch(operator, batch);
    if (task->holder) forward_watermark(task); /* what held it back may have fired */
    channel->n_handled++;
}

static void handle_data(struct mr_task *task, uint32_t index, const struct mr_message *message)
{
    struct mr_in_channel *channel = &task->channels[index];
    const struct mr_data *data = (const struct mr_data *)message->body;
    struct mr_batch batch;
    struct mr_column *columns = NULL;
    if (data->n_rows) {
        columns = mr_scratch_array(&task->context.scratch, struct mr_column, channel->exchange->n_columns);
        mr_blob_view(message->body + sizeof *data, channel->exchange->types, columns, &batch);
    }
    const struct mr_probe *probe = task->context.job->probe;
    if (probe && probe->received) {
        struct mr_probe_at at = task_at(task);
        struct mr_probe_channel where = channel_at(task, channel);
        probe->received(probe->self, &at, &where, data->number, data->n_rows ? &batch : NULL,
            data->watermark_us);
    }
    if (data->n_rows) handle_rows(task, channel, &batch);
    if (MR_PLANTED(task->context.env, WATERMARK_IGNORES_CHANNEL))
        task->merge.inputs[index].is_idle = false;
    bool changed = mr_watermark_raise(&task->merge, index, data->watermark_us);
    if (message->kind == MR_MSG_IDLE) {
        if (probe && probe->channel_idle) {
            struct mr_probe_at at = task_at(task);
            struct mr_probe_channel where = channel_at(task, channel);
            probe->channel_idle(probe->self, &at, &where, data->flags & 1);
        }
        changed = mr_watermark_set_idle(&task->merge, index, data->flags & 1) || changed;
    }
    if (changed) advance_watermark(task);
}

static void tell_barrier(struct mr_task *task, struct mr_in_channel *channel,
    const struct mr_barrier *barrier)
{
    const struct mr_probe *probe = task->context.job->probe;
    if (!probe) return;
    struct mr_probe_at at = task_at(task);
    struct mr_probe_channel where = channel_at(task, channel);
    if (probe->received)
        probe->received(probe->self, &at, &where, barrier->number, NULL, barrier->watermark_us);
    if (probe->barrier)
        probe->barrier(probe->self, &at, &where, barrier->checkpoint, barrier->rows_sent);
}

static void handle(struct mr_task *task, uint32_t index, const struct mr_message *message)
{
    struct mr_in_channel *channel = &task->channels[index];
    if (message->kind != MR_MSG_BARRIER) {
        handle_data(task, index, message);
        give_credit(task, channel);
        return;
    }
    const struct mr_barrier *barrier = (const struct mr_barrier *)message->body;
    tell_barrier(task, channel, barrier);
    if (mr_watermark_raise(&task->merge, index, barrier->watermark_us)) advance_watermark(task);
    handle_barrier(task, channel, barrier);
}

/* No barrier follows the one with which the input ends: rows that wait for a service must not be in it. */
static bool ends_too_early(const struct mr_task *task, const struct mr_message *message)
{
    return message->kind == MR_MSG_BARRIER && hold_of(task) < MR_US_MAX &&
        ((const struct mr_barrier *)message->body)->watermark_us == MR_US_MAX;
}

static bool must_wait(const struct mr_task *task, const struct mr_in_channel *channel,
    const struct mr_message *message)
{
    if (channel->is_aligned || task->context.is_blocked || task->context.has_failed) return true;
    if (MR_LIKELY(task->n_holding == 0)) return false;
    return (task->context.is_full && message->kind == MR_MSG_DATA) || ends_too_early(task, message);
}

/* Handles what has waited, channel by channel in turn, until all is handled or must wait on. */
static void drain(struct mr_task *task)
{
    if (task->is_draining || task->n_queued == 0) return;
    task->is_draining = true;
    bool has_progress = true;
    while (has_progress) {
        has_progress = false;
        for (uint32_t i = 0; i < task->n_channels; i++) {
            struct mr_in_channel *channel = &task->channels[i];
            if (!channel->queue_first || must_wait(task, channel, channel->queue_first)) continue;
            struct mr_message *message = pop_queue(task, channel);
            handle(task, i, message);
            mr_message_release(task->context.arena, message);
            has_progress = true;
        }
    }
    task->is_draining = false;
}

static void enqueue(struct mr_task *task, struct mr_in_channel *channel, struct mr_message *message)
{
    /* FLINK-17568's kin: what comes behind a barrier is forgotten. */
    if (MR_PLANTED(task->context.env, DROP_WHILE_ALIGNING) && channel->is_aligned &&
        message->kind == MR_MSG_DATA && ((const struct mr_data *)message->body)->n_rows > 0)
        return;
    mr_message_retain(message);
    message->world[0] = 0;
    if (channel->queue_last)
        channel->queue_last->world[0] = (uint64_t)(uintptr_t)message;
    else
        channel->queue_first = message;
    channel->queue_last = message;
    task->n_queued++;
}

static void after_handling(struct mr_task *task)
{
    if (MR_UNLIKELY(task->n_holding > 0)) { /* rows may have left, and others and the watermark may follow */
        advance_watermark(task);
        drain(task);
        advance_watermark(task);
    }
    if (task->context.has_unsent) mr_worker_arm_flush(task->worker);
}

void mr_task_receive(struct mr_task *task, uint32_t channel_index, uint32_t connection,
    struct mr_message *message)
{
    MR_ASSERT(channel_index < task->n_channels);
    struct mr_in_channel *channel = &task->channels[channel_index];
    channel->connection = connection;
    if (channel->queue_first || must_wait(task, channel, message)) {
        enqueue(task, channel, message);
        return;
    }
    handle(task, channel_index, message);
    drain(task);
    after_handling(task);
}

void mr_task_credit(struct mr_task *task, uint32_t exchange, uint32_t target, uint32_t credit)
{
    uint32_t n_pending = 0;
    for (uint32_t i = 0; i < task->n_gates; i++) {
        if (task->gates[i].exchange->id == exchange) mr_gate_credit(&task->gates[i], target, credit);
        n_pending += task->gates[i].n_pending;
    }
    if (!task->context.is_blocked || n_pending > 0) return;
    task->context.is_blocked = false;
    drain(task);
    for (uint32_t i = 0; i < task->n_operators && !task->context.is_blocked; i++)
        if (task->operators[i]->class->resume) task->operators[i]->class->resume(task->operators[i]);
    after_handling(task);
}

void mr_task_reply(struct mr_task *task, uint32_t operator_index, const struct mr_message *message,
    uint32_t detail)
{
    MR_ASSERT(operator_index < task->n_operators);
    struct mr_operator *operator = task->operators[operator_index];
    MR_ASSERT(operator->class->reply != NULL);
    operator->class->reply(operator, message, detail);
    after_handling(task);
}

void mr_task_restore(struct mr_task *task, struct mr_snapshot_reader *reader)
{
    task->context.watermark_us = (mr_us)mr_snapshot_read_u64(reader);
    task->merge.merged_us = task->context.watermark_us;
    task->context.has_unsent = true; /* nobody has been told the watermark in this attempt */
    for (uint32_t i = 0; i < task->n_gates; i++) task->gates[i].watermark_us = task->context.watermark_us;
    uint32_t n = mr_snapshot_read_u32(reader);
    for (uint32_t i = 0; i < n && !reader->is_broken; i++) {
        uint32_t transform = mr_snapshot_read_u32(reader);
        uint32_t bytes = mr_snapshot_read_u32(reader);
        struct mr_snapshot_reader part = {
            .data = mr_snapshot_read_bytes(reader, bytes), .bytes = bytes};
        struct mr_operator *operator = find_operator(task, transform);
        MR_ASSERT(operator != NULL);
        if (!reader->is_broken && operator->class->restore)
            operator->class->restore(operator, &part, task->context.is_rewind);
        reader->is_broken = reader->is_broken || part.is_broken;
    }
    for (uint32_t i = 0; i < task->n_gates && task->holder; i++)
        task->gates[i].watermark_us = task->holder->class->output_us(task->holder);
    const struct mr_probe *probe = task->context.job->probe;
    if (probe && probe->operator_watermark && task->n_channels) {
        struct mr_probe_at at = task_at(task);
        probe->operator_watermark(probe->self, &at, task->context.watermark_us);
    }
}

void mr_task_arm(struct mr_operator *operator, mr_ns at_ns)
{
    mr_worker_arm_timer(operator->context->task->worker, at_ns);
}

void mr_task_timer(struct mr_task *task)
{
    if (task->context.has_failed) return;
    for (uint32_t i = 0; i < task->n_operators; i++)
        if (task->operators[i]->class->timer) task->operators[i]->class->timer(task->operators[i]);
    if (task->holder) forward_watermark(task);
    after_handling(task);
}

void mr_task_prepare(struct mr_task *task)
{
    for (uint32_t i = 0; i < task->n_operators; i++)
        if (task->operators[i]->class->prepare) task->operators[i]->class->prepare(task->operators[i]);
}

void mr_task_start(struct mr_task *task)
{
    for (uint32_t i = 0; i < task->n_operators; i++)
        if (task->operators[i]->class->start) task->operators[i]->class->start(task->operators[i]);
    after_handling(task);
}

void mr_task_abort(struct mr_task *task, uint64_t checkpoint)
{
    if (checkpoint > task->last_checkpoint && task->n_sources == 0) task->last_checkpoint = checkpoint;
    if (task->aligning == 0 || task->aligning > checkpoint) return;
    stop_aligning(task);
    drain(task);
    after_handling(task);
}

void mr_task_complete(struct mr_task *task, uint64_t checkpoint)
{
    for (uint32_t i = 0; i < task->n_operators; i++)
        if (task->operators[i]->class->complete)
            task->operators[i]->class->complete(task->operators[i], checkpoint);
}

void mr_task_stop(struct mr_task *task)
{
    for (uint32_t i = 0; i < task->n_operators; i++)
        if (task->operators[i]->class->stop) task->operators[i]->class->stop(task->operators[i]);
}

void mr_task_announce(struct mr_task *task)
{
    for (uint32_t i = 0; i < task->n_gates; i++) mr_gate_announce(&task->gates[i]);
}

bool mr_task_owes_watermark(const struct mr_task *task)
{
    for (uint32_t i = 0; i < task->n_gates; i++)
        if (mr_gate_owes_watermark(&task->gates[i])) return true;
    return false;
}

void mr_task_flush(struct mr_task *task)
{
    if (!task->context.has_unsent) return;
    task->context.has_unsent = false;
    for (uint32_t i = 0; i < task->n_gates; i++) mr_gate_flush(&task->gates[i]);
    for (uint32_t i = 0; i < task->n_operators; i++)
        if (task->operators[i]->class->flush) task->operators[i]->class->flush(task->operators[i]);
}

bool mr_task_is_busy(const struct mr_task *task)
{
    for (uint32_t i = 0; i < task->n_operators; i++)
        if (task->operators[i]->class->is_busy && task->operators[i]->class->is_busy(task->operators[i]))
            return true;
    return false;
}

mr_us mr_task_lowest(const struct mr_task *task, uint32_t group)
{
    mr_us lowest_us = MR_US_MAX;
    for (uint32_t i = 0; i < task->n_operators; i++) {
        const struct mr_operator *operator = task->operators[i];
        mr_us own_us = operator->class->lowest ? operator->class->lowest(operator, group) : MR_US_MAX;
        if (own_us < lowest_us) lowest_us = own_us;
    }
    return lowest_us;
}

static void resume(struct mr_task *task)
{
    for (uint32_t i = 0; i < task->n_operators && !task->context.is_blocked; i++)
        if (task->operators[i]->class->resume) task->operators[i]->class->resume(task->operators[i]);
    after_handling(task);
}

void mr_task_aligned(struct mr_task *task)
{
    if (task->n_sources > 0 && !task->context.is_blocked) resume(task);
}

void mr_task_woken(struct mr_task *task, uint32_t operator_index)
{
    MR_ASSERT(operator_index < task->n_operators);
    struct mr_operator *operator = task->operators[operator_index];
    MR_ASSERT(operator->class->woken != NULL);
    operator->class->woken(operator);
    after_handling(task);
}

void mr_task_wake_at(struct mr_operator *operator, mr_ns at_ns)
{
    mr_worker_wake_at(
        operator->context->task->worker, operator->context->task_index, operator->index, at_ns);
}

mr_us mr_task_merged_us(const struct mr_operator *operator)
{
    return operator->context->task->merge.merged_us;
}
