/* The cluster, its network and its services: every knob with its default (docs/scenario.md
 * lists them). */
#include "engine/batch/batch.h"
#include "engine/runtime/job_record.h"
#include "scenarios/language/scenario_internal.h"

#define BATCH_DEFAULT 3
static const int64_t batch_default[BATCH_DEFAULT] = {1, 10, 100};

static void set_defaults(struct mr_cluster *cluster)
{
    *cluster = (struct mr_cluster){
        .workers = 3,
        .slots = 2,
        .batch_rows = {.name = "cluster.batch",
            .n_choices = BATCH_DEFAULT,
            .choices = batch_default},
        .fetch_rows = mr_drawn_constant("cluster.fetch.rows", 500),
        .fetch_rows_min = 1,
        .fetch_wait_ns = 500 * MR_MS_NS,
        .channel_credit = 8,
        .watermark_every_ns = 200 * MR_MS_NS,
        .flush_after_ns = 20 * MR_MS_NS,
        .checkpoint_every_ns = mr_drawn_constant("cluster.checkpoint.every", 2 * MR_SECOND_NS),
        .checkpoint_timeout_ns = 10 * MR_SECOND_NS,
        .checkpoint_retention = 3,
        .heartbeat_every_ns = 500 * MR_MS_NS,
        .heartbeat_timeout_ns = 2 * MR_SECOND_NS,
        .restart_backoff_ns = 500 * MR_MS_NS,
        .restart_backoff_max_ns = 10 * MR_SECOND_NS,
        .restarts_max = 50,
        .transaction_timeout_ns = 60 * MR_SECOND_NS,
        .costs = {.message_ns = 5000, .row_ns = 200, .snapshot_kb_ns = 10000},
    };
}

static bool read_size(struct mr_reading *reading, const struct mr_yaml *map)
{
    struct mr_cluster *cluster = &reading->scenario->cluster;
    if (!mr_read_u32(reading, map, "cluster.workers", 1, MR_WORKERS_MAX, &cluster->workers))
        return false;
    if (!mr_read_u32(reading, map, "cluster.slots", 1, MR_PARALLELISM_MAX, &cluster->slots))
        return false;
    uint32_t room = cluster->workers * cluster->slots;
    cluster->parallelism = room < MR_PARALLELISM_MAX ? room : MR_PARALLELISM_MAX;
    if (!mr_read_u32(
            reading, map, "cluster.parallelism", 1, MR_PARALLELISM_MAX, &cluster->parallelism))
        return false;
    if (cluster->parallelism > room)
        return mr_fail_node(reading, mr_yaml_get(map, "parallelism"),
            "parallelism %u needs more slots than there are: %u workers with %u slots each",
            cluster->parallelism, cluster->workers, cluster->slots);
    return true;
}

static bool read_checkpoint(struct mr_reading *reading, const struct mr_yaml *map)
{
    static const char *const modes[] = {"aligned"};
    struct mr_cluster *cluster = &reading->scenario->cluster;
    int mode = 0;
    map = mr_read_map(map, "cluster.checkpoint");
    return mr_read_keys(reading, map, "cluster.checkpoint", MR_MAP_CHECKPOINT) &&
           mr_read_drawn(reading, map, "cluster.checkpoint.every", "cluster.checkpoint.every",
               MR_RANGE_NS, &cluster->checkpoint_every_ns) &&
           mr_read_word(
               reading, map, "cluster.checkpoint.mode", modes, MR_COUNT_OF(modes), &mode) &&
           mr_read_integer(reading, map, "cluster.checkpoint.timeout", MR_RANGE_NS_POSITIVE,
               &cluster->checkpoint_timeout_ns) &&
           mr_read_u32(reading, map, "cluster.checkpoint.retention", 1, MR_RETAINED_MAX,
               &cluster->checkpoint_retention);
}

static bool read_flow(struct mr_reading *reading, const struct mr_yaml *map)
{
    struct mr_cluster *cluster = &reading->scenario->cluster;
    struct mr_range rows = MR_RANGE_COUNT(1, MR_BATCH_ROWS_MAX);
    const struct mr_yaml *fetch = mr_read_map(map, "cluster.fetch");
    if (!mr_read_drawn(
            reading, map, "cluster.batch", "cluster.batch", rows, &cluster->batch_rows))
        return false;
    return mr_read_keys(reading, fetch, "cluster.fetch", MR_MAP_FETCH) &&
           mr_read_drawn(reading, fetch, "cluster.fetch.rows", "cluster.fetch.rows", rows,
               &cluster->fetch_rows) &&
           mr_read_u32(reading, fetch, "cluster.fetch.rows_min", 1, MR_BATCH_ROWS_MAX,
               &cluster->fetch_rows_min) &&
           mr_read_integer(reading, fetch, "cluster.fetch.wait", MR_RANGE_NS_POSITIVE,
               &cluster->fetch_wait_ns) &&
           mr_read_u32(reading, map, "cluster.credit", 2, 1 << 20, &cluster->channel_credit) &&
           mr_read_integer(reading, map, "cluster.watermark_every", MR_RANGE_NS_POSITIVE,
               &cluster->watermark_every_ns) &&
           mr_read_integer(
               reading, map, "cluster.flush_after", MR_RANGE_NS, &cluster->flush_after_ns);
}

