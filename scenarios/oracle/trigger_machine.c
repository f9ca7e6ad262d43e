/* Invariants.
 * 1. next_due_ns is never later than what some window waits for.
 * 2. Whatever is due by processing time fires before anything else at that time. */
#include "scenarios/oracle/trigger_machine.h"

#include <string.h>

#include "scenarios/oracle/trigger_machine_internal.h"

static void begin(struct mr_machine *machine, struct mr_arena *arena,
    const struct mr_transform *transform, const struct mr_schema *input)
{
    *machine = (struct mr_machine){.arena = arena,
        .transform = transform,
        .input = input,
        .watermark_us = MR_US_MIN,
        .output_us = MR_US_MIN,
        .next_due_ns = MR_NS_NEVER};
    mr_scratch_init(&machine->scratch, arena);
    machine->caller = (struct mr_caller){.owner = MR_CALLER_ORACLE};
    machine->scratch.caller = &machine->caller;
    mr_fold_init(&machine->fold, arena, &machine->scratch, transform, input);
    machine->group = mr_arena_alloc(arena, machine->fold.stride);
    mr_machine_reserve_buckets(machine);
}

struct mr_machine *mr_machine_new(
    struct mr_arena *arena, const struct mr_transform *transform, const struct mr_schema *input)
{
    struct mr_machine *machine = mr_arena_new(arena, struct mr_machine);
    begin(machine, arena, transform, input);
    return machine;
}

static void copy_window(struct mr_machine *to, const struct mr_machine_window *window)
{
    struct mr_machine_window *copy = mr_arena_alloc(to->arena, sizeof *copy);
    *copy = *window;
    copy->key->n_holders++;
    if (copy->shown) copy->shown->n_holders++;
    copy->trigger = mr_tree_copy(to->arena, window->trigger);
    copy->rows = NULL;
    copy->n_rows = copy->capacity = 0;
    for (uint32_t i = 0; i < window->n_rows; i++) mr_machine_add_row(to, copy, window->rows[i]);
    mr_machine_reserve_buckets(to);
    struct mr_machine_window **bucket = mr_machine_bucket(to, copy->hash);
    copy->next = *bucket;
    *bucket = copy;
    mr_machine_due_add(to, copy);
}

struct mr_machine *mr_machine_copy(const struct mr_machine *machine)
{
    struct mr_machine *copy =
        mr_machine_new(machine->arena, machine->transform, machine->input);
    copy->listener = machine->listener;
    copy->watermark_us = machine->watermark_us;
    copy->output_us = machine->output_us;
    copy->next_due_ns = 0;
    for (uint32_t i = 0; i < machine->n_windows; i++) copy_window(copy, machine->heap[i]);
    return copy;
}

static void forget_batch(struct mr_machine *machine)
{
    for (uint32_t i = 0; i < machine->n_batch; i++) {
        mr_machine_tuple_drop(machine->arena, machine->batch[i].key);
        mr_machine_tuple_drop(machine->arena, machine->batch[i].values);
    }
    machine->n_batch = 0;
}

void mr_machine_discard(struct mr_machine *machine)
{
    if (!machine) return;
    forget_batch(machine);
    for (uint32_t i = 0; i < machine->n_windows; i++)
        mr_machine_window_discard(machine, machine->heap[i]);
    mr_arena_free(machine->arena, machine->heap, sizeof(void *) * machine->heap_capacity);
    mr_arena_free(machine->arena, machine->buckets, sizeof(void *) * machine->n_buckets);
    mr_arena_free(
        machine->arena, machine->batch, sizeof *machine->batch * machine->batch_capacity);
    mr_arena_free(machine->arena, machine->group, machine->fold.stride);
    mr_fold_deinit(&machine->fold);
    mr_scratch_deinit(&machine->scratch);
    mr_arena_free(machine->arena, machine, sizeof *machine);
}

void mr_machine_listen(struct mr_machine *machine, struct mr_machine_listener listener)
{
    machine->listener = listener;
}

/* ---- Panes ---- */

enum cause { CAUSE_ROWS, CAUSE_END, CAUSE_TIME };

void mr_machine_time_row(
    const struct mr_machine *machine, struct mr_machine_window *window, mr_us at_us)
{
    enum mr_timestamp_combiner combiner = machine->transform->windowing.timestamp_combiner;
    if (combiner == MR_END_OF_WINDOW)
        window->time_us = mr_us_add(window->end_us, -1);
    else if (!window->has_time || (combiner == MR_EARLIEST && at_us < window->time_us) ||
             (combiner == MR_LATEST && at_us > window->time_us))
        window->time_us = at_us;
    window->has_time = true;
}

