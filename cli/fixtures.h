/* `fixtures` of a file of pipelines, as Beam's integration tests have them: folders that are
 * there while the pipelines run, and whose path stands for `{NAME}` in their texts. */
#ifndef MR_CLI_FIXTURES_H
#define MR_CLI_FIXTURES_H

#include "base/err.h"
#include "base/yaml.h"

struct mr_fixture {
    const char *name;
    const char *path; /* NULL: not made yet */
};
struct mr_fixtures {
    uint32_t n;
    struct mr_fixture *list; /* [n] */
};

/* Reads the list; NULL: there are none. Only `tempfile.TemporaryDirectory` is known. */
MR_MUST_CHECK bool mr_fixtures_read(struct mr_region *region, const struct mr_yaml *node,
    struct mr_fixtures *out, struct mr_err *err);
/* Makes the folders. Errors: IO. */
MR_MUST_CHECK bool mr_fixtures_open(
    struct mr_fixtures *fixtures, struct mr_region *region, struct mr_err *err);
/* Removes them with all that is in them. */
void mr_fixtures_close(struct mr_fixtures *fixtures);
/* The documents[n] with paths in the place of names. */
const struct mr_yaml *const *mr_fixtures_fill(const struct mr_fixtures *fixtures,
    struct mr_region *region, const struct mr_yaml *const *documents, uint32_t n);

#endif
