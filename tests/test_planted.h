/* The scenarios that bugs are planted into, as texts. */
#ifndef MR_TESTS_TEST_PLANTED_H
#define MR_TESTS_TEST_PLANTED_H

#define SOURCE                                                                                 \
    "pipeline:\n"                                                                              \
    "  type: chain\n"                                                                          \
    "  transforms:\n"                                                                          \
    "    - type: ReadFromLog\n"                                                                \
    "      config:\n"                                                                          \
    "        topic: events\n"                                                                  \
    "        schema: {at: timestamp, key: integer, value: integer}\n"                          \
    "        event_time: at\n"

static const char windows_pipeline[] = SOURCE
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"
    "    - type: Window\n"
    "      config: {windowing: {type: fixed, size: 100ms}}\n"
    "    - type: Combine\n"
    "      config: {group_by: key, combine: {n: {fn: count, value: key}, total: {fn: sum, "
    "value: "
    "value}}}\n"
    "    - type: WriteToLog\n"
    "      config: {topic: totals, key: key, delivery: exactly_once}\n";

/* Each watermark is the last instant of a window. */
static const char edges_pipeline[] =
    SOURCE "        watermark: {strategy: ascending}\n"
           "    - type: Window\n"
           "      config: {windowing: {type: fixed, size: 1m}}\n"
           "    - type: Combine\n"
           "      config: {group_by: key, combine: {n: {fn: count, value: key}}}\n"
           "    - type: WriteToLog\n"
           "      config: {topic: totals, key: key, delivery: exactly_once}\n";

#define CLUSTER                                                                                \
    "cluster:\n"                                                                               \
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: 100ms, retention: 4}, "      \
    "heartbeat: {every: 100ms},\n"                                                             \
    "   batch: {seeded: [1, 5, 20]}, fetch: {rows: 10, rows_min: 1, wait: 50ms}, restart: "    \
    "{backoff: 50ms}}\n"
#define EVENTS                                                                                 \
    "  events: {partitions: 4, key: key, generate: {rows: 600, duration: 3s, keys: 12, "       \
    "values: 100}}\n"

static const char crash_scenario[] = "scenario: crash\n"
                                     "pipeline: {file: windows.yaml}\n"
                                     "streams:\n" EVENTS CLUSTER "faults:\n"
                                     "  - crash: {worker: any, at: {between: [500ms, 2500ms]}, "
                                     "restart_after: 100ms}\n"
                                     "limits: {memory: 64MB}\n";
static const char calm_scenario[] = "scenario: calm\n"
                                    "pipeline: {file: windows.yaml}\n"
                                    "streams:\n" EVENTS CLUSTER "limits: {memory: 64MB}\n";
static const char rewind_scenario[] =
    "scenario: rewind\n"
    "pipeline: {file: windows.yaml}\n"
    "streams:\n" EVENTS "outputs:\n"
    "  again: {partitions: 2}\n" CLUSTER "job:\n"
    "  - stop: {at: {between: [1s, 2s]}, after_checkpoints: 4}\n"
    "  - restart: {after: {between: [50ms, 200ms]}, checkpoints_back: 2, topics: {totals: "
    "again}}\n"
    "limits: {memory: 64MB}\n";
static const char edges_scenario[] =
    "scenario: edges\n"
    "pipeline: {file: edges.yaml}\n"
    "streams:\n"
    "  events: {partitions: 2, trace: edges.csv, key: key, event_time: at, speedup: "
    "6000}\n" CLUSTER "limits: {memory: 64MB}\n";

#endif
