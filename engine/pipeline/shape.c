/* What is known of a field: how it is written down, how it follows from values, and what two of
 * them have in common. */
#include <string.h>

#include "base/document.h"
#include "engine/pipeline/graph_internal.h"

/* ---- written down ---- */

static const char *const type_words[] = {"boolean", "integer", "float", "string", "bytes",
    "timestamp", "number", "double", "int64", "list", "array", "map", "row", "object", "any"};
static const char *const refused_words[] = {
    "iterable", "int16", "int32", "decimal", "date", "datetime"};

static bool read_word(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_field *field)
{
    const char *text;
    if (!mr_config_name(reader, node, "the type of a field", &text)) return false;
    size_t bytes = strlen(text);
    bool is_marked = text[bytes - 1] == '?';
    const char *word = is_marked ? mr_region_strndup(reader->region, text, bytes - 1) : text;
    for (size_t i = 0; i < MR_COUNT_OF(refused_words); i++)
        if (strcmp(refused_words[i], word) == 0)
            return mr_fail_at(reader->err, node->place,
                "type '%s' of a field is not supported yet, 'any' holds it", word);
    if (!mr_type_parse(word, &field->type)) {
        mr_fail_at(reader->err, node->place, "unknown type '%s'", word);
        mr_err_suggest(reader->err, word, type_words, MR_COUNT_OF(type_words));
        return false;
    }
    field->is_nullable |= is_marked || field->type == MR_TYPE_ANY;
    return true;
}

static struct mr_shape *shape_of(struct mr_graph_reader *reader, struct mr_field *field)
{
    struct mr_shape *shape = mr_region_new(reader->region, struct mr_shape);
    if (field->shape) *shape = *field->shape;
    field->shape = shape;
    return shape;
}

static bool read_inner(
    struct mr_graph_reader *reader, const struct mr_yaml *node, const struct mr_field **out)
{
    struct mr_field *inner = mr_region_new(reader->region, struct mr_field);
    *out = inner;
    return mr_field_read(reader, node, inner);
}

static bool is_listed(const struct mr_yaml *list, const char *name)
{
    for (uint32_t i = 0; list && i < list->n; i++)
        if (list->items[i]->text && strcmp(list->items[i]->text, name) == 0) return true;
    return false;
}

/* Beam: a property that is not required may be null; where nothing is said, all are. */
static bool read_properties(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_yaml *required, struct mr_field *field)
{
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(
            reader->err, node->place, "'properties' must be a map from field to type");
    struct mr_shape *shape = shape_of(reader, field);
    struct mr_field *fields = mr_region_array(reader->region, struct mr_field, node->n + 1);
    for (uint32_t i = 0; i < node->n; i++) {
        if (!mr_config_name(reader, node->keys[i], "the name of a field", &fields[i].name) ||
            !mr_field_read(reader, node->items[i], &fields[i]))
            return false;
        if (required && !is_listed(required, fields[i].name)) fields[i].is_nullable = true;
    }
    shape->n_fields = node->n;
    shape->fields = fields;
    return true;
}

static bool read_object(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_field *field)
{
    const struct mr_yaml *items = mr_config_get(node, "items");
    const struct mr_yaml *properties = mr_config_get(node, "properties");
    const struct mr_yaml *others = mr_yaml_get(node, "additionalProperties");
    bool is_open = others && others->kind != MR_YAML_BOOL;
    if (items) {
        if (field->type != MR_TYPE_LIST)
            return mr_fail_at(reader->err, items->place, "'items' is for type 'array'");
        if (!read_inner(reader, items, &shape_of(reader, field)->element)) return false;
    }
    if (properties && field->type != MR_TYPE_ROW)
        return mr_fail_at(reader->err, properties->place, "'properties' is for type 'object'");
    if (properties)
        return read_properties(reader, properties, mr_config_get(node, "required"), field);
    if (!is_open) return true;
    if (field->type != MR_TYPE_ROW && field->type != MR_TYPE_MAP)
        return mr_fail_at(
            reader->err, others->place, "'additionalProperties' is for type 'object'");
    field->type = MR_TYPE_MAP;
    return read_inner(reader, others, &shape_of(reader, field)->element);
}

bool mr_field_read(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_field *field)
{
    static const char *const keys[] = {
        "type", "nullable", "items", "properties", "required", "additionalProperties"};
    if (node->kind == MR_YAML_LIST) { /* [integer] */
        if (node->n != 1)
            return mr_fail_at(reader->err, node->place,
                "a list as type has one member, that of its elements");
        field->type = MR_TYPE_LIST;
        return read_inner(reader, node->items[0], &shape_of(reader, field)->element);
    }
    if (node->kind != MR_YAML_MAP) return read_word(reader, node, field);
    if (!mr_yaml_only_keys(node, "a field", keys, MR_COUNT_OF(keys), reader->err)) return false;
    const struct mr_yaml *nullable = mr_yaml_get(node, "nullable");
    if (nullable && !mr_yaml_as_bool(nullable, "nullable", &field->is_nullable, reader->err))
        return false;
    const struct mr_yaml *type = mr_yaml_get(node, "type");
    if (!type)
        return field->name ? mr_fail_at(reader->err, node->place, "field '%s' needs a 'type'",
                                 field->name)
                           : mr_fail_at(reader->err, node->place, "a type needs a 'type'");
    return read_word(reader, type, field) && read_object(reader, node, field);
}

