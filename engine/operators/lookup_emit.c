/* How rows leave a Lookup: in which order, and with what. */
#include <string.h>

#include "engine/operators/lookup_internal.h"

void mr_lookup_view(struct mr_lookup_operator *self, const struct mr_lookup_row_under_way *row,
    struct mr_batch *out)
{
    struct mr_scratch *scratch = &self->operator.context->scratch;
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, MR_FIELDS_MAX);
    mr_blob_view(row->row->body, self->types, columns, out);
}

void mr_lookup_free(struct mr_lookup_operator *self, struct mr_lookup_row_under_way *row)
{
    struct mr_arena *arena = self->operator.context->arena;
    mr_message_release(arena, row->row);
    mr_message_release(arena, row->answer);
    mr_arena_free(arena, row, sizeof *row);
}

/* The values of an answer, [n_columns of the service]. */
static void read_answer(const struct mr_lookup_operator *self, const struct mr_message *answer,
    struct mr_value *values)
{
    const struct mr_lookup_reply *reply = (const struct mr_lookup_reply *)answer->body;
    const char *at = (const char *)(reply + 1);
    MR_ASSERT(reply->n_values == self->service->n_columns);
    for (uint32_t i = 0; i < reply->n_values; i++) at = mr_lookup_take_value(at, &values[i]);
}

/* A column of one value. */
static struct mr_column column_of(
    struct mr_lookup_operator *self, enum mr_type type, const struct mr_value *value)
{
    struct mr_scratch *scratch = &self->operator.context->scratch;
    struct mr_column column = {.type = type};
    bool is_null = value->type == MR_TYPE_NULL;
    if (mr_type_is_text(type)) {
        struct mr_span span = {
            .text = is_null ? "" : value->text, .bytes = is_null ? 0 : value->bytes};
        column = mr_operator_texts(&self->operator, & span, 1);
        column.type = type;
    } else {
        uint64_t *word = mr_scratch_array(scratch, uint64_t, 1);
        *word = is_null ? 0 : (uint64_t)value->i;
        if (mr_type_bytes(type) == 1) *(uint8_t *)word = is_null ? 0 : (uint8_t)value->i;
        column.values = word;
    }
    uint64_t *valid = mr_scratch_array(scratch, uint64_t, 1);
    *valid = !is_null;
    column.valid = valid;
    return column;
}

static void emit_fields(struct mr_lookup_operator *self, const struct mr_batch *batch,
    const struct mr_lookup_row_under_way *row)
{
    const struct mr_lookup *lookup = mr_lookup_spec(self);
    struct mr_scratch *scratch = &self->operator.context->scratch;
    uint32_t n_kept = batch->n_columns, n_new = lookup->fields.n_fields;
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, n_kept + n_new);
    struct mr_value values[MR_FIELDS_MAX], none = {.type = MR_TYPE_NULL};
    memcpy(columns, batch->columns, sizeof *columns * n_kept);
    bool is_found = row->outcome == MR_LOOKUP_DONE;
    if (is_found) read_answer(self, row->answer, values);
    for (uint32_t i = 0; i < n_new; i++)
        columns[n_kept + i] = column_of(
            self, lookup->fields.fields[i].type, is_found ? &values[self->columns[i]] : &none);
    struct mr_batch out = *batch;
    out.columns = columns;
    out.n_columns = n_kept + n_new;
    mr_operator_emit(&self->operator, MR_OUTPUT_MAIN, &out);
}

static void emit_failure(struct mr_lookup_operator *self, const struct mr_batch *batch,
    enum mr_lookup_outcome outcome)
{
    const char *failure = mr_lookup_spec(self)->failures[outcome];
    uint8_t error = MR_ROW_LOOKUP;
    struct mr_span text = {.text = failure, .bytes = (uint32_t)strlen(failure)};
    mr_operator_divert_as(&self->operator, batch, &error, &text);
}

void mr_lookup_emit(struct mr_lookup_operator *self, const struct mr_lookup_row_under_way *row)
{
    const struct mr_lookup *lookup = mr_lookup_spec(self);
    const struct mr_task_context *context = self->operator.context;
    const struct mr_probe *probe = context->job->probe;
    struct mr_probe_at at = mr_operator_at(&self->operator);
    struct mr_batch batch;
    mr_lookup_view(self, row, &batch);
    if (probe && probe->lookup_left)
        probe->lookup_left(
            probe->self, &at, row->number, &batch, (int)row->outcome, row->answered_ns);
    context->env->spend(context->env, context->job->costs.row_ns);
    bool is_missing = row->outcome == MR_LOOKUP_NO_ROW;
    bool is_gone =
        MR_PLANTED(context->env, LOOKUP_DROPS_TIMED_OUT) && row->outcome >= MR_LOOKUP_TIMED_OUT;
    if ((is_missing && lookup->on_missing == MR_LOOKUP_DROP) || is_gone) return;
    if (row->outcome == MR_LOOKUP_DONE || (is_missing && lookup->on_missing == MR_LOOKUP_NULL))
        emit_fields(self, &batch, row);
    else
        emit_failure(self, &batch, row->outcome);
}

/* The link to the row that may leave next, or to NULL. Unordered ones do not pass a watermark
 * that came between them. */
static struct mr_lookup_row_under_way **next_to_leave(struct mr_lookup_operator *self)
{
    struct mr_lookup_row_under_way **link = &self->first;
    bool is_ordered = mr_lookup_spec(self)->is_ordered &&
                      !MR_PLANTED(self->operator.context->env, LOOKUP_OUT_OF_ORDER);
    while (*link && (*link)->state != MR_LOOKUP_SETTLED && !is_ordered &&
           (*link)->mark_us == self->first->mark_us)
        link = &(*link)->next;
    bool may_leave = *link && (*link)->state == MR_LOOKUP_SETTLED &&
                     (*link)->mark_us == self->first->mark_us;
    return may_leave || !*link ? link : NULL;
}

static void take_out(struct mr_lookup_operator *self, struct mr_lookup_row_under_way **link)
{
    struct mr_lookup_row_under_way *row = *link;
    *link = row->next;
    self->n_rows--;
    if (self->last != row) return;
    self->last = self->first;
    while (self->last && self->last->next) self->last = self->last->next;
}

void mr_lookup_emit_settled(struct mr_lookup_operator *self)
{
    struct mr_task_context *context = self->operator.context;
    while (!context->is_blocked && !context->has_failed) {
        struct mr_lookup_row_under_way **link = next_to_leave(self);
        if (!link || !*link) break;
        struct mr_lookup_row_under_way *row = *link;
        take_out(self, link);
        mr_lookup_emit(self, row);
        mr_lookup_free(self, row);
    }
    context->is_full = self->n_rows >= mr_lookup_spec(self)->max_in_flight;
}
