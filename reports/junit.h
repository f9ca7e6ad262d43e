/* JUnit XML for CI servers: a test suite a scenario, a test case a check, a failure with its
 * witness. */
#ifndef MR_REPORTS_JUNIT_H
#define MR_REPORTS_JUNIT_H

#include "base/alloc.h"
#include "scenarios/run/tally.h"

/* An expected failure is a pass. seconds[n_tallies] of wall time. */
void mr_junit_write(struct mr_text *out, const struct mr_tally *const *tallies,
    const double *seconds, size_t n_tallies);

#endif
