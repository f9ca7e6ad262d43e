/* `millrace lint`: pipelines and scenarios, read and judged without running anything. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/pipeline_files.h"
#include "cli/selection.h"

static const char about[] =
    "Reads pipelines (Beam YAML) and scenarios with everything that they name, and says what "
    "is\n"
    "wrong or may surprise, each with file:line:column. A PATH is a file, or a folder whose\n"
    "*.yaml files are taken. Warnings do not fail.";

static const char examples[] = "  millrace lint pipeline.yaml\n"
                               "  millrace lint scenarios/library scenarios/pipelines\n";

static const char exits[] = "  0  nothing is wrong   2  something is   4  nothing was found\n";

struct lint {
    struct mr_region *region;
    const char *jinja_variables;
    size_t n_files;
    size_t n_errors;
    size_t n_warnings;
};

static void warn(struct lint *lint, struct mr_place place, const char *text)
{
    printf(
        "%s:%d:%d: warning: %s\n", place.file ? place.file : "", place.line, place.col, text);
    lint->n_warnings++;
}

static void warn_of_graph(struct lint *lint, const struct mr_graph *graph)
{
    for (uint32_t i = 0; i < graph->n_warnings; i++)
        warn(lint, graph->warnings[i].place, graph->warnings[i].text);
}

/* Times of the cluster are virtual, those of the trace are divided: an hour of silence in the
 * trace is a second. */
static void warn_of_speedup(struct lint *lint, const struct mr_scenario *scenario)
{
    for (uint32_t t = 0; t < scenario->graph->n_transforms; t++) {
        const struct mr_transform *transform = &scenario->graph->transforms[t];
        if (transform->kind != MR_READ_FROM_LOG || transform->read.idle_after_ns == 0) continue;
        for (uint32_t i = 0; i < scenario->n_topics; i++) {
            const struct mr_topic *topic = &scenario->topics[i];
            if (!topic->stream || strcmp(topic->name, transform->read.topic) != 0 ||
                topic->stream->speedup <= 1)
                continue;
            char span[MR_TIME_TEXT_BYTES];
            warn(lint, scenario->place,
                mr_region_printf(lint->region,
                    "idle_after of '%s' is %s of virtual time, in which %lld times as much of "
                    "the trace goes by ('speedup')",
                    transform->name, mr_duration_format(transform->read.idle_after_ns, span),
                    (long long)topic->stream->speedup));
        }
    }
}

static bool lint_pipeline(struct lint *lint, const char *path, struct mr_err *err)
{
    struct mr_files files;
    mr_files_init(&files, path);
    struct mr_file_reader reader = mr_files_reader(&files);
    struct mr_graph_files beside = mr_cli_pipeline_files(&files, lint->jinja_variables);
    const char *text;
    size_t bytes;
    const struct mr_graph *graph;
    path = mr_region_strdup(lint->region, path);
    if (!reader.read(
            reader.self, lint->region, path + strlen(files.folder), &text, &bytes, err) ||
        !mr_graph_read_with(
            lint->region, path, text, bytes, &beside, NULL, 0, &graph, err))
        return false;
    warn_of_graph(lint, graph);
    return true;
}

static bool lint_scenario(struct lint *lint, const char *path, struct mr_err *err)
{
    const struct mr_scenario *scenario;
    if (!mr_cli_read_scenario(lint->region, path, &scenario, err)) return false;
    warn_of_graph(lint, scenario->graph);
    warn_of_speedup(lint, scenario);
    return true;
}

static void lint_file(struct lint *lint, const char *path)
{
    struct mr_err err = {0};
    enum mr_file_kind kind = MR_FILE_SCENARIO;
    lint->n_files++;
    bool is_ok = mr_file_kind(lint->region, path, &kind, &err) &&
                 (kind == MR_FILE_PIPELINE ? lint_pipeline(lint, path, &err)
                                           : lint_scenario(lint, path, &err));
    if (is_ok) return;
    lint->n_errors++;
    mr_console_error(&err);
}

static int lint_all(struct lint *lint, const struct mr_arguments *paths)
{
    for (size_t i = 0; i < paths->n; i++) {
        struct mr_err err = {0};
        const char **files;
        size_t n_files = 0;
        if (!mr_cli_find_scenarios(lint->region, paths->list[i], &files, &n_files, &err)) {
            lint->n_errors++;
            mr_console_error(&err);
        }
        for (size_t k = 0; k < n_files; k++) lint_file(lint, files[k]);
    }
    if (lint->n_errors > 0) return MR_EXIT_USAGE;
    if (lint->n_files == 0) {
        fputs("error: there is no *.yaml file in what was named\n", stderr);
        return MR_EXIT_NOTHING;
    }
    printf("%zu files, no errors, %zu warnings\n", lint->n_files, lint->n_warnings);
    return 0;
}

int mr_lint_main(int argc, char **argv)
{
    struct lint lint = {.region = mr_region_create()};
    const struct mr_flag flags[] = {MR_FLAG_JINJA(&lint.jinja_variables)};
    const struct mr_usage usage = {.command = "lint",
        .arguments = "PATH...",
        .about = about,
        .examples = examples,
        .exits = exits,
        .flags = flags,
        .n_flags = sizeof flags / sizeof flags[0],
        .n_min = 1,
        .n_max = SIZE_MAX};
    struct mr_arguments arguments;
    struct mr_err err = {0};
    int code = 0;
    if (!mr_console_read(lint.region, &usage, argc, argv, &arguments, &err))
        code = mr_console_error(&err);
    else if (!arguments.wants_help)
        code = lint_all(&lint, &arguments);
    mr_region_destroy(lint.region);
    return code;
}
