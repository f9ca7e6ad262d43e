#include "base/row.h"

#include <string.h>

#include "base/assert.h"
#include "base/document.h"
#include "base/value_internal.h"

enum { BYTES_A_BYTE = 6 }; /* of a name: \u0001 */

size_t mr_row_text_bytes(const struct mr_schema *schema, const struct mr_value *row)
{
    size_t bytes = 16;
    for (uint32_t i = 0; i < schema->n_fields; i++)
        bytes += strlen(schema->fields[i].name) * BYTES_A_BYTE + mr_value_text_size(row[i]);
    return bytes;
}

static size_t write_row(
    struct mr_sink *sink, const struct mr_schema *schema, const struct mr_value *row)
{
    MR_ASSERT(sink->size > 0);
    sink->out[0] = '\0';
    mr_sink_word(sink, sink->is_repr ? "Row(" : "{");
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        const char *name = schema->fields[i].name;
        if (i > 0) mr_sink_word(sink, ", ");
        if (sink->is_repr)
            mr_sink_word(sink, name);
        else
            mr_sink_value(sink, (struct mr_value){.type = MR_TYPE_STRING,
                                    .text = name,
                                    .bytes = (uint32_t)strlen(name)});
        mr_sink_word(sink, sink->is_repr ? "=" : ": ");
        mr_sink_value(sink, row[i]);
    }
    mr_sink_word(sink, sink->is_repr ? ")" : "}");
    return sink->bytes;
}

size_t mr_row_json(
    const struct mr_schema *schema, const struct mr_value *row, char *out, size_t size)
{
    struct mr_sink sink = {.out = out, .size = size};
    return write_row(&sink, schema, row);
}

size_t mr_row_repr(
    const struct mr_schema *schema, const struct mr_value *row, char *out, size_t size)
{
    struct mr_sink sink = {.out = out, .size = size, .is_repr = true};
    return write_row(&sink, schema, row);
}

/* ---- Equality ---- */

static bool is_integer(struct mr_value value)
{
    return value.type == MR_TYPE_INT || value.type == MR_TYPE_BOOL;
}

/* Exactly: an integer that no double has equals none. */
static bool integer_equals_float(int64_t i, double f)
{
    return f >= -0x1p63 && f < 0x1p63 && (double)(int64_t)f == f && (int64_t)f == i;
}

static bool equal_items(struct mr_value a, struct mr_value b)
{
    struct mr_document_cursor left = mr_document_open(a), right = mr_document_open(b);
    struct mr_value x, y;
    while (mr_document_next(&left, &x))
        if (!mr_document_next(&right, &y) || !mr_value_equals(x, y)) return false;
    return !mr_document_next(&right, &y);
}

/* The member of a map with the key, or of a row with the name. */
static bool find_member(struct mr_value of, struct mr_value key,
    const struct mr_document_cursor *name, struct mr_value *out)
{
    struct mr_document_cursor cursor = mr_document_open(of);
    while (mr_document_next(&cursor, out)) {
        if (cursor.is_row) {
            if (cursor.name_bytes == name->name_bytes &&
                memcmp(cursor.name, name->name, cursor.name_bytes) == 0)
                return true;
            continue;
        }
        bool is_it = mr_value_equals(*out, key);
        MR_ASSERT(cursor.at < cursor.end);
        mr_document_next(&cursor, out);
        if (is_it) return true;
    }
    return false;
}

/* Maps and rows: the order of their members does not matter. */
static bool equal_members(struct mr_value a, struct mr_value b)
{
    if (mr_document_count(a) != mr_document_count(b)) return false;
    struct mr_document_cursor cursor = mr_document_open(a);
    struct mr_value key = {.type = MR_TYPE_NULL}, x, y;
    while (mr_document_next(&cursor, &x)) {
        if (!cursor.is_row) {
            key = x;
            mr_document_next(&cursor, &x);
        }
        if (!find_member(b, key, &cursor, &y) || !mr_value_equals(x, y)) return false;
    }
    return true;
}

static bool equal_documents(struct mr_value a, struct mr_value b)
{
    enum mr_document_kind kind = mr_document_kind(a);
    if (kind != mr_document_kind(b)) return false;
    if (kind == MR_DOCUMENT_LIST || kind == MR_DOCUMENT_TUPLE) return equal_items(a, b);
    if (kind == MR_DOCUMENT_MAP || kind == MR_DOCUMENT_ROW) return equal_members(a, b);
    return mr_value_same(a, b);
}

bool mr_value_equals(struct mr_value a, struct mr_value b)
{
    if (is_integer(a) && is_integer(b)) return a.i == b.i;
    if (is_integer(a) && b.type == MR_TYPE_FLOAT) return integer_equals_float(a.i, b.f);
    if (a.type == MR_TYPE_FLOAT && is_integer(b)) return integer_equals_float(b.i, a.f);
    if (a.type != b.type) return false;
    if (a.type == MR_TYPE_FLOAT) return a.f == b.f;
    if (mr_type_is_document((enum mr_type)a.type)) return equal_documents(a, b);
    return mr_value_same(a, b);
}
