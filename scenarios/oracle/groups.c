#include "scenarios/oracle/groups.h"

enum { SLOTS_MIN = 16, SLOTS_MAX = 1 << 30 };

/* Nine twentieths: where slots are cheap and a wrong guess of the processor is not, few
 * collisions pay. */
static bool is_crowded(uint64_t n, uint64_t n_slots)
{
    return n * 20 > n_slots * 9;
}

static uint32_t slots_for(uint32_t n)
{
    uint32_t slots = SLOTS_MIN;
    while (is_crowded(n, slots) && slots < SLOTS_MAX) slots *= 2;
    return slots;
}

static void make_slots(struct mr_groups *groups, uint32_t n_slots)
{
    groups->mask = n_slots - 1;
    groups->slots = mr_arena_zalloc(groups->arena, sizeof *groups->slots * n_slots);
}

void mr_groups_init(struct mr_groups *groups, struct mr_arena *arena, uint32_t n_keys,
    uint32_t stride, uint32_t expected)
{
    MR_ASSERT(stride >= sizeof(struct mr_group) + n_keys * sizeof(struct mr_cell));
    *groups = (struct mr_groups){.arena = arena, .stride = stride, .n_keys = n_keys};
    groups->capacity = expected < 8 ? 8 : expected;
    groups->list = mr_arena_alloc(arena, (size_t)stride * groups->capacity);
    make_slots(groups, slots_for(groups->capacity));
    mr_scratch_init(&groups->texts, arena);
}

void mr_groups_deinit(struct mr_groups *groups)
{
    mr_arena_free(groups->arena, groups->list, (size_t)groups->stride * groups->capacity);
    mr_arena_free(
        groups->arena, groups->slots, sizeof *groups->slots * ((size_t)groups->mask + 1));
    mr_scratch_deinit(&groups->texts);
    *groups = (struct mr_groups){0};
}

static void put_slot(struct mr_groups *groups, uint64_t hash, uint32_t id)
{
    uint32_t at = (uint32_t)hash & groups->mask;
    while (groups->slots[at]) at = (at + 1) & groups->mask;
    groups->slots[at] = mr_groups_tag(hash) | (id + 1);
}

static void grow_slots(struct mr_groups *groups)
{
    size_t bytes = sizeof *groups->slots * ((size_t)groups->mask + 1);
    mr_arena_free(groups->arena, groups->slots, bytes);
    MR_ASSERT(groups->mask + 1 < SLOTS_MAX);
    make_slots(groups, (groups->mask + 1) * 2);
    for (uint32_t id = 0; id < groups->n;
         id++) /* lower halves are not kept: they are made again */
        put_slot(
            groups, mr_keys_mix(mr_group_keys(mr_groups_at(groups, id)), groups->n_keys), id);
}

static void grow_list(struct mr_groups *groups)
{
    size_t bytes = (size_t)groups->stride * groups->capacity;
    groups->list = mr_arena_grow(groups->arena, groups->list, bytes, bytes * 2);
    groups->capacity *= 2;
}

uint32_t mr_groups_add(struct mr_groups *groups, const struct mr_cell *keys, uint64_t hash)
{
    if (groups->n == groups->capacity) grow_list(groups);
    if (is_crowded((uint64_t)groups->n + 1, (uint64_t)groups->mask + 1)) grow_slots(groups);
    MR_ASSERT(groups->n < MR_GROUPS_MAX); /* as many as the engine's own map holds */
    uint32_t id = groups->n++;
    struct mr_group *group = mr_groups_at(groups, id);
    *group = (struct mr_group){.hash = (uint32_t)(hash >> 32)};
    struct mr_cell *own = (struct mr_cell *)(group + 1);
    for (uint32_t i = 0; i < groups->n_keys; i++) {
        own[i] = keys[i];
        mr_cell_own(&own[i], &groups->texts);
    }
    put_slot(groups, hash, id);
    return id;
}

void mr_groups_prepare(const struct mr_groups *groups, uint32_t n, const struct mr_value *keys)
{
    uint64_t hashes[MR_GROUPS_PREPARED_MAX];
    if (!mr_groups_are_far(groups)) return;
    if (n > MR_GROUPS_PREPARED_MAX) n = MR_GROUPS_PREPARED_MAX;
    for (uint32_t i = 0; i < n; i++) {
        struct mr_cell ignored;
        hashes[i] = 0;
        for (uint32_t k = 0; k < groups->n_keys; k++)
            hashes[i] = mr_cell_put(&ignored, &keys[(size_t)i * groups->n_keys + k], hashes[i]);
        mr_groups_fetch_slot(groups, hashes[i]);
    }
    for (uint32_t i = 0; i < n; i++) mr_groups_fetch_group(groups, hashes[i]);
}
