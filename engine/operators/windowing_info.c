/* ExtractWindowingInfo: makes fields of what travels beside a row. */
#include <stdio.h>
#include <string.h>

#include "engine/batch/column.h"
#include "engine/expression/unicode.h"
#include "engine/operators/operator.h"
#include "engine/operators/repeat.h"

/* The windows of all rows. */
struct windows {
    mr_us *starts_us;
    mr_us *ends_us;
};

static struct windows find_windows(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct mr_scratch *scratch = &operator->context->scratch;
    struct windows windows = {.starts_us = mr_scratch_array(scratch, mr_us, batch->n_rows + 1),
        .ends_us = mr_scratch_array(scratch, mr_us, batch->n_rows + 1)};
    for (uint32_t i = 0; i < batch->n_rows; i++)
        mr_row_window(&operator->transform->windowing, batch, i, &windows.starts_us[i],
            &windows.ends_us[i]);
    return windows;
}

static bool is_global(const struct windows *windows, uint32_t row)
{
    return windows->starts_us[row] == MR_US_MIN && windows->ends_us[row] >= MR_US_GLOBAL_END;
}

/* Beam's global window ends with its largest timestamp, not behind it. */
static struct mr_column ends_of(
    struct mr_operator *operator, const struct windows * windows, uint32_t n_rows)
{
    mr_us *ends_us = mr_scratch_array(&operator->context->scratch, mr_us, n_rows + 1);
    for (uint32_t i = 0; i < n_rows; i++)
        ends_us[i] = is_global(windows, i) ? MR_US_GLOBAL_MAX : windows->ends_us[i];
    return (struct mr_column){.type = MR_TYPE_TIMESTAMP, .values = ends_us};
}

static struct mr_span window_type(const struct windows *windows, uint32_t row)
{
    const char *text = is_global(windows, row) ? "GlobalWindow" : "IntervalWindow";
    return (struct mr_span){.text = text, .bytes = (uint32_t)strlen(text)};
}

/* `[7.0, 30.0)`: the ends in seconds, as Python writes floats. */
static struct mr_span window_string(
    struct mr_operator *operator, const struct windows * windows, uint32_t row)
{
    if (is_global(windows, row)) return window_type(windows, row);
    char start[MR_NUMBER_TEXT_BYTES], end[MR_NUMBER_TEXT_BYTES];
    uint32_t start_bytes = mr_float_to_text((double)windows->starts_us[row] / 1e6, start);
    uint32_t end_bytes = mr_float_to_text((double)windows->ends_us[row] / 1e6, end);
    size_t capacity = start_bytes + end_bytes + 5;
    char *text = mr_scratch_alloc(&operator->context->scratch, capacity);
    int bytes =
        snprintf(text, capacity, "[%.*s, %.*s)", (int)start_bytes, start, (int)end_bytes, end);
    MR_ASSERT(bytes > 0 && (size_t)bytes < capacity);
    return (struct mr_span){.text = text, .bytes = (uint32_t)bytes};
}

static struct mr_column texts_of(struct mr_operator *operator, const struct windows * windows,
    uint32_t n_rows, enum mr_windowing_info info)
{
    struct mr_span *texts =
        mr_scratch_array(&operator->context->scratch, struct mr_span, n_rows + 1);
    for (uint32_t i = 0; i < n_rows; i++)
        texts[i] = info == MR_INFO_WINDOW_TYPE ? window_type(windows, i)
                                               : window_string(operator, windows, i);
    return mr_operator_texts(operator, texts, n_rows);
}

static void put(
    struct mr_document_writer *writer, const char *name, enum mr_type type, int64_t value)
{
    mr_document_put_name(writer, name, strlen(name));
    mr_document_put(writer, (struct mr_value){.type = (uint8_t)type, .i = value});
}

/* Beam's PaneInfo. Before the first Combine nothing is known of it. */
static void put_pane(struct mr_document_writer *writer, const struct mr_pane *pane)
{
    static const char *const timings[] = {"EARLY", "ON_TIME", "LATE", "UNKNOWN"};
    bool is_known = pane && pane->timing != MR_PANE_UNKNOWN;
    const char *timing = timings[is_known ? pane->timing : MR_PANE_UNKNOWN];
    bool is_early = is_known && pane->timing == MR_PANE_EARLY;
    put(writer, "is_first", MR_TYPE_BOOL, !is_known || pane->index == 0);
    put(writer, "is_last", MR_TYPE_BOOL, !is_known || pane->is_last);
    mr_document_put_name(writer, "timing", 6);
    mr_document_put_text(writer, MR_DOCUMENT_STRING, timing, strlen(timing));
    put(writer, "index", MR_TYPE_INT, is_known ? (int64_t)pane->index : 0);
    put(writer, "nonspeculative_index", MR_TYPE_INT,
        is_early ? -1 : is_known ? pane->nonspeculative_index : 0);
}

