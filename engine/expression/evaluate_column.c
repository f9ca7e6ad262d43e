/* Columns as other parts of the evaluator want them: nulls, other types of number, truth. */
#include <string.h>

#include "engine/expression/expression_internal.h"

struct mr_column mr_column_of_nulls(const struct mr_evaluation *evaluation, enum mr_type type)
{
    size_t bytes = (size_t)mr_type_bytes(type) * evaluation->n_rows;
    size_t words = (evaluation->n_rows + 63) / 64;
    void *values = mr_scratch_alloc(evaluation->scratch, bytes);
    uint64_t *valid = mr_scratch_array(evaluation->scratch, uint64_t, words);
    memset(values, 0, bytes);
    memset(valid, 0, words * sizeof *valid);
    return (struct mr_column){.type = type, .values = values, .valid = valid};
}

void mr_fail_nulls(
    const struct mr_evaluation *evaluation, const struct mr_column *column, uint8_t *errors)
{
    if (!column->valid) return;
    for (uint32_t row = 0; row < evaluation->n_rows; row += 64) {
        uint64_t nulls = ~column->valid[row / 64];
        uint32_t n = evaluation->n_rows - row;
        if (n < 64) nulls &= (UINT64_C(1) << n) - 1;
        for (; nulls; nulls &= nulls - 1)
            mr_row_fail(errors, row + (uint32_t)__builtin_ctzll(nulls), MR_ROW_TYPE);
    }
}

const int64_t *mr_column_ints(
    const struct mr_evaluation *evaluation, const struct mr_column *column)
{
    if (column->type == MR_TYPE_INT || column->type == MR_TYPE_TIMESTAMP) return column->values;
    MR_ASSERT(column->type == MR_TYPE_BOOL);
    const uint8_t *bools = column->values;
    int64_t *ints = mr_scratch_array(evaluation->scratch, int64_t, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) ints[i] = bools[i];
    return ints;
}

const double *mr_column_floats(
    const struct mr_evaluation *evaluation, const struct mr_column *column)
{
    if (column->type == MR_TYPE_FLOAT) return column->values;
    const int64_t *ints = mr_column_ints(evaluation, column);
    double *floats = mr_scratch_array(evaluation->scratch, double, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) floats[i] = (double)ints[i];
    return floats;
}

static uint8_t *zeros(const struct mr_evaluation *evaluation)
{
    uint8_t *bytes = mr_scratch_array(evaluation->scratch, uint8_t, evaluation->n_rows);
    return memset(bytes, 0, evaluation->n_rows);
}

const uint8_t *mr_column_nulls(
    const struct mr_evaluation *evaluation, const struct mr_column *column)
{
    uint8_t *nulls = zeros(evaluation);
    if (!column->valid) return nulls;
    for (uint32_t i = 0; i < evaluation->n_rows; i++)
        nulls[i] = ~(column->valid[i / 64] >> (i % 64)) & 1;
    return nulls;
}

/* Nulls need no look, since their values are zero; but for timestamps, of which every one is
 * true. */
const uint8_t *mr_column_truth(
    const struct mr_evaluation *evaluation, const struct mr_column *column)
{
    if (column->type == MR_TYPE_BOOL) return column->values;
    uint32_t n = evaluation->n_rows;
    const int64_t *ints = column->values;
    const double *floats = column->values;
    const struct mr_string *texts = column->values;
    uint8_t *out = zeros(evaluation);
    switch (column->type) {
    case MR_TYPE_NULL:
        break;
    case MR_TYPE_INT:
        for (uint32_t i = 0; i < n; i++) out[i] = ints[i] != 0;
        break;
    case MR_TYPE_FLOAT:
        for (uint32_t i = 0; i < n; i++) out[i] = floats[i] != 0;
        break;
    case MR_TYPE_STRING:
    case MR_TYPE_BYTES:
        for (uint32_t i = 0; i < n; i++) out[i] = texts[i].bytes != 0;
        break;
    case MR_TYPE_TIMESTAMP: {
        const uint8_t *nulls = mr_column_nulls(evaluation, column);
        for (uint32_t i = 0; i < n; i++) out[i] = !nulls[i];
        break;
    }
    default:
        MR_UNREACHABLE("the truth of a type without values");
    }
    return out;
}
