/* Combine: keyed aggregates in windows.
 *
 * Invariants.
 * 1. Windows are ordered by end, then start; each is live until the watermark passes its end plus the lateness.
 * 2. A window fires once on time, when the watermark reaches its end; entries fire in the order of insertion.
 * 3. Discarding: what has fired is cleared. Without lateness a fired window is gone; with lateness its entries stay
 *    for their pane numbers, and a late row fires its key's next pane at the end of its batch. */
#include <string.h>

#include "engine/operators/aggregate.h"
#include "engine/operators/combine_parts.h"
#include "engine/operators/operator.h"
#include "engine/state/keyed_map.h"

struct window {
    mr_us start_us;
    mr_us end_us;
    bool has_fired;
    struct mr_keyed_map map;
    struct mr_accumulators accumulators;
    /* Only with lateness, by entry: panes fired, and rows since the last one. */
    uint32_t *panes;
    uint32_t *fresh_rows;
    uint32_t late_capacity;
};

enum { VALUE_COMPUTED = -1, VALUE_UNUSED = -2 };

struct combine {
    struct mr_operator operator;
    struct mr_key_layout layout;
    struct mr_field key_types[MR_FIELDS_MAX];
    uint32_t n_windows;
    uint32_t windows_capacity;
    struct window **windows;   /* [n_windows], invariant 1 */
    uint32_t expected_entries; /* as many as the last window had */
    mr_us watermark_us;
    bool can_fail; /* whether a row may be one that the aggregates cannot take */
    int value_fields[MR_FIELDS_MAX]; /* of each aggregate whose value is a field as it is; or:
                                      */
};

static const struct mr_combine *spec(const struct combine *combine)
{
    return &combine->operator.transform->combine;
}

static mr_us lateness_us(const struct combine *combine)
{
    return combine->operator.transform->windowing.allowed_lateness_us;
}

static void combine_open(struct mr_operator *operator)
{
    struct combine *combine = (struct combine *)operator;
    const struct mr_edge *edge = &operator->transform->inputs[0];
    const struct mr_schema *input =
        &operator->context->job->graph->transforms[edge->transform].outputs[edge->output].schema;
    combine->layout = mr_key_layout_make(
        input, spec(combine)->key_fields, spec(combine)->n_keys, combine->key_types);
    combine->watermark_us = MR_US_MIN;
    MR_ASSERT(spec(combine)->n_aggregates <= MR_FIELDS_MAX);
    for (uint32_t i = 0; i < spec(combine)->n_aggregates; i++) {
        const struct mr_expression *value = spec(combine)->aggregates[i].value;
        int field = value ? mr_expression_field(value) : VALUE_UNUSED;
        bool is_counted = spec(combine)->aggregates[i].kind == MR_COUNT;
        combine->value_fields[i] = is_counted && field >= 0 ? VALUE_UNUSED : field;
        combine->can_fail |= !is_counted || combine->value_fields[i] == VALUE_COMPUTED;
    }
}

static void window_free(struct combine *combine, struct window *window)
{
    struct mr_arena *arena = combine->operator.context->arena;
    mr_keyed_map_deinit(&window->map);
    mr_accumulators_deinit(&window->accumulators);
    if (window->panes) {
        mr_arena_free(arena, window->panes, 4 * (size_t)window->late_capacity);
        mr_arena_free(arena, window->fresh_rows, 4 * (size_t)window->late_capacity);
    }
    mr_arena_free(arena, window, sizeof *window);
}

static void combine_close(struct mr_operator *operator)
{
    struct combine *combine = (struct combine *)operator;
    for (uint32_t i = 0; i < combine->n_windows; i++) window_free(combine, combine->windows[i]);
    if (combine->windows)
        mr_arena_free(operator->context->arena, combine->windows,
            sizeof *combine->windows * combine->windows_capacity);
    combine->windows = NULL;
    combine->windows_capacity = 0;
    combine->n_windows = 0;
}

