/* The fold of a Combine: its windows, their groups, and what of them is owed. */
#ifndef MR_SCENARIOS_ORACLE_FOLD_H
#define MR_SCENARIOS_ORACLE_FOLD_H

#include "scenarios/oracle/drops.h"
#include "scenarios/oracle/groups.h"
#include "scenarios/oracle/tally.h"

enum { MR_BLOCK_ROWS = 256 };
#define MR_NO_SINK UINT32_MAX

/* A row on its way through the pipeline. */
struct mr_flow_row {
    const struct mr_value *values;
    const double *slacks; /* how far off each float may be; NULL: all are exact */
    mr_us at_us;
    bool has_window; /* else the window follows from the time */
    bool is_loose;   /* stands for panes that the engine may have cut otherwise */
    bool has_pane;   /* it came out of a Combine or its like: then `pane` says how */
    struct mr_pane pane;
    uint8_t kind; /* enum mr_row_kind */
    mr_us window_start_us;
    mr_us window_end_us;
    uint64_t origin; /* rows of the same stay in order on their way to a sink; 0: no order */
};
/* The window of a row under `windowing`. The global one is [MR_US_MIN, MR_US_GLOBAL_END). Of sliding ones from the
 * start of the first to the end of the last; [t, t) when there is none. */
void mr_flow_window(const struct mr_windowing *windowing, const struct mr_flow_row *row,
    mr_us *start_us, mr_us *end_us);

/* How many sliding windows lie between the two, one a period. */
static inline int64_t mr_flow_window_count(
    const struct mr_windowing *windowing, mr_us start_us, mr_us end_us)
{
    if (windowing->kind != MR_WINDOW_SLIDING) return 1;
    if (start_us == end_us) return 0;
    int64_t between_us = mr_us_add(end_us, -windowing->size_us) - start_us;
    return between_us > 0 ? between_us / windowing->period_us + 1 : 1;
}

struct mr_fold_window {
    mr_us start_us;
    mr_us end_us;
    bool is_passed;
    uint32_t n_owed; /* passed: groups that are not matched */
    struct mr_groups groups;
    struct mr_fold_window *next; /* retired ones: the younger */
};

/* A row that waits for the end of its block: looked up together, the large maps cost less. */
struct mr_fold_pending {
    const struct mr_value *values;
    const double *slacks;
    const struct mr_value *computed; /* values of aggregates that are expressions */
    struct mr_fold_window *window;
    uint64_t hash;
    struct mr_cell key; /* the first */
};

/* Two ways to give account. `sink` is the one sink that shows this Combine's panes, and its
 * windows are kept until each group was matched there. Without one (MR_NO_SINK) passed windows
 * become rows and flow on, and are gone. */
struct mr_fold {
    struct mr_arena *arena;
    const struct mr_transform *transform;
    uint32_t sink;
    bool is_loose; /* its input may be cut otherwise: a Combine with lateness is upstream */
    uint32_t n_input_fields;
    uint32_t n_keys;
    const int *key_fields;
    enum mr_type key_types[MR_FIELDS_MAX];
    uint64_t inexact_fields; /* bit i: input field i may be off: not part of a row's hash */
    uint32_t n_tallies;
    struct mr_tally *tallies;       /* [n_tallies] */
    uint32_t n_values;              /* tallies that look at a value */
    struct mr_tally *value_tallies; /* [n_values]: copies of them */
    uint32_t n_computed;
    bool has_any_keys;  /* a key is of type ANY */
    bool has_folds;     /* an aggregate folds the values themselves */
    uint64_t *n_unfolded; /* groups whose fold failed */
    bool is_bare_count; /* one key, and rows are only counted */
    uint32_t stride;
    uint32_t expected_groups; /* as many as the last window had */
    mr_us watermark_us;
    uint64_t n_failures;
    uint64_t n_owed;
    struct mr_drops drops;
    /* Panes that hang on a trigger are given, not found (oracle.h). Of the rows that come in, those that nobody said
     * were taken in yet, and the other way round. */
    bool is_given;
    struct mr_drops flowed;
    struct mr_drops taken;
    uint32_t n_windows;
    uint32_t windows_capacity;
    struct mr_fold_window **windows; /* [n_windows] by end, then start */
    struct mr_fold_window *last;     /* the one used last; NULL: none */
    uint32_t last_at;                /* where the last search ended: a guess */
    struct mr_fold_window *oldest_retired;
    struct mr_fold_window *youngest_retired;
    uint64_t n_retired;         /* groups */
    struct mr_scratch *scratch; /* of the block */
    bool has_far;               /* a window of the block is worth asking memory ahead for */
    uint32_t n_pending;
    struct mr_fold_pending *pending; /* [MR_BLOCK_ROWS] */
};

