/* Which pipeline a scenario runs, and the values that it puts over those of the file. */
#include <string.h>

#include "base/digest.h"
#include "scenarios/language/path.h"
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

/* Files that the pipeline names lie relative to it. */
struct beside {
    struct mr_reading *reading;
    const char *path; /* of the pipeline, as the scenario has it */
};

static bool read_beside(void *self, struct mr_region *region, const char *path,
    const char **text, size_t *bytes, struct mr_err *err)
{
    const struct beside *beside = self;
    struct mr_reading inner = *beside->reading;
    const char *shown;
    inner.err = err;
    path = mr_path_join(region, mr_path_folder(region, beside->path), path);
    if (!mr_read_file(&inner, NULL, path, &shown, text, bytes)) return false;
    beside->reading->digest = inner.digest;
    return true;
}

static bool find_data(void *self, struct mr_region *region, const char *pattern,
    struct mr_data_files *out, struct mr_err *err)
{
    const struct beside *beside = self;
    struct mr_reading *reading = beside->reading;
    const struct mr_file_reader *files = reading->files;
    if (!files->find)
        return mr_fail(err, MR_ERR_INPUT, "'%s' cannot be read from here", pattern);
    if (!files->find(files->self, region, pattern, out, err)) return false;
    for (uint32_t i = 0; i < out->n; i++)
        reading->digest =
            mr_digest_bytes(reading->digest, out->files[i].text, out->files[i].bytes);
    return true;
}

/* The values of Jinja's names, as JSON. */
static bool read_variables(
    struct mr_reading *reading, const struct mr_yaml *map, const char **out)
{
    const struct mr_yaml *node = mr_read_key(map, "pipeline.jinja_variables");
    if (!node) return true;
    if (node->kind != MR_YAML_MAP)
        return mr_fail_node(reading, node, "'pipeline.jinja_variables' must be a map");
    struct mr_text text = {0};
    mr_yaml_json(&text, node);
    *out = mr_region_strdup(reading->region, text.data);
    mr_text_deinit(&text);
    return true;
}

static bool has_writer(const struct mr_graph *graph)
{
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *sink = &graph->transforms[i];
        if (sink->kind == MR_WRITE_TO_LOG && !sink->write.is_collector && !sink->write.assertion)
            return true;
    }
    return false;
}

/* Steps look at what nothing reads where the pipeline writes nothing. */
static bool read_graph(struct mr_reading *reading, struct mr_graph_options *options,
    const char *text, size_t bytes)
{
    struct mr_scenario *scenario = reading->scenario;
    for (;;) {
        if (!mr_graph_read_as(reading->region, scenario->pipeline_path, text, bytes, options,
                &scenario->graph, reading->err))
            return false;
        if (!options->collects || !has_writer(scenario->graph)) return true;
        options->collects = false;
    }
}

bool mr_read_pipeline(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    struct mr_override_set *sets = NULL;
    uint32_t n_sets = 0;
    const char *variables = NULL;
    if (scenario->graph) return true; /* calm.c */
    if (!mr_read_required(reading, root, "pipeline")) return false;
    const struct mr_yaml *node = mr_yaml_get(root, "pipeline");
    if (node->kind != MR_YAML_TEXT) {
        if (!mr_read_keys(reading, node, "pipeline", MR_MAP_PIPELINE) ||
            !mr_read_required(reading, node, "file") ||
            !read_sets(reading, node, &sets, &n_sets) ||
            !read_variables(reading, node, &variables))
            return false;
        node = mr_yaml_get(node, "file");
    }
    const char *path, *text;
    size_t bytes;
    if (!mr_yaml_as_text(node, "pipeline.file", &path, reading->err) ||
        !mr_read_file(reading, node, path, &scenario->pipeline_path, &text, &bytes))
        return false;
    struct beside beside = {.reading = reading, .path = path};
    struct mr_graph_files files = {.self = &beside, .read = read_beside,
        .jinja_variables = variables,
        .find = find_data};
    struct mr_graph_options options = {
        .files = &files, .sets = sets, .n_sets = n_sets, .collects = scenario->is_stepped};
    struct mr_graph_document document;
    if (scenario->is_stepped && mr_yaml_get(root, "inputs")) {
        if (!mr_graph_parse(reading->region, scenario->pipeline_path, text, bytes, &files, &document,
                reading->err) ||
            !mr_replace_inputs(reading, root, &document.root))
            return false;
        options.document = &document;
    }
    if (!read_graph(reading, &options, text, bytes)) return false;
    scenario->plan = mr_plan_make(reading->region, scenario->graph);
    return true;
}
