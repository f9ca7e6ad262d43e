/* Windows of keys, made dense, and in snapshots. */
#include <string.h>

#include "engine/operators/pane_windows.h"
#include "engine/state/snapshot.h"

enum { SPARSE_MIN = 256 };

bool mr_pane_windows_are_sparse(const struct mr_pane_windows *windows)
{
    uint32_t n = windows->n > windows->map.n ? windows->n : windows->map.n;
    return n > SPARSE_MIN && windows->n_live < n / 2;
}

/* Inserts the keys that have windows into `into`; numbers[key] says where they are now. */
static void move_keys(const struct mr_pane_windows *windows, struct mr_keyed_map *into,
    struct mr_scratch *scratch, uint32_t *numbers)
{
    for (uint32_t first = 0; first < windows->map.n; first += MR_BATCH_ROWS_MAX) {
        uint32_t n = windows->map.n - first;
        if (n > MR_BATCH_ROWS_MAX) n = MR_BATCH_ROWS_MAX;
        uint32_t *ids = mr_scratch_array(scratch, uint32_t, n);
        uint32_t run = 0; /* keys that are kept, one behind the other */
        for (uint32_t i = 0; i <= n; i++) {
            bool is_kept = i < n && windows->heads[first + i] != MR_PANE_WINDOW_NONE;
            if (is_kept) {
                run++;
                continue;
            }
            if (run == 0) continue;
            mr_combine_keys(into, &windows->map, first + i - run, run, scratch, ids);
            for (uint32_t k = 0; k < run; k++) numbers[first + i - run + k] = ids[k];
            run = 0;
        }
    }
}

/* A window of a fresh list, behind all others of its key. */
static uint32_t append(struct mr_pane_windows *windows, const struct mr_pane_window *window,
    uint32_t key, const int64_t *state)
{
    uint32_t id = windows->n++;
    MR_ASSERT(id < windows->capacity);
    uint32_t *at = &windows->heads[key];
    while (*at != MR_PANE_WINDOW_NONE) at = &windows->list[*at].next;
    *at = id;
    windows->list[id] = *window;
    windows->list[id].key = key;
    windows->list[id].next = MR_PANE_WINDOW_NONE;
    windows->list[id].serial = 0;
    windows->list[id].timer_ns = MR_NS_NEVER;
    memcpy(mr_pane_windows_state(windows, id), state, sizeof *state * windows->program->n);
    windows->n_live++;
    mr_pane_windows_queue_end(windows, id);
    mr_pane_windows_queue_timer(windows, id, -1);
    if (!window->has_hold) return id;
    windows->list[id].has_hold = false;
    mr_pane_windows_hold(windows, id, window->hold_us);
    return id;
}

static void reserve(struct mr_pane_windows *windows, uint32_t n)
{
    uint32_t capacity = n > 64 ? n : 64;
    windows->list = mr_arena_alloc(windows->arena, sizeof *windows->list * capacity);
    windows->states = mr_arena_alloc(
        windows->arena, sizeof *windows->states * windows->program->n * capacity);
    windows->capacity = capacity;
    mr_accumulators_reserve(&windows->accumulators, capacity);
    if (windows->keeps_shown) mr_accumulators_reserve(&windows->shown, capacity);
}

/* Windows in the order of their keys, then of their starts. */
static void move_windows(
    const struct mr_pane_windows *from, struct mr_pane_windows *to, const uint32_t *numbers)
{
    for (uint32_t key = 0; key < from->map.n; key++)
        for (uint32_t old = from->heads[key]; old != MR_PANE_WINDOW_NONE;
             old = from->list[old].next) {
            uint32_t id =
                append(to, &from->list[old], numbers[key], mr_pane_windows_state(from, old));
            bool is_whole =
                mr_accumulators_merge(&to->accumulators, &id, &from->accumulators, &old, 1);
            if (from->list[old].is_shown)
                is_whole &= mr_accumulators_merge(&to->shown, &id, &from->shown, &old, 1);
            MR_ASSERT(is_whole); /* what is merged into nothing leaves no 64 bits */
        }
}

void mr_pane_windows_compact(struct mr_pane_windows *windows, struct mr_scratch *scratch)
{
    struct mr_pane_windows old = *windows;
    MR_ASSERT(old.buried == MR_PANE_WINDOW_NONE);
    MR_ASSERT(old.ghosts == MR_PANE_WINDOW_NONE);
    old.map.layout = &windows->layout;
    windows->ends = windows->timers = windows->holds = (struct mr_pane_heap){.n = 0};
    windows->heads = NULL;
    windows->heads_capacity = windows->n = windows->n_live = windows->capacity = 0;
    windows->free = MR_PANE_WINDOW_NONE;
    uint32_t *numbers = mr_scratch_array(scratch, uint32_t, old.map.n + 1);
    mr_keyed_map_init(&windows->map, old.arena, &windows->layout, old.n_live);
    mr_accumulators_init(&windows->accumulators, old.arena, &old.transform->combine);
    mr_accumulators_init(&windows->shown, old.arena, &old.transform->combine);
    move_keys(&old, &windows->map, scratch, numbers);
    mr_pane_windows_reserve_keys(windows);
    reserve(windows, old.n_live);
    move_windows(&old, windows, numbers);
    mr_pane_windows_deinit(&old);
}

