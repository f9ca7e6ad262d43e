/* KeyedProcess, Deduplicate, TopN, Materialize and Route: what of a file becomes of them in the
 * graph and the plan, and what is refused where. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "engine/pipeline/judgement.h"
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
    "string?, n: integer, x: float}, event_time: t, watermark: {strategy: ascending}}}\n"
#define WRITE(name, input)                                                                     \
    "    - {type: WriteToLog, name: " name ", input: " input ", config: {topic: " name "}}\n"
#define IT(type, config)                                                                       \
    GRAPH READ "    - {type: " type ", name: It, input: ReadFromLog, config: {" config         \
               "}}\n" WRITE("Out", "It")
#define PROCESS(config) IT("KeyedProcess", config)

static bool try(struct mr_region *region, const char *text, const struct mr_graph **graph,
    struct mr_err *err)
{
    return mr_graph_read(region, "p.yaml", text, strlen(text), NULL, 0, graph, err);
}

static const struct mr_transform *read(
    struct mr_region *region, const char *text, const struct mr_graph **graph)
{
    struct mr_err err = {0};
    if (!try(region, text, graph, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        fail_msg("%s", message);
    }
    for (uint32_t i = 0; i < (*graph)->n_transforms; i++)
        if (strcmp((*graph)->transforms[i].name, "It") == 0) return &(*graph)->transforms[i];
    fail_msg("there is no 'It'");
    return NULL;
}

static void rows_of_both_inputs_go_where_their_key_is(void **state)
{
    const struct mr_graph *graph;
    const struct mr_transform *it = read(*state,
        GRAPH READ "    - {type: MapToFields, input: ReadFromLog, config: {fields: {m: n, j: "
                   "k}}}\n"
                   "    - type: KeyedProcess\n"
                   "      name: It\n"
                   "      input: {one: ReadFromLog, two: MapToFields}\n"
                   "      config:\n"
                   "        key: {one: [k, n], two: [j, m]}\n"
                   "        state: {a: bag, b: {kind: map, ttl: 2m, ttl_time: processing}}\n"
                   "        timers: {soon: processing_time}\n"
                   "        on_element: {one: 'lambda row: None', two: 'lambda row: None'}\n"
                   "        on_timer: {soon: 'lambda key: None'}\n"
                   "        outputs: {x: {k: string}, y: {n: 'integer?'}}\n"
                   "        error_handling: {output: bad}\n" WRITE("X", "It.x")
                       WRITE("Y", "It.y") WRITE("Bad", "It.bad"),
        &graph);
    assert_int_equal(it->n_outputs, 3);
    assert_int_equal(it->error_output, 2);
    assert_int_equal(it->outputs[2].schema.n_fields, 5); /* two keys, source, msg, stack */
    assert_int_equal(it->keyed->n_keys, 2);
    assert_int_equal(it->keyed->key_fields[1][0], 1);
    assert_int_equal(it->keyed->shape.states[1].ttl_us, 120 * MR_SECOND_US);
    assert_int_equal(it->keyed->shape.states[1].ttl_domain, MR_PROCESSING_TIME);
    assert_true(graph->needs_python);
    const struct mr_plan *plan = mr_plan_make(*state, graph);
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->n_exchanges; i++) {
        const struct mr_exchange *exchange = &plan->exchanges[i];
        if (exchange->to_transform != it->id) continue;
        n++;
        assert_int_equal(exchange->kind, MR_EXCHANGE_HASH);
        assert_ptr_equal(exchange->key_fields, it->keyed->key_fields[exchange->to_input]);
    }
    assert_int_equal(n, 2);
}

