/* Joins by the oracle alone, with what they owe computed by hand. */
#include "tests/test_scenarios_oracle.h"

#define TREE "pipeline:\n  transforms:\n"
#define OUT(input)                                                                             \
    "    - {type: WriteToLog, name: Out, input: " input ", config: {topic: out}}\n"
/* A row of n with those of the same key that come within five seconds after it. */
#define NEAR                                                                                   \
    TREE READ "    - type: JoinStreams\n"                                                      \
              "      name: J\n"                                                                \
              "      input: {l: ReadFromLog, r: ReadFromLog}\n"                                \
              "      config: {kind: interval, equalities: k, after: 5s, fields: {l: [n], r: "  \
              "{m: n}}}\n" OUT("J")
/* A row with the newest one of twice its number. */
#define VERSIONS                                                                               \
    TREE READ                                                                                  \
        "    - {type: MapToFields, input: ReadFromLog, config: {language: python, fields: "    \
        "{d: "                                                                                 \
        "n * 2}}}\n"                                                                           \
        "    - type: JoinStreams\n"                                                            \
        "      name: J\n"                                                                      \
        "      input: {l: MapToFields, r: ReadFromLog}\n"                                      \
        "      config: {kind: temporal, type: left, equalities: [{l: d, r: n}], fields: {l: "  \
        "[d], r: {k: k}}}\n" OUT("J")

static enum mr_match match_pair(struct fixture *fixture, struct mr_value a, struct mr_value b)
{
    struct mr_value row[2] = {a, b};
    return match_row(fixture, "Out", row);
}

static void add_rows(struct fixture *fixture)
{
    add(fixture, 0, 10, "a", 1);
    add(fixture, 1, 15, "a", 2); /* just within the interval of the first */
    add(fixture, 2, 21, "a", 3);
    add(fixture, 0, 12, "b", 4);
}

static void assert_pairs(struct fixture *fixture)
{
    assert_int_equal(owed(fixture, "Out"), 5);
    assert_int_equal(match_pair(fixture, integer(1), integer(2)), MR_MATCH_RIGHT);
    assert_int_equal(match_pair(fixture, integer(1), integer(2)), MR_MATCH_DUPLICATE);
    assert_int_equal(match_pair(fixture, integer(2), integer(1)), MR_MATCH_UNKNOWN);
    assert_int_equal(match_pair(fixture, integer(2), integer(3)), MR_MATCH_UNKNOWN);
    for (int64_t i = 1; i <= 4; i++)
        assert_int_equal(match_pair(fixture, integer(i), integer(i)), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "Out"), 0);
}

static void pairs_are_owed_once_both_rows_are_there(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, NEAR);
    add_rows(fixture);
    advance(fixture);
    pass(fixture, "J", 5);
    assert_pairs(fixture);
    pass(fixture, "J", 100);
    assert_int_equal(owed(fixture, "Out"), 0);
    assert_int_equal(mr_oracle_open_entries(fixture->oracle, find(fixture, "J")), 0);
}

/* The partitions one after the other, the last one first, each in a checkpoint of its own. */
static void the_order_of_rows_does_not_matter_to_pairs(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, NEAR);
    add_rows(fixture);
    for (uint32_t i = PARTITIONS; i-- > 0;) {
        mr_oracle_advance(fixture->oracle, 0, i, fixture->n_rows[i]);
        pass(fixture, "J", 0);
    }
    assert_pairs(fixture);
}

static void a_row_that_was_dropped_meets_nobody(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, NEAR);
    add_rows(fixture);
    struct mr_value *row = fixture->values[1];
    for (uint32_t input = 0; input < 2; input++)
        mr_oracle_drop_input(fixture->oracle, find(fixture, "J"), input, 15 * MR_SECOND_US,
            15 * MR_SECOND_US + 1, row);
    advance(fixture);
    pass(fixture, "J", 5);
    assert_int_equal(owed(fixture, "Out"), 3);
    assert_int_equal(mr_oracle_unmatched_drops(fixture->oracle, find(fixture, "J")), 0);
    assert_int_equal(match_pair(fixture, integer(1), integer(2)), MR_MATCH_UNKNOWN);
}

static void a_version_holds_from_its_time_on(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, VERSIONS);
    add(fixture, 0, 10, "early", 4);
    add(fixture, 1, 20, "later", 4);
    add(fixture, 2, 9, "x", 2);  /* twice is 4: before any version */
    add(fixture, 0, 20, "x", 2); /* at the time of one: it holds */
    add(fixture, 2, 19, "x", 2);
    advance(fixture);
    pass(fixture, "J", 20);
    assert_int_equal(owed(fixture, "Out"), 3); /* those at 9, 10 and 19 */
    pass(fixture, "J", 21);
    assert_int_equal(match_pair(fixture, integer(4), none), MR_MATCH_RIGHT);
    assert_int_equal(match_pair(fixture, integer(4), text("early")), MR_MATCH_RIGHT);
    assert_int_equal(match_pair(fixture, integer(4), text("later")), MR_MATCH_RIGHT);
    assert_int_equal(match_pair(fixture, integer(8), none), MR_MATCH_RIGHT);
    assert_int_equal(match_pair(fixture, integer(8), none), MR_MATCH_RIGHT);
    assert_int_equal(owed(fixture, "Out"), 0);
    /* Of versions the newest of each number stays: 4 and 2. */
    assert_int_equal(mr_oracle_open_entries(fixture->oracle, find(fixture, "J")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pairs_are_owed_once_both_rows_are_there),
        TEST(the_order_of_rows_does_not_matter_to_pairs),
        TEST(a_row_that_was_dropped_meets_nobody),
        TEST(a_version_holds_from_its_time_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
