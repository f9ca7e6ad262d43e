/* The reference trigger machine: what one subtask of a Combine owes for what it has seen, in
 * the order in which it saw it. Beam's rules for windows, triggers and panes written down a
 * second time, simple and slow: rows are kept as they are and folded anew for each pane. */
#ifndef MR_SCENARIOS_ORACLE_TRIGGER_MACHINE_H
#define MR_SCENARIOS_ORACLE_TRIGGER_MACHINE_H

#include "scenarios/oracle/fold.h"

struct mr_machine_pane {
    mr_us start_us;
    mr_us end_us;
    mr_us at_us;
    uint32_t index;
    int32_t nonspeculative_index; /* -1: early */
    int timing;                   /* 0 early, 1 on time, 2 late */
    bool is_last;
    int kind; /* enum mr_row_kind: UPDATE_BEFORE and DELETE take back what was said */
    const struct mr_value *values; /* [n_keys + n_aggregates]; borrowed for the call */
    const double *slacks;          /* how far off floats may be */
};

/* Who hears of the panes. */
struct mr_machine_listener {
    void *self;
    void (*pane)(void *self, const struct mr_machine_pane *pane);
};

struct mr_machine;
/* For the Combine `transform` over rows of `input`. */
struct mr_machine *mr_machine_new(struct mr_arena *arena, const struct mr_transform *transform,
    const struct mr_schema *input);
/* The same state once more, on its own. */
struct mr_machine *mr_machine_copy(const struct mr_machine *machine);
void mr_machine_discard(struct mr_machine *machine); /* accepts NULL */
void mr_machine_listen(struct mr_machine *machine, struct mr_machine_listener listener);

/* What it sees. Each first fires what processing time has made due by `now_ns`. */

/* A row of the batch at hand, for one of its windows. False: that window has expired. */
bool mr_machine_row(struct mr_machine *machine, mr_ns now_ns, const struct mr_value *row,
    mr_us at_us, mr_us start_us, mr_us end_us);
/* The batch is through. */
void mr_machine_batch(struct mr_machine *machine, mr_ns now_ns);
void mr_machine_watermark(struct mr_machine *machine, mr_ns now_ns, mr_us watermark_us);
void mr_machine_time(struct mr_machine *machine, mr_ns now_ns);

/* The watermark that it forwards. */
mr_us mr_machine_output_us(const struct mr_machine *machine);
/* Windows with rows that no pane has taken away. */
uint64_t mr_machine_entries(const struct mr_machine *machine);
/* What such a window would show now, but that values to be folded are shown as they are: values[n_keys + n_aggregates] and slacks. `keys[n_keys]`
 * names it. False: there is none. Text is borrowed until the next call. */
bool mr_machine_show(struct mr_machine *machine, mr_us start_us, mr_us end_us,
    const struct mr_value *keys, struct mr_value *values, double *slacks);
/* The earliest end of a window that has not ended and has rows; MR_US_MAX: none. */
mr_us mr_machine_earliest_end_us(const struct mr_machine *machine);

#endif
