/* What a user asks is kept from changing the record three times over: the file is open to be
 * read only, the connection is told `query_only`, and an authorizer lets nothing through but
 * reading. */
#include <string.h>

#include "replay/query.h"
#include "replay/store_internal.h"

enum { ASK_EVERY = 10000, /* instructions of SQLite */ BYTES_MAX = 100000000, WORDS_MAX = 512 };

struct mr_query {
    struct mr_store *store; /* borrowed */
    sqlite3_stmt *statement;
    struct mr_query_patience patience;
    int code; /* of the last step */
};

static int authorize(void *self, int action, const char *first, const char *second,
    const char *database, const char *inner)
{
    (void)self, (void)first, (void)database, (void)inner;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return strcmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

static int ask(void *self)
{
    const struct mr_query_patience *patience = &((struct mr_query *)self)->patience;
    return patience->goes_on && !patience->goes_on(patience->self);
}

static void guard(struct mr_query *query)
{
    sqlite3 *db = query->store->db;
    sqlite3_exec(db, "PRAGMA query_only = ON", NULL, NULL, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, BYTES_MAX);
    sqlite3_set_authorizer(db, authorize, NULL);
    sqlite3_progress_handler(db, ASK_EVERY, ask, query);
}

static void unguard(struct mr_store *store)
{
    sqlite3_set_authorizer(store->db, NULL, NULL);
    sqlite3_progress_handler(store->db, 0, NULL, NULL);
}

/* ---- Errors ---- */

/* Fills `words` with what the one column of `sql` gives. */
static size_t collect(
    struct mr_store *store, struct mr_region *region, const char *sql, const char **words)
{
    size_t n = 0;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) return 0;
    while (n < WORDS_MAX && sqlite3_step(statement) == SQLITE_ROW)
        words[n++] = mr_region_strdup(region, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return n;
}

static void suggest(struct mr_store *store, const char *message, struct mr_err *err)
{
    static const struct {
        const char *prefix;
        const char *sql;
    } kinds[] = {
        {"no such table: ", "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                            "ORDER BY name"},
        {"no such column: ",
            "SELECT DISTINCT c.name FROM sqlite_master m, pragma_table_info(m.name) c "
            "WHERE m.type IN ('table', 'view') ORDER BY c.name"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t bytes = strlen(kinds[i].prefix);
        if (strncmp(message, kinds[i].prefix, bytes) != 0) continue;
        struct mr_region *region = mr_region_create();
        const char *words[WORDS_MAX];
        size_t n = collect(store, region, kinds[i].sql, words);
        const char *word = message + bytes, *dot = strrchr(word, '.');
        mr_err_suggest(err, dot ? dot + 1 : word, words, n);
        mr_region_destroy(region);
    }
}

static bool fail_query(struct mr_store *store, int code, struct mr_err *err)
{
    const char *message = sqlite3_errmsg(store->db);
    if (code == SQLITE_INTERRUPT) return mr_fail(err, MR_ERR_INPUT, "the query was stopped");
    if (code == SQLITE_AUTH || strcmp(message, "not authorized") == 0)
        return mr_fail(err, MR_ERR_INPUT, "a record can only be asked: SELECT, VALUES or WITH");
    mr_fail(err, MR_ERR_INPUT, "%s", message);
    char copy[512];
    strncpy(copy, message, sizeof copy - 1);
    copy[sizeof copy - 1] = '\0';
    unguard(store);
    suggest(store, copy, err);
    return false;
}

/* ---- Queries ---- */

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n;")] == '\0';
}

bool mr_query_open(struct mr_store *store, const char *sql,
    const struct mr_query_patience *patience, struct mr_query **out, struct mr_err *err)
{
    struct mr_query *query = mr_alloc(sizeof *query);
    *query = (struct mr_query){.store = store, .code = SQLITE_ROW};
    if (patience) query->patience = *patience;
    guard(query);
    const char *rest = "";
    int code = sqlite3_prepare_v2(store->db, sql, -1, &query->statement, &rest);
    bool is_ok = false;
    if (code != SQLITE_OK)
        fail_query(store, code, err);
    else if (!query->statement)
        mr_fail(err, MR_ERR_INPUT, "the query is empty");
    else if (!is_blank(rest))
        mr_fail(err, MR_ERR_INPUT, "one query at a time: there is more behind the first");
    else if (!sqlite3_stmt_readonly(query->statement) ||
             sqlite3_column_count(query->statement) == 0)
        mr_fail(err, MR_ERR_INPUT, "a record can only be asked: SELECT, VALUES or WITH");
    else
        is_ok = true;
    if (!is_ok) {
        struct mr_err ignored = {0};
        (void)mr_query_close(query, &ignored);
        return false;
    }
    *out = query;
    return true;
}

uint32_t mr_query_columns(const struct mr_query *query)
{
    return (uint32_t)sqlite3_column_count(query->statement);
}

const char *mr_query_column(const struct mr_query *query, uint32_t column)
{
    const char *name = sqlite3_column_name(query->statement, (int)column);
    return name ? name : "";
}

bool mr_query_next(struct mr_query *query)
{
    if (query->code == SQLITE_ROW) query->code = sqlite3_step(query->statement);
    return query->code == SQLITE_ROW;
}

bool mr_query_has_failed(const struct mr_query *query)
{
    return query->code != SQLITE_ROW && query->code != SQLITE_DONE;
}

struct mr_query_cell mr_query_cell(const struct mr_query *query, uint32_t column)
{
    sqlite3_stmt *statement = query->statement;
    int at = (int)column;
    struct mr_query_cell cell = {.kind = MR_QUERY_NULL};
    switch (sqlite3_column_type(statement, at)) {
    case SQLITE_INTEGER:
        cell.kind = MR_QUERY_INT;
        cell.i = sqlite3_column_int64(statement, at);
        break;
    case SQLITE_FLOAT:
        cell.kind = MR_QUERY_FLOAT;
        cell.f = sqlite3_column_double(statement, at);
        break;
    case SQLITE_TEXT:
        cell.kind = MR_QUERY_TEXT;
        cell.text = (const char *)sqlite3_column_text(statement, at);
        cell.bytes = (size_t)sqlite3_column_bytes(statement, at);
        break;
    case SQLITE_BLOB:
        cell.kind = MR_QUERY_BLOB;
        cell.text = sqlite3_column_blob(statement, at);
        cell.bytes = (size_t)sqlite3_column_bytes(statement, at);
        break;
    default:
        break;
    }
    return cell;
}

bool mr_query_close(struct mr_query *query, struct mr_err *err)
{
    if (!query) return true;
    bool is_ok = !mr_query_has_failed(query) || fail_query(query->store, query->code, err);
    sqlite3_finalize(query->statement);
    unguard(query->store);
    mr_free(query);
    return is_ok;
}

bool mr_query_tables(struct mr_store *store, struct mr_region *region,
    const struct mr_query_table **tables, size_t *n, struct mr_err *err)
{
    struct mr_store_rows *rows;
    if (!mr_store_select(store,
            "SELECT m.name, m.type = 'view', (SELECT group_concat(c.name, ', ') FROM "
            "pragma_table_info(m.name) c ORDER BY c.cid) FROM sqlite_master m WHERE m.type IN "
            "('table', 'view') ORDER BY m.type DESC, m.name",
            NULL, 0, &rows, err))
        return false;
    struct mr_query_table *list = mr_region_array(region, struct mr_query_table, WORDS_MAX);
    *n = 0;
    while (*n < WORDS_MAX && mr_store_next(rows)) {
        list[*n] =
            (struct mr_query_table){.name = mr_region_strdup(region, mr_store_text(rows, 0)),
                .is_view = mr_store_int(rows, 1) != 0,
                .columns = mr_region_strdup(region, mr_store_text(rows, 2))};
        ++*n;
    }
    *tables = list;
    return mr_store_rows_close(rows, err);
}
