/* Streams whose rows nobody recorded. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

/* The keys of generated rows: integers, or text long enough to number them all. */
static bool read_generated_keys(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_stream_config *config)
{
    struct mr_generator *generator = &config->generator;
    const struct mr_yaml *written = mr_yaml_get(map, "key_bytes");
    generator->n_keys = 100;
    if (!mr_read_u32(reading, map, "generate.keys", 1, UINT32_MAX, &generator->n_keys))
        return false;
    enum mr_type type =
        config->key_field < 0 ? MR_TYPE_INT : config->schema->fields[config->key_field].type;
    if (type == MR_TYPE_INT) {
        if (written)
            return mr_fail_node(reading, written, "'key_bytes' is for keys that are strings");
        return true;
    }
    if (type != MR_TYPE_STRING)
        return mr_fail_node(
            reading, map, "generated keys are integers or strings, not %s", mr_type_name(type));
    generator->key_bytes = 12;
    if (!mr_read_u32(reading, map, "generate.key_bytes", 8, 64, &generator->key_bytes))
        return false;
    uint64_t room = 1;
    for (uint32_t i = 1; i < generator->key_bytes && room < UINT32_MAX; i++) room *= 10;
    if (generator->n_keys > room)
        return mr_fail_node(reading, map, "%u keys do not fit into 'key_bytes: %u'",
            generator->n_keys, generator->key_bytes);
    return true;
}

static bool read_start(struct mr_reading *reading, const struct mr_yaml *map, mr_us *out)
{
    const struct mr_yaml *node = mr_yaml_get(map, "start");
    if (!node) return true;
    if (node->kind == MR_YAML_LIST || node->kind == MR_YAML_MAP || !node->text ||
        !mr_timestamp_parse(node->text, strlen(node->text), out))
        return mr_fail_node(
            reading, node, "'generate.start' must be a time such as 2001-01-03T07:00:00Z");
    return true;
}

static bool read_rows(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_stream_config *config)
{
    struct mr_generator *generator = &config->generator;
    const struct mr_yaml *node = mr_yaml_get(map, "generate");
    int64_t rows = 0;
    generator->value_bound = 1000;
    config->duplicates = (struct mr_ratio){0, 1};
    if (!mr_read_keys(reading, node, "generate", MR_MAP_GENERATE) ||
        !mr_read_required(reading, node, "rows") ||
        !mr_read_required(reading, node, "duration") ||
        !mr_read_integer(
            reading, node, "generate.rows", MR_RANGE_COUNT(1, 1000000000000), &rows) ||
        !mr_read_integer(reading, node, "generate.duration", MR_RANGE_NS_POSITIVE,
            &generator->duration_ns) ||
        !mr_read_u32(
            reading, node, "generate.values", 1, UINT32_MAX, &generator->value_bound) ||
        !mr_read_integer(
            reading, node, "generate.disorder", MR_RANGE_US, &generator->disorder_us))
        return false;
    generator->rows = (uint64_t)rows;
    return read_generated_keys(reading, node, config) &&
           read_start(reading, node, &generator->start_us);
}

/* What is said of traces makes no sense for generated rows. */
static bool only_for_traces(struct mr_reading *reading, const struct mr_yaml *map)
{
    static const char *const keys[] = {
        "arrival", "speedup", "disorder", "linger", "on_bad_time", "max_future", "max_past"};
    for (size_t i = 0; i < MR_COUNT_OF(keys); i++) {
        const struct mr_yaml *key = mr_yaml_key(map, keys[i]);
        if (key)
            return mr_fail_node(
                reading, key, "'%s' is for traces; this stream is generated", keys[i]);
    }
    return true;
}

/* There is nothing that a list or a row would be made of. */
static bool only_plain_fields(struct mr_reading *reading, const struct mr_yaml *map,
    const struct mr_stream_config *config)
{
    for (uint32_t i = 0; i < config->schema->n_fields; i++)
        if (mr_type_is_document(config->schema->fields[i].type))
            return mr_fail_node(reading, mr_yaml_key(map, "generate"),
                "field '%s' is of type %s, which cannot be generated",
                config->schema->fields[i].name,
                mr_type_name(config->schema->fields[i].type));
    return true;
}

/* Keys that shape rows which this generator does not make. */
static bool only_for_keys(struct mr_reading *reading, const struct mr_yaml *map)
{
    static const char *const keys[] = {"keys", "key_bytes", "values"};
    for (size_t i = 0; i < MR_COUNT_OF(keys); i++) {
        const struct mr_yaml *key = mr_yaml_key(mr_yaml_get(map, "generate"), keys[i]);
        if (key)
            return mr_fail_node(
                reading, key, "'%s' means nothing for the events of Nexmark", keys[i]);
    }
    const struct mr_yaml *key = mr_yaml_key(map, "key");
    return !key || mr_fail_node(reading, key,
                       "'key' means nothing for the events of Nexmark: they come by turns");
}

/* Fields are filled by name: each must be one of the kind's, with its type. */
static bool has_nexmark_fields(struct mr_reading *reading, const struct mr_yaml *node,
    const char *word, const struct mr_stream_config *config)
{
    enum mr_nexmark_kind kind = config->generator.nexmark;
    for (uint32_t i = 0; i < config->schema->n_fields; i++) {
        const struct mr_field *field = &config->schema->fields[i];
        enum mr_type type;
        if (mr_nexmark_field(kind, field->name, &type) < 0) {
            const char *names[MR_NEXMARK_FIELDS_MAX];
            size_t n = mr_nexmark_fields(kind, names);
            mr_fail_node(reading, node, "no %s of Nexmark has a field '%s'", word, field->name);
            mr_err_suggest(reading->err, field->name, names, n);
            return false;
        }
        if (type != field->type)
            return mr_fail_node(reading, node, "'%s' of Nexmark's %s is a %s, not a %s",
                field->name, word, mr_type_name(type), mr_type_name(field->type));
    }
    int time = config->event_time_field;
    return time < 0 || strcmp(config->schema->fields[time].name, "dateTime") == 0 ||
           mr_fail_node(reading, node, "the event time of Nexmark is 'dateTime', not '%s'",
               config->schema->fields[time].name);
}

static bool read_nexmark(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_stream_config *config)
{
    static const char *const kinds[] = {"person", "auction", "bid"};
    const struct mr_yaml *node = mr_yaml_get(mr_yaml_get(map, "generate"), "nexmark");
    if (!node) return true;
    int kind = 0;
    if (!mr_read_word(reading, mr_yaml_get(map, "generate"), "generate.nexmark", kinds,
            MR_COUNT_OF(kinds), &kind) ||
        !only_for_keys(reading, map))
        return false;
    config->generator.nexmark = MR_NEXMARK_PERSON + (enum mr_nexmark_kind)kind;
    return has_nexmark_fields(reading, node, kinds[kind], config);
}

bool mr_read_generate(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_stream_config *config)
{
    return only_for_traces(reading, map) && only_plain_fields(reading, map, config) &&
           read_rows(reading, map, config) && read_nexmark(reading, map, config);
}
