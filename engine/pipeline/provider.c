#include "engine/pipeline/provider.h"

#include <string.h>

enum { INCLUDE_DEPTH_MAX = 32, RENAMES_MAX = 32, PROVIDED_MAX = 4096 };

static const char *const kinds[] = {"yaml", "renaming", "python", "pythonPackage",
    "pypiPackage", "javaJar", "mavenJar", "beamJar", "docker", "remote"};

static bool read_list(
    struct mr_graph_reader *reader, const struct mr_yaml *list, const char *file, int depth);

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- Reading ---- */

/* The listing of what Millrace itself adds is known; what lies elsewhere on the net matters
 * only when one of its types is used, which is then unknown. */
static bool read_include(
    struct mr_graph_reader *reader, const struct mr_yaml *include, int depth)
{
    const char *path, *text;
    if (!mr_config_name(reader, include, "the include of a provider", &path)) return false;
    if (strcmp(base_name(path), "millrace-providers.yaml") == 0) return true;
    if (strstr(path, "://")) {
        mr_graph_warn(reader, include->place,
            "providers that lie on the network are not read: their types are unknown");
        return true;
    }
    if (depth >= INCLUDE_DEPTH_MAX)
        return mr_fail_at(reader->err, include->place,
            "providers are included more than %d deep: does '%s' include itself?",
            (int)INCLUDE_DEPTH_MAX, path);
    if (!mr_graph_file(reader, include, path, &text)) return false;
    const struct mr_yaml *list;
    mr_graph_text(reader, path, text, strlen(text));
    if (!mr_yaml_parse(
            reader->region, path, text, strlen(text), MR_YAML_1_1, &list, reader->err))
        return false;
    if (list->kind != MR_YAML_LIST)
        return mr_fail_at(reader->err, list->place, "a file of providers must be a list");
    return read_list(reader, list, path, depth + 1);
}

static bool check_kind(struct mr_graph_reader *reader, const struct mr_yaml *type)
{
    for (size_t i = 0; i < MR_COUNT_OF(kinds); i++)
        if (strcmp(kinds[i], type->text) == 0) return true;
    mr_fail_at(reader->err, type->place, "unknown provider type '%s'", type->text);
    mr_err_suggest(reader->err, type->text, kinds, MR_COUNT_OF(kinds));
    return false;
}

static void add_provided(struct mr_graph_reader *reader, struct mr_provided provided)
{
    struct mr_provided *grown =
        mr_region_array(reader->region, struct mr_provided, reader->n_provided + 1);
    if (reader->n_provided > 0)
        memcpy(grown, reader->provided, sizeof *grown * reader->n_provided);
    grown[reader->n_provided++] = provided;
    reader->provided = grown;
}

static bool read_types(struct mr_graph_reader *reader, const struct mr_yaml *provider,
    const char *kind, const char *file)
{
    const struct mr_yaml *transforms = mr_yaml_get(provider, "transforms");
    if (!transforms || transforms->kind == MR_YAML_NULL) return true;
    if (transforms->kind != MR_YAML_MAP)
        return mr_fail_at(
            reader->err, transforms->place, "'transforms' of a provider must be a map");
    for (uint32_t i = 0; i < transforms->n; i++) {
        if (reader->n_provided >= PROVIDED_MAX)
            return mr_fail_at(reader->err, transforms->place, "more than %d types in providers",
                (int)PROVIDED_MAX);
        add_provided(reader, (struct mr_provided){.type = transforms->keys[i]->text,
                                 .kind = kind,
                                 .provider = provider,
                                 .value = transforms->items[i],
                                 .file = file});
    }
    return true;
}

static bool read_provider(
    struct mr_graph_reader *reader, const struct mr_yaml *provider, const char *file, int depth)
{
    static const char *const keys[] = {"type", "transforms", "config", "include"};
    if (!mr_yaml_only_keys(provider, "provider", keys, MR_COUNT_OF(keys), reader->err))
        return false;
    const struct mr_yaml *include = mr_yaml_get(provider, "include");
    const struct mr_yaml *type = mr_yaml_get(provider, "type");
    if (!include && !type)
        return mr_fail_at(
            reader->err, provider->place, "a provider needs a 'type' or an 'include'");
    if (include && provider->n > 1)
        return mr_fail_at(
            reader->err, provider->place, "a provider with 'include' has no other keys");
    const char *kind;
    if (include) return read_include(reader, include, depth);
    return mr_config_name(reader, type, "the type of a provider", &kind) &&
           check_kind(reader, type) && read_types(reader, provider, kind, file);
}

static bool read_list(
    struct mr_graph_reader *reader, const struct mr_yaml *list, const char *file, int depth)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (!read_provider(reader, list->items[i], file, depth)) return false;
    return true;
}

