#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/data/csv.h"

/* Reads all rows and writes them as `cell|cell;` with quoted cells in parentheses. */
static const char *read_all(const char *text, size_t bytes, struct mr_err *err)
{
    static char out[4096];
    struct mr_csv csv;
    mr_csv_init(&csv, "f.csv", text, bytes);
    size_t used = 0;
    for (;;) {
        struct mr_csv_cell cells[MR_CSV_CELLS_MAX];
        uint32_t n;
        if (!mr_csv_row(&csv, cells, &n, err)) return "error";
        if (n == 0) break;
        for (uint32_t i = 0; i < n; i++) {
            char copy[1024];
            uint32_t length = mr_csv_copy(&cells[i], copy);
            used += (size_t)snprintf(out + used, sizeof out - used,
                cells[i].is_quoted ? "(%.*s)%c" : "%.*s%c", (int)length, copy,
                i + 1 < n ? '|' : ';');
        }
    }
    out[used] = '\0';
    return out;
}

static void assert_rows(const char *text, const char *expected)
{
    struct mr_err err = {0};
    assert_string_equal(read_all(text, strlen(text), &err), expected);
    assert_int_equal(err.kind, MR_ERR_NONE);
}

static void rows_and_cells_are_told_apart(void **state)
{
    (void)state;
    assert_rows("a,b,c\n1,2,3\n", "a|b|c;1|2|3;");
    assert_rows("a,b\n1,2", "a|b;1|2;"); /* no line end at the end */
    assert_rows("a,b\r\n1,2\r\n", "a|b;1|2;");
    assert_rows("a,b\r\n1,2\r", "a|b;1|2;");
    assert_rows(",\n,,\n", "|;||;");
    assert_rows("a,\nb,", "a|;b|;");
    assert_rows(" a , b \n", " a | b ;"); /* blanks belong to the cell */
    assert_rows("a\rb,c\n", "a\rb|c;");
    assert_rows("", "");
    assert_rows("\n\r\n\n", "");
    assert_rows("a\n\n\nb\n\n", "a;b;"); /* blank lines are no rows */
    assert_rows("\xef\xbb\xbf"
                "a,b\n",
        "a|b;");
}

static void quoted_cells_hold_commas_quotes_and_line_ends(void **state)
{
    (void)state;
    assert_rows("\"a,b\",c\n", "(a,b)|c;");
    assert_rows("\"a\"\"b\",\"\"\"\"\n", "(a\"b)|(\");");
    assert_rows("\"\",x\n", "()|x;");
    assert_rows("\"a\nb\r\nc\",d\ne,f\n", "(a\nb\r\nc)|d;e|f;");
    assert_rows("x,\"y\"\r\n", "x|(y);");
    assert_rows("\"x\"", "(x);");
}

static void cells_know_their_place(void **state)
{
    (void)state;
    const char *text = "a,\xc3\xa9\xc3\xa9,c\n\n\"x\ny\",z,\"q\"\nlast\n";
    struct mr_csv csv;
    struct mr_csv_cell cells[MR_CSV_CELLS_MAX];
    uint32_t n;
    struct mr_err err = {0};
    mr_csv_init(&csv, "f.csv", text, strlen(text));
    assert_true(mr_csv_row(&csv, cells, &n, &err));
    struct mr_place place = mr_csv_place(&csv, &cells[2]);
    assert_string_equal(place.file, "f.csv");
    assert_int_equal(place.line, 1);
    assert_int_equal(place.col, 6); /* characters, not bytes */
    assert_true(mr_csv_row(&csv, cells, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(cells[0].line, 3);
    assert_int_equal(cells[0].col, 1);
    assert_int_equal(cells[1].line, 4); /* behind the line end in the quotes */
    assert_int_equal(cells[1].col, 4);
    assert_int_equal(cells[2].col, 6);
    assert_true(mr_csv_row(&csv, cells, &n, &err));
    assert_int_equal(cells[0].line, 5);
    assert_true(mr_csv_row(&csv, cells, &n, &err));
    assert_int_equal(n, 0);
    assert_true(mr_csv_row(&csv, cells, &n, &err)); /* and again: still none */
    assert_int_equal(n, 0);
}

static void malformed_rows_are_refused_at_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line, col;
        const char *message, *quote;
    } cases[] = {
        {"a,b\n1,\"x\n2,3\n", 2, 3, "never closed", "1,\"x"},
        {"a,b\n1,\"x\"y\n", 2, 6, "follows a closing quote", "1,\"x\"y"},
        {"a,b\n\xc3\xa9,x\"y\n", 2, 4, "a quote inside a cell", "\xc3\xa9,x\"y"},
        {"\"", 1, 1, "never closed", "\""},
        {"\"a\nb\"c\n", 2, 3, "follows a closing quote", "b\"c"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_err err = {0};
        assert_string_equal(read_all(cases[i].text, strlen(cases[i].text), &err), "error");
        assert_int_equal(err.kind, MR_ERR_INPUT);
        assert_string_equal(err.input_file, "f.csv");
        assert_int_equal(err.input_line, cases[i].line);
        assert_int_equal(err.input_col, cases[i].col);
        assert_string_equal(err.input_quote, cases[i].quote);
        if (!strstr(err.msg, cases[i].message)) fail_msg("%s", err.msg);
    }
}

static void a_row_has_at_most_1024_cells(void **state)
{
    (void)state;
    char text[MR_CSV_CELLS_MAX + 1];
    struct mr_csv csv;
    struct mr_csv_cell cells[MR_CSV_CELLS_MAX];
    uint32_t n;
    struct mr_err err = {0};
    memset(text, ',', sizeof text);
    mr_csv_init(&csv, "f.csv", text, MR_CSV_CELLS_MAX - 1);
    assert_true(mr_csv_row(&csv, cells, &n, &err));
    assert_int_equal(n, MR_CSV_CELLS_MAX);
    mr_csv_init(&csv, "f.csv", text, MR_CSV_CELLS_MAX);
    assert_false(mr_csv_row(&csv, cells, &n, &err));
    assert_non_null(strstr(err.msg, "more than 1024 cells"));
}

/* Cut anywhere: ASan watches a block of just that size. */
static void a_file_cut_anywhere_does_no_harm(void **state)
{
    (void)state;
    const char *text = "\xef\xbb\xbf"
                       "a,\"b\"\"c\"\r\n\"x\r\ny\",,z\r\n\xc3\xa9,\"\"\"\"\n";
    for (size_t bytes = 0; bytes <= strlen(text); bytes++) {
        char *exact = malloc(bytes + !bytes);
        assert_non_null(exact);
        memcpy(exact, text, bytes);
        struct mr_err err = {0};
        const char *rows = read_all(exact, bytes, &err);
        assert_int_equal(strcmp(rows, "error") == 0, err.kind == MR_ERR_INPUT);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_cells_are_told_apart),
        cmocka_unit_test(quoted_cells_hold_commas_quotes_and_line_ends),
        cmocka_unit_test(cells_know_their_place),
        cmocka_unit_test(malformed_rows_are_refused_at_their_place),
        cmocka_unit_test(a_row_has_at_most_1024_cells),
        cmocka_unit_test(a_file_cut_anywhere_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
