/* WriteToLog. Exactly-once: each epoch of the stream is a transaction of the log, tied to a checkpoint.
 *
 * Invariants.
 * 1. A transaction is named by producer id and producer epoch; the log raises the epoch with each end, so a slot used
 *    again is another transaction (FLINK-8132).
 * 2. Barrier n closes the open transaction: it is listed in snapshot n and in all later ones until its commit is
 *    answered. What comes behind the barrier goes into another slot.
 * 3. A transaction is committed only when a checkpoint that lists it has completed: told by COMPLETE, or known at a
 *    restore. A restore commits what it lists first; only then does it raise the epochs, which aborts the rest.
 * 4. A rewind commits nothing: what the older checkpoint lists is history. */
#include <string.h>

#include "base/digest.h"
#include "base/wire/log.h"
#include "engine/batch/builder.h"
#include "engine/operators/operator.h"
#include "engine/state/keyed_map.h"

enum { SLOTS = 4, PENDING_MAX = 16, APPEND_ROWS_MAX = 256, DETAIL_INIT = 1000, DETAIL_END = 2000 };

enum slot_state { SLOT_FREE, SLOT_OPEN, SLOT_CLOSED, SLOT_ENDING };
struct slot {
    enum slot_state state;
    struct mr_log_producer producer;
    uint64_t checkpoint;    /* CLOSED: the barrier that closed it */
    uint64_t n_rows;
    uint32_t n_unanswered;  /* appends */
    bool is_flushed;
    uint64_t *sequences;    /* [n_partitions]: next append of each */
};

struct pending { /* of a restored snapshot */
    uint64_t checkpoint;
    struct mr_log_producer producer;
};

enum phase { PHASE_NEW, PHASE_COMMITTING, PHASE_INITIALIZING, PHASE_READY, PHASE_STOPPING, PHASE_STOPPED };

struct sink {
    struct mr_operator operator;
    uint32_t topic;
    uint32_t n_partitions;
    enum phase phase;
    struct mr_builder_layout layout;
    struct mr_builder *builders; /* [n_partitions] */
    enum mr_type types[MR_FIELDS_MAX];
    struct mr_key_layout key;
    struct mr_field key_type[1];
    struct slot slots[SLOTS];
    uint32_t current; /* slot of the open epoch */
    uint32_t n_pending;
    struct pending pending[PENDING_MAX];
    uint32_t n_ends_unanswered;
    /* At-least-once. */
    uint32_t n_unanswered;
    uint64_t waits_for_checkpoint; /* 0: none */
    bool is_waiting;               /* told the task so */
};

static const struct mr_write_to_log *spec(const struct sink *sink)
{
    return &sink->operator.transform->write;
}

static bool is_transactional(const struct sink *sink)
{
    return spec(sink)->delivery == MR_DELIVERY_EXACTLY_ONCE;
}

static uint32_t mapped_topic(const struct mr_task_context *context, uint32_t topic)
{
    for (uint32_t i = 0; i < context->n_topic_map; i++)
        if (context->topic_map[2 * i] == topic) return context->topic_map[2 * i + 1];
    return topic;
}

static void find_topic(struct sink *sink)
{
    const struct mr_task_context *context = sink->operator.context;
    const struct mr_job *job = context->job;
    for (uint32_t i = 0; i < job->n_topics; i++)
        if (strcmp(job->topics[i].name, spec(sink)->topic) == 0)
            sink->topic = mapped_topic(context, job->topics[i].index);
    for (uint32_t i = 0; i < job->n_topics; i++)
        if (job->topics[i].index == sink->topic) sink->n_partitions = job->topics[i].n_partitions;
    MR_ASSERT(sink->n_partitions > 0);
}

static void sink_open(struct mr_operator *operator)
{
    struct sink *sink = (struct sink *)operator;
    const struct mr_job *job = operator->context->job;
    const struct mr_edge *edge = &operator->transform->inputs[0];
    const struct mr_schema *schema =
        &job->graph->transforms[edge->transform].outputs[edge->output].schema;
    find_topic(sink);
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        sink->types[i] = schema->fields[i].type;
        if (schema->fields[i].is_nullable) sink->layout.nullable_columns |= (uint64_t)1 << i;
    }
    sink->layout.n_columns = schema->n_fields;
    sink->layout.types = sink->types;
    if (job->plan->has_window[operator->transform->id])
        sink->layout.slots = MR_SLOT_WINDOW | MR_SLOT_PANE;
    if (job->plan->has_kind[operator->transform->id]) sink->layout.slots |= MR_SLOT_KIND;
    sink->layout.capacity_rows =
        job->batch_rows < APPEND_ROWS_MAX ? APPEND_ROWS_MAX : job->batch_rows;
    mr_builder_layout_measure(&sink->layout);
    if (spec(sink)->key_field >= 0)
        sink->key = mr_key_layout_make(schema, &spec(sink)->key_field, 1, sink->key_type);
    struct mr_arena *arena = operator->context->arena;
    sink->builders = mr_arena_zalloc(arena, sizeof *sink->builders * sink->n_partitions);
    for (uint32_t i = 0; i < SLOTS; i++)
        sink->slots[i].sequences = mr_arena_zalloc(arena, 8 * (size_t)sink->n_partitions);
}

