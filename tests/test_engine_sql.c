/* SQL: what expressions and queries yield by Calcite's rules, in both evaluators; what is
 * refused where. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "engine/expression/sql.h"

struct subject {
    struct mr_region *region;
    struct mr_arena *arena;
    struct mr_scratch scratch;
    struct mr_caller caller;
};

static int set_up(void **state)
{
    struct subject *subject = calloc(1, sizeof *subject);
    struct mr_arena_options options = {.bytes_max = 64 << 20, .fill = 0xa5};
    struct mr_err err = {0};
    if (!mr_arena_open(&options, &subject->arena, &err)) return 1;
    subject->region = mr_region_create();
    mr_scratch_init(&subject->scratch, subject->arena);
    subject->scratch.caller = &subject->caller;
    *state = subject;
    return 0;
}

static int tear_down(void **state)
{
    struct subject *subject = *state;
    mr_arena_close(subject->arena);
    mr_region_destroy(subject->region);
    free(subject);
    return 0;
}

static const struct mr_field fields[] = {{"i", MR_TYPE_INT, false, NULL},
    {"j", MR_TYPE_INT, true, NULL}, {"f", MR_TYPE_FLOAT, false, NULL},
    {"s", MR_TYPE_STRING, false, NULL}, {"b", MR_TYPE_BOOL, false, NULL},
    {"t", MR_TYPE_TIMESTAMP, false, NULL}, {"most", MR_TYPE_INT, false, NULL}};
static const struct mr_schema schema = {7, fields};

static struct mr_value text_value(const char *text)
{
    return (struct mr_value){
        .type = MR_TYPE_STRING, .text = text, .bytes = (uint32_t)strlen(text)};
}

static void make_row(struct mr_value row[7])
{
    row[0] = (struct mr_value){.type = MR_TYPE_INT, .i = 7};
    row[1] = (struct mr_value){.type = MR_TYPE_NULL};
    row[2] = (struct mr_value){.type = MR_TYPE_FLOAT, .f = 2.5};
    row[3] = text_value("\xc3\xa4"
                        "b it's Long enough");
    row[4] = (struct mr_value){.type = MR_TYPE_BOOL, .i = 1};
    row[5] = (struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = 1500000};
    row[6] = (struct mr_value){.type = MR_TYPE_INT, .i = INT64_MAX};
}

static const struct mr_expression *compile(
    struct subject *subject, const char *text, enum mr_expression_use use)
{
    const struct mr_expression *expression = NULL;
    struct mr_err err = {0};
    struct mr_place place = {.file = "p.yaml", .line = 1, .col = 1};
    if (!mr_expression_compile_sql(
            subject->region, text, place, "PCOLLECTION", use, &schema, &expression, &err))
        fail_msg("%s: %s", text, err.msg);
    return expression;
}

/* By row, then by column: `type value`, or the error. */
static void assert_yields(struct subject *subject, const char *text, const char *expected)
{
    struct mr_value row[7], value;
    char shown[2][256], formatted[200];
    make_row(row);
    const struct mr_expression *expression = compile(subject, text, MR_USE_VALUE);
    const char *type = mr_type_name(mr_expression_result(expression).type);
    enum mr_row_error error = mr_expression_row(expression, row, &subject->scratch, &value);
    mr_value_format(value, formatted, sizeof formatted);
    snprintf(shown[0], sizeof shown[0], "%s %s", type,
        error ? mr_row_failure_find(&subject->caller, (uint8_t)error, 0).message : formatted);

    struct mr_column columns[7];
    const struct mr_expression *copies[7];
    struct mr_batch batch = {.n_rows = 1, .n_columns = 7, .columns = columns, .n_selected = 1};
    int64_t cells[7];
    struct mr_string string = {.bytes = row[3].bytes};
    uint64_t none = 0;
    memcpy(string.prefix, row[3].text, 4);
    (void)copies;
    for (int i = 0; i < 7; i++) {
        memcpy(&cells[i], &row[i].i, 8);
        columns[i] = (struct mr_column){.type = fields[i].type, .values = &cells[i]};
    }
    columns[1].valid = &none;
    columns[3] =
        (struct mr_column){.type = MR_TYPE_STRING, .values = &string, .heap = row[3].text};
    uint8_t errors[1] = {0};
    subject->caller.failures = NULL;
    struct mr_column column =
        mr_expression_batch(expression, &batch, &subject->scratch, errors);
    mr_value_format(
        errors[0] ? row[1] : mr_column_value(&column, 0), formatted, sizeof formatted);
    snprintf(shown[1], sizeof shown[1], "%s %s", type,
        errors[0] ? mr_row_failure_find(&subject->caller, errors[0], 0).message : formatted);
    if (strcmp(shown[0], expected) != 0 || strcmp(shown[1], expected) != 0)
        fail_msg("%s: %s, %s", text, shown[0], shown[1]);
    subject->caller.failures = NULL;
}

