#include "tests/test.h"

#include "tests/test_sim_stage.h"

/* Every 100 ns. */
static void ticks(struct actor *actor, const struct mr_arrival *arrival)
{
    if (arrival->kind != MR_ARRIVAL_START && arrival->kind != MR_ARRIVAL_TIMER) return;
    mr_ns now = actor->env->now(actor->env);
    actor->memory[0]++;
    actor->env->wake_at(actor->env, now + 100, actor->memory[0]);
}

static void a_crash_loses_state_and_timers_and_a_restart_begins_anew(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = stage->scripts[1] = ticks; /* the other one shows that time goes on */
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_CRASH);
    fault->at_ns = 1050;
    fault->restart_after_ns = 2000;
    stage_begin(stage, 1);
    stage_run(stage, 1100);
    assert_false(mr_world_is_up(stage->world, 0));
    assert_null(mr_world_process(stage->world, 0));
    assert_true(mr_world_is_faulty(stage->world));
    uint32_t before = stage_count(stage, 0, MR_ARRIVAL_TIMER);
    assert_int_equal(before, 10);
    stage_run(stage, 3049);
    assert_int_equal(stage_count(stage, 0, MR_ARRIVAL_TIMER), before);
    stage_run(stage, 3160);
    struct note note;
    assert_int_equal(stage_find(stage, 0, MR_ARRIVAL_START, 1, &note), 2);
    assert_int_equal(note.at_ns, 3050);
    assert_int_equal(note.incarnation, 1);
    stage_find(stage, 0, MR_ARRIVAL_TIMER, before, &note);
    assert_int_equal(note.at_ns, 3150);
    assert_int_equal(note.value, 1); /* its memory was empty */
    assert_false(mr_world_is_faulty(stage->world));
    assert_int_equal(mr_world_healed_at(stage->world), 3050);
    assert_int_equal(mr_world_faults_struck(stage->world), 1);
}

static void a_process_that_never_comes_back_is_no_fault_at_work(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = ticks;
    stage_fault(stage, MR_FAULT_CRASH)->at_ns = 500;
    stage_play(stage, 1, 5000);
    assert_false(mr_world_is_up(stage->world, 0));
    assert_false(mr_world_is_faulty(stage->world));
    assert_int_equal(mr_world_healed_at(stage->world), 500);
}

/* Opens a connection, and in one handler at 10,000 sends ten messages, 100 ns of work before
 * each. */
static void sends_ten(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind == MR_ARRIVAL_START) {
        actor->memory[0] = env->open(env, 1);
        env->wake_at(env, 10000, 0);
    }
    if (arrival->kind != MR_ARRIVAL_TIMER) return;
    for (uint64_t i = 0; i < 10; i++) {
        env->spend(env, 100);
        actor_send(actor, (uint32_t)actor->memory[0], i);
    }
}

static void effects_are_released_as_the_cpu_gets_to_them(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_ten;
    stage_play(stage, 1, 100000);
    for (uint32_t i = 0; i < 10; i++) {
        struct note note;
        assert_int_equal(stage_find(stage, 1, MR_ARRIVAL_MESSAGE, i, &note), 10);
        assert_int_equal(note.value, i);
        assert_int_equal(note.at_ns, 10000 + 100 * (i + 1) + 1000);
    }
}

static void note_milestone(void *self, mr_ns at_ns, enum mr_sometimes milestone)
{
    (void)at_ns;
    ((struct stage *)self)->value |= UINT64_C(1) << milestone;
}

/* The crash falls between the fourth and the fifth of the ten, and everything released arrives
 * in half of the seeds. */
static void a_crash_within_the_cost_of_a_handler_loses_what_was_not_released(void **state)
{
    struct stage *stage = *state;
    stage->scripts[0] = sends_ten;
    stage_fault(stage, MR_FAULT_CRASH)->at_ns = 10450;
    bool has_all_four = false;
    stage->tap.milestone = note_milestone;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        stage->value = 0;
        stage_play(stage, seed, 100000);
        uint32_t n = stage_count(stage, 1, MR_ARRIVAL_MESSAGE);
        assert_true(n <= 4);
        has_all_four = has_all_four || n == 4;
        assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_CLOSED), 1);
        assert_true(stage->value & UINT64_C(1) << MR_SOMETIMES_HANDLER_CUT);
    }
    assert_true(has_all_four);
}

/* To two processes in turn, so that what arrives shows where the list of effects was cut. */
static void sends_to_two(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind == MR_ARRIVAL_START) {
        actor->memory[0] = env->open(env, 1);
        actor->memory[1] = env->open(env, 2);
        env->wake_at(env, 20000, 0);
    }
    if (arrival->kind != MR_ARRIVAL_TIMER) return;
    for (uint64_t i = 0; i < 4; i++) actor_send(actor, (uint32_t)actor->memory[i % 2], i);
}

