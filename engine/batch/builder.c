#include "engine/batch/builder.h"

#include <string.h>

static inline uint32_t aligned(uint32_t bytes)
{
    return (bytes + 7) & ~7u;
}

static void begin(struct mr_builder *builder, const struct mr_builder_layout *layout,
    struct mr_arena *arena)
{
    uint32_t bytes = mr_blob_bytes(layout->types, layout->n_columns, layout->capacity_rows,
        layout->slots, layout->nullable_columns, 0);
    builder->message = mr_message_new(arena, layout->kind, layout->header_bytes + bytes);
    builder->n_rows = 0;
}

static inline void gather_8(void *to, const void *from, const uint16_t *rows, uint32_t n)
{
    uint64_t *out = to;
    const uint64_t *in = from;
    for (uint32_t i = 0; i < n; i++) out[i] = in[rows[i]];
}

static uint32_t heap_add(struct mr_builder *builder, struct mr_arena *arena, const char *text,
    uint32_t bytes)
{
    if (builder->heap_capacity - builder->heap_bytes < bytes) {
        uint32_t capacity = builder->heap_capacity ? builder->heap_capacity * 2 : 512;
        while (capacity - builder->heap_bytes < bytes) capacity *= 2;
        char *moved = mr_arena_alloc(arena, capacity);
        if (builder->heap) {
            memcpy(moved, builder->heap, builder->heap_bytes);
            mr_arena_free(arena, builder->heap, builder->heap_capacity);
        }
        builder->heap = moved;
        builder->heap_capacity = capacity;
    }
    memcpy(builder->heap + builder->heap_bytes, text, bytes);
    builder->heap_bytes += bytes;
    return builder->heap_bytes - bytes;
}

static void gather_strings(struct mr_builder *builder, struct mr_arena *arena, struct mr_string *to,
    const struct mr_column *column, const uint16_t *rows, uint32_t n)
{
    const struct mr_string *from = column->values;
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_string *string = &from[rows[i]];
        to[i] = *string;
        if (MR_LIKELY(string->bytes <= MR_STRING_INLINE_MAX)) continue;
        to[i].heap_offset =
            heap_add(builder, arena, column->heap + string->heap_offset, string->bytes);
        to[i].zero = 0;
    }
}

static void gather_valid(uint64_t *words, uint32_t at, const struct mr_column *column,
    const uint16_t *rows, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = at + i;
        uint64_t bit = (uint64_t)1 << (row % 64);
        if (row % 64 == 0) words[row / 64] = 0;
        if (column->type != MR_TYPE_NULL && !mr_column_is_null(column, rows[i])) words[row / 64] |= bit;
    }
}

