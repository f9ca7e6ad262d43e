/* What the files of sim/world share: the world's parts and what they ask of each other. */
#ifndef MR_SIM_WORLD_WORLD_INTERNAL_H
#define MR_SIM_WORLD_WORLD_INTERNAL_H

#include "sim/world/queue.h"
#include "sim/world/world.h"

/* What can happen. An event of kind MESSAGE lies in a message; the others are allocated, or
 * embedded where it says so. */
enum mr_event_kind {
    MR_EVENT_START = 1,    /* target starts */
    MR_EVENT_TIMER,        /* tag: the process's; flags: low bits of its incarnation */
    MR_EVENT_MESSAGE,      /* tag: the receiving end */
    MR_EVENT_OPENING,      /* tag: the accepting end, whose process does not know of it yet */
    MR_EVENT_ACCEPTED,     /* an OPENING that was let in */
    MR_EVENT_OPENED,       /* tag: the opening end, which may send from now on */
    MR_EVENT_CLOSED,       /* tag: the end that hears of it */
    MR_EVENT_RESUME,       /* target may be free again; embedded in the process */
    MR_EVENT_SEND_TIMEOUT, /* tag: the end whose messages a partition holds */
    MR_EVENT_CRASH, /* tag: fault that cut target's last handler; flags: its incarnation */
    MR_EVENT_FAULT_BEGIN, /* tag: fault */
    MR_EVENT_FAULT_END,
};

enum mr_effect_kind {
    MR_EFFECT_WAKE,
    MR_EFFECT_OPEN,
    MR_EFFECT_SEND,
    MR_EFFECT_CLOSE,
    MR_EFFECT_REACH,
};
/* Something that a handler wants done, in the order in which it asked. */
struct mr_effect {
    mr_ns at_ns; /* when it is released: what the handler had spent by then */
    union {
        struct mr_message *message; /* SEND, before the release */
        uint64_t number; /* SEND, after it: of the message; UINT64_MAX: it was not sent */
        uint64_t timer;  /* WAKE */
    };
    mr_ns due_ns;        /* WAKE */
    uint32_t connection; /* OPEN, SEND, CLOSE: the process's end */
    uint16_t kind;
    uint16_t point; /* REACH */
};
_Static_assert(sizeof(struct mr_effect) == 32, "two to a cache line");

struct mr_process {
    struct mr_env env; /* first: an env is its process */
    const struct mr_process_config *config;
    void (*handle)(void *state, const struct mr_arrival *arrival); /* its class's */
    void *state;                                                   /* NULL: down */
    enum mr_owner owner; /* of the memory of its handlers; the configured one */
    bool is_service;     /* as configured */
    uint32_t name;       /* of its draws */
    uint32_t n_effects; /* of the last handler; kept until the next, since a crash may still cut
                           them */
    uint32_t effects_max;
    struct mr_effect *effects;
    mr_ns spent_ns; /* by the handler that runs */
    mr_ns busy_until_ns;
    mr_ns paused_until_ns;
    int64_t slow_factor;
    uint64_t n_crashes;
    uint64_t cut_by; /* bit i: fault i waits for the next handler, to cut it */
    uint32_t cut_behind; /* so many effects, and one: by cut_fault; 0: where it falls is drawn */
    uint32_t cut_fault;
    bool is_handling;
    bool is_doomed;   /* a crash is on its way: nothing is handled any more */
    bool is_resuming; /* `resume` is pending */
    struct mr_event resume;
    struct mr_event *inbox_first; /* what arrived while it was busy or paused */
    struct mr_event *inbox_last;
};

struct mr_end;
/* One direction between two processes. */
struct mr_link {
    const struct mr_link_config *config;
    uint32_t from;
    uint32_t to;
    uint32_t name;         /* of its draws: "from>to" */
    uint32_t n_partitions; /* at work now */
    uint64_t ns_per_byte;  /* times 2^32; 0: infinite bandwidth, and from a process to itself */
    mr_ns free_at_ns;      /* when what was sent before has left */
    int64_t factor;        /* of slow-link faults */
    mr_ns extra_ns;
    uint64_t n_ends;      /* that it has had */
    struct mr_end *first; /* ends at `from` that send over it, oldest first */
    struct mr_end *last;
};

