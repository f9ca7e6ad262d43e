/* From the graph to steps: who reads whom, which fields are mere copies, and how each sink can
 * be judged. */
#include "scenarios/oracle/oracle_internal.h"

static const struct mr_schema *schema_of(const struct mr_graph *graph, struct mr_edge edge)
{
    return &graph->transforms[edge.transform].outputs[edge.output].schema;
}

static const struct mr_step_output *output_of(
    const struct mr_oracle *oracle, struct mr_edge edge)
{
    return &oracle->steps[edge.transform].outputs[edge.output];
}

/* Never empty, so that it is never NULL. */
#define NEW_ARRAY(oracle, type, n)                                                             \
    ((type *)mr_arena_zalloc((oracle)->arena, sizeof(type) * ((size_t)(n) + 1)))
#define FREE_ARRAY(oracle, array, n)                                                           \
    mr_arena_free((oracle)->arena, array, sizeof *(array) * ((size_t)(n) + 1))

/* ---- Edges and fields ---- */

static void find_consumers(struct mr_oracle *oracle, struct mr_step *step, uint32_t output)
{
    const struct mr_graph *graph = oracle->graph;
    struct mr_step_output *out = &step->outputs[output];
    for (int pass = 0; pass < 2; pass++) { /* counts, then writes */
        if (pass == 1)
            out->consumers = NEW_ARRAY(oracle, struct mr_step_consumer, out->n_consumers);
        out->n_consumers = 0;
        for (uint32_t i = 0; i < graph->n_transforms; i++)
            for (uint32_t k = 0; k < graph->transforms[i].n_inputs; k++) {
                struct mr_edge edge = graph->transforms[i].inputs[k];
                if (edge.transform != step->transform->id || edge.output != output) continue;
                if (pass == 1)
                    out->consumers[out->n_consumers] = (struct mr_step_consumer){i, k};
                out->n_consumers++;
            }
    }
}

static void find_fields(struct mr_oracle *oracle, struct mr_step *step)
{
    const struct mr_transform *transform = step->transform;
    if (transform->kind == MR_MAP_TO_FIELDS) {
        step->fields = NEW_ARRAY(oracle, int, transform->map.n_mappings);
        for (uint32_t i = 0; i < transform->map.n_mappings; i++)
            step->fields[i] = mr_expression_field(transform->map.mappings[i].expression);
    } else if (transform->kind == MR_FLATTEN) {
        const struct mr_schema *to = &transform->outputs[MR_OUTPUT_MAIN].schema;
        step->fields = NEW_ARRAY(oracle, int, transform->n_inputs * to->n_fields);
        for (uint32_t k = 0; k < transform->n_inputs; k++)
            for (uint32_t i = 0; i < to->n_fields; i++)
                step->fields[k * to->n_fields + i] = mr_schema_find(
                    schema_of(oracle->graph, transform->inputs[k]), to->fields[i].name);
    }
}

/* The field of the input that field `field` of the output is a copy of, or -1. */
static int copied_field(const struct mr_graph *graph, const struct mr_transform *transform,
    uint32_t output, int field)
{
    if (transform->keyed) return -1;
    if (output > 0 && output == transform->error_output) return -1; /* the row is one value */
    switch (transform->kind) {
    case MR_MAP_TO_FIELDS:
        return mr_expression_field(transform->map.mappings[field].expression);
    case MR_COMBINE:
        return (uint32_t)field < transform->combine.n_keys
                   ? transform->combine.key_fields[field]
                   : -1;
    case MR_FLATTEN:
        if (transform->n_inputs > 1) return -1;
        return mr_schema_find(schema_of(graph, transform->inputs[0]),
            transform->outputs[output].schema.fields[field].name);
    case MR_FILTER:
    case MR_ASSIGN_TIMESTAMPS:
    case MR_WINDOW_INTO:
    case MR_PARTITION:
    case MR_RESHUFFLE:
    case MR_VALIDATE_WITH_SCHEMA:
    case MR_LOG_FOR_TESTING:
    case MR_ROUTE:
        return field;
    case MR_EXPLODE:
        for (uint32_t i = 0; i < transform->explode.n_fields; i++)
            if (transform->explode.fields[i] == field) return -1;
        return field;
    case MR_LOOKUP:
    case MR_EXTRACT_WINDOWING_INFO:
        return (uint32_t)field < schema_of(graph, transform->inputs[0])->n_fields ? field : -1;
    default:
        return -1;
    }
}

