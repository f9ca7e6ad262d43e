/* The lockstep of the oracle with completed checkpoints: what has been read and dropped up to a
 * checkpoint, what is owed from it on, and where it stands again after the job went back. */
#include <string.h>

#include "scenarios/checks/checks_internal.h"

static void read_rows(void *self, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us)
{
    mr_stream_read(self, partition, first, n, values, times_us);
}

static bool keeps_history(const struct mr_checks *checks)
{
    return checks->drops.keeps_final;
}

static void use_clock_times(struct mr_checks *checks, const struct mr_source_view *source,
    struct mr_oracle_input *input)
{
    struct mr_clock_input *self = mr_arena_new(checks->arena, struct mr_clock_input);
    *self = (struct mr_clock_input){.checks = checks, .source = source};
    input->self = self;
    input->read = mr_clock_times_input;
}

void mr_lockstep_init(struct mr_checks *checks)
{
    const struct mr_topology *topology = &checks->topology;
    checks->inputs =
        mr_arena_zalloc(checks->arena, sizeof *checks->inputs * topology->n_sources);
    for (uint32_t i = 0; i < topology->n_sources; i++) {
        const struct mr_source_view *source = &topology->sources[i];
        checks->inputs[i] = (struct mr_oracle_input){.transform = source->transform,
            .n_partitions = source->n_partitions,
            .self = source->stream,
            .read = read_rows};
        if (source->has_clock)
            use_clock_times(checks, source, &checks->inputs[i]);
    }
    checks->folded =
        mr_arena_zalloc(checks->arena, sizeof *checks->folded * topology->n_partitions);
    checks->history_us = MR_US_MIN;
    checks->history_capacity =
        keeps_history(checks) ? checks->config.scenario->cluster.checkpoint_retention : 1;
    checks->history =
        mr_arena_zalloc(checks->arena, sizeof *checks->history * checks->history_capacity);
    checks->taking = mr_cut_new(checks);
    mr_cut_begin(checks, checks->taking, 0, 0);
    checks->oracle =
        mr_oracle_new(checks->arena, topology->graph, checks->inputs, topology->n_sources);
    mr_lookups_give_tables(checks);
    mr_oracle_set_parallelism(checks->oracle, checks->topology.parallelism);
}

static void fold(struct mr_checks *checks, uint32_t index, int64_t next_offset)
{
    const struct mr_partition_model *partition = &checks->partitions[index];
    if (next_offset <= checks->folded[index]) return;
    checks->counts.rows_folded += (uint64_t)(next_offset - checks->folded[index]);
    checks->folded[index] = next_offset;
    mr_oracle_advance(checks->oracle, checks->topology.sources[partition->source].transform,
        partition->id, next_offset);
}

/* A source that took no part in a checkpoint: what it read is in nobody's hands. */
static void report_absent(struct mr_checks *checks, const struct mr_cut *cut, uint32_t index)
{
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_CONSISTENT_CUT, MR_VERDICT_CUT_INCONSISTENT, 1);
    if (!witness) return;
    const struct mr_partition_model *partition = &checks->partitions[index];
    const struct mr_source_view *source = &checks->topology.sources[partition->source];
    mr_witness_at(checks, witness, source->transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "checkpoint %llu of attempt %u is complete without an offset of %s[%u]",
        (unsigned long long)cut->checkpoint, cut->attempt,
        checks->config.scenario->topics[source->topic].name, partition->id);
}

static void report_unmatched(struct mr_checks *checks, uint32_t combine, uint64_t n)
{
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_FALSE_LATE, n);
    if (!witness) return;
    mr_witness_at(checks, witness, combine);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "rows dropped as late that no input below the checkpoint's offsets accounts for: %llu",
        (unsigned long long)n);
    mr_witness_cause(checks, witness, 0);
}

static void pass(struct mr_checks *checks, const struct mr_cut *cut)
{
    const struct mr_topology *topology = &checks->topology;
    for (uint32_t i = 0; i < topology->n_combines; i++) {
        uint64_t n_unmatched = mr_oracle_unmatched_drops(checks->oracle, topology->combines[i]);
        if (n_unmatched > 0) report_unmatched(checks, topology->combines[i], n_unmatched);
        mr_panes_give(checks, i, false);
        mr_oracle_pass(
            checks->oracle, topology->combines[i], mr_cut_watermark_us(checks, cut, i));
    }
    mr_panes_given(checks);
    for (uint32_t i = 0; i < topology->graph->n_transforms; i++) mr_keyed_account(checks, i, false);
}

static void advance_to(struct mr_checks *checks, const struct mr_cut *cut)
{
    mr_lookups_release(checks, cut);
    mr_oracle_begin(checks->oracle);
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++) {
        if (cut->offsets[i] < 0)
            report_absent(checks, cut, i);
        else
            fold(checks, i, cut->offsets[i]);
    }
    pass(checks, cut);
    mr_lookups_judge_unmatched(checks);
}

/* The checkpoint being taken becomes the newest of the history; the oldest makes room for the
 * next one. */
