/* Which pipeline a scenario runs, and the values that it puts over those of the file. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

enum { SETS_MAX = 256 };

static bool read_sets(struct mr_reading *reading, const struct mr_yaml *map,
    struct mr_override_set **sets, uint32_t *n_sets)
{
    const struct mr_yaml *node = mr_read_map(map, "pipeline.set");
    if (node->kind != MR_YAML_MAP)
        return mr_fail_node(reading, node,
            "'pipeline.set' must be a map from paths such as ReadFromLog.topic to values");
    if (node->n > SETS_MAX)
        return mr_fail_node(
            reading, node, "'pipeline.set' has more than %d values", (int)SETS_MAX);
    *sets = mr_region_array(reading->region, struct mr_override_set, node->n + 1);
    for (uint32_t i = 0; i < node->n; i++)
        (*sets)[i] = (struct mr_override_set){.path = node->keys[i]->text,
            .value = node->items[i],
            .place = node->keys[i]->place};
    *n_sets = node->n;
    return true;
}

bool mr_read_pipeline(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    struct mr_override_set *sets = NULL;
    uint32_t n_sets = 0;
    if (!mr_read_required(reading, root, "pipeline")) return false;
    const struct mr_yaml *node = mr_yaml_get(root, "pipeline");
    if (node->kind != MR_YAML_TEXT) {
        if (!mr_read_keys(reading, node, "pipeline", MR_MAP_PIPELINE) ||
            !mr_read_required(reading, node, "file") ||
            !read_sets(reading, node, &sets, &n_sets))
            return false;
        node = mr_yaml_get(node, "file");
    }
    const char *path, *text;
    size_t bytes;
    if (!mr_yaml_as_text(node, "pipeline.file", &path, reading->err) ||
        !mr_read_file(reading, node, path, &scenario->pipeline_path, &text, &bytes) ||
        !mr_graph_read(reading->region, scenario->pipeline_path, text, bytes, sets, n_sets,
            &scenario->graph, reading->err))
        return false;
    scenario->plan = mr_plan_make(reading->region, scenario->graph);
    return true;
}
