#include "tests/test.h"

#include <string.h>

#include "base/time.h"

#define HOUR_NS (3600 * MR_SECOND_NS)

static void sums_and_conversions_saturate(void **state)
{
    (void)state;
    assert_true(mr_add_saturating(5, -7) == -2);
    assert_true(mr_add_saturating(INT64_MAX, 1) == INT64_MAX);
    assert_true(mr_add_saturating(INT64_MIN, -1) == INT64_MIN);
    assert_true(mr_add_saturating(INT64_MAX, INT64_MIN) == -1);
    assert_true(mr_us_add(MR_US_MAX, 1) == MR_US_MAX);
    assert_true(mr_us_add(MR_US_MAX - 5, INT64_MAX) == MR_US_MAX);
    assert_true(mr_us_add(MR_US_MIN, -1) == MR_US_MIN);
    assert_true(mr_us_add(MR_US_MIN, 1) == MR_US_MIN + 1);
    assert_true(mr_ns_from_us(7) == 7000);
    assert_true(mr_ns_from_us(MR_US_MAX) == INT64_MAX);
    assert_true(mr_ns_from_us(MR_US_MIN) == INT64_MIN);
}

static void nanoseconds_are_rounded_down_to_microseconds(void **state)
{
    (void)state;
    assert_int_equal(mr_us_from_ns(1999), 1);
    assert_int_equal(mr_us_from_ns(2000), 2);
    assert_int_equal(mr_us_from_ns(-1), -1);
    assert_int_equal(mr_us_from_ns(-1000), -1);
    assert_int_equal(mr_us_from_ns(-1001), -2);
}

static void a_window_holds_its_time_on_both_sides_of_zero(void **state)
{
    (void)state;
    static const mr_us sizes[] = {1, 7, 10, 3600000000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        mr_us size = sizes[s];
        for (mr_us at = -25; at <= 25; at++) {
            for (mr_us offset = 0; offset < size && offset < 12; offset++) {
                mr_us start = mr_window_start_us(at, size, offset);
                assert_true(start <= at && start > at - size);
                assert_true((start - offset) % size == 0);
            }
        }
    }
    assert_int_equal(mr_window_start_us(-1, 10, 0), -10);
    assert_int_equal(mr_window_start_us(-10, 10, 0), -10);
    assert_int_equal(mr_window_start_us(12, 10, 3), 3);
    assert_int_equal(mr_window_start_us(2, 10, 3), -7);
}

/* What lies below the least time is cut; no step on the way overflows. */
static void windows_at_the_ends_of_time_saturate(void **state)
{
    (void)state;
    assert_true(mr_window_start_us(MR_US_MIN, 3600 * MR_SECOND_US, 0) == MR_US_MIN);
    assert_true(mr_window_start_us(MR_US_MAX, INT64_MAX, 0) == 0);
    mr_us first, end;
    mr_window_of(MR_US_MIN + 3, 7000, 0, &first, &end);
    assert_true(first == MR_US_MIN && end > MR_US_MIN + 3 && end < MR_US_MIN + 7000);
    assert_int_equal(end % 7000, 0);
    mr_window_of(-1, 10, 3, &first, &end);
    assert_true(first == -7 && end == 3);
    assert_true(mr_window_start_us(MR_US_MIN, INT64_MAX, INT64_MAX - 1) == MR_US_MIN);
    mr_us start = mr_window_start_us(5, INT64_MAX, INT64_MAX - 1);
    assert_true(start == -1);
}

struct duration {
    const char *text;
    mr_ns expected_ns;
};

static void durations_are_read_to_the_nanosecond(void **state)
{
    (void)state;
    static const struct duration cases[] = {{"1", MR_SECOND_NS}, {"1s", MR_SECOND_NS},
        {"1.5h", 5400 * MR_SECOND_NS}, {"300ms", 300 * MR_MS_NS}, {"20us", 20000}, {"7ns", 7},
        {"1d", 24 * HOUR_NS}, {"2 h", 2 * HOUR_NS}, {" 3m", 180 * MR_SECOND_NS}, {"0", 0},
        {"0.000000001", 1}, {"0.0000000009", 0}, {".5s", MR_SECOND_NS / 2},
        {"+4s", 4 * MR_SECOND_NS}, {"5.s", 5 * MR_SECOND_NS}, {"0.000000000000012d", 1},
        {"0.1234567890123456789s", 123456789}, {"9223372036854775806ns", INT64_MAX - 1},
        {"9223372036.854775806", INT64_MAX - 1}, {"106751d", 106751 * 24 * HOUR_NS}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_ns ns = -1;
        bool is_beam_day = true;
        struct mr_err err = {0};
        if (!mr_duration_parse(cases[i].text, false, &ns, &is_beam_day, &err))
            fail_msg("%s", err.msg);
        assert_true(ns == cases[i].expected_ns);
        assert_false(is_beam_day);
    }
}

