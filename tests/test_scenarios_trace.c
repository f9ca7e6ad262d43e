#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "engine/batch/batch.h"
#include "scenarios/data/stream.h"

#define MINUTE_US (60 * MR_SECOND_US)
#define HOUR_US (60 * MINUTE_US)

static int set_up(void **state)
{
    *state = mr_region_create();
    return 0;
}

static int tear_down(void **state)
{
    mr_region_destroy(*state);
    return 0;
}

/* The committed flights: what the issues and the documentation say about them. */

static const struct mr_field flight_fields[] = {
    {"date", MR_TYPE_TIMESTAMP, false, NULL},
    {"delay", MR_TYPE_INT, false, NULL},
    {"distance", MR_TYPE_INT, false, NULL},
    {"origin", MR_TYPE_STRING, false, NULL},
    {"destination", MR_TYPE_STRING, false, NULL},
};
static const struct mr_schema flight_schema = {5, flight_fields};

static char *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    enum { BYTES_MAX = 4 << 20 };
    char *text = malloc(BYTES_MAX);
    assert_non_null(text);
    *bytes = fread(text, 1, BYTES_MAX, file);
    assert_true(*bytes > 0 && *bytes < BYTES_MAX);
    fclose(file);
    return text;
}

static const struct mr_trace *read_flights(struct mr_region *region)
{
    size_t bytes;
    char *text = read_file(MR_SOURCE_DIR "/scenarios/data/flights-2001-01-03.csv", &bytes);
    struct mr_trace_options options = {.schema = &flight_schema,
        .event_time = "date",
        .arrival_column = "delay",
        .arrival_unit = MR_UNIT_MIN,
        .arrival_is_relative = true};
    const struct mr_trace *trace = NULL;
    struct mr_err err = {0};
    if (!mr_trace_read_csv(region, "flights.csv", text, bytes, &options, &trace, &err))
        fail_msg("%s", err.msg);
    free(text);
    return trace;
}

static void the_flights_arrive_as_disordered_as_we_say(void **state)
{
    const struct mr_trace *trace = read_flights(*state);
    assert_int_equal(mr_trace_rows(trace), 16948);
    assert_int_equal(mr_trace_dropped(trace), 0);
    /* 98.8 % come behind a later one; the quantiles of those are 45 minutes and 2.9 hours. */
    assert_int_equal(mr_trace_disorder_us(trace, (struct mr_ratio){1191, 100000}), 0);
    assert_true(mr_trace_disorder_us(trace, (struct mr_ratio){1192, 100000}) > 0);
    assert_int_equal(mr_trace_disorder_us(trace, (struct mr_ratio){1, 2}), 44 * MINUTE_US);
    assert_int_equal(
        mr_trace_disorder_us(trace, (struct mr_ratio){50596, 100000}), 45 * MINUTE_US);
    assert_int_equal(
        mr_trace_disorder_us(trace, (struct mr_ratio){99012, 100000}), 172 * MINUTE_US);
    assert_int_equal(mr_trace_disorder_us(trace, (struct mr_ratio){1, 1}), 672 * MINUTE_US);
    assert_int_equal(mr_trace_disorder_us(trace, (struct mr_ratio){0, 1}), 0);
}

/* The sums were taken with another program. */
static void the_flights_add_up(void **state)
{
    struct mr_stream_config config = {.topic = "flights",
        .n_partitions = 4,
        .schema = &flight_schema,
        .event_time_field = 0,
        .key_field = 3,
        .trace = read_flights(*state),
        .speedup = 3600};
    mr_stream_prepare(*state, &config);
    struct mr_arena_options options = {.bytes_max = (size_t)64 << 20, .fill = -1};
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    assert_true(mr_arena_open(&options, &arena, &err));
    const struct mr_draws draws = {.seed = 1};
    struct mr_stream *stream = mr_stream_new(arena, &config, &draws);
    int64_t rows = 0, delays = 0, distances = 0, n_early = 0, n_chicago = 0;
    for (uint32_t p = 0; p < 4; p++) {
        for (int64_t i = 0; i < mr_stream_rows(stream, p); i++) {
            struct mr_value values[5];
            mr_us time_us;
            mr_stream_read(stream, p, i, 1, values, &time_us);
            rows++;
            delays += values[1].i;
            distances += values[2].i;
            n_early += values[1].i < 0;
            n_chicago += values[3].bytes == 3 && memcmp(values[3].text, "ORD", 3) == 0;
            mr_us arrival_us = time_us + values[1].i * MINUTE_US - mr_stream_origin_us(stream);
            assert_true(mr_stream_arrives_at(stream, p, i) == arrival_us * 1000 / 3600);
        }
    }
    assert_int_equal(rows, 16948);
    assert_int_equal(delays, 246361);
    assert_int_equal(distances, 12362665);
    assert_int_equal(n_early, 5649);
    assert_int_equal(n_chicago, 897);
    mr_arena_close(arena);
}

