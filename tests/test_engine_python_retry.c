/* Rows on which a native expression fails: CPython has the last word, and is not asked before.
 */
#include "tests/test.h"

#include <stdio.h>

#include "engine/expression/caller.h"
#include "tests/expression_rows.h"

static const struct mr_field fields[] = {
    {"n", MR_TYPE_INT, false, NULL},
    {"s", MR_TYPE_STRING, false, NULL},
    {"u", MR_TYPE_STRING, true, NULL},
};
enum { FIELDS = sizeof fields / sizeof *fields };
static const struct mr_schema schema = {FIELDS, fields};
static const int64_t large = INT64_C(1) << 62;

struct fixture {
    struct mr_region *region;
    struct mr_arena *arena;
    struct mr_scratch scratch;
    struct mr_caller caller;
    struct mr_err err;
};

static int set_up(void **state)
{
    struct fixture *fixture = mr_alloc(sizeof *fixture);
    struct mr_arena_options options = {.bytes_max = (size_t)64 << 20, .fill = 0xa5};
    fixture->region = mr_region_create();
    assert_true(mr_arena_open(&options, &fixture->arena, &fixture->err));
    mr_scratch_init(&fixture->scratch, fixture->arena);
    fixture->caller.owner = 1;
    fixture->scratch.caller = &fixture->caller;
    mr_python_begin(7);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mr_python_forget(0);
    mr_scratch_deinit(&fixture->scratch);
    mr_arena_close(fixture->arena);
    mr_region_destroy(fixture->region);
    mr_free(fixture);
    return 0;
}

static const struct mr_expression *compile_in(
    struct fixture *fixture, const char *text, bool is_generic, enum mr_expression_use use)
{
    const struct mr_expression *expression = NULL;
    struct mr_udf_text written = {
        .text = text, .place = {"p.yaml", 3, 10}, .is_generic = is_generic};
    if (!mr_expression_compile_udf(
            fixture->region, &written, use, &schema, &expression, &fixture->err))
        fprintf(stderr, "%s\n  %s\n", text, fixture->err.msg);
    assert_non_null(expression);
    assert_false(mr_expression_is_foreign(expression));
    return expression;
}

static const struct mr_expression *compile(struct fixture *fixture, const char *text)
{
    return compile_in(fixture, text, false, MR_USE_VALUE);
}

static struct mr_value text_value(const char *text)
{
    return (struct mr_value){
        .text = text, .bytes = (uint32_t)strlen(text), .type = MR_TYPE_STRING};
}

static void fill_row(struct mr_value *row, int64_t n)
{
    row[0] = (struct mr_value){.i = n, .type = MR_TYPE_INT};
    row[1] = text_value("a long text of a row");
    row[2] = (struct mr_value){.type = MR_TYPE_NULL};
}

/* Of one row, by both evaluators: the value as text, or what was raised. */
static const char *outcome_of(
    struct fixture *fixture, const struct mr_expression *expression, int64_t n, char *out)
{
    struct mr_value row[FIELDS], value;
    fill_row(row, n);
    fixture->caller.failures = NULL;
    enum mr_row_error error = mr_expression_row(expression, row, &fixture->scratch, &value);
    struct mr_row_failure by_row = mr_row_failure_find(&fixture->caller, (uint8_t)error, 0);
    struct mr_batch batch = rows_batch(&schema, row, 1, &fixture->scratch);
    uint8_t errors[1] = {0};
    fixture->caller.failures = NULL;
    struct mr_column column =
        mr_expression_batch(expression, &batch, &fixture->scratch, errors);
    struct mr_row_failure by_column = mr_row_failure_find(&fixture->caller, errors[0], 0);
    assert_int_equal(errors[0], error);
    assert_string_equal(by_column.message, by_row.message);
    assert_string_equal(by_column.stack, by_row.stack);
    if (error) return strcpy(out, by_row.message);
    assert_true(mr_value_same(mr_column_value(&column, 0), value));
    mr_value_format(value, out, 512);
    return out;
}

