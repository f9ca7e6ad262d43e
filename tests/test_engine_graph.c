#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "engine/pipeline/graph.h"

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

/* ---- Good files ---- */

static const struct mr_graph *read_with(struct mr_region *region, const char *text,
    const struct mr_override_set *sets, uint32_t n_sets)
{
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    if (!mr_graph_read(region, "p.yaml", text, strlen(text), sets, n_sets, &graph, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        print_error("%s", message);
    }
    assert_non_null(graph);
    return graph;
}

static const struct mr_graph *read(struct mr_region *region, const char *text)
{
    return read_with(region, text, NULL, 0);
}

static const struct mr_graph *read_file(struct mr_region *region, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char text[8192];
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[bytes] = '\0';
    return read(region, text);
}

static const struct mr_transform *find(const struct mr_graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        if (strcmp(graph->transforms[i].name, name) == 0) return &graph->transforms[i];
    print_error("no transform '%s'\n", name);
    fail();
    return NULL;
}

static void assert_reads(const struct mr_graph *graph, const char *consumer, uint32_t input,
    const char *producer, uint32_t output)
{
    const struct mr_transform *transform = find(graph, consumer);
    assert_true(input < transform->n_inputs);
    assert_string_equal(graph->transforms[transform->inputs[input].transform].name, producer);
    assert_int_equal(transform->inputs[input].output, output);
}

/* `name:type` of all fields, `?` behind nullable ones. */
static void assert_schema(
    const struct mr_transform *transform, uint32_t output, const char *expected)
{
    assert_true(output < transform->n_outputs);
    const struct mr_schema *schema = &transform->outputs[output].schema;
    struct mr_text text = {0};
    for (uint32_t i = 0; i < schema->n_fields; i++)
        mr_text_printf(&text, "%s%s:%s%s", i > 0 ? " " : "", schema->fields[i].name,
            mr_type_name(schema->fields[i].type), schema->fields[i].is_nullable ? "?" : "");
    assert_string_equal(text.data ? text.data : "", expected);
    mr_text_deinit(&text);
}

static void assert_names(const struct mr_graph *graph, const char *expected)
{
    struct mr_text text = {0};
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        assert_int_equal(graph->transforms[i].id, i);
        for (uint32_t k = 0; k < graph->transforms[i].n_inputs; k++)
            assert_true(graph->transforms[i].inputs[k].transform < i);
        mr_text_printf(&text, "%s%s", i > 0 ? " " : "", graph->transforms[i].name);
    }
    assert_string_equal(text.data, expected);
    mr_text_deinit(&text);
}

#define HOUR_US (3600 * MR_SECOND_US)

static void the_pipeline_of_the_main_job_becomes_four_transforms(void **state)
{
    const struct mr_graph *graph =
        read_file(*state, MR_SOURCE_DIR "/scenarios/pipelines/hourly-departures.yaml");
    assert_names(graph, "ReadFromLog Window Combine WriteToLog");

    const struct mr_transform *read_transform = &graph->transforms[0];
    assert_int_equal(read_transform->kind, MR_READ_FROM_LOG);
    assert_int_equal(read_transform->n_inputs, 0);
    assert_string_equal(read_transform->read.topic, "flights");
    assert_int_equal(read_transform->read.event_time_field, 0);
    assert_int_equal(read_transform->read.strategy, MR_WATERMARK_BOUNDED);
    assert_int_equal(read_transform->read.max_out_of_orderness_us, 5 * HOUR_US);
    assert_int_equal(read_transform->read.idle_after_ns, 30 * MR_SECOND_NS);
    assert_int_equal(read_transform->windowing.kind, MR_WINDOW_GLOBAL);
    assert_schema(read_transform, 0,
        "date:timestamp delay:integer distance:integer origin:string destination:string");

    const struct mr_transform *window = &graph->transforms[1];
    assert_int_equal(window->kind, MR_WINDOW_INTO);
    assert_string_equal(window->type, "Window");
    assert_int_equal(window->windowing.kind, MR_WINDOW_FIXED);
    assert_int_equal(window->windowing.size_us, HOUR_US);
    assert_int_equal(window->windowing.offset_us, 0);
    assert_int_equal(window->windowing.allowed_lateness_us, 0);

    const struct mr_transform *combine = &graph->transforms[2];
    assert_int_equal(combine->combine.n_keys, 1);
    assert_int_equal(combine->combine.key_fields[0], 3);
    assert_int_equal(combine->combine.n_aggregates, 2);
    assert_int_equal(combine->combine.aggregates[0].kind, MR_COUNT);
    assert_null(combine->combine.aggregates[0].value);
    assert_int_equal(combine->combine.aggregates[1].kind, MR_MEAN);
    assert_int_equal(mr_expression_field(combine->combine.aggregates[1].value), 1);
    assert_schema(combine, 0, "origin:string departures:integer mean_delay:float");
    assert_true(mr_windowing_same(&combine->windowing, &window->windowing));

    const struct mr_transform *write = &graph->transforms[3];
    assert_int_equal(write->n_outputs, 0);
    assert_string_equal(write->write.topic, "hourly");
    assert_int_equal(write->write.key_field, 0);
    assert_int_equal(write->write.delivery, MR_DELIVERY_EXACTLY_ONCE);
    assert_true(mr_windowing_same(&write->windowing, &window->windowing));
    assert_int_equal(write->place.line, 17);
}

static void the_pipeline_without_windows_filters_and_maps(void **state)
{
    const struct mr_graph *graph =
        read_file(*state, MR_SOURCE_DIR "/scenarios/pipelines/delayed-flights.yaml");
    assert_names(graph, "ReadFromLog Filter MapToFields WriteToLog");
    assert_schema(find(graph, "MapToFields"), 0,
        "origin:string destination:string date:timestamp delay:integer long:boolean");
    assert_string_equal(find(graph, "WriteToLog")->write.topic, "delayed");
}

/* A source of five fields, in two lines, and a sink. */
#define READ(topic)                                                                            \
    "    - type: ReadFromLog\n"                                                                \
    "      config: {topic: " topic                                                             \
    ", schema: {t: timestamp, k: string, n: integer, x: float, "                               \
    "m: integer?}, event_time: t, watermark: {strategy: bounded, max_out_of_orderness: 1m}}\n"
