/* Runs of a pipeline under a mix of faults, made and judged in memory. */
#ifndef MR_TESTS_STRESS_RUN_H
#define MR_TESTS_STRESS_RUN_H

#include <stdio.h>
#include <string.h>

#include "scenarios/run/run.h"
#include "tests/stress_mixes.h"
#include "tests/stress_pipelines.h"

enum {
    STRESS_PIPELINES = sizeof stress_pipelines / sizeof *stress_pipelines,
    STRESS_MIXES = sizeof stress_mixes / sizeof *stress_mixes,
    STRESS_TEXT = 8192,
};

/* A pipeline and a mix, ready to run. */
struct stress {
    const struct stress_pipeline *pipeline;
    const struct stress_mix *mix;
    char name[128];
    char text[STRESS_TEXT];
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    struct mr_run_result result;
};

static const char *text_or(const char *text, const char *usual)
{
    return text ? text : usual;
}

static size_t write_cluster(const struct stress_cluster *cluster, char *out, size_t size)
{
    return (size_t)snprintf(out, size,
        "network: %s\n"
        "cluster:\n"
        "  workers: 3\n"
        "  slots: 2\n"
        "  parallelism: %s\n"
        "  checkpoint: {every: %s, retention: %s}\n"
        "  heartbeat: {every: 100ms, timeout: %s}\n"
        "  batch: %s\n"
        "  credit: %s\n"
        "  fetch: {rows: %s, rows_min: 1, wait: 50ms}\n"
        "  watermark_every: 20ms\n"
        "  flush_after: 5ms\n"
        "  restart: {backoff: 50ms, backoff_max: 200ms}\n"
        "  transaction_timeout: %s\n"
        "  costs: {message: %s}\n",
        text_or(cluster->network, "datacenter"), text_or(cluster->parallelism, "4"),
        text_or(cluster->checkpoint_every, "{seeded: [60ms, 150ms]}"),
        text_or(cluster->retention, "4"), text_or(cluster->heartbeat_timeout, "400ms"),
        text_or(cluster->batch, "{seeded: [1, 3, 20, 200]}"), text_or(cluster->credit, "8"),
        text_or(cluster->fetch_rows, "{seeded: [8, 30, 100]}"),
        text_or(cluster->transaction_timeout, "60s"), text_or(cluster->message_cost, "5us"));
}

static size_t write_streams(const struct stress_pipeline *pipeline, char *out, size_t size)
{
    const char *amount =
        text_or(pipeline->amount, "rows: 900, duration: 3s, keys: 15, values: 20");
    size_t used = (size_t)snprintf(out, size,
        "streams:\n"
        "  events: {partitions: 4, key: key%s, generate: {%s%s}}\n",
        text_or(pipeline->stream, ""), amount, text_or(pipeline->rows, ""));
    if (pipeline->has_more)
        used += (size_t)snprintf(out + used, size - used,
            "  more: {partitions: 2, generate: {%s%s}}\n", amount, text_or(pipeline->rows, ""));
    return used;
}

struct stress_section {
    const char *key;
    const char *text; /* NULL: left out */
};

/* The file of the pipeline lies beside that of the scenario, and is called `windows.yaml`. */
static void stress_write(
    const struct stress_pipeline *pipeline, const struct stress_mix *mix, char out[STRESS_TEXT])
{
    size_t used = (size_t)snprintf(out, STRESS_TEXT,
        "scenario: %s-%s\n"
        "pipeline: {file: %s.yaml}\n",
        pipeline->name, mix->name, pipeline->name);
    used += write_streams(pipeline, out + used, STRESS_TEXT - used);
    used += write_cluster(&mix->cluster, out + used, STRESS_TEXT - used);
    char check[256];
    snprintf(check, sizeof check, "  liveness: %s%s%s\n%s",
        mix->cluster.liveness_within ? "{within: " : "true",
        text_or(mix->cluster.liveness_within, ""), mix->cluster.liveness_within ? "}" : "",
        text_or(pipeline->check, ""));
    const struct stress_section sections[] = {{"services", pipeline->services}, {"outputs", mix->outputs}, {"job", mix->job},
        {"faults", mix->faults}, {"check", check}};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (sections[i].text)
            used += (size_t)snprintf(
                out + used, STRESS_TEXT - used, "%s:\n%s", sections[i].key, sections[i].text);
    if (mix->chances)
        used += (size_t)snprintf(out + used, STRESS_TEXT - used, "chances: %s\n", mix->chances);
    used += (size_t)snprintf(
        out + used, STRESS_TEXT - used, "limits: {memory: 128MB, virtual_time: 60s}\n");
    assert_true(used < STRESS_TEXT);
}

