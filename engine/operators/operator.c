#include "engine/operators/operator.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/batch/column.h"
#include "engine/expression/exception.h"
#include "engine/runtime/gate.h"

void mr_operator_emit(struct mr_operator *operator, uint32_t output, const struct mr_batch *batch)
{
    if (batch->n_selected == 0) return;
    for (uint32_t i = 0; i < operator->outputs[output].n; i++) {
        const struct mr_consumer *consumer = &operator->outputs[output].consumers[i];
        if (consumer->gate) {
            mr_gate_send(consumer->gate, batch);
            continue;
        }
        consumer->operator->input = consumer->input;
        consumer->operator->class->batch(consumer->operator, batch);
    }
}

void mr_operator_fire(struct mr_operator *operator, const struct mr_batch *pane,
    mr_us window_start_us, mr_us window_end_us, enum mr_pane_timing timing, mr_us watermark_us)
{
    const struct mr_probe *probe = operator->context->job->probe;
    if (probe && probe->fired && pane->n_selected) {
        struct mr_probe_at at = mr_operator_at(operator);
        probe->fired(
            probe->self, &at, pane, window_start_us, window_end_us, timing, watermark_us);
    }
    mr_operator_emit(operator, MR_OUTPUT_MAIN, pane);
}

void mr_task_fail(struct mr_task_context *context, const char *format, ...)
{
    if (context->has_failed) return;
    context->has_failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context->failure, sizeof context->failure, format, arguments);
    va_end(arguments);
}

bool mr_sliding_starts(
    const struct mr_windowing *windowing, mr_us at_us, mr_us *first_us, mr_us *last_us)
{
    *last_us = mr_window_start_us(at_us, windowing->period_us, windowing->offset_us);
    mr_us since_us = at_us - *last_us;
    if (since_us >= windowing->size_us) return false;
    uint64_t n_before = (uint64_t)((windowing->size_us - 1 - since_us) / windowing->period_us);
    uint64_t n_there = ((uint64_t)*last_us - (uint64_t)MR_US_MIN) / (uint64_t)windowing->period_us;
    if (n_before > n_there) n_before = n_there;
    *first_us = *last_us - (mr_us)n_before * windowing->period_us;
    return true;
}

void mr_row_window(const struct mr_windowing *windowing, const struct mr_batch *batch, uint32_t row,
    mr_us *start_us, mr_us *end_us)
{
    if (batch->window_starts_us) {
        *start_us = batch->window_starts_us[row];
        *end_us = batch->window_ends_us[row];
    } else if (windowing->kind == MR_WINDOW_FIXED) {
        mr_window_of(batch->times_us[row], windowing->size_us, windowing->offset_us, start_us, end_us);
    } else if (windowing->kind == MR_WINDOW_CALENDAR) {
        mr_zone_days(&windowing->zone, windowing->days, batch->times_us[row], start_us, end_us);
    } else if (windowing->kind == MR_WINDOW_SLIDING) {
        mr_us last_us;
        *start_us = *end_us = batch->times_us[row];
        if (mr_sliding_starts(windowing, batch->times_us[row], start_us, &last_us))
            *end_us = mr_us_add(last_us, windowing->size_us);
    } else if (windowing->kind == MR_WINDOW_SESSIONS) {
        *start_us = batch->times_us[row];
        *end_us = mr_us_add(*start_us, windowing->gap_us);
    } else {
        *start_us = MR_US_MIN;
        *end_us = MR_US_GLOBAL_END;
    }
}

struct mr_column mr_operator_texts(
    struct mr_operator *operator, const struct mr_span *texts, uint32_t n)
{
    struct mr_scratch *scratch = &operator->context->scratch;
    size_t capacity = 0;
    for (uint32_t i = 0; i < n; i++) capacity += texts[i].bytes;
    struct mr_string *values = mr_scratch_array(scratch, struct mr_string, n + 1);
    char *heap = mr_scratch_alloc(scratch, capacity + 1);
    uint32_t used = 0;
    MR_ASSERT(capacity <= UINT32_MAX);
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_span *text = &texts[i];
        values[i] = (struct mr_string){.bytes = text->bytes};
        if (text->bytes <= MR_STRING_INLINE_MAX) {
            if (text->bytes) memcpy(values[i].inline_text, text->text, text->bytes);
            continue;
        }
        memcpy(values[i].prefix, text->text, sizeof values[i].prefix);
        values[i].heap_offset = used;
        memcpy(heap + used, text->text, text->bytes);
        used += text->bytes;
    }
    return (struct mr_column){.type = MR_TYPE_STRING, .values = values, .heap = heap};
}

