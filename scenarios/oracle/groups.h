/* The groups of one window, in the order in which they came: entries behind each other, and an
 * open-addressing index. */
#ifndef MR_SCENARIOS_ORACLE_GROUPS_H
#define MR_SCENARIOS_ORACLE_GROUPS_H

#include "scenarios/oracle/cell.h"

enum { MR_GROUP_MATCHED = 1, MR_GROUP_IN_PARTS = 2 };
#define MR_GROUP_ABSENT UINT32_MAX

/* The keys' cells follow, then the tallies. */
struct mr_group {
    int64_t n_rows;
    uint32_t hash; /* upper half */
    uint16_t flags;
    uint16_t unused;
};

/* Invariant: less than half of the slots are used; a slot is eight bits of the hash
 * above the number of the group plus one, 0 is empty. Small slots keep the index of 100,000
 * keys near the core. */
enum { MR_GROUPS_ID_MASK = (1 << 24) - 1, MR_GROUPS_MAX = MR_GROUPS_ID_MASK - 1 };
struct mr_groups {
    struct mr_arena *arena;
    uint32_t n;
    uint32_t room;     /* groups that fit without growing anything */
    uint32_t capacity; /* groups that fit in the list */
    uint32_t mask;     /* slots - 1 */
    uint32_t stride;   /* bytes of a group */
    uint32_t n_keys;
    char *list;
    uint32_t *slots;
    struct mr_scratch texts; /* long ones */
};

/* `expected` groups fit without growing. */
void mr_groups_init(struct mr_groups *groups, struct mr_arena *arena, uint32_t n_keys,
    uint32_t stride, uint32_t expected);
void mr_groups_deinit(struct mr_groups *groups);
/* Makes room for at least one more. */
void mr_groups_grow(struct mr_groups *groups);

static inline struct mr_group *mr_groups_at(const struct mr_groups *groups, uint32_t id)
{
    return (struct mr_group *)(groups->list + (size_t)groups->stride * id);
}

static inline const struct mr_cell *mr_group_keys(const struct mr_group *group)
{
    return (const struct mr_cell *)(group + 1);
}

static inline uint64_t mr_keys_mix(const struct mr_cell *keys, uint32_t n_keys)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < n_keys; i++) hash = mr_cell_hash(hash, &keys[i]);
    return hash;
}

static inline uint32_t mr_groups_tag(uint64_t hash)
{
    return (uint32_t)(hash >> 56) << 24;
}

/* The number of the group with keys[n_keys], or MR_GROUP_ABSENT. `n_keys` is that of the
 * groups: given as a constant, the compiler unrolls the comparison. */
static inline uint32_t mr_groups_find(
    const struct mr_groups *groups, const struct mr_cell *keys, uint32_t n_keys, uint64_t hash)
{
    uint32_t tag = mr_groups_tag(hash);
    for (uint32_t at = (uint32_t)hash & groups->mask;; at = (at + 1) & groups->mask) {
        uint32_t slot = groups->slots[at];
        if (slot == 0) return MR_GROUP_ABSENT;
        if ((slot & ~(uint32_t)MR_GROUPS_ID_MASK) != tag) continue;
        uint32_t id = (slot & MR_GROUPS_ID_MASK) - 1;
        const struct mr_cell *own = mr_group_keys(mr_groups_at(groups, id));
        uint32_t same = 0;
        while (same < n_keys && mr_cell_same(&own[same], &keys[same])) same++;
        if (MR_LIKELY(same == n_keys)) return id;
    }
}

static inline void mr_groups_put_slot(struct mr_groups *groups, uint64_t hash, uint32_t id)
{
    uint32_t at = (uint32_t)hash & groups->mask;
    while (groups->slots[at]) at = (at + 1) & groups->mask;
    groups->slots[at] = mr_groups_tag(hash) | (id + 1);
}

/* Adds a group with keys[n_keys], which are copied; its tallies are not defined yet. Returns
 * its number. */
static inline uint32_t mr_groups_add(
    struct mr_groups *groups, const struct mr_cell *keys, uint64_t hash)
{
    if (MR_UNLIKELY(groups->n >= groups->room)) mr_groups_grow(groups);
    uint32_t id = groups->n++;
    struct mr_group *group = mr_groups_at(groups, id);
    *group = (struct mr_group){.hash = (uint32_t)(hash >> 32)};
    struct mr_cell *own = (struct mr_cell *)(group + 1);
    for (uint32_t i = 0; i < groups->n_keys; i++) {
        own[i] = keys[i];
        if (MR_UNLIKELY(mr_cell_is_long(&own[i]))) mr_cell_own(&own[i], &groups->texts);
    }
    mr_groups_put_slot(groups, hash, id);
    return id;
}

/* Fewer slots than this are at hand anyway. */
enum { MR_GROUPS_FAR_SLOTS = 8192, MR_GROUPS_PREPARED_MAX = 64 };

static inline bool mr_groups_are_far(const struct mr_groups *groups)
{
    return groups->mask >= MR_GROUPS_FAR_SLOTS - 1;
}

/* Two steps ahead of a look-up: the slot, and when that has come the group. */
static inline void mr_groups_fetch_slot(const struct mr_groups *groups, uint64_t hash)
{
    __builtin_prefetch(&groups->slots[(uint32_t)hash & groups->mask]);
}

static inline void mr_groups_fetch_group(const struct mr_groups *groups, uint64_t hash)
{
    uint32_t id = groups->slots[(uint32_t)hash & groups->mask] & MR_GROUPS_ID_MASK;
    if (id) __builtin_prefetch(mr_groups_at(groups, id - 1), 1);
}

#endif
