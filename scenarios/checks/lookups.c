/* Lookups: how many calls are under way and how often they are made, that none is given up
 * before its time, that no answer is older than the cache may be, and that no watermark passes
 * a row that waits. What the rows carry is the oracle's to judge; it is told here which of them
 * failed and which were under way at a checkpoint. */
#include <string.h>

#include "base/digest.h"
#include "engine/operators/operator.h"
#include "scenarios/checks/checks_internal.h"

/* A row that was taken in and has not left. */
struct mr_lookup_row_model {
    struct mr_lookup_row_model *next;
    uint64_t number;
    mr_ns taken_ns;
    mr_us mark_us; /* the watermark that it came behind */
    uint32_t n_calls;
    bool is_calling;
    mr_ns called_ns;
};

static const struct mr_transform *transform_of(const struct mr_checks *checks, uint32_t id)
{
    return &checks->topology.graph->transforms[id];
}

static struct mr_lookup_model *model_at(struct mr_checks *checks, const struct mr_probe_at *at)
{
    return &checks->lookups[mr_topology_task(&checks->topology, at->transform, at->subtask)];
}

static void forget_rows(struct mr_checks *checks, struct mr_lookup_model *model)
{
    struct mr_lookup_row_model *next;
    for (struct mr_lookup_row_model *row = model->first; row; row = next) {
        next = row->next;
        mr_arena_free(checks->arena, row, sizeof *row);
    }
    *model = (struct mr_lookup_model){.last_call_ns = -1};
}

void mr_lookups_begin(struct mr_checks *checks)
{
    for (uint32_t i = 0; i < checks->topology.n_tasks; i++)
        forget_rows(checks, &checks->lookups[i]);
    mr_drops_deinit(&checks->answers, checks->arena);
}

static struct mr_lookup_row_model *find_row(
    const struct mr_lookup_model *model, uint64_t number)
{
    struct mr_lookup_row_model *row = model->first;
    while (row && row->number != number) row = row->next;
    return row;
}

static void report(struct mr_checks *checks, const struct mr_probe_at *at,
    enum mr_verdict verdict, const char *what, int64_t actual, int64_t allowed)
{
    struct mr_witness *witness = mr_checks_find(checks, MR_CHECK_LOOKUPS, verdict, 1);
    if (!witness) return;
    mr_witness_at(checks, witness, at->transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "subtask %u: %s: %lld, %lld allowed", at->subtask, what, (long long)actual,
        (long long)allowed);
    mr_witness_print(witness->actual, sizeof witness->actual, "%lld", (long long)actual);
    mr_witness_print(witness->expected, sizeof witness->expected, "%lld", (long long)allowed);
    mr_witness_cause(checks, witness, 0);
}

void mr_lookups_taken(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t number)
{
    struct mr_lookup_model *model = model_at(checks, at);
    struct mr_lookup_row_model *row = mr_arena_new(checks->arena, struct mr_lookup_row_model);
    *row = (struct mr_lookup_row_model){.number = number,
        .taken_ns = at->at_ns,
        .mark_us = mr_watermarks_allowed_us(checks, at)};
    if (model->last)
        model->last->next = row;
    else
        model->first = row;
    model->last = row;
}

void mr_lookups_called(
    struct mr_checks *checks, const struct mr_probe_at *at, uint64_t number, uint32_t call)
{
    struct mr_lookup_model *model = model_at(checks, at);
    const struct mr_lookup *lookup = &transform_of(checks, at->transform)->lookup;
    struct mr_lookup_row_model *row = find_row(model, number);
    if (!row) return; /* left already: exactly_once sees what comes of it */
    row->n_calls = call;
    row->called_ns = at->at_ns;
    model->n_calling += !row->is_calling;
    row->is_calling = true;
    if (model->n_calling > lookup->max_in_flight)
        report(checks, at, MR_VERDICT_OVERRUN, "calls at a time", model->n_calling,
            lookup->max_in_flight);
    if (call > lookup->retries + 1)
        report(checks, at, MR_VERDICT_OVERRUN, "calls for one row", call, lookup->retries + 1);
    mr_ns apart_ns = lookup->calls_a_second ? MR_SECOND_NS / lookup->calls_a_second : 0;
    if (model->last_call_ns >= 0 && at->at_ns - model->last_call_ns < apart_ns)
        report(checks, at, MR_VERDICT_OVERRUN, "nanoseconds between two calls",
            at->at_ns - model->last_call_ns, apart_ns);
    model->last_call_ns = at->at_ns;
}

/* ---- The ledger of answers ---- */

static uint64_t answer_hash(
    uint32_t process, uint64_t attempt, uint64_t number, uint32_t call, uint32_t status)
{
    uint64_t hash = mr_digest_mix(process, attempt);
    return mr_digest_mix(mr_digest_mix(hash, number), (uint64_t)call << 32 | status);
}

