#include "scenarios/data/csv.h"

#include <string.h>

void mr_csv_init(struct mr_csv *csv, const char *path, const char *text, size_t bytes)
{
    *csv = (struct mr_csv){
        .path = path, .text = text, .end = text + bytes, .next = text, .line_start = text, .line = 1};
    if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) csv->next += 3;
    csv->line_start = csv->next;
}

/* Columns count characters: continuation bytes of UTF-8 are not counted. */
static int column_of(const struct mr_csv *csv, const char *at)
{
    int col = 1;
    for (const char *c = csv->line_start; c < at; c++) col += ((unsigned char)*c & 0xc0) != 0x80;
    return col;
}

struct mr_place mr_csv_place(const struct mr_csv *csv, const struct mr_csv_cell *cell)
{
    return (struct mr_place){csv->path, cell->line, cell->col};
}

static bool fail_here(const struct mr_csv *csv, const char *at, const char *why, struct mr_err *err)
{
    mr_fail_at(err, ((struct mr_place){csv->path, csv->line, column_of(csv, at)}), "%s", why);
    mr_err_quote(err, csv->text, (size_t)(csv->end - csv->text));
    return false;
}

static bool is_cell_end(const struct mr_csv *csv, const char *at)
{
    return at == csv->end || *at == ',' || *at == '\n' ||
        (*at == '\r' && (at + 1 == csv->end || at[1] == '\n'));
}

static bool read_quoted(struct mr_csv *csv, struct mr_csv_cell *cell, struct mr_err *err)
{
    const struct mr_csv start = *csv;
    const char *at = csv->next + 1;
    cell->text = at;
    cell->is_quoted = true;
    for (;; at++) {
        if (at == csv->end) return fail_here(&start, start.next, "the quote is never closed", err);
        if (*at == '\n') {
            csv->line++;
            csv->line_start = at + 1;
        }
        if (*at != '"') continue;
        if (at + 1 == csv->end || at[1] != '"') break;
        cell->has_doubled = true;
        at++;
    }
    cell->bytes = (uint32_t)(at - cell->text);
    csv->next = at + 1;
    if (!is_cell_end(csv, csv->next))
        return fail_here(csv, csv->next, "text follows a closing quote", err);
    return true;
}

static bool read_bare(struct mr_csv *csv, struct mr_csv_cell *cell, struct mr_err *err)
{
    const char *at = csv->next;
    while (!is_cell_end(csv, at)) {
        if (*at == '"') return fail_here(csv, at, "a quote inside a cell without quotes", err);
        at++;
    }
    cell->text = csv->next;
    cell->bytes = (uint32_t)(at - csv->next);
    csv->next = at;
    return true;
}

static void end_line(struct mr_csv *csv)
{
    if (csv->next < csv->end && *csv->next == '\r') csv->next++;
    if (csv->next == csv->end) return;
    MR_ASSERT(*csv->next == '\n');
    csv->next++;
    csv->line++;
    csv->line_start = csv->next;
}

bool mr_csv_row(struct mr_csv *csv, struct mr_csv_cell cells[MR_CSV_CELLS_MAX], uint32_t *n_cells,
    struct mr_err *err)
{
    while (csv->next < csv->end && *csv->next != ',' && is_cell_end(csv, csv->next)) end_line(csv);
    uint32_t n = 0;
    bool more = csv->next < csv->end;
    while (more) {
        if (n == MR_CSV_CELLS_MAX)
            return fail_here(csv, csv->next, "the row has more than 1024 cells", err);
        struct mr_csv_cell *cell = &cells[n++];
        *cell = (struct mr_csv_cell){.line = csv->line, .col = column_of(csv, csv->next)};
        bool is_quoted = csv->next < csv->end && *csv->next == '"';
        if (!(is_quoted ? read_quoted(csv, cell, err) : read_bare(csv, cell, err))) return false;
        more = csv->next < csv->end && *csv->next == ',';
        if (more) csv->next++;
    }
    if (n) end_line(csv);
    *n_cells = n;
    return true;
}

uint32_t mr_csv_copy(const struct mr_csv_cell *cell, char *out)
{
    if (!cell->has_doubled) {
        memcpy(out, cell->text, cell->bytes);
        return cell->bytes;
    }
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < cell->bytes; i++) {
        out[bytes++] = cell->text[i];
        if (cell->text[i] == '"') i++;
    }
    return bytes;
}
