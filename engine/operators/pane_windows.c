#include "engine/operators/pane_windows.h"

#include <string.h>

void mr_pane_windows_init(struct mr_pane_windows *windows, struct mr_arena *arena,
    const struct mr_env *env, const struct mr_transform *transform,
    const struct mr_schema *input, const struct mr_trigger_program *program)
{
    const struct mr_windowing *windowing = &transform->windowing;
    enum mr_trigger_kind root = windowing->trigger.kind;
    *windows = (struct mr_pane_windows){.arena = arena,
        .transform = transform,
        .env = env,
        .program = program,
        .watermark_us = MR_US_MIN,
        .needs_holds = windowing->timestamp_combiner != MR_END_OF_WINDOW ||
                       (root != MR_TRIGGER_DEFAULT && root != MR_TRIGGER_WATERMARK),
        .free = MR_PANE_WINDOW_NONE,
        .buried = MR_PANE_WINDOW_NONE,
        .ghosts = MR_PANE_WINDOW_NONE,
        .keeps_shown = windowing->accumulation == MR_RETRACTING};
    windows->layout = mr_key_layout_make(
        input, transform->combine.key_fields, transform->combine.n_keys, windows->key_types);
    mr_keyed_map_init(&windows->map, windows->arena, &windows->layout, 0);
    mr_accumulators_init(&windows->accumulators, windows->arena, &transform->combine);
    mr_accumulators_init(&windows->shown, windows->arena, &transform->combine);
}

void mr_pane_windows_deinit(struct mr_pane_windows *windows)
{
    struct mr_arena *arena = windows->arena;
    mr_keyed_map_deinit(&windows->map);
    mr_accumulators_deinit(&windows->accumulators);
    mr_accumulators_deinit(&windows->shown);
    mr_arena_free(arena, windows->heads, 4 * (size_t)windows->heads_capacity);
    mr_arena_free(arena, windows->list, sizeof *windows->list * windows->capacity);
    mr_arena_free(arena, windows->states,
        sizeof *windows->states * windows->program->n * windows->capacity);
    mr_pane_heap_deinit(&windows->ends, arena);
    mr_pane_heap_deinit(&windows->timers, arena);
    mr_pane_heap_deinit(&windows->holds, arena);
    windows->heads = NULL;
    windows->list = NULL;
    windows->states = NULL;
    windows->heads_capacity = windows->capacity = windows->n = windows->n_live = 0;
}

void mr_pane_windows_reserve_keys(struct mr_pane_windows *windows)
{
    uint32_t capacity = windows->map.capacity;
    if (capacity <= windows->heads_capacity) return;
    windows->heads = mr_arena_grow(windows->arena, windows->heads,
        4 * (size_t)windows->heads_capacity, 4 * (size_t)capacity);
    for (uint32_t i = windows->heads_capacity; i < capacity; i++)
        windows->heads[i] = MR_PANE_WINDOW_NONE;
    windows->heads_capacity = capacity;
}

/* ---- What is due ---- */

static void push(
    struct mr_pane_windows *windows, struct mr_pane_heap *heap, int64_t at, uint32_t id)
{
    mr_pane_heap_push(heap, windows->arena,
        (struct mr_pane_due){.at = at, .window = id, .serial = windows->list[id].serial});
}

/* The window of the first entry, if that is still what it was; else NULL. */
static struct mr_pane_window *window_of(
    const struct mr_pane_windows *windows, const struct mr_pane_due *due)
{
    struct mr_pane_window *window = &windows->list[due->window];
    return window->is_live && window->serial == due->serial ? window : NULL;
}

void mr_pane_windows_queue_end(struct mr_pane_windows *windows, uint32_t id)
{
    struct mr_pane_window *window = &windows->list[id];
    window->due_us =
        window->has_ended ? mr_pane_windows_horizon_us(windows, id) : window->end_us;
    push(windows, &windows->ends, window->due_us, id);
}

bool mr_pane_windows_pop_end(struct mr_pane_windows *windows, uint32_t *id)
{
    while (windows->ends.n > 0 && windows->ends.list[0].at <= windows->watermark_us) {
        struct mr_pane_due due = windows->ends.list[0];
        mr_pane_heap_pop(&windows->ends);
        const struct mr_pane_window *window = window_of(windows, &due);
        if (!window || window->due_us != due.at) continue;
        *id = due.window;
        return true;
    }
    return false;
}

