/* Stepped scenarios do what their steps say, and fail where what comes out is not what they
 * expect. */
#include "tests/test_run_steps.h"

#define CLICKS "steps:\n"

static void windows_fire_when_the_watermark_passes_them(void **state)
{
    struct mr_run_result *result = assert_always_holds(*state, test_clicks,
        CLICKS "  - rows: {clicks: [{user: ann, time: 10, cost: 0.1}, {user: ann, time: 59, "
               "cost: 0.2}]}\n"
               "  - rows: {taps: [{user: bob, time: 60}]}\n"
               "  - watermark: {clicks: 61, taps: 59}\n"
               "  - expect_none: counts\n"
               "  - watermark: {taps: 60}\n"
               "  - expect: {counts: [{row: {user: ann, n: 2}, window: [0, 60],\n"
               "      timestamp: 59.999999, timing: on_time, index: 0, is_last: false}]}\n"
               "  - watermark: {clicks: infinity, taps: infinity}\n"
               "  - expect: {counts: [{row: {user: bob, n: 1}, window: [60, 120]}]}\n"
               "  - expect: {output: raw, rows: [{user: ann, time: 10, cost: 0.1},\n"
               "      {user: ann, time: 1970-01-01T00:00:59Z, cost: 0.2}]}\n");
    assert_int_equal(result->counts.rows_read, 3);
    assert_int_equal(result->counts.rows_matched, 4);
    assert_int_equal(result->virtual_ns, 0);
}

static void late_rows_make_late_panes_or_are_dropped(void **state)
{
    struct mr_run_result *result = assert_always_holds(*state, test_clicks,
        CLICKS
        "  - watermark: {taps: infinity}\n"
        "  - rows: {input: clicks, rows: [{user: ann, time: 10}, {user: cid, time: 12}]}\n"
        "  - watermark: {clicks: 60}\n"
        "  - expect: {counts: [{user: ann, n: 1}, {user: cid, n: 1}]}\n"
        "  - rows: {clicks: [{user: ann, time: 20}]}\n"
        "  - expect: {counts: [{row: {user: ann, n: 1}, timing: late, index: 1}]}\n"
        "  - watermark: {clicks: 90}\n"
        "  - rows: {clicks: [{user: ann, time: 30}]}\n"
        "  - expect_none: [counts]\n"
        "  - expect: {raw: [{user: ann, time: 10}, {user: cid, time: 12},\n"
        "      {user: ann, time: 20}, {user: ann, time: 30}]}\n");
    assert_int_equal(result->counts.rows_dropped, 1);
}

static void an_idle_input_is_not_waited_for(void **state)
{
    assert_always_holds(*state, test_clicks,
        CLICKS "  - rows: {clicks: [{user: ann, time: 10}]}\n"
               "  - watermark: {clicks: 100}\n"
               "  - expect_none: counts\n"
               "  - idle: taps\n"
               "  - expect: {counts: [{user: ann, n: 1}]}\n"
               "  - rows: {clicks: [{user: bob, time: 130}]}\n"
               "  - active: {input: taps}\n"
               "  - watermark: {taps: 110}\n" /* it has caught up, and is waited for again */
               "  - watermark: {clicks: 200}\n"
               "  - expect_none: counts\n"
               "  - watermark: {taps: 200}\n"
               "  - expect: {counts: [{user: bob, n: 1}]}\n"
               "  - expect: {raw: [{user: ann, time: 10}, {user: bob, time: 130}]}\n");
}

static void virtual_time_moves_as_far_as_a_step_says(void **state)
{
    struct mr_run_result *result = assert_always_holds(*state, test_plain,
        "steps:\n"
        "  - rows: [{word: a}]\n"
        "  - processing_time: 90s\n"
        "  - rows: [{word: b}, {row: {word: c}, timestamp: 7}]\n"
        "  - processing_time: {advance: 400 d}\n"
        "  - rows: {timestamp: 8, rows: [{word: d}]}\n"
        "  - expect: [{row: {word: a}, timestamp: 0}, {row: {word: b}, timestamp: 90},\n"
        "      {row: {word: c}, timestamp: 7s}, {row: {word: d}, timestamp: 8}]\n");
    assert_int_equal(
        result->virtual_ns, 90 * MR_SECOND_NS + 400 * INT64_C(86400) * MR_SECOND_NS);
}

