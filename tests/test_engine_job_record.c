#include "tests/test.h"

#include <string.h>

#include "base/wire/object.h"
#include "engine/runtime/job_record.h"

static struct mr_retained checkpoint(uint64_t id)
{
    return (struct mr_retained){.checkpoint = id, .attempt = 1};
}

static struct mr_job_record with_checkpoints(uint64_t n, uint32_t retention)
{
    struct mr_job_record record = {.attempt = 1};
    struct mr_retained evicted[MR_RETAINED_MAX];
    for (uint64_t i = 1; i <= n; i++)
        mr_job_record_add(&record, checkpoint(i), retention, evicted);
    return record;
}

static void the_newest_checkpoints_are_retained(void **state)
{
    (void)state;
    struct mr_job_record record = with_checkpoints(3, 3);
    struct mr_retained evicted[MR_RETAINED_MAX];
    assert_int_equal(mr_job_record_add(&record, checkpoint(4), 3, evicted), 1);
    assert_int_equal(evicted[0].checkpoint, 1);
    assert_int_equal(record.n_retained, 3);
    assert_int_equal(record.retained[0].checkpoint, 2);
    assert_int_equal(mr_job_record_newest(&record).checkpoint, 4);
}

static void a_job_without_checkpoints_begins_from_nothing(void **state)
{
    (void)state;
    struct mr_job_record record = {0};
    assert_int_equal(mr_job_record_newest(&record).checkpoint, 0);
}

static void a_rewind_takes_out_the_newer_checkpoints(void **state)
{
    (void)state;
    struct mr_job_record record = with_checkpoints(5, 5);
    struct mr_retained evicted[MR_RETAINED_MAX];
    assert_true(mr_job_record_rewind(&record, 2, evicted));
    assert_int_equal(mr_job_record_newest(&record).checkpoint, 3);
    assert_int_equal(record.rewound_to, 3);
    assert_int_equal(evicted[0].checkpoint, 4);
    assert_int_equal(evicted[1].checkpoint, 5);
}

static void going_back_further_than_retained_is_refused(void **state)
{
    (void)state;
    struct mr_job_record record = with_checkpoints(3, 5);
    struct mr_job_record before = record;
    struct mr_retained evicted[MR_RETAINED_MAX];
    assert_false(mr_job_record_rewind(&record, 3, evicted));
    assert_int_equal(record.n_retained, before.n_retained);
    assert_int_equal(record.rewound_to, 0);
}

static void the_first_checkpoint_after_a_rewind_ends_it(void **state)
{
    (void)state;
    struct mr_job_record record = with_checkpoints(4, 5);
    struct mr_retained evicted[MR_RETAINED_MAX];
    assert_true(mr_job_record_rewind(&record, 1, evicted));
    assert_int_equal(record.rewound_to, 3);
    mr_job_record_add(&record, (struct mr_retained){.checkpoint = 4, .attempt = 2}, 5, evicted);
    assert_int_equal(record.rewound_to, 0);
    assert_int_equal(mr_job_record_newest(&record).attempt, 2);
}

static void a_put_carries_the_whole_record(void **state)
{
    (void)state;
    struct mr_arena_options options = {.bytes_max = 1 << 20, .fill = 0xa5};
    struct mr_arena *arena;
    struct mr_err err = {0};
    assert_true(mr_arena_open(&options, &arena, &err));
    struct mr_job_record record = with_checkpoints(7, 4);
    struct mr_message *message = mr_job_record_put(arena, 77, &record, 3);
    const struct mr_object_put *put = (const struct mr_object_put *)message->body;
    assert_int_equal(put->tag, 77);
    assert_int_equal(put->expected_version, 3);
    assert_int_equal(message->attached->body_bytes, sizeof record);
    assert_memory_equal(message->attached->body, &record, sizeof record);
    mr_message_release(arena, message);
    mr_arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_checkpoints_are_retained),
        cmocka_unit_test(a_job_without_checkpoints_begins_from_nothing),
        cmocka_unit_test(a_rewind_takes_out_the_newer_checkpoints),
        cmocka_unit_test(going_back_further_than_retained_is_refused),
        cmocka_unit_test(the_first_checkpoint_after_a_rewind_ends_it),
        cmocka_unit_test(a_put_carries_the_whole_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
