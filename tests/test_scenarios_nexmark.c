/* Nexmark: its events, and its queries: each gives what was worked out by hand of a handful of
 * events, and what the oracle says of some hundred while workers crash. */
#include "tests/test_scenarios_language.h"

#include "bench/nexmark.h"
#include "cli/files.h"
#include "scenarios/data/stream.h"
#include "scenarios/run/run.h"

enum { SEEDS = 3, N_EVENTS = 12345 };

static const char *const queries[] = {"q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q9",
    "q11", "q12", "q13", "q14", "q15", "q16", "q17", "q18", "q19", "q20", "q22"};

static const struct mr_scenario *read_scenario(
    struct mr_region *region, const char *folder, const char *query)
{
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    const char *path = mr_region_printf(
        region, "%s/scenarios/%s/nexmark/%s.yaml", MR_SOURCE_DIR, folder, query);
    if (!mr_cli_read_scenario(region, path, &scenario, &err)) fail_msg("%s: %s", path, err.msg);
    return scenario;
}

/* Runs the seeds, which must hold; returns the milestones reached. */
static uint64_t assert_holds(
    const struct mr_scenario *scenario, uint64_t seeds, struct mr_run_result *last)
{
    struct mr_arena_options options = {.bytes_max = mr_run_arena_bytes(scenario), .fill = -1};
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    uint64_t reached = 0;
    assert_true(mr_arena_open(&options, &arena, &err));
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct mr_run_options run = {.seed = seed};
        mr_run(arena, scenario, &run, last);
        reached |= last->sometimes;
        if (last->n_findings > 0)
            fail_msg("%s, seed %d: %s", scenario->name, (int)seed, last->findings[0].summary);
    }
    mr_arena_close(arena);
    return reached;
}

static void each_query_holds_although_workers_crash(void **state)
{
    struct mr_run_result *result = mr_region_new(*state, struct mr_run_result);
    for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++) {
        const struct mr_scenario *scenario = read_scenario(*state, "library", queries[q]);
        uint64_t reached = assert_holds(scenario, SEEDS, result);
        assert_true(reached >> MR_SOMETIMES_RECOVERED_FROM_CHECKPOINT & 1);
        assert_int_equal(result->end, MR_END_FINISHED);
        assert_true(result->counts.rows_read > 40);
        if (result->counts.rows_matched == 0) fail_msg("%s has no results", queries[q]);
    }
}

/* A Lookup has no service in a stepped scenario. */
static void each_query_gives_what_was_worked_out_by_hand(void **state)
{
    struct mr_run_result *result = mr_region_new(*state, struct mr_run_result);
    for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++) {
        if (strcmp(queries[q], "q13") == 0) continue;
        const struct mr_scenario *scenario = read_scenario(*state, "steps", queries[q]);
        (void)assert_holds(scenario, 1, result);
        (void)assert_holds(mr_scenario_restored_between(*state, scenario), 1, result);
    }
}

static void of_fifty_events_one_is_a_person_and_three_are_auctions(void **state)
{
    (void)state;
    bool is_seen[N_EVENTS] = {false};
    for (int kind = MR_NEXMARK_PERSON; kind < MR_NEXMARK_KINDS; kind++) {
        uint64_t n = mr_nexmark_count((enum mr_nexmark_kind)kind, N_EVENTS);
        for (uint64_t rank = 0; rank < n; rank++) {
            uint64_t event = mr_nexmark_event((enum mr_nexmark_kind)kind, rank);
            assert_true(event < N_EVENTS && !is_seen[event]);
            is_seen[event] = true;
        }
        assert_true(mr_nexmark_event((enum mr_nexmark_kind)kind, n) >= N_EVENTS);
    }
    for (int i = 0; i < N_EVENTS; i++) assert_true(is_seen[i]);
    assert_int_equal(mr_nexmark_count(MR_NEXMARK_PERSON, 100000), 2000);
    assert_int_equal(mr_nexmark_count(MR_NEXMARK_AUCTION, 100000), 6000);
    assert_int_equal(mr_nexmark_count(MR_NEXMARK_BID, 100000), 92000);
}

static int64_t integer_of(enum mr_nexmark_kind kind, const char *name, uint64_t event)
{
    enum mr_type type = MR_TYPE_STRING;
    int field = mr_nexmark_field(kind, name, &type);
    assert_true(field >= 0 && (type == MR_TYPE_INT || type == MR_TYPE_TIMESTAMP));
    return mr_nexmark_integer(field, event, 5000, 700);
}

static void whom_an_event_names_is_there_before_it(void **state)
{
    (void)state;
    int n_hot = 0, n_bids = 0;
    for (uint64_t rank = 0; rank < 5000; rank++) {
        uint64_t event = mr_nexmark_event(MR_NEXMARK_BID, rank);
        int64_t auction = integer_of(MR_NEXMARK_BID, "auction", event);
        int64_t bidder = integer_of(MR_NEXMARK_BID, "bidder", event);
        assert_true(auction >= 1000 && bidder >= 1000);
        assert_true(mr_nexmark_event(MR_NEXMARK_AUCTION, (uint64_t)auction - 1000) < event);
        assert_true(mr_nexmark_event(MR_NEXMARK_PERSON, (uint64_t)bidder - 1000) < event);
        assert_in_range(integer_of(MR_NEXMARK_BID, "price", event), 100, 100000000);
        n_hot += auction % 100 == 0;
        n_bids++;
    }
    assert_in_range(n_hot, n_bids * 45 / 100, n_bids * 60 / 100);
    for (uint64_t rank = 0; rank < 1000; rank++) {
        uint64_t event = mr_nexmark_event(MR_NEXMARK_AUCTION, rank);
        assert_int_equal(integer_of(MR_NEXMARK_AUCTION, "id", event), 1000 + rank);
        int64_t seller = integer_of(MR_NEXMARK_AUCTION, "seller", event);
        assert_true(mr_nexmark_event(MR_NEXMARK_PERSON, (uint64_t)seller - 1000) < event);
        assert_in_range(integer_of(MR_NEXMARK_AUCTION, "category", event), 10, 14);
        assert_in_range(integer_of(MR_NEXMARK_AUCTION, "expires", event), 5001, 5001 + 1400);
        assert_true(integer_of(MR_NEXMARK_AUCTION, "reserve", event) >
                    integer_of(MR_NEXMARK_AUCTION, "initialBid", event));
    }
}

