/* What the language of expressions refuses: by name, at its place, with the nearest word. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "engine/expression/expression.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const struct mr_field fields[] = {
    {"i", MR_TYPE_INT, false, NULL},
    {"j", MR_TYPE_INT, false, NULL},
    {"n", MR_TYPE_INT, true, NULL},
    {"f", MR_TYPE_FLOAT, false, NULL},
    {"x", MR_TYPE_FLOAT, true, NULL},
    {"b", MR_TYPE_BOOL, false, NULL},
    {"s", MR_TYPE_STRING, false, NULL},
    {"t", MR_TYPE_STRING, false, NULL},
    {"y", MR_TYPE_BYTES, false, NULL},
    {"at", MR_TYPE_TIMESTAMP, false, NULL},
    {"items", MR_TYPE_LIST, false, NULL},
    {"element.delay", MR_TYPE_INT, false, NULL},
};
static const struct mr_schema schema = {COUNT_OF(fields), fields};
static const struct mr_place place = {"p.yaml", 7, 10};

static int set_up(void **state)
{
    *state = mr_region_create();
    return 0;
}

static int tear_down(void **state)
{
    mr_region_destroy(*state);
    return 0;
}

struct refusal {
    const char *text;
    int col;             /* the text begins in column 10 */
    const char *message; /* a part of it */
    const char *hint;    /* a part of it; NULL: none */
};

static void check_refusals(struct mr_region *region, const struct refusal *refusals, size_t n,
    const char *language, enum mr_expression_use use)
{
    for (size_t i = 0; i < n; i++) {
        const struct refusal *refusal = &refusals[i];
        const struct mr_expression *expression = NULL;
        struct mr_err err = {0};
        bool ok = mr_expression_compile(
            region, refusal->text, place, language, use, &schema, &expression, &err);
        bool is_right =
            !ok && !expression && err.kind == MR_ERR_INPUT && err.input_line == 7 &&
            err.input_col == refusal->col && strcmp(err.input_file, "p.yaml") == 0 &&
            strstr(err.msg, refusal->message) &&
            (refusal->hint ? strstr(err.hint, refusal->hint) != NULL : !err.hint[0]);
        if (is_right) continue;
        fprintf(stderr, "%s\n  expected %d: %s\n  got %d: %s [%s]\n", refusal->text,
            refusal->col, refusal->message, err.input_col, err.msg, err.hint);
        fail_msg("a refusal is not as expected");
    }
}

