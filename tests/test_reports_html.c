/* The HTML page of a record that is filled by hand. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "reports/html.h"
#include "tests/reports_markup.h"

struct fixture {
    char path[64];
    struct mr_topic topics[2];
    struct mr_stream_config stream;
    struct mr_fault_spec faults[2];
    enum mr_sometimes sometimes[2];
    struct mr_scenario scenario;
    struct mr_tally *tally;
    struct mr_run_result *result;
    struct mr_store *store;
    struct mr_text page;
    struct mr_err err;
};

static void fill_scenario(struct fixture *fixture)
{
    fixture->topics[0] =
        (struct mr_topic){.name = "flights", .n_partitions = 2, .stream = &fixture->stream};
    fixture->topics[1] = (struct mr_topic){.name = "hourly", .n_partitions = 2};
    fixture->faults[0].fault = (struct mr_fault){.name = "crash-1", .kind = MR_FAULT_CRASH};
    fixture->faults[1].fault = (struct mr_fault){.name = "cut-1", .kind = MR_FAULT_PARTITION};
    fixture->sometimes[0] = MR_SOMETIMES_WORKER_RESTARTED;
    fixture->sometimes[1] = MR_SOMETIMES_REWOUND;
    fixture->scenario = (struct mr_scenario){.name = "hourly-departures",
        .about = "A worker dies while windows are open.",
        .path = "/somewhere/hourly.yaml",
        .n_topics = 2,
        .topics = fixture->topics,
        .n_faults = 2,
        .faults = fixture->faults,
        .n_sometimes = 2,
        .sometimes = fixture->sometimes,
        .seeds = 3,
        .first_seed = 1};
}

static int make_fixture(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->tally = calloc(1, sizeof *fixture->tally);
    fixture->result = calloc(1, sizeof *fixture->result);
    snprintf(
        fixture->path, sizeof fixture->path, "/tmp/test_reports_html.%ld.mrr", (long)getpid());
    fill_scenario(fixture);
    mr_tally_init(fixture->tally, &fixture->scenario, true);
    struct mr_build build = {.version = "0.1.0", .commit = "abc123", .compiler = "gcc"};
    if (!mr_store_create(fixture->path, &build, &fixture->store, &fixture->err))
        fail_msg("%s", fixture->err.msg);
    *state = fixture;
    return 0;
}

static int drop_fixture(void **state)
{
    struct fixture *fixture = *state;
    mr_store_close(fixture->store);
    unlink(fixture->path);
    mr_text_deinit(&fixture->page);
    free(fixture->tally);
    free(fixture->result);
    free(fixture);
    return 0;
}

/* A seed; `verdict` PASS: nothing was found. Returns the run's id. */
static int64_t add_seed(
    struct fixture *fixture, int64_t scenario, uint64_t seed, enum mr_verdict verdict)
{
    struct mr_run_result *result = fixture->result;
    memset(result, 0, sizeof *result);
    result->seed = seed;
    result->digest = 0xfeed;
    result->steps = 54321;
    result->virtual_ns = 20 * MR_SECOND_NS;
    result->counts = (struct mr_checks_counts){.checkpoints = 19, .restores = 2};
    result->sometimes = UINT64_C(1) << MR_SOMETIMES_WORKER_RESTARTED;
    result->faults_struck = 1;
    if (verdict != MR_VERDICT_PASS) {
        result->n_findings = 1;
        result->finding_counts[0] = 3;
        result->findings[0] = (struct mr_witness){.check = MR_CHECK_EXACTLY_ONCE,
            .verdict = verdict,
            .at_ns = 12 * MR_SECOND_NS,
            .step = 33333,
            .key = "{\"origin\": \"ORD\"}",
            .window_start_us = 978505200 * MR_SECOND_US,
            .window_end_us = 978508800 * MR_SECOND_US,
            .summary = "<script>alert(1)</script> & one hour twice",
            .cause = "the restore of checkpoint 7",
            .expected = "{\"departures\": 41}",
            .actual = "{\"departures\": 82}",
            .n_inputs = 41,
            .inputs = {"flights[0]@17 {\"delay\": 12}", "flights[0]@18 {}", "flights[0]@19 {}",
                "flights[0]@20 {}", "flights[0]@21 {}"}};
    }
    mr_tally_add(fixture->tally, result);
    return mr_store_add_run(
        fixture->store, scenario, result, mr_run_is_unexpected(&fixture->scenario, result));
}

