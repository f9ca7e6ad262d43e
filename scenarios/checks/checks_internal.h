/* What the files of checks/ share: the model that the checks keep of a run beside the run. */
#ifndef MR_SCENARIOS_CHECKS_CHECKS_INTERNAL_H
#define MR_SCENARIOS_CHECKS_CHECKS_INTERNAL_H

#include "scenarios/checks/assertions.h"
#include "scenarios/checks/checks.h"
#include "scenarios/oracle/drops.h"
#include "scenarios/oracle/oracle.h"
#include "scenarios/oracle/trigger_machine.h"

/* Indices, so that nothing is searched for while rows flow: partitions of all sources in one
 * array, tasks by stage and subtask, channels by exchange, receiver and sender. */
struct mr_source_view {
    uint32_t transform;
    uint32_t topic;
    struct mr_stream *stream;
    uint32_t first_partition; /* of all partitions */
    uint32_t n_partitions;
    bool is_open;
    bool is_scripted; /* the marks of its stream are its watermark */
    mr_us bound_us;
    mr_ns idle_after_ns;
    const struct mr_read_from_log *read;
    bool has_clock; /* its rows have the time at which they are read ... */
    mr_us clock_us; /* ... and this is the date when it was last heard of */
};
struct mr_sink_view {
    uint32_t transform;
    const struct mr_schema *schema;
    bool is_transactional;
    enum mr_type types[MR_FIELDS_MAX];
    uint64_t n_lost; /* owed rows that were reported as lost */
};
struct mr_exchange_view {
    uint32_t first_channel;
    uint32_t fan_in;   /* channels of one receiver */
    int32_t next;      /* another exchange into the same transform; -1: none */
    bool is_ambiguous; /* a second one between the same two transforms: a channel cannot be told
                        */
};
struct mr_topology {
    const struct mr_graph *graph;
    const struct mr_plan *plan;
    uint32_t parallelism;
    uint32_t n_partitions;
    uint32_t n_sources;
    struct mr_source_view *sources;
    uint32_t n_combines;
    uint32_t *combines; /* [n_combines]: transforms with panes, in the order of the graph */
    uint32_t n_sinks;
    struct mr_sink_view *sinks;
    int32_t
        *role; /* [n_transforms]: index among sources, combines or sinks; -1: none of them */
    int32_t *exchange_into; /* [n_transforms]: the first exchange; -1: none */
    struct mr_exchange_view *exchanges;
    uint32_t n_channels;
    uint32_t n_tasks;
};
void mr_topology_init(struct mr_topology *topology, struct mr_arena *arena,
    const struct mr_checks_config *config);
static inline uint32_t mr_topology_task(
    const struct mr_topology *topology, uint32_t transform, uint32_t subtask)
{
    return topology->plan->stage_of[transform] * topology->parallelism + subtask;
}
/* -1: it cannot be told. */
int64_t mr_topology_channel(
    const struct mr_topology *topology, const struct mr_probe_channel *at);

/* One partition of a source as the running attempt has read it. Its watermark is a function of
 * the rows read. */
struct mr_partition_model {
    uint32_t source;
    uint32_t id;
    int64_t read_to;
    int64_t exact_to; /* newest_us is the largest time of the rows below it */
    mr_us newest_us;
    mr_us seen_us; /* a row with this time was read; >= newest_us */
    mr_ns quiet_since_ns; /* its last row, or an answer that had been held */
    bool was_empty; /* the log had nothing since then */
    bool is_held;   /* an answer waits */
    bool is_idle;
    bool is_behind; /* active again, and below what its subtask had said */
};

/* PROCESSING_TIME: the times that the rows of a partition got when they were read; entry i is
 * of the rows below ends[i]. Of those behind the checkpoint that a job goes back to it forgets. */
struct mr_clock_times {
    uint64_t n;
    uint64_t capacity;
    int64_t *ends;
    mr_us *times_us;
};

/* A Lookup in one task: the rows that it took in. */
struct mr_lookup_row_model;
struct mr_lookup_model {
    struct mr_lookup_row_model *first;
    struct mr_lookup_row_model *last;
    uint32_t n_calling;
    mr_ns last_call_ns; /* -1: none */
};
struct mr_lookup_table {
    const struct mr_lookup *lookup; /* NULL: the transform is none */
    const struct mr_lookup_config *config;
};

