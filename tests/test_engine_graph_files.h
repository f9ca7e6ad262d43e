/* Pipelines that name files: these are texts of the test. */
#ifndef MR_TESTS_TEST_ENGINE_GRAPH_FILES_H
#define MR_TESTS_TEST_ENGINE_GRAPH_FILES_H

#include "tests/test.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "engine/pipeline/graph.h"

struct named_text {
    const char *path; /* NULL behind the last */
    const char *text;
};

static inline bool read_named(void *self, struct mr_region *region, const char *path,
    const char **text, size_t *bytes, struct mr_err *err)
{
    (void)region;
    for (const struct named_text *named = self; named && named->path; named++) {
        if (strcmp(named->path, path) != 0) continue;
        *text = named->text;
        *bytes = strlen(named->text);
        return true;
    }
    return mr_fail(err, MR_ERR_INPUT, "there is no '%s'", path);
}

static inline bool find_named(void *self, struct mr_region *region, const char *pattern,
    struct mr_data_files *out, struct mr_err *err)
{
    struct mr_data_file *files = mr_region_array(region, struct mr_data_file, 16);
    (void)err;
    *out = (struct mr_data_files){.files = files};
    for (const struct named_text *named = self; named && named->path; named++)
        if (fnmatch(pattern, named->path, FNM_PATHNAME) == 0)
            files[out->n++] =
                (struct mr_data_file){named->path, named->text, strlen(named->text)};
    return true;
}

static inline bool try_read(struct mr_region *region, const char *text,
    const struct named_text *texts, const char *variables, const struct mr_graph **out,
    struct mr_err *err)
{
    struct mr_graph_files files = {.self = (void *)(uintptr_t)texts,
        .read = read_named,
        .jinja_variables = variables,
        .find = find_named};
    struct mr_graph_options options = {.files = &files, .collects = true};
    return mr_graph_read_as(region, "p.yaml", text, strlen(text), &options, out, err);
}

static inline const struct mr_graph *read_graph(struct mr_region *region, const char *text,
    const struct named_text *texts, const char *variables)
{
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    char message[2048];
    if (try_read(region, text, texts, variables, &graph, &err)) return graph;
    mr_err_format(&err, message, sizeof message);
    fail_msg("%s", message);
    return NULL;
}

/* The whole error as it is shown has to hold `expected`. */
static inline void assert_refused(struct mr_region *region, const char *text,
    const struct named_text *texts, const char *variables, const char *expected)
{
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    char message[2048];
    if (try_read(region, text, texts, variables, &graph, &err))
        fail_msg("no error, but '%s' expected in:\n%s", expected, text);
    mr_err_format(&err, message, sizeof message);
    if (!strstr(message, expected)) fail_msg("no '%s' in:\n%s", expected, message);
}

static inline const struct mr_transform *find(const struct mr_graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        if (strcmp(graph->transforms[i].name, name) == 0) return &graph->transforms[i];
    fail_msg("no transform '%s'", name);
    return NULL;
}

/* `name:type` of all fields, `?` behind nullable ones. */
static inline void assert_fields(
    const struct mr_graph *graph, const char *name, uint32_t output, const char *expected)
{
    const struct mr_transform *transform = find(graph, name);
    assert_true(output < transform->n_outputs);
    const struct mr_schema *schema = &transform->outputs[output].schema;
    struct mr_text text = {0};
    for (uint32_t i = 0; i < schema->n_fields; i++)
        mr_text_printf(&text, "%s%s:%s%s", i > 0 ? " " : "", schema->fields[i].name,
            mr_type_name(schema->fields[i].type), schema->fields[i].is_nullable ? "?" : "");
    assert_string_equal(text.data ? text.data : "", expected);
    mr_text_deinit(&text);
}

static inline void assert_names(const struct mr_graph *graph, const char *expected)
{
    struct mr_text text = {0};
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        mr_text_printf(&text, "%s%s", i > 0 ? " " : "", graph->transforms[i].name);
    assert_string_equal(text.data, expected);
    mr_text_deinit(&text);
}

static inline void assert_reads(const struct mr_graph *graph, const char *consumer,
    uint32_t input, const char *producer, uint32_t output)
{
    const struct mr_transform *transform = find(graph, consumer);
    assert_true(input < transform->n_inputs);
    assert_string_equal(graph->transforms[transform->inputs[input].transform].name, producer);
    assert_int_equal(transform->inputs[input].output, output);
}

static inline int set_up_region(void **state)
{
    *state = mr_region_create();
    return 0;
}

static inline int tear_down_region(void **state)
{
    mr_region_destroy(*state);
    return 0;
}

#define REGION_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_region, tear_down_region)

#endif
