/* What lint calls confluent gives the same rows on any cluster: two runs of a calm world, which
 * differ in parallelism, batches, messages and checkpoints, are compared as multisets of rows. */
#ifndef MR_TESTS_RANDOM_CONFLUENCE_H
#define MR_TESTS_RANDOM_CONFLUENCE_H

#include "base/digest.h"
#include "engine/pipeline/judgement.h"
#include "scenarios/recorder.h"
#include "tests/stress_run.h"

/* Nothing restarts in a calm world, and all that is appended is committed. */
static const struct stress_mix random_other_cluster = {.name = "other-cluster",
    .is_calm = true,
    .cluster = {.parallelism = "3",
        .checkpoint_every = "333ms",
        .batch = "7",
        .credit = "2",
        .fetch_rows = "17",
        .liveness_within = "10s"}};

struct random_sum {
    uint64_t n_rows;
    uint64_t hashes; /* their sum: a multiset has no order */
};

static void random_appended(void *self, mr_ns at_ns, uint32_t topic, uint32_t partition,
    int64_t offset, uint64_t producer_id, uint32_t producer_epoch, uint32_t attempt,
    uint64_t checkpoint, const struct mr_schema *schema, const struct mr_batch *rows)
{
    struct random_sum *sum = self;
    (void)at_ns, (void)partition, (void)offset, (void)producer_id, (void)producer_epoch;
    (void)attempt, (void)checkpoint, (void)schema;
    for (uint32_t i = 0; i < rows->n_selected; i++) {
        uint64_t hash = mr_hash_u64(topic);
        for (uint32_t k = 0; k < rows->n_columns; k++)
            hash = mr_digest_mix(
                hash, mr_value_hash(mr_column_value(&rows->columns[k], mr_batch_row(rows, i))));
        sum->hashes += mr_hash_u64(hash);
        sum->n_rows++;
    }
}

/* 0: the rows may differ; 1: they may not where nothing was late; 2: they may not at all. */
static uint32_t random_promise(const struct stress *stress)
{
    struct mr_judgement judgement;
    mr_pipeline_judge(stress->region, stress->scenario->graph, &judgement);
    if (judgement.confluence == MR_CONFLUENT) return 2;
    if (judgement.confluence == MR_NOT_CONFLUENT) return 0;
    for (uint32_t i = 0; i < judgement.of_confluence.n; i++)
        if (!strstr(judgement.of_confluence.list[i].text, "rows that are late")) return 0;
    return 1;
}

/* What came out of a run of it; false: lint promises nothing of that. */
static bool random_sum_of(struct stress *stress, const struct stress_pipeline *pipeline,
    const struct stress_mix *mix, uint64_t seed, struct random_sum *sum)
{
    *sum = (struct random_sum){0};
    struct mr_recorder recorder = {.self = sum, .appended = random_appended};
    struct mr_run_options options = {.seed = seed, .recorder = &recorder};
    stress_open(stress, pipeline, mix);
    uint32_t promise = random_promise(stress);
    if (promise > 0) mr_run(stress->arena, stress->scenario, &options, &stress->result);
    const struct mr_run_result *result = &stress->result;
    bool holds = promise > 0 && result->end == MR_END_FINISHED && result->n_findings == 0 &&
                 result->counts.restarts == 0 &&
                 (promise == 2 || result->counts.rows_dropped == 0);
    stress_close(stress);
    return holds;
}

#endif
