/* The public face: lockstep with the checkpoints of the run. */
#include "scenarios/oracle/oracle.h"

#include "scenarios/oracle/oracle_internal.h"

struct mr_oracle *mr_oracle_new(struct mr_arena *arena, const struct mr_graph *graph,
    const struct mr_oracle_input *inputs, uint32_t n_inputs)
{
    struct mr_oracle *oracle = mr_arena_new(arena, struct mr_oracle);
    oracle->arena = arena;
    oracle->graph = graph;
    oracle->parallelism = 1;
    oracle->inputs = inputs;
    oracle->n_inputs = n_inputs;
    oracle->marks.arena = arena;
    mr_scratch_init(&oracle->scratch, arena);
    oracle->caller = (struct mr_caller){.owner = MR_CALLER_ORACLE};
    oracle->scratch.caller = &oracle->caller;
    mr_oracle_compile(oracle, inputs, n_inputs);
    return oracle;
}

void mr_oracle_discard(struct mr_oracle *oracle)
{
    if (!oracle) return;
    struct mr_arena *arena = oracle->arena;
    mr_oracle_compile_undo(oracle);
    mr_marks_deinit(&oracle->marks);
    mr_scratch_deinit(&oracle->scratch);
    mr_arena_free(arena, oracle, sizeof *oracle);
}

static struct mr_fold *fold_of(const struct mr_oracle *oracle, uint32_t combine)
{
    MR_ASSERT(combine < oracle->graph->n_transforms);
    struct mr_fold *fold = oracle->steps[combine].fold;
    MR_ASSERT(fold != NULL);
    return fold;
}

static struct mr_sink *sink_of(const struct mr_oracle *oracle, uint32_t sink)
{
    MR_ASSERT(sink < oracle->graph->n_transforms);
    MR_ASSERT(oracle->steps[sink].sink != NULL);
    return oracle->steps[sink].sink;
}

/* ---- Lockstep ---- */

void mr_oracle_drop_input(struct mr_oracle *oracle, uint32_t transform, uint32_t input,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row)
{
    MR_ASSERT(transform < oracle->graph->n_transforms);
    struct mr_gathering *gathering = oracle->steps[transform].gathering;
    mr_window_normalize(&window_start_us, &window_end_us);
    if (oracle->steps[transform].timed)
        mr_timed_drop(oracle->steps[transform].timed, input, window_start_us, row);
    else if (gathering)
        mr_gathering_drop(gathering, input, window_start_us, window_end_us, row);
    else
        mr_oracle_drop(oracle, transform, window_start_us, window_end_us, row);
}

void mr_oracle_drop(struct mr_oracle *oracle, uint32_t combine, mr_us window_start_us,
    mr_us window_end_us, const struct mr_value *row)
{
    struct mr_fold *fold = fold_of(oracle, combine);
    mr_window_normalize(&window_start_us, &window_end_us);
    mr_drops_add(&fold->drops, oracle->arena, window_start_us,
        mr_fold_row_hash(fold, window_start_us, window_end_us, row));
}

void mr_oracle_begin(struct mr_oracle *oracle)
{
    if (oracle->has_created) return;
    oracle->has_created = true;
    mr_flow_create(oracle);
}

void mr_oracle_advance(
    struct mr_oracle *oracle, uint32_t transform, uint32_t partition, int64_t next_offset)
{
    MR_ASSERT(transform < oracle->graph->n_transforms);
    const struct mr_step *source = &oracle->steps[transform];
    mr_oracle_begin(oracle);
    if (!source->input) return; /* Create has no more to give */
    MR_ASSERT(partition < source->input->n_partitions);
    int64_t *next = &source->next_offsets[partition];
    MR_ASSERT(next_offset >= *next);
    mr_flow_read(oracle, source, partition, *next, next_offset, NULL, NULL);
    *next = next_offset;
}

static struct mr_gathering *gathering_of(const struct mr_oracle *oracle, uint32_t transform)
{
    MR_ASSERT(transform < oracle->graph->n_transforms);
    return oracle->steps[transform].gathering;
}

static struct mr_timed *timed_of(const struct mr_oracle *oracle, uint32_t transform)
{
    return oracle->steps[transform].timed;
}

