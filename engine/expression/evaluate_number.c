/* Arithmetic of columns, and columns made into numbers. Loops without branches first, so that
 * they become vector code; the rows that went wrong are looked for only when there are any. */
#include <string.h>

#include "engine/expression/division.h"
#include "engine/expression/expression_internal.h"

/* ---- integers ---- */

struct int_operands {
    const int64_t *a;
    const int64_t *b;
    int64_t *out;
    uint32_t n;
};

/* The top bit of the result: whether a sum left 64 bits, which is when both have another sign
 * than it. */
static uint64_t add_ints(const struct int_operands *operands)
{
    const int64_t *a = operands->a;
    const int64_t *b = operands->b;
    int64_t *out = operands->out;
    uint64_t flags = 0;
    for (uint32_t i = 0; i < operands->n; i++) {
        uint64_t x = (uint64_t)a[i];
        uint64_t y = (uint64_t)b[i];
        uint64_t sum = x + y;
        out[i] = (int64_t)sum;
        flags |= (x ^ sum) & (y ^ sum);
    }
    return flags >> 63;
}

static uint64_t subtract_ints(const struct int_operands *operands)
{
    const int64_t *a = operands->a;
    const int64_t *b = operands->b;
    int64_t *out = operands->out;
    uint64_t flags = 0;
    for (uint32_t i = 0; i < operands->n; i++) {
        uint64_t x = (uint64_t)a[i];
        uint64_t y = (uint64_t)b[i];
        uint64_t difference = x - y;
        out[i] = (int64_t)difference;
        flags |= (x ^ y) & (x ^ difference);
    }
    return flags >> 63;
}

static uint64_t multiply_ints(const struct int_operands *operands)
{
    uint64_t overflows = 0;
    for (uint32_t i = 0; i < operands->n; i++)
        overflows |= __builtin_mul_overflow(operands->a[i], operands->b[i], &operands->out[i]);
    return overflows;
}

static bool overflows(enum mr_node_kind kind, int64_t a, int64_t b)
{
    int64_t ignored;
    return kind == MR_NODE_ADD        ? __builtin_add_overflow(a, b, &ignored)
           : kind == MR_NODE_SUBTRACT ? __builtin_sub_overflow(a, b, &ignored)
                                      : __builtin_mul_overflow(a, b, &ignored);
}

/* Adds, subtracts or multiplies. */
static void combine_ints(
    enum mr_node_kind kind, const struct int_operands *operands, uint8_t *errors)
{
    uint64_t has_overflow = kind == MR_NODE_ADD        ? add_ints(operands)
                            : kind == MR_NODE_SUBTRACT ? subtract_ints(operands)
                                                       : multiply_ints(operands);
    if (!has_overflow) return;
    for (uint32_t i = 0; i < operands->n; i++) {
        if (!overflows(kind, operands->a[i], operands->b[i])) continue;
        mr_row_fail(errors, i, MR_ROW_OVERFLOW);
        operands->out[i] = 0;
    }
}

/* Divisors of 0 and -1 are what the processor traps on: they are sorted out before. */
static bool divides_oddly(
    const struct int_operands *operands, uint32_t i, bool is_modulo, uint8_t *errors)
{
    int64_t a = operands->a[i];
    int64_t b = operands->b[i];
    if (MR_LIKELY((uint64_t)b + 1 > 1)) return false;
    operands->out[i] = 0;
    if (b == 0)
        mr_row_fail(errors, i, MR_ROW_ZERO_DIVISION);
    else if (!is_modulo && a == INT64_MIN)
        mr_row_fail(errors, i, MR_ROW_OVERFLOW);
    else if (!is_modulo)
        operands->out[i] = -a;
    return true;
}

/* C rounds towards zero, Python down. */
static void floor_divide_ints(const struct int_operands *operands, uint8_t *errors)
{
    for (uint32_t i = 0; i < operands->n; i++) {
        if (divides_oddly(operands, i, false, errors)) continue;
        int64_t quotient = operands->a[i] / operands->b[i];
        int64_t rest = operands->a[i] % operands->b[i];
        operands->out[i] = quotient - (rest != 0 && (rest ^ operands->b[i]) < 0);
    }
}

/* The rest has the sign of the divisor. */
static void modulo_ints(const struct int_operands *operands, uint8_t *errors)
{
    for (uint32_t i = 0; i < operands->n; i++) {
        if (divides_oddly(operands, i, true, errors)) continue;
        int64_t rest = operands->a[i] % operands->b[i];
        bool has_wrong_sign = rest != 0 && (rest ^ operands->b[i]) < 0;
        operands->out[i] = rest + (has_wrong_sign ? operands->b[i] : 0);
    }
}