static void write_shown(const struct mr_pane_window *window, struct mr_snapshot_writer *writer)
{
    const struct mr_pane *pane = &window->shown_pane;
    mr_snapshot_u32(writer, window->shown_rows);
    mr_snapshot_u64(writer, (uint64_t)window->shown_us);
    mr_snapshot_u32(writer, pane->index);
    mr_snapshot_u32(writer, (uint32_t)pane->nonspeculative_index << 16 |
                                (uint32_t)pane->timing << 8 | pane->is_last);
}

static void read_shown(struct mr_pane_window *window, struct mr_snapshot_reader *reader)
{
    window->shown_rows = mr_snapshot_read_u32(reader);
    window->shown_us = (mr_us)mr_snapshot_read_u64(reader);
    window->shown_pane.index = mr_snapshot_read_u32(reader);
    uint32_t rest = mr_snapshot_read_u32(reader);
    window->shown_pane.nonspeculative_index = (uint16_t)(rest >> 16);
    window->shown_pane.timing = (uint8_t)(rest >> 8 & 0xff);
    window->shown_pane.is_last = rest & 1;
}

void mr_pane_windows_snapshot(
    const struct mr_pane_windows *windows, struct mr_snapshot_writer *writer)
{
    MR_ASSERT(windows->n == windows->n_live);
    mr_keyed_map_snapshot(&windows->map, writer);
    mr_snapshot_u32(writer, windows->n);
    for (uint32_t i = 0; i < windows->n; i++) {
        const struct mr_pane_window *window = &windows->list[i];
        mr_snapshot_u64(writer, (uint64_t)window->start_us);
        mr_snapshot_u64(writer, (uint64_t)window->end_us);
        mr_snapshot_u64(writer, (uint64_t)(window->has_hold ? window->hold_us : 0));
        mr_snapshot_u32(writer, window->key);
        mr_snapshot_u32(writer, window->n_rows);
        mr_snapshot_u32(writer, window->fresh_rows);
        mr_snapshot_u32(writer, window->n_panes);
        mr_snapshot_u32(writer, window->n_nonspeculative);
        mr_snapshot_u32(writer, (uint32_t)window->is_shown << 2 |
                                    (uint32_t)window->has_ended << 1 | window->has_hold);
        if (windows->keeps_shown) write_shown(window, writer);
        const int64_t *state = mr_pane_windows_state(windows, i);
        for (uint32_t k = 0; k < windows->program->n; k++)
            mr_snapshot_u64(writer, (uint64_t)state[k]);
    }
    mr_accumulators_snapshot(&windows->accumulators, windows->n, writer);
    if (windows->keeps_shown) mr_accumulators_snapshot(&windows->shown, windows->n, writer);
}

static struct mr_pane_window read_window(struct mr_snapshot_reader *reader)
{
    struct mr_pane_window window = {.into = MR_PANE_WINDOW_NONE, .is_live = true};
    window.start_us = (mr_us)mr_snapshot_read_u64(reader);
    window.end_us = (mr_us)mr_snapshot_read_u64(reader);
    window.hold_us = (mr_us)mr_snapshot_read_u64(reader);
    window.key = mr_snapshot_read_u32(reader);
    window.n_rows = mr_snapshot_read_u32(reader);
    window.fresh_rows = mr_snapshot_read_u32(reader);
    window.n_panes = mr_snapshot_read_u32(reader);
    window.n_nonspeculative = mr_snapshot_read_u32(reader);
    uint32_t flags = mr_snapshot_read_u32(reader);
    window.is_shown = flags >> 2 & 1;
    window.has_ended = flags >> 1 & 1;
    window.has_hold = flags & 1;
    return window;
}

void mr_pane_windows_restore(struct mr_pane_windows *windows, struct mr_snapshot_reader *reader)
{
    int64_t state[MR_TRIGGER_NODES_MAX];
    mr_keyed_map_restore(&windows->map, reader);
    mr_pane_windows_reserve_keys(windows);
    uint32_t n = mr_snapshot_read_u32(reader);
    if (reader->is_broken || n > reader->bytes) {
        reader->is_broken = true;
        return;
    }
    reserve(windows, n);
    for (uint32_t i = 0; i < n; i++) {
        struct mr_pane_window window = read_window(reader);
        if (windows->keeps_shown) read_shown(&window, reader);
        for (uint32_t k = 0; k < windows->program->n; k++)
            state[k] = (int64_t)mr_snapshot_read_u64(reader);
        reader->is_broken = reader->is_broken || window.key >= windows->map.n;
        if (reader->is_broken) return;
        /* FLINK-11408 and its kin: the count of panes starts again, the timer is gone. */
        if (MR_PLANTED(windows->env, PANE_INDEX_RESET)) window.n_panes = 0;
        if (MR_PLANTED(windows->env, RETRACTION_LOST)) window.is_shown = false;
        uint32_t id = append(windows, &window, window.key, state);
        if (MR_PLANTED(windows->env, TIMER_LOST_AT_RESTORE))
            windows->list[id].timer_ns = MR_NS_NEVER;
    }
    mr_accumulators_restore(&windows->accumulators, n, reader);
    if (windows->keeps_shown) mr_accumulators_restore(&windows->shown, n, reader);
}
