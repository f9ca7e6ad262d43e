/* The state of a Combine with triggers as a snapshot holds it: for the check of the consistent
 * cut. */
#include "engine/operators/pane_windows.h"

static void visit_window(const struct mr_pane_windows *windows, uint32_t id,
    struct mr_scratch *scratch, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry))
{
    const struct mr_combine *combine = &windows->transform->combine;
    const struct mr_pane_window *window = &windows->list[id];
    struct mr_value values[2 * MR_FIELDS_MAX];
    struct mr_column keys[MR_FIELDS_MAX];
    mr_keyed_map_columns(&windows->map, window->key, 1, scratch, keys);
    for (uint32_t k = 0; k < combine->n_keys; k++) values[k] = mr_column_value(&keys[k], 0);
    for (uint32_t k = 0; k < combine->n_aggregates; k++) {
        struct mr_column column =
            mr_accumulators_column(&windows->accumulators, k, id, 1, scratch);
        values[combine->n_keys + k] = mr_column_value(&column, 0);
    }
    struct mr_combine_state_entry entry = {.window_start_us = window->start_us,
        .window_end_us = window->end_us,
        .keys = values,
        .results = values + combine->n_keys};
    visit(self, &entry);
    mr_scratch_reset(scratch);
}

bool mr_panes_state_visit(const struct mr_transform *transform, const struct mr_schema *input,
    const void *state, uint32_t bytes, struct mr_scratch *scratch, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry))
{
    static const struct mr_env nowhere = {.plant = MR_PLANT_NONE};
    struct mr_snapshot_reader reader = {.data = state, .bytes = bytes};
    struct mr_trigger_program program;
    struct mr_pane_windows windows;
    mr_trigger_compile(&program, &transform->windowing.trigger);
    mr_pane_windows_init(&windows, scratch->arena, &nowhere, transform, input, &program);
    windows.accumulators.shows_lists = true;
    windows.watermark_us = (mr_us)mr_snapshot_read_u64(&reader);
    mr_snapshot_read_u64(&reader);
    mr_pane_windows_restore(&windows, &reader);
    for (uint32_t id = 0; id < windows.n && !reader.is_broken; id++)
        if (windows.list[id].n_rows > 0) visit_window(&windows, id, scratch, self, visit);
    mr_pane_windows_deinit(&windows);
    return !reader.is_broken;
}
