/* Deduplicate, TopN and Materialize, a row at a time. */
#include "scenarios/oracle/machine.h"
#include "scenarios/oracle/oracle_internal.h"

void mr_key_machine_deduplicate(const struct mr_key_machine_step *step)
{
    if (mr_memory_has(step, 0)) return;
    mr_memory_touch(step, 0, step->event->at_us);
    mr_key_machine_emit(step, MR_OUTPUT_MAIN, step->event->at_us, step->event->row);
}

/* The values and one more. */
static void emit_with(const struct mr_key_machine_step *step, mr_us at_us,
    const struct mr_value *values, uint32_t n, struct mr_value more)
{
    struct mr_oracle *oracle = step->machines->oracle;
    struct mr_value *row = mr_scratch_array(&oracle->scratch, struct mr_value, n + 1);
    memcpy(row, values, sizeof *row * n);
    row[n] = more;
    mr_key_machine_emit(step, MR_OUTPUT_MAIN, at_us, row);
}

/* ---- TopN ---- */

/* Below zero: a is less. Not for nulls. */
static int order_of(const struct mr_value *a, const struct mr_value *b)
{
    if (a->type != b->type) return a->type < b->type ? -1 : 1;
    if (mr_type_is_text((enum mr_type)a->type)) {
        for (uint32_t i = 0; i < a->bytes && i < b->bytes; i++)
            if (a->text[i] != b->text[i])
                return (unsigned char)a->text[i] < (unsigned char)b->text[i] ? -1 : 1;
        return a->bytes == b->bytes ? 0 : a->bytes < b->bytes ? -1 : 1;
    }
    if (a->type == MR_TYPE_FLOAT) {
        if (a->f != a->f) return b->f != b->f ? 0 : 1;
        if (b->f != b->f) return -1;
        return a->f == b->f ? 0 : a->f < b->f ? -1 : 1;
    }
    return a->i == b->i ? 0 : a->i < b->i ? -1 : 1;
}

static int order_by(const struct mr_value *a, const struct mr_value *b, bool is_descending)
{
    if (a->type == MR_TYPE_NULL) return b->type == MR_TYPE_NULL ? 0 : 1;
    if (b->type == MR_TYPE_NULL) return -1;
    return is_descending ? order_of(b, a) : order_of(a, b);
}

/* Whether row a stands before row b in the list. */
static bool stands_before(
    const struct mr_top_n *top, const struct mr_value *a, const struct mr_value *b)
{
    int order = 0;
    for (uint32_t i = 0; i < top->n_orders && order == 0; i++) {
        const struct mr_order_by *by = &top->orders[i];
        order = order_by(&a[by->field], &b[by->field], by->is_descending);
    }
    for (uint32_t i = 0; i < top->n_fields && order == 0; i++)
        order = order_by(&a[i], &b[i], false);
    return order < 0;
}

static uint32_t find_last(const struct mr_top_n *top, const struct mr_kept_state *kept)
{
    uint32_t last = 0;
    for (uint32_t i = 1; i < kept->n_rows; i++)
        if (!stands_before(top, kept->rows[i].values, kept->rows[last].values)) last = i;
    return last;
}

static void keep_row(const struct mr_key_machine_step *step, struct mr_kept_state *kept)
{
    struct mr_arena *arena = step->machines->oracle->arena;
    uint32_t n = kept->n_rows;
    kept->rows =
        mr_arena_grow(arena, kept->rows, sizeof *kept->rows * n, sizeof *kept->rows * (n + 1));
    kept->rows[n] =
        mr_kept_row_make(arena, step->event->row, step->machines->transform->top.n_fields);
    kept->n_rows = n + 1;
}

static void emit_change(
    const struct mr_key_machine_step *step, const struct mr_value *values, const char *change)
{
    const struct mr_top_n *top = &step->machines->transform->top;
    if (!top->is_final)
        emit_with(step, step->event->at_us, values, top->n_fields, mr_text_value(change));
}

