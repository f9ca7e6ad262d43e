/* Create: the rows that stand in the pipeline file, emitted once by the first subtask at Beam's MIN_TIMESTAMP. */
#include "engine/batch/column.h"
#include "engine/operators/operator.h"

struct create {
    struct mr_operator operator;
    bool is_done;
};

/* Column `field` of rows [first, first + n). */
static struct mr_column make_column(struct create *create, uint32_t field, uint32_t first, uint32_t n)
{
    const struct mr_create *spec = &create->operator.transform->create;
    const struct mr_schema *schema = &create->operator.transform->outputs[0].schema;
    struct mr_scratch *scratch = &create->operator.context->scratch;
    enum mr_type type = schema->fields[field].type;
    return mr_column_make(type, spec->rows + (size_t)first * schema->n_fields + field,
        schema->n_fields, n, scratch);
}

static void emit_rows(struct create *create, uint32_t first, uint32_t n)
{
    const struct mr_schema *schema = &create->operator.transform->outputs[0].schema;
    struct mr_scratch *scratch = &create->operator.context->scratch;
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, schema->n_fields + 1);
    for (uint32_t i = 0; i < schema->n_fields; i++) columns[i] = make_column(create, i, first, n);
    mr_us *times = mr_scratch_array(scratch, mr_us, n);
    for (uint32_t i = 0; i < n; i++) times[i] = MR_US_MIN;
    struct mr_batch batch = {.n_rows = n,
        .n_columns = schema->n_fields,
        .columns = columns,
        .times_us = times,
        .n_selected = n};
    mr_operator_emit(&create->operator, MR_OUTPUT_MAIN, &batch);
}

static void create_start(struct mr_operator *operator)
{
    struct create *create = (struct create *)operator;
    uint32_t n_rows = operator->transform->create.n_rows;
    if (!create->is_done && operator->context->subtask == 0)
        for (uint32_t first = 0; first < n_rows; first += MR_BATCH_ROWS_MAX)
            emit_rows(create, first,
                n_rows - first < MR_BATCH_ROWS_MAX ? n_rows - first : MR_BATCH_ROWS_MAX);
    create->is_done = true;
    mr_task_source_watermark(operator, MR_US_MAX, false);
    mr_task_source_ended(operator);
}

static void create_snapshot(struct mr_operator *operator, struct mr_snapshot_writer *writer,
    uint64_t checkpoint)
{
    (void)checkpoint;
    mr_snapshot_u32(writer, ((struct create *)operator)->is_done);
}

static void create_restore(struct mr_operator *operator, struct mr_snapshot_reader *reader,
    bool is_rewind)
{
    (void)is_rewind;
    ((struct create *)operator)->is_done = mr_snapshot_read_u32(reader) != 0;
}

const struct mr_operator_class mr_create_class = {.name = "Create",
    .bytes = sizeof(struct create),
    .snapshot = create_snapshot,
    .restore = create_restore,
    .start = create_start};
