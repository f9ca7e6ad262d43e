/* `millrace test` of pipelines that bring Beam's `tests:`, as a user runs it. */
#include "tests/test_cli_whole.h"

/* A source and a sink that no simulation has, a language that is not supported, and an error
 * output, around what is tested. */
#define PIPELINE                                                                               \
    "pipeline:\n"                                                                              \
    "  transforms:\n"                                                                          \
    "    - {type: ReadFromBigQuery, name: Read, config: {query: x}}\n"                         \
    "    - type: MapToFields\n"                                                                \
    "      name: Words\n"                                                                      \
    "      input: Read\n"                                                                      \
    "      config:\n"                                                                          \
    "        language: python\n"                                                               \
    "        error_handling: {output: bad}\n"                                                  \
    "        fields: {word: line.upper(), one: 1 / n}\n"                                       \
    "    - {type: LogForTesting, name: Bad, input: Words.bad}\n"                               \
    "    - type: Combine\n"                                                                    \
    "      name: Count\n"                                                                      \
    "      input: Words\n"                                                                     \
    "      config: {group_by: word, combine: {n: {fn: count, value: one}}}\n"                  \
    "    - type: MapToFields\n"                                                                \
    "      name: Other\n"                                                                      \
    "      input: Count\n"                                                                     \
    "      config: {language: javascript, fields: {x: n}}\n"                                   \
    "    - {type: WriteToBigQuery, name: Write, input: [Count, Other], config: {table: x}}\n"  \
    "tests:\n"

#define MOCKED                                                                                 \
    "    mock_outputs:\n"                                                                      \
    "      - name: Read\n"                                                                     \
    "        elements: [{line: a, n: 1}, {line: A, n: 2}, {line: b, n: 0}]\n"

static void only_what_a_test_needs_is_run(void **state)
{
    write_text("p.yaml", PIPELINE,
        "  - name: counts\n" MOCKED "    expected_outputs:\n"
        "      - {name: Count, elements: [{n: 2, word: A}]}\n"
        "      - name: Words.bad\n"
        "        elements:\n"
        "          - {element: {line: b, n: 0}, msg: \"ZeroDivisionError('division by zero')\",\n"
        "             stack: \"Traceback (most recent call last):\\n  File \\\"<expression>\\\",\\\n"
        "               \\ line 1, in <lambda>\\nZeroDivisionError: division by zero\\n\"}\n");
    run(*state, "test p.yaml", 0);
    says(*state, "PASS  p.yaml: counts\n");
    says(*state, "1 tests of pipelines: 1 passed\n");
}

static void an_input_can_be_mocked_and_expected(void **state)
{
    write_text("p.yaml", PIPELINE,
        "  - name: in the middle\n"
        "    mock_inputs:\n"
        "      - {name: Count, elements: [{word: a, one: 1}, {word: a, one: 2}]}\n"
        "    expected_outputs:\n"
        "      - {name: Count, elements: [{word: a, n: 2}]}\n"
        "  - name: up to the sink\n"
        "    mock_outputs:\n"
        "      - {name: Words.good, elements: [{word: a, one: 1}]}\n"
        "      - {name: Other, elements: [{x: 1}]}\n"
        "    expected_inputs:\n"
        "      - {name: Write, elements: [{word: a, n: 1, x: null}, {word: null, n: null, x: "
        "1}]}\n"
        "      - {name: Count.input, elements: [{word: a, one: 1}]}\n");
    run(*state, "test p.yaml", 0);
    says(*state, "2 tests of pipelines: 2 passed\n");
    run(*state, "test p.yaml --test nothing", 4);
    run(*state, "test p.yaml --test midle", 4);
    run(*state, "test p.yaml --quiet --test up=", 4);
}

static void the_inputs_of_a_flatten_are_one(void **state)
{
    write_text("p.yaml",
        "pipeline:\n"
        "  windowing: {type: sliding, size: 10, period: 5}\n"
        "  transforms:\n"
        "    - {type: ReadFromLog, name: A, config: {topic: a, schema: {x: integer}}}\n"
        "    - {type: ReadFromLog, name: B, config: {topic: b, schema: {x: integer}}}\n"
        "    - {type: Flatten, name: Both, input: [A, B]}\n"
        "    - type: Combine\n"
        "      input: [A, Both]\n"
        "      config: {group_by: [], combine: {n: {fn: sum, value: x}}}\n"
        "tests:\n",
        "  - mock_outputs: [{name: A, elements: [{x: 1}]}, {name: B, elements: [{x: 2}]}]\n"
        "    expected_inputs:\n"
        "      - {name: Both, elements: [{x: 2}, {x: 1}]}\n"
        "      - {name: Combine, elements: [{x: 2}, {x: 1}, {x: 1}]}\n"
        "    expected_outputs: [{name: Combine, elements: [{n: 4}]}]\n"
        "  - mock_inputs: [{name: Both, elements: [{x: 5}]}]\n"
        "    expected_outputs: [{name: Both, elements: [{x: 5}]}]\n");
    run(*state, "test p.yaml", 0);
    says(*state, "2 tests of pipelines: 2 passed\n");
}

