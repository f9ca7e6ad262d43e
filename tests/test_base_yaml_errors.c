#include "tests/test_base_yaml.h"

struct bad {
    const char *text;
    int line;
    int col;
    const char *message; /* a part of it */
};

static void assert_bad(
    struct mr_region *region, const struct bad *bad, size_t bytes, enum mr_yaml_version version)
{
    const struct mr_yaml *node = NULL;
    struct mr_err err = {0};
    if (parse(region, bad->text, bytes, version, &node, &err))
        fail_msg("no error in:\n%s", bad->text);
    char text[2048];
    mr_err_format(&err, text, sizeof text);
    assert_null(node);
    assert_int_equal(err.kind, MR_ERR_INPUT);
    assert_string_equal(err.input_file, "f.yaml");
    if (err.input_line != bad->line || err.input_col != bad->col ||
        !strstr(err.msg, bad->message) || !err.input_quote[0])
        fail_msg("expected %d:%d: %s, but got\n%s", bad->line, bad->col, bad->message, text);
}

static void what_is_no_yaml_is_refused_at_its_place(void **state)
{
    static const struct bad cases[] = {
        {"a: [1, 2\nb: 3\n", 1, 4, "without a closing bracket"},
        {"a:\n  - {b: 1\n", 2, 5, "not valid YAML"},
        {"a: \"x\n", 1, 5, "without closing quote"},
        {"a: b: c\n", 1, 5, "not valid YAML"},
        {"\ta: 1\n", 1, 1, "tab"},
        {"a:\n\tb: 1\n", 2, 1, "tab"},
        {"a: 1\n  b: 2\n", 1, 4, "not valid YAML"},
        {"a: 'x' y\n", 1, 8, "not valid YAML"},
        {"a: @b\n", 1, 4, "not valid YAML"},
        {"a: \"\\q\"\n", 1, 5, "not valid YAML"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int version = MR_YAML_1_1; version <= MR_YAML_1_2; version++)
            assert_bad(*state, &cases[i], strlen(cases[i].text), (enum mr_yaml_version)version);
}

static void what_we_do_not_take_is_refused_at_its_place(void **state)
{
    static const struct bad cases[] = {
        {"? [a]\n: 1\n", 1, 3, "a key must be a scalar"},
        {"? {a: b}\n: 1\n", 1, 3, "a key must be a scalar"},
        {"{[a]: 1}\n", 1, 2, "a key must be a scalar"},
        {"a: &x [1]\n*x : 2\n", 2, 1, "a key must be a scalar"},
        {"a: !foo x\n", 1, 9, "the tag '!foo' is not supported"},
        {"a: !!int 1\n", 1, 10, "is not supported"},
        {"a: !foo [1]\n", 1, 9, "the tag '!foo' is not supported"},
        {"a: !!set {b: 1}\n", 1, 10, "is not supported"},
        {"a: 1\nb: *y\n", 2, 4, "the alias '*y' has no anchor before it"},
        {"a: &x [*x]\n", 1, 8, "the alias '*x' has no anchor before it"},
        {"a: 1\n---\nb: 2\n", 2, 1, "only one document"},
        {"---\n---\n", 2, 1, "only one document"},
        {"a: \"x\\0y\"\n", 1, 4, "the character with the number 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int version = MR_YAML_1_1; version <= MR_YAML_1_2; version++)
            assert_bad(*state, &cases[i], strlen(cases[i].text), (enum mr_yaml_version)version);
    const struct bad merge = {"a: 1\nb: {<<: 3}\n", 2, 5, "'<<' merges maps only"};
    assert_bad(*state, &merge, strlen(merge.text), MR_YAML_1_1);
    const struct bad merge_list = {"{<<: [{a: 1}, 3]}\n", 1, 2, "'<<' merges maps only"};
    assert_bad(*state, &merge_list, strlen(merge_list.text), MR_YAML_1_1);
    const struct bad twice = {
        "a: 1\nb: {c: 1, d: 2, c: 3}\n", 2, 17, "the key 'c' stands twice"};
    assert_bad(*state, &twice, strlen(twice.text), MR_YAML_1_2);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    const struct bad zero = {"a: 1\nb: x\0y\n", 2, 5, "a byte with the value 0"};
    assert_bad(*state, &zero, 12, MR_YAML_1_2);
    const struct bad latin = {"a: \xc3\xa9\xe9\n", 1, 5, "not UTF-8"};
    assert_bad(*state, &latin, strlen(latin.text), MR_YAML_1_2);
    const struct bad wide = {"\xff\xfe"
                             "a\0",
        1, 1, "not UTF-8"};
    assert_bad(*state, &wide, 4, MR_YAML_1_2);
}

static void an_error_shows_its_line_with_a_caret(void **state)
{
    const struct mr_yaml *node = NULL;
    struct mr_err err = {0};
    const char *text = "name: x\nna\xc3\xafve: {b: 1, b: 2}\n";
    assert_false(parse(*state, text, strlen(text), MR_YAML_1_2, &node, &err));
    char message[512];
    mr_err_format(&err, message, sizeof message);
    assert_string_equal(message, "f.yaml:2:15: error: the key 'b' stands twice\n"
                                 "  na\xc3\xafve: {b: 1, b: 2}\n"
                                 "                ^\n");
}

/* Nesting, in all forms. */

static void repeat(struct mr_text *text, const char *piece, int n)
{
    for (int i = 0; i < n; i++) mr_text_printf(text, "%s", piece);
}

/* One form of `n` levels, closed. */
static void write_nested(struct mr_text *text, int form, int n)
{
    static const char *const open[] = {"[", "{a: ", "- ", "", "[\n", "[{a: "};
    static const char *const close[] = {"]", "}", "", "", "]", "}]"};
    if (form == 3) /* block maps */
        for (int i = 0; i < n; i++) mr_text_printf(text, "%*sa:\n", i, "");
    int n_pieces = form == 5 ? n / 2 : n;
    repeat(text, open[form], n_pieces);
    if (form != 0 && form != 4)
        mr_text_printf(text, form == 3 ? "%*sx" : "%*sx", form == 3 ? n : 0, "");
    repeat(text, close[form], n_pieces);
}

static void nesting_is_bounded_in_every_form(void **state)
{
    for (int form = 0; form < 6; form++) {
        static const int levels[] = {256, 258, 10000};
        for (int i = 0; i < 3; i++) {
            struct mr_text text = {0};
            write_nested(&text, form, levels[i]);
            const struct mr_yaml *node = NULL;
            struct mr_err err = {0};
            bool is_ok = parse(*state, text.data, text.bytes, MR_YAML_1_2, &node, &err);
            if (is_ok != (i == 0)) fail_msg("form %d, %d levels: %s", form, levels[i], err.msg);
            if (i > 0) {
                assert_int_equal(err.kind, MR_ERR_INPUT);
                assert_non_null(strstr(err.msg, "nested too deeply (more than 256 levels)"));
                assert_true(err.input_line > 0 && err.input_col > 0);
            }
            mr_text_deinit(&text);
        }
    }
}

static void nesting_that_is_never_closed_is_bounded_too(void **state)
{
    static const char *const pieces[] = {"[", "{a: ", "- ", "[{a: ", "{", "? "};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct mr_text text = {0};
        repeat(&text, pieces[i], 100000);
        const struct mr_yaml *node = NULL;
        struct mr_err err = {0};
        assert_false(parse(*state, text.data, text.bytes, MR_YAML_1_1, &node, &err));
        assert_int_equal(err.kind, MR_ERR_INPUT);
        mr_text_deinit(&text);
    }
}

static void nesting_through_aliases_is_bounded(void **state)
{
    struct mr_text text = {0};
    mr_text_printf(&text, "- &a0 [x]\n");
    for (int i = 1; i < 300; i++) mr_text_printf(&text, "- &a%d [*a%d]\n", i, i - 1);
    const struct mr_yaml *node = NULL;
    struct mr_err err = {0};
    assert_false(parse(*state, text.data, text.bytes, MR_YAML_1_2, &node, &err));
    assert_non_null(strstr(err.msg, "nested too deeply"));
    assert_int_equal(
        err.input_line, 256); /* a254 holds 255 levels, the list and a255 two more */
    mr_text_deinit(&text);
}

/* Nine aliases of nine aliases of...: each form would become millions of nodes. */
static void alias_bombs_are_refused(void **state)
{
    static const char *const forms[][2] = {
        {"- &a0 [x]\n", "- &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n"},
        {"- &a0 {x: 1}\n", "- &a%d {a: *a%d,b: *a%d,c: *a%d,d: *a%d,e: *a%d,f: *a%d,g: *a%d,"
                           "h: *a%d,i: *a%d}\n"},
    };
    for (int form = 0; form < 2; form++) {
        struct mr_text text = {0};
        mr_text_printf(&text, "%s", forms[form][0]);
        for (int i = 1; i < 40; i++) {
            char line[256];
            int k = i - 1;
            snprintf(line, sizeof line, forms[form][1], i, k, k, k, k, k, k, k, k, k);
            mr_text_add(&text, line, strlen(line));
        }
        const struct mr_yaml *node = NULL;
        struct mr_err err = {0};
        assert_false(parse(*state, text.data, text.bytes, MR_YAML_1_1, &node, &err));
        assert_non_null(strstr(err.msg, "more than a million nodes"));
        assert_in_range(err.input_line, 4, 8);
        mr_text_deinit(&text);
    }
}

static void merge_bombs_are_refused(void **state)
{
    struct mr_text text = {0};
    mr_text_printf(&text, "- &a0 {");
    for (int i = 0; i < 1000; i++) mr_text_printf(&text, "k%d: 1, ", i);
    mr_text_printf(&text, "}\n- {<<: [");
    for (int i = 0; i < 2000; i++) mr_text_printf(&text, "*a0,");
    mr_text_printf(&text, "]}\n");
    const struct mr_yaml *node = NULL;
    struct mr_err err = {0};
    assert_false(parse(*state, text.data, text.bytes, MR_YAML_1_1, &node, &err));
    assert_non_null(strstr(err.msg, "more than a million nodes"));
    mr_text_deinit(&text);
}

/* Cut anywhere, a document is read or refused; ASan and the exact block watch. */
static void a_document_cut_anywhere_does_no_harm(void **state)
{
    const char *text =
        "a: &x {b: [1, \"q\\u00e9\", 'r'], c: |\n  no\n}\n"
        "d: >-\n  fold\n  ed\n? key\n: !!str 12\ne: *x\nf:\n  <<: *x\n- # \xc3\xa9\n";
    for (size_t bytes = 0; bytes <= strlen(text); bytes++) {
        const struct mr_yaml *node = NULL;
        struct mr_err err = {0};
        bool is_ok = parse(*state, text, bytes, MR_YAML_1_1, &node, &err);
        assert_int_equal(is_ok, node != NULL);
        assert_int_equal(is_ok, err.kind == MR_ERR_NONE);
        if (!is_ok) assert_true(err.msg[0] && err.input_line > 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_yaml_is_refused_at_its_place),
        TEST(what_we_do_not_take_is_refused_at_its_place),
        TEST(bytes_that_are_no_text_are_refused),
        TEST(an_error_shows_its_line_with_a_caret),
        TEST(nesting_is_bounded_in_every_form),
        TEST(nesting_that_is_never_closed_is_bounded_too),
        TEST(nesting_through_aliases_is_bounded),
        TEST(alias_bombs_are_refused),
        TEST(merge_bombs_are_refused),
        TEST(a_document_cut_anywhere_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
