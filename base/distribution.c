/* Distributions over integers, as tables of quantiles. */
#include "base/digest.h"
#include "base/draw_internal.h"

/* Fixed point: logarithms and powers of two by integers alone, since libm differs between
 * machines. */

enum { STEPS = MR_NORMAL_STEPS, N_QUANTILES = STEPS + 1, FRACTION = 32 };

/* 2^(2^-i) for i = 1..32, times 2^62. */
/* clang-format off */
static const uint64_t roots_of_two[FRACTION] = {
    0x5a827999fcef3242, 0x4c1bf828c6dc54b8, 0x45cae0f1f545eb73, 0x42d561b3e6243d8a,
    0x4166c34c5615d0ec, 0x40b268f9de0183ba, 0x4058f6a7ecccd5b6, 0x402c6be96af2fb58,
    0x4016321b687027a8, 0x400b18178ba33b14, 0x40058bce410147e8, 0x4002c5d7bff71daf,
    0x400162e807ee7e5b, 0x4000b1730df6a524, 0x400058b9497b8152, 0x40002c5c955dd701,
    0x4000162e46d6f26c, 0x40000b1722757b1b, 0x4000058b90fd3e0c, 0x400002c5c86f3f26,
    0x40000162e433c79b, 0x400000b17218edd0, 0x40000058b90c3968, 0x4000002c5c860d54,
    0x400000162e4302d2, 0x4000000b17218073, 0x400000058b90bffc, 0x40000002c5c85fef,
    0x4000000162e42ff3, 0x40000000b17217f9, 0x4000000058b90bfc, 0x400000002c5c85fe,
};
/* clang-format on */

/* log2(value), times 2^32; value > 0. Squaring the mantissa yields one binary digit at a time.
 */
static int64_t log2_fixed(uint64_t value)
{
    int exponent = 63 - __builtin_clzll(value);
    uint64_t mantissa = value << (63 - exponent); /* in [2^63, 2^64): [1, 2) */
    int64_t result = (int64_t)exponent << FRACTION;
    for (int bit = FRACTION - 1; bit >= 0; bit--) {
        __uint128_t square = (__uint128_t)mantissa * mantissa; /* in [2^126, 2^128) */
        bool is_two = square >> 127 != 0;
        mantissa = (uint64_t)(square >> (is_two ? 64 : 63));
        if (is_two) result |= (int64_t)1 << bit;
    }
    return result;
}

/* factor * 2^(power / 2^32), saturating; factor >= 0. */
static int64_t scale_exp2(int64_t factor, int64_t power)
{
    int64_t whole = power >> FRACTION; /* rounds down */
    uint64_t rest = (uint64_t)power & ((UINT64_C(1) << FRACTION) - 1);
    uint64_t mantissa = UINT64_C(1) << 62; /* in [1, 2), times 2^62 */
    for (int i = 0; i < FRACTION; i++)
        if (rest >> (FRACTION - 1 - i) & 1)
            mantissa = (uint64_t)((__uint128_t)mantissa * roots_of_two[i] >> 62);
    if (whole > 63) return factor ? INT64_MAX : 0;
    __uint128_t product = (__uint128_t)(uint64_t)factor * mantissa;
    int64_t shift = 62 - whole;
    if (shift >= 127) return 0;
    if (shift > 0) product >>= shift;
    if (shift < 0) return product >> (63 + shift) ? INT64_MAX : (int64_t)(product << -shift);
    return product > INT64_MAX ? INT64_MAX : (int64_t)product;
}

/* Distributions. */

struct mr_distribution mr_distribution_constant(int64_t value)
{
    return (struct mr_distribution){
        .kind = MR_DISTRIBUTION_CONSTANT, .min = value, .max = value};
}

struct mr_distribution mr_distribution_uniform(int64_t min, int64_t max)
{
    MR_ASSERT(min <= max);
    return (struct mr_distribution){.kind = MR_DISTRIBUTION_UNIFORM, .min = min, .max = max};
}

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

/* The i-th quantile of the whole distribution, or of its last step; the very last one lies half
 * a step before the end: -ln(1 - p) = ln 2 * -log2(1 - p). */
