#include "sim/world/world.h"

#include <string.h>

#include "base/digest.h"
#include "sim/world/world_internal.h"

static uint32_t draw_chances(struct mr_world *world)
{
    uint32_t active = 0;
    struct mr_ratio activation = world->config->chance_activation;
    if (activation.part == 0) return 0;
    for (uint32_t i = 0; i < MR_CHANCE_COUNT; i++) {
        world->chance_names[i] = mr_name(mr_chances[i].name);
        world->chance_visits[i] = 1; /* 0 is the draw of the activation */
        if (mr_draw_happens(
                world->draws, activation, MR_DRAW_CHANCE, world->chance_names[i], 0))
            active |= 1u << i;
    }
    return active;
}

struct mr_world *mr_world_new(
    struct mr_arena *arena, const struct mr_world_config *config, const struct mr_draws *draws)
{
    MR_ASSERT(config->n_processes > 0 && config->n_processes <= MR_PROCESSES_MAX);
    MR_ASSERT(config->n_faults <= 64);
    enum mr_owner before = mr_arena_owner(arena, MR_OWNER_WORLD);
    struct mr_world *world = mr_arena_new(arena, struct mr_world);
    uint32_t n = config->n_processes;
    world->arena = arena;
    world->config = config;
    world->draws = draws;
    world->digest = mr_digest_mix(0, draws->seed);
    world->queue = mr_queue_new(arena);
    world->n_processes = n;
    world->links = mr_arena_zalloc(arena, sizeof(struct mr_link *) * n * n);
    world->processes = mr_arena_zalloc(arena, sizeof *world->processes * n);
    mr_connections_init(world);
    uint32_t chances = draw_chances(world);
    for (uint32_t i = 0; i < n; i++) {
        world->processes[i].env.chances_active = chances;
        mr_process_init(world, i);
    }
    mr_faults_init(world);
    mr_arena_owner(arena, before);
    return world;
}

/* Events. */

void mr_world_push(struct mr_world *world, mr_ns at_ns, enum mr_event_kind kind,
    uint32_t target, uint64_t tag, uint16_t flags)
{
    if (at_ns == MR_NS_NEVER) return;
    mr_world_owner(world, MR_OWNER_WORLD);
    struct mr_event *event = mr_arena_alloc(world->arena, sizeof *event);
    *event = (struct mr_event){
        .at_ns = at_ns, .tag = tag, .target = target, .kind = (uint16_t)kind, .flags = flags};
    mr_queue_push(world->queue, event);
}

void mr_world_free_event(struct mr_world *world, struct mr_event *event)
{
    mr_world_owner(world, MR_OWNER_WORLD);
    mr_arena_free(world->arena, event, sizeof *event);
}

void mr_world_drop_event(struct mr_world *world, struct mr_event *event)
{
    if (event->kind != MR_EVENT_MESSAGE) {
        mr_world_free_event(world, event);
        return;
    }
    struct mr_message *message = mr_event_message(event);
    mr_world_owner(world, world->processes[message->sender].owner);
    mr_message_release(world->arena, message);
}

void mr_world_note(struct mr_world *world, enum mr_event_kind kind, uint32_t process,
    uint64_t tag, uint32_t connection, uint32_t peer)
{
    world->last = (struct mr_last_step){.at_ns = world->now_ns,
        .tag = tag,
        .process = process,
        .peer = peer,
        .connection = connection,
        .kind = (uint16_t)kind};
    if (world->config->has_no_digest) return;
    uint64_t digest = mr_digest_mix(world->digest, (uint64_t)world->now_ns);
    digest = mr_digest_mix(digest, (uint64_t)connection << 32 | process << 16 | (uint64_t)kind);
    world->digest = mr_digest_mix(digest, tag);
}

void mr_world_note_message(
    struct mr_world *world, uint32_t process, const struct mr_message *message)
{
    const struct mr_message *rows = message->attached;
    world->last = (struct mr_last_step){.at_ns = world->now_ns,
        .tag = message->number,
        .process = process,
        .peer = message->sender,
        .connection = message->connection,
        .bytes = message->body_bytes + (rows ? rows->body_bytes : 0),
        .kind = MR_EVENT_MESSAGE,
        .message_kind = message->kind};
    if (world->config->has_no_digest) return;
    uint64_t digest = mr_digest_mix(world->digest, (uint64_t)world->now_ns);
    digest = mr_digest_mix(
        digest, (uint64_t)message->connection << 32 | process << 16 | message->kind);
    digest = mr_digest_mix(digest, message->number);
#ifdef MR_PLANT_LEAK
    digest = mr_digest_mix(digest, (uint64_t)(uintptr_t)message);
#endif
    digest = mr_digest_bytes(digest, message->body, message->body_bytes);
    if (rows) digest = mr_digest_bytes(digest, rows->body, rows->body_bytes);
    world->digest = digest;
}

