#include "base/draw_internal.h"

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The position of the first override that is not before the key. */
static uint32_t lower_bound(
    const struct mr_draws *draws, enum mr_domain domain, uint32_t name, uint64_t occurrence)
{
    uint32_t low = 0, high = draws->n_overrides;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct mr_override *at = &draws->overrides[middle];
        bool is_before = at->domain != domain ? at->domain < domain
                         : at->name != name   ? at->name < name
                                              : at->occurrence < occurrence;
        if (is_before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static __attribute__((noinline)) bool find_override(const struct mr_draws *draws,
    enum mr_domain domain, uint32_t name, uint64_t occurrence, int64_t *value)
{
    uint32_t i = lower_bound(draws, domain, name, occurrence);
    if (i == draws->n_overrides) return false;
    const struct mr_override *found = &draws->overrides[i];
    if (found->domain != domain || found->name != name || found->occurrence != occurrence)
        return false;
    *value = found->value;
    return true;
}

static inline bool is_overridden(const struct mr_draws *draws, enum mr_domain domain,
    uint32_t name, uint64_t occurrence, int64_t *value)
{
    if (MR_LIKELY(draws->n_overrides == 0)) return false; /* as always but in replays */
    return find_override(draws, domain, name, occurrence, value);
}

/* Rounds of multiply-and-fold over the key, as in wyhash (github.com/wangyi-fudan/wyhash). The
 * name is folded in twice, so that there is no seed that makes the first product zero for all
 * names. */
static inline uint64_t draw_key(
    const struct mr_draws *draws, enum mr_domain domain, uint32_t name, uint64_t occurrence)
{
    uint64_t where = (uint64_t)domain << 32 | name;
    uint64_t first =
        fold(draws->seed ^ 0xa0761d6478bd642fu, where ^ 0xe7037ed1a0b428dbu) ^ where;
    uint64_t second = fold(first ^ occurrence, 0x8ebc6af09c88c6e3u);
    return fold(second ^ 0x589965cc75374cc3u, first ^ 0x1d8e4e27c47d124fu);
}

uint64_t mr_draw(
    const struct mr_draws *draws, enum mr_domain domain, uint32_t name, uint64_t occurrence)
{
    int64_t value;
    if (is_overridden(draws, domain, name, occurrence, &value)) return (uint64_t)value;
    return draw_key(draws, domain, name, occurrence);
}

uint64_t mr_draw_below(const struct mr_draws *draws, uint64_t bound, enum mr_domain domain,
    uint32_t name, uint64_t occurrence)
{
    MR_ASSERT(bound > 0);
    int64_t value;
    if (is_overridden(draws, domain, name, occurrence, &value))
        return value < 0 ? 0 : (uint64_t)value < bound ? (uint64_t)value : bound - 1;
    return (uint64_t)((__uint128_t)draw_key(draws, domain, name, occurrence) * bound >> 64);
}

int64_t mr_draw_between(const struct mr_draws *draws, int64_t min, int64_t max,
    enum mr_domain domain, uint32_t name, uint64_t occurrence)
{
    MR_ASSERT(min <= max);
    int64_t value;
    if (is_overridden(draws, domain, name, occurrence, &value))
        return value < min ? min : value > max ? max : value;
    uint64_t span = (uint64_t)max - (uint64_t)min; /* one less than the number of values */
    uint64_t drawn = draw_key(draws, domain, name, occurrence);
    if (span != UINT64_MAX) drawn = (uint64_t)((__uint128_t)drawn * (span + 1) >> 64);
    return (int64_t)((uint64_t)min + drawn);
}

bool mr_draw_happens(const struct mr_draws *draws, struct mr_ratio ratio, enum mr_domain domain,
    uint32_t name, uint64_t occurrence)
{
    MR_ASSERT(ratio.whole > 0);
    int64_t value;
    if (is_overridden(draws, domain, name, occurrence, &value)) return value != 0;
    return (uint64_t)((__uint128_t)draw_key(draws, domain, name, occurrence) * ratio.whole >>
                      64) < ratio.part;
}

static inline int64_t draw_value(const struct mr_draws *draws,
    const struct mr_distribution *distribution, enum mr_domain domain, uint32_t name,
    uint64_t occurrence)
{
    if (distribution->kind == MR_DISTRIBUTION_CONSTANT) return distribution->min;
    uint64_t drawn = draw_key(draws, domain, name, occurrence);
    if (MR_LIKELY(distribution->n_quantiles > 1))
        return mr_distribution_quantile(distribution, drawn);
    return mr_distribution_value(distribution, drawn);
}

/* Out of line, so that the common case, once a message, needs no stack. */
static __attribute__((noinline)) int64_t look_up_or_draw(const struct mr_draws *draws,
    const struct mr_distribution *distribution, enum mr_domain domain, uint32_t name,
    uint64_t occurrence)
{
    int64_t value;
    if (find_override(draws, domain, name, occurrence, &value)) return value;
    return draw_value(draws, distribution, domain, name, occurrence);
}

int64_t mr_draw_from(const struct mr_draws *draws, const struct mr_distribution *distribution,
    enum mr_domain domain, uint32_t name, uint64_t occurrence)
{
    if (MR_UNLIKELY(draws->n_overrides > 0))
        return look_up_or_draw(draws, distribution, domain, name, occurrence);
    return draw_value(draws, distribution, domain, name, occurrence);
}