/* Unlike in an AssertEqual, a null is a value. */
static void nulls_are_compared(void **state)
{
    write_text("p.yaml",
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - {type: Create, config: {elements: [{a: 1, b: null}, {a: 2, b: 3}]}}\n"
        "tests:\n",
        "  - expected_outputs: [{name: Create, elements: [{a: 2, b: 3}, {a: 1}]}]\n"
        "  - expected_outputs: [{name: Create, elements: [{a: 2, b: 3}, {b: null, a: 1}]}]\n");
    run(*state, "test p.yaml", 1);
    says(*state, "FAIL  p.yaml: test 1\n");
    says(*state,
        "p.yaml:6:31: 'expected_outputs Create' does not hold: 1 missing, 1 unexpected");
    says(*state, "    {\"a\": 2, \"b\": 3}   {\"a\": 2, \"b\": 3}\n  - {\"a\": 1}\n");
    says(*state, "PASS  p.yaml: test 2\n");
    says(*state, "2 tests of pipelines: 1 passed, 1 failed\n");
}

static void what_cannot_be_run_says_why(void **state)
{
    static const struct {
        const char *test;
        const char *message;
    } cases[] = {
        {"expected_outputs: [{name: Count, elements: []}]",
            "source 'Read' is not mocked: name it in 'mock_outputs', or in 'allowed_sources'"},
        {"{allowed_sources: [Read], expected_outputs: [{name: Count, elements: []}]}",
            "transform type 'ReadFromBigQuery' is a connector to a service"},
        {"expected_outputs: [{name: Cuont, elements: []}]", "did you mean 'Count'?"},
        {"expected_inputs: [{name: Read, elements: []}]", "'Read' has no input 'input'"},
        {"expected_outputs: [{name: Count}]", "an item of a test needs 'name' and 'elements'"},
        {"mock_outputs: []", "a test needs 'expected_inputs' or 'expected_outputs'"},
        {"expect_outputs: []", "did you mean 'expected_outputs'?"},
        {"{mock_outputs: [{name: Words, elements: [{word: a}]}], "
         "expected_inputs: [{name: Bad, elements: []}]}",
            "output 'bad' of 'Words' is read and not mocked"},
        {"{mock_outputs: [{name: Count, elements: [{n: 1}]}], "
         "expected_outputs: [{name: Other, elements: []}]}",
            "language 'javascript' is not supported yet"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char test[512];
        snprintf(test, sizeof test, "  - %s\n", cases[i].test);
        write_text("p.yaml", PIPELINE, test);
        run(*state, "test p.yaml", 2);
        says(*state, "ERROR  p.yaml: test 1\n");
        says(*state, "p.yaml:");
        says(*state, cases[i].message);
    }
}

static void verdicts_are_written_as_junit(void **state)
{
    char xml[1 << 14];
    write_text("p.yaml",
        "pipeline: {type: chain, transforms: [{type: Create, config: {elements: [1]}}]}\n"
        "tests:\n"
        "  - {name: a<b, expected_outputs: [{name: Create, elements: [{element: 1}]}]}\n"
        "  - {name: two, expected_outputs: [{name: Create, elements: []}]}\n",
        "  - {name: three, expected_outputs: [{name: Creat, elements: []}]}\n");
    run(*state, "test p.yaml --junit j.xml", 2);
    read_text("j.xml", xml, sizeof xml);
    assert_non_null(
        strstr(xml, "<testsuites name=\"millrace\" tests=\"3\" failures=\"1\" errors=\"1\""));
    assert_non_null(strstr(xml, "<testsuite name=\"p.yaml\" file=\"p.yaml\" tests=\"3\""));
    assert_non_null(strstr(xml, "name=\"a&lt;b\" time=\"0.000\"/>"));
    assert_non_null(
        strstr(xml, "<failure message=\"p.yaml:4:43: &#39;expected_outputs Create&#39;"));
    assert_non_null(strstr(xml, "<error message=\"unknown transform &#39;Creat&#39;\">"));
    run(*state, "test p.yaml small.yaml --seeds 1 --out rep", 2);
    read_text("rep/junit.xml", xml, sizeof xml);
    assert_non_null(strstr(xml, "<testsuite name=\"small\""));
    assert_non_null(strstr(xml, "<testsuite name=\"p.yaml\""));
    run(*state, "test p.yaml --record r.mrr", 2);
    says(*state, "'--record' needs a scenario");
    assert_false(is_there("r.mrr"));
    run(*state, "test p.yaml --test two --out only", 1);
    says(*state, "junit:  only/junit.xml");
}

static void files_with_tests_lie_beside_scenarios(void **state)
{
    write_text("p.yaml",
        "pipeline: {type: chain, transforms: [{type: Create, config: {elements: [1]}}]}\n",
        "tests:\n  - {name: one, expected_outputs: [{name: Create, elements: [{element: "
        "1}]}]}\n");
    run(*state, "test . --seeds 1", 0);
    says(*state, "PASS  ./p.yaml: one\n");
    says(*state, "small");
    says_not(*state, "pipeline.yaml:");
    run(*state, "test pipeline.yaml", 4);
    says(*state, "'pipeline.yaml' is a pipeline without 'tests'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_a_test_needs_is_run),
        TEST(an_input_can_be_mocked_and_expected),
        TEST(the_inputs_of_a_flatten_are_one),
        TEST(nulls_are_compared),
        TEST(what_cannot_be_run_says_why),
        TEST(verdicts_are_written_as_junit),
        TEST(files_with_tests_lie_beside_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
