/* Invariants.
 * 1. Windows are sorted by end, then start, and no two are the same.
 * 2. Of a passed window, n_owed groups are not matched; fold->n_owed is the sum over the passed
 * windows.
 * 3. A matched group keeps its values, so that a second pane can be told apart; the next row
 * begins it anew. */
#include "engine/expression/caller.h"
#include "scenarios/oracle/fold.h"

enum { AHEAD = 16 };

/* What stays in registers from a row's value to its group. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

static void make_tallies(struct mr_fold *fold)
{
    const struct mr_combine *spec = &fold->transform->combine;
    uint32_t offset =
        (uint32_t)(sizeof(struct mr_group) + sizeof(struct mr_cell) * fold->n_keys);
    fold->n_tallies = spec->n_aggregates;
    fold->tallies = mr_arena_zalloc(fold->arena, sizeof *fold->tallies * fold->n_tallies);
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        struct mr_tally *tally = &fold->tallies[i];
        *tally = mr_tally_make(&spec->aggregates[i]);
        tally->scratch = fold->scratch;
        fold->has_folds |= tally->kind == MR_TALLY_FOLD;
        tally->offset = offset;
        offset += mr_tally_bytes(tally->kind);
        fold->n_values += tally->kind != MR_TALLY_COUNT;
        if (tally->expression && tally->field < 0) tally->computed = fold->n_computed++;
    }
    fold->stride = offset;
    fold->value_tallies =
        mr_arena_alloc(fold->arena, sizeof *fold->value_tallies * fold->n_tallies);
    uint32_t n = 0;
    for (uint32_t i = 0; i < fold->n_tallies; i++)
        if (fold->tallies[i].kind != MR_TALLY_COUNT)
            fold->value_tallies[n++] = fold->tallies[i];
    MR_ASSERT(n == fold->n_values);
}

void mr_fold_init(struct mr_fold *fold, struct mr_arena *arena, struct mr_scratch *scratch,
    const struct mr_transform *transform, const struct mr_schema *input)
{
    MR_ASSERT(transform->kind == MR_COMBINE);
    *fold = (struct mr_fold){.arena = arena,
        .scratch = scratch,
        .transform = transform,
        .sink = MR_NO_SINK,
        .n_input_fields = input->n_fields,
        .n_keys = transform->combine.n_keys,
        .key_fields = transform->combine.key_fields,
        .is_given = !mr_windowing_is_plain(&transform->windowing),
        .watermark_us = MR_US_MIN};
    for (uint32_t i = 0; i < fold->n_keys; i++)
        fold->key_types[i] = input->fields[fold->key_fields[i]].type;
    for (uint32_t i = 0; i < fold->n_keys; i++)
        fold->has_any_keys |= fold->key_types[i] == MR_TYPE_ANY;
    fold->n_unfolded = mr_arena_zalloc(arena, sizeof *fold->n_unfolded);
    make_tallies(fold);
    fold->is_bare_count = fold->n_keys == 1 && !fold->has_any_keys && fold->n_values == 0 && fold->n_computed == 0;
    fold->pending = mr_arena_alloc(arena, sizeof *fold->pending * MR_BLOCK_ROWS);
}

void mr_fold_deinit(struct mr_fold *fold)
{
    for (uint32_t i = 0; i < fold->n_windows; i++) mr_fold_window_free(fold, fold->windows[i]);
    while (fold->oldest_retired) {
        struct mr_fold_window *window = fold->oldest_retired;
        fold->oldest_retired = window->next;
        mr_fold_window_free(fold, window);
    }
    mr_arena_free(fold->arena, fold->windows, sizeof *fold->windows * fold->windows_capacity);
    mr_arena_free(fold->arena, fold->n_unfolded, sizeof *fold->n_unfolded);
    mr_arena_free(fold->arena, fold->tallies, sizeof *fold->tallies * fold->n_tallies);
    mr_arena_free(
        fold->arena, fold->value_tallies, sizeof *fold->value_tallies * fold->n_tallies);
    mr_arena_free(fold->arena, fold->pending, sizeof *fold->pending * MR_BLOCK_ROWS);
    mr_drops_deinit(&fold->drops, fold->arena);
    mr_drops_deinit(&fold->flowed, fold->arena);
    mr_drops_deinit(&fold->taken, fold->arena);
}

uint64_t mr_fold_row_hash(
    const struct mr_fold *fold, mr_us start_us, mr_us end_us, const struct mr_value *row)
{
    uint64_t hash = mr_digest_mix((uint64_t)start_us, (uint64_t)end_us);
    for (uint32_t i = 0; i < fold->n_input_fields; i++)
        if (!(fold->inexact_fields >> i & 1)) hash = mr_digest_mix(hash, mr_value_hash(row[i]));
    return hash;
}

/* The values of aggregates that are expressions. NULL: one of them fails. */
static const struct mr_value *compute(struct mr_fold *fold, const struct mr_value *row)
{
    struct mr_value *computed =
        mr_scratch_array(fold->scratch, struct mr_value, fold->n_computed);
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        const struct mr_tally *tally = &fold->tallies[i];
        if (!tally->expression || tally->field >= 0) continue;
        if (mr_expression_row(
                tally->expression, row, fold->scratch, &computed[tally->computed]))
            return NULL;
    }
    return computed;
}

