/* One order of all values, and what Python takes for true. */
#include <string.h>

#include "base/document.h"

static int order_bytes(const char *a, uint32_t a_bytes, const char *b, uint32_t b_bytes)
{
    uint32_t shorter = a_bytes < b_bytes ? a_bytes : b_bytes;
    int order = shorter ? memcmp(a, b, shorter) : 0;
    return order ? order : a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

static bool is_whole(struct mr_value value)
{
    return value.type == MR_TYPE_INT || value.type == MR_TYPE_BOOL;
}

static bool is_big_int(struct mr_value value)
{
    return value.type == MR_TYPE_ANY && mr_document_kind(value) == MR_DOCUMENT_BIG_INT;
}

/* Values of different ranks are never looked into. Big integers lie beyond all other numbers.
 */
static int rank_of(struct mr_value value)
{
    if (value.type == MR_TYPE_NULL) return 0;
    if (is_big_int(value)) return value.text[MR_DOCUMENT_HEAD_BYTES] == '-' ? 1 : 3;
    if (is_whole(value) || value.type == MR_TYPE_FLOAT) return 2;
    if (value.type == MR_TYPE_TIMESTAMP) return 4;
    if (value.type == MR_TYPE_STRING) return 5;
    if (value.type == MR_TYPE_BYTES) return 6;
    return 7 + (int)mr_document_kind(value);
}

/* An integer beside a float: by the float's whole part, then by what is left of it. */
static int order_int_float(int64_t i, double f)
{
    if (f != f) return -1; /* a NaN comes last */
    if (f >= 0x1p63) return -1;
    if (f < -0x1p63) return 1;
    int64_t whole = (int64_t)f;
    if (i != whole) return i < whole ? -1 : 1;
    double rest = f - (double)whole;
    return rest > 0 ? -1 : rest < 0;
}

static int order_floats(double a, double b)
{
    if (a < b) return -1;
    if (a > b) return 1;
    if (a == b) return __builtin_signbit(b) - __builtin_signbit(a);
    return (a != a) - (b != b);
}

static int order_numbers(struct mr_value a, struct mr_value b)
{
    int order;
    if (is_whole(a) && is_whole(b))
        order = a.i < b.i ? -1 : a.i > b.i;
    else if (is_whole(a))
        order = order_int_float(a.i, b.f);
    else if (is_whole(b))
        order = -order_int_float(b.i, a.f);
    else
        order = order_floats(a.f, b.f);
    return order ? order : (int)a.type - (int)b.type;
}

/* More digits are more, as the sign says. */
static int order_big_ints(struct mr_value a, struct mr_value b)
{
    bool is_negative = a.text[MR_DOCUMENT_HEAD_BYTES] == '-';
    int order =
        a.bytes != b.bytes ? (a.bytes < b.bytes ? -1 : 1) : memcmp(a.text, b.text, a.bytes);
    return is_negative ? -order : order;
}

static int order_members(struct mr_value a, struct mr_value b)
{
    struct mr_document_cursor left = mr_document_open(a), right = mr_document_open(b);
    struct mr_value x, y;
    for (;;) {
        bool has_left = mr_document_next(&left, &x), has_right = mr_document_next(&right, &y);
        if (!has_left || !has_right) return (int)has_left - (int)has_right;
        int order = 0;
        if (left.is_row)
            order = order_bytes(left.name, left.name_bytes, right.name, right.name_bytes);
        if (!order) order = mr_value_order(x, y);
        if (order) return order;
    }
}

int mr_value_order(struct mr_value a, struct mr_value b)
{
    int rank = rank_of(a);
    if (rank != rank_of(b)) return rank < rank_of(b) ? -1 : 1;
    if (rank == 0) return 0;
    if (rank == 2) return order_numbers(a, b);
    if (is_big_int(a)) return order_big_ints(a, b);
    if (a.type == MR_TYPE_TIMESTAMP) return a.i < b.i ? -1 : a.i > b.i;
    bool has_members =
        mr_type_is_document((enum mr_type)a.type) && mr_document_kind(a) >= MR_DOCUMENT_LIST;
    return has_members ? order_members(a, b) : order_bytes(a.text, a.bytes, b.text, b.bytes);
}

void mr_documents_sort(const char **documents, const char **spare, uint32_t n)
{
    for (uint32_t width = 1; width < n; width *= 2) {
        for (uint32_t first = 0; first < n; first += 2 * width) {
            uint32_t middle = n - first < width ? n : first + width;
            uint32_t end = n - middle < width ? n : middle + width;
            uint32_t i = first, k = middle, at = first;
            while (i < middle && k < end) {
                int order = mr_value_order(
                    mr_document_value(documents[k]), mr_document_value(documents[i]));
                spare[at++] = order < 0 ? documents[k++] : documents[i++];
            }
            while (i < middle) spare[at++] = documents[i++];
            while (k < end) spare[at++] = documents[k++];
        }
        memcpy(documents, spare, sizeof *documents * n);
    }
}

/* 0, -0.00, 0E+5 */
static bool is_zero(const char *text, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes && text[i] != 'E'; i++)
        if (text[i] != '0' && text[i] != '.' && text[i] != '-') return false;
    return true;
}

static bool document_truth(struct mr_value value)
{
    enum mr_document_kind kind = mr_document_kind(value);
    uint32_t inside = value.bytes - MR_DOCUMENT_HEAD_BYTES;
    if (kind == MR_DOCUMENT_DECIMAL)
        return !is_zero(value.text + MR_DOCUMENT_HEAD_BYTES, inside);
    return kind < MR_DOCUMENT_LIST || kind == MR_DOCUMENT_ROW || inside > 0;
}

bool mr_value_truth(struct mr_value value)
{
    switch ((enum mr_type)value.type) {
    case MR_TYPE_NULL:
        return false;
    case MR_TYPE_BOOL:
    case MR_TYPE_INT:
        return value.i != 0;
    case MR_TYPE_FLOAT:
        return value.f != 0;
    case MR_TYPE_TIMESTAMP:
        return true;
    case MR_TYPE_STRING:
    case MR_TYPE_BYTES:
        return value.bytes > 0;
    default:
        return document_truth(value);
    }
}
