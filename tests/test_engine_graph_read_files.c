/* Sources and sinks that are files: what is read with the pipeline, and as what. */
#include "tests/test_engine_graph_files.h"

#define SOURCE(type, config)                                                                   \
    "pipeline:\n  transforms:\n    - {type: " type ", config: " config "}\n"

/* The rows of a Create: values of a row behind each other, rows between slashes. */
static void assert_rows(const struct mr_graph *graph, const char *name, const char *expected)
{
    const struct mr_transform *transform = find(graph, name);
    assert_int_equal(transform->kind, MR_CREATE);
    uint32_t n_fields = transform->outputs[0].schema.n_fields;
    struct mr_text text = {0};
    for (uint32_t i = 0; i < transform->create.n_rows; i++)
        for (uint32_t k = 0; k < n_fields; k++) {
            char value[256];
            mr_value_format(transform->create.rows[i * n_fields + k], value, sizeof value);
            mr_text_printf(&text, "%s%s", k > 0 ? " " : i > 0 ? " / " : "", value);
        }
    assert_string_equal(text.data ? text.data : "", expected);
    mr_text_deinit(&text);
}

static void columns_of_csv_have_the_types_of_pandas(void **state)
{
    static const struct named_text texts[] = {{"a.csv", "i,f,b,s,m,n\n"
                                                        "1,2.5,True,x,1,\n"
                                                        "-3,1e2,false,\"y, \"\"z\"\"\",,\n"
                                                        "\n"
                                                        " 4 ,nan,TRUE,NA,2,\n"},
        {NULL, NULL}};
    const struct mr_graph *graph =
        read_graph(*state, SOURCE("ReadFromCsv", "{path: a.csv}"), texts, NULL);
    assert_fields(
        graph, "ReadFromCsv", 0, "i:integer f:float b:boolean s:string? m:float n:float");
    assert_rows(graph, "ReadFromCsv",
        "1 2.5 true \"x\" 1.0 NaN / -3 100.0 false \"y, \\\"z\\\"\" NaN NaN / "
        "4 NaN true null 2.0 NaN");
}

static void csv_has_delimiters_comments_names_and_patterns(void **state)
{
    static const struct named_text texts[] = {{"d/1.csv", "# head\nx;x;\n1;a # b;2 # c\n"},
        {"d/2.csv", "x;x;\n\"2\";\"q\nr\"\n"}, {"d/3.txt", "?"}, {NULL, NULL}};
    const struct mr_graph *graph = read_graph(*state,
        SOURCE("ReadFromCsv",
            "{path: 'd/*.csv', delimiter: ';', comment: '#', filename_column: file}"),
        texts, NULL);
    assert_fields(graph, "ReadFromCsv", 0, "x:integer x.1:string Unnamed: 2:float file:string");
    assert_rows(graph, "ReadFromCsv", "1 \"a \" NaN \"d/1.csv\" / 2 \"q\\nr\" NaN \"d/2.csv\"");
}

static void lines_of_text_are_rows(void **state)
{
    static const struct named_text texts[] = {
        {"a.txt", "one\r\n\n2001-01-01\nlast"}, {"empty.txt", ""}, {NULL, NULL}};
    const struct mr_graph *graph =
        read_graph(*state, SOURCE("ReadFromText", "{path: a.txt}"), texts, NULL);
    assert_fields(graph, "ReadFromText", 0, "line:string");
    assert_rows(graph, "ReadFromText", "\"one\" / \"\" / \"2001-01-01\" / \"last\"");
    graph = read_graph(*state, SOURCE("ReadFromText", "{path: empty.txt}"), texts, NULL);
    assert_fields(graph, "ReadFromText", 0, "line:string?");
    assert_rows(graph, "ReadFromText", "");
}

static void lines_of_json_are_rows_with_numbers_as_pandas_has_them(void **state)
{
    static const struct named_text texts[] = {
        {"a.json", "{\"i\": 1, \"f\": 1, \"s\": \"x\", \"m\": 7}\n"
                   "\n"
                   "{\"i\": 2, \"f\": 2.5, \"s\": null}\n"},
        {NULL, NULL}};
    const struct mr_graph *graph =
        read_graph(*state, SOURCE("ReadFromJson", "{path: a.json}"), texts, NULL);
    assert_fields(graph, "ReadFromJson", 0, "i:integer f:float s:string? m:float");
    assert_rows(graph, "ReadFromJson", "1 1.0 \"x\" 7.0 / 2 2.5 null NaN");
}