/* 20 virtual seconds: 10,000 rows, a crash, a partition, checkpoints, late rows. */
static void record_run(struct fixture *fixture, int64_t run)
{
    struct mr_recorder recorder =
        mr_store_recorder(fixture->store, run, &fixture->scenario, "seeds: 4 # <manifest>\n");
    void *self = recorder.self;
    mr_us day_us = 978480000 * MR_SECOND_US;
    for (int i = 0; i < 10000; i++)
        recorder.input(self, 0, (uint32_t)i % 2, i / 2, (mr_ns)i * 2 * MR_MS_NS,
            day_us + (mr_us)i * 8 * MR_SECOND_US - i % 97 * 60 * MR_SECOND_US);
    for (int i = 0; i < 200; i++) {
        mr_ns at_ns = (mr_ns)i * 100 * MR_MS_NS;
        recorder.backlog(self, at_ns, 0, i % 40 * 10);
        recorder.watermark(self, at_ns, "ReadFromLog", 0, 1, i ? day_us : MR_US_MIN);
        recorder.watermark(self, at_ns, "Combine", (uint32_t)i % 2, 1,
            i == 199 ? MR_US_GLOBAL_END : day_us + (mr_us)i * 380 * MR_SECOND_US);
        if (i % 10 == 0) recorder.checkpoint(self, at_ns, (uint64_t)i, 1, "triggered", 0);
        if (i % 10 == 2)
            recorder.checkpoint(
                self, at_ns, (uint64_t)i - 2, 1, i == 82 ? "aborted" : "completed", 512);
    }
    recorder.late(self, 9 * MR_SECOND_NS, "Combine", 0, day_us, day_us, day_us + 1, day_us + 2);
    recorder.fault(self, 7 * MR_SECOND_NS, "crash-1", "crash", "worker-1", true);
    recorder.process(self, 7 * MR_SECOND_NS, "worker-1", "crashed");
    recorder.process(self, 9 * MR_SECOND_NS, "worker-1", "restarted");
    recorder.fault(self, 9 * MR_SECOND_NS, "crash-1", "crash", "worker-1", false);
    recorder.fault(self, 12 * MR_SECOND_NS, "cut-1", "partition", "worker-2", true);
    recorder.fault(self, 14 * MR_SECOND_NS, "cut-1", "partition", "worker-2", false);
    recorder.checkpoint(self, 9 * MR_SECOND_NS, 70, 2, "restored", 0);
    recorder.job(self, 9 * MR_SECOND_NS, 2, "running", "");
    recorder.job(self, 16 * MR_SECOND_NS, 2, "stopped", "");
    recorder.job(self, 17 * MR_SECOND_NS, 3, "starting", "");
    mr_store_end_recording(fixture->store, fixture->result);
}

static void reopen(struct fixture *fixture)
{
    if (!mr_store_finish(fixture->store, &fixture->err)) fail_msg("%s", fixture->err.msg);
    mr_store_close(fixture->store);
    fixture->store = NULL;
    if (!mr_store_open(fixture->path, &fixture->store, &fixture->err))
        fail_msg("%s", fixture->err.msg);
}

