/* What a person reads on the terminal. */
#include "tests/test.h"

#include <string.h>

#include "reports/terminal.h"

struct fixture {
    struct mr_fault_spec faults[2];
    enum mr_sometimes sometimes[1];
    struct mr_scenario scenario;
    struct mr_tally tally;
    struct mr_terminal_style style;
    struct mr_text out;
};

static int make_fixture(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->faults[0].fault.name = "crash-1";
    fixture->faults[1].fault.name = "partition-1";
    fixture->sometimes[0] = MR_SOMETIMES_REWOUND;
    fixture->scenario = (struct mr_scenario){.name = "hourly-departures",
        .path = "scenarios/library/hourly.yaml",
        .n_faults = 2,
        .faults = fixture->faults};
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

static void add_seed(struct fixture *fixture, uint64_t seed, const struct mr_witness *witness)
{
    struct mr_run_result *result = calloc(1, sizeof *result);
    *result = (struct mr_run_result){.seed = seed,
        .steps = 1000,
        .virtual_ns = 20 * MR_SECOND_NS,
        .faults_struck = 3,
        .counts = {.checkpoints = 19, .restores = 2, .rows_read = 16948}};
    if (witness) {
        result->n_findings = 1;
        result->finding_counts[0] = 3;
        result->findings[0] = *witness;
    }
    mr_tally_add(&fixture->tally, result);
    free(result);
}

static struct mr_witness a_witness(void)
{
    struct mr_witness witness = {.check = MR_CHECK_EXACTLY_ONCE,
        .verdict = MR_VERDICT_DUPLICATE,
        .at_ns = 12345 * MR_MS_NS,
        .step = 123456,
        .transform = "WriteToLog",
        .key = "\"ORD\"",
        .summary = "the hour of ORD was delivered 2 times",
        .cause = "the restore of checkpoint 7 lies between the deliveries",
        .expected = "{\"departures\": 41}",
        .actual = "{\"departures\": 82}",
        .n_inputs = 41,
        .inputs = {"flights[2]@1841 {\"delay\": 12}", "flights[2]@1842 {\"delay\": 3}",
            "flights[2]@1843 {}", "flights[2]@1844 {}", "flights[2]@1845 {}"}};
    assert_true(mr_timestamp_parse("2001-01-03T07:00:00Z", 20, &witness.window_start_us));
    witness.window_end_us = witness.window_start_us + 3600 * MR_SECOND_US;
    return witness;
}

static const char *show(struct fixture *fixture)
{
    mr_terminal_scenario(&fixture->out, &fixture->style, &fixture->tally, 2.0);
    return fixture->out.data;
}

static size_t lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words)) fail_msg("'%s' is not in:\n%s", words, text);
}

static void a_scenario_that_passed_is_one_line(void **state)
{
    struct fixture *fixture = *state;
    add_seed(fixture, 1, NULL);
    add_seed(fixture, 2, NULL);
    const char *text = show(fixture);
    assert_int_equal(lines(text), 1);
    assert_memory_equal(text, "PASS  hourly-departures ", 24);
    assert_says(text, " 2/2 seeds ");
    assert_says(text, " 40s simulated ");
    assert_says(text, " 20x real time ");
    assert_says(text, " 1.0 seeds/s ");
    assert_says(text, " 38 checkpoints ");
    assert_says(text, " 4 restores ");
    assert_says(text, " 0 late\n");
}

static void the_columns_of_two_scenarios_stand_below_each_other(void **state)
{
    struct fixture *fixture = *state;
    add_seed(fixture, 1, NULL);
    show(fixture);
    size_t first = fixture->out.bytes;
    fixture->scenario.name = "d\xC3\xA9lais"; /* six characters, seven bytes */
    for (uint64_t seed = 2; seed < 300; seed++) add_seed(fixture, seed, NULL);
    show(fixture);
    const char *one = fixture->out.data, *two = fixture->out.data + first;
    assert_int_equal(strstr(one, " seeds ") - one, strstr(two, " seeds ") - two - 1);
    assert_int_equal(strstr(one, " late") - one, strstr(two, " late") - two - 1);
}

static void what_does_not_fit_goes_to_the_next_line(void **state)
{
    struct fixture *fixture = *state;
    fixture->style.columns = 80;
    add_seed(fixture, 1, NULL);
    const char *text = show(fixture);
    assert_says(text, " 0 late\n");
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        assert_true(strchr(line, '\n') - line <= 80);
}

