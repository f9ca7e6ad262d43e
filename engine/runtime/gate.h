/* The sending end of an exchange in one task: partitions rows over channels, collects them into messages, waits for credit. */
#ifndef MR_ENGINE_RUNTIME_GATE_H
#define MR_ENGINE_RUNTIME_GATE_H

#include "engine/batch/builder.h"
#include "engine/operators/operator.h"
#include "engine/state/keyed_map.h"

/* One subtask to one subtask. Invariant: messages leave in the order of their numbers; while `pending` is not empty
 * everything goes behind it. */
struct mr_out_channel {
    uint32_t connection; /* to the worker of the other end */
    uint32_t credit;     /* messages of rows that may still be sent */
    struct mr_builder builder;
    struct mr_message *pending_first; /* linked by message->world[0] */
    struct mr_message *pending_last;
    struct mr_message *held; /* only by the planted bug swap_messages */
    uint64_t next_number;
    uint64_t rows_sent;
    mr_us watermark_sent_us;
};

struct mr_gate {
    struct mr_task_context *context;
    const struct mr_exchange *exchange;
    struct mr_builder_layout layout;
    struct mr_key_layout keys;
    uint32_t next_channel; /* REBALANCE: takes the next row. Not in snapshots: any distribution is right */
    struct mr_field key_types[MR_FIELDS_MAX];
    uint8_t target_of_group[MR_KEY_GROUPS];
    uint32_t n_channels;
    uint32_t first_target; /* subtask of channel 0 */
    struct mr_out_channel *channels;
    mr_us watermark_us; /* forwarded so far: travels with the next message of each channel */
    bool is_idle;
    uint32_t n_pending; /* messages, over all channels */
};

void mr_gate_init(struct mr_gate *gate, struct mr_task_context *context,
    const struct mr_exchange *exchange, const uint32_t *connections);
void mr_gate_discard(struct mr_gate *gate);
/* Collects the rows that count; full messages leave. */
void mr_gate_send(struct mr_gate *gate, const struct mr_batch *batch);
/* The watermark rose: it leaves with the next message, at mr_gate_announce, or at once when it is the last one. */
void mr_gate_watermark(struct mr_gate *gate, mr_us watermark_us);
/* Sends everything collected. */
void mr_gate_flush(struct mr_gate *gate);
/* Sends the watermark on channels that have not had it, with the rows collected before it. */
void mr_gate_announce(struct mr_gate *gate);
bool mr_gate_owes_watermark(const struct mr_gate *gate);
void mr_gate_idle(struct mr_gate *gate, bool is_idle);
void mr_gate_barrier(struct mr_gate *gate, uint64_t checkpoint);
/* The other end handled `credit` messages. */
void mr_gate_credit(struct mr_gate *gate, uint32_t target, uint32_t credit);

#endif