#define WRITE "    - {type: WriteToLog, config: {topic: out}}\n"
#define CHAIN "pipeline:\n  type: chain\n  transforms:\n"
#define GRAPH "pipeline:\n  transforms:\n"

static void a_composite_is_ordered_by_its_references(void **state)
{
    const struct mr_graph *graph = read(*state, "pipeline:\n"
                                                "  transforms:\n"
                                                "    - type: WriteToLog\n"
                                                "      name: Out\n"
                                                "      input: Keep\n"
                                                "      config: {topic: out, key: k}\n"
                                                "    - type: Filter\n"
                                                "      name: Keep\n"
                                                "      input: ReadFromLog.out\n"
                                                "      config: {keep: n > 1}\n" READ("in"));
    assert_names(graph, "ReadFromLog Keep Out");
    assert_reads(graph, "Keep", 0, "ReadFromLog", MR_OUTPUT_MAIN);
    assert_reads(graph, "Out", 0, "Keep", MR_OUTPUT_MAIN);
    assert_true(find(graph, "Keep")->outputs[0].is_consumed);
}

static void the_errors_of_a_chain_go_to_its_extra_transforms(void **state)
{
    const struct mr_graph *graph = read(*state,
        CHAIN READ("in") "    - type: MapToFields\n"
                         "      config: {language: python, fields: {k: k, r: 7 // n}, "
                         "error_handling: {output: bad}}\n" WRITE "  extra_transforms:\n"
                         "    - type: WriteToLog\n"
                         "      name: Bad\n"
                         "      input: MapToFields.bad\n"
                         "      config: {topic: bad}\n");
    assert_names(graph, "ReadFromLog MapToFields WriteToLog Bad");
    const struct mr_transform *map = find(graph, "MapToFields");
    assert_int_equal(map->n_outputs, 2);
    assert_string_equal(map->outputs[MR_OUTPUT_MAIN].name, "good");
    assert_string_equal(map->outputs[MR_OUTPUT_ERRORS].name, "bad");
    assert_schema(map, MR_OUTPUT_MAIN, "k:string r:integer");
    assert_schema(map, MR_OUTPUT_ERRORS,
        "element:row msg:string stack:string");
    const struct mr_field *element = &map->outputs[MR_OUTPUT_ERRORS].schema.fields[0];
    assert_true(element->shape->is_exact);
    assert_int_equal(element->shape->n_fields, 5);
    assert_string_equal(element->shape->fields[1].name, "k");
    assert_reads(graph, "WriteToLog", 0, "MapToFields", MR_OUTPUT_MAIN);
    assert_reads(graph, "Bad", 0, "MapToFields", MR_OUTPUT_ERRORS);
    uint32_t ids[2];
    assert_int_equal(mr_graph_consumers(graph, map->id, MR_OUTPUT_ERRORS, ids, 2), 1);
    assert_int_equal(ids[0], find(graph, "Bad")->id);
    assert_int_equal(mr_graph_consumers(graph, find(graph, "Bad")->id, 0, ids, 2), 0);
}

static void a_bare_name_means_the_good_rows_and_fields_of_failed_ones_can_be_kept(void **state)
{
    const struct mr_graph *graph = read(*state,
        GRAPH READ("in") "    - {type: Filter, input: ReadFromLog, config: {language: python, "
                         "keep: 1 // n, error_handling: {output: bad}}}\n"
                         "    - {type: WriteToLog, input: Filter, config: {topic: out}}\n"
                         "    - {type: MapToFields, input: Filter.bad, config: {append: true, "
                         "language: python, drop: [stack, element], fields: {k: element.k, "
                         "what: msg, e: element}}}\n"
                         "    - {type: WriteToLog, name: B, input: MapToFields, "
                         "config: {topic: bad, key: k}}\n");
    assert_reads(graph, "WriteToLog", 0, "Filter", MR_OUTPUT_MAIN);
    assert_schema(find(graph, "MapToFields"), 0,
        "msg:string k:string what:string e:row");
    assert_int_equal(find(graph, "B")->write.key_field, 1);
}

static void a_list_of_inputs_is_flattened(void **state)
{
    const struct mr_graph *graph = read(*state,
        GRAPH READ("in") "    - type: Create\n"
                         "      config: {elements: [{k: a, n: 1, y: true}, {k: b}]}\n"
                         "    - {type: WriteToLog, name: Out, input: [ReadFromLog, Create], "
                         "config: {topic: out}}\n");
    assert_names(graph, "ReadFromLog Create Out-Flatten[input] Out");
    assert_reads(graph, "Out-Flatten[input]", 0, "ReadFromLog", 0);
    assert_reads(graph, "Out-Flatten[input]", 1, "Create", 0);
    assert_schema(find(graph, "Out-Flatten[input]"), 0,
        "t:timestamp? k:string n:integer? x:float? m:integer? y:boolean?");
}

static void a_flatten_takes_lists_and_maps_of_inputs(void **state)
{
    const char *head = GRAPH READ("in") "    - {type: Filter, input: ReadFromLog, name: A, "
                                        "config: {keep: n < 1}}\n"
                                        "    - {type: Filter, input: ReadFromLog, name: B, "
                                        "config: {keep: n > 1}}\n"
                                        "    - {type: WriteToLog, input: Flatten, "
                                        "config: {topic: out}}\n";
    const char *tails[] = {"    - {type: Flatten, input: [A, B]}\n",
        "    - {type: Flatten, input: {one: A, two: B}}\n",
        "    - {type: Flatten, input: {one: [A], two: [B]}, config: {}}\n"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        char text[2048];
        snprintf(text, sizeof text, "%s%s", head, tails[i]);
        const struct mr_graph *graph = read(*state, text);
        assert_names(graph, "ReadFromLog A B Flatten WriteToLog");
        assert_reads(graph, "Flatten", 0, "A", 0);
        assert_reads(graph, "Flatten", 1, "B", 0);
        assert_schema(
            find(graph, "Flatten"), 0, "t:timestamp k:string n:integer x:float m:integer?");
    }
}

