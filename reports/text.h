/* How numbers, times and foreign text are written so that people, browsers and shells take them
 * as they are meant. */
#ifndef MR_REPORTS_TEXT_H
#define MR_REPORTS_TEXT_H

#include "base/alloc.h"
#include "base/time.h"

/* Adds text that came from a user's files. Bytes that are not UTF-8 and control characters
 * become U+FFFD, so that nothing can command a terminal or break a document. */

/* As it is; tabs and line ends become spaces. Returns the columns that it takes, one for each
 * character. */
uint32_t mr_text_plain(struct mr_text *out, const char *text);
/* For XML and HTML, between tags and in quoted attributes; line ends stay. */
void mr_text_markup(struct mr_text *out, const char *text);
/* As one word of a POSIX shell. */
void mr_text_shell(struct mr_text *out, const char *word);
/* How many columns mr_text_plain takes. */
uint32_t mr_text_columns(const char *text);

/* `1,234,567` */
void mr_text_count(struct mr_text *out, uint64_t count);
/* `1,234`, `12.3k`, `45.6M`: at most six columns, for tables. */
void mr_text_short_count(struct mr_text *out, uint64_t count);
/* A span of time, to three digits: `350ms`, `12.3s`, `41m 40s`, `5h 12m`, `3d 4h`. */
void mr_text_span(struct mr_text *out, mr_ns span_ns);
/* `2001-01-03 07:00:00`, UTC, without zeros at the end that say nothing: `2001-01-03 07:00`. */
void mr_text_instant(struct mr_text *out, mr_us at_us);
/* `2001-01-03 07:00 to 08:00`; nothing when the start is MR_US_MIN, which stands for no window.
 */
void mr_text_window(struct mr_text *out, mr_us start_us, mr_us end_us);

/* The line that repeats a run: `build/millrace run PATH --seed N`, and `options` behind it (""
 * or NULL: none). */
void mr_text_command(struct mr_text *out, const char *path, uint64_t seed, const char *options);
/* How a process died: `signal 11 (SIGSEGV)`, or `exit code 3` when there was no signal. */
void mr_text_death(struct mr_text *out, int signal_number, int code);

#endif
