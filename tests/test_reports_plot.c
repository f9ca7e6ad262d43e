/* Pictures by gnuplot, and how points are thinned out. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "reports/plot.h"
#include "reports/series.h"
#include "tests/reports_markup.h"

static const char script[] =
    "$d << e\n1 2\n2 4\n3 3\ne\nplot $d using 1:2 with points pt 7 title 'a_b & <c>'\n";

static char *picture(const char *name)
{
    struct mr_text out = {0};
    struct mr_err err = {0};
    if (!mr_plot_svg(&out, name, script, strlen(script), &err)) fail_msg("%s", err.msg);
    return out.data;
}

static void a_picture_is_well_formed_svg(void **state)
{
    (void)state;
    char *svg = picture("run1");
    assert_memory_equal(svg, "<svg", 4);
    const char *problem = markup_problem(svg);
    if (problem) fail_msg("%s", problem);
    assert_non_null(strstr(svg, "a_b &amp; &lt;c>"));
    mr_free(svg);
}

static void two_pictures_of_a_page_share_no_id(void **state)
{
    (void)state;
    struct mr_text page = {0};
    char *one = picture("run1_arrivals"), *two = picture("run1_backlog");
    mr_text_printf(&page, "<div>");
    mr_text_add(&page, one, strlen(one));
    mr_text_add(&page, two, strlen(two));
    mr_text_printf(&page, "</div>");
    const char *problem = markup_problem(page.data); /* an id twice is one */
    if (problem) fail_msg("%s", problem);
    mr_free(one);
    mr_free(two);
    mr_text_deinit(&page);
}

static void what_a_picture_refers_to_is_in_it(void **state)
{
    (void)state;
    char *svg = picture("run1");
    int n = 0;
    for (const char *at = svg; (at = strstr(at, "href='#")); n++) {
        at += strlen("href='#");
        char id[80];
        snprintf(id, sizeof id, " id='%.*s'", (int)strcspn(at, "'"), at);
        if (!strstr(svg, id)) fail_msg("nothing has%s", id);
    }
    assert_true(n > 3);
    mr_free(svg);
}

static void the_same_script_gives_the_same_picture(void **state)
{
    (void)state;
    char *one = picture("run1"), *two = picture("run1");
    assert_string_equal(one, two);
    mr_free(one);
    mr_free(two);
}

static void a_bad_script_is_an_error_and_adds_nothing(void **state)
{
    (void)state;
    struct mr_text out = {0};
    struct mr_err err = {0};
    mr_text_printf(&out, "before");
    static const char bad[] = "plot sin(\n";
    assert_false(mr_plot_svg(&out, "x", bad, strlen(bad), &err));
    assert_int_equal(err.kind, MR_ERR_IO);
    assert_memory_equal(err.msg, "gnuplot failed: ", 16);
    assert_true(strlen(err.msg) > 20);
    assert_string_equal(out.data, "before");
    mr_text_deinit(&out);
}

static void a_script_without_a_plot_is_an_error(void **state)
{
    (void)state;
    struct mr_text out = {0};
    struct mr_err err = {0};
    assert_false(mr_plot_svg(&out, "x", "a = 1\n", 6, &err));
    assert_int_equal(err.kind, MR_ERR_IO);
    assert_null(out.data);
}

static void a_missing_gnuplot_is_said(void **state)
{
    (void)state;
    struct mr_text out = {0};
    struct mr_err err = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s", getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    bool is_ok = mr_plot_svg(&out, "x", script, strlen(script), &err);
    setenv("PATH", path, 1);
    assert_false(is_ok);
    assert_string_equal(err.msg, "gnuplot is not installed");
    assert_int_equal(err.kind, MR_ERR_IO);
}

/* A title may hold quotes and whatever gnuplot would run. */
static void quoted_text_stays_text(void **state)
{
    (void)state;
    struct mr_text text = {0}, out = {0};
    struct mr_err err = {0};
    mr_text_printf(&text, "plot 1 title ");
    mr_plot_quote(&text, "it's `date` \"x\" \n system('false')");
    mr_text_printf(&text, "\n");
    if (!mr_plot_svg(&out, "x", text.data, text.bytes, &err)) fail_msg("%s", err.msg);
    assert_non_null(strstr(out.data, "`date`"));
    assert_non_null(strstr(out.data, "system("));
    mr_text_deinit(&text);
    mr_text_deinit(&out);
}

static size_t lines(const struct mr_text *text)
{
    return text->data ? (size_t)markup_count(text->data, "\n") : 0;
}

static void few_points_are_all_written(void **state)
{
    (void)state;
    struct mr_series series = {0};
    struct mr_text out = {0};
    for (int i = 0; i < 100; i++) mr_series_add(&series, i, i % 7);
    mr_series_write(&out, &series, 100);
    assert_int_equal(lines(&out), 100);
    assert_memory_equal(out.data, "0.000000 0.000000\n1.000000 1.000000\n", 36);
    mr_text_deinit(&out);
    mr_series_deinit(&series);
}

static void many_points_are_thinned_and_extremes_stay(void **state)
{
    (void)state;
    struct mr_series series = {0};
    struct mr_text out = {0};
    for (int i = 0; i < 100000; i++)
        mr_series_add(&series, i, i == 77777 ? -5 : i == 33333 ? 999 : i % 10);
    mr_series_write(&out, &series, 4000);
    assert_in_range(lines(&out), 2000, 4000);
    assert_non_null(strstr(out.data, "\n77777.000000 -5.000000\n"));
    assert_non_null(strstr(out.data, "\n33333.000000 999.000000\n"));
    assert_non_null(strstr(out.data, "\n99999.000000 9.000000\n"));
    mr_text_deinit(&out);
    mr_series_deinit(&series);
}

static void thinned_points_stay_in_order(void **state)
{
    (void)state;
    struct mr_series series = {0};
    struct mr_text out = {0};
    for (int i = 0; i < 10007; i++) mr_series_add(&series, i, (i * 7919) % 10007);
    mr_series_write(&out, &series, 301);
    double last = -1, x, y;
    for (const char *at = out.data; *at; at = strchr(at, '\n') + 1) {
        assert_int_equal(sscanf(at, "%lf %lf", &x, &y), 2);
        assert_true(x > last || x == 10006); /* the last point may come twice */
        last = x;
    }
    mr_text_deinit(&out);
    mr_series_deinit(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_is_well_formed_svg),
        cmocka_unit_test(two_pictures_of_a_page_share_no_id),
        cmocka_unit_test(what_a_picture_refers_to_is_in_it),
        cmocka_unit_test(the_same_script_gives_the_same_picture),
        cmocka_unit_test(a_bad_script_is_an_error_and_adds_nothing),
        cmocka_unit_test(a_script_without_a_plot_is_an_error),
        cmocka_unit_test(a_missing_gnuplot_is_said),
        cmocka_unit_test(quoted_text_stays_text),
        cmocka_unit_test(few_points_are_all_written),
        cmocka_unit_test(many_points_are_thinned_and_extremes_stay),
        cmocka_unit_test(thinned_points_stay_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
