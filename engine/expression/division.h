/* Python's true division of integers: rounded once. */
#ifndef MR_ENGINE_EXPRESSION_DIVISION_H
#define MR_ENGINE_EXPRESSION_DIVISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/assert.h"

/* For integers that are no floats exactly. b is not 0. */
double mr_divide_large_ints(int64_t a, int64_t b);

static inline bool mr_int_is_float_exactly(int64_t value)
{
    const int64_t limit = INT64_C(1) << 53;
    return value >= -limit && value <= limit;
}

/* The double nearest to a / b, ties to even; b is not 0. */
static inline double mr_divide_ints(int64_t a, int64_t b)
{
    if (MR_LIKELY(mr_int_is_float_exactly(a) && mr_int_is_float_exactly(b)))
        return (double)a / (double)b;
    return mr_divide_large_ints(a, b);
}

#endif
