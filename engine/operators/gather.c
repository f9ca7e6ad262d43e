#include "engine/operators/gather.h"

#include <string.h>

#include "engine/batch/column.h"
#include "engine/operators/row_bytes.h"

/* ---- Rows ---- */

static void reserve(struct mr_gather_rows *rows, struct mr_arena *arena, uint32_t bytes)
{
    if (rows->capacity_bytes - rows->n_bytes >= bytes) return;
    uint32_t capacity = rows->capacity_bytes ? rows->capacity_bytes : 256;
    while (capacity - rows->n_bytes < bytes) capacity *= 2;
    rows->data = mr_arena_grow(arena, rows->data, rows->capacity_bytes, capacity);
    rows->capacity_bytes = capacity;
}

static void add_row(struct mr_gather_rows *rows, struct mr_arena *arena,
    const struct mr_batch *batch, uint32_t row)
{
    uint32_t bytes = mr_row_bytes(batch, row);
    reserve(rows, arena, bytes);
    mr_row_write(rows->data + rows->n_bytes, batch, row, bytes);
    rows->n_bytes += bytes;
    rows->n++;
}

const struct mr_value *mr_gather_values(
    struct mr_gather *gather, const struct mr_gather_window *window, uint32_t input)
{
    const struct mr_schema *schema = mr_gather_schema(&gather->operator, input);
    const struct mr_gather_rows *rows = &window->inputs[input];
    struct mr_value *values = mr_scratch_array(&gather->operator.context->scratch,
        struct mr_value, (size_t)rows->n * schema->n_fields + 1);
    const unsigned char *at = rows->data;
    for (uint32_t i = 0; i < rows->n; i++)
        at = mr_row_read(at, schema, values + (size_t)i * schema->n_fields);
    return values;
}

/* ---- Windows ---- */

static void window_free(struct mr_gather *gather, struct mr_gather_window *window)
{
    struct mr_arena *arena = gather->operator.context->arena;
    uint32_t n_inputs = gather->operator.transform->n_inputs;
    for (uint32_t i = 0; i < n_inputs; i++)
        if (window->inputs[i].data)
            mr_arena_free(arena, window->inputs[i].data, window->inputs[i].capacity_bytes);
    mr_arena_free(arena, window->inputs, sizeof *window->inputs * n_inputs);
    mr_arena_free(arena, window, sizeof *window);
}

void mr_gather_open(struct mr_operator *operator)
{
    ((struct mr_gather *)operator)->watermark_us = MR_US_MIN;
}

void mr_gather_close(struct mr_operator *operator)
{
    struct mr_gather *gather = (struct mr_gather *)operator;
    for (uint32_t i = 0; i < gather->n_windows; i++) window_free(gather, gather->windows[i]);
    if (gather->windows)
        mr_arena_free(operator->context->arena, gather->windows,
            sizeof *gather->windows * gather->windows_capacity);
    gather->windows = NULL;
    gather->windows_capacity = 0;
    gather->n_windows = 0;
}

static struct mr_gather_window *insert_window(
    struct mr_gather *gather, uint32_t at, mr_us start_us, mr_us end_us)
{
    struct mr_arena *arena = gather->operator.context->arena;
    if (gather->n_windows == gather->windows_capacity) {
        uint32_t capacity = gather->windows_capacity ? gather->windows_capacity * 2 : 8;
        gather->windows = mr_arena_grow(arena, gather->windows,
            sizeof *gather->windows * gather->windows_capacity,
            sizeof *gather->windows * capacity);
        gather->windows_capacity = capacity;
    }
    memmove(gather->windows + at + 1, gather->windows + at,
        sizeof *gather->windows * (gather->n_windows - at));
    gather->n_windows++;
    struct mr_gather_window *window = mr_arena_new(arena, struct mr_gather_window);
    window->start_us = start_us;
    window->end_us = end_us;
    window->inputs =
        mr_arena_zalloc(arena, sizeof *window->inputs * gather->operator.transform->n_inputs);
    return gather->windows[at] = window;
}

/* From the end: most rows are new. */
static struct mr_gather_window *find_window(
    struct mr_gather *gather, mr_us start_us, mr_us end_us)
{
    uint32_t at = gather->n_windows;
    for (; at > 0; at--) {
        struct mr_gather_window *window = gather->windows[at - 1];
        if (window->end_us == end_us && window->start_us == start_us) return window;
        if (window->end_us < end_us ||
            (window->end_us == end_us && window->start_us < start_us))
            break;
    }
    return insert_window(gather, at, start_us, end_us);
}

static bool is_expired(const struct mr_gather *gather, mr_us end_us)
{
    if (MR_PLANTED(gather->operator.context->env, FALSE_LATE_DROP))
        end_us = mr_us_add(end_us, -MR_SECOND_US * 1800);
    return end_us <= gather->watermark_us;
}

