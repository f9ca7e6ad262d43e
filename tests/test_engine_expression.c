/* Compiled expressions against a table of what Python computes (expression_table.py). */
#include "tests/test.h"

#include <stdio.h>

#include "tests/expression_table.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

struct fixture {
    struct mr_region *region;
    struct mr_arena *arena;
    struct mr_scratch scratch;
    struct mr_err err;
};

static const struct mr_schema schema = {TABLE_FIELDS, table_fields};
static const struct mr_place place = {"p.yaml", 7, 10};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct mr_arena_options options = {.bytes_max = 64 << 20, .fill = 0xa5};
    if (!mr_arena_open(&options, &fixture->arena, &fixture->err)) return 1;
    mr_scratch_init(&fixture->scratch, fixture->arena);
    fixture->region = mr_region_create();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mr_region_destroy(fixture->region);
    mr_arena_close(fixture->arena);
    free(fixture);
    return 0;
}

static const struct mr_expression *compile(
    struct fixture *fixture, const char *text, const char *language, enum mr_expression_use use)
{
    const struct mr_expression *expression = NULL;
    fixture->err = (struct mr_err){0};
    if (mr_expression_compile(
            fixture->region, text, place, language, use, &schema, &expression, &fixture->err))
        return expression;
    fprintf(stderr, "%s: %s\n", text, fixture->err.msg);
    fail_msg("an expression was refused");
    return NULL;
}

/* ---- against Python ---- */

static void print_cell(const char *what, enum mr_row_error error, struct mr_value value)
{
    char text[512];
    mr_value_format(value, text, sizeof text);
    fprintf(stderr, "  %s %s %s: %s\n", what, mr_type_name((enum mr_type)value.type), text,
        mr_row_error_text(error));
}

static bool is_as_expected(const char *text, uint32_t row, const char *how,
    const struct expression_cell *expected, enum mr_row_error error, struct mr_value value)
{
    bool is_same = error == expected->error && (error || mr_value_same(value, expected->value));
    if (is_same) return true;
    fprintf(stderr, "%s, row %u, by %s\n", text, row, how);
    print_cell("Python", expected->error, expected->value);
    print_cell("not   ", error, value);
    return false;
}

/* 150 rows, so that there are whole words of validity and a part of one: the table's again and
 * again. */
enum { BATCH_ROWS = 150 };

static const struct mr_value *table_values(void)
{
    static struct mr_value values[BATCH_ROWS][TABLE_FIELDS];
    for (uint32_t i = 0; i < BATCH_ROWS; i++)
        for (uint32_t k = 0; k < TABLE_FIELDS; k++)
            values[i][k] = table_rows[i % TABLE_ROWS][k].value;
    return values[0];
}

static uint32_t count_batch_failures(struct fixture *fixture,
    const struct mr_expression *expression, const struct expression_case *expected)
{
    struct mr_batch batch = rows_batch(&schema, table_values(), BATCH_ROWS, &fixture->scratch);
    uint8_t errors[BATCH_ROWS] = {0};
    struct mr_column column =
        mr_expression_batch(expression, &batch, &fixture->scratch, errors);
    uint32_t failures = 0;
    assert_int_equal(column.type, mr_expression_result(expression).type);
    for (uint32_t i = 0; i < BATCH_ROWS; i++)
        failures +=
            !is_as_expected(expected->text, i, "column", &expected->expected[i % TABLE_ROWS],
                (enum mr_row_error)errors[i], mr_column_value(&column, i));
    return failures;
}

static uint32_t count_row_failures(struct fixture *fixture,
    const struct mr_expression *expression, const struct expression_case *expected)
{
    const struct mr_value *values = table_values();
    uint32_t failures = 0;
    for (uint32_t i = 0; i < TABLE_ROWS; i++) {
        struct mr_value value;
        enum mr_row_error error =
            mr_expression_row(expression, values + i * TABLE_FIELDS, &fixture->scratch, &value);
        if (error) assert_int_equal(value.type, MR_TYPE_NULL);
        failures +=
            !is_as_expected(expected->text, i, "row", &expected->expected[i], error, value);
    }
    return failures;
}

