/* Collects rows until a message is full: the sending end of an exchange, and of a log. */
#ifndef MR_ENGINE_BATCH_BUILDER_H
#define MR_ENGINE_BATCH_BUILDER_H

#include "engine/batch/batch.h"

/* What all builders of an exchange share. */
struct mr_builder_layout {
    uint32_t n_columns;
    const enum mr_type *types; /* [n_columns] */
    uint64_t nullable_columns; /* columns that may hold nulls have validity words in every message */
    uint32_t slots;
    uint32_t capacity_rows;    /* 1..MR_BATCH_ROWS_MAX */
    uint32_t header_bytes;     /* in front of the blob, a multiple of 8; the caller's to fill */
    uint16_t kind;             /* of the message */
    /* From here on: what mr_builder_layout_measure finds. */
    struct mr_batch_header header; /* of every message, less its rows and its heap */
    uint32_t blob_bytes;           /* of a full message, less the heap */
    uint32_t n_words; /* words of 8 bytes a row when it consists of nothing else (no texts,
                         bits, nulls); else 0 */
};

/* To be called when the rest is filled in, before the first row. */
void mr_builder_layout_measure(struct mr_builder_layout *layout);

struct mr_builder {
    struct mr_message *message; /* laid out for capacity_rows; NULL while there are no rows */
    uint32_t n_rows;
    char *heap; /* long texts, apart until the message is finished */
    uint32_t heap_bytes;
    uint32_t heap_capacity;
};

/* Takes rows[0..n) (physical row numbers) of the batch until it is full; returns how many it took. */
uint32_t mr_builder_add(struct mr_builder *builder, const struct mr_builder_layout *layout,
    struct mr_arena *arena, const struct mr_batch *batch, const uint16_t *rows, uint32_t n);
/* The message with what was collected, at least one row; the builder is empty again. */
struct mr_message *mr_builder_finish(struct mr_builder *builder,
    const struct mr_builder_layout *layout, struct mr_arena *arena);
/* Forgets what was collected. */
void mr_builder_discard(struct mr_builder *builder, struct mr_arena *arena);

#endif
