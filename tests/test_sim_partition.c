#include "tests/test.h"

#include "tests/test_sim_senders.h"

static uint32_t messages_within(
    const struct stage *stage, uint32_t process, mr_ns from_ns, mr_ns to_ns)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < stage->n_notes; i++)
        n += stage->notes[i].process == process && stage->notes[i].kind == MR_ARRIVAL_MESSAGE &&
             stage->notes[i].at_ns >= from_ns && stage->notes[i].at_ns < to_ns;
    return n;
}

static struct mr_fault *partition(
    struct stage *stage, mr_ns at_ns, mr_ns for_ns, bool is_both_ways)
{
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_PARTITION);
    fault->from = 0;
    fault->to = 1;
    fault->at_ns = at_ns;
    fault->for_ns = for_ns;
    fault->is_both_ways = is_both_ways;
    return fault;
}

static void assert_nothing_lost(const struct stage *stage, uint32_t process)
{
    struct note note;
    uint32_t n = stage_find(stage, process, MR_ARRIVAL_MESSAGE, 0, &note);
    assert_true(n > 40);
    for (uint32_t i = 0; i < n; i++) {
        stage_find(stage, process, MR_ARRIVAL_MESSAGE, i, &note);
        assert_int_equal(note.value, i);
    }
}

static void a_one_way_partition_stalls_one_way_until_it_heals(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = stage->scripts[1] = sends_all_the_time;
    partition(stage, 100000, 200000, false);
    stage_play(stage, 1, 500000);
    assert_int_equal(messages_within(stage, 1, 101001, 300000), 0);
    assert_in_range(messages_within(stage, 0, 101001, 300000), 19, 21);
    assert_in_range(messages_within(stage, 1, 300000, 301001), 19, 21); /* all that was held */
    assert_nothing_lost(stage, 1);
    assert_nothing_lost(stage, 0);
    assert_int_equal(mr_world_healed_at(stage->world), 300000);
}

static void a_two_way_partition_stalls_both(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = stage->scripts[1] = sends_all_the_time;
    partition(stage, 100000, 200000, true);
    stage_play(stage, 1, 500000);
    assert_int_equal(messages_within(stage, 1, 101001, 300000), 0);
    assert_int_equal(messages_within(stage, 0, 101001, 300000), 0);
    assert_nothing_lost(stage, 1);
    assert_nothing_lost(stage, 0);
}

static void overlapping_partitions_heal_with_the_last(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = stage->scripts[1] = sends_all_the_time;
    partition(stage, 100000, 200000, false);
    partition(stage, 200000, 200000, true);
    stage_play(stage, 1, 600000);
    assert_int_equal(messages_within(stage, 1, 101001, 400000), 0);
    assert_in_range(messages_within(stage, 0, 101001, 300000), 9, 11);
    assert_nothing_lost(stage, 1);
}

static void a_partition_that_outlasts_the_send_timeout_closes_the_connection(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = stage->scripts[1] = sends_all_the_time;
    stage->config.network.send_timeout_ns = 50000;
    partition(stage, 100000, 200000, false);
    stage_play(stage, 1, 500000);
    struct note note;
    assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_CLOSED, 0, &note), 1);
    assert_in_range(note.at_ns, 150000, 160001);
    assert_int_equal(note.peer, 1);
    assert_int_equal(stage_find(stage, 1, MR_ARRIVAL_CLOSED, 0, &note), 1);
    assert_int_equal(note.at_ns, 301000); /* it learns with the heal */
    assert_int_equal(messages_within(stage, 1, 101001, 500000), 0);
    assert_true(messages_within(stage, 0, 400000, 500000) > 5); /* the other connection lives */
}

static void a_handshake_in_a_partition_goes_on_when_it_heals(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = opens_late;
    partition(stage, 5000, 200000, true);
    stage_play(stage, 1, 500000);
    struct note note;
    assert_int_equal(stage_find(stage, 1, MR_ARRIVAL_MESSAGE, 0, &note), 1);
    assert_int_equal(note.value, 1);
    assert_int_equal(note.at_ns, 208000);
}

/* The partition is there before the handshake begins: the peer never hears of it. */
static void a_handshake_that_never_gets_through_is_closed(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = opens_late;
    stage->config.network.send_timeout_ns = 50000;
    partition(stage, 5000, 200000, false);
    stage_play(stage, 1, 500000);
    struct note note;
    assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_CLOSED, 0, &note), 1);
    assert_int_equal(note.at_ns, 60000);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_ACCEPTED), 0);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_CLOSED), 0);
}

/* The partition holds the answer to the handshake. */
static void a_handshake_that_a_partition_holds_for_too_long_is_closed(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_many;
    stage->config.network.send_timeout_ns = 50000;
    struct mr_fault *fault = partition(stage, 500, 200000, false);
    fault->from = 1;
    fault->to = 0;
    stage_play(stage, 1, 500000);
    struct note note;
    assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_CLOSED, 0, &note), 1);
    assert_int_equal(note.at_ns, 51000);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_MESSAGE), 0);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_ACCEPTED), 1);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_CLOSED), 1);
}

