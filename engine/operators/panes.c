/* Combine where panes depend on more than the end of a window that is known from the row:
 * sessions, and all triggers, accumulation modes and times of panes but the default ones.
 *
 * Invariants.
 * 1. What processing time makes due fires before a batch or a watermark is handled at that
 * time.
 * 2. The rows of a batch go into their windows first; then each window that took rows fires at
 * most once for them.
 * 3. At its end a window's trigger is asked once; when it expires, what no pane has brought
 * comes in a last one, and nothing of the window is left.
 * 4. The output's watermark never passes the time of a pane to come (mr_pane_windows_held_us).
 */
#include <string.h>

#include "engine/operators/pane_output.h"

enum cause { CAUSE_ROWS, CAUSE_END, CAUSE_TIME };

struct combine {
    struct mr_operator operator;
    struct mr_trigger_program program;
    struct mr_pane_windows windows;
    struct mr_pane_output output;
    mr_us output_us; /* the watermark of the output */
};

static const struct mr_windowing *windowing_of(const struct combine *combine)
{
    return &combine->operator.transform->windowing;
}

static mr_ns now_of(const struct combine *combine)
{
    const struct mr_env *env = combine->operator.context->env;
    return env->now(env);
}

static void init_windows(struct combine *combine)
{
    const struct mr_operator *operator= & combine->operator;
    mr_pane_windows_init(&combine->windows, operator->context->arena, operator->context->env,
                                                                      operator->transform,
        mr_combine_input(operator), &combine->program);
}

static void panes_open(struct mr_operator *operator)
{
    struct combine *combine = (struct combine *)operator;
    mr_trigger_compile(&combine->program, &operator->transform->windowing.trigger);
    init_windows(combine);
    mr_pane_output_init(&combine->output, operator, & combine->windows);
    combine->output_us = MR_US_MIN;
}

static void panes_close(struct mr_operator *operator)
{
    struct combine *combine = (struct combine *)operator;
    mr_pane_windows_deinit(&combine->windows);
    mr_pane_output_deinit(&combine->output);
}

/* ---- Firing ---- */

static enum mr_pane_timing timing_of(
    const struct combine *combine, const struct mr_pane_window *window, enum cause cause)
{
    if (combine->windows.watermark_us < window->end_us) return MR_PANE_EARLY;
    bool is_first = window->n_nonspeculative == 0;
    return cause == CAUSE_END && is_first ? MR_PANE_ON_TIME : MR_PANE_LATE;
}

/* What a pane leaves behind. */
static void clear_window(struct combine *combine, uint32_t id, bool is_over)
{
    struct mr_pane_window *window = &combine->windows.list[id];
    window->fresh_rows = 0;
    window->has_hold = false;
    if (!is_over && windowing_of(combine)->accumulation != MR_DISCARDING) return;
    mr_pane_windows_unshow(&combine->windows, id);
    window->n_rows = 0;
    mr_accumulators_clear(&combine->windows.accumulators, id);
}

/* What is taken back goes first. */
static void say(struct combine *combine, uint32_t id, struct mr_pane pane)
{
    const struct mr_pane_window *window = &combine->windows.list[id];
    bool is_shown = window->is_shown;
    if (is_shown) mr_pane_output_take_back(&combine->output, id, MR_ROW_UPDATE_BEFORE);
    mr_pane_output_put(
        &combine->output, id, pane, is_shown ? MR_ROW_UPDATE_AFTER : MR_ROW_INSERT);
    if (combine->windows.keeps_shown)
        mr_pane_windows_show(&combine->windows, id, pane, mr_pane_output_time_us(window));
}

/* Takes back what sessions said whose bounds are others now. */
static void take_back_ghosts(struct combine *combine)
{
    uint32_t ghost;
    while ((ghost = mr_pane_windows_pop_ghost(&combine->windows)) != MR_PANE_WINDOW_NONE) {
        mr_pane_output_take_back(&combine->output, ghost, MR_ROW_DELETE);
        mr_pane_windows_unshow(&combine->windows, ghost);
    }
}

