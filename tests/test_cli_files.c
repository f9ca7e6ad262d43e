/* The files that the program leaves, and what it makes of them again. */
#include "tests/test_cli_whole.h"

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void change_record(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void the_three_files_are_written(void **state)
{
    struct bench *bench = *state;
    run(bench, "test small.yaml --seeds 3 --out out/deep", 0);
    char text[4096];
    read_text("out/deep/junit.xml", text, sizeof text);
    assert_non_null(strstr(text, "<testsuites"));
    read_text("out/deep/report.html", text, sizeof text);
    assert_non_null(strstr(text, "<html"));
    assert_true(is_there("out/deep/campaign.mrr"));
    assert_int_equal(count_files("out/deep", "part"), 0);
    run(bench, "report out/deep/campaign.mrr", 0);
    says(bench, "PASS");
    says(bench, "3/3 seeds");
    run(bench, "report out/deep/campaign.mrr --junit again.xml --html again.html", 0);
    assert_true(is_there("again.xml") && is_there("again.html"));
    run(bench, "report small.yaml", 2);
    says(bench, "'small.yaml' is not a record of Millrace");
    run(bench, "test small.yaml --seeds 2 --html only.html", 0);
    assert_true(is_there("only.html"));
    assert_int_equal(count_files(".", "mrr"), 0);
}

static void what_is_recorded_is_replayed(void **state)
{
    struct bench *bench = *state;
    run(bench, "test small.yaml --plant restore_skips_state --record all.mrr", 1);
    run(bench, "replay all.mrr", 0);
    says(bench, "the same run as the recorded one");
    run(bench, "run small.yaml --seed 3 --record three.mrr", 0);
    run(bench, "replay three.mrr --until 50", 0);
    says(bench, "the last event: step 50 ");
    run(bench, "replay three.mrr --run 7", 2);
    says(bench, "holds no run 7");
    assert_int_equal(truncate("three.mrr", 5000), 0);
    run(bench, "replay three.mrr", 2);
    says(bench, "truncated or damaged");
}

static void a_replay_that_differs_is_exit_6(void **state)
{
    struct bench *bench = *state;
    run(bench, "run small.yaml --seed 3 --record three.mrr", 0);
    change_record("three.mrr",
        "UPDATE digests SET digests = CAST(substr(digests, 1, 800) || zeroblob(8) ||"
        " substr(digests, 809) AS BLOB)");
    run(bench, "replay three.mrr", 6);
    says(bench, "first divergent event 101: step 101 ");
}

static void a_record_of_another_build_offers_to_run_the_seed(void **state)
{
    struct bench *bench = *state;
    run(bench, "run small.yaml --seed 3 --record three.mrr", 0);
    change_record("three.mrr", "UPDATE build SET revision = 'elsewhere'");
    run(bench, "replay three.mrr", 2);
    says(bench, "is of another build");
    says(bench, "millrace run small.yaml --seed 3");
    run(bench, "replay three.mrr --anyway", 0);
    says(bench, "the same run");
    change_record("three.mrr", "UPDATE digests SET digests = zeroblob(80)");
    run(bench, "replay three.mrr --anyway", 0);
    says(bench, "no surprise");
}

static void a_changed_or_lost_scenario_is_replayed_from_its_manifest(void **state)
{
    struct bench *bench = *state;
    run(bench, "run small.yaml --seed 3 --record three.mrr", 0);
    write_text("small.yaml", scenario, "about: changed\n");
    run(bench, "replay three.mrr", 0);
    says(bench, "has changed since");
    says(bench, "the same run");
    assert_int_equal(unlink("small.yaml"), 0);
    run(bench, "replay three.mrr", 0);
    says(bench, "is gone");
    says(bench, "the same run");
    write_text("pipeline.yaml", pipeline, "providers: []\n");
    run(bench, "replay three.mrr", 0); /* other bytes, the same pipeline */
    assert_int_equal(unlink("pipeline.yaml"), 0);
    run(bench, "replay three.mrr", 2);
    says(bench, "pipeline.yaml");
}

static void an_unwritable_path_is_exit_7(void **state)
{
    struct bench *bench = *state;
    run(bench, "test small.yaml --seeds 1 --out /dev/null/x", 7);
    says(bench, "cannot make the folder");
    run(bench, "test small.yaml --seeds 1 --record /nowhere/x.mrr", 7);
    run(bench, "test small.yaml --seeds 1 --junit /nowhere/x.xml", 7);
    run(bench, "test small.yaml --seeds 1 --digests /dev/full", 7);
    says(bench, "No space left on device");
    run(bench, "run small.yaml --manifest /dev/full", 7);
    run(bench, "run small.yaml --record /dev/full", 7);
    struct stat status;
    assert_int_equal(stat("/dev/full", &status), 0);
    assert_true(S_ISCHR(status.st_mode));
}

/* A limit on the size of a file acts like a full disk. */
static void a_full_disk_is_exit_7_and_leaves_no_half_file(void **state)
{
    struct bench *bench = *state;
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){.rlim_cur = 60000, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    begin(bench, "test small.yaml --seeds 3 --out out");
    end(bench);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(bench->code, 7);
    says(bench, "cannot write record 'out/campaign.mrr'");
    assert_int_equal(count_files("out", "campaign") + count_files("out", "report"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_three_files_are_written),
        TEST(what_is_recorded_is_replayed),
        TEST(a_replay_that_differs_is_exit_6),
        TEST(a_record_of_another_build_offers_to_run_the_seed),
        TEST(a_changed_or_lost_scenario_is_replayed_from_its_manifest),
        TEST(an_unwritable_path_is_exit_7),
        TEST(a_full_disk_is_exit_7_and_leaves_no_half_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
