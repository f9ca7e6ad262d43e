/* How steps name inputs and outputs. */
#include <string.h>

#include "scenarios/language/steps_internal.h"

enum { WORDS_MAX = 256 };

/* What nothing reads is called by the transform that makes it: `~Count.out` is Count. */
const char *mr_topic_name(const struct mr_scenario *scenario, uint32_t topic)
{
    const char *name = scenario->topics[topic].name;
    return scenario->collected && scenario->collected[topic] ? scenario->collected[topic]
                                                             : name;
}

static bool is_output(const struct mr_scenario *scenario, uint32_t topic)
{
    uint32_t sink;
    return !scenario->topics[topic].stream && mr_output_schema(scenario, topic, &sink);
}

void mr_topics_name(struct mr_reading *reading)
{
    struct mr_scenario *scenario = reading->scenario;
    const char **names = mr_region_array(reading->region, const char *, scenario->n_topics + 1);
    for (uint32_t t = 0; t < scenario->n_topics; t++) {
        const char *name = scenario->topics[t].name;
        size_t bytes = strlen(name);
        if (name[0] != '~' || !is_output(scenario, t)) continue;
        bool is_main = bytes > 5 && strcmp(name + bytes - 4, ".out") == 0;
        names[t] = mr_region_strndup(reading->region, name + 1, bytes - (is_main ? 5 : 1));
    }
    scenario->collected = names;
}

static size_t topic_words(const struct mr_scenario *scenario, bool is_input, const char **words)
{
    size_t n = 0;
    for (uint32_t t = 0; t < scenario->n_topics && n < WORDS_MAX; t++)
        if (is_input ? scenario->topics[t].stream != NULL : is_output(scenario, t))
            words[n++] = mr_topic_name(scenario, t);
    return n;
}

bool mr_topic_find(struct mr_reading *reading, const struct mr_yaml *node, const char *name,
    bool is_input, uint32_t *out)
{
    const struct mr_scenario *scenario = reading->scenario;
    for (uint32_t t = 0; t < scenario->n_topics; t++) {
        bool is_it = is_input ? scenario->topics[t].stream != NULL : is_output(scenario, t);
        if (!is_it || strcmp(mr_topic_name(scenario, t), name) != 0) continue;
        *out = t;
        return true;
    }
    const char *words[WORDS_MAX];
    size_t n = topic_words(scenario, is_input, words);
    return mr_fail_word(reading, node, is_input ? "input" : "output", name, words, n);
}

bool mr_topic_read(struct mr_reading *reading, const struct mr_yaml *map,
    const struct mr_yaml *at, const char *key, uint32_t *out)
{
    bool is_input = strcmp(key, "input") == 0;
    const struct mr_yaml *node = map ? mr_yaml_get(map, key) : NULL;
    const char *name, *words[WORDS_MAX];
    if (node)
        return mr_yaml_as_text(node, key, &name, reading->err) &&
               mr_topic_find(reading, node, name, is_input, out);
    size_t n = topic_words(reading->scenario, is_input, words);
    if (n == 1) return mr_topic_find(reading, at, words[0], is_input, out);
    if (n == 0) return mr_fail_node(reading, at, "the pipeline has no %s", key);
    return mr_fail_node(reading, at,
        "'%s' is missing: there are several, such as '%s' and '%s'", key, words[0], words[1]);
}

const struct mr_schema *mr_output_schema(
    const struct mr_scenario *scenario, uint32_t topic, uint32_t *sink)
{
    const struct mr_graph *graph = scenario->graph;
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *transform = &graph->transforms[i];
        if (transform->kind != MR_WRITE_TO_LOG || transform->write.assertion ||
            strcmp(transform->write.topic, scenario->topics[topic].name) != 0)
            continue;
        *sink = i;
        const struct mr_edge *edge = &transform->inputs[0];
        return &graph->transforms[edge->transform].outputs[edge->output].schema;
    }
    return NULL;
}
