#include "engine/operators/aggregate.h"

#include <string.h>

#include "engine/batch/column.h"
#include "engine/expression/division.h"
#include "engine/operators/pile.h"

#define NO_TEXT UINT32_MAX

enum mr_accumulator_kind mr_accumulator_kind(const struct mr_aggregate *aggregate)
{
    if (aggregate->kind == MR_COUNT) return MR_ACCUMULATE_COUNT;
    if (mr_aggregate_is_fold(aggregate->kind)) return MR_ACCUMULATE_LIST;
    enum mr_type type = mr_expression_result(aggregate->value).type;
    bool is_float = type == MR_TYPE_FLOAT;
    bool is_text = type == MR_TYPE_STRING || type == MR_TYPE_BYTES;
    switch (aggregate->kind) {
    case MR_SUM: return is_float ? MR_ACCUMULATE_SUM_FLOAT : MR_ACCUMULATE_SUM_INT;
    case MR_MEAN: return is_float ? MR_ACCUMULATE_MEAN_FLOAT : MR_ACCUMULATE_MEAN_INT;
    case MR_MIN:
        return is_text ? MR_ACCUMULATE_MIN_TEXT
            : is_float ? MR_ACCUMULATE_MIN_FLOAT
                       : MR_ACCUMULATE_MIN_INT;
    default:
        return is_text ? MR_ACCUMULATE_MAX_TEXT
            : is_float ? MR_ACCUMULATE_MAX_FLOAT
                       : MR_ACCUMULATE_MAX_INT;
    }
}

static bool is_mean(enum mr_accumulator_kind kind)
{
    return kind == MR_ACCUMULATE_MEAN_INT || kind == MR_ACCUMULATE_MEAN_FLOAT;
}

static bool is_text(enum mr_accumulator_kind kind)
{
    return kind == MR_ACCUMULATE_MIN_TEXT || kind == MR_ACCUMULATE_MAX_TEXT;
}

static size_t value_bytes(enum mr_accumulator_kind kind)
{
    if (kind == MR_ACCUMULATE_LIST) return sizeof(struct mr_pile);
    return is_text(kind) ? sizeof(struct mr_string) : 8;
}

void mr_accumulators_init(struct mr_accumulators *accumulators, struct mr_arena *arena,
    const struct mr_combine *combine)
{
    *accumulators = (struct mr_accumulators){.arena = arena, .combine = combine};
    accumulators->list =
        mr_arena_zalloc(arena, sizeof *accumulators->list * (combine->n_aggregates + 1));
    for (uint32_t i = 0; i < combine->n_aggregates; i++)
        accumulators->list[i].kind = mr_accumulator_kind(&combine->aggregates[i]);
}

static struct mr_pile *lists_of(const struct mr_accumulator *accumulator)
{
    return accumulator->kind == MR_ACCUMULATE_LIST ? accumulator->values : NULL;
}

static void free_lists(
    struct mr_accumulator *accumulator, struct mr_arena *arena, uint32_t from, uint32_t to)
{
    struct mr_pile *lists = lists_of(accumulator);
    for (uint32_t id = from; lists && id < to; id++) mr_pile_deinit(&lists[id], arena);
}

void mr_accumulators_deinit(struct mr_accumulators *accumulators)
{
    if (!accumulators->list) return;
    struct mr_arena *arena = accumulators->arena;
    uint32_t n = accumulators->combine->n_aggregates;
    for (uint32_t i = 0; i < n; i++) {
        struct mr_accumulator *accumulator = &accumulators->list[i];
        size_t capacity = accumulators->capacity;
        free_lists(accumulator, arena, 0, accumulators->capacity);
        if (accumulator->values)
            mr_arena_free(arena, accumulator->values, value_bytes(accumulator->kind) * capacity);
        if (accumulator->counts) mr_arena_free(arena, accumulator->counts, 8 * capacity);
        if (accumulator->heap) mr_arena_free(arena, accumulator->heap, accumulator->heap_capacity);
    }
    mr_arena_free(arena, accumulators->list, sizeof *accumulators->list * (n + 1));
    *accumulators = (struct mr_accumulators){0};
}

static void fill_ints(int64_t *to, uint32_t n, int64_t value)
{
    for (uint32_t i = 0; i < n; i++) to[i] = value;
}

