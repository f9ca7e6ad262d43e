/* Comma-separated values (RFC 4180), row by row: quotes, doubled quotes, LF or CRLF, newlines inside quotes. */
#ifndef MR_SCENARIOS_DATA_CSV_H
#define MR_SCENARIOS_DATA_CSV_H

#include <stdint.h>

#include "base/err.h"

struct mr_csv {
    const char *path;
    const char *text;
    const char *end;
    const char *next;       /* the first byte that was not read */
    const char *line_start; /* of the line that `next` lies in */
    int line;
};

struct mr_csv_cell {
    const char *text; /* borrowed from the file; without the outer quotes, doubled ones as they stand */
    uint32_t bytes;
    bool is_quoted;
    bool has_doubled; /* quotes inside are doubled: see mr_csv_copy */
    int line;
    int col;
};

enum { MR_CSV_CELLS_MAX = 1024 };

/* Skips a byte order mark. */
void mr_csv_init(struct mr_csv *csv, const char *path, const char *text, size_t bytes);
/* Reads the next row that is not blank; *n_cells is 0 when there is none. Errors: INPUT with place and quote. */
MR_MUST_CHECK bool mr_csv_row(struct mr_csv *csv, struct mr_csv_cell cells[MR_CSV_CELLS_MAX],
    uint32_t *n_cells, struct mr_err *err);
/* Copies the cell's text with doubled quotes made single to `out[cell->bytes]`; returns the bytes. */
uint32_t mr_csv_copy(const struct mr_csv_cell *cell, char *out);
struct mr_place mr_csv_place(const struct mr_csv *csv, const struct mr_csv_cell *cell);

#endif