static void sink_close(struct mr_operator *operator)
{
    struct sink *sink = (struct sink *)operator;
    struct mr_arena *arena = operator->context->arena;
    for (uint32_t i = 0; i < sink->n_partitions; i++) mr_builder_discard(&sink->builders[i], arena);
    mr_arena_free(arena, sink->builders, sizeof *sink->builders * sink->n_partitions);
    for (uint32_t i = 0; i < SLOTS; i++)
        mr_arena_free(arena, sink->slots[i].sequences, 8 * (size_t)sink->n_partitions);
}

/* The name under which the log knows this subtask's producers. */
static uint64_t owner_of(const struct sink *sink)
{
    uint64_t owner = mr_hash_bytes(sink->operator.transform->name, strlen(sink->operator.transform->name));
    owner = mr_digest_mix(owner, mr_name(sink->operator.context->job->name));
    return mr_digest_mix(owner, sink->operator.context->subtask);
}

static void send(struct sink *sink, struct mr_message *message)
{
    const struct mr_task_context *context = sink->operator.context;
    context->env->send(context->env, context->broker_connection, message);
}

static void send_init(struct sink *sink)
{
    const struct mr_task_context *context = sink->operator.context;
    struct mr_message *message = mr_message_new(
        context->arena, MR_LOG_INIT_PRODUCERS, sizeof(struct mr_log_init_producers));
    struct mr_log_init_producers request = {.tag = mr_request_tag(&sink->operator, DETAIL_INIT),
        .owner = owner_of(sink),
        .n_slots = SLOTS,
        .attempt = context->attempt,
        .timeout_ns = context->job->transaction_timeout_ns};
    memcpy(message->body, &request, sizeof request);
    sink->phase = PHASE_INITIALIZING;
    send(sink, message);
}

static void send_end(struct sink *sink, uint32_t detail, const struct mr_log_producer *producer,
    bool is_commit)
{
    const struct mr_task_context *context = sink->operator.context;
    struct mr_message *message = mr_message_new(
        context->arena, MR_LOG_END_TRANSACTION, sizeof(struct mr_log_end_transaction));
    struct mr_log_end_transaction request = {.tag = mr_request_tag(&sink->operator, DETAIL_END + detail),
        .producer_id = producer->id,
        .producer_epoch = producer->epoch,
        .is_commit = is_commit};
    memcpy(message->body, &request, sizeof request);
    sink->n_ends_unanswered++;
    send(sink, message);
}

static void sink_prepare(struct mr_operator *operator)
{
    struct sink *sink = (struct sink *)operator;
    const struct mr_env *env = operator->context->env;
    if (!is_transactional(sink)) {
        sink->phase = PHASE_READY;
        return;
    }
    bool is_rewind = operator->context->is_rewind && !MR_PLANTED(env, REWIND_COMMITS_HISTORY);
    if (is_rewind || MR_PLANTED(env, SKIP_RECOVERED_COMMIT)) sink->n_pending = 0;
    if (sink->n_pending == 0) {
        send_init(sink);
        return;
    }
    sink->phase = PHASE_COMMITTING; /* invariant 3 */
    for (uint32_t i = 0; i < sink->n_pending; i++) {
        env->reach(env, MR_POINT_SINK_BEFORE_COMMIT);
        /* On a rewind only the planted bug comes here: it ends history the other way. */
        send_end(sink, SLOTS + i, &sink->pending[i].producer, !operator->context->is_rewind);
        env->reach(env, MR_POINT_SINK_COMMIT_SENT);
    }
    env->milestone(env, MR_SOMETIMES_COMMITTED_AFTER_RESTORE);
}

