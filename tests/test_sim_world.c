#include "tests/test.h"

#include "tests/test_sim_stage.h"

static void processes_start_in_their_order_at_time_0(void **state)
{
    struct stage *stage = *state;
    stage->config.n_processes = 4;
    stage_play(stage, 1, MR_SECOND_NS);
    assert_int_equal(stage->n_notes, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(stage->notes[i].kind, MR_ARRIVAL_START);
        assert_int_equal(stage->notes[i].process, i);
        assert_int_equal(stage->notes[i].at_ns, 0);
        assert_true(mr_world_is_up(stage->world, i));
    }
    assert_false(mr_world_step(stage->world));
    assert_int_equal(mr_world_steps(stage->world), 4);
}

static void wakes_itself(struct actor *actor, const struct mr_arrival *arrival)
{
    if (arrival->kind != MR_ARRIVAL_START) return;
    actor->env->wake_at(actor->env, 700, 3);
    actor->env->wake_at(actor->env, 500, 1);
    actor->env->wake_at(actor->env, 500, 2);
    actor->env->wake_at(actor->env, MR_NS_NEVER, 9);
}

static void a_timer_wakes_at_its_time_and_equal_ones_in_order(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = wakes_itself;
    stage_play(stage, 1, MR_NS_NEVER - 1);
    struct note note;
    assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_TIMER, 0, &note), 3);
    for (uint32_t i = 0; i < 3; i++) {
        stage_find(stage, 0, MR_ARRIVAL_TIMER, i, &note);
        assert_int_equal(note.value, i + 1);
        assert_int_equal(note.at_ns, i < 2 ? 500 : 700);
    }
}

/* Timers of a process that crashed are passed over; what comes behind them is not due by that. */
static void time_does_not_go_beyond_the_bound_of_a_step(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = stage->scripts[1] = wakes_itself;
    stage_fault(stage, MR_FAULT_CRASH)->at_ns = 400;
    struct mr_fault *pause = stage_fault(stage, MR_FAULT_PAUSE);
    *pause = (struct mr_fault){.name = "pause",
        .kind = MR_FAULT_PAUSE,
        .process = 1,
        .at_ns = 450,
        .for_ns = 1000,
        .factor = 1};
    stage_play(stage, 1, 600);
    assert_true(mr_world_now(stage->world) <= 600);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_TIMER), 0);
    stage_run(stage, 2000);
    assert_int_equal(stage_count(stage, 0, MR_ARRIVAL_TIMER), 0);
    assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_TIMER), 3);
}

static void a_paused_process_handles_everything_later(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = wakes_itself;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_PAUSE);
    fault->at_ns = 400;
    fault->for_ns = 250;
    stage_play(stage, 1, 10000);
    const mr_ns times[] = {650, 650, 700};
    for (uint32_t i = 0; i < 3; i++) {
        struct note note;
        assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_TIMER, i, &note), 3);
        assert_int_equal(note.at_ns, times[i]);
        assert_int_equal(note.value, i + 1);
    }
}

static void works_hard(struct actor *actor, const struct mr_arrival *arrival)
{
    if (arrival->kind == MR_ARRIVAL_START)
        for (uint64_t i = 0; i < 3; i++) actor->env->wake_at(actor->env, 1000 + (mr_ns)i, i);
    else
        actor->env->spend(actor->env, 500);
}

static void a_busy_process_handles_its_next_event_when_its_cpu_is_free(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = works_hard;
    stage_play(stage, 1, 10000);
    for (uint32_t i = 0; i < 3; i++) {
        struct note note;
        assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_TIMER, i, &note), 3);
        assert_int_equal(note.value, i);
        assert_int_equal(note.at_ns, 1000 + (mr_ns)i * 500);
    }
}

static void a_service_is_never_busy(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = works_hard;
    stage->processes[0].is_service = true;
    stage_play(stage, 1, 10000);
    for (uint32_t i = 0; i < 3; i++) {
        struct note note;
        assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_TIMER, i, &note), 3);
        assert_int_equal(note.at_ns, 1000 + (mr_ns)i);
    }
}

static void a_slow_cpu_takes_longer_while_it_is_slow(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = works_hard;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_SLOW_CPU);
    fault->at_ns = 100;
    fault->for_ns = 1400;
    fault->factor = 10;
    stage_play(stage, 1, 20000);
    const mr_ns times[] = {1000, 6000, 6500}; /* the second began after the fault had ended */
    for (uint32_t i = 0; i < 3; i++) {
        struct note note;
        assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_TIMER, i, &note), 3);
        assert_int_equal(note.at_ns, times[i]);
    }
}

/* Two processes that talk for good. */
static void talks(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind == MR_ARRIVAL_START && env->process == 0)
        actor_send(actor, env->open(env, 1), 0);
    if (arrival->kind == MR_ARRIVAL_MESSAGE)
        actor_send(actor, arrival->connection, ++actor->memory[0]);
}

static void begin_talk(struct stage *stage, uint64_t seed)
{
    stage->config.network.link.latency_ns = mr_distribution_uniform(100, 2000);
    stage->scripts[0] = stage->scripts[1] = talks;
    stage_begin(stage, seed);
}