void mr_pane_windows_queue_timer(struct mr_pane_windows *windows, uint32_t id, mr_ns now_ns)
{
    if (!windows->program->has_delay) return;
    struct mr_pane_window *window = &windows->list[id];
    mr_ns due_ns =
        mr_trigger_due_ns(windows->program, mr_pane_windows_state(windows, id), now_ns);
    if (due_ns == window->timer_ns) return;
    window->timer_ns = due_ns;
    if (due_ns != MR_NS_NEVER) push(windows, &windows->timers, due_ns, id);
}

bool mr_pane_windows_pop_timer(struct mr_pane_windows *windows, mr_ns now_ns, uint32_t *id)
{
    while (windows->timers.n > 0 && windows->timers.list[0].at <= now_ns) {
        struct mr_pane_due due = windows->timers.list[0];
        mr_pane_heap_pop(&windows->timers);
        struct mr_pane_window *window = window_of(windows, &due);
        if (!window || window->timer_ns != due.at) continue;
        window->timer_ns = MR_NS_NEVER;
        *id = due.window;
        return true;
    }
    return false;
}

static void set_hold(struct mr_pane_windows *windows, uint32_t id, mr_us hold_us)
{
    struct mr_pane_window *window = &windows->list[id];
    if (window->has_hold && window->hold_us == hold_us) return;
    window->has_hold = true;
    window->hold_us = hold_us;
    if (windows->needs_holds) push(windows, &windows->holds, hold_us, id);
}

static mr_us later_of(mr_us a_us, mr_us b_us)
{
    return a_us > b_us ? a_us : b_us;
}

static mr_us earlier_of(mr_us a_us, mr_us b_us)
{
    return a_us < b_us ? a_us : b_us;
}

void mr_pane_windows_hold(struct mr_pane_windows *windows, uint32_t id, mr_us at_us)
{
    const struct mr_pane_window *window = &windows->list[id];
    switch (windows->transform->windowing.timestamp_combiner) {
    case MR_END_OF_WINDOW:
        at_us = mr_us_add(window->end_us, -1);
        break;
    case MR_EARLIEST:
        if (window->has_hold) at_us = earlier_of(at_us, window->hold_us);
        break;
    case MR_LATEST:
        if (window->has_hold) at_us = later_of(at_us, window->hold_us);
        break;
    }
    set_hold(windows, id, at_us);
}

mr_us mr_pane_windows_held_us(struct mr_pane_windows *windows)
{
    while (windows->holds.n > 0) {
        const struct mr_pane_due *due = &windows->holds.list[0];
        const struct mr_pane_window *window = window_of(windows, due);
        if (window && window->has_hold && window->hold_us == due->at) return due->at;
        mr_pane_heap_pop(&windows->holds);
    }
    return MR_US_MAX;
}

/* ---- Windows ---- */

/* Where in its key's list the first window lies that begins at start_us or later. */
static uint32_t *place_of(struct mr_pane_windows *windows, uint32_t key, mr_us start_us)
{
    uint32_t *at = &windows->heads[key];
    while (*at != MR_PANE_WINDOW_NONE && windows->list[*at].start_us < start_us)
        at = &windows->list[*at].next;
    return at;
}

static void grow(struct mr_pane_windows *windows)
{
    uint32_t capacity = windows->capacity ? windows->capacity * 2 : 64;
    size_t state_bytes = sizeof *windows->states * windows->program->n;
    windows->list = mr_arena_grow(windows->arena, windows->list,
        sizeof *windows->list * windows->capacity, sizeof *windows->list * capacity);
    windows->states = mr_arena_grow(windows->arena, windows->states,
        state_bytes * windows->capacity, state_bytes * capacity);
    windows->capacity = capacity;
    mr_accumulators_reserve(&windows->accumulators, capacity);
    if (windows->keeps_shown) mr_accumulators_reserve(&windows->shown, capacity);
}

static uint32_t take_number(struct mr_pane_windows *windows)
{
    uint32_t id = windows->free;
    if (id != MR_PANE_WINDOW_NONE) {
        windows->free = windows->list[id].next;
        return id;
    }
    if (windows->n == windows->capacity) grow(windows);
    windows->list[windows->n].serial = 0;
    return windows->n++;
}

static uint32_t insert(
    struct mr_pane_windows *windows, uint32_t key, mr_us start_us, mr_us end_us)
{
    uint32_t id = take_number(windows);
    uint32_t *at = place_of(windows, key, start_us);
    windows->list[id] = (struct mr_pane_window){.start_us = start_us,
        .end_us = end_us,
        .timer_ns = MR_NS_NEVER,
        .key = key,
        .next = *at,
        .into = MR_PANE_WINDOW_NONE,
        .serial = windows->list[id].serial,
        .is_live = true,
        .is_new = true,
        .has_ended = end_us <= windows->watermark_us};
    *at = id;
    windows->n_live++;
    mr_trigger_begin(windows->program, mr_pane_windows_state(windows, id));
    mr_pane_windows_queue_end(windows, id);
    return id;
}