static void a_top_n_has_a_rank_or_a_change(void **state)
{
    const struct mr_graph *graph;
    const struct mr_transform *it =
        read(*state, IT("TopN", "key: k, n: 3, order_by: [x, {field: n, order: asc}]"), &graph);
    assert_int_equal(it->outputs[0].schema.n_fields, 6);
    assert_string_equal(it->outputs[0].schema.fields[5].name, "rank");
    assert_true(it->top.orders[0].is_descending);
    assert_false(it->top.orders[1].is_descending);
    assert_int_equal(graph->n_warnings, 1); /* the global window */
    it = read(
        *state, IT("TopN", "key: [], n: 1, order_by: x, emit: changes, change: op"), &graph);
    assert_string_equal(it->outputs[0].schema.fields[5].name, "op");
    assert_int_equal(it->outputs[0].schema.fields[5].type, MR_TYPE_STRING);
    assert_int_equal(graph->n_warnings, 0);
}

static void rules_share_outputs_of_the_same_name(void **state)
{
    const struct mr_graph *graph;
    const struct mr_transform *it = read(*state,
        GRAPH READ "    - type: Route\n"
                   "      name: It\n"
                   "      input: ReadFromLog\n"
                   "      config:\n"
                   "        language: python\n"
                   "        mode: all\n"
                   "        default: b\n"
                   "        rules: [{when: n > 1, to: a}, {when: x < 2, to: b}, {when: n == 0, "
                   "to: a}]\n" WRITE("A", "It.a") WRITE("B", "It.b"),
        &graph);
    assert_int_equal(it->n_outputs, 2);
    assert_int_equal(it->route.rules[2].output, 0);
    assert_int_equal(it->route.fallback, 1);
    assert_false(it->route.is_first);
}

static enum mr_confluence judged(struct mr_region *region, const char *text)
{
    const struct mr_graph *graph;
    struct mr_judgement judgement;
    read(region, text, &graph);
    mr_pipeline_judge(region, graph, &judgement);
    assert_int_equal(judgement.portability, MR_NOT_PORTABLE);
    return judgement.confluence;
}

static void what_depends_on_the_order_of_rows_is_told(void **state)
{
    assert_int_equal(judged(*state, IT("Deduplicate", "key: k")), MR_CONFLUENT_UNLESS);
    assert_int_equal(judged(*state, IT("Deduplicate", "key: k, within: 1s")), MR_NOT_CONFLUENT);
    assert_int_equal(judged(*state, IT("TopN", "key: k, n: 2, order_by: x")), MR_CONFLUENT);
    assert_int_equal(
        judged(*state, IT("TopN", "key: k, n: 2, order_by: x, emit: changes")), MR_NOT_CONFLUENT);
}