/* Rows behind the last checkpoint are read anew; what was claimed of them does not come a
 * second time. */
static void a_restore_goes_back_to_the_last_checkpoint(void **state)
{
    struct mr_run_result *result = assert_holds(*state,
        read_steps(*state, test_clicks,
            CLICKS
            "  - rows: {clicks: [{user: ann, time: 10}]}\n"
            "  - expect: {raw: [{user: ann, time: 10}]}\n"
            "  - checkpoint\n"
            "  - rows: {clicks: [{user: bob, time: 20}, {user: cid, time: 20}]}\n"
            "  - expect: {raw: [{user: bob, time: 20}, {user: cid, time: 20}]}\n"
            "  - watermark: {clicks: 60, taps: 60}\n"
            "  - restore\n"
            "  - expect_none: raw\n"
            "  - expect: {counts: [{user: ann, n: 1}, {user: bob, n: 1}, {user: cid, n: 1}]}\n"
            "  - restore\n"
            "  - expect_none\n"),
        1);
    assert_int_equal(result->counts.restores, 2);
    assert_int_equal(result->counts.rows_read, 7);
    assert_int_equal(result->counts.rows_matched, 6);
}

static void a_restore_without_a_checkpoint_begins_anew(void **state)
{
    struct mr_run_result *result = assert_holds(*state,
        read_steps(*state, test_plain,
            "steps:\n"
            "  - rows: [{word: a}]\n"
            "  - restore\n"
            "  - expect: [{word: a}]\n"),
        1);
    assert_int_equal(result->counts.restarts, 1);
    assert_int_equal(result->counts.restores, 0);
    assert_int_equal(result->counts.rows_read, 2);
}

static void state_is_there_until_its_window_has_expired(void **state)
{
    assert_always_holds(*state, test_clicks,
        CLICKS
        "  - expect_state: {transform: Count, key: ann, gone: true}\n"
        "  - rows: {clicks: [{user: ann, time: 10}]}\n"
        "  - expect_state: {transform: Count, key: {user: ann}, window: [0, 60], present:}\n"
        "  - expect_state: {transform: Count, key: ann, window: [60, 120], gone:}\n"
        "  - expect_state: {transform: Count, key: bob, present: false}\n"
        "  - watermark: {clicks: 95, taps: 95}\n"
        "  - expect_state: {transform: Count, gone: true}\n"
        "  - expect: {counts: [{user: ann, n: 1}]}\n"
        "  - expect: {raw: [{user: ann, time: 10}]}\n");
}

/* 0.1 + 0.2 is not the double of 0.3. */
static void floats_are_compared_as_they_are_written(void **state)
{
    static const char sums[] =
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - {type: ReadFromLog, config: {topic: in, schema: {a: float, b: float}}}\n"
        "    - {type: MapToFields, config: {language: python, fields: {c: a + b}}}\n"
        "    - {type: WriteToLog, config: {topic: out}}\n";
    assert_always_holds(*state, sums,
        "steps:\n  - rows: [{a: 0.1, b: 0.2}, {a: .inf, b: 1}, {a: .nan, b: 1}]\n"
        "  - expect: [{c: 0.3}, {c: .inf}, {c: .nan}]\n");
    assert_fails(*state, sums, "steps:\n  - rows: [{a: 1, b: 2}]\n  - expect: [{c: 3.0001}]\n",
        "s.yaml:5: output 'out' lacks 1 of the rows that are expected, and has 1 others");
}

