/* Lookup: a row gets what the table has under its key. Which rows were still under way at a
 * checkpoint, and which failed because the service did, nobody can know but the run: it is
 * told, and each row that was told of must come. */
#include "scenarios/oracle/oracle_internal.h"

/* A row that waits for the next checkpoint; its values and texts lie behind it. */
struct mr_lookup_held {
    struct mr_lookup_held *next;
    size_t bytes;
    struct mr_flow_row row;
};

/* What is told and what comes are the same row when all but the inexact fields agree. */
static uint64_t hash_of(const struct mr_lookup_state *state, const struct mr_value *values,
    mr_us at_us, mr_us start_us, mr_us end_us)
{
    mr_window_normalize(&start_us, &end_us);
    uint64_t hash = mr_digest_mix((uint64_t)start_us, (uint64_t)end_us);
    hash = mr_digest_mix(hash, (uint64_t)at_us);
    for (uint32_t i = 0; i < state->n_fields; i++)
        if (!mr_bit(state->inexact_fields, i))
            hash = mr_digest_mix(hash, mr_value_hash(values[i]));
    return hash;
}

static struct mr_lookup_state *state_of(struct mr_oracle *oracle, uint32_t lookup)
{
    MR_ASSERT(lookup < oracle->graph->n_transforms && oracle->steps[lookup].lookup);
    return oracle->steps[lookup].lookup;
}

void mr_oracle_table(struct mr_oracle *oracle, const struct mr_oracle_table *table)
{
    struct mr_lookup_state *state = state_of(oracle, table->transform);
    state->table = *table;
}

void mr_oracle_lookup_failed(struct mr_oracle *oracle, uint32_t lookup,
    enum mr_lookup_outcome outcome, mr_us at_us, mr_us window_start_us, mr_us window_end_us,
    const struct mr_value *row)
{
    struct mr_lookup_state *state = state_of(oracle, lookup);
    MR_ASSERT(outcome == MR_LOOKUP_TIMED_OUT || outcome == MR_LOOKUP_FAILED);
    mr_drops_add(&state->failed[outcome], oracle->arena, window_start_us,
        hash_of(state, row, at_us, window_start_us, window_end_us));
}

void mr_oracle_lookup_under_way(struct mr_oracle *oracle, uint32_t lookup, mr_us at_us,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row)
{
    struct mr_lookup_state *state = state_of(oracle, lookup);
    mr_drops_add(&state->under_way, oracle->arena, window_start_us,
        hash_of(state, row, at_us, window_start_us, window_end_us));
}

uint64_t mr_oracle_unmatched_lookups(const struct mr_oracle *oracle, uint32_t lookup)
{
    const struct mr_lookup_state *state = oracle->steps[lookup].lookup;
    uint64_t n = state->under_way.n;
    for (int i = 0; i < MR_LOOKUP_OUTCOMES; i++) n += state->failed[i].n;
    return state->is_loose ? 0 : n;
}

/* ---- Rows that wait ---- */

static void keep(
    struct mr_oracle *oracle, struct mr_lookup_state *state, const struct mr_flow_row *row)
{
    uint32_t n = state->n_fields;
    size_t bytes =
        sizeof(struct mr_lookup_held) + n * (sizeof(struct mr_value) + sizeof(double));
    for (uint32_t i = 0; i < n; i++) bytes += row->values[i].bytes;
    struct mr_lookup_held *held = mr_arena_alloc(oracle->arena, bytes);
    *held = (struct mr_lookup_held){.bytes = bytes, .row = *row};
    struct mr_value *values = (struct mr_value *)(held + 1);
    double *slacks = (double *)(values + n);
    char *texts = (char *)(slacks + n);
    for (uint32_t i = 0; i < n; i++) {
        values[i] = row->values[i];
        slacks[i] = row->slacks ? row->slacks[i] : 0;
        if (!mr_type_is_text((enum mr_type)values[i].type)) continue;
        memcpy(texts, values[i].text, values[i].bytes);
        values[i].text = texts;
        texts += values[i].bytes;
    }
    held->row.values = values;
    held->row.slacks = row->slacks ? slacks : NULL;
    if (state->last)
        state->last->next = held;
    else
        state->first = held;
    state->last = held;
}

