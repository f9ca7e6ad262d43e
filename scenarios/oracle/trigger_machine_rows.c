/* The rows and windows of the reference trigger machine. */
#include <string.h>

#include "scenarios/oracle/trigger_machine_internal.h"

struct mr_machine_tuple *mr_machine_tuple_new(
    struct mr_arena *arena, const struct mr_value *values, uint32_t n)
{
    size_t bytes = sizeof(struct mr_machine_tuple) + sizeof *values * n;
    for (uint32_t i = 0; i < n; i++)
        if (mr_type_is_text((enum mr_type)values[i].type)) bytes += values[i].bytes;
    struct mr_machine_tuple *tuple = mr_arena_alloc(arena, bytes);
    *tuple = (struct mr_machine_tuple){.n_holders = 1, .n = n, .bytes = (uint32_t)bytes};
    char *texts = (char *)(tuple->values + n);
    for (uint32_t i = 0; i < n; i++) {
        tuple->values[i] = values[i];
        if (!mr_type_is_text((enum mr_type)values[i].type)) continue;
        tuple->values[i].text = texts;
        if (values[i].bytes) memcpy(texts, values[i].text, values[i].bytes);
        texts += values[i].bytes;
    }
    return tuple;
}

void mr_machine_tuple_drop(struct mr_arena *arena, struct mr_machine_tuple *tuple)
{
    MR_ASSERT(tuple->n_holders > 0);
    if (--tuple->n_holders == 0) mr_arena_free(arena, tuple, tuple->bytes);
}

static struct mr_machine_tuple *keep(struct mr_machine_tuple *tuple)
{
    tuple->n_holders++;
    return tuple;
}

uint64_t mr_machine_key_hash(const struct mr_value *keys, uint32_t n)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < n; i++) hash = mr_digest_mix(hash, mr_value_hash(keys[i]));
    return hash;
}

bool mr_machine_key_is(
    const struct mr_machine_window *window, uint64_t hash, const struct mr_machine_tuple *key)
{
    if (window->hash != hash) return false;
    for (uint32_t i = 0; i < key->n; i++)
        if (!mr_value_same(window->key->values[i], key->values[i])) return false;
    return true;
}

/* ---- Folding ---- */

static bool fold_row(struct mr_machine *machine, const struct mr_value *values)
{
    const struct mr_fold *fold = &machine->fold;
    for (uint32_t i = 0; i < fold->n_tallies; i++)
        if (fold->tallies[i].kind != MR_TALLY_COUNT &&
            mr_tally_overflows(&fold->tallies[i], machine->group, &values[i]))
            return false;
    for (uint32_t i = 0; i < fold->n_tallies; i++)
        if (fold->tallies[i].kind != MR_TALLY_COUNT)
            mr_tally_take(&fold->tallies[i], machine->group, &values[i], 0, &machine->scratch);
    return true;
}

/* Of no rows a mean is no number. */
static void show_nothing(
    const struct mr_transform *transform, struct mr_value *results, double *slacks)
{
    for (uint32_t i = 0; i < transform->combine.n_aggregates; i++) {
        slacks[i] = 0;
        if (transform->combine.aggregates[i].kind == MR_MEAN)
            results[i] = (struct mr_value){
                .type = MR_TYPE_FLOAT, .f = mr_canonical_float(__builtin_nan(""))};
    }
}

void mr_machine_fold(struct mr_machine *machine, const struct mr_machine_window *window,
    struct mr_value *values, double *slacks)
{
    const struct mr_fold *fold = &machine->fold;
    struct mr_group *group = (struct mr_group *)machine->group;
    struct mr_cell *keys = (struct mr_cell *)(group + 1);
    memset(machine->group, 0, fold->stride);
    for (uint32_t i = 0; i < fold->n_keys; i++) {
        struct mr_value key = mr_fold_key(fold, i, &window->key->values[i]);
        mr_cell_put(&keys[i], &key, 0);
    }
    for (uint32_t i = 0; i < fold->n_tallies; i++)
        if (fold->tallies[i].kind != MR_TALLY_COUNT)
            mr_tally_clear(&fold->tallies[i], machine->group);
    for (uint32_t i = 0; i < window->n_rows; i++)
        if (fold_row(machine, window->rows[i]->values)) group->n_rows++;
    mr_fold_result(fold, group, values, slacks);
    if (window->n_rows == 0)
        show_nothing(machine->transform, values + fold->n_keys, slacks + fold->n_keys);
}

/* ---- Windows ---- */

void mr_machine_clear_rows(struct mr_machine *machine, struct mr_machine_window *window)
{
    for (uint32_t i = 0; i < window->n_rows; i++)
        mr_machine_tuple_drop(machine->arena, window->rows[i]);
    window->n_rows = 0;
}

void mr_machine_add_row(
    struct mr_machine *machine, struct mr_machine_window *window, struct mr_machine_tuple *row)
{
    if (window->n_rows == window->capacity) {
        uint32_t capacity = window->capacity ? window->capacity * 2 : 4;
        window->rows = mr_arena_grow(machine->arena, window->rows,
            sizeof(void *) * window->capacity, sizeof(void *) * capacity);
        window->capacity = capacity;
    }
    window->rows[window->n_rows++] = keep(row);
}

void mr_machine_window_discard(struct mr_machine *machine, struct mr_machine_window *window)
{
    mr_machine_clear_rows(machine, window);
    mr_arena_free(machine->arena, window->rows, sizeof(void *) * window->capacity);
    mr_machine_unshow(machine, window);
    mr_tree_discard(machine->arena, window->trigger);
    mr_machine_tuple_drop(machine->arena, window->key);
    mr_arena_free(machine->arena, window, sizeof *window);
}

