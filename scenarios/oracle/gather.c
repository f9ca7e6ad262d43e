#include "scenarios/oracle/gather.h"

enum { NO_ROW = 0xffffffff };

void mr_gathering_init(struct mr_gathering *gathering, struct mr_arena *arena,
    const struct mr_transform *transform)
{
    *gathering = (struct mr_gathering){.arena = arena, .transform = transform};
    gathering->inputs = mr_arena_zalloc(arena, sizeof *gathering->inputs * transform->n_inputs);
}

static void free_rows(struct mr_gathering *gathering, struct mr_gathered_rows *rows)
{
    if (rows->rows)
        mr_arena_free(gathering->arena, rows->rows, sizeof *rows->rows * rows->capacity);
    if (rows->slots)
        mr_arena_free(gathering->arena, rows->slots, sizeof *rows->slots * rows->n_slots);
}

void mr_gathered_window_free(struct mr_gathering *gathering, struct mr_gathered_window *window)
{
    uint32_t n_inputs = gathering->transform->n_inputs;
    for (uint32_t i = 0; i < n_inputs; i++) free_rows(gathering, &window->inputs[i]);
    mr_arena_free(gathering->arena, window->inputs, sizeof *window->inputs * n_inputs);
    mr_scratch_deinit(&window->store);
    mr_arena_free(gathering->arena, window, sizeof *window);
}

void mr_gathering_deinit(struct mr_gathering *gathering)
{
    for (uint32_t i = 0; i < gathering->n_windows; i++)
        mr_gathered_window_free(gathering, gathering->windows[i]);
    if (gathering->windows)
        mr_arena_free(gathering->arena, gathering->windows,
            sizeof *gathering->windows * gathering->windows_capacity);
    mr_arena_free(gathering->arena, gathering->inputs,
        sizeof *gathering->inputs * gathering->transform->n_inputs);
    mr_drops_deinit(&gathering->drops, gathering->arena);
}

/* Where the window is, or where it belongs. */
static uint32_t place_of(const struct mr_gathering *gathering, mr_us start_us, mr_us end_us)
{
    uint32_t at = gathering->n_windows;
    while (at > 0) {
        const struct mr_gathered_window *before = gathering->windows[at - 1];
        if (before->end_us < end_us) break;
        if (before->end_us == end_us && before->start_us < start_us) break;
        at--;
    }
    return at;
}

static struct mr_gathered_window *window_at(
    const struct mr_gathering *gathering, mr_us start_us, mr_us end_us)
{
    uint32_t at = place_of(gathering, start_us, end_us);
    if (at == gathering->n_windows) return NULL;
    struct mr_gathered_window *window = gathering->windows[at];
    return window->start_us == start_us && window->end_us == end_us ? window : NULL;
}

static struct mr_gathered_window *window_for(
    struct mr_gathering *gathering, mr_us start_us, mr_us end_us)
{
    struct mr_gathered_window *window = window_at(gathering, start_us, end_us);
    if (window) return window;
    if (gathering->n_windows == gathering->windows_capacity) {
        uint32_t capacity = gathering->windows_capacity ? gathering->windows_capacity * 2 : 16;
        gathering->windows = mr_arena_grow(gathering->arena, gathering->windows,
            sizeof *gathering->windows * gathering->windows_capacity,
            sizeof *gathering->windows * capacity);
        gathering->windows_capacity = capacity;
    }
    uint32_t at = place_of(gathering, start_us, end_us);
    memmove(gathering->windows + at + 1, gathering->windows + at,
        sizeof *gathering->windows * (gathering->n_windows - at));
    gathering->n_windows++;
    window = mr_arena_new(gathering->arena, struct mr_gathered_window);
    window->start_us = start_us;
    window->end_us = end_us;
    window->inputs = mr_arena_zalloc(
        gathering->arena, sizeof *window->inputs * gathering->transform->n_inputs);
    mr_scratch_init(&window->store, gathering->arena);
    return gathering->windows[at] = window;
}

static uint64_t hash_of(const struct mr_gathering *gathering, uint32_t input, mr_us start_us,
    mr_us end_us, const struct mr_value *row)
{
    const struct mr_gathered_shape *shape = &gathering->inputs[input];
    uint64_t hash = mr_digest_mix(mr_digest_mix((uint64_t)start_us, (uint64_t)end_us), input);
    for (uint32_t i = 0; i < shape->n_fields; i++)
        if (!(shape->inexact_fields >> i & 1))
            hash = mr_digest_mix(hash, mr_value_hash(row[i]));
    return hash;
}

