/* Lookup: a row is taken in, its key is asked for at a service, and the row leaves with what
 * the service has.
 *
 * Invariants.
 * 1. At most max_in_flight calls are open at a time; a call that is given up is open no longer,
 * and its answer, should it come, is nobody's.
 * 2. A row leaves once. Rows that are under way when a checkpoint is taken are in it, and are
 * asked for again after a restore, whatever was known of them.
 * 3. No watermark passes a row that came before it (see `hold`), and no row one that came
 * before the row. */
#include <string.h>

#include "engine/operators/lookup_internal.h"

static void find_columns(struct mr_lookup_operator *self)
{
    const struct mr_lookup *lookup = mr_lookup_spec(self);
    int *columns = mr_arena_zalloc(
        self->operator.context->arena, sizeof *columns * (lookup->fields.n_fields + 1));
    for (uint32_t i = 0; i < lookup->fields.n_fields; i++) {
        columns[i] = -1;
        for (uint32_t k = 0; k < self->service->n_columns; k++)
            if (strcmp(self->service->columns[k], lookup->fields.fields[i].name) == 0)
                columns[i] = (int)k;
        MR_ASSERT(columns[i] >= 0);
    }
    self->columns = columns;
}

static void lookup_open(struct mr_operator *operator)
{
    struct mr_lookup_operator *self = (struct mr_lookup_operator *)operator;
    const struct mr_job *job = operator->context->job;
    while (
        self->service_index < job->n_services &&
        strcmp(job->services[self->service_index].name, mr_lookup_spec(self)->connector) != 0)
        self->service_index++;
    MR_ASSERT(self->service_index < job->n_services);
    self->service = &job->services[self->service_index];
    find_columns(self);
    const struct mr_edge *edge = &operator->transform->inputs[0];
    const struct mr_schema *schema =
        &job->graph->transforms[edge->transform].outputs[edge->output].schema;
    for (uint32_t i = 0; i < schema->n_fields; i++) self->types[i] = schema->fields[i].type;
    if (mr_lookup_spec(self)->cache_ttl_ns > 0)
        self->cache = mr_arena_zalloc(operator->context->arena,
            sizeof *self->cache * MR_LOOKUP_CACHE_SLOTS);
}

static void lookup_close(struct mr_operator *operator)
{
    struct mr_lookup_operator *self = (struct mr_lookup_operator *)operator;
    struct mr_lookup_row_under_way *next;
    for (struct mr_lookup_row_under_way *row = self->first; row; row = next) {
        next = row->next;
        mr_lookup_free(self, row);
    }
    self->first = self->last = NULL;
    mr_lookup_cache_close(self);
    mr_arena_free(operator->context->arena, (void *)self->columns,
        sizeof *self->columns * (mr_lookup_spec(self)->fields.n_fields + 1));
}

static mr_ns now_of(const struct mr_lookup_operator *self)
{
    return self->operator.context->env->now(self->operator.context->env);
}

static void arm(struct mr_lookup_operator *self, mr_ns at_ns)
{
    if (self->armed_ns > 0 && self->armed_ns <= at_ns) return;
    self->armed_ns = at_ns;
    mr_task_wake_at(&self->operator, at_ns);
}

/* The key of a row under way, in scratch; false: it is null. */
static bool key_of(struct mr_lookup_operator *self, const struct mr_lookup_row_under_way *row,
    const char **key, uint32_t *key_bytes)
{
    struct mr_batch batch;
    mr_lookup_view(self, row, &batch);
    struct mr_value value = mr_column_value(
        &batch.columns[mr_lookup_spec(self)->key_field], mr_batch_row(&batch, 0));
    if (value.type == MR_TYPE_NULL) return false;
    size_t size = mr_lookup_key_size(value);
    char *text = mr_scratch_alloc(&self->operator.context->scratch, size);
    *key_bytes = mr_lookup_key(value, text, size);
    *key = text;
    return true;
}

/* ---- Calls ---- */

