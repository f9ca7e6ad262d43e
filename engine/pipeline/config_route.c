/* The config of Route. */
#include <string.h>

#include "engine/pipeline/control.h"
#include "engine/pipeline/graph_internal.h"

struct router {
    struct mr_graph_reader *reader;
    const struct mr_spec *spec;
    const struct mr_schema *schema;
    const char *language;
    uint32_t n_names;
    const char *names[MR_PARTITION_NAMES_MAX];
};

/* The output of that name, which is made when it is named for the first time. */
static bool output_of(struct router *router, const struct mr_yaml *node, uint32_t *out)
{
    struct mr_graph_reader *reader = router->reader;
    const char *name;
    if (!mr_config_name(reader, node, "the name of an output", &name)) return false;
    for (*out = 0; *out < router->n_names; ++*out)
        if (strcmp(router->names[*out], name) == 0) return true;
    if (router->spec->error_output && strcmp(router->spec->error_output, name) == 0)
        return mr_fail_at(reader->err, node->place,
            "error handling output '%s' cannot be an output of a rule", name);
    if (router->n_names == MR_PARTITION_NAMES_MAX)
        return mr_fail_at(
            reader->err, node->place, "a Route has at most %d outputs", MR_PARTITION_NAMES_MAX);
    router->names[router->n_names++] = name;
    return true;
}

static bool read_rule(
    struct router *router, const struct mr_yaml *node, struct mr_route_rule *out)
{
    static const char *const keys[] = {"when", "to"};
    struct mr_graph_reader *reader = router->reader;
    if (!mr_yaml_only_keys(node, "a rule", keys, MR_COUNT_OF(keys), reader->err)) return false;
    const struct mr_yaml *when = mr_config_get(node, "when");
    const struct mr_yaml *to = mr_config_get(node, "to");
    if (!when || !to)
        return mr_fail_at(reader->err, node->place, "a rule needs a 'when' and a 'to'");
    return mr_config_expression(reader, when, "when", router->language, MR_USE_KEEP,
               router->schema, &out->when) &&
           output_of(router, to, &out->output);
}

static bool read_rules(struct router *router, struct mr_route *route)
{
    struct mr_graph_reader *reader = router->reader;
    const struct mr_yaml *rules = mr_config_get(router->spec->config, "rules");
    if (!rules)
        return mr_fail_at(reader->err,
            router->spec->config ? router->spec->config->place : router->spec->place,
            "config of '%s' needs 'rules', or 'rules_input'", mr_spec_label(router->spec));
    if (rules->kind != MR_YAML_LIST || rules->n == 0)
        return mr_fail_at(
            reader->err, rules->place, "'rules' of Route must be a list of at least one rule");
    struct mr_route_rule *list =
        mr_region_array(reader->region, struct mr_route_rule, rules->n);
    for (uint32_t i = 0; i < rules->n; i++)
        if (!read_rule(router, rules->items[i], &list[i])) return false;
    route->rules = list;
    route->n_rules = rules->n;
    return true;
}

/* ---- Rules from a control stream ---- */

static bool find_control_input(struct router *router, const struct mr_yaml *node, uint32_t *out)
{
    struct mr_graph_reader *reader = router->reader;
    const struct mr_spec *spec = router->spec;
    const char *name;
    if (!mr_config_name(reader, node, "rules_input", &name)) return false;
    if (spec->n_inputs != 2)
        return mr_fail_at(reader->err, node->place,
            "a Route with 'rules_input' has two inputs, a map from names to them");
    for (*out = 0; *out < 2; ++*out)
        if (strcmp(spec->inputs[*out].key, name) == 0) return true;
    const char *words[] = {spec->inputs[0].key, spec->inputs[1].key};
    mr_fail_at(reader->err, node->place, "unknown input '%s'", name);
    mr_err_suggest(reader->err, name, words, 2);
    return false;
}

static bool find_columns(struct router *router, const struct mr_yaml *node,
    const struct mr_schema *schema, int *columns)
{
    static const char *const names[MR_CONTROL_COLUMNS] = {
        "rule", "version", "to", "field", "op", "value"};
    for (int i = 0; i < MR_CONTROL_COLUMNS; i++) {
        columns[i] = mr_schema_find(schema, names[i]);
        enum mr_type type = i == MR_CONTROL_VERSION ? MR_TYPE_INT : MR_TYPE_STRING;
        bool is_needed = i == MR_CONTROL_RULE || i == MR_CONTROL_VERSION;
        const struct mr_field *field = columns[i] >= 0 ? &schema->fields[columns[i]] : NULL;
        if (!field || field->type != type || (is_needed && field->is_nullable))
            return mr_fail_at(router->reader->err, node->place,
                "the rows of 'rules_input' need a field '%s' of type %s%s", names[i],
                mr_type_name(type), is_needed ? " that is never null" : "");
    }
    return true;
}