bool mr_providers_read(struct mr_graph_reader *reader, const struct mr_yaml *list)
{
    return read_list(reader, list, list->place.file, 0);
}

struct mr_provided *mr_provided_find(struct mr_graph_reader *reader, const char *type)
{
    for (uint32_t i = 0; i < reader->n_provided; i++)
        if (strcmp(reader->provided[i].type, type) == 0) return &reader->provided[i];
    return NULL;
}

/* ---- Renaming ---- */

static struct mr_yaml *new_map(
    struct mr_graph_reader *reader, uint32_t n, struct mr_place place)
{
    struct mr_yaml *map = mr_region_new(reader->region, struct mr_yaml);
    *map = (struct mr_yaml){.kind = MR_YAML_MAP, .place = place};
    map->keys = mr_region_array(reader->region, const struct mr_yaml *, n + 1);
    map->items = mr_region_array(reader->region, const struct mr_yaml *, n + 1);
    return map;
}

static void put(struct mr_yaml *map, const struct mr_yaml *key, const struct mr_yaml *item)
{
    ((const struct mr_yaml **)(uintptr_t)map->keys)[map->n] = key;
    ((const struct mr_yaml **)(uintptr_t)map->items)[map->n++] = item;
}

/* What `mappings` or `defaults` have for a type; a text stands for another type's. */
static const struct mr_yaml *map_of(const struct mr_yaml *maps, const char *type)
{
    const struct mr_yaml *map = mr_yaml_get(maps, type);
    if (map && map->kind == MR_YAML_TEXT) map = mr_yaml_get(maps, map->text);
    return map && map->kind == MR_YAML_MAP ? map : NULL;
}

static const struct mr_yaml *renamed_config(struct mr_graph_reader *reader,
    const struct mr_spec *spec, const struct mr_provided *provided)
{
    const struct mr_yaml *settings = mr_yaml_get(provided->provider, "config");
    const struct mr_yaml *names = map_of(mr_yaml_get(settings, "mappings"), provided->type);
    const struct mr_yaml *defaults = map_of(mr_yaml_get(settings, "defaults"), provided->type);
    const struct mr_yaml *config = spec->config;
    uint32_t n_given = config ? config->n : 0;
    uint32_t n_defaults = defaults ? defaults->n : 0;
    struct mr_yaml *out =
        new_map(reader, n_given + n_defaults, config ? config->place : spec->place);
    for (uint32_t i = 0; i < n_given; i++) {
        const struct mr_yaml *key = config->keys[i];
        const struct mr_yaml *other = names ? mr_yaml_get(names, key->text) : NULL;
        if (other && other->kind == MR_YAML_TEXT) {
            struct mr_yaml *copy = mr_region_new(reader->region, struct mr_yaml);
            *copy = *key;
            copy->text = other->text;
            key = copy;
        }
        put(out, key, config->items[i]);
    }
    for (uint32_t i = 0; i < n_defaults; i++)
        if (!mr_yaml_get(out, defaults->keys[i]->text))
            put(out, defaults->keys[i], defaults->items[i]);
    return out;
}

bool mr_provided_rename(
    struct mr_graph_reader *reader, struct mr_spec *spec, struct mr_provided **provided)
{
    for (int i = 0; *provided && strcmp((*provided)->kind, "renaming") == 0; i++) {
        const char *type;
        if (i == RENAMES_MAX)
            return mr_fail_at(
                reader->err, spec->place, "the type '%s' is renamed in a circle", spec->type);
        if (!mr_config_name(reader, (*provided)->value, "the type behind a name", &type))
            return false;
        spec->config = renamed_config(reader, spec, *provided);
        const struct mr_yaml *inner =
            mr_yaml_get(mr_yaml_get((*provided)->provider, "config"), "underlying_provider");
        if (inner && inner->kind == MR_YAML_MAP && !mr_provided_find(reader, type) &&
            !read_provider(reader, inner, (*provided)->file, 0))
            return false;
        *provided = mr_provided_find(reader, type);
        spec->written_type = type;
    }
    return true;
}

/* ---- Templates ---- */

static const char *variables_of(struct mr_graph_reader *reader, const struct mr_yaml *config)
{
    struct mr_text text = {0};
    if (config)
        mr_yaml_json(&text, config);
    else
        mr_text_add(&text, "{}", 2);
    const char *out = mr_region_strdup(reader->region, text.data);
    mr_text_deinit(&text);
    return out;
}