static struct window *window_insert(struct combine *combine, uint32_t at, mr_us start_us, mr_us end_us)
{
    struct mr_arena *arena = combine->operator.context->arena;
    if (combine->n_windows == combine->windows_capacity) {
        uint32_t capacity = combine->windows_capacity ? combine->windows_capacity * 2 : 8;
        combine->windows = mr_arena_grow(arena, combine->windows,
            sizeof *combine->windows * combine->windows_capacity, sizeof *combine->windows * capacity);
        combine->windows_capacity = capacity;
    }
    memmove(combine->windows + at + 1, combine->windows + at,
        sizeof *combine->windows * (combine->n_windows - at));
    combine->n_windows++;
    struct window *window = mr_arena_zalloc(arena, sizeof *window);
    window->start_us = start_us;
    window->end_us = end_us;
    mr_keyed_map_init(&window->map, arena, &combine->layout, combine->expected_entries);
    mr_accumulators_init(&window->accumulators, arena, spec(combine));
    combine->windows[at] = window;
    return window;
}

/* The live window, made if it is not there. Its place in the list is found from the end: most rows are new. */
static struct window *window_find(struct combine *combine, mr_us start_us, mr_us end_us)
{
    uint32_t at = combine->n_windows;
    while (at > 0) {
        struct window *window = combine->windows[at - 1];
        if (window->end_us == end_us && window->start_us == start_us) return window;
        if (window->end_us < end_us || (window->end_us == end_us && window->start_us < start_us)) break;
        at--;
    }
    return window_insert(combine, at, start_us, end_us);
}

/* A window is expired when the watermark has passed its end plus the lateness. */
static bool is_expired(const struct combine *combine, mr_us end_us)
{
    mr_us horizon_us = mr_us_add(end_us, lateness_us(combine));
    if (MR_PLANTED(combine->operator.context->env, FALSE_LATE_DROP))
        horizon_us = mr_us_add(horizon_us, -MR_SECOND_US * 1800);
    return horizon_us <= combine->watermark_us;
}

static void reserve_late(struct combine *combine, struct window *window)
{
    uint32_t capacity = window->map.capacity;
    if (capacity <= window->late_capacity) return;
    struct mr_arena *arena = combine->operator.context->arena;
    size_t old = 4 * (size_t)window->late_capacity;
    window->panes = mr_arena_grow(arena, window->panes, old, 4 * (size_t)capacity);
    window->fresh_rows = mr_arena_grow(arena, window->fresh_rows, old, 4 * (size_t)capacity);
    memset((char *)window->panes + old, 0, 4 * (size_t)capacity - old);
    memset((char *)window->fresh_rows + old, 0, 4 * (size_t)capacity - old);
    window->late_capacity = capacity;
}