/* One end of a connection, and the direction from it to the other end. */
struct mr_end {
    struct mr_link *link; /* that it sends over */
    struct mr_end *next;  /* on the link */
    struct mr_end *previous;
    uint32_t process;
    uint32_t id;
    bool is_open;     /* the handshake is over: it may send */
    bool is_shut;     /* nothing more goes out: the other end was told, or is gone */
    bool is_gone;     /* nothing more comes in */
    bool is_timing;   /* a SEND_TIMEOUT is pending */
    uint64_t ordinal; /* on its link: tells the draws of its messages from those of others */
    uint64_t sent;    /* number of the next message */
    uint64_t arrived; /* number of the next message to arrive at the other end */
    uint64_t cut;     /* messages from this number on do not arrive */
    mr_ns last_arrival_ns;
    struct mr_event
        *held_first; /* sent, but the handshake or a partition holds them; at_ns: since when */
    struct mr_event *held_last;
};

struct mr_connection {
    struct mr_end ends[2]; /* the opening one, the accepting one */
};

/* Connections by the number in their ids. Free numbers are used again oldest first, with the
 * next generation. */
struct mr_connections {
    struct mr_connection_slot {
        struct mr_connection *connection; /* NULL: free */
        uint32_t generation;
        uint32_t next_free;
    } * slots;
    uint32_t n;
    uint32_t first_free;
    uint32_t last_free;
};

/* What the last step was. */
struct mr_last_step {
    mr_ns at_ns;
    uint64_t tag; /* TIMER, FAULT_*, MESSAGE: number */
    uint32_t process;
    uint32_t peer;
    uint32_t connection;
    uint32_t bytes;
    uint16_t kind; /* enum mr_event_kind; 0: none */
    uint16_t message_kind;
};

struct mr_fault_state {
    uint32_t process; /* the concrete one */
    bool is_active;
};

struct mr_world {
    struct mr_arena *arena;
    const struct mr_world_config *config;
    const struct mr_draws *draws;
    struct mr_queue *queue;
    mr_ns now_ns;
    uint64_t steps;
    uint64_t digest;
    uint32_t n_processes;
    struct mr_process *processes;
    struct mr_link **links; /* [from * n_processes + to]; made when first used */
    struct mr_connections connections;
    struct mr_last_step last;
    struct mr_fault_state *faults; /* [config->n_faults] */
    uint64_t faults_struck;
    uint64_t waiting_faults[MR_POINT_COUNT]; /* bit i: fault i waits for the point */
    uint32_t n_active_faults;
    mr_ns healed_at_ns;
    uint64_t point_counts[MR_POINT_COUNT];
    uint64_t chance_visits[MR_CHANCE_COUNT];
    uint64_t chance_counts[MR_CHANCE_COUNT];
    uint32_t chance_names[MR_CHANCE_COUNT];
};

/* The tap's function `name`, where somebody watches. */
#define MR_TELL(world, name, ...)                                                              \
    do {                                                                                       \
        const struct mr_world_tap *tap_ = (world)->config->tap;                                \
        if (tap_ && tap_->name) tap_->name(tap_->self, __VA_ARGS__);                           \
    } while (0)

/* Sums of times, neither of them negative, stop short of MR_NS_NEVER, which no event may have.
 */
static inline mr_ns mr_ns_later(mr_ns at_ns, mr_ns span_ns)
{
    uint64_t sum = (uint64_t)at_ns + (uint64_t)span_ns;
    return sum < (uint64_t)MR_NS_NEVER ? (mr_ns)sum : MR_NS_NEVER - 1;
}

static inline mr_ns mr_ns_times(mr_ns span_ns, int64_t factor)
{
    mr_ns product;
    if (MR_LIKELY(factor == 1)) return span_ns;
    return __builtin_mul_overflow(span_ns, factor, &product) ? MR_NS_NEVER - 1 : product;
}

/* Allocations count for `owner` from now on. Within a step nobody puts it back: whoever
 * allocates or frees says for whom, so that a message from an engine to an engine changes
 * nothing. */
static inline void mr_world_owner(struct mr_world *world, enum mr_owner owner)
{
    mr_arena_owner(world->arena, owner);
}

/* The id of an end: generation, number of the connection, which end. */
enum { MR_CONNECTION_BITS = 14, MR_CONNECTIONS_MAX = 1 << MR_CONNECTION_BITS };
static inline uint32_t mr_connection_number(uint32_t id)
{
    return id >> 1 & (MR_CONNECTIONS_MAX - 1);
}

/* NULL: the connection is gone for good. */
static inline struct mr_end *mr_end_find(const struct mr_world *world, uint32_t id)
{
    uint32_t number = mr_connection_number(id);
    if (MR_UNLIKELY(number >= world->connections.n)) return NULL;
    struct mr_connection *connection = world->connections.slots[number].connection;
    if (MR_UNLIKELY(!connection)) return NULL;
    struct mr_end *end = &connection->ends[id & 1];
    return end->id == id ? end : NULL;
}

static inline struct mr_end *mr_end_other(struct mr_end *end)
{
    return end->id & 1 ? end - 1 : end + 1;
}

