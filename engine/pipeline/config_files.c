/* ReadFromText, ReadFromCsv, ReadFromJson: a Create whose elements come from files, which are
 * read together with the pipeline. */
#include <string.h>

#include "engine/pipeline/files.h"
#include "engine/pipeline/frame.h"

enum { LINES_MAX = 10000000 };

/* ---- Files ---- */

/* The files that `path` names; there must be one at least. */
bool mr_files_find(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_yaml **node, struct mr_data_files *out)
{
    const char *path;
    *node = mr_config_need(reader, spec, "path");
    if (!*node || !mr_config_name(reader, *node, "path", &path)) return false;
    if (strstr(path, "://"))
        return mr_fail_at(reader->err, (*node)->place,
            "'%s' does not lie in this machine's files: mock '%s' in tests", path,
            mr_spec_label(spec));
    struct mr_err inner = {0};
    if (!reader->files || !reader->files->find)
        return mr_fail_at(reader->err, (*node)->place, "'%s' cannot be read from here", path);
    if (!reader->files->find(reader->files->self, reader->region, path, out, &inner)) {
        if (inner.kind != MR_ERR_INPUT) {
            *reader->err = inner;
            return false;
        }
        return mr_fail_at(reader->err, (*node)->place, "%s", inner.msg);
    }
    return out->n > 0 || mr_fail_at(reader->err, (*node)->place, "no file matches '%s'", path);
}

/* A Create of these elements, whatever the type is called. */
bool mr_files_create(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_yaml *elements, struct mr_transform *transform)
{
    struct mr_yaml *key = mr_region_new(reader->region, struct mr_yaml);
    struct mr_yaml *config = mr_region_new(reader->region, struct mr_yaml);
    const struct mr_yaml **lists = mr_region_array(reader->region, const struct mr_yaml *, 2);
    *key = (struct mr_yaml){.kind = MR_YAML_TEXT, .text = "elements", .place = elements->place};
    lists[0] = key;
    lists[1] = elements;
    *config = (struct mr_yaml){.kind = MR_YAML_MAP,
        .place = elements->place,
        .n = 1,
        .keys = &lists[0],
        .items = &lists[1]};
    struct mr_spec shadow = *spec;
    shadow.config = config;
    return mr_configure_create(reader, &shadow, transform);
}

/* Without a row nothing says what the types are. */
bool mr_files_create_empty(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const char *const *names, uint32_t n, struct mr_transform *transform)
{
    struct mr_schema_builder builder = {0};
    for (uint32_t i = 0; i < n; i++) {
        struct mr_field field = {.name = names[i], .type = MR_TYPE_STRING, .is_nullable = true};
        if (!mr_schema_add(reader, &builder, field, spec->place)) return false;
    }
    transform->create = (struct mr_create){0};
    return mr_outputs_set(reader, spec, transform, mr_schema_finish(reader, &builder));
}

/* ---- Lines ---- */

bool mr_lines_add(struct mr_graph_reader *reader, struct mr_lines *lines,
    const struct mr_yaml *node, const char *path)
{
    if (lines->n == LINES_MAX)
        return mr_fail(reader->err, MR_ERR_LIMIT, "'%s' is too large: more than %d lines", path,
            (int)LINES_MAX);
    if (lines->n == lines->capacity) {
        uint32_t capacity = lines->capacity ? 2 * lines->capacity : 64;
        const struct mr_yaml **items =
            mr_region_array(reader->region, const struct mr_yaml *, capacity);
        if (lines->n > 0) memcpy(items, lines->items, sizeof *items * lines->n);
        lines->items = items;
        lines->capacity = capacity;
    }
    lines->items[lines->n++] = node;
    return true;
}

/* The next line without its end; false: there is none. */
bool mr_line_next(const struct mr_data_file *file, size_t *at, const char **line, size_t *bytes)
{
    if (*at >= file->bytes) return false;
    *line = file->text + *at;
    const char *end = memchr(*line, '\n', file->bytes - *at);
    size_t length = end ? (size_t)(end - *line) : file->bytes - *at;
    *at += length + 1;
    *bytes = length > 0 && (*line)[length - 1] == '\r' ? length - 1 : length;
    return true;
}

