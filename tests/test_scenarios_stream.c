#include "tests/test.h"

#include <string.h>

#include "base/digest.h"
#include "engine/batch/batch.h"
#include "scenarios/data/stream.h"

#define MINUTE_US (60 * MR_SECOND_US)
#define HOUR_US (60 * MINUTE_US)

static struct mr_arena *arena;
static const struct mr_draws draws = {.seed = 11};

static int set_up(void **state)
{
    struct mr_arena_options options = {.bytes_max = (size_t)256 << 20, .fill = 0x5a};
    struct mr_err err = {0};
    if (!mr_arena_open(&options, &arena, &err)) return -1;
    *state = mr_region_create();
    return 0;
}

static int tear_down(void **state)
{
    mr_arena_close(arena);
    mr_region_destroy(*state);
    return 0;
}

/* One column of each type; `note` and `score` may be null. */
static const struct mr_field fields[] = {
    {"at", MR_TYPE_TIMESTAMP, false, NULL},
    {"key", MR_TYPE_STRING, false, NULL},
    {"note", MR_TYPE_STRING, true, NULL},
    {"n", MR_TYPE_INT, false, NULL},
    {"score", MR_TYPE_FLOAT, true, NULL},
    {"ok", MR_TYPE_BOOL, false, NULL},
    {"raw", MR_TYPE_BYTES, false, NULL},
};
enum { N_FIELDS = 7 };
static const struct mr_schema schema = {N_FIELDS, fields};

static const struct mr_trace *read_trace(struct mr_region *region, const char *text)
{
    struct mr_trace_options options = {.schema = &schema,
        .event_time = "at",
        .arrival_column = "delay",
        .arrival_unit = MR_UNIT_S,
        .arrival_is_relative = true};
    const struct mr_trace *trace = NULL;
    struct mr_err err = {0};
    if (!mr_trace_read_csv(region, "t.csv", text, strlen(text), &options, &trace, &err))
        fail_msg("%d:%d: %s", err.input_line, err.input_col, err.msg);
    return trace;
}

/* Rows of all shapes: nulls, texts of 0, 12, 13 and 40 bytes, arrivals out of order and at
 * equal times. */
static const struct mr_trace *mixed_trace(struct mr_region *region, int n_rows)
{
    static const char *const notes[] = {"", "\"\"", "short", "twelve bytes", "thirteen byte",
        "a text that is far longer than an inline",
        "\"quoted \"\"text\"\", also a longer one\""};
    struct mr_text text = {0};
    mr_text_printf(&text, "delay,at,key,note,n,score,ok,raw,unused\n");
    for (int i = 0; i < n_rows; i++)
        mr_text_printf(&text, "%d,2001-01-03 %02d:%02d:%02d,key-%d,%s,%d,%s,%s,\xff%d,x\n",
            i * 7919 % 600, i / 3600 % 24, i / 60 % 60, i % 60, i * 31 % 17, notes[i * 5 % 7],
            i - 50, i % 3 ? "0.5" : "", i % 2 ? "true" : "false", i);
    const struct mr_trace *trace = read_trace(region, text.data);
    mr_text_deinit(&text);
    return trace;
}

static struct mr_stream_config config_of(struct mr_region *region, const struct mr_trace *trace)
{
    struct mr_stream_config config = {.topic = "in",
        .n_partitions = 3,
        .schema = &schema,
        .event_time_field = 0,
        .key_field = 1,
        .trace = trace,
        .speedup = 1};
    mr_stream_prepare(region, &config);
    return config;
}

/* Every row of every partition, read in batches of many sizes as the broker does, and row by
 * row as the oracle does: the same values, times and arrivals. Returns the rows of all
 * partitions. */
