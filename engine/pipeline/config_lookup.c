/* Lookup: each row gets fields of what a service has under its key. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

enum { IN_FLIGHT_MAX = 1 << 20, RETRIES_MAX = 1000, RATE_MAX = 1000000000 };

static bool read_key(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_schema *input, struct mr_lookup *lookup)
{
    const struct mr_yaml *key = mr_config_need(reader, spec, "key");
    if (!key || !mr_schema_lookup(reader, input, key, "key of Lookup", &lookup->key_field))
        return false;
    enum mr_type type = input->fields[lookup->key_field].type;
    if (type == MR_TYPE_STRING || type == MR_TYPE_INT) return true;
    return mr_fail_at(reader->err, key->place,
        "type mismatch: the key of a Lookup is %s, not string or integer", mr_type_name(type));
}

static bool read_count(struct mr_graph_reader *reader, const struct mr_yaml *config,
    const char *key, int64_t least, int64_t most, uint32_t *out)
{
    const struct mr_yaml *node = mr_config_get(config, key);
    int64_t value;
    if (!node) return true;
    if (!mr_yaml_as_int(node, key, least, most, &value, reader->err)) return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_span(
    struct mr_graph_reader *reader, const struct mr_yaml *config, const char *key, mr_ns *out)
{
    const struct mr_yaml *node = mr_config_get(config, key);
    if (!node) return true;
    if (!mr_config_duration(reader, node, key, out)) return false;
    return *out > 0 || mr_fail_at(reader->err, node->place, "%s must be more than zero", key);
}

static bool read_words(
    struct mr_graph_reader *reader, const struct mr_yaml *config, struct mr_lookup *lookup)
{
    static const char *const orders[] = {"ordered", "unordered"};
    static const char *const policies[] = {"null", "drop", "error"};
    const struct mr_yaml *order = mr_config_get(config, "order");
    const struct mr_yaml *missing = mr_config_get(config, "on_missing");
    size_t index = 0;
    if (order &&
        !mr_config_word(reader, order, "order", orders, MR_COUNT_OF(orders), NULL, 0, &index))
        return false;
    lookup->is_ordered = index == 0;
    index = MR_LOOKUP_NULL; /* a null that is not quoted is the default, too */
    if (missing && !mr_config_word(reader, missing, "on_missing", policies,
                       MR_COUNT_OF(policies), NULL, 0, &index))
        return false;
    lookup->on_missing = (enum mr_lookup_policy)index;
    return true;
}

static bool read_knobs(
    struct mr_graph_reader *reader, const struct mr_yaml *config, struct mr_lookup *lookup)
{
    return read_count(
               reader, config, "max_in_flight", 1, IN_FLIGHT_MAX, &lookup->max_in_flight) &&
           read_count(reader, config, "retries", 0, RETRIES_MAX, &lookup->retries) &&
           read_count(reader, config, "rate_limit", 1, RATE_MAX, &lookup->calls_a_second) &&
           read_span(reader, config, "timeout", &lookup->timeout_ns) &&
           read_span(reader, config, "backoff", &lookup->backoff_ns) &&
           read_span(reader, config, "cache_ttl", &lookup->cache_ttl_ns) &&
           read_words(reader, config, lookup);
}

/* The input's fields, then those that are looked up; a row without them has nulls. */
static bool add_fields(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_schema *input, struct mr_lookup *lookup, struct mr_schema *out)
{
    struct mr_schema_builder builder = {0};
    if (!mr_schema_read(reader, node, &lookup->fields)) return false;
    for (uint32_t i = 0; i < input->n_fields; i++)
        if (!mr_schema_add(reader, &builder, input->fields[i], node->place)) return false;
    for (uint32_t i = 0; i < lookup->fields.n_fields; i++) {
        struct mr_field field = lookup->fields.fields[i];
        struct mr_place place = node->keys[i]->place;
        if (mr_type_is_document(field.type))
            return mr_fail_at(reader->err, place,
                "field '%s' of a Lookup is %s, which no service here has", field.name,
                mr_type_name(field.type));
        field.is_nullable = field.is_nullable || lookup->on_missing == MR_LOOKUP_NULL;
        if (!mr_schema_add(reader, &builder, field, place)) return false;
    }
    *out = mr_schema_finish(reader, &builder);
    return true;
}

static void word_failures(struct mr_graph_reader *reader, struct mr_lookup *lookup)
{
    lookup->failures[MR_LOOKUP_NO_ROW] = mr_region_printf(
        reader->region, "KeyError: '%s' has nothing under the key", lookup->connector);
    lookup->failures[MR_LOOKUP_TIMED_OUT] = mr_region_printf(
        reader->region, "TimeoutError: '%s' did not answer in time", lookup->connector);
    lookup->failures[MR_LOOKUP_FAILED] = mr_region_printf(
        reader->region, "RuntimeError: '%s' answered with an error", lookup->connector);
}

bool mr_configure_lookup(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"connector", "key", "fields", "timeout", "max_in_flight",
        "order", "retries", "backoff", "on_missing", "cache_ttl", "rate_limit",
        "error_handling"};
    if (!mr_config_keys(
            reader, spec->config, "config of Lookup", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_schema input = *mr_edge_schema(reader, transform->inputs[0]);
    struct mr_lookup lookup = {.max_in_flight = 100,
        .retries = 3,
        .timeout_ns = MR_SECOND_NS,
        .backoff_ns = 100 * MR_MS_NS};
    struct mr_schema schema;
    const struct mr_yaml *connector = mr_config_need(reader, spec, "connector");
    if (!connector || !mr_config_name(reader, connector, "connector", &lookup.connector) ||
        !read_key(reader, spec, &input, &lookup))
        return false;
    const struct mr_yaml *fields = mr_config_need(reader, spec, "fields");
    if (!fields || !read_knobs(reader, spec->config, &lookup) ||
        !add_fields(reader, fields, &input, &lookup, &schema))
        return false;
    word_failures(reader, &lookup);
    transform->lookup = lookup;
    return mr_outputs_set(reader, spec, transform, schema);
}
