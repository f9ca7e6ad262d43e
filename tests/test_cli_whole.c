/* The program as a user runs it: what it prints, and its exit codes. */
#include "tests/test_cli_whole.h"

#include <signal.h>
#include <sys/stat.h>

/* Help and usage. */

static void every_command_has_a_help_page(void **state)
{
    struct bench *bench = *state;
    static const char *const commands[] = {
        "test", "run", "replay", "report", "query", "lint", "schema", "points", "bench", "version"};
    run(bench, "--help", 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) says(bench, commands[i]);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char line[64], usage[64];
        snprintf(line, sizeof line, "%s --help", commands[i]);
        snprintf(usage, sizeof usage, "usage: millrace %s", commands[i]);
        run(bench, line, 0);
        says(bench, usage);
    }
}

static void wrong_usage_is_exit_2_with_the_nearest_word(void **state)
{
    struct bench *bench = *state;
    run(bench, "", 2);
    says(bench, "usage: millrace COMMAND");
    run(bench, "tes", 2);
    says(bench, "did you mean 'test'?");
    run(bench, "test small.yaml --seed 3", 2);
    says(bench, "did you mean '--seeds'?");
    run(bench, "test small.yaml --plant lose_act", 2);
    says(bench, "did you mean 'lose_ack'?");
    run(bench, "points milestone", 2);
    says(bench, "did you mean 'milestones'?");
    run(bench, "run", 2);
    run(bench, "schema pipelin", 2);
    says(bench, "did you mean 'pipeline'?");
}

static void a_pipeline_alone_is_refused_with_advice(void **state)
{
    struct bench *bench = *state;
    run(bench, "test pipeline.yaml", 4);
    says(bench, "'pipeline.yaml' is a pipeline without 'tests'");
    says(bench, "pipeline: {file: pipeline.yaml}");
    run(bench, "run pipeline.yaml --seed 1", 2);
    says(bench, "write a scenario whose 'streams' feed it");
}

static void bad_input_is_told_with_its_place(void **state)
{
    struct bench *bench = *state;
    write_text("bad.yaml", scenario, "seedss: 3\n");
    static const char *const lines[] = {
        "test bad.yaml", "run bad.yaml", "lint bad.yaml", "test ."};
    for (size_t i = 0; i < 4; i++) {
        run(bench, lines[i], 2);
        says(bench, "bad.yaml:11:1: error: ");
        says(bench, "  seedss: 3\n  ^");
        says(bench, "did you mean 'seeds'?");
    }
    run(bench, "test none.yaml", 2);
    says(bench, "cannot read 'none.yaml': No such file");
}

static void lists_and_schema_go_to_standard_output(void **state)
{
    struct bench *bench = *state;
    run(bench, "version", 0);
    says(bench, "millrace ");
    says(bench, "commit");
    run(bench, "points", 0);
    says(bench, "sink.before_commit");
    says(bench, "exchange.flush_early");
    says(bench, "restore_skips_state");
    says(bench, "recovered_from_checkpoint");
    run(bench, "points plants", 0);
    says_not(bench, "sink.before_commit");
    run(bench, "schema scenario", 0);
    says(bench, "draft-07");
    run(bench, "lint small.yaml pipeline.yaml", 0);
    says(bench, "2 files, no errors");
}

/* Verdicts. */

static void a_scenario_that_holds_is_exit_0(void **state)
{
    struct bench *bench = *state;
    run(bench, "test small.yaml --digests digests -v", 0);
    says(bench, "PASS");
    says(bench, "6/6 seeds");
    says(bench, "seed 6  ");
    char digests[1024], first[32], line[64];
    read_text("digests", digests, sizeof digests);
    assert_memory_equal(digests, "small 1 ", 8);
    int lines = 0;
    for (const char *c = digests; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, 6);
    run(bench, "run small.yaml --seed 1", 0);
    says(bench, "everything held");
    says(bench, "job         finished");
    read_behind(bench, "\ndigest ", first, sizeof first);
    snprintf(line, sizeof line, "small 1 %s\n", first);
    assert_non_null(strstr(digests, line));
    assert_int_equal(count_files(".", ".mrr"), 0); /* nothing but what was asked for */
    assert_int_equal(count_files(".", ".html"), 0);
}

static void a_folder_stands_for_its_scenarios(void **state)
{
    struct bench *bench = *state;
    run(bench, "test . --seeds 2 --quiet", 0);
    assert_string_equal(bench->output, "");
    run(bench, "test . --seeds 3..4", 0);
    says(bench, "2/2 seeds");
    assert_int_equal(mkdir("empty", 0777), 0);
    run(bench, "test empty", 4);
    says(bench, "there is no scenario");
}

/* The line under the failure repeats it. */
static void a_planted_bug_is_exit_1_and_can_be_repeated(void **state)
{
    struct bench *bench = *state;
    run(bench, "test small.yaml --plant restore_skips_state", 1);
    says(bench, "FAIL");
    char command[256];
    read_behind(bench, "millrace run ", command, sizeof command);
    assert_non_null(strstr(command, "small.yaml --seed "));
    assert_non_null(strstr(command, "--plant restore_skips_state"));
    char line[300];
    snprintf(line, sizeof line, "run %s", command);
    run(bench, line, 1);
    says(bench, "checkpoint");
    says(bench, "restored");
    says_not(bench, "everything held");
}