static const struct mr_field bid_fields[] = {
    {"dateTime", MR_TYPE_TIMESTAMP, false, NULL},
    {"channel", MR_TYPE_STRING, false, NULL},
    {"url", MR_TYPE_STRING, false, NULL},
    {"price", MR_TYPE_INT, false, NULL},
    {"extra", MR_TYPE_STRING, false, NULL},
};
enum { N_BID_FIELDS = sizeof bid_fields / sizeof bid_fields[0] };
static const struct mr_schema bid_schema = {N_BID_FIELDS, bid_fields};

static void assert_blob_is_rows(
    const struct mr_message *message, uint32_t n, const struct mr_value *values)
{
    enum mr_type types[N_BID_FIELDS];
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    for (int f = 0; f < N_BID_FIELDS; f++) types[f] = bid_fields[f].type;
    mr_blob_view(message->body, types, columns, &batch);
    assert_int_equal(batch.n_rows, n);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t f = 0; f < N_BID_FIELDS; f++)
            assert_true(
                mr_value_same(mr_column_value(&columns[f], i), values[i * N_BID_FIELDS + f]));
}

static void the_broker_and_the_oracle_read_the_same_bids(void **state)
{
    (void)state;
    enum { ROWS = 130 };
    static const struct mr_draws draws = {.seed = 3};
    struct mr_arena_options options = {.bytes_max = (size_t)64 << 20, .fill = 0x5a};
    struct mr_stream_config config = {.topic = "bid",
        .n_partitions = 2,
        .schema = &bid_schema,
        .event_time_field = 0,
        .key_field = -1,
        .speedup = 1,
        .generator = {.rows = 1000,
            .nexmark = MR_NEXMARK_BID,
            .duration_ns = MR_SECOND_NS,
            .n_keys = 1,
            .value_bound = 1}};
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    assert_true(mr_arena_open(&options, &arena, &err));
    struct mr_stream *stream = mr_stream_new(arena, &config, &draws);
    struct mr_feed feed = mr_stream_feed(stream);
    assert_true(mr_stream_rows(stream, 0) + mr_stream_rows(stream, 1) == 920);
    uint32_t n = 0;
    struct mr_message *message = feed.read(feed.self, arena, 1, 7, ROWS, MR_NS_NEVER - 1, &n);
    assert_int_equal(n, ROWS);
    struct mr_value values[ROWS * N_BID_FIELDS];
    mr_us times_us[ROWS];
    mr_stream_read(stream, 1, 7, n, values, times_us);
    assert_blob_is_rows(message, n, values);
    /* The eighth bid of partition 1 is bid 15 of all, event 19, a thousandth of a second each.
     */
    assert_in_range(times_us[0], 18998, 19000);
    assert_true(values[0].i == times_us[0]);
    assert_int_equal(values[2].bytes, 58);
    assert_memory_equal(values[2].text, "https://www.nexmark.com/", 24);
    mr_message_release(arena, message);
    mr_arena_close(arena);
}

/* The file's text without its comments. */
static const char *read_query(struct mr_region *region, const char *query)
{
    enum { ROOM = 8192 };
    char *text = mr_region_alloc(region, ROOM);
    FILE *file = fopen(mr_region_printf(region, "%s/scenarios/pipelines/nexmark/%s.yaml",
                           MR_SOURCE_DIR, query),
        "rb");
    assert_non_null(file);
    size_t used = 0;
    while (used < ROOM - 1 && fgets(text + used, (int)(ROOM - used), file))
        if (text[used] != '#') used += strlen(text + used);
    text[used] = '\0';
    fclose(file);
    return text;
}

static void the_bench_has_the_queries_of_the_files(void **state)
{
    size_t n = 0;
    for (; mr_nexmark_queries[n].number >= 0; n++) {
        const char *name = mr_region_printf(*state, "q%d", mr_nexmark_queries[n].number);
        assert_string_equal(name, queries[n]);
        assert_string_equal(mr_nexmark_queries[n].pipeline, read_query(*state, name));
    }
    assert_int_equal(n, sizeof queries / sizeof queries[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(of_fifty_events_one_is_a_person_and_three_are_auctions),
        LANGUAGE_TEST(whom_an_event_names_is_there_before_it),
        LANGUAGE_TEST(the_broker_and_the_oracle_read_the_same_bids),
        LANGUAGE_TEST(the_bench_has_the_queries_of_the_files),
        LANGUAGE_TEST(each_query_gives_what_was_worked_out_by_hand),
        LANGUAGE_TEST(each_query_holds_although_workers_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
