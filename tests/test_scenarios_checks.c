/* What the checks say of channels, watermarks, panes and late rows. */
#include "tests/test_scenarios_checks.h"

static void read_rows(struct bench *bench, int64_t offset, uint32_t n, mr_ns now)
{
    struct mr_probe_at where = at(READ, 0, 1);
    where.at_ns = now;
    bench->probe->source_read(bench->checks, &where, 0, offset, n);
}

static void source_says(struct bench *bench, mr_us watermark_us)
{
    struct mr_probe_at where = at(READ, 0, 1);
    bench->probe->source_watermark(bench->checks, &where, watermark_us);
}

/* The largest event time of the first rows less the bound of 10 ms. */
static mr_us honest_watermark(struct bench *bench, int64_t n_rows)
{
    mr_us newest_us = MR_US_MIN;
    for (int64_t row = 0; row < n_rows; row++) {
        mr_us at_us = mr_stream_time_us(bench->streams[0], 0, row);
        if (at_us > newest_us) newest_us = at_us;
    }
    return newest_us - 10000;
}

static void receive(struct bench *bench, uint32_t from, uint64_t number, mr_us watermark_us)
{
    struct mr_probe_at where = at(COMBINE, 0, 1);
    struct mr_probe_channel channel = {WINDOW, from, COMBINE, 0};
    bench->probe->received(bench->checks, &where, &channel, number, NULL, watermark_us);
}

static void receive_rows(struct bench *bench, uint64_t number, uint32_t n_rows)
{
    struct mr_probe_at where = at(COMBINE, 0, 1);
    struct mr_probe_channel channel = {WINDOW, 0, COMBINE, 0};
    struct mr_batch batch = {.n_rows = n_rows, .n_selected = n_rows};
    bench->probe->received(bench->checks, &where, &channel, number, &batch, MR_US_MIN);
}

static void barrier(struct bench *bench, uint64_t rows_sent)
{
    struct mr_probe_at where = at(COMBINE, 0, 1);
    struct mr_probe_channel channel = {WINDOW, 0, COMBINE, 0};
    bench->probe->barrier(bench->checks, &where, &channel, 1, rows_sent);
}

static void combine_says(struct bench *bench, mr_us watermark_us)
{
    struct mr_probe_at where = at(COMBINE, 0, 1);
    bench->probe->operator_watermark(bench->checks, &where, watermark_us);
}

/* Channels. */

static void a_channel_that_delivers_what_was_sent_is_calm(void **state)
{
    struct bench *bench = *state;
    receive_rows(bench, 0, 5);
    receive_rows(bench, 1, 3);
    barrier(bench, 8);
    assert_calm(bench);
    assert_int_equal(mr_checks_counts(bench->checks).messages, 2);
}

static void a_skipped_message_is_a_loss_at_the_barrier_and_told_once(void **state)
{
    struct bench *bench = *state;
    receive_rows(bench, 0, 5);
    receive_rows(bench, 2, 3);
    assert_calm(bench); /* it may still come */
    barrier(bench, 12);
    const struct mr_finding *loss = find(bench, MR_CHECK_CONSERVATION, MR_VERDICT_LOSS);
    assert_non_null(loss);
    assert_int_equal(loss->count, 4);
    assert_string_equal(loss->witness.expected, "12 rows");
    assert_string_equal(loss->witness.actual, "8 rows");
    receive_rows(bench, 3, 1);
    barrier(bench, 13);
    assert_int_equal(loss->count, 4);
}

static void a_message_that_comes_late_is_out_of_order_and_not_lost(void **state)
{
    struct bench *bench = *state;
    receive_rows(bench, 1, 3);
    receive_rows(bench, 0, 5);
    barrier(bench, 8);
    const struct mr_finding *order = find(bench, MR_CHECK_ORDER, MR_VERDICT_REORDERED);
    assert_non_null(order);
    assert_int_equal(order->count, 1);
    assert_int_equal(mr_checks_findings(bench->checks)->n, 1);
}

static void a_message_that_comes_twice_is_a_duplicate(void **state)
{
    struct bench *bench = *state;
    receive_rows(bench, 0, 5);
    receive_rows(bench, 0, 5);
    assert_non_null(find(bench, MR_CHECK_CONSERVATION, MR_VERDICT_DUPLICATE));
}