void mr_oracle_lookup_release(struct mr_oracle *oracle, uint32_t lookup)
{
    struct mr_lookup_state *state = state_of(oracle, lookup);
    struct mr_lookup_held *next;
    struct mr_lookup_held *held = state->first;
    state->first = state->last = NULL;
    for (; held; held = next) {
        next = held->next;
        mr_flow_lookup(oracle, &oracle->steps[lookup], &held->row);
        mr_flow_flush(oracle);
        mr_arena_free(oracle->arena, held, held->bytes);
    }
}

void mr_lookup_state_discard(struct mr_oracle *oracle, struct mr_lookup_state *state)
{
    struct mr_lookup_held *next;
    for (struct mr_lookup_held *held = state->first; held; held = next) {
        next = held->next;
        mr_arena_free(oracle->arena, held, held->bytes);
    }
    mr_drops_deinit(&state->under_way, oracle->arena);
    for (int i = 0; i < MR_LOOKUP_OUTCOMES; i++)
        mr_drops_deinit(&state->failed[i], oracle->arena);
    mr_arena_free(oracle->arena, state, sizeof *state);
}

/* ---- Rows on their way ---- */

static void fail(struct mr_oracle *oracle, const struct mr_step *step,
    const struct mr_flow_row *row, enum mr_lookup_outcome outcome)
{
    struct mr_value text = mr_text_value(step->transform->lookup.failures[outcome]);
    struct mr_flow_row failed = *row;
    if (!step->transform->lookup.is_ordered) failed.origin = 0;
    mr_flow_fail(oracle, step, &failed, mr_message_value(oracle, text), text);
}

static void look_up(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    const struct mr_lookup *lookup = &step->transform->lookup;
    const struct mr_lookup_state *state = step->lookup;
    uint32_t n_new = lookup->fields.n_fields, n = state->n_fields + n_new;
    struct mr_value *values = mr_scratch_array(&oracle->scratch, struct mr_value, n + 1);
    memcpy(values, row->values, sizeof *values * state->n_fields);
    for (uint32_t i = 0; i < n_new; i++)
        values[state->n_fields + i] = (struct mr_value){.type = MR_TYPE_NULL};
    struct mr_value key = row->values[lookup->key_field];
    bool is_found = key.type != MR_TYPE_NULL && state->table.find &&
                    state->table.find(state->table.self, key, values + state->n_fields);
    if (!is_found && lookup->on_missing == MR_LOOKUP_DROP) return;
    if (!is_found && lookup->on_missing == MR_LOOKUP_IS_ERROR) {
        fail(oracle, step, row, MR_LOOKUP_NO_ROW);
        return;
    }
    struct mr_flow_row rich = *row;
    rich.values = values;
    if (!lookup->is_ordered) rich.origin = 0;
    if (row->slacks) {
        double *slacks = mr_scratch_array(&oracle->scratch, double, n);
        memset(slacks, 0, sizeof *slacks * n);
        memcpy(slacks, row->slacks, sizeof *slacks * state->n_fields);
        rich.slacks = slacks;
    }
    mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, &rich);
}

void mr_flow_lookup(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    struct mr_lookup_state *state = step->lookup;
    if (oracle->target) { /* rows are only traced */
        look_up(oracle, step, row);
        return;
    }
    mr_us start_us, end_us;
    mr_flow_window(&step->transform->windowing, row, &start_us, &end_us);
    uint64_t hash = hash_of(state, row->values, row->at_us, start_us, end_us);
    if (mr_drops_take(&state->under_way, hash)) {
        keep(oracle, state, row);
        return;
    }
    for (int i = MR_LOOKUP_TIMED_OUT; i <= MR_LOOKUP_FAILED; i++)
        if (mr_drops_take(&state->failed[i], hash)) {
            fail(oracle, step, row, (enum mr_lookup_outcome)i);
            return;
        }
    look_up(oracle, step, row);
}
