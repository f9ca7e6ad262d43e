#include "tests/test.h"

#include "tests/test_sim_senders.h"

static void a_connection_keeps_its_order_whatever_the_latency(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_many;
    stage->config.network.link.latency_ns = mr_distribution_uniform(10, 100000);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        stage_play(stage, seed, MR_SECOND_NS);
        for (uint32_t i = 0; i < MESSAGES; i++) {
            struct note note;
            assert_int_equal(stage_find(stage, 1, MR_ARRIVAL_MESSAGE, i, &note), MESSAGES);
            assert_int_equal(note.value, i);
            assert_int_equal(note.peer, 0);
        }
    }
}

/* One message on each of two connections. */
static void sends_on_two(struct actor *actor, const struct mr_arrival *arrival)
{
    if (arrival->kind != MR_ARRIVAL_START) return;
    for (uint64_t i = 0; i < 2; i++) actor_send(actor, actor->env->open(actor->env, 1), i);
}

static void connections_overtake_each_other(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_on_two;
    stage->config.network.link.latency_ns = mr_distribution_uniform(10, 100000);
    uint32_t n_overtaken = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        stage_play(stage, seed, MR_SECOND_NS);
        struct note note;
        assert_int_equal(stage_find(stage, 1, MR_ARRIVAL_MESSAGE, 0, &note), 2);
        n_overtaken += note.value == 1;
    }
    assert_in_range(n_overtaken, 20, 80);
}

static void the_first_message_takes_a_handshake_and_its_own_way(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_on_two;
    stage_play(stage, 1, MR_SECOND_NS);
    struct note note;
    stage_find(stage, 1, MR_ARRIVAL_ACCEPTED, 0, &note);
    assert_int_equal(note.at_ns, 1000);
    uint32_t connection = note.connection;
    stage_find(stage, 1, MR_ARRIVAL_MESSAGE, 0, &note);
    assert_int_equal(note.at_ns, 3000);
    assert_int_equal(note.connection, connection);
}

static void answers(struct actor *actor, const struct mr_arrival *arrival)
{
    if (arrival->kind == MR_ARRIVAL_START) actor->memory[0] = actor->env->open(actor->env, 0);
    if (arrival->kind == MR_ARRIVAL_START) actor_send(actor, (uint32_t)actor->memory[0], 1);
    if (arrival->kind != MR_ARRIVAL_MESSAGE) return;
    uint64_t value;
    memcpy(&value, arrival->message->body, 8);
    if (value == 1) actor_send(actor, arrival->connection, 2);
}

static void a_process_can_talk_to_itself(void **state)
{
    struct stage *stage = *state;
    stage->config.n_processes = 1;
    stage->scripts[0] = answers;
    stage_play(stage, 1, MR_SECOND_NS);
    struct note request, answer;
    assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_MESSAGE, 0, &request), 2);
    stage_find(stage, 0, MR_ARRIVAL_MESSAGE, 1, &answer);
    assert_int_equal(request.at_ns, 30);
    assert_int_equal(answer.at_ns, 40);
    assert_int_not_equal(request.connection, answer.connection);
}

static void a_reset_closes_both_ends_after_a_prefix(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_many;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_RESET);
    fault->from = 1;
    fault->to = 0;
    fault->at_ns = 2500; /* the messages are under way */
    uint32_t seen = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        stage_play(stage, seed, 100000);
        uint32_t n = stage_count(stage, 1, MR_ARRIVAL_MESSAGE);
        assert_true(n <= MESSAGES);
        seen |= 1u << n;
        assert_int_equal(stage_count(stage, 0, MR_ARRIVAL_CLOSED), 1);
        assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_CLOSED), 1);
        assert_int_equal(stage->notes[stage->n_notes - 1].kind, MR_ARRIVAL_CLOSED);
        assert_int_equal(mr_world_faults_struck(stage->world), 1);
        assert_false(mr_world_is_faulty(stage->world));
    }
    assert_int_equal(seen, (1u << (MESSAGES + 1)) - 1);
}

static void a_reset_of_nothing_does_not_strike(void **state)
{
    struct stage *stage = *state;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_RESET);
    fault->to = 1;
    fault->at_ns = 2500;
    stage_play(stage, 1, 100000);
    assert_int_equal(mr_world_faults_struck(stage->world), 0);
}

/* 8 bytes at 1 MB/s take 8 us; one after the other. */
static void messages_queue_for_the_bandwidth(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_many;
    stage->config.network.link.bytes_per_second = 1000000;
    stage_play(stage, 1, MR_SECOND_NS);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        struct note note;
        stage_find(stage, 1, MR_ARRIVAL_MESSAGE, i, &note);
        assert_in_range(note.at_ns, 3000 + 8000 * (i + 1) - 1, 3000 + 8000 * (i + 1));
    }
}

static void a_link_of_its_own_is_as_slow_as_it_says(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_many;
    const struct mr_link_override override = {
        .from = 1, .to = 0, .link = {.latency_ns = mr_distribution_constant(50000)}};
    stage->config.network.overrides = &override;
    stage->config.network.n_overrides = 1;
    stage_play(stage, 1, MR_SECOND_NS);
    struct note note;
    stage_find(stage, 1, MR_ARRIVAL_MESSAGE, 0, &note);
    assert_int_equal(note.at_ns, 52000); /* the handshake comes back over it */
}

