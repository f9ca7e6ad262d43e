/* LogForTesting: tells of each row, and hands it on. */
#include "base/row.h"
#include "engine/operators/operator.h"

static void tell_row(struct mr_operator *operator, const struct mr_batch * batch, uint32_t row,
    const struct mr_schema *schema)
{
    const struct mr_probe *probe = operator->context->job->probe;
    struct mr_value values[MR_FIELDS_MAX];
    for (uint32_t i = 0; i < batch->n_columns; i++)
        values[i] = mr_column_value(&batch->columns[i], row);
    size_t size = mr_row_text_bytes(schema, values);
    char *text = mr_scratch_alloc(&operator->context->scratch, size);
    mr_row_json(schema, values, text, size);
    struct mr_probe_at at = mr_operator_at(operator);
    probe->row_logged(probe->self, &at, text);
}

static void log_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    const struct mr_probe *probe = operator->context->job->probe;
    const struct mr_schema *schema = &operator->transform->outputs[MR_OUTPUT_MAIN].schema;
    MR_ASSERT(schema->n_fields == batch->n_columns);
    for (uint32_t i = 0; probe && probe->row_logged && i < batch->n_selected; i++)
        tell_row(operator, batch, mr_batch_row(batch, i), schema);
    mr_operator_emit(operator, MR_OUTPUT_MAIN, batch);
}

const struct mr_operator_class mr_log_for_testing_class = {
    .name = "LogForTesting", .bytes = sizeof(struct mr_operator), .batch = log_batch};
