/* The oracle against results computed by hand: rows without windows, every transform, and where
 * rows came from. */
#include "tests/test_scenarios_oracle.h"

#include <stdio.h>

#include "scenarios/oracle/trigger_machine.h"

/* ---- Without windows ---- */

#define FILTER_AND_MAP                                                                         \
    CHAIN READ "    - {type: Filter, config: {language: python, keep: n > 1}}\n"               \
               "    - {type: MapToFields, config: {language: python, fields: {k: k, n: n, "    \
               "h: n / 2}}}\n" WRITE_BY_KEY

static enum mr_match match_mapped(struct fixture *fixture, const char *key, int64_t n)
{
    struct mr_value row[3] = {text(key), integer(n), number((double)n / 2)};
    return match_row(fixture, "WriteToLog", row);
}

static void rows_without_windows_are_owed_as_often_as_they_were_read(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, FILTER_AND_MAP);
    add(fixture, 0, 1, "a", 5);
    add(fixture, 0, 2, "a", 1); /* filtered */
    add(fixture, 0, 3, "a", 5);
    add(fixture, 1, 3, "b", 9);
    advance(fixture);
    assert_int_equal(owed(fixture, "WriteToLog"), 3);
    mr_us start_us, end_us;
    struct mr_value row[3];
    uint32_t sink = find(fixture, "WriteToLog");
    assert_true(mr_oracle_owed_row(fixture->oracle, sink, 2, &start_us, &end_us, row));
    assert_value(row[0], text("b"));
    assert_value(row[2], number(4.5));
    assert_int_equal(match_mapped(fixture, "a", 5), MR_MATCH_RIGHT);
    assert_int_equal(match_mapped(fixture, "a", 5), MR_MATCH_RIGHT);
    assert_int_equal(match_mapped(fixture, "a", 5), MR_MATCH_DUPLICATE);
    assert_value(fixture->expected[1], integer(5));
    assert_int_equal(match_mapped(fixture, "a", 1), MR_MATCH_UNKNOWN);
    assert_int_equal(match_mapped(fixture, "b", 8), MR_MATCH_UNKNOWN);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
    mr_oracle_forget_owed(fixture->oracle);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
    assert_int_equal(match_mapped(fixture, "b", 9), MR_MATCH_DUPLICATE);
}

static void a_row_that_comes_behind_a_later_one_of_its_key_is_reordered(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, FILTER_AND_MAP);
    for (int i = 2; i < 6; i++) add(fixture, 0, i, "a", i);
    add(fixture, 0, 7, "b", 7);
    add(fixture, 1, 7, "a", 8); /* another partition: no order */
    add(fixture, 1, 7, "a", 3); /* which of the two it is, nobody knows */
    advance(fixture);
    assert_int_equal(match_mapped(fixture, "a", 8), MR_MATCH_RIGHT);
    assert_int_equal(match_mapped(fixture, "b", 7), MR_MATCH_RIGHT);
    assert_int_equal(match_mapped(fixture, "a", 2), MR_MATCH_RIGHT);
    assert_int_equal(match_mapped(fixture, "a", 5), MR_MATCH_RIGHT);
    assert_int_equal(match_mapped(fixture, "a", 4), MR_MATCH_REORDERED);
    assert_int_equal(match_mapped(fixture, "a", 3), MR_MATCH_RIGHT);
    assert_int_equal(match_mapped(fixture, "a", 3), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
    assert_int_equal(match_mapped(fixture, "a", 4), MR_MATCH_DUPLICATE);
}

/* What CPython says of `12 // 0`. */
#define DIVISION "integer division or modulo by zero"
#define DIVISION_REPR "ZeroDivisionError('" DIVISION "')"
#define DIVISION_STACK                                                                         \
    "Traceback (most recent call last):\n  File \"<expression>\", line 1, in <lambda>\n"        \
    "ZeroDivisionError: " DIVISION "\n"