static void what_is_no_duration_is_refused_and_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {{"", "not a duration"}, {"s", "not a duration"}, {".", "not a duration"},
        {"1x", "not a duration"}, {"1s ", "not a duration"}, {"1e3", "not a duration"},
        {"1h30m", "not a duration"}, {"1 2", "not a duration"}, {"0x10", "not a duration"},
        {"-1s", "negative"}, {"-0.5", "negative"}, {"106752d", "292 years"},
        {"9223372036854775807ns", "292 years"}, {"9999999999999999999999h", "292 years"},
        {"99999999999999999999ns", "292 years"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_ns ns = -77;
        struct mr_err err = {0};
        assert_false(mr_duration_parse(cases[i].text, false, &ns, NULL, &err));
        assert_int_equal(ns, -77);
        assert_int_equal(err.kind, MR_ERR_INPUT);
        if (!strstr(err.msg, cases[i].why)) fail_msg("'%s': %s", cases[i].text, err.msg);
    }
}

static void a_day_of_beam_has_twelve_hours_and_is_told(void **state)
{
    (void)state;
    mr_ns ns;
    bool is_beam_day = false;
    struct mr_err err = {0};
    assert_true(mr_duration_parse("2d", true, &ns, &is_beam_day, &err));
    assert_true(ns == 24 * HOUR_NS);
    assert_true(is_beam_day);
    assert_true(mr_duration_parse("2h", true, &ns, &is_beam_day, &err));
    assert_false(is_beam_day);
    assert_false(mr_duration_parse("5us", true, &ns, &is_beam_day, &err));
}

static void durations_are_written_in_the_largest_fitting_unit(void **state)
{
    (void)state;
    static const struct {
        mr_ns ns;
        const char *text;
    } cases[] = {{0, "0ns"}, {1, "1ns"}, {1500, "1.5us"}, {300 * MR_MS_NS, "300ms"},
        {1250 * MR_MS_NS, "1.25s"}, {90 * MR_SECOND_NS, "90s"}, {120 * MR_SECOND_NS, "2m"},
        {2 * HOUR_NS, "2h"}, {48 * HOUR_NS, "2d"}, {25 * HOUR_NS, "25h"},
        {MR_SECOND_NS + 1, "1.000000001s"}, {HOUR_NS + 1, "3600.000000001s"},
        {MR_MS_NS + 20, "1.00002ms"}, {-1500 * MR_MS_NS, "-1.5s"}, {MR_NS_NEVER, "never"},
        {INT64_MIN, "-9223372036.854775808s"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[MR_TIME_TEXT_BYTES];
        assert_string_equal(mr_duration_format(cases[i].ns, text), cases[i].text);
        mr_ns back;
        struct mr_err err = {0};
        if (cases[i].ns < 0 || cases[i].ns == MR_NS_NEVER) continue;
        assert_true(mr_duration_parse(text, false, &back, NULL, &err));
        assert_true(back == cases[i].ns);
    }
}

static void points_in_time_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mr_us us;
    } cases[] = {{"1970-01-01", 0}, {"1970-01-01T00:00:01Z", 1000000},
        {"2001-01-03 07:05", 978505500000000}, {"2001-01-03T07:05:00+00:00", 978505500000000},
        {"2001-01-03T07:05:00-05:30", 978525300000000},
        {"2001-01-03T07:05:00.25+0130", 978500100250000}, {"1969-12-31T23:59:59.999999Z", -1},
        {"2000-02-29", 951782400000000}, {"1900-03-01", -2203891200000000},
        {"0001-01-01", -62135596800000000}, {"9999-12-31T23:59:59.9999999", 253402300799999999},
        {"12", 12000000}, {"-1.5", -1500000}, {"978505500", 978505500000000}, {"0.0000019", 1},
        {"9223372036854.775000", MR_US_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_us us = 77;
        if (!mr_timestamp_parse(cases[i].text, strlen(cases[i].text), &us))
            fail_msg("'%s' was refused", cases[i].text);
        if (us != cases[i].us) fail_msg("'%s' is %lld", cases[i].text, (long long)us);
    }
}

