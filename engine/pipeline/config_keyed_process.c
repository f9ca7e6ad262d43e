/* The config of KeyedProcess. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

struct process_reader {
    struct mr_graph_reader *reader;
    const struct mr_spec *spec;
    struct mr_transform *transform;
    struct mr_keyed *keyed;
};

/* ---- State and timers ---- */

static bool check_identifier(
    struct mr_graph_reader *reader, const struct mr_yaml *key, const char *what)
{
    const char *text = key->text ? key->text : "";
    bool ok = text[0] && !(text[0] >= '0' && text[0] <= '9') && text[0] != '_';
    for (const char *at = text; *at && ok; at++)
        ok = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_' ||
             (*at >= '0' && *at <= '9');
    return ok || mr_fail_at(reader->err, key->place,
                     "the name of a %s must be one that Python takes, not '%s'", what, text);
}

static bool read_state(struct mr_graph_reader *reader, const struct mr_yaml *key,
    const struct mr_yaml *node, struct mr_state_spec *out)
{
    static const char *const keys[] = {"kind", "type", "ttl", "ttl_time"};
    static const char *const kinds[] = {"value", "bag", "map"};
    static const char *const types[] = {"any", "boolean", "integer", "float", "string", "bytes",
        "timestamp", "array", "object"};
    size_t kind = 0, type = 0;
    *out = (struct mr_state_spec){.name = key->text, .type = "any"};
    if (!check_identifier(reader, key, "state")) return false;
    if (node->kind != MR_YAML_MAP) {
        if (!mr_config_word(reader, node, "kind of state", kinds, 3, NULL, 0, &kind))
            return false;
        out->kind = (enum mr_state_kind)kind;
        return true;
    }
    if (!mr_config_keys(reader, node, "a state", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_yaml *kind_node = mr_config_get(node, "kind");
    const struct mr_yaml *type_node = mr_config_get(node, "type");
    if ((kind_node &&
            !mr_config_word(reader, kind_node, "kind of state", kinds, 3, NULL, 0, &kind)) ||
        (type_node && !mr_config_word(reader, type_node, "type of state", types,
                          MR_COUNT_OF(types), NULL, 0, &type)))
        return false;
    out->kind = (enum mr_state_kind)kind;
    out->type = types[type];
    return mr_keyed_read_ttl(
        reader, mr_config_get(node, "ttl"), mr_config_get(node, "ttl_time"), out);
}

static bool read_states(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_process_shape *shape)
{
    if (!node) return true;
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, node->place,
            "'state' must be a map from a name to its kind, or to {kind, type, ttl, ttl_time}");
    if (node->n > MR_STATES_MAX)
        return mr_fail_at(reader->err, node->keys[MR_STATES_MAX]->place, "more than %d states",
            MR_STATES_MAX);
    struct mr_state_spec *states =
        mr_region_array(reader->region, struct mr_state_spec, node->n + 1);
    for (uint32_t i = 0; i < node->n; i++)
        if (!read_state(reader, node->keys[i], node->items[i], &states[i])) return false;
    shape->n_states = node->n;
    shape->states = states;
    return true;
}

static bool read_timers(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_process_shape *shape)
{
    static const char *const words[] = {"event_time", "processing_time"};
    if (!node) return true;
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, node->place,
            "'timers' must be a map from a name to event_time or processing_time");
    if (node->n > MR_TIMERS_MAX)
        return mr_fail_at(reader->err, node->keys[MR_TIMERS_MAX]->place, "more than %d timers",
            MR_TIMERS_MAX);
    struct mr_timer_spec *timers =
        mr_region_array(reader->region, struct mr_timer_spec, node->n + 1);
    for (uint32_t i = 0; i < node->n; i++) {
        size_t index;
        if (!check_identifier(reader, node->keys[i], "timer") ||
            !mr_config_word(reader, node->items[i], "time", words, 2, NULL, 0, &index))
            return false;
        timers[i] = (struct mr_timer_spec){
            .name = node->keys[i]->text, .domain = (enum mr_time_domain)index};
    }
    shape->n_timers = node->n;
    shape->timers = timers;
    return true;
}