static void values_may_have_values_inside(void **state)
{
    static const char nested[] =
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - type: ReadFromLog\n"
        "      config:\n"
        "        topic: in\n"
        "        schema: {tags: [string], ages: {type: object, "
        "additionalProperties: integer}, who: "
        "{type: object, properties: {a: integer, b: number}, required: [a, b]}, what: any}\n"
        "    - {type: WriteToLog, config: {topic: out}}\n";
    assert_always_holds(*state, nested,
        "steps:\n"
        "  - rows: [{tags: [x, y], ages: {ann: 3}, who: {a: 1, b: 2}, what: 7}]\n"
        "  - expect: [{tags: [x, y], ages: {ann: 3}, who: {b: 2.0, a: 1}, what: 7}]\n");
    const struct mr_witness *witness = assert_fails(*state, nested,
        "steps:\n"
        "  - rows: [{tags: [x, y], ages: {}, who: {a: 1, b: 2}, what: [1]}]\n"
        "  - expect: [{tags: [x], ages: {}, who: {a: 1, b: 2}, what: a text}]\n",
        "s.yaml:5: output 'out' lacks 1 of the rows that are expected, and has 1 others");
    assert_string_equal(witness->actual,
        "! {tags: [\"x\", \"y\"], ages: {}, who: {\"a\": 1, \"b\": 2.0}, what: [1]}\n");
}

static void what_nothing_reads_is_an_output_where_nothing_is_written(void **state)
{
    static const char open_ended[] =
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - {type: ReadFromLog, config: {topic: words, schema: {word: string}}}\n"
        "    - type: MapToFields\n"
        "      name: Shout\n"
        "      config: {language: python, fields: {word: word.upper()}}\n";
    assert_always_holds(*state, open_ended,
        "steps:\n"
        "  - rows: [{word: a}]\n"
        "  - expect: [{word: A}]\n"
        "  - rows: [{word: b}]\n"
        "  - expect: {Shout: [{word: B}]}\n");
    assert_fails(*state, open_ended, "steps:\n  - rows: [{word: a}]\n",
        "s.yaml:4: at the end 1 row of output 'Shout' is claimed by no step");
}

static const char test_foreign[] =
    "pipeline:\n"
    "  type: chain\n"
    "  source:\n"
    "    type: ReadFromPubSub\n"
    "    name: Orders\n"
    "    config: {topic: projects/p/topics/t, format: JSON}\n"
    "    windowing: {type: fixed, size: 10s}\n"
    "  transforms:\n"
    "    - type: Combine\n"
    "      config: {group_by: id, combine: {total: {fn: sum, value: price}}}\n";

static void a_source_of_the_pipeline_can_be_replaced(void **state)
{
    assert_always_holds(*state, test_foreign,
        "inputs: {Orders: {schema: {id: integer, price: number}}}\n"
        "steps:\n"
        "  - rows: {timestamp: 3, rows: [{id: 1, price: 2}, {id: 1, price: 0.5}]}\n"
        "  - watermark: {Orders: 10}\n"
        "  - expect: {Combine: [{row: {id: 1, total: 2.5}, window: [0, 10]}]}\n");
}

static void assertions_of_the_pipeline_are_judged_behind_the_last_step(void **state)
{
    static const char asserting[] =
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - {type: ReadFromLog, config: {topic: words, schema: {word: string}}}\n"
        "    - {type: AssertEqual, config: {elements: [{word: a}]}}\n";
    assert_holds(*state, read_steps(*state, asserting, "steps:\n  - rows: [{word: a}]\n"), 1);
    const struct mr_run_result *result =
        run_seed(*state, read_steps(*state, asserting, "steps:\n  - rows: [{word: b}]\n"), 1);
    assert_int_equal(result->n_findings, 1);
    assert_int_equal(result->findings[0].check, MR_CHECK_ASSERTIONS);
}

/* Many rows over small channels between several workers: all of it within one instant. */
static void a_step_is_over_when_all_is_quiet(void **state)
{
    struct mr_region *region = *state;
    const char *rows =
        "cluster: {workers: 3, parallelism: 4, batch: 1}\nsteps:\n  - rows: {clicks: [";
    const char *expected = "";
    for (int i = 0; i < 700; i++)
        rows = mr_region_printf(region, "%s{user: u%d, time: 5}, ", rows, i % 7);
    for (int i = 0; i < 7; i++)
        expected = mr_region_printf(region, "%s{user: u%d, n: 100}, ", expected, i);
    const char *text = mr_region_printf(region,
        "%s]}\n  - watermark: {clicks: 60, taps: 60}\n  - expect: {counts: [%s]}\n", rows,
        expected);
    const struct mr_run_result *result =
        run_seed(region, read_steps(region, test_clicks, text), 1);
    assert_int_equal(result->virtual_ns, 0);
    assert_int_equal(
        result->findings[0].check, MR_CHECK_STEPS); /* nothing claims the raw ones */
    assert_non_null(strstr(result->findings[0].summary, "700 rows of output 'raw'"));
}

