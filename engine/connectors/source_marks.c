#include "engine/connectors/source_marks.h"

#include <string.h>

static mr_us larger(mr_us a, mr_us b)
{
    return a > b ? a : b;
}

/* A row that `when` fails on carries no watermark. */
static mr_us newest_where(
    struct mr_operator *source, const struct mr_batch *batch, mr_us newest_us)
{
    struct mr_scratch *scratch = &source->context->scratch;
    uint8_t *errors = mr_scratch_array(scratch, uint8_t, batch->n_rows + 1);
    memset(errors, 0, batch->n_rows);
    struct mr_column column =
        mr_expression_batch(source->transform->read.punctuation, batch, scratch, errors);
    MR_ASSERT(column.type == MR_TYPE_BOOL);
    const uint8_t *carries = column.values;
    for (uint32_t i = 0; i < batch->n_rows; i++)
        if (carries[i] && !errors[i]) newest_us = larger(newest_us, batch->times_us[i]);
    return newest_us;
}

static mr_us newest_in(const struct mr_column *column, uint32_t n_rows, mr_us newest_us)
{
    const int64_t *values = column->values;
    for (uint32_t i = 0; i < n_rows; i++)
        if (!mr_column_is_null(column, i)) newest_us = larger(newest_us, values[i]);
    return newest_us;
}

mr_us mr_source_newest_us(
    struct mr_operator *source, const struct mr_batch *batch, mr_us newest_us)
{
    const struct mr_read_from_log *read = &source->transform->read;
    bool is_punctuated = read->strategy == MR_WATERMARK_PUNCTUATED;
    /* Each row is taken for one that carries a watermark. */
    if (is_punctuated && MR_PLANTED(source->context->env, PUNCTUATED_BY_ALL))
        is_punctuated = false;
    if (is_punctuated && read->punctuation) return newest_where(source, batch, newest_us);
    if (is_punctuated)
        return newest_in(&batch->columns[read->punctuation_field], batch->n_rows, newest_us);
    for (uint32_t i = 0; i < batch->n_rows; i++)
        if (batch->times_us[i] > newest_us) newest_us = batch->times_us[i];
    return newest_us;
}

mr_us mr_source_watermark_us(const struct mr_read_from_log *read, mr_us newest_us)
{
    if (newest_us <= MR_US_MIN) return MR_US_MIN;
    mr_us bound_us = read->strategy == MR_WATERMARK_BOUNDED ? read->max_out_of_orderness_us : 0;
    mr_us watermark_us = mr_us_add(newest_us, -bound_us);
    return watermark_us < MR_US_MAX ? watermark_us : MR_US_MAX - 1;
}

mr_us mr_source_clock_us(const struct mr_operator *source, mr_us date_origin_us)
{
    const struct mr_env *env = source->context->env;
    return mr_us_add(date_origin_us, mr_us_from_ns(env->now(env)));
}

void mr_source_stamp(struct mr_operator *source, struct mr_batch *batch, mr_us at_us)
{
    mr_us *times_us = mr_scratch_array(&source->context->scratch, mr_us, batch->n_rows + 1);
    for (uint32_t i = 0; i < batch->n_rows; i++) times_us[i] = at_us;
    batch->times_us = times_us;
}
