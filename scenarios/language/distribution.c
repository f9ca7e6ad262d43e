/* Values that differ: distributions, and what is drawn once a seed. */
#include "scenarios/language/scenario_internal.h"

static bool read_between(struct mr_reading *reading, const struct mr_yaml *node,
    const char *path, struct mr_range range, struct mr_distribution *out)
{
    if (!mr_read_keys(reading, node, path, MR_MAP_BETWEEN)) return false;
    const struct mr_yaml *ends = mr_yaml_get(node, "between");
    if (ends->kind != MR_YAML_LIST || ends->n != 2)
        return mr_fail_node(reading, ends, "'between' must be a list of two: [least, most]");
    int64_t least, most;
    if (!mr_read_scalar(reading, ends->items[0], path, range, &least)) return false;
    if (!mr_read_scalar(reading, ends->items[1], path, range, &most)) return false;
    if (least > most)
        return mr_fail_node(reading, ends, "the interval of '%s' is empty: %s is more than %s",
            path, ends->items[0]->text, ends->items[1]->text);
    *out = mr_distribution_uniform(least, most);
    return true;
}

/* Distributions; of each kind the first keys of its map are required. */
enum {
    SHAPE_CONSTANT,
    SHAPE_UNIFORM,
    SHAPE_EXPONENTIAL,
    SHAPE_LOGNORMAL,
    SHAPE_BIMODAL,
    SHAPE_TABLE
};
static const char *const kinds[] = {
    "constant", "uniform", "exponential", "lognormal", "bimodal", "table"};
static const size_t n_required[] = {1, 2, 1, 2, 3, 1};

static bool fail_order(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    const char *least, const char *most)
{
    return mr_fail_node(reading, node,
        "the distribution of '%s' is empty: its %s is more than its %s", path, least, most);
}

/* min and max, the default of max being ten times `typical`, within the range. */
static bool read_ends(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    struct mr_range range, int64_t typical, int64_t *least, int64_t *most)
{
    *least = range.min;
    if (__builtin_mul_overflow(typical, 10, most) || *most > range.max) *most = range.max;
    if (*most < range.min) *most = range.min;
    return mr_read_integer(reading, node, "min", range, least) &&
           mr_read_integer(reading, node, "max", range, most) &&
           (*least <= *most || fail_order(reading, node, path, "min", "max"));
}

static bool read_exponential(struct mr_reading *reading, const struct mr_yaml *node,
    const char *path, struct mr_range range, struct mr_distribution *out)
{
    int64_t mean = 0, least, most;
    struct mr_range whole = range;
    whole.min = 0;
    if (!mr_read_integer(reading, node, "mean", whole, &mean)) return false;
    if (!read_ends(reading, node, path, range, mean, &least, &most)) return false;
    *out = mr_distribution_exponential(reading->region, least, mean, most);
    return true;
}

static bool read_lognormal(struct mr_reading *reading, const struct mr_yaml *node,
    const char *path, struct mr_range range, struct mr_distribution *out)
{
    int64_t median = 0, p99 = 0, least, most;
    struct mr_range positive = range;
    if (positive.min < 1) positive.min = 1;
    if (!mr_read_integer(reading, node, "median", positive, &median)) return false;
    if (!mr_read_integer(reading, node, "p99", positive, &p99)) return false;
    if (median > p99) return fail_order(reading, node, path, "median", "p99");
    if (!read_ends(reading, node, path, range, p99, &least, &most)) return false;
    *out = mr_distribution_lognormal(reading->region, median, p99, least, most);
    return true;
}

static bool read_bimodal(struct mr_reading *reading, const struct mr_yaml *node,
    struct mr_range range, struct mr_distribution *out)
{
    struct mr_distribution *first = mr_region_new(reading->region, struct mr_distribution);
    struct mr_distribution *second = mr_region_new(reading->region, struct mr_distribution);
    struct mr_ratio share = {1, 2};
    if (!mr_read_distribution(reading, node, "first", range, first)) return false;
    if (!mr_read_distribution(reading, node, "second", range, second)) return false;
    if (!mr_read_ratio(reading, node, "share", &share)) return false;
    *out = (struct mr_distribution){.kind = MR_DISTRIBUTION_BIMODAL,
        .min = first->min < second->min ? first->min : second->min,
        .max = first->max > second->max ? first->max : second->max,
        .ratio = share,
        .first = first,
        .second = second};
    return true;
}

