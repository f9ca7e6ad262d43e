/* Numbers, times and foreign text, as people, browsers and shells get them. */
#include "tests/test.h"

#include <string.h>

#include "reports/text.h"

static void assert_text(struct mr_text *text, const char *expected)
{
    assert_string_equal(text->data ? text->data : "", expected);
    mr_text_deinit(text);
}

static void counts_have_a_comma_every_three_digits(void **state)
{
    (void)state;
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {123456, "123,456"},
        {UINT64_MAX, "18,446,744,073,709,551,615"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_text text = {0};
        mr_text_count(&text, cases[i].count);
        assert_text(&text, cases[i].text);
    }
}

static void short_counts_never_claim_more_than_there_is(void **state)
{
    (void)state;
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {{9999, "9,999"}, {10000, "10.0k"}, {12399, "12.3k"}, {999999, "999.9k"},
        {1000000, "1.0M"}, {23456789, "23.4M"}, {UINT64_MAX, "18.4E"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_text text = {0};
        mr_text_short_count(&text, cases[i].count);
        assert_text(&text, cases[i].text);
    }
}

static void spans_have_the_two_units_that_matter(void **state)
{
    (void)state;
    static const struct {
        mr_ns span_ns;
        const char *text;
    } cases[] = {{0, "0s"}, {12, "12ns"}, {1500, "1.50us"}, {350 * MR_MS_NS, "350ms"},
        {2 * MR_SECOND_NS, "2s"}, {12345 * MR_MS_NS, "12.3s"}, {60 * MR_SECOND_NS, "1m"},
        {2500 * MR_SECOND_NS, "41m 40s"}, {18725 * MR_SECOND_NS, "5h 12m"},
        {100000 * MR_SECOND_NS, "1d 3h"}, {-5 * MR_SECOND_NS, "-5s"},
        {INT64_MAX, "106751d 23h"}, {INT64_MIN, "-106751d 23h"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_text text = {0};
        mr_text_span(&text, cases[i].span_ns);
        assert_text(&text, cases[i].text);
    }
}

static void windows_name_the_day_once(void **state)
{
    (void)state;
    struct mr_text text = {0};
    mr_us start_us = 978505200 * MR_SECOND_US;
    mr_text_window(&text, start_us, start_us + 3600 * MR_SECOND_US);
    assert_text(&text, "2001-01-03 07:00 to 08:00");
    mr_text_window(&text, start_us, start_us + 86400 * MR_SECOND_US + 1);
    assert_text(&text, "2001-01-03 07:00 to 2001-01-04 07:00:00.000001");
    mr_text_window(&text, MR_US_MIN, 0);
    assert_text(&text, "");
    mr_text_window(&text, MR_US_MIN, MR_US_GLOBAL_END);
    assert_text(&text, "the global window");
}

static void a_shell_reads_any_word_as_it_is(void **state)
{
    (void)state;
    struct mr_text text = {0};
    mr_text_shell(&text, "scenarios/a-b_c.yaml");
    assert_text(&text, "scenarios/a-b_c.yaml");
    mr_text_shell(&text, "");
    assert_text(&text, "''");
    mr_text_shell(&text, "$(x) 'y'");
    assert_text(&text, "'$(x) '\\''y'\\'''");
}

static void markup_is_escaped(void **state)
{
    (void)state;
    struct mr_text text = {0};
    mr_text_markup(&text, "<a href='x'>\"&\r\n\t");
    assert_text(&text, "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&#13;\n\t");
}

static void bytes_that_are_not_utf8_are_replaced_one_by_one(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {{"\xE2\x82\xAC", "\xE2\x82\xAC"}, {"\xF0\x9F\x8C\x8A", "\xF0\x9F\x8C\x8A"},
        {"\xFF", "\xEF\xBF\xBD"}, {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},                 /* cut off */
        {"\xE0\x80\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* longer than it must be */
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* half of a pair */
        {"\xEF\xBF\xBF", "\xEF\xBF\xBD"},
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\x01\x7F\xC2\x85", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_text text = {0};
        uint32_t columns = mr_text_plain(&text, cases[i].in);
        assert_int_equal(columns, mr_text_columns(text.data));
        assert_text(&text, cases[i].out);
        mr_text_markup(&text, cases[i].in);
        assert_text(&text, cases[i].out);
    }
}

static void a_death_is_told_by_its_signal(void **state)
{
    (void)state;
    struct mr_text text = {0};
    mr_text_death(&text, 11, 0);
    assert_text(&text, "signal 11 (SIGSEGV)");
    mr_text_death(&text, 0, 3);
    assert_text(&text, "exit code 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_a_comma_every_three_digits),
        cmocka_unit_test(short_counts_never_claim_more_than_there_is),
        cmocka_unit_test(spans_have_the_two_units_that_matter),
        cmocka_unit_test(windows_name_the_day_once),
        cmocka_unit_test(a_shell_reads_any_word_as_it_is),
        cmocka_unit_test(markup_is_escaped),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_one_by_one),
        cmocka_unit_test(a_death_is_told_by_its_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
