/* KeyedProcess: callables of the user with state and timers. */
#include <string.h>

#include "engine/operators/keyed.h"

static const struct mr_keyed_process *spec(const struct mr_keyed_operator *keyed)
{
    return &keyed->operator.transform->process;
}

/* The failed call as a row of the error output: the keys, what was called, what went wrong. */
static void divert(struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry,
    const struct mr_process_call *call, const char *source)
{
    const struct mr_transform *transform = keyed->operator.transform;
    if (!transform->error_output) {
        mr_task_fail(keyed->operator.context, "transform '%s': %s", transform->name,
            call->failure.message);
        const struct mr_probe *probe = keyed->operator.context->job->probe;
        struct mr_probe_at at = mr_operator_at(&keyed->operator);
        if (probe && probe->row_failed) probe->row_failed(probe->self, &at, MR_ROW_RAISED);
        return;
    }
    uint32_t n_keys = keyed->spec->n_keys;
    struct mr_value *values =
        mr_scratch_array(&keyed->operator.context->scratch, struct mr_value, n_keys + 3);
    memcpy(values, call->keys, sizeof *values * n_keys);
    const char *texts[] = {source, call->failure.message, call->failure.stack};
    for (uint32_t i = 0; i < 3; i++)
        values[n_keys + i] = (struct mr_value){
            .type = MR_TYPE_STRING, .text = texts[i], .bytes = (uint32_t)strlen(texts[i])};
    mr_keyed_make(keyed, entry, transform->error_output, call->emit_us, values);
}

static void take_result(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct mr_process_call *call)
{
    const struct mr_process_shape *shape = &keyed->spec->shape;
    for (uint32_t i = 0; i < shape->n_states; i++)
        if (call->is_changed[i])
            mr_keyed_write(
                keyed, entry, i, call->changed[i].data, call->changed[i].bytes, call->at_us);
    for (uint32_t i = 0; i < shape->n_timers; i++)
        if (call->is_set[i]) mr_cells_set_timer(&keyed->cells, entry, i, call->set_us[i]);
    for (const struct mr_process_row *row = call->rows; row; row = row->next)
        mr_keyed_make(keyed, entry, row->output, row->at_us, row->values);
}

static void run(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct mr_process_function *function, struct mr_process_call *call,
    const char *source)
{
    struct mr_state_bytes states[MR_STATES_MAX];
    for (uint32_t i = 0; i < keyed->spec->shape.n_states; i++)
        states[i] = mr_keyed_read(keyed, entry, i);
    call->n_keys = keyed->spec->n_keys;
    call->watermark_us = keyed->operator.context->watermark_us;
    call->forwarded_us = keyed->forwarded_us;
    call->now_us = keyed->now_us;
    call->window_start_us = entry->window_start_us;
    call->window_end_us = entry->window_end_us;
    call->states = states;
    if (mr_process_run(function, call, &keyed->operator.context->scratch))
        take_result(keyed, entry, call);
    else
        divert(keyed, entry, call, source);
}

static void process_row(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct mr_keyed_row *row)
{
    struct mr_process_call call = {
        .row = row->values, .keys = row->keys, .at_us = row->at_us, .emit_us = row->at_us};
    run(keyed, entry, spec(keyed)->on_element[row->input], &call,
        spec(keyed)->input_names[row->input]);
}

static void process_timer(
    struct mr_keyed_operator *keyed, struct mr_cells_entry *entry, uint32_t timer, mr_us at_us)
{
    const struct mr_process_function *function = spec(keyed)->on_timer[timer];
    if (!function) return;
    struct mr_value *keys = mr_scratch_array(
        &keyed->operator.context->scratch, struct mr_value, keyed->spec->n_keys + 1);
    struct mr_value *copies = keys; /* rows outlive the entry: texts are copied */
    mr_keyed_keys(keyed, entry, keys);
    for (uint32_t i = 0; i < keyed->spec->n_keys; i++) {
        if (keys[i].bytes == 0) continue;
        char *text = mr_scratch_alloc(&keyed->operator.context->scratch, keys[i].bytes);
        memcpy(text, keys[i].text, keys[i].bytes);
        copies[i].text = text;
    }
    bool is_event = keyed->shape.timers[timer].domain == MR_EVENT_TIME;
    mr_us emit_us = mr_keyed_emit_us(keyed, entry, is_event ? at_us : keyed->forwarded_us);
    struct mr_process_call call = {
        .keys = copies, .at_us = is_event ? at_us : emit_us, .emit_us = emit_us};
    run(keyed, entry, function, &call, keyed->shape.timers[timer].name);
}

static const struct mr_keyed_logic logic = {.row = process_row, .timer = process_timer};

static void open_process(struct mr_operator *operator)
{
    mr_keyed_open(operator, & logic);
}

MR_KEYED_CLASS(mr_keyed_process_class, "KeyedProcess", struct mr_keyed_operator, open_process,
    mr_keyed_batch);