void mr_machine_unshow(struct mr_machine *machine, struct mr_machine_window *window)
{
    if (window->shown) mr_machine_tuple_drop(machine->arena, window->shown);
    window->shown = NULL;
}

/* What the last pane was, once more. */
static void tell_shown(
    struct mr_machine *machine, const struct mr_machine_window *window, int kind)
{
    double slacks[2 * MR_FIELDS_MAX];
    struct mr_machine_pane pane = window->shown_pane;
    uint32_t n = window->shown->n / 2;
    for (uint32_t i = 0; i < n; i++) slacks[i] = window->shown->values[n + i].f;
    pane.kind = kind;
    pane.values = window->shown->values;
    pane.slacks = slacks;
    if (machine->listener.pane) machine->listener.pane(machine->listener.self, &pane);
}

static void keep_shown(struct mr_machine *machine, struct mr_machine_window *window,
    const struct mr_machine_pane *pane)
{
    struct mr_value both[4 * MR_FIELDS_MAX];
    uint32_t n = machine->fold.n_keys + machine->fold.n_tallies;
    for (uint32_t i = 0; i < n; i++) {
        both[i] = pane->values[i];
        both[n + i] = (struct mr_value){.type = MR_TYPE_FLOAT, .f = pane->slacks[i]};
    }
    mr_machine_unshow(machine, window);
    window->shown = mr_machine_tuple_new(machine->arena, both, 2 * n);
    window->shown_pane = *pane;
}

void mr_machine_take_back(struct mr_machine *machine, struct mr_machine_window *window)
{
    if (!window->shown) return;
    tell_shown(machine, window, MR_ROW_DELETE);
    mr_machine_unshow(machine, window);
}

static void tell(
    struct mr_machine *machine, struct mr_machine_window *window, int timing, bool is_last)
{
    struct mr_value values[2 * MR_FIELDS_MAX];
    double slacks[2 * MR_FIELDS_MAX];
    memset(slacks, 0, sizeof slacks);
    mr_machine_fold(machine, window, values, slacks);
    struct mr_machine_pane pane = {.start_us = window->start_us,
        .end_us = window->end_us,
        .at_us = window->has_time ? window->time_us : mr_us_add(window->end_us, -1),
        .index = window->n_panes++,
        .nonspeculative_index = -1,
        .timing = timing,
        .is_last = is_last,
        .values = values,
        .slacks = slacks};
    if (timing != 0) {
        pane.nonspeculative_index = (int32_t)window->n_nonspeculative;
        if (window->n_nonspeculative < 65534)
            window->n_nonspeculative++; /* 16 bits of a pane */
    }
    if (window->shown) {
        tell_shown(machine, window, MR_ROW_UPDATE_BEFORE);
        pane.kind = MR_ROW_UPDATE_AFTER;
    }
    if (machine->listener.pane) machine->listener.pane(machine->listener.self, &pane);
    if (machine->transform->windowing.accumulation == MR_RETRACTING)
        keep_shown(machine, window, &pane);
    mr_scratch_reset(&machine->scratch);
}

static void put_pane(struct mr_machine *machine, struct mr_machine_window *window,
    enum cause cause, bool is_last)
{
    int timing = 0;
    if (window->end_us <= machine->watermark_us)
        timing = cause == CAUSE_END && window->n_nonspeculative == 0 ? 1 : 2;
    bool has_something =
        window->n_rows > 0 || mr_combine_has_empty(&machine->transform->combine);
    if (window->n_fresh > 0 || (timing == 1 && has_something))
        tell(machine, window, timing, is_last);
    window->n_fresh = 0;
    window->has_time = false;
    if (!is_last && machine->transform->windowing.accumulation != MR_DISCARDING) return;
    mr_machine_clear_rows(machine, window);
    mr_machine_unshow(machine, window);
}