static void a_crash_that_waits_for_a_handler_cuts_it_at_every_place(void **state)
{
    struct stage *stage = *state;
    stage->config.n_processes = 3;
    stage->config.network.link.latency_ns = mr_distribution_constant(0);
    stage->scripts[0] = sends_to_two;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_CRASH);
    fault->at_ns = 10000;
    fault->waits_for_handler = true;
    uint32_t seen = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        stage_begin(stage, seed);
        stage_run(stage, 19999);
        assert_true(mr_world_is_up(stage->world, 0)); /* nothing has happened to it yet */
        assert_int_equal(mr_world_faults_struck(stage->world), 0);
        stage_run(stage, 100000);
        assert_false(mr_world_is_up(stage->world, 0));
        uint32_t to_b = stage_count(stage, 1, MR_ARRIVAL_MESSAGE);
        uint32_t to_c = stage_count(stage, 2, MR_ARRIVAL_MESSAGE);
        assert_true(to_b <= 2 && to_c <= 2);
        seen |= 1u << (3 * to_b + to_c);
        assert_int_equal(stage_count(stage, 1, MR_ARRIVAL_CLOSED), 1);
    }
    const uint32_t prefixes = 1u << 0 | 1u << 3 | 1u << 4 | 1u << 7 | 1u << 8;
    assert_int_equal(seen & prefixes, prefixes); /* none, 1, 2, 3 and 4 messages */
}

static void reaches_points(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind == MR_ARRIVAL_START) {
        actor->memory[0] = env->open(env, 2);
        env->wake_at(env, 10000 + env->process, 0);
    }
    if (arrival->kind != MR_ARRIVAL_TIMER) return;
    actor_send(actor, (uint32_t)actor->memory[0], 1);
    env->reach(env, MR_POINT_SINK_PRECOMMITTED);
    actor_send(actor, (uint32_t)actor->memory[0], 2);
    env->wake_at(env, env->now(env) + 10000, 0);
}

/* Two processes reach the point in turn: the third time it is the first one again. */
static void a_crash_at_a_point_releases_exactly_what_came_before_it(void **state)
{
    struct stage *stage = *state;
    stage->config.n_processes = 3;
    stage->config.network.link.latency_ns = mr_distribution_constant(0);
    stage->scripts[0] = stage->scripts[1] = reaches_points;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_CRASH);
    fault->is_at_point = true;
    fault->point = MR_POINT_SINK_PRECOMMITTED;
    fault->occurrence = 3;
    fault->process = MR_ANY_PROCESS;
    bool has_arrived = false;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage_play(stage, seed, 25000);
        assert_false(mr_world_is_up(stage->world, 0));
        assert_true(mr_world_is_up(stage->world, 1));
        assert_int_equal(mr_world_point_count(stage->world, MR_POINT_SINK_PRECOMMITTED), 4);
        uint32_t n = 0;
        struct note note;
        for (uint32_t i = 0; i < stage_find(stage, 2, MR_ARRIVAL_MESSAGE, i, &note); i++) {
            if (note.peer != 0 || note.at_ns < 20000) continue;
            assert_int_equal(note.value, 1); /* the 2 comes behind the mark */
            n++;
        }
        assert_true(n <= 1);
        has_arrived = has_arrived || n == 1;
    }
    assert_true(has_arrived);
}

static void a_fault_at_a_point_strikes_whom_it_names(void **state)
{
    struct stage *stage = *state;
    stage->config.n_processes = 3;
    stage->scripts[0] = stage->scripts[1] = reaches_points;
    struct mr_fault *fault = stage_fault(stage, MR_FAULT_CRASH);
    fault->is_at_point = true;
    fault->point = MR_POINT_SINK_PRECOMMITTED;
    fault->occurrence = 1; /* reached by process 0 */
    fault->process = 1;
    stage_play(stage, 1, 15000);
    assert_true(mr_world_is_up(stage->world, 0));
    assert_false(mr_world_is_up(stage->world, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_crash_loses_state_and_timers_and_a_restart_begins_anew),
        STAGE_TEST(a_process_that_never_comes_back_is_no_fault_at_work),
        STAGE_TEST(effects_are_released_as_the_cpu_gets_to_them),
        STAGE_TEST(a_crash_within_the_cost_of_a_handler_loses_what_was_not_released),
        STAGE_TEST(a_crash_that_waits_for_a_handler_cuts_it_at_every_place),
        STAGE_TEST(a_crash_at_a_point_releases_exactly_what_came_before_it),
        STAGE_TEST(a_fault_at_a_point_strikes_whom_it_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
