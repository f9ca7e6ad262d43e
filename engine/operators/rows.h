/* Rows on their way out of an operator that makes them one by one. */
#ifndef MR_ENGINE_OPERATORS_ROWS_H
#define MR_ENGINE_OPERATORS_ROWS_H

#include "engine/operators/operator.h"

struct mr_made_row {
    uint32_t output;
    mr_us at_us;
    mr_us window_start_us;
    mr_us window_end_us;
    const struct mr_value *values; /* in scratch, or as long there */
};
/* In the scratch memory of the handler: empty at its beginning and at its end. */
struct mr_made_rows {
    uint32_t n;
    uint32_t capacity;
    struct mr_made_row *list;
};

void mr_made_rows_add(
    struct mr_made_rows *rows, struct mr_scratch *scratch, struct mr_made_row row);
/* Emits them, those of each output in their order. */
void mr_made_rows_emit(struct mr_made_rows *rows, struct mr_operator *operator);

#endif
