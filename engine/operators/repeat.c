#include "engine/operators/repeat.h"

#include <string.h>

#include "engine/batch/column.h"

static void *gather(struct mr_scratch *scratch, const void *from, uint32_t size,
    const uint16_t *rows, uint32_t n)
{
    if (!from) return NULL;
    char *to = mr_scratch_alloc(scratch, (size_t)size * n + 8);
    for (uint32_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * size, (const char *)from + (size_t)rows[i] * size, size);
    return to;
}

struct mr_column mr_column_repeat(const struct mr_column *column, const uint16_t *sources,
    uint32_t n, struct mr_scratch *scratch)
{
    if (column->type == MR_TYPE_NULL) return *column;
    struct mr_value *values = mr_scratch_array(scratch, struct mr_value, n + 1);
    for (uint32_t i = 0; i < n; i++) values[i] = mr_column_raw(column, sources[i]);
    return mr_column_make(column->type, values, 1, n, scratch);
}

struct mr_batch mr_batch_repeat(const struct mr_batch *batch, const uint16_t *sources,
    uint32_t n, struct mr_scratch *scratch)
{
    struct mr_batch out = *batch;
    out.n_rows = out.n_selected = n;
    out.selection = NULL;
    out.times_us = gather(scratch, batch->times_us, 8, sources, n);
    out.window_starts_us = gather(scratch, batch->window_starts_us, 8, sources, n);
    out.window_ends_us = gather(scratch, batch->window_ends_us, 8, sources, n);
    out.panes = gather(scratch, batch->panes, sizeof *batch->panes, sources, n);
    out.kinds = gather(scratch, batch->kinds, 1, sources, n);
    out.lineage = gather(scratch, batch->lineage, 8, sources, n);
    return out;
}
