/* CSV as pandas reads it: quotes double, lines that are empty or only comment are skipped. */
#include <string.h>

#include "engine/pipeline/frame.h"

enum { COLUMNS_MAX = MR_FIELDS_MAX };

struct scanner {
    struct mr_region *region;
    const struct mr_data_file *file;
    const struct mr_csv_form *form;
    const char *at;
    const char *end;
    int line;
    struct mr_err *err;
    struct mr_text cell; /* heap */
};

static bool fail_here(struct scanner *scanner, int line, const char *what)
{
    mr_fail_at(scanner->err, ((struct mr_place){scanner->file->path, line, 1}), "%s", what);
    mr_err_quote(scanner->err, scanner->file->text, scanner->file->bytes);
    return false;
}

static bool is_line_end(const struct scanner *scanner)
{
    return scanner->at == scanner->end || *scanner->at == '\n' ||
           (*scanner->at == '\r' &&
               (scanner->at + 1 == scanner->end || scanner->at[1] == '\n'));
}

static void skip_line(struct scanner *scanner)
{
    const char *next = memchr(scanner->at, '\n', (size_t)(scanner->end - scanner->at));
    scanner->at = next ? next + 1 : scanner->end;
    scanner->line++;
}

static bool read_quoted(struct scanner *scanner)
{
    int first = scanner->line;
    for (scanner->at++;; scanner->at++) {
        if (scanner->at == scanner->end)
            return fail_here(scanner, first, "a quote is opened here and never closed");
        bool is_quote = *scanner->at == '"';
        bool is_doubled = is_quote && scanner->at + 1 < scanner->end && scanner->at[1] == '"';
        if (is_quote && !is_doubled) break;
        scanner->at += is_doubled;
        scanner->line += *scanner->at == '\n';
        mr_text_add(&scanner->cell, scanner->at, 1);
    }
    scanner->at++;
    return true;
}

/* One cell up to the delimiter or the end of the line. */
static bool read_cell(struct scanner *scanner, const char **out, bool *is_last)
{
    scanner->cell.bytes = 0;
    bool is_comment = false;
    if (scanner->at < scanner->end && *scanner->at == '"' && !read_quoted(scanner))
        return false;
    while (!is_line_end(scanner) && *scanner->at != scanner->form->delimiter && !is_comment) {
        is_comment = scanner->form->comment && *scanner->at == scanner->form->comment;
        if (!is_comment) mr_text_add(&scanner->cell, scanner->at++, 1);
    }
    *out = mr_region_strndup(
        scanner->region, scanner->cell.data ? scanner->cell.data : "", scanner->cell.bytes);
    *is_last = is_comment || is_line_end(scanner);
    if (*is_last)
        skip_line(scanner);
    else
        scanner->at++;
    return true;
}

/* The cells of the next line that has any; 0: there is none. */
static bool read_record(struct scanner *scanner, const char **cells, uint32_t *n, int *line)
{
    *n = 0;
    while (scanner->at < scanner->end &&
           (is_line_end(scanner) ||
               (scanner->form->comment && *scanner->at == scanner->form->comment)))
        skip_line(scanner);
    *line = scanner->line;
    for (bool is_last = scanner->at == scanner->end; !is_last;) {
        if (*n == COLUMNS_MAX)
            return fail_here(scanner, *line, "a row has more than 64 fields");
        if (!read_cell(scanner, &cells[*n], &is_last)) return false;
        ++*n;
    }
    return true;
}

static bool is_taken(const char *const *names, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static const char *unique_name(
    struct mr_region *region, const char *const *names, uint32_t n, const char *name)
{
    if (!name[0]) name = mr_region_printf(region, "Unnamed: %u", n);
    const char *unique = name;
    for (uint32_t k = 1; is_taken(names, n, unique); k++)
        unique = mr_region_printf(region, "%s.%u", name, k);
    return unique;
}

static bool take_names(
    struct scanner *scanner, struct mr_frame *frame, const char *const *cells, uint32_t n)
{
    const char *extra = scanner->form->filename_column;
    const char **names = mr_region_array(scanner->region, const char *, n + 2);
    uint32_t n_names = n;
    for (uint32_t i = 0; i < n; i++)
        names[i] = unique_name(scanner->region, names, i, cells[i]);
    if (extra) names[n_names++] = unique_name(scanner->region, names, n, extra);
    if (!frame->names) {
        frame->names = names;
        frame->n_columns = n_names;
        return true;
    }
    bool is_same = n_names == frame->n_columns;
    for (uint32_t i = 0; is_same && i < n_names; i++)
        is_same = strcmp(names[i], frame->names[i]) == 0;
    return is_same ||
           fail_here(scanner, 1, "this file has other columns than the ones before it");
}

static bool add_row(
    struct scanner *scanner, struct mr_frame *frame, const char **cells, uint32_t n, int line)
{
    uint32_t n_columns = frame->n_columns;
    uint32_t n_own = n_columns - (scanner->form->filename_column != NULL);
    if (n > n_own)
        return fail_here(scanner, line,
            mr_region_printf(scanner->region, "%u fields expected in line %d, and %u are there",
                n_own, line, n));
    if ((uint64_t)(frame->n_rows + 1) * n_columns > MR_FRAME_CELLS_MAX)
        return mr_fail(scanner->err, MR_ERR_LIMIT, "'%s' is too large: more than %d cells",
            scanner->file->path, (int)MR_FRAME_CELLS_MAX);
    if (frame->n_rows == frame->capacity) {
        uint32_t capacity = frame->capacity ? 2 * frame->capacity : 64;
        const char ***rows = mr_region_array(scanner->region, const char **, capacity);
        if (frame->n_rows > 0) memcpy(rows, frame->rows, sizeof *rows * frame->n_rows);
        frame->rows = rows;
        frame->capacity = capacity;
    }
    const char **row = mr_region_array(scanner->region, const char *, n_columns + 1);
    memcpy(row, cells, sizeof *row * n);
    if (n_own < n_columns) row[n_own] = scanner->file->path;
    frame->rows[frame->n_rows++] = row;
    return true;
}

bool mr_frame_add_csv(struct mr_region *region, struct mr_frame *frame,
    const struct mr_data_file *file, const struct mr_csv_form *form, struct mr_err *err)
{
    struct scanner scanner = {.region = region,
        .file = file,
        .form = form,
        .at = file->text,
        .end = file->text + file->bytes,
        .line = 1,
        .err = err};
    if (file->bytes >= 3 && memcmp(file->text, "\xef\xbb\xbf", 3) == 0) scanner.at += 3;
    const char *cells[COLUMNS_MAX] = {0};
    uint32_t n = 0;
    int line = 1;
    bool ok = read_record(&scanner, cells, &n, &line);
    if (ok && n == 0) ok = fail_here(&scanner, 1, "the file has no columns: it is empty");
    ok = ok && take_names(&scanner, frame, cells, n);
    while (ok) {
        ok = read_record(&scanner, cells, &n, &line);
        if (!ok || n == 0) break;
        ok = add_row(&scanner, frame, cells, n, line);
    }
    mr_text_deinit(&scanner.cell);
    return ok;
}