int mr_field_origin(const struct mr_graph *graph, struct mr_edge edge, int field,
    uint32_t transform, bool at_output)
{
    while (field >= 0) {
        const struct mr_transform *at = &graph->transforms[edge.transform];
        if (at->id == transform && at_output) return edge.output == MR_OUTPUT_MAIN ? field : -1;
        field = copied_field(graph, at, edge.output, field);
        if (at->id == transform) return field;
        if (at->n_inputs == 0) return -1;
        edge = at->inputs[0];
    }
    return -1;
}

/* ---- What may be off, and what may be cut otherwise ---- */

static bool is_inexact_aggregate(const struct mr_aggregate *aggregate, uint64_t input)
{
    if (mr_aggregate_is_fold(aggregate->kind)) return input != 0;
    if (aggregate->kind == MR_COUNT || aggregate->result.type != MR_TYPE_FLOAT) return false;
    if (aggregate->kind == MR_SUM || aggregate->kind == MR_MEAN) return true;
    int field = mr_expression_field(aggregate->value);
    return field >= 0 ? mr_bit(input, (uint32_t)field) : input != 0;
}

static bool may_hold_floats(const struct mr_schema *schema, uint32_t field)
{
    enum mr_type type = schema->fields[field].type;
    return type == MR_TYPE_FLOAT || mr_type_is_document(type);
}

/* The input's fields that field `i` of the output may be made of. */
static uint64_t read_fields(const struct mr_transform *transform, uint32_t i)
{
    return transform->kind == MR_MAP_TO_FIELDS
               ? mr_expression_reads(transform->map.mappings[i].expression)
               : UINT64_MAX;
}

static uint64_t inexact_main(const struct mr_oracle *oracle, const struct mr_step *step)
{
    const struct mr_transform *transform = step->transform;
    uint32_t n_fields = step->outputs[MR_OUTPUT_MAIN].n_fields;
    uint64_t bits = 0;
    if (transform->n_inputs == 0) return 0;
    uint64_t input = output_of(oracle, transform->inputs[0])->inexact_fields;
    if (transform->kind == MR_SQL)
        for (uint32_t k = 1; k < transform->n_inputs; k++)
            input |= output_of(oracle, transform->inputs[k])->inexact_fields;
    for (uint32_t i = 0; i < n_fields; i++) {
        bool is_inexact = false;
        if (transform->kind == MR_JOIN || transform->kind == MR_JOIN_STREAMS) {
            struct mr_join_field from = transform->join.fields[i];
            is_inexact =
                mr_bit(output_of(oracle, transform->inputs[from.input])->inexact_fields,
                    (uint32_t)from.field);
        } else if (transform->kind == MR_FLATTEN) {
            for (uint32_t k = 0; k < transform->n_inputs; k++) {
                int field = step->fields[k * n_fields + i];
                uint64_t other = output_of(oracle, transform->inputs[k])->inexact_fields;
                is_inexact |= field >= 0 && mr_bit(other, (uint32_t)field);
            }
        } else {
            int field = copied_field(oracle->graph, transform, MR_OUTPUT_MAIN, (int)i);
            if (field >= 0)
                is_inexact = mr_bit(input, (uint32_t)field);
            else if (transform->kind == MR_COMBINE)
                is_inexact = is_inexact_aggregate(
                    &transform->combine.aggregates[i - transform->combine.n_keys], input);
            else
                is_inexact = (input & read_fields(transform, i)) != 0 &&
                             may_hold_floats(&transform->outputs[0].schema, i);
        }
        bits |= (uint64_t)is_inexact << i;
    }
    return bits;
}

