/* Rows of several inputs by window, until it ends: a Join's share of the oracle. */
#ifndef MR_SCENARIOS_ORACLE_GATHER_H
#define MR_SCENARIOS_ORACLE_GATHER_H

#include "scenarios/oracle/fold.h"

struct mr_gathered_row {
    const struct mr_value *values; /* [n_fields of the input] */
    const double *slacks;          /* NULL: all are exact */
    uint64_t hash;
    uint64_t looked; /* the look at the state that met it */
    uint32_t next;   /* of the same place in the index */
};
struct mr_gathered_rows {
    uint32_t n;
    uint32_t capacity;
    struct mr_gathered_row *rows;
    uint32_t n_indexed; /* the index was made with so many rows */
    uint32_t n_slots;
    uint32_t *slots;
};
struct mr_gathered_window {
    mr_us start_us;
    mr_us end_us;
    struct mr_gathered_rows *inputs; /* [n_inputs] */
    struct mr_scratch store;         /* values and texts */
};
struct mr_gathered_shape {
    uint32_t n_fields;
    uint64_t inexact_fields;
};

struct mr_gathering {
    struct mr_arena *arena;
    const struct mr_transform *transform;
    struct mr_gathered_shape *inputs; /* [n_inputs] */
    struct mr_drops drops;
    uint32_t n_windows;
    uint32_t windows_capacity;
    struct mr_gathered_window **windows; /* by end, then start */
    uint64_t n_rows;                     /* in all of them */
    uint64_t n_looks;
};

void mr_gathering_init(struct mr_gathering *gathering, struct mr_arena *arena,
    const struct mr_transform *transform);
void mr_gathering_deinit(struct mr_gathering *gathering);
/* Copies the row into each of its windows, but for those that dropped it. */
void mr_gathering_take(
    struct mr_gathering *gathering, uint32_t input, const struct mr_flow_row *row);
void mr_gathering_drop(struct mr_gathering *gathering, uint32_t input, mr_us start_us,
    mr_us end_us, const struct mr_value *row);
/* Takes out the first window that ends at the watermark or before; NULL: there is none. */
struct mr_gathered_window *mr_gathering_take_due(
    struct mr_gathering *gathering, mr_us watermark_us);
void mr_gathered_window_free(struct mr_gathering *gathering, struct mr_gathered_window *window);
/* MR_US_MAX: there is no window. */
mr_us mr_gathering_earliest_end_us(const struct mr_gathering *gathering);
/* Whether there is such a row that this look has not met. */
bool mr_gathering_hold(struct mr_gathering *gathering, uint32_t input, mr_us start_us,
    mr_us end_us, const struct mr_value *row);

#endif
