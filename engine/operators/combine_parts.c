#include "engine/operators/combine_parts.h"

#include <string.h>

bool mr_combine_evaluate(struct mr_operator *operator, const struct mr_batch * batch,
    struct mr_column *values, uint8_t *errors)
{
    const struct mr_combine *combine = &operator->transform->combine;
    bool is_computed = false;
    for (uint32_t i = 0; i < combine->n_aggregates; i++) {
        const struct mr_expression *value = combine->aggregates[i].value;
        int field = value ? mr_expression_field(value) : -1;
        values[i] = (struct mr_column){.type = MR_TYPE_NULL};
        if (field >= 0) {
            values[i] = batch->columns[field];
        } else if (value) {
            values[i] = mr_expression_batch(value, batch, &operator->context->scratch, errors);
            is_computed = true;
        }
    }
    if (!is_computed) return true;
    mr_operator_divert(operator, batch, errors);
    return !operator->context->has_failed;
}

void mr_combine_drop(struct mr_operator *operator, const struct mr_batch * batch, uint32_t row,
    mr_us start_us, mr_us end_us, mr_us watermark_us)
{
    const struct mr_task_context *context = operator->context;
    const struct mr_probe *probe = context->job->probe;
    context->env->milestone(context->env, MR_SOMETIMES_LATE_ROW_DROPPED);
    if (!probe || !probe->late_dropped) return;
    struct mr_probe_at at = mr_operator_at(operator);
    probe->late_dropped(probe->self, &at, batch, row, start_us, end_us, watermark_us);
}

void mr_combine_keys(struct mr_keyed_map *into, const struct mr_keyed_map *from, uint32_t first,
    uint32_t n, struct mr_scratch *scratch, uint32_t *ids)
{
    MR_ASSERT(n > 0 && n <= MR_BATCH_ROWS_MAX);
    const struct mr_key_layout *layout = from->layout;
    uint32_t n_columns = 1;
    for (uint32_t k = 0; k < layout->n_keys; k++)
        if ((uint32_t)layout->fields[k] >= n_columns)
            n_columns = (uint32_t)layout->fields[k] + 1;
    struct mr_column *keys = mr_scratch_array(scratch, struct mr_column, layout->n_keys + 1);
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, n_columns);
    memset(columns, 0, sizeof *columns * n_columns);
    mr_keyed_map_columns(from, first, n, scratch, keys);
    for (uint32_t k = 0; k < layout->n_keys; k++) columns[layout->fields[k]] = keys[k];
    struct mr_batch batch = {
        .n_rows = n, .n_selected = n, .n_columns = n_columns, .columns = columns};
    uint16_t *rows = mr_scratch_array(scratch, uint16_t, n);
    for (uint32_t i = 0; i < n; i++) rows[i] = (uint16_t)i;
    struct mr_key_hashes hashes = mr_key_hashes_make(layout, &batch, scratch);
    mr_keyed_map_find(into, &batch, &hashes, rows, n, ids);
}

bool mr_combine_merge(struct mr_keyed_map *into_map, struct mr_accumulators *into,
    const struct mr_keyed_map *from_map, const struct mr_accumulators *from,
    struct mr_scratch *scratch)
{
    bool is_whole = true;
    for (uint32_t first = 0; first < from_map->n; first += MR_BATCH_ROWS_MAX) {
        uint32_t n = from_map->n - first;
        if (n > MR_BATCH_ROWS_MAX) n = MR_BATCH_ROWS_MAX;
        uint32_t *ids = mr_scratch_array(scratch, uint32_t, n);
        uint32_t *from_ids = mr_scratch_array(scratch, uint32_t, n);
        for (uint32_t i = 0; i < n; i++) from_ids[i] = first + i;
        mr_combine_keys(into_map, from_map, first, n, scratch, ids);
        mr_accumulators_reserve(into, into_map->capacity);
        is_whole = mr_accumulators_merge(into, ids, from, from_ids, n) && is_whole;
    }
    return is_whole;
}

void mr_combine_fail_overflow(struct mr_operator *operator)
{
    mr_task_fail(operator->context, "transform '%s': %s", operator->transform->name,
        mr_row_error_text(MR_ROW_OVERFLOW));
    const struct mr_probe *probe = operator->context->job->probe;
    struct mr_probe_at at = mr_operator_at(operator);
    if (probe && probe->row_failed) probe->row_failed(probe->self, &at, MR_ROW_OVERFLOW);
}

bool mr_combine_fold_failed(struct mr_operator *operator)
{
    struct mr_task_context *context = operator->context;
    const struct mr_row_failure *failure = context->caller.failures;
    if (MR_LIKELY(!failure)) return false;
    context->caller.failures = NULL;
    mr_task_fail(context, "transform '%s': %s", operator->transform->name, failure->message);
    const struct mr_probe *probe = context->job->probe;
    struct mr_probe_at at = mr_operator_at(operator);
    if (probe && probe->row_failed) probe->row_failed(probe->self, &at, MR_ROW_RAISED);
    return true;
}
