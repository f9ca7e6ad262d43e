/* What the job's operator does: stops the job and starts it again, perhaps further back and to
 * other topics. */
#include <string.h>

#include "engine/runtime/job_record.h"
#include "scenarios/language/scenario_internal.h"

enum { STEPS_MAX = 16 };

static const char *const kinds[] = {[MR_STEP_STOP] = "stop", [MR_STEP_RESTART] = "restart"};

/* An output of the run by its name; `is_written`: one that the pipeline writes. */
static bool find_output(
    struct mr_reading *reading, const struct mr_yaml *node, bool is_written, uint32_t *out)
{
    const struct mr_scenario *scenario = reading->scenario;
    const char *name, **words;
    size_t n_words = 0;
    if (!mr_yaml_as_text(node, "job.restart.topics", &name, reading->err)) return false;
    words = mr_region_array(reading->region, const char *, scenario->n_topics + 1);
    for (uint32_t t = 0; t < scenario->n_topics; t++) {
        if (scenario->topics[t].stream) continue;
        words[n_words++] = scenario->topics[t].name;
        if (strcmp(scenario->topics[t].name, name) != 0) continue;
        *out = t;
        for (uint32_t i = 0; i < scenario->graph->n_transforms && is_written; i++) {
            const struct mr_transform *transform = &scenario->graph->transforms[i];
            if (transform->kind == MR_WRITE_TO_LOG && strcmp(transform->write.topic, name) == 0)
                is_written = false; /* no need to look on */
        }
        if (!is_written) return true;
        return mr_fail_node(reading, node, "no WriteToLog writes the topic '%s'", name);
    }
    return mr_fail_word(
        reading, node, is_written ? "output" : "output (see 'outputs')", name, words, n_words);
}

static bool read_topics(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_job_step_spec *spec)
{
    const struct mr_yaml *topics = mr_read_map(map, "job.restart.topics");
    if (topics->kind != MR_YAML_MAP || topics->n > MR_COMMAND_TOPICS_MAX)
        return mr_fail_node(reading, topics,
            "'job.restart.topics' must be a map of at most %d outputs to other topics",
            (int)MR_COMMAND_TOPICS_MAX);
    uint32_t *from = mr_region_array(reading->region, uint32_t, topics->n + 1);
    uint32_t *to = mr_region_array(reading->region, uint32_t, topics->n + 1);
    for (uint32_t i = 0; i < topics->n; i++) {
        if (!find_output(reading, topics->keys[i], true, &from[i]) ||
            !find_output(reading, topics->items[i], false, &to[i]))
            return false;
        for (uint32_t j = 0; j < i; j++)
            if (to[i] == to[j])
                return mr_fail_node(reading, topics->items[i],
                    "two outputs go to the topic '%s'", topics->items[i]->text);
    }
    spec->n_topics = topics->n;
    spec->from_topics = from;
    spec->to_topics = to;
    return true;
}

static bool read_stop(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_job_step_spec *spec)
{
    return mr_read_keys(reading, map, "job.stop", MR_MAP_JOB_STOP) &&
           mr_read_drawn(
               reading, map, "job.stop.at", spec->at_ns.name, MR_RANGE_NS, &spec->at_ns) &&
           mr_read_u32(reading, map, "job.stop.after_checkpoints", 0, 1000000,
               &spec->after_checkpoints);
}

/* Going back needs checkpoints that exist and are still kept. */
static bool can_go_back(struct mr_reading *reading, const struct mr_yaml *map,
    const struct mr_job_step_spec *spec, const struct mr_job_step_spec *stop)
{
    uint32_t retention = reading->scenario->cluster.checkpoint_retention;
    uint32_t back = spec->checkpoints_back;
    if (back == 0) return true;
    const struct mr_yaml *node = mr_yaml_get(map, "checkpoints_back");
    if (back >= retention)
        return mr_fail_node(reading, node,
            "going %u checkpoints back needs 'cluster.checkpoint.retention' of at least %u, "
            "not %u",
            back, back + 1, retention);
    if (stop->after_checkpoints <= back)
        return mr_fail_node(reading, node,
            "going %u checkpoints back needs 'after_checkpoints' of at least %u at the stop "
            "before",
            back, back + 1);
    return true;
}

static bool read_restart(struct mr_reading *reading, const struct mr_yaml *map,
    struct mr_job_step_spec *spec, const struct mr_job_step_spec *stop)
{
    return mr_read_keys(reading, map, "job.restart", MR_MAP_JOB_RESTART) &&
           mr_read_drawn(reading, map, "job.restart.after", spec->at_ns.name, MR_RANGE_NS,
               &spec->at_ns) &&
           mr_read_u32(reading, map, "job.restart.checkpoints_back", 0, MR_RETAINED_MAX - 1,
               &spec->checkpoints_back) &&
           can_go_back(reading, map, spec, stop) && read_topics(reading, map, spec);
}

static bool read_step(struct mr_reading *reading, const struct mr_yaml *node,
    struct mr_job_step_spec *steps, uint32_t i)
{
    enum mr_job_step_kind kind = i % 2 == 0 ? MR_STEP_STOP : MR_STEP_RESTART;
    struct mr_job_step_spec *spec = &steps[i];
    if (!mr_read_keys(reading, node, "job", MR_MAP_JOB_STEP)) return false;
    const struct mr_yaml *map = mr_yaml_get(node, kinds[kind]);
    if (node->n != 1 || !map)
        return mr_fail_node(reading, node,
            "the steps of 'job' are 'stop' and 'restart' by turns: here must be a '%s'",
            kinds[kind]);
    if (map->kind == MR_YAML_NULL) map = mr_read_map(map, "");
    spec->kind = kind;
    const char *name =
        mr_region_printf(reading->region, "job.%s-%u.at", kinds[kind], i / 2 + 1);
    spec->at_ns = mr_drawn_constant(name, kind == MR_STEP_STOP ? 0 : MR_SECOND_NS);
    return kind == MR_STEP_STOP ? read_stop(reading, map, spec)
                                : read_restart(reading, map, spec, &steps[i - 1]);
}

bool mr_read_job(struct mr_reading *reading, const struct mr_yaml *root)
{
    const struct mr_yaml *list = mr_read_key(root, "job");
    if (!list) return true;
    if (list->kind != MR_YAML_LIST || list->n > STEPS_MAX)
        return mr_fail_node(
            reading, list, "'job' must be a list of at most %d steps", (int)STEPS_MAX);
    struct mr_job_step_spec *steps =
        mr_region_array(reading->region, struct mr_job_step_spec, list->n + 1);
    for (uint32_t i = 0; i < list->n; i++)
        if (!read_step(reading, list->items[i], steps, i)) return false;
    reading->scenario->job_steps = steps;
    reading->scenario->n_job_steps = list->n;
    return true;
}
