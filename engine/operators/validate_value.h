/* The rules of a JSON schema about a value of any type. */
#ifndef MR_ENGINE_OPERATORS_VALIDATE_VALUE_H
#define MR_ENGINE_OPERATORS_VALIDATE_VALUE_H

#include "engine/pipeline/graph.h"

/* What is wrong with the value or with what is inside of it; NULL: nothing. */
const char *mr_value_breaks(const struct mr_rule *rule, struct mr_value value);

#endif
