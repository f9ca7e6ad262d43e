#include "engine/batch/batch.h"

#include <string.h>

#include "base/document.h"

static inline uint32_t aligned(uint32_t bytes)
{
    return (bytes + 7) & ~7u;
}

static inline uint32_t valid_bytes(uint32_t n_rows)
{
    return (n_rows + 63) / 64 * 8;
}

struct mr_value mr_column_raw(const struct mr_column *column, uint32_t row)
{
    struct mr_value value = {.i = 0, .bytes = 0, .type = MR_TYPE_NULL};
    if (column->type == MR_TYPE_NULL || mr_column_is_null(column, row)) return value;
    value.type = (uint8_t)column->type;
    switch (column->type) {
    case MR_TYPE_BOOL: value.i = ((const uint8_t *)column->values)[row]; break;
    case MR_TYPE_FLOAT: value.f = ((const double *)column->values)[row]; break;
    case MR_TYPE_STRING:
    case MR_TYPE_BYTES:
    case MR_TYPE_LIST:
    case MR_TYPE_MAP:
    case MR_TYPE_ROW:
    case MR_TYPE_ANY: {
        const struct mr_string *string = (const struct mr_string *)column->values + row;
        value.text = mr_string_text(string, column->heap);
        value.bytes = string->bytes;
        break;
    }
    default: value.i = ((const int64_t *)column->values)[row]; break;
    }
    return value;
}

struct mr_value mr_column_value(const struct mr_column *column, uint32_t row)
{
    struct mr_value value = mr_column_raw(column, row);
    return value.type == MR_TYPE_ANY ? mr_document_value(value.text) : value;
}

/* Bytes of the slots of `n_rows` rows. */
static uint32_t slots_bytes(uint32_t slots, uint32_t n_rows)
{
    uint32_t bytes = 0;
    if (slots & MR_SLOT_WINDOW) bytes += 16 * n_rows;
    if (slots & MR_SLOT_PANE) bytes += 8 * n_rows;
    if (slots & MR_SLOT_KIND) bytes += aligned(n_rows);
    if (slots & MR_SLOT_LINEAGE) bytes += 8 * n_rows;
    return bytes;
}

uint32_t mr_blob_bytes(const enum mr_type *types, uint32_t n_columns, uint32_t n_rows,
    uint32_t slots, uint64_t nullable_columns, uint32_t heap_bytes)
{
    MR_ASSERT(n_columns <= MR_FIELDS_MAX);
    uint32_t bytes = (uint32_t)sizeof(struct mr_batch_header) + 8 * n_rows + slots_bytes(slots, n_rows);
    for (uint32_t i = 0; i < n_columns; i++) {
        if (nullable_columns >> i & 1) bytes += valid_bytes(n_rows);
        bytes += aligned(mr_type_bytes(types[i]) * n_rows);
    }
    return bytes + heap_bytes;
}

void mr_blob_view(const void *blob, const enum mr_type *types, struct mr_column *columns,
    struct mr_batch *out)
{
    const struct mr_batch_header *header = blob;
    const char *at = (const char *)blob + sizeof *header;
    uint32_t n = header->n_rows;
    *out = (struct mr_batch){.n_rows = n,
        .n_columns = header->n_columns,
        .columns = columns,
        .times_us = (const mr_us *)at,
        .slots = header->slots,
        .n_selected = n};
    at += 8 * (size_t)n;
    const char *heap = header->heap_bytes ? (const char *)blob + header->heap_offset : NULL;
    if (MR_LIKELY((header->slots | header->nullable_columns) == 0)) { /* nothing but values */
        for (uint32_t i = 0; i < header->n_columns; i++) {
            uint32_t size = mr_type_bytes(types[i]);
            columns[i] = (struct mr_column){
                .type = types[i], .values = at, .heap = size == 16 ? heap : NULL};
            at += aligned(size * n);
        }
        MR_ASSERT(!heap || at == heap);
        return;
    }
    if (header->slots & MR_SLOT_WINDOW) {
        out->window_starts_us = (const mr_us *)at;
        out->window_ends_us = (const mr_us *)at + n;
        at += 16 * (size_t)n;
    }
    if (header->slots & MR_SLOT_PANE) {
        out->panes = (const struct mr_pane *)at;
        at += 8 * (size_t)n;
    }
    if (header->slots & MR_SLOT_KIND) {
        out->kinds = (const uint8_t *)at;
        at += aligned(n);
    }
    if (header->slots & MR_SLOT_LINEAGE) {
        out->lineage = (const uint64_t *)at;
        at += 8 * (size_t)n;
    }
    for (uint32_t i = 0; i < header->n_columns; i++) {
        struct mr_column *column = &columns[i];
        *column = (struct mr_column){.type = types[i]};
        if (header->nullable_columns >> i & 1) {
            column->valid = (const uint64_t *)at;
            at += valid_bytes(n);
        }
        column->values = at;
        at += aligned(mr_type_bytes(types[i]) * n);
        if (mr_type_is_text(types[i])) column->heap = heap;
    }
    MR_ASSERT(!heap || at == heap);
}

