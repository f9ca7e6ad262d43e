/* Partition, Reshuffle, ExtractWindowingInfo, ValidateWithSchema and StripErrorMetadata: what
 * of a file becomes of them in the graph and the plan, and what is refused where. */
#include "tests/test.h"

#include <string.h>

#include "engine/pipeline/plan.h"

static int set_up(void **state)
{
    *state = mr_region_create();
    return 0;
}

static int tear_down(void **state)
{
    mr_region_destroy(*state);
    return 0;
}

#define GRAPH "pipeline:\n  transforms:\n"
/* Line 3. */
#define READ                                                                                   \
    "    - {type: ReadFromLog, config: {topic: in, schema: {t: timestamp, k: string, s: "      \
    "string?, n: integer, x: float, b: boolean}, event_time: t, watermark: {strategy: "        \
    "ascending}}}\n"
#define WRITE(name, input)                                                                     \
    "    - {type: WriteToLog, name: " name ", input: " input ", config: {topic: " name "}}\n"
#define WITH(transform) GRAPH READ "    - " transform "\n" WRITE("Out", "It")
#define IT(type, config) "{type: " type ", name: It, input: ReadFromLog, config: " config "}"

static bool try(struct mr_region *region, const char *text, const struct mr_graph **graph,
    struct mr_err *err)
{
    return mr_graph_read(region, "p.yaml", text, strlen(text), NULL, 0, graph, err);
}

