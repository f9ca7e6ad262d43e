/* Columns made of values. */
#ifndef MR_ENGINE_BATCH_COLUMN_H
#define MR_ENGINE_BATCH_COLUMN_H

#include "base/document.h"
#include "engine/batch/batch.h"

/* A column of `type` of values[0], values[stride], ...: n of them, each of the type or None; of
 * any type in an ANY column. It has validity bits where one is None, and lies in `scratch`. */
struct mr_column mr_column_make(enum mr_type type, const struct mr_value *values,
    uint32_t stride, uint32_t n, struct mr_scratch *scratch);
/* The column with the same values in a column of type ANY. */
struct mr_column mr_column_to_any(
    const struct mr_column *column, uint32_t n_rows, struct mr_scratch *scratch);
/* A column of ROW: of each of rows[n] the values of columns[n_fields], by the names of
 * `schema`; others are null. */
struct mr_column mr_column_of_rows(const struct mr_schema *schema,
    const struct mr_column *columns, uint32_t n_rows, const uint16_t *rows, uint32_t n,
    struct mr_scratch *scratch);
/* A writer of documents into `scratch`. */
struct mr_document_writer mr_scratch_writer(struct mr_scratch *scratch);
/* The value as a cell of an ANY column has it: of type ANY, its text the document. None stays
 * None. */
struct mr_value mr_value_raw(struct mr_value value, struct mr_scratch *scratch);

#endif