static void set_identity(struct mr_accumulator *accumulator, uint32_t from, uint32_t to)
{
    int64_t *ints = (int64_t *)accumulator->values + from;
    double *floats = (double *)accumulator->values + from;
    struct mr_string *texts = (struct mr_string *)accumulator->values + from;
    uint32_t n = to - from;
    switch (accumulator->kind) {
    case MR_ACCUMULATE_MIN_INT:
        fill_ints(ints, n, INT64_MAX);
        break;
    case MR_ACCUMULATE_MAX_INT:
        fill_ints(ints, n, INT64_MIN);
        break;
    case MR_ACCUMULATE_MIN_FLOAT:
    case MR_ACCUMULATE_MAX_FLOAT:
        for (uint32_t i = 0; i < n; i++) floats[i] = mr_canonical_float(__builtin_nan(""));
        break;
    case MR_ACCUMULATE_MIN_TEXT:
    case MR_ACCUMULATE_MAX_TEXT:
        for (uint32_t i = 0; i < n; i++) texts[i] = (struct mr_string){.bytes = NO_TEXT};
        break;
    case MR_ACCUMULATE_LIST:
        memset((struct mr_pile *)accumulator->values + from, 0,
            sizeof(struct mr_pile) * n);
        break;
    default:
        memset(ints, 0, 8 * (size_t)n);
        break; /* 0.0 has the same bits */
    }
    if (is_mean(accumulator->kind)) memset(accumulator->counts + from, 0, 8 * (size_t)n);
}

void mr_accumulators_reserve(struct mr_accumulators *accumulators, uint32_t capacity)
{
    uint32_t old = accumulators->capacity;
    if (capacity <= old) return;
    for (uint32_t i = 0; i < accumulators->combine->n_aggregates; i++) {
        struct mr_accumulator *accumulator = &accumulators->list[i];
        size_t size = value_bytes(accumulator->kind);
        accumulator->values =
            mr_arena_grow(accumulators->arena, accumulator->values, size * old, size * capacity);
        if (is_mean(accumulator->kind))
            accumulator->counts =
                mr_arena_grow(accumulators->arena, accumulator->counts, 8 * (size_t)old, 8 * (size_t)capacity);
        set_identity(accumulator, old, capacity);
    }
    accumulators->capacity = capacity;
}

static int compare_text(const char *a, uint32_t a_bytes, const char *b, uint32_t b_bytes)
{
    uint32_t shorter = a_bytes < b_bytes ? a_bytes : b_bytes;
    int order = shorter ? memcmp(a, b, shorter) : 0;
    return order ? order : a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

static void store_text(struct mr_accumulator *accumulator, struct mr_arena *arena,
    struct mr_string *to, struct mr_value value)
{
    *to = (struct mr_string){.bytes = value.bytes};
    if (value.bytes <= MR_STRING_INLINE_MAX) {
        if (value.bytes) memcpy(to->inline_text, value.text, value.bytes);
        return;
    }
    uint32_t capacity = accumulator->heap_capacity ? accumulator->heap_capacity : 256;
    while (capacity - accumulator->heap_bytes < value.bytes) capacity *= 2;
    if (capacity != accumulator->heap_capacity) {
        accumulator->heap =
            mr_arena_grow(arena, accumulator->heap, accumulator->heap_capacity, capacity);
        accumulator->heap_capacity = capacity;
    }
    memcpy(accumulator->heap + accumulator->heap_bytes, value.text, value.bytes);
    memcpy(to->prefix, value.text, 4);
    to->heap_offset = accumulator->heap_bytes;
    accumulator->heap_bytes += value.bytes;
}

static void add_text(struct mr_accumulator *accumulator, struct mr_arena *arena,
    struct mr_value value, uint32_t id)
{
    struct mr_string *best = (struct mr_string *)accumulator->values + id;
    if (best->bytes != NO_TEXT) {
        int order = compare_text(
            value.text, value.bytes, mr_string_text(best, accumulator->heap), best->bytes);
        if (accumulator->kind == MR_ACCUMULATE_MIN_TEXT ? order >= 0 : order <= 0) return;
    }
    store_text(accumulator, arena, best, value);
}

/* One row, whatever its type: for columns with nulls, booleans and texts. */
static void add_slowly(struct mr_accumulators *accumulators, struct mr_accumulator *accumulator,
    const struct mr_column *column, const uint32_t *ids, const uint16_t *rows, uint32_t n,
    uint8_t *errors)
{
    int64_t *ints = accumulator->values;
    double *floats = accumulator->values;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = ids[i];
        struct mr_value value = mr_column_value(column, rows[i]);
        if (value.type == MR_TYPE_NULL) {
            errors[rows[i]] = MR_ROW_TYPE;
            continue;
        }
        switch (accumulator->kind) {
        case MR_ACCUMULATE_COUNT: ints[id]++; break;
        case MR_ACCUMULATE_LIST: break; /* add_lists */
        case MR_ACCUMULATE_MEAN_INT:
            accumulator->counts[id]++;
            if (__builtin_add_overflow(ints[id], value.i, &ints[id])) errors[rows[i]] = MR_ROW_OVERFLOW;
            break;
        case MR_ACCUMULATE_SUM_INT:
            if (__builtin_add_overflow(ints[id], value.i, &ints[id])) errors[rows[i]] = MR_ROW_OVERFLOW;
            break;
        case MR_ACCUMULATE_MEAN_FLOAT:
            accumulator->counts[id]++;
            floats[id] += value.f;
            break;
        case MR_ACCUMULATE_SUM_FLOAT: floats[id] += value.f; break;
        case MR_ACCUMULATE_MIN_INT: if (value.i < ints[id]) ints[id] = value.i; break;
        case MR_ACCUMULATE_MAX_INT: if (value.i > ints[id]) ints[id] = value.i; break;
        case MR_ACCUMULATE_MIN_FLOAT: /* a NaN gives way to any number */
            if (value.f < floats[id] || floats[id] != floats[id]) floats[id] = value.f;
            break;
        case MR_ACCUMULATE_MAX_FLOAT:
            if (value.f > floats[id] || floats[id] != floats[id]) floats[id] = value.f;
            break;
        case MR_ACCUMULATE_MIN_TEXT:
        case MR_ACCUMULATE_MAX_TEXT: add_text(accumulator, accumulators->arena, value, id); break;
        }
    }
}

