/* `millrace run`: one seed, told as it happens. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/build.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/files.h"
#include "cli/narrator.h"
#include "cli/pipeline_files.h"
#include "cli/recording.h"
#include "cli/run_pipeline.h"
#include "cli/selection.h"
#include "cli/variation.h"

struct options {
    uint64_t seed;
    bool has_seed;
    uint64_t until;
    const char *crash_point;
    const char *restart_after;
    enum mr_plant plant;
    const char *record;
    const char *manifest;
    const char *color;
    const char *rows;
    const char *jinja_variables;
    struct mr_variation variation;
    bool is_verbose;
    bool is_quiet;
};

static const char about[] =
    "Runs one seed of a scenario in this process and tells what happens: the job's states, "
    "faults,\n"
    "checkpoints, restores, and what the checks found, with virtual times. The same scenario, "
    "seed\n"
    "and build give the same run, and the same digest, everywhere.\n"
    "\n"
    "A FILE that is a bounded pipeline (Beam YAML) runs by itself in a calm world: the rows of "
    "the\n"
    "outputs that no transform reads are printed, one a line, and all else goes to standard "
    "error.";

static const char examples[] =
    "  millrace run scenarios/library/hourly-departures-worker-crash.yaml --seed 17\n"
    "  millrace run my-scenario.yaml --seed 17 --record run.mrr\n"
    "  millrace run my-scenario.yaml --seed 17 --manifest -\n"
    "  millrace run pipeline.yaml --rows beam\n";

static const char *const row_words[] = {"json", "beam", NULL};

static const char exits[] = "  0  everything held          1  a check failed\n"
                            "  2  usage or bad input       5  the run met its limits\n"
                            "  7  the machine refused\n";

static bool read_options(struct mr_region *region, int argc, char **argv, struct options *o,
    struct mr_arguments *arguments, struct mr_err *err)
{
    const struct mr_flag flags[] = {
        {"--seed", "N", "which run (default: the scenario's first seed)", MR_FLAG_NUMBER,
            .out = &o->seed, .max = INT64_MAX, .is_given = &o->has_seed},
        {"--until", "STEP", "stop after so many events, and say what the last one was",
            MR_FLAG_NUMBER, .out = &o->until, .min = 1, .max = UINT64_MAX},
        {"--crash-point", "STEP:N",
            "crash the process whose handler is event number STEP behind N of its effects, as "
            "'test --crash-points' names it",
            MR_FLAG_TEXT, .out = &o->crash_point},
        {"--crash-restart", "SPAN", "how long it stays down (default: 100ms)", MR_FLAG_TEXT,
            .out = &o->restart_after},
        {"--record", "FILE", "write everything that happens into a record (docs/record.md)",
            MR_FLAG_TEXT, .out = &o->record},
        {"--manifest", "FILE",
            "write what this seed drew as a scenario of its own (- for standard output)",
            MR_FLAG_TEXT, .out = &o->manifest},
        {"--plant", "NAME", "run with a bug planted (millrace points)", MR_FLAG_PLANT,
            .out = &o->plant},
        {"--rows", "FORM",
            "of a pipeline: json, one object a line, or beam, as Beam prints rows",
            MR_FLAG_WORD, .out = &o->rows, .words = row_words},
        MR_FLAG_JINJA(&o->jinja_variables),
        MR_FLAGS_VARIATION(&o->variation),
        {"--verbose", NULL, "points, transactions and the processes' logs too", MR_FLAG_SWITCH,
            .out = &o->is_verbose, .letter = 'v'},
        {"--quiet", NULL, "only the verdict and the digest", MR_FLAG_SWITCH,
            .out = &o->is_quiet, .letter = 'q'},
        MR_FLAG_COLOR(&o->color),
    };
    const struct mr_usage usage = {.command = "run",
        .arguments = "FILE",
        .about = about,
        .examples = examples,
        .exits = exits,
        .flags = flags,
        .n_flags = sizeof flags / sizeof flags[0],
        .n_min = 1,
        .n_max = 1};
    return mr_console_read(region, &usage, argc, argv, arguments, err);
}

static const char *ending(enum mr_run_end end)
{
    switch (end) {
    case MR_END_FINISHED:
        return "the job finished";
    case MR_END_RUN_FOR:
        return "the declared time is over";
    case MR_END_TIME:
        return "the limit of virtual time is reached";
    case MR_END_EVENTS:
        return "no more events are allowed";
    case MR_END_MEMORY:
        return "the memory is exhausted";
    case MR_END_QUIET:
        return "nothing more will happen";
    }
    return "";
}

/* Why a run that was cut short ended is no news. */
static void tell_end(const struct options *options, const struct mr_scenario *scenario,
    const struct mr_run_result *result)
{
    char span[MR_TIME_TEXT_BYTES];
    bool is_cut = options->until > 0 && result->steps >= options->until;
    bool is_led = scenario->is_stepped && result->end == MR_END_RUN_FOR;
    printf("%s after %llu events and %s of virtual time\n",
        is_cut   ? "stopped"
        : is_led ? "the steps end"
                 : ending(result->end),
        (unsigned long long)result->steps,
        mr_duration_format(result->virtual_ns, span));
    if (is_cut) printf("the last event: %s\n", result->last_step);
    const struct mr_checks_counts *counts = &result->counts;
    printf("rows read %llu, output rows right %llu, dropped as late %llu, checkpoints %llu, "
           "restores %llu\n",
        (unsigned long long)counts->rows_read, (unsigned long long)counts->rows_matched,
        (unsigned long long)counts->rows_dropped, (unsigned long long)counts->checkpoints,
        (unsigned long long)counts->restores);
    printf("digest %016llx\n", (unsigned long long)result->digest);
}