static void composites_nest_and_name_their_inputs_and_outputs(void **state)
{
    const struct mr_graph *graph = read(*state,
        GRAPH READ(
            "in") "    - type: composite\n"
                  "      name: Split\n"
                  "      input: {rows: ReadFromLog}\n"
                  "      transforms:\n"
                  "        - {type: Filter, name: Low, input: rows, config: {keep: n < 1}}\n"
                  "        - {type: Filter, name: High, input: rows, config: {keep: n > 1}}\n"
                  "      output: {low: Low, high: High}\n"
                  "    - type: chain\n"
                  "      input: Split.low\n"
                  "      transforms:\n"
                  "        - {type: MapToFields, config: {fields: {k: k}}}\n"
                  "        - {type: WriteToLog, config: {topic: low}}\n"
                  "    - {type: WriteToLog, input: Split.high, config: {topic: high}}\n");
    assert_names(graph, "ReadFromLog Split/Low Split/High Chain/MapToFields Chain/WriteToLog "
                        "WriteToLog");
    assert_reads(graph, "Split/Low", 0, "ReadFromLog", 0);
    assert_reads(graph, "Chain/MapToFields", 0, "Split/Low", 0);
    assert_reads(graph, "WriteToLog", 0, "Split/High", 0);
}

static void a_composite_without_references_is_linked_like_a_chain(void **state)
{
    const struct mr_graph *graph = read(*state,
        CHAIN READ("in") "    - type: composite\n"
                         "      transforms:\n"
                         "        - {type: Filter, config: {keep: n < 1}}\n"
                         "        - {type: MapToFields, config: {fields: {k: k}}}\n" WRITE);
    assert_names(graph, "ReadFromLog Composite/Filter Composite/MapToFields WriteToLog");
    assert_reads(graph, "Composite/Filter", 0, "ReadFromLog", 0);
    assert_reads(graph, "Composite/MapToFields", 0, "Composite/Filter", 0);
    assert_reads(graph, "WriteToLog", 0, "Composite/MapToFields", 0);
}

static void a_chain_has_the_outputs_of_its_last_transform(void **state)
{
    const char *outputs[] = {"{fine: good, wrong: bad}", "{fine: Filter, wrong: Filter.bad}"};
    for (size_t i = 0; i < 2; i++) {
        char text[2048];
        snprintf(text, sizeof text,
            GRAPH "    - type: chain\n"
                  "      name: Sort\n"
                  "      source: {type: Create, config: {elements: [1, 2]}}\n"
                  "      transforms:\n"
                  "        - {type: Filter, config: {language: python, keep: 1 // element, "
                  "error_handling: {output: bad}}}\n"
                  "      output: %s\n"
                  "    - {type: WriteToLog, name: A, input: Sort.fine, config: {topic: a}}\n"
                  "    - {type: WriteToLog, name: B, input: Sort.wrong, config: {topic: b}}\n",
            outputs[i]);
        const struct mr_graph *graph = read(*state, text);
        assert_names(graph, "Sort/Create Sort/Filter A B");
        assert_reads(graph, "A", 0, "Sort/Filter", MR_OUTPUT_MAIN);
        assert_reads(graph, "B", 0, "Sort/Filter", MR_OUTPUT_ERRORS);
    }
}

static void source_and_sink_make_a_pipeline(void **state)
{
    const struct mr_graph *graph = read(*state,
        "pipeline:\n"
        "  type: chain\n"
        "  source: {type: Create, config: {elements: [{a: 1, b: x}, {a: null, b: y}]}}\n"
        "  sink: {type: WriteToLog, config: {topic: out}}\n"
        "options: {streaming: true}\n");
    assert_names(graph, "Create WriteToLog");
    const struct mr_transform *create = &graph->transforms[0];
    assert_schema(create, 0, "a:integer? b:string");
    assert_int_equal(create->create.n_rows, 2);
    assert_int_equal(create->create.rows[0].i, 1);
    assert_int_equal(create->create.rows[2].type, MR_TYPE_NULL);
    assert_memory_equal(create->create.rows[3].text, "y", 1);
}

static void windowing_of_a_pipeline_goes_to_its_roots(void **state)
{
    const struct mr_graph *graph = read(*state,
        CHAIN READ(
            "in") "    - type: Combine\n"
                  "      config: {group_by: [k, m], combine: {n: sum, top: {value: x, fn: "
                  "{type: max}}, m2: {value: n, fn: min}}}\n" WRITE
                  "  windowing: {type: fixed, size: 1d, offset: 13h}\n");
    assert_names(graph, "ReadFromLog ReadFromLog/WindowInto[out] Combine WriteToLog");
    const struct mr_transform *window = find(graph, "ReadFromLog/WindowInto[out]");
    assert_int_equal(window->kind, MR_WINDOW_INTO);
    assert_int_equal(window->windowing.size_us, 12 * HOUR_US); /* a day of Beam's */
    assert_int_equal(window->windowing.offset_us, HOUR_US);
    assert_schema(
        find(graph, "Combine"), 0, "k:string m:integer? n:integer top:float m2:integer");
    assert_int_equal(graph->n_warnings, 1);
    assert_int_equal(graph->warnings[0].place.line, 9);
}

static void windowing_of_a_transform_goes_to_its_inputs(void **state)
{
    const struct mr_graph *graph = read(*state,
        CHAIN READ("in") "    - {type: WindowInto, windowing: {type: fixed, size: 90}}\n"
                         "    - {type: AssignTimestamps, config: {timestamp: x}}\n"
                         "    - type: Combine\n"
                         "      windowing: {type: fixed, size: 1.5m}\n"
                         "      config: {group_by: [], combine: {n: mean}}\n" WRITE);
    assert_names(graph,
        "ReadFromLog WindowInto AssignTimestamps Combine/WindowInto[input] Combine "
        "WriteToLog");
    const struct mr_transform *first = find(graph, "WindowInto");
    const struct mr_transform *second = find(graph, "Combine/WindowInto[input]");
    assert_int_equal(first->windowing.size_us, 90 * MR_SECOND_US);
    assert_true(mr_windowing_same(&first->windowing, &second->windowing));
    assert_true(
        mr_windowing_same(&first->windowing, &find(graph, "AssignTimestamps")->windowing));
    assert_int_equal(find(graph, "Combine")->combine.n_keys, 0);
}