static void judge_outputs(const struct mr_oracle *oracle, struct mr_step *step)
{
    const struct mr_transform *transform = step->transform;
    bool is_loose = transform->kind == MR_COMBINE &&
                    mr_windowing_is_plain(&transform->windowing) &&
                    transform->windowing.allowed_lateness_us > 0;
    for (uint32_t k = 0; k < transform->n_inputs; k++)
        is_loose |= output_of(oracle, transform->inputs[k])->is_loose;
    for (uint32_t i = 0; i < step->n_outputs; i++) step->outputs[i].is_loose = is_loose;
    if (step->n_outputs == 0) return;
    if (transform->keyed) { /* what comes out is made of the very rows that were met */
        for (uint32_t i = 0; i < step->n_outputs; i++) step->outputs[i].is_loose = false;
        if (transform->kind == MR_MATERIALIZE && transform->error_output)
            step->outputs[transform->error_output].inexact_fields =
                output_of(oracle, transform->inputs[0])->inexact_fields != 0;
        return;
    }
    uint64_t inexact_fields = inexact_main(oracle, step);
    for (uint32_t i = 0; i < step->n_outputs; i++)
        step->outputs[i].inexact_fields = inexact_fields;
    if (transform->error_output)
        step->outputs[transform->error_output].inexact_fields =
            output_of(oracle, transform->inputs[0])->inexact_fields != 0; /* the row, in front */
}

/* ---- Sinks ---- */

/* Whether all that a Combine puts out goes to this one sink, with fields left out or renamed at
 * most. */
static bool is_direct(const struct mr_oracle *oracle, const struct mr_sink *sink)
{
    struct mr_edge edge = oracle->graph->transforms[sink->id].inputs[0];
    for (;;) {
        const struct mr_step *step = &oracle->steps[edge.transform];
        if (edge.output != MR_OUTPUT_MAIN || step->outputs[MR_OUTPUT_MAIN].n_consumers != 1)
            return false;
        if (step->fold)
            return step->fold == sink->fold && sink->has_keys && !step->fold->has_any_keys &&
                   !step->fold->has_folds;
        if (step->transform->kind != MR_MAP_TO_FIELDS || step->transform->map.keep) return false;
        for (uint32_t i = 0; i < step->transform->map.n_mappings; i++)
            if (step->fields[i] < 0) return false;
        edge = step->transform->inputs[0];
    }
}

static void find_keys(struct mr_oracle *oracle, struct mr_sink *sink, struct mr_edge edge)
{
    const struct mr_fold *fold = sink->fold;
    sink->has_keys = true;
    for (uint32_t i = 0; i < fold->n_keys; i++) sink->key_fields[i] = -1;
    for (uint32_t i = 0; i < sink->n_fields; i++) {
        int source = mr_field_origin(oracle->graph, edge, (int)i, fold->transform->id, true);
        sink->sources[i] = source;
        if (source >= 0 && (uint32_t)source < fold->n_keys) sink->key_fields[source] = (int)i;
    }
    for (uint32_t i = 0; i < fold->n_keys; i++) sink->has_keys &= sink->key_fields[i] >= 0;
}

static void find_shown(struct mr_oracle *oracle, struct mr_sink *sink)
{
    const struct mr_fold *fold = sink->fold;
    sink->shown = NEW_ARRAY(oracle, struct mr_shown, sink->n_fields);
    for (uint32_t i = 0; i < sink->n_fields; i++) {
        MR_ASSERT(sink->sources[i] >= 0);
        uint32_t source = (uint32_t)sink->sources[i];
        struct mr_shown *shown = &sink->shown[sink->n_shown];
        *shown = (struct mr_shown){.field = i, .key = source};
        if (source >= fold->n_keys) shown->tally = &fold->tallies[source - fold->n_keys];
        sink->n_shown += shown->tally != NULL || sink->key_fields[source] != (int)i;
    }
}