static void expressions_yield_what_calcite_has_them_yield(void **state)
{
    static const char *const cases[][2] = {
        {"i", "integer 7"},
        {"`i` + 1", "integer 8"},
        {"PCOLLECTION.i * 2 - 1", "integer 13"},
        {"i / 2", "integer 3"},
        {"-i / 2", "integer -3"},
        {"MOD(-i, 4)", "integer -3"},
        {"i / f", "float 2.8"},
        {"i / 0", "integer ArithmeticException: / by zero"},
        {"f / 0", "float Infinity"},
        {"most + 1", "integer ArithmeticException: the integer does not fit into 64 bits"},
        {"most * 2", "integer ArithmeticException: the integer does not fit into 64 bits"},
        {"-(-most - 1)", "integer ArithmeticException: the integer does not fit into 64 bits"},
        {"j + 1", "integer null"},
        {"COALESCE(j, i)", "integer 7"},
        {"COALESCE(j, f)", "float 2.5"},
        {"COALESCE(i, f) / 2", "float 3.5"},
        {"NULLIF(i, 7)", "integer null"},
        {"i > 3", "boolean true"},
        {"i > f AND NOT b", "boolean false"},
        {"j > 3 OR b", "boolean true"},
        {"j > 3", "boolean null"},
        {"j IS NULL", "boolean true"},
        {"(j > 3) IS NOT TRUE", "boolean true"},
        {"i BETWEEN 7 AND 8", "boolean true"},
        {"i NOT IN (1, 2, 7)", "boolean false"},
        {"s LIKE '_b%'", "boolean true"},
        {"s LIKE '_B%'", "boolean false"},
        {"s NOT LIKE '%x%'", "boolean true"},
        {"s = 'it''s'", "boolean false"},
        {"UPPER(s)", "string \"ÄB IT'S LONG ENOUGH\""},
        {"INITCAP(s)", "string \"Äb It'S Long Enough\""},
        {"CHAR_LENGTH(s)", "integer 19"},
        {"SUBSTRING(s, 1, 2)", "string \"äb\""},
        {"SUBSTRING(s FROM 9)", "string \"Long enough\""},
        {"SUBSTRING(s, -1, 4)", "string \"äb\""},
        {"SUBSTRING(s, 2, -1)",
            "string CalciteException: Substring error: negative substring length not allowed"},
        {"TRIM('  x ')", "string \"x\""},
        {"TRIM(LEADING 'x' FROM 'xxyx')", "string \"yx\""},
        {"s || '!'", "string \"äb it's Long enough!\""},
        {"CAST(i AS VARCHAR) || '%'", "string \"7%\""},
        {"CAST('12' AS BIGINT) + 1", "integer 13"},
        {"CAST('1x' AS BIGINT)", "integer NumberFormatException: the text is not an integer"},
        {"CAST(f AS INTEGER)", "integer 2"},
        {"CAST(i AS DOUBLE) / 2", "float 3.5"},
        {"CASE WHEN i > 10 THEN 'a' WHEN b THEN 'b' ELSE 'c' END", "string \"b\""},
        {"CASE i WHEN 1 THEN 1 WHEN 7 THEN 2.5 END", "float 2.5"},
        {"ROUND(f)", "float 3.0"},
        {"FLOOR(f) + i", "float 9.0"},
        {"ABS(-f)", "float 2.5"},
        {"GREATEST(i, 9)", "integer 9"},
        {"t", "timestamp \"1970-01-01T00:00:01.5Z\""},
        {"t < TIMESTAMP '2001-01-01 00:00:00'", "boolean true"},
        {"1e3", "float 1000.0"},
        {"TRUE AND b", "boolean true"},
        {"i -- a comment\n + /* another */ 1", "integer 8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_yields(*state, cases[i][0], cases[i][1]);
}

static void a_condition_that_is_unknown_does_not_hold(void **state)
{
    struct subject *subject = *state;
    struct mr_value row[7], value;
    make_row(row);
    const struct mr_expression *keep = compile(subject, "j > 3", MR_USE_KEEP);
    assert_int_equal(mr_expression_row(keep, row, &subject->scratch, &value), MR_ROW_OK);
    assert_int_equal(value.type, MR_TYPE_BOOL);
    assert_int_equal(value.i, 0);
    assert_false(mr_expression_result(keep).is_nullable);
}

static void a_mere_column_needs_no_sqlite(void **state)
{
    assert_int_equal(mr_expression_field(compile(*state, "`f`", MR_USE_VALUE)), 2);
    assert_int_equal(mr_expression_field(compile(*state, "f + 0", MR_USE_VALUE)), -1);
}

struct refusal {
    const char *text;
    int col;
    const char *message;
};

static void what_calcite_refuses_or_sqlite_reads_otherwise_is_refused(void **state)
{
    static const struct refusal refusals[] = {
        {"k + 1", 1, "unknown column 'k'"},
        {"x.i", 1, "unknown column 'x.i'"},
        {"'a' = 1", 7, "type mismatch: '=' of string and integer"},
        {"s + 1", 5, "type mismatch: '+' of string and integer"},
        {"i AND b", 1, "type mismatch: AND needs a boolean, not integer"},
        {"NOT i", 5, "type mismatch: NOT needs a boolean, not integer"},
        {"\"i\"", 1, "names are quoted with `, texts with '"},
        {"'abc", 1, "a ' without its other end"},
        {"i +", 4, "an expression expected, not 'the end'"},
        {"i i", 3, "the end expected, not 'i'"},
        {"i ; DROP TABLE x", 3, "the end expected, not ';'"},
        {"RANDOM()", 1, "unknown function 'RANDOM'"},
        {"DATE('now')", 1, "unknown function 'DATE'"},
        {"CURRENT_TIMESTAMP", 1, "'CURRENT_TIMESTAMP' is not supported"},
        {"load_extension('x')", 1, "unknown function 'load_extension'"},
        {"UPPER(i)", 7, "type mismatch: UPPER of integer"},
        {"ABS(i, i)", 1, "'ABS' does not take 2 arguments"},
        {"COUNT(*)", 1, "'COUNT' of one row: use Combine or Sql"},
        {"TUMBLE(t, 1)", 1,
            "'TUMBLE' is not supported: give the windows with a WindowInto before it"},
        {"NULL", 1, "the type of NULL is not known: CAST it"},
        {"CAST(f AS VARCHAR)", 6,
            "CAST of float to string is not supported: it would not be what Calcite makes of "
            "it"},
        {"CAST(i AS DATE)", 11, "CAST to 'DATE' is not supported"},
        {"(SELECT 1)", 1, "a SELECT inside of an expression is not supported"},
        {"CASE WHEN b THEN 1 ELSE 'x' END", 25, "type mismatch: CASE of integer and string"},
        {"9223372036854775808", 1, "the integer does not fit into 64 bits"},
        {"i & 1", 3, "'&' is not SQL"},
    };
    struct subject *subject = *state;
    struct mr_place place = {.file = "p.yaml", .line = 1, .col = 1};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct mr_expression *expression = NULL;
        struct mr_err err = {0};
        if (mr_expression_compile_sql(subject->region, refusals[i].text, place, "PCOLLECTION",
                MR_USE_VALUE, &schema, &expression, &err))
            fail_msg("accepted: %s", refusals[i].text);
        assert_string_equal(err.msg, refusals[i].message);
        assert_int_equal(err.input_col, refusals[i].col);
    }
}

/* A text may nest as deeply as it likes: it is an error, and no crash. */
static void deep_nesting_is_an_error(void **state)
{
    struct subject *subject = *state;
    char text[4001];
    const struct mr_expression *expression = NULL;
    static const char letters[] = "(-";
    for (size_t k = 0; letters[k]; k++) {
        struct mr_err err = {0};
        memset(text, letters[k], 4000);
        for (size_t i = 1; letters[k] == '-' && i < 4000; i += 2) text[i] = ' ';
        text[4000] = '\0';
        assert_false(mr_expression_compile_sql(subject->region, text, (struct mr_place){0},
            NULL, MR_USE_VALUE, &schema, &expression, &err));
        assert_string_equal(err.msg, "the expression is nested too deeply");
    }
}

/* ---- Queries ---- */

static const struct mr_field people_fields[] = {{"id", MR_TYPE_INT, false, NULL},
    {"name", MR_TYPE_STRING, false, NULL}, {"age", MR_TYPE_INT, true, NULL}};
static const struct mr_field visit_fields[] = {
    {"id", MR_TYPE_INT, false, NULL}, {"cost", MR_TYPE_FLOAT, false, NULL}};
static const struct mr_schema people = {3, people_fields};
static const struct mr_schema visits = {2, visit_fields};
static const struct mr_sql_table tables[] = {{"people", &people}, {"visits", &visits}};

struct shown {
    char text[2048];
    uint32_t n_fields;
};

static void show(void *self, const struct mr_value *values)
{
    struct shown *shown = self;
    for (uint32_t i = 0; i < shown->n_fields; i++) {
        size_t used = strlen(shown->text);
        used += (size_t)snprintf(shown->text + used, sizeof shown->text - used,
            i > 0  ? " "
            : used ? ", "
                   : "");
        mr_value_format(values[i], shown->text + used, sizeof shown->text - used);
    }
}

/* The result is the same whatever the order of the rows. */
static void assert_selects(
    struct subject *subject, const char *query, const char *names, const char *expected)
{
    static const int64_t ids[] = {1, 2, 3, 4};
    static const char *const called[] = {"Ann", "Bo", "Cy", "Di"};
    struct mr_value rows[2][4 * 3], costs[2][5 * 2];
    static const int64_t visitors[] = {1, 1, 2, 9, 3};
    static const double paid[] = {1.5, 2.0, 0.1, 7.0, 0.25};
    for (int order = 0; order < 2; order++) {
        for (int i = 0; i < 4; i++) {
            int k = order ? 3 - i : i;
            rows[order][3 * i] = (struct mr_value){.type = MR_TYPE_INT, .i = ids[k]};
            rows[order][3 * i + 1] = text_value(called[k]);
            rows[order][3 * i + 2] = (struct mr_value){.type = MR_TYPE_NULL};
            if (k > 0)
                rows[order][3 * i + 2] =
                    (struct mr_value){.type = MR_TYPE_INT, .i = 20 * k + 1};
        }
        for (int i = 0; i < 5; i++) {
            int k = order ? 4 - i : i;
            costs[order][2 * i] = (struct mr_value){.type = MR_TYPE_INT, .i = visitors[k]};
            costs[order][2 * i + 1] = (struct mr_value){.type = MR_TYPE_FLOAT, .f = paid[k]};
        }
    }
    struct mr_sql_select select;
    struct mr_err err = {0};
    if (!mr_sql_select_compile(subject->region, query,
            (struct mr_place){.file = "p.yaml", .line = 1, .col = 1}, tables, 2, &select, &err))
        fail_msg("%s: %s", query, err.msg);
    char told[512] = "";
    for (uint32_t i = 0; i < select.schema.n_fields; i++)
        snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s:%s%s", i > 0 ? " " : "",
            select.schema.fields[i].name, mr_type_name(select.schema.fields[i].type),
            select.schema.fields[i].is_nullable ? "?" : "");
    assert_string_equal(told, names);
    for (int order = 0; order < 2; order++) {
        struct mr_sql_rows input[2] = {{4, rows[order]}, {5, costs[order]}};
        struct shown shown = {.n_fields = select.schema.n_fields};
        const char *failure = "";
        if (!mr_sql_query_run(select.query, order ? MR_SQL_ENGINE : MR_SQL_ORACLE, input,
                &subject->scratch, &shown, show, &failure))
            snprintf(shown.text, sizeof shown.text, "%s", failure);
        assert_string_equal(shown.text, expected);
    }
}

