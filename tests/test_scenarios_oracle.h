/* A pipeline, a few rows in three partitions, and the oracle over them: what its hand-computed
 * tests share. */
#ifndef MR_TESTS_TEST_SCENARIOS_ORACLE_H
#define MR_TESTS_TEST_SCENARIOS_ORACLE_H

#include "tests/test.h"

#include <string.h>

#include "base/arena.h"
#include "base/document.h"
#include "scenarios/oracle/oracle.h"

enum { PARTITIONS = 3, ROWS_MAX = 64, FIELDS = 6 };
#define NAMES "t k n x m b"

struct fixture {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_graph *graph;
    struct mr_oracle *oracle;
    struct mr_oracle_input input;
    struct mr_value values[PARTITIONS][ROWS_MAX * FIELDS];
    mr_us times_us[PARTITIONS][ROWS_MAX];
    int64_t n_rows[PARTITIONS];
    struct mr_value expected[MR_FIELDS_MAX];
};

static inline struct mr_value integer(int64_t i)
{
    return (struct mr_value){.type = MR_TYPE_INT, .i = i};
}

static inline struct mr_value number(double f)
{
    return (struct mr_value){.type = MR_TYPE_FLOAT, .f = f};
}

static inline struct mr_value boolean(bool b)
{
    return (struct mr_value){.type = MR_TYPE_BOOL, .i = b};
}

static inline struct mr_value text(const char *string)
{
    return (struct mr_value){
        .type = MR_TYPE_STRING, .text = string, .bytes = (uint32_t)strlen(string)};
}

static inline struct mr_value at(int64_t seconds)
{
    return (struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = seconds * MR_SECOND_US};
}

/* A row as one value, in the memory of the fixture's region; names are apart by blanks. */
static inline struct mr_value row_value(
    struct mr_region *region, const char *names, const struct mr_value *values, uint32_t n)
{
    struct mr_document_writer writer = {0};
    size_t begin = mr_document_begin(&writer, MR_DOCUMENT_ROW);
    for (uint32_t i = 0; i < n; i++, names += strspn(names, " ")) {
        size_t bytes = strcspn(names, " ");
        mr_document_put_name(&writer, names, bytes);
        mr_document_put(&writer, values[i]);
        names += bytes;
    }
    mr_document_end(&writer, begin);
    char *copy = mr_region_alloc(region, writer.bytes);
    memcpy(copy, writer.data, writer.bytes);
    mr_document_writer_deinit(&writer);
    return mr_document_value(copy);
}

static const struct mr_value none = {.type = MR_TYPE_NULL};

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct mr_arena_options options = {.bytes_max = 64 << 20, .fill = 0xa5};
    struct mr_err err = {0};
    if (!mr_arena_open(&options, &fixture->arena, &err)) return 1;
    fixture->region = mr_region_create();
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->oracle) {
        mr_oracle_discard(fixture->oracle);
        for (int owner = 0; owner < MR_OWNERS; owner++)
            assert_int_equal(mr_arena_live_bytes(fixture->arena, (enum mr_owner)owner), 0);
    }
    mr_arena_close(fixture->arena);
    mr_region_destroy(fixture->region);
    free(fixture);
    return 0;
}

static inline void read_rows(void *self, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us)
{
    const struct fixture *fixture = self;
    assert_true(first + n <= fixture->n_rows[partition]);
    memcpy(values, fixture->values[partition] + first * FIELDS, sizeof *values * FIELDS * n);
    memcpy(times_us, fixture->times_us[partition] + first, sizeof *times_us * n);
}

static inline uint32_t find(const struct fixture *fixture, const char *name)
{
    for (uint32_t i = 0; i < fixture->graph->n_transforms; i++)
        if (strcmp(fixture->graph->transforms[i].name, name) == 0) return i;
    print_error("no transform '%s'\n", name);
    fail();
    return 0;
}

