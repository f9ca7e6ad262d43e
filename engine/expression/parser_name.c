/* Names in an expression: constants, fields, functions and methods. */
#include <string.h>

#include "engine/expression/parser_internal.h"

struct word {
    const char *text;
    enum mr_node_kind kind;
    uint32_t n_min;
    uint32_t n_max;
};

static const struct word functions[] = {
    {"len", MR_NODE_LEN, 1, 1},
    {"str", MR_NODE_STR, 1, 1},
    {"int", MR_NODE_INT, 1, 1},
    {"float", MR_NODE_FLOAT, 1, 1},
    {"abs", MR_NODE_ABS, 1, 1},
    {"min", MR_NODE_MIN, 2, MR_ARGUMENTS_MAX},
    {"max", MR_NODE_MAX, 2, MR_ARGUMENTS_MAX},
    {"round", MR_NODE_ROUND, 1, 1},
};
/* With the text that the method is of as the first argument. */
static const struct word methods[] = {
    {"upper", MR_NODE_UPPER, 1, 1},
    {"lower", MR_NODE_LOWER, 1, 1},
    {"startswith", MR_NODE_STARTSWITH, 2, 2},
    {"endswith", MR_NODE_ENDSWITH, 2, 2},
    {"strip", MR_NODE_STRIP, 1, 2},
    {"lstrip", MR_NODE_LSTRIP, 1, 2},
    {"rstrip", MR_NODE_RSTRIP, 1, 2},
    {"replace", MR_NODE_REPLACE, 3, 3},
    {"find", MR_NODE_FIND, 2, 2},
    {"count", MR_NODE_COUNT, 2, 2},
};
enum {
    N_FUNCTIONS = sizeof functions / sizeof *functions,
    N_METHODS = sizeof methods / sizeof *methods
};

static const char *const keywords[] = {"False", "None", "True", "and", "as", "assert", "async",
    "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally",
    "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
    "pass", "raise", "return", "try", "while", "with", "yield"};

static bool is_keyword(const char *text)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keywords[i], text) == 0) return true;
    return false;
}

/* ---- calls ---- */

/* `(a, b)`; the token is the parenthesis. False with an error. */
static bool parse_arguments(
    struct mr_parser *parser, struct mr_node **arguments, uint32_t *n_arguments)
{
    if (!mr_parser_advance(parser)) return false;
    while (!mr_parser_is_operator(parser, ")")) {
        if (*n_arguments == MR_ARGUMENTS_MAX)
            return mr_compiler_fail(parser->compiler, parser->token.offset,
                "more than %d arguments are not supported", MR_ARGUMENTS_MAX);
        if (mr_parser_is_operator(parser, "*") || mr_parser_is_operator(parser, "**")) {
            mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
            return mr_compiler_fail(parser->compiler, parser->token.offset,
                "unpacking of arguments ('%s') is not supported", parser->token.text);
        }
        uint32_t offset = parser->token.offset;
        struct mr_node *argument = mr_parse_expression(parser);
        if (!argument) return false;
        if (mr_parser_is_operator(parser, "=")) {
            mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
            return mr_compiler_fail(
                parser->compiler, offset, "arguments by keyword are not supported");
        }
        arguments[(*n_arguments)++] = argument;
        if (!mr_parser_is_operator(parser, ")") && !mr_parser_expect(parser, ",")) return false;
    }
    return mr_parser_advance(parser);
}

static struct mr_node *parse_call(
    struct mr_parser *parser, const struct word *word, uint32_t offset, struct mr_node *self)
{
    struct mr_node *arguments[MR_ARGUMENTS_MAX];
    uint32_t n = 0;
    if (self) arguments[n++] = self;
    if (!parse_arguments(parser, arguments, &n)) return NULL;
    if (n >= word->n_min && n <= word->n_max)
        return mr_node_new(
            parser->compiler, word->kind, self ? self->offset : offset, arguments, n);
    uint32_t hidden = self ? 1 : 0;
    mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
    mr_compiler_fail(parser->compiler, offset, "'%s' takes %s%u argument%s here, not %u",
        word->text, word->n_min < word->n_max ? "at least " : "", word->n_min - hidden,
        word->n_min - hidden == 1 ? "" : "s", n - hidden);
    return NULL;
}

