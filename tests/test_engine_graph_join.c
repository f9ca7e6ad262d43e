/* Join: what of a file becomes of it in the graph and the plan, and what is refused where. */
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

#define READ(name, schema)                                                                     \
    "    - {type: ReadFromLog, name: " name ", config: {topic: " name ", schema: " schema      \
    ", event_time: t, watermark: {strategy: ascending}}}\n"
/* Lines 3 to 5. */
#define INPUTS                                                                                 \
    "pipeline:\n  transforms:\n" READ("a", "{t: timestamp, k: integer, s: string}")            \
        READ("b", "{t: timestamp, k: integer?, n: integer}")                                   \
            READ("c", "{t: timestamp, k: integer, x: float}")
#define JOIN(input, config)                                                                    \
    INPUTS "    - {type: Join, name: J, input: " input ", config: {" config "}}\n"             \
           "    - {type: WriteToLog, input: J, config: {topic: out}}\n"
#define AB "{a: a, b: b}"
#define ABC "{a: a, b: b, c: c}"

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

static const struct mr_transform *find_join(const struct mr_graph *graph)
{
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        if (graph->transforms[i].kind == MR_JOIN) return &graph->transforms[i];
    fail_msg("no Join");
    return NULL;
}

/* Its fields as `name:type` with a mark where they may be None. */
static void assert_fields(struct mr_region *region, const char *text, const char *expected)
{
    const struct mr_schema *schema = &find_join(read(region, text))->outputs[0].schema;
    struct mr_text fields = {0};
    for (uint32_t i = 0; i < schema->n_fields; i++)
        mr_text_printf(&fields, "%s%s%s", i > 0 ? " " : "", schema->fields[i].name,
            schema->fields[i].is_nullable ? "?" : "");
    assert_string_equal(fields.data, expected);
    mr_text_deinit(&fields);
}

static void fields_are_all_or_the_chosen_ones(void **state)
{
    assert_fields(*state, JOIN(AB, "equalities: k"), "t k s t0 k0? n");
    assert_fields(*state, JOIN(ABC, "equalities: k"), "t k s t0 k0? n t1 k1 x");
    assert_fields(*state, JOIN(AB, "equalities: k, fields: {b: [n]}"), "t k s n");
    assert_fields(
        *state, JOIN(AB, "equalities: k, fields: {b: {m: n, other: k}, a: [s]}"), "s m other?");
    assert_fields(*state, JOIN(AB, "equalities: k, fields: {a: [], b: [n]}"), "n");
}

static void outer_joins_make_fields_nullable(void **state)
{
#define SOME(type) JOIN(ABC, "equalities: k, type: " type ", fields: {a: [s], b: [n], c: [x]}")
    assert_fields(*state, SOME("inner"), "s n x");
    assert_fields(*state, SOME("left"), "s n? x?");
    assert_fields(*state, SOME("right"), "s? n? x");
    assert_fields(*state, SOME("outer"), "s? n? x?");
    assert_fields(*state, SOME("{outer: [a]}"), "s n? x");
    assert_fields(*state, SOME("{outer: [b]}"), "s? n x?");
    assert_fields(*state, SOME("{outer: [b, c]}"), "s? n? x?");
    assert_fields(*state, SOME("{outer: []}"), "s n x");
}

static uint32_t n_keys(struct mr_region *region, const char *text)
{
    return find_join(read(region, text))->join.n_keys;
}

/* Only what every row of a result has in common may decide where rows go. */
static void keys_are_what_all_inputs_share(void **state)
{
    assert_int_equal(n_keys(*state, JOIN(AB, "equalities: k")), 1);
    assert_int_equal(n_keys(*state, JOIN(AB, "equalities: [{a: k, b: k}, {a: t, b: t}]")), 2);
    assert_int_equal(n_keys(*state, JOIN(ABC, "equalities: [{a: k, b: k}, {b: k, c: k}]")), 2);
    assert_int_equal(n_keys(*state, JOIN(ABC, "equalities: [{a: k, b: k}, {b: t, c: t}]")), 0);
    assert_int_equal(
        n_keys(*state, JOIN(ABC, "equalities: [{a: k, c: k}, {b: k, c: k}, {a: t, b: t}]")), 0);
}

static void equal_keys_go_to_the_same_place(void **state)
{
    const struct mr_plan *plan =
        mr_plan_make(*state, read(*state, JOIN(AB, "equalities: k, type: outer")));
    uint32_t n_shared = 0;
    for (uint32_t i = 0; i < plan->n_exchanges; i++) {
        if (plan->exchanges[i].kind != MR_EXCHANGE_HASH) continue;
        n_shared += plan->exchanges[i].shares_keys;
        assert_int_equal(plan->exchanges[i].n_keys, 1);
        assert_int_equal(plan->exchanges[i].key_fields[0], 1);
    }
    assert_int_equal(n_shared, 2);
}

