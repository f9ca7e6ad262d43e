#include <string.h>

#include "base/document_yaml.h"
#include "engine/pipeline/graph_internal.h"

bool mr_config_value(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_value *out)
{
    return mr_value_of_yaml(reader->region, node, true, out, reader->err);
}

/* The fields of one element: those of a map, or `element` for anything else. */
static uint32_t n_cells(const struct mr_yaml *element)
{
    return element->kind == MR_YAML_MAP ? element->n : 1;
}

static bool read_cell(struct mr_graph_reader *reader, const struct mr_yaml *element,
    uint32_t index, const char **name, const struct mr_yaml **node, struct mr_value *value)
{
    bool is_map = element->kind == MR_YAML_MAP;
    *name = "element";
    *node = is_map ? element->items[index] : element;
    if (is_map && !mr_config_name(reader, element->keys[index], "the name of a field", name))
        return false;
    return mr_config_value(reader, *node, value);
}

static bool add_cell(struct mr_graph_reader *reader, struct mr_schema_builder *builder,
    const char *name, const struct mr_yaml *node, struct mr_value value)
{
    struct mr_field field = mr_field_of_value(reader->region, value);
    field.name = name;
    for (uint32_t i = 0; i < builder->n_fields; i++) {
        struct mr_field *before = &builder->fields[i];
        if (strcmp(before->name, name) != 0) continue;
        *before = mr_field_unify(reader->region, *before, &field);
        return true;
    }
    return mr_schema_add(reader, builder, field, node->place);
}

/* All elements' fields in order of appearance. Values of several types make it ANY, as do only
 * Nones. */
static bool infer_schema(
    struct mr_graph_reader *reader, const struct mr_yaml *elements, struct mr_schema *out)
{
    struct mr_schema_builder builder = {0};
    for (uint32_t i = 0; i < elements->n; i++)
        for (uint32_t k = 0; k < n_cells(elements->items[i]); k++) {
            const char *name;
            const struct mr_yaml *node;
            struct mr_value value;
            if (!read_cell(reader, elements->items[i], k, &name, &node, &value) ||
                !add_cell(reader, &builder, name, node, value))
                return false;
        }
    for (uint32_t i = 0; i < builder.n_fields; i++)
        if (builder.fields[i].type == MR_TYPE_NULL) builder.fields[i].type = MR_TYPE_ANY;
    *out = mr_schema_finish(reader, &builder);
    return true;
}

/* Writes the rows, and makes those fields nullable that an element lacks. */
static bool fill_rows(struct mr_graph_reader *reader, const struct mr_yaml *elements,
    struct mr_schema *schema, struct mr_value *rows)
{
    struct mr_field *fields = mr_region_array(reader->region, struct mr_field, MR_FIELDS_MAX);
    memcpy(fields, schema->fields, sizeof *fields * schema->n_fields);
    for (uint32_t i = 0; i < elements->n; i++) {
        struct mr_value *row = rows + (size_t)i * schema->n_fields;
        for (uint32_t k = 0; k < n_cells(elements->items[i]); k++) {
            const char *name;
            const struct mr_yaml *node;
            struct mr_value value;
            if (!read_cell(reader, elements->items[i], k, &name, &node, &value)) return false;
            row[mr_schema_find(schema, name)] = value;
        }
        for (uint32_t k = 0; k < schema->n_fields; k++)
            fields[k].is_nullable |= row[k].type == MR_TYPE_NULL;
    }
    schema->fields = fields;
    return true;
}

bool mr_configure_create(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"elements", "reshuffle"};
    if (!mr_config_keys(
            reader, spec->config, "config of Create", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_yaml *elements = mr_config_need(reader, spec, "elements");
    const struct mr_yaml *reshuffle = mr_config_get(spec->config, "reshuffle");
    bool ignored;
    if (!elements) return false;
    if (elements->kind != MR_YAML_LIST)
        return mr_fail_at(reader->err, elements->place, "elements of Create must be a list");
    if (reshuffle && !mr_yaml_as_bool(reshuffle, "reshuffle", &ignored, reader->err))
        return false;
    struct mr_schema schema;
    if (!infer_schema(reader, elements, &schema)) return false;
    struct mr_value *rows = mr_region_array(
        reader->region, struct mr_value, (size_t)elements->n * schema.n_fields + 1);
    if (!fill_rows(reader, elements, &schema, rows)) return false;
    transform->create = (struct mr_create){.n_rows = elements->n, .rows = rows};
    return mr_outputs_set(reader, spec, transform, schema);
}
