/* Rows of two inputs by time: a JoinStreams' share of the oracle. */
#ifndef MR_SCENARIOS_ORACLE_TIMED_H
#define MR_SCENARIOS_ORACLE_TIMED_H

#include "scenarios/oracle/gather.h"

struct mr_timed_row {
    struct mr_value *values; /* owned, with its texts and slacks behind it */
    const double *slacks;    /* NULL: all are exact */
    uint32_t bytes;
    mr_us at_us;
    uint64_t hash;
    uint64_t looked; /* the look at the state that met it */
    uint32_t next; /* of the same slot of the index */
    bool is_matched;
};
/* Rows [0, n_met) have been held against all of the other input's first n_met. */
struct mr_timed_rows {
    uint32_t n;
    uint32_t n_met;
    uint32_t capacity;
    struct mr_timed_row *rows;
    uint64_t indexed; /* the look that the index was made for */
    uint32_t n_slots;
    uint32_t *slots;
};
struct mr_timed {
    struct mr_arena *arena;
    const struct mr_transform *transform;
    struct mr_gathered_shape inputs[2];
    struct mr_drops drops;
    struct mr_timed_rows sides[2];
    uint64_t n_looks;
};

void mr_timed_init(
    struct mr_timed *timed, struct mr_arena *arena, const struct mr_transform *transform);
void mr_timed_deinit(struct mr_timed *timed);
void mr_timed_take(struct mr_timed *timed, uint32_t input, const struct mr_flow_row *row);
void mr_timed_drop(
    struct mr_timed *timed, uint32_t input, mr_us at_us, const struct mr_value *row);
/* Takes row `i` out; the last one takes its place. */
void mr_timed_remove(struct mr_timed *timed, uint32_t side, uint32_t i);
bool mr_timed_hold(
    struct mr_timed *timed, uint32_t input, mr_us at_us, const struct mr_value *row);

#endif
