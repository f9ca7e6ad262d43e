#include "cli/query_format.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

static void add_hex(struct mr_text *out, const struct mr_query_cell *cell)
{
    for (size_t i = 0; i < cell->bytes; i++)
        mr_text_printf(out, "%02x", (unsigned char)cell->text[i]);
}

static void add_float(struct mr_text *out, double value)
{
    char text[MR_NUMBER_TEXT_BYTES];
    bool is_finite = value - value == 0;
    if (is_finite) mr_float_to_text(value, text);
    mr_text_printf(out, "%s", is_finite ? text : value > 0 ? "1e999" : "-1e999");
}

static void add_plain(struct mr_text *out, const struct mr_query_cell *cell)
{
    switch (cell->kind) {
    case MR_QUERY_NULL:
        break;
    case MR_QUERY_INT:
        mr_text_printf(out, "%lld", (long long)cell->i);
        break;
    case MR_QUERY_FLOAT:
        add_float(out, cell->f);
        break;
    case MR_QUERY_TEXT:
        mr_text_add(out, cell->text, cell->bytes);
        break;
    case MR_QUERY_BLOB:
        add_hex(out, cell);
        break;
    }
}

static void put(struct mr_text *text)
{
    if (text->bytes > 0) fwrite(text->data, 1, text->bytes, stdout);
    text->bytes = 0;
}

/* ---- JSON ---- */

static void add_json(struct mr_text *out, const struct mr_query_cell *cell)
{
    if (cell->kind == MR_QUERY_NULL) {
        mr_text_printf(out, "null");
    } else if (cell->kind == MR_QUERY_TEXT) {
        mr_text_json(out, cell->text, cell->bytes);
    } else if (cell->kind == MR_QUERY_BLOB) {
        mr_text_printf(out, "\"");
        add_hex(out, cell);
        mr_text_printf(out, "\"");
    } else {
        add_plain(out, cell);
    }
}

static void write_json(struct mr_query *query)
{
    struct mr_text text = {0};
    uint64_t n = 0;
    mr_text_printf(&text, "[");
    for (; mr_query_next(query); n++) {
        mr_text_printf(&text, n ? ",\n {" : "{");
        for (uint32_t i = 0; i < mr_query_columns(query); i++) {
            const char *name = mr_query_column(query, i);
            struct mr_query_cell cell = mr_query_cell(query, i);
            if (i > 0) mr_text_printf(&text, ", ");
            mr_text_json(&text, name, strlen(name));
            mr_text_printf(&text, ": ");
            add_json(&text, &cell);
        }
        mr_text_printf(&text, "}");
        put(&text);
    }
    mr_text_printf(&text, "]\n");
    put(&text);
    mr_text_deinit(&text);
}

/* ---- CSV ---- */

static void add_csv(struct mr_text *out, const struct mr_query_cell *cell)
{
    bool is_text = cell->kind == MR_QUERY_TEXT;
    bool is_quoted = is_text && cell->bytes == 0; /* unlike null */
    for (size_t i = 0; is_text && i < cell->bytes; i++)
        is_quoted |= cell->text[i] == '\0' || strchr(",\"\r\n", cell->text[i]) != NULL;
    if (!is_quoted) {
        add_plain(out, cell);
        return;
    }
    mr_text_add(out, "\"", 1);
    for (size_t i = 0; i < cell->bytes; i++) {
        if (cell->text[i] == '"') mr_text_add(out, "\"", 1);
        mr_text_add(out, &cell->text[i], 1);
    }
    mr_text_add(out, "\"", 1);
}

static void write_csv(struct mr_query *query)
{
    struct mr_text text = {0};
    for (uint32_t i = 0; i < mr_query_columns(query); i++) {
        const char *name = mr_query_column(query, i);
        struct mr_query_cell cell = {
            .kind = MR_QUERY_TEXT, .text = name, .bytes = strlen(name)};
        if (i > 0) mr_text_add(&text, ",", 1);
        add_csv(&text, &cell);
    }
    mr_text_add(&text, "\n", 1);
    while (mr_query_next(query)) {
        for (uint32_t i = 0; i < mr_query_columns(query); i++) {
            struct mr_query_cell cell = mr_query_cell(query, i);
            if (i > 0) mr_text_add(&text, ",", 1);
            add_csv(&text, &cell);
        }
        mr_text_add(&text, "\n", 1);
        put(&text);
    }
    put(&text);
    mr_text_deinit(&text);
}

