/* The oracle against results computed by hand: windows, late panes and every aggregate. */
#include "tests/test_scenarios_oracle.h"

/* ---- Windows and panes ---- */

static void panes_are_owed_when_their_window_is_passed_and_struck_off_by_a_match(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, COUNTS);
    add(fixture, 0, 1, "a", 10);
    add(fixture, 0, 11, "a", 5);
    add(fixture, 1, 9, "a", -3);
    add(fixture, 2, 3, "b", 1);
    advance(fixture);
    assert_int_equal(mr_oracle_open_entries(fixture->oracle, find(fixture, "Combine")), 3);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
    assert_int_equal(match(fixture, 0, 10, "a", 2, 7), MR_MATCH_UNOWED);
    pass(fixture, "Combine", 10);
    assert_int_equal(owed(fixture, "WriteToLog"), 2);
    assert_int_equal(mr_oracle_open_entries(fixture->oracle, find(fixture, "Combine")), 1);
    assert_int_equal(mr_oracle_earliest_end_us(fixture->oracle, find(fixture, "Combine")),
        20 * MR_SECOND_US);
    assert_int_equal(match(fixture, 0, 10, "a", 2, 7), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
    assert_int_equal(match(fixture, 10, 20, "a", 1, 5), MR_MATCH_UNOWED);
    assert_int_equal(match(fixture, 0, 10, "c", 1, 1), MR_MATCH_UNKNOWN);
    assert_int_equal(match(fixture, 20, 30, "a", 1, 1), MR_MATCH_UNKNOWN);
    assert_int_equal(match(fixture, 0, 10, "b", 1, 1), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
    mr_oracle_pass(fixture->oracle, find(fixture, "Combine"), MR_US_MAX);
    assert_int_equal(match(fixture, 10, 20, "a", 1, 5), MR_MATCH_RIGHT);
    assert_int_equal(
        mr_oracle_earliest_end_us(fixture->oracle, find(fixture, "Combine")), MR_US_MAX);
}

static void a_window_ends_where_the_watermark_reaches_its_end_and_not_before(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, COUNTS);
    add(fixture, 0, -1, "a", 1); /* before 1970 */
    add(fixture, 0, 0, "a", 2);
    advance(fixture);
    mr_oracle_pass(fixture->oracle, find(fixture, "Combine"), -1);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
    pass(fixture, "Combine", 0);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
    assert_int_equal(match(fixture, -10, 0, "a", 1, 1), MR_MATCH_RIGHT);
    pass(fixture, "Combine", -5); /* does not take anything back */
    mr_oracle_pass(fixture->oracle, find(fixture, "Combine"), 10 * MR_SECOND_US - 1);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
}

static void a_pane_with_other_values_is_wrong_and_the_next_one_a_duplicate(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, COUNTS);
    add(fixture, 0, 1, "a", 10);
    add(fixture, 0, 2, "b", 20);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match(fixture, 0, 10, "a", 2, 10), MR_MATCH_WRONG);
    assert_value(fixture->expected[0], text("a"));
    assert_value(fixture->expected[1], integer(1));
    assert_value(fixture->expected[2], integer(10));
    assert_int_equal(match(fixture, 0, 10, "a", 1, 10), MR_MATCH_DUPLICATE);
    assert_int_equal(match(fixture, 0, 10, "b", 1, 21), MR_MATCH_WRONG);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
}

static void a_second_pane_is_a_duplicate_even_after_its_window_was_retired(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, COUNTS);
    add(fixture, 0, 1, "a", 10);
    add(fixture, 0, 1, "a key that is longer than twelve bytes", 11);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match(fixture, 0, 10, "a", 1, 10), MR_MATCH_RIGHT);
    assert_int_equal(match(fixture, 0, 10, "a", 1, 10), MR_MATCH_DUPLICATE);
    assert_int_equal(
        match(fixture, 0, 10, "a key that is longer than twelve bytes", 1, 11), MR_MATCH_RIGHT);
    assert_int_equal(match(fixture, 0, 10, "a", 2, 12), MR_MATCH_DUPLICATE);
    assert_value(fixture->expected[1], integer(1));
    assert_value(fixture->expected[2], integer(10));
    assert_int_equal(match(fixture, 0, 10, "a key that is longer than twelve bytes", 1, 11),
        MR_MATCH_DUPLICATE);
    assert_value(fixture->expected[0], text("a key that is longer than twelve bytes"));
    assert_int_equal(match(fixture, 0, 10, "b", 2, 12), MR_MATCH_UNKNOWN);
}

