/* The pipelines that are put under stress, as texts: one for each way in which rows can go
 * through the engine. */
#ifndef MR_TESTS_STRESS_PIPELINES_H
#define MR_TESTS_STRESS_PIPELINES_H

#include "scenarios/language/scenario.h"

struct stress_pipeline {
    const char *name;
    const char *text;
    const char *rows;   /* of `generate`, besides what all have; NULL: nothing */
    const char *stream; /* more keys of the stream; NULL: none */
    const char *services; /* more keys of `services`; NULL: none */
    bool has_more;      /* reads the second stream, `more`, too */
    /* What may be found, and over all the mixes must be. PASS: nothing. */
    enum mr_check meant_check;
    enum mr_verdict meant;
    const char *amount; /* of `generate`; NULL: the usual one */
    const char *check; /* more keys of `check`; NULL: none */
};

/* What the Lookups find: `names.csv` lies beside the pipeline. Some keys of the streams are not in it. */
static const char stress_table[] = "id,name,score\n0,zero,0.5\n1,one,\n2,two,2\n3,three,3.25\n"
                                   "4,four,-4\n5,five,5\n7,a name that is longer,7\n8,eight,8\n"
                                   "9,nine,9\n10,ten,10\n11,eleven,11\n13,thirteen,13\n";
#define NAMES(errors, lost)                                                                    \
    "  names: {table: names.csv, key: id, latency: {kind: lognormal, median: 2ms, p99: 12ms}, " \
    "errors: " errors ", lost: " lost "}\n"
#define LOOKUP(name, input, knobs)                                                             \
    "    - type: Lookup\n"                                                                     \
    "      name: " name "\n"                                                                   \
    "      input: " input "\n"                                                                 \
    "      config: {connector: names, key: key, fields: {name: string, score: float?}, "       \
    "timeout: 15ms, retries: 1, backoff: 3ms, " knobs "}\n"

#define CHAIN "pipeline:\n  type: chain\n  transforms:\n"
#define TREE "pipeline:\n  transforms:\n"
#define READ_AS(name, topic, key, watermark)                                                   \
    "    - type: ReadFromLog\n"                                                                \
    "      name: " name "\n"                                                                   \
    "      config:\n"                                                                          \
    "        topic: " topic "\n"                                                               \
    "        schema: {at: timestamp, key: " key ", value: integer}\n"                          \
    "        event_time: at\n"                                                                 \
    "        watermark: " watermark "\n"
#define BOUNDED(most) "{strategy: bounded, max_out_of_orderness: " most "}"
#define READ READ_AS("Read", "events", "integer", BOUNDED("10ms"))
#define READ_WITH(watermark) READ_AS("Read", "events", "integer", watermark)
#define READ_TWO                                                                               \
    READ_AS("A", "events", "integer", BOUNDED("10ms"))                                         \
    READ_AS("B", "more", "integer", BOUNDED("10ms"))
#define WINDOW(size, lateness)                                                                 \
    "    - type: Window\n"                                                                     \
    "      config: {windowing: {type: fixed, size: " size "}, allowed_lateness: " lateness     \
    "}\n"
#define FOLD                                                                                   \
    "    - type: Combine\n"                                                                    \
    "      config:\n"                                                                          \
    "        group_by: key\n"                                                                  \
    "        combine: {n: {fn: count, value: key}, total: {fn: sum, value: value},\n"          \
    "                  lo: {fn: min, value: value}, m: {fn: mean, value: value}}\n"
#define WRITE(key, delivery)                                                                   \
    "    - type: WriteToLog\n"                                                                 \
    "      config: {topic: out, " key "delivery: " delivery "}\n"
#define WRITE_ONCE WRITE("key: key, ", "exactly_once")
#define WRITE_OF(name, input, topic, delivery)                                                 \
    "    - type: WriteToLog\n"                                                                 \
    "      name: " name "\n"                                                                   \
    "      input: " input "\n"                                                                 \
    "      config: {topic: " topic ", delivery: " delivery "}\n"
#define WINDOW_OF(input)                                                                       \
    "    - type: Window\n"                                                                     \
    "      input: " input "\n"                                                                 \
    "      config: {windowing: {type: fixed, size: 100ms}}\n"

