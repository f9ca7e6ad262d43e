#include "tests/test_base_yaml.h"

static const struct mr_yaml *read(
    struct mr_region *region, const char *text, enum mr_yaml_version version)
{
    const struct mr_yaml *node = NULL;
    struct mr_err err = {0};
    if (parse(region, text, strlen(text), version, &node, &err)) return node;
    char message[2048];
    mr_err_format(&err, message, sizeof message);
    fail_msg("%s", message);
    return NULL;
}

static const struct mr_yaml *read_old(struct mr_region *region, const char *text)
{
    return read(region, text, MR_YAML_1_1);
}

static const struct mr_yaml *read_new(struct mr_region *region, const char *text)
{
    return read(region, text, MR_YAML_1_2);
}

static void assert_place(const struct mr_yaml *node, int line, int col)
{
    assert_non_null(node);
    assert_string_equal(node->place.file, "f.yaml");
    if (node->place.line != line || node->place.col != col)
        fail_msg("'%s' is at %d:%d, not %d:%d", node->text, node->place.line, node->place.col,
            line, col);
}

static void block_and_flow_nodes_know_their_place(void **state)
{
    const struct mr_yaml *root = read_new(*state, "# comment\n"
                                                  "a: 1\n"
                                                  "b:\n"
                                                  "  - x\n"
                                                  "  -   {c: 'y', \"d\": [1,  2]}\n"
                                                  "e: |\n"
                                                  "    text\n");
    assert_int_equal(root->kind, MR_YAML_MAP);
    assert_int_equal(root->n, 3);
    assert_false(root->is_flow);
    assert_place(root, 2, 1);
    assert_place(mr_yaml_get(root, "a"), 2, 4);
    assert_place(mr_yaml_key(root, "b"), 3, 1);
    const struct mr_yaml *list = mr_yaml_get(root, "b");
    assert_place(list, 4, 3);
    assert_false(list->is_flow);
    assert_place(list->items[0], 4, 5);
    const struct mr_yaml *map = list->items[1];
    assert_place(map, 5, 7);
    assert_true(map->is_flow);
    assert_place(mr_yaml_get(map, "c"), 5, 11);
    assert_place(mr_yaml_key(map, "d"), 5, 16);
    assert_place(mr_yaml_get(map, "d"), 5, 21);
    assert_true(mr_yaml_get(map, "d")->is_flow);
    assert_place(mr_yaml_get(map, "d")->items[1], 5, 26);
    assert_place(mr_yaml_get(root, "e"), 7, 5);
}

static void columns_count_characters(void **state)
{
    const struct mr_yaml *root =
        read_new(*state, "\xd0\xba\xd0\xbb: {\xc3\xa9: [\xf0\x9f\x98\x80, z]}\n");
    const struct mr_yaml *map = mr_yaml_get(root, "\xd0\xba\xd0\xbb");
    assert_place(map, 1, 5);
    assert_true(map->is_flow);
    const struct mr_yaml *list = mr_yaml_get(map, "\xc3\xa9");
    assert_place(list, 1, 9);
    assert_true(list->is_flow);
    assert_place(list->items[1], 1, 13);
}

static void line_ends_and_byte_order_marks_do_not_shift_places(void **state)
{
    static const char *const texts[] = {"a: 1\nb: {c: d}\n", "a: 1\r\nb: {c: d}\r\n",
        "\357\273\277a: 1\nb: {c: d}", "---\na: 1\n...\n"};
    for (int i = 0; i < 3; i++) {
        const struct mr_yaml *root = read_new(*state, texts[i]);
        assert_int_equal(root->n, 2);
        assert_int_equal(mr_yaml_get(root, "a")->integer, 1);
        assert_place(mr_yaml_key(root, "a"), 1, 1);
        const struct mr_yaml *map = mr_yaml_get(root, "b");
        assert_place(map, 2, 4);
        assert_true(map->is_flow);
        assert_place(mr_yaml_get(map, "c"), 2, 8);
        assert_string_equal(mr_yaml_get(map, "c")->text, "d");
    }
    assert_place(mr_yaml_get(read_new(*state, texts[3]), "a"), 2, 4);
}