static int64_t assert_feed_and_rows_agree(struct mr_stream *stream, const struct mr_schema *of)
{
    static const uint32_t sizes[] = {1, 2, 63, 64, 65, 7, 1000, 2000};
    struct mr_feed feed = mr_stream_feed(stream);
    enum mr_type types[MR_FIELDS_MAX];
    for (uint32_t f = 0; f < of->n_fields; f++) types[f] = of->fields[f].type;
    int64_t total = 0;
    for (uint32_t p = 0; p < 3; p++) {
        int64_t rows = mr_stream_rows(stream, p);
        assert_true(feed.end(feed.self, p) == rows);
        assert_true(feed.arrives_at(feed.self, p, rows) == MR_NS_NEVER);
        total += rows;
        for (int64_t at = 0, step = 0; at < rows; step++) {
            uint32_t n = 0;
            struct mr_message *message =
                feed.read(feed.self, arena, p, at, sizes[(p + step) % 8], MR_NS_NEVER - 1, &n);
            assert_true(n >= 1 && n <= sizes[(p + step) % 8] && n <= MR_BATCH_ROWS_MAX);
            struct mr_column columns[MR_FIELDS_MAX];
            struct mr_batch batch;
            mr_blob_view(message->body, types, columns, &batch);
            assert_int_equal(batch.n_rows, n);
            struct mr_value *values = malloc(sizeof *values * n * of->n_fields);
            mr_us *times_us = malloc(sizeof *times_us * n);
            assert_true(values && times_us);
            mr_stream_read(stream, p, at, n, values, times_us);
            for (uint32_t i = 0; i < n; i++) {
                assert_true(times_us[i] == batch.times_us[i]);
                for (uint32_t f = 0; f < of->n_fields; f++)
                    assert_true(mr_value_same(
                        mr_column_value(&columns[f], i), values[i * of->n_fields + f]));
            }
            for (uint32_t i = 0; i < n; i++) {
                assert_true(times_us[i] == mr_stream_time_us(stream, p, at + i));
                if (at + i > 0)
                    assert_true(mr_stream_arrives_at(stream, p, at + i) >=
                                mr_stream_arrives_at(stream, p, at + i - 1));
            }
            free(values);
            free(times_us);
            mr_message_release(arena, message);
            at += n;
        }
    }
    return total;
}

static void feed_and_rows_of_a_trace_agree(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, 5000));
    struct mr_stream *stream = mr_stream_new(arena, &config, &draws);
    assert_int_equal(assert_feed_and_rows_agree(stream, &schema), 5000);
}

static void equal_keys_meet_in_one_partition_in_order_of_arrival(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, 2000));
    struct mr_stream *stream = mr_stream_new(arena, &config, &draws);
    int partition_of[17];
    memset(partition_of, -1, sizeof partition_of);
    for (uint32_t p = 0; p < 3; p++) {
        assert_true(mr_stream_rows(stream, p) > 0);
        for (int64_t i = 0; i < mr_stream_rows(stream, p); i++) {
            struct mr_value values[N_FIELDS];
            mr_us time_us;
            mr_stream_read(stream, p, i, 1, values, &time_us);
            int64_t row = values[3].i + 50;
            int key = (int)(row * 31 % 17);
            assert_true(partition_of[key] == -1 || partition_of[key] == (int)p);
            partition_of[key] = (int)p;
            assert_true(values[0].i == time_us);
            mr_us arrival_us = time_us + row * 7919 % 600 * MR_SECOND_US;
            assert_true(mr_stream_arrives_at(stream, p, i) ==
                        (arrival_us - mr_stream_origin_us(stream)) * 1000);
        }
    }
}

static void without_a_key_rows_go_round_the_partitions(void **state)
{
    struct mr_stream_config config = {.topic = "in",
        .n_partitions = 3,
        .schema = &schema,
        .event_time_field = 0,
        .key_field = -1,
        .trace = mixed_trace(*state, 100),
        .speedup = 1};
    mr_stream_prepare(*state, &config);
    struct mr_stream *stream = mr_stream_new(arena, &config, &draws);
    assert_int_equal(mr_stream_rows(stream, 0), 34);
    assert_int_equal(mr_stream_rows(stream, 1), 33);
    assert_int_equal(assert_feed_and_rows_agree(stream, &schema), 100);
}

