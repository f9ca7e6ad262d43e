/* Invariants.
 * 1. A row meets a watermark that has been handled: timers that it sets at or before that fire
 * as part of it.
 * 2. Timers that a watermark makes due fire before it is forwarded, and what they emit is not
 * behind what was.
 * 3. With the last watermark timers of processing time fire too, since nothing will come after
 * it.
 * 4. While a timer fires, state is as old as it was at the timer's time, however far the
 * watermark has jumped. */
#include "engine/operators/keyed.h"

#include <string.h>

#include "engine/state/values.h"

enum { FIRED_MAX = 100000 }; /* by one cause, beyond so many an entry */

static const struct mr_schema *input_schema(const struct mr_operator *operator, uint32_t input)
{
    const struct mr_edge *edge = &operator->transform->inputs[input];
    return &
    operator->context->job->graph->transforms[edge->transform].outputs[edge->output].schema;
}

/* ---- Opening and closing ---- */

static bool has_end(const struct mr_keyed_operator *keyed)
{
    return keyed->logic->ends_at_end ||
           keyed->operator.transform->windowing.kind != MR_WINDOW_GLOBAL;
}

static void make_shape(struct mr_keyed_operator *keyed)
{
    const struct mr_process_shape *spec = &keyed->spec->shape;
    struct mr_timer_spec *timers =
        mr_arena_zalloc(keyed->operator.context->arena, sizeof *timers * (spec->n_timers + 1));
    if (spec->n_timers) memcpy(timers, spec->timers, sizeof *timers * spec->n_timers);
    timers[spec->n_timers] = (struct mr_timer_spec){.name = "end", .domain = MR_EVENT_TIME};
    keyed->shape = *spec;
    keyed->shape.timers = timers;
    keyed->shape.n_timers = spec->n_timers + has_end(keyed);
}

void mr_keyed_open(struct mr_operator *operator, const struct mr_keyed_logic * logic)
{
    struct mr_keyed_operator *keyed = (struct mr_keyed_operator *)operator;
    struct mr_arena *arena = operator->context->arena;
    const struct mr_transform *transform = operator->transform;
    keyed->logic = logic;
    keyed->spec = transform->keyed;
    keyed->forwarded_us = MR_US_MIN;
    keyed->armed_ns = MR_NS_NEVER;
    make_shape(keyed);
    mr_cells_init(&keyed->cells, arena, &keyed->shape, keyed->spec->shape.n_timers);
    uint32_t n_keys = keyed->spec->n_keys;
    keyed->layouts = mr_arena_zalloc(arena, sizeof *keyed->layouts * transform->n_inputs);
    keyed->key_types =
        mr_arena_zalloc(arena, sizeof *keyed->key_types * (transform->n_inputs * n_keys + 1));
    for (uint32_t i = 0; i < transform->n_inputs; i++)
        keyed->layouts[i] = mr_key_layout_make(input_schema(operator, i),
            keyed->spec->key_fields[i], n_keys, keyed->key_types + (size_t)i * n_keys);
}

void mr_keyed_close(struct mr_operator *operator)
{
    struct mr_keyed_operator *keyed = (struct mr_keyed_operator *)operator;
    struct mr_arena *arena = operator->context->arena;
    uint32_t n_inputs = operator->transform->n_inputs;
    mr_cells_deinit(&keyed->cells);
    mr_arena_free(arena, (void *)(uintptr_t)keyed->shape.timers,
        sizeof *keyed->shape.timers * (keyed->spec->shape.n_timers + 1));
    mr_arena_free(arena, keyed->layouts, sizeof *keyed->layouts * n_inputs);
    mr_arena_free(arena, keyed->key_types,
        sizeof *keyed->key_types * (n_inputs * keyed->spec->n_keys + 1));
}

/* ---- What the logic asks for ---- */

static mr_us latest_us(const struct mr_cells_entry *entry)
{
    return mr_us_add(entry->window_end_us, -1);
}

mr_us mr_keyed_emit_us(
    const struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry, mr_us at_us)
{
    if (at_us < keyed->forwarded_us) at_us = keyed->forwarded_us;
    if (at_us < entry->window_start_us) at_us = entry->window_start_us;
    return at_us > latest_us(entry) ? latest_us(entry) : at_us;
}

