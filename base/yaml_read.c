/* Reading values out of a tree, and writing a tree. */
#include <stdio.h>
#include <string.h>

#include "base/yaml_internal.h"

static int find(const struct mr_yaml *map, const char *key)
{
    if (!map || map->kind != MR_YAML_MAP) return -1;
    for (uint32_t i = 0; i < map->n; i++)
        if (strcmp(map->keys[i]->text, key) == 0) return (int)i;
    return -1;
}

const struct mr_yaml *mr_yaml_get(const struct mr_yaml *map, const char *key)
{
    int i = find(map, key);
    return i < 0 ? NULL : map->items[i];
}

const struct mr_yaml *mr_yaml_key(const struct mr_yaml *map, const char *key)
{
    int i = find(map, key);
    return i < 0 ? NULL : map->keys[i];
}

static const char *kind_name(const struct mr_yaml *node)
{
    switch (node->kind) {
    case MR_YAML_NULL:
        return "nothing";
    case MR_YAML_BOOL:
        return "a boolean";
    case MR_YAML_INT:
        return "an integer";
    case MR_YAML_FLOAT:
        return "a number";
    case MR_YAML_TEXT:
        return "a text";
    case MR_YAML_LIST:
        return "a list";
    case MR_YAML_MAP:
        return "a map";
    }
    return "something else";
}

bool mr_yaml_as_text(
    const struct mr_yaml *node, const char *what, const char **out, struct mr_err *err)
{
    if (node->kind != MR_YAML_TEXT)
        return mr_fail_at(
            err, node->place, "'%s' must be a text, not %s", what, kind_name(node));
    *out = node->text;
    return true;
}

bool mr_yaml_as_int(const struct mr_yaml *node, const char *what, int64_t min, int64_t max,
    int64_t *out, struct mr_err *err)
{
    if (node->kind != MR_YAML_INT)
        return mr_fail_at(
            err, node->place, "'%s' must be an integer, not %s", what, kind_name(node));
    if (node->integer < min || node->integer > max)
        return mr_fail_at(err, node->place, "'%s' must be from %lld to %lld, not %lld", what,
            (long long)min, (long long)max, (long long)node->integer);
    *out = node->integer;
    return true;
}

bool mr_yaml_as_bool(
    const struct mr_yaml *node, const char *what, bool *out, struct mr_err *err)
{
    if (node->kind != MR_YAML_BOOL)
        return mr_fail_at(
            err, node->place, "'%s' must be true or false, not %s", what, kind_name(node));
    *out = node->boolean;
    return true;
}

bool mr_yaml_as_duration(
    const struct mr_yaml *node, const char *what, bool beam, mr_ns *out, struct mr_err *err)
{
    bool is_number = node->kind == MR_YAML_INT || node->kind == MR_YAML_FLOAT;
    if (node->kind != MR_YAML_TEXT && !is_number)
        return mr_fail_at(err, node->place, "'%s' must be a duration such as 30s, not %s", what,
            kind_name(node));
    /* A number counts by its value, whichever way it is written: 0x10, 1_000, 1e3. */
    char seconds[MR_TIME_TEXT_BYTES];
    const char *text = node->text;
    if (node->kind == MR_YAML_INT) {
        snprintf(seconds, sizeof seconds, "%lld", (long long)node->integer);
        text = seconds;
    } else if (node->kind == MR_YAML_FLOAT && node->number > -1e12 && node->number < 1e12) {
        snprintf(seconds, sizeof seconds, "%.9f", node->number);
        text = seconds;
    }
    struct mr_err inner = {0};
    if (mr_duration_parse(text, beam, out, NULL, &inner)) return true;
    return mr_fail_at(err, node->place, "'%s': %s", what, inner.msg);
}

bool mr_yaml_only_keys(const struct mr_yaml *map, const char *what, const char *const *keys,
    size_t n_keys, struct mr_err *err)
{
    if (map->kind != MR_YAML_MAP)
        return mr_fail_at(err, map->place, "'%s' must be a map, not %s", what, kind_name(map));
    for (uint32_t i = 0; i < map->n; i++) {
        const char *key = map->keys[i]->text;
        size_t k = 0;
        while (k < n_keys && strcmp(keys[k], key) != 0) k++;
        if (k < n_keys) continue;
        mr_fail_at(err, map->keys[i]->place, "unknown key '%s' of '%s'", key, what);
        mr_err_suggest(err, key, keys, n_keys);
        return false;
    }
    return true;
}

/* Writing. */

