/* Triggers: how they are written, and what becomes of them behind a Combine. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

/* The words of a trigger; both forms of a word mean the same. */
enum word {
    WORD_DEFAULT,
    WORD_NEVER,
    WORD_AFTER_WATERMARK,
    WORD_COUNT,
    WORD_AFTER_COUNT,
    WORD_DELAY,
    WORD_AFTER_PROCESSING_TIME,
    WORD_REPEATEDLY,
    WORD_AFTER_ANY,
    WORD_AFTER_ALL,
    WORD_AFTER_EACH,
};
static const char *const words[] = {"default", "never", "after_watermark", "count",
    "after_count", "delay", "after_processing_time", "repeatedly", "after_any", "after_all",
    "after_each"}; /* by enum word */

struct trigger_reader {
    struct mr_graph_reader *reader;
    struct mr_place place; /* of the whole trigger */
    uint32_t n_nodes;
};

bool mr_trigger_same(const struct mr_trigger *a, const struct mr_trigger *b)
{
    if (!a || !b) return a == b;
    if (a->kind != b->kind || a->count != b->count || a->delay_ns != b->delay_ns ||
        a->n_parts != b->n_parts)
        return false;
    for (uint32_t i = 0; i < a->n_parts; i++)
        if (!mr_trigger_same(&a->parts[i], &b->parts[i])) return false;
    return mr_trigger_same(a->early, b->early) && mr_trigger_same(a->late, b->late);
}

bool mr_trigger_has(const struct mr_trigger *trigger, enum mr_trigger_kind kind)
{
    if (!trigger) return false;
    for (uint32_t i = 0; i < trigger->n_parts; i++)
        if (mr_trigger_has(&trigger->parts[i], kind)) return true;
    return trigger->kind == kind || mr_trigger_has(trigger->early, kind) ||
           mr_trigger_has(trigger->late, kind);
}

static bool read_trigger(
    struct trigger_reader *reader, const struct mr_yaml *node, struct mr_trigger *out);

static bool read_count(
    struct trigger_reader *reader, const struct mr_yaml *node, struct mr_trigger *out)
{
    int64_t count;
    out->kind = MR_TRIGGER_COUNT;
    if (!mr_yaml_as_int(node, "count", 1, INT32_MAX, &count, reader->reader->err)) return false;
    out->count = (uint32_t)count;
    return true;
}

/* A duration, or {delay: duration}. */
static bool read_delay(
    struct trigger_reader *reader, const struct mr_yaml *node, struct mr_trigger *out)
{
    static const char *const keys[] = {"delay"};
    out->kind = MR_TRIGGER_DELAY;
    if (node->kind == MR_YAML_MAP) {
        const struct mr_yaml *delay = mr_config_get(node, "delay");
        if (!mr_yaml_only_keys(node, "after_processing_time", keys, 1, reader->reader->err))
            return false;
        if (!delay)
            return mr_fail_at(
                reader->reader->err, node->place, "after_processing_time needs a 'delay'");
        node = delay;
    }
    return mr_config_duration(reader->reader, node, "delay", &out->delay_ns);
}

static bool read_part(
    struct trigger_reader *reader, const struct mr_yaml *node, const struct mr_trigger **out)
{
    struct mr_trigger *part = mr_region_new(reader->reader->region, struct mr_trigger);
    *out = part;
    return read_trigger(reader, node, part);
}

static bool read_watermark(
    struct trigger_reader *reader, const struct mr_yaml *node, struct mr_trigger *out)
{
    static const char *const keys[] = {"early", "late"};
    out->kind = MR_TRIGGER_WATERMARK;
    if (!node || node->kind == MR_YAML_NULL) return true;
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(reader->reader->err, node->place,
            "after_watermark must be a map of 'early' and 'late'");
    if (!mr_yaml_only_keys(
            node, "after_watermark", keys, MR_COUNT_OF(keys), reader->reader->err))
        return false;
    const struct mr_yaml *early = mr_config_get(node, "early");
    const struct mr_yaml *late = mr_config_get(node, "late");
    return (!early || read_part(reader, early, &out->early)) &&
           (!late || read_part(reader, late, &out->late));
}

static bool read_list(struct trigger_reader *reader, const struct mr_yaml *node,
    const char *word, struct mr_trigger *out)
{
    if (node->kind != MR_YAML_LIST || node->n == 0)
        return mr_fail_at(
            reader->reader->err, node->place, "%s must be a list of triggers", word);
    struct mr_trigger *parts =
        mr_region_array(reader->reader->region, struct mr_trigger, node->n);
    out->n_parts = node->n;
    out->parts = parts;
    for (uint32_t i = 0; i < node->n; i++)
        if (!read_trigger(reader, node->items[i], &parts[i])) return false;
    return true;
}

