#include "base/value.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/number.h"

int mr_schema_find(const struct mr_schema *schema, const char *name)
{
    for (uint32_t i = 0; i < schema->n_fields; i++)
        if (strcmp(schema->fields[i].name, name) == 0) return (int)i;
    return -1;
}

const char *mr_type_name(enum mr_type type)
{
    switch (type) {
    case MR_TYPE_NULL:
        return "null";
    case MR_TYPE_BOOL:
        return "boolean";
    case MR_TYPE_INT:
        return "integer";
    case MR_TYPE_FLOAT:
        return "float";
    case MR_TYPE_STRING:
        return "string";
    case MR_TYPE_BYTES:
        return "bytes";
    case MR_TYPE_TIMESTAMP:
        return "timestamp";
    case MR_TYPE_LIST:
        return "list";
    case MR_TYPE_MAP:
        return "map";
    case MR_TYPE_ROW:
        return "row";
    }
    return "unknown";
}

bool mr_type_parse(const char *name, enum mr_type *out)
{
    static const struct {
        const char *name;
        enum mr_type type;
    } words[] = {{"boolean", MR_TYPE_BOOL}, {"bool", MR_TYPE_BOOL}, {"integer", MR_TYPE_INT},
        {"int", MR_TYPE_INT}, {"int64", MR_TYPE_INT}, {"float", MR_TYPE_FLOAT},
        {"number", MR_TYPE_FLOAT}, {"double", MR_TYPE_FLOAT}, {"string", MR_TYPE_STRING},
        {"bytes", MR_TYPE_BYTES}, {"timestamp", MR_TYPE_TIMESTAMP}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].name, name) != 0) continue;
        *out = words[i].type;
        return true;
    }
    return false;
}

static bool is_text(uint8_t type)
{
    return type == MR_TYPE_STRING || type == MR_TYPE_BYTES;
}

static uint64_t bits_of(struct mr_value value)
{
    if (value.type == MR_TYPE_NULL) return 0;
    if (value.type != MR_TYPE_FLOAT) return (uint64_t)value.i;
    double canonical = mr_canonical_float(value.f);
    uint64_t bits;
    memcpy(&bits, &canonical, sizeof bits);
    return bits;
}

bool mr_value_same(struct mr_value a, struct mr_value b)
{
    if (a.type != b.type) return false;
    if (!is_text(a.type)) return bits_of(a) == bits_of(b);
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.text, b.text, a.bytes) == 0);
}

uint64_t mr_value_hash(struct mr_value value)
{
    if (is_text(value.type)) return mr_hash_bytes(value.text, value.bytes) + value.type;
    return mr_hash_u64(bits_of(value) + (uint64_t)value.type * 0x9e3779b97f4a7c15u);
}

/* As JSON: Python's words for what is no number would not be read back. */
static size_t format_float(double value, char out[MR_NUMBER_TEXT_BYTES])
{
    if (value != value) return (size_t)snprintf(out, MR_NUMBER_TEXT_BYTES, "NaN");
    if (value - value == 0) return mr_float_to_text(value, out);
    return (size_t)snprintf(out, MR_NUMBER_TEXT_BYTES, value > 0 ? "Infinity" : "-Infinity");
}

/* Writes at most size - 1 bytes and a NUL. Each piece is written whole or not at all, and
 * nothing after one that did not fit, so that a cut text is still UTF-8. */
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

static void put_json_text(struct sink *sink, const char *text, size_t bytes)
{
    put(sink, "\"", 1);
    size_t taken;
    for (size_t at = 0; at < bytes && !sink->is_full; at += taken) {
        char escape[MR_JSON_ESCAPE_BYTES];
        size_t written = mr_json_escape(text + at, bytes - at, escape, &taken);
        put(sink, escape, written);
    }
    put(sink, "\"", 1);
}

/* Bytes are no text: each one beyond ASCII is the character of its number, so that nothing is
 * lost. */
static void put_json_bytes(struct sink *sink, const char *text, size_t bytes)
{
    put(sink, "\"", 1);
    for (size_t at = 0; at < bytes && !sink->is_full; at++) {
        char escape[MR_JSON_ESCAPE_BYTES];
        unsigned char c = (unsigned char)text[at];
        size_t taken;
        size_t written = c < 0x80 ? mr_json_escape(text + at, 1, escape, &taken)
                                  : (size_t)snprintf(escape, sizeof escape, "\\u%04x", c);
        put(sink, escape, written);
    }
    put(sink, "\"", 1);
}

size_t mr_value_format(struct mr_value value, char *out, size_t size)
{
    MR_ASSERT(size > 0);
    struct sink sink = {out, size, 0, false};
    out[0] = '\0';
    char text[64];
    size_t bytes = 0;
    switch ((enum mr_type)value.type) {
    case MR_TYPE_BOOL:
        bytes = (size_t)snprintf(text, sizeof text, value.i ? "true" : "false");
        break;
    case MR_TYPE_INT:
        bytes = (size_t)snprintf(text, sizeof text, "%lld", (long long)value.i);
        break;
    case MR_TYPE_FLOAT:
        bytes = format_float(value.f, text);
        break;
    case MR_TYPE_TIMESTAMP: {
        char time[MR_TIME_TEXT_BYTES];
        bytes =
            (size_t)snprintf(text, sizeof text, "\"%s\"", mr_timestamp_format(value.i, time));
        break;
    }
    case MR_TYPE_STRING:
        put_json_text(&sink, value.text, value.bytes);
        return sink.bytes;
    case MR_TYPE_BYTES:
        put_json_bytes(&sink, value.text, value.bytes);
        return sink.bytes;
    default:
        bytes = (size_t)snprintf(text, sizeof text, "null");
        break;
    }
    put(&sink, text, bytes);
    return sink.bytes;
}
