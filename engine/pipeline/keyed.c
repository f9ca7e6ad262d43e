/* What the configs of transforms with state by key share. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

static bool check_windowing(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_transform *transform)
{
    if (transform->windowing.kind == MR_WINDOW_SESSIONS)
        return mr_fail_at(reader->err, spec->place,
            "'%s' keeps state by window, and windows of sessions merge: not supported",
            mr_spec_label(spec));
    for (uint32_t i = 1; i < transform->n_inputs; i++)
        if (!mr_windowing_same(mr_edge_windowing(reader, transform->inputs[0]),
                mr_edge_windowing(reader, transform->inputs[i])))
            return mr_fail_at(reader->err, spec->inputs[i].place,
                "inputs of '%s' have different windowings", mr_spec_label(spec));
    return true;
}

/* `key` as written for one input. */
static const struct mr_yaml *key_for(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_yaml *key, uint32_t input)
{
    if (key->kind != MR_YAML_MAP) return key;
    const struct mr_yaml *own = mr_config_get(key, spec->inputs[input].key);
    if (!own)
        mr_fail_at(reader->err, key->place, "'key' says nothing of the input '%s'",
            spec->inputs[input].key);
    return own;
}

static bool read_fields(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_schema *schema, int *fields, uint32_t *n)
{
    *n = 1;
    if (node->kind != MR_YAML_LIST)
        return mr_schema_lookup(reader, schema, node, "key", fields);
    *n = node->n;
    if (node->n > MR_FIELDS_MAX)
        return mr_fail_at(reader->err, node->place, "more than %d keys", MR_FIELDS_MAX);
    for (uint32_t i = 0; i < node->n; i++)
        if (!mr_schema_lookup(reader, schema, node->items[i], "key", &fields[i])) return false;
    return true;
}

/* Rows of both must find the same entry, so the types are the same, None included. */
static bool check_same(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_yaml *node, const struct mr_field *first, const struct mr_field *other,
    uint32_t input)
{
    if (first->type != other->type)
        return mr_fail_at(reader->err, node->place,
            "type mismatch: key '%s' of the input '%s' is %s, but %s in the first input",
            other->name, spec->inputs[input].key, mr_type_name(other->type),
            mr_type_name(first->type));
    if (first->is_nullable == other->is_nullable) return true;
    return mr_fail_at(reader->err, node->place,
        "key '%s' may be null in one input of '%s' and not in another", other->name,
        mr_spec_label(spec));
}

static bool check_keys(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_schema *schema, const int *fields, uint32_t n, const struct mr_yaml *node,
    uint32_t input, struct mr_keyed *keyed)
{
    if (input == 0) {
        struct mr_field *keys = mr_region_array(reader->region, struct mr_field, n + 1);
        for (uint32_t i = 0; i < n; i++) keys[i] = schema->fields[fields[i]];
        keyed->keys = keys;
        keyed->n_keys = n;
        return true;
    }
    if (n != keyed->n_keys)
        return mr_fail_at(reader->err, node->place,
            "the input '%s' has %u keys, the first input %u", spec->inputs[input].key, n,
            keyed->n_keys);
    for (uint32_t i = 0; i < n; i++)
        if (!check_same(reader, spec, node, &keyed->keys[i], &schema->fields[fields[i]], input))
            return false;
    return true;
}

static bool check_inputs_named(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const struct mr_yaml *key)
{
    const char *words[16];
    uint32_t n = spec->n_inputs < 16 ? spec->n_inputs : 16;
    for (uint32_t i = 0; i < n; i++) words[i] = spec->inputs[i].key;
    if (key->kind != MR_YAML_MAP) return true;
    return mr_yaml_only_keys(key, "key", words, n, reader->err);
}

bool mr_keyed_read_keys(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_transform *transform, struct mr_keyed *keyed)
{
    const struct mr_yaml *key = mr_config_need(reader, spec, "key");
    if (!key || !check_windowing(reader, spec, transform) ||
        !check_inputs_named(reader, spec, key))
        return false;
    const int **lists = mr_region_array(reader->region, const int *, transform->n_inputs);
    for (uint32_t i = 0; i < transform->n_inputs; i++) {
        const struct mr_schema *schema = mr_edge_schema(reader, transform->inputs[i]);
        const struct mr_yaml *node = key_for(reader, spec, key, i);
        int *fields = mr_region_array(reader->region, int, MR_FIELDS_MAX);
        uint32_t n;
        if (!node || !read_fields(reader, node, schema, fields, &n) ||
            !check_keys(reader, spec, schema, fields, n, node, i, keyed))
            return false;
        lists[i] = fields;
    }
    keyed->key_fields = lists;
    return true;
}

bool mr_keyed_read_ttl(struct mr_graph_reader *reader, const struct mr_yaml *ttl,
    const struct mr_yaml *time, struct mr_state_spec *state)
{
    static const char *const words[] = {"event", "processing"};
    size_t index = 0;
    if (time && !ttl)
        return mr_fail_at(reader->err, time->place, "a time for state that stays for ever");
    if (!ttl) return true;
    mr_ns span_ns;
    if (!mr_config_duration(reader, ttl, "the life of a state", &span_ns) ||
        (time && !mr_config_word(reader, time, "time", words, 2, NULL, 0, &index)))
        return false;
    state->ttl_us = mr_us_from_ns(span_ns);
    state->ttl_domain = (enum mr_time_domain)index;
    return state->ttl_us > 0 ||
           mr_fail_at(reader->err, ttl->place, "the life of a state must be at least 1us");
}
