/* Columns of text. A result is put together in one heap of its own; short texts lie in the
 * column itself. */
#include <string.h>

#include "engine/expression/expression_internal.h"
#include "engine/expression/unicode.h"

static const char *text_at(const struct mr_column *column, uint32_t row, uint32_t *bytes)
{
    const struct mr_string *string = (const struct mr_string *)column->values + row;
    *bytes = string->bytes;
    return mr_string_text(string, column->heap);
}

/* A column of text under construction. */
struct writer {
    struct mr_string *strings;
    char *heap;
    uint64_t heap_bytes;
    uint64_t capacity;
};

/* `capacity`: at least the bytes of all long texts together, and of the one that is being made.
 */
static struct writer writer_new(const struct mr_evaluation *evaluation, uint64_t capacity)
{
    struct writer writer = {.capacity = capacity};
    writer.strings =
        mr_scratch_array(evaluation->scratch, struct mr_string, evaluation->n_rows);
    writer.heap = mr_scratch_alloc(evaluation->scratch, capacity + 1);
    MR_ASSERT(capacity <= UINT32_MAX); /* where the arena allows it, offsets do not */
    return writer;
}

/* Where the next text can be made, in place. */
static char *writer_end(const struct writer *writer)
{
    return writer->heap + writer->heap_bytes;
}

/* Takes the text at writer_end as that of the row. */
static void writer_take(struct writer *writer, uint32_t row, uint32_t bytes)
{
    MR_ASSERT(writer->heap_bytes + bytes <= writer->capacity);
    const char *text = writer_end(writer);
    struct mr_string string = {.bytes = bytes};
    if (bytes > MR_STRING_INLINE_MAX) {
        memcpy(string.prefix, text, sizeof string.prefix);
        string.heap_offset = (uint32_t)writer->heap_bytes;
        writer->heap_bytes += bytes;
    } else if (bytes > 0) {
        memcpy(string.inline_text, text, bytes);
    }
    writer->strings[row] = string;
}

static struct mr_column writer_finish(const struct writer *writer, enum mr_type type)
{
    return (struct mr_column){.type = type, .values = writer->strings, .heap = writer->heap};
}

/* The bytes of all texts of a column. */
static uint64_t total_bytes(
    const struct mr_evaluation *evaluation, const struct mr_column *column)
{
    const struct mr_string *strings = column->values;
    uint64_t total = 0;
    for (uint32_t i = 0; i < evaluation->n_rows; i++) total += strings[i].bytes;
    return total;
}

struct mr_column mr_evaluate_concat(const struct mr_evaluation *evaluation,
    const struct mr_column *a, const struct mr_column *b)
{
    uint64_t capacity = total_bytes(evaluation, a) + total_bytes(evaluation, b);
    struct writer writer = writer_new(evaluation, capacity);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        uint32_t a_bytes, b_bytes;
        const char *left = text_at(a, i, &a_bytes);
        const char *right = text_at(b, i, &b_bytes);
        char *end = writer_end(&writer);
        if (a_bytes) memcpy(end, left, a_bytes);
        if (b_bytes) memcpy(end + a_bytes, right, b_bytes);
        writer_take(&writer, i, a_bytes + b_bytes);
    }
    return writer_finish(&writer, a->type);
}

/* str() of one row that is not null and not a text. */
static uint32_t number_text(
    const struct mr_column *column, uint32_t row, char out[MR_NUMBER_TEXT_BYTES])
{
    const int64_t *ints = column->values;
    const double *floats = column->values;
    if (column->type == MR_TYPE_INT) return mr_int_to_text(ints[row], out);
    if (column->type == MR_TYPE_FLOAT) return mr_float_to_text(floats[row], out);
    MR_ASSERT(column->type == MR_TYPE_BOOL);
    const char *word = ((const uint8_t *)column->values)[row] ? "True" : "False";
    uint32_t bytes = (uint32_t)strlen(word);
    memcpy(out, word, bytes);
    return bytes;
}

