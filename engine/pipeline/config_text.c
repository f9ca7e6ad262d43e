/* Configs that are written as a text within the YAML. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

static const struct mr_yaml *placed(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_place place)
{
    struct mr_yaml *out = mr_region_new(reader->region, struct mr_yaml);
    *out = *node;
    out->place = place;
    if (node->n == 0) return out;
    const struct mr_yaml **keys =
        mr_region_array(reader->region, const struct mr_yaml *, node->n);
    const struct mr_yaml **items =
        mr_region_array(reader->region, const struct mr_yaml *, node->n);
    for (uint32_t i = 0; i < node->n; i++) {
        if (node->kind == MR_YAML_MAP) keys[i] = placed(reader, node->keys[i], place);
        items[i] = placed(reader, node->items[i], place);
    }
    if (node->kind == MR_YAML_MAP) out->keys = keys;
    out->items = items;
    return out;
}

bool mr_config_text_tree(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_yaml **out)
{
    const struct mr_yaml *tree;
    struct mr_err inner = {0};
    if (!mr_yaml_parse(reader->region, node->place.file, node->text, strlen(node->text),
            MR_YAML_1_1, &tree, &inner))
        return mr_fail_at(reader->err, node->place, "the text is no YAML: %s", inner.msg);
    *out = placed(reader, tree, node->place);
    return true;
}
