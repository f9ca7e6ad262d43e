/* Rows of several inputs, kept by window until it ends: what Join does before it joins. */
#ifndef MR_ENGINE_OPERATORS_GATHER_H
#define MR_ENGINE_OPERATORS_GATHER_H

#include "engine/operators/operator.h"

/* Rows behind each other: four bytes of length, then of each field a byte of its type and the
 * value. */
struct mr_gather_rows {
    uint32_t n;
    uint32_t n_bytes;
    uint32_t capacity_bytes;
    unsigned char *data;
};
struct mr_gather_window {
    mr_us start_us;
    mr_us end_us;
    struct mr_gather_rows *inputs; /* [n_inputs] */
};

/* Invariant: windows are ordered by end, then start; none has ended at watermark_us. */
struct mr_gather {
    struct mr_operator operator;
    uint32_t n_windows;
    uint32_t windows_capacity;
    struct mr_gather_window **windows;
    mr_us watermark_us;
};

void mr_gather_open(struct mr_operator *operator);
void mr_gather_close(struct mr_operator *operator);
void mr_gather_batch(struct mr_operator *operator, const struct mr_batch * batch);
/* Calls `fire` for each window that has ended, in their order; then it is gone. */
void mr_gather_watermark(struct mr_operator *operator, mr_us watermark_us,
    void (*fire)(struct mr_gather *gather, const struct mr_gather_window *window));
void mr_gather_snapshot(
    struct mr_operator *operator, struct mr_snapshot_writer * writer, uint64_t checkpoint);
void mr_gather_restore(
    struct mr_operator *operator, struct mr_snapshot_reader * reader, bool is_rewind);

/* The rows of an input in the order in which they came: [n][n_fields], in scratch; text is
 * borrowed from the window. */
const struct mr_value *mr_gather_values(
    struct mr_gather *gather, const struct mr_gather_window *window, uint32_t input);
/* Emits values[n][n_fields of the output] as the pane of the window. */
void mr_gather_emit(struct mr_gather *gather, const struct mr_gather_window *window,
    const struct mr_value *values, uint32_t n);

static inline const struct mr_schema *mr_gather_schema(
    const struct mr_operator *operator, uint32_t input)
{
    const struct mr_edge *edge = &operator->transform->inputs[input];
    return &
    operator->context->job->graph->transforms[edge->transform].outputs[edge->output].schema;
}

#endif
