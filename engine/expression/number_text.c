/* Numbers as text, read and written as Python does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/expression/unicode.h"

/* ---- read ---- */

/* A text of a number on the way: spaces at its ends and digits of other scripts made ASCII, as
 * Python does first. */
struct reader {
    const char *text;
    uint32_t bytes;
    uint32_t at;
};

/* What stands at the reader as ASCII: a digit of any script as its digit, any space as ' ',
 * else '?'. */
static char peek(const struct reader *reader, uint32_t *length)
{
    *length = 1;
    if (reader->at >= reader->bytes) return '\0';
    char byte = reader->text[reader->at];
    if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return ' ';
    if (byte == '\0') return '?';
    if ((unsigned char)byte < 0x80) return byte;
    uint32_t code =
        mr_unicode_decode(reader->text + reader->at, reader->bytes - reader->at, length);
    if (mr_unicode_is_in(code, mr_space_ranges, mr_space_ranges_n)) return ' ';
    for (uint32_t i = 0; i < mr_digit_ranges_n; i++)
        if (code >= mr_digit_ranges[i].first && code <= mr_digit_ranges[i].last)
            return (char)('0' + (code - mr_digit_ranges[i].first) % 10);
    return '?';
}

static char take(struct reader *reader)
{
    uint32_t length;
    char letter = peek(reader, &length);
    reader->at += length;
    return letter;
}

static bool accept(struct reader *reader, char a, char b)
{
    uint32_t length;
    char letter = peek(reader, &length);
    if (letter != a && letter != b) return false;
    reader->at += length;
    return true;
}

static void skip_spaces(struct reader *reader)
{
    while (accept(reader, ' ', ' ')) continue;
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/* Digits with single underscores between them, into `out` unless it is NULL; how many there
 * are, 0 when wrong. */
static uint32_t read_digits(struct reader *reader, char *out)
{
    uint32_t n = 0;
    uint32_t length;
    for (;;) {
        char letter = peek(reader, &length);
        if (!is_digit(letter)) return 0; /* at the start, or behind an underscore */
        while (is_digit(letter)) {
            if (out) out[n] = letter;
            n++;
            reader->at += length;
            letter = peek(reader, &length);
        }
        if (letter != '_') return n;
        reader->at += length;
    }
}

enum { DIGITS_MAX = 4300 }; /* of sys.set_int_max_str_digits */

enum mr_row_error mr_int_from_text(const char *text, uint32_t bytes, int64_t *out)
{
    struct reader reader = {.text = text, .bytes = bytes};
    skip_spaces(&reader);
    bool is_negative = accept(&reader, '-', '-');
    if (!is_negative) accept(&reader, '+', '+');
    struct reader digits = reader;
    uint32_t n = read_digits(&reader, NULL);
    uint32_t end = reader.at;
    skip_spaces(&reader);
    if (n == 0 || n > DIGITS_MAX || reader.at != bytes) return MR_ROW_VALUE;
    int64_t value = 0; /* negative all the way: INT64_MIN has no positive */
    while (digits.at < end) {
        char letter = take(&digits);
        if (letter == '_') continue;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, letter - '0', &value))
            return MR_ROW_OVERFLOW;
    }
    if (!is_negative && value == INT64_MIN) return MR_ROW_OVERFLOW;
    *out = is_negative ? value : -value;
    return MR_ROW_OK;
}

/* `inf`, `infinity`, `nan` in any case. */
static bool read_word(struct reader *reader, double *out)
{
    static const char *const words[] = {"infinity", "inf", "nan"};
    for (uint32_t i = 0; i < 3; i++) {
        struct reader trial = *reader;
        const char *word = words[i];
        while (*word && accept(&trial, *word, (char)(*word - 32))) word++;
        if (*word) continue;
        *reader = trial;
        *out = i == 2 ? __builtin_nan("") : __builtin_inf();
        return true;
    }
    return false;
}

/* Digits where there are any, behind out[*n]; false when an underscore stands wrong. */
static bool read_some_digits(struct reader *reader, char *out, uint32_t *n)
{
    uint32_t length;
    if (!is_digit(peek(reader, &length))) return true;
    uint32_t digits = read_digits(reader, out + *n);
    *n += digits;
    return digits > 0;
}

/* Digits, point, exponent, as ASCII into `out`; the bytes, 0 when it is no number. */
static uint32_t read_decimal(struct reader *reader, char *out)
{
    uint32_t n = 0;
    if (!read_some_digits(reader, out, &n)) return 0;
    uint32_t whole = n;
    if (accept(reader, '.', '.')) {
        out[n++] = '.';
        if (!read_some_digits(reader, out, &n)) return 0;
        if (whole == 0 && n == 1) return 0; /* a point alone */
    }
    if (n == 0) return 0;
    if (!accept(reader, 'e', 'E')) return n;
    out[n++] = 'e';
    if (accept(reader, '-', '-'))
        out[n++] = '-';
    else
        accept(reader, '+', '+');
    uint32_t exponent = read_digits(reader, out + n);
    return exponent ? n + exponent : 0;
}

enum mr_row_error mr_float_from_text(
    const char *text, uint32_t bytes, struct mr_scratch *scratch, double *out)
{
    struct reader reader = {.text = text, .bytes = bytes};
    skip_spaces(&reader);
    bool is_negative = accept(&reader, '-', '-');
    if (!is_negative) accept(&reader, '+', '+');
    double value;
    if (!read_word(&reader, &value)) {
        char *decimal = mr_scratch_alloc(scratch, (size_t)bytes + 1);
        uint32_t n = read_decimal(&reader, decimal);
        if (n == 0) return MR_ROW_VALUE;
        decimal[n] = '\0';
        value = strtod(decimal, NULL); /* correctly rounded in glibc, as Python's own */
    }
    skip_spaces(&reader);
    if (reader.at != bytes) return MR_ROW_VALUE;
    *out = mr_canonical_float(is_negative ? -value : value);
    return MR_ROW_OK;
}

/* ---- written ---- */

uint32_t mr_int_to_text(int64_t value, char out[MR_NUMBER_TEXT_BYTES])
{
    int n = snprintf(out, MR_NUMBER_TEXT_BYTES, "%lld", (long long)value);
    MR_ASSERT(n > 0 && n < MR_NUMBER_TEXT_BYTES);
    return (uint32_t)n;
}
