/* A recorded run happens again, and a difference is found at its event. */
#include "tests/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/subject.h"
#include "replay/replay.h"

static const struct mr_build build = {.version = "1", .commit = "c", .compiler = "cc"};

struct bench {
    char path[64];
    struct mr_subject subject;
    struct mr_run_result result;
    struct mr_region *region;
    struct mr_store *store;
    struct mr_recorded_run recorded;
    struct mr_replay_outcome outcome;
    struct mr_err err;
};

enum { SEED = 11 };

/* Records the small scenario's seed. */
static void record(struct bench *bench, enum mr_plant plant)
{
    const struct mr_scenario *scenario = bench->subject.scenario;
    struct mr_store *store;
    struct mr_run_options options = {.seed = SEED, .plant = plant};
    mr_run(bench->subject.arena, scenario, &options, &bench->result);
    assert_true(mr_store_create(bench->path, &build, &store, &bench->err));
    mr_store_plant(store, plant);
    int64_t id = mr_store_add_scenario(store, scenario);
    mr_store_add_run(store, id, &bench->result, false); /* only its row */
    int64_t run = mr_store_add_run(store, id, &bench->result, false);
    struct mr_recorder recorder = mr_store_recorder(store, run, scenario, "manifest");
    options.recorder = &recorder;
    uint64_t digest = bench->result.digest;
    mr_run(bench->subject.arena, scenario, &options, &bench->result);
    assert_int_equal(bench->result.digest, digest); /* recording changes nothing */
    mr_store_end_recording(store, &bench->result);
    assert_true(mr_store_finish(store, &bench->err));
    mr_store_close(store);
}

static void open_record(struct bench *bench)
{
    assert_true(mr_store_open(bench->path, &bench->store, &bench->err));
    assert_true(mr_replay_find(bench->store, 0, bench->region, &bench->recorded, &bench->err));
}

static void replay(struct bench *bench, uint64_t until)
{
    if (!mr_replay_run(bench->store, &bench->recorded, bench->subject.scenario,
            bench->subject.arena, until, &bench->outcome, &bench->err))
        fail_msg("%s", bench->err.msg);
}

static int set_up(void **state)
{
    struct bench *bench = mr_alloc(sizeof *bench);
    snprintf(bench->path, sizeof bench->path, "/tmp/millrace-replay-%ld.mrr", (long)getpid());
    bench->region = mr_region_create();
    *state = bench;
    return mr_subject_small(&bench->subject, &bench->err) ? 0 : 1;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    mr_store_close(bench->store);
    mr_subject_close(&bench->subject);
    mr_region_destroy(bench->region);
    unlink(bench->path);
    mr_free(bench);
    return 0;
}

static void the_first_run_recorded_in_full_is_found(void **state)
{
    struct bench *bench = *state;
    record(bench, MR_PLANT_NONE);
    open_record(bench);
    const struct mr_recorded_run *recorded = &bench->recorded;
    assert_int_equal(recorded->id, 2);
    assert_int_equal(recorded->seed, SEED);
    assert_int_equal(recorded->digest, bench->result.digest);
    assert_int_equal(recorded->steps, bench->result.steps);
    assert_int_equal(recorded->scenario_digest, bench->subject.scenario->digest);
    assert_string_equal(recorded->scenario_name, "small");
    assert_string_equal(recorded->plant, "none");
    assert_string_equal(recorded->manifest, "manifest");
}

static void a_run_that_is_not_recorded_is_refused(void **state)
{
    struct bench *bench = *state;
    record(bench, MR_PLANT_NONE);
    open_record(bench);
    static const int64_t ids[] = {1, 3, -1};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct mr_err err = {0};
        assert_false(
            mr_replay_find(bench->store, ids[i], bench->region, &bench->recorded, &err));
        assert_int_equal(err.kind, MR_ERR_INPUT);
        assert_non_null(strstr(err.msg, "or only its verdict"));
    }
}

static void a_replay_is_the_same_run(void **state)
{
    struct bench *bench = *state;
    record(bench, MR_PLANT_NONE);
    open_record(bench);
    replay(bench, 0);
    assert_true(bench->outcome.is_same);
    assert_int_equal(bench->outcome.divergent_step, 0);
    assert_int_equal(bench->outcome.result.digest, bench->result.digest);
}

static void the_planted_bug_is_planted_again(void **state)
{
    struct bench *bench = *state;
    record(bench, MR_PLANT_RESTORE_SKIPS_STATE);
    open_record(bench);
    assert_string_equal(bench->recorded.plant, "restore_skips_state");
    replay(bench, 0);
    assert_true(bench->outcome.is_same);
    bench->recorded.plant = "none";
    replay(bench, 0);
    assert_false(bench->outcome.is_same);
    bench->recorded.plant = "of another build";
    assert_false(mr_replay_run(bench->store, &bench->recorded, bench->subject.scenario,
        bench->subject.arena, 0, &bench->outcome, &bench->err));
    assert_int_equal(bench->err.kind, MR_ERR_INPUT);
}

static void a_replay_stops_where_it_is_told(void **state)
{
    struct bench *bench = *state;
    record(bench, MR_PLANT_NONE);
    open_record(bench);
    replay(bench, 50);
    assert_true(bench->outcome.is_same);
    assert_int_equal(bench->outcome.result.steps, 50);
    assert_true(bench->outcome.result.last_step[0] != '\0');
    replay(bench, bench->result.steps + 100);
    assert_true(bench->outcome.is_same);
    assert_int_equal(bench->outcome.result.steps, bench->result.steps);
}

/* Changes one recorded digest: the event behind it is named. */
static void damage_digest(struct bench *bench, uint64_t step)
{
    sqlite3 *db;
    char sql[256];
    assert_int_equal(sqlite3_open(bench->path, &db), SQLITE_OK);
    snprintf(sql, sizeof sql,
        "UPDATE digests SET digests = CAST(substr(digests, 1, %llu) || zeroblob(8) ||"
        " substr(digests, %llu) AS BLOB) WHERE first_step = 1",
        (unsigned long long)(step - 1) * 8, (unsigned long long)step * 8 + 1);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_difference_is_found_at_its_event(void **state)
{
    struct bench *bench = *state;
    record(bench, MR_PLANT_NONE);
    damage_digest(bench, 123);
    open_record(bench);
    replay(bench, 0);
    assert_false(bench->outcome.is_same);
    assert_int_equal(bench->outcome.divergent_step, 123);
    struct mr_run_options options = {.seed = SEED, .until_step = 123};
    mr_run(bench->subject.arena, bench->subject.scenario, &options, &bench->result);
    assert_string_equal(bench->outcome.divergent_event, bench->result.last_step);
    replay(bench, 122);
    assert_true(bench->outcome.is_same);
}

static void a_run_of_another_length_differs_at_its_end(void **state)
{
    struct bench *bench = *state;
    record(bench, MR_PLANT_NONE);
    open_record(bench);
    bench->recorded.steps++;
    replay(bench, 0);
    assert_false(bench->outcome.is_same);
    assert_int_equal(bench->outcome.divergent_step, bench->result.steps + 1);
    assert_string_equal(bench->outcome.divergent_event, "nothing: the run has ended");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_run_recorded_in_full_is_found),
        TEST(a_run_that_is_not_recorded_is_refused),
        TEST(a_replay_is_the_same_run),
        TEST(the_planted_bug_is_planted_again),
        TEST(a_replay_stops_where_it_is_told),
        TEST(a_difference_is_found_at_its_event),
        TEST(a_run_of_another_length_differs_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
