#include "base/row.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "base/utf8.h"

/* A character of text takes at most so many bytes a byte in either form: \u0001, \x01. */
enum { BYTES_A_BYTE = 6, SCALAR_BYTES = 64 };

static bool is_text(struct mr_value value)
{
    return value.type == MR_TYPE_STRING || value.type == MR_TYPE_BYTES;
}

size_t mr_row_text_bytes(const struct mr_schema *schema, const struct mr_value *row)
{
    size_t bytes = 16;
    for (uint32_t i = 0; i < schema->n_fields; i++)
        bytes += strlen(schema->fields[i].name) * BYTES_A_BYTE + SCALAR_BYTES +
                 (is_text(row[i]) ? (size_t)row[i].bytes * BYTES_A_BYTE : 0);
    return bytes;
}

/* Each piece is written whole or not at all, and nothing after one that did not fit. */
struct sink {
    char *out;
    size_t size;
    size_t bytes;
    bool is_full;
};

static void put(struct sink *sink, const char *text, size_t bytes)
{
    sink->is_full = sink->is_full || bytes > sink->size - 1 - sink->bytes;
    if (sink->is_full) return;
    memcpy(sink->out + sink->bytes, text, bytes);
    sink->bytes += bytes;
    sink->out[sink->bytes] = '\0';
}

static void put_text(struct sink *sink, const char *text)
{
    put(sink, text, strlen(text));
}

/* ---- JSON ---- */

static void put_json(struct sink *sink, struct mr_value value)
{
    if (sink->is_full) return;
    size_t room = sink->size - sink->bytes;
    size_t written = mr_value_format(value, sink->out + sink->bytes, room);
    sink->bytes += written;
    sink->is_full = written + 1 == room;
}

size_t mr_row_json(
    const struct mr_schema *schema, const struct mr_value *row, char *out, size_t size)
{
    MR_ASSERT(size > 0);
    struct sink sink = {out, size, 0, false};
    out[0] = '\0';
    put_text(&sink, "{");
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        const char *name = schema->fields[i].name;
        if (i > 0) put_text(&sink, ", ");
        put_json(
            &sink, (struct mr_value){
                       .type = MR_TYPE_STRING, .text = name, .bytes = (uint32_t)strlen(name)});
        put_text(&sink, ": ");
        put_json(&sink, row[i]);
    }
    put_text(&sink, "}");
    return sink.bytes;
}

/* ---- Python ---- */

static uint32_t decode(const char *text, size_t bytes)
{
    static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = (uint8_t)text[0] & masks[bytes];
    for (size_t i = 1; i < bytes; i++) point = point << 6 | ((uint8_t)text[i] & 0x3f);
    return point;
}

/* Control and format characters, separators but the space, and what is for private use. */
static bool is_printable(uint32_t point)
{
    static const uint32_t ranges[][2] = {{0x00, 0x1f}, {0x7f, 0xa0}, {0xad, 0xad},
        {0x600, 0x605}, {0x61c, 0x61c}, {0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x1680, 0x1680},
        {0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
        {0x3000, 0x3000}, {0xd800, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb},
        {0xfffe, 0xffff}, {0xe0000, 0xe00ff}, {0xe01f0, 0x10ffff}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (point >= ranges[i][0] && point <= ranges[i][1]) return false;
    return true;
}

static void put_escaped(struct sink *sink, const char *character, size_t length, char quote)
{
    char escape[16];
    uint32_t point = decode(character, length);
    if (point == '\\' || point == (uint32_t)quote)
        snprintf(escape, sizeof escape, "\\%c", (char)point);
    else if (point == '\n' || point == '\r' || point == '\t')
        snprintf(escape, sizeof escape, "\\%c",
            point == '\n'   ? 'n'
            : point == '\r' ? 'r'
                            : 't');
    else if (is_printable(point)) {
        put(sink, character, length);
        return;
    } else
        snprintf(escape, sizeof escape,
            point < 0x100     ? "\\x%02x"
            : point < 0x10000 ? "\\u%04x"
                              : "\\U%08x",
            point);
    put_text(sink, escape);
}

/* Python takes single quotes, unless there are some inside and no double ones. */
static void put_repr(struct sink *sink, struct mr_value value)
{
    bool is_bytes = value.type == MR_TYPE_BYTES;
    bool has_single = value.bytes && memchr(value.text, '\'', value.bytes);
    bool has_double = value.bytes && memchr(value.text, '"', value.bytes);
    char quote = has_single && !has_double ? '"' : '\'';
    if (is_bytes) put_text(sink, "b");
    put(sink, &quote, 1);
    for (size_t at = 0, length; at < value.bytes && !sink->is_full; at += length) {
        const char *character = value.text + at;
        length = is_bytes ? 1 : mr_utf8_character(character, value.bytes - at);
        if (length == 0 || (is_bytes && (uint8_t)*character >= 0x80)) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\x%02x", (uint8_t)*character);
            put_text(sink, escape);
            length = 1;
        } else {
            put_escaped(sink, character, length, quote);
        }
    }
    put(sink, &quote, 1);
}

static void timestamp_repr(int64_t us, char *out, size_t size)
{
    int64_t seconds = us / 1000000, rest = us % 1000000;
    if (rest == 0)
        snprintf(out, size, "Timestamp(%lld)", (long long)seconds);
    else
        snprintf(out, size, "Timestamp(%s%lld.%06lld)", us < 0 ? "-" : "",
            (long long)(seconds < 0 ? -seconds : seconds),
            (long long)(rest < 0 ? -rest : rest));
}

static void put_python(struct sink *sink, struct mr_value value)
{
    char text[SCALAR_BYTES] = "None";
    switch ((enum mr_type)value.type) {
    case MR_TYPE_STRING:
    case MR_TYPE_BYTES:
        put_repr(sink, value);
        return;
    case MR_TYPE_BOOL:
        snprintf(text, sizeof text, "%s", value.i ? "True" : "False");
        break;
    case MR_TYPE_INT:
        snprintf(text, sizeof text, "%lld", (long long)value.i);
        break;
    case MR_TYPE_FLOAT:
        mr_float_to_text(value.f, text);
        break;
    case MR_TYPE_TIMESTAMP:
        timestamp_repr(value.i, text, sizeof text);
        break;
    default:
        break;
    }
    put_text(sink, text);
}

size_t mr_value_python(struct mr_value value, char *out, size_t size)
{
    MR_ASSERT(size > 0);
    struct sink sink = {out, size, 0, false};
    out[0] = '\0';
    put_python(&sink, value);
    return sink.bytes;
}

size_t mr_row_repr(
    const struct mr_schema *schema, const struct mr_value *row, char *out, size_t size)
{
    MR_ASSERT(size > 0);
    struct sink sink = {out, size, 0, false};
    out[0] = '\0';
    put_text(&sink, "Row(");
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        if (i > 0) put_text(&sink, ", ");
        put_text(&sink, schema->fields[i].name);
        put_text(&sink, "=");
        put_python(&sink, row[i]);
    }
    put_text(&sink, ")");
    return sink.bytes;
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

bool mr_value_equals(struct mr_value a, struct mr_value b)
{
    if (is_integer(a) && is_integer(b)) return a.i == b.i;
    if (is_integer(a) && b.type == MR_TYPE_FLOAT) return integer_equals_float(a.i, b.f);
    if (a.type == MR_TYPE_FLOAT && is_integer(b)) return integer_equals_float(b.i, a.f);
    if (a.type != b.type) return false;
    if (a.type == MR_TYPE_FLOAT) return a.f == b.f;
    return mr_value_same(a, b);
}
