/* What a pipeline's file may name: files beside it, data in the working directory, values for
 * Jinja. */
#ifndef MR_CLI_PIPELINE_FILES_H
#define MR_CLI_PIPELINE_FILES_H

#include "cli/files.h"

/* The flags of every command that reads pipelines; both names are Beam's. */
#define MR_FLAG_JINJA(out_)                                                                    \
    {"--jinja_variables", "JSON", "values of the names that a pipeline's templates use",       \
        MR_FLAG_TEXT, .out = (out_)},                                                          \
    {                                                                                          \
        "--jinja-variables", "JSON", NULL, MR_FLAG_TEXT, .out = (out_), .is_hidden = true      \
    }

/* `files` has been made for the pipeline's path; both live as long as the reading. */
struct mr_graph_files mr_cli_pipeline_files(
    struct mr_files *files, const char *jinja_variables);

/* struct mr_graph_files has what this does: the files of a pattern, each read whole. */
bool mr_cli_find_data(void *self, struct mr_region *region, const char *pattern,
    struct mr_data_files *out, struct mr_err *err);

#endif
