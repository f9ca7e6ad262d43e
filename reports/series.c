#include "reports/series.h"

void mr_series_deinit(struct mr_series *series)
{
    mr_free(series->list);
    *series = (struct mr_series){0};
}

void mr_series_add(struct mr_series *series, double x, double y)
{
    if (series->n == series->capacity) {
        series->capacity = series->capacity ? series->capacity * 2 : 256;
        series->list = mr_realloc(series->list, sizeof *series->list * series->capacity);
    }
    series->list[series->n++] = (struct mr_point_xy){x, y};
}

static void write_point(struct mr_text *script, const struct mr_point_xy *point)
{
    mr_text_printf(script, "%.6f %.6f\n", point->x, point->y);
}

/* Of points [from, to): the first, the lowest, the highest, in their order, each once. */
static void write_stretch(
    struct mr_text *script, const struct mr_point_xy *points, size_t from, size_t to)
{
    size_t lowest = from, highest = from;
    for (size_t i = from; i < to; i++) {
        if (points[i].y < points[lowest].y) lowest = i;
        if (points[i].y > points[highest].y) highest = i;
    }
    size_t second = lowest < highest ? lowest : highest;
    size_t third = lowest < highest ? highest : lowest;
    write_point(script, &points[from]);
    if (second > from) write_point(script, &points[second]);
    if (third > second) write_point(script, &points[third]);
}

void mr_series_write(struct mr_text *script, const struct mr_series *series, size_t n_max)
{
    MR_ASSERT(n_max >= 6);
    size_t stretches = (n_max - 1) / 3;
    if (series->n <= n_max) {
        for (size_t i = 0; i < series->n; i++) write_point(script, &series->list[i]);
        return;
    }
    for (size_t i = 0; i < stretches; i++)
        write_stretch(
            script, series->list, i * series->n / stretches, (i + 1) * series->n / stretches);
    write_point(script, &series->list[series->n - 1]);
}
