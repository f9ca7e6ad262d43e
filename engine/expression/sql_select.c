/* SELECT over the rows of a window: tables without types, filled in one order whatever the
 * order of the rows. */
#include <string.h>

#include "engine/expression/sql_connection.h"

struct worker {
    struct mr_sql_connection *connection;
    sqlite3_stmt *select;
    sqlite3_stmt *inserts[MR_SQL_SOURCES_MAX];
    sqlite3_stmt *clears[MR_SQL_SOURCES_MAX];
};

struct mr_sql_query {
    struct mr_schema schema;
    uint32_t n_tables;
    uint32_t n_fields[MR_SQL_SOURCES_MAX];
    struct worker *workers; /* [MR_SQL_USERS] */
};

/* ---- Compiling ---- */

static bool make_table(struct mr_region *region, struct worker *worker, uint32_t table,
    uint32_t n_fields, struct mr_err *err)
{
    const char *columns = "";
    for (uint32_t i = 0; i < n_fields; i++)
        columns = mr_region_printf(region, "%s%sc%u", columns, i > 0 ? ", " : "", i);
    const char *sql = mr_region_printf(region, "CREATE TABLE t%u (%s)", table, columns);
    if (sqlite3_exec(worker->connection->db, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
    return mr_fail(
        err, MR_ERR_IO, "SQLite makes no table: %s", sqlite3_errmsg(worker->connection->db));
}

static bool prepare_table(struct mr_region *region, struct worker *worker, uint32_t table,
    uint32_t n_fields, struct mr_err *err)
{
    const char *marks = "";
    for (uint32_t i = 0; i < n_fields; i++)
        marks = mr_region_printf(region, "%s%s?", marks, i > 0 ? ", " : "");
    worker->inserts[table] = mr_sql_prepare(worker->connection,
        mr_region_printf(region, "INSERT INTO t%u VALUES (%s)", table, marks), err);
    worker->clears[table] = mr_sql_prepare(
        worker->connection, mr_region_printf(region, "DELETE FROM t%u", table), err);
    return worker->inserts[table] && worker->clears[table];
}

static bool make_worker(struct mr_region *region, const struct mr_sql_query *query,
    const char *sql, struct worker *worker, struct mr_err *err)
{
    *worker = (struct worker){
        .connection = mr_sql_connection_open(region, 1 + 2 * MR_SQL_SOURCES_MAX, err)};
    if (!worker->connection) return false;
    for (uint32_t i = 0; i < query->n_tables; i++)
        if (!make_table(region, worker, i, query->n_fields[i], err)) return false;
    for (uint32_t i = 0; i < query->n_tables; i++) /* a table more, and all are read again */
        if (!prepare_table(region, worker, i, query->n_fields[i], err)) return false;
    mr_sql_connection_lock(worker->connection);
    worker->select = mr_sql_prepare(worker->connection, sql, err);
    return worker->select != NULL;
}

static bool compile_query(const struct mr_compiler *compiler,
    const struct mr_sql_parser *parser, const struct mr_sql_shape *shape,
    const struct mr_sql_query **out)
{
    struct mr_sql_query *query = mr_region_new(compiler->region, struct mr_sql_query);
    *query = (struct mr_sql_query){.schema = shape->schema,
        .n_tables = parser->n_tables,
        .workers = mr_region_array(compiler->region, struct worker, MR_SQL_USERS)};
    for (uint32_t i = 0; i < parser->n_tables; i++) {
        const struct mr_schema *schema = parser->tables[i].schema;
        query->n_fields[i] = schema->n_fields;
        for (uint32_t k = 0; k < schema->n_fields; k++)
            if (schema->fields[k].type == MR_TYPE_ANY)
                return mr_compiler_fail(compiler, 0,
                    "'%s' is of type any, which a query over several rows cannot have",
                    schema->fields[k].name);
    }
    for (uint32_t i = 0; i < MR_SQL_USERS; i++)
        if (!make_worker(
                compiler->region, query, shape->sql, &query->workers[i], compiler->err))
            return false;
    *out = query;
    return true;
}

/* The place of errors in a part of the text is that of the whole. */
static bool compile_part(const struct mr_compiler *whole, const char *text, const char *alias,
    const struct mr_schema *schema, enum mr_expression_use use,
    const struct mr_expression **out)
{
    return mr_expression_compile_sql(
        whole->region, text, whole->place, alias, use, schema, out, whole->err);
}

static bool compile_rows(const struct mr_compiler *compiler, const struct mr_sql_shape *shape,
    const struct mr_schema *input, struct mr_sql_select *out)
{
    const struct mr_expression **items =
        mr_region_array(compiler->region, const struct mr_expression *, shape->n_items);
    struct mr_field *fields =
        mr_region_array(compiler->region, struct mr_field, shape->n_items);
    for (uint32_t i = 0; i < shape->n_items; i++) {
        if (!compile_part(
                compiler, shape->items[i], shape->alias, input, MR_USE_VALUE, &items[i]))
            return false;
        fields[i] = mr_expression_result(items[i]);
        fields[i].name = shape->schema.fields[i].name;
    }
    out->schema = (struct mr_schema){.n_fields = shape->n_items, .fields = fields};
    out->n_items = shape->n_items;
    out->items = items;
    return !shape->condition || compile_part(compiler, shape->condition, shape->alias, input,
                                    MR_USE_KEEP, &out->condition);
}

bool mr_sql_select_compile(struct mr_region *region, const char *text, struct mr_place place,
    const struct mr_sql_table *tables, uint32_t n_tables, struct mr_sql_select *out,
    struct mr_err *err)
{
    MR_ASSERT(n_tables > 0 && n_tables <= MR_SQL_SOURCES_MAX);
    struct mr_compiler *compiler = mr_region_new(region, struct mr_compiler);
    *compiler = (struct mr_compiler){
        .region = region, .text = text, .place = place, .schema = tables[0].schema, .err = err};
    struct mr_sql_parser *parser = mr_region_new(region, struct mr_sql_parser);
    *parser =
        (struct mr_sql_parser){.compiler = compiler, .n_tables = n_tables, .tables = tables};
    struct mr_sql_shape shape = {0};
    *out = (struct mr_sql_select){0};
    if (!mr_sql_tokens(parser) || !mr_sql_query_parse(parser, &shape)) return false;
    if (shape.is_row_wise && n_tables == 1)
        return compile_rows(compiler, &shape, tables[0].schema, out);
    out->schema = shape.schema;
    return compile_query(compiler, parser, &shape, &out->query);
}

/* ---- Running ---- */

/* An order of rows by their values alone. */
struct ordering {
    const struct mr_value *values;
    uint32_t n_fields;
};

static int compare_values(struct mr_value a, struct mr_value b)
{
    if (a.type != b.type) return a.type < b.type ? -1 : 1;
    if (mr_type_is_text((enum mr_type)a.type)) {
        uint32_t shorter = a.bytes < b.bytes ? a.bytes : b.bytes;
        int order = shorter ? memcmp(a.text, b.text, shorter) : 0;
        if (order) return order;
        return a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
    }
    return a.i < b.i ? -1 : a.i > b.i; /* of floats the bits: any order will do */
}

static bool comes_after(const struct ordering *ordering, uint32_t first, uint32_t second)
{
    const struct mr_value *a = ordering->values + (size_t)first * ordering->n_fields;
    const struct mr_value *b = ordering->values + (size_t)second * ordering->n_fields;
    for (uint32_t i = 0; i < ordering->n_fields; i++) {
        int order = compare_values(a[i], b[i]);
        if (order) return order > 0;
    }
    return false;
}

static void merge(const struct ordering *ordering, const uint32_t *from, uint32_t *to,
    uint32_t n, uint32_t width)
{
    for (uint32_t begin = 0; begin < n; begin += 2 * width) {
        uint32_t middle = begin + width < n ? begin + width : n;
        uint32_t end = begin + 2 * width < n ? begin + 2 * width : n;
        for (uint32_t left = begin, right = middle, at = begin; at < end; at++) {
            bool takes_right = left == middle ||
                               (right < end && comes_after(ordering, from[left], from[right]));
            to[at] = takes_right ? from[right++] : from[left++];
        }
    }
}

/* The numbers of the rows in order, by merging runs of 1, 2, 4 and so on. */
static const uint32_t *sort_rows(
    const struct ordering *ordering, uint32_t n, struct mr_scratch *scratch)
{
    uint32_t *from = mr_scratch_array(scratch, uint32_t, n + 1);
    uint32_t *to = mr_scratch_array(scratch, uint32_t, n + 1);
    MR_ASSERT(n < UINT32_MAX / 2);
    for (uint32_t i = 0; i < n; i++) from[i] = i;
    for (uint32_t width = 1; width < n; width *= 2) {
        merge(ordering, from, to, n, width);
        uint32_t *merged = to;
        to = from;
        from = merged;
    }
    return from;
}

static bool fill(struct worker *worker, uint32_t table, uint32_t n_fields,
    const struct mr_sql_rows *rows, struct mr_scratch *scratch)
{
    struct ordering ordering = {.values = rows->values, .n_fields = n_fields};
    const uint32_t *order = sort_rows(&ordering, rows->n, scratch);
    sqlite3_stmt *insert = worker->inserts[table];
    for (uint32_t i = 0; i < rows->n; i++) {
        const struct mr_value *row = rows->values + (size_t)order[i] * n_fields;
        for (uint32_t k = 0; k < n_fields; k++) mr_sql_bind(insert, (int)k + 1, row[k]);
        int code = sqlite3_step(insert);
        sqlite3_reset(insert);
        if (code != SQLITE_DONE) return false;
    }
    return true;
}

/* Also of a call that was left by the arena's end. */
static void clear(const struct mr_sql_query *query, struct worker *worker)
{
    sqlite3_reset(worker->select);
    for (uint32_t i = 0; i < query->n_tables; i++) {
        sqlite3_reset(worker->inserts[i]);
        sqlite3_step(worker->clears[i]);
        sqlite3_reset(worker->clears[i]);
    }
}

bool mr_sql_query_run(const struct mr_sql_query *query, enum mr_sql_user user,
    const struct mr_sql_rows *tables, struct mr_scratch *scratch, void *self,
    void (*each)(void *self, const struct mr_value *values), const char **failure)
{
    struct worker *worker = &query->workers[user];
    struct mr_value values[MR_FIELDS_MAX];
    bool ok = true;
    int code = SQLITE_DONE;
    clear(query, worker);
    worker->connection->n_ticks = 0;
    for (uint32_t i = 0; i < query->n_tables && ok; i++)
        ok = fill(worker, i, query->n_fields[i], &tables[i], scratch);
    while (ok && (code = sqlite3_step(worker->select)) == SQLITE_ROW) {
        for (uint32_t i = 0; i < query->schema.n_fields; i++)
            values[i] = mr_sql_read(worker->select, (int)i, query->schema.fields[i].type);
        each(self, values);
    }
    ok = ok && code == SQLITE_DONE;
    if (!ok) *failure = mr_sql_failure(worker->connection, scratch);
    clear(query, worker);
    return ok;
}
