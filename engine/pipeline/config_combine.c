#include <string.h>

#include "engine/expression/folder.h"
#include "engine/pipeline/graph_internal.h"

/* By kind: Beam's own. */
static const char *const functions[] = {
    "count", "sum", "min", "max", "mean", "group", "concat", "all", "any"};

bool mr_combine_has_empty(const struct mr_combine *combine)
{
    for (uint32_t i = 0; i < combine->n_aggregates; i++)
        if (combine->aggregates[i].kind == MR_MIN || combine->aggregates[i].kind == MR_MAX ||
            combine->aggregates[i].kind == MR_FOLD_PYTHON)
            return false;
    return true;
}

struct combiner {
    struct mr_graph_reader *reader;
    const struct mr_schema *input;
    const char *language;
    struct mr_schema_builder fields; /* of the result: keys, then aggregates */
    int *keys;                       /* [MR_FIELDS_MAX] */
    uint32_t n_keys;
};

static bool add_key(struct combiner *combiner, const struct mr_yaml *node)
{
    int index;
    if (!mr_schema_lookup(combiner->reader, combiner->input, node, "group_by", &index) ||
        !mr_schema_add(
            combiner->reader, &combiner->fields, combiner->input->fields[index], node->place))
        return false;
    combiner->keys[combiner->n_keys++] = index;
    return true;
}

static bool read_keys(struct combiner *combiner, const struct mr_yaml *group_by)
{
    if (group_by->kind != MR_YAML_LIST) return add_key(combiner, group_by);
    for (uint32_t i = 0; i < group_by->n; i++)
        if (!add_key(combiner, group_by->items[i])) return false;
    return true;
}

/* A function that is written as a name or as its source, in Python. */
static bool read_python_function(struct combiner *combiner, const struct mr_yaml *node,
    const struct mr_yaml *config, struct mr_aggregate *out)
{
    struct mr_graph_reader *reader = combiner->reader;
    struct mr_value arguments = {.type = MR_TYPE_NULL};
    const char *text;
    if (config && config->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, config->place, "'config' of a fn must be a map");
    if (config && config->n > 0 && !mr_config_value(reader, config, &arguments)) return false;
    if (!mr_config_name(reader, node, "aggregate function", &text) ||
        !mr_folder_compile(
            reader->region, text, node->place, arguments, &out->folder, reader->err))
        return false;
    out->kind = MR_FOLD_PYTHON;
    reader->needs_python = true;
    return true;
}

static int find_function(const struct mr_yaml *node)
{
    for (size_t i = 0; node->text && i < MR_COUNT_OF(functions); i++)
        if (strcmp(functions[i], node->text) == 0) return (int)i;
    return -1;
}

/* `sum` or `{type: sum}`. */
static bool read_function(
    struct combiner *combiner, const struct mr_yaml *node, struct mr_aggregate *out)
{
    static const char *const keys[] = {"type", "config"};
    struct mr_graph_reader *reader = combiner->reader;
    const struct mr_yaml *config = NULL;
    if (node->kind == MR_YAML_MAP) {
        const struct mr_yaml *map = node;
        if (!mr_yaml_only_keys(map, "fn", keys, MR_COUNT_OF(keys), reader->err)) return false;
        config = mr_config_get(map, "config");
        node = mr_config_get(map, "type");
        if (!node) return mr_fail_at(reader->err, map->place, "a fn needs a 'type'");
    }
    int kind = find_function(node);
    if (kind < 0 && strcmp(combiner->language, "python") == 0)
        return read_python_function(combiner, node, config, out);
    size_t index;
    if (!mr_config_word(reader, node, "aggregate function", functions, MR_COUNT_OF(functions),
            NULL, 0, &index))
        return false;
    if (config && config->n > 0)
        return mr_fail_at(reader->err, config->place, "fn '%s' takes no 'config'", node->text);
    out->kind = (enum mr_aggregate_kind)index;
    return true;
}

