#include "tests/test_scenarios_language.h"

/* What is wrong with a scenario's input is said at its place, with the nearest word. */

static const struct test_error yaml_errors[] = {
    {"scenario: [s\n", "dir/s.yaml:1:11",
        "not valid YAML: flow sequence without a closing bracket", ""},
    {"scenario: s\n\tabout: x\n", "dir/s.yaml:1:11",
        "not valid YAML: invalid multiline plain key", ""},
    {"", "dir/s.yaml:1:1", "the scenario is empty", ""},
    {"just text\n", "dir/s.yaml:1:1", "'scenario' must be a map, not a text", ""},
    {"- a\n", "dir/s.yaml:1:1", "'scenario' must be a map, not a list", ""},
    {"scenario: s\nscenario: t\n", "dir/s.yaml:2:1", "the key 'scenario' stands twice", ""},
    {"a: 1\n---\nb: 2\n", "dir/s.yaml:2:1", "only one document is allowed in the file", ""},
    {"about: &a x\nscenario: *b\n", "dir/s.yaml:2:11", "the alias '*b' has no anchor before it",
        ""},
    {"scenario: s\nseeds: 99999999999999999999\n", "dir/s.yaml:2:8",
        "the integer 99999999999999999999 does not fit into 64 bits", ""},
    {"scenario: \"\\q\"\n", "dir/s.yaml:1:12",
        "not valid YAML: invalid escape 'q' in double-quoted string", ""},
};

static void text_that_is_no_yaml_is_refused_at_its_place(void **state)
{
    test_errors(*state, yaml_errors, sizeof yaml_errors / sizeof yaml_errors[0]);
}

