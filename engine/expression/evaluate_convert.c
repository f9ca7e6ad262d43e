/* Columns made into numbers: int(), float(), and seconds as event times. */
#include "engine/expression/expression_internal.h"
#include "engine/expression/unicode.h"

/* int(value): towards zero. */
static enum mr_row_error truncate(double value, int64_t *out)
{
    *out = 0;
    if (value != value) return MR_ROW_VALUE;
    if (value - value != 0) return MR_ROW_FLOAT_RANGE;
    if (!(value >= -0x1p63 && value < 0x1p63)) return MR_ROW_OVERFLOW;
    *out = (int64_t)value;
    return MR_ROW_OK;
}

static const int64_t *ints_of_floats(
    const struct mr_evaluation *evaluation, const double *floats, uint8_t *errors)
{
    int64_t *out = mr_scratch_array(evaluation->scratch, int64_t, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        enum mr_row_error error = truncate(floats[i], &out[i]);
        if (error) mr_row_fail(errors, i, error);
    }
    return out;
}

static const int64_t *ints_of_texts(
    const struct mr_evaluation *evaluation, const struct mr_column *column, uint8_t *errors)
{
    const struct mr_string *texts = column->values;
    int64_t *out = mr_scratch_array(evaluation->scratch, int64_t, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        out[i] = 0;
        enum mr_row_error error =
            mr_int_from_text(mr_string_text(&texts[i], column->heap), texts[i].bytes, &out[i]);
        if (error) mr_row_fail(errors, i, error);
    }
    return out;
}

struct mr_column mr_evaluate_to_int(
    const struct mr_evaluation *evaluation, const struct mr_column *a, uint8_t *errors)
{
    const int64_t *ints = a->type == MR_TYPE_FLOAT
                              ? ints_of_floats(evaluation, a->values, errors)
                          : a->type == MR_TYPE_STRING ? ints_of_texts(evaluation, a, errors)
                                                      : mr_column_ints(evaluation, a);
    return mr_column_of(MR_TYPE_INT, ints);
}

struct mr_column mr_evaluate_to_float(
    const struct mr_evaluation *evaluation, const struct mr_column *a, uint8_t *errors)
{
    if (a->type != MR_TYPE_STRING)
        return mr_column_of(MR_TYPE_FLOAT, mr_column_floats(evaluation, a));
    const struct mr_string *texts = a->values;
    double *out = mr_scratch_array(evaluation->scratch, double, evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        out[i] = 0;
        enum mr_row_error error = mr_float_from_text(
            mr_string_text(&texts[i], a->heap), texts[i].bytes, evaluation->scratch, &out[i]);
        if (error) mr_row_fail(errors, i, error);
    }
    return mr_column_of(MR_TYPE_FLOAT, out);
}

static void keep_in_range(mr_us *at_us, enum mr_row_error error, uint32_t row, uint8_t *errors)
{
    if (!error && (*at_us < MR_US_MIN || *at_us > MR_US_MAX)) error = MR_ROW_OVERFLOW;
    if (!error) return;
    mr_row_fail(errors, row, error);
    *at_us = 0;
}

/* Source of the rounding: apache_beam/utils/timestamp.py, int(seconds * 1000000). */
static void float_seconds(
    const struct mr_evaluation *evaluation, const double *seconds, mr_us *out, uint8_t *errors)
{
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        enum mr_row_error error = truncate(seconds[i] * 1e6, &out[i]);
        keep_in_range(&out[i], error, i, errors);
    }
}

static void int_seconds(
    const struct mr_evaluation *evaluation, const int64_t *seconds, mr_us *out, uint8_t *errors)
{
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        bool is_out = __builtin_mul_overflow(seconds[i], MR_SECOND_US, &out[i]);
        keep_in_range(&out[i], is_out ? MR_ROW_OVERFLOW : MR_ROW_OK, i, errors);
    }
}

struct mr_column mr_evaluate_seconds(
    const struct mr_evaluation *evaluation, const struct mr_column *a, uint8_t *errors)
{
    if (a->type == MR_TYPE_TIMESTAMP) return mr_column_of(MR_TYPE_INT, a->values);
    mr_us *out = mr_scratch_array(evaluation->scratch, mr_us, evaluation->n_rows);
    if (a->type == MR_TYPE_FLOAT)
        float_seconds(evaluation, a->values, out, errors);
    else
        int_seconds(evaluation, mr_column_ints(evaluation, a), out, errors);
    return mr_column_of(MR_TYPE_INT, out);
}
