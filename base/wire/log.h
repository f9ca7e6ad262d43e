/* The protocol of the log broker: what a client sends and what it hears. Bodies start with these structs; no padding. */
#ifndef MR_BASE_WIRE_LOG_H
#define MR_BASE_WIRE_LOG_H

#include <stdint.h>

#include "base/time.h"

/* Kinds of messages on a connection to a broker. A reply repeats the request's `tag`. */
enum mr_log_message {
    MR_LOG_METADATA = 1,      /* mr_log_metadata -> mr_log_metadata_reply */
    MR_LOG_METADATA_REPLY,
    MR_LOG_FETCH,             /* mr_log_fetch -> mr_log_fetch_reply, held back until rows or the wait's end */
    MR_LOG_FETCH_REPLY,
    MR_LOG_INIT_PRODUCERS,    /* mr_log_init_producers -> mr_log_init_producers_reply */
    MR_LOG_INIT_PRODUCERS_REPLY,
    MR_LOG_APPEND,            /* mr_log_append, rows attached -> mr_log_append_reply */
    MR_LOG_APPEND_REPLY,
    MR_LOG_END_TRANSACTION,   /* mr_log_end_transaction -> mr_log_end_transaction_reply */
    MR_LOG_END_TRANSACTION_REPLY,
};

enum mr_log_status {
    MR_LOG_OK,
    MR_LOG_UNKNOWN_TOPIC,
    MR_LOG_FENCED,            /* a newer epoch of the producer exists */
    MR_LOG_OUT_OF_SEQUENCE,   /* a gap in the producer's sequence */
    MR_LOG_INVALID_STATE,     /* the transaction ended the other way, or was never begun */
    MR_LOG_OFFSET_OUT_OF_RANGE,
};

/* A topic is named by its index in the run's list of topics. */
struct mr_log_metadata {
    uint64_t tag;
    uint32_t topic;
    uint32_t zero;
};
struct mr_log_metadata_reply {
    uint64_t tag;
    uint32_t topic;
    uint32_t status;
    uint32_t n_partitions;
    uint32_t is_bounded; /* 1: the topic has an end */
};

/* Asks for rows from `offset` on. The answer comes as soon as `rows_min` are there, a partition ended, or `wait_ns`
 * went by. The log keeps blobs: the answer holds rows of one blob, at most `rows_max`, read committed. */
struct mr_log_fetch {
    uint64_t tag;
    uint32_t topic;
    uint32_t partition;
    int64_t offset;
    int64_t wait_ns;
    uint32_t rows_min;
    uint32_t rows_max;
};
/* The rows are attached (a batch body, engine/batch/): rows [first_row, first_row + n_rows) of it. */
struct mr_log_fetch_reply {
    uint64_t tag;
    uint32_t topic;
    uint32_t partition;
    int64_t offset;      /* of the first row */
    int64_t next_offset; /* to ask for next */
    uint32_t n_rows;
    uint32_t first_row;
    uint32_t status;
    uint32_t is_end; /* 1: the partition is bounded and next_offset is its end */
};

/* A topic whose log knows the watermark itself: its rows stand between marks, and the answer brings rows or the next
 * mark, whichever comes first. `mark` counts those that the reader has taken. */
struct mr_log_marked_fetch {
    struct mr_log_fetch fetch;
    uint64_t mark;
};
struct mr_log_marked_fetch_reply {
    struct mr_log_fetch_reply reply;
    uint64_t mark;        /* one more than asked with: a mark came, and it says: */
    int64_t watermark_us;
    uint32_t is_idle;
    uint32_t zero;
};

/* Makes or takes over `n_slots` transactional producers of one owner: raises each epoch, which fences older users
 * and aborts what they left open. Producer ids are stable for (owner, slot). */
struct mr_log_init_producers {
    uint64_t tag;
    uint64_t owner; /* hash of the transactional id's prefix: job, operator, subtask */
    uint32_t n_slots;
    uint32_t attempt;      /* one older than the owner's newest is refused: FENCED */
    int64_t timeout_ns;    /* a transaction open for longer is aborted by the broker */
};
enum { MR_LOG_SLOTS_MAX = 8 };
struct mr_log_producer {
    uint64_t id;
    uint32_t epoch;
    uint32_t zero;
};
struct mr_log_init_producers_reply {
    uint64_t tag;
    uint32_t status;
    uint32_t n_slots;
    struct mr_log_producer producers[MR_LOG_SLOTS_MAX]; /* unused ones zero */
};

/* Appends the attached rows (a batch body) to a partition. With a producer it is idempotent: (id, epoch, sequence)
 * happens once, a repetition is answered OK with the first offset. `is_transactional` puts it into the
 * producer's open transaction, beginning one if there is none. */
struct mr_log_append {
    uint64_t tag;
    uint32_t topic;
    uint32_t partition;
    uint64_t producer_id; /* 0: none, neither idempotent nor transactional */
    uint32_t producer_epoch;
    uint32_t is_transactional;
    uint64_t sequence; /* of the (producer, partition), from 0 in each epoch */
    uint32_t n_rows;
    uint32_t attempt; /* of the writing job; for the ledger */
    uint64_t checkpoint; /* epoch of the stream that the rows belong to: they precede barrier `checkpoint` */
    uint32_t operator_id; /* the sink; for the ledger */
    uint32_t subtask;
};
struct mr_log_append_reply {
    uint64_t tag;
    int64_t offset; /* of the first row */
    uint32_t status;
    uint32_t zero;
};

/* Ends the transaction of (id, epoch) and raises the epoch by one, so that each transaction has an epoch of its own.
 * Ending it again the same way is OK; the other way is INVALID_STATE. Ending one without appends is OK. */
struct mr_log_end_transaction {
    uint64_t tag;
    uint64_t producer_id;
    uint32_t producer_epoch;
    uint32_t is_commit; /* 0: abort */
};
struct mr_log_end_transaction_reply {
    uint64_t tag;
    uint64_t producer_id;
    uint32_t status;
    uint32_t next_epoch; /* to use for the producer's next transaction */
};

_Static_assert(sizeof(struct mr_log_metadata) == 16, "no padding");
_Static_assert(sizeof(struct mr_log_metadata_reply) == 24, "no padding");
_Static_assert(sizeof(struct mr_log_fetch) == 40, "no padding");
_Static_assert(sizeof(struct mr_log_fetch_reply) == 48, "no padding");
_Static_assert(sizeof(struct mr_log_marked_fetch) == 48, "no padding");
_Static_assert(sizeof(struct mr_log_marked_fetch_reply) == 72, "no padding");
_Static_assert(sizeof(struct mr_log_init_producers) == 32, "no padding");
_Static_assert(sizeof(struct mr_log_init_producers_reply) == 144, "no padding");
_Static_assert(sizeof(struct mr_log_append) == 64, "no padding");
_Static_assert(sizeof(struct mr_log_append_reply) == 24, "no padding");
_Static_assert(sizeof(struct mr_log_end_transaction) == 24, "no padding");
_Static_assert(sizeof(struct mr_log_end_transaction_reply) == 24, "no padding");

#endif