/* Small traces. */

static const struct mr_field fields[] = {
    {"at", MR_TYPE_TIMESTAMP, false, NULL},
    {"n", MR_TYPE_INT, true, NULL},
    {"x", MR_TYPE_FLOAT, true, NULL},
    {"ok", MR_TYPE_BOOL, true, NULL},
    {"s", MR_TYPE_STRING, true, NULL},
};
static const struct mr_schema schema = {5, fields};
#define HEADER "at,n,x,ok,s\n"

static struct mr_trace_options plain_options(void)
{
    return (struct mr_trace_options){.schema = &schema, .event_time = "at"};
}

static bool read(struct mr_region *region, const char *text,
    const struct mr_trace_options *options, const struct mr_trace **out, struct mr_err *err)
{
    size_t bytes = strlen(text);
    char *exact = malloc(bytes + !bytes);
    assert_non_null(exact);
    memcpy(exact, text, bytes);
    bool is_ok = mr_trace_read_csv(region, "t.csv", exact, bytes, options, out, err);
    free(exact);
    return is_ok;
}

static void bad_traces_are_refused_at_their_place(void **state)
{
    static const struct {
        const char *text;
        int line, col;
        const char *message, *hint;
    } cases[] = {
        {"", 1, 1, "the trace is empty", ""},
        {"\n\n", 1, 1, "the trace is empty", ""},
        {HEADER, 1, 1, "no row", ""},
        {"at,n,x,okay,s\n", 1, 1, "no column 'ok'", ""},
        {"at,n,x,okk,s,q\n", 1, 1, "no column 'ok'", "did you mean 'okk'?"},
        {"at,n,n,x,ok,s\n", 1, 6, "stands twice", ""},
        {HEADER "2001-01-03,1,1,true\n", 2, 1, "4 cells, the header has 5", ""},
        {HEADER "2001-01-03,1,1,true,a,b\n", 2, 1, "6 cells", ""},
        {HEADER "2001-01-03,x,1,true,a\n", 2, 12, "cell 'x' of column 'n' is not an integer",
            ""},
        {HEADER "2001-01-03,9223372036854775808,1,true,a\n", 2, 12, "not an integer", ""},
        {HEADER "2001-01-03,1.5,1,true,a\n", 2, 12, "not an integer", ""},
        {HEADER "2001-01-03, 1,1,true,a\n", 2, 12, "not an integer", ""},
        {HEADER "2001-01-03,1,0x10,true,a\n", 2, 14, "not a float", ""},
        {HEADER "2001-01-03,1,1,yes,a\n", 2, 16, "not a boolean", ""},
        {HEADER "2001-01-03,1,1,true,\xff\n", 2, 21, "not UTF-8", ""},
        {HEADER "2001-01-03,1,1,true,a\n2001-13-03,1,1,true,a\n", 3, 1, "is not a time", ""},
        {HEADER ",1,1,true,a\n", 2, 1, "is not a time", ""},
        {HEADER "2001-01-03,1,1,true,\"a\n", 2, 21, "never closed", ""},
    };
    struct mr_trace_options options = plain_options();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct mr_trace *trace = NULL;
        struct mr_err err = {0};
        assert_false(read(*state, cases[i].text, &options, &trace, &err));
        assert_null(trace);
        assert_int_equal(err.kind, MR_ERR_INPUT);
        if (err.input_line != cases[i].line || err.input_col != cases[i].col ||
            !strstr(err.msg, cases[i].message) || strcmp(err.hint, cases[i].hint) != 0)
            fail_msg("'%s': %d:%d: %s (%s)", cases[i].text, err.input_line, err.input_col,
                err.msg, err.hint);
    }
}

static const struct mr_trace *read_ok(
    struct mr_region *region, const char *text, const struct mr_trace_options *options)
{
    const struct mr_trace *trace = NULL;
    struct mr_err err = {0};
    if (!read(region, text, options, &trace, &err))
        fail_msg("%d:%d: %s", err.input_line, err.input_col, err.msg);
    return trace;
}

static void rows_with_a_bad_time_are_dropped_if_told_so(void **state)
{
    struct mr_trace_options options = plain_options();
    options.on_bad_time = MR_BAD_TIME_DROP;
    const struct mr_trace *trace = read_ok(*state,
        HEADER "2001-01-03,1,1,true,a\nnever,2,1,true,b\n2001-01-04,3,1,true,c\n", &options);
    assert_int_equal(mr_trace_rows(trace), 2);
    assert_int_equal(mr_trace_dropped(trace), 1);
    struct mr_err err = {0};
    assert_false(read(*state, HEADER "never,2,1,true,b\n", &options, &trace, &err));
    assert_non_null(strstr(err.msg, "no valid row: 1 were dropped"));
}

