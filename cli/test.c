/* `millrace test`: scenarios over their seeds, a verdict for each, and the files that were
 * asked for. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/build.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/pipeline_files.h"
#include "cli/pipeline_test.h"
#include "cli/recording.h"
#include "cli/report_files.h"
#include "cli/selection.h"
#include "cli/variation.h"

struct options {
    struct mr_suite_options suite;
    struct mr_report_paths paths;
    struct mr_variation variation;
    const char *digests;
    const char *jinja_variables;
    const char *color;
    const char *test;
    const char *arena_base;
    uint64_t jobs;
    uint64_t universe;
    const char *restart_after;
    uint64_t arena_fill;
    bool has_arena_fill;
    bool has_no_record;
    bool records_all;
};

/* One `millrace test` under way. */
struct test {
    struct mr_region *region;
    struct options options;
    struct mr_terminal_style style;
    struct mr_progress progress;
    struct mr_selection selection;
    struct mr_pipeline_tests pipelines;
    struct mr_suite_entry *entries; /* [selection.n] */
    struct mr_report_files files;
    struct mr_text digests;
    double began;
    size_t n_done;
};

static const char about[] =
    "Runs each scenario over its seeds, over several worker processes, and says for each "
    "whether\n"
    "all checks held. A PATH is a scenario file, or a folder whose *.yaml files are taken.\n"
    "A scenario that expects a failure passes when it fails in that way.\n"
    "\n"
    "A PATH may also be a pipeline with `tests:` as Beam YAML has them, or a folder with such: "
    "each\n"
    "test runs once, in a calm world, with its mocks and expectations.";

static const char examples[] = "  millrace test scenarios/library\n"
                               "  millrace test scenarios/library --seeds 1..50 --out report\n"
                               "  millrace test my-scenario.yaml --plant restore_skips_state\n"
                               "  millrace test my-scenario.yaml --seeds 20 --twice\n";

static const char exits[] =
    "  0  everything held          1  a check failed\n"
    "  2  usage or bad input       3  Millrace died over a seed, which is named\n"
    "  4  no scenario was found    5  a seed ran into its limits\n"
    "  6  non-determinism          7  the machine refused\n";

static const char *const base_words[] = {"first", "second", NULL};

static bool read_options(
    struct test *test, int argc, char **argv, struct mr_arguments *paths, struct mr_err *err)
{
    struct options *o = &test->options;
    const struct mr_flag flags[] = {
        {"--seeds", "N|A..B", "the first N seeds of each scenario, or those from A to B",
            MR_FLAG_SEEDS, .out = &o->suite.seeds},
        {"--jobs", "N", "worker processes (default: one a core)", MR_FLAG_NUMBER,
            .out = &o->jobs, .min = 1, .max = 256, .letter = 'j'},
        {"--out", "DIR", "write DIR/report.html, DIR/junit.xml and DIR/campaign.mrr",
            MR_FLAG_TEXT, .out = &o->paths.folder},
        {"--html", "FILE", "write the report as one HTML page", MR_FLAG_TEXT,
            .out = &o->paths.html},
        {"--junit", "FILE", "write the verdicts as JUnit XML", MR_FLAG_TEXT,
            .out = &o->paths.junit},
        {"--record", "FILE", "write a record (docs/record.md) with a row for each seed",
            MR_FLAG_TEXT, .out = &o->paths.record},
        {"--record-all", NULL,
            "record every failing seed in full, not only the first of each verdict and five "
            "unexpected ones",
            MR_FLAG_SWITCH, .out = &o->records_all},
        {"--no-record", NULL, "record no seed in full", MR_FLAG_SWITCH,
            .out = &o->has_no_record},
        {"--plant", "NAME", "run with a bug planted (millrace points): a check must find it",
            MR_FLAG_PLANT, .out = &o->suite.plant},
        MR_FLAGS_VARIATION(&o->variation),
        {"--twice", NULL,
            "run each seed in two processes that differ in all that must not matter, and name "
            "the first event that differs",
            MR_FLAG_SWITCH, .out = &o->suite.is_twice},
        {"--universe", "N", "in each seed, go back in time and forth again N times",
            MR_FLAG_NUMBER, .out = &o->universe, .max = 1000000},
        {"--crash-points", NULL,
            "in each seed (one, unless --seeds says more) crash each process behind each effect of each of its handlers, "
            "and judge what comes of it",
            MR_FLAG_SWITCH, .out = &o->suite.tries_crash_points},
        {"--crash-restart", "SPAN", "how long a process stays down at a crash point (default: 100ms)",
            MR_FLAG_TEXT, .out = &o->restart_after},
        {"--digests", "FILE", "write a line for each seed: scenario, seed, digest",
            MR_FLAG_TEXT, .out = &o->digests},
        {"--arena-fill", "N",
            "fill the memory of a run with this byte first: it must not matter", MR_FLAG_NUMBER,
            .out = &o->arena_fill, .max = 255, .is_given = &o->has_arena_fill},
        {"--arena-base", "WHICH",
            "first or second: the address of a run's memory, which must not matter either",
            MR_FLAG_WORD, .out = &o->arena_base, .words = base_words},
        {"--test", "NAME", "of the tests of pipelines only those of this name", MR_FLAG_TEXT,
            .out = &o->test},
        {"--verbose", NULL, "a line for each seed", MR_FLAG_SWITCH, .out = &o->suite.is_verbose,
            .letter = 'v'},
        {"--quiet", NULL, "say nothing but what failed", MR_FLAG_SWITCH,
            .out = &o->suite.is_quiet, .letter = 'q'},
        MR_FLAG_JINJA(&o->jinja_variables),
        MR_FLAG_COLOR(&o->color),
    };
    const struct mr_usage usage = {.command = "test",
        .arguments = "PATH...",
        .about = about,
        .examples = examples,
        .exits = exits,
        .flags = flags,
        .n_flags = sizeof flags / sizeof flags[0],
        .n_min = 1,
        .n_max = SIZE_MAX};
    return mr_console_read(test->region, &usage, argc, argv, paths, err);
}

