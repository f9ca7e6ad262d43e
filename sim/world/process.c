/* Invariants.
 * 1. A process handles one event after the other, in order of arrival; while it is busy or
 * paused they wait in its inbox, and one `resume` is pending for them.
 * 2. Whoever is down has no inbox, no timer and no open end.
 * 3. What a handler asked for is released after it, by mr_effects_release, and by nobody else.
 */
#include "base/digest.h"
#include "sim/world/world_internal.h"

void mr_process_init(struct mr_world *world, uint32_t id)
{
    struct mr_process *process = &world->processes[id];
    process->config = &world->config->processes[id];
    process->handle = process->config->class->handle;
    process->owner = process->config->owner;
    process->is_service = process->config->is_service;
    process->name = mr_name(process->config->name);
    process->slow_factor = 1;
    process->env.world = world;
    process->env.process = id;
    process->env.arena = world->arena;
    process->env.draws = world->draws;
    process->env.plant = world->config->plant;
    mr_env_init(&process->env);
    mr_world_push(world, 0, MR_EVENT_START, id, 0, 0);
}

static mr_ns free_at(const struct mr_process *process)
{
    return process->busy_until_ns > process->paused_until_ns ? process->busy_until_ns
                                                             : process->paused_until_ns;
}

/* Invariant 1. */
static void wake_for_inbox(struct mr_world *world, struct mr_process *process)
{
    mr_ns at_ns = free_at(process);
    if (process->is_resuming || !process->inbox_first || process->is_doomed ||
        at_ns == MR_NS_NEVER)
        return;
    process->is_resuming = true;
    process->resume = (struct mr_event){.at_ns = at_ns > world->now_ns ? at_ns : world->now_ns,
        .target = process->env.process,
        .kind = MR_EVENT_RESUME};
    mr_queue_push(world->queue, &process->resume);
}

static void keep(struct mr_process *process, struct mr_event *event)
{
    event->next = NULL;
    if (process->inbox_first)
        process->inbox_last->next = event;
    else
        process->inbox_first = event;
    process->inbox_last = event;
}

static void run_handler(
    struct mr_world *world, struct mr_process *process, const struct mr_arrival *arrival)
{
    MR_ASSERT(!process->is_handling && process->state);
    process->n_effects = 0;
    process->spent_ns = 0;
    process->is_handling = true;
    mr_world_owner(world, process->owner);
    process->handle(process->state, arrival);
    process->is_handling = false;
    if (process->spent_ns > 0 && !process->is_service)
        process->busy_until_ns =
            mr_ns_later(world->now_ns, mr_ns_times(process->spent_ns, process->slow_factor));
    mr_effects_release(world, process);
}

static void start(struct mr_world *world, struct mr_process *process)
{
    MR_ASSERT(!process->state && !process->inbox_first);
    const struct mr_process_config *config = process->config;
    mr_world_note(world, MR_EVENT_START, process->env.process, process->env.incarnation, 0, 0);
    MR_TELL(world, started, world->now_ns, process->env.process, process->env.incarnation);
    mr_world_owner(world, process->owner);
    process->state = config->class->create(&process->env, config->config);
    MR_ASSERT(process->state != NULL);
    run_handler(world, process, &(struct mr_arrival){.kind = MR_ARRIVAL_START});
}

static void handle_timer(
    struct mr_world *world, struct mr_process *process, struct mr_event *event)
{
    struct mr_arrival arrival = {.kind = MR_ARRIVAL_TIMER, .timer = event->tag};
    mr_world_free_event(world, event);
    mr_world_note(world, MR_EVENT_TIMER, process->env.process, arrival.timer, 0, 0);
    run_handler(world, process, &arrival);
}

static void handle_message(struct mr_world *world, struct mr_process *process,
    struct mr_message *message, uint32_t connection)
{
    message->connection = connection;
    struct mr_arrival arrival = {.kind = MR_ARRIVAL_MESSAGE,
        .connection = connection,
        .peer = message->sender,
        .message = message};
    enum mr_owner owner = world->processes[message->sender].owner;
    mr_world_note_message(world, process->env.process, message);
    MR_TELL(world, delivered, world->now_ns, process->env.process, message);
    run_handler(world, process, &arrival);
    mr_world_owner(world, owner); /* memory goes back to the account that it came from */
    mr_message_release(world->arena, message);
}