/* Takes an event that is no message to where it belongs. True when that was a step. */
static __attribute__((noinline)) bool dispatch(struct mr_world *world, struct mr_event *event)
{
    struct mr_process *process = &world->processes[event->target];
    uint64_t tag = event->tag;
    switch ((enum mr_event_kind)event->kind) {
    case MR_EVENT_OPENING:
    case MR_EVENT_OPENED:
    case MR_EVENT_CLOSED:
    case MR_EVENT_SEND_TIMEOUT:
        return mr_network_arrive(world, event);
    case MR_EVENT_TIMER:
        if (process->state && event->flags == (uint16_t)process->env.incarnation)
            return mr_process_admit(world, process, event);
        mr_world_free_event(world, event);
        return false;
    case MR_EVENT_START:
        return mr_process_admit(world, process, event);
    case MR_EVENT_RESUME:
        return mr_process_resume(world, process);
    case MR_EVENT_CRASH: {
        bool is_same = process->state && event->flags == (uint16_t)process->env.incarnation;
        mr_world_free_event(world, event);
        if (is_same) mr_process_crash(world, process, (uint32_t)tag);
        return is_same;
    }
    case MR_EVENT_FAULT_BEGIN:
    case MR_EVENT_FAULT_END: {
        bool begins = event->kind == MR_EVENT_FAULT_BEGIN;
        mr_world_note(world, (enum mr_event_kind)event->kind, event->target, tag, 0, 0);
        mr_world_free_event(world, event);
        if (begins)
            mr_faults_begin(world, (uint32_t)tag);
        else
            mr_faults_end(world, (uint32_t)tag);
        return true;
    }
    case MR_EVENT_MESSAGE:
    case MR_EVENT_ACCEPTED:
        break;
    }
    MR_UNREACHABLE("an event that never comes here");
}

/* Events that are nobody's any more are no steps, and may be the last ones up to until_ns. */
static inline bool step_until(struct mr_world *world, mr_ns until_ns)
{
    enum mr_owner before = mr_arena_owner(world->arena, MR_OWNER_WORLD);
    bool is_step = false;
    struct mr_event *event;
    while (!is_step) {
        if (until_ns < MR_NS_NEVER && mr_queue_next_at(world->queue) > until_ns) break;
        if ((event = mr_queue_pop(world->queue)) == NULL) break;
        world->now_ns = event->at_ns;
        is_step = MR_LIKELY(event->kind == MR_EVENT_MESSAGE)
                      ? mr_network_deliver(world, mr_event_message(event))
                      : dispatch(world, event);
    }
    world->steps += is_step;
    mr_arena_owner(world->arena, before);
    return is_step;
}

bool mr_world_step(struct mr_world *world)
{
    return step_until(world, MR_NS_NEVER);
}

bool mr_world_step_until(struct mr_world *world, mr_ns until_ns)
{
    return step_until(world, until_ns);
}

void mr_world_wake(struct mr_world *world, uint32_t process, mr_ns at_ns, uint64_t timer)
{
    MR_ASSERT(process < world->n_processes && at_ns >= world->now_ns);
    const struct mr_process *woken = &world->processes[process];
    if (woken->state)
        mr_world_push(world, at_ns, MR_EVENT_TIMER, process, timer,
            (uint16_t)woken->env.incarnation);
}

void mr_world_strike(struct mr_world *world, uint32_t fault, mr_ns at_ns)
{
    MR_ASSERT(fault < world->config->n_faults && at_ns >= world->now_ns);
    mr_world_push(world, at_ns, MR_EVENT_FAULT_BEGIN, 0, fault, 0);
}

/* What is asked about the run. */

mr_ns mr_world_now(const struct mr_world *world)
{
    return world->now_ns;
}

uint64_t mr_world_steps(const struct mr_world *world)
{
    return world->steps;
}

uint64_t mr_world_digest(const struct mr_world *world)
{
    return world->digest;
}

void mr_world_mix(struct mr_world *world, uint64_t value)
{
    if (!world->config->has_no_digest) world->digest = mr_digest_mix(world->digest, value);
}

mr_ns mr_world_next_at(const struct mr_world *world)
{
    return mr_queue_next_at(world->queue);
}

void *mr_world_process(const struct mr_world *world, uint32_t process)
{
    MR_ASSERT(process < world->n_processes);
    return world->processes[process].state;
}

bool mr_world_is_up(const struct mr_world *world, uint32_t process)
{
    return mr_world_process(world, process) != NULL;
}

uint64_t mr_world_point_count(const struct mr_world *world, enum mr_point point)
{
    MR_ASSERT(point < MR_POINT_COUNT);
    return world->point_counts[point];
}

uint64_t mr_world_chance_count(const struct mr_world *world, enum mr_chance site)
{
    MR_ASSERT(site < MR_CHANCE_COUNT);
    return world->chance_counts[site];
}

uint64_t mr_world_faults_struck(const struct mr_world *world)
{
    return world->faults_struck;
}

bool mr_world_is_faulty(const struct mr_world *world)
{
    return world->n_active_faults > 0;
}

mr_ns mr_world_healed_at(const struct mr_world *world)
{
    return world->healed_at_ns;
}
