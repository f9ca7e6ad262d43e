#include "tests/test_base_yaml.h"

static const struct mr_yaml *read(
    struct mr_region *region, const char *text, enum mr_yaml_version version)
{
    const struct mr_yaml *node = NULL;
    struct mr_err err = {0};
    if (mr_yaml_parse(region, "f.yaml", text, strlen(text), version, &node, &err)) return node;
    char message[2048];
    mr_err_format(&err, message, sizeof message);
    fail_msg("%s in:\n%s", message, text);
    return NULL;
}

static const struct mr_yaml *read_new(struct mr_region *region, const char *text)
{
    return read(region, text, MR_YAML_1_2);
}

static void entries_are_found_by_key(void **state)
{
    const struct mr_yaml *map = read_new(*state, "{a: 1, b: null, 'c d': x, 5: y}");
    assert_int_equal(mr_yaml_get(map, "a")->integer, 1);
    assert_int_equal(mr_yaml_get(map, "b")->kind, MR_YAML_NULL);
    assert_string_equal(mr_yaml_get(map, "c d")->text, "x");
    assert_string_equal(mr_yaml_get(map, "5")->text, "y");
    assert_int_equal(mr_yaml_key(map, "b")->place.col, 8);
    assert_null(mr_yaml_get(map, "d"));
    assert_null(mr_yaml_key(map, "d"));
    assert_null(mr_yaml_get(mr_yaml_get(map, "a"), "a"));
    assert_null(mr_yaml_get(NULL, "a"));
}

static void assert_message(const struct mr_err *err, int col, const char *message)
{
    assert_int_equal(err->kind, MR_ERR_INPUT);
    assert_int_equal(err->input_line, 1);
    assert_int_equal(err->input_col, col);
    assert_string_equal(err->msg, message);
}

static void readers_take_their_kind_and_name_any_other(void **state)
{
    const struct mr_yaml *map =
        read_new(*state, "{i: 5, t: x, b: true, f: 1.5, n: ~, l: [], m: {}}");
    const char *text = NULL;
    int64_t integer = -1;
    bool boolean = false;
    struct mr_err err = {0};
    assert_true(mr_yaml_as_text(mr_yaml_get(map, "t"), "k", &text, &err));
    assert_string_equal(text, "x");
    assert_true(mr_yaml_as_int(mr_yaml_get(map, "i"), "k", 5, 5, &integer, &err));
    assert_int_equal(integer, 5);
    assert_true(mr_yaml_as_bool(mr_yaml_get(map, "b"), "k", &boolean, &err));
    assert_true(boolean);
    assert_int_equal(err.kind, MR_ERR_NONE);
    assert_false(mr_yaml_as_text(mr_yaml_get(map, "i"), "k", &text, &err));
    assert_message(&err, 5, "'k' must be a text, not an integer");
    err = (struct mr_err){0};
    assert_false(mr_yaml_as_int(mr_yaml_get(map, "f"), "k", 0, 9, &integer, &err));
    assert_message(&err, 26, "'k' must be an integer, not a number");
    err = (struct mr_err){0};
    assert_false(mr_yaml_as_int(mr_yaml_get(map, "i"), "k", 6, 9, &integer, &err));
    assert_message(&err, 5, "'k' must be from 6 to 9, not 5");
    err = (struct mr_err){0};
    assert_false(mr_yaml_as_bool(mr_yaml_get(map, "n"), "k", &boolean, &err));
    assert_message(&err, 34, "'k' must be true or false, not nothing");
    err = (struct mr_err){0};
    assert_false(mr_yaml_as_text(mr_yaml_get(map, "l"), "k", &text, &err));
    assert_message(&err, 40, "'k' must be a text, not a list");
    assert_string_equal(text, "x");
    assert_int_equal(integer, 5);
}

