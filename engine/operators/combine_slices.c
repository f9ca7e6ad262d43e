/* Combine in sliding windows with the default trigger.
 *
 * Invariants.
 * 1. A row is folded once, into the slice of those of its windows that have not fired, however
 * many they are.
 * 2. A window fires once on time, as the merge of its slices; what comes later than that never
 * goes into a slice on its account.
 * 3. With lateness a fired window is kept for its pane numbers until it expires, and late rows
 * are folded into it apart: they fire its next pane at the end of their group. */
#include <string.h>

#include "engine/operators/slices.h"

/* A window that fires, or has fired and may still take late rows. */
struct window {
    mr_us start_us;
    struct mr_keyed_map map;
    struct mr_accumulators accumulators;
    uint32_t *panes;      /* [capacity], by entry: fired so far */
    uint32_t *fresh_rows; /* since the last pane */
    uint32_t capacity;
};

struct combine {
    struct mr_operator operator;
    struct mr_key_layout layout;
    struct mr_field key_types[MR_FIELDS_MAX];
    struct mr_slices slices;
    uint32_t n_fired; /* only with lateness */
    uint32_t fired_capacity;
    struct window **fired; /* [n_fired] by start */
    mr_us watermark_us;
};

static const struct mr_windowing *windowing_of(const struct combine *combine)
{
    return &combine->operator.transform->windowing;
}

static mr_us end_of(const struct combine *combine, mr_us start_us)
{
    return mr_us_add(start_us, windowing_of(combine)->size_us);
}

static bool has_lateness(const struct combine *combine)
{
    return windowing_of(combine)->allowed_lateness_us > 0;
}

static bool is_expired(const struct combine *combine, mr_us start_us)
{
    mr_us horizon_us =
        mr_us_add(end_of(combine, start_us), windowing_of(combine)->allowed_lateness_us);
    if (MR_PLANTED(combine->operator.context->env, FALSE_LATE_DROP))
        horizon_us = mr_us_add(horizon_us, -MR_SECOND_US * 1800);
    return horizon_us <= combine->watermark_us;
}

static void slices_open(struct mr_operator *operator)
{
    struct combine *combine = (struct combine *)operator;
    const struct mr_combine *spec = &operator->transform->combine;
    combine->layout = mr_key_layout_make(
        mr_combine_input(operator), spec->key_fields, spec->n_keys, combine->key_types);
    mr_slices_init(
        &combine->slices, operator->context->arena, operator->transform, &combine->layout);
    combine->watermark_us = MR_US_MIN;
}

static void window_init(struct combine *combine, struct window *window, mr_us start_us)
{
    struct mr_arena *arena = combine->operator.context->arena;
    *window = (struct window){.start_us = start_us};
    mr_keyed_map_init(&window->map, arena, &combine->layout, 0);
    mr_accumulators_init(&window->accumulators, arena, &combine->operator.transform->combine);
}

static void window_deinit(struct combine *combine, struct window *window)
{
    struct mr_arena *arena = combine->operator.context->arena;
    mr_keyed_map_deinit(&window->map);
    mr_accumulators_deinit(&window->accumulators);
    if (!window->panes) return;
    mr_arena_free(arena, window->panes, 4 * (size_t)window->capacity);
    mr_arena_free(arena, window->fresh_rows, 4 * (size_t)window->capacity);
}

static void window_reserve(struct combine *combine, struct window *window)
{
    uint32_t capacity = window->map.capacity;
    if (capacity <= window->capacity) return;
    struct mr_arena *arena = combine->operator.context->arena;
    size_t old = 4 * (size_t)window->capacity;
    window->panes = mr_arena_grow(arena, window->panes, old, 4 * (size_t)capacity);
    window->fresh_rows = mr_arena_grow(arena, window->fresh_rows, old, 4 * (size_t)capacity);
    memset((char *)window->panes + old, 0, 4 * (size_t)capacity - old);
    memset((char *)window->fresh_rows + old, 0, 4 * (size_t)capacity - old);
    window->capacity = capacity;
}

static void forget_fired(struct combine *combine, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        window_deinit(combine, combine->fired[i]);
        mr_arena_free(
            combine->operator.context->arena, combine->fired[i], sizeof *combine->fired[i]);
    }
    combine->n_fired -= n;
    if (n)
        memmove(combine->fired, combine->fired + n, sizeof *combine->fired * combine->n_fired);
}

