#include "tests/test.h"

#include "sim/services/objects.h"
#include "tests/test_sim_client.h"

static struct mr_objects_config config;

static void begin(struct stage *stage)
{
    config = (struct mr_objects_config){.put_ns = mr_distribution_constant(5 * MR_MS_NS),
        .get_ns = mr_distribution_constant(2 * MR_MS_NS)};
    client_begin(stage, &mr_objects_class, &config);
}

static uint32_t put_body(unsigned char *body, const char *key, uint64_t expected_version)
{
    struct mr_object_put put = {
        .tag = 77, .expected_version = expected_version, .key_bytes = (uint32_t)strlen(key)};
    memcpy(body, &put, sizeof put);
    memcpy(body + sizeof put, key, put.key_bytes);
    return (uint32_t)sizeof put + put.key_bytes;
}

static struct mr_object_reply put(
    struct stage *stage, const char *key, uint64_t expected_version, uint64_t contents)
{
    unsigned char body[CLIENT_BYTES];
    uint32_t bytes = put_body(body, key, expected_version);
    struct client_reply *reply = client_call(stage, MR_OBJECT_PUT, body, bytes, &contents);
    assert_int_equal(reply->kind, MR_OBJECT_REPLY);
    struct mr_object_reply answer;
    memcpy(&answer, reply->body, sizeof answer);
    assert_int_equal(answer.tag, 77);
    return answer;
}

static struct mr_object_reply ask(struct stage *stage, enum mr_object_message kind,
    const char *key, struct client_reply **reply)
{
    unsigned char body[CLIENT_BYTES];
    struct mr_object_get get = {.tag = 78, .key_bytes = (uint32_t)strlen(key)};
    memcpy(body, &get, sizeof get);
    memcpy(body + sizeof get, key, get.key_bytes);
    struct client_reply *got =
        client_call(stage, (uint16_t)kind, body, sizeof get + get.key_bytes, NULL);
    struct mr_object_reply answer;
    memcpy(&answer, got->body, sizeof answer);
    assert_int_equal(answer.tag, 78);
    if (reply) *reply = got;
    return answer;
}

static void what_was_put_is_got(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_object_reply answer = put(stage, "x/1", MR_OBJECT_ANY_VERSION, 5);
    assert_int_equal(answer.status, MR_OBJECT_OK);
    assert_int_equal(answer.version, 1);
    struct client_reply *reply;
    answer = ask(stage, MR_OBJECT_GET, "x/1", &reply);
    assert_int_equal(answer.status, MR_OBJECT_OK);
    assert_int_equal(answer.version, 1);
    assert_true(reply->has_rows);
    assert_int_equal(reply->rows, 5);
    answer = ask(stage, MR_OBJECT_GET, "x/2", &reply);
    assert_int_equal(answer.status, MR_OBJECT_NOT_FOUND);
    assert_int_equal(answer.version, 0);
    assert_false(reply->has_rows);
}

static void a_conditional_put_needs_the_version_that_is_there(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_object_reply answer = put(stage, "k", 1, 5);
    assert_int_equal(answer.status, MR_OBJECT_CONFLICT);
    assert_int_equal(answer.version, 0);
    assert_int_equal(put(stage, "k", 0, 5).status, MR_OBJECT_OK);
    answer = put(stage, "k", 0, 6);
    assert_int_equal(answer.status, MR_OBJECT_CONFLICT);
    assert_int_equal(answer.version, 1);
    answer = put(stage, "k", 1, 7);
    assert_int_equal(answer.status, MR_OBJECT_OK);
    assert_int_equal(answer.version, 2);
    struct client_reply *reply;
    ask(stage, MR_OBJECT_GET, "k", &reply);
    assert_int_equal(reply->rows, 7);
}