/* Whether columns can take the values; else they are folded one by one, or refused. */
static bool takes(enum mr_aggregate_kind kind, enum mr_type type)
{
    switch (kind) {
    case MR_SUM:
    case MR_MEAN:
        return type == MR_TYPE_INT || type == MR_TYPE_FLOAT;
    case MR_MIN:
    case MR_MAX:
        return type != MR_TYPE_NULL && !mr_type_is_document(type);
    default:
        return true;
    }
}

/* What Python would refuse at every group: its sum begins with 0. */
static bool is_never_taken(enum mr_aggregate_kind kind, enum mr_type type)
{
    bool adds_up = kind == MR_SUM || kind == MR_MEAN;
    bool is_plain =
        type == MR_TYPE_STRING || type == MR_TYPE_BYTES || type == MR_TYPE_TIMESTAMP;
    return (adds_up && is_plain) ||
           (kind == MR_FOLD_CONCAT && !mr_type_is_document(type));
}

/* Groups are never empty and None is an error of its row, so results are never null; but those
 * of functions may be. */
static struct mr_field result_of(
    struct mr_region *region, enum mr_aggregate_kind kind, struct mr_field value)
{
    struct mr_field result = {.type = value.type};
    struct mr_shape *shape = mr_region_new(region, struct mr_shape);
    struct mr_field *element = mr_region_new(region, struct mr_field);
    switch (kind) {
    case MR_COUNT:
        result.type = MR_TYPE_INT;
        break;
    case MR_MEAN:
        result.type = MR_TYPE_FLOAT;
        break;
    case MR_FOLD_GROUP:
        *element = value;
        shape->element = element;
        result = (struct mr_field){.type = MR_TYPE_LIST, .shape = shape};
        break;
    case MR_FOLD_CONCAT:
        result.type = MR_TYPE_LIST;
        result.shape = value.type == MR_TYPE_LIST ? value.shape : NULL;
        break;
    case MR_FOLD_ALL:
    case MR_FOLD_ANY:
        result.type = MR_TYPE_BOOL;
        break;
    case MR_FOLD_PYTHON:
        result = (struct mr_field){.type = MR_TYPE_ANY, .is_nullable = true};
        break;
    default:
        break;
    }
    return result;
}

/* The function of Python that does what columns cannot. */
static bool fold_in_python(
    struct combiner *combiner, struct mr_place place, struct mr_aggregate *out)
{
    const char *text = out->kind == MR_MEAN ? "apache_beam.transforms.combiners.MeanCombineFn"
                                            : functions[out->kind];
    struct mr_value none = {.type = MR_TYPE_NULL};
    out->kind = MR_FOLD_PYTHON;
    combiner->reader->needs_python = true;
    return mr_folder_compile(combiner->reader->region, text, place, none, &out->folder,
        combiner->reader->err);
}

/* `value` defaults to the name of the result, as in Beam. */
static bool read_value(struct combiner *combiner, const struct mr_yaml *value, const char *name,
    struct mr_place place, struct mr_aggregate *out)
{
    struct mr_graph_reader *reader = combiner->reader;
    struct mr_yaml default_value = {
        .kind = MR_YAML_TEXT, .place = place, .text = name, .is_plain = true};
    if (!value && mr_schema_find(combiner->input, name) < 0)
        return mr_fail_at(reader->err, place,
            "'%s' needs a 'value': without one it is the field '%s', which does not exist",
            name, name);
    if (!mr_config_expression(reader, value ? value : &default_value, "value",
            combiner->language, MR_USE_VALUE, combiner->input, &out->value))
        return false;
    struct mr_field field = mr_expression_result(out->value);
    if (is_never_taken(out->kind, field.type))
        return mr_fail_at(reader->err, value ? value->place : place,
            "type mismatch: %s over %s", functions[out->kind], mr_type_name(field.type));
    if (!takes(out->kind, field.type) && !fold_in_python(combiner, place, out)) return false;
    out->result = result_of(reader->region, out->kind, field);
    out->result.name = out->name;
    if (out->kind == MR_COUNT && mr_expression_field(out->value) >= 0) out->value = NULL;
    return true;
}

