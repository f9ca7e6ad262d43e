/* What the files of data/ share: the rows of a trace, and how they lie in the partitions of a stream. */
#ifndef MR_SCENARIOS_DATA_STREAM_INTERNAL_H
#define MR_SCENARIOS_DATA_STREAM_INTERNAL_H

#include "engine/batch/batch.h"
#include "scenarios/data/stream.h"

struct mr_trace {
    const char *path;
    const struct mr_schema *schema;
    uint32_t n_rows;
    uint64_t n_dropped;
    mr_us origin_us;
    const struct mr_value *cells;  /* [n_rows][n_fields] */
    const mr_us *times_us;         /* [n_rows]: event times; arrivals where there are none */
    const mr_us *arrivals_us;      /* [n_rows] */
    const uint32_t *order;         /* [n_rows]: by (arrival, row) */
    const mr_us *behind_us;        /* [n_rows], rising: how far rows arrive behind the largest time before */
};

/* A column of a partition as it is copied into blobs. */
struct mr_layout_column {
    enum mr_type type;
    bool has_nulls;            /* in any row of the trace: all blobs of the stream have the same layout */
    const void *values;        /* as in struct mr_column; long strings hold offsets into `heap` */
    const uint64_t *valid;     /* NULL without nulls */
    const char *heap;          /* long strings, in the order of the rows */
    const uint32_t *heap_starts; /* [n_rows + 1]; NULL when no string is long */
};

struct mr_partition {
    uint32_t n_rows;
    const uint32_t *rows;      /* [n_rows]: of the trace */
    const mr_ns *arrivals_ns;  /* [n_rows], rising: without linger, extra delay and silence */
    const mr_us *times_us;     /* [n_rows] */
    const struct mr_layout_column *columns; /* [n_fields] */
};

struct mr_partitions {
    uint32_t n_partitions;
    uint64_t nullable_columns;
    const struct mr_partition *partitions; /* [n_partitions] */
    uint32_t extra_name; /* of the draws */
    uint32_t duplicate_name;
    uint32_t linger_name;
    enum mr_type types[MR_FIELDS_MAX];
};

/* The order of a partition in one seed, where the scenario asks for disorder. */
struct mr_order {
    uint32_t n_rows;
    const uint32_t *indices; /* [n_rows]: into the rows of mr_partition */
    const mr_ns *arrivals_ns;
};

/* What was handed in for a partition. */
struct mr_script {
    int64_t n_rows;
    int64_t capacity;
    struct mr_value *rows; /* [n_rows][n_fields] */
    mr_us *times_us;
    mr_ns *arrivals_ns;
    uint64_t n_marks;
    uint64_t marks_capacity;
    struct mr_log_feed_mark *marks;
};
struct mr_message *mr_scripted_blob(const struct mr_stream *stream, struct mr_arena *arena,
    uint32_t partition, int64_t first, uint32_t n);

struct mr_stream {
    const struct mr_stream_config *config;
    struct mr_script *scripts; /* [n_partitions]; NULL unless scripted */
    struct mr_arena *arena;
    const struct mr_order *orders; /* [n_partitions]; NULL: as in config->partitions */
    enum mr_type types[MR_FIELDS_MAX];
    uint64_t arrival_step; /* generated: ns between rows, 32 bits of fraction */
    uint64_t time_step;    /* generated: µs between rows, 32 bits of fraction */
    int64_t rows_each;     /* generated: rows of every partition, and */
    uint32_t n_longer;     /* how many of the first ones have one more */
    char *text;            /* generated strings of the last mr_stream_read */
    size_t text_bytes;
    uint8_t nexmark_fields[MR_FIELDS_MAX]; /* Nexmark: which field each of the schema is */
    mr_us auction_us; /* Nexmark: the span in which a hundred auctions begin */
};

/* Stable sort by key (radix: linear, and the same everywhere). `spare[n]` is scratch. */
struct mr_ranked {
    uint64_t key;
    uint32_t index;
};
void mr_ranked_sort(struct mr_ranked *items, struct mr_ranked *spare, size_t n);
static inline uint64_t mr_rank_key(int64_t value)
{
    return (uint64_t)value ^ (uint64_t)1 << 63;
}

/* Whether a seed's order differs from the prepared one, and the order itself. */
bool mr_order_is_drawn(const struct mr_stream_config *config);
void mr_order_draw(struct mr_arena *arena, const struct mr_stream_config *config,
    const struct mr_draws *draws, struct mr_order *orders);

/* A fresh message with the header of a batch; `*batch` and `columns` point into it, to be written through
 * mr_blob_part; padding behind BOOL columns and the heap is zero already. */
struct mr_message *mr_blob_new(struct mr_arena *arena, const enum mr_type *types, uint32_t n_columns,
    uint32_t n_rows, uint64_t nullable_columns, uint32_t heap_bytes, struct mr_column *columns,
    struct mr_batch *batch);
static inline void *mr_blob_part(const void *part)
{
    return (void *)(uintptr_t)part;
}

/* Generated rows: setup, blob, rows, single values. */
void mr_generated_init(struct mr_stream *stream);
struct mr_message *mr_generated_blob(struct mr_stream *stream, struct mr_arena *arena,
    uint32_t partition, int64_t first, uint32_t n);
void mr_generated_read(struct mr_stream *stream, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us);
mr_us mr_generated_time_us(const struct mr_stream *stream, uint32_t partition, int64_t offset);
mr_ns mr_generated_arrival_ns(const struct mr_stream *stream, uint32_t partition, int64_t offset);
static inline int64_t mr_generated_rows(const struct mr_stream *stream, uint32_t partition)
{
    return stream->rows_each + (partition < stream->n_longer);
}
/* Of these, what Nexmark has its own way of. `text` has room for all texts of the rows. */
void mr_nexmark_init(struct mr_stream *stream);
struct mr_message *mr_nexmark_blob(struct mr_stream *stream, struct mr_arena *arena,
    uint32_t partition, int64_t first, uint32_t n);
void mr_nexmark_read(struct mr_stream *stream, uint32_t partition, int64_t first, uint32_t n,
    char *text, struct mr_value *values, mr_us *times_us);
/* How many of the `n` rows from `first` on arrive by `now`. */
uint32_t mr_generated_arrived(const struct mr_stream *stream, uint32_t partition, int64_t first,
    uint32_t n, mr_ns now);

#endif
