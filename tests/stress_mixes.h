/* What goes wrong under stress, as texts: each mix of faults with the cluster that it strikes.
 */
#ifndef MR_TESTS_STRESS_MIXES_H
#define MR_TESTS_STRESS_MIXES_H

#include <stdbool.h>
#include <stddef.h>

/* Values of the cluster, as they stand in the scenario; NULL: the usual one. */
struct stress_cluster {
    const char *parallelism;
    const char *checkpoint_every;
    const char *retention;
    const char *batch;
    const char *fetch_rows;
    const char *credit;
    const char *heartbeat_timeout;
    const char *transaction_timeout;
    const char *network;
    const char *message_cost;
    const char *liveness_within; /* of `check`: the usual one is ten checkpoint intervals */
};

struct stress_mix {
    const char *name;
    bool is_calm; /* nothing restarts */
    struct stress_cluster cluster;
    const char *outputs; /* NULL: what the pipeline writes */
    const char *job;     /* NULL: nobody stops it */
    const char *chances; /* NULL: none */
    const char *faults;  /* NULL: none */
};

#define CRASH(victim, at, after)                                                               \
    "  - crash: {" victim ", at: " at ", restart_after: " after "}\n"
#define CRASH_AT(victim, points, most, after)                                                  \
    CRASH(victim, "{point: [" points "], occurrence: {between: [1, " most "]}}", after)
#define PAUSE(victim, span) "  - pause: {" victim ", at: " SOON ", for: " span "}\n"
#define SLOW_CPU(span, factor)                                                                 \
    "  - slow_cpu: {" ANY ", at: " SOON ", for: " span ", factor: " factor "}\n"
#define PARTITION(one, other, most)                                                            \
    "  - partition: {from: " one ", to: " other ", at: " SOON                                  \
    ", for: " UP_TO("50ms", most) "}\n"
#define ONE_WAY(one, other, most)                                                              \
    "  - partition: {from: " one ", to: " other ", both: false, at: " SOON                     \
    ", for: " UP_TO("50ms", most) "}\n"
#define RESET(one, other) "  - reset: {from: " one ", to: " other ", at: " SOON "}\n"
#define SLOW_LINK(one, other, span, how)                                                       \
    "  - slow_link: {from: " one ", to: " other ", at: " SOON ", for: " span ", " how "}\n"
#define STOP(at, checkpoints) "  - stop: {at: " at ", after_checkpoints: " checkpoints "}\n"
#define RESTART(after, back, topics)                                                           \
    "  - restart: {after: " after ", checkpoints_back: " back ", topics: {" topics "}}\n"

#define UP_TO(least, most) "{between: [" least ", " most "]}"
#define SOON UP_TO("200ms", "2500ms")
#define ANY "worker: any"
#define COORDINATOR "process: coordinator"
#define CRASH_ANY CRASH(ANY, UP_TO("200ms", "2800ms"), UP_TO("20ms", "300ms"))
#define CRASH_COORDINATOR CRASH(COORDINATOR, UP_TO("200ms", "2800ms"), UP_TO("20ms", "300ms"))