static void an_expected_failure_is_exit_0(void **state)
{
    struct bench *bench = *state;
    write_text("expects.yaml", scenario,
        "expect: {fail: {check: exactly_once, verdict: DUPLICATE, seeds: {at_least: 3}}}\n");
    run(bench, "test expects.yaml", 1); /* no duplicate came */
    says(bench, "DUPLICATE");
    run(bench, "test expects.yaml --seeds 2", 0); /* unjudged over a part of the seeds */
}

static void limits_are_exit_5(void **state)
{
    struct bench *bench = *state;
    write_text("limited.yaml", scenario, "limits: {events: 300}\n");
    run(bench, "test limited.yaml --seeds 2", 5);
    says(bench, "LIMIT");
    run(bench, "run limited.yaml", 5);
    says(bench, "no more events are allowed");
}

static void a_seed_is_the_same_twice(void **state)
{
    struct bench *bench = *state;
    run(bench, "test small.yaml --seeds 3 --twice --universe 2", 0);
    says_not(bench, "not the same twice");
}

static void a_manifest_is_a_scenario_of_the_same_run(void **state)
{
    struct bench *bench = *state;
    char first[64], second[64];
    assert_int_equal(mkdir("deep", 0777), 0);
    run(bench, "run small.yaml --seed 4 --manifest deep/four.yaml", 0);
    read_behind(bench, "\ndigest ", first, sizeof first);
    run(bench, "run deep/four.yaml", 0);
    says(bench, "seed 4");
    read_behind(bench, "\ndigest ", second, sizeof second);
    assert_string_equal(first, second);
}

static void a_run_stops_where_it_is_told(void **state)
{
    struct bench *bench = *state;
    run(bench, "run small.yaml --seed 2 --until 100", 0);
    says(bench, "stopped after 100 events");
    says(bench, "the last event: step 100 ");
    says(bench, "nothing is wrong so far");
}

/* Processes. */

static void a_dead_worker_is_exit_3_and_its_seed_is_named(void **state)
{
    struct bench *bench = *state;
    begin(bench, "test small.yaml --seeds 5000 --jobs 1");
    pid_t child = wait_for_child(bench);
    assert_int_equal(kill(child, SIGSEGV), 0);
    end(bench);
    assert_int_equal(bench->code, 3);
    says(bench, "LOST");
    char command[256];
    read_behind(bench, "millrace run ", command, sizeof command);
    assert_non_null(strstr(command, "small.yaml --seed "));
}

static void an_interrupted_campaign_leaves_no_files(void **state)
{
    struct bench *bench = *state;
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        begin(bench, "test small.yaml --seeds 100000 --jobs 2 --out out");
        wait_for_child(bench);
        assert_int_equal(kill(bench->pid, signals[i]), 0);
        end(bench);
        assert_int_equal(bench->code, 128 + signals[i]);
        says(bench, "interrupted");
        says_not(bench, "LOST");
        assert_int_equal(count_files("out", ".mrr") + count_files("out", ".html"), 0);
    }
}

static void colour_comes_only_when_it_is_wanted(void **state)
{
    struct bench *bench = *state;
    unsetenv("NO_COLOR");
    unsetenv("FORCE_COLOR");
    run(bench, "test small.yaml --seeds 1", 0);
    says_not(bench, "\033[");
    run(bench, "test small.yaml --seeds 1 --color always", 0);
    says(bench, "\033[");
    setenv("FORCE_COLOR", "1", 1);
    run(bench, "test small.yaml --seeds 1", 0);
    says(bench, "\033[");
    setenv("NO_COLOR", "1", 1);
    run(bench, "test small.yaml --seeds 1", 0);
    says_not(bench, "\033[");
    unsetenv("FORCE_COLOR");
    run(bench, "test small.yaml --seeds 1 --color=always", 0);
    says(bench, "\033[");
    unsetenv("NO_COLOR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_command_has_a_help_page),
        TEST(wrong_usage_is_exit_2_with_the_nearest_word),
        TEST(a_pipeline_alone_is_refused_with_advice),
        TEST(bad_input_is_told_with_its_place),
        TEST(lists_and_schema_go_to_standard_output),
        TEST(a_scenario_that_holds_is_exit_0),
        TEST(a_folder_stands_for_its_scenarios),
        TEST(a_planted_bug_is_exit_1_and_can_be_repeated),
        TEST(an_expected_failure_is_exit_0),
        TEST(limits_are_exit_5),
        TEST(a_seed_is_the_same_twice),
        TEST(a_manifest_is_a_scenario_of_the_same_run),
        TEST(a_run_stops_where_it_is_told),
        TEST(a_dead_worker_is_exit_3_and_its_seed_is_named),
        TEST(an_interrupted_campaign_leaves_no_files),
        TEST(colour_comes_only_when_it_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
