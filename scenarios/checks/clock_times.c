/* Rows that get the time of their reader's clock: it was when they were read, says the tap. The
 * oracle must see the same times, and those of the attempt that counts. */
#include "scenarios/checks/checks_internal.h"

static void grow(struct mr_checks *checks, struct mr_clock_times *times)
{
    uint64_t larger = times->capacity ? 2 * times->capacity : 64;
    times->ends = mr_arena_grow(checks->arena, times->ends,
        sizeof *times->ends * times->capacity, sizeof *times->ends * larger);
    times->times_us = mr_arena_grow(checks->arena, times->times_us,
        sizeof *times->times_us * times->capacity, sizeof *times->times_us * larger);
    times->capacity = larger;
}

void mr_clock_times_read(
    struct mr_checks *checks, uint32_t index, int64_t offset, uint32_t n_rows, mr_us time_us)
{
    struct mr_clock_times *times = &checks->clock_times[index];
    mr_clock_times_begin(checks, index, offset); /* what is read twice has the later time */
    if (times->n == times->capacity) {
        enum mr_owner owner = mr_arena_owner(checks->arena, MR_OWNER_CHECKS);
        grow(checks, times);
        mr_arena_owner(checks->arena, owner);
    }
    times->ends[times->n] = offset + n_rows;
    times->times_us[times->n++] = time_us;
}

void mr_clock_times_begin(struct mr_checks *checks, uint32_t index, int64_t offset)
{
    struct mr_clock_times *times = &checks->clock_times[index];
    while (times->n > 0 && times->ends[times->n - 1] > offset) {
        int64_t start = times->n > 1 ? times->ends[times->n - 2] : 0;
        if (start < offset) { /* the restored offset splits a batch */
            times->ends[times->n - 1] = offset;
            return;
        }
        times->n--;
    }
}

/* The time of row `offset`; rows that nobody has read yet have none. */
static mr_us time_of(const struct mr_clock_times *times, int64_t offset)
{
    uint64_t low = 0, high = times->n;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (times->ends[middle] > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low < times->n ? times->times_us[low] : MR_US_MIN;
}

void mr_clock_times_input(void *self, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us)
{
    const struct mr_clock_input *input = self;
    const struct mr_source_view *source = input->source;
    mr_stream_read(source->stream, partition, first, n, values, times_us);
    const struct mr_clock_times *times =
        &input->checks->clock_times[source->first_partition + partition];
    for (uint32_t i = 0; i < n; i++) times_us[i] = time_of(times, first + i);
}