static void append_keeps_what_is_not_dropped_in_front(void **state)
{
    const struct mr_graph *graph = read(*state,
        CHAIN READ(
            "in") "    - type: MapToFields\n"
                  "      config: {append: true, drop: [n, x], fields: {n: m, big: n > 3, "
                  "one: 1, text: '\"a\"', y: {expression: x}}}\n" WRITE);
    const struct mr_transform *map = find(graph, "MapToFields");
    assert_schema(map, 0,
        "t:timestamp k:string m:integer? n:integer? big:boolean one:integer text:string "
        "y:float");
    assert_int_equal(map->map.n_mappings, 8);
    assert_string_equal(map->map.mappings[3].name, "n");
    assert_int_equal(mr_expression_field(map->map.mappings[1].expression), 1);
    assert_int_equal(mr_expression_field(map->map.mappings[3].expression), 4);
}

static void equal_names_get_their_line(void **state)
{
    const struct mr_graph *graph =
        read(*state, CHAIN READ("in") "    - {type: Filter, config: {keep: n < 9}}\n"
                                      "    - {type: Filter, config: {keep: n > 3}}\n" WRITE);
    assert_names(graph, "ReadFromLog Filter Filter@7 WriteToLog");
}

static struct mr_yaml text_value(const char *text)
{
    return (struct mr_yaml){.kind = MR_YAML_TEXT, .text = text, .is_plain = true};
}

static void overrides_replace_add_and_remove_values(void **state)
{
    struct mr_yaml idle = text_value("500ms");
    struct mr_yaml bound = text_value("2h");
    struct mr_yaml nothing = {.kind = MR_YAML_NULL, .text = ""};
    struct mr_override_set sets[] = {
        {.path = "ReadFromLog.watermark.idle_after", .value = &idle},
        {.path = "ReadFromLog.watermark.max_out_of_orderness", .value = &bound},
        {.path = "Out.key", .value = &nothing},
    };
    const char *text =
        CHAIN READ("in") "    - {type: WriteToLog, name: Out, config: {topic: out, key: k}}\n";
    const struct mr_graph *graph = read_with(*state, text, sets, 3);
    assert_int_equal(find(graph, "ReadFromLog")->read.idle_after_ns, MR_SECOND_NS / 2);
    assert_int_equal(find(graph, "ReadFromLog")->read.max_out_of_orderness_us, 2 * HOUR_US);
    assert_int_equal(find(graph, "Out")->write.key_field, -1);
    assert_int_equal(find(read(*state, text), "Out")->write.key_field, 1);
}

static void an_override_of_windowing_finds_it_beside_the_config(void **state)
{
    struct mr_yaml size = text_value("2h");
    struct mr_override_set set = {.path = "WindowInto.windowing.size", .value = &size};
    const char *texts[] = {
        CHAIN READ("in") "    - {type: WindowInto, windowing: {type: fixed, size: 1h}}\n" WRITE,
        CHAIN READ("in") "    - {type: WindowInto, config: {windowing: {type: fixed, size: "
                         "1h}}}\n" WRITE};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            find(read_with(*state, texts[i], &set, 1), "WindowInto")->windowing.size_us,
            2 * HOUR_US);
}

/* ---- Bad files ---- */

struct bad_file {
    const char *text;
    int line;
    int col;
    const char *message; /* a part of it */
    const char *hint;    /* a part of it; NULL: none */
};

static void assert_fails(struct mr_region *region, const struct bad_file *bad,
    const struct mr_override_set *sets, uint32_t n_sets)
{
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    bool ok = mr_graph_read(
        region, "p.yaml", bad->text, strlen(bad->text), sets, n_sets, &graph, &err);
    bool is_right = !ok && err.kind == MR_ERR_INPUT && err.input_line == bad->line &&
                    err.input_col == bad->col && strstr(err.msg, bad->message) &&
                    (bad->hint ? strstr(err.hint, bad->hint) != NULL : !err.hint[0]) &&
                    (sets || !bad->text[0] ||
                        (err.input_quote[0] && strcmp(err.input_file, "p.yaml") == 0));
    if (is_right) return;
    char text[2048] = "no error\n";
    if (!ok) mr_err_format(&err, text, sizeof text);
    print_error("of:\n%sexpected %d:%d: %s [%s]\ngot %s\n", bad->text, bad->line, bad->col,
        bad->message, bad->hint ? bad->hint : "", text);
    fail();
}

#define CREATE "    - {type: Create, config: {elements: [{a: 1, b: x}]}}\n"
/* Line 6 is the one between source and sink. */
#define WITH(transform) CHAIN READ("in") "    - " transform "\n" WRITE
#define SOURCE(config) CHAIN "    - {type: ReadFromLog, config: " config "}\n" WRITE

static const struct bad_file bad_documents[] = {
    {"", 1, 1, "empty", NULL},
    {"pipeline: [", 1, 11, "closing bracket", NULL},
    {"- pipeline\n", 1, 1, "map", NULL},
    {"options: {}\n", 1, 1, "no 'pipeline'", NULL},
    {"pipelin:\n  transforms: []\n", 1, 1, "unknown key 'pipelin'", "'pipeline'"},
    {GRAPH CREATE "extra: 1\n", 4, 1, "unknown key 'extra'", NULL},
    {"pipeline: []\n", 1, 11, "'pipeline' must be a map", NULL},
    {"pipeline:\n  type: chian\n  transforms: []\n", 2, 9, "not a 'chian'", "'chain'"},
    {"pipeline:\n  type: chain\n", 2, 9, "needs 'transforms'", NULL},
    {"pipeline:\n  source: {type: Create, config: {elements: [1]}}\n", 2, 3,
        "needs 'transforms'", NULL},
    {"pipeline:\n  transforms: []\n", 2, 15, "no transforms", NULL},
    {"pipeline:\n  transforms: {}\n", 2, 15, "must be a list", NULL},
    {"pipeline:\n  name: x\n  transforms: []\n", 2, 3, "unknown key 'name'", NULL},
    {"pipeline:\n  extra_transforms: []\n  transforms: []\n", 2, 3, "belongs to a chain", NULL},
    {"pipeline:\n  transforms: [x]\n", 2, 16, "must be a map", NULL},
    {"pipeline:\n  transforms: [{name: x}]\n", 2, 16, "needs a 'type'", NULL},
    {GRAPH CREATE, 2, 3, "no sink", NULL},
    {GRAPH CREATE "options: 3\n", 4, 10, "'options' must be a map", NULL},
    {GRAPH CREATE "providers: [{transforms: {}}]\n", 4, 13, "needs a 'type' or an 'include'",
        NULL},
    {GRAPH CREATE "providers: [{includes: x}]\n", 4, 14, "unknown key 'includes'", "'include'"},
    {"# {{ fine }}\npipeline:\n  transforms:\n    {% for x in y %}\n", 4, 5,
        "a Jinja template opens here", NULL},
};