static void write_quoted(struct mr_text *out, const char *text)
{
    mr_text_add(out, "\"", 1);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            mr_text_printf(out, "\\%c", c);
        else if (c == '\n')
            mr_text_printf(out, "\\n");
        else if (c == '\t')
            mr_text_printf(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            mr_text_printf(out, "\\x%02x", c);
        else
            mr_text_printf(out, "%c", c);
    }
    mr_text_add(out, "\"", 1);
}

static bool is_safe(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("_./-+", c);
}

/* A text that reads back as itself without quotes. */
static bool is_plain_text(const char *text)
{
    if (!*text || *text == '-' || strncmp(text, "...", 3) == 0) return false;
    for (const char *c = text; *c; c++)
        if (!is_safe(*c)) return false;
    struct mr_yaml node = {.text = text};
    return mr_yaml_resolve(&node, MR_YAML_1_2) && node.kind == MR_YAML_TEXT;
}

static void write_float(struct mr_text *out, double number)
{
    if (number != number) {
        mr_text_printf(out, ".nan");
        return;
    }
    if (number - number != 0) {
        mr_text_printf(out, number > 0 ? ".inf" : "-.inf");
        return;
    }
    char text[40];
    snprintf(text, sizeof text, "%.17g", number);
    mr_text_printf(out, strpbrk(text, ".e") ? "%s" : "%s.0", text);
}

/* Whether the scalar, written as it was in the first place, is read as the same again. */
static bool reads_back(const struct mr_yaml *node)
{
    if (!node->is_plain || !node->text || !*node->text) return false;
    for (const char *c = node->text; *c; c++)
        if (!is_safe(*c) && *c != '~') return false;
    struct mr_yaml again = {.text = node->text};
    return mr_yaml_resolve(&again, MR_YAML_1_2) && again.kind == node->kind &&
           again.boolean == node->boolean && again.integer == node->integer &&
           (again.number == node->number || again.number != again.number);
}

static void write_scalar(struct mr_text *out, const struct mr_yaml *node)
{
    if (node->kind == MR_YAML_TEXT && is_plain_text(node->text))
        mr_text_printf(out, "%s", node->text);
    else if (node->kind == MR_YAML_TEXT)
        write_quoted(out, node->text);
    else if (reads_back(node))
        mr_text_printf(out, "%s", node->text);
    else if (node->kind == MR_YAML_BOOL)
        mr_text_printf(out, node->boolean ? "true" : "false");
    else if (node->kind == MR_YAML_INT)
        mr_text_printf(out, "%lld", (long long)node->integer);
    else if (node->kind == MR_YAML_FLOAT)
        write_float(out, node->number);
    else
        mr_text_printf(out, "null");
}

static void write_indent(struct mr_text *out, int indent)
{
    mr_text_printf(out, "%*s", indent, "");
}

static bool is_block(const struct mr_yaml *node)
{
    return (node->kind == MR_YAML_LIST || node->kind == MR_YAML_MAP) && node->n > 0;
}

static void write_flat(struct mr_text *out, const struct mr_yaml *node)
{
    if (node->kind == MR_YAML_LIST)
        mr_text_printf(out, "[]");
    else if (node->kind == MR_YAML_MAP)
        mr_text_printf(out, "{}");
    else
        write_scalar(out, node);
    mr_text_printf(out, "\n");
}

static void write_entry(struct mr_text *out, const struct mr_yaml *node, int indent)
{
    mr_text_printf(out, is_block(node) ? "\n" : " ");
    if (is_block(node))
        mr_yaml_write(out, node, indent + 2);
    else
        write_flat(out, node);
}

/* A key as it was written; one that is too long to stand before its colon is marked as a key.
 */
static void write_key(struct mr_text *out, const struct mr_yaml *key, int indent)
{
    bool is_long = strlen(key->text) > 200;
    if (is_long) mr_text_printf(out, "? ");
    write_scalar(out, key);
    if (is_long) {
        mr_text_printf(out, "\n");
        write_indent(out, indent);
    }
    mr_text_printf(out, ":");
}

void mr_yaml_write(struct mr_text *out, const struct mr_yaml *node, int indent)
{
    if (!is_block(node)) {
        write_indent(out, indent);
        write_flat(out, node);
        return;
    }
    for (uint32_t i = 0; i < node->n; i++) {
        write_indent(out, indent);
        if (node->kind == MR_YAML_LIST)
            mr_text_printf(out, "-");
        else
            write_key(out, node->keys[i], indent);
        write_entry(out, node->items[i], indent);
    }
}
