/* millrace/driver.h: a pipeline led from C. */
#include "tests/test_run_steps.h"

#include "scenarios/run/driver.h"

#define SECOND ((int64_t)1000000)

static struct millrace_driver *open_driver(const char *pipeline)
{
    char error[2048] = "";
    struct millrace_driver *driver = millrace_driver_open(pipeline, NULL, error, sizeof error);
    if (!driver) fail_msg("%s", error);
    assert_string_equal(millrace_driver_error(driver), "");
    return driver;
}

#define assert_ok(driver, call)                                                                \
    do {                                                                                       \
        if (!(call)) fail_msg("%s", millrace_driver_error(driver));                            \
    } while (0)
#define assert_error(driver, call, text)                                                       \
    do {                                                                                       \
        assert_false(call);                                                                    \
        assert_string_equal(millrace_driver_error(driver), text);                              \
    } while (0)

static void rows_go_in_and_panes_come_out(void **state)
{
    (void)state;
    struct millrace_driver *driver = open_driver(test_clicks);
    struct millrace_row row;
    assert_ok(driver, millrace_driver_push(driver, "clicks", "{user: ann, time: 10}"));
    assert_ok(
        driver, millrace_driver_push_at(driver, "clicks", "{\"user\": \"ann\"}", 20 * SECOND));
    assert_ok(driver, millrace_driver_idle(driver, "taps", true));
    assert_false(millrace_driver_take(driver, "counts", &row));
    assert_ok(driver, millrace_driver_watermark(driver, "clicks", 60 * SECOND));
    assert_true(millrace_driver_take(driver, "counts", &row));
    assert_int_equal(row.n_values, 2);
    assert_string_equal(row.names[1], "n");
    assert_int_equal(row.values[0].type, MILLRACE_STRING);
    assert_memory_equal(row.values[0].text, "ann", row.values[0].bytes);
    assert_int_equal(row.values[1].type, MILLRACE_INTEGER);
    assert_int_equal(row.values[1].integer, 2);
    assert_true(row.has_window);
    assert_int_equal(row.window_start_us, 0);
    assert_int_equal(row.window_end_us, 60 * SECOND);
    assert_int_equal(row.time_us, 60 * SECOND - 1);
    assert_int_equal(row.timing, MILLRACE_ON_TIME);
    assert_int_equal(row.index, 0);
    assert_false(millrace_driver_take(driver, "counts", &row));
    assert_ok(driver, millrace_driver_expect(
                          driver, "raw", "[{user: ann, time: 20}, {user: ann, time: 10}]"));
    assert_ok(driver, millrace_driver_finish(driver));
    millrace_driver_close(driver);
}

static void values_go_in_as_they_are(void **state)
{
    (void)state;
    struct millrace_driver *driver = open_driver(test_clicks);
    struct millrace_value values[3] = {{.type = MILLRACE_STRING, .text = "bob", .bytes = 3},
        {.type = MILLRACE_INTEGER, .integer = 5 * SECOND},
        {.type = MILLRACE_INTEGER, .integer = 7}};
    struct millrace_row row;
    assert_ok(driver, millrace_driver_push_values(driver, "clicks", values, 3, 0));
    values[2].type = MILLRACE_NULL;
    assert_ok(driver, millrace_driver_push_values(driver, "clicks", values, 3, 0));
    assert_true(millrace_driver_take(driver, "raw", &row));
    assert_int_equal(row.values[1].type, MILLRACE_TIMESTAMP);
    assert_int_equal(row.values[1].integer, 5 * SECOND);
    assert_int_equal(row.values[2].type, MILLRACE_FLOAT);
    assert_true(row.values[2].number == 7.0);
    assert_false(row.has_window);
    assert_true(millrace_driver_take(driver, "raw", &row));
    assert_int_equal(row.values[2].type, MILLRACE_NULL);
    values[0].type = MILLRACE_INTEGER;
    assert_error(driver, millrace_driver_push_values(driver, "clicks", values, 3, 0),
        "the value of field 'user' is of another type");
    values[0].type = MILLRACE_NULL;
    assert_error(driver, millrace_driver_push_values(driver, "clicks", values, 3, 0),
        "field 'user' cannot be null");
    assert_error(driver, millrace_driver_push_values(driver, "clicks", values, 2, 0),
        "a row of 'clicks' has another number of fields");
    millrace_driver_close(driver);
}

