/* The oracle: a second, independent evaluator of the pipeline. Single-threaded, a row at a time, in lockstep with the
 * checkpoints of the run; what it has seen verified it forgets. It shares only the graph and the expressions' syntax
 * trees with the engine. */
#ifndef MR_SCENARIOS_ORACLE_ORACLE_H
#define MR_SCENARIOS_ORACLE_ORACLE_H

#include "engine/expression/expression.h"
#include "engine/pipeline/graph.h"

/* Reads rows [first, first + n) of a partition: values[n][n_fields] row by row, and event times. */
struct mr_oracle_input {
    uint32_t transform; /* the ReadFromLog */
    uint32_t n_partitions;
    void *self;
    void (*read)(void *self, uint32_t partition, int64_t first, uint32_t n, struct mr_value *values,
        mr_us *times_us);
};

struct mr_oracle;
/* `inputs[n_inputs]` must outlive it (or lie in the arena). Rows of Create are folded by the first advance. */
struct mr_oracle *mr_oracle_new(struct mr_arena *arena, const struct mr_graph *graph,
    const struct mr_oracle_input *inputs, uint32_t n_inputs);
/* What a Lookup finds: the values of its fields, in their order, for a key that is not None. */
struct mr_oracle_table {
    uint32_t transform; /* the Lookup */
    void *self;
    bool (*find)(void *self, struct mr_value key, struct mr_value *values);
};
/* Once for each Lookup, before the first advance. */
void mr_oracle_table(struct mr_oracle *oracle, const struct mr_oracle_table *table);
/* Before an advance: rows (of the Lookup's input) that were under way at the checkpoint, so that what comes of them
 * is not owed yet; and rows that failed in its epochs for the service's sake. Then what was under way at the
 * checkpoint before flows on. */
void mr_oracle_lookup_under_way(struct mr_oracle *oracle, uint32_t lookup, mr_us at_us,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row);
void mr_oracle_lookup_failed(struct mr_oracle *oracle, uint32_t lookup,
    enum mr_lookup_outcome outcome, mr_us at_us, mr_us window_start_us, mr_us window_end_us,
    const struct mr_value *row);
void mr_oracle_lookup_release(struct mr_oracle *oracle, uint32_t lookup);
/* After it: rows that were told of and have not come. */
uint64_t mr_oracle_unmatched_lookups(const struct mr_oracle *oracle, uint32_t lookup);
/* Gives its memory back. */
void mr_oracle_discard(struct mr_oracle *oracle);

/* Lockstep with a completed checkpoint: first the drops of its epochs, then the rows below its offsets, then the
 * watermarks that it stored. */

/* A row that a Combine dropped as late (its window and its input row): the next advance leaves it out. */
void mr_oracle_drop(struct mr_oracle *oracle, uint32_t combine, mr_us window_start_us,
    mr_us window_end_us, const struct mr_value *row);
/* The same for a transform of several inputs. */
void mr_oracle_drop_input(struct mr_oracle *oracle, uint32_t transform, uint32_t input,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row);
/* Folds the rows of Create, the first time: a pipeline may have no other source, and no Combine. */
void mr_oracle_begin(struct mr_oracle *oracle);
/* Folds the rows of a partition below `next_offset`. Offsets only rise. Rows that fail (mr_row_error) without an
 * error output count as failures. */
void mr_oracle_advance(struct mr_oracle *oracle, uint32_t transform, uint32_t partition,
    int64_t next_offset);
/* Drops that matched no row of the advances so far. */
uint64_t mr_oracle_unmatched_drops(const struct mr_oracle *oracle, uint32_t combine);
uint64_t mr_oracle_failures(const struct mr_oracle *oracle);
/* Committed progress: each window of the Combine with end <= watermark_us is owed from now on, and its rows flow
 * on to what is downstream. Call it for Combines in the order of the graph. MR_US_MAX at the end of bounded input. */
void mr_oracle_pass(struct mr_oracle *oracle, uint32_t combine, mr_us watermark_us);
/* A Combine whose panes hang on a trigger (not mr_windowing_is_plain): which panes it owes is for a reference machine to
 * say (trigger_machine.h), which is fed with the rows that it took in. The oracle only compares these with the rows
 * that flow to it, and passes the panes on. Both are told in the epoch's turn: between the advances and the pass. */
uint64_t mr_oracle_row_hash(const struct mr_oracle *oracle, uint32_t combine,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row);
void mr_oracle_taken(
    struct mr_oracle *oracle, uint32_t combine, mr_us window_start_us, uint64_t row_hash);
struct mr_machine_pane;
void mr_oracle_give(
    struct mr_oracle *oracle, uint32_t combine, const struct mr_machine_pane *pane);
/* Rows that flowed to it and were neither taken in nor dropped; and those taken in that did not flow to it. Nothing
 * can be said (false) behind panes that may be cut otherwise; and *is_exact says whether the second number means
 * anything before the end. */
bool mr_oracle_unaccounted(const struct mr_oracle *oracle, uint32_t combine, uint64_t *n_flowed,
    uint64_t *n_taken, bool *is_exact);
/* Forgets what is owed and not matched: after a rewind these outcomes are history. */
void mr_oracle_forget_owed(struct mr_oracle *oracle);

/* Transforms with state by key (graph.h, struct mr_keyed): what they do depends on the order in which a subtask met
 * its rows, so that is told, for epochs that count, before the advance of their checkpoint. */
