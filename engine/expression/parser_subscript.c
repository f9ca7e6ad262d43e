/* Indices and slices, powers, and membership: each in the one form that is evaluated natively;
 * what else Python knows goes to CPython. */
#include "engine/expression/call.h"
#include "engine/expression/parser_internal.h"

static struct mr_node *none_new(struct mr_parser *parser)
{
    struct mr_value none = {.type = MR_TYPE_NULL};
    return mr_parser_literal_new(parser, parser->token.offset, none);
}

/* A bound of a slice, which may be missing. */
static struct mr_node *parse_bound(struct mr_parser *parser)
{
    bool is_missing = mr_parser_is_operator(parser, ":") || mr_parser_is_operator(parser, "]");
    return is_missing ? none_new(parser) : mr_parse_expression(parser);
}

static struct mr_node *parse_inside(struct mr_parser *parser, struct mr_node *self)
{
    bool is_empty = mr_parser_is_operator(parser, "]");
    struct mr_node *first = is_empty ? NULL : parse_bound(parser);
    if (!first) return NULL;
    if (!mr_parser_is_operator(parser, ":")) {
        struct mr_node *const arguments[] = {self, first};
        return mr_node_new(parser->compiler, MR_NODE_INDEX, self->offset, arguments, 2);
    }
    if (!mr_parser_advance(parser)) return NULL;
    struct mr_node *last = parse_bound(parser);
    if (!last) return NULL;
    struct mr_node *const arguments[] = {self, first, last};
    return mr_node_new(parser->compiler, MR_NODE_SLICE, self->offset, arguments, 3);
}

struct mr_node *mr_parse_subscript(struct mr_parser *parser, struct mr_node *self)
{
    struct mr_token bracket = parser->token;
    if (!mr_parser_advance(parser)) return NULL;
    struct mr_node *node = parse_inside(parser, self);
    if (node && mr_parser_is_operator(parser, "]"))
        return mr_parser_advance(parser) ? node : NULL;
    parser->token = bracket;
    if (node || parser->compiler->err->kind == MR_ERR_NONE) mr_parser_fail_token(parser);
    mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
    return NULL;
}

struct mr_node *mr_parse_power(struct mr_parser *parser, struct mr_node *base)
{
    struct mr_token power = parser->token;
    if (!mr_parser_advance(parser)) return NULL;
    const struct mr_value *value = &parser->token.value;
    struct mr_node *exponent = NULL;
    if (parser->token.kind == MR_TOKEN_LITERAL && value->type == MR_TYPE_INT &&
        !parser->token.is_int64_min) {
        exponent = mr_parser_literal_new(parser, parser->token.offset, *value);
        if (!exponent || !mr_parser_advance(parser)) return NULL;
    }
    if (exponent && !mr_parser_is_operator(parser, "**") &&
        !mr_parser_is_operator(parser, ".") && !mr_parser_is_operator(parser, "[")) {
        struct mr_node *const arguments[] = {base, exponent};
        return mr_node_new(parser->compiler, MR_NODE_POWER, base->offset, arguments, 2);
    }
    parser->token = power;
    mr_parser_fail_token(parser);
    return NULL;
}

struct mr_node *mr_parse_membership(struct mr_parser *parser, struct mr_node *part)
{
    struct mr_token word = parser->token;
    bool is_negated = mr_parser_is_word(parser, "not");
    if (is_negated && !mr_parser_advance(parser)) return NULL;
    if (!mr_parser_expect(parser, "in")) return NULL;
    struct mr_node *whole = mr_parse_operand(parser);
    if (!whole) {
        mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
        return NULL;
    }
    struct mr_node *const arguments[] = {part, whole};
    struct mr_node *node =
        mr_node_new(parser->compiler, MR_NODE_IN, part->offset, arguments, 2);
    if (node) node->is_negated = is_negated;
    if (!node || !mr_parser_is_comparison(parser)) return node;
    parser->token = word;
    mr_compiler_beyond(parser->compiler, MR_BEYOND_GRAMMAR);
    mr_compiler_fail(parser->compiler, word.offset,
        "'in' in a chain of comparisons is not supported; use parentheses");
    return NULL;
}
