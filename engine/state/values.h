/* Rows and keys as bytes of a state: of each value its type, then 8 bytes, or a length and
 * text. */
#ifndef MR_ENGINE_STATE_VALUES_H
#define MR_ENGINE_STATE_VALUES_H

#include "base/value.h"

/* The bytes of values[n]. */
uint32_t mr_values_bytes(const struct mr_value *values, uint32_t n);
/* Writes them; returns where the next ones go. */
char *mr_values_write(const struct mr_value *values, uint32_t n, char *out);
/* Reads values[n], whose texts point into the bytes; returns where the next ones begin. */
const char *mr_values_read(const char *at, uint32_t n, struct mr_value *values);

#endif
