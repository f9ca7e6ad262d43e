/* millrace/driver.h: leads a pipeline step by step from a test of your own.
 *
 * The pipeline runs on a simulated cluster whose world takes no time. Each call returns when
 * all that follows from it has happened; virtual (processing) time moves only by
 * millrace_driver_advance. See docs/steps.md.
 *
 * Texts are YAML, of which JSON is a part, in UTF-8. Times are event time in microseconds since
 * 1970-01-01 UTC. Functions that return bool say false when they fail; millrace_driver_error
 * then says why, at length. One driver at a time in a process; it is not for use by several
 * threads. This header needs no other of Millrace and stays as it is: functions and fields are
 * only added, the latter at the end. */
#ifndef MILLRACE_DRIVER_H
#define MILLRACE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MILLRACE_TIME_MIN ((int64_t)-9223372036854775000)
#define MILLRACE_TIME_MAX                                                                      \
    ((int64_t)9223372036854775000) /* a watermark there fires all windows */

enum millrace_type {
    MILLRACE_NULL,
    MILLRACE_BOOLEAN,
    MILLRACE_INTEGER,
    MILLRACE_FLOAT,
    MILLRACE_STRING,
    MILLRACE_BYTES,
    MILLRACE_TIMESTAMP,
    MILLRACE_JSON, /* of what comes out: a list, map or row, or what has no type of its own, as
                      text */
};

/* One value. Text is borrowed, `bytes` long, and not terminated. */
struct millrace_value {
    enum millrace_type type;
    union {
        int64_t integer; /* BOOLEAN: 0 or 1; TIMESTAMP: microseconds */
        double number;
        const char *text;
    };
    size_t bytes;
};

enum millrace_timing {
    MILLRACE_EARLY,
    MILLRACE_ON_TIME,
    MILLRACE_LATE,
    MILLRACE_UNKNOWN,
};

/* A row that came out, with its pane. Borrowed until the driver is closed. */
struct millrace_row {
    size_t n_values;
    const struct millrace_value *values; /* [n_values] */
    const char *const *names;            /* [n_values]: of the fields */
    int64_t time_us;
    bool has_window; /* else the global window */
    int64_t window_start_us;
    int64_t window_end_us;
    enum millrace_timing timing;
    uint32_t index;
    int32_t nonspeculative_index; /* -1: early */
    bool is_last;
};

struct millrace_options {
    uint32_t workers;     /* 0: one */
    uint32_t parallelism; /* 0: one subtask a worker */
    uint32_t batch_rows;  /* of a message at most; 0: 100 */
};

struct millrace_driver;

/* Starts the pipeline, whose YAML is `text`. `options` may be NULL. NULL when it cannot be
 * read; then `error[error_bytes]` says why as a compiler would, with line and column. */
struct millrace_driver *millrace_driver_open(
    const char *text, const struct millrace_options *options, char *error, size_t error_bytes);
void millrace_driver_close(struct millrace_driver *driver); /* accepts NULL */

/* Hands a row into an input, the topic of a ReadFromLog: a map of its fields, `{user: ann,
 * time: 10}`. */
bool millrace_driver_push(struct millrace_driver *driver, const char *input, const char *row);
/* The same with the row's event time, which fills the field for it, if the input has one. */
bool millrace_driver_push_at(
    struct millrace_driver *driver, const char *input, const char *row, int64_t time_us);
/* The same with one value for each field in order. Integers become floats and timestamps where
 * the field is one. */
bool millrace_driver_push_values(struct millrace_driver *driver, const char *input,
    const struct millrace_value *values, size_t n_values, int64_t time_us);
/* The watermark of an input. It never falls. */
bool millrace_driver_watermark(
    struct millrace_driver *driver, const char *input, int64_t time_us);
bool millrace_driver_idle(struct millrace_driver *driver, const char *input, bool is_idle);
/* Processing time, in nanoseconds. */
bool millrace_driver_advance(struct millrace_driver *driver, int64_t span_ns);
bool millrace_driver_checkpoint(struct millrace_driver *driver);
/* All workers crash, and the pipeline goes on from its last checkpoint. Rows that were taken do
 * not come again. */
bool millrace_driver_restore(struct millrace_driver *driver);

/* Takes the next row that an output, the topic of a WriteToLog, has brought. False: there is
 * none, or no such output. */
bool millrace_driver_take(
    struct millrace_driver *driver, const char *output, struct millrace_row *row);
/* The output has brought exactly these rows since it was taken from: a list as in `expect` of a
 * step. They are taken. */
bool millrace_driver_expect(
    struct millrace_driver *driver, const char *output, const char *rows);
/* Any step of docs/steps.md, or a list of them: `expect_state: {transform: Count, key: ann,
 * gone: true}`. */
bool millrace_driver_step(struct millrace_driver *driver, const char *step);
/* Everything was taken, and all that was checked on the way held: exactly-once, watermarks,
 * state. The last call. */
bool millrace_driver_finish(struct millrace_driver *driver);

/* What the last call that failed has to say; "" before one did. */
const char *millrace_driver_error(const struct millrace_driver *driver);

#ifdef __cplusplus
}
#endif

#endif
