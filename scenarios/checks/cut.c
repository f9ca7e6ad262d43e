/* Checkpoints as the tasks took them: what a restore goes back to, and whether together they
 * are one cut. */
#include <string.h>

#include "engine/state/snapshot.h"
#include "scenarios/checks/checks_internal.h"
#include "scenarios/oracle/tally.h"

struct mr_cut *mr_cut_new(struct mr_checks *checks)
{
    const struct mr_topology *topology = &checks->topology;
    uint32_t n_partitions = topology->n_partitions;
    uint32_t n_operators = topology->n_combines * topology->parallelism;
    struct mr_arena *arena = checks->arena;
    struct mr_cut *cut = mr_arena_new(arena, struct mr_cut);
    cut->offsets = mr_arena_zalloc(arena, sizeof *cut->offsets * n_partitions);
    cut->exact_to = mr_arena_zalloc(arena, sizeof *cut->exact_to * n_partitions);
    cut->newest_us = mr_arena_zalloc(arena, sizeof *cut->newest_us * n_partitions);
    cut->watermarks = mr_arena_zalloc(arena, sizeof *cut->watermarks * n_operators);
    cut->has_watermark = mr_arena_zalloc(arena, sizeof *cut->has_watermark * n_operators);
    cut->task_watermarks =
        mr_arena_zalloc(arena, sizeof *cut->task_watermarks * topology->n_tasks);
    cut->states = mr_arena_zalloc(arena, sizeof *cut->states * n_operators);
    cut->machines = mr_arena_zalloc(arena, sizeof *cut->machines * (n_operators + 1));
    return cut;
}

static void free_states(struct mr_checks *checks, struct mr_cut *cut)
{
    uint32_t n = checks->topology.n_combines * checks->topology.parallelism;
    for (uint32_t i = 0; i < n; i++) {
        mr_arena_free(checks->arena, cut->states[i].data, cut->states[i].bytes);
        cut->states[i] = (struct mr_cut_state){0};
    }
}

void mr_cut_begin(
    struct mr_checks *checks, struct mr_cut *cut, uint32_t attempt, uint64_t checkpoint)
{
    const struct mr_topology *topology = &checks->topology;
    free_states(checks, cut);
    mr_panes_cut_free(checks, cut);
    cut->n_panes = cut->n_taken = 0;
    for (uint64_t i = 0; i < cut->n_under_way; i++)
        mr_arena_free(checks->arena, cut->under_way[i].row, cut->under_way[i].row_bytes);
    cut->n_under_way = 0;
    cut->attempt = attempt;
    cut->checkpoint = checkpoint;
    cut->n_drops = 0;
    for (uint32_t i = 0; i < topology->n_partitions; i++) cut->offsets[i] = -1;
    uint32_t n_operators = topology->n_combines * topology->parallelism;
    memset(cut->has_watermark, 0, sizeof *cut->has_watermark * n_operators);
    for (uint32_t i = 0; i < n_operators; i++) cut->watermarks[i] = MR_US_MIN;
    for (uint32_t i = 0; i < topology->n_tasks; i++) cut->task_watermarks[i] = MR_US_MIN;
}

static bool is_being_taken(
    const struct mr_checks *checks, const struct mr_probe_at *at, uint64_t checkpoint)
{
    return checks->taking->checkpoint == checkpoint && checks->taking->attempt == at->attempt;
}

static void note_task(struct mr_checks *checks, const struct mr_probe_at *at)
{
    uint32_t task = mr_topology_task(&checks->topology, at->transform, at->subtask);
    checks->taking->task_watermarks[task] = checks->tasks[task].proven_us;
}

void mr_cut_source(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t checkpoint,
    uint32_t partition, int64_t next_offset)
{
    if (!is_being_taken(checks, at, checkpoint)) return;
    const struct mr_topology *topology = &checks->topology;
    uint32_t index =
        topology->sources[topology->role[at->transform]].first_partition + partition;
    const struct mr_partition_model *model = &checks->partitions[index];
    struct mr_cut *cut = checks->taking;
    cut->offsets[index] = next_offset;
    cut->exact_to[index] = model->exact_to;
    cut->newest_us[index] = model->newest_us;
    note_task(checks, at);
}

