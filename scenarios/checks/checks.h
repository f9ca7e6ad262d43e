/* The checks of a run: they watch engine, broker and world through taps and say what is wrong. They live in the arena
 * and never affect the run. */
#ifndef MR_SCENARIOS_CHECKS_CHECKS_H
#define MR_SCENARIOS_CHECKS_CHECKS_H

#include "scenarios/checks/witness.h"

/* How a run ended. */
enum mr_run_end {
    MR_END_FINISHED,   /* the bounded job committed everything */
    MR_END_RUN_FOR,    /* an open stream reached its declared time */
    MR_END_TIME,       /* limits.virtual_time */
    MR_END_EVENTS,     /* limits.events */
    MR_END_MEMORY,     /* the arena is exhausted */
    MR_END_QUIET,      /* nothing was left to happen, yet the job is not finished */
};

struct mr_checks_config {
    const struct mr_scenario *scenario;
    const struct mr_manifest *manifest;
    struct mr_stream *const *streams; /* [scenario->n_topics]; NULL for outputs */
    const struct mr_world *world;     /* for time, step and which faults are active; set before the first event */
    uint32_t broker_process;          /* to trim what was verified: mr_world_process of it; see keeps_output */
    bool keeps_output;                /* true: nothing is trimmed */
    void *watcher; /* hears what a Combine stores in a snapshot, as the probe does; NULL: nobody */
    void (*stored)(void *watcher, uint32_t transform, const void *state, uint32_t bytes);
};

/* What was checked, so that no work can be skipped unseen. */
struct mr_checks_counts {
    uint64_t rows_read;       /* by sources, repeats after a restore included */
    uint64_t rows_folded;     /* by the oracle */
    uint64_t rows_matched;    /* output rows compared and right */
    uint64_t rows_dropped;    /* late, in completed epochs */
    uint64_t checkpoints;     /* completed */
    uint64_t restores;        /* attempts that started from a checkpoint > 0 */
    uint64_t restarts;        /* attempts beyond the first */
    uint64_t cut_entries;     /* entries of state compared */
    uint64_t messages;        /* of channels */
    uint64_t transactions;    /* committed */
};

struct mr_checks;
struct mr_checks *mr_checks_new(struct mr_arena *arena, const struct mr_checks_config *config);
void mr_checks_set_world(struct mr_checks *checks, const struct mr_world *world);
/* The taps to hang into engine, broker and world. Borrowed; they live as long as the checks. */
const struct mr_probe *mr_checks_probe(struct mr_checks *checks);
const struct mr_lookup_tap *mr_checks_lookup_tap(struct mr_checks *checks);
const struct mr_broker_tap *mr_checks_broker_tap(struct mr_checks *checks);

/* Liveness: call it now and then, at least once a checkpoint interval. Cheap. */
void mr_checks_poll(struct mr_checks *checks, mr_ns now);
/* The job's state as told by the probe. */
enum mr_job_state mr_checks_job_state(const struct mr_checks *checks);
/* Judges what only the end can show. Call it once. */
void mr_checks_finish(struct mr_checks *checks, enum mr_run_end end);
/* Of the one who leads the run: a finding with what it must show; NULL when there is one of its kind already. */
struct mr_witness *mr_checks_report(struct mr_checks *checks, enum mr_verdict verdict);
const struct mr_findings *mr_checks_findings(const struct mr_checks *checks);
struct mr_checks_counts mr_checks_counts(const struct mr_checks *checks);

#endif
