/* The steps of a stepped run, one after the other, until one fails. */
#ifndef MR_SCENARIOS_RUN_STEPS_H
#define MR_SCENARIOS_RUN_STEPS_H

#include "scenarios/run/run.h"

struct run;
enum mr_run_end mr_steps_run(struct run *run, struct mr_run_result *result);

#endif