static void rows_that_were_dropped_as_late_are_left_out_once_each(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, COUNTS);
    uint32_t combine = find(fixture, "Combine");
    add(fixture, 0, 1, "a", 10);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match(fixture, 0, 10, "a", 1, 10), MR_MATCH_RIGHT);
    add(fixture, 0, 2, "a", 7); /* dropped */
    add(fixture, 0, 2, "a", 7); /* dropped */
    add(fixture, 0, 12, "a", 7);
    advance(fixture); /* too early: the drops come first */
    assert_int_equal(mr_oracle_open_entries(fixture->oracle, combine), 2);
    add(fixture, 1, 3, "z", 9);
    const struct mr_value *row = fixture->values[1];
    mr_oracle_drop(fixture->oracle, combine, 0, 10 * MR_SECOND_US, row);
    mr_oracle_drop(fixture->oracle, combine, 0, 10 * MR_SECOND_US, row);
    assert_int_equal(mr_oracle_unmatched_drops(fixture->oracle, combine), 2);
    advance(fixture);
    assert_int_equal(mr_oracle_unmatched_drops(fixture->oracle, combine), 1);
    pass(fixture, "Combine", 11);
    assert_int_equal(match(fixture, 0, 10, "z", 1, 9), MR_MATCH_UNKNOWN);
    add(fixture, 2, 3, "z", 9); /* the same row once more */
    add(fixture, 2, 13, "z", 9);
    advance(fixture);
    assert_int_equal(mr_oracle_unmatched_drops(fixture->oracle, combine), 0);
    pass(fixture, "Combine", 20);
    assert_int_equal(match(fixture, 0, 10, "z", 1, 9), MR_MATCH_UNKNOWN);
    assert_int_equal(match(fixture, 10, 20, "z", 1, 9), MR_MATCH_RIGHT);
}

static void a_row_that_was_neither_dropped_nor_delivered_stays_owed(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, COUNTS);
    add(fixture, 0, 1, "a", 10);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match(fixture, 0, 10, "a", 1, 10), MR_MATCH_RIGHT);
    add(fixture, 0, 2, "a", 7);
    add(fixture, 0, 3, "b", 8);
    advance(fixture);
    pass(fixture, "Combine", 12);
    assert_int_equal(owed(fixture, "WriteToLog"), 2);
    mr_us start_us, end_us;
    struct mr_value row[3];
    uint32_t sink = find(fixture, "WriteToLog");
    assert_true(mr_oracle_owed_row(fixture->oracle, sink, 1, &start_us, &end_us, row));
    assert_int_equal(start_us, 0);
    assert_int_equal(end_us, 10 * MR_SECOND_US);
    assert_value(row[0], text("b"));
    assert_value(row[1], integer(1));
    assert_value(row[2], integer(8));
    assert_false(mr_oracle_owed_row(fixture->oracle, sink, 2, &start_us, &end_us, row));
}

static void what_is_forgotten_is_not_owed_and_a_duplicate_when_it_comes(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, COUNTS);
    add(fixture, 0, 1, "a", 10);
    add(fixture, 0, 15, "a", 11);
    advance(fixture);
    pass(fixture, "Combine", 10);
    mr_oracle_forget_owed(fixture->oracle);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
    assert_int_equal(match(fixture, 0, 10, "a", 1, 10), MR_MATCH_DUPLICATE);
    pass(fixture, "Combine", 20);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
    assert_int_equal(match(fixture, 10, 20, "a", 1, 11), MR_MATCH_RIGHT);
}