static void a_failure_is_told_with_its_witness(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness();
    add_seed(fixture, 1, NULL);
    add_seed(fixture, 4, &witness);
    const char *text = show(fixture);
    assert_memory_equal(text, "FAIL ", 5);
    assert_says(text, " 1/2 seeds ");
    assert_says(text, "exactly_once DUPLICATE\n    the hour of ORD was delivered 2 times\n");
    assert_says(text, "1 of 2 seeds, 3 times, first in seed 4\n");
    assert_says(text, "12.3s of virtual time, event 123,456, in WriteToLog\n");
    assert_says(text, "\"ORD\"\n");
    assert_says(text, "2001-01-03 07:00 to 08:00\n");
    assert_says(text, "{\"departures\": 41}\n");
    assert_says(text, "{\"departures\": 82}\n");
    assert_says(text, "flights[2]@1845 {}\n");
    assert_says(text, "and 36 more\n");
    assert_says(text, "the restore of checkpoint 7 lies between");
    assert_says(text, "faults struck: crash-1 in 2 of 2 seeds, partition-1 in 2\n");
    assert_says(text, " build/millrace run scenarios/library/hourly.yaml --seed 4\n");
}

static void the_command_carries_the_options_and_quotes_the_path(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness();
    fixture->scenario.path = "my scenarios/it's.yaml";
    fixture->style.options = "--plant lose_ack";
    add_seed(fixture, 9, &witness);
    assert_says(show(fixture),
        "build/millrace run 'my scenarios/it'\\''s.yaml' --seed 9 --plant lose_ack\n");
}

static void an_expected_failure_is_a_pass_that_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness();
    fixture->scenario.expect = (struct mr_expectation){.is_failure = true,
        .check = MR_CHECK_EXACTLY_ONCE,
        .verdict = MR_VERDICT_DUPLICATE,
        .seeds_at_least = 1};
    add_seed(fixture, 1, NULL);
    add_seed(fixture, 2, &witness);
    const char *text = show(fixture);
    assert_memory_equal(text, "PASS ", 5);
    assert_says(text, " 2/2 seeds ");
    assert_says(
        text, "as expected: exactly_once DUPLICATE in 1 of 2 seeds (at least 1 asked for)\n");
    assert_says(text, "seed 2: the hour of ORD was delivered 2 times; key \"ORD\"; window "
                      "2001-01-03 07:00 to 08:00\n    cause: the restore of checkpoint 7");
    assert_says(text, "--seed 2\n");
    assert_null(strstr(text, "faults struck"));
}

static void an_expected_failure_that_stays_away_is_a_failure(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness();
    fixture->scenario.expect = (struct mr_expectation){.is_failure = true,
        .check = MR_CHECK_EXACTLY_ONCE,
        .verdict = MR_VERDICT_DUPLICATE,
        .seeds_at_least = 20};
    add_seed(fixture, 2, &witness);
    const char *text = show(fixture);
    assert_memory_equal(text, "FAIL ", 5);
    assert_says(text, "stayed away: exactly_once DUPLICATE in 1 of 1 seeds, at least 20");
}

static void an_expectation_over_a_part_of_the_seeds_is_left_open(void **state)
{
    struct fixture *fixture = *state;
    fixture->tally.is_whole = false;
    fixture->scenario.expect = (struct mr_expectation){.is_failure = true,
        .check = MR_CHECK_LATE,
        .verdict = MR_VERDICT_LATE,
        .seeds_at_least = 20};
    add_seed(fixture, 2, NULL);
    const char *text = show(fixture);
    assert_memory_equal(text, "PASS ", 5);
    assert_says(text, "late LATE is expected in at least 20 seeds: not judged over a part");
}

static void missed_milestones_and_idle_faults_are_named(void **state)
{
    struct fixture *fixture = *state;
    fixture->scenario.n_sometimes = 1;
    fixture->scenario.sometimes = fixture->sometimes;
    add_seed(fixture, 1, NULL);
    fixture->tally.faults_struck = 1;
    fixture->tally.fault_seeds[1] = 0;
    const char *text = show(fixture);
    assert_memory_equal(text, "FAIL ", 5);
    assert_says(text, "milestone rewound was reached in no seed: a job was restarted");
    assert_says(text, "the fault 'partition-1' struck in no seed\n");
    assert_null(strstr(text, "'crash-1' struck in no seed"));
}

static void a_lost_seed_is_named_with_its_signal(void **state)
{
    struct fixture *fixture = *state;
    add_seed(fixture, 1, NULL);
    mr_tally_add_lost(&fixture->tally, (struct mr_lost_seed){.seed = 7, .signal = 11});
    mr_tally_add_lost(&fixture->tally, (struct mr_lost_seed){.seed = 8, .code = 3});
    const char *text = show(fixture);
    assert_memory_equal(text, "LOST ", 5);
    assert_says(text, " 1/3 seeds ");
    assert_says(text, "seed 7: Millrace itself died: signal 11 (SIGSEGV)\n");
    assert_says(text, "seed 8: Millrace itself died: exit code 3\n");
    assert_says(text, "--seed 7\n");
}

static void colour_is_only_where_it_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness();
    add_seed(fixture, 1, &witness);
    assert_null(strchr(show(fixture), '\033'));
    fixture->out.bytes = 0;
    fixture->style.has_color = true;
    const char *text = show(fixture);
    assert_says(text, "\033[1;31mFAIL\033[0m");
    size_t begins = 0, ends = 0;
    for (const char *at = text; (at = strstr(at, "\033[")); at += 2) {
        bool is_end = strncmp(at, "\033[0m", 4) == 0;
        begins += !is_end;
        ends += is_end;
    }
    assert_int_equal(begins, ends);
}

