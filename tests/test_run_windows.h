/* Whole runs of small scenarios whose pipelines differ in their windowing, from text. */
#ifndef MR_TESTS_TEST_RUN_WINDOWS_H
#define MR_TESTS_TEST_RUN_WINDOWS_H

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/run/run.h"

enum { TRACE_ROWS = 600 };

#define CLUSTER                                                                                \
    "cluster:\n"                                                                               \
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: 100ms, retention: 4}, "      \
    "heartbeat: {every: 100ms},\n"                                                             \
    "   batch: {seeded: [1, 5, 20]}, fetch: {rows: 10, rows_min: 1, wait: 50ms}, restart: "    \
    "{backoff: 50ms}}\n"
/* Rows come up to 200 ms late, much later than the watermark allows for. */
#define EVENTS                                                                                 \
    "  events: {partitions: 4, trace: events.csv, key: key, event_time: at, disorder: "        \
    "{extra: "                                                                                 \
    "{kind: exponential, mean: 20ms, max: 200ms}}}\n"

static const char crash_scenario[] =
    "scenario: crash\n"
    "pipeline: {file: pipeline.yaml}\n"
    "streams:\n" EVENTS CLUSTER "faults:\n"
    "  - crash: {worker: any, at: {between: [500ms, 2500ms]}, restart_after: 100ms}\n"
    "chances: {}\n"
    "limits: {memory: 64MB}\n";
static const char rewind_scenario[] =
    "scenario: rewind\n"
    "pipeline: {file: pipeline.yaml}\n"
    "streams:\n" EVENTS "outputs:\n"
    "  again: {partitions: 2}\n" CLUSTER "job:\n"
    "  - stop: {at: {between: [1s, 2s]}, after_checkpoints: 4}\n"
    "  - restart: {after: {between: [50ms, 200ms]}, checkpoints_back: 2, topics: {totals: "
    "again}}\n"
    "limits: {memory: 64MB}\n";

#define SOURCE                                                                                 \
    "pipeline:\n"                                                                              \
    "  type: chain\n"                                                                          \
    "  transforms:\n"                                                                          \
    "    - type: ReadFromLog\n"                                                                \
    "      config:\n"                                                                          \
    "        topic: events\n"                                                                  \
    "        schema: {at: timestamp, key: integer, value: integer}\n"                          \
    "        event_time: at\n"                                                                 \
    "        watermark: {strategy: bounded, max_out_of_orderness: 15ms}\n"
#define TOTALS                                                                                 \
    "    - type: Combine\n"                                                                    \
    "      config: {group_by: key, combine: {n: {fn: count, value: key}, total: {fn: sum, "    \
    "value: value}, mean: {fn: mean, value: value}, low: {fn: min, value: value}}}\n"
#define SINK                                                                                   \
    "    - type: WriteToLog\n"                                                                 \
    "      config: {topic: totals, key: key, delivery: exactly_once}\n"
#define PIPELINE(window) SOURCE "    - {type: Window, config: {" window "}}\n" TOTALS SINK

struct subject {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    struct mr_run_result result;
    const char *texts[2]; /* of the pipeline, of the scenario */
    char trace[TRACE_ROWS * 48];
};

/* 600 rows in 3 s of 12 keys: mostly dense, but each key falls silent now and then. */
static inline void write_trace(char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "at,key,value\n");
    for (int row = 0; row < TRACE_ROWS; row++) {
        int64_t at_us = row * 5000 + row * 7919 % 4999;
        int key = row * row / 7 % (row / 60 % 2 ? 4 : 12);
        used += (size_t)snprintf(out + used, size - used, "2001-01-01T00:00:%02d.%06dZ,%d,%d\n",
            (int)(at_us / MR_SECOND_US), (int)(at_us % MR_SECOND_US), key, row * 31 % 97);
    }
    assert_true(used < size);
}

static inline bool read_text(void *self, struct mr_region *region, const char *path,
    const char **text, size_t *bytes, struct mr_err *err)
{
    (void)region;
    (void)err;
    const struct subject *subject = self;
    *text = strstr(path, ".csv") ? subject->trace
                                 : subject->texts[strstr(path, "pipeline.yaml") ? 0 : 1];
    *bytes = strlen(*text);
    return true;
}

static inline void open_subject(
    struct subject *subject, const char *pipeline, const char *scenario)
{
    *subject = (struct subject){
        .texts = {pipeline, scenario}, .region = mr_region_create(), .arena = NULL};
    write_trace(subject->trace, sizeof subject->trace);
    struct mr_file_reader reader = {.self = subject, .read = read_text};
    struct mr_err err = {0};
    if (!mr_scenario_read(subject->region, "scenario.yaml", &reader, &subject->scenario, &err))
        fail_msg("%s:%d:%d: %s", err.input_file, err.input_line, err.input_col, err.msg);
    struct mr_arena_options options = {
        .bytes_max = mr_run_arena_bytes(subject->scenario), .fill = 0xa5};
    if (!mr_arena_open(&options, &subject->arena, &err)) fail_msg("%s", err.msg);
}

static inline void close_subject(struct subject *subject)
{
    mr_arena_close(subject->arena);
    mr_region_destroy(subject->region);
}

/* No seed has a finding, and each run ends with rows that were compared. Returns how many rows
 * were dropped. */
static inline uint64_t assert_calm(const char *pipeline, const char *scenario, uint64_t seeds)
{
    uint64_t n_dropped = 0;
    struct subject subject;
    open_subject(&subject, pipeline, scenario);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct mr_run_options options = {.seed = seed};
        mr_run(subject.arena, subject.scenario, &options, &subject.result);
        if (subject.result.n_findings > 0) {
            const struct mr_witness *witness = &subject.result.findings[0];
            fail_msg("%s\nseed %llu: %s %s: %s\nkey %s expected %s actual %s cause %s",
                pipeline, (unsigned long long)seed, mr_check_name(witness->check),
                mr_verdict_name(witness->verdict), witness->summary, witness->key,
                witness->expected, witness->actual, witness->cause);
        }
        assert_int_equal(subject.result.end, MR_END_FINISHED);
        assert_true(subject.result.counts.rows_matched > 0);
        n_dropped += subject.result.counts.rows_dropped;
    }
    close_subject(&subject);
    return n_dropped;
}

/* Some seed of the planted bug has the finding, with a witness. */
static inline void assert_caught(const char *pipeline, const char *scenario,
    enum mr_plant plant, enum mr_check check, enum mr_verdict verdict)
{
    struct subject subject;
    open_subject(&subject, pipeline, scenario);
    bool is_caught = false;
    for (uint64_t seed = 1; seed <= 30 && !is_caught; seed++) {
        struct mr_run_options options = {.seed = seed, .plant = plant};
        mr_run(subject.arena, subject.scenario, &options, &subject.result);
        for (uint32_t i = 0; i < subject.result.n_findings; i++) {
            const struct mr_witness *witness = &subject.result.findings[i];
            if (witness->check != check || witness->verdict != verdict) continue;
            assert_true(witness->summary[0] != '\0');
            assert_true(witness->step > 0 && witness->step <= subject.result.steps);
            is_caught = true;
        }
    }
    close_subject(&subject);
    if (!is_caught)
        fail_msg("%s: no %s %s", mr_plants[plant].name, mr_check_name(check),
            mr_verdict_name(verdict));
}

#endif