static void queries_yield_rows_with_names_and_types(void **state)
{
    assert_selects(*state, "SELECT * FROM people ORDER BY id DESC LIMIT 1",
        "id:integer name:string age:integer?", "4 \"Di\" 61");
    assert_selects(*state, "SELECT id, SUM(cost), COUNT(*) AS n FROM visits GROUP BY id",
        "id:integer EXPR$1:float? n:integer", "1 3.5 2, 2 0.1 1, 3 0.25 1, 9 7.0 1");
    assert_selects(*state,
        "SELECT p.name, v.cost FROM people p JOIN visits AS v ON p.id = v.id WHERE v.cost < 2 "
        "ORDER BY cost LIMIT 10",
        "name:string cost:float?", "\"Bo\" 0.1, \"Cy\" 0.25, \"Ann\" 1.5");
    assert_selects(*state,
        "select name, count(cost) from people left join visits on people.id = visits.id group "
        "by name having count(cost) <> 1 order by name limit 5",
        "name:string EXPR$1:integer", "\"Ann\" 2, \"Di\" 0");
    assert_selects(*state, "SELECT COUNT(DISTINCT id) d, AVG(age) FROM people",
        "d:integer EXPR$1:integer?", "4 41");
    assert_selects(*state,
        "SELECT id FROM people UNION SELECT id FROM visits ORDER BY id LIMIT 10", "id:integer",
        "1, 2, 3, 4, 9");
    assert_selects(*state,
        "SELECT MAX(n) AS most FROM (SELECT id, COUNT(*) AS n FROM visits GROUP BY id) AS c",
        "most:integer?", "2");
    assert_selects(*state,
        "SELECT p.*, v.* FROM people p FULL OUTER JOIN visits v ON p.id = v.id AND p.id > 3 "
        "ORDER BY id, cost LIMIT 2",
        "id:integer? name:string? age:integer? id0:integer? cost:float?",
        "1 \"Ann\" null null null, 2 \"Bo\" 21 null null");
    assert_selects(*state, "SELECT DISTINCT id / 2 FROM people ORDER BY `EXPR$0` LIMIT 9",
        "EXPR$0:integer", "0, 1, 2");
    assert_selects(*state, "SELECT 1 / (COUNT(*) - 4) FROM people", "EXPR$0:integer",
        "ArithmeticException: / by zero");
    assert_selects(*state, "SELECT id FROM people LIMIT 2", "id:integer", "1, 2");
}

