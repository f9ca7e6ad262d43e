/* Rows in columns: as a view of pointers inside a task, and as one blob without pointers in messages and logs. */
#ifndef MR_ENGINE_BATCH_BATCH_H
#define MR_ENGINE_BATCH_BATCH_H

#include "base/message.h"
#include "base/value.h"
#include "engine/batch/scratch.h"

enum { MR_BATCH_ROWS_MAX = 1024 };

/* A column of n_rows values. BOOL: uint8_t 0 or 1; INT and TIMESTAMP: int64_t; FLOAT: double; STRING, BYTES and
 * documents: struct mr_string. The value of a null row is zero. */
struct mr_column {
    enum mr_type type;
    const void *values;
    const uint64_t *valid; /* bit i of word i/64: row i is not null; NULL: no row is */
    const char *heap;      /* of struct mr_string: where long ones lie; else NULL */
};

/* The pane that a row came in (Beam's PaneInfo). */
enum mr_pane_timing { MR_PANE_EARLY, MR_PANE_ON_TIME, MR_PANE_LATE, MR_PANE_UNKNOWN };
/* nonspeculative_index of an EARLY pane: -1 in Beam. Others are counted no further than the one below. */
enum { MR_PANE_SPECULATIVE = 0xffff };
struct mr_pane {
    uint32_t index;
    uint16_t nonspeculative_index;
    uint8_t timing; /* enum mr_pane_timing */
    uint8_t is_last;
};

enum mr_row_kind { MR_ROW_INSERT, MR_ROW_UPDATE_BEFORE, MR_ROW_UPDATE_AFTER, MR_ROW_DELETE };

/* Slots of a batch: columns that describe rows, absent when unused. Bits of `slots`. */
enum mr_slot {
    MR_SLOT_WINDOW = 1,  /* start and end of each row's window */
    MR_SLOT_PANE = 2,
    MR_SLOT_KIND = 4,    /* absent: all are inserts */
    MR_SLOT_LINEAGE = 8, /* where a row came from: the source's partition in the top 16 bits, offset in the rest */
};

struct mr_batch {
    uint32_t n_rows; /* physical */
    uint32_t n_columns;
    const struct mr_column *columns; /* [n_columns] */
    const mr_us *times_us;           /* [n_rows] */
    uint32_t slots;
    const mr_us *window_starts_us;   /* [n_rows]; NULL without MR_SLOT_WINDOW */
    const mr_us *window_ends_us;     /* [n_rows] */
    const struct mr_pane *panes;     /* [n_rows] */
    const uint8_t *kinds;            /* [n_rows] */
    const uint64_t *lineage;         /* [n_rows] */
    const uint16_t *selection;       /* [n_selected], rising: the rows that count; NULL: all */
    uint32_t n_selected;             /* n_rows when selection is NULL */
};

/* The i-th row that counts. */
static inline uint32_t mr_batch_row(const struct mr_batch *batch, uint32_t i)
{
    return batch->selection ? batch->selection[i] : i;
}

static inline bool mr_column_is_null(const struct mr_column *column, uint32_t row)
{
    return column->valid && !(column->valid[row / 64] >> (row % 64) & 1);
}

/* The value of one row of a column; text is borrowed from the column. */
struct mr_value mr_column_value(const struct mr_column *column, uint32_t row);
/* The same, but that a value of an ANY column stays the document that it is, and of type ANY. */
struct mr_value mr_column_raw(const struct mr_column *column, uint32_t row);

/* The blob: this header, then event times, then the slots in the order of their bits (window starts, window ends,
 * panes, kinds, lineage), then the columns (validity words where the header says so, then values), each part aligned
 * to 8 with zero padding, then the string heap. Layout depends on header and schema alone. */
struct mr_batch_header {
    uint32_t n_rows;
    uint16_t n_columns;
    uint16_t slots;
    uint64_t nullable_columns; /* bit i: column i has validity words */
    uint32_t heap_offset;      /* from the header's start */
    uint32_t heap_bytes;
};
_Static_assert(sizeof(struct mr_batch_header) == 24, "no padding");

/* The bytes of one value of `type` in a column. */
static inline uint32_t mr_type_bytes(enum mr_type type)
{
    static const uint8_t bytes[] = {[MR_TYPE_NULL] = 1,
        [MR_TYPE_BOOL] = 1,
        [MR_TYPE_INT] = 8,
        [MR_TYPE_FLOAT] = 8,
        [MR_TYPE_STRING] = 16,
        [MR_TYPE_BYTES] = 16,
        [MR_TYPE_TIMESTAMP] = 8,
        [MR_TYPE_LIST] = 16,
        [MR_TYPE_MAP] = 16,
        [MR_TYPE_ROW] = 16,
        [MR_TYPE_ANY] = 16};
    return bytes[type];
}

/* The bytes of a blob of `n_rows` rows; `types[n_columns]`. */
uint32_t mr_blob_bytes(const enum mr_type *types, uint32_t n_columns, uint32_t n_rows,
    uint32_t slots, uint64_t nullable_columns, uint32_t heap_bytes);
/* Opens rows [first, first + n) of a blob as a view; `columns[n_columns]` is the caller's memory. Rows of a log are
 * trusted: a blob that contradicts itself is a bug. first must be a multiple of 64 where a column is nullable,
 * unless it is copied (see mr_blob_slice). */
void mr_blob_view(const void *blob, const enum mr_type *types, struct mr_column *columns,
    struct mr_batch *out);
/* The same for rows [first, first + n); copies validity bits into `scratch` when they do not start at a word. */
void mr_blob_slice(const void *blob, const enum mr_type *types, uint32_t first, uint32_t n,
    struct mr_scratch *scratch, struct mr_column *columns, struct mr_batch *out);
/* Writes the rows that count as a blob into a fresh message of `kind`, behind `header_bytes` (a multiple of 8) that
 * the caller fills. `slots` says which slots to write; those that the batch lacks are written as their default. */
struct mr_message *mr_batch_to_message(struct mr_arena *arena, const struct mr_batch *batch,
    uint32_t slots, uint16_t kind, uint32_t header_bytes);

#endif
