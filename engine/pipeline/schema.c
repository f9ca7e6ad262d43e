#include <string.h>

#include "engine/pipeline/graph_internal.h"

const struct mr_schema *mr_edge_schema(
    const struct mr_graph_reader *reader, struct mr_edge edge)
{
    MR_ASSERT(edge.transform < reader->n_transforms);
    const struct mr_transform *producer = &reader->transforms[edge.transform];
    MR_ASSERT(edge.output < producer->n_outputs);
    return &producer->outputs[edge.output].schema;
}

const struct mr_windowing *mr_edge_windowing(
    const struct mr_graph_reader *reader, struct mr_edge edge)
{
    MR_ASSERT(edge.transform < reader->n_transforms);
    return &reader->transforms[edge.transform].windowing;
}

bool mr_schema_same(const struct mr_schema *a, const struct mr_schema *b)
{
    if (a->n_fields != b->n_fields) return false;
    for (uint32_t i = 0; i < a->n_fields; i++) {
        const struct mr_field *left = &a->fields[i];
        const struct mr_field *right = &b->fields[i];
        if (strcmp(left->name, right->name) != 0 || left->type != right->type ||
            left->is_nullable != right->is_nullable)
            return false;
    }
    return true;
}

bool mr_schema_add(struct mr_graph_reader *reader, struct mr_schema_builder *builder,
    struct mr_field field, struct mr_place place)
{
    for (uint32_t i = 0; i < builder->n_fields; i++)
        if (strcmp(builder->fields[i].name, field.name) == 0)
            return mr_fail_at(reader->err, place, "redefinition of field '%s'", field.name);
    if (builder->n_fields == MR_FIELDS_MAX)
        return mr_fail_at(reader->err, place,
            "field '%s' is one too many: a row has at most %d fields", field.name,
            MR_FIELDS_MAX);
    builder->fields[builder->n_fields++] = field;
    return true;
}

struct mr_schema mr_schema_finish(
    struct mr_graph_reader *reader, const struct mr_schema_builder *builder)
{
    struct mr_field *fields =
        mr_region_array(reader->region, struct mr_field, builder->n_fields + 1);
    memcpy(fields, builder->fields, sizeof *fields * builder->n_fields);
    return (struct mr_schema){.n_fields = builder->n_fields, .fields = fields};
}

/* ---- A schema that is written down ---- */

bool mr_schema_read(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_schema *out)
{
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(
            reader->err, node->place, "a schema must be a map from field to type");
    if (node->n == 0) return mr_fail_at(reader->err, node->place, "the schema has no fields");
    struct mr_schema_builder builder = {0};
    for (uint32_t i = 0; i < node->n; i++) {
        struct mr_field field = {0};
        if (!mr_config_name(reader, node->keys[i], "the name of a field", &field.name) ||
            !mr_field_read(reader, node->items[i], &field) ||
            !mr_schema_add(reader, &builder, field, node->keys[i]->place))
            return false;
    }
    *out = mr_schema_finish(reader, &builder);
    return true;
}

bool mr_schema_lookup(struct mr_graph_reader *reader, const struct mr_schema *schema,
    const struct mr_yaml *node, const char *what, int *out)
{
    const char *name;
    if (!mr_config_name(reader, node, what, &name)) return false;
    *out = mr_schema_find(schema, name);
    if (*out >= 0) return true;
    mr_fail_at(reader->err, node->place, "unknown field '%s' in %s", name, what);
    const char *words[MR_FIELDS_MAX];
    for (uint32_t i = 0; i < schema->n_fields; i++) words[i] = schema->fields[i].name;
    mr_err_suggest(reader->err, name, words, schema->n_fields);
    return false;
}

/* ---- Schemas of outputs ---- */

static struct mr_field *find(struct mr_schema_builder *builder, const char *name)
{
    for (uint32_t i = 0; i < builder->n_fields; i++)
        if (strcmp(builder->fields[i].name, name) == 0) return &builder->fields[i];
    return NULL;
}

static bool add_input(struct mr_graph_reader *reader, const struct mr_transform *transform,
    uint32_t input, struct mr_schema_builder *builder)
{
    const struct mr_schema *schema = mr_edge_schema(reader, transform->inputs[input]);
    uint32_t n_before = builder->n_fields;
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        struct mr_field other = schema->fields[i];
        struct mr_field *field = find(builder, other.name);
        if (!field) {
            other.is_nullable |= input > 0;
            if (!mr_schema_add(reader, builder, other, transform->place)) return false;
        } else {
            *field = mr_field_unify(reader->region, *field, &other);
        }
    }
    for (uint32_t i = 0; i < n_before; i++)
        if (mr_schema_find(schema, builder->fields[i].name) < 0)
            builder->fields[i].is_nullable = true;
    return true;
}

bool mr_schema_union(
    struct mr_graph_reader *reader, const struct mr_transform *transform, struct mr_schema *out)
{
    struct mr_schema_builder builder = {0};
    for (uint32_t i = 0; i < transform->n_inputs; i++)
        if (!add_input(reader, transform, i, &builder)) return false;
    *out = mr_schema_finish(reader, &builder);
    return true;
}

static bool error_schema(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_schema *element, struct mr_schema *out)
{
    struct mr_schema_builder builder = {0};
    struct mr_shape *shape = mr_region_new(reader->region, struct mr_shape);
    *shape = (struct mr_shape){
        .is_exact = true, .n_fields = element->n_fields, .fields = element->fields};
    struct mr_field row = {.name = "element", .type = MR_TYPE_ROW, .shape = shape};
    if (!mr_schema_add(reader, &builder, row, spec->place)) return false;
    static const char *const names[] = {"msg", "stack"};
    for (size_t i = 0; i < MR_COUNT_OF(names); i++) {
        struct mr_field field = {.name = names[i], .type = MR_TYPE_STRING};
        if (!mr_schema_add(reader, &builder, field, spec->place)) return false;
    }
    *out = mr_schema_finish(reader, &builder);
    return true;
}

bool mr_outputs_set_named(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_transform *transform, struct mr_schema schema, const char *const *names,
    uint32_t n)
{
    MR_ASSERT(n > 0);
    transform->n_outputs = n + (spec->error_output != NULL);
    transform->outputs =
        mr_region_array(reader->region, struct mr_output, transform->n_outputs);
    for (uint32_t i = 0; i < n; i++)
        transform->outputs[i] = (struct mr_output){.name = names[i], .schema = schema};
    if (!spec->error_output) return true;
    transform->error_output = n;
    struct mr_output *errors = &transform->outputs[n];
    errors->name = spec->error_output;
    return error_schema(
        reader, spec, mr_edge_schema(reader, transform->inputs[0]), &errors->schema);
}

bool mr_outputs_set(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_transform *transform, struct mr_schema schema)
{
    const char *name = spec->error_output ? "good" : "out";
    return mr_outputs_set_named(reader, spec, transform, schema, &name, 1);
}