static void what_was_deleted_is_gone(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    put(stage, "k", MR_OBJECT_ANY_VERSION, 5);
    put(stage, "l", MR_OBJECT_ANY_VERSION, 6);
    const struct mr_objects *objects = mr_world_process(stage->world, SERVICE);
    assert_int_equal(mr_objects_count(objects), 2);
    assert_int_equal(ask(stage, MR_OBJECT_DELETE, "k", NULL).status, MR_OBJECT_OK);
    assert_int_equal(ask(stage, MR_OBJECT_DELETE, "k", NULL).status, MR_OBJECT_OK);
    assert_int_equal(mr_objects_count(objects), 1);
    assert_null(mr_objects_find(objects, "k", 1));
    assert_non_null(mr_objects_find(objects, "l", 1));
    assert_int_equal(ask(stage, MR_OBJECT_GET, "k", NULL).status, MR_OBJECT_NOT_FOUND);
    assert_int_equal(put(stage, "k", 0, 8).version, 1);
}

static void a_put_takes_its_time_twice_and_is_there_after_the_first(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    unsigned char body[CLIENT_BYTES];
    uint32_t bytes = put_body(body, "k", 0);
    uint64_t contents = 1;
    client_post(stage, MR_OBJECT_PUT, body, bytes, &contents);
    mr_ns sent_ns = mr_world_now(stage->world);
    const struct mr_objects *objects = mr_world_process(stage->world, SERVICE);
    stage_run(stage, sent_ns + 1000 + 5 * MR_MS_NS - 1);
    assert_int_equal(mr_objects_count(objects), 0);
    stage_run(stage, sent_ns + 1000 + 5 * MR_MS_NS);
    assert_int_equal(mr_objects_count(objects), 1);
    assert_int_equal(client.n_replies, 0);
    stage_run(stage, sent_ns + 2000 + 10 * MR_MS_NS);
    assert_int_equal(client.n_replies, 1);
    assert_int_equal(client.replies[0].at_ns, sent_ns + 2000 + 10 * MR_MS_NS);
}

static void large_objects_take_longer(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    config.bytes_per_second = 1000; /* 8 bytes: 8 ms */
    unsigned char body[CLIENT_BYTES];
    uint32_t bytes = put_body(body, "k", 0);
    uint64_t contents = 1;
    client_post(stage, MR_OBJECT_PUT, body, bytes, &contents);
    mr_ns sent_ns = mr_world_now(stage->world);
    stage_run(stage, sent_ns + 30 * MR_MS_NS);
    assert_int_equal(client.replies[0].at_ns, sent_ns + 2000 + 18 * MR_MS_NS);
}

static void a_put_is_applied_though_the_requester_dies(void **state)
{
    struct stage *stage = *state;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_CRASH);
    fault->at_ns = 3 * MR_MS_NS;
    begin(stage);
    unsigned char body[CLIENT_BYTES];
    uint32_t bytes = put_body(body, "k", 0);
    uint64_t contents = 9;
    client_post(stage, MR_OBJECT_PUT, body, bytes, &contents);
    stage_run(stage, 100 * MR_MS_NS);
    assert_false(mr_world_is_up(stage->world, CLIENT));
    const struct mr_message *found =
        mr_objects_find(mr_world_process(stage->world, SERVICE), "k", 1);
    assert_non_null(found);
    assert_memory_equal(found->body, &contents, 8);
    assert_int_equal(client.n_replies, 0);
}

static void the_store_does_not_grow_with_puts_of_the_same_key(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    for (uint64_t i = 0; i < 20; i++) put(stage, "k", MR_OBJECT_ANY_VERSION, i);
    size_t used = mr_arena_used_bytes(stage->arena);
    for (uint64_t i = 0; i < 200; i++)
        assert_int_equal(put(stage, "k", MR_OBJECT_ANY_VERSION, i).version, 21 + i);
    assert_int_equal(mr_arena_used_bytes(stage->arena), used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(what_was_put_is_got),
        STAGE_TEST(a_conditional_put_needs_the_version_that_is_there),
        STAGE_TEST(what_was_deleted_is_gone),
        STAGE_TEST(a_put_takes_its_time_twice_and_is_there_after_the_first),
        STAGE_TEST(large_objects_take_longer),
        STAGE_TEST(a_put_is_applied_though_the_requester_dies),
        STAGE_TEST(the_store_does_not_grow_with_puts_of_the_same_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
