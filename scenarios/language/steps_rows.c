/* Rows, values and times as steps write them. */
#include <string.h>

#include "base/document_yaml.h"
#include "base/shape.h"
#include "scenarios/language/scenario_internal.h"

static bool is_word(const struct mr_yaml *node, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(node->text, *words) == 0) return true;
    return false;
}

/* Numbers are seconds; rounding is to the microsecond. */
static bool read_seconds(
    struct mr_reading *reading, const struct mr_yaml *node, const char *what, mr_us *out)
{
    double us = node->number * 1e6;
    if (us >= 9.2e18 || us <= -9.2e18 || us != us) {
        if (us > 9.2e18) *out = MR_US_MAX;
        if (us < -9.2e18) *out = MR_US_MIN;
        if (us == us) return true;
        return mr_fail_node(reading, node, "%s must be a time, not a NaN", what);
    }
    if (node->kind == MR_YAML_INT)
        *out = node->integer * MR_SECOND_US;
    else
        *out = (mr_us)(us < 0 ? us - 0.5 : us + 0.5);
    return true;
}

bool mr_read_time(
    struct mr_reading *reading, const struct mr_yaml *node, const char *what, mr_us *out)
{
    static const char *const ends[] = {"infinity", "+inf", "inf", "max", NULL};
    static const char *const starts[] = {"-infinity", "-inf", "min", NULL};
    if (node->kind == MR_YAML_INT || node->kind == MR_YAML_FLOAT)
        return read_seconds(reading, node, what, out);
    if (node->kind == MR_YAML_TEXT) {
        mr_ns span_ns;
        bool is_beam_day = false;
        struct mr_err ignored = {0};
        if (is_word(node, ends)) {
            *out = MR_US_MAX;
            return true;
        }
        if (is_word(node, starts)) {
            *out = MR_US_MIN;
            return true;
        }
        if (mr_timestamp_parse(node->text, strlen(node->text), out)) return true;
        if (mr_duration_parse(node->text, false, &span_ns, &is_beam_day, &ignored)) {
            *out = mr_us_from_ns(span_ns);
            return true;
        }
    }
    return mr_fail_node(reading, node,
        "%s must be a time: 2001-01-03T07:00:00Z, seconds since 1970, a duration since 1970 "
        "such "
        "as 90s or 5m, or infinity",
        what);
}

static bool fail_type(
    struct mr_reading *reading, const struct mr_yaml *node, const struct mr_field *field)
{
    static const char *const kinds[] = {[MR_YAML_NULL] = "null",
        [MR_YAML_BOOL] = "boolean",
        [MR_YAML_INT] = "integer",
        [MR_YAML_FLOAT] = "float",
        [MR_YAML_TEXT] = "string",
        [MR_YAML_LIST] = "list",
        [MR_YAML_MAP] = "map"};
    return mr_fail_node(reading, node, "field '%s' is %s, not %s", field->name,
        mr_type_name(field->type), kinds[node->kind]);
}

/* Values inside of values. Where the shape is known it says what a node is: a map or a row, an
 * integer or a float; and in which order a row has its fields. */
static bool put_document(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_field *field, struct mr_document_writer *writer);

static bool put_row(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_shape *shape, struct mr_document_writer *writer)
{
    static const struct mr_yaml null = {.kind = MR_YAML_NULL};
    const char *names[MR_FIELDS_MAX];
    for (uint32_t f = 0; f < shape->n_fields; f++) names[f] = shape->fields[f].name;
    if (!mr_yaml_only_keys(node, "row", names, shape->n_fields, reading->err)) return false;
    size_t begin = mr_document_begin(writer, MR_DOCUMENT_ROW);
    for (uint32_t f = 0; f < shape->n_fields; f++) {
        const struct mr_yaml *value = mr_yaml_get(node, names[f]);
        mr_document_put_name(writer, names[f], strlen(names[f]));
        if (!put_document(reading, value ? value : &null, &shape->fields[f], writer))
            return false;
    }
    mr_document_end(writer, begin);
    return true;
}

static bool put_many(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_field *field, struct mr_document_writer *writer)
{
    static const struct mr_field any = {
        .name = "element", .type = MR_TYPE_ANY, .is_nullable = true};
    bool is_map = node->kind == MR_YAML_MAP;
    const struct mr_shape *shape = field->shape;
    const struct mr_field *element = shape && shape->element ? shape->element : &any;
    const struct mr_field *key = shape && shape->key ? shape->key : &any;
    size_t begin = mr_document_begin(writer, is_map ? MR_DOCUMENT_MAP : MR_DOCUMENT_LIST);
    for (uint32_t i = 0; i < node->n; i++)
        if ((is_map && !put_document(reading, node->keys[i], key, writer)) ||
            !put_document(reading, node->items[i], element, writer))
            return false;
    mr_document_end(writer, begin);
    return true;
}

