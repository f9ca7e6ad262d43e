/* What AssertEqual says of its input: these rows and no others, in any order. */
#ifndef MR_ENGINE_PIPELINE_ASSERTION_H
#define MR_ENGINE_PIPELINE_ASSERTION_H

#include "base/alloc.h"
#include "base/value.h"

/* One element as written. */
struct mr_assertion_row {
    uint32_t n;
    const struct mr_field *fields; /* [n]: their names */
    const struct mr_value *values; /* [n] */
    const int *places; /* [n]: in the schema of the input; -1: it has no such field */
};
struct mr_assertion {
    bool keeps_nulls; /* None is a value like others; else it is as if the field were not there
                       */
    uint64_t unordered; /* a bit for each field of the input: of its lists the order is open */
    uint32_t n_rows;
    const struct mr_assertion_row *rows;
};

/* Whether the row of the input equals the element, field by field, in Python's sense. */
bool mr_assertion_row_equals(const struct mr_assertion *assertion,
    const struct mr_assertion_row *expected, const struct mr_schema *schema,
    const struct mr_value *row);
/* Takes the first element that equals the row and is not taken yet: its index, and taken[index]
 * is set; -1: the row is one too many. Equality is transitive, so that the order of the rows
 * does not matter. */
int64_t mr_assertion_take(const struct mr_assertion *assertion, const struct mr_schema *schema,
    const struct mr_value *row, bool *taken);

#endif