static void ask(struct mr_machine *machine, struct mr_machine_window *window, enum cause cause,
    mr_ns now_ns)
{
    struct mr_tree_moment moment = {
        .end_us = window->end_us, .watermark_us = machine->watermark_us, .now_ns = now_ns};
    if (mr_tree_should_fire(window->trigger, &moment)) {
        mr_tree_fire(window->trigger, &moment);
        bool is_last = window->trigger->is_finished;
        if (cause == CAUSE_END)
            is_last |= mr_machine_horizon_us(machine, window->end_us) <= window->end_us;
        put_pane(machine, window, cause, is_last);
    }
    mr_ns due_ns = mr_tree_due_ns(window->trigger, now_ns);
    if (due_ns < machine->next_due_ns) machine->next_due_ns = due_ns;
}

/* Invariant 2. */
static void pass_time(struct mr_machine *machine, mr_ns now_ns)
{
    if (now_ns < machine->next_due_ns) return;
    machine->next_due_ns = MR_NS_NEVER;
    for (uint32_t i = 0; i < machine->n_windows; i++) {
        struct mr_machine_window *window = machine->heap[i];
        bool is_due = mr_tree_due_ns(window->trigger, -1) <= now_ns;
        if (is_due) ask(machine, window, CAUSE_TIME, now_ns);
        mr_ns due_ns = mr_tree_due_ns(window->trigger, now_ns);
        if (due_ns < machine->next_due_ns) machine->next_due_ns = due_ns;
    }
}

/* Whether a row may wait for its pane beyond the time of that. */
static bool may_hold(const struct mr_machine *machine)
{
    const struct mr_windowing *windowing = &machine->transform->windowing;
    bool fires_at_end = windowing->trigger.kind == MR_TRIGGER_DEFAULT ||
                        windowing->trigger.kind == MR_TRIGGER_WATERMARK;
    return !fires_at_end || windowing->timestamp_combiner != MR_END_OF_WINDOW;
}

static void look_at_output(struct mr_machine *machine)
{
    mr_us output_us = machine->watermark_us;
    for (uint32_t i = 0; i < machine->n_windows && may_hold(machine); i++) {
        const struct mr_machine_window *window = machine->heap[i];
        if (window->has_time && window->time_us < output_us) output_us = window->time_us;
    }
    if (output_us > machine->output_us) machine->output_us = output_us;
}

/* ---- What it sees ---- */

void mr_machine_time(struct mr_machine *machine, mr_ns now_ns)
{
    pass_time(machine, now_ns);
    look_at_output(machine);
}

/* The values of the aggregates; nothing for a mere count. False: one of them fails. */
static bool compute(
    struct mr_machine *machine, const struct mr_value *row, struct mr_value *values)
{
    for (uint32_t i = 0; i < machine->fold.n_tallies; i++) {
        const struct mr_tally *tally = &machine->fold.tallies[i];
        values[i] = (struct mr_value){.type = MR_TYPE_NULL};
        if (tally->field >= 0)
            values[i] = row[tally->field];
        else if (tally->expression &&
                 mr_expression_row(tally->expression, row, &machine->scratch, &values[i]))
            return false;
        if (!mr_tally_takes_none(tally) && values[i].type == MR_TYPE_NULL) return false;
    }
    return true;
}

bool mr_machine_row(struct mr_machine *machine, mr_ns now_ns, const struct mr_value *row,
    mr_us at_us, mr_us start_us, mr_us end_us)
{
    struct mr_value keys[MR_FIELDS_MAX], values[MR_FIELDS_MAX];
    const struct mr_fold *fold = &machine->fold;
    pass_time(machine, now_ns);
    if (mr_machine_horizon_us(machine, end_us) <= machine->watermark_us) return false;
    machine->caller.at_us = at_us;
    if (!compute(machine, row, values)) return true; /* the job fails over it */
    for (uint32_t i = 0; i < fold->n_keys; i++) keys[i] = row[fold->key_fields[i]];
    if (machine->n_batch == machine->batch_capacity) {
        uint32_t capacity = machine->batch_capacity ? machine->batch_capacity * 2 : 64;
        machine->batch = mr_arena_grow(machine->arena, machine->batch,
            sizeof *machine->batch * machine->batch_capacity,
            sizeof *machine->batch * capacity);
        machine->batch_capacity = capacity;
    }
    machine->batch[machine->n_batch++] =
        (struct mr_machine_row){.key = mr_machine_tuple_new(machine->arena, keys, fold->n_keys),
            .values = mr_machine_tuple_new(machine->arena, values, fold->n_tallies),
            .hash = mr_machine_key_hash(keys, fold->n_keys),
            .at_us = at_us,
            .start_us = start_us,
            .end_us = end_us};
    mr_scratch_reset(&machine->scratch);
    return true;
}

