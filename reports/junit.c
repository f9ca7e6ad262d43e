#include "reports/junit.h"

#include <string.h>

#include "base/point.h"
#include "reports/terminal.h"
#include "reports/text.h"

/* Every check, and behind them whether the expected failure came. */
enum { CASE_EXPECT = MR_CHECKS, CASES };

/* A test case: what a check found over all seeds. */
struct test_case {
    bool is_there;
    const char *outcome;    /* "failure" or "error"; NULL: it passed */
    struct mr_text message; /* one line */
    struct mr_text type;
    struct mr_text detail;
    struct mr_text output; /* the commands that repeat it, and what was expected */
};

struct suite {
    const struct mr_tally *tally;
    double seconds;
    struct test_case cases[CASES];
};

static const char *case_name(int index)
{
    return index == CASE_EXPECT ? "expect" : mr_check_name((enum mr_check)index);
}

/* The first thing wrong gives the message; all of them stand in the detail. */
static void begin_problem(struct test_case *test, const char *outcome, const char *type)
{
    test->is_there = true;
    if (!test->outcome || strcmp(outcome, "error") == 0) test->outcome = outcome;
    if (test->type.bytes == 0) mr_text_add(&test->type, type, strlen(type));
    if (test->message.bytes) mr_text_printf(&test->message, "; ");
}

static void add_command(struct test_case *test, const struct mr_tally *tally, uint64_t seed)
{
    mr_text_command(&test->output, tally->scenario->path, seed, NULL);
    mr_text_add(&test->output, "\n", 1);
}

static void add_unexpected(struct suite *suite, const struct mr_tally_finding *finding)
{
    struct test_case *test = &suite->cases[finding->check];
    bool is_limit = finding->check == MR_CHECK_RUN || finding->verdict == MR_VERDICT_LIMIT;
    begin_problem(test, is_limit ? "error" : "failure", mr_verdict_name(finding->verdict));
    mr_text_printf(&test->message, "%s in %llu of %llu seeds: %s",
        mr_verdict_name(finding->verdict), (unsigned long long)finding->seeds,
        (unsigned long long)suite->tally->seeds, finding->witness.summary);
    struct mr_terminal_style style = {0};
    struct mr_text command = {0};
    mr_text_command(&command, suite->tally->scenario->path, finding->first_seed, NULL);
    mr_terminal_witness(&test->detail, &style, &finding->witness, finding->count, command.data);
    mr_text_deinit(&command);
    add_command(test, suite->tally, finding->first_seed);
}

static void add_expected(struct suite *suite, const struct mr_tally_finding *finding)
{
    struct test_case *test = &suite->cases[finding->check];
    test->is_there = true;
    mr_text_printf(&test->output, "as expected: %s in %llu of %llu seeds: %s\n",
        mr_verdict_name(finding->verdict), (unsigned long long)finding->seeds,
        (unsigned long long)suite->tally->seeds, finding->witness.summary);
    add_command(test, suite->tally, finding->first_seed);
}

static void fill_findings(struct suite *suite)
{
    const struct mr_tally *tally = suite->tally;
    for (uint32_t i = 0; i < tally->n_findings; i++) {
        const struct mr_tally_finding *finding = &tally->findings[i];
        MR_ASSERT(finding->check < MR_CHECKS);
        if (finding->is_expected)
            add_expected(suite, finding);
        else
            add_unexpected(suite, finding);
    }
}

static void fill_milestones(struct suite *suite)
{
    struct test_case *test = &suite->cases[MR_CHECK_SOMETIMES];
    if (suite->tally->scenario->n_sometimes) test->is_there = true;
    uint64_t missed = mr_tally_missed(suite->tally);
    for (int i = 0; i < MR_SOMETIMES_COUNT; i++) {
        if (!(missed >> i & 1)) continue;
        begin_problem(test, "failure", "MISSED");
        mr_text_printf(
            &test->message, "milestone %s was reached in no seed", mr_sometimes[i].name);
        mr_text_printf(&test->detail, "%s: %s\n", mr_sometimes[i].name, mr_sometimes[i].about);
    }
}