static const double *divide_ints(
    const struct mr_evaluation *evaluation, const int64_t *a, const int64_t *b, uint8_t *errors)
{
    double *out = mr_scratch_array(evaluation->scratch, double, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        out[i] = 0;
        if (b[i] == 0)
            mr_row_fail(errors, i, MR_ROW_ZERO_DIVISION);
        else
            out[i] = mr_divide_ints(a[i], b[i]);
    }
    return out;
}

/* ---- floats ---- */

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double float_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#define SIGN_BIT (UINT64_C(1) << 63)
#define FRACTION_BITS ((UINT64_C(1) << 52) - 1)

/* A finite float > 0 as mantissa * 2 ** (exponent - 1075), exponent >= 1. */
static uint64_t split_float(double value, int *exponent)
{
    uint64_t bits = bits_of(value);
    *exponent = (int)(bits >> 52);
    if (*exponent > 0) return (bits & FRACTION_BITS) | (FRACTION_BITS + 1);
    *exponent = 1;
    return bits;
}

/* The inverse: `mantissa` < 2 ** 53. */
static double join_float(uint64_t mantissa, int exponent)
{
    if (mantissa == 0) return 0;
    int shift = __builtin_clzll(mantissa) - 11;
    if (shift > exponent - 1) shift = exponent - 1;
    mantissa <<= shift;
    exponent -= shift;
    if (mantissa <= FRACTION_BITS) return float_of(mantissa);
    return float_of((mantissa & FRACTION_BITS) | (uint64_t)exponent << 52);
}

/* What is left of `a` when whole `b`s are taken away, exact, with the sign of `a`; b != 0. The
 * mantissa is reduced eleven bits of the difference of the exponents at a time, which keeps it
 * in 64 bits. */
static double float_rest(double a, double b)
{
    double x = float_of(bits_of(a) & ~SIGN_BIT);
    double y = float_of(bits_of(b) & ~SIGN_BIT);
    const double infinity = __builtin_inf();
    if (a != a || b != b || x == infinity) return __builtin_nan("");
    if (x < y) return a;
    int x_exponent, y_exponent;
    uint64_t rest = split_float(x, &x_exponent);
    uint64_t divisor = split_float(y, &y_exponent);
    int distance = x_exponent - y_exponent;
    rest %= divisor;
    while (distance > 0 && rest > 0) {
        int step = distance < 11 ? distance : 11;
        rest = (rest << step) % divisor;
        distance -= step;
    }
    double out = join_float(rest, y_exponent);
    return float_of(bits_of(out) | (bits_of(a) & SIGN_BIT));
}

static double with_sign(double magnitude, double sign)
{
    return float_of((bits_of(magnitude) & ~SIGN_BIT) | (bits_of(sign) & SIGN_BIT));
}

