/* Which Combines with allowed lateness need their panes told one by one.
 *
 * How late rows are cut into panes depends on when they come. Where the panes go straight to one
 * sink that shows their keys, it is enough that those of a window and key add up. Anything else
 * behind them (a filter, an expression, another window) sees each pane by itself. */
#include "engine/pipeline/graph_internal.h"

/* The only reader of the main output; NULL: there is none, or there are several. */
static const struct mr_transform *only_reader(
    const struct mr_graph_reader *reader, const struct mr_transform *transform)
{
    const struct mr_transform *only = NULL;
    for (uint32_t i = transform->id + 1; i < reader->n_transforms; i++) {
        const struct mr_transform *at = &reader->transforms[i];
        for (uint32_t k = 0; k < at->n_inputs; k++) {
            if (at->inputs[k].transform != transform->id) continue;
            if (only || at->inputs[k].output != MR_OUTPUT_MAIN) return NULL;
            only = at;
        }
    }
    return only;
}

/* Takes the fields that are keys through a transform that does nothing but pick fields, as
 * bits. False: it does more. */
static bool picks_fields(const struct mr_transform *transform, uint64_t *keys)
{
    if (transform->kind != MR_MAP_TO_FIELDS || transform->map.keep) return false;
    uint64_t picked = 0;
    for (uint32_t i = 0; i < transform->map.n_mappings; i++) {
        int field = mr_expression_field(transform->map.mappings[i].expression);
        if (field < 0) return false;
        picked |= *keys & ((uint64_t)1 << field);
    }
    *keys = picked;
    return true;
}

/* That all keys are still there, whatever their places. */
static bool goes_straight_to_a_sink(
    const struct mr_graph_reader *reader, const struct mr_transform *combine)
{
    uint64_t all = ((uint64_t)1 << combine->combine.n_keys) - 1, keys = all;
    const struct mr_transform *at = only_reader(reader, combine);
    /* Only the first picking is followed: behind it the fields have other places. */
    if (at && at->kind == MR_MAP_TO_FIELDS && picks_fields(at, &keys))
        at = only_reader(reader, at);
    return at && at->kind == MR_WRITE_TO_LOG && keys == all;
}

/* Values of any type as keys, and values that are kept, do not add up from parts. */
static bool adds_up(const struct mr_graph_reader *reader, const struct mr_transform *transform)
{
    const struct mr_combine *combine = &transform->combine;
    const struct mr_schema *input = mr_edge_schema(reader, transform->inputs[0]);
    for (uint32_t i = 0; i < combine->n_keys; i++)
        if (mr_type_is_document(input->fields[combine->key_fields[i]].type)) return false;
    for (uint32_t i = 0; i < combine->n_aggregates; i++)
        if (mr_aggregate_is_fold(combine->aggregates[i].kind)) return false;
    return true;
}

void mr_late_panes_mark(struct mr_graph_reader *reader)
{
    for (uint32_t i = 0; i < reader->n_transforms; i++) {
        struct mr_transform *transform = &reader->transforms[i];
        struct mr_windowing *windowing = &transform->windowing;
        if (transform->kind != MR_COMBINE || windowing->allowed_lateness_us == 0) continue;
        windowing->has_told_panes =
            !adds_up(reader, transform) || !goes_straight_to_a_sink(reader, transform);
    }
}