static void assert_outcome(
    struct fixture *fixture, const char *text, int64_t n, const char *expected)
{
    char out[512];
    assert_string_equal(outcome_of(fixture, compile(fixture, text), n, out), expected);
}

/* ---- tests ---- */

static void an_integer_that_is_large_in_between_is_no_error(void **state)
{
    struct fixture *fixture = *state;
    assert_outcome(fixture, "n * 4 // 8", large, "2305843009213693952");
    assert_outcome(fixture, "str(n * 4)", large, "\"18446744073709551616\"");
    assert_outcome(fixture, "n * n / n", large, "4.611686018427388e+18");
    assert_outcome(fixture, "n * n > 5", large, "true");
    assert_outcome(fixture, "s if n * 4 > n else None", large, "\"a long text of a row\"");
    assert_outcome(fixture, "None if n * 4 > n else s", large, "null");
}

static void a_value_beyond_64_bits_is_the_row_error(void **state)
{
    assert_outcome(
        *state, "n * 4", large, "OverflowError('the integer does not fit into 64 bits')");
}

static void an_error_is_told_in_the_words_of_python(void **state)
{
    struct fixture *fixture = *state;
    assert_outcome(fixture, "1 / n", 0, "ZeroDivisionError('division by zero')");
    assert_outcome(
        fixture, "1 // n", 0, "ZeroDivisionError('integer division or modulo by zero')");
    assert_outcome(fixture, "1 % n", 0, "ZeroDivisionError('integer modulo by zero')");
    assert_outcome(fixture, "1.5 / n", 0, "ZeroDivisionError('float division by zero')");
    assert_outcome(fixture, "1.5 % n", 0, "ZeroDivisionError('float modulo')");
    assert_outcome(fixture, "int(s)", 0,
        "ValueError(\"invalid literal for int() with base 10: 'a long text of a row'\")");
    assert_outcome(fixture, "u.upper()", 0,
        "AttributeError(\"'NoneType' object has no attribute 'upper'\")");
    assert_outcome(fixture, "int(1e300 * 1e300)", 0,
        "OverflowError('cannot convert float infinity to integer')");
}

static void filters_and_timestamps_are_asked_again_too(void **state)
{
    struct fixture *fixture = *state;
    char out[512];
    const struct mr_expression *keep = compile_in(fixture, "n * n > 5", false, MR_USE_KEEP);
    assert_string_equal(outcome_of(fixture, keep, large, out), "true");
    const struct mr_expression *time =
        compile_in(fixture, "n * 4 // n", false, MR_USE_TIMESTAMP);
    assert_string_equal(outcome_of(fixture, time, large, out), "4000000");
}

static void python_is_asked_at_the_first_row_that_fails_and_made_once(void **state)
{
    struct fixture *fixture = *state;
    char out[512];
    const struct mr_expression *expression = compile(fixture, "n * 4 // 8");
    assert_string_equal(outcome_of(fixture, expression, 10, out), "5");
    assert_int_equal(mr_python_functions(), 0);
    outcome_of(fixture, expression, large, out);
    assert_int_equal(mr_python_functions(), 1);
    outcome_of(fixture, expression, large, out);
    outcome_of(fixture, compile(fixture, "n * 4 // 8"), large, out);
    assert_int_equal(mr_python_functions(), 1);
    compile_in(fixture, "n * 4 // 8", false, MR_USE_KEEP);
    outcome_of(fixture, compile_in(fixture, "n * 4 // 8", false, MR_USE_KEEP), large, out);
    assert_int_equal(mr_python_functions(), 2);
}

/* What a campaign points at is gone with it; the next one finds the function all the same. */
static void the_function_outlives_the_campaign(void **state)
{
    struct fixture *fixture = *state;
    assert_outcome(fixture, "n * 4 // 8", large, "2305843009213693952");
    mr_region_destroy(fixture->region);
    fixture->region = mr_region_create();
    mr_python_begin(8);
    assert_outcome(fixture, "n * 4 // 8", large, "2305843009213693952");
    assert_int_equal(mr_python_functions(), 1);
}

