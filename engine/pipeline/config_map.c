#include <string.h>

#include "engine/pipeline/graph_internal.h"

static const struct mr_schema *input_schema(
    const struct mr_graph_reader *reader, const struct mr_transform *transform)
{
    return mr_edge_schema(reader, transform->inputs[0]);
}

/* ---- MapToFields ---- */

struct mapper {
    struct mr_graph_reader *reader;
    const struct mr_schema *input;
    const char *language;
    bool is_dropped[MR_FIELDS_MAX]; /* of the input */
    struct mr_schema_builder fields;
    struct mr_mapping *mappings; /* [MR_FIELDS_MAX] */
};

static bool drop_field(struct mapper *mapper, const struct mr_yaml *node)
{
    int index;
    if (!mr_schema_lookup(mapper->reader, mapper->input, node, "drop", &index)) return false;
    mapper->is_dropped[index] = true;
    return true;
}

static bool read_drop(struct mapper *mapper, const struct mr_yaml *drop, bool is_append)
{
    if (!drop) return true;
    if (!is_append)
        return mr_fail_at(mapper->reader->err, drop->place,
            "'drop' of MapToFields only goes with 'append: true'");
    if (drop->kind != MR_YAML_LIST) return drop_field(mapper, drop);
    for (uint32_t i = 0; i < drop->n; i++)
        if (!drop_field(mapper, drop->items[i])) return false;
    return true;
}

static bool add_mapping(struct mapper *mapper, const char *name,
    const struct mr_expression *expression, struct mr_place place)
{
    struct mr_field field = mr_expression_result(expression);
    field.name = name;
    uint32_t index = mapper->fields.n_fields;
    if (!mr_schema_add(mapper->reader, &mapper->fields, field, place)) return false;
    mapper->mappings[index] = (struct mr_mapping){.name = name, .expression = expression};
    return true;
}

/* `append` keeps the input's fields, in front of the new ones. */
static bool keep_fields(struct mapper *mapper, struct mr_place place)
{
    for (uint32_t i = 0; i < mapper->input->n_fields; i++) {
        if (mapper->is_dropped[i]) continue;
        const char *name = mapper->input->fields[i].name;
        const struct mr_expression *expression;
        if (!mr_expression_compile(mapper->reader->region, name, place, "generic", MR_USE_VALUE,
                mapper->input, &expression, mapper->reader->err))
            return false;
        MR_ASSERT(mr_expression_field(expression) == (int)i);
        if (!add_mapping(mapper, name, expression, place)) return false;
    }
    return true;
}

static bool map_fields(struct mapper *mapper, const struct mr_yaml *fields)
{
    for (uint32_t i = 0; i < fields->n; i++) {
        const char *name;
        const struct mr_expression *expression;
        if (!mr_config_name(mapper->reader, fields->keys[i], "the name of a field", &name))
            return false;
        const char *what = mr_region_printf(mapper->reader->region, "field '%s'", name);
        if (!mr_config_expression(mapper->reader, fields->items[i], what, mapper->language,
                MR_USE_VALUE, mapper->input, &expression) ||
            !add_mapping(mapper, name, expression, fields->keys[i]->place))
            return false;
    }
    return true;
}

bool mr_configure_map_to_fields(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {
        "fields", "append", "drop", "language", "error_handling"};
    static const char *const refused[] = {"dependencies"};
    const struct mr_yaml *config = spec->config;
    if (!mr_config_keys(reader, config, "config of MapToFields", keys, MR_COUNT_OF(keys),
            refused, MR_COUNT_OF(refused)))
        return false;
    struct mapper mapper = {.reader = reader, .input = input_schema(reader, transform)};
    const struct mr_yaml *fields = mr_config_need(reader, spec, "fields");
    if (!fields || !mr_config_language(reader, config, &mapper.language)) return false;
    if (fields->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, fields->place, "fields of MapToFields must be a map");
    const struct mr_yaml *append = mr_config_get(config, "append");
    bool is_append = false;
    if (append && !mr_yaml_as_bool(append, "append", &is_append, reader->err)) return false;
    mapper.mappings = mr_region_array(reader->region, struct mr_mapping, MR_FIELDS_MAX);
    if (!read_drop(&mapper, mr_config_get(config, "drop"), is_append) ||
        (is_append && !keep_fields(&mapper, append->place)) || !map_fields(&mapper, fields))
        return false;
    if (mapper.fields.n_fields == 0)
        return mr_fail_at(reader->err, fields->place, "MapToFields yields no fields");
    transform->map.keep = NULL;
    transform->map.n_mappings = mapper.fields.n_fields;
    transform->map.mappings = mapper.mappings;
    return mr_outputs_set(reader, spec, transform, mr_schema_finish(reader, &mapper.fields));
}

/* ---- Filter, AssignTimestamps, Flatten ---- */

/* The one expression of a transform that leaves its rows as they are. */
static const struct mr_expression *read_only_expression(struct mr_graph_reader *reader,
    const struct mr_spec *spec, const struct mr_transform *transform, const char *key,
    enum mr_expression_use use)
{
    const char *const keys[] = {key, "language", "error_handling"};
    static const char *const refused[] = {"dependencies"};
    const char *what = mr_region_printf(reader->region, "config of %s", spec->type);
    if (!mr_config_keys(
            reader, spec->config, what, keys, MR_COUNT_OF(keys), refused, MR_COUNT_OF(refused)))
        return NULL;
    const struct mr_yaml *node = mr_config_need(reader, spec, key);
    const char *language;
    const struct mr_expression *expression;
    if (!node || !mr_config_language(reader, spec->config, &language) ||
        !mr_config_expression(
            reader, node, key, language, use, input_schema(reader, transform), &expression))
        return NULL;
    return expression;
}

bool mr_configure_filter(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    transform->keep = read_only_expression(reader, spec, transform, "keep", MR_USE_KEEP);
    return transform->keep &&
           mr_outputs_set(reader, spec, transform, *input_schema(reader, transform));
}

bool mr_configure_assign_timestamps(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    const char *language;
    if (!mr_config_language(reader, spec->config, &language) ||
        !mr_config_not_sql(reader, spec, language))
        return false;
    transform->timestamp =
        read_only_expression(reader, spec, transform, "timestamp", MR_USE_TIMESTAMP);
    return transform->timestamp &&
           mr_outputs_set(reader, spec, transform, *input_schema(reader, transform));
}

bool mr_configure_flatten(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    if (!mr_config_keys(reader, spec->config, "config of Flatten", NULL, 0, NULL, 0))
        return false;
    for (uint32_t i = 1; i < transform->n_inputs; i++)
        if (!mr_windowing_same(mr_edge_windowing(reader, transform->inputs[0]),
                mr_edge_windowing(reader, transform->inputs[i])))
            return mr_fail_at(reader->err, spec->inputs[i].place,
                "inputs of '%s' have different windowings", mr_spec_label(spec));
    struct mr_schema schema;
    return mr_schema_union(reader, transform, &schema) &&
           mr_outputs_set(reader, spec, transform, schema);
}
