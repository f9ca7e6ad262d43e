#include "tests/test.h"

#include "tests/test_sim_broker.h"

static void a_repeated_append_is_answered_with_its_first_offset(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, MR_SECOND_NS);
    assert_int_equal(append_to(stage, OUT, producer, 0, false, 100).offset, 0);
    assert_int_equal(append_to(stage, OUT, producer, 1, false, 101).offset, 4);
    struct mr_log_append_reply answer = append_to(stage, OUT, producer, 0, false, 100);
    assert_int_equal(answer.status, MR_LOG_OK);
    assert_int_equal(answer.offset, 0);
    assert_int_equal(mr_broker_end_offset(broker_of(stage), OUT, 0), 8);
    assert_int_equal(told.n_appended, 2);
    assert_int_equal(
        append_to(stage, OTHER, producer, 0, false, 1).offset, 0); /* a sequence of its own */
}

static void a_gap_in_the_sequence_is_refused(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, MR_SECOND_NS);
    assert_int_equal(
        append_to(stage, OUT, producer, 1, false, 1).status, MR_LOG_OUT_OF_SEQUENCE);
    assert_int_equal(told.n_refused, 1);
    assert_int_equal(told.status, MR_LOG_OUT_OF_SEQUENCE);
    assert_int_equal(append_to(stage, OUT, producer, 0, false, 1).status, MR_LOG_OK);
    assert_int_equal(append_to(stage, IN, producer, 0, false, 1).status, MR_LOG_UNKNOWN_TOPIC);
    struct mr_log_producer unknown = {.id = 999};
    assert_int_equal(append_to(stage, OUT, unknown, 0, false, 1).status, MR_LOG_INVALID_STATE);
    struct mr_log_producer none = {0};
    assert_int_equal(append_to(stage, OUT, none, 5, false, 1).status, MR_LOG_OK);
}

static void a_transaction_is_seen_only_once_it_is_committed(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, MR_SECOND_NS);
    append(stage, producer, 0, 100);
    append(stage, producer, 1, 101);
    assert_int_equal(mr_broker_end_offset(broker_of(stage), OUT, 0), 8);
    assert_int_equal(mr_broker_stable_offset(broker_of(stage), OUT, 0), 0);
    assert_int_equal(fetch(stage, OUT, 0, 1, 10, MR_MS_NS).n_rows, 0);
    struct mr_log_end_transaction_reply ended = end(stage, producer, true);
    assert_int_equal(ended.status, MR_LOG_OK);
    assert_int_equal(ended.next_epoch, producer.epoch + 1);
    assert_true(told.n_ended == 1 && told.is_committed && told.cause == 0);
    assert_true(told.id == producer.id && told.epoch == producer.epoch);
    struct mr_log_fetch_reply answer = fetch(stage, OUT, 2, 1, 10, MR_MS_NS);
    assert_int_equal(answer.n_rows, 2); /* the rest of the first blob */
    assert_int_equal(answer.first_row, 2);
    assert_int_equal(client.replies[0].rows, 100);
    answer = fetch(stage, OUT, answer.next_offset, 1, 3, MR_MS_NS);
    assert_int_equal(answer.offset, 4);
    assert_int_equal(answer.n_rows, 3);
    assert_int_equal(client.replies[0].rows, 101);
}

static void an_aborted_transaction_is_never_seen(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, MR_SECOND_NS);
    append(stage, producer, 0, 100);
    assert_int_equal(end(stage, producer, false).status, MR_LOG_OK);
    assert_true(told.n_ended == 1 && !told.is_committed && told.cause == 0);
    assert_int_equal(mr_broker_stable_offset(broker_of(stage), OUT, 0), 4);
    producer.epoch++;
    append(stage, producer, 0, 200);
    end(stage, producer, true);
    struct mr_log_fetch_reply answer = fetch(stage, OUT, 0, 1, 10, MR_MS_NS);
    assert_int_equal(answer.offset, 4);
    assert_int_equal(answer.n_rows, 4);
    assert_int_equal(answer.next_offset, 8);
    assert_int_equal(client.replies[0].rows, 200);
}

static void new_producers_of_an_owner_fence_the_old_ones(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer old = init(stage, 7, MR_SECOND_NS);
    append(stage, old, 0, 100);
    struct mr_log_producer new = init(stage, 7, MR_SECOND_NS);
    assert_true(new.id == old.id &&new.epoch > old.epoch);
    assert_true(told.n_ended == 1 && !told.is_committed && told.cause == 1);
    assert_int_equal(told.epoch, old.epoch);
    assert_int_equal(append(stage, old, 1, 101).status, MR_LOG_FENCED);
    assert_int_equal(end(stage, old, true).status, MR_LOG_FENCED);
    assert_int_equal(told.n_refused, 2);
    assert_int_equal(end(stage, old, false).status, MR_LOG_OK); /* it is aborted */
    assert_int_equal(append(stage, new, 0, 200).status, MR_LOG_OK);
    assert_int_equal(end(stage, new, true).status, MR_LOG_OK);
    assert_int_equal(fetch(stage, OUT, 0, 1, 10, MR_MS_NS).offset, 4);
    struct mr_log_producer future = {.id = new.id, .epoch = new.epoch + 5};
    assert_int_equal(end(stage, future, true).status, MR_LOG_INVALID_STATE);
}

