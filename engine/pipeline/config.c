#include <string.h>

#include "engine/pipeline/graph_internal.h"

void mr_graph_warn(struct mr_graph_reader *reader, struct mr_place place, const char *text)
{
    struct mr_warning *warnings =
        mr_region_array(reader->region, struct mr_warning, reader->n_warnings + 1);
    if (reader->n_warnings > 0)
        memcpy(warnings, reader->warnings, sizeof *warnings * reader->n_warnings);
    warnings[reader->n_warnings++] = (struct mr_warning){.place = place, .text = text};
    reader->warnings = warnings;
}

const struct mr_yaml *mr_config_get(const struct mr_yaml *map, const char *key)
{
    const struct mr_yaml *node = map ? mr_yaml_get(map, key) : NULL;
    return node && node->kind != MR_YAML_NULL ? node : NULL;
}

/* A key that is new is noted, and the reading ends there; one that is known has some value. */
static const struct mr_yaml *need_seen(struct mr_graph_reader *reader, const char *key)
{
    static const struct mr_yaml some = {
        .kind = MR_YAML_TEXT, .place = {"", 1, 1}, .text = "x"};
    struct mr_keys_seen *seen = reader->seen;
    for (uint32_t i = 0; i < seen->n_needed; i++)
        if (strcmp(seen->needed[i], key) == 0) return &some;
    if (seen->n_needed < MR_NEEDED_MAX) seen->needed[seen->n_needed++] = key;
    return NULL;
}

const struct mr_yaml *mr_config_need(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char *key)
{
    const struct mr_yaml *node = mr_config_get(spec->config, key);
    if (reader->seen) return need_seen(reader, key);
    if (!node)
        mr_fail_at(reader->err, spec->config ? spec->config->place : spec->place,
            "config of '%s' needs '%s'", mr_spec_label(spec), key);
    return node;
}

/* The array may be the caller's. */
static void see_keys(struct mr_graph_reader *reader, const char *const *keys, size_t n_keys)
{
    const char **copy = mr_region_array(reader->region, const char *, n_keys + 1);
    for (size_t i = 0; i < n_keys; i++) copy[i] = keys[i];
    reader->seen->is_seen = true;
    reader->seen->keys = copy;
    reader->seen->n_keys = n_keys;
}

bool mr_config_keys(struct mr_graph_reader *reader, const struct mr_yaml *map, const char *what,
    const char *const *keys, size_t n_keys, const char *const *refused, size_t n_refused)
{
    if (!map) return true;
    if (reader->seen && !reader->seen->is_seen) see_keys(reader, keys, n_keys);
    for (size_t i = 0; i < n_refused; i++) {
        const struct mr_yaml *key = mr_yaml_key(map, refused[i]);
        if (key)
            return mr_fail_at(
                reader->err, key->place, "'%s' of %s is not supported yet", refused[i], what);
    }
    return mr_yaml_only_keys(map, what, keys, n_keys, reader->err);
}

bool mr_config_word(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *what, const char *const *words, size_t n_words, const char *const *refused,
    size_t n_refused, size_t *out)
{
    const char *text;
    if (!mr_config_name(reader, node, what, &text)) return false;
    for (size_t i = 0; i < n_words; i++) {
        if (strcmp(words[i], text) != 0) continue;
        *out = i;
        return true;
    }
    for (size_t i = 0; i < n_refused; i++)
        if (strcmp(refused[i], text) == 0)
            return mr_fail_at(
                reader->err, node->place, "%s '%s' is not supported yet", what, text);
    mr_fail_at(reader->err, node->place, "unknown %s '%s'", what, text);
    mr_err_suggest(reader->err, text, words, n_words);
    return false;
}

bool mr_config_name(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *what, const char **out)
{
    if (!mr_yaml_as_text(node, what, out, reader->err)) return false;
    if ((*out)[0] != '\0') return true;
    return mr_fail_at(reader->err, node->place, "%s must not be empty", what);
}

bool mr_config_duration(
    struct mr_graph_reader *reader, const struct mr_yaml *node, const char *what, mr_ns *out)
{
    if (!mr_yaml_as_duration(node, what, true, out, reader->err)) return false;
    struct mr_err ignored = {0};
    bool is_beam_day = false;
    if (node->kind == MR_YAML_TEXT &&
        mr_duration_parse(node->text, true, out, &is_beam_day, &ignored) && is_beam_day)
        return mr_fail_at(reader->err, node->place,
            "%s '%s': a 'd' is 12 hours in Beam's windowing and would mislead here, write "
            "hours",
            what, node->text);
    return true;
}

bool mr_config_language(
    struct mr_graph_reader *reader, const struct mr_yaml *config, const char **out)
{
    static const char *const words[] = {"generic", "python", "sql", "calcite"};
    static const char *const refused[] = {"javascript", "java"};
    const struct mr_yaml *node = mr_config_get(config, "language");
    size_t index = 0;
    if (node && !mr_config_word(reader, node, "language", words, MR_COUNT_OF(words), refused,
                    MR_COUNT_OF(refused), &index))
        return false;
    *out = index == 3 ? "sql" : words[index]; /* Calcite is Beam's SQL */
    return true;
}

