/* JUnit XML, read back by a small judge of XML. */
#include "tests/test.h"

#include <string.h>

#include "reports/junit.h"
#include "tests/reports_markup.h"

struct fixture {
    enum mr_sometimes sometimes[1];
    struct mr_scenario scenario;
    struct mr_tally tally;
    struct mr_text out;
};

static int make_fixture(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->sometimes[0] = MR_SOMETIMES_REWOUND;
    fixture->scenario = (struct mr_scenario){.name = "hourly", .path = "a/hourly.yaml"};
    fixture->scenario.check.enabled[MR_CHECK_EXACTLY_ONCE] = true;
    fixture->scenario.check.enabled[MR_CHECK_WATERMARKS] = true;
    mr_tally_init(&fixture->tally, &fixture->scenario, true);
    *state = fixture;
    return 0;
}

static int drop_fixture(void **state)
{
    struct fixture *fixture = *state;
    mr_text_deinit(&fixture->out);
    free(fixture);
    return 0;
}

static struct mr_witness a_witness(enum mr_check check, enum mr_verdict verdict)
{
    return (struct mr_witness){.check = check,
        .verdict = verdict,
        .window_start_us = MR_US_MIN,
        .summary = "it went wrong",
        .key = "ORD"};
}

static void add_seed(struct fixture *fixture, uint64_t seed, const struct mr_witness *witness)
{
    struct mr_run_result *result = calloc(1, sizeof *result);
    result->seed = seed;
    if (witness) {
        result->n_findings = 1;
        result->finding_counts[0] = 1;
        result->findings[0] = *witness;
    }
    mr_tally_add(&fixture->tally, result);
    free(result);
}

static const char *write(struct fixture *fixture)
{
    const struct mr_tally *tallies[] = {&fixture->tally};
    double seconds[] = {1.5};
    mr_junit_write(&fixture->out, tallies, seconds, 1);
    const char *problem = markup_problem(fixture->out.data);
    if (problem) fail_msg("%s", problem);
    return fixture->out.data;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words)) fail_msg("'%s' is not in:\n%s", words, text);
}

static void a_pass_has_a_case_for_each_check(void **state)
{
    struct fixture *fixture = *state;
    add_seed(fixture, 1, NULL);
    const char *text = write(fixture);
    assert_says(text, "<testsuites name=\"millrace\" tests=\"3\" failures=\"0\" errors=\"0\" "
                      "time=\"1.500\">");
    assert_says(text, "<testsuite name=\"hourly\" file=\"a/hourly.yaml\" tests=\"3\"");
    assert_says(text, "name=\"exactly_once\" time=\"0.000\"/>");
    assert_says(text, "name=\"watermarks\" time=\"0.000\"/>");
    assert_says(text, "name=\"run\" time=\"1.500\"/>");
    assert_null(strstr(text, "name=\"order\""));
}