uint64_t mr_oracle_unmatched_drops(const struct mr_oracle *oracle, uint32_t combine)
{
    if (timed_of(oracle, combine)) return timed_of(oracle, combine)->drops.n;
    if (gathering_of(oracle, combine)) return gathering_of(oracle, combine)->drops.n;
    const struct mr_fold *fold = fold_of(oracle, combine);
    return fold->is_loose ? 0 : fold->drops.n; /* panes that were cut otherwise */
}

uint64_t mr_oracle_failures(const struct mr_oracle *oracle)
{
    uint64_t n = oracle->n_failures;
    for (uint32_t i = 0; i < oracle->graph->n_transforms; i++)
        if (oracle->steps[i].fold)
            n += oracle->steps[i].fold->n_failures + *oracle->steps[i].fold->n_unfolded;
    return n;
}

/* The groups of a passed window become rows. */
static void emit_window(
    struct mr_oracle *oracle, struct mr_fold *fold, const struct mr_fold_window *window)
{
    uint32_t combine = fold->transform->id;
    uint32_t n_fields = fold->n_keys + fold->n_tallies;
    bool is_inexact = oracle->steps[combine].outputs[MR_OUTPUT_MAIN].inexact_fields != 0;
    bool is_late = fold->transform->windowing.allowed_lateness_us > 0;
    for (uint32_t id = 0; id < window->groups.n; id++) {
        const struct mr_group *group = mr_groups_at(&window->groups, id);
        if (group->n_rows == 0) continue;
        struct mr_value *values = mr_scratch_array(&oracle->scratch, struct mr_value, n_fields);
        double *slacks = mr_scratch_array(&oracle->scratch, double, n_fields);
        mr_fold_result(fold, group, values, slacks);
        struct mr_flow_row row = {.values = values,
            .slacks = is_inexact ? slacks : NULL,
            .at_us = mr_us_add(window->end_us, -1), /* Beam's END_OF_WINDOW */
            .has_window = true,
            .has_pane = true,
            .pane = {.timing = MR_PANE_ON_TIME, .is_last = !is_late},
            .is_loose = fold->is_loose || (is_late && group->n_rows > 1),
            .window_start_us = window->start_us,
            .window_end_us = window->end_us};
        mr_flow_emit(oracle, combine, MR_OUTPUT_MAIN, &row);
        if (id % MR_BLOCK_ROWS == MR_BLOCK_ROWS - 1) mr_flow_flush(oracle);
    }
    mr_flow_flush(oracle);
}

/* Windows that have ended are joined; what they make flows on. */
static void pass_gathering(
    struct mr_oracle *oracle, struct mr_gathering *gathering, mr_us watermark_us)
{
    struct mr_gathered_window *window;
    mr_oracle_begin(oracle);
    while ((window = mr_gathering_take_due(gathering, watermark_us))) {
        if (gathering->transform->kind == MR_JOIN)
            mr_join_emit(oracle, gathering, window);
        else
            mr_sql_emit(oracle, gathering, window);
        mr_gathered_window_free(gathering, window);
    }
    mr_flow_flush(oracle);
}

void mr_oracle_pass(struct mr_oracle *oracle, uint32_t combine, mr_us watermark_us)
{
    if (timed_of(oracle, combine)) {
        mr_oracle_begin(oracle);
        mr_stream_join_pass(oracle, timed_of(oracle, combine), watermark_us);
        return;
    }
    if (gathering_of(oracle, combine)) {
        pass_gathering(oracle, gathering_of(oracle, combine), watermark_us);
        return;
    }
    struct mr_fold *fold = fold_of(oracle, combine);
    mr_oracle_begin(oracle);
    mr_fold_retire(oracle, fold);
    if (watermark_us > fold->watermark_us) fold->watermark_us = watermark_us;
    struct mr_fold_window *window;
    while ((window = mr_fold_window_due(fold, fold->watermark_us))) {
        mr_fold_window_pass(fold, window);
        if (fold->sink != MR_NO_SINK) continue;
        emit_window(oracle, fold, window);
        mr_fold_window_remove(fold, window);
        mr_fold_window_free(fold, window);
    }
}

void mr_oracle_forget_owed(struct mr_oracle *oracle)
{
    for (uint32_t i = 0; i < oracle->graph->n_transforms; i++) {
        struct mr_step *step = &oracle->steps[i];
        if (step->fold) mr_fold_forget(oracle, step->fold);
        if (!step->sink) continue;
        mr_ledger_forget(&step->sink->ledger);
        step->sink->has_history = true;
    }
}

