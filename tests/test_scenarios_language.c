#include "tests/test_scenarios_language.h"

/* ---- Defaults ---- */

static void the_smallest_scenario_has_a_default_for_everything_else(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM);
    assert_string_equal(scenario->name, "s");
    assert_string_equal(scenario->about, "");
    assert_string_equal(scenario->path, "dir/s.yaml");
    assert_string_equal(scenario->pipeline_path, "dir/pipeline.yaml");
    assert_int_equal(scenario->graph->n_transforms, 4);
    assert_ptr_equal(scenario->plan->graph, scenario->graph);
    assert_int_equal(scenario->seeds, 100);
    assert_int_equal(scenario->first_seed, 1);
    assert_int_equal(scenario->run_for_ns, 0);
    assert_int_equal(scenario->n_faults, 0);
    assert_int_equal(scenario->n_job_steps, 0);
    assert_int_equal(scenario->n_sometimes, 0);
    assert_false(scenario->expect.is_failure);
    assert_int_equal(scenario->chance_activation.part, 0);
    assert_int_equal(scenario->chance_firing.part, 0);
    assert_int_equal(scenario->limits.virtual_time_ns, 600 * MR_SECOND_NS);
    assert_int_equal(scenario->limits.events, 5000000);
    assert_int_equal(scenario->limits.memory_bytes, 256 << 20);
}

static void the_default_cluster_has_six_slots_and_a_checkpoint_every_two_seconds(void **state)
{
    const struct mr_cluster *cluster = &test_read(*state, TEST_HEAD_STREAM)->cluster;
    assert_int_equal(cluster->workers, 3);
    assert_int_equal(cluster->slots, 2);
    assert_int_equal(cluster->parallelism, 6);
    assert_int_equal(cluster->batch_rows.n_choices, 3);
    assert_int_equal(cluster->batch_rows.choices[0], 1);
    assert_int_equal(cluster->batch_rows.choices[2], 100);
    assert_constant(&cluster->fetch_rows.distribution, 500);
    assert_int_equal(cluster->fetch_rows_min, 1);
    assert_int_equal(cluster->fetch_wait_ns, 500 * MR_MS_NS);
    assert_int_equal(cluster->channel_credit, 8);
    assert_int_equal(cluster->watermark_every_ns, 200 * MR_MS_NS);
    assert_int_equal(cluster->flush_after_ns, 20 * MR_MS_NS);
    assert_constant(&cluster->checkpoint_every_ns.distribution, 2 * MR_SECOND_NS);
    assert_int_equal(cluster->checkpoint_timeout_ns, 10 * MR_SECOND_NS);
    assert_int_equal(cluster->checkpoint_retention, 3);
    assert_int_equal(cluster->heartbeat_every_ns, 500 * MR_MS_NS);
    assert_int_equal(cluster->heartbeat_timeout_ns, 2 * MR_SECOND_NS);
    assert_int_equal(cluster->restart_backoff_ns, 500 * MR_MS_NS);
    assert_int_equal(cluster->restart_backoff_max_ns, 10 * MR_SECOND_NS);
    assert_int_equal(cluster->restarts_max, 50);
    assert_int_equal(cluster->transaction_timeout_ns, 60 * MR_SECOND_NS);
    assert_int_equal(cluster->costs.message_ns, 5000);
    assert_int_equal(cluster->costs.row_ns, 200);
    assert_int_equal(cluster->costs.snapshot_kb_ns, 10000);
}

static void all_checks_but_late_are_on_by_default(void **state)
{
    const struct mr_check_options *check = &test_read(*state, TEST_HEAD_STREAM)->check;
    for (int i = 0; i < MR_CHECKS; i++)
        assert_int_equal(check->enabled[i],
            i != MR_CHECK_LATE && i != MR_CHECK_ASSERTIONS && i != MR_CHECK_STEPS &&
                i != MR_CHECK_LOOKUPS);
    assert_int_equal(check->dropped_at_most.whole, 0);
    assert_int_equal(check->liveness_ns, 20 * MR_SECOND_NS);
}