static void a_finding_is_a_failure_with_witness_and_command(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness(MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    add_seed(fixture, 1, NULL);
    add_seed(fixture, 2, &witness);
    const char *text = write(fixture);
    assert_says(text, "tests=\"3\" failures=\"1\" errors=\"0\"");
    assert_says(
        text, "<failure type=\"LOSS\" message=\"LOSS in 1 of 2 seeds: it went wrong\">");
    assert_says(text, "<system-out>build/millrace run a/hourly.yaml --seed 2\n</system-out>");
    const char *detail = strstr(text, "<failure");
    assert_says(detail, "ORD");
}

static void an_expected_failure_is_a_pass(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness(MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
    fixture->scenario.expect = (struct mr_expectation){
        .is_failure = true, .check = MR_CHECK_EXACTLY_ONCE, .verdict = MR_VERDICT_DUPLICATE};
    add_seed(fixture, 3, &witness);
    const char *text = write(fixture);
    assert_says(text, "tests=\"4\" failures=\"0\" errors=\"0\"");
    assert_says(text, "name=\"expect\"");
    assert_says(text, "<system-out>as expected: DUPLICATE in 1 of 1 seeds: it went wrong\n");
    assert_null(strstr(text, "<failure"));
}

static void an_expected_failure_that_stays_away_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->scenario.expect = (struct mr_expectation){.is_failure = true,
        .check = MR_CHECK_EXACTLY_ONCE,
        .verdict = MR_VERDICT_DUPLICATE,
        .seeds_at_least = 5};
    add_seed(fixture, 3, NULL);
    const char *text = write(fixture);
    assert_says(text, "failures=\"1\" errors=\"0\"");
    assert_says(text, "stayed away: exactly_once DUPLICATE, in at least 5 seeds");
}

static void limits_and_lost_seeds_are_errors(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness(MR_CHECK_RUN, MR_VERDICT_LIMIT);
    add_seed(fixture, 1, &witness);
    const char *text = write(fixture);
    assert_says(text, "failures=\"0\" errors=\"1\"");
    assert_says(text, "<error type=\"LIMIT\"");
    fixture->out.bytes = 0;
    mr_tally_add_lost(&fixture->tally, (struct mr_lost_seed){.seed = 9, .signal = 6});
    text = write(fixture);
    assert_says(text, "failures=\"0\" errors=\"1\"");
    assert_says(text, "; Millrace itself died in 1 seeds\"");
    assert_says(text, "--seed 9\n");
}

static void a_missed_milestone_is_a_failure(void **state)
{
    struct fixture *fixture = *state;
    fixture->scenario.n_sometimes = 1;
    fixture->scenario.sometimes = fixture->sometimes;
    add_seed(fixture, 1, NULL);
    const char *text = write(fixture);
    assert_says(text, "name=\"sometimes\"");
    assert_says(text, "milestone rewound was reached in no seed");
}

static void divergence_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    add_seed(fixture, 1, NULL);
    fixture->tally.diverged = 2;
    assert_says(write(fixture), "<error type=\"DIVERGED\"");
}

/* Every byte once, in every place that comes from a user. */
static void any_bytes_give_valid_xml(void **state)
{
    struct fixture *fixture = *state;
    char all[256];
    for (int i = 1; i < 256; i++) all[i - 1] = (char)i;
    all[255] = '\0';
    fixture->scenario.name = all;
    fixture->scenario.path = "</testsuite>\xED\xA0\x80]]>&\"'";
    struct mr_witness witness = a_witness(MR_CHECK_LATE, MR_VERDICT_LATE);
    strcpy(witness.summary, all);
    memcpy(witness.key, all + 100, 155);
    strcpy(witness.cause, "\xEF\xBF\xBE and \xF4\x90\x80\x80 and \xE2\x82\xAC");
    add_seed(fixture, 1, &witness);
    const char *text = write(fixture);
    assert_says(text, "\xE2\x82\xAC");
    assert_null(strstr(text, "\xEF\xBF\xBE"));
}

static void a_suite_stands_for_each_scenario(void **state)
{
    struct fixture *fixture = *state;
    add_seed(fixture, 1, NULL);
    const struct mr_tally *tallies[] = {&fixture->tally, &fixture->tally};
    double seconds[] = {1.5, 2.25};
    mr_junit_write(&fixture->out, tallies, seconds, 2);
    assert_null(markup_problem(fixture->out.data));
    assert_int_equal(markup_count(fixture->out.data, "<testsuite "), 2);
    assert_says(fixture->out.data, "<testsuites name=\"millrace\" tests=\"6\" failures=\"0\" "
                                   "errors=\"0\" time=\"3.750\">");
}

static void no_scenario_is_a_valid_document(void **state)
{
    struct fixture *fixture = *state;
    mr_junit_write(&fixture->out, NULL, NULL, 0);
    assert_null(markup_problem(fixture->out.data));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, drop_fixture)
    const struct CMUnitTest tests[] = {
        TEST(a_pass_has_a_case_for_each_check),
        TEST(a_finding_is_a_failure_with_witness_and_command),
        TEST(an_expected_failure_is_a_pass),
        TEST(an_expected_failure_that_stays_away_fails),
        TEST(limits_and_lost_seeds_are_errors),
        TEST(a_missed_milestone_is_a_failure),
        TEST(divergence_is_an_error),
        TEST(any_bytes_give_valid_xml),
        TEST(a_suite_stands_for_each_scenario),
        TEST(no_scenario_is_a_valid_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
