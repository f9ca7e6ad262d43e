/* Some rows that came to a sink, row by row as the oracle wants them. */
#ifndef MR_SCENARIOS_CHECKS_SINK_BLOCK_H
#define MR_SCENARIOS_CHECKS_SINK_BLOCK_H

#include "engine/batch/batch.h"

enum { MR_SINK_BLOCK_ROWS = 32 }; /* the oracle asks for the memory of so many together */

struct mr_sink_block {
    uint32_t n;
    const mr_us *window_starts_us; /* [n] */
    const mr_us *window_ends_us;   /* [n] */
    const uint8_t *kinds;          /* [n] of enum mr_row_kind; NULL: all are inserts */
    mr_us no_windows_us[2][MR_SINK_BLOCK_ROWS];
    struct mr_value values[MR_SINK_BLOCK_ROWS * MR_FIELDS_MAX]; /* [n][n_columns] */
};

/* Rows of a batch from `first` on. Their texts, and their windows, are borrowed from it. */
void mr_sink_block_load(
    struct mr_sink_block *block, const struct mr_batch *batch, uint32_t first);

#endif