static void the_topics_are_the_streams_and_then_the_outputs(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD_STREAM);
    assert_int_equal(scenario->n_topics, 2);
    assert_string_equal(scenario->topics[0].name, "events");
    assert_int_equal(scenario->topics[0].n_partitions, 6);
    assert_non_null(scenario->topics[0].stream);
    assert_string_equal(scenario->topics[1].name, "totals");
    assert_int_equal(scenario->topics[1].n_partitions, 6);
    assert_null(scenario->topics[1].stream);
}

/* ---- The head ---- */

static void the_head_names_the_scenario_and_its_seeds(void **state)
{
    const struct mr_scenario *scenario =
        test_read(*state, "scenario: night of the third\nabout: What happened.\npipeline: "
                          "pipeline.yaml\n" TEST_STREAM "seeds: 200\n");
    assert_string_equal(scenario->name, "night of the third");
    assert_string_equal(scenario->about, "What happened.");
    assert_int_equal(scenario->seeds, 200);
    assert_int_equal(scenario->first_seed, 1);
    scenario = test_read(*state, TEST_HEAD_STREAM "seeds: [17]\n");
    assert_int_equal(scenario->seeds, 1);
    assert_int_equal(scenario->first_seed, 17);
}

static void limits_are_read_in_their_units(void **state)
{
    const struct mr_scenario *scenario = test_read(
        *state, TEST_HEAD_STREAM "limits: {virtual_time: 2m, events: 1000, memory: 64MB}\n");
    assert_int_equal(scenario->limits.virtual_time_ns, 120 * MR_SECOND_NS);
    assert_int_equal(scenario->limits.events, 1000);
    assert_int_equal(scenario->limits.memory_bytes, 64000000);
}

static void an_open_stream_runs_for_a_declared_time(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD
        "streams: {events: {generate: {rows: 10, duration: 1s}, end: open}}\nrun_for: 20m\n");
    assert_true(scenario->topics[0].stream->is_open);
    assert_int_equal(scenario->run_for_ns, 1200 * MR_SECOND_NS);
    assert_int_equal(scenario->limits.virtual_time_ns, 1200 * MR_SECOND_NS);
}

static void values_of_the_pipeline_can_be_replaced(void **state)
{
    const struct mr_scenario *scenario =
        test_read(*state, "scenario: s\n"
                          "pipeline:\n"
                          "  file: pipeline.yaml\n"
                          "  set: {ReadFromLog.watermark.idle_after: 500ms, "
                          "WriteToLog.delivery: at_least_once}\n" TEST_STREAM);
    const struct mr_graph *graph = scenario->graph;
    assert_int_equal(graph->transforms[0].read.idle_after_ns, 500 * MR_MS_NS);
    assert_int_equal(graph->transforms[3].write.delivery, MR_DELIVERY_AT_LEAST_ONCE);
}

/* ---- Streams ---- */

static void a_trace_becomes_a_stream(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD
        "streams:\n"
        "  events:\n"
        "    partitions: 4\n"
        "    trace: trace.csv\n"
        "    key: key\n"
        "    event_time: at\n"
        "    arrival: {column: wait, unit: min, relative_to: event_time}\n"
        "    speedup: 60\n"
        "    end: bounded\n"
        "    disorder: {extra: {kind: exponential, mean: 2m, max: 30m}, duplicates: 0.1%}\n"
        "    linger: {between: [1ms, 5ms]}\n"
        "    silence: {partition: 3, from: 1s, for: 2s}\n"
        "    on_bad_time: drop\n"
        "    max_future: 1h\n"
        "    max_past: 2h\n");
    const struct mr_stream_config *stream = scenario->topics[0].stream;
    assert_int_equal(stream->n_partitions, 4);
    assert_int_equal(mr_trace_rows(stream->trace), 3);
    assert_non_null(stream->partitions);
    assert_int_equal(stream->key_field, 1);
    assert_int_equal(stream->event_time_field, 0);
    assert_int_equal(stream->speedup, 60);
    assert_false(stream->is_open);
    assert_true(stream->has_extra_delay);
    assert_int_equal(stream->extra_delay_us.kind, MR_DISTRIBUTION_EXPONENTIAL);
    assert_int_equal(stream->extra_delay_us.max, 1800 * MR_SECOND_US);
    assert_int_equal(stream->duplicates.part, 1);
    assert_int_equal(stream->duplicates.whole, 1000);
    assert_true(stream->has_linger);
    assert_uniform(&stream->linger_ns, MR_MS_NS, 5 * MR_MS_NS);
    assert_int_equal(stream->n_silences, 1);
    assert_int_equal(stream->silences[0].partition, 3);
    assert_int_equal(stream->silences[0].from_ns, MR_SECOND_NS);
    assert_int_equal(stream->silences[0].for_ns, 2 * MR_SECOND_NS);
}