static const struct refusal python_refusals[] = {
    {"i +", 13, "unexpected the end of the expression", NULL},
    {"", 10, "unexpected the end", NULL},
    {"(i", 12, "')' is missing at the end", NULL},
    {"i j", 12, "unexpected 'j'", NULL},
    {"i ** j", 12, "'**' (power)", NULL},
    {"i & 1", 12, "'&' (bitwise and)", NULL},
    {"~i", 10, "'~' (bitwise not)", NULL},
    {"i << 2", 12, "'<<' (shift)", NULL},
    {"[i]", 10, "'[' (a list or an index)", NULL},
    {"s[::2]", 11, "'[' (a list or an index)", NULL},
    {"s[]", 11, "'[' (a list or an index)", NULL},
    {"i ** 2 ** 3", 12, "'**' (power)", NULL},
    {"i ** 5", 10, "type mismatch: '**' of integer", NULL},
    {"f ** 2", 10, "type mismatch: '**' of float", NULL},
    {"i[0]", 10, "type mismatch: '[]' of integer", NULL},
    {"s[f]", 10, "type mismatch: '[]' of string", NULL},
    {"y[0]", 10, "type mismatch: '[]' of bytes", NULL},
    {"s[f:]", 10, "type mismatch: '[:]' of string", NULL},
    {"s in t in s", 12, "'in' in a chain of comparisons", NULL},
    {"s < t not in s", 16, "'not' in a chain of comparisons", NULL},
    {"s.strip(None)", 10, "type mismatch: 'strip' of string", NULL},
    {"round(s)", 10, "type mismatch: 'round' of string", NULL},
    {"s.find(i)", 10, "type mismatch: 'find' of string", NULL},
    {"{i: 1}", 10, "'{' (a map or a set)", NULL},
    {"i, j", 11, "',' (a tuple)", NULL},
    {"i in s", 10, "type mismatch: 'in' of integer", NULL},
    {"s in [t]", 15, "'[' (a list or an index)", NULL},
    {"lambda: 1", 10, "'lambda' (a function of one's own)", NULL},
    {"(i := 3)", 13, "':=' (assignment)", NULL},
    {"i is j", 12, "'is' is supported with None alone", NULL},
    {"f'{i}'", 10, "a text with 'f' in front", NULL},
    {"b'x'", 10, "a text with 'b' in front", NULL},
    {"'abc", 10, "a text without its end", NULL},
    {"'\\N{DASH}'", 11, "'\\N' is not supported", NULL},
    {"2j", 10, "'2j' is not a number of Python", NULL},
    {"007", 10, "'007' is not a number", NULL},
    {"1__0", 10, "'1__0' is not a number", NULL},
    {"9223372036854775808", 10, "does not fit into 64 bits", NULL},
    {"i + 18446744073709551616", 14, "does not fit into 64 bits", NULL},
    {"i ? j", 12, "'?' has no meaning", NULL},
    {"i # j", 12, "a comment", NULL},
    {"1 + quantity", 14, "unknown field 'quantity'", NULL},
    {"nn", 10, "unknown field 'nn'", "'n'"},
    {"element.quantity", 10, "unknown field 'element.quantity'", NULL},
    {"'\xc3\x9f\xc3\x9f' + quantity", 17, "unknown field 'quantity'", NULL},
    {"pow(i, 2)", 10, "function 'pow' is not supported; there are len, str", NULL},
    {"ints(s)", 10, "function 'ints' is not supported", "'int'"},
    {"s.title()", 12, "method or attribute 'title' is not supported", NULL},
    {"s.uper()", 12, "method or attribute 'uper' is not supported", "'upper'"},
    {"s.upper", 12, "method 'upper' is not called", NULL},
    {"len", 10, "function 'len' is not called", NULL},
    {"i(3)", 10, "field 'i' cannot be called", NULL},
    {"len(s, t)", 10, "'len' takes 1 argument here, not 2", NULL},
    {"min(i)", 10, "'min' takes at least 2 arguments here, not 1", NULL},
    {"s.startswith('a', 1)", 12, "'startswith' takes 1 argument here, not 2", NULL},
    {"int(x=3)", 14, "arguments by keyword", NULL},
    {"str(*s)", 14, "unpacking of arguments ('*')", NULL},
    /* types */
    {"1 + (s + i)", 15, "type mismatch: '+' of string and integer", NULL},
    {"s * 3", 10, "type mismatch: '*' of string and integer", NULL},
    {"s % t", 10, "type mismatch: '%' of string and string", NULL},
    {"None + 1", 10, "type mismatch: '+' of null and integer", NULL},
    {"-s", 10, "type mismatch: '-' of string", NULL},
    {"abs(s)", 10, "type mismatch: 'abs' of string", NULL},
    {"len(i)", 10, "type mismatch: 'len' of integer", NULL},
    {"i.upper()", 10, "type mismatch: 'upper' of integer", NULL},
    {"y.lower()", 10, "type mismatch: 'lower' of bytes", NULL},
    {"str(y)", 10, "type mismatch: 'str' of bytes", NULL},
    {"int(None)", 10, "type mismatch: 'int' of null", NULL},
    {"s.startswith(1)", 10, "type mismatch: 'startswith' of string and integer", NULL},
    {"s.startswith(y)", 10, "type mismatch: 'startswith' of string and bytes", NULL},
    {"i == s", 10, "type mismatch: '==' of integer and string", NULL},
    {"1 < i < s", 14, "type mismatch: '<' of integer and string", NULL},
    {"n < None", 10, "type mismatch: '<' of integer and null", NULL},
    {"i and s", 10, "type mismatch: 'and' of integer and string", NULL},
    {"(i or f) is None", 11, "type mismatch: 'or' of integer and float", NULL},
    {"1 if b else 2.0", 10, "type mismatch: 'if else' of integer and float", NULL},
    {"min(i, f)", 10, "type mismatch: 'min' of integer and float", NULL},
    {"max(1, 2, True)", 10, "type mismatch: 'max' of integer and boolean", NULL},
    {"at + 1", 10, "type mismatch: '+' of timestamp and integer", NULL},
    {"at < 1", 10, "type mismatch: '<' of timestamp and integer", NULL},
    {"int(at)", 10, "type mismatch: 'int' of timestamp", NULL},
    {"items is None", 10, "field 'items' is of type list, which only Python computes with", NULL},
    {"None", 10, "the expression is always None", NULL},
    {"None if b else None", 10, "the expression is always None", NULL},
};

