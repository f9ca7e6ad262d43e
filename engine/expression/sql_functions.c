/* The functions of our own that SQLite calls: what Calcite computes otherwise than SQLite, or
 * fails on. None of them may touch the run's arena: to leave SQLite by its longjmp would break
 * it. */
#include <stdio.h>
#include <string.h>

#include "engine/expression/sql_connection.h"
#include "engine/expression/unicode.h"

typedef sqlite3_context context;
typedef sqlite3_value value;

static bool has_null(int n, value **values)
{
    for (int i = 0; i < n; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL) return true;
    return false;
}

static bool are_whole(value **values)
{
    return sqlite3_value_type(values[0]) == SQLITE_INTEGER &&
           sqlite3_value_type(values[1]) == SQLITE_INTEGER;
}

static void fail(context *to, const char *text)
{
    sqlite3_result_error(to, text, -1);
}

static void give_int(context *to, bool has_overflow, sqlite3_int64 result)
{
    if (has_overflow)
        fail(to, "ArithmeticException: the integer does not fit into 64 bits");
    else
        sqlite3_result_int64(to, result);
}

static void add(context *to, int n, value **values)
{
    long long result = 0;
    if (has_null(n, values)) return;
    bool is_over = __builtin_saddll_overflow(
        sqlite3_value_int64(values[0]), sqlite3_value_int64(values[1]), &result);
    give_int(to, is_over, result);
}

static void subtract(context *to, int n, value **values)
{
    long long result = 0;
    if (has_null(n, values)) return;
    bool is_over = __builtin_ssubll_overflow(
        sqlite3_value_int64(values[0]), sqlite3_value_int64(values[1]), &result);
    give_int(to, is_over, result);
}

static void multiply(context *to, int n, value **values)
{
    long long result = 0;
    if (has_null(n, values)) return;
    bool is_over = __builtin_smulll_overflow(
        sqlite3_value_int64(values[0]), sqlite3_value_int64(values[1]), &result);
    give_int(to, is_over, result);
}

/* Towards zero; floats as IEEE has it, but that a NaN is a null in SQLite. */
static void divide(context *to, int n, value **values)
{
    if (has_null(n, values)) return;
    if (!are_whole(values)) {
        sqlite3_result_double(
            to, sqlite3_value_double(values[0]) / sqlite3_value_double(values[1]));
        return;
    }
    sqlite3_int64 a = sqlite3_value_int64(values[0]), b = sqlite3_value_int64(values[1]);
    if (b == 0)
        fail(to, "ArithmeticException: / by zero");
    else
        give_int(to, a == INT64_MIN && b == -1, b == -1 ? (a == INT64_MIN ? 0 : -a) : a / b);
}

/* With the sign of the dividend. */
static void modulo(context *to, int n, value **values)
{
    if (has_null(n, values)) return;
    sqlite3_int64 a = sqlite3_value_int64(values[0]), b = sqlite3_value_int64(values[1]);
    if (b == 0)
        fail(to, "ArithmeticException: / by zero");
    else
        sqlite3_result_int64(to, b == -1 ? 0 : a % b);
}

/* ---- Conversions ---- */

static void to_int(context *to, int n, value **values)
{
    if (has_null(n, values)) return;
    int type = sqlite3_value_type(values[0]);
    if (type == SQLITE_FLOAT) { /* as Java: towards zero, and no further than it goes */
        double f = sqlite3_value_double(values[0]);
        sqlite3_result_int64(to, f >= 0x1p63    ? INT64_MAX
                                 : f <= -0x1p63 ? INT64_MIN
                                                : (sqlite3_int64)f);
        return;
    }
    int64_t result;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    if (type == SQLITE_TEXT &&
        mr_int_from_text(text, (uint32_t)sqlite3_value_bytes(values[0]), &result) != MR_ROW_OK)
        fail(to, "NumberFormatException: the text is not an integer");
    else
        sqlite3_result_int64(to, type == SQLITE_TEXT ? result : sqlite3_value_int64(values[0]));
}

static bool is_float_text(const char *text)
{
    size_t at = strspn(text, " ");
    at += text[at] == '-' || text[at] == '+';
    size_t digits = strspn(text + at, "0123456789");
    at += digits;
    if (text[at] == '.') {
        size_t more = strspn(text + at + 1, "0123456789");
        digits += more;
        at += 1 + more;
    }
    if (digits > 0 && (text[at] == 'e' || text[at] == 'E')) {
        at += text[at + 1] == '-' || text[at + 1] == '+' ? 2 : 1;
        size_t exponent = strspn(text + at, "0123456789");
        if (exponent == 0) return false;
        at += exponent;
    }
    at += strspn(text + at, " ");
    return digits > 0 && text[at] == '\0';
}

