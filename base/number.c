#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* A finite float > 0 as digits[0].digits[1..n) times ten to the power of `exponent`. */
struct decimal {
    char digits[20];
    int n;
    int exponent;
};

static double decimal_value(const struct decimal *decimal)
{
    char text[MR_NUMBER_TEXT_BYTES];
    snprintf(text, sizeof text, "%.*se%d", decimal->n, decimal->digits,
        decimal->exponent - decimal->n + 1);
    return strtod(text, NULL);
}

static struct decimal decimal_round(double value, int n)
{
    char text[MR_NUMBER_TEXT_BYTES];
    struct decimal decimal = {.n = n};
    snprintf(text, sizeof text, "%.*e", n - 1, value);
    decimal.digits[0] = text[0];
    if (n > 1) memcpy(decimal.digits + 1, text + 2, (size_t)n - 1);
    decimal.exponent = (int)strtol(text + (n > 1 ? n + 2 : 2), NULL, 10);
    return decimal;
}

/* The next larger decimal of as many digits. Only called when the last digit is not a nine. */
static bool decimal_step(struct decimal *decimal)
{
    if (decimal->digits[decimal->n - 1] == '9') return false;
    decimal->digits[decimal->n - 1]++;
    return true;
}

/* The shortest decimal that reads back as `value`, and of those the nearest. A power of two has
 * neighbours at unequal distances: there the next larger decimal may read back where the
 * nearest one does not. */
static struct decimal decimal_shortest(double value)
{
    struct decimal decimal = decimal_round(value, 15);
    int n = 15;
    /* 15 digits survive a double, so a shorter one would be these with zeros behind; not so if
     * subnormal. */
    if (value < 0x1p-1022 || decimal_value(&decimal) == value) n = 1;
    for (;; n++) {
        decimal = decimal_round(value, n);
        if (n >= 17 || decimal_value(&decimal) == value) break;
        struct decimal larger = decimal;
        if (decimal_step(&larger) && decimal_value(&larger) == value) return larger;
    }
    while (decimal.n > 1 && decimal.digits[decimal.n - 1] == '0') decimal.n--;
    return decimal;
}

/* repr(): fixed from 1e-4 up to below 1e16, else with an exponent of at least two digits. */
static int decimal_format(const struct decimal *decimal, char out[MR_NUMBER_TEXT_BYTES])
{
    const char *digits = decimal->digits;
    int n = decimal->n;
    int exponent = decimal->exponent;
    size_t size = MR_NUMBER_TEXT_BYTES;
    static const char zeros[] = "0000000000000000";
    if (exponent < -4 || exponent >= 16)
        return snprintf(out, size, "%c%s%.*se%c%02d", digits[0], n > 1 ? "." : "", n - 1,
            digits + 1, exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
    if (exponent < 0) return snprintf(out, size, "0.%.*s%.*s", -exponent - 1, zeros, n, digits);
    if (n <= exponent + 1)
        return snprintf(out, size, "%.*s%.*s.0", n, digits, exponent + 1 - n, zeros);
    return snprintf(
        out, size, "%.*s.%.*s", exponent + 1, digits, n - exponent - 1, digits + exponent + 1);
}

uint32_t mr_float_to_text(double value, char out[MR_NUMBER_TEXT_BYTES])
{
    static const char *const words[] = {"nan", "inf", "-inf", "0.0", "-0.0"};
    bool is_negative = __builtin_signbit(value);
    int word = value != value           ? 0
               : __builtin_isinf(value) ? 1 + is_negative
               : value == 0             ? 3 + is_negative
                                        : -1;
    if (word >= 0) {
        size_t n = strlen(words[word]);
        memcpy(out, words[word], n + 1);
        return (uint32_t)n;
    }
    struct decimal decimal = decimal_shortest(is_negative ? -value : value);
    char text[MR_NUMBER_TEXT_BYTES];
    decimal_format(&decimal, text);
    int n = snprintf(out, MR_NUMBER_TEXT_BYTES, "%s%s", is_negative ? "-" : "", text);
    MR_ASSERT(n > 0 && n < MR_NUMBER_TEXT_BYTES);
    return (uint32_t)n;
}