static const struct test_error top_errors[] = {
    {"about: x\n", "dir/s.yaml:1:1", "'scenario' is missing", ""},
    {"scenario: s\n", "dir/s.yaml:1:1", "'pipeline' is missing", ""},
    {"scenario: 12\npipeline: p\n", "dir/s.yaml:1:11",
        "'scenario' must be a text, not an integer", ""},
    {"scenario: a/b\npipeline: p\n", "dir/s.yaml:1:11",
        "the name of a scenario has 1 to 100 characters, no slash among them, and does not "
        "begin with '.' or '-'",
        ""},
    {"scenario: \"\"\npipeline: p\n", "dir/s.yaml:1:11",
        "the name of a scenario has 1 to 100 characters, no slash among them, and does not "
        "begin with '.' or '-'",
        ""},
    {TEST_HEAD "stream: {}\n", "dir/s.yaml:3:1", "unknown key 'stream' of 'scenario'",
        "did you mean 'streams'?"},
    {TEST_HEAD "fautls: []\n", "dir/s.yaml:3:1", "unknown key 'fautls' of 'scenario'",
        "did you mean 'faults'?"},
    {TEST_HEAD "zzzzz: 1\n", "dir/s.yaml:3:1", "unknown key 'zzzzz' of 'scenario'", ""},
    {TEST_HEAD_STREAM "about: [x]\n", "dir/s.yaml:4:8", "'about' must be a text, not a list",
        ""},
    {TEST_HEAD_STREAM "seeds: 0\n", "dir/s.yaml:4:8",
        "'seeds' must be from 1 to 1000000000000, not 0", ""},
    {TEST_HEAD_STREAM "seeds: -3\n", "dir/s.yaml:4:8",
        "'seeds' must be from 1 to 1000000000000, not -3", ""},
    {TEST_HEAD_STREAM "seeds: [1, 2]\n", "dir/s.yaml:4:8",
        "'seeds' must be how many seeds there are, or a list of the one seed to run", ""},
    {TEST_HEAD_STREAM "seeds: many\n", "dir/s.yaml:4:8",
        "'seeds' must be an integer, not a text", ""},
    {TEST_HEAD_STREAM "seeds: [-1]\n", "dir/s.yaml:4:9",
        "'seeds' must be from 0 to 9223372036854775807, not -1", ""},
    {TEST_HEAD_STREAM "limits: {memory: 1}\n", "dir/s.yaml:4:18",
        "'limits.memory' must be from 1MiB to 1024GiB", ""},
    {TEST_HEAD_STREAM "limits: {memory: 2TiB}\n", "dir/s.yaml:4:18",
        "'limits.memory' must be bytes such as 512MB or 1GiB (B kB MB GB KiB MiB GiB), at most "
        "2^50",
        ""},
    {TEST_HEAD_STREAM "limits: {memory: 99999999999999999999GB}\n", "dir/s.yaml:4:18",
        "'limits.memory' must be bytes such as 512MB or 1GiB (B kB MB GB KiB MiB GiB), at most "
        "2^50",
        ""},
    {TEST_HEAD_STREAM "limits: {memory: 1XB}\n", "dir/s.yaml:4:18",
        "'limits.memory' must be bytes such as 512MB or 1GiB (B kB MB GB KiB MiB GiB), at most "
        "2^50",
        ""},
    {TEST_HEAD_STREAM "limits: {events: 0}\n", "dir/s.yaml:4:18",
        "'limits.events' must be from 1 to 1000000000000000, not 0", ""},
    {TEST_HEAD_STREAM "limits: {virtual_time: 0}\n", "dir/s.yaml:4:24",
        "'limits.virtual_time' must be more than 0", ""},
    {TEST_HEAD_STREAM "limits: {virtual_time: -1s}\n", "dir/s.yaml:4:24",
        "'limits.virtual_time': the duration '-1s' is negative", ""},
    {TEST_HEAD_STREAM "limits: {virtualtime: 1s}\n", "dir/s.yaml:4:10",
        "unknown key 'virtualtime' of 'limits'", "did you mean 'virtual_time'?"},
    {TEST_HEAD_STREAM "limits: {virtual_time: 300y}\n", "dir/s.yaml:4:24",
        "'limits.virtual_time': '300y' is not a duration such as 500us, 20ms, 30s, 5m, 2h or "
        "1d",
        ""},
    {TEST_HEAD_STREAM "limits: {virtual_time: 293000d}\n", "dir/s.yaml:4:24",
        "'limits.virtual_time': the duration '293000d' is longer than 292 years", ""},
    {TEST_HEAD_STREAM "run_for: 3s\n", "dir/s.yaml:4:10",
        "'run_for' is for streams with 'end: open'; a bounded run ends by itself", ""},
    {TEST_HEAD "streams: {events: {generate: {rows: 10, duration: 1s}, end: open}}\n",
        "dir/s.yaml:1:1",
        "'run_for' is missing: a run with an open stream does not end by itself", ""},
    {TEST_HEAD "streams: {events: {generate: {rows: 10, duration: 1s}, end: open}}\nrun_for: "
               "2s\nlimits: {virtual_time: 1s}\n",
        "dir/s.yaml:4:10", "'run_for' is more than 'limits.virtual_time', which would end it",
        ""},
};

static void the_top_of_a_scenario_is_checked(void **state)
{
    test_errors(*state, top_errors, sizeof top_errors / sizeof top_errors[0]);
}

static const struct test_error pipe_errors[] = {
    {"scenario: s\npipeline: nowhere.yaml\n", "dir/s.yaml:2:11",
        "cannot read 'nowhere.yaml': no such file", ""},
    {"scenario: s\npipeline: {set: {}}\n", "dir/s.yaml:2:11", "'file' is missing", ""},
    {"scenario: s\npipeline: {file: pipeline.yaml, sets: {}}\n", "dir/s.yaml:2:33",
        "unknown key 'sets' of 'pipeline'", "did you mean 'set'?"},
    {"scenario: s\npipeline: [a]\n", "dir/s.yaml:2:11", "'pipeline' must be a map, not a list",
        ""},
    {"scenario: s\npipeline: {file: pipeline.yaml, set: 3}\n", "dir/s.yaml:2:38",
        "'pipeline.set' must be a map from paths such as ReadFromLog.topic to values", ""},
    {"scenario: s\npipeline: {file: pipeline.yaml, set: {ReadFromLogs.topic: x}}\n",
        "dir/s.yaml:2:39", "the pipeline has no transform 'ReadFromLogs'",
        "did you mean 'ReadFromLog'?"},
    {"scenario: s\npipeline: {file: pipeline.yaml, set: {ReadFromLog: x}}\n", "dir/s.yaml:2:39",
        "'ReadFromLog' is not a path: a transform, a dot and a key of its config expected", ""},
    {"scenario: s\npipeline: {file: pipeline.yaml, set: {ReadFromLog.topics: x}}\n",
        "dir/s.yaml:2:39", "unknown key 'topics' of 'config of ReadFromLog'",
        "did you mean 'topic'?"},
    {"scenario: s\npipeline: {file: trace.csv}\n", "dir/trace.csv:1:1",
        "'a pipeline file' must be a map, not a text", ""},
};

