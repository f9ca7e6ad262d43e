/* The state of sliding windows as a snapshot holds it, shown window by window: for the check of
 * the consistent cut. */
#include "engine/operators/slices.h"

/* The entries of one open window, shown to `visit`. */
static void visit_window(const struct mr_slices *slices, mr_us start_us,
    struct mr_scratch *scratch, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry))
{
    const struct mr_combine *combine = slices->combine;
    struct mr_keyed_map map;
    struct mr_accumulators accumulators;
    struct mr_value values[2 * MR_FIELDS_MAX];
    struct mr_column columns[2 * MR_FIELDS_MAX];
    struct mr_combine_state_entry entry = {.window_start_us = start_us,
        .window_end_us = mr_us_add(start_us, slices->windowing->size_us),
        .keys = values,
        .results = values + combine->n_keys};
    mr_keyed_map_init(&map, slices->arena, slices->layout, 0);
    mr_accumulators_init(&accumulators, slices->arena, combine);
    accumulators.shows_lists = true;
    bool is_whole = mr_slices_merge(slices, start_us, &map, &accumulators, scratch);
    for (uint32_t first = 0; is_whole && first < map.n; first += MR_BATCH_ROWS_MAX) {
        uint32_t n = map.n - first < MR_BATCH_ROWS_MAX ? map.n - first : MR_BATCH_ROWS_MAX;
        mr_keyed_map_columns(&map, first, n, scratch, columns);
        for (uint32_t k = 0; k < combine->n_aggregates; k++)
            columns[combine->n_keys + k] =
                mr_accumulators_column(&accumulators, k, first, n, scratch);
        for (uint32_t row = 0; row < n; row++) {
            for (uint32_t k = 0; k < combine->n_keys + combine->n_aggregates; k++)
                values[k] = mr_column_value(&columns[k], row);
            visit(self, &entry);
        }
        mr_scratch_reset(scratch);
    }
    mr_keyed_map_deinit(&map);
    mr_accumulators_deinit(&accumulators);
}

bool mr_slices_state_visit(const struct mr_transform *transform, const struct mr_schema *input,
    const void *state, uint32_t bytes, struct mr_scratch *scratch, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry))
{
    struct mr_snapshot_reader reader = {.data = state, .bytes = bytes};
    struct mr_field types[MR_FIELDS_MAX];
    const struct mr_combine *combine = &transform->combine;
    struct mr_key_layout layout =
        mr_key_layout_make(input, combine->key_fields, combine->n_keys, types);
    struct mr_slices slices;
    mr_slices_init(&slices, scratch->arena, transform, &layout);
    mr_us after_us = (mr_us)mr_snapshot_read_u64(&reader);
    mr_slices_restore(&slices, &reader);
    mr_us start_us;
    while (!reader.is_broken && mr_slices_next_window(&slices, after_us, &start_us)) {
        visit_window(&slices, start_us, scratch, self, visit);
        after_us = mr_us_add(start_us, transform->windowing.size_us);
        mr_slices_retire(&slices, start_us);
    }
    mr_slices_deinit(&slices);
    return !reader.is_broken;
}