/* Returns their hash. */
static uint64_t collect_keys(
    const struct mr_fold *fold, const struct mr_value *row, struct mr_cell *keys)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < fold->n_keys; i++) {
        struct mr_value key = mr_fold_key(fold, i, &row[fold->key_fields[i]]);
        hash = mr_cell_put(&keys[i], &key, hash);
    }
    return hash;
}

static __attribute__((noinline)) uint64_t hash_keys(
    const struct mr_fold *fold, const struct mr_value *row)
{
    struct mr_cell keys[MR_FIELDS_MAX];
    return collect_keys(fold, row, keys);
}

/* False when an aggregate's expression fails. */
ALWAYS_INLINE bool prepare(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_value *values, const double *slacks, struct mr_fold_pending *pending)
{
    pending->values = values;
    pending->slacks = slacks;
    pending->window = window;
    pending->computed = NULL;
    if (MR_UNLIKELY(fold->n_computed > 0)) {
        pending->computed = compute(fold, values);
        if (!pending->computed) {
            fold->n_failures++;
            return false;
        }
    }
    if (MR_LIKELY(fold->n_keys == 1 && !fold->has_any_keys))
        pending->hash = mr_cell_put(&pending->key, &values[fold->key_fields[0]], 0);
    else
        pending->hash = hash_keys(fold, values);
    return true;
}

static inline void enqueue(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_value *values, const double *slacks)
{
    struct mr_fold_pending *pending = &fold->pending[fold->n_pending];
    if (!prepare(fold, window, values, slacks, pending)) return;
    mr_groups_fetch_slot(&window->groups, pending->hash);
    if (++fold->n_pending == MR_BLOCK_ROWS) mr_fold_flush(fold);
}

static inline bool is_dropped(
    struct mr_fold *fold, const struct mr_fold_window *window, const struct mr_value *row)
{
    if (MR_LIKELY(!mr_drops_may_hold(&fold->drops, window->start_us))) return false;
    return mr_drops_take(
        &fold->drops, mr_fold_row_hash(fold, window->start_us, window->end_us, row));
}

/* A window that holds nothing but what was dropped must not come to be. */
static bool is_dropped_at(
    struct mr_fold *fold, mr_us start_us, mr_us end_us, const struct mr_value *row)
{
    struct mr_fold_window window = {.start_us = start_us, .end_us = end_us};
    return is_dropped(fold, &window, row);
}

void mr_fold_take(struct mr_fold *fold, const struct mr_flow_row *row)
{
    const struct mr_windowing *windowing = &fold->transform->windowing;
    mr_us start_us, end_us;
    if (MR_UNLIKELY(fold->n_computed > 0)) fold->scratch->caller->at_us = row->at_us;
    mr_flow_window(windowing, row, &start_us, &end_us);
    int64_t n = mr_flow_window_count(windowing, start_us, end_us);
    for (int64_t i = 0; i < n; i++) {
        if (windowing->kind == MR_WINDOW_SLIDING) {
            if (i > 0) start_us += windowing->period_us;
            end_us = mr_us_add(start_us, windowing->size_us);
        }
        if (is_dropped_at(fold, start_us, end_us, row->values)) continue;
        enqueue(fold, mr_fold_window_for(fold, start_us, end_us), row->values, row->slacks);
    }
}

void mr_fold_meet(struct mr_fold *fold, const struct mr_flow_row *row)
{
    const struct mr_windowing *windowing = &fold->transform->windowing;
    mr_us start_us, end_us;
    mr_flow_window(windowing, row, &start_us, &end_us);
    int64_t n = mr_flow_window_count(windowing, start_us, end_us);
    for (int64_t i = 0; i < n; i++) {
        if (windowing->kind == MR_WINDOW_SLIDING) {
            if (i > 0) start_us += windowing->period_us;
            end_us = mr_us_add(start_us, windowing->size_us);
        }
        if (is_dropped_at(fold, start_us, end_us, row->values)) continue;
        uint64_t hash = mr_fold_row_hash(fold, start_us, end_us, row->values);
        if (!mr_drops_take(&fold->taken, hash))
            mr_drops_add(&fold->flowed, fold->arena, start_us, hash);
    }
}