/* Bits [first, first + n) of `words`, shifted to bit 0. */
static const uint64_t *slice_bits(const uint64_t *words, uint32_t first, uint32_t n,
    struct mr_scratch *scratch)
{
    if (first % 64 == 0) return words + first / 64;
    uint64_t *copy = mr_scratch_alloc(scratch, valid_bytes(n) + 8);
    memset(copy, 0, valid_bytes(n) + 8);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = first + i;
        copy[i / 64] |= (words[row / 64] >> (row % 64) & 1) << (i % 64);
    }
    return copy;
}

void mr_blob_slice(const void *blob, const enum mr_type *types, uint32_t first, uint32_t n,
    struct mr_scratch *scratch, struct mr_column *columns, struct mr_batch *out)
{
    mr_blob_view(blob, types, columns, out);
    MR_ASSERT(first + n <= out->n_rows);
    if (first == 0 && n == out->n_rows) return;
    for (uint32_t i = 0; i < out->n_columns; i++) {
        struct mr_column *column = &columns[i];
        if (column->valid) column->valid = slice_bits(column->valid, first, n, scratch);
        column->values =
            (const char *)column->values + (size_t)mr_type_bytes(column->type) * first;
    }
    out->times_us += first;
    if (out->window_starts_us) out->window_starts_us += first;
    if (out->window_ends_us) out->window_ends_us += first;
    if (out->panes) out->panes += first;
    if (out->kinds) out->kinds += first;
    if (out->lineage) out->lineage += first;
    out->n_rows = n;
    out->n_selected = n;
}

/* The heap bytes that the selected rows of a text column need. */
static uint32_t heap_bytes_of(const struct mr_batch *batch, const struct mr_column *column)
{
    if (!mr_type_is_text(column->type)) return 0;
    const struct mr_string *strings = column->values;
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t length = strings[mr_batch_row(batch, i)].bytes;
        if (length > MR_STRING_INLINE_MAX) bytes += length;
    }
    return bytes;
}

static char *copy_8(char *to, const void *values, const struct mr_batch *batch)
{
    const uint64_t *from = values;
    uint64_t *out = (uint64_t *)to;
    if (!batch->selection)
        memcpy(out, from, 8 * (size_t)batch->n_selected);
    else
        for (uint32_t i = 0; i < batch->n_selected; i++) out[i] = from[batch->selection[i]];
    return to + 8 * (size_t)batch->n_selected;
}

static char *copy_1(char *to, const uint8_t *from, const struct mr_batch *batch)
{
    uint32_t n = batch->n_selected;
    for (uint32_t i = 0; i < n; i++) to[i] = from ? (char)from[mr_batch_row(batch, i)] : 0;
    memset(to + n, 0, aligned(n) - n);
    return to + aligned(n);
}

