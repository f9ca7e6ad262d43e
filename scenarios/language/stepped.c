/* The world of a scenario that is led step by step: nothing takes time and nothing goes wrong
 * by itself, so that virtual time moves only where a step says so; and its inputs, which the
 * steps feed. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

enum { INPUTS_MAX = 256 };
/* Longer than any scenario lasts. */
#define FOR_GOOD_NS (MR_NS_NEVER / 4)
#define DAY_NS (86400 * MR_SECOND_NS)

static bool refuse_keys(struct mr_reading *reading, const struct mr_yaml *root)
{
    static const char *const refused[] = {
        "streams", "services", "network", "faults", "chances", "job", "run_for"};
    for (size_t i = 0; i < MR_COUNT_OF(refused); i++) {
        const struct mr_yaml *key = mr_yaml_key(root, refused[i]);
        if (key)
            return mr_fail_node(reading, key,
                "'%s' cannot stand beside 'steps': the steps feed the inputs, and their world "
                "is "
                "calm",
                refused[i]);
    }
    return true;
}

static bool refuse_cluster_keys(struct mr_reading *reading, const struct mr_yaml *map)
{
    static const char *const known[] = {"workers", "slots", "parallelism", "batch"};
    for (uint32_t i = 0; i < map->n; i++) {
        bool is_known = false;
        for (size_t k = 0; k < MR_COUNT_OF(known); k++)
            is_known = is_known || strcmp(map->keys[i]->text, known[k]) == 0;
        if (!is_known)
            return mr_fail_node(reading, map->keys[i],
                "'cluster.%s' cannot stand beside 'steps', in whose world nothing takes time",
                map->keys[i]->text);
    }
    return true;
}

/* One worker with one slot unless more are written. */
static void shrink(struct mr_cluster *cluster, const struct mr_yaml *map)
{
    if (!mr_yaml_get(map, "workers")) cluster->workers = 1;
    if (!mr_yaml_get(map, "parallelism"))
        cluster->parallelism =
            mr_yaml_get(map, "slots") ? cluster->workers * cluster->slots : cluster->workers;
    if (cluster->parallelism > MR_PARALLELISM_MAX) cluster->parallelism = MR_PARALLELISM_MAX;
    cluster->slots = (cluster->parallelism + cluster->workers - 1) / cluster->workers;
    if (!mr_yaml_get(map, "batch"))
        cluster->batch_rows = mr_drawn_constant("cluster.batch", 100);
}

static void calm(struct mr_scenario *scenario)
{
    struct mr_cluster *cluster = &scenario->cluster;
    cluster->fetch_wait_ns = DAY_NS;
    cluster->watermark_every_ns = 0;
    cluster->flush_after_ns = 0;
    cluster->checkpoint_every_ns = mr_drawn_constant("cluster.checkpoint.every", 0);
    cluster->checkpoint_timeout_ns = FOR_GOOD_NS;
    cluster->heartbeat_every_ns = DAY_NS;
    cluster->heartbeat_timeout_ns = FOR_GOOD_NS;
    cluster->restart_backoff_ns = 0;
    cluster->restart_backoff_max_ns = 0;
    cluster->restarts_max = 0; /* each restore of a step allows one more */
    cluster->transaction_timeout_ns = FOR_GOOD_NS;
    cluster->costs = (struct mr_costs){0};
    scenario->network = (struct mr_network_config){
        .link = {.latency_ns = mr_distribution_constant(0)}, .send_timeout_ns = FOR_GOOD_NS};
    scenario->broker_ns = mr_distribution_constant(0);
    scenario->objects = (struct mr_objects_config){
        .put_ns = mr_distribution_constant(0), .get_ns = mr_distribution_constant(0)};
}

bool mr_read_stepped_world(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    scenario->split = 1;
    scenario->interleavings = 1;
    static const char *const keys[] = {"every_restore", "split", "inputs"};
    for (size_t i = 0; i < MR_COUNT_OF(keys); i++) {
        const struct mr_yaml *key = mr_yaml_key(root, keys[i]);
        if (key && !scenario->is_stepped)
            return mr_fail_node(reading, key, "'%s' is for scenarios with 'steps'", key->text);
    }
    if (!scenario->is_stepped) return true;
    const struct mr_yaml *map = mr_read_map(root, "cluster");
    if (!refuse_keys(reading, root) || !refuse_cluster_keys(reading, map)) return false;
    shrink(&scenario->cluster, map);
    calm(scenario);
    return true;
}

static bool is_known(const struct mr_scenario *scenario, const char *topic)
{
    for (uint32_t t = 0; t < scenario->n_topics; t++)
        if (strcmp(scenario->topics[t].name, topic) == 0) return true;
    return false;
}

static const struct mr_transform *writer_of(const struct mr_graph *graph, const char *topic)
{
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        if (graph->transforms[i].kind == MR_WRITE_TO_LOG &&
            strcmp(graph->transforms[i].write.topic, topic) == 0)
            return &graph->transforms[i];
    return NULL;
}

bool mr_read_inputs(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    const struct mr_graph *graph = scenario->graph;
    const struct mr_yaml *steps = mr_yaml_key(root, "steps");
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *reader = &graph->transforms[i];
        if (reader->kind != MR_READ_FROM_LOG || is_known(scenario, reader->read.topic))
            continue;
        if (writer_of(graph, reader->read.topic))
            return mr_fail_node(reading, steps,
                "topic '%s' is read and written: an input cannot be an output",
                reader->read.topic);
        if (scenario->n_topics == INPUTS_MAX)
            return mr_fail_node(reading, steps, "at most %d inputs", (int)INPUTS_MAX);
        if (!mr_readers_agree(reading, reader, steps)) return false;
        struct mr_stream_config *config =
            mr_region_new(reading->region, struct mr_stream_config);
        *config = (struct mr_stream_config){.topic = reader->read.topic,
            .n_partitions = 1,
            .schema = &reader->outputs[MR_OUTPUT_MAIN].schema,
            .event_time_field = reader->read.event_time_field,
            .key_field = -1,
            .speedup = 1,
            .is_open = true,
            .is_scripted = true,
            .duplicates = {0, 1}};
        reading->topics[scenario->n_topics++] =
            (struct mr_topic){config->topic, config->n_partitions, config};
    }
    return true;
}
