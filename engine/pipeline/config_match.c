/* MatchAll: the files that patterns name, when the patterns are known with the pipeline. */
#include <string.h>

#include "engine/pipeline/files.h"

enum treatment { ALLOW, DISALLOW, ALLOW_IF_WILDCARD };
enum { PATH, BYTES, UPDATED, COLUMNS };
static const char *const names[COLUMNS] = {"path", "size_in_bytes", "last_updated_in_seconds"};

/* The column that has the patterns. */
static bool find_column(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_schema *schema, int *out)
{
    const struct mr_yaml *node = mr_config_get(spec->config, "file_pattern");
    *out = 0;
    if (node && !mr_schema_lookup(reader, schema, node, "file_pattern", out)) return false;
    if (!node && schema->n_fields != 1)
        return mr_fail_at(reader->err, spec->place,
            "'%s' needs 'file_pattern', the field that has the patterns: its input has %u "
            "fields",
            mr_spec_label(spec), schema->n_fields);
    return schema->fields[*out].type == MR_TYPE_STRING ||
           mr_fail_at(reader->err, spec->place, "the patterns of '%s' must be strings",
               mr_spec_label(spec));
}

/* One row; the time of a file is no part of a run, which is the same wherever it runs. */
static const struct mr_yaml *row_of(struct mr_graph_reader *reader,
    const struct mr_yaml *const *keys, const struct mr_data_file *file, struct mr_place place)
{
    struct mr_yaml *nodes = mr_region_array(reader->region, struct mr_yaml, COLUMNS + 1);
    const struct mr_yaml **items =
        mr_region_array(reader->region, const struct mr_yaml *, COLUMNS);
    nodes[PATH] = (struct mr_yaml){.kind = MR_YAML_TEXT, .text = file->path};
    nodes[BYTES] = (struct mr_yaml){.kind = MR_YAML_INT,
        .text = "",
        .integer = (int64_t)file->bytes,
        .number = (double)file->bytes};
    nodes[UPDATED] = (struct mr_yaml){.kind = MR_YAML_FLOAT, .text = ""};
    nodes[COLUMNS] =
        (struct mr_yaml){.kind = MR_YAML_MAP, .n = COLUMNS, .items = items, .keys = keys};
    for (int i = 0; i <= COLUMNS; i++) nodes[i].place = place;
    for (int i = 0; i < COLUMNS; i++) items[i] = &nodes[i];
    return &nodes[COLUMNS];
}

static bool add_matches(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const char *pattern, enum treatment treatment, const struct mr_yaml *const *keys,
    struct mr_lines *rows)
{
    struct mr_data_files files = {0};
    struct mr_err inner = {0};
    if (!reader->files || !reader->files->find)
        return mr_fail_at(reader->err, spec->place, "'%s' cannot be read from here", pattern);
    if (!reader->files->find(reader->files->self, reader->region, pattern, &files, &inner))
        return mr_fail_at(reader->err, spec->place, "%s", inner.msg);
    bool may_be_empty =
        treatment == ALLOW || (treatment == ALLOW_IF_WILDCARD && strpbrk(pattern, "*?["));
    if (files.n == 0 && !may_be_empty)
        return mr_fail_at(reader->err, spec->place, "no file matches '%s'", pattern);
    for (uint32_t i = 0; i < files.n; i++)
        if (!mr_lines_add(
                reader, rows, row_of(reader, keys, &files.files[i], spec->place), pattern))
            return false;
    return true;
}

static const struct mr_yaml *const *new_keys(
    struct mr_graph_reader *reader, struct mr_place place)
{
    struct mr_yaml *nodes = mr_region_array(reader->region, struct mr_yaml, COLUMNS);
    const struct mr_yaml **keys =
        mr_region_array(reader->region, const struct mr_yaml *, COLUMNS);
    for (int i = 0; i < COLUMNS; i++) {
        nodes[i] = (struct mr_yaml){.kind = MR_YAML_TEXT, .text = names[i], .place = place};
        keys[i] = &nodes[i];
    }
    return keys;
}

bool mr_configure_match_all(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const config_keys[] = {"file_pattern", "empty_match_treatment"};
    static const char *const words[] = {"ALLOW", "DISALLOW", "ALLOW_IF_WILDCARD"};
    const struct mr_transform *input = &reader->transforms[transform->inputs[0].transform];
    const struct mr_yaml *node = mr_config_get(spec->config, "empty_match_treatment");
    const struct mr_schema schema = *mr_edge_schema(reader, transform->inputs[0]);
    size_t treatment = ALLOW;
    int column;
    if (!mr_config_keys(reader, spec->config, "config of MatchAll", config_keys,
            MR_COUNT_OF(config_keys), NULL, 0) ||
        (node && !mr_config_word(reader, node, "empty_match_treatment", words,
                     MR_COUNT_OF(words), NULL, 0, &treatment)) ||
        !find_column(reader, spec, &schema, &column))
        return false;
    if (input->kind != MR_CREATE)
        return mr_fail_at(reader->err, spec->place,
            "'%s' must read a Create: files are read with the pipeline, not while it runs",
            mr_spec_label(spec));
    struct mr_lines rows = {0};
    const struct mr_yaml *const *keys = new_keys(reader, spec->place);
    for (uint32_t i = 0; i < input->create.n_rows; i++) {
        struct mr_value value =
            input->create.rows[(size_t)i * schema.n_fields + (size_t)column];
        if (value.type != MR_TYPE_STRING) continue;
        const char *pattern = mr_region_strndup(reader->region, value.text, value.bytes);
        if (!add_matches(reader, spec, pattern, (enum treatment)treatment, keys, &rows))
            return false;
    }
    transform->n_inputs = 0; /* nothing of it is left to be read when the pipeline runs */
    if (rows.n == 0) return mr_files_create_empty(reader, spec, names, COLUMNS, transform);
    struct mr_yaml list = {
        .kind = MR_YAML_LIST, .place = spec->place, .n = rows.n, .items = rows.items};
    return mr_files_create(reader, spec, &list, transform);
}
