/* Rows by what a join asks them for. What it finds is held against the definition all the same:
 * it only spares the joins to hold each row against each. */
#ifndef MR_SCENARIOS_ORACLE_MATCHES_H
#define MR_SCENARIOS_ORACLE_MATCHES_H

#include "base/digest.h"
#include "base/value.h"
#include "engine/batch/scratch.h"

#define MR_NO_MATCH UINT32_MAX

struct mr_matches {
    uint64_t *hashes; /* [n] */
    uint32_t *next;   /* [n]: of the same slot, rising */
    uint32_t *slots;
    uint32_t n_slots; /* a power of two */
};

/* Room for `n` rows, each of which is to be put in, the last one first. */
static inline void mr_matches_init(
    struct mr_matches *matches, struct mr_scratch *scratch, uint32_t n)
{
    uint32_t n_slots = 16;
    while (n_slots < n && n_slots < (uint32_t)1 << 31) n_slots *= 2;
    *matches = (struct mr_matches){.n_slots = n_slots};
    matches->hashes = mr_scratch_array(scratch, uint64_t, n + 1);
    matches->next = mr_scratch_array(scratch, uint32_t, n + 1);
    matches->slots = mr_scratch_array(scratch, uint32_t, n_slots);
    for (uint32_t i = 0; i < n_slots; i++) matches->slots[i] = MR_NO_MATCH;
}

static inline void mr_matches_put(struct mr_matches *matches, uint32_t row, uint64_t hash)
{
    uint32_t *slot = &matches->slots[hash & (matches->n_slots - 1)];
    MR_ASSERT(*slot == MR_NO_MATCH || *slot > row);
    matches->hashes[row] = hash;
    matches->next[row] = *slot;
    *slot = row;
}

static inline uint32_t mr_matches_skip(
    const struct mr_matches *matches, uint32_t row, uint64_t hash)
{
    while (row != MR_NO_MATCH && matches->hashes[row] != hash) row = matches->next[row];
    return row;
}

/* The rows of a hash, rising. */
static inline uint32_t mr_matches_first(const struct mr_matches *matches, uint64_t hash)
{
    return mr_matches_skip(matches, matches->slots[hash & (matches->n_slots - 1)], hash);
}
static inline uint32_t mr_matches_next(const struct mr_matches *matches, uint32_t row)
{
    return mr_matches_skip(matches, matches->next[row], matches->hashes[row]);
}

/* Equal values, as SQL compares them, have equal hashes. */
static inline uint64_t mr_matches_mix(uint64_t hash, struct mr_value value)
{
    if (value.type == MR_TYPE_FLOAT && value.f == 0) value.f = 0; /* -0.0 equals 0.0 */
    return mr_digest_mix(hash, mr_value_hash(value));
}

#endif