#define SOME_DISORDER ", disorder: 8ms"
#define MUCH_DISORDER ", disorder: 25ms"
#define SILENCES                                                                               \
    ", silence: [{partition: 1, from: 400ms, for: 500ms}, {partition: 2, from: 800ms, for: "   \
    "700ms}, {partition: 0, from: 1500ms, for: 600ms}]"
/* A pipeline reads downwards. */
/* clang-format off */
static const struct stress_pipeline stress_pipelines[] = {
    {.name = "windows",
        .rows = SOME_DISORDER,
        .text = CHAIN READ WINDOW("100ms", "0s") FOLD WRITE_ONCE},
    {.name = "string-keys",
        .rows = SOME_DISORDER,
        .text = CHAIN READ_AS("Read", "events", "string", BOUNDED("10ms"))
            WINDOW("100ms", "0s") FOLD WRITE_ONCE},
    {.name = "lateness",
        .rows = MUCH_DISORDER,
        .text = CHAIN READ_WITH(BOUNDED("2ms")) WINDOW("50ms", "40ms") FOLD WRITE_ONCE},
    {.name = "ascending",
        .rows = MUCH_DISORDER,
        .text = CHAIN READ_WITH("{strategy: ascending}") WINDOW("50ms", "0s") FOLD WRITE_ONCE},
    {.name = "idle",
        .rows = SOME_DISORDER,
        .stream = SILENCES,
        .text = CHAIN
            READ_WITH("{strategy: bounded, max_out_of_orderness: 10ms, idle_after: 60ms}")
            WINDOW("50ms", "0s") FOLD WRITE_ONCE},
    {.name = "idle-and-tight",
        .rows = MUCH_DISORDER,
        .stream = SILENCES,
        .check = "  late: {dropped_at_most: 0.1%}\n",
        .meant_check = MR_CHECK_LATE, .meant = MR_VERDICT_LATE,
        .text = CHAIN
            READ_WITH("{strategy: bounded, max_out_of_orderness: 3ms, idle_after: 30ms}")
            WINDOW("30ms", "10ms") FOLD WRITE_ONCE},
    {.name = "map",
        .text = CHAIN READ
            "    - type: Filter\n"
            "      config: {language: python, keep: value % 3 > 0}\n"
            "    - type: MapToFields\n"
            "      config: {language: python, fields: {key: key, d: value * 2}}\n"
            WRITE_ONCE},
    {.name = "global-window",
        .rows = SOME_DISORDER,
        .text = CHAIN READ FOLD WRITE_ONCE},
    {.name = "sessions",
        .rows = MUCH_DISORDER,
        .text = CHAIN READ_WITH(BOUNDED("4ms"))
            "    - type: Window\n"
            "      config: {windowing: {type: sessions, gap: 15ms}, allowed_lateness: 30ms}\n"
            FOLD WRITE_ONCE},
    {.name = "early-and-late",
        .rows = MUCH_DISORDER,
        .text = CHAIN READ_WITH(BOUNDED("2ms"))
            "    - type: Window\n"
            "      config:\n"
            "        windowing: {type: fixed, size: 50ms}\n"
            "        trigger: {after_watermark: {early: {count: 2}, late: {count: 2}}}\n"
            "        accumulation: accumulating\n"
            "        allowed_lateness: 40ms\n"
            FOLD WRITE_ONCE},
    {.name = "taken-back",
        .rows = MUCH_DISORDER,
        .text = CHAIN READ_WITH(BOUNDED("2ms"))
            "    - type: Window\n"
            "      config:\n"
            "        windowing: {type: sessions, gap: 12ms}\n"
            "        trigger: {after_watermark: {early: {count: 1}, late: {count: 1}}}\n"
            "        accumulation: retracting\n"
            "        allowed_lateness: 40ms\n"
            FOLD WRITE_ONCE},
    {.name = "by-processing-time",
        .rows = SOME_DISORDER,
        .text = CHAIN READ
            "    - type: Window\n"
            "      config:\n"
            "        windowing: {type: sessions, gap: 10ms}\n"
            "        trigger: {repeatedly: {after_any: [{count: 4}, {delay: 25ms}]}}\n"
            "        timestamp_combiner: earliest\n"
            "    - {type: Combine, name: First, config: {group_by: [key, value], combine: {n: "
            "{fn: count, value: key}}}}\n"
            "    - {type: Combine, name: Second, config: {group_by: key, combine: {n: sum}}}\n"
            WRITE_ONCE},
    {.name = "two-folds",
        .rows = SOME_DISORDER,
        .text = CHAIN READ WINDOW("50ms", "0s") FOLD
            "    - type: Window\n"
            "      name: Wider\n"
            "      config: {windowing: {type: fixed, size: 200ms}}\n"
            "    - type: Combine\n"
            "      name: Counts\n"
            "      config:\n"
            "        group_by: n\n"
            "        combine: {k: {fn: count, value: key}, s: {fn: sum, value: total}}\n"
            WRITE("key: n, ", "exactly_once")},
    {.name = "one-group",
        .rows = SOME_DISORDER,
        .text = CHAIN READ WINDOW("100ms", "0s")
            "    - type: Combine\n"
            "      config: {group_by: [], combine: {n: {fn: count, value: key}}}\n"
            WRITE("", "exactly_once")},
    {.name = "two-inputs",
        .rows = SOME_DISORDER, .has_more = true,
        .text = TREE READ_TWO
            "    - type: Flatten\n"
            "      input: {a: A, b: B}\n"
            WINDOW_OF("Flatten")
            "    - type: Combine\n"
            "      input: Window\n"
            "      config:\n"
            "        group_by: key\n"
            "        combine: {n: {fn: count, value: key}, total: {fn: sum, value: value}}\n"
            WRITE_OF("Sink", "Combine", "out, key: key", "exactly_once")},
    {.name = "two-inputs-without-state",
        .has_more = true,
        .text = TREE READ_TWO
            "    - type: Flatten\n"
            "      input: {a: A, b: B}\n"
            WRITE_OF("Sink", "Flatten", "out, key: key", "exactly_once")},
    {.name = "error-output",
        .text = TREE READ
            "    - type: MapToFields\n"
            "      name: Divide\n"
            "      input: Read\n"
            "      config:\n"
            "        language: python\n"
            "        fields: {key: key, q: 100 // (value % 4)}\n"
            "        error_handling: {output: bad}\n"
            WRITE_OF("Good", "Divide.good", "out, key: key", "exactly_once")
            WRITE_OF("Bad", "Divide.bad", "oops", "exactly_once")},
    {.name = "assigned-times",
        .rows = SOME_DISORDER,
        .text = CHAIN READ
            "    - type: AssignTimestamps\n"
            "      config: {language: python, timestamp: value}\n"
            WINDOW("1s", "0s") FOLD WRITE_ONCE},
    {.name = "at-least-once",
        .rows = SOME_DISORDER,
        .meant_check = MR_CHECK_EXACTLY_ONCE, .meant = MR_VERDICT_DUPLICATE,
        .text = CHAIN READ WINDOW("100ms", "0s") FOLD WRITE("key: key, ", "at_least_once")},
    {.name = "at-least-once-without-state",
        .meant_check = MR_CHECK_EXACTLY_ONCE, .meant = MR_VERDICT_DUPLICATE,
        .text = CHAIN READ WRITE("key: key, ", "at_least_once")},
    {.name = "created-rows",
        .rows = SOME_DISORDER,
        .text = TREE
            "    - type: Create\n"
            "      config: {elements: [{key: 1, value: 2}, {key: 2, value: 3}]}\n"
            READ
            "    - type: MapToFields\n"
            "      input: Read\n"
            "      config: {language: python, fields: {key: key, value: value}}\n"
            "    - type: Flatten\n"
            "      input: {a: Create, b: MapToFields}\n"
            WRITE_OF("Sink", "Flatten", "out, key: key", "exactly_once")},
    {.name = "panes-beside-rows",
        .rows = SOME_DISORDER,
        .text = TREE READ WINDOW_OF("Read")
            "    - {type: Combine, input: Window, config: {group_by: key, combine: {value: sum}}}\n"
            "    - type: MapToFields\n"
            "      input: Window\n"
            "      config: {fields: {key: key, value: value}}\n"
            "    - {type: Flatten, input: [Combine, MapToFields]}\n"
            WRITE_OF("Sink", "Flatten", "out, key: key", "exactly_once")},
    {.name = "three-sinks",
        .rows = SOME_DISORDER,
        .meant_check = MR_CHECK_EXACTLY_ONCE, .meant = MR_VERDICT_DUPLICATE,
        .text = TREE READ WINDOW_OF("Read")
            "    - type: Combine\n"
            "      name: ByKey\n"
            "      input: Window\n"
            "      config: {group_by: key, combine: {n: {fn: count, value: key}}}\n"
            "    - type: Combine\n"
            "      name: ByValue\n"
            "      input: Window\n"
            "      config: {group_by: value, combine: {n: {fn: count, value: key}}}\n"
            WRITE_OF("Keys", "ByKey", "out, key: key", "exactly_once")
            WRITE_OF("Values", "ByValue", "out2, key: value", "at_least_once")
            WRITE_OF("Raw", "Read", "raw, key: key", "exactly_once")},
    {.name = "partitioned",
        .rows = SOME_DISORDER,
        .text = TREE READ
            "    - {type: Reshuffle, input: Read}\n"
            "    - type: Partition\n"
            "      input: Reshuffle\n"
            "      config: {language: python, by: str(100 // (value % 9)), outputs: ['20', '33'], "
            "unknown_output: more, error_handling: {output: bad}}\n"
            "    - type: StripErrorMetadata\n"
            "      input: Partition.bad\n"
            "    - type: Flatten\n"
            "      input: [StripErrorMetadata, Partition.33, Partition.more]\n"
            WRITE_OF("Some", "Partition.20", "out, key: key", "exactly_once")
            WRITE_OF("Others", "Flatten", "out2, key: key", "exactly_once")},
    {.name = "validated-and-reshuffled",
        .rows = SOME_DISORDER,
        .text = TREE READ
            "    - type: ValidateWithSchema\n"
            "      input: Read\n"
            "      config: {schema: {type: object, properties: {value: {minimum: 10}}}, "
            "error_handling: {output: bad}}\n"
            WINDOW_OF("ValidateWithSchema")
            "    - {type: Reshuffle, input: Window}\n"
            "    - type: Combine\n"
            "      input: Reshuffle\n"
            "      config: {group_by: key, combine: {n: {fn: count, value: key}}}\n"
            "    - type: ExtractWindowingInfo\n"
            "      input: Combine\n"
            WRITE_OF("Panes", "ExtractWindowingInfo", "out, key: key", "exactly_once")
            WRITE_OF("Bad", "ValidateWithSchema.bad", "oops", "exactly_once")},
    {.name = "functions",
        .rows = SOME_DISORDER,
        .text = TREE READ
            "    - type: MapToFields\n"
            "      input: Read\n"
            "      config:\n"
            "        language: python\n"
            "        error_handling: {output: bad}\n"
            "        fields:\n"
            "          key: key\n"
            "          value: {callable: 'lambda row: 12 // (row.value % 7)', output_type: integer}\n"
            "          text: {expression: 'f\"{key}:{value:>3}\"', output_type: string}\n"
            "          draw:\n"
            "            output_type: integer\n"
            "            callable: |\n"
            "              import random, time\n"
            "              def f(row):\n"
            "                  return random.randrange(100) + int(time.time() * 1000) % 7\n"
            "    - type: Filter\n"
            "      input: MapToFields\n"
            "      config: {language: python, keep: \"any(c in text for c in '13579')\"}\n"
            WINDOW_OF("Filter")
            "    - type: Combine\n"
            "      input: Window\n"
            "      config:\n"
            "        group_by: key\n"
            "        language: python\n"
            "        combine:\n"
            "          total: {fn: sum, value: {expression: 'value ** 2 + draw', output_type: "
            "integer}}\n"
            "          first: {fn: min, value: text}\n"
            WRITE_OF("Sink", "Combine", "out, key: key", "exactly_once")
            WRITE_OF("Bad", "MapToFields.bad", "bad", "exactly_once")},
    {.name = "joined",
        .rows = SOME_DISORDER, .has_more = true,
        .text = TREE READ_TWO
            "    - {type: WindowInto, name: L, input: A, config: {windowing: {type: fixed, size: "
            "80ms}}}\n"
            "    - {type: WindowInto, name: R, input: B, config: {windowing: {type: fixed, size: "
            "80ms}}}\n"
            "    - type: Join\n"
            "      input: {l: L, r: R}\n"
            "      config: {equalities: key, type: outer, fields: {r: {other: key, w: value}}}\n"
            WRITE_OF("Sink", "Join", "out, key: key", "exactly_once")},
    {.name = "joined-in-one-place",
        .rows = MUCH_DISORDER, .has_more = true,
        .text = TREE READ_TWO
            "    - {type: WindowInto, name: L, input: A, config: {windowing: {type: sliding, "
            "size: 60ms, period: 30ms}}}\n"
            "    - {type: WindowInto, name: R, input: B, config: {windowing: {type: sliding, "
            "size: 60ms, period: 30ms}}}\n"
            "    - {type: Combine, input: L, config: {group_by: key, combine: {value: max}}}\n"
            "    - type: Join\n"
            "      input: {l: Combine, m: L, r: R}\n"
            "      config:\n"
            "        equalities: [{l: key, m: key}, {m: value, r: value}]\n"
            "        type: {outer: [l, m]}\n"
            WRITE_OF("Sink", "Join", "out", "exactly_once")},
    {.name = "queried",
        .rows = SOME_DISORDER, .has_more = true,
        .text = TREE READ_TWO
            "    - {type: WindowInto, name: L, input: A, config: {windowing: {type: fixed, size: "
            "80ms}}}\n"
            "    - {type: WindowInto, name: R, input: B, config: {windowing: {type: fixed, size: "
            "80ms}}}\n"
            "    - type: Sql\n"
            "      input: {l: L, r: R}\n"
            "      config:\n"
            "        query: >\n"
            "          SELECT l.key, COUNT(*) AS n, SUM(l.`value` - r.`value`) AS d\n"
            "          FROM l LEFT JOIN r ON l.key = r.key GROUP BY l.key\n"
            "    - {type: Filter, input: Sql, config: {language: sql, keep: 'n > 1 OR d IS "
            "NULL'}}\n"
            WRITE_OF("Sink", "Filter", "out, key: key", "exactly_once")},
    {.name = "piles",
        .rows = SOME_DISORDER,
        .text = TREE READ
            "    - {type: WindowInto, input: Read, config: {windowing: {type: sliding, size: 90ms, "
            "period: 30ms}}}\n"
            "    - type: Combine\n"
            "      input: WindowInto\n"
            "      config:\n"
            "        group_by: key\n"
            "        combine: {value: group, all: {fn: all, value: value}, n: {fn: count, value: "
            "key}}\n"
            "    - type: ExtractWindowingInfo\n"
            "      input: Combine\n"
            "      config: {fields: [window_object, pane_info]}\n"
            "    - {type: Explode, input: ExtractWindowingInfo, config: {fields: value}}\n"
            "    - type: Combine\n"
            "      name: Again\n"
            "      input: Explode\n"
            "      config: {group_by: [pane_info, window_object, all], combine: {value: max, panes: "
            "{fn: group, value: pane_info}}}\n"
            WRITE_OF("Sink", "Explode", "out, key: key", "exactly_once")
            WRITE_OF("Other", "Again", "other", "exactly_once")},
    {.name = "late-piles",
        .rows = MUCH_DISORDER,
        .text = CHAIN READ_WITH(BOUNDED("2ms")) WINDOW("50ms", "40ms")
            "    - {type: Combine, config: {group_by: key, combine: {value: group}}}\n"
            WRITE_ONCE},
    {.name = "nested",
        .rows = SOME_DISORDER,
        .text = TREE READ
            "    - type: MapToFields\n"
            "      input: Read\n"
            "      config:\n"
            "        language: python\n"
            "        append: true\n"
            "        error_handling: {output: bad}\n"
            "        fields:\n"
            "          list: '[value, str(key), None][: value % 4]'\n"
            "          row: 'beam.Row(k=key, in_=beam.Row(v=12 // (value % 9)))'\n"
            "          any: '[key, str(value), key / 2, {value}, {key: (value,)}, 10 ** 20][value % 6]'\n"
            "          row_of: '(value % 3, \"x\" * (value % 20))'\n"
            "    - {type: Explode, input: MapToFields, config: {fields: [list, row_of], "
            "cross_product: false}}\n"
            "    - {type: Filter, input: Explode, config: {language: python, keep: row.in_.v}}\n"
            WINDOW_OF("Filter")
            "    - type: Combine\n"
            "      input: Window\n"
            "      config:\n"
            "        group_by: [row, list]\n"
            "        language: python\n"
            "        combine:\n"
            "          any: group\n"
            "          top: {value: value, fn: {type: beam.combiners.TopCombineFn, config: {n: 2}}}\n"
            "          big: {value: value ** 12, fn: sum}\n"
            WRITE_OF("Sink", "Combine", "out", "exactly_once")
            WRITE_OF("Bad", "MapToFields.bad", "bad", "exactly_once")},
    {.name = "near-each-other",
        .rows = SOME_DISORDER, .has_more = true,
        .text = TREE READ_TWO
            "    - type: JoinStreams\n"
            "      input: {l: A, r: B}\n"
            "      config: {kind: interval, before: 15ms, after: 40ms, equalities: key, type: "
            "outer, fields: {r: {other: key, w: value}}}\n"
            WINDOW_OF("JoinStreams")
            "    - {type: Combine, input: Window, config: {group_by: [key, other], combine: {n: "
            "{fn: count, value: w}}}}\n"
            WRITE_OF("Sink", "Combine", "out, key: key", "exactly_once")
            WRITE_OF("Rows", "JoinStreams", "rows, key: key", "exactly_once")},
    {.name = "versions",
        .rows = MUCH_DISORDER, .has_more = true,
        .text = TREE READ_TWO
            "    - type: JoinStreams\n"
            "      input: {l: A, r: B}\n"
            "      config: {kind: temporal, equalities: key, type: left, max_age: 100ms, fields: "
            "{r: {w: value}}}\n"
            WRITE_OF("Sink", "JoinStreams", "out, key: key", "exactly_once")},
    {.name = "punctuated",
        .rows = MUCH_DISORDER,
        .text = CHAIN
            READ_WITH("{strategy: punctuated, when: value % 5 == 0, language: python}")
            WINDOW("50ms", "0s") FOLD WRITE_ONCE},
    {.name = "punctuated-by-a-field",
        .rows = SOME_DISORDER,
        .stream = SILENCES,
        .text = CHAIN READ_WITH("{strategy: punctuated, field: at, idle_after: 60ms}")
            WINDOW("50ms", "20ms") FOLD WRITE_ONCE},
    {.name = "processing-time",
        .text = CHAIN
            "    - type: ReadFromLog\n"
            "      config:\n"
            "        topic: events\n"
            "        schema: {at: timestamp, key: integer, value: integer}\n"
            "        watermark: {strategy: processing_time}\n"
            WINDOW("100ms", "0s") FOLD WRITE_ONCE},
    {.name = "aligned",
        .rows = SOME_DISORDER,
        .stream = SILENCES, .has_more = true,
        .text = TREE
            READ_AS("A", "events", "integer", "{strategy: bounded, max_out_of_orderness: 10ms, "
                "idle_after: 60ms, alignment: {group: g, max_drift: 40ms}}")
            READ_AS("B", "more", "integer", "{strategy: bounded, max_out_of_orderness: 10ms, "
                "idle_after: 60ms, alignment: {group: g, max_drift: 20ms}}")
            "    - type: Flatten\n"
            "      input: {a: A, b: B}\n"
            WINDOW_OF("Flatten")
            "    - type: Combine\n"
            "      input: Window\n"
            "      config:\n"
            "        group_by: key\n"
            "        combine: {n: {fn: count, value: key}, total: {fn: sum, value: value}}\n"
            WRITE_OF("Sink", "Combine", "out, key: key", "exactly_once")},
    {.name = "lookup-in-order",
        .services = NAMES("4%", "2%"),
        .text = TREE READ
            LOOKUP("L", "Read", "max_in_flight: 8, error_handling: {output: bad}")
            WRITE_OF("Sink", "L", "out, key: key", "exactly_once")
            WRITE_OF("Bad", "L.bad", "bad", "exactly_once")},
    {.name = "lookup-before-windows",
        .rows = MUCH_DISORDER,
        .services = NAMES("4%", "2%"),
        .text = TREE READ_WITH(BOUNDED("10ms"))
            LOOKUP("L", "Read", "order: unordered, max_in_flight: 20, on_missing: error, "
                "cache_ttl: 20ms, error_handling: {output: bad}")
            WINDOW_OF("L")
            "    - type: Combine\n"
            "      input: Window\n"
            "      config: {group_by: name, combine: {n: {fn: count, value: key}, total: {fn: sum, value: value}}}\n"
            WRITE_OF("Sink", "Combine", "out, key: name", "exactly_once")
            WRITE_OF("Bad", "L.bad", "bad", "exactly_once")},
    {.name = "lookup-of-panes",
        .rows = SOME_DISORDER,
        .services = NAMES("2%", "1%"),
        .text = TREE READ WINDOW_OF("Read")
            "    - type: Combine\n"
            "      input: Window\n"
            "      config: {group_by: key, combine: {n: {fn: count, value: key}, m: {fn: mean, value: value}}}\n"
            LOOKUP("L", "Combine", "on_missing: drop, rate_limit: 2000, error_handling: {output: bad}")
            WRITE_OF("Sink", "L", "out, key: key", "exactly_once")
            WRITE_OF("Bad", "L.bad", "bad", "exactly_once")},
    {.name = "lookup-of-lookups",
        .rows = SOME_DISORDER,
        .stream = SILENCES,
        .services = NAMES("2%", "1%"),
        .text = TREE
            READ_WITH("{strategy: bounded, max_out_of_orderness: 10ms, idle_after: 60ms}")
            LOOKUP("L", "Read", "order: unordered, error_handling: {output: bad}")
            "    - type: MapToFields\n"
            "      input: L\n"
            "      config: {fields: {key: key, value: value}}\n"
            LOOKUP("M", "MapToFields", "max_in_flight: 3, error_handling: {output: bad}")
            WINDOW_OF("M")
            "    - type: Combine\n"
            "      input: Window\n"
            "      config: {group_by: name, combine: {n: {fn: count, value: key}}}\n"
            WRITE_OF("Sink", "Combine", "out, key: name", "exactly_once")
            WRITE_OF("BadL", "L.bad", "bad", "exactly_once")
            WRITE_OF("BadM", "M.bad", "bad2", "exactly_once")},
    {.name = "state-by-key",
        .rows = SOME_DISORDER, .has_more = true,
        .text = TREE READ_TWO
            "    - {type: Flatten, input: [A, B]}\n"
            "    - {type: Deduplicate, input: Flatten, config: {key: [key, value], within: 90ms}}\n"
            "    - {type: Materialize, input: Deduplicate, config: {key: key, version: at, "
            "language: python, delete: value % 7 == 0}}\n"
            WINDOW_OF("Flatten")
            "    - {type: TopN, input: Window, config: {key: key, n: 2, order_by: value}}\n"
            WRITE_OF("View", "Materialize", "out, key: key", "exactly_once")
            WRITE_OF("Best", "TopN", "out2, key: key", "exactly_once")},
    {.name = "routed",
        .text = TREE READ
            "    - type: Route\n"
            "      input: Read\n"
            "      config:\n"
            "        language: python\n"
            "        default: rest\n"
            "        rules: [{when: value % 3 == 0, to: fizz}, {when: 10 // (value % 5) > 3, to: buzz}]\n"
            "        error_handling: {output: bad}\n"
            "    - {type: Flatten, input: [Route.buzz, Route.rest]}\n"
            WRITE_OF("Fizz", "Route.fizz", "out, key: key", "exactly_once")
            WRITE_OF("Others", "Flatten", "out2, key: key", "exactly_once")
            WRITE_OF("Bad", "Route.bad", "bad", "exactly_once")},
    {.name = "keyed-process",
        .rows = SOME_DISORDER, .has_more = true,
        .text = TREE READ_TWO
            "    - type: KeyedProcess\n"
            "      name: Join\n"
            "      input: {a: A, b: B}\n"
            "      config:\n"
            "        key: key\n"
            "        state: {latest: {kind: value, ttl: 120ms}, waiting: bag}\n"
            "        timers: {quiet: event_time, tick: processing_time}\n"
            "        on_element:\n"
            "          a: |\n"
            "            def a(row, state, timers, ctx):\n"
            "                yield {'key': row.key, 'n': state.latest.read(-1)}\n"
            "                state.waiting.add(row.value)\n"
            "                timers.quiet.set(ctx.timestamp + 0.05)\n"
            "          b: |\n"
            "            def b(row, state, timers, ctx):\n"
            "                state.latest.write(row.value)\n"
            "                timers.tick.set(ctx.now + 0.03)\n"
            "        on_timer:\n"
            "          quiet: |\n"
            "            def quiet(key, state):\n"
            "                yield {'key': key, 'n': sum(state.waiting)}\n"
            "                state.waiting.clear()\n"
            "          tick: \"lambda key: {'key': key, 'n': 1000000}\"\n"
            "        schema: {key: integer, n: integer}\n"
            WRITE_OF("Sink", "Join", "out, key: key", "exactly_once")},
};
/* clang-format on */

#endif
