/* A connection to SQLite in memory, in which nothing but what is written here can be called. */
#ifndef MR_ENGINE_EXPRESSION_SQL_CONNECTION_H
#define MR_ENGINE_EXPRESSION_SQL_CONNECTION_H

#include <sqlite3.h>

#include "base/value.h"
#include "engine/batch/scratch.h"
#include "engine/expression/sql_internal.h"

enum { MR_SQL_TICK_OPS = 1000, MR_SQL_TICKS_MAX = 50000 };

struct mr_sql_connection {
    sqlite3 *db;
    bool is_locked;
    uint32_t n_ticks; /* of the call at hand: the budget is counted, not timed */
    uint32_t n_statements;
    sqlite3_stmt **statements; /* [n_statements], to be closed with it */
};

/* Closed with the region. NULL, with an error, when SQLite cannot be opened. */
struct mr_sql_connection *mr_sql_connection_open(
    struct mr_region *region, uint32_t statements_max, struct mr_err *err);
/* From now on only SELECT can be prepared. */
void mr_sql_connection_lock(struct mr_sql_connection *connection);
/* NULL, with an error that quotes SQLite: what was read by our own rules it takes as well, or
 * we have a bug. */
sqlite3_stmt *mr_sql_prepare(
    struct mr_sql_connection *connection, const char *sql, struct mr_err *err);
void mr_sql_bind(sqlite3_stmt *statement, int parameter, struct mr_value value);
/* The value of a column as one of `type`; text is borrowed from the statement. */
struct mr_value mr_sql_read(sqlite3_stmt *statement, int column, enum mr_type type);
/* What went wrong, copied. */
const char *mr_sql_failure(
    const struct mr_sql_connection *connection, struct mr_scratch *scratch);
bool mr_sql_functions_add(sqlite3 *db);

#endif
