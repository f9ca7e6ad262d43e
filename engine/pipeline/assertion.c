#include "engine/pipeline/assertion.h"

#include "base/row.h"

static bool counts(const struct mr_assertion *assertion, struct mr_value value)
{
    return assertion->keeps_nulls || value.type != MR_TYPE_NULL;
}

bool mr_assertion_row_equals(const struct mr_assertion *assertion,
    const struct mr_assertion_row *expected, const struct mr_schema *schema,
    const struct mr_value *row)
{
    uint32_t n_expected = 0, n_actual = 0;
    for (uint32_t i = 0; i < expected->n; i++) {
        if (!counts(assertion, expected->values[i])) continue;
        int place = expected->places[i];
        if (place < 0 || !mr_value_equals(expected->values[i], row[place])) return false;
        n_expected++;
    }
    for (uint32_t i = 0; i < schema->n_fields; i++) n_actual += counts(assertion, row[i]);
    return n_expected == n_actual;
}

int64_t mr_assertion_take(const struct mr_assertion *assertion, const struct mr_schema *schema,
    const struct mr_value *row, bool *taken)
{
    for (uint32_t i = 0; i < assertion->n_rows; i++) {
        if (taken[i] || !mr_assertion_row_equals(assertion, &assertion->rows[i], schema, row))
            continue;
        taken[i] = true;
        return i;
    }
    return -1;
}