static void a_slow_link_is_slow_while_the_fault_lasts(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = stage->scripts[1] = sends_all_the_time;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_SLOW_LINK);
    fault->from = 0;
    fault->to = 1;
    fault->at_ns = 100001;
    fault->for_ns = 100000;
    fault->factor = 5;
    fault->extra_ns = 2000;
    stage_play(stage, 1, 500000);
    struct note note;
    for (uint32_t i = 1; i < 30; i++) {
        stage_find(stage, 1, MR_ARRIVAL_MESSAGE, i, &note);
        bool is_slow = i > 10 && i <= 20;
        assert_int_equal(note.at_ns, 10000 * i + (is_slow ? 7000 : 1000));
        stage_find(stage, 0, MR_ARRIVAL_MESSAGE, i, &note);
        assert_int_equal(note.at_ns, 10000 * i + 1000);
    }
}

/* All prefixes are seen, the whole most often; then the reset. */
static void a_crash_lets_a_prefix_of_what_is_under_way_arrive_and_then_resets(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_many;
    stage_fault(stage, MR_FAULT_CRASH)->at_ns = 2500;
    uint32_t counts[MESSAGES + 1] = {0};
    for (uint64_t seed = 1; seed <= 400; seed++) {
        stage_play(stage, seed, 100000);
        uint32_t n = stage_count(stage, 1, MR_ARRIVAL_MESSAGE);
        assert_true(n <= MESSAGES);
        counts[n]++;
        for (uint32_t i = 0; i < n; i++) {
            struct note note;
            stage_find(stage, 1, MR_ARRIVAL_MESSAGE, i, &note);
            assert_int_equal(note.value, i);
        }
        assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_CLOSED), 1);
        assert_int_equal(stage->notes[stage->n_notes - 1].kind, MR_ARRIVAL_CLOSED);
    }
    for (uint32_t i = 0; i < MESSAGES; i++) assert_in_range(counts[i], 1, 30);
    assert_in_range(counts[MESSAGES], 150, 270);
}

static void what_is_sent_to_a_process_that_died_is_lost(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_many;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_CRASH);
    fault->process = 1;
    fault->at_ns = 2500;
    fault->restart_after_ns = 100;
    stage_play(stage, 1, 100000);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_START), 2);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_MESSAGE), 0);
    struct note note;
    assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_CLOSED, 0, &note), 1);
    assert_int_equal(note.at_ns, 3500);
}

static void a_connection_to_a_process_that_is_down_is_refused(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = opens_late;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_CRASH);
    fault->process = 1;
    fault->at_ns = 5000;
    stage_play(stage, 1, 100000);
    struct note note;
    assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_CLOSED, 0, &note), 1);
    assert_int_equal(note.at_ns, 12000);
    assert_int_equal(note.peer, 1);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_MESSAGE), 0);
}

static void sends_and_closes(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind != MR_ARRIVAL_START) return;
    uint32_t connection = env->open(env, 1);
    for (uint64_t i = 0; i < 3; i++) actor_send(actor, connection, i);
    env->close(env, connection);
    actor_send(actor, connection, 99); /* legal, and nothing */
    env->close(env, connection);
}

static void what_was_sent_before_a_close_arrives_before_it(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_and_closes;
    stage_play(stage, 1, 100000);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_MESSAGE), 3);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_CLOSED), 1);
    assert_int_equal(stage->notes[stage->n_notes - 1].kind, MR_ARRIVAL_CLOSED);
    assert_int_equal(stage_count(stage, 0, MR_ARRIVAL_CLOSED), 0);
}

/* Opens, is answered, closes, and again. */
static void opens_for_ever(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (env->process == 1) {
        if (arrival->kind == MR_ARRIVAL_ACCEPTED) actor_send(actor, arrival->connection, 0);
        return;
    }
    if (arrival->kind == MR_ARRIVAL_MESSAGE) env->close(env, arrival->connection);
    uint32_t connection = env->open(env, 1);
    if (arrival->kind == MR_ARRIVAL_MESSAGE)
        assert_int_not_equal(connection, arrival->connection);
    assert_int_not_equal(connection, actor->memory[1]); /* the first one of all */
    if (actor->memory[1] == 0) actor->memory[1] = connection;
}

static void connections_that_come_and_go_take_no_memory(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = stage->scripts[1] = opens_for_ever;
    stage_begin(stage, 1);
    stage_run(stage, 1000000);
    size_t used = mr_arena_used_bytes(stage->arena);
    stage_run(stage, 50000000);
    assert_true(mr_world_steps(stage->world) > 50000);
    assert_int_equal(mr_arena_used_bytes(stage->arena), used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_connection_keeps_its_order_whatever_the_latency),
        STAGE_TEST(connections_overtake_each_other),
        STAGE_TEST(the_first_message_takes_a_handshake_and_its_own_way),
        STAGE_TEST(a_process_can_talk_to_itself),
        STAGE_TEST(a_reset_closes_both_ends_after_a_prefix),
        STAGE_TEST(a_reset_of_nothing_does_not_strike),
        STAGE_TEST(messages_queue_for_the_bandwidth),
        STAGE_TEST(a_link_of_its_own_is_as_slow_as_it_says),
        STAGE_TEST(a_slow_link_is_slow_while_the_fault_lasts),
        STAGE_TEST(a_crash_lets_a_prefix_of_what_is_under_way_arrive_and_then_resets),
        STAGE_TEST(what_is_sent_to_a_process_that_died_is_lost),
        STAGE_TEST(a_connection_to_a_process_that_is_down_is_refused),
        STAGE_TEST(what_was_sent_before_a_close_arrives_before_it),
        STAGE_TEST(connections_that_come_and_go_take_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
