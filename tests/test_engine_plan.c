#include "tests/test.h"

#include <string.h>

#include "engine/batch/batch.h"
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

#define CHAIN "pipeline:\n  type: chain\n  transforms:\n"
#define GRAPH "pipeline:\n  transforms:\n"
#define READ_CONFIG(topic)                                                                     \
    "config: {topic: " topic                                                                   \
    ", schema: {t: timestamp, k: string, n: integer}, event_time: t, "                         \
    "watermark: {strategy: bounded, max_out_of_orderness: 1m}}}\n"
#define READ(name) "    - {type: ReadFromLog, name: " name ", " READ_CONFIG(name)
#define WINDOW "windowing: {type: fixed, size: 1m}"
#define COUNT "config: {group_by: [n, k], combine: {c: {fn: count, value: t}}}"

static const struct mr_plan *plan(struct mr_region *region, const char *text)
{
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    if (!mr_graph_read(region, "p.yaml", text, strlen(text), NULL, 0, &graph, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        fail_msg("%s", message);
    }
    return mr_plan_make(region, graph);
}

static uint32_t id_of(const struct mr_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->graph->n_transforms; i++)
        if (strcmp(plan->graph->transforms[i].name, name) == 0) return i;
    fail_msg("no transform '%s'", name);
    return 0;
}

/* `A B|C`: the names of the transforms of each stage; and what must hold of every plan. */
static void assert_stages(const struct mr_plan *plan, const char *expected)
{
    struct mr_text text = {0};
    uint32_t n = 0;
    for (uint32_t s = 0; s < plan->n_stages; s++) {
        const struct mr_stage *stage = &plan->stages[s];
        assert_int_equal(stage->id, s);
        assert_int_equal(stage->has_source, stage->n_inputs == 0);
        for (uint32_t i = 0; i < stage->n_transforms; i++, n++) {
            uint32_t id = stage->transforms[i];
            assert_int_equal(plan->stage_of[id], s);
            if (i > 0) assert_true(stage->transforms[i - 1] < id);
            mr_text_printf(&text, "%s%s",
                i > 0   ? " "
                : s > 0 ? "|"
                        : "",
                plan->graph->transforms[id].name);
        }
        for (uint32_t i = 0; i < stage->n_inputs; i++)
            assert_int_equal(plan->exchanges[stage->inputs[i]].to_stage, s);
        for (uint32_t i = 0; i < stage->n_outputs; i++)
            assert_int_equal(plan->exchanges[stage->outputs[i]].from_stage, s);
    }
    assert_int_equal(n, plan->graph->n_transforms);
    assert_string_equal(text.data, expected);
    mr_text_deinit(&text);
}

/* The exchange that feeds an input of a transform. */
static const struct mr_exchange *exchange_to(
    const struct mr_plan *plan, const char *name, uint32_t input)
{
    uint32_t id = id_of(plan, name);
    for (uint32_t i = 0; i < plan->n_exchanges; i++) {
        const struct mr_exchange *exchange = &plan->exchanges[i];
        assert_int_equal(exchange->id, i);
        if (exchange->to_transform == id && exchange->to_input == input) return exchange;
    }
    fail_msg("no exchange to '%s'", name);
    return NULL;
}

static void what_needs_no_exchange_is_one_stage(void **state)
{
    const struct mr_plan *made =
        plan(*state, CHAIN READ("in") "    - {type: Filter, config: {keep: n}}\n"
                                      "    - {type: WriteToLog, config: {topic: out}}\n");
    assert_stages(made, "in Filter WriteToLog");
    assert_int_equal(made->n_exchanges, 0);
    assert_int_equal(made->stages[0].n_outputs, 0);
}

static void a_combine_begins_a_stage_behind_a_hash_exchange(void **state)
{
    const struct mr_plan *made =
        plan(*state, CHAIN READ("in") "    - {type: WindowInto, " WINDOW "}\n"
                                      "    - {type: Combine, " COUNT "}\n"
                                      "    - {type: WriteToLog, config: {topic: out}}\n");
    assert_stages(made, "in WindowInto|Combine WriteToLog");
    assert_int_equal(made->n_exchanges, 1);
    const struct mr_exchange *exchange = exchange_to(made, "Combine", 0);
    assert_int_equal(exchange->kind, MR_EXCHANGE_HASH);
    assert_int_equal(exchange->from_stage, 0);
    assert_int_equal(exchange->to_stage, 1);
    assert_int_equal(exchange->from.transform, id_of(made, "WindowInto"));
    assert_int_equal(exchange->from.output, MR_OUTPUT_MAIN);
    assert_int_equal(exchange->n_columns, 3);
    assert_int_equal(exchange->types[0], MR_TYPE_TIMESTAMP);
    assert_int_equal(exchange->types[1], MR_TYPE_STRING);
    assert_int_equal(exchange->types[2], MR_TYPE_INT);
    assert_int_equal(exchange->n_keys, 2);
    assert_int_equal(exchange->key_fields[0], 2);
    assert_int_equal(exchange->key_fields[1], 1);
    assert_int_equal(exchange->slots, 0); /* the window follows from the time */
}

static void rows_that_may_be_taken_back_carry_their_kind(void **state)
{
    const struct mr_plan *made = plan(*state,
        CHAIN READ("in") "    - {type: Window, config: {windowing: {type: fixed, size: 1s}, "
                         "accumulation: retracting, trigger: {repeatedly: {count: 1}}}}\n"
                         "    - {type: Combine, name: A, " COUNT "}\n"
                         "    - {type: WriteToLog, config: {topic: out}}\n");
    assert_false(made->has_kind[id_of(made, "Window")]);
    assert_true(made->has_kind[id_of(made, "A")]);
    assert_true(made->has_kind[id_of(made, "WriteToLog")]);
}

