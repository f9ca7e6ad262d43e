/* The transforms that tests are made of: AssertEqual and LogForTesting. */
#include <string.h>

#include "engine/pipeline/assertion.h"
#include "engine/pipeline/graph_internal.h"

static bool read_element(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_schema *schema, bool is_lenient, struct mr_assertion_row *out)
{
    bool is_map = node->kind == MR_YAML_MAP;
    if (!is_map && !is_lenient)
        return mr_fail_at(reader->err, node->place,
            "an element of AssertEqual must be a map from field to value");
    uint32_t n = is_map ? node->n : 1;
    struct mr_field *fields = mr_region_array(reader->region, struct mr_field, n + 1);
    struct mr_value *values = mr_region_array(reader->region, struct mr_value, n + 1);
    int *places = mr_region_array(reader->region, int, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_yaml *value = is_map ? node->items[i] : node;
        fields[i].name = "element";
        if (is_map &&
            !mr_config_name(reader, node->keys[i], "the name of a field", &fields[i].name))
            return false;
        if (!mr_config_value(reader, value, &values[i])) return false;
        fields[i].type = (enum mr_type)values[i].type;
        places[i] = mr_schema_find(schema, fields[i].name);
    }
    *out =
        (struct mr_assertion_row){.n = n, .fields = fields, .values = values, .places = places};
    return true;
}

static bool gathers(const struct mr_combine *combine, uint32_t field)
{
    if (field < combine->n_keys) return false;
    enum mr_aggregate_kind kind = combine->aggregates[field - combine->n_keys].kind;
    return kind == MR_FOLD_GROUP || kind == MR_FOLD_CONCAT;
}

/* Whether the field is a list that `group` or `concat` made: Beam says nothing of its order. */
static bool is_gathered(const struct mr_graph_reader *reader, struct mr_edge edge, int field)
{
    while (field >= 0) {
        const struct mr_transform *at = &reader->transforms[edge.transform];
        if (edge.output > 0 && edge.output == at->error_output) return false;
        if (at->kind == MR_COMBINE) return gathers(&at->combine, (uint32_t)field);
        if (at->kind == MR_MAP_TO_FIELDS)
            field = mr_expression_field(at->map.mappings[field].expression);
        else if (at->kind == MR_EXTRACT_WINDOWING_INFO)
            field = (uint32_t)field < mr_edge_schema(reader, at->inputs[0])->n_fields ? field : -1;
        else if (at->kind != MR_FILTER && at->kind != MR_WINDOW_INTO &&
                 at->kind != MR_ASSIGN_TIMESTAMPS && at->kind != MR_RESHUFFLE &&
                 at->kind != MR_LOG_FOR_TESTING && at->kind != MR_PARTITION)
            return false;
        edge = at->inputs[0];
    }
    return false;
}

/* A sink like WriteToLog, to a topic that nobody else has; the check `assertions` looks at what
 * is committed there. */
static bool configure(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_transform *transform, bool is_of_test)
{
    static const char *const keys[] = {"elements"};
    if (!mr_config_keys(
            reader, spec->config, "config of AssertEqual", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_yaml *elements = mr_config_need(reader, spec, "elements");
    if (!elements) return false;
    if (elements->kind != MR_YAML_LIST)
        return mr_fail_at(
            reader->err, elements->place, "elements of AssertEqual must be a list");
    const struct mr_schema *schema = mr_edge_schema(reader, transform->inputs[0]);
    struct mr_assertion_row *rows =
        mr_region_array(reader->region, struct mr_assertion_row, elements->n + 1);
    for (uint32_t i = 0; i < elements->n; i++)
        if (!read_element(reader, elements->items[i], schema, is_of_test, &rows[i]))
            return false;
    struct mr_assertion *assertion = mr_region_new(reader->region, struct mr_assertion);
    *assertion =
        (struct mr_assertion){.keeps_nulls = is_of_test, .n_rows = elements->n, .rows = rows};
    for (uint32_t i = 0; i < schema->n_fields; i++)
        if (is_gathered(reader, transform->inputs[0], (int)i))
            assertion->unordered |= UINT64_C(1) << i;
    transform->write = (struct mr_write_to_log){
        .topic = mr_region_printf(reader->region, "~%s", transform->name),
        .key_field = -1,
        .delivery = MR_DELIVERY_EXACTLY_ONCE,
        .assertion = assertion};
    return true;
}

bool mr_configure_assert_equal(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    return configure(reader, spec, transform, false);
}

bool mr_configure_expected(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    return configure(reader, spec, transform, true);
}

bool mr_configure_log_for_testing(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"level", "prefix", "error_handling"};
    static const char *const levels[] = {"INFO", "ERROR", "DEBUG"};
    if (!mr_config_keys(
            reader, spec->config, "config of LogForTesting", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    size_t level = 0;
    const struct mr_yaml *node = mr_config_get(spec->config, "level");
    const struct mr_yaml *prefix = mr_config_get(spec->config, "prefix");
    if (node &&
        !mr_config_word(reader, node, "level", levels, MR_COUNT_OF(levels), NULL, 0, &level))
        return false;
    transform->log =
        (struct mr_log_for_testing){.level = (enum mr_log_level)level, .prefix = ""};
    if (prefix && !mr_yaml_as_text(prefix, "prefix", &transform->log.prefix, reader->err))
        return false;
    return mr_outputs_set(
        reader, spec, transform, *mr_edge_schema(reader, transform->inputs[0]));
}
