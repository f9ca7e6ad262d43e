#include "engine/state/cells.h"

#include <string.h>

#include "base/digest.h"

enum { SLOTS_MIN = 16, KEY_GROUPS = 128 };

/* ---- the index ---- */

static uint64_t slot_hash(uint64_t hash, mr_us window_start_us, mr_us window_end_us)
{
    return mr_digest_mix(
        hash, mr_digest_mix((uint64_t)window_start_us, (uint64_t)window_end_us));
}

static void put_slot(struct mr_cells *cells, const struct mr_cells_entry *entry)
{
    uint32_t at =
        (uint32_t)slot_hash(entry->hash, entry->window_start_us, entry->window_end_us) &
        cells->mask;
    while (cells->slots[at]) at = (at + 1) & cells->mask;
    cells->slots[at] = entry->at + 1;
}

/* Closes the holes and makes room for one more. */
static void rebuild(struct mr_cells *cells)
{
    MR_ASSERT(cells->n_live <= cells->n);
    uint32_t n = 0;
    for (uint32_t i = 0; i < cells->n; i++) {
        if (!cells->list[i]) continue;
        cells->list[n] = cells->list[i];
        cells->list[n]->at = n;
        n++;
    }
    cells->n = n;
    MR_ASSERT(n == cells->n_live);
    uint32_t slots = cells->slots ? cells->mask + 1 : SLOTS_MIN;
    while (slots / 2 < n + n / 2 + 1)
        slots *= 2; /* the list never holds more than half of the slots */
    uint32_t capacity = slots / 2;
    if (slots != cells->mask + 1 || !cells->slots) {
        if (cells->slots)
            mr_arena_free(cells->arena, cells->slots, 4 * ((size_t)cells->mask + 1));
        cells->slots = mr_arena_alloc(cells->arena, 4 * (size_t)slots);
        cells->mask = slots - 1;
    }
    if (capacity > cells->capacity) {
        cells->list = mr_arena_grow(cells->arena, cells->list,
            sizeof *cells->list * cells->capacity, sizeof *cells->list * capacity);
        cells->capacity = capacity;
    }
    memset(cells->slots, 0, 4 * (size_t)slots);
    for (uint32_t i = 0; i < n; i++) put_slot(cells, cells->list[i]);
}

void mr_cells_init(struct mr_cells *cells, struct mr_arena *arena,
    const struct mr_process_shape *shape, uint32_t n_kept_timers)
{
    MR_ASSERT(n_kept_timers <= shape->n_timers);
    *cells = (struct mr_cells){.arena = arena, .shape = shape, .n_kept_timers = n_kept_timers};
    rebuild(cells);
}

static void entry_free(struct mr_cells *cells, struct mr_cells_entry *entry)
{
    const struct mr_process_shape *shape = cells->shape;
    for (uint32_t i = 0; i < shape->n_states; i++)
        mr_arena_free(cells->arena, entry->cells[i].data, entry->cells[i].bytes);
    mr_arena_free(cells->arena, entry->cells, sizeof *entry->cells * (shape->n_states + 1));
    mr_arena_free(cells->arena, entry->timers, sizeof *entry->timers * (shape->n_timers + 1));
    mr_arena_free(cells->arena, entry->key, entry->key_bytes + 1);
    mr_arena_free(cells->arena, entry, sizeof *entry);
}

/* One node less points to the entry. */
static void release(struct mr_cells *cells, struct mr_cells_entry *entry)
{
    MR_ASSERT(entry->n_nodes > 0);
    entry->n_nodes--;
    if (entry->is_gone && entry->n_nodes == 0) entry_free(cells, entry);
}

void mr_cells_deinit(struct mr_cells *cells)
{
    for (int d = 0; d < 2; d++)
        for (uint32_t i = 0; i < cells->heaps[d].n; i++)
            release(cells, cells->heaps[d].nodes[i].entry);
    for (uint32_t i = 0; i < cells->n; i++)
        if (cells->list[i]) entry_free(cells, cells->list[i]);
    mr_arena_free(cells->arena, cells->list, sizeof *cells->list * cells->capacity);
    mr_arena_free(cells->arena, cells->slots, 4 * ((size_t)cells->mask + 1));
    for (int i = 0; i < 2; i++)
        mr_arena_free(cells->arena, cells->heaps[i].nodes,
            sizeof *cells->heaps[i].nodes * cells->heaps[i].capacity);
    *cells = (struct mr_cells){.arena = cells->arena};
}

