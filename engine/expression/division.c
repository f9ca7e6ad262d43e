#include "engine/expression/division.h"

#include <string.h>

/* Large integers are not made floats first. 62 or 63 bits
 * of the quotient, the last one standing for all that follow, are rounded by the conversion;
 * the scaling after it is exact. */
double mr_divide_large_ints(int64_t a, int64_t b)
{
    uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
    uint64_t y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
    if (x == 0) return b < 0 ? -0.0 : 0.0;
    int shift = 62 + __builtin_clzll(x) - __builtin_clzll(y);
    if (shift < 0) shift = 0;
    unsigned __int128 dividend = (unsigned __int128)x << shift;
    uint64_t quotient = (uint64_t)(dividend / y);
    if (dividend % y) quotient |= 1;
    uint64_t scale_bits = (uint64_t)(1023 - shift) << 52;
    double scale;
    memcpy(&scale, &scale_bits, sizeof scale);
    double magnitude = (double)quotient * scale;
    return (a < 0) != (b < 0) ? -magnitude : magnitude;
}
