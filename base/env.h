/* Everything that the engine may ask of the world. sim/ answers, or host/. Answers come back as arrivals. */
#ifndef MR_BASE_ENV_H
#define MR_BASE_ENV_H

#include "base/draw.h"
#include "base/message.h"
#include "base/point.h"

/* What a process is told. It is handled to the end; what must happen next goes out through mr_env. */
enum mr_arrival_kind {
    MR_ARRIVAL_START,    /* the process begins, for the first time or after a crash */
    MR_ARRIVAL_TIMER,    /* a wake_at came due */
    MR_ARRIVAL_ACCEPTED, /* a peer opened a connection */
    MR_ARRIVAL_MESSAGE,
    MR_ARRIVAL_CLOSED,   /* the connection is gone: reset, closed by the peer, or never came to be */
};

struct mr_arrival {
    enum mr_arrival_kind kind;
    uint32_t connection; /* ACCEPTED, MESSAGE, CLOSED */
    uint32_t peer;       /* ACCEPTED, MESSAGE, CLOSED: process at the other end */
    uint64_t timer;      /* TIMER: as given to wake_at */
    struct mr_message *message; /* MESSAGE: borrowed for the call; retain it to keep it */
};

struct mr_env;

/* A process: a state machine. One table a kind of process. */
struct mr_process_class {
    const char *name;
    /* Makes the process's state, empty, when the process starts. `config` is the campaign's or the run's. */
    void *(*create)(const struct mr_env *env, const void *config);
    void (*handle)(void *self, const struct mr_arrival *arrival);
    /* Frees the memory of a process that crashed. No effect may go out. */
    void (*discard)(void *self);
};

/* Effects (wake_at, open, send, close, reach) are collected while a handler runs and released in order after it,
 * between t and t + cost; a crash may fall after any prefix of them. */
struct mr_env {
    void *world;
    uint32_t process; /* the id of this process */
    uint32_t incarnation; /* how often it has started before */
    struct mr_arena *arena;
    const struct mr_draws *draws;
    enum mr_plant plant;      /* the bug that this run was given; MR_PLANT_NONE in earnest */
    uint32_t chances_active;  /* bit i: site i may act in this run */

    mr_ns (*now)(const struct mr_env *env); /* the same through one handler */
    /* Wakes the process at `at_ns` (now or later) with `timer`. Timers are not cancelled: carry a generation in `timer`. */
    void (*wake_at)(const struct mr_env *env, mr_ns at_ns, uint64_t timer);
    /* Opens an ordered byte-stream connection to a process; the id is valid at once, what is sent waits for the
     * handshake. CLOSED tells when it fails. Ids are > 0 and never used again by this incarnation. */
    uint32_t (*open)(const struct mr_env *env, uint32_t peer);
    /* Takes over the caller's reference. Sending on a connection that is gone is legal and does nothing. */
    void (*send)(const struct mr_env *env, uint32_t connection, struct mr_message *message);
    void (*close)(const struct mr_env *env, uint32_t connection);
    void (*reach)(const struct mr_env *env, enum mr_point point);
    /* May the awkward thing happen here, now? Through MR_CHANCE only. */
    bool (*chance)(const struct mr_env *env, enum mr_chance site);
    /* The handler costs this much more virtual CPU time. */
    void (*spend)(const struct mr_env *env, mr_ns cost_ns);
    void (*milestone)(const struct mr_env *env, enum mr_sometimes milestone);
    /* A line of the process's log: kept by the recorder, never part of the run. */
    void (*log)(const struct mr_env *env, const char *format, ...) MR_PRINTF(2, 3);
};

#define MR_PLANTED(env, name) MR_UNLIKELY((env)->plant == MR_PLANT_##name)
#define MR_CHANCE(env, name)                                                                    \
    (MR_UNLIKELY((env)->chances_active & 1u << MR_CHANCE_##name) &&                             \
        (env)->chance((env), MR_CHANCE_##name))

#endif