static struct mr_span message_of(struct mr_span text, struct mr_scratch *scratch)
{
    size_t size = mr_exception_repr_size(text.bytes);
    char *out = mr_scratch_alloc(scratch, size);
    return (struct mr_span){
        .text = out, .bytes = (uint32_t)mr_exception_repr(text.text, text.bytes, out, size)};
}

/* What went wrong with a row: the message, or the stack. */
static struct mr_span failure_of(struct mr_operator *operator, const uint8_t *errors,
    const struct mr_span *texts, uint32_t row, bool is_stack)
{
    if (texts && texts[row].text)
        return is_stack ? texts[row] : message_of(texts[row], &operator->context->scratch);
    struct mr_row_failure failure =
        mr_row_failure_find(&operator->context->caller, errors[row], row);
    const char *text = is_stack ? failure.stack : failure.message;
    return (struct mr_span){.text = text, .bytes = (uint32_t)strlen(text)};
}

/* A column of what went wrong with the rows that failed; nothing for the others. */
static struct mr_column error_texts(struct mr_operator *operator, const struct mr_batch *batch,
    const uint8_t *errors, const struct mr_span *texts, bool is_stack)
{
    struct mr_span *spans =
        mr_scratch_array(&operator->context->scratch, struct mr_span, batch->n_rows + 1);
    memset(spans, 0, sizeof *spans * batch->n_rows);
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (errors[row]) spans[row] = failure_of(operator, errors, texts, row, is_stack);
    }
    return mr_operator_texts(operator, spans, batch->n_rows);
}

enum { ERROR_FIELDS = 3 };

static void emit_errors(struct mr_operator *operator, const struct mr_batch *batch,
    const uint8_t *errors, const struct mr_span *texts, const uint16_t *failed, uint32_t n_failed)
{
    struct mr_scratch *scratch = &operator->context->scratch;
    const struct mr_edge *edge = &operator->transform->inputs[operator->input];
    const struct mr_schema *schema =
        &operator->context->job->graph->transforms[edge->transform].outputs[edge->output].schema;
    MR_ASSERT(schema->n_fields == batch->n_columns);
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, ERROR_FIELDS);
    columns[0] = mr_column_of_rows(
        schema, batch->columns, batch->n_rows, failed, n_failed, scratch);
    columns[1] = error_texts(operator, batch, errors, texts, false);
    columns[2] = error_texts(operator, batch, errors, texts, true);
    operator->context->caller.failures = NULL;
    struct mr_batch out = *batch;
    out.columns = columns;
    out.n_columns = ERROR_FIELDS;
    out.selection = failed;
    out.n_selected = n_failed;
    mr_operator_emit(operator, operator->transform->error_output, &out);
}

static bool any_failed(const uint8_t *errors, uint32_t n_rows)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < n_rows; i++) any |= errors[i];
    return any != 0;
}

static void fail_task(struct mr_operator *operator, enum mr_row_error error, struct mr_span text)
{
    mr_task_fail(operator->context, "transform '%s': %.*s", operator->transform->name,
        (int)text.bytes, text.text);
    const struct mr_probe *probe = operator->context->job->probe;
    struct mr_probe_at at = mr_operator_at(operator);
    if (probe && probe->row_failed) probe->row_failed(probe->self, &at, (int)error);
}

struct mr_batch mr_operator_divert_as(struct mr_operator *operator, const struct mr_batch *batch,
    const uint8_t *errors, const struct mr_span *texts)
{
    if (!any_failed(errors, batch->n_rows)) return *batch;
    struct mr_scratch *scratch = &operator->context->scratch;
    uint16_t *good = mr_scratch_array(scratch, uint16_t, batch->n_selected + 1);
    uint16_t *failed = mr_scratch_array(scratch, uint16_t, batch->n_selected + 1);
    uint32_t n_good = 0;
    uint32_t n_failed = 0;
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (errors[row])
            failed[n_failed++] = (uint16_t)row;
        else
            good[n_good++] = (uint16_t)row;
    }
    struct mr_batch out = *batch;
    out.selection = good;
    out.n_selected = n_good;
    if (n_failed == 0) return *batch;
    if (operator->transform->error_output) {
        emit_errors(operator, batch, errors, texts, failed, n_failed);
    } else {
        bool is_raised = errors[failed[0]] == MR_ROW_RAISED;
        fail_task(operator, (enum mr_row_error)errors[failed[0]],
            failure_of(operator, errors, texts, failed[0], !is_raised));
        operator->context->caller.failures = NULL;
    }
    return out;
}

struct mr_batch mr_operator_divert(
    struct mr_operator *operator, const struct mr_batch *batch, const uint8_t *errors)
{
    return mr_operator_divert_as(operator, batch, errors, NULL);
}
