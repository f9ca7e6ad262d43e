/* Bugs that checks found under mixed faults, each under the faults that show it in some of the
 * first seeds, whatever else has changed since. CHANGELOG.md says how each was found. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "engine/runtime/job_record.h"
#include "tests/stress_run.h"

enum { SEEDS = 20 };

static const struct stress_pipeline *pipeline_called(const char *name)
{
    for (uint32_t i = 0; i < STRESS_PIPELINES; i++)
        if (strcmp(stress_pipelines[i].name, name) == 0) return &stress_pipelines[i];
    fail_msg("no pipeline '%s'", name);
    return NULL;
}

static struct stress stress;

static int tear_down(void **state)
{
    (void)state;
    stress_close(&stress);
    return 0;
}

static void assert_holds(const char *pipeline, const struct stress_mix *mix)
{
    stress_open(&stress, pipeline_called(pipeline), mix);
    bool has_struck = mix->faults == NULL;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_run_options options = {.seed = seed};
        assert_true(stress_run(&stress, &options));
        has_struck = has_struck || stress.result.faults_struck != 0;
    }
    assert_true(has_struck);
}

/* clang-format off */
static void a_restart_before_the_first_checkpoint_begins_anew(void **state)
{
    (void)state;
    static const struct stress_mix mix = {.name = "early-stop",
        .job = STOP(UP_TO("1ms", "60ms"), "0")
            RESTART(UP_TO("10ms", "300ms"), "0", "")};
    assert_holds("windows", &mix);
    struct mr_job_record record = {0};
    struct mr_retained evicted[MR_RETAINED_MAX];
    assert_true(mr_job_record_rewind(&record, 0, evicted));
    assert_int_equal(record.rewound_to, 0);
    assert_false(mr_job_record_rewind(&record, 1, evicted));
}

/* The crash falls into the put of the record that raises the first attempt; without an exchange
 * no other worker finds out. */
static void a_worker_lost_while_the_attempt_is_written_is_waited_for(void **state)
{
    (void)state;
    static const struct stress_mix mix = {.name = "crash-in-raising",
        .faults = CRASH("worker: 2", UP_TO("10ms", "80ms"), "200ms")};
    assert_holds("map", &mix);
}

static void a_crash_in_a_handshake_is_heard_of_by_the_peer(void **state)
{
    (void)state;
    static const struct stress_mix mix = {.name = "crash-in-handshake",
        .cluster = {.heartbeat_timeout = "2s", .checkpoint_every = "200ms", .network = "wan",
            .liveness_within = "20s"},
        .faults = CRASH(COORDINATOR, UP_TO("1ms", "100ms"), UP_TO("20ms", "300ms"))};
    assert_holds("windows", &mix);
}

static void no_partition_starves_under_backpressure(void **state)
{
    (void)state;
    static const struct stress_mix mix = {.name = "starving",
        .cluster = {.parallelism = "1", .batch = "1", .credit = "2", .fetch_rows = "8",
            .message_cost = "4ms", .heartbeat_timeout = "3s", .liveness_within = "2s"}};
    assert_holds("windows", &mix);
}

static void equal_rows_of_two_inputs_have_no_order(void **state)
{
    (void)state;
    static const struct stress_mix mix = {.name = "coordinator-crashes",
        .faults = CRASH_COORDINATOR CRASH_COORDINATOR CRASH_COORDINATOR};
    assert_holds("two-inputs-without-state", &mix);
}

static void a_worker_without_tasks_acknowledges_checkpoints(void **state)
{
    (void)state;
    static const struct stress_mix mix = {.name = "single",
        .cluster = {.parallelism = "1"}, .faults = CRASH_ANY};
    assert_holds("windows", &mix);
}

/* The partition holds rows when the job is stopped, and lets them go when it has turned to
 * another topic. */
static void a_stop_waits_for_rows_that_no_transaction_holds(void **state)
{
    (void)state;
    static const struct stress_mix mix = {.name = "cut-stop",
        .outputs = "  again: {partitions: 2}\n",
        .job = STOP(UP_TO("1000ms", "1020ms"), "2") RESTART("10ms", "1", "out: again"),
        .faults = "  - partition: {from: worker-1, to: broker, both: false, at: 980ms, "
            "for: 600ms}\n"};
    assert_holds("at-least-once-without-state", &mix);
}

/* The attempt before the stop has failed, and nobody can call its rows back. */
static void rows_of_a_failed_attempt_may_come_late_where_no_transaction_holds_them(void **state)
{
    (void)state;
    static const struct stress_mix mix = {.name = "cut-failure",
        .outputs = "  again: {partitions: 2}\n",
        .job = STOP("1001ms", "2") RESTART("10ms", "1", "out: again"),
        .faults = "  - partition: {from: worker-1, to: broker, both: false, at: 980ms, "
            "for: 800ms}\n"
            CRASH("worker: 2", "1s", "10ms")};
    assert_holds("at-least-once-without-state", &mix);
}
/* clang-format on */

#define HOLDS(test) cmocka_unit_test_teardown(test, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOLDS(a_restart_before_the_first_checkpoint_begins_anew),
        HOLDS(a_worker_lost_while_the_attempt_is_written_is_waited_for),
        HOLDS(a_crash_in_a_handshake_is_heard_of_by_the_peer),
        HOLDS(no_partition_starves_under_backpressure),
        HOLDS(equal_rows_of_two_inputs_have_no_order),
        HOLDS(a_worker_without_tasks_acknowledges_checkpoints),
        HOLDS(a_stop_waits_for_rows_that_no_transaction_holds),
        HOLDS(rows_of_a_failed_attempt_may_come_late_where_no_transaction_holds_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
