/* What the operators of Combine share that is not their windows: the values of a batch, drops,
 * and the merging of two folds. */
#ifndef MR_ENGINE_OPERATORS_COMBINE_PARTS_H
#define MR_ENGINE_OPERATORS_COMBINE_PARTS_H

#include "engine/operators/aggregate.h"
#include "engine/operators/operator.h"
#include "engine/state/keyed_map.h"

/* Values of the aggregates over the whole batch, values[n_aggregates]. False when the task
 * fails over a row. */
bool mr_combine_evaluate(struct mr_operator *operator, const struct mr_batch * batch,
    struct mr_column *values, uint8_t *errors);
/* Tells of a row that comes too late for one of its windows. */
void mr_combine_drop(struct mr_operator *operator, const struct mr_batch * batch, uint32_t row,
    mr_us start_us, mr_us end_us, mr_us watermark_us);
/* The numbers in `into` of the keys of entries [first, first + n) of `from`: ids[n]; new ones
 * are inserted. Both maps have one layout; n is at most MR_BATCH_ROWS_MAX. */
void mr_combine_keys(struct mr_keyed_map *into, const struct mr_keyed_map *from, uint32_t first,
    uint32_t n, struct mr_scratch *scratch, uint32_t *ids);
/* Takes one fold into another. False when an integer sum left 64 bits. */
MR_MUST_CHECK bool mr_combine_merge(struct mr_keyed_map *into_map, struct mr_accumulators *into,
    const struct mr_keyed_map *from_map, const struct mr_accumulators *from,
    struct mr_scratch *scratch);
/* The task fails over a sum that left 64 bits as windows were merged. */
void mr_combine_fail_overflow(struct mr_operator *operator);

/* Whether folding the values of a group has just failed: then the task fails over it. */
bool mr_combine_fold_failed(struct mr_operator *operator);

static inline const struct mr_schema *mr_combine_input(const struct mr_operator *operator)
{
    const struct mr_edge *edge = &operator->transform->inputs[0];
    return &
    operator->context->job->graph->transforms[edge->transform].outputs[edge->output].schema;
}

#endif
