/* What a process may ask of the world, and when it comes to be: after the handler, in order,
 * each when the handler had spent what it had spent before it. */
#include <stdarg.h>
#include <stdio.h>

#include "sim/world/world_internal.h"

enum { EFFECTS_MIN = 16, LOG_BYTES = 512 };

static struct mr_process *process_of(const struct mr_env *env)
{
    return (struct mr_process *)(uintptr_t)env;
}

static __attribute__((noinline)) void grow_effects(
    struct mr_world *world, struct mr_process *process)
{
    enum mr_owner owner = mr_arena_owner(world->arena, MR_OWNER_WORLD);
    uint32_t n = process->effects_max ? 2 * process->effects_max : EFFECTS_MIN;
    process->effects = mr_arena_grow(world->arena, process->effects,
        sizeof *process->effects * process->effects_max, sizeof *process->effects * n);
    process->effects_max = n;
    mr_world_owner(world, owner);
}

static struct mr_effect *add(const struct mr_env *env, enum mr_effect_kind kind)
{
    struct mr_process *process = process_of(env);
    struct mr_world *world = env->world;
    MR_ASSERT(process->is_handling);
    if (MR_UNLIKELY(process->n_effects == process->effects_max)) grow_effects(world, process);
    struct mr_effect *effect = &process->effects[process->n_effects++];
    effect->at_ns = world->now_ns;
    if (process->spent_ns > 0)
        effect->at_ns =
            mr_ns_later(world->now_ns, mr_ns_times(process->spent_ns, process->slow_factor));
    effect->kind = (uint16_t)kind;
    return effect;
}

static mr_ns env_now(const struct mr_env *env)
{
    return ((const struct mr_world *)env->world)->now_ns;
}

static void env_wake_at(const struct mr_env *env, mr_ns at_ns, uint64_t timer)
{
    struct mr_effect *effect = add(env, MR_EFFECT_WAKE);
    effect->timer = timer;
    effect->due_ns = at_ns > effect->at_ns ? at_ns : effect->at_ns;
}

static uint32_t env_open(const struct mr_env *env, uint32_t peer)
{
    struct mr_world *world = env->world;
    struct mr_effect *effect = add(env, MR_EFFECT_OPEN);
    struct mr_connection *connection = mr_connection_new(world, env->process, peer);
    mr_world_owner(world, process_of(env)->owner);
    effect->connection = connection->ends[0].id;
    return effect->connection;
}

static void env_send(const struct mr_env *env, uint32_t connection, struct mr_message *message)
{
    MR_ASSERT(message->references > 0);
    struct mr_effect *effect = add(env, MR_EFFECT_SEND);
    effect->message = message;
    effect->connection = connection;
}

static void env_close(const struct mr_env *env, uint32_t connection)
{
    add(env, MR_EFFECT_CLOSE)->connection = connection;
}

static void env_reach(const struct mr_env *env, enum mr_point point)
{
    MR_ASSERT(point < MR_POINT_COUNT);
    add(env, MR_EFFECT_REACH)->point = (uint16_t)point;
}

static bool env_chance(const struct mr_env *env, enum mr_chance site)
{
    struct mr_world *world = env->world;
    MR_ASSERT(env->chances_active & 1u << site);
    uint64_t visit = world->chance_visits[site]++;
    bool acts = mr_draw_happens(world->draws, world->config->chance_firing, MR_DRAW_CHANCE,
        world->chance_names[site], visit);
    world->chance_counts[site] += acts;
    return acts;
}

static void env_spend(const struct mr_env *env, mr_ns cost_ns)
{
    MR_ASSERT(cost_ns >= 0);
    struct mr_process *process = process_of(env);
    process->spent_ns = mr_ns_later(process->spent_ns, cost_ns);
}

static void env_milestone(const struct mr_env *env, enum mr_sometimes milestone)
{
    struct mr_world *world = env->world;
    MR_TELL(world, milestone, world->now_ns, milestone);
}

