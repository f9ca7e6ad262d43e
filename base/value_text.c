/* Values as text: JSON for files and reports, Python's repr for people who know Beam. */
#include <stdio.h>
#include <string.h>

#include "base/document.h"
#include "base/json.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/value_internal.h"

void mr_sink_put(struct mr_sink *sink, const char *text, size_t bytes)
{
    sink->is_full = sink->is_full || bytes > sink->size - 1 - sink->bytes;
    if (sink->is_full) return;
    memcpy(sink->out + sink->bytes, text, bytes);
    sink->bytes += bytes;
    sink->out[sink->bytes] = '\0';
}

void mr_sink_word(struct mr_sink *sink, const char *word)
{
    mr_sink_put(sink, word, strlen(word));
}

/* ---- texts ---- */

static void put_json_text(struct mr_sink *sink, const char *text, size_t bytes)
{
    mr_sink_put(sink, "\"", 1);
    size_t taken;
    for (size_t at = 0; at < bytes && !sink->is_full; at += taken) {
        char escape[MR_JSON_ESCAPE_BYTES];
        size_t written = mr_json_escape(text + at, bytes - at, escape, &taken);
        mr_sink_put(sink, escape, written);
    }
    mr_sink_put(sink, "\"", 1);
}

/* Bytes are no text: each one beyond ASCII is the character of its number, so that nothing is
 * lost. */
static void put_json_bytes(struct mr_sink *sink, const char *text, size_t bytes)
{
    mr_sink_put(sink, "\"", 1);
    for (size_t at = 0; at < bytes && !sink->is_full; at++) {
        char escape[MR_JSON_ESCAPE_BYTES];
        unsigned char c = (unsigned char)text[at];
        size_t taken;
        size_t written = c < 0x80 ? mr_json_escape(text + at, 1, escape, &taken)
                                  : (size_t)snprintf(escape, sizeof escape, "\\u%04x", c);
        mr_sink_put(sink, escape, written);
    }
    mr_sink_put(sink, "\"", 1);
}

/* Python quotes with the mark that needs no escape, if there is one. */
static char quote_of(const char *text, size_t bytes)
{
    bool has_single = bytes && memchr(text, '\'', bytes);
    bool has_double = bytes && memchr(text, '"', bytes);
    return has_single && !has_double ? '"' : '\'';
}

