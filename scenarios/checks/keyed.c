/* Transforms with state by key: what each subtask met, by epoch, for the oracle's machines; and
 * whether that is what it should have met. */
#include <string.h>

#include "scenarios/checks/checks_internal.h"

void mr_keyed_init(struct mr_checks *checks)
{
    const struct mr_manifest *manifest = checks->config.manifest;
    for (uint32_t i = 0; i < manifest->n_job_steps; i++)
        if (manifest->job_steps[i].checkpoints_back > 0) checks->met.keeps_final = true;
}

static struct mr_met_event *add(
    struct mr_checks *checks, const struct mr_probe_at *at, enum mr_oracle_event_kind kind)
{
    struct mr_met_ledger *ledger = &checks->met;
    if (ledger->n == ledger->capacity) {
        uint64_t capacity = ledger->capacity ? ledger->capacity * 2 : 64;
        ledger->list = mr_arena_grow(checks->arena, ledger->list,
            sizeof *ledger->list * ledger->capacity, sizeof *ledger->list * capacity);
        ledger->capacity = capacity;
    }
    struct mr_met_event *met = &ledger->list[ledger->n++];
    *met = (struct mr_met_event){.epoch = at->epoch};
    met->event = (struct mr_oracle_event){
        .kind = kind, .transform = at->transform, .subtask = at->subtask};
    return met;
}

/* A copy with its texts behind the values. */
static void keep_row(struct mr_checks *checks, const struct mr_batch *batch, uint32_t row,
    struct mr_met_event *met)
{
    uint32_t n_fields = batch->n_columns;
    struct mr_value values[MR_FIELDS_MAX];
    met->row_bytes = (uint32_t)sizeof(struct mr_value) * (n_fields + 1);
    for (uint32_t i = 0; i < n_fields; i++) {
        values[i] = mr_column_value(&batch->columns[i], row);
        met->row_bytes += values[i].bytes;
    }
    struct mr_value *kept = mr_arena_alloc(checks->arena, met->row_bytes);
    char *texts = (char *)(kept + n_fields + 1);
    for (uint32_t i = 0; i < n_fields; i++) {
        kept[i] = values[i];
        if (!mr_type_is_text((enum mr_type)values[i].type)) continue;
        kept[i].text = texts;
        if (values[i].bytes) memcpy(texts, values[i].text, values[i].bytes);
        texts += values[i].bytes;
    }
    met->event.row = kept;
}

void mr_keyed_met_row(struct mr_checks *checks, const struct mr_probe_at *at, uint32_t input,
    const struct mr_batch *batch, uint32_t row, mr_us now_us)
{
    struct mr_met_event *met = add(checks, at, MR_EVENT_ROW);
    met->event.input = input;
    met->event.now_us = now_us;
    met->event.at_us = batch->times_us[row];
    met->event.has_window = batch->window_starts_us != NULL;
    if (met->event.has_window) {
        met->event.window_start_us = batch->window_starts_us[row];
        met->event.window_end_us = batch->window_ends_us[row];
    }
    keep_row(checks, batch, row, met);
}

void mr_keyed_met_time(struct mr_checks *checks, const struct mr_probe_at *at,
    enum mr_oracle_event_kind kind, mr_us watermark_us, mr_us now_us)
{
    struct mr_met_event *met = add(checks, at, kind);
    met->event.at_us = watermark_us;
    met->event.now_us = now_us;
}

static void forget(struct mr_checks *checks, struct mr_met_event *met)
{
    if (met->event.row)
        mr_arena_free(checks->arena, (void *)(uintptr_t)met->event.row, met->row_bytes);
}

void mr_keyed_complete(struct mr_checks *checks, uint64_t checkpoint)
{
    struct mr_met_ledger *ledger = &checks->met;
    uint64_t n_all = ledger->n - ledger->n_final;
    if (n_all == 0) return;
    struct mr_met_event *later = mr_arena_alloc(checks->arena, sizeof *later * n_all);
    uint64_t n_later = 0;
    for (uint64_t i = ledger->n_final; i < ledger->n; i++) {
        struct mr_met_event met = ledger->list[i];
        if (met.epoch > checkpoint) {
            later[n_later++] = met;
            continue;
        }
        mr_oracle_replay(checks->oracle, &met.event);
        if (ledger->keeps_final)
            ledger->list[ledger->n_final++] = met;
        else
            forget(checks, &met);
    }
    if (n_later) memcpy(ledger->list + ledger->n_final, later, sizeof *later * n_later);
    ledger->n = ledger->n_final + n_later;
    mr_arena_free(checks->arena, later, sizeof *later * n_all);
}

void mr_keyed_discard(struct mr_checks *checks)
{
    struct mr_met_ledger *ledger = &checks->met;
    for (uint64_t i = ledger->n_final; i < ledger->n; i++) forget(checks, &ledger->list[i]);
    ledger->n = ledger->n_final;
}

void mr_keyed_rewind(struct mr_checks *checks, uint64_t n_final)
{
    struct mr_met_ledger *ledger = &checks->met;
    MR_ASSERT(ledger->keeps_final && n_final <= ledger->n_final);
    MR_ASSERT(ledger->n == ledger->n_final);
    for (uint64_t i = n_final; i < ledger->n; i++) forget(checks, &ledger->list[i]);
    ledger->n = n_final;
    ledger->n_final = n_final;
    for (uint64_t i = 0; i < n_final; i++)
        mr_oracle_replay(checks->oracle, &ledger->list[i].event);
}

/* ---- What should have been met ---- */

static void report(struct mr_checks *checks, uint32_t transform, enum mr_verdict verdict,
    uint64_t n, bool is_missing)
{
    struct mr_witness *witness = mr_checks_find(checks, MR_CHECK_EXACTLY_ONCE, verdict, n);
    if (!witness) return;
    const struct mr_cut *last = mr_cut_last(checks);
    mr_witness_at(checks, witness, transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        is_missing
            ? "rows that '%s' should have met by checkpoint %llu and has not: %llu"
            : "rows that '%s' met by checkpoint %llu and that its inputs do not have, or "
              "not so often: %llu",
        checks->topology.graph->transforms[transform].name,
        (unsigned long long)(last ? last->checkpoint : 0), (unsigned long long)n);
    mr_witness_print(
        witness->expected, sizeof witness->expected, "each row of its inputs, once");
    mr_witness_print(witness->actual, sizeof witness->actual, "%llu %s", (unsigned long long)n,
        is_missing ? "missing" : "too many");
    mr_witness_cause(checks, witness, 0);
}

void mr_keyed_account(struct mr_checks *checks, uint32_t transform, bool is_end)
{
    if (!checks->topology.graph->transforms[transform].keyed) return;
    struct mr_unmet rows = mr_oracle_unmet(checks->oracle, transform, is_end);
    if (rows.n_missing + rows.n_surplus <= checks->met.n_reported) return;
    checks->met.n_reported = rows.n_missing + rows.n_surplus;
    if (rows.n_missing) report(checks, transform, MR_VERDICT_LOSS, rows.n_missing, true);
    if (rows.n_surplus)
        report(checks, transform, rows.n_missing ? MR_VERDICT_WRONG : MR_VERDICT_DUPLICATE,
            rows.n_surplus, false);
}

/* Rows that a window was over for count as dropped. */
void mr_keyed_finish(struct mr_checks *checks)
{
    const struct mr_graph *graph = checks->topology.graph;
    for (uint32_t i = 0; i < graph->n_transforms; i++)
        if (graph->transforms[i].keyed)
            checks->counts.rows_dropped += mr_oracle_dropped(checks->oracle, i);
}