static void settle_options(struct options *options)
{
    struct mr_suite_options *suite = &options->suite;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    suite->jobs = options->jobs ? (uint32_t)options->jobs : cores > 0 ? (uint32_t)cores : 1;
    if (suite->jobs > 256) suite->jobs = 256;
    suite->universe_trials = (uint32_t)options->universe;
    suite->surroundings = mr_surroundings_usual;
    if (options->has_arena_fill) suite->surroundings.arena_fill = (int)options->arena_fill;
    if (options->arena_base && strcmp(options->arena_base, "second") == 0)
        suite->surroundings.arena_base = MR_ARENA_BASE_SECOND;
    suite->keeps_results = mr_report_needs_record(&options->paths);
}

/* Scenarios. */

static void add_digests(struct test *test, const struct mr_suite_entry *entry)
{
    for (uint64_t seed = entry->first_seed; seed <= entry->last_seed; seed++) {
        const struct mr_seed_note *note = &entry->notes[seed - entry->first_seed];
        if (note->state != MR_SEED_DONE) continue;
        mr_text_printf(&test->digests, "%s %llu %016llx\n", entry->scenario->name,
            (unsigned long long)seed, (unsigned long long)note->digest);
    }
}

static void tell_verdict(
    struct test *test, const struct mr_suite_entry *entry, struct mr_text *differences)
{
    struct mr_text text = {0};
    bool is_good = mr_tally_verdict(&entry->tally) == MR_TALLY_PASSED;
    if (!is_good || !test->options.suite.is_quiet)
        mr_terminal_scenario(&text, &test->style, &entry->tally, entry->seconds);
    mr_console_put(&text);
    mr_console_put(differences);
    fflush(stdout);
}

static bool run_scenario(struct test *test, struct mr_suite_entry *entry, struct mr_err *err)
{
    struct options *options = &test->options;
    struct mr_text differences = {0};
    enum mr_recording_choice choice = options->has_no_record ? MR_RECORD_NONE
                                      : options->records_all ? MR_RECORD_ALL
                                                             : MR_RECORD_FIRST;
    bool is_ok = mr_suite_run(entry, &options->suite, &test->progress, &differences, err);
    if (is_ok && test->files.store && mr_interrupt_signal() == 0)
        is_ok = mr_recording_add(
            test->files.store, entry, &options->suite, choice, &differences, err);
    if (options->digests) add_digests(test, entry);
    if (is_ok) tell_verdict(test, entry, &differences);
    mr_text_deinit(&differences);
    mr_suite_entry_deinit(entry);
    return is_ok;
}

/* What Python holds lies outside of the arena, which alone goes back in time. */
static bool check_universe(const struct test *test, struct mr_err *err)
{
    const struct options *options = &test->options;
    const char *flag = options->universe                   ? "--universe"
                       : options->suite.tries_crash_points ? "--crash-points"
                                                           : NULL;
    for (size_t i = 0; flag && i < test->selection.n; i++) {
        const struct mr_scenario *scenario = test->selection.scenarios[i];
        if (scenario->graph->needs_python)
            return mr_fail(err, MR_ERR_INPUT,
                "'%s' cannot be used with scenario '%s': functions of its pipeline run in "
                "CPython, whose memory does not go back in time",
                flag, scenario->name);
    }
    return true;
}