static void answered(
    void *self, mr_ns at_ns, uint32_t process, const struct mr_lookup_reply *reply)
{
    (void)at_ns;
    struct mr_checks *checks = self;
    uint64_t attempt = reply->tag >> 40; /* see mr_request_tag */
    if (attempt != checks->attempt) return;
    enum mr_owner owner = mr_arena_owner(checks->arena, MR_OWNER_CHECKS);
    mr_drops_add(&checks->answers, checks->arena, 0,
        answer_hash(process, attempt, reply->number, reply->attempt, reply->status));
    mr_arena_owner(checks->arena, owner);
}

/* What a caller takes for an answer is one that the service gave to that call. */
static void judge_answer(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t number,
    uint32_t call, uint32_t status)
{
    static const char *const words[] = {"found", "not there", "an error"};
    uint64_t hash = answer_hash(at->worker, at->attempt, number, call, status);
    if (mr_drops_take(&checks->answers, hash)) return;
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_LOOKUPS, MR_VERDICT_WRONG, 1);
    if (!witness) return;
    mr_witness_at(checks, witness, at->transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "subtask %u takes call %u for row %llu to be answered with '%s', which the service did "
        "not say",
        at->subtask, call, (unsigned long long)number, words[status]);
    mr_witness_print(witness->actual, sizeof witness->actual, "%s", words[status]);
    mr_witness_cause(checks, witness, 0);
}

void mr_lookups_ended(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t number,
    uint32_t call, int status)
{
    if (status >= 0) judge_answer(checks, at, number, call, (uint32_t)status);
    struct mr_lookup_model *model = model_at(checks, at);
    const struct mr_lookup *lookup = &transform_of(checks, at->transform)->lookup;
    struct mr_lookup_row_model *row = find_row(model, number);
    if (!row) return;
    model->n_calling -= row->is_calling;
    row->is_calling = false;
    if (status < 0 && at->at_ns - row->called_ns < lookup->timeout_ns)
        report(checks, at, MR_VERDICT_HASTY, "nanoseconds until a call was given up",
            at->at_ns - row->called_ns, lookup->timeout_ns);
}

/* The answer is the row's own, or the cache's and not too old. */
static void judge_age(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_lookup_row_model *row, mr_ns answered_ns)
{
    const struct mr_lookup *lookup = &transform_of(checks, at->transform)->lookup;
    if (answered_ns == MR_NS_NEVER || row->taken_ns - answered_ns <= lookup->cache_ttl_ns)
        return;
    report(checks, at, MR_VERDICT_STALE, "age of an answer in nanoseconds",
        row->taken_ns - answered_ns, lookup->cache_ttl_ns);
}

static void remove_row(
    struct mr_checks *checks, struct mr_lookup_model *model, struct mr_lookup_row_model *row)
{
    struct mr_lookup_row_model *before = NULL;
    for (struct mr_lookup_row_model *at = model->first; at != row; at = at->next) before = at;
    if (before)
        before->next = row->next;
    else
        model->first = row->next;
    if (model->last == row) model->last = before;
    mr_arena_free(checks->arena, row, sizeof *row);
}

void mr_lookups_left(struct mr_checks *checks, const struct mr_probe_at *at, uint64_t number,
    const struct mr_batch *batch, enum mr_lookup_outcome outcome, mr_ns answered_ns)
{
    struct mr_lookup_model *model = model_at(checks, at);
    const struct mr_transform *transform = transform_of(checks, at->transform);
    struct mr_lookup_row_model *row = find_row(model, number);
    bool is_failed = outcome == MR_LOOKUP_TIMED_OUT || outcome == MR_LOOKUP_FAILED;
    if (is_failed) {
        mr_us start_us, end_us;
        mr_row_window(&transform->windowing, batch, mr_batch_row(batch, 0), &start_us, &end_us);
        mr_late_add_failed(checks, at, batch, outcome, start_us, end_us);
    }
    if (!row) return;
    if (is_failed && row->n_calls < transform->lookup.retries + 1)
        report(checks, at, MR_VERDICT_HASTY, "calls before a row failed", row->n_calls,
            transform->lookup.retries + 1);
    judge_age(checks, at, row, answered_ns);
    remove_row(checks, model, row);
}

void mr_lookups_snapshot(struct mr_checks *checks, const struct mr_probe_at *at,
    uint64_t checkpoint, const struct mr_batch *batch)
{
    const struct mr_transform *transform = transform_of(checks, at->transform);
    struct mr_drop row = {.combine = at->transform,
        .epoch = checkpoint,
        .at_us = batch->times_us[mr_batch_row(batch, 0)]};
    mr_row_window(&transform->windowing, batch, mr_batch_row(batch, 0), &row.window_start_us,
        &row.window_end_us);
    mr_cut_under_way(checks, at, checkpoint, batch, row);
}

