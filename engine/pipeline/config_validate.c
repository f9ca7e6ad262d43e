/* ValidateWithSchema: a JSON schema becomes a list of rules about fields. What holds for every
 * row makes no rule, and what can hold for none is an error of the file. */
#include <stdio.h>
#include <string.h>

#include "engine/expression/unicode.h"
#include "engine/pipeline/graph_internal.h"

struct rules {
    struct mr_graph_reader *reader;
    const struct mr_schema *schema; /* of the rows */
    struct mr_rule *list;           /* [MR_RULES_MAX] */
    uint32_t n;
};

static bool add_rule(struct rules *rules, struct mr_rule rule, struct mr_place place)
{
    if (rules->n == MR_RULES_MAX)
        return mr_fail_at(
            rules->reader->err, place, "a schema of more than %d rules", MR_RULES_MAX);
    rules->list[rules->n++] = rule;
    return true;
}

/* ---- Keywords of a property ---- */

static const char *const type_words[] = {
    "boolean", "integer", "number", "string", "array", "object", "null"};
enum { BOOLEAN, INTEGER, NUMBER, STRING };

/* The words of a `type`, as bits. */
static bool read_type_words(
    struct mr_graph_reader *reader, const struct mr_yaml *node, uint32_t *bits)
{
    uint32_t n = node->kind == MR_YAML_LIST ? node->n : 1;
    *bits = 0;
    static const char *const refused[] = {"bytes"};
    for (uint32_t i = 0; i < n; i++) {
        size_t word;
        if (!mr_config_word(reader, node->kind == MR_YAML_LIST ? node->items[i] : node, "type",
                type_words, MR_COUNT_OF(type_words), refused, MR_COUNT_OF(refused), &word))
            return false;
        *bits |= 1u << word;
    }
    return true;
}

static bool read_type(struct rules *rules, int index, const struct mr_yaml *node)
{
    const struct mr_field *field = &rules->schema->fields[index];
    uint32_t bits;
    if (!read_type_words(rules->reader, node, &bits)) return false;
    bool is_number = bits & 1u << NUMBER;
    bool is_integer = bits & 1u << INTEGER;
    if ((field->type == MR_TYPE_BOOL && bits & 1u << BOOLEAN) ||
        (field->type == MR_TYPE_STRING && bits & 1u << STRING) ||
        (field->type == MR_TYPE_INT && (is_integer || is_number)) ||
        (field->type == MR_TYPE_FLOAT && is_number))
        return true;
    if (field->type == MR_TYPE_FLOAT && is_integer) {
        const char *failure = mr_region_printf(
            rules->reader->region, "ValidationError: %s is not of type 'integer'", field->name);
        return add_rule(rules,
            (struct mr_rule){.kind = MR_RULE_INTEGER, .field = index, .failure = failure},
            node->place);
    }
    return mr_fail_at(rules->reader->err, node->place,
        "type mismatch: field '%s' is %s, which the schema does not allow", field->name,
        mr_type_name(field->type));
}

/* `enum` and `const`; the failure shows the values as they are written. */
static bool read_values(
    struct rules *rules, int index, const struct mr_yaml *node, bool is_list)
{
    struct mr_graph_reader *reader = rules->reader;
    uint32_t n = is_list ? node->n : 1;
    if (is_list && (node->kind != MR_YAML_LIST || n == 0))
        return mr_fail_at(reader->err, node->place, "'enum' must be a list of values");
    struct mr_value *values = mr_region_array(reader->region, struct mr_value, n);
    const char *text = "";
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_yaml *item = is_list ? node->items[i] : node;
        if (!mr_config_value(reader, item, &values[i])) return false;
        const char *quote = item->kind == MR_YAML_TEXT ? "'" : "";
        text = mr_region_printf(reader->region, "%s%s%s%s%s", text, i > 0 ? ", " : "", quote,
            item->kind == MR_YAML_NULL ? "None" : item->text, quote);
    }
    const char *name = rules->schema->fields[index].name;
    const char *failure = is_list ? mr_region_printf(reader->region,
                                        "ValidationError: %s is not one of [%s]", name, text)
                                  : mr_region_printf(reader->region,
                                        "ValidationError: %s: %s was expected", name, text);
    return add_rule(rules,
        (struct mr_rule){.kind = MR_RULE_ENUM,
            .field = index,
            .failure = failure,
            .n_values = n,
            .values = values},
        node->place);
}

static const struct bound {
    const char *key;
    enum mr_rule_kind kind;
    const char *failure;
} bounds[] = {
    {"minimum", MR_RULE_MINIMUM, "less than the minimum of"},
    {"maximum", MR_RULE_MAXIMUM, "greater than the maximum of"},
    {"exclusiveMinimum", MR_RULE_EXCLUSIVE_MINIMUM, "less than or equal to the minimum of"},
    {"exclusiveMaximum", MR_RULE_EXCLUSIVE_MAXIMUM, "greater than or equal to the maximum of"},
};

