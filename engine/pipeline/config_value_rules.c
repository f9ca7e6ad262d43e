/* The rules of a JSON schema about values of any type, lists, maps and rows: a tree of rules,
 * each of which knows what it says when it is broken. */
#include <string.h>

#include "engine/expression/unicode.h"
#include "engine/pipeline/graph_internal.h"

enum { RULES_OF_VALUE_MAX = 32 };

/* One value that a schema is about. */
struct about {
    struct mr_graph_reader *reader;
    const char *path; /* how a message calls it */
    const struct mr_yaml *schema;
    uint32_t n;
    struct mr_rule list[RULES_OF_VALUE_MAX];
};

static bool add(struct about *about, struct mr_rule rule, struct mr_place place)
{
    if (about->n == RULES_OF_VALUE_MAX)
        return mr_fail_at(
            about->reader->err, place, "a schema of more than %d rules", RULES_OF_VALUE_MAX);
    about->list[about->n++] = rule;
    return true;
}

#define FAILURE(about, format, ...)                                                            \
    mr_region_printf((about)->reader->region, "ValidationError: " format, __VA_ARGS__)

static bool read_type(struct about *about, const struct mr_yaml *node)
{
    static const char *const words[] = {
        "boolean", "integer", "number", "string", "array", "object", "null"};
    static const char *const refused[] = {"bytes"};
    struct mr_graph_reader *reader = about->reader;
    struct mr_rule rule = {.kind = MR_RULE_TYPE};
    const char *text = "";
    uint32_t n = node->kind == MR_YAML_LIST ? node->n : 1;
    for (uint32_t i = 0; i < n; i++) {
        size_t word;
        if (!mr_config_word(reader, node->kind == MR_YAML_LIST ? node->items[i] : node, "type",
                words, MR_COUNT_OF(words), refused, MR_COUNT_OF(refused), &word))
            return false;
        rule.types |= 1u << word;
        text =
            mr_region_printf(reader->region, "%s%s'%s'", text, i > 0 ? ", " : "", words[word]);
    }
    rule.failure = FAILURE(about, "%s is not of type %s", about->path, text);
    return add(about, rule, node->place);
}

static const char *shown(struct mr_graph_reader *reader, struct mr_value value)
{
    size_t size = mr_value_text_size(value);
    char *text = mr_region_alloc(reader->region, size);
    mr_value_repr(value, text, size);
    return text;
}

static bool read_values(struct about *about, const struct mr_yaml *node, bool is_list)
{
    struct mr_graph_reader *reader = about->reader;
    uint32_t n = is_list ? node->n : 1;
    if (is_list && (node->kind != MR_YAML_LIST || n == 0))
        return mr_fail_at(reader->err, node->place, "'enum' must be a list of values");
    struct mr_value *values = mr_region_array(reader->region, struct mr_value, n);
    const char *text = "";
    for (uint32_t i = 0; i < n; i++) {
        if (!mr_config_value(reader, is_list ? node->items[i] : node, &values[i])) return false;
        text = mr_region_printf(
            reader->region, "%s%s%s", text, i > 0 ? ", " : "", shown(reader, values[i]));
    }
    struct mr_rule rule = {.kind = MR_RULE_ENUM, .n_values = n, .values = values};
    rule.failure = is_list ? FAILURE(about, "%s is not one of [%s]", about->path, text)
                           : FAILURE(about, "%s: %s was expected", about->path, text);
    return add(about, rule, node->place);
}

static bool read_bound(struct about *about, const struct mr_yaml *node, enum mr_rule_kind kind)
{
    static const char *const texts[] = {"less than the minimum of",
        "greater than the maximum of", "less than or equal to the minimum of",
        "greater than or equal to the maximum of"};
    struct mr_rule rule = {.kind = kind};
    if (node->kind != MR_YAML_INT && node->kind != MR_YAML_FLOAT)
        return mr_fail_at(about->reader->err, node->place, "a bound must be a number");
    if (!mr_config_value(about->reader, node, &rule.bound)) return false;
    rule.failure = FAILURE(about, "%s is %s %s", about->path, texts[kind - MR_RULE_MINIMUM],
        shown(about->reader, rule.bound));
    return add(about, rule, node->place);
}

static bool read_size(
    struct about *about, const char *key, const struct mr_yaml *node, enum mr_rule_kind kind)
{
    struct mr_rule rule = {.kind = kind, .bound = {.type = MR_TYPE_INT}};
    if (!mr_yaml_as_int(node, key, 0, INT32_MAX, &rule.bound.i, about->reader->err))
        return false;
    bool is_least = kind == MR_RULE_MIN_LENGTH || kind == MR_RULE_MIN_ITEMS;
    rule.failure = FAILURE(about, "%s is too %s", about->path, is_least ? "short" : "long");
    return add(about, rule, node->place);
}

static bool read_inner(
    struct about *about, const char *path, const struct mr_yaml *node, struct mr_rules *out)
{
    return mr_value_rules_read(about->reader, path, node, out);
}