static struct mr_node *fail_unknown_word(struct mr_parser *parser, const char *what,
    const char *text, uint32_t offset, const struct word *words, size_t n_words)
{
    const char *names[N_FUNCTIONS + N_METHODS];
    struct mr_text list = {0};
    for (size_t i = 0; i < n_words; i++) {
        names[i] = words[i].text;
        mr_text_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
    mr_compiler_fail(parser->compiler, offset, "%s '%s' is not supported; there are %s", what,
        text, list.data);
    mr_text_deinit(&list);
    mr_err_suggest(parser->compiler->err, text, names, n_words);
    return NULL;
}

/* `.upper()`; the token is the point. */
struct mr_node *mr_parse_method(struct mr_parser *parser, struct mr_node *self)
{
    if (!mr_parser_advance(parser)) return NULL;
    struct mr_token name = parser->token;
    if (name.kind != MR_TOKEN_NAME) {
        mr_parser_fail_token(parser);
        return NULL;
    }
    if (!mr_parser_advance(parser)) return NULL;
    const struct word *method = NULL;
    for (size_t i = 0; i < N_METHODS; i++)
        if (strcmp(methods[i].text, name.text) == 0) method = &methods[i];
    if (!method)
        return fail_unknown_word(
            parser, "method or attribute", name.text, name.offset, methods, N_METHODS);
    if (mr_parser_is_operator(parser, "("))
        return parse_call(parser, method, name.offset, self);
    mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
    mr_compiler_fail(parser->compiler, name.offset, "method '%s' is not called", name.text);
    return NULL;
}

/* ---- names ---- */

static struct mr_node *field_new(struct mr_parser *parser, uint32_t offset, int field)
{
    struct mr_node *node = mr_node_new(parser->compiler, MR_NODE_FIELD, offset, NULL, 0);
    if (node) node->field = field;
    return node;
}

/* Whether fields begin with `name.`: those of failed rows are called element.x. */
static bool is_prefix(const struct mr_schema *schema, const char *name)
{
    size_t bytes = strlen(name);
    for (uint32_t i = 0; i < schema->n_fields; i++)
        if (strncmp(schema->fields[i].name, name, bytes) == 0 &&
            schema->fields[i].name[bytes] == '.')
            return true;
    return false;
}

static const struct mr_field *member_of(const struct mr_field *row, const char *name)
{
    for (uint32_t i = 0; i < row->shape->n_fields; i++)
        if (strcmp(row->shape->fields[i].name, name) == 0) return &row->shape->fields[i];
    return NULL;
}

/* `row.a.b`, as long as it is known that there is such a member in each row. */
static struct mr_node *parse_members(
    struct mr_parser *parser, struct mr_node *node, const struct mr_field *field)
{
    while (node && mr_parser_is_operator(parser, ".") && field->type == MR_TYPE_ROW &&
           !field->is_nullable && field->shape && field->shape->is_exact) {
        if (!mr_parser_advance(parser)) return NULL;
        const char *name = parser->token.text;
        field = parser->token.kind == MR_TOKEN_NAME ? member_of(field, name) : NULL;
        if (!field) {
            mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
            mr_compiler_fail(
                parser->compiler, parser->token.offset, "the row has no field '%s'", name);
            return NULL;
        }
        if (!mr_parser_advance(parser)) return NULL;
        node = mr_node_new(parser->compiler, MR_NODE_MEMBER, node->offset, &node, 1);
        if (node) node->member = field;
    }
    return node;
}

/* A field; one with points in its name is an attribute of an attribute in Python, and the same
 * to us. */
static struct mr_node *parse_field(struct mr_parser *parser, const char *name, uint32_t offset)
{
    const struct mr_schema *schema = parser->compiler->schema;
    while (mr_schema_find(schema, name) < 0 && is_prefix(schema, name) &&
           mr_parser_is_operator(parser, ".")) {
        if (!mr_parser_advance(parser)) return NULL;
        if (parser->token.kind != MR_TOKEN_NAME) {
            mr_parser_fail_token(parser);
            return NULL;
        }
        name = mr_region_printf(parser->compiler->region, "%s.%s", name, parser->token.text);
        if (!mr_parser_advance(parser)) return NULL;
    }
    int field = mr_schema_find(schema, name);
    if (field < 0) {
        mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR); /* Python knows more names */
        mr_compiler_unknown_field(parser->compiler, offset, name);
        return NULL;
    }
    if (!mr_parser_is_operator(parser, "("))
        return parse_members(
            parser, field_new(parser, offset, field), &schema->fields[field]);
    mr_compiler_fail(parser->compiler, offset, "field '%s' cannot be called", name);
    return NULL;
}

struct mr_node *mr_parse_name(struct mr_parser *parser)
{
    struct mr_token name = parser->token;
    struct mr_value value = {.i = strcmp(name.text, "True") == 0, .type = MR_TYPE_BOOL};
    if (strcmp(name.text, "None") == 0) value.type = MR_TYPE_NULL;
    bool is_value = value.i || value.type == MR_TYPE_NULL || strcmp(name.text, "False") == 0;
    if (!is_value && is_keyword(name.text)) {
        mr_parser_fail_token(parser);
        return NULL;
    }
    if (!mr_parser_advance(parser)) return NULL;
    if (is_value) return mr_parser_literal_new(parser, name.offset, value);
    const struct mr_schema *schema = parser->compiler->schema;
    /* In Beam the fields are local variables: one called len hides the function. */
    if (mr_schema_find(schema, name.text) >= 0 || is_prefix(schema, name.text))
        return parse_field(parser, name.text, name.offset);
    for (size_t i = 0; i < N_FUNCTIONS; i++) {
        if (strcmp(functions[i].text, name.text) != 0) continue;
        if (mr_parser_is_operator(parser, "("))
            return parse_call(parser, &functions[i], name.offset, NULL);
        mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
        mr_compiler_fail(
            parser->compiler, name.offset, "function '%s' is not called", name.text);
        return NULL;
    }
    if (mr_parser_is_operator(parser, "("))
        return fail_unknown_word(
            parser, "function", name.text, name.offset, functions, N_FUNCTIONS);
    return parse_field(parser, name.text, name.offset);
}