static void drop(struct mr_gather *gather, const struct mr_batch *batch, uint32_t row,
    mr_us start_us, mr_us end_us)
{
    const struct mr_task_context *context = gather->operator.context;
    const struct mr_probe *probe = context->job->probe;
    context->env->milestone(context->env, MR_SOMETIMES_LATE_ROW_DROPPED);
    if (!probe || !probe->late_dropped) return;
    struct mr_probe_at at = mr_operator_at(&gather->operator);
    probe->late_dropped(probe->self, &at, batch, row, start_us, end_us, gather->watermark_us);
}

static void take(struct mr_gather *gather, const struct mr_batch *batch, uint32_t row,
    mr_us start_us, mr_us end_us)
{
    struct mr_operator *operator= & gather->operator;
    if (is_expired(gather, end_us)) {
        drop(gather, batch, row, start_us, end_us);
        return;
    }
    struct mr_gather_window *window = find_window(gather, start_us, end_us);
    add_row(&window->inputs[operator->input], operator->context->arena, batch, row);
    const struct mr_probe *probe = operator->context->job->probe;
    if (!probe || !probe->wants_accepted) return;
    struct mr_probe_at at = mr_operator_at(operator);
    probe->accepted(probe->self, &at, batch, row, start_us, end_us);
}

/* A row is kept in each of its sliding windows. */
static void take_sliding(struct mr_gather *gather, const struct mr_batch *batch, uint32_t row)
{
    const struct mr_windowing *windowing = &gather->operator.transform->windowing;
    mr_us start_us, end_us;
    mr_row_window(windowing, batch, row, &start_us, &end_us);
    if (start_us == end_us) return;
    for (; mr_us_add(start_us, windowing->size_us) <= end_us; start_us += windowing->period_us)
        take(gather, batch, row, start_us, mr_us_add(start_us, windowing->size_us));
}

void mr_gather_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct mr_gather *gather = (struct mr_gather *)operator;
    const struct mr_windowing *windowing = &operator->transform->windowing;
    MR_ASSERT(operator->input<operator->transform->n_inputs);
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (windowing->kind == MR_WINDOW_SLIDING) {
            take_sliding(gather, batch, row);
            continue;
        }
        mr_us start_us, end_us;
        mr_row_window(windowing, batch, row, &start_us, &end_us);
        take(gather, batch, row, start_us, end_us);
    }
}

void mr_gather_watermark(struct mr_operator *operator, mr_us watermark_us,
    void (*fire)(struct mr_gather *gather, const struct mr_gather_window *window))
{
    struct mr_gather *gather = (struct mr_gather *)operator;
    MR_ASSERT(watermark_us >= gather->watermark_us);
    gather->watermark_us = watermark_us;
    uint32_t n = 0;
    mr_us early_us = MR_PLANTED(operator->context->env, FIRE_ONE_EARLY) ? 1 : 0;
    while (n < gather->n_windows &&
           mr_us_add(gather->windows[n]->end_us, -early_us) <= watermark_us) {
        fire(gather, gather->windows[n]);
        window_free(gather, gather->windows[n++]);
    }
    if (n == 0) return;
    gather->n_windows -= n;
    memmove(gather->windows, gather->windows + n, sizeof *gather->windows * gather->n_windows);
}

/* ---- Panes ---- */

void mr_gather_emit(struct mr_gather *gather, const struct mr_gather_window *window,
    const struct mr_value *values, uint32_t n)
{
    MR_ASSERT(n <= MR_BATCH_ROWS_MAX);
    struct mr_operator *operator= & gather->operator;
    const struct mr_schema *schema = &operator->transform->outputs[MR_OUTPUT_MAIN].schema;
    struct mr_scratch *scratch = &operator->context->scratch;
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, schema->n_fields);
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        columns[i] =
            mr_column_make(schema->fields[i].type, values + i, schema->n_fields, n, scratch);
        if (!schema->fields[i].is_nullable) columns[i].valid = NULL;
    }
    mr_us *times = mr_scratch_array(scratch, mr_us, n);
    mr_us *starts = mr_scratch_array(scratch, mr_us, n);
    mr_us *ends = mr_scratch_array(scratch, mr_us, n);
    struct mr_pane *panes = mr_scratch_array(scratch, struct mr_pane, n);
    for (uint32_t i = 0; i < n; i++) {
        times[i] = mr_us_add(window->end_us, -1); /* Beam's END_OF_WINDOW */
        starts[i] = window->start_us;
        ends[i] = window->end_us;
        panes[i] = (struct mr_pane){.timing = MR_PANE_ON_TIME, .is_last = 1};
    }
    struct mr_batch out = {.n_rows = n,
        .n_columns = schema->n_fields,
        .columns = columns,
        .times_us = times,
        .slots = MR_SLOT_WINDOW | MR_SLOT_PANE,
        .window_starts_us = starts,
        .window_ends_us = ends,
        .panes = panes,
        .n_selected = n};
    mr_operator_fire(operator, &out, window->start_us, window->end_us, MR_PANE_ON_TIME, gather->watermark_us);
}