static void put_pane(struct combine *combine, uint32_t id, enum cause cause, bool is_last)
{
    struct mr_pane_window *window = &combine->windows.list[id];
    enum mr_pane_timing timing = timing_of(combine, window, cause);
    if (timing == MR_PANE_LATE)
        combine->operator.context->env->milestone(
            combine->operator.context->env, MR_SOMETIMES_LATE_PANE_FIRED);
    bool has_something =
        window->n_rows > 0 || mr_combine_has_empty(&combine->operator.transform->combine);
    if (window->fresh_rows > 0 || (timing == MR_PANE_ON_TIME && has_something)) {
        struct mr_pane pane = {.index = window->n_panes++,
            .nonspeculative_index = MR_PANE_SPECULATIVE,
            .timing = (uint8_t)timing,
            .is_last = is_last};
        if (timing != MR_PANE_EARLY) {
            pane.nonspeculative_index = (uint16_t)window->n_nonspeculative;
            if (window->n_nonspeculative < MR_PANE_SPECULATIVE - 1) window->n_nonspeculative++;
        }
        say(combine, id, pane);
    }
    clear_window(combine, id, is_last);
}

static void fire_if_due(struct combine *combine, uint32_t id, enum cause cause)
{
    struct mr_pane_windows *windows = &combine->windows;
    const struct mr_pane_window *window = &windows->list[id];
    int64_t *state = mr_pane_windows_state(windows, id);
    struct mr_trigger_view view = {.end_us = window->end_us,
        .watermark_us = windows->watermark_us,
        .now_ns = now_of(combine)};
    if (mr_trigger_should_fire(&combine->program, state, &view)) {
        bool is_last = mr_trigger_fire(&combine->program, state, &view);
        is_last |=
            cause == CAUSE_END && mr_pane_windows_horizon_us(windows, id) <= window->end_us;
        put_pane(combine, id, cause, is_last);
    }
    mr_pane_windows_queue_timer(windows, id, view.now_ns);
}

static void arm(struct combine *combine)
{
    if (combine->windows.timers.n > 0)
        mr_task_arm(&combine->operator, combine->windows.timers.list[0].at);
}

/* The end of each way in. */
static void finish(struct combine *combine)
{
    mr_pane_output_flush(&combine->output);
    mr_pane_windows_end_batch(&combine->windows);
    mr_us held_us = mr_pane_windows_held_us(&combine->windows);
    mr_us allowed_us =
        held_us < combine->windows.watermark_us ? held_us : combine->windows.watermark_us;
    if (allowed_us > combine->output_us) combine->output_us = allowed_us;
    if (mr_pane_windows_are_sparse(&combine->windows))
        mr_pane_windows_compact(&combine->windows, &combine->operator.context->scratch);
    arm(combine);
}

/* Invariant 1. */
static void fire_timers(struct combine *combine)
{
    uint32_t id;
    mr_ns now_ns = now_of(combine);
    while (mr_pane_windows_pop_timer(&combine->windows, now_ns, &id))
        fire_if_due(combine, id, CAUSE_TIME);
}

static void panes_timer(struct mr_operator *operator)
{
    struct combine *combine = (struct combine *)operator;
    const struct mr_probe *probe = operator->context->job->probe;
    if (probe && probe->time_passed) {
        struct mr_probe_at at = mr_operator_at(operator);
        probe->time_passed(probe->self, &at);
    }
    fire_timers(combine);
    finish(combine);
}

/* ---- The watermark ---- */

static void expire(struct combine *combine, uint32_t id)
{
    if (combine->windows.list[id].fresh_rows > 0) put_pane(combine, id, CAUSE_END, true);
    mr_pane_windows_remove(&combine->windows, id);
}

/* Invariant 3. */
static void panes_watermark(struct mr_operator *operator, mr_us watermark_us)
{
    struct combine *combine = (struct combine *)operator;
    struct mr_pane_windows *windows = &combine->windows;
    MR_ASSERT(watermark_us >= windows->watermark_us);
    fire_timers(combine);
    windows->watermark_us = watermark_us;
    uint32_t id;
    while (!operator->context->has_failed && mr_pane_windows_pop_end(windows, &id)) {
        if (windows->list[id].has_ended) {
            expire(combine, id);
            continue;
        }
        windows->list[id].has_ended = true;
        fire_if_due(combine, id, CAUSE_END);
        mr_pane_windows_queue_end(windows, id);
    }
    finish(combine);
}

/* ---- Rows ---- */

/* A batch on its way into the windows: row rows[i] into window ids[i]. */
struct intake {
    const struct mr_batch *batch;
    struct mr_column *values;
    uint8_t *errors;
    uint32_t n;
    uint32_t capacity;
    uint16_t *rows;
    uint32_t *ids;
};

