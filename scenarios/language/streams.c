/* Streams and outputs: the topics of the run, and how the rows of the inputs come to be. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

enum { PARTITIONS_MAX = 1024, TOPICS_MAX = 256 };

/* The transform that reads or writes a topic, NULL when none does. */
static const struct mr_transform *user_of(
    const struct mr_graph *graph, enum mr_transform_kind kind, const char *topic)
{
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *transform = &graph->transforms[i];
        if (transform->kind != kind) continue;
        const char *used =
            kind == MR_READ_FROM_LOG ? transform->read.topic : transform->write.topic;
        if (strcmp(used, topic) == 0) return transform;
    }
    return NULL;
}

static size_t topics_used(
    const struct mr_graph *graph, enum mr_transform_kind kind, const char **out, size_t max)
{
    size_t n = 0;
    for (uint32_t i = 0; i < graph->n_transforms && n < max; i++) {
        const struct mr_transform *transform = &graph->transforms[i];
        if (transform->kind == kind)
            out[n++] =
                kind == MR_READ_FROM_LOG ? transform->read.topic : transform->write.topic;
    }
    return n;
}

static bool schemas_agree(const struct mr_schema *a, const struct mr_schema *b)
{
    if (a->n_fields != b->n_fields) return false;
    for (uint32_t f = 0; f < a->n_fields; f++)
        if (strcmp(a->fields[f].name, b->fields[f].name) != 0 ||
            a->fields[f].type != b->fields[f].type ||
            a->fields[f].is_nullable != b->fields[f].is_nullable)
            return false;
    return true;
}

/* Two transforms may read one topic if they agree on what a row is. */
bool mr_readers_agree(
    struct mr_reading *reading, const struct mr_transform *first, const struct mr_yaml *node)
{
    const struct mr_graph *graph = reading->scenario->graph;
    for (uint32_t i = first->id + 1; i < graph->n_transforms; i++) {
        const struct mr_transform *other = &graph->transforms[i];
        if (other->kind != MR_READ_FROM_LOG ||
            strcmp(other->read.topic, first->read.topic) != 0)
            continue;
        if (other->read.event_time_field != first->read.event_time_field ||
            !schemas_agree(&other->outputs[0].schema, &first->outputs[0].schema))
            return mr_fail_node(reading, node,
                "'%s' and '%s' read the topic '%s' with different schemas or event times",
                first->name, other->name, first->read.topic);
    }
    return true;
}

/* A field of the stream's schema, by the text of `path`. */
static bool read_field(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    const struct mr_schema *schema, int *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    if (!node) return true;
    const char *name;
    if (!mr_yaml_as_text(node, path, &name, reading->err)) return false;
    *out = mr_schema_find(schema, name);
    if (*out >= 0) return true;
    const char *names[MR_FIELDS_MAX];
    for (uint32_t f = 0; f < schema->n_fields; f++) names[f] = schema->fields[f].name;
    return mr_fail_word(reading, node, "field", name, names, schema->n_fields);
}

static bool read_silence(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_stream_config *config, struct mr_silence *out)
{
    *out = (struct mr_silence){.for_ns = MR_NS_NEVER};
    if (!mr_read_keys(reading, node, "silence", MR_MAP_SILENCE)) return false;
    if (!mr_read_required(reading, node, "partition")) return false;
    const struct mr_yaml *partition = mr_yaml_get(node, "partition");
    int64_t number;
    if (!mr_yaml_as_int(
            partition, "silence.partition", INT64_MIN, INT64_MAX, &number, reading->err))
        return false;
    if (number < 0 || number >= config->n_partitions)
        return mr_fail_node(reading, partition,
            "stream '%s' has no partition %lld: its partitions are 0 to %u", config->topic,
            (long long)number, config->n_partitions - 1);
    out->partition = (uint32_t)number;
    if (!mr_read_integer(reading, node, "silence.from", MR_RANGE_NS, &out->from_ns))
        return false;
    if (!mr_read_integer(reading, node, "silence.for", MR_RANGE_NS_POSITIVE, &out->for_ns))
        return false;
    if (out->for_ns == MR_NS_NEVER && !config->is_open)
        return mr_fail_node(reading, node,
            "a silence without 'for' never ends, so the stream must have 'end: open'");
    return true;
}

