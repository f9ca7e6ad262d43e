/* Methods and functions of the pure subset that make one value of values: what both evaluators
 * call for a row, as they do unicode.h. That they are Python's is for the comparison with
 * CPython to show. */
#ifndef MR_ENGINE_EXPRESSION_CALL_H
#define MR_ENGINE_EXPRESSION_CALL_H

#include "engine/expression/expression_internal.h"

/* From STRIP to POWER: what is evaluated by calls. */
static inline bool mr_node_is_call(enum mr_node_kind kind)
{
    return kind >= MR_NODE_STRIP && kind <= MR_NODE_POWER;
}
/* A method: None has none, which comes before the arguments. */
static inline bool mr_node_is_method(enum mr_node_kind kind)
{
    return kind >= MR_NODE_STRIP && kind <= MR_NODE_COUNT;
}
/* Whether argument `i` of such a node may be None. */
static inline bool mr_node_takes_none(const struct mr_node *node, uint32_t i)
{
    return node->kind == MR_NODE_SLICE && i > 0;
}

/* The value of the node for arguments[n_arguments] of the types that were checked. Text of the
 * result is part of an argument's or lies in `scratch`. What is larger than natively sensible
 * fails with OVERFLOW, for CPython to say how far one may go. */
enum mr_row_error mr_call(const struct mr_node *node, const struct mr_value *arguments,
    struct mr_scratch *scratch, struct mr_value *out);

/* check.c asks: the type of such a node. False: CPython may know what to do. */
bool mr_call_type(const struct mr_node *node, enum mr_type *out);

/* evaluate_call.c */
struct mr_column mr_evaluate_call(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors);

/* parser_subscript.c. `self[i]`, `self[i:k]`; the token is the bracket. */
struct mr_parser;
struct mr_node *mr_parse_subscript(struct mr_parser *parser, struct mr_node *self);
/* `base ** 2`; the token is the operator. */
struct mr_node *mr_parse_power(struct mr_parser *parser, struct mr_node *base);
/* `part in whole`, `part not in whole`; the token is the first word. */
struct mr_node *mr_parse_membership(struct mr_parser *parser, struct mr_node *part);

#endif
