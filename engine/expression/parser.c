/* The grammar of Python's expressions, as far as they are pure: recursive descent, one function
 * a level. What lies outside is refused by its name. */
#include <string.h>

#include "engine/expression/call.h"
#include "engine/expression/parser_internal.h"

/* What exists in Python but not here, and how it is called. */
static const struct {
    const char *text;
    const char *name;
} refused[] = {
    {"**", "power"},
    {"@", "matrix product"},
    {"<<", "shift"},
    {">>", "shift"},
    {"&", "bitwise and"},
    {"|", "bitwise or"},
    {"^", "bitwise exclusive or"},
    {"~", "bitwise not"},
    {":=", "assignment"},
    {"=", "assignment"},
    {"[", "a list or an index"},
    {"{", "a map or a set"},
    {",", "a tuple"},
    {"...", "an ellipsis"},
    {"in", "a test of membership"},
    {"lambda", "a function of one's own"},
    {"await", "asynchronous code"},
    {"yield", "a generator"},
    {"for", "a comprehension"},
};

bool mr_parser_advance(struct mr_parser *parser)
{
    return mr_lex(parser->compiler, &parser->offset, &parser->token);
}

bool mr_parser_is_operator(const struct mr_parser *parser, const char *text)
{
    return parser->token.kind == MR_TOKEN_OPERATOR && strcmp(parser->token.text, text) == 0;
}

bool mr_parser_is_word(const struct mr_parser *parser, const char *text)
{
    return parser->token.kind == MR_TOKEN_NAME && strcmp(parser->token.text, text) == 0;
}

/* The token that cannot stand here. */
bool mr_parser_fail_token(struct mr_parser *parser)
{
    const struct mr_token *token = &parser->token;
    for (size_t i = 0; i < sizeof refused / sizeof *refused && token->kind != MR_TOKEN_LITERAL;
         i++)
        if (strcmp(refused[i].text, token->text) == 0) {
            mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
            return mr_compiler_fail(parser->compiler, token->offset,
                "'%s' (%s) is not supported in an expression", token->text, refused[i].name);
        }
    const char *quote = token->kind == MR_TOKEN_END ? "" : "'";
    return mr_compiler_fail(
        parser->compiler, token->offset, "unexpected %s%s%s", quote, token->text, quote);
}

bool mr_parser_expect(struct mr_parser *parser, const char *text)
{
    if (mr_parser_is_operator(parser, text) || mr_parser_is_word(parser, text))
        return mr_parser_advance(parser);
    if (parser->token.kind != MR_TOKEN_END) return mr_parser_fail_token(parser);
    return mr_compiler_fail(
        parser->compiler, parser->token.offset, "'%s' is missing at the end", text);
}

static struct mr_node *node_new(struct mr_parser *parser, enum mr_node_kind kind,
    uint32_t offset, struct mr_node *const *arguments, uint32_t n_arguments)
{
    return mr_node_new(parser->compiler, kind, offset, arguments, n_arguments);
}

static struct mr_node *binary_new(
    struct mr_parser *parser, enum mr_node_kind kind, struct mr_node *a, struct mr_node *b)
{
    struct mr_node *const arguments[] = {a, b};
    return node_new(parser, kind, a->offset, arguments, 2);
}

struct mr_node *mr_parser_literal_new(
    struct mr_parser *parser, uint32_t offset, struct mr_value value)
{
    struct mr_node *node = node_new(parser, MR_NODE_LITERAL, offset, NULL, 0);
    if (node) node->literal = value;
    return node;
}

/* ---- operators ---- */

/* Texts that stand side by side are one. */
static struct mr_node *parse_literal(struct mr_parser *parser)
{
    struct mr_token first = parser->token;
    if (first.is_int64_min) {
        mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
        mr_compiler_fail(
            parser->compiler, first.offset, "'%s' does not fit into 64 bits", first.text);
        return NULL;
    }
    if (!mr_parser_advance(parser)) return NULL;
    struct mr_text text = {0};
    bool ok = true;
    while (ok && first.value.type == MR_TYPE_STRING && parser->token.kind == MR_TOKEN_LITERAL &&
           parser->token.value.type == MR_TYPE_STRING) {
        if (!text.data) mr_text_add(&text, first.value.text, first.value.bytes);
        mr_text_add(&text, parser->token.value.text, parser->token.value.bytes);
        ok = mr_parser_advance(parser);
    }
    if (text.data) {
        first.value.text = mr_region_strndup(parser->compiler->region, text.data, text.bytes);
        first.value.bytes = (uint32_t)text.bytes;
    }
    mr_text_deinit(&text);
    return ok ? mr_parser_literal_new(parser, first.offset, first.value) : NULL;
}

static struct mr_node *parse_parenthesis(struct mr_parser *parser)
{
    if (!mr_parser_advance(parser)) return NULL;
    struct mr_node *node = mr_parse_expression(parser);
    return node && mr_parser_expect(parser, ")") ? node : NULL;
}

