#include "cli/recording.h"

#include <string.h>

#include "cli/files.h"
#include "cli/interrupt.h"
#include "scenarios/language/path.h"

enum { UNEXPECTED_MAX = 5, RECORDING_FACTOR = 4 };
#define MANIFEST_ARENA_BYTES ((size_t)64 << 20)

/* One entry as it goes into the record. */
struct adding {
    struct mr_store *store;
    struct mr_suite_entry *entry;
    const struct mr_suite_options *options;
    enum mr_recording_choice choice;
    struct mr_text *text;
    int64_t scenario;
    uint64_t verdicts; /* bit i: a seed with verdict i is recorded */
    uint32_t n_unexpected;
};

bool mr_recording_manifest(struct mr_text *out, const struct mr_scenario *scenario,
    uint64_t seed, const char *beside, struct mr_err *err)
{
    struct mr_arena_options options = {.bytes_max = MANIFEST_ARENA_BYTES, .fill = -1};
    struct mr_arena *arena;
    if (!mr_arena_open(&options, &arena, err)) return false;
    struct mr_region *region = mr_region_create();
    struct mr_draws draws = {.seed = seed};
    struct mr_manifest manifest;
    struct mr_scenario placed = *scenario; /* by a path that works from elsewhere too */
    placed.path = mr_cli_real_path(region, scenario->path);
    mr_manifest_draw(arena, scenario, &draws, &manifest);
    mr_manifest_write(
        out, &placed, &manifest, mr_cli_real_path(region, mr_path_folder(region, beside)));
    mr_region_destroy(region);
    mr_arena_close(arena);
    return true;
}

static bool open_arena(const struct mr_scenario *scenario, bool is_exhausted,
    struct mr_arena **out, struct mr_err *err)
{
    size_t bytes = mr_run_arena_bytes(scenario), most = MR_ARENA_BASE - MR_ARENA_BASE_SECOND;
    if (!is_exhausted)
        bytes = bytes < most / RECORDING_FACTOR ? bytes * RECORDING_FACTOR : most;
    struct mr_arena_options options = {.bytes_max = bytes, .fill = -1};
    return mr_arena_open(&options, out, err);
}

bool mr_recording_run(struct mr_store *store, int64_t run, const struct mr_scenario *scenario,
    const struct mr_run_options *options, const struct mr_run_result *before, bool *is_same,
    struct mr_err *err)
{
    bool is_exhausted = before->end == MR_END_MEMORY;
    struct mr_text manifest = {0};
    struct mr_arena *arena = NULL;
    bool is_ok =
        mr_recording_manifest(&manifest, scenario, options->seed, mr_store_path(store), err) &&
        open_arena(scenario, is_exhausted, &arena, err);
    if (is_ok) {
        struct mr_run_result *result = mr_alloc(sizeof *result);
        struct mr_recorder recorder = mr_store_recorder(store, run, scenario, manifest.data);
        struct mr_run_options recorded = *options;
        recorded.recorder = &recorder;
        mr_run(arena, scenario, &recorded, result);
        mr_store_end_recording(store, result);
        *is_same = is_exhausted ||
                   (result->digest == before->digest && result->steps == before->steps);
        mr_free(result);
    }
    mr_arena_close(arena);
    mr_text_deinit(&manifest);
    return is_ok;
}

/* Choosing. */

static bool is_wanted(struct adding *adding, const struct mr_run_result *result)
{
    if (adding->choice == MR_RECORD_NONE || result->n_findings == 0) return false;
    bool is_wanted = adding->choice == MR_RECORD_ALL;
    for (uint32_t i = 0; i < result->n_findings; i++) {
        uint64_t bit = UINT64_C(1) << result->findings[i].verdict;
        if (!(adding->verdicts & bit)) is_wanted = true;
        adding->verdicts |= bit;
    }
    if (mr_run_is_unexpected(adding->entry->scenario, result) &&
        adding->n_unexpected < UNEXPECTED_MAX) {
        adding->n_unexpected++;
        is_wanted = true;
    }
    return is_wanted;
}

static bool has_findings(const struct mr_suite_entry *entry)
{
    return entry->tally.n_findings > 0;
}

/* Recording. */

static bool record(
    struct adding *adding, int64_t run, const struct mr_run_result *before, struct mr_err *err)
{
    struct mr_run_options options = {.seed = before->seed, .plant = adding->options->plant};
    bool is_same = true;
    if (!mr_recording_run(
            adding->store, run, adding->entry->scenario, &options, before, &is_same, err))
        return false;
    if (is_same) return true;
    adding->entry->tally.diverged++;
    mr_text_printf(adding->text,
        "seed %llu of '%s' was not the same when it was recorded: millrace test --twice finds "
        "out why\n",
        (unsigned long long)options.seed, adding->entry->scenario->name);
    return true;
}

static bool add_seeds(struct adding *adding, struct mr_err *err)
{
    struct mr_suite_entry *entry = adding->entry;
    bool wants_passing = adding->choice != MR_RECORD_NONE && !has_findings(entry);
    uint64_t n = entry->last_seed - entry->first_seed + 1;
    for (uint64_t i = 0; i < n; i++) {
        const struct mr_seed_note *note = &entry->notes[i];
        if (note->state != MR_SEED_DONE) continue;
        MR_ASSERT(note->result != NULL);
        int64_t run = mr_store_add_run(adding->store, adding->scenario, note->result,
            mr_run_is_unexpected(entry->scenario, note->result));
        if (!wants_passing && !is_wanted(adding, note->result)) continue;
        wants_passing = false;
        if (!record(adding, run, note->result, err)) return false;
        if (mr_interrupt_signal()) return true;
    }
    return true;
}

bool mr_recording_add(struct mr_store *store, struct mr_suite_entry *entry,
    const struct mr_suite_options *options, enum mr_recording_choice choice,
    struct mr_text *text, struct mr_err *err)
{
    struct adding adding = {.store = store,
        .entry = entry,
        .options = options,
        .choice = choice,
        .text = text,
        .scenario = mr_store_add_scenario(store, entry->scenario)};
    bool is_ok = add_seeds(&adding, err);
    for (uint64_t i = 0; i < entry->tally.n_lost && i < MR_TALLY_LOST_MAX; i++)
        mr_store_add_lost(store, adding.scenario, entry->tally.lost[i]);
    mr_store_add_tally(store, adding.scenario, &entry->tally);
    return is_ok;
}
