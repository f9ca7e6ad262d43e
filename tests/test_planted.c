/* Who tests the tester: each planted bug makes the very check fire that it is there for, with a
 * witness that holds, and without one no check says anything. Whole runs of small scenarios,
 * from text. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/run/run.h"
#include "tests/test_planted.h"

enum { SEEDS = 30, CLEAN_SEEDS = 40, TRACE_ROWS = 240 };

struct file {
    const char *name;
    const char *text;
};

static bool read_text(void *self, struct mr_region *region, const char *path, const char **text,
    size_t *bytes, struct mr_err *err)
{
    (void)region;
    for (const struct file *file = self; file->name; file++) {
        if (!strstr(path, file->name)) continue;
        *text = file->text;
        *bytes = strlen(file->text);
        return true;
    }
    return mr_fail(err, MR_ERR_INPUT, "no file '%s'", path);
}

static void write_edges(char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "at,key,value\n");
    for (int row = 0; row < TRACE_ROWS; row++)
        used += (size_t)snprintf(out + used, size - used,
            "2001-01-01T%02d:%02d:59.999999Z,%d,1\n", row / 60, row % 60, row % 7);
    assert_true(used < size);
}

struct subject {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    struct mr_run_result result;
};

static void open_subject(struct subject *subject, const char *scenario)
{
    static char edges[TRACE_ROWS * 40 + 64];
    write_edges(edges, sizeof edges);
    struct file files[] = {{"windows.yaml", windows_pipeline}, {"edges.yaml", edges_pipeline},
        {"edges.csv", edges}, {"scenario.yaml", scenario}, {NULL, NULL}};
    struct mr_file_reader reader = {.self = files, .read = read_text};
    struct mr_err err = {0};
    subject->region = mr_region_create();
    if (!mr_scenario_read(subject->region, "scenario.yaml", &reader, &subject->scenario, &err))
        fail_msg("%s", err.msg);
    struct mr_arena_options options = {
        .bytes_max = mr_run_arena_bytes(subject->scenario), .fill = 0xa5};
    if (!mr_arena_open(&options, &subject->arena, &err)) fail_msg("%s", err.msg);
}

static void close_subject(struct subject *subject)
{
    mr_arena_close(subject->arena);
    mr_region_destroy(subject->region);
    subject->arena = NULL;
    subject->region = NULL;
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct subject));
    return *state ? 0 : 1;
}

static int tear_down(void **state)
{
    close_subject(*state);
    free(*state);
    return 0;
}

static const struct mr_witness *find(
    const struct mr_run_result *result, enum mr_check check, enum mr_verdict verdict)
{
    for (uint32_t i = 0; i < result->n_findings; i++)
        if (result->findings[i].check == check && result->findings[i].verdict == verdict)
            return &result->findings[i];
    return NULL;
}

/* The witness of the first seed in which the check says so. */
static const struct mr_witness *expect(struct subject *subject, const char *scenario,
    enum mr_plant plant, enum mr_check check, enum mr_verdict verdict)
{
    open_subject(subject, scenario);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_run_options options = {.seed = seed, .plant = plant};
        mr_run(subject->arena, subject->scenario, &options, &subject->result);
        const struct mr_witness *witness = find(&subject->result, check, verdict);
        if (!witness) continue;
        assert_true(witness->summary[0] != '\0');
        assert_true(witness->step > 0 && witness->step <= subject->result.steps);
        assert_true(witness->at_ns > 0 && witness->at_ns <= subject->result.virtual_ns);
        return witness;
    }
    fail_msg("%s: no %s %s in %d seeds", mr_plants[plant].name, mr_check_name(check),
        mr_verdict_name(verdict), SEEDS);
    return NULL;
}

static int64_t field(const char *row, const char *name)
{
    const char *at = strstr(row, name);
    assert_non_null(at);
    return strtoll(at + strlen(name), NULL, 10);
}

/* A row that is owed: of its window, and as many inputs as it counts, each of its key. */
static void assert_row_holds(const struct mr_witness *witness)
{
    assert_string_equal(witness->transform, "WriteToLog");
    assert_int_equal(witness->window_end_us - witness->window_start_us, 100000);
    assert_int_equal(field(witness->expected, "\"n\": "), witness->n_inputs);
    assert_int_equal(field(witness->expected, "\"key\": "), strtoll(witness->key, NULL, 10));
    for (uint32_t i = 0; i < witness->n_inputs && i < MR_WITNESS_ROWS; i++) {
        assert_int_equal(strncmp(witness->inputs[i], "events[", 7), 0);
        assert_int_equal(
            field(witness->inputs[i], "\"key\": "), strtoll(witness->key, NULL, 10));
    }
}

