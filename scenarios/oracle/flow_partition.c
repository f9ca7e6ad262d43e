/* Partition, Reshuffle and ExtractWindowingInfo, a row at a time. */
#include <stdio.h>

#include "scenarios/oracle/oracle_internal.h"

/* ---- Partition ---- */

static bool is_named(const struct mr_output *output, const struct mr_value *name)
{
    return mr_value_same(mr_text_value(output->name), *name);
}

/* As Beam says it, behind the name of Python's exception. */
static struct mr_value unknown_name(
    struct mr_oracle *oracle, const struct mr_partition *partition, struct mr_value name)
{
    static const char format[] =
        "ValueError: Returned output name \"%s\" of type <class '%s'> from \"%s\" must "
        "be a string.";
    const char *by = mr_expression_text(partition->by);
    size_t size = sizeof format + strlen(by) + 2 * mr_value_text_size(name) + 64;
    char *text = mr_scratch_alloc(&oracle->scratch, size);
    if (name.type == MR_TYPE_STRING) {
        snprintf(text, size, "ValueError: Unknown output name \"%.*s\" from %s",
            (int)name.bytes, name.text, by);
        return mr_text_value(text);
    }
    char *shown = mr_scratch_alloc(&oracle->scratch, mr_value_text_size(name));
    mr_value_repr(name, shown, mr_value_text_size(name));
    snprintf(text, size, format, shown, mr_value_class(name), by);
    return mr_text_value(text);
}

void mr_flow_partition(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    const struct mr_partition *partition = &step->transform->partition;
    struct mr_value name;
    oracle->caller.at_us = row->at_us;
    enum mr_row_error error =
        mr_expression_row(partition->by, row->values, &oracle->scratch, &name);
    if (error) {
        mr_flow_raise(oracle, step, row, error);
        return;
    }
    for (uint32_t i = 0; i < partition->n_names && name.type == MR_TYPE_STRING; i++) {
        if (!is_named(&step->transform->outputs[i], &name)) continue;
        mr_flow_emit(oracle, step->transform->id, i, row);
        return;
    }
    bool may_be_unknown = name.type == MR_TYPE_STRING || name.type == MR_TYPE_NULL;
    if (partition->unknown >= 0 && may_be_unknown)
        mr_flow_emit(oracle, step->transform->id, (uint32_t)partition->unknown, row);
    else {
        struct mr_value text = unknown_name(oracle, partition, name);
        mr_flow_fail(oracle, step, row, mr_message_value(oracle, text), text);
    }
}

/* ---- Reshuffle ---- */

/* Rows of one partition go by several ways from here on, so that they have no order. */
void mr_flow_reshuffle(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    struct mr_flow_row shuffled = *row;
    shuffled.origin = 0;
    mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, &shuffled);
}

/* ---- ExtractWindowingInfo ---- */

static struct mr_value timestamp(mr_us at_us)
{
    return (struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = at_us};
}

/* Seconds as Python's repr of a float has them; what mr_value_format writes for a number. */
static struct mr_value interval_text(struct mr_oracle *oracle, mr_us start_us, mr_us end_us)
{
    enum { SIZE = 80 };
    char start[SIZE / 2 - 4], end[SIZE / 2 - 4];
    struct mr_value seconds = {.type = MR_TYPE_FLOAT, .f = (double)start_us / 1e6};
    mr_value_format(seconds, start, sizeof start);
    seconds.f = (double)end_us / 1e6;
    mr_value_format(seconds, end, sizeof end);
    char *text = mr_scratch_alloc(&oracle->scratch, SIZE);
    snprintf(text, SIZE, "[%s, %s)", start, end);
    return mr_text_value(text);
}

/* A row with the names, which are apart by blanks. */
static struct mr_value row_of(
    struct mr_oracle *oracle, const char *names, const struct mr_value *values, uint32_t n)
{
    size_t bytes = MR_DOCUMENT_HEAD_BYTES + strlen(names) + 4 * (size_t)n;
    for (uint32_t i = 0; i < n; i++) bytes += mr_document_size(values[i]);
    struct mr_document_writer writer = {
        .data = mr_scratch_alloc(&oracle->scratch, bytes), .capacity = bytes};
    size_t begin = mr_document_begin(&writer, MR_DOCUMENT_ROW);
    for (uint32_t i = 0; i < n; i++) {
        size_t length = strcspn(names, " ");
        mr_document_put_name(&writer, names, length);
        mr_document_put(&writer, values[i]);
        names += length + 1;
    }
    mr_document_end(&writer, begin);
    return mr_document_value(writer.data);
}