void mr_cut_under_way(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t checkpoint,
    const struct mr_batch *batch, struct mr_drop row)
{
    if (!is_being_taken(checks, at, checkpoint)) return;
    struct mr_cut *cut = checks->taking;
    if (cut->n_under_way == cut->under_way_capacity) {
        uint64_t larger = cut->under_way_capacity ? 2 * cut->under_way_capacity : 64;
        cut->under_way = mr_arena_grow(checks->arena, cut->under_way,
            sizeof *cut->under_way * cut->under_way_capacity, sizeof *cut->under_way * larger);
        cut->under_way_capacity = larger;
    }
    mr_drop_keep_row(checks, batch, mr_batch_row(batch, 0), &row);
    cut->under_way[cut->n_under_way++] = row;
}

void mr_cut_operator(struct mr_checks *checks, const struct mr_probe_at *at,
    uint64_t checkpoint, mr_us watermark_us, const void *state, uint32_t state_bytes)
{
    if (!is_being_taken(checks, at, checkpoint)) return;
    const struct mr_topology *topology = &checks->topology;
    uint32_t index =
        (uint32_t)topology->role[at->transform] * topology->parallelism + at->subtask;
    struct mr_cut *cut = checks->taking;
    note_task(checks, at);
    /* As it was stored: a task that stored more than it may will be found out by what it does
     * with it. */
    cut->task_watermarks[mr_topology_task(topology, at->transform, at->subtask)] = watermark_us;
    cut->watermarks[index] = watermark_us;
    cut->has_watermark[index] = true;
    if (cut->states[index].data)
        mr_arena_free(checks->arena, cut->states[index].data, cut->states[index].bytes);
    cut->states[index].data = mr_arena_alloc(checks->arena, state_bytes);
    cut->states[index].bytes = state_bytes;
    memcpy(cut->states[index].data, state, state_bytes);
}

struct mr_cut *mr_cut_last(const struct mr_checks *checks)
{
    return checks->n_history ? checks->history[checks->n_history - 1] : NULL;
}

mr_us mr_cut_watermark_us(
    const struct mr_checks *checks, const struct mr_cut *cut, uint32_t combine)
{
    uint32_t parallelism = checks->topology.parallelism;
    mr_us lowest_us = MR_US_MAX;
    for (uint32_t i = 0; i < parallelism; i++) {
        mr_us watermark_us = cut->watermarks[combine * parallelism + i];
        if (watermark_us < lowest_us) lowest_us = watermark_us;
    }
    return lowest_us;
}

mr_us mr_cut_highest_us(
    const struct mr_checks *checks, const struct mr_cut *cut, uint32_t combine)
{
    uint32_t parallelism = checks->topology.parallelism;
    mr_us highest_us = MR_US_MIN;
    for (uint32_t i = 0; i < parallelism; i++) {
        mr_us watermark_us = cut->watermarks[combine * parallelism + i];
        if (watermark_us > highest_us) highest_us = watermark_us;
    }
    return highest_us;
}

/* Comparison. */

struct comparison {
    struct mr_checks *checks;
    const struct mr_cut *cut;
    const struct mr_transform *combine;
    uint32_t subtask;
    uint32_t index; /* of the combine */
    uint64_t n_entries;
};

static struct mr_witness *find(struct comparison *comparison)
{
    struct mr_checks *checks = comparison->checks;
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_CONSISTENT_CUT, MR_VERDICT_CUT_INCONSISTENT, 1);
    if (!witness) return NULL;
    mr_witness_at(checks, witness, comparison->combine->id);
    mr_witness_cause(checks, witness, 0);
    return witness;
}

/* Keys and aggregates as a row of the operator's output. */
static void show_entry(char *out, size_t size, const struct mr_transform *combine,
    const struct mr_value *keys, const struct mr_value *results)
{
    struct mr_value row[MR_FIELDS_MAX];
    uint32_t n_keys = combine->combine.n_keys;
    memcpy(row, keys, sizeof *row * n_keys);
    memcpy(row + n_keys, results, sizeof *row * combine->combine.n_aggregates);
    mr_witness_row(out, size, &combine->outputs[0].schema, row);
}

