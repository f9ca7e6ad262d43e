/* Invariants.
 * 1. Windows are sorted by end, then start, and no two are the same.
 * 2. Of a passed window, n_owed groups are not matched; fold->n_owed is the sum over the passed
 * windows. */
#include "scenarios/oracle/fold.h"

/* Counts back from the latest start, one period at a time, as Beam's SlidingWindows.assign does. */
static void sliding_window(
    const struct mr_windowing *windowing, mr_us at_us, mr_us *start_us, mr_us *end_us)
{
    mr_us latest_us =
        mr_window_start_us(at_us, windowing->period_us, windowing->offset_us);
    *start_us = *end_us = at_us;
    if (at_us - latest_us >= windowing->size_us) return; /* between two windows */
    *end_us = mr_us_add(latest_us, windowing->size_us);
    *start_us = latest_us;
    while (*start_us >= MR_US_MIN + windowing->period_us &&
           at_us - (*start_us - windowing->period_us) < windowing->size_us)
        *start_us -= windowing->period_us;
}

void mr_flow_window(const struct mr_windowing *windowing, const struct mr_flow_row *row,
    mr_us *start_us, mr_us *end_us)
{
    if (row->has_window) {
        *start_us = row->window_start_us;
        *end_us = row->window_end_us;
    } else if (windowing->kind == MR_WINDOW_FIXED) {
        mr_window_of(row->at_us, windowing->size_us, windowing->offset_us, start_us, end_us);
    } else if (windowing->kind == MR_WINDOW_CALENDAR) {
        mr_zone_days(&windowing->zone, windowing->days, row->at_us, start_us, end_us);
    } else if (windowing->kind == MR_WINDOW_SESSIONS) {
        *start_us = row->at_us;
        *end_us = mr_us_add(row->at_us, windowing->gap_us);
    } else if (windowing->kind == MR_WINDOW_SLIDING) {
        sliding_window(windowing, row->at_us, start_us, end_us);
    } else {
        *start_us = MR_US_MIN;
        *end_us = MR_US_GLOBAL_END;
    }
}

void mr_fold_window_free(struct mr_fold *fold, struct mr_fold_window *window)
{
    mr_groups_deinit(&window->groups);
    mr_arena_free(fold->arena, window, sizeof *window);
}

/* Where the window is, or where it belongs. */
static uint32_t place_of(const struct mr_fold *fold, mr_us start_us, mr_us end_us)
{
    uint32_t low = 0, high = fold->n_windows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct mr_fold_window *window = fold->windows[middle];
        if (window->end_us < end_us ||
            (window->end_us == end_us && window->start_us < start_us))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline bool is_at(const struct mr_fold *fold, uint32_t at, mr_us start_us, mr_us end_us)
{
    if (at >= fold->n_windows) return false;
    const struct mr_fold_window *window = fold->windows[at];
    return window->start_us == start_us && window->end_us == end_us;
}

/* Rows, and panes, mostly come window after window: the next one is tried first, or what took
 * the place of the last one when that was retired. */
struct mr_fold_window *mr_fold_window_search(struct mr_fold *fold, mr_us start_us, mr_us end_us)
{
    uint32_t at = fold->last_at + 1;
    if (!is_at(fold, at, start_us, end_us)) at = fold->last_at;
    if (!is_at(fold, at, start_us, end_us)) at = place_of(fold, start_us, end_us);
    if (!is_at(fold, at, start_us, end_us)) return NULL;
    fold->last_at = at;
    return fold->windows[at];
}

static struct mr_fold_window *insert_window(struct mr_fold *fold, mr_us start_us, mr_us end_us)
{
    if (fold->n_windows == fold->windows_capacity) {
        uint32_t capacity = fold->windows_capacity ? fold->windows_capacity * 2 : 16;
        fold->windows = mr_arena_grow(fold->arena, fold->windows,
            sizeof *fold->windows * fold->windows_capacity, sizeof *fold->windows * capacity);
        fold->windows_capacity = capacity;
    }
    uint32_t at = place_of(fold, start_us, end_us);
    memmove(fold->windows + at + 1, fold->windows + at,
        sizeof *fold->windows * (fold->n_windows - at));
    fold->n_windows++;
    struct mr_fold_window *window = mr_arena_new(fold->arena, struct mr_fold_window);
    window->start_us = start_us;
    window->end_us = end_us;
    mr_groups_init(
        &window->groups, fold->arena, fold->n_keys, fold->stride, fold->expected_groups);
    return fold->windows[at] = window;
}

struct mr_fold_window *mr_fold_window_for(struct mr_fold *fold, mr_us start_us, mr_us end_us)
{
    struct mr_fold_window *window = mr_fold_window_at(fold, start_us, end_us);
    if (!window) window = insert_window(fold, start_us, end_us);
    fold->has_far |= mr_groups_are_far(&window->groups);
    return fold->last = window;
}

void mr_fold_window_remove(struct mr_fold *fold, struct mr_fold_window *window)
{
    uint32_t at = place_of(fold, window->start_us, window->end_us);
    MR_ASSERT(at < fold->n_windows && fold->windows[at] == window);
    MR_ASSERT(fold->n_pending == 0);
    fold->n_windows--;
    memmove(fold->windows + at, fold->windows + at + 1,
        sizeof *fold->windows * (fold->n_windows - at));
    if (fold->last == window) fold->last = NULL;
    fold->n_owed -= window->n_owed;
}

struct mr_fold_window *mr_fold_window_due(const struct mr_fold *fold, mr_us watermark_us)
{
    for (uint32_t i = 0; i < fold->n_windows && fold->windows[i]->end_us <= watermark_us; i++)
        if (!fold->windows[i]->is_passed) return fold->windows[i];
    return NULL;
}

void mr_fold_window_pass(struct mr_fold *fold, struct mr_fold_window *window)
{
    MR_ASSERT(!window->is_passed);
    window->is_passed = true;
    window->n_owed = window->groups.n;
    fold->n_owed += window->n_owed;
    fold->expected_groups = window->groups.n + window->groups.n / 16 + 4; /* a little room */
}
