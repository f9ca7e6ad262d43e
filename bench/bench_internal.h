/* A benchmark: measures one thing, several times, and says beside each figure what was checked
 * meanwhile. */
#ifndef MR_BENCH_BENCH_INTERNAL_H
#define MR_BENCH_BENCH_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct mr_measure {
    double value;
    uint64_t
        checked; /* what the checks counted: rows matched, events compared, bytes compared */
};

struct mr_benchmark {
    const char *name;
    const char *unit;
    bool is_lower_better;
    bool is_share; /* of seeds, or a count: the same in every repeat */
    const char *about;
    /* Measures once. `variant` as in the table. Fails when what was measured was not right. */
    bool (*measure)(int variant, struct mr_measure *out, struct mr_err *err);
    int variant;
};

/* Seconds of a clock that only rises. */
double mr_bench_now(void);

/* Rows that run scenarios (bench/runs.c), and those that measure one part alone
 * (bench/parts.c). */
bool mr_bench_small(int variant, struct mr_measure *out, struct mr_err *err);
bool mr_bench_bulk(int variant, struct mr_measure *out, struct mr_err *err);
bool mr_bench_udf(int variant, struct mr_measure *out, struct mr_err *err);
bool mr_bench_nexmark(int variant, struct mr_measure *out, struct mr_err *err); /* a query's number */
bool mr_bench_state_bytes(int variant, struct mr_measure *out, struct mr_err *err);
bool mr_bench_digest(int variant, struct mr_measure *out, struct mr_err *err);
bool mr_bench_growth(int variant, struct mr_measure *out, struct mr_err *err);
bool mr_bench_seed_reset(int variant, struct mr_measure *out, struct mr_err *err);
bool mr_bench_queue(int variant, struct mr_measure *out, struct mr_err *err);
bool mr_bench_network(int variant, struct mr_measure *out, struct mr_err *err);
bool mr_bench_snapshot(int variant, struct mr_measure *out, struct mr_err *err);

enum mr_small_variant { MR_SMALL_SEEDS, MR_SMALL_EVENTS, MR_SMALL_RESTORED };
enum mr_bulk_variant {
    MR_BULK_1K_BATCH_100,
    MR_BULK_1K_BATCH_1,
    MR_BULK_100K_BATCH_100,
    MR_BULK_1K_STRINGS_BATCH_100,
};
enum mr_digest_variant { MR_DIGEST_SMALL, MR_DIGEST_BATCH_100, MR_DIGEST_BATCH_1 };

#endif