/* Emits entries whose numbers stand in ids[n], or [first, first + n) when ids is NULL, as one pane each. */
static void emit_entries(struct combine *combine, struct window *window, const uint32_t *ids,
    uint32_t first, uint32_t n, enum mr_pane_timing timing)
{
    struct mr_operator *operator = &combine->operator;
    struct mr_scratch *scratch = &operator->context->scratch;
    uint32_t n_keys = combine->layout.n_keys;
    uint32_t n_aggregates = spec(combine)->n_aggregates;
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, n_keys + n_aggregates);
    mr_keyed_map_columns(&window->map, first, n, scratch, columns);
    for (uint32_t i = 0; i < n_aggregates; i++)
        columns[n_keys + i] =
            mr_accumulators_column(&window->accumulators, i, first, n, scratch);
    if (mr_combine_fold_failed(operator)) return;
    mr_us *times = mr_scratch_array(scratch, mr_us, n);
    mr_us *starts = mr_scratch_array(scratch, mr_us, n);
    mr_us *ends = mr_scratch_array(scratch, mr_us, n);
    struct mr_pane *panes = mr_scratch_array(scratch, struct mr_pane, n);
    mr_us time_us = mr_us_add(window->end_us, -1); /* Beam's END_OF_WINDOW */
    bool is_last = lateness_us(combine) == 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t index = window->panes ? window->panes[first + i] : 0;
        times[i] = time_us;
        starts[i] = window->start_us;
        ends[i] = window->end_us;
        panes[i] = (struct mr_pane){.index = index,
            .nonspeculative_index = (uint16_t)index,
            .timing = (uint8_t)timing,
            .is_last = is_last};
    }
    uint16_t *selection = NULL;
    uint32_t n_selected = n;
    if (ids) {
        selection = mr_scratch_array(scratch, uint16_t, n);
        n_selected = 0;
        for (uint32_t i = 0; i < n; i++)
            if (window->fresh_rows[first + i]) selection[n_selected++] = (uint16_t)i;
    }
    struct mr_batch out = {.n_rows = n,
        .n_columns = n_keys + n_aggregates,
        .columns = columns,
        .times_us = times,
        .slots = MR_SLOT_WINDOW | MR_SLOT_PANE,
        .window_starts_us = starts,
        .window_ends_us = ends,
        .panes = panes,
        .selection = selection,
        .n_selected = n_selected};
    mr_operator_fire(operator, &out, window->start_us, window->end_us, timing, combine->watermark_us);
}

/* Fires what has come since the last pane, in batches. */
static void fire(struct combine *combine, struct window *window, enum mr_pane_timing timing)
{
    if (timing == MR_PANE_LATE)
        combine->operator.context->env->milestone(
            combine->operator.context->env, MR_SOMETIMES_LATE_PANE_FIRED);
    for (uint32_t first = 0; first < window->map.n; first += MR_BATCH_ROWS_MAX) {
        uint32_t n = window->map.n - first;
        if (n > MR_BATCH_ROWS_MAX) n = MR_BATCH_ROWS_MAX;
        emit_entries(combine, window, window->fresh_rows, first, n, timing);
    }
    if (!window->fresh_rows) return;
    for (uint32_t id = 0; id < window->map.n; id++) {
        if (!window->fresh_rows[id]) continue;
        window->fresh_rows[id] = 0;
        window->panes[id]++;
        mr_accumulators_clear(&window->accumulators, id);
    }
}

/* Takes rows[n] of one live window into its state. */
static void accumulate(struct combine *combine, struct window *window,
    const struct mr_batch *batch, const struct mr_column *values,
    const struct mr_key_hashes *hashes, const uint16_t *rows, uint32_t n, uint8_t *errors)
{
    struct mr_task_context *context = combine->operator.context;
    uint32_t *ids = mr_scratch_array(&context->scratch, uint32_t, n);
    mr_keyed_map_find(&window->map, batch, hashes, rows, n, ids);
    if (window->accumulators.capacity < window->map.capacity)
        mr_accumulators_reserve(&window->accumulators, window->map.capacity);
    for (uint32_t i = 0; i < spec(combine)->n_aggregates; i++)
        mr_accumulators_add(&window->accumulators, i, &values[i], ids, rows, n, errors);
    if (lateness_us(combine) > 0) reserve_late(combine, window);
    if (window->fresh_rows)
        for (uint32_t i = 0; i < n; i++) window->fresh_rows[ids[i]]++;
    const struct mr_probe *probe = context->job->probe;
    if (!probe || !probe->wants_accepted) return;
    struct mr_probe_at at = mr_operator_at(&combine->operator);
    for (uint32_t i = 0; i < n; i++)
        probe->accepted(probe->self, &at, batch, rows[i], window->start_us, window->end_us);
}

