/* Rows at sinks, from the append to the comparison with what is owed.
 *
 * Invariants.
 * 1. A row is compared once its checkpoint is complete; a row of a transaction once that is
 * committed as well.
 * 2. What comes from the history that counts is compared before what an attempt left behind
 * that was given up: of two deliveries the second is the duplicate, and the witness shows the
 * restore between them.
 * 3. A row whose window no committed progress has passed yet waits: a subtask may be ahead of
 * the others. */
#include <string.h>

#include "scenarios/checks/checks_internal.h"
#include "scenarios/checks/sink_block.h"

/* The checkpoint that the next attempt began from says what counts of an attempt that was given
 * up. */
bool mr_append_is_covered(const struct mr_checks *checks, uint32_t attempt, uint64_t epoch)
{
    const struct mr_cut *last = mr_cut_last(checks);
    if (attempt == checks->attempt)
        return last && last->attempt == attempt && epoch <= last->checkpoint;
    for (uint32_t i = 0; i < checks->n_restores; i++)
        if (checks->restores[i].attempt > attempt) return epoch <= checks->restores[i].from;
    return false;
}

static uint32_t bit_words(uint32_t n_rows)
{
    return (n_rows + 63) / 64;
}

static size_t append_bytes(uint32_t n_rows)
{
    return sizeof(struct mr_append) + 8 * (size_t)bit_words(n_rows);
}

struct mr_append *mr_append_new(struct mr_checks *checks, mr_ns at_ns,
    const struct mr_log_append *request, const struct mr_message *rows, int64_t offset)
{
    struct mr_append *append = mr_arena_alloc(checks->arena, append_bytes(request->n_rows));
    *append =
        (struct mr_append){.message = mr_message_retain((struct mr_message *)(uintptr_t)rows),
            .sink = (uint32_t)checks->topology.role[request->operator_id],
            .topic = request->topic,
            .partition = request->partition,
            .subtask = request->subtask,
            .attempt = request->attempt,
            .n_rows = request->n_rows,
            .epoch = request->checkpoint,
            .offset = offset,
            .at_ns = at_ns,
            .is_orphan = request->attempt < checks->attempt &&
                         !mr_append_is_covered(checks, request->attempt, request->checkpoint),
            .n_open = request->n_rows};
    memset(append->settled, 0, 8 * (size_t)bit_words(request->n_rows));
    return append;
}

void mr_append_free(struct mr_checks *checks, struct mr_append *append)
{
    int64_t end = append->offset + append->n_rows;
    int64_t *verified = &checks->verified[append->topic][append->partition];
    if (end > *verified) *verified = end;
    checks->has_verified = true;
    enum mr_owner owner = mr_arena_owner(checks->arena, MR_OWNER_ENGINE); /* whose they were */
    mr_message_release(checks->arena, append->message);
    mr_arena_owner(checks->arena, owner);
    mr_arena_free(checks->arena, append, append_bytes(append->n_rows));
}

void mr_append_push(struct mr_append_list *list, struct mr_append *append)
{
    append->next = NULL;
    if (list->last)
        list->last->next = append;
    else
        list->first = append;
    list->last = append;
}

void mr_append_list_clear(struct mr_checks *checks, struct mr_append_list *list)
{
    while (list->first) {
        struct mr_append *next = list->first->next;
        mr_append_free(checks, list->first);
        list->first = next;
    }
    list->last = NULL;
}

/* One row of an append as the oracle wants it. */
struct sink_row {
    const struct mr_sink_view *sink;
    mr_us window_start_us;
    mr_us window_end_us;
    enum mr_row_kind kind;
    const struct mr_value *values;
    struct mr_value expected[MR_FIELDS_MAX]; /* written when it is not right */
};

