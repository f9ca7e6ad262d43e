#include "engine/batch/scratch.h"

enum { CHUNK_BYTES = 16 * 1024 };

struct mr_scratch_chunk {
    struct mr_scratch_chunk *older;
    size_t bytes; /* this header included */
};
_Static_assert(
    sizeof(struct mr_scratch_chunk) == MR_SCRATCH_HEADER_BYTES, "what follows is aligned");

void mr_scratch_init(struct mr_scratch *scratch, struct mr_arena *arena)
{
    *scratch = (struct mr_scratch){.arena = arena};
}

void mr_scratch_deinit(struct mr_scratch *scratch)
{
    while (scratch->first) {
        struct mr_scratch_chunk *older = scratch->first->older;
        mr_arena_free(scratch->arena, scratch->first, scratch->first->bytes);
        scratch->first = older;
    }
    scratch->n_chunks = 0;
    scratch->used = 0;
    scratch->capacity = 0;
}

void mr_scratch_empty(struct mr_scratch *scratch)
{
    struct mr_scratch_chunk *largest = scratch->first; /* chunks double: the first is the largest */
    if (!largest) return;
    while (largest->older) {
        struct mr_scratch_chunk *chunk = largest->older;
        largest->older = chunk->older;
        mr_arena_free(scratch->arena, chunk, chunk->bytes);
    }
    scratch->n_chunks = 1;
    scratch->used = MR_SCRATCH_HEADER_BYTES;
}

void *mr_scratch_extend(struct mr_scratch *scratch, size_t bytes)
{
    size_t header = MR_SCRATCH_HEADER_BYTES;
    size_t capacity = scratch->first ? scratch->first->bytes * 2 : CHUNK_BYTES;
    while (capacity < header + bytes) capacity *= 2;
    struct mr_scratch_chunk *chunk = mr_arena_alloc(scratch->arena, capacity);
    chunk->older = scratch->first;
    chunk->bytes = capacity;
    scratch->first = chunk;
    scratch->n_chunks++;
    scratch->capacity = capacity;
    scratch->used = header + bytes;
    return (char *)chunk + header;
}