static void slices_close(struct mr_operator *operator)
{
    struct combine *combine = (struct combine *)operator;
    mr_slices_deinit(&combine->slices);
    forget_fired(combine, combine->n_fired);
    if (combine->fired)
        mr_arena_free(operator->context->arena, combine->fired,
            sizeof *combine->fired * combine->fired_capacity);
    combine->fired = NULL;
    combine->fired_capacity = 0;
}

/* The fired window, made if it is not there: late rows may be its first. */
static struct window *fired_find(struct combine *combine, mr_us start_us)
{
    uint32_t at = combine->n_fired;
    while (at > 0 && combine->fired[at - 1]->start_us >= start_us) at--;
    if (at < combine->n_fired && combine->fired[at]->start_us == start_us)
        return combine->fired[at];
    struct mr_arena *arena = combine->operator.context->arena;
    if (combine->n_fired == combine->fired_capacity) {
        uint32_t capacity = combine->fired_capacity ? combine->fired_capacity * 2 : 8;
        combine->fired = mr_arena_grow(arena, combine->fired,
            sizeof *combine->fired * combine->fired_capacity,
            sizeof *combine->fired * capacity);
        combine->fired_capacity = capacity;
    }
    memmove(combine->fired + at + 1, combine->fired + at,
        sizeof *combine->fired * (combine->n_fired - at));
    combine->n_fired++;
    combine->fired[at] = mr_arena_new(arena, struct window);
    window_init(combine, combine->fired[at], start_us);
    return combine->fired[at];
}

/* ---- Panes ---- */

