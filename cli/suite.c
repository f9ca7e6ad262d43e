#include "cli/suite.h"

#include <stdio.h>
#include <string.h>

#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/twice.h"

/* A campaign under way: what its listener needs. */
struct hearing {
    struct mr_suite_entry *entry;
    const struct mr_suite_options *options;
    struct mr_progress *progress;
    struct mr_text *text; /* what differed */
    uint64_t done;
    uint64_t all;
    bool is_second; /* of two: only compared */
};

void mr_suite_entry_init(struct mr_suite_entry *entry, const struct mr_scenario *scenario,
    const struct mr_suite_options *options)
{
    const struct mr_seed_choice *seeds = &options->seeds;
    uint64_t whole_last = scenario->first_seed + scenario->seeds - 1;
    memset(entry, 0, sizeof *entry);
    entry->scenario = scenario;
    entry->first_seed = seeds->is_range ? seeds->first : scenario->first_seed;
    entry->last_seed = seeds->is_range   ? seeds->last
                       : seeds->is_given ? scenario->first_seed + seeds->count - 1
                                         : whole_last;
    bool is_whole = entry->first_seed <= scenario->first_seed && entry->last_seed >= whole_last;
    mr_tally_init(&entry->tally, scenario, is_whole);
    entry->notes =
        mr_alloc(sizeof *entry->notes * (size_t)(entry->last_seed - entry->first_seed + 1));
}

void mr_suite_entry_deinit(struct mr_suite_entry *entry)
{
    for (uint64_t seed = entry->first_seed; entry->notes && seed <= entry->last_seed; seed++)
        mr_free(entry->notes[seed - entry->first_seed].result);
    mr_free(entry->notes);
    entry->notes = NULL;
}

struct mr_campaign mr_suite_campaign(
    const struct mr_suite_entry *entry, const struct mr_suite_options *options)
{
    return (struct mr_campaign){.path = entry->scenario->path,
        .scenario = entry->scenario,
        .first_seed = entry->first_seed,
        .last_seed = entry->last_seed,
        .jobs = options->jobs,
        .plant = options->plant,
        .universe_trials = options->universe_trials,
        .tries_crash_points = options->tries_crash_points,
        .crash_restart_after_ns = options->crash_restart_after_ns,
        .surroundings = options->surroundings};
}

/* Hearing results. */

static struct mr_run_result *keep_result(const struct mr_run_result *result)
{
    size_t bytes = offsetof(struct mr_run_result, findings) +
                   result->n_findings * sizeof result->findings[0];
    return memcpy(mr_alloc(bytes), result, bytes);
}

static void add_line(const struct hearing *hearing, const struct mr_run_result *result)
{
    mr_progress_clear(hearing->progress);
    printf("seed %llu  %016llx  %llu events  %s\n", (unsigned long long)result->seed,
        (unsigned long long)result->digest, (unsigned long long)result->steps,
        result->n_findings ? mr_verdict_name(result->findings[0].verdict) : "passed");
}

static void hear_lost(struct hearing *hearing, const struct mr_seed_outcome *outcome)
{
    struct mr_seed_note *note =
        &hearing->entry->notes[outcome->seed - hearing->entry->first_seed];
    if (note->state == MR_SEED_LOST) return; /* in both of two */
    note->state = MR_SEED_LOST;
    mr_tally_add_lost(&hearing->entry->tally,
        (struct mr_lost_seed){
            .seed = outcome->seed, .signal = outcome->signal, .code = outcome->code});
}

static void hear_result(struct hearing *hearing, const struct mr_run_result *result)
{
    struct mr_suite_entry *entry = hearing->entry;
    struct mr_seed_note *note = &entry->notes[result->seed - entry->first_seed];
    if (hearing->is_second) {
        note->is_diverged = note->state == MR_SEED_DONE &&
                            (note->digest != result->digest || note->steps != result->steps);
        entry->tally.diverged += note->is_diverged;
        return;
    }
    *note = (struct mr_seed_note){
        .state = MR_SEED_DONE, .digest = result->digest, .steps = result->steps};
    if (hearing->options->keeps_results) note->result = keep_result(result);
    mr_tally_add(&entry->tally, result);
    if (hearing->options->is_verbose) add_line(hearing, result);
}

/* What dies of the signal that ends us is not lost. */
static void hear_seed(void *self, const struct mr_seed_outcome *outcome)
{
    struct hearing *hearing = self;
    if (mr_interrupt_signal()) return;
    hearing->done++;
    if (outcome->is_lost)
        hear_lost(hearing, outcome);
    else
        hear_result(hearing, outcome->result);
}

static bool tick(void *self)
{
    struct hearing *hearing = self;
    mr_progress_show(hearing->progress, &hearing->entry->tally, hearing->done, hearing->all);
    return mr_interrupt_signal() == 0;
}

/* A few seeds that differ are enough to see why. */
static void name_diverged(const struct hearing *hearing, const struct mr_campaign *campaign)
{
    uint32_t named = 0;
    for (uint64_t seed = campaign->first_seed; seed <= campaign->last_seed; seed++) {
        const struct mr_seed_note *note = &hearing->entry->notes[seed - campaign->first_seed];
        if (!note->is_diverged || mr_interrupt_signal()) continue;
        if (named++ == MR_TWICE_NAMED_MAX) return;
        mr_twice_name(campaign, seed, note->steps, hearing->text);
    }
}

bool mr_suite_run(struct mr_suite_entry *entry, const struct mr_suite_options *options,
    struct mr_progress *progress, struct mr_text *text, struct mr_err *err)
{
    uint64_t n = entry->last_seed - entry->first_seed + 1;
    struct hearing hearing = {.entry = entry,
        .options = options,
        .progress = progress,
        .text = text,
        .all = options->is_twice ? 2 * n : n};
    struct mr_campaign_listener listener = {
        .self = &hearing, .seed_done = hear_seed, .tick = tick};
    struct mr_campaign campaign = mr_suite_campaign(entry, options);
    double began = mr_console_now();
    mr_progress_begin(progress);
    if (options->is_twice) campaign.surroundings = mr_surroundings_first;
    bool is_ok = mr_campaign_run(&campaign, &listener, err);
    if (is_ok && options->is_twice && mr_interrupt_signal() == 0) {
        campaign.surroundings = mr_surroundings_second;
        hearing.is_second = true;
        is_ok = mr_campaign_run(&campaign, &listener, err);
        if (is_ok) name_diverged(&hearing, &campaign);
    }
    entry->seconds = mr_console_now() - began;
    mr_progress_clear(progress);
    return is_ok;
}
