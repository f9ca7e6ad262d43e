/* The part of a pipeline that one of its `tests` asks for, as Beam cuts it out
 * (BEAM-YAML.md 1.9).
 *
 * 1. Only the top level of the pipeline is cut: a composite is in it or not.
 * 2. What is expected is a sink; from there on only what is read is needed.
 * 3. A transform whose outputs are mocked is not needed; each output that is read is a Create.
 */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

/* One item of the four lists: what it names, and its rows. */
struct rows_of {
    struct mr_spec *spec;
    const char *tag; /* an output, or a key of its input; NULL: not said */
    struct mr_spec *create;
    const struct mr_yaml *node;
};

struct slice {
    struct mr_graph_reader *reader;
    struct mr_spec *root;
    const struct mr_yaml *test;
    uint32_t n_outputs;
    struct rows_of *outputs; /* mocked */
    uint32_t n_inputs;
    struct rows_of *inputs; /* mocked */
    uint32_t n_members;
    struct mr_spec *
        *members; /* [n_members] of the slice; those that were there before are DONE with */
};

/* ---- What a test says ---- */

static const char *const test_keys[] = {"name", "mock_inputs", "mock_outputs",
    "expected_inputs", "expected_outputs", "allowed_sources"};

static bool check_item(struct mr_graph_reader *reader, const struct mr_yaml *item)
{
    static const char *const keys[] = {"name", "elements"};
    if (!mr_yaml_only_keys(item, "an item of a test", keys, MR_COUNT_OF(keys), reader->err))
        return false;
    const char *name;
    const struct mr_yaml *node = mr_config_get(item, "name");
    const struct mr_yaml *elements = mr_config_get(item, "elements");
    if (!node || !elements)
        return mr_fail_at(
            reader->err, item->place, "an item of a test needs 'name' and 'elements'");
    if (!mr_config_name(reader, node, "name", &name)) return false;
    return elements->kind == MR_YAML_LIST ||
           mr_fail_at(reader->err, elements->place, "'elements' must be a list");
}

static bool check_test(struct mr_graph_reader *reader, const struct mr_yaml *test)
{
    if (!mr_yaml_only_keys(test, "a test", test_keys, MR_COUNT_OF(test_keys), reader->err))
        return false;
    uint32_t n_expected = 0;
    for (size_t k = 1; k < MR_COUNT_OF(test_keys); k++) {
        const struct mr_yaml *list = mr_config_get(test, test_keys[k]);
        if (list && list->kind != MR_YAML_LIST)
            return mr_fail_at(reader->err, list->place, "'%s' must be a list", test_keys[k]);
        bool has_items = strcmp(test_keys[k], "allowed_sources") != 0;
        for (uint32_t i = 0; list && has_items && i < list->n; i++)
            if (!check_item(reader, list->items[i])) return false;
        if (list && strncmp(test_keys[k], "expected", 8) == 0) n_expected += list->n;
    }
    return n_expected > 0 ||
           mr_fail_at(reader->err, test->place,
               "a test needs 'expected_inputs' or 'expected_outputs' with an item at least");
}

/* The transform that an item names, alone or with an output or input of it behind a dot. */
static bool find_named(struct slice *slice, const struct mr_yaml *node, struct rows_of *out)
{
    const struct mr_spec *root = slice->root;
    for (uint32_t i = 0; i < root->n_members; i++)
        if (root->members[i]->name && strcmp(root->members[i]->name, node->text) == 0) {
            *out = (struct rows_of){.spec = root->members[i], .node = node};
            return true;
        }
    struct mr_link link = {.reference = node->text, .place = node->place};
    struct mr_link bare = {
        .reference = mr_region_printf(slice->reader->region, "%s.", node->text),
        .place = node->place};
    const char *dot = strrchr(node->text, '.');
    *out = (struct rows_of){.node = node};
    if (dot) return mr_scope_find(slice->reader, root, &link, &out->spec, &out->tag);
    const char *nothing;
    return mr_scope_find(slice->reader, root, &bare, &out->spec, &nothing);
}

