#include "engine/operators/slices.h"

#include <string.h>

void mr_slices_init(struct mr_slices *slices, struct mr_arena *arena,
    const struct mr_transform *transform, const struct mr_key_layout *layout)
{
    *slices = (struct mr_slices){.arena = arena,
        .combine = &transform->combine,
        .windowing = &transform->windowing,
        .layout = layout};
}

static void slice_free(struct mr_slices *slices, struct mr_slice *slice)
{
    mr_keyed_map_deinit(&slice->map);
    mr_accumulators_deinit(&slice->accumulators);
    mr_arena_free(slices->arena, slice, sizeof *slice);
}

void mr_slices_deinit(struct mr_slices *slices)
{
    for (uint32_t i = 0; i < slices->n; i++) slice_free(slices, slices->list[i]);
    if (slices->list)
        mr_arena_free(slices->arena, slices->list, sizeof *slices->list * slices->capacity);
    slices->list = NULL;
    slices->n = 0;
    slices->capacity = 0;
}

static bool comes_before(const struct mr_slice *slice, mr_us first_us, mr_us last_us)
{
    if (slice->first_us != first_us) return slice->first_us < first_us;
    return slice->last_us < last_us;
}

static struct mr_slice *insert(
    struct mr_slices *slices, uint32_t at, mr_us first_us, mr_us last_us)
{
    if (slices->n == slices->capacity) {
        uint32_t capacity = slices->capacity ? slices->capacity * 2 : 16;
        slices->list = mr_arena_grow(slices->arena, slices->list,
            sizeof *slices->list * slices->capacity, sizeof *slices->list * capacity);
        slices->capacity = capacity;
    }
    memmove(slices->list + at + 1, slices->list + at, sizeof *slices->list * (slices->n - at));
    slices->n++;
    struct mr_slice *slice = mr_arena_new(slices->arena, struct mr_slice);
    slice->first_us = first_us;
    slice->last_us = last_us;
    mr_keyed_map_init(&slice->map, slices->arena, slices->layout, slices->expected_entries);
    mr_accumulators_init(&slice->accumulators, slices->arena, slices->combine);
    return slices->list[at] = slice;
}

struct mr_slice *mr_slices_find(struct mr_slices *slices, mr_us first_us, mr_us last_us)
{
    MR_ASSERT(first_us <= last_us);
    uint32_t at = slices->n; /* most rows are new */
    while (at > 0 && !comes_before(slices->list[at - 1], first_us, last_us)) at--;
    if (at < slices->n && slices->list[at]->first_us == first_us &&
        slices->list[at]->last_us == last_us)
        return slices->list[at];
    return insert(slices, at, first_us, last_us);
}

/* The first window of the slice that ends after `after_us`; beyond its last one when there is
 * none. */
static mr_us first_open(
    const struct mr_slices *slices, const struct mr_slice *slice, mr_us after_us)
{
    const struct mr_windowing *windowing = slices->windowing;
    if (mr_us_add(slice->first_us, windowing->size_us) > after_us) return slice->first_us;
    if (mr_us_add(slice->last_us, windowing->size_us) <= after_us) return MR_US_MAX;
    uint64_t passed_us =
        (uint64_t)after_us - (uint64_t)slice->first_us - (uint64_t)windowing->size_us;
    uint64_t n = passed_us / (uint64_t)windowing->period_us + 1;
    return slice->first_us + (mr_us)n * windowing->period_us;
}

bool mr_slices_next_window(const struct mr_slices *slices, mr_us after_us, mr_us *start_us)
{
    bool has_one = false;
    for (uint32_t i = 0; i < slices->n; i++) {
        const struct mr_slice *slice = slices->list[i];
        if (has_one && slice->first_us >= *start_us) break; /* the invariant */
        mr_us own_us = first_open(slices, slice, after_us);
        if (own_us > slice->last_us || (has_one && own_us >= *start_us)) continue;
        *start_us = own_us;
        has_one = true;
    }
    return has_one;
}

bool mr_slices_merge(const struct mr_slices *slices, mr_us start_us, struct mr_keyed_map *map,
    struct mr_accumulators *accumulators, struct mr_scratch *scratch)
{
    bool is_whole = true;
    for (uint32_t i = 0; i < slices->n && slices->list[i]->first_us <= start_us; i++) {
        const struct mr_slice *slice = slices->list[i];
        if (slice->last_us < start_us) continue;
        is_whole =
            mr_combine_merge(map, accumulators, &slice->map, &slice->accumulators, scratch) &&
            is_whole;
    }
    return is_whole;
}

void mr_slices_retire(struct mr_slices *slices, mr_us start_us)
{
    uint32_t n_kept = 0;
    for (uint32_t i = 0; i < slices->n; i++) {
        struct mr_slice *slice = slices->list[i];
        if (slice->last_us > start_us) {
            slices->list[n_kept++] = slice;
            continue;
        }
        slices->expected_entries = slice->map.n;
        slice_free(slices, slice);
    }
    slices->n = n_kept;
}

void mr_slices_snapshot(const struct mr_slices *slices, struct mr_snapshot_writer *writer)
{
    mr_snapshot_u32(writer, slices->n);
    for (uint32_t i = 0; i < slices->n; i++) {
        const struct mr_slice *slice = slices->list[i];
        mr_snapshot_u64(writer, (uint64_t)slice->first_us);
        mr_snapshot_u64(writer, (uint64_t)slice->last_us);
        mr_keyed_map_snapshot(&slice->map, writer);
        mr_accumulators_snapshot(&slice->accumulators, slice->map.n, writer);
    }
}

void mr_slices_restore(struct mr_slices *slices, struct mr_snapshot_reader *reader)
{
    uint32_t n = mr_snapshot_read_u32(reader);
    for (uint32_t i = 0; i < n && !reader->is_broken; i++) {
        mr_us first_us = (mr_us)mr_snapshot_read_u64(reader);
        mr_us last_us = (mr_us)mr_snapshot_read_u64(reader);
        if (reader->is_broken) return;
        struct mr_slice *slice = insert(slices, slices->n, first_us, last_us);
        mr_keyed_map_restore(&slice->map, reader);
        mr_accumulators_reserve(&slice->accumulators, slice->map.capacity);
        mr_accumulators_restore(&slice->accumulators, slice->map.n, reader);
    }
}
