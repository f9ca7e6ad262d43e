/* A wheel of 64 slots a level, 6 bits of the time a level, like a radix heap with 64 ways.
 *
 * Invariants.
 * 1. `base_ns` is at or before every pending event, and only rises.
 * 2. An event lies in the level of the highest group of 6 bits in which its time differs from
 * `base_ns` (level 0 when none does), in the slot that those 6 bits of its time name. So
 * everything in a level is due before everything in the levels above, and all that is due at
 * one time is in one slot.
 * 3. A slot is a list in order of push. Moving the base moves a whole slot in order, and into
 * levels that are empty: equal times keep their order without a sequence number.
 * 4. The lists of a slot whose bit is not set are undefined: a fresh queue clears its bitmaps
 * only. */
#include "sim/world/queue.h"

#include <string.h>

enum { SLOT_BITS = 6, SLOTS = 1 << SLOT_BITS, LEVELS = 11 };
_Static_assert(63 <= LEVELS * SLOT_BITS, "the levels cover every time");

struct slot {
    struct mr_event *first;
    struct mr_event *last;
    mr_ns at_min_ns; /* exact: from a slot above level 0 everything is taken at once */
    mr_ns at_max_ns;
};

struct mr_queue {
    mr_ns base_ns;
    uint64_t count;
    uint32_t used_levels;        /* bit i: level i holds something */
    uint64_t used_slots[LEVELS]; /* bit i: slot i holds something */
    struct slot slots[LEVELS][SLOTS];
};

struct mr_queue *mr_queue_new(struct mr_arena *arena)
{
    struct mr_queue *queue = mr_arena_alloc(arena, sizeof *queue);
    queue->base_ns = 0;
    queue->count = 0;
    queue->used_levels = 0;
    memset(queue->used_slots, 0, sizeof queue->used_slots);
    return queue;
}

/* floor(bit / 6) for a bit number up to 63, without a division. */
static inline uint32_t level_of_bit(uint32_t bit)
{
    return bit * 43 >> 8;
}

static inline void place(struct mr_queue *queue, struct mr_event *event)
{
    uint64_t differs = (uint64_t)(event->at_ns ^ queue->base_ns);
    uint32_t level = level_of_bit(63 - (uint32_t)__builtin_clzll(differs | 1));
    uint32_t index = (uint32_t)((uint64_t)event->at_ns >> (level * SLOT_BITS)) & (SLOTS - 1);
    struct slot *slot = &queue->slots[level][index];
    uint64_t bit = UINT64_C(1) << index;
    event->next = NULL;
    /* Whether the slot holds something is a toss-up: both cases take the same way. */
    bool is_used = queue->used_slots[level] & bit;
    mr_ns min_ns = is_used ? slot->at_min_ns : event->at_ns;
    mr_ns max_ns = is_used ? slot->at_max_ns : event->at_ns;
    *(is_used ? &slot->last->next : &slot->first) = event;
    slot->at_min_ns = event->at_ns < min_ns ? event->at_ns : min_ns;
    slot->at_max_ns = event->at_ns > max_ns ? event->at_ns : max_ns;
    slot->last = event;
    queue->used_slots[level] |= bit;
    queue->used_levels |= 1u << level;
}

void mr_queue_push(struct mr_queue *queue, struct mr_event *event)
{
    MR_ASSERT(event->at_ns >= queue->base_ns);
    place(queue, event);
    queue->count++;
}

static inline void clear_slot(struct mr_queue *queue, uint32_t level, uint32_t index)
{
    uint64_t left = queue->used_slots[level] & ~(UINT64_C(1) << index);
    queue->used_slots[level] = left;
    queue->used_levels &= ~((uint32_t)(left == 0) << level); /* no branch: it may be either */
}

/* Moves the base to the earliest event of the slot, and the slot's events to where they now
 * belong (invariant 3). Out of line: most events are popped without it. */
static __attribute__((noinline)) void spread(
    struct mr_queue *queue, uint32_t level, uint32_t index)
{
    struct slot slot = queue->slots[level][index];
    clear_slot(queue, level, index);
    queue->base_ns = slot.at_min_ns;
    if (slot.at_min_ns == slot.at_max_ns) { /* all at one time: the list moves as it is */
        uint32_t to = (uint32_t)slot.at_min_ns & (SLOTS - 1);
        queue->slots[0][to] = slot;
        queue->used_slots[0] |= UINT64_C(1) << to;
        queue->used_levels |= 1;
        return;
    }
    for (struct mr_event *event = slot.first, *next; event; event = next) {
        next = event->next;
        place(queue, event);
    }
    MR_ASSERT(queue->used_levels & 1);
}

static inline struct mr_event *take_first(
    struct mr_queue *queue, uint32_t level, uint32_t index)
{
    struct slot *slot = &queue->slots[level][index];
    struct mr_event *event = slot->first;
    slot->first = event->next;
    if (slot->first)
        __builtin_prefetch((const char *)slot->first + 64); /* what the next event carries */
    else
        clear_slot(queue, level, index);
    queue->base_ns = event->at_ns;
    queue->count--;
    return event;
}

struct mr_event *mr_queue_pop(struct mr_queue *queue)
{
    if (queue->used_levels == 0) return NULL;
    uint32_t level = (uint32_t)__builtin_ctz(queue->used_levels);
    uint32_t index = (uint32_t)__builtin_ctzll(queue->used_slots[level]);
    if (level > 0 &&
        queue->slots[level][index].first->next) { /* one alone needs no spreading */
        spread(queue, level, index);
        level = 0;
        index = (uint32_t)__builtin_ctzll(queue->used_slots[0]);
    }
    return take_first(queue, level, index);
}

mr_ns mr_queue_next_at(const struct mr_queue *queue)
{
    if (queue->used_levels == 0) return MR_NS_NEVER;
    uint32_t level = (uint32_t)__builtin_ctz(queue->used_levels);
    uint32_t index = (uint32_t)__builtin_ctzll(queue->used_slots[level]);
    return queue->slots[level][index].at_min_ns;
}

uint64_t mr_queue_count(const struct mr_queue *queue)
{
    return queue->count;
}
