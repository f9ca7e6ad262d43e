#include "engine/pipeline/graph.h"

#include <string.h>

#include "engine/pipeline/graph_internal.h"

/* Beam renders every file with Jinja before it reads the YAML, but for comments at the top. */
static bool refuse_jinja(const char *path, const char *text, size_t bytes, struct mr_err *err)
{
    struct mr_place place = {.file = path, .line = 1, .col = 1};
    bool is_head = true;
    bool is_comment = false;
    for (size_t i = 0; i + 1 < bytes; i++, place.col++) {
        if (text[i] == '\n') {
            place = (struct mr_place){.file = path, .line = place.line + 1, .col = 0};
            is_comment = false;
            continue;
        }
        if (text[i] == '#' && is_head) is_comment = true;
        if (text[i] != ' ' && !is_comment) is_head = false;
        bool opens = text[i] == '{' && strchr("{%#", text[i + 1]) && text[i + 1] != '\0';
        if (opens && !is_comment)
            return mr_fail_at(err, place,
                "'{%c' opens a Jinja template, which is not supported yet", text[i + 1]);
        if (((unsigned char)text[i] & 0xc0) == 0x80) place.col--; /* columns are characters */
    }
    return true;
}

static bool same_schema(const struct mr_graph_reader *reader, const struct mr_transform *a,
    const struct mr_transform *b)
{
    const struct mr_schema *left =
        a->n_inputs ? mr_edge_schema(reader, a->inputs[0]) : &a->outputs[0].schema;
    const struct mr_schema *right =
        b->n_inputs ? mr_edge_schema(reader, b->inputs[0]) : &b->outputs[0].schema;
    return mr_schema_same(left, right);
}

static const char *topic_of(const struct mr_transform *transform)
{
    if (transform->kind == MR_READ_FROM_LOG) return transform->read.topic;
    return transform->kind == MR_WRITE_TO_LOG ? transform->write.topic : NULL;
}

/* A topic has one schema, and is not the pipeline's input and output at once. */
static bool check_topics(struct mr_graph_reader *reader)
{
    for (uint32_t i = 0; i < reader->n_transforms; i++) {
        const struct mr_transform *transform = &reader->transforms[i];
        for (uint32_t k = 0; topic_of(transform) && k < i; k++) {
            const struct mr_transform *other = &reader->transforms[k];
            if (!topic_of(other) || strcmp(topic_of(other), topic_of(transform)) != 0) continue;
            if (other->kind != transform->kind)
                return mr_fail_at(reader->err, transform->place,
                    "topic '%s' is both read and written", topic_of(transform));
            if (!same_schema(reader, transform, other))
                return mr_fail_at(reader->err, transform->place,
                    "topic '%s' has another schema in '%s'", topic_of(transform), other->name);
        }
    }
    return true;
}

static bool check_sink(struct mr_graph_reader *reader, const struct mr_spec *root)
{
    for (uint32_t i = 0; i < reader->n_transforms; i++)
        if (reader->transforms[i].n_outputs == 0) return true;
    return mr_fail_at(
        reader->err, root->place, "the pipeline has no sink: nothing writes its results");
}

static bool read_graph(struct mr_graph_reader *reader, const struct mr_yaml *document,
    const struct mr_graph_options *options)
{
    struct mr_spec *root;
    if (!mr_specs_read(reader, document, &root) ||
        !mr_overrides_apply(reader, root, options->sets, options->n_sets) ||
        (options->test && !mr_specs_slice(reader, root, options->test)))
        return false;
    mr_scope_push_windowing(root);
    if (!mr_scope_check(reader, root) || !mr_specs_resolve(reader, root)) return false;
    if (options->collects) mr_outputs_collect(reader);
    return check_sink(reader, root) && check_topics(reader);
}

bool mr_graph_file(struct mr_graph_reader *reader, const struct mr_yaml *node, const char *path,
    const char **out)
{
    const struct mr_graph_files *files = reader->files;
    size_t bytes;
    struct mr_err inner = {0};
    if (!files)
        return mr_fail_at(reader->err, node->place, "'%s' cannot be read from here", path);
    if (files->read(files->self, reader->region, path, out, &bytes, &inner)) return true;
    return mr_fail_at(reader->err, node->place, "%s", inner.msg);
}

bool mr_graph_read(struct mr_region *region, const char *path, const char *text, size_t bytes,
    const struct mr_override_set *sets, uint32_t n_sets, const struct mr_graph **out,
    struct mr_err *err)
{
    return mr_graph_read_with(region, path, text, bytes, NULL, sets, n_sets, out, err);
}

bool mr_graph_read_with(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_graph_files *files, const struct mr_override_set *sets,
    uint32_t n_sets, const struct mr_graph **out, struct mr_err *err)
{
    struct mr_graph_options options = {.files = files, .sets = sets, .n_sets = n_sets};
    return mr_graph_read_as(region, path, text, bytes, &options, out, err);
}

bool mr_graph_parse(struct mr_region *region, const char *path, const char *text, size_t bytes,
    const struct mr_yaml **out, struct mr_err *err)
{
    if (refuse_jinja(path, text, bytes, err) &&
        mr_yaml_parse(region, path, text, bytes, MR_YAML_1_1, out, err))
        return true;
    if (strcmp(err->input_file, path) == 0) mr_err_quote(err, text, bytes);
    return false;
}

bool mr_graph_read_as(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_graph_options *options, const struct mr_graph **out,
    struct mr_err *err)
{
    struct mr_graph_reader reader = {.region = region, .files = options->files, .err = err,
        .is_lenient = options->test != NULL};
    const char *file = mr_region_strdup(region, path);
    const struct mr_yaml *document = options->document;
    if (!document && !mr_graph_parse(region, file, text, bytes, &document, err)) return false;
    if (!read_graph(&reader, document, options)) {
        /* An override's place is in the scenario; who reads that has its text. */
        if (strcmp(err->input_file, file) == 0) mr_err_quote(err, text, bytes);
        return false;
    }
    struct mr_graph *graph = mr_region_new(region, struct mr_graph);
    *graph = (struct mr_graph){.n_transforms = reader.n_transforms,
        .transforms = reader.transforms,
        .n_warnings = reader.n_warnings,
        .needs_python = reader.needs_python,
        .warnings = reader.warnings};
    *out = graph;
    return true;
}

uint32_t mr_graph_consumers(const struct mr_graph *graph, uint32_t transform, uint32_t output,
    uint32_t *ids, uint32_t max)
{
    MR_ASSERT(transform < graph->n_transforms);
    uint32_t n = 0;
    for (uint32_t i = transform + 1; i < graph->n_transforms; i++) {
        const struct mr_transform *consumer = &graph->transforms[i];
        for (uint32_t k = 0; k < consumer->n_inputs; k++) {
            if (consumer->inputs[k].transform != transform) continue;
            if (consumer->inputs[k].output != output) continue;
            if (n < max) ids[n] = i;
            n++;
            break;
        }
    }
    return n;
}
