/* Late rows that a Combine has dropped and that the oracle has not met yet: a multiset of
 * hashes. */
#ifndef MR_SCENARIOS_ORACLE_DROPS_H
#define MR_SCENARIOS_ORACLE_DROPS_H

#include "base/arena.h"
#include "base/time.h"

struct mr_drop_slot {
    uint64_t hash; /* 0: empty */
    uint64_t count;
};
struct mr_drops {
    uint64_t n;      /* all counts */
    uint32_t n_used; /* slots with a hash */
    uint32_t n_slots;
    struct mr_drop_slot *slots;
    mr_us first_start_us; /* windows of all of them start within [first, last] */
    mr_us last_start_us;
};

/* `hash` is of the window and the row. */
void mr_drops_add(
    struct mr_drops *drops, struct mr_arena *arena, mr_us window_start_us, uint64_t hash);
/* Takes one away; false when there is none. */
bool mr_drops_take(struct mr_drops *drops, uint64_t hash);
void mr_drops_deinit(struct mr_drops *drops, struct mr_arena *arena);

static inline bool mr_drops_may_hold(const struct mr_drops *drops, mr_us window_start_us)
{
    return drops->n > 0 && window_start_us >= drops->first_start_us &&
           window_start_us <= drops->last_start_us;
}

#endif
