/* Numbers of one row, written another way than for columns: slower, wider, and by hand where
 * those use the machine. */
#include <string.h>

#include "engine/expression/row.h"
#include "engine/expression/unicode.h"

static struct mr_value int_value(int64_t value)
{
    return (struct mr_value){.i = value, .type = MR_TYPE_INT};
}

static struct mr_value float_value(double value)
{
    return (struct mr_value){.f = mr_canonical_float(value), .type = MR_TYPE_FLOAT};
}

static double as_float(struct mr_value value)
{
    return value.type == MR_TYPE_FLOAT ? value.f : (double)value.i;
}

/* ---- integers: in 128 bits, and then they fit or they do not ---- */

static enum mr_row_error narrow(__int128 wide, struct mr_value *out)
{
    if (wide > INT64_MAX || wide < INT64_MIN) return MR_ROW_OVERFLOW;
    *out = int_value((int64_t)wide);
    return MR_ROW_OK;
}

static enum mr_row_error int_arithmetic(
    enum mr_node_kind kind, __int128 a, __int128 b, struct mr_value *out)
{
    if (kind == MR_NODE_ADD) return narrow(a + b, out);
    if (kind == MR_NODE_SUBTRACT) return narrow(a - b, out);
    if (kind == MR_NODE_MULTIPLY) return narrow(a * b, out);
    if (b == 0) return MR_ROW_ZERO_DIVISION;
    __int128 rest = (a % b + b) % b;
    return narrow(kind == MR_NODE_MODULO ? rest : (a - rest) / b, out);
}

/* a / b, rounded once: long division in base two, digit after digit until a float has enough of
 * them. */
static double int_ratio(__int128 a, __int128 b)
{
    bool is_negative = (a < 0) != (b < 0);
    unsigned __int128 rest = (unsigned __int128)(a < 0 ? -a : a);
    unsigned __int128 divisor = (unsigned __int128)(b < 0 ? -b : b);
    unsigned __int128 digits = rest / divisor;
    double scale = 1;
    rest %= divisor;
    while (rest != 0 && digits < (unsigned __int128)1 << 60) {
        rest *= 2;
        digits = digits * 2 + (rest >= divisor);
        if (rest >= divisor) rest -= divisor;
        scale /= 2;
    }
    if (rest != 0) digits |= 1; /* far below the last digit that counts, and it breaks ties */
    double magnitude = (double)(uint64_t)digits * scale;
    return is_negative ? -magnitude : magnitude;
}

/* ---- floats ---- */

static bool has_sign(double value)
{
    return __builtin_signbit(value);
}

static double zero_like(double sign)
{
    return has_sign(sign) ? -0.0 : 0.0;
}

/* `a` without as many whole `b` as fit, with the sign of `a`: the largest |b| * 2 ** k that
 * fits is taken away, again and again. Each such step is exact: both are multiples of the last
 * place of the smaller one, and less than twice as large as one another. */
static double rest_of(double a, double b)
{
    double rest = has_sign(a) ? -a : a;
    double smallest = has_sign(b) ? -b : b;
    if (a != a || b != b || rest == __builtin_inf()) return __builtin_nan("");
    double step = smallest;
    while (step <= rest && step < 0x1p1023) step *= 2;
    for (;; step /= 2) {
        if (step <= rest) rest -= step;
        if (step == smallest) break;
    }
    return has_sign(a) ? -rest : rest;
}

static double modulo(double a, double b)
{
    double rest = rest_of(a, b);
    if (rest == 0) return zero_like(b);
    return has_sign(rest) == has_sign(b) ? rest : rest + b;
}

/* Whole numbers have no bits behind the point: those bits are cut off. */
static double round_down(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    if (exponent >= 52) return value;
    if (exponent < 0) return value < 0 ? -1.0 : zero_like(value);
    bits &= ~((UINT64_C(1) << (52 - exponent)) - 1);
    double whole;
    memcpy(&whole, &bits, sizeof whole);
    return whole > value ? whole - 1.0 : whole;
}

/* CPython does not divide and round: it divides what is a multiple of b, all but exactly. Large
 * quotients differ. */
