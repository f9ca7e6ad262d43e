/* A broker with an input topic and two output topics, a client that asks it, and what it told
 * its tap. */
#ifndef MR_TESTS_TEST_SIM_BROKER_H
#define MR_TESTS_TEST_SIM_BROKER_H

#include "sim/services/broker.h"
#include "tests/test_sim_client.h"

/* Topic 0: input of 2 partitions; of each, row i arrives at i * 10 ms, and there are ROWS.
 * Topics 1 and 2: outputs. */
enum { IN, OUT, OTHER, TOPICS, ROWS = 20 };
#define ROW_NS (10 * MR_MS_NS)

static struct told {
    uint32_t n_appended;
    int64_t last_offset;
    uint32_t n_ended;
    uint64_t id;
    uint32_t epoch;
    bool is_committed;
    int cause;
    uint32_t n_refused;
    enum mr_log_status status;
} told;
static int64_t feed_rows;

static inline struct mr_message *feed_read(void *self, struct mr_arena *arena,
    uint32_t partition, int64_t offset, uint32_t rows_max, mr_ns now, uint32_t *n_rows)
{
    (void)self;
    (void)partition;
    int64_t n = now / ROW_NS - offset + 1;
    if (n > rows_max) n = rows_max;
    if (n > ROWS - offset) n = ROWS - offset;
    assert_true(n > 0);
    *n_rows = (uint32_t)n;
    struct mr_message *message = mr_message_new(arena, 0, 8);
    memcpy(message->body, &offset, 8);
    return message;
}

static inline mr_ns feed_arrives_at(void *self, uint32_t partition, int64_t offset)
{
    (void)self;
    (void)partition;
    return offset < ROWS ? offset * ROW_NS : MR_NS_NEVER;
}

static inline int64_t feed_end(void *self, uint32_t partition)
{
    (void)self;
    (void)partition;
    return feed_rows;
}

static inline void note_appended(void *self, mr_ns at_ns, uint32_t process,
    const struct mr_log_append *request, const struct mr_message *rows, int64_t offset)
{
    (void)self;
    (void)at_ns;
    (void)rows;
    assert_int_equal(process, CLIENT);
    assert_true(request->n_rows > 0);
    told.n_appended++;
    told.last_offset = offset;
}

static inline void note_ended(void *self, mr_ns at_ns, uint64_t producer_id,
    uint32_t producer_epoch, bool is_committed, int cause)
{
    (void)self;
    (void)at_ns;
    told.n_ended++;
    told.id = producer_id;
    told.epoch = producer_epoch;
    told.is_committed = is_committed;
    told.cause = cause;
}

static inline void note_refused(void *self, mr_ns at_ns, uint32_t process, uint64_t producer_id,
    uint32_t producer_epoch, enum mr_log_status status)
{
    (void)self;
    (void)at_ns;
    (void)process;
    (void)producer_id;
    (void)producer_epoch;
    told.n_refused++;
    told.status = status;
}

static inline void begin(struct stage *stage)
{
    static const struct mr_feed feed = {
        .read = feed_read, .arrives_at = feed_arrives_at, .end = feed_end};
    static const struct mr_topic_config topics[TOPICS] = {
        {.name = "in", .n_partitions = 2, .feed = &feed}, {.name = "out", .n_partitions = 3},
        {.name = "other", .n_partitions = 1}};
    static const struct mr_broker_tap tap = {
        .appended = note_appended, .ended = note_ended, .refused = note_refused};
    static struct mr_broker_config config;
    config = (struct mr_broker_config){.n_topics = TOPICS,
        .topics = topics,
        .service_ns = mr_distribution_constant(20000),
        .tap = &tap};
    memset(&told, 0, sizeof told);
    feed_rows = ROWS;
    client_begin(stage, &mr_broker_class, &config);
}

static inline struct mr_broker *broker_of(const struct stage *stage)
{
    return mr_world_process(stage->world, SERVICE);
}

static inline struct mr_log_producer init(struct stage *stage, uint64_t owner, mr_ns timeout_ns)
{
    struct mr_log_init_producers request = {
        .tag = 1, .owner = owner, .n_slots = 2, .timeout_ns = timeout_ns};
    struct client_reply *reply =
        client_call(stage, MR_LOG_INIT_PRODUCERS, &request, sizeof request, NULL);
    struct mr_log_init_producers_reply answer;
    memcpy(&answer, reply->body, sizeof answer);
    assert_int_equal(answer.status, MR_LOG_OK);
    assert_int_equal(answer.n_slots, 2);
    assert_int_not_equal(answer.producers[0].id, answer.producers[1].id);
    return answer.producers[0];
}

static inline struct mr_log_append_reply append_to(struct stage *stage, uint32_t topic,
    struct mr_log_producer producer, uint64_t sequence, bool is_transactional, uint64_t rows)
{
    struct mr_log_append request = {.tag = 2,
        .topic = topic,
        .partition = 0,
        .producer_id = producer.id,
        .producer_epoch = producer.epoch,
        .is_transactional = is_transactional,
        .sequence = sequence,
        .n_rows = 4};
    struct client_reply *reply =
        client_call(stage, MR_LOG_APPEND, &request, sizeof request, &rows);
    struct mr_log_append_reply answer;
    memcpy(&answer, reply->body, sizeof answer);
    assert_int_equal(answer.tag, 2);
    return answer;
}

static inline struct mr_log_append_reply append(
    struct stage *stage, struct mr_log_producer producer, uint64_t sequence, uint64_t rows)
{
    return append_to(stage, OUT, producer, sequence, true, rows);
}

static inline struct mr_log_end_transaction_reply end(
    struct stage *stage, struct mr_log_producer producer, bool is_commit)
{
    struct mr_log_end_transaction request = {.tag = 3,
        .producer_id = producer.id,
        .producer_epoch = producer.epoch,
        .is_commit = is_commit};
    struct client_reply *reply =
        client_call(stage, MR_LOG_END_TRANSACTION, &request, sizeof request, NULL);
    struct mr_log_end_transaction_reply answer;
    memcpy(&answer, reply->body, sizeof answer);
    return answer;
}

static inline struct mr_log_fetch fetch_request(
    uint32_t topic, int64_t offset, uint32_t rows_min, uint32_t rows_max, mr_ns wait_ns)
{
    return (struct mr_log_fetch){.tag = 4,
        .topic = topic,
        .offset = offset,
        .wait_ns = wait_ns,
        .rows_min = rows_min,
        .rows_max = rows_max};
}

static inline struct mr_log_fetch_reply fetch(struct stage *stage, uint32_t topic,
    int64_t offset, uint32_t rows_min, uint32_t rows_max, mr_ns wait_ns)
{
    struct mr_log_fetch request = fetch_request(topic, offset, rows_min, rows_max, wait_ns);
    struct client_reply *reply =
        client_call(stage, MR_LOG_FETCH, &request, sizeof request, NULL);
    struct mr_log_fetch_reply answer;
    memcpy(&answer, reply->body, sizeof answer);
    assert_int_equal(answer.tag, 4);
    assert_int_equal(reply->has_rows, answer.n_rows > 0);
    return answer;
}

#endif