static void failed_rows_go_to_the_error_output(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ
        "    - {type: MapToFields, config: {language: python, fields: {k: k, r: 12 // n}, "
        "error_handling: {output: bad}}}\n" WRITE "  extra_transforms:\n"
        "    - {type: WriteToLog, name: Bad, input: MapToFields.bad, config: {topic: bad}}\n");
    add(fixture, 0, 1, "a", 5);
    add(fixture, 0, 2, "b", 0);
    advance(fixture);
    assert_int_equal(mr_oracle_failures(fixture->oracle), 0);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
    assert_int_equal(owed(fixture, "Bad"), 1);
    struct mr_value good[2] = {text("a"), integer(2)};
    assert_int_equal(match_row(fixture, "WriteToLog", good), MR_MATCH_RIGHT);
    struct mr_value element[FIELDS] = {
        at(2), text("b"), integer(0), number(0), none, boolean(false)};
    struct mr_value bad[] = {row_value(fixture->region, NAMES, element, FIELDS),
        text(DIVISION_REPR), text(DIVISION_STACK)};
    assert_int_equal(match_row(fixture, "Bad", bad), MR_MATCH_RIGHT);
}

static void without_an_error_output_a_failed_row_is_a_failure(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ
        "    - {type: Filter, config: {language: python, keep: 1 // n > 0}}\n" WRITE);
    add(fixture, 0, 1, "a", 0);
    add(fixture, 0, 1, "a", 1);
    advance(fixture);
    assert_int_equal(mr_oracle_failures(fixture->oracle), 1);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
}

/* ---- Shapes ---- */

static void several_sinks_each_owe_what_reaches_them(void **state)
{
    struct fixture *fixture = *state;
    make(fixture,
        "pipeline:\n  transforms:\n" READ "    - {type: Window, input: ReadFromLog, config: "
        "{windowing: {type: fixed, size: 10s}}}\n"
        "    - {type: Combine, input: Window, config: {group_by: k, combine: {c: {fn: count, "
        "value: k}}}}\n"
        "    - {type: Filter, name: Many, input: Combine, config: {language: python, keep: c > "
        "1}}\n"
        "    - {type: WriteToLog, name: All, input: Combine, config: {topic: all}}\n"
        "    - {type: WriteToLog, name: Few, input: Many, config: {topic: few}}\n"
        "    - {type: WriteToLog, name: Raw, input: Window, config: {topic: raw}}\n");
    add(fixture, 0, 1, "a", 1);
    add(fixture, 0, 2, "a", 2);
    add(fixture, 0, 2, "b", 2);
    advance(fixture);
    assert_int_equal(owed(fixture, "Raw"), 3);
    assert_int_equal(owed(fixture, "All"), 0);
    struct mr_value two = integer(2), one = integer(1);
    assert_int_equal(
        match_at(fixture, "All", 0, 10, text("a"), two, none, none), MR_MATCH_UNOWED);
    pass(fixture, "Combine", 10);
    assert_int_equal(owed(fixture, "All"), 2);
    assert_int_equal(owed(fixture, "Few"), 1);
    assert_int_equal(
        match_at(fixture, "All", 0, 10, text("a"), two, none, none), MR_MATCH_RIGHT);
    assert_int_equal(
        match_at(fixture, "All", 0, 10, text("a"), two, none, none), MR_MATCH_DUPLICATE);
    assert_int_equal(
        match_at(fixture, "All", 0, 10, text("b"), two, none, none), MR_MATCH_WRONG);
    assert_value(fixture->expected[1], one);
    assert_int_equal(
        match_at(fixture, "Few", 0, 10, text("b"), one, none, none), MR_MATCH_UNKNOWN);
    assert_int_equal(
        match_at(fixture, "Few", 0, 10, text("a"), two, none, none), MR_MATCH_RIGHT);
    uint32_t raw = find(fixture, "Raw");
    const struct mr_value *row = fixture->values[0];
    assert_int_equal(mr_oracle_match(fixture->oracle, raw, 10 * MR_SECOND_US, 20 * MR_SECOND_US,
                         row, fixture->expected),
        MR_MATCH_UNKNOWN);
    assert_int_equal(
        mr_oracle_match(fixture->oracle, raw, 0, 10 * MR_SECOND_US, row, fixture->expected),
        MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "Raw"), 2);
}

static void fields_may_be_renamed_and_left_out_on_the_way_to_the_sink(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW COUNT_AND_SUM
        "    - {type: MapToFields, config: {fields: {total: s, who: k}}}\n" WRITE);
    add(fixture, 0, 1, "a", 4);
    add(fixture, 0, 1, "a", 5);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, integer(8), text("a"), none, none),
        MR_MATCH_WRONG);
    assert_value(fixture->expected[0], integer(9));
    assert_value(fixture->expected[1], text("a"));
}