/* ---- A box ---- */

/* The whole result, row by row, the names first. */
struct box {
    uint32_t n_columns;
    size_t n; /* cells */
    size_t capacity;
    struct box_cell {
        char *text; /* owned */
        size_t width;
        bool is_number;
    } * cells;
    size_t *widths; /* [n_columns] */
};

/* In characters. */
static size_t width_of(const char *text, size_t bytes)
{
    size_t n = 0;
    for (size_t at = 0; at < bytes; n++) {
        size_t length = mr_utf8_character(text + at, bytes - at);
        at += length ? length : 1;
    }
    return n;
}

static void add_cell(struct box *box, const struct mr_query_cell *cell)
{
    struct mr_text text = {0};
    mr_text_add(&text, "", 0);
    add_plain(&text, cell);
    for (size_t i = 0; i < text.bytes; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f) text.data[i] = ' ';
    if (box->n == box->capacity) {
        box->capacity = box->capacity ? 2 * box->capacity : 256;
        box->cells = mr_realloc(box->cells, sizeof *box->cells * box->capacity);
    }
    size_t width = width_of(text.data, text.bytes);
    size_t *widest = &box->widths[box->n % box->n_columns];
    if (width > *widest) *widest = width;
    box->cells[box->n++] = (struct box_cell){.text = text.data,
        .width = width,
        .is_number = cell->kind == MR_QUERY_INT || cell->kind == MR_QUERY_FLOAT};
}

static void add_rule(struct mr_text *out, const struct box *box, const char *left,
    const char *middle, const char *right)
{
    for (uint32_t i = 0; i < box->n_columns; i++) {
        mr_text_printf(out, "%s", i == 0 ? left : middle);
        for (size_t k = 0; k < box->widths[i] + 2; k++) mr_text_printf(out, "─");
    }
    mr_text_printf(out, "%s\n", right);
}

static void draw(const struct box *box)
{
    struct mr_text text = {0};
    add_rule(&text, box, "┌", "┬", "┐");
    for (size_t i = 0; i < box->n; i++) {
        const struct box_cell *cell = &box->cells[i];
        size_t column = i % box->n_columns;
        int pad = (int)(box->widths[column] - cell->width);
        mr_text_printf(&text, column == 0 ? "│ " : " │ ");
        if (cell->is_number) mr_text_printf(&text, "%*s", pad, "");
        mr_text_printf(&text, "%s", cell->text ? cell->text : "");
        if (!cell->is_number) mr_text_printf(&text, "%*s", pad, "");
        if (column + 1 < box->n_columns) continue;
        mr_text_printf(&text, " │\n");
        if (i + 1 == box->n_columns && box->n > box->n_columns)
            add_rule(&text, box, "├", "┼", "┤");
    }
    add_rule(&text, box, "└", "┴", "┘");
    put(&text);
    mr_text_deinit(&text);
}

static bool write_box(struct mr_query *query)
{
    struct box box = {.n_columns = mr_query_columns(query)};
    box.widths = mr_alloc(sizeof *box.widths * box.n_columns);
    for (uint32_t i = 0; i < box.n_columns; i++) {
        const char *name = mr_query_column(query, i);
        add_cell(&box, &(struct mr_query_cell){
                           .kind = MR_QUERY_TEXT, .text = name, .bytes = strlen(name)});
    }
    size_t n_rows = 0;
    bool has_row = false;
    while ((has_row = mr_query_next(query)) && n_rows++ < MR_QUERY_BOX_ROWS_MAX)
        for (uint32_t i = 0; i < box.n_columns; i++) {
            struct mr_query_cell cell = mr_query_cell(query, i);
            add_cell(&box, &cell);
        }
    if (!mr_query_has_failed(query)) draw(&box);
    for (size_t i = 0; i < box.n; i++) mr_free(box.cells[i].text);
    mr_free(box.cells);
    mr_free(box.widths);
    return !has_row;
}

bool mr_query_write(struct mr_query *query, enum mr_query_form form)
{
    if (form == MR_QUERY_BOX) return write_box(query);
    if (form == MR_QUERY_CSV)
        write_csv(query);
    else
        write_json(query);
    return true;
}
