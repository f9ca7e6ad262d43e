#include "tests/test_scenarios_language.h"

/* ---- The world ---- */

static void every_knob_of_the_cluster_can_be_turned(void **state)
{
    const struct mr_cluster *cluster = &test_read(*state, TEST_HEAD_STREAM
        "cluster:\n"
        "  workers: 5\n"
        "  slots: 4\n"
        "  parallelism: 7\n"
        "  checkpoint: {every: {between: [1s, 3s]}, mode: aligned, timeout: 4s, retention: 5}\n"
        "  batch: 17\n"
        "  fetch: {rows: {seeded: [10, 20]}, rows_min: 3, wait: 70ms}\n"
        "  credit: 2\n"
        "  watermark_every: 30ms\n"
        "  flush_after: 0s\n"
        "  heartbeat: {every: 100ms, timeout: 350ms}\n"
        "  restart: {backoff: 100ms, backoff_max: 5s, attempts: 9}\n"
        "  transaction_timeout: 30s\n"
        "  costs: {message: 1us, row: 10ns, snapshot_kb: 3us}\n")
                                            ->cluster;
    assert_int_equal(cluster->workers, 5);
    assert_int_equal(cluster->slots, 4);
    assert_int_equal(cluster->parallelism, 7);
    assert_uniform(&cluster->checkpoint_every_ns.distribution, MR_SECOND_NS, 3 * MR_SECOND_NS);
    assert_int_equal(cluster->checkpoint_timeout_ns, 4 * MR_SECOND_NS);
    assert_int_equal(cluster->checkpoint_retention, 5);
    assert_int_equal(cluster->batch_rows.n_choices, 0);
    assert_constant(&cluster->batch_rows.distribution, 17);
    assert_int_equal(cluster->fetch_rows.n_choices, 2);
    assert_int_equal(cluster->fetch_rows.choices[1], 20);
    assert_int_equal(cluster->fetch_rows_min, 3);
    assert_int_equal(cluster->fetch_wait_ns, 70 * MR_MS_NS);
    assert_int_equal(cluster->channel_credit, 2);
    assert_int_equal(cluster->watermark_every_ns, 30 * MR_MS_NS);
    assert_int_equal(cluster->flush_after_ns, 0);
    assert_int_equal(cluster->heartbeat_every_ns, 100 * MR_MS_NS);
    assert_int_equal(cluster->heartbeat_timeout_ns, 350 * MR_MS_NS);
    assert_int_equal(cluster->restart_backoff_ns, 100 * MR_MS_NS);
    assert_int_equal(cluster->restart_backoff_max_ns, 5 * MR_SECOND_NS);
    assert_int_equal(cluster->restarts_max, 9);
    assert_int_equal(cluster->transaction_timeout_ns, 30 * MR_SECOND_NS);
    assert_int_equal(cluster->costs.message_ns, 1000);
    assert_int_equal(cluster->costs.row_ns, 10);
    assert_int_equal(cluster->costs.snapshot_kb_ns, 3000);
}

static void liveness_waits_for_ten_of_the_longest_checkpoint_intervals(void **state)
{
    const struct mr_scenario *scenario = test_read(
        *state, TEST_HEAD_STREAM "cluster: {checkpoint: {every: {seeded: [1s, 5s, 3s]}}}\n");
    assert_int_equal(scenario->check.liveness_ns, 50 * MR_SECOND_NS);
    scenario = test_read(*state, TEST_HEAD_STREAM "cluster: {checkpoint: {every: 0}}\n");
    assert_int_equal(scenario->check.liveness_ns, 20 * MR_SECOND_NS);
}

