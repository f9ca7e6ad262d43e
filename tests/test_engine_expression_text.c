/* Letters and numbers as text: what str(), float(), int(), upper(), lower() and len() are made
 * of. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "engine/expression/unicode.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static double float_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- floats ---- */

/* How many digits a decimal has, its zeros at both ends aside. */
static int count_digits(const char *text)
{
    int n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9') continue;
        if (*text == '0' && n == 0) continue;
        n += 1;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return n > zeros ? n - zeros : 1;
}

static void check_float(double value)
{
    char text[MR_NUMBER_TEXT_BYTES], shorter[64];
    uint32_t bytes = mr_float_to_text(value, text);
    assert_int_equal(bytes, strlen(text));
    assert_true(strtod(text, NULL) == value);
    int n = count_digits(text);
    if (n == 1) return;
    snprintf(shorter, sizeof shorter, "%.*e", n - 2, value);
    assert_false(strtod(shorter, NULL) == value);
}

static void a_float_is_written_as_short_as_it_reads_back(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        double value = float_of(mr_hash_u64(i));
        if (value - value == 0) check_float(value);
        check_float((double)(mr_hash_u64(i) % 1000000) / 64);
    }
}

/* Powers of two have a nearer neighbour below than above: the decimals around them are uneven.
 */
static void powers_of_two_and_their_neighbours_are_as_short(void **state)
{
    (void)state;
    for (uint64_t exponent = 1; exponent < 2047; exponent++) {
        uint64_t bits = exponent << 52;
        check_float(float_of(bits - 1));
        check_float(float_of(bits));
        check_float(float_of(bits + 1));
    }
    for (int i = 0; i < 52; i++) check_float(float_of(UINT64_C(1) << i));
}

static void floats_are_written_as_python_writes_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0.0"}, {-0.0, "-0.0"}, {1.0, "1.0"}, {0.1, "0.1"}, {1e16, "1e+16"},
        {9999999999999998.0, "9999999999999998.0"}, {123456.789, "123456.789"},
        {0.0001, "0.0001"}, {0.00001, "1e-05"}, {-1.5e-7, "-1.5e-07"}, {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"}, {0x1p-44, "5.684341886080802e-14"},
        {9007199254740993.0, "9007199254740992.0"}, {2.0 / 3, "0.6666666666666666"},
        {-2.2250738585072014e-308, "-2.2250738585072014e-308"}, {__builtin_inf(), "inf"},
        {-__builtin_inf(), "-inf"}, {__builtin_nan(""), "nan"}, {-__builtin_nan(""), "nan"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[MR_NUMBER_TEXT_BYTES];
        uint32_t bytes = mr_float_to_text(cases[i].value, text);
        assert_int_equal(bytes, strlen(cases[i].text));
        assert_memory_equal(text, cases[i].text, bytes);
    }
}

/* ---- numbers read ---- */

static void numbers_are_read_as_python_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum mr_row_error int_error;
        enum mr_row_error float_error;
        int64_t whole;
        double value;
    } cases[] = {
        {"12", MR_ROW_OK, MR_ROW_OK, 12, 12}, {" \t-7\n", MR_ROW_OK, MR_ROW_OK, -7, -7},
        {"+1_000", MR_ROW_OK, MR_ROW_OK, 1000, 1000},
        {"\xd9\xa3\xef\xbc\x92", MR_ROW_OK, MR_ROW_OK, 32, 32}, /* Arabic, then full-width */
        {"\xe2\x80\x83"
         "5\xc2\xa0",
            MR_ROW_OK, MR_ROW_OK, 5, 5},
        {"9223372036854775808", MR_ROW_OVERFLOW, MR_ROW_OK, 0, 0x1p63},
        {"-9223372036854775808", MR_ROW_OK, MR_ROW_OK, INT64_MIN, -0x1p63},
        {"1.5", MR_ROW_VALUE, MR_ROW_OK, 0, 1.5}, {"5.", MR_ROW_VALUE, MR_ROW_OK, 0, 5},
        {".5e-1_0", MR_ROW_VALUE, MR_ROW_OK, 0, .5e-10},
        {"1e400", MR_ROW_VALUE, MR_ROW_OK, 0, __builtin_inf()},
        {"-InFinity", MR_ROW_VALUE, MR_ROW_OK, 0, -__builtin_inf()},
        {"7_.5", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0}, {"1._5", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0},
        {"1.5_", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0}, {"1__0", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0},
        {"_1", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0}, {"1e", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0},
        {".", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0}, {"- 1", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0},
        {"", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0}, {"0x10", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0},
        {"infinit", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0},
        {"1 2", MR_ROW_VALUE, MR_ROW_VALUE, 0, 0},
        {"\x1c"
         "5",
            MR_ROW_VALUE, MR_ROW_VALUE, 0, 0}, /* a space to str.isspace alone */
    };
    struct mr_arena *arena;
    struct mr_arena_options options = {.bytes_max = 1 << 20, .fill = 0xa5};
    struct mr_err err = {0};
    assert_true(mr_arena_open(&options, &arena, &err));
    struct mr_scratch scratch;
    mr_scratch_init(&scratch, arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t bytes = (uint32_t)strlen(cases[i].text);
        int64_t whole = 0;
        double value = 0;
        assert_int_equal(mr_int_from_text(cases[i].text, bytes, &whole), cases[i].int_error);
        assert_int_equal(
            mr_float_from_text(cases[i].text, bytes, &scratch, &value), cases[i].float_error);
        assert_int_equal(whole, cases[i].whole);
        assert_true(value == cases[i].value);
    }
    mr_arena_close(arena);
}

