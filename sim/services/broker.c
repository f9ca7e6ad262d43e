#include "sim/services/broker.h"

#include <string.h>

#include "base/digest.h"
#include "sim/services/broker_internal.h"

static void handle_metadata(
    struct mr_broker *broker, uint32_t connection, const struct mr_log_metadata *request)
{
    struct mr_log_metadata_reply reply = {
        .tag = request->tag, .topic = request->topic, .status = MR_LOG_UNKNOWN_TOPIC};
    if (mr_broker_has(broker, request->topic, 0)) {
        const struct mr_topic_config *topic = &broker->config->topics[request->topic];
        reply.status = MR_LOG_OK;
        reply.n_partitions = topic->n_partitions;
        reply.is_bounded = topic->feed && topic->feed->end(topic->feed->self, 0) != INT64_MAX;
    }
    mr_broker_reply(broker, connection, MR_LOG_METADATA_REPLY, &reply, sizeof reply);
}

/* What a request takes beside the network: its answer is that much later. */
static void spend(struct mr_broker *broker)
{
    mr_ns takes_ns = mr_draw_from(broker->env->draws, &broker->config->service_ns,
        MR_DRAW_SERVICE, broker->service_name, broker->n_requests++);
    if (takes_ns > 0) broker->env->spend(broker->env, takes_ns);
}

static void handle_fetch(
    struct mr_broker *broker, uint32_t connection, const struct mr_message *message)
{
    struct mr_log_marked_fetch request = {0};
    MR_ASSERT(message->body_bytes == sizeof request.fetch || message->body_bytes == sizeof request);
    memcpy(&request, message->body, message->body_bytes);
    mr_broker_fetch(broker, connection, &request.fetch, request.mark);
}

static void handle_request(struct mr_broker *broker, const struct mr_arrival *arrival)
{
    struct mr_message *message = arrival->message;
    uint32_t connection = arrival->connection;
    const void *body = message->body;
    spend(broker);
    switch ((enum mr_log_message)message->kind) {
    case MR_LOG_FETCH:
        handle_fetch(broker, connection, message);
        break;
    case MR_LOG_APPEND:
        MR_ASSERT(message->body_bytes == sizeof(struct mr_log_append) && message->attached);
        mr_broker_append(broker, connection, arrival->peer, body, message->attached);
        break;
    case MR_LOG_END_TRANSACTION:
        MR_ASSERT(message->body_bytes == sizeof(struct mr_log_end_transaction));
        mr_broker_end_transaction(broker, connection, arrival->peer, body);
        break;
    case MR_LOG_INIT_PRODUCERS:
        MR_ASSERT(message->body_bytes == sizeof(struct mr_log_init_producers));
        mr_broker_init_producers(broker, connection, body);
        break;
    case MR_LOG_METADATA:
        MR_ASSERT(message->body_bytes == sizeof(struct mr_log_metadata));
        handle_metadata(broker, connection, body);
        break;
    default:
        MR_UNREACHABLE("a request that a broker does not know");
    }
}

static void handle_timer(struct mr_broker *broker, uint64_t timer)
{
    uint32_t index = (uint32_t)(timer >> 32) & 0xffffff;
    if (timer == MR_BROKER_FED)
        mr_broker_fed(broker);
    else if (timer >> 56 == MR_TIMER_FETCH)
        mr_broker_fetch_due(broker, index, (uint32_t)timer);
    else
        mr_broker_transaction_due(broker, index, (uint32_t)timer);
}

static void *broker_create(const struct mr_env *env, const void *config)
{
    struct mr_broker *broker = mr_arena_new(env->arena, struct mr_broker);
    broker->env = env;
    broker->config = config;
    broker->service_name = mr_name("broker.service");
    uint32_t n = broker->config->n_topics;
    broker->logs = mr_arena_zalloc(env->arena, sizeof *broker->logs * n);
    for (uint32_t i = 0; i < n; i++)
        if (!broker->config->topics[i].feed)
            broker->logs[i] = mr_arena_zalloc(
                env->arena, sizeof **broker->logs * broker->config->topics[i].n_partitions);
    return broker;
}

static void broker_handle(void *self, const struct mr_arrival *arrival)
{
    struct mr_broker *broker = self;
    switch (arrival->kind) {
    case MR_ARRIVAL_MESSAGE:
        handle_request(broker, arrival);
        break;
    case MR_ARRIVAL_TIMER:
        handle_timer(broker, arrival->timer);
        break;
    case MR_ARRIVAL_CLOSED:
        mr_broker_forget_fetches(broker, arrival->connection);
        break;
    case MR_ARRIVAL_START:
    case MR_ARRIVAL_ACCEPTED:
        break;
    }
}

static void discard_log(struct mr_partition_log *log, struct mr_arena *arena)
{
    for (uint64_t i = log->first; i < log->end; i++) {
        mr_message_release(arena, mr_log_entry(log, i)->rows);
        mr_transaction_release(arena, mr_log_entry(log, i)->transaction);
    }
    mr_arena_free(arena, log->ring, sizeof *log->ring * log->capacity);
}

static void broker_discard(void *self)
{
    struct mr_broker *broker = self;
    struct mr_arena *arena = broker->env->arena;
    uint32_t n = broker->config->n_topics;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t n_partitions = broker->config->topics[i].n_partitions;
        if (!broker->logs[i]) continue;
        for (uint32_t p = 0; p < n_partitions; p++) discard_log(&broker->logs[i][p], arena);
        mr_arena_free(arena, broker->logs[i], sizeof **broker->logs * n_partitions);
    }
    mr_arena_free(arena, broker->logs, sizeof *broker->logs * n);
    mr_arena_free(arena, broker->places, sizeof *broker->places * broker->n_places);
    mr_broker_discard_producers(broker);
    mr_arena_free(arena, broker, sizeof *broker);
}

const struct mr_process_class mr_broker_class = {.name = "broker",
    .create = broker_create,
    .handle = broker_handle,
    .discard = broker_discard};

int64_t mr_broker_end_offset(const struct mr_broker *broker, uint32_t topic, uint32_t partition)
{
    const struct mr_partition_log *log = mr_broker_log(broker, topic, partition);
    MR_ASSERT(log != NULL);
    return log->end_offset;
}

int64_t mr_broker_stable_offset(
    const struct mr_broker *broker, uint32_t topic, uint32_t partition)
{
    const struct mr_partition_log *log = mr_broker_log(broker, topic, partition);
    MR_ASSERT(log != NULL);
    return mr_log_stable_offset(log);
}

void mr_broker_trim(
    struct mr_broker *broker, uint32_t topic, uint32_t partition, int64_t offset)
{
    struct mr_partition_log *log = mr_broker_log(broker, topic, partition);
    MR_ASSERT(log != NULL);
    mr_log_trim(log, broker->env->arena, offset);
}