static bool read_silences(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_stream_config *config)
{
    const struct mr_yaml *node = mr_read_key(map, "streams.silence");
    if (!node) return true;
    bool is_list = node->kind == MR_YAML_LIST;
    uint32_t n = is_list ? node->n : 1;
    struct mr_silence *silences = mr_region_array(reading->region, struct mr_silence, n + 1);
    for (uint32_t i = 0; i < n; i++)
        if (!read_silence(reading, is_list ? node->items[i] : node, config, &silences[i]))
            return false;
    config->silences = silences;
    config->n_silences = n;
    return true;
}

static bool read_disorder(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_stream_config *config)
{
    const struct mr_yaml *disorder = mr_read_map(map, "streams.disorder");
    config->duplicates = (struct mr_ratio){0, 1};
    config->has_extra_delay = mr_yaml_get(disorder, "extra") != NULL;
    config->has_linger = mr_read_key(map, "streams.linger") != NULL;
    return mr_read_keys(reading, disorder, "disorder", MR_MAP_DISORDER) &&
           mr_read_distribution(
               reading, disorder, "disorder.extra", MR_RANGE_US, &config->extra_delay_us) &&
           mr_read_ratio(reading, disorder, "disorder.duplicates", &config->duplicates) &&
           mr_read_distribution(
               reading, map, "streams.linger", MR_RANGE_NS, &config->linger_ns);
}

static bool read_arrival(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_trace_options *options)
{
    static const char *const units[] = {"us", "ms", "s", "min", "h"};
    static const char *const bases[] = {"event_time"};
    const struct mr_yaml *arrival = mr_read_key(map, "streams.arrival");
    if (!arrival) {
        if (options->event_time) return true;
        return mr_fail_node(reading, map,
            "a trace needs 'event_time' or 'arrival', so that its rows have a moment to "
            "arrive");
    }
    int unit = MR_UNIT_S, base = -1;
    if (!mr_read_keys(reading, arrival, "arrival", MR_MAP_ARRIVAL) ||
        !mr_read_required(reading, arrival, "column") ||
        !mr_read_text(reading, arrival, "arrival.column", &options->arrival_column) ||
        !mr_read_word(reading, arrival, "arrival.unit", units, MR_COUNT_OF(units), &unit) ||
        !mr_read_word(reading, arrival, "arrival.relative_to", bases, 1, &base))
        return false;
    options->arrival_unit = (enum mr_arrival_unit)unit;
    options->arrival_is_relative = base == 0;
    if (options->arrival_is_relative && !options->event_time)
        return mr_fail_node(reading, arrival, "'relative_to: event_time' needs 'event_time'");
    return true;
}

static bool read_trace_options(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_trace_options *options)
{
    static const char *const policies[] = {"error", "drop"};
    int policy = MR_BAD_TIME_ERROR;
    if (!mr_read_word(
            reading, map, "streams.on_bad_time", policies, MR_COUNT_OF(policies), &policy) ||
        !mr_read_integer(reading, map, "streams.max_future", MR_RANGE_US_POSITIVE,
            &options->max_future_us) ||
        !mr_read_integer(
            reading, map, "streams.max_past", MR_RANGE_US_POSITIVE, &options->max_past_us))
        return false;
    options->on_bad_time = (enum mr_bad_time)policy;
    return read_arrival(reading, map, options);
}

static bool read_trace(struct mr_reading *reading, const struct mr_yaml *map,
    struct mr_trace_options *options, struct mr_stream_config *config)
{
    const struct mr_yaml *node = mr_yaml_get(map, "trace");
    const char *path, *shown_path, *text;
    size_t bytes;
    if (!mr_yaml_as_text(node, "trace", &path, reading->err)) return false;
    if (!read_trace_options(reading, map, options)) return false;
    if (!mr_read_integer(
            reading, map, "streams.speedup", MR_RANGE_COUNT(1, 1000000000), &config->speedup) ||
        !read_disorder(reading, map, config))
        return false;
    return mr_read_file(reading, node, path, &shown_path, &text, &bytes) &&
           mr_trace_read_csv(
               reading->region, shown_path, text, bytes, options, &config->trace, reading->err);
}