static void the_network_is_a_preset_or_spelled_out(void **state)
{
    const struct mr_network_config *network =
        &test_read(*state, TEST_HEAD_STREAM "network: calm\n")->network;
    assert_constant(&network->link.latency_ns, 100000);
    assert_int_equal(network->link.bytes_per_second, 0);
    network = &test_read(*state, TEST_HEAD_STREAM)->network;
    assert_int_equal(network->link.latency_ns.kind, MR_DISTRIBUTION_LOGNORMAL);
    assert_int_equal(network->link.bytes_per_second, 1000000000);
    network = &test_read(*state,
        TEST_HEAD_STREAM "network:\n"
                         "  preset: wan\n"
                         "  latency: {between: [1ms, 2ms]}\n"
                         "  bytes_per_second: 10MB\n"
                         "  send_timeout: 7s\n"
                         "  loopback: 3us\n"
                         "  links:\n"
                         "    - {from: worker-1, to: broker, latency: 9ms}\n"
                         "    - {from: coordinator, to: objects, bytes_per_second: 1kB}\n")
                   ->network;
    assert_uniform(&network->link.latency_ns, MR_MS_NS, 2 * MR_MS_NS);
    assert_int_equal(network->link.bytes_per_second, 10000000);
    assert_int_equal(network->send_timeout_ns, 7 * MR_SECOND_NS);
    assert_int_equal(network->loopback_ns, 3000);
    assert_int_equal(network->n_overrides, 2);
    assert_int_equal(network->overrides[0].from, 1);
    assert_int_equal(network->overrides[0].to, 4);
    assert_constant(&network->overrides[0].link.latency_ns, 9 * MR_MS_NS);
    assert_int_equal(network->overrides[0].link.bytes_per_second, 10000000);
    assert_int_equal(network->overrides[1].from, MR_PROCESS_COORDINATOR);
    assert_int_equal(network->overrides[1].to, 5);
    assert_uniform(&network->overrides[1].link.latency_ns, MR_MS_NS, 2 * MR_MS_NS);
    assert_int_equal(network->overrides[1].link.bytes_per_second, 1000);
}

static void services_have_latencies(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM
        "services:\n"
        "  broker: {latency: {kind: bimodal, first: 1ms, second: 1s, share: 90%}}\n"
        "  objects: {put: {kind: table, quantiles: [1ms, 2ms, 9ms]}, get: {kind: constant, "
        "value: 3ms}, "
        "bytes_per_second: 2MiB}\n");
    assert_int_equal(scenario->broker_ns.kind, MR_DISTRIBUTION_BIMODAL);
    assert_int_equal(
        scenario->broker_ns.ratio.part * 100 / scenario->broker_ns.ratio.whole, 90);
    assert_constant(scenario->broker_ns.first, MR_MS_NS);
    assert_constant(scenario->broker_ns.second, MR_SECOND_NS);
    assert_int_equal(scenario->objects.put_ns.kind, MR_DISTRIBUTION_TABLE);
    assert_int_equal(scenario->objects.put_ns.n_quantiles, 3);
    assert_int_equal(scenario->objects.put_ns.quantiles[2], 9 * MR_MS_NS);
    assert_constant(&scenario->objects.get_ns, 3 * MR_MS_NS);
    assert_int_equal(scenario->objects.bytes_per_second, 2 << 20);
}

static void distributions_have_kinds(void **state)
{
    const struct mr_scenario *scenario = test_read(*state,
        TEST_HEAD_STREAM "services:\n"
                         "  broker: {latency: {kind: uniform, min: 1ms, max: 3ms}}\n"
                         "  objects: {put: {kind: lognormal, median: 4ms, p99: 60ms}, get: "
                         "{kind: exponential, mean: 5ms, "
                         "min: 1ms, max: 20ms}}\n");
    assert_uniform(&scenario->broker_ns, MR_MS_NS, 3 * MR_MS_NS);
    assert_int_equal(scenario->objects.put_ns.kind, MR_DISTRIBUTION_LOGNORMAL);
    assert_int_equal(scenario->objects.put_ns.max, 600 * MR_MS_NS);
    assert_int_equal(scenario->objects.get_ns.kind, MR_DISTRIBUTION_EXPONENTIAL);
    assert_int_equal(scenario->objects.get_ns.min, MR_MS_NS);
    assert_int_equal(scenario->objects.get_ns.max, 20 * MR_MS_NS);
}

/* ---- What goes wrong ---- */

