#include "engine/batch/builder.h"

#include <string.h>

static inline uint32_t aligned(uint32_t bytes)
{
    return (bytes + 7) & ~7u;
}

/* The slots that the layout of plain words may have. */
enum { WORD_SLOTS = MR_SLOT_WINDOW | MR_SLOT_PANE };

void mr_builder_layout_measure(struct mr_builder_layout *layout)
{
    layout->header = (struct mr_batch_header){.n_columns = (uint16_t)layout->n_columns,
        .slots = (uint16_t)layout->slots,
        .nullable_columns = layout->nullable_columns};
    layout->blob_bytes = mr_blob_bytes(layout->types, layout->n_columns, layout->capacity_rows,
        layout->slots, layout->nullable_columns, 0);
    bool is_plain =
        layout->nullable_columns == 0 && (layout->slots & ~(uint32_t)WORD_SLOTS) == 0;
    for (uint32_t i = 0; i < layout->n_columns; i++)
        is_plain = is_plain && mr_type_bytes(layout->types[i]) == 8;
    layout->n_words = 0;
    if (!is_plain) return;
    layout->n_words = 1 + layout->n_columns;
    if (layout->slots & MR_SLOT_WINDOW) layout->n_words += 2;
    if (layout->slots & MR_SLOT_PANE) layout->n_words += 1;
}

static void begin(struct mr_builder *builder, const struct mr_builder_layout *layout,
    struct mr_arena *arena)
{
    MR_ASSERT(layout->blob_bytes > 0);
    builder->message =
        mr_message_new(arena, layout->kind, layout->header_bytes + layout->blob_bytes);
    builder->n_rows = 0;
}

enum { FEW_ROWS = 6 };

/* A vectorised loop costs more to enter than a few rows are worth. */
static inline void gather_few(
    uint64_t *out, const uint64_t *in, const uint16_t *rows, uint32_t n)
{
    switch (n) {
    case 6:
        out[5] = in[rows[5]]; /* fall through */
    case 5:
        out[4] = in[rows[4]]; /* fall through */
    case 4:
        out[3] = in[rows[3]]; /* fall through */
    case 3:
        out[2] = in[rows[2]]; /* fall through */
    case 2:
        out[1] = in[rows[1]]; /* fall through */
    default:
        out[0] = in[rows[0]];
    }
}

static inline void copy_few(uint64_t *out, const uint64_t *in, uint32_t n)
{
    switch (n) {
    case 6:
        out[5] = in[5]; /* fall through */
    case 5:
        out[4] = in[4]; /* fall through */
    case 4:
        out[3] = in[3]; /* fall through */
    case 3:
        out[2] = in[2]; /* fall through */
    case 2:
        out[1] = in[1]; /* fall through */
    default:
        out[0] = in[0];
    }
}

static inline void gather_8(void *to, const void *from, const uint16_t *rows, uint32_t n)
{
    uint64_t *out = to;
    const uint64_t *in = from;
    if (n <= FEW_ROWS) {
        gather_few(out, in, rows, n);
        return;
    }
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

/* The first part of the message that is being filled: the times. */
static inline char *parts_of(
    const struct mr_message *message, const struct mr_builder_layout *layout)
{
    return (char *)message->body + layout->header_bytes + sizeof(struct mr_batch_header);
}

static bool are_words(const struct mr_builder_layout *layout, const struct mr_batch *batch)
{
    return layout->n_words > 0 &&
           (!(layout->slots & MR_SLOT_WINDOW) || batch->window_starts_us != NULL) &&
           (!(layout->slots & MR_SLOT_PANE) || batch->panes != NULL);
}

/* Most exchanges carry times and integers only: nothing to decide by row or column. */
static void add_words(struct mr_builder *builder, const struct mr_builder_layout *layout,
    const struct mr_batch *batch, const uint16_t *rows, uint32_t n)
{
    uint32_t capacity = layout->capacity_rows;
    uint64_t *at = (uint64_t *)parts_of(builder->message, layout) + builder->n_rows;
    gather_8(at, batch->times_us, rows, n);
    if (layout->slots & MR_SLOT_WINDOW) {
        gather_8(at += capacity, batch->window_starts_us, rows, n);
        gather_8(at += capacity, batch->window_ends_us, rows, n);
    }
    if (layout->slots & MR_SLOT_PANE) gather_8(at += capacity, batch->panes, rows, n);
    for (uint32_t k = 0; k < layout->n_columns; k++) {
        MR_ASSERT(batch->columns[k].type != MR_TYPE_NULL);
        gather_8(at += capacity, batch->columns[k].values, rows, n);
    }
}

static void add_parts(struct mr_builder *builder, const struct mr_builder_layout *layout,
    struct mr_arena *arena, const struct mr_batch *batch, const uint16_t *rows, uint32_t n)
{
    uint32_t have = builder->n_rows;
    uint32_t capacity = layout->capacity_rows;
    char *at = parts_of(builder->message, layout);
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
        } else if (mr_type_is_text(type)) {
            gather_strings(builder, arena, (struct mr_string *)at + have, column, rows, n);
        } else if (size == 8) {
            gather_8((uint64_t *)at + have, column->values, rows, n);
        } else {
            const char *from = column->values;
            for (uint32_t i = 0; i < n; i++) at[have + i] = from[rows[i]];
        }
        at += aligned(size * capacity);
    }
}