static const struct mr_key_machines *machines_of(const struct mr_oracle *oracle, uint32_t transform)
{
    MR_ASSERT(transform < oracle->graph->n_transforms);
    MR_ASSERT(oracle->steps[transform].machines != NULL);
    return oracle->steps[transform].machines;
}

void mr_oracle_set_parallelism(struct mr_oracle *oracle, uint32_t parallelism)
{
    MR_ASSERT(parallelism > 0 && !oracle->has_created);
    oracle->parallelism = parallelism;
}

void mr_oracle_replay(struct mr_oracle *oracle, const struct mr_oracle_event *event)
{
    mr_oracle_begin(oracle);
    mr_key_machines_replay(oracle->steps[event->transform].machines, event);
}

struct mr_unmet mr_oracle_unmet(
    const struct mr_oracle *oracle, uint32_t transform, bool is_end)
{
    const struct mr_key_machines *machines = machines_of(oracle, transform);
    struct mr_unmet unaccounted = {.n_missing = machines->balance.n_missing};
    if (is_end || !machines->is_late) unaccounted.n_surplus = machines->balance.n_surplus;
    return unaccounted;
}

uint64_t mr_oracle_dropped(const struct mr_oracle *oracle, uint32_t transform)
{
    return machines_of(oracle, transform)->n_dropped;
}

/* ---- Output ---- */

enum mr_match mr_oracle_match(struct mr_oracle *oracle, uint32_t sink, mr_us window_start_us,
    mr_us window_end_us, const struct mr_value *row, struct mr_value *expected)
{
    return mr_sink_match(oracle, sink_of(oracle, sink), MR_ROW_INSERT, window_start_us,
        window_end_us, row, expected);
}

/* Whether the rows of the sink that stand, taken together, still are none too few. */
static bool stands(struct mr_oracle *oracle, struct mr_sink *sink, enum mr_row_kind kind,
    mr_us start_us, mr_us end_us, const struct mr_value *row)
{
    mr_window_normalize(&start_us, &end_us);
    uint64_t hash = mr_digest_mix((uint64_t)start_us, (uint64_t)end_us);
    for (uint32_t i = 0; i < sink->n_fields; i++)
        hash = mr_digest_mix(hash, mr_value_hash(row[i]));
    if (kind == MR_ROW_UPDATE_BEFORE || kind == MR_ROW_DELETE)
        return mr_drops_take(&sink->standing, hash | 1) || sink->has_history;
    mr_drops_add(&sink->standing, oracle->arena, start_us, hash | 1);
    return true;
}

enum mr_match mr_oracle_match_change(struct mr_oracle *oracle, uint32_t sink,
    enum mr_row_kind kind, mr_us window_start_us, mr_us window_end_us,
    const struct mr_value *row, struct mr_value *expected)
{
    struct mr_sink *of = sink_of(oracle, sink);
    enum mr_match match =
        mr_sink_match(oracle, of, kind, window_start_us, window_end_us, row, expected);
    if (!of->is_retracting || match != MR_MATCH_RIGHT) return match;
    return stands(oracle, of, kind, window_start_us, window_end_us, row) ? match
                                                                         : MR_MATCH_REORDERED;
}

void mr_oracle_prepare(const struct mr_oracle *oracle, uint32_t sink, uint32_t n,
    const mr_us *window_starts_us, const mr_us *window_ends_us, const struct mr_value *rows)
{
    const struct mr_sink *of = sink_of(oracle, sink);
    if (of->is_direct) mr_sink_prepare(of, n, window_starts_us, window_ends_us, rows);
}

uint64_t mr_oracle_owed(const struct mr_oracle *oracle, uint32_t sink)
{
    const struct mr_sink *of = sink_of(oracle, sink);
    if (!of->is_direct) return of->ledger.n_owed;
    return of->fold->is_loose ? 0 : of->fold->n_owed;
}

