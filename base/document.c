#include "base/document.h"

#include <string.h>

#include "base/alloc.h"

enum { NUMBER_BYTES = 9 };

static bool is_plain(enum mr_document_kind kind)
{
    return kind <= MR_DOCUMENT_TRUE;
}

static bool is_number(enum mr_document_kind kind)
{
    return kind == MR_DOCUMENT_INT || kind == MR_DOCUMENT_FLOAT ||
           kind == MR_DOCUMENT_TIMESTAMP;
}

static uint32_t read_length(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t read_bits(const char *text)
{
    return read_length(text) | (uint64_t)read_length(text + 4) << 32;
}

static void write_length(char *to, uint32_t length)
{
    for (int i = 0; i < 4; i++) to[i] = (char)(unsigned char)(length >> (8 * i));
}

uint32_t mr_document_bytes(const char *text)
{
    enum mr_document_kind kind = (enum mr_document_kind)(unsigned char)text[0];
    MR_ASSERT(kind <= MR_DOCUMENT_ROW);
    if (is_plain(kind)) return 1;
    if (is_number(kind)) return NUMBER_BYTES;
    return MR_DOCUMENT_HEAD_BYTES + read_length(text + 1);
}

/* ---- reading ---- */

static enum mr_type type_of(enum mr_document_kind kind)
{
    switch (kind) {
    case MR_DOCUMENT_NULL:
        return MR_TYPE_NULL;
    case MR_DOCUMENT_FALSE:
    case MR_DOCUMENT_TRUE:
        return MR_TYPE_BOOL;
    case MR_DOCUMENT_INT:
        return MR_TYPE_INT;
    case MR_DOCUMENT_FLOAT:
        return MR_TYPE_FLOAT;
    case MR_DOCUMENT_TIMESTAMP:
        return MR_TYPE_TIMESTAMP;
    case MR_DOCUMENT_STRING:
        return MR_TYPE_STRING;
    case MR_DOCUMENT_BYTES:
        return MR_TYPE_BYTES;
    case MR_DOCUMENT_LIST:
    case MR_DOCUMENT_TUPLE:
        return MR_TYPE_LIST;
    case MR_DOCUMENT_MAP:
        return MR_TYPE_MAP;
    case MR_DOCUMENT_ROW:
        return MR_TYPE_ROW;
    case MR_DOCUMENT_BIG_INT:
    case MR_DOCUMENT_DECIMAL:
    case MR_DOCUMENT_DATE:
    case MR_DOCUMENT_TIME:
    case MR_DOCUMENT_DATETIME:
    case MR_DOCUMENT_SET:
        return MR_TYPE_ANY;
    }
    MR_UNREACHABLE("a document of no kind");
}

struct mr_value mr_document_value(const char *text)
{
    enum mr_document_kind kind = (enum mr_document_kind)(unsigned char)text[0];
    struct mr_value value = {.i = 0, .type = (uint8_t)type_of(kind)};
    if (kind == MR_DOCUMENT_TRUE) value.i = 1;
    if (is_plain(kind)) return value;
    if (is_number(kind)) {
        uint64_t bits = read_bits(text + 1);
        memcpy(&value.i, &bits, sizeof bits);
    } else if (kind == MR_DOCUMENT_STRING || kind == MR_DOCUMENT_BYTES) {
        value.text = text + MR_DOCUMENT_HEAD_BYTES;
        value.bytes = read_length(text + 1);
    } else {
        value.text = text;
        value.bytes = mr_document_bytes(text);
    }
    return value;
}

struct mr_document_cursor mr_document_open(struct mr_value value)
{
    MR_ASSERT(mr_type_is_document((enum mr_type)value.type));
    MR_ASSERT(value.bytes == mr_document_bytes(value.text));
    return (struct mr_document_cursor){.at = value.text + MR_DOCUMENT_HEAD_BYTES,
        .end = value.text + value.bytes,
        .is_row = mr_document_kind(value) == MR_DOCUMENT_ROW};
}

bool mr_document_next(struct mr_document_cursor *cursor, struct mr_value *out)
{
    if (cursor->at == cursor->end) return false;
    if (cursor->is_row) {
        cursor->name_bytes = read_length(cursor->at);
        cursor->name = cursor->at + 4;
        cursor->at += 4 + cursor->name_bytes;
    }
    *out = mr_document_value(cursor->at);
    cursor->at += mr_document_bytes(cursor->at);
    MR_ASSERT(cursor->at <= cursor->end);
    return true;
}

uint32_t mr_document_count(struct mr_value value)
{
    struct mr_document_cursor cursor = mr_document_open(value);
    struct mr_value ignored;
    uint32_t n = 0;
    while (mr_document_next(&cursor, &ignored)) n++;
    return n;
}

bool mr_document_field(struct mr_value row, const char *name, struct mr_value *out)
{
    if (row.type != MR_TYPE_ROW) return false;
    struct mr_document_cursor cursor = mr_document_open(row);
    size_t bytes = strlen(name);
    while (mr_document_next(&cursor, out))
        if (cursor.name_bytes == bytes && memcmp(cursor.name, name, bytes) == 0) return true;
    return false;
}

/* ---- writing ---- */

static char *room(struct mr_document_writer *writer, size_t bytes)
{
    size_t needed = writer->bytes + bytes;
    MR_ASSERT(needed <= UINT32_MAX);
    if (needed > writer->capacity) {
        size_t capacity = writer->capacity ? writer->capacity * 2 : 128;
        while (capacity < needed) capacity *= 2;
        writer->data = writer->grow
                           ? writer->grow(writer->memory, writer->data, writer->bytes, capacity)
                           : mr_realloc(writer->data, capacity);
        writer->capacity = capacity;
    }
    char *at = writer->data + writer->bytes;
    writer->bytes = needed;
    return at;
}

void mr_document_writer_deinit(struct mr_document_writer *writer)
{
    MR_ASSERT(!writer->grow);
    mr_free(writer->data);
    *writer = (struct mr_document_writer){0};
}

static void put_number(
    struct mr_document_writer *writer, enum mr_document_kind kind, uint64_t bits)
{
    char *at = room(writer, NUMBER_BYTES);
    at[0] = (char)kind;
    write_length(at + 1, (uint32_t)bits);
    write_length(at + 5, (uint32_t)(bits >> 32));
}

void mr_document_put_text(struct mr_document_writer *writer, enum mr_document_kind kind,
    const char *text, size_t bytes)
{
    MR_ASSERT(kind >= MR_DOCUMENT_STRING && kind <= MR_DOCUMENT_DATETIME);
    char *at = room(writer, MR_DOCUMENT_HEAD_BYTES + bytes);
    at[0] = (char)kind;
    write_length(at + 1, (uint32_t)bytes);
    if (bytes) memcpy(at + MR_DOCUMENT_HEAD_BYTES, text, bytes);
}

static void put_float(struct mr_document_writer *writer, double value)
{
    double canonical = mr_canonical_float(value);
    uint64_t bits;
    memcpy(&bits, &canonical, sizeof bits);
    put_number(writer, MR_DOCUMENT_FLOAT, bits);
}

void mr_document_put(struct mr_document_writer *writer, struct mr_value value)
{
    switch ((enum mr_type)value.type) {
    case MR_TYPE_NULL:
        *room(writer, 1) = MR_DOCUMENT_NULL;
        return;
    case MR_TYPE_BOOL:
        *room(writer, 1) = value.i ? MR_DOCUMENT_TRUE : MR_DOCUMENT_FALSE;
        return;
    case MR_TYPE_INT:
        put_number(writer, MR_DOCUMENT_INT, (uint64_t)value.i);
        return;
    case MR_TYPE_TIMESTAMP:
        put_number(writer, MR_DOCUMENT_TIMESTAMP, (uint64_t)value.i);
        return;
    case MR_TYPE_FLOAT:
        put_float(writer, value.f);
        return;
    case MR_TYPE_STRING:
        mr_document_put_text(writer, MR_DOCUMENT_STRING, value.text, value.bytes);
        return;
    case MR_TYPE_BYTES:
        mr_document_put_text(writer, MR_DOCUMENT_BYTES, value.text, value.bytes);
        return;
    case MR_TYPE_LIST:
    case MR_TYPE_MAP:
    case MR_TYPE_ROW:
    case MR_TYPE_ANY:
        MR_ASSERT(value.bytes == mr_document_bytes(value.text));
        memcpy(room(writer, value.bytes), value.text, value.bytes);
        return;
    }
    MR_UNREACHABLE("a value of no type");
}

uint32_t mr_document_size(struct mr_value value)
{
    enum mr_type type = (enum mr_type)value.type;
    if (mr_type_is_document(type)) return value.bytes;
    if (mr_type_is_text(type)) return MR_DOCUMENT_HEAD_BYTES + value.bytes;
    return type == MR_TYPE_NULL || type == MR_TYPE_BOOL ? 1 : NUMBER_BYTES;
}

size_t mr_document_begin(struct mr_document_writer *writer, enum mr_document_kind kind)
{
    MR_ASSERT(kind >= MR_DOCUMENT_LIST);
    size_t begin = writer->bytes;
    *room(writer, MR_DOCUMENT_HEAD_BYTES) = (char)kind;
    return begin;
}

void mr_document_end(struct mr_document_writer *writer, size_t begin)
{
    size_t inside = writer->bytes - begin - MR_DOCUMENT_HEAD_BYTES;
    write_length(writer->data + begin + 1, (uint32_t)inside);
}

void mr_document_put_name(struct mr_document_writer *writer, const char *name, size_t bytes)
{
    char *at = room(writer, 4 + bytes);
    write_length(at, (uint32_t)bytes);
    if (bytes) memcpy(at + 4, name, bytes);
}

static int compare_documents(const char *a, const char *b)
{
    uint32_t a_bytes = mr_document_bytes(a);
    uint32_t b_bytes = mr_document_bytes(b);
    int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
    return order ? order : a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

/* Moves the last document, which begins at `last`, to its place among those before it: sets are
 * small. */
static void sink_in(struct mr_document_writer *writer, size_t first, size_t last)
{
    char *document = writer->data + last;
    uint32_t bytes = mr_document_bytes(document);
    size_t at = first;
    while (at < last && compare_documents(writer->data + at, document) < 0)
        at += mr_document_bytes(writer->data + at);
    if (at == last) return;
    if (compare_documents(writer->data + at, document) == 0) {
        memmove(document, document + bytes, writer->bytes - last - bytes);
        writer->bytes -= bytes;
        return;
    }
    size_t end = writer->bytes;
    document = room(writer, bytes); /* a copy behind all */
    memcpy(document, writer->data + last, bytes);
    memmove(writer->data + at + bytes, writer->data + at, last - at);
    memcpy(writer->data + at, document, bytes);
    writer->bytes = end;
}

void mr_document_end_set(struct mr_document_writer *writer, size_t begin)
{
    size_t first = begin + MR_DOCUMENT_HEAD_BYTES;
    size_t end = writer->bytes;
    for (size_t at = first; at < writer->bytes;) {
        size_t before = writer->bytes;
        uint32_t bytes = mr_document_bytes(writer->data + at);
        sink_in(writer, first, at);
        if (writer->bytes == before) at += bytes; /* else it was there already */
    }
    MR_ASSERT(writer->bytes <= end);
    mr_document_end(writer, begin);
}
