/* Comparisons of columns, and the choice between two of them. */
#include <string.h>

#include "engine/expression/expression_internal.h"

/* ---- numbers ---- */

#define COMPARE_ROWS(operator)                                                                 \
    for (uint32_t i = 0; i < n; i++) out[i] = a[i] operator b[i]

/* A loop a comparison, so that none is decided a row. */
#define DEFINE_COMPARE(name, type)                                                             \
    static void name(                                                                          \
        const type *a, const type *b, enum mr_comparison comparison, uint32_t n, uint8_t *out) \
    {                                                                                          \
        switch (comparison) {                                                                  \
        case MR_COMPARE_EQUAL:                                                                 \
            COMPARE_ROWS(==);                                                                  \
            break;                                                                             \
        case MR_COMPARE_UNEQUAL:                                                               \
            COMPARE_ROWS(!=);                                                                  \
            break;                                                                             \
        case MR_COMPARE_LESS:                                                                  \
            COMPARE_ROWS(<);                                                                   \
            break;                                                                             \
        case MR_COMPARE_LESS_EQUAL:                                                            \
            COMPARE_ROWS(<=);                                                                  \
            break;                                                                             \
        case MR_COMPARE_GREATER:                                                               \
            COMPARE_ROWS(>);                                                                   \
            break;                                                                             \
        case MR_COMPARE_GREATER_EQUAL:                                                         \
            COMPARE_ROWS(>=);                                                                  \
            break;                                                                             \
        }                                                                                      \
    }
DEFINE_COMPARE(compare_ints, int64_t)
DEFINE_COMPARE(compare_floats, double)

enum order { ORDER_LESS, ORDER_EQUAL, ORDER_GREATER, ORDER_NONE };

/* Which orders a comparison holds for, as bits. NaN is in no order with anything, and so
 * unequal. */
static uint32_t orders_of(enum mr_comparison comparison)
{
    static const uint8_t orders[] = {
        [MR_COMPARE_EQUAL] = 1 << ORDER_EQUAL,
        [MR_COMPARE_UNEQUAL] = 1 << ORDER_LESS | 1 << ORDER_GREATER | 1 << ORDER_NONE,
        [MR_COMPARE_LESS] = 1 << ORDER_LESS,
        [MR_COMPARE_LESS_EQUAL] = 1 << ORDER_LESS | 1 << ORDER_EQUAL,
        [MR_COMPARE_GREATER] = 1 << ORDER_GREATER,
        [MR_COMPARE_GREATER_EQUAL] = 1 << ORDER_GREATER | 1 << ORDER_EQUAL,
    };
    return orders[comparison];
}

static enum mr_comparison mirrored(enum mr_comparison comparison)
{
    static const uint8_t mirror[] = {
        [MR_COMPARE_EQUAL] = MR_COMPARE_EQUAL,
        [MR_COMPARE_UNEQUAL] = MR_COMPARE_UNEQUAL,
        [MR_COMPARE_LESS] = MR_COMPARE_GREATER,
        [MR_COMPARE_LESS_EQUAL] = MR_COMPARE_GREATER_EQUAL,
        [MR_COMPARE_GREATER] = MR_COMPARE_LESS,
        [MR_COMPARE_GREATER_EQUAL] = MR_COMPARE_LESS_EQUAL,
    };
    return (enum mr_comparison)mirror[comparison];
}

/* Exact, as in Python. Rounding the integer to a float keeps the order, if perhaps as equality;
 * and a float that equals a rounded integer is whole. */
static enum order order_mixed(int64_t a, double b)
{
    double rounded = (double)a;
    if (rounded < b) return ORDER_LESS;
    if (rounded > b) return ORDER_GREATER;
    if (rounded != b) return ORDER_NONE;
    if (b >= 0x1p63) return ORDER_LESS;
    int64_t whole = (int64_t)b;
    return a < whole ? ORDER_LESS : a > whole ? ORDER_GREATER : ORDER_EQUAL;
}

static void compare_mixed(
    const int64_t *a, const double *b, enum mr_comparison comparison, uint32_t n, uint8_t *out)
{
    uint32_t orders = orders_of(comparison);
    for (uint32_t i = 0; i < n; i++) out[i] = orders >> order_mixed(a[i], b[i]) & 1;
}

static void compare_numbers(const struct mr_evaluation *evaluation, const struct mr_column *a,
    const struct mr_column *b, enum mr_comparison comparison, uint8_t *out)
{
    bool a_is_float = a->type == MR_TYPE_FLOAT;
    bool b_is_float = b->type == MR_TYPE_FLOAT;
    uint32_t n = evaluation->n_rows;
    if (a_is_float && b_is_float)
        compare_floats(a->values, b->values, comparison, n, out);
    else if (a_is_float)
        compare_mixed(mr_column_ints(evaluation, b), a->values, mirrored(comparison), n, out);
    else if (b_is_float)
        compare_mixed(mr_column_ints(evaluation, a), b->values, comparison, n, out);
    else
        compare_ints(
            mr_column_ints(evaluation, a), mr_column_ints(evaluation, b), comparison, n, out);
}

/* ---- texts ---- */

/* The order of the bytes of UTF-8 is that of the letters. */
static enum order order_texts(const char *a, uint32_t a_bytes, const char *b, uint32_t b_bytes)
{
    uint32_t shorter = a_bytes < b_bytes ? a_bytes : b_bytes;
    int difference = shorter ? memcmp(a, b, shorter) : 0;
    if (difference != 0) return difference < 0 ? ORDER_LESS : ORDER_GREATER;
    return a_bytes < b_bytes ? ORDER_LESS : a_bytes > b_bytes ? ORDER_GREATER : ORDER_EQUAL;
}