static const char *write_page(struct fixture *fixture)
{
    bool is_without_pictures = true;
    reopen(fixture);
    if (!mr_html_write(&fixture->page, fixture->store, &is_without_pictures, &fixture->err))
        fail_msg("%s", fixture->err.msg);
    assert_false(is_without_pictures);
    const char *problem = markup_problem(fixture->page.data);
    if (problem) fail_msg("%s", problem);
    return fixture->page.data;
}

/* Three seeds, of which the second found a duplicate and is recorded. */
static void fill_store(struct fixture *fixture)
{
    int64_t scenario = mr_store_add_scenario(fixture->store, &fixture->scenario);
    add_seed(fixture, scenario, 1, MR_VERDICT_PASS);
    add_seed(fixture, scenario, 3, MR_VERDICT_PASS);
    int64_t run = add_seed(fixture, scenario, 4, MR_VERDICT_DUPLICATE);
    mr_store_add_tally(fixture->store, scenario, fixture->tally);
    record_run(fixture, run);
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words)) fail_msg("'%s' is not in the page", words);
}

static void a_page_has_verdicts_tables_and_sections(void **state)
{
    struct fixture *fixture = *state;
    fill_store(fixture);
    const char *page = write_page(fixture);
    assert_says(page, "1 of 1 scenarios failed</h1>");
    assert_says(page, "<a href=\"#scenario-1\">hourly-departures</a>");
    assert_says(page, "<section id=\"scenario-1\">");
    assert_says(page, "A worker dies while windows are open.");
    assert_says(page, "<h3>Findings over all seeds</h3>");
    assert_says(page, "<h3>Milestones</h3>");
    assert_says(
        page, "<li class=\"reached\" title=\"a worker came back after a crash\">worker");
    assert_says(page, "rewound: in no seed</li>");
    assert_says(page, "crash-1: in 3 seeds</li>");
    assert_says(page, "cut-1: struck in no seed</li>");
    assert_says(page, "abc123");
}

static void the_table_counts_what_the_seeds_did(void **state)
{
    struct fixture *fixture = *state;
    fill_store(fixture);
    const char *row = strstr(write_page(fixture), "<a href=\"#scenario-1\">");
    static const char *const cells[] = {"3", "0", "1", "57", "6", "0"};
    for (int i = 0; i < 6; i++) {
        row = strstr(row, "<td class=\"number");
        assert_non_null(row);
        row = strchr(row, '>') + 1;
        assert_memory_equal(row, cells[i], strlen(cells[i]));
        assert_int_equal(row[strlen(cells[i])], '<');
    }
    assert_says(row, ">1m</td></tr>"); /* of virtual time */
}

static void a_recorded_run_has_pictures_witness_and_manifest(void **state)
{
    struct fixture *fixture = *state;
    fill_store(fixture);
    const char *page = write_page(fixture), *run = strstr(page, "<article id=\"run-3\">");
    assert_non_null(run);
    assert_says(run, "<h3>Seed 4: DUPLICATE</h3>");
    assert_says(run, "run /somewhere/hourly.yaml --seed 4</code>");
    assert_int_equal(markup_count(run, "<svg"), 2);
    assert_says(run, ">dropped as late</text>");
    assert_says(run, ">watermark of Combine</text>");
    assert_says(run, ">completed checkpoint</text>");
    assert_says(run, ">aborted checkpoint</text>");
    assert_says(run, ">process down</text>");
    assert_says(run, "crash-1: worker-1 down, at 7.000 s for 2s</li>");
    assert_says(run, "cut-1: partition at worker-2, at 12.000 s for 2s</li>");
    assert_says(run, "the job was stopped, at 16.000 s for 1s</li>");
    assert_says(run, "seeds: 4 # &lt;manifest&gt;");
    assert_says(run, "<th>window</th><td>2001-01-03 07:00 to 08:00</td>");
    assert_says(run, "<th>expected</th><td><code>{&quot;departures&quot;: 41}</code>");
    assert_says(run, "and 36 more");
}

