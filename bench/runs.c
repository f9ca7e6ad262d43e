#include "bench/bench_internal.h"
#include "bench/subject.h"

enum { SMALL_SEEDS = 2000, DIGEST_SEEDS = 1000, RESET_SEEDS = 20000 };
#define BULK_ROWS UINT64_C(5000000)
#define STATE_KEYS UINT64_C(1000000)
#define UDF_ROWS UINT64_C(2000000)

static const struct mr_bulk_size bulk_sizes[] = {
    [MR_BULK_1K_BATCH_100] = {BULK_ROWS, 1000, 0, 100, 100000, 500},
    [MR_BULK_1K_BATCH_1] = {BULK_ROWS, 1000, 0, 1, 100000, 500},
    [MR_BULK_100K_BATCH_100] = {BULK_ROWS, 100000, 0, 100, 400000, 2000},
    [MR_BULK_1K_STRINGS_BATCH_100] = {BULK_ROWS, 1000, 12, 100, 100000, 500},
};

struct small_totals {
    double seconds;
    uint64_t steps;
    uint64_t restored;
    uint64_t matched;
};

/* The result is large: one for all runs, which come one after the other. */
static bool run_small(struct mr_subject *subject, uint64_t seeds, bool has_no_digest,
    struct mr_run_result *result, struct small_totals *out, struct mr_err *err)
{
    *out = (struct small_totals){0};
    double start = mr_bench_now();
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct mr_run_options options = {.seed = seed, .has_no_digest = has_no_digest};
        if (!mr_subject_run(subject, &options, result, err)) return false;
        out->steps += result->steps;
        out->restored += result->counts.restores > 0;
        out->matched += result->counts.rows_matched;
    }
    out->seconds = mr_bench_now() - start;
    return true;
}

bool mr_bench_small(int variant, struct mr_measure *out, struct mr_err *err)
{
    struct mr_subject subject;
    if (!mr_subject_small(&subject, err)) return false;
    struct mr_run_result *result = mr_alloc(sizeof *result);
    struct small_totals totals;
    bool is_ok = run_small(&subject, SMALL_SEEDS, false, result, &totals, err);
    if (is_ok) {
        out->checked = totals.matched;
        out->value = SMALL_SEEDS / totals.seconds;
        if (variant == MR_SMALL_EVENTS) out->value = (double)totals.steps / SMALL_SEEDS;
        if (variant == MR_SMALL_RESTORED)
            out->value = 100.0 * (double)totals.restored / SMALL_SEEDS;
    }
    mr_free(result);
    mr_subject_close(&subject);
    return is_ok;
}

/* Seconds that one run takes. */
static bool time_run(struct mr_subject *subject, const struct mr_run_options *options,
    struct mr_run_result *result, double *seconds, struct mr_err *err)
{
    double start = mr_bench_now();
    if (!mr_subject_run(subject, options, result, err)) return false;
    *seconds = mr_bench_now() - start;
    return true;
}

static bool check_rows(const struct mr_run_result *result, uint64_t rows, struct mr_err *err)
{
    if (result->counts.rows_folded == rows && result->counts.rows_matched > 0) return true;
    return mr_fail(err, MR_ERR_LIMIT,
        "%llu rows were folded by the oracle, %llu output rows matched",
        (unsigned long long)result->counts.rows_folded,
        (unsigned long long)result->counts.rows_matched);
}

bool mr_bench_bulk(int variant, struct mr_measure *out, struct mr_err *err)
{
    struct mr_subject subject;
    const struct mr_bulk_size *size = &bulk_sizes[variant];
    if (!mr_subject_bulk(size, &subject, err)) return false;
    struct mr_run_result *result = mr_alloc(sizeof *result);
    struct mr_run_options options = {.seed = 1};
    double seconds = 0;
    bool is_ok = time_run(&subject, &options, result, &seconds, err) &&
                 check_rows(result, size->rows, err);
    if (is_ok) {
        out->value = (double)size->rows / seconds;
        out->checked = result->counts.rows_folded + result->counts.rows_matched;
    }
    mr_free(result);
    mr_subject_close(&subject);
    return is_ok;
}

bool mr_bench_udf(int variant, struct mr_measure *out, struct mr_err *err)
{
    (void)variant;
    struct mr_subject subject;
    if (!mr_subject_udf(UDF_ROWS, &subject, err)) return false;
    struct mr_run_result *result = mr_alloc(sizeof *result);
    struct mr_run_options options = {.seed = 1};
    double seconds = 0;
    bool is_ok = time_run(&subject, &options, result, &seconds, err);
    if (is_ok) {
        out->value = (double)UDF_ROWS / seconds;
        out->checked = result->counts.rows_folded + result->counts.rows_matched;
        is_ok = check_rows(result, UDF_ROWS, err);
    }
    mr_free(result);
    mr_subject_close(&subject);
    return is_ok;
}

