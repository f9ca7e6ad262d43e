/* A world with a few processes that do what a test says. */
#ifndef MR_TESTS_TEST_SIM_STAGE_H
#define MR_TESTS_TEST_SIM_STAGE_H

#include <string.h>

#include "base/alloc.h"
#include "sim/world/world.h"

enum { STAGE_PROCESSES = 6, STAGE_NOTES = 4096, STAGE_FAULTS = 8 };

struct stage;
/* A process: keeps nothing but what the test puts into it. */
struct actor {
    const struct mr_env *env;
    struct stage *stage;
    uint64_t memory[8]; /* zero when it starts */
};
typedef void actor_script(struct actor *actor, const struct mr_arrival *arrival);

/* What was handled, in order. */
struct note {
    mr_ns at_ns;
    enum mr_arrival_kind kind;
    uint32_t process;
    uint32_t incarnation;
    uint32_t connection;
    uint32_t peer;
    uint64_t value; /* TIMER: timer, MESSAGE: first 8 bytes of the body */
};

struct stage {
    struct mr_arena *arena;
    struct mr_region *region;
    actor_script *scripts[STAGE_PROCESSES];
    struct actor_config {
        struct stage *stage;
        uint32_t index;
    } actors[STAGE_PROCESSES];
    struct mr_process_config processes[STAGE_PROCESSES];
    struct mr_fault faults[STAGE_FAULTS];
    struct mr_world_config config;
    struct mr_world_tap tap;
    struct mr_draws draws;
    struct mr_world *world;
    uint32_t n_notes;
    struct note notes[STAGE_NOTES];
    uint64_t value; /* the test's own */
};

static void *stage_create(const struct mr_env *env, const void *config)
{
    const struct actor_config *actor_config = config;
    struct actor *actor = mr_arena_new(env->arena, struct actor);
    actor->env = env;
    actor->stage = actor_config->stage;
    return actor;
}

static void stage_handle(void *self, const struct mr_arrival *arrival)
{
    struct actor *actor = self;
    struct stage *stage = actor->stage;
    struct note note = {.at_ns = actor->env->now(actor->env),
        .kind = arrival->kind,
        .process = actor->env->process,
        .incarnation = actor->env->incarnation,
        .connection = arrival->connection,
        .peer = arrival->peer,
        .value = arrival->timer};
    if (arrival->kind == MR_ARRIVAL_MESSAGE)
        memcpy(&note.value, arrival->message->body, sizeof note.value);
    if (stage->n_notes < STAGE_NOTES) stage->notes[stage->n_notes++] = note;
    actor_script *script = stage->scripts[actor->env->process];
    if (script) script(actor, arrival);
}

static void stage_discard(void *self)
{
    struct actor *actor = self;
    mr_arena_free(actor->env->arena, actor, sizeof *actor);
}

static const struct mr_process_class stage_class = {
    .name = "actor", .create = stage_create, .handle = stage_handle, .discard = stage_discard};

static int stage_set_up(void **state)
{
    static const char *const names[STAGE_PROCESSES] = {"a", "b", "c", "d", "e", "f"};
    static struct stage stage;
    struct mr_err err = {0};
    struct mr_arena_options options = {.bytes_max = 8 << 20, .fill = 0x5a};
    memset(&stage, 0, sizeof stage);
    if (!mr_arena_open(&options, &stage.arena, &err)) return -1;
    stage.region = mr_region_create();
    for (uint32_t i = 0; i < STAGE_PROCESSES; i++) {
        stage.actors[i] = (struct actor_config){.stage = &stage, .index = i};
        stage.processes[i] = (struct mr_process_config){
            .name = names[i], .class = &stage_class, .config = &stage.actors[i]};
    }
    stage.config = (struct mr_world_config){.n_processes = 2,
        .processes = stage.processes,
        .network = {.link = {.latency_ns = mr_distribution_constant(1000)},
            .loopback_ns = 10,
            .send_timeout_ns = MR_SECOND_NS},
        .faults = stage.faults,
        .chance_activation = {0, 1},
        .chance_firing = {0, 1},
        .tap = &stage.tap};
    stage.tap.self = &stage;
    stage.draws.seed = 1;
    *state = &stage;
    return 0;
}

static int stage_tear_down(void **state)
{
    struct stage *stage = *state;
    mr_arena_close(stage->arena);
    mr_region_destroy(stage->region);
    return 0;
}

/* Builds the world anew, for `seed`. */
static inline void stage_begin(struct stage *stage, uint64_t seed)
{
    mr_arena_reset(stage->arena);
    stage->draws.seed = seed;
    stage->n_notes = 0;
    stage->world = mr_world_new(stage->arena, &stage->config, &stage->draws);
}

/* Lets happen what is due up to `until_ns`. */
static inline void stage_run(struct stage *stage, mr_ns until_ns)
{
    while (mr_world_step_until(stage->world, until_ns)) {
    }
}

static inline void stage_play(struct stage *stage, uint64_t seed, mr_ns until_ns)
{
    stage_begin(stage, seed);
    stage_run(stage, until_ns);
}

static inline struct mr_fault *stage_fault(struct stage *stage, enum mr_fault_kind kind)
{
    struct mr_fault *fault = &stage->faults[stage->config.n_faults++];
    *fault = (struct mr_fault){
        .name = "fault", .kind = kind, .restart_after_ns = MR_NS_NEVER, .factor = 1};
    return fault;
}

static inline void actor_send(const struct actor *actor, uint32_t connection, uint64_t value)
{
    struct mr_message *message = mr_message_new(actor->env->arena, 1, 8);
    memcpy(message->body, &value, 8);
    actor->env->send(actor->env, connection, message);
}

/* The notes of one process and kind, in order: the number of them; *out is note number `index`.
 */
static inline uint32_t stage_find(const struct stage *stage, uint32_t process,
    enum mr_arrival_kind kind, uint32_t index, struct note *out)
{
    uint32_t n = 0;
    if (out) *out = (struct note){0};
    for (uint32_t i = 0; i < stage->n_notes; i++) {
        if (stage->notes[i].process != process || stage->notes[i].kind != kind) continue;
        if (n == index && out) *out = stage->notes[i];
        n++;
    }
    return n;
}

static inline uint32_t stage_count(
    const struct stage *stage, uint32_t process, enum mr_arrival_kind kind)
{
    return stage_find(stage, process, kind, 0, NULL);
}

#define STAGE_TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

#endif
