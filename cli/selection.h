/* Which scenarios a command is about: files and folders, read with all that they name. */
#ifndef MR_CLI_SELECTION_H
#define MR_CLI_SELECTION_H

#include "cli/files.h"

enum mr_file_kind {
    MR_FILE_SCENARIO, /* also what cannot be read as YAML: reading it as a scenario says why */
    MR_FILE_PIPELINE,
};
/* What a YAML file is. Errors: INPUT: it cannot be read at all. */
MR_MUST_CHECK bool mr_file_kind(
    struct mr_region *region, const char *path, enum mr_file_kind *out, struct mr_err *err);
/* A scenario file; a bare pipeline is refused with what to do about it. */
MR_MUST_CHECK bool mr_selection_read(struct mr_region *region, const char *path,
    const struct mr_scenario **out, struct mr_err *err);

struct mr_selection {
    const struct mr_scenario **scenarios; /* [n], in the order of the paths */
    size_t n;
    const char **pipelines; /* [n_pipelines] */
    size_t n_pipelines;
};
/* Reads what the paths name: files, and the scenarios of folders (pipelines without `tests` in a
 * folder are passed over). Stops at the first error. */
MR_MUST_CHECK bool mr_selection_find(struct mr_region *region, const char *const *paths,
    size_t n_paths, struct mr_selection *out, struct mr_err *err);

#endif