static void speedup_divides_the_arrivals_and_leaves_the_times(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, 500));
    struct mr_stream_config fast_config = config;
    fast_config.speedup = 60;
    mr_stream_prepare(*state, &fast_config);
    struct mr_stream *slow = mr_stream_new(arena, &config, &draws);
    struct mr_stream *fast = mr_stream_new(arena, &fast_config, &draws);
    for (uint32_t p = 0; p < 3; p++)
        for (int64_t i = 0; i < mr_stream_rows(slow, p); i++) {
            assert_true(
                mr_stream_arrives_at(fast, p, i) == mr_stream_arrives_at(slow, p, i) / 60);
            assert_true(mr_stream_time_us(fast, p, i) == mr_stream_time_us(slow, p, i));
        }
}

/* Disorder. */

static void drawn_orders_are_read_alike_and_differ_by_seed(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, 3000));
    config.duplicates = (struct mr_ratio){1, 10};
    config.has_extra_delay = true;
    config.extra_delay_us = mr_distribution_uniform(0, 5 * MINUTE_US);
    config.has_linger = true;
    config.linger_ns = mr_distribution_uniform(0, MR_SECOND_NS);
    struct mr_stream *stream = mr_stream_new(arena, &config, &draws);
    int64_t rows = assert_feed_and_rows_agree(stream, &schema);
    assert_in_range(rows, 3200, 3400);
    struct mr_stream *again = mr_stream_new(arena, &config, &draws);
    struct mr_draws other_draws = {.seed = 12};
    struct mr_stream *other = mr_stream_new(arena, &config, &other_draws);
    int n_different = 0;
    for (int64_t i = 0; i < 500; i++) {
        assert_true(mr_stream_arrives_at(stream, 0, i) == mr_stream_arrives_at(again, 0, i));
        assert_true(mr_stream_time_us(stream, 0, i) == mr_stream_time_us(again, 0, i));
        n_different += mr_stream_arrives_at(stream, 0, i) != mr_stream_arrives_at(other, 0, i);
    }
    assert_true(n_different > 400);
}

/* The rows by number, `n` of the schema: how often each came, and when. */
static void count_rows(struct mr_stream *stream, int counts[], mr_ns last_ns[])
{
    for (uint32_t p = 0; p < 3; p++) {
        int64_t before = -1;
        for (int64_t i = 0; i < mr_stream_rows(stream, p); i++) {
            struct mr_value values[N_FIELDS];
            mr_us time_us;
            mr_stream_read(stream, p, i, 1, values, &time_us);
            int64_t row = values[3].i + 50;
            if (counts[row] > 0) assert_true(before == row); /* right behind itself */
            counts[row]++;
            last_ns[row] = mr_stream_arrives_at(stream, p, i);
            before = row;
        }
    }
}

enum { ROWS = 1000 };

static void a_duplicate_comes_right_behind_its_row(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, ROWS));
    config.duplicates = (struct mr_ratio){1, 4};
    int counts[ROWS] = {0}, n_doubled = 0;
    mr_ns arrivals_ns[ROWS];
    count_rows(mr_stream_new(arena, &config, &draws), counts, arrivals_ns);
    for (int i = 0; i < ROWS; i++) {
        assert_in_range(counts[i], 1, 2);
        n_doubled += counts[i] == 2;
    }
    assert_in_range(n_doubled, 200, 300);
}

/* Extra delay is trace time and divided by the speedup, linger is virtual time and is not. */
static void extra_delay_and_linger_are_added_to_the_arrival(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, ROWS));
    config.speedup = 60;
    mr_stream_prepare(*state, &config);
    int counts[ROWS] = {0}, delayed_counts[ROWS] = {0}, lingering_counts[ROWS] = {0};
    mr_ns arrivals_ns[ROWS], delayed_ns[ROWS], lingering_ns[ROWS];
    count_rows(mr_stream_new(arena, &config, &draws), counts, arrivals_ns);
    config.has_extra_delay = true;
    config.extra_delay_us = mr_distribution_uniform(60 * MINUTE_US, 120 * MINUTE_US);
    count_rows(mr_stream_new(arena, &config, &draws), delayed_counts, delayed_ns);
    config.has_extra_delay = false;
    config.has_linger = true;
    config.linger_ns = mr_distribution_uniform(10, 20);
    count_rows(mr_stream_new(arena, &config, &draws), lingering_counts, lingering_ns);
    for (int i = 0; i < ROWS; i++) {
        assert_in_range(delayed_ns[i] - arrivals_ns[i], 60 * MR_SECOND_NS, 120 * MR_SECOND_NS);
        assert_in_range(lingering_ns[i] - arrivals_ns[i], 10, 20);
        assert_int_equal(delayed_counts[i], 1);
    }
}

