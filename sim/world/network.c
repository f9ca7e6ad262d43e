/* Invariants.
 * 1. What one end sends arrives at the other in the order of sending: the handshake, messages,
 * CLOSED. Whatever is held (for the handshake, for a partition) holds all that is sent later.
 * 2. Each direction ends with one CLOSED: is_shut is set with it, and nothing is sent after it.
 * 3. A message is held, in the queue, or has arrived; `arrived` and `sent` bound those in
 * between. */
#include <string.h>

#include "base/digest.h"
#include "sim/world/world_internal.h"

/* Numbers that stand for the parts of the handshake in the draws of latencies, where no message
 * will come to. */
#define DRAW_OPENING UINT32_MAX
#define DRAW_OPENED (UINT32_MAX - 1)
#define DRAW_CLOSED (UINT32_MAX - 2)
enum { LINK_NAME_BYTES = 256 };

static uint32_t link_name(const struct mr_world *world, uint32_t from, uint32_t to)
{
    char text[LINK_NAME_BYTES];
    const char *names[2] = {
        world->config->processes[from].name, world->config->processes[to].name};
    size_t bytes = strlen(names[0]), rest = strlen(names[1]);
    MR_ASSERT(bytes + rest + 2 <= sizeof text);
    memcpy(text, names[0], bytes);
    text[bytes] = '>';
    memcpy(text + bytes + 1, names[1], rest + 1);
    return mr_name(text);
}

static const struct mr_link_config *link_config(
    const struct mr_world *world, uint32_t from, uint32_t to)
{
    const struct mr_network_config *network = &world->config->network;
    const struct mr_link_config *config = &network->link;
    for (uint32_t i = 0; i < network->n_overrides; i++)
        if (network->overrides[i].from == from && network->overrides[i].to == to)
            config = &network->overrides[i].link;
    return config;
}

struct mr_link *mr_link_find(struct mr_world *world, uint32_t from, uint32_t to)
{
    MR_ASSERT(from < world->n_processes && to < world->n_processes);
    struct mr_link **place = &world->links[from * world->n_processes + to];
    if (MR_LIKELY(*place != NULL)) return *place;
    mr_world_owner(world, MR_OWNER_WORLD);
    struct mr_link *link = mr_arena_new(world->arena, struct mr_link);
    *place = link;
    link->config = link_config(world, from, to);
    link->from = from;
    link->to = to;
    link->name = link_name(world, from, to);
    link->factor = 1;
    if (link->config->bytes_per_second > 0 && from != to)
        link->ns_per_byte =
            ((uint64_t)MR_SECOND_NS << 32) / (uint64_t)link->config->bytes_per_second;
    return link;
}

static inline mr_ns latency(
    const struct mr_world *world, const struct mr_end *end, uint64_t number)
{
    const struct mr_link *link = end->link;
    if (link->from == link->to) return world->config->network.loopback_ns;
    mr_ns span_ns = mr_draw_from(world->draws, &link->config->latency_ns, MR_DRAW_LATENCY,
        link->name, end->ordinal << 32 | (number & UINT32_MAX));
    if (span_ns < 0) span_ns = 0;
    if (MR_LIKELY(link->factor == 1 && link->extra_ns == 0)) return span_ns;
    return mr_ns_later(mr_ns_times(span_ns, link->factor), link->extra_ns);
}

/* Puts the event on its way: it leaves when the link is free, `number` and `bytes` say how long
 * it takes. */
static inline void transmit(struct mr_world *world, struct mr_end *end, struct mr_event *event,
    mr_ns at_ns, uint64_t number, uint64_t bytes)
{
    struct mr_link *link = end->link;
    if (link->ns_per_byte) {
        if (at_ns < link->free_at_ns) at_ns = link->free_at_ns;
        uint64_t takes_ns = (uint64_t)((__uint128_t)link->ns_per_byte * bytes >> 32);
        at_ns = mr_ns_later(at_ns, (mr_ns)takes_ns);
        link->free_at_ns = at_ns;
    }
    at_ns = mr_ns_later(at_ns, latency(world, end, number));
    if (at_ns < end->last_arrival_ns) at_ns = end->last_arrival_ns;
    end->last_arrival_ns = at_ns;
    event->at_ns = at_ns;
    mr_queue_push(world->queue, event);
}

static inline void depart_message(
    struct mr_world *world, struct mr_end *end, struct mr_message *message, mr_ns at_ns)
{
    uint64_t bytes = message->body_bytes;
    if (message->attached) bytes += message->attached->body_bytes;
    transmit(world, end, mr_message_event(message), at_ns, message->number, bytes);
}