static bool read_time_field(struct mr_reading *reading, const struct mr_yaml *map,
    const struct mr_transform *reader, struct mr_stream_config *config,
    struct mr_trace_options *options)
{
    const struct mr_schema *schema = config->schema;
    int field = reader->read.event_time_field;
    config->event_time_field = field;
    const struct mr_yaml *node = mr_yaml_get(map, "event_time");
    if (!read_field(reading, map, "streams.event_time", schema, &field)) return false;
    if (node && reader->read.event_time_field >= 0 && field != reader->read.event_time_field)
        return mr_fail_node(reading, node, "event time '%s', but '%s' takes it from '%s'",
            schema->fields[field].name, reader->name,
            schema->fields[reader->read.event_time_field].name);
    if (field < 0) return true;
    enum mr_type type = schema->fields[field].type;
    if (type != MR_TYPE_TIMESTAMP && type != MR_TYPE_INT)
        return mr_fail_node(reading, node ? node : map,
            "event time '%s' is a %s, not a timestamp", schema->fields[field].name,
            mr_type_name(type));
    options->event_time = schema->fields[field].name;
    return true;
}

static bool read_source(struct mr_reading *reading, const struct mr_yaml *map,
    struct mr_trace_options *options, struct mr_stream_config *config)
{
    const struct mr_yaml *trace = mr_yaml_get(map, "trace");
    const struct mr_yaml *generate = mr_yaml_get(map, "generate");
    if (trace && generate)
        return mr_fail_node(reading, mr_yaml_key(map, "generate"),
            "a stream has a 'trace' or is 'generate'd, not both");
    if (!trace && !generate)
        return mr_fail_node(
            reading, map, "stream '%s' needs a 'trace' or 'generate'", config->topic);
    if (trace) return read_trace(reading, map, options, config);
    return mr_read_generate(reading, map, config);
}

static bool read_stream(struct mr_reading *reading, const struct mr_yaml *key,
    const struct mr_yaml *map, const struct mr_transform *reader,
    struct mr_stream_config *config)
{
    static const char *const ends[] = {"bounded", "open"};
    int end = 0;
    *config = (struct mr_stream_config){.topic = key->text,
        .n_partitions = reading->scenario->cluster.parallelism,
        .schema = &reader->outputs[MR_OUTPUT_MAIN].schema,
        .key_field = -1,
        .speedup = 1};
    struct mr_trace_options options = {.schema = config->schema};
    if (!mr_read_keys(reading, map, "stream", MR_MAP_STREAM) ||
        !mr_read_u32(
            reading, map, "streams.partitions", 1, PARTITIONS_MAX, &config->n_partitions) ||
        !read_field(reading, map, "streams.key", config->schema, &config->key_field) ||
        !mr_read_word(reading, map, "streams.end", ends, MR_COUNT_OF(ends), &end) ||
        !read_time_field(reading, map, reader, config, &options))
        return false;
    config->is_open = end == 1;
    if (!mr_readers_agree(reading, reader, key)) return false;
    if (!read_source(reading, map, &options, config)) return false;
    if (!read_silences(reading, map, config)) return false;
    mr_stream_prepare(reading->region, config);
    return true;
}

/* Each ReadFromLog must have a stream that feeds it. */
static bool all_are_fed(struct mr_reading *reading, const struct mr_yaml *root)
{
    const struct mr_scenario *scenario = reading->scenario;
    const struct mr_yaml *streams = mr_yaml_key(root, "streams");
    for (uint32_t i = 0; i < scenario->graph->n_transforms; i++) {
        const struct mr_transform *transform = &scenario->graph->transforms[i];
        if (transform->kind != MR_READ_FROM_LOG) continue;
        bool is_fed = false;
        for (uint32_t t = 0; t < scenario->n_topics; t++)
            is_fed = is_fed || strcmp(scenario->topics[t].name, transform->read.topic) == 0;
        if (!is_fed)
            return mr_fail_node(reading, streams ? streams : root,
                "no stream feeds the topic '%s' that '%s' reads", transform->read.topic,
                transform->name);
    }
    return true;
}

