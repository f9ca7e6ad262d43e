/* What the tests of the checks share: checks that are driven by hand through their taps, over
 * one source of one partition, one Combine and one sink, without a world. */
#ifndef MR_TESTS_TEST_SCENARIOS_CHECKS_H
#define MR_TESTS_TEST_SCENARIOS_CHECKS_H

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/checks/checks.h"

enum { READ = 0, WINDOW = 1, COMBINE = 2, SINK = 3, KEYS_MAX = 8 };

static const char pipeline[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config:\n"
    "        topic: events\n"
    "        schema: {at: timestamp, key: integer, value: integer}\n"
    "        event_time: at\n"
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms, idle_after: 100ms}\n"
    "    - type: Window\n"
    "      config: {windowing: {type: fixed, size: 100ms}}\n"
    "    - type: Combine\n"
    "      config: {group_by: key, combine: {n: {fn: count, value: key}, total: {fn: sum, "
    "value: value}}}\n"
    "    - type: WriteToLog\n"
    "      config: {topic: totals, key: key, delivery: exactly_once}\n";

/* A row every millisecond; the state in the snapshots below is not real. */
static const char scenario_text[] =
    "scenario: by-hand\n"
    "pipeline: {file: pipeline.yaml}\n"
    "streams:\n"
    "  events: {partitions: 1, key: key, generate: {rows: 1000, duration: 1s, keys: 4, values: "
    "10}}\n"
    "cluster: {workers: 2, parallelism: 2, checkpoint: {every: 100ms}}\n"
    "check: {consistent_cut: false}\n";

struct bench {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    struct mr_manifest manifest;
    struct mr_draws draws;
    struct mr_stream *streams[2];
    struct mr_checks *checks;
    const struct mr_probe *probe;
    const struct mr_broker_tap *tap;
};

static inline bool read_text(void *self, struct mr_region *region, const char *path,
    const char **text, size_t *bytes, struct mr_err *err)
{
    (void)self;
    (void)region;
    (void)err;
    *text = strstr(path, "pipeline.yaml") ? pipeline : scenario_text;
    *bytes = strlen(*text);
    return true;
}

static inline int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    *state = bench;
    struct mr_file_reader reader = {.read = read_text};
    struct mr_err err = {0};
    bench->region = mr_region_create();
    if (!mr_scenario_read(bench->region, "scenario.yaml", &reader, &bench->scenario, &err))
        return 1;
    struct mr_arena_options options = {.bytes_max = 64 << 20, .fill = 0xa5};
    if (!mr_arena_open(&options, &bench->arena, &err)) return 1;
    bench->draws.seed = 1;
    mr_manifest_draw(bench->arena, bench->scenario, &bench->draws, &bench->manifest);
    bench->streams[0] =
        mr_stream_new(bench->arena, bench->scenario->topics[0].stream, &bench->draws);
    struct mr_checks_config config = {
        .scenario = bench->scenario, .manifest = &bench->manifest, .streams = bench->streams};
    bench->checks = mr_checks_new(bench->arena, &config);
    bench->probe = mr_checks_probe(bench->checks);
    bench->tap = mr_checks_broker_tap(bench->checks);
    bench->probe->job_state(bench->checks, 0, 1, MR_JOB_STARTING, "");
    bench->probe->attempt_started(bench->checks, 0, 1, 0, false);
    bench->probe->job_state(bench->checks, 0, 1, MR_JOB_RUNNING, "");
    return 0;
}

static inline int tear_down(void **state)
{
    struct bench *bench = *state;
    mr_arena_close(bench->arena);
    mr_region_destroy(bench->region);
    free(bench);
    return 0;
}

static inline const struct mr_finding *find(
    const struct bench *bench, enum mr_check check, enum mr_verdict verdict)
{
    const struct mr_findings *findings = mr_checks_findings(bench->checks);
    for (uint32_t i = 0; i < findings->n; i++)
        if (findings->list[i].witness.check == check &&
            findings->list[i].witness.verdict == verdict)
            return &findings->list[i];
    return NULL;
}

static inline void assert_calm(const struct bench *bench)
{
    const struct mr_findings *findings = mr_checks_findings(bench->checks);
    if (findings->n > 0) fail_msg("%s", findings->list[0].witness.summary);
}

static inline struct mr_probe_at at(uint32_t transform, uint32_t subtask, uint64_t epoch)
{
    return (struct mr_probe_at){
        .attempt = 1, .transform = transform, .subtask = subtask, .epoch = epoch};
}

#define CHECKS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