/* An override of one row's draw moves that row alone. */
static void draws_are_keyed_by_the_row(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, ROWS));
    config.has_linger = true;
    config.linger_ns = mr_distribution_uniform(0, MR_SECOND_NS);
    const struct mr_override override = {
        MR_DRAW_STREAM, mr_name("in.linger"), 123, 5 * MR_SECOND_NS};
    struct mr_draws overridden = {.seed = draws.seed, .overrides = &override, .n_overrides = 1};
    int counts[ROWS] = {0}, moved_counts[ROWS] = {0};
    mr_ns arrivals_ns[ROWS], moved_ns[ROWS];
    count_rows(mr_stream_new(arena, &config, &draws), counts, arrivals_ns);
    count_rows(mr_stream_new(arena, &config, &overridden), moved_counts, moved_ns);
    for (int i = 0; i < ROWS; i++) assert_int_equal(moved_ns[i] != arrivals_ns[i], i == 123);
}

/* Silence. */

static void a_silence_holds_rows_back_until_its_end(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, ROWS));
    struct mr_stream *loud = mr_stream_new(arena, &config, &draws);
    const mr_ns from = 200 * MR_SECOND_NS, span = 300 * MR_SECOND_NS;
    const struct mr_silence silences[] = {
        {1, from, span}, {1, from + span, 10}, {2, 700 * MR_SECOND_NS, MR_NS_NEVER}};
    struct mr_stream_config silent_config = config;
    silent_config.n_silences = 3;
    silent_config.silences = silences;
    struct mr_stream *silent = mr_stream_new(arena, &silent_config, &draws);
    struct mr_feed feed = mr_stream_feed(silent);
    int n_held = 0, n_withheld = 0;
    for (uint32_t p = 0; p < 3; p++) {
        assert_int_equal(mr_stream_rows(silent, p), mr_stream_rows(loud, p));
        for (int64_t i = 0; i < mr_stream_rows(loud, p); i++) {
            mr_ns own = mr_stream_arrives_at(loud, p, i);
            bool is_held = p == 1 && own >= from && own < from + span + 10;
            bool is_withheld = p == 2 && own >= 700 * MR_SECOND_NS;
            mr_ns expected = is_held ? from + span + 10 : is_withheld ? MR_NS_NEVER : own;
            assert_true(mr_stream_arrives_at(silent, p, i) == expected);
            n_held += is_held;
            n_withheld += is_withheld;
            if (is_withheld) continue;
            /* The broker asks at the arrival: it gets what has come by then and no more. */
            uint32_t n = 0;
            struct mr_message *message = feed.read(feed.self, arena, p, i, 1000, expected, &n);
            int64_t next = i + n;
            assert_true(mr_stream_arrives_at(silent, p, next - 1) <= expected);
            assert_true(mr_stream_arrives_at(silent, p, next) > expected);
            mr_message_release(arena, message);
        }
    }
    assert_true(n_held > 50 && n_withheld > 50);
}

static void an_open_stream_has_no_end(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, 100));
    config.is_open = true;
    struct mr_feed feed = mr_stream_feed(mr_stream_new(arena, &config, &draws));
    assert_true(feed.end(feed.self, 0) == INT64_MAX);
    assert_true(feed.arrives_at(feed.self, 0, 1000) == MR_NS_NEVER);
}