static int judge(struct mr_region *region, const struct options *options,
    const struct mr_scenario *scenario, const struct mr_run_result *result)
{
    struct mr_terminal_style style = mr_console_style(options->color, STDOUT_FILENO);
    struct mr_text text = {0};
    const char *command = mr_console_command(region, scenario->path, options->seed,
        mr_plants[options->plant].name, mr_variation_options(region, &options->variation, NULL));
    for (uint32_t i = 0; i < result->n_findings; i++)
        mr_terminal_witness(
            &text, &style, &result->findings[i], result->finding_counts[i], command);
    struct mr_tally *tally = mr_region_new(region, struct mr_tally);
    mr_tally_init(tally, scenario, false);
    mr_tally_add(tally, result);
    if (result->n_findings > 0 && tally->unexpected == 0)
        mr_text_printf(&text, "this failure is what the scenario expects\n");
    if (result->n_findings == 0)
        mr_text_printf(
            &text, options->until > 0 ? "nothing is wrong so far\n" : "everything held\n");
    mr_console_put(&text);
    const struct mr_tally *const tallies[] = {tally};
    return mr_tally_exit_code(tallies, 1);
}

static bool record(const struct options *options, const struct mr_scenario *scenario,
    const struct mr_run_options *run, const struct mr_run_result *result, struct mr_err *err)
{
    struct mr_store *store;
    if (!mr_store_create(options->record, &mr_build, &store, err)) return false;
    mr_store_plant(store, options->plant);
    int64_t id = mr_store_add_scenario(store, scenario);
    int64_t run_id =
        mr_store_add_run(store, id, result, mr_run_is_unexpected(scenario, result));
    struct mr_tally *tally = mr_alloc(sizeof *tally);
    mr_tally_init(tally, scenario, false);
    mr_tally_add(tally, result);
    mr_store_add_tally(store, id, tally);
    mr_free(tally);
    bool is_same = true;
    bool is_ok = mr_recording_run(store, run_id, scenario, run, result, &is_same, err);
    if (is_ok && !is_same)
        is_ok = mr_fail(err, MR_ERR_DIVERGED,
            "the run was not the same when it was recorded: millrace test --twice finds out "
            "why");
    is_ok = is_ok && mr_store_finish(store, err);
    mr_store_close(store);
    return is_ok;
}

static bool write_manifest(
    const struct options *options, const struct mr_scenario *scenario, struct mr_err *err)
{
    struct mr_text text = {0};
    bool is_ok =
        mr_recording_manifest(&text, scenario, options->seed, options->manifest, err) &&
        mr_cli_write_file(options->manifest, text.data, text.bytes, err);
    mr_text_deinit(&text);
    return is_ok;
}

static bool run_once(const struct options *options, const struct mr_scenario *scenario,
    const struct mr_run_options *run, struct mr_run_result *result, struct mr_err *err)
{
    struct mr_arena *arena;
    if (!mr_surroundings_arena(&mr_surroundings_usual, scenario, &arena, err)) return false;
    struct mr_narrator narrator = {
        .has_color = mr_console_style(options->color, STDOUT_FILENO).has_color,
        .is_verbose = options->is_verbose};
    struct mr_recorder recorder = mr_narrator_recorder(&narrator);
    struct mr_run_options told = *run;
    if (!options->is_quiet) told.recorder = &recorder;
    mr_run(arena, scenario, &told, result);
    mr_arena_close(arena);
    return true;
}