static inline void make(struct fixture *fixture, const char *pipeline)
{
    struct mr_err err = {0};
    if (!mr_graph_read(fixture->region, "p.yaml", pipeline, strlen(pipeline), NULL, 0,
            &fixture->graph, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        print_error("%s", message);
        fail();
    }
    fixture->input = (struct mr_oracle_input){
        .n_partitions = PARTITIONS, .self = fixture, .read = read_rows};
    bool has_source = fixture->graph->transforms[0].kind == MR_READ_FROM_LOG;
    fixture->oracle =
        mr_oracle_new(fixture->arena, fixture->graph, &fixture->input, has_source);
}

#define CHAIN "pipeline:\n  type: chain\n  transforms:\n"
#define READ                                                                                   \
    "    - type: ReadFromLog\n"                                                                \
    "      config: {topic: in, schema: {t: timestamp, k: string, n: integer, x: float, "       \
    "m: integer?, b: boolean}, event_time: t, watermark: {strategy: bounded, "                 \
    "max_out_of_orderness: 1m}}\n"
#define WINDOW "    - {type: Window, config: {windowing: {type: fixed, size: 10s}}}\n"
#define WRITE "    - {type: WriteToLog, config: {topic: out}}\n"
#define WRITE_BY_KEY "    - {type: WriteToLog, config: {topic: out, key: k}}\n"
#define COUNT_AND_SUM                                                                          \
    "    - type: Combine\n"                                                                    \
    "      config: {group_by: k, combine: {c: {fn: count, value: k}, s: {fn: sum, value: "     \
    "n}}}\n"
#define COUNTS CHAIN READ WINDOW COUNT_AND_SUM WRITE_BY_KEY

static inline void add_full(struct fixture *fixture, uint32_t partition, int64_t seconds,
    const char *key, int64_t n, double x, struct mr_value m)
{
    int64_t row = fixture->n_rows[partition]++;
    assert_true(row < ROWS_MAX);
    struct mr_value values[FIELDS] = {
        at(seconds), text(key), integer(n), number(x), m, boolean(n > 2)};
    memcpy(fixture->values[partition] + row * FIELDS, values, sizeof values);
    fixture->times_us[partition][row] = seconds * MR_SECOND_US;
}

static inline void add(
    struct fixture *fixture, uint32_t partition, int64_t seconds, const char *key, int64_t n)
{
    add_full(fixture, partition, seconds, key, n, (double)n / 2, none);
}

static inline void advance(struct fixture *fixture)
{
    uint32_t source = fixture->graph->transforms[0].id;
    for (uint32_t i = 0; i < PARTITIONS; i++)
        mr_oracle_advance(fixture->oracle, source, i, fixture->n_rows[i]);
}

static inline void pass(struct fixture *fixture, const char *combine, int64_t seconds)
{
    mr_oracle_pass(fixture->oracle, find(fixture, combine), seconds * MR_SECOND_US);
}

/* The answer for a row of at most four fields at a sink, in a window of seconds. */
static inline enum mr_match match_at(struct fixture *fixture, const char *sink, int64_t from,
    int64_t to, struct mr_value a, struct mr_value b, struct mr_value c, struct mr_value d)
{
    struct mr_value row[4] = {a, b, c, d};
    memset(fixture->expected, 0xee, sizeof fixture->expected);
    return mr_oracle_match(fixture->oracle, find(fixture, sink), from * MR_SECOND_US,
        to * MR_SECOND_US, row, fixture->expected);
}

static inline enum mr_match match(struct fixture *fixture, int64_t from, int64_t to,
    const char *key, int64_t count, int64_t sum)
{
    return match_at(
        fixture, "WriteToLog", from, to, text(key), integer(count), integer(sum), none);
}

/* A row without a window. */
static inline enum mr_match match_row(
    struct fixture *fixture, const char *sink, const struct mr_value *row)
{
    return mr_oracle_match(
        fixture->oracle, find(fixture, sink), MR_US_MIN, MR_US_MAX, row, fixture->expected);
}

static inline uint64_t owed(const struct fixture *fixture, const char *sink)
{
    return mr_oracle_owed(fixture->oracle, find(fixture, sink));
}

static inline void assert_value(struct mr_value actual, struct mr_value expected)
{
    char a[100], b[100];
    mr_value_format(actual, a, sizeof a);
    mr_value_format(expected, b, sizeof b);
    assert_string_equal(a, b);
    assert_int_equal(actual.type, expected.type);
}
#define COMBINE(aggregates)                                                                    \
    "    - {type: Combine, config: {group_by: k, combine: {" aggregates "}}}\n"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