/* Many seeds of crashes, resets and partitions at once: whatever happens, an end hears of its
 * connection's close at most once, and no message out of order. */
static void talks_to_all(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    switch (arrival->kind) {
    case MR_ARRIVAL_START:
        env->wake_at(env, env->now(env) + 1, 0);
        break;
    case MR_ARRIVAL_TIMER:
        for (uint32_t peer = 0; peer < 4; peer++) {
            if (actor->memory[peer] == 0) actor->memory[peer] = env->open(env, peer);
            actor_send(actor, (uint32_t)actor->memory[peer], actor->memory[4 + peer]++);
        }
        env->spend(env, 500);
        env->wake_at(env, env->now(env) + 3000, 0);
        break;
    case MR_ARRIVAL_CLOSED:
        for (uint32_t peer = 0; peer < 4; peer++) {
            if (actor->memory[peer] != arrival->connection) continue;
            actor->memory[peer] = 0;
            actor->memory[4 + peer] = 0;
        }
        break;
    case MR_ARRIVAL_ACCEPTED:
    case MR_ARRIVAL_MESSAGE:
        break;
    }
}

static void assert_order_of_connections(const struct stage *stage)
{
    static struct {
        uint32_t process, incarnation, connection;
        uint64_t next;
        bool is_closed;
    } seen[STAGE_NOTES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < stage->n_notes; i++) {
        const struct note *note = &stage->notes[i];
        if (note->kind != MR_ARRIVAL_MESSAGE && note->kind != MR_ARRIVAL_CLOSED) continue;
        uint32_t k = 0;
        while (k < n &&
               (seen[k].process != note->process || seen[k].connection != note->connection ||
                   seen[k].incarnation != note->incarnation))
            k++;
        if (k == n) {
            seen[n].process = note->process;
            seen[n].incarnation = note->incarnation;
            seen[n].connection = note->connection;
            seen[n].next = 0;
            seen[n++].is_closed = false;
        }
        assert_false(seen[k].is_closed);
        if (note->kind == MR_ARRIVAL_CLOSED)
            seen[k].is_closed = true;
        else
            assert_int_equal(note->value, seen[k].next++);
    }
}

static void draw_faults(struct stage *stage, uint64_t seed)
{
    struct mr_draws draws = {.seed = seed};
    stage->config.n_faults = 0;
    for (uint32_t i = 0; i < STAGE_FAULTS; i++) {
        uint64_t kind = mr_draw_below(&draws, 6, MR_DRAW_FAULT, i, 0);
        struct mr_fault *fault = stage_fault(stage, (enum mr_fault_kind)kind);
        fault->process = (uint32_t)mr_draw_below(&draws, 4, MR_DRAW_FAULT, i, 1);
        fault->from = fault->process;
        fault->to =
            (fault->from + 1 + (uint32_t)mr_draw_below(&draws, 3, MR_DRAW_FAULT, i, 2)) % 4;
        fault->at_ns = (mr_ns)mr_draw_below(&draws, 60000, MR_DRAW_FAULT, i, 3);
        fault->for_ns = (mr_ns)mr_draw_below(&draws, 30000, MR_DRAW_FAULT, i, 4);
        fault->restart_after_ns = (mr_ns)mr_draw_below(&draws, 9000, MR_DRAW_FAULT, i, 5);
        fault->is_both_ways = mr_draw_below(&draws, 2, MR_DRAW_FAULT, i, 6) == 0;
        fault->waits_for_handler = mr_draw_below(&draws, 2, MR_DRAW_FAULT, i, 7) == 0;
        fault->factor = 3;
    }
}

static void whatever_strikes_order_holds_and_a_close_is_heard_once(void **state)
{
    struct stage *stage = *state;
    stage->config.n_processes = 4;
    stage->config.network.send_timeout_ns = 8000;
    stage->config.network.link.latency_ns = mr_distribution_uniform(0, 4000);
    for (uint32_t i = 0; i < 4; i++) stage->scripts[i] = talks_to_all;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        draw_faults(stage, seed);
        stage_begin(stage, seed);
        stage_run(stage, 150000);
        assert_true(stage->n_notes < STAGE_NOTES);
        assert_false(mr_world_is_faulty(stage->world));
        assert_order_of_connections(stage);
        /* all have found together again */
        for (uint32_t i = 0; i < 4; i++) {
            assert_true(mr_world_is_up(stage->world, i));
            assert_true(messages_within(stage, i, 140000, 150000) >= 4);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_one_way_partition_stalls_one_way_until_it_heals),
        STAGE_TEST(a_two_way_partition_stalls_both),
        STAGE_TEST(overlapping_partitions_heal_with_the_last),
        STAGE_TEST(a_partition_that_outlasts_the_send_timeout_closes_the_connection),
        STAGE_TEST(a_handshake_in_a_partition_goes_on_when_it_heals),
        STAGE_TEST(a_handshake_that_never_gets_through_is_closed),
        STAGE_TEST(a_handshake_that_a_partition_holds_for_too_long_is_closed),
        STAGE_TEST(whatever_strikes_order_holds_and_a_close_is_heard_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
