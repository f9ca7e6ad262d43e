/* State by key and window: cells of bytes and pending timers. Entries keep the order in which
 * their keys came.
 *
 * Invariants.
 * 1. An entry without cells and kept timers is not there.
 * 2. A heap holds every pending time at least once; a node that its entry does not confirm is
 * stale and passed over.
 * 3. Timers come out by time, then by the entry's number, then by their own. */
#ifndef MR_ENGINE_STATE_CELLS_H
#define MR_ENGINE_STATE_CELLS_H

#include "base/env.h"
#include "engine/batch/batch.h"
#include "engine/expression/process.h"
#include "engine/state/snapshot.h"

struct mr_cell_bytes {
    char *data;
    uint32_t bytes;
    int64_t touched_us; /* when it was last written, in the time of its TTL */
};
struct mr_cells_entry {
    uint64_t hash;   /* of the keys alone: its upper seven bits are the key group */
    uint64_t number; /* rises with each new entry */
    mr_us window_start_us;
    mr_us window_end_us;
    uint32_t key_bytes;
    uint32_t at;      /* where it stands in the list */
    uint32_t n_nodes; /* of the heaps, that point to it */
    bool is_gone;     /* removed: it goes with its last node */
    char *key;
    struct mr_cell_bytes *cells; /* [n_states] */
    mr_us *timers;               /* [n_timers]; MR_TIMER_UNSET */
};
struct mr_timer_node {
    mr_us at_us;
    uint64_t number;
    struct mr_cells_entry *entry;
    uint32_t timer;
};
struct mr_timer_heap {
    uint32_t n;
    uint32_t capacity;
    struct mr_timer_node *nodes;
};
struct mr_cells {
    struct mr_arena *arena;
    const struct mr_process_shape *shape;
    uint32_t n_kept_timers; /* the first ones keep an entry alive; those behind go with it */
    uint32_t n_live;
    uint32_t n; /* with the holes that removed ones left */
    uint32_t capacity;
    struct mr_cells_entry **list; /* [n]; NULL: a hole */
    uint32_t mask;                /* slots - 1 */
    uint32_t *slots;              /* place in the list + 1; 0: empty */
    uint64_t next_number;
    struct mr_timer_heap heaps[2]; /* by enum mr_time_domain */
};

void mr_cells_init(struct mr_cells *cells, struct mr_arena *arena,
    const struct mr_process_shape *shape, uint32_t n_kept_timers);
void mr_cells_deinit(struct mr_cells *cells);
/* The entry of keys (encoded as `key[key_bytes]`, of that hash) in a window; made when it is
 * not there, and then *is_new. */
struct mr_cells_entry *mr_cells_find(struct mr_cells *cells, uint64_t hash, const char *key,
    uint32_t key_bytes, mr_us window_start_us, mr_us window_end_us, bool *is_new);
/* Invariant 1: removes it when nothing is left in it. True when it is gone. */
bool mr_cells_settle(struct mr_cells *cells, struct mr_cells_entry *entry);
void mr_cells_remove(struct mr_cells *cells, struct mr_cells_entry *entry);

/* The bytes that a state has at these times; none when its TTL is over. */
struct mr_state_bytes mr_cells_read(const struct mr_cells *cells,
    const struct mr_cells_entry *entry, uint32_t state, mr_us watermark_us, mr_us now_us);
/* No bytes: it is cleared. */
void mr_cells_write(struct mr_cells *cells, struct mr_cells_entry *entry, uint32_t state,
    const char *data, uint32_t bytes, mr_us touched_us);
/* MR_TIMER_UNSET clears it. */
void mr_cells_set_timer(
    struct mr_cells *cells, struct mr_cells_entry *entry, uint32_t timer, mr_us at_us);
/* The next timer of a domain that is due at `at_us`; it is pending no more. False: none. */
bool mr_cells_take_timer(
    struct mr_cells *cells, enum mr_time_domain domain, mr_us at_us, struct mr_timer_node *out);
/* When the next one of a domain is due; MR_TIMER_UNSET: none is pending. */
mr_us mr_cells_next_timer_us(struct mr_cells *cells, enum mr_time_domain domain);
/* Frees what no one can read any more. */
void mr_cells_sweep(struct mr_cells *cells, mr_us watermark_us, mr_us now_us);

/* By key group. */
void mr_cells_snapshot(const struct mr_cells *cells, struct mr_snapshot_writer *writer);
/* Into cells that were just made. */
void mr_cells_restore(
    struct mr_cells *cells, struct mr_snapshot_reader *reader, const struct mr_env *env);

#endif
