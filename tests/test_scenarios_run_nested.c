/* The engine against the oracle in a crashing world: rows with lists, maps, rows and values of
 * any type in them. */
#include "tests/test_scenarios_language.h"

#include "scenarios/run/run.h"

enum { SEEDS = 8 };

#define CLUSTER                                                                                \
    "cluster:\n"                                                                               \
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: 100ms, retention: 4}, "      \
    "heartbeat: {every: 100ms},\n"                                                             \
    "   batch: {seeded: [1, 5, 20]}, fetch: {rows: 10, rows_min: 1, wait: 50ms}, restart: "    \
    "{backoff: 50ms}}\n"
#define SCENARIO                                                                               \
    "scenario: s\n"                                                                            \
    "pipeline: p.yaml\n"                                                                       \
    "streams:\n"                                                                               \
    "  events: {partitions: 4, key: key, generate: {rows: 600, duration: 3s, keys: 12, "       \
    "values: 100}}\n" CLUSTER "faults:\n"                                                      \
    "  - crash: {worker: any, at: {between: [500ms, 2500ms]}, restart_after: 100ms}\n"         \
    "limits: {memory: 64MB}\n"
#define READ                                                                                   \
    "pipeline:\n"                                                                              \
    "  transforms:\n"                                                                          \
    "    - type: ReadFromLog\n"                                                                \
    "      config:\n"                                                                          \
    "        topic: events\n"                                                                  \
    "        schema: {at: timestamp, key: integer, value: integer}\n"                          \
    "        event_time: at\n"                                                                 \
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"
#define SINK(name, input)                                                                      \
    "    - {type: WriteToLog, name: " name ", input: " input ", config: {topic: " name "}}\n"

static void run_seeds(struct mr_region *region, const char *pipeline, uint64_t rows_min)
{
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    struct test_file file = {"p.yaml", pipeline};
    if (!test_try(region, SCENARIO, &file, &scenario, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        fail_msg("%s", message);
    }
    struct mr_arena_options options = {.bytes_max = mr_run_arena_bytes(scenario), .fill = -1};
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    struct mr_arena *arena = NULL;
    assert_true(mr_arena_open(&options, &arena, &err));
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_run_options run = {.seed = seed};
        mr_run(arena, scenario, &run, result);
        if (result->n_findings > 0)
            fail_msg("seed %d: %s %s\nexpected %s\nactual %s", (int)seed,
                mr_verdict_name(result->findings[0].verdict), result->findings[0].summary,
                result->findings[0].expected, result->findings[0].actual);
        assert_int_equal(result->end, MR_END_FINISHED);
        assert_true(result->counts.rows_matched >= rows_min);
    }
    mr_arena_close(arena);
}

/* Fields of each kind: what a record has too many of to be inline in a column, and what it has
 * few. */
#define NEST                                                                                   \
    "    - type: MapToFields\n"                                                                \
    "      name: Nest\n"                                                                       \
    "      input: ReadFromLog\n"                                                               \
    "      config:\n"                                                                          \
    "        language: python\n"                                                               \
    "        append: true\n"                                                                   \
    "        fields:\n"                                                                        \
    "          list: '[value, [str(key)] * (value % 4), None]'\n"                              \
    "          map: '{key: value / 4, \"k\": (value, key)}'\n"                                 \
    "          row: 'beam.Row(k=key % 3, inner=beam.Row(v=value % 5, w=\"w\" * (value % "      \
    "9)))'\n"                                                                                  \
    "          any: '[key, str(key), None, key / 2, {key}, value * 10 ** 20][value % 6]'\n"

static void nested_values_come_out_once(void **state)
{
    run_seeds(*state,
        READ NEST
        "    - type: MapToFields\n"
        "      name: Read\n"
        "      input: Nest\n"
        "      config:\n"
        "        language: python\n"
        "        fields:\n"
        "          list: list\n"
        "          any: any\n"
        "          row: {callable: 'lambda r: beam.Row(all=r, again=r.row)'}\n"
        "          v: {expression: 'row.inner.v + len(list[1])', output_type: integer}\n"
        "          words: {expression: 'list[1] + [row.inner.w]', output_type: [string]}\n"
        "          w: row.inner.w + str(any)\n" SINK("Out", "Read"),
        600);
}