/* Says nothing of what is not a number. */
static bool read_bound(
    struct rules *rules, int index, const struct mr_yaml *node, const struct bound *bound)
{
    const struct mr_field *field = &rules->schema->fields[index];
    if (node->kind != MR_YAML_INT && node->kind != MR_YAML_FLOAT)
        return mr_fail_at(rules->reader->err, node->place, "'%s' must be a number", bound->key);
    if (field->type != MR_TYPE_INT && field->type != MR_TYPE_FLOAT) return true;
    struct mr_rule rule = {.kind = bound->kind, .field = index};
    if (!mr_config_value(rules->reader, node, &rule.bound)) return false;
    char number[MR_NUMBER_TEXT_BYTES];
    uint32_t bytes = rule.bound.type == MR_TYPE_INT ? mr_int_to_text(rule.bound.i, number)
                                                    : mr_float_to_text(rule.bound.f, number);
    rule.failure = mr_region_printf(rules->reader->region, "ValidationError: %s is %s %.*s",
        field->name, bound->failure, (int)bytes, number);
    return add_rule(rules, rule, node->place);
}

/* Says nothing of what is not text. */
static bool read_length(
    struct rules *rules, int index, const struct mr_yaml *node, enum mr_rule_kind kind)
{
    const struct mr_field *field = &rules->schema->fields[index];
    bool is_min = kind == MR_RULE_MIN_LENGTH;
    int64_t length;
    if (!mr_yaml_as_int(node, is_min ? "minLength" : "maxLength", 0, INT32_MAX, &length,
            rules->reader->err))
        return false;
    if (field->type != MR_TYPE_STRING) return true;
    const char *failure = mr_region_printf(rules->reader->region,
        "ValidationError: %s is too %s", field->name, is_min ? "short" : "long");
    return add_rule(rules,
        (struct mr_rule){.kind = kind,
            .field = index,
            .failure = failure,
            .bound = {.type = MR_TYPE_INT, .i = length}},
        node->place);
}

static bool read_keyword(
    struct rules *rules, int index, const char *key, const struct mr_yaml *node)
{
    for (size_t i = 0; i < MR_COUNT_OF(bounds); i++)
        if (strcmp(bounds[i].key, key) == 0) return read_bound(rules, index, node, &bounds[i]);
    if (strcmp(key, "type") == 0) return read_type(rules, index, node);
    if (strcmp(key, "enum") == 0) return read_values(rules, index, node, true);
    if (strcmp(key, "const") == 0) return read_values(rules, index, node, false);
    if (strcmp(key, "minLength") == 0)
        return read_length(rules, index, node, MR_RULE_MIN_LENGTH);
    if (strcmp(key, "maxLength") == 0)
        return read_length(rules, index, node, MR_RULE_MAX_LENGTH);
    return true; /* a remark */
}

/* A field with values inside, or of any type: its rules are asked of each value. */
static bool read_value_property(
    struct rules *rules, int index, const char *name, const struct mr_yaml *node)
{
    const struct mr_field *field = &rules->schema->fields[index];
    struct mr_rules inner;
    if (!mr_value_rules_read(rules->reader, name, node, &inner)) return false;
    uint32_t own = field->type == MR_TYPE_ANY    ? UINT32_MAX
                   : field->type == MR_TYPE_LIST ? MR_JSON_ARRAY
                                                 : MR_JSON_OBJECT;
    for (uint32_t i = 0; i < inner.n; i++) {
        struct mr_rule rule = inner.rules[i];
        if (rule.kind == MR_RULE_TYPE && !(rule.types & own))
            return mr_fail_at(rules->reader->err, mr_yaml_get(node, "type")->place,
                "type mismatch: field '%s' is %s, which the schema does not allow", name,
                mr_type_name(field->type));
        rule.field = index;
        if (!add_rule(rules, rule, node->place)) return false;
    }
    return true;
}

/* A property that no field has is never there: nothing to say of it but that it is well-formed.
 */
static bool read_property(
    struct rules *rules, const struct mr_yaml *name_node, const struct mr_yaml *node)
{
    static const char *const keys[] = {"type", "enum", "const", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "title",
        "description", "default", "examples"};
    static const char *const refused[] = {"pattern", "format", "multipleOf", "items",
        "properties", "additionalProperties", "required", "anyOf", "allOf", "oneOf", "not",
        "if", "then", "else", "minItems", "maxItems", "uniqueItems", "$ref"};
    const char *name;
    if (!mr_config_name(rules->reader, name_node, "the name of a property", &name))
        return false;
    int index = mr_schema_find(rules->schema, name);
    if (index >= 0 && mr_type_is_document(rules->schema->fields[index].type))
        return read_value_property(rules, index, name, node);
    if (!mr_config_keys(rules->reader, node, "a property", keys, MR_COUNT_OF(keys), refused,
            MR_COUNT_OF(refused)))
        return false;
    for (uint32_t i = 0; index >= 0 && i < node->n; i++)
        if (!read_keyword(rules, index, node->keys[i]->text, node->items[i])) return false;
    return true;
}