static char *copy_slots(char *at, const struct mr_batch *batch, uint32_t slots)
{
    uint32_t n = batch->n_selected;
    if (slots & MR_SLOT_WINDOW) {
        if (batch->window_starts_us) {
            at = copy_8(at, batch->window_starts_us, batch);
            at = copy_8(at, batch->window_ends_us, batch);
        } else {
            for (uint32_t i = 0; i < n; i++) ((mr_us *)at)[i] = MR_US_MIN;
            for (uint32_t i = 0; i < n; i++) ((mr_us *)at)[n + i] = MR_US_MAX;
            at += 16 * (size_t)n;
        }
    }
    if (slots & MR_SLOT_PANE) {
        if (batch->panes) {
            at = copy_8(at, batch->panes, batch);
        } else {
            struct mr_pane unknown = {.timing = MR_PANE_UNKNOWN};
            for (uint32_t i = 0; i < n; i++) ((struct mr_pane *)at)[i] = unknown;
            at += 8 * (size_t)n;
        }
    }
    if (slots & MR_SLOT_KIND) at = copy_1(at, batch->kinds, batch);
    if (slots & MR_SLOT_LINEAGE) {
        if (batch->lineage) {
            at = copy_8(at, batch->lineage, batch);
        } else {
            memset(at, 0, 8 * (size_t)n);
            at += 8 * (size_t)n;
        }
    }
    return at;
}

static char *copy_valid(char *at, const struct mr_column *column, const struct mr_batch *batch)
{
    uint32_t n = batch->n_selected;
    uint64_t *words = (uint64_t *)at;
    memset(words, 0, valid_bytes(n));
    for (uint32_t i = 0; i < n; i++)
        if (column->type != MR_TYPE_NULL && !mr_column_is_null(column, mr_batch_row(batch, i)))
            words[i / 64] |= (uint64_t)1 << (i % 64);
    return at + valid_bytes(n);
}

static char *copy_strings(char *at, const struct mr_column *column, const struct mr_batch *batch,
    char *heap, uint32_t *heap_used)
{
    struct mr_string *out = (struct mr_string *)at;
    const struct mr_string *from = column->values;
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        const struct mr_string *string = &from[mr_batch_row(batch, i)];
        out[i] = *string;
        if (MR_LIKELY(string->bytes <= MR_STRING_INLINE_MAX)) continue;
        memcpy(heap + *heap_used, column->heap + string->heap_offset, string->bytes);
        out[i].heap_offset = *heap_used;
        out[i].zero = 0;
        *heap_used += string->bytes;
    }
    return at + 16 * (size_t)batch->n_selected;
}

struct mr_message *mr_batch_to_message(struct mr_arena *arena, const struct mr_batch *batch,
    uint32_t slots, uint16_t kind, uint32_t header_bytes)
{
    MR_ASSERT(header_bytes % 8 == 0);
    enum mr_type types[MR_FIELDS_MAX];
    uint64_t nullable = 0;
    uint32_t heap_bytes = 0;
    for (uint32_t i = 0; i < batch->n_columns; i++) {
        types[i] = batch->columns[i].type;
        if (batch->columns[i].valid || types[i] == MR_TYPE_NULL) nullable |= (uint64_t)1 << i;
        heap_bytes += heap_bytes_of(batch, &batch->columns[i]);
    }
    uint32_t bytes =
        mr_blob_bytes(types, batch->n_columns, batch->n_selected, slots, nullable, heap_bytes);
    struct mr_message *message = mr_message_new(arena, kind, header_bytes + bytes);
    char *blob = (char *)message->body + header_bytes;
    char *heap = blob + bytes - heap_bytes;
    *(struct mr_batch_header *)blob = (struct mr_batch_header){.n_rows = batch->n_selected,
        .n_columns = (uint16_t)batch->n_columns,
        .slots = (uint16_t)slots,
        .nullable_columns = nullable,
        .heap_offset = heap_bytes ? bytes - heap_bytes : 0,
        .heap_bytes = heap_bytes};
    char *at = copy_8(blob + sizeof(struct mr_batch_header), batch->times_us, batch);
    at = copy_slots(at, batch, slots);
    uint32_t heap_used = 0;
    for (uint32_t i = 0; i < batch->n_columns; i++) {
        const struct mr_column *column = &batch->columns[i];
        if (nullable >> i & 1) at = copy_valid(at, column, batch);
        if (mr_type_is_text(types[i]))
            at = copy_strings(at, column, batch, heap, &heap_used);
        else if (mr_type_bytes(types[i]) == 1)
            at = copy_1(at, column->values, batch);
        else
            at = copy_8(at, column->values, batch);
    }
    MR_ASSERT(at == heap && heap_used == heap_bytes);
    return message;
}
