#include <string.h>

#include "engine/pipeline/graph_internal.h"

static const struct mr_schema *input_schema(
    const struct mr_graph_reader *reader, const struct mr_transform *transform)
{
    return mr_edge_schema(reader, transform->inputs[0]);
}

/* ---- Partition ---- */

struct names {
    const char *list[MR_PARTITION_NAMES_MAX];
    uint32_t n;
};

static int find_name(const struct names *names, const char *name)
{
    for (uint32_t i = 0; i < names->n; i++)
        if (strcmp(names->list[i], name) == 0) return (int)i;
    return -1;
}

static bool add_name(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct names *names, const struct mr_yaml *node)
{
    const char *name;
    if (!mr_config_name(reader, node, "the name of an output", &name)) return false;
    if (find_name(names, name) >= 0)
        return mr_fail_at(reader->err, node->place, "output '%s' is listed twice", name);
    if (spec->error_output && strcmp(spec->error_output, name) == 0)
        return mr_fail_at(reader->err, node->place,
            "error handling output '%s' cannot be among the listed outputs", name);
    if (names->n == MR_PARTITION_NAMES_MAX)
        return mr_fail_at(reader->err, node->place, "a Partition has at most %d outputs",
            MR_PARTITION_NAMES_MAX);
    names->list[names->n++] = name;
    return true;
}

static bool read_outputs(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct names *names)
{
    const struct mr_yaml *outputs = mr_config_need(reader, spec, "outputs");
    if (!outputs) return false;
    if (outputs->kind != MR_YAML_LIST || outputs->n == 0)
        return mr_fail_at(reader->err, outputs->place,
            "outputs of Partition must be a list of at least one name");
    for (uint32_t i = 0; i < outputs->n; i++)
        if (!add_name(reader, spec, names, outputs->items[i])) return false;
    return true;
}

/* Where rows go that name no output: one of the others, or one more. */
static bool read_unknown(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct names *names, int *out)
{
    *out = -1;
    const struct mr_yaml *node = mr_config_get(spec->config, "unknown_output");
    const char *name;
    if (!node) return true;
    if (!mr_config_name(reader, node, "unknown_output", &name)) return false;
    if (find_name(names, name) < 0 && !add_name(reader, spec, names, node)) return false;
    *out = find_name(names, name);
    return true;
}

static bool read_by(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_schema *schema, const struct mr_expression **out)
{
    const struct mr_yaml *node = mr_config_need(reader, spec, "by");
    const char *language;
    if (!node || !mr_config_language(reader, spec->config, &language) ||
        !mr_config_not_sql(reader, spec, language) ||
        !mr_config_expression(reader, node, "by", language, MR_USE_VALUE, schema, out))
        return false;
    enum mr_type type = mr_expression_result(*out).type;
    if (type == MR_TYPE_STRING || type == MR_TYPE_ANY) return true;
    return mr_fail_at(reader->err, node->place,
        "type mismatch: 'by' of Partition must yield a string, not %s", mr_type_name(type));
}

bool mr_configure_partition(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {
        "by", "outputs", "unknown_output", "language", "error_handling"};
    static const char *const refused[] = {"dependencies"};
    if (!mr_config_keys(reader, spec->config, "config of Partition", keys, MR_COUNT_OF(keys),
            refused, MR_COUNT_OF(refused)))
        return false;
    struct names names = {.n = 0};
    struct mr_schema schema = *input_schema(reader, transform);
    struct mr_partition *partition = &transform->partition;
    if (!read_by(reader, spec, &schema, &partition->by) ||
        !read_outputs(reader, spec, &names) ||
        !read_unknown(reader, spec, &names, &partition->unknown))
        return false;
    partition->n_names = names.n;
    return mr_outputs_set_named(reader, spec, transform, schema, names.list, names.n);
}

/* ---- Reshuffle ---- */

/* `num_buckets` bounds the parallelism of Beam's own shuffle; here the cluster has it. */
bool mr_configure_reshuffle(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"num_buckets"};
    if (!mr_config_keys(
            reader, spec->config, "config of Reshuffle", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_yaml *buckets = mr_config_get(spec->config, "num_buckets");
    int64_t ignored;
    if (buckets && !mr_yaml_as_int(buckets, "num_buckets", 1, INT32_MAX, &ignored, reader->err))
        return false;
    return mr_outputs_set(reader, spec, transform, *input_schema(reader, transform));
}
