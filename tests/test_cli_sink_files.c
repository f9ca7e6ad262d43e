/* Pipelines that read files and write files, as a user runs them; and templates with values. */
#include "tests/test_cli_whole.h"

#include <sys/stat.h>

static const char table[] =
    "id,name,score\n1,\"a, b\",1.59\n2,caf\xc3\xa9/x,\n3,,0.30000000000000004\n";

static void holds(const char *path, const char *expected)
{
    char text[4096];
    read_text(path, text, sizeof text);
    assert_string_equal(text, expected);
}

static void rows_go_from_files_to_files(void **state)
{
    struct bench *bench = *state;
    write_text("in.csv", table, "");
    write_text("files.yaml",
        "pipeline:\n"
        "  transforms:\n"
        "    - {type: ReadFromCsv, config: {path: in.csv}}\n"
        "    - {type: WriteToCsv, input: ReadFromCsv, config: {path: out/deep/a.csv}}\n"
        "    - {type: WriteToJson, input: ReadFromCsv, config: {path: out/a.json}}\n"
        "    - {type: MapToFields, input: ReadFromCsv, config: {fields: {score: score}}}\n"
        "    - {type: WriteToText, input: MapToFields, config: {path: out/a.txt}}\n",
        "");
    run(bench, "run files.yaml", 0);
    says(bench, "3 rows in 'out/a.json-00000-of-00001'");
    holds("out/deep/a.csv-00000-of-00001",
        "id,name,score\n1,\"a, b\",1.59\n2,caf\xc3\xa9/x,\n3,,0.30000000000000004\n");
    holds("out/a.json-00000-of-00001", "{\"id\":1,\"name\":\"a, b\",\"score\":1.59}\n"
                                       "{\"id\":2,\"name\":\"caf\\u00e9\\/x\",\"score\":null}\n"
                                       "{\"id\":3,\"name\":null,\"score\":0.3}\n");
    holds("out/a.txt-00000-of-00001", "1.59\nnan\n0.30000000000000004\n");
}

static void a_pipeline_that_fails_writes_nothing(void **state)
{
    struct bench *bench = *state;
    write_text("in.csv", table, "");
    write_text("fails.yaml",
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - {type: ReadFromCsv, config: {path: in.csv}}\n"
        "    - {type: MapToFields, config: {language: python, fields: {x: 1 / (id - 3)}}}\n"
        "    - {type: WriteToText, config: {path: out/x.txt}}\n",
        "");
    run(bench, "run fails.yaml", 1);
    assert_false(is_there("out/x.txt-00000-of-00001"));
}

static void files_are_found_from_here_and_else_beside_the_pipeline(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(mkdir("sub", 0777), 0);
    write_text("here.txt", "here\n", "");
    write_text("sub/beside.txt", "beside\n", "");
    write_text("sub/p.yaml",
        "pipeline:\n  transforms:\n"
        "    - {type: ReadFromText, name: A, config: {path: 'h*.txt'}}\n"
        "    - {type: ReadFromText, name: B, config: {path: 'b*.txt'}}\n",
        "");
    run(bench, "run sub/p.yaml", 0);
    says(bench, "{\"line\": \"here\"}\n{\"line\": \"beside\"}\n");
}

static void a_template_takes_its_values_from_the_command(void **state)
{
    struct bench *bench = *state;
    write_text("t.yaml",
        "pipeline:\n"
        "  transforms:\n"
        "    - type: Create\n"
        "      config: {elements: [{% for i in range(n) %}{x: {{ i }}},{% endfor %}]}\n",
        "");
    run(bench, "run t.yaml --jinja_variables {\"n\":2}", 0);
    says(bench, "{\"x\": 0}\n{\"x\": 1}\n");
    run(bench, "run t.yaml --jinja-variables={\"n\":1}", 0);
    says_not(bench, "{\"x\": 1}");
    run(bench, "run t.yaml", 2);
    says(bench, "t.yaml:4:45: error: Jinja: 'n' is undefined");
    run(bench, "lint t.yaml", 2);
    says(bench, "t.yaml:4:45: error: Jinja: 'n' is undefined");
    run(bench, "run small.yaml --jinja_variables {}", 2);
    says(bench, "pipeline.jinja_variables");
}

static void a_template_may_extend_another(void **state)
{
    struct bench *bench = *state;
    write_text("base.yaml",
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - type: Create\n"
        "      config: {elements: [{x: 1}, {x: 2}]}\n"
        "{% block steps %}\n"
        "{% endblock %}\n",
        "");
    write_text("child.yaml",
        "# A child\n"
        "{% extends 'base.yaml' %}\n"
        "{% block steps %}\n"
        "    - type: Filter\n"
        "      config: {keep: x > 1}\n"
        "{% endblock %}\n",
        "");
    run(bench, "run child.yaml", 0);
    says(bench, "{\"x\": 2}\n");
    says_not(bench, "{\"x\": 1}");
    write_text("child.yaml", "{% extends 'base.yaml' %}\n{% block steps %}\n\n",
        "    - type: Filtr\n{% endblock %}\n");
    run(bench, "run child.yaml", 2);
    says(bench, "child.yaml:4:13: error: unknown transform type 'Filtr'");
}

