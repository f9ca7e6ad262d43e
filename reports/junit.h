/* JUnit XML for CI servers: a test suite a scenario, a test case a check, a failure with its
 * witness; and a suite a pipeline with tests of its own, a case a test. */
#ifndef MR_REPORTS_JUNIT_H
#define MR_REPORTS_JUNIT_H

#include "base/alloc.h"
#include "scenarios/run/tally.h"

/* An expected failure is a pass. seconds[n_tallies] of wall time. */
void mr_junit_write(struct mr_text *out, const struct mr_tally *const *tallies,
    const double *seconds, size_t n_tallies);

/* A test that a pipeline brings. */
struct mr_junit_test {
    const char *file;
    const char *name;
    const char *outcome; /* NULL: it passed; else "failure", or "error" where it could not be run */
    const char *detail;  /* of what is no pass */
};
/* The same with tests[n_tests]; those of one file stand together. */
void mr_junit_write_all(struct mr_text *out, const struct mr_tally *const *tallies,
    const double *seconds, size_t n_tallies, const struct mr_junit_test *tests, size_t n_tests);

#endif
