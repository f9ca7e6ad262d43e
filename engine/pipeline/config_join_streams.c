/* JoinStreams: two inputs joined by time; in windows it is a Join. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

static bool read_span(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char *key, mr_us *out)
{
    const struct mr_yaml *node = mr_config_get(spec->config, key);
    mr_ns span_ns;
    if (!node) return true;
    if (!mr_config_duration(reader, node, key, &span_ns)) return false;
    *out = mr_us_from_ns(span_ns);
    return true;
}

static bool read_interval(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_join *join)
{
    if (!mr_config_get(spec->config, "before") && !mr_config_get(spec->config, "after"))
        return mr_fail_at(reader->err, spec->config->place,
            "config of '%s' needs 'before', 'after', or both", mr_spec_label(spec));
    return read_span(reader, spec, "before", &join->before_us) &&
           read_span(reader, spec, "after", &join->after_us);
}

/* Only rows of the first input have a result of their own. */
static bool read_temporal(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_join *join)
{
    enum mr_join_type type = join->inputs[1].type;
    join->before_us = MR_US_MAX;
    if (type != MR_JOIN_INNER && type != MR_JOIN_LEFT)
        return mr_fail_at(reader->err, mr_config_get(spec->config, "type")->place,
            "a temporal join is of type 'inner' or 'left'");
    return read_span(reader, spec, "max_age", &join->before_us);
}

/* Rows are joined by their times: windows would only stand in the way. */
static bool check_inputs(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    const struct mr_transform *many = mr_find_many_panes(reader, transform);
    for (uint32_t i = 0; i < transform->n_inputs; i++) {
        const struct mr_windowing *windowing = mr_edge_windowing(reader, transform->inputs[i]);
        if (windowing->kind != MR_WINDOW_GLOBAL || !mr_windowing_is_plain(windowing))
            return mr_fail_at(reader->err, spec->inputs[i].place,
                "'%s' joins by time: its inputs must be in the global window, and windows come "
                "after it",
                mr_spec_label(spec));
    }
    if (!many) return true;
    return mr_fail_at(reader->err, spec->place,
        "'%s' behind '%s', whose windows may have several panes, is not supported yet",
        mr_spec_label(spec), many->name);
}

bool mr_configure_join_streams(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const kinds[] = {"window", "interval", "temporal"}; /* by kind */
    static const char *const keys[][6] = {{"kind", "equalities", "type", "fields"},
        {"kind", "equalities", "type", "fields", "before", "after"},
        {"kind", "equalities", "type", "fields", "max_age"}};
    static const size_t n_keys[] = {4, 6, 5};
    const struct mr_yaml *node = mr_config_need(reader, spec, "kind");
    struct mr_join join;
    struct mr_schema schema;
    size_t kind;
    if (!node ||
        !mr_config_word(
            reader, node, "kind of join", kinds, MR_COUNT_OF(kinds), NULL, 0, &kind) ||
        !mr_config_keys(reader, spec->config,
            mr_region_printf(
                reader->region, "config of a JoinStreams of kind '%s'", kinds[kind]),
            keys[kind], n_keys[kind], NULL, 0))
        return false;
    bool is_fit = kind == MR_JOIN_OF_WINDOW ? mr_gather_check(reader, spec, transform)
                                            : check_inputs(reader, spec, transform);
    if (!is_fit || !mr_join_read(reader, spec, transform, &join, &schema)) return false;
    join.kind = (enum mr_join_kind)kind;
    if (kind == MR_JOIN_OF_WINDOW)
        transform->kind = MR_JOIN;
    else if (kind == MR_JOIN_INTERVAL ? !read_interval(reader, spec, &join)
                                      : !read_temporal(reader, spec, &join))
        return false;
    transform->join = join;
    return mr_outputs_set(reader, spec, transform, schema);
}
