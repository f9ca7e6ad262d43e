/* Panes that hang on triggers. Each subtask of such a Combine has a reference machine beside
 * it, which sees what the subtask sees, in that order, and says what panes it owes for it.
 *
 * Invariants.
 * 1. What an event owes has come by the next event of the subtask.
 * 2. Panes and rows belong to the epoch in which they came or were taken in; they are final
 * when its checkpoint completes, and never were when an earlier one is restored. */
#include <string.h>

#include "scenarios/checks/checks_internal.h"
#include "scenarios/oracle/tally.h"

/* NULL: nothing of this kind happens there. */
struct mr_pane_watch *mr_panes_watch_at(struct mr_checks *checks, const struct mr_probe_at *at)
{
    const struct mr_topology *topology = &checks->topology;
    if (topology->graph->transforms[at->transform].kind != MR_COMBINE) return NULL;
    uint32_t combine = (uint32_t)topology->role[at->transform];
    struct mr_pane_watch *watch =
        &checks->panes.watches[combine * topology->parallelism + at->subtask];
    return watch->machine ? watch : NULL;
}

/* ---- What is owed ---- */

static uint32_t result_fields(const struct mr_checks *checks, uint32_t combine)
{
    const struct mr_combine *spec = &mr_panes_transform_of(checks, combine)->combine;
    return spec->n_keys + spec->n_aggregates;
}

void mr_panes_owe(void *self, const struct mr_machine_pane *pane)
{
    struct mr_pane_watch *watch = self;
    struct mr_checks *checks = watch->checks;
    uint32_t n = result_fields(checks, watch->combine);
    size_t bytes = sizeof(struct mr_owed_pane) + (sizeof(struct mr_value) + sizeof(double)) * n;
    for (uint32_t i = 0; i < n; i++)
        if (mr_type_is_text((enum mr_type)pane->values[i].type)) bytes += pane->values[i].bytes;
    struct mr_owed_pane *owed = mr_arena_alloc(checks->arena, bytes);
    struct mr_value *values = (struct mr_value *)(owed + 1);
    double *slacks = (double *)(values + n);
    char *texts = (char *)(slacks + n);
    *owed = (struct mr_owed_pane){.pane = *pane,
        .bytes = (uint32_t)bytes,
        .combine = watch->combine,
        .next = watch->owed};
    for (uint32_t i = 0; i < n; i++) {
        values[i] = pane->values[i];
        slacks[i] = pane->slacks[i];
        if (!mr_type_is_text((enum mr_type)values[i].type)) continue;
        values[i].text = texts;
        if (values[i].bytes) memcpy(texts, pane->values[i].text, values[i].bytes);
        texts += values[i].bytes;
    }
    owed->pane.values = values;
    owed->pane.slacks = slacks;
    watch->owed = owed;
    watch->n_owed++;
}

static void show_pane(char *out, size_t size, const struct mr_checks *checks, uint32_t combine,
    const struct mr_machine_pane *pane)
{
    static const char *const timings[] = {"early", "on time", "late", "untimed"};
    static const char *const kinds[] = {
        "", ", taken back", ", anew", ", deleted"}; /* by kind */
    const struct mr_transform *transform = mr_panes_transform_of(checks, combine);
    char at[MR_TIME_TEXT_BYTES];
    mr_timestamp_format(pane->at_us, at);
    mr_witness_row(out, size, &transform->outputs[0].schema, pane->values);
    mr_witness_append(out, size, " pane %u (%d) %s%s%s at %s", pane->index,
        pane->nonspeculative_index, timings[pane->timing & 3], pane->is_last ? ", last" : "",
        kinds[pane->kind & 3], at);
}

/* The witness of a broken contract but for what was wrong; NULL when there is one already. */
static struct mr_witness *find(struct mr_pane_watch *watch, const struct mr_value *row,
    mr_us start_us, mr_us end_us, uint64_t n)
{
    struct mr_checks *checks = watch->checks;
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_PANE_CONTRACT, n);
    if (!witness) return NULL;
    const struct mr_transform *transform = mr_panes_transform_of(checks, watch->combine);
    int keys[MR_FIELDS_MAX];
    for (uint32_t i = 0; i < transform->combine.n_keys; i++) keys[i] = (int)i;
    mr_witness_at(checks, witness, transform->id);
    mr_witness_window(witness, start_us, end_us);
    mr_witness_key(witness, row, keys, transform->combine.n_keys);
    mr_witness_cause(checks, witness, 0);
    return witness;
}

