/* Explode: the members of the fields of a row are listed, then combined into new rows. */
#include <stdio.h>
#include <string.h>

#include "base/shape.h"
#include "base/utf8.h"
#include "engine/batch/column.h"
#include "engine/operators/operator.h"
#include "engine/operators/repeat.h"

/* The members of one field of the row at hand. */
struct members {
    uint32_t n;
    struct mr_value *values;
};

/* Rows that are waiting to be emitted together. */
struct output {
    struct mr_operator *operator;
    const struct mr_batch *batch;
    uint32_t n;
    uint16_t *sources;       /* [MR_BATCH_ROWS_MAX]: the row that it was */
    struct mr_value *values; /* [MR_BATCH_ROWS_MAX][n_fields] of the exploded fields */
};

static const struct mr_explode *spec_of(const struct mr_operator *operator)
{
    return &operator->transform->explode;
}

/* ---- the members of a value, as Python iterates over it ---- */

static uint32_t characters(struct mr_value text, struct mr_value *out)
{
    uint32_t n = 0;
    for (uint32_t at = 0; at < text.bytes; n++) {
        size_t bytes = mr_utf8_character(text.text + at, text.bytes - at);
        if (bytes == 0) bytes = 1;
        out[n] = (struct mr_value){
            .text = text.text + at, .bytes = (uint32_t)bytes, .type = MR_TYPE_STRING};
        at += (uint32_t)bytes;
    }
    return n;
}

static uint32_t document_members(struct mr_value value, struct mr_value *out)
{
    struct mr_document_cursor cursor = mr_document_open(value);
    struct mr_value ignored;
    bool is_map = mr_document_kind(value) == MR_DOCUMENT_MAP;
    uint32_t n = 0;
    for (; mr_document_next(&cursor, &out[n]); n++)
        if (is_map) mr_document_next(&cursor, &ignored);
    return n;
}

/* False: it cannot be iterated over. */
static bool list_members(
    struct mr_value value, struct mr_scratch *scratch, struct members *members)
{
    bool is_document = mr_type_is_document((enum mr_type)value.type);
    if (!mr_type_is_text((enum mr_type)value.type)) return false;
    if (is_document && mr_document_kind(value) < MR_DOCUMENT_LIST) return false;
    members->values = mr_scratch_array(scratch, struct mr_value, value.bytes + 1);
    if (value.type == MR_TYPE_STRING) {
        members->n = characters(value, members->values);
    } else if (is_document) {
        members->n = document_members(value, members->values);
    } else {
        members->n = value.bytes;
        for (uint32_t i = 0; i < value.bytes; i++)
            members->values[i] =
                (struct mr_value){.i = (unsigned char)value.text[i], .type = MR_TYPE_INT};
    }
    return true;
}

/* The members as the column of the output has them. False: one of them does not fit. */
static bool fit_members(enum mr_type type, struct members *members)
{
    for (uint32_t i = 0; i < members->n; i++)
        if (!mr_value_convert(type, &members->values[i])) return false;
    return true;
}

static struct mr_span not_iterable(struct mr_operator *operator, struct mr_value value)
{
    const char *name = value.type == MR_TYPE_TIMESTAMP ? "Timestamp" : mr_value_class(value);
    size_t size = strlen(name) + 64;
    char *text = mr_scratch_alloc(&operator->context->scratch, size);
    int bytes = snprintf(text, size, "TypeError: '%s' object is not iterable", name);
    return (struct mr_span){.text = text, .bytes = (uint32_t)bytes};
}

/* In a product, a field behind one without members is never looked at. */
static bool list_fields(struct mr_operator *operator, const struct mr_batch * batch,
    uint32_t row, struct members *members, struct mr_span *text)
{
    const struct mr_explode *explode = spec_of(operator);
    const struct mr_schema *schema = &operator->transform->outputs[MR_OUTPUT_MAIN].schema;
    static const char unfit[] = "OverflowError: a member is not of the type of its list";
    for (uint32_t i = 0; i < explode->n_fields; i++) {
        struct mr_value value = mr_column_value(&batch->columns[explode->fields[i]], row);
        members[i].n = 0;
        if (explode->is_cross_product && i > 0 && members[i - 1].n == 0) continue;
        if (!list_members(value, &operator->context->scratch, &members[i])) {
            *text = not_iterable(operator, value);
            return false;
        }
        if (!fit_members(schema->fields[explode->fields[i]].type, &members[i])) {
            *text = (struct mr_span){.text = unfit, .bytes = sizeof unfit - 1};
            return false;
        }
    }
    return true;
}