static struct mr_cells_entry *entry_new(struct mr_cells *cells, uint64_t hash, const char *key,
    uint32_t key_bytes, mr_us window_start_us, mr_us window_end_us)
{
    const struct mr_process_shape *shape = cells->shape;
    struct mr_cells_entry *entry = mr_arena_zalloc(cells->arena, sizeof *entry);
    entry->hash = hash;
    entry->window_start_us = window_start_us;
    entry->window_end_us = window_end_us;
    entry->key_bytes = key_bytes;
    entry->key = mr_arena_alloc(cells->arena, key_bytes + 1);
    memcpy(entry->key, key, key_bytes);
    entry->cells = mr_arena_zalloc(cells->arena, sizeof *entry->cells * (shape->n_states + 1));
    entry->timers = mr_arena_alloc(cells->arena, sizeof *entry->timers * (shape->n_timers + 1));
    for (uint32_t i = 0; i < shape->n_timers; i++) entry->timers[i] = MR_TIMER_UNSET;
    return entry;
}

static void insert(struct mr_cells *cells, struct mr_cells_entry *entry)
{
    if (cells->n == cells->capacity) rebuild(cells);
    entry->at = cells->n;
    cells->list[cells->n++] = entry;
    cells->n_live++;
    put_slot(cells, entry);
}

struct mr_cells_entry *mr_cells_find(struct mr_cells *cells, uint64_t hash, const char *key,
    uint32_t key_bytes, mr_us window_start_us, mr_us window_end_us, bool *is_new)
{
    *is_new = false;
    uint32_t at = (uint32_t)slot_hash(hash, window_start_us, window_end_us) & cells->mask;
    for (; cells->slots[at]; at = (at + 1) & cells->mask) {
        struct mr_cells_entry *entry = cells->list[cells->slots[at] - 1];
        if (entry && entry->hash == hash && entry->window_start_us == window_start_us &&
            entry->window_end_us == window_end_us && entry->key_bytes == key_bytes &&
            memcmp(entry->key, key, key_bytes) == 0)
            return entry;
    }
    struct mr_cells_entry *entry =
        entry_new(cells, hash, key, key_bytes, window_start_us, window_end_us);
    entry->number = cells->next_number++;
    insert(cells, entry);
    *is_new = true;
    return entry;
}

/* Its slot stays and leads to a hole until the next rebuild. */
void mr_cells_remove(struct mr_cells *cells, struct mr_cells_entry *entry)
{
    MR_ASSERT(cells->list[entry->at] == entry);
    cells->list[entry->at] = NULL;
    cells->n_live--;
    entry->is_gone = true;
    if (entry->n_nodes == 0) entry_free(cells, entry);
}

bool mr_cells_settle(struct mr_cells *cells, struct mr_cells_entry *entry)
{
    for (uint32_t i = 0; i < cells->shape->n_states; i++)
        if (entry->cells[i].bytes) return false;
    for (uint32_t i = 0; i < cells->n_kept_timers; i++)
        if (entry->timers[i] != MR_TIMER_UNSET) return false;
    mr_cells_remove(cells, entry);
    return true;
}

/* ---- cells ---- */

static bool is_over(
    const struct mr_state_spec *state, int64_t touched_us, mr_us watermark_us, mr_us now_us)
{
    if (state->ttl_us == 0) return false;
    mr_us clock_us = state->ttl_domain == MR_EVENT_TIME ? watermark_us : now_us;
    return clock_us >= mr_us_add(touched_us, state->ttl_us);
}

struct mr_state_bytes mr_cells_read(const struct mr_cells *cells,
    const struct mr_cells_entry *entry, uint32_t state, mr_us watermark_us, mr_us now_us)
{
    const struct mr_cell_bytes *cell = &entry->cells[state];
    if (is_over(&cells->shape->states[state], cell->touched_us, watermark_us, now_us))
        return (struct mr_state_bytes){NULL, 0};
    return (struct mr_state_bytes){cell->data, cell->bytes};
}

void mr_cells_write(struct mr_cells *cells, struct mr_cells_entry *entry, uint32_t state,
    const char *data, uint32_t bytes, mr_us touched_us)
{
    struct mr_cell_bytes *cell = &entry->cells[state];
    char *kept = NULL;
    if (bytes) {
        kept = mr_arena_alloc(cells->arena, bytes);
        memcpy(kept, data, bytes);
    }
    mr_arena_free(cells->arena, cell->data, cell->bytes);
    *cell = (struct mr_cell_bytes){.data = kept, .bytes = bytes, .touched_us = touched_us};
}

/* ---- timers ---- */

static bool is_before(const struct mr_timer_node *a, const struct mr_timer_node *b)
{
    if (a->at_us != b->at_us) return a->at_us < b->at_us;
    if (a->number != b->number) return a->number < b->number;
    return a->timer < b->timer;
}

