/* SQL, as Beam has it in expressions and in the transform Sql: read by Calcite's rules, run by
 * SQLite in memory. */
#ifndef MR_ENGINE_EXPRESSION_SQL_H
#define MR_ENGINE_EXPRESSION_SQL_H

#include "engine/expression/caller.h"
#include "engine/expression/expression_internal.h"

struct mr_sql_scalar; /* an expression over a row: constant for a campaign */
struct mr_sql_query;  /* a SELECT over tables: constant for a campaign, but for the work of a
                         call */

/* Compiles the compiler's text over the rows of its schema, which may be called `table` (NULL:
 * nothing). What merely names a field is no scalar: *field is it; else -1. */
MR_MUST_CHECK bool mr_sql_scalar_compile(const struct mr_compiler *compiler, const char *table,
    enum mr_expression_use use, const struct mr_sql_scalar **out, int *field);
struct mr_field mr_sql_scalar_result(const struct mr_sql_scalar *scalar); /* name NULL */
struct mr_column mr_sql_scalar_batch(const struct mr_sql_scalar *scalar,
    const struct mr_batch *batch, struct mr_scratch *scratch, uint8_t *errors);
enum mr_row_error mr_sql_scalar_row(const struct mr_sql_scalar *scalar,
    const struct mr_value *row, struct mr_scratch *scratch, struct mr_value *out);

struct mr_sql_table {
    const char *name;
    const struct mr_schema *schema;
};
/* What became of a query. */
struct mr_sql_select {
    struct mr_schema schema;
    const struct mr_sql_query *query; /* NULL: it is row by row, and then: */
    uint32_t n_items;
    const struct mr_expression *const *items; /* [n_items] over the only table */
    const struct mr_expression *condition;    /* NULL: none */
};
/* Compiles a SELECT over tables[n_tables], found at `place`. */
MR_MUST_CHECK bool mr_sql_select_compile(struct mr_region *region, const char *text,
    struct mr_place place, const struct mr_sql_table *tables, uint32_t n_tables,
    struct mr_sql_select *out, struct mr_err *err);

/* The rows of one table: values[n][n_fields]. */
struct mr_sql_rows {
    uint32_t n;
    const struct mr_value *values;
};
/* Who asks: each has a connection of its own. */
enum mr_sql_user { MR_SQL_ENGINE, MR_SQL_ORACLE, MR_SQL_USERS };
/* Runs the query over tables[n_tables], and calls `each` for each row of the result,
 * values[n_fields], whose texts are borrowed for the call. The result depends on the rows
 * alone, not on their order. False, with what went wrong in scratch, when it fails. */
MR_MUST_CHECK bool mr_sql_query_run(const struct mr_sql_query *query, enum mr_sql_user user,
    const struct mr_sql_rows *tables, struct mr_scratch *scratch, void *self,
    void (*each)(void *self, const struct mr_value *values), const char **failure);

#endif
