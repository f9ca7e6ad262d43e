/* The oracle against results computed by hand: Partition, Reshuffle, ExtractWindowingInfo,
 * ValidateWithSchema, StripErrorMetadata. */
#include "tests/test_scenarios_oracle.h"

#include <stdio.h>

#include "engine/expression/exception.h"

#define GRAPH "pipeline:\n  transforms:\n" READ
#define SINK(name, input)                                                                      \
    "    - {type: WriteToLog, name: " name ", input: " input ", config: {topic: " name         \
    ", key: k}}\n"

static void fill(struct mr_value *row, int64_t seconds, const char *key, int64_t n)
{
    struct mr_value values[FIELDS] = {
        at(seconds), text(key), integer(n), number((double)n / 2), none, boolean(n > 2)};
    memcpy(row, values, sizeof values);
}

/* ---- Partition ---- */

static void each_row_is_owed_to_the_output_that_it_names(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, GRAPH "    - {type: Partition, input: ReadFromLog, config: {by: k, outputs: "
                        "[a, b], unknown_output: rest}}\n" SINK("A", "Partition.a")
                            SINK("B", "Partition.b") SINK("R", "Partition.rest"));
    add(fixture, 0, 1, "a", 1);
    add(fixture, 0, 2, "ab", 2);
    add(fixture, 1, 3, "b", 3);
    add(fixture, 1, 4, "b", 4);
    advance(fixture);
    assert_int_equal(owed(fixture, "A"), 1);
    assert_int_equal(owed(fixture, "B"), 2);
    assert_int_equal(owed(fixture, "R"), 1);
    struct mr_value row[FIELDS];
    fill(row, 2, "ab", 2);
    assert_int_equal(match_row(fixture, "A", row), MR_MATCH_UNKNOWN);
    assert_int_equal(match_row(fixture, "R", row), MR_MATCH_RIGHT);
    fill(row, 4, "b", 4);
    assert_int_equal(match_row(fixture, "B", row), MR_MATCH_RIGHT);
    fill(row, 3, "b", 3); /* the two came from one partition, and through one output */
    assert_int_equal(match_row(fixture, "B", row), MR_MATCH_REORDERED);
}

static void assert_raised(
    struct fixture *fixture, int64_t n, const char *message, const char *stack)
{
    struct mr_value element[FIELDS];
    fill(element, 1, "c", n);
    struct mr_value row[] = {
        row_value(fixture->region, NAMES, element, FIELDS), text(message), text(stack)};
    assert_int_equal(match_row(fixture, "E", row), MR_MATCH_RIGHT);
}

static void assert_failed(struct fixture *fixture, int64_t n, const char *message)
{
    char shown[512];
    mr_exception_repr(message, strlen(message), shown, sizeof shown);
    assert_raised(fixture, n, shown, message);
}

/* Without an unknown output; the messages are Beam's. */
static void a_row_that_names_no_output_has_failed(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, GRAPH
        "    - {type: Partition, input: ReadFromLog, config: {language: python, by: \"k if "
        "n > 5 else (None if n > 2 else str(6 // n))\", outputs: [a], error_handling: "
        "{output: bad}}}\n" SINK("A", "Partition.a") "    - {type: WriteToLog, name: E, input: "
                                                     "Partition.bad, config: {topic: e}}\n");
    add(fixture, 0, 1, "c", 7);
    add(fixture, 0, 1, "c", 3);
    add(fixture, 0, 1, "c", 1);
    add(fixture, 0, 1, "c", 0);
    advance(fixture);
    assert_int_equal(owed(fixture, "A"), 0);
    assert_int_equal(owed(fixture, "E"), 4);
#define BY "k if n > 5 else (None if n > 2 else str(6 // n))"
    assert_failed(fixture, 7, "ValueError: Unknown output name \"c\" from " BY);
    assert_failed(fixture, 3,
        "ValueError: Returned output name \"None\" of type <class 'NoneType'> from \"" BY
        "\" must be a string.");
    assert_failed(fixture, 1, "ValueError: Unknown output name \"6\" from " BY);
    assert_raised(fixture, 0, "ZeroDivisionError('integer division or modulo by zero')",
        "Traceback (most recent call last):\n  File \"<expression>\", line 1, in <lambda>\n"
        "ZeroDivisionError: integer division or modulo by zero\n");
    assert_int_equal(mr_oracle_failures(fixture->oracle), 0);
}