static void add_ints(struct mr_accumulator *accumulator, const int64_t *values, const uint32_t *ids,
    const uint16_t *rows, uint32_t n, uint8_t *errors)
{
    int64_t *sums = accumulator->values;
    for (uint32_t i = 0; i < n; i++)
        if (MR_UNLIKELY(__builtin_add_overflow(sums[ids[i]], values[rows[i]], &sums[ids[i]])))
            errors[rows[i]] = MR_ROW_OVERFLOW;
    if (accumulator->kind == MR_ACCUMULATE_MEAN_INT)
        for (uint32_t i = 0; i < n; i++) accumulator->counts[ids[i]]++;
}

static void add_floats(struct mr_accumulator *accumulator, const double *values, const uint32_t *ids,
    const uint16_t *rows, uint32_t n)
{
    double *sums = accumulator->values;
    for (uint32_t i = 0; i < n; i++) sums[ids[i]] += values[rows[i]];
    if (accumulator->kind == MR_ACCUMULATE_MEAN_FLOAT)
        for (uint32_t i = 0; i < n; i++) accumulator->counts[ids[i]]++;
}

static void add_lists(struct mr_accumulators *accumulators, struct mr_accumulator *accumulator,
    const struct mr_column *column, const uint32_t *ids, const uint16_t *rows, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        mr_pile_add(&lists_of(accumulator)[ids[i]], accumulators->arena,
            mr_column_value(column, rows[i]));
}

void mr_accumulators_add(struct mr_accumulators *accumulators, uint32_t aggregate,
    const struct mr_column *value, const uint32_t *ids, const uint16_t *rows, uint32_t n,
    uint8_t *errors)
{
    struct mr_accumulator *accumulator = &accumulators->list[aggregate];
    if (accumulator->kind == MR_ACCUMULATE_COUNT) { /* counts rows, None included */
        int64_t *counts = accumulator->values;
        for (uint32_t i = 0; i < n; i++) counts[ids[i]]++;
        return;
    }
    if (accumulator->kind == MR_ACCUMULATE_LIST) {
        add_lists(accumulators, accumulator, value, ids, rows, n);
        return;
    }
    bool is_plain = !value->valid && value->type == MR_TYPE_INT;
    if (is_plain && (accumulator->kind == MR_ACCUMULATE_SUM_INT ||
                        accumulator->kind == MR_ACCUMULATE_MEAN_INT))
        add_ints(accumulator, value->values, ids, rows, n, errors);
    else if (!value->valid && (accumulator->kind == MR_ACCUMULATE_SUM_FLOAT ||
                                  accumulator->kind == MR_ACCUMULATE_MEAN_FLOAT))
        add_floats(accumulator, value->values, ids, rows, n);
    else
        add_slowly(accumulators, accumulator, value, ids, rows, n, errors);
}