static void a_condition_belongs_to_the_later_input(void **state)
{
    const struct mr_join *join =
        &find_join(read(*state, JOIN("{c: c, b: b, a: a}", "equalities: [{a: k, b: k, c: k}]")))
             ->join;
    assert_int_equal(join->inputs[0].n_equalities, 0);
    assert_int_equal(join->inputs[1].n_equalities, 1);
    assert_int_equal(join->inputs[1].equalities[0].other_input, 0);
    assert_int_equal(join->inputs[2].n_equalities, 1);
    assert_int_equal(join->inputs[2].equalities[0].other_input, 1);
}

struct refusal {
    const char *text;
    int line;
    const char *message;
    const char *hint; /* the nearest word, or NULL */
};

static void assert_refused(struct mr_region *region, const struct refusal *refusals, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct mr_graph *graph = NULL;
        struct mr_err err = {0};
        if (try(region, refusals[i].text, &graph, &err))
            fail_msg("accepted: %s", refusals[i].text);
        assert_string_equal(err.msg, refusals[i].message);
        assert_int_equal(err.input_line, refusals[i].line);
        char told[2048];
        mr_err_format(&err, told, sizeof told);
        if (refusals[i].hint && !strstr(told, refusals[i].hint)) fail_msg("no hint: %s", told);
    }
}

static void what_cannot_be_joined_is_refused_at_its_place(void **state)
{
    static const struct refusal refusals[] = {
        {JOIN(AB, ""), 6, "config of 'J' needs 'equalities'", NULL},
        {JOIN("a", "equalities: k"), 6, "missing inputs for 'J'", NULL},
        {JOIN(AB, "equalities: s"), 6,
            "unknown field 's' in 'equalities': as a text it must be a field of all inputs, "
            "and of 'b' it is not one",
            NULL},
        {JOIN(AB, "equalities: 3"), 6,
            "'equalities' must be a field that all inputs have, or a list of maps from alias "
            "to field",
            NULL},
        {JOIN(AB, "equalities: [k]"), 6,
            "an entry of 'equalities' must be a map from aliases of 'input' to their fields",
            NULL},
        {JOIN(AB, "equalities: [{a: k}]"), 6,
            "an entry of 'equalities' needs at least 2 aliases, not 1", NULL},
        {JOIN("{left: a, right: b}", "equalities: [{left: k, rigth: k}]"), 6,
            "'rigth' in 'equalities' is not one of the aliases in 'input'", "right"},
        {JOIN(AB, "equalities: [{a: k, b: kk}]"), 6,
            "unknown field 'kk' in 'equalities', of input 'b'", "k"},
        {JOIN(AB, "equalities: [{a: s, b: k}]"), 6,
            "type mismatch in 'equalities': 'a.s' is string, but 'b.k' is integer", NULL},
        {JOIN(ABC, "equalities: [{a: k, b: k}]"), 6,
            "the provided 'equalities' do not connect all of the inputs: 'c' is apart", NULL},
        {JOIN(ABC, "equalities: [{a: k, c: k}, {b: t, c: t}]"), 6,
            "no entry of 'equalities' joins 'b' to an input before it: put it later in 'input'",
            NULL},
        {JOIN(AB, "equalities: k, type: full"), 6, "unknown join type 'full'", NULL},
        {JOIN(AB, "equalities: k, type: {outer: a}"), 6,
            "as a map 'type' must be of the form {outer: [list of aliases]}", NULL},
        {JOIN(AB, "equalities: k, type: {outer: [d]}"), 6,
            "'d' in 'outer' is not one of the aliases in 'input'", "a"},
        {JOIN(AB, "equalities: k, fields: [k]"), 6,
            "'fields' must be a map from alias to a list, or a map, of fields", NULL},
        {JOIN(AB, "equalities: k, fields: {a: k}"), 6,
            "'fields' of 'a' must be a list of fields, or a map from new field to field", NULL},
        {JOIN(AB, "equalities: k, fields: {a: [k], b: [k]}"), 6, "redefinition of field 'k'",
            NULL},
        {JOIN(AB, "equalities: k, fields: {a: [z]}"), 6, "unknown field 'z' in 'fields' of 'a'",
            NULL},
        {JOIN(AB, "equalities: k, fields: {a: [], b: []}"), 6, "the result has no fields",
            NULL},
        {JOIN(AB, "equalities: k, on: k"), 6, "unknown key 'on' of 'config of Join'", NULL},
        {INPUTS
            "    - {type: Window, input: a, config: {windowing: {type: fixed, size: 1}}}\n"
            "    - {type: Join, name: J, input: {a: Window, b: b}, config: {equalities: k}}\n",
            7, "inputs of 'J' have different windowings", NULL},
        {INPUTS "    - {type: Join, name: J, input: {a: a, b: b}, config: {equalities: k}, "
                "windowing: {type: sessions, gap: 1}}\n",
            6, "'J' in session windows is not supported yet", NULL},
        {INPUTS
            "    - {type: Window, name: A, input: a, config: {windowing: {type: fixed, size: "
            "1}, allowed_lateness: 1s}}\n"
            "    - {type: Window, name: B, input: b, config: {windowing: {type: fixed, size: "
            "1}, allowed_lateness: 1s}}\n"
            "    - {type: Join, name: J, input: {a: A, b: B}, config: {equalities: k}}\n",
            8,
            "'J' gives its result once, when the window ends: triggers, accumulation and "
            "allowed lateness are not supported",
            NULL},
    };
    assert_refused(*state, refusals, sizeof refusals / sizeof *refusals);
}