void mr_pane_windows_remove(struct mr_pane_windows *windows, uint32_t id)
{
    struct mr_pane_window *window = &windows->list[id];
    MR_ASSERT(window->is_live && windows->n_live > 0);
    uint32_t *at = &windows->heads[window->key];
    while (*at != id) at = &windows->list[*at].next;
    *at = window->next;
    mr_accumulators_clear(&windows->accumulators, id);
    mr_pane_windows_unshow(windows, id);
    window->is_live = false;
    window->serial++;
    window->next = windows->buried;
    windows->buried = id;
    windows->n_live--;
}

uint32_t mr_pane_windows_resolve(const struct mr_pane_windows *windows, uint32_t id)
{
    while (!windows->list[id].is_live) {
        id = windows->list[id].into;
        MR_ASSERT(id != MR_PANE_WINDOW_NONE);
    }
    return id;
}

void mr_pane_windows_end_batch(struct mr_pane_windows *windows)
{
    while (windows->buried != MR_PANE_WINDOW_NONE) {
        uint32_t id = windows->buried;
        windows->buried = windows->list[id].next;
        windows->list[id].next = windows->free;
        windows->free = id;
    }
}

/* ---- What panes have said ---- */

static void copy_shown(struct mr_pane_windows *windows, uint32_t to,
    const struct mr_accumulators *from, uint32_t from_id)
{
    mr_accumulators_clear(&windows->shown, to);
    if (!mr_accumulators_merge(&windows->shown, &to, from, &from_id, 1))
        MR_UNREACHABLE("a sum that is merged into nothing leaves 64 bits");
    windows->list[to].is_shown = true;
}

void mr_pane_windows_show(
    struct mr_pane_windows *windows, uint32_t id, struct mr_pane pane, mr_us at_us)
{
    struct mr_pane_window *window = &windows->list[id];
    copy_shown(windows, id, &windows->accumulators, id);
    window->shown_rows = window->n_rows;
    window->shown_pane = pane;
    window->shown_us = at_us;
}

void mr_pane_windows_unshow(struct mr_pane_windows *windows, uint32_t id)
{
    if (!windows->list[id].is_shown) return;
    mr_accumulators_clear(&windows->shown, id);
    windows->list[id].is_shown = false;
}

/* Before the bounds of a window change: invariant 4. The list may move. */
static void leave_ghost(struct mr_pane_windows *windows, uint32_t id)
{
    if (!windows->list[id].is_shown) return;
    uint32_t ghost = take_number(windows);
    struct mr_pane_window *left = &windows->list[ghost];
    uint32_t serial = left->serial;
    *left = windows->list[id];
    left->serial = serial + 1;
    left->is_live = left->has_hold = false;
    left->into = MR_PANE_WINDOW_NONE;
    left->next = windows->ghosts;
    windows->ghosts = ghost;
    copy_shown(windows, ghost, &windows->shown, id);
    mr_pane_windows_unshow(windows, id);
}

uint32_t mr_pane_windows_pop_ghost(struct mr_pane_windows *windows)
{
    uint32_t ghost = windows->ghosts;
    if (ghost == MR_PANE_WINDOW_NONE) return ghost;
    windows->ghosts = windows->list[ghost].next;
    windows->list[ghost].next = windows->buried;
    windows->buried = ghost;
    return ghost;
}

/* ---- Sessions ---- */

/* Whether a row of [start_us, end_us) belongs to the window. Sessions that touch stay apart. */
static bool is_joined(const struct mr_pane_windows *windows,
    const struct mr_pane_window *window, mr_us start_us, mr_us end_us)
{
    if (window->start_us == start_us && window->end_us == end_us) return true;
    return windows->transform->windowing.kind == MR_WINDOW_SESSIONS &&
           window->start_us < end_us && start_us < window->end_us;
}

/* Panes are counted on, as in Beam; but only bounds that are not new can have fired on time, and
 * have shown what is to be taken back. */
static void take_panes(
    struct mr_pane_windows *windows, uint32_t id, uint32_t other, bool is_same)
{
    struct mr_pane_window *window = &windows->list[id];
    const struct mr_pane_window *from = &windows->list[other];
    window->n_panes += from->n_panes;
    if (!is_same) return;
    window->n_nonspeculative = from->n_nonspeculative;
    window->shown_rows = from->shown_rows;
    window->shown_pane = from->shown_pane;
    window->shown_us = from->shown_us;
    if (from->is_shown) copy_shown(windows, id, &windows->shown, other);
}