static void the_pipeline_must_be_there_and_what_is_set_must_be_in_it(void **state)
{
    test_errors(*state, pipe_errors, sizeof pipe_errors / sizeof pipe_errors[0]);
}

static const struct test_error stream_errors[] = {
    {TEST_HEAD, "dir/s.yaml:1:1", "no stream feeds the topic 'events' that 'ReadFromLog' reads",
        ""},
    {TEST_HEAD "streams: {event: {generate: {rows: 10, duration: 1s}}}\n", "dir/s.yaml:3:11",
        "no ReadFromLog reads the stream 'event'", "did you mean 'events'?"},
    {TEST_HEAD "streams: {totals: {generate: {rows: 10, duration: 1s}}}\n", "dir/s.yaml:3:11",
        "no ReadFromLog reads the stream 'totals'", ""},
    {TEST_HEAD "streams: [events]\n", "dir/s.yaml:3:10", "'streams' must be a map of topics",
        ""},
    {TEST_HEAD "streams: {events: {}}\n", "dir/s.yaml:3:19",
        "stream 'events' needs a 'trace' or 'generate'", ""},
    {TEST_HEAD "streams: {events: }\n", "dir/s.yaml:3:11",
        "'stream' must be a map, not nothing", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, generate: {rows: 1, duration: 1s}}}\n",
        "dir/s.yaml:3:38", "a stream has a 'trace' or is 'generate'd, not both", ""},
    {TEST_HEAD "streams: {events: {trace: nowhere.csv}}\n", "dir/s.yaml:3:27",
        "cannot read 'nowhere.csv': no such file", ""},
    {TEST_HEAD "streams: {events: {trace: 3}}\n", "dir/s.yaml:3:27",
        "'trace' must be a text, not an integer", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, partition: 3}}\n", "dir/s.yaml:3:38",
        "unknown key 'partition' of 'stream'", "did you mean 'partitions'?"},
    {TEST_HEAD "streams: {events: {trace: trace.csv, partitions: 0}}\n", "dir/s.yaml:3:50",
        "'streams.partitions' must be from 1 to 1024, not 0", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, partitions: 100000}}\n", "dir/s.yaml:3:50",
        "'streams.partitions' must be from 1 to 1024, not 100000", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, key: keys}}\n", "dir/s.yaml:3:43",
        "unknown field 'keys'", "did you mean 'key'?"},
    {TEST_HEAD "streams: {events: {trace: trace.csv, event_time: wait}}\n", "dir/s.yaml:3:50",
        "event time 'wait', but 'ReadFromLog' takes it from 'at'", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, event_time: att}}\n", "dir/s.yaml:3:50",
        "unknown field 'att'", "did you mean 'at'?"},
    {TEST_HEAD "streams: {events: {trace: trace.csv, end: closed}}\n", "dir/s.yaml:3:43",
        "unknown streams.end 'closed'", "known: bounded, open"},
    {TEST_HEAD "streams: {events: {trace: trace.csv, speedup: 0}}\n", "dir/s.yaml:3:47",
        "'streams.speedup' must be from 1 to 1000000000, not 0", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, arrival: {unit: min}}}\n",
        "dir/s.yaml:3:47", "'column' is missing", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, arrival: {column: waits}}}\n",
        "dir/trace.csv:1:1", "the trace has no column 'waits'", "did you mean 'wait'?"},
    {TEST_HEAD "streams: {events: {trace: trace.csv, arrival: {column: wait, unit: mins}}}\n",
        "dir/s.yaml:3:68", "unknown arrival.unit 'mins'", "did you mean 'min'?"},
    {TEST_HEAD
        "streams: {events: {trace: trace.csv, arrival: {column: wait, relative_to: now}}}\n",
        "dir/s.yaml:3:75", "unknown arrival.relative_to 'now'", "known: event_time"},
    {TEST_HEAD "streams: {events: {trace: trace.csv, arrival: {colum: wait}}}\n",
        "dir/s.yaml:3:48", "unknown key 'colum' of 'arrival'", "did you mean 'column'?"},
    {TEST_HEAD "streams: {events: {trace: trace.csv, disorder: {extra: -1s}}}\n",
        "dir/s.yaml:3:56", "'disorder.extra': the duration '-1s' is negative", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, disorder: {duplicates: 110%}}}\n",
        "dir/s.yaml:3:61",
        "'disorder.duplicates' must be a share such as 0.1% or 0.001, from 0 to 1", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, disorder: {dups: 1%}}}\n",
        "dir/s.yaml:3:49", "unknown key 'dups' of 'disorder'", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, linger: {between: [2s, 1s]}}}\n",
        "dir/s.yaml:3:56", "the interval of 'streams.linger' is empty: 2s is more than 1s", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, linger: {between: [1s]}}}\n",
        "dir/s.yaml:3:56", "'between' must be a list of two: [least, most]", ""},
    {TEST_HEAD
        "streams: {events: {trace: trace.csv, silence: {partition: 6, from: 1s, for: 1s}}}\n",
        "dir/s.yaml:3:59", "stream 'events' has no partition 6: its partitions are 0 to 5", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, silence: {partition: -1, for: 1s}}}\n",
        "dir/s.yaml:3:59", "stream 'events' has no partition -1: its partitions are 0 to 5",
        ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, silence: {partition: 1, from: 1s}}}\n",
        "dir/s.yaml:3:47",
        "a silence without 'for' never ends, so the stream must have 'end: open'", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, silence: {from: 1s}}}\n",
        "dir/s.yaml:3:47", "'partition' is missing", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, silence: {partition: 1, to: 1s}}}\n",
        "dir/s.yaml:3:62", "unknown key 'to' of 'silence'", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, on_bad_time: ignore}}\n",
        "dir/s.yaml:3:51", "unknown streams.on_bad_time 'ignore'", "known: error, drop"},
    {TEST_HEAD "streams: {events: {trace: trace.csv, max_future: 0s}}\n", "dir/s.yaml:3:50",
        "'streams.max_future' must be more than 0", ""},
    {TEST_HEAD "streams: {events: {trace: trace.csv, max_past: soon}}\n", "dir/s.yaml:3:48",
        "'streams.max_past': 'soon' is not a duration such as 500us, 20ms, 30s, 5m, 2h or 1d",
        ""},
    {TEST_HEAD "streams: {events: {generate: {rows: 10}}}\n", "dir/s.yaml:3:30",
        "'duration' is missing", ""},
    {TEST_HEAD "streams: {events: {generate: {rows: 0, duration: 1s}}}\n", "dir/s.yaml:3:37",
        "'generate.rows' must be from 1 to 1000000000000, not 0", ""},
    {TEST_HEAD "streams: {events: {generate: {rows: 10, duration: 0s}}}\n", "dir/s.yaml:3:51",
        "'generate.duration' must be more than 0", ""},
    {TEST_HEAD "streams: {events: {generate: {rows: 10, duration: 1s, key: 3}}}\n",
        "dir/s.yaml:3:55", "unknown key 'key' of 'generate'", "did you mean 'keys'?"},
    {TEST_HEAD
        "streams: {events: {key: key, generate: {rows: 10, duration: 1s, key_bytes: 7}}}\n",
        "dir/s.yaml:3:76", "'generate.key_bytes' must be from 8 to 64, not 7", ""},
    {TEST_HEAD
        "streams: {events: {key: value, generate: {rows: 10, duration: 1s, key_bytes: 8}}}\n",
        "dir/s.yaml:3:78", "'key_bytes' is for keys that are strings", ""},
    {TEST_HEAD "streams: {events: {key: at, generate: {rows: 10, duration: 1s}}}\n",
        "dir/s.yaml:3:39", "generated keys are integers or strings, not timestamp", ""},
    {TEST_HEAD "streams: {events: {generate: {rows: 10, duration: 1s, start: noon}}}\n",
        "dir/s.yaml:3:62", "'generate.start' must be a time such as 2001-01-03T07:00:00Z", ""},
    {TEST_HEAD "streams: {events: {generate: {rows: 9, duration: 1s, nexmark: bids}}}\n",
        "dir/s.yaml:3:63", "unknown generate.nexmark 'bids'", "did you mean 'bid'?"},
    {TEST_HEAD "streams: {events: {generate: {rows: 9, duration: 1s, nexmark: bid}}}\n",
        "dir/s.yaml:3:63", "no bid of Nexmark has a field 'at'",
        ""},
    {TEST_HEAD
        "streams: {events: {generate: {rows: 9, duration: 1s, keys: 3, nexmark: bid}}}\n",
        "dir/s.yaml:3:54", "'keys' means nothing for the events of Nexmark", ""},
    {TEST_HEAD
        "streams: {events: {key: key, generate: {rows: 9, duration: 1s, nexmark: bid}}}\n",
        "dir/s.yaml:3:20", 
        "'key' means nothing for the events of Nexmark: they come by turns", ""},
    {TEST_HEAD "streams: {events: {speedup: 3, generate: {rows: 10, duration: 1s}}}\n",
        "dir/s.yaml:3:20", "'speedup' is for traces; this stream is generated", ""},
    {TEST_HEAD_STREAM "outputs: {events: {}}\n", "dir/s.yaml:4:11",
        "topic 'events' is a stream: it cannot be an output", ""},
    {TEST_HEAD_STREAM "outputs: {totals: {partition: 3}}\n", "dir/s.yaml:4:20",
        "unknown key 'partition' of 'output'", "did you mean 'partitions'?"},
    {TEST_HEAD_STREAM "outputs: [totals]\n", "dir/s.yaml:4:10",
        "'outputs' must be a map of topics", ""},
};

