/* What the checks say of the rows at sinks, of their transactions, and of a job that stands
 * still. */
#include "tests/test_scenarios_checks.h"

/* Output. */

struct total {
    int64_t n;
    int64_t sum;
};

/* What the first window of 100 ms holds, by key. */
static uint32_t first_window(struct bench *bench, struct total totals[KEYS_MAX])
{
    memset(totals, 0, sizeof *totals * KEYS_MAX);
    for (int64_t row = 0; row < 300; row++) {
        struct mr_value values[3];
        mr_us at_us;
        mr_stream_read(bench->streams[0], 0, row, 1, values, &at_us);
        if (at_us >= 100000) continue;
        assert_in_range(values[1].i, 0, KEYS_MAX - 1);
        totals[values[1].i].n++;
        totals[values[1].i].sum += values[2].i;
    }
    uint32_t n_keys = 0;
    for (int key = 0; key < KEYS_MAX; key++) n_keys += totals[key].n > 0;
    return n_keys;
}

/* Appends one pane of the first window. */
static void append_pane(struct bench *bench, uint32_t attempt, uint64_t epoch,
    uint64_t producer, int64_t key, struct total total)
{
    int64_t numbers[3] = {key, total.n, total.sum};
    struct mr_column columns[3];
    for (int i = 0; i < 3; i++)
        columns[i] = (struct mr_column){.type = MR_TYPE_INT, .values = &numbers[i]};
    mr_us start_us = 0, end_us = 100000, time_us = 99999;
    struct mr_batch batch = {.n_rows = 1,
        .n_columns = 3,
        .columns = columns,
        .times_us = &time_us,
        .slots = MR_SLOT_WINDOW,
        .window_starts_us = &start_us,
        .window_ends_us = &end_us,
        .n_selected = 1};
    struct mr_message *message =
        mr_batch_to_message(bench->arena, &batch, MR_SLOT_WINDOW, 0, 0);
    struct mr_log_append request = {.topic = 1,
        .producer_id = producer,
        .is_transactional = producer > 0,
        .n_rows = 1,
        .attempt = attempt,
        .checkpoint = epoch,
        .operator_id = SINK};
    bench->tap->appended(bench->checks, 0, 1, &request, message, 0);
    mr_message_release(bench->arena, message);
}

/* A checkpoint that covers the first 300 rows and has passed the first window. */
static void complete(struct bench *bench, uint32_t attempt, uint64_t checkpoint)
{
    struct mr_probe_at source = at(READ, 0, checkpoint);
    source.attempt = attempt;
    bench->probe->checkpoint_triggered(bench->checks, 0, attempt, checkpoint);
    bench->probe->snapshot_source(bench->checks, &source, checkpoint, 0, 300);
    for (uint32_t subtask = 0; subtask < 2; subtask++) {
        struct mr_probe_at combine = at(COMBINE, subtask, checkpoint);
        combine.attempt = attempt;
        bench->probe->snapshot_operator(bench->checks, &combine, checkpoint, 150000, "", 0);
    }
    bench->probe->checkpoint_completed(bench->checks, 0, attempt, checkpoint, 0);
}

static void append_window(
    struct bench *bench, uint32_t attempt, uint64_t epoch, uint64_t producer)
{
    struct total totals[KEYS_MAX];
    first_window(bench, totals);
    for (int key = 0; key < KEYS_MAX; key++)
        if (totals[key].n) append_pane(bench, attempt, epoch, producer, key, totals[key]);
}

static void panes_committed_after_their_checkpoint_are_right(void **state)
{
    struct bench *bench = *state;
    struct total totals[KEYS_MAX];
    uint32_t n_keys = first_window(bench, totals);
    append_window(bench, 1, 1, 17);
    complete(bench, 1, 1);
    assert_int_equal(mr_checks_counts(bench->checks).rows_matched, 0);
    bench->tap->ended(bench->checks, 0, 17, 0, true, 0);
    assert_calm(bench);
    assert_int_equal(mr_checks_counts(bench->checks).rows_matched, n_keys);
    assert_int_equal(mr_checks_counts(bench->checks).transactions, 1);
    assert_int_equal(mr_checks_counts(bench->checks).rows_folded, 300);
}

static void a_pane_with_another_value_is_wrong(void **state)
{
    struct bench *bench = *state;
    struct total totals[KEYS_MAX];
    first_window(bench, totals);
    for (int key = 0; key < KEYS_MAX; key++) {
        if (!totals[key].n) continue;
        totals[key].sum += key == 2;
        append_pane(bench, 1, 1, 17, key, totals[key]);
    }
    complete(bench, 1, 1);
    bench->tap->ended(bench->checks, 0, 17, 0, true, 0);
    const struct mr_finding *wrong = find(bench, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_WRONG);
    assert_non_null(wrong);
    assert_int_equal(wrong->count, 1);
    assert_string_equal(wrong->witness.key, "2");
    assert_int_equal(wrong->witness.n_inputs, totals[2].n);
    assert_string_not_equal(wrong->witness.expected, wrong->witness.actual);
    assert_int_equal(mr_checks_findings(bench->checks)->n, 1);
}