static void call(struct mr_lookup_operator *self, struct mr_lookup_row_under_way *row)
{
    const struct mr_task_context *context = self->operator.context;
    const char *key;
    uint32_t key_bytes;
    if (!key_of(self, row, &key, &key_bytes)) MR_UNREACHABLE("a null key is not asked for");
    struct mr_message *message = mr_message_new(
        context->arena, MR_LOOKUP_GET, (uint32_t)sizeof(struct mr_lookup_get) + key_bytes);
    row->n_calls++;
    struct mr_lookup_get get = {.tag = mr_request_tag(&self->operator, 0),
        .number = row->number,
        .attempt = row->n_calls,
        .key_bytes = key_bytes};
    memcpy(message->body, &get, sizeof get);
    if (key_bytes) memcpy(message->body + sizeof get, key, key_bytes);
    mr_ns now = now_of(self), timeout_ns = mr_lookup_spec(self)->timeout_ns;
    if (MR_PLANTED(context->env, LOOKUP_HASTY)) timeout_ns /= 2;
    row->state = MR_LOOKUP_CALLING;
    row->due_ns = now + timeout_ns;
    self->n_calling++;
    uint32_t rate = mr_lookup_spec(self)->calls_a_second;
    bool is_free = row->n_calls > 1 && MR_PLANTED(context->env, LOOKUP_OVER_RATE);
    if (rate && !is_free) self->next_call_ns = now + (MR_SECOND_NS + rate - 1) / rate;
    if (row->n_calls > 1) context->env->milestone(context->env, MR_SOMETIMES_LOOKUP_RETRIED);
    const struct mr_probe *probe = context->job->probe;
    struct mr_probe_at at = mr_operator_at(&self->operator);
    if (probe && probe->lookup_called)
        probe->lookup_called(probe->self, &at, row->number, row->n_calls);
    context->env->send(
        context->env, context->service_connections[self->service_index], message);
    arm(self, row->due_ns);
}

static bool may_call(
    const struct mr_lookup_operator *self, const struct mr_lookup_row_under_way *row, mr_ns now)
{
    const struct mr_env *env = self->operator.context->env;
    bool is_retry = row->n_calls > 0;
    bool has_room = self->n_calling < mr_lookup_spec(self)->max_in_flight ||
                    (is_retry && MR_PLANTED(env, LOOKUP_OVER_CAPACITY));
    bool is_in_time =
        now >= self->next_call_ns || (is_retry && MR_PLANTED(env, LOOKUP_OVER_RATE));
    return has_room && is_in_time;
}

/* Calls for the rows that wait, in the order in which they came. */
static void pump(struct mr_lookup_operator *self)
{
    mr_ns now = now_of(self);
    for (struct mr_lookup_row_under_way *row = self->first; row; row = row->next) {
        bool is_due = row->state == MR_LOOKUP_WAITS ||
                      (row->state == MR_LOOKUP_RESTS && row->due_ns <= now);
        if (!is_due) continue;
        if (may_call(self, row, now)) {
            call(self, row);
            continue;
        }
        if (now < self->next_call_ns) arm(self, self->next_call_ns);
    }
}

static void tell_end(const struct mr_lookup_operator *self,
    const struct mr_lookup_row_under_way *row, int status)
{
    const struct mr_probe *probe = self->operator.context->job->probe;
    struct mr_probe_at at = mr_operator_at(&self->operator);
    if (probe && probe->lookup_ended)
        probe->lookup_ended(probe->self, &at, row->number, row->n_calls, status);
}

static void settle(struct mr_lookup_row_under_way *row, enum mr_lookup_outcome outcome)
{
    row->state = MR_LOOKUP_SETTLED;
    row->outcome = outcome;
}

/* A call that brought nothing: another one after a while, or that was the last. */
static void retry_or_settle(struct mr_lookup_operator *self,
    struct mr_lookup_row_under_way *row, enum mr_lookup_outcome outcome)
{
    const struct mr_lookup *lookup = mr_lookup_spec(self);
    self->n_calling--;
    if (row->n_calls > lookup->retries) {
        settle(row, outcome);
        return;
    }
    uint32_t doublings = row->n_calls - 1 < 16 ? row->n_calls - 1 : 16;
    mr_ns backoff_ns = lookup->backoff_ns;
    for (uint32_t i = 0; i < doublings; i++)
        backoff_ns = mr_add_saturating(backoff_ns, backoff_ns);
    row->state = MR_LOOKUP_RESTS;
    row->due_ns = mr_add_saturating(now_of(self), backoff_ns);
    arm(self, row->due_ns);
}

