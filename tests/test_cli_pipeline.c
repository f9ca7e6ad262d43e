/* `millrace run` of a pipeline without a scenario, as a user runs it. */
#include "tests/test_cli_whole.h"

#define CREATE                                                                                 \
    "pipeline:\n"                                                                              \
    "  type: chain\n"                                                                          \
    "  transforms:\n"                                                                          \
    "    - type: Create\n"                                                                     \
    "      config:\n"                                                                          \
    "        elements:\n"                                                                      \
    "          - {a: 1, b: x, c: null}\n"                                                      \
    "          - {a: 2, b: \"it's\", c: 1.5}\n"

/* What went to standard output alone, as lines. */
static void prints(struct bench *bench, const char *arguments, int code, const char *expected)
{
    char line[512];
    snprintf(line, sizeof line, "%s/millrace run %s > rows.txt 2> rest.txt", MR_BINARY_DIR,
        arguments);
    int status = system(line);
    read_text("rows.txt", bench->output, sizeof bench->output);
    assert_int_equal(WEXITSTATUS(status), code);
    assert_string_equal(bench->output, expected);
    read_text("rest.txt", bench->output, sizeof bench->output);
}

static void rows_of_unread_outputs_are_printed(void **state)
{
    write_text("p.yaml", CREATE, "");
    prints(*state, "p.yaml", 0,
        "{\"a\": 1, \"b\": \"x\", \"c\": null}\n{\"a\": 2, \"b\": \"it's\", \"c\": 1.5}\n");
    says(*state, "p.yaml: everything held");
    prints(*state, "--rows beam --quiet p.yaml", 0,
        "Row(a=1, b='x', c=None)\nRow(a=2, b=\"it's\", c=1.5)\n");
    assert_string_equal(((struct bench *)*state)->output, "");
}

/* Outputs in the order of the transforms that make them, each in the order of its rows. */
static void several_outputs_come_one_after_the_other(void **state)
{
    write_text("p.yaml",
        "# a comment\n"
        "pipeline:\n"
        "  transforms:\n"
        "    - {type: Create, config: {elements: [1, 2, 3]}}\n"
        "    - type: Filter\n"
        "      input: Create\n"
        "      config: {language: python, keep: element != 2}\n"
        "    - type: Combine\n"
        "      input: Create\n"
        "      config: {group_by: [], combine: {n: {fn: sum, value: element}}}\n"
        "options: {streaming: false}\n",
        "# Expected:\n#  Row(element=1)\n");
    prints(*state, "p.yaml --rows beam", 0, "Row(element=1)\nRow(element=3)\nRow(n=6)\n");
}

static void a_source_and_a_sink_are_a_pipeline(void **state)
{
    write_text("p.yaml",
        "pipeline:\n"
        "  source: {type: Create, config: {elements: [1]}}\n"
        "  sink: {type: WriteToLog, input: Create, config: {topic: x}}\n",
        "");
    prints(*state, "p.yaml", 0, "");
    says(*state, "p.yaml: 1 rows in the topic 'x'");
}

static void a_failing_assertion_shows_both_sides(void **state)
{
    write_text("p.yaml", CREATE,
        "    - type: AssertEqual\n"
        "      config:\n"
        "        elements:\n"
        "          - {b: x, a: 1.0}\n"
        "          - {a: 3, b: y, c: 1.5}\n");
    prints(*state, "p.yaml", 1, "");
    says(*state, "p.yaml:9:13: 'AssertEqual' does not hold: 1 missing, 1 unexpected");
    says(*state, "    expected                       actual\n");
    says(*state,
        "    {\"b\": \"x\", \"a\": 1.0}           {\"a\": 1, \"b\": \"x\", \"c\": null}\n");
    says(*state, "  - {\"a\": 3, \"b\": \"y\", \"c\": 1.5}\n");
    says(*state, "  + ");
    says(*state, "   {\"a\": 2, \"b\": \"it's\", \"c\": 1.5}\n");
    says(*state, "p.yaml: failed");
}

static void an_assertion_that_holds_is_exit_0(void **state)
{
    write_text("p.yaml", CREATE,
        "    - type: AssertEqual\n"
        "      config: {elements: [{a: 2, b: \"it's\", c: 1.5}, {a: true, b: x}]}\n");
    prints(*state, "p.yaml", 0, "");
}

