/* The compiled pipeline: a step a transform, and how rows go from one to the next. */
#ifndef MR_SCENARIOS_ORACLE_ORACLE_INTERNAL_H
#define MR_SCENARIOS_ORACLE_ORACLE_INTERNAL_H

#include "engine/expression/caller.h"
#include "scenarios/oracle/fold.h"
#include "scenarios/oracle/gather.h"
#include "scenarios/oracle/ledger.h"
#include "scenarios/oracle/machine.h"
#include "scenarios/oracle/oracle.h"
#include "scenarios/oracle/timed.h"

/* What reads an output of a step. */
struct mr_step_consumer {
    uint32_t transform;
    uint32_t input;
};
struct mr_step_output {
    uint32_t n_consumers;
    struct mr_step_consumer *consumers;
    uint32_t n_fields;
    uint64_t inexact_fields; /* bit i: field i is, or comes from, a sum of floats */
    bool is_loose;           /* downstream of a Combine with allowed lateness */
};
/* A Lookup: its table, and what the run told of rows that the oracle has not met yet. */
struct mr_lookup_held;
struct mr_lookup_state {
    struct mr_oracle_table table;
    uint32_t n_fields; /* of the input */
    uint64_t inexact_fields;
    bool is_loose;
    struct mr_drops under_way;
    struct mr_drops failed[MR_LOOKUP_OUTCOMES];
    struct mr_lookup_held *first; /* rows that were under way at the last checkpoint */
    struct mr_lookup_held *last;
};
/* A transform, with everything looked up that does not change from row to row. */
struct mr_step {
    const struct mr_transform *transform;
    uint32_t n_outputs;
    struct mr_step_output *outputs; /* [n_outputs] */
    int *fields; /* MAP: the input field that an output field merely is, or -1. FLATTEN: the
                    same, [n_inputs][n_fields] */
    struct mr_fold *fold; /* COMBINE */
    struct mr_gathering *gathering; /* JOIN, SQL */
    struct mr_timed *timed; /* JOIN_STREAMS */
    struct mr_key_machines *machines; /* of transforms with state by key */
    bool has_windows;     /* a Combine or a windowing lies upstream, or is this */
    bool is_retracting;   /* what it puts out may be taken back */
    /* The one Combine through which all rows here have come last, this one included; NULL:
     * there is none, or there are several. Whether they have other windows since. */
    struct mr_fold *last_fold;
    bool is_rewindowed;
    struct mr_sink *sink; /* WRITE */
    struct mr_lookup_state *lookup; /* LOOKUP */
    /* Sources: the one Combine that rows reach as they are, with nothing but WindowInto in
     * between; or NULL. */
    struct mr_fold *direct_fold;
    const struct mr_oracle_input *input; /* READ */
    int64_t *next_offsets;               /* READ: [n_partitions] */
};

/* A field of a direct sink that has to be compared: all but the keys by which the group was
 * found. */
struct mr_shown {
    uint32_t field;
    const struct mr_tally *tally; /* NULL: it is a key for the second time, namely: */
    uint32_t key;
};

/* Invariant: fold is the only Combine whose panes the sink shows, and then either its windows
 * give account themselves (is_direct) or rows of them are in the ledger; NULL: there is none,
 * or there are several. */
struct mr_sink {
    uint32_t id;
    uint32_t n_fields;
    bool has_windows;
    bool is_direct;
    struct mr_fold *fold;
    bool is_rewindowed; /* other windows than those of the Combine */
    bool has_keys;      /* all keys of the Combine are fields here */
    int *sources;       /* [n_fields]: the output field of the Combine, or -1 */
    int *key_fields;    /* [n_keys of the Combine]: where it is here, or -1 */
    uint32_t n_shown;   /* of a direct sink */
    struct mr_shown *shown;
    int order_field; /* decides the partition; -1: none */
    bool is_retracting;       /* rows may be taken back */
    bool has_history;         /* rows came that the oracle has forgotten */
    struct mr_drops standing; /* retracting: rows that came and were not taken back */
    struct mr_ledger_shape shape;
    struct mr_ledger ledger;
};

/* While rows are only traced, nothing is folded: a step that is asked about says whether it is
 * met. */
struct mr_trace_target {
    uint32_t sink;
    const struct mr_value *row;
    mr_us window_start_us;
    mr_us window_end_us;
    /* By Combine: the input field that each field of the sink comes from, or -1; NULL: not
     * upstream of the sink. */
    int *const *origins;
    bool is_met;
};

struct mr_oracle {
    struct mr_arena *arena;
    const struct mr_graph *graph;
    uint32_t parallelism; /* subtasks that a row meets which all are told of */
    const struct mr_oracle_input *inputs; /* [n_inputs] */
    uint32_t n_inputs;
    struct mr_step *steps;     /* [n_transforms] */
    struct mr_caller caller; /* of user code; hangs on the scratch */
    struct mr_scratch scratch; /* of a block of rows */
    uint32_t values_capacity;
    struct mr_value *values; /* a block of rows of a source */
    mr_us *times_us;
    uint64_t n_failures;
    bool has_created;
    struct mr_marks marks;
    struct mr_trace_target *target; /* NULL unless rows are traced */
};

