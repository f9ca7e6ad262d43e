/* Memory for the time of one handler: bump allocation, all given back at once. */
#ifndef MR_ENGINE_BATCH_SCRATCH_H
#define MR_ENGINE_BATCH_SCRATCH_H

#include "base/arena.h"

enum { MR_SCRATCH_HEADER_BYTES = 16 }; /* of a chunk */

struct mr_caller;

struct mr_scratch {
    struct mr_arena *arena;
    struct mr_caller *caller; /* on whose behalf user code runs (engine/expression/caller.h); NULL: nobody's */
    struct mr_scratch_chunk *first; /* the one being filled; older ones behind it */
    uint32_t n_chunks;
    size_t used;
    size_t capacity;
};

void mr_scratch_init(struct mr_scratch *scratch, struct mr_arena *arena);
void mr_scratch_deinit(struct mr_scratch *scratch);
void mr_scratch_empty(struct mr_scratch *scratch);
/* Gives back everything; keeps the largest chunk for next time. */
static inline void mr_scratch_reset(struct mr_scratch *scratch)
{
    if (scratch->used <= MR_SCRATCH_HEADER_BYTES) return;
    if (MR_LIKELY(scratch->n_chunks == 1))
        scratch->used = MR_SCRATCH_HEADER_BYTES;
    else
        mr_scratch_empty(scratch);
}
void *mr_scratch_extend(struct mr_scratch *scratch, size_t bytes);

/* Unspecified contents, aligned to 16. */
static inline void *mr_scratch_alloc(struct mr_scratch *scratch, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    if (MR_UNLIKELY(scratch->capacity - scratch->used < bytes))
        return mr_scratch_extend(scratch, bytes);
    void *memory = (char *)scratch->first + scratch->used;
    scratch->used += bytes;
    return memory;
}
#define mr_scratch_array(scratch, type, n)                                                      \
    ((type *)mr_scratch_alloc(scratch, sizeof(type) * (size_t)(n)))

#endif
