/* The ledger of transactions, as the log tells of them. Rows become visible with their commit;
 * a commit is right once a completed checkpoint covers its rows. Transactions of one sink's
 * subtask are settled in the order of their epochs, so that rows are compared in the order in
 * which they stand in the log. */
#include "scenarios/checks/checks_internal.h"

static struct mr_producer_model *find_producer(
    const struct mr_transaction_ledger *ledger, uint64_t id)
{
    for (uint32_t i = 0; i < ledger->n; i++)
        if (ledger->producers[i].id == id) return &ledger->producers[i];
    return NULL;
}

static struct mr_producer_model *add_producer(struct mr_checks *checks, uint64_t id)
{
    struct mr_transaction_ledger *ledger = &checks->transactions;
    if (ledger->n == ledger->capacity) {
        uint32_t capacity = ledger->capacity ? ledger->capacity * 2 : 16;
        ledger->producers = mr_arena_grow(checks->arena, ledger->producers,
            sizeof *ledger->producers * ledger->capacity, sizeof *ledger->producers * capacity);
        ledger->capacity = capacity;
    }
    struct mr_producer_model *producer = &ledger->producers[ledger->n++];
    *producer = (struct mr_producer_model){.id = id};
    return producer;
}

static void report(struct mr_checks *checks, const struct mr_producer_model *producer,
    enum mr_verdict verdict, const char *what)
{
    struct mr_witness *witness = mr_checks_find(checks, MR_CHECK_EXACTLY_ONCE, verdict, 1);
    if (!witness) return;
    mr_witness_at(checks, witness, checks->topology.sinks[producer->sink].transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "the transaction of subtask %u for checkpoint %llu (attempt %u, producer %llu, epoch "
        "%u) %s",
        producer->subtask, (unsigned long long)producer->checkpoint, producer->attempt,
        (unsigned long long)producer->id, producer->epoch, what);
    mr_witness_cause(checks, witness, producer->is_orphan ? producer->attempt : 0);
}

void mr_transactions_appended(
    struct mr_checks *checks, const struct mr_log_append *request, struct mr_append *append)
{
    struct mr_producer_model *producer =
        find_producer(&checks->transactions, request->producer_id);
    if (!producer) producer = add_producer(checks, request->producer_id);
    if (producer->state != MR_TRANSACTION_OPEN) {
        MR_ASSERT(!producer->rows.first);
        producer->state = MR_TRANSACTION_OPEN;
        producer->epoch = request->producer_epoch;
        producer->sink = append->sink;
        producer->subtask = append->subtask;
        producer->attempt = request->attempt;
        producer->checkpoint = request->checkpoint;
        producer->covered_ns = MR_NS_NEVER;
        producer->is_orphan = request->attempt < checks->attempt;
        producer->is_history = false;
    }
    /* What an attempt that was given up still writes belongs to nothing. */
    append->is_orphan = append->is_orphan || producer->is_orphan;
    mr_append_push(&producer->rows, append);
}

static bool is_covered(const struct mr_checks *checks, const struct mr_producer_model *producer)
{
    return !producer->is_orphan && !producer->is_history &&
           mr_append_is_covered(checks, producer->attempt, producer->checkpoint);
}

/* Of one subtask of a sink: the transaction of the least epoch that has not been settled. */
static struct mr_producer_model *find_first(
    struct mr_transaction_ledger *ledger, uint32_t sink, uint32_t subtask)
{
    struct mr_producer_model *first = NULL;
    for (uint32_t i = 0; i < ledger->n; i++) {
        struct mr_producer_model *producer = &ledger->producers[i];
        if (producer->state == MR_TRANSACTION_NONE) continue;
        if (producer->sink != sink || producer->subtask != subtask) continue;
        bool is_earlier =
            !first || producer->attempt < first->attempt ||
            (producer->attempt == first->attempt && producer->checkpoint < first->checkpoint);
        if (is_earlier) first = producer;
    }
    return first;
}

static void settle(struct mr_checks *checks, uint32_t sink, uint32_t subtask)
{
    for (;;) {
        struct mr_producer_model *first = find_first(&checks->transactions, sink, subtask);
        if (!first || first->state != MR_TRANSACTION_COMMITTED) break;
        first->state = MR_TRANSACTION_NONE;
        if (first->is_history)
            mr_append_list_clear(checks, &first->rows);
        else
            mr_appends_show(checks, &first->rows);
    }
    mr_appends_losses(checks, false);
}

