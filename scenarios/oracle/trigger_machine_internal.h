/* What the files of the reference trigger machine share. */
#ifndef MR_SCENARIOS_ORACLE_TRIGGER_MACHINE_INTERNAL_H
#define MR_SCENARIOS_ORACLE_TRIGGER_MACHINE_INTERNAL_H

#include "engine/expression/caller.h"
#include "scenarios/oracle/trigger_machine.h"
#include "scenarios/oracle/trigger_tree.h"

/* Some values with their texts behind them, in as many hands as `n_holders` says. */
struct mr_machine_tuple {
    uint32_t n_holders;
    uint32_t n;
    uint32_t bytes; /* all of it */
    struct mr_value values[];
};

struct mr_machine_window {
    struct mr_machine_window *next; /* in its bucket */
    struct mr_machine_tuple *key;
    uint64_t hash; /* of the key */
    mr_us start_us;
    mr_us end_us;
    struct mr_tree *trigger;
    uint32_t n_rows; /* since the last pane that took them away */
    uint32_t capacity;
    struct mr_machine_tuple **rows; /* values for the aggregates */
    uint32_t n_fresh;               /* since the last pane */
    uint32_t n_panes;
    uint32_t n_nonspeculative;
    /* Retracting: the values of the last pane, then their slacks (NULL: nothing is to be taken
     * back), and the rest of it. */
    struct mr_machine_tuple *shown;
    struct mr_machine_pane shown_pane;
    bool has_time;
    mr_us time_us;  /* of the next pane */
    mr_us due_us;   /* its end until has_ended, then when it expires */
    uint32_t place; /* in the heap */
    bool has_ended;
    bool is_new;     /* made by the batch at hand */
    bool is_touched; /* by the batch at hand */
};

/* A row of the batch at hand. */
struct mr_machine_row {
    struct mr_machine_tuple *key;
    struct mr_machine_tuple *values;
    uint64_t hash;
    mr_us at_us;
    mr_us start_us;
    mr_us end_us;
};

struct mr_machine {
    struct mr_arena *arena;
    const struct mr_transform *transform;
    const struct mr_schema *input;
    struct mr_machine_listener listener;
    struct mr_scratch scratch;
    struct mr_caller caller;
    struct mr_fold fold; /* how rows become results: no rows are folded in it */
    char *group;         /* [fold.stride] */
    mr_us watermark_us;
    mr_us output_us;
    mr_ns next_due_ns; /* processing time makes nothing due before */
    uint32_t n_windows;
    uint32_t heap_capacity;
    struct mr_machine_window **heap; /* [n_windows] */
    uint32_t n_buckets;              /* a power of two */
    struct mr_machine_window **buckets;
    uint32_t n_batch;
    uint32_t batch_capacity;
    struct mr_machine_row *batch;
};

/* trigger_machine_ends.c */
void mr_machine_due_add(struct mr_machine *machine, struct mr_machine_window *window);
/* Its due_us has risen. */
void mr_machine_due_later(struct mr_machine *machine, struct mr_machine_window *window);
void mr_machine_due_remove(struct mr_machine *machine, struct mr_machine_window *window);
/* Where the windows hang whose keys have the hash. */
struct mr_machine_window **mr_machine_bucket(struct mr_machine *machine, uint64_t hash);
/* Makes room for one more. */
void mr_machine_reserve_buckets(struct mr_machine *machine);

/* trigger_machine_rows.c */
struct mr_machine_tuple *mr_machine_tuple_new(
    struct mr_arena *arena, const struct mr_value *values, uint32_t n);
void mr_machine_tuple_drop(struct mr_arena *arena, struct mr_machine_tuple *tuple);
uint64_t mr_machine_key_hash(const struct mr_value *keys, uint32_t n);
bool mr_machine_key_is(
    const struct mr_machine_window *window, uint64_t hash, const struct mr_machine_tuple *key);
/* The result of a window's rows: its keys, then the aggregates. Text is borrowed until the
 * scratch is reset. */
void mr_machine_fold(struct mr_machine *machine, const struct mr_machine_window *window,
    struct mr_value *values, double *slacks);
void mr_machine_window_discard(struct mr_machine *machine, struct mr_machine_window *window);
void mr_machine_clear_rows(struct mr_machine *machine, struct mr_machine_window *window);
void mr_machine_add_row(
    struct mr_machine *machine, struct mr_machine_window *window, struct mr_machine_tuple *row);
/* Nobody will take back what the window has said. */
void mr_machine_unshow(struct mr_machine *machine, struct mr_machine_window *window);
/* Its bounds are others now: takes back what it has said. */
void mr_machine_take_back(struct mr_machine *machine, struct mr_machine_window *window);
/* Makes the windows of the batch's rows: merges what has to become one. */
void mr_machine_place(struct mr_machine *machine);
struct mr_machine_window *mr_machine_find(
    struct mr_machine *machine, const struct mr_machine_row *row);

static inline mr_us mr_machine_horizon_us(const struct mr_machine *machine, mr_us end_us)
{
    return mr_us_add(end_us, machine->transform->windowing.allowed_lateness_us);
}
/* The next pane's time takes a row in. */
void mr_machine_time_row(
    const struct mr_machine *machine, struct mr_machine_window *window, mr_us at_us);

#endif