static void env_log(const struct mr_env *env, const char *format, ...)
{
    struct mr_world *world = env->world;
    const struct mr_world_tap *tap = world->config->tap;
    if (!tap || !tap->log) return;
    char text[LOG_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tap->log(tap->self, world->now_ns, env->process, text);
}

void mr_env_init(struct mr_env *env)
{
    env->now = env_now;
    env->wake_at = env_wake_at;
    env->open = env_open;
    env->send = env_send;
    env->close = env_close;
    env->reach = env_reach;
    env->chance = env_chance;
    env->spend = env_spend;
    env->milestone = env_milestone;
    env->log = env_log;
}

/* Release. */

static void release_message(
    struct mr_world *world, struct mr_process *process, struct mr_message *message)
{
    mr_world_owner(world, process->owner);
    mr_message_release(world->arena, message);
}

static void release_send(
    struct mr_world *world, struct mr_process *process, struct mr_effect *effect)
{
    struct mr_message *message = effect->message;
    struct mr_end *end = mr_end_find(world, effect->connection);
    if (MR_UNLIKELY(!end || end->is_shut || end->is_gone)) {
        effect->number = UINT64_MAX;
        release_message(world, process, message);
        return;
    }
    MR_ASSERT(end->process == process->env.process);
    const struct mr_end *other = mr_end_other(end);
    message->number = effect->number = end->sent++;
    message->sender = end->process;
    struct mr_event *event = mr_message_event(message);
    event->tag = other->id;
    event->target = other->process;
    event->kind = MR_EVENT_MESSAGE;
    event->flags = 0;
    mr_network_send(world, end, message, effect->at_ns);
}

static void release_close(struct mr_world *world, const struct mr_effect *effect)
{
    struct mr_end *end = mr_end_find(world, effect->connection);
    if (!end || end->is_gone) return;
    mr_network_close(world, end, effect->at_ns);
    mr_end_leave(world, end);
}

/* An effect other than SEND. True when the process crashes at it; *fault says by which fault.
 */
static __attribute__((noinline)) bool release_other(struct mr_world *world,
    struct mr_process *process, const struct mr_effect *effect, uint32_t *fault)
{
    switch ((enum mr_effect_kind)effect->kind) {
    case MR_EFFECT_SEND:
        MR_UNREACHABLE("a message is released by release_send");
    case MR_EFFECT_WAKE:
        mr_world_push(world, effect->due_ns, MR_EVENT_TIMER, process->env.process,
            effect->timer, (uint16_t)process->env.incarnation);
        break;
    case MR_EFFECT_OPEN:
        mr_network_open(world, mr_end_find(world, effect->connection), effect->at_ns);
        break;
    case MR_EFFECT_CLOSE:
        release_close(world, effect);
        break;
    case MR_EFFECT_REACH:
        return mr_faults_reached(
            world, process, (enum mr_point)effect->point, effect->at_ns, fault);
    }
    return false;
}

/* Forgets the effects from number `first` on: they never happen. */
static void forget(struct mr_world *world, struct mr_process *process, uint32_t first)
{
    for (uint32_t i = first; i < process->n_effects; i++) {
        struct mr_effect *effect = &process->effects[i];
        if (effect->kind == MR_EFFECT_SEND) release_message(world, process, effect->message);
        struct mr_end *end =
            effect->kind == MR_EFFECT_OPEN ? mr_end_find(world, effect->connection) : NULL;
        if (end) mr_connection_free(world, mr_end_connection(end));
    }
    if (first < process->n_effects)
        MR_TELL(world, milestone, world->now_ns, MR_SOMETIMES_HANDLER_CUT);
    process->n_effects = first;
}

/* The process crashes once it has released what is left; until then it does nothing more. */
static void doom(struct mr_world *world, struct mr_process *process, uint32_t fault)
{
    uint32_t n = process->n_effects;
    process->is_doomed = true;
    mr_world_push(world, n > 0 ? process->effects[n - 1].at_ns : world->now_ns, MR_EVENT_CRASH,
        process->env.process, fault, (uint16_t)process->env.incarnation);
}

/* Releases the first `n` effects. False when the process crashes at one of them, the last of
 * *released. */
static inline bool release_first(struct mr_world *world, struct mr_process *process, uint32_t n,
    uint32_t *released, uint32_t *fault)
{
    for (uint32_t i = 0; i < n; i++) {
        struct mr_effect *effect = &process->effects[i];
        if (MR_LIKELY(effect->kind == MR_EFFECT_SEND)) {
            release_send(world, process, effect);
        } else if (MR_UNLIKELY(release_other(world, process, effect, fault))) {
            *released = i + 1;
            return false;
        }
    }
    *released = n;
    return true;
}

/* The fault cuts what is behind the first `released` effects. */
static void cut(
    struct mr_world *world, struct mr_process *process, uint32_t released, uint32_t fault)
{
    process->cut_by &= ~(UINT64_C(1) << fault);
    forget(world, process, released);
    doom(world, process, fault);
}

/* A fault waits for the handler that has just ended. */
static __attribute__((noinline)) void release_prefix(
    struct mr_world *world, struct mr_process *process)
{
    uint32_t fault, n, released;
    if (process->cut_behind > 0) {
        fault = process->cut_fault;
        n = process->cut_behind - 1;
        if (n > process->n_effects) n = process->n_effects;
        process->cut_behind = 0;
        world->faults[fault].process = process->env.process;
    } else {
        fault = (uint32_t)__builtin_ctzll(process->cut_by);
        n = (uint32_t)mr_draw_below(world->draws, process->n_effects + 1ull, MR_DRAW_CUT,
            process->name, process->n_crashes);
    }
    release_first(world, process, n, &released, &fault);
    cut(world, process, released, fault);
}

void mr_effects_release(struct mr_world *world, struct mr_process *process)
{
    if (MR_UNLIKELY(process->cut_by != 0)) {
        release_prefix(world, process);
        return;
    }
    uint32_t fault, released;
    if (MR_UNLIKELY(!release_first(world, process, process->n_effects, &released, &fault)))
        cut(world, process, released, fault);
}

static bool is_seen(const struct mr_effect *effect)
{
    return effect->kind == MR_EFFECT_SEND || effect->kind == MR_EFFECT_CLOSE ||
           effect->kind == MR_EFFECT_REACH;
}

static bool was_handler(const struct mr_last_step *last)
{
    return last->kind == MR_EVENT_START || last->kind == MR_EVENT_TIMER ||
           last->kind == MR_EVENT_MESSAGE || last->kind == MR_EVENT_ACCEPTED ||
           last->kind == MR_EVENT_CLOSED;
}

uint32_t mr_world_crash_prefixes(
    const struct mr_world *world, uint32_t *process, uint32_t *prefixes, uint32_t max)
{
    if (!was_handler(&world->last)) return 0;
    const struct mr_process *handler = &world->processes[world->last.process];
    if (handler->is_service || handler->is_doomed || !handler->state) return 0;
    uint32_t n = 0;
    *process = world->last.process;
    for (uint32_t i = 0; i < handler->n_effects; i++) {
        if (!is_seen(&handler->effects[i])) continue;
        if (n == 0 && max > 0) prefixes[0] = 0;
        n += n == 0;
        if (n < max) prefixes[n] = i + 1;
        n++;
    }
    return n;
}

void mr_world_cut_next(struct mr_world *world, uint32_t prefix, uint32_t fault)
{
    MR_ASSERT(fault < world->config->n_faults);
    MR_ASSERT(world->config->faults[fault].kind == MR_FAULT_CRASH);
    for (uint32_t i = 0; i < world->n_processes; i++) {
        struct mr_process *process = &world->processes[i];
        if (process->is_service) continue;
        process->cut_by |= UINT64_C(1) << fault;
        process->cut_behind = prefix + 1;
        process->cut_fault = fault;
    }
}

void mr_world_cut_none(struct mr_world *world, uint32_t fault)
{
    for (uint32_t i = 0; i < world->n_processes; i++) {
        struct mr_process *process = &world->processes[i];
        if (process->cut_behind == 0 || process->cut_fault != fault) continue;
        process->cut_by &= ~(UINT64_C(1) << fault);
        process->cut_behind = 0;
    }
}

void mr_effects_cut(struct mr_world *world, struct mr_process *process)
{
    bool is_cut = false;
    for (uint32_t i = 0; i < process->n_effects; i++) {
        const struct mr_effect *effect = &process->effects[i];
        if (effect->at_ns <= world->now_ns) continue;
        is_cut = true;
        struct mr_end *end = effect->kind == MR_EFFECT_SEND || effect->kind == MR_EFFECT_OPEN
                                 ? mr_end_find(world, effect->connection)
                                 : NULL;
        if (!end) continue;
        if (effect->kind == MR_EFFECT_OPEN) /* the handshake never began */
            mr_connection_free(world, mr_end_connection(end));
        else if (effect->number < end->cut)
            end->cut = effect->number;
    }
    if (is_cut) MR_TELL(world, milestone, world->now_ns, MR_SOMETIMES_HANDLER_CUT);
}