/* One fault a line. */
/* clang-format off */
static const struct stress_mix stress_mixes[] = {
    {.name = "calm", .is_calm = true},
    {.name = "crash",
        .faults = CRASH_ANY
            CRASH_AT(ANY, "checkpoint.barrier_sent, sink.precommitted, sink.before_commit, "
                          "sink.commit_sent, sink.committed, restore.started, "
                          "restore.finished, checkpoint.snapshot, checkpoint.ack_sent",
                "60", "100ms")},
    {.name = "coordinator-crash",
        .faults = CRASH_COORDINATOR
            CRASH_AT(COORDINATOR, "checkpoint.before_pointer, checkpoint.completed, "
                                  "checkpoint.triggered, deploy.sent",
                "12", "50ms")},
    {.name = "network",
        .faults = PARTITION("worker-1", "worker-2", "600ms")
            PARTITION("worker-3", "coordinator", "900ms")
            ONE_WAY("worker-2", "broker", "900ms")
            RESET("worker-1", "broker")
            SLOW_LINK("worker-3", "worker-1", "500ms", "extra: 30ms")},
    {.name = "storm",
        .chances = "{activation: 60%, firing: 20%}",
        .faults = CRASH_ANY
            PAUSE(ANY, UP_TO("100ms", "900ms"))
            SLOW_CPU("300ms", "100")
            CRASH_COORDINATOR
            PARTITION("worker-1", "objects", "700ms")
            RESET("worker-1", "worker-2")},
    {.name = "rewind",
        .outputs = "  again: {partitions: 2}\n",
        .job = STOP(UP_TO("500ms", "2s"), "3")
            RESTART(UP_TO("10ms", "300ms"), "2", "out: again"),
        .faults = CRASH_ANY CRASH_COORDINATOR},
    {.name = "stops", /* the first perhaps before a checkpoint */
        .job = STOP("{seeded: [1ms, 40ms, 90ms, 700ms, 1500ms]}", "0")
            RESTART(UP_TO("10ms", "300ms"), "0", "")
            STOP(UP_TO("2s", "2500ms"), "0")
            RESTART(UP_TO("10ms", "300ms"), "0", ""),
        .faults = CRASH_ANY},
    {.name = "two-crashes",
        .faults = CRASH_ANY
            CRASH(ANY, UP_TO("1s", "2s"), UP_TO("20ms", "300ms"))},
    {.name = "sink-points",
        .faults = CRASH_AT(ANY, "sink.precommitted, sink.before_commit", "40",
                      UP_TO("0s", "400ms"))
            CRASH_AT(ANY, "sink.commit_sent, sink.committed", "40", UP_TO("0s", "400ms"))},
    {.name = "snapshot-points",
        .faults = CRASH_AT(ANY, "checkpoint.barrier_sent, checkpoint.snapshot", "120",
                      UP_TO("0s", "400ms"))
            CRASH_AT(ANY, "checkpoint.state_put, checkpoint.ack_sent", "30", "50ms")},
    {.name = "crash-in-recovery",
        .faults = CRASH_ANY
            CRASH_AT(ANY, "restore.started", "9", UP_TO("0s", "200ms"))
            CRASH_AT(ANY, "restore.finished", "12", UP_TO("0s", "200ms"))
            CRASH_AT(COORDINATOR, "deploy.sent", "9", UP_TO("0s", "200ms"))},
    {.name = "pointer",
        .faults = CRASH_AT(COORDINATOR, "checkpoint.triggered, checkpoint.before_pointer", "15",
                      UP_TO("0s", "900ms"))
            CRASH_AT(COORDINATOR, "checkpoint.completed", "15", UP_TO("0s", "900ms"))
            CRASH_AT(COORDINATOR, "deploy.sent", "9", "20ms")
            RESET("coordinator", "objects")},
    {.name = "same-worker-twice",
        .faults = CRASH("worker: 2", UP_TO("500ms", "900ms"), "50ms")
            CRASH("worker: 2", UP_TO("600ms", "1500ms"), UP_TO("0s", "900ms"))},
    {.name = "coordinator-and-worker",
        .faults = CRASH("worker: 1", "700ms", UP_TO("0s", "500ms"))
            CRASH(COORDINATOR, "700ms", UP_TO("0s", "500ms"))
            CRASH(ANY, "1700ms", UP_TO("0s", "500ms"))
            CRASH(COORDINATOR, "1700ms", UP_TO("0s", "500ms"))},
    {.name = "cuts-both-ways",
        .faults = PARTITION("worker-1", "coordinator", "1500ms")
            PARTITION("worker-2", "broker", "1500ms")
            PARTITION("worker-3", "objects", "1500ms")
            PARTITION("coordinator", "objects", "1500ms")},
    {.name = "cuts-one-way",
        .faults = ONE_WAY("worker-1", "coordinator", "1500ms")
            ONE_WAY("coordinator", "worker-2", "1500ms")
            ONE_WAY("broker", "worker-3", "1500ms")
            ONE_WAY("objects", "worker-1", "900ms")
            ONE_WAY("worker-2", "worker-3", "900ms")},
    {.name = "zombies", /* longer than the coordinator waits for a heartbeat */
        .faults = PAUSE(ANY, UP_TO("500ms", "1500ms"))
            PAUSE("worker: 1", UP_TO("500ms", "900ms"))
            PAUSE(COORDINATOR, UP_TO("500ms", "1200ms"))},
    {.name = "late-appends", /* what an older attempt has sent comes in the time of a newer */
        .faults = SLOW_LINK("worker-1", "broker", "600ms", "both: false, extra: 1s")
            SLOW_LINK("worker-2", "broker", "600ms", "both: false, extra: 1s")
            RESET("worker-1", "worker-3")
            RESET("worker-2", "worker-1")
            CRASH_COORDINATOR},
    {.name = "resets",
        .faults = RESET("worker-1", "broker")
            RESET("worker-2", "broker")
            RESET("worker-2", "objects")
            RESET("coordinator", "objects")
            RESET("worker-3", "coordinator")
            RESET("worker-1", "worker-3")},
    {.name = "slow",
        .chances = "{activation: 50%, firing: 10%}",
        .faults = SLOW_LINK("worker-1", "broker", "900ms", "factor: " UP_TO("5", "100"))
            SLOW_LINK("worker-2", "worker-3", "900ms", "extra: " UP_TO("10ms", "200ms"))
            SLOW_LINK("coordinator", "worker-3", "900ms", "both: false, extra: 300ms")
            SLOW_CPU("900ms", UP_TO("10", "1000"))
            CRASH_ANY},
    {.name = "wan", /* where a round trip for each row is slow, not stuck */
        .cluster = {.heartbeat_timeout = "2s", .checkpoint_every = "200ms", .network = "wan",
            .liveness_within = "20s"},
        .faults = CRASH_ANY PARTITION("worker-1", "worker-2", "700ms")},
    {.name = "crash-in-handshake", /* which takes long between regions */
        .cluster = {.heartbeat_timeout = "2s", .checkpoint_every = "200ms", .network = "wan",
            .liveness_within = "20s"},
        .faults = CRASH(COORDINATOR, UP_TO("1ms", "100ms"), UP_TO("20ms", "300ms"))
            CRASH("worker: 1", "900ms", "10ms")
            CRASH(COORDINATOR, UP_TO("900ms", "1s"), UP_TO("20ms", "300ms"))},
    {.name = "short-transactions",
        .cluster = {.transaction_timeout = "2s"},
        .faults = CRASH_ANY PAUSE(ANY, UP_TO("300ms", "1s"))},
    {.name = "narrow",
        .cluster = {.parallelism = "6", .retention = "1", .batch = "1", .credit = "2"},
        .chances = "{}",
        .faults = CRASH_ANY},
    {.name = "single", /* two of the workers have nothing to do */
        .cluster = {.parallelism = "1", .retention = "1"},
        .faults = CRASH_ANY CRASH_COORDINATOR RESET("worker-1", "broker")},
    {.name = "backpressure",
        .cluster = {.parallelism = "2", .batch = "1", .credit = "2", .liveness_within = "10s"},
        .chances = "{activation: 60%, firing: 20%}",
        .faults = SLOW_CPU("900ms", UP_TO("100", "2000")) CRASH_ANY},
    {.name = "rapid",
        .cluster = {.checkpoint_every = "20ms", .retention = "1", .liveness_within = "2s"},
        .faults = CRASH_ANY CRASH_COORDINATOR},
    {.name = "rewinds",
        .outputs = "  again: {partitions: 2}\n  third: {partitions: 3}\n",
        .job = STOP(UP_TO("500ms", "1500ms"), "2")
            RESTART(UP_TO("0s", "300ms"), "1", "out: again")
            STOP(UP_TO("1500ms", "2500ms"), "5")
            RESTART(UP_TO("0s", "300ms"), "2", "out: third"),
        .faults = CRASH_ANY
            CRASH_COORDINATOR
            PARTITION("worker-2", "coordinator", "900ms")
            PARTITION("worker-1", "broker", "900ms")
            RESET("operator", "coordinator")},
};
/* clang-format on */

#endif
