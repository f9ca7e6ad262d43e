/* Sql, and what else is written in SQL as a whole: a Combine. */
#include <string.h>

#include "engine/expression/sql.h"
#include "engine/pipeline/graph_internal.h"

bool mr_config_not_sql(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char *language)
{
    if (strcmp(language, "sql") != 0) return true;
    return mr_fail_at(reader->err, mr_config_get(spec->config, "language")->place,
        "unknown language '%s' for %s", mr_config_get(spec->config, "language")->text,
        spec->type);
}

/* Row by row it is a MapToFields with a condition. */
static void become_map(struct mr_graph_reader *reader, const struct mr_sql_select *select,
    struct mr_transform *transform)
{
    struct mr_mapping *mappings =
        mr_region_array(reader->region, struct mr_mapping, select->n_items);
    for (uint32_t i = 0; i < select->n_items; i++)
        mappings[i] = (struct mr_mapping){
            .name = select->schema.fields[i].name, .expression = select->items[i]};
    transform->kind = MR_MAP_TO_FIELDS;
    transform->map = (struct mr_map_to_fields){
        .n_mappings = select->n_items, .mappings = mappings, .keep = select->condition};
}

static bool configure(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_transform *transform, const char *text, struct mr_place place)
{
    struct mr_sql_table *tables =
        mr_region_array(reader->region, struct mr_sql_table, transform->n_inputs);
    for (uint32_t i = 0; i < transform->n_inputs; i++)
        tables[i] = (struct mr_sql_table){
            .name = transform->n_inputs == 1 ? "PCOLLECTION" : spec->inputs[i].key,
            .schema = mr_edge_schema(reader, transform->inputs[i])};
    struct mr_sql_select select;
    if (!mr_sql_select_compile(
            reader->region, text, place, tables, transform->n_inputs, &select, reader->err))
        return false;
    struct mr_schema_builder builder = {0};
    for (uint32_t i = 0; i < select.schema.n_fields; i++)
        if (!mr_schema_add(reader, &builder, select.schema.fields[i], place)) return false;
    transform->kind = MR_SQL;
    if (!select.query) {
        become_map(reader, &select, transform);
    } else {
        if (!mr_gather_check(reader, spec, transform)) return false;
        transform->sql.query = select.query;
    }
    return mr_outputs_set(reader, spec, transform, select.schema);
}

bool mr_configure_sql(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"query"};
    static const char *const refused[] = {"dialect", "ddl"};
    if (!mr_config_keys(reader, spec->config, "config of Sql", keys, MR_COUNT_OF(keys), refused,
            MR_COUNT_OF(refused)))
        return false;
    const struct mr_yaml *query = mr_config_need(reader, spec, "query");
    const char *text;
    if (!query || !mr_config_name(reader, query, "'query' of Sql", &text)) return false;
    struct mr_place place = query->place;
    if (!query->is_plain) place.col++; /* behind the quote */
    transform->sql = (struct mr_sql){0};
    return configure(reader, spec, transform, text, place);
}

/* ---- Combine ---- */

struct combination {
    struct mr_graph_reader *reader;
    const char *list; /* what is selected */
    const char *groups;
    struct mr_sql *sql;
    int *keys;
};

static bool add_key(
    struct combination *combination, const struct mr_schema *input, const struct mr_yaml *node)
{
    struct mr_graph_reader *reader = combination->reader;
    int field;
    if (!mr_schema_lookup(reader, input, node, "group_by", &field)) return false;
    const char *name = input->fields[field].name;
    combination->list = mr_region_printf(
        reader->region, "%s%s`%s`", combination->list, combination->list[0] ? ", " : "", name);
    combination->groups = mr_region_printf(reader->region, "%s%s`%s`", combination->groups,
        combination->groups[0] ? ", " : " GROUP BY ", name);
    combination->keys[combination->sql->n_keys++] = field;
    return true;
}

/* `fn` with a value is called with it; without one it is the whole of the expression. */
static bool add_aggregate(
    struct combination *combination, const struct mr_yaml *key, const struct mr_yaml *node)
{
    static const char *const keys[] = {"value", "fn"};
    struct mr_graph_reader *reader = combination->reader;
    const struct mr_yaml *function = node, *value = NULL;
    const char *name, *fn, *of = NULL;
    if (!mr_config_name(reader, key, "the name of a field", &name)) return false;
    if (node->kind == MR_YAML_MAP) {
        if (!mr_yaml_only_keys(node, "an aggregate", keys, MR_COUNT_OF(keys), reader->err))
            return false;
        value = mr_config_get(node, "value");
        function = mr_config_get(node, "fn");
        if (!function)
            return mr_fail_at(reader->err, node->place, "aggregate '%s' needs a 'fn'", name);
    }
    if (!mr_config_name(reader, function, "a 'fn' in SQL", &fn) ||
        (value && !mr_config_name(reader, value, "a 'value' in SQL", &of)))
        return false;
    combination->list = mr_region_printf(reader->region, "%s%s%s%s%s%s AS `%s`",
        combination->list, combination->list[0] ? ", " : "", fn, of ? "(" : "", of ? of : "",
        of ? ")" : "", name);
    return true;
}

bool mr_configure_combine_sql(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    const struct mr_schema *input = mr_edge_schema(reader, transform->inputs[0]);
    const struct mr_yaml *group_by = mr_config_need(reader, spec, "group_by");
    const struct mr_yaml *combine = mr_config_need(reader, spec, "combine");
    struct mr_sql sql = {0};
    struct combination combination = {.reader = reader,
        .list = "",
        .groups = "",
        .sql = &sql,
        .keys = mr_region_array(reader->region, int, MR_FIELDS_MAX)};
    if (!group_by || !combine) return false;
    if (group_by->kind != MR_YAML_LIST && !add_key(&combination, input, group_by)) return false;
    for (uint32_t i = 0; group_by->kind == MR_YAML_LIST && i < group_by->n; i++)
        if (!add_key(&combination, input, group_by->items[i])) return false;
    if (combine->kind != MR_YAML_MAP || combine->n == 0)
        return mr_fail_at(reader->err, combine->place,
            "'combine' must be a map from a new field to its aggregate");
    for (uint32_t i = 0; i < combine->n; i++)
        if (!add_aggregate(&combination, combine->keys[i], combine->items[i])) return false;
    sql.key_fields = combination.keys;
    transform->sql = sql;
    const char *query = mr_region_printf(
        reader->region, "SELECT %s\nFROM PCOLLECTION%s", combination.list, combination.groups);
    if (!configure(reader, spec, transform, query, combine->place)) return false;
    if (transform->kind != MR_SQL)
        return mr_fail_at(reader->err, combine->place, "a Combine in SQL without an aggregate");
    return true;
}
