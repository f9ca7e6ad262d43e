/* PyTransform: what is a transform of YAML under another name, and what is not. */
#include "tests/test_engine_graph_files.h"

#define CREATE                                                                                 \
    "pipeline:\n  type: chain\n  transforms:\n"                                                \
    "    - {type: Create, config: {elements: [{a: 1}]}}\n"

static void known_constructors_are_transforms_of_yaml(void **state)
{
    static const struct named_text texts[] = {{"a.csv", "x;y\n1;2\n"}, {NULL, NULL}};
    const struct mr_graph *graph = read_graph(*state,
        "pipeline:\n  type: chain\n  transforms:\n"
        "    - type: PyTransform\n"
        "      name: R\n"
        "      config: {constructor: apache_beam.io.ReadFromCsv, args: [a.csv], kwargs: {sep: "
        "';'}}\n"
        "    - type: PyTransform\n"
        "      name: L\n"
        "      config: {constructor: apache_beam.transforms.util.LogElements, kwargs: {prefix: "
        "'> '}}\n"
        "    - {type: PyTransform, name: S, config: {constructor: apache_beam.Reshuffle}}\n",
        texts, NULL);
    assert_fields(graph, "R/Chain/ReadFromCsv", 0, "x:integer y:integer");
    assert_int_equal(find(graph, "L/Chain/LogForTesting")->kind, MR_LOG_FOR_TESTING);
    assert_reads(graph, "S/Chain/Reshuffle", 0, "L/Chain/LogForTesting", 0);
}

static void functions_that_return_transforms_are_chains(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        CREATE
        "    - type: PyTransform\n"
        "      name: P\n"
        "      config:\n"
        "        constructor: __callable__\n"
        "        kwargs:\n"
        "          n: 2\n"
        "          source: |\n"
        "            import apache_beam as beam\n"
        "            def f(pcoll, n):\n"
        "              '''Some words.'''\n"
        "              return (pcoll | beam.Filter(lambda x: x.a > 0)\n"
        "                      | 'name' >> beam.Map(lambda x: beam.Row(b=x.a * n, c='k')))\n"
        "    - type: PyTransform\n"
        "      name: Q\n"
        "      config:\n"
        "        constructor: __constructor__\n"
        "        kwargs: {source: 'lambda: beam.Map(lambda x: x.b)'}\n",
        NULL, NULL);
    assert_reads(graph, "P/Chain/MapToFields", 0, "P/Chain/Filter", 0);
    assert_int_equal(find(graph, "P/Chain/MapToFields")->outputs[0].schema.n_fields, 2);
    assert_int_equal(find(graph, "Q/Chain/MapToFields")->outputs[0].schema.n_fields, 1);
    assert_true(graph->needs_python);
}

static void a_provider_may_name_a_known_constructor(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        CREATE "    - {type: Log, config: {prefix: x}}\n"
               "providers:\n"
               "  - type: python\n"
               "    config: {}\n"
               "    transforms: {Log: apache_beam.transforms.util.LogElements}\n",
        NULL, NULL);
    assert_int_equal(find(graph, "Log/Chain/LogForTesting")->kind, MR_LOG_FOR_TESTING);
}

static void a_provider_may_have_the_source_itself(void **state)
{
    const char *text =
        CREATE "    - {type: Scaled, config: {up: %s, by: 3}}\n"
               "providers:\n"
               "  - type: python\n"
               "    config: {}\n"
               "    transforms:\n"
               "      Scaled: |\n"
               "        @beam.ptransform_fn\n"
               "        def Scaled(pcoll, up, by=2):\n"
               "          if up is not None and up:\n"
               "            return pcoll | beam.Map(lambda x: beam.Row(big=x.a * by))\n"
               "          else:\n"
               "            return pcoll | beam.Map(lambda x: beam.Row(small=x.a // by))\n";
    char full[1024];
    snprintf(full, sizeof full, text, "true");
    const struct mr_graph *graph = read_graph(*state, full, NULL, NULL);
    assert_string_equal(
        find(graph, "Scaled/Chain/MapToFields")->outputs[0].schema.fields[0].name, "big");
    snprintf(full, sizeof full, text, "false");
    graph = read_graph(*state, full, NULL, NULL);
    assert_string_equal(
        find(graph, "Scaled/Chain/MapToFields")->outputs[0].schema.fields[0].name, "small");
    snprintf(full, sizeof full, text, "1, over: 2");
    assert_refused(*state, full, NULL, NULL, "the source takes no 'over'");
}

static void everything_else_is_refused_by_name(void **state)
{
    static const struct {
        const char *config;
        const char *expected;
    } cases[] = {
        {"{constructor: my.Transform}", "p.yaml:5:49: error: 'my.Transform' is code of Python"},
        {"{constructor: apache_beam.Reshuffle, kwargs: {x: 1}}",
            "'x' of 'apache_beam.Reshuffle'"},
        {"{constructor: __callable__}", "needs a text as 'kwargs.source'"},
        {"{constructor: __callable__, kwargs: {source: 'lambda p: p | beam.GroupByKey()'}}",
            "line 1 of the source: 'GroupByKey' is code of Python"},
        {"{constructor: __callable__, kwargs: {source: 'lambda p: p |'}}",
            "line 1 of the source: the source is no Python"},
        {"{constructor: __callable__, kwargs: {source: 'class A: pass'}}",
            "must end in a function that only returns transforms"},
        {"{constructor: __callable__, kwargs: {source: 'lambda p, n: p | beam.Map(len)'}}",
            "the source needs 'n'"},
        {"{constructor: __callable__, kwargs: {source: 'lambda p: p | beam.Map(len)', n: 1}}",
            "the source takes no 'n'"},
        {"{constructer: x}", "config of 'PyTransform' needs 'constructor'"},
        {"{constructor: x, kw: 1}", "unknown key 'kw' of 'config of PyTransform'"},
        {"{constructor: x, args: 1}", "'args' must be a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, CREATE "    - {type: PyTransform, config: %s}\n",
            cases[i].config);
        assert_refused(*state, text, NULL, NULL, cases[i].expected);
    }
    assert_refused(*state,
        "pipeline:\n  transforms:\n    - {type: PyTransform, config: {constructor: "
        "apache_beam.Reshuffle}}\n",
        NULL, NULL, "missing inputs for 'PyTransform'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REGION_TEST(known_constructors_are_transforms_of_yaml),
        REGION_TEST(functions_that_return_transforms_are_chains),
        REGION_TEST(a_provider_may_name_a_known_constructor),
        REGION_TEST(a_provider_may_have_the_source_itself),
        REGION_TEST(everything_else_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
