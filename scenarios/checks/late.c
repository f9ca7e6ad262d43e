/* Late drops: a ledger by epoch, whether each was legitimate, and whether they were too many.
 */
#include <string.h>

#include "scenarios/checks/checks_internal.h"

void mr_late_init(struct mr_checks *checks)
{
    const struct mr_manifest *manifest = checks->config.manifest;
    for (uint32_t i = 0; i < manifest->n_job_steps; i++)
        if (manifest->job_steps[i].checkpoints_back > 0) checks->drops.keeps_final = true;
}

static const struct mr_schema *input_schema(
    const struct mr_checks *checks, const struct mr_drop *drop)
{
    const struct mr_transform *transforms = checks->topology.graph->transforms;
    const struct mr_edge *edge = &transforms[drop->combine].inputs[drop->input];
    return &transforms[edge->transform].outputs[edge->output].schema;
}

void mr_drop_keep_row(
    struct mr_checks *checks, const struct mr_batch *batch, uint32_t row, struct mr_drop *drop)
{
    uint32_t n_fields = batch->n_columns;
    struct mr_value values[MR_FIELDS_MAX];
    drop->row_bytes = (uint32_t)sizeof(struct mr_value) * n_fields;
    for (uint32_t i = 0; i < n_fields; i++) {
        values[i] = mr_column_value(&batch->columns[i], row);
        drop->row_bytes += values[i].bytes;
    }
    drop->row = mr_arena_alloc(checks->arena, drop->row_bytes);
    char *texts = (char *)(drop->row + n_fields);
    for (uint32_t i = 0; i < n_fields; i++) {
        drop->row[i] = values[i];
        if (!mr_type_is_text((enum mr_type)values[i].type)) continue;
        drop->row[i].text = texts;
        memcpy(texts, values[i].text, values[i].bytes);
        texts += values[i].bytes;
    }
}

static void report_false_late(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_drop *drop, mr_us proven_us)
{
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_FALSE_LATE, 1);
    if (!witness) return;
    const struct mr_transform *transform = &checks->topology.graph->transforms[drop->combine];
    char horizon[MR_TIME_TEXT_BYTES], proven[MR_TIME_TEXT_BYTES];
    mr_timestamp_format(
        mr_us_add(drop->window_end_us, transform->windowing.allowed_lateness_us), horizon);
    mr_timestamp_format(proven_us, proven);
    mr_witness_at(checks, witness, drop->combine);
    mr_witness_window(witness, drop->window_start_us, drop->window_end_us);
    if (transform->kind == MR_COMBINE)
        mr_witness_key(
            witness, drop->row, transform->combine.key_fields, transform->combine.n_keys);
    if (transform->kind == MR_JOIN || transform->kind == MR_JOIN_STREAMS)
        mr_witness_key(witness, drop->row, transform->join.key_fields[drop->input],
            transform->join.n_keys);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "subtask %u dropped a row as late whose window expires at %s, while the rows read put "
        "the "
        "watermark at %s",
        at->subtask, horizon, proven);
    mr_witness_print(witness->expected, sizeof witness->expected, "taken in");
    mr_witness_print(witness->actual, sizeof witness->actual, "dropped");
    witness->n_inputs = 1;
    mr_witness_row(witness->inputs[0], sizeof witness->inputs[0],
        input_schema(checks, drop), drop->row);
    mr_witness_cause(checks, witness, 0);
}

static struct mr_drop *add(struct mr_checks *checks, const struct mr_batch *batch, uint32_t row,
    struct mr_drop entry)
{
    struct mr_drop_ledger *ledger = &checks->drops;
    if (ledger->n == ledger->capacity) {
        uint64_t capacity = ledger->capacity ? ledger->capacity * 2 : 64;
        ledger->list = mr_arena_grow(checks->arena, ledger->list,
            sizeof *ledger->list * ledger->capacity, sizeof *ledger->list * capacity);
        ledger->capacity = capacity;
    }
    struct mr_drop *drop = &ledger->list[ledger->n++];
    *drop = entry;
    mr_drop_keep_row(checks, batch, row, drop);
    return drop;
}

void mr_late_add_failed(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_batch *batch, enum mr_lookup_outcome outcome, mr_us window_start_us,
    mr_us window_end_us)
{
    add(checks, batch, mr_batch_row(batch, 0),
        (struct mr_drop){.combine = at->transform,
            .outcome = (int)outcome,
            .at_us = batch->times_us[mr_batch_row(batch, 0)],
            .epoch = at->epoch,
            .window_start_us = window_start_us,
            .window_end_us = window_end_us});
}

void mr_late_add(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_batch *batch, uint32_t row, mr_us window_start_us, mr_us window_end_us)
{
    struct mr_drop *drop = add(checks, batch, row,
        (struct mr_drop){.combine = at->transform,
            .input = at->input,
            .epoch = at->epoch,
            .window_start_us = window_start_us,
            .window_end_us = window_end_us});
    const struct mr_task_model *task =
        &checks->tasks[mr_topology_task(&checks->topology, at->transform, at->subtask)];
    mr_us lateness_us =
        checks->topology.graph->transforms[at->transform].windowing.allowed_lateness_us;
    if (mr_us_add(window_end_us, lateness_us) > task->proven_us)
        report_false_late(checks, at, drop, task->proven_us);
}