/* ---- Outputs ---- */

static bool read_output_list(
    struct process_reader *at, const struct mr_yaml *node, struct mr_process_output *outputs)
{
    struct mr_graph_reader *reader = at->reader;
    if (node->kind != MR_YAML_MAP || node->n == 0 || node->n > MR_PARTITION_NAMES_MAX)
        return mr_fail_at(reader->err, node->place,
            "'outputs' must be a map from one to %d names to their schemas",
            MR_PARTITION_NAMES_MAX);
    for (uint32_t i = 0; i < node->n; i++) {
        if (!mr_config_name(reader, node->keys[i], "the name of an output", &outputs[i].name) ||
            !mr_schema_read(reader, node->items[i], &outputs[i].schema))
            return false;
        if (at->spec->error_output && strcmp(at->spec->error_output, outputs[i].name) == 0)
            return mr_fail_at(reader->err, node->keys[i]->place,
                "error handling output '%s' cannot be among the outputs", outputs[i].name);
    }
    at->keyed->shape.n_outputs = node->n;
    return true;
}

static bool read_outputs(struct process_reader *at)
{
    struct mr_graph_reader *reader = at->reader;
    const struct mr_yaml *outputs = mr_config_get(at->spec->config, "outputs");
    const struct mr_yaml *schema = mr_config_get(at->spec->config, "schema");
    if ((outputs != NULL) == (schema != NULL))
        return mr_fail_at(reader->err, at->spec->config->place,
            "config of '%s' needs either 'schema', that of its rows, or 'outputs', a schema "
            "for "
            "each name",
            mr_spec_label(at->spec));
    struct mr_process_output *list =
        mr_region_array(reader->region, struct mr_process_output, outputs ? outputs->n + 1 : 1);
    at->keyed->shape.outputs = list;
    if (outputs) return read_output_list(at, outputs, list);
    at->keyed->shape.n_outputs = 1;
    list[0].name = at->spec->error_output ? "good" : "out";
    return mr_schema_read(reader, schema, &list[0].schema);
}

/* A call that fails has keys, and what was called, but perhaps no row. */
static bool set_errors(struct process_reader *at, struct mr_output *out)
{
    static const char *const names[] = {"source", "msg", "stack"};
    struct mr_graph_reader *reader = at->reader;
    struct mr_schema_builder builder = {0};
    for (uint32_t i = 0; i < at->keyed->n_keys; i++) {
        struct mr_field field = at->keyed->keys[i];
        if (!mr_schema_add(reader, &builder, field, at->spec->place)) return false;
    }
    for (size_t i = 0; i < MR_COUNT_OF(names); i++) {
        struct mr_field field = {.name = names[i], .type = MR_TYPE_STRING};
        if (!mr_schema_add(reader, &builder, field, at->spec->place)) return false;
    }
    *out = (struct mr_output){
        .name = at->spec->error_output, .schema = mr_schema_finish(reader, &builder)};
    return true;
}

static bool set_outputs(struct process_reader *at)
{
    struct mr_transform *transform = at->transform;
    uint32_t n = at->keyed->shape.n_outputs;
    transform->n_outputs = n + (at->spec->error_output != NULL);
    transform->outputs =
        mr_region_array(at->reader->region, struct mr_output, transform->n_outputs);
    for (uint32_t i = 0; i < n; i++)
        transform->outputs[i] = (struct mr_output){.name = at->keyed->shape.outputs[i].name,
            .schema = at->keyed->shape.outputs[i].schema};
    if (!at->spec->error_output) return true;
    transform->error_output = n;
    return set_errors(at, &transform->outputs[n]);
}

/* ---- Callables ---- */

static bool compile(struct process_reader *at, const struct mr_yaml *node, const char *what,
    const struct mr_schema *input, const struct mr_process_function **out)
{
    struct mr_graph_reader *reader = at->reader;
    struct mr_udf_text written;
    return mr_config_callable(reader, node, what, &written) &&
           mr_process_compile(
               reader->region, &written, &at->keyed->shape, input, out, reader->err);
}