/* Entries [first, first + n) that have fresh rows, as one pane each. */
static void emit(struct combine *combine, const struct window *window, uint32_t first,
    uint32_t n, enum mr_pane_timing timing)
{
    struct mr_operator *operator= & combine->operator;
    struct mr_scratch *scratch = &operator->context->scratch;
    uint32_t n_keys = combine->layout.n_keys;
    uint32_t n_aggregates = operator->transform->combine.n_aggregates;
    mr_us end_us = end_of(combine, window->start_us);
    struct mr_column *columns =
        mr_scratch_array(scratch, struct mr_column, n_keys + n_aggregates);
    mr_keyed_map_columns(&window->map, first, n, scratch, columns);
    for (uint32_t i = 0; i < n_aggregates; i++)
        columns[n_keys + i] =
            mr_accumulators_column(&window->accumulators, i, first, n, scratch);
    if (mr_combine_fold_failed(operator)) return;
    mr_us *times = mr_scratch_array(scratch, mr_us, n);
    mr_us *starts = mr_scratch_array(scratch, mr_us, n);
    mr_us *ends = mr_scratch_array(scratch, mr_us, n);
    struct mr_pane *panes = mr_scratch_array(scratch, struct mr_pane, n);
    uint16_t *selection = mr_scratch_array(scratch, uint16_t, n);
    uint32_t n_selected = 0;
    for (uint32_t i = 0; i < n; i++) {
        times[i] = mr_us_add(end_us, -1); /* Beam's END_OF_WINDOW */
        starts[i] = window->start_us;
        ends[i] = end_us;
        panes[i] = (struct mr_pane){.index = window->panes[first + i],
            .nonspeculative_index = (uint16_t)window->panes[first + i],
            .timing = (uint8_t)timing,
            .is_last = !has_lateness(combine)};
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
    mr_operator_fire(operator, &out, window->start_us, end_us, timing, combine->watermark_us);
}

static void fire(struct combine *combine, struct window *window, enum mr_pane_timing timing)
{
    for (uint32_t first = 0; first < window->map.n; first += MR_BATCH_ROWS_MAX) {
        uint32_t n = window->map.n - first;
        emit(combine, window, first, n < MR_BATCH_ROWS_MAX ? n : MR_BATCH_ROWS_MAX, timing);
    }
    if (!has_lateness(combine)) return;
    for (uint32_t id = 0; id < window->map.n; id++) {
        if (!window->fresh_rows[id]) continue;
        window->fresh_rows[id] = 0;
        window->panes[id]++;
        mr_accumulators_clear(&window->accumulators, id);
    }
}

/* Invariant 2. */
static void fire_on_time(struct combine *combine, mr_us start_us)
{
    struct window brief;
    struct window *window = &brief;
    if (has_lateness(combine))
        window = fired_find(combine, start_us);
    else
        window_init(combine, window, start_us);
    MR_ASSERT(window->map.n == 0);
    bool is_whole = mr_slices_merge(&combine->slices, start_us, &window->map,
        &window->accumulators, &combine->operator.context->scratch);
    window_reserve(combine, window);
    for (uint32_t id = 0; id < window->map.n; id++) window->fresh_rows[id] = 1;
    if (is_whole)
        fire(combine, window, MR_PANE_ON_TIME);
    else
        mr_combine_fail_overflow(&combine->operator);
    if (window == &brief) window_deinit(combine, window);
}

static void slices_watermark(struct mr_operator *operator, mr_us watermark_us)
{
    struct combine *combine = (struct combine *)operator;
    MR_ASSERT(watermark_us >= combine->watermark_us);
    mr_us fired_us = combine->watermark_us;
    mr_us early_us = MR_PLANTED(operator->context->env, FIRE_ONE_EARLY) ? 1 : 0;
    combine->watermark_us = watermark_us;
    mr_us start_us;
    while (!operator->context->has_failed &&
            mr_slices_next_window(&combine->slices, fired_us, &start_us) &&
           mr_us_add(end_of(combine, start_us), -early_us) <= watermark_us) {
        fire_on_time(combine, start_us);
        mr_slices_retire(&combine->slices, start_us);
        /* Ends that were cut at the end of time: the next start tells. */
        fired_us = end_of(combine, start_us);
        if (fired_us == MR_US_MAX)
            fired_us = mr_us_add(start_us, windowing_of(combine)->size_us - 1);
    }
    uint32_t n = 0;
    while (n < combine->n_fired && is_expired(combine, combine->fired[n]->start_us)) n++;
    forget_fired(combine, n);
}

/* ---- Rows ---- */

enum { GROUPS_MAX = 64 };

/* Rows of one batch that are in the same windows. A batch of more groups than fit is handled in
 * parts. */
struct group {
    mr_us first_us;
    mr_us last_us;
    uint32_t n;
    uint16_t *rows;
};

/* What there is to know of a batch while it is handled. */
struct input {
    const struct mr_batch *batch;
    struct mr_column *values;
    struct mr_key_hashes hashes;
    uint8_t *errors;
};

static void tell_accepted(struct combine *combine, const struct mr_batch *batch,
    const struct group *group, mr_us first_us, mr_us last_us)
{
    const struct mr_probe *probe = combine->operator.context->job->probe;
    if (!probe || !probe->wants_accepted) return;
    struct mr_probe_at at = mr_operator_at(&combine->operator);
    for (uint32_t i = 0; i < group->n; i++)
        probe->accepted(
            probe->self, &at, batch, group->rows[i], first_us, end_of(combine, last_us));
}

static void take_in(struct combine *combine, const struct input *input,
    const struct group *group, struct mr_keyed_map *map, struct mr_accumulators *accumulators,
    uint32_t *ids)
{
    mr_keyed_map_find(map, input->batch, &input->hashes, group->rows, group->n, ids);
    mr_accumulators_reserve(accumulators, map->capacity);
    for (uint32_t i = 0; i < combine->operator.transform->combine.n_aggregates; i++)
        mr_accumulators_add(
            accumulators, i, &input->values[i], ids, group->rows, group->n, input->errors);
}

/* Invariant 3. */
static void take_late(struct combine *combine, const struct input *input,
    const struct group *group, mr_us start_us, uint32_t *ids)
{
    const struct mr_env *env = combine->operator.context->env;
    struct window *window = fired_find(combine, start_us);
    tell_accepted(combine, input->batch, group, start_us, start_us);
    take_in(combine, input, group, &window->map, &window->accumulators, ids);
    window_reserve(combine, window);
    for (uint32_t i = 0; i < group->n; i++) window->fresh_rows[ids[i]]++;
    env->milestone(env, MR_SOMETIMES_LATE_PANE_FIRED);
    fire(combine, window, MR_PANE_LATE);
}

static void handle_group(
    struct combine *combine, const struct input *input, const struct group *group)
{
    mr_us period_us = windowing_of(combine)->period_us;
    uint32_t *ids = mr_scratch_array(&combine->operator.context->scratch, uint32_t, group->n);
    mr_us start_us = group->first_us;
    bool has_dropped = false;
    for (; start_us <= group->last_us; start_us += period_us) {
        bool is_dropped = is_expired(combine, start_us);
        if (!is_dropped && end_of(combine, start_us) > combine->watermark_us) break;
        has_dropped |= is_dropped;
        if (!is_dropped) take_late(combine, input, group, start_us, ids);
        for (uint32_t i = 0; i < group->n && is_dropped; i++)
            mr_combine_drop(&combine->operator, input->batch, group->rows[i], start_us,
                end_of(combine, start_us), combine->watermark_us);
    }
    if (start_us > group->last_us) return;
    /* FLINK-21305: a row that is too late for its first window is not counted in those still
     * open. */
    if (has_dropped && MR_PLANTED(combine->operator.context->env, SLICE_GONE_WITH_WINDOW))
        return;
    struct mr_slice *slice = mr_slices_find(&combine->slices, start_us, group->last_us);
    tell_accepted(combine, input->batch, group, start_us, group->last_us);
    take_in(combine, input, group, &slice->map, &slice->accumulators, ids);
}

static struct group *group_find(
    struct group *groups, uint32_t *n_groups, mr_us first_us, mr_us last_us)
{
    for (uint32_t i = *n_groups; i-- > 0;)
        if (groups[i].first_us == first_us && groups[i].last_us == last_us) return &groups[i];
    if (*n_groups == GROUPS_MAX) return NULL;
    groups[*n_groups] = (struct group){.first_us = first_us, .last_us = last_us};
    return &groups[(*n_groups)++];
}

static void slices_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct combine *combine = (struct combine *)operator;
    struct mr_scratch *scratch = &operator->context->scratch;
    struct input input = {.batch = batch,
        .values = mr_scratch_array(
            scratch, struct mr_column, operator->transform->combine.n_aggregates + 1),
        .hashes = mr_key_hashes_make(&combine->layout, batch, scratch),
        .errors = mr_scratch_array(scratch, uint8_t, batch->n_rows)};
    memset(input.errors, 0, batch->n_rows);
    if (!mr_combine_evaluate(operator, batch, input.values, input.errors)) return;
    struct group *groups = mr_scratch_array(scratch, struct group, GROUPS_MAX);
    for (uint32_t i = 0; i < batch->n_selected;) {
        uint32_t n_groups = 0;
        for (; i < batch->n_selected; i++) {
            uint32_t row = mr_batch_row(batch, i);
            mr_us first_us, end_us;
            mr_row_window(windowing_of(combine), batch, row, &first_us, &end_us);
            mr_us last_us = mr_us_add(end_us, -windowing_of(combine)->size_us);
            if (first_us == end_us) continue; /* in no window */
            if (last_us < first_us) last_us = first_us;
            struct group *group = group_find(groups, &n_groups, first_us, last_us);
            if (!group) break;
            if (!group->rows)
                group->rows = mr_scratch_array(scratch, uint16_t, batch->n_selected - i);
            group->rows[group->n++] = (uint16_t)row;
        }
        for (uint32_t k = 0; k < n_groups; k++) handle_group(combine, &input, &groups[k]);
    }
    mr_operator_divert(operator, batch, input.errors);
}

