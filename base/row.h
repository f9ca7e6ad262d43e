/* Rows as text, and values compared as Python compares them. */
#ifndef MR_BASE_ROW_H
#define MR_BASE_ROW_H

#include "base/value.h"

/* Room that is enough for the row in either form below, the NUL included. */
size_t mr_row_text_bytes(const struct mr_schema *schema, const struct mr_value *row);
/* The row as a JSON object, spaced as Python's json.dumps spaces it. Returns the bytes; cut at
 * a character where `size` is too small; NUL-terminated. */
size_t mr_row_json(
    const struct mr_schema *schema, const struct mr_value *row, char *out, size_t size);
/* The row as Beam prints it: Row(a=1, b='x', c=None). */
size_t mr_row_repr(
    const struct mr_schema *schema, const struct mr_value *row, char *out, size_t size);
/* Python's ==: 1 == 1.0 == True, a NaN equals nothing, integers and floats exactly; rows and
 * maps whatever the order of their members. */
bool mr_value_equals(struct mr_value a, struct mr_value b);

#endif
