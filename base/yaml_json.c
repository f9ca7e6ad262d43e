/* A YAML tree as JSON. */
#include <string.h>

#include "base/number.h"
#include "base/yaml.h"

static void add(struct mr_text *out, const char *text)
{
    mr_text_add(out, text, strlen(text));
}

static void add_number(struct mr_text *out, const struct mr_yaml *node)
{
    if (node->kind == MR_YAML_INT) {
        mr_text_printf(out, "%lld", (long long)node->integer);
        return;
    }
    double number = node->number;
    char text[MR_NUMBER_TEXT_BYTES];
    bool is_finite = number - number == 0;
    if (is_finite) mr_float_to_text(number, text);
    add(out, is_finite          ? text
             : number != number ? "NaN"
             : number > 0       ? "Infinity"
                                : "-Infinity");
}

void mr_yaml_json(struct mr_text *out, const struct mr_yaml *node)
{
    bool is_map = node->kind == MR_YAML_MAP;
    switch (node->kind) {
    case MR_YAML_NULL:
        add(out, "null");
        return;
    case MR_YAML_BOOL:
        add(out, node->boolean ? "true" : "false");
        return;
    case MR_YAML_INT:
    case MR_YAML_FLOAT:
        add_number(out, node);
        return;
    case MR_YAML_TEXT:
        mr_text_json(out, node->text, strlen(node->text));
        return;
    case MR_YAML_LIST:
    case MR_YAML_MAP:
        break;
    }
    add(out, is_map ? "{" : "[");
    for (uint32_t i = 0; i < node->n; i++) {
        if (i > 0) add(out, ", ");
        if (is_map) {
            mr_text_json(out, node->keys[i]->text, strlen(node->keys[i]->text));
            add(out, ": ");
        }
        mr_yaml_json(out, node->items[i]);
    }
    add(out, is_map ? "}" : "]");
}