/* The second row arrives first: a minute after 07:01, while the first takes five. */
static void arrivals_are_relative_to_the_event_time(void **state)
{
    const struct mr_scenario *scenario = test_read(*state, TEST_HEAD
        "streams: {events: {trace: trace.csv, arrival: {column: wait, unit: min, relative_to: "
        "event_time}}}\n");
    const struct mr_trace *trace = scenario->topics[0].stream->trace;
    mr_us expected;
    assert_true(mr_timestamp_parse("2001-01-03 07:02", 16, &expected));
    assert_int_equal(mr_trace_origin_us(trace), expected);
}

static void a_stream_needs_little_more_than_its_trace(void **state)
{
    const struct mr_scenario *scenario =
        test_read(*state, TEST_HEAD "streams: {events: {trace: trace.csv}}\n");
    const struct mr_stream_config *stream = scenario->topics[0].stream;
    assert_int_equal(stream->key_field, -1);
    assert_int_equal(stream->event_time_field, 0);
    assert_int_equal(stream->speedup, 1);
    assert_false(stream->is_open);
    assert_false(stream->has_extra_delay);
    assert_false(stream->has_linger);
    assert_int_equal(stream->duplicates.part, 0);
    assert_int_equal(stream->n_silences, 0);
}

static void several_partitions_may_fall_silent_for_good_in_an_open_stream(void **state)
{
    const struct mr_scenario *scenario = test_read(*state,
        TEST_HEAD "streams: {events: {trace: trace.csv, end: open, silence: [{partition: 0}, "
                  "{partition: 1, from: 3s}]}}\nrun_for: 5s\n");
    const struct mr_stream_config *stream = scenario->topics[0].stream;
    assert_int_equal(stream->n_silences, 2);
    assert_int_equal(stream->silences[0].from_ns, 0);
    assert_int_equal(stream->silences[0].for_ns, MR_NS_NEVER);
    assert_int_equal(stream->silences[1].partition, 1);
    assert_int_equal(stream->silences[1].from_ns, 3 * MR_SECOND_NS);
}

static void rows_can_be_generated(void **state)
{
    const struct mr_scenario *scenario = test_read(*state,
        TEST_HEAD "streams: {events: {key: key, generate: {rows: 1000, duration: 4s, keys: 50, "
                  "key_bytes: 16, "
                  "values: 7, disorder: 10ms, start: 2001-01-03T07:00:00Z}}}\n");
    const struct mr_generator *generator = &scenario->topics[0].stream->generator;
    assert_null(scenario->topics[0].stream->trace);
    assert_int_equal(generator->rows, 1000);
    assert_int_equal(generator->duration_ns, 4 * MR_SECOND_NS);
    assert_int_equal(generator->n_keys, 50);
    assert_int_equal(generator->key_bytes, 16);
    assert_int_equal(generator->value_bound, 7);
    assert_int_equal(generator->disorder_us, 10000);
    assert_int_equal(generator->start_us, INT64_C(978505200000000));
}

static void outputs_may_have_their_own_partitions_and_more_topics(void **state)
{
    const struct mr_scenario *scenario = test_read(
        *state, TEST_HEAD_STREAM "outputs: {totals: {partitions: 2}, again: {}, third: }\n");
    assert_int_equal(scenario->n_topics, 4);
    assert_string_equal(scenario->topics[1].name, "totals");
    assert_int_equal(scenario->topics[1].n_partitions, 2);
    assert_string_equal(scenario->topics[2].name, "again");
    assert_int_equal(scenario->topics[2].n_partitions, 6);
    assert_string_equal(scenario->topics[3].name, "third");
}

/* ---- The digest ---- */

