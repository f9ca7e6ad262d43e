#include "scenarios/oracle/drops.h"

#include <string.h>

enum { SLOTS_MIN = 64 };

static struct mr_drop_slot *slot_of(const struct mr_drops *drops, uint64_t hash)
{
    uint32_t mask = drops->n_slots - 1;
    uint32_t at = (uint32_t)(hash >> 32) & mask;
    while (drops->slots[at].hash && drops->slots[at].hash != hash) at = (at + 1) & mask;
    return &drops->slots[at];
}

/* Leaves behind what has been taken away, and makes room. */
static void rebuild(struct mr_drops *drops, struct mr_arena *arena)
{
    struct mr_drops old = *drops;
    uint32_t n_live = 0;
    for (uint32_t i = 0; i < old.n_slots; i++) n_live += old.slots[i].count > 0;
    drops->n_slots = SLOTS_MIN;
    while (drops->n_slots < 4 * n_live) drops->n_slots *= 2;
    drops->slots = mr_arena_zalloc(arena, sizeof *drops->slots * drops->n_slots);
    drops->n_used = n_live;
    for (uint32_t i = 0; i < old.n_slots; i++)
        if (old.slots[i].count) *slot_of(drops, old.slots[i].hash) = old.slots[i];
    if (old.slots) mr_arena_free(arena, old.slots, sizeof *old.slots * old.n_slots);
}

void mr_drops_add(
    struct mr_drops *drops, struct mr_arena *arena, mr_us window_start_us, uint64_t hash)
{
    hash |= 1; /* not empty */
    if (drops->n_used * 2 >= drops->n_slots) rebuild(drops, arena);
    if (drops->n == 0 || window_start_us < drops->first_start_us)
        drops->first_start_us = window_start_us;
    if (drops->n == 0 || window_start_us > drops->last_start_us)
        drops->last_start_us = window_start_us;
    struct mr_drop_slot *slot = slot_of(drops, hash);
    if (!slot->hash) drops->n_used++;
    slot->hash = hash;
    slot->count++;
    drops->n++;
}

bool mr_drops_take(struct mr_drops *drops, uint64_t hash)
{
    hash |= 1;
    if (drops->n == 0) return false;
    struct mr_drop_slot *slot = slot_of(drops, hash);
    if (slot->count == 0) return false;
    slot->count--;
    drops->n--;
    if (drops->n > 0) return true;
    memset(drops->slots, 0, sizeof *drops->slots * drops->n_slots);
    drops->n_used = 0;
    return true;
}

void mr_drops_deinit(struct mr_drops *drops, struct mr_arena *arena)
{
    if (drops->slots) mr_arena_free(arena, drops->slots, sizeof *drops->slots * drops->n_slots);
    *drops = (struct mr_drops){0};
}
