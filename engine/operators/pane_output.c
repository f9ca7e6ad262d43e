#include "engine/operators/pane_output.h"

#include <string.h>

void mr_pane_output_init(struct mr_pane_output *output, struct mr_operator *operator,
    const struct mr_pane_windows * windows)
{
    *output = (struct mr_pane_output){.operator= operator, .windows = windows };
    mr_accumulators_init(
        &output->values, operator->context->arena, &operator->transform->combine);
    output->values.folds_nothing = true;
}

static void reserve(struct mr_pane_output *output)
{
    struct mr_arena *arena = output->operator->context->arena;
    output->keys = mr_arena_alloc(arena, sizeof *output->keys * MR_PANES_GATHERED);
    output->times_us = mr_arena_alloc(arena, sizeof *output->times_us * MR_PANES_GATHERED);
    output->starts_us = mr_arena_alloc(arena, sizeof *output->starts_us * MR_PANES_GATHERED);
    output->ends_us = mr_arena_alloc(arena, sizeof *output->ends_us * MR_PANES_GATHERED);
    output->panes = mr_arena_alloc(arena, sizeof *output->panes * MR_PANES_GATHERED);
    output->are_empty = mr_arena_alloc(arena, sizeof *output->are_empty * MR_PANES_GATHERED);
    output->kinds = mr_arena_alloc(arena, sizeof *output->kinds * MR_PANES_GATHERED);
    mr_accumulators_reserve(&output->values, MR_PANES_GATHERED);
}

void mr_pane_output_deinit(struct mr_pane_output *output)
{
    struct mr_arena *arena = output->operator->context->arena;
    mr_accumulators_deinit(&output->values);
    if (!output->keys) return;
    mr_arena_free(arena, output->keys, sizeof *output->keys * MR_PANES_GATHERED);
    mr_arena_free(arena, output->times_us, sizeof *output->times_us * MR_PANES_GATHERED);
    mr_arena_free(arena, output->starts_us, sizeof *output->starts_us * MR_PANES_GATHERED);
    mr_arena_free(arena, output->ends_us, sizeof *output->ends_us * MR_PANES_GATHERED);
    mr_arena_free(arena, output->panes, sizeof *output->panes * MR_PANES_GATHERED);
    mr_arena_free(arena, output->are_empty, sizeof *output->are_empty * MR_PANES_GATHERED);
    mr_arena_free(arena, output->kinds, sizeof *output->kinds * MR_PANES_GATHERED);
    output->keys = NULL;
}

mr_us mr_pane_output_time_us(const struct mr_pane_window *window)
{
    return window->has_hold ? window->hold_us : mr_us_add(window->end_us, -1);
}

/* All but the values. */
static uint32_t add_pane(struct mr_pane_output *output, uint32_t id, struct mr_pane pane,
    enum mr_row_kind kind, mr_us at_us)
{
    if (!output->keys) reserve(output);
    if (output->n == MR_PANES_GATHERED) mr_pane_output_flush(output);
    const struct mr_pane_window *window = &output->windows->list[id];
    uint32_t at = output->n++;
    output->keys[at] = window->key;
    output->times_us[at] = at_us;
    output->starts_us[at] = window->start_us;
    output->ends_us[at] = window->end_us;
    output->panes[at] = pane;
    output->kinds[at] = (uint8_t)kind;
    return at;
}

static void add_values(
    struct mr_pane_output *output, uint32_t at, const struct mr_accumulators *from, uint32_t id)
{
    if (!mr_accumulators_merge(&output->values, &at, from, &id, 1))
        MR_UNREACHABLE("a sum that is merged into nothing leaves 64 bits");
}

void mr_pane_output_put(
    struct mr_pane_output *output, uint32_t id, struct mr_pane pane, enum mr_row_kind kind)
{
    const struct mr_pane_window *window = &output->windows->list[id];
    uint32_t at = add_pane(output, id, pane, kind, mr_pane_output_time_us(window));
    output->are_empty[at] = window->n_rows == 0;
    add_values(output, at, &output->windows->accumulators, id);
}

void mr_pane_output_take_back(struct mr_pane_output *output, uint32_t id, enum mr_row_kind kind)
{
    const struct mr_pane_window *window = &output->windows->list[id];
    MR_ASSERT(window->is_shown);
    uint32_t at = add_pane(output, id, window->shown_pane, kind, window->shown_us);
    output->are_empty[at] = window->shown_rows == 0;
    add_values(output, at, &output->windows->shown, id);
}

/* ---- Columns ---- */

static void set_null(uint64_t *valid, char *values, uint32_t row, uint32_t bytes)
{
    valid[row / 64] &= ~((uint64_t)1 << (row % 64));
    memset(values + (size_t)row * bytes, 0, bytes);
}