/* ---- Reshuffle ---- */

static void behind_a_reshuffle_rows_have_no_order(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ "    - {type: Reshuffle}\n" WRITE_BY_KEY);
    for (int i = 1; i <= 3; i++) add(fixture, 0, i, "a", i);
    advance(fixture);
    struct mr_value row[FIELDS];
    for (int i = 3; i >= 1; i--) {
        fill(row, i, "a", i);
        assert_int_equal(match_row(fixture, "WriteToLog", row), MR_MATCH_RIGHT);
    }
    assert_int_equal(match_row(fixture, "WriteToLog", row), MR_MATCH_DUPLICATE);
}

/* ---- ExtractWindowingInfo ---- */

#define ALL_INFO                                                                               \
    "    - {type: ExtractWindowingInfo, config: {fields: [timestamp, window_start, "           \
    "window_end, window_string, window_type]}}\n"
#define ONLY_KEY "    - {type: MapToFields, config: {fields: {k: k}}}\n"

static void the_global_window_has_the_ends_that_beam_gives_it(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ ONLY_KEY ALL_INFO WRITE_BY_KEY);
    add(fixture, 0, 7, "a", 1);
    advance(fixture);
    struct mr_value row[6] = {text("a"), at(7), {.type = MR_TYPE_TIMESTAMP, .i = MR_US_MIN},
        {.type = MR_TYPE_TIMESTAMP, .i = 9223371950454775000}, text("GlobalWindow"),
        text("GlobalWindow")};
    assert_int_equal(match_row(fixture, "WriteToLog", row), MR_MATCH_RIGHT);
}

static void rows_tell_the_window_that_they_are_in(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ
        "    - {type: WindowInto, config: {windowing: {type: fixed, size: 2.5}}}\n" ONLY_KEY
            ALL_INFO WRITE_BY_KEY);
    add(fixture, 0, 9, "a", 1);
    add(fixture, 0, -1, "b", 1);
    advance(fixture);
    uint32_t sink = find(fixture, "WriteToLog");
    struct mr_value a[6] = {text("a"), at(9), {.type = MR_TYPE_TIMESTAMP, .i = 7500000}, at(10),
        text("[7.5, 10.0)"), text("IntervalWindow")};
    assert_int_equal(
        mr_oracle_match(fixture->oracle, sink, 7500000, 10000000, a, fixture->expected),
        MR_MATCH_RIGHT);
    struct mr_value b[6] = {text("b"), at(-1), {.type = MR_TYPE_TIMESTAMP, .i = -2500000},
        at(0), text("[-2.5, 0.0)"), text("IntervalWindow")};
    assert_int_equal(mr_oracle_match(fixture->oracle, sink, -2500000, 0, b, fixture->expected),
        MR_MATCH_RIGHT);
}

/* A pane has the last time of its window; times that are assigned later move no window. */
static void panes_and_assigned_times_keep_their_window(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ WINDOW COMBINE(
                      "c: {fn: count, value: k}") "    - {type: AssignTimestamps, config: "
                                                  "{language: python, timestamp: c + 99}}\n"
                                                  "    - {type: ExtractWindowingInfo, config: "
                                                  "{fields: {at: timestamp, w: "
                                                  "window_string}}}\n" WRITE_BY_KEY);
    add(fixture, 0, 3, "a", 1);
    advance(fixture);
    pass(fixture, "Combine", 10);
    assert_int_equal(match_at(fixture, "WriteToLog", 0, 10, text("a"), integer(1), at(100),
                         text("[0.0, 10.0)")),
        MR_MATCH_RIGHT);
}

/* ---- ValidateWithSchema and StripErrorMetadata ---- */

