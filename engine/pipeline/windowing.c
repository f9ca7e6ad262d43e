#include "engine/pipeline/graph_internal.h"

enum { WINDOWS_OF_A_ROW_MAX = 1000 };

bool mr_windowing_same(const struct mr_windowing *a, const struct mr_windowing *b)
{
    return a->kind == b->kind && a->size_us == b->size_us && a->offset_us == b->offset_us &&
           a->period_us == b->period_us && a->gap_us == b->gap_us &&
           a->days == b->days && a->zone.offset_s == b->zone.offset_s &&
           a->zone.rule == b->zone.rule &&
           a->allowed_lateness_us == b->allowed_lateness_us &&
           a->accumulation == b->accumulation &&
           a->timestamp_combiner == b->timestamp_combiner &&
           mr_trigger_same(&a->trigger, &b->trigger);
}

bool mr_windowing_is_plain(const struct mr_windowing *windowing)
{
    return windowing->kind != MR_WINDOW_SESSIONS &&
           windowing->trigger.kind == MR_TRIGGER_DEFAULT &&
           windowing->accumulation == MR_DISCARDING &&
           windowing->timestamp_combiner == MR_END_OF_WINDOW && !windowing->has_told_panes;
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

/* A span that must be there and last at least a microsecond. */
static bool read_span(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *type, const char *what, mr_us *out)
{
    const struct mr_yaml *span = mr_config_get(node, what);
    if (!span)
        return mr_fail_at(
            reader->err, node->place, "a windowing of type '%s' needs '%s'", type, what);
    if (!read_duration(reader, span, what, out)) return false;
    if (*out >= 1) return true;
    return mr_fail_at(
        reader->err, span->place, "%s of a window must be at least a microsecond", what);
}

static bool read_offset(struct mr_graph_reader *reader, const struct mr_yaml *node,
    mr_us modulo_us, mr_us *out)
{
    const struct mr_yaml *offset = mr_config_get(node, "offset");
    if (offset && !read_duration(reader, offset, "offset", out)) return false;
    *out %= modulo_us;
    return true;
}

static bool read_sliding(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_windowing *out)
{
    if (!read_span(reader, node, "sliding", "size", &out->size_us) ||
        !read_span(reader, node, "sliding", "period", &out->period_us) ||
        !read_offset(reader, node, out->period_us, &out->offset_us))
        return false;
    mr_us n = out->size_us / out->period_us;
    if (n > WINDOWS_OF_A_ROW_MAX)
        return mr_fail_at(reader->err, mr_config_get(node, "period")->place,
            "a row would be in %lld windows; more than %d are not supported", (long long)n,
            WINDOWS_OF_A_ROW_MAX);
    if (out->period_us > out->size_us)
        mr_graph_warn(reader, mr_config_get(node, "period")->place,
            "the period is longer than the size: rows between two windows are in none and "
            "are lost");
    return true;
}

static bool read_calendar(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_windowing *out)
{
    const struct mr_yaml *days = mr_config_get(node, "days");
    const struct mr_yaml *zone = mr_config_get(node, "time_zone");
    int64_t n = 1;
    const char *text = "UTC";
    if (days && !mr_yaml_as_int(days, "days", 1, 36500, &n, reader->err)) return false;
    if (zone && !mr_config_name(reader, zone, "time_zone", &text)) return false;
    out->days = (uint32_t)n;
    if (mr_zone_find(text, &out->zone)) return true;
    const char *const *names;
    size_t n_names;
    mr_zone_names(&names, &n_names);
    mr_fail_at(reader->err, zone->place, "unknown time zone '%s'", text);
    mr_err_suggest(reader->err, text, names, n_names);
    return false;
}

static bool read_kind(struct mr_graph_reader *reader, const struct mr_yaml *node,
    enum mr_window_kind kind, struct mr_windowing *out)
{
    out->kind = kind;
    switch (kind) {
    case MR_WINDOW_GLOBAL:
        return true;
    case MR_WINDOW_FIXED:
        return read_span(reader, node, "fixed", "size", &out->size_us) &&
               read_offset(reader, node, out->size_us, &out->offset_us);
    case MR_WINDOW_SLIDING:
        return read_sliding(reader, node, out);
    case MR_WINDOW_SESSIONS:
        return read_span(reader, node, "sessions", "gap", &out->gap_us);
    case MR_WINDOW_CALENDAR:
        return read_calendar(reader, node, out);
    }
    return false;
}

/* `n_words`: how many of the kinds may stand there. */
static bool read_windowing(struct mr_graph_reader *reader, const struct mr_yaml *node,
    size_t n_words, struct mr_windowing *out)
{
    static const char *const words[] = {"global", "fixed", "sliding", "sessions", "calendar"}; /* by kind */
    static const char *const keys[][4] = {{"type"}, {"type", "size", "offset"},
        {"type", "size", "period", "offset"}, {"type", "gap"}, {"type", "days", "time_zone"}};
    static const size_t n_keys[] = {1, 3, 4, 2, 3};
    if (node->kind == MR_YAML_TEXT && !mr_config_text_tree(reader, node, &node)) return false;
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, node->place, "windowing must be a map");
    const struct mr_yaml *type = mr_config_get(node, "type");
    if (!type) return mr_fail_at(reader->err, node->place, "windowing needs a 'type'");
    size_t index;
    if (!mr_config_word(reader, type, "window type", words, n_words, words + n_words,
            MR_COUNT_OF(words) - n_words, &index) ||
        !mr_yaml_only_keys(node, "windowing", keys[index], n_keys[index], reader->err))
        return false;
    struct mr_windowing windowing = {.kind = MR_WINDOW_GLOBAL};
    if (!read_kind(reader, node, (enum mr_window_kind)index, &windowing)) return false;
    *out = windowing;
    return true;
}