static void streams_and_outputs_are_checked_against_the_pipeline(void **state)
{
    test_errors(*state, stream_errors, sizeof stream_errors / sizeof stream_errors[0]);
}

/* ---- Traces ---- */

static const struct {
    const char *trace;
    const char *options;
    const char *place;
    const char *msg;
} trace_errors[] = {
    {"", "", "dir/t.csv:1:1", "the trace is empty"},
    {"at,key,value,wait\n", "", "dir/t.csv:1:1", "the trace has a header and no row"},
    {"at,key,value\n2001-01-03,a,1\n", "", "dir/t.csv:1:1", "the trace has no column 'wait'"},
    {"at,key,value,wait\n2001-01-03,a,1,2\n2001-01-03,a,1\n", "", "dir/t.csv:3:1",
        "the row has 3 cells, the header has 4"},
    {"at,key,value,wait\n2001-01-03,a,1,2\n2001-01-03,a,one,2\n", "", "dir/t.csv:3:14",
        "cell 'one' of column 'value' is not an integer"},
    {"at,key,value,wait\n2001-01-03,a,,2\n", "", "dir/t.csv:2:14",
        "empty cell in column 'value', which is not nullable"},
    {"at,key,value,wait\n2001-01-03,\"a,1,2\n", "", "dir/t.csv:2:12",
        "the quote is never closed"},
    {"at,key,value,wait\nyesterday,a,1,2\n", "", "dir/t.csv:2:1",
        "cell 'yesterday' of column 'at' is not a time (on_bad_time: drop leaves such rows "
        "out)"},
    {"at,key,value,wait\n2001-02-30,a,1,2\n", "", "dir/t.csv:2:1",
        "cell '2001-02-30' of column 'at' is not a time (on_bad_time: drop leaves such rows "
        "out)"},
    {"at,key,value,wait\nyesterday,a,1,2\n\n", "on_bad_time: drop", "dir/t.csv:1:1",
        "the trace has no valid row: 1 were dropped for their time"},
    {"at,key,value,wait\n2001-01-03,a,1,2\n2001-01-03,a,1,2\n9999-01-03,a,1,2\n",
        "max_future: 1d", "dir/t.csv:4:1",
        "time 9999-01-03T00:00:00Z lies more than 1d (max_future) after the median of the "
        "trace"},
    {"at,key,value,wait\n1970-01-01,a,1,2\n2001-01-03,a,1,2\n2001-01-03,a,1,2\n",
        "max_past: 1d", "dir/t.csv:2:1",
        "time 1970-01-01T00:00:00Z lies more than 1d (max_past) before the median of the "
        "trace"},
};

