/* output_schema in a config, windowing as a text, outputs that are read twice, options. */
#include "tests/test_engine_graph_files.h"

#define CREATE                                                                                 \
    "pipeline:\n  transforms:\n"                                                               \
    "    - {type: Create, config: {elements: [{x: 1, s: a}]}}\n"
#define SCHEMA "output_schema: {type: object, properties: {x: {type: integer, minimum: 0}}}"

static void the_schema_is_checked_behind_the_transform(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        CREATE "    - {type: Filter, input: Create, config: {keep: x > 0, " SCHEMA "}}\n", NULL,
        NULL);
    assert_names(
        graph, "Create Filter Filter/ValidateWithSchema Filter/ValidateWithSchema.out");
    assert_int_equal(find(graph, "Filter/ValidateWithSchema")->n_outputs, 1);
    assert_int_equal(find(graph, "Filter/ValidateWithSchema")->validation.n_rules, 1);
}

static void failed_rows_join_the_errors_of_the_transform(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        CREATE "    - {type: Filter, input: Create, config: {keep: x > 0, error_handling: "
               "{output: bad}, " SCHEMA "}}\n"
               "    - {type: Filter, name: B, input: Filter.bad, config: {keep: msg}}\n"
               "    - {type: Filter, name: G, input: Filter, config: {keep: x > 1}}\n"
               "    - {type: Filter, name: H, input: Filter.good, config: {keep: x > 1}}\n",
        NULL, NULL);
    assert_reads(graph, "B", 0, "Filter/Flatten", 0);
    assert_reads(graph, "G", 0, "Filter/ValidateWithSchema", MR_OUTPUT_MAIN);
    assert_reads(graph, "H", 0, "Filter/ValidateWithSchema", MR_OUTPUT_MAIN);
    assert_reads(graph, "Filter/Flatten", 0, "Filter", MR_OUTPUT_ERRORS);
    assert_reads(graph, "Filter/Flatten", 1, "Filter/ValidateWithSchema", MR_OUTPUT_ERRORS);
}

static void a_transform_without_errors_of_its_own_calls_its_good_rows_output(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        "pipeline:\n  transforms:\n"
        "    - {type: Create, config: {elements: [{x: 1}], error_handling: {output: "
        "bad}, " SCHEMA "}}\n"
        "    - {type: Filter, name: B, input: Create.bad, config: {keep: msg}}\n"
        "    - {type: Filter, name: G, input: Create.output, config: {keep: x > 1}}\n",
        NULL, NULL);
    assert_reads(graph, "B", 0, "Create/ValidateWithSchema", MR_OUTPUT_ERRORS);
    assert_reads(graph, "G", 0, "Create/ValidateWithSchema", MR_OUTPUT_MAIN);
    assert_int_equal(find(graph, "Create")->n_outputs, 1);
}

static void bad_schemas_are_refused(void **state)
{
    static const struct {
        const char *config;
        const char *expected;
    } cases[] = {
        {"output_schema: {type: object, properties: {x: {type: string}}}", "p.yaml:4:"},
        {"output_schema: {type: object, error_handling: {output: e}}",
            "does not belong into output_schema"},
        {"error_handling: {output: bad}, " SCHEMA, "unconsumed error output for 'Filter'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
            CREATE "    - {type: Filter, input: Create, config: {keep: x > 0, %s}}\n",
            cases[i].config);
        assert_refused(*state, text, NULL, NULL, cases[i].expected);
    }
}

static void a_windowing_may_be_a_text(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        CREATE "    - {type: WindowInto, input: Create, config: {windowing: '{\"type\": "
               "\"fixed\", \"size\": \"5s\"}'}}\n",
        NULL, NULL);
    assert_int_equal(find(graph, "WindowInto")->windowing.size_us, 5 * MR_SECOND_US);
    assert_refused(*state,
        CREATE "    - {type: WindowInto, input: Create, config: {windowing: 'type: fixt'}}\n",
        NULL, NULL, "p.yaml:4:61: error: unknown window type 'fixt'");
    assert_refused(*state,
        CREATE "    - {type: WindowInto, input: Create, config: {windowing: '{'}}\n", NULL,
        NULL, "p.yaml:4:61: error: the text is no YAML");
}

static void an_output_may_be_read_twice(void **state)
{
    const struct mr_graph *graph = read_graph(
        *state, CREATE "    - {type: Flatten, input: [Create, Create]}\n", NULL, NULL);
    assert_reads(graph, "Flatten", 0, "Create", 0);
    assert_reads(graph, "Flatten", 1, "Flatten/Again", 0);
    assert_fields(graph, "Flatten", 0, "x:integer s:string");
}

static void options_that_beam_does_not_know_are_warned_of(void **state)
{
    const struct mr_graph *graph =
        read_graph(*state, CREATE "options: {streaming: true, streeming: true}\n", NULL, NULL);
    assert_int_equal(graph->n_warnings, 1);
    assert_int_equal(graph->warnings[0].place.line, 4);
    assert_non_null(strstr(graph->warnings[0].text, "'streaming'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REGION_TEST(the_schema_is_checked_behind_the_transform),
        REGION_TEST(failed_rows_join_the_errors_of_the_transform),
        REGION_TEST(a_transform_without_errors_of_its_own_calls_its_good_rows_output),
        REGION_TEST(bad_schemas_are_refused),
        REGION_TEST(a_windowing_may_be_a_text),
        REGION_TEST(an_output_may_be_read_twice),
        REGION_TEST(options_that_beam_does_not_know_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