static void rows_out_of_a_combine_carry_their_pane(void **state)
{
    const struct mr_plan *made = plan(*state,
        CHAIN READ("in") "    - {type: WindowInto, " WINDOW "}\n"
                         "    - {type: Combine, name: A, " COUNT "}\n"
                         "    - {type: Filter, config: {keep: c}}\n"
                         "    - {type: Combine, name: B, config: {group_by: k, combine: "
                         "{s: {fn: sum, value: c}}}}\n"
                         "    - {type: WriteToLog, config: {topic: out}}\n");
    assert_stages(made, "in WindowInto|A Filter|B WriteToLog");
    assert_int_equal(exchange_to(made, "A", 0)->slots, 0);
    assert_int_equal(exchange_to(made, "B", 0)->slots, MR_SLOT_PANE);
    assert_int_equal(exchange_to(made, "B", 0)->n_keys, 1);
}

/* New times within old windows: only then does the window of a row not follow from its time. */
static void the_window_travels_where_times_were_assigned_after_it(void **state)
{
#define ASSIGN "    - {type: AssignTimestamps, config: {timestamp: t}}\n"
    const struct mr_plan *made =
        plan(*state, CHAIN READ("in") "    - {type: WindowInto, " WINDOW "}\n" ASSIGN
                                      "    - {type: Combine, " COUNT "}\n"
                                      "    - {type: WriteToLog, config: {topic: out}}\n");
    assert_int_equal(exchange_to(made, "Combine", 0)->slots, MR_SLOT_WINDOW);
    assert_false(made->derives_window[id_of(made, "AssignTimestamps")]);
    assert_true(made->derives_window[id_of(made, "Combine")]);
    made = plan(*state,
        CHAIN READ("in") ASSIGN "    - {type: WindowInto, " WINDOW "}\n"
                                "    - {type: Combine, " COUNT "}\n"
                                "    - {type: WriteToLog, config: {topic: out}}\n");
    assert_int_equal(exchange_to(made, "Combine", 0)->slots, 0);
    assert_true(made->derives_window[id_of(made, "AssignTimestamps")]); /* the global window */
}

#define FLATTEN(inputs) "    - {type: Flatten, input: [" inputs "]}\n"
#define WRITE "    - {type: WriteToLog, input: Flatten, config: {topic: out}}\n"

static void a_flatten_of_sources_makes_them_one_stage(void **state)
{
    const struct mr_plan *made = plan(*state,
        GRAPH READ("a") READ("b") "    - {type: Filter, input: b, config: {keep: n}}\n" FLATTEN(
            "a, Filter") WRITE);
    assert_int_equal(made->n_stages, 1);
    assert_int_equal(made->n_exchanges, 0);
    assert_int_equal(made->stages[0].n_transforms, 5);
}

static void a_flatten_of_a_source_and_a_combine_is_a_stage_of_its_own(void **state)
{
    const struct mr_plan *made = plan(*state,
        GRAPH READ(
            "a") "    - {type: WindowInto, input: a, " WINDOW "}\n"
                 "    - {type: Combine, input: WindowInto, config: {group_by: [k, t], combine: "
                 "{n: {fn: sum, value: n}}}}\n"
                 "    - {type: MapToFields, name: M, input: Combine, config: {fields: {k: k, "
                 "n: n}}}\n"
                 "    - {type: MapToFields, name: N, input: WindowInto, config: {fields: {k: "
                 "k, n: n}}}\n" FLATTEN("M, N") WRITE);
    assert_int_equal(made->n_stages, 3);
    assert_int_equal(made->n_exchanges, 3);
    uint32_t flatten = made->stage_of[id_of(made, "Flatten")];
    assert_int_equal(made->stage_of[id_of(made, "WriteToLog")], flatten);
    assert_int_equal(made->stages[flatten].n_transforms, 2);
    assert_int_equal(made->stages[flatten].n_inputs, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct mr_exchange *exchange = exchange_to(made, "Flatten", i);
        assert_int_equal(exchange->kind, MR_EXCHANGE_FORWARD);
        assert_int_equal(exchange->n_keys, 0);
        bool is_paned = exchange->from.transform == id_of(made, "M");
        assert_int_equal(exchange->slots, is_paned ? MR_SLOT_PANE : 0);
    }
    assert_int_equal(made->stages[0].n_outputs, 2);
}

static void an_output_that_is_read_twice_has_two_exchanges(void **state)
{
    const struct mr_plan *made = plan(*state,
        GRAPH READ("a") "    - {type: WindowInto, input: a, " WINDOW "}\n"
                        "    - {type: Combine, name: A, input: WindowInto, " COUNT "}\n"
                        "    - {type: Combine, name: B, input: WindowInto, " COUNT "}\n"
                        "    - {type: WriteToLog, name: X, input: A, config: {topic: x}}\n"
                        "    - {type: WriteToLog, name: Y, input: B, config: {topic: y}}\n");
    assert_int_equal(made->n_stages, 3);
    assert_int_equal(made->n_exchanges, 2);
    assert_int_equal(made->stages[0].n_outputs, 2);
    assert_ptr_not_equal(exchange_to(made, "A", 0), exchange_to(made, "B", 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_needs_no_exchange_is_one_stage),
        TEST(a_combine_begins_a_stage_behind_a_hash_exchange),
        TEST(rows_that_may_be_taken_back_carry_their_kind),
        TEST(rows_out_of_a_combine_carry_their_pane),
        TEST(the_window_travels_where_times_were_assigned_after_it),
        TEST(a_flatten_of_sources_makes_them_one_stage),
        TEST(a_flatten_of_a_source_and_a_combine_is_a_stage_of_its_own),
        TEST(an_output_that_is_read_twice_has_two_exchanges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
