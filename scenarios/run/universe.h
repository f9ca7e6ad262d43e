/* The universe test: whatever a run holds outside of its arena would survive going back in
 * time, and show. */
#ifndef MR_SCENARIOS_RUN_UNIVERSE_H
#define MR_SCENARIOS_RUN_UNIVERSE_H

#include "sim/world/world.h"

/* Lives outside of the arena, since it must remember what the arena forgets. */
struct mr_universe;
struct mr_universe *mr_universe_new(uint32_t trials);
void mr_universe_discard(struct mr_universe *universe); /* accepts NULL */

/* After each step of the run. At drawn steps it saves the arena, lets a drawn number of events
 * happen, goes back, lets them happen again and compares the digests; then it goes back once
 * more, so that the run is as it was. */
void mr_universe_try(struct mr_universe *universe, struct mr_arena *arena,
    struct mr_world *world, const struct mr_draws *draws, uint64_t step);
/* Trials whose digests differed. */
uint32_t mr_universe_failures(const struct mr_universe *universe);

#endif