/* compile.c */
void mr_oracle_compile(
    struct mr_oracle *oracle, const struct mr_oracle_input *inputs, uint32_t n_inputs);
/* Gives the steps and all that hangs on them back. */
void mr_oracle_compile_undo(struct mr_oracle *oracle);
/* Where field `field` of an edge comes from: the input field of `transform`, if nothing but
 * copies lie in between; the output field of it when `at_output`. -1: it is computed, or there
 * are several ways. */
int mr_field_origin(const struct mr_graph *graph, struct mr_edge edge, int field,
    uint32_t transform, bool at_output);

/* flow.c */
/* Hands a row to all that read an output. */
void mr_flow_emit(struct mr_oracle *oracle, uint32_t transform, uint32_t output,
    const struct mr_flow_row *row);
/* Takes in what waits in the Combines; then the block's scratch is free. */
void mr_flow_flush(struct mr_oracle *oracle);
/* The rows of all Create, once. */
void mr_flow_create(struct mr_oracle *oracle);
/* Rows [first, end) of a partition. */
void mr_flow_read(struct mr_oracle *oracle, const struct mr_step *source, uint32_t partition,
    int64_t first, int64_t end, void *self,
    void (*each)(void *self, int64_t offset, const struct mr_flow_row *row));

/* The failed row goes on with what went wrong, or, where nobody asked for such rows, the job fails over it. */
void mr_flow_fail(struct mr_oracle *oracle, const struct mr_step *step,
    const struct mr_flow_row *row, struct mr_value message, struct mr_value stack);
/* The same for what an expression fails with. */
void mr_flow_raise(struct mr_oracle *oracle, const struct mr_step *step,
    const struct mr_flow_row *row, enum mr_row_error error);
static inline struct mr_value mr_text_value(const char *text)
{
    return (struct mr_value){
        .type = MR_TYPE_STRING, .text = text, .bytes = (uint32_t)strlen(text)};
}

/* What is told of `ValueError: x` as the `msg` of a failed row. */
struct mr_value mr_message_value(struct mr_oracle *oracle, struct mr_value text);

/* flow_partition.c: a row into Partition, Reshuffle, ExtractWindowingInfo. */
void mr_flow_partition(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row);
void mr_flow_reshuffle(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row);
void mr_flow_extract(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row);
/* flow_explode.c */
void mr_flow_explode(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row);
/* flow_validate_value.c: what is wrong with a value of any type, or inside of it; NULL: nothing. */
const char *mr_flow_broken(const struct mr_rule *rule, struct mr_value value);
/* flow_lookup.c */
void mr_flow_lookup(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row);
void mr_lookup_state_discard(struct mr_oracle *oracle, struct mr_lookup_state *state);
/* flow_route.c */
void mr_flow_route(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row);
/* flow_validate.c */
void mr_flow_validate(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row);

/* join.c: the rows that a window of a Join makes, each input's rows against all results so far. */
void mr_join_emit(struct mr_oracle *oracle, const struct mr_gathering *gathering,
    const struct mr_gathered_window *window);

/* sql.c: what the query makes of a window. */
void mr_sql_emit(struct mr_oracle *oracle, const struct mr_gathering *gathering,
    const struct mr_gathered_window *window);

/* stream_join.c: what rows have become of those that the watermark has passed, and of new pairs. */
void mr_stream_join_pass(struct mr_oracle *oracle, struct mr_timed *timed, mr_us watermark_us);

/* panes.c */
/* Windows of the global kind have two ends: that of the window and "none". */
void mr_window_normalize(mr_us *start_us, mr_us *end_us);
enum mr_match mr_sink_match(struct mr_oracle *oracle, struct mr_sink *sink,
    enum mr_row_kind kind, mr_us window_start_us, mr_us window_end_us,
    const struct mr_value *row, struct mr_value *expected);
/* Direct sinks: asks memory for the groups of rows that will be matched. */
void mr_sink_prepare(const struct mr_sink *sink, uint32_t n, const mr_us *starts_us,
    const mr_us *ends_us, const struct mr_value *rows);
/* The i-th group that is owed to a direct sink, as a row of it. */
bool mr_sink_owed_pane(const struct mr_sink *sink, uint64_t i, mr_us *window_start_us,
    mr_us *window_end_us, struct mr_value *row);
/* Lets go of passed windows in which nothing is owed. */
void mr_fold_retire(struct mr_oracle *oracle, struct mr_fold *fold);
void mr_fold_forget(struct mr_oracle *oracle, struct mr_fold *fold);

/* parts.c */
enum mr_part {
    MR_PART_LAST,    /* with it nothing is owed */
    MR_PART_OF_MORE, /* something is left */
    MR_PART_WRONG,
    MR_PART_SECOND, /* nothing was owed */
};
/* Judges one of several panes of a group of a window with allowed lateness, and takes it away
 * from what is owed. */
enum mr_part mr_part_match(
    const struct mr_sink *sink, struct mr_group *group, const struct mr_value *row);

static inline bool mr_bit(uint64_t bits, uint32_t i)
{
    return bits >> i & 1;
}

#endif