static void values_inside_of_values_are_printed_and_compared(void **state)
{
    static const char nested[] =
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - type: Create\n"
        "      config:\n"
        "        elements:\n"
        "          - {a: [1, 2], r: {x: 1, y: null}, s: [{z: \"it's\"}]}\n"
        "          - {a: [], r: {x: 2, y: b}, s: []}\n";
    write_text("p.yaml", nested, "");
    prints(*state, "--rows beam p.yaml", 0,
        "Row(a=[1, 2], r=Row(x=1, y=None), s=[Row(z=\"it's\")])\n"
        "Row(a=[], r=Row(x=2, y='b'), s=[])\n");
    prints(*state, "p.yaml", 0,
        "{\"a\": [1, 2], \"r\": {\"x\": 1, \"y\": null}, \"s\": [{\"z\": \"it's\"}]}\n"
        "{\"a\": [], \"r\": {\"x\": 2, \"y\": \"b\"}, \"s\": []}\n");
    write_text("p.yaml", nested,
        "    - type: AssertEqual\n"
        "      config:\n"
        "        elements:\n"
        "          - {a: [], r: {y: b, x: 2}, s: []}\n"
        "          - {a: [1, 2.0], r: {x: true, y: null}, s: [{z: \"it's\"}]}\n");
    prints(*state, "p.yaml", 0, "");
}

static void logged_rows_go_to_standard_error(void **state)
{
    write_text("p.yaml", CREATE,
        "    - {type: LogForTesting, config: {prefix: 'got ', level: ERROR}}\n"
        "    - {type: LogForTesting, name: D, config: {prefix: 'debug ', level: DEBUG}}\n");
    prints(*state, "p.yaml --rows beam", 0,
        "Row(a=1, b='x', c=None)\nRow(a=2, b=\"it's\", c=1.5)\n");
    says(*state, "ERROR:root:got {\"a\": 1, \"b\": \"x\", \"c\": null}\n");
    says_not(*state, "debug");
    prints(*state, "p.yaml -v --rows beam", 0,
        "Row(a=1, b='x', c=None)\nRow(a=2, b=\"it's\", c=1.5)\n");
    says(*state, "DEBUG:root:debug {\"a\": 2, \"b\": \"it's\", \"c\": 1.5}\n");
}

static void a_row_that_fails_fails_the_pipeline(void **state)
{
    write_text("p.yaml", CREATE,
        "    - {type: MapToFields, config: {language: python, fields: {x: 1 / (a - 1)}}}\n");
    prints(*state, "p.yaml", 1, "");
    says(*state, "error: the pipeline failed: transform 'MapToFields': ZeroDivisionError");
}

static void several_pipelines_run_one_after_the_other(void **state)
{
    write_text("p.yaml",
        "pipelines:\n"
        "  - pipeline: {type: chain, transforms: [{type: Create, config: {elements: [1]}}]}\n"
        "    options: {x: 1}\n"
        "  - pipeline:\n"
        "      type: chain\n"
        "      transforms:\n"
        "        - {type: Create, config: {elements: [2]}}\n",
        "        - {type: AssertEqual, config: {elements: []}}\n"
        "  - pipeline: {type: chain, transforms: [{type: Create, config: {elements: [3]}}]}\n");
    prints(*state, "p.yaml", 1, "{\"element\": 1}\n{\"element\": 3}\n");
    says(*state, "p.yaml[1]: everything held");
    says(*state, "p.yaml[2]: failed");
    says(*state, "p.yaml[3]: everything held");
}

static void what_needs_a_scenario_says_so(void **state)
{
    run(*state, "run pipeline.yaml", 2);
    says(*state, "pipeline.yaml:4:13: error: 'ReadFromLog' reads the topic 'events'");
    says(*state, "write a scenario");
    write_text("p.yaml", CREATE, "");
    run(*state, "run p.yaml --record r.mrr", 2);
    says(*state, "'--record' needs a scenario");
    write_text("p.yaml", "fixtures: [{name: A, type: a.Service}]\npipelines: []\n", "");
    run(*state, "run p.yaml", 2);
    says(*state, "p.yaml:1:28: error: 'fixtures' of type 'a.Service' start services");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_of_unread_outputs_are_printed),
        TEST(several_outputs_come_one_after_the_other),
        TEST(a_source_and_a_sink_are_a_pipeline),
        TEST(a_failing_assertion_shows_both_sides),
        TEST(an_assertion_that_holds_is_exit_0),
        TEST(values_inside_of_values_are_printed_and_compared),
        TEST(logged_rows_go_to_standard_error),
        TEST(a_row_that_fails_fails_the_pipeline),
        TEST(several_pipelines_run_one_after_the_other),
        TEST(what_needs_a_scenario_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
