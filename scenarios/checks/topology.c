#include <string.h>

#include "scenarios/checks/checks_internal.h"

static uint32_t count(const struct mr_graph *graph, enum mr_transform_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < graph->n_transforms; i++) n += graph->transforms[i].kind == kind;
    return n;
}

static uint32_t count_with_panes(const struct mr_graph *graph)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        n += mr_transform_has_state(&graph->transforms[i]);
    return n;
}

static uint32_t find_topic(const struct mr_scenario *scenario, const char *name)
{
    for (uint32_t i = 0; i < scenario->n_topics; i++)
        if (strcmp(scenario->topics[i].name, name) == 0) return i;
    MR_UNREACHABLE("a transform of a topic that the scenario does not have");
}

static void add_source(struct mr_topology *topology, const struct mr_transform *transform,
    const struct mr_checks_config *config)
{
    const struct mr_read_from_log *read = &transform->read;
    uint32_t topic = find_topic(config->scenario, read->topic);
    uint32_t n_partitions = config->scenario->topics[topic].n_partitions;
    topology->role[transform->id] = (int32_t)topology->n_sources;
    topology->sources[topology->n_sources++] = (struct mr_source_view){
        .transform = transform->id,
        .topic = topic,
        .stream = config->streams[topic],
        .first_partition = topology->n_partitions,
        .n_partitions = n_partitions,
        .is_open = config->scenario->topics[topic].stream->is_open,
        .is_scripted = config->scenario->topics[topic].stream->is_scripted,
        .bound_us = read->strategy == MR_WATERMARK_BOUNDED ? read->max_out_of_orderness_us : 0,
        .idle_after_ns = read->idle_after_ns,
        .has_clock = read->strategy == MR_WATERMARK_PROCESSING_TIME &&
                     !config->scenario->topics[topic].stream->is_scripted,
        .read = read};
    topology->n_partitions += n_partitions;
}

static void add_sink(struct mr_topology *topology, const struct mr_transform *transform)
{
    const struct mr_edge *edge = &transform->inputs[0];
    const struct mr_transform *from = &topology->graph->transforms[edge->transform];
    topology->role[transform->id] = (int32_t)topology->n_sinks;
    struct mr_sink_view *sink = &topology->sinks[topology->n_sinks++];
    sink->transform = transform->id;
    sink->schema = &from->outputs[edge->output].schema;
    sink->is_transactional = transform->write.delivery == MR_DELIVERY_EXACTLY_ONCE;
    for (uint32_t i = 0; i < sink->schema->n_fields; i++)
        sink->types[i] = sink->schema->fields[i].type;
}

static void add_transforms(
    struct mr_topology *topology, struct mr_arena *arena, const struct mr_checks_config *config)
{
    const struct mr_graph *graph = topology->graph;
    topology->sources =
        mr_arena_zalloc(arena, sizeof *topology->sources * count(graph, MR_READ_FROM_LOG));
    topology->combines =
        mr_arena_zalloc(arena, sizeof *topology->combines * count_with_panes(graph));
    topology->sinks =
        mr_arena_zalloc(arena, sizeof *topology->sinks * count(graph, MR_WRITE_TO_LOG));
    topology->role = mr_arena_alloc(arena, sizeof *topology->role * graph->n_transforms);
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *transform = &graph->transforms[i];
        topology->role[i] = -1;
        if (transform->kind == MR_READ_FROM_LOG) add_source(topology, transform, config);
        if (transform->kind == MR_WRITE_TO_LOG) add_sink(topology, transform);
        if (!mr_transform_has_state(transform)) continue;
        topology->role[i] = (int32_t)topology->n_combines;
        topology->combines[topology->n_combines++] = i;
    }
}

static void add_exchanges(struct mr_topology *topology, struct mr_arena *arena)
{
    const struct mr_plan *plan = topology->plan;
    uint32_t n_transforms = topology->graph->n_transforms;
    topology->exchange_into =
        mr_arena_alloc(arena, sizeof *topology->exchange_into * n_transforms);
    for (uint32_t i = 0; i < n_transforms; i++) topology->exchange_into[i] = -1;
    topology->exchanges =
        mr_arena_zalloc(arena, sizeof *topology->exchanges * (plan->n_exchanges + 1));
    for (uint32_t i = 0; i < plan->n_exchanges; i++) {
        const struct mr_exchange *exchange = &plan->exchanges[i];
        struct mr_exchange_view *view = &topology->exchanges[i];
        view->first_channel = topology->n_channels;
        view->fan_in = mr_exchange_is_wide(exchange) ? topology->parallelism : 1;
        view->next = topology->exchange_into[exchange->to_transform];
        topology->exchange_into[exchange->to_transform] = (int32_t)i;
        topology->n_channels += view->fan_in * topology->parallelism;
        for (int32_t other = view->next; other >= 0; other = topology->exchanges[other].next) {
            if (plan->exchanges[other].from.transform != exchange->from.transform) continue;
            view->is_ambiguous = true;
            topology->exchanges[other].is_ambiguous = true;
        }
    }
}

void mr_topology_init(
    struct mr_topology *topology, struct mr_arena *arena, const struct mr_checks_config *config)
{
    topology->graph = config->scenario->graph;
    topology->plan = config->scenario->plan;
    topology->parallelism = config->scenario->cluster.parallelism;
    topology->n_tasks = topology->plan->n_stages * topology->parallelism;
    add_transforms(topology, arena, config);
    add_exchanges(topology, arena);
}

int64_t mr_topology_channel(
    const struct mr_topology *topology, const struct mr_probe_channel *at)
{
    int32_t i = topology->exchange_into[at->to_transform];
    const struct mr_exchange *exchanges = topology->plan->exchanges;
    while (i >= 0 && exchanges[i].from.transform != at->from_transform)
        i = topology->exchanges[i].next;
    MR_ASSERT(i >= 0);
    const struct mr_exchange_view *view = &topology->exchanges[i];
    if (MR_UNLIKELY(view->is_ambiguous)) return -1;
    uint32_t from = view->fan_in > 1 ? at->from_subtask : 0;
    return view->first_channel + at->to_subtask * view->fan_in + from;
}