static bool read_members(struct about *about, const struct mr_yaml *node)
{
    struct mr_region *region = about->reader->region;
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(about->reader->err, node->place, "'properties' must be a map");
    const char **names = mr_region_array(region, const char *, node->n + 1);
    struct mr_rules *inner = mr_region_array(region, struct mr_rules, node->n + 1);
    for (uint32_t i = 0; i < node->n; i++) {
        names[i] = node->keys[i]->text;
        const char *path = mr_region_printf(region, "%s.%s", about->path, names[i]);
        if (!read_inner(about, path, node->items[i], &inner[i])) return false;
    }
    return add(about,
        (struct mr_rule){
            .kind = MR_RULE_MEMBERS, .n_names = node->n, .names = names, .inner = inner},
        node->place);
}

static bool read_required(struct about *about, const struct mr_yaml *node)
{
    if (node->kind != MR_YAML_LIST)
        return mr_fail_at(about->reader->err, node->place, "'required' must be a list");
    for (uint32_t i = 0; i < node->n; i++) {
        const char **name = mr_region_array(about->reader->region, const char *, 1);
        if (!mr_config_name(about->reader, node->items[i], "a required property", name))
            return false;
        struct mr_rule rule = {.kind = MR_RULE_HAS, .n_names = 1, .names = name};
        rule.failure = FAILURE(about, "'%s' is a required property of %s", *name, about->path);
        if (!add(about, rule, node->items[i]->place)) return false;
    }
    return true;
}

static bool read_others(struct about *about, const struct mr_yaml *node)
{
    struct mr_region *region = about->reader->region;
    const struct mr_yaml *properties = mr_yaml_get(about->schema, "properties");
    struct mr_rule rule = {.kind = MR_RULE_OTHERS};
    if (node->kind == MR_YAML_MAP) {
        struct mr_rules *inner = mr_region_new(region, struct mr_rules);
        const char *path = mr_region_printf(region, "%s[]", about->path);
        if (!read_inner(about, path, node, inner)) return false;
        rule.inner = inner;
    } else {
        bool is_open;
        if (!mr_yaml_as_bool(node, "additionalProperties", &is_open, about->reader->err))
            return false;
        if (is_open) return true;
        rule.failure =
            FAILURE(about, "Additional properties are not allowed in %s", about->path);
    }
    if (properties && properties->kind == MR_YAML_MAP) {
        const char **names = mr_region_array(region, const char *, properties->n + 1);
        for (uint32_t i = 0; i < properties->n; i++) names[i] = properties->keys[i]->text;
        rule.n_names = properties->n;
        rule.names = names;
    }
    return add(about, rule, node->place);
}

static bool read_items(struct about *about, const struct mr_yaml *node)
{
    struct mr_region *region = about->reader->region;
    struct mr_rules *inner = mr_region_new(region, struct mr_rules);
    return read_inner(about, mr_region_printf(region, "%s[]", about->path), node, inner) &&
           add(about, (struct mr_rule){.kind = MR_RULE_ITEMS, .inner = inner}, node->place);
}

static bool read_keyword(struct about *about, const char *key, const struct mr_yaml *node)
{
    static const char *const bounds[] = {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"};
    static const struct {
        const char *key;
        enum mr_rule_kind kind;
    } sizes[] = {{"minLength", MR_RULE_MIN_LENGTH}, {"maxLength", MR_RULE_MAX_LENGTH},
        {"minItems", MR_RULE_MIN_ITEMS}, {"maxItems", MR_RULE_MAX_ITEMS}};
    for (size_t i = 0; i < MR_COUNT_OF(bounds); i++)
        if (strcmp(key, bounds[i]) == 0)
            return read_bound(about, node, (enum mr_rule_kind)(MR_RULE_MINIMUM + i));
    for (size_t i = 0; i < MR_COUNT_OF(sizes); i++)
        if (strcmp(key, sizes[i].key) == 0) return read_size(about, key, node, sizes[i].kind);
    if (strcmp(key, "type") == 0) return read_type(about, node);
    if (strcmp(key, "enum") == 0) return read_values(about, node, true);
    if (strcmp(key, "const") == 0) return read_values(about, node, false);
    if (strcmp(key, "properties") == 0) return read_members(about, node);
    if (strcmp(key, "required") == 0) return read_required(about, node);
    if (strcmp(key, "additionalProperties") == 0) return read_others(about, node);
    if (strcmp(key, "items") == 0) return read_items(about, node);
    return true; /* a remark */
}

bool mr_value_rules_read(struct mr_graph_reader *reader, const char *path,
    const struct mr_yaml *node, struct mr_rules *out)
{
    static const char *const keys[] = {"type", "enum", "const", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems",
        "maxItems", "items", "properties", "required", "additionalProperties", "title",
        "description", "default", "examples"};
    static const char *const refused[] = {"pattern", "format", "multipleOf", "anyOf", "allOf",
        "oneOf", "not", "if", "then", "else", "uniqueItems", "$ref"};
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, node->place, "a schema must be a map");
    if (!mr_config_keys(
            reader, node, "a property", keys, MR_COUNT_OF(keys), refused, MR_COUNT_OF(refused)))
        return false;
    struct about *about = mr_region_new(reader->region, struct about);
    about->reader = reader;
    about->path = path;
    about->schema = node;
    for (uint32_t i = 0; i < node->n; i++)
        if (!read_keyword(about, node->keys[i]->text, node->items[i])) return false;
    out->n = about->n;
    out->rules = about->list;
    return true;
}
