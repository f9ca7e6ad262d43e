/* What the files of the store share: the open database, and inserts into its tables. */
#ifndef MR_REPLAY_STORE_INTERNAL_H
#define MR_REPLAY_STORE_INTERNAL_H

#include <sqlite3.h>

#include "replay/store.h"

enum { MR_STORE_APPLICATION = 0x4d524d52, MR_STORE_FORMAT = 1, MR_DIGEST_BLOCK = 4096 };

enum mr_table {
    MR_TABLE_BUILD,
    MR_TABLE_SCENARIOS,
    MR_TABLE_TOPICS,
    MR_TABLE_SCENARIO_FAULTS,
    MR_TABLE_MILESTONES,
    MR_TABLE_TALLIES,
    MR_TABLE_LOST,
    MR_TABLE_RUNS,
    MR_TABLE_FINDINGS,
    MR_TABLE_FINDING_INPUTS,
    MR_TABLE_INPUTS,
    MR_TABLE_OUTPUTS,
    MR_TABLE_TRANSACTIONS,
    MR_TABLE_WATERMARKS,
    MR_TABLE_BACKLOG,
    MR_TABLE_LATE_ROWS,
    MR_TABLE_CHECKPOINTS,
    MR_TABLE_JOB_STATES,
    MR_TABLE_FAULTS,
    MR_TABLE_PROCESSES,
    MR_TABLE_POINTS,
    MR_TABLE_MESSAGES,
    MR_TABLE_LOGS,
    MR_TABLE_DIGESTS,
    MR_TABLES,
};
extern const char *const mr_store_tables[MR_TABLES];
extern const char mr_store_schema_campaign[];
extern const char mr_store_schema_runs[];
extern const char mr_store_schema_views[];

/* The run that is being recorded. */
struct mr_recording {
    int64_t run; /* 0: none */
    int64_t n;   /* what has happened so far */
    uint64_t first_step;
    uint64_t last_step;
    mr_ns first_ns;
    uint32_t n_digests;
    unsigned char digests[8 * MR_DIGEST_BLOCK];
    struct mr_text row; /* scratch: JSON of an output row */
};

struct mr_store {
    sqlite3 *db;
    char *path;
    char *temporary;   /* where it lies until it is finished; NULL: it is, or it is read */
    struct mr_err err; /* of the first addition that failed */
    sqlite3_stmt *inserts[MR_TABLES]; /* prepared when first used */
    int64_t ids[MR_TABLES];           /* the last id that was given out */
    enum mr_plant plant;
    char *version; /* when reading */
    char *revision;
    char *compiler;
    struct mr_recording recording;
};

/* A value of a row that is inserted. */
enum mr_cell_kind { MR_CELL_NULL, MR_CELL_INT, MR_CELL_TEXT, MR_CELL_BLOB };
struct mr_cell {
    enum mr_cell_kind kind;
    int64_t integer;
    const char *text; /* borrowed for the call */
    size_t bytes;     /* of a BLOB */
};
#define MR_NOTHING ((struct mr_cell){.kind = MR_CELL_NULL})
#define MR_INT(value) ((struct mr_cell){.kind = MR_CELL_INT, .integer = (int64_t)(value)})
#define MR_TEXT(value) ((struct mr_cell){.kind = MR_CELL_TEXT, .text = (value)})
#define MR_BLOB(value, size)                                                                   \
    ((struct mr_cell){.kind = MR_CELL_BLOB, .text = (const char *)(value), .bytes = (size)})

/* Inserts a row with all its cells. Does nothing once an addition has failed. */
void mr_store_insert(
    struct mr_store *store, enum mr_table table, const struct mr_cell *cells, uint32_t n);
#define mr_store_put(store, table, ...)                                                        \
    mr_store_insert(store, table, (const struct mr_cell[]){__VA_ARGS__},                       \
        sizeof((const struct mr_cell[]){__VA_ARGS__}) / sizeof(struct mr_cell))
/* Runs an UPDATE or several statements without results; `arguments[n]` are bound to ?1, ... */
void mr_store_update(
    struct mr_store *store, const char *sql, const struct mr_cell *arguments, uint32_t n);
/* Keeps the database's last error as the store's, as IO: the machine refused. */
void mr_store_fail(struct mr_store *store);

/* 16 hexadecimal digits and a NUL. Returns `out`. */
char *mr_digest_format(uint64_t digest, char out[17]);

#endif
