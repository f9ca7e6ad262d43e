/* A validator of the part of draft-07 that the JSON Schemas of Millrace use. JSON is read as
 * YAML, which it is. */
#ifndef MR_TESTS_JSON_SCHEMA_H
#define MR_TESTS_JSON_SCHEMA_H

#include "tests/test.h"

#include <regex.h>
#include <string.h>

#include "base/yaml.h"

static inline const struct mr_yaml *json_parse(
    struct mr_region *region, const char *text, size_t bytes)
{
    const struct mr_yaml *root = NULL;
    struct mr_err err = {0};
    if (!mr_yaml_parse(region, "text", text, bytes, MR_YAML_1_2, &root, &err))
        fail_msg("%d:%d: %s", err.input_line, err.input_col, err.msg);
    return root;
}

static inline const struct mr_yaml *definition(const struct mr_yaml *root, const char *name)
{
    const struct mr_yaml *found = mr_yaml_get(mr_yaml_get(root, "definitions"), name);
    if (!found) fail_msg("no definition '%s'", name);
    return found;
}

static inline bool conforms(
    const struct mr_yaml *root, const struct mr_yaml *rule, const struct mr_yaml *value);

static inline bool has_type(const struct mr_yaml *value, const char *type)
{
    switch (value->kind) {
    case MR_YAML_NULL:
        return strcmp(type, "null") == 0;
    case MR_YAML_BOOL:
        return strcmp(type, "boolean") == 0;
    case MR_YAML_INT:
        return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    case MR_YAML_FLOAT:
        return strcmp(type, "number") == 0;
    case MR_YAML_TEXT:
        return strcmp(type, "string") == 0;
    case MR_YAML_LIST:
        return strcmp(type, "array") == 0;
    case MR_YAML_MAP:
        return strcmp(type, "object") == 0;
    }
    return false;
}

static inline bool is_same(const struct mr_yaml *a, const struct mr_yaml *b)
{
    if (a->kind != b->kind) return false;
    if (a->kind == MR_YAML_BOOL) return a->boolean == b->boolean;
    return strcmp(a->text, b->text) == 0;
}

static inline bool fits_pattern(const char *pattern, const char *text)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool fits = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return fits;
}

static inline bool scalar_conforms(
    const char *key, const struct mr_yaml *limit, const struct mr_yaml *value)
{
    bool is_number = value->kind == MR_YAML_INT || value->kind == MR_YAML_FLOAT;
    if (strcmp(key, "minimum") == 0) return !is_number || value->number >= limit->number;
    if (strcmp(key, "maximum") == 0) return !is_number || value->number <= limit->number;
    bool is_text = value->kind == MR_YAML_TEXT;
    if (strcmp(key, "pattern") == 0) return !is_text || fits_pattern(limit->text, value->text);
    if (strcmp(key, "minLength") == 0)
        return !is_text || (int64_t)strlen(value->text) >= limit->integer;
    if (strcmp(key, "maxLength") == 0)
        return !is_text || (int64_t)strlen(value->text) <= limit->integer;
    bool is_list = value->kind == MR_YAML_LIST, is_map = value->kind == MR_YAML_MAP;
    if (strcmp(key, "minItems") == 0) return !is_list || value->n >= limit->integer;
    if (strcmp(key, "maxItems") == 0) return !is_list || value->n <= limit->integer;
    if (strcmp(key, "minProperties") == 0) return !is_map || value->n >= limit->integer;
    if (strcmp(key, "maxProperties") == 0) return !is_map || value->n <= limit->integer;
    fail_msg("the validator does not know '%s'", key);
    return false;
}

static inline bool any_conforms(
    const struct mr_yaml *root, const struct mr_yaml *rules, const struct mr_yaml *value)
{
    for (uint32_t i = 0; i < rules->n; i++)
        if (conforms(root, rules->items[i], value)) return true;
    return false;
}

static inline bool all_conform(
    const struct mr_yaml *root, const struct mr_yaml *rules, const struct mr_yaml *value)
{
    for (uint32_t i = 0; i < rules->n; i++)
        if (!conforms(root, rules->items[i], value)) return false;
    return true;
}

static inline bool type_conforms(const struct mr_yaml *types, const struct mr_yaml *value)
{
    if (types->kind == MR_YAML_TEXT) return has_type(value, types->text);
    for (uint32_t i = 0; i < types->n; i++)
        if (has_type(value, types->items[i]->text)) return true;
    return false;
}

static inline bool enum_conforms(const struct mr_yaml *words, const struct mr_yaml *value)
{
    for (uint32_t i = 0; i < words->n; i++)
        if (is_same(words->items[i], value)) return true;
    return false;
}

static inline bool members_conform(
    const struct mr_yaml *root, const struct mr_yaml *rule, const struct mr_yaml *map)
{
    const struct mr_yaml *more = mr_yaml_get(rule, "additionalProperties");
    const struct mr_yaml *required = mr_yaml_get(rule, "required");
    for (uint32_t i = 0; i < map->n; i++) {
        const struct mr_yaml *of =
            mr_yaml_get(mr_yaml_get(rule, "properties"), map->keys[i]->text);
        if (!of && more && more->kind == MR_YAML_BOOL && !more->boolean) return false;
        if (!of && more && more->kind == MR_YAML_MAP) of = more;
        if (of && !conforms(root, of, map->items[i])) return false;
    }
    for (uint32_t i = 0; required && i < required->n; i++)
        if (!mr_yaml_get(map, required->items[i]->text)) return false;
    return true;
}

static inline bool is_one_of(const char *key, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(*words, key) == 0) return true;
    return false;
}

static inline bool key_conforms(const struct mr_yaml *root, const char *key,
    const struct mr_yaml *rule, const struct mr_yaml *value)
{
    static const char *const elsewhere[] = {"$schema", "title", "description", "definitions",
        "properties", "additionalProperties", "required", "if", "then", NULL};
    if (is_one_of(key, elsewhere)) return true;
    if (strcmp(key, "$ref") == 0) {
        assert_int_equal(strncmp(rule->text, "#/definitions/", 14), 0);
        return conforms(root, definition(root, rule->text + 14), value);
    }
    if (strcmp(key, "type") == 0) return type_conforms(rule, value);
    if (strcmp(key, "enum") == 0) return enum_conforms(rule, value);
    if (strcmp(key, "anyOf") == 0) return any_conforms(root, rule, value);
    if (strcmp(key, "allOf") == 0) return all_conform(root, rule, value);
    if (strcmp(key, "items") != 0) return scalar_conforms(key, rule, value);
    for (uint32_t i = 0; value->kind == MR_YAML_LIST && i < value->n; i++)
        if (!conforms(root, rule, value->items[i])) return false;
    return true;
}

static inline bool conforms(
    const struct mr_yaml *root, const struct mr_yaml *rule, const struct mr_yaml *value)
{
    const struct mr_yaml *condition = mr_yaml_get(rule, "if");
    if (condition && conforms(root, condition, value) &&
        !conforms(root, mr_yaml_get(rule, "then"), value))
        return false;
    for (uint32_t i = 0; i < rule->n; i++)
        if (!key_conforms(root, rule->keys[i]->text, rule->items[i], value)) return false;
    return value->kind != MR_YAML_MAP || members_conform(root, rule, value);
}

#endif