static void commit(struct mr_checks *checks, struct mr_producer_model *producer)
{
    checks->counts.transactions++;
    if (producer->is_history)
        report(checks, producer, MR_VERDICT_ABORTED_VISIBLE,
            "was committed after the job had gone back behind it");
    else if (producer->is_orphan)
        report(checks, producer, MR_VERDICT_ABORTED_VISIBLE,
            "was committed although its attempt was given up before a checkpoint covered it");
    else if (!is_covered(checks, producer))
        report(checks, producer, MR_VERDICT_ABORTED_VISIBLE,
            "was committed before the checkpoint was complete");
    producer->state = MR_TRANSACTION_COMMITTED;
}

static void abort_rows(struct mr_checks *checks, struct mr_producer_model *producer, int cause)
{
    if (is_covered(checks, producer)) {
        struct mr_transaction_ledger *ledger = &checks->transactions;
        ledger->has_broken = true;
        ledger->broken_id = producer->id;
        ledger->broken_epoch = producer->epoch;
        ledger->broken_checkpoint = producer->checkpoint;
        ledger->broken_cause = cause;
    }
    mr_append_list_clear(checks, &producer->rows);
    producer->state = MR_TRANSACTION_NONE;
}

void mr_transactions_ended(struct mr_checks *checks, uint64_t producer_id,
    uint32_t producer_epoch, bool is_committed, int cause)
{
    struct mr_producer_model *producer = find_producer(&checks->transactions, producer_id);
    if (!producer) return; /* it was empty */
    if (producer->state != MR_TRANSACTION_OPEN || producer->epoch != producer_epoch) return;
    producer->has_ended = true;
    producer->ended_epoch = producer_epoch;
    producer->ended_attempt = producer->attempt;
    uint32_t sink = producer->sink;
    uint32_t subtask = producer->subtask;
    if (is_committed)
        commit(checks, producer);
    else
        abort_rows(checks, producer, cause);
    settle(checks, sink, subtask);
}

/* The log refuses to end a transaction the other way. For one that the job went back behind,
 * nobody should have asked. */
void mr_transactions_refused(struct mr_checks *checks, uint64_t producer_id,
    uint32_t producer_epoch, enum mr_log_status status)
{
    struct mr_producer_model *producer = find_producer(&checks->transactions, producer_id);
    if (!producer || status != MR_LOG_INVALID_STATE || checks->n_rewinds == 0) return;
    const struct mr_restore *restore = &checks->restores[checks->n_restores - 1];
    bool is_history = restore->is_rewind && producer->has_ended &&
                      producer->ended_attempt < restore->attempt &&
                      producer_epoch <= producer->ended_epoch;
    if (is_history)
        report(checks, producer, MR_VERDICT_LOSS,
            "or one before it is history since the job went back, yet the log was asked to end "
            "it "
            "the other way");
}

void mr_transactions_completed(struct mr_checks *checks, mr_ns now)
{
    struct mr_transaction_ledger *ledger = &checks->transactions;
    for (uint32_t i = 0; i < ledger->n; i++) {
        struct mr_producer_model *producer = &ledger->producers[i];
        if (producer->state != MR_TRANSACTION_OPEN || producer->covered_ns != MR_NS_NEVER)
            continue;
        if (is_covered(checks, producer)) producer->covered_ns = now;
    }
}

static void orphan_rows(struct mr_append_list *list)
{
    for (struct mr_append *append = list->first; append; append = append->next)
        append->is_orphan = true;
}

void mr_transactions_orphan(struct mr_checks *checks, bool is_rewind)
{
    struct mr_transaction_ledger *ledger = &checks->transactions;
    for (uint32_t i = 0; i < ledger->n; i++) {
        struct mr_producer_model *producer = &ledger->producers[i];
        if (producer->state == MR_TRANSACTION_NONE) continue;
        producer->is_history = producer->is_history || is_rewind;
        if (producer->is_history || is_covered(checks, producer)) continue;
        producer->is_orphan = true;
        orphan_rows(&producer->rows);
    }
}

uint32_t mr_transactions_pending(const struct mr_checks *checks, uint32_t sink)
{
    const struct mr_transaction_ledger *ledger = &checks->transactions;
    uint32_t n = 0;
    for (uint32_t i = 0; i < ledger->n; i++) {
        const struct mr_producer_model *producer = &ledger->producers[i];
        n += producer->state != MR_TRANSACTION_NONE && producer->sink == sink &&
             is_covered(checks, producer);
    }
    return n;
}