/* ---- Snapshots ---- */

static void slices_snapshot(
    struct mr_operator *operator, struct mr_snapshot_writer * writer, uint64_t checkpoint)
{
    (void)checkpoint;
    const struct combine *combine = (const struct combine *)operator;
    mr_snapshot_u64(writer, (uint64_t)combine->watermark_us);
    mr_slices_snapshot(&combine->slices, writer);
    mr_snapshot_u32(writer, combine->n_fired);
    for (uint32_t i = 0; i < combine->n_fired; i++) {
        const struct window *window = combine->fired[i];
        mr_snapshot_u64(writer, (uint64_t)window->start_us);
        mr_keyed_map_snapshot(&window->map, writer);
        mr_snapshot_bytes(writer, window->panes, 4 * window->map.n);
    }
}

static void slices_restore(
    struct mr_operator *operator, struct mr_snapshot_reader * reader, bool is_rewind)
{
    (void)is_rewind;
    struct combine *combine = (struct combine *)operator;
    combine->watermark_us = (mr_us)mr_snapshot_read_u64(reader);
    mr_slices_restore(&combine->slices, reader);
    uint32_t n_fired = mr_snapshot_read_u32(reader);
    for (uint32_t i = 0; i < n_fired && !reader->is_broken; i++) {
        struct window *window = fired_find(combine, (mr_us)mr_snapshot_read_u64(reader));
        mr_keyed_map_restore(&window->map, reader);
        const void *panes = mr_snapshot_read_bytes(reader, 4 * window->map.n);
        mr_accumulators_reserve(&window->accumulators, window->map.capacity);
        window_reserve(combine, window);
        if (panes && window->map.n) memcpy(window->panes, panes, 4 * (size_t)window->map.n);
    }
    if (MR_PLANTED(operator->context->env, RESTORE_SKIPS_STATE)) slices_close(operator);
}

const struct mr_operator_class mr_combine_slices_class = {.name = "Combine",
    .bytes = sizeof(struct combine),
    .open = slices_open,
    .close = slices_close,
    .batch = slices_batch,
    .watermark = slices_watermark,
    .snapshot = slices_snapshot,
    .restore = slices_restore};
