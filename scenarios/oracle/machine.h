/* What transforms with state by key do, done again: fed with the rows, watermarks and moments
 * that a subtask met, in its order, a machine says which rows are owed. It shares neither state
 * nor timers with the engine. */
#ifndef MR_SCENARIOS_ORACLE_MACHINE_H
#define MR_SCENARIOS_ORACLE_MACHINE_H

#include "scenarios/oracle/balance.h"
#include "scenarios/oracle/fold.h"
#include "scenarios/oracle/oracle.h"

/* A row with its own copy of values and texts. */
struct mr_kept_row {
    struct mr_value *values;
    uint32_t bytes;
};
/* One state of one key. Which of the fields is in use is the transform's to know. */
struct mr_kept_state {
    bool is_there;
    mr_us touched_us;
    char *data; /* KeyedProcess */
    uint32_t bytes;
    bool is_deleted; /* Materialize */
    uint32_t n_rows; /* TopN, in any order; Materialize: one */
    struct mr_kept_row *rows;
};
/* The memory of one key in one window. */
struct mr_key_memory {
    struct mr_key_memory *next; /* of its bucket */
    uint64_t hash;
    uint64_t number;
    mr_us window_start_us;
    mr_us window_end_us;
    struct mr_kept_row keys;
    struct mr_kept_state *states;
    mr_us *timers;   /* [n_timers + 1]: the last one is the end of the window */
    uint32_t n_uses; /* due timers that point to it */
    bool is_gone;
};
enum { MR_MEMORY_BUCKETS_MIN = 64 };
struct mr_key_machine { /* of one subtask */
    mr_us watermark_us;
    mr_us forwarded_us;
    mr_us clock_us; /* what a TTL of event time is measured by: behind the watermark while a
                       timer fires */
    mr_us now_us;
    uint64_t next_number;
    uint32_t n_memories;
    mr_us earliest_us[2]; /* no timer of that time domain is due before */
    uint32_t n_buckets; /* a power of two, or 0 */
    struct mr_key_memory **buckets;
};
struct mr_key_machines { /* of one transform */
    struct mr_oracle *oracle;
    const struct mr_transform *transform;
    uint32_t n;
    struct mr_key_machine **subtasks; /* [n]; NULL: has met nothing yet */
    struct mr_balance balance;
    bool is_late;  /* downstream of a Combine, whose panes may be met before they are owed */
    bool is_loose; /* what it should meet is not known */
    int broadcast_input; /* whose rows each subtask should meet; -1: none */
    uint64_t n_dropped;
};

void mr_key_machines_init(struct mr_key_machines *machines, struct mr_oracle *oracle,
    const struct mr_transform *transform);
void mr_key_machines_deinit(struct mr_key_machines *machines);
void mr_key_machines_replay(
    struct mr_key_machines *machines, const struct mr_oracle_event *event);
/* A row that the machines should meet. */
void mr_key_machines_expect(
    struct mr_key_machines *machines, uint32_t input, const struct mr_flow_row *row);

/* What the logic of a transform is told, and may ask for. */
struct mr_key_machine_step {
    struct mr_key_machines *machines;
    struct mr_key_machine *machine;
    struct mr_key_memory *memory;
    const struct mr_oracle_event *event; /* a row; NULL: a timer */
};
bool mr_memory_has(const struct mr_key_machine_step *step, uint32_t state);
void mr_memory_touch(const struct mr_key_machine_step *step, uint32_t state, mr_us at_us);
void mr_memory_clear(const struct mr_key_machine_step *step, uint32_t state);
struct mr_kept_row mr_kept_row_make(
    struct mr_arena *arena, const struct mr_value *values, uint32_t n);
void mr_kept_row_free(struct mr_arena *arena, struct mr_kept_row *row);
void mr_memory_set_timer(const struct mr_key_machine_step *step, uint32_t timer, mr_us at_us);
void mr_key_machine_emit(const struct mr_key_machine_step *step, uint32_t output, mr_us at_us,
    const struct mr_value *values);

/* machine_process.c */
void mr_key_machine_process_row(const struct mr_key_machine_step *step);
void mr_key_machine_process_timer(
    const struct mr_key_machine_step *step, uint32_t timer, mr_us at_us);
/* machine_builtin.c */
void mr_key_machine_deduplicate(const struct mr_key_machine_step *step);
void mr_key_machine_top_row(const struct mr_key_machine_step *step);
void mr_key_machine_top_end(const struct mr_key_machine_step *step);
void mr_key_machine_materialize(const struct mr_key_machine_step *step);
/* machine_route.c */
void mr_key_machine_route(const struct mr_key_machine_step *step);

#endif