static const struct mr_yaml *text_row(struct mr_graph_reader *reader,
    const struct mr_yaml *const *keys, const char *line, size_t bytes, struct mr_place place)
{
    struct mr_yaml *nodes = mr_region_array(reader->region, struct mr_yaml, 2);
    const struct mr_yaml **item = mr_region_new(reader->region, const struct mr_yaml *);
    nodes[1] = (struct mr_yaml){.kind = MR_YAML_TEXT,
        .place = place,
        .text = mr_region_strndup(reader->region, line, bytes)};
    *item = &nodes[1];
    nodes[0] = (struct mr_yaml){
        .kind = MR_YAML_MAP, .place = place, .n = 1, .keys = keys, .items = item};
    return &nodes[0];
}

bool mr_configure_read_from_text(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"path"};
    static const char *const name = "line";
    const struct mr_yaml *path;
    struct mr_data_files files;
    if (!mr_config_keys(reader, spec->config, "config of ReadFromText", keys, 1, NULL, 0) ||
        !mr_files_find(reader, spec, &path, &files))
        return false;
    struct mr_yaml *key = mr_region_new(reader->region, struct mr_yaml);
    const struct mr_yaml **shared = mr_region_new(reader->region, const struct mr_yaml *);
    *key = (struct mr_yaml){.kind = MR_YAML_TEXT, .text = name, .place = path->place};
    *shared = key;
    struct mr_lines lines = {0};
    for (uint32_t i = 0; i < files.n; i++) {
        const char *line;
        size_t bytes;
        for (size_t at = 0; mr_line_next(&files.files[i], &at, &line, &bytes);)
            if (!mr_lines_add(reader, &lines,
                    text_row(reader, shared, line, bytes, path->place), files.files[i].path))
                return false;
    }
    if (lines.n == 0) return mr_files_create_empty(reader, spec, &name, 1, transform);
    struct mr_yaml list = {
        .kind = MR_YAML_LIST, .place = path->place, .n = lines.n, .items = lines.items};
    return mr_files_create(reader, spec, &list, transform);
}

/* ---- CSV ---- */

bool mr_config_letter(
    struct mr_graph_reader *reader, const struct mr_yaml *config, const char *key, char *out)
{
    const struct mr_yaml *node = mr_config_get(config, key);
    const char *text;
    if (!node) return true;
    if (!mr_config_name(reader, node, key, &text)) return false;
    if (text[1] != '\0')
        return mr_fail_at(reader->err, node->place, "%s must be a single character", key);
    *out = text[0];
    return true;
}

bool mr_configure_read_from_csv(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"path", "delimiter", "comment", "filename_column"};
    const struct mr_yaml *path;
    struct mr_data_files files;
    struct mr_csv_form form = {.delimiter = ','};
    struct mr_frame frame = {0};
    const struct mr_yaml *column = mr_config_get(spec->config, "filename_column");
    if (!mr_config_keys(
            reader, spec->config, "config of ReadFromCsv", keys, MR_COUNT_OF(keys), NULL, 0) ||
        !mr_config_letter(reader, spec->config, "delimiter", &form.delimiter) ||
        !mr_config_letter(reader, spec->config, "comment", &form.comment) ||
        (column && !mr_config_name(reader, column, "filename_column", &form.filename_column)) ||
        !mr_files_find(reader, spec, &path, &files))
        return false;
    for (uint32_t i = 0; i < files.n; i++)
        if (!mr_frame_add_csv(reader->region, &frame, &files.files[i], &form, reader->err))
            return false;
    if (frame.n_rows == 0)
        return mr_files_create_empty(reader, spec, frame.names, frame.n_columns, transform);
    return mr_files_create(
        reader, spec, mr_frame_elements(reader->region, &frame, path->place), transform);
}