static void digits_beyond_the_limit_of_python_are_refused(void **state)
{
    (void)state;
    char digits[4301];
    int64_t value = -1;
    memset(digits, '0', sizeof digits);
    assert_int_equal(mr_int_from_text(digits, 4300, &value), MR_ROW_OK);
    assert_int_equal(value, 0);
    assert_int_equal(mr_int_from_text(digits, 4301, &value), MR_ROW_VALUE);
}

/* ---- letters ---- */

static void letters_change_their_case_as_in_python(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t letters;
        const char *upper;
        const char *lower;
    } cases[] = {
        {"", 0, "", ""}, {"aZ9_", 4, "AZ9_", "az9_"},
        {"stra\xc3\x9f"
         "e",
            6, "STRASSE",
            "stra\xc3\x9f"
            "e"},
        {"\xef\xac\x83", 1, "FFI", "\xef\xac\x83"},                      /* ffi ligature */
        {"\xc4\xb0", 1, "\xc4\xb0", "i\xcc\x87"},                        /* dotted I */
        {"\xce\x91\xce\xa3", 2, "\xce\x91\xce\xa3", "\xce\xb1\xcf\x82"}, /* final sigma */
        {"\xce\xa3\xce\x91", 2, "\xce\xa3\xce\x91", "\xcf\x83\xce\xb1"}, /* not final */
        {"A.\xce\xa3", 3, "A.\xce\xa3", "a.\xcf\x82"},                   /* over a point */
        {"\xf0\x90\x90\xa8", 1, "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8"}, /* Deseret */
        {"\xe6\x97\xa5\xe6\x9c\xac", 2, "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac"},
        {"a\xff\xc3", 3, "A\xff\xc3", "a\xff\xc3"},          /* no UTF-8 */
        {"\xed\xa0\x80", 3, "\xed\xa0\x80", "\xed\xa0\x80"}, /* a surrogate */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[64];
        uint32_t bytes = (uint32_t)strlen(cases[i].text);
        assert_int_equal(mr_unicode_length(cases[i].text, bytes), cases[i].letters);
        uint32_t n = mr_unicode_upper(cases[i].text, bytes, out);
        assert_int_equal(n, strlen(cases[i].upper));
        assert_memory_equal(out, cases[i].upper, n);
        n = mr_unicode_lower(cases[i].text, bytes, out);
        assert_int_equal(n, strlen(cases[i].lower));
        assert_memory_equal(out, cases[i].lower, n);
    }
}

static void a_letter_is_decoded_as_it_was_encoded(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x110000; code++) {
        if (code >= 0xd800 && code < 0xe000) continue;
        char text[4];
        uint32_t length;
        uint32_t bytes = mr_unicode_encode(code, text);
        if (mr_unicode_decode(text, bytes, &length) != code || length != bytes)
            fail_msg("U+%04x", code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_float_is_written_as_short_as_it_reads_back),
        cmocka_unit_test(powers_of_two_and_their_neighbours_are_as_short),
        cmocka_unit_test(floats_are_written_as_python_writes_them),
        cmocka_unit_test(numbers_are_read_as_python_reads_them),
        cmocka_unit_test(digits_beyond_the_limit_of_python_are_refused),
        cmocka_unit_test(letters_change_their_case_as_in_python),
        cmocka_unit_test(a_letter_is_decoded_as_it_was_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