static void drop_late(struct combine *combine, const struct mr_batch *batch, uint32_t row,
    mr_us start_us, mr_us end_us)
{
    const struct mr_task_context *context = combine->operator.context;
    const struct mr_probe *probe = context->job->probe;
    context->env->milestone(context->env, MR_SOMETIMES_LATE_ROW_DROPPED);
    if (!probe || !probe->late_dropped) return;
    struct mr_probe_at at = mr_operator_at(&combine->operator);
    probe->late_dropped(probe->self, &at, batch, row, start_us, end_us, combine->watermark_us);
}

/* Values of the aggregates over the whole batch; fails the task on a row's error. */
static bool evaluate(struct combine *combine, const struct mr_batch *batch, struct mr_column *values,
    uint8_t *errors)
{
    const struct mr_combine *combined = spec(combine);
    struct mr_scratch *scratch = &combine->operator.context->scratch;
    bool is_computed = false;
    for (uint32_t i = 0; i < combined->n_aggregates; i++) {
        int field = combine->value_fields[i];
        if (field >= 0) {
            values[i] = batch->columns[field];
        } else if (field == VALUE_COMPUTED) {
            values[i] =
                mr_expression_batch(combined->aggregates[i].value, batch, scratch, errors);
            is_computed = true;
        }
    }
    if (!is_computed) return true;
    mr_operator_divert(&combine->operator, batch, errors);
    return !combine->operator.context->has_failed;
}

/* The selected rows from `i` on that lie in the same window as row i: how many in a row. */
static uint32_t run_in_window(const struct combine *combine, const struct mr_batch *batch, uint32_t i,
    mr_us start_us, mr_us end_us)
{
    uint32_t n = 1;
    if (batch->window_starts_us) {
        for (; i + n < batch->n_selected; n++) {
            uint32_t row = mr_batch_row(batch, i + n);
            if (batch->window_starts_us[row] != start_us || batch->window_ends_us[row] != end_us) break;
        }
        return n;
    }
    if (combine->operator.transform->windowing.kind == MR_WINDOW_GLOBAL) return batch->n_selected - i;
    for (; i + n < batch->n_selected; n++) {
        mr_us at_us = batch->times_us[mr_batch_row(batch, i + n)];
        if (at_us < start_us || at_us >= end_us) break;
    }
    return n;
}

enum { GROUPS_MAX = 64, NEWEST_WINDOWS = 4 };

/* Rows of one batch by window. A batch of more windows than fit is handled in parts. */
struct group {
    mr_us start_us;
    mr_us end_us;
    uint32_t n;
    const uint16_t *rows;
    uint16_t *own; /* rows while they are being listed */
};

static struct group *group_find(struct group *groups, uint32_t *n_groups, mr_us start_us, mr_us end_us)
{
    for (uint32_t i = *n_groups; i-- > 0;)
        if (groups[i].start_us == start_us && groups[i].end_us == end_us) return &groups[i];
    if (*n_groups == GROUPS_MAX) return NULL;
    groups[*n_groups] = (struct group){.start_us = start_us, .end_us = end_us};
    return &groups[(*n_groups)++];
}

static void handle_group(struct combine *combine, const struct mr_batch *batch,
    const struct group *group, const struct mr_column *values,
    const struct mr_key_hashes *hashes, uint8_t *errors)
{
    if (is_expired(combine, group->end_us)) {
        for (uint32_t i = 0; i < group->n; i++)
            drop_late(combine, batch, group->rows[i], group->start_us, group->end_us);
        return;
    }
    struct window *window = window_find(combine, group->start_us, group->end_us);
    accumulate(combine, window, batch, values, hashes, group->rows, group->n, errors);
    if (group->end_us <= combine->watermark_us) {
        window->has_fired = true;
        fire(combine, window, MR_PANE_LATE);
    }
}

/* Whether the windows of a batch follow from its times and do not overlap. */
static bool derives_windows(const struct combine *combine, const struct mr_batch *batch)
{
    return !batch->window_starts_us &&
           combine->operator.transform->windowing.kind == MR_WINDOW_FIXED;
}