static void a_sink_without_the_keys_is_judged_by_values(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW COUNT_AND_SUM
        "    - {type: MapToFields, config: {fields: {total: s}}}\n" WRITE);
    add(fixture, 0, 1, "a", 4);
    add(fixture, 0, 1, "b", 4);
    advance(fixture);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, integer(9), none, none, none), MR_MATCH_UNOWED);
    pass(fixture, "Combine", 10);
    assert_int_equal(owed(fixture, "WriteToLog"), 2);
    struct mr_value four = integer(4);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, integer(5), none, none, none), MR_MATCH_UNKNOWN);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, four, none, none, none), MR_MATCH_RIGHT);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, four, none, none, none), MR_MATCH_RIGHT);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, four, none, none, none), MR_MATCH_DUPLICATE);
}

static void panes_may_meet_in_the_windows_of_a_later_window_into(void **state)
{
    struct fixture *fixture = *state;
    make(fixture,
        CHAIN READ WINDOW COMBINE(
            "c: {fn: count, value: k}") "    - {type: WindowInto, config: {windowing: "
                                        "{type: fixed, size: 20s}}}\n" WRITE_BY_KEY);
    add(fixture, 0, 1, "a", 0);
    add(fixture, 0, 11, "a", 0);
    advance(fixture);
    pass(fixture, "Combine", 20);
    struct mr_value one = integer(1);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 10, text("a"), one, none, none), MR_MATCH_UNKNOWN);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 20, text("a"), integer(2), none, none),
        MR_MATCH_UNKNOWN);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 20, text("a"), one, none, none), MR_MATCH_RIGHT);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 20, text("a"), one, none, none), MR_MATCH_RIGHT);
    assert_int_equal(
        match_at(fixture, "WriteToLog", 0, 20, text("a"), one, none, none), MR_MATCH_DUPLICATE);
}

/* It is one value there, of which nobody knows which pane it was. */
static void a_pane_that_fails_behind_its_combine_is_right_or_unknown(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW COUNT_AND_SUM
        "    - {type: MapToFields, config: {language: python, fields: {k: k, q: 10 // s}, "
        "error_handling: {output: bad}}}\n" WRITE_BY_KEY "  extra_transforms:\n"
        "    - {type: WriteToLog, name: Bad, input: MapToFields.bad, config: {topic: bad}}\n");
    add(fixture, 0, 1, "a", 0);
    add(fixture, 0, 1, "b", 5);
    advance(fixture);
    pass(fixture, "Combine", 10);
    struct mr_value pane[3] = {text("a"), integer(2), integer(0)};
    struct mr_value row[3] = {
        row_value(fixture->region, "k c s", pane, 3), text(DIVISION_REPR), text(DIVISION_STACK)};
    assert_int_equal(mr_oracle_match(fixture->oracle, find(fixture, "Bad"), 0,
                         10 * MR_SECOND_US, row, fixture->expected),
        MR_MATCH_UNKNOWN);
    pane[1] = integer(1);
    row[0] = row_value(fixture->region, "k c s", pane, 3);
    assert_int_equal(mr_oracle_match(fixture->oracle, find(fixture, "Bad"), 0,
                         10 * MR_SECOND_US, row, fixture->expected),
        MR_MATCH_RIGHT);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, text("b"), integer(2), none, none),
        MR_MATCH_RIGHT);
}

static void a_combine_behind_a_combine_folds_its_panes(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW
        "    - {type: Combine, name: One, config: {group_by: [k, n], combine: {s: {fn: sum, "
        "value: x}}}}\n"
        "    - {type: WindowInto, config: {windowing: {type: fixed, size: 20s}}}\n"
        "    - {type: Combine, name: Two, config: {group_by: k, combine: {c: {fn: count, "
        "value: n}, "
        "s: {fn: sum, value: s}}}}\n" WRITE_BY_KEY);
    add_full(fixture, 0, 1, "a", 1, 0.1, none);
    add_full(fixture, 0, 2, "a", 1, 0.2, none);
    add_full(fixture, 0, 3, "a", 2, 0.3, none);
    add_full(fixture, 0, 13, "a", 2, 0.4, none);
    advance(fixture);
    pass(fixture, "One", 10);
    pass(fixture, "Two", 10);
    assert_int_equal(mr_oracle_open_entries(fixture->oracle, find(fixture, "One")), 1);
    assert_int_equal(mr_oracle_open_entries(fixture->oracle, find(fixture, "Two")), 1);
    pass(fixture, "One", 20);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 20, text("a"), integer(3),
                         number(0.4 + 0.3 + 0.2 + 0.1), none),
        MR_MATCH_UNOWED);
    pass(fixture, "Two", 20);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 20, text("a"), integer(3),
                         number(0.4 + 0.3 + 0.2 + 0.1), none),
        MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
}

