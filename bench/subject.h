/* What the benchmarks run: scenarios written here as text, so that nothing but the program is
 * needed. */
#ifndef MR_BENCH_SUBJECT_H
#define MR_BENCH_SUBJECT_H

#include "scenarios/run/run.h"

struct mr_subject {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
};

/* The sizes of a bulk run. */
struct mr_bulk_size {
    uint64_t rows;
    uint64_t keys;
    uint32_t key_bytes;   /* of string keys; 0: int64 keys */
    uint32_t batch;       /* rows of a message on the exchange */
    uint32_t window_rows; /* rows of a window */
    uint32_t checkpoint_ms; /* virtual time between checkpoints; 100 rows arrive in a millisecond */
};

/* 1,000 rows over 4 virtual seconds, counted and summed in windows of 100 ms, with a crash. */
bool mr_subject_small(struct mr_subject *out, struct mr_err *err);
bool mr_subject_bulk(
    const struct mr_bulk_size *size, struct mr_subject *out, struct mr_err *err);
/* `rows` distinct keys in one window that stays open. */
bool mr_subject_state(uint64_t rows, struct mr_subject *out, struct mr_err *err);
/* `rows` rows that a function in Python maps before they are summed. */
bool mr_subject_udf(uint64_t rows, struct mr_subject *out, struct mr_err *err);
/* Of these texts. */
bool mr_subject_open(
    const char *pipeline, const char *scenario, struct mr_subject *out, struct mr_err *err);
void mr_subject_close(struct mr_subject *subject);

/* Runs a seed; fails when a check found something. */
bool mr_subject_run(struct mr_subject *subject, const struct mr_run_options *options,
    struct mr_run_result *out, struct mr_err *err);

#endif