static bool read_heartbeat(struct mr_reading *reading, const struct mr_yaml *map)
{
    struct mr_cluster *cluster = &reading->scenario->cluster;
    map = mr_read_map(map, "cluster.heartbeat");
    if (!mr_read_keys(reading, map, "cluster.heartbeat", MR_MAP_HEARTBEAT) ||
        !mr_read_integer(reading, map, "cluster.heartbeat.every", MR_RANGE_NS_POSITIVE,
            &cluster->heartbeat_every_ns) ||
        !mr_read_integer(reading, map, "cluster.heartbeat.timeout", MR_RANGE_NS_POSITIVE,
            &cluster->heartbeat_timeout_ns))
        return false;
    if (cluster->heartbeat_timeout_ns <= cluster->heartbeat_every_ns)
        return mr_fail_node(reading, map,
            "'cluster.heartbeat.timeout' must be more than 'cluster.heartbeat.every'");
    return true;
}

static bool read_restart(struct mr_reading *reading, const struct mr_yaml *map)
{
    struct mr_cluster *cluster = &reading->scenario->cluster;
    map = mr_read_map(map, "cluster.restart");
    if (!mr_read_keys(reading, map, "cluster.restart", MR_MAP_RESTART) ||
        !mr_read_integer(
            reading, map, "cluster.restart.backoff", MR_RANGE_NS, &cluster->restart_backoff_ns))
        return false;
    if (cluster->restart_backoff_max_ns < cluster->restart_backoff_ns)
        cluster->restart_backoff_max_ns = cluster->restart_backoff_ns;
    if (!mr_read_integer(reading, map, "cluster.restart.backoff_max", MR_RANGE_NS,
            &cluster->restart_backoff_max_ns) ||
        !mr_read_u32(
            reading, map, "cluster.restart.attempts", 1, 1000000, &cluster->restarts_max))
        return false;
    if (cluster->restart_backoff_max_ns < cluster->restart_backoff_ns)
        return mr_fail_node(reading, mr_yaml_get(map, "backoff_max"),
            "'cluster.restart.backoff_max' is less than 'cluster.restart.backoff'");
    return true;
}

static bool read_costs(struct mr_reading *reading, const struct mr_yaml *map)
{
    struct mr_costs *costs = &reading->scenario->cluster.costs;
    map = mr_read_map(map, "cluster.costs");
    return mr_read_keys(reading, map, "cluster.costs", MR_MAP_COSTS) &&
           mr_read_integer(
               reading, map, "cluster.costs.message", MR_RANGE_NS, &costs->message_ns) &&
           mr_read_integer(reading, map, "cluster.costs.row", MR_RANGE_NS, &costs->row_ns) &&
           mr_read_integer(
               reading, map, "cluster.costs.snapshot_kb", MR_RANGE_NS, &costs->snapshot_kb_ns);
}

bool mr_read_cluster(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_cluster *cluster = &reading->scenario->cluster;
    const struct mr_yaml *map = mr_read_map(root, "cluster");
    set_defaults(cluster);
    return mr_read_keys(reading, map, "cluster", MR_MAP_CLUSTER) && read_size(reading, map) &&
           read_checkpoint(reading, map) && read_flow(reading, map) &&
           read_heartbeat(reading, map) && read_restart(reading, map) &&
           mr_read_integer(reading, map, "cluster.transaction_timeout", MR_RANGE_NS_POSITIVE,
               &cluster->transaction_timeout_ns) &&
           read_costs(reading, map);
}

/* The presets: round trips inside a data centre, between regions, and a network that is never
 * in the way. */
enum preset { PRESET_DATACENTER, PRESET_WAN, PRESET_CALM };
static const char *const presets[] = {"datacenter", "wan", "calm"};

static void set_preset(struct mr_reading *reading, enum preset preset)
{
    struct mr_network_config *network = &reading->scenario->network;
    *network =
        (struct mr_network_config){.loopback_ns = 20000, .send_timeout_ns = 5 * MR_SECOND_NS};
    struct mr_link_config *link = &network->link;
    switch (preset) {
    case PRESET_DATACENTER:
        link->latency_ns = mr_distribution_lognormal(
            reading->region, 200000, 2 * MR_MS_NS, 50000, 20 * MR_MS_NS);
        link->bytes_per_second = 1000000000;
        break;
    case PRESET_WAN:
        link->latency_ns = mr_distribution_lognormal(
            reading->region, 30 * MR_MS_NS, 120 * MR_MS_NS, 10 * MR_MS_NS, 500 * MR_MS_NS);
        link->bytes_per_second = 100000000;
        break;
    case PRESET_CALM:
        link->latency_ns = mr_distribution_constant(100000);
        break;
    }
}

