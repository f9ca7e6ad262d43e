/* Windows that are kept for each key apart: sessions, which merge, and all whose panes depend
 * on what their key has received. */
#ifndef MR_ENGINE_OPERATORS_PANE_WINDOWS_H
#define MR_ENGINE_OPERATORS_PANE_WINDOWS_H

#include "engine/operators/combine_parts.h"
#include "engine/operators/pane_heap.h"
#include "engine/operators/trigger.h"

#define MR_PANE_WINDOW_NONE UINT32_MAX

/* A window of a key. Its number is that of its accumulators and of its trigger's state. */
struct mr_pane_window {
    mr_us start_us;
    mr_us end_us;
    mr_us hold_us;   /* with has_hold: the time of its next pane, which the output's watermark
                        must not pass */
    mr_us due_us;    /* its entry in the heap of ends counts only if it says so */
    mr_ns timer_ns;  /* the same for the heap of timers; MR_NS_NEVER: none */
    uint32_t key;    /* in the map */
    uint32_t next;   /* of the same key, by start; of the free ones */
    uint32_t serial; /* of the windows that had this number */
    uint32_t into;   /* of one that was merged away in this batch: where its rows go */
    uint32_t n_rows; /* that its accumulators hold */
    uint32_t fresh_rows; /* since the last pane */
    uint32_t n_panes;
    uint32_t n_nonspeculative; /* panes on time and later */
    /* With is_shown, of the last pane: a row that takes it back must be made the same behind.
     */
    uint32_t shown_rows;
    struct mr_pane shown_pane;
    mr_us shown_us;
    bool is_live;
    bool is_new; /* no row of an earlier batch went in: its trigger has seen nothing */
    bool has_hold;
    bool has_ended;  /* the watermark has passed its end, and what that fires has fired */
    bool is_touched; /* rows of the batch at hand went in */
    bool is_shown;   /* RETRACTING: `shown` holds what its last pane said */
};

/* Invariants.
 * 1. The windows of a key hang on heads[key], by start; sessions of a key do not overlap.
 * 2. Each live window has one entry in `ends` that counts: at its end until has_ended, then
 * when it expires.
 * 3. A number is given out again only after the batch in which its window went.
 * 4. A ghost is no window: it holds what a window said whose bounds are others now, until that
 * is taken back, in the same batch. */
struct mr_pane_windows {
    struct mr_arena *arena;
    const struct mr_transform *transform;
    const struct mr_env *env;
    const struct mr_trigger_program *program;
    struct mr_key_layout layout;
    struct mr_field key_types[MR_FIELDS_MAX];
    struct mr_keyed_map map;
    struct mr_accumulators accumulators;
    bool keeps_shown;             /* RETRACTING */
    struct mr_accumulators shown; /* what the last panes said */
    mr_us watermark_us;
    bool needs_holds; /* the pane of a window may come after its time has passed */
    uint32_t heads_capacity;
    uint32_t *heads; /* [map.n] */
    uint32_t n;      /* numbers given out */
    uint32_t n_live;
    uint32_t capacity;
    uint32_t free;   /* the first free one */
    uint32_t buried; /* the first of those that went in this batch */
    uint32_t ghosts; /* the first */
    struct mr_pane_window *list;
    int64_t *states; /* [capacity][program->n] */
    struct mr_pane_heap ends;
    struct mr_pane_heap timers;
    struct mr_pane_heap holds;
};

/* `program` must outlive it. */
void mr_pane_windows_init(struct mr_pane_windows *windows, struct mr_arena *arena,
    const struct mr_env *env, const struct mr_transform *transform,
    const struct mr_schema *input, const struct mr_trigger_program *program);
void mr_pane_windows_deinit(struct mr_pane_windows *windows);
/* After keys were inserted into the map. */
void mr_pane_windows_reserve_keys(struct mr_pane_windows *windows);
static inline int64_t *mr_pane_windows_state(const struct mr_pane_windows *windows, uint32_t id)
{
    return windows->states + (size_t)id * windows->program->n;
}
static inline mr_us mr_pane_windows_horizon_us(
    const struct mr_pane_windows *windows, uint32_t id)
{
    return mr_us_add(
        windows->list[id].end_us, windows->transform->windowing.allowed_lateness_us);
}

/* The window that takes a row of [start_us, end_us) in, made, widened or merged for it. NONE
 * when an integer sum left 64 bits. */
uint32_t mr_pane_windows_join(
    struct mr_pane_windows *windows, uint32_t key, mr_us start_us, mr_us end_us);
/* What became of a window since, in this batch. */
uint32_t mr_pane_windows_resolve(const struct mr_pane_windows *windows, uint32_t id);
void mr_pane_windows_end_batch(struct mr_pane_windows *windows);
void mr_pane_windows_remove(struct mr_pane_windows *windows, uint32_t id);
/* What the window holds is what its last pane has said, at its time: with keeps_shown. */
void mr_pane_windows_show(
    struct mr_pane_windows *windows, uint32_t id, struct mr_pane pane, mr_us at_us);
/* Nothing of it will be taken back any more. */
void mr_pane_windows_unshow(struct mr_pane_windows *windows, uint32_t id);
/* Takes out a ghost; its number stays what it is until the end of the batch. NONE: no more. */
uint32_t mr_pane_windows_pop_ghost(struct mr_pane_windows *windows);
/* A row at `at_us` waits for a pane, whose time follows. */
void mr_pane_windows_hold(struct mr_pane_windows *windows, uint32_t id, mr_us at_us);
/* The earliest time of a pane to come; MR_US_MAX: none. */
mr_us mr_pane_windows_held_us(struct mr_pane_windows *windows);
/* Takes out the first window that has something due by the watermark. It must be queued again
 * or removed. */
bool mr_pane_windows_pop_end(struct mr_pane_windows *windows, uint32_t *id);
void mr_pane_windows_queue_end(struct mr_pane_windows *windows, uint32_t id);
/* The same for processing time; queue it whenever its trigger's state has changed. */
bool mr_pane_windows_pop_timer(struct mr_pane_windows *windows, mr_ns now_ns, uint32_t *id);
void mr_pane_windows_queue_timer(struct mr_pane_windows *windows, uint32_t id, mr_ns now_ns);

/* Whether more is dead than alive. */
bool mr_pane_windows_are_sparse(const struct mr_pane_windows *windows);
/* Numbers the windows and keys anew, without gaps. */
void mr_pane_windows_compact(struct mr_pane_windows *windows, struct mr_scratch *scratch);
/* Compact ones only. */
void mr_pane_windows_snapshot(
    const struct mr_pane_windows *windows, struct mr_snapshot_writer *writer);
/* Into one that was just made. `now_ns` is that of the snapshot or later: timers that are
 * overdue fire next. */
void mr_pane_windows_restore(
    struct mr_pane_windows *windows, struct mr_snapshot_reader *reader);

#endif
