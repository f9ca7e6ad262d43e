#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/store_internal.h"

static char *duplicate(const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(mr_alloc(bytes), text, bytes);
}

char *mr_digest_format(uint64_t digest, char out[17])
{
    snprintf(out, 17, "%016llx", (unsigned long long)digest);
    return out;
}

/* Errors. */

void mr_store_fail(struct mr_store *store)
{
    mr_fail(&store->err, MR_ERR_IO, "cannot write record '%s': %s", store->path,
        sqlite3_errmsg(store->db));
}

/* Inserts. */

static sqlite3_stmt *insert_statement(struct mr_store *store, enum mr_table table, uint32_t n)
{
    if (store->inserts[table]) return store->inserts[table];
    struct mr_text sql = {0};
    mr_text_printf(&sql, "INSERT INTO %s VALUES (?", mr_store_tables[table]);
    for (uint32_t i = 1; i < n; i++) mr_text_printf(&sql, ", ?");
    mr_text_printf(&sql, ")");
    if (sqlite3_prepare_v3(store->db, sql.data, -1, SQLITE_PREPARE_PERSISTENT,
            &store->inserts[table], NULL) != SQLITE_OK)
        mr_store_fail(store);
    mr_text_deinit(&sql);
    return store->inserts[table];
}

static void bind(sqlite3_stmt *statement, const struct mr_cell *cells, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        int at = (int)i + 1;
        switch (cells[i].kind) {
        case MR_CELL_NULL:
            sqlite3_bind_null(statement, at);
            break;
        case MR_CELL_INT:
            sqlite3_bind_int64(statement, at, cells[i].integer);
            break;
        case MR_CELL_TEXT:
            sqlite3_bind_text(statement, at, cells[i].text, -1, SQLITE_STATIC);
            break;
        case MR_CELL_BLOB:
            sqlite3_bind_blob64(statement, at, cells[i].text, cells[i].bytes, SQLITE_STATIC);
            break;
        }
    }
}

void mr_store_insert(
    struct mr_store *store, enum mr_table table, const struct mr_cell *cells, uint32_t n)
{
    if (store->err.kind != MR_ERR_NONE) return;
    MR_ASSERT(store->temporary != NULL);
    sqlite3_stmt *statement = insert_statement(store, table, n);
    if (!statement) return;
    MR_ASSERT(sqlite3_bind_parameter_count(statement) == (int)n);
    bind(statement, cells, n);
    if (sqlite3_step(statement) != SQLITE_DONE) mr_store_fail(store);
    sqlite3_reset(statement);
}

void mr_store_update(
    struct mr_store *store, const char *sql, const struct mr_cell *arguments, uint32_t n)
{
    if (store->err.kind != MR_ERR_NONE) return;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK) {
        bind(statement, arguments, n);
        if (sqlite3_step(statement) != SQLITE_DONE) mr_store_fail(store);
    } else {
        mr_store_fail(store);
    }
    sqlite3_finalize(statement);
}

/* Creating. The file is new and thrown away when anything fails: no journal, no waiting for the
 * disk before the end. */

static const char begin_sql[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA cache_size = -16384; BEGIN;";

static void execute(struct mr_store *store, const char *sql)
{
    if (store->err.kind != MR_ERR_NONE) return;
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) mr_store_fail(store);
}

static void make_tables(struct mr_store *store, const struct mr_build *build)
{
    char pragmas[96];
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
        MR_STORE_APPLICATION, MR_STORE_FORMAT);
    execute(store, begin_sql);
    execute(store, pragmas);
    execute(store, mr_store_schema_campaign);
    execute(store, mr_store_schema_runs);
    execute(store, mr_store_schema_views);
    mr_store_put(store, MR_TABLE_BUILD, MR_INT(1), MR_TEXT(build->version),
        MR_TEXT(build->commit), MR_TEXT(build->compiler));
}

/* Renaming onto a device or a folder would put a file in its place. */
static bool can_be_record(const char *path, struct mr_err *err)
{
    struct stat status;
    if (stat(path, &status) != 0 || S_ISREG(status.st_mode)) return true;
    return mr_fail(
        err, MR_ERR_IO, "cannot write record '%s': it is there and not a file", path);
}

bool mr_store_create(
    const char *path, const struct mr_build *build, struct mr_store **out, struct mr_err *err)
{
    if (!can_be_record(path, err)) return false;
    struct mr_store *store = mr_alloc(sizeof *store);
    store->path = duplicate(path);
    size_t bytes = strlen(path) + 32;
    store->temporary = mr_alloc(bytes);
    snprintf(store->temporary, bytes, "%s.%ld.part", path, (long)getpid());
    unlink(store->temporary);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(store->temporary, &store->db, flags, NULL) != SQLITE_OK)
        mr_fail(&store->err, MR_ERR_IO, "cannot write record '%s': %s", path,
            errno ? strerror(errno) : sqlite3_errmsg(store->db));
    make_tables(store, build);
    if (store->err.kind != MR_ERR_NONE) {
        *err = store->err;
        mr_store_close(store);
        return false;
    }
    *out = store;
    return true;
}

