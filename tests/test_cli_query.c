/* `millrace query`, as a user runs it. */
#include "tests/test_cli_whole.h"

#include <signal.h>

/* Runs the query with each argument as it is: SQL has spaces. */
static void query(struct bench *bench, const char *sql, const char *format, int code)
{
    char *argv[] = {
        (char[]){"millrace"}, (char[]){"query"}, (char[]){"r.mrr"}, NULL, NULL, NULL, NULL};
    int argc = 3;
    if (sql) argv[argc++] = (char *)(uintptr_t)sql;
    char flag[] = "--format";
    if (format) argv[argc++] = flag;
    if (format) argv[argc++] = (char *)(uintptr_t)format;
    bench->pid = fork();
    assert_true(bench->pid >= 0);
    if (bench->pid == 0) {
        int fd = open("output.txt", O_CREAT | O_TRUNC | O_WRONLY, 0666);
        if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0) _exit(99);
        execv(program, argv);
        _exit(98);
    }
    end(bench);
    if (bench->code != code)
        fail_msg("%s: exit %d, not %d:\n%s", sql, bench->code, code, bench->output);
}

static int set_up_record(void **state)
{
    if (set_up(state) != 0) return 1;
    run(*state, "run small.yaml --seed 1 --quiet --record r.mrr", 0);
    return 0;
}

static void without_sql_the_views_are_listed(void **state)
{
    query(*state, NULL, NULL, 0);
    says(*state, "Views:\n  committed_outputs");
    says(*state, "  seeds              run, scenario, seed, verdict, ");
    says(*state, "\nTables:\n  backlog ");
}

static void a_box_is_as_wide_as_what_is_in_it(void **state)
{
    query(*state, "SELECT scenario, seed, verdict AS \"ä\" FROM seeds", NULL, 0);
    assert_string_equal(((struct bench *)*state)->output, "┌──────────┬──────┬──────┐\n"
                                                          "│ scenario │ seed │ ä    │\n"
                                                          "├──────────┼──────┼──────┤\n"
                                                          "│ small    │    1 │ PASS │\n"
                                                          "└──────────┴──────┴──────┘\n");
}

static void csv_is_quoted_where_it_must_be(void **state)
{
    query(*state,
        "SELECT 1 AS a, 'x,\"y' AS \"b,c\", NULL AS n, '' AS e, 0.1 AS f, x'00ff' AS h", "csv",
        0);
    assert_string_equal(
        ((struct bench *)*state)->output, "a,\"b,c\",n,e,f,h\n1,\"x,\"\"y\",,\"\",0.1,00ff\n");
}

static void json_is_a_list_of_objects(void **state)
{
    query(*state,
        "VALUES (1, 'a\"b', NULL, 1.5, x'0f'), (2, 'ä', 9223372036854775807, 1e300, x'')",
        "json", 0);
    assert_string_equal(((struct bench *)*state)->output,
        "[{\"column1\": 1, \"column2\": \"a\\\"b\", \"column3\": null, \"column4\": 1.5, "
        "\"column5\": \"0f\"},\n"
        " {\"column1\": 2, \"column2\": \"ä\", \"column3\": 9223372036854775807, \"column4\": "
        "1e+300, \"column5\": \"\"}]\n");
    query(*state, "SELECT 1 WHERE 0", "json", 0);
    assert_string_equal(((struct bench *)*state)->output, "[]\n");
}

static void nothing_can_be_changed(void **state)
{
    static const char *const attempts[] = {"DELETE FROM runs", "UPDATE runs SET seed = 2",
        "DROP VIEW seeds", "CREATE TEMP TABLE t (a)", "PRAGMA query_only = OFF",
        "ATTACH 'other.db' AS other", "BEGIN", "VACUUM", "INSERT INTO lost VALUES (1, 1, 1, 1)",
        "WITH t AS (SELECT 1) DELETE FROM runs", "REINDEX"};
    char before[1 << 16], after[1 << 16];
    read_text("r.mrr", before, sizeof before);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        query(*state, attempts[i], NULL, 2);
        says(*state, "a record can only be asked");
    }
    query(*state, "SELECT load_extension('x')", NULL, 2);
    read_text("r.mrr", after, sizeof after);
    assert_memory_equal(before, after, sizeof before);
    assert_false(is_there("other.db"));
}

static void wrong_sql_is_exit_2_with_the_nearest_word(void **state)
{
    query(*state, "SELECT * FROM seedz", NULL, 2);
    says(*state, "error: no such table: seedz\n  did you mean 'seeds'?");
    query(*state, "SELECT s.verdikt FROM seeds s", NULL, 2);
    says(*state, "error: no such column: s.verdikt\n  did you mean 'verdict'?");
    query(*state, "SELEC 1", NULL, 2);
    says(*state, "syntax error");
    query(*state, "SELECT 1; SELECT 2", NULL, 2);
    says(*state, "one query at a time");
    query(*state, "  ", NULL, 2);
    says(*state, "the query is empty");
    query(*state, "SELECT abs(-9223372036854775808)", NULL, 2);
    says(*state, "integer overflow");
    says_not(*state, "┌");
    query(*state, "SELECT 1", "bok", 2);
    says(*state, "did you mean 'box'?");
    run(*state, "query small.yaml", 2);
    says(*state, "is not a record");
}

static void a_query_that_does_not_end_can_be_stopped(void **state)
{
    struct bench *bench = *state;
    char *argv[] = {(char[]){"millrace"}, (char[]){"query"}, (char[]){"r.mrr"},
        (char[]){"WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t) "
                 "SELECT i FROM t"},
        (char[]){"--format"}, (char[]){"csv"}, NULL};
    int fds[2];
    char byte;
    assert_int_equal(pipe(fds), 0);
    bench->pid = fork();
    assert_true(bench->pid >= 0);
    if (bench->pid == 0) {
        if (dup2(fds[1], 1) < 0) _exit(99);
        close(fds[0]);
        close(fds[1]);
        execv(program, argv);
        _exit(98);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1); /* it is at work */
    assert_int_equal(kill(bench->pid, SIGINT), 0);
    char rest[4096];
    while (read(fds[0], rest, sizeof rest) > 0) continue;
    close(fds[0]);
    int status;
    assert_int_equal(waitpid(bench->pid, &status, 0), bench->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 130);
}

int main(void)
{
#define RECORDED(name) cmocka_unit_test_setup_teardown(name, set_up_record, tear_down)
    const struct CMUnitTest tests[] = {
        RECORDED(without_sql_the_views_are_listed),
        RECORDED(a_box_is_as_wide_as_what_is_in_it),
        RECORDED(csv_is_quoted_where_it_must_be),
        RECORDED(json_is_a_list_of_objects),
        RECORDED(nothing_can_be_changed),
        RECORDED(wrong_sql_is_exit_2_with_the_nearest_word),
        RECORDED(a_query_that_does_not_end_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