static void an_empty_document_is_null(void **state)
{
    static const char *const texts[] = {
        "", "\n\n", "# only a comment\n", "---\n", "---\n...\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct mr_yaml *node = read_new(*state, texts[i]);
        assert_int_equal(node->kind, MR_YAML_NULL);
        assert_string_equal(node->text, "");
        assert_int_equal(node->place.line > 0, 1);
    }
}

/* Scalars. What PyYAML 6 and the core schema make of them. */

struct scalar {
    const char *text;
    enum mr_yaml_kind old_kind; /* in YAML 1.1 */
    double old_number;          /* also 0 and 1 of a boolean */
    enum mr_yaml_kind kind;     /* in YAML 1.2 */
    double number;
};

static void assert_scalar(const struct mr_yaml *node, const struct scalar *expected,
    enum mr_yaml_kind kind, double number)
{
    if (node->kind != kind) fail_msg("'%s' is of kind %d", expected->text, (int)node->kind);
    assert_string_equal(node->text, expected->text);
    assert_true(node->is_plain);
    if (kind == MR_YAML_BOOL) assert_int_equal(node->boolean, number != 0);
    if (kind == MR_YAML_INT) assert_true(node->integer == (int64_t)number);
    if ((kind == MR_YAML_INT || kind == MR_YAML_FLOAT) && node->number != number &&
        (number == number || node->number == node->number))
        fail_msg("'%s' is %.17g", expected->text, node->number);
}

#define TEXT MR_YAML_TEXT, 0
#define TRUTH(value) MR_YAML_BOOL, value
#define INT(value) MR_YAML_INT, value
#define FLOAT(value) MR_YAML_FLOAT, value

static void plain_scalars_mean_what_their_version_says(void **state)
{
    static const struct scalar scalars[] = {
        {"~", MR_YAML_NULL, 0, MR_YAML_NULL, 0},
        {"null", MR_YAML_NULL, 0, MR_YAML_NULL, 0},
        {"NULL", MR_YAML_NULL, 0, MR_YAML_NULL, 0},
        {"nULL", TEXT, TEXT},
        {"true", TRUTH(1), TRUTH(1)},
        {"FALSE", TRUTH(0), TRUTH(0)},
        {"tRue", TEXT, TEXT},
        {"yes", TRUTH(1), TEXT},
        {"No", TRUTH(0), TEXT},
        {"on", TRUTH(1), TEXT},
        {"OFF", TRUTH(0), TEXT},
        {"y", TEXT, TEXT},
        {"n", TEXT, TEXT},
        {"0", INT(0), INT(0)},
        {"-12", INT(-12), INT(-12)},
        {"+12", INT(12), INT(12)},
        {"012", INT(10), INT(12)},
        {"-012", INT(-10), INT(-12)},
        {"089", TEXT, INT(89)},
        {"0o12", TEXT, INT(10)},
        {"0x1F", INT(31), INT(31)},
        {"-0x1f", INT(-31), TEXT},
        {"0b101", INT(5), TEXT},
        {"1_000", INT(1000), TEXT},
        {"_1", TEXT, TEXT},
        {"0_", INT(0), TEXT},
        {"0_7", INT(7), TEXT},
        {"0b", TEXT, TEXT},
        {"0x", TEXT, TEXT},
        {"1:30", INT(90), TEXT},
        {"190:20:30", INT(685230), TEXT},
        {"-1:30", INT(-90), TEXT},
        {"1:60", TEXT, TEXT},
        {"01:30", TEXT, TEXT},
        {"1:5", INT(65), TEXT},
        {"190:20:30.15", FLOAT(685230.15), TEXT},
        {"1:30.", FLOAT(90), TEXT},
        {"1e3", TEXT, FLOAT(1000)},
        {"1.0e3", TEXT, FLOAT(1000)},
        {"1.0e+3", FLOAT(1000), FLOAT(1000)},
        {"1.5", FLOAT(1.5), FLOAT(1.5)},
        {".5", FLOAT(.5), FLOAT(.5)},
        {"-.5", TEXT, FLOAT(-.5)},
        {"5.", FLOAT(5), FLOAT(5)},
        {"1_0.5_0", FLOAT(10.5), TEXT},
        {"_1.5", TEXT, TEXT},
        {".", TEXT, TEXT},
        {".inf", FLOAT(__builtin_inf()), FLOAT(__builtin_inf())},
        {"-.INF", FLOAT(-__builtin_inf()), FLOAT(-__builtin_inf())},
        {".nan", FLOAT(__builtin_nan("")), FLOAT(__builtin_nan(""))},
        {"-.nan", TEXT, TEXT},
        {"inf", TEXT, TEXT},
        {"0x1.8p3", TEXT, TEXT},
        {"1.2.3", TEXT, TEXT},
        {"2001-12-14", TEXT, TEXT},
        {"a b", TEXT, TEXT},
        {"1e999", TEXT, FLOAT(__builtin_inf())},
    };
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        const struct scalar *scalar = &scalars[i];
        assert_scalar(
            read_old(*state, scalar->text), scalar, scalar->old_kind, scalar->old_number);
        assert_scalar(read_new(*state, scalar->text), scalar, scalar->kind, scalar->number);
    }
}