static struct mr_value pane_of(struct mr_oracle *oracle, const struct mr_flow_row *row)
{
    static const char *const timings[] = {[MR_PANE_EARLY] = "EARLY",
        [MR_PANE_ON_TIME] = "ON_TIME",
        [MR_PANE_LATE] = "LATE",
        [MR_PANE_UNKNOWN] = "UNKNOWN"};
    struct mr_pane pane = {.timing = MR_PANE_UNKNOWN, .is_last = 1};
    if (row->has_pane) pane = row->pane;
    int64_t timely = pane.timing == MR_PANE_EARLY ? -1 : pane.nonspeculative_index;
    struct mr_value values[] = {{.type = MR_TYPE_BOOL, .i = pane.index == 0},
        {.type = MR_TYPE_BOOL, .i = pane.is_last != 0}, mr_text_value(timings[pane.timing]),
        {.type = MR_TYPE_INT, .i = pane.index}, {.type = MR_TYPE_INT, .i = timely}};
    return row_of(oracle, "is_first is_last timing index nonspeculative_index", values, 5);
}

static struct mr_value info_of(struct mr_oracle *oracle, const struct mr_step *step,
    const struct mr_flow_row *row, enum mr_windowing_info info)
{
    mr_us start_us, end_us;
    mr_flow_window(&step->transform->windowing, row, &start_us, &end_us);
    bool is_global = end_us >= MR_US_GLOBAL_END && start_us == MR_US_MIN;
    switch (info) {
    case MR_INFO_TIMESTAMP:
        return timestamp(row->at_us);
    case MR_INFO_WINDOW_START:
        return timestamp(start_us);
    case MR_INFO_WINDOW_END:
        /* Beam calls the largest timestamp of the global window its end. */
        return timestamp(is_global ? MR_US_GLOBAL_MAX : end_us);
    case MR_INFO_WINDOW_STRING:
        return is_global ? mr_text_value("GlobalWindow")
                         : interval_text(oracle, start_us, end_us);
    case MR_INFO_WINDOW_TYPE:
        return mr_text_value(is_global ? "GlobalWindow" : "IntervalWindow");
    case MR_INFO_WINDOW_OBJECT: {
        struct mr_value ends[] = {
            timestamp(start_us), timestamp(is_global ? MR_US_GLOBAL_MAX : end_us)};
        return row_of(oracle, "start end", ends, 2);
    }
    case MR_INFO_PANE_INFO:
        return pane_of(oracle, row);
    }
    MR_UNREACHABLE("a windowing info that does not exist");
}

static void extract_one(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    const struct mr_extract *extract = &step->transform->extract;
    uint32_t n = step->outputs[MR_OUTPUT_MAIN].n_fields;
    uint32_t n_kept = n - extract->n_infos;
    struct mr_value *values = mr_scratch_array(&oracle->scratch, struct mr_value, n);
    memcpy(values, row->values, sizeof *values * n_kept);
    for (uint32_t i = 0; i < extract->n_infos; i++)
        values[n_kept + i] = info_of(oracle, step, row, extract->infos[i]);
    struct mr_flow_row extracted = *row;
    extracted.values = values;
    if (row->slacks) {
        double *slacks = mr_scratch_array(&oracle->scratch, double, n);
        memset(slacks, 0, sizeof *slacks * n);
        memcpy(slacks, row->slacks, sizeof *slacks * n_kept);
        extracted.slacks = slacks;
    }
    mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, &extracted);
}

/* A row is seen once in each of its windows, from the latest back. */
void mr_flow_extract(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    const struct mr_windowing *windowing = &step->transform->windowing;
    if (windowing->kind != MR_WINDOW_SLIDING) {
        extract_one(oracle, step, row);
        return;
    }
    mr_us first_us, end_us;
    mr_flow_window(windowing, row, &first_us, &end_us);
    for (int64_t n = mr_flow_window_count(windowing, first_us, end_us); n > 0; n--) {
        struct mr_flow_row apart = *row;
        apart.has_window = true;
        apart.window_start_us = first_us + (n - 1) * windowing->period_us;
        apart.window_end_us = mr_us_add(apart.window_start_us, windowing->size_us);
        extract_one(oracle, step, &apart);
    }
}
