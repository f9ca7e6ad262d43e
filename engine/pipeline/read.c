#include <string.h>

#include "engine/pipeline/provider.h"

/* Fails at the first key of `node` that is in `refused`. */
static bool refuse_keys(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *const *refused, size_t n_refused)
{
    for (size_t i = 0; i < n_refused; i++) {
        const struct mr_yaml *key = mr_yaml_key(node, refused[i]);
        if (key)
            return mr_fail_at(reader->err, key->place,
                "'%s' of a transform is not supported yet", refused[i]);
    }
    return true;
}

static bool is_empty(const struct mr_yaml *node)
{
    switch (node->kind) {
    case MR_YAML_NULL:
        return true;
    case MR_YAML_TEXT:
        return node->text[0] == '\0';
    case MR_YAML_LIST:
    case MR_YAML_MAP:
        return node->n == 0;
    default:
        return false;
    }
}

static bool read_reference(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *key, struct mr_link *out)
{
    const char *reference;
    if (!mr_config_name(reader, node, "a reference", &reference)) return false;
    *out = (struct mr_link){.key = key, .reference = reference, .place = node->place};
    return true;
}

/* A reference, or a list of them. */
static bool read_input_value(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *key, struct mr_link *out)
{
    if (node->kind != MR_YAML_LIST) return read_reference(reader, node, key, out);
    if (node->n == 0)
        return mr_fail_at(reader->err, node->place, "input '%s' is an empty list", key);
    struct mr_link ignored;
    for (uint32_t i = 0; i < node->n; i++)
        if (!read_reference(reader, node->items[i], key, &ignored)) return false;
    *out = (struct mr_link){.key = key, .list = node, .place = node->place};
    return true;
}

/* `input` and `output`: text and lists stand for a map with one key of that name. */
static bool read_links(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *tag, bool allow_lists, uint32_t *n, struct mr_link **links)
{
    *n = 0;
    if (!node || is_empty(node)) return true;
    bool is_map = node->kind == MR_YAML_MAP;
    uint32_t n_links = is_map ? node->n : 1;
    struct mr_link *out = mr_region_array(reader->region, struct mr_link, n_links);
    for (uint32_t i = 0; i < n_links; i++) {
        const struct mr_yaml *value = is_map ? node->items[i] : node;
        const char *key = tag;
        if (is_map && !mr_config_name(reader, node->keys[i], "a key", &key)) return false;
        bool ok = allow_lists ? read_input_value(reader, value, key, &out[i])
                              : read_reference(reader, value, key, &out[i]);
        if (!ok) return false;
    }
    *n = n_links;
    *links = out;
    return true;
}

/* A lenient reader leaves it to whoever reads the config to refuse a language. */
static bool read_language(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char **language)
{
    struct mr_err ignored = {0};
    struct mr_graph_reader probe = *reader;
    if (!reader->is_lenient) return mr_config_language(reader, spec->config, language);
    probe.err = &ignored;
    if (!mr_config_language(&probe, spec->config, language)) *language = "other";
    return true;
}

/* The entry of a type that a provider has renamed, or whose code does not run here. */
static bool find_behind(
    struct mr_graph_reader *reader, struct mr_spec *spec, const struct mr_yaml *type)
{
    struct mr_yaml behind = *type;
    if (spec->written_type) behind.text = spec->written_type;
    return mr_catalog_find(reader, &behind, &spec->entry);
}

