/* The picture of the rows that wait at the log, and of checkpoints. */
#include <stdio.h>

#include "reports/html_picture.h"

enum { LINE_POINTS_MAX = 1500, CHECKPOINTS_MAX = 600 };
enum { LEAST_ROWS = 5 }; /* of the axis: so that its tics are whole numbers */

static double highest(const struct mr_series *series, double least)
{
    for (size_t i = 0; i < series->n; i++)
        if (series->list[i].y > least) least = series->list[i].y;
    return least;
}

static const char waiting_sql[] =
    "SELECT at_ns, waiting_rows FROM backlog WHERE run = ?1 AND topic = ?2 ORDER BY n";

static void add_topic(struct mr_picture *picture, const struct mr_series *series,
    const char *topic, const char *color, void *self)
{
    double *rows_max = self;
    *rows_max = highest(series, *rows_max);
    if (series->n == 0) return;
    char look[64], title[160];
    snprintf(look, sizeof look, "steps lw 1.6 lc rgb '%s'", color);
    snprintf(title, sizeof title, "rows of %s that wait", topic);
    mr_picture_add_series(picture, series, LINE_POINTS_MAX, "1:2", look, title);
}

/* Checkpoints that ended so, with the microseconds that they took. */
static const char completed_sql[] =
    "SELECT c.at_ns, (c.at_ns - t.at_ns) / 1000 FROM checkpoints c JOIN checkpoints t"
    " ON t.run = c.run AND t.checkpoint = c.checkpoint AND t.attempt = c.attempt"
    " AND t.what = 'triggered' WHERE c.run = ?1 AND ?2 = 0 AND c.what = 'completed' ORDER BY "
    "c.n";
static const char aborted_sql[] =
    "SELECT c.at_ns, (c.at_ns - t.at_ns) / 1000 FROM checkpoints c JOIN checkpoints t"
    " ON t.run = c.run AND t.checkpoint = c.checkpoint AND t.attempt = c.attempt"
    " AND t.what = 'triggered' WHERE c.run = ?1 AND ?2 = 0 AND c.what = 'aborted' ORDER BY c.n";

static bool add_checkpoints(struct mr_picture *picture, const char *sql, const char *look,
    const char *title, double *us_max)
{
    struct mr_series series = {0};
    int64_t arguments[] = {picture->run->id, 0};
    bool is_ok = mr_picture_read_series(picture->page, sql, arguments, false, &series);
    *us_max = highest(&series, *us_max);
    if (is_ok && series.n)
        mr_picture_add_series(picture, &series, CHECKPOINTS_MAX, "1:($2 / 1e6)", look, title);
    mr_series_deinit(&series);
    return is_ok;
}

static void set_axes(struct mr_picture *picture, double rows_max, double us_max)
{
    mr_text_printf(&picture->settings,
        "set yrange [0:%.6f]\nset format y '%%.0f'\nset ylabel 'rows' textcolor '#37474f'\n",
        (rows_max < LEAST_ROWS ? LEAST_ROWS : rows_max) * 1.15);
    if (us_max <= 0) return;
    mr_text_printf(&picture->settings,
        "set y2range [0:%.6f]\nset y2tics\nset border 11\n"
        "set y2label 'checkpoint, s' offset character -0.6,0 textcolor '#37474f'\n",
        us_max * 1.15 / 1e6);
}

bool mr_html_add_backlog(
    struct mr_html *page, const struct mr_html_run *run, const struct mr_html_regions *regions)
{
    struct mr_picture picture = {.page = page, .run = run, .regions = regions};
    double rows_max = 0, us_max = 0;
    bool is_ok =
        mr_picture_each_topic(&picture, waiting_sql, false, &rows_max, add_topic) &&
        add_checkpoints(&picture, completed_sql, "impulses lw 1.4 lc rgb '#2e7d32' axes x1y2",
            "completed checkpoint", &us_max) &&
        add_checkpoints(&picture, aborted_sql,
            "points pt 2 ps 0.7 lw 1.6 lc rgb '#c62828' axes x1y2", "aborted checkpoint",
            &us_max);
    bool has_waited = rows_max > 0 || us_max > 0; /* not where steps lead, which take no time */
    if (is_ok && picture.n_blocks && has_waited) {
        set_axes(&picture, rows_max, us_max);
        mr_picture_draw(&picture, "backlog",
            "Rows that have arrived at the log and are not read yet, and how long each "
            "checkpoint took.");
    }
    mr_picture_deinit(&picture);
    return is_ok;
}