void mr_keyed_make(struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry,
    uint32_t output, mr_us at_us, const struct mr_value *values)
{
    struct mr_made_row row = {.output = output,
        .at_us = at_us,
        .window_start_us = entry->window_start_us,
        .window_end_us = entry->window_end_us,
        .values = values};
    mr_made_rows_add(&keyed->made, &keyed->operator.context->scratch, row);
}

struct mr_state_bytes mr_keyed_read(
    const struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry, uint32_t state)
{
    return mr_cells_read(&keyed->cells, entry, state, keyed->clock_us, keyed->now_us);
}

void mr_keyed_write(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    uint32_t state, const char *data, uint32_t bytes, mr_us at_us)
{
    const struct mr_state_spec *spec = &keyed->shape.states[state];
    mr_us touched_us = spec->ttl_domain == MR_EVENT_TIME ? at_us : keyed->now_us;
    if (mr_keyed_read(keyed, entry, state).bytes && entry->cells[state].touched_us > touched_us)
        touched_us = entry->cells[state].touched_us; /* a row out of order shortens no life */
    mr_cells_write(&keyed->cells, entry, state, data, bytes, touched_us);
}

/* ---- Keys ---- */

void mr_keyed_keys(const struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry,
    struct mr_value *keys)
{
    const char *end = mr_values_read(entry->key, keyed->spec->n_keys, keys);
    MR_ASSERT(end == entry->key + entry->key_bytes);
}

/* -0.0 is 0.0, as keys of a Python dict are. */
static void make_keys(const struct mr_keyed_operator *keyed, uint32_t input,
    const struct mr_value *values, struct mr_value *keys)
{
    for (uint32_t i = 0; i < keyed->spec->n_keys; i++) {
        keys[i] = values[keyed->spec->key_fields[input][i]];
        if (keys[i].type == MR_TYPE_FLOAT && keys[i].f == 0.0) keys[i].f = 0.0;
    }
}

/* ---- Timers ---- */

static bool must_stop(struct mr_keyed_operator *keyed)
{
    if (keyed->operator.context->has_failed) return true;
    if (++keyed->n_fired <= FIRED_MAX + 16 * (uint64_t)keyed->cells.n_live) return false;
    mr_task_fail(keyed->operator.context,
        "transform '%s': timers set themselves again without an end",
        keyed->operator.transform->name);
    return true;
}

static void fire(struct mr_keyed_operator *keyed, const struct mr_timer_node *node)
{
    struct mr_cells_entry *entry = node->entry;
    bool is_event = keyed->shape.timers[node->timer].domain == MR_EVENT_TIME;
    mr_us watermark_us = keyed->operator.context->watermark_us;
    if (is_event && node->at_us < watermark_us) /* invariant 4 */
        keyed->clock_us = node->at_us > keyed->forwarded_us ? node->at_us : keyed->forwarded_us;
    if (node->timer < keyed->spec->shape.n_timers) {
        keyed->logic->timer(keyed, entry, node->timer, node->at_us);
        mr_cells_settle(&keyed->cells, entry);
        keyed->clock_us = watermark_us;
        return;
    }
    if (keyed->logic->end) keyed->logic->end(keyed, entry);
    mr_cells_remove(&keyed->cells, entry);
    keyed->clock_us = watermark_us;
}

static void fire_due(struct mr_keyed_operator *keyed, enum mr_time_domain domain, mr_us at_us)
{
    struct mr_timer_node node;
    while (!keyed->operator.context->has_failed &&
            mr_cells_take_timer(&keyed->cells, domain, at_us, &node) &&
           !must_stop(keyed))
        fire(keyed, &node);
}

/* All that a watermark makes due. */
static void fire_passed(struct mr_keyed_operator *keyed, mr_us watermark_us)
{
    fire_due(keyed, MR_EVENT_TIME, watermark_us); /* invariant 2 */
    while (watermark_us == MR_US_MAX &&
           !keyed->operator.context->has_failed && /* invariant 3 */
               mr_cells_next_timer_us(&keyed->cells, MR_PROCESSING_TIME) != MR_TIMER_UNSET) {
        fire_due(keyed, MR_PROCESSING_TIME, MR_US_MAX);
        fire_due(keyed, MR_EVENT_TIME, MR_US_MAX);
    }
}

