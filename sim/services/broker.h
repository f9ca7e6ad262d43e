/* A partitioned log: idempotent and transactional producers, fencing, read-committed fetches, transaction timeouts. */
#ifndef MR_SIM_SERVICES_BROKER_H
#define MR_SIM_SERVICES_BROKER_H

#include "base/env.h"
#include "base/wire/log.h"

/* Where the rows of an input topic come from: a pure function of (partition, offset), so that nothing is stored.
 * `self` lives in the arena or is constant for the campaign. */
struct mr_log_feed_mark {
    int64_t offset; /* it stands before this row */
    mr_us watermark_us;
    bool is_idle;
};
struct mr_feed {
    void *self;
    /* A message whose body is a batch of 1..rows_max rows from `offset` on, all of which have arrived by `now`. */
    struct mr_message *(*read)(void *self, struct mr_arena *arena, uint32_t partition,
        int64_t offset, uint32_t rows_max, mr_ns now, uint32_t *n_rows);
    /* When the row at `offset` arrives; MR_NS_NEVER when it never does. Rises with the offset. */
    mr_ns (*arrives_at)(void *self, uint32_t partition, int64_t offset);
    /* How many rows there will be; INT64_MAX when the partition has no end. */
    int64_t (*end)(void *self, uint32_t partition);
    /* NULL: no marks. False: there is no mark of this number yet. Marks rise with their offset. */
    bool (*mark)(void *self, uint32_t partition, uint64_t number, struct mr_log_feed_mark *out);
};
/* A timer of the broker, to be set from outside: feeds have more than they had when they were asked. */
#define MR_BROKER_FED (UINT64_C(3) << 56)

struct mr_topic_config {
    const char *name;
    uint32_t n_partitions;
    const struct mr_feed *feed; /* NULL: an output topic, appended to through the protocol */
};

/* What the broker tells the checks, in the order in which it becomes durable. */
struct mr_broker_tap {
    void *self;
    /* Rows were appended (a repetition of an idempotent append is not told again). `rows` is borrowed. */
    void (*appended)(void *self, mr_ns at_ns, uint32_t process, const struct mr_log_append *request,
        const struct mr_message *rows, int64_t offset);
    /* A transaction ended. `cause`: 0 asked for, 1 fenced by a newer epoch, 2 timed out. */
    void (*ended)(void *self, mr_ns at_ns, uint64_t producer_id, uint32_t producer_epoch,
        bool is_committed, int cause);
    /* An append or an end was refused; `status` says why. */
    void (*refused)(void *self, mr_ns at_ns, uint32_t process, uint64_t producer_id,
        uint32_t producer_epoch, enum mr_log_status status);
};

struct mr_broker_config {
    uint32_t n_topics;
    const struct mr_topic_config *topics;
    struct mr_distribution service_ns; /* virtual time that a request takes beside the network */
    const struct mr_broker_tap *tap;   /* NULL: nobody watches */
};

/* The broker as a process: create takes a struct mr_broker_config. It does not crash. */
extern const struct mr_process_class mr_broker_class;

/* For checks and recorder, from outside the protocol. `broker` is the process's state. */
struct mr_broker;
int64_t mr_broker_end_offset(const struct mr_broker *broker, uint32_t topic, uint32_t partition);
/* The first offset that a read-committed reader may not yet see. */
int64_t mr_broker_stable_offset(const struct mr_broker *broker, uint32_t topic, uint32_t partition);
/* Forgets the contents of rows below `offset` of an output topic: a fetch there is OFFSET_OUT_OF_RANGE from now on. */
void mr_broker_trim(struct mr_broker *broker, uint32_t topic, uint32_t partition, int64_t offset);

#endif
