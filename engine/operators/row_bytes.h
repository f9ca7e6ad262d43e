/* Rows as bytes in the state of an operator: four bytes of length, then of each field a byte of
 * its type and the value. */
#ifndef MR_ENGINE_OPERATORS_ROW_BYTES_H
#define MR_ENGINE_OPERATORS_ROW_BYTES_H

#include "engine/batch/batch.h"

uint32_t mr_row_bytes(const struct mr_batch *batch, uint32_t row);
/* `bytes` is what mr_row_bytes says. */
void mr_row_write(
    unsigned char *to, const struct mr_batch *batch, uint32_t row, uint32_t bytes);
/* values[n_fields], whose texts are borrowed. Returns where the next row begins. */
const unsigned char *mr_row_read(
    const unsigned char *from, const struct mr_schema *schema, struct mr_value *values);

#endif
