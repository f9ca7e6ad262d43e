/* A key-value service: it answers with what its table has, after its time, or with an error, or
 * never. */
#include "tests/test.h"

#include "sim/services/lookup.h"
#include "tests/test_sim_client.h"

static const struct mr_value blue[] = {
    {.type = MR_TYPE_STRING, .text = "a blue colour", .bytes = 13},
    {.type = MR_TYPE_INT, .i = -7}, {.type = MR_TYPE_NULL}};
static const struct mr_value red[] = {{.type = MR_TYPE_STRING, .text = "", .bytes = 0},
    {.type = MR_TYPE_NULL}, {.type = MR_TYPE_FLOAT, .f = 0.5}};
static const struct mr_lookup_row rows[] = {{.key = "blue", .key_bytes = 4, .values = blue},
    {.key = "red", .key_bytes = 3, .values = red}};
static struct mr_lookup_config config;
static uint32_t n_answered;

static void answered(
    void *self, mr_ns at_ns, uint32_t process, const struct mr_lookup_reply *reply)
{
    (void)self;
    (void)at_ns;
    assert_int_equal(process, CLIENT);
    assert_int_equal(reply->tag, 5);
    n_answered++;
}
static const struct mr_lookup_tap tap = {.answered = answered};

static void begin(struct stage *stage, uint32_t errors, uint32_t lost)
{
    config = (struct mr_lookup_config){.name = "colours",
        .n_columns = 3,
        .n_rows = 2,
        .rows = rows,
        .latency_ns = mr_distribution_constant(7 * MR_MS_NS),
        .errors = {.part = errors, .whole = 100},
        .lost = {.part = lost, .whole = 100},
        .tap = &tap};
    n_answered = 0;
    client_begin(stage, &mr_lookup_service_class, &config);
}

static size_t body_of(unsigned char *body, const char *key, uint64_t number)
{
    struct mr_lookup_get get = {
        .tag = 5, .number = number, .attempt = 2, .key_bytes = (uint32_t)strlen(key)};
    memcpy(body, &get, sizeof get);
    memcpy(body + sizeof get, key, get.key_bytes);
    return sizeof get + get.key_bytes;
}

static struct mr_lookup_reply ask(struct stage *stage, const char *key, const char **values)
{
    unsigned char body[CLIENT_BYTES];
    struct client_reply *got =
        client_call(stage, MR_LOOKUP_GET, body, body_of(body, key, 9), NULL);
    assert_int_equal(got->kind, MR_LOOKUP_REPLY);
    struct mr_lookup_reply reply;
    memcpy(&reply, got->body, sizeof reply);
    assert_int_equal(reply.number, 9);
    assert_int_equal(reply.attempt, 2);
    *values = (const char *)got->body + sizeof reply;
    return reply;
}

static void what_the_table_has_is_answered(void **state)
{
    begin(*state, 0, 0);
    const char *at;
    struct mr_value value;
    struct mr_lookup_reply reply = ask(*state, "blue", &at);
    assert_int_equal(reply.status, MR_LOOKUP_FOUND);
    assert_int_equal(reply.n_values, 3);
    at = mr_lookup_take_value(at, &value);
    assert_int_equal(value.bytes, 13);
    assert_memory_equal(value.text, "a blue colour", 13);
    at = mr_lookup_take_value(at, &value);
    assert_int_equal(value.i, -7);
    mr_lookup_take_value(at, &value);
    assert_int_equal(value.type, MR_TYPE_NULL);
    assert_int_equal(ask(*state, "red", &at).status, MR_LOOKUP_FOUND);
    at = mr_lookup_take_value(at, &value);
    assert_int_equal(value.bytes, 0);
    at = mr_lookup_take_value(at, &value);
    mr_lookup_take_value(at, &value);
    assert_true(value.f == 0.5);
    assert_int_equal(n_answered, 2);
}

static void an_unknown_key_is_missing(void **state)
{
    begin(*state, 0, 0);
    const char *at;
    struct mr_lookup_reply reply = ask(*state, "blu", &at);
    assert_int_equal(reply.status, MR_LOOKUP_MISSING);
    assert_int_equal(reply.n_values, 0);
    assert_int_equal(ask(*state, "", &at).status, MR_LOOKUP_MISSING);
    assert_int_equal(ask(*state, "redder", &at).status, MR_LOOKUP_MISSING);
}

static void a_call_may_fail(void **state)
{
    begin(*state, 100, 0);
    const char *at;
    assert_int_equal(ask(*state, "blue", &at).status, MR_LOOKUP_ERROR);
}

static void a_lost_call_is_never_answered(void **state)
{
    struct stage *stage = *state;
    begin(stage, 0, 100);
    unsigned char body[CLIENT_BYTES];
    client_post(stage, MR_LOOKUP_GET, body, body_of(body, "blue", 1), NULL);
    stage_run(stage, MR_SECOND_NS);
    assert_int_equal(client.n_replies, 0);
    assert_int_equal(n_answered, 0);
}

/* Over many calls some fail and some do not. */
static void a_share_of_the_calls_fails(void **state)
{
    const char *at;
    uint32_t n_failed = 0;
    begin(*state, 50, 0);
    for (int i = 0; i < 40; i++) n_failed += ask(*state, "blue", &at).status == MR_LOOKUP_ERROR;
    assert_true(n_failed > 5 && n_failed < 35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(what_the_table_has_is_answered),
        STAGE_TEST(an_unknown_key_is_missing),
        STAGE_TEST(a_call_may_fail),
        STAGE_TEST(a_lost_call_is_never_answered),
        STAGE_TEST(a_share_of_the_calls_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
