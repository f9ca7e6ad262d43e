#include <string.h>

#include "base/digest.h"
#include "base/draw.h"

/* Draws. */

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

static bool is_overridden(const struct mr_draws *draws, enum mr_domain domain, uint32_t name,
    uint64_t occurrence, int64_t *value)
{
    if (MR_LIKELY(draws->n_overrides == 0)) return false;
    uint32_t i = lower_bound(draws, domain, name, occurrence);
    if (i == draws->n_overrides) return false;
    const struct mr_override *found = &draws->overrides[i];
    if (found->domain != domain || found->name != name || found->occurrence != occurrence)
        return false;
    *value = found->value;
    return true;
}

/* Two rounds of multiply-and-fold over the key, as in wyhash (github.com/wangyi-fudan/wyhash).
 */
static inline uint64_t draw_key(
    const struct mr_draws *draws, enum mr_domain domain, uint32_t name, uint64_t occurrence)
{
    uint64_t where = (uint64_t)domain << 32 | name;
    uint64_t first = fold(draws->seed ^ 0xa0761d6478bd642fu, where ^ 0xe7037ed1a0b428dbu);
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

/* Fixed point: logarithms and powers of two by integers alone, since libm differs between
 * machines. */

enum { STEPS = 256, N_QUANTILES = STEPS + 1, FRACTION = 32, NORMAL_FRACTION = 24 };

/* Quantiles of the normal distribution at 1/2 + i/256, times 2^24; the last one at 1 - 1/512
 * instead of at infinity. */
static const int32_t normal_quantiles[STEPS / 2 + 1] = {
    0,
    164277,
    328570,
    492894,
    657266,
    821700,
    986214,
    1150823,
    1315542,
    1480388,
    1645378,
    1810526,
    1975851,
    2141367,
    2307092,
    2473043,
    2639235,
    2805688,
    2972416,
    3139439,
    3306774,
    3474438,
    3642450,
    3810828,
    3979591,
    4148757,
    4318347,
    4488378,
    4658872,
    4829849,
    5001329,
    5173332,
    5345881,
    5518998,
    5692704,
    5867023,
    6041977,
    6217591,
    6393889,
    6570895,
    6748636,
    6927138,
    7106427,
    7286532,
    7467481,
    7649302,
    7832026,
    8015684,
    8200307,
    8385929,
    8572584,
    8760305,
    8949130,
    9139095,
    9330239,
    9522602,
    9716225,
    9911151,
    10107425,
    10305091,
    10504198,
    10704796,
    10906936,
    11110672,
    11316060,
    11523158,
    11732027,
    11942730,
    12155334,
    12369908,
    12586525,
    12805261,
    13026196,
    13249412,
    13475000,
    13703050,
    13933660,
    14166934,
    14402979,
    14641911,
    14883849,
    15128924,
    15377269,
    15629031,
    15884362,
    16143426,
    16406398,
    16673464,
    16944823,
    17220689,
    17501292,
    17786877,
    18077711,
    18374082,
    18676301,
    18984704,
    19299660,
    19621568,
    19950867,
    20288037,
    20633606,
    20988158,
    21352340,
    21726871,
    22112554,
    22510290,
    22921097,
    23346125,
    23786689,
    24244295,
    24720684,
    25217883,
    25738272,
    26284673,
    26860468,
    27469762,
    28117603,
    28810307,
    29555925,
    30364953,
    31251455,
    32234917,
    33343507,
    34620253,
    36136021,
    38020977,
    40559910,
    44628526,
    48412920,
};
#define NORMAL_99 INT64_C(39029641) /* the quantile at 0.99, times 2^24 */

/* 2^(2^-i) for i = 1..32, times 2^62. */
static const uint64_t roots_of_two[FRACTION] = {
    0x5a827999fcef3242,
    0x4c1bf828c6dc54b8,
    0x45cae0f1f545eb73,
    0x42d561b3e6243d8a,
    0x4166c34c5615d0ec,
    0x40b268f9de0183ba,
    0x4058f6a7ecccd5b6,
    0x402c6be96af2fb58,
    0x4016321b687027a8,
    0x400b18178ba33b14,
    0x40058bce410147e8,
    0x4002c5d7bff71daf,
    0x400162e807ee7e5b,
    0x4000b1730df6a524,
    0x400058b9497b8152,
    0x40002c5c955dd701,
    0x4000162e46d6f26c,
    0x40000b1722757b1b,
    0x4000058b90fd3e0c,
    0x400002c5c86f3f26,
    0x40000162e433c79b,
    0x400000b17218edd0,
    0x40000058b90c3968,
    0x4000002c5c860d54,
    0x400000162e4302d2,
    0x4000000b17218073,
    0x400000058b90bffc,
    0x40000002c5c85fef,
    0x4000000162e42ff3,
    0x40000000b17217f9,
    0x4000000058b90bfc,
    0x400000002c5c85fe,
};

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

/* -ln(1 - p) = ln 2 * (log2 256 - log2(256 - i)) at p = i/256; at the end p = 1 - 1/512. */
struct mr_distribution mr_distribution_exponential(
    struct mr_region *region, int64_t min, int64_t mean, int64_t max)
{
    MR_ASSERT(mean >= 0 && min <= max);
    const uint64_t ln2 = 2977044472; /* ln 2, times 2^32 */
    int64_t *quantiles = mr_region_array(region, int64_t, N_QUANTILES);
    for (uint64_t i = 0; i < N_QUANTILES; i++) {
        uint64_t left = i < STEPS ? 2 * (STEPS - i) : 1; /* of 512 */
        uint64_t halvings = (uint64_t)(((int64_t)9 << FRACTION) - log2_fixed(left));
        uint64_t factor = (uint64_t)((__uint128_t)halvings * ln2 >> FRACTION);
        __uint128_t span = (__uint128_t)(uint64_t)mean * factor >> FRACTION;
        int64_t cut = span > INT64_MAX ? INT64_MAX : (int64_t)span;
        quantiles[i] = clamp(mr_add_saturating(min, cut), min, max);
    }
    return (struct mr_distribution){.kind = MR_DISTRIBUTION_EXPONENTIAL,
        .min = min,
        .max = max,
        .quantiles = quantiles,
        .n_quantiles = N_QUANTILES};
}

/* median * (p99 / median)^(z / z99), z the quantile of the normal distribution. */
struct mr_distribution mr_distribution_lognormal(
    struct mr_region *region, int64_t median, int64_t p99, int64_t min, int64_t max)
{
    MR_ASSERT(median > 0 && p99 >= median && min <= max);
    int64_t spread = log2_fixed((uint64_t)p99) - log2_fixed((uint64_t)median);
    int64_t *quantiles = mr_region_array(region, int64_t, N_QUANTILES);
    for (int i = 0; i < N_QUANTILES; i++) {
        int from_middle = i - STEPS / 2;
        int64_t z = normal_quantiles[from_middle < 0 ? -from_middle : from_middle];
        if (from_middle < 0) z = -z;
        int64_t power = (int64_t)((__int128)spread * z / NORMAL_99);
        quantiles[i] = clamp(scale_exp2(median, power), min, max);
    }
    return (struct mr_distribution){.kind = MR_DISTRIBUTION_LOGNORMAL,
        .min = min,
        .max = max,
        .quantiles = quantiles,
        .n_quantiles = N_QUANTILES};
}

/* A quantile picked evenly, linear between its neighbours. `drawn` is uniform over 64 bits. */
static int64_t from_quantiles(const struct mr_distribution *distribution, uint64_t drawn)
{
    if (distribution->n_quantiles == 1) return distribution->quantiles[0];
    __uint128_t at = (__uint128_t)drawn * (distribution->n_quantiles - 1);
    uint32_t below = (uint32_t)(at >> 64);
    uint64_t part = (uint64_t)at;
    int64_t low = distribution->quantiles[below];
    uint64_t span = (uint64_t)distribution->quantiles[below + 1] - (uint64_t)low;
    return (int64_t)((uint64_t)low + (uint64_t)((__uint128_t)span * part >> 64));
}

static int64_t value_of(const struct mr_distribution *distribution, uint64_t drawn)
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
        return value_of(
            is_first ? distribution->first : distribution->second, mr_hash_u64(drawn));
    }
    default:
        return from_quantiles(distribution, drawn);
    }
}

int64_t mr_draw_from(const struct mr_draws *draws, const struct mr_distribution *distribution,
    enum mr_domain domain, uint32_t name, uint64_t occurrence)
{
    int64_t value;
    if (is_overridden(draws, domain, name, occurrence, &value)) return value;
    if (distribution->kind == MR_DISTRIBUTION_CONSTANT) return distribution->min;
    return value_of(distribution, draw_key(draws, domain, name, occurrence));
}
