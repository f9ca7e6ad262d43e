/* PyTransform: of all that Python's Beam has, the few that are transforms of Beam YAML under
 * another name. */
#include <string.h>

#include "engine/pipeline/provider.h"

/* A source has several lines, or is a lambda. */
static bool is_source(const char *text)
{
    return strchr(text, '\n') || strncmp(text, "lambda", 6) == 0;
}

bool mr_is_constructor(const struct mr_provided *provided)
{
    const struct mr_yaml *value = provided->value;
    if (strcmp(provided->kind, "python") != 0 || value->kind != MR_YAML_TEXT) return false;
    return is_source(value->text) || strncmp(value->text, "apache_beam.", 12) == 0;
}

/* What a provider has for the type, with the config as the arguments by name. */
static void provided_text(
    struct mr_text *text, const struct mr_spec *spec, const struct mr_provided *provided)
{
    const char *value = provided->value->text;
    bool has_source = is_source(value);
    mr_text_printf(text, "{\"constructor\": ");
    if (has_source) mr_text_printf(text, "\"__source__\", \"kwargs\": {\"source\": ");
    mr_text_json(text, value, strlen(value));
    if (!has_source) mr_text_printf(text, ", \"kwargs\": {");
    for (uint32_t i = 0; spec->config && i < spec->config->n; i++) {
        const char *key = spec->config->keys[i]->text;
        if (has_source || i > 0) mr_text_printf(text, ", ");
        mr_text_json(text, key, strlen(key));
        mr_text_printf(text, ": ");
        mr_yaml_json(text, spec->config->items[i]);
    }
    mr_text_printf(text, "}}");
}

/* The config as JSON; that of a provider's type has the arguments by name. */
static bool config_text(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_provided *provided, struct mr_place *place, const char **out)
{
    static const char *const keys[] = {"constructor", "args", "kwargs"};
    struct mr_text text = {0};
    const char *name;
    if (provided) {
        provided_text(&text, spec, provided);
        *place = spec->place;
    } else {
        const struct mr_yaml *constructor = mr_config_need(reader, spec, "constructor");
        const struct mr_yaml *args = mr_config_get(spec->config, "args");
        const struct mr_yaml *kwargs = mr_config_get(spec->config, "kwargs");
        if (!constructor || !mr_config_name(reader, constructor, "constructor", &name) ||
            !mr_yaml_only_keys(
                spec->config, "config of PyTransform", keys, MR_COUNT_OF(keys), reader->err))
            return false;
        if (args && args->kind != MR_YAML_LIST)
            return mr_fail_at(reader->err, args->place, "'args' must be a list");
        if (kwargs && kwargs->kind != MR_YAML_MAP)
            return mr_fail_at(reader->err, kwargs->place, "'kwargs' must be a map");
        const struct mr_yaml *source = mr_config_get(kwargs, "source");
        bool has_source = source && strncmp(name, "__", 2) == 0;
        *place = has_source ? source->place : constructor->place;
        mr_yaml_json(&text, spec->config);
    }
    *out = mr_region_strdup(reader->region, text.data);
    mr_text_deinit(&text);
    return true;
}

bool mr_py_transform_expand(
    struct mr_graph_reader *reader, struct mr_spec *spec, const struct mr_provided *provided)
{
    struct mr_place place;
    const char *config = NULL, *chain;
    struct mr_err inner = {0};
    int line;
    if (!config_text(reader, spec, provided, &place, &config)) return false;
    if (!mr_python_transform(reader->region, config, &chain, &line, &inner)) {
        if (reader->is_lenient)
            return mr_catalog_find(reader, mr_yaml_get(spec->node, "type"), &spec->entry);
        if (inner.kind != MR_ERR_INPUT) {
            *reader->err = inner;
            return false;
        }
        mr_fail_at(reader->err, place, "%s", inner.msg);
        if (line > 0) mr_err_wrap(reader->err, "line %d of the source", line);
        return false;
    }
    const char *label = mr_region_printf(
        reader->region, "%s(%s@%d)", spec->place.file, spec->type, spec->place.line);
    const struct mr_yaml *body;
    mr_graph_text(reader, label, chain, strlen(chain));
    if (!mr_yaml_parse(
            reader->region, label, chain, strlen(chain), MR_YAML_1_1, &body, reader->err))
        return false;
    if (mr_yaml_get(body, "input") && spec->n_inputs == 0 && !spec->has_input)
        spec->lacks_inputs = true; /* unless a chain gives it some */
    return mr_spec_wrap(reader, spec, body);
}