/* Finishing. */

static void close_database(struct mr_store *store)
{
    for (int i = 0; i < MR_TABLES; i++) {
        sqlite3_finalize(store->inserts[i]);
        store->inserts[i] = NULL;
    }
    sqlite3_close(store->db);
    store->db = NULL;
}

static bool is_on_disk(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    bool is_ok = fsync(fd) == 0;
    return close(fd) == 0 && is_ok;
}

bool mr_store_finish(struct mr_store *store, struct mr_err *err)
{
    MR_ASSERT(store->temporary != NULL);
    execute(store, "COMMIT");
    close_database(store);
    if (store->err.kind == MR_ERR_NONE &&
        (!is_on_disk(store->temporary) || rename(store->temporary, store->path) != 0))
        mr_fail(&store->err, MR_ERR_IO, "cannot write record '%s': %s", store->path,
            strerror(errno));
    if (store->err.kind != MR_ERR_NONE) {
        *err = store->err;
        return false;
    }
    mr_free(store->temporary);
    store->temporary = NULL;
    return true;
}

void mr_store_close(struct mr_store *store)
{
    if (!store) return;
    close_database(store);
    if (store->temporary) unlink(store->temporary);
    mr_text_deinit(&store->recording.row);
    mr_free(store->temporary);
    mr_free(store->path);
    mr_free(store->version);
    mr_free(store->revision);
    mr_free(store->compiler);
    mr_free(store);
}

/* Opening. */

/* The one integer that `sql` gives; false when the file cannot be read so far. */
static bool read_integer(struct mr_store *store, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    bool is_ok = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW;
    if (is_ok) *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return is_ok;
}

static bool is_sound(struct mr_store *store)
{
    sqlite3_stmt *statement = NULL;
    const char *sql = "PRAGMA quick_check(1)";
    bool is_ok = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW &&
                 strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
    sqlite3_finalize(statement);
    return is_ok;
}

static bool read_build(struct mr_store *store)
{
    sqlite3_stmt *statement = NULL;
    const char *sql = "SELECT version, revision, compiler FROM build ORDER BY id";
    bool is_ok = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW;
    if (is_ok) {
        store->version = duplicate((const char *)sqlite3_column_text(statement, 0));
        store->revision = duplicate((const char *)sqlite3_column_text(statement, 1));
        store->compiler = duplicate((const char *)sqlite3_column_text(statement, 2));
    }
    sqlite3_finalize(statement);
    return is_ok;
}

/* What a SQLite file begins with. */
static bool has_magic(const char *path, struct mr_err *err)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return mr_fail(err, MR_ERR_INPUT, "'%s' is a folder, not a record", path);
    FILE *file = fopen(path, "rb");
    if (!file)
        return mr_fail(err, MR_ERR_INPUT, "cannot read record '%s': %s", path, strerror(errno));
    char magic[16] = "";
    size_t n = fread(magic, 1, sizeof magic, file);
    fclose(file);
    if (n == sizeof magic && memcmp(magic, "SQLite format 3", sizeof magic) == 0) return true;
    return mr_fail(err, MR_ERR_INPUT, "'%s' is not a record of Millrace", path);
}

static bool open_database(struct mr_store *store, struct mr_err *err)
{
    const char *path = store->path;
    int64_t application = 0, format = 0;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK ||
        !read_integer(store, "PRAGMA application_id", &application) ||
        !read_integer(store, "PRAGMA user_version", &format))
        return mr_fail(err, MR_ERR_INPUT, "record '%s' is truncated or damaged", path);
    if (application != MR_STORE_APPLICATION)
        return mr_fail(err, MR_ERR_INPUT, "'%s' is not a record of Millrace", path);
    if (format != MR_STORE_FORMAT)
        return mr_fail(err, MR_ERR_INPUT,
            "record '%s' has format %lld, this Millrace reads format %d", path,
            (long long)format, MR_STORE_FORMAT);
    if (!is_sound(store) || !read_build(store))
        return mr_fail(err, MR_ERR_INPUT, "record '%s' is truncated or damaged", path);
    return true;
}

bool mr_store_open(const char *path, struct mr_store **out, struct mr_err *err)
{
    if (!has_magic(path, err)) return false;
    struct mr_store *store = mr_alloc(sizeof *store);
    store->path = duplicate(path);
    if (!open_database(store, err)) {
        mr_store_close(store);
        return false;
    }
    *out = store;
    return true;
}

struct mr_build mr_store_build(const struct mr_store *store)
{
    MR_ASSERT(store->version != NULL);
    return (struct mr_build){
        .version = store->version, .commit = store->revision, .compiler = store->compiler};
}

const char *mr_store_path(const struct mr_store *store)
{
    return store->path;
}
