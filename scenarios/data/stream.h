/* An input stream of a run: rows in partitions, each with the virtual time at which it arrives. Read by the broker
 * as a feed and by the oracle row by row; the rows are a pure function of (stream, seed, partition, offset). */
#ifndef MR_SCENARIOS_DATA_STREAM_H
#define MR_SCENARIOS_DATA_STREAM_H

#include "base/draw.h"
#include "base/value.h"
#include "scenarios/data/nexmark.h"
#include "sim/services/broker.h"

struct mr_trace; /* rows of a file, typed; constant for a campaign */

enum mr_bad_time { MR_BAD_TIME_ERROR, MR_BAD_TIME_DROP };
enum mr_arrival_unit { MR_UNIT_US, MR_UNIT_MS, MR_UNIT_S, MR_UNIT_MIN, MR_UNIT_H };

/* How a CSV file becomes a trace. Columns are matched by name; those that the schema does not name are left out. */
struct mr_trace_options {
    const struct mr_schema *schema; /* of the reading transform */
    const char *event_time;      /* a TIMESTAMP field of the schema */
    const char *arrival_column;  /* NULL: a row arrives at its event time */
    enum mr_arrival_unit arrival_unit;
    bool arrival_is_relative;    /* to the event time; else the column is a time itself */
    enum mr_bad_time on_bad_time; /* unparsable, or outside of [now_us - max_past, now_us + max_future] if given */
    mr_us max_future_us;         /* over the median event time; 0: no bound */
    mr_us max_past_us;           /* 0: no bound */
    bool is_table;               /* its rows have no times and do not arrive */
};

/* Reads a CSV file (RFC 4180: quotes, doubled quotes, CRLF; a header line) from `text[bytes]`.
 *
 *   errors  INPUT at path:line:col: empty file, no valid row, missing column (nearest name), wrong number of cells,
 *           a cell that is not of its type, bad time under MR_BAD_TIME_ERROR
 */
MR_MUST_CHECK bool mr_trace_read_csv(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_trace_options *options, const struct mr_trace **out,
    struct mr_err *err);
uint64_t mr_trace_rows(const struct mr_trace *trace);
/* Row `row` in the order of the file: values[n_fields]; text is borrowed from the trace. */
void mr_trace_row(const struct mr_trace *trace, uint64_t row, struct mr_value *values);
uint64_t mr_trace_dropped(const struct mr_trace *trace); /* rows with a bad time */
/* The earliest arrival: virtual time 0 of the run. */
mr_us mr_trace_origin_us(const struct mr_trace *trace);
/* How far rows arrive behind the largest event time before them: the `part`-in-`whole` quantile, in µs. */
mr_us mr_trace_disorder_us(const struct mr_trace *trace, struct mr_ratio quantile);

/* Rows that nobody recorded: a pure function of the offset. The fields of the schema are filled by type and name:
 * the event time, the key, and every other INT field with value(offset) in [0, value_bound). */
struct mr_generator {
    uint64_t rows;      /* over all partitions; partition p has those with index % partitions == p */
    enum mr_nexmark_kind nexmark; /* if any: `rows` are events, and the stream has those of this kind */
    mr_us start_us;     /* event time of row 0 */
    mr_ns duration_ns;  /* virtual time over which the rows arrive evenly; event time advances alike */
    uint32_t n_keys;
    uint32_t key_bytes; /* STRING keys: their length, at least 8; INT keys: 0 */
    uint32_t value_bound; /* > 0 */
    mr_us disorder_us;  /* each event time is moved back by a hash of its index in [0, disorder_us] */
};

struct mr_silence {
    uint32_t partition;
    mr_ns from_ns;
    mr_ns for_ns; /* MR_NS_NEVER: for good: the rows are withheld */
};

struct mr_partitions; /* a trace laid out for one stream: columns of each partition in arrival order */

/* A stream as a scenario describes it; constant for a campaign. */
struct mr_stream_config {
    const char *topic;
    uint32_t n_partitions;
    const struct mr_schema *schema;
    int event_time_field; /* INT or TIMESTAMP field of the schema; -1: the arrival */
    int key_field;        /* decides the partition by its hash; -1: round robin */
    const struct mr_trace *trace; /* or NULL, and then: */
    const struct mr_partitions *partitions; /* of a trace: set by mr_stream_prepare */
    struct mr_generator generator;
    int64_t speedup;      /* >= 1: divides the spans between arrivals of a trace */
    bool is_open;         /* no end: readers are never told that it ended */
    bool is_scripted;     /* neither trace nor generator: rows and watermark are handed in while the run goes on */
    struct mr_distribution extra_delay_us; /* trace time, drawn a row, added to the arrival */
    bool has_extra_delay;
    struct mr_ratio duplicates; /* probability that a row arrives a second time, right behind itself */
    struct mr_distribution linger_ns; /* virtual time that a producer holds rows back, drawn a row (not for generated) */
    bool has_linger;
    uint32_t n_silences;
    const struct mr_silence *silences;
};

/* Once a campaign, when all else of the config is set: lays the rows of a trace out as the feed will copy them.
 * Nothing to do for generated rows. */
void mr_stream_prepare(struct mr_region *region, struct mr_stream_config *config);

struct mr_stream;
/* The stream of one seed: draws arrival order where the scenario asks for disorder. The rest is shared. */
struct mr_stream *mr_stream_new(struct mr_arena *arena, const struct mr_stream_config *config,
    const struct mr_draws *draws);
struct mr_feed mr_stream_feed(struct mr_stream *stream);

/* Scripted streams: the row is there from now on. Its text must outlive the stream. The event time is that of the
 * row's field where the stream has one, else `at_us`. */
void mr_stream_add(struct mr_stream *stream, uint32_t partition, const struct mr_value *row,
    mr_us at_us, mr_ns now);
/* Behind the rows so far the watermark stands at `watermark_us` (MR_US_MIN: where it stood), or the partition is idle. */
void mr_stream_mark(
    struct mr_stream *stream, uint32_t partition, mr_us watermark_us, bool is_idle);
/* What the marks up to a row allow its reader: the watermark, MR_US_MIN without any; and whether the last is idle. */
mr_us mr_stream_marked_us(
    const struct mr_stream *stream, uint32_t partition, int64_t read_to, bool *is_idle);

/* Rows [first, first + n) of a partition: values[n][n_fields], row by row, and their event times. The rows must
 * exist; text is borrowed from the trace, or from the stream until the next call. */
void mr_stream_read(struct mr_stream *stream, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us);
mr_us mr_stream_time_us(struct mr_stream *stream, uint32_t partition, int64_t offset);
/* Virtual arrival; MR_NS_NEVER when it never comes. */
mr_ns mr_stream_arrives_at(struct mr_stream *stream, uint32_t partition, int64_t offset);
/* Rows of the partition, withheld ones included. */
int64_t mr_stream_rows(const struct mr_stream *stream, uint32_t partition);
mr_us mr_stream_origin_us(const struct mr_stream *stream);

#endif