/* An alignment group. */
struct mr_group_model {
    mr_us highest_us[MR_WORKERS_MAX]; /* that the least watermark on a worker ever was */
    mr_us told_us[MR_WORKERS_MAX];    /* where the worker was told that the group stands */
};

/* One task: what it said its watermark was, and what it may have been. */
struct mr_task_model {
    mr_us said_us;
    mr_us said_before_us;
    mr_us proven_us; /* the largest that the model confirmed */
    bool has_spoken;
    bool is_unknown; /* restored, from a snapshot that shows no watermark: its first word is
                        taken */
};

struct mr_channel_model {
    uint64_t next_number;
    uint64_t n_missing; /* numbers that were skipped and have not come since */
    uint64_t n_rows;
    mr_us watermark_us;
    bool is_idle;
    bool is_behind;
};

/* A checkpoint as the probe told of it: being taken, or complete. */
struct mr_cut_state {
    void *data; /* a copy; NULL: not heard of, or compared already */
    uint32_t bytes;
};
struct mr_cut {
    uint64_t checkpoint;
    uint32_t attempt;
    int64_t *offsets;            /* [n_partitions]; -1: not heard of */
    int64_t *exact_to;           /* [n_partitions]: of the model at that moment */
    mr_us *newest_us;            /* [n_partitions] */
    mr_us *watermarks;           /* [n_combines][parallelism] */
    bool *has_watermark;         /* [n_combines][parallelism] */
    mr_us *task_watermarks;      /* [n_tasks] */
    struct mr_cut_state *states; /* [n_combines][parallelism] */
    uint64_t n_under_way; /* rows in the state of Lookups */
    uint64_t under_way_capacity;
    struct mr_drop *under_way;
    uint64_t n_met;              /* of the ledger that belong to it and to those before */
    uint64_t n_drops;            /* of the ledger that belong to it and to those before */
    struct mr_machine **machines; /* [n_combines][parallelism]; NULL: not heard of */
    uint64_t n_panes; /* as n_drops: panes, and rows taken in */
    uint64_t n_taken;
};

/* A row that was dropped as late: final with the checkpoint of its epoch. */
struct mr_drop {
    uint32_t combine; /* transform; also a Lookup, of rows that failed or were under way */
    int outcome;      /* of a Lookup: enum mr_lookup_outcome; 0: dropped as late */
    mr_us at_us;      /* of a Lookup: the row's time */
    uint32_t input;   /* of a transform that gathers */
    uint64_t epoch;
    mr_us window_start_us;
    mr_us window_end_us;
    struct mr_value *row; /* owned, with its texts behind it */
    uint32_t row_bytes;
};
struct mr_drop_ledger {
    struct mr_drop *list;
    uint64_t n;
    uint64_t n_final; /* the first ones */
    uint64_t capacity;
    bool keeps_final; /* a rewind will want them again */
};

/* Combines whose panes hang on triggers: a reference machine a subtask, fed with what the subtask saw. */
struct mr_owed_pane {
    struct mr_owed_pane *next;
    struct mr_machine_pane pane; /* owned, values and slacks and texts behind it */
    uint32_t bytes;
    uint32_t combine; /* index */
    uint64_t epoch;
};
struct mr_taken_row {
    uint32_t combine; /* index */
    uint64_t epoch;
    mr_us window_start_us;
    uint64_t hash;
};
struct mr_pane_watch {
    struct mr_checks *checks;
    uint32_t combine; /* index */
    uint32_t subtask;
    struct mr_machine *machine; /* NULL: a Combine that is plain */
    uint64_t n_owed;
    struct mr_owed_pane *owed; /* since its last event, and not come yet */
};
struct mr_pane_ledger {
    bool is_needed;
    struct mr_pane_watch *watches; /* [n_combines][parallelism] */
    struct mr_owed_pane **panes;   /* [n]: those that came */
    uint64_t n_panes;
    uint64_t n_panes_final; /* of completed checkpoints */
    uint64_t n_panes_given; /* to the oracle */
    uint64_t panes_capacity;
    struct mr_taken_row *taken; /* [n_taken] */
    uint64_t n_taken;
    uint64_t n_taken_final;
    uint64_t taken_capacity;
};