static void times_far_from_the_median_are_bad_times(void **state)
{
    const char *text = HEADER "2001-01-03,1,,,\n2001-01-03,2,,,\n2101-01-03,3,,,\n"
                              "2001-01-04,4,,,\n1901-01-03,5,,,\n";
    struct mr_trace_options options = plain_options();
    const struct mr_trace *trace = read_ok(*state, text, &options);
    assert_int_equal(mr_trace_rows(trace), 5); /* without bounds nothing is too far */
    options.max_future_us = 48 * HOUR_US;
    struct mr_err err = {0};
    assert_false(read(*state, text, &options, &trace, &err));
    assert_int_equal(err.input_line, 4);
    assert_non_null(strstr(err.msg, "max_future"));
    options.max_past_us = 48 * HOUR_US;
    options.on_bad_time = MR_BAD_TIME_DROP;
    trace = read_ok(*state, text, &options);
    assert_int_equal(mr_trace_rows(trace), 3);
    assert_int_equal(mr_trace_dropped(trace), 2);
    options.max_future_us = 0;
    options.on_bad_time = MR_BAD_TIME_ERROR;
    err = (struct mr_err){0};
    assert_false(read(*state, text, &options, &trace, &err));
    assert_int_equal(err.input_line, 6);
    assert_non_null(strstr(err.msg, "max_past"));
}

/* The first of the arrivals, whatever it was counted in. */
static void arrivals_are_read_in_their_unit(void **state)
{
    static const struct {
        const char *delay;
        enum mr_arrival_unit unit;
        mr_us expected_us;
    } cases[] = {{"5", MR_UNIT_US, 5}, {"5", MR_UNIT_MS, 5000}, {"5", MR_UNIT_S, 5000000},
        {"-5", MR_UNIT_MIN, -5 * MINUTE_US}, {"0.5", MR_UNIT_H, HOUR_US / 2},
        {"+1.25", MR_UNIT_S, 1250000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_trace_options options = plain_options();
        options.arrival_column = "delay";
        options.arrival_unit = cases[i].unit;
        options.arrival_is_relative = true;
        char text[128];
        snprintf(text, sizeof text, "at,n,x,ok,s,delay\n2001-01-03,,,,,%s\n", cases[i].delay);
        assert_true(mr_trace_origin_us(read_ok(*state, text, &options)) ==
                    978480000000000 + cases[i].expected_us);
    }
    struct mr_trace_options options = plain_options();
    options.arrival_column = "came";
    const struct mr_trace *trace =
        read_ok(*state, "at,n,x,ok,s,came\n2001-01-03,,,,,2001-01-03T01:00\n", &options);
    assert_true(mr_trace_origin_us(trace) == 978480000000000 + HOUR_US);
    static const char *const bad[] = {
        "", "x", "1e3", "--1", "1.2.3", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "at,n,x,ok,s,came\n2001-01-03,,,,,%s\n", bad[i]);
        struct mr_err err = {0};
        options.arrival_is_relative = true;
        assert_false(read(*state, text, &options, &trace, &err));
        assert_int_equal(err.input_line, 2);
        assert_int_equal(err.input_col, 16);
    }
}

static void cells_become_values_of_their_type(void **state)
{
    struct mr_trace_options options = plain_options();
    struct mr_stream_config config = {.topic = "in",
        .n_partitions = 1,
        .schema = &schema,
        .event_time_field = 0,
        .key_field = -1,
        .trace = read_ok(*state,
            "s,unused,ok,x,n,at\n"
            "\"a \"\"b\"\"\",?,TRUE,-1.5e3,+7,1970-01-01\n"
            "\"\",,0,nan,-9223372036854775808,1\n"
            ",,,,,2\n",
            &options),
        .speedup = 1};
    mr_stream_prepare(*state, &config);
    struct mr_arena_options arena_options = {.bytes_max = 1 << 20, .fill = -1};
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    assert_true(mr_arena_open(&arena_options, &arena, &err));
    struct mr_stream *stream = mr_stream_new(arena, &config, &(struct mr_draws){.seed = 1});
    static const char *const expected[] = {
        "\"1970-01-01T00:00:00Z\" 7 -1500.0 true \"a \\\"b\\\"\" ",
        "\"1970-01-01T00:00:01Z\" -9223372036854775808 NaN false \"\" ",
        "\"1970-01-01T00:00:02Z\" null null null null ",
    };
    for (int64_t i = 0; i < 3; i++) {
        struct mr_value values[5];
        mr_us time_us;
        mr_stream_read(stream, 0, i, 1, values, &time_us);
        assert_int_equal(time_us, i * MR_SECOND_US);
        struct mr_text text = {0};
        for (int f = 0; f < 5; f++) {
            char value[64];
            mr_value_format(values[f], value, sizeof value);
            mr_text_printf(&text, "%s ", value);
        }
        assert_string_equal(text.data, expected[i]);
        mr_text_deinit(&text);
    }
    mr_arena_close(arena);
}