/* Beam's own windows, as WindowInto has them. */
bool mr_windowing_read(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_windowing *out)
{
    return read_windowing(reader, node, MR_WINDOW_CALENDAR, out);
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

static bool read_word_of(struct mr_graph_reader *reader, const struct mr_yaml *config,
    const char *key, const char *const *words, size_t n_words, size_t *out)
{
    const struct mr_yaml *node = mr_config_get(config, key);
    *out = 0;
    return !node || mr_config_word(reader, node, key, words, n_words, NULL, 0, out);
}

/* What comes to the same is written the same, so that the fast operators take it. */
static void simplify(struct mr_windowing *windowing)
{
    struct mr_trigger *trigger = &windowing->trigger;
    if (windowing->allowed_lateness_us > 0) return;
    if (trigger->kind == MR_TRIGGER_WATERMARK && !trigger->early)
        *trigger = (struct mr_trigger){.kind = MR_TRIGGER_DEFAULT};
    if (trigger->kind == MR_TRIGGER_DEFAULT) windowing->accumulation = MR_DISCARDING;
}

static bool read_window_config(struct mr_graph_reader *reader, const struct mr_yaml *config,
    struct mr_windowing *out)
{
    static const char *const modes[] = {"discarding", "accumulating", "retracting"};
    static const char *const combiners[] = {"end_of_window", "earliest", "latest"};
    size_t mode, combiner;
    const struct mr_yaml *lateness = mr_config_get(config, "allowed_lateness");
    const struct mr_yaml *trigger = mr_config_get(config, "trigger");
    mr_ns lateness_ns = 0;
    if (lateness && !mr_config_duration(reader, lateness, "allowed_lateness", &lateness_ns))
        return false;
    out->allowed_lateness_us = mr_us_from_ns(lateness_ns);
    if (!read_word_of(
            reader, config, "accumulation", modes, MR_COUNT_OF(modes), &mode) ||
        !read_word_of(reader, config, "timestamp_combiner", combiners, MR_COUNT_OF(combiners),
            &combiner))
        return false;
    out->accumulation = (enum mr_accumulation)mode;
    out->timestamp_combiner = (enum mr_timestamp_combiner)combiner;
    if (trigger && !mr_trigger_read(reader, trigger, &out->trigger)) return false;
    simplify(out);
    return true;
}

bool mr_configure_window(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {
        "windowing", "allowed_lateness", "accumulation", "trigger", "timestamp_combiner"};
    static const char *const refused[] = {"late_output", "error_handling"};
    const struct mr_yaml *config = spec->config;
    if (!mr_config_keys(reader, config, "config of Window", keys, MR_COUNT_OF(keys), refused,
            MR_COUNT_OF(refused)))
        return false;
    const struct mr_yaml *windowing = mr_config_need(reader, spec, "windowing");
    return windowing &&
           read_windowing(
               reader, windowing, MR_WINDOW_CALENDAR + 1, &transform->windowing) &&
           read_window_config(reader, config, &transform->windowing) &&
           keep_schema(reader, spec, transform);
}
