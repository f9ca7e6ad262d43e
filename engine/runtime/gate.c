#include "engine/runtime/gate.h"

#include <string.h>

#include "engine/runtime/protocol.h"

static struct mr_probe_channel probe_channel(const struct mr_gate *gate, uint32_t channel)
{
    return (struct mr_probe_channel){.from_transform = gate->exchange->from.transform,
        .from_subtask = gate->context->subtask,
        .to_transform = gate->exchange->to_transform,
        .to_subtask = gate->first_target + channel};
}

static struct mr_probe_at probe_at(const struct mr_gate *gate)
{
    const struct mr_task_context *context = gate->context;
    return (struct mr_probe_at){.at_ns = context->env->now(context->env),
        .worker = context->env->process,
        .attempt = context->attempt,
        .transform = gate->exchange->from.transform,
        .subtask = context->subtask,
        .epoch = context->epoch};
}

void mr_gate_init(struct mr_gate *gate, struct mr_task_context *context,
    const struct mr_exchange *exchange, const uint32_t *connections)
{
    const struct mr_job *job = context->job;
    const struct mr_graph *graph = job->graph;
    const struct mr_schema *schema =
        &graph->transforms[exchange->from.transform].outputs[exchange->from.output].schema;
    bool is_hash = exchange->kind == MR_EXCHANGE_HASH;
    bool is_wide = mr_exchange_is_wide(exchange);
    *gate = (struct mr_gate){.context = context,
        .exchange = exchange,
        .layout = {.n_columns = exchange->n_columns,
            .types = exchange->types,
            .slots = exchange->slots,
            .capacity_rows = job->batch_rows,
            .header_bytes = sizeof(struct mr_data),
            .kind = MR_MSG_DATA},
        .n_channels = is_wide ? job->parallelism : 1,
        .first_target = is_wide ? 0 : context->subtask,
        .next_channel = context->subtask,
        .watermark_us = context->watermark_us};
    for (uint32_t i = 0; i < schema->n_fields; i++)
        if (schema->fields[i].is_nullable || schema->fields[i].type == MR_TYPE_NULL)
            gate->layout.nullable_columns |= (uint64_t)1 << i;
    mr_builder_layout_measure(&gate->layout);
    if (is_hash)
        gate->keys =
            mr_key_layout_make(schema, exchange->key_fields, exchange->n_keys, gate->key_types);
    if (exchange->shares_keys) gate->keys.mode = MR_KEY_ENCODED; /* whatever the field's type */
    for (uint32_t group = 0; group < MR_KEY_GROUPS; group++)
        gate->target_of_group[group] = (uint8_t)(group * job->parallelism / MR_KEY_GROUPS);
    gate->channels = mr_arena_zalloc(context->arena, sizeof *gate->channels * gate->n_channels);
    for (uint32_t i = 0; i < gate->n_channels; i++)
        gate->channels[i] = (struct mr_out_channel){.connection = connections[i],
            .credit = job->channel_credit,
            .watermark_sent_us = MR_US_MIN};
}

void mr_gate_discard(struct mr_gate *gate)
{
    struct mr_arena *arena = gate->context->arena;
    for (uint32_t i = 0; i < gate->n_channels; i++) {
        struct mr_out_channel *channel = &gate->channels[i];
        mr_builder_discard(&channel->builder, arena);
        mr_message_release(arena, channel->held);
        while (channel->pending_first) {
            struct mr_message *next = (struct mr_message *)(uintptr_t)channel->pending_first->world[0];
            mr_message_release(arena, channel->pending_first);
            channel->pending_first = next;
        }
    }
    mr_arena_free(arena, gate->channels, sizeof *gate->channels * gate->n_channels);
    gate->channels = NULL;
}

static void pend(struct mr_gate *gate, struct mr_out_channel *channel, struct mr_message *message)
{
    const struct mr_env *env = gate->context->env;
    message->world[0] = 0;
    if (channel->pending_last)
        channel->pending_last->world[0] = (uint64_t)(uintptr_t)message;
    else
        channel->pending_first = message;
    channel->pending_last = message;
    gate->n_pending++;
    if (!gate->context->is_blocked) env->milestone(env, MR_SOMETIMES_BACKPRESSURED);
    gate->context->is_blocked = true;
}

/* Rows cost a credit; what has none only keeps its place in the order. */
static inline void transmit(
    struct mr_gate *gate, uint32_t index, struct mr_message *message, bool has_rows)
{
    struct mr_out_channel *channel = &gate->channels[index];
    message->flags = has_rows;
    if (channel->pending_first || (has_rows && channel->credit == 0)) {
        pend(gate, channel, message);
        return;
    }
    channel->credit -= has_rows;
    gate->context->env->send(gate->context->env, channel->connection, message);
}