static struct mr_column rows_of(struct mr_operator *operator, const struct mr_batch *batch,
    const struct windows *windows, enum mr_windowing_info info)
{
    struct mr_scratch *scratch = &operator->context->scratch;
    struct mr_value *values = mr_scratch_array(scratch, struct mr_value, batch->n_rows + 1);
    for (uint32_t i = 0; i < batch->n_rows; i++) {
        struct mr_document_writer writer = mr_scratch_writer(scratch);
        size_t row = mr_document_begin(&writer, MR_DOCUMENT_ROW);
        if (info == MR_INFO_PANE_INFO) {
            put_pane(&writer, batch->panes ? &batch->panes[i] : NULL);
        } else {
            put(&writer, "start", MR_TYPE_TIMESTAMP, windows->starts_us[i]);
            put(&writer, "end", MR_TYPE_TIMESTAMP,
                is_global(windows, i) ? MR_US_GLOBAL_MAX : windows->ends_us[i]);
        }
        mr_document_end(&writer, row);
        values[i] = mr_document_value(writer.data);
    }
    return mr_column_make(MR_TYPE_ROW, values, 1, batch->n_rows, scratch);
}

static struct mr_column info_column(struct mr_operator *operator, const struct mr_batch * batch,
    const struct windows *windows, enum mr_windowing_info info)
{
    switch (info) {
    case MR_INFO_TIMESTAMP:
        return (struct mr_column){.type = MR_TYPE_TIMESTAMP, .values = batch->times_us};
    case MR_INFO_WINDOW_START:
        return (struct mr_column){.type = MR_TYPE_TIMESTAMP, .values = windows->starts_us};
    case MR_INFO_WINDOW_END:
        return ends_of(operator, windows, batch->n_rows);
    case MR_INFO_WINDOW_STRING:
    case MR_INFO_WINDOW_TYPE:
        return texts_of(operator, windows, batch->n_rows, info);
    case MR_INFO_WINDOW_OBJECT:
    case MR_INFO_PANE_INFO:
        return rows_of(operator, batch, windows, info);
    }
    MR_UNREACHABLE("a windowing info that does not exist");
}

static void extract_rows(struct mr_operator *operator, const struct mr_batch * batch)
{
    const struct mr_extract *extract = &operator->transform->extract;
    uint32_t n_columns = batch->n_columns + extract->n_infos;
    struct mr_column *columns =
        mr_scratch_array(&operator->context->scratch, struct mr_column, n_columns + 1);
    memcpy(columns, batch->columns, sizeof *columns * batch->n_columns);
    struct windows windows = find_windows(operator, batch);
    for (uint32_t i = 0; i < extract->n_infos; i++)
        columns[batch->n_columns + i] =
            info_column(operator, batch, &windows, extract->infos[i]);
    struct mr_batch out = *batch;
    out.columns = columns;
    out.n_columns = n_columns;
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &out);
}

/* ---- a row that is in several windows ---- */

/* Rows that are waiting for their infos, each in one window. */
struct apart {
    struct mr_operator *operator;
    const struct mr_batch *batch;
    uint32_t n;
    uint16_t *sources; /* [MR_BATCH_ROWS_MAX] */
    mr_us *starts_us;
    mr_us *ends_us;
};

static void extract_apart(struct apart *apart)
{
    struct mr_scratch *scratch = &apart->operator->context->scratch;
    if (apart->n == 0) return;
    struct mr_batch rows = mr_batch_repeat(apart->batch, apart->sources, apart->n, scratch);
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, rows.n_columns + 1);
    for (uint32_t i = 0; i < rows.n_columns; i++)
        columns[i] = mr_column_repeat(
            &apart->batch->columns[i], apart->sources, apart->n, scratch);
    rows.columns = columns;
    rows.window_starts_us = apart->starts_us;
    rows.window_ends_us = apart->ends_us;
    rows.slots |= MR_SLOT_WINDOW;
    extract_rows(apart->operator, &rows);
    apart->n = 0;
}

static void add_window(struct apart *apart, uint32_t row, mr_us start_us, mr_us end_us)
{
    if (apart->n == MR_BATCH_ROWS_MAX) extract_apart(apart);
    apart->sources[apart->n] = (uint16_t)row;
    apart->starts_us[apart->n] = start_us;
    apart->ends_us[apart->n++] = end_us;
}

/* Who looks at windows sees a row once in each, as in Beam; the latest comes first, as there. */
static void extract_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    const struct mr_windowing *windowing = &operator->transform->windowing;
    if (windowing->kind != MR_WINDOW_SLIDING) {
        extract_rows(operator, batch);
        return;
    }
    struct mr_scratch *scratch = &operator->context->scratch;
    struct apart apart = {.operator = operator,
        .batch = batch,
        .sources = mr_scratch_array(scratch, uint16_t, MR_BATCH_ROWS_MAX),
        .starts_us = mr_scratch_array(scratch, mr_us, MR_BATCH_ROWS_MAX),
        .ends_us = mr_scratch_array(scratch, mr_us, MR_BATCH_ROWS_MAX)};
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        mr_us first_us, end_us;
        mr_row_window(windowing, batch, row, &first_us, &end_us);
        if (first_us == end_us) continue;
        mr_us start_us = mr_us_add(end_us, -windowing->size_us);
        do {
            add_window(&apart, row, start_us, mr_us_add(start_us, windowing->size_us));
            start_us = mr_us_add(start_us, -windowing->period_us);
        } while (start_us >= first_us && start_us > MR_US_MIN);
    }
    extract_apart(&apart);
}

const struct mr_operator_class mr_extract_windowing_info_class = {
    .name = "ExtractWindowingInfo",
    .bytes = sizeof(struct mr_operator),
    .batch = extract_batch};