/* The window of a row. Most rows lie in one of the newest windows, which saves a division. */
static void find_row_window(const struct combine *combine, const struct mr_batch *batch,
    uint32_t row, mr_us *start_us, mr_us *end_us)
{
    const struct mr_windowing *windowing = &combine->operator.transform->windowing;
    uint32_t oldest = derives_windows(combine, batch) ? 0 : combine->n_windows;
    if (combine->n_windows - oldest > NEWEST_WINDOWS)
        oldest = combine->n_windows - NEWEST_WINDOWS;
    mr_us at_us = batch->times_us[row];
    for (uint32_t i = combine->n_windows; i > oldest; i--) {
        const struct window *window = combine->windows[i - 1];
        if (at_us < window->start_us || at_us >= window->end_us) continue;
        *start_us = window->start_us;
        *end_us = window->end_us;
        return;
    }
    mr_row_window(windowing, batch, row, start_us, end_us);
}

static const uint16_t *selected_rows(struct combine *combine, const struct mr_batch *batch)
{
    static const uint16_t first = 0;
    if (batch->selection) return batch->selection;
    if (batch->n_rows == 1) return &first;
    uint16_t *rows =
        mr_scratch_array(&combine->operator.context->scratch, uint16_t, batch->n_rows);
    for (uint32_t i = 0; i < batch->n_rows; i++) rows[i] = (uint16_t)i;
    return rows;
}

/* Sorts the rows by window; each window takes its rows at once. */
static void handle_by_window(struct combine *combine, const struct mr_batch *batch,
    const struct mr_column *values, const struct mr_key_hashes *hashes, uint8_t *errors)
{
    struct mr_scratch *scratch = &combine->operator.context->scratch;
    struct group *groups = mr_scratch_array(scratch, struct group, GROUPS_MAX);
    for (uint32_t i = 0; i < batch->n_selected;) {
        uint32_t n_groups = 0;
        while (i < batch->n_selected) {
            mr_us start_us, end_us;
            find_row_window(combine, batch, mr_batch_row(batch, i), &start_us, &end_us);
            struct group *group = group_find(groups, &n_groups, start_us, end_us);
            if (!group) break;
            uint32_t run = run_in_window(combine, batch, i, start_us, end_us);
            if (!group->rows)
                group->rows = group->own =
                    mr_scratch_array(scratch, uint16_t, batch->n_selected - i);
            for (uint32_t k = 0; k < run; k++)
                group->own[group->n++] = (uint16_t)mr_batch_row(batch, i + k);
            i += run;
        }
        for (uint32_t k = 0; k < n_groups; k++)
            handle_group(combine, batch, &groups[k], values, hashes, errors);
    }
}

static void combine_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct combine *combine = (struct combine *)operator;
    struct mr_scratch *scratch = &operator->context->scratch;
    struct mr_column *values =
        mr_scratch_array(scratch, struct mr_column, spec(combine)->n_aggregates + 1);
    uint8_t *errors = NULL;
    if (combine->can_fail) {
        errors = mr_scratch_array(scratch, uint8_t, batch->n_rows);
        memset(errors, 0, batch->n_rows);
    }
    if (!evaluate(combine, batch, values, errors)) return;
    struct mr_key_hashes hashes = mr_key_hashes_make(&combine->layout, batch, scratch);

    struct group all = {.n = batch->n_selected};
    find_row_window(combine, batch, mr_batch_row(batch, 0), &all.start_us, &all.end_us);
    if (all.n == 1 || run_in_window(combine, batch, 0, all.start_us, all.end_us) == all.n) {
        all.rows = selected_rows(combine, batch);
        handle_group(combine, batch, &all, values, &hashes, errors);
    } else {
        handle_by_window(combine, batch, values, &hashes, errors);
    }
    if (errors) mr_operator_divert(operator, batch, errors);
}