bool mr_read_streams(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    const struct mr_yaml *map = mr_read_map(root, "streams");
    if (map->kind != MR_YAML_MAP)
        return mr_fail_node(reading, map, "'streams' must be a map of topics");
    if (map->n > TOPICS_MAX)
        return mr_fail_node(reading, map, "at most %d streams", (int)TOPICS_MAX);
    reading->topics = mr_region_array(reading->region, struct mr_topic, (size_t)3 * TOPICS_MAX);
    scenario->topics = reading->topics;
    if (scenario->is_stepped) return mr_read_inputs(reading, root);
    struct mr_stream_config *configs =
        mr_region_array(reading->region, struct mr_stream_config, map->n + 1);
    for (uint32_t i = 0; i < map->n; i++) {
        const char *topic = map->keys[i]->text;
        const struct mr_transform *reader = user_of(scenario->graph, MR_READ_FROM_LOG, topic);
        if (!reader) {
            const char *words[TOPICS_MAX];
            size_t n = topics_used(scenario->graph, MR_READ_FROM_LOG, words, TOPICS_MAX);
            mr_fail_node(reading, map->keys[i], "no ReadFromLog reads the stream '%s'", topic);
            mr_err_suggest(reading->err, topic, words, n);
            return false;
        }
        if (user_of(scenario->graph, MR_WRITE_TO_LOG, topic))
            return mr_fail_node(reading, map->keys[i],
                "topic '%s' is read and written: an input cannot be an output", topic);
        if (!read_stream(reading, map->keys[i], map->items[i], reader, &configs[i]))
            return false;
        reading->topics[scenario->n_topics++] =
            (struct mr_topic){topic, configs[i].n_partitions, &configs[i]};
    }
    return all_are_fed(reading, root);
}

static int find_topic(const struct mr_scenario *scenario, const char *name)
{
    for (uint32_t t = 0; t < scenario->n_topics; t++)
        if (strcmp(scenario->topics[t].name, name) == 0) return (int)t;
    return -1;
}

static bool read_output(
    struct mr_reading *reading, const struct mr_yaml *key, const struct mr_yaml *node)
{
    struct mr_scenario *scenario = reading->scenario;
    int topic = find_topic(scenario, key->text);
    if (topic >= 0 && scenario->topics[topic].stream)
        return mr_fail_node(
            reading, key, "topic '%s' is a stream: it cannot be an output", key->text);
    if (topic < 0) {
        if (scenario->n_topics >= 2 * TOPICS_MAX)
            return mr_fail_node(reading, key, "at most %d topics", 2 * TOPICS_MAX);
        topic = (int)scenario->n_topics++;
        reading->topics[topic] =
            (struct mr_topic){.name = key->text, .n_partitions = scenario->cluster.parallelism};
    }
    if (node->kind == MR_YAML_NULL) return true;
    return mr_read_keys(reading, node, "output", MR_MAP_OUTPUT) &&
           mr_read_u32(reading, node, "outputs.partitions", 1, PARTITIONS_MAX,
               &reading->topics[topic].n_partitions);
}

bool mr_read_outputs(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    const char *written[TOPICS_MAX];
    size_t n = topics_used(scenario->graph, MR_WRITE_TO_LOG, written, TOPICS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (find_topic(scenario, written[i]) >= 0) continue;
        reading->topics[scenario->n_topics++] = (struct mr_topic){
            .name = written[i], .n_partitions = scenario->cluster.parallelism};
    }
    const struct mr_yaml *map = mr_read_map(root, "outputs");
    if (map->kind != MR_YAML_MAP)
        return mr_fail_node(reading, map, "'outputs' must be a map of topics");
    for (uint32_t i = 0; i < map->n; i++)
        if (!read_output(reading, map->keys[i], map->items[i])) return false;
    return true;
}
