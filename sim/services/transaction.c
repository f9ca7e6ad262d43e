/* Producers and their transactions.
 *
 * Invariants.
 * 1. Whoever knows the current epoch of a producer may write through it; raising the epoch
 * shuts everybody else out.
 * 2. A producer has at most one open transaction, and it belongs to the current epoch. Every
 * end, whoever wants it, raises the epoch: a transaction is named by (id, epoch) for good.
 * 3. In an epoch the sequence of each partition runs from 0 without a gap; what is repeated is
 * not written again. */
#include <string.h>

#include "sim/services/broker_internal.h"

enum cause { CAUSE_ASKED, CAUSE_FENCED, CAUSE_TIMED_OUT };
enum { OWNERS_MIN = 8, SEQUENCES_MIN = 4 };

static struct mr_producer *find_producer(const struct mr_broker *broker, uint64_t id)
{
    uint64_t owner = (id - 1) / MR_LOG_SLOTS_MAX;
    if (id == 0 || owner >= broker->n_owners) return NULL;
    struct mr_producer *producer = &broker->owners[owner]->slots[(id - 1) % MR_LOG_SLOTS_MAX];
    return producer->is_made ? producer : NULL;
}

static uint32_t find_owner(struct mr_broker *broker, uint64_t owner)
{
    for (uint32_t i = 0; i < broker->n_owners; i++)
        if (broker->owners[i]->owner == owner) return i;
    uint32_t n = broker->n_owners;
    if (n == broker->owners_max) {
        uint32_t larger = n ? 2 * n : OWNERS_MIN;
        broker->owners = mr_arena_grow(broker->env->arena, broker->owners,
            sizeof *broker->owners * n, sizeof *broker->owners * larger);
        broker->owners_max = larger;
    }
    broker->owners[n] = mr_arena_new(broker->env->arena, struct mr_producer_owner);
    broker->owners[n]->owner = owner;
    broker->n_owners++;
    return n;
}

/* Invariant 2: the outcome of this epoch is known, and the next one begins. */
static void raise_epoch(struct mr_producer *producer, enum mr_outcome outcome)
{
    producer->outcomes[producer->epoch % MR_OUTCOMES] = (uint8_t)outcome;
    producer->epoch++;
    producer->outcomes[producer->epoch % MR_OUTCOMES] = MR_OUTCOME_NONE;
    producer->n_sequences = 0;
}

/* Everything that the transaction touched, and what waits behind it, may be decided now. */
static void decide_logs(struct mr_broker *broker, const struct mr_producer *producer)
{
    for (uint32_t i = 0; i < producer->n_sequences; i++)
        mr_log_decide(mr_broker_log(broker, producer->sequences[i].topic,
                          producer->sequences[i].partition),
            broker->env->arena);
}

static void end(struct mr_broker *broker, uint64_t id, struct mr_producer *producer,
    bool is_commit, enum cause cause)
{
    struct mr_transaction *transaction = producer->transaction;
    enum mr_outcome outcome = cause == CAUSE_FENCED ? MR_OUTCOME_FENCED
                              : is_commit           ? MR_OUTCOME_COMMITTED
                                                    : MR_OUTCOME_ABORTED;
    uint32_t epoch = producer->epoch;
    if (transaction) {
        transaction->state = is_commit ? MR_TRANSACTION_COMMITTED : MR_TRANSACTION_ABORTED;
        decide_logs(broker, producer);
        mr_transaction_release(broker->env->arena, transaction);
        producer->transaction = NULL;
    }
    raise_epoch(producer, outcome);
    if (!transaction) return;
    if (!is_commit) broker->env->milestone(broker->env, MR_SOMETIMES_TRANSACTION_ABORTED);
    MR_TELL_BROKER(
        broker, ended, broker->env->now(broker->env), id, epoch, is_commit, (int)cause);
    mr_broker_rows_visible(broker);
}

static bool is_outdated(
    const struct mr_producer_owner *owner, const struct mr_log_init_producers *request)
{
    for (uint32_t i = 0; i < MR_LOG_SLOTS_MAX; i++)
        if (owner->slots[i].is_made && owner->slots[i].attempt > request->attempt) return true;
    return false;
}

static void take_over(struct mr_broker *broker, uint32_t owner,
    const struct mr_log_init_producers *request, struct mr_log_init_producers_reply *reply)
{
    reply->n_slots = request->n_slots;
    for (uint32_t i = 0; i < request->n_slots; i++) {
        struct mr_producer *producer = &broker->owners[owner]->slots[i];
        uint64_t id = 1 + (uint64_t)owner * MR_LOG_SLOTS_MAX + i;
        if (producer->is_made) end(broker, id, producer, false, CAUSE_FENCED);
        producer->is_made = true;
        producer->attempt = request->attempt;
        producer->timeout_ns = request->timeout_ns;
        reply->producers[i] = (struct mr_log_producer){.id = id, .epoch = producer->epoch};
    }
}

