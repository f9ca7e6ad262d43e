/* The engine against the oracle in a crashing world: pipelines of the transforms that sort,
 * spread and check rows, with values at the ends of their types. */
#include "tests/test_scenarios_language.h"

#include "scenarios/run/run.h"

enum { SEEDS = 12 };

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

/* 600 rows, each in one of the four topics, or with what was wrong in the fifth. */
static void partitioned_rows_come_out_once(void **state)
{
    run_seeds(*state,
        READ
        "    - type: Partition\n"
        "      input: ReadFromLog\n"
        "      config:\n"
        "        language: python\n"
        "        by: >-\n"
        "          'even' if value % 2 == 0 else None if value % 3 == 0\n"
        "          else 'a name that is too long to lie in the row itself' if value % 5 == 0\n"
        "          else str(value // (value % 7)) if value > 50 else 'odd'\n"
        "        outputs: [even, odd, a name that is too long to lie in the row itself, none]\n"
        "        error_handling: {output: bad}\n" SINK("Even", "Partition.even")
            SINK("Odd", "Partition.odd")
                SINK("Long", "Partition.a name that is too long to lie in the row itself")
                    SINK("None", "Partition.none") SINK("Bad", "Partition.bad"),
        600);
}

/* One output is read twice, and all come together again. */
static void partitions_can_be_flattened_again(void **state)
{
    run_seeds(*state,
        READ "    - type: Partition\n"
             "      input: ReadFromLog\n"
             "      config: {language: python, by: str(value % 3), outputs: ['0', '1'], "
             "unknown_output: more}\n"
             "    - {type: Reshuffle, input: Partition.0}\n"
             "    - {type: Flatten, input: [Reshuffle, Partition.1, Partition.more]}\n" SINK(
                 "One", "Partition.1") SINK("More", "Partition.more") SINK("All", "Flatten"),
        900);
}

/* Behind the Reshuffle keys come from all subtasks; windows and late rows are as before. */
static void what_is_reshuffled_is_counted_once(void **state)
{
    run_seeds(*state,
        READ
        "    - {type: Reshuffle, name: R, input: ReadFromLog}\n"
        "    - {type: Window, input: R, config: {windowing: {type: fixed, size: 100ms}}}\n"
        "    - {type: Reshuffle, name: S, input: Window}\n"
        "    - type: Combine\n"
        "      input: S\n"
        "      config: {group_by: key, combine: {n: {fn: count, value: key}, total: {fn: sum, "
        "value: value}}}\n"
        "    - {type: Reshuffle, name: T, input: Combine}\n" SINK("Out", "T"),
        100);
}

static void windowing_info_is_that_of_the_row(void **state)
{
    run_seeds(*state,
        READ
        "    - {type: Window, input: ReadFromLog, config: {windowing: {type: fixed, size: "
        "0.35, offset: 0.1}}}\n"
        "    - {type: Combine, input: Window, config: {group_by: key, combine: {n: {fn: count, "
        "value: key}}}}\n"
        "    - {type: AssignTimestamps, input: Combine, config: {language: python, timestamp: "
        "n "
        "* 1.5}}\n"
        "    - {type: ExtractWindowingInfo, name: Info, input: AssignTimestamps, config: "
        "{fields: "
        "[timestamp, window_start, window_end, window_string, window_type]}}\n"
        "    - {type: ExtractWindowingInfo, name: Global, input: ReadFromLog, config: {fields: "
        "{s: window_string, e: window_end, t: timestamp}}}\n" SINK("Out", "Info")
            SINK("All", "Global"),
        600);
}

#define ENDS                                                                                   \
    "    - type: Create\n"                                                                     \
    "      config:\n"                                                                          \
    "        elements:\n"                                                                      \
    "          - {i: 9223372036854775807, f: 9007199254740992.0, s: abc}\n"                    \
    "          - {i: -9223372036854775808, f: .nan, s: ''}\n"                                  \
    "          - {i: 9007199254740993, f: .inf, s: 'äöü'}\n"                                \
    "          - {i: 0, f: -0.0, s: a text that is too long to lie in the row itself}\n"       \
    "          - {i: -3, f: -3.5, s: abcd}\n"                                                  \
    "          - {i: null, f: 3.0, s: ab}\n"                                                   \
    "          - {i: 3, f: null, s: null}\n"                                                   \
    "          - {i: 3, f: -.inf, s: 'äö'}\n"

#define CHECKED(name, schema)                                                                  \
    "    - {type: ValidateWithSchema, name: " name                                             \
    ", input: Create, config: {error_handling: {output: bad}, schema: {type: object, " schema  \
    "}}}\n"                                                                                    \
    "    - {type: StripErrorMetadata, name: S" name ", input: " name                           \
    ".bad}\n" SINK("G" name, name) SINK("B" name, name ".bad") SINK("T" name, "S" name)
#define PROPERTIES(name, properties) CHECKED(name, "properties: {" properties "}")

/* Rules by columns in the engine, by rows in the oracle. */
static void engine_and_oracle_agree_on_what_is_valid(void **state)
{
    run_seeds(*state,
        READ SINK("Events", "ReadFromLog") ENDS PROPERTIES(
            "A", "i: {minimum: -3.5, exclusiveMaximum: 9223372036854775808.0}") PROPERTIES("B",
            "i: {exclusiveMinimum: -9223372036854775808, maximum: 9007199254740992.0}")
            PROPERTIES("C", "f: {minimum: -3, exclusiveMaximum: 9007199254740993}")
                PROPERTIES("D", "f: {type: integer}") PROPERTIES(
                    "E", "f: {enum: [9007199254740993, 0, -3.5, 3]}, i: {const: 3.0}")
                    PROPERTIES("F", "s: {minLength: 1, maxLength: 3}") CHECKED(
                        "G", "required: [i, f], properties: {s: {enum: [abc, 'äöü', '']}}")
                        CHECKED("H", "additionalProperties: false, properties: {i: {}, s: {}}"),
        600 + 8 * 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(partitioned_rows_come_out_once),
        LANGUAGE_TEST(partitions_can_be_flattened_again),
        LANGUAGE_TEST(what_is_reshuffled_is_counted_once),
        LANGUAGE_TEST(windowing_info_is_that_of_the_row),
        LANGUAGE_TEST(engine_and_oracle_agree_on_what_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