static void sums_of_doubles_keep_their_slack_through_a_map(void **state)
{
    struct fixture *fixture = *state;
    make(fixture,
        CHAIN READ WINDOW COMBINE(
            "s: {fn: sum, value: x}") "    - {type: MapToFields, config: {language: python, "
                                      "fields: {k: k, d: s * 3.0}}}\n" WRITE_BY_KEY);
    const char *keys[] = {"a", "b"};
    for (int i = 0; i < 2; i++) {
        add_full(fixture, 0, 1, keys[i], 0, 1e15, none);
        add_full(fixture, 0, 1, keys[i], 0, 0.1, none);
        add_full(fixture, 0, 1, keys[i], 0, -1e15, none);
    }
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, text("a"), number(0.3), none, none),
        MR_MATCH_RIGHT);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, text("b"), number(30.), none, none),
        MR_MATCH_WRONG);
}

static void created_rows_lie_at_the_beginning_of_time(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN "    - {type: Create, config: {elements: [{k: a, n: 1}, {k: b, n: 2}, "
                        "{k: a, n: 5}]}}\n" COUNT_AND_SUM WRITE_BY_KEY);
    mr_oracle_pass(fixture->oracle, find(fixture, "Combine"), MR_US_MAX);
    assert_int_equal(owed(fixture, "WriteToLog"), 2);
    struct mr_value a[3] = {text("a"), integer(2), integer(6)};
    assert_int_equal(match_row(fixture, "WriteToLog", a), MR_MATCH_RIGHT);
    mr_oracle_advance(fixture->oracle, 0, 0, 0);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
}

static void flatten_fills_missing_fields_with_none(void **state)
{
    struct fixture *fixture = *state;
    make(fixture,
        "pipeline:\n  transforms:\n" READ
        "    - {type: Create, config: {elements: [{k: x, extra: 7}]}}\n"
        "    - {type: MapToFields, name: Keys, input: ReadFromLog, config: {fields: {k: k}}}\n"
        "    - {type: Flatten, input: [Keys, Create]}\n"
        "    - {type: WriteToLog, input: Flatten, config: {topic: out, key: k}}\n");
    add(fixture, 0, 1, "a", 1);
    advance(fixture);
    struct mr_value a[2] = {text("a"), none}, x[2] = {text("x"), integer(7)};
    assert_int_equal(match_row(fixture, "WriteToLog", a), MR_MATCH_RIGHT);
    assert_int_equal(match_row(fixture, "WriteToLog", x), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
}

static void assigned_timestamps_do_not_move_a_row_to_another_window(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW
        "    - {type: AssignTimestamps, config: {language: python, timestamp: n}}\n"
        "    - {type: Combine, name: Kept, config: {group_by: k, combine: {c: {fn: count, "
        "value: k}}}}\n" WRITE_BY_KEY);
    add(fixture, 0, 1, "a", 25);
    advance(fixture);
    pass(fixture, "Kept", 10);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, text("a"), integer(1), none, none),
        MR_MATCH_RIGHT);
}

static void window_into_assigns_windows_by_the_new_timestamps(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ
        "    - {type: AssignTimestamps, config: {language: python, timestamp: n}}\n" WINDOW
            COMBINE("c: {fn: count, value: k}") WRITE_BY_KEY);
    add(fixture, 0, 1, "a", 25);
    advance(fixture);
    pass(fixture, "Combine", 30);
    assert_int_equal(match_at(fixture, "WriteToLog", 20, 30, text("a"), integer(1), none, none),
        MR_MATCH_RIGHT);
}

/* ---- Where rows came from ---- */

