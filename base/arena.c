/* Invariants.
 * 1. Everything about the arena but the jump buffer lies inside it, at its base: a copy of
 * [base, base + top) is the whole universe.
 * 2. Blocks come from `top` upwards or from the free list of their size class; both orders are
 * functions of the calls alone, so that equal runs get equal addresses relative to the base.
 * 3. A freed block holds the link to the next one in its first 8 bytes. */
#define _GNU_SOURCE /* MAP_FIXED_NOREPLACE */
#include "base/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#if __has_feature(memory_sanitizer)
#define HAS_MSAN 1
#endif
#endif
#ifdef HAS_MSAN
#include <sanitizer/msan_interface.h>
#define MSAN_POISON_MEMORY_REGION(address, size) __msan_poison(address, size)
#else
#define MSAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* The size class of `bytes` and, in *rounded, the bytes that its blocks have. */
static size_t class_of(size_t bytes, size_t *rounded)
{
    if (bytes <= MR_ARENA_SMALL_BYTES_MAX) {
        size_t index = mr_arena_small_class(bytes);
        *rounded = (index + 1) * MR_ARENA_GRAIN;
        return index;
    }
    size_t octave = 63 - (size_t)__builtin_clzll((unsigned long long)(bytes - 1));
    size_t step = (size_t)1 << (octave - 2);
    size_t quarter = (bytes - 1 - ((size_t)1 << octave)) / step;
    *rounded = ((size_t)1 << octave) + (quarter + 1) * step;
    return MR_ARENA_SMALL_CLASSES + (octave - 10) * 4 + quarter;
}

static bool has_sanitizer(void)
{
#if defined(HAS_ASAN) || defined(HAS_MSAN)
    return true;
#else
    return false;
#endif
}

static size_t header_bytes(void)
{
    return (sizeof(struct mr_arena) + 63) & ~(size_t)63;
}

bool mr_arena_open(
    const struct mr_arena_options *options, struct mr_arena **out, struct mr_err *err)
{
    MR_ASSERT(options->bytes_max > header_bytes());
    uintptr_t base = options->base ? options->base : MR_ARENA_BASE;
    void *memory = mmap((void *)base, options->bytes_max, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory == MAP_FAILED)
        return mr_fail(err, MR_ERR_IO, "cannot reserve %zu bytes for the run's arena: %s",
            options->bytes_max, strerror(errno));
    if (memory != (void *)base) { /* a kernel that takes the address for a hint */
        munmap(memory, options->bytes_max);
        return mr_fail(err, MR_ERR_IO,
            "cannot reserve %zu bytes for the run's arena: the address is taken",
            options->bytes_max);
    }
    madvise(memory, options->bytes_max, MADV_HUGEPAGE);
    struct mr_arena *arena = memory;
    *arena = (struct mr_arena){.top = header_bytes(),
        .bytes_max = options->bytes_max,
        .fill = options->fill,
        .is_watched = options->fill >= 0 || has_sanitizer()};
    *out = arena;
    return true;
}

void mr_arena_close(struct mr_arena *arena)
{
    if (!arena) return;
    size_t bytes = arena->bytes_max;
    ASAN_UNPOISON_MEMORY_REGION(arena, bytes);
    munmap(arena, bytes);
}

static _Noreturn void give_up(const struct mr_arena *arena)
{
    MR_ASSERT(arena->jump != NULL);
    longjmp(*arena->jump, 1);
}

static void *extend(struct mr_arena *arena, size_t bytes)
{
    if (MR_UNLIKELY(arena->bytes_max - arena->top < bytes)) give_up(arena);
    char *memory = (char *)arena + arena->top;
    arena->top += bytes;
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
    if (MR_UNLIKELY(arena->fill >= 0)) memset(memory, arena->fill, bytes);
    return memory;
}

void *mr_arena_alloc_slowly(struct mr_arena *arena, size_t bytes)
{
    size_t rounded;
    size_t index = class_of(bytes, &rounded);
    if (index >= MR_ARENA_CLASSES) give_up(arena); /* more than any machine has */
    struct mr_arena_block *block = arena->free[index];
    if (block) {
        ASAN_UNPOISON_MEMORY_REGION(block, rounded);
        arena->free[index] = block->next;
        if (MR_UNLIKELY(arena->fill >= 0)) memset(block, arena->fill, rounded);
    } else {
        block = extend(arena, rounded);
    }
    arena->live_bytes[arena->owner] += rounded;
    MSAN_POISON_MEMORY_REGION(block, rounded);
    return block;
}

void mr_arena_free_slowly(struct mr_arena *arena, void *memory, size_t bytes)
{
    size_t rounded;
    size_t index = class_of(bytes, &rounded);
    MR_ASSERT(index < MR_ARENA_CLASSES);
    MR_ASSERT((char *)memory > (char *)arena && (char *)memory < (char *)arena + arena->top);
    if (MR_UNLIKELY(arena->fill >= 0)) memset(memory, arena->fill ^ 0xff, rounded);
    struct mr_arena_block *block = memory;
    block->next = arena->free[index];
    arena->free[index] = block;
    arena->live_bytes[arena->owner] -= rounded;
    ASAN_POISON_MEMORY_REGION(memory, rounded);
}

void *mr_arena_grow(struct mr_arena *arena, void *memory, size_t old_bytes, size_t bytes)
{
    MR_ASSERT(bytes >= old_bytes);
    void *moved = mr_arena_alloc(arena, bytes);
    if (memory) {
        memcpy(moved, memory, old_bytes);
        mr_arena_free(arena, memory, old_bytes);
    }
    return moved;
}

void mr_arena_reset(struct mr_arena *arena)
{
    char *start = (char *)arena + header_bytes();
    size_t used = arena->top - header_bytes();
    ASAN_UNPOISON_MEMORY_REGION(start, used);
    if (arena->fill >= 0) memset(start, arena->fill, used);
    ASAN_POISON_MEMORY_REGION(start, used);
    arena->top = header_bytes();
    arena->owner = MR_OWNER_WORLD;
    memset(arena->live_bytes, 0, sizeof arena->live_bytes);
    memset(arena->free, 0, sizeof arena->free);
}

void mr_arena_guard(struct mr_arena *arena, jmp_buf *jump)
{
    arena->jump = jump;
}

size_t mr_arena_live_bytes(const struct mr_arena *arena, enum mr_owner owner)
{
    MR_ASSERT(owner < MR_OWNERS);
    return arena->live_bytes[owner];
}

size_t mr_arena_used_bytes(const struct mr_arena *arena)
{
    return arena->top;
}

#ifdef HAS_ASAN
__attribute__((no_sanitize("address")))
#endif
static void
copy_raw(void *to, const void *from, size_t bytes)
{
#ifdef HAS_ASAN
    /* Freed blocks are poisoned; a snapshot takes them as they are, and their poison is lost.
     */
    ASAN_UNPOISON_MEMORY_REGION(to, bytes);
    ASAN_UNPOISON_MEMORY_REGION(from, bytes);
#endif
    memcpy(to, from, bytes);
}

void mr_arena_save(const struct mr_arena *arena, void *image)
{
    copy_raw(image, arena, arena->top);
}

void mr_arena_restore(struct mr_arena *arena, const void *image, size_t image_bytes)
{
    MR_ASSERT(image_bytes >= header_bytes());
    MR_ASSERT(((const struct mr_arena *)image)->top == image_bytes);
    jmp_buf *jump = arena->jump; /* the run loop's of now, not of the moment of the image */
    copy_raw(arena, image, image_bytes);
    arena->jump = jump;
}