void mr_broker_init_producers(
    struct mr_broker *broker, uint32_t connection, const struct mr_log_init_producers *request)
{
    MR_ASSERT(request->n_slots <= MR_LOG_SLOTS_MAX);
    uint32_t owner = find_owner(broker, request->owner);
    struct mr_log_init_producers_reply reply = {.tag = request->tag, .status = MR_LOG_OK};
    if (is_outdated(broker->owners[owner], request)) { /* a zombie must not fence its heir */
        reply.status = MR_LOG_FENCED;
        broker->env->milestone(broker->env, MR_SOMETIMES_PRODUCER_FENCED);
    } else {
        take_over(broker, owner, request, &reply);
    }
    mr_broker_reply(broker, connection, MR_LOG_INIT_PRODUCERS_REPLY, &reply, sizeof reply);
}

void mr_broker_transaction_due(struct mr_broker *broker, uint32_t index, uint32_t epoch)
{
    struct mr_producer *producer = find_producer(broker, index + 1ull);
    MR_ASSERT(producer != NULL);
    if (producer->epoch == epoch && producer->transaction)
        end(broker, index + 1ull, producer, false, CAUSE_TIMED_OUT);
}

/* Appending. */

static struct mr_sequence *sequence_of(
    struct mr_broker *broker, struct mr_producer *producer, uint32_t topic, uint32_t partition)
{
    for (uint32_t i = 0; i < producer->n_sequences; i++)
        if (producer->sequences[i].topic == topic &&
            producer->sequences[i].partition == partition)
            return &producer->sequences[i];
    uint32_t n = producer->n_sequences;
    if (n == producer->sequences_max) {
        uint32_t larger = n ? 2 * n : SEQUENCES_MIN;
        producer->sequences = mr_arena_grow(broker->env->arena, producer->sequences,
            sizeof *producer->sequences * n, sizeof *producer->sequences * larger);
        producer->sequences_max = larger;
    }
    producer->sequences[n] = (struct mr_sequence){.topic = topic, .partition = partition};
    producer->n_sequences++;
    return &producer->sequences[n];
}

/* Where a repeated append went: -1 when that has been trimmed. */
static int64_t find_repeated(
    const struct mr_partition_log *log, const struct mr_log_append *request)
{
    for (uint64_t i = log->end; i > log->first; i--) {
        const struct mr_entry *entry = mr_log_entry(log, i - 1);
        if (entry->producer_id == request->producer_id &&
            entry->producer_epoch == request->producer_epoch &&
            entry->sequence == request->sequence)
            return entry->offset;
    }
    return -1;
}

static void join_transaction(
    struct mr_broker *broker, uint64_t id, struct mr_producer *producer)
{
    if (producer->transaction) return;
    producer->transaction = mr_arena_new(broker->env->arena, struct mr_transaction);
    producer->transaction->references = 1; /* the producer's */
    if (producer->timeout_ns <= 0) return;
    mr_ns due_ns = mr_add_saturating(broker->env->now(broker->env), producer->timeout_ns);
    broker->env->wake_at(broker->env, due_ns,
        mr_broker_timer(MR_TIMER_TRANSACTION, (uint32_t)(id - 1), producer->epoch));
}

static int64_t write_rows(struct mr_broker *broker, struct mr_partition_log *log,
    const struct mr_log_append *request, struct mr_message *rows,
    struct mr_transaction *transaction)
{
    struct mr_entry *entry = mr_log_add(log, broker->env->arena);
    *entry = (struct mr_entry){.rows = mr_message_retain(rows),
        .transaction = transaction,
        .offset = log->end_offset,
        .n_rows = request->n_rows,
        .producer_id = request->producer_id,
        .producer_epoch = request->producer_epoch,
        .sequence = request->sequence};
    if (transaction) transaction->references++;
    log->end_offset += request->n_rows;
    mr_log_decide(log, broker->env->arena);
    return entry->offset;
}

/* Invariants 1 and 3. On OK, *is_repeated says whether there is anything to write. */
static enum mr_log_status judge_append(struct mr_broker *broker, struct mr_producer *producer,
    const struct mr_log_append *request, bool *is_repeated)
{
    if (!producer) return MR_LOG_INVALID_STATE;
    if (request->producer_epoch < producer->epoch) return MR_LOG_FENCED;
    if (request->producer_epoch > producer->epoch) return MR_LOG_INVALID_STATE;
    struct mr_sequence *sequence =
        sequence_of(broker, producer, request->topic, request->partition);
    if (request->sequence > sequence->next) return MR_LOG_OUT_OF_SEQUENCE;
    *is_repeated = request->sequence < sequence->next;
    sequence->next += !*is_repeated;
    return MR_LOG_OK;
}

