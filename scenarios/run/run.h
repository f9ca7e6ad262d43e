/* One run: builds the world of a scenario and a seed, puts the engine into it, lets it happen,
 * and judges it. */
#ifndef MR_SCENARIOS_RUN_RUN_H
#define MR_SCENARIOS_RUN_RUN_H

#include "scenarios/checks/checks.h"
#include "scenarios/recorder.h"

struct mr_run_options {
    uint64_t seed;
    enum mr_plant plant;
    const struct mr_override *overrides; /* sorted; of the draws */
    uint32_t n_overrides;
    uint64_t until_step;                /* stop after so many events; 0: never */
    bool has_no_digest;                 /* only to measure */
    bool has_no_checks;                 /* only to measure */
    const struct mr_recorder *recorder; /* NULL: nothing is recorded */
    /* The digest after every `trace_stride` events from step trace_from on, at most trace_max
     * of them; for bisecting. */
    uint64_t *trace; /* NULL: not wanted */
    uint64_t trace_from;
    uint64_t trace_stride;
    uint32_t trace_max;
    /* Snapshot, run on, go back, run again: so many times at drawn steps (the universe test).
     */
    uint32_t universe_trials;
    /* Crash points: at each handler of an engine process, behind each prefix of its effects that others see, the process
     * crashes, the run goes on to its end and is judged, and goes back. What it finds is among the findings. */
    bool tries_crash_points;
    /* Only this one, in the run itself: the handler of event number `crash_step`. */
    uint64_t crash_step; /* 0: none */
    uint32_t crash_prefix;
    mr_ns crash_restart_after_ns; /* of both */
};

/* Of fixed layout and without pointers, so that it can cross a pipe; the findings come last, so
 * that only those that there are need to. */
struct mr_run_result {
    uint64_t seed;
    uint64_t digest;
    uint64_t steps;
    mr_ns virtual_ns;
    enum mr_run_end end;
    struct mr_checks_counts counts;
    uint64_t sometimes;     /* bit i: milestone i was reached */
    uint64_t faults_struck; /* bit i: fault i of the scenario */
    uint64_t arena_used_bytes;
    uint64_t engine_bytes;     /* of the engine's pools, when the run ended */
    uint64_t engine_bytes_max; /* and at most, as seen every 64 events */
    uint32_t trace_count;
    uint32_t universe_failures; /* trials of the universe test whose digests differed */
    uint64_t crash_points;      /* that were tried */
    uint64_t crash_points_failed;
    uint64_t crash_steps; /* events of all their runs */
    uint64_t failed_step; /* the first that failed: `crash_step` and `crash_prefix` repeat it */
    uint32_t failed_prefix;
    char last_step[256];        /* what the last event was */
    uint32_t n_findings;        /* 0: everything held */
    uint64_t finding_counts[MR_FINDINGS_MAX];
    struct mr_witness findings[MR_FINDINGS_MAX];
};

/* Runs one seed in `arena`, which it resets first. Never fails: what goes wrong is a finding.
 */
void mr_run(struct mr_arena *arena, const struct mr_scenario *scenario,
    const struct mr_run_options *options, struct mr_run_result *out);
/* The arena size that the scenario asks for. */
size_t mr_run_arena_bytes(const struct mr_scenario *scenario);

#endif