static void any_value_is_kept_or_sent_by_its_truth_and_type(void **state)
{
    run_seeds(*state,
        READ NEST "    - {type: Filter, input: Nest, config: {keep: any}}\n"
                  "    - type: Partition\n"
                  "      input: Filter\n"
                  "      config:\n"
                  "        by: any\n"
                  "        outputs: ['1', '2']\n"
                  "        error_handling: {output: bad}\n" SINK("One", "Partition.1")
                      SINK("Two", "Partition.2") SINK("Bad", "Partition.bad"),
        300);
}

static void streams_of_different_types_flow_together(void **state)
{
    run_seeds(*state,
        READ NEST
        "    - {type: MapToFields, name: A, input: Nest, config: {fields: {x: list, y: key}}}\n"
        "    - {type: MapToFields, name: B, input: Nest, config: {fields: {y: any, z: row}}}\n"
        "    - {type: MapToFields, name: C, input: Nest, config: {fields: {x: value}}}\n"
        "    - {type: Flatten, input: [A, B, C]}\n" SINK("Out", "Flatten"),
        1800);
}

/* Keys of each kind, alone and together, in windows. */
static void groups_may_have_any_key(void **state)
{
    run_seeds(*state,
        READ NEST
        "    - {type: WindowInto, input: Nest, config: {windowing: {type: fixed, size: "
        "700ms}}}\n"
        "    - {type: Combine, name: A, input: WindowInto, config: {group_by: any, combine: "
        "{n: {fn: "
        "count, value: key}, most: {fn: max, value: value}}}}\n"
        "    - {type: Combine, name: B, input: WindowInto, config: {group_by: row, combine: "
        "{n: {fn: "
        "count, value: key}, all: {fn: sum, value: value}}}}\n"
        "    - {type: Combine, name: C, input: WindowInto, config: {group_by: [any, key, map], "
        "combine: {n: {fn: count, value: list}}}}\n" SINK("OutA", "A") SINK("OutB", "B")
            SINK("OutC", "C"),
        100);
}

/* Products, lists side by side, texts and maps; and what cannot be iterated over. */
static void exploded_rows_come_out_once(void **state)
{
    run_seeds(*state,
        READ NEST
        "    - {type: Explode, name: A, input: Nest, config: {fields: list}}\n"
        "    - {type: Explode, name: B, input: Nest, config: {fields: [map, list], "
        "cross_product: "
        "true}}\n"
        "    - {type: Explode, name: C, input: Nest, config: {fields: [list, any, row], "
        "cross_product: false, error_handling: {output: bad}}}\n"
        "    - {type: Explode, name: D, input: C.bad, config: {fields: [msg, element], "
        "cross_product: false}}\n" SINK("OutA", "A") SINK("OutB", "B") SINK("OutC", "C")
            SINK("OutD", "D"),
        6000);
}

#define FOLDS                                                                                  \
    "combine: {g: {fn: group, value: any}, c: {fn: concat, value: list}, all: {fn: all, "      \
    "value: any}, some: {fn: any, value: row.inner.v}, n: {fn: count, value: key}}"

/* The values themselves are state: they go through snapshots, exchanges and merged slices. */
static void values_are_folded_once(void **state)
{
    run_seeds(*state,
        READ NEST "    - {type: WindowInto, name: W, input: Nest, config: {windowing: {type: "
                  "fixed, size: "
                  "700ms}}}\n"
                  "    - {type: WindowInto, name: S, input: Nest, config: {windowing: {type: "
                  "sliding, size: "
                  "900ms, period: 300ms}}}\n"
                  "    - {type: Combine, name: A, input: W, config: {language: python, "
                  "group_by: key, " FOLDS "}}\n"
                  "    - {type: Combine, name: B, input: S, config: {language: python, "
                  "group_by: [any], " FOLDS "}}\n" SINK("OutA", "A") SINK("OutB", "B"),
        100);
}

