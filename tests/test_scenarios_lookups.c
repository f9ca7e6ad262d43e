/* The services that Lookups call, as a scenario has them: their tables, and what is wrong with
 * one at its place. */
#include "tests/test_scenarios_language.h"

#include "scenarios/oracle/oracle.h"

static const char pipeline[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config: {topic: events, schema: {at: timestamp, key: string}, "
    "event_time: at, watermark: {strategy: ascending}}\n"
    "    - type: Lookup\n"
    "      config: {connector: names, key: key, fields: {name: string, "
    "score: float?}}\n"
    "    - {type: WriteToLog, config: {topic: out, key: key}}\n";
#define TOP                                                                                    \
    "scenario: s\n"                                                                            \
    "pipeline: lookup.yaml\n"                                                                  \
    "streams: {events: {trace: trace.csv}}\n"

struct service_files {
    const char *scenario;
    const char *table;
};

static bool read_one(void *self, struct mr_region *region, const char *path, const char **text,
    size_t *bytes, struct mr_err *err)
{
    (void)region;
    const struct service_files *files = self;
    *text = strcmp(path, "s.yaml") == 0        ? files->scenario
            : strcmp(path, "lookup.yaml") == 0 ? pipeline
            : strcmp(path, "trace.csv") == 0   ? test_trace
            : strcmp(path, "names.csv") == 0   ? files->table
                                               : NULL;
    if (!*text) return mr_fail(err, MR_ERR_INPUT, "cannot read '%s': no such file", path);
    *bytes = strlen(*text);
    return true;
}

static bool try_service(struct mr_region *region, const char *scenario, const char *table,
    const struct mr_scenario **out, struct mr_err *err)
{
    struct service_files files = {.scenario = scenario, .table = table};
    struct mr_file_reader reader = {.self = &files, .read = read_one};
    return mr_scenario_read(region, "s.yaml", &reader, out, err);
}

static const char good_table[] =
    "id,city,name,score\nb,x,Bea,2.5\na,y,\"Al, A\",\n10,z,Ten,-1\n";

static void a_table_is_read_as_the_lookups_declare_it(void **state)
{
    const struct mr_scenario *scenario;
    struct mr_err err = {0};
    bool ok = try_service(*state,
        TOP "services: {names: {table: names.csv, key: id, latency: 3ms, errors: 1%, lost: "
            "0.5%}}\n",
        good_table, &scenario, &err);
    if (!ok) fail_msg("%s", err.msg);
    assert_int_equal(scenario->n_lookups, 1);
    const struct mr_lookup_config *names = &scenario->lookups[0];
    assert_string_equal(names->name, "names");
    assert_int_equal(names->n_rows, 3);
    assert_int_equal(names->n_columns, 2); /* `city` is not asked for, `id` is the key */
    assert_constant(&names->latency_ns, 3 * MR_MS_NS);
    assert_int_equal(names->errors.part * 100, names->errors.whole);
    assert_int_equal(names->lost.part * 200, names->lost.whole);
    const struct mr_lookup_row *row = mr_lookup_find(names, "a", 1);
    assert_non_null(row);
    assert_int_equal(row->values[0].bytes, 5);
    assert_memory_equal(row->values[0].text, "Al, A", 5);
    assert_int_equal(row->values[1].type, MR_TYPE_NULL);
    row = mr_lookup_find(names, "10", 2);
    assert_non_null(row);
    assert_true(row->values[1].f == -1);
    assert_null(mr_lookup_find(names, "1", 1));
    assert_null(mr_lookup_find(names, "", 0));
}

static void faults_name_a_service_as_its_lookups_do(void **state)
{
    const struct mr_scenario *scenario;
    struct mr_err err = {0};
    bool ok = try_service(*state,
        TOP "services: {names: {table: names.csv, key: id}}\n"
            "faults: [{partition: {from: worker-1, to: names, at: 1s, for: 1s}}]\n",
        good_table, &scenario, &err);
    if (!ok) fail_msg("%s", err.msg);
    assert_int_equal(scenario->faults[0].fault.to,
        mr_scenario_lookup_process(scenario->cluster.workers, 0));
}

static const struct {
    const char *scenario;
    const char *table;
    const char *place;
    const char *message;
    const char *suggestion;
} bad[] = {
    {TOP, good_table, "s.yaml:1:1", "no service 'names' for the Lookup that calls it", ""},
    {TOP "services: {nams: {table: names.csv, key: id}}\n", good_table, "s.yaml:4:12",
        "unknown key 'nams' of 'services'", "did you mean 'names'?"},
    {TOP "services: {names: {key: id}}\n", good_table, "s.yaml:4:19", "'table' is missing", ""},
    {TOP "services: {names: {table: names.csv}}\n", good_table, "s.yaml:4:19",
        "'key' is missing", ""},
    {TOP "services: {names: {table: names.csv, key: id, error: 1%}}\n", good_table,
        "s.yaml:4:47", "unknown key 'error' of 'service'", "did you mean 'errors'?"},
    {TOP "services: {names: {table: names.csv, key: id, errors: 101%}}\n", good_table,
        "s.yaml:4:55", "", ""},
    {TOP "services: {names: {table: none.csv, key: id}}\n", good_table, "s.yaml:4:27",
        "cannot read 'none.csv'", ""},
    {TOP "services: {names: {table: names.csv, key: ids}}\n", good_table, "names.csv:1:1",
        "the trace has no column 'ids'", "did you mean 'id'?"},
    {TOP "services: {names: {table: names.csv, key: id}}\n", "id,name,score\na,A,x\n",
        "names.csv:2:5", "cell 'x' of column 'score' is not a float", ""},
    {TOP "services: {names: {table: names.csv, key: id}}\n", "id,name,score\na,A,1\na,B,2\n",
        "s.yaml:4:27", "key 'a' stands twice in the table", ""},
};

static void what_is_wrong_with_a_service_is_said_at_its_place(void **state)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct mr_scenario *scenario;
        struct mr_err err = {0};
        assert_false(try_service(*state, bad[i].scenario, bad[i].table, &scenario, &err));
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        if (!strstr(message, bad[i].place) || !strstr(message, bad[i].message) ||
            !strstr(message, bad[i].suggestion))
            fail_msg("case %zu: %s", i, message);
    }
}