static struct mr_cut *keep(struct mr_checks *checks)
{
    struct mr_cut *done = checks->taking;
    struct mr_cut *spare = NULL;
    if (checks->n_history == checks->history_capacity) {
        spare = checks->history[0];
        checks->n_history--;
        memmove(
            checks->history, checks->history + 1, sizeof *checks->history * checks->n_history);
    }
    checks->history[checks->n_history++] = done;
    checks->taking = spare ? spare : mr_cut_new(checks);
    mr_cut_begin(checks, checks->taking, 0, 0);
    return done;
}

void mr_lockstep_complete(struct mr_checks *checks, uint32_t attempt, uint64_t checkpoint)
{
    /* A coordinator that comes back tells of the newest one again. */
    if (checks->taking->checkpoint != checkpoint || checks->taking->attempt != attempt) return;
    struct mr_cut *cut = keep(checks);
    checks->counts.checkpoints++;
    mr_late_complete(checks, checkpoint);
    cut->n_drops = checks->drops.n_final;
    mr_panes_complete(checks, checkpoint);
    cut->n_panes = checks->panes.n_panes_final;
    cut->n_taken = checks->panes.n_taken_final;
    mr_keyed_complete(checks, checkpoint);
    cut->n_met = checks->met.n_final;
    advance_to(checks, cut);
    mr_transactions_completed(
        checks, checks->config.world ? mr_world_now(checks->config.world) : 0);
    mr_appends_settle(checks);
    mr_appends_losses(checks, false);
    mr_cut_compare(checks, cut);
}

/* Topics that outputs turn away from with the n-th restart from an older checkpoint. */
static void close_topics(struct mr_checks *checks)
{
    const struct mr_manifest *manifest = checks->config.manifest;
    uint32_t attempt = checks->restores[checks->n_restores - 1].attempt;
    uint32_t n_seen = 0;
    for (uint32_t i = 0; i < manifest->n_job_steps; i++) {
        const struct mr_job_step *step = &manifest->job_steps[i];
        if (step->kind != MR_STEP_RESTART || step->checkpoints_back == 0) continue;
        if (++n_seen != checks->n_rewinds) continue;
        for (uint32_t k = 0; k < step->n_topics; k++)
            checks->closed_by[step->from_topics[k]] = attempt;
    }
}

/* Folds everything once more, up to where the job went back to. What was owed by then is
 * history. */
static void go_back(struct mr_checks *checks, uint32_t index)
{
    struct mr_cut *cut = checks->history[index];
    for (uint32_t i = index + 1; i < checks->n_history; i++) {
        struct mr_cut *newer = checks->history[i];
        checks->history[i] = NULL; /* few, and only with a rewind: not used again */
        mr_cut_begin(checks, newer, 0, 0);
    }
    checks->n_history = index + 1;
    checks->n_rewinds++;
    mr_oracle_discard(checks->oracle);
    checks->oracle = mr_oracle_new(
        checks->arena, checks->topology.graph, checks->inputs, checks->topology.n_sources);
    mr_lookups_give_tables(checks);
    mr_oracle_set_parallelism(checks->oracle, checks->topology.parallelism);
    memset(checks->folded, 0, sizeof *checks->folded * checks->topology.n_partitions);
    mr_late_rewind(checks, cut->n_drops);
    mr_panes_rewind(checks, cut);
    mr_keyed_rewind(checks, cut->n_met);
    advance_to(checks, cut);
    mr_oracle_forget_owed(checks->oracle);
    for (uint32_t i = 0; i < checks->topology.n_combines; i++) {
        mr_us highest_us = mr_cut_highest_us(checks, cut, i);
        if (highest_us > checks->history_us) checks->history_us = highest_us;
    }
    for (uint32_t i = 0; i < checks->topology.n_sinks; i++)
        checks->topology.sinks[i].n_lost = 0;
    mr_append_list_clear(checks, &checks->waiting);
    close_topics(checks);
}

void mr_lockstep_restore(struct mr_checks *checks, uint64_t from, bool is_rewind)
{
    mr_panes_discard(checks);
    mr_late_discard(checks);
    mr_keyed_discard(checks);
    uint32_t index = checks->n_history;
    while (index > 0 && checks->history[index - 1]->checkpoint != from) index--;
    bool goes_back = is_rewind && index > 0 && index < checks->n_history;
    if (goes_back) {
        mr_transactions_orphan(checks, true);
        go_back(checks, index - 1);
    } else {
        mr_transactions_orphan(checks, false);
        mr_appends_orphan(checks);
    }
}

void mr_lockstep_finish(struct mr_checks *checks)
{
    mr_lookups_release(checks, NULL);
    mr_oracle_begin(checks->oracle);
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++) {
        const struct mr_partition_model *partition = &checks->partitions[i];
        const struct mr_source_view *source = &checks->topology.sources[partition->source];
        fold(checks, i, mr_stream_rows(source->stream, partition->id));
    }
    mr_panes_complete(checks, UINT64_MAX);
    for (uint32_t i = 0; i < checks->topology.n_combines; i++) {
        mr_panes_give(checks, i, true);
        mr_oracle_pass(checks->oracle, checks->topology.combines[i], MR_US_MAX);
    }
    mr_panes_given(checks);
    for (uint32_t i = 0; i < checks->topology.graph->n_transforms; i++)
        mr_keyed_account(checks, i, true);
    mr_appends_settle(checks);
    mr_appends_losses(checks, true);
}
