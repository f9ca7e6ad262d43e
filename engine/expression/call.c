#include "engine/expression/call.h"

#include <string.h>

#include "engine/expression/unicode.h"

enum {
    POWER_MAX = 4, /* of an exponent: what is large is best of type any, as CPython has it */
    REPLACED_MAX = 1 << 16, /* bytes */
};

static enum mr_row_error give_int(int64_t value, struct mr_value *out)
{
    *out = (struct mr_value){.i = value, .type = MR_TYPE_INT};
    return MR_ROW_OK;
}

static enum mr_row_error give_bool(bool holds, struct mr_value *out)
{
    *out = (struct mr_value){.i = holds, .type = MR_TYPE_BOOL};
    return MR_ROW_OK;
}

/* text[from..to) of a text, in bytes. */
static enum mr_row_error give_part(
    struct mr_value text, uint32_t from, uint32_t to, struct mr_value *out)
{
    MR_ASSERT(from <= to);
    MR_ASSERT(to <= text.bytes);
    *out = (struct mr_value){
        .text = from < to ? text.text + from : "", .bytes = to - from, .type = text.type};
    return MR_ROW_OK;
}

/* ---- letters ---- */

static uint32_t letters_of(struct mr_value text)
{
    return text.type == MR_TYPE_BYTES ? text.bytes : mr_unicode_length(text.text, text.bytes);
}

/* Where letter `index` begins. */
static uint32_t offset_of(struct mr_value text, uint32_t index, uint32_t n_letters)
{
    if (n_letters == text.bytes) return index;
    uint32_t offset = 0;
    for (uint32_t length; index > 0; index--, offset += length)
        mr_unicode_decode(text.text + offset, text.bytes - offset, &length);
    return offset;
}

/* ---- strip ---- */

static bool is_stripped(const char *letter, uint32_t length, const struct mr_value *letters)
{
    if (!letters) {
        uint32_t ignored;
        uint32_t code = mr_unicode_decode(letter, length, &ignored);
        return mr_unicode_is_in(code, mr_space_ranges, mr_space_ranges_n);
    }
    for (uint32_t i = 0, n; i < letters->bytes; i += n) {
        mr_unicode_decode(letters->text + i, letters->bytes - i, &n);
        if (n == length && memcmp(letters->text + i, letter, n) == 0) return true;
    }
    return false;
}

/* Blanks, or the letters of `letters`. */
static enum mr_row_error strip(enum mr_node_kind kind, struct mr_value text,
    const struct mr_value *letters, struct mr_value *out)
{
    uint32_t from = 0;
    uint32_t to = 0;
    bool is_inside = kind == MR_NODE_RSTRIP;
    for (uint32_t i = 0, length; i < text.bytes; i += length) {
        mr_unicode_decode(text.text + i, text.bytes - i, &length);
        if (is_stripped(text.text + i, length, letters)) continue;
        if (!is_inside) from = i;
        is_inside = true;
        to = i + length;
    }
    if (kind == MR_NODE_LSTRIP) {
        to = text.bytes;
        if (!is_inside) from = to;
    }
    return give_part(text, from, to, out);
}

/* ---- searching ---- */

/* Where `part` is in `text`, from `from` on; text.bytes + 1 where it is not. */
static uint32_t search(struct mr_value text, struct mr_value part, uint32_t from)
{
    while (from + part.bytes <= text.bytes) {
        if (part.bytes == 0) return from;
        const char *at =
            memchr(text.text + from, part.text[0], text.bytes - part.bytes - from + 1);
        if (!at) break;
        from = (uint32_t)(at - text.text);
        if (memcmp(at, part.text, part.bytes) == 0) return from;
        from++;
    }
    return text.bytes + 1;
}

static uint32_t count(struct mr_value text, struct mr_value part)
{
    if (part.bytes == 0) return letters_of(text) + 1;
    uint32_t n = 0;
    for (uint32_t at = 0; (at = search(text, part, at)) <= text.bytes; at += part.bytes) n++;
    return n;
}

