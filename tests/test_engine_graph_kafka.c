/* Kafka's connectors over the simulated log, and connectors that there are not. */
#include "tests/test_engine_graph_files.h"

#define READ(config)                                                                           \
    "pipeline:\n  transforms:\n    - type: ReadFromKafka\n      config: {topic: t, "           \
    "bootstrap_servers: 'a:1'" config "}\n"

static void a_topic_has_the_times_of_processing(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        READ(
            ", format: JSON, schema: {type: object, properties: {a: {type: integer}, b: {type: "
            "string}, c: {type: array, items: {type: number}}}, required: [a]}, "
            "consumer_config: {x: y}, auto_offset_reset_config: earliest"),
        NULL, NULL);
    const struct mr_transform *read = find(graph, "ReadFromKafka");
    assert_int_equal(read->kind, MR_READ_FROM_LOG);
    assert_int_equal(read->read.event_time_field, -1);
    assert_int_equal(read->read.strategy, MR_WATERMARK_PROCESSING_TIME);
    assert_fields(graph, "ReadFromKafka", 0, "a:integer b:string? c:list?");
}

static void a_format_decides_the_fields(void **state)
{
    assert_fields(
        read_graph(*state, READ(""), NULL, NULL), "ReadFromKafka", 0, "payload:bytes");
    assert_fields(read_graph(*state, READ(", format: STRING"), NULL, NULL), "ReadFromKafka", 0,
        "payload:string");
    assert_fields(
        read_graph(*state,
            READ(", format: JSON, schema: '{\"type\": \"object\", \"properties\": {\"n\": "
                 "{\"type\": \"number\"}}, \"required\": [\"n\"]}'"),
            NULL, NULL),
        "ReadFromKafka", 0, "n:float");
}

static void errors_of_a_topic_have_an_output(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        READ(", format: STRING, error_handling: {output: bad}") "    - {type: WriteToKafka, "
                                                                "name: Bad, input: "
                                                                "ReadFromKafka.bad, config: "
                                                                "{topic: e, "
                                                                "bootstrap_servers: b, format: "
                                                                "JSON}}\n"
                                                                "    - {type: WriteToKafka, "
                                                                "input: ReadFromKafka, config: "
                                                                "{topic: o, "
                                                                "bootstrap_servers: b, format: "
                                                                "RAW, producer_config_updates: "
                                                                "{}}}\n",
        NULL, NULL);
    assert_reads(graph, "Bad", 0, "ReadFromKafka/ValidateWithSchema", MR_OUTPUT_ERRORS);
    const struct mr_transform *write = find(graph, "WriteToKafka");
    assert_int_equal(write->write.delivery, MR_DELIVERY_AT_LEAST_ONCE);
    assert_string_equal(write->write.topic, "o");
}

static void what_is_not_there_is_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {READ(", format: AVRO"), "format 'AVRO' is not supported yet"},
        {READ(", format: JASON"), "did you mean 'JSON'?"},
        {READ(", format: JSON"), "config of 'ReadFromKafka' needs 'schema'"},
        {READ(", format: JSON, schema: {type: string}"),
            "must be a JSON schema of type 'object'"},
        {READ(", max_read_time_seconds: 3"),
            "'max_read_time_seconds' of config of ReadFromKafka"},
        {READ(", error_handling: {output: e}"), "unconsumed error output"},
        {"pipeline:\n  transforms:\n    - {type: ReadFromKafka, config: {topic: a}}\n",
            "needs 'bootstrap_servers'"},
        {"pipeline:\n  transforms:\n    - {type: Create, config: {elements: [{a: 1, b: 2}]}}\n"
         "    - {type: WriteToKafka, input: Create, config: {topic: a, bootstrap_servers: b, "
         "format: RAW}}\n",
            "needs an input of exactly one field, not of 2"},
        {"pipeline:\n  transforms:\n    - {type: ReadFromBigQuery, config: {table: a}}\n",
            "p.yaml:3:14: error: transform type 'ReadFromBigQuery' is a connector to a "
            "service"},
        {"pipeline:\n  transforms:\n    - {type: ReadFromParquet, config: {path: a}}\n",
            "a format that Millrace does not read"},
        {"pipeline:\n  transforms:\n    - {type: RunInference}\n", "machine learning"},
        {"pipeline:\n  transforms:\n    - {type: Enrichment}\n", "asks a service outside"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(*state, cases[i].text, NULL, NULL, cases[i].expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REGION_TEST(a_topic_has_the_times_of_processing),
        REGION_TEST(a_format_decides_the_fields),
        REGION_TEST(errors_of_a_topic_have_an_output),
        REGION_TEST(what_is_not_there_is_refused_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