static void append(struct sink *sink, uint32_t partition)
{
    const struct mr_task_context *context = sink->operator.context;
    if (!sink->builders[partition].message) return;
    uint32_t n_rows = sink->builders[partition].n_rows;
    struct mr_message *rows =
        mr_builder_finish(&sink->builders[partition], &sink->layout, context->arena);
    struct mr_message *message =
        mr_message_new(context->arena, MR_LOG_APPEND, sizeof(struct mr_log_append));
    struct mr_log_append request = {.tag = mr_request_tag(&sink->operator, sink->current),
        .topic = sink->topic,
        .partition = partition,
        .n_rows = n_rows,
        .attempt = context->attempt,
        .checkpoint = context->epoch,
        .operator_id = sink->operator.transform->id,
        .subtask = context->subtask};
    if (is_transactional(sink) && !MR_PLANTED(context->env, ABORTED_VISIBLE)) {
        struct slot *slot = &sink->slots[sink->current];
        request.producer_id = slot->producer.id;
        request.producer_epoch = slot->producer.epoch;
        request.is_transactional = 1;
        request.sequence = slot->sequences[partition]++;
        slot->n_unanswered++;
        slot->n_rows += n_rows;
        slot->state = SLOT_OPEN;
    } else {
        sink->n_unanswered++;
    }
    memcpy(message->body, &request, sizeof request);
    message->attached = rows;
    send(sink, message);
}

static void sink_flush(struct mr_operator *operator)
{
    struct sink *sink = (struct sink *)operator;
    for (uint32_t i = 0; i < sink->n_partitions; i++) append(sink, i);
}

static void add_rows(struct sink *sink, uint32_t partition, const struct mr_batch *batch,
    const uint16_t *rows, uint32_t n)
{
    while (n > 0) {
        uint32_t took = mr_builder_add(&sink->builders[partition], &sink->layout,
            sink->operator.context->arena, batch, rows, n);
        rows += took;
        n -= took;
        if (sink->builders[partition].n_rows == sink->layout.capacity_rows) append(sink, partition);
    }
}

/* The slots that the topic's rows carry, made where the batch has none. */
static struct mr_batch with_windows(struct sink *sink, const struct mr_batch *batch)
{
    struct mr_batch out = *batch;
    if (!(sink->layout.slots & MR_SLOT_WINDOW) || batch->window_starts_us) return out;
    struct mr_scratch *scratch = &sink->operator.context->scratch;
    mr_us *starts = mr_scratch_array(scratch, mr_us, batch->n_rows + 1);
    mr_us *ends = mr_scratch_array(scratch, mr_us, batch->n_rows + 1);
    for (uint32_t i = 0; i < batch->n_rows; i++)
        mr_row_window(&sink->operator.transform->windowing, batch, i, &starts[i], &ends[i]);
    out.window_starts_us = starts;
    out.window_ends_us = ends;
    return out;
}

static void sink_batch(struct mr_operator *operator, const struct mr_batch *batch)
{
    struct sink *sink = (struct sink *)operator;
    struct mr_task_context *context = operator->context;
    struct mr_batch rows = with_windows(sink, batch);
    uint32_t n = rows.n_selected;
    uint16_t *lists = mr_scratch_array(&context->scratch, uint16_t, n * sink->n_partitions + 1);
    uint32_t *counts = mr_scratch_array(&context->scratch, uint32_t, sink->n_partitions);
    memset(counts, 0, 4 * (size_t)sink->n_partitions);
    bool is_keyed = spec(sink)->key_field >= 0 && sink->n_partitions > 1;
    struct mr_key_hashes hashes = {0};
    if (is_keyed) hashes = mr_key_hashes_make(&sink->key, &rows, &context->scratch);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = mr_batch_row(&rows, i);
        uint32_t partition =
            is_keyed ? (uint32_t)(mr_key_hash(&hashes, row) >> 33) % sink->n_partitions
                     : context->subtask % sink->n_partitions;
        lists[partition * n + counts[partition]++] = (uint16_t)row;
    }
    for (uint32_t p = 0; p < sink->n_partitions; p++)
        if (counts[p]) add_rows(sink, p, &rows, lists + (size_t)p * n, counts[p]);
    context->has_unsent = true;
}

static void snapshot_slot(struct mr_snapshot_writer *writer, const struct slot *slot, uint64_t checkpoint)
{
    mr_snapshot_u64(writer, checkpoint);
    mr_snapshot_u64(writer, slot->producer.id);
    mr_snapshot_u64(writer, slot->producer.epoch);
}

static void wait_for_answers(struct sink *sink, uint64_t checkpoint)
{
    sink->waits_for_checkpoint = checkpoint;
    if (sink->is_waiting) return;
    sink->is_waiting = true;
    mr_task_sink_waits(&sink->operator);
}

