#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "cli/options.h"

struct values {
    bool is_loud;
    const char *file;
    uint64_t jobs;
    bool has_jobs;
    struct mr_seed_choice seeds;
    enum mr_plant plant;
    const char *word;
};

struct bench {
    struct mr_region *region;
    struct values values;
    struct mr_flag flags[7];
    struct mr_usage usage;
    struct mr_arguments arguments;
    struct mr_err err;
};

static const char *const words[] = {"auto", "always", "never", NULL};

static int set_up(void **state)
{
    struct bench *bench = mr_alloc(sizeof *bench);
    struct values *v = &bench->values;
    bench->region = mr_region_create();
    bench->flags[0] = (struct mr_flag){.name = "--loud",
        .about = "be loud",
        .kind = MR_FLAG_SWITCH,
        .out = &v->is_loud,
        .letter = 'l'};
    bench->flags[1] = (struct mr_flag){.name = "--file",
        .argument = "FILE",
        .about = "where to",
        .kind = MR_FLAG_TEXT,
        .out = &v->file};
    bench->flags[2] = (struct mr_flag){.name = "--jobs",
        .argument = "N",
        .about = "how many",
        .kind = MR_FLAG_NUMBER,
        .out = &v->jobs,
        .min = 1,
        .max = 64,
        .is_given = &v->has_jobs};
    bench->flags[3] = (struct mr_flag){.name = "--seeds",
        .argument = "N|A..B",
        .about = "which",
        .kind = MR_FLAG_SEEDS,
        .out = &v->seeds};
    bench->flags[4] = (struct mr_flag){.name = "--plant",
        .argument = "NAME",
        .about = "bug",
        .kind = MR_FLAG_PLANT,
        .out = &v->plant};
    bench->flags[5] = (struct mr_flag){.name = "--color",
        .argument = "WHEN",
        .about = "colour",
        .kind = MR_FLAG_WORD,
        .out = &v->word,
        .words = words};
    bench->flags[6] = (struct mr_flag){.name = "--secret",
        .about = "not for everybody",
        .kind = MR_FLAG_SWITCH,
        .out = &v->is_loud,
        .is_hidden = true};
    bench->usage = (struct mr_usage){.command = "test",
        .arguments = "PATH...",
        .about = "Tests.",
        .flags = bench->flags,
        .n_flags = 7,
        .n_min = 1,
        .n_max = 2};
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    mr_region_destroy(bench->region);
    mr_free(bench);
    return 0;
}

/* Reads a command line whose words stand between spaces. */
static bool read(struct bench *bench, const char *line)
{
    static char program[] = "test";
    char *argv[32] = {program};
    int argc = 1;
    char *copy = mr_region_strdup(bench->region, line), *save = NULL;
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    memset(&bench->err, 0, sizeof bench->err);
    return mr_options_read(
        bench->region, &bench->usage, argc, argv, &bench->arguments, &bench->err);
}

static void refuses(struct bench *bench, const char *line, const char *message)
{
    assert_false(read(bench, line));
    assert_int_equal(bench->err.kind, MR_ERR_INPUT);
    if (!strstr(bench->err.msg, message)) fail_msg("'%s': %s", line, bench->err.msg);
}

static void flags_stand_anywhere(void **state)
{
    struct bench *bench = *state;
    assert_true(read(bench, "a.yaml --file x.txt b.yaml --jobs=3 -l"));
    assert_int_equal(bench->arguments.n, 2);
    assert_string_equal(bench->arguments.list[0], "a.yaml");
    assert_string_equal(bench->arguments.list[1], "b.yaml");
    assert_string_equal(bench->values.file, "x.txt");
    assert_int_equal(bench->values.jobs, 3);
    assert_true(bench->values.has_jobs);
    assert_true(bench->values.is_loud);
}

static void behind_two_dashes_there_are_no_flags(void **state)
{
    struct bench *bench = *state;
    assert_true(read(bench, "-- --loud"));
    assert_int_equal(bench->arguments.n, 1);
    assert_string_equal(bench->arguments.list[0], "--loud");
    assert_false(bench->values.is_loud);
    assert_true(read(bench, "-"));
    assert_string_equal(bench->arguments.list[0], "-");
}

static void an_unknown_flag_names_the_nearest(void **state)
{
    struct bench *bench = *state;
    refuses(bench, "a --job 3", "has no flag '--job'");
    assert_string_equal(bench->err.hint, "did you mean '--jobs'?");
    refuses(bench, "a --seed=3", "has no flag '--seed'");
    assert_string_equal(bench->err.hint, "did you mean '--seeds'?");
    refuses(bench, "a -x", "has no flag '-x'");
    refuses(bench, "a --secre", "has no flag '--secre'");
    assert_string_equal(bench->err.hint, "");
}

