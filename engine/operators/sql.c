/* Sql: when a window ends, its rows are the tables of the query. */
#include <string.h>

#include "engine/expression/sql.h"
#include "engine/operators/gather.h"

/* Rows of the result on their way into batches. */
struct result {
    struct mr_gather *gather;
    const struct mr_gather_window *window;
    uint32_t n_fields;
    uint32_t n;
    struct mr_value *values; /* [MR_BATCH_ROWS_MAX][n_fields] */
};

static void flush(struct result *result)
{
    if (result->n > 0)
        mr_gather_emit(result->gather, result->window, result->values, result->n);
    result->n = 0;
}

static void add(void *self, const struct mr_value *values)
{
    struct result *result = self;
    struct mr_scratch *scratch = &result->gather->operator.context->scratch;
    if (result->n == 0)
        result->values = mr_scratch_array(
            scratch, struct mr_value, (size_t)MR_BATCH_ROWS_MAX * result->n_fields);
    struct mr_value *row = result->values + (size_t)result->n++ * result->n_fields;
    for (uint32_t i = 0; i < result->n_fields; i++) {
        row[i] = values[i];
        if (!mr_type_is_text((enum mr_type)values[i].type)) continue;
        char *copy = mr_scratch_alloc(scratch, values[i].bytes + 1);
        if (values[i].bytes) memcpy(copy, values[i].text, values[i].bytes);
        row[i].text = copy;
    }
    if (result->n == MR_BATCH_ROWS_MAX) flush(result);
}

static void fire(struct mr_gather *gather, const struct mr_gather_window *window)
{
    struct mr_operator *operator= & gather->operator;
    const struct mr_transform *transform = operator->transform;
    struct mr_sql_rows tables[MR_JOIN_INPUTS_MAX];
    for (uint32_t i = 0; i < transform->n_inputs; i++)
        tables[i] = (struct mr_sql_rows){
            .n = window->inputs[i].n, .values = mr_gather_values(gather, window, i)};
    struct result result = {.gather = gather,
        .window = window,
        .n_fields = transform->outputs[MR_OUTPUT_MAIN].schema.n_fields};
    const char *failure = "";
    if (mr_sql_query_run(transform->sql.query, MR_SQL_ENGINE, tables,
            &operator->context->scratch, &result, add, &failure)) {
        flush(&result);
        return;
    }
    mr_task_fail(operator->context, "transform '%s': %s", transform->name, failure);
    const struct mr_probe *probe = operator->context->job->probe;
    struct mr_probe_at at = mr_operator_at(operator);
    if (probe && probe->row_failed) probe->row_failed(probe->self, &at, MR_ROW_RAISED);
}

static void sql_watermark(struct mr_operator *operator, mr_us watermark_us)
{
    mr_gather_watermark(operator, watermark_us, fire);
}

const struct mr_operator_class mr_sql_class = {.name = "Sql",
    .bytes = sizeof(struct mr_gather),
    .open = mr_gather_open,
    .close = mr_gather_close,
    .batch = mr_gather_batch,
    .watermark = sql_watermark,
    .snapshot = mr_gather_snapshot,
    .restore = mr_gather_restore};
