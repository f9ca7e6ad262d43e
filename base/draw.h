/* Keyed draws: every decision of a run is a function of (seed, domain, name, occurrence), never of a shared stream. */
#ifndef MR_BASE_DRAW_H
#define MR_BASE_DRAW_H

#include <stdint.h>

#include "base/alloc.h"
#include "base/time.h"

/* What a draw decides. The number is part of the key: append, never reorder. */
enum mr_domain {
    MR_DRAW_LATENCY,   /* name: link "from>to"; occurrence: message number of the connection */
    MR_DRAW_FAULT,     /* name: the fault's name; occurrence: which of its values */
    MR_DRAW_CUT,       /* name: process; occurrence: its n-th crash: how many effects or messages get through */
    MR_DRAW_STREAM,    /* name: stream.purpose; occurrence: row number */
    MR_DRAW_SERVICE,   /* name: service.purpose; occurrence: request number */
    MR_DRAW_CHANCE,    /* name: the site; occurrence: n-th visit */
    MR_DRAW_KNOB,      /* name: knob of the cluster; occurrence 0 */
    MR_DRAW_ENGINE,    /* name: the engine's purpose; occurrence: its own count */
    MR_DRAW_UNIVERSE,  /* the universe test's own choices */
    MR_DOMAINS,
};

/* An entry of the override table: this value instead of the draw, in the unit of what is drawn. */
struct mr_override {
    enum mr_domain domain;
    uint32_t name;
    uint64_t occurrence;
    int64_t value;
};

struct mr_draws {
    uint64_t seed;
    const struct mr_override *overrides; /* sorted by (domain, name, occurrence); borrowed */
    uint32_t n_overrides;
};

/* The decision number `occurrence` of `name` in `domain`: the same for a seed whatever else happens in the run. */
uint64_t mr_draw(const struct mr_draws *draws, enum mr_domain domain, uint32_t name,
    uint64_t occurrence);
/* In [0, bound), bound > 0; an override is taken as it is, cut to the range. */
uint64_t mr_draw_below(const struct mr_draws *draws, uint64_t bound, enum mr_domain domain,
    uint32_t name, uint64_t occurrence);
/* In [min, max], min <= max. */
int64_t mr_draw_between(const struct mr_draws *draws, int64_t min, int64_t max,
    enum mr_domain domain, uint32_t name, uint64_t occurrence);

/* A probability: part in whole, whole > 0. */
struct mr_ratio {
    uint32_t part;
    uint32_t whole;
};
/* True with the probability `ratio`; an override of 0 is false, any other true. */
bool mr_draw_happens(const struct mr_draws *draws, struct mr_ratio ratio, enum mr_domain domain,
    uint32_t name, uint64_t occurrence);

/* A distribution over integers (nanoseconds, microseconds, counts), as a table of quantiles made by integer
 * arithmetic alone, so that every machine draws the same. */
enum mr_distribution_kind {
    MR_DISTRIBUTION_CONSTANT,
    MR_DISTRIBUTION_UNIFORM,     /* min..max, both included */
    MR_DISTRIBUTION_EXPONENTIAL, /* mean, cut at max; shifted by min */
    MR_DISTRIBUTION_LOGNORMAL,   /* median, p99, cut at max */
    MR_DISTRIBUTION_BIMODAL,     /* `first` with `ratio`, else `second` */
    MR_DISTRIBUTION_TABLE,       /* quantiles given, equally spaced, linear between them */
};
struct mr_distribution {
    enum mr_distribution_kind kind;
    int64_t min;
    int64_t max;
    const int64_t *quantiles; /* [n_quantiles], rising: at i / (n_quantiles - 1); borrowed from a region */
    uint32_t n_quantiles;
    const int64_t *tail; /* [n_tail]: what lies between the last two quantiles, in finer steps; NULL: a line */
    uint32_t n_tail;
    struct mr_ratio ratio;                /* BIMODAL: probability of `first` */
    const struct mr_distribution *first;  /* BIMODAL */
    const struct mr_distribution *second; /* BIMODAL */
};

struct mr_distribution mr_distribution_constant(int64_t value);
struct mr_distribution mr_distribution_uniform(int64_t min, int64_t max);
/* mean >= 0; values in [min, max]; the quantiles are those of min + Exp(mean), up to 1 - 1/131072. */
struct mr_distribution mr_distribution_exponential(struct mr_region *region, int64_t min,
    int64_t mean, int64_t max);
/* median > 0, p99 >= median; values in [min, max]. */
struct mr_distribution mr_distribution_lognormal(struct mr_region *region, int64_t median,
    int64_t p99, int64_t min, int64_t max);
/* One value of the distribution; an override is the value itself. */
int64_t mr_draw_from(const struct mr_draws *draws, const struct mr_distribution *distribution,
    enum mr_domain domain, uint32_t name, uint64_t occurrence);

#endif