/* What transforms with state by key met: final with the checkpoint of its epoch, as drops are. */
struct mr_met_event {
    struct mr_oracle_event event; /* its row is owned, with its texts behind it */
    uint64_t epoch;
    uint32_t row_bytes;
};
struct mr_met_ledger {
    struct mr_met_event *list;
    uint64_t n;
    uint64_t n_final; /* the first ones */
    uint64_t capacity;
    bool keeps_final; /* a rewind will want them again */
    uint64_t n_reported; /* rows that were found missing or too many */
};

/* Rows that one append brought to an output topic. */
struct mr_append {
    struct mr_append *next;
    struct mr_message *message; /* counted */
    uint32_t sink;              /* index */
    uint32_t topic;
    uint32_t partition;
    uint32_t subtask;
    uint32_t attempt;
    uint32_t n_rows;
    uint64_t epoch;
    int64_t offset;
    mr_ns at_ns;
    bool
        is_orphan; /* its attempt was given up, and the checkpoint restored does not cover it */
    uint32_t n_open;    /* rows not settled */
    uint64_t settled[]; /* bits */
};
struct mr_append_list {
    struct mr_append *first;
    struct mr_append *last;
};

/* What the log knows as a producer: at most one transaction at a time. */
enum mr_transaction_state {
    MR_TRANSACTION_NONE,
    MR_TRANSACTION_OPEN,
    MR_TRANSACTION_COMMITTED
};
struct mr_producer_model {
    uint64_t id;
    enum mr_transaction_state state;
    uint32_t epoch;
    uint32_t sink; /* index */
    uint32_t subtask;
    uint32_t attempt;
    uint64_t checkpoint; /* epoch of the stream that its rows belong to */
    mr_ns covered_ns; /* since when its checkpoint has been complete; MR_NS_NEVER: it is not */
    bool is_orphan;
    bool is_history; /* left over from before a rewind */
    bool has_ended;
    uint32_t ended_epoch; /* of the last one that ended, and whose it was */
    uint32_t ended_attempt;
    struct mr_append_list rows;
};
struct mr_transaction_ledger {
    struct mr_producer_model *producers;
    uint32_t n;
    uint32_t capacity;
    /* The last transaction of a completed checkpoint that was aborted: why rows are lost. */
    bool has_broken;
    uint64_t broken_id;
    uint32_t broken_epoch;
    uint64_t broken_checkpoint;
    int broken_cause;
};

enum { MR_RESTORES_KEPT = 32 };
struct mr_restore {
    uint32_t attempt;
    uint64_t from;
    mr_ns at_ns;
    bool is_rewind;
};

enum { MR_LIVENESS_SAMPLES = 9 };
struct mr_liveness_sample {
    mr_ns at_ns;
    int64_t *arrived;   /* [n_partitions] */
    mr_us *newest_us;   /* [n_partitions]: of some rows that have arrived */
    int64_t *committed; /* [n_partitions]: offsets of the newest complete checkpoint */
    mr_us *passed_us;   /* [n_combines]: its watermarks */
};
struct mr_liveness {
    mr_ns span_ns; /* 0: not judged */
    mr_ns next_ns;
    mr_ns calm_since_ns;
    uint32_t n_samples;
    uint32_t at; /* the next one to write */
    struct mr_liveness_sample samples[MR_LIVENESS_SAMPLES];
};

struct mr_checks {
    struct mr_arena *arena;
    struct mr_checks_config config;
    struct mr_probe probe;
    struct mr_broker_tap tap;
    struct mr_findings findings;
    struct mr_checks_counts counts;
    struct mr_topology topology;
    struct mr_scratch scratch;

    uint32_t attempt; /* the one that counts; what older ones still do does not */
    enum mr_job_state job_state;
    char job_reason[160];
    uint32_t n_restores;
    struct mr_restore restores[MR_RESTORES_KEPT];

