/* Whether values are what a field says of them. */
#ifndef MR_BASE_SHAPE_H
#define MR_BASE_SHAPE_H

#include "base/value.h"

/* As Beam checks what a function yields: a bool is an integer, an integer is a number, None
 * goes everywhere, nothing else is converted; members of lists, maps and rows too. A row may
 * have more fields than the shape. */
bool mr_field_accepts(const struct mr_field *field, struct mr_value value);
/* Makes a value of a column of `type`: a bool an integer, an integer a float; any value for
 * ANY, None for all. False: it is none. */
bool mr_value_convert(enum mr_type type, struct mr_value *value);

#endif