static int64_t find(struct mr_value text, struct mr_value part)
{
    uint32_t at = search(text, part, 0);
    if (at > text.bytes) return -1;
    text.bytes = at;
    return letters_of(text);
}

static void put(struct mr_value *to, const char *text, uint32_t bytes)
{
    if (bytes) memcpy((char *)to->text + to->bytes, text, bytes);
    to->bytes += bytes;
}

/* A new text before each letter, and behind the last one. */
static void put_between(struct mr_value text, struct mr_value with, struct mr_value *out)
{
    put(out, with.text, with.bytes);
    for (uint32_t i = 0, length; i < text.bytes; i += length) {
        mr_unicode_decode(text.text + i, text.bytes - i, &length);
        put(out, text.text + i, length);
        put(out, with.text, with.bytes);
    }
}

static enum mr_row_error replace(struct mr_value text, struct mr_value part,
    struct mr_value with, struct mr_scratch *scratch, struct mr_value *out)
{
    uint64_t n = count(text, part);
    uint64_t bytes = text.bytes - n * part.bytes + n * with.bytes;
    if (bytes > REPLACED_MAX && bytes > text.bytes) return MR_ROW_OVERFLOW;
    *out = (struct mr_value){.text = mr_scratch_alloc(scratch, bytes + 1), .type = text.type};
    if (part.bytes == 0) {
        put_between(text, with, out);
        return MR_ROW_OK;
    }
    uint32_t from = 0;
    for (uint32_t at; (at = search(text, part, from)) <= text.bytes; from = at + part.bytes) {
        put(out, text.text + from, at - from);
        put(out, with.text, with.bytes);
    }
    put(out, text.text + from, text.bytes - from);
    return MR_ROW_OK;
}

static bool ends_with(struct mr_value text, struct mr_value end)
{
    return end.bytes <= text.bytes &&
           (end.bytes == 0 ||
               memcmp(text.text + text.bytes - end.bytes, end.text, end.bytes) == 0);
}

/* ---- indices ---- */

static enum mr_row_error index(struct mr_value text, int64_t i, struct mr_value *out)
{
    uint32_t n = letters_of(text);
    if (i < 0) i += n;
    if (i < 0 || i >= n) return MR_ROW_INDEX;
    uint32_t from = offset_of(text, (uint32_t)i, n);
    uint32_t length;
    mr_unicode_decode(text.text + from, text.bytes - from, &length);
    return give_part(text, from, from + length, out);
}

/* A bound of a slice of n letters, in 0..n. */
static uint32_t bound(struct mr_value value, uint32_t n, uint32_t otherwise)
{
    if (value.type == MR_TYPE_NULL) return otherwise;
    int64_t i = value.i < 0 ? value.i + n : value.i;
    return i < 0 ? 0 : i > n ? n : (uint32_t)i;
}

static enum mr_row_error slice(const struct mr_value *arguments, struct mr_value *out)
{
    struct mr_value text = arguments[0];
    uint32_t n = letters_of(text);
    uint32_t from = bound(arguments[1], n, 0);
    uint32_t to = bound(arguments[2], n, n);
    if (from >= to) return give_part(text, 0, 0, out);
    return give_part(text, offset_of(text, from, n), offset_of(text, to, n), out);
}

/* ---- numbers ---- */

/* Halves to even, as adding and subtracting 2^52 does. */
static enum mr_row_error round_number(struct mr_value a, struct mr_value *out)
{
    if (a.type != MR_TYPE_FLOAT) return give_int(a.i, out);
    if (a.f != a.f) return MR_ROW_VALUE;
    if (a.f - a.f != 0) return MR_ROW_FLOAT_RANGE;
    if (a.f >= 0x1p63 || a.f < -0x1p63) return MR_ROW_OVERFLOW;
    double magnitude = a.f < 0 ? -a.f : a.f;
    if (magnitude >= 0x1p52) return give_int((int64_t)a.f, out);
    magnitude += 0x1p52;
    magnitude -= 0x1p52;
    return give_int(a.f < 0 ? -(int64_t)magnitude : (int64_t)magnitude, out);
}

