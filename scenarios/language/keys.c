/* Every map of the language and the keys that it may have, in one place: readers refuse others,
 * the schema lists the same. */
#include "scenarios/language/scenario_internal.h"

#define KEYS(...)                                                                              \
    {                                                                                          \
        __VA_ARGS__, NULL                                                                      \
    }

const struct mr_map_keys mr_map_keys[MR_MAPS] = {
    [MR_MAP_SCENARIO] = {"scenario",
        KEYS("scenario", "about", "pipeline", "streams", "outputs", "services", "cluster",
            "network", "faults", "chances", "job", "check", "expect", "sometimes", "seeds",
            "run_for", "limits", "steps", "every_restore", "split", "inputs")},
    [MR_MAP_PIPELINE] = {"pipeline", KEYS("file", "set", "jinja_variables")},
    [MR_MAP_STREAM] = {"stream",
        KEYS("partitions", "trace", "generate", "key", "event_time", "arrival", "speedup",
            "end", "disorder", "linger", "silence", "on_bad_time", "max_future", "max_past")},
    [MR_MAP_ARRIVAL] = {"arrival", KEYS("column", "unit", "relative_to")},
    [MR_MAP_DISORDER] = {"disorder", KEYS("extra", "duplicates")},
    [MR_MAP_SILENCE] = {"silence", KEYS("partition", "from", "for")},
    [MR_MAP_GENERATE] = {"generate",
        KEYS("rows", "duration", "keys", "key_bytes", "values", "disorder", "start",
            "nexmark")},
    [MR_MAP_OUTPUT] = {"output", KEYS("partitions")},
    [MR_MAP_SERVICES] = {"services", KEYS("broker", "objects")},
    [MR_MAP_BROKER] = {"broker", KEYS("latency")},
    [MR_MAP_OBJECTS] = {"objects", KEYS("put", "get", "bytes_per_second")},
    [MR_MAP_LOOKUP] = {"lookup", KEYS("table", "key", "latency", "errors", "lost")},
    [MR_MAP_CLUSTER] = {"cluster",
        KEYS("workers", "slots", "parallelism", "checkpoint", "batch", "fetch", "credit",
            "watermark_every", "flush_after", "heartbeat", "restart", "transaction_timeout",
            "costs")},
    [MR_MAP_CHECKPOINT] = {"checkpoint", KEYS("every", "mode", "timeout", "retention")},
    [MR_MAP_FETCH] = {"fetch", KEYS("rows", "rows_min", "wait")},
    [MR_MAP_HEARTBEAT] = {"heartbeat", KEYS("every", "timeout")},
    [MR_MAP_RESTART] = {"restart", KEYS("backoff", "backoff_max", "attempts")},
    [MR_MAP_COSTS] = {"costs", KEYS("message", "row", "snapshot_kb")},
    [MR_MAP_NETWORK] = {"network",
        KEYS("preset", "latency", "bytes_per_second", "send_timeout", "loopback", "links")},
    [MR_MAP_LINK] = {"link", KEYS("from", "to", "latency", "bytes_per_second")},
    [MR_MAP_FAULT] = {"fault",
        KEYS("crash", "pause", "slow_cpu", "partition", "reset", "slow_link", "name")},
    [MR_MAP_CRASH] = {"crash",
        KEYS("worker", "process", "at", "restart_after", "waits_for_handler")},
    [MR_MAP_PAUSE] = {"pause", KEYS("worker", "process", "at", "for")},
    [MR_MAP_SLOW_CPU] = {"slow_cpu", KEYS("worker", "process", "at", "for", "factor")},
    [MR_MAP_PARTITION] = {"partition", KEYS("from", "to", "both", "at", "for")},
    [MR_MAP_RESET] = {"reset", KEYS("from", "to", "at")},
    [MR_MAP_SLOW_LINK] = {"slow_link",
        KEYS("from", "to", "both", "at", "for", "factor", "extra")},
    [MR_MAP_AT] = {"at_point", KEYS("point", "occurrence")},
    [MR_MAP_CHANCES] = {"chances", KEYS("activation", "firing")},
    [MR_MAP_JOB_STEP] = {"job_step", KEYS("stop", "restart")},
    [MR_MAP_JOB_STOP] = {"job_stop", KEYS("at", "after_checkpoints")},
    [MR_MAP_JOB_RESTART] = {"job_restart", KEYS("after", "checkpoints_back", "topics")},
    [MR_MAP_CHECK] = {"check", KEYS("exactly_once", "watermarks", "consistent_cut",
                                   "conservation", "order", "liveness", "late", "lookups")},
    [MR_MAP_CHECK_EXACTLY_ONCE] = {"check_exactly_once", KEYS("outputs")},
    [MR_MAP_CHECK_LIVENESS] = {"check_liveness", KEYS("within")},
    [MR_MAP_CHECK_LATE] = {"check_late", KEYS("dropped_at_most")},
    [MR_MAP_CHECK_PLAIN] = {"check_plain", {NULL}},
    [MR_MAP_EXPECT] = {"expect", KEYS("fail")},
    [MR_MAP_EXPECT_FAIL] = {"expect_fail", KEYS("check", "verdict", "seeds")},
    [MR_MAP_EXPECT_SEEDS] = {"expect_seeds", KEYS("at_least")},
    [MR_MAP_LIMITS] = {"limits", KEYS("virtual_time", "events", "memory")},
    [MR_MAP_STEP] = {"step",
        KEYS("rows", "watermark", "idle", "active", "processing_time", "checkpoint", "restore",
            "expect", "expect_none", "expect_state")},
    [MR_MAP_STEP_ROWS] = {"step_rows", KEYS("input", "timestamp", "rows")},
    [MR_MAP_STEP_ROW] = {"step_row", KEYS("row", "timestamp")},
    [MR_MAP_STEP_WATERMARK] = {"step_watermark", KEYS("input", "to")},
    [MR_MAP_STEP_INPUT] = {"step_input", KEYS("input")},
    [MR_MAP_STEP_ADVANCE] = {"step_advance", KEYS("advance")},
    [MR_MAP_STEP_EXPECT] = {"step_expect", KEYS("output", "rows", "panes")},
    [MR_MAP_STEP_PANE] = {"step_pane", KEYS("row", "window", "timestamp", "timing", "index",
                                           "nonspeculative_index", "is_last", "kind")},
    [MR_MAP_STEP_WINDOW] = {"step_window", KEYS("start", "end")},
    [MR_MAP_STEP_OUTPUT] = {"step_output", KEYS("output")},
    [MR_MAP_STEP_STATE] = {"step_state", KEYS("transform", "key", "window", "present", "gone")},
    [MR_MAP_STEP_SOURCE] = {"step_source", KEYS("schema", "event_time")},
    [MR_MAP_BETWEEN] = {"between", KEYS("between")},
    [MR_MAP_SEEDED] = {"seeded", KEYS("seeded")},
    [MR_MAP_CONSTANT] = {"constant", KEYS("value", "kind")},
    [MR_MAP_UNIFORM] = {"uniform", KEYS("min", "max", "kind")},
    [MR_MAP_EXPONENTIAL] = {"exponential", KEYS("mean", "min", "max", "kind")},
    [MR_MAP_LOGNORMAL] = {"lognormal", KEYS("median", "p99", "min", "max", "kind")},
    [MR_MAP_BIMODAL] = {"bimodal", KEYS("first", "second", "share", "kind")},
    [MR_MAP_TABLE] = {"table", KEYS("quantiles", "kind")},
};

size_t mr_map_key_count(enum mr_map map)
{
    size_t n = 0;
    while (mr_map_keys[map].keys[n]) n++;
    return n;
}

bool mr_read_keys(
    struct mr_reading *reading, const struct mr_yaml *map, const char *what, enum mr_map kind)
{
    return mr_yaml_only_keys(
        map, what, mr_map_keys[kind].keys, mr_map_key_count(kind), reading->err);
}