static bool read_leaf(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    static const char *const keys[] = {
        "type", "name", "input", "config", "windowing", "resource_hints", "output_schema"};
    struct mr_provided *provided = mr_provided_find(reader, spec->type);
    const struct mr_yaml *type = mr_yaml_get(spec->node, "type");
    bool is_python = !provided && strcmp(spec->type, "PyTransform") == 0;
    if (!provided && !is_python && !mr_catalog_find(reader, type, &spec->entry)) return false;
    const struct mr_yaml *output_schema = mr_yaml_key(spec->node, "output_schema");
    if (output_schema)
        mr_graph_warn(reader, output_schema->place,
            "an output_schema beside the config has no effect: it belongs into the config");
    const struct mr_yaml *output = mr_yaml_key(spec->node, "output");
    if (output)
        return mr_fail_at(reader->err, output->place,
            "'output' belongs to a chain or composite, not to a %s", spec->type);
    if (!mr_yaml_only_keys(spec->node, spec->type, keys, MR_COUNT_OF(keys), reader->err))
        return false;
    spec->config = mr_yaml_get(spec->node, "config");
    if (spec->config && spec->config->kind == MR_YAML_NULL) spec->config = NULL;
    if (spec->config && spec->config->kind != MR_YAML_MAP)
        return mr_fail_at(
            reader->err, spec->config->place, "config of a %s must be a map", spec->type);
    if (is_python) return mr_py_transform_expand(reader, spec, NULL);
    if (provided) {
        if (!mr_provided_rename(reader, spec, &provided)) return false;
        if (provided && strcmp(provided->kind, "yaml") == 0)
            return mr_provided_expand(reader, spec, provided);
        if (provided && mr_is_constructor(provided))
            return mr_py_transform_expand(reader, spec, provided);
        if (!find_behind(reader, spec, type)) return false;
    }
    if (!mr_output_schema_take(reader, spec)) return false;
    if (spec->entry->has_language) {
        const char *language = "generic";
        if (!read_language(reader, spec, &language)) return false;
        spec->type_name = mr_region_printf(reader->region, "%s-%s", spec->type, language);
        if (!spec->name) spec->name = spec->type;
    }
    return true;
}

static bool read_transform(struct mr_graph_reader *reader, const struct mr_yaml *node,
    struct mr_spec *parent, struct mr_spec **out);

static bool read_member(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_spec *parent)
{
    return read_transform(reader, node, parent, &parent->members[parent->n_members]) &&
           (parent->n_members++, true);
}

static bool read_list(
    struct mr_graph_reader *reader, const struct mr_yaml *list, struct mr_spec *parent)
{
    for (uint32_t i = 0; list && i < list->n; i++)
        if (!read_member(reader, list->items[i], parent)) return false;
    return true;
}

/* The list under `key`; NULL when it is not there. */
static bool get_list(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *key, const struct mr_yaml **out)
{
    *out = mr_yaml_get(node, key);
    if (!*out || (*out)->kind == MR_YAML_LIST) return true;
    return mr_fail_at(reader->err, (*out)->place, "'%s' must be a list of transforms", key);
}

/* The source comes first, without inputs; the sink last; then what hangs on the chain. */
static bool read_members(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    const struct mr_yaml *transforms;
    const struct mr_yaml *extra;
    const struct mr_yaml *source = mr_yaml_get(spec->node, "source");
    const struct mr_yaml *sink = mr_yaml_get(spec->node, "sink");
    if (!get_list(reader, spec->node, "transforms", &transforms) ||
        !get_list(reader, spec->node, "extra_transforms", &extra))
        return false;
    if (!transforms && !(source && sink))
        return mr_fail_at(reader->err, spec->place,
            "a %s needs 'transforms', or both 'source' and 'sink'", spec->type);
    uint32_t n = (transforms ? transforms->n : 0) + (extra ? extra->n : 0) + (source != NULL) +
                 (sink != NULL);
    if (n == 0 || (transforms && transforms->n == 0 && !source && !sink))
        return mr_fail_at(reader->err, transforms->place, "a %s has no transforms", spec->type);
    spec->members = mr_region_array(reader->region, struct mr_spec *, n);
    if (source && !read_member(reader, source, spec)) return false;
    if (source) spec->members[0]->has_input |= spec->is_chain;
    if (!read_list(reader, transforms, spec)) return false;
    if (sink && !read_member(reader, sink, spec)) return false;
    spec->n_chained = spec->n_members;
    return read_list(reader, extra, spec);
}

static bool check_composite_keys(struct mr_graph_reader *reader, const struct mr_spec *spec)
{
    static const char *const inner[] = {"type", "name", "input", "output", "windowing",
        "resource_hints", "transforms", "source", "sink", "extra_transforms"};
    static const char *const outer[] = {"type", "windowing", "resource_hints", "transforms",
        "extra_transforms", "source", "sink"};
    static const char *const refused[] = {"output_schema", "providers"};
    if (!refuse_keys(reader, spec->node, refused, MR_COUNT_OF(refused))) return false;
    if (!spec->is_chain) {
        const struct mr_yaml *extra = mr_yaml_key(spec->node, "extra_transforms");
        if (extra)
            return mr_fail_at(reader->err, extra->place,
                "'extra_transforms' belongs to a chain, not to a composite");
    }
    if (!spec->parent)
        return mr_yaml_only_keys(
            spec->node, "pipeline", outer, MR_COUNT_OF(outer), reader->err);
    return mr_yaml_only_keys(spec->node, spec->type, inner, MR_COUNT_OF(inner), reader->err);
}