static void a_crash_at_a_time_strikes_any_worker(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM
        "faults:\n"
        "  - crash: {worker: any, at: {between: [2s, 20s]}, restart_after: 3s}\n");
    assert_int_equal(scenario->n_faults, 1);
    const struct mr_fault_spec *spec = &scenario->faults[0];
    assert_int_equal(spec->fault.kind, MR_FAULT_CRASH);
    assert_true(spec->has_any_worker);
    assert_uniform(&spec->worker.distribution, 1, 3);
    assert_false(spec->fault.is_at_point);
    assert_uniform(&spec->at_ns.distribution, 2 * MR_SECOND_NS, 20 * MR_SECOND_NS);
    assert_constant(&spec->restart_after_ns.distribution, 3 * MR_SECOND_NS);
    assert_uniform(&spec->waits_for_handler.distribution, 0, 1);
    assert_int_equal(spec->place.line, 5);
}

static void a_crash_at_a_point_strikes_at_an_occurrence(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM
        "faults:\n"
        "  - crash:\n"
        "      worker: 2\n"
        "      at: {point: [sink.before_commit, sink.commit_sent], occurrence: {between: [1, "
        "9]}}\n"
        "      restart_after: never\n"
        "    name: late\n"
        "  - crash: {process: coordinator, at: {point: checkpoint.completed}}\n");
    const struct mr_fault_spec *spec = &scenario->faults[0];
    assert_string_equal(spec->fault.name, "late");
    assert_false(spec->has_any_worker);
    assert_int_equal(spec->fault.process, 2);
    assert_true(spec->fault.is_at_point);
    assert_int_equal(spec->n_points, 2);
    assert_int_equal(spec->points[0], MR_POINT_SINK_BEFORE_COMMIT);
    assert_int_equal(spec->points[1], MR_POINT_SINK_COMMIT_SENT);
    assert_uniform(&spec->occurrence.distribution, 1, 9);
    assert_constant(&spec->restart_after_ns.distribution, MR_NS_NEVER);
    spec = &scenario->faults[1];
    assert_int_equal(spec->fault.process, MR_PROCESS_COORDINATOR);
    assert_int_equal(spec->points[0], MR_POINT_CHECKPOINT_COMPLETED);
    assert_constant(&spec->occurrence.distribution, 1);
    assert_constant(&spec->restart_after_ns.distribution, MR_SECOND_NS);
}

static void processes_pause_and_slow_down(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM
        "faults:\n"
        "  - pause: {process: worker-3, at: 1s, for: {seeded: [1s, 4s]}}\n"
        "  - slow_cpu: {worker: 1, at: 2s, for: 5s, factor: {between: [2, 50]}}\n"
        "  - crash: {worker: 1, at: 2s, waits_for_handler: true}\n");
    assert_int_equal(scenario->faults[0].fault.kind, MR_FAULT_PAUSE);
    assert_int_equal(scenario->faults[0].fault.process, 3);
    assert_constant(&scenario->faults[0].at_ns.distribution, MR_SECOND_NS);
    assert_int_equal(scenario->faults[0].for_ns.n_choices, 2);
    assert_int_equal(scenario->faults[1].fault.kind, MR_FAULT_SLOW_CPU);
    assert_uniform(&scenario->faults[1].factor.distribution, 2, 50);
    assert_constant(&scenario->faults[2].waits_for_handler.distribution, 1);
}

static void links_break_reset_and_slow_down(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM
        "faults:\n"
        "  - partition: {from: worker-1, to: worker-2, at: 1s, for: 2s}\n"
        "  - partition: {from: worker-1, to: broker, both: false, at: 1s, for: 2s}\n"
        "  - reset: {from: worker-2, to: coordinator, at: 3s}\n"
        "  - slow_link: {from: worker-3, to: objects, at: 4s, for: 5s, factor: 9, extra: "
        "20ms}\n");
    const struct mr_fault_spec *faults = scenario->faults;
    assert_int_equal(faults[0].fault.kind, MR_FAULT_PARTITION);
    assert_int_equal(faults[0].fault.from, 1);
    assert_int_equal(faults[0].fault.to, 2);
    assert_true(faults[0].fault.is_both_ways);
    assert_constant(&faults[0].for_ns.distribution, 2 * MR_SECOND_NS);
    assert_int_equal(faults[1].fault.to, 4);
    assert_false(faults[1].fault.is_both_ways);
    assert_int_equal(faults[2].fault.kind, MR_FAULT_RESET);
    assert_int_equal(faults[2].fault.to, MR_PROCESS_COORDINATOR);
    assert_int_equal(faults[3].fault.kind, MR_FAULT_SLOW_LINK);
    assert_constant(&faults[3].factor.distribution, 9);
    assert_constant(&faults[3].extra_ns.distribution, 20 * MR_MS_NS);
}