static inline void clear_group(const struct mr_fold *fold, struct mr_group *group)
{
    group->n_rows = 0;
    group->flags = 0;
    for (uint32_t i = 0; i < fold->n_values; i++)
        mr_tally_clear(&fold->value_tallies[i], (char *)group);
}

static inline const struct mr_value *value_for(
    const struct mr_tally *tally, const struct mr_fold_pending *pending)
{
    if (MR_LIKELY(tally->field >= 0)) return &pending->values[tally->field];
    return &pending->computed[tally->computed];
}

void mr_fold_reopen_group(
    struct mr_fold *fold, struct mr_fold_window *window, struct mr_group *group)
{
    group->flags &= (uint16_t)~MR_GROUP_MATCHED;
    if (!window->is_passed) return;
    window->n_owed++;
    fold->n_owed++;
}

void mr_fold_begin_group(
    struct mr_fold *fold, struct mr_fold_window *window, struct mr_group *group)
{
    clear_group(fold, group);
    mr_fold_reopen_group(fold, window, group);
}

static inline bool has_none(const struct mr_fold *fold, const struct mr_fold_pending *pending)
{
    for (uint32_t i = 0; i < fold->n_values; i++)
        if (value_for(&fold->value_tallies[i], pending)->type == MR_TYPE_NULL &&
            !mr_tally_takes_none(&fold->value_tallies[i]))
            return true;
    return false;
}

struct mr_group *mr_fold_add_group(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_cell *keys, uint64_t hash)
{
    uint32_t id = mr_groups_add(&window->groups, keys, hash);
    struct mr_group *group = mr_groups_at(&window->groups, id);
    mr_fold_begin_group(fold, window, group);
    return group;
}

static __attribute__((noinline)) struct mr_group *group_of_keys(struct mr_fold *fold,
    struct mr_fold_window *window, const struct mr_value *values, uint64_t hash)
{
    struct mr_cell keys[MR_FIELDS_MAX];
    collect_keys(fold, values, keys);
    uint32_t id = mr_groups_find(&window->groups, keys, fold->n_keys, hash);
    if (id == MR_GROUP_ABSENT) return mr_fold_add_group(fold, window, keys, hash);
    return mr_groups_at(&window->groups, id);
}

ALWAYS_INLINE struct mr_group *group_for(
    struct mr_fold *fold, const struct mr_fold_pending *pending)
{
    struct mr_fold_window *window = pending->window;
    struct mr_group *group;
    if (MR_LIKELY(fold->n_keys == 1 && !fold->has_any_keys)) {
        uint32_t id = mr_groups_find(&window->groups, &pending->key, 1, pending->hash);
        group = MR_LIKELY(id != MR_GROUP_ABSENT)
                    ? mr_groups_at(&window->groups, id)
                    : mr_fold_add_group(fold, window, &pending->key, pending->hash);
    } else {
        group = group_of_keys(fold, window, pending->values, pending->hash);
    }
    if (MR_UNLIKELY(group->flags & MR_GROUP_MATCHED))
        mr_fold_begin_group(fold, window, group); /* the invariant */
    return group;
}

/* All of them or none. */
static inline bool take_values(
    struct mr_fold *fold, const struct mr_fold_pending *pending, struct mr_group *group)
{
    for (uint32_t i = 0; i < fold->n_values; i++) {
        const struct mr_tally *tally = &fold->value_tallies[i];
        if (mr_tally_overflows(tally, (const char *)group, value_for(tally, pending)))
            return false;
    }
    for (uint32_t i = 0; i < fold->n_values; i++) {
        const struct mr_tally *tally = &fold->value_tallies[i];
        double slack = 0;
        if (MR_UNLIKELY(pending->slacks != NULL) && tally->field >= 0)
            slack = pending->slacks[tally->field];
        mr_tally_take(tally, (char *)group, value_for(tally, pending), slack,
            &pending->window->groups.texts);
    }
    return true;
}

