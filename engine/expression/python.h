/* User code in Python: CPython, embedded. What it may see is python_prelude.py's to say. */
#ifndef MR_ENGINE_EXPRESSION_PYTHON_H
#define MR_ENGINE_EXPRESSION_PYTHON_H

#include "engine/expression/caller.h"
#include "engine/expression/expression_internal.h"

struct mr_udf; /* a function of a pipeline: constant for a campaign */

/* Compiles `written` to run in CPython. Fails at the place of what is wrong in it. */
MR_MUST_CHECK bool mr_udf_compile(const struct mr_compiler *compiler,
    const struct mr_udf_text *written, enum mr_expression_use use, const struct mr_udf **out);
struct mr_field mr_udf_result(const struct mr_udf *udf); /* name NULL */

/* The two evaluators, as in expression.h. Only the rows that count are given to the function,
 * and of these only those that have no error yet. */
struct mr_column mr_udf_batch(const struct mr_udf *udf, const struct mr_batch *batch,
    struct mr_scratch *scratch, uint8_t *errors);
enum mr_row_error mr_udf_row(const struct mr_udf *udf, const struct mr_value *row,
    struct mr_scratch *scratch, struct mr_value *out);

struct mr_retry; /* how the text of a native expression is run in CPython: constant */

/* For the text that compiles natively to `result`. Python is not started for it. */
const struct mr_retry *mr_retry_new(const struct mr_compiler *compiler,
    enum mr_expression_use use, struct mr_field result);
/* The rows that count and failed natively, once more: what CPython gives goes into the column,
 * what it raises is the row's error.
 *
 *   before   [n_rows] the errors that were there before, which stay; NULL: none
 *   column   what the native evaluator gave; rows that failed may have anything in them */
struct mr_column mr_retry_batch(const struct mr_retry *retry, const struct mr_batch *batch,
    struct mr_scratch *scratch, const uint8_t *before, uint8_t *errors,
    const struct mr_column *column);
/* The same of a row that failed with `error`. */
enum mr_row_error mr_retry_row(const struct mr_retry *retry, const struct mr_value *row,
    struct mr_scratch *scratch, enum mr_row_error error, struct mr_value *out);

#endif