static struct mr_machine_window *new_window(
    struct mr_machine *machine, const struct mr_machine_row *row)
{
    struct mr_machine_window *window = mr_arena_new(machine->arena, struct mr_machine_window);
    mr_machine_reserve_buckets(machine);
    struct mr_machine_window **bucket = mr_machine_bucket(machine, row->hash);
    window->key = keep(row->key);
    window->hash = row->hash;
    window->start_us = row->start_us;
    window->end_us = row->end_us;
    window->trigger = mr_tree_new(machine->arena, &machine->transform->windowing.trigger);
    window->has_ended = row->end_us <= machine->watermark_us;
    window->due_us =
        window->has_ended ? mr_machine_horizon_us(machine, row->end_us) : row->end_us;
    window->is_new = true;
    window->next = *bucket;
    *bucket = window;
    mr_machine_due_add(machine, window);
    return window;
}

static bool is_merging(const struct mr_machine *machine)
{
    return machine->transform->windowing.kind == MR_WINDOW_SESSIONS;
}

/* Takes a window that overlaps [start_us, end_us), not the same, out of its bucket. NULL: there
 * is none. */
static struct mr_machine_window *take_overlapping(
    struct mr_machine *machine, const struct mr_machine_row *row, mr_us start_us, mr_us end_us)
{
    struct mr_machine_window **at = mr_machine_bucket(machine, row->hash);
    for (; *at; at = &(*at)->next) {
        struct mr_machine_window *window = *at;
        if (!mr_machine_key_is(window, row->hash, row->key)) continue;
        bool is_same = window->start_us == start_us && window->end_us == end_us;
        if (!is_same && (window->end_us <= start_us || window->start_us >= end_us)) continue;
        *at = window->next;
        mr_machine_due_remove(machine, window);
        return window;
    }
    return NULL;
}

static void merge_time(const struct mr_machine *machine, struct mr_machine_window *into,
    const struct mr_machine_window *from)
{
    if (from->has_time) mr_machine_time_row(machine, into, from->time_us);
}

/* `into` has the bounds of both. */
static void merge_triggers(const struct mr_machine *machine, struct mr_machine_window *into,
    const struct mr_machine_window *from)
{
    struct mr_tree_moment moment = {
        .end_us = into->end_us, .watermark_us = machine->watermark_us};
    struct mr_tree *copy = mr_tree_copy(machine->arena, into->trigger);
    const struct mr_tree *sources[2] = {from->trigger, copy};
    if (!from->is_new) mr_tree_merge(into->trigger, sources, into->is_new ? 1 : 2, &moment);
    mr_tree_discard(machine->arena, copy);
    into->is_new &= from->is_new;
}

/* A session that grows keeps its rows where they are: they are many, and it grows with each of
 * them. */
static void hand_over_rows(
    struct mr_machine *machine, struct mr_machine_window *into, struct mr_machine_window *from)
{
    if (!into->rows) {
        into->rows = from->rows;
        into->n_rows = from->n_rows;
        into->capacity = from->capacity;
        from->rows = NULL;
        from->n_rows = from->capacity = 0;
    }
    for (uint32_t i = 0; i < from->n_rows; i++)
        mr_machine_add_row(machine, into, from->rows[i]);
}

/* The session of a row, and all that it makes one with it. It has had all the panes of its parts;
 * but a pane that was not early counts as such only for the bounds that it had. */
static void place_session(struct mr_machine *machine, const struct mr_machine_row *row)
{
    struct mr_machine_row whole = *row;
    struct mr_machine_window *parts = NULL, *part;
    while ((part = take_overlapping(machine, row, whole.start_us, whole.end_us))) {
        if (part->start_us < whole.start_us) whole.start_us = part->start_us;
        if (part->end_us > whole.end_us) whole.end_us = part->end_us;
        part->next = parts;
        parts = part;
    }
    struct mr_machine_window *window = new_window(machine, &whole);
    while ((part = parts)) {
        parts = part->next;
        window->n_panes += part->n_panes;
        if (part->start_us == whole.start_us && part->end_us == whole.end_us) {
            window->n_nonspeculative = part->n_nonspeculative;
            window->shown = part->shown;
            window->shown_pane = part->shown_pane;
            part->shown = NULL;
        }
        mr_machine_take_back(machine, part);
        merge_triggers(machine, window, part);
        merge_time(machine, window, part);
        window->n_fresh += part->n_fresh;
        hand_over_rows(machine, window, part);
        mr_machine_window_discard(machine, part);
    }
}

struct mr_machine_window *mr_machine_find(
    struct mr_machine *machine, const struct mr_machine_row *row)
{
    struct mr_machine_window *window =
        machine->n_buckets ? *mr_machine_bucket(machine, row->hash) : NULL;
    for (; window; window = window->next) {
        if (!mr_machine_key_is(window, row->hash, row->key)) continue;
        bool is_it = is_merging(machine)
                         ? window->start_us <= row->start_us && row->end_us <= window->end_us
                         : window->start_us == row->start_us && window->end_us == row->end_us;
        if (is_it) return window;
    }
    return NULL;
}

void mr_machine_place(struct mr_machine *machine)
{
    for (uint32_t i = 0; i < machine->n_batch; i++) {
        const struct mr_machine_row *row = &machine->batch[i];
        if (is_merging(machine))
            place_session(machine, row);
        else if (!mr_machine_find(machine, row))
            new_window(machine, row);
    }
}
