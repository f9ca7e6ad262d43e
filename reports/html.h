/* One self-contained HTML page of a record: verdicts, witnesses, and pictures of the runs that
 * were recorded in full. */
#ifndef MR_REPORTS_HTML_H
#define MR_REPORTS_HTML_H

#include "base/alloc.h"
#include "replay/store.h"

/* Errors: IO: gnuplot is missing or failed: the page is then written all the same, with a note
 * in the place of each picture, and *is_without_pictures says so; INPUT: the record is damaged,
 * and *out of no use. */
MR_MUST_CHECK bool mr_html_write(
    struct mr_text *out, struct mr_store *store, bool *is_without_pictures, struct mr_err *err);

#endif