static void depart(
    struct mr_world *world, struct mr_end *end, struct mr_event *event, mr_ns at_ns)
{
    switch ((enum mr_event_kind)event->kind) {
    case MR_EVENT_MESSAGE:
        depart_message(world, end, mr_event_message(event), at_ns);
        break;
    case MR_EVENT_OPENING:
        transmit(world, end, event, at_ns, DRAW_OPENING, 0);
        break;
    case MR_EVENT_OPENED:
        transmit(world, end, event, at_ns, DRAW_OPENED, 0);
        break;
    default:
        MR_ASSERT(event->kind == MR_EVENT_CLOSED);
        transmit(world, end, event, at_ns, DRAW_CLOSED, 0);
    }
}

/* Sees to it that what a partition holds is not held for longer than the time-out. */
static void watch(struct mr_world *world, struct mr_end *end)
{
    if (!end->held_first || end->link->n_partitions == 0 || end->is_timing || end->is_shut)
        return;
    end->is_timing = true;
    mr_ns since_ns = end->held_first->at_ns;
    mr_world_push(world,
        mr_ns_later(since_ns > world->now_ns ? since_ns : world->now_ns,
            world->config->network.send_timeout_ns),
        MR_EVENT_SEND_TIMEOUT, end->process, end->id, 0);
}

static __attribute__((noinline)) void hold(
    struct mr_world *world, struct mr_end *end, struct mr_event *event, mr_ns at_ns)
{
    event->at_ns = at_ns;
    event->next = NULL;
    if (end->held_first)
        end->held_last->next = event;
    else
        end->held_first = event;
    end->held_last = event;
    watch(world, end);
}

static inline bool must_wait(const struct mr_end *end, const struct mr_event *event)
{
    if (end->held_first || end->link->n_partitions > 0) return true;
    return !end->is_open && event->kind != MR_EVENT_OPENING;
}

void mr_network_send(
    struct mr_world *world, struct mr_end *end, struct mr_message *message, mr_ns at_ns)
{
    if (MR_UNLIKELY(must_wait(end, mr_message_event(message))))
        hold(world, end, mr_message_event(message), at_ns);
    else
        depart_message(world, end, message, at_ns);
}

/* A part of the handshake, or CLOSED. */
static void send_control(
    struct mr_world *world, struct mr_end *end, struct mr_event *event, mr_ns at_ns)
{
    if (must_wait(end, event))
        hold(world, end, event, at_ns);
    else
        depart(world, end, event, at_ns);
}

/* Sends what is held, in order, as far as nothing holds it any more. */
static void send_held(struct mr_world *world, struct mr_end *end)
{
    while (end->held_first && end->link->n_partitions == 0) {
        struct mr_event *event = end->held_first;
        if (!end->is_open && event->kind != MR_EVENT_OPENING) return;
        end->held_first = event->next;
        depart(world, end, event, event->at_ns > world->now_ns ? event->at_ns : world->now_ns);
    }
    watch(world, end);
}

void mr_network_heal(struct mr_world *world, struct mr_link *link)
{
    MR_ASSERT(link->n_partitions == 0);
    for (struct mr_end *end = link->first; end; end = end->next) send_held(world, end);
}

/* The first of the dropped messages cuts the direction. */
void mr_network_drop_held(struct mr_world *world, struct mr_end *end)
{
    while (end->held_first) {
        struct mr_event *event = end->held_first;
        end->held_first = event->next;
        if (event->kind == MR_EVENT_MESSAGE && mr_event_message(event)->number < end->cut)
            end->cut = mr_event_message(event)->number;
        mr_world_drop_event(world, event);
    }
}

static struct mr_event *control(
    struct mr_world *world, enum mr_event_kind kind, struct mr_end *to)
{
    mr_world_owner(world, MR_OWNER_WORLD);
    struct mr_event *event = mr_arena_alloc(world->arena, sizeof *event);
    *event = (struct mr_event){.tag = to->id, .target = to->process, .kind = (uint16_t)kind};
    return event;
}

void mr_network_open(struct mr_world *world, struct mr_end *end, mr_ns at_ns)
{
    send_control(world, end, control(world, MR_EVENT_OPENING, mr_end_other(end)), at_ns);
}

void mr_network_close(struct mr_world *world, struct mr_end *end, mr_ns at_ns)
{
    if (end->is_shut) return;
    end->is_shut = true;
    struct mr_end *other = mr_end_other(end);
    if (!other->is_gone)
        send_control(world, end, control(world, MR_EVENT_CLOSED, other), at_ns);
}

