/* A function of the values of a group, in Python: what Beam calls a CombineFn, or a callable.
 */
#ifndef MR_ENGINE_EXPRESSION_FOLDER_H
#define MR_ENGINE_EXPRESSION_FOLDER_H

#include "engine/expression/expression.h"

struct mr_folder; /* constant for a campaign */

/* Compiles `text`: the name of a builtin (`sum`), a name of Beam's library
 * (`apache_beam.transforms.combiners. TopCombineFn`), or source that ends in a lambda, a def or
 * a class.
 *
 *   config  a ROW of keyword arguments that it is called with to yield the function; None:
 * there are none errors  INPUT at the place */
MR_MUST_CHECK bool mr_folder_compile(struct mr_region *region, const char *text,
    struct mr_place place, struct mr_value config, const struct mr_folder **out,
    struct mr_err *err);
/* What it makes of a LIST of values. False: it raised, and the failure, of row 0, hangs on the
 * scratch memory's caller.
 */
MR_MUST_CHECK bool mr_folder_apply(const struct mr_folder *folder, struct mr_value list,
    struct mr_scratch *scratch, struct mr_value *out);

#endif