static void a_bad_trace_is_refused_at_its_row_and_cell(void **state)
{
    for (size_t i = 0; i < sizeof trace_errors / sizeof trace_errors[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "%sstreams: {events: {trace: t.csv, %s}}\n", TEST_HEAD,
            trace_errors[i].options);
        struct test_file trace = {"t.csv", trace_errors[i].trace};
        test_error(*state, text, &trace,
            &(struct test_error){text, trace_errors[i].place, trace_errors[i].msg, NULL});
    }
}

static void rows_with_a_bad_time_can_be_dropped(void **state)
{
    struct test_file trace = {"t.csv", "at,key,value,wait\n"
                                       "2001-01-03,a,1,2\n"
                                       "yesterday,a,2,2\n"
                                       "2001-01-04,a,3,2\n"
                                       "2001-01-05,a,3,2\n"
                                       "9999-01-03,a,4,2\n"
                                       "1970-01-01,a,5,2\n"};
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    assert_true(test_try(*state,
        TEST_HEAD
        "streams: {events: {trace: t.csv, on_bad_time: drop, max_future: 2d, max_past: 2d}}\n",
        &trace, &scenario, &err));
    assert_int_equal(mr_trace_rows(scenario->topics[0].stream->trace), 3);
    assert_int_equal(mr_trace_dropped(scenario->topics[0].stream->trace), 3);
}

