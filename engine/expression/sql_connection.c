#include "engine/expression/sql_connection.h"

#include <string.h>

static void close_connection(void *self)
{
    struct mr_sql_connection *connection = self;
    for (uint32_t i = 0; i < connection->n_statements; i++)
        sqlite3_finalize(connection->statements[i]);
    sqlite3_close(connection->db);
}

/* Stops a call that takes too long: after so many of SQLite's own steps, on every machine the
 * same. */
static int tick(void *self)
{
    struct mr_sql_connection *connection = self;
    return ++connection->n_ticks > MR_SQL_TICKS_MAX;
}

/* What a query may call, besides functions of ours. */
static const char *const allowed[] = {"abs", "floor", "ceil", "round", "sqrt", "pow", "exp",
    "ln", "log10", "replace", "coalesce", "nullif", "max", "min", "trim", "ltrim", "rtrim",
    "like", "count", "sum", "avg"};

static int authorize(void *self, int action, const char *first, const char *second,
    const char *third, const char *fourth)
{
    (void)first;
    (void)third;
    (void)fourth;
    if (!((const struct mr_sql_connection *)self)->is_locked) return SQLITE_OK;
    if (action == SQLITE_SELECT || action == SQLITE_READ) return SQLITE_OK;
    if (action != SQLITE_FUNCTION) return SQLITE_DENY;
    if (strncmp(second, "mr_", 3) == 0) return SQLITE_OK;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (mr_sql_same_word(second, allowed[i])) return SQLITE_OK;
    return SQLITE_DENY;
}

static bool set_up(struct mr_sql_connection *connection)
{
    sqlite3 *db = connection->db;
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_progress_handler(db, MR_SQL_TICK_OPS, tick, connection);
    /* From the start: to set it later would have all statements read again. */
    sqlite3_set_authorizer(db, authorize, connection);
    return sqlite3_exec(db, "PRAGMA case_sensitive_like = ON; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = OFF", NULL,
               NULL, NULL) == SQLITE_OK &&
           mr_sql_functions_add(db);
}

struct mr_sql_connection *mr_sql_connection_open(
    struct mr_region *region, uint32_t statements_max, struct mr_err *err)
{
    struct mr_sql_connection *connection = mr_region_new(region, struct mr_sql_connection);
    *connection = (struct mr_sql_connection){
        .statements = mr_region_array(region, sqlite3_stmt *, statements_max)};
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(":memory:", &connection->db, flags, NULL);
    mr_region_at_end(region, close_connection, connection);
    if (code == SQLITE_OK && set_up(connection)) return connection;
    mr_fail(err, MR_ERR_IO, "SQLite cannot be opened: %s", sqlite3_errmsg(connection->db));
    return NULL;
}

void mr_sql_connection_lock(struct mr_sql_connection *connection)
{
    connection->is_locked = true;
}

sqlite3_stmt *mr_sql_prepare(
    struct mr_sql_connection *connection, const char *sql, struct mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
            NULL) != SQLITE_OK) {
        mr_fail(
            err, MR_ERR_INPUT, "SQLite refuses the query: %s", sqlite3_errmsg(connection->db));
        return NULL;
    }
    connection->statements[connection->n_statements++] = statement;
    return statement;
}

void mr_sql_bind(sqlite3_stmt *statement, int parameter, struct mr_value value)
{
    switch ((enum mr_type)value.type) {
    case MR_TYPE_BOOL:
    case MR_TYPE_INT:
    case MR_TYPE_TIMESTAMP:
        sqlite3_bind_int64(statement, parameter, value.i);
        break;
    case MR_TYPE_FLOAT:
        sqlite3_bind_double(statement, parameter, value.f);
        break;
    case MR_TYPE_STRING:
        sqlite3_bind_text(statement, parameter, value.bytes ? value.text : "", (int)value.bytes,
            SQLITE_STATIC);
        break;
    case MR_TYPE_BYTES:
    case MR_TYPE_LIST:
    case MR_TYPE_MAP:
    case MR_TYPE_ROW:
        sqlite3_bind_blob(statement, parameter, value.bytes ? value.text : "", (int)value.bytes,
            SQLITE_STATIC);
        break;
    default:
        sqlite3_bind_null(statement, parameter);
    }
}

struct mr_value mr_sql_read(sqlite3_stmt *statement, int column, enum mr_type type)
{
    struct mr_value value = {.type = (uint8_t)type};
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return (struct mr_value){.type = MR_TYPE_NULL};
    switch (type) {
    case MR_TYPE_BOOL:
        value.i = sqlite3_column_int64(statement, column) != 0;
        break;
    case MR_TYPE_FLOAT:
        value.f = mr_canonical_float(sqlite3_column_double(statement, column));
        break;
    case MR_TYPE_STRING:
        value.text = (const char *)sqlite3_column_text(statement, column);
        value.bytes = (uint32_t)sqlite3_column_bytes(statement, column);
        break;
    case MR_TYPE_BYTES:
    case MR_TYPE_LIST:
    case MR_TYPE_MAP:
    case MR_TYPE_ROW:
        value.text = sqlite3_column_blob(statement, column);
        value.bytes = (uint32_t)sqlite3_column_bytes(statement, column);
        break;
    default:
        value.i = sqlite3_column_int64(statement, column);
    }
    return value;
}

const char *mr_sql_failure(
    const struct mr_sql_connection *connection, struct mr_scratch *scratch)
{
    const char *text = sqlite3_errmsg(connection->db);
    if (connection->n_ticks > MR_SQL_TICKS_MAX) text = "the query takes too many steps";
    char *copy = mr_scratch_alloc(scratch, strlen(text) + 1);
    memcpy(copy, text, strlen(text) + 1);
    return copy;
}