static int run_pipeline(struct mr_region *region, const struct options *options,
    const char *path, struct mr_err *err)
{
    const char *flag = options->record     ? "--record"
                       : options->manifest ? "--manifest"
                       : options->until    ? "--until"
                       : options->crash_point ? "--crash-point"
                                           : NULL;
    if (flag) {
        (void)mr_fail(err, MR_ERR_INPUT,
            "'%s' needs a scenario, and '%s' is a pipeline (docs/scenario.md)", flag, path);
        return mr_console_error(err);
    }
    struct mr_run_pipeline_options o = {.seed = options->has_seed ? options->seed : 1,
        .form = options->rows && strcmp(options->rows, "beam") == 0 ? MR_ROWS_BEAM : MR_ROWS_JSON,
        .plant = options->plant,
        .color = options->color,
        .jinja_variables = options->jinja_variables,
        .is_verbose = options->is_verbose,
        .is_quiet = options->is_quiet};
    return mr_run_pipeline_file(region, path, &o);
}

static bool read_crash_point(
    const struct options *options, struct mr_run_options *run, struct mr_err *err)
{
    unsigned long long step;
    unsigned prefix;
    char rest;
    bool is_beam_day;
    run->crash_restart_after_ns = 100 * MR_MS_NS;
    if (options->restart_after && !options->crash_point)
        return mr_fail(err, MR_ERR_INPUT, "'--crash-restart' needs '--crash-point'");
    if (options->restart_after &&
        !mr_duration_parse(
            options->restart_after, false, &run->crash_restart_after_ns, &is_beam_day, err)) {
        mr_err_wrap(err, "--crash-restart");
        return false;
    }
    if (!options->crash_point) return true;
    if (sscanf(options->crash_point, "%llu:%u%c", &step, &prefix, &rest) != 2 || step == 0)
        return mr_fail(err, MR_ERR_INPUT,
            "--crash-point must be an event and how many of its effects come before the crash, "
            "512:3, not '%s'",
            options->crash_point);
    run->crash_step = step;
    run->crash_prefix = prefix;
    return true;
}

static int run_command(
    struct mr_region *region, struct options *options, const char *path, struct mr_err *err)
{
    const struct mr_scenario *scenario;
    enum mr_file_kind kind = MR_FILE_SCENARIO;
    if (!mr_file_kind(region, path, &kind, err)) return mr_console_error(err);
    if (kind == MR_FILE_PIPELINE) return run_pipeline(region, options, path, err);
    if (options->jinja_variables) {
        (void)mr_fail(err, MR_ERR_INPUT,
            "'%s' is a scenario: it has the variables of Jinja as 'pipeline.jinja_variables'",
            path);
        return mr_console_error(err);
    }
    if (!mr_selection_read(region, path, &scenario, err)) return mr_console_error(err);
    if (!mr_variation_apply(region, &options->variation, &scenario, err))
        return mr_console_error(err);
    fputs(mr_variation_told(region, scenario), stdout);
    if (!options->has_seed) options->seed = scenario->first_seed;
    if (options->manifest && !write_manifest(options, scenario, err))
        return mr_console_error(err);
    struct mr_run_options run = {
        .seed = options->seed, .plant = options->plant, .until_step = options->until};
    if (!read_crash_point(options, &run, err)) return mr_console_error(err);
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    printf("%s, seed %llu\n", scenario->name, (unsigned long long)options->seed);
    if (!run_once(options, scenario, &run, result, err)) return mr_console_error(err);
    tell_end(options, scenario, result);
    int code = judge(region, options, scenario, result);
    if (options->record && !record(options, scenario, &run, result, err)) {
        int refused = mr_console_error(err);
        return code ? code : refused;
    }
    return code;
}

int mr_run_main(int argc, char **argv)
{
    struct mr_region *region = mr_region_create();
    struct options options = {0};
    struct mr_arguments arguments;
    struct mr_err err = {0};
    int code = 0;
    if (!read_options(region, argc, argv, &options, &arguments, &err))
        code = mr_console_error(&err);
    else if (!arguments.wants_help)
        code = run_command(region, &options, arguments.list[0], &err);
    mr_region_destroy(region);
    return code;
}