static void assert_restore_is_told(const struct mr_witness *witness)
{
    assert_non_null(strstr(witness->cause, "attempt "));
    assert_non_null(strstr(witness->cause, " began at "));
    assert_non_null(strstr(witness->cause, "crash"));
}

static void assert_nothing_fires(struct subject *subject, const char *scenario)
{
    open_subject(subject, scenario);
    for (uint64_t seed = 1; seed <= CLEAN_SEEDS; seed++) {
        struct mr_run_options options = {.seed = seed};
        mr_run(subject->arena, subject->scenario, &options, &subject->result);
        if (subject->result.n_findings > 0)
            fail_msg("%s, seed %llu: %s: %s", subject->scenario->name, (unsigned long long)seed,
                mr_verdict_name(subject->result.findings[0].verdict),
                subject->result.findings[0].summary);
        assert_int_equal(subject->result.end, MR_END_FINISHED);
        assert_true(subject->result.counts.rows_matched > 0);
        assert_true(subject->result.counts.checkpoints > 0);
    }
    close_subject(subject);
}

static void without_a_planted_bug_no_check_fires(void **state)
{
    assert_nothing_fires(*state, crash_scenario);
    assert_nothing_fires(*state, calm_scenario);
    assert_nothing_fires(*state, rewind_scenario);
    assert_nothing_fires(*state, edges_scenario);
}

static void the_checks_do_not_change_the_run(void **state)
{
    struct subject *subject = *state;
    open_subject(subject, crash_scenario);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct mr_run_options options = {.seed = seed};
        mr_run(subject->arena, subject->scenario, &options, &subject->result);
        uint64_t digest = subject->result.digest;
        uint64_t steps = subject->result.steps;
        options.has_no_checks = true;
        mr_run(subject->arena, subject->scenario, &options, &subject->result);
        assert_int_equal(subject->result.steps, steps);
        assert_true(subject->result.digest == digest);
    }
}

static void a_restore_without_state_is_a_loss(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, crash_scenario,
        MR_PLANT_RESTORE_SKIPS_STATE, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_row_holds(witness);
    assert_string_equal(witness->actual, "");
    assert_restore_is_told(witness);
}

static void the_offset_of_the_last_record_makes_a_row_count_twice(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, crash_scenario,
        MR_PLANT_OFFSET_OF_LAST_RECORD, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_WRONG);
    assert_row_holds(witness);
    assert_true(field(witness->actual, "\"n\": ") > field(witness->expected, "\"n\": "));
    assert_restore_is_told(witness);
}

static void committing_what_is_open_shows_rows_too_early(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, crash_scenario, MR_PLANT_COMMIT_CURRENT,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_ABORTED_VISIBLE);
    assert_string_equal(witness->transform, "WriteToLog");
    assert_non_null(strstr(witness->summary, "before the checkpoint was complete"));
}

static void committing_before_the_checkpoint_delivers_twice(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, crash_scenario,
        MR_PLANT_COMMIT_BEFORE_CHECKPOINT, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
    assert_row_holds(witness);
    assert_int_equal(
        field(witness->actual, "\"key\": "), field(witness->expected, "\"key\": "));
    assert_restore_is_told(witness);
}

static void a_recovered_commit_that_is_skipped_is_a_loss(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, crash_scenario,
        MR_PLANT_SKIP_RECOVERED_COMMIT, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_row_holds(witness);
    assert_non_null(strstr(witness->cause, "was fenced"));
}

static void a_rewind_that_touches_history_is_seen(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, rewind_scenario,
        MR_PLANT_REWIND_COMMITS_HISTORY, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_non_null(strstr(witness->summary, "history"));
    assert_non_null(strstr(witness->cause, "older checkpoint"));
}

static void a_row_dropped_too_early_is_falsely_late(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, calm_scenario, MR_PLANT_FALSE_LATE_DROP,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_FALSE_LATE);
    assert_string_equal(witness->transform, "Combine");
    assert_int_equal(witness->n_inputs, 1);
    assert_int_equal(field(witness->inputs[0], "\"key\": "), strtoll(witness->key, NULL, 10));
    assert_int_equal(witness->window_end_us - witness->window_start_us, 100000);
}

static void a_channel_left_out_lets_the_watermark_overtake(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, calm_scenario,
        MR_PLANT_WATERMARK_IGNORES_CHANNEL, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK);
    assert_string_equal(witness->transform, "Combine");
    assert_string_not_equal(witness->expected, witness->actual);
}