static bool engine_bytes(
    uint64_t rows, struct mr_run_result *result, uint64_t *bytes, struct mr_err *err)
{
    struct mr_subject subject;
    if (!mr_subject_state(rows, &subject, err)) return false;
    struct mr_run_options options = {.seed = 1};
    bool is_ok = mr_subject_run(&subject, &options, result, err);
    *bytes = result->engine_bytes;
    mr_subject_close(&subject);
    return is_ok;
}

bool mr_bench_state_bytes(int variant, struct mr_measure *out, struct mr_err *err)
{
    (void)variant;
    struct mr_run_result *result = mr_alloc(sizeof *result);
    uint64_t none = 0, many = 0;
    bool is_ok =
        engine_bytes(1, result, &none, err) && engine_bytes(STATE_KEYS, result, &many, err);
    if (is_ok) {
        out->value = ((double)many - (double)none) / (double)STATE_KEYS;
        out->checked = result->counts.rows_read;
    }
    mr_free(result);
    return is_ok;
}

static bool time_digest(struct mr_subject *subject, int variant, bool has_no_digest,
    struct mr_run_result *result, double *seconds, struct mr_err *err)
{
    if (variant == MR_DIGEST_SMALL) {
        struct small_totals totals;
        bool is_ok = run_small(subject, DIGEST_SEEDS, has_no_digest, result, &totals, err);
        *seconds = totals.seconds;
        return is_ok;
    }
    struct mr_run_options options = {.seed = 1, .has_no_digest = has_no_digest};
    return time_run(subject, &options, result, seconds, err);
}

bool mr_bench_digest(int variant, struct mr_measure *out, struct mr_err *err)
{
    struct mr_subject subject;
    struct mr_bulk_size size =
        bulk_sizes[variant == MR_DIGEST_BATCH_1 ? MR_BULK_1K_BATCH_1 : MR_BULK_1K_BATCH_100];
    if (!(variant == MR_DIGEST_SMALL ? mr_subject_small(&subject, err)
                                     : mr_subject_bulk(&size, &subject, err)))
        return false;
    struct mr_run_result *result = mr_alloc(sizeof *result);
    /* Without and with, twice each in turn, the better of both: so that a moment of noise does
     * not decide. */
    double best[2] = {0, 0};
    bool is_ok = true;
    for (int i = 0; i < 4 && is_ok; i++) {
        double seconds = 0;
        is_ok = time_digest(&subject, variant, i % 2 == 0, result, &seconds, err);
        if (best[i % 2] == 0 || seconds < best[i % 2]) best[i % 2] = seconds;
    }
    out->value = is_ok ? 100 * (best[1] - best[0]) / best[0] : 0;
    out->checked = result->steps;
    mr_free(result);
    mr_subject_close(&subject);
    return is_ok;
}

static bool row_cost(uint64_t rows, uint64_t repeats, struct mr_run_result *result, double *ns,
    struct mr_err *err)
{
    struct mr_subject subject;
    struct mr_bulk_size size = {rows, 1000, 0, 100, 10000, 500};
    if (!mr_subject_bulk(&size, &subject, err)) return false;
    bool is_ok = true;
    double best = 0;
    for (uint64_t i = 0; i < repeats && is_ok; i++) {
        struct mr_run_options options = {.seed = i + 1};
        double seconds = 0;
        is_ok = time_run(&subject, &options, result, &seconds, err) &&
                check_rows(result, rows, err);
        if (i == 0 || seconds < best) best = seconds;
    }
    *ns = best * 1e9 / (double)rows;
    mr_subject_close(&subject);
    return is_ok;
}

bool mr_bench_growth(int variant, struct mr_measure *out, struct mr_err *err)
{
    (void)variant;
    struct mr_run_result *result = mr_alloc(sizeof *result);
    double few = 0, many = 0;
    bool is_ok =
        row_cost(10000, 100, result, &few, err) && row_cost(10000000, 1, result, &many, err);
    if (is_ok) {
        out->value = 100 * (many - few) / few;
        out->checked = result->counts.rows_folded + result->counts.rows_matched;
    }
    mr_free(result);
    return is_ok;
}

bool mr_bench_seed_reset(int variant, struct mr_measure *out, struct mr_err *err)
{
    (void)variant;
    struct mr_subject subject;
    if (!mr_subject_small(&subject, err)) return false;
    struct mr_run_result *result = mr_alloc(sizeof *result);
    uint64_t steps = 0;
    double start = mr_bench_now();
    for (uint64_t seed = 1; seed <= RESET_SEEDS; seed++) {
        struct mr_run_options options = {.seed = seed, .until_step = 1};
        mr_run(subject.arena, subject.scenario, &options, result);
        steps += result->steps;
    }
    out->value = (mr_bench_now() - start) * 1e6 / RESET_SEEDS;
    out->checked = steps;
    mr_free(result);
    mr_subject_close(&subject);
    return steps == RESET_SEEDS || mr_fail(err, MR_ERR_LIMIT, "a seed did not begin");
}
