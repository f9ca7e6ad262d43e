#include "engine/pipeline/graph.h"

#include <stdio.h>
#include <string.h>

#include "engine/expression/template.h"
#include "engine/pipeline/provider.h"

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
    if ((options->providers && !mr_providers_read(reader, options->providers)) ||
        !mr_specs_read(reader, document, &root) ||
        !mr_overrides_apply(reader, root, options->sets, options->n_sets) ||
        (options->test && !mr_specs_slice(reader, root, options->test)))
        return false;
    mr_scope_push_windowing(root);
    if (!mr_scope_check(reader, root) || !mr_specs_resolve(reader, root)) return false;
    if (options->collects) mr_outputs_collect(reader);
    mr_late_panes_mark(reader);
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

void mr_graph_text(
    struct mr_graph_reader *reader, const char *path, const char *text, size_t bytes)
{
    struct mr_template_source *texts =
        mr_region_array(reader->region, struct mr_template_source, reader->n_texts + 1);
    if (reader->n_texts > 0)
        memcpy(texts, reader->texts, sizeof *texts * reader->n_texts);
    texts[reader->n_texts++] = (struct mr_template_source){path, text, bytes};
    reader->texts = texts;
}

/* Beam renders every file with Jinja before it reads the YAML, but for comments at the top. */
static bool render(struct mr_graph_reader *reader, const char *path, const char *text,
    size_t bytes, struct mr_rendered *out)
{
    const struct mr_graph_files *files = reader->files;
    struct mr_place place;
    *out = (struct mr_rendered){.text = text, .bytes = bytes};
    if (!mr_template_find(path, text, bytes, &place)) return true;
    if (!files)
        return mr_fail_at(reader->err, place,
            "a Jinja template opens here, which cannot be rendered without its files");
    struct mr_template_files beside = {.self = files->self, .read = files->read};
    if (!mr_template_render(reader->region, path, text, bytes, files->jinja_variables, &beside,
            out, reader->err))
        return false;
    for (uint32_t i = 1; i < out->n_sources; i++)
        mr_graph_text(reader, out->sources[i].path, out->sources[i].text, out->sources[i].bytes);
    return true;
}

/* An error in what Jinja made of the file is shown where it comes from; an override's place is
 * in the scenario, and who reads that has its text. */
static void place_error(struct mr_graph_reader *reader, const char *file,
    const struct mr_rendered *rendered)
{
    struct mr_err *err = reader->err;
    if (rendered->n_lines > 0 && strcmp(err->input_file, file) == 0 && !err->input_quote[0]) {
        struct mr_place place = mr_rendered_place(
            rendered, (struct mr_place){file, err->input_line, err->input_col});
        snprintf(err->input_file, sizeof err->input_file, "%s", place.file);
        err->input_line = place.line;
        err->input_col = place.col;
    }
    for (uint32_t i = 0; i < reader->n_texts; i++)
        if (strcmp(err->input_file, reader->texts[i].path) == 0)
            mr_err_quote(err, reader->texts[i].text, reader->texts[i].bytes);
}

static void place_graph(struct mr_graph_reader *reader, const char *file,
    const struct mr_rendered *rendered)
{
    for (uint32_t i = 0; i < reader->n_transforms; i++)
        if (reader->transforms[i].place.file == file)
            reader->transforms[i].place =
                mr_rendered_place(rendered, reader->transforms[i].place);
    for (uint32_t i = 0; i < reader->n_warnings; i++)
        if (reader->warnings[i].place.file == file)
            reader->warnings[i].place = mr_rendered_place(rendered, reader->warnings[i].place);
}

bool mr_graph_read_with(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_graph_files *files, const struct mr_override_set *sets,
    uint32_t n_sets, const struct mr_graph **out, struct mr_err *err)
{
    struct mr_graph_options options = {.files = files, .sets = sets, .n_sets = n_sets};
    return mr_graph_read_as(region, path, text, bytes, &options, out, err);
}

/* Files of several pipelines are Beam's own tests, which it reads without Jinja. */
static bool has_pipelines(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_yaml **out)
{
    struct mr_err ignored = {0};
    return mr_yaml_parse(region, path, text, bytes, MR_YAML_1_1, out, &ignored) &&
           mr_yaml_get(*out, "pipelines");
}

bool mr_graph_parse(struct mr_region *region, const char *path, const char *text, size_t bytes,
    const struct mr_graph_files *files, struct mr_graph_document *out, struct mr_err *err)
{
    struct mr_graph_reader reader = {.region = region, .files = files, .err = err};
    path = mr_region_strdup(region, path);
    struct mr_rendered *rendered = mr_region_new(region, struct mr_rendered);
    *rendered = (struct mr_rendered){.text = text, .bytes = bytes};
    *out = (struct mr_graph_document){.rendered = rendered};
    if (has_pipelines(region, path, text, bytes, &out->root)) return true;
    mr_graph_text(&reader, path, text, bytes);
    if (render(&reader, path, text, bytes, rendered) &&
        mr_yaml_parse(region, path, rendered->text, rendered->bytes, MR_YAML_1_1, &out->root,
            err))
        return true;
    place_error(&reader, path, rendered);
    return false;
}

/* The listing that brings Millrace's types to Beam. */
static bool includes_millrace(const struct mr_yaml *providers)
{
    static const char listing[] = "millrace-providers.yaml";
    for (uint32_t i = 0; providers && i < providers->n; i++) {
        const struct mr_yaml *include = mr_yaml_get(providers->items[i], "include");
        size_t bytes = include && include->text ? strlen(include->text) : 0;
        if (bytes >= sizeof listing - 1 &&
            strcmp(include->text + bytes - (sizeof listing - 1), listing) == 0)
            return true;
    }
    return false;
}

bool mr_graph_read_as(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_graph_options *options, const struct mr_graph **out,
    struct mr_err *err)
{
    struct mr_graph_reader reader = {.region = region, .files = options->files, .err = err,
        .is_lenient = options->test != NULL};
    const char *file = mr_region_strdup(region, path);
    struct mr_graph_document document = {0};
    if (options->document) document = *options->document;
    if (!document.root &&
        !mr_graph_parse(region, file, text, bytes, options->files, &document, err))
        return false;
    const struct mr_rendered *rendered = document.rendered;
    mr_graph_text(&reader, file, text, bytes);
    for (uint32_t i = 1; i < rendered->n_sources; i++)
        mr_graph_text(&reader, rendered->sources[i].path, rendered->sources[i].text,
            rendered->sources[i].bytes);
    if (!read_graph(&reader, document.root, options)) {
        place_error(&reader, document.root->place.file, rendered);
        return false;
    }
    place_graph(&reader, document.root->place.file, rendered);
    struct mr_graph *graph = mr_region_new(region, struct mr_graph);
    const char **groups =
        mr_region_array(region, const char *, (size_t)reader.n_alignment_groups + 1);
    for (uint32_t i = 0; i < reader.n_alignment_groups; i++)
        groups[i] = reader.alignment_groups[i];
    *graph = (struct mr_graph){.n_transforms = reader.n_transforms,
        .transforms = reader.transforms,
        .n_warnings = reader.n_warnings,
        .includes_millrace = includes_millrace(mr_yaml_get(document.root, "providers")) ||
                             includes_millrace(options->providers),
        .needs_python = reader.needs_python,
        .n_alignment_groups = reader.n_alignment_groups,
        .alignment_groups = groups,
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