static void a_pane_is_traced_back_to_its_rows(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, COUNTS);
    add(fixture, 0, 1, "a", 1);
    add(fixture, 0, 1, "b", 1);
    add(fixture, 0, 11, "a", 1);
    add(fixture, 0, 2, "a", 1);
    add(fixture, 0, 3, "a", 1);
    advance(fixture);
    uint32_t sink = find(fixture, "WriteToLog");
    struct mr_value row[3] = {text("a"), integer(9), integer(9)};
    int64_t offsets[2] = {-1, -1};
    assert_int_equal(
        mr_oracle_trace_back(fixture->oracle, sink, 0, 0, 5, 0, row, offsets, 2), 3);
    assert_int_equal(offsets[0], 0);
    assert_int_equal(offsets[1], 3);
    assert_int_equal(
        mr_oracle_trace_back(fixture->oracle, sink, 0, 1, 4, 0, row, offsets, 2), 1);
    assert_int_equal(mr_oracle_open_entries(fixture->oracle, find(fixture, "Combine")), 3);
}

static void a_row_without_a_window_is_traced_back_by_its_values(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, FILTER_AND_MAP);
    add(fixture, 1, 1, "a", 5);
    add(fixture, 1, 2, "a", 6);
    add(fixture, 1, 3, "a", 5);
    advance(fixture);
    struct mr_value row[3] = {text("a"), integer(5), number(2.5)};
    int64_t offsets[4];
    uint32_t sink = find(fixture, "WriteToLog");
    assert_int_equal(
        mr_oracle_trace_back(fixture->oracle, sink, 1, 0, 3, MR_US_MIN, row, offsets, 4), 2);
    assert_int_equal(offsets[1], 2);
    assert_int_equal(owed(fixture, "WriteToLog"), 3);
}

static void a_pane_of_a_second_combine_is_traced_back_through_the_first(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW "    - {type: Combine, name: One, config: {group_by: [k, "
                                    "n], combine: {c: {fn: count, value: k}}}}\n"
                                    "    - {type: Combine, name: Two, config: {group_by: k, "
                                    "combine: {d: {fn: count, value: n}}}}\n" WRITE_BY_KEY);
    add(fixture, 2, 1, "a", 1);
    add(fixture, 2, 1, "b", 1);
    add(fixture, 2, 2, "a", 2);
    add(fixture, 2, 12, "a", 2);
    advance(fixture);
    struct mr_value row[2] = {text("a"), integer(2)};
    int64_t offsets[4];
    uint32_t sink = find(fixture, "WriteToLog");
    assert_int_equal(
        mr_oracle_trace_back(fixture->oracle, sink, 2, 0, 4, 0, row, offsets, 4), 2);
    assert_int_equal(offsets[1], 2);
}

/* A graph with more ways through it than can be gone: whoever asks each way by itself never
 * ends. */
static void a_graph_of_many_ways_is_read_once(void **state)
{
    enum { SPLITS = 60, TEXT_BYTES = 32768 };
    struct fixture *fixture = *state;
    char *pipeline = mr_region_alloc(fixture->region, TEXT_BYTES), from[16] = "Combine";
    size_t used = (size_t)snprintf(pipeline, TEXT_BYTES,
        "pipeline:\n  transforms:\n" READ "    - {type: Window, input: ReadFromLog, config: "
                                          "{windowing: {type: fixed, size: 10s}}}\n"
        "    - {type: Combine, input: Window, config: {group_by: k, combine: {s: {fn: sum, "
        "value: n}}}}\n");
    for (int i = 0; i < SPLITS; i++) {
        used += (size_t)snprintf(pipeline + used, TEXT_BYTES - used,
            "    - {type: Filter, name: A%d, input: %s, config: {keep: s > 5}}\n"
            "    - {type: Filter, name: B%d, input: %s, config: {keep: s < 6}}\n"
            "    - {type: Flatten, name: F%d, input: [A%d, B%d]}\n",
            i, from, i, from, i, i, i);
        snprintf(from, sizeof from, "F%d", i);
    }
    used += (size_t)snprintf(pipeline + used, TEXT_BYTES - used,
        "    - {type: WriteToLog, input: %s, config: {topic: out, key: k}}\n", from);
    assert_true(used < TEXT_BYTES);
    make(fixture, pipeline);
    add(fixture, 0, 1, "a", 5);
    add(fixture, 0, 2, "a", 7);
    add(fixture, 0, 3, "b", 2);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(owed(fixture, "WriteToLog"), 2);
    struct mr_value row[2] = {text("a"), integer(12)};
    int64_t offsets[4];
    uint32_t sink = find(fixture, "WriteToLog");
    /* Behind a Flatten a key is not followed: all rows of the window are shown. */
    assert_int_equal(
        mr_oracle_trace_back(fixture->oracle, sink, 0, 0, 3, 0, row, offsets, 4), 3);
    assert_int_equal(offsets[2], 2);
}