/* ---- output ---- */

static void flush(struct output *output)
{
    struct mr_operator *operator= output->operator;
    const struct mr_explode *explode = spec_of(operator);
    const struct mr_schema *schema = &operator->transform->outputs[MR_OUTPUT_MAIN].schema;
    struct mr_scratch *scratch = &operator->context->scratch;
    const struct mr_batch *batch = output->batch;
    uint32_t n = output->n;
    if (n == 0) return;
    struct mr_column *columns =
        mr_scratch_array(scratch, struct mr_column, batch->n_columns + 1);
    memset(columns, 0, sizeof *columns * (batch->n_columns + 1));
    for (uint32_t i = 0; i < explode->n_fields; i++)
        columns[explode->fields[i]] = mr_column_make(schema->fields[explode->fields[i]].type,
            output->values + i, explode->n_fields, n, scratch);
    for (uint32_t i = 0; i < batch->n_columns; i++)
        if (!columns[i].values)
            columns[i] = mr_column_repeat(&batch->columns[i], output->sources, n, scratch);
    struct mr_batch out = mr_batch_repeat(batch, output->sources, n, scratch);
    out.columns = columns;
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &out);
    output->n = 0;
}

static struct mr_value *add_row(struct output *output, uint32_t row)
{
    if (output->n == MR_BATCH_ROWS_MAX) flush(output);
    output->sources[output->n] = (uint16_t)row;
    return output->values + (size_t)output->n++ * spec_of(output->operator)->n_fields;
}

/* The last field runs fastest. Without fields there is one row, the row itself. */
static void cross(struct output *output, uint32_t row, const struct members *members)
{
    uint32_t n_fields = spec_of(output->operator)->n_fields;
    uint32_t at[MR_FIELDS_MAX] = {0};
    for (uint32_t i = 0; i < n_fields; i++)
        if (members[i].n == 0) return;
    for (;;) {
        struct mr_value *values = add_row(output, row);
        for (uint32_t i = 0; i < n_fields; i++) values[i] = members[i].values[at[i]];
        uint32_t i = n_fields;
        while (i > 0 && ++at[i - 1] == members[i - 1].n) at[--i] = 0;
        if (i == 0) return;
    }
}

/* Side by side; what is shorter is filled up with None. */
static void zip(struct output *output, uint32_t row, const struct members *members)
{
    uint32_t n_fields = spec_of(output->operator)->n_fields;
    uint32_t longest = 0;
    for (uint32_t i = 0; i < n_fields; i++)
        if (members[i].n > longest) longest = members[i].n;
    for (uint32_t k = 0; k < longest; k++) {
        struct mr_value *values = add_row(output, row);
        for (uint32_t i = 0; i < n_fields; i++)
            values[i] = k < members[i].n ? members[i].values[k]
                                         : (struct mr_value){.type = MR_TYPE_NULL};
    }
}

static void explode_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    const struct mr_explode *explode = spec_of(operator);
    struct mr_scratch *scratch = &operator->context->scratch;
    uint8_t *errors = mr_scratch_array(scratch, uint8_t, batch->n_rows + 1);
    struct mr_span *texts = mr_scratch_array(scratch, struct mr_span, batch->n_rows + 1);
    struct output output = {.operator= operator, .batch = batch };
    output.sources = mr_scratch_array(scratch, uint16_t, MR_BATCH_ROWS_MAX);
    output.values = mr_scratch_array(
        scratch, struct mr_value, (size_t)MR_BATCH_ROWS_MAX * explode->n_fields + 1);
    memset(errors, 0, batch->n_rows);
    struct members members[MR_FIELDS_MAX];
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (!list_fields(operator, batch, row, members, &texts[row]))
            errors[row] = MR_ROW_TYPE;
        else if (explode->is_cross_product)
            cross(&output, row, members);
        else
            zip(&output, row, members);
    }
    mr_operator_divert_as(operator, batch, errors, texts);
    if (!operator->context->has_failed) flush(&output);
}

const struct mr_operator_class mr_explode_class = {
    .name = "Explode", .bytes = sizeof(struct mr_operator), .batch = explode_batch};