static bool read_stress(void *self, struct mr_region *region, const char *path,
    const char **text, size_t *bytes, struct mr_err *err)
{
    (void)region;
    const struct stress *stress = self;
    char pipeline[128];
    snprintf(pipeline, sizeof pipeline, "%s.yaml", stress->pipeline->name);
    if (strcmp(path, stress->name) == 0)
        *text = stress->text;
    else if (strcmp(path, pipeline) == 0)
        *text = stress->pipeline->text;
    else if (strcmp(path, "names.csv") == 0)
        *text = stress_table;
    else
        return mr_fail(err, MR_ERR_INPUT, "no file '%s'", path);
    *bytes = strlen(*text);
    return true;
}

static void stress_open(
    struct stress *stress, const struct stress_pipeline *pipeline, const struct stress_mix *mix)
{
    struct mr_file_reader reader = {.self = stress, .read = read_stress};
    struct mr_err err = {0};
    memset(stress, 0, sizeof *stress);
    stress->pipeline = pipeline;
    stress->mix = mix;
    snprintf(stress->name, sizeof stress->name, "%s-%s.yaml", pipeline->name, mix->name);
    stress_write(pipeline, mix, stress->text);
    stress->region = mr_region_create();
    if (!mr_scenario_read(stress->region, stress->name, &reader, &stress->scenario, &err)) {
        fprintf(stderr, "%s", pipeline->text);
        fail_msg("%s: %s", stress->name, err.msg);
    }
    struct mr_arena_options options = {
        .bytes_max = mr_run_arena_bytes(stress->scenario), .fill = 0xa5};
    if (!mr_arena_open(&options, &stress->arena, &err)) fail_msg("%s", err.msg);
}

static void stress_close(struct stress *stress)
{
    mr_arena_close(stress->arena);
    mr_region_destroy(stress->region);
    stress->arena = NULL;
    stress->region = NULL;
}

static inline bool stress_is_meant(const struct stress *stress, const struct mr_witness *finding)
{
    const struct stress_pipeline *pipeline = stress->pipeline;
    return pipeline->meant != MR_VERDICT_PASS && finding->check == pipeline->meant_check &&
           finding->verdict == pipeline->meant &&
           !(stress->mix->is_calm && finding->verdict == MR_VERDICT_DUPLICATE);
}

/* Everything that a person needs to repeat the run with the binary: both files, and how. */
static inline void stress_tell(const struct stress *stress, const char *what, const char *summary)
{
    fprintf(stderr, "%s: seed %llu: %s: %s\n", stress->name,
        (unsigned long long)stress->result.seed, what, summary);
    fprintf(
        stderr, "the file '%s.yaml' is\n%s", stress->pipeline->name, stress->pipeline->text);
    fprintf(stderr, "the file '%s' is\n%s", stress->name, stress->text);
    fprintf(stderr, "millrace run %s --seed %llu\n\n", stress->name,
        (unsigned long long)stress->result.seed);
}

/* Runs one seed. False, and tells it, when something was found that is not meant. */
static inline bool stress_run(struct stress *stress, const struct mr_run_options *options)
{
    mr_run(stress->arena, stress->scenario, options, &stress->result);
    const struct mr_run_result *result = &stress->result;
    for (uint32_t i = 0; i < result->n_findings; i++) {
        const struct mr_witness *finding = &result->findings[i];
        if (stress_is_meant(stress, finding)) continue;
        stress_tell(stress, mr_verdict_name(finding->verdict), finding->summary);
        return false;
    }
    if (result->end == MR_END_FINISHED) return true;
    stress_tell(stress, "not finished", result->last_step);
    return false;
}

#endif