static void what_an_older_attempt_does_is_not_looked_at(void **state)
{
    struct bench *bench = *state;
    bench->probe->attempt_started(bench->checks, 5, 2, 0, false);
    receive_rows(bench, 7, 5);
    barrier(bench, 80);
    combine_says(bench, 1000);
    source_says(bench, 1000);
    assert_calm(bench);
    assert_int_equal(mr_checks_counts(bench->checks).restarts, 1);
    assert_int_equal(mr_checks_counts(bench->checks).restores, 0);
}

/* Watermarks. */

static void a_source_may_say_what_its_rows_allow_and_not_more(void **state)
{
    struct bench *bench = *state;
    read_rows(bench, 0, 200, 0);
    mr_us honest_us = honest_watermark(bench, 200);
    source_says(bench, honest_us);
    assert_calm(bench);
    source_says(bench, honest_us + 1);
    const struct mr_finding *finding =
        find(bench, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK);
    assert_non_null(finding);
    assert_string_equal(finding->witness.transform, "ReadFromLog");
    source_says(bench, honest_us + 2);
    assert_int_equal(finding->count, 2);
}

static void a_partition_read_to_its_end_allows_the_last_watermark(void **state)
{
    struct bench *bench = *state;
    read_rows(bench, 0, 999, 0);
    source_says(bench, MR_US_MAX);
    assert_int_equal(mr_checks_findings(bench->checks)->n, 1);
    read_rows(bench, 999, 1, 0);
    source_says(bench, MR_US_MAX);
    assert_int_equal(find(bench, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK)->count, 1);
}

static void a_partition_is_idle_only_after_silence(void **state)
{
    struct bench *bench = *state;
    struct mr_probe_at where = at(READ, 0, 1);
    read_rows(bench, 0, 10, 50 * MR_MS_NS);
    where.at_ns = 150 * MR_MS_NS;
    bench->probe->source_empty(bench->checks, &where, 0);
    bench->probe->source_idle(bench->checks, &where, 0, true);
    assert_calm(bench);
    bench->probe->source_idle(bench->checks, &where, 0, false);
    read_rows(bench, 10, 10, 160 * MR_MS_NS);
    where.at_ns = 259 * MR_MS_NS;
    bench->probe->source_empty(bench->checks, &where, 0);
    bench->probe->source_idle(bench->checks, &where, 0, true);
    assert_non_null(find(bench, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK));
}

static void an_operator_stands_at_the_least_of_its_active_channels(void **state)
{
    struct bench *bench = *state;
    read_rows(bench, 0, 500, 0);
    mr_us honest_us = honest_watermark(bench, 500);
    source_says(bench, honest_us);
    receive(bench, 0, 0, honest_us);
    struct mr_probe_at where = at(COMBINE, 0, 1);
    struct mr_probe_channel other = {WINDOW, 1, COMBINE, 0};
    bench->probe->channel_idle(bench->checks, &where, &other, true);
    combine_says(bench, honest_us);
    assert_calm(bench);
}

static void an_operator_that_leaves_out_a_channel_overtakes(void **state)
{
    struct bench *bench = *state;
    read_rows(bench, 0, 500, 0);
    mr_us honest_us = honest_watermark(bench, 500);
    source_says(bench, honest_us);
    receive(bench, 0, 0, honest_us);
    combine_says(bench, honest_us);
    const struct mr_finding *finding =
        find(bench, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK);
    assert_non_null(finding);
    assert_string_equal(finding->witness.transform, "Combine");
    assert_string_equal(finding->witness.expected, "-inf");
}

static void a_channel_neither_falls_back_nor_overtakes_its_sender(void **state)
{
    struct bench *bench = *state;
    read_rows(bench, 0, 500, 0);
    mr_us honest_us = honest_watermark(bench, 500);
    source_says(bench, honest_us);
    receive(bench, 0, 0, honest_us);
    receive(bench, 0, 1, honest_us);
    assert_calm(bench);
    receive(bench, 0, 2, honest_us - 1);
    assert_non_null(find(bench, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_REGRESSED));
    receive(bench, 0, 3, honest_us + 1);
    assert_non_null(find(bench, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK));
}

/* Panes. */

