/* `millrace run` of a pipeline without a scenario. */
#ifndef MR_CLI_RUN_PIPELINE_H
#define MR_CLI_RUN_PIPELINE_H

#include "cli/pipeline_run.h"

struct mr_run_pipeline_options {
    enum mr_row_form form;
    uint64_t seed;
    enum mr_plant plant;
    const char *color;
    const char *jinja_variables; /* NULL: none */
    bool is_verbose;
    bool is_quiet;
};
/* Runs the pipelines of the file one after the other: their rows go to standard output, all
 * else to standard error. Returns the exit code. */
int mr_run_pipeline_file(
    struct mr_region *region, const char *path, const struct mr_run_pipeline_options *options);

#endif