static int64_t exponential_quantile(
    int64_t min, int64_t mean, int64_t max, uint64_t i, bool is_tail)
{
    _Static_assert(STEPS == 1 << 8, "a step is eight octaves");
    const uint64_t ln2 = 2977044472;                 /* ln 2, times 2^32 */
    uint64_t rest = i < STEPS ? 2 * (STEPS - i) : 1; /* 1 - p, times 2^octaves */
    int64_t octaves = is_tail ? 17 : 9;
    uint64_t halvings = (uint64_t)((octaves << FRACTION) - log2_fixed(rest));
    uint64_t factor = (uint64_t)((__uint128_t)halvings * ln2 >> FRACTION);
    __uint128_t span = (__uint128_t)(uint64_t)mean * factor >> FRACTION;
    int64_t cut = span > INT64_MAX ? INT64_MAX : (int64_t)span;
    return clamp(mr_add_saturating(min, cut), min, max);
}

struct mr_distribution mr_distribution_exponential(
    struct mr_region *region, int64_t min, int64_t mean, int64_t max)
{
    MR_ASSERT(mean >= 0 && min <= max);
    int64_t *quantiles = mr_region_array(region, int64_t, 2 * N_QUANTILES);
    int64_t *tail = quantiles + N_QUANTILES;
    for (uint64_t i = 0; i < N_QUANTILES; i++) {
        quantiles[i] = exponential_quantile(min, mean, max, i, false);
        tail[i] = exponential_quantile(min, mean, max, i, true);
    }
    quantiles[STEPS] = tail[STEPS];
    return (struct mr_distribution){.kind = MR_DISTRIBUTION_EXPONENTIAL,
        .min = min,
        .max = max,
        .quantiles = quantiles,
        .n_quantiles = N_QUANTILES,
        .tail = tail,
        .n_tail = N_QUANTILES};
}

/* The quantile of the normal distribution at i / STEPS, i < STEPS. */
static int64_t normal_quantile(int i)
{
    int from_middle = i - STEPS / 2;
    if (from_middle == -STEPS / 2) return -mr_normal_tail[STEPS / 2]; /* at half a step */
    return from_middle < 0 ? -mr_normal_upper[-from_middle] : mr_normal_upper[from_middle];
}

/* median * (p99 / median)^(z / z99), z the quantile of the normal distribution. */
struct mr_distribution mr_distribution_lognormal(
    struct mr_region *region, int64_t median, int64_t p99, int64_t min, int64_t max)
{
    MR_ASSERT(median > 0 && p99 >= median && min <= max);
    int64_t spread = log2_fixed((uint64_t)p99) - log2_fixed((uint64_t)median);
    int64_t *quantiles = mr_region_array(region, int64_t, 2 * N_QUANTILES);
    int64_t *tail = quantiles + N_QUANTILES;
    for (int i = 0; i < N_QUANTILES; i++) {
        int64_t z = i < STEPS ? normal_quantile(i) : mr_normal_tail[STEPS];
        int64_t power = (int64_t)((__int128)spread * z / MR_NORMAL_99);
        int64_t tail_power = (int64_t)((__int128)spread * mr_normal_tail[i] / MR_NORMAL_99);
        quantiles[i] = clamp(scale_exp2(median, power), min, max);
        tail[i] = clamp(scale_exp2(median, tail_power), min, max);
    }
    return (struct mr_distribution){.kind = MR_DISTRIBUTION_LOGNORMAL,
        .min = min,
        .max = max,
        .quantiles = quantiles,
        .n_quantiles = N_QUANTILES,
        .tail = tail,
        .n_tail = N_QUANTILES};
}

int64_t mr_distribution_value(const struct mr_distribution *distribution, uint64_t drawn)
{
    switch (distribution->kind) {
    case MR_DISTRIBUTION_CONSTANT:
        return distribution->min;
    case MR_DISTRIBUTION_UNIFORM: {
        uint64_t span = (uint64_t)distribution->max - (uint64_t)distribution->min;
        if (span != UINT64_MAX) drawn = (uint64_t)((__uint128_t)drawn * (span + 1) >> 64);
        return (int64_t)((uint64_t)distribution->min + drawn);
    }
    case MR_DISTRIBUTION_BIMODAL: {
        struct mr_ratio ratio = distribution->ratio;
        bool is_first = (uint64_t)((__uint128_t)drawn * ratio.whole >> 64) < ratio.part;
        return mr_distribution_value(
            is_first ? distribution->first : distribution->second, mr_hash_u64(drawn));
    }
    default:
        MR_ASSERT(distribution->n_quantiles > 0);
        if (distribution->n_quantiles == 1) return distribution->quantiles[0];
        return mr_distribution_quantile(distribution, drawn);
    }
}