/* The keys of the panes, one by one. */
static void gather_keys(
    struct mr_pane_output *output, struct mr_scratch *scratch, struct mr_column *columns)
{
    const struct mr_keyed_map *map = &output->windows->map;
    uint32_t n_keys = map->layout->n_keys;
    struct mr_column *one = mr_scratch_array(scratch, struct mr_column, n_keys + 1);
    char **values = mr_scratch_array(scratch, char *, n_keys + 1);
    uint64_t **valid = mr_scratch_array(scratch, uint64_t *, n_keys + 1);
    size_t n_words = output->n / 64 + 1;
    for (uint32_t k = 0; k < n_keys; k++) {
        enum mr_type type = map->layout->types[k].type;
        values[k] = mr_scratch_alloc(scratch, (size_t)mr_type_bytes(type) * output->n);
        valid[k] = mr_scratch_array(scratch, uint64_t, n_words);
        memset(valid[k], 0xff, sizeof *valid[k] * n_words);
        columns[k] = (struct mr_column){
            .type = type, .values = values[k], .valid = valid[k], .heap = map->heap};
    }
    for (uint32_t i = 0; i < output->n; i++) {
        mr_keyed_map_columns(map, output->keys[i], 1, scratch, one);
        for (uint32_t k = 0; k < n_keys; k++) {
            uint32_t bytes = mr_type_bytes(columns[k].type);
            if (mr_column_is_null(&one[k], 0))
                set_null(valid[k], values[k], i, bytes);
            else
                memcpy(values[k] + (size_t)i * bytes, one[k].values, bytes);
        }
    }
}

/* Of no rows, a mean is no number. What has no least or greatest does not come
 * (mr_combine_has_empty). */
static void show_empty(
    struct mr_pane_output *output, struct mr_scratch *scratch, struct mr_column *column)
{
    double *means = mr_scratch_array(scratch, double, output->n);
    memcpy(means, column->values, sizeof *means * output->n);
    for (uint32_t i = 0; i < output->n; i++)
        if (output->are_empty[i]) means[i] = mr_canonical_float(__builtin_nan(""));
    column->values = means;
}

static bool has_empty(const struct mr_pane_output *output)
{
    for (uint32_t i = 0; i < output->n; i++)
        if (output->are_empty[i]) return true;
    return false;
}

static void gather_values(
    struct mr_pane_output *output, struct mr_scratch *scratch, struct mr_column *columns)
{
    const struct mr_combine *combine = output->values.combine;
    bool is_some_empty = has_empty(output);
    for (uint32_t i = 0; i < combine->n_aggregates; i++) {
        columns[i] = mr_accumulators_column(&output->values, i, 0, output->n, scratch);
        if (is_some_empty && combine->aggregates[i].kind == MR_MEAN)
            show_empty(output, scratch, &columns[i]);
    }
}

static void forget(struct mr_pane_output *output)
{
    for (uint32_t i = 0; i < output->n; i++) mr_accumulators_clear(&output->values, i);
    for (uint32_t i = 0; i < output->values.combine->n_aggregates; i++)
        output->values.list[i].heap_bytes = 0;
    output->n = 0;
}

void mr_pane_output_flush(struct mr_pane_output *output)
{
    if (output->n == 0) return;
    struct mr_operator *operator= output->operator;
    struct mr_scratch *scratch = &operator->context->scratch;
    const struct mr_combine *combine = &operator->transform->combine;
    struct mr_column *columns =
        mr_scratch_array(scratch, struct mr_column, combine->n_keys + combine->n_aggregates);
    gather_keys(output, scratch, columns);
    gather_values(output, scratch, columns + combine->n_keys);
    if (mr_combine_fold_failed(operator)) {
        forget(output);
        return;
    }
    struct mr_batch batch = {.n_rows = output->n,
        .n_selected = output->n,
        .n_columns = combine->n_keys + combine->n_aggregates,
        .columns = columns,
        .times_us = output->times_us,
        .slots = MR_SLOT_WINDOW | MR_SLOT_PANE,
        .window_starts_us = output->starts_us,
        .window_ends_us = output->ends_us,
        .panes = output->panes};
    if (output->windows->keeps_shown) {
        batch.slots |= MR_SLOT_KIND;
        batch.kinds = output->kinds;
    }
    const struct mr_probe *probe = operator->context->job->probe;
    if (probe && probe->panes_fired) {
        struct mr_probe_at at = mr_operator_at(operator);
        probe->panes_fired(probe->self, &at, &batch);
    }
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &batch);
    forget(output);
}