static void take_row(struct mr_machine *machine, const struct mr_machine_row *row, mr_ns now_ns)
{
    struct mr_machine_window *window = mr_machine_find(machine, row);
    MR_ASSERT(window != NULL);
    if (window->trigger->is_finished) return; /* closed */
    bool is_end = machine->transform->windowing.timestamp_combiner == MR_END_OF_WINDOW;
    mr_us pane_us = is_end ? mr_us_add(window->end_us, -1) : row->at_us;
    window->is_touched = true;
    window->n_fresh++;
    mr_machine_add_row(machine, window, row->values);
    mr_tree_row(window->trigger, now_ns);
    if (pane_us >= machine->output_us) mr_machine_time_row(machine, window, row->at_us);
}

void mr_machine_batch(struct mr_machine *machine, mr_ns now_ns)
{
    pass_time(machine, now_ns);
    mr_machine_place(machine);
    for (uint32_t i = 0; i < machine->n_batch; i++)
        take_row(machine, &machine->batch[i], now_ns);
    for (uint32_t i = 0; i < machine->n_batch; i++) {
        struct mr_machine_window *window = mr_machine_find(machine, &machine->batch[i]);
        if (window->is_touched) ask(machine, window, CAUSE_ROWS, now_ns);
        window->is_touched = window->is_new = false;
    }
    forget_batch(machine);
    look_at_output(machine);
}

static void expire(struct mr_machine *machine, struct mr_machine_window *window)
{
    struct mr_machine_window **at = mr_machine_bucket(machine, window->hash);
    while (*at != window) at = &(*at)->next;
    *at = window->next;
    mr_machine_due_remove(machine, window);
    if (window->n_fresh > 0) put_pane(machine, window, CAUSE_END, true);
    mr_machine_window_discard(machine, window);
}

void mr_machine_watermark(struct mr_machine *machine, mr_ns now_ns, mr_us watermark_us)
{
    if (watermark_us <= machine->watermark_us) return;
    pass_time(machine, now_ns);
    machine->watermark_us = watermark_us;
    while (machine->n_windows > 0 && machine->heap[0]->due_us <= watermark_us) {
        struct mr_machine_window *window = machine->heap[0];
        if (window->has_ended) {
            expire(machine, window);
            continue;
        }
        window->has_ended = true;
        window->due_us = mr_machine_horizon_us(machine, window->end_us);
        mr_machine_due_later(machine, window);
        ask(machine, window, CAUSE_END, now_ns);
    }
    look_at_output(machine);
}

/* ---- Questions ---- */

mr_us mr_machine_output_us(const struct mr_machine *machine)
{
    return machine->output_us;
}

uint64_t mr_machine_entries(const struct mr_machine *machine)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < machine->n_windows; i++) {
        const struct mr_machine_window *window = machine->heap[i];
        n += window->n_rows > 0;
    }
    return n;
}

bool mr_machine_show(struct mr_machine *machine, mr_us start_us, mr_us end_us,
    const struct mr_value *keys, struct mr_value *values, double *slacks)
{
    uint32_t n_keys = machine->fold.n_keys;
    mr_scratch_reset(&machine->scratch);
    struct mr_machine_row row = {.key = mr_machine_tuple_new(machine->arena, keys, n_keys),
        .hash = mr_machine_key_hash(keys, n_keys),
        .start_us = start_us,
        .end_us = end_us};
    const struct mr_machine_window *window = mr_machine_find(machine, &row);
    mr_machine_tuple_drop(machine->arena, row.key);
    if (!window || window->n_rows == 0 || window->start_us != start_us ||
        window->end_us != end_us)
        return false;
    bool has_folds = machine->fold.has_folds;
    machine->fold.has_folds = false; /* state shows the values themselves */
    mr_machine_fold(machine, window, values, slacks);
    machine->fold.has_folds = has_folds;
    return true;
}

mr_us mr_machine_earliest_end_us(const struct mr_machine *machine)
{
    mr_us end_us = MR_US_MAX;
    for (uint32_t i = 0; i < machine->n_windows; i++) {
        const struct mr_machine_window *window = machine->heap[i];
        if (window->n_fresh > 0 && !window->has_ended && window->end_us < end_us)
            end_us = window->end_us;
    }
    return end_us;
}