/* What folds of entries [first, first + n) yield; None after a failure. */
static struct mr_column fold_lists(const struct mr_accumulators *accumulators,
    uint32_t aggregate, uint32_t first, uint32_t n, struct mr_scratch *scratch)
{
    const struct mr_aggregate *spec = &accumulators->combine->aggregates[aggregate];
    const struct mr_pile *lists = lists_of(&accumulators->list[aggregate]);
    struct mr_value *values = mr_scratch_array(scratch, struct mr_value, n + 1);
    enum mr_type type = accumulators->shows_lists ? MR_TYPE_LIST : spec->result.type;
    for (uint32_t i = 0; i < n; i++) {
        struct mr_value list = mr_pile_list(&lists[first + i], scratch);
        values[i] = list;
        if (lists[first + i].n == 0 && !accumulators->folds_nothing) /* it has been shown: nobody looks at it */
            values[i] = (struct mr_value){.type = MR_TYPE_NULL};
        else if (!accumulators->shows_lists && !mr_pile_fold(spec, list, scratch, &values[i]))
            values[i] = (struct mr_value){.type = MR_TYPE_NULL};
    }
    return mr_column_make(type, values, 1, n, scratch);
}

struct mr_column mr_accumulators_column(const struct mr_accumulators *accumulators,
    uint32_t aggregate, uint32_t first, uint32_t n, struct mr_scratch *scratch)
{
    const struct mr_accumulator *accumulator = &accumulators->list[aggregate];
    if (accumulator->kind == MR_ACCUMULATE_LIST)
        return fold_lists(accumulators, aggregate, first, n, scratch);
    struct mr_column column = {.type = accumulators->combine->aggregates[aggregate].result.type,
        .values = (const char *)accumulator->values + value_bytes(accumulator->kind) * first,
        .heap = accumulator->heap};
    if (is_mean(accumulator->kind)) {
        double *means = mr_scratch_array(scratch, double, n + 1);
        const int64_t *ints = (const int64_t *)accumulator->values + first;
        const double *floats = (const double *)accumulator->values + first;
        const int64_t *counts = accumulator->counts + first;
        for (uint32_t i = 0; i < n; i++) {
            double mean = accumulator->kind == MR_ACCUMULATE_MEAN_INT
                ? mr_divide_ints(ints[i], counts[i])
                : floats[i] / (double)counts[i];
            means[i] = mr_canonical_float(mean);
        }
        column.values = means;
    } else if (accumulator->kind == MR_ACCUMULATE_SUM_FLOAT) {
        double *sums = mr_scratch_array(scratch, double, n + 1);
        const double *floats = (const double *)accumulator->values + first;
        for (uint32_t i = 0; i < n; i++) sums[i] = mr_canonical_float(floats[i]);
        column.values = sums;
    } else if (column.type == MR_TYPE_BOOL) {
        uint8_t *bits = mr_scratch_array(scratch, uint8_t, n + 1);
        const int64_t *ints = (const int64_t *)accumulator->values + first;
        for (uint32_t i = 0; i < n; i++) bits[i] = (uint8_t)ints[i];
        column.values = bits;
    }
    return column;
}

static void merge_text(struct mr_accumulator *into, uint32_t id, const struct mr_accumulator *from,
    uint32_t from_id, struct mr_arena *arena)
{
    struct mr_string *best = (struct mr_string *)into->values + id;
    const struct mr_string *other = (const struct mr_string *)from->values + from_id;
    if (other->bytes == NO_TEXT) return;
    const char *text = mr_string_text(other, from->heap);
    if (into != from) {
        add_text(into, arena, (struct mr_value){.type = MR_TYPE_STRING, .text = text, .bytes = other->bytes}, id);
        return;
    }
    int order = best->bytes == NO_TEXT ? 0
        : compare_text(text, other->bytes, mr_string_text(best, into->heap), best->bytes);
    bool is_better = into->kind == MR_ACCUMULATE_MIN_TEXT ? order < 0 : order > 0;
    if (best->bytes == NO_TEXT || is_better) *best = *other;
}