static bool read_aggregate(struct combiner *combiner, const struct mr_yaml *key,
    const struct mr_yaml *node, struct mr_aggregate *out)
{
    static const char *const keys[] = {"value", "fn"};
    struct mr_graph_reader *reader = combiner->reader;
    if (!mr_config_name(reader, key, "the name of an aggregate", &out->name)) return false;
    const struct mr_yaml *function = node;
    const struct mr_yaml *value = NULL;
    if (node->kind == MR_YAML_MAP) {
        if (!mr_yaml_only_keys(node, "an aggregate", keys, MR_COUNT_OF(keys), reader->err))
            return false;
        value = mr_config_get(node, "value");
        function = mr_config_get(node, "fn");
        if (!function)
            return mr_fail_at(
                reader->err, node->place, "aggregate '%s' needs a 'fn'", out->name);
    }
    return read_function(combiner, function, out) &&
           read_value(combiner, value, out->name, key->place, out) &&
           mr_schema_add(reader, &combiner->fields, out->result, key->place);
}

static bool read_aggregates(
    struct combiner *combiner, const struct mr_yaml *combine, struct mr_combine *out)
{
    struct mr_graph_reader *reader = combiner->reader;
    if (combine->kind != MR_YAML_MAP || combine->n == 0)
        return mr_fail_at(reader->err, combine->place,
            "'combine' must be a map from a new field to its aggregate");
    if (combine->n > MR_FIELDS_MAX)
        return mr_fail_at(reader->err, combine->keys[MR_FIELDS_MAX]->place,
            "more than %d aggregates", MR_FIELDS_MAX);
    struct mr_aggregate *aggregates =
        mr_region_array(reader->region, struct mr_aggregate, combine->n);
    for (uint32_t i = 0; i < combine->n; i++)
        if (!read_aggregate(combiner, combine->keys[i], combine->items[i], &aggregates[i]))
            return false;
    out->n_aggregates = combine->n;
    out->aggregates = aggregates;
    return true;
}

/* A window that ends with the stream, over a stream that need not end. */
void mr_config_warn_if_global(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_edge edge, const char *what)
{
    const struct mr_transform *input = &reader->transforms[edge.transform];
    if (input->windowing.kind != MR_WINDOW_GLOBAL ||
        input->windowing.trigger.kind != MR_TRIGGER_DEFAULT)
        return;
    while (input->n_inputs > 0) input = &reader->transforms[input->inputs[0].transform];
    if (input->kind == MR_READ_FROM_LOG)
        mr_graph_warn(reader, spec->place,
            mr_region_printf(reader->region,
                "a %s in the global window gives its result only when the log ends", what));
}

bool mr_configure_combine(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"group_by", "combine", "language"};
    const struct mr_yaml *config = spec->config;
    const char *language;
    if (!mr_config_keys(reader, config, "config of Combine", keys, MR_COUNT_OF(keys), NULL, 0) ||
        !mr_config_language(reader, config, &language))
        return false;
    if (strcmp(language, "sql") == 0) return mr_configure_combine_sql(reader, spec, transform);
    struct combiner combiner = {.reader = reader,
        .input = mr_edge_schema(reader, transform->inputs[0]),
        .keys = mr_region_array(reader->region, int, MR_FIELDS_MAX)};
    const struct mr_yaml *group_by = mr_config_need(reader, spec, "group_by");
    if (!group_by || !mr_config_language(reader, config, &combiner.language) ||
        !read_keys(&combiner, group_by))
        return false;
    const struct mr_yaml *combine = mr_config_need(reader, spec, "combine");
    struct mr_combine result = {.key_fields = combiner.keys, .n_keys = combiner.n_keys};
    if (!combine || !read_aggregates(&combiner, combine, &result)) return false;
    mr_config_warn_if_global(reader, spec, transform->inputs[0], "Combine");
    transform->combine = result;
    return mr_outputs_set(reader, spec, transform, mr_schema_finish(reader, &combiner.fields));
}
