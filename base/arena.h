/* The memory of one run: world, engine and checks live in it, so that the whole universe can be saved and put back. */
#ifndef MR_BASE_ARENA_H
#define MR_BASE_ARENA_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The usual base address: in the application range of ASan, MSan and TSan and below position-independent programs.
 * Nothing may depend on it; MR_ARENA_BASE_SECOND is there to prove that. */
#define MR_ARENA_BASE ((uintptr_t)0x550000000000)
#define MR_ARENA_BASE_SECOND ((uintptr_t)0x540000000000)

/* Who owns memory, for accounting: bytes in use are counted an owner. */
enum mr_owner { MR_OWNER_WORLD, MR_OWNER_ENGINE, MR_OWNER_CHECKS, MR_OWNERS };

struct mr_arena; /* lies at its own base address: it is part of every snapshot */

struct mr_arena_options {
    uintptr_t base;   /* 0: MR_ARENA_BASE */
    size_t bytes_max; /* reserved, not touched; > 0 */
    int fill;         /* 0..255: pattern of fresh and of freed memory; -1: none, which is the fastest */
};

/* Reserves the memory. Fails with MR_ERR_IO when the address is taken. */
MR_MUST_CHECK bool mr_arena_open(const struct mr_arena_options *options, struct mr_arena **out,
    struct mr_err *err);
void mr_arena_close(struct mr_arena *arena); /* accepts NULL */

/* Memory aligned to 16 with unspecified contents. When the arena is exhausted it does not return: it jumps to
 * the guard, the verdict is LIMIT. */
void *mr_arena_alloc(struct mr_arena *arena, size_t bytes);
void *mr_arena_zalloc(struct mr_arena *arena, size_t bytes);
/* `bytes` as at the allocation; accepts NULL. Freed memory is used again last-in first-out, by size class. */
void mr_arena_free(struct mr_arena *arena, void *memory, size_t bytes);
/* Moves `old_bytes` to a block of `bytes`. */
void *mr_arena_grow(struct mr_arena *arena, void *memory, size_t old_bytes, size_t bytes);
#define mr_arena_new(arena, type) ((type *)mr_arena_zalloc(arena, sizeof(type)))

/* Forgets everything that was allocated; costs what the run used. */
void mr_arena_reset(struct mr_arena *arena);
/* Where exhaustion jumps to. The buffer is the run loop's; NULL outside a run, when exhaustion is a bug. */
void mr_arena_guard(struct mr_arena *arena, jmp_buf *jump);

/* The owner that allocations count for from now on; returns the one before. */
enum mr_owner mr_arena_owner(struct mr_arena *arena, enum mr_owner owner);
size_t mr_arena_live_bytes(const struct mr_arena *arena, enum mr_owner owner);
/* The high-water mark: bytes of the arena that were ever handed out since the reset. */
size_t mr_arena_used_bytes(const struct mr_arena *arena);

/* A snapshot of the universe: one memcpy each way. `image` is caller's memory of mr_arena_used_bytes. */
void mr_arena_save(const struct mr_arena *arena, void *image);
void mr_arena_restore(struct mr_arena *arena, const void *image, size_t image_bytes);

#endif