static void make_shape(struct mr_sink *sink, uint64_t inexact_fields)
{
    uint64_t all = sink->n_fields < 64 ? ((uint64_t)1 << sink->n_fields) - 1 : UINT64_MAX;
    sink->shape = (struct mr_ledger_shape){.sink = sink->id,
        .n_fields = sink->n_fields,
        .has_windows = sink->has_windows,
        .is_named = sink->fold && sink->has_keys && !sink->is_rewindowed,
        .name_fields = all & ~inexact_fields,
        .inexact_fields = inexact_fields};
    if (!sink->shape.is_named) return;
    sink->shape.name_fields = 0;
    for (uint32_t i = 0; i < sink->fold->n_keys; i++)
        sink->shape.name_fields |= (uint64_t)1 << sink->key_fields[i];
}

static void compile_sink(struct mr_oracle *oracle, struct mr_step *step)
{
    const struct mr_transform *transform = step->transform;
    struct mr_edge edge = transform->inputs[0];
    struct mr_sink *sink = mr_arena_new(oracle->arena, struct mr_sink);
    step->sink = sink;
    sink->id = transform->id;
    sink->n_fields = schema_of(oracle->graph, edge)->n_fields;
    sink->has_windows = step->has_windows;
    sink->is_retracting = step->is_retracting;
    sink->order_field = transform->write.key_field;
    sink->sources = NEW_ARRAY(oracle, int, MR_FIELDS_MAX);
    sink->key_fields = NEW_ARRAY(oracle, int, MR_FIELDS_MAX);
    sink->fold = step->last_fold;
    sink->is_rewindowed = step->is_rewindowed;
    if (sink->fold) {
        find_keys(oracle, sink, edge);
        sink->is_direct = !sink->fold->is_given && is_direct(oracle, sink);
        if (sink->is_direct) {
            sink->fold->sink = sink->id;
            find_shown(oracle, sink);
        }
    }
    make_shape(sink, output_of(oracle, edge)->inexact_fields);
    mr_ledger_init(&sink->ledger, oracle->arena, &sink->shape, &oracle->marks);
}

/* ---- Sources ---- */

/* Functions in Python are told the time of their row, which a run of rows does not bring. */
static bool has_foreign_values(const struct mr_combine *combine)
{
    for (uint32_t i = 0; i < combine->n_aggregates; i++)
        if (combine->aggregates[i].value &&
            mr_expression_is_foreign(combine->aggregates[i].value))
            return true;
    return false;
}

static struct mr_fold *direct_fold(const struct mr_oracle *oracle, const struct mr_step *step)
{
    while (step->outputs[MR_OUTPUT_MAIN].n_consumers == 1) {
        step = &oracle->steps[step->outputs[MR_OUTPUT_MAIN].consumers[0].transform];
        if (step->fold)
            return step->fold->is_given || has_foreign_values(&step->transform->combine)
                       ? NULL
                       : step->fold;
        if (step->transform->kind != MR_WINDOW_INTO) break;
    }
    return NULL;
}

static void compile_source(struct mr_oracle *oracle, struct mr_step *step,
    const struct mr_oracle_input *inputs, uint32_t n_inputs)
{
    for (uint32_t i = 0; i < n_inputs; i++)
        if (inputs[i].transform == step->transform->id) step->input = &inputs[i];
    MR_ASSERT(step->input != NULL);
    step->next_offsets = NEW_ARRAY(oracle, int64_t, step->input->n_partitions);
    step->direct_fold = direct_fold(oracle, step);
    uint32_t n_values = MR_BLOCK_ROWS * step->outputs[MR_OUTPUT_MAIN].n_fields;
    if (n_values > oracle->values_capacity) oracle->values_capacity = n_values;
}