static double floor_divide(double a, double b)
{
    double rest = rest_of(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0 && has_sign(rest) != has_sign(b)) quotient -= 1.0;
    if (quotient == 0) return zero_like(a / b);
    double whole = round_down(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

static enum mr_row_error float_arithmetic(
    enum mr_node_kind kind, double a, double b, struct mr_value *out)
{
    bool is_division =
        kind != MR_NODE_ADD && kind != MR_NODE_SUBTRACT && kind != MR_NODE_MULTIPLY;
    if (is_division && b == 0) return MR_ROW_ZERO_DIVISION;
    double value = kind == MR_NODE_ADD            ? a + b
                   : kind == MR_NODE_SUBTRACT     ? a - b
                   : kind == MR_NODE_MULTIPLY     ? a * b
                   : kind == MR_NODE_DIVIDE       ? a / b
                   : kind == MR_NODE_FLOOR_DIVIDE ? floor_divide(a, b)
                                                  : modulo(a, b);
    *out = float_value(value);
    return MR_ROW_OK;
}

enum mr_row_error mr_row_arithmetic(
    enum mr_node_kind kind, struct mr_value a, struct mr_value b, struct mr_value *out)
{
    if (a.type == MR_TYPE_FLOAT || b.type == MR_TYPE_FLOAT)
        return float_arithmetic(kind, as_float(a), as_float(b), out);
    if (kind != MR_NODE_DIVIDE) return int_arithmetic(kind, a.i, b.i, out);
    if (b.i == 0) return MR_ROW_ZERO_DIVISION;
    double ratio = int_ratio(a.i, b.i);
    *out = float_value(a.i == 0 && b.i < 0 ? -0.0 : ratio);
    return MR_ROW_OK;
}

enum mr_row_error mr_row_sign(enum mr_node_kind kind, struct mr_value a, struct mr_value *out)
{
    if (a.type != MR_TYPE_FLOAT) {
        bool turns = kind == MR_NODE_NEGATE || (kind == MR_NODE_ABS && a.i < 0);
        return narrow(turns ? -(__int128)a.i : a.i, out);
    }
    bool turns = kind == MR_NODE_NEGATE || (kind == MR_NODE_ABS && has_sign(a.f));
    *out = float_value(turns ? -a.f : a.f);
    return MR_ROW_OK;
}

/* ---- conversions ---- */

/* Towards zero. */
static enum mr_row_error whole_part(double value, struct mr_value *out)
{
    if (value != value) return MR_ROW_VALUE;
    if (value == __builtin_inf() || value == -__builtin_inf()) return MR_ROW_FLOAT_RANGE;
    if (value >= 0x1p63 || value < -0x1p63) return MR_ROW_OVERFLOW;
    *out = int_value((int64_t)value);
    return MR_ROW_OK;
}

enum mr_row_error mr_row_to_int(struct mr_value a, struct mr_value *out)
{
    if (a.type == MR_TYPE_FLOAT) return whole_part(a.f, out);
    int64_t value = a.i;
    if (a.type == MR_TYPE_STRING) {
        enum mr_row_error error = mr_int_from_text(a.text, a.bytes, &value);
        if (error) return error;
    }
    *out = int_value(value);
    return MR_ROW_OK;
}

enum mr_row_error mr_row_to_float(
    struct mr_value a, struct mr_scratch *scratch, struct mr_value *out)
{
    double value = 0;
    if (a.type == MR_TYPE_STRING) {
        enum mr_row_error error = mr_float_from_text(a.text, a.bytes, scratch, &value);
        if (error) return error;
    } else {
        value = as_float(a);
    }
    *out = float_value(value);
    return MR_ROW_OK;
}

enum mr_row_error mr_row_to_seconds(struct mr_value a, struct mr_value *out)
{
    if (a.type == MR_TYPE_TIMESTAMP) {
        *out = int_value(a.i);
        return MR_ROW_OK;
    }
    struct mr_value at = {.type = MR_TYPE_NULL};
    enum mr_row_error error = a.type == MR_TYPE_FLOAT ? whole_part(a.f * 1000000.0, &at)
                                                      : narrow((__int128)a.i * 1000000, &at);
    if (!error && (at.i > MR_US_MAX || at.i < MR_US_MIN)) error = MR_ROW_OVERFLOW;
    if (!error) *out = at;
    return error;
}

/* ---- order ---- */

/* An integer against a float, exactly: against its whole part first, then against what is
 * behind the point. */
static int order_int_float(int64_t a, double b)
{
    if (b != b) return MR_ROW_UNORDERED;
    if (b >= 0x1p63) return -1;
    if (b < -0x1p63) return 1;
    int64_t whole = (int64_t)b;
    if (a != whole) return a < whole ? -1 : 1;
    double fraction = b - (double)whole;
    return fraction > 0 ? -1 : fraction < 0;
}

static int order_floats(double a, double b)
{
    if (a != a || b != b) return MR_ROW_UNORDERED;
    return a < b ? -1 : a > b;
}

int mr_row_order_numbers(struct mr_value a, struct mr_value b)
{
    if (a.type == MR_TYPE_FLOAT && b.type == MR_TYPE_FLOAT) return order_floats(a.f, b.f);
    if (b.type == MR_TYPE_FLOAT) return order_int_float(a.i, b.f);
    if (a.type != MR_TYPE_FLOAT) return a.i < b.i ? -1 : a.i > b.i;
    int order = order_int_float(b.i, a.f);
    return order == MR_ROW_UNORDERED ? order : -order;
}