static void handle_connection(struct mr_world *world, struct mr_process *process,
    struct mr_event *event, struct mr_end *end)
{
    bool is_closed = event->kind == MR_EVENT_CLOSED;
    struct mr_arrival arrival = {.kind = is_closed ? MR_ARRIVAL_CLOSED : MR_ARRIVAL_ACCEPTED,
        .connection = end->id,
        .peer = mr_end_other(end)->process};
    mr_world_note(world, (enum mr_event_kind)event->kind, process->env.process, 0,
        arrival.connection, arrival.peer);
    mr_world_free_event(world, event);
    if (is_closed) {
        end->is_shut = true;
        mr_end_leave(world, end);
    }
    run_handler(world, process, &arrival);
}

/* The process is free. False when the event is for nobody any more. */
static bool handle(struct mr_world *world, struct mr_process *process, struct mr_event *event)
{
    if (event->kind == MR_EVENT_TIMER) {
        handle_timer(world, process, event);
        return true;
    }
    if (event->kind == MR_EVENT_START) {
        mr_world_free_event(world, event);
        start(world, process);
        return true;
    }
    struct mr_end *end = mr_end_find(world, (uint32_t)event->tag);
    if (!end || end->is_gone) {
        mr_world_drop_event(world, event);
        return false;
    }
    if (MR_LIKELY(event->kind == MR_EVENT_MESSAGE))
        handle_message(world, process, mr_event_message(event), end->id);
    else
        handle_connection(world, process, event, end);
    return true;
}

bool mr_process_admit(
    struct mr_world *world, struct mr_process *process, struct mr_event *event)
{
    if (MR_LIKELY(!process->inbox_first && mr_process_is_free(world, process)))
        return handle(world, process, event);
    keep(process, event);
    wake_for_inbox(world, process);
    return false;
}

bool mr_process_receive(struct mr_world *world, struct mr_end *end, struct mr_message *message)
{
    struct mr_process *process = &world->processes[end->process];
    if (MR_UNLIKELY(process->inbox_first || !mr_process_is_free(world, process)))
        return mr_process_admit(world, process, mr_message_event(message));
    handle_message(world, process, message, end->id);
    return true;
}

bool mr_process_resume(struct mr_world *world, struct mr_process *process)
{
    process->is_resuming = false;
    bool is_step = false;
    while (!is_step && process->inbox_first && mr_process_is_free(world, process)) {
        struct mr_event *event = process->inbox_first;
        process->inbox_first = event->next;
        is_step = handle(world, process, event);
    }
    wake_for_inbox(world, process);
    return is_step;
}

static void drop_inbox(struct mr_world *world, struct mr_process *process)
{
    while (process->inbox_first) {
        struct mr_event *event = process->inbox_first;
        process->inbox_first = event->next;
        mr_world_drop_event(world, event);
    }
}

/* The kernel closes what the process had open. */
static void close_ends(struct mr_world *world, struct mr_process *process)
{
    uint32_t id = process->env.process;
    for (uint32_t to = 0; to < world->n_processes; to++) {
        struct mr_link *link = world->links[id * world->n_processes + to];
        struct mr_end *end = link ? link->first : NULL;
        if (to == id) { /* both ends are its own */
            while (end) {
                mr_connection_free(world, mr_end_connection(end));
                end = link->first;
            }
            continue;
        }
        while (end) {
            struct mr_end *next = end->next;
            if (!end->is_gone) {
                mr_network_cut(world, end);
                mr_end_leave(world, end);
            }
            end = next;
        }
    }
}

void mr_process_crash(struct mr_world *world, struct mr_process *process, uint32_t fault)
{
    uint32_t id = process->env.process;
    MR_ASSERT(process->state && !process->is_handling);
    mr_world_note(world, MR_EVENT_CRASH, id, fault, 0, 0);
    MR_TELL(world, crashed, world->now_ns, id);
    mr_effects_cut(world, process);
    close_ends(world, process);
    drop_inbox(world, process);
    mr_world_owner(world, process->owner);
    process->config->class->discard(process->state);
    process->state = NULL;
    process->n_crashes++;
    process->env.incarnation++;
    process->is_doomed = false;
    process->busy_until_ns = world->now_ns;
    process->paused_until_ns = 0;
    process->n_effects = 0;
    mr_faults_struck(world, fault);
}
