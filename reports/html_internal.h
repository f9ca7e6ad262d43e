/* What the files of the HTML page share. */
#ifndef MR_REPORTS_HTML_INTERNAL_H
#define MR_REPORTS_HTML_INTERNAL_H

#include "reports/html.h"
#include "reports/text.h"

/* The page that is being written. Its functions return false when the record is damaged. */
struct mr_html {
    struct mr_text *out;
    struct mr_store *store;
    struct mr_err *err;
    struct mr_err picture_err; /* the first one of gnuplot, which does not end the page */
};

/* A scenario of the record, with its sums over the seeds. Texts are owned. */
struct mr_html_scenario {
    int64_t id;
    char *name;
    char *about;
    char *path; /* from where the report is written */
    char *plant;
    char *verdict;      /* of the tally; made from the runs where there is none */
    char *expect_check; /* "": no failure is expected */
    char *expect_verdict;
    int64_t expect_seeds;
    bool expectation_holds;
    bool is_whole;
    uint64_t seeds;
    uint64_t passed;
    uint64_t expected;
    uint64_t unexpected;
    uint64_t lost;
    uint64_t diverged;
    uint64_t steps;
    uint64_t checkpoints;
    uint64_t restores;
    uint64_t rows_dropped;
    mr_ns virtual_ns;
};

/* A run that was recorded in full. */
struct mr_html_run {
    int64_t id;
    uint64_t seed;
    mr_ns virtual_ns;
    const struct mr_html_scenario *scenario;
};

/* A stretch of a run in which not all was well: shaded in the pictures, listed below them. */
enum mr_html_region_kind {
    MR_REGION_FAULT,
    MR_REGION_DOWN,
    MR_REGION_STOPPED,
    MR_REGION_KINDS,
};
struct mr_html_region {
    mr_ns from_ns;
    mr_ns to_ns; /* from_ns: it struck once */
    enum mr_html_region_kind kind;
    char *what;
};
struct mr_html_regions {
    struct mr_html_region *list; /* [n], in order of their beginning */
    size_t n;
    mr_ns *restores_ns; /* [n_restores] */
    size_t n_restores;
};

extern const char mr_html_css[];

char *mr_html_duplicate(const char *text);
/* Begins to read rows; ?1 in the query is `argument`. */
MR_MUST_CHECK bool mr_html_select(
    struct mr_html *page, const char *sql, int64_t argument, struct mr_store_rows **rows);

void mr_html_add(struct mr_html *page, const char *format, ...) MR_PRINTF(2, 3);
/* Text of a user, escaped. */
void mr_html_text(struct mr_html *page, const char *text);
void mr_html_count(struct mr_html *page, uint64_t count);
/* A verdict as a coloured word. */
void mr_html_badge(struct mr_html *page, const char *kind, const char *word);
/* The command that repeats a seed, in a box from which it can be copied. */
void mr_html_command(
    struct mr_html *page, const struct mr_html_scenario *scenario, uint64_t seed);

MR_MUST_CHECK bool mr_html_add_scenario(
    struct mr_html *page, const struct mr_html_scenario *scenario);
MR_MUST_CHECK bool mr_html_add_runs(
    struct mr_html *page, const struct mr_html_scenario *scenario);
MR_MUST_CHECK bool mr_html_add_witnesses(struct mr_html *page, const struct mr_html_run *run);
MR_MUST_CHECK bool mr_html_read_regions(
    struct mr_html *page, const struct mr_html_run *run, struct mr_html_regions *out);
void mr_html_regions_deinit(struct mr_html_regions *regions);
void mr_html_add_regions(struct mr_html *page, const struct mr_html_regions *regions);

#endif
