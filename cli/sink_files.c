#include "cli/sink_files.h"

#include <stdio.h>
#include <string.h>

#include "base/document.h"
#include "base/number.h"
#include "base/row.h"
#include "cli/files.h"

/* ---- Text: Python's str ---- */

static void add_python(struct mr_text *out, struct mr_value value)
{
    if (value.type == MR_TYPE_STRING) {
        mr_text_add(out, value.text, value.bytes);
        return;
    }
    struct mr_field field = {.name = "", .type = (enum mr_type)value.type};
    size_t size = mr_row_text_bytes(&(struct mr_schema){1, &field}, &value);
    char *text = mr_alloc(size);
    size_t bytes = mr_value_repr(value, text, size);
    mr_text_add(out, text, bytes);
    mr_free(text);
}

/* ---- CSV: as pandas writes it ---- */

static void add_cell(struct mr_text *out, const char *text, size_t bytes, char delimiter)
{
    bool needs_quotes = false;
    for (size_t i = 0; i < bytes; i++)
        needs_quotes |=
            text[i] == delimiter || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    if (!needs_quotes) {
        mr_text_add(out, text, bytes);
        return;
    }
    mr_text_add(out, "\"", 1);
    for (size_t i = 0; i < bytes; i++)
        mr_text_add(out, text[i] == '"' ? "\"\"" : &text[i], text[i] == '"' ? 2 : 1);
    mr_text_add(out, "\"", 1);
}

static void add_csv_row(struct mr_text *out, const struct mr_schema *schema,
    const struct mr_value *row, char delimiter)
{
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        struct mr_text cell = {0};
        bool is_nan = row[i].type == MR_TYPE_FLOAT && row[i].f != row[i].f;
        if (i > 0) mr_text_add(out, &delimiter, 1);
        if (row[i].type != MR_TYPE_NULL && !is_nan) add_python(&cell, row[i]);
        add_cell(out, cell.data ? cell.data : "", cell.bytes, delimiter);
        mr_text_deinit(&cell);
    }
    mr_text_add(out, "\n", 1);
}

static void add_csv_names(struct mr_text *out, const struct mr_schema *schema, char delimiter)
{
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        if (i > 0) mr_text_add(out, &delimiter, 1);
        add_cell(out, schema->fields[i].name, strlen(schema->fields[i].name), delimiter);
    }
    mr_text_add(out, "\n", 1);
}

/* ---- JSON: as pandas writes it ---- */

/* The next letter of UTF-8; what is none counts byte by byte. */
static uint32_t next_letter(const char **at, const char *end)
{
    const unsigned char *c = (const unsigned char *)*at;
    int n = c[0] >= 0xf0 ? 3 : c[0] >= 0xe0 ? 2 : c[0] >= 0xc0 ? 1 : 0;
    uint32_t code = n == 3 ? c[0] & 7u : n == 2 ? c[0] & 15u : n == 1 ? c[0] & 31u : c[0];
    if (end - *at <= n) n = 0;
    for (int i = 1; i <= n; i++) code = code << 6 | (c[i] & 63u);
    *at += n + 1;
    return code;
}

/* Only ASCII, and a slash is escaped. */
static void add_json_text(struct mr_text *out, const char *text, size_t bytes)
{
    static const char plain[] = "\"\\/bfnrt";
    static const char shown[] = "\"\\/\b\f\n\r\t";
    const char *end = text + bytes;
    mr_text_add(out, "\"", 1);
    for (const char *at = text; at < end;) {
        uint32_t code = next_letter(&at, end);
        const char *escape = code > 0 && code < 0x80 ? strchr(shown, (int)code) : NULL;
        if (escape)
            mr_text_printf(out, "\\%c", plain[escape - shown]);
        else if (code >= 0x10000)
            mr_text_printf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                0xdc00 + ((code - 0x10000) & 0x3ff));
        else
            mr_text_printf(out, code < ' ' || code >= 0x7f ? "\\u%04x" : "%c", code);
    }
    mr_text_add(out, "\"", 1);
}

/* Ten digits behind the point, no more. */
static void add_json_float(struct mr_text *out, double value)
{
    char fixed[400], text[MR_NUMBER_TEXT_BYTES];
    if (value - value != 0) {
        mr_text_add(out, "null", 4);
        return;
    }
    bool is_large = value >= 1e15 || value <= -1e15;
    if (!is_large) {
        snprintf(fixed, sizeof fixed, "%.10f", value);
        size_t bytes = strlen(fixed);
        while (fixed[bytes - 1] == '0' && fixed[bytes - 2] != '.') bytes--;
        mr_text_add(out, fixed, bytes);
        return;
    }
    mr_float_to_text(value, text);
    mr_text_add(out, text, strlen(text));
}