static struct mr_node *parse_primary(struct mr_parser *parser)
{
    struct mr_node *node = NULL;
    if (parser->token.kind == MR_TOKEN_LITERAL)
        node = parse_literal(parser);
    else if (parser->token.kind == MR_TOKEN_NAME)
        node = mr_parse_name(parser);
    else if (mr_parser_is_operator(parser, "("))
        node = parse_parenthesis(parser);
    else
        mr_parser_fail_token(parser);
    bool is_index = false;
    while (node && ((is_index = mr_parser_is_operator(parser, "[")) ||
                       mr_parser_is_operator(parser, ".")))
        node = is_index ? mr_parse_subscript(parser, node) : mr_parse_method(parser, node);
    /* It binds closer than a sign in front. */
    bool is_power = node && mr_parser_is_operator(parser, "**");
    return is_power ? mr_parse_power(parser, node) : node;
}

static struct mr_node *parse_factor(struct mr_parser *parser)
{
    if (!mr_parser_is_operator(parser, "-") && !mr_parser_is_operator(parser, "+"))
        return parse_primary(parser);
    struct mr_token sign = parser->token;
    bool is_minus = mr_parser_is_operator(parser, "-");
    if (!mr_parser_advance(parser)) return NULL;
    if (is_minus && parser->token.is_int64_min) {
        struct mr_value value = parser->token.value;
        return mr_parser_advance(parser) ? mr_parser_literal_new(parser, sign.offset, value)
                                         : NULL;
    }
    if (++parser->depth > MR_NODE_DEPTH_MAX) {
        mr_compiler_fail(parser->compiler, sign.offset, "the expression is nested too deeply");
        return NULL;
    }
    struct mr_node *operand = parse_factor(parser);
    parser->depth--;
    if (!operand) return NULL;
    return node_new(parser, is_minus ? MR_NODE_NEGATE : MR_NODE_PLUS, sign.offset, &operand, 1);
}

struct binary {
    const char *text;
    enum mr_node_kind kind;
};

static const struct binary *find_binary(
    const struct mr_parser *parser, const struct binary *operators, size_t n_operators)
{
    for (size_t i = 0; i < n_operators; i++)
        if (mr_parser_is_operator(parser, operators[i].text)) return &operators[i];
    return NULL;
}

static struct mr_node *parse_term(struct mr_parser *parser)
{
    static const struct binary operators[] = {{"*", MR_NODE_MULTIPLY}, {"/", MR_NODE_DIVIDE},
        {"//", MR_NODE_FLOOR_DIVIDE}, {"%", MR_NODE_MODULO}};
    struct mr_node *node = parse_factor(parser);
    const struct binary *operator;
    while (node && (operator= find_binary(parser, operators, 4))) {
        if (!mr_parser_advance(parser)) return NULL;
        struct mr_node *right = parse_factor(parser);
        node = right ? binary_new(parser, operator->kind, node, right) : NULL;
    }
    return node;
}

static struct mr_node *parse_sum(struct mr_parser *parser)
{
    static const struct binary operators[] = {{"+", MR_NODE_ADD}, {"-", MR_NODE_SUBTRACT}};
    struct mr_node *node = parse_term(parser);
    const struct binary *operator;
    while (node && (operator= find_binary(parser, operators, 2))) {
        if (!mr_parser_advance(parser)) return NULL;
        struct mr_node *right = parse_term(parser);
        node = right ? binary_new(parser, operator->kind, node, right) : NULL;
    }
    return node;
}

/* ---- comparisons and logic ---- */

static int comparison_of(const struct mr_parser *parser)
{
    static const char *const operators[] = {"==", "!=", "<", "<=", ">", ">="};
    for (int i = 0; i < 6; i++)
        if (mr_parser_is_operator(parser, operators[i])) return i;
    return -1;
}

/* `is None`, `is not None`; the token is the `is`. */
static struct mr_node *parse_is(struct mr_parser *parser, struct mr_node *node)
{
    uint32_t offset = parser->token.offset;
    if (!mr_parser_advance(parser)) return NULL;
    bool is_negated = mr_parser_is_word(parser, "not");
    if (is_negated && !mr_parser_advance(parser)) return NULL;
    if (!mr_parser_is_word(parser, "None")) {
        mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
        mr_compiler_fail(parser->compiler, offset, "'is' is supported with None alone");
        return NULL;
    }
    if (!mr_parser_advance(parser)) return NULL;
    node = node_new(parser, MR_NODE_IS_NONE, node->offset, &node, 1);
    if (node) node->is_negated = is_negated;
    return node;
}

struct mr_node *mr_parse_operand(struct mr_parser *parser)
{
    return parse_sum(parser);
}

static bool is_membership(const struct mr_parser *parser)
{
    return mr_parser_is_word(parser, "in") || mr_parser_is_word(parser, "not");
}