#define STREAMS(config)                                                                        \
    INPUTS "    - {type: JoinStreams, name: J, input: {a: a, b: b}, config: {" config "}}\n"   \
           "    - {type: WriteToLog, input: J, config: {topic: out}}\n"

static void streams_are_joined_by_time_or_in_windows(void **state)
{
    const struct mr_graph *graph = read(*state,
        STREAMS("kind: interval, equalities: k, before: 2s, type: right, fields: {a: [s]}"));
    const struct mr_transform *transform = &graph->transforms[3];
    assert_int_equal(transform->kind, MR_JOIN_STREAMS);
    assert_int_equal(transform->join.kind, MR_JOIN_INTERVAL);
    assert_true(transform->join.before_us == 2 * MR_SECOND_US);
    assert_true(transform->join.after_us == 0);
    assert_true(transform->outputs[0].schema.fields[0].is_nullable);
    graph = read(*state, STREAMS("kind: temporal, equalities: k"));
    assert_int_equal(graph->transforms[3].join.kind, MR_JOIN_TEMPORAL);
    assert_true(graph->transforms[3].join.before_us == MR_US_MAX);
    graph = read(*state, STREAMS("kind: window, equalities: k"));
    assert_int_equal(graph->transforms[3].kind, MR_JOIN);
}

static void streams_that_cannot_be_joined_are_refused(void **state)
{
    static const struct refusal refusals[] = {
        {STREAMS("equalities: k"), 6, "config of 'J' needs 'kind'", NULL},
        {STREAMS("kind: intervall, equalities: k"), 6, "unknown kind of join 'intervall'",
            "interval"},
        {STREAMS("kind: interval, equalities: k"), 6,
            "config of 'J' needs 'before', 'after', or both", NULL},
        {STREAMS("kind: interval, equalities: k, after: 1d"), 6,
            "after '1d': a 'd' is 12 hours in Beam's windowing and would mislead here, write "
            "hours",
            NULL},
        {STREAMS("kind: temporal, equalities: k, after: 1s"), 6,
            "unknown key 'after' of 'config of a JoinStreams of kind 'temporal''", NULL},
        {STREAMS("kind: temporal, equalities: k, type: outer"), 6,
            "a temporal join is of type 'inner' or 'left'", NULL},
        {INPUTS "    - {type: JoinStreams, name: J, input: {a: a, b: b, c: c}, config: {kind: "
                "temporal, equalities: k}}\n",
            6, "'J' takes at most 2 inputs, not 3", NULL},
        {INPUTS
            "    - {type: JoinStreams, name: J, input: {a: a, b: b}, windowing: {type: fixed, "
            "size: 1}, config: {kind: temporal, equalities: k}}\n",
            6,
            "'J' joins by time: its inputs must be in the global window, and windows come "
            "after it",
            NULL},
    };
    assert_refused(*state, refusals, sizeof refusals / sizeof *refusals);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_are_all_or_the_chosen_ones),
        TEST(outer_joins_make_fields_nullable),
        TEST(keys_are_what_all_inputs_share),
        TEST(equal_keys_go_to_the_same_place),
        TEST(a_condition_belongs_to_the_later_input),
        TEST(what_cannot_be_joined_is_refused_at_its_place),
        TEST(streams_are_joined_by_time_or_in_windows),
        TEST(streams_that_cannot_be_joined_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
