/* Clicks per user and minute: what comes on time, what comes late, and a crash in between. */
#include <millrace/driver.h>
#include <stdio.h>
#include <string.h>

static const char pipeline[] =
    "pipeline:\n"
    "  type: chain\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config:\n"
    "        topic: clicks\n"
    "        schema: {user: string, time: timestamp}\n"
    "        event_time: time\n"
    "        watermark: {strategy: ascending}\n"
    "    - type: Window\n"
    "      config: {windowing: {type: fixed, size: 60s}, allowed_lateness: 30s}\n"
    "    - type: Combine\n"
    "      config: {group_by: user, combine: {clicks: {fn: count, value: user}}}\n"
    "    - type: WriteToLog\n"
    "      config: {topic: counts, key: user}\n";

#define SECOND ((int64_t)1000000) /* of event time */

/* The first call that fails ends the test. */
static bool test(struct millrace_driver *driver)
{
    struct millrace_row row;
    if (!millrace_driver_push(driver, "clicks", "{user: ann, time: 10}")) return false;
    if (!millrace_driver_push_at(driver, "clicks", "{user: bob}", 20 * SECOND)) return false;
    if (!millrace_driver_checkpoint(driver)) return false;
    if (!millrace_driver_restore(driver)) return false;
    if (!millrace_driver_watermark(driver, "clicks", 60 * SECOND)) return false;
    if (!millrace_driver_expect(driver, "counts",
            "[{row: {user: ann, clicks: 1}, window: [0, 60], timing: on_time},"
            " {row: {user: bob, clicks: 1}, window: [0, 60], timing: on_time}]"))
        return false;
    if (!millrace_driver_push(driver, "clicks", "{user: ann, time: 50}")) return false;
    while (millrace_driver_take(driver, "counts", &row))
        printf("%.*s has %lld in the minute from %llds, %s\n", (int)row.values[0].bytes,
            row.values[0].text, (long long)row.values[1].integer,
            (long long)(row.window_start_us / SECOND),
            row.timing == MILLRACE_LATE ? "late" : "on time");
    return millrace_driver_finish(driver);
}

int main(void)
{
    char error[4096];
    struct millrace_driver *driver = millrace_driver_open(pipeline, NULL, error, sizeof error);
    if (!driver) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    bool is_ok = test(driver);
    if (!is_ok) fprintf(stderr, "%s\n", millrace_driver_error(driver));
    millrace_driver_close(driver);
    return is_ok ? 0 : 1;
}
