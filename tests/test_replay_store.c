/* Records: what goes in comes out. */
#include "tests/test_replay_store.h"

#include "replay/tallies.h"

static void a_campaign_comes_back(void **state)
{
    struct bench *bench = *state;
    struct mr_store *store = create(bench);
    mr_store_plant(store, MR_PLANT_LOSE_ACK);
    int64_t scenario = mr_store_add_scenario(store, &bench->scenario);
    assert_int_equal(scenario, 1);
    assert_int_equal(mr_store_add_run(store, scenario, &bench->result, true), 1);
    mr_store_add_lost(store, scenario, (struct mr_lost_seed){.seed = 6, .signal = 11});
    struct mr_tally *tally = mr_alloc(sizeof *tally);
    mr_tally_init(tally, &bench->scenario, true);
    mr_tally_add(tally, &bench->result);
    mr_tally_add_lost(tally, (struct mr_lost_seed){.seed = 6, .signal = 11});
    mr_store_add_tally(store, scenario, tally);
    mr_free(tally);
    finish(bench, store);

    store = open_store(bench);
    assert_string_equal(mr_store_build(store).version, "1.2.3");
    assert_string_equal(mr_store_build(store).commit, "abc");
    assert_string_equal(mr_store_build(store).compiler, "some cc");
    assert_string_equal(mr_store_path(store), bench->path);
    expect(bench, store,
        "SELECT id, name, about, path, digest, plant, first_seed, seeds, expect_check,"
        " expect_verdict, expect_seeds, checks FROM scenarios ORDER BY id",
        12,
        "1|it's \"quoted\"|about|nowhere/x.yaml|fedcba9876543210|lose_ack|3|7|exactly_once|"
        "DUPLICATE|2|order \n");
    expect(bench, store, "SELECT * FROM topics ORDER BY scenario, id", 5,
        "1|0|in|4|1\n1|1|out|2|0\n");
    expect(bench, store, "SELECT * FROM scenario_faults ORDER BY position", 5,
        "1|0|crash-1|crash|0\n1|1|slow-1|slow_link|1\n");
    expect(bench, store,
        "SELECT name, is_demanded, is_reached FROM milestones WHERE is_demanded OR is_reached"
        " ORDER BY name",
        3, "handler_cut|1|1\n");
    expect(bench, store, "SELECT * FROM tallies ORDER BY scenario", 14,
        "1|lost|1|1|0|0|1|1|0|0|4100|123456789|1|0\n");
    expect(bench, store, "SELECT * FROM lost ORDER BY seed", 4, "1|6|11|0\n");
    expect(bench, store, "SELECT * FROM runs ORDER BY id", 26,
        "1|1|5|8000000000000001|4100|123456789|run_for|1|0|null|1|2|3|4|5|6|7|8|9|10|8192|2|0|"
        "0|"
        "0|0\n");
    expect(bench, store, "SELECT * FROM findings ORDER BY id", 17,
        "1|1|0|exactly_once|DUPLICATE|11|77|88|Write|ORD|-5|5|twice|restore|{}|{\"a\": 1}|9\n"
        "2|1|1|liveness|STUCK|12|0|0|||null|null|||||0\n");
    expect(bench, store, "SELECT * FROM finding_inputs ORDER BY finding, position", 3,
        "1|0|input 0\n1|1|input 1\n1|2|input 2\n1|3|input 3\n1|4|input 4\n");
    expect(bench, store, "SELECT seed, verdict, count FROM failures ORDER BY verdict", 3,
        "5|DUPLICATE|11\n5|STUCK|12\n");
    mr_store_close(store);
    assert_int_equal(count_files(bench, false), 1);
}