/* ---- Watermarks ---- */

void mr_lookups_first_watermark(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us)
{
    if (transform_of(checks, at->transform)->kind != MR_LOOKUP) return;
    for (struct mr_lookup_row_model *row = model_at(checks, at)->first; row; row = row->next)
        if (row->mark_us < watermark_us) row->mark_us = watermark_us;
}

void mr_lookups_watermark(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us)
{
    if (transform_of(checks, at->transform)->kind != MR_LOOKUP) return;
    const struct mr_lookup_row_model *row = model_at(checks, at)->first;
    while (row && row->mark_us >= watermark_us) row = row->next;
    if (!row) return;
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK, 1);
    if (!witness) return;
    mr_witness_watermark(checks, witness, at->transform, watermark_us, row->mark_us);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "subtask %u says watermark %s, but a row that came behind %s is still being looked up",
        at->subtask, witness->actual, witness->expected);
}

/* ---- The oracle ---- */

/* In a table, by the text of the key. */
static bool find_in_table(void *self, struct mr_value key, struct mr_value *values)
{
    const struct mr_lookup_table *table = self;
    char text[512];
    size_t size = mr_lookup_key_size(key);
    if (size > sizeof text) return false; /* no such key in a table that was read */
    const struct mr_lookup_row *row =
        mr_lookup_find(table->config, text, mr_lookup_key(key, text, size));
    if (!row) return false;
    for (uint32_t i = 0; i < table->lookup->fields.n_fields; i++)
        for (uint32_t k = 0; k < table->config->n_columns; k++)
            if (strcmp(table->config->columns[k], table->lookup->fields.fields[i].name) == 0)
                values[i] = row->values[k];
    return true;
}

void mr_lookups_init(struct mr_checks *checks)
{
    checks->lookup_tap = (struct mr_lookup_tap){.self = checks, .answered = answered};
    const struct mr_graph *graph = checks->topology.graph;
    checks->lookups = mr_arena_zalloc(
        checks->arena, sizeof *checks->lookups * (checks->topology.n_tasks + 1));
    checks->tables =
        mr_arena_zalloc(checks->arena, sizeof *checks->tables * graph->n_transforms);
    const struct mr_scenario *scenario = checks->config.scenario;
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        if (graph->transforms[i].kind != MR_LOOKUP) continue;
        checks->n_lookups++;
        checks->tables[i].lookup = &graph->transforms[i].lookup;
        for (uint32_t k = 0; k < scenario->n_lookups; k++)
            if (strcmp(scenario->lookups[k].name, graph->transforms[i].lookup.connector) == 0)
                checks->tables[i].config = &scenario->lookups[k];
    }
    mr_lookups_begin(checks);
}

void mr_lookups_give_tables(struct mr_checks *checks)
{
    for (uint32_t i = 0; i < checks->topology.graph->n_transforms; i++) {
        if (!checks->tables[i].lookup) continue;
        struct mr_oracle_table table = {
            .transform = i, .self = &checks->tables[i], .find = find_in_table};
        mr_oracle_table(checks->oracle, &table);
    }
}

/* Those that stand further behind first: what they held came before. */
void mr_lookups_release(struct mr_checks *checks, const struct mr_cut *cut)
{
    for (uint64_t i = 0; cut && i < cut->n_under_way; i++) {
        const struct mr_drop *row = &cut->under_way[i];
        mr_oracle_lookup_under_way(checks->oracle, row->combine, row->at_us,
            row->window_start_us, row->window_end_us, row->row);
    }
    for (uint32_t i = checks->topology.graph->n_transforms; i-- > 0;)
        if (checks->tables[i].lookup) mr_oracle_lookup_release(checks->oracle, i);
}

void mr_lookups_judge_unmatched(struct mr_checks *checks)
{
    for (uint32_t i = 0; i < checks->topology.graph->n_transforms; i++) {
        if (!checks->tables[i].lookup) continue;
        uint64_t n = mr_oracle_unmatched_lookups(checks->oracle, i);
        if (n == 0) continue;
        struct mr_witness *witness =
            mr_checks_find(checks, MR_CHECK_CONSISTENT_CUT, MR_VERDICT_CUT_INCONSISTENT, n);
        if (!witness) continue;
        mr_witness_at(checks, witness, i);
        mr_witness_print(witness->summary, sizeof witness->summary,
            "rows under way or failed in a checkpoint that no input below its offsets accounts "
            "for: %llu",
            (unsigned long long)n);
        mr_witness_cause(checks, witness, 0);
    }
}
