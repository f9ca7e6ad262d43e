/* The config of a provider's transform against the JSON schema that the provider gives. */
#include <string.h>

#include "engine/pipeline/provider.h"

static bool is_kind(const struct mr_yaml *node, const char *word)
{
    switch (node->kind) {
    case MR_YAML_NULL:
        return strcmp(word, "null") == 0;
    case MR_YAML_BOOL:
        return strcmp(word, "boolean") == 0;
    case MR_YAML_INT:
        return strcmp(word, "integer") == 0 || strcmp(word, "number") == 0;
    case MR_YAML_FLOAT:
        return strcmp(word, "number") == 0 ||
               (strcmp(word, "integer") == 0 && node->number - node->number == 0 &&
                   node->number > -9e18 && node->number < 9e18 &&
                   (double)(int64_t)node->number == node->number);
    case MR_YAML_TEXT:
        return strcmp(word, "string") == 0;
    case MR_YAML_LIST:
        return strcmp(word, "array") == 0;
    case MR_YAML_MAP:
        return strcmp(word, "object") == 0;
    }
    return false;
}

static bool check_type(struct mr_graph_reader *reader, const char *what,
    const struct mr_yaml *type, const struct mr_yaml *node)
{
    if (!type) return true;
    bool is_list = type->kind == MR_YAML_LIST;
    if (!is_list && type->kind != MR_YAML_TEXT)
        return mr_fail_at(reader->err, type->place, "'type' of a schema must be a word");
    bool is_it = !is_list && is_kind(node, type->text);
    for (uint32_t i = 0; is_list && i < type->n; i++)
        is_it |= type->items[i]->text && is_kind(node, type->items[i]->text);
    if (is_it) return true;
    return mr_fail_at(reader->err, node->place, "%s must be %s", what,
        is_list ? "of another type"
                : mr_region_printf(reader->region, "of type '%s'", type->text));
}

static bool is_equal(const struct mr_yaml *a, const struct mr_yaml *b)
{
    bool are_numbers = (a->kind == MR_YAML_INT || a->kind == MR_YAML_FLOAT) &&
                       (b->kind == MR_YAML_INT || b->kind == MR_YAML_FLOAT);
    if (are_numbers) return a->number == b->number;
    if (a->kind != b->kind) return false;
    if (a->kind == MR_YAML_BOOL) return a->boolean == b->boolean;
    return a->kind == MR_YAML_NULL ||
           (a->kind == MR_YAML_TEXT && strcmp(a->text, b->text) == 0);
}

static bool check_enum(struct mr_graph_reader *reader, const char *what,
    const struct mr_yaml *choices, const struct mr_yaml *node)
{
    if (!choices || choices->kind != MR_YAML_LIST) return true;
    const char **words = mr_region_array(reader->region, const char *, choices->n + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < choices->n; i++) {
        if (is_equal(choices->items[i], node)) return true;
        if (choices->items[i]->kind == MR_YAML_TEXT) words[n++] = choices->items[i]->text;
    }
    mr_fail_at(reader->err, node->place, "%s is none of the values of its 'enum'", what);
    if (node->kind == MR_YAML_TEXT) mr_err_suggest(reader->err, node->text, words, n);
    return false;
}

static bool check_bounds(struct mr_graph_reader *reader, const char *what,
    const struct mr_yaml *schema, const struct mr_yaml *node)
{
    if (node->kind != MR_YAML_INT && node->kind != MR_YAML_FLOAT) return true;
    const struct mr_yaml *least = mr_yaml_get(schema, "minimum");
    const struct mr_yaml *most = mr_yaml_get(schema, "maximum");
    if (least && node->number < least->number)
        return mr_fail_at(
            reader->err, node->place, "%s must be at least %s", what, least->text);
    if (most && node->number > most->number)
        return mr_fail_at(reader->err, node->place, "%s must be at most %s", what, most->text);
    return true;
}

static bool check_value(struct mr_graph_reader *reader, const char *what,
    const struct mr_yaml *schema, const struct mr_yaml *node, bool is_closed);

/* All keys of the map; those that no property names are let in unless it is closed. */
static bool check_entries(struct mr_graph_reader *reader, const char *what,
    const struct mr_yaml *schema, const struct mr_yaml *map, bool is_closed)
{
    const struct mr_yaml *properties = mr_yaml_get(schema, "properties");
    const struct mr_yaml *additional = mr_yaml_get(schema, "additionalProperties");
    uint32_t n = properties && properties->kind == MR_YAML_MAP ? properties->n : 0;
    const char **words = mr_region_array(reader->region, const char *, n + 1);
    for (uint32_t i = 0; i < n; i++) words[i] = properties->keys[i]->text;
    is_closed |= additional && additional->kind == MR_YAML_BOOL && !additional->boolean;
    for (uint32_t i = 0; i < map->n; i++) {
        const char *key = map->keys[i]->text;
        const struct mr_yaml *property = n > 0 ? mr_yaml_get(properties, key) : NULL;
        if (!property && is_closed) {
            mr_fail_at(reader->err, map->keys[i]->place, "unknown key '%s' of %s", key, what);
            mr_err_suggest(reader->err, key, words, n);
            return false;
        }
        if (!property) property = additional;
        if (property && !check_value(reader, mr_region_printf(reader->region, "'%s'", key),
                            property, map->items[i], false))
            return false;
    }
    return true;
}

static bool check_value(struct mr_graph_reader *reader, const char *what,
    const struct mr_yaml *schema, const struct mr_yaml *node, bool is_closed)
{
    if (schema->kind != MR_YAML_MAP) return true;
    if (!check_type(reader, what, mr_yaml_get(schema, "type"), node) ||
        !check_enum(reader, what, mr_yaml_get(schema, "enum"), node) ||
        !check_bounds(reader, what, schema, node))
        return false;
    const struct mr_yaml *items = mr_yaml_get(schema, "items");
    for (uint32_t i = 0; items && node->kind == MR_YAML_LIST && i < node->n; i++)
        if (!check_value(reader, mr_region_printf(reader->region, "item %u of %s", i + 1, what),
                items, node->items[i], false))
            return false;
    if (node->kind != MR_YAML_MAP) return true;
    const struct mr_yaml *required = mr_yaml_get(schema, "required");
    for (uint32_t i = 0; required && i < required->n; i++)
        if (required->items[i]->text && !mr_yaml_get(node, required->items[i]->text))
            return mr_fail_at(
                reader->err, node->place, "%s needs '%s'", what, required->items[i]->text);
    return check_entries(reader, what, schema, node, is_closed);
}

bool mr_config_matches(struct mr_graph_reader *reader, const char *what,
    const struct mr_yaml *schema, const struct mr_yaml *config, struct mr_place place)
{
    struct mr_yaml none = {.kind = MR_YAML_MAP, .place = place};
    return check_value(reader, what, schema, config ? config : &none, true);
}