static void the_global_window_has_two_names(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ COUNT_AND_SUM WRITE_BY_KEY);
    add(fixture, 0, 1, "a", 10);
    add(fixture, 1, 100000, "a", 10);
    add(fixture, 1, 100000, "b", 1);
    advance(fixture);
    pass(fixture, "Combine", 1000000);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
    mr_oracle_pass(fixture->oracle, find(fixture, "Combine"), MR_US_MAX);
    struct mr_value a[3] = {text("a"), integer(2), integer(20)};
    struct mr_value b[3] = {text("b"), integer(1), integer(1)};
    assert_int_equal(match_row(fixture, "WriteToLog", a), MR_MATCH_RIGHT);
    uint32_t sink = find(fixture, "WriteToLog");
    assert_int_equal(mr_oracle_match(fixture->oracle, sink, MR_US_MIN, MR_US_GLOBAL_END, b,
                         fixture->expected),
        MR_MATCH_RIGHT);
    assert_int_equal(match_row(fixture, "WriteToLog", b), MR_MATCH_DUPLICATE);
}

static void state_is_compared_with_open_windows_only(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, COUNTS);
    uint32_t combine = find(fixture, "Combine");
    add(fixture, 0, 1, "a", 10);
    add(fixture, 0, 12, "a", 4);
    add(fixture, 0, 13, "a", 4);
    advance(fixture);
    pass(fixture, "Combine", 10);
    struct mr_value key = text("a"), right[2] = {integer(2), integer(8)}, expected[2];
    struct mr_value wrong[2] = {integer(2), integer(4)};
    assert_true(
        mr_oracle_state_is(fixture->oracle, combine, 10 * MR_SECOND_US, &key, right, expected));
    assert_false(
        mr_oracle_state_is(fixture->oracle, combine, 10 * MR_SECOND_US, &key, wrong, expected));
    assert_value(expected[1], integer(8));
    assert_false(mr_oracle_state_is(fixture->oracle, combine, 0, &key, right, expected));
    assert_value(expected[0], none);
}

/* ---- Late panes ---- */

#define LATE                                                                                   \
    "    - {type: Window, config: {windowing: {type: fixed, size: 10s}, allowed_lateness: "    \
    "20s}}\n"

static void the_panes_of_a_window_with_lateness_add_up_to_its_rows(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ LATE COUNT_AND_SUM WRITE_BY_KEY);
    add(fixture, 0, 1, "a", 10);
    add(fixture, 0, 2, "a", 20);
    add(fixture, 0, 3, "a", 5);
    add(fixture, 0, 3, "b", 5);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match(fixture, 0, 10, "a", 2, 30), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "WriteToLog"), 2);
    assert_int_equal(match(fixture, 0, 10, "a", 1, 6), MR_MATCH_WRONG);
    assert_value(fixture->expected[2], integer(5));
    assert_int_equal(match(fixture, 0, 10, "b", 2, 5), MR_MATCH_WRONG);
    assert_int_equal(match(fixture, 0, 10, "a", 1, 5), MR_MATCH_DUPLICATE);
    add(fixture, 1, 4, "a", 100); /* late, of the next checkpoint */
    advance(fixture);
    pass(fixture, "Combine", 20);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
    assert_int_equal(match(fixture, 0, 10, "a", 1, 100), MR_MATCH_RIGHT);
    assert_int_equal(match(fixture, 0, 10, "a", 1, 100), MR_MATCH_DUPLICATE);
    pass(fixture, "Combine", 30);
    pass(fixture, "Combine", 31); /* the window is retired */
    assert_int_equal(match(fixture, 0, 10, "a", 1, 100), MR_MATCH_DUPLICATE);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
}