/* ---- Keywords of the row ---- */

static bool read_properties(struct rules *rules, const struct mr_yaml *node)
{
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(rules->reader->err, node->place, "'properties' must be a map");
    for (uint32_t i = 0; i < node->n; i++)
        if (!read_property(rules, node->keys[i], node->items[i])) return false;
    return true;
}

static bool read_required(struct rules *rules, const struct mr_yaml *node)
{
    if (node->kind != MR_YAML_LIST)
        return mr_fail_at(rules->reader->err, node->place, "'required' must be a list");
    for (uint32_t i = 0; i < node->n; i++) {
        int index;
        if (!mr_schema_lookup(rules->reader, rules->schema, node->items[i], "required", &index))
            return false;
        if (!rules->schema->fields[index].is_nullable) continue;
        const char *failure = mr_region_printf(rules->reader->region,
            "ValidationError: '%s' is a required property", rules->schema->fields[index].name);
        struct mr_rule rule = {.kind = MR_RULE_REQUIRED, .field = index, .failure = failure};
        if (!add_rule(rules, rule, node->items[i]->place)) return false;
    }
    return true;
}

static bool forbid_others(
    struct rules *rules, const struct mr_yaml *node, const struct mr_yaml *properties)
{
    bool is_open;
    if (node->kind == MR_YAML_MAP)
        return mr_fail_at(rules->reader->err, node->place,
            "a schema as 'additionalProperties' is not supported yet");
    if (!mr_yaml_as_bool(node, "additionalProperties", &is_open, rules->reader->err))
        return false;
    for (uint32_t i = 0; !is_open && i < rules->schema->n_fields; i++) {
        const struct mr_field *field = &rules->schema->fields[i];
        if (mr_yaml_key(properties, field->name)) continue;
        if (!field->is_nullable)
            return mr_fail_at(rules->reader->err, node->place,
                "prohibited property: the schema has no '%s', which every row has",
                field->name);
        const char *failure = mr_region_printf(rules->reader->region,
            "ValidationError: Additional properties are not allowed ('%s' was unexpected)",
            field->name);
        struct mr_rule rule = {.kind = MR_RULE_ABSENT, .field = (int)i, .failure = failure};
        if (!add_rule(rules, rule, node->place)) return false;
    }
    return true;
}

/* In the order written, which is the one in which the rules are asked. */
static bool read_schema(struct rules *rules, const struct mr_yaml *node)
{
    static const char *const keys[] = {"type", "properties", "required", "additionalProperties",
        "title", "description", "default", "examples"};
    static const char *const refused[] = {"$schema", "$ref", "$defs", "definitions", "anyOf",
        "allOf", "oneOf", "not", "if", "then", "else", "patternProperties", "propertyNames",
        "minProperties", "maxProperties", "dependencies", "dependentRequired", "enum", "const"};
    if (!mr_config_keys(rules->reader, node, "a schema", keys, MR_COUNT_OF(keys), refused,
            MR_COUNT_OF(refused)))
        return false;
    const struct mr_yaml *type = mr_yaml_get(node, "type");
    if (!type || type->kind != MR_YAML_TEXT || strcmp(type->text, "object") != 0)
        return mr_fail_at(rules->reader->err, type ? type->place : node->place,
            "a schema of rows needs 'type: object'");
    const struct mr_yaml *properties = mr_yaml_get(node, "properties");
    for (uint32_t i = 0; i < node->n; i++) {
        const char *key = node->keys[i]->text;
        const struct mr_yaml *value = node->items[i];
        bool ok = true;
        if (strcmp(key, "properties") == 0) ok = read_properties(rules, value);
        if (strcmp(key, "required") == 0) ok = read_required(rules, value);
        if (strcmp(key, "additionalProperties") == 0)
            ok = forbid_others(rules, value, properties);
        if (!ok) return false;
    }
    return true;
}

bool mr_configure_validate_with_schema(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"schema", "error_handling"};
    if (!mr_config_keys(reader, spec->config, "config of ValidateWithSchema", keys,
            MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_yaml *schema = mr_config_need(reader, spec, "schema");
    if (!schema) return false;
    struct mr_schema input = *mr_edge_schema(reader, transform->inputs[0]);
    struct rules rules = {.reader = reader,
        .schema = &input,
        .list = mr_region_array(reader->region, struct mr_rule, MR_RULES_MAX)};
    if (!read_schema(&rules, schema)) return false;
    transform->validation = (struct mr_validation){.n_rules = rules.n, .rules = rules.list};
    return mr_outputs_set(reader, spec, transform, input);
}