static void lookup_woken(struct mr_operator *operator)
{
    struct mr_lookup_operator *self = (struct mr_lookup_operator *)operator;
    mr_ns now = now_of(self), next_ns = MR_NS_NEVER;
    if (self->armed_ns > now) return; /* an earlier timer, whose work was done */
    self->armed_ns = 0;
    for (struct mr_lookup_row_under_way *row = self->first; row; row = row->next) {
        if (row->state != MR_LOOKUP_CALLING || row->due_ns > now) continue;
        tell_end(self, row, -1);
        retry_or_settle(self, row, MR_LOOKUP_TIMED_OUT);
    }
    pump(self);
    for (struct mr_lookup_row_under_way *row = self->first; row; row = row->next) {
        bool has_due = row->state == MR_LOOKUP_CALLING || row->state == MR_LOOKUP_RESTS;
        if (has_due && row->due_ns > now && row->due_ns < next_ns) next_ns = row->due_ns;
    }
    if (next_ns < MR_NS_NEVER) arm(self, next_ns);
    mr_lookup_emit_settled(self);
}

/* ---- Answers ---- */

static void take_answer(struct mr_lookup_operator *self, struct mr_lookup_row_under_way *row,
    struct mr_message *message)
{
    const struct mr_lookup_reply *reply = (const struct mr_lookup_reply *)message->body;
    enum mr_lookup_status status = (enum mr_lookup_status)reply->status;
    if (status == MR_LOOKUP_ERROR &&
        MR_PLANTED(self->operator.context->env, LOOKUP_ERROR_IS_MISSING))
        status = MR_LOOKUP_MISSING;
    tell_end(self, row, (int)status);
    if (status == MR_LOOKUP_ERROR) {
        retry_or_settle(self, row, MR_LOOKUP_FAILED);
        return;
    }
    self->n_calling--;
    row->answer = mr_message_retain(message);
    row->answered_ns = now_of(self);
    settle(row, status == MR_LOOKUP_FOUND ? MR_LOOKUP_DONE : MR_LOOKUP_NO_ROW);
    const char *key;
    uint32_t key_bytes;
    if (key_of(self, row, &key, &key_bytes)) mr_lookup_cache_put(self, key, key_bytes, message);
}

static void lookup_reply(
    struct mr_operator *operator, const struct mr_message * message, uint32_t detail)
{
    (void)detail;
    struct mr_lookup_operator *self = (struct mr_lookup_operator *)operator;
    const struct mr_lookup_reply *reply = (const struct mr_lookup_reply *)message->body;
    struct mr_lookup_row_under_way *row = self->first;
    while (row && row->number != reply->number) row = row->next;
    bool is_awaited = row && row->state == MR_LOOKUP_CALLING && row->n_calls == reply->attempt;
    if (is_awaited) {
        take_answer(self, row, (struct mr_message *)message);
    } else if (row && reply->status == MR_LOOKUP_FOUND && !row->answer &&
               !operator->context->is_blocked &&
                MR_PLANTED(operator->context->env, LOOKUP_ANSWERS_TWICE)) {
        /* FLINK-40456's kin: two completions, one slot. */
        row->answer = mr_message_retain((struct mr_message *)message);
        row->outcome = MR_LOOKUP_DONE;
        mr_lookup_emit(self, row);
    }
    mr_lookup_emit_settled(self);
    pump(self);
}

/* ---- Rows ---- */

static void append(struct mr_lookup_operator *self, struct mr_message *blob, mr_us mark_us)
{
    const struct mr_task_context *context = self->operator.context;
    struct mr_lookup_row_under_way *row =
        mr_arena_new(context->arena, struct mr_lookup_row_under_way);
    *row = (struct mr_lookup_row_under_way){
        .number = ++self->n_taken, .mark_us = mark_us, .row = blob, .answered_ns = MR_NS_NEVER};
    if (self->last)
        self->last->next = row;
    else
        self->first = row;
    self->last = row;
    self->n_rows++;
    const struct mr_probe *probe = context->job->probe;
    struct mr_probe_at at = mr_operator_at(&self->operator);
    if (probe && probe->lookup_taken) probe->lookup_taken(probe->self, &at, row->number);
}