/* Without an event time a row's time is that of its arrival, held back or not. */
static void without_an_event_time_the_arrival_is_the_time(void **state)
{
    struct mr_stream_config config = config_of(*state, mixed_trace(*state, ROWS));
    config.event_time_field = -1;
    const struct mr_silence silence = {0, 0, 100 * MR_SECOND_NS};
    config.n_silences = 1;
    config.silences = &silence;
    struct mr_stream *stream = mr_stream_new(arena, &config, &draws);
    assert_feed_and_rows_agree(stream, &schema);
    for (uint32_t p = 0; p < 3; p++)
        for (int64_t i = 0; i < mr_stream_rows(stream, p); i++)
            assert_true(
                mr_stream_time_us(stream, p, i) ==
                mr_stream_origin_us(stream) + mr_stream_arrives_at(stream, p, i) / 1000);
}

/* Generated rows. */

static struct mr_stream_config generated(uint32_t key_bytes)
{
    return (struct mr_stream_config){.topic = "in",
        .n_partitions = 3,
        .schema = &schema,
        .event_time_field = 0,
        .key_field = 1,
        .speedup = 1,
        .generator = {.rows = 10000,
            .start_us = 978505500000000,
            .duration_ns = 10 * MR_SECOND_NS,
            .n_keys = 50,
            .key_bytes = key_bytes,
            .value_bound = 100,
            .disorder_us = MR_SECOND_US}};
}

static void feed_and_rows_of_a_generator_agree(void **state)
{
    static const uint32_t lengths[] = {8, 12, 13, 20, 40};
    for (int i = 0; i < 5; i++) {
        struct mr_stream_config config = generated(lengths[i]);
        mr_stream_prepare(*state, &config);
        struct mr_stream *stream = mr_stream_new(arena, &config, &draws);
        assert_int_equal(assert_feed_and_rows_agree(stream, &schema), 10000);
        struct mr_value values[N_FIELDS];
        mr_us time_us;
        mr_stream_read(stream, 2, 77, 1, values, &time_us);
        assert_int_equal(values[1].bytes, lengths[i]);
        assert_int_equal(values[1].text[0], 'k');
    }
}

static void generated_rows_are_even_in_time_keys_and_values(void **state)
{
    (void)state;
    struct mr_stream_config config = generated(8);
    struct mr_stream *stream = mr_stream_new(arena, &config, &draws);
    int per_key[50] = {0}, n_behind = 0;
    for (uint32_t p = 0; p < 3; p++) {
        for (int64_t i = 0; i < mr_stream_rows(stream, p); i++) {
            struct mr_value values[N_FIELDS];
            mr_us time_us;
            mr_stream_read(stream, p, i, 1, values, &time_us);
            int64_t index = i * 3 + p;
            assert_in_range(values[3].i, 0, 99);
            per_key[atoi(values[1].text + 1) % 50]++;
            mr_ns at_ns = mr_stream_arrives_at(stream, p, i);
            assert_true(
                at_ns <= index * 1000000 && at_ns >= index * 1000000 - 1); /* rounded down */
            mr_us even_us = 978505500000000 + index * 1000;
            assert_in_range(even_us - time_us + 1, 0, MR_SECOND_US + 2);
            n_behind += even_us - time_us > MR_SECOND_US / 2;
        }
    }
    for (int i = 0; i < 50; i++) assert_in_range(per_key[i], 120, 280);
    assert_in_range(n_behind, 4700, 5300);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(feed_and_rows_of_a_trace_agree),
        TEST(equal_keys_meet_in_one_partition_in_order_of_arrival),
        TEST(without_a_key_rows_go_round_the_partitions),
        TEST(speedup_divides_the_arrivals_and_leaves_the_times),
        TEST(drawn_orders_are_read_alike_and_differ_by_seed),
        TEST(a_duplicate_comes_right_behind_its_row),
        TEST(extra_delay_and_linger_are_added_to_the_arrival),
        TEST(draws_are_keyed_by_the_row),
        TEST(a_silence_holds_rows_back_until_its_end),
        TEST(an_open_stream_has_no_end),
        TEST(without_an_event_time_the_arrival_is_the_time),
        TEST(feed_and_rows_of_a_generator_agree),
        TEST(generated_rows_are_even_in_time_keys_and_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