static void check_cases(struct fixture *fixture, const struct expression_case *cases, size_t n,
    enum mr_expression_use use)
{
    uint32_t failures = 0;
    for (size_t i = 0; i < n; i++) {
        const struct mr_expression *expression = compile(fixture, cases[i].text, "python", use);
        failures += count_batch_failures(fixture, expression, &cases[i]);
        failures += count_row_failures(fixture, expression, &cases[i]);
        mr_scratch_reset(&fixture->scratch);
    }
    assert_int_equal(failures, 0);
}

static void values_are_those_of_python(void **state)
{
    assert_true(COUNT_OF(value_cases) * TABLE_ROWS > 1500);
    check_cases(*state, value_cases, COUNT_OF(value_cases), MR_USE_VALUE);
}

static void rows_are_kept_by_the_truth_of_python(void **state)
{
    check_cases(*state, keep_cases, COUNT_OF(keep_cases), MR_USE_KEEP);
}

/* Every expression that has a value can be asked for its truth, and that is the truth of its
 * value. */
static void the_truth_of_an_expression_is_that_of_its_value(void **state)
{
    struct fixture *fixture = *state;
    struct mr_batch batch = rows_batch(&schema, table_values(), BATCH_ROWS, &fixture->scratch);
    for (size_t i = 0; i < COUNT_OF(value_cases); i++) {
        const struct mr_expression *expression =
            compile(fixture, value_cases[i].text, "python", MR_USE_KEEP);
        uint8_t errors[BATCH_ROWS] = {0};
        struct mr_column keep =
            mr_expression_batch(expression, &batch, &fixture->scratch, errors);
        assert_int_equal(keep.type, MR_TYPE_BOOL);
        assert_null(keep.valid);
        for (uint32_t row = 0; row < BATCH_ROWS; row++) {
            const struct expression_cell *expected = &value_cases[i].expected[row % TABLE_ROWS];
            struct mr_value value = expected->value;
            bool is_text = value.type == MR_TYPE_STRING || value.type == MR_TYPE_BYTES;
            bool is_true = value.type == MR_TYPE_FLOAT ? value.f != 0
                           : is_text                   ? value.bytes > 0
                                                       : value.i != 0;
            assert_int_equal(errors[row], expected->error);
            assert_int_equal(((const uint8_t *)keep.values)[row], !errors[row] && is_true);
        }
    }
}

/* ---- timestamps ---- */

static const struct {
    const char *text;
    enum mr_row_error error;
    mr_us at_us;
} seconds[] = {
    {"0", MR_ROW_OK, 0},
    {"979804800", MR_ROW_OK, 979804800000000},
    {"-1.5", MR_ROW_OK, -1500000},
    {"0.0000019", MR_ROW_OK, 1},
    {"-0.0000019", MR_ROW_OK, -1},
    {"True", MR_ROW_OK, 1000000},
    {"9223372036854", MR_ROW_OK, 9223372036854000000},
    {"9223372036855", MR_ROW_OVERFLOW, 0},
    {"-9223372036855", MR_ROW_OVERFLOW, 0},
    {"1e13", MR_ROW_OVERFLOW, 0},
    {"1e308", MR_ROW_FLOAT_RANGE, 0},
    {"-float('inf')", MR_ROW_FLOAT_RANGE, 0},
    {"float('nan')", MR_ROW_VALUE, 0},
    {"n", MR_ROW_TYPE, 0},
};