static void report_entry(struct comparison *comparison,
    const struct mr_combine_state_entry *entry, const struct mr_value *expected)
{
    struct mr_witness *witness = find(comparison);
    if (!witness) return;
    const struct mr_transform *combine = comparison->combine;
    int keys[MR_FIELDS_MAX];
    for (uint32_t i = 0; i < combine->combine.n_keys; i++) keys[i] = (int)i;
    mr_witness_key(witness, entry->keys, keys, combine->combine.n_keys);
    mr_witness_window(witness, entry->window_start_us, entry->window_end_us);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "checkpoint %llu of attempt %u: the state of subtask %u is not the fold of the rows "
        "below "
        "its offsets",
        (unsigned long long)comparison->cut->checkpoint, comparison->cut->attempt,
        comparison->subtask);
    show_entry(witness->actual, sizeof witness->actual, combine, entry->keys, entry->results);
    show_entry(witness->expected, sizeof witness->expected, combine, entry->keys, expected);
}

/* What the reference machine held at that moment. */
static void visit_watched(
    struct comparison *comparison, const struct mr_combine_state_entry *entry)
{
    const struct mr_combine *combine = &comparison->combine->combine;
    struct mr_value expected[2 * MR_FIELDS_MAX];
    double slacks[2 * MR_FIELDS_MAX];
    struct mr_machine *machine =
        comparison->cut->machines[comparison->index * comparison->checks->topology.parallelism +
                                  comparison->subtask];
    memset(expected, 0, sizeof expected);
    bool is_same = machine && mr_machine_show(machine, entry->window_start_us,
                                  entry->window_end_us, entry->keys, expected, slacks);
    for (uint32_t i = 0; i < combine->n_aggregates && is_same; i++)
        is_same = mr_value_near(expected[combine->n_keys + i], entry->results[i],
            slacks[combine->n_keys + i]);
    if (!is_same) report_entry(comparison, entry, expected + combine->n_keys);
}

static void visit(void *self, const struct mr_combine_state_entry *entry)
{
    struct comparison *comparison = self;
    struct mr_value expected[MR_FIELDS_MAX]; /* written when they differ */
    comparison->n_entries++;
    if (mr_panes_is_watched(comparison->checks, comparison->index)) {
        visit_watched(comparison, entry);
        return;
    }
    if (!mr_oracle_state_is(comparison->checks->oracle, comparison->combine->id,
            entry->window_start_us, entry->keys, entry->results, expected))
        report_entry(comparison, entry, expected);
}

/* A row that a Join keeps. */
static void visit_row(void *self, const struct mr_gather_state_row *row)
{
    struct comparison *comparison = self;
    struct mr_checks *checks = comparison->checks;
    const struct mr_transform *transform = comparison->combine;
    comparison->n_entries++;
    if (mr_oracle_rows_hold(checks->oracle, transform->id, row->input, row->window_start_us,
            row->window_end_us, row->values))
        return;
    struct mr_witness *witness = find(comparison);
    if (!witness) return;
    const struct mr_edge *edge = &transform->inputs[row->input];
    mr_witness_window(witness, row->window_start_us, row->window_end_us);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "checkpoint %llu of attempt %u: subtask %u keeps a row of input %u that no row below "
        "its offsets accounts for",
        (unsigned long long)comparison->cut->checkpoint, comparison->cut->attempt,
        comparison->subtask, row->input);
    mr_witness_print(witness->expected, sizeof witness->expected, "not kept");
    mr_witness_row(witness->actual, sizeof witness->actual,
        &checks->topology.graph->transforms[edge->transform].outputs[edge->output].schema,
        row->values);
}

static bool visit_rows(struct comparison *comparison, const struct mr_cut_state *state)
{
    const struct mr_transform *transform = comparison->combine;
    const struct mr_schema *inputs[MR_JOIN_INPUTS_MAX];
    for (uint32_t i = 0; i < transform->n_inputs; i++) {
        const struct mr_edge *edge = &transform->inputs[i];
        inputs[i] = &comparison->checks->topology.graph->transforms[edge->transform]
                         .outputs[edge->output]
                         .schema;
    }
    if (mr_transform_keeps_times(transform))
        return mr_stream_join_state_visit(
            inputs, state->data, state->bytes, comparison, visit_row);
    return mr_gather_state_visit(
        transform, inputs, state->data, state->bytes, comparison, visit_row);
}

