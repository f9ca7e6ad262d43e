/* What a record holds of a campaign: scenarios, their seeds, findings, and the verdict. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <stdlib.h>
#include <string.h>

#include "replay/store_internal.h"
#include "scenarios/language/path.h"

void mr_store_plant(struct mr_store *store, enum mr_plant plant)
{
    store->plant = plant;
}

static const char *const fault_kinds[] = {
    [MR_FAULT_CRASH] = "crash",
    [MR_FAULT_PAUSE] = "pause",
    [MR_FAULT_SLOW_CPU] = "slow_cpu",
    [MR_FAULT_PARTITION] = "partition",
    [MR_FAULT_RESET] = "reset",
    [MR_FAULT_SLOW_LINK] = "slow_link",
};
enum { N_FAULT_KINDS = sizeof fault_kinds / sizeof fault_kinds[0] };

enum mr_fault_kind mr_store_fault_kind(const char *name)
{
    int kind = 0;
    while (kind < N_FAULT_KINDS - 1 && strcmp(fault_kinds[kind], name) != 0) kind++;
    return (enum mr_fault_kind)kind;
}

/* Scenarios. */

static void add_parts(struct mr_store *store, int64_t id, const struct mr_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->n_topics; i++)
        mr_store_put(store, MR_TABLE_TOPICS, MR_INT(id), MR_INT(i),
            MR_TEXT(scenario->topics[i].name), MR_INT(scenario->topics[i].n_partitions),
            MR_INT(scenario->topics[i].stream != NULL));
    for (uint32_t i = 0; i < scenario->n_faults; i++)
        mr_store_put(store, MR_TABLE_SCENARIO_FAULTS, MR_INT(id), MR_INT(i),
            MR_TEXT(scenario->faults[i].fault.name),
            MR_TEXT(fault_kinds[scenario->faults[i].fault.kind]), MR_NOTHING);
    for (int i = 0; i < MR_SOMETIMES_COUNT; i++) {
        bool is_demanded = false;
        for (uint32_t k = 0; k < scenario->n_sometimes; k++)
            is_demanded = is_demanded || scenario->sometimes[k] == (enum mr_sometimes)i;
        mr_store_put(store, MR_TABLE_MILESTONES, MR_INT(id), MR_TEXT(mr_sometimes[i].name),
            MR_TEXT(mr_sometimes[i].about), MR_INT(is_demanded), MR_NOTHING);
    }
}

/* From the record's folder to the scenario, where both are files that exist; else as named. */
static const char *path_from_record(
    struct mr_region *region, const struct mr_store *store, const char *path)
{
    const char *folder = mr_path_folder(region, store->path);
    char *real_folder = realpath(folder, NULL), *real_path = realpath(path, NULL);
    if (real_folder && real_path)
        path = mr_path_from(region, real_folder, mr_region_strdup(region, real_path));
    else
        path = mr_path_from(region, folder, path);
    free(real_folder);
    free(real_path);
    return path;
}

/* The enabled ones, each with a space behind it. */
static const char *check_names(struct mr_region *region, const struct mr_scenario *scenario)
{
    const char *names = "";
    for (int i = 0; i < MR_CHECKS; i++)
        if (scenario->check.enabled[i])
            names = mr_region_printf(region, "%s%s ", names, mr_check_name((enum mr_check)i));
    return names;
}

int64_t mr_store_add_scenario(struct mr_store *store, const struct mr_scenario *scenario)
{
    int64_t id = ++store->ids[MR_TABLE_SCENARIOS];
    const struct mr_expectation *expect = &scenario->expect;
    char digest[17];
    struct mr_region *region = mr_region_create();
    mr_store_put(store, MR_TABLE_SCENARIOS, MR_INT(id), MR_TEXT(scenario->name),
        MR_TEXT(scenario->about ? scenario->about : ""),
        MR_TEXT(path_from_record(region, store, scenario->path)),
        MR_TEXT(mr_digest_format(scenario->digest, digest)),
        MR_TEXT(mr_plants[store->plant].name), MR_INT(scenario->first_seed),
        MR_INT(scenario->seeds),
        expect->is_failure ? MR_TEXT(mr_check_name(expect->check)) : MR_NOTHING,
        expect->is_failure ? MR_TEXT(mr_verdict_name(expect->verdict)) : MR_NOTHING,
        expect->is_failure ? MR_INT(expect->seeds_at_least) : MR_NOTHING,
        MR_TEXT(check_names(region, scenario)));
    mr_region_destroy(region);
    add_parts(store, id, scenario);
    return id;
}

/* Seeds. */

static const char *ending_name(enum mr_run_end end)
{
    switch (end) {
    case MR_END_FINISHED:
        return "finished";
    case MR_END_RUN_FOR:
        return "run_for";
    case MR_END_TIME:
        return "time";
    case MR_END_EVENTS:
        return "events";
    case MR_END_MEMORY:
        return "memory";
    case MR_END_QUIET:
        return "quiet";
    }
    return "";
}