static void durations_are_texts_or_numbers_of_seconds(void **state)
{
    static const struct {
        const char *text;
        mr_ns expected_ns;
        enum mr_yaml_version version;
    } cases[] = {{"1.5h", 5400 * MR_SECOND_NS, MR_YAML_1_2},
        {"300ms", 300 * MR_MS_NS, MR_YAML_1_2}, {"'20'", 20 * MR_SECOND_NS, MR_YAML_1_2},
        {"20", 20 * MR_SECOND_NS, MR_YAML_1_2}, {"0.25", 250 * MR_MS_NS, MR_YAML_1_2},
        {"1e3", 1000 * MR_SECOND_NS, MR_YAML_1_2}, {"0x10", 16 * MR_SECOND_NS, MR_YAML_1_2},
        {"1_000", 1000 * MR_SECOND_NS, MR_YAML_1_1}, {"1:30", 90 * MR_SECOND_NS, MR_YAML_1_1},
        {"1d", 12 * 3600 * MR_SECOND_NS, MR_YAML_1_1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_ns ns = -1;
        struct mr_err err = {0};
        const struct mr_yaml *node = read(*state, cases[i].text, cases[i].version);
        if (!mr_yaml_as_duration(node, "k", cases[i].version == MR_YAML_1_1, &ns, &err))
            fail_msg("%s", err.msg);
        if (ns != cases[i].expected_ns)
            fail_msg("'%s' is %lld ns", cases[i].text, (long long)ns);
    }
}

static void bad_durations_are_refused_at_their_place(void **state)
{
    static const char *const texts[] = {"-5s", "-5", "-0.5", "x", ".inf", ".nan", "1e300",
        "true", "[]", "~", "9999999999999999999h", "9223372036854775807", "5 parsecs"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "{key: %s}", texts[i]);
        mr_ns ns = -1;
        struct mr_err err = {0};
        const struct mr_yaml *node = mr_yaml_get(read_new(*state, text), "key");
        if (mr_yaml_as_duration(node, "k", false, &ns, &err))
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(ns, -1);
        assert_int_equal(err.input_col, 7);
        assert_non_null(strstr(err.msg, "'k'"));
    }
}

static void unknown_keys_are_refused_with_the_nearest_one(void **state)
{
    static const char *const keys[] = {"workers", "slots"};
    const struct mr_yaml *map = read_new(*state, "{slots: 2, wokers: 3}");
    struct mr_err err = {0};
    assert_false(mr_yaml_only_keys(map, "cluster", keys, 2, &err));
    assert_message(&err, 12, "unknown key 'wokers' of 'cluster'");
    assert_string_equal(err.hint, "did you mean 'workers'?");
    err = (struct mr_err){0};
    assert_false(mr_yaml_only_keys(read_new(*state, "[a]"), "cluster", keys, 2, &err));
    assert_message(&err, 1, "'cluster' must be a map, not a list");
    err = (struct mr_err){0};
    assert_true(mr_yaml_only_keys(read_new(*state, "{slots: 1}"), "cluster", keys, 2, &err));
    assert_true(mr_yaml_only_keys(read_new(*state, "{}"), "cluster", keys, 0, &err));
}

/* Writing. */

static void assert_same(const struct mr_yaml *a, const struct mr_yaml *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->n, b->n);
    if (a->kind == MR_YAML_TEXT) assert_string_equal(a->text, b->text);
    if (a->kind == MR_YAML_BOOL) assert_int_equal(a->boolean, b->boolean);
    if (a->kind == MR_YAML_INT) assert_true(a->integer == b->integer);
    if (a->kind == MR_YAML_FLOAT)
        assert_true(
            a->number == b->number || (a->number != a->number && b->number != b->number));
    for (uint32_t i = 0; i < a->n; i++) {
        if (a->keys) assert_string_equal(a->keys[i]->text, b->keys[i]->text);
        if (a->keys) assert_int_equal(a->keys[i]->kind, b->keys[i]->kind);
        assert_same(a->items[i], b->items[i]);
    }
}

static void assert_reads_back(struct mr_region *region, const struct mr_yaml *node)
{
    struct mr_text text = {0};
    mr_yaml_write(&text, node, 0);
    assert_same(node, read_new(region, text.data));
    mr_text_deinit(&text);
}

static void a_tree_is_written_in_block_style(void **state)
{
    const struct mr_yaml *node = read_new(*state,
        "{a: 1, b: [x, 'y z', {c: ~, d: [], e: {}}], 'f:': [[1.5, true]], g: 0x10, h: \"1\"}");
    struct mr_text text = {0};
    mr_yaml_write(&text, node, 0);
    assert_string_equal(text.data, "a: 1\n"
                                   "b:\n"
                                   "  - x\n"
                                   "  - \"y z\"\n"
                                   "  -\n"
                                   "    c: ~\n"
                                   "    d: []\n"
                                   "    e: {}\n"
                                   "\"f:\":\n"
                                   "  -\n"
                                   "    - 1.5\n"
                                   "    - true\n"
                                   "g: 0x10\n"
                                   "h: \"1\"\n");
    assert_same(node, read_new(*state, text.data));
    mr_text_deinit(&text);
}