/* ---- The transforms that a test adds ---- */

static const struct mr_yaml *config_of(
    struct mr_graph_reader *reader, const struct mr_yaml *elements)
{
    struct mr_yaml *key = mr_region_new(reader->region, struct mr_yaml);
    *key = (struct mr_yaml){.kind = MR_YAML_TEXT, .place = elements->place, .text = "elements"};
    const struct mr_yaml **lists = mr_region_array(reader->region, const struct mr_yaml *, 2);
    lists[0] = key;
    lists[1] = elements;
    struct mr_yaml *map = mr_region_new(reader->region, struct mr_yaml);
    *map = (struct mr_yaml){.kind = MR_YAML_MAP, .place = elements->place};
    map->n = 1;
    map->keys = lists;
    map->items = lists + 1;
    return map;
}

/* References do not find it: it has no type that a file could name. */
static struct mr_spec *add_spec(struct slice *slice, const char *what,
    const struct mr_catalog_entry *entry, const struct mr_yaml *item)
{
    struct mr_graph_reader *reader = slice->reader;
    const struct mr_yaml *name = mr_yaml_get(item, "name");
    struct mr_spec *spec = mr_region_new(reader->region, struct mr_spec);
    *spec = (struct mr_spec){.type = what,
        .type_name = what,
        .name = mr_region_printf(reader->region, "%s %s", what, name->text),
        .place = name->place,
        .node = item,
        .config = config_of(reader, mr_yaml_get(item, "elements")),
        .parent = slice->root,
        .has_input = true,
        .entry = entry};
    slice->members[slice->n_members++] = spec;
    return spec;
}

static bool read_mocks(
    struct slice *slice, const char *key, uint32_t *n, struct rows_of **mocks)
{
    const struct mr_yaml *list = mr_config_get(slice->test, key);
    *n = list ? list->n : 0;
    *mocks = mr_region_array(slice->reader->region, struct rows_of, *n + 1);
    for (uint32_t i = 0; i < *n; i++) {
        const struct mr_yaml *item = list->items[i];
        struct rows_of *mock = &(*mocks)[i];
        if (!find_named(slice, mr_yaml_get(item, "name"), mock)) return false;
        for (uint32_t k = 0; k < i; k++) {
            const struct rows_of *other = &(*mocks)[k];
            bool is_same_tag = mock->tag == other->tag ||
                               (mock->tag && other->tag && strcmp(mock->tag, other->tag) == 0);
            if (mock->spec == other->spec && is_same_tag)
                return mr_fail_at(slice->reader->err, mock->node->place,
                    "'%s' is mocked twice in '%s'", mock->node->text, key);
        }
        mock->create = add_spec(slice, key, mr_catalog_entry(MR_CREATE), item);
    }
    return true;
}

/* ---- Cutting ---- */

static bool is_main(const char *tag)
{
    return strcmp(tag, "out") == 0 || strcmp(tag, "good") == 0 || strcmp(tag, "output") == 0;
}

/* What stands for an output of a mocked transform; NULL: the transform is not mocked. */
static bool mock_of(struct slice *slice, const struct mr_spec *target, const char *tag,
    struct mr_place place, struct mr_spec **out)
{
    const struct rows_of *only = NULL;
    uint32_t n = 0;
    *out = NULL;
    for (uint32_t i = 0; i < slice->n_outputs; i++) {
        const struct rows_of *mock = &slice->outputs[i];
        if (mock->spec != target) continue;
        bool is_it = tag && mock->tag ? strcmp(tag, mock->tag) == 0
                                      : (!tag || is_main(tag)) && !mock->tag;
        if (is_it) *out = mock->create;
        only = mock;
        n++;
    }
    if (!*out && n == 1 && !tag) *out = only->create;
    return n == 0 || *out ||
           mr_fail_at(slice->reader->err, place,
               "output '%s' of '%s' is read and not mocked, though others of it are",
               tag ? tag : "out", mr_spec_label(target));
}

