/* Single values of a scenario: numbers, durations, shares, sizes, words, and what is drawn a seed. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

static const char *key_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

const struct mr_yaml *mr_read_key(const struct mr_yaml *map, const char *path)
{
    return mr_yaml_get(map, key_of(path));
}

const struct mr_yaml *mr_read_map(const struct mr_yaml *map, const char *path)
{
    static const struct mr_yaml empty = {.kind = MR_YAML_MAP};
    const struct mr_yaml *node = mr_read_key(map, path);
    return node ? node : &empty;
}

bool mr_read_required(struct mr_reading *reading, const struct mr_yaml *map, const char *path)
{
    if (mr_read_key(map, path)) return true;
    return mr_fail_node(reading, map, "'%s' is missing", path);
}

bool mr_fail_word(struct mr_reading *reading, const struct mr_yaml *node, const char *what,
    const char *word, const char *const *words, size_t n_words)
{
    mr_fail_node(reading, node, "unknown %s '%s'", what, word);
    mr_err_suggest(reading->err, word, words, n_words);
    return false;
}

bool mr_read_keys(struct mr_reading *reading, const struct mr_yaml *map, const char *what,
    const char *const *keys, size_t n_keys)
{
    return mr_yaml_only_keys(map, what, keys, n_keys, reading->err);
}

/* A scalar of the range's quantity. */
static bool read_scalar(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    struct mr_range range, int64_t *out)
{
    if (range.quantity == MR_QUANTITY_COUNT)
        return mr_yaml_as_int(node, path, range.min, range.max, out, reading->err);
    mr_ns span_ns;
    if (!mr_yaml_as_duration(node, path, false, &span_ns, reading->err)) return false;
    int64_t value = range.quantity == MR_QUANTITY_US ? span_ns / 1000 : span_ns;
    char text[MR_TIME_TEXT_BYTES];
    int64_t unit_ns = range.quantity == MR_QUANTITY_US ? 1000 : 1;
    if (value < range.min && range.min == 1)
        return mr_fail_node(reading, node, "'%s' must be more than 0", path);
    if (value < range.min)
        return mr_fail_node(reading, node, "'%s' must be at least %s", path,
            mr_duration_format(range.min * unit_ns, text));
    if (value > range.max)
        return mr_fail_node(reading, node, "'%s' must be at most %s", path,
            mr_duration_format(range.max * unit_ns, text));
    *out = value;
    return true;
}

bool mr_read_integer(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    struct mr_range range, int64_t *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    return !node || read_scalar(reading, node, path, range, out);
}

bool mr_read_u32(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    uint32_t min, uint32_t max, uint32_t *out)
{
    int64_t value = *out;
    if (!mr_read_integer(reading, map, path, MR_RANGE_COUNT(min, max), &value)) return false;
    *out = (uint32_t)value;
    return true;
}

bool mr_read_bool(struct mr_reading *reading, const struct mr_yaml *map, const char *path, bool *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    return !node || mr_yaml_as_bool(node, path, out, reading->err);
}

bool mr_read_text(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    const char **out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    return !node || mr_yaml_as_text(node, path, out, reading->err);
}

bool mr_read_word(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    const char *const *words, size_t n_words, int *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    if (!node) return true;
    const char *word;
    if (!mr_yaml_as_text(node, path, &word, reading->err)) return false;
    for (size_t i = 0; i < n_words; i++) {
        if (strcmp(words[i], word) != 0) continue;
        *out = (int)i;
        return true;
    }
    return mr_fail_word(reading, node, path, word, words, n_words);
}

/* Digits with perhaps a point as part / 10^n; false when it is no such number or has more than nine digits. */
static bool parse_decimal(const char *text, const char **end, uint64_t *part, uint64_t *whole)
{
    *part = 0;
    *whole = 1;
    bool has_point = false;
    int digits = 0;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !has_point); text++) {
        if (*text == '.') {
            has_point = true;
            continue;
        }
        if (++digits > 9) return false;
        *part = *part * 10 + (uint64_t)(*text - '0');
        if (has_point) *whole *= 10;
    }
    *end = text;
    return digits > 0;
}

static bool parse_ratio(const char *text, struct mr_ratio *out)
{
    uint64_t part, whole;
    const char *end;
    if (!parse_decimal(text, &end, &part, &whole)) return false;
    if (*end == '%') {
        whole *= 100;
        end++;
    }
    if (*end || part > whole) return false;
    while (whole > 1 && part % 10 == 0 && whole % 10 == 0) {
        part /= 10;
        whole /= 10;
    }
    if (whole > UINT32_MAX) return false;
    *out = (struct mr_ratio){(uint32_t)part, (uint32_t)whole};
    return true;
}

static bool is_scalar(const struct mr_yaml *node)
{
    return node->kind == MR_YAML_INT || node->kind == MR_YAML_FLOAT || node->kind == MR_YAML_TEXT;
}

bool mr_read_ratio(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    struct mr_ratio *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    if (!node) return true;
    if (!is_scalar(node) || !parse_ratio(node->text, out))
        return mr_fail_node(reading, node, "'%s' must be a share such as 0.1%% or 0.001, from 0 to 1",
            path);
    return true;
}

