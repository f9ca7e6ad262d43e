/* From a row at a sink back to the rows of the sources that it is made of, by pushing them
 * through once more. */
#include "scenarios/oracle/oracle_internal.h"

struct tracer {
    struct mr_oracle *oracle;
    const struct mr_step *source;
    struct mr_trace_target target;
    int64_t *offsets;
    uint32_t max;
    uint64_t n;
};

static void trace_row(void *self, int64_t offset, const struct mr_flow_row *row)
{
    struct tracer *tracer = self;
    tracer->target.is_met = false;
    mr_flow_emit(tracer->oracle, tracer->source->transform->id, MR_OUTPUT_MAIN, row);
    if (!tracer->target.is_met) return;
    if (tracer->n < tracer->max) tracer->offsets[tracer->n] = offset;
    tracer->n++;
}

static void find_origin(
    const struct mr_oracle *oracle, const struct mr_sink *sink, uint32_t combine, int *row)
{
    const struct mr_graph *graph = oracle->graph;
    for (uint32_t i = 0; i < sink->n_fields; i++)
        row[i] = mr_field_origin(
            graph, graph->transforms[sink->id].inputs[0], (int)i, combine, false);
}

/* Marks the Combines upstream of a sink; says for each where the sink's fields come from in its
 * input. From the consumers back, so that each transform is asked once. */
static void find_origins(
    const struct mr_oracle *oracle, const struct mr_sink *sink, int **origins, int *rows)
{
    size_t bytes = sizeof(bool) * oracle->graph->n_transforms;
    bool *is_upstream = mr_arena_zalloc(oracle->arena, bytes);
    is_upstream[sink->id] = true;
    for (uint32_t id = sink->id + 1; id-- > 0;) {
        if (!is_upstream[id]) continue;
        const struct mr_transform *at = &oracle->graph->transforms[id];
        if (at->kind == MR_COMBINE) {
            origins[id] = rows + (size_t)id * MR_FIELDS_MAX;
            find_origin(oracle, sink, id, origins[id]);
        }
        for (uint32_t k = 0; k < at->n_inputs; k++) is_upstream[at->inputs[k].transform] = true;
    }
    mr_arena_free(oracle->arena, is_upstream, bytes);
}

/* The source whose partition it is, partitions being counted through all sources; the rest in
 * *partition. */
static const struct mr_step *source_of(const struct mr_oracle *oracle, uint32_t *partition)
{
    for (uint32_t i = 0; i < oracle->n_inputs; i++) {
        const struct mr_oracle_input *input = &oracle->inputs[i];
        if (*partition < input->n_partitions) return &oracle->steps[input->transform];
        *partition -= input->n_partitions;
    }
    MR_UNREACHABLE("no source has such a partition");
}

uint64_t mr_oracle_trace_back(struct mr_oracle *oracle, uint32_t sink, uint32_t partition,
    int64_t first, int64_t end, mr_us window_start_us, const struct mr_value *row,
    int64_t *offsets, uint32_t max)
{
    MR_ASSERT(sink < oracle->graph->n_transforms && oracle->steps[sink].sink);
    uint32_t n = oracle->graph->n_transforms;
    size_t rows_bytes = sizeof(int) * MR_FIELDS_MAX * (size_t)n;
    int *rows = mr_arena_alloc(oracle->arena, rows_bytes);
    int **origins = mr_arena_zalloc(oracle->arena, sizeof *origins * n);
    const struct mr_transform *transform = &oracle->graph->transforms[sink];
    find_origins(oracle, oracle->steps[sink].sink, origins, rows);
    struct tracer tracer = {.oracle = oracle,
        .source = source_of(oracle, &partition),
        .offsets = offsets,
        .max = max,
        .target = {.sink = sink,
            .row = row,
            .window_start_us = window_start_us,
            .window_end_us = MR_US_GLOBAL_END,
            .origins = (int *const *)origins}};
    if (transform->windowing.size_us > 0 && window_start_us != MR_US_MIN)
        tracer.target.window_end_us = mr_us_add(window_start_us, transform->windowing.size_us);
    oracle->target = &tracer.target;
    mr_flow_read(oracle, tracer.source, partition, first, end, &tracer, trace_row);
    oracle->target = NULL;
    mr_arena_free(oracle->arena, origins, sizeof *origins * n);
    mr_arena_free(oracle->arena, rows, rows_bytes);
    return tracer.n;
}
