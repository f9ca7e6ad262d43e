/* `millrace replay`: what a record holds happens again. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/build.h"
#include "cli/campaign.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/files.h"
#include "replay/replay.h"
#include "scenarios/language/path.h"

struct options {
    uint64_t run;
    uint64_t until;
    bool ignores_build;
    const char *color;
};

/* One replay under way. */
struct replay {
    struct mr_region *region;
    struct options options;
    struct mr_store *store; /* owned */
    struct mr_recorded_run recorded;
    const struct mr_scenario *scenario;
    const char *path;   /* of the scenario as it was found; NULL: only the manifest is left */
    bool is_same_build; /* as the record's */
    bool is_same_scenario; /* with its pipeline and data */
};

static const char about[] =
    "Runs a recorded seed again and compares it with the record event by event. Where the\n"
    "scenario file is gone or was changed, the recorded manifest is run instead. A record of\n"
    "another build of Millrace is refused: a seed means a run for one build only.";

static const char examples[] =
    "  millrace replay report/campaign.mrr\n"
    "  millrace replay report/campaign.mrr --run 17 --until 4711\n"
    "  sqlite3 campaign.mrr 'select id, seed from runs where is_recorded'\n";

static const char exits[] =
    "  0  the same run             2  usage, no such run, another build, a changed scenario\n"
    "  6  it differs, although build and scenario are the same\n";

static bool read_options(struct replay *replay, int argc, char **argv,
    struct mr_arguments *arguments, struct mr_err *err)
{
    struct options *o = &replay->options;
    const struct mr_flag flags[] = {
        {"--run", "ID", "which run of the record (default: the first recorded in full)",
            MR_FLAG_NUMBER, .out = &o->run, .min = 1, .max = INT64_MAX},
        {"--until", "STEP", "stop after so many events, and say what the last one was",
            MR_FLAG_NUMBER, .out = &o->until, .min = 1, .max = UINT64_MAX},
        {"--anyway", NULL, "replay a record of another build too", MR_FLAG_SWITCH,
            .out = &o->ignores_build},
        MR_FLAG_COLOR(&o->color),
    };
    const struct mr_usage usage = {.command = "replay",
        .arguments = "RUN.mrr",
        .about = about,
        .examples = examples,
        .exits = exits,
        .flags = flags,
        .n_flags = sizeof flags / sizeof flags[0],
        .n_min = 1,
        .n_max = 1};
    return mr_console_read(replay->region, &usage, argc, argv, arguments, err);
}

/* The command that runs the seed afresh. */
static const char *fresh_command(const struct replay *replay)
{
    const struct mr_recorded_run *recorded = &replay->recorded;
    return mr_console_command(replay->region,
        replay->path ? replay->path : recorded->scenario_path, recorded->seed, recorded->plant, NULL);
}

/* The scenario. */

static void find_scenario(struct replay *replay)
{
    struct mr_region *region = replay->region;
    const char *named = replay->recorded.scenario_path;
    const char *beside =
        mr_path_join(region, mr_path_folder(region, mr_store_path(replay->store)), named);
    if (access(beside, R_OK) == 0)
        replay->path = beside;
    else if (access(named, R_OK) == 0)
        replay->path = named;
}

/* Reads the manifest as if it were a file beside the record. */
struct manifest_files {
    struct mr_files files;
    const char *name;
    const char *text;
};

static bool read_beside(void *self, struct mr_region *region, const char *path,
    const char **text, size_t *bytes, struct mr_err *err)
{
    struct manifest_files *manifest = self;
    if (strcmp(path, manifest->name) == 0) {
        *text = manifest->text;
        *bytes = strlen(manifest->text);
        return true;
    }
    struct mr_file_reader reader = mr_files_reader(&manifest->files);
    return reader.read(reader.self, region, path, text, bytes, err);
}

static bool read_manifest(struct replay *replay, struct mr_err *err)
{
    struct manifest_files manifest = {
        .name = "recorded manifest", .text = replay->recorded.manifest};
    mr_files_init(&manifest.files, mr_store_path(replay->store));
    const char *path =
        mr_region_printf(replay->region, "%s%s", manifest.files.folder, manifest.name);
    struct mr_file_reader reader = {.self = &manifest, .read = read_beside};
    return mr_scenario_read(replay->region, path, &reader, &replay->scenario, err);
}

