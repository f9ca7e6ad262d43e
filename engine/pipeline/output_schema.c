/* `output_schema` in a config: a ValidateWithSchema behind the transform, whose failed rows
 * join the transform's own errors. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

/* A map without a key. */
static const struct mr_yaml *without(
    struct mr_graph_reader *reader, const struct mr_yaml *map, const char *key)
{
    struct mr_yaml *out = mr_region_new(reader->region, struct mr_yaml);
    const struct mr_yaml **keys =
        mr_region_array(reader->region, const struct mr_yaml *, map->n + 1);
    const struct mr_yaml **items =
        mr_region_array(reader->region, const struct mr_yaml *, map->n + 1);
    *out = *map;
    out->n = 0;
    for (uint32_t i = 0; i < map->n; i++) {
        if (strcmp(map->keys[i]->text, key) == 0) continue;
        keys[out->n] = map->keys[i];
        items[out->n++] = map->items[i];
    }
    out->keys = keys;
    out->items = items;
    return out;
}

/* A source whose rows are right has errors all the same, as a validation that asks nothing. */
static const struct mr_yaml *schema_of_any(
    struct mr_graph_reader *reader, const struct mr_spec *spec)
{
    const struct mr_yaml *handling = mr_config_get(spec->config, "error_handling");
    if (!handling || strcmp(spec->type, "ReadFromKafka") != 0) return NULL;
    struct mr_yaml *nodes = mr_region_array(reader->region, struct mr_yaml, 3);
    const struct mr_yaml **lists = mr_region_array(reader->region, const struct mr_yaml *, 2);
    nodes[0] = (struct mr_yaml){.kind = MR_YAML_TEXT, .text = "type", .place = handling->place};
    nodes[1] =
        (struct mr_yaml){.kind = MR_YAML_TEXT, .text = "object", .place = handling->place};
    lists[0] = &nodes[0];
    lists[1] = &nodes[1];
    nodes[2] = (struct mr_yaml){.kind = MR_YAML_MAP,
        .place = handling->place,
        .n = 1,
        .keys = &lists[0],
        .items = &lists[1]};
    return &nodes[2];
}

bool mr_output_schema_take(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    const struct mr_yaml *schema = mr_config_get(spec->config, "output_schema");
    if (!schema) spec->output_schema = schema_of_any(reader, spec);
    if (!schema) return true;
    if (schema->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, schema->place, "output_schema must be a map");
    const struct mr_yaml *key = mr_yaml_key(schema, "error_handling");
    if (key)
        return mr_fail_at(reader->err, key->place,
            "'error_handling' does not belong into output_schema, but into the config of '%s'",
            mr_spec_label(spec));
    spec->output_schema = schema;
    spec->config = without(reader, spec->config, "output_schema");
    return true;
}

/* The transform as its own type knows it: errors that only its validation has are not its. */
struct mr_spec mr_output_schema_inner(
    struct mr_graph_reader *reader, const struct mr_spec *spec)
{
    struct mr_spec inner = *spec;
    if (!spec->output_schema || mr_has_error_handling(spec)) return inner;
    inner.error_output = NULL;
    if (spec->config) inner.config = without(reader, spec->config, "error_handling");
    return inner;
}

static bool validate(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_edge input, uint32_t *out)
{
    static const char *const schema_key = "schema";
    struct mr_yaml *key = mr_region_new(reader->region, struct mr_yaml);
    struct mr_yaml *config = mr_region_new(reader->region, struct mr_yaml);
    const struct mr_yaml **lists = mr_region_array(reader->region, const struct mr_yaml *, 2);
    *key = (struct mr_yaml){
        .kind = MR_YAML_TEXT, .text = schema_key, .place = spec->output_schema->place};
    lists[0] = key;
    lists[1] = spec->output_schema;
    *config = (struct mr_yaml){.kind = MR_YAML_MAP,
        .place = spec->output_schema->place,
        .n = 1,
        .keys = &lists[0],
        .items = &lists[1]};
    struct mr_edge *edge = mr_region_new(reader->region, struct mr_edge);
    *edge = input;
    struct mr_spec shadow = *spec;
    shadow.config = config;
    struct mr_transform *transform = mr_transform_new(reader, MR_VALIDATE_WITH_SCHEMA,
        "ValidateWithSchema", mr_transform_path(reader, spec, "ValidateWithSchema"),
        spec->output_schema->place, edge, 1);
    *out = transform->id;
    return mr_configure_validate_with_schema(reader, &shadow, transform);
}

/* The errors of the transform and of its validation as one output. */
static bool join_errors(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_edge own, struct mr_edge *errors)
{
    struct mr_edge *edges = mr_region_array(reader->region, struct mr_edge, 2);
    struct mr_link links[2] = {{.place = spec->place}, {.place = spec->place}};
    edges[0] = own;
    edges[1] = *errors;
    struct mr_spec shadow = {
        .type = "Flatten", .place = spec->place, .n_inputs = 2, .inputs = links};
    struct mr_transform *transform = mr_transform_new(reader, MR_FLATTEN, "Flatten",
        mr_transform_path(reader, spec, "Flatten"), spec->place, edges, 2);
    uint32_t id = transform->id;
    if (!mr_configure_flatten(reader, &shadow, transform)) return false;
    *errors = (struct mr_edge){.transform = id, .output = MR_OUTPUT_MAIN};
    return true;
}

bool mr_output_schema_apply(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    struct mr_named_edges *out = &spec->out;
    if (!spec->output_schema) return true;
    bool has_own_errors = out->n == 2 && mr_has_error_handling(spec) && spec->error_output;
    if (out->n != 1 && !has_own_errors)
        return mr_fail_at(reader->err, spec->output_schema->place,
            "'%s' has no main output that output_schema could be of", mr_spec_label(spec));
    uint32_t id;
    if (!validate(reader, spec, out->edges[0].edge, &id)) return false;
    struct mr_named_edge *edges = mr_region_array(reader->region, struct mr_named_edge, 2);
    edges[0] = (struct mr_named_edge){out->edges[0].name, {id, MR_OUTPUT_MAIN}};
    if (spec->error_output) {
        struct mr_edge errors = {id, MR_OUTPUT_ERRORS};
        if (has_own_errors && !join_errors(reader, spec, out->edges[1].edge, &errors))
            return false;
        if (!has_own_errors) edges[0].name = "output"; /* as Beam calls it then */
        edges[1] = (struct mr_named_edge){spec->error_output, errors};
    }
    *out = (struct mr_named_edges){.n = spec->error_output ? 2 : 1, .edges = edges};
    return true;
}