static bool read_names(struct router *router, const struct mr_yaml *outputs)
{
    struct mr_graph_reader *reader = router->reader;
    uint32_t ignored;
    if (!outputs || outputs->kind != MR_YAML_LIST || outputs->n == 0)
        return mr_fail_at(reader->err, outputs ? outputs->place : router->spec->config->place,
            "a Route with 'rules_input' needs 'outputs', a list of at least one name");
    for (uint32_t i = 0; i < outputs->n; i++)
        if (!output_of(router, outputs->items[i], &ignored)) return false;
    return true;
}

/* One state for all rows of a subtask: the rules. */
static const struct mr_keyed *new_keyed(struct mr_graph_reader *reader)
{
    static const int *const no_keys[2];
    struct mr_keyed *keyed = mr_region_new(reader->region, struct mr_keyed);
    struct mr_state_spec *state = mr_region_new(reader->region, struct mr_state_spec);
    *state = (struct mr_state_spec){.name = "rules", .kind = MR_STATE_VALUE, .type = "any"};
    keyed->key_fields = no_keys;
    keyed->shape.n_states = 1;
    keyed->shape.states = state;
    return keyed;
}

/* A rule that cannot be read is the error, not a row that it would have sent somewhere. */
static bool set_errors(struct router *router, struct mr_transform *transform)
{
    struct mr_schema_builder builder = {0};
    const struct mr_schema *rules =
        mr_edge_schema(router->reader, transform->inputs[transform->route.control_input]);
    for (uint32_t i = 0; i < rules->n_fields + 2; i++) {
        struct mr_field field = {
            .name = i == rules->n_fields ? "msg" : "stack", .type = MR_TYPE_STRING};
        if (i < rules->n_fields) field = rules->fields[i];
        if (!mr_schema_add(router->reader, &builder, field, router->spec->place)) return false;
    }
    transform->outputs[transform->error_output].schema =
        mr_schema_finish(router->reader, &builder);
    return true;
}

static bool read_control(
    struct router *router, struct mr_transform *transform, const struct mr_yaml *node)
{
    static const char *const not_here[] = {"rules", "language"};
    struct mr_graph_reader *reader = router->reader;
    const struct mr_spec *spec = router->spec;
    struct mr_route *route = &transform->route;
    for (size_t i = 0; i < MR_COUNT_OF(not_here); i++) {
        const struct mr_yaml *key = mr_yaml_key(spec->config, not_here[i]);
        if (key)
            return mr_fail_at(reader->err, key->place,
                "'%s' is of a Route whose rules are in the file, without 'rules_input'",
                not_here[i]);
    }
    if (!find_control_input(router, node, &route->control_input)) return false;
    struct mr_edge rows = transform->inputs[1 - route->control_input];
    struct mr_edge rules = transform->inputs[route->control_input];
    if (mr_edge_windowing(reader, rows)->kind != MR_WINDOW_GLOBAL ||
        mr_edge_windowing(reader, rules)->kind != MR_WINDOW_GLOBAL)
        return mr_fail_at(
            reader->err, spec->place, "a Route with 'rules_input' stands before any windowing");
    route->is_controlled = true;
    router->schema = route->rows = mr_edge_schema(reader, rows);
    transform->keyed = new_keyed(reader);
    return find_columns(router, node, mr_edge_schema(reader, rules), route->control_columns) &&
           read_names(router, mr_config_get(spec->config, "outputs"));
}

static bool read_static(struct router *router, struct mr_transform *transform)
{
    struct mr_graph_reader *reader = router->reader;
    const struct mr_yaml *outputs = mr_config_get(router->spec->config, "outputs");
    if (outputs)
        return mr_fail_at(reader->err, outputs->place,
            "'outputs' is of a Route with 'rules_input': here rules name their outputs");
    if (router->spec->n_inputs > 1)
        return mr_fail_at(reader->err, router->spec->inputs[1].place,
            "a Route has one input, and another only with 'rules_input'");
    router->schema = mr_edge_schema(reader, transform->inputs[0]);
    return mr_config_language(reader, router->spec->config, &router->language) &&
           read_rules(router, &transform->route);
}

bool mr_configure_route(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {
        "rules", "rules_input", "outputs", "mode", "default", "language", "error_handling"};
    static const char *const modes[] = {"first", "all"};
    struct router router = {.reader = reader, .spec = spec};
    struct mr_route *route = &transform->route;
    const struct mr_yaml *control = mr_config_get(spec->config, "rules_input");
    const struct mr_yaml *mode = mr_config_get(spec->config, "mode");
    const struct mr_yaml *fallback = mr_config_get(spec->config, "default");
    size_t index = 0;
    uint32_t output = 0;
    if (!mr_config_keys(
            reader, spec->config, "config of Route", keys, MR_COUNT_OF(keys), NULL, 0) ||
        !(control ? read_control(&router, transform, control)
                  : read_static(&router, transform)) ||
        (mode && !mr_config_word(reader, mode, "mode", modes, 2, NULL, 0, &index)) ||
        (fallback && !output_of(&router, fallback, &output)))
        return false;
    route->is_first = index == 0;
    route->fallback = fallback ? (int)output : -1;
    route->n_names = router.n_names;
    return mr_outputs_set_named(
               reader, spec, transform, *router.schema, router.names, router.n_names) &&
           (!control || !spec->error_output || set_errors(&router, transform));
}
