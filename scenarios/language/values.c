/* Single values of a scenario: numbers, durations, shares, sizes, words, and what is drawn a
 * seed. */
#include <stdio.h>
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

/* The hint where no word is near: all of them, if they are few. */
static void list_words(struct mr_err *err, const char *const *words, size_t n_words)
{
    if (err->hint[0] || n_words > 8) return;
    size_t used = 0;
    for (size_t i = 0; i < n_words && used < sizeof err->hint; i++)
        used += (size_t)snprintf(err->hint + used, sizeof err->hint - used, "%s%s",
            i == 0 ? "known: " : ", ", words[i]);
}

bool mr_fail_word(struct mr_reading *reading, const struct mr_yaml *node, const char *what,
    const char *word, const char *const *words, size_t n_words)
{
    mr_fail_node(reading, node, "unknown %s '%s'", what, word);
    mr_err_suggest(reading->err, word, words, n_words);
    list_words(reading->err, words, n_words);
    return false;
}

bool mr_read_scalar(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
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
    return !node || mr_read_scalar(reading, node, path, range, out);
}

bool mr_read_u32(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    uint32_t min, uint32_t max, uint32_t *out)
{
    int64_t value = *out;
    if (!mr_read_integer(reading, map, path, MR_RANGE_COUNT(min, max), &value)) return false;
    *out = (uint32_t)value;
    return true;
}

bool mr_read_bool(
    struct mr_reading *reading, const struct mr_yaml *map, const char *path, bool *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    return !node || mr_yaml_as_bool(node, path, out, reading->err);
}

bool mr_read_text(
    struct mr_reading *reading, const struct mr_yaml *map, const char *path, const char **out)
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

/* Digits with perhaps a point as part / 10^n; false when it is no such number or has more than
 * nine digits. */
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
    return node->kind == MR_YAML_INT || node->kind == MR_YAML_FLOAT ||
           node->kind == MR_YAML_TEXT;
}

bool mr_read_ratio(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    struct mr_ratio *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    if (!node) return true;
    if (!is_scalar(node) || !parse_ratio(node->text, out))
        return mr_fail_node(
            reading, node, "'%s' must be a share such as 0.1%% or 0.001, from 0 to 1", path);
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

bool mr_read_bytes(
    struct mr_reading *reading, const struct mr_yaml *map, const char *path, int64_t *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    if (!node) return true;
    if (!is_scalar(node) || !parse_bytes(node->text, out))
        return mr_fail_node(reading, node,
            "'%s' must be bytes such as 512MB or 1GiB (B kB MB GB KiB MiB GiB), at most 2^50",
            path);
    return true;
}
