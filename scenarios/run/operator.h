/* The job's operator: a person or a script that stops the job and starts it again, over the
 * network like everybody. */
#ifndef MR_SCENARIOS_RUN_OPERATOR_H
#define MR_SCENARIOS_RUN_OPERATOR_H

#include "scenarios/language/scenario.h"

/* Both must outlive the process. */
struct mr_operator_config {
    const struct mr_job *job;
    const struct mr_manifest *manifest; /* its job steps, in order */
};

/* The process; create takes a struct mr_operator_config. It never crashes. A command whose
 * connection breaks is sent again; one that is refused (the job has finished) ends the
 * operator's work. */
extern const struct mr_process_class mr_operator_class;

#endif