static void text_of_the_user_cannot_become_markup(void **state)
{
    struct fixture *fixture = *state;
    fixture->scenario.name = "<script>alert('name')</script>";
    fixture->scenario.about = "\"><img src=x>";
    fixture->scenario.path = "/a/</pre><script>.yaml";
    fixture->topics[0].name = "</svg><script>x";
    fixture->faults[1].fault.name = "<b>";
    fill_store(fixture);
    const char *page = write_page(fixture);
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "<img"));
    assert_null(strstr(page, "<b>:"));
    assert_says(page, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; one hour twice");
}

static void nothing_is_loaded_from_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    fill_store(fixture);
    const char *page = write_page(fixture);
    static const char *const loads[] = {" src=", "href=\"http", "href='http", "url(http",
        "url(//", "@import", "<link", "<script"};
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++)
        if (strstr(page, loads[i])) fail_msg("the page has %s", loads[i]);
}

/* 10,000 rows would be some megabytes. */
static void points_are_thinned_out(void **state)
{
    struct fixture *fixture = *state;
    fill_store(fixture);
    const char *page = write_page(fixture);
    assert_in_range(markup_count(page, "<use "), 1000, 4500);
}

static void the_same_record_gives_the_same_page(void **state)
{
    struct fixture *fixture = *state;
    fill_store(fixture);
    write_page(fixture);
    struct mr_text again = {0};
    bool is_without_pictures;
    assert_true(mr_html_write(&again, fixture->store, &is_without_pictures, &fixture->err));
    assert_string_equal(again.data, fixture->page.data);
    mr_text_deinit(&again);
}

static void a_record_without_recorded_runs_is_a_page(void **state)
{
    struct fixture *fixture = *state;
    int64_t scenario = mr_store_add_scenario(fixture->store, &fixture->scenario);
    add_seed(fixture, scenario, 1, MR_VERDICT_PASS);
    fixture->tally->sometimes = UINT64_MAX;
    mr_store_add_tally(fixture->store, scenario, fixture->tally);
    const char *page = write_page(fixture);
    assert_says(page, "1 scenario passed</h1>");
    assert_says(page, "No check found anything.");
    assert_null(strstr(page, "<article"));
    assert_null(strstr(page, "<svg"));
}

static void an_expected_failure_is_told_as_expected(void **state)
{
    struct fixture *fixture = *state;
    fixture->scenario.expect = (struct mr_expectation){.is_failure = true,
        .check = MR_CHECK_EXACTLY_ONCE,
        .verdict = MR_VERDICT_DUPLICATE,
        .seeds_at_least = 1};
    fixture->scenario.n_sometimes = 1;
    fill_store(fixture);
    const char *page = write_page(fixture);
    assert_says(page, "1 scenario passed</h1>");
    assert_says(page, "Expects <b>exactly_once DUPLICATE</b> in at least 1 seeds");
    assert_says(page, ": as expected.</p>");
    assert_says(page, "<span class=\"badge expected\">DUPLICATE</span>");
}

static void a_lost_seed_is_named(void **state)
{
    struct fixture *fixture = *state;
    int64_t scenario = mr_store_add_scenario(fixture->store, &fixture->scenario);
    struct mr_lost_seed lost = {.seed = 17, .signal = 11};
    mr_store_add_lost(fixture->store, scenario, lost);
    mr_tally_add_lost(fixture->tally, lost);
    mr_store_add_tally(fixture->store, scenario, fixture->tally);
    const char *page = write_page(fixture);
    assert_says(page, "Seed 17 is lost: Millrace itself died: signal 11 (SIGSEGV)");
    assert_says(page, "<span class=\"badge lost\">lost</span>");
}

static void an_empty_record_is_a_page(void **state)
{
    struct fixture *fixture = *state;
    assert_says(write_page(fixture), "No scenario was run</h1>");
}