uint32_t mr_builder_add(struct mr_builder *builder, const struct mr_builder_layout *layout,
    struct mr_arena *arena, const struct mr_batch *batch, const uint16_t *rows, uint32_t n)
{
    MR_ASSERT(n > 0 && batch->n_columns == layout->n_columns);
    if (!builder->message) begin(builder, layout, arena);
    uint32_t room = layout->capacity_rows - builder->n_rows;
    if (n > room) n = room;
    if (are_words(layout, batch))
        add_words(builder, layout, batch, rows, n);
    else
        add_parts(builder, layout, arena, batch, rows, n);
    builder->n_rows += n;
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

static void compact_parts(
    char *to, const char *from, const struct mr_builder_layout *layout, uint32_t n)
{
    uint32_t capacity = layout->capacity_rows;
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
}

/* The same for plain words; `to` may be `from`, since nothing moves up. */
static void compact_words(
    uint64_t *to, const uint64_t *from, const struct mr_builder_layout *layout, uint32_t n)
{
    if (to == from && n == layout->capacity_rows) return;
    if (to != from && n <= FEW_ROWS) {
        for (uint32_t k = 0; k < layout->n_words; k++, from += layout->capacity_rows, to += n)
            copy_few(to, from, n);
        return;
    }
    for (uint32_t k = 0; k < layout->n_words; k++, from += layout->capacity_rows)
        for (uint32_t i = 0; i < n; i++) *to++ = from[i];
}

/* The message to hand out: the one that was filled, or one of the right size when there are
 * texts to go behind the rows or when much of it is empty, since a log would keep all of it. */
static struct mr_message *fitting_message(
    struct mr_builder *builder, struct mr_arena *arena, uint32_t bytes)
{
    struct mr_message *filled = builder->message;
    bool fits = builder->heap_bytes == 0 && filled->capacity_bytes / 2 < bytes;
    return fits ? filled : mr_message_new(arena, filled->kind, bytes + builder->heap_bytes);
}

struct mr_message *mr_builder_finish(struct mr_builder *builder,
    const struct mr_builder_layout *layout, struct mr_arena *arena)
{
    MR_ASSERT(builder->message && builder->n_rows > 0);
    struct mr_message *filled = builder->message;
    uint32_t n = builder->n_rows;
    uint32_t blob_bytes =
        layout->n_words ? (uint32_t)sizeof(struct mr_batch_header) + 8 * layout->n_words * n
                        : mr_blob_bytes(layout->types, layout->n_columns, n, layout->slots,
                              layout->nullable_columns, 0);
    struct mr_message *message =
        fitting_message(builder, arena, layout->header_bytes + blob_bytes);
    char *blob = (char *)message->body + layout->header_bytes;
    if (layout->n_words)
        compact_words((uint64_t *)parts_of(message, layout),
            (const uint64_t *)parts_of(filled, layout), layout, n);
    else
        compact_parts(parts_of(message, layout), parts_of(filled, layout), layout, n);
    struct mr_batch_header *header = (struct mr_batch_header *)blob;
    *header = layout->header;
    header->n_rows = n;
    if (builder->heap_bytes) {
        header->heap_offset = blob_bytes;
        header->heap_bytes = builder->heap_bytes;
        memcpy(blob + blob_bytes, builder->heap, builder->heap_bytes);
    }
    message->body_bytes = layout->header_bytes + blob_bytes + builder->heap_bytes;
    if (message != filled) mr_message_release(arena, filled);
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