bool mr_parser_is_comparison(const struct mr_parser *parser)
{
    return comparison_of(parser) >= 0 || mr_parser_is_word(parser, "is") ||
           is_membership(parser);
}

static struct mr_node *parse_comparison(struct mr_parser *parser)
{
    struct mr_node *arguments[MR_ARGUMENTS_MAX];
    uint8_t comparisons[MR_ARGUMENTS_MAX];
    uint32_t n = 0;
    arguments[0] = parse_sum(parser);
    if (!arguments[0]) return NULL;
    if (is_membership(parser)) return mr_parse_membership(parser, arguments[0]);
    for (int comparison; (comparison = comparison_of(parser)) >= 0;) {
        if (n + 1 == MR_ARGUMENTS_MAX) {
            mr_compiler_fail(parser->compiler, parser->token.offset,
                "more than %d comparisons in a chain are not supported", MR_ARGUMENTS_MAX - 1);
            return NULL;
        }
        if (!mr_parser_advance(parser)) return NULL;
        comparisons[n++] = (uint8_t)comparison;
        arguments[n] = parse_sum(parser);
        if (!arguments[n]) return NULL;
    }
    bool is_test = mr_parser_is_word(parser, "is");
    if (is_test && n == 0) {
        struct mr_node *test = parse_is(parser, arguments[0]);
        is_test = test && mr_parser_is_comparison(parser);
        if (!is_test) return test;
    }
    if (is_test || (n > 0 && is_membership(parser))) {
        mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
        mr_compiler_fail(parser->compiler, parser->token.offset,
            "'%s' in a chain of comparisons is not supported; use parentheses",
            parser->token.text);
        return NULL;
    }
    if (n == 0) return arguments[0];
    struct mr_node *node =
        node_new(parser, MR_NODE_COMPARE, arguments[0]->offset, arguments, n + 1);
    if (!node) return NULL;
    uint8_t *copy = mr_region_alloc(parser->compiler->region, n);
    memcpy(copy, comparisons, n);
    node->comparisons = copy;
    return node;
}

static struct mr_node *parse_inversion(struct mr_parser *parser)
{
    if (!mr_parser_is_word(parser, "not")) return parse_comparison(parser);
    uint32_t offset = parser->token.offset;
    if (!mr_parser_advance(parser)) return NULL;
    if (++parser->depth > MR_NODE_DEPTH_MAX) {
        mr_compiler_fail(parser->compiler, offset, "the expression is nested too deeply");
        return NULL;
    }
    struct mr_node *operand = parse_inversion(parser);
    parser->depth--;
    return operand ? node_new(parser, MR_NODE_NOT, offset, &operand, 1) : NULL;
}

static struct mr_node *parse_conjunction(struct mr_parser *parser)
{
    struct mr_node *node = parse_inversion(parser);
    while (node && mr_parser_is_word(parser, "and")) {
        if (!mr_parser_advance(parser)) return NULL;
        struct mr_node *right = parse_inversion(parser);
        node = right ? binary_new(parser, MR_NODE_AND, node, right) : NULL;
    }
    return node;
}

static struct mr_node *parse_disjunction(struct mr_parser *parser)
{
    struct mr_node *node = parse_conjunction(parser);
    while (node && mr_parser_is_word(parser, "or")) {
        if (!mr_parser_advance(parser)) return NULL;
        struct mr_node *right = parse_conjunction(parser);
        node = right ? binary_new(parser, MR_NODE_OR, node, right) : NULL;
    }
    return node;
}

static struct mr_node *parse_conditional(struct mr_parser *parser)
{
    struct mr_node *value = parse_disjunction(parser);
    if (!value || !mr_parser_is_word(parser, "if")) return value;
    if (!mr_parser_advance(parser)) return NULL;
    struct mr_node *condition = parse_disjunction(parser);
    if (!condition || !mr_parser_expect(parser, "else")) return NULL;
    struct mr_node *otherwise = mr_parse_expression(parser);
    if (!otherwise) return NULL;
    struct mr_node *const arguments[] = {condition, value, otherwise};
    return node_new(parser, MR_NODE_CONDITIONAL, value->offset, arguments, 3);
}

struct mr_node *mr_parse_expression(struct mr_parser *parser)
{
    if (++parser->depth > MR_NODE_DEPTH_MAX) {
        mr_compiler_fail(
            parser->compiler, parser->token.offset, "the expression is nested too deeply");
        return NULL;
    }
    struct mr_node *node = parse_conditional(parser);
    parser->depth--;
    return node;
}

struct mr_node *mr_parse_python(const struct mr_compiler *compiler)
{
    struct mr_parser parser = {.compiler = compiler};
    if (!mr_parser_advance(&parser)) return NULL;
    struct mr_node *node = mr_parse_expression(&parser);
    if (!node || parser.token.kind == MR_TOKEN_END) return node;
    mr_parser_fail_token(&parser);
    return NULL;
}