static void without_a_count_parts_are_judged_by_their_sums(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ LATE
        "    - {type: Combine, config: {group_by: k, combine: {s: {fn: sum, value: n}, "
        "low: {fn: min, value: n}}}}\n" WRITE_BY_KEY);
    add(fixture, 0, 1, "a", 3);
    add(fixture, 0, 2, "a", -3);
    add(fixture, 0, 3, "a", 3);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match(fixture, 0, 10, "a", 3, 3), MR_MATCH_RIGHT);
    assert_int_equal(match(fixture, 0, 10, "a", -3, -3), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
    assert_int_equal(match(fixture, 0, 10, "a", 3, 3), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
    assert_int_equal(match(fixture, 0, 10, "a", 3, 3), MR_MATCH_DUPLICATE);
    add(fixture, 0, 11, "a", 7);
    add(fixture, 0, 11, "a", 8);
    advance(fixture);
    pass(fixture, "Combine", 20);
    assert_int_equal(match(fixture, 10, 20, "a", 7, 6), MR_MATCH_WRONG);
}

/* ---- Aggregates ---- */

static void each_aggregate_of_integers_is_exact(void **state)
{
    struct fixture *fixture = *state;
    make(fixture,
        CHAIN READ WINDOW COMBINE("low: {fn: min, value: n}, high: {fn: max, value: n}, "
                                  "mean: {fn: mean, value: n}") WRITE_BY_KEY);
    add(fixture, 0, 1, "a", 10);
    add(fixture, 0, 1, "a", -4);
    add(fixture, 0, 1, "a", 1);
    add(fixture, 0, 1, "b", INT64_MAX);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, text("a"), integer(-4), integer(10),
                         number(7.0 / 3)),
        MR_MATCH_RIGHT);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, text("b"), integer(INT64_MAX),
                         integer(INT64_MAX), number(0x1p63)),
        MR_MATCH_RIGHT);
}

static void a_mean_of_large_integers_is_rounded_once(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW COMBINE("mean: {fn: mean, value: n}") WRITE_BY_KEY);
    add(fixture, 0, 1, "a", ((int64_t)1 << 53) + 1); /* a tie: to even */
    add(fixture, 0, 1, "b", -((int64_t)1 << 60) - 129);
    add(fixture, 0, 1, "c", 5);
    advance(fixture);
    pass(fixture, "Combine", 10);
    uint32_t sink = find(fixture, "WriteToLog");
    mr_us start_us, end_us;
    struct mr_value row[2];
    assert_true(mr_oracle_owed_row(fixture->oracle, sink, 0, &start_us, &end_us, row));
    assert_true(row[1].f == 0x1p53);
    assert_true(mr_oracle_owed_row(fixture->oracle, sink, 1, &start_us, &end_us, row));
    assert_true(row[1].f == -0x1p60 - 256);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, text("c"), number(5 + 0x1p-50), none, none),
        MR_MATCH_WRONG);
}

static void sums_and_means_of_doubles_may_differ_by_their_rounding_alone(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW COMBINE(
                      "s: {fn: sum, value: x}, mean: {fn: mean, value: x}") WRITE_BY_KEY);
    const char *keys[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        add_full(fixture, 0, 1, keys[i], 0, 1e15, none);
        add_full(fixture, 0, 1, keys[i], 0, 0.1, none);
        add_full(fixture, 0, 1, keys[i], 0, -1e15, none);
        add_full(fixture, 0, 1, keys[i], 0, 0.3, none);
    }
    advance(fixture);
    pass(fixture, "Combine", 10);
    /* 2 n 2^-53 sum|x| = 1.776...: the exact sum is 0.4, the mean 0.1 */
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, text("a"), number(0.4), number(0.1), none),
        MR_MATCH_RIGHT);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, text("b"), number(0.4), number(0.7), none),
        MR_MATCH_WRONG);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, text("c"), number(2.4), number(0.1), none),
        MR_MATCH_WRONG);
}