/* From the producers on, so that each step asks its inputs only. */
static void trace_windows(const struct mr_oracle *oracle, struct mr_step *step)
{
    const struct mr_transform *transform = step->transform;
    bool has_panes = mr_transform_has_panes(transform);
    step->has_windows = has_panes || transform->windowing.kind != MR_WINDOW_GLOBAL;
    step->is_rewindowed = transform->kind == MR_WINDOW_INTO;
    step->is_retracting = mr_transform_retracts(transform);
    for (uint32_t k = 0; k < transform->n_inputs; k++) {
        const struct mr_step *input = &oracle->steps[transform->inputs[k].transform];
        step->has_windows |= input->has_windows;
        step->is_retracting |= input->is_retracting;
        step->is_rewindowed |= input->is_rewindowed;
        if (k == 0) step->last_fold = input->last_fold;
        if (input->last_fold != step->last_fold) step->last_fold = NULL;
    }
    if (transform->keyed) step->last_fold = NULL;
    if (!mr_transform_has_state(transform)) return;
    step->last_fold = step->fold;
    step->is_rewindowed = false;
}

static void compile_fold(struct mr_oracle *oracle, struct mr_step *step)
{
    struct mr_edge edge = step->transform->inputs[0];
    step->fold = mr_arena_new(oracle->arena, struct mr_fold);
    mr_fold_init(step->fold, oracle->arena, &oracle->scratch, step->transform,
        schema_of(oracle->graph, edge));
    step->fold->is_loose = output_of(oracle, edge)->is_loose;
    step->fold->inexact_fields = output_of(oracle, edge)->inexact_fields;
}

static void compile_gathering(struct mr_oracle *oracle, struct mr_step *step)
{
    const struct mr_transform *transform = step->transform;
    step->gathering = mr_arena_new(oracle->arena, struct mr_gathering);
    mr_gathering_init(step->gathering, oracle->arena, transform);
    for (uint32_t i = 0; i < transform->n_inputs; i++) {
        const struct mr_step_output *input = output_of(oracle, transform->inputs[i]);
        step->gathering->inputs[i] = (struct mr_gathered_shape){
            .n_fields = input->n_fields, .inexact_fields = input->inexact_fields};
    }
}

static void compile_timed(struct mr_oracle *oracle, struct mr_step *step)
{
    const struct mr_transform *transform = step->transform;
    step->timed = mr_arena_new(oracle->arena, struct mr_timed);
    mr_timed_init(step->timed, oracle->arena, transform);
    for (uint32_t i = 0; i < 2; i++) {
        const struct mr_step_output *input = output_of(oracle, transform->inputs[i]);
        step->timed->inputs[i] = (struct mr_gathered_shape){
            .n_fields = input->n_fields, .inexact_fields = input->inexact_fields};
    }
}

static void compile_lookup(struct mr_oracle *oracle, struct mr_step *step)
{
    struct mr_edge edge = step->transform->inputs[0];
    step->lookup = mr_arena_new(oracle->arena, struct mr_lookup_state);
    step->lookup->n_fields = schema_of(oracle->graph, edge)->n_fields;
    step->lookup->inexact_fields = output_of(oracle, edge)->inexact_fields;
    step->lookup->is_loose = output_of(oracle, edge)->is_loose;
}

static void compile_step(struct mr_oracle *oracle, const struct mr_transform *transform)
{
    struct mr_step *step = &oracle->steps[transform->id];
    step->transform = transform;
    step->n_outputs = transform->n_outputs;
    step->outputs = NEW_ARRAY(oracle, struct mr_step_output, step->n_outputs);
    for (uint32_t i = 0; i < step->n_outputs; i++) {
        step->outputs[i].n_fields = transform->outputs[i].schema.n_fields;
        find_consumers(oracle, step, i);
    }
    find_fields(oracle, step);
    judge_outputs(oracle, step);
    if (transform->kind == MR_COMBINE) compile_fold(oracle, step);
    if (mr_transform_gathers(transform)) compile_gathering(oracle, step);
    if (mr_transform_keeps_times(transform)) compile_timed(oracle, step);
    if (transform->kind == MR_LOOKUP) compile_lookup(oracle, step);
    if (transform->keyed) {
        step->machines = mr_arena_new(oracle->arena, struct mr_key_machines);
        mr_key_machines_init(step->machines, oracle, transform);
    }
    trace_windows(oracle, step);
}