static bool is_due(const struct combine *combine, const struct window *window, mr_us watermark_us)
{
    mr_us end_us = window->end_us;
    if (MR_PLANTED(combine->operator.context->env, FIRE_ONE_EARLY)) end_us = mr_us_add(end_us, -1);
    return end_us <= watermark_us;
}

static void combine_watermark(struct mr_operator *operator, mr_us watermark_us)
{
    struct combine *combine = (struct combine *)operator;
    MR_ASSERT(watermark_us >= combine->watermark_us);
    combine->watermark_us = watermark_us;
    for (uint32_t i = 0; i < combine->n_windows && is_due(combine, combine->windows[i], watermark_us); i++) {
        struct window *window = combine->windows[i];
        if (window->has_fired) continue;
        window->has_fired = true;
        combine->expected_entries = window->map.n;
        fire(combine, window, MR_PANE_ON_TIME);
    }
    uint32_t n_expired = 0;
    while (n_expired < combine->n_windows && combine->windows[n_expired]->has_fired &&
        mr_us_add(combine->windows[n_expired]->end_us, lateness_us(combine)) <= watermark_us)
        window_free(combine, combine->windows[n_expired++]);
    if (n_expired == 0) return;
    combine->n_windows -= n_expired;
    memmove(combine->windows, combine->windows + n_expired, sizeof *combine->windows * combine->n_windows);
}

static void combine_snapshot(struct mr_operator *operator, struct mr_snapshot_writer *writer,
    uint64_t checkpoint)
{
    (void)checkpoint;
    const struct combine *combine = (const struct combine *)operator;
    mr_snapshot_u64(writer, (uint64_t)combine->watermark_us);
    mr_snapshot_u32(writer, combine->n_windows);
    for (uint32_t i = 0; i < combine->n_windows; i++) {
        const struct window *window = combine->windows[i];
        mr_snapshot_u64(writer, (uint64_t)window->start_us);
        mr_snapshot_u64(writer, (uint64_t)window->end_us);
        mr_snapshot_u32(writer, window->has_fired);
        mr_snapshot_u32(writer, window->fresh_rows != NULL);
        mr_keyed_map_snapshot(&window->map, writer);
        mr_accumulators_snapshot(&window->accumulators, window->map.n, writer);
        if (!window->fresh_rows) continue;
        mr_snapshot_bytes(writer, window->panes, 4 * window->map.n);
        mr_snapshot_bytes(writer, window->fresh_rows, 4 * window->map.n);
    }
}

static void restore_late(struct window *window, struct mr_arena *arena, struct mr_snapshot_reader *reader)
{
    uint32_t n = window->map.n;
    window->late_capacity = window->map.capacity;
    window->panes = mr_arena_zalloc(arena, 4 * (size_t)window->late_capacity);
    window->fresh_rows = mr_arena_zalloc(arena, 4 * (size_t)window->late_capacity);
    const void *panes = mr_snapshot_read_bytes(reader, 4 * n);
    const void *fresh_rows = mr_snapshot_read_bytes(reader, 4 * n);
    if (reader->is_broken || n == 0) return;
    memcpy(window->panes, panes, 4 * (size_t)n);
    memcpy(window->fresh_rows, fresh_rows, 4 * (size_t)n);
}

static void combine_restore(struct mr_operator *operator, struct mr_snapshot_reader *reader,
    bool is_rewind)
{
    (void)is_rewind;
    struct combine *combine = (struct combine *)operator;
    combine->watermark_us = (mr_us)mr_snapshot_read_u64(reader);
    uint32_t n_windows = mr_snapshot_read_u32(reader);
    for (uint32_t i = 0; i < n_windows && !reader->is_broken; i++) {
        mr_us start_us = (mr_us)mr_snapshot_read_u64(reader);
        mr_us end_us = (mr_us)mr_snapshot_read_u64(reader);
        struct window *window = window_insert(combine, combine->n_windows, start_us, end_us);
        window->has_fired = mr_snapshot_read_u32(reader) != 0;
        bool has_late = mr_snapshot_read_u32(reader) != 0;
        mr_keyed_map_restore(&window->map, reader);
        mr_accumulators_reserve(&window->accumulators, window->map.capacity);
        mr_accumulators_restore(&window->accumulators, window->map.n, reader);
        if (has_late) restore_late(window, operator->context->arena, reader);
        /* FLINK-4651 and its kin: the timer of a restored window is gone. */
        if (MR_PLANTED(operator->context->env, STALE_TIMER) && i == 0) window->has_fired = true;
    }
    if (MR_PLANTED(operator->context->env, RESTORE_SKIPS_STATE)) combine_close(operator);
}