#define VALIDATE(schema)                                                                       \
    GRAPH "    - {type: ValidateWithSchema, input: ReadFromLog, config: {error_handling: "     \
          "{output: bad}, schema: " schema                                                     \
          "}}\n" SINK("G", "ValidateWithSchema") "    - {type: WriteToLog, name: E, input: "   \
                                                 "ValidateWithSchema.bad, config: {topic: "    \
                                                 "e}}\n"

static void the_first_rule_that_is_broken_is_the_message(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, VALIDATE("{type: object, properties: {n: {minimum: 2, exclusiveMaximum: 9, "
                           "enum: [1, 2, 3.0, 9]}, k: {maxLength: 1}}, required: [m]}"));
    static const struct {
        int64_t n;
        const char *failure;
    } rows[] = {
        {1, "ValidationError: n is less than the minimum of 2"},
        {9, "ValidationError: n is greater than or equal to the maximum of 9"},
        {4, "ValidationError: n is not one of [1, 2, 3.0, 9]"},
        {3, "ValidationError: 'm' is a required property"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) add(fixture, 0, 1, "c", rows[i].n);
    add_full(fixture, 0, 1, "c", 2, 1, integer(5));
    add_full(fixture, 0, 1, "äb", 2, 1, integer(5));
    advance(fixture);
    assert_int_equal(owed(fixture, "G"), 1);
    assert_int_equal(owed(fixture, "E"), 5);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_failed(fixture, rows[i].n, rows[i].failure);
    struct mr_value element[FIELDS] = {
        at(1), text("äb"), integer(2), number(1), integer(5), boolean(false)};
    struct mr_value long_key[] = {row_value(fixture->region, NAMES, element, FIELDS),
        text("<ValidationError: 'k is too long'>"), text("ValidationError: k is too long")};
    assert_int_equal(match_row(fixture, "E", long_key), MR_MATCH_RIGHT);
}

static uint64_t n_good_of(struct fixture *fixture, const char *schema, double x)
{
    char pipeline[2048];
    snprintf(pipeline, sizeof pipeline, VALIDATE("%s"), schema);
    if (fixture->oracle) mr_oracle_discard(fixture->oracle);
    make(fixture, pipeline);
    memset(fixture->n_rows, 0, sizeof fixture->n_rows);
    add_full(fixture, 0, 1, "c", INT64_MAX, x, none);
    advance(fixture);
    return owed(fixture, "G");
}

#define X(keyword) "{type: object, properties: {x: {" keyword "}}}"
#define N(keyword) "{type: object, properties: {n: {" keyword "}}}"

/* As Python compares integers and floats: by value, never by rounding one to the other. */
static void bounds_are_exact_at_the_ends_of_the_numbers(void **state)
{
    struct fixture *fixture = *state;
    double nan = __builtin_nan(""), infinity = __builtin_inf();
    assert_int_equal(n_good_of(fixture, N("minimum: 9223372036854775808.0"), 0), 0);
    assert_int_equal(n_good_of(fixture, N("maximum: 9223372036854775808.0"), 0), 1);
    assert_int_equal(n_good_of(fixture, N("exclusiveMaximum: 9223372036854775807"), 0), 0);
    assert_int_equal(n_good_of(fixture, N("enum: [9223372036854775808.0]"), 0), 0);
    assert_int_equal(n_good_of(fixture, N("exclusiveMinimum: 9223372036854774784.0"), 0), 1);
    assert_int_equal(n_good_of(fixture, X("minimum: 9007199254740993"), 0x1p53), 0);
    assert_int_equal(n_good_of(fixture, X("enum: [9007199254740993]"), 0x1p53), 0);
    assert_int_equal(n_good_of(fixture, X("const: -3"), -3.0), 1);
    assert_int_equal(n_good_of(fixture, X("minimum: -3"), -3.5), 0);
    assert_int_equal(n_good_of(fixture, X("maximum: -4"), -3.5), 0);
    assert_int_equal(n_good_of(fixture, X("maximum: -3"), -3.5), 1);
    assert_int_equal(n_good_of(fixture, X("exclusiveMinimum: 0"), -0.0), 0);
    assert_int_equal(n_good_of(fixture, X("minimum: 3, exclusiveMaximum: 2"), nan), 1);
    assert_int_equal(n_good_of(fixture, X("enum: [.nan]"), nan), 0);
    assert_int_equal(n_good_of(fixture, X("type: integer"), 3.0), 1);
    assert_int_equal(n_good_of(fixture, X("type: integer"), 3.5), 0);
    assert_int_equal(n_good_of(fixture, X("type: integer"), 1e300), 1);
    assert_int_equal(n_good_of(fixture, X("type: integer"), infinity), 0);
    assert_int_equal(n_good_of(fixture, X("type: integer"), nan), 0);
}