static bool parse_bytes(const char *text, int64_t *out)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {{"", 1}, {"B", 1}, {"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000},
        {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    uint64_t value = 0;
    const char *end = text;
    for (; *end >= '0' && *end <= '9'; end++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*end - '0'), &value))
            return false;
    if (end == text) return false;
    end += *end == ' ';
    for (size_t i = 0; i < MR_COUNT_OF(units); i++)
        if (strcmp(units[i].name, end) == 0)
            return !__builtin_mul_overflow(value, (uint64_t)units[i].bytes, &value) &&
                value <= (uint64_t)1 << 50 && (*out = (int64_t)value, true);
    return false;
}

bool mr_read_bytes(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    int64_t *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    if (!node) return true;
    if (!is_scalar(node) || !parse_bytes(node->text, out))
        return mr_fail_node(reading, node,
            "'%s' must be bytes such as 512MB or 1GiB (B kB MB GB KiB MiB GiB), at most 2^50", path);
    return true;
}

static bool read_between(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    struct mr_range range, struct mr_distribution *out)
{
    static const char *const keys[] = {"between"};
    if (!mr_read_keys(reading, node, path, keys, 1)) return false;
    const struct mr_yaml *ends = mr_yaml_get(node, "between");
    if (ends->kind != MR_YAML_LIST || ends->n != 2)
        return mr_fail_node(reading, ends, "'between' must be a list of two: [least, most]");
    int64_t least, most;
    if (!read_scalar(reading, ends->items[0], path, range, &least)) return false;
    if (!read_scalar(reading, ends->items[1], path, range, &most)) return false;
    if (least > most)
        return mr_fail_node(reading, ends, "the interval of '%s' is empty: %s is more than %s", path,
            ends->items[0]->text, ends->items[1]->text);
    *out = mr_distribution_uniform(least, most);
    return true;
}

/* What a kind of distribution may say; the required ones first. */
struct shape {
    const char *kind;
    size_t n_required;
    size_t n_keys; /* "kind" included, as the last */
    const char *keys[6];
};
enum { SHAPE_CONSTANT, SHAPE_UNIFORM, SHAPE_EXPONENTIAL, SHAPE_LOGNORMAL, SHAPE_BIMODAL, SHAPE_TABLE };
static const struct shape shapes[] = {
    [SHAPE_CONSTANT] = {"constant", 1, 2, {"value", "kind"}},
    [SHAPE_UNIFORM] = {"uniform", 2, 3, {"min", "max", "kind"}},
    [SHAPE_EXPONENTIAL] = {"exponential", 1, 4, {"mean", "min", "max", "kind"}},
    [SHAPE_LOGNORMAL] = {"lognormal", 2, 5, {"median", "p99", "min", "max", "kind"}},
    [SHAPE_BIMODAL] = {"bimodal", 3, 4, {"first", "second", "share", "kind"}},
    [SHAPE_TABLE] = {"table", 1, 2, {"quantiles", "kind"}},
};

static bool fail_order(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    const char *least, const char *most)
{
    return mr_fail_node(reading, node, "the distribution of '%s' is empty: its %s is more than its %s",
        path, least, most);
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

static bool read_lognormal(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    struct mr_range range, struct mr_distribution *out)
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
        if (!read_scalar(reading, list->items[i], path, range, &quantiles[i])) return false;
        if (i > 0 && quantiles[i] < quantiles[i - 1])
            return mr_fail_node(reading, list->items[i], "the quantiles of '%s' must rise", path);
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
    static const char *const kinds[] = {
        "constant", "uniform", "exponential", "lognormal", "bimodal", "table"};
    int kind = 0;
    if (!mr_read_word(reading, node, "kind", kinds, MR_COUNT_OF(kinds), &kind)) return false;
    const struct shape *shape = &shapes[kind];
    if (!mr_read_keys(reading, node, path, shape->keys, shape->n_keys)) return false;
    for (size_t i = 0; i < shape->n_required; i++)
        if (!mr_read_required(reading, node, shape->keys[i])) return false;
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
    case SHAPE_EXPONENTIAL: return read_exponential(reading, node, path, range, out);
    case SHAPE_LOGNORMAL: return read_lognormal(reading, node, path, range, out);
    case SHAPE_BIMODAL: return read_bimodal(reading, node, range, out);
    default: return read_table(reading, node, path, range, out);
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
            "'%s' must be a value, {between: [least, most]} or a distribution {kind: ...}", path);
    int64_t value;
    if (!read_scalar(reading, node, path, range, &value)) return false;
    *out = mr_distribution_constant(value);
    return true;
}

bool mr_read_distribution(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    struct mr_range range, struct mr_distribution *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    return !node || read_distribution_node(reading, node, path, range, out);
}

struct mr_drawn mr_drawn_constant(const char *name, int64_t value)
{
    return (struct mr_drawn){.name = name, .distribution = mr_distribution_constant(value)};
}

static bool read_choices(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    struct mr_range range, struct mr_drawn *out)
{
    static const char *const keys[] = {"seeded"};
    if (!mr_read_keys(reading, node, path, keys, 1)) return false;
    const struct mr_yaml *list = mr_yaml_get(node, "seeded");
    if (list->kind != MR_YAML_LIST || list->n == 0 || list->n > 10000)
        return mr_fail_node(reading, list, "'seeded' must be a list of values to draw from");
    int64_t *choices = mr_region_array(reading->region, int64_t, list->n);
    for (uint32_t i = 0; i < list->n; i++)
        if (!read_scalar(reading, list->items[i], path, range, &choices[i])) return false;
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