static void what_is_no_point_in_time_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "-", ".", "x", "2001-13-01", "2001-00-01",
        "2001-02-29", "1900-02-29", "2001-04-31", "2001-01-00", "0000-01-01", "2001-1-1",
        "2001-01-03T", "2001-01-03T7:05", "2001-01-03T24:00", "2001-01-03T07:60",
        "2001-01-03T07:05:60", "2001-01-03T07:05:00.", "2001-01-03T07:05:00+05",
        "2001-01-03T07:05:00+15:00", "2001-01-03T07:05Zx", "2001-01-03 07:05 ", "1e9",
        "9223372036854.775001", "99999999999999999999", "12 ", "2001-01-03Z"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_us us = 77;
        if (mr_timestamp_parse(cases[i], strlen(cases[i]), &us))
            fail_msg("'%s' was taken for a time", cases[i]);
        assert_int_equal(us, 77);
    }
    mr_us us;
    assert_false(mr_timestamp_parse("12\0", 3, &us)); /* the length counts, not the NUL */
    assert_true(mr_timestamp_parse("123", 2, &us));
    assert_int_equal(us, 12000000);
}

static void points_in_time_are_written_and_read_back(void **state)
{
    (void)state;
    static const struct {
        mr_us us;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00Z"}, {-1, "1969-12-31T23:59:59.999999Z"},
        {978505500000000, "2001-01-03T07:05:00Z"}, {978505500250000, "2001-01-03T07:05:00.25Z"},
        {951782400000000, "2000-02-29T00:00:00Z"}, {-62135596800000000, "0001-01-01T00:00:00Z"},
        {253402300799999999, "9999-12-31T23:59:59.999999Z"}};
    char text[MR_TIME_TEXT_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(mr_timestamp_format(cases[i].us, text), cases[i].text);
        mr_us back;
        assert_true(mr_timestamp_parse(text, strlen(text), &back));
        assert_true(back == cases[i].us);
    }
    assert_string_equal(mr_timestamp_format(MR_US_MIN, text), "-inf");
    assert_string_equal(mr_timestamp_format(MR_US_MAX, text), "+inf");
    assert_string_equal(mr_timestamp_format(INT64_MIN, text), "-inf");
    assert_string_equal(
        mr_timestamp_format(MR_US_GLOBAL_MAX, text), "294247-01-09T04:00:54.775Z");
}

static void every_day_of_a_thousand_years_reads_back(void **state)
{
    (void)state;
    const mr_us day_us = 86400 * MR_SECOND_US;
    for (mr_us day = -250000; day < 150000; day++) {
        char text[MR_TIME_TEXT_BYTES];
        mr_us back;
        mr_timestamp_format(day * day_us + 1, text);
        assert_true(mr_timestamp_parse(text, strlen(text), &back));
        assert_true(back == day * day_us + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_conversions_saturate),
        cmocka_unit_test(nanoseconds_are_rounded_down_to_microseconds),
        cmocka_unit_test(a_window_holds_its_time_on_both_sides_of_zero),
        cmocka_unit_test(windows_at_the_ends_of_time_saturate),
        cmocka_unit_test(durations_are_read_to_the_nanosecond),
        cmocka_unit_test(what_is_no_duration_is_refused_and_says_why),
        cmocka_unit_test(a_day_of_beam_has_twelve_hours_and_is_told),
        cmocka_unit_test(durations_are_written_in_the_largest_fitting_unit),
        cmocka_unit_test(points_in_time_are_read),
        cmocka_unit_test(what_is_no_point_in_time_is_refused),
        cmocka_unit_test(points_in_time_are_written_and_read_back),
        cmocka_unit_test(every_day_of_a_thousand_years_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