static void ending_twice_the_same_way_is_ok_and_the_other_way_is_not(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, MR_SECOND_NS);
    append(stage, producer, 0, 100);
    assert_int_equal(end(stage, producer, true).status, MR_LOG_OK);
    struct mr_log_end_transaction_reply again = end(stage, producer, true);
    assert_int_equal(again.status, MR_LOG_OK);
    assert_int_equal(again.next_epoch, producer.epoch + 1);
    assert_int_equal(end(stage, producer, false).status, MR_LOG_INVALID_STATE);
    assert_int_equal(told.n_ended, 1);
    producer.epoch++;
    assert_int_equal(end(stage, producer, false).status, MR_LOG_OK); /* without appends */
    assert_int_equal(end(stage, producer, false).status, MR_LOG_OK);
    assert_int_equal(end(stage, producer, true).status, MR_LOG_INVALID_STATE);
    assert_int_equal(told.n_ended, 1);
}

static void a_commit_holds_after_the_epochs_were_raised(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, MR_SECOND_NS);
    append(stage, producer, 0, 100);
    end(stage, producer, true);
    init(stage, 7, MR_SECOND_NS);
    struct mr_log_end_transaction_reply again = end(stage, producer, true);
    assert_int_equal(again.status, MR_LOG_OK);
    struct mr_log_producer zombie = {.id = producer.id, .epoch = again.next_epoch};
    assert_int_equal(append(stage, zombie, 0, 1).status, MR_LOG_FENCED);
}

static void a_transaction_that_is_open_for_too_long_is_aborted(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, 50 * MR_MS_NS);
    append(stage, producer, 0, 100);
    mr_ns begun_ns = mr_world_now(stage->world);
    stage_run(stage, begun_ns + 48 * MR_MS_NS);
    assert_int_equal(told.n_ended, 0);
    stage_run(stage, begun_ns + 51 * MR_MS_NS);
    assert_true(told.n_ended == 1 && !told.is_committed && told.cause == 2);
    assert_int_equal(append(stage, producer, 1, 101).status, MR_LOG_FENCED);
    assert_int_equal(end(stage, producer, true).status, MR_LOG_INVALID_STATE);
    assert_int_equal(end(stage, producer, false).status, MR_LOG_OK);
}

static void a_timeout_of_one_transaction_does_not_touch_the_next(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, 50 * MR_MS_NS);
    append(stage, producer, 0, 100);
    end(stage, producer, true);
    stage_run(stage, mr_world_now(stage->world) + 30 * MR_MS_NS);
    producer.epoch++;
    append(stage, producer, 0, 200);
    stage_run(stage, mr_world_now(stage->world) + 30 * MR_MS_NS);
    assert_int_equal(told.n_ended, 1);
    assert_int_equal(end(stage, producer, true).status, MR_LOG_OK);
}

static void a_log_that_is_trimmed_does_not_grow(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer producer = init(stage, 7, MR_SECOND_NS);
    size_t used = 0;
    for (uint64_t i = 0; i < 600; i++) {
        append(stage, producer, 0, i);
        append(stage, producer, 1, i);
        end(stage, producer, i % 3 != 0);
        producer.epoch++;
        mr_broker_trim(
            broker_of(stage), OUT, 0, mr_broker_stable_offset(broker_of(stage), OUT, 0));
        if (i == 400)
            used = mr_arena_used_bytes(stage->arena); /* time-outs of the first have come due */
    }
    assert_int_equal(mr_arena_used_bytes(stage->arena), used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_repeated_append_is_answered_with_its_first_offset),
        STAGE_TEST(a_gap_in_the_sequence_is_refused),
        STAGE_TEST(a_transaction_is_seen_only_once_it_is_committed),
        STAGE_TEST(an_aborted_transaction_is_never_seen),
        STAGE_TEST(new_producers_of_an_owner_fence_the_old_ones),
        STAGE_TEST(ending_twice_the_same_way_is_ok_and_the_other_way_is_not),
        STAGE_TEST(a_commit_holds_after_the_epochs_were_raised),
        STAGE_TEST(a_transaction_that_is_open_for_too_long_is_aborted),
        STAGE_TEST(a_timeout_of_one_transaction_does_not_touch_the_next),
        STAGE_TEST(a_log_that_is_trimmed_does_not_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
