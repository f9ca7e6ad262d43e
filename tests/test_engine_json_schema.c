/* The JSON Schema of pipelines against the reader: what one takes the other takes, as far as a
 * schema can tell; what lies in the library conforms. */
#include "tests/json_schema.h"

#include <dirent.h>
#include <stdio.h>

#include "engine/pipeline/graph.h"
#include "engine/pipeline/json_schema.h"

struct fixture {
    struct mr_region *region;
    const struct mr_yaml *schema;
};

static int set_up(void **state)
{
    struct mr_text text = {0};
    struct fixture *fixture = mr_alloc(sizeof *fixture);
    fixture->region = mr_region_create();
    mr_pipeline_schema(&text);
    fixture->schema = json_parse(fixture->region, text.data, text.bytes);
    mr_text_deinit(&text);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mr_region_destroy(fixture->region);
    mr_free(fixture);
    return 0;
}

/* Pipelines are YAML 1.1. */
static bool text_conforms(const struct fixture *fixture, const char *text)
{
    const struct mr_yaml *document;
    struct mr_err err = {0};
    if (!mr_yaml_parse(
            fixture->region, "text", text, strlen(text), MR_YAML_1_1, &document, &err))
        fail_msg("%d:%d: %s in\n%s", err.input_line, err.input_col, err.msg, text);
    return conforms(fixture->schema, fixture->schema, document);
}

#define CHAIN                                                                                  \
    "pipeline:\n  type: chain\n  transforms:\n    - {type: Create, config: {elements: [1]}}\n"

static bool is_read(const struct fixture *fixture, const char *text)
{
    const struct mr_graph *graph;
    struct mr_err err = {0};
    struct mr_graph_options options = {.collects = true};
    return mr_graph_read_as(
        fixture->region, "p.yaml", text, strlen(text), &options, &graph, &err);
}

static void what_the_reader_refuses_by_its_shape_does_not_conform(void **state)
{
    static const char *const bad[] = {"pipeline: {}\n", "- a\n", "pipelin: {transforms: []}\n",
        CHAIN "    - {type: Filter, config: {kep: x}}\n", CHAIN "    - {type: Filter}\n",
        CHAIN "    - {type: Filter, confg: {keep: x}}\n", CHAIN "    - {name: Filter}\n",
        CHAIN "    - {type: WriteToLog, config: {key: element}}\n",
        CHAIN "    - {type: WriteToLog, config: {topic: x, delivery: twice}}\n",
        CHAIN "    - {type: WindowInto, config: {windowing: {type: fixd, size: 1}}}\n",
        CHAIN "    - {type: LogForTesting, config: {level: LOUD}}\n",
        CHAIN "    - {type: AssertEqual, config: {elements: 3}}\n",
        CHAIN "    - {type: composite, transform: []}\n", CHAIN "    - {type: chain}\n",
        CHAIN "    - type: MapToFields\n      config: {fields: {x: {expresion: y}}}\n",
        CHAIN "tests: [{expected_output: []}]\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (text_conforms(*state, bad[i])) fail_msg("the schema accepts:\n%s", bad[i]);
        if (i + 1 < sizeof bad / sizeof bad[0]) assert_false(is_read(*state, bad[i]));
    }
}

static void what_the_reader_takes_conforms(void **state)
{
    static const char *const good[] = {CHAIN,
        CHAIN "    - {type: WindowInto, windowing: {type: fixed, size: 60s}}\n",
        CHAIN
        "    - type: MapToFields\n      config: {language: python, append: yes, fields: {x: "
        "1, y: element, z: {expression: element + 1, output_type: integer}}}\n",
        CHAIN "    - {type: Reshuffle}\n    - {type: LogForTesting, name: Log, config: }\n",
        CHAIN "    - {type: chain, name: In, transforms: [{type: Reshuffle}]}\n"
              "options: {streaming: true}\nproviders: [{include: millrace-providers.yaml}]\ntests: \n",
        ("pipeline:\n  source: {type: Create, config: {elements: []}}\n"
         "  sink: {type: AssertEqual, input: {x: Create}, config: {elements: []}}\n")};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!is_read(*state, good[i])) fail_msg("the reader refuses:\n%s", good[i]);
        if (!text_conforms(*state, good[i])) fail_msg("the schema refuses:\n%s", good[i]);
    }
}

static void tests_and_lists_of_pipelines_conform(void **state)
{
    assert_true(text_conforms(*state,
        CHAIN "tests:\n"
              "  - name: x\n"
              "    mock_outputs: [{name: Create, elements: [{a: 1}, 2]}]\n"
              "    expected_inputs: [{name: Create.out, elements: []}]\n"
              "    allowed_sources: [Create]\n"));
    assert_true(text_conforms(*state,
        "pipelines:\n"
        "  - pipeline: {type: chain, transforms: [{type: SomebodysType, config: {a: 1}}]}\n"
        "    options: {x: 1}\n"));
    assert_false(text_conforms(*state, "pipelines: [{transforms: []}]\n"));
}

/* By hand, so that a reader who stops to say what it knows is noticed. */
static void the_keys_are_those_of_the_readers(void **state)
{
    const struct fixture *fixture = *state;
    const struct mr_yaml *map = definition(fixture->schema, "MapToFields");
    const struct mr_yaml *config = mr_yaml_get(mr_yaml_get(map, "properties"), "config");
    const struct mr_yaml *keys = mr_yaml_get(config, "properties");
    static const char *const expected[] = {
        "fields", "append", "drop", "language", "error_handling"};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_non_null(mr_yaml_get(keys, expected[i]));
    const struct mr_yaml *read = definition(fixture->schema, "ReadFromLog");
    config = mr_yaml_get(mr_yaml_get(read, "properties"), "config");
    const struct mr_yaml *required = mr_yaml_get(config, "required");
    assert_int_equal(required->n, 2);
    assert_string_equal(required->items[0]->text, "topic");
    assert_string_equal(required->items[1]->text, "schema");
}

static int check_folder(const struct fixture *fixture, const char *folder)
{
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (!strstr(entry->d_name, ".yaml")) continue;
        static char text[1 << 16];
        FILE *file =
            fopen(mr_region_printf(fixture->region, "%s/%s", folder, entry->d_name), "rb");
        assert_non_null(file);
        size_t bytes = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        text[bytes] = '\0';
        if (!text_conforms(fixture, text)) fail_msg("%s does not conform", entry->d_name);
        n++;
    }
    closedir(directory);
    return n;
}

static void the_pipelines_of_the_library_conform(void **state)
{
    assert_true(check_folder(*state, MR_SOURCE_DIR "/scenarios/pipelines") >= 4);
}

int main(void)
{
#define FIXED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FIXED(what_the_reader_refuses_by_its_shape_does_not_conform),
        FIXED(what_the_reader_takes_conforms),
        FIXED(tests_and_lists_of_pipelines_conform),
        FIXED(the_keys_are_those_of_the_readers),
        FIXED(the_pipelines_of_the_library_conform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
