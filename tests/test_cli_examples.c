/* The pipelines that the documentation points at run, and hold what they assert. */
#include "tests/test_cli_whole.h"

#define FOLDER MR_SOURCE_DIR "/scenarios/pipelines/beam"

static void every_example_holds_and_is_clean(void **state)
{
    struct bench *bench = *state;
    int n = 0;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".yaml")) continue;
        char line[512];
        snprintf(line, sizeof line, "run %s/%.200s", FOLDER, entry->d_name);
        run(bench, line, 0);
        says(bench, "everything held");
        n++;
    }
    closedir(folder);
    assert_true(n >= 5);
    run(bench, "lint " FOLDER, 0);
    says(bench, "no errors, 0 warnings");
}

static void the_values_of_the_template_matter(void **state)
{
    struct bench *bench = *state;
    run(bench, "run " FOLDER "/templated.yaml --jinja_variables {\"sizes\":[7]}", 0);
    run(bench, "run " FOLDER "/templated.yaml --jinja_variables {\"sizes\":7}", 2);
    says(bench, "templated.yaml:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_example_holds_and_is_clean),
        TEST(the_values_of_the_template_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
