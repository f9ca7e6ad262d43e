/* Transforms from providers: templates, other names, and code that does not run here. */
#include "tests/test_engine_graph_files.h"

#define CREATE "    - {type: Create, config: {elements: [{x: 1}, {x: 2}]}}\n"
#define CHAIN "pipeline:\n  type: chain\n  transforms:\n" CREATE
#define INCLUDE "providers: [{include: list.yaml}]\n"

static const struct named_text listing[] = {
    {"list.yaml",
        "- type: yaml\n"
        "  transforms:\n"
        "    Power:\n"
        "      config_schema:\n"
        "        properties: {n: {type: integer, minimum: 1}, name: {type: string}}\n"
        "        required: [n]\n"
        "      body: |\n"
        "        type: MapToFields\n"
        "        input: input\n"
        "        config:\n"
        "          language: python\n"
        "          append: true\n"
        "          fields:\n"
        "            {{ name | default('power') }}: x * {{ n }}\n"
        "    Few:\n"
        "      config_schema: {properties: {least: {type: number}}}\n"
        "      body:\n"
        "        type: chain\n"
        "        transforms:\n"
        "          - type: Filter\n"
        "            config: {keep: \"x > {{ least }}\"}\n"
        "          - {type: Power, config: {n: 7}}\n"
        "    ReadFew:\n"
        "      requires_inputs: false\n"
        "      body: {type: Create, config: {elements: [{x: 5}]}}\n"
        "    Again: {body: {type: chain, transforms: [{type: Again}]}}\n"
        "    Two:\n"
        "      body:\n"
        "        type: composite\n"
        "        transforms:\n"
        "          - {type: Filter, name: low, input: input, config: {keep: x < 2}}\n"
        "          - {type: Filter, name: high, input: other, config: {keep: x > 1}}\n"
        "        output: {low: low, high: high}\n"},
    {"nested.yaml", "- include: list.yaml\n"}, {"self.yaml", "- include: self.yaml\n"},
    {"map.yaml", "type: yaml\n"}, {NULL, NULL}};

static void a_template_is_expanded_with_its_config(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        CHAIN "    - {type: Power, name: Cube, config: {n: 3, name: cube}}\n" INCLUDE, listing,
        NULL);
    assert_names(graph, "Create Cube/MapToFields Cube/MapToFields.out");
    assert_fields(graph, "Cube/MapToFields", 0, "x:integer cube:integer");
    assert_reads(graph, "Cube/MapToFields", 0, "Create", 0);
}

static void a_template_may_use_another_and_a_chain_gets_its_input(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        CHAIN "    - {type: Few, config: {least: 1.5}}\n"
              "providers: [{include: nested.yaml}]\n",
        listing, NULL);
    assert_names(graph, "Create Few/Chain/Filter Few/Chain/Power/MapToFields "
                        "Few/Chain/Power/MapToFields.out");
    assert_fields(graph, "Few/Chain/Power/MapToFields", 0, "x:integer power:integer");
}

static void a_template_without_inputs_is_a_root_and_is_windowed_behind(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        "pipeline:\n  transforms:\n"
        "    - {type: ReadFew, windowing: {type: fixed, size: 5}}\n"
        "    - {type: Combine, input: ReadFew, config: {group_by: x, combine: {n: {fn: count, "
        "value: x}}}}\n" INCLUDE,
        listing, NULL);
    assert_int_equal(find(graph, "Combine")->windowing.kind, MR_WINDOW_FIXED);
}

static void a_template_has_inputs_and_outputs_by_name(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        "pipeline:\n  transforms:\n"
        "    - {type: Create, name: first, config: {elements: [{x: 1}]}}\n"
        "    - {type: Create, name: more, config: {elements: [{x: 9}]}}\n"
        "    - {type: Two, input: {input: first, other: more}}\n"
        "    - {type: Flatten, input: [Two.low, Two.high]}\n" INCLUDE,
        listing, NULL);
    assert_reads(graph, "Two/Composite/low", 0, "first", 0);
    assert_reads(graph, "Two/Composite/high", 0, "more", 0);
    assert_reads(graph, "Flatten", 1, "Two/Composite/high", 0);
}

