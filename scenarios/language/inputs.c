/* `inputs` of a stepped scenario: transforms of the pipeline that steps feed in their place.
 * Each becomes a ReadFromLog of a topic with its name, in the document, before anything is
 * resolved. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

enum { NAMES_MAX = 256 };

struct replacing {
    struct mr_reading *reading;
    const struct mr_yaml *name; /* key of `inputs` */
    const struct mr_yaml *map;  /* what it says */
    const struct mr_yaml *found;
    const char *names[NAMES_MAX]; /* of the transforms that were met */
    size_t n_names;
};

static const struct mr_yaml *text_node(
    struct mr_region *region, const char *text, struct mr_place place)
{
    struct mr_yaml *node = mr_region_new(region, struct mr_yaml);
    *node = (struct mr_yaml){.kind = MR_YAML_TEXT, .text = text, .place = place};
    return node;
}

/* A map that grows: the last key that is added counts. */
static struct mr_yaml *map_node(struct mr_region *region, uint32_t room, struct mr_place place)
{
    struct mr_yaml *node = mr_region_new(region, struct mr_yaml);
    *node = (struct mr_yaml){.kind = MR_YAML_MAP,
        .place = place,
        .keys = mr_region_array(region, const struct mr_yaml *, room),
        .items = mr_region_array(region, const struct mr_yaml *, room)};
    return node;
}

static void put(
    struct mr_region *region, struct mr_yaml *map, const char *key, const struct mr_yaml *value)
{
    if (!value) return;
    const struct mr_yaml **keys = (const struct mr_yaml **)(uintptr_t)map->keys;
    const struct mr_yaml **items = (const struct mr_yaml **)(uintptr_t)map->items;
    keys[map->n] = text_node(region, key, value->place);
    items[map->n++] = value;
}

static const struct mr_yaml *reader_node(
    struct replacing *replacing, const struct mr_yaml *node)
{
    struct mr_region *region = replacing->reading->region;
    const char *name = replacing->name->text;
    struct mr_yaml *watermark = map_node(region, 1, node->place);
    put(region, watermark, "strategy", text_node(region, "ascending", node->place));
    struct mr_yaml *config = map_node(region, 4, node->place);
    put(region, config, "topic", text_node(region, name, node->place));
    put(region, config, "schema", mr_yaml_get(replacing->map, "schema"));
    put(region, config, "event_time", mr_yaml_get(replacing->map, "event_time"));
    put(region, config, "watermark", watermark);
    struct mr_yaml *out = map_node(region, 4, node->place);
    put(region, out, "type", text_node(region, "ReadFromLog", node->place));
    put(region, out, "name", text_node(region, name, node->place));
    put(region, out, "windowing", mr_yaml_get(node, "windowing"));
    put(region, out, "config", config);
    return out;
}

/* A transform is called by its name, or else by its type. */
static const char *name_of(const struct mr_yaml *node)
{
    const struct mr_yaml *type = mr_yaml_get(node, "type"), *name = mr_yaml_get(node, "name");
    if (!type || type->kind != MR_YAML_TEXT) return NULL;
    return name && name->kind == MR_YAML_TEXT ? name->text : type->text;
}

static const struct mr_yaml *replace(
    struct replacing *replacing, const struct mr_yaml *node, uint32_t depth)
{
    struct mr_region *region = replacing->reading->region;
    if (depth == MR_YAML_DEPTH_MAX) return node;
    if (node->kind != MR_YAML_MAP && node->kind != MR_YAML_LIST) return node;
    const char *name = node->kind == MR_YAML_MAP ? name_of(node) : NULL;
    if (name && replacing->n_names < NAMES_MAX) replacing->names[replacing->n_names++] = name;
    if (name && !replacing->found && strcmp(name, replacing->name->text) == 0) {
        replacing->found = node;
        return reader_node(replacing, node);
    }
    struct mr_yaml *out = mr_region_new(region, struct mr_yaml);
    *out = *node;
    const struct mr_yaml **items = mr_region_array(region, const struct mr_yaml *, node->n + 1);
    for (uint32_t i = 0; i < node->n; i++) {
        bool is_config =
            node->kind == MR_YAML_MAP && strcmp(node->keys[i]->text, "config") == 0;
        items[i] = is_config ? node->items[i] : replace(replacing, node->items[i], depth + 1);
    }
    out->items = items;
    return out;
}

static bool replace_one(struct mr_reading *reading, const struct mr_yaml *key,
    const struct mr_yaml *map, const struct mr_yaml **document)
{
    struct replacing *replacing = mr_region_new(reading->region, struct replacing);
    replacing->reading = reading;
    replacing->name = key;
    replacing->map = map;
    if (!mr_read_keys(reading, map, "inputs", MR_MAP_STEP_SOURCE) ||
        !mr_read_required(reading, map, "schema"))
        return false;
    *document = replace(replacing, *document, 0);
    if (!replacing->found)
        return mr_fail_word(
            reading, key, "transform", key->text, replacing->names, replacing->n_names);
    if (mr_yaml_get(replacing->found, "input"))
        return mr_fail_node(reading, key,
            "'%s' has an input: 'inputs' are transforms from which the pipeline begins",
            key->text);
    return true;
}

bool mr_replace_inputs(
    struct mr_reading *reading, const struct mr_yaml *root, const struct mr_yaml **document)
{
    const struct mr_yaml *inputs = mr_read_map(root, "inputs");
    if (inputs->kind != MR_YAML_MAP)
        return mr_fail_node(
            reading, inputs, "'inputs' must be a map from transforms to {schema, event_time}");
    for (uint32_t i = 0; i < inputs->n; i++)
        if (!replace_one(reading, inputs->keys[i], inputs->items[i], document)) return false;
    return true;
}
