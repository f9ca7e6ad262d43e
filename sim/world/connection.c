/* Invariants.
 * 1. The id of an end is generation, number of the connection, and which end: an id of a
 * connection that is gone finds nothing, so that what is still on its way to it is dropped on
 * arrival.
 * 2. A connection lives until both ends have left it. */
#include "sim/world/world_internal.h"

enum {
    SLOTS_MIN = 64, /* so many, that an id comes back only after millions of connections */
    GENERATION_SHIFT = MR_CONNECTION_BITS + 1,
    GENERATIONS = 1 << (32 - GENERATION_SHIFT),
};
#define NO_SLOT UINT32_MAX

/* Adds slots [from, n) to the end of the free list. */
static void add_free(struct mr_connections *connections, uint32_t from)
{
    for (uint32_t i = from; i < connections->n; i++) {
        connections->slots[i] =
            (struct mr_connection_slot){.generation = 1, .next_free = NO_SLOT};
        if (connections->first_free == NO_SLOT)
            connections->first_free = i;
        else
            connections->slots[connections->last_free].next_free = i;
        connections->last_free = i;
    }
}

void mr_connections_init(struct mr_world *world)
{
    struct mr_connections *connections = &world->connections;
    connections->n = SLOTS_MIN;
    connections->slots =
        mr_arena_alloc(world->arena, sizeof *connections->slots * connections->n);
    connections->first_free = NO_SLOT;
    add_free(connections, 0);
}

static uint32_t take_slot(struct mr_world *world)
{
    struct mr_connections *connections = &world->connections;
    if (connections->first_free == NO_SLOT) {
        uint32_t n = connections->n;
        MR_ASSERT(n < MR_CONNECTIONS_MAX);
        connections->slots = mr_arena_grow(world->arena, connections->slots,
            sizeof *connections->slots * n, sizeof *connections->slots * n * 2);
        connections->n = n * 2;
        add_free(connections, n);
    }
    uint32_t number = connections->first_free;
    connections->first_free = connections->slots[number].next_free;
    return number;
}

static void give_back_slot(struct mr_connections *connections, uint32_t number)
{
    struct mr_connection_slot *slot = &connections->slots[number];
    slot->connection = NULL;
    slot->generation = slot->generation + 1 < GENERATIONS ? slot->generation + 1 : 1;
    slot->next_free = NO_SLOT;
    if (connections->first_free == NO_SLOT)
        connections->first_free = number;
    else
        connections->slots[connections->last_free].next_free = number;
    connections->last_free = number;
}

static void init_end(
    struct mr_world *world, struct mr_end *end, uint32_t from, uint32_t to, uint32_t id)
{
    struct mr_link *link = mr_link_find(world, from, to);
    *end = (struct mr_end){.link = link,
        .previous = link->last,
        .process = from,
        .id = id,
        .ordinal = link->n_ends++,
        .cut = UINT64_MAX};
    if (link->last)
        link->last->next = end;
    else
        link->first = end;
    link->last = end;
}

struct mr_connection *mr_connection_new(struct mr_world *world, uint32_t from, uint32_t to)
{
    mr_world_owner(world, MR_OWNER_WORLD);
    uint32_t number = take_slot(world);
    struct mr_connection_slot *slot = &world->connections.slots[number];
    struct mr_connection *connection = mr_arena_alloc(world->arena, sizeof *connection);
    slot->connection = connection;
    uint32_t id = slot->generation << GENERATION_SHIFT | number << 1;
    init_end(world, &connection->ends[0], from, to, id);
    init_end(world, &connection->ends[1], to, from, id | 1);
    return connection;
}

static void deinit_end(struct mr_world *world, struct mr_end *end)
{
    struct mr_link *link = end->link;
    mr_network_drop_held(world, end);
    if (end->previous)
        end->previous->next = end->next;
    else
        link->first = end->next;
    if (end->next)
        end->next->previous = end->previous;
    else
        link->last = end->previous;
}

void mr_connection_free(struct mr_world *world, struct mr_connection *connection)
{
    uint32_t number = mr_connection_number(connection->ends[0].id);
    MR_ASSERT(world->connections.slots[number].connection == connection);
    deinit_end(world, &connection->ends[0]);
    deinit_end(world, &connection->ends[1]);
    give_back_slot(&world->connections, number);
    mr_world_owner(world, MR_OWNER_WORLD);
    mr_arena_free(world->arena, connection, sizeof *connection);
}

void mr_end_leave(struct mr_world *world, struct mr_end *end)
{
    end->is_gone = true;
    if (mr_end_other(end)->is_gone) mr_connection_free(world, mr_end_connection(end));
}
