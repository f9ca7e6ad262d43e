#include "engine/batch/column.h"

#include <string.h>

static char *grow(void *memory, char *data, size_t bytes, size_t capacity)
{
    char *moved = mr_scratch_alloc(memory, capacity);
    if (bytes) memcpy(moved, data, bytes);
    return moved;
}

struct mr_document_writer mr_scratch_writer(struct mr_scratch *scratch)
{
    return (struct mr_document_writer){.memory = scratch, .grow = grow};
}

struct mr_value mr_value_raw(struct mr_value value, struct mr_scratch *scratch)
{
    if (value.type == MR_TYPE_NULL) return value;
    struct mr_value raw = {.type = MR_TYPE_ANY, .text = value.text, .bytes = value.bytes};
    if (mr_type_is_document((enum mr_type)value.type)) return raw;
    struct mr_document_writer writer = {.capacity = mr_document_size(value)};
    writer.data = mr_scratch_alloc(scratch, writer.capacity);
    mr_document_put(&writer, value);
    raw.text = writer.data;
    raw.bytes = (uint32_t)writer.bytes;
    return raw;
}

static struct mr_string make_string(struct mr_value value, char *heap, size_t *used)
{
    struct mr_string string = {.bytes = value.bytes};
    if (value.bytes <= MR_STRING_INLINE_MAX) {
        if (value.bytes) memcpy(string.inline_text, value.text, value.bytes);
        return string;
    }
    memcpy(string.prefix, value.text, sizeof string.prefix);
    string.heap_offset = (uint32_t)*used;
    memcpy(heap + *used, value.text, value.bytes);
    *used += value.bytes;
    return string;
}

static const struct mr_value *raw_values(
    const struct mr_value *values, uint32_t stride, uint32_t n, struct mr_scratch *scratch)
{
    struct mr_value *raw = mr_scratch_array(scratch, struct mr_value, n + 1);
    for (uint32_t i = 0; i < n; i++) raw[i] = mr_value_raw(values[(size_t)i * stride], scratch);
    return raw;
}

static struct mr_column text_column(enum mr_type type, const struct mr_value *values,
    uint32_t stride, uint32_t n, struct mr_scratch *scratch)
{
    if (type == MR_TYPE_ANY) {
        values = raw_values(values, stride, n, scratch);
        stride = 1;
    }
    size_t capacity = 0, used = 0;
    for (uint32_t i = 0; i < n; i++) capacity += values[(size_t)i * stride].bytes;
    MR_ASSERT(capacity <= UINT32_MAX); /* the run's arena ends before */
    struct mr_string *strings = mr_scratch_array(scratch, struct mr_string, n + 1);
    char *heap = mr_scratch_alloc(scratch, capacity + 1);
    for (uint32_t i = 0; i < n; i++)
        strings[i] = make_string(values[(size_t)i * stride], heap, &used);
    return (struct mr_column){.type = type, .values = strings, .heap = heap};
}

/* NULL where none is None. */
static const uint64_t *valid_bits(
    const struct mr_value *values, uint32_t stride, uint32_t n, struct mr_scratch *scratch)
{
    uint32_t n_words = (n + 63) / 64;
    uint64_t *valid = mr_scratch_array(scratch, uint64_t, n_words + 1);
    memset(valid, 0, sizeof *valid * n_words);
    uint32_t n_valid = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (values[(size_t)i * stride].type == MR_TYPE_NULL) continue;
        valid[i / 64] |= UINT64_C(1) << (i % 64);
        n_valid++;
    }
    return n_valid == n ? NULL : valid;
}

struct mr_column mr_column_make(enum mr_type type, const struct mr_value *values,
    uint32_t stride, uint32_t n, struct mr_scratch *scratch)
{
    const uint64_t *valid = valid_bits(values, stride, n, scratch);
    if (mr_type_is_text(type)) {
        struct mr_column column = text_column(type, values, stride, n, scratch);
        column.valid = valid;
        return column;
    }
    size_t bytes = mr_type_bytes(type);
    char *cells = mr_scratch_alloc(scratch, bytes * n + 8);
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_value *value = &values[(size_t)i * stride];
        MR_ASSERT(value->type == type || value->type == MR_TYPE_NULL);
        if (bytes == 1)
            cells[i] = value->i != 0;
        else
            memcpy(cells + i * bytes, &value->i, 8); /* or its bits as a double */
    }
    return (struct mr_column){.type = type, .values = cells, .valid = valid};
}

struct mr_column mr_column_to_any(
    const struct mr_column *column, uint32_t n_rows, struct mr_scratch *scratch)
{
    struct mr_column any = *column;
    any.type = MR_TYPE_ANY;
    if (mr_type_is_document(column->type)) return any;
    struct mr_value *values = mr_scratch_array(scratch, struct mr_value, n_rows + 1);
    for (uint32_t i = 0; i < n_rows; i++) values[i] = mr_column_value(column, i);
    return mr_column_make(MR_TYPE_ANY, values, 1, n_rows, scratch);
}

struct mr_column mr_column_of_rows(const struct mr_schema *schema,
    const struct mr_column *columns, uint32_t n_rows, const uint16_t *rows, uint32_t n,
    struct mr_scratch *scratch)
{
    struct mr_value *values = mr_scratch_array(scratch, struct mr_value, n_rows + 1);
    memset(values, 0, sizeof *values * n_rows);
    for (uint32_t i = 0; i < n; i++) {
        struct mr_document_writer writer = mr_scratch_writer(scratch);
        size_t row = mr_document_begin(&writer, MR_DOCUMENT_ROW);
        for (uint32_t k = 0; k < schema->n_fields; k++) {
            const char *name = schema->fields[k].name;
            mr_document_put_name(&writer, name, strlen(name));
            mr_document_put(&writer, mr_column_value(&columns[k], rows[i]));
        }
        mr_document_end(&writer, row);
        values[rows[i]] = mr_document_value(writer.data);
    }
    return mr_column_make(MR_TYPE_ROW, values, 1, n_rows, scratch);
}