static void the_operator_can_be_cut_off_when_there_is_one(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM
        "faults: [{partition: {from: operator, to: objects, at: 1s, for: 2s}}]\n"
        "job: [{stop: {}}, {restart: {}}]\n");
    assert_int_equal(scenario->faults[0].fault.from, 6);
    assert_int_equal(scenario->faults[0].fault.to, 5);
}

/* Moving a fault in the list, or adding one, changes nobody's draws. */
static void a_fault_is_named_by_what_it_says_and_not_by_its_position(void **state)
{
    const char *first = "  - crash: {worker: 1, at: 2s}\n";
    const char *second = "  - crash: {worker: 2, at: 2s}\n";
    char text[512];
    snprintf(text, sizeof text, "%sfaults:\n%s%s", TEST_HEAD_STREAM, first, second);
    const struct mr_scenario *one = test_read(*state, text);
    snprintf(text, sizeof text, "%sfaults:\n%s%s%s", TEST_HEAD_STREAM, second, first, first);
    const struct mr_scenario *other = test_read(*state, text);
    assert_string_equal(one->faults[0].fault.name, other->faults[1].fault.name);
    assert_string_equal(one->faults[1].fault.name, other->faults[0].fault.name);
    assert_string_not_equal(one->faults[0].fault.name, one->faults[1].fault.name);
    assert_string_not_equal(other->faults[1].fault.name, other->faults[2].fault.name);
}

static void chances_are_off_until_they_are_asked_for(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM "chances: {}\n");
    assert_int_equal(scenario->chance_activation.part, 25);
    assert_int_equal(scenario->chance_activation.whole, 100);
    assert_int_equal(scenario->chance_firing.part, 5);
    scenario = test_read(*state, TEST_HEAD_STREAM "chances: {activation: 1, firing: 0.5}\n");
    assert_int_equal(scenario->chance_activation.part, 1);
    assert_int_equal(scenario->chance_activation.whole, 1);
    assert_int_equal(scenario->chance_firing.part, 5);
    assert_int_equal(scenario->chance_firing.whole, 10);
}

static void the_job_is_stopped_and_restarted_further_back(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM
        "outputs: {again: }\n"
        "job:\n"
        "  - stop: {at: {between: [1s, 2s]}, after_checkpoints: 4}\n"
        "  - restart: {after: 3s, checkpoints_back: 2, topics: {totals: again}}\n"
        "  - stop:\n"
        "  - restart:\n");
    assert_int_equal(scenario->n_job_steps, 4);
    const struct mr_job_step_spec *steps = scenario->job_steps;
    assert_int_equal(steps[0].kind, MR_STEP_STOP);
    assert_uniform(&steps[0].at_ns.distribution, MR_SECOND_NS, 2 * MR_SECOND_NS);
    assert_int_equal(steps[0].after_checkpoints, 4);
    assert_int_equal(steps[1].kind, MR_STEP_RESTART);
    assert_constant(&steps[1].at_ns.distribution, 3 * MR_SECOND_NS);
    assert_int_equal(steps[1].checkpoints_back, 2);
    assert_int_equal(steps[1].n_topics, 1);
    assert_int_equal(steps[1].from_topics[0], 1);
    assert_int_equal(steps[1].to_topics[0], 2);
    assert_constant(&steps[2].at_ns.distribution, 0);
    assert_constant(&steps[3].at_ns.distribution, MR_SECOND_NS);
    assert_int_equal(steps[3].n_topics, 0);
    assert_string_not_equal(steps[0].at_ns.name, steps[2].at_ns.name);
}

