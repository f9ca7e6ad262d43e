/* Combines whose panes are given, not found: what a reference machine says they owe. */
#include "scenarios/oracle/oracle_internal.h"
#include "scenarios/oracle/trigger_machine.h"

uint64_t mr_oracle_row_hash(const struct mr_oracle *oracle, uint32_t combine,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row)
{
    mr_window_normalize(&window_start_us, &window_end_us);
    return mr_fold_row_hash(oracle->steps[combine].fold, window_start_us, window_end_us, row);
}

void mr_oracle_taken(
    struct mr_oracle *oracle, uint32_t combine, mr_us window_start_us, uint64_t row_hash)
{
    struct mr_fold *fold = oracle->steps[combine].fold;
    if (!mr_drops_take(&fold->flowed, row_hash))
        mr_drops_add(&fold->taken, oracle->arena, window_start_us, row_hash);
}

void mr_oracle_give(
    struct mr_oracle *oracle, uint32_t combine, const struct mr_machine_pane *pane)
{
    struct mr_flow_row row = {.values = pane->values,
        .at_us = pane->at_us,
        .has_window = true,
        .window_start_us = pane->start_us,
        .window_end_us = pane->end_us,
        .has_pane = true,
        .kind = (uint8_t)pane->kind,
        .pane = {.index = pane->index,
            .nonspeculative_index = (uint16_t)pane->nonspeculative_index,
            .timing = (uint8_t)pane->timing,
            .is_last = pane->is_last}};
    if (oracle->steps[combine].outputs[MR_OUTPUT_MAIN].inexact_fields)
        row.slacks = pane->slacks;
    mr_window_normalize(&row.window_start_us, &row.window_end_us);
    mr_flow_emit(oracle, combine, MR_OUTPUT_MAIN, &row);
    mr_flow_flush(oracle);
}

/* A Combine without triggers, or a Join, upstream passes on what all subtasks have fired; some
 * have fired more. */
static bool is_behind_plain(const struct mr_oracle *oracle, const struct mr_transform *at)
{
    for (uint32_t i = 0; i < at->n_inputs; i++) {
        const struct mr_step *input = &oracle->steps[at->inputs[i].transform];
        bool is_given = input->fold && input->fold->is_given;
        if (mr_transform_has_panes(input->transform) && !is_given) return true;
        if (is_behind_plain(oracle, input->transform)) return true;
    }
    return false;
}

bool mr_oracle_unaccounted(const struct mr_oracle *oracle, uint32_t combine, uint64_t *n_flowed,
    uint64_t *n_taken, bool *is_exact)
{
    const struct mr_fold *fold = oracle->steps[combine].fold;
    *n_flowed = fold->flowed.n;
    *n_taken = fold->taken.n;
    *is_exact = !is_behind_plain(oracle, fold->transform);
    return !fold->is_loose;
}
