/* What the grammar (parser.c) and its names and calls (parser_name.c) share. */
#ifndef MR_ENGINE_EXPRESSION_PARSER_INTERNAL_H
#define MR_ENGINE_EXPRESSION_PARSER_INTERNAL_H

#include "engine/expression/lexer.h"

struct mr_parser {
    const struct mr_compiler *compiler;
    struct mr_token token; /* the next one */
    uint32_t offset;       /* behind it */
    uint32_t depth;        /* of the recursion */
};

enum { MR_ARGUMENTS_MAX = 32 }; /* of a call, and operands of a chain of comparisons */

/* parser.c. On to the next token. */
bool mr_parser_advance(struct mr_parser *parser);
bool mr_parser_is_operator(const struct mr_parser *parser, const char *text);
bool mr_parser_is_word(const struct mr_parser *parser, const char *text);
/* Fails: the token cannot stand here. */
bool mr_parser_fail_token(struct mr_parser *parser);
/* Takes this operator or word, or fails. */
bool mr_parser_expect(struct mr_parser *parser, const char *text);
struct mr_node *mr_parser_literal_new(
    struct mr_parser *parser, uint32_t offset, struct mr_value value);
/* Those that parse return NULL with an error. */
struct mr_node *mr_parse_expression(struct mr_parser *parser);

/* What stands between comparisons: sums and what binds closer. */
struct mr_node *mr_parse_operand(struct mr_parser *parser);
/* Whether the token is one of < == is in and so on. */
bool mr_parser_is_comparison(const struct mr_parser *parser);

/* parser_name.c. The token is the name: a constant, a field, or the call of a function. */
struct mr_node *mr_parse_name(struct mr_parser *parser);
/* `.upper()` of `self`; the token is the point. */
struct mr_node *mr_parse_method(struct mr_parser *parser, struct mr_node *self);

#endif
