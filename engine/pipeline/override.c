#include <string.h>

#include "engine/pipeline/graph_internal.h"

enum { CANDIDATES_MAX = 2 * MR_TRANSFORMS_MAX };

/* The leaves that `name` may mean, and the words to suggest when there is none. */
struct search {
    const char *name;
    struct mr_spec *found;
    uint32_t n_found;
    const char **words; /* [CANDIDATES_MAX] */
    size_t n_words;
};

static void search_leaves(struct search *search, struct mr_spec *spec)
{
    for (uint32_t i = 0; i < spec->n_members; i++) search_leaves(search, spec->members[i]);
    if (!spec->entry) return;
    bool is_named = spec->name && strcmp(spec->name, search->name) == 0;
    if (is_named || strcmp(spec->type, search->name) == 0) {
        search->found = spec;
        search->n_found++;
    }
    if (search->n_words + 2 > CANDIDATES_MAX) return;
    search->words[search->n_words++] = spec->type;
    if (spec->name) search->words[search->n_words++] = spec->name;
}

static bool find_leaf(struct mr_graph_reader *reader, struct mr_spec *root, const char *name,
    const struct mr_override_set *set, struct mr_spec **out)
{
    struct search search = {
        .name = name, .words = mr_region_array(reader->region, const char *, CANDIDATES_MAX)};
    search_leaves(&search, root);
    *out = search.found;
    if (search.n_found == 1) return true;
    if (search.n_found > 1)
        return mr_fail_at(reader->err, set->place, "'%s' names %u transforms of the pipeline",
            name, search.n_found);
    mr_fail_at(reader->err, set->place, "the pipeline has no transform '%s'", name);
    mr_err_suggest(reader->err, name, search.words, search.n_words);
    return false;
}

static struct mr_yaml *text_node(
    struct mr_graph_reader *reader, const char *text, size_t bytes, struct mr_place place)
{
    struct mr_yaml *node = mr_region_new(reader->region, struct mr_yaml);
    *node = (struct mr_yaml){.kind = MR_YAML_TEXT,
        .place = place,
        .text = mr_region_strndup(reader->region, text, bytes)};
    return node;
}

/* A copy of `map` in which `key` has `value`; NULL stands for an empty map. */
static const struct mr_yaml *with_entry(struct mr_graph_reader *reader,
    const struct mr_yaml *map, const struct mr_yaml *key, const struct mr_yaml *value)
{
    uint32_t n = map ? map->n : 0;
    const struct mr_yaml **keys =
        mr_region_array(reader->region, const struct mr_yaml *, n + 1);
    const struct mr_yaml **items =
        mr_region_array(reader->region, const struct mr_yaml *, n + 1);
    uint32_t used = 0;
    bool is_there = false;
    for (uint32_t i = 0; i < n; i++, used++) {
        bool is_it = !is_there && strcmp(map->keys[i]->text, key->text) == 0;
        keys[used] = is_it ? key : map->keys[i];
        items[used] = is_it ? value : map->items[i];
        is_there |= is_it;
    }
    if (!is_there) {
        keys[used] = key;
        items[used++] = value;
    }
    struct mr_yaml *out = mr_region_new(reader->region, struct mr_yaml);
    *out = (struct mr_yaml){.kind = MR_YAML_MAP, .place = map ? map->place : key->place};
    out->n = used;
    out->keys = keys;
    out->items = items;
    return out;
}

/* Puts the value at `path` under `map`, making the maps on the way. Keys that are not valid are
 * refused by whoever reads the config, at the place of the override. */
static bool put(struct mr_graph_reader *reader, const struct mr_yaml *map, const char *path,
    const struct mr_override_set *set, const struct mr_yaml **out)
{
    size_t bytes = strcspn(path, ".");
    if (bytes == 0)
        return mr_fail_at(
            reader->err, set->place, "'%s' is not a path: an empty key", set->path);
    if (map && map->kind != MR_YAML_MAP && map->kind != MR_YAML_NULL)
        return mr_fail_at(
            reader->err, set->place, "'%s' leads into a value that is not a map", set->path);
    if (map && map->kind == MR_YAML_NULL) map = NULL;
    const struct mr_yaml *key = text_node(reader, path, bytes, set->place);
    const struct mr_yaml *value = set->value;
    if (path[bytes] == '.' &&
        !put(reader, mr_yaml_get(map, key->text), path + bytes + 1, set, &value))
        return false;
    *out = with_entry(reader, map, key, value);
    return true;
}

/* WindowInto may have its windowing beside its config, as any transform may: what it reads is
 * what changes. */
static bool put_in(struct mr_graph_reader *reader, struct mr_spec *spec, const char *path,
    const struct mr_override_set *set)
{
    size_t bytes = strcspn(path, ".");
    bool is_beside = spec->entry->kind == MR_WINDOW_INTO && spec->windowing &&
                     bytes == strlen("windowing") && memcmp(path, "windowing", bytes) == 0;
    if (!is_beside) return put(reader, spec->config, path, set, &spec->config);
    if (path[bytes] == '.')
        return put(reader, spec->windowing, path + bytes + 1, set, &spec->windowing);
    spec->windowing = set->value;
    return true;
}

bool mr_overrides_apply(struct mr_graph_reader *reader, struct mr_spec *root,
    const struct mr_override_set *sets, uint32_t n_sets)
{
    for (uint32_t i = 0; i < n_sets; i++) {
        const struct mr_override_set *set = &sets[i];
        const char *dot = strchr(set->path, '.');
        if (!dot || dot == set->path)
            return mr_fail_at(reader->err, set->place,
                "'%s' is not a path: a transform, a dot and a key of its config expected",
                set->path);
        const char *name =
            mr_region_strndup(reader->region, set->path, (size_t)(dot - set->path));
        struct mr_spec *spec;
        if (!find_leaf(reader, root, name, set, &spec) || !put_in(reader, spec, dot + 1, set))
            return false;
    }
    return true;
}