/* `on_element` is a callable where there is one input, or a map from input to callable. */
static bool is_callable(const struct mr_yaml *node)
{
    return node->kind != MR_YAML_MAP || mr_yaml_get(node, "callable") ||
           mr_yaml_get(node, "path");
}

static bool read_on_element(struct process_reader *at)
{
    struct mr_graph_reader *reader = at->reader;
    const struct mr_spec *spec = at->spec;
    const struct mr_yaml *node = mr_config_need(reader, spec, "on_element");
    if (!node) return false;
    const char **names = mr_region_array(reader->region, const char *, spec->n_inputs);
    const struct mr_process_function **list =
        mr_region_array(reader->region, const struct mr_process_function *, spec->n_inputs);
    for (uint32_t i = 0; i < spec->n_inputs; i++) names[i] = spec->inputs[i].key;
    if (is_callable(node) && spec->n_inputs > 1)
        return mr_fail_at(reader->err, node->place,
            "'on_element' must be a map from each of the %u inputs to a callable",
            spec->n_inputs);
    if (!is_callable(node) &&
        !mr_yaml_only_keys(node, "on_element", names, spec->n_inputs, reader->err))
        return false;
    for (uint32_t i = 0; i < spec->n_inputs; i++) {
        const struct mr_yaml *own = is_callable(node) ? node : mr_config_get(node, names[i]);
        if (!own)
            return mr_fail_at(reader->err, node->place,
                "'on_element' says nothing of the input '%s'", names[i]);
        const struct mr_schema *schema = mr_edge_schema(reader, at->transform->inputs[i]);
        if (!compile(at, own, "on_element", schema, &list[i])) return false;
    }
    at->transform->process.on_element = list;
    at->transform->process.input_names = names;
    return true;
}

static bool read_on_timer(struct process_reader *at)
{
    struct mr_graph_reader *reader = at->reader;
    const struct mr_process_shape *shape = &at->keyed->shape;
    const struct mr_yaml *node = mr_config_get(at->spec->config, "on_timer");
    const struct mr_process_function **list = mr_region_array(
        reader->region, const struct mr_process_function *, shape->n_timers + 1);
    const char *names[MR_TIMERS_MAX];
    for (uint32_t i = 0; i < shape->n_timers; i++) names[i] = shape->timers[i].name;
    at->transform->process.on_timer = list;
    if (node && !mr_yaml_only_keys(node, "on_timer", names, shape->n_timers, reader->err))
        return false;
    for (uint32_t i = 0; i < shape->n_timers; i++) {
        const struct mr_yaml *own = mr_config_get(node, names[i]);
        if (!own)
            return mr_fail_at(reader->err, at->spec->config->place,
                "timer '%s' needs a callable in 'on_timer'", names[i]);
        if (!compile(at, own, "on_timer", NULL, &list[i])) return false;
    }
    return true;
}

static bool check_language(struct mr_graph_reader *reader, const struct mr_yaml *config)
{
    static const char *const words[] = {"python"};
    static const char *const refused[] = {"native", "java", "javascript"};
    const struct mr_yaml *node = mr_config_get(config, "language");
    size_t index;
    return !node || mr_config_word(reader, node, "language", words, 1, refused, 3, &index);
}

bool mr_configure_keyed_process(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"key", "state", "timers", "language", "on_element",
        "on_timer", "outputs", "schema", "error_handling"};
    struct process_reader at = {.reader = reader,
        .spec = spec,
        .transform = transform,
        .keyed = mr_region_new(reader->region, struct mr_keyed)};
    const struct mr_yaml *config = spec->config;
    if (!mr_config_keys(
            reader, config, "config of KeyedProcess", keys, MR_COUNT_OF(keys), NULL, 0) ||
        !check_language(reader, config) || !mr_config_need(reader, spec, "on_element") ||
        !mr_keyed_read_keys(reader, spec, transform, at.keyed) ||
        !read_states(reader, mr_config_get(config, "state"), &at.keyed->shape) ||
        !read_timers(reader, mr_config_get(config, "timers"), &at.keyed->shape) ||
        !read_outputs(&at) || !read_on_element(&at) || !read_on_timer(&at))
        return false;
    transform->keyed = at.keyed;
    return set_outputs(&at);
}
