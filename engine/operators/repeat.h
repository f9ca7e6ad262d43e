/* Batches in which a row stands more than once. */
#ifndef MR_OPERATORS_REPEAT_H
#define MR_OPERATORS_REPEAT_H

#include "engine/operators/operator.h"

/* The column of the rows sources[n] of `column`. */
struct mr_column mr_column_repeat(const struct mr_column *column, const uint16_t *sources,
    uint32_t n, struct mr_scratch *scratch);

/* The batch of the rows sources[n], times and slots with them, but that its columns are still
 * those of `batch`. */
struct mr_batch mr_batch_repeat(const struct mr_batch *batch, const uint16_t *sources,
    uint32_t n, struct mr_scratch *scratch);

#endif
