/* What workers and the coordinator say to each other. Bodies start with these structs; no padding. */
#ifndef MR_ENGINE_RUNTIME_PROTOCOL_H
#define MR_ENGINE_RUNTIME_PROTOCOL_H

#include <stdint.h>

#include "base/time.h"
#include "engine/runtime/job.h"

enum mr_engine_message {
    /* Worker to worker, on a connection that the sender of rows opened. */
    MR_MSG_DATA = 100, /* mr_data, a batch blob behind it when n_rows > 0 */
    MR_MSG_IDLE,       /* mr_data without rows; flags bit 0: idle, else active again */
    MR_MSG_BARRIER,    /* mr_barrier */
    MR_MSG_CREDIT,     /* mr_credit, backwards */
    /* Worker to coordinator. */
    MR_MSG_REGISTER = 120, /* mr_control */
    MR_MSG_HEARTBEAT,
    MR_MSG_DEPLOYED,
    MR_MSG_ACK,              /* value: bytes of state */
    MR_MSG_FAILED,           /* text behind it */
    MR_MSG_SOURCES_FINISHED,
    MR_MSG_COMMITTED,        /* all transactions up to the checkpoint */
    MR_MSG_STOPPED,
    MR_MSG_LOWEST,           /* checkpoint: alignment group; value: the least watermark of its partitions here */
    /* Coordinator to worker. */
    MR_MSG_DEPLOY = 140, /* mr_deploy */
    MR_MSG_START,
    MR_MSG_TRIGGER,      /* mr_control */
    MR_MSG_COMPLETE,     /* mr_control; value 1: say when it is committed */
    MR_MSG_ABORT,        /* mr_control: the checkpoint is given up */
    MR_MSG_STOP,
    MR_MSG_CANCEL,
    MR_MSG_ALIGNED,      /* mr_control; checkpoint: alignment group; value: where it stands */
};

struct mr_data {
    uint32_t attempt;
    uint16_t exchange;
    uint16_t from;
    uint16_t to;
    uint16_t flags;
    uint32_t n_rows;
    int64_t watermark_us; /* holds after the rows; MR_US_MIN: none */
    uint64_t number;      /* of the channel */
};

struct mr_barrier {
    uint32_t attempt;
    uint16_t exchange;
    uint16_t from;
    uint16_t to;
    uint16_t flags;
    uint32_t zero;
    int64_t watermark_us; /* the sender's, so that all receivers have the same before the barrier */
    uint64_t number;
    uint64_t checkpoint;
    uint64_t rows_sent; /* on this channel in this attempt */
};

struct mr_credit {
    uint32_t attempt;
    uint16_t exchange;
    uint16_t from;
    uint16_t to;
    uint16_t zero;
    uint32_t messages;
};

struct mr_control {
    uint32_t attempt;
    uint32_t worker; /* index of the sender; 0 from the coordinator */
    uint64_t checkpoint;
    uint64_t value;
};

struct mr_deploy {
    uint32_t attempt;
    uint32_t checkpoint_attempt; /* that took the checkpoint to restore */
    uint64_t checkpoint;         /* to restore; 0: begin empty */
    uint32_t is_rewind;
    uint32_t n_topics;
    uint32_t from_topics[MR_COMMAND_TOPICS_MAX];
    uint32_t to_topics[MR_COMMAND_TOPICS_MAX];
};

_Static_assert(sizeof(struct mr_data) == 32, "no padding");
_Static_assert(sizeof(struct mr_barrier) == 48, "no padding");
_Static_assert(sizeof(struct mr_credit) == 16, "no padding");
_Static_assert(sizeof(struct mr_control) == 24, "no padding");
_Static_assert(sizeof(struct mr_deploy) == 88, "no padding");

/* The state of one worker in a checkpoint: `state/<checkpoint>-<attempt>/<worker>`. Returns the key's bytes. */
enum { MR_STATE_KEY_BYTES = 64 };
uint32_t mr_state_key(char out[MR_STATE_KEY_BYTES], uint64_t checkpoint, uint32_t attempt, uint32_t worker);

#endif