static void what_failed_can_be_stripped_to_what_it_was(void **state)
{
    struct fixture *fixture = *state;
    make(fixture,
        GRAPH "    - {type: ValidateWithSchema, input: ReadFromLog, config: {error_handling: "
              "{output: bad}, schema: {type: object, additionalProperties: false, properties: "
              "{t: {}, k: {}, n: {}, x: {}, b: {}}}}}\n"
              "    - {type: StripErrorMetadata, input: ValidateWithSchema.bad}\n" SINK(
                  "G", "ValidateWithSchema") SINK("E", "StripErrorMetadata"));
    add(fixture, 0, 1, "a", 1);
    add_full(fixture, 0, 1, "b", 1, 0.5, integer(3));
    advance(fixture);
    struct mr_value row[FIELDS];
    fill(row, 1, "a", 1);
    assert_int_equal(match_row(fixture, "G", row), MR_MATCH_RIGHT);
    fill(row, 1, "b", 1);
    row[4] = integer(3);
    assert_int_equal(match_row(fixture, "G", row), MR_MATCH_UNKNOWN);
    assert_int_equal(match_row(fixture, "E", row), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "E"), 0);
}

static void an_invalid_row_without_an_error_output_is_a_failure(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, CHAIN READ "    - {type: ValidateWithSchema, config: {schema: {type: object, "
                             "properties: {n: {maximum: 3}}}}}\n" WRITE);
    add(fixture, 0, 1, "a", 3);
    add(fixture, 0, 1, "a", 4);
    advance(fixture);
    assert_int_equal(owed(fixture, "WriteToLog"), 1);
    assert_int_equal(mr_oracle_failures(fixture->oracle), 1);
}

/* ---- Where rows came from ---- */

static void a_row_is_traced_back_through_all_of_them(void **state)
{
    struct fixture *fixture = *state;
    make(fixture,
        GRAPH "    - {type: Reshuffle, input: ReadFromLog}\n"
              "    - {type: Partition, input: Reshuffle, config: {by: k, outputs: [a, b]}}\n"
              "    - {type: ExtractWindowingInfo, input: Partition.b, config: {fields: "
              "[window_type]}}\n" SINK("B", "ExtractWindowingInfo"));
    add(fixture, 1, 1, "a", 1);
    add(fixture, 1, 2, "b", 2);
    add(fixture, 1, 3, "b", 3);
    advance(fixture);
    struct mr_value row[FIELDS + 1];
    fill(row, 3, "b", 3);
    row[FIELDS] = text("GlobalWindow");
    int64_t offsets[4];
    assert_int_equal(mr_oracle_trace_back(fixture->oracle, find(fixture, "B"), 1, 0, 3,
                         MR_US_MIN, row, offsets, 4),
        1);
    assert_int_equal(offsets[0], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_row_is_owed_to_the_output_that_it_names),
        TEST(a_row_that_names_no_output_has_failed),
        TEST(behind_a_reshuffle_rows_have_no_order),
        TEST(the_global_window_has_the_ends_that_beam_gives_it),
        TEST(rows_tell_the_window_that_they_are_in),
        TEST(panes_and_assigned_times_keep_their_window),
        TEST(the_first_rule_that_is_broken_is_the_message),
        TEST(bounds_are_exact_at_the_ends_of_the_numbers),
        TEST(what_failed_can_be_stripped_to_what_it_was),
        TEST(an_invalid_row_without_an_error_output_is_a_failure),
        TEST(a_row_is_traced_back_through_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
