#include "engine/pipeline/graph_internal.h"

static const char *const words[] = {
    "timestamp", "window_start", "window_end", "window_string", "window_type"};
static const char *const refused_words[] = {"window_object", "pane_info"};

/* The fields on their way to the graph. */
struct extractor {
    struct mr_graph_reader *reader;
    struct mr_schema_builder fields;
    enum mr_windowing_info *infos;
    uint32_t n;
};

static bool add_field(struct extractor *extractor, const struct mr_yaml *name_node,
    const struct mr_yaml *info_node)
{
    struct mr_graph_reader *reader = extractor->reader;
    const char *name;
    size_t info;
    if (!mr_config_name(reader, name_node, "the name of a field", &name) ||
        !mr_config_word(reader, info_node, "windowing info", words, MR_COUNT_OF(words),
            refused_words, MR_COUNT_OF(refused_words), &info))
        return false;
    bool is_text = info == MR_INFO_WINDOW_STRING || info == MR_INFO_WINDOW_TYPE;
    struct mr_field field = {
        .name = name, .type = is_text ? MR_TYPE_STRING : MR_TYPE_TIMESTAMP};
    if (!mr_schema_add(reader, &extractor->fields, field, name_node->place)) return false;
    extractor->infos[extractor->n++] = (enum mr_windowing_info)info;
    return true;
}

/* What Beam adds when it is not told. */
static bool add_default(struct extractor *extractor, struct mr_place place)
{
    for (size_t i = 0; i <= MR_INFO_WINDOW_END; i++) {
        struct mr_yaml node = {.kind = MR_YAML_TEXT, .text = words[i], .place = place};
        if (!add_field(extractor, &node, &node)) return false;
    }
    return true;
}

static bool add_fields(struct extractor *extractor, const struct mr_yaml *node)
{
    if (node->kind != MR_YAML_LIST && node->kind != MR_YAML_MAP)
        return mr_fail_at(extractor->reader->err, node->place,
            "fields of ExtractWindowingInfo must be a list, or a map from new field to info");
    for (uint32_t i = 0; i < node->n; i++) {
        const struct mr_yaml *name = node->kind == MR_YAML_MAP ? node->keys[i] : node->items[i];
        if (!add_field(extractor, name, node->items[i])) return false;
    }
    return true;
}

bool mr_configure_extract_windowing_info(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"fields"};
    if (!mr_config_keys(reader, spec->config, "config of ExtractWindowingInfo", keys,
            MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_schema *schema = mr_edge_schema(reader, transform->inputs[0]);
    struct extractor extractor = {.reader = reader,
        .infos = mr_region_array(reader->region, enum mr_windowing_info, MR_FIELDS_MAX)};
    for (uint32_t i = 0; i < schema->n_fields; i++)
        if (!mr_schema_add(reader, &extractor.fields, schema->fields[i], spec->place))
            return false;
    const struct mr_yaml *fields = mr_config_get(spec->config, "fields");
    if (fields ? !add_fields(&extractor, fields) : !add_default(&extractor, spec->place))
        return false;
    transform->extract = (struct mr_extract){.n_infos = extractor.n, .infos = extractor.infos};
    return mr_outputs_set(reader, spec, transform, mr_schema_finish(reader, &extractor.fields));
}