/* ---- Rows that are taken back ---- */

static void give(struct fixture *fixture, enum mr_row_kind kind, int64_t count)
{
    struct mr_value values[3] = {text("a"), integer(count), integer(0)};
    double slacks[3] = {0};
    struct mr_machine_pane pane = {.start_us = 0,
        .end_us = 10 * MR_SECOND_US,
        .kind = (int)kind,
        .values = values,
        .slacks = slacks};
    mr_oracle_give(fixture->oracle, find(fixture, "Combine"), &pane);
}

static enum mr_match match_change(struct fixture *fixture, enum mr_row_kind kind, int64_t count)
{
    struct mr_value row[3] = {text("a"), integer(count), integer(0)};
    return mr_oracle_match_change(fixture->oracle, find(fixture, "WriteToLog"), kind, 0,
        10 * MR_SECOND_US, row, fixture->expected);
}

#define TAKEN_BACK                                                                             \
    CHAIN READ "    - {type: Window, config: {windowing: {type: fixed, size: 10s}, "           \
               "accumulation: retracting, trigger: {repeatedly: {count: 1}}}}\n" COUNT_AND_SUM \
                   WRITE_BY_KEY

static void a_row_is_taken_back_once_and_not_before_it_has_come(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, TAKEN_BACK);
    give(fixture, MR_ROW_INSERT, 1);
    give(fixture, MR_ROW_UPDATE_BEFORE, 1);
    give(fixture, MR_ROW_UPDATE_AFTER, 2);
    assert_int_equal(owed(fixture, "WriteToLog"), 3);
    assert_int_equal(match_change(fixture, MR_ROW_INSERT, 1), MR_MATCH_RIGHT);
    assert_int_equal(match_change(fixture, MR_ROW_UPDATE_BEFORE, 1), MR_MATCH_RIGHT);
    assert_int_equal(match_change(fixture, MR_ROW_UPDATE_BEFORE, 1), MR_MATCH_DUPLICATE);
    assert_int_equal(match_change(fixture, MR_ROW_UPDATE_AFTER, 2), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "WriteToLog"), 0);
    give(fixture, MR_ROW_UPDATE_BEFORE, 2);
    give(fixture, MR_ROW_UPDATE_AFTER, 3);
    give(fixture, MR_ROW_DELETE, 3);
    assert_int_equal(match_change(fixture, MR_ROW_INSERT, 3), MR_MATCH_DUPLICATE);
    assert_int_equal(match_change(fixture, MR_ROW_DELETE, 3), MR_MATCH_REORDERED);
    assert_int_equal(match_change(fixture, MR_ROW_UPDATE_BEFORE, 4), MR_MATCH_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_without_windows_are_owed_as_often_as_they_were_read),
        TEST(a_row_that_comes_behind_a_later_one_of_its_key_is_reordered),
        TEST(failed_rows_go_to_the_error_output),
        TEST(without_an_error_output_a_failed_row_is_a_failure),
        TEST(several_sinks_each_owe_what_reaches_them),
        TEST(fields_may_be_renamed_and_left_out_on_the_way_to_the_sink),
        TEST(a_sink_without_the_keys_is_judged_by_values),
        TEST(panes_may_meet_in_the_windows_of_a_later_window_into),
        TEST(a_pane_that_fails_behind_its_combine_is_right_or_unknown),
        TEST(a_combine_behind_a_combine_folds_its_panes),
        TEST(sums_of_doubles_keep_their_slack_through_a_map),
        TEST(created_rows_lie_at_the_beginning_of_time),
        TEST(flatten_fills_missing_fields_with_none),
        TEST(assigned_timestamps_do_not_move_a_row_to_another_window),
        TEST(window_into_assigns_windows_by_the_new_timestamps),
        TEST(a_pane_is_traced_back_to_its_rows),
        TEST(a_row_without_a_window_is_traced_back_by_its_values),
        TEST(a_pane_of_a_second_combine_is_traced_back_through_the_first),
        TEST(a_graph_of_many_ways_is_read_once),
        TEST(a_row_is_taken_back_once_and_not_before_it_has_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