/* The body as text, rendered with the config. */
static bool render_body(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_yaml *body, const char *label, struct mr_rendered *out)
{
    struct mr_text text = {0};
    struct mr_place ignored;
    if (body->kind == MR_YAML_TEXT)
        mr_text_add(&text, body->text, strlen(body->text));
    else
        mr_yaml_dump(&text, body);
    *out = (struct mr_rendered){.bytes = text.bytes};
    out->text = mr_region_strndup(reader->region, text.data ? text.data : "", text.bytes);
    mr_text_deinit(&text);
    if (!mr_template_find(label, out->text, out->bytes, &ignored)) return true;
    struct mr_template_files files = {0};
    if (reader->files)
        files = (struct mr_template_files){reader->files->self, reader->files->read};
    return mr_template_render(reader->region, label, out->text, out->bytes,
        variables_of(reader, spec->config), reader->files ? &files : NULL, out, reader->err);
}

/* `input: input` for a chain that does not say what it reads. */
static const struct mr_yaml *with_input(
    struct mr_graph_reader *reader, const struct mr_yaml *body)
{
    struct mr_yaml *text = mr_region_new(reader->region, struct mr_yaml);
    *text = (struct mr_yaml){.kind = MR_YAML_TEXT, .text = "input", .place = body->place};
    struct mr_yaml *map = new_map(reader, body->n + 1, body->place);
    for (uint32_t i = 0; i < body->n; i++) put(map, body->keys[i], body->items[i]);
    put(map, text, text);
    return map;
}

static bool needs_inputs(const struct mr_spec *spec, const struct mr_provided *provided)
{
    const struct mr_yaml *word = mr_config_get(provided->value, "requires_inputs");
    if (word) return word->kind == MR_YAML_BOOL ? word->boolean : true;
    return strncmp(spec->type, "Read", 4) != 0 && strcmp(spec->type, "Create") != 0;
}

static bool read_body(struct mr_graph_reader *reader, struct mr_spec *spec,
    const struct mr_provided *provided, const struct mr_yaml **out)
{
    const struct mr_yaml *node = mr_config_get(provided->value, "body");
    if (!node)
        return mr_fail_at(
            reader->err, provided->value->place, "the type '%s' has no 'body'", provided->type);
    if (node->kind != MR_YAML_TEXT && node->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, node->place, "'body' must be a map or a text");
    const char *label = mr_region_printf(
        reader->region, "%s(%s@%d)", provided->file, provided->type, spec->place.line);
    struct mr_rendered body;
    const struct mr_yaml *tree;
    if (!render_body(reader, spec, node, label, &body)) return false;
    mr_graph_text(reader, label, body.text, body.bytes);
    if (!mr_yaml_parse(
            reader->region, label, body.text, body.bytes, MR_YAML_1_1, &tree, reader->err))
        return false;
    const struct mr_yaml *type = mr_yaml_get(tree, "type");
    bool is_chain = type && type->text && strcmp(type->text, "chain") == 0;
    if (is_chain && !mr_yaml_get(tree, "input") && needs_inputs(spec, provided))
        tree = with_input(reader, tree);
    *out = tree;
    return true;
}

bool mr_spec_wrap(
    struct mr_graph_reader *reader, struct mr_spec *spec, const struct mr_yaml *body)
{
    spec->is_provided = true;
    spec->members = mr_region_array(reader->region, struct mr_spec *, 1);
    if (!mr_spec_read(reader, body, spec, &spec->members[0])) return false;
    spec->n_members = spec->n_chained = 1;
    spec->implicit_outputs = spec->members[0];
    return true;
}

static bool check_config(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_provided *provided)
{
    static const char *const keys[] = {
        "config_schema", "requires_inputs", "description", "body"};
    if (!mr_yaml_only_keys(
            provided->value, "a transform of a provider", keys, MR_COUNT_OF(keys), reader->err))
        return false;
    const struct mr_yaml *schema = mr_config_get(provided->value, "config_schema");
    return !schema ||
           mr_config_matches(reader,
               mr_region_printf(reader->region, "config of '%s'", mr_spec_label(spec)), schema,
               spec->config, spec->place);
}

bool mr_provided_expand(
    struct mr_graph_reader *reader, struct mr_spec *spec, struct mr_provided *provided)
{
    if (provided->is_busy)
        return mr_fail_at(reader->err, spec->place,
            "the body of '%s' contains a '%s': providers cannot be recursive", provided->type,
            provided->type);
    if (!check_config(reader, spec, provided)) return false;
    if (needs_inputs(spec, provided) && spec->n_inputs == 0 && !spec->has_input)
        spec->lacks_inputs = true; /* unless a chain gives it some */
    const struct mr_yaml *body = NULL;
    uint32_t index = (uint32_t)(provided - reader->provided); /* the list may grow */
    if (!read_body(reader, spec, provided, &body)) return false;
    reader->provided[index].is_busy = true;
    if (!mr_spec_wrap(reader, spec, body)) return false;
    reader->provided[index].is_busy = false;
    return true;
}
