#include "tests/test_scenarios_language.h"

#include "scenarios/language/path.h"

static void folders_are_what_stands_before_the_last_slash(void **state)
{
    assert_string_equal(mr_path_folder(*state, "a/b.yaml"), "a");
    assert_string_equal(mr_path_folder(*state, "b.yaml"), ".");
    assert_string_equal(mr_path_folder(*state, "/b.yaml"), "/");
    assert_string_equal(mr_path_folder(*state, "/a/c/b.yaml"), "/a/c");
}

static void joining_takes_dots_out(void **state)
{
    assert_string_equal(mr_path_join(*state, "a/b", "c"), "a/b/c");
    assert_string_equal(mr_path_join(*state, "a/b", "../c"), "a/c");
    assert_string_equal(mr_path_join(*state, "a", "../../c"), "../c");
    assert_string_equal(mr_path_join(*state, ".", "./c"), "c");
    assert_string_equal(mr_path_join(*state, "a", "/c/./d"), "/c/d");
    assert_string_equal(mr_path_join(*state, "/a", "../../c"), "/c");
    assert_string_equal(mr_path_join(*state, "a", ".."), ".");
}

static void a_path_leads_from_one_folder_to_another(void **state)
{
    assert_string_equal(mr_path_from(*state, "out", "a/b"), "../a/b");
    assert_string_equal(mr_path_from(*state, "a", "a/b"), "b");
    assert_string_equal(mr_path_from(*state, "a/c/d", "a/b"), "../../b");
    assert_string_equal(mr_path_from(*state, ".", "a/b"), "a/b");
    assert_string_equal(mr_path_from(*state, "/x/y", "/x/z/b"), "../z/b");
}

static void a_path_that_cannot_be_told_stays_as_it_is(void **state)
{
    assert_string_equal(mr_path_from(*state, "/x", "a/b"), "a/b");
    assert_string_equal(mr_path_from(*state, "x", "/a/b"), "/a/b");
    assert_string_equal(mr_path_from(*state, "../x", "a/b"), "a/b");
    assert_string_equal(mr_path_from(*state, "/x/y", "/a/b"), "/a/b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(folders_are_what_stands_before_the_last_slash),
        LANGUAGE_TEST(joining_takes_dots_out),
        LANGUAGE_TEST(a_path_leads_from_one_folder_to_another),
        LANGUAGE_TEST(a_path_that_cannot_be_told_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
