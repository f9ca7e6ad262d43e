/* The transforms that look at one row at a time: MapToFields, Filter, Flatten, AssignTimestamps, WindowInto. */
#include <string.h>

#include "engine/batch/column.h"
#include "engine/operators/operator.h"

static uint8_t *no_errors(struct mr_operator *operator, const struct mr_batch *batch)
{
    uint8_t *errors = mr_scratch_array(&operator->context->scratch, uint8_t, batch->n_rows + 1);
    memset(errors, 0, batch->n_rows);
    return errors;
}

/* Less the rows for which the condition does not hold. */
static struct mr_batch keep_rows(struct mr_operator *operator, const struct mr_batch *batch,
    const struct mr_expression *condition, uint8_t *errors)
{
    struct mr_scratch *scratch = &operator->context->scratch;
    struct mr_column keep = mr_expression_batch(condition, batch, scratch, errors);
    MR_ASSERT(keep.type == MR_TYPE_BOOL);
    struct mr_batch good = mr_operator_divert(operator, batch, errors);
    uint16_t *kept = mr_scratch_array(scratch, uint16_t, good.n_selected + 1);
    const uint8_t *values = keep.values;
    uint32_t n = 0;
    for (uint32_t i = 0; i < good.n_selected; i++) {
        uint32_t row = mr_batch_row(&good, i);
        kept[n] = (uint16_t)row;
        n += values[row] != 0;
    }
    good.selection = kept;
    good.n_selected = n;
    return good;
}

static void map_batch(struct mr_operator *operator, const struct mr_batch *batch)
{
    const struct mr_map_to_fields *map = &operator->transform->map;
    struct mr_scratch *scratch = &operator->context->scratch;
    uint8_t *errors = no_errors(operator, batch);
    struct mr_batch kept;
    if (map->keep) {
        kept = keep_rows(operator, batch, map->keep, errors);
        if (kept.n_selected == 0) return;
        batch = &kept;
        errors = no_errors(operator, batch);
    }
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, map->n_mappings + 1);
    for (uint32_t i = 0; i < map->n_mappings; i++) {
        int field = mr_expression_field(map->mappings[i].expression);
        columns[i] = field >= 0
            ? batch->columns[field]
            : mr_expression_batch(map->mappings[i].expression, batch, scratch, errors);
    }
    struct mr_batch out = mr_operator_divert(operator, batch, errors);
    out.columns = columns;
    out.n_columns = map->n_mappings;
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &out);
}

static void filter_batch(struct mr_operator *operator, const struct mr_batch *batch)
{
    struct mr_batch good =
        keep_rows(operator, batch, operator->transform->keep, no_errors(operator, batch));
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &good);
}

/* The union of the inputs' fields: a field that an input lacks is null. */
static void flatten_batch(struct mr_operator *operator, const struct mr_batch *batch)
{
    const struct mr_transform *flatten = operator->transform;
    const struct mr_edge *edge = &flatten->inputs[operator->input];
    const struct mr_schema *from =
        &operator->context->job->graph->transforms[edge->transform].outputs[edge->output].schema;
    const struct mr_schema *to = &flatten->outputs[MR_OUTPUT_MAIN].schema;
    struct mr_scratch *scratch = &operator->context->scratch;
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, to->n_fields + 1);
    for (uint32_t i = 0; i < to->n_fields; i++) {
        int field = mr_schema_find(from, to->fields[i].name);
        columns[i] = field >= 0 ? batch->columns[field] : (struct mr_column){.type = MR_TYPE_NULL};
        if (field >= 0 && to->fields[i].type == MR_TYPE_ANY)
            columns[i] = mr_column_to_any(&columns[i], batch->n_rows, scratch);
    }
    struct mr_batch out = *batch;
    out.columns = columns;
    out.n_columns = to->n_fields;
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &out);
}

/* Beam keeps the windows that were assigned before: they travel on as a slot. */
static void keep_windows(struct mr_operator *operator, struct mr_batch *batch)
{
    const struct mr_windowing *windowing = &operator->transform->windowing;
    if (batch->window_starts_us || windowing->kind == MR_WINDOW_GLOBAL) return;
    struct mr_scratch *scratch = &operator->context->scratch;
    mr_us *starts = mr_scratch_array(scratch, mr_us, batch->n_rows + 1);
    mr_us *ends = mr_scratch_array(scratch, mr_us, batch->n_rows + 1);
    for (uint32_t i = 0; i < batch->n_rows; i++)
        mr_row_window(windowing, batch, i, &starts[i], &ends[i]);
    batch->window_starts_us = starts;
    batch->window_ends_us = ends;
    batch->slots |= MR_SLOT_WINDOW;
}

static void assign_timestamps_batch(struct mr_operator *operator, const struct mr_batch *batch)
{
    uint8_t *errors = no_errors(operator, batch);
    struct mr_column times = mr_expression_batch(
        operator->transform->timestamp, batch, &operator->context->scratch, errors);
    struct mr_batch out = mr_operator_divert(operator, batch, errors);
    keep_windows(operator, &out);
    out.times_us = times.values;
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &out);
}

/* Rows between two sliding windows are in none: they end here. */
static void leave_gaps(struct mr_operator *operator, struct mr_batch *batch)
{
    const struct mr_windowing *windowing = &operator->transform->windowing;
    uint16_t *kept =
        mr_scratch_array(&operator->context->scratch, uint16_t, batch->n_selected + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        mr_us first_us, last_us;
        kept[n] = (uint16_t)row;
        n += mr_sliding_starts(windowing, batch->times_us[row], &first_us, &last_us);
    }
    batch->selection = kept;
    batch->n_selected = n;
}

/* From here on windows follow from the times again: whatever slot there was is gone. */
static void window_into_batch(struct mr_operator *operator, const struct mr_batch *batch)
{
    struct mr_batch out = *batch;
    out.window_starts_us = NULL;
    out.window_ends_us = NULL;
    out.slots &= ~(uint32_t)MR_SLOT_WINDOW;
    const struct mr_windowing *windowing = &operator->transform->windowing;
    if (windowing->kind == MR_WINDOW_SLIDING && windowing->period_us > windowing->size_us)
        leave_gaps(operator, &out);
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &out);
}

const struct mr_operator_class mr_map_to_fields_class = {
    .name = "MapToFields", .bytes = sizeof(struct mr_operator), .batch = map_batch};
const struct mr_operator_class mr_filter_class = {
    .name = "Filter", .bytes = sizeof(struct mr_operator), .batch = filter_batch};
const struct mr_operator_class mr_flatten_class = {
    .name = "Flatten", .bytes = sizeof(struct mr_operator), .batch = flatten_batch};
const struct mr_operator_class mr_assign_timestamps_class = {.name = "AssignTimestamps",
    .bytes = sizeof(struct mr_operator),
    .batch = assign_timestamps_batch};
const struct mr_operator_class mr_window_into_class = {
    .name = "WindowInto", .bytes = sizeof(struct mr_operator), .batch = window_into_batch};