static void errors_in_a_body_are_shown_in_the_text_that_it_became(void **state)
{
    assert_refused(*state,
        "pipeline:\n  type: chain\n  transforms:\n"
        "    - {type: Create, config: {elements: [{y: 1}]}}\n"
        "    - {type: Power, config: {n: 3}}\n" INCLUDE,
        listing, NULL, "list.yaml(Power@5):7:12: error: unknown field 'x'");
    assert_refused(*state, CHAIN "    - {type: Few}\n" INCLUDE, listing, NULL,
        "Jinja: 'least' is undefined");
}

static void configs_have_to_match_their_schema(void **state)
{
    static const struct {
        const char *config;
        const char *expected;
    } cases[] = {
        {"{n: three}", "p.yaml:5:33: error: 'n' must be of type 'integer'"},
        {"{n: 0}", "'n' must be at least 1"},
        {"{m: 1, n: 1}", "p.yaml:5:30: error: unknown key 'm' of config of 'Power'"},
        {"{name: x}", "config of 'Power' needs 'n'"},
        {"{n: 2, name: 3}", "'name' must be of type 'string'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, CHAIN "    - {type: Power, config: %s}\n" INCLUDE,
            cases[i].config);
        assert_refused(*state, text, listing, NULL, cases[i].expected);
    }
}

static void bad_providers_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {CHAIN "    - {type: Again}\n" INCLUDE, "providers cannot be recursive"},
        {CHAIN "providers: [{include: self.yaml}]\n", "does 'self.yaml' include itself?"},
        {CHAIN "providers: [{include: none.yaml}]\n",
            "p.yaml:5:23: error: there is no 'none.yaml'"},
        {CHAIN "providers: [{include: map.yaml}]\n",
            "map.yaml:1:1: error: a file of providers"},
        {CHAIN "providers: [{type: yml, transforms: {}}]\n", "did you mean 'yaml'?"},
        {CHAIN "    - {type: A, config: {}}\nproviders: [{type: yaml, transforms: {A: {}}}]\n",
            "the type 'A' has no 'body'"},
        {"pipeline:\n  transforms:\n    - {type: Power, config: {n: 1}}\n" INCLUDE,
            "p.yaml:3:14: error: missing inputs for 'Power'"},
        {CHAIN "    - {type: J}\nproviders: [{type: javaJar, config: {jar: x}, transforms: "
               "{J: urn}}]\n",
            "p.yaml:5:14: error: transform type 'J' comes from a provider of type 'javaJar'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(*state, cases[i].text, listing, NULL, cases[i].expected);
}

static void providers_that_nobody_uses_do_not_matter(void **state)
{
    read_graph(*state,
        CHAIN "providers:\n"
              "  - include: millrace-providers.yaml\n"
              "  - include: https://example.com/list.yaml\n"
              "  - {type: docker, config: {image: x}, transforms: {D: urn}}\n",
        NULL, NULL);
}

static void another_name_has_other_keys(void **state)
{
    const char *text = CHAIN "    - {type: Keep, config: {%s: x > 1}}\n"
                             "providers:\n"
                             "  - type: renaming\n"
                             "    transforms: {Keep: Filter}\n"
                             "    config:\n"
                             "      mappings: {Keep: {when: keep}}\n"
                             "      defaults: {Keep: {language: python}}\n";
    char full[512];
    snprintf(full, sizeof full, text, "when");
    const struct mr_graph *graph = read_graph(*state, full, NULL, NULL);
    assert_int_equal(find(graph, "Keep")->kind, MR_FILTER);
    snprintf(full, sizeof full, text, "whem");
    assert_refused(*state, full, NULL, NULL, "unknown key 'whem'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REGION_TEST(a_template_is_expanded_with_its_config),
        REGION_TEST(a_template_may_use_another_and_a_chain_gets_its_input),
        REGION_TEST(a_template_without_inputs_is_a_root_and_is_windowed_behind),
        REGION_TEST(a_template_has_inputs_and_outputs_by_name),
        REGION_TEST(errors_in_a_body_are_shown_in_the_text_that_it_became),
        REGION_TEST(configs_have_to_match_their_schema),
        REGION_TEST(bad_providers_are_refused),
        REGION_TEST(providers_that_nobody_uses_do_not_matter),
        REGION_TEST(another_name_has_other_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