static void push_node(
    struct mr_cells *cells, struct mr_timer_heap *heap, struct mr_timer_node node)
{
    if (heap->n == heap->capacity) {
        uint32_t capacity = heap->capacity ? heap->capacity * 2 : 16;
        heap->nodes = mr_arena_grow(cells->arena, heap->nodes,
            sizeof *heap->nodes * heap->capacity, sizeof *heap->nodes * capacity);
        heap->capacity = capacity;
    }
    node.entry->n_nodes++;
    uint32_t at = heap->n++;
    while (at > 0 && is_before(&node, &heap->nodes[(at - 1) / 2])) {
        heap->nodes[at] = heap->nodes[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->nodes[at] = node;
}

static void pop_node(struct mr_timer_heap *heap)
{
    struct mr_timer_node last = heap->nodes[--heap->n];
    uint32_t at = 0;
    for (uint32_t child = 1; child < heap->n; child = 2 * at + 1) {
        if (child + 1 < heap->n && is_before(&heap->nodes[child + 1], &heap->nodes[child]))
            child++;
        if (!is_before(&heap->nodes[child], &last)) break;
        heap->nodes[at] = heap->nodes[child];
        at = child;
    }
    heap->nodes[at] = last;
}

static bool is_stale(const struct mr_timer_node *node)
{
    return node->entry->is_gone || node->entry->timers[node->timer] != node->at_us;
}

void mr_cells_set_timer(
    struct mr_cells *cells, struct mr_cells_entry *entry, uint32_t timer, mr_us at_us)
{
    if (entry->timers[timer] == at_us) return;
    entry->timers[timer] = at_us;
    if (at_us == MR_TIMER_UNSET) return;
    struct mr_timer_node node = {
        .at_us = at_us, .number = entry->number, .entry = entry, .timer = timer};
    push_node(cells, &cells->heaps[cells->shape->timers[timer].domain], node);
}

mr_us mr_cells_next_timer_us(struct mr_cells *cells, enum mr_time_domain domain)
{
    struct mr_timer_heap *heap = &cells->heaps[domain];
    while (heap->n > 0 && is_stale(&heap->nodes[0])) {
        struct mr_cells_entry *entry = heap->nodes[0].entry;
        pop_node(heap);
        release(cells, entry);
    }
    return heap->n > 0 ? heap->nodes[0].at_us : MR_TIMER_UNSET;
}

bool mr_cells_take_timer(
    struct mr_cells *cells, enum mr_time_domain domain, mr_us at_us, struct mr_timer_node *out)
{
    mr_us next_us = mr_cells_next_timer_us(cells, domain);
    if (next_us == MR_TIMER_UNSET || next_us > at_us) return false;
    struct mr_timer_heap *heap = &cells->heaps[domain];
    *out = heap->nodes[0];
    pop_node(heap);
    out->entry->timers[out->timer] = MR_TIMER_UNSET;
    release(cells, out->entry);
    return true;
}

void mr_cells_sweep(struct mr_cells *cells, mr_us watermark_us, mr_us now_us)
{
    const struct mr_process_shape *shape = cells->shape;
    bool has_ttl = false;
    for (uint32_t k = 0; k < shape->n_states; k++) has_ttl |= shape->states[k].ttl_us != 0;
    if (!has_ttl) return;
    for (uint32_t i = 0; i < cells->n; i++) {
        struct mr_cells_entry *entry = cells->list[i];
        if (!entry) continue;
        for (uint32_t k = 0; k < shape->n_states; k++)
            if (entry->cells[k].bytes &&
                is_over(&shape->states[k], entry->cells[k].touched_us, watermark_us, now_us))
                mr_cells_write(cells, entry, k, NULL, 0, 0);
        mr_cells_settle(cells, entry);
    }
}

/* ---- snapshots ---- */

static void write_entry(const struct mr_cells *cells, const struct mr_cells_entry *entry,
    struct mr_snapshot_writer *writer)
{
    mr_snapshot_u64(writer, entry->hash);
    mr_snapshot_u64(writer, entry->number);
    mr_snapshot_u64(writer, (uint64_t)entry->window_start_us);
    mr_snapshot_u64(writer, (uint64_t)entry->window_end_us);
    mr_snapshot_u32(writer, entry->key_bytes);
    mr_snapshot_bytes(writer, entry->key, entry->key_bytes);
    for (uint32_t i = 0; i < cells->shape->n_states; i++) {
        mr_snapshot_u32(writer, entry->cells[i].bytes);
        mr_snapshot_bytes(writer, entry->cells[i].data, entry->cells[i].bytes);
        mr_snapshot_u64(writer, (uint64_t)entry->cells[i].touched_us);
    }
    for (uint32_t i = 0; i < cells->shape->n_timers; i++)
        mr_snapshot_u64(writer, (uint64_t)entry->timers[i]);
}

/* The live entries by key group, each in the order of the list: sorted[n_live];
 * starts[KEY_GROUPS + 1]. */
static void sort_by_group(
    const struct mr_cells *cells, struct mr_cells_entry **sorted, uint32_t *starts)
{
    uint32_t ends[KEY_GROUPS];
    memset(starts, 0, sizeof *starts * (KEY_GROUPS + 1));
    for (uint32_t i = 0; i < cells->n; i++)
        if (cells->list[i]) starts[(cells->list[i]->hash >> 57) + 1]++;
    for (uint32_t g = 0; g < KEY_GROUPS; g++) starts[g + 1] += starts[g];
    memcpy(ends, starts, sizeof ends);
    for (uint32_t i = 0; i < cells->n; i++)
        if (cells->list[i]) sorted[ends[cells->list[i]->hash >> 57]++] = cells->list[i];
}

void mr_cells_snapshot(const struct mr_cells *cells, struct mr_snapshot_writer *writer)
{
    uint32_t starts[KEY_GROUPS + 1];
    size_t bytes = sizeof(struct mr_cells_entry *) * (cells->n_live + 1);
    struct mr_cells_entry **sorted = mr_arena_alloc(cells->arena, bytes);
    sort_by_group(cells, sorted, starts);
    uint32_t n_groups = 0;
    for (uint32_t g = 0; g < KEY_GROUPS; g++) n_groups += starts[g + 1] > starts[g];
    mr_snapshot_u64(writer, cells->next_number);
    mr_snapshot_u32(writer, n_groups);
    for (uint32_t g = 0; g < KEY_GROUPS; g++) {
        if (starts[g + 1] == starts[g]) continue;
        mr_snapshot_u32(writer, g);
        mr_snapshot_u32(writer, starts[g + 1] - starts[g]);
        for (uint32_t i = starts[g]; i < starts[g + 1]; i++)
            write_entry(cells, sorted[i], writer);
    }
    mr_arena_free(cells->arena, sorted, bytes);
}

static void read_entry(
    struct mr_cells *cells, struct mr_snapshot_reader *reader, const struct mr_env *env)
{
    uint64_t hash = mr_snapshot_read_u64(reader);
    uint64_t number = mr_snapshot_read_u64(reader);
    mr_us start_us = (mr_us)mr_snapshot_read_u64(reader);
    mr_us end_us = (mr_us)mr_snapshot_read_u64(reader);
    uint32_t key_bytes = mr_snapshot_read_u32(reader);
    const char *key = mr_snapshot_read_bytes(reader, key_bytes);
    if (reader->is_broken) return;
    struct mr_cells_entry *entry = entry_new(cells, hash, key, key_bytes, start_us, end_us);
    entry->number = number;
    insert(cells, entry);
    for (uint32_t i = 0; i < cells->shape->n_states; i++) {
        uint32_t bytes = mr_snapshot_read_u32(reader);
        const char *data = mr_snapshot_read_bytes(reader, bytes);
        mr_us touched_us = (mr_us)mr_snapshot_read_u64(reader);
        if (MR_PLANTED(env, KEYED_TTL_LOST)) touched_us = MR_US_MAX;
        if (!reader->is_broken) mr_cells_write(cells, entry, i, data, bytes, touched_us);
    }
    for (uint32_t i = 0; i < cells->shape->n_timers; i++) {
        mr_us at_us = (mr_us)mr_snapshot_read_u64(reader);
        if (MR_PLANTED(env, KEYED_TIMER_LOST)) continue;
        if (!reader->is_broken) mr_cells_set_timer(cells, entry, i, at_us);
    }
}

void mr_cells_restore(
    struct mr_cells *cells, struct mr_snapshot_reader *reader, const struct mr_env *env)
{
    MR_ASSERT(cells->n == 0);
    uint64_t next_number = mr_snapshot_read_u64(reader);
    uint32_t n_groups = mr_snapshot_read_u32(reader);
    for (uint32_t g = 0; g < n_groups && !reader->is_broken; g++) {
        mr_snapshot_read_u32(
            reader); /* the group: a reader that rescales passes over those of others */
        uint32_t n = mr_snapshot_read_u32(reader);
        for (uint32_t i = 0; i < n && !reader->is_broken; i++) read_entry(cells, reader, env);
    }
    cells->next_number = next_number;
}