static void a_timestamp_is_seconds_cut_to_microseconds(void **state)
{
    struct fixture *fixture = *state;
    struct mr_value values[2][TABLE_FIELDS] = {0};
    memcpy(values[0], table_values(), sizeof values[0]);
    memcpy(values[1], values[0], sizeof values[0]);
    values[0][2] = values[1][2] = (struct mr_value){.type = MR_TYPE_NULL}; /* n */
    for (size_t i = 0; i < COUNT_OF(seconds); i++) {
        const struct mr_expression *expression =
            compile(fixture, seconds[i].text, "python", MR_USE_TIMESTAMP);
        struct mr_batch batch = rows_batch(&schema, values[0], 2, &fixture->scratch);
        uint8_t errors[2] = {0};
        struct mr_column column =
            mr_expression_batch(expression, &batch, &fixture->scratch, errors);
        struct mr_value value;
        enum mr_row_error error =
            mr_expression_row(expression, values[0], &fixture->scratch, &value);
        assert_int_equal(column.type, MR_TYPE_INT);
        assert_int_equal(errors[1], seconds[i].error);
        assert_int_equal(error, seconds[i].error);
        assert_int_equal(((const mr_us *)column.values)[1], seconds[i].at_us);
        if (!error) assert_int_equal(value.i, seconds[i].at_us);
    }
}

static void timestamps_compare_and_are_true_and_stay_what_they_are(void **state)
{
    struct fixture *fixture = *state;
    static const struct mr_field fields[] = {
        {"at", MR_TYPE_TIMESTAMP, false, NULL}, {"due", MR_TYPE_TIMESTAMP, true, NULL}};
    const struct mr_schema stamps = {2, fields};
    static const struct {
        const char *text;
        enum mr_expression_use use;
        enum mr_row_error errors[3];
        int64_t expected[3];
    } cases[] = {
        {"at == due", MR_USE_VALUE, {0}, {1, 0, 0}},
        {"at < due", MR_USE_VALUE, {0, 0, MR_ROW_TYPE}, {0, 1, 0}},
        {"due is None", MR_USE_VALUE, {0}, {0, 0, 1}},
        {"due", MR_USE_KEEP, {0}, {1, 1, 0}},
        {"at", MR_USE_KEEP, {0}, {1, 1, 1}},
        {"at", MR_USE_TIMESTAMP, {0}, {0, -5, 9}},
        {"due or at", MR_USE_VALUE, {0}, {0, 7, 9}},
        {"due", MR_USE_TIMESTAMP, {0, 0, MR_ROW_TYPE}, {0, 7, 0}},
        {"max(at, due)", MR_USE_VALUE, {0, 0, MR_ROW_TYPE}, {0, 7, 0}},
    };
    struct mr_value rows[3][2] = {
        {{.i = 0, .type = MR_TYPE_TIMESTAMP}, {.i = 0, .type = MR_TYPE_TIMESTAMP}},
        {{.i = -5, .type = MR_TYPE_TIMESTAMP}, {.i = 7, .type = MR_TYPE_TIMESTAMP}},
        {{.i = 9, .type = MR_TYPE_TIMESTAMP}, {.i = 0, .type = MR_TYPE_NULL}}};
    struct mr_batch batch = rows_batch(&stamps, rows[0], 3, &fixture->scratch);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct mr_expression *expression;
        assert_true(mr_expression_compile(fixture->region, cases[i].text, place, "python",
            cases[i].use, &stamps, &expression, &fixture->err));
        uint8_t errors[3] = {0};
        struct mr_column column =
            mr_expression_batch(expression, &batch, &fixture->scratch, errors);
        for (uint32_t row = 0; row < 3; row++) {
            struct mr_value value;
            enum mr_row_error error =
                mr_expression_row(expression, rows[row], &fixture->scratch, &value);
            assert_int_equal(error, cases[i].errors[row]);
            assert_int_equal(errors[row], cases[i].errors[row]);
            assert_int_equal(mr_column_value(&column, row).i, cases[i].expected[row]);
            if (!error) assert_int_equal(value.i, cases[i].expected[row]);
        }
    }
}

/* ---- results and memory ---- */