static void bad_documents_are_refused_at_their_place(void **state)
{
    for (size_t i = 0; i < sizeof bad_documents / sizeof *bad_documents; i++)
        assert_fails(*state, &bad_documents[i], NULL, 0);
}

static const struct bad_file bad_transforms[] = {
    {WITH("{type: Fliter, config: {keep: n}}"), 6, 14, "unknown transform type 'Fliter'",
        "'Filter'"},
    {WITH("{type: RunInference}"), 6, 14, "transform type 'RunInference' runs a model of machine learning", NULL},
    {WITH("{type: WriteToTable}"), 6, 14, "'WriteToTable' is not supported yet", NULL},
    {WITH("{type: Zip}") "providers: [{type: python, config: {}, transforms: {Zip: a.Zip}}]\n",
        6, 14, "'Zip' comes from a provider of type 'python'", NULL},
    {WITH("{type: Filter, confg: {}}"), 6, 22, "unknown key 'confg'", "'config'"},
    {WITH("{type: Filter, config: {keep: n > 1, output_schema: 3}}"), 6, 59,
        "output_schema must be a map", NULL},
    {WITH("{type: Filter, output: x}"), 6, 22, "'output' belongs to a chain or composite",
        NULL},
    {WITH("{type: Filter, config: x}"), 6, 30, "must be a map", NULL},
    {WITH("{type: Filter, name: '', config: {}}"), 6, 28, "must not be empty", NULL},
    {WITH("{type: composite, config: {}, transforms: []}"), 6, 25, "unknown key 'config'",
        NULL},
    {WITH("{type: Filter, input: ReadFromLog, config: {keep: n}}"), 6, 22, "part of a chain",
        NULL},
    {GRAPH READ("in") "    - {type: WriteToLog, input: ReadFromLg, config: {topic: out}}\n", 5,
        33, "unknown transform 'ReadFromLg'", "'ReadFromLog'"},
    {GRAPH READ("in") "    - {type: WriteToLog, input: ReadFromLog.o, config: {topic: out}}\n",
        5, 33, "unknown output 'o'", NULL},
    {GRAPH READ("in") READ("in2") "    - {type: WriteToLog, input: ReadFromLog}\n", 7, 33,
        "ambiguous reference 'ReadFromLog'", NULL},
    {GRAPH READ(
         "in") "    - {type: WriteToLog, name: A, input: ReadFromLog, config: {topic: a}}\n"
               "    - {type: WriteToLog, name: B, input: A, config: {topic: b}}\n",
        6, 42, "'A' has no output", NULL},
    {GRAPH CREATE "    - {type: Filter, name: A, input: A, config: {keep: a}}\n", 4, 38,
        "transform 'A' references itself", NULL},
    {GRAPH "    - {type: Filter, name: A, input: C, config: {keep: a}}\n"
           "    - {type: Filter, name: B, input: A, config: {keep: a}}\n"
           "    - {type: Filter, name: C, input: B, config: {keep: a}}\n",
        4, 38, "circular reference: A -> B -> C -> A", NULL},
    {GRAPH "    - {type: WriteToLog, config: {topic: out}}\n", 3, 14, "missing inputs", NULL},
    {CHAIN "    - {type: Filter, config: {keep: n}}\n" WRITE, 4, 14, "missing inputs", NULL},
    {GRAPH READ("in") "    - {type: Create, input: ReadFromLog, config: {elements: [1]}}\n", 5,
        29, "takes no input", NULL},
    {GRAPH READ("in") READ("b") "    - {type: Filter, input: {a: ReadFromLog, b: Create}}\n", 7,
        33, "ambiguous", NULL},
    {GRAPH READ("in") CREATE
        "    - {type: Filter, input: {a: ReadFromLog, b: Create}, config: {keep: n}}\n",
        6, 49, "takes one input, not 2", NULL},
    {GRAPH READ("in") "    - {type: Flatten, input: {a: []}}\n", 5, 34, "empty list", NULL},
    {GRAPH READ("in") "    - {type: Flatten, input: {a: {}}}\n", 5, 34, "a reference", NULL},
    {WITH("{type: Filter, config: {keep: n, error_handling: {output: bad}}}"), 6, 65,
        "unconsumed error output for 'Filter': the output named Filter.bad", NULL},
    {WITH("{type: Filter, config: {keep: n, error_handling: {}}}"), 6, 56, "missing output",
        NULL},
    {WITH("{type: Filter, config: {keep: n, error_handling: {output: b, threshold: 0.5}}}"), 6,
        79, "a threshold below 1 is not supported yet", NULL},
    {WITH("{type: Filter, config: {keep: n, error_handling: {output: b, threshold: 2}}}"), 6,
        79, "threshold must be a number from 0 to 1", NULL},
    {WITH("{type: Filter, config: {keep: n, error_handling: {output: good}}}"), 6, 65,
        "the name of the main output", NULL},
    {WITH("{type: Combine, config: {group_by: k, error_handling: {output: b}}}"), 6, 45,
        "unknown key 'error_handling'", NULL},
    {GRAPH READ("in") "    - {type: WindowInto, name: A, input: ReadFromLog, "
                      "windowing: {type: fixed, size: 1m}}\n"
                      "    - {type: Flatten, input: [ReadFromLog, A]}\n",
        6, 44, "different windowings", NULL},
    {CHAIN READ("in") "    - {type: WriteToLog, config: {topic: in}}\n", 6, 14,
        "both read and written", NULL},
    {GRAPH READ("in") CREATE
        "    - {type: WriteToLog, name: A, input: ReadFromLog, config: {topic: o}}\n"
        "    - {type: WriteToLog, name: B, input: Create, config: {topic: o}}\n",
        7, 14, "another schema in 'A'", NULL},
};