void mr_fold_init(struct mr_fold *fold, struct mr_arena *arena, struct mr_scratch *scratch,
    const struct mr_transform *transform, const struct mr_schema *input);
void mr_fold_deinit(struct mr_fold *fold);
/* Takes a row in, at the latest with the next flush: until then its values must live. */
void mr_fold_take(struct mr_fold *fold, const struct mr_flow_row *row);
/* The same for rows[n][n_fields] that come straight from a source. */
void mr_fold_take_rows(
    struct mr_fold *fold, const struct mr_value *values, const mr_us *times_us, uint32_t n);
void mr_fold_flush(struct mr_fold *fold);
/* The same where panes are given: the row is only counted. */
void mr_fold_meet(struct mr_fold *fold, const struct mr_flow_row *row);
/* With is_bare_count: takes values[n][n_fields] of one window in at once. */
void mr_fold_count_rows(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_value *values, uint32_t n);
uint64_t mr_fold_row_hash(
    const struct mr_fold *fold, mr_us start_us, mr_us end_us, const struct mr_value *row);

/* The value as it is put into a cell: a key of type ANY is the document. */
static inline struct mr_value mr_fold_key(
    const struct mr_fold *fold, uint32_t key, const struct mr_value *value)
{
    if (MR_LIKELY(fold->key_types[key] != MR_TYPE_ANY)) return *value;
    return mr_cell_document(*value, fold->scratch);
}

/* The window, which is made if it is not there. */
struct mr_fold_window *mr_fold_window_for(struct mr_fold *fold, mr_us start_us, mr_us end_us);
/* The window, or NULL. */
struct mr_fold_window *mr_fold_window_search(
    struct mr_fold *fold, mr_us start_us, mr_us end_us);
static inline struct mr_fold_window *mr_fold_window_at(
    struct mr_fold *fold, mr_us start_us, mr_us end_us)
{
    struct mr_fold_window *last = fold->last;
    if (MR_LIKELY(last && last->start_us == start_us && last->end_us == end_us)) return last;
    return mr_fold_window_search(fold, start_us, end_us);
}
/* The group with keys[n_keys] given as cells, or NULL. */
static inline struct mr_group *mr_fold_group_at(
    const struct mr_fold_window *window, const struct mr_cell *keys, uint64_t hash)
{
    const struct mr_groups *groups = &window->groups;
    uint32_t id = MR_LIKELY(groups->n_keys == 1)
                      ? mr_groups_find(groups, keys, 1, hash)
                      : mr_groups_find(groups, keys, groups->n_keys, hash);
    return id == MR_GROUP_ABSENT ? NULL : mr_groups_at(groups, id);
}
/* The first window that has not been passed but whose end has. */
struct mr_fold_window *mr_fold_window_due(const struct mr_fold *fold, mr_us watermark_us);
/* From now on its groups are owed. */
void mr_fold_window_pass(struct mr_fold *fold, struct mr_fold_window *window);
/* Takes the window out of the list; its memory goes with mr_fold_window_free. */
void mr_fold_window_remove(struct mr_fold *fold, struct mr_fold_window *window);
void mr_fold_window_free(struct mr_fold *fold, struct mr_fold_window *window);
/* The output row of a group: values[n_keys + n_tallies] and their slacks. Text is borrowed from
 * the group. */
void mr_fold_result(const struct mr_fold *fold, const struct mr_group *group,
    struct mr_value *values, double *slacks);
/* fold_values.c: folds the lists that stand in the place of results. A fold that fails is
 * counted, and yields None. */
void mr_fold_values(const struct mr_fold *fold, struct mr_value *values, double *slacks);
/* A group of keys[n_keys], which it lacks, without rows yet. */
struct mr_group *mr_fold_add_group(struct mr_fold *fold, struct mr_fold_window *window,
    const struct mr_cell *keys, uint64_t hash);
/* A group that was matched begins anew. */
void mr_fold_begin_group(
    struct mr_fold *fold, struct mr_fold_window *window, struct mr_group *group);
/* A group that was matched is owed again. */
void mr_fold_reopen_group(
    struct mr_fold *fold, struct mr_fold_window *window, struct mr_group *group);

#endif
