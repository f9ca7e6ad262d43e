/* Files of the user: scenarios, pipelines and traces, read whole. */
#ifndef MR_CLI_FILES_H
#define MR_CLI_FILES_H

#include "scenarios/language/scenario.h"

enum { MR_PATH_BYTES = 4096 };

/* Reads files relative to the folder of the scenario `path`. Lives as long as the reading. */
struct mr_files {
    char folder[MR_PATH_BYTES]; /* with a slash at the end; "" for the current one */
};
void mr_files_init(struct mr_files *files, const char *path);
struct mr_file_reader mr_files_reader(struct mr_files *files);

/* Reads a scenario file with everything that it names; everything lives in the region. */
MR_MUST_CHECK bool mr_cli_read_scenario(struct mr_region *region, const char *path,
    const struct mr_scenario **out, struct mr_err *err);

/* The scenario files that `path` stands for: itself, or the *.yaml of a folder in the order of
 * their names. paths[] lives in the region. Errors: INPUT, nothing is there. */
MR_MUST_CHECK bool mr_cli_find_scenarios(struct mr_region *region, const char *path,
    const char ***paths, size_t *n_paths, struct mr_err *err);

/* The path without links and dots from the root on; `path` itself when nothing is there. */
const char *mr_cli_real_path(struct mr_region *region, const char *path);

/* Writes a file by way of a temporary one beside it: it is there as a whole or not at all.
 * "-" is standard output; what is there and not a file (a pipe, a device) is written to as it
 * is. Errors: IO. */
MR_MUST_CHECK bool mr_cli_write_file(
    const char *path, const char *text, size_t bytes, struct mr_err *err);
/* Makes a folder and those above it. */
MR_MUST_CHECK bool mr_cli_make_folder(const char *path, struct mr_err *err);

#endif