static void bad_transforms_and_references_are_refused_at_their_place(void **state)
{
    for (size_t i = 0; i < sizeof bad_transforms / sizeof *bad_transforms; i++)
        assert_fails(*state, &bad_transforms[i], NULL, 0);
}

static const struct bad_file bad_configs[] = {
    /* ReadFromLog and WriteToLog */
    {SOURCE("{schema: {a: string}}"), 4, 35, "needs 'topic'", NULL},
    {SOURCE("{topic: x}"), 4, 35, "needs 'schema'", NULL},
    {SOURCE("{topic: x, schema: {a: strin}}"), 4, 58, "unknown type 'strin'", "'string'"},
    {SOURCE("{topic: x, schema: {a: decimal}}"), 4, 58, "'any' holds it", NULL},
    {SOURCE("{topic: x, schema: {a: [integer, string]}}"), 4, 58, "has one member", NULL},
    {SOURCE("{topic: x, schema: {a: {type: string, items: string}}}"), 4, 80, "'items' is for",
        NULL},
    {SOURCE("{topic: x, schema: {a: {type: object, properties: {b: strin}}}}"), 4, 89,
        "unknown type 'strin'", "'string'"},
    {SOURCE("{topic: x, schema: {a: {type: string, null: true}}}"), 4, 73, "unknown key 'null'",
        "'nullable'"},
    {SOURCE("{topic: x, schema: {}}"), 4, 54, "no fields", NULL},
    {SOURCE("{topic: x, schema: {a: string}, event_time: b}"), 4, 79, "unknown field 'b'",
        NULL},
    {SOURCE("{topic: x, schema: {a: string}, event_time: a}"), 4, 79,
        "event_time 'a' is string, not timestamp", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp?}, event_time: a}"), 4, 83,
        "must not be nullable", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, event_time: a}"), 4, 82, "needs a 'watermark'",
        NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: bound}}"), 4, 92,
        "unknown watermark strategy 'bound'", "'bounded'"},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: punctuated}}"), 4, 81,
        "needs either 'when' or 'field'", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: punctuated, field: b}}"), 4,
        111, "unknown field 'b'", NULL},
    {SOURCE("{topic: x, schema: {a: integer}, watermark: {strategy: punctuated, field: a}}"), 4,
        109, "the watermark's field 'a' is integer, not timestamp", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: ascending, when: a}}"), 4,
        109, "'when' belongs to the strategy 'punctuated'", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: punctuated, language: "
            "python, when: 'str(a) in \"x\"'}}"),
        4, 128, "pure subset", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: ascending, "
            "max_out_of_orderness: 1s}}"),
        4, 125, "'max_out_of_orderness' belongs to the strategy 'bounded'", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, event_time: a, watermark: {strategy: "
            "processing_time}}"),
        4, 82, "rows have the time at which they are read", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: processing_time, "
            "idle_after: 1s}}"),
        4, 121, "'idle_after' does not go with", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: ascending, alignment: "
            "{group: g}}}"),
        4, 114, "an alignment needs 'max_drift'", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: ascending, alignment: "
            "{group: g, max_drft: 1s}}}"),
        4, 125, "unknown key 'max_drft'", "'max_drift'"},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: processing_time, "
            "alignment: {group: g, max_drift: 1s}}}"),
        4, 120, "'alignment' does not go with", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: bounded}}"), 4, 81,
        "needs 'max_out_of_orderness'", NULL},
    {SOURCE(
         "{topic: x, schema: {a: timestamp}, watermark: {strategy: ascending, idle_aftr: 1s}}"),
        4, 103, "unknown key 'idle_aftr'", "'idle_after'"},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: ascending, idle_after: "
            "-1s}}"),
        4, 115, "negative", NULL},
    {SOURCE(
         "{topic: x, schema: {a: timestamp}, watermark: {strategy: ascending, idle_after: 0}}"),
        4, 115, "more than zero", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, watermark: {strategy: ascending, idle_after: "
            "1d}}"),
        4, 115, "12 hours", NULL},
    {SOURCE("{topic: x, schema: {a: timestamp}, start: latest}"), 4, 70,
        "'start' of config of ReadFromLog is not supported yet", NULL},
    {CHAIN READ("in") "    - {type: WriteToLog, config: {topic: o, key: q}}\n", 6, 50,
        "unknown field 'q' in key of WriteToLog", NULL},
    {CHAIN READ("in") "    - {type: WriteToLog, config: {topic: o, delivery: exactly_onse}}\n",
        6, 55, "unknown delivery 'exactly_onse'", "'exactly_once'"},
    {CHAIN READ("in") "    - {type: WriteToLog, config: {topic: o, delivery: at_most_once}}\n",
        6, 55, "not supported yet", NULL},
    /* Lookup */
    {CHAIN READ("in") "    - {type: Lookup, config: {key: k, fields: {x: string}}}\n", 6, 30,
        "needs 'connector'", NULL},
    {CHAIN READ("in") "    - {type: Lookup, config: {connector: c, key: kk, fields: {x: "
                      "string}}}\n",
        6, 50, "unknown field 'kk' in key of Lookup", "'k'"},
    {CHAIN READ("in") "    - {type: Lookup, config: {connector: c, key: k}}\n", 6, 30,
        "needs 'fields'", NULL},
    {CHAIN READ("in") "    - {type: Lookup, config: {connector: c, key: k, fields: {k: "
                      "string}}}\n",
        6, 62, "k", NULL},
    {CHAIN READ("in") "    - {type: Lookup, config: {connector: c, key: k, fields: {x: string}, "
                      "order: orderd}}\n",
        6, 81, "unknown order 'orderd'", "'ordered'"},
    {CHAIN READ("in") "    - {type: Lookup, config: {connector: c, key: k, fields: {x: string}, "
                      "max_in_flight: 0}}\n",
        6, 89, "max_in_flight", NULL},
    {CHAIN READ("in") "    - {type: Lookup, config: {connector: c, key: k, fields: {x: string}, "
                      "timeout: 0s}}\n",
        6, 83, "timeout must be more than zero", NULL},
    {CHAIN READ("in") "    - {type: Lookup, config: {connector: c, key: k, fields: {x: string}, "
                      "retrys: 1}}\n",
        6, 74, "unknown key 'retrys'", "'retries'"},
    /* Create */
    {GRAPH "    - {type: Create, config: {elements: 1}}\n", 3, 41, "must be a list", NULL},
    /* MapToFields, Filter, AssignTimestamps */
    {WITH("{type: MapToFields, config: {fields: {a: q}}}"), 6, 48, "unknown field", NULL},
    {WITH("{type: MapToFields, config: {fields: {a: nn}, language: python}}"), 6, 48, "'nn'",
        "'n'"},
    {WITH("{type: MapToFields, config: {fields: {a: k + 1}, language: python}}"), 6, 48,
        "type mismatch", NULL},
    {WITH("{type: MapToFields, config: {fields: {a: {callable: f}}}}"), 6, 59,
        "field 'a' is a callable, which language 'generic' does not have: add 'language: python'",
        NULL},
    {WITH("{type: MapToFields, config: {language: python, fields: {a: {path: f.py}}}}"), 6, 66,
        "field 'a' must specify 'expression', 'callable', or both 'path' and 'name'", NULL},
    {WITH("{type: MapToFields, config: {language: python, fields: {a: {path: f.txt, name: g}}}}"),
        6, 73, "'path' must end in '.py'", NULL},
    {WITH("{type: MapToFields, config: {language: python, fields: {a: {path: f.py, name: g}}}}"),
        6, 73, "'f.py' cannot be read from here", NULL},
    {WITH("{type: MapToFields, config: {fields: {a: {expression: n, output_type: string}}}}"),
        6, 61, "it yields integer, not string", NULL},
    {WITH("{type: MapToFields, config: {fields: {a: [n]}}}"), 6, 48, "must be an expression",
        NULL},
    {WITH("{type: MapToFields, config: {fields: {}}}"), 6, 44, "no fields", NULL},
    {WITH("{type: MapToFields, config: {append: true, fields: {n: x}}}"), 6, 59,
        "redefinition of field 'n'", NULL},
    {WITH("{type: MapToFields, config: {append: true, drop: q, fields: {b: x}}}"), 6, 56,
        "unknown field 'q' in drop", NULL},
    {WITH("{type: MapToFields, config: {drop: n, fields: {b: x}}}"), 6, 42, "append: true",
        NULL},
    {WITH("{type: MapToFields, config: {language: java, fields: {b: x}}}"), 6, 46,
        "language 'java' is not supported yet", NULL},
    {WITH("{type: MapToFields, config: {language: pyton, fields: {b: x}}}"), 6, 46,
        "unknown language 'pyton'", "'python'"},
    {WITH("{type: Filter, config: {keep: n >= 1}}"), 6, 37, "", NULL},
    {WITH("{type: Filter, config: {}}"), 6, 30, "needs 'keep'", NULL},
    {WITH("{type: AssignTimestamps, config: {timestamp: k}}"), 6, 52, "", NULL},
    {WITH("{type: Flatten, config: {a: 1}}"), 6, 32, "unknown key 'a'", NULL},
    /* windowing */
    {WITH("{type: WindowInto, windowing: {type: slidng}}"), 6, 44, "unknown window type",
        "'sliding'"},
    {WITH("{type: WindowInto, windowing: {type: sliding}}"), 6, 37, "needs 'size'", NULL},
    {WITH("{type: WindowInto, windowing: {type: sliding, size: 1m}}"), 6, 37,
        "needs 'period'", NULL},
    {WITH("{type: WindowInto, windowing: {type: sliding, size: 1m, period: 0}}"), 6, 71,
        "period of a window must be at least a microsecond", NULL},
    {WITH("{type: WindowInto, windowing: {type: sliding, size: 1h, period: 1s}}"), 6, 71,
        "a row would be in 3600 windows", NULL},
    {WITH("{type: WindowInto, windowing: {type: sliding, size: 1m, perod: 1s}}"), 6, 63,
        "unknown key 'perod'", "'period'"},
    {WITH("{type: WindowInto, config: {windowing: {type: sessions}}}"), 6, 46, "needs 'gap'",
        NULL},
    {WITH("{type: WindowInto, windowing: {type: sessions, gap: 0s}}"), 6, 59,
        "gap of a window must be at least a microsecond", NULL},
    {WITH("{type: WindowInto, windowing: {type: sessions, gap: 1s, offset: 1s}}"), 6, 63,
        "unknown key 'offset'", NULL},
    {WITH("{type: WindowInto, windowing: {type: global, size: 1m}}"), 6, 52,
        "unknown key 'size'", NULL},
    {WITH("{type: WindowInto, windowing: {type: fixed, size: 0s}}"), 6, 57, "microsecond",
        NULL},
    {WITH("{type: WindowInto, windowing: {type: fixed, size: -1m}}"), 6, 57, "negative", NULL},
    {WITH("{type: WindowInto, windowing: {type: fixed, size: 9999999h}}"), 6, 57, "292 years",
        NULL},
    {WITH("{type: WindowInto, windowing: {type: fixed, size: 1 week}}"), 6, 57, "", NULL},
    {WITH("{type: WindowInto, windowing: {type: fixed}}"), 6, 37, "needs 'size'", NULL},
    {WITH("{type: WindowInto, windowing: 'fixed'}"), 6, 37, "windowing must be a map", NULL},
    {WITH("{type: WindowInto}"), 6, 14, "needs 'windowing'", NULL},
    {WITH("{type: Window, config: {windowing: {type: global}, allowed_lateness: -5s}}"), 6, 76,
        "negative", NULL},
    /* Combine */
    {WITH("{type: Combine, config: {combine: {n: sum}}}"), 6, 31, "needs 'group_by'", NULL},
    {WITH("{type: Combine, config: {group_by: q, combine: {n: sum}}}"), 6, 42,
        "unknown field 'q' in group_by", NULL},
    {WITH("{type: Combine, config: {group_by: k, combine: {}}}"), 6, 54, "must be a map", NULL},
    {WITH("{type: Combine, config: {group_by: k, combine: {n: avg}}}"), 6, 58,
        "unknown aggregate function 'avg'", NULL},
    {WITH("{type: Combine, config: {group_by: k, combine: {n: {fn: {type: sum, config: {a: 1}}}}}}"),
        6, 83, "fn 'sum' takes no 'config'", NULL},
    {WITH("{type: Combine, config: {group_by: k, language: python, combine: {n: avg}}}"), 6, 76,
        "'avg' is no builtin function", NULL},
    {WITH("{type: Combine, config: {group_by: k, language: python, combine: {n: beam.Top}}}"), 6,
        76, "'beam.Top' is not of the part of Beam that is here", NULL},
    {WITH("{type: Combine, config: {group_by: k, language: python, combine: {n: "
          "beam.combiners.SampleCombineFn}}}"),
        6, 76, "draws at random", NULL},
    {WITH("{type: Combine, config: {group_by: k, language: python, combine: {n: 'lambda x:'}}}"),
        6, 85, "syntax error", NULL},
    {WITH("{type: Combine, config: {group_by: k, combine: {n: concat}}}"), 6, 55,
        "type mismatch: concat over integer", NULL},
    {WITH("{type: Combine, config: {group_by: x, combine: {k: sum}}}"), 6, 55,
        "type mismatch: sum over string", NULL},
    {WITH("{type: Combine, config: {group_by: n, combine: {a: {value: t, fn: mean}}}}"), 6, 66,
        "type mismatch: mean over timestamp", NULL},
    {WITH("{type: Combine, config: {group_by: k, combine: {c: count}}}"), 6, 55,
        "'c' needs a 'value'", NULL},
    {WITH("{type: Combine, config: {group_by: n, combine: {n: sum}}}"), 6, 55,
        "redefinition of field 'n'", NULL},
    {WITH("{type: Combine, config: {group_by: n, combine: {x: {fm: sum}}}}"), 6, 59,
        "unknown key 'fm'", "'fn'"},
};

