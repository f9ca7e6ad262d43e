/* Days of time zones: known changes of the clocks, and a search of them. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "engine/pipeline/zone.h"

static mr_us at(const char *text)
{
    mr_us at_us;
    assert_true(mr_timestamp_parse(text, strlen(text), &at_us));
    return at_us;
}

static struct mr_zone zone(const char *name)
{
    struct mr_zone found;
    if (!mr_zone_find(name, &found)) fail_msg("no zone %s", name);
    return found;
}

static const struct {
    const char *zone;
    const char *at;
    uint32_t days;
    const char *start;
    const char *end;
} known[] = {
    {"UTC", "2001-01-03T07:05:00Z", 1, "2001-01-03T00:00:00Z", "2001-01-04T00:00:00Z"},
    /* 23 and 25 hours */
    {"Europe/Berlin", "2024-03-31T12:00:00Z", 1, "2024-03-30T23:00:00Z",
        "2024-03-31T22:00:00Z"},
    {"Europe/Berlin", "2024-10-27T12:00:00Z", 1, "2024-10-26T22:00:00Z",
        "2024-10-27T23:00:00Z"},
    {"Europe/Berlin", "2024-07-01T22:30:00Z", 1, "2024-07-01T22:00:00Z",
        "2024-07-02T22:00:00Z"},
    {"Europe/London", "2023-03-26T00:30:00Z", 1, "2023-03-26T00:00:00Z",
        "2023-03-26T23:00:00Z"},
    {"America/New_York", "2024-03-10T12:00:00Z", 1, "2024-03-10T05:00:00Z",
        "2024-03-11T04:00:00Z"},
    {"America/New_York", "2024-11-03T12:00:00Z", 1, "2024-11-03T04:00:00Z",
        "2024-11-04T05:00:00Z"},
    /* before 2007 */
    {"America/Chicago", "2001-04-01T12:00:00Z", 1, "2001-04-01T06:00:00Z",
        "2001-04-02T05:00:00Z"},
    {"America/Chicago", "2001-03-15T05:30:00Z", 1, "2001-03-14T06:00:00Z",
        "2001-03-15T06:00:00Z"},
    {"America/Los_Angeles", "2001-10-28T08:00:00Z", 1, "2001-10-28T07:00:00Z",
        "2001-10-29T08:00:00Z"},
    {"Asia/Kolkata", "2020-02-29T18:29:59Z", 1, "2020-02-28T18:30:00Z", "2020-02-29T18:30:00Z"},
    {"+05:30", "2020-02-29T18:30:00Z", 1, "2020-02-29T18:30:00Z", "2020-03-01T18:30:00Z"},
    {"-08:00", "2020-01-01T07:59:59Z", 1, "2019-12-31T08:00:00Z", "2020-01-01T08:00:00Z"},
    {"UTC", "1970-01-08T00:00:00Z", 7, "1970-01-08T00:00:00Z", "1970-01-15T00:00:00Z"},
    {"UTC", "1969-12-31T23:59:59Z", 7, "1969-12-25T00:00:00Z", "1970-01-01T00:00:00Z"},
};

static void days_begin_and_end_at_midnight_of_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct mr_zone of = zone(known[i].zone);
        mr_us start_us, end_us;
        char start[MR_TIME_TEXT_BYTES], end[MR_TIME_TEXT_BYTES];
        mr_zone_days(&of, known[i].days, at(known[i].at), &start_us, &end_us);
        if (start_us != at(known[i].start) || end_us != at(known[i].end))
            fail_msg("%s at %s: %s to %s", known[i].zone, known[i].at,
                mr_timestamp_format(start_us, start), mr_timestamp_format(end_us, end));
    }
}

/* Each day of many years follows the one before without a gap, and each instant of it is in it.
 */
static void days_follow_each_other(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Helsinki", "America/Denver", "Asia/Tokyo"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct mr_zone of = zone(names[i]);
        mr_us start_us, end_us, next_us = 0;
        uint32_t n_short = 0, n_long = 0;
        mr_zone_days(&of, 1, at("1969-01-01"), &start_us, &next_us);
        for (int day = 0; day < 60 * 365; day++) {
            mr_zone_days(&of, 1, next_us, &start_us, &end_us);
            assert_int_equal(start_us, next_us);
            mr_us last_start_us, last_end_us;
            mr_zone_days(&of, 1, end_us - 1, &last_start_us, &last_end_us);
            assert_int_equal(last_start_us, start_us);
            assert_int_equal(last_end_us, end_us);
            n_short += end_us - start_us == 23 * 3600 * MR_SECOND_US;
            n_long += end_us - start_us == 25 * 3600 * MR_SECOND_US;
            next_us = end_us;
        }
        assert_int_equal(n_short, n_long);
        assert_true(n_short == (i < 2 ? 60 : 0));
    }
}

static void the_extremes_of_time_are_in_days_too(void **state)
{
    (void)state;
    struct mr_zone of = zone("America/New_York");
    mr_us start_us, end_us;
    mr_zone_days(&of, 3, MR_US_MIN, &start_us, &end_us);
    assert_int_equal(start_us, MR_US_MIN);
    mr_zone_days(&of, 3, MR_US_MAX, &start_us, &end_us);
    assert_int_equal(end_us, MR_US_MAX);
}

static void what_is_no_zone_is_not_found(void **state)
{
    (void)state;
    struct mr_zone out;
    static const char *const bad[] = {
        "", "Europe", "+5:30", "+19:00", "05:30", "+05:60", "+0530"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(mr_zone_find(bad[i], &out));
    const char *const *names;
    size_t n;
    mr_zone_names(&names, &n);
    for (size_t i = 0; i < n; i++) assert_true(mr_zone_find(names[i], &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_begin_and_end_at_midnight_of_the_place),
        cmocka_unit_test(days_follow_each_other),
        cmocka_unit_test(the_extremes_of_time_are_in_days_too),
        cmocka_unit_test(what_is_no_zone_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