static double float_modulo(double a, double b)
{
    double rest = float_rest(a, b);
    if (rest == 0) return with_sign(0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}

static double float_floor(double value)
{
    const double limit = 0x1p52; /* from here on all floats are whole */
    if (!(value > -limit && value < limit)) return value;
    double whole = (double)(int64_t)value;
    return whole > value ? whole - 1 : whole;
}

/* Source of the steps: CPython, Objects/floatobject.c, _float_div_mod. */
static double float_floor_divide(double a, double b)
{
    double rest = float_rest(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
    if (quotient == 0) return with_sign(0, a / b);
    double whole = float_floor(quotient); /* the quotient is whole but for its rounding */
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

/* For division: a divisor of zero fails its row and becomes one. */
static const double *divisors(
    const struct mr_evaluation *evaluation, const double *b, uint8_t *errors)
{
    uint8_t has_zero = 0;
    for (uint32_t i = 0; i < evaluation->n_rows; i++) has_zero |= b[i] == 0;
    if (!has_zero) return b;
    double *out = mr_scratch_array(evaluation->scratch, double, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        if (b[i] == 0) mr_row_fail(errors, i, MR_ROW_ZERO_DIVISION);
        out[i] = b[i] == 0 ? 1 : b[i];
    }
    return out;
}

static const double *combine_floats(const struct mr_evaluation *evaluation,
    enum mr_node_kind kind, const double *a, const double *b, uint8_t *errors)
{
    uint32_t n = evaluation->n_rows;
    double *out = mr_scratch_array(evaluation->scratch, double, n);
    bool is_division =
        kind == MR_NODE_DIVIDE || kind == MR_NODE_FLOOR_DIVIDE || kind == MR_NODE_MODULO;
    if (is_division) b = divisors(evaluation, b, errors);
    switch (kind) {
    case MR_NODE_ADD:
        for (uint32_t i = 0; i < n; i++) out[i] = mr_canonical_float(a[i] + b[i]);
        break;
    case MR_NODE_SUBTRACT:
        for (uint32_t i = 0; i < n; i++) out[i] = mr_canonical_float(a[i] - b[i]);
        break;
    case MR_NODE_MULTIPLY:
        for (uint32_t i = 0; i < n; i++) out[i] = mr_canonical_float(a[i] * b[i]);
        break;
    case MR_NODE_DIVIDE:
        for (uint32_t i = 0; i < n; i++) out[i] = mr_canonical_float(a[i] / b[i]);
        break;
    case MR_NODE_FLOOR_DIVIDE:
        for (uint32_t i = 0; i < n; i++)
            out[i] = mr_canonical_float(float_floor_divide(a[i], b[i]));
        break;
    default:
        MR_ASSERT(kind == MR_NODE_MODULO);
        for (uint32_t i = 0; i < n; i++) out[i] = mr_canonical_float(float_modulo(a[i], b[i]));
    }
    return out;
}

struct mr_column mr_evaluate_arithmetic(const struct mr_evaluation *evaluation,
    const struct mr_node *node, const struct mr_column *a, const struct mr_column *b,
    uint8_t *errors)
{
    bool has_float = a->type == MR_TYPE_FLOAT || b->type == MR_TYPE_FLOAT;
    if (has_float)
        return mr_column_of(MR_TYPE_FLOAT,
            combine_floats(evaluation, node->kind, mr_column_floats(evaluation, a),
                mr_column_floats(evaluation, b), errors));
    struct int_operands operands = {.a = mr_column_ints(evaluation, a),
        .b = mr_column_ints(evaluation, b),
        .n = evaluation->n_rows};
    if (node->kind == MR_NODE_DIVIDE)
        return mr_column_of(
            MR_TYPE_FLOAT, divide_ints(evaluation, operands.a, operands.b, errors));
    operands.out = mr_scratch_array(evaluation->scratch, int64_t, operands.n);
    if (node->kind == MR_NODE_FLOOR_DIVIDE)
        floor_divide_ints(&operands, errors);
    else if (node->kind == MR_NODE_MODULO)
        modulo_ints(&operands, errors);
    else
        combine_ints(node->kind, &operands, errors);
    return mr_column_of(MR_TYPE_INT, operands.out);
}

/* ---- one argument ---- */

static const double *sign_floats(
    const struct mr_evaluation *evaluation, enum mr_node_kind kind, const double *values)
{
    if (kind == MR_NODE_PLUS) return values;
    uint64_t keep = kind == MR_NODE_ABS ? ~SIGN_BIT : ~UINT64_C(0);
    uint64_t flip = kind == MR_NODE_ABS ? 0 : SIGN_BIT;
    double *out = mr_scratch_array(evaluation->scratch, double, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++)
        out[i] = mr_canonical_float(float_of((bits_of(values[i]) & keep) ^ flip));
    return out;
}

static const int64_t *sign_ints(const struct mr_evaluation *evaluation, enum mr_node_kind kind,
    const int64_t *values, uint8_t *errors)
{
    if (kind == MR_NODE_PLUS) return values;
    uint64_t all = kind == MR_NODE_NEGATE;
    uint64_t overflow = 0;
    int64_t *out = mr_scratch_array(evaluation->scratch, int64_t, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        uint64_t value = (uint64_t)values[i];
        uint64_t flip = 0 - (all | value >> 63); /* two's complement: all bits, and one more */
        out[i] = (int64_t)((value ^ flip) - flip);
        overflow |= value == SIGN_BIT;
    }
    for (uint32_t i = 0; i < evaluation->n_rows && overflow; i++) {
        if (values[i] != INT64_MIN) continue;
        mr_row_fail(errors, i, MR_ROW_OVERFLOW);
        out[i] = 0;
    }
    return out;
}

struct mr_column mr_evaluate_sign(const struct mr_evaluation *evaluation,
    const struct mr_node *node, const struct mr_column *a, uint8_t *errors)
{
    if (a->type == MR_TYPE_FLOAT)
        return mr_column_of(MR_TYPE_FLOAT, sign_floats(evaluation, node->kind, a->values));
    return mr_column_of(
        MR_TYPE_INT, sign_ints(evaluation, node->kind, mr_column_ints(evaluation, a), errors));
}
