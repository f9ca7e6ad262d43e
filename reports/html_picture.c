#include "reports/html_picture.h"

#include <stdio.h>

#include "reports/plot.h"

enum { LABEL_ROWS = 3 };
#define REGIONS_MAX ((size_t)200)

static const char *const topic_colors[MR_PICTURE_TOPICS_MAX] = {
    "#5b7fa6", "#7a8f3c", "#8a6fae", "#3f8f86"};
static const struct {
    const char *color;
    const char *title;
} shades[MR_REGION_KINDS] = {
    {"#ffb74d", "fault"}, {"#e57373", "process down"}, {"#90a4ae", "job stopped"}};
#define COLOR_RESTORE "#37474f"

static double seconds(mr_ns at_ns)
{
    return (double)at_ns / 1e9;
}

static double span_seconds(const struct mr_html_run *run)
{
    return run->virtual_ns > 0 ? seconds(run->virtual_ns) : 1.0;
}

/* Blocks of data and plots. */

void mr_picture_begin_block(struct mr_picture *picture)
{
    mr_text_printf(&picture->data, "$d%d << end_of_block\n", picture->n_blocks);
}

void mr_picture_end_block(struct mr_picture *picture)
{
    mr_text_printf(&picture->data, "end_of_block\n");
}

void mr_picture_add_plot(
    struct mr_picture *picture, const char *columns, const char *look, const char *title)
{
    mr_text_printf(&picture->plots, "%s$d%d using %s with %s title ",
        picture->plots.bytes ? ", " : "", picture->n_blocks, columns, look);
    mr_plot_quote(&picture->plots, title); /* an empty one does not stand in the key */
    picture->n_blocks++;
}

void mr_picture_add_key(struct mr_picture *picture, const char *look, const char *title)
{
    mr_text_printf(&picture->plots, ", NaN with %s title ", look);
    mr_plot_quote(&picture->plots, title);
}

bool mr_picture_each_topic(struct mr_picture *picture, const char *sql, bool is_event_time,
    void *self,
    void (*add)(struct mr_picture *picture, const struct mr_series *series, const char *topic,
        const char *color, void *self))
{
    struct mr_store_rows *topics = NULL;
    if (!mr_html_select(picture->page,
            "SELECT id, name FROM topics WHERE scenario = ?1 AND is_input ORDER BY id",
            picture->run->scenario->id, &topics))
        return false;
    bool is_ok = true;
    for (int i = 0; is_ok && i < MR_PICTURE_TOPICS_MAX && mr_store_next(topics); i++) {
        struct mr_series series = {0};
        int64_t arguments[] = {picture->run->id, mr_store_int(topics, 0)};
        is_ok = mr_picture_read_series(picture->page, sql, arguments, is_event_time, &series);
        if (is_ok) add(picture, &series, mr_store_text(topics, 1), topic_colors[i], self);
        mr_series_deinit(&series);
    }
    return mr_store_rows_close(topics, picture->page->err) && is_ok;
}

static void shade(struct mr_picture *picture)
{
    double span = span_seconds(picture->run), thinnest = span / 400;
    for (size_t i = 0; i < picture->regions->n && i < REGIONS_MAX; i++) {
        const struct mr_html_region *region = &picture->regions->list[i];
        double from = seconds(region->from_ns), to = seconds(region->to_ns);
        if (to - from < thinnest) to = from + thinnest;
        if (to > span) to = span;
        mr_text_printf(&picture->settings,
            "set object %zu rectangle from %.6f, graph 0 to %.6f, graph 1 fc rgb '%s' "
            "fs transparent solid 0.3 noborder behind\n",
            i + 1, from, to, shades[region->kind].color);
        mr_text_printf(&picture->settings,
            "set label %zu '%zu' at %.6f, graph %.2f left offset character 0.3,0 "
            "font ',11' textcolor '#5d4037' front\n",
            i + 1, i + 1, from, 0.95 - 0.06 * (double)(i % LABEL_ROWS));
    }
}

static void mark_restores(struct mr_picture *picture)
{
    for (size_t i = 0; i < picture->regions->n_restores && i < REGIONS_MAX; i++) {
        double at = seconds(picture->regions->restores_ns[i]);
        mr_text_printf(&picture->settings,
            "set arrow %zu from %.6f, graph 0 to %.6f, graph 1 nohead dt 2 lw 1.2 "
            "lc rgb '" COLOR_RESTORE "' front\n",
            i + 1, at, at);
    }
}

