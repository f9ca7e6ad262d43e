/* ReadFromKafka, WriteToKafka: topics of the simulated log, with what Beam YAML can say of
 * them: times and watermark are those of processing, and only values have fields. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

static const char *const formats[] = {"RAW", "STRING", "JSON"};
static const char *const other_formats[] = {"AVRO", "PROTO"};

static bool read_head(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const char **topic, size_t *format)
{
    const struct mr_yaml *node = mr_config_need(reader, spec, "topic");
    const char *servers;
    if (!node || !mr_config_name(reader, node, "topic", topic)) return false;
    node = mr_config_need(reader, spec, "bootstrap_servers");
    if (!node || !mr_config_name(reader, node, "bootstrap_servers", &servers)) return false;
    node = mr_config_get(spec->config, "format");
    return !node || mr_config_word(reader, node, "format", formats, MR_COUNT_OF(formats),
                        other_formats, MR_COUNT_OF(other_formats), format);
}

/* Maps that only a real Kafka would look at. */
static bool check_map(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char *key)
{
    const struct mr_yaml *node = mr_config_get(spec->config, key);
    return !node || node->kind == MR_YAML_MAP ||
           mr_fail_at(reader->err, node->place, "%s must be a map", key);
}

/* `type: object` of JSON schema, as a map or as a text. */
static bool read_fields(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_schema_builder *builder)
{
    const struct mr_yaml *schema = mr_config_need(reader, spec, "schema");
    if (!schema) return false;
    if (schema->kind == MR_YAML_TEXT && !mr_config_text_tree(reader, schema, &schema))
        return false;
    struct mr_field row = {.name = NULL};
    if (!mr_field_read(reader, schema, &row)) return false;
    if (row.type != MR_TYPE_ROW || !row.shape || row.shape->n_fields == 0)
        return mr_fail_at(reader->err, schema->place,
            "the schema of '%s' must be a JSON schema of type 'object' with 'properties'",
            mr_spec_label(spec));
    for (uint32_t i = 0; i < row.shape->n_fields; i++)
        if (!mr_schema_add(reader, builder, row.shape->fields[i], schema->place)) return false;
    return true;
}

bool mr_configure_read_from_kafka(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"topic", "bootstrap_servers", "format", "schema",
        "consumer_config", "auto_offset_reset_config"};
    static const char *const refused[] = {"confluent_schema_registry_url",
        "confluent_schema_registry_subject", "file_descriptor_path", "message_name",
        "max_read_time_seconds"};
    static const char *const starts[] = {"earliest", "latest"};
    size_t format = 0, ignored;
    /* Beam gives no timestamp policy to KafkaIO here: times and watermark are the reader's. */
    struct mr_read_from_log read = {
        .event_time_field = -1, .strategy = MR_WATERMARK_PROCESSING_TIME};
    struct mr_schema_builder builder = {0};
    if (!mr_config_keys(reader, spec->config, "config of ReadFromKafka", keys,
            MR_COUNT_OF(keys), refused, MR_COUNT_OF(refused)) ||
        !read_head(reader, spec, &read.topic, &format) ||
        !check_map(reader, spec, "consumer_config"))
        return false;
    const struct mr_yaml *start = mr_config_get(spec->config, "auto_offset_reset_config");
    if (start && !mr_config_word(reader, start, "auto_offset_reset_config", starts,
                     MR_COUNT_OF(starts), NULL, 0, &ignored))
        return false;
    struct mr_field payload = {
        .name = "payload", .type = format == 0 ? MR_TYPE_BYTES : MR_TYPE_STRING};
    bool ok = format == 2 ? read_fields(reader, spec, &builder)
                          : mr_schema_add(reader, &builder, payload, spec->place);
    if (!ok) return false;
    transform->read = read;
    return mr_outputs_set(reader, spec, transform, mr_schema_finish(reader, &builder));
}

bool mr_configure_write_to_kafka(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {
        "topic", "bootstrap_servers", "format", "schema", "producer_config_updates"};
    static const char *const refused[] = {
        "file_descriptor_path", "message_name", "error_handling"};
    size_t format = 0;
    struct mr_write_to_log write = {.key_field = -1, .delivery = MR_DELIVERY_AT_LEAST_ONCE};
    if (!mr_config_keys(reader, spec->config, "config of WriteToKafka", keys, MR_COUNT_OF(keys),
            refused, MR_COUNT_OF(refused)) ||
        !mr_config_need(reader, spec, "format") ||
        !read_head(reader, spec, &write.topic, &format) ||
        !check_map(reader, spec, "producer_config_updates"))
        return false;
    const struct mr_schema *schema = mr_edge_schema(reader, transform->inputs[0]);
    if (format < 2 && schema->n_fields != 1)
        return mr_fail_at(reader->err, spec->place,
            "format '%s' of '%s' needs an input of exactly one field, not of %u",
            formats[format], mr_spec_label(spec), schema->n_fields);
    transform->write = write;
    return true;
}