static bool read_link(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_link_override *out)
{
    out->link = reading->scenario->network.link;
    if (!mr_read_keys(reading, node, "network.links", MR_MAP_LINK) ||
        !mr_read_required(reading, node, "from") || !mr_read_required(reading, node, "to") ||
        !mr_read_process(reading, node, "from", &out->from) ||
        !mr_read_process(reading, node, "to", &out->to) ||
        !mr_read_distribution(reading, node, "latency", MR_RANGE_NS, &out->link.latency_ns) ||
        !mr_read_bytes(reading, node, "bytes_per_second", &out->link.bytes_per_second))
        return false;
    if (out->from == out->to)
        return mr_fail_node(
            reading, node, "a link needs two processes; 'network.loopback' is for one");
    return true;
}

static bool read_links(struct mr_reading *reading, const struct mr_yaml *map)
{
    const struct mr_yaml *list = mr_read_key(map, "network.links");
    if (!list) return true;
    if (list->kind != MR_YAML_LIST)
        return mr_fail_node(reading, list, "'links' must be a list");
    struct mr_link_override *overrides =
        mr_region_array(reading->region, struct mr_link_override, list->n + 1);
    for (uint32_t i = 0; i < list->n; i++)
        if (!read_link(reading, list->items[i], &overrides[i])) return false;
    reading->scenario->network.overrides = overrides;
    reading->scenario->network.n_overrides = list->n;
    return true;
}

bool mr_read_network(struct mr_reading *reading, const struct mr_yaml *root)
{
    const struct mr_yaml *node = mr_read_key(root, "network");
    int preset = PRESET_DATACENTER;
    bool is_map = node && node->kind == MR_YAML_MAP;
    if (node &&
        !mr_read_word(reading, is_map ? node : root, is_map ? "network.preset" : "network",
            presets, MR_COUNT_OF(presets), &preset))
        return false;
    set_preset(reading, (enum preset)preset);
    if (!is_map) return true;
    struct mr_network_config *network = &reading->scenario->network;
    return mr_read_keys(reading, node, "network", MR_MAP_NETWORK) &&
           mr_read_distribution(
               reading, node, "network.latency", MR_RANGE_NS, &network->link.latency_ns) &&
           mr_read_bytes(
               reading, node, "network.bytes_per_second", &network->link.bytes_per_second) &&
           mr_read_integer(reading, node, "network.send_timeout", MR_RANGE_NS_POSITIVE,
               &network->send_timeout_ns) &&
           mr_read_integer(
               reading, node, "network.loopback", MR_RANGE_NS, &network->loopback_ns) &&
           read_links(reading, node);
}

bool mr_read_services(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    scenario->broker_ns = mr_distribution_lognormal(
        reading->region, MR_MS_NS, 10 * MR_MS_NS, 200000, 100 * MR_MS_NS);
    scenario->objects.put_ns = mr_distribution_lognormal(
        reading->region, 20 * MR_MS_NS, 100 * MR_MS_NS, 5 * MR_MS_NS, MR_SECOND_NS);
    scenario->objects.get_ns = mr_distribution_lognormal(
        reading->region, 10 * MR_MS_NS, 60 * MR_MS_NS, 2 * MR_MS_NS, MR_SECOND_NS);
    scenario->objects.bytes_per_second = 100000000;
    const struct mr_yaml *map = mr_read_map(root, "services");
    if (map->kind != MR_YAML_MAP && !mr_read_keys(reading, map, "services", MR_MAP_SERVICES))
        return false; /* what else is in it: mr_read_lookups */
    const struct mr_yaml *broker = mr_read_map(map, "services.broker");
    const struct mr_yaml *objects = mr_read_map(map, "services.objects");
    return mr_read_keys(reading, broker, "services.broker", MR_MAP_BROKER) &&
           mr_read_distribution(
               reading, broker, "services.broker.latency", MR_RANGE_NS, &scenario->broker_ns) &&
           mr_read_keys(reading, objects, "services.objects", MR_MAP_OBJECTS) &&
           mr_read_distribution(reading, objects, "services.objects.put", MR_RANGE_NS,
               &scenario->objects.put_ns) &&
           mr_read_distribution(reading, objects, "services.objects.get", MR_RANGE_NS,
               &scenario->objects.get_ns) &&
           mr_read_bytes(reading, objects, "services.objects.bytes_per_second",
               &scenario->objects.bytes_per_second);
}
