/* ReadFromJson: a line of a file is an object; numbers are as pandas has them, column by
 * column. */
#include <string.h>

#include "engine/pipeline/files.h"

static bool is_blank(const char *line, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (line[i] != ' ' && line[i] != '\t') return false;
    return true;
}

/* One line of JSON, which YAML 1.2 can read. */
static bool read_object(struct mr_graph_reader *reader, const struct mr_data_file *file,
    const char *line, size_t bytes, int number, const struct mr_yaml **out)
{
    struct mr_err inner = {0};
    struct mr_place place = {file->path, number, 1};
    size_t first = 0;
    while (first < bytes && (line[first] == ' ' || line[first] == '\t')) first++;
    bool is_object = line[first] == '{';
    if (!is_object)
        mr_fail_at(reader->err, place, "a line of JSON must be an object");
    else if (mr_yaml_parse(reader->region, file->path, line, bytes, MR_YAML_1_2, out, &inner))
        return true;
    else
        mr_fail_at(reader->err, place, "the line is no JSON: %s", inner.msg);
    mr_err_quote(reader->err, file->text, file->bytes);
    return false;
}

static bool read_objects(
    struct mr_graph_reader *reader, const struct mr_data_file *file, struct mr_lines *lines)
{
    const char *line;
    size_t bytes;
    int number = 0;
    for (size_t at = 0; mr_line_next(file, &at, &line, &bytes);) {
        const struct mr_yaml *object;
        number++;
        if (is_blank(line, bytes)) continue;
        if (!read_object(reader, file, line, bytes, number, &object) ||
            !mr_lines_add(reader, lines, object, file->path))
            return false;
    }
    return true;
}

/* ---- Numbers ---- */

/* What the values of one key are, over all lines. */
struct column {
    const char *name;
    uint32_t n_numbers;
    uint32_t n_others;
    bool has_floats;
};
struct columns {
    uint32_t n;
    struct column list[MR_FIELDS_MAX + 1]; /* the last one takes what is too much */
};

static struct column *column_of(struct columns *columns, const char *name)
{
    for (uint32_t i = 0; i < columns->n; i++)
        if (strcmp(columns->list[i].name, name) == 0) return &columns->list[i];
    uint32_t at = columns->n < MR_FIELDS_MAX ? columns->n++ : MR_FIELDS_MAX;
    columns->list[at] = (struct column){.name = name};
    return &columns->list[at];
}

static void look_at(struct columns *columns, const struct mr_yaml *object)
{
    for (uint32_t i = 0; i < object->n; i++) {
        const struct mr_yaml *item = object->items[i];
        struct column *column = column_of(columns, object->keys[i]->text);
        bool is_float = item->kind == MR_YAML_FLOAT;
        bool is_number = is_float || item->kind == MR_YAML_INT;
        column->has_floats |= is_float;
        column->n_numbers += is_number;
        column->n_others += !is_number && item->kind != MR_YAML_NULL;
    }
}

static const struct mr_yaml *as_float(
    struct mr_graph_reader *reader, const struct mr_yaml *item, struct mr_place place)
{
    struct mr_yaml *node = mr_region_new(reader->region, struct mr_yaml);
    bool is_number = item && item->kind == MR_YAML_INT;
    *node = (struct mr_yaml){.kind = MR_YAML_FLOAT,
        .place = place,
        .text = "",
        .number = is_number ? item->number : __builtin_nan("")};
    return node;
}

/* The object with floats where its columns are made of them: one that has a float, or that a
 * line lacks, which is NaN. */
static const struct mr_yaml *with_floats(struct mr_graph_reader *reader,
    const struct columns *columns, uint32_t n_lines, const struct mr_yaml *object)
{
    const struct mr_yaml **keys =
        mr_region_array(reader->region, const struct mr_yaml *, object->n + columns->n + 1);
    const struct mr_yaml **items =
        mr_region_array(reader->region, const struct mr_yaml *, object->n + columns->n + 1);
    struct mr_yaml *out = mr_region_new(reader->region, struct mr_yaml);
    *out = *object;
    if (object->n > 0) memcpy(keys, object->keys, sizeof *keys * object->n);
    if (object->n > 0) memcpy(items, object->items, sizeof *items * object->n);
    for (uint32_t i = 0; i < columns->n; i++) {
        const struct column *column = &columns->list[i];
        bool is_whole = column->n_numbers == n_lines && !column->has_floats;
        if (column->n_numbers == 0 || column->n_others > 0 || is_whole) continue;
        uint32_t at = 0;
        while (at < out->n && strcmp(keys[at]->text, column->name) != 0) at++;
        const struct mr_yaml *item = at < out->n ? items[at] : NULL;
        if (item && item->kind == MR_YAML_FLOAT) continue;
        if (!item) {
            struct mr_yaml *key = mr_region_new(reader->region, struct mr_yaml);
            *key = (struct mr_yaml){
                .kind = MR_YAML_TEXT, .place = object->place, .text = column->name};
            keys[out->n++] = key;
        }
        items[at] = as_float(reader, item, object->place);
    }
    out->keys = keys;
    out->items = items;
    return out;
}

static void set_floats(struct mr_graph_reader *reader, struct mr_lines *lines)
{
    struct columns *columns = mr_region_new(reader->region, struct columns);
    for (uint32_t i = 0; i < lines->n; i++) look_at(columns, lines->items[i]);
    for (uint32_t i = 0; i < lines->n; i++)
        lines->items[i] = with_floats(reader, columns, lines->n, lines->items[i]);
}

bool mr_configure_read_from_json(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"path"};
    const struct mr_yaml *path;
    struct mr_data_files files;
    struct mr_lines lines = {0};
    if (!mr_config_keys(reader, spec->config, "config of ReadFromJson", keys, 1, NULL, 0) ||
        !mr_files_find(reader, spec, &path, &files))
        return false;
    for (uint32_t i = 0; i < files.n; i++)
        if (!read_objects(reader, &files.files[i], &lines)) return false;
    if (lines.n == 0)
        return mr_fail_at(reader->err, path->place,
            "the files of '%s' have no rows, so that nothing is known of their fields",
            mr_spec_label(spec));
    set_floats(reader, &lines);
    struct mr_yaml list = {
        .kind = MR_YAML_LIST, .place = path->place, .n = lines.n, .items = lines.items};
    return mr_files_create(reader, spec, &list, transform);
}