static inline struct mr_connection *mr_end_connection(struct mr_end *end)
{
    return (struct mr_connection *)(end->id & 1 ? end - 1 : end);
}

static inline struct mr_message *mr_event_message(struct mr_event *event)
{
    return (struct mr_message *)event; /* mr_message.world comes first */
}

static inline struct mr_event *mr_message_event(struct mr_message *message)
{
    return (struct mr_event *)message->world;
}

static inline bool mr_process_is_free(
    const struct mr_world *world, const struct mr_process *process)
{
    return process->busy_until_ns <= world->now_ns &&
           process->paused_until_ns <= world->now_ns && !process->is_doomed;
}

/* world.c */
/* An event of its own. Pushes it, unless it is never due. */
void mr_world_push(struct mr_world *world, mr_ns at_ns, enum mr_event_kind kind,
    uint32_t target, uint64_t tag, uint16_t flags);
void mr_world_free_event(struct mr_world *world, struct mr_event *event);
/* Gives up an event that nobody will handle, and what it carries. */
void mr_world_drop_event(struct mr_world *world, struct mr_event *event);
/* Notes what a step is, and mixes it into the digest. */
void mr_world_note(struct mr_world *world, enum mr_event_kind kind, uint32_t process,
    uint64_t tag, uint32_t connection, uint32_t peer);
void mr_world_note_message(
    struct mr_world *world, uint32_t process, const struct mr_message *message);

/* process.c. Those that take an event return true when it was a step. */
void mr_process_init(struct mr_world *world, uint32_t id);
/* Lets the process handle the event now, or keeps it until the process is free. */
bool mr_process_admit(
    struct mr_world *world, struct mr_process *process, struct mr_event *event);
/* The same for a message that has arrived at `end`. */
bool mr_process_receive(struct mr_world *world, struct mr_end *end, struct mr_message *message);
bool mr_process_resume(struct mr_world *world, struct mr_process *process);
/* Crashes the process, which must be up: everything that it has not released is lost. */
void mr_process_crash(struct mr_world *world, struct mr_process *process, uint32_t fault);

/* effects.c */
void mr_env_init(struct mr_env *env);
/* Releases what the handler that just ended asked for, in order, up to where a fault cuts it.
 */
void mr_effects_release(struct mr_world *world, struct mr_process *process);
/* The process crashes now: what it has not released by now never happens. */
void mr_effects_cut(struct mr_world *world, struct mr_process *process);

/* connection.c */
void mr_connections_init(struct mr_world *world);
/* Two ends, not open; the first is that of `from`. */
struct mr_connection *mr_connection_new(struct mr_world *world, uint32_t from, uint32_t to);
/* Nothing more comes in. Frees the connection when that holds for both ends. */
void mr_end_leave(struct mr_world *world, struct mr_end *end);
void mr_connection_free(struct mr_world *world, struct mr_connection *connection);

/* network.c */
struct mr_link *mr_link_find(struct mr_world *world, uint32_t from, uint32_t to); /* makes it */
/* Begins the handshake of a new connection. */
void mr_network_open(struct mr_world *world, struct mr_end *end, mr_ns at_ns);
/* Sends the message, which is made out already, from `end` to the other end. */
void mr_network_send(
    struct mr_world *world, struct mr_end *end, struct mr_message *message, mr_ns at_ns);
/* Tells the other end that this one is closed, behind everything that was sent before. */
void mr_network_close(struct mr_world *world, struct mr_end *end, mr_ns at_ns);
/* The same, but what is under way arrives whole or as a drawn prefix. */
void mr_network_cut(struct mr_world *world, struct mr_end *end);
/* Both ends hear of a reset. */
void mr_network_reset(struct mr_world *world, struct mr_end *end);
/* Sends what was held for a partition that has healed. */
void mr_network_heal(struct mr_world *world, struct mr_link *link);
void mr_network_drop_held(struct mr_world *world, struct mr_end *end);
/* What arrived over the network. True when it was a step. */
bool mr_network_arrive(struct mr_world *world, struct mr_event *event);
bool mr_network_deliver(struct mr_world *world, struct mr_message *message);

/* faults.c */
void mr_faults_init(struct mr_world *world);
/* A process reached a point at `at_ns`. True when it must crash there; *fault is the one that
 * strikes. */
bool mr_faults_reached(struct mr_world *world, struct mr_process *process, enum mr_point point,
    mr_ns at_ns, uint32_t *fault);
void mr_faults_begin(struct mr_world *world, uint32_t index);
void mr_faults_end(struct mr_world *world, uint32_t index);
/* The fault has begun its work, or was nothing but an instant. */
void mr_faults_struck(struct mr_world *world, uint32_t index);

#endif