static void a_lower_watermark_has_regressed(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, calm_scenario,
        MR_PLANT_WATERMARK_REGRESSES, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_REGRESSED);
    assert_true(strcmp(witness->actual, witness->expected) < 0);
}

static void a_window_that_fires_early_breaks_the_contract(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, edges_scenario, MR_PLANT_FIRE_ONE_EARLY,
        MR_CHECK_WATERMARKS, MR_VERDICT_PANE_CONTRACT);
    assert_string_equal(witness->transform, "Combine");
    assert_int_equal(witness->window_end_us - witness->window_start_us, 60 * MR_SECOND_US);
    assert_int_equal(field(witness->actual, "\"key\": "), strtoll(witness->key, NULL, 10));
}

static void a_snapshot_before_all_barriers_is_no_cut(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, calm_scenario,
        MR_PLANT_SNAPSHOT_BEFORE_ALIGNED, MR_CHECK_CONSISTENT_CUT, MR_VERDICT_CUT_INCONSISTENT);
    assert_string_equal(witness->transform, "Combine");
    assert_string_not_equal(witness->expected, witness->actual);
}

static void a_message_lost_behind_a_barrier_is_missed(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, calm_scenario,
        MR_PLANT_DROP_WHILE_ALIGNING, MR_CHECK_CONSERVATION, MR_VERDICT_LOSS);
    assert_string_equal(witness->transform, "Combine");
    assert_true(strtoll(witness->actual, NULL, 10) < strtoll(witness->expected, NULL, 10));
    assert_null(find(&subject->result, MR_CHECK_ORDER, MR_VERDICT_REORDERED));
}

static void messages_that_change_places_are_out_of_order(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(
        subject, calm_scenario, MR_PLANT_SWAP_MESSAGES, MR_CHECK_ORDER, MR_VERDICT_REORDERED);
    assert_string_equal(witness->transform, "Combine");
    assert_null(find(&subject->result, MR_CHECK_CONSERVATION, MR_VERDICT_LOSS));
    assert_null(find(&subject->result, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_REGRESSED));
}

static void a_swallowed_watermark_leaves_windows_stuck(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, calm_scenario,
        MR_PLANT_SWALLOW_WATERMARK, MR_CHECK_LIVENESS, MR_VERDICT_STUCK);
    assert_string_equal(witness->transform, "Combine");
    assert_int_equal(witness->window_end_us - witness->window_start_us, 100000);
}

static void a_lost_acknowledgement_leaves_checkpoints_stuck(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness =
        expect(subject, crash_scenario, MR_PLANT_LOSE_ACK, MR_CHECK_LIVENESS, MR_VERDICT_STUCK);
    assert_string_equal(witness->transform, "ReadFromLog");
    assert_int_equal(subject->result.counts.checkpoints, 0);
}

static void rows_outside_of_the_transaction_are_seen(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(subject, crash_scenario, MR_PLANT_ABORTED_VISIBLE,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
    assert_row_holds(witness);
    assert_restore_is_told(witness);
    assert_non_null(find(&subject->result, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_ABORTED_VISIBLE));
}

static void a_timer_lost_at_a_restore_is_a_loss(void **state)
{
    struct subject *subject = *state;
    const struct mr_witness *witness = expect(
        subject, crash_scenario, MR_PLANT_STALE_TIMER, MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_row_holds(witness);
    assert_restore_is_told(witness);
}

#define PLANTED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLANTED(without_a_planted_bug_no_check_fires),
        PLANTED(the_checks_do_not_change_the_run),
        PLANTED(a_restore_without_state_is_a_loss),
        PLANTED(the_offset_of_the_last_record_makes_a_row_count_twice),
        PLANTED(committing_what_is_open_shows_rows_too_early),
        PLANTED(committing_before_the_checkpoint_delivers_twice),
        PLANTED(a_recovered_commit_that_is_skipped_is_a_loss),
        PLANTED(a_rewind_that_touches_history_is_seen),
        PLANTED(a_row_dropped_too_early_is_falsely_late),
        PLANTED(a_channel_left_out_lets_the_watermark_overtake),
        PLANTED(a_lower_watermark_has_regressed),
        PLANTED(a_window_that_fires_early_breaks_the_contract),
        PLANTED(a_snapshot_before_all_barriers_is_no_cut),
        PLANTED(a_message_lost_behind_a_barrier_is_missed),
        PLANTED(messages_that_change_places_are_out_of_order),
        PLANTED(a_swallowed_watermark_leaves_windows_stuck),
        PLANTED(a_lost_acknowledgement_leaves_checkpoints_stuck),
        PLANTED(rows_outside_of_the_transaction_are_seen),
        PLANTED(a_timer_lost_at_a_restore_is_a_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