/* As the oracle reads them and as the engine gets them. */
static void cells_of_json_become_values_with_values_inside(void **state)
{
    static const struct mr_field integer = {.type = MR_TYPE_INT};
    static const struct mr_shape integers = {.element = &integer};
    static const struct mr_field members[] = {{"at", MR_TYPE_TIMESTAMP, false, NULL},
        {"l", MR_TYPE_LIST, false, &integers}, {"r", MR_TYPE_ROW, true, NULL},
        {"m", MR_TYPE_MAP, true, NULL}, {"v", MR_TYPE_ANY, true, NULL}};
    static const struct mr_schema nested = {5, members};
    struct mr_trace_options options = {.schema = &nested, .event_time = "at"};
    struct mr_stream_config config = {.topic = "in",
        .n_partitions = 1,
        .schema = &nested,
        .key_field = -1,
        .trace = read_ok(*state,
            "at,l,r,m,v\n"
            "1,\"[1, 2]\",\"{\"\"a\"\": {\"\"b\"\": null}}\",\"{\"\"k\"\": 1}\",5\n"
            "2,[],,,\"\"\"a text that is too long to be inline\"\"\"\n"
            "3,[3],{},{},\"[true, 2.5]\"\n",
            &options),
        .speedup = 1};
    mr_stream_prepare(*state, &config);
    struct mr_arena_options arena_options = {.bytes_max = 1 << 20, .fill = -1};
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    assert_true(mr_arena_open(&arena_options, &arena, &err));
    struct mr_stream *stream = mr_stream_new(arena, &config, &(struct mr_draws){.seed = 1});
    static const char *const expected[] = {
        "Timestamp(1) [1, 2] Row(a=Row(b=None)) {'k': 1} 5 ",
        "Timestamp(2) [] None None 'a text that is too long to be inline' ",
        "Timestamp(3) [3] Row() {} [True, 2.5] "};
    struct mr_feed feed = mr_stream_feed(stream);
    uint32_t n_rows;
    struct mr_message *message = feed.read(feed.self, arena, 0, 0, 3, MR_NS_NEVER - 1, &n_rows);
    assert_int_equal(n_rows, 3);
    enum mr_type types[5];
    struct mr_column columns[5];
    struct mr_batch batch;
    for (int f = 0; f < 5; f++) types[f] = members[f].type;
    mr_blob_view(message->body, types, columns, &batch);
    for (uint32_t i = 0; i < 3; i++) {
        struct mr_value values[5];
        mr_us time_us;
        mr_stream_read(stream, 0, i, 1, values, &time_us);
        struct mr_text text = {0};
        for (int f = 0; f < 5; f++) {
            char value[64];
            mr_value_repr(values[f], value, sizeof value);
            mr_text_printf(&text, "%s ", value);
            assert_true(mr_value_same(mr_column_value(&columns[f], i), values[f]));
        }
        assert_string_equal(text.data, expected[i]);
        mr_text_deinit(&text);
    }
    mr_arena_close(arena);
}

static void cells_of_json_are_checked(void **state)
{
    static const struct mr_field integer = {.type = MR_TYPE_INT};
    static const struct mr_shape integers = {.element = &integer};
    static const struct mr_field members[] = {
        {"at", MR_TYPE_TIMESTAMP, false, NULL}, {"l", MR_TYPE_LIST, false, &integers}};
    static const struct mr_schema nested = {2, members};
    static const char *const cells[] = {"\"[1, \"\"x\"\"]\"", "5", "\"[1\"", "{}"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        struct mr_trace_options options = {.schema = &nested, .event_time = "at"};
        const struct mr_trace *trace = NULL;
        struct mr_err err = {0};
        char text[64];
        size_t bytes = (size_t)snprintf(text, sizeof text, "at,l\n1,%s\n", cells[i]);
        assert_false(mr_trace_read_csv(*state, "t.csv", text, bytes, &options, &trace, &err));
        assert_int_equal(err.input_line, 2);
        assert_int_equal(err.input_col, 3);
        assert_non_null(strstr(err.msg, "of column 'l' is not a list"));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_flights_arrive_as_disordered_as_we_say),
        TEST(the_flights_add_up),
        TEST(bad_traces_are_refused_at_their_place),
        TEST(rows_with_a_bad_time_are_dropped_if_told_so),
        TEST(times_far_from_the_median_are_bad_times),
        TEST(arrivals_are_read_in_their_unit),
        TEST(cells_become_values_of_their_type),
        TEST(cells_of_json_become_values_with_values_inside),
        TEST(cells_of_json_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
