/* Scripted streams: what is handed in is what the broker's feed and the oracle read. */
#include "tests/test.h"

#include <string.h>

#include "engine/batch/batch.h"
#include "scenarios/data/stream.h"

enum { FIELDS = 5 };
static const struct mr_field fields[FIELDS] = {
    {.name = "text", .type = MR_TYPE_STRING, .is_nullable = true},
    {.name = "number", .type = MR_TYPE_INT},
    {.name = "is", .type = MR_TYPE_BOOL},
    {.name = "share", .type = MR_TYPE_FLOAT, .is_nullable = true},
    {.name = "at", .type = MR_TYPE_TIMESTAMP},
};
static const struct mr_schema schema = {FIELDS, fields};

struct bench {
    struct mr_arena *arena;
    struct mr_stream_config config;
    struct mr_stream *stream;
    struct mr_feed feed;
};

static int set_up(void **state)
{
    struct bench *bench = test_calloc(1, sizeof *bench);
    const struct mr_arena_options options = {.bytes_max = 1 << 24, .fill = 0x5a};
    struct mr_err err = {0};
    assert_true(mr_arena_open(&options, &bench->arena, &err));
    bench->config = (struct mr_stream_config){.topic = "t",
        .n_partitions = 2,
        .schema = &schema,
        .event_time_field = 4,
        .key_field = -1,
        .is_open = true,
        .is_scripted = true};
    static const struct mr_draws draws = {.seed = 1};
    bench->stream = mr_stream_new(bench->arena, &bench->config, &draws);
    bench->feed = mr_stream_feed(bench->stream);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    mr_arena_close(bench->arena);
    test_free(bench);
    return 0;
}

static struct mr_value text(const char *text)
{
    return (struct mr_value){
        .text = text, .bytes = (uint32_t)strlen(text), .type = MR_TYPE_STRING};
}

static void add(struct bench *bench, uint32_t partition, struct mr_value first, int64_t number)
{
    const struct mr_value row[FIELDS] = {first, {.i = number, .type = MR_TYPE_INT},
        {.i = number & 1, .type = MR_TYPE_BOOL},
        number % 3 ? (struct mr_value){.f = 0.5, .type = MR_TYPE_FLOAT}
                   : (struct mr_value){.type = MR_TYPE_NULL},
        {.i = number * 10, .type = MR_TYPE_TIMESTAMP}};
    mr_stream_add(bench->stream, partition, row, 0, 7);
}

static void rows_come_out_as_they_went_in(void **state)
{
    struct bench *bench = *state;
    add(bench, 1, text("a text that is longer than twelve bytes"), 0);
    add(bench, 1, text("short"), 1);
    add(bench, 1, (struct mr_value){.type = MR_TYPE_NULL}, 2);
    for (int64_t i = 3; i < 100; i++) add(bench, 1, text("another long text of many bytes"), i);
    uint32_t n = 0;
    struct mr_message *message =
        bench->feed.read(bench->stream, bench->arena, 1, 1, 1000, 7, &n);
    assert_int_equal(n, 99);
    enum mr_type types[FIELDS];
    struct mr_column columns[FIELDS];
    struct mr_batch batch;
    struct mr_value row[FIELDS];
    mr_us at_us;
    for (uint32_t f = 0; f < FIELDS; f++) types[f] = fields[f].type;
    mr_blob_view(message->body, types, columns, &batch);
    for (uint32_t i = 0; i < n; i++) {
        mr_stream_read(bench->stream, 1, i + 1, 1, row, &at_us);
        assert_int_equal(at_us, (i + 1) * 10);
        assert_int_equal(batch.times_us[i], at_us);
        assert_int_equal(mr_stream_time_us(bench->stream, 1, i + 1), at_us);
        for (uint32_t f = 0; f < FIELDS; f++)
            assert_true(mr_value_same(row[f], mr_column_value(&columns[f], i)));
    }
    assert_int_equal(mr_stream_rows(bench->stream, 0), 0);
    assert_int_equal(bench->feed.arrives_at(bench->stream, 1, 99), 7);
    assert_int_equal(bench->feed.arrives_at(bench->stream, 1, 100), MR_NS_NEVER);
    assert_int_equal(bench->feed.end(bench->stream, 1), INT64_MAX);
}

static void marks_stand_between_the_rows(void **state)
{
    struct bench *bench = *state;
    struct mr_log_feed_mark mark;
    bool is_idle;
    mr_stream_mark(bench->stream, 0, 50, false);
    add(bench, 0, text("a"), 1);
    mr_stream_mark(bench->stream, 0, MR_US_MIN, true);
    assert_true(bench->feed.mark(bench->stream, 0, 0, &mark));
    assert_int_equal(mark.offset, 0);
    assert_int_equal(mark.watermark_us, 50);
    assert_true(bench->feed.mark(bench->stream, 0, 1, &mark));
    assert_int_equal(mark.offset, 1);
    assert_true(mark.is_idle);
    assert_false(bench->feed.mark(bench->stream, 0, 2, &mark));
    assert_false(bench->feed.mark(bench->stream, 1, 0, &mark));
    assert_int_equal(mr_stream_marked_us(bench->stream, 0, 0, &is_idle), 50);
    assert_false(is_idle);
    assert_int_equal(mr_stream_marked_us(bench->stream, 0, 1, &is_idle), 50);
    assert_true(is_idle);
    assert_int_equal(mr_stream_marked_us(bench->stream, 1, 1, &is_idle), MR_US_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_out_as_they_went_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_stand_between_the_rows, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
