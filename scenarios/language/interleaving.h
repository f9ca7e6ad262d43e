/* In which orders the channels of split inputs may bring what steps hand in. */
#ifndef MR_SCENARIOS_LANGUAGE_INTERLEAVING_H
#define MR_SCENARIOS_LANGUAGE_INTERLEAVING_H

#include "scenarios/language/scenario.h"

/* Consecutive steps of one input, whose channels may run ahead of one another. */
struct mr_segment {
    uint32_t first; /* step */
    uint32_t n;     /* steps */
    uint32_t n_events;
    uint32_t counts[MR_SPLIT_MAX]; /* events of each channel */
    uint64_t ways;                 /* merges; UINT64_MAX: more than can be counted */
};
struct mr_interleaving {
    uint32_t n_segments;
    struct mr_segment *segments;
    uint64_t total; /* product of the ways; UINT64_MAX likewise */
};

/* `segments[n_steps]` and `states[mr_interleaving_state_bytes]` are the caller's memory; the
 * latter is scratch. */
void mr_interleaving_init(struct mr_interleaving *out, const struct mr_scenario *scenario,
    struct mr_segment *segments, void *states);
size_t mr_interleaving_state_bytes(const struct mr_scenario *scenario);

/* In how many orders `counts[n_channels]` events can be merged when each channel keeps its own;
 * UINT64_MAX: too many. */
uint64_t mr_merges(const uint32_t *counts, uint32_t n_channels);

#endif
