/* `watermark` of ReadFromLog: the strategy, idleness, and the group that it keeps in step with.
 */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

/* A key that belongs to one strategy only. */
static bool refuse_key(struct mr_graph_reader *reader, const struct mr_yaml *watermark,
    const char *key, const char *strategy)
{
    const struct mr_yaml *node = mr_config_get(watermark, key);
    if (!node) return true;
    return mr_fail_at(
        reader->err, node->place, "'%s' belongs to the strategy '%s'", key, strategy);
}

static bool read_bound(
    struct mr_graph_reader *reader, const struct mr_yaml *watermark, mr_us *out)
{
    const struct mr_yaml *bound = mr_config_get(watermark, "max_out_of_orderness");
    if (!bound)
        return mr_fail_at(reader->err, watermark->place,
            "a watermark of strategy 'bounded' needs 'max_out_of_orderness'");
    mr_ns bound_ns;
    if (!mr_config_duration(reader, bound, "max_out_of_orderness", &bound_ns)) return false;
    *out = mr_us_from_ns(bound_ns);
    return true;
}

static bool read_punctuation_field(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_schema *schema, int *out)
{
    if (!mr_schema_lookup(reader, schema, node, "the field of the watermark", out))
        return false;
    const struct mr_field *field = &schema->fields[*out];
    if (field->type == MR_TYPE_TIMESTAMP) return true;
    return mr_fail_at(reader->err, node->place,
        "type mismatch: the watermark's field '%s' is %s, not timestamp", field->name,
        mr_type_name(field->type));
}

static bool read_punctuation(struct mr_graph_reader *reader, const struct mr_yaml *watermark,
    const struct mr_schema *schema, struct mr_read_from_log *out)
{
    const struct mr_yaml *when = mr_config_get(watermark, "when");
    const struct mr_yaml *field = mr_config_get(watermark, "field");
    const char *language;
    if ((when != NULL) == (field != NULL))
        return mr_fail_at(reader->err, watermark->place,
            "a watermark of strategy 'punctuated' needs either 'when' or 'field'");
    if (!mr_config_language(reader, watermark, &language)) return false;
    if (field) return read_punctuation_field(reader, field, schema, &out->punctuation_field);
    if (!mr_config_expression(reader, when, "'when' of the watermark", language, MR_USE_KEEP,
            schema, &out->punctuation))
        return false;
    if (!mr_expression_is_foreign(out->punctuation)) return true;
    return mr_fail_at(reader->err, when->place,
        "'when' of the watermark must be of the pure subset of Python");
}

static bool read_idleness(struct mr_graph_reader *reader, const struct mr_yaml *watermark,
    struct mr_read_from_log *out)
{
    const struct mr_yaml *idle = mr_config_get(watermark, "idle_after");
    if (!idle) return true;
    if (out->strategy == MR_WATERMARK_PROCESSING_TIME)
        return mr_fail_at(reader->err, idle->place,
            "'idle_after' does not go with the strategy 'processing_time': its watermark rises "
            "without rows");
    if (!mr_config_duration(reader, idle, "idle_after", &out->idle_after_ns)) return false;
    if (out->idle_after_ns > 0) return true;
    return mr_fail_at(reader->err, idle->place,
        "idle_after must be more than zero; without it a partition is never idle");
}

static bool find_group(struct mr_graph_reader *reader, const struct mr_yaml *node, uint32_t *out)
{
    const char *name;
    if (!mr_config_name(reader, node, "the group of an alignment", &name)) return false;
    for (uint32_t i = 0; i < reader->n_alignment_groups; i++) {
        if (strcmp(reader->alignment_groups[i], name) != 0) continue;
        *out = i;
        return true;
    }
    if (reader->n_alignment_groups == MR_ALIGNMENT_GROUPS_MAX)
        return mr_fail_at(reader->err, node->place, "at most %d alignment groups",
            (int)MR_ALIGNMENT_GROUPS_MAX);
    *out = reader->n_alignment_groups;
    reader->alignment_groups[reader->n_alignment_groups++] = name;
    return true;
}

static bool read_alignment(struct mr_graph_reader *reader, const struct mr_yaml *watermark,
    struct mr_read_from_log *out)
{
    static const char *const keys[] = {"group", "max_drift"};
    const struct mr_yaml *alignment = mr_config_get(watermark, "alignment");
    if (!alignment) return true;
    if (out->strategy == MR_WATERMARK_PROCESSING_TIME)
        return mr_fail_at(reader->err, alignment->place,
            "'alignment' does not go with the strategy 'processing_time': no clock runs ahead");
    if (!mr_config_keys(reader, alignment, "alignment", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_yaml *group = mr_config_get(alignment, "group");
    const struct mr_yaml *drift = mr_config_get(alignment, "max_drift");
    if (!group || !drift)
        return mr_fail_at(reader->err, alignment->place, "an alignment needs '%s'",
            group ? "max_drift" : "group");
    mr_ns drift_ns;
    if (!find_group(reader, group, &out->alignment.group) ||
        !mr_config_duration(reader, drift, "max_drift", &drift_ns))
        return false;
    out->alignment.max_drift_us = mr_us_from_ns(drift_ns);
    out->alignment.is_aligned = true;
    return true;
}

/* What the strategy needs, and nothing that is another one's. */
static bool read_strategy(struct mr_graph_reader *reader, const struct mr_yaml *watermark,
    const struct mr_schema *schema, struct mr_read_from_log *out)
{
    bool is_bounded = out->strategy == MR_WATERMARK_BOUNDED;
    bool is_punctuated = out->strategy == MR_WATERMARK_PUNCTUATED;
    if (!is_bounded && !refuse_key(reader, watermark, "max_out_of_orderness", "bounded"))
        return false;
    if (!is_punctuated && (!refuse_key(reader, watermark, "when", "punctuated") ||
                              !refuse_key(reader, watermark, "field", "punctuated") ||
                              !refuse_key(reader, watermark, "language", "punctuated")))
        return false;
    if (is_bounded) return read_bound(reader, watermark, &out->max_out_of_orderness_us);
    return !is_punctuated || read_punctuation(reader, watermark, schema, out);
}

bool mr_watermark_read(struct mr_graph_reader *reader, const struct mr_yaml *watermark,
    const struct mr_schema *schema, struct mr_read_from_log *out)
{
    static const char *const keys[] = {"strategy", "max_out_of_orderness", "when", "field",
        "language", "idle_after", "alignment"};
    static const char *const words[] = {
        "bounded", "ascending", "punctuated", "processing_time"};
    if (!mr_config_keys(reader, watermark, "watermark", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_yaml *strategy = mr_config_get(watermark, "strategy");
    if (!strategy)
        return mr_fail_at(reader->err, watermark->place, "a watermark needs a 'strategy'");
    size_t index;
    if (!mr_config_word(
            reader, strategy, "watermark strategy", words, MR_COUNT_OF(words), NULL, 0, &index))
        return false;
    out->strategy = (enum mr_watermark_strategy)index;
    return read_strategy(reader, watermark, schema, out) &&
           read_idleness(reader, watermark, out) && read_alignment(reader, watermark, out);
}
