#include "engine/pipeline/graph_internal.h"

static const char *const words[] = {"timestamp", "window_start", "window_end", "window_string",
    "window_type", "window_object", "pane_info"};

static const struct mr_field window_fields[] = {
    {.name = "start", .type = MR_TYPE_TIMESTAMP}, {.name = "end", .type = MR_TYPE_TIMESTAMP}};
static const struct mr_shape window_shape = {
    .is_exact = true, .n_fields = MR_COUNT_OF(window_fields), .fields = window_fields};
static const struct mr_field pane_fields[] = {{.name = "is_first", .type = MR_TYPE_BOOL},
    {.name = "is_last", .type = MR_TYPE_BOOL}, {.name = "timing", .type = MR_TYPE_STRING},
    {.name = "index", .type = MR_TYPE_INT},
    {.name = "nonspeculative_index", .type = MR_TYPE_INT}};
static const struct mr_shape pane_shape = {
    .is_exact = true, .n_fields = MR_COUNT_OF(pane_fields), .fields = pane_fields};

static struct mr_field field_of(const char *name, enum mr_windowing_info info)
{
    struct mr_field field = {.name = name, .type = MR_TYPE_TIMESTAMP};
    if (info == MR_INFO_WINDOW_STRING || info == MR_INFO_WINDOW_TYPE)
        field.type = MR_TYPE_STRING;
    if (info == MR_INFO_WINDOW_OBJECT || info == MR_INFO_PANE_INFO) field.type = MR_TYPE_ROW;
    if (info == MR_INFO_WINDOW_OBJECT) field.shape = &window_shape;
    if (info == MR_INFO_PANE_INFO) field.shape = &pane_shape;
    return field;
}

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
            NULL, 0, &info))
        return false;
    struct mr_field field = field_of(name, (enum mr_windowing_info)info);
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