bool mr_oracle_owed_row(const struct mr_oracle *oracle, uint32_t sink, uint64_t i,
    mr_us *window_start_us, mr_us *window_end_us, struct mr_value *row)
{
    const struct mr_sink *of = sink_of(oracle, sink);
    if (i >= mr_oracle_owed(oracle, sink)) return false;
    if (of->is_direct) return mr_sink_owed_pane(of, i, window_start_us, window_end_us, row);
    const struct mr_ledger_item *item = mr_ledger_owed_at(&of->ledger, i);
    MR_ASSERT(item != NULL);
    *window_start_us = item->window_start_us;
    *window_end_us = of->has_windows ? item->window_end_us : MR_US_MAX;
    for (uint32_t k = 0; k < of->n_fields; k++) row[k] = item->values[k];
    return true;
}

/* ---- State ---- */

uint64_t mr_oracle_open_entries(const struct mr_oracle *oracle, uint32_t combine)
{
    const struct mr_timed *timed = timed_of(oracle, combine);
    if (timed) return (uint64_t)timed->sides[0].n + timed->sides[1].n;
    if (gathering_of(oracle, combine)) return gathering_of(oracle, combine)->n_rows;
    const struct mr_fold *fold = fold_of(oracle, combine);
    uint64_t n = 0;
    for (uint32_t i = 0; i < fold->n_windows; i++)
        if (!fold->windows[i]->is_passed) n += fold->windows[i]->groups.n;
    return n;
}

mr_us mr_oracle_earliest_end_us(const struct mr_oracle *oracle, uint32_t combine)
{
    if (timed_of(oracle, combine)) return MR_US_MAX; /* there are no windows */
    if (gathering_of(oracle, combine))
        return mr_gathering_earliest_end_us(gathering_of(oracle, combine));
    const struct mr_fold *fold = fold_of(oracle, combine);
    for (uint32_t i = 0; i < fold->n_windows; i++)
        if (!fold->windows[i]->is_passed && fold->windows[i]->groups.n > 0)
            return fold->windows[i]->end_us;
    return MR_US_MAX;
}

/* Mostly the same as for the entry before. */
static const struct mr_fold_window *open_window(struct mr_fold *fold, mr_us start_us)
{
    struct mr_fold_window *last = fold->last;
    if (last && last->start_us == start_us && !last->is_passed) return last;
    for (uint32_t i = 0; i < fold->n_windows; i++)
        if (fold->windows[i]->start_us == start_us && !fold->windows[i]->is_passed)
            return fold->last = fold->windows[i];
    return NULL;
}

static void tell_state(
    const struct mr_fold *fold, const struct mr_group *group, struct mr_value *expected_results)
{
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        double slack;
        expected_results[i] = (struct mr_value){.type = MR_TYPE_NULL};
        if (group)
            expected_results[i] =
                mr_tally_result(&fold->tallies[i], (const char *)group, group->n_rows, &slack);
    }
}

bool mr_oracle_state_is(const struct mr_oracle *oracle, uint32_t combine, mr_us window_start_us,
    const struct mr_value *keys, const struct mr_value *results,
    struct mr_value *expected_results)
{
    struct mr_fold *fold = fold_of(oracle, combine);
    struct mr_cell cells[MR_FIELDS_MAX];
    uint64_t hash = 0;
    for (uint32_t i = 0; i < fold->n_keys; i++) {
        struct mr_value key = mr_fold_key(fold, i, &keys[i]);
        hash = mr_cell_put(&cells[i], &key, hash);
    }
    const struct mr_fold_window *window = open_window(fold, window_start_us);
    const struct mr_group *group = window ? mr_fold_group_at(window, cells, hash) : NULL;
    bool is_same = group != NULL;
    for (uint32_t i = 0; i < fold->n_tallies && is_same && !fold->is_loose; i++)
        is_same =
            mr_tally_shows(&fold->tallies[i], (const char *)group, group->n_rows, &results[i]);
    if (MR_UNLIKELY(!is_same)) tell_state(fold, group, expected_results);
    return is_same;
}

void mr_oracle_rows_begin(const struct mr_oracle *oracle, uint32_t transform)
{
    if (timed_of(oracle, transform))
        timed_of(oracle, transform)->n_looks++;
    else
        gathering_of(oracle, transform)->n_looks++;
}

bool mr_oracle_rows_hold(const struct mr_oracle *oracle, uint32_t transform, uint32_t input,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row)
{
    if (timed_of(oracle, transform))
        return mr_timed_hold(timed_of(oracle, transform), input, window_start_us, row);
    mr_window_normalize(&window_start_us, &window_end_us);
    return mr_gathering_hold(
        gathering_of(oracle, transform), input, window_start_us, window_end_us, row);
}