static void bad_configs_are_refused_at_their_place(void **state)
{
    for (size_t i = 0; i < sizeof bad_configs / sizeof *bad_configs; i++)
        assert_fails(*state, &bad_configs[i], NULL, 0);
}

static void a_row_has_at_most_64_fields(void **state)
{
    struct mr_text text = {0};
    mr_text_printf(&text, CHAIN "    - type: ReadFromLog\n      config:\n        topic: in\n"
                                "        schema:\n");
    for (int i = 0; i < 65; i++) mr_text_printf(&text, "          f%d: integer\n", i);
    mr_text_printf(&text, WRITE);
    struct bad_file bad = {text.data, 8 + 64, 11, "'f64' is one too many", NULL};
    assert_fails(*state, &bad, NULL, 0);
    mr_text_deinit(&text);
}

static void deep_nesting_is_an_error_and_no_crash(void **state)
{
    struct mr_text text = {0};
    mr_text_printf(&text, "pipeline: ");
    for (int i = 0; i < 10000; i++) mr_text_add(&text, "[", 1);
    for (int i = 0; i < 10000; i++) mr_text_add(&text, "]", 1);
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    assert_false(mr_graph_read(*state, "p.yaml", text.data, text.bytes, NULL, 0, &graph, &err));
    assert_int_equal(err.kind, MR_ERR_INPUT);
    assert_int_equal(err.input_line, 1);
    mr_text_deinit(&text);
}