/* ---- Depth ---- */

static void ten_thousand_nested_levels_are_an_error_and_not_a_crash(void **state)
{
    enum { LEVELS = 10000 };
    struct mr_text text = {0};
    mr_text_printf(&text, "%sabout: ", TEST_HEAD_STREAM);
    for (int i = 0; i < LEVELS; i++) mr_text_add(&text, "[", 1);
    for (int i = 0; i < LEVELS; i++) mr_text_add(&text, "]", 1);
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    assert_false(test_try(*state, text.data, NULL, &scenario, &err));
    assert_int_equal(err.kind, MR_ERR_INPUT);
    assert_string_equal(err.input_file, "dir/s.yaml");
    assert_int_equal(err.input_line, 4);
    assert_non_null(strstr(err.msg, "nest"));
    mr_text_deinit(&text);
}

static void a_missing_scenario_is_said_without_a_place(void **state)
{
    struct test_files files = {.n = 0};
    struct mr_file_reader reader = {.self = &files, .read = test_read_file};
    const struct mr_scenario *scenario = NULL;
    struct mr_err err = {0};
    assert_false(mr_scenario_read(*state, "dir/s.yaml", &reader, &scenario, &err));
    assert_int_equal(err.kind, MR_ERR_INPUT);
    assert_string_equal(err.msg, "cannot read 's.yaml': no such file");
    assert_null(scenario);
}

static void too_many_faults_are_refused(void **state)
{
    struct mr_text text = {0};
    mr_text_printf(&text, "%sfaults:\n", TEST_HEAD_STREAM);
    for (int i = 0; i < 65; i++)
        mr_text_printf(&text, "  - crash: {worker: 1, at: %ds}\n", i + 1);
    test_error(*state, text.data, NULL,
        &(struct test_error){text.data, "dir/s.yaml:5:3", "at most 64 faults", ""});
    mr_text_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(text_that_is_no_yaml_is_refused_at_its_place),
        LANGUAGE_TEST(the_top_of_a_scenario_is_checked),
        LANGUAGE_TEST(the_pipeline_must_be_there_and_what_is_set_must_be_in_it),
        LANGUAGE_TEST(streams_and_outputs_are_checked_against_the_pipeline),
        LANGUAGE_TEST(a_bad_trace_is_refused_at_its_row_and_cell),
        LANGUAGE_TEST(rows_with_a_bad_time_can_be_dropped),
        LANGUAGE_TEST(ten_thousand_nested_levels_are_an_error_and_not_a_crash),
        LANGUAGE_TEST(a_missing_scenario_is_said_without_a_place),
        LANGUAGE_TEST(too_many_faults_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
