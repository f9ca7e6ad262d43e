/* What windows wait for: the earliest first. Entries are not taken out when a window changes
 * its mind: who pops one asks the window whether it still holds. */
#ifndef MR_ENGINE_OPERATORS_PANE_HEAP_H
#define MR_ENGINE_OPERATORS_PANE_HEAP_H

#include "base/arena.h"

struct mr_pane_due {
    int64_t at; /* in microseconds of event time or nanoseconds of processing time */
    uint32_t window;
    uint32_t serial; /* of the windows that had this number */
};
struct mr_pane_heap {
    uint32_t n;
    uint32_t capacity;
    struct mr_pane_due *list;
};

void mr_pane_heap_push(
    struct mr_pane_heap *heap, struct mr_arena *arena, struct mr_pane_due due);
/* Of one that is not empty. */
void mr_pane_heap_pop(struct mr_pane_heap *heap);
void mr_pane_heap_deinit(struct mr_pane_heap *heap, struct mr_arena *arena);

#endif
