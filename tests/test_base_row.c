/* Rows as text, and Python's equality. */
#include "tests/test.h"

#include <string.h>

#include "base/row.h"

static struct mr_value text(const char *value)
{
    return (struct mr_value){
        .type = MR_TYPE_STRING, .text = value, .bytes = (uint32_t)strlen(value)};
}
static struct mr_value integer(int64_t value)
{
    return (struct mr_value){.type = MR_TYPE_INT, .i = value};
}
static struct mr_value number(double value)
{
    return (struct mr_value){.type = MR_TYPE_FLOAT, .f = value};
}
static struct mr_value boolean(bool value)
{
    return (struct mr_value){.type = MR_TYPE_BOOL, .i = value};
}
static const struct mr_value none = {.type = MR_TYPE_NULL};

static void check_python(struct mr_value value, const char *expected)
{
    char out[128];
    assert_int_equal(mr_value_repr(value, out, sizeof out), strlen(expected));
    assert_string_equal(out, expected);
}

/* The right sides were printed by CPython 3.11. */
static void values_look_as_python_prints_them(void **state)
{
    (void)state;
    check_python(none, "None");
    check_python(boolean(true), "True");
    check_python(boolean(false), "False");
    check_python(integer(INT64_MIN), "-9223372036854775808");
    check_python(number(1), "1.0");
    check_python(number(1e22), "1e+22");
    check_python(number(__builtin_nan("")), "nan");
    check_python(number(-__builtin_inf()), "-inf");
    check_python(text(""), "''");
    check_python(text("it's"), "\"it's\"");
    check_python(text("\"it's\""), "'\"it\\'s\"'");
    check_python(text("a\\b\n\r\t\x01\x7f"), "'a\\\\b\\n\\r\\t\\x01\\x7f'");
    check_python(
        text("é \xc2\xa0 \xe2\x80\xa8 \xf3\xa0\x80\x81"), "'é \\xa0 \\u2028 \\U000e0001'");
    struct mr_value bytes = {.type = MR_TYPE_BYTES, .text = "a'\x00\xff", .bytes = 4};
    check_python(bytes, "b\"a'\\x00\\xff\"");
}

static void timestamps_look_as_beam_prints_them(void **state)
{
    (void)state;
    check_python((struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = 1000000}, "Timestamp(1)");
    check_python(
        (struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = 1500000}, "Timestamp(1.500000)");
    check_python(
        (struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = -1500000}, "Timestamp(-1.500000)");
}

static void a_row_has_its_fields_in_order(void **state)
{
    (void)state;
    const struct mr_field fields[] = {
        {"a", MR_TYPE_INT, false, NULL}, {"b", MR_TYPE_STRING, false, NULL},
        {"c", MR_TYPE_FLOAT, true, NULL}};
    const struct mr_schema schema = {3, fields};
    const struct mr_value row[] = {integer(1), text("x"), none};
    char out[128];
    assert_true(mr_row_text_bytes(&schema, row) > 40);
    mr_row_repr(&schema, row, out, sizeof out);
    assert_string_equal(out, "Row(a=1, b='x', c=None)");
    mr_row_json(&schema, row, out, sizeof out);
    assert_string_equal(out, "{\"a\": 1, \"b\": \"x\", \"c\": null}");
}

/* Every size from one byte on: the text is cut, never overrun, and the estimate is enough. */
static void a_row_is_cut_to_what_fits(void **state)
{
    (void)state;
    const struct mr_field fields[] = {{"é", MR_TYPE_STRING, false, NULL}};
    const struct mr_schema schema = {1, fields};
    const struct mr_value row[] = {text("\x01\xf3\xa0\x80\x81\"")};
    char whole[256], out[256];
    size_t bytes = mr_row_repr(&schema, row, whole, mr_row_text_bytes(&schema, row));
    assert_string_equal(whole, "Row(é='\\x01\\U000e0001\"')");
    for (size_t size = 1; size <= bytes; size++) {
        memset(out, 'z', sizeof out);
        size_t written = mr_row_repr(&schema, row, out, size);
        assert_true(written < size);
        assert_int_equal(out[written], '\0');
        assert_memory_equal(out, whole, written);
        assert_int_equal(out[size], 'z');
        written = mr_row_json(&schema, row, out, size);
        assert_true(written < size);
        assert_int_equal(out[written], '\0');
    }
}

static void numbers_are_equal_by_value(void **state)
{
    (void)state;
    assert_true(mr_value_equals(integer(1), number(1)));
    assert_true(mr_value_equals(boolean(true), integer(1)));
    assert_true(mr_value_equals(boolean(true), number(1)));
    assert_true(mr_value_equals(number(0.0), number(-0.0)));
    assert_true(mr_value_equals(number(-0.0), integer(0)));
    assert_false(mr_value_equals(integer(1), number(1.5)));
    assert_false(mr_value_equals(boolean(true), integer(2)));
}

/* 2^53 + 1 and 2^63 have a double beside them that is not they. */
static void large_integers_equal_only_their_own_floats(void **state)
{
    (void)state;
    assert_false(mr_value_equals(integer((INT64_C(1) << 53) + 1), number(0x1p53)));
    assert_true(mr_value_equals(integer(INT64_C(1) << 53), number(0x1p53)));
    assert_false(mr_value_equals(integer(INT64_MAX), number(0x1p63)));
    assert_true(mr_value_equals(number(-0x1p63), integer(INT64_MIN)));
    assert_false(mr_value_equals(integer(0), number(__builtin_inf())));
}

static void other_values_are_equal_within_their_type(void **state)
{
    (void)state;
    assert_true(mr_value_equals(none, none));
    assert_false(mr_value_equals(none, integer(0)));
    assert_false(mr_value_equals(number(__builtin_nan("")), number(__builtin_nan(""))));
    assert_true(mr_value_equals(text("x"), text("x")));
    assert_false(mr_value_equals(text("1"), integer(1)));
    struct mr_value bytes = {.type = MR_TYPE_BYTES, .text = "x", .bytes = 1};
    assert_false(mr_value_equals(text("x"), bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_look_as_python_prints_them),
        cmocka_unit_test(timestamps_look_as_beam_prints_them),
        cmocka_unit_test(a_row_has_its_fields_in_order),
        cmocka_unit_test(a_row_is_cut_to_what_fits),
        cmocka_unit_test(numbers_are_equal_by_value),
        cmocka_unit_test(large_integers_equal_only_their_own_floats),
        cmocka_unit_test(other_values_are_equal_within_their_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
