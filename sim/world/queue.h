/* The pending events of a run, in the one order in which they may happen: by time, then by push. */
#ifndef MR_SIM_WORLD_QUEUE_H
#define MR_SIM_WORLD_QUEUE_H

#include "base/arena.h"
#include "base/time.h"

/* Intrusive: the owner keeps the memory. It has the size of mr_message.world, so a message is its own event. */
struct mr_event {
    struct mr_event *next; /* the queue's */
    mr_ns at_ns;
    uint64_t tag;
    uint32_t target; /* process id */
    uint16_t kind;   /* the world's */
    uint16_t flags;
};
_Static_assert(sizeof(struct mr_event) == 32, "an event fits into mr_message.world");

struct mr_queue;
struct mr_queue *mr_queue_new(struct mr_arena *arena);
/* at_ns must not lie before the last popped event. Takes over the event until it is popped. */
void mr_queue_push(struct mr_queue *queue, struct mr_event *event);
/* Removes the next event; NULL when none is left. */
struct mr_event *mr_queue_pop(struct mr_queue *queue);
/* When the next event is due; MR_NS_NEVER when none is pending. */
mr_ns mr_queue_next_at(const struct mr_queue *queue);
uint64_t mr_queue_count(const struct mr_queue *queue);

#endif
