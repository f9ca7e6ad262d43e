/* The memory of one run: world, engine and checks live in it, so that the whole universe can be saved and put back. */
#ifndef MR_BASE_ARENA_H
#define MR_BASE_ARENA_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/* The usual base address: in the application range of ASan, MSan and TSan and below position-independent programs.
 * Nothing may depend on it; MR_ARENA_BASE_SECOND is there to prove that. */
#define MR_ARENA_BASE ((uintptr_t)0x550000000000)
#define MR_ARENA_BASE_SECOND ((uintptr_t)0x540000000000)

/* Who owns memory, for accounting: bytes in use are counted an owner. */
enum mr_owner { MR_OWNER_WORLD, MR_OWNER_ENGINE, MR_OWNER_CHECKS, MR_OWNERS };

/* Lies at its own base address: it is part of every snapshot. Here for the inlined functions
 * only. */
enum {
    MR_ARENA_GRAIN = 16,
    MR_ARENA_SMALL_CLASSES = 64, /* up to 1,024 bytes in steps of 16 */
    MR_ARENA_SMALL_BYTES_MAX = MR_ARENA_SMALL_CLASSES * MR_ARENA_GRAIN,
    MR_ARENA_CLASSES = MR_ARENA_SMALL_CLASSES + 4 * 30, /* above: four classes an octave */
};
struct mr_arena_block { /* a free one */
    struct mr_arena_block *next;
};
struct mr_arena {
    size_t top; /* bytes from the base */
    size_t bytes_max;
    int fill;
    bool is_watched; /* freed memory is filled or poisoned: nothing may be inlined */
    enum mr_owner owner;
    size_t live_bytes[MR_OWNERS];
    jmp_buf *jump; /* outside the arena */
    struct mr_arena_block *free[MR_ARENA_CLASSES];
};

struct mr_arena_options {
    uintptr_t base;   /* 0: MR_ARENA_BASE */
    size_t bytes_max; /* reserved, not touched; > 0 */
    int fill;         /* 0..255: pattern of fresh and of freed memory; -1: none, which is the fastest */
};

/* Reserves the memory. Fails with MR_ERR_IO when the address is taken. */
MR_MUST_CHECK bool mr_arena_open(const struct mr_arena_options *options, struct mr_arena **out,
    struct mr_err *err);
void mr_arena_close(struct mr_arena *arena); /* accepts NULL */

/* All but the common case: large blocks, the first of their class, and watched arenas. */
void *mr_arena_alloc_slowly(struct mr_arena *arena, size_t bytes);
void mr_arena_free_slowly(struct mr_arena *arena, void *memory, size_t bytes);

/* The size class of a small block. */
static inline size_t mr_arena_small_class(size_t bytes)
{
    return bytes ? (bytes - 1) / MR_ARENA_GRAIN : 0;
}

/* Memory aligned to 16 with unspecified contents. When the arena is exhausted it does not return: it jumps to
 * the guard, the verdict is LIMIT. */
static inline void *mr_arena_alloc(struct mr_arena *arena, size_t bytes)
{
    if (MR_UNLIKELY(bytes > MR_ARENA_SMALL_BYTES_MAX || arena->is_watched))
        return mr_arena_alloc_slowly(arena, bytes);
    size_t index = mr_arena_small_class(bytes);
    struct mr_arena_block *block = arena->free[index];
    if (MR_UNLIKELY(!block)) return mr_arena_alloc_slowly(arena, bytes);
    arena->free[index] = block->next;
    arena->live_bytes[arena->owner] += (index + 1) * MR_ARENA_GRAIN;
    return block;
}

static inline void *mr_arena_zalloc(struct mr_arena *arena, size_t bytes)
{
    void *memory = mr_arena_alloc(arena, bytes);
    memset(memory, 0, bytes);
    return memory;
}

/* `bytes` as at the allocation; accepts NULL. Freed memory is used again last-in first-out, by size class. */
static inline void mr_arena_free(struct mr_arena *arena, void *memory, size_t bytes)
{
    if (!memory) return;
    if (MR_UNLIKELY(bytes > MR_ARENA_SMALL_BYTES_MAX || arena->is_watched)) {
        mr_arena_free_slowly(arena, memory, bytes);
        return;
    }
    MR_ASSERT((char *)memory > (char *)arena && (char *)memory < (char *)arena + arena->top);
    size_t index = mr_arena_small_class(bytes);
    struct mr_arena_block *block = memory;
    block->next = arena->free[index];
    arena->free[index] = block;
    arena->live_bytes[arena->owner] -= (index + 1) * MR_ARENA_GRAIN;
}
/* Moves `old_bytes` to a block of `bytes`. */
void *mr_arena_grow(struct mr_arena *arena, void *memory, size_t old_bytes, size_t bytes);
#define mr_arena_new(arena, type) ((type *)mr_arena_zalloc(arena, sizeof(type)))

/* Forgets everything that was allocated; costs what the run used. */
void mr_arena_reset(struct mr_arena *arena);
/* Where exhaustion jumps to. The buffer is the run loop's; NULL outside a run, when exhaustion is a bug. */
void mr_arena_guard(struct mr_arena *arena, jmp_buf *jump);

/* The owner that allocations count for from now on; returns the one before. */
static inline enum mr_owner mr_arena_owner(struct mr_arena *arena, enum mr_owner owner)
{
    MR_ASSERT(owner < MR_OWNERS);
    enum mr_owner before = arena->owner;
    arena->owner = owner;
    return before;
}
size_t mr_arena_live_bytes(const struct mr_arena *arena, enum mr_owner owner);
/* The high-water mark: bytes of the arena that were ever handed out since the reset. */
size_t mr_arena_used_bytes(const struct mr_arena *arena);

/* A snapshot of the universe: one memcpy each way. `image` is caller's memory of mr_arena_used_bytes. */
void mr_arena_save(const struct mr_arena *arena, void *image);
void mr_arena_restore(struct mr_arena *arena, const void *image, size_t image_bytes);

#endif