static void integers_reach_to_the_ends_of_64_bits(void **state)
{
    assert_true(read_new(*state, "9223372036854775807")->integer == INT64_MAX);
    assert_true(read_old(*state, "-9223372036854775808")->integer == INT64_MIN);
    assert_true(read_old(*state, "-0x8000000000000000")->integer == INT64_MIN);
    static const char *const texts[] = {"9223372036854775808", "-9223372036854775809",
        "0x8000000000000000", "100000000000000000000000000"};
    for (int i = 0; i < 4; i++) {
        for (int version = MR_YAML_1_1; version <= MR_YAML_1_2; version++) {
            char text[64];
            snprintf(text, sizeof text, "a: %s", texts[i]);
            const struct mr_yaml *node = NULL;
            struct mr_err err = {0};
            bool is_ok =
                parse(*state, text, strlen(text), (enum mr_yaml_version)version, &node, &err);
            assert_false(is_ok);
            assert_null(node);
            assert_int_equal(err.kind, MR_ERR_INPUT);
            assert_int_equal(err.input_col, 4);
            assert_non_null(strstr(err.msg, "does not fit into 64 bits"));
        }
    }
}

static void a_long_float_is_read_to_its_end(void **state)
{
    char text[700];
    memset(text, '0', sizeof text);
    text[0] = '1';
    memcpy(text + 600, "e-600", 6);
    assert_true(read_new(*state, text)->number == 0.1);
}

static void quoted_and_tagged_scalars_are_texts(void **state)
{
    static const char *const texts[] = {"'12'", "\"12\"", "!!str 12", "! 12", "|-\n  12"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct mr_yaml *node = read_old(*state, texts[i]);
        assert_int_equal(node->kind, MR_YAML_TEXT);
        assert_false(node->is_plain);
        assert_string_equal(node->text, "12");
    }
    assert_string_equal(read_new(*state, "\"a\\tb\\\"\\u00e9\"")->text, "a\tb\"\xc3\xa9");
    assert_string_equal(read_new(*state, "'it''s'")->text, "it's");
    assert_string_equal(read_new(*state, ">\n a\n b\n\n c\n")->text, "a b\nc\n");
}

/* Anchors, merges, doubles. */