static void equal_seeds_have_equal_digests_and_others_differ(void **state)
{
    struct stage *stage = *state;
    uint64_t digests[3];
    for (uint32_t i = 0; i < 3; i++) {
        begin_talk(stage, i == 2 ? 8 : 7);
        stage_run(stage, 1000000);
        digests[i] = mr_world_digest(stage->world);
    }
    assert_true(digests[0] == digests[1]);
    assert_true(digests[0] != digests[2]);
}

static void without_a_digest_the_same_happens(void **state)
{
    struct stage *stage = *state;
    begin_talk(stage, 7);
    stage_run(stage, 1000000);
    uint64_t steps = mr_world_steps(stage->world);
    stage->config.has_no_digest = true;
    begin_talk(stage, 7);
    uint64_t digest = mr_world_digest(stage->world);
    stage_run(stage, 1000000);
    assert_int_equal(mr_world_steps(stage->world), steps);
    assert_true(mr_world_digest(stage->world) == digest);
}

static void a_mixed_value_changes_the_digest(void **state)
{
    struct stage *stage = *state;
    stage_begin(stage, 1);
    uint64_t digest = mr_world_digest(stage->world);
    mr_world_mix(stage->world, 5);
    assert_true(mr_world_digest(stage->world) != digest);
}

static void after_going_back_to_a_snapshot_the_same_happens_again(void **state)
{
    struct stage *stage = *state;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_CRASH);
    fault->at_ns = 50000;
    fault->restart_after_ns = 20000;
    begin_talk(stage, 3);
    for (mr_ns at_ns = 10000; at_ns < 100000; at_ns += 10000) {
        stage_run(stage, at_ns);
        size_t bytes = mr_arena_used_bytes(stage->arena);
        void *image = mr_alloc(bytes);
        mr_arena_save(stage->arena, image);
        stage_run(stage, at_ns + 60000);
        uint64_t digest = mr_world_digest(stage->world);
        mr_arena_restore(stage->arena, image, bytes);
        stage_run(stage, at_ns + 60000);
        assert_true(mr_world_digest(stage->world) == digest);
        mr_arena_restore(stage->arena, image, bytes);
        mr_free(image);
    }
}

static void takes_chances(struct actor *actor, const struct mr_arrival *arrival)
{
    (void)arrival;
    for (uint32_t i = 0; i < 1000; i++)
        actor->stage->value += MR_CHANCE(actor->env, SPLIT_BATCH);
}

static void chances_act_as_often_as_they_should(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = takes_chances;
    stage->config.chance_firing = (struct mr_ratio){1, 4};
    stage_play(stage, 1, 1);
    assert_int_equal(stage->value, 0); /* inactive */
    stage->config.chance_activation = (struct mr_ratio){1, 1};
    stage_play(stage, 1, 1);
    assert_in_range(stage->value, 150, 350);
    assert_int_equal(mr_world_chance_count(stage->world, MR_CHANCE_SPLIT_BATCH), stage->value);
    uint32_t n_active = 0;
    stage->config.chance_activation = (struct mr_ratio){1, 2};
    for (uint64_t seed = 1; seed <= 100; seed++) {
        stage->value = 0;
        stage_play(stage, seed, 1);
        n_active += stage->value > 0;
    }
    assert_in_range(n_active, 25, 75);
}

static void the_last_step_is_described_by_its_names(void **state)
{
    struct stage *stage = *state;
    begin_talk(stage, 7);
    char text[200];
    mr_world_describe_last(stage->world, text, sizeof text);
    assert_string_equal(text, "nothing has happened");
    while (stage_count(stage, 1, MR_ARRIVAL_MESSAGE) < 1) mr_world_step(stage->world);
    mr_world_describe_last(stage->world, text, sizeof text);
    assert_non_null(strstr(text, "message 0 of connection"));
    assert_non_null(strstr(text, "a to b"));
    assert_non_null(strstr(text, "kind 1, 8 bytes"));
}

static void memory_does_not_grow_with_time(void **state)
{
    struct stage *stage = *state;
    begin_talk(stage, 7);
    stage_run(stage, 1000000);
    size_t used = mr_arena_used_bytes(stage->arena);
    stage_run(stage, 100000000);
    assert_true(mr_world_steps(stage->world) > 50000);
    assert_int_equal(mr_arena_used_bytes(stage->arena), used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(processes_start_in_their_order_at_time_0),
        STAGE_TEST(a_timer_wakes_at_its_time_and_equal_ones_in_order),
        STAGE_TEST(time_does_not_go_beyond_the_bound_of_a_step),
        STAGE_TEST(a_paused_process_handles_everything_later),
        STAGE_TEST(a_busy_process_handles_its_next_event_when_its_cpu_is_free),
        STAGE_TEST(a_service_is_never_busy),
        STAGE_TEST(a_slow_cpu_takes_longer_while_it_is_slow),
        STAGE_TEST(equal_seeds_have_equal_digests_and_others_differ),
        STAGE_TEST(without_a_digest_the_same_happens),
        STAGE_TEST(a_mixed_value_changes_the_digest),
        STAGE_TEST(after_going_back_to_a_snapshot_the_same_happens_again),
        STAGE_TEST(chances_act_as_often_as_they_should),
        STAGE_TEST(the_last_step_is_described_by_its_names),
        STAGE_TEST(memory_does_not_grow_with_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
