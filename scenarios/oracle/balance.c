#include "scenarios/oracle/balance.h"

#include <string.h>

enum { SLOTS_MIN = 64 };

static struct mr_balance_slot *slot_for(const struct mr_balance *balance, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (balance->n_slots - 1);
    while (balance->slots[at].hash && balance->slots[at].hash != hash)
        at = (at + 1) & (balance->n_slots - 1);
    return &balance->slots[at];
}

/* What is settled goes. */
static void grow(struct mr_balance *balance, struct mr_arena *arena)
{
    struct mr_balance before = *balance;
    uint32_t n_open = 0;
    for (uint32_t i = 0; i < before.n_slots; i++) n_open += before.slots[i].count != 0;
    balance->n_slots = SLOTS_MIN;
    while (balance->n_slots / 4 < n_open + 1) balance->n_slots *= 2;
    balance->slots = mr_arena_zalloc(arena, sizeof *balance->slots * balance->n_slots);
    balance->n_used = n_open;
    for (uint32_t i = 0; i < before.n_slots; i++)
        if (before.slots[i].count) *slot_for(balance, before.slots[i].hash) = before.slots[i];
    if (before.slots) mr_arena_free(arena, before.slots, sizeof *before.slots * before.n_slots);
}

static int64_t *count_of(struct mr_balance *balance, struct mr_arena *arena, uint64_t hash)
{
    if (hash == 0) hash = 1;
    if (balance->n_used >= balance->n_slots / 2) grow(balance, arena);
    struct mr_balance_slot *slot = slot_for(balance, hash);
    balance->n_used += slot->hash == 0;
    slot->hash = hash;
    return &slot->count;
}

void mr_balance_expect(struct mr_balance *balance, struct mr_arena *arena, uint64_t hash)
{
    int64_t *count = count_of(balance, arena, hash);
    if (*count < 0)
        balance->n_surplus--;
    else
        balance->n_missing++;
    ++*count;
}

void mr_balance_meet(struct mr_balance *balance, struct mr_arena *arena, uint64_t hash)
{
    int64_t *count = count_of(balance, arena, hash);
    if (*count > 0)
        balance->n_missing--;
    else
        balance->n_surplus++;
    --*count;
}

void mr_balance_deinit(struct mr_balance *balance, struct mr_arena *arena)
{
    if (balance->slots)
        mr_arena_free(arena, balance->slots, sizeof *balance->slots * balance->n_slots);
    *balance = (struct mr_balance){0};
}