/* Takes entry `from_id` into entry `id`. False: overflow. */
static bool merge_one(struct mr_accumulator *into, uint32_t id, const struct mr_accumulator *from,
    uint32_t from_id, struct mr_arena *arena)
{
    int64_t *ints = into->values;
    double *floats = into->values;
    int64_t i = 0;
    double f = 0;
    if (into->kind == MR_ACCUMULATE_LIST) {
        mr_pile_merge(&lists_of(into)[id], arena, &lists_of(from)[from_id]);
        return true;
    }
    if (!is_text(into->kind)) {
        i = ((const int64_t *)from->values)[from_id];
        f = ((const double *)from->values)[from_id];
    }
    if (is_mean(into->kind)) into->counts[id] += from->counts[from_id];
    switch (into->kind) {
    case MR_ACCUMULATE_COUNT:
    case MR_ACCUMULATE_SUM_INT:
    case MR_ACCUMULATE_MEAN_INT: return !__builtin_add_overflow(ints[id], i, &ints[id]);
    case MR_ACCUMULATE_SUM_FLOAT:
    case MR_ACCUMULATE_MEAN_FLOAT: floats[id] += f; break;
    case MR_ACCUMULATE_MIN_INT: if (i < ints[id]) ints[id] = i; break;
    case MR_ACCUMULATE_MAX_INT: if (i > ints[id]) ints[id] = i; break;
    case MR_ACCUMULATE_MIN_FLOAT:
        if (f < floats[id] || floats[id] != floats[id]) floats[id] = f;
        break;
    case MR_ACCUMULATE_MAX_FLOAT:
        if (f > floats[id] || floats[id] != floats[id]) floats[id] = f;
        break;
    case MR_ACCUMULATE_MIN_TEXT:
    case MR_ACCUMULATE_MAX_TEXT: merge_text(into, id, from, from_id, arena); break;
    case MR_ACCUMULATE_LIST: break; /* above */
    }
    return true;
}

bool mr_accumulators_merge(struct mr_accumulators *accumulators, const uint32_t *into_ids,
    const struct mr_accumulators *from, const uint32_t *from_ids, uint32_t n)
{
    MR_ASSERT(accumulators->combine == from->combine);
    bool is_whole = true;
    for (uint32_t k = 0; k < accumulators->combine->n_aggregates; k++)
        for (uint32_t i = 0; i < n; i++)
            is_whole = merge_one(&accumulators->list[k], into_ids[i], &from->list[k],
                           from_ids[i], accumulators->arena) &&
                is_whole;
    return is_whole;
}

void mr_accumulators_clear(struct mr_accumulators *accumulators, uint32_t id)
{
    MR_ASSERT(id < accumulators->capacity);
    for (uint32_t i = 0; i < accumulators->combine->n_aggregates; i++) {
        free_lists(&accumulators->list[i], accumulators->arena, id, id + 1);
        set_identity(&accumulators->list[i], id, id + 1);
    }
}

void mr_accumulators_snapshot(const struct mr_accumulators *accumulators, uint32_t n,
    struct mr_snapshot_writer *writer)
{
    for (uint32_t i = 0; i < accumulators->combine->n_aggregates; i++) {
        const struct mr_accumulator *accumulator = &accumulators->list[i];
        const struct mr_pile *lists = lists_of(accumulator);
        for (uint32_t id = 0; lists && id < n; id++) mr_pile_snapshot(&lists[id], writer);
        if (lists) continue;
        mr_snapshot_bytes(writer, accumulator->values, (uint32_t)value_bytes(accumulator->kind) * n);
        if (is_mean(accumulator->kind)) mr_snapshot_bytes(writer, accumulator->counts, 8 * n);
        if (!is_text(accumulator->kind)) continue;
        mr_snapshot_u32(writer, accumulator->heap_bytes);
        mr_snapshot_bytes(writer, accumulator->heap, accumulator->heap_bytes);
    }
}

void mr_accumulators_restore(struct mr_accumulators *accumulators, uint32_t n,
    struct mr_snapshot_reader *reader)
{
    mr_accumulators_reserve(accumulators, n);
    for (uint32_t i = 0; i < accumulators->combine->n_aggregates; i++) {
        struct mr_accumulator *accumulator = &accumulators->list[i];
        struct mr_pile *lists = lists_of(accumulator);
        for (uint32_t id = 0; lists && id < n; id++)
            mr_pile_restore(&lists[id], accumulators->arena, reader);
        if (lists) continue;
        uint32_t bytes = (uint32_t)value_bytes(accumulator->kind) * n;
        const void *values = mr_snapshot_read_bytes(reader, bytes);
        if (values && bytes) memcpy(accumulator->values, values, bytes);
        if (is_mean(accumulator->kind)) {
            const void *counts = mr_snapshot_read_bytes(reader, 8 * n);
            if (counts && n) memcpy(accumulator->counts, counts, 8 * (size_t)n);
        }
        if (!is_text(accumulator->kind)) continue;
        uint32_t heap_bytes = mr_snapshot_read_u32(reader);
        const void *heap = mr_snapshot_read_bytes(reader, heap_bytes);
        if (!heap || heap_bytes == 0) continue;
        accumulator->heap = mr_arena_alloc(accumulators->arena, heap_bytes);
        accumulator->heap_capacity = heap_bytes;
        accumulator->heap_bytes = heap_bytes;
        memcpy(accumulator->heap, heap, heap_bytes);
    }
}
