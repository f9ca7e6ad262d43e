#include "cli/narrator.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/row_log.h"

enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_DIM };

static void tell(const struct mr_narrator *narrator, mr_ns at_ns, enum tone tone,
    const char *what, const char *format, ...) MR_PRINTF(5, 6);
static void tell(const struct mr_narrator *narrator, mr_ns at_ns, enum tone tone,
    const char *what, const char *format, ...)
{
    static const char *const colors[] = {[TONE_PLAIN] = "",
        [TONE_GOOD] = "\033[32m",
        [TONE_BAD] = "\033[31m",
        [TONE_DIM] = "\033[2m"};
    bool is_colored = narrator->has_color && tone != TONE_PLAIN;
    printf("%s%12.6fs  %-11s ", is_colored ? colors[tone] : "",
        (double)at_ns / (double)MR_SECOND_NS, what);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    fputs(is_colored ? "\033[0m\n" : "\n", stdout);
}

static void job(
    void *self, mr_ns at_ns, uint32_t attempt, const char *state, const char *reason)
{
    bool is_bad = strcmp(state, "failed") == 0 || strcmp(state, "restarting") == 0;
    bool is_good = strcmp(state, "finished") == 0;
    bool has_reason = reason && *reason;
    tell(self, at_ns,
        is_bad    ? TONE_BAD
        : is_good ? TONE_GOOD
                  : TONE_PLAIN,
        "job", "%s (attempt %u)%s%s", state, attempt, has_reason ? ": " : "",
        has_reason ? reason : "");
}

static void checkpoint(
    void *self, mr_ns at_ns, uint64_t id, uint32_t attempt, const char *what, uint64_t bytes)
{
    const struct mr_narrator *narrator = self;
    bool is_start = strcmp(what, "triggered") == 0;
    if (is_start && !narrator->is_verbose) return;
    char size[48] = "";
    if (bytes > 0) snprintf(size, sizeof size, ", %llu bytes", (unsigned long long)bytes);
    tell(self, at_ns, strcmp(what, "aborted") == 0 ? TONE_BAD : TONE_PLAIN, "checkpoint",
        "%llu %s (attempt %u%s)", (unsigned long long)id, what, attempt, size);
}

static void fault(void *self, mr_ns at_ns, const char *name, const char *kind,
    const char *process, bool begins)
{
    tell(self, at_ns, begins ? TONE_BAD : TONE_GOOD, "fault", "%s %s: %s %s", name,
        begins ? "begins" : "ends", kind, process);
}

static void process_event(void *self, mr_ns at_ns, const char *process, const char *what)
{
    const struct mr_narrator *narrator = self;
    bool is_start = strcmp(what, "started") == 0;
    if (is_start && !narrator->is_verbose) return;
    tell(self, at_ns, strcmp(what, "crashed") == 0 ? TONE_BAD : TONE_PLAIN, "process", "%s %s",
        process, what);
}

static void transaction(
    void *self, mr_ns at_ns, uint64_t producer_id, uint32_t producer_epoch, const char *what)
{
    const struct mr_narrator *narrator = self;
    bool is_usual = strcmp(what, "committed") == 0 || strcmp(what, "precommitted") == 0;
    if (is_usual && !narrator->is_verbose) return;
    tell(self, at_ns, TONE_PLAIN, "transaction", "producer %llu epoch %u %s",
        (unsigned long long)producer_id, producer_epoch, what);
}

static void late(void *self, mr_ns at_ns, const char *transform, uint32_t subtask,
    mr_us event_time_us, mr_us window_start_us, mr_us window_end_us, mr_us watermark_us)
{
    struct mr_narrator *narrator = self;
    (void)window_start_us;
    narrator->n_late++;
    if (!narrator->is_verbose && narrator->n_late > 1) return;
    char row[MR_TIME_TEXT_BYTES], end[MR_TIME_TEXT_BYTES], watermark[MR_TIME_TEXT_BYTES];
    tell(self, at_ns, TONE_PLAIN, "late",
        "%s[%u] drops a row of %s: its window ended at %s, the watermark is %s%s", transform,
        subtask, mr_timestamp_format(event_time_us, row),
        mr_timestamp_format(window_end_us, end), mr_timestamp_format(watermark_us, watermark),
        narrator->is_verbose ? "" : " (others are counted)");
}

static void point(
    void *self, mr_ns at_ns, const char *process, const char *name, uint64_t occurrence)
{
    tell(self, at_ns, TONE_DIM, "point", "%s reaches %s (%llu)", process, name,
        (unsigned long long)occurrence);
}

static void log_line(void *self, mr_ns at_ns, const char *process, const char *text)
{
    if (strcmp(process, "steps") == 0) {
        tell(self, at_ns, TONE_PLAIN, "step", "%s", text);
        return;
    }
    if (!((const struct mr_narrator *)self)->is_verbose) return;
    tell(self, at_ns, TONE_DIM, "log", "%s: %s", process, text);
}

static void row_logged(
    void *self, mr_ns at_ns, const struct mr_transform *transform, const char *row_json)
{
    (void)at_ns;
    mr_row_log(transform, row_json, ((const struct mr_narrator *)self)->is_verbose);
}

struct mr_recorder mr_narrator_recorder(struct mr_narrator *narrator)
{
    struct mr_recorder recorder = {.self = narrator,
        .job = job,
        .checkpoint = checkpoint,
        .fault = fault,
        .process = process_event,
        .transaction = transaction,
        .late = late,
        .row_logged = row_logged,
        .log = log_line};
    if (narrator->is_verbose) {
        recorder.point = point;
    }
    return recorder;
}