/* What needs no call is settled at once. */
static void settle_at_once(struct mr_lookup_operator *self, struct mr_lookup_row_under_way *row)
{
    const char *key;
    uint32_t key_bytes;
    if (!key_of(self, row, &key, &key_bytes)) {
        settle(row, MR_LOOKUP_NO_ROW);
        return;
    }
    const struct mr_lookup_cached *cached = mr_lookup_cache_find(self, key, key_bytes);
    if (!cached) return;
    const struct mr_lookup_reply *reply = (const struct mr_lookup_reply *)cached->answer->body;
    row->answer = mr_message_retain(cached->answer);
    row->answered_ns = cached->answered_ns;
    settle(row, reply->status == MR_LOOKUP_FOUND ? MR_LOOKUP_DONE : MR_LOOKUP_NO_ROW);
}

static void lookup_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct mr_lookup_operator *self = (struct mr_lookup_operator *)operator;
    mr_us mark_us = mr_task_merged_us(operator);
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint16_t index = (uint16_t)mr_batch_row(batch, i);
        struct mr_batch one = *batch;
        one.selection = &index;
        one.n_selected = 1;
        append(self, mr_batch_to_message(operator->context->arena, &one, batch->slots, 0, 0),
            mark_us);
        settle_at_once(self, self->last);
    }
    pump(self);
    mr_lookup_emit_settled(self);
}

static mr_us lookup_hold(const struct mr_operator *operator)
{
    const struct mr_lookup_operator *self = (const struct mr_lookup_operator *)operator;
    return self->first ? self->first->mark_us : MR_US_MAX;
}

static void lookup_resume(struct mr_operator *operator)
{
    struct mr_lookup_operator *self = (struct mr_lookup_operator *)operator;
    mr_lookup_emit_settled(self);
    pump(self);
}

/* ---- Checkpoints ---- */

static void lookup_snapshot(
    struct mr_operator *operator, struct mr_snapshot_writer * writer, uint64_t checkpoint)
{
    struct mr_lookup_operator *self = (struct mr_lookup_operator *)operator;
    const struct mr_probe *probe = operator->context->job->probe;
    struct mr_probe_at at = mr_operator_at(operator);
    bool forgets = MR_PLANTED(operator->context->env, LOOKUP_FORGETS_CALLS);
    mr_snapshot_u32(writer, forgets ? 0 : self->n_rows);
    for (struct mr_lookup_row_under_way *row = self->first; row; row = row->next) {
        struct mr_batch batch;
        mr_lookup_view(self, row, &batch);
        if (probe && probe->lookup_snapshot)
            probe->lookup_snapshot(probe->self, &at, checkpoint, &batch);
        if (forgets) continue;
        mr_snapshot_u32(writer, row->row->body_bytes);
        mr_snapshot_bytes(writer, row->row->body, row->row->body_bytes);
    }
}

static void lookup_restore(
    struct mr_operator *operator, struct mr_snapshot_reader * reader, bool is_rewind)
{
    (void)is_rewind;
    struct mr_lookup_operator *self = (struct mr_lookup_operator *)operator;
    const struct mr_env *env = operator->context->env;
    uint32_t n = mr_snapshot_read_u32(reader);
    for (uint32_t i = 0; i < n && !reader->is_broken; i++) {
        uint32_t bytes = mr_snapshot_read_u32(reader);
        const void *blob = mr_snapshot_read_bytes(reader, bytes);
        if (reader->is_broken) return;
        struct mr_message *message = mr_message_new(operator->context->arena, 0, bytes);
        memcpy(message->body, blob, bytes);
        append(self, message, operator->context->watermark_us);
        settle_at_once(self, self->last);
    }
    if (n > 0) env->milestone(env, MR_SOMETIMES_LOOKUP_REISSUED);
    operator->context->is_full = self->n_rows >= mr_lookup_spec(self)->max_in_flight;
}

static void lookup_start(struct mr_operator *operator)
{
    struct mr_lookup_operator *self = (struct mr_lookup_operator *)operator;
    pump(self);
    mr_lookup_emit_settled(self);
}

const struct mr_operator_class mr_lookup_class = {.name = "Lookup",
    .bytes = sizeof(struct mr_lookup_operator),
    .open = lookup_open,
    .close = lookup_close,
    .batch = lookup_batch,
    .snapshot = lookup_snapshot,
    .restore = lookup_restore,
    .reply = lookup_reply,
    .start = lookup_start,
    .resume = lookup_resume,
    .woken = lookup_woken,
    .hold = lookup_hold};