/* Invariant 1. */
void mr_panes_settle(struct mr_pane_watch *watch)
{
    if (watch->n_owed == 0) return;
    struct mr_machine_pane *first = &watch->owed->pane;
    struct mr_witness *witness =
        find(watch, first->values, first->start_us, first->end_us, watch->n_owed);
    if (witness) {
        mr_witness_print(witness->summary, sizeof witness->summary,
            "subtask %u went on without a pane that its trigger owes", watch->subtask);
        show_pane(
            witness->expected, sizeof witness->expected, watch->checks, watch->combine, first);
    }
    mr_panes_forget_owed(watch);
}

/* ---- Events ---- */

static void note_taken(struct mr_checks *checks, const struct mr_pane_watch *watch,
    uint64_t epoch, mr_us start_us, uint64_t hash)
{
    struct mr_pane_ledger *ledger = &checks->panes;
    if (ledger->n_taken == ledger->taken_capacity) {
        uint64_t capacity = ledger->taken_capacity ? ledger->taken_capacity * 2 : 64;
        ledger->taken = mr_arena_grow(checks->arena, ledger->taken,
            sizeof *ledger->taken * ledger->taken_capacity, sizeof *ledger->taken * capacity);
        ledger->taken_capacity = capacity;
    }
    ledger->taken[ledger->n_taken++] = (struct mr_taken_row){
        .combine = watch->combine, .epoch = epoch, .window_start_us = start_us, .hash = hash};
}

void mr_panes_accepted(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_batch *batch, uint32_t row, mr_us start_us, mr_us end_us)
{
    struct mr_pane_watch *watch = mr_panes_watch_at(checks, at);
    if (!watch) return;
    struct mr_value values[MR_FIELDS_MAX];
    for (uint32_t i = 0; i < batch->n_columns; i++)
        values[i] = mr_column_value(&batch->columns[i], row);
    mr_panes_settle(watch);
    note_taken(checks, watch, at->epoch, start_us,
        mr_oracle_row_hash(checks->oracle, at->transform, start_us, end_us, values));
    if (mr_machine_row(
            watch->machine, at->at_ns, values, batch->times_us[row], start_us, end_us))
        return;
    struct mr_witness *witness = find(watch, values, start_us, end_us, 1);
    if (!witness) return;
    const struct mr_transform *transform = mr_panes_transform_of(checks, watch->combine);
    mr_witness_key(witness, values, transform->combine.key_fields, transform->combine.n_keys);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "subtask %u took a row into a window that had expired", watch->subtask);
    mr_witness_row(witness->actual, sizeof witness->actual,
        mr_panes_input_of(checks, watch->combine), values);
}

void mr_panes_batch(struct mr_checks *checks, const struct mr_probe_at *at)
{
    struct mr_pane_watch *watch = mr_panes_watch_at(checks, at);
    if (!watch) return;
    mr_panes_settle(watch);
    mr_machine_batch(watch->machine, at->at_ns);
}

void mr_panes_time(struct mr_checks *checks, const struct mr_probe_at *at)
{
    struct mr_pane_watch *watch = mr_panes_watch_at(checks, at);
    if (!watch) return;
    mr_panes_settle(watch);
    mr_machine_time(watch->machine, at->at_ns);
}

void mr_panes_watermark(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us)
{
    struct mr_pane_watch *watch = mr_panes_watch_at(checks, at);
    if (!watch) return;
    mr_panes_settle(watch);
    mr_machine_watermark(watch->machine, at->at_ns, watermark_us);
}

/* ---- Panes that come ---- */

static struct mr_machine_pane pane_of(
    const struct mr_batch *rows, uint32_t row, struct mr_value *values)
{
    const struct mr_pane *pane = &rows->panes[row];
    for (uint32_t i = 0; i < rows->n_columns; i++)
        values[i] = mr_column_value(&rows->columns[i], row);
    bool is_early = pane->nonspeculative_index == MR_PANE_SPECULATIVE;
    return (struct mr_machine_pane){.start_us = rows->window_starts_us[row],
        .end_us = rows->window_ends_us[row],
        .at_us = rows->times_us[row],
        .index = pane->index,
        .nonspeculative_index = is_early ? -1 : pane->nonspeculative_index,
        .timing = pane->timing,
        .is_last = pane->is_last,
        .kind = rows->kinds ? rows->kinds[row] : MR_ROW_INSERT,
        .values = values};
}