static inline void tell_sent(
    struct mr_gate *gate, uint32_t index, uint64_t number, uint32_t n_rows, mr_us watermark_us)
{
    const struct mr_probe *probe = gate->context->job->probe;
    if (!probe || !probe->sent) return;
    struct mr_probe_at at = probe_at(gate);
    struct mr_probe_channel channel = probe_channel(gate, index);
    probe->sent(probe->self, &at, &channel, number, n_rows, watermark_us);
}

static inline void fill_header(const struct mr_gate *gate, uint32_t index,
    struct mr_message *message, uint32_t n_rows, uint16_t flags)
{
    struct mr_out_channel *channel = &gate->channels[index];
    struct mr_data *header = (struct mr_data *)message->body;
    *header = (struct mr_data){.attempt = gate->context->attempt,
        .exchange = (uint16_t)gate->exchange->id,
        .from = (uint16_t)gate->context->subtask,
        .to = (uint16_t)(gate->first_target + index),
        .flags = flags,
        .n_rows = n_rows,
        .watermark_us = gate->watermark_us,
        .number = channel->next_number++};
    /* A quiet source says less than it had said. */
    if (MR_PLANTED(gate->context->env, WATERMARK_REGRESSES) && n_rows == 0 &&
        channel->watermark_sent_us > MR_US_MIN && gate->watermark_us != MR_US_MAX)
        header->watermark_us = mr_us_add(channel->watermark_sent_us, -1);
    channel->watermark_sent_us = gate->watermark_us;
    channel->rows_sent += n_rows;
}

static void release_held(struct mr_gate *gate, uint32_t index)
{
    struct mr_message *held = gate->channels[index].held;
    gate->channels[index].held = NULL;
    if (held) transmit(gate, index, held, true);
}

static void flush_channel(struct mr_gate *gate, uint32_t index)
{
    struct mr_out_channel *channel = &gate->channels[index];
    if (!channel->builder.message) return;
    uint32_t n_rows = channel->builder.n_rows;
    struct mr_message *message =
        mr_builder_finish(&channel->builder, &gate->layout, gate->context->arena);
    fill_header(gate, index, message, n_rows, 0);
    tell_sent(gate, index, channel->next_number - 1, n_rows, gate->watermark_us);
    /* FLINK-17564: what is written first keeps its number and leaves second. */
    if (MR_PLANTED(gate->context->env, SWAP_MESSAGES) && !channel->held && !channel->pending_first) {
        message->flags = 1;
        channel->held = message;
        return;
    }
    transmit(gate, index, message, true);
    if (MR_UNLIKELY(channel->held)) release_held(gate, index);
}

static void add_rows(struct mr_gate *gate, uint32_t index, const struct mr_batch *batch,
    const uint16_t *rows, uint32_t n)
{
    struct mr_out_channel *channel = &gate->channels[index];
    while (n > 0) {
        uint32_t took = mr_builder_add(
            &channel->builder, &gate->layout, gate->context->arena, batch, rows, n);
        rows += took;
        n -= took;
        if (channel->builder.n_rows == gate->layout.capacity_rows ||
            MR_CHANCE(gate->context->env, FLUSH_EARLY))
            flush_channel(gate, index);
    }
}

static const uint16_t *selected_rows(struct mr_gate *gate, const struct mr_batch *batch)
{
    if (batch->selection) return batch->selection;
    uint16_t *rows = mr_scratch_array(&gate->context->scratch, uint16_t, batch->n_rows);
    for (uint32_t i = 0; i < batch->n_rows; i++) rows[i] = (uint16_t)i;
    return rows;
}

static void send_hashed(struct mr_gate *gate, const struct mr_batch *batch)
{
    struct mr_scratch *scratch = &gate->context->scratch;
    struct mr_key_hashes hashes = mr_key_hashes_make(&gate->keys, batch, scratch);
    uint32_t counts[MR_PARALLELISM_MAX] = {0};
    uint16_t *lists = mr_scratch_array(scratch, uint16_t, batch->n_selected * gate->n_channels);
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        uint32_t target = gate->target_of_group[mr_key_group(mr_key_hash(&hashes, row))];
        lists[target * batch->n_selected + counts[target]++] = (uint16_t)row;
    }
    for (uint32_t target = 0; target < gate->n_channels; target++)
        if (counts[target])
            add_rows(gate, target, batch, lists + target * batch->n_selected, counts[target]);
}

/* Each channel in turn; subtasks begin at different ones, so that few rows do not all go to the first. */
static void send_in_turn(struct mr_gate *gate, const struct mr_batch *batch)
{
    uint32_t n_channels = gate->n_channels;
    uint32_t first = gate->next_channel % n_channels;
    uint16_t *rows = mr_scratch_array(&gate->context->scratch, uint16_t, batch->n_selected);
    for (uint32_t k = 0; k < n_channels && k < batch->n_selected; k++) {
        uint32_t n = 0;
        for (uint32_t i = k; i < batch->n_selected; i += n_channels)
            rows[n++] = (uint16_t)mr_batch_row(batch, i);
        add_rows(gate, (first + k) % n_channels, batch, rows, n);
    }
    gate->next_channel = (first + batch->n_selected) % n_channels;
}