    struct mr_partition_model *partitions;
    struct mr_clock_times *clock_times; /* [n_partitions] */
    uint32_t n_lookups;
    struct mr_lookup_model *lookups; /* [n_tasks] */
    struct mr_lookup_tap lookup_tap;
    struct mr_drops answers; /* of services, that no caller has spoken of */
    struct mr_lookup_table *tables;  /* [n_transforms] */
    struct mr_group_model *groups;      /* [n_alignment_groups of the graph] */
    struct mr_task_model *tasks;
    struct mr_channel_model *channels;

    struct mr_cut *taking;
    uint32_t n_history; /* completed checkpoints that may be restored, oldest first */
    uint32_t history_capacity;
    struct mr_cut **history;

    struct mr_oracle *oracle;
    struct mr_oracle_input *inputs;
    int64_t *folded;  /* [n_partitions]: rows that the oracle has seen */
    mr_us history_us; /* after a rewind: windows up to here were fired before it */
    uint32_t n_rewinds;
    uint32_t *closed_by; /* [n_topics]: the attempt that began elsewhere; 0: it is open */

    struct mr_drop_ledger drops;
    struct mr_pane_ledger panes;
    struct mr_met_ledger met;
    struct mr_transaction_ledger transactions;
    struct mr_append_list waiting; /* visible, and not settled */
    struct mr_liveness liveness;
    struct mr_assertion_model *assertions; /* [n_sinks] */
    int64_t **verified; /* [n_topics][n_partitions]: rows below are settled */
    bool has_verified;
};

/* Counts `n` findings. Returns the witness to fill when they are the first, else NULL. */
struct mr_witness *mr_checks_find(
    struct mr_checks *checks, enum mr_check check, enum mr_verdict verdict, uint64_t n);

/* Parts of a witness. Texts are cut to what fits. */
void mr_witness_print(char *out, size_t size, const char *format, ...) MR_PRINTF(3, 4);
void mr_witness_append(char *out, size_t size, const char *format, ...) MR_PRINTF(3, 4);
/* Adds a clause to the cause. */
void mr_witness_because(struct mr_witness *witness, const char *format, ...) MR_PRINTF(2, 3);
void mr_witness_at(struct mr_checks *checks, struct mr_witness *witness, uint32_t transform);
void mr_witness_window(struct mr_witness *witness, mr_us start_us, mr_us end_us);
/* The row as a JSON object. */
void mr_witness_row(
    char *out, size_t size, const struct mr_schema *schema, const struct mr_value *row);
/* Fields `fields[n]` of the row, as JSON values with commas between. */
void mr_witness_key(
    struct mr_witness *witness, const struct mr_value *row, const int *fields, uint32_t n);
/* The input rows that belong to a row at a sink. It scans all that was folded. */
void mr_witness_inputs(struct mr_checks *checks, struct mr_witness *witness, uint32_t sink,
    mr_us window_start_us, const struct mr_value *row);
/* The restore after `attempt` (0: the last one), and which faults have struck. */
void mr_witness_cause(struct mr_checks *checks, struct mr_witness *witness, uint32_t attempt);
/* A watermark was told beyond its bound: all but the summary, which finds both as texts in
 * `actual` and `expected`. */
void mr_witness_watermark(struct mr_checks *checks, struct mr_witness *witness,
    uint32_t transform, mr_us said_us, mr_us bound_us);

/* Sources. */
void mr_sources_begin(struct mr_checks *checks, const struct mr_cut *from, mr_ns now);
void mr_sources_read(struct mr_checks *checks, const struct mr_probe_at *at, uint32_t partition,
    int64_t offset, uint32_t n_rows);
void mr_sources_empty(
    struct mr_checks *checks, const struct mr_probe_at *at, uint32_t partition);
void mr_sources_idle(
    struct mr_checks *checks, const struct mr_probe_at *at, uint32_t partition, bool is_idle);
void mr_sources_watermark(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us);
void mr_sources_held(
    struct mr_checks *checks, const struct mr_probe_at *at, uint32_t partition);
/* The watermark that the rows read from a partition allow. */
mr_us mr_partition_watermark_us(
    struct mr_checks *checks, struct mr_partition_model *partition);