static void add_region_keys(struct mr_picture *picture)
{
    const struct mr_html_regions *regions = picture->regions;
    bool is_there[MR_REGION_KINDS] = {false};
    for (size_t i = 0; i < regions->n; i++) is_there[regions->list[i].kind] = true;
    for (int kind = 0; kind < MR_REGION_KINDS; kind++) {
        if (!is_there[kind]) continue;
        char look[80];
        snprintf(look, sizeof look, "boxes fs transparent solid 0.3 noborder lc rgb '%s'",
            shades[kind].color);
        mr_picture_add_key(picture, look, shades[kind].title);
    }
    if (regions->n_restores)
        mr_picture_add_key(picture, "lines dt 2 lw 1.2 lc rgb '" COLOR_RESTORE "'", "restore");
}

static void add_frame(struct mr_picture *picture)
{
    mr_text_printf(&picture->settings,
        "set lmargin at screen 0.09\nset rmargin at screen 0.915\nset bmargin 3.6\n"
        "set border 3 lc rgb '#78909c'\nset tics nomirror out scale 0.5 textcolor '#37474f'\n"
        "unset mytics\nset grid xtics ytics lc rgb '#e3e8eb' lt 1 lw 0.6\n"
        "set key above left Left reverse horizontal samplen 1.6 width 2 textcolor '#263238'\n"
        "set xrange [0:%.6f]\nset xlabel 'virtual time, s' textcolor '#37474f'\n",
        span_seconds(picture->run));
}

static void add_svg(struct mr_picture *picture, const char *kind, const struct mr_text *script)
{
    struct mr_html *page = picture->page;
    struct mr_err err = {0};
    char name[64];
    snprintf(name, sizeof name, "run%lld_%s", (long long)picture->run->id, kind);
    if (mr_plot_svg(page->out, name, script->data, script->bytes, &err)) return;
    mr_html_add(page, "<p class=\"absent\">No picture: ");
    mr_html_text(page, err.msg);
    mr_html_add(page, "</p>");
    if (page->picture_err.kind == MR_ERR_NONE) page->picture_err = err;
}

void mr_picture_draw(struct mr_picture *picture, const char *kind, const char *caption)
{
    MR_ASSERT(picture->n_blocks > 0);
    add_frame(picture);
    shade(picture);
    mark_restores(picture);
    add_region_keys(picture);
    struct mr_text script = {0};
    mr_text_add(&script, picture->settings.data, picture->settings.bytes);
    mr_text_add(&script, picture->data.data, picture->data.bytes);
    mr_text_printf(&script, "plot %s\n", picture->plots.data);
    mr_html_add(picture->page, "<figure>\n");
    add_svg(picture, kind, &script);
    mr_html_add(picture->page, "\n<figcaption>%s</figcaption>\n</figure>\n", caption);
    mr_text_deinit(&script);
}

bool mr_picture_read_series(struct mr_html *page, const char *sql, const int64_t arguments[2],
    bool is_event_time, struct mr_series *out)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_store_select(page->store, sql, arguments, 2, &rows, page->err)) return false;
    while (mr_store_next(rows)) {
        int64_t y = mr_store_int(rows, 1);
        if (is_event_time && (y <= MR_US_MIN || y >= MR_US_GLOBAL_MAX)) continue;
        mr_series_add(
            out, seconds(mr_store_int(rows, 0)), is_event_time ? (double)y / 1e6 : (double)y);
    }
    return mr_store_rows_close(rows, page->err);
}

void mr_picture_add_series(struct mr_picture *picture, const struct mr_series *series,
    size_t n_max, const char *columns, const char *look, const char *title)
{
    mr_picture_begin_block(picture);
    mr_series_write(&picture->data, series, n_max);
    mr_picture_end_block(picture);
    mr_picture_add_plot(picture, columns, look, title);
}

void mr_picture_deinit(struct mr_picture *picture)
{
    mr_text_deinit(&picture->settings);
    mr_text_deinit(&picture->data);
    mr_text_deinit(&picture->plots);
}