static void values_are_folded_by_functions_in_python(void **state)
{
    run_seeds(*state,
        READ NEST
        "    - {type: WindowInto, name: W, input: Nest, config: {windowing: {type: fixed, "
        "size: "
        "700ms}}}\n"
        "    - type: Combine\n"
        "      input: W\n"
        "      config:\n"
        "        group_by: key\n"
        "        language: python\n"
        "        combine:\n"
        "          sum: {value: 'value ** 9', fn: sum}\n"
        "          most: {value: 'value ** 9', fn: max}\n"
        "          mean: {value: 'value / 3 if value % 2 else value ** 2', fn: mean}\n"
        "          top: {value: value, fn: {type: beam.combiners.TopCombineFn, config: {n: "
        "3}}}\n"
        "          set: {value: row, fn: beam.combiners.ToSetCombineFn}\n"
        "          own: {value: value, fn: 'lambda values: [v for v in values if v % "
        "2][:3]'}\n" SINK("Out", "Combine"),
        50);
}

/* Before a Combine, behind it, and behind another exchange. */
static void panes_and_windows_are_values(void **state)
{
    run_seeds(*state,
        READ
        "    - {type: ExtractWindowingInfo, name: A, input: ReadFromLog, config: {fields: "
        "[window_object, pane_info]}}\n"
        "    - {type: WindowInto, name: W, input: ReadFromLog, config: {windowing: {type: "
        "fixed, "
        "size: 700ms}}}\n"
        "    - {type: Combine, input: W, config: {group_by: key, combine: {n: {fn: count, "
        "value: "
        "key}}}}\n"
        "    - {type: Reshuffle, input: Combine}\n"
        "    - {type: ExtractWindowingInfo, name: B, input: Reshuffle, config: {fields: {w: "
        "window_object, p: pane_info}}}\n"
        "    - {type: MapToFields, input: B, config: {language: python, append: true, fields: "
        "{late: "
        "p.timing, from: w.start, i: p.index + 1}}}\n" SINK("OutA", "A")
            SINK("OutB", "MapToFields"),
        650);
}

/* Early panes and those on time, judged by the reference machine. */
static void panes_of_triggers_are_values(void **state)
{
    run_seeds(*state,
        READ NEST "    - type: Window\n"
                  "      input: Nest\n"
                  "      config:\n"
                  "        windowing: {type: fixed, size: 700ms}\n"
                  "        trigger: {after_watermark: {early: {count: 5}}}\n"
                  "        accumulation: accumulating\n"
                  "    - {type: Combine, input: Window, config: {group_by: [row], combine: {n: "
                  "{fn: count, "
                  "value: key}, most: {fn: max, value: value}}}}\n"
                  "    - {type: ExtractWindowingInfo, input: Combine, config: {fields: {p: "
                  "pane_info}}}\n" SINK("Out", "ExtractWindowingInfo"),
        100);
}

static void nested_values_are_validated_once(void **state)
{
    run_seeds(*state,
        READ NEST
        "    - type: ValidateWithSchema\n"
        "      input: Nest\n"
        "      config:\n"
        "        error_handling: {output: bad}\n"
        "        schema:\n"
        "          type: object\n"
        "          required: [any]\n"
        "          properties:\n"
        "            list: {type: array, items: {minimum: 3, maximum: 95, maxItems: 2}, "
        "minItems: 2}\n"
        "            map: {additionalProperties: {type: [number, array], exclusiveMaximum: "
        "20.5}}\n"
        "            row: {required: [k, inner], properties: {k: {enum: [0, 1.0]}, inner: "
        "{properties: {w: {minLength: 1}}, additionalProperties: {type: integer}}}}\n"
        "            any: {type: [integer, string], maxLength: 1, maximum: 100}\n"
        "    - {type: StripErrorMetadata, input: ValidateWithSchema.bad}\n" SINK(
            "Good", "ValidateWithSchema") SINK("Bad", "ValidateWithSchema.bad")
            SINK("Rows", "StripErrorMetadata"),
        600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(nested_values_come_out_once),
        LANGUAGE_TEST(any_value_is_kept_or_sent_by_its_truth_and_type),
        LANGUAGE_TEST(streams_of_different_types_flow_together),
        LANGUAGE_TEST(groups_may_have_any_key),
        LANGUAGE_TEST(exploded_rows_come_out_once),
        LANGUAGE_TEST(values_are_folded_once),
        LANGUAGE_TEST(panes_and_windows_are_values),
        LANGUAGE_TEST(panes_of_triggers_are_values),
        LANGUAGE_TEST(nested_values_are_validated_once),
        LANGUAGE_TEST(values_are_folded_by_functions_in_python),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