static void move_trigger(struct mr_pane_windows *windows, uint32_t id);

/* The trigger of a window of this batch has no say. */
static void merge_triggers(struct mr_pane_windows *windows, uint32_t id, uint32_t other)
{
    struct mr_pane_window *window = &windows->list[id];
    int64_t *state = mr_pane_windows_state(windows, id);
    const int64_t *from = mr_pane_windows_state(windows, other);
    struct mr_trigger_view view = {
        .end_us = window->end_us, .watermark_us = windows->watermark_us};
    if (windows->list[other].is_new || MR_PLANTED(windows->env, MERGE_LOSES_TRIGGER)) return;
    if (!window->is_new) {
        mr_trigger_merge(windows->program, state, from, &view);
        return;
    }
    window->is_new = false;
    memcpy(state, from, sizeof *state * windows->program->n);
    move_trigger(windows, id);
}

/* Takes `other` into the window, whose bounds are the new ones already. False: overflow. */
static bool merge(struct mr_pane_windows *windows, uint32_t id, uint32_t other)
{
    bool is_same = windows->list[id].start_us == windows->list[other].start_us &&
                   windows->list[id].end_us == windows->list[other].end_us;
    if (!is_same) leave_ghost(windows, other);
    struct mr_pane_window *window = &windows->list[id];
    struct mr_pane_window *taken = &windows->list[other];
    window->n_rows += taken->n_rows;
    window->fresh_rows += taken->fresh_rows;
    take_panes(windows, id, other, is_same);
    merge_triggers(windows, id, other);
    if (taken->has_hold) mr_pane_windows_hold(windows, id, taken->hold_us);
    bool is_whole =
        mr_accumulators_merge(&windows->accumulators, &id, &windows->accumulators, &other, 1);
    mr_pane_windows_remove(windows, other);
    taken->into = id;
    return is_whole;
}

/* The end is another one now: what the trigger did at the old one is undone where the new one
 * is still to come. */
static void move_trigger(struct mr_pane_windows *windows, uint32_t id)
{
    int64_t from[MR_TRIGGER_NODES_MAX];
    int64_t *state = mr_pane_windows_state(windows, id);
    struct mr_trigger_view view = {
        .end_us = windows->list[id].end_us, .watermark_us = windows->watermark_us};
    for (uint32_t i = 0; i < windows->program->n; i++) {
        from[i] = state[i];
        if (windows->program->nodes[i].kind == MR_TRIGGER_COUNT && state[i] > 0) from[i] = 0;
    }
    mr_trigger_merge(windows->program, state, from, &view);
}

/* The window gets the bounds of all that a row of [start_us, end_us) makes one. */
static void widen(struct mr_pane_windows *windows, uint32_t id, mr_us start_us, mr_us end_us)
{
    struct mr_pane_window *window = &windows->list[id];
    start_us = earlier_of(start_us, window->start_us);
    end_us = later_of(end_us, window->end_us);
    for (uint32_t at = window->next; at != MR_PANE_WINDOW_NONE; at = windows->list[at].next)
        if (windows->list[at].start_us < end_us)
            end_us = later_of(end_us, windows->list[at].end_us);
    if (start_us == window->start_us && end_us == window->end_us) return;
    leave_ghost(windows, id);
    window = &windows->list[id];
    window->start_us = start_us;
    window->end_us = end_us;
    window->n_nonspeculative = 0;
    window->has_ended = end_us <= windows->watermark_us;
    move_trigger(windows, id);
    if (window->has_hold) mr_pane_windows_hold(windows, id, window->hold_us);
    mr_pane_windows_queue_end(windows, id);
}

uint32_t mr_pane_windows_join(
    struct mr_pane_windows *windows, uint32_t key, mr_us start_us, mr_us end_us)
{
    uint32_t id = windows->heads[key];
    while (
        id != MR_PANE_WINDOW_NONE && !is_joined(windows, &windows->list[id], start_us, end_us))
        id = windows->list[id].next;
    if (id == MR_PANE_WINDOW_NONE) return insert(windows, key, start_us, end_us);
    if (windows->transform->windowing.kind != MR_WINDOW_SESSIONS) return id;
    bool is_whole = true;
    widen(windows, id, start_us, end_us);
    while (windows->list[id].next != MR_PANE_WINDOW_NONE &&
           windows->list[windows->list[id].next].start_us < windows->list[id].end_us)
        is_whole = merge(windows, id, windows->list[id].next) && is_whole;
    return is_whole ? id : MR_PANE_WINDOW_NONE;
}