/* The scenario file when it is what was recorded, else the manifest. */
static bool read_scenario(struct replay *replay, struct mr_err *err)
{
    find_scenario(replay);
    if (replay->path) {
        struct mr_err ignored = {0};
        bool is_read =
            mr_cli_read_scenario(replay->region, replay->path, &replay->scenario, &ignored);
        replay->is_same_scenario =
            is_read && replay->scenario->digest == replay->recorded.scenario_digest;
        if (replay->is_same_scenario) return true;
        printf(
            "'%s', its pipeline or its data has changed since, or flags varied it: running the "
            "recorded manifest\n",
            replay->path);
    } else {
        printf("'%s' is gone: running the recorded manifest\n", replay->recorded.scenario_path);
    }
    return read_manifest(replay, err);
}

static bool check_build(struct replay *replay, struct mr_err *err)
{
    struct mr_build build = mr_store_build(replay->store);
    replay->is_same_build = mr_build_is_same(&build);
    if (replay->is_same_build || replay->options.ignores_build) return true;
    find_scenario(replay);
    mr_fail(err, MR_ERR_INPUT,
        "the record is of another build (%s, commit %s), this is %s, commit %s: a seed means a "
        "run for one build only",
        build.version, build.commit, mr_build.version, mr_build.commit);
    snprintf(err->hint, sizeof err->hint,
        "to run the seed with this build: %s; to compare all the same: --anyway",
        fresh_command(replay));
    return false;
}

/* The verdict. */

static int judge(const struct replay *replay, const struct mr_replay_outcome *outcome)
{
    const struct mr_run_result *result = &outcome->result;
    char span[MR_TIME_TEXT_BYTES];
    printf("%llu events, %s of virtual time, digest %016llx\n",
        (unsigned long long)result->steps, mr_duration_format(result->virtual_ns, span),
        (unsigned long long)result->digest);
    if (replay->options.until > 0) printf("the last event: %s\n", result->last_step);
    for (uint32_t i = 0; i < result->n_findings; i++)
        printf("%s by %s: %s\n", mr_verdict_name(result->findings[i].verdict),
            mr_check_name(result->findings[i].check), result->findings[i].summary);
    if (outcome->is_same) {
        puts("the same run as the recorded one, event by event");
        return 0;
    }
    printf("differs from the record: first divergent event %llu: %s\n",
        (unsigned long long)outcome->divergent_step, outcome->divergent_event);
    if (!replay->is_same_build) {
        puts("which is no surprise: the record is of another build");
        return 0;
    }
    if (replay->is_same_scenario) return MR_EXIT_DIVERGED;
    fputs("error: the scenario, its pipeline or its data is not what was recorded\n", stderr);
    return MR_EXIT_USAGE;
}

static int replay_run(struct replay *replay, struct mr_err *err)
{
    struct mr_arena *arena = NULL;
    struct mr_replay_outcome *outcome = mr_region_new(replay->region, struct mr_replay_outcome);
    bool is_ok = mr_surroundings_arena(&mr_surroundings_usual, replay->scenario, &arena, err) &&
                 mr_replay_run(replay->store, &replay->recorded, replay->scenario, arena,
                     replay->options.until, outcome, err);
    mr_arena_close(arena);
    return is_ok ? judge(replay, outcome) : mr_console_error(err);
}

static int replay_command(struct replay *replay, const char *path, struct mr_err *err)
{
    if (!mr_store_open(path, &replay->store, err) ||
        !mr_replay_find(replay->store, (int64_t)replay->options.run, replay->region,
            &replay->recorded, err) ||
        !check_build(replay, err))
        return mr_console_error(err);
    printf("run %lld: '%s', seed %llu\n", (long long)replay->recorded.id,
        replay->recorded.scenario_name, (unsigned long long)replay->recorded.seed);
    if (!read_scenario(replay, err)) return mr_console_error(err);
    return replay_run(replay, err);
}

int mr_replay_main(int argc, char **argv)
{
    struct replay replay = {.region = mr_region_create()};
    struct mr_arguments arguments;
    struct mr_err err = {0};
    int code = 0;
    if (!read_options(&replay, argc, argv, &arguments, &err))
        code = mr_console_error(&err);
    else if (!arguments.wants_help)
        code = replay_command(&replay, arguments.list[0], &err);
    mr_store_close(replay.store);
    mr_region_destroy(replay.region);
    return code;
}
