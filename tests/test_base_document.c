#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "base/document_yaml.h"
#include "base/row.h"
#include "base/shape.h"

/* What a text of YAML 1.1 says, as Create takes it. */
struct fixture {
    struct mr_region *region;
};

static int setup(void **state)
{
    struct fixture *fixture = mr_alloc(sizeof *fixture);
    fixture->region = mr_region_create();
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    mr_region_destroy(fixture->region);
    mr_free(fixture);
    return 0;
}

static struct mr_value value_of(struct fixture *fixture, const char *text)
{
    const struct mr_yaml *node;
    struct mr_value value;
    struct mr_err err = {0};
    assert_true(
        mr_yaml_parse(fixture->region, "t", text, strlen(text), MR_YAML_1_1, &node, &err));
    assert_true(mr_value_of_yaml(fixture->region, node, true, &value, &err));
    return value;
}

static void values_are_written_as_json_and_as_python(void **state)
{
    static const struct {
        const char *yaml, *json, *python;
    } cases[] = {
        {"[1, 2.5, null, yes, x]", "[1, 2.5, null, true, \"x\"]", "[1, 2.5, None, True, 'x']"},
        {"{a: 1, b: {c: [x]}}", "{\"a\": 1, \"b\": {\"c\": [\"x\"]}}",
            "Row(a=1, b=Row(c=['x']))"},
        {"[]", "[]", "[]"},
        {"{a: {}}", "{\"a\": {}}", "Row(a=Row())"},
        {"2001-02-03", "\"2001-02-03\"", "datetime.date(2001, 2, 3)"},
        {"2001-2-3 4:05:06.5", "\"2001-02-03T04:05:06.500000\"",
            "datetime.datetime(2001, 2, 3, 4, 5, 6, 500000)"},
        {"2001-02-03T04:05:00Z", "\"2001-02-03T04:05:00+00:00\"",
            "datetime.datetime(2001, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)"},
        {"'2001-02-03'", "\"2001-02-03\"", "'2001-02-03'"},
        {"2001-02-30", "\"2001-02-30\"", "'2001-02-30'"},
        {"[\"it's\", 'a\"b''c', \"\\n\\u00e9\\u200b\"]",
            "[\"it's\", \"a\\\"b'c\", \"\\n\xc3\xa9\xe2\x80\x8b\"]",
            "[\"it's\", 'a\"b\\'c', '\\n\xc3\xa9\\u200b']"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_value value = value_of(*state, cases[i].yaml);
        char out[256];
        assert_true(mr_value_text_size(value) > strlen(cases[i].python));
        assert_int_equal(mr_value_format(value, out, sizeof out), strlen(cases[i].json));
        assert_string_equal(out, cases[i].json);
        assert_int_equal(mr_value_repr(value, out, sizeof out), strlen(cases[i].python));
        assert_string_equal(out, cases[i].python);
    }
}

/* Maps, tuples, sets and big integers, which no YAML makes. */
static void what_python_makes_is_written_too(void **state)
{
    (void)state;
    struct mr_document_writer writer = {0};
    size_t map = mr_document_begin(&writer, MR_DOCUMENT_MAP);
    mr_document_put(&writer, (struct mr_value){.type = MR_TYPE_INT, .i = 7});
    size_t tuple = mr_document_begin(&writer, MR_DOCUMENT_TUPLE);
    mr_document_put_text(&writer, MR_DOCUMENT_BIG_INT, "-100000000000000000000", 22);
    mr_document_end(&writer, tuple);
    mr_document_put_text(&writer, MR_DOCUMENT_STRING, "k", 1);
    mr_document_put_text(&writer, MR_DOCUMENT_DECIMAL, "1.50", 4);
    mr_document_end(&writer, map);
    struct mr_value value = mr_document_value(writer.data);
    char out[256];
    assert_int_equal(value.type, MR_TYPE_MAP);
    mr_value_format(value, out, sizeof out);
    assert_string_equal(out, "{\"7\": [-100000000000000000000], \"k\": \"1.50\"}");
    mr_value_repr(value, out, sizeof out);
    assert_string_equal(out, "{7: (-100000000000000000000,), 'k': Decimal('1.50')}");
    mr_document_writer_deinit(&writer);
}

static void a_document_gives_back_what_was_put_in(void **state)
{
    struct mr_value row = value_of(*state, "{n: 5, f: -0.0, s: abc, l: [1, [2]], z: null}");
    struct mr_value value;
    assert_int_equal(row.type, MR_TYPE_ROW);
    assert_int_equal(mr_document_count(row), 5);
    assert_true(mr_document_field(row, "n", &value));
    assert_int_equal(value.type, MR_TYPE_INT);
    assert_int_equal(value.i, 5);
    assert_true(mr_document_field(row, "f", &value));
    assert_true(__builtin_signbit(value.f));
    assert_true(mr_document_field(row, "s", &value));
    assert_memory_equal(value.text, "abc", 3);
    assert_true(mr_document_field(row, "l", &value));
    struct mr_document_cursor cursor = mr_document_open(value);
    assert_true(mr_document_next(&cursor, &value));
    assert_int_equal(value.i, 1);
    assert_true(mr_document_next(&cursor, &value));
    assert_int_equal(value.type, MR_TYPE_LIST);
    assert_false(mr_document_next(&cursor, &value));
    assert_true(mr_document_field(row, "z", &value));
    assert_int_equal(value.type, MR_TYPE_NULL);
    assert_false(mr_document_field(row, "y", &value));
}

/* Whatever the order in which they were put, and however often. */
static void equal_sets_have_equal_bytes(void **state)
{
    (void)state;
    static const int64_t orders[][6] = {{3, 1, 2, 3, 1, 9}, {9, 2, 2, 2, 1, 3}};
    struct mr_document_writer writers[2] = {{0}, {0}};
    for (int k = 0; k < 2; k++) {
        size_t set = mr_document_begin(&writers[k], MR_DOCUMENT_SET);
        for (int i = 0; i < 6; i++)
            mr_document_put(
                &writers[k], (struct mr_value){.type = MR_TYPE_INT, .i = orders[k][i]});
        mr_document_end_set(&writers[k], set);
    }
    struct mr_value a = mr_document_value(writers[0].data);
    struct mr_value b = mr_document_value(writers[1].data);
    assert_true(mr_value_same(a, b));
    assert_int_equal(mr_value_hash(a), mr_value_hash(b));
    char out[64];
    mr_value_repr(a, out, sizeof out);
    assert_string_equal(out, "{1, 2, 3, 9}");
    for (int k = 0; k < 2; k++) mr_document_writer_deinit(&writers[k]);
}

static void values_are_compared_as_python_compares_them(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_equal;
    } cases[] = {{"[1, x]", "[1.0, x]", true}, {"[1, 2]", "[2, 1]", false},
        {"{a: 1, b: 2}", "{b: 2, a: no}", false}, {"{a: 1, b: 2}", "{b: 2.0, a: yes}", true},
        {"{a: 1}", "{a: 1, b: null}", false}, {"[{a: [1]}]", "[{a: [1.0]}]", true},
        {"[1]", "[1, 2]", false}, {"2001-01-01", "2001-1-1", false},
        {"2001-01-01", "2001-01-01", true}, {"[]", "x", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_value a = value_of(*state, cases[i].a), b = value_of(*state, cases[i].b);
        if (mr_value_equals(a, b) != cases[i].is_equal)
            fail_msg("%s == %s", cases[i].a, cases[i].b);
        assert_true(mr_value_equals(b, a) == cases[i].is_equal);
    }
}

static void a_field_accepts_what_beam_accepts(void **state)
{
    static const struct mr_field number = {.type = MR_TYPE_FLOAT};
    static const struct mr_field text = {.name = "s", .type = MR_TYPE_STRING};
    static const struct mr_shape numbers = {.element = &number};
    static const struct mr_shape row = {.n_fields = 1, .fields = &text};
    static const struct mr_field list = {.type = MR_TYPE_LIST, .shape = &numbers};
    static const struct mr_field nested = {.type = MR_TYPE_ROW, .shape = &row};
    static const struct mr_field any = {.type = MR_TYPE_ANY};
    assert_true(mr_field_accepts(&list, value_of(*state, "[1, 2.5, yes, null]")));
    assert_false(mr_field_accepts(&list, value_of(*state, "[1, x]")));
    assert_false(mr_field_accepts(&list, value_of(*state, "5")));
    assert_true(mr_field_accepts(&list, value_of(*state, "null")));
    assert_true(mr_field_accepts(&nested, value_of(*state, "{s: x, t: 1}")));
    assert_false(mr_field_accepts(&nested, value_of(*state, "{s: 1}")));
    assert_false(mr_field_accepts(&text, value_of(*state, "1")));
    assert_false(mr_field_accepts(&number, value_of(*state, "x")));
    assert_true(mr_field_accepts(&any, value_of(*state, "{s: [1]}")));
}

static void a_text_is_cut_where_it_does_not_fit(void **state)
{
    struct mr_value value = value_of(*state, "{a: [1, {b: 'xy'}], c: 2001-01-01}");
    char whole[128], out[128];
    size_t bytes = mr_value_repr(value, whole, sizeof whole);
    for (size_t size = 1; size <= bytes; size++) {
        memset(out, '?', sizeof out);
        size_t written = mr_value_repr(value, out, size);
        assert_true(written < size);
        assert_memory_equal(out, whole, written);
        assert_int_equal(out[written], '\0');
        assert_int_equal(out[size], '?');
    }
}

static void nesting_has_a_bound(void **state)
{
    struct fixture *fixture = *state;
    char text[2 * MR_DOCUMENT_DEPTH_MAX + 8];
    memset(text, '[', MR_DOCUMENT_DEPTH_MAX + 1);
    memset(text + MR_DOCUMENT_DEPTH_MAX + 1, ']', MR_DOCUMENT_DEPTH_MAX + 1);
    text[2 * MR_DOCUMENT_DEPTH_MAX + 2] = '\0';
    const struct mr_yaml *node;
    struct mr_value value;
    struct mr_err err = {0};
    assert_true(
        mr_yaml_parse(fixture->region, "t", text, strlen(text), MR_YAML_1_1, &node, &err));
    assert_false(mr_value_of_yaml(fixture->region, node, true, &value, &err));
    assert_non_null(strstr(err.msg, "nested too deeply"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            values_are_written_as_json_and_as_python, setup, teardown),
        cmocka_unit_test(what_python_makes_is_written_too),
        cmocka_unit_test_setup_teardown(a_document_gives_back_what_was_put_in, setup, teardown),
        cmocka_unit_test(equal_sets_have_equal_bytes),
        cmocka_unit_test_setup_teardown(
            values_are_compared_as_python_compares_them, setup, teardown),
        cmocka_unit_test_setup_teardown(a_field_accepts_what_beam_accepts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_text_is_cut_where_it_does_not_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_has_a_bound, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
