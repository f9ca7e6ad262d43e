/* Records of runs: one SQLite file (`.mrr`) for a run or a whole campaign. docs/record.md lists
 * its tables. */
#ifndef MR_REPLAY_STORE_H
#define MR_REPLAY_STORE_H

#include "scenarios/recorder.h"
#include "scenarios/run/tally.h"

/* Which Millrace wrote a record: a seed means a run for one build only. Borrowed. */
struct mr_build {
    const char *version;
    const char *commit;
    const char *compiler;
};

struct mr_store;

/* Begins a record. It is written beside `path` and takes that name only with mr_store_finish,
 * so that there is never half a record. Errors: IO (a full disk, an unwritable folder). */
MR_MUST_CHECK bool mr_store_create(
    const char *path, const struct mr_build *build, struct mr_store **out, struct mr_err *err);
/* Opens a finished record to read it. Errors: INPUT: not there, not a record, truncated or
 * damaged, of a format that this build does not know. Another build of the same format opens:
 * see mr_store_build. */
MR_MUST_CHECK bool mr_store_open(const char *path, struct mr_store **out, struct mr_err *err);
/* Makes the record whole and gives it its name. Reports the first error of all additions. */
MR_MUST_CHECK bool mr_store_finish(struct mr_store *store, struct mr_err *err);
/* Accepts NULL. What was not finished leaves nothing behind. */
void mr_store_close(struct mr_store *store);

/* The bug planted in the runs of the scenarios that are added from now on; none at first. */
void mr_store_plant(struct mr_store *store, enum mr_plant plant);
/* Writing. Errors are kept, and told by mr_store_finish; ids count from 1. */
int64_t mr_store_add_scenario(struct mr_store *store, const struct mr_scenario *scenario);
/* One row for a seed, with its findings and witnesses. */
int64_t mr_store_add_run(struct mr_store *store, int64_t scenario,
    const struct mr_run_result *result, bool is_unexpected);
void mr_store_add_lost(struct mr_store *store, int64_t scenario, struct mr_lost_seed lost);
/* The verdict over a scenario's seeds, as mr_tally_verdict has it. */
void mr_store_add_tally(struct mr_store *store, int64_t scenario, const struct mr_tally *tally);
/* A recorder that writes everything of a run, which was added before, into the store: to be
 * given to one mr_run of the same seed. `manifest` is the text of mr_manifest_write. */
struct mr_recorder mr_store_recorder(struct mr_store *store, int64_t run,
    const struct mr_scenario *scenario, const char *manifest);
/* After that run: flushes what is still held back, and notes the result. */
void mr_store_end_recording(struct mr_store *store, const struct mr_run_result *result);

/* Reading. */
struct mr_build mr_store_build(const struct mr_store *store); /* borrowed from the store */
const char *mr_store_path(const struct mr_store *store);

/* The kind of fault that a record names so. */
enum mr_fault_kind mr_store_fault_kind(const char *name);

/* Rows of a SELECT (with ORDER BY on a unique key). `arguments[n]` are bound to ?1, ?2, ... */
struct mr_store_rows;
MR_MUST_CHECK bool mr_store_select(struct mr_store *store, const char *sql,
    const int64_t *arguments, uint32_t n, struct mr_store_rows **out, struct mr_err *err);
/* The next row; false after the last one, or when the file is damaged (see
 * mr_store_rows_close). */
bool mr_store_next(struct mr_store_rows *rows);
bool mr_store_is_null(const struct mr_store_rows *rows, int column);
int64_t mr_store_int(const struct mr_store_rows *rows, int column);
const char *mr_store_text(
    const struct mr_store_rows *rows, int column); /* "" for null; until the next row */
const void *mr_store_blob(const struct mr_store_rows *rows, int column, size_t *bytes);
/* Accepts NULL. False when reading ended by an error. */
bool mr_store_rows_close(struct mr_store_rows *rows, struct mr_err *err);

#endif