bool mr_combine_state_visit(const struct mr_combine *combine, const struct mr_schema *input,
    const void *state, uint32_t bytes, struct mr_scratch *scratch, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry))
{
    struct mr_snapshot_reader reader = {.data = state, .bytes = bytes};
    struct mr_field types[MR_FIELDS_MAX];
    struct mr_key_layout layout =
        mr_key_layout_make(input, combine->key_fields, combine->n_keys, types);
    struct mr_column columns[2 * MR_FIELDS_MAX];
    struct mr_value values[2 * MR_FIELDS_MAX];
    mr_snapshot_read_u64(&reader);
    uint32_t n_windows = mr_snapshot_read_u32(&reader);
    for (uint32_t i = 0; i < n_windows && !reader.is_broken; i++) {
        struct mr_combine_state_entry entry = {.keys = values, .results = values + combine->n_keys};
        entry.window_start_us = (mr_us)mr_snapshot_read_u64(&reader);
        entry.window_end_us = (mr_us)mr_snapshot_read_u64(&reader);
        mr_snapshot_read_u32(&reader);
        bool has_late = mr_snapshot_read_u32(&reader) != 0;
        struct mr_keyed_map map;
        struct mr_accumulators accumulators;
        mr_keyed_map_init(&map, scratch->arena, &layout, 0);
        mr_accumulators_init(&accumulators, scratch->arena, combine);
        accumulators.shows_lists = true;
        mr_keyed_map_restore(&map, &reader);
        mr_accumulators_restore(&accumulators, map.n, &reader);
        const uint32_t *fresh_rows = NULL;
        if (has_late) {
            mr_snapshot_read_bytes(&reader, 4 * map.n);
            fresh_rows = mr_snapshot_read_bytes(&reader, 4 * map.n);
        }
        uint32_t n = reader.is_broken ? 0 : map.n;
        for (uint32_t first = 0; first < n; first += MR_BATCH_ROWS_MAX) {
            uint32_t part = n - first < MR_BATCH_ROWS_MAX ? n - first : MR_BATCH_ROWS_MAX;
            mr_keyed_map_columns(&map, first, part, scratch, columns);
            for (uint32_t k = 0; k < combine->n_aggregates; k++)
                columns[combine->n_keys + k] =
                    mr_accumulators_column(&accumulators, k, first, part, scratch);
            for (uint32_t row = 0; row < part; row++) {
                uint32_t fresh = 1;
                if (fresh_rows) memcpy(&fresh, fresh_rows + first + row, 4);
                if (!fresh) continue;
                for (uint32_t k = 0; k < combine->n_keys + combine->n_aggregates; k++)
                    values[k] = mr_column_value(&columns[k], row);
                visit(self, &entry);
            }
            mr_scratch_reset(scratch);
        }
        mr_keyed_map_deinit(&map);
        mr_accumulators_deinit(&accumulators);
    }
    return !reader.is_broken;
}

const struct mr_operator_class mr_combine_class = {.name = "Combine",
    .bytes = sizeof(struct combine),
    .open = combine_open,
    .close = combine_close,
    .batch = combine_batch,
    .watermark = combine_watermark,
    .snapshot = combine_snapshot,
    .restore = combine_restore};