static void a_recorded_run_comes_back(void **state)
{
    struct bench *bench = *state;
    struct mr_store *store = create(bench);
    int64_t scenario = mr_store_add_scenario(store, &bench->scenario);
    int64_t run = mr_store_add_run(store, scenario, &bench->result, true);
    struct mr_recorder recorder =
        mr_store_recorder(store, run, &bench->scenario, "scenario: x\n");
    tell_everything(&recorder);
    mr_store_end_recording(store, &bench->result);
    finish(bench, store);

    store = open_store(bench);
    expect(bench, store, "SELECT is_recorded, manifest FROM runs ORDER BY id", 2,
        "1|scenario: x\n\n");
    expect(bench, store, "SELECT * FROM inputs ORDER BY row_offset", 6,
        "1|0|1|5|1000|90\n1|0|1|6|null|91\n");
    expect(bench, store, "SELECT * FROM job_states ORDER BY n", 6, "1|0|1|1|running|because\n");
    expect(bench, store, "SELECT * FROM outputs ORDER BY n", 15,
        "1|1|2|1|0|40|9|1|1|3|100|0|100|on_time|{\"name\": \"a\\\"b\", \"n \\\"x\\\"\": -7}\n"
        "1|2|2|1|0|41|9|1|1|3|200|100|200|null|{\"name\": null, \"n \\\"x\\\"\": 8}\n"
        "1|5|5|1|0|42|9|1|1|4|100|null|null|null|{\"name\": \"a\\\"b\", \"n \\\"x\\\"\": -7}\n"
        "1|7|7|1|1|0|0|0|1|4|100|null|null|null|{\"name\": \"a\\\"b\", \"n \\\"x\\\"\": -7}\n");
    expect(bench, store, "SELECT * FROM transactions ORDER BY n", 6,
        "1|3|3|9|1|precommitted\n1|4|4|9|1|committed\n1|6|6|9|1|aborted\n");
    expect(bench, store, "SELECT * FROM watermarks ORDER BY n", 7, "1|8|8|Window|2|1|555\n");
    expect(bench, store, "SELECT * FROM backlog ORDER BY n", 5, "1|9|9|0|44\n");
    expect(
        bench, store, "SELECT * FROM late_rows ORDER BY n", 9, "1|10|10|Combine|1|1|2|3|4\n");
    expect(
        bench, store, "SELECT * FROM checkpoints ORDER BY n", 7, "1|11|11|3|1|completed|512\n");
    expect(bench, store, "SELECT * FROM faults ORDER BY n", 7,
        "1|12|12|crash-1|crash|worker-1|1\n");
    expect(bench, store, "SELECT * FROM processes ORDER BY n", 5, "1|13|13|worker-1|crashed\n");
    expect(bench, store, "SELECT * FROM points ORDER BY n", 6,
        "1|14|14|worker-2|sink.committed|6\n");
    expect(bench, store, "SELECT * FROM messages ORDER BY n", 9,
        "1|15|15|worker-1|broker|7|8|9|10\n");
    expect(bench, store, "SELECT * FROM logs ORDER BY n", 5, "1|16|16|worker-1|it's\n");
    expect(bench, store,
        "SELECT topic, partition, row_offset, appended_at_ns, committed_at_ns"
        " FROM committed_outputs ORDER BY n",
        5, "out|0|40|2|4\nout|0|41|2|4\nout|1|0|7|7\n");
    expect(bench, store, "SELECT n, what, text FROM timeline ORDER BY run, n LIMIT 3", 3,
        "0|job|running (attempt 1) because\n3|transaction|producer 9 epoch 1 precommitted\n"
        "4|transaction|producer 9 epoch 1 committed\n");
    mr_store_close(store);
}

