/* Invariants.
 * 1. Entries of a partition lie in a ring in order of offset and without gaps: entry i ends
 * where entry i + 1 begins.
 * 2. Entries [first, undecided) are committed or aborted; the rows of aborted ones are freed.
 * 3. A reader sees the rows below the offset of `undecided` that are not aborted, and nothing
 * else. */
#include "sim/services/broker_internal.h"

enum { RING_MIN = 16 };

static void grow(struct mr_partition_log *log, struct mr_arena *arena)
{
    uint64_t capacity = log->capacity ? 2 * log->capacity : RING_MIN;
    struct mr_entry *ring = mr_arena_alloc(arena, sizeof *ring * capacity);
    for (uint64_t i = log->first; i < log->end; i++)
        ring[i & (capacity - 1)] = log->ring[i & (log->capacity - 1)];
    mr_arena_free(arena, log->ring, sizeof *ring * log->capacity);
    log->ring = ring;
    log->capacity = capacity;
}

struct mr_entry *mr_log_add(struct mr_partition_log *log, struct mr_arena *arena)
{
    if (log->end - log->first == log->capacity) grow(log, arena);
    log->end++;
    return mr_log_entry(log, log->end - 1);
}

uint64_t mr_log_find(const struct mr_partition_log *log, int64_t offset)
{
    uint64_t low = log->first, high = log->end;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const struct mr_entry *entry = mr_log_entry(log, middle);
        if (entry->offset + entry->n_rows <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void mr_transaction_release(struct mr_arena *arena, struct mr_transaction *transaction)
{
    if (!transaction) return;
    MR_ASSERT(transaction->references > 0);
    if (--transaction->references > 0) return;
    mr_arena_free(arena, transaction, sizeof *transaction);
}

void mr_log_decide(struct mr_partition_log *log, struct mr_arena *arena)
{
    for (; log->undecided < log->end; log->undecided++) {
        struct mr_entry *entry = mr_log_entry(log, log->undecided);
        if (!entry->transaction) continue;
        if (entry->transaction->state == MR_TRANSACTION_OPEN) return;
        if (entry->transaction->state == MR_TRANSACTION_ABORTED) {
            mr_message_release(arena, entry->rows);
            entry->rows = NULL;
        }
        mr_transaction_release(arena, entry->transaction);
        entry->transaction = NULL;
    }
}

int64_t mr_log_stable_offset(const struct mr_partition_log *log)
{
    return log->undecided < log->end ? mr_log_entry(log, log->undecided)->offset
                                     : log->end_offset;
}

void mr_log_trim(struct mr_partition_log *log, struct mr_arena *arena, int64_t offset)
{
    int64_t stable = mr_log_stable_offset(log);
    if (offset > stable) offset = stable; /* what is undecided may still be asked for */
    if (offset > log->trimmed) log->trimmed = offset;
    while (log->first < log->undecided) {
        struct mr_entry *entry = mr_log_entry(log, log->first);
        if (entry->offset + entry->n_rows > offset) return;
        mr_message_release(arena, entry->rows);
        log->first++;
    }
}