/* ---- of values ---- */

static struct mr_field unified(
    struct mr_region *region, struct mr_field field, const struct mr_field *other);

static const struct mr_field *copied(struct mr_region *region, struct mr_field field)
{
    struct mr_field *copy = mr_region_new(region, struct mr_field);
    *copy = field;
    return copy;
}

/* What all members have in common; NULL: there are none. */
static const struct mr_field *field_of_members(
    struct mr_region *region, struct mr_value value, uint32_t first, uint32_t step)
{
    struct mr_document_cursor cursor = mr_document_open(value);
    struct mr_value member;
    struct mr_field all = {0};
    uint32_t n = 0;
    for (uint32_t i = 0; mr_document_next(&cursor, &member); i++) {
        if (i % step != first) continue;
        struct mr_field one = mr_field_of_value(region, member);
        all = n++ ? unified(region, all, &one) : one;
    }
    return n ? copied(region, all) : NULL;
}

static struct mr_shape row_shape(struct mr_region *region, struct mr_value row)
{
    uint32_t n = 0;
    struct mr_field *fields =
        mr_region_array(region, struct mr_field, mr_document_count(row) + 1);
    struct mr_document_cursor cursor = mr_document_open(row);
    struct mr_value value;
    while (mr_document_next(&cursor, &value)) {
        fields[n] = mr_field_of_value(region, value);
        fields[n++].name = mr_region_strndup(region, cursor.name, cursor.name_bytes);
    }
    return (struct mr_shape){.is_exact = true, .n_fields = n, .fields = fields};
}

struct mr_field mr_field_of_value(struct mr_region *region, struct mr_value value)
{
    struct mr_field field = {
        .type = (enum mr_type)value.type, .is_nullable = value.type == MR_TYPE_NULL};
    struct mr_shape shape = {0};
    if (value.type == MR_TYPE_ROW)
        shape = row_shape(region, value);
    else if (value.type == MR_TYPE_LIST)
        shape.element = field_of_members(region, value, 0, 1);
    else if (value.type == MR_TYPE_MAP)
        shape = (struct mr_shape){.key = field_of_members(region, value, 0, 2),
            .element = field_of_members(region, value, 1, 2)};
    else
        return field;
    struct mr_shape *copy = mr_region_new(region, struct mr_shape);
    *copy = shape;
    field.shape = copy;
    return field;
}

/* ---- what two have in common ---- */

static const struct mr_field *unified_inner(
    struct mr_region *region, const struct mr_field *a, const struct mr_field *b)
{
    if (!a || !b) return a ? a : b;
    return copied(region, unified(region, *a, b));
}

static int find(const struct mr_field *fields, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(fields[i].name, name) == 0) return (int)i;
    return -1;
}

static void unify_fields(struct mr_region *region, struct mr_shape *shape,
    const struct mr_shape *a, const struct mr_shape *b)
{
    struct mr_field *fields =
        mr_region_array(region, struct mr_field, a->n_fields + b->n_fields + 1);
    uint32_t n = a->n_fields;
    for (uint32_t i = 0; i < n; i++) {
        int other = find(b->fields, b->n_fields, a->fields[i].name);
        fields[i] = a->fields[i];
        if (other >= 0) fields[i] = unified(region, fields[i], &b->fields[other]);
        fields[i].is_nullable |= other < 0;
    }
    for (uint32_t i = 0; i < b->n_fields; i++) {
        if (find(a->fields, a->n_fields, b->fields[i].name) >= 0) continue;
        fields[n] = b->fields[i];
        fields[n++].is_nullable = true;
    }
    shape->n_fields = n;
    shape->fields = fields;
    shape->is_exact = a->is_exact && b->is_exact && a->n_fields == b->n_fields;
    for (uint32_t i = 0; shape->is_exact && i < n; i++)
        shape->is_exact = n == a->n_fields && strcmp(b->fields[i].name, fields[i].name) == 0;
}

static struct mr_field unified(
    struct mr_region *region, struct mr_field field, const struct mr_field *other)
{
    bool is_nullable = field.is_nullable || other->is_nullable ||
                       (field.type == MR_TYPE_NULL) != (other->type == MR_TYPE_NULL);
    const char *name = field.name;
    if (other->type == MR_TYPE_NULL || field.type == MR_TYPE_NULL) {
        if (field.type == MR_TYPE_NULL) field = *other;
    } else if (field.type != other->type) {
        field = (struct mr_field){.type = MR_TYPE_ANY};
        is_nullable = true;
    } else if (field.shape && other->shape && field.shape != other->shape) {
        struct mr_shape *shape = mr_region_new(region, struct mr_shape);
        shape->key = unified_inner(region, field.shape->key, other->shape->key);
        shape->element = unified_inner(region, field.shape->element, other->shape->element);
        unify_fields(region, shape, field.shape, other->shape);
        field.shape = shape;
    } else if (!other->shape) {
        field.shape = NULL;
    }
    field.name = name;
    field.is_nullable = is_nullable;
    return field;
}

struct mr_field mr_field_unify(
    struct mr_region *region, struct mr_field field, const struct mr_field *other)
{
    return unified(region, field, other);
}