/* ---- What must hold ---- */

static void checks_are_turned_off_and_given_options(void **state)
{
    const struct mr_check_options *check =
        &test_read(*state, TEST_HEAD_STREAM "check:\n"
                                            "  exactly_once: {outputs: all}\n"
                                            "  watermarks: {}\n"
                                            "  consistent_cut: false\n"
                                            "  conservation: true\n"
                                            "  order:\n"
                                            "  liveness: {within: 7s}\n"
                                            "  late: {dropped_at_most: 0.1%}\n")
             ->check;
    assert_true(check->enabled[MR_CHECK_EXACTLY_ONCE]);
    assert_true(check->enabled[MR_CHECK_WATERMARKS]);
    assert_false(check->enabled[MR_CHECK_CONSISTENT_CUT]);
    assert_true(check->enabled[MR_CHECK_CONSERVATION]);
    assert_true(check->enabled[MR_CHECK_ORDER]);
    assert_int_equal(check->liveness_ns, 7 * MR_SECOND_NS);
    assert_true(check->enabled[MR_CHECK_LATE]);
    assert_int_equal(check->dropped_at_most.part, 1);
    assert_int_equal(check->dropped_at_most.whole, 1000);
}

static void a_scenario_may_expect_a_check_to_fail(void **state)
{
    const struct mr_expectation *expect = &test_read(*state, TEST_HEAD_STREAM
        "expect: {fail: {check: exactly_once, verdict: DUPLICATE, seeds: {at_least: 20}}}\n")
                                               ->expect;
    assert_true(expect->is_failure);
    assert_int_equal(expect->check, MR_CHECK_EXACTLY_ONCE);
    assert_int_equal(expect->verdict, MR_VERDICT_DUPLICATE);
    assert_int_equal(expect->seeds_at_least, 20);
    expect = &test_read(
        *state, TEST_HEAD_STREAM "expect: {fail: {check: liveness, verdict: STUCK}}\n")
                  ->expect;
    assert_int_equal(expect->check, MR_CHECK_LIVENESS);
    assert_int_equal(expect->seeds_at_least, 1);
    expect = &test_read(*state, TEST_HEAD_STREAM "expect: pass\n")->expect;
    assert_false(expect->is_failure);
}

static void milestones_are_found_by_name(void **state)
{
    const struct mr_scenario *scenario =
        test_read(*state, TEST_HEAD_STREAM "sometimes: [rewound, late_row_dropped]\n");
    assert_int_equal(scenario->n_sometimes, 2);
    assert_int_equal(scenario->sometimes[0], MR_SOMETIMES_REWOUND);
    assert_int_equal(scenario->sometimes[1], MR_SOMETIMES_LATE_ROW_DROPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(every_knob_of_the_cluster_can_be_turned),
        LANGUAGE_TEST(liveness_waits_for_ten_of_the_longest_checkpoint_intervals),
        LANGUAGE_TEST(the_network_is_a_preset_or_spelled_out),
        LANGUAGE_TEST(services_have_latencies),
        LANGUAGE_TEST(distributions_have_kinds),
        LANGUAGE_TEST(a_crash_at_a_time_strikes_any_worker),
        LANGUAGE_TEST(a_crash_at_a_point_strikes_at_an_occurrence),
        LANGUAGE_TEST(processes_pause_and_slow_down),
        LANGUAGE_TEST(links_break_reset_and_slow_down),
        LANGUAGE_TEST(the_operator_can_be_cut_off_when_there_is_one),
        LANGUAGE_TEST(a_fault_is_named_by_what_it_says_and_not_by_its_position),
        LANGUAGE_TEST(chances_are_off_until_they_are_asked_for),
        LANGUAGE_TEST(the_job_is_stopped_and_restarted_further_back),
        LANGUAGE_TEST(checks_are_turned_off_and_given_options),
        LANGUAGE_TEST(a_scenario_may_expect_a_check_to_fail),
        LANGUAGE_TEST(milestones_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
