/* Panes that have fired, gathered into batches. */
#ifndef MR_ENGINE_OPERATORS_PANE_OUTPUT_H
#define MR_ENGINE_OPERATORS_PANE_OUTPUT_H

#include "engine/operators/pane_windows.h"

enum { MR_PANES_GATHERED = 256 };

struct mr_pane_output {
    struct mr_operator *operator;
    const struct mr_pane_windows *windows;
    uint32_t n;
    /* [MR_PANES_GATHERED] each; NULL before the first pane */
    uint32_t *keys;
    mr_us *times_us;
    mr_us *starts_us;
    mr_us *ends_us;
    struct mr_pane *panes;
    bool *are_empty;
    uint8_t *kinds;                /* enum mr_row_kind */
    struct mr_accumulators values; /* what the panes show */
};

void mr_pane_output_init(struct mr_pane_output *output, struct mr_operator *operator,
    const struct mr_pane_windows * windows);
void mr_pane_output_deinit(struct mr_pane_output *output);
/* A pane of what the window holds now. */
void mr_pane_output_put(
    struct mr_pane_output *output, uint32_t id, struct mr_pane pane, enum mr_row_kind kind);
/* What its last pane was, with UPDATE_BEFORE or DELETE. */
void mr_pane_output_take_back(
    struct mr_pane_output *output, uint32_t id, enum mr_row_kind kind);
/* The time of a window's next pane. */
mr_us mr_pane_output_time_us(const struct mr_pane_window *window);
/* Emits what was gathered: before the keys of the windows are numbered anew. */
void mr_pane_output_flush(struct mr_pane_output *output);

#endif
