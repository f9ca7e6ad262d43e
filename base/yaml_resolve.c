/* What an unquoted scalar means: PyYAML's resolver for YAML 1.1, the core schema for YAML 1.2.
 */
#include "base/yaml_internal.h"

#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0) return true;
    return false;
}
#define IS_ONE_OF(text, ...)                                                                   \
    is_one_of(text, (const char *const[]){__VA_ARGS__},                                        \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int digit_of(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

enum parsed { NOT_A_NUMBER, NUMBER, TOO_LARGE };

/* All of `text` as digits of `base`, underscores between them where they are allowed. */
static enum parsed parse_digits(
    const char *text, int base, bool has_underscores, bool is_negative, int64_t *out)
{
    bool has_digit = false, is_too_large = false;
    int64_t value = 0;
    for (; *text; text++) {
        if (*text == '_' && has_underscores) continue;
        if (digit_of(*text) >= base) return NOT_A_NUMBER;
        has_digit = true;
        int64_t digit = is_negative ? -digit_of(*text) : digit_of(*text);
        is_too_large = is_too_large || __builtin_mul_overflow(value, (int64_t)base, &value) ||
                       __builtin_add_overflow(value, digit, &value);
    }
    if (!has_digit) return NOT_A_NUMBER;
    *out = value;
    return is_too_large ? TOO_LARGE : NUMBER;
}

/* One part of a sexagesimal number behind a colon: 0 to 59, one or two digits. NULL: something
 * else. */
static const char *skip_sixtieth(const char *text, int64_t *part)
{
    if (!is_digit(*text)) return NULL;
    *part = *text++ - '0';
    if (is_digit(*text)) {
        if (*part > 5) return NULL;
        *part = *part * 10 + (*text++ - '0');
    }
    return text;
}

/* `190:20:30`, or `190:20:30.15` as a float: the parts to the base of sixty. */
static enum parsed parse_sexagesimal(
    const char *text, bool is_float, bool is_negative, int64_t *out, const char **fraction)
{
    if (!is_digit(text[0]) || (text[0] == '0' && !is_float)) return NOT_A_NUMBER;
    int64_t value = 0, part;
    bool is_too_large = false;
    for (; is_digit(*text) || *text == '_'; text++)
        is_too_large =
            is_too_large ||
            (*text != '_' && (__builtin_mul_overflow(value, (int64_t)10, &value) ||
                                 __builtin_add_overflow(value, *text - '0', &value)));
    if (*text != ':') return NOT_A_NUMBER;
    while (*text == ':') {
        text = skip_sixtieth(text + 1, &part);
        if (!text) return NOT_A_NUMBER;
        is_too_large = is_too_large || __builtin_mul_overflow(value, (int64_t)60, &value) ||
                       __builtin_add_overflow(value, part, &value);
    }
    if (*text != (is_float ? '.' : '\0')) return NOT_A_NUMBER;
    *fraction = text;
    *out = is_negative ? -value : value;
    return is_too_large ? TOO_LARGE : NUMBER;
}

static enum parsed parse_int_1_1(const char *text, int64_t *out)
{
    bool is_negative = *text == '-';
    if (*text == '-' || *text == '+') text++;
    if (strcmp(text, "0") == 0) return parse_digits(text, 10, false, false, out);
    if (text[0] == '0' && text[1] == 'b')
        return parse_digits(text + 2, 2, true, is_negative, out);
    if (text[0] == '0' && text[1] == 'x')
        return parse_digits(text + 2, 16, true, is_negative, out);
    if (text[0] == '0') return parse_digits(text, 8, true, is_negative, out);
    if (!is_digit(text[0])) return NOT_A_NUMBER;
    const char *fraction;
    if (strchr(text, ':')) return parse_sexagesimal(text, false, is_negative, out, &fraction);
    return parse_digits(text, 10, true, is_negative, out);
}

static enum parsed parse_int_1_2(const char *text, int64_t *out)
{
    if (text[0] == '0' && text[1] == 'o') return parse_digits(text + 2, 8, false, false, out);
    if (text[0] == '0' && text[1] == 'x') return parse_digits(text + 2, 16, false, false, out);
    bool is_negative = *text == '-';
    if (*text == '-' || *text == '+') text++;
    return parse_digits(text, 10, false, is_negative, out);
}

static const char *skip_digits(const char *text, bool has_underscores)
{
    while (is_digit(*text) || (*text == '_' && has_underscores)) text++;
    return text;
}

/* The shape of a float. In 1.1 a point is needed, and a sign in the exponent. */
static bool is_float(const char *text, enum mr_yaml_version version)
{
    bool is_old = version == MR_YAML_1_1;
    if ((*text == '-' || *text == '+') && !(is_old && text[1] == '.')) text++;
    bool has_whole = is_digit(*text);
    if (has_whole) text = skip_digits(text, is_old);
    bool has_point = *text == '.';
    if (has_point) {
        text++;
        if (!has_whole && !is_digit(*text)) return false;
        text = skip_digits(text, is_old);
    }
    if (!has_whole && !has_point) return false;
    if (is_old && !has_point) return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        bool has_sign = *text == '-' || *text == '+';
        if (has_sign) text++;
        if ((is_old && !has_sign) || !is_digit(*text)) return false;
        text = skip_digits(text, false);
    }
    return *text == '\0';
}

static double float_value(const char *text)
{
    char *plain = mr_alloc(strlen(text) + 1); /* without underscores */
    size_t n = 0;
    for (; *text; text++)
        if (*text != '_') plain[n++] = *text;
    double value = strtod(plain, NULL);
    mr_free(plain);
    return value;
}

/* A float with colons, of 1.1; beyond 64 bits it stays a text. */
static bool resolve_sexagesimal_float(const char *text, double *out)
{
    bool is_negative = *text == '-';
    if (*text == '-' || *text == '+') text++;
    int64_t whole;
    const char *fraction;
    if (parse_sexagesimal(text, true, false, &whole, &fraction) != NUMBER) return false;
    if (*skip_digits(fraction + 1, true)) return false;
    double value = (double)whole + (fraction[1] ? float_value(fraction) : 0);
    *out = is_negative ? -value : value;
    return true;
}

static bool resolve_float(struct mr_yaml *node, enum mr_yaml_version version)
{
    const char *text = node->text;
    const char *bare = *text == '-' || *text == '+' ? text + 1 : text;
    if (IS_ONE_OF(bare, ".inf", ".Inf", ".INF"))
        node->number = *text == '-' ? -__builtin_inf() : __builtin_inf();
    else if (IS_ONE_OF(text, ".nan", ".NaN", ".NAN"))
        node->number = __builtin_nan("");
    else if (is_float(text, version))
        node->number = float_value(text);
    else if (version != MR_YAML_1_1 || !resolve_sexagesimal_float(text, &node->number))
        return false;
    node->kind = MR_YAML_FLOAT;
    return true;
}

static bool resolve_bool(struct mr_yaml *node, enum mr_yaml_version version)
{
    const char *text = node->text;
    bool is_old = version == MR_YAML_1_1;
    if (IS_ONE_OF(text, "true", "True", "TRUE") ||
        (is_old && IS_ONE_OF(text, "yes", "Yes", "YES", "on", "On", "ON")))
        node->boolean = true;
    else if (!IS_ONE_OF(text, "false", "False", "FALSE") &&
             !(is_old && IS_ONE_OF(text, "no", "No", "NO", "off", "Off", "OFF")))
        return false;
    node->kind = MR_YAML_BOOL;
    return true;
}

bool mr_yaml_resolve(struct mr_yaml *node, enum mr_yaml_version version)
{
    if (IS_ONE_OF(node->text, "", "~", "null", "Null", "NULL")) {
        node->kind = MR_YAML_NULL;
        return true;
    }
    if (resolve_bool(node, version)) return true;
    enum parsed parsed = version == MR_YAML_1_1 ? parse_int_1_1(node->text, &node->integer)
                                                : parse_int_1_2(node->text, &node->integer);
    if (parsed == TOO_LARGE) return false;
    if (parsed == NUMBER) {
        node->kind = MR_YAML_INT;
        node->number = (double)node->integer;
        return true;
    }
    if (!resolve_float(node, version)) node->kind = MR_YAML_TEXT;
    return true;
}
