/* Processes that send, for the tests of the network. */
#ifndef MR_TESTS_TEST_SIM_SENDERS_H
#define MR_TESTS_TEST_SIM_SENDERS_H

#include "tests/test_sim_stage.h"

enum { MESSAGES = 20 };

/* Process 0 opens a connection to 1 and sends MESSAGES at once, numbered; again when its timer
 * says so. */
static inline void sends_many(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind == MR_ARRIVAL_START) actor->memory[0] = env->open(env, 1);
    if (arrival->kind != MR_ARRIVAL_START && arrival->kind != MR_ARRIVAL_TIMER) return;
    for (uint64_t i = 0; i < MESSAGES; i++)
        actor_send(actor, (uint32_t)actor->memory[0], actor->memory[1]++);
}

/* 0 sends to 1, and 1 to 0, every 10 us, on connections of their own. */
static inline void sends_all_the_time(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind == MR_ARRIVAL_START) actor->memory[0] = env->open(env, 1 - env->process);
    if (arrival->kind != MR_ARRIVAL_START && arrival->kind != MR_ARRIVAL_TIMER) return;
    actor_send(actor, (uint32_t)actor->memory[0], actor->memory[1]++);
    env->wake_at(env, env->now(env) + 10000, 0);
}

static inline void opens_late(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind == MR_ARRIVAL_START) env->wake_at(env, 10000, 0);
    if (arrival->kind != MR_ARRIVAL_TIMER) return;
    actor->memory[0] = env->open(env, 1);
    actor_send(actor, (uint32_t)actor->memory[0], 1);
}

#endif