void mr_key_machine_top_row(const struct mr_key_machine_step *step)
{
    const struct mr_top_n *top = &step->machines->transform->top;
    struct mr_arena *arena = step->machines->oracle->arena;
    struct mr_kept_state *kept = &step->memory->states[0];
    if (mr_memory_has(step, 0) && kept->n_rows == top->n) {
        uint32_t last = find_last(top, kept);
        if (!stands_before(top, step->event->row, kept->rows[last].values)) return;
        emit_change(step, kept->rows[last].values, "delete");
        mr_flow_flush(step->machines->oracle); /* before its texts go */
        mr_kept_row_free(arena, &kept->rows[last]);
        kept->rows[last] = mr_kept_row_make(arena, step->event->row, top->n_fields);
    } else {
        keep_row(step, kept);
    }
    mr_memory_touch(step, 0, step->event->at_us);
    emit_change(step, step->event->row, "insert");
}

void mr_key_machine_top_end(const struct mr_key_machine_step *step)
{
    const struct mr_top_n *top = &step->machines->transform->top;
    const struct mr_kept_state *kept = &step->memory->states[0];
    mr_us at_us = mr_us_add(step->memory->window_end_us, -1);
    for (uint32_t i = 0; i < kept->n_rows; i++) {
        int64_t rank = 1;
        for (uint32_t k = 0; k < kept->n_rows; k++) {
            bool is_before = stands_before(top, kept->rows[k].values, kept->rows[i].values);
            bool is_equal =
                !is_before && !stands_before(top, kept->rows[i].values, kept->rows[k].values);
            rank += is_before || (is_equal && k < i);
        }
        struct mr_value more = {.type = MR_TYPE_INT, .i = rank};
        emit_with(step, at_us, kept->rows[i].values, top->n_fields, more);
    }
    mr_flow_flush(step->machines->oracle); /* before the rows go */
}

/* ---- Materialize ---- */

static bool is_old_news(const struct mr_materialize *materialize,
    const struct mr_kept_state *kept, const struct mr_value *row)
{
    int field = materialize->version_field;
    return field >= 0 && row[field].i < kept->rows[0].values[field].i;
}

static bool is_repeated(const struct mr_materialize *materialize,
    const struct mr_kept_state *kept, const struct mr_value *row)
{
    for (uint32_t i = 0; i < materialize->n_fields; i++)
        if (!mr_value_same(kept->rows[0].values[i], row[i])) return false;
    return true;
}

static void replace(const struct mr_key_machine_step *step, bool is_delete)
{
    const struct mr_materialize *materialize = &step->machines->transform->materialize;
    struct mr_arena *arena = step->machines->oracle->arena;
    struct mr_kept_state *kept = &step->memory->states[0];
    bool was_there = kept->is_there;
    mr_us touched_us = kept->touched_us;
    mr_memory_clear(step, 0);
    if (is_delete && materialize->version_field < 0) return;
    kept->is_there = was_there;
    kept->touched_us = touched_us;
    mr_memory_touch(step, 0, step->event->at_us);
    kept->is_deleted = is_delete;
    kept->rows = mr_arena_alloc(arena, sizeof *kept->rows);
    kept->rows[0] = mr_kept_row_make(arena, step->event->row, materialize->n_fields);
    kept->n_rows = 1;
}

void mr_key_machine_materialize(const struct mr_key_machine_step *step)
{
    struct mr_oracle *oracle = step->machines->oracle;
    const struct mr_materialize *materialize = &step->machines->transform->materialize;
    const struct mr_value *row = step->event->row;
    const struct mr_kept_state *kept = &step->memory->states[0];
    struct mr_value is_delete = {.i = 0};
    oracle->caller.at_us = step->event->at_us;
    if (materialize->is_delete &&
        mr_expression_row(materialize->is_delete, row, &oracle->scratch, &is_delete))
        return; /* such rows do not come so far */
    bool has_some = mr_memory_has(step, 0);
    if (has_some && is_old_news(materialize, kept, row)) return;
    bool was_here = has_some && !kept->is_deleted;
    bool is_change = is_delete.i ? was_here : !was_here || !is_repeated(materialize, kept, row);
    replace(step, is_delete.i != 0);
    if (is_change)
        emit_with(step, step->event->at_us, row, materialize->n_fields,
            mr_text_value(is_delete.i ? "delete" : "upsert"));
}