/* Whether both are panes of one window and key; of one that may fire twice at once, the same
 * one of them. */
static bool is_of(
    const struct mr_machine_pane *owed, const struct mr_machine_pane *came, uint32_t n_keys)
{
    if (owed->start_us != came->start_us || owed->end_us != came->end_us) return false;
    for (uint32_t i = 0; i < n_keys; i++)
        if (!mr_value_same(owed->values[i], came->values[i])) return false;
    return true;
}

static bool is_right(
    const struct mr_machine_pane *owed, const struct mr_machine_pane *came, uint32_t n_fields)
{
    for (uint32_t i = 0; i < n_fields; i++)
        if (!mr_value_near(owed->values[i], came->values[i], owed->slacks[i])) return false;
    return owed->at_us == came->at_us && owed->index == came->index &&
           owed->nonspeculative_index == came->nonspeculative_index &&
           owed->timing == came->timing && owed->is_last == came->is_last &&
           owed->kind == came->kind;
}

/* Takes out the pane that came, or else one of its window and key. NULL: none is owed. */
static struct mr_owed_pane *take_owed(
    struct mr_pane_watch *watch, const struct mr_machine_pane *came, bool *is_as_owed)
{
    const struct mr_checks *checks = watch->checks;
    uint32_t n_keys = mr_panes_transform_of(checks, watch->combine)->combine.n_keys;
    uint32_t n_fields = result_fields(checks, watch->combine);
    struct mr_owed_pane **found = NULL;
    *is_as_owed = false;
    for (struct mr_owed_pane **at = &watch->owed; *at && !*is_as_owed; at = &(*at)->next) {
        if (!is_of(&(*at)->pane, came, n_keys)) continue;
        found = at;
        *is_as_owed = is_right(&(*at)->pane, came, n_fields);
    }
    if (!found) return NULL;
    struct mr_owed_pane *owed = *found;
    *found = owed->next;
    watch->n_owed--;
    return owed;
}

static void report_pane(struct mr_pane_watch *watch, const struct mr_machine_pane *came,
    const struct mr_owed_pane *owed)
{
    struct mr_witness *witness = find(watch, came->values, came->start_us, came->end_us, 1);
    if (!witness) return;
    mr_witness_print(witness->summary, sizeof witness->summary,
        owed ? "subtask %u fired another pane than its trigger owes"
             : "subtask %u fired a pane that its trigger does not owe",
        watch->subtask);
    show_pane(witness->actual, sizeof witness->actual, watch->checks, watch->combine, came);
    if (owed)
        show_pane(witness->expected, sizeof witness->expected, watch->checks, watch->combine,
            &owed->pane);
}

/* The pane that was owed is what the sinks owe from now on. */
static void keep_pane(struct mr_checks *checks, struct mr_owed_pane *pane, uint64_t epoch)
{
    struct mr_pane_ledger *ledger = &checks->panes;
    if (ledger->n_panes == ledger->panes_capacity) {
        uint64_t capacity = ledger->panes_capacity ? ledger->panes_capacity * 2 : 64;
        ledger->panes = mr_arena_grow(checks->arena, ledger->panes,
            sizeof(void *) * ledger->panes_capacity, sizeof(void *) * capacity);
        ledger->panes_capacity = capacity;
    }
    pane->epoch = epoch;
    pane->next = NULL;
    ledger->panes[ledger->n_panes++] = pane;
}

void mr_panes_fired(
    struct mr_checks *checks, const struct mr_probe_at *at, const struct mr_batch *rows)
{
    struct mr_pane_watch *watch = mr_panes_watch_at(checks, at);
    if (!watch) return;
    for (uint32_t i = 0; i < rows->n_selected; i++) {
        struct mr_value values[MR_FIELDS_MAX];
        bool is_as_owed;
        struct mr_machine_pane came = pane_of(rows, mr_batch_row(rows, i), values);
        struct mr_owed_pane *owed = take_owed(watch, &came, &is_as_owed);
        if (!is_as_owed) report_pane(watch, &came, owed);
        if (owed) keep_pane(checks, owed, at->epoch);
    }
}