static void send_to_all(struct mr_gate *gate, const struct mr_batch *batch)
{
    const uint16_t *rows = selected_rows(gate, batch);
    for (uint32_t i = 0; i < gate->n_channels; i++) add_rows(gate, i, batch, rows, batch->n_selected);
}

void mr_gate_send(struct mr_gate *gate, const struct mr_batch *batch)
{
    MR_ASSERT(batch->n_columns == gate->layout.n_columns);
    gate->context->has_unsent = true;
    if (gate->exchange->kind == MR_EXCHANGE_HASH && gate->n_channels > 1)
        send_hashed(gate, batch);
    else if (gate->exchange->kind == MR_EXCHANGE_BROADCAST)
        send_to_all(gate, batch);
    else if (gate->n_channels > 1)
        send_in_turn(gate, batch);
    else
        add_rows(gate, 0, batch, selected_rows(gate, batch), batch->n_selected);
}

static void send_bare(struct mr_gate *gate, uint32_t index, uint16_t kind, uint16_t flags)
{
    struct mr_message *message =
        mr_message_new(gate->context->arena, kind, sizeof(struct mr_data));
    fill_header(gate, index, message, 0, flags);
    tell_sent(gate, index, gate->channels[index].next_number - 1, 0, gate->watermark_us);
    release_held(gate, index);
    transmit(gate, index, message, false);
}

void mr_gate_flush(struct mr_gate *gate)
{
    for (uint32_t i = 0; i < gate->n_channels; i++) flush_channel(gate, i);
}

bool mr_gate_owes_watermark(const struct mr_gate *gate)
{
    for (uint32_t i = 0; i < gate->n_channels; i++)
        if (gate->channels[i].watermark_sent_us < gate->watermark_us) return true;
    return false;
}

void mr_gate_announce(struct mr_gate *gate)
{
    for (uint32_t i = 0; i < gate->n_channels; i++) {
        if (gate->channels[i].watermark_sent_us >= gate->watermark_us) continue;
        if (gate->channels[i].builder.message)
            flush_channel(gate, i);
        else
            send_bare(gate, i, MR_MSG_DATA, 0);
    }
}

void mr_gate_watermark(struct mr_gate *gate, mr_us watermark_us)
{
    if (MR_PLANTED(gate->context->env, SWALLOW_WATERMARK) && gate->watermark_us != MR_US_MIN) return;
    MR_ASSERT(watermark_us >= gate->watermark_us);
    gate->watermark_us = watermark_us;
    gate->context->has_unsent = true;
    if (watermark_us == MR_US_MAX) mr_gate_announce(gate);
}

void mr_gate_idle(struct mr_gate *gate, bool is_idle)
{
    if (gate->is_idle == is_idle) return;
    gate->is_idle = is_idle;
    mr_gate_flush(gate);
    for (uint32_t i = 0; i < gate->n_channels; i++) send_bare(gate, i, MR_MSG_IDLE, is_idle);
}

void mr_gate_barrier(struct mr_gate *gate, uint64_t checkpoint)
{
    const struct mr_env *env = gate->context->env;
    mr_gate_flush(gate);
    for (uint32_t i = 0; i < gate->n_channels; i++) {
        struct mr_out_channel *channel = &gate->channels[i];
        struct mr_message *message =
            mr_message_new(gate->context->arena, MR_MSG_BARRIER, sizeof(struct mr_barrier));
        struct mr_barrier barrier = {.attempt = gate->context->attempt,
            .exchange = (uint16_t)gate->exchange->id,
            .from = (uint16_t)gate->context->subtask,
            .to = (uint16_t)(gate->first_target + i),
            .watermark_us = gate->watermark_us,
            .number = channel->next_number++,
            .checkpoint = checkpoint,
            .rows_sent = channel->rows_sent};
        memcpy(message->body, &barrier, sizeof barrier);
        channel->watermark_sent_us = gate->watermark_us;
        tell_sent(gate, i, barrier.number, 0, gate->watermark_us);
        release_held(gate, i);
        transmit(gate, i, message, false);
        env->reach(env, MR_POINT_CHECKPOINT_BARRIER_SENT);
    }
}

void mr_gate_credit(struct mr_gate *gate, uint32_t target, uint32_t credit)
{
    MR_ASSERT(target >= gate->first_target && target - gate->first_target < gate->n_channels);
    struct mr_out_channel *channel = &gate->channels[target - gate->first_target];
    channel->credit += credit;
    MR_ASSERT(channel->credit <= gate->context->job->channel_credit);
    while (channel->pending_first) {
        struct mr_message *message = channel->pending_first;
        bool has_rows = message->flags != 0;
        if (has_rows && channel->credit == 0) break;
        channel->pending_first = (struct mr_message *)(uintptr_t)message->world[0];
        if (!channel->pending_first) channel->pending_last = NULL;
        gate->n_pending--;
        channel->credit -= has_rows;
        gate->context->env->send(gate->context->env, channel->connection, message);
    }
}