/* A row that fails leaves no trace: the job fails over it. */
ALWAYS_INLINE void fold_one(struct mr_fold *fold, const struct mr_fold_pending *pending)
{
    if (fold->n_values == 0) {
        group_for(fold, pending)->n_rows++;
        return;
    }
    if (has_none(fold, pending)) {
        fold->n_failures++;
        return;
    }
    struct mr_group *group = group_for(fold, pending);
    if (take_values(fold, pending, group))
        group->n_rows++;
    else
        fold->n_failures++;
}

/* Slots were asked for when the row came. Groups are asked for a few rows ahead: memory answers
 * only so many at once. */
static inline void fetch_ahead(const struct mr_fold *fold, uint32_t i)
{
    if (i >= fold->n_pending) return;
    const struct mr_fold_pending *pending = &fold->pending[i];
    if (mr_groups_are_far(&pending->window->groups))
        mr_groups_fetch_group(&pending->window->groups, pending->hash);
}

void mr_fold_flush(struct mr_fold *fold)
{
    bool has_far = fold->has_far;
    for (uint32_t i = 0; has_far && i < AHEAD; i++) fetch_ahead(fold, i);
    for (uint32_t i = 0; i < fold->n_pending; i++) {
        if (has_far) fetch_ahead(fold, i + AHEAD);
        fold_one(fold, &fold->pending[i]);
    }
    fold->n_pending = 0;
    fold->has_far = false;
}

/* Rows [0, n) of one window, of which none was dropped. Small maps are near the core: their
 * rows need not wait. */
static void take_run(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_value *values, uint32_t n)
{
    if (fold->is_bare_count) {
        mr_fold_count_rows(fold, window, values, n);
        return;
    }
    bool is_far = mr_groups_are_far(&window->groups);
    for (uint32_t i = 0; i < n; i++, values += fold->n_input_fields) {
        struct mr_fold_pending pending;
        if (is_far)
            enqueue(fold, window, values, NULL);
        else if (prepare(fold, window, values, NULL, &pending))
            fold_one(fold, &pending);
    }
}

/* Those of rows [0, n) of one window that were not dropped. */
static void take_undropped(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_value *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++, values += fold->n_input_fields)
        if (!is_dropped(fold, window, values)) take_run(fold, window, values, 1);
}

/* How many of the rows from the first on lie in the window. */
static inline uint32_t run_length(
    const struct mr_fold_window *window, const mr_us *times_us, uint32_t n)
{
    uint32_t length = 0;
    while (
        length < n && times_us[length] >= window->start_us && times_us[length] < window->end_us)
        length++;
    return length;
}

/* Rows that are in several windows, or in none. */
static void take_each(
    struct mr_fold *fold, const struct mr_value *values, const mr_us *times_us, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++, values += fold->n_input_fields) {
        struct mr_flow_row row = {.values = values, .at_us = times_us[i]};
        mr_fold_take(fold, &row);
    }
}

void mr_fold_take_rows(
    struct mr_fold *fold, const struct mr_value *values, const mr_us *times_us, uint32_t n)
{
    const struct mr_windowing *windowing = &fold->transform->windowing;
    if (windowing->kind == MR_WINDOW_SLIDING) {
        take_each(fold, values, times_us, n);
        return;
    }
    for (uint32_t i = 0; i < n;) {
        const struct mr_value *first = values + (size_t)i * fold->n_input_fields;
        struct mr_flow_row row = {.values = first, .at_us = times_us[i]};
        mr_us start_us, end_us;
        mr_flow_window(windowing, &row, &start_us, &end_us);
        bool may_drop = mr_drops_may_hold(&fold->drops, start_us);
        if (may_drop && is_dropped_at(fold, start_us, end_us, first)) {
            i++;
            continue;
        }
        struct mr_fold_window *window = mr_fold_window_for(fold, start_us, end_us);
        uint32_t length = 1 + run_length(window, times_us + i + 1, n - i - 1);
        take_run(fold, window, first, may_drop ? 1 : length);
        if (may_drop) take_undropped(fold, window, first + fold->n_input_fields, length - 1);
        i += length;
    }
}

void mr_fold_result(const struct mr_fold *fold, const struct mr_group *group,
    struct mr_value *values, double *slacks)
{
    for (uint32_t i = 0; i < fold->n_keys; i++) {
        values[i] = mr_cell_value(&mr_group_keys(group)[i], fold->key_types[i]);
        slacks[i] = 0;
    }
    for (uint32_t i = 0; i < fold->n_tallies; i++)
        values[fold->n_keys + i] = mr_tally_result(
            &fold->tallies[i], (const char *)group, group->n_rows, &slacks[fold->n_keys + i]);
    if (MR_UNLIKELY(fold->has_folds)) mr_fold_values(fold, values, slacks);
}
