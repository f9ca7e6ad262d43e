/* What the files of draw share. */
#ifndef MR_BASE_DRAW_INTERNAL_H
#define MR_BASE_DRAW_INTERNAL_H

#include "base/draw.h"

/* The value of a distribution for `drawn`, which is uniform over 64 bits. */
int64_t mr_distribution_value(const struct mr_distribution *distribution, uint64_t drawn);

/* The same for one of more than one quantile: picked evenly, linear between its neighbours. */
static inline int64_t mr_distribution_quantile(
    const struct mr_distribution *distribution, uint64_t drawn)
{
    const int64_t *quantiles = distribution->quantiles;
    uint32_t steps = distribution->n_quantiles - 1;
    __uint128_t at = (__uint128_t)drawn * steps;
    if (distribution->tail && (uint32_t)(at >> 64) == steps - 1) {
        quantiles = distribution->tail;
        at = (__uint128_t)(uint64_t)at * (distribution->n_tail - 1);
    }
    const int64_t *low = quantiles + (uint32_t)(at >> 64);
    uint64_t span = (uint64_t)low[1] - (uint64_t)low[0];
    return (int64_t)((uint64_t)low[0] + (uint64_t)((__uint128_t)span * (uint64_t)at >> 64));
}

/* Quantiles of the normal distribution, times 2^24. */
enum { MR_NORMAL_STEPS = 256 };
#define MR_NORMAL_99 INT64_C(39029641) /* at 0.99 */
/* At 1/2 + i / MR_NORMAL_STEPS. */
extern const int32_t mr_normal_upper[MR_NORMAL_STEPS / 2];
/* At 1 - (1 - i / MR_NORMAL_STEPS) / MR_NORMAL_STEPS: the last of the steps above, in finer ones; the last one at
 * half a fine step before the end instead of at infinity. */
extern const int32_t mr_normal_tail[MR_NORMAL_STEPS + 1];

#endif
