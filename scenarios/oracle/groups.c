#include "scenarios/oracle/groups.h"

enum { GROUPS_MIN = 14, SLOTS_MIN = 16, SLOTS_MAX = 1 << 30 };

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

/* How many groups fit before the list or the slots must grow. */
static void count_room(struct mr_groups *groups)
{
    uint64_t uncrowded = ((uint64_t)groups->mask + 1) * 9 / 20;
    groups->room = uncrowded < groups->capacity ? (uint32_t)uncrowded : groups->capacity;
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
    groups->capacity = expected < GROUPS_MIN ? GROUPS_MIN : expected;
    groups->list = mr_arena_alloc(arena, (size_t)stride * groups->capacity);
    make_slots(groups, slots_for(groups->capacity));
    count_room(groups);
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

static void grow_slots(struct mr_groups *groups)
{
    size_t bytes = sizeof *groups->slots * ((size_t)groups->mask + 1);
    mr_arena_free(groups->arena, groups->slots, bytes);
    MR_ASSERT(groups->mask + 1 < SLOTS_MAX);
    make_slots(groups, (groups->mask + 1) * 2);
    for (uint32_t id = 0; id < groups->n;
         id++) /* lower halves are not kept: they are made again */
        mr_groups_put_slot(
            groups, mr_keys_mix(mr_group_keys(mr_groups_at(groups, id)), groups->n_keys), id);
}

static void grow_list(struct mr_groups *groups)
{
    size_t bytes = (size_t)groups->stride * groups->capacity;
    groups->list = mr_arena_grow(groups->arena, groups->list, bytes, bytes * 2);
    groups->capacity *= 2;
}

void mr_groups_grow(struct mr_groups *groups)
{
    if (groups->n == groups->capacity) grow_list(groups);
    if (is_crowded((uint64_t)groups->n + 1, (uint64_t)groups->mask + 1)) grow_slots(groups);
    count_room(groups);
    MR_ASSERT(groups->n < groups->room);
    MR_ASSERT(groups->n < MR_GROUPS_MAX); /* as many as the engine's own map holds */
}
