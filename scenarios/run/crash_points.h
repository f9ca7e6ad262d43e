/* Every crash point of a run, tried: behind each prefix of what a handler does, the process
 * crashes, and what comes of it is judged. */
#ifndef MR_SCENARIOS_RUN_CRASH_POINTS_H
#define MR_SCENARIOS_RUN_CRASH_POINTS_H

#include <setjmp.h>

#include "scenarios/run/run_internal.h"

/* The fault that strikes at crash points: the last of the run's manifest. It never strikes by
 * itself. */
void mr_crash_points_add_fault(struct run *run);
/* The next handler of the engine crashes behind `prefix` effects; and: if none did, none will.
 */
void mr_crash_points_arm(struct run *run, uint32_t prefix);
void mr_crash_points_disarm(struct run *run);

/* What was tried. Lives outside of the arena, since it must remember what the arena forgets. */
struct mr_crash_points;
struct mr_crash_points *mr_crash_points_new(struct mr_arena *arena);
void mr_crash_points_discard(struct mr_crash_points *points); /* accepts NULL */
/* Runs on to the end, and at each event into everything that a crash in it would lead to, and
 * back. `exhausted` is where a run that outgrows its arena goes. */
enum mr_run_end mr_crash_points_run(struct mr_crash_points *points, struct run *run,
    jmp_buf *exhausted, struct mr_run_result *out);
/* Adds counts and findings to the result of the run in which nothing crashed. */
void mr_crash_points_report(const struct mr_crash_points *points, struct mr_run_result *out);

#endif
