/* Rows for the tests of expressions: what the generated table is written in, and how rows
 * become a batch. */
#ifndef MR_TESTS_EXPRESSION_ROWS_H
#define MR_TESTS_EXPRESSION_ROWS_H

#include <string.h>

#include "engine/expression/expression.h"

/* A value or the error of a row. */
struct expression_cell {
    enum mr_row_error error;
    struct mr_value value;
};
/* clang-format off */
#define NONE {.value = {.type = MR_TYPE_NULL}}
#define B(number) {.value = {.i = (number), .type = MR_TYPE_BOOL}}
#define I(number) {.value = {.i = (number), .type = MR_TYPE_INT}}
#define F(number) {.value = {.f = (number), .type = MR_TYPE_FLOAT}}
#define S(letters, n) {.value = {.text = (letters), .bytes = (n), .type = MR_TYPE_STRING}}
#define Y(letters, n) {.value = {.text = (letters), .bytes = (n), .type = MR_TYPE_BYTES}}
#define E(name) {.error = MR_ROW_##name}
/* clang-format on */

static inline void rows_put_text(
    struct mr_string *to, struct mr_value value, char *heap, uint32_t *used)
{
    *to = (struct mr_string){.bytes = value.bytes};
    if (value.bytes <= MR_STRING_INLINE_MAX) {
        if (value.bytes) memcpy(to->inline_text, value.text, value.bytes);
        return;
    }
    memcpy(to->prefix, value.text, sizeof to->prefix);
    memcpy(heap + *used, value.text, value.bytes);
    to->heap_offset = *used;
    *used += value.bytes;
}

/* Column `field` of rows[n_rows][n_fields], in scratch memory. */
static inline struct mr_column rows_column(const struct mr_field *field,
    const struct mr_value *values, uint32_t n_rows, uint32_t stride, struct mr_scratch *scratch)
{
    size_t bytes = mr_type_bytes(field->type);
    size_t n_words = (n_rows + 63) / 64;
    uint32_t heap_bytes = 1;
    bool is_text = field->type == MR_TYPE_STRING || field->type == MR_TYPE_BYTES;
    for (uint32_t i = 0; i < n_rows && is_text; i++) heap_bytes += values[i * stride].bytes;
    char *out = memset(mr_scratch_alloc(scratch, bytes * n_rows), 0, bytes * n_rows);
    uint64_t *valid = memset(mr_scratch_alloc(scratch, 8 * n_words), 0, 8 * n_words);
    char *heap = is_text ? mr_scratch_alloc(scratch, heap_bytes) : NULL;
    uint32_t used = 0;
    for (uint32_t i = 0; i < n_rows; i++) {
        struct mr_value value = values[i * stride];
        if (value.type == MR_TYPE_NULL) continue;
        valid[i / 64] |= UINT64_C(1) << (i % 64);
        if (is_text)
            rows_put_text((struct mr_string *)(void *)out + i, value, heap, &used);
        else if (bytes == 1)
            out[i] = (char)value.i;
        else
            memcpy(out + i * bytes, &value.i, bytes);
    }
    return (struct mr_column){.type = field->type,
        .values = out,
        .valid = field->is_nullable ? valid : NULL,
        .heap = heap};
}

/* values[n_rows][schema->n_fields] as a batch without times; in scratch memory. */
static inline struct mr_batch rows_batch(const struct mr_schema *schema,
    const struct mr_value *values, uint32_t n_rows, struct mr_scratch *scratch)
{
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, schema->n_fields);
    for (uint32_t i = 0; i < schema->n_fields; i++)
        columns[i] =
            rows_column(&schema->fields[i], values + i, n_rows, schema->n_fields, scratch);
    return (struct mr_batch){.n_rows = n_rows,
        .n_columns = schema->n_fields,
        .columns = columns,
        .n_selected = n_rows};
}

#endif
