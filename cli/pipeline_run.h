/* Pipelines without a scenario: what a file holds, and the run of one of them. */
#ifndef MR_CLI_PIPELINE_RUN_H
#define MR_CLI_PIPELINE_RUN_H

#include "cli/collector.h"
#include "cli/files.h"
#include "cli/fixtures.h"
#include "scenarios/run/run.h"

/* How rows are shown. */
enum mr_row_form { MR_ROWS_JSON, MR_ROWS_BEAM };

/* A pipeline file: `pipeline` at the root, or `pipelines`, a list of such maps, as Beam's
 * integration tests have it. */
struct mr_pipeline_file {
    struct mr_files files;
    const char *jinja_variables; /* set before the file is read; NULL: none */
    const char *path;
    const char *text;
    size_t bytes;
    struct mr_graph_document parsed;
    struct mr_fixtures fixtures;
    bool is_list;
    uint32_t n;
    const struct mr_yaml *const *documents; /* [n] */
};
MR_MUST_CHECK bool mr_pipeline_file_read(struct mr_region *region, const char *path,
    struct mr_pipeline_file *out, struct mr_err *err);
/* Around the runs of its pipelines: makes and removes its fixtures. Errors: IO. */
MR_MUST_CHECK bool mr_pipeline_file_open(
    struct mr_region *region, struct mr_pipeline_file *file, struct mr_err *err);
void mr_pipeline_file_close(struct mr_pipeline_file *file);
/* The graph of one of its documents. `test`: see mr_graph_options; NULL: the pipeline itself,
 * with a sink for each output that nothing reads. */
MR_MUST_CHECK bool mr_pipeline_file_graph(struct mr_region *region,
    struct mr_pipeline_file *file, const struct mr_yaml *document, const struct mr_yaml *test,
    const struct mr_graph **out, struct mr_err *err);
/* The same, and the calm scenario around it. */
MR_MUST_CHECK bool mr_pipeline_file_scenario(struct mr_region *region,
    struct mr_pipeline_file *file, const struct mr_yaml *document, const struct mr_yaml *test,
    const struct mr_scenario **out, struct mr_err *err);

/* Runs it; the collector has its rows afterwards. */
MR_MUST_CHECK bool mr_pipeline_run(const struct mr_scenario *scenario,
    struct mr_collector *collector, const struct mr_run_options *options,
    struct mr_run_result *result, struct mr_err *err);

/* Adds a line for each row that a collector's sink has. */
void mr_pipeline_rows(
    struct mr_text *out, const struct mr_collector *collector, enum mr_row_form form);
/* Adds expected and actual rows side by side for each AssertEqual that does not hold; how many
 * these are. */
uint32_t mr_pipeline_differences(
    struct mr_text *out, const struct mr_collector *collector, enum mr_row_form form);

#endif
