#include "engine/pipeline/graph_internal.h"

bool mr_windowing_same(const struct mr_windowing *a, const struct mr_windowing *b)
{
    return a->kind == b->kind && a->size_us == b->size_us && a->offset_us == b->offset_us &&
           a->allowed_lateness_us == b->allowed_lateness_us;
}

/* A duration of Beam's windowing, where a `d` is 12 hours. */
static bool read_duration(
    struct mr_graph_reader *reader, const struct mr_yaml *node, const char *what, mr_us *out)
{
    mr_ns span_ns;
    if (!mr_yaml_as_duration(node, what, true, &span_ns, reader->err)) return false;
    struct mr_err ignored = {0};
    bool is_beam_day = false;
    if (node->kind == MR_YAML_TEXT &&
        mr_duration_parse(node->text, true, &span_ns, &is_beam_day, &ignored) && is_beam_day)
        mr_graph_warn(reader, node->place,
            "a 'd' in a windowing is 12 hours in Beam YAML, and so it is here: write hours");
    *out = mr_us_from_ns(span_ns);
    return true;
}

static bool read_fixed(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_windowing *out)
{
    const struct mr_yaml *size = mr_config_get(node, "size");
    const struct mr_yaml *offset = mr_config_get(node, "offset");
    if (!size)
        return mr_fail_at(reader->err, node->place, "a windowing of type 'fixed' needs 'size'");
    if (!read_duration(reader, size, "size", &out->size_us)) return false;
    if (out->size_us < 1)
        return mr_fail_at(
            reader->err, size->place, "size of a window must be at least a microsecond");
    if (offset && !read_duration(reader, offset, "offset", &out->offset_us)) return false;
    out->offset_us %= out->size_us;
    return true;
}

bool mr_windowing_read(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_windowing *out)
{
    static const char *const words[] = {"global", "fixed"};
    static const char *const refused[] = {"sliding", "sessions"};
    static const char *const keys[][3] = {{"type"}, {"type", "size", "offset"}};
    static const size_t n_keys[] = {1, 3};
    if (node->kind == MR_YAML_TEXT)
        return mr_fail_at(
            reader->err, node->place, "windowing written as a text is not supported yet");
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, node->place, "windowing must be a map");
    const struct mr_yaml *type = mr_config_get(node, "type");
    if (!type) return mr_fail_at(reader->err, node->place, "windowing needs a 'type'");
    size_t index;
    if (!mr_config_word(reader, type, "window type", words, MR_COUNT_OF(words), refused,
            MR_COUNT_OF(refused), &index) ||
        !mr_yaml_only_keys(node, "windowing", keys[index], n_keys[index], reader->err))
        return false;
    struct mr_windowing windowing = {.kind = index == 1 ? MR_WINDOW_FIXED : MR_WINDOW_GLOBAL};
    if (index == 1 && !read_fixed(reader, node, &windowing)) return false;
    *out = windowing;
    return true;
}

static bool keep_schema(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    return mr_outputs_set(
        reader, spec, transform, *mr_edge_schema(reader, transform->inputs[0]));
}

bool mr_configure_window_into(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"windowing"};
    if (!mr_config_keys(
            reader, spec->config, "config of WindowInto", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_yaml *windowing = spec->windowing;
    if (!windowing) windowing = mr_config_need(reader, spec, "windowing");
    return windowing && mr_windowing_read(reader, windowing, &transform->windowing) &&
           keep_schema(reader, spec, transform);
}

static bool check_window_words(struct mr_graph_reader *reader, const struct mr_yaml *config)
{
    static const char *const modes[] = {"discarding"};
    static const char *const refused_modes[] = {"accumulating", "retracting"};
    const struct mr_yaml *accumulation = mr_config_get(config, "accumulation");
    size_t ignored;
    if (accumulation &&
        !mr_config_word(reader, accumulation, "accumulation", modes, MR_COUNT_OF(modes),
            refused_modes, MR_COUNT_OF(refused_modes), &ignored))
        return false;
    const struct mr_yaml *trigger = mr_config_get(config, "trigger");
    if (!trigger) return true;
    if (trigger->kind == MR_YAML_MAP && trigger->n > 0)
        return mr_fail_at(reader->err, trigger->keys[0]->place,
            "trigger '%s' is not supported yet", trigger->keys[0]->text);
    static const char *const triggers[] = {"default"};
    static const char *const refused[] = {"after_watermark", "after_count",
        "after_processing_time", "repeatedly", "after_any", "after_all", "after_each", "never",
        "count", "delay"};
    return mr_config_word(reader, trigger, "trigger", triggers, MR_COUNT_OF(triggers), refused,
        MR_COUNT_OF(refused), &ignored);
}

bool mr_configure_window(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {
        "windowing", "allowed_lateness", "accumulation", "trigger"};
    static const char *const refused[] = {
        "timestamp_combiner", "late_output", "error_handling"};
    const struct mr_yaml *config = spec->config;
    if (!mr_config_keys(reader, config, "config of Window", keys, MR_COUNT_OF(keys), refused,
            MR_COUNT_OF(refused)))
        return false;
    const struct mr_yaml *windowing = mr_config_need(reader, spec, "windowing");
    if (!windowing || !mr_windowing_read(reader, windowing, &transform->windowing))
        return false;
    const struct mr_yaml *lateness = mr_config_get(config, "allowed_lateness");
    mr_ns lateness_ns = 0;
    if (lateness && !mr_config_duration(reader, lateness, "allowed_lateness", &lateness_ns))
        return false;
    transform->windowing.allowed_lateness_us = mr_us_from_ns(lateness_ns);
    return check_window_words(reader, config) && keep_schema(reader, spec, transform);
}
