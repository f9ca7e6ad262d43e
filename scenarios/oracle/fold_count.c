/* Rows that are only counted, by one key: so common that they get loops of their own, which
 * work on a copy of the map's head, so that it stays in registers. */
#include "scenarios/oracle/fold.h"

enum { CHUNK_ROWS = 64 };

static inline void count_one(struct mr_fold *fold, struct mr_fold_window *window,
    struct mr_groups *groups, const struct mr_cell *key, uint64_t hash)
{
    uint32_t id = mr_groups_find(groups, key, 1, hash);
    struct mr_group *group;
    if (MR_LIKELY(id != MR_GROUP_ABSENT)) {
        group = mr_groups_at(groups, id);
    } else {
        group = mr_fold_add_group(fold, window, key, hash);
        *groups = window->groups;
    }
    if (MR_UNLIKELY(group->flags & MR_GROUP_MATCHED)) mr_fold_begin_group(fold, window, group);
    group->n_rows++;
}

static void count_near(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_value *value, uint32_t n)
{
    struct mr_groups groups = window->groups;
    uint32_t n_fields = fold->n_input_fields;
    for (uint32_t i = 0; i < n; i++, value += n_fields) {
        struct mr_cell key;
        uint64_t hash = mr_cell_put(&key, value, 0);
        count_one(fold, window, &groups, &key, hash);
    }
}

/* Asks memory for the slots of a chunk, then for its groups, before it looks at them. */
static void count_far(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_value *value, uint32_t n)
{
    struct mr_cell keys[CHUNK_ROWS];
    uint64_t hashes[CHUNK_ROWS];
    struct mr_groups groups = window->groups;
    uint32_t n_fields = fold->n_input_fields;
    MR_ASSERT(n <= CHUNK_ROWS);
    for (uint32_t i = 0; i < n; i++, value += n_fields) {
        hashes[i] = mr_cell_put(&keys[i], value, 0);
        mr_groups_fetch_slot(&groups, hashes[i]);
    }
    for (uint32_t i = 0; i < n; i++) mr_groups_fetch_group(&groups, hashes[i]);
    for (uint32_t i = 0; i < n; i++) count_one(fold, window, &groups, &keys[i], hashes[i]);
}

void mr_fold_count_rows(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_value *values, uint32_t n)
{
    MR_ASSERT(fold->is_bare_count);
    const struct mr_value *value = &values[fold->key_fields[0]];
    if (!mr_groups_are_far(&window->groups)) {
        count_near(fold, window, value, n);
        return;
    }
    for (uint32_t first = 0; first < n; first += CHUNK_ROWS) {
        uint32_t left = n - first;
        count_far(fold, window, value + (size_t)first * fold->n_input_fields,
            left < CHUNK_ROWS ? left : CHUNK_ROWS);
    }
}
