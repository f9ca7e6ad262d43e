/* Which Millrace this is. */
#ifndef MR_CLI_BUILD_H
#define MR_CLI_BUILD_H

#include "replay/store.h"

extern const struct mr_build mr_build;
/* Whether a seed means the same run for the build of a record as for this one. */
bool mr_build_is_same(const struct mr_build *other);

#endif
