/* Rows read from a record. */
#include <string.h>

#include "replay/store_internal.h"

struct mr_store_rows {
    struct mr_store *store; /* borrowed */
    sqlite3_stmt *statement;
    int code; /* of the last step */
};

static bool fail_damaged(struct mr_store *store, struct mr_err *err)
{
    return mr_fail(err, MR_ERR_INPUT, "record '%s' is truncated or damaged: %s", store->path,
        sqlite3_errmsg(store->db));
}

bool mr_store_select(struct mr_store *store, const char *sql, const int64_t *arguments,
    uint32_t n, struct mr_store_rows **out, struct mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return fail_damaged(store, err);
    for (uint32_t i = 0; i < n; i++) sqlite3_bind_int64(statement, (int)i + 1, arguments[i]);
    struct mr_store_rows *rows = mr_alloc(sizeof *rows);
    *rows = (struct mr_store_rows){.store = store, .statement = statement, .code = SQLITE_ROW};
    *out = rows;
    return true;
}

bool mr_store_next(struct mr_store_rows *rows)
{
    if (rows->code == SQLITE_ROW) rows->code = sqlite3_step(rows->statement);
    return rows->code == SQLITE_ROW;
}

bool mr_store_is_null(const struct mr_store_rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

int64_t mr_store_int(const struct mr_store_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

const char *mr_store_text(const struct mr_store_rows *rows, int column)
{
    const char *text = (const char *)sqlite3_column_text(rows->statement, column);
    return text ? text : "";
}

const void *mr_store_blob(const struct mr_store_rows *rows, int column, size_t *bytes)
{
    const void *blob = sqlite3_column_blob(rows->statement, column);
    *bytes = (size_t)sqlite3_column_bytes(rows->statement, column);
    return blob;
}

bool mr_store_rows_close(struct mr_store_rows *rows, struct mr_err *err)
{
    if (!rows) return true;
    bool is_ok =
        rows->code == SQLITE_ROW || rows->code == SQLITE_DONE || fail_damaged(rows->store, err);
    sqlite3_finalize(rows->statement);
    mr_free(rows);
    return is_ok;
}
