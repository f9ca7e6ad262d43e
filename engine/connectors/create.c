/* Create: the rows that stand in the pipeline file, emitted once by the first subtask at Beam's MIN_TIMESTAMP. */
#include <string.h>

#include "engine/operators/operator.h"

struct create {
    struct mr_operator operator;
    bool is_done;
};

static struct mr_string make_string(struct mr_value value, char *heap, uint32_t *used)
{
    struct mr_string string = {.bytes = value.bytes};
    if (value.bytes <= MR_STRING_INLINE_MAX) {
        if (value.bytes) memcpy(string.inline_text, value.text, value.bytes);
        return string;
    }
    memcpy(string.prefix, value.text, 4);
    string.heap_offset = *used;
    memcpy(heap + *used, value.text, value.bytes);
    *used += value.bytes;
    return string;
}

/* Column `field` of rows [first, first + n). */
static struct mr_column make_column(struct create *create, uint32_t field, uint32_t first, uint32_t n)
{
    const struct mr_create *spec = &create->operator.transform->create;
    const struct mr_schema *schema = &create->operator.transform->outputs[0].schema;
    struct mr_scratch *scratch = &create->operator.context->scratch;
    enum mr_type type = schema->fields[field].type;
    uint32_t size = mr_type_bytes(type);
    char *values = mr_scratch_alloc(scratch, (size_t)size * n + 16);
    uint64_t *valid = mr_scratch_array(scratch, uint64_t, n / 64 + 1);
    memset(values, 0, (size_t)size * n);
    memset(valid, 0, 8 * ((size_t)n / 64 + 1));
    size_t heap_bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        heap_bytes += spec->rows[(size_t)(first + i) * schema->n_fields + field].bytes;
    char *heap = mr_scratch_alloc(scratch, heap_bytes + 1);
    uint32_t heap_used = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct mr_value value = spec->rows[(size_t)(first + i) * schema->n_fields + field];
        if (value.type == MR_TYPE_NULL) continue;
        valid[i / 64] |= (uint64_t)1 << (i % 64);
        if (size == 16)
            ((struct mr_string *)values)[i] = make_string(value, heap, &heap_used);
        else if (size == 1)
            values[i] = (char)value.i;
        else
            memcpy(values + 8 * (size_t)i, &value.i, 8);
    }
    return (struct mr_column){.type = type,
        .values = values,
        .valid = schema->fields[field].is_nullable ? valid : NULL,
        .heap = heap};
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
