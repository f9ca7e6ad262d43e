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

const struct mr_yaml *mr_config_need(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char *key)
{
    const struct mr_yaml *node = mr_config_get(spec->config, key);
    if (!node)
        mr_fail_at(reader->err, spec->config ? spec->config->place : spec->place,
            "config of '%s' needs '%s'", mr_spec_label(spec), key);
    return node;
}

bool mr_config_keys(struct mr_graph_reader *reader, const struct mr_yaml *map, const char *what,
    const char *const *keys, size_t n_keys, const char *const *refused, size_t n_refused)
{
    if (!map) return true;
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
    static const char *const words[] = {"generic", "python"};
    static const char *const refused[] = {"javascript", "sql", "calcite", "java"};
    const struct mr_yaml *node = mr_config_get(config, "language");
    size_t index = 0;
    if (node && !mr_config_word(reader, node, "language", words, MR_COUNT_OF(words), refused,
                    MR_COUNT_OF(refused), &index))
        return false;
    *out = words[index];
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

static bool check_output_type(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *what, const struct mr_expression *expression)
{
    const char *word;
    enum mr_type declared;
    if (!mr_config_name(reader, node, "output_type", &word)) return false;
    if (!mr_type_parse(word, &declared))
        return mr_fail_at(reader->err, node->place, "unknown type '%s'", word);
    enum mr_type actual = mr_expression_result(expression).type;
    if (actual == declared) return true;
    return mr_fail_at(reader->err, node->place, "type mismatch: %s yields %s, not %s", what,
        mr_type_name(actual), mr_type_name(declared));
}

bool mr_config_expression(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *what, const char *language, enum mr_expression_use use,
    const struct mr_schema *schema, const struct mr_expression **out)
{
    static const char *const keys[] = {"expression", "output_type"};
    static const char *const refused[] = {"callable", "path", "name"};
    const struct mr_yaml *output_type = NULL;
    if (node->kind == MR_YAML_MAP) {
        if (!mr_config_keys(
                reader, node, what, keys, MR_COUNT_OF(keys), refused, MR_COUNT_OF(refused)))
            return false;
        const struct mr_yaml *map = node;
        output_type = mr_config_get(map, "output_type");
        node = mr_config_get(map, "expression");
        if (!node)
            return mr_fail_at(reader->err, map->place, "%s must specify 'expression'", what);
    }
    const char *text = scalar_text(reader, node);
    if (!text || !text[0])
        return mr_fail_at(reader->err, node->place, "%s must be an expression", what);
    struct mr_place place = node->place;
    if (node->kind == MR_YAML_TEXT && !node->is_plain) place.col++; /* behind the quote */
    if (!mr_expression_compile(
            reader->region, text, place, language, use, schema, out, reader->err))
        return false;
    return !output_type || check_output_type(reader, output_type, what, *out);
}
