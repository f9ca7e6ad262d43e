/* Records as files: never half a record, and what is none is said to be none. */
#include "tests/test_replay_store.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void what_is_not_finished_leaves_nothing(void **state)
{
    struct bench *bench = *state;
    struct mr_store *store = create(bench);
    assert_int_equal(count_files(bench, false), 1);
    mr_store_add_scenario(store, &bench->scenario);
    mr_store_close(store);
    assert_int_equal(count_files(bench, false), 0);
    mr_store_close(NULL);
}

static void an_older_record_stays_until_the_new_one_is_whole(void **state)
{
    struct bench *bench = *state;
    struct mr_store *store = create(bench);
    mr_store_add_scenario(store, &bench->scenario);
    finish(bench, store);
    store = create(bench);
    mr_store_close(store);
    store = open_store(bench);
    expect(bench, store, "SELECT count(*) FROM scenarios ORDER BY 1", 1, "1\n");
    mr_store_close(store);
    store = create(bench);
    finish(bench, store);
    store = open_store(bench);
    expect(bench, store, "SELECT count(*) FROM scenarios ORDER BY 1", 1, "0\n");
    mr_store_close(store);
}

static void refuses_to_open(struct bench *bench, const char *path, const char *message)
{
    struct mr_store *store = NULL;
    struct mr_err err = {0};
    assert_false(mr_store_open(path, &store, &err));
    assert_null(store);
    assert_int_equal(err.kind, MR_ERR_INPUT);
    if (!strstr(err.msg, message)) fail_msg("%s", err.msg);
    (void)bench;
}

static void a_truncated_record_is_bad_input(void **state)
{
    struct bench *bench = *state;
    struct mr_store *store = create(bench);
    int64_t run = mr_store_add_run(
        store, mr_store_add_scenario(store, &bench->scenario), &bench->result, true);
    struct mr_recorder recorder = mr_store_recorder(store, run, &bench->scenario, "x");
    tell_everything(&recorder);
    mr_store_end_recording(store, &bench->result);
    finish(bench, store);
    struct stat status;
    assert_int_equal(stat(bench->path, &status), 0);
    for (off_t bytes = status.st_size - 1; bytes > 0; bytes = bytes * 2 / 3) {
        assert_int_equal(truncate(bench->path, bytes), 0);
        refuses_to_open(
            bench, bench->path, bytes >= 512 ? "is truncated or damaged" : "record");
    }
    assert_int_equal(truncate(bench->path, 0), 0);
    refuses_to_open(bench, bench->path, "is not a record of Millrace");
}

static void a_damaged_record_is_bad_input(void **state)
{
    struct bench *bench = *state;
    struct mr_store *store = create(bench);
    for (int i = 0; i < 50; i++) mr_store_add_scenario(store, &bench->scenario);
    finish(bench, store);
    FILE *file = fopen(bench->path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 8192, SEEK_SET), 0);
    char noise[4096];
    memset(noise, 0x5a, sizeof noise);
    assert_int_equal(fwrite(noise, 1, sizeof noise, file), sizeof noise);
    fclose(file);
    refuses_to_open(bench, bench->path, "is truncated or damaged");
}

static void change(const struct bench *bench, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(bench->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_foreign_file_is_bad_input(void **state)
{
    struct bench *bench = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/none.mrr", bench->folder);
    refuses_to_open(bench, path, "No such file");
    refuses_to_open(bench, bench->folder, "is a folder");
    FILE *file = fopen(bench->path, "w");
    assert_non_null(file);
    fputs("scenario: this is a text of more than sixteen bytes\n", file);
    fclose(file);
    refuses_to_open(bench, bench->path, "is not a record of Millrace");
    unlink(bench->path);
    change(bench, "CREATE TABLE build (x)");
    refuses_to_open(bench, bench->path, "is not a record of Millrace");
}

static void another_format_is_bad_input(void **state)
{
    struct bench *bench = *state;
    finish(bench, create(bench));
    change(bench, "PRAGMA user_version = 99");
    refuses_to_open(bench, bench->path, "has format 99");
}

static void a_full_disk_leaves_no_half_record(void **state)
{
    struct bench *bench = *state;
    struct rlimit before, limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    int n_created = 0, n_finished = 0;
    for (rlim_t bytes = 1000; bytes < 40000000; bytes *= 3) {
        limit = (struct rlimit){.rlim_cur = bytes, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        struct mr_store *store = NULL;
        struct mr_err err = {0};
        bool is_ok = mr_store_create(bench->path, &build, &store, &err);
        n_created += is_ok;
        if (is_ok) {
            int64_t run = mr_store_add_run(
                store, mr_store_add_scenario(store, &bench->scenario), &bench->result, true);
            struct mr_recorder recorder = mr_store_recorder(store, run, &bench->scenario, "x");
            for (int i = 0; i < 200000; i++)
                recorder.log(recorder.self, i, "worker-1", "a line of a log");
            mr_store_end_recording(store, &bench->result);
            is_ok = mr_store_finish(store, &err);
            n_finished += is_ok;
            mr_store_close(store);
        }
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(is_ok, err.kind == MR_ERR_NONE);
        if (!is_ok) {
            assert_int_equal(err.kind, MR_ERR_IO);
            assert_non_null(strstr(err.msg, "cannot write record"));
            assert_int_equal(count_files(bench, false), 0);
        }
    }
    assert_true(n_created > 0);
    assert_int_equal(n_finished, 1);
}

static void an_unwritable_path_is_refused_at_once(void **state)
{
    struct bench *bench = *state;
    static const char *const paths[] = {
        "/dev/null/x.mrr", "/nowhere/at/all/x.mrr", "/proc/x.mrr", "/dev/full", "/tmp"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct mr_store *store = NULL;
        struct mr_err err = {0};
        assert_false(mr_store_create(paths[i], &build, &store, &err));
        assert_int_equal(err.kind, MR_ERR_IO);
        assert_non_null(strstr(err.msg, paths[i]));
    }
    struct stat status;
    assert_int_equal(stat("/dev/full", &status), 0);
    assert_true(S_ISCHR(status.st_mode));
    (void)bench;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_finished_leaves_nothing),
        TEST(an_older_record_stays_until_the_new_one_is_whole),
        TEST(a_truncated_record_is_bad_input),
        TEST(a_damaged_record_is_bad_input),
        TEST(a_foreign_file_is_bad_input),
        TEST(another_format_is_bad_input),
        TEST(a_full_disk_leaves_no_half_record),
        TEST(an_unwritable_path_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