static bool is_expired(const struct combine *combine, mr_us end_us)
{
    mr_us horizon_us = mr_us_add(end_us, windowing_of(combine)->allowed_lateness_us);
    if (MR_PLANTED(combine->operator.context->env, FALSE_LATE_DROP))
        horizon_us = mr_us_add(horizon_us, -MR_SECOND_US * 1800);
    if (MR_PLANTED(combine->operator.context->env, PANE_AFTER_HORIZON))
        horizon_us = mr_us_add(horizon_us, MR_SECOND_US);
    return horizon_us <= combine->windows.watermark_us;
}

static void add_entry(struct combine *combine, struct intake *intake, uint32_t row, uint32_t id)
{
    if (intake->n == intake->capacity) {
        struct mr_scratch *scratch = &combine->operator.context->scratch;
        uint32_t capacity = intake->capacity * 2;
        uint16_t *rows = mr_scratch_array(scratch, uint16_t, capacity);
        uint32_t *ids = mr_scratch_array(scratch, uint32_t, capacity);
        memcpy(rows, intake->rows, sizeof *rows * intake->n);
        memcpy(ids, intake->ids, sizeof *ids * intake->n);
        intake->rows = rows;
        intake->ids = ids;
        intake->capacity = capacity;
    }
    intake->rows[intake->n] = (uint16_t)row;
    intake->ids[intake->n++] = id;
}

static void enter(struct combine *combine, struct intake *intake, uint32_t row, uint32_t key,
    mr_us start_us, mr_us end_us)
{
    struct mr_operator *operator= & combine->operator;
    const struct mr_probe *probe = operator->context->job->probe;
    if (is_expired(combine, end_us)) {
        mr_combine_drop(operator, intake->batch, row, start_us, end_us,
            combine->windows.watermark_us);
        return;
    }
    if (probe && probe->wants_accepted) {
        struct mr_probe_at at = mr_operator_at(operator);
        probe->accepted(probe->self, &at, intake->batch, row, start_us, end_us);
    }
    uint32_t id = mr_pane_windows_join(&combine->windows, key, start_us, end_us);
    if (id == MR_PANE_WINDOW_NONE)
        mr_combine_fail_overflow(operator);
    else
        add_entry(combine, intake, row, id);
}

/* Into each of its windows. */
static void enter_all(
    struct combine *combine, struct intake *intake, uint32_t row, uint32_t key)
{
    const struct mr_windowing *windowing = windowing_of(combine);
    mr_us start_us, end_us;
    mr_row_window(windowing, intake->batch, row, &start_us, &end_us);
    if (windowing->kind != MR_WINDOW_SLIDING) {
        enter(combine, intake, row, key, start_us, end_us);
        return;
    }
    if (start_us == end_us) return; /* in none */
    mr_us last_us = mr_us_add(end_us, -windowing->size_us);
    do {
        enter(combine, intake, row, key, start_us, mr_us_add(start_us, windowing->size_us));
        start_us += windowing->period_us;
    } while (start_us <= last_us);
}

static void find_windows(struct combine *combine, struct intake *intake)
{
    struct mr_scratch *scratch = &combine->operator.context->scratch;
    const struct mr_batch *batch = intake->batch;
    struct mr_pane_windows *windows = &combine->windows;
    struct mr_key_hashes hashes = mr_key_hashes_make(&windows->layout, batch, scratch);
    uint16_t *rows = mr_scratch_array(scratch, uint16_t, batch->n_selected);
    uint32_t *keys = mr_scratch_array(scratch, uint32_t, batch->n_selected);
    for (uint32_t i = 0; i < batch->n_selected; i++) rows[i] = (uint16_t)mr_batch_row(batch, i);
    mr_keyed_map_find(&windows->map, batch, &hashes, rows, batch->n_selected, keys);
    mr_pane_windows_reserve_keys(windows);
    for (uint32_t i = 0; i < batch->n_selected && !combine->operator.context->has_failed; i++)
        enter_all(combine, intake, rows[i], keys[i]);
}

/* Leaves out the rows of closed windows; tells triggers and holds of the others. */
static void count_rows(struct combine *combine, struct intake *intake)
{
    struct mr_pane_windows *windows = &combine->windows;
    mr_ns now_ns = now_of(combine);
    uint32_t n = 0;
    for (uint32_t i = 0; i < intake->n; i++) {
        uint32_t id = mr_pane_windows_resolve(windows, intake->ids[i]);
        struct mr_pane_window *window = &windows->list[id];
        int64_t *state = mr_pane_windows_state(windows, id);
        if (mr_trigger_is_finished(state)) continue;
        mr_trigger_take(&combine->program, state, 1, now_ns);
        window->is_new = false;
        window->n_rows++;
        window->fresh_rows++;
        mr_us at_us = intake->batch->times_us[intake->rows[i]];
        bool is_end = windowing_of(combine)->timestamp_combiner == MR_END_OF_WINDOW;
        if ((is_end ? mr_us_add(window->end_us, -1) : at_us) >= combine->output_us)
            mr_pane_windows_hold(windows, id, at_us);
        intake->rows[n] = intake->rows[i];
        intake->ids[n++] = id;
    }
    intake->n = n;
}

