#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

static struct mr_place at(int line, int col)
{
    return (struct mr_place){"dir/f.yaml", line, col};
}

static const char *format(const struct mr_err *err)
{
    static char text[2048];
    size_t bytes = mr_err_format(err, text, sizeof text);
    assert_int_equal(bytes, strlen(text));
    return text;
}

static void the_first_error_wins(void **state)
{
    (void)state;
    struct mr_err err = {0};
    assert_false(mr_fail(&err, MR_ERR_IO, "cannot open '%s'", "a"));
    assert_false(mr_fail_at(&err, at(3, 4), "bad %d", 5));
    assert_false(mr_fail(NULL, MR_ERR_IO, "nobody listens"));
    assert_int_equal(err.kind, MR_ERR_IO);
    assert_string_equal(err.msg, "cannot open 'a'");
    assert_string_equal(err.input_file, "");
    assert_non_null(strstr(err.file, "test_base_err.c"));
    assert_string_equal(format(&err), "error: cannot open 'a'\n");
}

static void the_exit_code_follows_the_kind(void **state)
{
    (void)state;
    static const int codes[] = {[MR_ERR_NONE] = 0,
        [MR_ERR_INPUT] = 2,
        [MR_ERR_LIMIT] = 5,
        [MR_ERR_DIVERGED] = 6,
        [MR_ERR_IO] = 7};
    for (int kind = MR_ERR_NONE; kind <= MR_ERR_IO; kind++)
        assert_int_equal(
            mr_err_exit_code(&(struct mr_err){.kind = (enum mr_err_kind)kind}), codes[kind]);
}

static void context_is_put_in_front(void **state)
{
    (void)state;
    struct mr_err err = {0};
    mr_fail(&err, MR_ERR_LIMIT, "too much");
    mr_err_wrap(&err, "scenario '%s'", "x");
    mr_err_wrap(&err, "campaign");
    assert_string_equal(err.msg, "campaign: scenario 'x': too much");
}

static void long_messages_are_cut_at_a_character(void **state)
{
    (void)state;
    struct mr_err err = {0};
    char text[1024];
    memset(text, 'x', sizeof text);
    text[510] = '\xc3'; /* the message has room for its first byte alone */
    text[511] = '\xa9';
    text[1000] = '\0';
    mr_fail(&err, MR_ERR_IO, "%s", text);
    assert_int_equal(strlen(err.msg), 510);
    mr_err_wrap(&err, "%s", text);
    assert_true(strlen(err.msg) < sizeof err.msg);
    assert_int_equal(err.msg[255], ':'); /* the context is cut, the message is still there */
    assert_int_equal(err.msg[257], 'x');
}

static void an_error_looks_like_a_compilers(void **state)
{
    (void)state;
    const char *file = "first: 1\nsecond: twoo\nthird: 3\n";
    static const char *const words[] = {"one", "two", "three"};
    struct mr_err err = {0};
    mr_fail_at(&err, at(2, 9), "no such number '%s'", "twoo");
    mr_err_quote(&err, file, strlen(file));
    mr_err_suggest(&err, "twoo", words, 3);
    assert_int_equal(err.kind, MR_ERR_INPUT);
    assert_string_equal(format(&err), "dir/f.yaml:2:9: error: no such number 'twoo'\n"
                                      "  second: twoo\n"
                                      "          ^\n"
                                      "  did you mean 'two'?\n");
}

static void the_caret_counts_characters_not_bytes(void **state)
{
    (void)state;
    const char *file = "schl\xc3\xbcssel: \xe6\x97\xa5"
                       "x\n";
    struct mr_err err = {0};
    mr_fail_at(&err, at(1, 12), "bad");
    mr_err_quote(&err, file, strlen(file));
    assert_string_equal(format(&err), "dir/f.yaml:1:12: error: bad\n"
                                      "  schl\xc3\xbcssel: \xe6\x97\xa5"
                                      "x\n"
                                      "             ^\n");
}

static void tabs_and_control_characters_are_quoted_as_spaces(void **state)
{
    (void)state;
    const char *file = "a\tb\x1b[31m\xff c\r\n";
    struct mr_err err = {0};
    mr_fail_at(&err, at(1, 3), "bad");
    mr_err_quote(&err, file, strlen(file));
    assert_string_equal(err.input_quote, "a b [31m? c");
    mr_err_quote(&err, "another\n", 8); /* the first quote stays */
    assert_string_equal(err.input_quote, "a b [31m? c");
}

/* Of a line of 10,000 bytes the part around the column is shown, with the caret still below it.
 */