/* Keys and rows come from a user's data, and may hold anything. */
static void foreign_text_cannot_command_the_terminal(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness();
    strcpy(witness.key, "\033[2J\xFF\a\xC0\xAF");
    strcpy(witness.summary, "one\ntwo");
    add_seed(fixture, 1, &witness);
    const char *text = show(fixture);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\a'));
    assert_null(strchr(text, '\xFF'));
    assert_null(strstr(text, "\xC0\xAF"));
    assert_says(text, "\xEF\xBF\xBD[2J");
    assert_says(text, "    one two\n");
}

static void long_sentences_break_between_words(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness();
    for (int i = 0; i < 40; i++) strcat(witness.cause, " word");
    fixture->style.columns = 72;
    add_seed(fixture, 1, &witness);
    const char *text = show(fixture);
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        if (strstr(line, "build/millrace") < strchr(line, '\n') &&
            strstr(line, "build/millrace"))
            continue; /* a command is never broken */
        assert_true(strchr(line, '\n') - line <= 72);
    }
    assert_says(text, "\n                  word word");
}

static void a_single_witness_has_no_seeds(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness();
    mr_terminal_witness(&fixture->out, &fixture->style, &witness, 3, "repeat it");
    assert_says(fixture->out.data, "found in      3 times\n");
    assert_says(fixture->out.data, "repeat it\n");
    assert_null(strstr(fixture->out.data, "seeds"));
}

static void the_summary_counts_verdicts_and_names_what_did_not_pass(void **state)
{
    struct fixture *fixture = *state;
    struct mr_witness witness = a_witness();
    add_seed(fixture, 1, NULL);
    struct mr_scenario other = fixture->scenario;
    other.name = "the-other";
    struct mr_tally *failed = calloc(1, sizeof *failed);
    mr_tally_init(failed, &other, true);
    *failed = fixture->tally;
    failed->scenario = &other;
    struct mr_run_result *result = calloc(1, sizeof *result);
    result->seed = 2;
    result->n_findings = 1;
    result->findings[0] = witness;
    mr_tally_add(failed, result);
    const struct mr_tally *tallies[] = {&fixture->tally, failed};
    mr_terminal_summary(&fixture->out, &fixture->style, tallies, 2, 4.0);
    assert_says(fixture->out.data, "2 scenarios: 1 passed, 1 failed\n");
    assert_says(fixture->out.data, "FAIL  the-other  scenarios/library/hourly.yaml\n");
    assert_says(fixture->out.data, "3 seeds, 40s of virtual time, 2,000 events, in 4s (");
    assert_says(fixture->out.data, "33.8k rows read");
    free(result);
    free(failed);
}

static void the_live_line_is_cut_to_the_width(void **state)
{
    struct fixture *fixture = *state;
    mr_terminal_progress(&fixture->out, &fixture->style, &fixture->tally, 50, 200, 5.0);
    assert_string_equal(
        fixture->out.data, "hourly-departures  50/200 seeds  10/s  0 failed  15s to go");
    for (uint32_t columns = 1; columns < 80; columns++) {
        fixture->out.bytes = 0;
        fixture->style.columns = columns;
        mr_terminal_progress(&fixture->out, &fixture->style, &fixture->tally, 50, 200, 5.0);
        assert_true(fixture->out.bytes <= columns);
    }
}

static void the_live_line_shortens_the_name_first(void **state)
{
    struct fixture *fixture = *state;
    fixture->style.columns = 52;
    mr_terminal_progress(&fixture->out, &fixture->style, &fixture->tally, 50, 200, 5.0);
    assert_int_equal(fixture->out.bytes, 52);
    assert_says(fixture->out.data, "  50/200 seeds  10/s  0 failed  15s to go");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, drop_fixture)
    const struct CMUnitTest tests[] = {
        TEST(a_scenario_that_passed_is_one_line),
        TEST(the_columns_of_two_scenarios_stand_below_each_other),
        TEST(what_does_not_fit_goes_to_the_next_line),
        TEST(a_failure_is_told_with_its_witness),
        TEST(the_command_carries_the_options_and_quotes_the_path),
        TEST(an_expected_failure_is_a_pass_that_says_so),
        TEST(an_expected_failure_that_stays_away_is_a_failure),
        TEST(an_expectation_over_a_part_of_the_seeds_is_left_open),
        TEST(missed_milestones_and_idle_faults_are_named),
        TEST(a_lost_seed_is_named_with_its_signal),
        TEST(colour_is_only_where_it_was_asked_for),
        TEST(foreign_text_cannot_command_the_terminal),
        TEST(long_sentences_break_between_words),
        TEST(a_single_witness_has_no_seeds),
        TEST(the_summary_counts_verdicts_and_names_what_did_not_pass),
        TEST(the_live_line_is_cut_to_the_width),
        TEST(the_live_line_shortens_the_name_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