static void fill_expectation(struct suite *suite)
{
    const struct mr_expectation *expect = &suite->tally->scenario->expect;
    if (!expect->is_failure) return;
    struct test_case *test = &suite->cases[CASE_EXPECT];
    test->is_there = true;
    if (mr_tally_expectation_holds(suite->tally)) return;
    begin_problem(test, "failure", "STAYED_AWAY");
    mr_text_printf(&test->message,
        "the expected failure stayed away: %s %s, in at least %u seeds",
        mr_check_name(expect->check), mr_verdict_name(expect->verdict),
        expect->seeds_at_least ? expect->seeds_at_least : 1);
}

static void fill_lost(struct suite *suite)
{
    const struct mr_tally *tally = suite->tally;
    if (tally->n_lost == 0) return;
    struct test_case *test = &suite->cases[MR_CHECK_RUN];
    begin_problem(test, "error", "LOST");
    mr_text_printf(&test->message, "Millrace itself died in %llu seeds",
        (unsigned long long)tally->n_lost);
    uint64_t n = tally->n_lost < MR_TALLY_LOST_MAX ? tally->n_lost : MR_TALLY_LOST_MAX;
    for (uint64_t i = 0; i < n; i++) {
        const struct mr_lost_seed *lost = &tally->lost[i];
        mr_text_printf(&test->detail, "seed %llu: ", (unsigned long long)lost->seed);
        mr_text_death(&test->detail, lost->signal, lost->code);
        mr_text_add(&test->detail, "\n", 1);
        add_command(test, tally, lost->seed);
    }
}

static void fill_divergence(struct suite *suite)
{
    const struct mr_tally *tally = suite->tally;
    if (tally->diverged == 0 && tally->universe_failures == 0) return;
    struct test_case *test = &suite->cases[MR_CHECK_RUN];
    begin_problem(test, "error", "DIVERGED");
    mr_text_printf(&test->message,
        "two runs of a seed differed: %llu seeds, %llu trials of the universe test",
        (unsigned long long)tally->diverged, (unsigned long long)tally->universe_failures);
}

static void fill(struct suite *suite)
{
    for (int i = 0; i < MR_CHECKS; i++)
        suite->cases[i].is_there =
            suite->tally->scenario->check.enabled[i] && i != MR_CHECK_SOMETIMES;
    suite->cases[MR_CHECK_RUN].is_there = true;
    fill_findings(suite);
    fill_milestones(suite);
    fill_expectation(suite);
    fill_lost(suite);
    fill_divergence(suite);
}

/* XML. */

static void add_element(struct mr_text *out, const char *name, const struct mr_text *text)
{
    if (text->bytes == 0) return;
    mr_text_printf(out, "      <%s>", name);
    mr_text_markup(out, text->data);
    mr_text_printf(out, "</%s>\n", name);
}

static void add_problem(struct mr_text *out, const struct test_case *test)
{
    mr_text_printf(out, "      <%s type=\"%s\" message=\"", test->outcome, test->type.data);
    mr_text_markup(out, test->message.data);
    mr_text_printf(out, "\">");
    mr_text_markup(out, test->detail.data ? test->detail.data : test->message.data);
    mr_text_printf(out, "</%s>\n", test->outcome);
}

/* The wall time cannot be told apart by check: it stands at the case `run`. */
static void add_case(struct mr_text *out, const struct suite *suite, int index)
{
    const struct test_case *test = &suite->cases[index];
    mr_text_printf(out, "    <testcase classname=\"");
    mr_text_markup(out, suite->tally->scenario->name);
    mr_text_printf(out, "\" name=\"%s\" time=\"%.3f\"", case_name(index),
        index == MR_CHECK_RUN ? suite->seconds : 0.0);
    if (!test->outcome && test->output.bytes == 0) {
        mr_text_printf(out, "/>\n");
        return;
    }
    mr_text_printf(out, ">\n");
    if (test->outcome) add_problem(out, test);
    add_element(out, "system-out", &test->output);
    mr_text_printf(out, "    </testcase>\n");
}

struct counts {
    int tests;
    int failures;
    int errors;
};

static struct counts count_cases(const struct suite *suite)
{
    struct counts counts = {0};
    for (int i = 0; i < CASES; i++) {
        const struct test_case *test = &suite->cases[i];
        bool is_error = test->outcome && strcmp(test->outcome, "error") == 0;
        counts.tests += test->is_there;
        counts.errors += is_error;
        counts.failures += test->outcome && !is_error;
    }
    return counts;
}

static void add_counts(struct mr_text *out, struct counts counts, double seconds)
{
    mr_text_printf(out, " tests=\"%d\" failures=\"%d\" errors=\"%d\" time=\"%.3f\">\n",
        counts.tests, counts.failures, counts.errors, seconds);
}

