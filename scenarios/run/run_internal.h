/* What the files of run/ share: one run, and its parts from the beginning to the end. */
#ifndef MR_SCENARIOS_RUN_RUN_INTERNAL_H
#define MR_SCENARIOS_RUN_RUN_INTERNAL_H

#include "scenarios/run/operator.h"
#include "scenarios/run/run.h"
#include "scenarios/run/universe.h"

/* How often a run looks up from its events: checks poll, limits are compared. In events. */
enum { MR_LOOK_EVERY = 64 };

struct mr_lead;
struct mr_record_tap;

/* Everything of one run. Lies in the arena, so that it is part of the universe. */
struct run {
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    const struct mr_run_options *options;
    struct mr_draws draws;
    struct mr_manifest manifest;
    struct mr_stream **streams; /* [n_topics]; NULL for outputs */
    struct mr_job job;
    struct mr_broker_config broker;
    struct mr_operator_config operator_config;
    struct mr_lookup_config *lookups; /* [n_lookups of the scenario] */
    struct mr_world_config world_config;
    struct mr_world_tap world_tap;
    struct mr_probe bare_probe; /* has_no_checks: nothing but the job's state */
    enum mr_job_state bare_state;
    struct mr_checks *checks; /* NULL with has_no_checks */
    struct mr_record_tap *record;
    struct mr_world *world;
    uint64_t sometimes;
    uint64_t engine_bytes_max;
    uint64_t step;        /* the event that is happening, for assertions that fail in it */
    struct mr_universe *universe; /* NULL: not tried; outside of the arena */
    struct mr_lead *lead; /* NULL unless the run is led step by step */
};

struct run *mr_run_make(struct mr_arena *arena, const struct mr_scenario *scenario,
    const struct mr_run_options *options);
/* The event number run->step. True when the run ends with it. */
bool mr_run_take_step(struct run *run, enum mr_run_end *end, struct mr_run_result *out);
/* Lets things happen until the run has ended. */
enum mr_run_end mr_run_on(struct run *run, struct mr_run_result *out);
enum mr_job_state mr_run_job_state(const struct run *run);
/* What is done every MR_LOOK_EVERY events. True when the run has ended. */
bool mr_run_look_up(struct run *run, enum mr_run_end *end);
/* After an event of a run with a trace or a recorder. */
void mr_run_trace_step(const struct run *run, uint64_t step, struct mr_run_result *out);
void mr_run_finish(struct run *run, struct mr_run_result *out);
void mr_run_gather(struct run *run, struct mr_run_result *out);
/* The arena is exhausted; `run` may be NULL. */
void mr_run_add_limit(const struct run *run, struct mr_run_result *out);

#endif
