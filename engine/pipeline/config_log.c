#include "engine/pipeline/graph_internal.h"

static bool read_bound(struct mr_graph_reader *reader, const struct mr_yaml *watermark,
    enum mr_watermark_strategy strategy, mr_us *out)
{
    const struct mr_yaml *bound = mr_config_get(watermark, "max_out_of_orderness");
    if (strategy == MR_WATERMARK_ASCENDING) {
        if (!bound) return true;
        return mr_fail_at(reader->err, bound->place,
            "'max_out_of_orderness' belongs to the strategy 'bounded'");
    }
    if (!bound)
        return mr_fail_at(reader->err, watermark->place,
            "a watermark of strategy 'bounded' needs 'max_out_of_orderness'");
    mr_ns bound_ns;
    if (!mr_config_duration(reader, bound, "max_out_of_orderness", &bound_ns)) return false;
    *out = mr_us_from_ns(bound_ns);
    return true;
}

static bool read_watermark(struct mr_graph_reader *reader, const struct mr_yaml *watermark,
    struct mr_read_from_log *out)
{
    static const char *const keys[] = {"strategy", "max_out_of_orderness", "idle_after"};
    static const char *const refused[] = {"alignment"};
    static const char *const words[] = {"bounded", "ascending"};
    static const char *const refused_words[] = {"punctuated"};
    if (!mr_config_keys(reader, watermark, "watermark", keys, MR_COUNT_OF(keys), refused,
            MR_COUNT_OF(refused)))
        return false;
    const struct mr_yaml *strategy = mr_config_get(watermark, "strategy");
    if (!strategy)
        return mr_fail_at(reader->err, watermark->place, "a watermark needs a 'strategy'");
    size_t index;
    if (!mr_config_word(reader, strategy, "watermark strategy", words, MR_COUNT_OF(words),
            refused_words, MR_COUNT_OF(refused_words), &index))
        return false;
    out->strategy = index == 0 ? MR_WATERMARK_BOUNDED : MR_WATERMARK_ASCENDING;
    if (!read_bound(reader, watermark, out->strategy, &out->max_out_of_orderness_us))
        return false;
    const struct mr_yaml *idle = mr_config_get(watermark, "idle_after");
    if (!idle) return true;
    if (!mr_config_duration(reader, idle, "idle_after", &out->idle_after_ns)) return false;
    if (out->idle_after_ns > 0) return true;
    return mr_fail_at(reader->err, idle->place,
        "idle_after must be more than zero; without it a partition is never idle");
}

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
    struct mr_read_from_log read = {.event_time_field = -1, .strategy = MR_WATERMARK_ASCENDING};
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
    if (watermark && !read_watermark(reader, watermark, &read)) return false;
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
