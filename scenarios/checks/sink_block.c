#include "scenarios/checks/sink_block.h"

/* One column of rows [first, first + n) into every n_columns-th of `out`. Whole numbers without
 * None are by far the most. */
static void load_column(const struct mr_column *column, uint32_t first, uint32_t n,
    uint32_t n_columns, struct mr_value *out)
{
    bool is_whole = column->type == MR_TYPE_INT || column->type == MR_TYPE_TIMESTAMP;
    if (!is_whole || column->valid) {
        for (uint32_t i = 0; i < n; i++, out += n_columns)
            *out = mr_column_value(column, first + i);
        return;
    }
    const int64_t *values = (const int64_t *)column->values + first;
    uint8_t type = (uint8_t)column->type;
    for (uint32_t i = 0; i < n; i++, out += n_columns)
        *out = (struct mr_value){.i = values[i], .type = type};
}

static void load_windows(
    struct mr_sink_block *block, const struct mr_batch *batch, uint32_t first)
{
    if (MR_LIKELY(batch->window_starts_us != NULL)) {
        block->window_starts_us = batch->window_starts_us + first;
        block->window_ends_us = batch->window_ends_us + first;
        return;
    }
    for (uint32_t i = 0; i < block->n; i++) {
        block->no_windows_us[0][i] = MR_US_MIN;
        block->no_windows_us[1][i] = MR_US_MAX;
    }
    block->window_starts_us = block->no_windows_us[0];
    block->window_ends_us = block->no_windows_us[1];
}

void mr_sink_block_load(
    struct mr_sink_block *block, const struct mr_batch *batch, uint32_t first)
{
    MR_ASSERT(first < batch->n_rows);
    uint32_t left = batch->n_rows - first;
    block->n = left < MR_SINK_BLOCK_ROWS ? left : MR_SINK_BLOCK_ROWS;
    load_windows(block, batch, first);
    block->kinds = batch->kinds ? batch->kinds + first : NULL;
    for (uint32_t f = 0; f < batch->n_columns; f++)
        load_column(&batch->columns[f], first, block->n, batch->n_columns, block->values + f);
}
