/* `millrace lint`: what it says of pipelines and scenarios, with places. */
#include "tests/test_cli_whole.h"

#define READ                                                                                   \
    "pipeline:\n"                                                                              \
    "  transforms:\n"                                                                          \
    "    - type: ReadFromLog\n"                                                                \
    "      config: {topic: x, schema: {at: timestamp, k: integer, f: float}"
#define TIMED READ ", event_time: at, watermark: {strategy: ascending}}\n"
#define SINK(input) "    - {type: WriteToLog, input: " input ", config: {topic: y}}\n"

static void lint(struct bench *bench, const char *text)
{
    write_text("p.yaml", text, "");
    run(bench, "lint p.yaml", 0);
}

static void standard_types_are_portable(void **state)
{
    lint(*state,
        "pipeline: {type: chain, transforms: [{type: Create, config: {elements: [1]}}]}\n");
    says(*state, "p.yaml: portable to Beam: yes\np.yaml: confluent: yes\n");
    says(*state, "1 files, no errors, 0 warnings");
}

static void types_of_millrace_need_their_provider(void **state)
{
    lint(*state, TIMED SINK("ReadFromLog"));
    says(*state, "p.yaml: portable to Beam: no\n");
    says(*state, "p.yaml:3:13: note: 'ReadFromLog' is a type of Millrace, and 'providers'");
    says(*state, "p.yaml:5:14: note: 'WriteToLog' is a type of Millrace");
    lint(*state, TIMED SINK("ReadFromLog") "providers: [{include: millrace-providers.yaml}]\n");
    says(*state, "p.yaml: portable to Beam: yes, with the provider that it includes\n");
}

#define COMBINE(input, fn, value)                                                              \
    "    - type: Combine\n      input: " input                                                 \
    "\n      config: {group_by: k, combine: {n: {fn: " fn ", value: " value "}}}\n"

static void what_depends_on_order_is_named(void **state)
{
    lint(*state, TIMED COMBINE("ReadFromLog", "sum", "k") SINK("Combine"));
    says(*state, "p.yaml: confluent: yes\n");
    says(*state, "p.yaml:5:13: warning: a Combine in the global window");
    lint(*state, TIMED COMBINE("ReadFromLog", "sum", "f") SINK("Combine"));
    says(*state, "p.yaml: confluent: yes, but for what is noted\n");
    says(*state, "p.yaml:5:13: note: 'Combine' adds floats");
    lint(*state, TIMED "      windowing: {type: fixed, size: 10}\n" COMBINE(
                     "ReadFromLog", "count", "k") SINK("Combine"));
    says(*state, "p.yaml:6:13: note: 'Combine' drops rows that are late");
    lint(*state, READ "}\n      windowing: {type: fixed, size: 10}\n" COMBINE(
                     "ReadFromLog", "count", "k") SINK("Combine"));
    says(*state, "p.yaml: confluent: no\n");
    says(*state, "p.yaml:6:13: note: 'Combine' has windows of the times at which the log got");
    says(*state,
        "p.yaml:3:13: warning: the watermark of 'ReadFromLog' is that of the log's time");
}

/* Random pipelines on two clusters found these to differ. */
static void what_depends_on_batches_services_and_clocks_is_named(void **state)
{
    lint(*state,
        "pipeline:\n  type: chain\n  transforms:\n"
        "    - {type: Create, config: {elements: [1, 2]}}\n"
        "    - {type: Window, config: {windowing: {type: global}, trigger: {repeatedly: {count: "
        "2}}, accumulation: discarding}}\n"
        "    - {type: Combine, config: {group_by: [], combine: {n: {fn: count, value: "
        "element}}}}\n");
    says(*state, "p.yaml:6:14: note: 'Combine' fires by count");
    lint(*state,
        TIMED "    - {type: Lookup, input: ReadFromLog, config: {connector: c, key: k, fields: "
              "{x: string}}}\n" SINK("Lookup"));
    says(*state, "p.yaml: confluent: yes, but for what is noted\n");
    says(*state, "p.yaml:5:14: note: 'Lookup' calls a service");
    lint(*state, TIMED "      windowing: {type: fixed, size: 10}\n"
                       "    - {type: Sql, input: ReadFromLog, config: {query: 'SELECT COUNT(*) "
                       "AS n FROM PCOLLECTION'}}\n" SINK("Sql"));
    says(*state, "p.yaml:6:14: note: 'Sql' drops rows that are late");
    lint(*state, READ "}\n    - {type: ExtractWindowingInfo, input: ReadFromLog}\n" SINK(
                     "ExtractWindowingInfo"));
    says(*state, "p.yaml: confluent: no\n");
    says(*state, "'ExtractWindowingInfo' depends on the times at which the log got its rows");
}