/* Beam makes numbers and booleans text with Python's str(). */
static const char *scalar_text(struct mr_graph_reader *reader, const struct mr_yaml *node)
{
    switch (node->kind) {
    case MR_YAML_BOOL:
        return node->boolean ? "True" : "False";
    case MR_YAML_INT:
        return mr_region_printf(reader->region, "%lld", (long long)node->integer);
    case MR_YAML_FLOAT:
    case MR_YAML_TEXT:
        return node->text;
    default:
        return NULL;
    }
}

/* The type that `output_type` declares; NULL when it is not there. */
static bool read_output_type(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_udf_text *udf)
{
    struct mr_field field = {.type = MR_TYPE_NULL};
    if (node && !mr_field_read(reader, node, &field)) return false;
    udf->type = field.type;
    udf->shape = field.shape;
    return true;
}

/* A UDF is written as exactly one of a text, `expression`, `callable`, `path` with `name`. */
static const struct mr_yaml *find_text(struct mr_graph_reader *reader,
    const struct mr_yaml *map, const char *what, struct mr_udf_text *udf)
{
    const struct mr_yaml *expression = mr_config_get(map, "expression");
    const struct mr_yaml *callable = mr_config_get(map, "callable");
    const struct mr_yaml *path = mr_config_get(map, "path");
    const struct mr_yaml *name = mr_config_get(map, "name");
    int n = (expression != NULL) + (callable != NULL) + (path != NULL || name != NULL);
    if (n != 1 || (path != NULL) != (name != NULL)) {
        mr_fail_at(reader->err, map->place,
            "%s must specify 'expression', 'callable', or both 'path' and 'name'", what);
        return NULL;
    }
    udf->is_callable = !expression;
    if (name && !mr_config_name(reader, name, "name", &udf->name)) return NULL;
    return expression ? expression : callable ? callable : path;
}

/* The text of `path` instead of the path. */
static bool read_path(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_udf_text *udf)
{
    const char *path = udf->text;
    size_t bytes = strlen(path);
    if (bytes < 3 || strcmp(path + bytes - 3, ".py") != 0)
        return mr_fail_at(reader->err, node->place, "'path' must end in '.py'");
    if (!mr_graph_file(reader, node, path, &udf->text)) return false;
    udf->place = (struct mr_place){.file = path, .line = 1, .col = 1};
    return true;
}

static bool compile_udf(struct mr_graph_reader *reader, const struct mr_yaml *node,
    struct mr_udf_text *udf, const char *language, enum mr_expression_use use,
    const struct mr_schema *schema, const struct mr_expression **out)
{
    if (strcmp(language, "sql") == 0)
        return mr_expression_compile_sql(reader->region, udf->text, udf->place, "PCOLLECTION", use,
            schema, out, reader->err);
    udf->is_generic = strcmp(language, "generic") == 0;
    if ((udf->name && !read_path(reader, node, udf)) ||
        !mr_expression_compile_udf(reader->region, udf, use, schema, out, reader->err))
        return false;
    reader->needs_python |= mr_expression_is_foreign(*out);
    if (mr_expression_is_foreign(*out)) mr_udf_warn(reader, udf);
    return true;
}

bool mr_config_expression(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *what, const char *language, enum mr_expression_use use,
    const struct mr_schema *schema, const struct mr_expression **out)
{
    static const char *const keys[] = {
        "expression", "callable", "path", "name", "output_type"};
    const struct mr_yaml *output_type = NULL;
    struct mr_udf_text udf = {.may_fail = reader->has_errors};
    if (node->kind == MR_YAML_MAP) {
        if (!mr_config_keys(reader, node, what, keys, MR_COUNT_OF(keys), NULL, 0)) return false;
        output_type = mr_config_get(node, "output_type");
        node = find_text(reader, node, what, &udf);
        if (!node) return false;
    }
    if (udf.is_callable && strcmp(language, "python") != 0)
        return mr_fail_at(reader->err, node->place,
            "%s is a callable, which language '%s' does not have: add 'language: python'", what,
            language);
    udf.text = scalar_text(reader, node);
    if (!udf.text || !udf.text[0])
        return mr_fail_at(reader->err, node->place, "%s must be an expression", what);
    udf.place = node->place;
    if (node->kind == MR_YAML_TEXT && !node->is_plain) udf.place.col++; /* behind the quote */
    return read_output_type(reader, output_type, &udf) &&
           compile_udf(reader, node, &udf, language, use, schema, out);
}

bool mr_config_callable(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *what, struct mr_udf_text *out)
{
    static const char *const keys[] = {"callable", "path", "name"};
    *out = (struct mr_udf_text){.is_callable = true};
    if (node->kind == MR_YAML_MAP) {
        if (!mr_config_keys(reader, node, what, keys, MR_COUNT_OF(keys), NULL, 0)) return false;
        node = find_text(reader, node, what, out);
        if (!node) return false;
    }
    if (node->kind != MR_YAML_TEXT || !node->text[0])
        return mr_fail_at(reader->err, node->place, "%s must be a callable in Python", what);
    out->text = node->text;
    out->place = node->place;
    if (!node->is_plain) out->place.col++; /* behind the quote */
    reader->needs_python = true;
    return !out->name || read_path(reader, node, out);
}