/* One seed has thousands of crash points. */
static bool settle_crash_points(struct options *options, struct mr_err *err)
{
    struct mr_suite_options *suite = &options->suite;
    bool is_beam_day;
    suite->crash_restart_after_ns = 100 * MR_MS_NS;
    if (options->restart_after && !suite->tries_crash_points)
        return mr_fail(err, MR_ERR_INPUT, "'--crash-restart' needs '--crash-points'");
    if (options->restart_after &&
        !mr_duration_parse(
            options->restart_after, false, &suite->crash_restart_after_ns, &is_beam_day, err)) {
        mr_err_wrap(err, "--crash-restart");
        return false;
    }
    if (!suite->tries_crash_points) return true;
    if (suite->is_twice || options->universe)
        return mr_fail(err, MR_ERR_INPUT, "'--crash-points' cannot be used with '%s'",
            suite->is_twice ? "--twice" : "--universe");
    if (!suite->seeds.is_given) suite->seeds = (struct mr_seed_choice){.is_given = true, .count = 1};
    return true;
}

static bool run_all(struct test *test, struct mr_err *err)
{
    if (!check_universe(test, err)) return false;
    for (size_t i = 0; i < test->selection.n && mr_interrupt_signal() == 0; i++) {
        struct mr_suite_entry *entry = &test->entries[i];
        mr_suite_entry_init(entry, test->selection.scenarios[i], &test->options.suite);
        test->n_done++;
        if (!run_scenario(test, entry, err)) return false;
    }
    return true;
}

/* The end. */

static const struct mr_tally **gather(struct test *test, double *seconds)
{
    const struct mr_tally **tallies =
        mr_region_array(test->region, const struct mr_tally *, test->n_done + 1);
    for (size_t i = 0; i < test->n_done; i++) {
        tallies[i] = &test->entries[i].tally;
        seconds[i] = test->entries[i].seconds;
    }
    return tallies;
}

static int finish(struct test *test, struct mr_err *err)
{
    double *seconds = mr_region_array(test->region, double, test->n_done + 1);
    const struct mr_tally **tallies = gather(test, seconds);
    int code = mr_tally_exit_code(tallies, test->n_done);
    struct mr_text text = {0};
    if (!test->options.suite.is_quiet)
        mr_terminal_summary(
            &text, &test->style, tallies, test->n_done, mr_console_now() - test->began);
    mr_console_put(&text);
    int signal = mr_interrupt_signal();
    if (signal) {
        fputs("interrupted: no files are written\n", stderr);
        return MR_EXIT_SIGNAL + signal;
    }
    const char *digests = test->options.digests;
    bool is_ok =
        !digests || mr_cli_write_file(digests, test->digests.data ? test->digests.data : "",
                        test->digests.bytes, err);
    is_ok = is_ok && mr_report_files_finish(&test->files, tallies, seconds, test->n_done, err);
    if (!is_ok) {
        int refused = mr_console_error(err);
        return code ? code : refused;
    }
    if (!test->options.suite.is_quiet) mr_report_files_tell(&test->files);
    return code;
}

/* Pipelines. */

static void run_pipelines(struct test *test)
{
    const struct options *options = &test->options;
    test->pipelines = (struct mr_pipeline_tests){.region = test->region,
        .name = options->test,
        .plant = options->suite.plant,
        .color = options->color,
        .jinja_variables = options->jinja_variables,
        .is_verbose = options->suite.is_verbose,
        .is_quiet = options->suite.is_quiet};
    for (size_t i = 0; i < test->selection.n_pipelines; i++)
        mr_pipeline_tests_run(&test->pipelines, test->selection.pipelines[i]);
    mr_pipeline_tests_sum(&test->pipelines);
}

/* The worse of what came of scenarios and of pipelines. */
static int finish_pipelines(const struct test *test, int code)
{
    int other = mr_pipeline_tests_code(&test->pipelines);
    if (code == 0 || (code == MR_EXIT_LIMIT && other != 0)) return other ? other : code;
    return code;
}

/* Why there is nothing to do. */
static int say_nothing(const struct test *test)
{
    const struct mr_pipeline_tests *pipelines = &test->pipelines;
    if (pipelines->n_errors > 0) return MR_EXIT_USAGE;
    if (pipelines->n_names > 0) {
        struct mr_err err = {0};
        (void)mr_fail(&err, MR_ERR_INPUT, "no test has the name '%s'", pipelines->name);
        mr_err_suggest(&err, pipelines->name, pipelines->names, pipelines->n_names);
        mr_console_error(&err);
    } else if (test->selection.n_pipelines > 0) {
        fprintf(stderr,
            "error: '%s' is a pipeline without 'tests': run it with 'millrace run', or write a "
            "scenario with 'pipeline: {file: %s}' (docs/scenario.md)\n",
            test->selection.pipelines[0], test->selection.pipelines[0]);
    } else {
        fputs("error: there is no scenario in what was named\n", stderr);
    }
    return MR_EXIT_NOTHING;
}