static void a_mere_field_is_its_column_and_not_a_copy(void **state)
{
    struct fixture *fixture = *state;
    struct mr_batch batch = rows_batch(&schema, table_values(), BATCH_ROWS, &fixture->scratch);
    uint8_t errors[BATCH_ROWS] = {0};
    const struct mr_expression *expression = compile(fixture, " (n) ", "python", MR_USE_VALUE);
    struct mr_column column =
        mr_expression_batch(expression, &batch, &fixture->scratch, errors);
    assert_int_equal(mr_expression_field(expression), 2);
    assert_ptr_equal(column.values, batch.columns[2].values);
    assert_ptr_equal(column.valid, batch.columns[2].valid);
    assert_string_equal(mr_expression_text(expression), " (n) ");
    expression = compile(fixture, "n", "python", MR_USE_KEEP);
    assert_int_equal(mr_expression_field(expression), -1);
    expression = compile(fixture, "+n", "python", MR_USE_VALUE);
    assert_int_equal(mr_expression_field(expression), -1);
}

static void a_result_is_nullable_only_where_none_can_come_out(void **state)
{
    static const struct {
        const char *text;
        enum mr_type type;
        bool is_nullable;
    } cases[] = {{"n", MR_TYPE_INT, true}, {"i", MR_TYPE_INT, false},
        {"n + 1", MR_TYPE_INT, false}, {"n or 0", MR_TYPE_INT, false},
        {"i or n", MR_TYPE_INT, true}, {"n and 1", MR_TYPE_INT, true},
        {"i and 2", MR_TYPE_INT, false}, {"None or s", MR_TYPE_STRING, false},
        {"s if b else None", MR_TYPE_STRING, true}, {"str(u)", MR_TYPE_STRING, false},
        {"u if u is not None else ''", MR_TYPE_STRING, true}, {"i / j", MR_TYPE_FLOAT, false},
        {"b + b", MR_TYPE_INT, false}, {"n == None", MR_TYPE_BOOL, false},
        {"z", MR_TYPE_BYTES, true}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct mr_field field =
            mr_expression_result(compile(*state, cases[i].text, "python", MR_USE_VALUE));
        assert_int_equal(field.type, cases[i].type);
        assert_int_equal(field.is_nullable, cases[i].is_nullable);
        assert_null(field.name);
    }
}

static void a_failed_row_is_zero_and_its_first_error_stays(void **state)
{
    struct fixture *fixture = *state;
    struct mr_batch batch = rows_batch(&schema, table_values(), BATCH_ROWS, &fixture->scratch);
    const struct mr_expression *expression =
        compile(fixture, "(1 // i) + 5", "python", MR_USE_VALUE);
    uint8_t errors[BATCH_ROWS] = {[1] = MR_ROW_VALUE};
    struct mr_column column =
        mr_expression_batch(expression, &batch, &fixture->scratch, errors);
    const int64_t *values = column.values;
    assert_int_equal(errors[0], MR_ROW_ZERO_DIVISION);
    assert_int_equal(values[0], 0);
    assert_int_equal(errors[1], MR_ROW_VALUE);
    assert_int_equal(values[2], 4);
    assert_int_equal(errors[2], MR_ROW_OK);
}