static void an_aborted_transaction_of_a_completed_checkpoint_is_a_loss(void **state)
{
    struct bench *bench = *state;
    struct total totals[KEYS_MAX];
    uint32_t n_keys = first_window(bench, totals);
    append_window(bench, 1, 1, 17);
    complete(bench, 1, 1);
    assert_calm(bench);
    bench->tap->ended(bench->checks, 0, 17, 0, false, 2);
    const struct mr_finding *loss = find(bench, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_non_null(loss);
    assert_int_equal(loss->count, n_keys);
    assert_non_null(strstr(loss->witness.cause, "timed out"));
}

static void rows_committed_before_their_checkpoint_are_visible_too_early(void **state)
{
    struct bench *bench = *state;
    append_window(bench, 1, 1, 17);
    bench->tap->ended(bench->checks, 0, 17, 0, true, 0);
    const struct mr_finding *early =
        find(bench, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_ABORTED_VISIBLE);
    assert_non_null(early);
    complete(bench, 1, 1); /* then they are what is owed */
    assert_int_equal(mr_checks_findings(bench->checks)->n, 1);
}

static void what_a_given_up_attempt_delivered_is_the_first_of_two(void **state)
{
    struct bench *bench = *state;
    struct total totals[KEYS_MAX];
    uint32_t n_keys = first_window(bench, totals);
    append_window(bench, 1, 1, 17);
    bench->tap->ended(bench->checks, 0, 17, 0, true, 0);
    bench->probe->attempt_started(bench->checks, 5, 2, 0, false);
    append_window(bench, 2, 1, 18);
    complete(bench, 2, 1);
    assert_null(find(bench, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE));
    bench->tap->ended(bench->checks, 0, 18, 0, true, 0);
    assert_int_equal(mr_checks_counts(bench->checks).rows_matched, n_keys);
    complete(bench, 2, 2);
    const struct mr_finding *twice = find(bench, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
    assert_non_null(twice);
    assert_int_equal(twice->count, n_keys);
    assert_non_null(strstr(twice->witness.cause, "attempt 2 began"));
}

static void a_completed_checkpoint_is_told_once_however_often_it_is_found(void **state)
{
    struct bench *bench = *state;
    complete(bench, 1, 1);
    bench->probe->checkpoint_completed(bench->checks, 0, 1, 1, 0);
    assert_int_equal(mr_checks_counts(bench->checks).checkpoints, 1);
    assert_int_equal(mr_checks_counts(bench->checks).rows_folded, 300);
}

/* Liveness. */

static void a_job_that_completes_nothing_is_stuck_after_ten_intervals(void **state)
{
    struct bench *bench = *state;
    for (mr_ns now = 0; now < 1100 * MR_MS_NS; now += 10 * MR_MS_NS)
        mr_checks_poll(bench->checks, now);
    assert_calm(bench);
    for (mr_ns now = 1100 * MR_MS_NS; now < 3000 * MR_MS_NS; now += 10 * MR_MS_NS)
        mr_checks_poll(bench->checks, now);
    const struct mr_finding *stuck = find(bench, MR_CHECK_LIVENESS, MR_VERDICT_STUCK);
    assert_non_null(stuck);
    assert_non_null(strstr(stuck->witness.cause, "events[0] is blocked"));
}

static void a_stopped_job_is_not_stuck(void **state)
{
    struct bench *bench = *state;
    bench->probe->job_state(bench->checks, 0, 1, MR_JOB_STOPPED, "");
    for (mr_ns now = 0; now < 5000 * MR_MS_NS; now += 10 * MR_MS_NS)
        mr_checks_poll(bench->checks, now);
    assert_calm(bench);
    assert_int_equal(mr_checks_job_state(bench->checks), MR_JOB_STOPPED);
}

static void reaching_a_limit_is_said(void **state)
{
    struct bench *bench = *state;
    mr_checks_finish(bench->checks, MR_END_TIME);
    assert_non_null(find(bench, MR_CHECK_RUN, MR_VERDICT_LIMIT));
}

static void a_failed_job_says_why(void **state)
{
    struct bench *bench = *state;
    bench->probe->job_state(bench->checks, 0, 1, MR_JOB_FAILED, "too many restarts");
    mr_checks_finish(bench->checks, MR_END_QUIET);
    const struct mr_finding *stuck = find(bench, MR_CHECK_LIVENESS, MR_VERDICT_STUCK);
    assert_non_null(stuck);
    assert_non_null(strstr(stuck->witness.cause, "too many restarts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKS(panes_committed_after_their_checkpoint_are_right),
        CHECKS(a_pane_with_another_value_is_wrong),
        CHECKS(an_aborted_transaction_of_a_completed_checkpoint_is_a_loss),
        CHECKS(rows_committed_before_their_checkpoint_are_visible_too_early),
        CHECKS(what_a_given_up_attempt_delivered_is_the_first_of_two),
        CHECKS(a_completed_checkpoint_is_told_once_however_often_it_is_found),
        CHECKS(a_job_that_completes_nothing_is_stuck_after_ten_intervals),
        CHECKS(a_stopped_job_is_not_stuck),
        CHECKS(reaching_a_limit_is_said),
        CHECKS(a_failed_job_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
