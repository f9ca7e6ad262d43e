/* The picture of event time against arrival, with the watermark and the rows that it left
 * behind. */
#include <stdio.h>

#include "reports/html_picture.h"

enum { LINE_POINTS_MAX = 800 };

#define LOOK_WATERMARK "steps lw 1.8 lc rgb '#c77700'"
#define COLOR_LATE "#c62828"

/* The axis of event time, from the earliest row to the last one. */
struct axis {
    double low;
    double high;
};

static void widen(struct axis *axis, const struct mr_series *series)
{
    for (size_t i = 0; i < series->n; i++) {
        if (series->list[i].y < axis->low) axis->low = series->list[i].y;
        if (series->list[i].y > axis->high) axis->high = series->list[i].y;
    }
}

/* Steps of an axis of times that a person would choose. */
static double clock_step(double span)
{
    static const double steps[] = {1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200,
        10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000};
    size_t n = sizeof steps / sizeof steps[0], i = 0;
    while (i < n - 1 && span / steps[i] > 9) i++;
    return steps[i];
}

static const char *clock_format(double span)
{
    if (span < 600) return "%H:%M:%S";
    if (span <= 36 * 3600) return "%H:%M";
    return span < 30 * 86400.0 ? "%d %b %H:%M" : "%Y-%m-%d";
}

static void set_axis(struct mr_picture *picture, const struct axis *axis)
{
    double span = axis->high - axis->low, margin = span > 0 ? span * 0.02 : 1;
    span += 2 * margin;
    mr_text_printf(&picture->settings,
        "set yrange [%.6f:%.6f]\nset ytics %.0f\nset format y '%s' timedate\n"
        "set ylabel 'event time, UTC' textcolor '#37474f'\n",
        axis->low - margin, axis->high + margin, clock_step(span), clock_format(span));
}

/* The topics that are read, with their rows as points. */

static const char rows_sql[] =
    "SELECT arrives_at_ns, event_time_us FROM inputs WHERE run = ?1 AND topic = ?2"
    " AND arrives_at_ns IS NOT NULL ORDER BY arrives_at_ns, partition, row_offset";

static void add_dots(struct mr_picture *picture, const struct mr_series *series,
    const char *color, const char *title)
{
    char look[64];
    snprintf(look, sizeof look, "points pt 7 ps 0.25 lc rgb '%s'", color);
    mr_picture_add_series(picture, series, MR_PICTURE_POINTS_MAX, "1:2", look, "");
    snprintf(look, sizeof look, "points pt 7 ps 0.7 lc rgb '%s'", color);
    mr_picture_add_key(picture, look, title);
}

static void add_topic(struct mr_picture *picture, const struct mr_series *series,
    const char *topic, const char *color, void *self)
{
    widen(self, series);
    if (series->n) add_dots(picture, series, color, topic);
}

static bool add_late_rows(struct mr_picture *picture, struct axis *axis)
{
    struct mr_series series = {0};
    int64_t arguments[] = {picture->run->id, 0};
    bool is_ok = mr_picture_read_series(picture->page,
        "SELECT at_ns, event_time_us FROM late_rows WHERE run = ?1 ORDER BY n", arguments, true,
        &series);
    widen(axis, &series);
    if (is_ok && series.n) add_dots(picture, &series, COLOR_LATE, "dropped as late");
    mr_series_deinit(&series);
    return is_ok;
}

/* The watermark of the transform that drops rows, or else of the last one that has any: a line
 * for each subtask and attempt. The last attempt's lines go on to the end: a watermark that
 * stands still is what STUCK is about. */
static const char watermarks_sql[] =
    "SELECT at_ns, watermark_us, subtask, attempt,"
    " attempt = (SELECT max(attempt) FROM watermarks WHERE run = ?1), transform"
    " FROM watermarks WHERE run = ?1 AND transform = coalesce("
    " (SELECT transform FROM late_rows WHERE run = ?1 ORDER BY n LIMIT 1),"
    " (SELECT transform FROM watermarks WHERE run = ?1 GROUP BY transform"
    "  ORDER BY min(n) DESC LIMIT 1)) ORDER BY subtask, attempt, n";