/* Asks to be woken for the next timer of processing time. */
static void arm(struct mr_keyed_operator *keyed)
{
    mr_us next_us = mr_cells_next_timer_us(&keyed->cells, MR_PROCESSING_TIME);
    if (next_us == MR_TIMER_UNSET) return;
    mr_ns at_ns = next_us > 0 ? mr_ns_from_us(next_us) : 0;
    if (keyed->armed_ns <= at_ns) return;
    keyed->armed_ns = at_ns;
    mr_task_arm(&keyed->operator, at_ns);
}

static void begin(struct mr_keyed_operator *keyed)
{
    const struct mr_env *env = keyed->operator.context->env;
    keyed->now_us = mr_us_from_ns(env->now(env));
    keyed->clock_us = keyed->operator.context->watermark_us;
    keyed->n_fired = 0;
}

static void end(struct mr_keyed_operator *keyed)
{
    mr_made_rows_emit(&keyed->made, &keyed->operator);
    arm(keyed);
}

void mr_keyed_wake(struct mr_operator *operator)
{
    struct mr_keyed_operator *keyed = (struct mr_keyed_operator *)operator;
    begin(keyed);
    const struct mr_env *env = operator->context->env;
    if (keyed->armed_ns <= env->now(env)) keyed->armed_ns = MR_NS_NEVER;
    mr_us next_us = mr_cells_next_timer_us(&keyed->cells, MR_PROCESSING_TIME);
    bool is_due = next_us != MR_TIMER_UNSET && next_us <= keyed->now_us;
    if (is_due && !operator->context->is_blocked) {
        const struct mr_probe *probe = operator->context->job->probe;
        struct mr_probe_at at = mr_operator_at(operator);
        if (probe && probe->keyed_wake) probe->keyed_wake(probe->self, &at, keyed->now_us);
        fire_due(keyed, MR_PROCESSING_TIME, keyed->now_us);
        fire_due(keyed, MR_EVENT_TIME, operator->context->watermark_us);
    }
    if (!operator->context->is_blocked) end(keyed); /* else `resume` comes here */
}

void mr_keyed_watermark(struct mr_operator *operator, mr_us watermark_us)
{
    struct mr_keyed_operator *keyed = (struct mr_keyed_operator *)operator;
    begin(keyed);
    const struct mr_probe *probe = operator->context->job->probe;
    struct mr_probe_at at = mr_operator_at(operator);
    if (probe && probe->keyed_watermark)
        probe->keyed_watermark(probe->self, &at, watermark_us, keyed->now_us);
    bool is_slow = MR_PLANTED(operator->context->env, KEYED_TIMER_SLOW);
    fire_passed(
        keyed, is_slow && watermark_us < MR_US_MAX ? keyed->forwarded_us : watermark_us);
    end(keyed);
    keyed->forwarded_us = watermark_us;
}

/* ---- Rows ---- */

static mr_us end_us_of(const struct mr_keyed_operator *keyed, mr_us window_end_us)
{
    if (keyed->logic->ends_at_end) return window_end_us;
    return mr_us_add(window_end_us, keyed->operator.transform->windowing.allowed_lateness_us);
}

static void take_in_window(struct mr_keyed_operator *keyed, uint64_t hash, const char *key,
    uint32_t key_bytes, mr_us start_us, mr_us end_us, const struct mr_keyed_row *row)
{
    const struct mr_task_context *context = keyed->operator.context;
    mr_us over_us = end_us_of(keyed, end_us);
    if (has_end(keyed) && over_us <= context->watermark_us) {
        context->env->milestone(context->env, MR_SOMETIMES_LATE_ROW_DROPPED);
        return;
    }
    bool is_new;
    struct mr_cells_entry *entry =
        mr_cells_find(&keyed->cells, hash, key, key_bytes, start_us, end_us, &is_new);
    if (is_new && has_end(keyed))
        mr_cells_set_timer(&keyed->cells, entry, keyed->spec->shape.n_timers, over_us);
    keyed->logic->row(keyed, entry, row);
    mr_cells_settle(&keyed->cells, entry);
    fire_passed(keyed, context->watermark_us); /* invariant 1 */
}