static inline mr_us mr_source_date_us(const struct mr_source_view *source, mr_ns at_ns)
{
    return mr_us_add(mr_stream_origin_us(source->stream), mr_us_from_ns(at_ns));
}

/* The clock's times (clock_times.c). */
void mr_clock_times_read(
    struct mr_checks *checks, uint32_t index, int64_t offset, uint32_t n_rows, mr_us time_us);
void mr_clock_times_begin(struct mr_checks *checks, uint32_t index, int64_t offset);
/* Rows for the oracle, with these times; `self` is a struct mr_clock_input. */
struct mr_clock_input {
    const struct mr_checks *checks;
    const struct mr_source_view *source;
};
void mr_clock_times_input(void *self, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us);

/* Alignment groups (alignment.c). */
void mr_alignment_begin(struct mr_checks *checks);
/* Before a partition is active again: the group's least watermark may fall. */
void mr_alignment_reactivates(
    struct mr_checks *checks, const struct mr_partition_model *partition);
void mr_alignment_told(struct mr_checks *checks, uint32_t worker, uint32_t group, mr_us low_us);
/* Before rows of the partition count as read. */
void mr_alignment_read(struct mr_checks *checks, const struct mr_probe_at *at,
    struct mr_partition_model *partition);
/* It waits for its group as it should. */
bool mr_alignment_pauses(struct mr_checks *checks, struct mr_partition_model *partition);

/* Everything of a bounded partition has been read. */
bool mr_partition_has_ended(
    const struct mr_checks *checks, const struct mr_partition_model *partition);

/* Watermarks of tasks and channels. */
void mr_watermarks_begin(struct mr_checks *checks, const struct mr_cut *from);
void mr_watermarks_received(struct mr_checks *checks, const struct mr_probe_channel *at,
    struct mr_channel_model *channel, mr_us watermark_us);
void mr_watermarks_channel_idle(
    struct mr_checks *checks, const struct mr_probe_channel *at, bool is_idle);
void mr_watermarks_operator(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us);
void mr_watermarks_fired(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_batch *rows, mr_us window_start_us, mr_us window_end_us,
    enum mr_pane_timing timing);

/* The most that the channels of a task allow now, or what it stands at. */
mr_us mr_watermarks_allowed_us(struct mr_checks *checks, const struct mr_probe_at *at);

/* Lookups. */
void mr_lookups_init(struct mr_checks *checks);
void mr_lookups_begin(struct mr_checks *checks);
void mr_lookups_taken(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t number);
void mr_lookups_called(
    struct mr_checks *checks, const struct mr_probe_at *at, uint64_t number, uint32_t call);
void mr_lookups_ended(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t number,
    uint32_t call, int status);
void mr_lookups_left(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t number,
    const struct mr_batch *batch, enum mr_lookup_outcome outcome, mr_ns answered_ns);
void mr_lookups_snapshot(struct mr_checks *checks, const struct mr_probe_at *at,
    uint64_t checkpoint, const struct mr_batch *batch);
/* A restored task says its first watermark: its rows came behind that. */
void mr_lookups_first_watermark(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us);
void mr_lookups_watermark(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us);
/* To a new oracle. */
void mr_lookups_give_tables(struct mr_checks *checks);
/* Before rows are folded up to a cut; NULL: up to the end. */
void mr_lookups_release(struct mr_checks *checks, const struct mr_cut *cut);
void mr_lookups_judge_unmatched(struct mr_checks *checks);

/* Conservation and order of channels. */
void mr_channels_begin(struct mr_checks *checks);
void mr_channels_received(struct mr_checks *checks, const struct mr_probe_channel *at,
    uint64_t number, const struct mr_batch *rows, mr_us watermark_us);
void mr_channels_barrier(struct mr_checks *checks, const struct mr_probe_channel *at,
    uint64_t checkpoint, uint64_t rows_sent);

/* Cuts. */
struct mr_cut *mr_cut_new(struct mr_checks *checks);
void mr_cut_begin(
    struct mr_checks *checks, struct mr_cut *cut, uint32_t attempt, uint64_t checkpoint);
void mr_cut_source(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t checkpoint,
    uint32_t partition, int64_t next_offset);
