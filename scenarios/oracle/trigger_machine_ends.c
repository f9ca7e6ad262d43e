/* Which window of the reference trigger machine has something to do next: a heap of them all,
 * by the time of it.
 *
 * Invariant: heap[window->place] is the window; none comes before the one at (place - 1) / 2.
 */
#include "scenarios/oracle/trigger_machine_internal.h"

static void put(struct mr_machine *machine, uint32_t place, struct mr_machine_window *window)
{
    machine->heap[place] = window;
    window->place = place;
}

static void rise(struct mr_machine *machine, uint32_t place)
{
    struct mr_machine_window *window = machine->heap[place];
    while (place > 0 && machine->heap[(place - 1) / 2]->due_us > window->due_us) {
        put(machine, place, machine->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(machine, place, window);
}

static void sink(struct mr_machine *machine, uint32_t place)
{
    struct mr_machine_window *window = machine->heap[place];
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child + 1 < machine->n_windows &&
            machine->heap[child + 1]->due_us < machine->heap[child]->due_us)
            child++;
        if (child >= machine->n_windows || machine->heap[child]->due_us >= window->due_us)
            break;
        put(machine, place, machine->heap[child]);
        place = child;
    }
    put(machine, place, window);
}

void mr_machine_due_add(struct mr_machine *machine, struct mr_machine_window *window)
{
    if (machine->n_windows == machine->heap_capacity) {
        uint32_t capacity = machine->heap_capacity ? machine->heap_capacity * 2 : 64;
        machine->heap = mr_arena_grow(machine->arena, machine->heap,
            sizeof(void *) * machine->heap_capacity, sizeof(void *) * capacity);
        machine->heap_capacity = capacity;
    }
    put(machine, machine->n_windows++, window);
    rise(machine, window->place);
}

void mr_machine_due_later(struct mr_machine *machine, struct mr_machine_window *window)
{
    sink(machine, window->place);
}

void mr_machine_due_remove(struct mr_machine *machine, struct mr_machine_window *window)
{
    uint32_t place = window->place;
    MR_ASSERT(machine->n_windows > 0 && machine->heap[place] == window);
    struct mr_machine_window *last = machine->heap[--machine->n_windows];
    if (last == window) return;
    put(machine, place, last);
    rise(machine, place);
    sink(machine, last->place);
}

/* ---- By key ---- */

static uint32_t bucket_of(const struct mr_machine *machine, uint64_t hash)
{
    return (uint32_t)(hash >> 20) & (machine->n_buckets - 1);
}

struct mr_machine_window **mr_machine_bucket(struct mr_machine *machine, uint64_t hash)
{
    return &machine->buckets[bucket_of(machine, hash)];
}

void mr_machine_reserve_buckets(struct mr_machine *machine)
{
    if (machine->n_windows < machine->n_buckets) return;
    struct mr_machine_window **old = machine->buckets;
    uint32_t n_old = machine->n_buckets;
    machine->n_buckets = n_old ? n_old * 2 : 64;
    machine->buckets = mr_arena_zalloc(machine->arena, sizeof(void *) * machine->n_buckets);
    for (uint32_t i = 0; i < n_old; i++)
        while (old[i]) {
            struct mr_machine_window *window = old[i];
            struct mr_machine_window **bucket = mr_machine_bucket(machine, window->hash);
            old[i] = window->next;
            window->next = *bucket;
            *bucket = window;
        }
    mr_arena_free(machine->arena, old, sizeof(void *) * n_old);
}