static void a_run_in_which_nothing_happened_has_no_pictures(void **state)
{
    struct fixture *fixture = *state;
    int64_t scenario = mr_store_add_scenario(fixture->store, &fixture->scenario);
    int64_t run = add_seed(fixture, scenario, 1, MR_VERDICT_PASS);
    mr_store_add_tally(fixture->store, scenario, fixture->tally);
    mr_store_recorder(fixture->store, run, &fixture->scenario, "seeds: 1\n");
    mr_store_end_recording(fixture->store, fixture->result);
    const char *page = write_page(fixture);
    assert_says(page, "<article id=\"run-1\">");
    assert_null(strstr(page, "<svg"));
}

/* Axes without a span would show nothing. */
static void a_run_that_took_no_time_has_no_pictures(void **state)
{
    struct fixture *fixture = *state;
    int64_t scenario = mr_store_add_scenario(fixture->store, &fixture->scenario);
    add_seed(fixture, scenario, 1, MR_VERDICT_PASS);
    fixture->result->virtual_ns = 0;
    int64_t run = mr_store_add_run(fixture->store, scenario, fixture->result, false);
    mr_store_add_tally(fixture->store, scenario, fixture->tally);
    record_run(fixture, run);
    const char *page = write_page(fixture);
    assert_says(page, "<article id=\"run-2\">");
    assert_null(strstr(page, "<svg"));
}

static void a_run_in_which_nothing_waited_has_no_picture_of_it(void **state)
{
    struct fixture *fixture = *state;
    int64_t scenario = mr_store_add_scenario(fixture->store, &fixture->scenario);
    int64_t run = add_seed(fixture, scenario, 1, MR_VERDICT_PASS);
    mr_store_add_tally(fixture->store, scenario, fixture->tally);
    struct mr_recorder recorder =
        mr_store_recorder(fixture->store, run, &fixture->scenario, "seeds: 1\n");
    for (int i = 0; i < 5; i++) {
        recorder.input(recorder.self, 0, 0, i, i * MR_SECOND_NS, i * MR_SECOND_US);
        recorder.backlog(recorder.self, i * MR_SECOND_NS, 0, 0);
    }
    mr_store_end_recording(fixture->store, fixture->result);
    assert_int_equal(markup_count(write_page(fixture), "<svg"), 1);
}

static void without_gnuplot_the_page_is_written_with_notes(void **state)
{
    struct fixture *fixture = *state;
    fill_store(fixture);
    reopen(fixture);
    char path[4096];
    snprintf(path, sizeof path, "%s", getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    bool is_without_pictures = false;
    bool is_ok =
        mr_html_write(&fixture->page, fixture->store, &is_without_pictures, &fixture->err);
    setenv("PATH", path, 1);
    assert_false(is_ok);
    assert_true(is_without_pictures);
    assert_int_equal(fixture->err.kind, MR_ERR_IO);
    assert_int_equal(
        markup_count(fixture->page.data, "No picture: gnuplot is not installed"), 2);
    assert_null(markup_problem(fixture->page.data));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, drop_fixture)
    const struct CMUnitTest tests[] = {
        TEST(a_page_has_verdicts_tables_and_sections),
        TEST(the_table_counts_what_the_seeds_did),
        TEST(a_recorded_run_has_pictures_witness_and_manifest),
        TEST(text_of_the_user_cannot_become_markup),
        TEST(nothing_is_loaded_from_elsewhere),
        TEST(points_are_thinned_out),
        TEST(the_same_record_gives_the_same_page),
        TEST(a_record_without_recorded_runs_is_a_page),
        TEST(an_expected_failure_is_told_as_expected),
        TEST(a_lost_seed_is_named),
        TEST(an_empty_record_is_a_page),
        TEST(a_run_in_which_nothing_happened_has_no_pictures),
        TEST(a_run_that_took_no_time_has_no_pictures),
        TEST(a_run_in_which_nothing_waited_has_no_picture_of_it),
        TEST(without_gnuplot_the_page_is_written_with_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