/* ---- Snapshots ---- */

void mr_gather_snapshot(
    struct mr_operator *operator, struct mr_snapshot_writer * writer, uint64_t checkpoint)
{
    (void)checkpoint;
    const struct mr_gather *gather = (const struct mr_gather *)operator;
    mr_snapshot_u64(writer, (uint64_t)gather->watermark_us);
    mr_snapshot_u32(writer, gather->n_windows);
    for (uint32_t i = 0; i < gather->n_windows; i++) {
        const struct mr_gather_window *window = gather->windows[i];
        mr_snapshot_u64(writer, (uint64_t)window->start_us);
        mr_snapshot_u64(writer, (uint64_t)window->end_us);
        for (uint32_t k = 0; k < operator->transform->n_inputs; k++) {
            mr_snapshot_u32(writer, window->inputs[k].n);
            mr_snapshot_u32(writer, window->inputs[k].n_bytes);
            mr_snapshot_bytes(writer, window->inputs[k].data, window->inputs[k].n_bytes);
        }
    }
}

static void restore_rows(
    struct mr_gather_rows *rows, struct mr_arena *arena, struct mr_snapshot_reader *reader)
{
    uint32_t n = mr_snapshot_read_u32(reader);
    uint32_t n_bytes = mr_snapshot_read_u32(reader);
    const void *data = mr_snapshot_read_bytes(reader, n_bytes);
    if (reader->is_broken || n_bytes == 0) return;
    reserve(rows, arena, n_bytes);
    memcpy(rows->data, data, n_bytes);
    rows->n = n;
    rows->n_bytes = n_bytes;
}

void mr_gather_restore(
    struct mr_operator *operator, struct mr_snapshot_reader * reader, bool is_rewind)
{
    (void)is_rewind;
    struct mr_gather *gather = (struct mr_gather *)operator;
    gather->watermark_us = (mr_us)mr_snapshot_read_u64(reader);
    uint32_t n_windows = mr_snapshot_read_u32(reader);
    for (uint32_t i = 0; i < n_windows && !reader->is_broken; i++) {
        mr_us start_us = (mr_us)mr_snapshot_read_u64(reader);
        mr_us end_us = (mr_us)mr_snapshot_read_u64(reader);
        struct mr_gather_window *window =
            insert_window(gather, gather->n_windows, start_us, end_us);
        for (uint32_t k = 0; k < operator->transform->n_inputs; k++)
            restore_rows(&window->inputs[k], operator->context->arena, reader);
        /* FLINK-4651 and its kin: the timer of a restored window is gone. */
        if (MR_PLANTED(operator->context->env, STALE_TIMER) && i == 0)
            window_free(gather, gather->windows[--gather->n_windows]);
    }
    if (MR_PLANTED(operator->context->env, RESTORE_SKIPS_STATE)) mr_gather_close(operator);
}

static bool visit_rows(struct mr_snapshot_reader *reader, const struct mr_schema *schema,
    struct mr_gather_state_row *row, struct mr_value *values, void *self,
    void (*visit)(void *self, const struct mr_gather_state_row *row))
{
    uint32_t n = mr_snapshot_read_u32(reader);
    uint32_t n_bytes = mr_snapshot_read_u32(reader);
    const unsigned char *at = mr_snapshot_read_bytes(reader, n_bytes);
    if (reader->is_broken) return false;
    for (uint32_t i = 0; i < n; i++) {
        at = mr_row_read(at, schema, values);
        visit(self, row);
    }
    return true;
}

bool mr_gather_state_visit(const struct mr_transform *transform,
    const struct mr_schema *const *inputs, const void *state, uint32_t bytes, void *self,
    void (*visit)(void *self, const struct mr_gather_state_row *row))
{
    struct mr_snapshot_reader reader = {.data = state, .bytes = bytes};
    mr_snapshot_read_u64(&reader);
    uint32_t n_windows = mr_snapshot_read_u32(&reader);
    for (uint32_t i = 0; i < n_windows && !reader.is_broken; i++) {
        struct mr_value values[MR_FIELDS_MAX];
        struct mr_gather_state_row row = {.values = values};
        row.window_start_us = (mr_us)mr_snapshot_read_u64(&reader);
        row.window_end_us = (mr_us)mr_snapshot_read_u64(&reader);
        for (row.input = 0; row.input < transform->n_inputs; row.input++)
            if (!visit_rows(&reader, inputs[row.input], &row, values, self, visit))
                return false;
    }
    return !reader.is_broken;
}
