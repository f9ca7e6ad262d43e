/* Questions that a user asks of a record, in SQL. They cannot change anything. */
#ifndef MR_REPLAY_QUERY_H
#define MR_REPLAY_QUERY_H

#include "replay/store.h"

/* One value of a result. */
enum mr_query_kind {
    MR_QUERY_NULL,
    MR_QUERY_INT,
    MR_QUERY_FLOAT,
    MR_QUERY_TEXT,
    MR_QUERY_BLOB,
};
struct mr_query_cell {
    enum mr_query_kind kind;
    int64_t i;
    double f;
    const char *text; /* TEXT, BLOB: borrowed until the next row */
    size_t bytes;
};

/* Asked now and then while a query works: false stops it. */
struct mr_query_patience {
    void *self;
    bool (*goes_on)(void *self);
};

struct mr_query;
/* Begins a query: one SELECT (or VALUES, or WITH ... SELECT). Errors: INPUT: SQLite's, with the
 * nearest table or column; more than one statement; anything that is no SELECT. */
MR_MUST_CHECK bool mr_query_open(struct mr_store *store, const char *sql,
    const struct mr_query_patience *patience, struct mr_query **out, struct mr_err *err);
uint32_t mr_query_columns(const struct mr_query *query);
const char *mr_query_column(const struct mr_query *query, uint32_t column);
/* The next row; false behind the last, and when it was stopped or failed. */
bool mr_query_next(struct mr_query *query);
/* Whether it ended so. */
bool mr_query_has_failed(const struct mr_query *query);
struct mr_query_cell mr_query_cell(const struct mr_query *query, uint32_t column);
/* Accepts NULL. False when it ended by an error. */
bool mr_query_close(struct mr_query *query, struct mr_err *err);

/* A view or table that can be asked. */
struct mr_query_table {
    const char *name;
    bool is_view;
    const char *columns; /* with commas between */
};
/* All of them, views first; *tables lives in the region. */
MR_MUST_CHECK bool mr_query_tables(struct mr_store *store, struct mr_region *region,
    const struct mr_query_table **tables, size_t *n, struct mr_err *err);

#endif