static void aliases_stand_for_the_last_node_of_their_name(void **state)
{
    const struct mr_yaml *root =
        read_new(*state, "- &x {a: 1}\n- *x\n- &x [2]\n- *x\n- {k: &y z}\n- *y\n");
    assert_int_equal(mr_yaml_get(root->items[1], "a")->integer, 1);
    assert_int_equal(root->items[3]->items[0]->integer, 2);
    assert_string_equal(root->items[5]->text, "z");
    assert_int_equal(mr_yaml_get(read_new(*state, "a: &k x\n*k : 2\n"), "x")->integer, 2);
}

static int64_t value(const struct mr_yaml *map, const char *key)
{
    const struct mr_yaml *node = mr_yaml_get(map, key);
    return node ? node->integer : -1;
}

static void merge_keys_give_way_to_own_keys_and_to_earlier_maps(void **state)
{
    const struct mr_yaml *root = read_old(*state, "x: &x {p: 1, q: 2}\n"
                                                  "y: &y {q: 3, r: 4}\n"
                                                  "a: {<<: [*x, *y], p: 9}\n"
                                                  "b: {z: 0, <<: *x}\n"
                                                  "c: {<<: {p: 5}, <<: {p: 6}}\n"
                                                  "d: {\"<<\": 7}\n"
                                                  "e: &e {<<: *x, q: 8}\n"
                                                  "f: {<<: *e}\n");
    const struct mr_yaml *a = mr_yaml_get(root, "a"), *b = mr_yaml_get(root, "b");
    assert_int_equal(a->n, 3);
    assert_int_equal(value(a, "p"), 9);
    assert_int_equal(value(a, "q"), 2);
    assert_int_equal(value(a, "r"), 4);
    assert_int_equal(b->n, 3);
    assert_int_equal(value(b, "p"), 1);
    assert_int_equal(value(b, "z"), 0);
    assert_int_equal(value(mr_yaml_get(root, "c"), "p"), 6);
    assert_int_equal(value(mr_yaml_get(root, "d"), "<<"), 7);
    assert_int_equal(value(mr_yaml_get(root, "f"), "p"), 1);
    assert_int_equal(value(mr_yaml_get(root, "f"), "q"), 8);
    assert_int_equal(value(read_new(*state, "{<<: 3}"), "<<"), 3); /* no merge in 1.2 */
}

static void of_a_key_that_stands_twice_1_1_keeps_the_last(void **state)
{
    const struct mr_yaml *root = read_old(*state, "a: 1\nb: 2\na: 3\n");
    assert_int_equal(root->n, 2);
    assert_int_equal(value(root, "a"), 3);
    assert_place(mr_yaml_get(root, "a"), 3, 4);
    assert_string_equal(root->keys[0]->text, "a");
}

/* Each of these took seconds before names were hashed. */
static void many_keys_anchors_and_merges_take_no_time(void **state)
{
    struct mr_text text = {0};
    for (int i = 0; i < 100000; i++) mr_text_printf(&text, "k%d: &a%d %d\n", i, i, i);
    for (int i = 0; i < 100000; i++) mr_text_printf(&text, "l%d: *a%d\n", i, i);
    const struct mr_yaml *root = read_new(*state, text.data);
    assert_int_equal(root->n, 200000);
    assert_int_equal(root->items[199999]->integer, 99999);
    mr_text_deinit(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(block_and_flow_nodes_know_their_place),
        TEST(columns_count_characters),
        TEST(line_ends_and_byte_order_marks_do_not_shift_places),
        TEST(an_empty_document_is_null),
        TEST(plain_scalars_mean_what_their_version_says),
        TEST(integers_reach_to_the_ends_of_64_bits),
        TEST(a_long_float_is_read_to_its_end),
        TEST(quoted_and_tagged_scalars_are_texts),
        TEST(aliases_stand_for_the_last_node_of_their_name),
        TEST(merge_keys_give_way_to_own_keys_and_to_earlier_maps),
        TEST(of_a_key_that_stands_twice_1_1_keeps_the_last),
        TEST(many_keys_anchors_and_merges_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
