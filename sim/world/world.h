/* The simulated world: virtual time, processes that crash, and the network between them. */
#ifndef MR_SIM_WORLD_WORLD_H
#define MR_SIM_WORLD_WORLD_H

#include "base/env.h"

enum { MR_PROCESSES_MAX = 64, MR_ANY_PROCESS = 0xffff };

struct mr_process_config {
    const char *name; /* "worker-1"; unique; the key of its draws */
    const struct mr_process_class *class;
    const void *config; /* handed to create */
    enum mr_owner owner;
    /* A service of the world: never crashed, its handlers are not cut, and it is never busy: what it spends delays what
     * it sends, not what it handles next. */
    bool is_service;
};

/* One direction between two processes. */
struct mr_link_config {
    struct mr_distribution latency_ns; /* of one message, one way */
    int64_t bytes_per_second;          /* > 0; 0: infinite */
};
struct mr_link_override {
    uint32_t from;
    uint32_t to;
    struct mr_link_config link;
};
struct mr_network_config {
    struct mr_link_config link;     /* of every pair */
    mr_ns loopback_ns;              /* from a process to itself */
    mr_ns send_timeout_ns;          /* a message that a partition holds for longer resets the connection */
    uint32_t n_overrides;
    const struct mr_link_override *overrides;
};

enum mr_fault_kind {
    MR_FAULT_CRASH,     /* process; restart after restart_after_ns, MR_NS_NEVER: never */
    MR_FAULT_PAUSE,     /* process; for_ns: handles nothing, loses nothing */
    MR_FAULT_SLOW_CPU,  /* process; for_ns; costs times factor */
    MR_FAULT_PARTITION, /* from -> to (and back when is_both_ways); for_ns */
    MR_FAULT_RESET,     /* every connection between from and to is reset once */
    MR_FAULT_SLOW_LINK, /* from -> to (and back when is_both_ways); for_ns; latency times factor plus extra_ns */
};

/* One fault of one seed, with every value drawn: a line of the manifest. */
struct mr_fault {
    const char *name; /* "crash-1"; key of the draws that happen while it strikes */
    enum mr_fault_kind kind;
    uint32_t process; /* CRASH, PAUSE, SLOW_CPU; MR_ANY_PROCESS at a point: the one that reached it */
    uint32_t from;
    uint32_t to;
    bool is_both_ways;
    bool is_at_point;
    bool waits_for_handler; /* CRASH at a time: strikes the process's next handler and cuts it */
    mr_ns at_ns;            /* !is_at_point */
    enum mr_point point;
    uint64_t occurrence; /* at a point: the n-th reach of the run, from 1 */
    mr_ns for_ns;
    mr_ns restart_after_ns;
    int64_t factor; /* SLOW_*: >= 1 */
    mr_ns extra_ns; /* SLOW_LINK */
};

/* What the world tells those who watch: recorder and checks. It never affects the run. */
struct mr_world_tap {
    void *self;
    void (*point)(void *self, mr_ns at_ns, uint32_t process, enum mr_point point, uint64_t occurrence);
    void (*crashed)(void *self, mr_ns at_ns, uint32_t process);
    void (*started)(void *self, mr_ns at_ns, uint32_t process, uint32_t incarnation);
    void (*fault)(void *self, mr_ns at_ns, uint32_t index, bool begins); /* index into config.faults */
    void (*milestone)(void *self, mr_ns at_ns, enum mr_sometimes milestone);
    void (*delivered)(void *self, mr_ns at_ns, uint32_t process, const struct mr_message *message);
    void (*log)(void *self, mr_ns at_ns, uint32_t process, const char *text);
};

struct mr_world_config {
    uint32_t n_processes; /* process ids are indices; they start in this order at time 0 */
    const struct mr_process_config *processes;
    struct mr_network_config network;
    uint32_t n_faults;
    const struct mr_fault *faults;
    enum mr_plant plant;
    struct mr_ratio chance_activation; /* of a site in a run; 0: no chances */
    struct mr_ratio chance_firing;     /* of an active site at a visit */
    bool has_no_digest;                /* only to measure what the digest costs */
    const struct mr_world_tap *tap;    /* NULL: nobody watches; its functions may be NULL one by one */
};

struct mr_world;
/* `config`, `draws` and what they point to must outlive the world. */
struct mr_world *mr_world_new(struct mr_arena *arena, const struct mr_world_config *config,
    const struct mr_draws *draws);
/* Handles the next event; what is for nobody any more, such as a timer of a process that crashed, is passed over and
 * is no step. False when nothing is left to happen. */
bool mr_world_step(struct mr_world *world);
/* The same, but the clock does not go beyond until_ns: false when nothing is left to do by then. */
bool mr_world_step_until(struct mr_world *world, mr_ns until_ns);

/* From outside, for runs that are led step by step. At `at_ns`, not before now: a timer of a process that is up; the
 * fault of this index begins, which must not be at work. */
void mr_world_wake(struct mr_world *world, uint32_t process, mr_ns at_ns, uint64_t timer);
void mr_world_strike(struct mr_world *world, uint32_t fault, mr_ns at_ns);

mr_ns mr_world_now(const struct mr_world *world);
uint64_t mr_world_steps(const struct mr_world *world);
/* The digest of everything that has happened. */
uint64_t mr_world_digest(const struct mr_world *world);
/* Mixes a value into the digest: for what a process holds and no message shows, such as a snapshot. */
void mr_world_mix(struct mr_world *world, uint64_t value);
/* When the next event is due; MR_NS_NEVER when none is pending. Does not change anything. */
mr_ns mr_world_next_at(const struct mr_world *world);
/* The state of a process made by its class; NULL while it is down. */
void *mr_world_process(const struct mr_world *world, uint32_t process);
bool mr_world_is_up(const struct mr_world *world, uint32_t process);
/* How often a point was reached in this run; how often a chance acted; faults that have struck (bit i: fault i). */
uint64_t mr_world_point_count(const struct mr_world *world, enum mr_point point);
uint64_t mr_world_chance_count(const struct mr_world *world, enum mr_chance site);
uint64_t mr_world_faults_struck(const struct mr_world *world);
/* True while a fault is at work, or a crashed process is down that will come back; and when the last one ended
 * (0: none was), what it has slowed arrives, or will have arrived. Liveness counts from there. */
bool mr_world_is_faulty(const struct mr_world *world);
mr_ns mr_world_healed_at(const struct mr_world *world);
/* Crash points. The last step ran a handler of a process that may crash: how many of its effects were released, for each
 * prefix after which a crash leaves something else behind for the others: none of them, and up to each that others can
 * see (a message, a close, a named point). Writes at most `max`; returns how many there are: 0 also when no such handler
 * ran, when it is cut already, or when others saw nothing of it. */
uint32_t mr_world_crash_prefixes(
    const struct mr_world *world, uint32_t *process, uint32_t *prefixes, uint32_t max);
/* The next handler of any process that may crash is cut behind the first `prefix` of its effects, by the fault, which is
 * a CRASH; and: if none was, none will be. */
void mr_world_cut_next(struct mr_world *world, uint32_t prefix, uint32_t fault);
void mr_world_cut_none(struct mr_world *world, uint32_t fault);
/* What the last step was: for naming the first event in which two runs differ. Returns bytes as snprintf. */
int mr_world_describe_last(const struct mr_world *world, char *out, size_t size);

#endif