void mr_cut_operator(struct mr_checks *checks, const struct mr_probe_at *at,
    uint64_t checkpoint, mr_us watermark_us, const void *state, uint32_t state_bytes);
/* A row that a Lookup holds in it. */
void mr_cut_under_way(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t checkpoint,
    const struct mr_batch *batch, struct mr_drop row);
/* The newest completed one; NULL: none. */
struct mr_cut *mr_cut_last(const struct mr_checks *checks);
/* The least of the watermarks that the subtasks of a combine stored, and the largest. */
mr_us mr_cut_watermark_us(
    const struct mr_checks *checks, const struct mr_cut *cut, uint32_t combine);
mr_us mr_cut_highest_us(
    const struct mr_checks *checks, const struct mr_cut *cut, uint32_t combine);
/* Compares the operators' states with the oracle, which stands at the cut; frees the copies. */
void mr_cut_compare(struct mr_checks *checks, struct mr_cut *cut);

/* The lockstep of the oracle. */
void mr_lockstep_init(struct mr_checks *checks);
void mr_lockstep_complete(struct mr_checks *checks, uint32_t attempt, uint64_t checkpoint);
void mr_lockstep_restore(struct mr_checks *checks, uint64_t from, bool is_rewind);
void mr_lockstep_finish(struct mr_checks *checks);

/* Late drops. */
void mr_late_init(struct mr_checks *checks);
void mr_late_add(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_batch *batch, uint32_t row, mr_us window_start_us, mr_us window_end_us);
/* A row that failed in a Lookup for the service's sake: final as a drop is. */
void mr_late_add_failed(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_batch *batch, enum mr_lookup_outcome outcome, mr_us window_start_us,
    mr_us window_end_us);
/* A copy of one row, with its texts behind the values. */
void mr_drop_keep_row(
    struct mr_checks *checks, const struct mr_batch *batch, uint32_t row, struct mr_drop *drop);
/* Tells the oracle of the drops of epochs up to the checkpoint; they are final. */
void mr_late_complete(struct mr_checks *checks, uint64_t checkpoint);
void mr_late_discard(
    struct mr_checks *checks); /* those that are not final: their attempt is over */
void mr_late_rewind(struct mr_checks *checks, uint64_t n_final); /* and tells a fresh oracle */
void mr_late_finish(struct mr_checks *checks);
/* Transforms with state by key. */
void mr_keyed_init(struct mr_checks *checks);
void mr_keyed_met_row(struct mr_checks *checks, const struct mr_probe_at *at, uint32_t input,
    const struct mr_batch *batch, uint32_t row, mr_us now_us);
/* A watermark, or (MR_EVENT_WAKE) a moment. */
void mr_keyed_met_time(struct mr_checks *checks, const struct mr_probe_at *at,
    enum mr_oracle_event_kind kind, mr_us watermark_us, mr_us now_us);
/* Tells the oracle what was met in epochs up to the checkpoint: it is final. */
void mr_keyed_complete(struct mr_checks *checks, uint64_t checkpoint);
void mr_keyed_discard(struct mr_checks *checks); /* what is not final: its attempt is over */
void mr_keyed_rewind(struct mr_checks *checks, uint64_t n_final); /* and tells a fresh oracle */
/* Reports rows that a transform of the graph should have met and did not, or the other way round. */
void mr_keyed_account(struct mr_checks *checks, uint32_t transform, bool is_end);
void mr_keyed_finish(struct mr_checks *checks);
/* Bounds that would have kept 99 % and 99.9 % of the `n_rows` rows that were folded. */
struct mr_disorder {
    mr_us most_us;
    mr_us nearly_all_us;
};
struct mr_disorder mr_disorder_measure(struct mr_checks *checks, uint64_t n_rows);

/* Panes that hang on triggers. */
void mr_panes_init(struct mr_checks *checks);
void mr_panes_begin(struct mr_checks *checks, const struct mr_cut *from);
void mr_panes_accepted(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_batch *batch, uint32_t row, mr_us start_us, mr_us end_us);
void mr_panes_batch(struct mr_checks *checks, const struct mr_probe_at *at);
void mr_panes_time(struct mr_checks *checks, const struct mr_probe_at *at);
void mr_panes_watermark(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us);
void mr_panes_fired(
    struct mr_checks *checks, const struct mr_probe_at *at, const struct mr_batch *rows);
