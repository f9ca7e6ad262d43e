/* What comes late: requests of an older attempt, and messages that a slow link has held up. */
#include "tests/test.h"

#include "tests/test_sim_broker.h"

static struct mr_log_init_producers_reply init_for(
    struct stage *stage, uint64_t owner, uint32_t attempt)
{
    struct mr_log_init_producers request = {
        .tag = 1, .owner = owner, .n_slots = 2, .attempt = attempt, .timeout_ns = MR_SECOND_NS};
    struct client_reply *reply =
        client_call(stage, MR_LOG_INIT_PRODUCERS, &request, sizeof request, NULL);
    struct mr_log_init_producers_reply answer;
    memcpy(&answer, reply->body, sizeof answer);
    return answer;
}

static void an_older_attempt_gets_no_producers_and_fences_nobody(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    init_for(stage, 7, 1);
    struct mr_log_producer heir = init_for(stage, 7, 3).producers[0];
    append(stage, heir, 0, 100);
    struct mr_log_init_producers_reply zombie = init_for(stage, 7, 2);
    assert_int_equal(zombie.status, MR_LOG_FENCED);
    assert_int_equal(zombie.n_slots, 0);
    assert_int_equal(zombie.producers[0].id, 0);
    assert_int_equal(told.n_ended, 0);
    assert_int_equal(end(stage, heir, true).status, MR_LOG_OK);
    assert_int_equal(init_for(stage, 8, 1).status, MR_LOG_OK); /* of another owner */
}

static void the_same_attempt_may_ask_for_producers_again(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    struct mr_log_producer first = init_for(stage, 7, 3).producers[0];
    struct mr_log_init_producers_reply again = init_for(stage, 7, 3);
    assert_int_equal(again.status, MR_LOG_OK);
    assert_true(again.producers[0].id == first.id && again.producers[0].epoch > first.epoch);
}

static void sends_every_ten_microseconds(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind == MR_ARRIVAL_START) actor->memory[0] = env->open(env, 1);
    if (arrival->kind != MR_ARRIVAL_START && arrival->kind != MR_ARRIVAL_TIMER) return;
    actor_send(actor, (uint32_t)actor->memory[0], actor->memory[1]++);
    if (env->now(env) < 200000) env->wake_at(env, env->now(env) + 10000, 0);
}

static void play_slow_link(struct stage *stage, uint32_t from, bool is_both_ways)
{
    stage->scripts[0] = sends_every_ten_microseconds;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_SLOW_LINK);
    fault->from = from;
    fault->to = 1 - from;
    fault->is_both_ways = is_both_ways;
    fault->at_ns = 100000;
    fault->for_ns = 50000;
    fault->extra_ns = 400000;
    stage_play(stage, 1, 700000);
}

/* The last message that is slowed leaves at 140 us, and needs 400 us and 1. */
static void a_slow_link_is_well_when_what_it_slowed_has_arrived(void **state)
{
    struct stage *stage = *state;
    play_slow_link(stage, 0, false);
    struct note last;
    uint32_t n = stage_find(stage, 1, MR_ARRIVAL_MESSAGE, 0, NULL);
    stage_find(stage, 1, MR_ARRIVAL_MESSAGE, n - 1, &last);
    assert_int_equal(last.at_ns, 541000);
    assert_int_equal(mr_world_healed_at(stage->world), 541000);
    assert_false(mr_world_is_faulty(stage->world));
}

static void a_link_that_is_slow_both_ways_is_well_when_both_are(void **state)
{
    struct stage *stage = *state;
    play_slow_link(stage, 1, true);
    assert_int_equal(mr_world_healed_at(stage->world), 541000);
}

static void a_slow_link_without_messages_is_well_at_once(void **state)
{
    struct stage *stage = *state;
    play_slow_link(stage, 1, false);
    assert_int_equal(mr_world_healed_at(stage->world), 150000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(an_older_attempt_gets_no_producers_and_fences_nobody),
        STAGE_TEST(the_same_attempt_may_ask_for_producers_again),
        STAGE_TEST(a_slow_link_is_well_when_what_it_slowed_has_arrived),
        STAGE_TEST(a_link_that_is_slow_both_ways_is_well_when_both_are),
        STAGE_TEST(a_slow_link_without_messages_is_well_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
