/* Expressions over one row: a statement without a table, the fields of the row its parameters.
 */
#include <string.h>

#include "engine/batch/column.h"
#include "engine/expression/sql_connection.h"

struct mr_sql_scalar {
    struct mr_sql_connection *connection;
    sqlite3_stmt *statement;
    enum mr_type type;
    bool is_nullable;
    bool is_keep;    /* what is unknown is not kept */
    uint64_t fields; /* bit i: field i is a parameter */
};

static bool parse(
    struct mr_sql_parser *parser, enum mr_expression_use use, struct mr_sql_term *term)
{
    if (!mr_sql_tokens(parser)) return false;
    bool ok = use == MR_USE_KEEP ? mr_sql_condition(parser, "a filter", term)
                                 : mr_sql_expression(parser, term);
    if (!ok) return false;
    if (mr_sql_peek(parser)->kind != MR_SQL_END) return mr_sql_unexpected(parser, "the end");
    return term->type != MR_TYPE_NULL ||
           mr_sql_fail(parser, term->offset, "the type of NULL is not known: CAST it");
}

static bool prepare(const struct mr_compiler *compiler, const struct mr_sql_term *term,
    struct mr_sql_scalar *scalar)
{
    scalar->connection = mr_sql_connection_open(compiler->region, 1, compiler->err);
    if (!scalar->connection) return false;
    mr_sql_connection_lock(scalar->connection);
    scalar->statement = mr_sql_prepare(scalar->connection,
        mr_region_printf(compiler->region, "SELECT %s", term->sql), compiler->err);
    if (!scalar->statement) return false;
    for (uint32_t i = 0; i < compiler->schema->n_fields; i++)
        if (sqlite3_bind_parameter_name(scalar->statement, (int)i + 1))
            scalar->fields |= (uint64_t)1 << i;
    return true;
}

bool mr_sql_scalar_compile(const struct mr_compiler *compiler, const char *table,
    enum mr_expression_use use, const struct mr_sql_scalar **out, int *field)
{
    struct mr_sql_scope scope = {
        .n = 1, .sources[0] = {.alias = table, .schema = compiler->schema}};
    struct mr_sql_parser *parser = mr_region_new(compiler->region, struct mr_sql_parser);
    *parser = (struct mr_sql_parser){.compiler = compiler, .scope = &scope, .is_scalar = true};
    struct mr_sql_term term;
    if (!parse(parser, use, &term)) return false;
    *field = use == MR_USE_VALUE ? term.field : -1;
    struct mr_sql_scalar *scalar = mr_region_new(compiler->region, struct mr_sql_scalar);
    *scalar = (struct mr_sql_scalar){.type = term.type,
        .is_nullable = use != MR_USE_KEEP && (term.is_nullable || term.type == MR_TYPE_FLOAT),
        .is_keep = use == MR_USE_KEEP};
    *out = scalar;
    return *field >= 0 || prepare(compiler, &term, scalar);
}

struct mr_field mr_sql_scalar_result(const struct mr_sql_scalar *scalar)
{
    return (struct mr_field){.type = scalar->type, .is_nullable = scalar->is_nullable};
}

/* Runs the statement with what is bound. The text of the result is copied. */
static bool step(
    const struct mr_sql_scalar *scalar, struct mr_scratch *scratch, struct mr_value *out)
{
    scalar->connection->n_ticks = 0;
    if (sqlite3_step(scalar->statement) != SQLITE_ROW) return false;
    *out = mr_sql_read(scalar->statement, 0, scalar->type);
    if (scalar->is_keep && out->type == MR_TYPE_NULL)
        *out = (struct mr_value){.type = MR_TYPE_BOOL};
    if (!mr_type_is_text((enum mr_type)out->type)) return true;
    char *copy = mr_scratch_alloc(scratch, out->bytes + 1);
    if (out->bytes) memcpy(copy, out->text, out->bytes);
    out->text = copy;
    return true;
}

static void fail_row(
    const struct mr_sql_scalar *scalar, struct mr_scratch *scratch, uint32_t row)
{
    if (!scratch->caller) return;
    struct mr_row_failure *failure = mr_scratch_alloc(scratch, sizeof *failure);
    const char *text = mr_sql_failure(scalar->connection, scratch);
    *failure = (struct mr_row_failure){
        .row = row, .message = text, .stack = text, .next = scratch->caller->failures};
    scratch->caller->failures = failure;
}

struct mr_column mr_sql_scalar_batch(const struct mr_sql_scalar *scalar,
    const struct mr_batch *batch, struct mr_scratch *scratch, uint8_t *errors)
{
    struct mr_value *values = mr_scratch_array(scratch, struct mr_value, batch->n_rows + 1);
    memset(values, 0, sizeof *values * batch->n_rows);
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (errors[row]) continue;
        sqlite3_reset(scalar->statement); /* also of a call that was left by the arena's end */
        for (uint32_t k = 0; k < batch->n_columns; k++)
            if (scalar->fields >> k & 1)
                mr_sql_bind(
                    scalar->statement, (int)k + 1, mr_column_value(&batch->columns[k], row));
        if (step(scalar, scratch, &values[row])) continue;
        errors[row] = MR_ROW_RAISED;
        fail_row(scalar, scratch, row);
    }
    struct mr_column column = mr_column_make(scalar->type, values, 1, batch->n_rows, scratch);
    if (!scalar->is_nullable) column.valid = NULL;
    return column;
}

enum mr_row_error mr_sql_scalar_row(const struct mr_sql_scalar *scalar,
    const struct mr_value *row, struct mr_scratch *scratch, struct mr_value *out)
{
    *out = (struct mr_value){.type = MR_TYPE_NULL};
    sqlite3_reset(scalar->statement);
    for (uint32_t k = 0; k < MR_FIELDS_MAX; k++)
        if (scalar->fields >> k & 1) mr_sql_bind(scalar->statement, (int)k + 1, row[k]);
    if (step(scalar, scratch, out)) return MR_ROW_OK;
    if (scratch->caller) scratch->caller->failures = NULL;
    fail_row(scalar, scratch, 0);
    return MR_ROW_RAISED;
}
