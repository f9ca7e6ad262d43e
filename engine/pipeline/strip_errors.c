/* StripErrorMetadata: out of the rows of an error output those that failed. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

/* The field that holds the failed row, as Beam looks for it, or -1. */
static int failed_row(const struct mr_schema *schema)
{
    static const char *const names[] = {"failed_row", "element", "record"};
    int field = -1;
    for (size_t i = 0; i < MR_COUNT_OF(names) && field < 0; i++)
        field = mr_schema_find(schema, names[i]);
    if (field < 0) return -1;
    const struct mr_shape *shape = schema->fields[field].shape;
    return shape && shape->is_exact ? field : -1;
}

/* A MapToFields that takes the failed row out of a row of errors. */
bool mr_configure_strip_error_metadata(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    if (!mr_config_keys(reader, spec->config, "config of StripErrorMetadata", NULL, 0, NULL, 0))
        return false;
    const struct mr_schema *schema = mr_edge_schema(reader, transform->inputs[0]);
    int field = failed_row(schema);
    if (field < 0)
        return mr_fail_at(reader->err, spec->place,
            "the input of '%s' does not appear to be an error output: it has no row "
            "'failed_row', 'element' or 'record'",
            mr_spec_label(spec));
    const struct mr_shape *shape = schema->fields[field].shape;
    struct mr_mapping *mappings =
        mr_region_array(reader->region, struct mr_mapping, shape->n_fields + 1);
    for (uint32_t i = 0; i < shape->n_fields; i++) {
        mappings[i].name = shape->fields[i].name;
        if (!mr_expression_compile_member(reader->region, schema, (uint32_t)field, i,
                transform->place, &mappings[i].expression, reader->err))
            return false;
    }
    transform->map.n_mappings = shape->n_fields;
    transform->map.mappings = mappings;
    struct mr_schema row = {.n_fields = shape->n_fields, .fields = shape->fields};
    return mr_outputs_set(reader, spec, transform, row);
}

/* ---- errors of rows of several types ---- */

static bool is_of_several_types(const struct mr_graph_reader *reader, struct mr_edge edge)
{
    return reader->transforms[edge.transform].kind == MR_FLATTEN &&
           failed_row(mr_edge_schema(reader, edge)) < 0;
}

static bool strip_edge(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_edge *edge);

/* A Flatten of what each of its inputs yields: rows of a type of their own, which it unites. */
static bool strip_inputs(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_edge *edge)
{
    uint32_t n = reader->transforms[edge->transform].n_inputs;
    struct mr_edge *edges = mr_region_array(reader->region, struct mr_edge, n);
    struct mr_link *links = mr_region_array(reader->region, struct mr_link, n);
    for (uint32_t i = 0; i < n; i++) {
        links[i] = (struct mr_link){.place = spec->place};
        edges[i] = reader->transforms[edge->transform].inputs[i];
        if (!strip_edge(reader, spec, &edges[i])) return false;
    }
    struct mr_spec shadow = {
        .type = "Flatten", .place = spec->place, .n_inputs = n, .inputs = links};
    struct mr_transform *transform = mr_transform_new(reader, MR_FLATTEN, "Flatten",
        mr_transform_path(reader, spec, "Flatten"), spec->place, edges, n);
    edge->transform = transform->id;
    edge->output = MR_OUTPUT_MAIN;
    return mr_configure_flatten(reader, &shadow, transform);
}

static bool strip_edge(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_edge *edge)
{
    if (is_of_several_types(reader, *edge)) return strip_inputs(reader, spec, edge);
    struct mr_edge *input = mr_region_new(reader->region, struct mr_edge);
    *input = *edge;
    struct mr_transform *transform =
        mr_transform_new(reader, MR_MAP_TO_FIELDS, "StripErrorMetadata",
            mr_transform_path(reader, spec, "StripErrorMetadata"), spec->place, input, 1);
    edge->transform = transform->id;
    edge->output = MR_OUTPUT_MAIN;
    return mr_configure_strip_error_metadata(reader, spec, transform);
}

bool mr_strip_errors_apart(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_edge edge, struct mr_named_edges *out)
{
    if (strcmp(spec->type, "StripErrorMetadata") != 0 || !is_of_several_types(reader, edge))
        return true;
    reader->transforms[edge.transform].outputs[edge.output].is_consumed = true;
    if (!strip_inputs(reader, spec, &edge)) return false;
    struct mr_named_edge *edges = mr_region_new(reader->region, struct mr_named_edge);
    *edges = (struct mr_named_edge){"out", edge};
    *out = (struct mr_named_edges){.n = 1, .edges = edges};
    return true;
}
