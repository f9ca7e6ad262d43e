/* The files that a campaign leaves: record, HTML page, JUnit. They appear whole and at the end,
 * or not at all. */
#ifndef MR_CLI_REPORT_FILES_H
#define MR_CLI_REPORT_FILES_H

#include "replay/store.h"
#include "reports/junit.h"

struct mr_report_paths {
    const char *folder; /* --out; NULL: none. The others win over what lies in it */
    const char *record;
    const char *html;
    const char *junit;
};
/* The page is made from a record, also where nobody wants to keep one. */
bool mr_report_needs_record(const struct mr_report_paths *paths);

struct mr_report_files {
    struct mr_report_paths paths; /* with the folder's names filled in */
    const char *record_path;      /* of the store, perhaps a temporary one */
    bool is_record_temporary;
    struct mr_store *store; /* owned; NULL: nothing is recorded */
    const struct mr_junit_test *tests; /* [n_tests] of pipelines, for JUnit; borrowed */
    size_t n_tests;
};

/* Makes the folder and begins the record. Errors: IO: before anything has run. */
MR_MUST_CHECK bool mr_report_files_begin(struct mr_report_files *files,
    struct mr_region *region, const struct mr_report_paths *paths, enum mr_plant plant,
    struct mr_err *err);
/* Finishes the record and writes the rest. seconds[n_tallies] of wall time. Errors: IO. */
MR_MUST_CHECK bool mr_report_files_finish(struct mr_report_files *files,
    const struct mr_tally *const *tallies, const double *seconds, size_t n_tallies,
    struct mr_err *err);
/* Writes the page of a record. A missing gnuplot leaves a page without pictures, and is an IO
 * error all the same. */
MR_MUST_CHECK bool mr_report_write_html(
    const char *path, struct mr_store *store, struct mr_err *err);
/* Says which files there are now. */
void mr_report_files_tell(const struct mr_report_files *files);
/* Accepts a zeroed value. What was not finished leaves nothing behind. */
void mr_report_files_close(struct mr_report_files *files);

#endif
