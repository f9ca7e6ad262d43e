/* SQL on its way from Beam's dialect (Calcite) to what SQLite runs: tokens, terms with types,
 * queries. */
#ifndef MR_ENGINE_EXPRESSION_SQL_INTERNAL_H
#define MR_ENGINE_EXPRESSION_SQL_INTERNAL_H

#include "engine/expression/sql.h"

enum mr_sql_token_kind {
    MR_SQL_END,
    MR_SQL_NAME,
    MR_SQL_QUOTED, /* `name` */
    MR_SQL_INT,
    MR_SQL_FLOAT,
    MR_SQL_TEXT,
    MR_SQL_SYMBOL,
};
struct mr_sql_token {
    enum mr_sql_token_kind kind;
    uint32_t offset; /* in the text */
    uint32_t end;
    const char *text; /* a name, a text without its quotes, a symbol, a number */
};

enum { MR_SQL_SOURCES_MAX = 16, MR_SQL_DEPTH_MAX = 60 };

/* What stands in FROM: its columns. */
struct mr_sql_source {
    const char *alias; /* NULL: none */
    const char *sql;   /* by which SQLite knows it; NULL: its columns are parameters */
    const struct mr_schema *schema;
    bool is_nullable; /* an outer join may leave it without a row */
};
struct mr_sql_scope {
    uint32_t n;
    struct mr_sql_source sources[MR_SQL_SOURCES_MAX];
};

/* An expression: what SQLite is told, and what is known of its value. */
struct mr_sql_term {
    const char *sql;
    enum mr_type type; /* NULL of the literal */
    bool is_nullable;
    bool has_aggregate;
    uint32_t offset;
    const char *name; /* of a column that it merely is; else NULL */
    int field;        /* the same in the only source; else -1 */
};

/* A column that stands outside of aggregates: it must be grouped by, where there are groups. */
struct mr_sql_bare {
    const char *sql;
    uint32_t offset;
};

struct mr_sql_parser {
    const struct mr_compiler *compiler;
    uint32_t n_tokens;
    struct mr_sql_token *tokens;
    uint32_t at;
    uint32_t depth;
    struct mr_sql_scope *scope;
    bool is_scalar; /* an expression over one row: no aggregates */
    bool in_aggregate;
    uint32_t n_aliases; /* given out so far */
    uint32_t n_bare;
    struct mr_sql_bare bare[MR_FIELDS_MAX * 2];
    uint32_t n_tables; /* of the query */
    const struct mr_sql_table *tables;
};

/* sql_lexer.c */
MR_MUST_CHECK bool mr_sql_tokens(struct mr_sql_parser *parser);
const struct mr_sql_token *mr_sql_peek(const struct mr_sql_parser *parser);
/* Whether the next tokens are these words, of any case, or symbols; and takes them if so. */
bool mr_sql_is(const struct mr_sql_parser *parser, const char *word);
bool mr_sql_take(struct mr_sql_parser *parser, const char *word);
MR_MUST_CHECK bool mr_sql_need(struct mr_sql_parser *parser, const char *word);
bool mr_sql_same_word(const char *a, const char *b);
#define mr_sql_fail(parser, at, ...) mr_compiler_fail((parser)->compiler, at, __VA_ARGS__)
bool mr_sql_unexpected(struct mr_sql_parser *parser, const char *wanted);

/* sql_expression.c */
MR_MUST_CHECK bool mr_sql_expression(struct mr_sql_parser *parser, struct mr_sql_term *out);
/* One that is true or false. `what` names its place. */
MR_MUST_CHECK bool mr_sql_condition(
    struct mr_sql_parser *parser, const char *what, struct mr_sql_term *out);
/* One type for both; whole numbers become floats. */
MR_MUST_CHECK bool mr_sql_unify(struct mr_sql_parser *parser, struct mr_sql_term *a,
    struct mr_sql_term *b, const char *what);
#define mr_sql_print(parser, ...) mr_region_printf((parser)->compiler->region, __VA_ARGS__)
/* sql_function.c: a call, of which the name and the parenthesis are taken. */
MR_MUST_CHECK bool mr_sql_call(
    struct mr_sql_parser *parser, const char *name, uint32_t offset, struct mr_sql_term *out);
/* sql_query.c: the whole SELECT. */
struct mr_sql_shape {
    const char *sql;
    struct mr_schema schema;
    /* No row depends on another: then `items` and `condition` are the parts of the text, in the
     * only table. */
    bool is_row_wise;
    const char *alias;
    uint32_t n_items;
    const char *const *items; /* of each field of the result its text */
    const char *condition;    /* NULL: none */
};
MR_MUST_CHECK bool mr_sql_query_parse(struct mr_sql_parser *parser, struct mr_sql_shape *out);

#endif
