#include "cli/build.h"

#include <string.h>

const struct mr_build mr_build = {
    .version = MR_VERSION, .commit = MR_COMMIT, .compiler = MR_COMPILER};

/* Compilers must not matter: tests/determinism.sh holds that. */
bool mr_build_is_same(const struct mr_build *other)
{
    return strcmp(other->version, mr_build.version) == 0 &&
           strcmp(other->commit, mr_build.commit) == 0;
}