static void a_crash_changes_nothing(void **state)
{
    (void)state;
    struct millrace_driver *driver = open_driver(test_clicks);
    struct millrace_row row;
    assert_ok(driver, millrace_driver_push(driver, "clicks", "{user: ann, time: 10}"));
    assert_ok(driver, millrace_driver_checkpoint(driver));
    assert_ok(driver, millrace_driver_push(driver, "clicks", "{user: ann, time: 11}"));
    assert_true(millrace_driver_take(driver, "raw", &row));
    assert_true(millrace_driver_take(driver, "raw", &row));
    assert_ok(driver, millrace_driver_restore(driver));
    assert_false(millrace_driver_take(driver, "raw", &row)); /* both were taken */
    assert_ok(driver, millrace_driver_step(
                          driver, "expect_state: {transform: Count, key: ann, present: true}"));
    assert_ok(driver,
        millrace_driver_step(driver, "[{watermark: {clicks: 60, taps: 60}}, checkpoint]"));
    assert_ok(driver, millrace_driver_expect(driver, "counts", "[{user: ann, n: 2}]"));
    assert_ok(driver, millrace_driver_finish(driver));
    millrace_driver_close(driver);
}

static void time_moves_only_when_it_is_told_to(void **state)
{
    (void)state;
    struct millrace_driver *driver = open_driver(test_plain);
    struct millrace_row row;
    assert_ok(driver, millrace_driver_advance(driver, 3 * MR_SECOND_NS));
    assert_ok(driver, millrace_driver_push(driver, "words", "{word: a}"));
    assert_true(millrace_driver_take(driver, "out", &row));
    assert_int_equal(row.time_us, 3 * SECOND);
    assert_error(driver, millrace_driver_advance(driver, -1), "time does not go back");
    millrace_driver_close(driver);
}

static void what_fails_says_why_and_the_driver_goes_on(void **state)
{
    (void)state;
    struct millrace_driver *driver = open_driver(test_plain);
    assert_error(
        driver, millrace_driver_watermark(driver, "word", 0), "there is no input 'word'");
    assert_false(millrace_driver_push(driver, "words", "{wort: a}"));
    assert_non_null(strstr(millrace_driver_error(driver), "error: unknown field 'wort'"));
    assert_non_null(strstr(millrace_driver_error(driver), "did you mean 'word'?"));
    assert_ok(driver, millrace_driver_watermark(driver, "words", 10));
    assert_error(driver, millrace_driver_watermark(driver, "words", 9),
        "the watermark of 'words' cannot fall");
    assert_ok(driver, millrace_driver_push(driver, "words", "{word: a}"));
    assert_error(driver, millrace_driver_expect(driver, "out", "[{word: b}]"),
        "step:1: output 'out' lacks 1 of the rows that are expected, and has 1 others\n"
        "expected:\n! {word: \"b\"}\n\nactual:\n! {word: \"a\"}\n");
    assert_ok(driver, millrace_driver_push(driver, "words", "{word: c}"));
    assert_error(driver, millrace_driver_finish(driver),
        "at the end 1 row of output 'out' is claimed by no step\nexpected:\n-\n\nactual:\n"
        "! {word: \"c\"}\n");
    millrace_driver_close(driver);
}

static void a_pipeline_that_cannot_be_read_is_told_with_its_place(void **state)
{
    (void)state;
    char error[2048];
    assert_null(millrace_driver_open("pipeline:\n  type: chan\n", NULL, error, sizeof error));
    assert_non_null(strstr(error, "pipeline.yaml:"));
    millrace_driver_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_go_in_and_panes_come_out),
        cmocka_unit_test(values_go_in_as_they_are),
        cmocka_unit_test(a_crash_changes_nothing),
        cmocka_unit_test(time_moves_only_when_it_is_told_to),
        cmocka_unit_test(what_fails_says_why_and_the_driver_goes_on),
        cmocka_unit_test(a_pipeline_that_cannot_be_read_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