static void add_json_value(struct mr_text *out, struct mr_value value);

/* As compact as the row itself: pandas puts no blanks anywhere. */
static void add_json_members(struct mr_text *out, struct mr_value value)
{
    struct mr_document_cursor cursor = mr_document_open(value);
    bool is_map = mr_document_kind(value) == MR_DOCUMENT_MAP;
    bool is_object = is_map || cursor.is_row;
    struct mr_value member;
    mr_text_add(out, is_object ? "{" : "[", 1);
    for (uint32_t i = 0; mr_document_next(&cursor, &member); i++) {
        if (i > 0) mr_text_add(out, ",", 1);
        if (cursor.is_row) {
            add_json_text(out, cursor.name, cursor.name_bytes);
        } else if (is_map) {
            struct mr_text key = {0};
            add_python(&key, member);
            add_json_text(out, key.data, key.bytes);
            mr_text_deinit(&key);
            mr_document_next(&cursor, &member);
        }
        if (is_object) mr_text_add(out, ":", 1);
        add_json_value(out, member);
    }
    mr_text_add(out, is_object ? "}" : "]", 1);
}

static void add_json_value(struct mr_text *out, struct mr_value value)
{
    bool is_document = mr_type_is_document((enum mr_type)value.type);
    if (is_document && mr_document_kind(value) >= MR_DOCUMENT_LIST) {
        add_json_members(out, value);
        return;
    }
    if (value.type == MR_TYPE_STRING) {
        add_json_text(out, value.text, value.bytes);
        return;
    }
    if (value.type == MR_TYPE_FLOAT) {
        add_json_float(out, value.f);
        return;
    }
    struct mr_field field = {.name = "", .type = (enum mr_type)value.type};
    size_t size = mr_row_text_bytes(&(struct mr_schema){1, &field}, &value);
    char *text = mr_alloc(size);
    mr_text_add(out, text, mr_value_format(value, text, size));
    mr_free(text);
}

static void add_json_row(
    struct mr_text *out, const struct mr_schema *schema, const struct mr_value *row)
{
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        mr_text_add(out, i > 0 ? "," : "{", 1);
        add_json_text(out, schema->fields[i].name, strlen(schema->fields[i].name));
        mr_text_add(out, ":", 1);
        add_json_value(out, row[i]);
    }
    mr_text_add(out, "}\n", 2);
}

/* ---- Files ---- */

static bool write_sink(const struct mr_collector *collector, const struct mr_transform *sink,
    const char *label, struct mr_err *err)
{
    const struct mr_file_sink *file = sink->write.file;
    const struct mr_collected *rows = mr_collector_rows(collector, sink);
    struct mr_text text = {0};
    char path[MR_PATH_BYTES];
    snprintf(path, sizeof path, "%.4000s-00000-of-00001", file->path);
    const struct mr_edge *input = &sink->inputs[0];
    const struct mr_schema *schema =
        &collector->scenario->graph->transforms[input->transform].outputs[input->output].schema;
    if (file->format == MR_FILE_CSV) add_csv_names(&text, schema, file->delimiter);
    for (size_t i = 0; i < rows->n; i++) {
        if (file->format == MR_FILE_TEXT) add_python(&text, rows->rows[i][0]);
        if (file->format == MR_FILE_TEXT) mr_text_add(&text, "\n", 1);
        if (file->format == MR_FILE_CSV)
            add_csv_row(&text, schema, rows->rows[i], file->delimiter);
        if (file->format == MR_FILE_JSON) add_json_row(&text, schema, rows->rows[i]);
    }
    const char *slash = strrchr(path, '/');
    char folder[MR_PATH_BYTES];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 0, path);
    bool ok = (!folder[0] || mr_cli_make_folder(folder, err)) &&
              mr_cli_write_file(path, text.data ? text.data : "", text.bytes, err);
    mr_text_deinit(&text);
    if (ok && label) fprintf(stderr, "%s: %zu rows in '%s'\n", label, rows->n, path);
    return ok;
}

bool mr_sink_files_write(
    const struct mr_collector *collector, const char *label, struct mr_err *err)
{
    const struct mr_graph *graph = collector->scenario->graph;
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *sink = &graph->transforms[i];
        if (sink->kind == MR_WRITE_TO_LOG && sink->write.file &&
            !write_sink(collector, sink, label, err))
            return false;
    }
    return true;
}