static const struct rows_of *mock_input(
    const struct slice *slice, const struct mr_spec *spec, const struct mr_link *link)
{
    for (uint32_t i = 0; i < slice->n_inputs; i++) {
        const struct rows_of *mock = &slice->inputs[i];
        if (mock->spec != spec) continue;
        if (mock->tag ? strcmp(mock->tag, link->key) == 0
                      : spec->n_inputs == 1 || strcmp(link->key, "input") == 0)
            return mock;
    }
    return NULL;
}

static bool need_link(
    struct slice *slice, const struct mr_spec *owner, const struct mr_link *link);

static bool is_allowed(const struct slice *slice, const struct mr_spec *spec)
{
    if (strcmp(spec->type, "Create") == 0) return true;
    const struct mr_yaml *list = mr_config_get(slice->test, "allowed_sources");
    for (uint32_t i = 0; list && i < list->n; i++) {
        const char *text = list->items[i]->text;
        if (text &&
            (strcmp(text, spec->type) == 0 || (spec->name && strcmp(text, spec->name) == 0)))
            return true;
    }
    return mr_fail_at(slice->reader->err, spec->place,
        "source '%s' is not mocked: name it in 'mock_outputs', or in 'allowed_sources'",
        mr_spec_label(spec));
}

/* A mock that names no input of several stands for all of them, as in Beam. */
static void take_whole_mock(struct slice *slice, struct mr_spec *spec)
{
    for (uint32_t i = 0; i < slice->n_inputs; i++) {
        struct rows_of *mock = &slice->inputs[i];
        if (mock->spec != spec || mock->tag || spec->n_inputs < 2) continue;
        struct mr_link *link = mr_region_new(slice->reader->region, struct mr_link);
        *link = (struct mr_link){
            .key = "input", .target = mock->create, .place = mock->node->place};
        spec->n_inputs = 1;
        spec->inputs = link;
    }
}

/* Takes a transform into the slice, with all that it reads. */
static bool need(struct slice *slice, struct mr_spec *spec)
{
    for (uint32_t i = 0; i < slice->n_members; i++)
        if (slice->members[i] == spec) return true;
    slice->members[slice->n_members++] = spec;
    take_whole_mock(slice, spec);
    if (spec->n_inputs == 0) return is_allowed(slice, spec);
    for (uint32_t i = 0; i < spec->n_inputs; i++)
        if (!need_link(slice, spec, &spec->inputs[i])) return false;
    return true;
}

/* Makes the link lead to a mock, or into the slice. */
static bool need_link(
    struct slice *slice, const struct mr_spec *owner, const struct mr_link *link)
{
    struct mr_link *changed = (struct mr_link *)(uintptr_t)link;
    const struct rows_of *input = mock_input(slice, owner, link);
    struct mr_spec *target = input ? input->create : NULL;
    const char *tag = NULL;
    if (!input) {
        if (!mr_scope_find(slice->reader, slice->root, link, &target, &tag)) return false;
        struct mr_spec *mock;
        if (!mock_of(slice, target, tag, link->place, &mock)) return false;
        if (!mock) {
            *changed = (struct mr_link){
                .key = link->key, .target = target, .reference = tag, .place = link->place};
            return need(slice, target);
        }
        target = mock;
    }
    *changed = (struct mr_link){.key = link->key, .target = target, .place = link->place};
    return true;
}

/* ---- What is expected ---- */

static const struct mr_catalog_entry expected_entry = {
    "AssertEqual", MR_WRITE_TO_LOG, 1, 1, false, false, mr_configure_expected};

/* The input of a transform, whatever becomes of it there. */
static bool input_of(struct slice *slice, const struct rows_of *named, struct mr_link *out)
{
    struct mr_spec *spec = named->spec;
    bool is_flatten = spec->entry && spec->entry->kind == MR_FLATTEN && spec->n_inputs > 1;
    if (is_flatten && !named->tag) { /* what comes in is what comes out */
        *out = (struct mr_link){.target = spec};
        return true;
    }
    for (uint32_t i = 0; i < spec->n_inputs; i++) {
        const char *key = spec->inputs[i].key;
        if (named->tag ? strcmp(named->tag, key) != 0
                       : spec->n_inputs > 1 && strcmp(key, "input") != 0)
            continue;
        *out = spec->inputs[i];
        const struct rows_of *mock = mock_input(slice, spec, out);
        if (mock) *out = (struct mr_link){.key = key, .target = mock->create};
        return true;
    }
    return mr_fail_at(slice->reader->err, named->node->place, "'%s' has no input '%s'",
        mr_spec_label(spec), named->tag ? named->tag : "input");
}

