/* Rows of the bench for Nexmark: a query over events of all kinds that it reads, judged by all
 * checks. */
#include "bench/nexmark.h"

#include <stdio.h>
#include <string.h>

#include "bench/bench_internal.h"
#include "bench/subject.h"
#include "scenarios/data/nexmark.h"

/* 25,000 events in a virtual second. */
#define EVENTS UINT64_C(500000)
enum { EVENTS_PER_MS = 25, TEXT_MAX = 4096 };

static const char *const kinds[MR_NEXMARK_KINDS] = {
    [MR_NEXMARK_PERSON] = "person", [MR_NEXMARK_AUCTION] = "auction", [MR_NEXMARK_BID] = "bid"};

static bool reads_kind(const char *pipeline, int kind)
{
    char words[32];
    snprintf(words, sizeof words, "topic: %s\n", kinds[kind]);
    return strstr(pipeline, words) != NULL;
}

static const struct mr_nexmark_query *find_query(int number)
{
    const struct mr_nexmark_query *query = mr_nexmark_queries;
    while (query->number != number && query->number >= 0) query++;
    MR_ASSERT(query->number == number);
    return query;
}

/* A checkpoint holds all that a join, a query or a list keeps, and the checks look at each row
 * of it: with more time between them. Without such state there is more to gain from the sinks'
 * rows being committed soon. */
static const char *checkpoint_every(const char *pipeline)
{
    static const char *const keepers[] = {"type: Join", "type: TopN", "language: sql"};
    for (size_t i = 0; i < sizeof keepers / sizeof keepers[0]; i++)
        if (strstr(pipeline, keepers[i])) return "5s";
    return "200ms";
}

/* The scenario around a query; *rows: how many its streams have. */
static void write_scenario(const char *pipeline, char out[TEXT_MAX], uint64_t *rows)
{
    size_t used = (size_t)snprintf(
        out, TEXT_MAX, "scenario: nexmark\npipeline: {file: pipeline.yaml}\nstreams:\n");
    *rows = 0;
    for (int kind = MR_NEXMARK_PERSON; kind < MR_NEXMARK_KINDS; kind++) {
        if (!reads_kind(pipeline, kind)) continue;
        *rows += mr_nexmark_count((enum mr_nexmark_kind)kind, EVENTS);
        used += (size_t)snprintf(out + used, TEXT_MAX - used,
            "  %s: {partitions: 4, generate: {nexmark: %s, rows: %llu, duration: %llums}}\n",
            kinds[kind], kinds[kind], (unsigned long long)EVENTS,
            (unsigned long long)(EVENTS / EVENTS_PER_MS));
    }
    if (strstr(pipeline, "connector: side_input"))
        used += (size_t)snprintf(out + used, TEXT_MAX - used,
            "services: {side_input: {table: side-input.csv, key: key, latency: 1ms}}\n");
    used += (size_t)snprintf(out + used, TEXT_MAX - used,
        "cluster:\n"
        "  {workers: 3, slots: 2, parallelism: 3, checkpoint: {every: %s, retention: 1}, "
        "batch: 100, credit: "
        "256,\n"
        "   fetch: {rows: 1000, rows_min: 1000, wait: 500ms}, costs: {message: 0s, row: 0s, "
        "snapshot_kb: 0s}}\n"
        "limits: {virtual_time: 1h, events: 1000000000, memory: 8GB}\n",
        checkpoint_every(pipeline));
    MR_ASSERT(used < TEXT_MAX);
}

static bool run_query(const struct mr_nexmark_query *query, struct mr_run_result *result,
    struct mr_measure *out, struct mr_err *err)
{
    char scenario[TEXT_MAX];
    uint64_t rows;
    write_scenario(query->pipeline, scenario, &rows);
    struct mr_subject subject;
    if (!mr_subject_open(query->pipeline, scenario, &subject, err)) return false;
    struct mr_run_options options = {.seed = 1};
    double start = mr_bench_now();
    bool is_ok = mr_subject_run(&subject, &options, result, err);
    double seconds = mr_bench_now() - start;
    mr_subject_close(&subject);
    if (!is_ok) return false;
    if (result->counts.rows_folded != rows || result->counts.rows_matched == 0)
        return mr_fail(err, MR_ERR_LIMIT,
            "%llu of %llu rows were folded by the oracle, %llu output rows matched",
            (unsigned long long)result->counts.rows_folded, (unsigned long long)rows,
            (unsigned long long)result->counts.rows_matched);
    out->value = (double)rows / seconds;
    out->checked = result->counts.rows_folded + result->counts.rows_matched;
    return true;
}

bool mr_bench_nexmark(int variant, struct mr_measure *out, struct mr_err *err)
{
    struct mr_run_result *result = mr_alloc(sizeof *result);
    bool is_ok = run_query(find_query(variant), result, out, err);
    mr_free(result);
    return is_ok;
}