/* Failures. */

static void what_is_missing_and_what_is_too_much_stand_side_by_side(void **state)
{
    const struct mr_witness *witness = assert_fails(*state, test_clicks,
        CLICKS "  - rows: {clicks: [{user: ann, time: 10}, {user: bob, time: 20}]}\n"
               "  - watermark: {clicks: 60, taps: 60}\n"
               "  - expect:\n"
               "      counts:\n"
               "        - {row: {user: ann, n: 2}, window: [0, 60]}\n"
               "        - {row: {user: bob, n: 1}, window: [0, 60]}\n"
               "        - {row: {user: cid, n: 1}, window: [0, 60]}\n",
        "s.yaml:6: output 'counts' lacks 2 of the rows that are expected, and has 1 others");
    assert_string_equal(witness->expected, "! {user: \"ann\", n: 2} [0, 60)\n"
                                           "  {user: \"bob\", n: 1} [0, 60)\n"
                                           "! {user: \"cid\", n: 1} [0, 60)\n");
    assert_string_equal(witness->actual, "! {user: \"ann\", n: 1} [0, 60)\n"
                                         "  {user: \"bob\", n: 1} [0, 60)\n"
                                         "-\n");
    assert_string_equal(witness->transform, "counts");
}

static const char retracting_clicks[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - {type: ReadFromLog, config: {topic: clicks, schema: {user: string, time: "
    "timestamp}, "
    "event_time: time, watermark: {strategy: ascending}}}\n"
    "    - {type: Window, config: {windowing: {type: fixed, size: 60s}, accumulation: "
    "retracting, "
    "trigger: {after_watermark: {early: {count: 1}}}}}\n"
    "    - {type: Combine, config: {group_by: user, combine: {n: {fn: count, value: user}}}}\n"
    "    - {type: WriteToLog, config: {topic: counts, key: user}}\n";

static void panes_that_take_others_back_are_expected_by_their_kind(void **state)
{
    assert_always_holds(*state, retracting_clicks,
        "steps:\n"
        "  - rows: {clicks: [{user: ann, time: 10}]}\n"
        "  - expect: {counts: [{row: {user: ann, n: 1}, kind: insert}]}\n"
        "  - rows: {clicks: [{user: ann, time: 11}]}\n"
        "  - expect: {counts: [{row: {user: ann, n: 1}, kind: update_before, index: 0},\n"
        "                      {row: {user: ann, n: 2}, kind: update_after, index: 1}]}\n"
        "  - watermark: {clicks: infinity}\n"
        "  - expect: {counts: [{row: {user: ann, n: 2}, kind: update_before, timing: early},\n"
        "                      {row: {user: ann, n: 2}, kind: update_after, timing: "
        "on_time}]}\n");
    assert_fails(*state, retracting_clicks,
        "steps:\n"
        "  - rows: {clicks: [{user: ann, time: 10}]}\n"
        "  - expect: {counts: [{row: {user: ann, n: 1}, kind: delete}]}\n",
        "s.yaml:5: output 'counts' lacks 1 of the rows that are expected, and has 1 others");
}

static void each_part_of_a_pane_is_compared_where_it_is_written(void **state)
{
    static const char *const parts[] = {"window: [0, 61]", "window: [1, 60]", "window: global",
        "timestamp: 60", "timing: late", "timing: early", "index: 1", "nonspeculative_index: 1",
        "is_last: true"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_fails(*state, test_clicks,
            mr_region_printf(*state,
                CLICKS "  - rows: {clicks: [{user: ann, time: 10}]}\n"
                       "  - watermark: {clicks: 60, taps: 60}\n"
                       "  - expect: {counts: [{row: {user: ann, n: 1}, %s}]}\n",
                parts[i]),
            "s.yaml:6: output 'counts' lacks 1 of the rows that are expected, and has 1 "
            "others");
}

static void rows_that_no_step_claims_are_a_failure_at_the_end(void **state)
{
    const struct mr_witness *witness = assert_fails(*state, test_plain,
        "steps:\n"
        "  - rows: [{word: a}, {word: a}]\n"
        "  - expect: [{word: a}, {word: a}]\n"
        "  - rows: [{word: b}]\n",
        "s.yaml:6: at the end 1 row of output 'out' is claimed by no step");
    assert_string_equal(witness->actual, "! {word: \"b\"}\n");
}

static void rows_that_no_step_claims_are_a_failure_of_the_next_one(void **state)
{
    assert_fails(*state, test_plain,
        "steps:\n"
        "  - rows: [{word: a}]\n"
        "  - rows: [{word: b}]\n"
        "  - expect: [{word: b}]\n",
        "s.yaml:6: output 'out' has 1 row that is not expected");
    assert_fails(*state, test_plain, "steps:\n  - rows: [{word: a}]\n  - expect_none: out\n",
        "s.yaml:5: output 'out' has 1 row that is not expected");
    assert_fails(*state, test_plain, "steps:\n  - rows: [{word: a}]\n  - expect_none\n",
        "s.yaml:5: output 'out' has 1 row that is not expected");
    assert_fails(*state, test_plain,
        "steps:\n  - rows: [{word: a}]\n  - expect: [{word: a}, {word: a}]\n",
        "s.yaml:5: output 'out' lacks 1 of the rows that are expected");
}

static void state_that_is_not_as_expected_is_a_failure(void **state)
{
    const struct mr_witness *witness = assert_fails(*state, test_clicks,
        CLICKS "  - rows: {clicks: [{user: ann, time: 10}]}\n"
               "  - expect: {raw: [{user: ann, time: 10}]}\n"
               "  - expect_state: {transform: Count, key: ann, gone: true}\n",
        "s.yaml:6: the state of 'Count' should be gone");
    assert_string_equal(witness->actual, "entries: 1");
    assert_fails(*state, test_clicks,
        CLICKS "  - expect_state: {transform: Count, key: ann, present: true}\n",
        "s.yaml:4: the state of 'Count' should be there");
}

static void a_job_that_fails_is_told_with_its_step(void **state)
{
    static const char failing[] =
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - {type: ReadFromLog, config: {topic: words, schema: {n: integer}}}\n"
        "    - {type: MapToFields, config: {language: python, fields: {m: 1 // n}}}\n"
        "    - {type: WriteToLog, config: {topic: out}}\n";
    assert_fails(*state, failing,
        "steps:\n  - rows: [{n: 1}]\n  - expect: [{m: 1}]\n  - restore\n  - rows: [{n: 0}]\n",
        "s.yaml:7: the job fails at this step");
}

/* Variations. */

static void interleavings_are_counted_and_each_is_another_run(void **state)
{
    const struct mr_scenario *scenario = read_steps(*state, test_plain,
        "steps:\n"
        "  - rows: [{word: a}, {word: b}, {word: c}, {word: d}]\n"
        "  - expect: [{word: a}, {word: b}, {word: c}, {word: d}]\n");
    const struct mr_scenario *split = mr_scenario_split(*state, scenario, 2);
    assert_int_equal(split->interleavings, 6); /* 4 over 2 */
    assert_int_equal(split->seeds, 6);
    uint64_t digests[6];
    for (uint64_t i = 0; i < 6; i++) {
        digests[i] = assert_holds(*state, split, i + 1)->digest;
        for (uint64_t k = 0; k < i; k++) assert_int_not_equal(digests[i], digests[k]);
    }
}

/* One channel may be ahead by a watermark, but not where a row must stay late. */
static void a_late_row_does_not_come_before_the_watermark(void **state)
{
    const char *on_time = CLICKS "  - watermark: {clicks: 20}\n"
                                 "  - rows: {clicks: [{user: ann, time: 30}]}\n";
    const char *late = CLICKS "  - watermark: {clicks: 20}\n"
                              "  - rows: {clicks: [{user: ann, time: 10}]}\n";
    assert_int_equal(
        mr_scenario_split(*state, read_steps(*state, test_clicks, on_time), 2)->interleavings,
        3);
    assert_int_equal(
        mr_scenario_split(*state, read_steps(*state, test_clicks, late), 2)->interleavings, 2);
}

static void too_many_interleavings_are_drawn(void **state)
{
    struct mr_region *region = *state;
    const char *rows = "steps:\n  - rows: [";
    for (int i = 0; i < 40; i++)
        rows = mr_region_printf(region, "%s%s{word: w%d}", rows, i ? ", " : "", i);
    const struct mr_scenario *scenario =
        read_steps(region, test_plain, mr_region_printf(region, "%s]\n", rows));
    const struct mr_scenario *split = mr_scenario_split(region, scenario, 4);
    assert_int_equal(split->seeds, MR_INTERLEAVINGS_MAX);
    assert_true(split->interleavings > MR_INTERLEAVINGS_MAX);
    const struct mr_run_result *first = run_seed(region, split, 1);
    const struct mr_run_result *second = run_seed(region, split, 2);
    assert_int_not_equal(first->digest, second->digest);
    assert_int_equal(first->findings[0].check, MR_CHECK_STEPS); /* nothing claims them */
    assert_string_equal(first->findings[0].cause,
        "each input comes over 4 channels, in interleaving 1 of the drawn 10000");
}

static void variations_can_be_written_into_the_scenario(void **state)
{
    const struct mr_scenario *scenario = read_steps(*state, test_plain,
        "every_restore: true\nsplit: 2\n"
        "steps:\n"
        "  - rows: [{word: a}, {word: b}]\n"
        "  - expect: [{word: a}, {word: b}]\n");
    assert_int_equal(scenario->seeds, 2);
    assert_int_equal(scenario->n_steps, 4);
    assert_int_equal(assert_holds(*state, scenario, 2)->counts.restores, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(windows_fire_when_the_watermark_passes_them),
        LANGUAGE_TEST(late_rows_make_late_panes_or_are_dropped),
        LANGUAGE_TEST(an_idle_input_is_not_waited_for),
        LANGUAGE_TEST(virtual_time_moves_as_far_as_a_step_says),
        LANGUAGE_TEST(a_restore_goes_back_to_the_last_checkpoint),
        LANGUAGE_TEST(a_restore_without_a_checkpoint_begins_anew),
        LANGUAGE_TEST(state_is_there_until_its_window_has_expired),
        LANGUAGE_TEST(floats_are_compared_as_they_are_written),
        LANGUAGE_TEST(values_may_have_values_inside),
        LANGUAGE_TEST(what_nothing_reads_is_an_output_where_nothing_is_written),
        LANGUAGE_TEST(a_source_of_the_pipeline_can_be_replaced),
        LANGUAGE_TEST(assertions_of_the_pipeline_are_judged_behind_the_last_step),
        LANGUAGE_TEST(a_step_is_over_when_all_is_quiet),
        LANGUAGE_TEST(what_is_missing_and_what_is_too_much_stand_side_by_side),
        LANGUAGE_TEST(panes_that_take_others_back_are_expected_by_their_kind),
        LANGUAGE_TEST(each_part_of_a_pane_is_compared_where_it_is_written),
        LANGUAGE_TEST(rows_that_no_step_claims_are_a_failure_at_the_end),
        LANGUAGE_TEST(rows_that_no_step_claims_are_a_failure_of_the_next_one),
        LANGUAGE_TEST(state_that_is_not_as_expected_is_a_failure),
        LANGUAGE_TEST(a_job_that_fails_is_told_with_its_step),
        LANGUAGE_TEST(interleavings_are_counted_and_each_is_another_run),
        LANGUAGE_TEST(a_late_row_does_not_come_before_the_watermark),
        LANGUAGE_TEST(too_many_interleavings_are_drawn),
        LANGUAGE_TEST(variations_can_be_written_into_the_scenario),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
