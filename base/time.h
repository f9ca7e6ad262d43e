/* The two times: event time in microseconds and virtual time in nanoseconds, and how they are read and written. */
#ifndef MR_BASE_TIME_H
#define MR_BASE_TIME_H

#include <stdint.h>

#include "base/err.h"

typedef int64_t mr_ns; /* virtual time since the start of the run */
typedef int64_t mr_us; /* event time since 1970-01-01 UTC */

#define MR_NS_NEVER INT64_MAX
/* Beam's extremes (apache_beam/utils/timestamp.py: MIN_TIMESTAMP, MAX_TIMESTAMP, GlobalWindow.max_timestamp). */
#define MR_US_MIN ((mr_us)-9223372036854775000)
#define MR_US_MAX ((mr_us)9223372036854775000)
#define MR_US_GLOBAL_MAX ((mr_us)9223371950454775000)
/* The end of the global window: one past its largest timestamp. */
#define MR_US_GLOBAL_END (MR_US_GLOBAL_MAX + 1)

#define MR_SECOND_NS ((mr_ns)1000000000)
#define MR_MS_NS ((mr_ns)1000000)
#define MR_SECOND_US ((mr_us)1000000)

/* Saturating: the results stay in [INT64_MIN, INT64_MAX], or in Beam's extremes for event time. */
int64_t mr_add_saturating(int64_t a, int64_t b);
mr_us mr_us_add(mr_us at_us, int64_t delta_us);
mr_us mr_us_from_ns(mr_ns span_ns); /* rounds down */
mr_ns mr_ns_from_us(mr_us span_us);

/* The first instant of the window of `size_us` that contains `at_us`.
 *
 *   at_us      microseconds of event time; may be negative
 *   size_us    microseconds, > 0
 *   offset_us  microseconds, in [0, size_us)
 *   returns    microseconds, in (at_us - size_us, at_us]; MR_US_MIN for the one window that would begin before it
 *   source     Beam, apache_beam/transforms/window.py, FixedWindows.assign
 */
mr_us mr_window_start_us(mr_us at_us, mr_us size_us, mr_us offset_us);
/* That window: its start, and its end in (at_us, at_us + size_us], which is not the start and the size where the window
 * begins before MR_US_MIN. */
void mr_window_of(
    mr_us at_us, mr_us size_us, mr_us offset_us, mr_us *start_us, mr_us *end_us);

/* Reads a duration: a number, perhaps with a fraction, and a unit of `ns us ms s m h d`; no unit means seconds.
 *
 *   beam     true: as in Beam YAML, where a `d` is 12 hours (apache_beam, WindowInto._parse_duration) and only
 *            ms s m h d are units; *is_beam_day says that a `d` was met
 *   *out_ns  nanoseconds, >= 0
 *   errors   false, without a place: not a duration, negative, or beyond 292 years
 */
MR_MUST_CHECK bool mr_duration_parse(const char *text, bool beam, mr_ns *out_ns, bool *is_beam_day,
    struct mr_err *err);

/* Reads a point in time: `YYYY-MM-DD`, then perhaps `T` or a space and `HH:MM[:SS[.ffffff]]`, then perhaps `Z` or
 * `+HH:MM`; UTC without one. Or a number: seconds since 1970. False when it is neither or does not exist. */
bool mr_timestamp_parse(const char *text, size_t bytes, mr_us *out_us);

enum { MR_TIME_TEXT_BYTES = 40 };
/* `2001-01-03T07:00:00Z`, with a fraction only where there is one; the extremes as `-inf`, `+inf`. Returns `out`. */
char *mr_timestamp_format(mr_us at_us, char out[MR_TIME_TEXT_BYTES]);
/* `1.25s`, `300ms`, `2h`: the largest unit in which it is short. Returns `out`. */
char *mr_duration_format(mr_ns span_ns, char out[MR_TIME_TEXT_BYTES]);

#endif
