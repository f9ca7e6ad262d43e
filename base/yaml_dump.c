/* A YAML tree as PyYAML's safe_dump writes it, so that what a template does to the text is what
 * it would do in Beam: block style, keys sorted, texts as plain as they can be. Long lines are
 * not folded. */
#include <string.h>

#include "base/number.h"
#include "base/yaml_internal.h"

enum style { PLAIN, SINGLE, DOUBLE };

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_blank(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What a character at a place makes of the text: indicators of blocks forbid the plain style.
 */
static bool is_indicator(const char *text, size_t i)
{
    char c = text[i];
    if (c == '#') return i == 0 || is_blank(text[i - 1]);
    if (c == ':' || (i == 0 && (c == '-' || c == '?'))) return is_blank(text[i + 1]);
    return i == 0 && is_one_of(c, ",[]{}&*!|>'\"%@`");
}

static enum style style_of(const char *text)
{
    size_t bytes = strlen(text);
    bool is_plain = bytes > 0 && text[0] != ' ' && text[bytes - 1] != ' ' &&
                    strncmp(text, "---", 3) != 0 && strncmp(text, "...", 3) != 0;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_break = c == '\n';
        if ((c < ' ' && !is_break) || c >= 0x7f) return DOUBLE;
        if (is_break && (text[i + 1] == ' ' || (i > 0 && text[i - 1] == ' '))) return DOUBLE;
        if (is_break || is_indicator(text, i)) is_plain = false;
    }
    struct mr_yaml node = {.text = text};
    if (!is_plain || !mr_yaml_resolve(&node, MR_YAML_1_1)) return SINGLE;
    return node.kind == MR_YAML_TEXT ? PLAIN : SINGLE;
}

/* A break in the text is an empty line here. */
static void add_single(struct mr_text *out, const char *text)
{
    mr_text_add(out, "'", 1);
    for (const char *c = text; *c; c++) {
        if (*c == '\'') mr_text_add(out, "'", 1);
        if (*c == '\n' && (c == text || c[-1] != '\n')) mr_text_add(out, "\n", 1);
        mr_text_add(out, c, 1);
    }
    mr_text_add(out, "'", 1);
}

static void add_double(struct mr_text *out, const char *text)
{
    mr_text_add(out, "\"", 1);
    for (const char *c = text; *c; c++) {
        if (*c == '\n')
            mr_text_add(out, "\\n", 2);
        else if ((unsigned char)*c < ' ' || *c == 0x7f)
            mr_text_printf(out, "\\x%02x", (unsigned)(unsigned char)*c);
        else
            mr_text_printf(out, is_one_of(*c, "\"\\") ? "\\%c" : "%c", *c);
    }
    mr_text_add(out, "\"", 1);
}

static void add_float(struct mr_text *out, double number)
{
    char text[MR_NUMBER_TEXT_BYTES];
    if (number - number != 0) {
        mr_text_printf(out, number != number ? ".nan" : number > 0 ? ".inf" : "-.inf");
        return;
    }
    mr_float_to_text(number, text);
    const char *exponent = strchr(text, '.') ? NULL : strchr(text, 'e');
    if (exponent) /* without a dot it would be a text */
        mr_text_printf(out, "%.*s.0%s", (int)(exponent - text), text, exponent);
    else
        mr_text_printf(out, "%s", text);
}

static void add_scalar(struct mr_text *out, const struct mr_yaml *node)
{
    enum style style = node->kind == MR_YAML_TEXT ? style_of(node->text) : PLAIN;
    if (node->kind == MR_YAML_NULL)
        mr_text_printf(out, "null");
    else if (node->kind == MR_YAML_BOOL)
        mr_text_printf(out, node->boolean ? "true" : "false");
    else if (node->kind == MR_YAML_INT)
        mr_text_printf(out, "%lld", (long long)node->integer);
    else if (node->kind == MR_YAML_FLOAT)
        add_float(out, node->number);
    else if (style == SINGLE)
        add_single(out, node->text);
    else if (style == DOUBLE)
        add_double(out, node->text);
    else
        mr_text_add(out, node->text, strlen(node->text));
}

/* The entry of a map that comes next in the order of the keys' texts. */
static uint32_t next_key(const struct mr_yaml *map, const bool *is_done)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < map->n; i++) {
        if (is_done[i]) continue;
        if (best == UINT32_MAX || strcmp(map->keys[i]->text, map->keys[best]->text) < 0)
            best = i;
    }
    return best;
}

static void add_node(struct mr_text *out, const struct mr_yaml *node, int indent);

static void add_entry(struct mr_text *out, const struct mr_yaml *node, int indent)
{
    bool is_block = (node->kind == MR_YAML_LIST || node->kind == MR_YAML_MAP) && node->n > 0;
    mr_text_printf(out, is_block ? "\n" : " ");
    add_node(out, node, indent + 2);
    if (!is_block) mr_text_printf(out, "\n");
}

static void add_map(struct mr_text *out, const struct mr_yaml *map, int indent)
{
    bool *is_done = mr_alloc(map->n);
    for (uint32_t i = 0; i < map->n; i++) {
        uint32_t k = next_key(map, is_done);
        is_done[k] = true;
        mr_text_printf(out, "%*s", indent, "");
        add_scalar(out, map->keys[k]);
        mr_text_printf(out, ":");
        add_entry(out, map->items[k], indent);
    }
    mr_free(is_done);
}

static void add_node(struct mr_text *out, const struct mr_yaml *node, int indent)
{
    if (node->kind == MR_YAML_MAP && node->n > 0) {
        add_map(out, node, indent);
    } else if (node->kind == MR_YAML_LIST && node->n > 0) {
        for (uint32_t i = 0; i < node->n; i++) {
            mr_text_printf(out, "%*s-", indent, "");
            add_entry(out, node->items[i], indent);
        }
    } else if (node->kind == MR_YAML_MAP || node->kind == MR_YAML_LIST) {
        mr_text_printf(out, node->kind == MR_YAML_MAP ? "{}" : "[]");
    } else {
        add_scalar(out, node);
    }
}

void mr_yaml_dump(struct mr_text *out, const struct mr_yaml *node)
{
    add_node(out, node, 0);
    if (out->bytes == 0 || out->data[out->bytes - 1] != '\n') mr_text_printf(out, "\n");
}