static void every_text_reads_back_as_itself(void **state)
{
    static const char *const texts[] = {"", " ", "a", "-", "--", "---", "--- x", "...", "....",
        "-a", "- a", "?", "? a", ":", "a:", "a: b", "#", "a #b", "a#b", "~", "null", "true",
        "1", "1.5", "0x1", ".5", ".inf", "1e3", "<<", "=", "[a", "{a", "a]", "*a", "&a", "!a",
        "|", ">", "%a", "@a", "`a", "'a", "\"a", "a'b", "a\\b", "a\nb", "\n", "a\n", "\ta",
        "a\t", "\r", "\r\n", "\x01\x02\x1f\x7f", "\xc3\xa9", "\xc2\x85", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\357\273\277a", "\xf0\x9f\x98\x80", "\xef\xbf\xbf", "a  b", " a ",
        "yes", "012", "1:30", "a,b", "a/b.c-d_e+f"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mr_yaml scalar = {.kind = MR_YAML_TEXT, .text = texts[i]};
        const struct mr_yaml *const items[] = {&scalar}, *const keys[] = {&scalar};
        struct mr_yaml map = {
            .kind = MR_YAML_MAP, .text = "", .n = 1, .items = items, .keys = keys};
        struct mr_yaml list = {.kind = MR_YAML_LIST, .text = "", .n = 1, .items = items};
        assert_reads_back(*state, &scalar);
        assert_reads_back(*state, &map);
        assert_reads_back(*state, &list);
    }
}

static void long_keys_read_back(void **state)
{
    char key[3000];
    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    struct mr_yaml scalar = {.kind = MR_YAML_TEXT, .text = key};
    const struct mr_yaml *const items[] = {&scalar}, *const keys[] = {&scalar};
    struct mr_yaml inner = {
        .kind = MR_YAML_MAP, .text = "", .n = 1, .items = items, .keys = keys};
    const struct mr_yaml *const inners[] = {&inner};
    struct mr_yaml outer = {
        .kind = MR_YAML_MAP, .text = "", .n = 1, .items = inners, .keys = keys};
    assert_reads_back(*state, &outer);
}

/* Also where YAML 1.1 wrote it in another way. */
static void every_scalar_reads_back_as_its_value(void **state)
{
    static const char *const texts[] = {"~", "yes", "OFF", "012", "-0x1f", "1_000", "1:30",
        "190:20:30.15", "0b101", "1.0e+3", ".5", "5.", ".inf", "-.inf", ".nan", "0.1",
        "1.e+300", "-0.0", "123456789.123456789", "9223372036854775807", "1e3", "2001-12-14"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_reads_back(*state, read(*state, texts[i], MR_YAML_1_1));
    static const char *const new_texts[] = {
        "012", "0o17", "0xff", "+12", "1e3", "-.5", "NULL", "True"};
    for (size_t i = 0; i < sizeof new_texts / sizeof new_texts[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "{%s: %s}", new_texts[i], new_texts[i]);
        assert_reads_back(*state, read_new(*state, text)); /* keys by their text */
    }
}

static void deep_trees_read_back(void **state)
{
    struct mr_text text = {0};
    for (int i = 0; i < 128; i++) mr_text_printf(&text, "[{a: ");
    for (int i = 0; i < 128; i++) mr_text_printf(&text, "}]");
    assert_reads_back(*state, read_new(*state, text.data));
    mr_text_deinit(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(entries_are_found_by_key),
        TEST(readers_take_their_kind_and_name_any_other),
        TEST(durations_are_texts_or_numbers_of_seconds),
        TEST(bad_durations_are_refused_at_their_place),
        TEST(unknown_keys_are_refused_with_the_nearest_one),
        TEST(a_tree_is_written_in_block_style),
        TEST(every_text_reads_back_as_itself),
        TEST(long_keys_read_back),
        TEST(every_scalar_reads_back_as_its_value),
        TEST(deep_trees_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