static void extremes_of_texts_floats_and_booleans_are_exact(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW
        "    - {type: Combine, config: {group_by: [], combine: {first: {fn: min, value: k}, "
        "last: {fn: max, value: k}, low: {fn: min, value: x}, any: {fn: max, value: "
        "b}}}}\n" WRITE);
    add_full(fixture, 0, 1, "peach", 0, __builtin_nan(""), none);
    add_full(fixture, 0, 1, "pear", 0, 2.5, none);
    add_full(fixture, 0, 1, "a fruit with a long name, longer than a cell", 0, -1.5, none);
    add_full(fixture, 1, 1, "pea", 7, __builtin_nan(""), none);
    add_full(fixture, 1, 11, "a", 7, __builtin_nan(""), none);
    advance(fixture);
    pass(fixture, "Combine", 20);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10,
                         text("a fruit with a long name, longer than a cell"), text("pear"),
                         number(-1.5), boolean(true)),
        MR_MATCH_RIGHT);
    assert_int_equal(match_at(fixture, "WriteToLog", 10, 20, text("a"), text("a"),
                         number(__builtin_nan("")), boolean(true)),
        MR_MATCH_RIGHT);
}

static void a_count_counts_none_and_everything_else_fails_over_it(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW COMBINE("c: {fn: count, value: m}") WRITE_BY_KEY);
    add_full(fixture, 0, 1, "a", 0, 0, none);
    add_full(fixture, 0, 1, "a", 0, 0, integer(1));
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(mr_oracle_failures(fixture->oracle), 0);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, text("a"), integer(2), none, none),
        MR_MATCH_RIGHT);
}

static void rows_that_fail_are_counted_and_left_out(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW COMBINE("s: {fn: sum, value: m}, q: {fn: sum, value: n}")
                      WRITE_BY_KEY);
    add_full(fixture, 0, 1, "a", 1, 0, none); /* TypeError */
    add_full(fixture, 0, 1, "a", 2, 0, integer(INT64_MAX));
    add_full(fixture, 0, 1, "a", 3, 0, integer(1)); /* beyond 64 bits */
    add_full(fixture, 0, 1, "a", 4, 0, integer(-5));
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(mr_oracle_failures(fixture->oracle), 2);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, text("a"), integer(INT64_MAX - 5),
                         integer(6), none),
        MR_MATCH_RIGHT);
}

static void aggregates_of_expressions_and_several_keys_work_together(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW
        "    - {type: Combine, config: {language: python, group_by: [k, m], combine: "
        "{s: {fn: sum, value: n * n}, c: {fn: count, value: 10 // n}}}}\n" WRITE);
    add_full(fixture, 0, 1, "a", 3, 0, none);
    add_full(fixture, 0, 1, "a", 4, 0, none);
    add_full(fixture, 0, 1, "a", 5, 0, integer(0));
    add_full(fixture, 0, 1, "b", 0, 0, none); /* ZeroDivisionError */
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(mr_oracle_failures(fixture->oracle), 1);
    assert_int_equal(owed(fixture, "WriteToLog"), 2);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, text("a"), none, integer(25), integer(2)),
        MR_MATCH_RIGHT);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, text("a"), integer(0), integer(25), integer(1)),
        MR_MATCH_RIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(panes_are_owed_when_their_window_is_passed_and_struck_off_by_a_match),
        TEST(a_window_ends_where_the_watermark_reaches_its_end_and_not_before),
        TEST(a_pane_with_other_values_is_wrong_and_the_next_one_a_duplicate),
        TEST(a_second_pane_is_a_duplicate_even_after_its_window_was_retired),
        TEST(rows_that_were_dropped_as_late_are_left_out_once_each),
        TEST(a_row_that_was_neither_dropped_nor_delivered_stays_owed),
        TEST(what_is_forgotten_is_not_owed_and_a_duplicate_when_it_comes),
        TEST(the_global_window_has_two_names),
        TEST(state_is_compared_with_open_windows_only),
        TEST(the_panes_of_a_window_with_lateness_add_up_to_its_rows),
        TEST(without_a_count_parts_are_judged_by_their_sums),
        TEST(each_aggregate_of_integers_is_exact),
        TEST(a_mean_of_large_integers_is_rounded_once),
        TEST(sums_and_means_of_doubles_may_differ_by_their_rounding_alone),
        TEST(extremes_of_texts_floats_and_booleans_are_exact),
        TEST(a_count_counts_none_and_everything_else_fails_over_it),
        TEST(rows_that_fail_are_counted_and_left_out),
        TEST(aggregates_of_expressions_and_several_keys_work_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
