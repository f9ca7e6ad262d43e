/* What pandas makes of the texts of a column. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/pipeline/frame.h"

enum column_type { INTEGERS, NUMBERS, BOOLEANS, TEXTS };

/* What pandas.read_csv takes for a value that is not there. */
static bool is_missing(const char *text)
{
    static const char *const words[] = {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN",
        "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a",
        "nan", "null"};
    if (!text) return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], text) == 0) return true;
    return false;
}

static const char *digits(const char *text)
{
    return text + strspn(text, "0123456789");
}

/* Spaces around a number do not count. */
static bool ends_here(const char *text)
{
    return text[strspn(text, " ")] == '\0';
}

static bool to_integer(const char *text, int64_t *out)
{
    text += strspn(text, " ");
    const char *first = text + (*text == '-' || *text == '+');
    const char *end = digits(first);
    if (end == first || !ends_here(end)) return false;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    *out = value;
    return errno == 0;
}

static bool is_infinite(const char *text, double *out)
{
    static const char *const words[] = {
        "inf", "Inf", "INF", "infinity", "Infinity", "INFINITY"};
    bool is_negative = *text == '-';
    text += is_negative || *text == '+';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], text) != 0) continue;
        *out = is_negative ? -__builtin_inf() : __builtin_inf();
        return true;
    }
    return false;
}

static bool to_number(const char *text, double *out)
{
    text += strspn(text, " ");
    if (is_infinite(text, out)) return true;
    const char *whole = text + (*text == '-' || *text == '+');
    const char *point = digits(whole);
    const char *end = *point == '.' ? digits(point + 1) : point;
    if (end - whole == (*point == '.')) return false; /* no digit at all */
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1 + (end[1] == '-' || end[1] == '+');
        if (digits(exponent) == exponent) return false;
        end = digits(exponent);
    }
    if (!ends_here(end)) return false;
    *out = strtod(text, NULL);
    return true;
}

static bool to_boolean(const char *text, bool *out)
{
    bool is_true =
        strcmp(text, "True") == 0 || strcmp(text, "TRUE") == 0 || strcmp(text, "true") == 0;
    bool is_false =
        strcmp(text, "False") == 0 || strcmp(text, "FALSE") == 0 || strcmp(text, "false") == 0;
    *out = is_true;
    return is_true || is_false;
}

static enum column_type type_of(const struct mr_frame *frame, uint32_t column)
{
    bool are[TEXTS] = {true, true, true};
    int64_t integer;
    double number;
    bool boolean;
    for (uint32_t i = 0; i < frame->n_rows; i++) {
        const char *text = frame->rows[i][column];
        bool has_value = !is_missing(text);
        are[INTEGERS] = are[INTEGERS] && has_value && to_integer(text, &integer);
        are[NUMBERS] = are[NUMBERS] && (!has_value || to_number(text, &number));
        are[BOOLEANS] = are[BOOLEANS] && has_value && to_boolean(text, &boolean);
    }
    for (int type = INTEGERS; type < TEXTS; type++)
        if (are[type]) return (enum column_type)type;
    return TEXTS;
}

static void set_value(struct mr_yaml *node, enum column_type type, const char *text)
{
    node->text = text ? text : "";
    node->kind = MR_YAML_TEXT;
    switch (type) {
    case INTEGERS:
        node->kind = MR_YAML_INT;
        to_integer(text, &node->integer);
        node->number = (double)node->integer;
        return;
    case NUMBERS:
        node->kind = MR_YAML_FLOAT;
        node->number = __builtin_nan("");
        if (!is_missing(text)) to_number(text, &node->number);
        return;
    case BOOLEANS:
        node->kind = MR_YAML_BOOL;
        to_boolean(text, &node->boolean);
        return;
    case TEXTS:
        if (is_missing(text)) node->kind = MR_YAML_NULL;
        return;
    }
}

const struct mr_yaml *mr_frame_elements(
    struct mr_region *region, const struct mr_frame *frame, struct mr_place place)
{
    uint32_t n = frame->n_columns;
    struct mr_yaml *list = mr_region_new(region, struct mr_yaml);
    struct mr_yaml *names = mr_region_array(region, struct mr_yaml, n + 1);
    const struct mr_yaml **keys = mr_region_array(region, const struct mr_yaml *, n + 1);
    const struct mr_yaml **rows =
        mr_region_array(region, const struct mr_yaml *, frame->n_rows + 1);
    enum column_type types[MR_FIELDS_MAX + 1];
    for (uint32_t k = 0; k < n; k++) {
        types[k] = type_of(frame, k);
        names[k] =
            (struct mr_yaml){.kind = MR_YAML_TEXT, .place = place, .text = frame->names[k]};
        keys[k] = &names[k];
    }
    for (uint32_t i = 0; i < frame->n_rows; i++) {
        struct mr_yaml *row = mr_region_array(region, struct mr_yaml, n + 1);
        const struct mr_yaml **items = mr_region_array(region, const struct mr_yaml *, n + 1);
        for (uint32_t k = 0; k < n; k++) {
            row[k + 1].place = place;
            set_value(&row[k + 1], types[k], frame->rows[i][k]);
            items[k] = &row[k + 1];
        }
        row[0] = (struct mr_yaml){
            .kind = MR_YAML_MAP, .place = place, .n = n, .items = items, .keys = keys};
        rows[i] = &row[0];
    }
    *list = (struct mr_yaml){
        .kind = MR_YAML_LIST, .place = place, .n = frame->n_rows, .items = rows};
    return list;
}
