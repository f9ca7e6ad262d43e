#include "engine/pipeline/assertion.h"

#include "base/document.h"
#include "base/row.h"

static bool counts(const struct mr_assertion *assertion, struct mr_value value)
{
    return assertion->keeps_nulls || value.type != MR_TYPE_NULL;
}

/* How many members of the list equal `value`. */
static uint32_t count_in(struct mr_value list, struct mr_value value)
{
    struct mr_document_cursor cursor = mr_document_open(list);
    struct mr_value member;
    uint32_t n = 0;
    while (mr_document_next(&cursor, &member)) n += mr_value_equals(member, value);
    return n;
}

static bool is_list(struct mr_value value)
{
    return mr_type_is_document((enum mr_type)value.type) &&
           mr_document_kind(value) == MR_DOCUMENT_LIST;
}

/* Whether all that is in `a` is as often in `b`. */
static bool is_within(struct mr_value a, struct mr_value b)
{
    struct mr_document_cursor cursor = mr_document_open(a);
    struct mr_value member;
    while (mr_document_next(&cursor, &member))
        if (count_in(a, member) != count_in(b, member)) return false;
    return true;
}

static bool equals(struct mr_value a, struct mr_value b, bool is_unordered)
{
    if (mr_value_equals(a, b)) return true;
    return is_unordered && is_list(a) && is_list(b) && is_within(a, b) && is_within(b, a);
}

bool mr_assertion_row_equals(const struct mr_assertion *assertion,
    const struct mr_assertion_row *expected, const struct mr_schema *schema,
    const struct mr_value *row)
{
    uint32_t n_expected = 0, n_actual = 0;
    for (uint32_t i = 0; i < expected->n; i++) {
        if (!counts(assertion, expected->values[i])) continue;
        int place = expected->places[i];
        if (place < 0) return false;
        bool is_unordered = assertion->unordered >> place & 1;
        if (!equals(expected->values[i], row[place], is_unordered)) return false;
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
