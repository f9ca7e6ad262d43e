#include "cli/run_pipeline.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/sink_files.h"

/* One pipeline under way. */
struct running {
    struct mr_region *region;
    const struct mr_run_pipeline_options *options;
    const struct mr_scenario *scenario;
    struct mr_collector collector;
    struct mr_run_result *result;
    const char *label; /* the file, and which of its pipelines */
};

static void put_error_text(struct mr_text *text)
{
    if (text->bytes > 0) fwrite(text->data, 1, text->bytes, stderr);
    mr_text_deinit(text);
}

/* The job's own failure says more than the check that noticed it. */
static bool is_told(const struct running *running, const struct mr_witness *witness)
{
    if (witness->check == MR_CHECK_ASSERTIONS) return true;
    return running->collector.has_failed &&
           (witness->check == MR_CHECK_LIVENESS || witness->check == MR_CHECK_RUN);
}

static void tell_findings(struct running *running)
{
    struct mr_text text = {0};
    const struct mr_run_result *result = running->result;
    struct mr_terminal_style style = mr_console_style(running->options->color, STDERR_FILENO);
    if (running->collector.has_failed)
        mr_text_printf(&text, "%s: error: the pipeline failed: %s\n", running->label,
            running->collector.reason);
    mr_pipeline_differences(&text, &running->collector, running->options->form);
    for (uint32_t i = 0; i < result->n_findings; i++)
        if (!is_told(running, &result->findings[i]))
            mr_terminal_witness(
                &text, &style, &result->findings[i], result->finding_counts[i], NULL);
    put_error_text(&text);
}

/* Rows that went to a topic are not printed: they are said to be there. */
static void tell_topics(const struct running *running)
{
    const struct mr_graph *graph = running->scenario->graph;
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *sink = &graph->transforms[i];
        if (sink->kind != MR_WRITE_TO_LOG || sink->write.is_collector || sink->write.assertion ||
            sink->write.file)
            continue;
        fprintf(stderr, "%s: %zu rows in the topic '%s'\n", running->label,
            mr_collector_rows(&running->collector, sink)->n, sink->write.topic);
    }
}

static int exit_code(const struct mr_run_result *result)
{
    if (result->n_findings == 0) return 0;
    for (uint32_t i = 0; i < result->n_findings; i++)
        if (result->findings[i].verdict != MR_VERDICT_LIMIT) return MR_EXIT_FAILED;
    return MR_EXIT_LIMIT;
}

static int tell(struct running *running)
{
    struct mr_text rows = {0};
    mr_pipeline_rows(&rows, &running->collector, running->options->form);
    mr_console_put(&rows);
    fflush(stdout);
    int code = exit_code(running->result);
    struct mr_err err = {0};
    if (code) tell_findings(running);
    if (!running->collector.has_failed && code != MR_EXIT_LIMIT &&
        !mr_sink_files_write(
            &running->collector, running->options->is_quiet ? NULL : running->label, &err))
        code = mr_console_error(&err);
    if (running->options->is_quiet) return code;
    tell_topics(running);
    fprintf(stderr, "%s: %s\n", running->label, code ? "failed" : "everything held");
    return code;
}

static int run_document(struct mr_region *region, struct mr_pipeline_file *file, uint32_t index,
    const struct mr_run_pipeline_options *options)
{
    struct mr_err err = {0};
    struct running running = {.region = region,
        .options = options,
        .label = file->is_list ? mr_region_printf(region, "%s[%u]", file->path, index + 1)
                               : file->path,
        .result = mr_region_new(region, struct mr_run_result)};
    if (!mr_pipeline_file_scenario(
            region, file, file->documents[index], NULL, &running.scenario, &err))
        return mr_console_error(&err);
    mr_collector_init(&running.collector, region, running.scenario);
    running.collector.shows_debug = options->is_verbose;
    struct mr_run_options run = {.seed = options->seed, .plant = options->plant};
    int code = mr_pipeline_run(running.scenario, &running.collector, &run, running.result, &err)
                   ? tell(&running)
                   : mr_console_error(&err);
    mr_collector_deinit(&running.collector);
    return code;
}

int mr_run_pipeline_file(
    struct mr_region *region, const char *path, const struct mr_run_pipeline_options *options)
{
    struct mr_err err = {0};
    struct mr_pipeline_file *file = mr_region_new(region, struct mr_pipeline_file);
    file->jinja_variables = options->jinja_variables;
    if (!mr_pipeline_file_read(region, path, file, &err) ||
        !mr_pipeline_file_open(region, file, &err)) {
        mr_pipeline_file_close(file);
        return mr_console_error(&err);
    }
    int worst = 0;
    for (uint32_t i = 0; i < file->n; i++) {
        int code = run_document(region, file, i, options);
        if (worst == 0 || code == MR_EXIT_USAGE) worst = code ? code : worst;
    }
    mr_pipeline_file_close(file);
    return worst;
}