static void precommitted(struct sink *sink, struct slot *slot)
{
    const struct mr_task_context *context = sink->operator.context;
    const struct mr_probe *probe = context->job->probe;
    slot->is_flushed = true;
    struct mr_probe_at at = mr_operator_at(&sink->operator);
    if (probe && probe->precommitted)
        probe->precommitted(probe->self, &at, slot->checkpoint, slot->producer.id,
            slot->producer.epoch, slot->n_rows);
    context->env->reach(context->env, MR_POINT_SINK_PRECOMMITTED);
    if (MR_PLANTED(context->env, COMMIT_BEFORE_CHECKPOINT)) {
        slot->state = SLOT_ENDING;
        send_end(sink, (uint32_t)(slot - sink->slots), &slot->producer, true);
    }
}

/* Tells the task once every closed transaction has all its answers. */
static void flushed_if_answered(struct sink *sink)
{
    if (!sink->is_waiting) return;
    for (uint32_t i = 0; i < SLOTS; i++)
        if (sink->slots[i].state == SLOT_CLOSED && !sink->slots[i].is_flushed) return;
    if (sink->n_unanswered > 0) return;
    sink->is_waiting = false;
    mr_task_sink_flushed(&sink->operator);
}

static void take_next_slot(struct sink *sink)
{
    for (uint32_t i = 1; i < SLOTS; i++) {
        uint32_t next = (sink->current + i) % SLOTS;
        if (sink->slots[next].state != SLOT_FREE) continue;
        sink->current = next;
        return;
    }
    mr_task_fail(sink->operator.context, "every transaction waits for a checkpoint to complete");
}

/* Invariant 2. Called at the barrier, before what comes behind it. */
static void sink_snapshot(struct mr_operator *operator, struct mr_snapshot_writer *writer,
    uint64_t checkpoint)
{
    struct sink *sink = (struct sink *)operator;
    sink_flush(operator);
    struct slot *open = &sink->slots[sink->current];
    if (open->state == SLOT_OPEN) {
        open->state = SLOT_CLOSED;
        open->checkpoint = checkpoint;
        open->is_flushed = false;
    }
    uint32_t n_listed = 0;
    for (uint32_t i = 0; i < SLOTS; i++)
        n_listed += sink->slots[i].state == SLOT_CLOSED || sink->slots[i].state == SLOT_ENDING;
    mr_snapshot_u32(writer, n_listed);
    for (uint32_t i = 0; i < SLOTS; i++)
        if (sink->slots[i].state == SLOT_CLOSED || sink->slots[i].state == SLOT_ENDING)
            snapshot_slot(writer, &sink->slots[i], sink->slots[i].checkpoint);
    if (open->state == SLOT_CLOSED) {
        if (open->n_unanswered == 0) precommitted(sink, open);
        else wait_for_answers(sink, checkpoint);
        take_next_slot(sink);
    }
    if (sink->n_unanswered > 0) wait_for_answers(sink, checkpoint);
}

static void sink_restore(struct mr_operator *operator, struct mr_snapshot_reader *reader, bool is_rewind)
{
    (void)is_rewind;
    struct sink *sink = (struct sink *)operator;
    uint32_t n = mr_snapshot_read_u32(reader);
    MR_ASSERT(n <= PENDING_MAX);
    for (uint32_t i = 0; i < n && !reader->is_broken; i++) {
        sink->pending[i].checkpoint = mr_snapshot_read_u64(reader);
        sink->pending[i].producer.id = mr_snapshot_read_u64(reader);
        sink->pending[i].producer.epoch = (uint32_t)mr_snapshot_read_u64(reader);
        sink->n_pending = i + 1;
    }
}

static void sink_complete(struct mr_operator *operator, uint64_t checkpoint)
{
    struct sink *sink = (struct sink *)operator;
    const struct mr_env *env = operator->context->env;
    if (MR_PLANTED(env, COMMIT_CURRENT)) { /* M15: what is open now, not what the checkpoint lists */
        struct slot *open = &sink->slots[sink->current];
        sink_flush(operator);
        if (open->state == SLOT_OPEN) {
            open->state = SLOT_CLOSED;
            open->checkpoint = checkpoint;
            open->is_flushed = true;
            take_next_slot(sink);
        }
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &sink->slots[i];
        if (slot->state != SLOT_CLOSED || slot->checkpoint > checkpoint || !slot->is_flushed) continue;
        env->reach(env, MR_POINT_SINK_BEFORE_COMMIT);
        slot->state = SLOT_ENDING;
        send_end(sink, i, &slot->producer, true);
        env->reach(env, MR_POINT_SINK_COMMIT_SENT);
    }
}

/* What no transaction holds may still be on its way: it must not arrive after the job has
 * stopped. */
