/* Points of a picture, thinned out so that a big run draws as fast as a small one. */
#ifndef MR_REPORTS_SERIES_H
#define MR_REPORTS_SERIES_H

#include "base/alloc.h"

struct mr_point_xy {
    double x;
    double y;
};

/* Zero-initialised is empty. */
struct mr_series {
    struct mr_point_xy *list; /* [n], owned */
    size_t n;
    size_t capacity;
};

void mr_series_deinit(struct mr_series *series);
void mr_series_add(struct mr_series *series, double x, double y);

/* Adds the points as lines "x y" of a script. Of more than `n_max` points (at least 6) it
 * keeps, of each stretch of neighbours, the first, the lowest and the highest, and the very
 * last: the same points give the same picture, and no extreme is lost. */
void mr_series_write(struct mr_text *script, const struct mr_series *series, size_t n_max);

#endif