static const struct refusal {
    const char *text;
    int line;
    const char *message;
    const char *nearest;
} refusals[] = {
    {PROCESS("on_element: 'lambda row: None', schema: {a: integer}"), 4, "needs 'key'", NULL},
    {PROCESS("key: kk, on_element: 'lambda row: None', schema: {a: integer}"), 4,
        "unknown field 'kk' in key", "k"},
    {PROCESS("key: k, schema: {a: integer}"), 4, "needs 'on_element'", NULL},
    {PROCESS("key: k, on_element: 'lambda row: None'"), 4, "either 'schema'", NULL},
    {PROCESS("key: k, on_element: 'lambda row: row.m', schema: {a: integer}"), 4,
        "unknown field 'm'", NULL},
    {PROCESS("key: k, state: {count: value}, on_element: 'lambda row, state: "
             "state.cuont.read()', schema: {a: integer}"),
        4, "unknown state 'cuont'", "count"},
    {PROCESS("key: k, timers: {soon: event_time}, on_element: 'lambda row, state, timers: "
             "timers.son.clear()', on_timer: {soon: 'lambda key: None'}, schema: {a: integer}"),
        4, "unknown timer 'son'", "soon"},
    {PROCESS("key: k, timers: {soon: event_time}, on_element: 'lambda row: None', schema: {a: "
             "integer}"),
        4, "timer 'soon' needs a callable", NULL},
    {PROCESS("key: k, timers: {soon: event_tim}, on_element: 'lambda row: None', schema: {a: "
             "integer}"),
        4, "unknown time 'event_tim'", "event_time"},
    {PROCESS("key: k, state: {a: bagg}, on_element: 'lambda row: None', schema: {a: integer}"),
        4, "unknown kind of state 'bagg'", "bag"},
    {PROCESS(
         "key: k, state: {a: {kind: bag, ttl_time: event}}, on_element: 'lambda row: None', "
         "schema: {a: integer}"),
        4, "stays for ever", NULL},
    {PROCESS("key: k, state: {1a: bag}, on_element: 'lambda row: None', schema: {a: integer}"),
        4, "must be one that Python takes", NULL},
    {PROCESS("key: k, on_elemnt: 'lambda row: None', schema: {a: integer}"), 4, "on_elemnt",
        "on_element"},
    {PROCESS("key: k, on_element: 'lambda row:', schema: {a: integer}"), 4, "syntax error",
        NULL},
    {PROCESS("key: k, on_element: 'lambda a, b, c, d, e: None', schema: {a: integer}"), 4,
        "at most four arguments", NULL},
    {PROCESS("key: k, language: native, on_element: 'x', schema: {a: integer}"), 4,
        "'native' is not supported yet", NULL},
    {IT("Deduplicate", "key: k, withn: 1s"), 4, "withn", "within"},
    {IT("Deduplicate", "key: k, within: 1d"), 4, "12 hours", NULL},
    {IT("Deduplicate", "key: k, within: 0s"), 4, "at least 1us", NULL},
    {IT("TopN", "key: k, n: 0, order_by: x"), 4, "n", NULL},
    {IT("TopN", "key: k, n: 2, order_by: y"), 4, "unknown field 'y' in order_by", NULL},
    {IT("TopN", "key: k, n: 2, order_by: x, rank: n"), 4, "'n'", NULL},
    {IT("TopN", "key: k, n: 2, order_by: x, change: op"), 4, "'change' is of 'emit: changes'",
        NULL},
    {IT("Materialize", "key: k, version: x"), 4, "must be an integer or a timestamp", NULL},
    {IT("Materialize", "key: k, emit: snapshots"), 4, "'snapshots' is not supported yet", NULL},
    {IT("Materialize", "key: k, delete: m < 1"), 4, "'m'", NULL},
    {IT("Route", "rules: []"), 4, "at least one rule", NULL},
    {IT("Route", "rules: [{when: n < 1}]"), 4, "needs a 'when' and a 'to'", NULL},
    {IT("Route", "rules: [{when: n < 1, to: a}], mode: al"), 4, "unknown mode 'al'", "all"},
    {IT("Route", "rules_input: x, rules: [{when: n < 1, to: a}]"), 4,
        "'rules' is of a Route whose rules are in the file", NULL},
    {IT("Route", "mode: all"), 4, "needs 'rules', or 'rules_input'", NULL},
    {IT("Route", "rules_input: x, outputs: [a]"), 4, "has two inputs", NULL},
    {IT("Route", "outputs: [a], rules: [{when: n < 1, to: a}]"), 4, "is of a Route with", NULL},
};

static void what_is_wrong_is_refused_at_its_place(void **state)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *refusal = &refusals[i];
        const struct mr_graph *graph;
        struct mr_err err = {0};
        if (try(*state, refusal->text, &graph, &err)) fail_msg("%s was read", refusal->text);
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        if (!strstr(message, refusal->message)) fail_msg("%s", message);
        if (err.input_line != refusal->line) fail_msg("line %d: %s", err.input_line, message);
        char nearest[64];
        snprintf(nearest, sizeof nearest, "did you mean '%s'",
            refusal->nearest ? refusal->nearest : "");
        if (refusal->nearest && !strstr(message, nearest)) fail_msg("%s", message);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_of_both_inputs_go_where_their_key_is),
        TEST(a_top_n_has_a_rank_or_a_change),
        TEST(rules_share_outputs_of_the_same_name),
        TEST(what_depends_on_the_order_of_rows_is_told),
        TEST(what_is_wrong_is_refused_at_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