/* ---- The oracle ---- */

static void read_rows(void *self, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us)
{
    (void)self;
    (void)partition;
    static const char *const keys[] = {"a", "b", "c", "b"};
    for (uint32_t i = 0; i < n; i++) {
        times_us[i] = (mr_us)(first + i) * 1000;
        values[2 * i] = (struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = times_us[i]};
        values[2 * i + 1] =
            (struct mr_value){.type = MR_TYPE_STRING, .text = keys[first + i], .bytes = 1};
    }
}

static bool find_name(void *self, struct mr_value key, struct mr_value *values)
{
    (void)self;
    if (key.text[0] == 'c') return false;
    values[0] = (struct mr_value){.type = MR_TYPE_STRING, .text = key.text, .bytes = 1};
    values[1] = (struct mr_value){.type = MR_TYPE_FLOAT, .f = 1};
    return true;
}

static void a_row_under_way_is_owed_with_the_next_checkpoint(void **state)
{
    const struct mr_graph *graph;
    struct mr_err err = {0};
    if (!mr_graph_read(*state, "p.yaml", pipeline, strlen(pipeline), NULL, 0, &graph, &err))
        fail_msg("%s", err.msg);
    struct mr_arena *arena;
    struct mr_arena_options options = {.bytes_max = 16 << 20, .fill = 0xa5};
    if (!mr_arena_open(&options, &arena, &err)) fail_msg("%s", err.msg);
    struct mr_oracle_input input = {.transform = 0, .n_partitions = 1, .read = read_rows};
    struct mr_oracle *oracle = mr_oracle_new(arena, graph, &input, 1);
    struct mr_oracle_table table = {.transform = 1, .find = find_name};
    mr_oracle_table(oracle, &table);
    struct mr_value row[2];
    mr_us time_us;
    read_rows(NULL, 0, 1, 1, row, &time_us); /* the first "b" */
    mr_oracle_lookup_under_way(oracle, 1, time_us, MR_US_MIN, MR_US_MAX, row);
    mr_oracle_lookup_release(oracle, 1);
    mr_oracle_advance(oracle, 0, 0, 2);
    assert_int_equal(mr_oracle_owed(oracle, 2), 1); /* "a" alone */
    assert_int_equal(mr_oracle_unmatched_lookups(oracle, 1), 0);
    mr_oracle_lookup_release(oracle, 1); /* nothing is under way any more */
    assert_int_equal(mr_oracle_owed(oracle, 2), 2);
    mr_oracle_advance(oracle, 0, 0, 4);
    assert_int_equal(mr_oracle_owed(oracle, 2), 4);
    struct mr_value owed[4];
    mr_us start_us, end_us;
    assert_true(mr_oracle_owed_row(oracle, 2, 2, &start_us, &end_us, owed));
    assert_int_equal(owed[2].type, MR_TYPE_NULL); /* "c" is not in the table */
    mr_oracle_lookup_under_way(oracle, 1, 77, MR_US_MIN, MR_US_MAX, row);
    mr_oracle_lookup_release(oracle, 1);
    assert_int_equal(mr_oracle_unmatched_lookups(oracle, 1), 1); /* no such row was read */
    mr_oracle_discard(oracle);
    mr_arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(a_table_is_read_as_the_lookups_declare_it),
        LANGUAGE_TEST(faults_name_a_service_as_its_lookups_do),
        LANGUAGE_TEST(what_is_wrong_with_a_service_is_said_at_its_place),
        LANGUAGE_TEST(a_row_under_way_is_owed_with_the_next_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
