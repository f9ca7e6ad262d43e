/* Tokens of a Python expression. */
#ifndef MR_ENGINE_EXPRESSION_LEXER_H
#define MR_ENGINE_EXPRESSION_LEXER_H

#include "engine/expression/expression_internal.h"

enum mr_token_kind { MR_TOKEN_END, MR_TOKEN_NAME, MR_TOKEN_LITERAL, MR_TOKEN_OPERATOR };

struct mr_token {
    enum mr_token_kind kind;
    uint32_t offset;
    const char *text;      /* as written; "end of expression" for END */
    struct mr_value value; /* LITERAL */
    bool is_int64_min; /* the literal 9223372036854775808, which only a minus in front makes fit
                        */
};

/* The token at *offset, blanks in front of it skipped; *offset is then behind it. */
MR_MUST_CHECK bool mr_lex(
    const struct mr_compiler *compiler, uint32_t *offset, struct mr_token *out);

#endif