static void bad_files_are_refused_at_their_place(void **state)
{
    static const struct named_text texts[] = {{"long.csv", "a,b\n1,2\n\n1,2,3\n"},
        {"quote.csv", "a\n\"x\ny\n"}, {"one.csv", "a\n1\n"}, {"two.csv", "b\n1\n"},
        {"empty.csv", "\n\n"}, {"list.json", "[1]\n"}, {"bad.json", "{\"a\": 1}\n{\"a\": \n"},
        {NULL, NULL}};
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {SOURCE("ReadFromCsv", "{path: no.csv}"),
            "p.yaml:3:42: error: no file matches 'no.csv'"},
        {SOURCE("ReadFromCsv", "{path: 'gs://a/b'}"), "does not lie in this machine's files"},
        {SOURCE("ReadFromCsv", "{path: one.csv, delimiter: ab}"), "a single character"},
        {SOURCE("ReadFromCsv", "{path: one.csv, delimeter: a}"), "did you mean 'delimiter'?"},
        {SOURCE("ReadFromCsv", "{}"), "needs 'path'"},
        {SOURCE("ReadFromCsv", "{path: long.csv}"), "long.csv:4:1: error: 2 fields expected"},
        {SOURCE("ReadFromCsv", "{path: quote.csv}"), "quote.csv:2:1: error: a quote is opened"},
        {SOURCE("ReadFromCsv", "{path: empty.csv}"), "empty.csv:1:1: error: the file has no"},
        {SOURCE("ReadFromCsv", "{path: '[ot][nw][eo].csv'}"), "two.csv:1:1: error: this file"},
        {SOURCE("ReadFromJson", "{path: list.json}"), "list.json:1:1: error: a line of JSON"},
        {SOURCE("ReadFromJson", "{path: bad.json}"),
            "bad.json:2:1: error: the line is no JSON"},
        {SOURCE("ReadFromJson", "{path: empty.csv}"), "have no rows"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(*state, cases[i].text, texts, NULL, cases[i].expected);
}

static void patterns_of_a_create_are_matched(void **state)
{
    static const struct named_text texts[] = {
        {"d/1.csv", "abc"}, {"d/2.csv", "x"}, {"e", ""}, {NULL, NULL}};
#define MATCH(elements, config)                                                                \
    SOURCE("Create", "{elements: [" elements "]}")                                             \
    "    - {type: MatchAll, input: Create, "                                                   \
    "config: " config "}\n"
    const struct mr_graph *graph = read_graph(*state,
        MATCH("{n: 1, p: 'd/*.csv'}, {n: 2, p: e}, {n: 3, p: none}", "{file_pattern: p}"),
        texts, NULL);
    assert_rows(graph, "MatchAll", "\"d/1.csv\" 3 0.0 / \"d/2.csv\" 1 0.0 / \"e\" 0 0.0");
    assert_int_equal(find(graph, "MatchAll")->n_inputs, 0);
    read_graph(
        *state, MATCH("'no*'", "{empty_match_treatment: ALLOW_IF_WILDCARD}"), texts, NULL);
    assert_refused(*state, MATCH("nope", "{empty_match_treatment: ALLOW_IF_WILDCARD}"), texts,
        NULL, "no file matches 'nope'");
    assert_refused(*state, MATCH("1", "{}"), texts, NULL, "must be strings");
    assert_refused(*state, MATCH("{a: x, b: y}", "{}"), texts, NULL, "needs 'file_pattern'");
    assert_refused(*state,
        MATCH("a",
            "{}") "    - {type: MapToFields, input: Create, config: {fields: {p: element}}}\n"
                  "    - {type: MatchAll, name: N, input: MapToFields}\n",
        texts, NULL, "'N' must read a Create");
}

static void sinks_to_files_are_sinks_to_topics_of_their_own(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        SOURCE("Create", "{elements: [{a: 1}]}") "    - {type: WriteToCsv, input: Create, "
                                                 "config: {path: o/a.csv, delimiter: ;}}\n"
                                                 "    - {type: WriteToText, input: Create, "
                                                 "config: {path: o/a.txt}}\n",
        NULL, NULL);
    assert_names(graph, "Create WriteToCsv WriteToText");
    const struct mr_file_sink *file = find(graph, "WriteToCsv")->write.file;
    assert_int_equal(file->format, MR_FILE_CSV);
    assert_int_equal(file->delimiter, ';');
    assert_string_equal(find(graph, "WriteToText")->write.file->path, "o/a.txt");
}

static void bad_sinks_are_refused(void **state)
{
    static const struct {
        const char *sinks;
        const char *expected;
    } cases[] = {
        {"    - {type: WriteToText, input: Create, config: {path: a}}\n",
            "p.yaml:4:14: error: WriteToText needs an input of exactly one field"},
        {"    - {type: WriteToCsv, input: Create, config: {path: a}}\n"
         "    - {type: WriteToJson, input: Create, config: {path: a}}\n",
            "'a' is written by two transforms"},
        {"    - {type: WriteToJson, input: Create, config: {path: s3://a}}\n",
            "replace 'WriteToJson'"},
        {"    - {type: WriteToJson, input: Create, config: {lines: true}}\n",
            "unknown key 'lines'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, SOURCE("Create", "{elements: [{a: 1, b: 2}]}") "%s",
            cases[i].sinks);
        assert_refused(*state, text, NULL, NULL, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REGION_TEST(columns_of_csv_have_the_types_of_pandas),
        REGION_TEST(csv_has_delimiters_comments_names_and_patterns),
        REGION_TEST(lines_of_text_are_rows),
        REGION_TEST(lines_of_json_are_rows_with_numbers_as_pandas_has_them),
        REGION_TEST(bad_files_are_refused_at_their_place),
        REGION_TEST(patterns_of_a_create_are_matched),
        REGION_TEST(sinks_to_files_are_sinks_to_topics_of_their_own),
        REGION_TEST(bad_sinks_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