static bool read_table(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    struct mr_range range, struct mr_distribution *out)
{
    const struct mr_yaml *list = mr_yaml_get(node, "quantiles");
    if (list->kind != MR_YAML_LIST || list->n < 2 || list->n > 100000)
        return mr_fail_node(reading, list, "'quantiles' must be a list of at least two values");
    int64_t *quantiles = mr_region_array(reading->region, int64_t, list->n);
    for (uint32_t i = 0; i < list->n; i++) {
        if (!mr_read_scalar(reading, list->items[i], path, range, &quantiles[i])) return false;
        if (i > 0 && quantiles[i] < quantiles[i - 1])
            return mr_fail_node(
                reading, list->items[i], "the quantiles of '%s' must rise", path);
    }
    *out = (struct mr_distribution){.kind = MR_DISTRIBUTION_TABLE,
        .min = quantiles[0],
        .max = quantiles[list->n - 1],
        .quantiles = quantiles,
        .n_quantiles = list->n};
    return true;
}

static bool read_shape(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    struct mr_range range, struct mr_distribution *out)
{
    int kind = 0;
    if (!mr_read_word(reading, node, "kind", kinds, MR_COUNT_OF(kinds), &kind)) return false;
    enum mr_map map = (enum mr_map)((int)MR_MAP_CONSTANT + kind);
    if (!mr_read_keys(reading, node, path, map)) return false;
    for (size_t i = 0; i < n_required[kind]; i++)
        if (!mr_read_required(reading, node, mr_map_keys[map].keys[i])) return false;
    int64_t least = range.min, most = range.max;
    switch (kind) {
    case SHAPE_CONSTANT:
        if (!mr_read_integer(reading, node, "value", range, &least)) return false;
        *out = mr_distribution_constant(least);
        return true;
    case SHAPE_UNIFORM:
        if (!read_ends(reading, node, path, range, most, &least, &most)) return false;
        *out = mr_distribution_uniform(least, most);
        return true;
    case SHAPE_EXPONENTIAL:
        return read_exponential(reading, node, path, range, out);
    case SHAPE_LOGNORMAL:
        return read_lognormal(reading, node, path, range, out);
    case SHAPE_BIMODAL:
        return read_bimodal(reading, node, range, out);
    default:
        return read_table(reading, node, path, range, out);
    }
}

static bool read_distribution_node(struct mr_reading *reading, const struct mr_yaml *node,
    const char *path, struct mr_range range, struct mr_distribution *out)
{
    if (node->kind == MR_YAML_MAP && mr_yaml_get(node, "between"))
        return read_between(reading, node, path, range, out);
    if (node->kind == MR_YAML_MAP && mr_yaml_get(node, "kind"))
        return read_shape(reading, node, path, range, out);
    if (node->kind == MR_YAML_MAP || node->kind == MR_YAML_LIST)
        return mr_fail_node(reading, node,
            "'%s' must be a value, {between: [least, most]} or a distribution {kind: ...}",
            path);
    int64_t value;
    if (!mr_read_scalar(reading, node, path, range, &value)) return false;
    *out = mr_distribution_constant(value);
    return true;
}

bool mr_read_distribution(struct mr_reading *reading, const struct mr_yaml *map,
    const char *path, struct mr_range range, struct mr_distribution *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    return !node || read_distribution_node(reading, node, path, range, out);
}

struct mr_drawn mr_drawn_constant(const char *name, int64_t value)
{
    return (struct mr_drawn){.name = name, .distribution = mr_distribution_constant(value)};
}

static bool read_choices(struct mr_reading *reading, const struct mr_yaml *node,
    const char *path, struct mr_range range, struct mr_drawn *out)
{
    if (!mr_read_keys(reading, node, path, MR_MAP_SEEDED)) return false;
    const struct mr_yaml *list = mr_yaml_get(node, "seeded");
    if (list->kind != MR_YAML_LIST || list->n == 0 || list->n > 10000)
        return mr_fail_node(reading, list, "'seeded' must be a list of values to draw from");
    int64_t *choices = mr_region_array(reading->region, int64_t, list->n);
    for (uint32_t i = 0; i < list->n; i++)
        if (!mr_read_scalar(reading, list->items[i], path, range, &choices[i])) return false;
    out->choices = choices;
    out->n_choices = list->n;
    return true;
}

bool mr_read_drawn(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    const char *name, struct mr_range range, struct mr_drawn *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    out->name = name;
    if (!node) return true;
    out->node = node;
    out->n_choices = 0;
    if (node->kind == MR_YAML_MAP && mr_yaml_get(node, "seeded"))
        return read_choices(reading, node, path, range, out);
    return read_distribution_node(reading, node, path, range, &out->distribution);
}
