/* The check of AssertEqual. */
#ifndef MR_SCENARIOS_CHECKS_ASSERTIONS_H
#define MR_SCENARIOS_CHECKS_ASSERTIONS_H

struct mr_checks;
struct mr_append;

void mr_assertions_init(struct mr_checks *checks);
/* Rows that are visible from now on. */
void mr_assertions_add(struct mr_checks *checks, const struct mr_append *append);
/* The run has finished: everything is committed. */
void mr_assertions_finish(struct mr_checks *checks);

#endif