static bool texts_are_equal(const struct mr_string *a, const struct mr_column *a_column,
    const struct mr_string *b, const struct mr_column *b_column)
{
    if (a->bytes != b->bytes) return false;
    return memcmp(mr_string_text(a, a_column->heap), mr_string_text(b, b_column->heap),
               a->bytes) == 0;
}

static void compare_texts(const struct mr_evaluation *evaluation, const struct mr_column *a,
    const struct mr_column *b, enum mr_comparison comparison, uint8_t *out)
{
    const struct mr_string *x = a->values;
    const struct mr_string *y = b->values;
    uint32_t n = evaluation->n_rows;
    uint32_t orders = orders_of(comparison);
    if (comparison == MR_COMPARE_EQUAL || comparison == MR_COMPARE_UNEQUAL) {
        bool is_equality = comparison == MR_COMPARE_EQUAL;
        for (uint32_t i = 0; i < n; i++)
            out[i] = texts_are_equal(&x[i], a, &y[i], b) == is_equality;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        out[i] = orders >> order_texts(mr_string_text(&x[i], a->heap), x[i].bytes,
                               mr_string_text(&y[i], b->heap), y[i].bytes) &
                 1;
}

/* ---- all types ---- */

static bool has_nulls(const struct mr_column *column)
{
    return column->type == MR_TYPE_NULL || column->valid;
}

static bool is_null(const struct mr_column *column, uint32_t row)
{
    return column->type == MR_TYPE_NULL || mr_column_is_null(column, row);
}

/* None is equal to None alone. */
static void compare_nulls(const struct mr_evaluation *evaluation, const struct mr_column *a,
    const struct mr_column *b, bool is_equality, uint8_t *out)
{
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        bool a_is_null = is_null(a, i);
        bool b_is_null = is_null(b, i);
        if (a_is_null || b_is_null) out[i] = (a_is_null && b_is_null) == is_equality;
    }
}

void mr_evaluate_compare(const struct mr_evaluation *evaluation, const struct mr_column *a,
    const struct mr_column *b, enum mr_comparison comparison, uint8_t *out)
{
    if (a->type == MR_TYPE_NULL || b->type == MR_TYPE_NULL)
        memset(out, 0, evaluation->n_rows); /* every row has a null */
    else if (a->type == MR_TYPE_STRING || a->type == MR_TYPE_BYTES)
        compare_texts(evaluation, a, b, comparison, out);
    else
        compare_numbers(evaluation, a, b, comparison, out);
    bool is_equality = comparison == MR_COMPARE_EQUAL;
    if ((is_equality || comparison == MR_COMPARE_UNEQUAL) && (has_nulls(a) || has_nulls(b)))
        compare_nulls(evaluation, a, b, is_equality, out);
}

/* ---- choice ---- */

static void select_bytes(
    const uint8_t *which, const uint8_t *a, const uint8_t *b, uint32_t n, uint8_t *out)
{
    for (uint32_t i = 0; i < n; i++) out[i] = which[i] ? a[i] : b[i];
}

/* Floats go as bits, so that nothing happens to them. */
static void select_words(
    const uint8_t *which, const int64_t *a, const int64_t *b, uint32_t n, int64_t *out)
{
    for (uint32_t i = 0; i < n; i++) out[i] = which[i] ? a[i] : b[i];
}

static const uint64_t *select_valid(const struct mr_evaluation *evaluation,
    const uint8_t *which, const uint64_t *a, const uint64_t *b)
{
    if (!a && !b) return NULL;
    uint32_t n = evaluation->n_rows;
    uint64_t *out = mr_scratch_array(evaluation->scratch, uint64_t, (n + 63) / 64);
    for (uint32_t row = 0; row < n; row += 64) {
        uint64_t chosen = 0;
        uint32_t end = n - row < 64 ? n - row : 64;
        for (uint32_t i = 0; i < end; i++) chosen |= (uint64_t)(which[row + i] != 0) << i;
        uint64_t a_word = a ? a[row / 64] : UINT64_MAX;
        uint64_t b_word = b ? b[row / 64] : UINT64_MAX;
        out[row / 64] = (chosen & a_word) | (~chosen & b_word);
    }
    return out;
}

struct mr_column mr_evaluate_select(const struct mr_evaluation *evaluation, enum mr_type type,
    const uint8_t *which, const struct mr_column *a, const struct mr_column *b)
{
    struct mr_column nulls = {.type = type};
    if (a->type != type || b->type != type) nulls = mr_column_of_nulls(evaluation, type);
    if (a->type != type) a = &nulls;
    if (b->type != type) b = &nulls;
    struct mr_column column = {.type = type};
    uint32_t n = evaluation->n_rows;
    uint32_t bytes = mr_type_bytes(type);
    if (bytes == 16) {
        column = mr_evaluate_select_text(evaluation, type, which, a, b);
    } else {
        void *out = mr_scratch_alloc(evaluation->scratch, (size_t)bytes * n);
        if (bytes == 1)
            select_bytes(which, a->values, b->values, n, out);
        else
            select_words(which, a->values, b->values, n, out);
        column.values = out;
    }
    column.valid = select_valid(evaluation, which, a->valid, b->valid);
    return column;
}