static void refuse(struct mr_broker *broker, uint32_t process, uint64_t producer_id,
    uint32_t producer_epoch, enum mr_log_status status)
{
    if (status == MR_LOG_FENCED)
        broker->env->milestone(broker->env, MR_SOMETIMES_PRODUCER_FENCED);
    MR_TELL_BROKER(broker, refused, broker->env->now(broker->env), process, producer_id,
        producer_epoch, status);
}

static enum mr_log_status append(struct mr_broker *broker, uint32_t process,
    const struct mr_log_append *request, struct mr_message *rows, int64_t *offset)
{
    struct mr_partition_log *log = mr_broker_log(broker, request->topic, request->partition);
    if (!log) return MR_LOG_UNKNOWN_TOPIC;
    struct mr_transaction *transaction = NULL;
    if (request->producer_id != 0) {
        struct mr_producer *producer = find_producer(broker, request->producer_id);
        bool is_repeated = false;
        enum mr_log_status status = judge_append(broker, producer, request, &is_repeated);
        if (status != MR_LOG_OK) return status;
        if (is_repeated) {
            *offset = find_repeated(log, request);
            return MR_LOG_OK;
        }
        if (request->is_transactional) {
            join_transaction(broker, request->producer_id, producer);
            transaction = producer->transaction;
        }
    }
    *offset = write_rows(broker, log, request, rows, transaction);
    MR_TELL_BROKER(
        broker, appended, broker->env->now(broker->env), process, request, rows, *offset);
    if (!transaction) mr_broker_rows_visible(broker);
    return MR_LOG_OK;
}

void mr_broker_append(struct mr_broker *broker, uint32_t connection, uint32_t process,
    const struct mr_log_append *request, struct mr_message *rows)
{
    MR_ASSERT(request->n_rows > 0);
    struct mr_log_append_reply reply = {.tag = request->tag, .offset = -1};
    enum mr_log_status status = append(broker, process, request, rows, &reply.offset);
    reply.status = status;
    if (status != MR_LOG_OK)
        refuse(broker, process, request->producer_id, request->producer_epoch, status);
    mr_broker_reply(broker, connection, MR_LOG_APPEND_REPLY, &reply, sizeof reply);
}

/* Ending. */

/* The epoch is over: what became of it says whether the same may be said again. */
static enum mr_log_status judge_past(
    const struct mr_producer *producer, uint32_t epoch, bool is_commit)
{
    if (producer->epoch - epoch >= MR_OUTCOMES) return MR_LOG_FENCED;
    switch ((enum mr_outcome)producer->outcomes[epoch % MR_OUTCOMES]) {
    case MR_OUTCOME_COMMITTED:
        return is_commit ? MR_LOG_OK : MR_LOG_INVALID_STATE;
    case MR_OUTCOME_ABORTED:
        return is_commit ? MR_LOG_INVALID_STATE : MR_LOG_OK;
    default:
        return is_commit ? MR_LOG_FENCED : MR_LOG_OK;
    }
}

void mr_broker_end_transaction(struct mr_broker *broker, uint32_t connection, uint32_t process,
    const struct mr_log_end_transaction *request)
{
    struct mr_producer *producer = find_producer(broker, request->producer_id);
    uint32_t epoch = request->producer_epoch;
    bool is_commit = request->is_commit != 0;
    enum mr_log_status status = MR_LOG_OK;
    if (!producer || epoch > producer->epoch)
        status = MR_LOG_INVALID_STATE;
    else if (epoch < producer->epoch)
        status = judge_past(producer, epoch, is_commit);
    else
        end(broker, request->producer_id, producer, is_commit, CAUSE_ASKED);
    if (status != MR_LOG_OK) refuse(broker, process, request->producer_id, epoch, status);
    struct mr_log_end_transaction_reply reply = {.tag = request->tag,
        .producer_id = request->producer_id,
        .status = status,
        .next_epoch = epoch + 1}; /* not the current one: a zombie must not learn it */
    mr_broker_reply(broker, connection, MR_LOG_END_TRANSACTION_REPLY, &reply, sizeof reply);
}

void mr_broker_discard_producers(struct mr_broker *broker)
{
    struct mr_arena *arena = broker->env->arena;
    for (uint32_t i = 0; i < broker->n_owners; i++) {
        for (uint32_t k = 0; k < MR_LOG_SLOTS_MAX; k++) {
            struct mr_producer *producer = &broker->owners[i]->slots[k];
            mr_transaction_release(arena, producer->transaction);
            mr_arena_free(arena, producer->sequences,
                sizeof *producer->sequences * producer->sequences_max);
        }
        mr_arena_free(arena, broker->owners[i], sizeof *broker->owners[i]);
    }
    mr_arena_free(arena, broker->owners, sizeof *broker->owners * broker->owners_max);
}
