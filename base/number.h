/* Numbers as text. */
#ifndef MR_BASE_NUMBER_H
#define MR_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum { MR_NUMBER_TEXT_BYTES = 32 };
/* The shortest decimal that reads back as the same double, and of those the nearest, as Python's repr writes it: fixed
 * from 1e-4 up to below 1e16, else with an exponent; `nan`, `inf`, `-inf`. Returns the bytes; NUL-terminated. */
uint32_t mr_float_to_text(double value, char out[MR_NUMBER_TEXT_BYTES]);

#endif
