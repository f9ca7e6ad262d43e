#include "engine/operators/rows.h"

#include <string.h>

#include "engine/batch/column.h"

void mr_made_rows_add(
    struct mr_made_rows *rows, struct mr_scratch *scratch, struct mr_made_row row)
{
    if (rows->n == rows->capacity) {
        uint32_t capacity = rows->capacity ? rows->capacity * 2 : 16;
        struct mr_made_row *list = mr_scratch_array(scratch, struct mr_made_row, capacity);
        if (rows->n) memcpy(list, rows->list, sizeof *list * rows->n);
        rows->list = list;
        rows->capacity = capacity;
    }
    rows->list[rows->n++] = row;
}

/* Rows [0, n) of one output as a batch. */
static void emit(struct mr_operator *operator, uint32_t output,
    const struct mr_made_row *const *rows, uint32_t n)
{
    struct mr_scratch *scratch = &operator->context->scratch;
    const struct mr_schema *schema = &operator->transform->outputs[output].schema;
    uint32_t n_fields = schema->n_fields;
    struct mr_value *values =
        mr_scratch_array(scratch, struct mr_value, (size_t)n * n_fields + 1);
    for (uint32_t i = 0; i < n; i++)
        memcpy(values + (size_t)i * n_fields, rows[i]->values, sizeof *values * n_fields);
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, n_fields + 1);
    for (uint32_t k = 0; k < n_fields; k++)
        columns[k] = mr_column_make(schema->fields[k].type, values + k, n_fields, n, scratch);
    mr_us *times = mr_scratch_array(scratch, mr_us, n);
    mr_us *starts = mr_scratch_array(scratch, mr_us, n);
    mr_us *ends = mr_scratch_array(scratch, mr_us, n);
    for (uint32_t i = 0; i < n; i++) {
        times[i] = rows[i]->at_us;
        starts[i] = rows[i]->window_start_us;
        ends[i] = rows[i]->window_end_us;
    }
    struct mr_batch batch = {.n_rows = n,
        .n_columns = schema->n_fields,
        .columns = columns,
        .times_us = times,
        .slots = MR_SLOT_WINDOW,
        .window_starts_us = starts,
        .window_ends_us = ends,
        .n_selected = n};
    mr_operator_emit(operator, output, &batch);
}

void mr_made_rows_emit(struct mr_made_rows *rows, struct mr_operator *operator)
{
    if (rows->n == 0) return;
    struct mr_scratch *scratch = &operator->context->scratch;
    const struct mr_made_row **some =
        mr_scratch_array(scratch, const struct mr_made_row *, MR_BATCH_ROWS_MAX);
    for (uint32_t output = 0; output < operator->transform->n_outputs; output++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < rows->n; i++) {
            if (rows->list[i].output != output) continue;
            some[n++] = &rows->list[i];
            if (n < MR_BATCH_ROWS_MAX) continue;
            emit(operator, output, some, n);
            n = 0;
        }
        if (n > 0) emit(operator, output, some, n);
    }
    *rows = (struct mr_made_rows){0};
}
