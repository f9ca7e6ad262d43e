/* A job as it is handed to the engine: the graph, where it runs, and every knob of its execution. */
#ifndef MR_ENGINE_RUNTIME_JOB_H
#define MR_ENGINE_RUNTIME_JOB_H

#include "base/env.h"
#include "engine/pipeline/graph.h"
#include "engine/probe.h"

enum { MR_WORKERS_MAX = 32, MR_PARALLELISM_MAX = 64, MR_KEY_GROUPS = 128 };

/* Virtual CPU time: what a handler costs. */
struct mr_costs {
    mr_ns message_ns;      /* a message between tasks, a control message */
    mr_ns row_ns;          /* a row through one operator */
    mr_ns snapshot_kb_ns;  /* a kilobyte of snapshot or restore */
};

/* A topic of the run: what the pipeline calls it, and its index at the broker. */
struct mr_job_topic {
    const char *name;
    uint32_t index;
    uint32_t n_partitions;
    bool is_marked; /* an input whose log tells the watermark, in the place of the reader's strategy */
    mr_us date_origin_us; /* inputs: the date at virtual time 0 */
};

/* A key-value service that Lookups call. */
struct mr_job_service {
    const char *name;
    uint32_t process;
    uint32_t n_columns;
    const char *const *columns; /* [n_columns]: what a reply has, in this order */
};
enum { MR_SERVICES_MAX = 8 };

struct mr_job {
    const char *name;
    const struct mr_graph *graph;
    const struct mr_plan *plan; /* of graph, see engine/pipeline/plan.h */
    uint32_t n_topics;
    const struct mr_job_topic *topics;

    uint32_t coordinator; /* process ids */
    uint32_t broker;
    uint32_t objects;
    uint32_t n_services; /* at most MR_SERVICES_MAX */
    const struct mr_job_service *services;
    uint32_t n_workers;
    uint32_t workers[MR_WORKERS_MAX];

    uint32_t parallelism; /* 1..MR_PARALLELISM_MAX; subtask i runs on worker i modulo n_workers */
    uint32_t batch_rows;  /* most rows of a message on an exchange, 1..MR_BATCH_ROWS_MAX */
    uint32_t fetch_rows;  /* most rows that a source reads at a time */
    uint32_t fetch_rows_min; /* a fetch waits for so many ... */
    mr_ns fetch_wait_ns;     /* ... but no longer than this */
    uint32_t channel_credit; /* messages that may be unacknowledged on a channel, >= 2 */
    mr_ns watermark_every_ns; /* sources send their watermark at least so often where it changed */
    mr_ns flush_after_ns;     /* a row waits at most so long for its batch to fill */

    mr_ns checkpoint_every_ns; /* 0: none but the final one */
    mr_ns checkpoint_timeout_ns;
    uint32_t checkpoint_retention; /* >= 1 */
    mr_ns heartbeat_every_ns;
    mr_ns heartbeat_timeout_ns;
    mr_ns restart_backoff_ns;     /* before the second attempt; doubles ... */
    mr_ns restart_backoff_max_ns; /* ... up to this */
    uint32_t restarts_max;        /* attempts after which the job fails for good */
    mr_ns transaction_timeout_ns;

    struct mr_costs costs;
    const struct mr_probe *probe; /* NULL: nobody watches */
};

/* A timer of the coordinator, to be set from outside: a checkpoint is asked for. */
#define MR_COORDINATOR_CHECKPOINT UINT64_C(6)

/* The two kinds of engine processes; create takes a struct mr_job. */
extern const struct mr_process_class mr_coordinator_class;
extern const struct mr_process_class mr_worker_class;

/* What an operator of the job (a person or a script) may send to the coordinator, on a connection of its own. */
enum mr_command_message {
    MR_COMMAND_STOP = 200,   /* mr_command -> mr_command_reply once the job is stopped */
    MR_COMMAND_RESTART,      /* mr_command -> mr_command_reply once it is deployed */
    MR_COMMAND_REPLY,
};
enum { MR_COMMAND_TOPICS_MAX = 8 };
struct mr_command {
    uint64_t tag;
    uint32_t checkpoints_back; /* RESTART: 0: from the last completed one, 1: from the one before, ... */
    uint32_t n_topics;         /* outputs that go to another topic from now on */
    uint32_t from_topics[MR_COMMAND_TOPICS_MAX]; /* index at the broker; unused ones zero */
    uint32_t to_topics[MR_COMMAND_TOPICS_MAX];
};
struct mr_command_reply {
    uint64_t tag;
    uint32_t is_ok;      /* 0: refused, e.g. that checkpoint is not retained */
    uint32_t zero;
    uint64_t checkpoint; /* that the job was stopped after, or restarted from */
};

#endif