static struct mr_witness *report_row(struct mr_checks *checks, const struct mr_append *append,
    const struct sink_row *row, enum mr_check check, enum mr_verdict verdict)
{
    struct mr_witness *witness = mr_checks_find(checks, check, verdict, 1);
    if (!witness) return NULL;
    const struct mr_transform *sink = &checks->topology.graph->transforms[row->sink->transform];
    mr_witness_at(checks, witness, sink->id);
    if (row->window_end_us != MR_US_MAX)
        mr_witness_window(witness, row->window_start_us, row->window_end_us);
    if (sink->write.key_field >= 0)
        mr_witness_key(witness, row->values, &sink->write.key_field, 1);
    else
        mr_witness_row(witness->key, sizeof witness->key, row->sink->schema, row->values);
    mr_witness_row(witness->actual, sizeof witness->actual, row->sink->schema, row->values);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "a row of attempt %u for checkpoint %llu, at %s[%u], ", append->attempt,
        (unsigned long long)append->epoch, checks->config.scenario->topics[append->topic].name,
        append->partition);
    mr_witness_inputs(checks, witness, sink->id, row->window_start_us, row->values);
    mr_witness_cause(checks, witness, append->is_orphan ? append->attempt : 0);
    return witness;
}

static void report_duplicate(
    struct mr_checks *checks, const struct mr_append *append, const struct sink_row *row)
{
    struct mr_witness *witness =
        report_row(checks, append, row, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
    if (!witness) return;
    mr_witness_row(
        witness->expected, sizeof witness->expected, row->sink->schema, row->expected);
    mr_witness_append(witness->summary, sizeof witness->summary, "%s",
        append->is_orphan ? "was delivered again by a later attempt" : "was delivered before");
}

static void report_wrong(struct mr_checks *checks, const struct mr_append *append,
    const struct sink_row *row, bool is_known)
{
    struct mr_witness *witness =
        report_row(checks, append, row, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_WRONG);
    if (!witness) return;
    if (is_known)
        mr_witness_row(
            witness->expected, sizeof witness->expected, row->sink->schema, row->expected);
    mr_witness_append(witness->summary, sizeof witness->summary, "%s",
        is_known ? "has other values than the rows below the checkpoint's offsets make"
                 : "is none that the rows below the checkpoint's offsets make");
}

static void report_order(
    struct mr_checks *checks, const struct mr_append *append, const struct sink_row *row)
{
    struct mr_witness *witness =
        report_row(checks, append, row, MR_CHECK_ORDER, MR_VERDICT_REORDERED);
    if (witness)
        mr_witness_append(witness->summary, sizeof witness->summary,
            row->kind == MR_ROW_INSERT
                ? "came behind a row of its key that the input has after it"
                : "takes back a row that has not come");
}

/* True when the row is settled. */
static bool settle_row(
    struct mr_checks *checks, const struct mr_append *append, struct sink_row *row)
{
    enum mr_match match = mr_oracle_match_change(checks->oracle, row->sink->transform,
        row->kind, row->window_start_us, row->window_end_us, row->values, row->expected);
    switch (match) {
    case MR_MATCH_RIGHT:
        checks->counts.rows_matched++;
        return true;
    case MR_MATCH_REORDERED:
        checks->counts.rows_matched++;
        report_order(checks, append, row);
        return true;
    case MR_MATCH_DUPLICATE:
        report_duplicate(checks, append, row);
        return true;
    case MR_MATCH_UNOWED:
        return false; /* invariant 3 */
    case MR_MATCH_WRONG:
        /* What was left behind may have been made from rows that, the second time, were late.
         */
        if (!append->is_orphan) report_wrong(checks, append, row, true);
        return true;
    case MR_MATCH_UNKNOWN:
        if (append->is_orphan) return false; /* of rows that are read again, but not yet */
        report_wrong(checks, append, row, false);
        return true;
    }
    return true;
}

static void settle_block(struct mr_checks *checks, struct mr_append *append,
    struct sink_row *row, const struct mr_sink_block *block, uint32_t first)
{
    mr_oracle_prepare(checks->oracle, row->sink->transform, block->n, block->window_starts_us,
        block->window_ends_us, block->values);
    uint32_t n_fields = row->sink->schema->n_fields;
    for (uint32_t i = 0; i < block->n; i++) {
        uint64_t *word = &append->settled[(first + i) / 64];
        uint64_t bit = (uint64_t)1 << ((first + i) % 64);
        if (*word & bit) continue;
        row->window_start_us = block->window_starts_us[i];
        row->window_end_us = block->window_ends_us[i];
        row->values = block->values + (size_t)i * n_fields;
        row->kind = block->kinds ? (enum mr_row_kind)block->kinds[i] : MR_ROW_INSERT;
        if (!settle_row(checks, append, row)) continue;
        *word |= bit;
        append->n_open--;
    }
}

static void settle_rows(struct mr_checks *checks, struct mr_append *append)
{
    struct sink_row row; /* its fields are set row by row */
    row.sink = &checks->topology.sinks[append->sink];
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    struct mr_sink_block block;
    mr_blob_view(append->message->body, row.sink->types, columns, &batch);
    MR_ASSERT(batch.n_rows == append->n_rows);
    MR_ASSERT(batch.n_columns == row.sink->schema->n_fields);
    for (uint32_t first = 0; first < batch.n_rows; first += block.n) {
        mr_sink_block_load(&block, &batch, first);
        settle_block(checks, append, &row, &block, first);
    }
}

static bool counts(const struct mr_checks *checks, const struct mr_append *append)
{
    return !append->is_orphan && mr_append_is_covered(checks, append->attempt, append->epoch);
}

/* What an attempt sent that failed, and was not stopped in order, comes when it comes; where no
 * transaction holds it, nobody can keep it out. */
static bool is_stray(const struct mr_checks *checks, const struct mr_append *append)
{
    return !checks->topology.sinks[append->sink].is_transactional &&
           append->attempt + 1 < checks->closed_by[append->topic];
}

/* A topic that a rewind has turned its back on gains nothing any more. */
static bool is_let_in(struct mr_checks *checks, struct mr_append *append)
{
    if (checks->closed_by[append->topic] == 0) return true;
    if (is_stray(checks, append)) return false;
    struct mr_witness *witness = mr_checks_find(
        checks, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_ABORTED_VISIBLE, append->n_rows);
    if (!witness) return false;
    mr_witness_at(checks, witness, checks->topology.sinks[append->sink].transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "topic '%s' gained rows of attempt %u after the job had gone back and turned to "
        "another (%u "
        "at first)",
        checks->config.scenario->topics[append->topic].name, append->attempt, append->n_rows);
    mr_witness_cause(checks, witness, 0);
    return false;
}

void mr_appends_show(struct mr_checks *checks, struct mr_append_list *list)
{
    while (list->first) {
        struct mr_append *append = list->first;
        list->first = append->next;
        bool is_welcome = is_let_in(checks, append);
        mr_assertions_add(checks, append);
        if (is_welcome && counts(checks, append)) settle_rows(checks, append);
        if (is_welcome && append->n_open > 0)
            mr_append_push(&checks->waiting, append);
        else
            mr_append_free(checks, append);
    }
    list->last = NULL;
}

static void report_bare(struct mr_checks *checks, const struct mr_append *append)
{
    struct mr_witness *witness = mr_checks_find(
        checks, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_ABORTED_VISIBLE, append->n_rows);
    if (!witness) return;
    mr_witness_at(checks, witness, checks->topology.sinks[append->sink].transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "attempt %u wrote to '%s' outside of a transaction, for checkpoint %llu: no abort can "
        "take the "
        "rows back (%u at first)",
        append->attempt, checks->config.scenario->topics[append->topic].name,
        (unsigned long long)append->epoch, append->n_rows);
    mr_witness_cause(checks, witness, 0);
}

void mr_appends_add_bare(struct mr_checks *checks, struct mr_append *append)
{
    if (checks->topology.sinks[append->sink].is_transactional) report_bare(checks, append);
    struct mr_append_list list = {NULL, NULL};
    mr_append_push(&list, append);
    mr_appends_show(checks, &list);
}

/* Passes over what waits: of the history that counts, or of what was left behind. */
static void settle_waiting(struct mr_checks *checks, bool of_orphans)
{
    struct mr_append_list kept = {NULL, NULL};
    struct mr_append *append = checks->waiting.first;
    while (append) {
        struct mr_append *next = append->next;
        bool is_due =
            of_orphans ? append->is_orphan && mr_transactions_pending(checks, append->sink) == 0
                       : counts(checks, append);
        if (is_due) settle_rows(checks, append);
        if (append->n_open > 0)
            mr_append_push(&kept, append);
        else
            mr_append_free(checks, append);
        append = next;
    }
    checks->waiting = kept;
}

void mr_appends_settle(struct mr_checks *checks)
{
    if (!checks->waiting.first) return;
    settle_waiting(checks, false); /* invariant 2 */
    settle_waiting(checks, true);
}

void mr_appends_orphan(struct mr_checks *checks)
{
    for (struct mr_append *append = checks->waiting.first; append; append = append->next)
        if (!mr_append_is_covered(checks, append->attempt, append->epoch))
            append->is_orphan = true;
}

static void describe_break(const struct mr_checks *checks, struct mr_witness *witness)
{
    static const char *const causes[] = {"aborted", "fenced", "timed out"};
    const struct mr_transaction_ledger *ledger = &checks->transactions;
    if (!ledger->has_broken) return;
    mr_witness_because(witness,
        "the transaction of checkpoint %llu (producer %llu, epoch %u) was %s",
        (unsigned long long)ledger->broken_checkpoint, (unsigned long long)ledger->broken_id,
        ledger->broken_epoch, causes[ledger->broken_cause]);
}

static void report_loss(
    struct mr_checks *checks, struct mr_sink_view *view, uint64_t first, uint64_t n)
{
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS, n);
    if (!witness) return;
    const struct mr_transform *sink = &checks->topology.graph->transforms[view->transform];
    struct mr_value row[MR_FIELDS_MAX];
    mr_us start_us, end_us;
    mr_witness_at(checks, witness, sink->id);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "rows that are owed by checkpoint %llu and cannot come any more: %llu",
        (unsigned long long)(mr_cut_last(checks) ? mr_cut_last(checks)->checkpoint : 0),
        (unsigned long long)n);
    describe_break(checks, witness);
    mr_witness_cause(checks, witness, 0);
    if (!mr_oracle_owed_row(checks->oracle, sink->id, first, &start_us, &end_us, row)) return;
    mr_witness_window(witness, start_us, end_us);
    if (sink->write.key_field >= 0) mr_witness_key(witness, row, &sink->write.key_field, 1);
    mr_witness_row(witness->expected, sizeof witness->expected, view->schema, row);
    mr_witness_inputs(checks, witness, sink->id, start_us, row);
}

/* After a rewind, windows that some subtask had fired before it are not owed again. */
static uint64_t excused(
    const struct mr_checks *checks, const struct mr_sink_view *view, uint64_t n)
{
    uint64_t n_excused = 0;
    struct mr_value row[MR_FIELDS_MAX];
    mr_us start_us, end_us;
    while (n_excused < n &&
           mr_oracle_owed_row(
               checks->oracle, view->transform, n_excused, &start_us, &end_us, row) &&
           end_us <= checks->history_us)
        n_excused++;
    return n_excused;
}

void mr_appends_losses(struct mr_checks *checks, bool is_end)
{
    for (uint32_t i = 0; i < checks->topology.n_sinks; i++) {
        struct mr_sink_view *view = &checks->topology.sinks[i];
        uint64_t n_owed = mr_oracle_owed(checks->oracle, view->transform);
        if (n_owed <= view->n_lost) continue;
        if (!is_end && mr_transactions_pending(checks, i) > 0) continue;
        uint64_t first = view->n_lost;
        if (checks->n_rewinds > 0 && first == 0) first = excused(checks, view, n_owed);
        view->n_lost = n_owed;
        if (n_owed > first) report_loss(checks, view, first, n_owed - first);
    }
}
