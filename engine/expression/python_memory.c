/* Python's memory: an arena at a fixed address, so that where objects lie does not depend on
 * what else the process holds, and so that there is a count of what user code takes. */
#include <string.h>

#include "engine/expression/python_internal.h"

#define PYTHON_ARENA_BASE ((uintptr_t)0x530000000000)
#define PYTHON_ARENA_BYTES ((size_t)16 << 30)
/* Of a process, however the limits of its functions add up: far below what is reserved. */
#define PYTHON_BYTES_MAX ((size_t)4 << 30)

struct header {
    size_t bytes; /* behind the header, as much as there is room for */
    size_t zero;
};
_Static_assert(sizeof(struct header) == 16, "objects stay aligned to 16");

/* The one Python of the process: like CPython itself, it lies outside of every run. */
static struct {
    struct mr_arena *arena;
    size_t live_bytes;
    size_t limit_bytes;
    uint64_t takes_left;
} memory = {.limit_bytes = SIZE_MAX, .takes_left = UINT64_MAX};

/* Large blocks have room to grow in place. */
static size_t with_room(size_t bytes)
{
    if (bytes <= 512) return bytes ? (bytes + 15) & ~(size_t)15 : 16;
    size_t step = (size_t)1 << (60 - (size_t)__builtin_clzll((unsigned long long)bytes));
    return (bytes + step - 1) & ~(step - 1);
}

static void *take(void *self, size_t bytes)
{
    (void)self;
    if (bytes > PYTHON_BYTES_MAX) return NULL;
    size_t room = with_room(bytes);
    size_t after = memory.live_bytes + room;
    if (MR_UNLIKELY(after > memory.limit_bytes || after > PYTHON_BYTES_MAX)) return NULL;
    if (MR_UNLIKELY(memory.takes_left == 0)) return NULL;
    memory.takes_left--;
    struct header *header = mr_arena_alloc(memory.arena, sizeof *header + room);
    *header = (struct header){.bytes = room};
    memory.live_bytes = after;
    return header + 1;
}

static void *take_zeroed(void *self, size_t n, size_t bytes)
{
    if (bytes && n > PYTHON_BYTES_MAX / bytes) return NULL;
    void *block = take(self, n * bytes);
    if (block) memset(block, 0, n * bytes);
    return block;
}

static void give_back(void *self, void *block)
{
    (void)self;
    if (!block) return;
    struct header *header = (struct header *)block - 1;
    memory.live_bytes -= header->bytes;
    mr_arena_free(memory.arena, header, sizeof *header + header->bytes);
}

static void *take_again(void *self, void *block, size_t bytes)
{
    if (!block) return take(self, bytes);
    const struct header *header = (struct header *)block - 1;
    bool is_small = header->bytes <= 512;
    if (bytes <= header->bytes && (is_small || bytes >= header->bytes / 4)) return block;
    void *moved = take(self, bytes);
    if (!moved) return NULL;
    memcpy(moved, block, bytes < header->bytes ? bytes : header->bytes);
    give_back(self, block);
    return moved;
}

bool mr_python_memory_open(struct mr_err *err)
{
    struct mr_arena_options options = {
        .base = PYTHON_ARENA_BASE, .bytes_max = PYTHON_ARENA_BYTES, .fill = -1};
    if (!mr_arena_open(&options, &memory.arena, err)) return false;
    PyMemAllocatorEx allocator = {
        .malloc = take, .calloc = take_zeroed, .realloc = take_again, .free = give_back};
    PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &allocator);
    PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &allocator);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &allocator);
    return true;
}

size_t mr_python_memory_bytes(void)
{
    return memory.live_bytes;
}

void mr_python_memory_limit(size_t bytes_max, uint64_t takes_max)
{
    memory.limit_bytes = bytes_max;
    memory.takes_left = takes_max;
}