static void take_in_windows(struct mr_keyed_operator *keyed, uint64_t hash, const char *key,
    uint32_t key_bytes, const struct mr_keyed_row *row)
{
    const struct mr_windowing *windowing = &keyed->operator.transform->windowing;
    mr_us start_us, end_us;
    mr_row_window(windowing, row->batch, row->row, &start_us, &end_us);
    if (windowing->kind != MR_WINDOW_SLIDING) {
        take_in_window(keyed, hash, key, key_bytes, start_us, end_us, row);
        return;
    }
    for (mr_us at_us = start_us; mr_us_add(at_us, windowing->size_us) <= end_us;
         at_us += windowing->period_us)
        take_in_window(
            keyed, hash, key, key_bytes, at_us, mr_us_add(at_us, windowing->size_us), row);
}

static void take_row(struct mr_keyed_operator *keyed, const struct mr_batch *batch,
    uint32_t row, uint64_t hash, uint32_t input)
{
    enum { SHORT_BYTES = 128 };
    struct mr_scratch *scratch = &keyed->operator.context->scratch;
    uint32_t n_keys = keyed->spec->n_keys;
    struct mr_value *values =
        mr_scratch_array(scratch, struct mr_value, batch->n_columns + n_keys + 1);
    struct mr_value *keys = values + batch->n_columns;
    for (uint32_t i = 0; i < batch->n_columns; i++)
        values[i] = mr_column_value(&batch->columns[i], row);
    make_keys(keyed, input, values, keys);
    char fixed[SHORT_BYTES];
    uint32_t key_bytes = mr_values_bytes(keys, n_keys);
    char *key = key_bytes > SHORT_BYTES ? mr_scratch_alloc(scratch, key_bytes) : fixed;
    mr_values_write(keys, n_keys, key);
    struct mr_keyed_row taken = {.batch = batch,
        .row = row,
        .input = input,
        .at_us = batch->times_us[row],
        .values = values,
        .keys = keys};
    take_in_windows(keyed, hash, key, key_bytes, &taken);
}

void mr_keyed_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct mr_keyed_operator *keyed = (struct mr_keyed_operator *)operator;
    const struct mr_probe *probe = operator->context->job->probe;
    uint32_t input = operator->input;
    begin(keyed);
    struct mr_probe_at at = mr_operator_at(operator);
    uint64_t *hashes =
        mr_scratch_array(&operator->context->scratch, uint64_t, batch->n_rows + 1);
    mr_keys_hash(&keyed->layouts[input], batch, hashes);
    for (uint32_t i = 0; i < batch->n_selected && !operator->context->has_failed; i++) {
        uint32_t row = mr_batch_row(batch, i);
        keyed->n_fired = 0;
        if (probe && probe->keyed_row)
            probe->keyed_row(probe->self, &at, input, batch, row, keyed->now_us);
        take_row(keyed, batch, row, hashes[row], input);
    }
    end(keyed);
}

/* ---- Snapshots ---- */

void mr_keyed_snapshot(
    struct mr_operator *operator, struct mr_snapshot_writer * writer, uint64_t checkpoint)
{
    (void)checkpoint;
    struct mr_keyed_operator *keyed = (struct mr_keyed_operator *)operator;
    begin(keyed);
    mr_cells_sweep(&keyed->cells, operator->context->watermark_us, keyed->now_us);
    mr_cells_snapshot(&keyed->cells, writer);
}

void mr_keyed_restore(
    struct mr_operator *operator, struct mr_snapshot_reader * reader, bool is_rewind)
{
    (void)is_rewind;
    struct mr_keyed_operator *keyed = (struct mr_keyed_operator *)operator;
    keyed->forwarded_us = operator->context->watermark_us;
    const struct mr_env *env = operator->context->env;
    bool forgets =
        MR_PLANTED(env, RESTORE_SKIPS_STATE) ||
        (MR_PLANTED(env, KEYED_SEEN_LOST) && operator->transform->kind == MR_DEDUPLICATE);
    if (!forgets) mr_cells_restore(&keyed->cells, reader, env);
}