/* As one input of a Flatten has it: a column of no type. */
static void a_field_that_an_input_lacks_is_none_in_every_row(void **state)
{
    struct fixture *fixture = *state;
    struct mr_batch batch = rows_batch(&schema, table_values(), BATCH_ROWS, &fixture->scratch);
    struct mr_column columns[TABLE_FIELDS];
    memcpy(columns, batch.columns, sizeof columns);
    columns[2] = (struct mr_column){.type = MR_TYPE_NULL};  /* n */
    columns[10] = (struct mr_column){.type = MR_TYPE_NULL}; /* u */
    batch.columns = columns;
    uint8_t errors[BATCH_ROWS] = {0};
    struct mr_column column =
        mr_expression_batch(compile(fixture, "u or str(n)", "python", MR_USE_VALUE), &batch,
            &fixture->scratch, errors);
    struct mr_value value = mr_column_value(&column, 149);
    assert_int_equal(value.bytes, 4);
    assert_memory_equal(value.text, "None", 4);
    column = mr_expression_batch(
        compile(fixture, "n", "python", MR_USE_VALUE), &batch, &fixture->scratch, errors);
    assert_int_equal(column.type, MR_TYPE_INT);
    assert_true(mr_column_is_null(&column, 0) && mr_column_is_null(&column, 149));
    assert_int_equal(errors[149], MR_ROW_OK);
    mr_expression_batch(
        compile(fixture, "n + 1", "python", MR_USE_VALUE), &batch, &fixture->scratch, errors);
    assert_int_equal(errors[149], MR_ROW_TYPE);
}

static void a_batch_without_rows_gives_a_column_without_rows(void **state)
{
    struct fixture *fixture = *state;
    struct mr_batch batch = rows_batch(&schema, table_values(), 1, &fixture->scratch);
    batch.n_rows = 0;
    batch.n_selected = 0;
    struct mr_column column = mr_expression_batch(
        compile(fixture, "s + t", "python", MR_USE_VALUE), &batch, &fixture->scratch, NULL);
    assert_int_equal(column.type, MR_TYPE_STRING);
    assert_non_null(column.values);
}

/* ---- generic ---- */

static void generic_is_a_field_a_literal_or_one_comparison(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        enum mr_type type;
        int64_t first; /* in the first row: i = 0 */
    } cases[] = {{"i", MR_TYPE_INT, 0}, {"-12", MR_TYPE_INT, -12},
        {" 2147483646 ", MR_TYPE_INT, 2147483646}, {"i < 3", MR_TYPE_BOOL, 1},
        {"i > -1", MR_TYPE_BOOL, 1}, {"3<i", MR_TYPE_BOOL, 0},
        {"\"a\" < \"b\"", MR_TYPE_BOOL, 1}, {"i < 0.5", MR_TYPE_BOOL, 1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct mr_expression *expression =
            compile(fixture, cases[i].text, "generic", MR_USE_VALUE);
        struct mr_value value;
        assert_int_equal(
            mr_expression_row(expression, table_values(), &fixture->scratch, &value),
            MR_ROW_OK);
        assert_int_equal(value.type, cases[i].type);
        assert_int_equal(value.i, cases[i].first);
    }
}

static void every_error_of_a_row_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(mr_row_error_text(MR_ROW_OK), "");
    assert_string_equal(
        mr_row_error_text(MR_ROW_ZERO_DIVISION), "ZeroDivisionError: division by zero");
    assert_non_null(strstr(mr_row_error_text(MR_ROW_OVERFLOW), "OverflowError: "));
    assert_non_null(strstr(mr_row_error_text(MR_ROW_TYPE), "TypeError: "));
    assert_non_null(strstr(mr_row_error_text(MR_ROW_VALUE), "ValueError: "));
    assert_non_null(strstr(mr_row_error_text(MR_ROW_FLOAT_RANGE), "OverflowError: "));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_those_of_python),
        TEST(rows_are_kept_by_the_truth_of_python),
        TEST(the_truth_of_an_expression_is_that_of_its_value),
        TEST(a_timestamp_is_seconds_cut_to_microseconds),
        TEST(timestamps_compare_and_are_true_and_stay_what_they_are),
        TEST(a_mere_field_is_its_column_and_not_a_copy),
        TEST(a_result_is_nullable_only_where_none_can_come_out),
        TEST(a_failed_row_is_zero_and_its_first_error_stays),
        TEST(a_field_that_an_input_lacks_is_none_in_every_row),
        TEST(a_batch_without_rows_gives_a_column_without_rows),
        TEST(generic_is_a_field_a_literal_or_one_comparison),
        TEST(every_error_of_a_row_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