static bool put_document(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_field *field, struct mr_document_writer *writer)
{
    struct mr_value value;
    bool is_list = field->type == MR_TYPE_LIST && node->kind == MR_YAML_LIST;
    bool is_map = field->type == MR_TYPE_MAP && node->kind == MR_YAML_MAP;
    bool is_row = field->type == MR_TYPE_ROW && node->kind == MR_YAML_MAP;
    if (is_row && field->shape && field->shape->n_fields > 0)
        return put_row(reading, node, field->shape, writer);
    if (is_list || is_map) return put_many(reading, node, field, writer);
    if (!mr_type_is_document(field->type)) {
        struct mr_field named = *field;
        if (!named.name) named.name = "element";
        named.is_nullable = true;
        if (!mr_read_value(reading, node, &named, &value)) return false;
    } else {
        if (!mr_value_of_yaml(reading->region, node, false, &value, reading->err)) return false;
        if (!mr_field_accepts(field, value))
            return mr_fail_node(reading, node, "'%s' is %s, not %s",
                field->name ? field->name : "element", mr_type_name(field->type),
                mr_value_class(value));
    }
    mr_document_put(writer, value);
    return true;
}

static bool read_document(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_field *field, struct mr_value *out)
{
    struct mr_document_writer writer = {0};
    bool is_ok = put_document(reading, node, field, &writer);
    if (is_ok) {
        char *copy = mr_region_alloc(reading->region, writer.bytes + 1);
        memcpy(copy, writer.data, writer.bytes);
        *out = mr_document_value(copy);
    }
    mr_document_writer_deinit(&writer);
    return is_ok;
}

bool mr_read_value(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_field *field, struct mr_value *out)
{
    *out = (struct mr_value){.type = MR_TYPE_NULL};
    if (node->kind == MR_YAML_NULL) {
        if (field->is_nullable) return true;
        return mr_fail_node(reading, node, "field '%s' cannot be null", field->name);
    }
    out->type = (uint8_t)field->type;
    switch (field->type) {
    case MR_TYPE_BOOL:
        out->i = node->boolean;
        return node->kind == MR_YAML_BOOL || fail_type(reading, node, field);
    case MR_TYPE_INT:
        out->i = node->integer;
        return node->kind == MR_YAML_INT || fail_type(reading, node, field);
    case MR_TYPE_FLOAT:
        out->f = mr_canonical_float(node->number);
        return node->kind == MR_YAML_INT || node->kind == MR_YAML_FLOAT ||
               fail_type(reading, node, field);
    case MR_TYPE_STRING:
    case MR_TYPE_BYTES:
        if (node->kind != MR_YAML_TEXT) return fail_type(reading, node, field);
        out->text = node->text;
        out->bytes = (uint32_t)strlen(node->text);
        return true;
    case MR_TYPE_TIMESTAMP:
        return mr_read_time(reading, node, field->name, &out->i);
    default:
        return read_document(reading, node, field, out);
    }
}

static bool fail_field(
    struct mr_reading *reading, const struct mr_yaml *key, const struct mr_schema *schema)
{
    const char *names[MR_FIELDS_MAX];
    for (uint32_t f = 0; f < schema->n_fields; f++) names[f] = schema->fields[f].name;
    return mr_fail_word(reading, key, "field", key->text, names, schema->n_fields);
}

bool mr_read_row(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_schema *schema, int lacking, const struct mr_value **out)
{
    if (node->kind != MR_YAML_MAP)
        return mr_fail_node(reading, node, "a row must be a map of its fields");
    struct mr_value *row =
        mr_region_array(reading->region, struct mr_value, schema->n_fields + 1);
    bool is_there[MR_FIELDS_MAX] = {false};
    for (uint32_t i = 0; i < node->n; i++) {
        int field = mr_schema_find(schema, node->keys[i]->text);
        if (field < 0) return fail_field(reading, node->keys[i], schema);
        is_there[field] = true;
        if (!mr_read_value(reading, node->items[i], &schema->fields[field], &row[field]))
            return false;
    }
    for (uint32_t f = 0; f < schema->n_fields; f++) {
        if (is_there[f]) continue;
        row[f] = (struct mr_value){.type = MR_TYPE_NULL};
        if (!schema->fields[f].is_nullable && (int)f != lacking)
            return mr_fail_node(
                reading, node, "the row has no field '%s'", schema->fields[f].name);
    }
    *out = row;
    return true;
}
