/* KeyedProcess: the user's callables, in the oracle's own namespace, over its own state. */
#include "scenarios/oracle/machine.h"
#include "scenarios/oracle/oracle_internal.h"

static void fail(const struct mr_key_machine_step *step, const struct mr_process_call *call,
    const char *source)
{
    const struct mr_transform *transform = step->machines->transform;
    struct mr_oracle *oracle = step->machines->oracle;
    if (!transform->error_output) {
        oracle->n_failures++;
        return;
    }
    struct mr_value *values =
        mr_scratch_array(&oracle->scratch, struct mr_value, call->n_keys + 3);
    memcpy(values, call->keys, sizeof *values * call->n_keys);
    values[call->n_keys] = mr_text_value(source);
    values[call->n_keys + 1] = mr_text_value(call->failure.message);
    values[call->n_keys + 2] = mr_text_value(call->failure.stack);
    mr_key_machine_emit(step, transform->error_output, call->emit_us, values);
    mr_flow_flush(oracle); /* before the keys may go */
}

static void keep_state(const struct mr_key_machine_step *step, uint32_t state,
    struct mr_state_bytes bytes, mr_us at_us)
{
    struct mr_arena *arena = step->machines->oracle->arena;
    struct mr_kept_state *kept = &step->memory->states[state];
    bool was_there = mr_memory_has(step, state);
    mr_us touched_us = kept->touched_us;
    mr_memory_clear(step, state);
    if (bytes.bytes == 0) return;
    kept->is_there = was_there;
    kept->touched_us = touched_us;
    mr_memory_touch(step, state, at_us);
    kept->data = mr_arena_alloc(arena, bytes.bytes);
    memcpy(kept->data, bytes.data, bytes.bytes);
    kept->bytes = bytes.bytes;
}

static void run(const struct mr_key_machine_step *step,
    const struct mr_process_function *function, struct mr_process_call *call,
    const char *source)
{
    const struct mr_keyed *keyed = step->machines->transform->keyed;
    struct mr_state_bytes states[MR_STATES_MAX];
    for (uint32_t i = 0; i < keyed->shape.n_states; i++) {
        const struct mr_kept_state *kept = &step->memory->states[i];
        states[i] = (struct mr_state_bytes){NULL, 0};
        if (mr_memory_has(step, i))
            states[i] = (struct mr_state_bytes){kept->data, kept->bytes};
    }
    call->n_keys = keyed->n_keys;
    call->keys = step->memory->keys.values;
    call->watermark_us = step->machine->watermark_us;
    call->forwarded_us = step->machine->forwarded_us;
    call->now_us = step->machine->now_us;
    call->window_start_us = step->memory->window_start_us;
    call->window_end_us = step->memory->window_end_us;
    call->states = states;
    if (!mr_process_run(function, call, &step->machines->oracle->scratch)) {
        fail(step, call, source);
        return;
    }
    for (uint32_t i = 0; i < keyed->shape.n_states; i++)
        if (call->is_changed[i]) keep_state(step, i, call->changed[i], call->at_us);
    for (uint32_t i = 0; i < keyed->shape.n_timers; i++)
        if (call->is_set[i]) mr_memory_set_timer(step, i, call->set_us[i]);
    for (const struct mr_process_row *row = call->rows; row; row = row->next)
        mr_key_machine_emit(step, row->output, row->at_us, row->values);
}

void mr_key_machine_process_row(const struct mr_key_machine_step *step)
{
    const struct mr_keyed_process *process = &step->machines->transform->process;
    const struct mr_oracle_event *event = step->event;
    struct mr_process_call call = {
        .row = event->row, .at_us = event->at_us, .emit_us = event->at_us};
    run(step, process->on_element[event->input], &call, process->input_names[event->input]);
}

void mr_key_machine_process_timer(
    const struct mr_key_machine_step *step, uint32_t timer, mr_us at_us)
{
    const struct mr_transform *transform = step->machines->transform;
    const struct mr_timer_spec *spec = &transform->keyed->shape.timers[timer];
    bool is_event = spec->domain == MR_EVENT_TIME;
    mr_us first_us = step->memory->window_start_us;
    mr_us last_us = mr_us_add(step->memory->window_end_us, -1);
    mr_us emit_us = step->machine->forwarded_us;
    if (is_event && at_us > emit_us) emit_us = at_us;
    if (emit_us < first_us) emit_us = first_us;
    if (emit_us > last_us) emit_us = last_us;
    struct mr_process_call call = {.at_us = is_event ? at_us : emit_us, .emit_us = emit_us};
    run(step, transform->process.on_timer[timer], &call, spec->name);
}
