#include "tests/test.h"

#include "tests/test_sim_broker.h"

static void metadata_says_what_a_topic_is(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    for (uint32_t topic = 0; topic < TOPICS + 1; topic++) {
        struct mr_log_metadata request = {.tag = 9, .topic = topic};
        struct client_reply *reply =
            client_call(stage, MR_LOG_METADATA, &request, sizeof request, NULL);
        struct mr_log_metadata_reply answer;
        memcpy(&answer, reply->body, sizeof answer);
        const uint32_t partitions[] = {2, 3, 1, 0};
        assert_int_equal(answer.n_partitions, partitions[topic]);
        assert_int_equal(answer.is_bounded, topic == IN);
        assert_int_equal(answer.status, topic < TOPICS ? MR_LOG_OK : MR_LOG_UNKNOWN_TOPIC);
    }
}

static void a_fetch_is_held_back_until_enough_rows_have_arrived(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_fetch request = fetch_request(IN, 0, 3, 10, MR_SECOND_NS);
    client_post(stage, MR_LOG_FETCH, &request, sizeof request, NULL);
    stage_run(stage, 20 * MR_MS_NS);
    assert_int_equal(client.n_replies, 0);
    stage_run(stage, 30 * MR_MS_NS);
    assert_int_equal(client.n_replies, 1);
    struct mr_log_fetch_reply answer;
    memcpy(&answer, client.replies[0].body, sizeof answer);
    assert_int_equal(client.replies[0].at_ns, 20 * MR_MS_NS + 1000);
    assert_int_equal(answer.n_rows, 3);
    assert_int_equal(answer.next_offset, 3);
    assert_int_equal(answer.is_end, 0);
}

static void a_fetch_is_answered_with_less_when_its_wait_is_over(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_fetch_reply answer = fetch(stage, IN, 1, 5, 10, 14 * MR_MS_NS);
    assert_int_equal(answer.n_rows, 1);
    assert_int_equal(answer.offset, 1);
    assert_int_equal(answer.next_offset, 2);
    assert_in_range(mr_world_now(stage->world), 14 * MR_MS_NS, 17 * MR_MS_NS);
    answer = fetch(stage, IN, 9, 1, 10, 5 * MR_MS_NS);
    assert_int_equal(answer.n_rows, 0);
    assert_int_equal(answer.next_offset, 9);
    assert_int_equal(answer.status, MR_LOG_OK);
}

static void no_more_rows_come_than_were_asked_for(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    stage_run(stage, 100 * MR_MS_NS);
    struct mr_log_fetch_reply answer = fetch(stage, IN, 2, 1, 4, MR_SECOND_NS);
    assert_int_equal(answer.n_rows, 4);
    assert_int_equal(answer.next_offset, 6);
}

static void the_end_of_a_bounded_partition_is_told_with_its_last_rows(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_fetch_reply answer = fetch(stage, IN, ROWS - 3, 10, 10, MR_SECOND_NS);
    assert_int_equal(answer.n_rows, 3);
    assert_int_equal(answer.is_end, 1);
    assert_in_range(
        mr_world_now(stage->world), (ROWS - 1) * ROW_NS, (ROWS - 1) * ROW_NS + MR_MS_NS);
    answer = fetch(stage, IN, ROWS, 1, 10, MR_SECOND_NS);
    assert_int_equal(answer.n_rows, 0);
    assert_int_equal(answer.is_end, 1);
    assert_int_equal(
        fetch(stage, IN, ROWS + 1, 1, 10, MR_SECOND_NS).status, MR_LOG_OFFSET_OUT_OF_RANGE);
}

static void a_partition_without_an_end_is_waited_for(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    feed_rows = INT64_MAX;
    struct mr_log_fetch_reply answer = fetch(stage, IN, ROWS, 1, 10, MR_SECOND_NS);
    assert_int_equal(answer.n_rows, 0);
    assert_int_equal(answer.is_end, 0);
    assert_true(mr_world_now(stage->world) > MR_SECOND_NS);
}

static void a_reader_that_waits_is_told_with_the_commit(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, MR_SECOND_NS);
    struct mr_log_fetch request = fetch_request(OUT, 0, 1, 10, MR_SECOND_NS);
    client_post(stage, MR_LOG_FETCH, &request, sizeof request, NULL);
    append(stage, producer, 0, 100);
    struct mr_log_end_transaction commit = {
        .tag = 3, .producer_id = producer.id, .producer_epoch = producer.epoch, .is_commit = 1};
    client_post(stage, MR_LOG_END_TRANSACTION, &commit, sizeof commit, NULL);
    client.n_replies = 0;
    stage_run(stage, mr_world_now(stage->world) + MR_MS_NS);
    assert_int_equal(client.n_replies, 2);
    assert_int_equal(client.replies[0].kind, MR_LOG_FETCH_REPLY);
    assert_int_equal(client.replies[0].rows, 100);
    assert_int_equal(client.replies[1].kind, MR_LOG_END_TRANSACTION_REPLY);
}

/* The first of two transactions holds back what the second has committed behind it. */
static void nothing_is_seen_behind_an_open_transaction(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer first = init(stage, 7, MR_SECOND_NS);
    struct mr_log_producer second = init(stage, 8, MR_SECOND_NS);
    append(stage, first, 0, 1);
    append(stage, second, 0, 2);
    end(stage, second, true);
    assert_int_equal(mr_broker_stable_offset(broker_of(stage), OUT, 0), 0);
    assert_int_equal(fetch(stage, OUT, 0, 1, 10, MR_MS_NS).n_rows, 0);
    end(stage, first, false);
    assert_int_equal(mr_broker_stable_offset(broker_of(stage), OUT, 0), 8);
    assert_int_equal(fetch(stage, OUT, 0, 1, 10, MR_MS_NS).offset, 4);
}

static void what_was_trimmed_is_out_of_range(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer none = {0};
    for (uint64_t i = 0; i < 5; i++) append_to(stage, OUT, none, 0, false, i);
    mr_broker_trim(broker_of(stage), OUT, 0, 10);
    assert_int_equal(fetch(stage, OUT, 9, 1, 10, MR_MS_NS).status, MR_LOG_OFFSET_OUT_OF_RANGE);
    struct mr_log_fetch_reply answer = fetch(stage, OUT, 10, 1, 10, MR_MS_NS);
    assert_int_equal(answer.n_rows, 2);
    assert_int_equal(client.replies[0].rows, 2);
    assert_int_equal(mr_broker_end_offset(broker_of(stage), OUT, 0), 20);
    assert_int_equal(fetch(stage, OUT, 21, 1, 10, MR_MS_NS).status, MR_LOG_OFFSET_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(metadata_says_what_a_topic_is),
        STAGE_TEST(a_fetch_is_held_back_until_enough_rows_have_arrived),
        STAGE_TEST(a_fetch_is_answered_with_less_when_its_wait_is_over),
        STAGE_TEST(no_more_rows_come_than_were_asked_for),
        STAGE_TEST(the_end_of_a_bounded_partition_is_told_with_its_last_rows),
        STAGE_TEST(a_partition_without_an_end_is_waited_for),
        STAGE_TEST(a_reader_that_waits_is_told_with_the_commit),
        STAGE_TEST(nothing_is_seen_behind_an_open_transaction),
        STAGE_TEST(what_was_trimmed_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
