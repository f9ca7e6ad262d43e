/* What the rows of a source say of its watermark, by the source's strategy. */
#ifndef MR_ENGINE_CONNECTORS_SOURCE_MARKS_H
#define MR_ENGINE_CONNECTORS_SOURCE_MARKS_H

#include "engine/operators/operator.h"

/* The largest of `newest_us` and of the marks of the rows that count: of their event times, or,
 * where the strategy is PUNCTUATED, of the watermarks that they carry. */
mr_us mr_source_newest_us(
    struct mr_operator *source, const struct mr_batch *batch, mr_us newest_us);
/* The watermark that follows from the largest mark; MR_US_MIN: none. Never MR_US_MAX, which
 * says that there is no more to come. */
mr_us mr_source_watermark_us(const struct mr_read_from_log *read, mr_us newest_us);
/* The date at the reader: PROCESSING_TIME. */
mr_us mr_source_clock_us(const struct mr_operator *source, mr_us date_origin_us);
/* Gives all rows the time `at_us`. */
void mr_source_stamp(struct mr_operator *source, struct mr_batch *batch, mr_us at_us);

#endif
