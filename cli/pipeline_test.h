/* `millrace test` of pipelines: the `tests:` that Beam YAML files bring. */
#ifndef MR_CLI_PIPELINE_TEST_H
#define MR_CLI_PIPELINE_TEST_H

#include "cli/pipeline_run.h"
#include "reports/junit.h"

struct mr_pipeline_tests {
    struct mr_region *region;
    const char *name; /* only those of this name; NULL: all */
    enum mr_plant plant;
    const char *color;
    const char *jinja_variables; /* NULL: none */
    bool is_verbose;
    bool is_quiet;
    size_t n; /* that were run, and those that are counted below */
    size_t n_failed;
    size_t n_limits;      /* of those that failed, only because they met their limits */
    size_t n_errors;      /* bad input */
    size_t n_passed_over; /* by their name */
    size_t n_names;
    size_t n_outcomes;
    struct mr_junit_test *outcomes; /* [n_outcomes] of those that were run */
    const char **names;             /* [n_names] of all tests that were seen, for the nearest */
};
/* Whether a file has tests; false too where it cannot be read. */
bool mr_pipeline_file_has_tests(struct mr_region *region, const char *path);
/* Runs those of one file and says what came of each. */
void mr_pipeline_tests_run(struct mr_pipeline_tests *tests, const char *path);
/* A line with the numbers. */
void mr_pipeline_tests_sum(const struct mr_pipeline_tests *tests);
/* The exit code; 0 where there were none. */
int mr_pipeline_tests_code(const struct mr_pipeline_tests *tests);

#endif
