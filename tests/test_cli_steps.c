/* Stepped scenarios on the command line: variations, exit codes, records. */
#include "tests/test_cli_whole.h"

static const char words[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - {type: ReadFromLog, config: {topic: words, schema: {word: string}}}\n"
    "    - {type: WriteToLog, config: {topic: out}}\n";

static const char head[] = "scenario: stepped\npipeline: words.yaml\nsteps:\n";

static void write_steps(const char *steps)
{
    write_text("words.yaml", words, "");
    write_text("steps.yaml", head, steps);
}

static void steps_that_hold_are_exit_0(void **state)
{
    struct bench *bench = *state;
    write_steps("  - rows: [{word: a}, {word: b}, {word: c}]\n"
                "  - expect: [{word: a}, {word: b}, {word: c}]\n");
    run(bench, "test steps.yaml", 0);
    says(bench, "1/1 seed");
    run(bench, "test steps.yaml --every-restore --twice", 2);
    says(bench, "'--twice' reads the scenario anew");
    run(bench, "test steps.yaml --every-restore", 0);
    says(bench, "1 restores");
    run(bench, "test steps.yaml --split 2", 0);
    says(bench, "stepped: over 2 channels, all 3 interleavings");
    says(bench, "3/3 seeds");
    run(bench, "run steps.yaml --split 2 --seed 3", 0);
    run(bench, "test steps.yaml --split 17", 2);
    run(bench, "test steps.yaml --universe 20 --twice", 0);
}

static void steps_that_fail_are_exit_1_side_by_side(void **state)
{
    struct bench *bench = *state;
    write_steps("  - rows: [{word: a}, {word: longer}]\n"
                "  - expect: [{word: a}, {word: b}]\n");
    run(bench, "run steps.yaml --every-restore", 1);
    says(bench,
        "steps.yaml:5: output 'out' lacks 1 of the rows that are expected, and has 1 others");
    says(bench, "    expected       | actual\n"
                "      {word: \"a\"}  |   {word: \"a\"}\n"
                "    ! {word: \"b\"}  | ! {word: \"longer\"}\n");
    says(bench, "run steps.yaml --seed 1 --every-restore");
    run(bench, "test steps.yaml --split 2 --no-record", 1);
    says(bench, "in interleaving 1 of all 2");
    says(bench, "--split 2");
}

static void other_scenarios_have_no_variations(void **state)
{
    struct bench *bench = *state;
    write_text("pipeline.yaml", pipeline, "");
    write_text("small.yaml", scenario, "");
    run(bench, "test small.yaml --every-restore", 2);
    says(bench, "'--every-restore' is for scenarios with 'steps', and 'small' has none");
}

static void a_manifest_and_a_record_are_the_same_run(void **state)
{
    struct bench *bench = *state;
    write_steps("  - rows: [{word: a}, {word: b}, {word: c}]\n"
                "  - expect: [{word: a}, {word: b}]\n");
    run(bench,
        "run steps.yaml -q --split 2 --every-restore --seed 2 --record run.mrr --manifest "
        "m.yaml",
        1);
    char digest[64];
    const char *line = strstr(bench->output, "digest ");
    assert_non_null(line);
    snprintf(digest, sizeof digest, "%.23s", line);
    run(bench, "run m.yaml -q", 1);
    says(bench, digest);
    run(bench, "replay run.mrr", 0);
    says(bench, "the same run as the recorded one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(steps_that_hold_are_exit_0, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            steps_that_fail_are_exit_1_side_by_side, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_scenarios_have_no_variations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_manifest_and_a_record_are_the_same_run, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
