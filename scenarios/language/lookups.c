/* The key-value services that Lookups call: a table, and how the service behaves. */
#include <string.h>

#include "scenarios/data/stream.h"
#include "scenarios/language/scenario_internal.h"

static bool is_known(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0) return true;
    return false;
}

/* The connectors of the pipeline, each once. */
static size_t connectors(const struct mr_graph *graph, const char **out, size_t max)
{
    size_t n = 0;
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *transform = &graph->transforms[i];
        if (transform->kind != MR_LOOKUP) continue;
        if (!is_known(out, n, transform->lookup.connector) && n < max)
            out[n++] = transform->lookup.connector;
    }
    return n;
}

/* The fields that Lookups want of a service; one name has one type. */
static bool gather_fields(struct mr_reading *reading, const struct mr_yaml *node,
    const char *connector, struct mr_field *fields, uint32_t *n)
{
    const struct mr_graph *graph = reading->scenario->graph;
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *transform = &graph->transforms[i];
        if (transform->kind != MR_LOOKUP || strcmp(transform->lookup.connector, connector) != 0)
            continue;
        const struct mr_schema *wanted = &transform->lookup.fields;
        for (uint32_t k = 0; k < wanted->n_fields; k++) {
            const struct mr_schema have = {.n_fields = *n, .fields = fields};
            int at = mr_schema_find(&have, wanted->fields[k].name);
            if (at < 0 && *n == MR_FIELDS_MAX - 1)
                return mr_fail_node(
                    reading, node, "at most %d fields of one service", (int)MR_FIELDS_MAX - 1);
            if (at < 0) fields[(*n)++] = wanted->fields[k];
            if (at >= 0 && fields[at].type != wanted->fields[k].type)
                return mr_fail_node(reading, node,
                    "field '%s' of service '%s' is %s for one Lookup and %s for '%s'",
                    fields[at].name, connector, mr_type_name(fields[at].type),
                    mr_type_name(wanted->fields[k].type), transform->name);
        }
    }
    return true;
}

static bool sort_rows(struct mr_reading *reading, const struct mr_yaml *node,
    struct mr_lookup_row *rows, uint32_t n)
{
    for (uint32_t gap = n / 2; gap > 0;
         gap /= 2) /* Shell's: keys differ, so it need not be stable */
        for (uint32_t i = gap; i < n; i++) {
            struct mr_lookup_row row = rows[i];
            uint32_t at = i;
            for (; at >= gap && mr_lookup_compare(rows[at - gap].key, rows[at - gap].key_bytes,
                                    row.key, row.key_bytes) > 0;
                 at -= gap)
                rows[at] = rows[at - gap];
            rows[at] = row;
        }
    for (uint32_t i = 1; i < n; i++)
        if (mr_lookup_compare(
                rows[i - 1].key, rows[i - 1].key_bytes, rows[i].key, rows[i].key_bytes) == 0)
            return mr_fail_node(reading, node, "key '%.*s' stands twice in the table",
                (int)(rows[i].key_bytes < 64 ? rows[i].key_bytes : 64), rows[i].key);
    return true;
}

/* Rows of a CSV file by the text of their key. */
static bool fill_table(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_trace *trace, uint32_t n_fields, uint32_t key_field,
    struct mr_lookup_config *config)
{
    uint32_t n = (uint32_t)mr_trace_rows(trace);
    struct mr_lookup_row *rows = mr_region_array(reading->region, struct mr_lookup_row, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct mr_value *values =
            mr_region_array(reading->region, struct mr_value, MR_FIELDS_MAX);
        mr_trace_row(trace, i, values);
        char *key = mr_region_alloc(reading->region, mr_lookup_key_size(values[key_field]));
        rows[i] = (struct mr_lookup_row){.key = key, .values = values};
        rows[i].key_bytes =
            mr_lookup_key(values[key_field], key, mr_lookup_key_size(values[key_field]));
    }
    config->n_rows = n;
    config->rows = rows;
    config->n_columns = n_fields;
    return sort_rows(reading, node, rows, n);
}

static bool read_table(struct mr_reading *reading, const struct mr_yaml *map,
    const char *connector, struct mr_lookup_config *config)
{
    const struct mr_yaml *node = mr_yaml_get(map, "table");
    struct mr_field *fields = mr_region_array(reading->region, struct mr_field, MR_FIELDS_MAX);
    uint32_t n = 0;
    const char *path, *key, *shown_path, *text;
    size_t bytes;
    if (!mr_yaml_as_text(node, "services.table", &path, reading->err) ||
        !mr_read_text(reading, map, "services.key", &key) ||
        !gather_fields(reading, map, connector, fields, &n))
        return false;
    const char **columns = mr_region_array(reading->region, const char *, MR_FIELDS_MAX);
    for (uint32_t i = 0; i < n; i++) columns[i] = fields[i].name;
    struct mr_schema schema = {.n_fields = n, .fields = fields};
    int key_field = mr_schema_find(&schema, key);
    if (key_field < 0) {
        key_field = (int)n;
        fields[n] = (struct mr_field){.name = key, .type = MR_TYPE_STRING};
        schema.n_fields++;
    }
    struct mr_trace_options options = {.schema = &schema, .is_table = true};
    const struct mr_trace *trace;
    if (!mr_read_file(reading, node, path, &shown_path, &text, &bytes) ||
        !mr_trace_read_csv(
            reading->region, shown_path, text, bytes, &options, &trace, reading->err))
        return false;
    config->columns = columns;
    return fill_table(reading, node, trace, n, (uint32_t)key_field, config);
}

static bool read_service(struct mr_reading *reading, const struct mr_yaml *map,
    const char *connector, struct mr_lookup_config *config)
{
    config->name = connector;
    config->latency_ns = mr_distribution_lognormal(
        reading->region, 5 * MR_MS_NS, 50 * MR_MS_NS, MR_MS_NS, 500 * MR_MS_NS);
    config->errors = config->lost = (struct mr_ratio){.part = 0, .whole = 1};
    return mr_read_keys(reading, map, "service", MR_MAP_LOOKUP) &&
           mr_read_required(reading, map, "table") && mr_read_required(reading, map, "key") &&
           mr_read_distribution(
               reading, map, "services.latency", MR_RANGE_NS, &config->latency_ns) &&
           mr_read_ratio(reading, map, "services.errors", &config->errors) &&
           mr_read_ratio(reading, map, "services.lost", &config->lost) &&
           read_table(reading, map, connector, config);
}

bool mr_read_lookups(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    const struct mr_yaml *map = mr_read_map(root, "services");
    const char *words[MR_SERVICES_MAX + 3] = {"broker", "objects"};
    size_t n = connectors(scenario->graph, words + 2, MR_SERVICES_MAX + 1);
    if (n > MR_SERVICES_MAX)
        return mr_fail_node(
            reading, root, "at most %d services for Lookups", (int)MR_SERVICES_MAX);
    if (!mr_yaml_only_keys(map, "services", words, n + 2, reading->err)) return false;
    struct mr_lookup_config *configs =
        mr_region_array(reading->region, struct mr_lookup_config, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct mr_yaml *service = mr_yaml_get(map, words[i + 2]);
        if (!service)
            return mr_fail_node(reading, map->kind == MR_YAML_MAP && map->n ? map : root,
                "no service '%s' for the Lookup that calls it", words[i + 2]);
        configs[i] = (struct mr_lookup_config){0};
        if (!read_service(reading, service, words[i + 2], &configs[i])) return false;
    }
    scenario->n_lookups = (uint32_t)n;
    scenario->lookups = configs;
    return true;
}