static bool vary(struct test *test, struct mr_err *err)
{
    const struct options *options = &test->options;
    bool is_varied = options->variation.is_restored_between || options->variation.split > 0;
    if (is_varied && options->suite.is_twice)
        return mr_fail(err, MR_ERR_INPUT,
            "'--twice' reads the scenario anew: write 'every_restore' or 'split' into it instead");
    for (size_t i = 0; i < test->selection.n; i++) {
        const struct mr_scenario **scenario = &test->selection.scenarios[i];
        if (!mr_variation_apply(test->region, &options->variation, scenario, err)) return false;
        if (!options->suite.is_quiet)
            fputs(mr_variation_told(test->region, *scenario), stdout);
    }
    return true;
}

/* Records and what is made of them are of scenarios. */
static bool check_paths(const struct test *test, struct mr_err *err)
{
    const struct options *options = &test->options;
    const char *flag = options->paths.record ? "--record"
                       : options->paths.html ? "--html"
                       : options->digests    ? "--digests"
                                             : NULL;
    if (!flag || test->selection.n_pipelines == 0) return true;
    return mr_fail(err, MR_ERR_INPUT, "'%s' needs a scenario, and '%s' is a pipeline", flag,
        test->selection.pipelines[0]);
}

/* Of the files that --out stands for, only JUnit is about tests of pipelines. */
static int finish_without_scenarios(struct test *test, struct mr_err *err)
{
    const struct mr_report_paths *paths = &test->options.paths;
    int code = finish_pipelines(test, 0);
    struct mr_report_files files = {.paths = {.junit = paths->junit},
        .tests = test->pipelines.outcomes,
        .n_tests = test->pipelines.n_outcomes};
    if (paths->folder && !files.paths.junit)
        files.paths.junit = mr_region_printf(test->region, "%s/junit.xml", paths->folder);
    if ((paths->folder && !mr_cli_make_folder(paths->folder, err)) ||
        !mr_report_files_finish(&files, NULL, NULL, 0, err)) {
        int refused = mr_console_error(err);
        return code ? code : refused;
    }
    if (!test->options.suite.is_quiet) mr_report_files_tell(&files);
    return code;
}

static int run_test(struct test *test, const struct mr_arguments *paths, struct mr_err *err)
{
    struct options *options = &test->options;
    if (!settle_crash_points(options, err)) return mr_console_error(err);
    settle_options(options);
    test->style = mr_console_style(options->color, STDOUT_FILENO);
    if (options->suite.plant != MR_PLANT_NONE)
        test->style.options =
            mr_region_printf(test->region, "--plant %s", mr_plants[options->suite.plant].name);
    test->style.options =
        mr_variation_options(test->region, &options->variation, test->style.options);
    mr_progress_init(&test->progress, options->color, !options->suite.is_quiet);
    test->began = mr_console_now();
    mr_interrupt_watch();
    if (!mr_selection_find(test->region, paths->list, paths->n, &test->selection, err))
        return mr_console_error(err);
    if (test->selection.n == 0 && !check_paths(test, err)) return mr_console_error(err);
    run_pipelines(test);
    if (test->selection.n == 0)
        return test->pipelines.n ? finish_without_scenarios(test, err) : say_nothing(test);
    if (!vary(test, err)) return mr_console_error(err);
    test->entries = mr_region_array(test->region, struct mr_suite_entry, test->selection.n);
    if (!mr_report_files_begin(
            &test->files, test->region, &options->paths, options->suite.plant, err))
        return mr_console_error(err);
    test->files.tests = test->pipelines.outcomes;
    test->files.n_tests = test->pipelines.n_outcomes;
    if (!run_all(test, err)) return mr_console_error(err);
    return finish_pipelines(test, finish(test, err));
}

int mr_test_main(int argc, char **argv)
{
    struct test test = {.region = mr_region_create()};
    struct mr_err err = {0};
    struct mr_arguments paths;
    int code = 0;
    if (!read_options(&test, argc, argv, &paths, &err))
        code = mr_console_error(&err);
    else if (!paths.wants_help)
        code = run_test(&test, &paths, &err);
    mr_report_files_close(&test.files);
    mr_text_deinit(&test.digests);
    mr_region_destroy(test.region);
    return code;
}