static bool read_word(struct trigger_reader *reader, enum word word, const struct mr_yaml *node,
    struct mr_trigger *out)
{
    switch (word) {
    case WORD_DEFAULT:
        out->kind = MR_TRIGGER_DEFAULT;
        return true;
    case WORD_NEVER:
        out->kind = MR_TRIGGER_NEVER;
        return true;
    case WORD_AFTER_WATERMARK:
        return read_watermark(reader, node, out);
    case WORD_COUNT:
    case WORD_AFTER_COUNT:
        return read_count(reader, node, out);
    case WORD_DELAY:
    case WORD_AFTER_PROCESSING_TIME:
        return read_delay(reader, node, out);
    case WORD_REPEATEDLY:
        out->kind = MR_TRIGGER_REPEATEDLY;
        out->n_parts = 1;
        return read_part(reader, node, &out->parts);
    case WORD_AFTER_ANY:
        out->kind = MR_TRIGGER_ANY;
        break;
    case WORD_AFTER_ALL:
        out->kind = MR_TRIGGER_ALL;
        break;
    case WORD_AFTER_EACH:
        out->kind = MR_TRIGGER_EACH;
        break;
    }
    return read_list(reader, node, words[word], out);
}

/* A word that needs nothing more, or a map from one word to what it needs. */
static bool read_trigger(
    struct trigger_reader *reader, const struct mr_yaml *node, struct mr_trigger *out)
{
    struct mr_graph_reader *graph = reader->reader;
    bool is_map = node->kind == MR_YAML_MAP;
    if (is_map && node->n != 1)
        return mr_fail_at(graph->err, node->place,
            "a trigger is one word, or a map from one word to what it needs");
    if (++reader->n_nodes > MR_TRIGGER_NODES_MAX)
        return mr_fail_at(graph->err, reader->place, "a trigger of more than %d triggers",
            MR_TRIGGER_NODES_MAX);
    size_t word;
    if (!mr_config_word(graph, is_map ? node->keys[0] : node, "trigger", words,
            MR_COUNT_OF(words), NULL, 0, &word))
        return false;
    *out = (struct mr_trigger){.kind = MR_TRIGGER_DEFAULT};
    bool is_bare = word == WORD_DEFAULT || word == WORD_NEVER;
    const struct mr_yaml *value = is_map ? node->items[0] : NULL;
    bool has_value = value && value->kind != MR_YAML_NULL;
    if (is_bare && has_value)
        return mr_fail_at(graph->err, value->place, "trigger '%s' takes nothing", words[word]);
    if (!is_bare && word != WORD_AFTER_WATERMARK && !has_value)
        return mr_fail_at(graph->err, node->place, "trigger '%s' needs a value: {%s: ...}",
            words[word], words[word]);
    return read_word(reader, (enum word)word, has_value ? value : NULL, out);
}

/* Whether it fires for the last time at some point. */
static bool finishes(const struct mr_trigger *trigger)
{
    switch (trigger->kind) {
    case MR_TRIGGER_WATERMARK:
        return !trigger->late;
    case MR_TRIGGER_COUNT:
    case MR_TRIGGER_DELAY:
        return true;
    case MR_TRIGGER_ANY:
        for (uint32_t i = 0; i < trigger->n_parts; i++)
            if (finishes(&trigger->parts[i])) return true;
        return false;
    case MR_TRIGGER_ALL:
    case MR_TRIGGER_EACH:
        for (uint32_t i = 0; i < trigger->n_parts; i++)
            if (!finishes(&trigger->parts[i])) return false;
        return true;
    case MR_TRIGGER_DEFAULT:
    case MR_TRIGGER_REPEATEDLY:
    case MR_TRIGGER_NEVER:
        return false;
    }
    return false;
}

bool mr_trigger_read(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_trigger *out)
{
    struct trigger_reader own = {.reader = reader, .place = node->place};
    if (!read_trigger(&own, node, out)) return false;
    if (finishes(out) && out->kind != MR_TRIGGER_WATERMARK)
        mr_graph_warn(reader, node->place,
            "this trigger finishes: rows that come to a window after its last pane are lost; "
            "'repeatedly' would go on");
    return true;
}

static const struct mr_trigger *continue_parts(
    struct mr_region *region, const struct mr_trigger *parts, uint32_t n)
{
    struct mr_trigger *continued = mr_region_array(region, struct mr_trigger, n + 1);
    for (uint32_t i = 0; i < n; i++) continued[i] = mr_trigger_continue(region, &parts[i]);
    return continued;
}

struct mr_trigger mr_trigger_continue(
    struct mr_region *region, const struct mr_trigger *trigger)
{
    struct mr_trigger continued = *trigger;
    if (trigger->kind == MR_TRIGGER_COUNT || trigger->kind == MR_TRIGGER_DELAY)
        return (struct mr_trigger){.kind = MR_TRIGGER_COUNT, .count = 1};
    if (trigger->early) continued.early = continue_parts(region, trigger->early, 1);
    if (trigger->late) continued.late = continue_parts(region, trigger->late, 1);
    continued.parts = continue_parts(region, trigger->parts, trigger->n_parts);
    if (trigger->kind != MR_TRIGGER_EACH) return continued;
    /* Which part a pane comes from cannot be told: whatever any of them would do. */
    continued.kind = MR_TRIGGER_ANY;
    struct mr_trigger *any = mr_region_new(region, struct mr_trigger);
    *any = continued;
    return (struct mr_trigger){.kind = MR_TRIGGER_REPEATEDLY, .n_parts = 1, .parts = any};
}
