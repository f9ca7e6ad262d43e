#include "scenarios/run/universe.h"

enum { STEPS_BETWEEN_MAX = 1500, STEPS_AHEAD_MAX = 400 };

struct mr_universe {
    uint32_t trials_left;
    uint32_t trial;
    uint32_t failures;
    uint64_t next_step; /* 0: not drawn yet */
};

struct mr_universe *mr_universe_new(uint32_t trials)
{
    struct mr_universe *universe = mr_alloc(sizeof *universe);
    universe->trials_left = trials;
    return universe;
}

void mr_universe_discard(struct mr_universe *universe)
{
    mr_free(universe);
}

uint32_t mr_universe_failures(const struct mr_universe *universe)
{
    return universe->failures;
}

static uint64_t digest_after(struct mr_world *world, uint64_t steps)
{
    for (uint64_t i = 0; i < steps && mr_world_step(world); i++) {
    }
    return mr_world_digest(world);
}

static uint64_t draw(const struct mr_universe *universe, const struct mr_draws *draws,
    uint64_t bound, uint64_t which)
{
    return 1 + mr_draw_below(draws, bound, MR_DRAW_UNIVERSE, 0, universe->trial * 2ull + which);
}

void mr_universe_try(struct mr_universe *universe, struct mr_arena *arena,
    struct mr_world *world, const struct mr_draws *draws, uint64_t step)
{
    if (universe->next_step == 0)
        universe->next_step = step + draw(universe, draws, STEPS_BETWEEN_MAX, 0);
    if (step < universe->next_step || universe->trials_left == 0) return;
    uint64_t ahead = draw(universe, draws, STEPS_AHEAD_MAX, 1);
    size_t bytes = mr_arena_used_bytes(arena);
    void *image = mr_alloc(bytes);
    mr_arena_save(arena, image);
    uint64_t first = digest_after(world, ahead);
    mr_arena_restore(arena, image, bytes);
    uint64_t second = digest_after(world, ahead);
    mr_arena_restore(arena, image, bytes);
    mr_free(image);
    universe->failures += first != second;
    universe->trials_left--;
    universe->trial++;
    universe->next_step = 0;
}
