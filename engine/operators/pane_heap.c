#include "engine/operators/pane_heap.h"

#include "base/assert.h"

static bool is_earlier(const struct mr_pane_due *a, const struct mr_pane_due *b)
{
    if (a->at != b->at) return a->at < b->at;
    return a->window < b->window;
}

void mr_pane_heap_push(
    struct mr_pane_heap *heap, struct mr_arena *arena, struct mr_pane_due due)
{
    if (heap->n == heap->capacity) {
        uint32_t capacity = heap->capacity ? heap->capacity * 2 : 16;
        heap->list = mr_arena_grow(arena, heap->list, sizeof *heap->list * heap->capacity,
            sizeof *heap->list * capacity);
        heap->capacity = capacity;
    }
    uint32_t at = heap->n++;
    while (at > 0 && is_earlier(&due, &heap->list[(at - 1) / 2])) {
        heap->list[at] = heap->list[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->list[at] = due;
}

void mr_pane_heap_pop(struct mr_pane_heap *heap)
{
    MR_ASSERT(heap->n > 0);
    struct mr_pane_due last = heap->list[--heap->n];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= heap->n) break;
        if (child + 1 < heap->n && is_earlier(&heap->list[child + 1], &heap->list[child]))
            child++;
        if (!is_earlier(&heap->list[child], &last)) break;
        heap->list[at] = heap->list[child];
        at = child;
    }
    heap->list[at] = last;
}

void mr_pane_heap_deinit(struct mr_pane_heap *heap, struct mr_arena *arena)
{
    mr_arena_free(arena, heap->list, sizeof *heap->list * heap->capacity);
    *heap = (struct mr_pane_heap){.n = 0};
}
