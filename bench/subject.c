#include <stdio.h>
#include <string.h>

#include "bench/subject.h"

static const char small_pipeline[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config:\n"
    "        topic: events\n"
    "        schema: {at: timestamp, key: integer, value: integer}\n"
    "        event_time: at\n"
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"
    "    - type: Window\n"
    "      config: {windowing: {type: fixed, size: 100ms}}\n"
    "    - type: Combine\n"
    "      config: {group_by: key, combine: {n: {fn: count, value: key}, total: {fn: sum, "
    "value: value}}}\n"
    "    - type: WriteToLog\n"
    "      config: {topic: totals, key: key, delivery: exactly_once}\n"
    "providers: [{include: millrace-providers.yaml}]\n";

static const char small_scenario[] =
    "scenario: small\n"
    "pipeline: {file: pipeline.yaml}\n"
    "streams:\n"
    "  events: {partitions: 4, key: key, generate: {rows: 1000, duration: 4s, keys: 50, values: 1000}}\n"
    "cluster:\n"
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: 1s}, heartbeat: {every: "
    "500ms},\n"
    "   batch: 10, credit: 32, flush_after: 100ms,\n"
    "   fetch: {rows: 10, rows_min: 10, wait: 500ms},\n"
    "   restart: {backoff: 100ms}}\n"
    "faults:\n"
    "  - crash: {worker: any, at: {between: [1s, 3500ms]}, restart_after: 200ms}\n"
    "outputs: {totals: {partitions: 1}}\n"
    "limits: {memory: 64MB}\n";

static const char bulk_pipeline[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config:\n"
    "        topic: events\n"
    "        schema: {at: timestamp, key: %s}\n"
    "        event_time: at\n"
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"
    "    - type: Window\n"
    "      config: {windowing: {type: fixed, size: %ums}}\n"
    "    - type: Combine\n"
    "      config: {group_by: key, combine: {n: {fn: count, value: key}}}\n"
    "    - type: WriteToLog\n"
    "      config: {topic: counts, key: key, delivery: exactly_once}\n"
    "providers: [{include: millrace-providers.yaml}]\n";

static const char udf_pipeline[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config:\n"
    "        topic: events\n"
    "        schema: {at: timestamp, key: integer}\n"
    "        event_time: at\n"
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"
    "    - type: MapToFields\n"
    "      config:\n"
    "        language: python\n"
    "        fields:\n"
    "          key: key\n"
    "          value: {callable: 'lambda row: row.key * 3 + 1', output_type: integer}\n"
    "    - type: Window\n"
    "      config: {windowing: {type: fixed, size: 1s}}\n"
    "    - type: Combine\n"
    "      config: {group_by: key, combine: {total: {fn: sum, value: value}}}\n"
    "    - type: WriteToLog\n"
    "      config: {topic: totals, key: key, delivery: exactly_once}\n"
    "providers: [{include: millrace-providers.yaml}]\n";

/* 100,000 rows arrive in a virtual second. */
enum { ROWS_PER_MS = 100 };

static const char bulk_scenario[] =
    "scenario: bulk\n"
    "pipeline: {file: pipeline.yaml}\n"
    "streams:\n"
    "  events: {partitions: 4, key: key, %s generate: {rows: %llu, duration: %llums, keys: %llu%s}}\n"
    "cluster:\n"
    "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: %ums}, batch: %u, credit: 256,\n"
    "   fetch: {rows: 1000, rows_min: 1000, wait: 500ms}, costs: {message: 0s, row: 0s, "
    "snapshot_kb: 0s}}\n"
    "limits: {virtual_time: 1h, events: 1000000000, memory: 4GB}\n"
    "%s";

struct texts {
    const char *pipeline;
    const char *scenario;
};

/* The table of Nexmark's query 13. */
static const char *side_input(struct mr_region *region)
{
    enum { ROWS = 1000, ROW_BYTES_MAX = 16 };
    char *text = mr_region_alloc(region, (ROWS + 1) * ROW_BYTES_MAX);
    int used = snprintf(text, ROW_BYTES_MAX, "key,value\n");
    for (int i = 0; i < ROWS; i++)
        used += snprintf(text + used, ROW_BYTES_MAX, "%d,side-%d\n", i, i);
    return text;
}

static bool read_text(void *self, struct mr_region *region, const char *path, const char **text,
    size_t *bytes, struct mr_err *err)
{
    (void)err;
    const struct texts *texts = self;
    if (strstr(path, "side-input.csv")) {
        *text = side_input(region);
        *bytes = strlen(*text);
        return true;
    }
    *text = strstr(path, "pipeline.yaml") ? texts->pipeline : texts->scenario;
    *bytes = strlen(*text);
    return true;
}

bool mr_subject_open(
    const char *pipeline, const char *scenario, struct mr_subject *out, struct mr_err *err)
{
    memset(out, 0, sizeof *out);
    out->region = mr_region_create();
    struct texts texts = {.pipeline = pipeline, .scenario = scenario};
    struct mr_file_reader reader = {.self = &texts, .read = read_text};
    if (mr_scenario_read(out->region, "bench.yaml", &reader, &out->scenario, err)) {
        struct mr_arena_options options = {
            .bytes_max = mr_run_arena_bytes(out->scenario), .fill = -1};
        if (mr_arena_open(&options, &out->arena, err)) return true;
    }
    mr_subject_close(out);
    return false;
}

void mr_subject_close(struct mr_subject *subject)
{
    mr_arena_close(subject->arena);
    mr_region_destroy(subject->region);
    memset(subject, 0, sizeof *subject);
}

bool mr_subject_small(struct mr_subject *out, struct mr_err *err)
{
    return mr_subject_open(small_pipeline, small_scenario, out, err);
}

bool mr_subject_bulk(
    const struct mr_bulk_size *size, struct mr_subject *out, struct mr_err *err)
{
    char pipeline[2048], scenario[2048], key_bytes[32] = "";
    snprintf(pipeline, sizeof pipeline, bulk_pipeline, size->key_bytes ? "string" : "integer",
        size->window_rows / ROWS_PER_MS);
    if (size->key_bytes)
        snprintf(key_bytes, sizeof key_bytes, ", key_bytes: %u", size->key_bytes);
    unsigned long long duration_ms = size->rows / ROWS_PER_MS;
    snprintf(scenario, sizeof scenario, bulk_scenario, "", (unsigned long long)size->rows,
        duration_ms ? duration_ms : 1, (unsigned long long)size->keys, key_bytes,
        size->checkpoint_ms, size->batch, "");
    return mr_subject_open(pipeline, scenario, out, err);
}

bool mr_subject_state(uint64_t rows, struct mr_subject *out, struct mr_err *err)
{
    char pipeline[2048], scenario[2048], run_for[64];
    snprintf(pipeline, sizeof pipeline, bulk_pipeline, "integer", 24u * 3600 * 1000);
    unsigned long long duration_ms = rows / ROWS_PER_MS + 1;
    snprintf(run_for, sizeof run_for, "run_for: %llums\n", duration_ms + 2000);
    snprintf(scenario, sizeof scenario, bulk_scenario, "end: open,", (unsigned long long)rows,
        duration_ms, 4000000000ull, "", 3600u * 1000, 100u, run_for);
    return mr_subject_open(pipeline, scenario, out, err);
}

bool mr_subject_udf(uint64_t rows, struct mr_subject *out, struct mr_err *err)
{
    char scenario[2048];
    unsigned long long duration_ms = rows / ROWS_PER_MS + 1;
    snprintf(scenario, sizeof scenario, bulk_scenario, "", (unsigned long long)rows, duration_ms,
        1000ull, "", 500u, 100u, "");
    return mr_subject_open(udf_pipeline, scenario, out, err);
}

bool mr_subject_run(struct mr_subject *subject, const struct mr_run_options *options,
    struct mr_run_result *out, struct mr_err *err)
{
    mr_run(subject->arena, subject->scenario, options, out);
    if (out->n_findings == 0) return true;
    return mr_fail(err, MR_ERR_LIMIT, "seed %llu is %s: %s", (unsigned long long)options->seed,
        mr_verdict_name(out->findings[0].verdict), out->findings[0].summary);
}