static void add_finding(
    struct mr_store *store, int64_t run, uint32_t position, const struct mr_run_result *result)
{
    const struct mr_witness *witness = &result->findings[position];
    bool has_window = witness->window_start_us != MR_US_MIN;
    int64_t id = ++store->ids[MR_TABLE_FINDINGS];
    mr_store_put(store, MR_TABLE_FINDINGS, MR_INT(id), MR_INT(run), MR_INT(position),
        MR_TEXT(mr_check_name(witness->check)), MR_TEXT(mr_verdict_name(witness->verdict)),
        MR_INT(result->finding_counts[position]), MR_INT(witness->at_ns), MR_INT(witness->step),
        MR_TEXT(witness->transform), MR_TEXT(witness->key),
        has_window ? MR_INT(witness->window_start_us) : MR_NOTHING,
        has_window ? MR_INT(witness->window_end_us) : MR_NOTHING, MR_TEXT(witness->summary),
        MR_TEXT(witness->cause), MR_TEXT(witness->expected), MR_TEXT(witness->actual),
        MR_INT(witness->n_inputs));
    for (uint32_t i = 0; i < witness->n_inputs && i < MR_WITNESS_ROWS; i++)
        mr_store_put(
            store, MR_TABLE_FINDING_INPUTS, MR_INT(id), MR_INT(i), MR_TEXT(witness->inputs[i]));
}

int64_t mr_store_add_run(struct mr_store *store, int64_t scenario,
    const struct mr_run_result *result, bool is_unexpected)
{
    int64_t id = ++store->ids[MR_TABLE_RUNS];
    const struct mr_checks_counts *counts = &result->counts;
    char digest[17];
    mr_store_put(store, MR_TABLE_RUNS, MR_INT(id), MR_INT(scenario), MR_INT(result->seed),
        MR_TEXT(mr_digest_format(result->digest, digest)), MR_INT(result->steps),
        MR_INT(result->virtual_ns), MR_TEXT(ending_name(result->end)), MR_INT(is_unexpected),
        MR_INT(0), MR_NOTHING, MR_INT(counts->rows_read), MR_INT(counts->rows_folded),
        MR_INT(counts->rows_matched), MR_INT(counts->rows_dropped), MR_INT(counts->checkpoints),
        MR_INT(counts->restores), MR_INT(counts->restarts), MR_INT(counts->cut_entries),
        MR_INT(counts->messages), MR_INT(counts->transactions), MR_INT(result->sometimes),
        MR_INT(result->faults_struck), MR_INT(result->arena_used_bytes),
        MR_INT(result->engine_bytes), MR_INT(result->engine_bytes_max),
        MR_INT(result->universe_failures));
    for (uint32_t i = 0; i < result->n_findings; i++) add_finding(store, id, i, result);
    return id;
}

void mr_store_add_lost(struct mr_store *store, int64_t scenario, struct mr_lost_seed lost)
{
    mr_store_put(store, MR_TABLE_LOST, MR_INT(scenario), MR_INT(lost.seed), MR_INT(lost.signal),
        MR_INT(lost.code));
}

/* The verdict. */

static const char *tally_verdict_name(enum mr_tally_verdict verdict)
{
    switch (verdict) {
    case MR_TALLY_PASSED:
        return "passed";
    case MR_TALLY_FAILED:
        return "failed";
    case MR_TALLY_LIMIT:
        return "limit";
    case MR_TALLY_LOST:
        return "lost";
    case MR_TALLY_DIVERGED:
        return "diverged";
    }
    return "";
}

void mr_store_add_tally(struct mr_store *store, int64_t scenario, const struct mr_tally *tally)
{
    mr_store_put(store, MR_TABLE_TALLIES, MR_INT(scenario),
        MR_TEXT(tally_verdict_name(mr_tally_verdict(tally))), MR_INT(tally->is_whole),
        MR_INT(tally->seeds), MR_INT(tally->passed), MR_INT(tally->expected),
        MR_INT(tally->unexpected), MR_INT(tally->n_lost), MR_INT(tally->diverged),
        MR_INT(tally->universe_failures), MR_INT(tally->steps), MR_INT(tally->virtual_ns),
        MR_INT(tally->seeds_restored), MR_INT(mr_tally_expectation_holds(tally)));
    for (uint32_t i = 0; i < tally->scenario->n_faults; i++) {
        const struct mr_cell cells[] = {
            MR_INT(scenario), MR_INT(i), MR_INT(tally->fault_seeds[i])};
        mr_store_update(store,
            "UPDATE scenario_faults SET seeds_struck = ?3 WHERE scenario = ?1 AND position = "
            "?2",
            cells, 3);
    }
    for (int i = 0; i < MR_SOMETIMES_COUNT; i++) {
        const struct mr_cell cells[] = {
            MR_INT(scenario), MR_TEXT(mr_sometimes[i].name), MR_INT(tally->sometimes >> i & 1)};
        mr_store_update(store,
            "UPDATE milestones SET is_reached = ?3 WHERE scenario = ?1 AND name = ?2", cells,
            3);
    }
}
