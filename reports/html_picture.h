/* A picture of a run while gnuplot's script for it is written. All have virtual time from left
 * to right, on the same scale and with the same margins, so that they can be read one below the
 * other. */
#ifndef MR_REPORTS_HTML_PICTURE_H
#define MR_REPORTS_HTML_PICTURE_H

#include "reports/html_internal.h"
#include "reports/series.h"

enum { MR_PICTURE_POINTS_MAX = 2400, MR_PICTURE_TOPICS_MAX = 4 };

struct mr_picture {
    struct mr_html *page;
    const struct mr_html_run *run;
    const struct mr_html_regions *regions;
    struct mr_text settings; /* `set` commands */
    struct mr_text data;     /* $blocks */
    struct mr_text plots;    /* what `plot` is given, with commas between */
    int n_blocks;
};
void mr_picture_deinit(struct mr_picture *picture);

/* Reads rows "at_ns, y" of a query with ?1 and ?2. Event times become seconds, and those that
 * stand for "none yet" and "no more" are left out. */
MR_MUST_CHECK bool mr_picture_read_series(struct mr_html *page, const char *sql,
    const int64_t arguments[2], bool is_event_time, struct mr_series *out);

/* Lines of data between begin and end, then how to plot them: `using COLUMNS with LOOK`. */
void mr_picture_begin_block(struct mr_picture *picture);
void mr_picture_end_block(struct mr_picture *picture);
void mr_picture_add_plot(
    struct mr_picture *picture, const char *columns, const char *look, const char *title);
/* An entry of the key for what is drawn otherwise, or too small to be seen there. */
void mr_picture_add_key(struct mr_picture *picture, const char *look, const char *title);
/* All three for a series, thinned to n_max points. */
void mr_picture_add_series(struct mr_picture *picture, const struct mr_series *series,
    size_t n_max, const char *columns, const char *look, const char *title);

/* Reads the series of each input topic, by a query with ?1 the run and ?2 the topic, and hands
 * it to `add` with the topic's name and colour; it may have no points. `self` is the caller's.
 */
MR_MUST_CHECK bool mr_picture_each_topic(struct mr_picture *picture, const char *sql,
    bool is_event_time, void *self,
    void (*add)(struct mr_picture *picture, const struct mr_series *series, const char *topic,
        const char *color, void *self));

/* Axes and grid, then faults as shaded regions and restores as lines; something must have been
 * plotted. Draws it into the page; where gnuplot refuses, a note takes its place. `kind` tells
 * the pictures of a run apart. */
void mr_picture_draw(struct mr_picture *picture, const char *kind, const char *caption);

/* Each is a figure. */
MR_MUST_CHECK bool mr_html_add_arrivals(
    struct mr_html *page, const struct mr_html_run *run, const struct mr_html_regions *regions);
MR_MUST_CHECK bool mr_html_add_backlog(
    struct mr_html *page, const struct mr_html_run *run, const struct mr_html_regions *regions);

#endif
