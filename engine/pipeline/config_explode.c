/* Explode: a row for each member of a field. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

static bool add_field(struct mr_graph_reader *reader, const struct mr_schema *input,
    const struct mr_yaml *node, int *fields, uint32_t *n)
{
    const char *name;
    if (!mr_config_name(reader, node, "the name of a field", &name)) return false;
    int field = mr_schema_find(input, name);
    if (field < 0) {
        const char *names[MR_FIELDS_MAX];
        for (uint32_t i = 0; i < input->n_fields; i++) names[i] = input->fields[i].name;
        mr_fail_at(reader->err, node->place, "Exploding unknown field \"%s\"", name);
        mr_err_suggest(reader->err, name, names, input->n_fields);
        return false;
    }
    for (uint32_t i = 0; i < *n; i++)
        if (fields[i] == field)
            return mr_fail_at(reader->err, node->place, "field '%s' is exploded twice", name);
    fields[(*n)++] = field;
    return true;
}

static bool read_fields(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_schema *input, struct mr_explode *out)
{
    const struct mr_yaml *node = mr_config_need(reader, spec, "fields");
    int *fields = mr_region_array(reader->region, int, MR_FIELDS_MAX);
    out->fields = fields;
    if (!node) return false;
    if (node->kind != MR_YAML_LIST)
        return add_field(reader, input, node, fields, &out->n_fields);
    for (uint32_t i = 0; i < node->n; i++)
        if (!add_field(reader, input, node->items[i], fields, &out->n_fields)) return false;
    return true;
}

static bool read_cross_product(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_explode *explode)
{
    const struct mr_yaml *node = mr_config_get(spec->config, "cross_product");
    explode->is_cross_product = true;
    if (node)
        return mr_yaml_as_bool(node, "cross_product", &explode->is_cross_product, reader->err);
    if (explode->n_fields < 2) return true;
    return mr_fail_at(reader->err, spec->config->place,
        "cross_product must be specified true or false when exploding multiple fields");
}

/* What iterating over a value of the field yields, as far as that is known. */
static struct mr_field member_of(const struct mr_field *field)
{
    struct mr_field member = {.type = MR_TYPE_ANY, .is_nullable = true};
    if (field->type == MR_TYPE_STRING) member.type = MR_TYPE_STRING;
    if (field->type == MR_TYPE_BYTES) member.type = MR_TYPE_INT;
    const struct mr_shape *shape = field->shape;
    if (field->type == MR_TYPE_LIST && shape && shape->element) member = *shape->element;
    if (field->type == MR_TYPE_MAP && shape && shape->key) member = *shape->key;
    if (member.type == MR_TYPE_NULL) member.type = MR_TYPE_ANY;
    member.name = field->name;
    member.is_nullable = true;
    return member;
}

bool mr_configure_explode(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"fields", "cross_product", "error_handling"};
    if (!mr_config_keys(
            reader, spec->config, "config of Explode", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_schema *input = mr_edge_schema(reader, transform->inputs[0]);
    struct mr_explode *explode = &transform->explode;
    if (!read_fields(reader, spec, input, explode) ||
        !read_cross_product(reader, spec, explode))
        return false;
    struct mr_field *fields =
        mr_region_array(reader->region, struct mr_field, input->n_fields + 1);
    memcpy(fields, input->fields, sizeof *fields * input->n_fields);
    for (uint32_t i = 0; i < explode->n_fields; i++)
        fields[explode->fields[i]] = member_of(&input->fields[explode->fields[i]]);
    struct mr_schema schema = {.n_fields = input->n_fields, .fields = fields};
    return mr_outputs_set(reader, spec, transform, schema);
}
