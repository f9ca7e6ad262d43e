#include "scenarios/oracle/marks.h"

static size_t block_bytes(uint32_t n)
{
    return sizeof(struct mr_mark_block) + sizeof(uint32_t) * (size_t)n;
}

static void forget_oldest(struct mr_marks *marks)
{
    struct mr_mark_block *block = marks->oldest;
    marks->oldest = block->next;
    if (!marks->oldest) marks->youngest = NULL;
    marks->n -= block->n;
    mr_arena_free(marks->arena, block, block_bytes(block->n));
}

struct mr_mark_block *mr_marks_add(struct mr_marks *marks, uint32_t sink, mr_us window_start_us,
    mr_us window_end_us, uint32_t n)
{
    MR_ASSERT(n > 0);
    while (marks->oldest && marks->n + n > MR_MARKS_MAX) forget_oldest(marks);
    struct mr_mark_block *block = mr_arena_alloc(marks->arena, block_bytes(n));
    block->next = NULL;
    block->sink = sink;
    block->n = n;
    block->window_start_us = window_start_us;
    block->window_end_us = window_end_us;
    if (marks->youngest)
        marks->youngest->next = block;
    else
        marks->oldest = block;
    marks->youngest = block;
    marks->n += n;
    return block;
}

bool mr_marks_hold(const struct mr_marks *marks, uint32_t sink, mr_us window_start_us,
    mr_us window_end_us, uint32_t hash)
{
    for (const struct mr_mark_block *block = marks->oldest; block; block = block->next) {
        if (block->sink != sink || block->window_start_us != window_start_us ||
            block->window_end_us != window_end_us)
            continue;
        for (uint32_t i = 0; i < block->n; i++)
            if (block->hashes[i] == hash) return true;
    }
    return false;
}

void mr_marks_deinit(struct mr_marks *marks)
{
    while (marks->oldest) forget_oldest(marks);
}