static void digests_come_back_in_blocks(void **state)
{
    struct bench *bench = *state;
    enum { STEPS = 4096 * 2 + 10 };
    struct mr_store *store = create(bench);
    int64_t run = mr_store_add_run(
        store, mr_store_add_scenario(store, &bench->scenario), &bench->result, true);
    struct mr_recorder recorder = mr_store_recorder(store, run, &bench->scenario, "x");
    for (uint64_t step = 1; step <= STEPS; step++)
        recorder.digest(recorder.self, step, (mr_ns)step * 10, step * 0x0101010101010101);
    mr_store_end_recording(store, &bench->result);
    finish(bench, store);

    store = open_store(bench);
    struct mr_store_rows *rows;
    assert_true(mr_store_select(store,
        "SELECT first_step, steps, at_ns, digests FROM digests WHERE run = ?1 ORDER BY "
        "first_step",
        &run, 1, &rows, &bench->err));
    uint64_t next = 1;
    while (mr_store_next(rows)) {
        size_t bytes;
        const unsigned char *blob = mr_store_blob(rows, 3, &bytes);
        assert_int_equal(mr_store_int(rows, 0), next);
        assert_int_equal(mr_store_int(rows, 2), next * 10);
        assert_int_equal(mr_store_int(rows, 1) * 8, bytes);
        for (size_t i = 0; i < bytes; i += 8, next++)
            for (size_t k = 0; k < 8; k++)
                assert_int_equal(blob[i + k], (next * 0x0101010101010101) >> 8 * k & 255);
    }
    assert_true(mr_store_rows_close(rows, &bench->err));
    assert_int_equal(next, STEPS + 1);
    mr_store_close(store);
}

static void tallies_are_counted_again(void **state)
{
    struct bench *bench = *state;
    struct mr_store *store = create(bench);
    struct mr_tally *tally = mr_alloc(sizeof *tally);
    mr_tally_init(tally, &bench->scenario, true);
    int64_t scenario = mr_store_add_scenario(store, &bench->scenario);
    for (uint64_t seed = 9; seed >= 3; seed--) {
        make_result(bench, seed);
        if (seed % 2) bench->result.n_findings = 1;
        if (seed % 3 == 0) bench->result.n_findings = 0;
        mr_tally_add(tally, &bench->result);
        mr_store_add_run(store, scenario, &bench->result, seed % 2 == 0);
    }
    struct mr_lost_seed lost = {.seed = 4, .code = 3};
    mr_tally_add_lost(tally, lost);
    mr_store_add_lost(store, scenario, lost);
    tally->diverged = 2;
    mr_store_add_tally(store, scenario, tally);
    finish(bench, store);

    store = open_store(bench);
    struct mr_region *region = mr_region_create();
    const struct mr_tally *const *tallies;
    size_t n;
    assert_true(mr_tallies_read(store, region, &tallies, &n, &bench->err));
    assert_int_equal(n, 1);
    const struct mr_tally *read = tallies[0];
    assert_string_equal(read->scenario->name, bench->scenario.name);
    assert_int_equal(read->scenario->n_faults, 2);
    assert_int_equal(read->scenario->faults[1].fault.kind, MR_FAULT_SLOW_LINK);
    assert_int_equal(read->scenario->sometimes[0], MR_SOMETIMES_HANDLER_CUT);
    assert_true(read->scenario->check.enabled[MR_CHECK_ORDER]);
    assert_false(read->scenario->check.enabled[MR_CHECK_LATE]);
    struct mr_tally *copy = mr_alloc(sizeof *copy);
    *copy = *read;
    copy->scenario = tally->scenario;
    assert_memory_equal(copy, tally, offsetof(struct mr_tally, findings));
    assert_int_equal(read->n_findings, 2);
    for (uint32_t i = 0; i < read->n_findings; i++) {
        const struct mr_tally_finding *a = &read->findings[i], *b = &tally->findings[i];
        assert_int_equal(a->is_expected, b->is_expected);
        assert_int_equal(a->first_seed, b->first_seed);
        assert_int_equal(a->count, b->count);
        assert_memory_equal(&a->witness.at_ns, &b->witness.at_ns, 8);
        assert_string_equal(a->witness.actual, b->witness.actual);
        assert_int_equal(a->witness.window_start_us, b->witness.window_start_us);
        assert_string_equal(a->witness.inputs[4], b->witness.inputs[4]);
    }
    assert_int_equal(read->n_lost, 1);
    assert_int_equal(read->lost[0].code, 3);
    assert_int_equal(mr_tally_verdict(read), mr_tally_verdict(tally));
    mr_free(copy);
    mr_free(tally);
    mr_region_destroy(region);
    mr_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_campaign_comes_back),
        TEST(a_recorded_run_comes_back),
        TEST(digests_come_back_in_blocks),
        TEST(tallies_are_counted_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
