/* A pipeline without a scenario: one worker in a calm world, where nothing goes wrong. */
#include <string.h>

#include "base/digest.h"
#include "scenarios/language/scenario_internal.h"

/* One subtask of everything, so that rows keep the order of the file as far as the pipeline
 * itself does not change it. */
static const char calm[] = "scenario: pipeline\n"
                           "pipeline: pipeline.yaml\n"
                           "seeds: [1]\n"
                           "network: calm\n"
                           "cluster:\n"
                           "  workers: 1\n"
                           "  slots: 1\n"
                           "  batch: 100\n"
                           "limits: {virtual_time: 24h, events: 1000000000, memory: 2GiB}\n";

static bool has_no_reader(struct mr_reading *reading, const struct mr_graph *graph)
{
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *transform = &graph->transforms[i];
        if (transform->kind == MR_READ_FROM_LOG)
            return mr_fail_at(reading->err, transform->place,
                "'%s' reads the topic '%s', and a pipeline alone has no topics with rows: "
                "write "
                "a scenario whose 'streams' feed it (docs/scenario.md), or mock it in 'tests'",
                transform->name, transform->read.topic);
    }
    return true;
}

/* The name stands in messages: the file's, without folder and ending. */
static const char *name_of(struct mr_region *region, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return mr_region_strndup(
        region, name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

bool mr_scenario_calm(struct mr_region *region, const char *path, const struct mr_graph *graph,
    const struct mr_scenario **out, struct mr_err *err)
{
    MR_ASSERT(err && err->kind == MR_ERR_NONE);
    struct mr_scenario *scenario = mr_region_new(region, struct mr_scenario);
    struct mr_reading reading = {
        .region = region, .path = path, .folder = "", .scenario = scenario, .err = err};
    const struct mr_yaml *root;
    if (!has_no_reader(&reading, graph) ||
        !mr_yaml_parse(region, path, calm, sizeof calm - 1, MR_YAML_1_2, &root, err))
        return false;
    scenario->document = root;
    scenario->path = path;
    scenario->place = (struct mr_place){path, 1, 1};
    scenario->pipeline_path = path;
    scenario->graph = graph;
    scenario->plan = mr_plan_make(region, graph);
    if (!mr_read_parts(&reading, root)) return false;
    scenario->cluster.restarts_max = 0; /* what fails without a fault fails again */
    scenario->name = name_of(region, path);
    *out = scenario;
    return true;
}