/* Half of the time everything that is under way still arrives, else a prefix of it. */
static void cut_prefix(struct mr_world *world, struct mr_end *end)
{
    uint64_t sent = end->sent < end->cut ? end->sent : end->cut;
    uint64_t n = sent > end->arrived ? sent - end->arrived : 0;
    if (n == 0) return;
    uint64_t kept =
        mr_draw_below(world->draws, 2 * (n + 1), MR_DRAW_CUT, end->link->name, end->ordinal);
    end->cut = end->arrived + (kept < n ? kept : n);
}

void mr_network_cut(struct mr_world *world, struct mr_end *end)
{
    if (end->is_shut) return;
    struct mr_event *held = end->held_first;
    bool is_opening = held && held->kind == MR_EVENT_OPENING;
    if (is_opening)
        end->held_first = held->next; /* a handshake that a partition holds goes on */
    mr_network_drop_held(world, end);
    if (is_opening) {
        held->next = NULL;
        end->held_first = end->held_last = held;
    }
    cut_prefix(world, end);
    mr_network_close(world, end, world->now_ns);
}

void mr_network_reset(struct mr_world *world, struct mr_end *end)
{
    mr_network_cut(world, end);
    mr_network_cut(world, mr_end_other(end));
    MR_TELL(world, milestone, world->now_ns, MR_SOMETIMES_CONNECTION_RESET);
}

/* The peer's kernel answers the handshake, whether its process is busy or not. */
static bool arrive_opening(struct mr_world *world, struct mr_event *event, struct mr_end *end)
{
    struct mr_process *process = &world->processes[end->process];
    end->is_open = true;
    if (end->is_gone) { /* it crashed while the handshake was under way */
        mr_world_free_event(world, event);
        send_held(world, end);
        return false;
    }
    if (!process->state) { /* refused */
        mr_world_free_event(world, event);
        mr_network_close(world, end, world->now_ns);
        mr_end_leave(world, end);
        return false;
    }
    struct mr_end *opener = mr_end_other(end);
    send_control(world, end, control(world, MR_EVENT_OPENED, opener), world->now_ns);
    event->kind = MR_EVENT_ACCEPTED;
    return mr_process_admit(world, process, event);
}

bool mr_network_deliver(struct mr_world *world, struct mr_message *message)
{
    struct mr_event *event = mr_message_event(message);
    struct mr_end *end = mr_end_find(world, (uint32_t)event->tag);
    struct mr_end *sender = end ? mr_end_other(end) : NULL;
    if (MR_UNLIKELY(!end || end->is_gone || message->number >= sender->cut)) {
        mr_world_drop_event(world, event);
        return false;
    }
    sender->arrived = message->number + 1;
    return mr_process_receive(world, end, message);
}

/* A message that a partition has held for too long resets the connection. */
static void time_out(struct mr_world *world, struct mr_end *end)
{
    end->is_timing = false;
    if (!end->held_first || end->is_shut || end->link->n_partitions == 0) return;
    mr_ns due_ns = mr_ns_later(end->held_first->at_ns, world->config->network.send_timeout_ns);
    if (due_ns > world->now_ns) { /* what was held at first has gone; this came later */
        end->is_timing = true;
        mr_world_push(world, due_ns, MR_EVENT_SEND_TIMEOUT, end->process, end->id, 0);
        return;
    }
    if (end->held_first->kind == MR_EVENT_OPENING) mr_end_other(end)->is_gone = true;
    struct mr_end *opener = &mr_end_connection(end)->ends[0];
    mr_world_push(world, world->now_ns, MR_EVENT_CLOSED, end->process, end->id, 0);
    if (opener != end && !opener->is_open)
        mr_world_push(world, world->now_ns, MR_EVENT_CLOSED, opener->process, opener->id, 0);
    mr_network_drop_held(world, end);
    mr_network_close(world, end, world->now_ns);
    MR_TELL(world, milestone, world->now_ns, MR_SOMETIMES_CONNECTION_RESET);
}

bool mr_network_arrive(struct mr_world *world, struct mr_event *event)
{
    struct mr_end *end = mr_end_find(world, (uint32_t)event->tag);
    if (MR_UNLIKELY(!end)) {
        mr_world_drop_event(world, event);
        return false;
    }
    switch ((enum mr_event_kind)event->kind) {
    case MR_EVENT_OPENING:
        return arrive_opening(world, event, end);
    case MR_EVENT_CLOSED:
        if (!end->is_gone)
            return mr_process_admit(world, &world->processes[end->process], event);
        break;
    case MR_EVENT_OPENED:
        end->is_open = true;
        send_held(world, end);
        break;
    default:
        MR_ASSERT(event->kind == MR_EVENT_SEND_TIMEOUT);
        time_out(world, end);
    }
    mr_world_free_event(world, event);
    return false;
}