/* Each row is joined with each, and with each again: 4^20 rows would take for ever. */
static void a_query_without_end_is_ended(void **state)
{
    assert_selects(*state,
        "SELECT COUNT(*) FROM people a, people b, people c, people d, people e, people f, "
        "people g, people h, people i, people j, people k, people l, people m, people n",
        "EXPR$0:integer", "the query takes too many steps");
}

static void queries_are_refused_at_their_place(void **state)
{
    static const struct refusal refusals[] = {
        {"SELECT * FROM peple", 15, "unknown table 'peple'"},
        {"SELECT x FROM people", 8, "unknown column 'x'"},
        {"SELECT id FROM people, visits", 8, "column 'id' is ambiguous"},
        {"SELECT name FROM people GROUP BY id", 8,
            "a column that is neither grouped by nor in an aggregate"},
        {"SELECT name, COUNT(*) FROM people", 8,
            "a column that is neither grouped by nor in an aggregate"},
        {"SELECT id FROM people ORDER BY id", 29, "ORDER BY without a LIMIT is not supported"},
        {"SELECT id FROM people WHERE COUNT(*) > 1", 29, "an aggregate in WHERE"},
        {"SELECT SUM(COUNT(*)) FROM people", 12, "an aggregate inside of another"},
        {"SELECT SUM(name) FROM people", 12, "type mismatch: SUM of string"},
        {"SELECT id FROM people UNION SELECT name FROM people", 29,
            "type mismatch: UNION of integer and string"},
        {"SELECT id FROM people WHERE id IN (SELECT id FROM visits)", 36,
            "a SELECT inside of an expression is not supported"},
        {"SELECT id FROM people GROUP BY TUMBLE(id, 1)", 32,
            "'TUMBLE' is not supported: give the windows with a WindowInto before it"},
        {"SELECT SUM(id) OVER (ORDER BY id) FROM people", 16, "'OVER' is not supported"},
        {"DELETE FROM people", 1, "'SELECT' expected, not 'DELETE'"},
        {"WITH x AS (SELECT 1) SELECT * FROM x", 1, "'WITH' is not supported"},
        {"SELECT id FROM people; DROP TABLE people", 24, "the end expected, not 'DROP'"},
    };
    struct subject *subject = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct mr_sql_select select;
        struct mr_err err = {0};
        if (mr_sql_select_compile(subject->region, refusals[i].text,
                (struct mr_place){.file = "p.yaml", .line = 1, .col = 1}, tables, 2, &select,
                &err))
            fail_msg("accepted: %s", refusals[i].text);
        assert_string_equal(err.msg, refusals[i].message);
        if (err.input_col != refusals[i].col)
            fail_msg("%s: column %d", refusals[i].text, err.input_col);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(expressions_yield_what_calcite_has_them_yield),
        TEST(a_condition_that_is_unknown_does_not_hold),
        TEST(a_mere_column_needs_no_sqlite),
        TEST(what_calcite_refuses_or_sqlite_reads_otherwise_is_refused),
        TEST(deep_nesting_is_an_error),
        TEST(queries_yield_rows_with_names_and_types),
        TEST(a_query_without_end_is_ended),
        TEST(queries_are_refused_at_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
