/* What the tests of the scenario language share: files that are texts, and a small world around
 * them. */
#ifndef MR_TESTS_TEST_SCENARIOS_LANGUAGE_H
#define MR_TESTS_TEST_SCENARIOS_LANGUAGE_H

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/language/scenario.h"

enum { TEST_FILES_MAX = 8 };

struct test_file {
    const char *path;
    const char *text;
};
struct test_files {
    struct test_file list[TEST_FILES_MAX];
    size_t n;
};

static const char test_pipeline[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config:\n"
    "        topic: events\n"
    "        schema: {at: timestamp, key: string, value: integer, wait: integer}\n"
    "        event_time: at\n"
    "        watermark: {strategy: bounded, max_out_of_orderness: 10s}\n"
    "    - type: WindowInto\n"
    "      config: {windowing: {type: fixed, size: 60s}}\n"
    "    - type: Combine\n"
    "      config: {group_by: key, combine: {n: {fn: count, value: key}}}\n"
    "    - type: WriteToLog\n"
    "      config: {topic: totals, key: key}\n";

static const char test_trace[] = "at,key,value,wait\n"
                                 "2001-01-03 07:00,a,1,5\n"
                                 "2001-01-03 07:01,b,2,1\n"
                                 "2001-01-03 07:02,a,3,2\n";

static inline bool test_read_file(void *self, struct mr_region *region, const char *path,
    const char **text, size_t *bytes, struct mr_err *err)
{
    (void)region;
    const struct test_files *files = self;
    for (size_t i = 0; i < files->n; i++) {
        if (strcmp(files->list[i].path, path) != 0) continue;
        *text = files->list[i].text;
        *bytes = strlen(*text);
        return true;
    }
    return mr_fail(err, MR_ERR_INPUT, "cannot read '%s': no such file", path);
}

static inline void test_add_file(struct test_files *files, const char *path, const char *text)
{
    assert_true(files->n < TEST_FILES_MAX);
    files->list[files->n++] = (struct test_file){path, text};
}

/* Reads `text` as dir/s.yaml, beside the pipeline pipeline.yaml, the trace trace.csv and
 * `more`. */
static inline bool test_try(struct mr_region *region, const char *text,
    const struct test_file *more, const struct mr_scenario **out, struct mr_err *err)
{
    struct test_files files = {.n = 0};
    if (more) test_add_file(&files, more->path, more->text);
    test_add_file(&files, "s.yaml", text);
    test_add_file(&files, "pipeline.yaml", test_pipeline);
    test_add_file(&files, "trace.csv", test_trace);
    struct mr_file_reader reader = {.self = &files, .read = test_read_file};
    return mr_scenario_read(region, "dir/s.yaml", &reader, out, err);
}

static inline const struct mr_scenario *test_read(struct mr_region *region, const char *text)
{
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    if (!test_try(region, text, NULL, &scenario, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        print_error("%s", message);
    }
    assert_non_null(scenario);
    return scenario;
}

static inline void assert_constant(const struct mr_distribution *distribution, int64_t value)
{
    assert_int_equal(distribution->kind, MR_DISTRIBUTION_CONSTANT);
    assert_int_equal(distribution->min, value);
}

static inline void assert_uniform(
    const struct mr_distribution *distribution, int64_t min, int64_t max)
{
    assert_int_equal(distribution->kind, MR_DISTRIBUTION_UNIFORM);
    assert_int_equal(distribution->min, min);
    assert_int_equal(distribution->max, max);
}

/* The top of a scenario whose parts a test adds, and what it needs besides. */
#define TEST_HEAD                                                                              \
    "scenario: s\n"                                                                            \
    "pipeline: pipeline.yaml\n"
#define TEST_STREAM "streams: {events: {generate: {rows: 10, duration: 1s}}}\n"
#define TEST_HEAD_STREAM TEST_HEAD TEST_STREAM

/* A text that is refused: where, why, and what is proposed (NULL: whatever). */
struct test_error {
    const char *text;
    const char *place; /* file:line:col */
    const char *msg;
    const char *hint;
};

static inline void test_error(struct mr_region *region, const char *text,
    const struct test_file *more, const struct test_error *expected)
{
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    char place[512];
    if (test_try(region, text, more, &scenario, &err)) fail_msg("accepted: %s", text);
    snprintf(place, sizeof place, "%s:%d:%d", err.input_file, err.input_line, err.input_col);
    assert_null(scenario);
    assert_int_equal(err.kind, MR_ERR_INPUT);
    assert_string_equal(place, expected->place);
    assert_string_equal(err.msg, expected->msg);
    if (expected->hint) assert_string_equal(err.hint, expected->hint);
}

static inline void test_errors(
    struct mr_region *region, const struct test_error *errors, size_t n)
{
    for (size_t i = 0; i < n; i++) test_error(region, errors[i].text, NULL, &errors[i]);
}

static inline int test_set_up(void **state)
{
    *state = mr_region_create();
    return 0;
}

static inline int test_tear_down(void **state)
{
    mr_region_destroy(*state);
    return 0;
}

#define LANGUAGE_TEST(test) cmocka_unit_test_setup_teardown(test, test_set_up, test_tear_down)

#endif
