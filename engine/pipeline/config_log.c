#include "engine/pipeline/graph_internal.h"

static bool read_event_time(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_schema *schema, int *out)
{
    if (!mr_schema_lookup(reader, schema, node, "event_time", out)) return false;
    const struct mr_field *field = &schema->fields[*out];
    if (field->type != MR_TYPE_TIMESTAMP)
        return mr_fail_at(reader->err, node->place,
            "type mismatch: event_time '%s' is %s, not timestamp", field->name,
            mr_type_name(field->type));
    if (!field->is_nullable) return true;
    return mr_fail_at(
        reader->err, node->place, "event_time '%s' must not be nullable", field->name);
}

bool mr_configure_read_from_log(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"topic", "schema", "event_time", "watermark"};
    static const char *const refused[] = {
        "start", "stop", "key", "value", "headers", "timestamp", "offset", "error_handling"};
    const struct mr_yaml *config = spec->config;
    if (!mr_config_keys(reader, config, "config of ReadFromLog", keys, MR_COUNT_OF(keys),
            refused, MR_COUNT_OF(refused)))
        return false;
    struct mr_read_from_log read = {.event_time_field = -1,
        .strategy = MR_WATERMARK_ASCENDING,
        .punctuation_field = -1};
    struct mr_schema fields;
    const struct mr_yaml *topic = mr_config_need(reader, spec, "topic");
    if (!topic || !mr_config_name(reader, topic, "topic", &read.topic)) return false;
    const struct mr_yaml *schema = mr_config_need(reader, spec, "schema");
    if (!schema || !mr_schema_read(reader, schema, &fields)) return false;
    const struct mr_yaml *event_time = mr_config_get(config, "event_time");
    const struct mr_yaml *watermark = mr_config_get(config, "watermark");
    if (event_time && !read_event_time(reader, event_time, &fields, &read.event_time_field))
        return false;
    if (event_time && !watermark)
        return mr_fail_at(
            reader->err, event_time->place, "'event_time' needs a 'watermark' strategy");
    if (watermark && !mr_watermark_read(reader, watermark, &fields, &read)) return false;
    if (event_time && read.strategy == MR_WATERMARK_PROCESSING_TIME)
        return mr_fail_at(reader->err, event_time->place,
            "'event_time' does not go with the strategy 'processing_time': rows have the time at "
            "which they are read");
    transform->read = read;
    return mr_outputs_set(reader, spec, transform, fields);
}

bool mr_configure_write_to_log(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"topic", "key", "delivery"};
    static const char *const refused[] = {"value", "headers", "timestamp", "error_handling"};
    static const char *const words[] = {"exactly_once", "at_least_once"};
    static const char *const refused_words[] = {"at_most_once"};
    const struct mr_yaml *config = spec->config;
    if (!mr_config_keys(reader, config, "config of WriteToLog", keys, MR_COUNT_OF(keys),
            refused, MR_COUNT_OF(refused)))
        return false;
    struct mr_write_to_log write = {.key_field = -1};
    const struct mr_yaml *topic = mr_config_need(reader, spec, "topic");
    if (!topic || !mr_config_name(reader, topic, "topic", &write.topic)) return false;
    const struct mr_schema *schema = mr_edge_schema(reader, transform->inputs[0]);
    const struct mr_yaml *key = mr_config_get(config, "key");
    if (key && !mr_schema_lookup(reader, schema, key, "key of WriteToLog", &write.key_field))
        return false;
    size_t delivery = 0;
    const struct mr_yaml *node = mr_config_get(config, "delivery");
    if (node && !mr_config_word(reader, node, "delivery", words, MR_COUNT_OF(words),
                    refused_words, MR_COUNT_OF(refused_words), &delivery))
        return false;
    write.delivery = delivery == 0 ? MR_DELIVERY_EXACTLY_ONCE : MR_DELIVERY_AT_LEAST_ONCE;
    transform->write = write;
    return true;
}
