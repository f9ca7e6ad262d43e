/* Machines and panes across checkpoints: what a restore goes back to, and when the oracle hears
 * of what (invariant 2 of panes.c). */
#include <string.h>

#include "scenarios/checks/checks_internal.h"

const struct mr_transform *mr_panes_transform_of(
    const struct mr_checks *checks, uint32_t combine)
{
    return &checks->topology.graph->transforms[checks->topology.combines[combine]];
}

const struct mr_schema *mr_panes_input_of(const struct mr_checks *checks, uint32_t combine)
{
    struct mr_edge edge = mr_panes_transform_of(checks, combine)->inputs[0];
    return &checks->topology.graph->transforms[edge.transform].outputs[edge.output].schema;
}

bool mr_panes_is_watched(const struct mr_checks *checks, uint32_t combine)
{
    return !mr_windowing_is_plain(&mr_panes_transform_of(checks, combine)->windowing);
}

static void free_pane(struct mr_checks *checks, struct mr_owed_pane *pane)
{
    mr_arena_free(checks->arena, pane, pane->bytes);
}

void mr_panes_forget_owed(struct mr_pane_watch *watch)
{
    while (watch->owed) {
        struct mr_owed_pane *next = watch->owed->next;
        free_pane(watch->checks, watch->owed);
        watch->owed = next;
    }
    watch->n_owed = 0;
}

/* ---- Checkpoints ---- */

static void make_machine(struct mr_pane_watch *watch, const struct mr_machine *from)
{
    struct mr_checks *checks = watch->checks;
    const struct mr_transform *transform = mr_panes_transform_of(checks, watch->combine);
    mr_machine_discard(watch->machine);
    watch->machine = from ? mr_machine_copy(from)
                          : mr_machine_new(checks->arena, transform,
                                mr_panes_input_of(checks, watch->combine));
    struct mr_machine_listener listener = {.self = watch, .pane = mr_panes_owe};
    mr_machine_listen(watch->machine, listener);
}

void mr_panes_init(struct mr_checks *checks)
{
    const struct mr_topology *topology = &checks->topology;
    uint32_t n = topology->n_combines * topology->parallelism;
    struct mr_pane_ledger *ledger = &checks->panes;
    ledger->watches = mr_arena_zalloc(checks->arena, sizeof *ledger->watches * (n + 1));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t combine = i / topology->parallelism;
        ledger->watches[i] = (struct mr_pane_watch){
            .checks = checks, .combine = combine, .subtask = i % topology->parallelism};
        ledger->is_needed |= mr_panes_is_watched(checks, combine);
    }
    mr_panes_begin(checks, NULL);
}

void mr_panes_begin(struct mr_checks *checks, const struct mr_cut *from)
{
    const struct mr_topology *topology = &checks->topology;
    uint32_t n = topology->n_combines * topology->parallelism;
    for (uint32_t i = 0; i < n; i++) {
        struct mr_pane_watch *watch = &checks->panes.watches[i];
        if (!mr_panes_is_watched(checks, watch->combine)) continue;
        mr_panes_forget_owed(watch); /* the attempt ended in the middle of it */
        make_machine(watch, from ? from->machines[i] : NULL);
    }
}

void mr_panes_snapshot(struct mr_checks *checks, const struct mr_probe_at *at)
{
    struct mr_pane_watch *watch = mr_panes_watch_at(checks, at);
    if (!watch) return;
    uint32_t index = watch->combine * checks->topology.parallelism + watch->subtask;
    mr_panes_settle(watch);
    if (checks->taking->attempt != at->attempt) return;
    mr_machine_discard(checks->taking->machines[index]);
    checks->taking->machines[index] = mr_machine_copy(watch->machine);
}

void mr_panes_cut_free(struct mr_checks *checks, struct mr_cut *cut)
{
    uint32_t n = checks->topology.n_combines * checks->topology.parallelism;
    for (uint32_t i = 0; i < n; i++) {
        mr_machine_discard(cut->machines[i]);
        cut->machines[i] = NULL;
    }
}

/* ---- The ledger ---- */

static void tell_taken(struct mr_checks *checks, const struct mr_taken_row *row)
{
    mr_oracle_taken(checks->oracle, checks->topology.combines[row->combine],
        row->window_start_us, row->hash);
}

static void complete_taken(struct mr_checks *checks, uint64_t checkpoint)
{
    struct mr_pane_ledger *ledger = &checks->panes;
    uint64_t n_later = 0;
    uint64_t first = ledger->n_taken_final, n = ledger->n_taken - first;
    struct mr_taken_row *later = mr_arena_alloc(checks->arena, sizeof *later * (n + 1));
    for (uint64_t i = first; i < ledger->n_taken; i++) {
        struct mr_taken_row row = ledger->taken[i];
        if (row.epoch > checkpoint) {
            later[n_later++] = row;
            continue;
        }
        tell_taken(checks, &row);
        if (checks->drops.keeps_final) ledger->taken[ledger->n_taken_final++] = row;
    }
    if (n_later) memcpy(ledger->taken + ledger->n_taken_final, later, sizeof *later * n_later);
    ledger->n_taken = ledger->n_taken_final + n_later;
    mr_arena_free(checks->arena, later, sizeof *later * (n + 1));
}

