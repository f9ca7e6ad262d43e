/* The examples of docs/steps.md and of the README do what the pages say. */
#include "tests/test_run_steps.h"

#include "cli/files.h"

/* The n-th fenced block of the page. */
static const char *block(struct mr_region *region, const char *page, int n)
{
    static const char fence[] = "```yaml\n";
    const char *at = page;
    for (int i = 0; i <= n; i++) {
        at = strstr(at, fence);
        assert_non_null(at);
        at += sizeof fence - 1;
    }
    const char *end = strstr(at, "```");
    assert_non_null(end);
    return mr_region_printf(region, "%.*s", (int)(end - at), at);
}

static const char *read_page(struct mr_region *region, const char *name)
{
    FILE *file = fopen(mr_region_printf(region, "%s/%s", MR_SOURCE_DIR, name), "r");
    assert_non_null(file);
    char *page = mr_region_alloc(region, 1 << 16);
    size_t bytes = fread(page, 1, (1 << 16) - 1, file);
    page[bytes] = '\0';
    fclose(file);
    return page;
}

/* The pipeline is the n-th block, and its scenario the next one. */
static const struct mr_scenario *read_blocks(
    struct mr_region *region, const char *name, int n, const char *pipeline_name)
{
    const char *page = read_page(region, name);
    const struct test_file pipeline = {pipeline_name, block(region, page, n)};
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    if (!test_try(region, block(region, page, n + 1), &pipeline, &scenario, &err))
        fail_msg("%d:%d: %s", err.input_line, err.input_col, err.msg);
    return scenario;
}

static const struct mr_scenario *read_example(struct mr_region *region)
{
    return read_blocks(region, "docs/steps.md", 0, "clicks.yaml");
}

static void the_example_holds(void **state)
{
    const struct mr_run_result *result = assert_holds(*state, read_example(*state), 1);
    assert_int_equal(result->counts.rows_dropped, 1);
    assert_int_equal(result->counts.restores, 1);
}

static void the_example_of_the_readme_holds(void **state)
{
    const struct mr_scenario *scenario = read_blocks(*state, "README.md", 1, "hello.yaml");
    const struct mr_run_result *result = assert_holds(*state, scenario, 1);
    assert_int_equal(result->counts.rows_dropped, 1);
    assert_holds(*state, mr_scenario_restored_between(*state, scenario), 1);
}

static void the_example_holds_however_it_is_varied(void **state)
{
    const struct mr_scenario *scenario = read_example(*state);
    assert_holds(*state, mr_scenario_restored_between(*state, scenario), 1);
    const struct mr_scenario *split = mr_scenario_split(*state, scenario, 2);
    assert_true(split->seeds > 1);
    for (uint64_t seed = 1; seed <= split->seeds; seed++) assert_holds(*state, split, seed);
}

static void the_scenarios_of_the_folder_hold_however_they_are_varied(void **state)
{
    static const char *const names[] = {"best-of-a-minute", "day-of-23-hours",
        "early-and-late-bursts", "early-on-time-and-late", "empty-pane-on-time",
        "first-row-is-late", "forgotten-after-ten-seconds", "inputs-that-lag-and-rest",
        "join-at-its-bounds", "join-before-windows", "join-of-unmatched-rows",
        "join-with-versions", "late-at-the-last-moment", "late-clicks",
        "panes-by-count-and-time", "panes-by-count-or-time", "panes-by-processing-time",
        "panes-in-turn", "replaced-source", "sessions-bridged", "sessions-bridged-late",
        "sessions-grown-by-late-rows", "sessions-late-by-themselves", "sessions-that-touch",
        "sliding-late", "time-of-panes", "timers-of-keys", "watermark-held-back",
        "window-bounds"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct mr_scenario *scenario = NULL;
        struct mr_err err = {0};
        const char *path =
            mr_region_printf(*state, "%s/scenarios/steps/%s.yaml", MR_SOURCE_DIR, names[i]);
        if (!mr_cli_read_scenario(*state, path, &scenario, &err)) fail_msg("%s", err.msg);
        assert_string_equal(scenario->name, names[i]);
        assert_holds(*state, scenario, 1);
        assert_holds(*state, mr_scenario_restored_between(*state, scenario), 1);
        const struct mr_scenario *split = mr_scenario_split(*state, scenario, 2);
        for (uint64_t seed = 1; seed <= split->seeds; seed++) assert_holds(*state, split, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(the_example_holds),
        LANGUAGE_TEST(the_example_of_the_readme_holds),
        LANGUAGE_TEST(the_example_holds_however_it_is_varied),
        LANGUAGE_TEST(the_scenarios_of_the_folder_hold_however_they_are_varied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