void mr_oracle_compile(
    struct mr_oracle *oracle, const struct mr_oracle_input *inputs, uint32_t n_inputs)
{
    const struct mr_graph *graph = oracle->graph;
    oracle->steps = NEW_ARRAY(oracle, struct mr_step, graph->n_transforms);
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        compile_step(oracle, &graph->transforms[i]);
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        struct mr_step *step = &oracle->steps[i];
        if (step->transform->kind == MR_WRITE_TO_LOG) compile_sink(oracle, step);
        if (step->transform->kind == MR_READ_FROM_LOG)
            compile_source(oracle, step, inputs, n_inputs);
    }
    oracle->values = NEW_ARRAY(oracle, struct mr_value, oracle->values_capacity);
    oracle->times_us = NEW_ARRAY(oracle, mr_us, MR_BLOCK_ROWS);
}

static void free_sink(struct mr_oracle *oracle, struct mr_sink *sink)
{
    mr_ledger_deinit(&sink->ledger);
    mr_drops_deinit(&sink->standing, oracle->arena);
    FREE_ARRAY(oracle, sink->sources, MR_FIELDS_MAX);
    FREE_ARRAY(oracle, sink->key_fields, MR_FIELDS_MAX);
    if (sink->shown) FREE_ARRAY(oracle, sink->shown, sink->n_fields);
    mr_arena_free(oracle->arena, sink, sizeof *sink);
}

static void free_step(struct mr_oracle *oracle, struct mr_step *step)
{
    const struct mr_transform *transform = step->transform;
    for (uint32_t i = 0; i < step->n_outputs; i++)
        FREE_ARRAY(oracle, step->outputs[i].consumers, step->outputs[i].n_consumers);
    FREE_ARRAY(oracle, step->outputs, step->n_outputs);
    if (transform->kind == MR_MAP_TO_FIELDS)
        FREE_ARRAY(oracle, step->fields, transform->map.n_mappings);
    if (transform->kind == MR_FLATTEN)
        FREE_ARRAY(oracle, step->fields,
            transform->n_inputs * transform->outputs[MR_OUTPUT_MAIN].schema.n_fields);
    if (step->input) FREE_ARRAY(oracle, step->next_offsets, step->input->n_partitions);
    if (step->sink) free_sink(oracle, step->sink);
    if (step->timed) {
        mr_timed_deinit(step->timed);
        mr_arena_free(oracle->arena, step->timed, sizeof *step->timed);
    }
    if (step->gathering) {
        mr_gathering_deinit(step->gathering);
        mr_arena_free(oracle->arena, step->gathering, sizeof *step->gathering);
    }
    if (step->lookup) mr_lookup_state_discard(oracle, step->lookup);
    if (step->machines) {
        mr_key_machines_deinit(step->machines);
        mr_arena_free(oracle->arena, step->machines, sizeof *step->machines);
    }
    if (!step->fold) return;
    mr_fold_deinit(step->fold);
    mr_arena_free(oracle->arena, step->fold, sizeof *step->fold);
}

void mr_oracle_compile_undo(struct mr_oracle *oracle)
{
    for (uint32_t i = 0; i < oracle->graph->n_transforms; i++)
        free_step(oracle, &oracle->steps[i]);
    FREE_ARRAY(oracle, oracle->steps, oracle->graph->n_transforms);
    FREE_ARRAY(oracle, oracle->values, oracle->values_capacity);
    FREE_ARRAY(oracle, oracle->times_us, MR_BLOCK_ROWS);
}
