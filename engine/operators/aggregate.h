/* Accumulators in columns: one array an aggregate, indexed by the dense entries of a keyed map. */
#ifndef MR_ENGINE_OPERATORS_AGGREGATE_H
#define MR_ENGINE_OPERATORS_AGGREGATE_H

#include "engine/pipeline/graph.h"
#include "engine/state/snapshot.h"

/* What an aggregate accumulates, by its kind and its value's type. */
enum mr_accumulator_kind {
    MR_ACCUMULATE_COUNT,
    MR_ACCUMULATE_SUM_INT,
    MR_ACCUMULATE_SUM_FLOAT,
    MR_ACCUMULATE_MEAN_INT,   /* sum and count */
    MR_ACCUMULATE_MEAN_FLOAT, /* sum and count */
    MR_ACCUMULATE_MIN_INT,    /* also timestamps and booleans */
    MR_ACCUMULATE_MAX_INT,
    MR_ACCUMULATE_MIN_FLOAT,
    MR_ACCUMULATE_MAX_FLOAT,
    MR_ACCUMULATE_MIN_TEXT,
    MR_ACCUMULATE_MAX_TEXT,
    MR_ACCUMULATE_LIST, /* the values themselves, for aggregates that fold them */
};
enum mr_accumulator_kind mr_accumulator_kind(const struct mr_aggregate *aggregate);

struct mr_accumulator {
    enum mr_accumulator_kind kind;
    void *values;    /* int64_t, double, struct mr_string with bytes UINT32_MAX for none, struct mr_pile */
    int64_t *counts; /* MEAN */
    char *heap;      /* TEXT: long ones */
    uint32_t heap_bytes;
    uint32_t heap_capacity;
};

struct mr_accumulators {
    struct mr_arena *arena;
    const struct mr_combine *combine;
    uint32_t capacity;
    bool shows_lists; /* what is to be folded is shown as the list of its values */
    bool folds_nothing; /* also where there are no values; else that is None */
    struct mr_accumulator *list; /* [n_aggregates] */
};

void mr_accumulators_init(struct mr_accumulators *accumulators, struct mr_arena *arena,
    const struct mr_combine *combine);
void mr_accumulators_deinit(struct mr_accumulators *accumulators);
/* Entries up to `capacity` begin as the identity. */
void mr_accumulators_reserve(struct mr_accumulators *accumulators, uint32_t capacity);
/* Entry ids[i] takes in row rows[i] of `value` (NULL for a plain count). A row that cannot be taken in gets its error
 * in errors[row]; what it did to other aggregates stays, since the task fails. */
void mr_accumulators_add(struct mr_accumulators *accumulators, uint32_t aggregate,
    const struct mr_column *value, const uint32_t *ids, const uint16_t *rows, uint32_t n,
    uint8_t *errors);
/* The results of entries [first, first + n). Where folding fails, the failure hangs on the scratch memory's caller. */
struct mr_column mr_accumulators_column(const struct mr_accumulators *accumulators,
    uint32_t aggregate, uint32_t first, uint32_t n, struct mr_scratch *scratch);
/* Entries into_ids[i] take in entries from_ids[i] of `from`, which stay as they are; both are of one combine, and may be
 * one object. False when an integer sum left 64 bits. */
MR_MUST_CHECK bool mr_accumulators_merge(struct mr_accumulators *accumulators,
    const uint32_t *into_ids, const struct mr_accumulators *from, const uint32_t *from_ids,
    uint32_t n);
/* Entry `id` begins anew. */
void mr_accumulators_clear(struct mr_accumulators *accumulators, uint32_t id);
void mr_accumulators_snapshot(const struct mr_accumulators *accumulators, uint32_t n,
    struct mr_snapshot_writer *writer);
void mr_accumulators_restore(struct mr_accumulators *accumulators, uint32_t n,
    struct mr_snapshot_reader *reader);

#endif