static void accumulate(struct combine *combine, const struct intake *intake)
{
    uint32_t n_aggregates = combine->operator.transform->combine.n_aggregates;
    for (uint32_t i = 0; i < n_aggregates; i++)
        mr_accumulators_add(&combine->windows.accumulators, i, &intake->values[i], intake->ids,
            intake->rows, intake->n, intake->errors);
    mr_operator_divert(&combine->operator, intake->batch, intake->errors);
}

/* Invariant 2. */
static void fire_touched(struct combine *combine, const struct intake *intake)
{
    const struct mr_probe *probe = combine->operator.context->job->probe;
    if (probe && probe->batch_taken) {
        struct mr_probe_at at = mr_operator_at(&combine->operator);
        probe->batch_taken(probe->self, &at);
    }
    take_back_ghosts(combine);
    struct mr_pane_window *list = combine->windows.list;
    for (uint32_t i = 0; i < intake->n; i++) list[intake->ids[i]].is_touched = true;
    for (uint32_t i = 0; i < intake->n; i++) {
        uint32_t id = intake->ids[i];
        if (!list[id].is_touched) continue;
        list[id].is_touched = false;
        fire_if_due(combine, id, CAUSE_ROWS);
    }
}

static void panes_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct combine *combine = (struct combine *)operator;
    struct mr_scratch *scratch = &operator->context->scratch;
    uint32_t n_aggregates = operator->transform->combine.n_aggregates;
    struct intake intake = {.batch = batch,
        .values = mr_scratch_array(scratch, struct mr_column, n_aggregates + 1),
        .errors = mr_scratch_array(scratch, uint8_t, batch->n_rows),
        .capacity = batch->n_selected,
        .rows = mr_scratch_array(scratch, uint16_t, batch->n_selected),
        .ids = mr_scratch_array(scratch, uint32_t, batch->n_selected)};
    memset(intake.errors, 0, batch->n_rows);
    panes_timer(operator);
    if (!mr_combine_evaluate(operator, batch, intake.values, intake.errors)) return;
    find_windows(combine, &intake);
    if (operator->context->has_failed) return;
    count_rows(combine, &intake);
    accumulate(combine, &intake);
    if (operator->context->has_failed) return;
    fire_touched(combine, &intake);
    finish(combine);
}

/* ---- The task's side ---- */

static mr_us panes_output(const struct mr_operator *operator)
{
    return ((const struct combine *)operator)->output_us;
}

static void panes_start(struct mr_operator *operator)
{
    arm((struct combine *)operator);
}

static void panes_snapshot(
    struct mr_operator *operator, struct mr_snapshot_writer * writer, uint64_t checkpoint)
{
    (void)checkpoint;
    struct combine *combine = (struct combine *)operator;
    mr_pane_windows_compact(&combine->windows, &operator->context->scratch);
    mr_snapshot_u64(writer, (uint64_t)combine->windows.watermark_us);
    mr_snapshot_u64(writer, (uint64_t)combine->output_us);
    mr_pane_windows_snapshot(&combine->windows, writer);
}

static void panes_restore(
    struct mr_operator *operator, struct mr_snapshot_reader * reader, bool is_rewind)
{
    (void)is_rewind;
    struct combine *combine = (struct combine *)operator;
    combine->windows.watermark_us = (mr_us)mr_snapshot_read_u64(reader);
    combine->output_us = (mr_us)mr_snapshot_read_u64(reader);
    mr_pane_windows_restore(&combine->windows, reader);
    if (MR_PLANTED(operator->context->env, RESTORE_SKIPS_STATE)) {
        mr_us watermark_us = combine->windows.watermark_us;
        mr_pane_windows_deinit(&combine->windows);
        init_windows(combine);
        combine->windows.watermark_us = watermark_us;
    }
}

const struct mr_operator_class mr_combine_panes_class = {.name = "Combine",
    .bytes = sizeof(struct combine),
    .open = panes_open,
    .close = panes_close,
    .batch = panes_batch,
    .watermark = panes_watermark,
    .output_us = panes_output,
    .timer = panes_timer,
    .start = panes_start,
    .snapshot = panes_snapshot,
    .restore = panes_restore};