static bool read_composite(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    if (!check_composite_keys(reader, spec)) return false;
    spec->type_name = "composite";
    if (spec->is_chain && !spec->name && spec->parent) spec->name = "Chain";
    return read_members(reader, spec) && read_links(reader, mr_yaml_get(spec->node, "output"),
                                             "output", false, &spec->n_outputs, &spec->outputs);
}

static bool read_transform(struct mr_graph_reader *reader, const struct mr_yaml *node,
    struct mr_spec *parent, struct mr_spec **out)
{
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, node->place, "%s must be a map",
            parent ? "a transform" : "'pipeline'");
    if (++reader->n_specs > MR_TRANSFORMS_MAX)
        return mr_fail_at(
            reader->err, node->place, "more than %d transforms", MR_TRANSFORMS_MAX);
    struct mr_spec *spec = mr_region_new(reader->region, struct mr_spec);
    *spec = (struct mr_spec){.node = node, .place = node->place, .parent = parent};
    const struct mr_yaml *type = mr_yaml_get(node, "type");
    spec->type = "composite";
    if (!type && parent)
        return mr_fail_at(reader->err, node->place, "a transform needs a 'type'");
    if (type && !mr_config_name(reader, type, "the type of a transform", &spec->type))
        return false;
    if (type) spec->place = type->place;
    spec->type_name = spec->type;
    const struct mr_yaml *name = mr_yaml_get(node, "name");
    if (name && !mr_config_name(reader, name, "the name of a transform", &spec->name))
        return false;
    spec->windowing = mr_yaml_get(node, "windowing");
    const struct mr_yaml *input = mr_yaml_get(node, "input");
    spec->has_input = input != NULL;
    if (!read_links(reader, input, "input", true, &spec->n_inputs, &spec->inputs)) return false;
    spec->is_chain = strcmp(spec->type, "chain") == 0;
    *out = spec;
    if (spec->is_chain || strcmp(spec->type, "composite") == 0)
        return read_composite(reader, spec);
    if (parent) return read_leaf(reader, spec);
    mr_fail_at(reader->err, spec->place, "a pipeline is a 'composite' or a 'chain', not a '%s'",
        spec->type);
    static const char *const words[] = {"composite", "chain"};
    mr_err_suggest(reader->err, spec->type, words, MR_COUNT_OF(words));
    return false;
}

static bool check_kind(struct mr_graph_reader *reader, const struct mr_yaml *document,
    const char *key, enum mr_yaml_kind kind, const char *kind_name)
{
    const struct mr_yaml *node = mr_yaml_get(document, key);
    if (!node || node->kind == kind || node->kind == MR_YAML_NULL) return true;
    return mr_fail_at(reader->err, node->place, "'%s' must be a %s", key, kind_name);
}

bool mr_spec_read(struct mr_graph_reader *reader, const struct mr_yaml *node,
    struct mr_spec *parent, struct mr_spec **out)
{
    return read_transform(reader, node, parent, out);
}

bool mr_specs_read(
    struct mr_graph_reader *reader, const struct mr_yaml *document, struct mr_spec **out)
{
    static const char *const keys[] = {"pipeline", "options", "providers", "tests"};
    if (document->kind == MR_YAML_NULL)
        return mr_fail_at(
            reader->err, document->place, "the file is empty: 'pipeline' expected");
    if (!mr_yaml_only_keys(document, "a pipeline file", keys, MR_COUNT_OF(keys), reader->err) ||
        !check_kind(reader, document, "options", MR_YAML_MAP, "map") ||
        !check_kind(reader, document, "providers", MR_YAML_LIST, "list") ||
        !check_kind(reader, document, "tests", MR_YAML_LIST, "list"))
        return false;
    const struct mr_yaml *pipeline = mr_yaml_get(document, "pipeline");
    if (!pipeline)
        return mr_fail_at(reader->err, document->place, "the file has no 'pipeline'");
    mr_options_check(reader, mr_yaml_get(document, "options"));
    const struct mr_yaml *providers = mr_config_get(document, "providers");
    if (providers && !mr_providers_read(reader, providers)) return false;
    return read_transform(reader, pipeline, NULL, out) && mr_composites_link(reader, *out);
}