static bool expect(struct slice *slice, const struct mr_yaml *item, bool is_input)
{
    struct rows_of named;
    if (!find_named(slice, mr_yaml_get(item, "name"), &named)) return false;
    struct mr_link *link = mr_region_new(slice->reader->region, struct mr_link);
    *link = (struct mr_link){.target = named.spec, .reference = named.tag};
    if (is_input && !input_of(slice, &named, link)) return false;
    link->key = "input";
    link->place = named.node->place;
    struct mr_spec *sink = add_spec(
        slice, is_input ? "expected_inputs" : "expected_outputs", &expected_entry, item);
    sink->n_inputs = 1;
    sink->inputs = link;
    for (uint32_t i = 0; i < slice->n_members; i++)
        if (slice->members[i] == link->target) return true; /* a mock */
    return need_link(slice, sink, link);
}

static bool expect_all(struct slice *slice, const char *key, bool is_input)
{
    const struct mr_yaml *list = mr_config_get(slice->test, key);
    for (uint32_t i = 0; list && i < list->n; i++)
        if (!expect(slice, list->items[i], is_input)) return false;
    return true;
}

/* An input that is mocked must be one. */
static bool check_mocked_inputs(struct slice *slice)
{
    for (uint32_t i = 0; i < slice->n_inputs; i++) {
        struct mr_link ignored;
        if (slice->inputs[i].spec->n_inputs > 1 && !slice->inputs[i].tag) continue;
        if (!input_of(slice, &slice->inputs[i], &ignored)) return false;
    }
    return true;
}

/* Mocks that nothing reads are not run. */
static void drop_unread(struct slice *slice)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < slice->n_members; i++) {
        struct mr_spec *spec = slice->members[i];
        bool is_mock = strncmp(spec->type, "mock_", 5) == 0;
        bool is_read = !is_mock;
        for (uint32_t k = 0; k < slice->n_members && !is_read; k++)
            for (uint32_t l = 0; l < slice->members[k]->n_inputs; l++)
                is_read |= slice->members[k]->inputs[l].target == spec;
        if (is_read) slice->members[n++] = spec;
    }
    slice->n_members = n;
}

bool mr_specs_slice(
    struct mr_graph_reader *reader, struct mr_spec *root, const struct mr_yaml *test)
{
    if (!check_test(reader, test)) return false;
    uint32_t n_items = 0;
    for (size_t k = 1; k < MR_COUNT_OF(test_keys); k++) {
        const struct mr_yaml *list = mr_config_get(test, test_keys[k]);
        n_items += list ? list->n : 0;
    }
    if (n_items > MR_TRANSFORMS_MAX)
        return mr_fail_at(
            reader->err, test->place, "a test has at most %d items", MR_TRANSFORMS_MAX);
    struct slice slice = {.reader = reader,
        .root = root,
        .test = test,
        .members =
            mr_region_array(reader->region, struct mr_spec *, root->n_members + n_items + 1)};
    if (!read_mocks(&slice, "mock_outputs", &slice.n_outputs, &slice.outputs) ||
        !read_mocks(&slice, "mock_inputs", &slice.n_inputs, &slice.inputs) ||
        !check_mocked_inputs(&slice) || !expect_all(&slice, "expected_inputs", true) ||
        !expect_all(&slice, "expected_outputs", false))
        return false;
    drop_unread(&slice);
    root->members = slice.members;
    root->n_members = slice.n_members;
    root->n_outputs = 0;
    root->implicit_outputs = NULL;
    root->windowing = NULL; /* as in Beam, whose tests do not take it over */
    return true;
}