static void tell_oracle(struct mr_checks *checks, const struct mr_drop *drop)
{
    if (drop->outcome) {
        mr_oracle_lookup_failed(checks->oracle, drop->combine,
            (enum mr_lookup_outcome)drop->outcome, drop->at_us, drop->window_start_us, drop->window_end_us,
            drop->row);
        return;
    }
    mr_oracle_drop_input(checks->oracle, drop->combine, drop->input, drop->window_start_us,
        drop->window_end_us, drop->row);
}

static void forget(struct mr_checks *checks, struct mr_drop *drop)
{
    mr_arena_free(checks->arena, drop->row, drop->row_bytes);
}

void mr_late_complete(struct mr_checks *checks, uint64_t checkpoint)
{
    struct mr_drop_ledger *ledger = &checks->drops;
    uint64_t n_all = ledger->n - ledger->n_final;
    if (n_all == 0) return;
    struct mr_drop *later = mr_arena_alloc(checks->arena, sizeof *later * n_all);
    uint64_t n_later = 0;
    for (uint64_t i = ledger->n_final; i < ledger->n; i++) {
        struct mr_drop drop = ledger->list[i];
        if (drop.epoch > checkpoint) {
            later[n_later++] = drop;
            continue;
        }
        tell_oracle(checks, &drop);
        checks->counts.rows_dropped += drop.outcome == 0;
        if (ledger->keeps_final)
            ledger->list[ledger->n_final++] = drop;
        else
            forget(checks, &drop);
    }
    if (n_later) memcpy(ledger->list + ledger->n_final, later, sizeof *later * n_later);
    ledger->n = ledger->n_final + n_later;
    mr_arena_free(checks->arena, later, sizeof *later * n_all);
}

void mr_late_discard(struct mr_checks *checks)
{
    struct mr_drop_ledger *ledger = &checks->drops;
    for (uint64_t i = ledger->n_final; i < ledger->n; i++) forget(checks, &ledger->list[i]);
    ledger->n = ledger->n_final;
}

void mr_late_rewind(struct mr_checks *checks, uint64_t n_final)
{
    struct mr_drop_ledger *ledger = &checks->drops;
    MR_ASSERT(ledger->keeps_final && n_final <= ledger->n_final);
    MR_ASSERT(ledger->n == ledger->n_final);
    for (uint64_t i = n_final; i < ledger->n; i++) {
        checks->counts.rows_dropped -= ledger->list[i].outcome == 0;
        forget(checks, &ledger->list[i]);
    }
    ledger->n = n_final;
    ledger->n_final = n_final;
    for (uint64_t i = 0; i < n_final; i++) tell_oracle(checks, &ledger->list[i]);
}

/* Whether the drops are too many. */

static uint64_t rows_folded(const struct mr_checks *checks)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++)
        n += (uint64_t)checks->folded[i];
    return n;
}

void mr_late_finish(struct mr_checks *checks)
{
    struct mr_ratio limit = checks->config.scenario->check.dropped_at_most;
    uint64_t n_read = rows_folded(checks);
    uint64_t n_dropped = checks->counts.rows_dropped;
    if (limit.whole == 0 || n_dropped * limit.whole <= n_read * limit.part) return;
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_LATE, MR_VERDICT_LATE, n_dropped);
    if (!witness) return;
    char most[MR_TIME_TEXT_BYTES], nearly_all[MR_TIME_TEXT_BYTES];
    struct mr_disorder disorder = mr_disorder_measure(checks, n_read);
    mr_duration_format(mr_ns_from_us(disorder.most_us), most);
    mr_duration_format(mr_ns_from_us(disorder.nearly_all_us), nearly_all);
    uint32_t n_combines = checks->topology.n_combines;
    if (n_combines > 0)
        mr_witness_at(checks, witness, checks->topology.combines[n_combines - 1]);
    uint64_t permille = n_read ? n_dropped * 1000 / n_read : 0;
    mr_witness_print(witness->summary, sizeof witness->summary,
        "%llu of %llu rows (%llu.%llu %%) were dropped as late; a bound of %s would have kept "
        "99 %% of "
        "the rows, one of %s 99.9 %%",
        (unsigned long long)n_dropped, (unsigned long long)n_read,
        (unsigned long long)permille / 10, (unsigned long long)permille % 10, most, nearly_all);
    mr_witness_print(witness->expected, sizeof witness->expected, "at most %u in %u rows",
        limit.part, limit.whole);
    mr_witness_print(witness->actual, sizeof witness->actual, "%llu in %llu rows",
        (unsigned long long)n_dropped, (unsigned long long)n_read);
}