/* Rows 0 and 3 fail, row 1 has failed before, row 4 does not count. */
static void only_rows_that_count_and_failed_here_are_asked_again(void **state)
{
    struct fixture *fixture = *state;
    const int64_t ns[] = {large, large, 2, 0, large};
    struct mr_value rows[5][FIELDS];
    for (uint32_t i = 0; i < 5; i++) fill_row(rows[i], ns[i]);
    struct mr_batch batch = rows_batch(&schema, rows[0], 5, &fixture->scratch);
    const uint16_t selection[] = {0, 1, 2, 3};
    batch.selection = selection;
    batch.n_selected = 4;
    uint8_t errors[5] = {[1] = MR_ROW_VALUE};
    struct mr_column column = mr_expression_batch(
        compile(fixture, "str(n * 8 // n)"), &batch, &fixture->scratch, errors);
    assert_int_equal(errors[0], MR_ROW_OK);
    assert_int_equal(errors[1], MR_ROW_VALUE);
    assert_int_equal(errors[2], MR_ROW_OK);
    assert_int_equal(errors[3], MR_ROW_RAISED);
    assert_int_equal(errors[4], MR_ROW_OVERFLOW);
    assert_true(mr_value_same(mr_column_value(&column, 0), text_value("8")));
    assert_int_equal(mr_column_value(&column, 1).bytes, 0);
    assert_true(mr_value_same(mr_column_value(&column, 2), text_value("8")));
    assert_int_equal(mr_column_value(&column, 3).bytes, 0);
    assert_non_null(fixture->caller.failures);
    assert_null(fixture->caller.failures->next);
    assert_int_equal(fixture->caller.failures->row, 3);
}

static void generic_expressions_fail_as_they_did(void **state)
{
    struct fixture *fixture = *state;
    char out[512];
    const struct mr_expression *generic = compile_in(fixture, "u < \"b\"", true, MR_USE_VALUE);
    assert_string_equal(
        outcome_of(fixture, generic, 0, out), "TypeError('None where a value is needed')");
    assert_int_equal(mr_python_functions(), 0);
}

/* A field with a point in its name is no name in Python. */
static void what_python_does_not_take_fails_as_it_did(void **state)
{
    struct fixture *fixture = *state;
    static const struct mr_field failed[] = {{"element.n", MR_TYPE_INT, false, NULL}};
    static const struct mr_schema of_failed = {1, failed};
    const struct mr_expression *expression;
    struct mr_udf_text written = {.text = "element.n * 4", .place = {"p.yaml", 3, 10}};
    assert_true(mr_expression_compile_udf(
        fixture->region, &written, MR_USE_VALUE, &of_failed, &expression, &fixture->err));
    struct mr_value row[] = {{.i = large, .type = MR_TYPE_INT}}, value;
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(
            mr_expression_row(expression, row, &fixture->scratch, &value), MR_ROW_OVERFLOW);
    assert_int_equal(mr_python_functions(), 1); /* which is not tried again */
}

#define RETRY_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RETRY_TEST(an_integer_that_is_large_in_between_is_no_error),
        RETRY_TEST(a_value_beyond_64_bits_is_the_row_error),
        RETRY_TEST(an_error_is_told_in_the_words_of_python),
        RETRY_TEST(filters_and_timestamps_are_asked_again_too),
        RETRY_TEST(python_is_asked_at_the_first_row_that_fails_and_made_once),
        RETRY_TEST(the_function_outlives_the_campaign),
        RETRY_TEST(only_rows_that_count_and_failed_here_are_asked_again),
        RETRY_TEST(generic_expressions_fail_as_they_did),
        RETRY_TEST(what_python_does_not_take_fails_as_it_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