static void stopped_if_answered(struct sink *sink)
{
    if (sink->phase != PHASE_STOPPING) return;
    if (sink->n_ends_unanswered == 0 && sink->n_unanswered == 0) sink->phase = PHASE_STOPPED;
}

/* What is complete is being committed already; the rest is aborted. */
static void sink_stop(struct mr_operator *operator)
{
    struct sink *sink = (struct sink *)operator;
    sink->phase = PHASE_STOPPING;
    for (uint32_t i = 0; i < sink->n_partitions; i++)
        mr_builder_discard(&sink->builders[i], operator->context->arena);
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &sink->slots[i];
        if (slot->state != SLOT_OPEN && slot->state != SLOT_CLOSED) continue;
        slot->state = SLOT_ENDING;
        send_end(sink, i, &slot->producer, false);
    }
    stopped_if_answered(sink);
}

static bool sink_is_busy(const struct mr_operator *operator)
{
    const struct sink *sink = (const struct sink *)operator;
    if (sink->phase == PHASE_STOPPED) return false;
    return sink->phase != PHASE_READY || sink->n_ends_unanswered > 0;
}

static void take_init_reply(struct sink *sink, const struct mr_log_init_producers_reply *reply)
{
    if (reply->status != MR_LOG_OK || reply->n_slots != SLOTS) {
        mr_task_fail(sink->operator.context, "the log refused producers (%u)", reply->status);
        return;
    }
    for (uint32_t i = 0; i < SLOTS; i++) sink->slots[i].producer = reply->producers[i];
    sink->phase = PHASE_READY;
}

static void take_append_reply(struct sink *sink, uint32_t detail, const struct mr_log_append_reply *reply)
{
    struct mr_task_context *context = sink->operator.context;
    if (reply->status != MR_LOG_OK) {
        mr_task_fail(context, "the log refused an append (%u)", reply->status);
        return;
    }
    struct slot *slot = &sink->slots[detail];
    if (slot->n_unanswered > 0)
        slot->n_unanswered--;
    else
        sink->n_unanswered--;
    if (slot->state == SLOT_CLOSED && slot->n_unanswered == 0 && !slot->is_flushed)
        precommitted(sink, slot);
    flushed_if_answered(sink);
    stopped_if_answered(sink);
}

static void reuse_slot(struct sink *sink, struct slot *slot, uint32_t next_epoch)
{
    slot->state = SLOT_FREE;
    slot->producer.epoch = next_epoch;
    slot->n_rows = 0;
    slot->checkpoint = 0;
    slot->is_flushed = false;
    memset(slot->sequences, 0, 8 * (size_t)sink->n_partitions);
}

static void take_end_reply(struct sink *sink, uint32_t detail,
    const struct mr_log_end_transaction_reply *reply)
{
    struct mr_task_context *context = sink->operator.context;
    MR_ASSERT(sink->n_ends_unanswered > 0);
    sink->n_ends_unanswered--;
    if (reply->status != MR_LOG_OK && sink->phase != PHASE_STOPPING) {
        /* FLINK-8086: to take this for "already committed" would lose the rows in silence. */
        mr_task_fail(context, "the log refused to commit a transaction of a completed checkpoint (%u)",
            reply->status);
        return;
    }
    context->env->reach(context->env, MR_POINT_SINK_COMMITTED);
    if (detail < SLOTS) {
        reuse_slot(sink, &sink->slots[detail], reply->next_epoch);
    } else if (sink->n_ends_unanswered == 0 && sink->phase == PHASE_COMMITTING) {
        sink->n_pending = 0;
        send_init(sink);
    }
    stopped_if_answered(sink);
}

static void sink_reply(struct mr_operator *operator, const struct mr_message *message, uint32_t detail)
{
    struct sink *sink = (struct sink *)operator;
    const void *body = message->body;
    switch (message->kind) {
    case MR_LOG_INIT_PRODUCERS_REPLY: take_init_reply(sink, body); break;
    case MR_LOG_APPEND_REPLY: take_append_reply(sink, detail, body); break;
    case MR_LOG_END_TRANSACTION_REPLY: take_end_reply(sink, detail - DETAIL_END, body); break;
    default: MR_UNREACHABLE("a reply that a sink never asked for");
    }
}

const struct mr_operator_class mr_log_sink_class = {.name = "WriteToLog",
    .bytes = sizeof(struct sink),
    .open = sink_open,
    .close = sink_close,
    .batch = sink_batch,
    .snapshot = sink_snapshot,
    .restore = sink_restore,
    .reply = sink_reply,
    .prepare = sink_prepare,
    .flush = sink_flush,
    .complete = sink_complete,
    .stop = sink_stop,
    .is_busy = sink_is_busy};
