/* `millrace lint`: pipelines and scenarios, read and judged without running anything. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/pipeline_files.h"
#include "cli/pipeline_run.h"
#include "cli/selection.h"
#include "engine/pipeline/judgement.h"

static const char about[] =
    "Reads pipelines (Beam YAML) and scenarios with everything that they name, and says what "
    "is\n"
    "wrong or may surprise, each with file:line:column; whether Beam would run the pipeline, "
    "and\n"
    "whether its output is a function of its input alone. A PATH is a file, or a folder whose\n"
    "*.yaml files are taken. Warnings do not fail.";

static const char examples[] = "  millrace lint pipeline.yaml\n"
                               "  millrace lint scenarios/library scenarios/pipelines\n";

static const char exits[] = "  0  nothing is wrong   2  something is   4  nothing was found\n";

struct lint {
    struct mr_region *region;
    const char *jinja_variables;
    size_t n_files;
    size_t n_errors;
    bool is_refused; /* by the machine: what is needed is not installed, or cannot be read */
    size_t n_warnings;
};

static void warn(struct lint *lint, struct mr_place place, const char *text)
{
    printf(
        "%s:%d:%d: warning: %s\n", place.file ? place.file : "", place.line, place.col, text);
    lint->n_warnings++;
}

static void note(const struct mr_remarks *remarks)
{
    for (uint32_t i = 0; i < remarks->n; i++) {
        const struct mr_remark *remark = &remarks->list[i];
        printf("%s:%d:%d: note: %s\n", remark->place.file, remark->place.line,
            remark->place.col, remark->text);
    }
}

/* What a pipeline is, and what may surprise. The reasons are told where it is linted itself. */
static void judge(
    struct lint *lint, const char *path, const struct mr_graph *graph, bool has_reasons)
{
    static const char *const portable[] = {[MR_PORTABLE] = "yes",
        [MR_PORTABLE_WITH_PROVIDER] = "yes, with the provider that it includes",
        [MR_NOT_PORTABLE] = "no"};
    static const char *const confluent[] = {[MR_CONFLUENT] = "yes",
        [MR_CONFLUENT_UNLESS] = "yes, but for what is noted",
        [MR_NOT_CONFLUENT] = "no"};
    struct mr_judgement judgement;
    mr_pipeline_judge(lint->region, graph, &judgement);
    for (uint32_t i = 0; i < judgement.warnings.n; i++)
        warn(lint, judgement.warnings.list[i].place, judgement.warnings.list[i].text);
    printf("%s: portable to Beam: %s\n", path, portable[judgement.portability]);
    if (has_reasons) note(&judgement.of_portability);
    printf("%s: confluent: %s\n", path, confluent[judgement.confluence]);
    if (has_reasons) note(&judgement.of_confluence);
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

static const struct mr_stream_config *stream_of(
    const struct mr_scenario *scenario, const struct mr_transform *reader)
{
    for (uint32_t i = 0; i < scenario->n_topics; i++)
        if (scenario->topics[i].stream &&
            strcmp(scenario->topics[i].name, reader->read.topic) == 0)
            return scenario->topics[i].stream;
    return NULL;
}

/* Rows that come further behind than the watermark waits may be dropped as late. */
static void warn_of_disorder(struct lint *lint, const struct mr_scenario *scenario)
{
    for (uint32_t t = 0; t < scenario->graph->n_transforms; t++) {
        const struct mr_transform *reader = &scenario->graph->transforms[t];
        if (reader->kind != MR_READ_FROM_LOG || reader->read.event_time_field < 0) continue;
        const struct mr_stream_config *stream = stream_of(scenario, reader);
        if (!stream) continue;
        mr_us bound_us = reader->read.strategy == MR_WATERMARK_BOUNDED
                             ? reader->read.max_out_of_orderness_us
                             : 0;
        mr_us most_us = stream->trace
                            ? mr_trace_disorder_us(stream->trace, (struct mr_ratio){1, 1})
                            : stream->generator.disorder_us;
        if (most_us <= bound_us) continue;
        char bound[MR_TIME_TEXT_BYTES], most[MR_TIME_TEXT_BYTES];
        warn(lint, reader->place,
            mr_region_printf(lint->region,
                "the watermark of '%s' waits for %s, and rows of '%s' come up to %s behind the "
                "largest time before them: such rows may be dropped as late",
                reader->name, mr_duration_format(mr_ns_from_us(bound_us), bound),
                reader->read.topic, mr_duration_format(mr_ns_from_us(most_us), most)));
    }
}

/* Timers of the cluster run in virtual time, of which a speedup leaves little. */
static void warn_of_timers(struct lint *lint, const struct mr_scenario *scenario)
{
    bool is_fast = false;
    for (uint32_t i = 0; i < scenario->n_topics; i++)
        is_fast |= scenario->topics[i].stream && scenario->topics[i].stream->speedup > 1;
    for (uint32_t t = 0; is_fast && t < scenario->graph->n_transforms; t++) {
        const struct mr_transform *at = &scenario->graph->transforms[t];
        const struct mr_trigger *trigger = &at->windowing.trigger;
        if (at->kind == MR_COMBINE && mr_trigger_has(trigger, MR_TRIGGER_DELAY))
            warn(lint, at->place,
                mr_region_printf(lint->region,
                    "'%s' fires by processing time, in which many times as much of the trace "
                    "goes by ('speedup')",
                    at->name));
    }
}

/* What is wrong with the tests that a pipeline brings: each is read as if it were to be run. */
static bool read_tests(struct lint *lint, struct mr_pipeline_file *file,
    const struct mr_yaml *document, struct mr_err *err)
{
    const struct mr_yaml *tests = mr_yaml_get(document, "tests");
    for (uint32_t i = 0; tests && tests->kind == MR_YAML_LIST && i < tests->n; i++) {
        const struct mr_graph *graph;
        if (!mr_pipeline_file_graph(lint->region, file, document, tests->items[i], &graph, err))
            return false;
    }
    return true;
}

static bool lint_pipeline(struct lint *lint, const char *path, struct mr_err *err)
{
    struct mr_pipeline_file *file = mr_region_new(lint->region, struct mr_pipeline_file);
    file->jinja_variables = lint->jinja_variables;
    if (!mr_pipeline_file_read(lint->region, path, file, err)) return false;
    for (uint32_t i = 0; i < file->n; i++) {
        const struct mr_graph *graph;
        if (!mr_pipeline_file_graph(lint->region, file, file->documents[i], NULL, &graph, err))
            return false;
        const char *label = file->is_list
                                ? mr_region_printf(lint->region, "%s[%u]", file->path, i + 1)
                                : file->path;
        judge(lint, label, graph, true);
        if (!read_tests(lint, file, file->documents[i], err)) return false;
    }
    return true;
}

static bool lint_scenario(struct lint *lint, const char *path, struct mr_err *err)
{
    const struct mr_scenario *scenario;
    if (!mr_cli_read_scenario(lint->region, path, &scenario, err)) return false;
    judge(lint, path, scenario->graph, false);
    warn_of_speedup(lint, scenario);
    warn_of_timers(lint, scenario);
    warn_of_disorder(lint, scenario);
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
    lint->is_refused |= mr_console_error(&err) == MR_EXIT_MACHINE;
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
    if (lint->n_errors > 0) return lint->is_refused ? MR_EXIT_MACHINE : MR_EXIT_USAGE;
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