static void add_suite(struct mr_text *out, const struct suite *suite)
{
    mr_text_printf(out, "  <testsuite name=\"");
    mr_text_markup(out, suite->tally->scenario->name);
    mr_text_printf(out, "\" file=\"");
    mr_text_markup(out, suite->tally->scenario->path);
    mr_text_printf(out, "\"");
    add_counts(out, count_cases(suite), suite->seconds);
    for (int i = 0; i < CASES; i++)
        if (suite->cases[i].is_there) add_case(out, suite, i);
    mr_text_printf(out, "  </testsuite>\n");
}

static void deinit_suite(struct suite *suite)
{
    for (int i = 0; i < CASES; i++) {
        mr_text_deinit(&suite->cases[i].message);
        mr_text_deinit(&suite->cases[i].type);
        mr_text_deinit(&suite->cases[i].detail);
        mr_text_deinit(&suite->cases[i].output);
    }
}

/* Tests of pipelines. */

static void add_test(struct mr_text *out, const struct mr_junit_test *test)
{
    mr_text_printf(out, "    <testcase classname=\"");
    mr_text_markup(out, test->file);
    mr_text_printf(out, "\" name=\"");
    mr_text_markup(out, test->name);
    mr_text_printf(out, "\" time=\"0.000\"%s>\n", test->outcome ? "" : "/");
    if (!test->outcome) return;
    mr_text_printf(out, "      <%s message=\"", test->outcome);
    struct mr_text line = {0};
    mr_text_add(&line, test->detail, strcspn(test->detail, "\n"));
    mr_text_markup(out, line.data ? line.data : "");
    mr_text_deinit(&line);
    mr_text_printf(out, "\">");
    mr_text_markup(out, test->detail);
    mr_text_printf(out, "</%s>\n    </testcase>\n", test->outcome);
}

/* The suite of the file of tests[0]; how many tests it has. */
static size_t add_test_suite(
    struct mr_text *out, const struct mr_junit_test *tests, size_t n, struct counts *all)
{
    struct counts counts = {0};
    size_t end = 0;
    for (; end < n && strcmp(tests[end].file, tests[0].file) == 0; end++) {
        const char *outcome = tests[end].outcome;
        bool is_error = outcome && strcmp(outcome, "error") == 0;
        counts.tests++;
        counts.errors += is_error;
        counts.failures += outcome && !is_error;
    }
    mr_text_printf(out, "  <testsuite name=\"");
    mr_text_markup(out, tests[0].file);
    mr_text_printf(out, "\" file=\"");
    mr_text_markup(out, tests[0].file);
    mr_text_printf(out, "\"");
    add_counts(out, counts, 0);
    for (size_t i = 0; i < end; i++) add_test(out, &tests[i]);
    mr_text_printf(out, "  </testsuite>\n");
    all->tests += counts.tests;
    all->failures += counts.failures;
    all->errors += counts.errors;
    return end;
}

void mr_junit_write_all(struct mr_text *out, const struct mr_tally *const *tallies,
    const double *seconds, size_t n_tallies, const struct mr_junit_test *tests, size_t n_tests)
{
    struct counts all = {0};
    double all_seconds = 0;
    struct mr_text suites = {0};
    for (size_t i = 0; i < n_tallies; i++) {
        struct suite suite = {.tally = tallies[i], .seconds = seconds[i]};
        fill(&suite);
        add_suite(&suites, &suite);
        struct counts counts = count_cases(&suite);
        all.tests += counts.tests;
        all.failures += counts.failures;
        all.errors += counts.errors;
        all_seconds += seconds[i];
        deinit_suite(&suite);
    }
    for (size_t i = 0; i < n_tests;)
        i += add_test_suite(&suites, &tests[i], n_tests - i, &all);
    mr_text_printf(
        out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"millrace\"");
    add_counts(out, all, all_seconds);
    mr_text_add(out, suites.data ? suites.data : "", suites.bytes);
    mr_text_printf(out, "</testsuites>\n");
    mr_text_deinit(&suites);
}

void mr_junit_write(struct mr_text *out, const struct mr_tally *const *tallies,
    const double *seconds, size_t n_tallies)
{
    mr_junit_write_all(out, tallies, seconds, n_tallies, NULL, 0);
}