static void gather_windows(char *at, uint32_t capacity, uint32_t have, const struct mr_batch *batch,
    const uint16_t *rows, uint32_t n)
{
    mr_us *starts = (mr_us *)at + have;
    mr_us *ends = (mr_us *)at + capacity + have;
    if (batch->window_starts_us) {
        gather_8(starts, batch->window_starts_us, rows, n);
        gather_8(ends, batch->window_ends_us, rows, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) starts[i] = MR_US_MIN;
    for (uint32_t i = 0; i < n; i++) ends[i] = MR_US_MAX;
}

static char *gather_slots(char *at, const struct mr_builder_layout *layout, uint32_t have,
    const struct mr_batch *batch, const uint16_t *rows, uint32_t n)
{
    uint32_t capacity = layout->capacity_rows;
    if (layout->slots & MR_SLOT_WINDOW) {
        gather_windows(at, capacity, have, batch, rows, n);
        at += 16 * (size_t)capacity;
    }
    if (layout->slots & MR_SLOT_PANE) {
        struct mr_pane unknown = {.timing = MR_PANE_UNKNOWN};
        struct mr_pane *panes = (struct mr_pane *)at + have;
        for (uint32_t i = 0; i < n; i++) panes[i] = batch->panes ? batch->panes[rows[i]] : unknown;
        at += 8 * (size_t)capacity;
    }
    if (layout->slots & MR_SLOT_KIND) {
        for (uint32_t i = 0; i < n; i++)
            at[have + i] = batch->kinds ? (char)batch->kinds[rows[i]] : MR_ROW_INSERT;
        at += aligned(capacity);
    }
    if (layout->slots & MR_SLOT_LINEAGE) {
        uint64_t *lineage = (uint64_t *)at + have;
        for (uint32_t i = 0; i < n; i++) lineage[i] = batch->lineage ? batch->lineage[rows[i]] : 0;
        at += 8 * (size_t)capacity;
    }
    return at;
}

uint32_t mr_builder_add(struct mr_builder *builder, const struct mr_builder_layout *layout,
    struct mr_arena *arena, const struct mr_batch *batch, const uint16_t *rows, uint32_t n)
{
    MR_ASSERT(n > 0 && batch->n_columns == layout->n_columns);
    if (!builder->message) begin(builder, layout, arena);
    uint32_t have = builder->n_rows;
    uint32_t capacity = layout->capacity_rows;
    if (n > capacity - have) n = capacity - have;
    char *at = (char *)builder->message->body + layout->header_bytes + sizeof(struct mr_batch_header);
    gather_8((mr_us *)at + have, batch->times_us, rows, n);
    at = gather_slots(at + 8 * (size_t)capacity, layout, have, batch, rows, n);
    for (uint32_t k = 0; k < layout->n_columns; k++) {
        const struct mr_column *column = &batch->columns[k];
        if (layout->nullable_columns >> k & 1) {
            gather_valid((uint64_t *)at, have, column, rows, n);
            at += (capacity + 63) / 64 * 8;
        }
        enum mr_type type = layout->types[k];
        uint32_t size = mr_type_bytes(type);
        if (MR_UNLIKELY(column->type == MR_TYPE_NULL && type != MR_TYPE_NULL)) {
            memset(at + (size_t)size * have, 0, (size_t)size * n);
        } else if (type == MR_TYPE_STRING || type == MR_TYPE_BYTES) {
            gather_strings(builder, arena, (struct mr_string *)at + have, column, rows, n);
        } else if (size == 8) {
            gather_8((uint64_t *)at + have, column->values, rows, n);
        } else {
            const char *from = column->values;
            for (uint32_t i = 0; i < n; i++) at[have + i] = from[rows[i]];
        }
        at += aligned(size * capacity);
    }
    builder->n_rows = have + n;
    return n;
}

/* Moves one part, laid out for `from_rows`, behind the parts before it; pads with zeros. */
static char *compact(char *to, const char **from, uint32_t size, uint32_t n, uint32_t capacity)
{
    uint32_t bytes = size * n;
    if (to != *from) memmove(to, *from, bytes);
    memset(to + bytes, 0, aligned(bytes) - bytes);
    *from += aligned(size * capacity);
    return to + aligned(bytes);
}

static char *compact_parts(char *to, const struct mr_builder_layout *layout, uint32_t n)
{
    uint32_t capacity = layout->capacity_rows;
    const char *from = to;
    to = compact(to, &from, 8, n, capacity);
    if (layout->slots & MR_SLOT_WINDOW) {
        to = compact(to, &from, 8, n, capacity);
        to = compact(to, &from, 8, n, capacity);
    }
    if (layout->slots & MR_SLOT_PANE) to = compact(to, &from, 8, n, capacity);
    if (layout->slots & MR_SLOT_KIND) to = compact(to, &from, 1, n, capacity);
    if (layout->slots & MR_SLOT_LINEAGE) to = compact(to, &from, 8, n, capacity);
    for (uint32_t k = 0; k < layout->n_columns; k++) {
        if (layout->nullable_columns >> k & 1)
            to = compact(to, &from, 8, (n + 63) / 64, (capacity + 63) / 64);
        to = compact(to, &from, mr_type_bytes(layout->types[k]), n, capacity);
    }
    return to;
}

/* A message with room for the heap behind the rows. */
static struct mr_message *with_heap(struct mr_builder *builder, struct mr_arena *arena, uint32_t bytes)
{
    struct mr_message *small = builder->message;
    struct mr_message *message = mr_message_new(arena, small->kind, bytes + builder->heap_bytes);
    memcpy(message->body, small->body, bytes);
    memcpy(message->body + bytes, builder->heap, builder->heap_bytes);
    mr_message_release(arena, small);
    return message;
}

struct mr_message *mr_builder_finish(struct mr_builder *builder,
    const struct mr_builder_layout *layout, struct mr_arena *arena)
{
    MR_ASSERT(builder->message && builder->n_rows > 0);
    struct mr_message *message = builder->message;
    char *blob = (char *)message->body + layout->header_bytes;
    char *end = compact_parts(blob + sizeof(struct mr_batch_header), layout, builder->n_rows);
    uint32_t blob_bytes = (uint32_t)(end - blob);
    struct mr_batch_header header = {.n_rows = builder->n_rows,
        .n_columns = (uint16_t)layout->n_columns,
        .slots = (uint16_t)layout->slots,
        .nullable_columns = layout->nullable_columns,
        .heap_offset = builder->heap_bytes ? blob_bytes : 0,
        .heap_bytes = builder->heap_bytes};
    memcpy(blob, &header, sizeof header);
    message->body_bytes = layout->header_bytes + blob_bytes;
    if (builder->heap_bytes) message = with_heap(builder, arena, message->body_bytes);
    builder->message = NULL;
    builder->n_rows = 0;
    builder->heap_bytes = 0;
    return message;
}

void mr_builder_discard(struct mr_builder *builder, struct mr_arena *arena)
{
    mr_message_release(arena, builder->message);
    if (builder->heap) mr_arena_free(arena, builder->heap, builder->heap_capacity);
    *builder = (struct mr_builder){0};
}
