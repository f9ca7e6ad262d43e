/* Folds of sliding windows, a slice each: the rows that are in the same windows are folded
 * once, and a window is the merge of its slices. */
#ifndef MR_ENGINE_OPERATORS_SLICES_H
#define MR_ENGINE_OPERATORS_SLICES_H

#include "engine/operators/combine_parts.h"

/* The rows whose windows are those that start at first_us, first_us + period, ..., last_us. */
struct mr_slice {
    mr_us first_us;
    mr_us last_us;
    struct mr_keyed_map map;
    struct mr_accumulators accumulators;
};

/* Invariant: slices are sorted by first_us, then last_us, and no two are the same. */
struct mr_slices {
    struct mr_arena *arena;
    const struct mr_combine *combine;
    const struct mr_windowing *windowing;
    const struct mr_key_layout *layout;
    uint32_t n;
    uint32_t capacity;
    struct mr_slice **list; /* [n] */
    uint32_t expected_entries;
};

void mr_slices_init(struct mr_slices *slices, struct mr_arena *arena,
    const struct mr_transform *transform, const struct mr_key_layout *layout);
void mr_slices_deinit(struct mr_slices *slices);
/* The slice, made if it is not there. */
struct mr_slice *mr_slices_find(struct mr_slices *slices, mr_us first_us, mr_us last_us);
/* The start of the first window that has rows and ends after `after_us`. False when there is
 * none. */
bool mr_slices_next_window(const struct mr_slices *slices, mr_us after_us, mr_us *start_us);
/* Merges the slices of the window that starts at start_us. False when a sum left 64 bits. */
MR_MUST_CHECK bool mr_slices_merge(const struct mr_slices *slices, mr_us start_us,
    struct mr_keyed_map *map, struct mr_accumulators *accumulators, struct mr_scratch *scratch);
/* Lets go of slices of which no window starts after `start_us`. */
void mr_slices_retire(struct mr_slices *slices, mr_us start_us);
void mr_slices_snapshot(const struct mr_slices *slices, struct mr_snapshot_writer *writer);
void mr_slices_restore(struct mr_slices *slices, struct mr_snapshot_reader *reader);

#endif