static void what_lies_outside_is_refused_by_name_and_place(void **state)
{
    check_refusals(*state, python_refusals, COUNT_OF(python_refusals), "python", MR_USE_VALUE);
}

static void generic_refuses_what_beam_refuses(void **state)
{
    static const struct refusal refusals[] = {
        {"i >= 3", 10, "compares by '<' and '>' alone: add 'language: python'", NULL},
        {"i == 3", 10, "compares by '<' and '>' alone", NULL},
        {"i + 1", 10, "'i + 1' is not a field", NULL},
        {"quantity", 10, "unknown field 'quantity'", NULL},
        {"i < quantity", 14, "unknown field 'quantity'", NULL},
        {"2147483648", 10, "'2147483648' is not a field", NULL},
        {"'a'", 10, "is not a field, a number or a text in double quotes", NULL},
        {"s < 3", 10, "type mismatch: '<' of string and integer", NULL},
    };
    check_refusals(*state, refusals, COUNT_OF(refusals), "generic", MR_USE_VALUE);
}

static void a_timestamp_is_a_number_or_a_timestamp(void **state)
{
    static const struct refusal generic[] = {
        {"i < 3", 10, "'i < 3' is not a field", NULL},
        {"s", 10, "type mismatch: 'timestamp' of string", NULL},
    };
    static const struct refusal python[] = {
        {"s + t", 10, "type mismatch: 'timestamp' of string", NULL},
        {"None", 10, "type mismatch: 'timestamp' of null", NULL},
    };
    check_refusals(*state, generic, COUNT_OF(generic), "generic", MR_USE_TIMESTAMP);
    check_refusals(*state, python, COUNT_OF(python), "python", MR_USE_TIMESTAMP);
}

/* The indentation of a block is not known to the compiler: its begin is the best place there
 * is. */
static void an_error_in_a_block_of_lines_is_at_its_begin(void **state)
{
    static const struct refusal refusals[] = {
        {"i +\n  quantity", 10, "unknown field 'quantity'", NULL}};
    check_refusals(*state, refusals, COUNT_OF(refusals), "python", MR_USE_VALUE);
}

static void depth_is_bounded_by_an_error(void **state)
{
    struct mr_region *region = *state;
    static const char *const units[] = {"(", "-", "not ", "i + ", "abs(", "i if i else "};
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        struct mr_text text = {0};
        for (uint32_t k = 0; k < 10000; k++) mr_text_printf(&text, "%s", units[i]);
        mr_text_printf(&text, "i");
        struct mr_err err = {0};
        const struct mr_expression *expression;
        assert_false(mr_expression_compile(
            region, text.data, place, "python", MR_USE_VALUE, &schema, &expression, &err));
        assert_non_null(strstr(err.msg, "nested too deeply"));
        mr_text_deinit(&text);
    }
}

/* Fields of failed rows have a point in their name. */
static void a_field_with_a_point_in_its_name_is_found(void **state)
{
    const struct mr_expression *expression;
    struct mr_err err = {0};
    assert_true(mr_expression_compile(
        *state, "element.delay", place, "python", MR_USE_VALUE, &schema, &expression, &err));
    assert_int_equal(mr_expression_field(expression), 11);
    assert_true(mr_expression_compile(
        *state, "element.delay", place, "generic", MR_USE_VALUE, &schema, &expression, &err));
    assert_int_equal(mr_expression_field(expression), 11);
}

/* In Beam the fields are local variables, and those hide the functions. */
static void a_field_hides_the_function_of_its_name(void **state)
{
    static const struct mr_field own[] = {{"len", MR_TYPE_INT, false, NULL}};
    const struct mr_schema hiding = {1, own};
    const struct mr_expression *expression = NULL;
    struct mr_err err = {0};
    assert_true(mr_expression_compile(
        *state, "len + 1", place, "python", MR_USE_VALUE, &hiding, &expression, &err));
    assert_int_equal(mr_expression_result(expression).type, MR_TYPE_INT);
    assert_false(mr_expression_compile(
        *state, "len('a')", place, "python", MR_USE_VALUE, &hiding, &expression, &err));
    assert_non_null(strstr(err.msg, "field 'len' cannot be called"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_lies_outside_is_refused_by_name_and_place),
        TEST(generic_refuses_what_beam_refuses),
        TEST(a_timestamp_is_a_number_or_a_timestamp),
        TEST(an_error_in_a_block_of_lines_is_at_its_begin),
        TEST(depth_is_bounded_by_an_error),
        TEST(a_field_with_a_point_in_its_name_is_found),
        TEST(a_field_hides_the_function_of_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
