/* What a group counts and adds up: one tally an aggregate, laid out behind the group's keys. */
#ifndef MR_SCENARIOS_ORACLE_TALLY_H
#define MR_SCENARIOS_ORACLE_TALLY_H

#include "engine/pipeline/graph.h"
#include "scenarios/oracle/cell.h"

enum mr_tally_kind {
    MR_TALLY_COUNT, /* takes no room: it is the number of rows of the group */
    MR_TALLY_SUM_INT,
    MR_TALLY_MEAN_INT,
    MR_TALLY_SUM_FLOAT,
    MR_TALLY_MEAN_FLOAT,
    MR_TALLY_LEAST,
    MR_TALLY_GREATEST,
    MR_TALLY_FOLD, /* keeps the values */
};

/* Doubles are added in an order that the engine need not share: how far its sum may be off goes
 * along. */
struct mr_float_sum {
    double sum;
    double absolute; /* sum of absolute values */
    double
        slack; /* of the values themselves, where they are sums; and of what parts took away */
};
struct mr_extreme {
    struct mr_cell best; /* None before the first value */
    double slack;        /* the largest of any value */
};

/* The values of a group, for aggregates that fold them: the last that came, which knows the one
 * before. */
struct mr_kept_value {
    const struct mr_kept_value *before;
    char document[]; /* base/document.h */
};
struct mr_kept {
    const struct mr_kept_value *last; /* NULL: none */
    uint64_t n;
};

/* How one aggregate is tallied. */
struct mr_tally {
    enum mr_tally_kind kind;
    enum mr_type type; /* of the value */
    enum mr_type result;
    int field;         /* of the input row; -1: computed */
    uint32_t computed; /* which of the computed values */
    uint32_t offset;   /* in the group */
    const struct mr_expression *expression;
    struct mr_scratch *scratch; /* FOLD: what results lie in */
};

struct mr_tally mr_tally_make(const struct mr_aggregate *aggregate);
uint32_t mr_tally_bytes(enum mr_tally_kind kind);
/* All but sums of integers, which are common, and short enough to be inlined. */
void mr_tally_clear_other(const struct mr_tally *tally, char *group);
void mr_tally_take_other(const struct mr_tally *tally, char *group, struct mr_value value,
    double slack, struct mr_scratch *texts);
bool mr_tally_shows_other(
    const struct mr_tally *tally, const char *group, int64_t n_rows, struct mr_value value);

/* Whether the tally is one sum of integers. */
static inline bool mr_tally_is_integer(const struct mr_tally *tally)
{
    return tally->kind == MR_TALLY_SUM_INT || tally->kind == MR_TALLY_MEAN_INT;
}

static inline int64_t *mr_tally_integer(const struct mr_tally *tally, const char *group)
{
    return (int64_t *)(uintptr_t)(group + tally->offset);
}

static inline void mr_tally_clear(const struct mr_tally *tally, char *group)
{
    if (MR_LIKELY(mr_tally_is_integer(tally)))
        *mr_tally_integer(tally, group) = 0;
    else
        mr_tally_clear_other(tally, group);
}

/* Whether the aggregate takes a None as the value that it is. */
static inline bool mr_tally_takes_none(const struct mr_tally *tally)
{
    return tally->kind == MR_TALLY_FOLD || tally->kind == MR_TALLY_COUNT;
}

/* Whether an integer sum would leave 64 bits with this value, which is not None. */
static inline bool mr_tally_overflows(
    const struct mr_tally *tally, const char *group, const struct mr_value *value)
{
    int64_t ignored;
    return mr_tally_is_integer(tally) &&
           __builtin_add_overflow(*mr_tally_integer(tally, group), value->i, &ignored);
}

/* `slack`: how far the value itself may be off. Long texts that are kept are copied into
 * `texts`. */
static inline void mr_tally_take(const struct mr_tally *tally, char *group,
    const struct mr_value *value, double slack, struct mr_scratch *texts)
{
    if (MR_LIKELY(mr_tally_is_integer(tally)))
        *mr_tally_integer(tally, group) += value->i;
    else
        mr_tally_take_other(tally, group, *value, slack, texts);
}

/* Whether the value is the aggregate over `n_rows` rows, as near as another order of adding
 * comes. */
static inline bool mr_tally_shows(const struct mr_tally *tally, const char *group,
    int64_t n_rows, const struct mr_value *value)
{
    if (MR_LIKELY(tally->kind == MR_TALLY_COUNT || tally->kind == MR_TALLY_SUM_INT)) {
        int64_t expected =
            tally->kind == MR_TALLY_COUNT ? n_rows : *mr_tally_integer(tally, group);
        return value->type == MR_TYPE_INT && value->i == expected;
    }
    return mr_tally_shows_other(tally, group, n_rows, *value);
}
/* The aggregate over `n_rows` rows, and how far another order of adding may be off. Text is
 * borrowed. Of a FOLD the list of its values, in the order of mr_value_order. */
struct mr_value mr_tally_result(
    const struct mr_tally *tally, const char *group, int64_t n_rows, double *slack);
/* LEAST and GREATEST: whether the value would displace the best one. */
bool mr_tally_is_beyond(const struct mr_tally *tally, const char *group, struct mr_value value);
/* Sums, and means of `n` rows: takes the value away from the sum over `n_rows` rows, whose
 * slack stays. Returns whether nothing is left. */
bool mr_tally_take_away(const struct mr_tally *tally, char *group, struct mr_value value,
    int64_t n, int64_t n_rows);
/* Whether two values are the same, floats within `slack`. Zeros of both signs are; any two are
 * where the slack is not finite: there the order decides. */
bool mr_value_near(struct mr_value a, struct mr_value b, double slack);

#endif