static void overrides_that_name_what_is_not_there_are_refused_at_their_place(void **state)
{
    struct mr_yaml value = text_value("1s");
    struct mr_place place = {.file = "s.yaml", .line = 3, .col = 7};
    value.place = place;
    const struct {
        const char *path;
        const char *message;
        const char *hint;
    } cases[] = {
        {"ReadFromLgo.topic", "no transform 'ReadFromLgo'", "'ReadFromLog'"},
        {"ReadFromLog.watermark.idle_aftre", "unknown key 'idle_aftre'", "'idle_after'"},
        {"ReadFromLog.topics", "unknown key 'topics'", "'topic'"},
        {"ReadFromLog.topic.name", "not a map", NULL},
        {"ReadFromLog", "not a path", NULL},
        {"ReadFromLog.", "not a path", NULL},
        {"Filter.keep", "names 2 transforms", NULL},
        {"ReadFromLog.watermark.strategy", "unknown watermark strategy '1s'", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bad_file bad = {
            CHAIN READ("in") "    - {type: Filter, config: {keep: n}}\n"
                             "    - {type: Filter, config: {keep: x}}\n" WRITE,
            3, 7, cases[i].message, cases[i].hint};
        struct mr_override_set set = {.path = cases[i].path, .value = &value, .place = place};
        assert_fails(*state, &bad, &set, 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_pipeline_of_the_main_job_becomes_four_transforms),
        TEST(the_pipeline_without_windows_filters_and_maps),
        TEST(a_composite_is_ordered_by_its_references),
        TEST(the_errors_of_a_chain_go_to_its_extra_transforms),
        TEST(a_bare_name_means_the_good_rows_and_fields_of_failed_ones_can_be_kept),
        TEST(a_list_of_inputs_is_flattened),
        TEST(a_flatten_takes_lists_and_maps_of_inputs),
        TEST(composites_nest_and_name_their_inputs_and_outputs),
        TEST(a_composite_without_references_is_linked_like_a_chain),
        TEST(a_chain_has_the_outputs_of_its_last_transform),
        TEST(source_and_sink_make_a_pipeline),
        TEST(windowing_of_a_pipeline_goes_to_its_roots),
        TEST(windowing_of_a_transform_goes_to_its_inputs),
        TEST(append_keeps_what_is_not_dropped_in_front),
        TEST(equal_names_get_their_line),
        TEST(overrides_replace_add_and_remove_values),
        TEST(an_override_of_windowing_finds_it_beside_the_config),
        TEST(bad_documents_are_refused_at_their_place),
        TEST(bad_transforms_and_references_are_refused_at_their_place),
        TEST(bad_configs_are_refused_at_their_place),
        TEST(a_row_has_at_most_64_fields),
        TEST(deep_nesting_is_an_error_and_no_crash),
        TEST(overrides_that_name_what_is_not_there_are_refused_at_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