static void numbers_are_in_their_range(void **state)
{
    struct bench *bench = *state;
    refuses(bench, "a --jobs 0", "--jobs must be a number from 1 to 64, not '0'");
    refuses(bench, "a --jobs 65", "from 1 to 64");
    refuses(bench, "a --jobs -1", "from 1 to 64");
    refuses(bench, "a --jobs 1x", "from 1 to 64");
    refuses(bench, "a --jobs 18446744073709551617", "from 1 to 64");
    refuses(bench, "a --jobs", "--jobs needs a value: N");
    refuses(bench, "a --loud=yes", "--loud takes no value");
    assert_false(bench->values.has_jobs && bench->values.jobs > 0);
}

static void seeds_are_a_count_or_a_range(void **state)
{
    struct bench *bench = *state;
    assert_true(read(bench, "a --seeds 200"));
    assert_true(bench->values.seeds.is_given);
    assert_false(bench->values.seeds.is_range);
    assert_int_equal(bench->values.seeds.count, 200);
    assert_true(read(bench, "a --seeds 17..17"));
    assert_true(bench->values.seeds.is_range);
    assert_int_equal(bench->values.seeds.first, 17);
    assert_int_equal(bench->values.seeds.last, 17);
    assert_true(read(bench, "a --seeds=0..50"));
    assert_int_equal(bench->values.seeds.first, 0);
    assert_int_equal(bench->values.seeds.last, 50);
    static const char *const bad[] = {"0", "5..4", "..4", "4..", "x", "1..2..3", "-3", "1...3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        snprintf(line, sizeof line, "a --seeds %s", bad[i]);
        refuses(bench, line, "how many seeds (200) or from which to which (17..20)");
    }
}

static void planted_bugs_go_by_name(void **state)
{
    struct bench *bench = *state;
    assert_true(read(bench, "a --plant lose_ack"));
    assert_int_equal(bench->values.plant, MR_PLANT_LOSE_ACK);
    refuses(bench, "a --plant loose_ack", "no planted bug 'loose_ack'");
    assert_string_equal(bench->err.hint, "did you mean 'lose_ack'?");
}

static void words_are_one_of_a_list(void **state)
{
    struct bench *bench = *state;
    assert_true(read(bench, "a --color never"));
    assert_string_equal(bench->values.word, "never");
    refuses(bench, "a --color nevr", "--color must be one of auto, always, never, not 'nevr'");
    assert_string_equal(bench->err.hint, "did you mean 'never'?");
}

static void arguments_are_counted(void **state)
{
    struct bench *bench = *state;
    refuses(bench, "", "usage: millrace test PATH...");
    refuses(bench, "a b c", "does not know what to do with 'c'");
    refuses(bench, "a --file=", "--file must not be empty");
}

static void help_wins_over_everything(void **state)
{
    struct bench *bench = *state;
    assert_true(read(bench, "--jobs nonsense --help"));
    assert_true(bench->arguments.wants_help);
    assert_true(read(bench, "-h"));
    assert_true(bench->arguments.wants_help);
    assert_true(read(bench, "-- --help"));
    assert_false(bench->arguments.wants_help);
}

static void the_help_page_has_every_flag_but_hidden_ones(void **state)
{
    struct bench *bench = *state;
    struct mr_text text = {0};
    bench->usage.examples = "  millrace test a.yaml\n";
    bench->usage.exits = "  0  good\n";
    mr_options_help(&text, &bench->usage);
    assert_non_null(strstr(text.data, "usage: millrace test [FLAGS] PATH..."));
    assert_non_null(strstr(text.data, "Tests."));
    for (int i = 0; i < 6; i++) {
        assert_non_null(strstr(text.data, bench->flags[i].name));
        assert_non_null(strstr(text.data, bench->flags[i].about));
    }
    assert_non_null(strstr(text.data, "-l, --loud"));
    assert_non_null(strstr(text.data, "-h, --help"));
    assert_non_null(strstr(text.data, "Examples:\n  millrace test a.yaml"));
    assert_non_null(strstr(text.data, "Exit codes:\n  0  good"));
    assert_null(strstr(text.data, "--secret"));
    for (const char *line = text.data; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 96);
    mr_text_deinit(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(flags_stand_anywhere),
        TEST(behind_two_dashes_there_are_no_flags),
        TEST(an_unknown_flag_names_the_nearest),
        TEST(numbers_are_in_their_range),
        TEST(seeds_are_a_count_or_a_range),
        TEST(planted_bugs_go_by_name),
        TEST(words_are_one_of_a_list),
        TEST(arguments_are_counted),
        TEST(help_wins_over_everything),
        TEST(the_help_page_has_every_flag_but_hidden_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