static void to_float(context *to, int n, value **values)
{
    if (has_null(n, values)) return;
    if (sqlite3_value_type(values[0]) == SQLITE_TEXT &&
        !is_float_text((const char *)sqlite3_value_text(values[0])))
        fail(to, "NumberFormatException: the text is not a number");
    else
        sqlite3_result_double(to, sqlite3_value_double(values[0]));
}

static void to_text(context *to, int n, value **values)
{
    char text[32];
    if (has_null(n, values)) return;
    int bytes = snprintf(text, sizeof text, "%lld", sqlite3_value_int64(values[0]));
    sqlite3_result_text(to, text, bytes, SQLITE_TRANSIENT);
}

/* ---- Texts ---- */

static void change_case(
    context *to, value *of, uint32_t (*change)(const char *text, uint32_t bytes, char *out))
{
    const char *text = (const char *)sqlite3_value_text(of);
    uint32_t bytes = (uint32_t)sqlite3_value_bytes(of);
    char *out = sqlite3_malloc64((sqlite3_uint64)bytes * MR_CASE_GROWTH + 1);
    if (!out)
        sqlite3_result_error_nomem(to);
    else
        sqlite3_result_text(to, out, (int)change(text, bytes, out), sqlite3_free);
}

static void upper(context *to, int n, value **values)
{
    if (!has_null(n, values)) change_case(to, values[0], mr_unicode_upper);
}

static void lower(context *to, int n, value **values)
{
    if (!has_null(n, values)) change_case(to, values[0], mr_unicode_lower);
}

static bool is_in_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c & 0x80);
}

static uint32_t capitalize(const char *text, uint32_t bytes, char *out)
{
    uint32_t used = 0;
    bool is_inside = false;
    for (uint32_t at = 0; at < bytes;) {
        uint32_t length;
        mr_unicode_decode(text + at, bytes - at, &length);
        used += is_inside ? mr_unicode_lower(text + at, length, out + used)
                          : mr_unicode_upper(text + at, length, out + used);
        is_inside = is_in_word(text[at]);
        at += length;
    }
    return used;
}

static void initcap(context *to, int n, value **values)
{
    if (!has_null(n, values)) change_case(to, values[0], capitalize);
}

static void length(context *to, int n, value **values)
{
    if (has_null(n, values)) return;
    sqlite3_result_int64(to, mr_unicode_length((const char *)sqlite3_value_text(values[0]),
                                 (uint32_t)sqlite3_value_bytes(values[0])));
}

/* The letters [start, start + n) of those that there are, counted from 1. */
static void substring(context *to, int n, value **values)
{
    if (has_null(n, values)) return;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    uint32_t bytes = (uint32_t)sqlite3_value_bytes(values[0]);
    sqlite3_int64 start = sqlite3_value_int64(values[1]);
    sqlite3_int64 count = n == 3 ? sqlite3_value_int64(values[2]) : INT64_MAX;
    long long end;
    if (count < 0) {
        fail(to, "CalciteException: Substring error: negative substring length not allowed");
        return;
    }
    if (__builtin_saddll_overflow(start, count, &end)) end = INT64_MAX;
    uint32_t from = bytes, upto = bytes, at = 0;
    for (sqlite3_int64 letter = 1; at < bytes; letter++) {
        uint32_t letter_bytes;
        if (letter >= start && from == bytes) from = at;
        if (letter >= end) {
            upto = at;
            break;
        }
        mr_unicode_decode(text + at, bytes - at, &letter_bytes);
        at += letter_bytes;
    }
    if (from > upto) from = upto;
    sqlite3_result_text(to, text + from, (int)(upto - from), SQLITE_TRANSIENT);
}

struct own {
    const char *name;
    int n_arguments;
    void (*call)(context *to, int n, value **values);
};
static const struct own functions[] = {
    {"mr_add", 2, add},
    {"mr_sub", 2, subtract},
    {"mr_mul", 2, multiply},
    {"mr_div", 2, divide},
    {"mr_mod", 2, modulo},
    {"mr_to_int", 1, to_int},
    {"mr_to_float", 1, to_float},
    {"mr_to_text", 1, to_text},
    {"mr_upper", 1, upper},
    {"mr_lower", 1, lower},
    {"mr_initcap", 1, initcap},
    {"mr_length", 1, length},
    {"mr_substring", 2, substring},
    {"mr_substring", 3, substring},
};

bool mr_sql_functions_add(sqlite3 *db)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (sqlite3_create_function_v2(db, functions[i].name, functions[i].n_arguments,
                SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, functions[i].call, NULL, NULL,
                NULL) != SQLITE_OK)
            return false;
    return true;
}