enum mr_oracle_event_kind { MR_EVENT_ROW, MR_EVENT_WATERMARK, MR_EVENT_WAKE };
struct mr_oracle_event {
    enum mr_oracle_event_kind kind;
    uint32_t transform;
    uint32_t subtask;
    uint32_t input;  /* ROW */
    mr_us at_us;     /* of the row; or the watermark */
    mr_us now_us;    /* processing time */
    bool has_window; /* ROW: else the window follows from the time */
    mr_us window_start_us;
    mr_us window_end_us;
    const struct mr_value *row; /* ROW: [n_fields of the input] */
};
void mr_oracle_replay(struct mr_oracle *oracle, const struct mr_oracle_event *event);
/* Rows of its inputs that the transform should have met by the last advance and pass, and did not; and those that it met
 * and should not have. Behind a Combine some may be early before the end: not counted unless `is_end`. */
void mr_oracle_set_parallelism(struct mr_oracle *oracle, uint32_t parallelism); /* 1, until then */
struct mr_unmet {
    uint64_t n_missing;
    uint64_t n_surplus;
};
struct mr_unmet mr_oracle_unmet(
    const struct mr_oracle *oracle, uint32_t transform, bool is_end);
/* Rows that came when their window was over. */
uint64_t mr_oracle_dropped(const struct mr_oracle *oracle, uint32_t transform);

/* What a row at a sink turns out to be. */
enum mr_match {
    MR_MATCH_RIGHT,
    MR_MATCH_DUPLICATE, /* this pane, or this row, was matched as often as it may */
    MR_MATCH_WRONG,     /* its pane is owed with other values */
    MR_MATCH_UNOWED,    /* its window has not been passed by committed progress, but rows of it are known */
    MR_MATCH_UNKNOWN,   /* nothing like it is expected */
    MR_MATCH_REORDERED, /* without windows: right, but a later row of its key came before */
};
/* Compares one row of output, in the fields of the sink's input, with what is owed, and strikes it off. A row with
 * a window is named by the window and, when the sink still has the group's keys as fields, by these; else by its
 * values. Doubles of sums and means may differ by 2 n 2^-53 times the sum of absolute values; the rest is exact.
 *
 *   window_*      of the row's slot; MR_US_MIN, MR_US_MAX when it has none (global window)
 *   expected[n_fields]  written for WRONG and DUPLICATE, borrowed until the next call; values of a duplicate that are
 *                       not known any more are None
 */
enum mr_match mr_oracle_match(struct mr_oracle *oracle, uint32_t sink, mr_us window_start_us,
    mr_us window_end_us, const struct mr_value *row, struct mr_value *expected);

/* The same for rows of which some take others back: it may only take back what came before,
 * else it is REORDERED. */
enum mr_match mr_oracle_match_change(struct mr_oracle *oracle, uint32_t sink,
    enum mr_row_kind kind, mr_us window_start_us, mr_us window_end_us,
    const struct mr_value *row, struct mr_value *expected);

/* A hint that rows[n][n_fields] will be matched next, in these windows: it changes nothing, but where there are many
 * keys the matches then need not wait for memory. Some 16 to 64 rows at a time do best. */
void mr_oracle_prepare(const struct mr_oracle *oracle, uint32_t sink, uint32_t n,
    const mr_us *window_starts_us, const mr_us *window_ends_us, const struct mr_value *rows);

/* Owed rows that no match has struck off. */
uint64_t mr_oracle_owed(const struct mr_oracle *oracle, uint32_t sink);
/* The i-th of them in the order in which they became owed: its window and `row[n_fields]`. */
bool mr_oracle_owed_row(const struct mr_oracle *oracle, uint32_t sink, uint64_t i,
    mr_us *window_start_us, mr_us *window_end_us, struct mr_value *row);
/* Windows of a Combine that hold rows and are not owed yet: entries, and the earliest end (MR_US_MAX: none). */
uint64_t mr_oracle_open_entries(const struct mr_oracle *oracle, uint32_t combine);
mr_us mr_oracle_earliest_end_us(const struct mr_oracle *oracle, uint32_t combine);

/* Compares one entry of an operator's state with the fold of the accepted rows in open windows: the keys
 * `keys[n_keys]`, and per aggregate the value as a row would show it. What is expected is written where they differ:
 * None where there is no such entry. */
bool mr_oracle_state_is(const struct mr_oracle *oracle, uint32_t combine, mr_us window_start_us,
    const struct mr_value *keys, const struct mr_value *results,
    struct mr_value *expected_results);

/* The rows that a Join keeps: first mr_oracle_rows_begin, then each row of the state. False for one that is not among the
 * rows of open windows, or that was asked for as often as it is there. */
void mr_oracle_rows_begin(const struct mr_oracle *oracle, uint32_t transform);
bool mr_oracle_rows_hold(const struct mr_oracle *oracle, uint32_t transform, uint32_t input,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row);

/* The rows (at most `max`) among [first, end) of a partition (counted through all inputs, in their order) that flow into the given window and key of a Combine,
 * or that become the given row at a stateless sink: offsets are written, the number of all is returned. For
 * witnesses: it scans. */
uint64_t mr_oracle_trace_back(struct mr_oracle *oracle, uint32_t sink, uint32_t partition,
    int64_t first, int64_t end, mr_us window_start_us, const struct mr_value *row, int64_t *offsets,
    uint32_t max);

#endif
