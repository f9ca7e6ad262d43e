/* Rows that a step should have met, against those that it did meet: a multiset of hashes with
 * signs. */
#ifndef MR_SCENARIOS_ORACLE_BALANCE_H
#define MR_SCENARIOS_ORACLE_BALANCE_H

#include "base/arena.h"

struct mr_balance_slot {
    uint64_t hash; /* 0: empty */
    int64_t count; /* expected less met */
};
struct mr_balance {
    uint64_t n_missing; /* expected and not met */
    uint64_t n_surplus; /* met and not expected */
    uint32_t n_used;
    uint32_t n_slots;
    struct mr_balance_slot *slots;
};

void mr_balance_expect(struct mr_balance *balance, struct mr_arena *arena, uint64_t hash);
void mr_balance_meet(struct mr_balance *balance, struct mr_arena *arena, uint64_t hash);
void mr_balance_deinit(struct mr_balance *balance, struct mr_arena *arena);

#endif