void mr_panes_complete(struct mr_checks *checks, uint64_t checkpoint)
{
    struct mr_pane_ledger *ledger = &checks->panes;
    if (!ledger->is_needed) return;
    complete_taken(checks, checkpoint);
    uint64_t first = ledger->n_panes_final, n = ledger->n_panes - first, n_later = 0;
    struct mr_owed_pane **later = mr_arena_alloc(checks->arena, sizeof *later * (n + 1));
    for (uint64_t i = first; i < ledger->n_panes; i++)
        if (ledger->panes[i]->epoch > checkpoint)
            later[n_later++] = ledger->panes[i];
        else
            ledger->panes[ledger->n_panes_final++] = ledger->panes[i];
    if (n_later) memcpy(ledger->panes + ledger->n_panes_final, later, sizeof *later * n_later);
    MR_ASSERT(ledger->n_panes == ledger->n_panes_final + n_later);
    mr_arena_free(checks->arena, later, sizeof *later * (n + 1));
}

static void report_rows(struct mr_checks *checks, uint32_t combine, enum mr_verdict verdict,
    const char *what, uint64_t n)
{
    struct mr_witness *witness = mr_checks_find(checks, MR_CHECK_EXACTLY_ONCE, verdict, n);
    if (!witness) return;
    mr_witness_at(checks, witness, checks->topology.combines[combine]);
    mr_witness_print(
        witness->summary, sizeof witness->summary, "%s: %llu", what, (unsigned long long)n);
    mr_witness_cause(checks, witness, 0);
}

void mr_panes_give(struct mr_checks *checks, uint32_t combine, bool is_end)
{
    const struct mr_pane_ledger *ledger = &checks->panes;
    if (!mr_panes_is_watched(checks, combine)) return;
    uint64_t n_flowed, n_taken;
    bool is_exact;
    bool is_known = mr_oracle_unaccounted(
        checks->oracle, checks->topology.combines[combine], &n_flowed, &n_taken, &is_exact);
    if (is_known && n_flowed > 0)
        report_rows(checks, combine, MR_VERDICT_LOSS,
            "rows below the checkpoint's offsets that were neither taken in nor dropped",
            n_flowed);
    if (is_known && n_taken > 0 && (is_exact || is_end))
        report_rows(checks, combine, MR_VERDICT_DUPLICATE,
            "rows were taken in more often than they are below the checkpoint's offsets",
            n_taken);
    for (uint64_t i = ledger->n_panes_given; i < ledger->n_panes_final; i++)
        if (ledger->panes[i]->combine == combine)
            mr_oracle_give(
                checks->oracle, checks->topology.combines[combine], &ledger->panes[i]->pane);
}

void mr_panes_given(struct mr_checks *checks)
{
    struct mr_pane_ledger *ledger = &checks->panes;
    if (!ledger->is_needed) return;
    if (checks->drops.keeps_final) {
        ledger->n_panes_given = ledger->n_panes_final;
        return;
    }
    for (uint64_t i = 0; i < ledger->n_panes_final; i++) free_pane(checks, ledger->panes[i]);
    ledger->n_panes -= ledger->n_panes_final;
    if (ledger->n_panes)
        memmove(ledger->panes, ledger->panes + ledger->n_panes_final,
            sizeof(void *) * ledger->n_panes);
    ledger->n_panes_final = 0;
}

void mr_panes_discard(struct mr_checks *checks)
{
    struct mr_pane_ledger *ledger = &checks->panes;
    for (uint64_t i = ledger->n_panes_final; i < ledger->n_panes; i++)
        free_pane(checks, ledger->panes[i]);
    ledger->n_panes = ledger->n_panes_final;
    ledger->n_taken = ledger->n_taken_final;
}

void mr_panes_rewind(struct mr_checks *checks, const struct mr_cut *cut)
{
    struct mr_pane_ledger *ledger = &checks->panes;
    MR_ASSERT(cut->n_panes <= ledger->n_panes && cut->n_taken <= ledger->n_taken);
    for (uint64_t i = cut->n_panes; i < ledger->n_panes; i++)
        free_pane(checks, ledger->panes[i]);
    ledger->n_panes = ledger->n_panes_final = cut->n_panes;
    ledger->n_taken = ledger->n_taken_final = cut->n_taken;
    ledger->n_panes_given = 0;
    for (uint64_t i = 0; i < ledger->n_taken; i++) tell_taken(checks, &ledger->taken[i]);
}

mr_us mr_panes_earliest_end_us(const struct mr_checks *checks, uint32_t combine)
{
    const struct mr_cut *last = mr_cut_last(checks);
    mr_us end_us = MR_US_MAX;
    for (uint32_t i = 0; i < checks->topology.parallelism && last; i++) {
        const struct mr_machine *machine =
            last->machines[combine * checks->topology.parallelism + i];
        mr_us own_us = machine ? mr_machine_earliest_end_us(machine) : MR_US_MAX;
        if (own_us < end_us) end_us = own_us;
    }
    return end_us;
}

bool mr_panes_may_hold_back(const struct mr_checks *checks, uint32_t transform)
{
    const struct mr_transform *at = &checks->topology.graph->transforms[transform];
    for (uint32_t i = 0; i < at->n_inputs; i++) {
        uint32_t input = at->inputs[i].transform;
        const struct mr_transform *from = &checks->topology.graph->transforms[input];
        if (from->kind == MR_COMBINE && !mr_windowing_is_plain(&from->windowing)) return true;
        if (mr_panes_may_hold_back(checks, input)) return true;
    }
    return false;
}