static void fire(struct bench *bench, mr_us end_us, enum mr_pane_timing timing)
{
    static const int64_t numbers[] = {1};
    struct mr_column columns[3];
    for (int i = 0; i < 3; i++)
        columns[i] = (struct mr_column){.type = MR_TYPE_INT, .values = numbers};
    struct mr_batch batch = {.n_rows = 1, .n_columns = 3, .columns = columns, .n_selected = 1};
    struct mr_probe_at where = at(COMBINE, 0, 1);
    bench->probe->fired(bench->checks, &where, &batch, end_us - 100000, end_us, timing, end_us);
}

static void let_watermark_pass(struct bench *bench, int64_t n_rows)
{
    read_rows(bench, 0, (uint32_t)n_rows, 0);
    mr_us honest_us = honest_watermark(bench, n_rows);
    source_says(bench, honest_us);
    static uint64_t number;
    number = 0;
    receive(bench, 0, number++, honest_us);
    struct mr_probe_at where = at(COMBINE, 0, 1);
    struct mr_probe_channel other = {WINDOW, 1, COMBINE, 0};
    bench->probe->channel_idle(bench->checks, &where, &other, true);
    combine_says(bench, honest_us);
}

static void a_pane_is_on_time_once_when_the_watermark_passes_its_window(void **state)
{
    struct bench *bench = *state;
    let_watermark_pass(bench, 250); /* to about 239 ms */
    fire(bench, 100000, MR_PANE_ON_TIME);
    fire(bench, 200000, MR_PANE_ON_TIME);
    assert_calm(bench);
    combine_says(bench, honest_watermark(bench, 250));
    fire(bench, 200000, MR_PANE_ON_TIME);
    const struct mr_finding *again = find(bench, MR_CHECK_WATERMARKS, MR_VERDICT_PANE_CONTRACT);
    assert_non_null(again);
    assert_int_equal(again->witness.window_end_us, 200000);
}

static void a_pane_before_the_watermark_breaks_the_contract(void **state)
{
    struct bench *bench = *state;
    let_watermark_pass(bench, 250);
    fire(bench, 300000, MR_PANE_ON_TIME);
    const struct mr_finding *early = find(bench, MR_CHECK_WATERMARKS, MR_VERDICT_PANE_CONTRACT);
    assert_non_null(early);
    assert_string_equal(early->witness.key, "1");
    assert_int_equal(early->witness.window_start_us, 200000);
}

static void a_drop_is_judged_by_the_rows_read(void **state)
{
    struct bench *bench = *state;
    let_watermark_pass(bench, 250);
    int64_t numbers[] = {3};
    struct mr_column columns[3];
    for (int i = 0; i < 3; i++)
        columns[i] =
            (struct mr_column){.type = i ? MR_TYPE_INT : MR_TYPE_TIMESTAMP, .values = numbers};
    struct mr_batch batch = {.n_rows = 1, .n_columns = 3, .columns = columns, .n_selected = 1};
    struct mr_probe_at where = at(COMBINE, 0, 1);
    bench->probe->late_dropped(bench->checks, &where, &batch, 0, 100000, 200000, 999999);
    assert_calm(bench);
    bench->probe->late_dropped(bench->checks, &where, &batch, 0, 200000, 300000, 999999);
    const struct mr_finding *drop = find(bench, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_FALSE_LATE);
    assert_non_null(drop);
    assert_int_equal(drop->count, 1);
    assert_string_equal(drop->witness.key, "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKS(a_channel_that_delivers_what_was_sent_is_calm),
        CHECKS(a_skipped_message_is_a_loss_at_the_barrier_and_told_once),
        CHECKS(a_message_that_comes_late_is_out_of_order_and_not_lost),
        CHECKS(a_message_that_comes_twice_is_a_duplicate),
        CHECKS(what_an_older_attempt_does_is_not_looked_at),
        CHECKS(a_source_may_say_what_its_rows_allow_and_not_more),
        CHECKS(a_partition_read_to_its_end_allows_the_last_watermark),
        CHECKS(a_partition_is_idle_only_after_silence),
        CHECKS(an_operator_stands_at_the_least_of_its_active_channels),
        CHECKS(an_operator_that_leaves_out_a_channel_overtakes),
        CHECKS(a_channel_neither_falls_back_nor_overtakes_its_sender),
        CHECKS(a_pane_is_on_time_once_when_the_watermark_passes_its_window),
        CHECKS(a_pane_before_the_watermark_breaks_the_contract),
        CHECKS(a_drop_is_judged_by_the_rows_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