static uint64_t digest_of(
    struct mr_region *region, const char *text, const char *pipeline, const char *trace)
{
    struct test_files files = {.n = 0};
    test_add_file(&files, "s.yaml", text);
    test_add_file(&files, "pipeline.yaml", pipeline);
    test_add_file(&files, "trace.csv", trace);
    struct mr_file_reader reader = {.self = &files, .read = test_read_file};
    const struct mr_scenario *scenario;
    struct mr_err err = {0};
    assert_true(mr_scenario_read(region, "s.yaml", &reader, &scenario, &err));
    return scenario->digest;
}

static void the_digest_covers_scenario_pipeline_and_data(void **state)
{
    static const char text[] = TEST_HEAD "streams: {events: {trace: trace.csv}}\n";
    char pipeline[2048], trace[1024];
    snprintf(pipeline, sizeof pipeline, "# another\n%s", test_pipeline);
    snprintf(trace, sizeof trace, "%s2001-01-03 07:03,a,3,2\n", test_trace);
    uint64_t digest = digest_of(*state, text, test_pipeline, test_trace);
    assert_true(digest == digest_of(*state, text, test_pipeline, test_trace));
    assert_true(digest != digest_of(*state, text, pipeline, test_trace));
    assert_true(digest != digest_of(*state, text, test_pipeline, trace));
    assert_true(digest != digest_of(*state,
                              TEST_HEAD "streams: {events: {trace: trace.csv}}\nseeds: 3\n",
                              test_pipeline, test_trace));
}

/* ---- Names of processes, verdicts and checks ---- */

static void processes_are_found_by_the_names_that_they_have(void **state)
{
    for (uint32_t process = 0; process < 3 + 4; process++) {
        const char *name = mr_scenario_process_name(*state, 3, process);
        assert_int_equal(mr_scenario_process(3, name), process);
    }
    assert_int_equal(mr_scenario_process(3, "worker-4"), -1);
    assert_int_equal(mr_scenario_process(3, "worker-0"), -1);
    assert_int_equal(mr_scenario_process(3, "worker-01"), -1);
    assert_int_equal(mr_scenario_process(3, "worker-4294967297"), -1);
    assert_int_equal(mr_scenario_process(12, "worker-12"), 12);
    assert_int_equal(mr_scenario_process(3, "worker-"), -1);
}

static void verdicts_and_checks_are_found_by_the_names_that_they_have(void **state)
{
    (void)state;
    for (int i = 0; i < MR_VERDICTS; i++)
        assert_int_equal(mr_verdict_find(mr_verdict_name((enum mr_verdict)i)), i);
    for (int i = 0; i < MR_CHECKS; i++)
        assert_int_equal(mr_check_find(mr_check_name((enum mr_check)i)), i);
    assert_int_equal(mr_verdict_find("duplicate"), -1);
    assert_int_equal(mr_check_find(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(the_smallest_scenario_has_a_default_for_everything_else),
        LANGUAGE_TEST(the_default_cluster_has_six_slots_and_a_checkpoint_every_two_seconds),
        LANGUAGE_TEST(all_checks_but_late_are_on_by_default),
        LANGUAGE_TEST(the_topics_are_the_streams_and_then_the_outputs),
        LANGUAGE_TEST(the_head_names_the_scenario_and_its_seeds),
        LANGUAGE_TEST(limits_are_read_in_their_units),
        LANGUAGE_TEST(an_open_stream_runs_for_a_declared_time),
        LANGUAGE_TEST(values_of_the_pipeline_can_be_replaced),
        LANGUAGE_TEST(a_trace_becomes_a_stream),
        LANGUAGE_TEST(arrivals_are_relative_to_the_event_time),
        LANGUAGE_TEST(a_stream_needs_little_more_than_its_trace),
        LANGUAGE_TEST(several_partitions_may_fall_silent_for_good_in_an_open_stream),
        LANGUAGE_TEST(rows_can_be_generated),
        LANGUAGE_TEST(outputs_may_have_their_own_partitions_and_more_topics),
        LANGUAGE_TEST(the_digest_covers_scenario_pipeline_and_data),
        LANGUAGE_TEST(processes_are_found_by_the_names_that_they_have),
        LANGUAGE_TEST(verdicts_and_checks_are_found_by_the_names_that_they_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
