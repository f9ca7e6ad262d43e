/* What the files of the broker share. */
#ifndef MR_SIM_SERVICES_BROKER_INTERNAL_H
#define MR_SIM_SERVICES_BROKER_INTERNAL_H

#include <string.h>

#include "sim/services/broker.h"

enum mr_transaction_state {
    MR_TRANSACTION_OPEN,
    MR_TRANSACTION_COMMITTED,
    MR_TRANSACTION_ABORTED
};
/* Lives as long as an entry of the log belongs to it, or as it is open. */
struct mr_transaction {
    enum mr_transaction_state state;
    uint32_t references;
};

/* One append of an output topic. */
struct mr_entry {
    struct mr_message *rows;            /* retained; NULL: aborted, nobody will see them */
    struct mr_transaction *transaction; /* NULL: none */
    int64_t offset;                     /* of the first row */
    uint32_t n_rows;
    uint32_t producer_epoch;
    uint64_t producer_id; /* 0: none */
    uint64_t sequence;
};

/* A partition of an output topic: entries [first, end) of a ring. Input topics keep nothing. */
struct mr_partition_log {
    struct mr_entry *ring; /* [capacity], a power of two */
    uint64_t capacity;
    uint64_t first;     /* entry that is kept */
    uint64_t undecided; /* first entry of an open transaction, or end */
    uint64_t end;
    int64_t trimmed; /* offsets below it are forgotten */
    int64_t end_offset;
};

struct mr_sequence {
    uint32_t topic;
    uint32_t partition;
    uint64_t next;
};

enum { MR_OUTCOMES = 64 };
enum mr_outcome {
    MR_OUTCOME_NONE,
    MR_OUTCOME_COMMITTED,
    MR_OUTCOME_ABORTED,
    MR_OUTCOME_FENCED
};

struct mr_producer {
    bool is_made;
    uint32_t epoch;
    uint32_t attempt; /* that took it over last; for the ledger */
    mr_ns timeout_ns;
    struct mr_transaction *transaction; /* open; NULL: none */
    uint32_t n_sequences;
    uint32_t sequences_max;
    struct mr_sequence *sequences; /* of this epoch */
    uint8_t outcomes[MR_OUTCOMES]; /* of epoch e, at e % MR_OUTCOMES, for the last ones */
};
/* The producers of one owner; slot s of owner o has the id 1 + o * MR_LOG_SLOTS_MAX + s. */
struct mr_producer_owner {
    uint64_t owner;
    struct mr_producer slots[MR_LOG_SLOTS_MAX];
};

/* A fetch whose answer is held back. */
struct mr_held_fetch {
    uint32_t connection; /* 0: the place is free */
    uint32_t generation; /* of the place: older timers are ignored */
    mr_ns deadline_ns;
    struct mr_log_fetch request;
    uint64_t mark; /* of a topic with marks */
};

struct mr_broker {
    const struct mr_env *env;
    const struct mr_broker_config *config;
    uint32_t service_name; /* of the draws of service times */
    uint64_t n_requests;
    struct mr_partition_log **logs; /* [topic][partition]; NULL for input topics */
    uint32_t n_owners;
    uint32_t owners_max;
    struct mr_producer_owner **owners;
    uint32_t n_places;       /* of held fetches */
    uint32_t n_held_outputs; /* of them, those that wait for an output topic */
    struct mr_held_fetch *places;
};

enum mr_broker_timer { MR_TIMER_FETCH = 1, MR_TIMER_TRANSACTION };
static inline uint64_t mr_broker_timer(
    enum mr_broker_timer kind, uint32_t index, uint32_t generation)
{
    return (uint64_t)kind << 56 | (uint64_t)index << 32 | generation;
}

/* The tap's function `name`, where somebody watches. */
#define MR_TELL_BROKER(broker, name, ...)                                                      \
    do {                                                                                       \
        const struct mr_broker_tap *tap_ = (broker)->config->tap;                              \
        if (tap_ && tap_->name) tap_->name(tap_->self, __VA_ARGS__);                           \
    } while (0)

static inline bool mr_broker_has(
    const struct mr_broker *broker, uint32_t topic, uint32_t partition)
{
    return topic < broker->config->n_topics &&
           partition < broker->config->topics[topic].n_partitions;
}

/* NULL: an input topic, or none. */
static inline struct mr_partition_log *mr_broker_log(
    const struct mr_broker *broker, uint32_t topic, uint32_t partition)
{
    if (!mr_broker_has(broker, topic, partition) || !broker->logs[topic]) return NULL;
    return &broker->logs[topic][partition];
}

static inline void mr_broker_reply(const struct mr_broker *broker, uint32_t connection,
    uint16_t kind, const void *body, uint32_t body_bytes)
{
    struct mr_message *message = mr_message_new(broker->env->arena, kind, body_bytes);
    memcpy(message->body, body, body_bytes);
    broker->env->send(broker->env, connection, message);
}

static inline struct mr_entry *mr_log_entry(const struct mr_partition_log *log, uint64_t number)
{
    MR_ASSERT(number >= log->first && number < log->end);
    return &log->ring[number & (log->capacity - 1)];
}

/* partition_log.c */
struct mr_entry *mr_log_add(struct mr_partition_log *log, struct mr_arena *arena);
/* The entry that holds `offset`, or the end. */
uint64_t mr_log_find(const struct mr_partition_log *log, int64_t offset);
/* Moves past what is decided by now; what was aborted is freed. */
void mr_log_decide(struct mr_partition_log *log, struct mr_arena *arena);
int64_t mr_log_stable_offset(const struct mr_partition_log *log);
void mr_log_trim(struct mr_partition_log *log, struct mr_arena *arena, int64_t offset);
void mr_transaction_release(struct mr_arena *arena, struct mr_transaction *transaction);

/* transaction.c */
void mr_broker_init_producers(
    struct mr_broker *broker, uint32_t connection, const struct mr_log_init_producers *request);
void mr_broker_append(struct mr_broker *broker, uint32_t connection, uint32_t process,
    const struct mr_log_append *request, struct mr_message *rows);
void mr_broker_end_transaction(struct mr_broker *broker, uint32_t connection, uint32_t process,
    const struct mr_log_end_transaction *request);
void mr_broker_transaction_due(struct mr_broker *broker, uint32_t index, uint32_t epoch);
void mr_broker_discard_producers(struct mr_broker *broker);

/* fetch.c */
void mr_broker_fetch(struct mr_broker *broker, uint32_t connection,
    const struct mr_log_fetch *request, uint64_t mark);
/* Feeds may have more than before. */
void mr_broker_fed(struct mr_broker *broker);
void mr_broker_fetch_due(struct mr_broker *broker, uint32_t place, uint32_t generation);
/* Rows of an output topic became visible. */
void mr_broker_rows_visible(struct mr_broker *broker);
/* Whoever asked is gone. */
void mr_broker_forget_fetches(struct mr_broker *broker, uint32_t connection);

#endif