static void keep(struct mr_gathering *gathering, struct mr_gathered_window *window,
    uint32_t input, const struct mr_flow_row *row, uint64_t hash)
{
    struct mr_gathered_rows *rows = &window->inputs[input];
    uint32_t n_fields = gathering->inputs[input].n_fields;
    if (rows->n == rows->capacity) {
        uint32_t capacity = rows->capacity ? 2 * rows->capacity : 16;
        rows->rows = mr_arena_grow(gathering->arena, rows->rows,
            sizeof *rows->rows * rows->capacity, sizeof *rows->rows * capacity);
        rows->capacity = capacity;
    }
    struct mr_value *values = mr_scratch_array(&window->store, struct mr_value, n_fields + 1);
    for (uint32_t i = 0; i < n_fields; i++) {
        values[i] = row->values[i];
        if (!mr_type_is_text((enum mr_type)values[i].type)) continue;
        char *text = mr_scratch_alloc(&window->store, values[i].bytes + 1);
        if (values[i].bytes) memcpy(text, row->values[i].text, values[i].bytes);
        values[i].text = text;
    }
    double *slacks = NULL;
    if (row->slacks) {
        slacks = mr_scratch_array(&window->store, double, n_fields + 1);
        memcpy(slacks, row->slacks, sizeof *slacks * n_fields);
    }
    rows->rows[rows->n++] =
        (struct mr_gathered_row){.values = values, .slacks = slacks, .hash = hash};
    gathering->n_rows++;
}

void mr_gathering_take(
    struct mr_gathering *gathering, uint32_t input, const struct mr_flow_row *row)
{
    const struct mr_windowing *windowing = &gathering->transform->windowing;
    mr_us start_us, end_us;
    mr_flow_window(windowing, row, &start_us, &end_us);
    int64_t n = mr_flow_window_count(windowing, start_us, end_us);
    for (int64_t i = 0; i < n; i++) {
        if (windowing->kind == MR_WINDOW_SLIDING) {
            if (i > 0) start_us += windowing->period_us;
            end_us = mr_us_add(start_us, windowing->size_us);
        }
        uint64_t hash = hash_of(gathering, input, start_us, end_us, row->values);
        if (mr_drops_may_hold(&gathering->drops, start_us) &&
            mr_drops_take(&gathering->drops, hash))
            continue;
        keep(gathering, window_for(gathering, start_us, end_us), input, row, hash);
    }
}

void mr_gathering_drop(struct mr_gathering *gathering, uint32_t input, mr_us start_us,
    mr_us end_us, const struct mr_value *row)
{
    mr_drops_add(&gathering->drops, gathering->arena, start_us,
        hash_of(gathering, input, start_us, end_us, row));
}

struct mr_gathered_window *mr_gathering_take_due(
    struct mr_gathering *gathering, mr_us watermark_us)
{
    if (mr_gathering_earliest_end_us(gathering) > watermark_us || gathering->n_windows == 0)
        return NULL;
    struct mr_gathered_window *window = gathering->windows[0];
    gathering->n_windows--;
    memmove(gathering->windows, gathering->windows + 1,
        sizeof *gathering->windows * gathering->n_windows);
    for (uint32_t i = 0; i < gathering->transform->n_inputs; i++)
        gathering->n_rows -= window->inputs[i].n;
    return window;
}

mr_us mr_gathering_earliest_end_us(const struct mr_gathering *gathering)
{
    return gathering->n_windows ? gathering->windows[0]->end_us : MR_US_MAX;
}

/* ---- The rows of a state ---- */

static void make_index(struct mr_gathering *gathering, struct mr_gathered_rows *rows)
{
    if (rows->slots)
        mr_arena_free(gathering->arena, rows->slots, sizeof *rows->slots * rows->n_slots);
    rows->n_slots = 16;
    while (rows->n_slots < rows->n) rows->n_slots *= 2;
    rows->slots = mr_arena_alloc(gathering->arena, sizeof *rows->slots * rows->n_slots);
    for (uint32_t i = 0; i < rows->n_slots; i++) rows->slots[i] = NO_ROW;
    for (uint32_t i = 0; i < rows->n; i++) {
        uint32_t *slot = &rows->slots[rows->rows[i].hash & (rows->n_slots - 1)];
        rows->rows[i].next = *slot;
        *slot = i;
    }
    rows->n_indexed = rows->n;
}

static bool is_row(const struct mr_gathered_shape *shape, const struct mr_gathered_row *row,
    const struct mr_value *values)
{
    for (uint32_t i = 0; i < shape->n_fields; i++)
        if (!(shape->inexact_fields >> i & 1) && !mr_value_same(row->values[i], values[i]))
            return false;
    return true;
}

bool mr_gathering_hold(struct mr_gathering *gathering, uint32_t input, mr_us start_us,
    mr_us end_us, const struct mr_value *row)
{
    struct mr_gathered_window *window = window_at(gathering, start_us, end_us);
    if (!window) return false;
    struct mr_gathered_rows *rows = &window->inputs[input];
    if (rows->n == 0) return false;
    if (rows->n_indexed != rows->n) make_index(gathering, rows);
    uint64_t hash = hash_of(gathering, input, start_us, end_us, row);
    for (uint32_t i = rows->slots[hash & (rows->n_slots - 1)]; i != NO_ROW;
         i = rows->rows[i].next) {
        struct mr_gathered_row *candidate = &rows->rows[i];
        if (candidate->hash != hash || candidate->looked == gathering->n_looks ||
            !is_row(&gathering->inputs[input], candidate, row))
            continue;
        candidate->looked = gathering->n_looks;
        return true;
    }
    return false;
}
