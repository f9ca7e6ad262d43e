/* Beam's `generic` language: the whole text is a field, a literal, or one comparison of two of
 * them. Source: apache_beam/yaml/yaml_mapping.py, _validate_generic_expression. */
#include <stdlib.h>
#include <string.h>

#include "engine/expression/expression_internal.h"

/* The largest integer that Beam takes for one. */
#define INTEGER_MAX ((int64_t)INT32_MAX)

struct part {
    const char *text;
    uint32_t offset;
    uint32_t bytes;
};

static bool is_blank(char letter)
{
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

static bool is_operator(char letter)
{
    return letter == '<' || letter == '>' || letter == '=' || letter == '!';
}

static struct part part_trim(const struct mr_compiler *compiler, uint32_t from, uint32_t to)
{
    while (from < to && is_blank(compiler->text[from])) from++;
    while (to > from && is_blank(compiler->text[to - 1])) to--;
    return (struct part){compiler->text + from, from, to - from};
}

static uint32_t skip_digits(const struct part *part, uint32_t at)
{
    while (at < part->bytes && part->text[at] >= '0' && part->text[at] <= '9') at++;
    return at;
}

/* -?\d+ and -?\d+\.\d* */
static bool read_number(const char *text, const struct part *part, struct mr_value *out)
{
    uint32_t sign = part->bytes > 0 && part->text[0] == '-';
    uint32_t whole = skip_digits(part, sign);
    if (whole == sign) return false;
    if (whole < part->bytes) {
        if (part->text[whole] != '.' || skip_digits(part, whole + 1) != part->bytes)
            return false;
        *out = (struct mr_value){.f = strtod(text, NULL), .type = MR_TYPE_FLOAT};
        return true;
    }
    int64_t value = 0;
    for (uint32_t i = sign; i < whole; i++) {
        value = value * 10 + (part->text[i] - '0');
        if (value > INTEGER_MAX) return false;
    }
    /* It is Python that reads it in the end, and there 012 is an error. */
    if (part->text[sign] == '0' && value != 0) return false;
    *out = (struct mr_value){.i = sign ? -value : value, .type = MR_TYPE_INT};
    return true;
}

/* A double-quoted text without a backslash or a quote in it. */
static bool read_text(const char *text, const struct part *part, struct mr_value *out)
{
    if (part->bytes < 2 || text[0] != '"' || text[part->bytes - 1] != '"') return false;
    for (uint32_t i = 1; i + 1 < part->bytes; i++)
        if (text[i] == '"' || text[i] == '\\' || text[i] == '\n') return false;
    *out =
        (struct mr_value){.text = text + 1, .bytes = part->bytes - 2, .type = MR_TYPE_STRING};
    return true;
}

/* A field or a literal; NULL without an error when it is neither. */
static struct mr_node *read_atom(const struct mr_compiler *compiler, const struct part *part)
{
    const char *text = mr_region_strndup(compiler->region, part->text, part->bytes);
    int field = mr_schema_find(compiler->schema, text);
    struct mr_value value = {.type = MR_TYPE_NULL};
    if (field < 0 && !read_number(text, part, &value) && !read_text(text, part, &value))
        return NULL;
    struct mr_node *node = mr_node_new(
        compiler, field < 0 ? MR_NODE_LITERAL : MR_NODE_FIELD, part->offset, NULL, 0);
    node->field = field;
    node->literal = value;
    return node;
}

static bool is_name(const struct part *part)
{
    for (uint32_t i = 0; i < part->bytes; i++) {
        char letter = part->text[i];
        bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                         letter == '_' || letter == '.' || (unsigned char)letter >= 0x80;
        bool is_digit = letter >= '0' && letter <= '9';
        if (!is_letter && (i == 0 || !is_digit)) return false;
    }
    return part->bytes > 0;
}

static struct mr_node *fail_atom(const struct mr_compiler *compiler, const struct part *part)
{
    const char *text = mr_region_strndup(compiler->region, part->text, part->bytes);
    if (is_name(part))
        mr_compiler_unknown_field(compiler, part->offset, text);
    else
        mr_compiler_fail(compiler, part->offset,
            "'%s' is not a field, a number or a text in double quotes, and language 'generic' "
            "knows nothing else: add 'language: python'",
            text);
    return NULL;
}

/* The comparison whose operator is text[at], the last such letter: Beam's regular expression is
 * greedy, so that of its six operators only two can ever match. */
static struct mr_node *read_comparison(
    const struct mr_compiler *compiler, uint32_t at, uint32_t bytes)
{
    struct part left = part_trim(compiler, 0, at);
    struct part right = part_trim(compiler, at + 1, bytes);
    char letter = compiler->text[at];
    if (letter == '=' || letter == '!' ||
        (left.bytes && is_operator(left.text[left.bytes - 1]))) {
        struct part whole = part_trim(compiler, 0, bytes);
        mr_compiler_fail(compiler, whole.offset,
            "language 'generic' compares by '<' and '>' alone: add 'language: python'");
        return NULL;
    }
    struct mr_node *const arguments[] = {
        read_atom(compiler, &left), read_atom(compiler, &right)};
    if (!arguments[0]) return fail_atom(compiler, &left);
    if (!arguments[1]) return fail_atom(compiler, &right);
    struct mr_node *node = mr_node_new(compiler, MR_NODE_COMPARE, left.offset, arguments, 2);
    uint8_t *comparison = mr_region_alloc(compiler->region, 1);
    *comparison = letter == '<' ? MR_COMPARE_LESS : MR_COMPARE_GREATER;
    node->comparisons = comparison;
    return node;
}

struct mr_node *mr_parse_generic(const struct mr_compiler *compiler, enum mr_expression_use use)
{
    uint32_t bytes = (uint32_t)strlen(compiler->text);
    struct part whole = part_trim(compiler, 0, bytes);
    struct part written = {compiler->text, 0, bytes}; /* a field may have blanks in its name */
    struct mr_node *node = read_atom(compiler, &written);
    if (!node) node = read_atom(compiler, &whole);
    if (node) return node;
    uint32_t at = bytes;
    while (at > 0 && !is_operator(compiler->text[at - 1])) at--;
    if (at > 0 && use != MR_USE_TIMESTAMP) return read_comparison(compiler, at - 1, bytes);
    return fail_atom(compiler, &whole);
}