static const struct mr_graph *read(struct mr_region *region, const char *text)
{
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    if (!try(region, text, &graph, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        fail_msg("%s", message);
    }
    return graph;
}

static const struct mr_transform *find(const struct mr_graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        if (strcmp(graph->transforms[i].name, name) == 0) return &graph->transforms[i];
    fail_msg("no transform '%s'", name);
    return NULL;
}

static void assert_outputs(const struct mr_transform *transform, const char *expected)
{
    struct mr_text text = {0};
    for (uint32_t i = 0; i < transform->n_outputs; i++)
        mr_text_printf(&text, "%s%s", i > 0 ? " " : "", transform->outputs[i].name);
    assert_string_equal(text.data, expected);
    mr_text_deinit(&text);
}

/* `name:type` of all fields, `?` behind nullable ones. */
static void assert_schema(const struct mr_schema *schema, const char *expected)
{
    struct mr_text text = {0};
    for (uint32_t i = 0; i < schema->n_fields; i++)
        mr_text_printf(&text, "%s%s:%s%s", i > 0 ? " " : "", schema->fields[i].name,
            mr_type_name(schema->fields[i].type), schema->fields[i].is_nullable ? "?" : "");
    assert_string_equal(text.data, expected);
    mr_text_deinit(&text);
}

#define INPUT "t:timestamp k:string s:string? n:integer x:float b:boolean"

/* ---- Partition ---- */

static void a_partition_has_an_output_for_each_name(void **state)
{
    const struct mr_graph *graph = read(*state,
        GRAPH READ "    - {type: Partition, input: ReadFromLog, config: {by: k, outputs: [a, "
                   "b, c]}}\n" WRITE("A", "Partition.a") WRITE("B", "Partition-generic.b")
                       WRITE("C", "Partition.c"));
    const struct mr_transform *partition = find(graph, "Partition");
    assert_int_equal(partition->kind, MR_PARTITION);
    assert_outputs(partition, "a b c");
    assert_int_equal(partition->error_output, 0);
    assert_int_equal(partition->partition.n_names, 3);
    assert_int_equal(partition->partition.unknown, -1);
    assert_int_equal(mr_expression_field(partition->partition.by), 1);
    for (uint32_t i = 0; i < 3; i++) {
        assert_schema(&partition->outputs[i].schema, INPUT);
        assert_true(partition->outputs[i].is_consumed);
    }
    assert_int_equal(find(graph, "C")->inputs[0].output, 2);
}

static void the_unknown_output_is_one_of_those_listed_or_one_more(void **state)
{
    const struct mr_graph *graph = read(*state, GRAPH READ
        "    - {type: Partition, name: P, input: ReadFromLog, config: {by: k, outputs: [a, b], "
        "unknown_output: b}}\n"
        "    - {type: Partition, name: Q, input: ReadFromLog, config: {language: python, by: k "
        "+ "
        "k, outputs: [a], unknown_output: rest, error_handling: {output: bad}}}\n" WRITE(
            "A", "P.a") WRITE("R", "Q.rest") WRITE("E", "Q.bad"));
    const struct mr_transform *p = find(graph, "P");
    assert_outputs(p, "a b");
    assert_int_equal(p->partition.unknown, 1);
    const struct mr_transform *q = find(graph, "Q");
    assert_outputs(q, "a rest bad");
    assert_int_equal(q->partition.n_names, 2);
    assert_int_equal(q->partition.unknown, 1);
    assert_int_equal(q->error_output, 2);
    assert_schema(&q->outputs[2].schema,
        "element:row msg:string stack:string");
}

/* Two outputs of which one is of the errors: the other one needs no name. */
static void a_bare_reference_takes_the_output_that_is_not_of_the_errors(void **state)
{
    const struct mr_graph *graph = read(*state,
        WITH(IT("Partition", "{by: k, outputs: [good], error_handling: {output: bad}}"))
            WRITE("Bad", "It.bad"));
    assert_int_equal(find(graph, "Out")->inputs[0].output, 0);
    assert_int_equal(find(graph, "Bad")->inputs[0].output, 1);
}

/* ---- Reshuffle ---- */

static void a_reshuffle_begins_a_stage_behind_an_exchange_in_turn(void **state)
{
    const struct mr_graph *graph = read(*state, WITH(IT("Reshuffle", "{num_buckets: 7}")));
    assert_schema(&find(graph, "It")->outputs[0].schema, INPUT);
    const struct mr_plan *plan = mr_plan_make(*state, graph);
    assert_int_equal(plan->n_stages, 2);
    assert_int_equal(plan->n_exchanges, 1);
    const struct mr_exchange *exchange = &plan->exchanges[0];
    assert_int_equal(exchange->kind, MR_EXCHANGE_REBALANCE);
    assert_true(mr_exchange_is_wide(exchange));
    assert_int_equal(exchange->to_transform, find(graph, "It")->id);
    assert_int_equal(exchange->n_keys, 0);
    assert_int_equal(plan->stage_of[find(graph, "Out")->id], exchange->to_stage);
    assert_false(plan->stages[exchange->to_stage].has_source);
}

/* ---- ExtractWindowingInfo ---- */

static void windowing_info_comes_behind_the_fields_of_the_input(void **state)
{
    const struct mr_graph *graph =
        read(*state, WITH("{type: ExtractWindowingInfo, name: It, input: ReadFromLog}"));
    assert_schema(&find(graph, "It")->outputs[0].schema,
        INPUT " timestamp:timestamp window_start:timestamp window_end:timestamp");
    graph =
        read(*state, WITH(IT("ExtractWindowingInfo", "{fields: [window_type, timestamp]}")));
    assert_schema(
        &find(graph, "It")->outputs[0].schema, INPUT " window_type:string timestamp:timestamp");
    graph = read(*state,
        WITH(IT("ExtractWindowingInfo", "{fields: {w: window_string, until: window_end}}")));
    const struct mr_transform *it = find(graph, "It");
    assert_schema(&it->outputs[0].schema, INPUT " w:string until:timestamp");
    assert_int_equal(it->extract.n_infos, 2);
    assert_int_equal(it->extract.infos[0], MR_INFO_WINDOW_STRING);
    assert_int_equal(it->extract.infos[1], MR_INFO_WINDOW_END);
}

/* ---- ValidateWithSchema ---- */

static void a_schema_becomes_rules_in_the_order_written(void **state)
{
    const struct mr_graph *graph = read(*state,
        WITH(IT("ValidateWithSchema",
            "{schema: {type: object, required: [s, k], properties: {n: {maximum: 9, type: "
            "integer, minimum: 1.5}, x: {type: integer}, gone: {minimum: 3}, k: {minLength: 2, "
            "minimum: 7, enum: [ab, 3, null]}}}}")));
    const struct mr_validation *validation = &find(graph, "It")->validation;
    static const struct {
        enum mr_rule_kind kind;
        int field;
        const char *failure;
    } expected[] = {
        {MR_RULE_REQUIRED, 2, "ValidationError: 's' is a required property"},
        {MR_RULE_MAXIMUM, 3, "ValidationError: n is greater than the maximum of 9"},
        {MR_RULE_MINIMUM, 3, "ValidationError: n is less than the minimum of 1.5"},
        {MR_RULE_INTEGER, 4, "ValidationError: x is not of type 'integer'"},
        {MR_RULE_MIN_LENGTH, 1, "ValidationError: k is too short"},
        {MR_RULE_ENUM, 1, "ValidationError: k is not one of ['ab', 3, None]"},
    };
    assert_int_equal(validation->n_rules, sizeof expected / sizeof *expected);
    for (uint32_t i = 0; i < validation->n_rules; i++) {
        assert_int_equal(validation->rules[i].kind, expected[i].kind);
        assert_int_equal(validation->rules[i].field, expected[i].field);
        assert_string_equal(validation->rules[i].failure, expected[i].failure);
    }
    assert_int_equal(validation->rules[1].bound.i, 9);
    assert_int_equal(validation->rules[5].n_values, 3);
}

static void a_closed_schema_allows_other_fields_to_be_null(void **state)
{
    const struct mr_graph *graph = read(
        *state, WITH(IT("ValidateWithSchema", "{schema: {type: object, additionalProperties: "
                                              "false, properties: {t: {}, k: {type: "
                                              "[integer, string]}, n: {type: number}, x: "
                                              "{type: number}, b: {type: boolean}}}}")));
    const struct mr_validation *validation = &find(graph, "It")->validation;
    assert_int_equal(validation->n_rules, 1);
    assert_int_equal(validation->rules[0].kind, MR_RULE_ABSENT);
    assert_int_equal(validation->rules[0].field, 2);
}

/* ---- StripErrorMetadata ---- */

static void stripped_errors_are_the_rows_that_failed(void **state)
{
    const struct mr_graph *graph = read(*state, GRAPH READ
        "    - {type: Filter, input: ReadFromLog, config: {language: python, keep: 1 // n, "
        "error_handling: {output: bad}}}\n"
        "    - {type: StripErrorMetadata, input: Filter.bad}\n" WRITE("Out", "Filter")
            WRITE("Bad", "StripErrorMetadata"));
    const struct mr_transform *strip = find(graph, "StripErrorMetadata");
    assert_schema(&strip->outputs[0].schema, INPUT);
    assert_string_equal(mr_expression_text(strip->map.mappings[1].expression), "element.k");
    for (uint32_t i = 0; i < strip->map.n_mappings; i++)
        assert_false(mr_expression_is_foreign(strip->map.mappings[i].expression));
}

static void a_threshold_of_one_is_the_default(void **state)
{
    const struct mr_graph *graph = read(*state,
        WITH(IT("Filter", "{keep: b, error_handling: {output: bad, threshold: 1.0}}"))
            WRITE("Bad", "It.bad"));
    assert_int_equal(find(graph, "It")->error_output, MR_OUTPUT_ERRORS);
}

/* ---- Bad files ---- */

/* `@` stands in front of the place. */
struct bad_file {
    const char *text;
    const char *message; /* a part of it */
    const char *hint;    /* a part of it; NULL: none */
};

#define PARTITION(config) WITH(IT("Partition", config))
#define EXTRACT(config) WITH(IT("ExtractWindowingInfo", config))
#define SCHEMA(schema) WITH(IT("ValidateWithSchema", "{schema: " schema "}"))
#define PROPERTY(property) SCHEMA("{type: object, properties: {" property "}}")
#define NESTED(property)                                                                       \
    GRAPH "    - {type: Create, name: ReadFromLog, config: {elements: [{l: [{a: 1}]}]}}\n    - "  \
        IT("ValidateWithSchema", "{schema: {type: object, properties: {l: " property "}}}")    \
            "\n" WRITE("Out", "It")

static const struct bad_file bad_files[] = {
    {WITH(IT("Explode", "@{cross_product: true}")), "config of 'It' needs 'fields'", NULL},
    {WITH(IT("Explode", "@{fields: [k, t]}")),
        "cross_product must be specified true or false when exploding multiple fields", NULL},
    {WITH(IT("Explode", "{fields: [k, @kk], cross_product: true}")),
        "Exploding unknown field \"kk\"", "'k'"},
    {WITH(IT("Explode", "{fields: [k, @k], cross_product: true}")), "exploded twice", NULL},
    {WITH(IT("Explode", "{fields: k, cross_product: @maybe}")), "cross_product", NULL},
    {WITH(IT("Explode", "{fields: k, @keep: k}")), "unknown key 'keep'", NULL},
    {PARTITION("@{outputs: [a]}"), "config of 'It' needs 'by'", NULL},
    {PARTITION("@{by: k}"), "config of 'It' needs 'outputs'", NULL},
    {PARTITION("{by: k, outputs: @a}"), "must be a list of at least one name", NULL},
    {PARTITION("{by: k, outputs: @[]}"), "must be a list of at least one name", NULL},
    {PARTITION("{by: k, outputs: [a, @7]}"), "the name of an output", NULL},
    {PARTITION("{by: k, outputs: [a, @a]}"), "output 'a' is listed twice", NULL},
    {PARTITION("{by: @n, outputs: [a]}"),
        "type mismatch: 'by' of Partition must yield a string, not integer", NULL},
    {PARTITION("{by: @kk, outputs: [a]}"), "unknown field 'kk'", "'k'"},
    {PARTITION("{by: @k + k, outputs: [a]}"), "add 'language: python'", NULL},
    {PARTITION("{by: k, @output: [a]}"), "unknown key 'output'", "'outputs'"},
    {PARTITION("{by: k, outputs: [a], language: @java}"), "'java'", NULL},
    {GRAPH READ "    - " IT("Partition", "{by: k, outputs: [a, b]}") "\n" WRITE("Out", "@It"),
        "ambiguous output: 'It' has 'a', 'b'", NULL},
    {PARTITION("{by: k, outputs: [@bad], error_handling: {output: bad}}") WRITE("E", "It.bad"),
        "error handling output 'bad' cannot be among the listed outputs", NULL},
    {PARTITION("{by: k, outputs: [a], error_handling: {output: @bad}}"),
        "unconsumed error output", NULL},
    {GRAPH READ
        "    - {type: Partition, input: ReadFromLog, config: {by: k, outputs: [a]}}\n" WRITE(
            "Out", "@Partition.b"),
        "unknown output 'b': 'Partition' has only 'a'", NULL},

    {WITH(IT("Reshuffle", "{num_buckets: @0}")), "num_buckets", NULL},
    {WITH(IT("Reshuffle", "{@buckets: 1}")), "unknown key 'buckets'", NULL},

    {EXTRACT("{fields: @timestamp}"), "must be a list", NULL},
    {EXTRACT("{fields: [@windw_start]}"), "unknown windowing info 'windw_start'",
        "'window_start'"},
    {EXTRACT("{fields: {@k: timestamp}}"), "redefinition of field 'k'", NULL},
    {EXTRACT("{@field: [timestamp]}"), "unknown key 'field'", "'fields'"},

    {WITH(IT("ValidateWithSchema", "@{}")), "needs 'schema'", NULL},
    {SCHEMA("@7"), "map", NULL},
    {SCHEMA("@{properties: {}}"), "needs 'type: object'", NULL},
    {SCHEMA("{type: @array}"), "needs 'type: object'", NULL},
    {SCHEMA("{type: object, @anyOf: []}"), "'anyOf' of a schema is not supported yet", NULL},
    {SCHEMA("{type: object, @propertys: {}}"), "unknown key 'propertys'", "'properties'"},
    {SCHEMA("{type: object, properties: @[]}"), "'properties' must be a map", NULL},
    {SCHEMA("{type: object, required: @s}"), "'required' must be a list", NULL},
    {SCHEMA("{type: object, required: [@ss]}"), "unknown field 'ss' in required", "'s'"},
    {SCHEMA("{type: object, additionalProperties: @false, properties: {k: {}}}"),
        "prohibited property: the schema has no 't'", NULL},
    {SCHEMA("{type: object, additionalProperties: @{type: string}}"),
        "a schema as 'additionalProperties' is not supported yet", NULL},
    {PROPERTY("k: @7"), "map", NULL},
    {PROPERTY("k: {type: @strng}"), "unknown type 'strng'", "'string'"},
    {PROPERTY("k: {type: @bytes}"), "type 'bytes' is not supported yet", NULL},
    {PROPERTY("k: {type: @integer}"),
        "type mismatch: field 'k' is string, which the schema does not allow", NULL},
    {PROPERTY("n: {type: @[string, boolean]}"), "type mismatch: field 'n' is integer", NULL},
    {PROPERTY("t: {type: @string}"), "type mismatch: field 't' is timestamp", NULL},
    {PROPERTY("k: {@pattern: a}"), "'pattern' of a property is not supported yet", NULL},
    {PROPERTY("k: {@minlength: 1}"), "unknown key 'minlength'", "'minLength'"},
    {PROPERTY("n: {minimum: @a}"), "'minimum' must be a number", NULL},
    {PROPERTY("k: {minLength: @-1}"), "minLength", NULL},
    {PROPERTY("k: {enum: @a}"), "'enum' must be a list of values", NULL},
    {NESTED("{type: @string}"), "field 'l' is list, which the schema does not allow", NULL},
    {NESTED("{items: {properties: {a: {@pattern: x}}}}"), "'pattern' of a property", NULL},
    {NESTED("{items: {properties: {a: {type: @strng}}}}"), "unknown type 'strng'", "'string'"},
    {NESTED("{items: {@itms: 1}}"), "unknown key 'itms'", "'items'"},
    {NESTED("{minItems: @-1}"), "minItems", NULL},
    {NESTED("{items: @3}"), "a schema must be a map", NULL},

    {WITH("{type: @StripErrorMetadata, name: It, input: ReadFromLog}"),
        "the input of 'It' does not appear to be an error output", NULL},
    {WITH(IT("StripErrorMetadata", "{@error_handling: {output: x}}")),
        "unknown key 'error_handling'", NULL},
};

static void assert_fails(struct mr_region *region, const struct bad_file *bad)
{
    const char *mark = strchr(bad->text, '@');
    assert_non_null(mark);
    size_t before = (size_t)(mark - bad->text);
    char *text = mr_region_printf(region, "%.*s%s", (int)before, bad->text, mark + 1);
    int line = 1, col = 1;
    for (size_t i = 0; i < before; i++, col++)
        if (text[i] == '\n') line++, col = 0;
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    bool ok = try(region, text, &graph, &err);
    bool is_right = !ok && err.kind == MR_ERR_INPUT && err.input_line == line &&
                    err.input_col == col && strstr(err.msg, bad->message) &&
                    (bad->hint ? strstr(err.hint, bad->hint) != NULL : !err.hint[0]) &&
                    err.input_quote[0];
    if (is_right) return;
    char message[2048] = "no error\n";
    if (!ok) mr_err_format(&err, message, sizeof message);
    fail_msg("expected %d:%d: %s [%s]\ngot %s\n", line, col, bad->message,
        bad->hint ? bad->hint : "", message);
}

static void bad_transforms_are_refused_at_their_place(void **state)
{
    for (size_t i = 0; i < sizeof bad_files / sizeof *bad_files; i++)
        assert_fails(*state, &bad_files[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_partition_has_an_output_for_each_name),
        TEST(the_unknown_output_is_one_of_those_listed_or_one_more),
        TEST(a_bare_reference_takes_the_output_that_is_not_of_the_errors),
        TEST(a_reshuffle_begins_a_stage_behind_an_exchange_in_turn),
        TEST(windowing_info_comes_behind_the_fields_of_the_input),
        TEST(a_schema_becomes_rules_in_the_order_written),
        TEST(a_closed_schema_allows_other_fields_to_be_null),
        TEST(stripped_errors_are_the_rows_that_failed),
        TEST(a_threshold_of_one_is_the_default),
        TEST(bad_transforms_are_refused_at_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