/* One line while its points are collected. */
struct line {
    struct mr_series series;
    int64_t subtask;
    int64_t attempt;
    bool is_last_attempt;
    bool is_over; /* the watermark of "no more" has come */
};

static void extend(struct line *line, mr_ns at_ns)
{
    double y = line->series.list[line->series.n - 1].y;
    mr_series_add(&line->series, (double)at_ns / 1e9, y);
}

static void end_line(struct mr_picture *picture, struct line *line)
{
    if (line->series.n == 0) return;
    if (line->is_last_attempt && !line->is_over) extend(line, picture->run->virtual_ns);
    mr_series_write(&picture->data, &line->series, LINE_POINTS_MAX);
    mr_text_printf(&picture->data, "\n"); /* breaks the line */
    line->series.n = 0;
}

static void add_watermark(struct line *line, mr_ns at_ns, mr_us watermark_us)
{
    if (watermark_us <= MR_US_MIN || line->is_over) return;
    line->is_over = watermark_us >= MR_US_GLOBAL_MAX;
    if (!line->is_over)
        mr_series_add(&line->series, (double)at_ns / 1e9, (double)watermark_us / 1e6);
    else if (line->series.n)
        extend(line, at_ns);
}

/* Returns how many points there are. */
static size_t write_watermarks(
    struct mr_picture *picture, struct mr_store_rows *rows, char *title, size_t title_bytes)
{
    struct line line = {.subtask = -1};
    size_t n = 0;
    while (mr_store_next(rows)) {
        int64_t subtask = mr_store_int(rows, 2), attempt = mr_store_int(rows, 3);
        if (subtask != line.subtask || attempt != line.attempt) {
            end_line(picture, &line);
            line.subtask = subtask;
            line.attempt = attempt;
            line.is_last_attempt = mr_store_int(rows, 4) != 0;
            line.is_over = false;
        }
        size_t before = line.series.n;
        add_watermark(&line, mr_store_int(rows, 0), mr_store_int(rows, 1));
        n += line.series.n - before;
        snprintf(title, title_bytes, "watermark of %s", mr_store_text(rows, 5));
    }
    end_line(picture, &line);
    mr_series_deinit(&line.series);
    return n;
}

static bool add_watermarks(struct mr_picture *picture)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(picture->page, watermarks_sql, picture->run->id, &rows)) return false;
    char title[160] = "";
    size_t data_bytes = picture->data.bytes;
    mr_picture_begin_block(picture);
    size_t n = write_watermarks(picture, rows, title, sizeof title);
    mr_picture_end_block(picture);
    if (n) mr_picture_add_plot(picture, "1:2", LOOK_WATERMARK, title);
    if (!n) picture->data.bytes = data_bytes; /* an empty block cannot be plotted */
    return mr_store_rows_close(rows, picture->page->err);
}

bool mr_html_add_arrivals(
    struct mr_html *page, const struct mr_html_run *run, const struct mr_html_regions *regions)
{
    struct mr_picture picture = {.page = page, .run = run, .regions = regions};
    struct axis axis = {.low = 1e300, .high = -1e300};
    bool is_ok = mr_picture_each_topic(&picture, rows_sql, true, &axis, add_topic) &&
                 add_late_rows(&picture, &axis) &&
                 (picture.n_blocks == 0 || add_watermarks(&picture));
    if (is_ok && picture.n_blocks) {
        set_axis(&picture, &axis);
        mr_picture_draw(&picture, "arrivals",
            "Event time of each row against its arrival, and the watermark. A row below the "
            "line "
            "is behind; one whose window has expired is dropped as late.");
    }
    mr_picture_deinit(&picture);
    return is_ok;
}