/* Every open window of the oracle is somebody's state. A subtask whose watermark is ahead has
 * fired more. */
static void compare_counts(struct comparison *comparison, uint32_t index)
{
    struct mr_checks *checks = comparison->checks;
    uint64_t n_open = mr_oracle_open_entries(checks->oracle, comparison->combine->id);
    bool is_watched = mr_panes_is_watched(checks, index);
    for (uint32_t i = 0; i < checks->topology.parallelism && is_watched; i++) {
        const struct mr_machine *machine =
            comparison->cut->machines[index * checks->topology.parallelism + i];
        if (machine) n_open += mr_machine_entries(machine);
    }
    bool is_even = is_watched || mr_cut_watermark_us(checks, comparison->cut, index) ==
                   mr_cut_highest_us(checks, comparison->cut, index);
    if (comparison->n_entries == n_open || (!is_even && comparison->n_entries < n_open)) return;
    struct mr_witness *witness = find(comparison);
    if (!witness) return;
    mr_witness_print(witness->summary, sizeof witness->summary,
        "checkpoint %llu of attempt %u holds %llu entries of state, where the rows below its "
        "offsets "
        "make %llu",
        (unsigned long long)comparison->cut->checkpoint, comparison->cut->attempt,
        (unsigned long long)comparison->n_entries, (unsigned long long)n_open);
    mr_witness_print(witness->expected, sizeof witness->expected, "%llu entries",
        (unsigned long long)n_open);
    mr_witness_print(witness->actual, sizeof witness->actual, "%llu entries",
        (unsigned long long)comparison->n_entries);
}

static bool visit_state(struct comparison *comparison, const struct mr_schema *input,
    const struct mr_cut_state *state)
{
    const struct mr_transform *combine = comparison->combine;
    struct mr_scratch *scratch = &comparison->checks->scratch;
    if (combine->kind != MR_COMBINE) return visit_rows(comparison, state);
    if (!mr_windowing_is_plain(&combine->windowing))
        return mr_panes_state_visit(
            combine, input, state->data, state->bytes, scratch, comparison, visit);
    if (combine->windowing.kind == MR_WINDOW_SLIDING)
        return mr_slices_state_visit(
            combine, input, state->data, state->bytes, scratch, comparison, visit);
    return mr_combine_state_visit(
        &combine->combine, input, state->data, state->bytes, scratch, comparison, visit);
}

static void compare_combine(struct mr_checks *checks, struct mr_cut *cut, uint32_t index)
{
    const struct mr_graph *graph = checks->topology.graph;
    const struct mr_transform *combine = &graph->transforms[checks->topology.combines[index]];
    const struct mr_edge *edge = &combine->inputs[0];
    const struct mr_schema *input =
        &graph->transforms[edge->transform].outputs[edge->output].schema;
    struct comparison comparison = {
        .checks = checks, .cut = cut, .combine = combine, .index = index};
    if (combine->kind != MR_COMBINE) mr_oracle_rows_begin(checks->oracle, combine->id);
    for (uint32_t i = 0; i < checks->topology.parallelism; i++) {
        const struct mr_cut_state *state =
            &cut->states[index * checks->topology.parallelism + i];
        comparison.subtask = i;
        bool is_whole = state->data && visit_state(&comparison, input, state);
        mr_scratch_reset(&checks->scratch);
        struct mr_witness *witness = is_whole ? NULL : find(&comparison);
        if (witness)
            mr_witness_print(witness->summary, sizeof witness->summary,
                "checkpoint %llu of attempt %u is complete, but subtask %u left %s",
                (unsigned long long)cut->checkpoint, cut->attempt, i,
                state->data ? "broken state" : "none");
    }
    checks->counts.cut_entries += comparison.n_entries;
    compare_counts(&comparison, index);
}

void mr_cut_compare(struct mr_checks *checks, struct mr_cut *cut)
{
    if (checks->config.scenario->check.enabled[MR_CHECK_CONSISTENT_CUT])
        for (uint32_t i = 0; i < checks->topology.n_combines; i++)
            compare_combine(checks, cut, i);
    free_states(checks, cut);
}