/* Keeps the machine's state with the checkpoint that is being taken. */
void mr_panes_snapshot(struct mr_checks *checks, const struct mr_probe_at *at);
void mr_panes_cut_free(struct mr_checks *checks, struct mr_cut *cut);
/* What epochs up to the checkpoint brought is final; the oracle hears of the rows. */
void mr_panes_complete(struct mr_checks *checks, uint64_t checkpoint);
/* Gives the oracle the final panes of a combine that it has not got yet, and compares the rows. */
void mr_panes_give(struct mr_checks *checks, uint32_t combine, bool is_end);
void mr_panes_given(struct mr_checks *checks);
void mr_panes_rewind(struct mr_checks *checks, const struct mr_cut *cut);
/* Between the two files. */
const struct mr_transform *mr_panes_transform_of(
    const struct mr_checks *checks, uint32_t combine);
const struct mr_schema *mr_panes_input_of(const struct mr_checks *checks, uint32_t combine);
struct mr_pane_watch *mr_panes_watch_at(struct mr_checks *checks, const struct mr_probe_at *at);
void mr_panes_owe(void *self, const struct mr_machine_pane *pane);
void mr_panes_settle(struct mr_pane_watch *watch);
void mr_panes_forget_owed(struct mr_pane_watch *watch);
/* The earliest end of a window with rows that the watermark had not passed at the last checkpoint; MR_US_MAX: none. */
mr_us mr_panes_earliest_end_us(const struct mr_checks *checks, uint32_t combine);
/* Whether the watermark may wait upstream for panes to come, for as long as these take. */
bool mr_panes_may_hold_back(const struct mr_checks *checks, uint32_t transform);
bool mr_panes_is_watched(const struct mr_checks *checks, uint32_t combine);
void mr_panes_discard(struct mr_checks *checks); /* what is not final: its attempt is over */

/* Rows at sinks. */
bool mr_append_is_covered(const struct mr_checks *checks, uint32_t attempt, uint64_t epoch);
struct mr_append *mr_append_new(struct mr_checks *checks, mr_ns at_ns,
    const struct mr_log_append *request, const struct mr_message *rows, int64_t offset);
void mr_append_free(struct mr_checks *checks, struct mr_append *append);
void mr_append_push(struct mr_append_list *list, struct mr_append *append);
void mr_append_list_clear(struct mr_checks *checks, struct mr_append_list *list);
/* They are visible from now on: settles them if they are covered, else they wait. */
void mr_appends_show(struct mr_checks *checks, struct mr_append_list *list);
/* Rows outside of any transaction. */
void mr_appends_add_bare(struct mr_checks *checks, struct mr_append *append);
/* Progress was made: settles what it can of those that wait. */
void mr_appends_settle(struct mr_checks *checks);
void mr_appends_orphan(struct mr_checks *checks);
/* Owed rows that cannot come any more are lost. `is_end`: whatever is under way. */
void mr_appends_losses(struct mr_checks *checks, bool is_end);

/* Transactions. */
void mr_transactions_appended(
    struct mr_checks *checks, const struct mr_log_append *request, struct mr_append *append);
void mr_transactions_ended(struct mr_checks *checks, uint64_t producer_id,
    uint32_t producer_epoch, bool is_committed, int cause);
void mr_transactions_refused(struct mr_checks *checks, uint64_t producer_id,
    uint32_t producer_epoch, enum mr_log_status status);
void mr_transactions_completed(struct mr_checks *checks, mr_ns now);
void mr_transactions_orphan(struct mr_checks *checks, bool is_rewind);
/* Transactions of completed checkpoints that have not ended yet, of a sink. */
uint32_t mr_transactions_pending(const struct mr_checks *checks, uint32_t sink);

/* Liveness. */
void mr_liveness_init(struct mr_checks *checks);
/* The job was stopped by choice until now. */
void mr_liveness_resume(struct mr_checks *checks, mr_ns now);
void mr_liveness_poll(struct mr_checks *checks, mr_ns now);
void mr_liveness_finish(struct mr_checks *checks, enum mr_run_end end);

#endif
