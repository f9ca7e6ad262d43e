/* What the files of draw share. */
#ifndef MR_BASE_DRAW_INTERNAL_H
#define MR_BASE_DRAW_INTERNAL_H

#include "base/draw.h"

/* The value of a distribution for `drawn`, which is uniform over 64 bits. */
int64_t mr_distribution_value(const struct mr_distribution *distribution, uint64_t drawn);

/* Quantiles of the normal distribution, times 2^24. */
enum { MR_NORMAL_STEPS = 256 };
#define MR_NORMAL_99 INT64_C(39029641) /* at 0.99 */
/* At 1/2 + i / MR_NORMAL_STEPS. */
extern const int32_t mr_normal_upper[MR_NORMAL_STEPS / 2];
/* At 1 - (1 - i / MR_NORMAL_STEPS) / MR_NORMAL_STEPS: the last of the steps above, in finer ones; the last one at
 * half a fine step before the end instead of at infinity. */
extern const int32_t mr_normal_tail[MR_NORMAL_STEPS + 1];

#endif