/* False: the character stands for itself. */
static bool put_short_escape(struct mr_sink *sink, unsigned char c, char quote)
{
    char escape[5];
    if (c == (unsigned char)quote || c == '\\')
        snprintf(escape, sizeof escape, "\\%c", c);
    else if (c == '\n' || c == '\r' || c == '\t')
        snprintf(escape, sizeof escape, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (c < 0x20 || c == 0x7f)
        snprintf(escape, sizeof escape, "\\x%02x", c);
    else
        return false;
    mr_sink_word(sink, escape);
    return true;
}

/* The code of a character of UTF-8, which is valid. */
static uint32_t code_of(const char *text, size_t bytes)
{
    unsigned char first = (unsigned char)text[0];
    if (bytes == 1) return first;
    uint32_t code = first & (0xffu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++) code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

/* What Python's str.isprintable says of characters beyond ASCII, but for those that Unicode has
 * not given out. */
static bool is_printable(uint32_t code)
{
    static const uint32_t ranges[][2] = {{0x80, 0xa0}, {0xad, 0xad}, {0x600, 0x605},
        {0x61c, 0x61c}, {0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x1680, 0x1680}, {0x180e, 0x180e},
        {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},
        {0xd800, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff},
        {0xe0000, 0xe00ff}, {0xe01f0, 0x10ffff}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1]) return false;
    return true;
}

static void put_repr_text(struct mr_sink *sink, const char *text, size_t bytes)
{
    char quote = quote_of(text, bytes);
    mr_sink_put(sink, &quote, 1);
    for (size_t at = 0; at < bytes && !sink->is_full;) {
        char escape[12];
        unsigned char c = (unsigned char)text[at];
        size_t n = mr_utf8_character(text + at, bytes - at);
        uint32_t code = n ? code_of(text + at, n) : 0xdc00u + c; /* Python's surrogateescape */
        if (n != 1 && !is_printable(code)) {
            snprintf(escape, sizeof escape,
                code < 0x100     ? "\\x%02x"
                : code < 0x10000 ? "\\u%04x"
                                 : "\\U%08x",
                code);
            mr_sink_word(sink, escape);
        } else if (n != 1 || !put_short_escape(sink, c, quote)) {
            mr_sink_put(sink, text + at, n);
        }
        at += n ? n : 1;
    }
    mr_sink_put(sink, &quote, 1);
}

static void put_repr_bytes(struct mr_sink *sink, const char *text, size_t bytes)
{
    char quote = quote_of(text, bytes);
    mr_sink_put(sink, "b", 1);
    mr_sink_put(sink, &quote, 1);
    for (size_t at = 0; at < bytes && !sink->is_full; at++) {
        char escape[8];
        unsigned char c = (unsigned char)text[at];
        if (put_short_escape(sink, c, quote)) continue;
        snprintf(escape, sizeof escape, c < 0x80 ? "%c" : "\\x%02x", c);
        mr_sink_word(sink, escape);
    }
    mr_sink_put(sink, &quote, 1);
}

/* ---- dates ---- */

/* datetime.datetime(2001, 2, 3, 4, 5): the numbers of the text, without seconds that are zero.
 */
static void put_repr_date(
    struct mr_sink *sink, enum mr_document_kind kind, const char *text, size_t bytes)
{
    bool is_time = kind == MR_DOCUMENT_TIME;
    int numbers[7] = {0};
    int n = 0;
    int most = kind == MR_DOCUMENT_DATE ? 3 : is_time ? 4 : 7;
    size_t at = 0;
    while (at < bytes && n < most && text[at] != '+' && !(n >= 3 && text[at] == '-')) {
        if (text[at] < '0' || text[at] > '9') {
            at++;
            continue;
        }
        while (at < bytes && text[at] >= '0' && text[at] <= '9')
            numbers[n] = numbers[n] * 10 + (text[at++] - '0');
        n++;
    }
    int least = kind == MR_DOCUMENT_DATE ? 3 : is_time ? 2 : 5;
    if (n < least) n = least;
    while (n > least && numbers[n - 1] == 0) n--;
    mr_sink_word(sink, is_time                    ? "datetime.time("
                       : kind == MR_DOCUMENT_DATE ? "datetime.date("
                                                  : "datetime.datetime(");
    for (int i = 0; i < n; i++) {
        char number[16];
        snprintf(number, sizeof number, i ? ", %d" : "%d", numbers[i]);
        mr_sink_word(sink, number);
    }
    if (bytes >= 6 && memcmp(text + bytes - 6, "+00:00", 6) == 0)
        mr_sink_word(sink, ", tzinfo=datetime.timezone.utc");
    mr_sink_put(sink, ")", 1);
}

/* ---- what has values inside ---- */

static void put_key(struct mr_sink *sink, struct mr_value key)
{
    if (sink->is_repr || key.type == MR_TYPE_STRING) {
        mr_sink_value(sink, key);
        return;
    }
    char text[256]; /* JSON's keys are texts */
    size_t bytes = mr_value_format(key, text, sizeof text);
    if (text[0] == '"')
        mr_sink_put(sink, text, bytes);
    else
        put_json_text(sink, text, bytes);
}

static void put_map(struct mr_sink *sink, struct mr_value map)
{
    struct mr_document_cursor cursor = mr_document_open(map);
    struct mr_value key, value;
    mr_sink_put(sink, "{", 1);
    for (uint32_t i = 0; mr_document_next(&cursor, &key) && !sink->is_full; i++) {
        MR_ASSERT(cursor.at < cursor.end);
        mr_document_next(&cursor, &value);
        if (i) mr_sink_put(sink, ", ", 2);
        put_key(sink, key);
        mr_sink_put(sink, ": ", 2);
        mr_sink_value(sink, value);
    }
    mr_sink_put(sink, "}", 1);
}

static void put_row(struct mr_sink *sink, struct mr_value row)
{
    struct mr_document_cursor cursor = mr_document_open(row);
    struct mr_value value;
    mr_sink_word(sink, sink->is_repr ? "Row(" : "{");
    for (uint32_t i = 0; mr_document_next(&cursor, &value) && !sink->is_full; i++) {
        if (i) mr_sink_put(sink, ", ", 2);
        if (sink->is_repr)
            mr_sink_put(sink, cursor.name, cursor.name_bytes);
        else
            put_json_text(sink, cursor.name, cursor.name_bytes);
        mr_sink_word(sink, sink->is_repr ? "=" : ": ");
        mr_sink_value(sink, value);
    }
    mr_sink_word(sink, sink->is_repr ? ")" : "}");
}

static void put_items(struct mr_sink *sink, struct mr_value list)
{
    enum mr_document_kind kind = mr_document_kind(list);
    struct mr_document_cursor cursor = mr_document_open(list);
    struct mr_value value;
    bool is_tuple = kind == MR_DOCUMENT_TUPLE && sink->is_repr;
    bool is_set = kind == MR_DOCUMENT_SET && sink->is_repr;
    uint32_t n = 0;
    if (is_set && cursor.at == cursor.end) {
        mr_sink_word(sink, "set()");
        return;
    }
    mr_sink_word(sink, is_tuple ? "(" : is_set ? "{" : "[");
    for (; mr_document_next(&cursor, &value) && !sink->is_full; n++) {
        if (n) mr_sink_put(sink, ", ", 2);
        mr_sink_value(sink, value);
    }
    if (is_tuple && n == 1) mr_sink_put(sink, ",", 1);
    mr_sink_word(sink, is_tuple ? ")" : is_set ? "}" : "]");
}

static void put_document(struct mr_sink *sink, struct mr_value value)
{
    enum mr_document_kind kind = mr_document_kind(value);
    const char *text = value.text + MR_DOCUMENT_HEAD_BYTES;
    size_t bytes = value.bytes - MR_DOCUMENT_HEAD_BYTES;
    if (kind == MR_DOCUMENT_MAP) {
        put_map(sink, value);
    } else if (kind == MR_DOCUMENT_ROW) {
        put_row(sink, value);
    } else if (kind >= MR_DOCUMENT_LIST) {
        put_items(sink, value);
    } else if (kind == MR_DOCUMENT_BIG_INT) {
        mr_sink_put(sink, text, bytes);
    } else if (kind == MR_DOCUMENT_DECIMAL) {
        mr_sink_word(sink, sink->is_repr ? "Decimal('" : "\"");
        mr_sink_put(sink, text, bytes);
        mr_sink_word(sink, sink->is_repr ? "')" : "\"");
    } else if (sink->is_repr) {
        put_repr_date(sink, kind, text, bytes);
    } else {
        put_json_text(sink, text, bytes);
    }
}

/* ---- scalars ---- */

/* JSON has no word for what is no number: those that its readers take most often. */
static void put_float(struct mr_sink *sink, double value)
{
    char text[MR_NUMBER_TEXT_BYTES];
    if (sink->is_repr || value - value == 0) {
        mr_float_to_text(value, text);
        mr_sink_word(sink, text);
    } else {
        mr_sink_word(sink, value != value ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }
}

static void put_timestamp(struct mr_sink *sink, mr_us at_us)
{
    char text[MR_TIME_TEXT_BYTES + 40];
    if (!sink->is_repr) {
        char time[MR_TIME_TEXT_BYTES];
        snprintf(text, sizeof text, "\"%s\"", mr_timestamp_format(at_us, time));
        mr_sink_word(sink, text);
        return;
    }
    uint64_t micros = at_us < 0 ? 0 - (uint64_t)at_us : (uint64_t)at_us;
    unsigned long long whole = micros / 1000000, part = micros % 1000000;
    const char *sign = at_us < 0 ? "-" : "";
    if (part)
        snprintf(text, sizeof text, "Timestamp(%s%llu.%06llu)", sign, whole, part);
    else
        snprintf(text, sizeof text, "Timestamp(%s%llu)", sign, whole);
    mr_sink_word(sink, text);
}

static void put_int(struct mr_sink *sink, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    mr_sink_word(sink, text);
}

void mr_sink_value(struct mr_sink *sink, struct mr_value value)
{
    switch ((enum mr_type)value.type) {
    case MR_TYPE_NULL:
        mr_sink_word(sink, sink->is_repr ? "None" : "null");
        return;
    case MR_TYPE_BOOL:
        mr_sink_word(
            sink, sink->is_repr ? (value.i ? "True" : "False") : (value.i ? "true" : "false"));
        return;
    case MR_TYPE_INT:
        put_int(sink, value.i);
        return;
    case MR_TYPE_FLOAT:
        put_float(sink, value.f);
        return;
    case MR_TYPE_TIMESTAMP:
        put_timestamp(sink, value.i);
        return;
    case MR_TYPE_STRING:
        (sink->is_repr ? put_repr_text : put_json_text)(sink, value.text, value.bytes);
        return;
    case MR_TYPE_BYTES:
        (sink->is_repr ? put_repr_bytes : put_json_bytes)(sink, value.text, value.bytes);
        return;
    case MR_TYPE_LIST:
    case MR_TYPE_MAP:
    case MR_TYPE_ROW:
    case MR_TYPE_ANY:
        put_document(sink, value);
        return;
    }
    MR_UNREACHABLE("a value of no type");
}

size_t mr_value_format(struct mr_value value, char *out, size_t size)
{
    MR_ASSERT(size > 0);
    struct mr_sink sink = {.out = out, .size = size};
    out[0] = '\0';
    mr_sink_value(&sink, value);
    return sink.bytes;
}

size_t mr_value_repr(struct mr_value value, char *out, size_t size)
{
    MR_ASSERT(size > 0);
    struct mr_sink sink = {.out = out, .size = size, .is_repr = true};
    out[0] = '\0';
    mr_sink_value(&sink, value);
    return sink.bytes;
}

const char *mr_value_class(struct mr_value value)
{
    static const char *const names[] = {[MR_TYPE_NULL] = "NoneType",
        [MR_TYPE_BOOL] = "bool",
        [MR_TYPE_INT] = "int",
        [MR_TYPE_FLOAT] = "float",
        [MR_TYPE_STRING] = "str",
        [MR_TYPE_BYTES] = "bytes",
        [MR_TYPE_TIMESTAMP] = "apache_beam.utils.timestamp.Timestamp"};
    static const char *const inside[] = {[MR_DOCUMENT_BIG_INT] = "int",
        [MR_DOCUMENT_DECIMAL] = "decimal.Decimal",
        [MR_DOCUMENT_DATE] = "datetime.date",
        [MR_DOCUMENT_TIME] = "datetime.time",
        [MR_DOCUMENT_DATETIME] = "datetime.datetime",
        [MR_DOCUMENT_LIST] = "list",
        [MR_DOCUMENT_TUPLE] = "tuple",
        [MR_DOCUMENT_SET] = "set",
        [MR_DOCUMENT_MAP] = "dict",
        [MR_DOCUMENT_ROW] = "apache_beam.pvalue.Row"};
    if (!mr_type_is_document((enum mr_type)value.type)) return names[value.type];
    return inside[mr_document_kind(value)];
}
