/* Invariants.
 * 1. Windows are sorted by end, then start, and no two are the same.
 * 2. Of a passed window, n_owed groups are not matched; fold->n_owed is the sum over the passed
 * windows.
 * 3. A matched group keeps its values, so that a second pane can be told apart; the next row
 * begins it anew. */
#include "scenarios/oracle/fold.h"

enum { AHEAD = 16 };

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
        tally->offset = offset;
        offset += mr_tally_bytes(tally->kind);
        fold->n_values += tally->kind != MR_TALLY_COUNT;
        if (tally->expression && tally->field < 0) tally->computed = fold->n_computed++;
    }
    fold->stride = offset;
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
        .watermark_us = MR_US_MIN};
    for (uint32_t i = 0; i < fold->n_keys; i++)
        fold->key_types[i] = input->fields[fold->key_fields[i]].type;
    make_tallies(fold);
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
    mr_arena_free(fold->arena, fold->tallies, sizeof *fold->tallies * fold->n_tallies);
    mr_arena_free(fold->arena, fold->pending, sizeof *fold->pending * MR_BLOCK_ROWS);
    mr_drops_deinit(&fold->drops, fold->arena);
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
    for (uint32_t i = 0; i < fold->n_keys; i++)
        hash = mr_cell_put(&keys[i], &row[fold->key_fields[i]], hash);
    return hash;
}

static __attribute__((noinline)) uint64_t hash_keys(
    const struct mr_fold *fold, const struct mr_value *row)
{
    struct mr_cell keys[MR_FIELDS_MAX];
    return collect_keys(fold, row, keys);
}

static inline void enqueue(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_value *values, const double *slacks)
{
    struct mr_fold_pending *pending = &fold->pending[fold->n_pending];
    pending->values = values;
    pending->slacks = slacks;
    pending->window = window;
    pending->computed = NULL;
    if (MR_UNLIKELY(fold->n_computed > 0)) {
        pending->computed = compute(fold, values);
        if (!pending->computed) {
            fold->n_failures++;
            return;
        }
    }
    if (MR_LIKELY(fold->n_keys == 1))
        pending->hash = mr_cell_put(&pending->key, &values[fold->key_fields[0]], 0);
    else
        pending->hash = hash_keys(fold, values);
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
    mr_us start_us, end_us;
    mr_flow_window(&fold->transform->windowing, row, &start_us, &end_us);
    if (is_dropped_at(fold, start_us, end_us, row->values)) return;
    enqueue(fold, mr_fold_window_for(fold, start_us, end_us), row->values, row->slacks);
}

void mr_fold_take_rows(
    struct mr_fold *fold, const struct mr_value *values, const mr_us *times_us, uint32_t n)
{
    const struct mr_windowing *windowing = &fold->transform->windowing;
    struct mr_fold_window *window = NULL;
    for (uint32_t i = 0; i < n; i++, values += fold->n_input_fields) {
        bool is_same =
            window && times_us[i] >= window->start_us && times_us[i] < window->end_us;
        if (MR_UNLIKELY(!is_same)) {
            struct mr_flow_row row = {.values = values, .at_us = times_us[i]};
            mr_us start_us, end_us;
            mr_flow_window(windowing, &row, &start_us, &end_us);
            if (is_dropped_at(fold, start_us, end_us, values)) continue;
            window = mr_fold_window_for(fold, start_us, end_us);
        } else if (is_dropped(fold, window, values)) {
            continue;
        }
        enqueue(fold, window, values, NULL);
    }
}

static void clear_group(const struct mr_fold *fold, struct mr_group *group)
{
    group->n_rows = 0;
    group->flags = 0;
    for (uint32_t i = 0; i < fold->n_tallies; i++)
        mr_tally_clear(&fold->tallies[i], (char *)group);
}

static inline const struct mr_value *value_for(
    const struct mr_tally *tally, const struct mr_fold_pending *pending)
{
    return tally->field >= 0 ? &pending->values[tally->field]
                             : &pending->computed[tally->computed];
}

void mr_fold_reopen_group(
    struct mr_fold *fold, struct mr_fold_window *window, struct mr_group *group)
{
    group->flags &= (uint16_t)~MR_GROUP_MATCHED;
    if (!window->is_passed) return;
    window->n_owed++;
    fold->n_owed++;
}

static void begin_group(
    struct mr_fold *fold, struct mr_fold_window *window, struct mr_group *group)
{
    clear_group(fold, group);
    mr_fold_reopen_group(fold, window, group);
}

static bool has_none(const struct mr_fold *fold, const struct mr_fold_pending *pending)
{
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        const struct mr_tally *tally = &fold->tallies[i];
        if (tally->kind != MR_TALLY_COUNT && value_for(tally, pending)->type == MR_TYPE_NULL)
            return true;
    }
    return false;
}

static struct mr_group *add_group(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_cell *keys, uint64_t hash)
{
    uint32_t id = mr_groups_add(&window->groups, keys, hash);
    struct mr_group *group = mr_groups_at(&window->groups, id);
    begin_group(fold, window, group);
    return group;
}

static __attribute__((noinline)) struct mr_group *group_of_keys(
    struct mr_fold *fold, const struct mr_fold_pending *pending)
{
    struct mr_fold_window *window = pending->window;
    struct mr_cell keys[MR_FIELDS_MAX];
    collect_keys(fold, pending->values, keys);
    uint32_t id = mr_groups_find(&window->groups, keys, fold->n_keys, pending->hash);
    if (id == MR_GROUP_ABSENT) return add_group(fold, window, keys, pending->hash);
    return mr_groups_at(&window->groups, id);
}

static inline struct mr_group *group_for(
    struct mr_fold *fold, const struct mr_fold_pending *pending)
{
    struct mr_fold_window *window = pending->window;
    struct mr_group *group;
    if (MR_LIKELY(fold->n_keys == 1)) {
        uint32_t id = mr_groups_find(&window->groups, &pending->key, 1, pending->hash);
        group = MR_LIKELY(id != MR_GROUP_ABSENT)
                    ? mr_groups_at(&window->groups, id)
                    : add_group(fold, window, &pending->key, pending->hash);
    } else {
        group = group_of_keys(fold, pending);
    }
    if (MR_UNLIKELY(group->flags & MR_GROUP_MATCHED))
        begin_group(fold, window, group); /* the invariant */
    return group;
}

static bool take_values(
    struct mr_fold *fold, const struct mr_fold_pending *pending, struct mr_group *group)
{
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        const struct mr_tally *tally = &fold->tallies[i];
        if (tally->kind == MR_TALLY_COUNT) continue;
        if (!mr_tally_can_take(tally, (const char *)group, *value_for(tally, pending)))
            return false;
    }
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        const struct mr_tally *tally = &fold->tallies[i];
        if (tally->kind == MR_TALLY_COUNT) continue;
        double slack = pending->slacks && tally->field >= 0 ? pending->slacks[tally->field] : 0;
        mr_tally_take(tally, (char *)group, *value_for(tally, pending), slack,
            &pending->window->groups.texts);
    }
    return true;
}

/* A row that fails leaves no trace: the job fails over it. */
static inline void fold_one(struct mr_fold *fold, const struct mr_fold_pending *pending)
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
    for (uint32_t i = 0; i < AHEAD; i++) fetch_ahead(fold, i);
    for (uint32_t i = 0; i < fold->n_pending; i++) {
        fetch_ahead(fold, i + AHEAD);
        fold_one(fold, &fold->pending[i]);
    }
    fold->n_pending = 0;
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
}