static void a_long_line_is_quoted_around_its_column(void **state)
{
    (void)state;
    char file[10000];
    memset(file, '.', sizeof file);
    for (int i = 0; i < 1000; i += 2) memcpy(file + i, "\xc3\xa9", 2);
    file[500 + 5000 - 1] = '!'; /* behind 500 characters of two bytes */
    struct mr_err err = {0};
    mr_fail_at(&err, at(1, 5000), "bad");
    mr_err_quote(&err, file, sizeof file);
    const char *text = format(&err);
    const char *quote = strchr(text, '\n') + 1;
    const char *carets = strchr(quote, '\n') + 1;
    assert_true(carets - quote < 256);
    assert_int_equal(strchr(quote, '!') - quote, strchr(carets, '^') - carets);
}

static void a_line_that_is_not_there_is_not_quoted(void **state)
{
    (void)state;
    struct mr_err err = {0};
    mr_fail_at(&err, at(3, 1), "bad");
    mr_err_quote(&err, "a\nb", 3);
    assert_string_equal(err.input_quote, "");
    mr_err_quote(&err, "", 0);
    assert_string_equal(format(&err), "dir/f.yaml:3:1: error: bad\n");
    struct mr_err placeless = {0};
    mr_fail_at(&placeless, ((struct mr_place){0}), "bad");
    mr_err_quote(&placeless, "a\n", 2);
    assert_string_equal(format(&placeless), "error: bad\n");
    struct mr_err whole = {0};
    mr_fail_at(&whole, at(0, 0), "bad");
    assert_string_equal(format(&whole), "dir/f.yaml: error: bad\n");
}

static void a_small_buffer_gets_the_start(void **state)
{
    (void)state;
    struct mr_err err = {0};
    mr_fail_at(&err, at(1, 4), "bad");
    mr_err_quote(&err, "abcdef", 6);
    const char *whole = format(&err);
    char expected[256];
    snprintf(expected, sizeof expected, "%s", whole);
    for (size_t size = 1; size < 60; size++) {
        char text[64];
        memset(text, '#', sizeof text);
        size_t bytes = mr_err_format(&err, text, size);
        assert_true(bytes < size);
        assert_int_equal(text[bytes], '\0');
        assert_int_equal(text[size], '#');
        assert_memory_equal(text, expected, bytes);
        assert_true(bytes == size - 1 || bytes == strlen(expected));
    }
}

static const char *suggestion(const char *word, const char *const *words, size_t n)
{
    static struct mr_err err;
    err = (struct mr_err){0};
    mr_err_suggest(&err, word, words, n);
    return err.hint;
}

static void the_nearest_word_is_suggested_if_one_is_near(void **state)
{
    (void)state;
    static const char *const words[] = {
        "workers", "slots", "parallelism", "checkpoint", "batch"};
    assert_string_equal(suggestion("worker", words, 5), "did you mean 'workers'?");
    assert_string_equal(suggestion("Paralelism", words, 5), "did you mean 'parallelism'?");
    assert_string_equal(suggestion("chckpnt", words, 5), ""); /* three of seven letters */
    assert_string_equal(suggestion("chckpoint", words, 5), "did you mean 'checkpoint'?");
    assert_string_equal(suggestion("bat", words, 5), "");
    assert_string_equal(suggestion("parall", words, 5), "did you mean 'parallelism'?"); /* begun */
    assert_string_equal(suggestion("para", words, 5), "");
    static const char *const alike[] = {"window_start", "window_end"};
    assert_string_equal(suggestion("window", alike, 2), ""); /* which of the two? */
    assert_string_equal(suggestion("banana", words, 5), "");
    assert_string_equal(suggestion("", words, 5), "");
    assert_string_equal(suggestion("wrokers", words, 5), "did you mean 'workers'?");
    assert_string_equal(suggestion("b", words, 5), ""); /* everything is near to one letter */
    assert_string_equal(suggestion("worker", words, 0), "");
    static const char *const equal[] = {"ab", "ac"};
    assert_string_equal(suggestion("ad", equal, 2), "did you mean 'ab'?"); /* the first */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(the_exit_code_follows_the_kind),
        cmocka_unit_test(context_is_put_in_front),
        cmocka_unit_test(long_messages_are_cut_at_a_character),
        cmocka_unit_test(an_error_looks_like_a_compilers),
        cmocka_unit_test(the_caret_counts_characters_not_bytes),
        cmocka_unit_test(tabs_and_control_characters_are_quoted_as_spaces),
        cmocka_unit_test(a_long_line_is_quoted_around_its_column),
        cmocka_unit_test(a_line_that_is_not_there_is_not_quoted),
        cmocka_unit_test(a_small_buffer_gets_the_start),
        cmocka_unit_test(the_nearest_word_is_suggested_if_one_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