struct mr_column mr_evaluate_str(
    const struct mr_evaluation *evaluation, const struct mr_column *a)
{
    static const char none[] = "None";
    bool is_text = a->type == MR_TYPE_STRING;
    if (is_text && !a->valid) return *a;
    uint64_t capacity = (uint64_t)evaluation->n_rows * MR_NUMBER_TEXT_BYTES;
    if (is_text) capacity += total_bytes(evaluation, a);
    struct writer writer = writer_new(evaluation, capacity);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        char *end = writer_end(&writer);
        uint32_t bytes = sizeof none - 1;
        if (a->type == MR_TYPE_NULL || mr_column_is_null(a, i)) {
            memcpy(end, none, bytes);
        } else if (is_text) {
            const char *text = text_at(a, i, &bytes);
            if (bytes) memcpy(end, text, bytes);
        } else {
            bytes = number_text(a, i, end);
        }
        writer_take(&writer, i, bytes);
    }
    return writer_finish(&writer, MR_TYPE_STRING);
}

struct mr_column mr_evaluate_case(
    const struct mr_evaluation *evaluation, const struct mr_column *a, bool to_upper)
{
    struct writer writer = writer_new(evaluation, total_bytes(evaluation, a) * MR_CASE_GROWTH);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        uint32_t bytes;
        const char *text = text_at(a, i, &bytes);
        char *end = writer_end(&writer);
        bytes =
            to_upper ? mr_unicode_upper(text, bytes, end) : mr_unicode_lower(text, bytes, end);
        writer_take(&writer, i, bytes);
    }
    return writer_finish(&writer, MR_TYPE_STRING);
}

struct mr_column mr_evaluate_length(
    const struct mr_evaluation *evaluation, const struct mr_column *a)
{
    bool is_letters = a->type == MR_TYPE_STRING;
    int64_t *out = mr_scratch_array(evaluation->scratch, int64_t, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        uint32_t bytes;
        const char *text = text_at(a, i, &bytes);
        out[i] = is_letters ? mr_unicode_length(text, bytes) : bytes;
    }
    return (struct mr_column){.type = MR_TYPE_INT, .values = out};
}

struct mr_column mr_evaluate_startswith(const struct mr_evaluation *evaluation,
    const struct mr_column *a, const struct mr_column *b)
{
    uint8_t *out = mr_scratch_array(evaluation->scratch, uint8_t, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        uint32_t a_bytes, b_bytes;
        const char *text = text_at(a, i, &a_bytes);
        const char *start = text_at(b, i, &b_bytes);
        out[i] = b_bytes <= a_bytes && memcmp(text, start, b_bytes) == 0;
    }
    return (struct mr_column){.type = MR_TYPE_BOOL, .values = out};
}

struct mr_column mr_evaluate_select_text(const struct mr_evaluation *evaluation,
    enum mr_type type, const uint8_t *which, const struct mr_column *a,
    const struct mr_column *b)
{
    const struct mr_string *x = a->values;
    const struct mr_string *y = b->values;
    if (a->heap == b->heap || !a->heap || !b->heap) {
        struct mr_string *out =
            mr_scratch_array(evaluation->scratch, struct mr_string, evaluation->n_rows);
        for (uint32_t i = 0; i < evaluation->n_rows; i++) out[i] = which[i] ? x[i] : y[i];
        return (struct mr_column){
            .type = type, .values = out, .heap = a->heap ? a->heap : b->heap};
    }
    uint64_t capacity = total_bytes(evaluation, a) + total_bytes(evaluation, b);
    struct writer writer = writer_new(evaluation, capacity);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        uint32_t bytes;
        const char *text = text_at(which[i] ? a : b, i, &bytes);
        if (bytes) memcpy(writer_end(&writer), text, bytes);
        writer_take(&writer, i, bytes);
    }
    return writer_finish(&writer, type);
}