static enum mr_row_error power(int64_t base, int64_t exponent, struct mr_value *out)
{
    int64_t value = 1;
    MR_ASSERT(exponent >= 0);
    MR_ASSERT(exponent <= POWER_MAX);
    for (int64_t i = 0; i < exponent; i++)
        if (__builtin_mul_overflow(value, base, &value)) return MR_ROW_OVERFLOW;
    return give_int(value, out);
}

/* ---- all of them ---- */

enum mr_row_error mr_call(const struct mr_node *node, const struct mr_value *arguments,
    struct mr_scratch *scratch, struct mr_value *out)
{
    switch (node->kind) {
    case MR_NODE_STRIP:
    case MR_NODE_LSTRIP:
    case MR_NODE_RSTRIP:
        return strip(
            node->kind, arguments[0], node->n_arguments > 1 ? &arguments[1] : NULL, out);
    case MR_NODE_REPLACE:
        return replace(arguments[0], arguments[1], arguments[2], scratch, out);
    case MR_NODE_ENDSWITH:
        return give_bool(ends_with(arguments[0], arguments[1]), out);
    case MR_NODE_FIND:
        return give_int(find(arguments[0], arguments[1]), out);
    case MR_NODE_COUNT:
        return give_int(count(arguments[0], arguments[1]), out);
    case MR_NODE_IN:
        return give_bool(
            (search(arguments[1], arguments[0], 0) <= arguments[1].bytes) != node->is_negated,
            out);
    case MR_NODE_INDEX:
        return index(arguments[0], arguments[1].i, out);
    case MR_NODE_SLICE:
        return slice(arguments, out);
    case MR_NODE_ROUND:
        return round_number(arguments[0], out);
    case MR_NODE_POWER:
        return power(arguments[0].i, arguments[1].i, out);
    default:
        MR_UNREACHABLE("a node that is no call");
    }
}

static bool is_whole(enum mr_type type)
{
    return type == MR_TYPE_INT || type == MR_TYPE_BOOL;
}

static bool are_texts(const struct mr_node *node)
{
    for (uint32_t i = 0; i < node->n_arguments; i++)
        if (node->arguments[i]->type != MR_TYPE_STRING) return false;
    return true;
}

static bool is_bound(const struct mr_node *node)
{
    return is_whole(node->type) || node->type == MR_TYPE_NULL;
}

bool mr_call_type(const struct mr_node *node, enum mr_type *out)
{
    struct mr_node *const *arguments = node->arguments;
    enum mr_type first = arguments[0]->type;
    switch (node->kind) {
    case MR_NODE_STRIP:
    case MR_NODE_LSTRIP:
    case MR_NODE_RSTRIP: /* None as its letters are the blanks */
        *out = MR_TYPE_STRING;
        return are_texts(node) && !(node->n_arguments > 1 && arguments[1]->is_nullable);
    case MR_NODE_REPLACE:
        *out = MR_TYPE_STRING;
        return are_texts(node);
    case MR_NODE_FIND:
    case MR_NODE_COUNT:
        *out = MR_TYPE_INT;
        return are_texts(node);
    case MR_NODE_ENDSWITH:
    case MR_NODE_IN:
        *out = MR_TYPE_BOOL;
        return are_texts(node);
    case MR_NODE_INDEX:
        *out = MR_TYPE_STRING;
        return first == MR_TYPE_STRING && is_whole(arguments[1]->type);
    case MR_NODE_SLICE:
        *out = first;
        return (first == MR_TYPE_STRING || first == MR_TYPE_BYTES) && is_bound(arguments[1]) &&
               is_bound(arguments[2]);
    case MR_NODE_ROUND:
        *out = MR_TYPE_INT;
        return is_whole(first) || first == MR_TYPE_FLOAT;
    default: /* another exponent would make a float, or take long */
        MR_ASSERT(node->kind == MR_NODE_POWER);
        *out = MR_TYPE_INT;
        return is_whole(first) && arguments[1]->kind == MR_NODE_LITERAL &&
               arguments[1]->literal.type == MR_TYPE_INT && arguments[1]->literal.i >= 0 &&
               arguments[1]->literal.i <= POWER_MAX;
    }
}