static void a_scenario_has_the_values_of_its_template(void **state)
{
    struct bench *bench = *state;
    char text[4096];
    snprintf(text, sizeof text, "# {%% set by the scenario %%}\n%s", pipeline);
    char *at = strstr(text, "100ms");
    assert_non_null(at);
    memcpy(at, "{{w}}", 5);
    write_text("templated.yaml", text, "");
    snprintf(text, sizeof text, "%s", scenario);
    char *file = strstr(text, "pipeline.yaml}");
    assert_non_null(file);
    *file = '\0';
    char full[8192];
    snprintf(full, sizeof full, "%stemplated.yaml, jinja_variables: {w: 100ms}}%s", text,
        strstr(scenario, "pipeline.yaml}") + strlen("pipeline.yaml}"));
    write_text("with.yaml", full, "");
    run(bench, "test with.yaml --seeds 2", 0);
    run(bench, "run with.yaml --seed 1", 0);
}

/* As Beam's own tests of its connectors are written. */
static void a_later_pipeline_reads_what_an_earlier_one_wrote(void **state)
{
    struct bench *bench = *state;
    char text[4096] = "fixtures:\n"
                      "  - {name: TEMP_DIR, type: \"tempfile.TemporaryDirectory\"}\n"
                      "pipelines:\n";
    static const char *const types[] = {"Csv", "Json"};
    for (int i = 0; i < 2; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
            "  - pipeline:\n"
            "      type: chain\n"
            "      transforms:\n"
            "        - {type: Create, config: {elements: [{label: 11a, rank: 0}, {label: b, "
            "rank: 1}]}}\n"
            "        - {type: WriteTo%s, config: {path: \"{TEMP_DIR}/out\"}}\n"
            "  - pipeline:\n"
            "      type: chain\n"
            "      transforms:\n"
            "        - {type: ReadFrom%s, config: {path: \"{TEMP_DIR}/out*\"}}\n"
            "        - {type: AssertEqual, config: {elements: [{label: b, rank: 1}, {label: "
            "11a, "
            "rank: 0}]}}\n",
            types[i], types[i]);
    write_text("several.yaml", text, "");
    assert_int_equal(mkdir("temporary", 0777), 0);
    setenv("TMPDIR", "temporary", 1);
    run(bench, "run several.yaml", 0);
    unsetenv("TMPDIR");
    says(bench, "several.yaml[4]: everything held");
    assert_int_equal(count_files("temporary", "millrace"), 0);
    write_text("service.yaml", "fixtures: [{name: A, type: \"some.Service\"}]\n",
        "pipelines: [{pipeline: {type: chain, transforms: [{type: Create, config: {elements: "
        "[1]}}]}}]\n");
    run(bench, "run service.yaml", 2);
    says(bench, "service.yaml:1:28: error: 'fixtures' of type 'some.Service' start services");
}

/* Windows by the time of processing, output at least once, workers that crash. */
static void topics_of_kafka_are_those_of_the_simulated_log(void **state)
{
    struct bench *bench = *state;
    write_text("kafka.yaml",
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - type: ReadFromKafka\n"
        "      config:\n"
        "        {topic: events, bootstrap_servers: kafka, format: JSON, schema: {type: "
        "object,\n"
        "         properties: {at: {type: integer}, key: {type: integer}, value: {type: "
        "integer}},\n"
        "         required: [at, key, value]}}\n"
        "    - {type: WindowInto, windowing: {type: fixed, size: 100ms}}\n"
        "    - {type: Combine, config: {group_by: key, combine: {n: {fn: count, value: "
        "key}}}}\n"
        "    - {type: WriteToKafka, config: {topic: totals, bootstrap_servers: kafka, format: "
        "JSON}}\n",
        "");
    char text[4096];
    const char *at = strstr(scenario, "pipeline.yaml}");
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*skafka.yaml}%s", (int)(at - scenario), scenario,
        at + strlen("pipeline.yaml}"));
    write_text("kafka-crash.yaml", text, "");
    run(bench, "test kafka-crash.yaml --seeds 3", 1);
    says(bench, "exactly_once DUPLICATE");
    char *faults = strstr(text, "faults:");
    assert_non_null(faults);
    snprintf(faults, 32, "seeds: 6\n");
    write_text("kafka-calm.yaml", text, "");
    run(bench, "test kafka-calm.yaml", 0);
    says(bench, "6/6 seeds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_go_from_files_to_files),
        TEST(a_pipeline_that_fails_writes_nothing),
        TEST(files_are_found_from_here_and_else_beside_the_pipeline),
        TEST(a_template_takes_its_values_from_the_command),
        TEST(a_template_may_extend_another),
        TEST(a_scenario_has_the_values_of_its_template),
        TEST(a_later_pipeline_reads_what_an_earlier_one_wrote),
        TEST(topics_of_kafka_are_those_of_the_simulated_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