static void times_that_are_assigned_late_are_warned_of(void **state)
{
    lint(*state, READ
        "}\n      windowing: {type: fixed, size: 1d}\n"
        "    - {type: AssignTimestamps, input: ReadFromLog, config: {timestamp: at}}\n" COMBINE(
            "AssignTimestamps", "count", "k") SINK("Combine"));
    says(*state, "p.yaml:5:38: warning: a 'd' in a windowing is 12 hours");
    says(*state, "p.yaml:6:14: warning: rows keep the windows that they had before "
                 "'AssignTimestamps'");
    says(*state,
        "p.yaml:6:14: warning: 'AssignTimestamps' moves rows in time, and the watermark");
    says(*state, "p.yaml: confluent: no\n");
}

static void outputs_that_nothing_reads_are_warned_of(void **state)
{
    lint(*state, TIMED "    - {type: Reshuffle, input: ReadFromLog}\n" SINK("ReadFromLog"));
    says(*state, "p.yaml:5:14: warning: nothing reads the output 'out' of 'Reshuffle'\n");
    lint(*state, TIMED "    - {type: Reshuffle, input: ReadFromLog}\n");
    says_not(*state, "nothing reads"); /* it is what the pipeline puts out */
}

static void functions_of_more_than_their_row_are_warned_of(void **state)
{
    static const struct {
        const char *callable;
        const char *says; /* NULL: nothing */
    } cases[] = {{"lambda row: random.random()", "'random': it draws at random"},
        {"lambda row: time.time()", "'time.time': it asks the clock"},
        {"lambda row: datetime.datetime.now().year", "'datetime.now': it asks the clock"},
        {"lambda row: row.random + len('randomly')", NULL},
        {"lambda row: row.k.__abs__()", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text,
            "pipeline:\n  type: chain\n  transforms:\n"
            "    - {type: Create, config: {elements: [{k: 1, random: 2}]}}\n"
            "    - type: MapToFields\n      config:\n        language: python\n"
            "        fields: {x: {callable: \"%s\", output_type: float}}\n",
            cases[i].callable);
        lint(*state, text);
        if (cases[i].says) says(*state, cases[i].says);
        if (cases[i].says) says(*state, "p.yaml:8:33: warning: the function says ");
        if (!cases[i].says) says(*state, "1 files, no errors, 0 warnings");
    }
}

static void a_bound_below_the_disorder_is_warned_of(void **state)
{
    run(*state, "lint small.yaml", 0);
    says_not(*state, "behind the largest time");
    write_text("s.yaml",
        "scenario: s\npipeline: pipeline.yaml\n"
        "streams: {events: {generate: {rows: 10, duration: 1s, disorder: 50ms}}}\n",
        "");
    run(*state, "lint s.yaml", 0);
    says(*state,
        "pipeline.yaml:4:13: warning: the watermark of 'ReadFromLog' waits for 10ms, and "
        "rows of 'events' come up to 50ms behind");
    says(*state,
        "s.yaml: portable to Beam: no\ns.yaml: confluent: yes, but for what is noted\n");
}

static void tests_of_pipelines_are_read(void **state)
{
    write_text("p.yaml",
        "pipeline: {type: chain, transforms: [{type: Create, config: {elements: [1]}}]}\n",
        "tests: [{expected_outputs: [{name: Creat, elements: []}]}]\n");
    run(*state, "lint p.yaml", 2);
    says(*state, "p.yaml:2:36: error: unknown transform 'Creat'");
}

static void each_of_several_pipelines_is_judged(void **state)
{
    lint(*state,
        "pipelines:\n"
        "  - pipeline: {type: chain, transforms: [{type: Create, config: {elements: [1]}}]}\n"
        "  - pipeline: {type: chain, transforms: [{type: Create, config: {elements: [1]}}]}\n");
    says(*state, "p.yaml[1]: portable to Beam: yes\n");
    says(*state, "p.yaml[2]: confluent: yes\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(standard_types_are_portable),
        TEST(types_of_millrace_need_their_provider),
        TEST(what_depends_on_order_is_named),
        TEST(what_depends_on_batches_services_and_clocks_is_named),
        TEST(times_that_are_assigned_late_are_warned_of),
        TEST(outputs_that_nothing_reads_are_warned_of),
        TEST(functions_of_more_than_their_row_are_warned_of),
        TEST(a_bound_below_the_disorder_is_warned_of),
        TEST(tests_of_pipelines_are_read),
        TEST(each_of_several_pipelines_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
