/* The physical plan: transforms chained into stages, stages joined by exchanges. Constant for a campaign. */
#ifndef MR_ENGINE_PIPELINE_PLAN_H
#define MR_ENGINE_PIPELINE_PLAN_H

#include "engine/pipeline/graph.h"

enum mr_exchange_kind {
    MR_EXCHANGE_HASH,    /* by key group of the consumer's key fields */
    MR_EXCHANGE_FORWARD, /* subtask i to subtask i */
    MR_EXCHANGE_BROADCAST, /* each row to each subtask */
    MR_EXCHANGE_REBALANCE, /* row by row to each subtask in turn */
};

/* An edge of the graph that crosses from one stage to another. */
struct mr_exchange {
    uint32_t id;
    enum mr_exchange_kind kind;
    struct mr_edge from;    /* transform and output that the rows leave */
    uint32_t to_transform;
    uint32_t to_input;
    uint32_t from_stage;
    uint32_t to_stage;
    uint32_t n_columns;
    const enum mr_type *types;  /* [n_columns] */
    uint32_t slots;             /* that travel with the rows */
    uint32_t n_keys;            /* HASH */
    const int *key_fields;
    bool shares_keys; /* HASH: exchanges of other inputs, with keys of other fields, must send equal keys to the same place */
};

/* Whether each subtask sends to each subtask, rather than to its like. */
static inline bool mr_exchange_is_wide(const struct mr_exchange *exchange)
{
    return exchange->kind != MR_EXCHANGE_FORWARD;
}

/* Transforms that run in one task, in order; each subtask of a stage is a task. */
struct mr_stage {
    uint32_t id;
    uint32_t n_transforms;
    const uint32_t *transforms;  /* ids, rising: producers first */
    bool has_source;             /* fed by readers; otherwise by exchanges only */
    uint32_t n_inputs;
    const uint32_t *inputs;      /* exchange ids */
    uint32_t n_outputs;
    const uint32_t *outputs;     /* exchange ids */
};

struct mr_plan {
    const struct mr_graph *graph;
    uint32_t n_stages;
    const struct mr_stage *stages;
    uint32_t n_exchanges;
    const struct mr_exchange *exchanges;
    const uint32_t *stage_of;    /* [n_transforms] */
    /* Whether the window of a row can be told from its time at the transform's main output, so that it need not
     * travel: a WindowInto upstream and neither AssignTimestamps nor a Combine of sliding or session windows between. */
    const bool *derives_window;  /* [n_transforms] */
    /* Whether rows of the transform belong to windows that matter: a Combine or a windowing lies upstream. */
    const bool *has_window;      /* [n_transforms] */
    const bool *has_kind;        /* [n_transforms]: rows that came may be taken back */
};

/* Plans a graph; every graph that was read can be planned. */
const struct mr_plan *mr_plan_make(struct mr_region *region, const struct mr_graph *graph);

#endif
