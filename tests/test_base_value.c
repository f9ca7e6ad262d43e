#include "tests/test.h"

#include <string.h>

#include "base/digest.h"
#include "base/point.h"
#include "base/value.h"

static struct mr_value integer(int64_t i)
{
    return (struct mr_value){.i = i, .type = MR_TYPE_INT};
}

static struct mr_value number(double f)
{
    return (struct mr_value){.f = f, .type = MR_TYPE_FLOAT};
}

static struct mr_value text(const char *data, uint32_t bytes, enum mr_type type)
{
    return (struct mr_value){.text = data, .bytes = bytes, .type = (uint8_t)type};
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void values_are_the_same_when_type_and_bits_are(void **state)
{
    (void)state;
    char copy[] = "abc";
    const struct mr_value values[] = {
        {.type = MR_TYPE_NULL},
        {.i = 0, .type = MR_TYPE_BOOL},
        {.i = 1, .type = MR_TYPE_BOOL},
        integer(0),
        integer(1),
        integer(-1),
        number(0.0),
        number(-0.0),
        number(1.0),
        number(__builtin_nan("")),
        text("", 0, MR_TYPE_STRING),
        text("abc", 3, MR_TYPE_STRING),
        text("abd", 3, MR_TYPE_STRING),
        text("abc", 3, MR_TYPE_BYTES),
        {.i = 1, .type = MR_TYPE_TIMESTAMP},
    };
    size_t n = sizeof values / sizeof values[0];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            assert_int_equal(mr_value_same(values[i], values[j]), i == j);
            assert_int_equal(mr_value_hash(values[i]) == mr_value_hash(values[j]), i == j);
        }
    struct mr_value other = text(copy, 3, MR_TYPE_STRING);
    assert_true(mr_value_same(values[11], other));
    assert_true(mr_value_hash(values[11]) == mr_value_hash(other));
    assert_true(mr_value_same(text(NULL, 0, MR_TYPE_STRING), text("", 0, MR_TYPE_STRING)));
    assert_true(mr_value_same((struct mr_value){.i = 1}, (struct mr_value){.i = 2})); /* None */
}

static void every_nan_is_the_same_nan(void **state)
{
    (void)state;
    static const uint64_t bits[] = {
        0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001, 0xffffffffffffffff};
    for (int i = 0; i < 4; i++) {
        double canonical = mr_canonical_float(double_of(bits[i]));
        uint64_t canonical_bits;
        memcpy(&canonical_bits, &canonical, sizeof canonical_bits);
        assert_true(canonical_bits == 0x7ff8000000000000);
        assert_true(mr_value_same(number(double_of(bits[i])), number(double_of(bits[0]))));
        assert_true(mr_value_hash(number(double_of(bits[i]))) ==
                    mr_value_hash(number(double_of(bits[0]))));
    }
    assert_true(mr_canonical_float(-1.5) == -1.5);
}

static void assert_format(struct mr_value value, const char *expected)
{
    char out[256];
    size_t bytes = mr_value_format(value, out, sizeof out);
    assert_string_equal(out, expected);
    assert_int_equal(bytes, strlen(expected));
}

static void values_are_written_as_json(void **state)
{
    (void)state;
    assert_format((struct mr_value){.type = MR_TYPE_NULL}, "null");
    assert_format((struct mr_value){.i = 1, .type = MR_TYPE_BOOL}, "true");
    assert_format((struct mr_value){.i = 0, .type = MR_TYPE_BOOL}, "false");
    assert_format(integer(INT64_MIN), "-9223372036854775808");
    assert_format((struct mr_value){.i = 978505500000000, .type = MR_TYPE_TIMESTAMP},
        "\"2001-01-03T07:05:00Z\"");
    assert_format(text("a\"b\\\n\t\x01\x7f", 8, MR_TYPE_STRING),
        "\"a\\\"b\\\\\\n\\u0009\\u0001\\u007f\"");
    assert_format(text("\xc3\xa9\xff", 3, MR_TYPE_STRING), "\"\xc3\xa9\xef\xbf\xbd\"");
    assert_format(text("\xc3\xa9\0x", 4, MR_TYPE_BYTES), "\"\\u00c3\\u00a9\\u0000x\"");
    assert_format(text("", 0, MR_TYPE_STRING), "\"\"");
}

/* As Python's repr writes them. */
static void floats_are_written_with_the_fewest_digits_that_read_back(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0.0"}, {-0.0, "-0.0"}, {1, "1.0"}, {0.1, "0.1"}, {-2.5, "-2.5"},
        {1e15, "1000000000000000.0"}, {1e16, "1e+16"},
        {123456789012345678.0, "1.2345678901234568e+17"}, {0.0001, "0.0001"},
        {0x1p-44, "5.684341886080802e-14"}, {0.00001, "1e-05"}, {1.5e-7, "1.5e-07"},
        {1.0 / 3, "0.3333333333333333"}, {2.0 / 3 * 100, "66.66666666666666"},
        {5e-324, "5e-324"}, {1e100, "1e+100"},
        {1.7976931348623157e308, "1.7976931348623157e+308"}, {__builtin_inf(), "Infinity"},
        {-__builtin_inf(), "-Infinity"}, {9007199254740993.0, "9007199254740992.0"},
        {100, "100.0"}, {12345.678, "12345.678"}, {9999999999999998, "9999999999999998.0"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_format(number(cases[i].value), cases[i].text);
    assert_format(number(-__builtin_nan("")), "NaN");
}

static void a_text_that_does_not_fit_is_cut_between_characters(void **state)
{
    (void)state;
    struct mr_value value = text("ab\xc3\xa9\ncd", 7, MR_TYPE_STRING);
    static const char *const expected[] = {"", "\"", "\"a", "\"ab", "\"ab", "\"ab\xc3\xa9",
        "\"ab\xc3\xa9", "\"ab\xc3\xa9\\n", "\"ab\xc3\xa9\\nc"};
    for (size_t size = 1; size <= 9; size++) {
        char out[16];
        memset(out, '#', sizeof out);
        size_t bytes = mr_value_format(value, out, size);
        assert_string_equal(out, expected[size - 1]);
        assert_int_equal(bytes, strlen(out));
        assert_int_equal(out[size], '#');
    }
}

static void type_names_read_back(void **state)
{
    (void)state;
    for (enum mr_type type = MR_TYPE_BOOL; type <= MR_TYPE_TIMESTAMP; type++) {
        enum mr_type back = MR_TYPE_NULL;
        assert_true(mr_type_parse(mr_type_name(type), &back));
        assert_int_equal(back, type);
    }
    enum mr_type type = MR_TYPE_ROW;
    assert_true(mr_type_parse("number", &type) && type == MR_TYPE_FLOAT);
    assert_true(mr_type_parse("double", &type) && type == MR_TYPE_FLOAT);
    assert_true(mr_type_parse("int64", &type) && type == MR_TYPE_INT);
    assert_false(mr_type_parse("Integer", &type));
    assert_false(mr_type_parse("", &type));
    assert_string_equal(mr_type_name(MR_TYPE_NULL), "null");
}

static void fields_are_found_by_name(void **state)
{
    (void)state;
    static const struct mr_field fields[] = {
        {"a", MR_TYPE_INT, false, NULL}, {"ab", MR_TYPE_INT, false, NULL}, {"b", MR_TYPE_STRING, true, NULL}};
    const struct mr_schema schema = {3, fields};
    assert_int_equal(mr_schema_find(&schema, "ab"), 1);
    assert_int_equal(mr_schema_find(&schema, "b"), 2);
    assert_int_equal(mr_schema_find(&schema, "c"), -1);
    assert_int_equal(mr_schema_find(&schema, ""), -1);
}

static void a_string_view_shows_short_and_long_texts(void **state)
{
    (void)state;
    struct mr_string brief = {.bytes = 12};
    memcpy(brief.inline_text, "abcdefghijkl", 12);
    assert_memory_equal(mr_string_text(&brief, NULL), "abcdefghijkl", 12);
    struct mr_string view = {.bytes = 13, .heap_offset = 2};
    assert_memory_equal(mr_string_text(&view, "##abcdefghijklm"), "abcdefghijklm", 13);
}

/* Digest and hashes. The values of XXH3 are those of its specification; the others were
 * computed apart. */

static void digests_and_hashes_are_the_same_on_every_machine(void **state)
{
    (void)state;
    assert_true(mr_digest_mix(0, 0) == 0xa035e2cc637f5704);
    assert_true(mr_digest_mix(1, 2) == 0x25cb4ec2414fa5b6);
    assert_true(mr_digest_mix(UINT64_MAX, UINT64_MAX) == 0xd34e1cf58483eb58);
    assert_true(mr_hash_u64(1) == 0x4179b061e0c0e0d0);
    assert_true(mr_hash_u64(UINT64_MAX) == 0x448e29ced4103459);
    assert_true(mr_hash_bytes("", 0) == 0x2d06800538d394c2);
    assert_true(mr_hash_bytes("a", 1) == 0xe6c632b61e964e1f);
    assert_true(mr_hash_bytes("abc", 3) == 0x78af5f94892f3950);
    assert_int_equal(mr_name("abc"), 0x78af5f94 ^ 0x892f3950);
    assert_true(mr_digest_bytes(5, "abc", 3) == mr_digest_mix(5, 0x78af5f94892f3950));
}

static void a_digest_depends_on_every_bit_and_on_the_order(void **state)
{
    (void)state;
    uint64_t digest = mr_digest_mix(mr_digest_mix(7, 1), 2);
    assert_true(digest != mr_digest_mix(mr_digest_mix(7, 2), 1));
    for (int bit = 0; bit < 64; bit++) {
        uint64_t flipped = mr_digest_mix(mr_digest_mix(7, 1 ^ (uint64_t)1 << bit), 2);
        int n_changed = __builtin_popcountll(digest ^ flipped);
        assert_in_range(n_changed, 12, 52);
        assert_true(mr_digest_mix((uint64_t)7 ^ (uint64_t)1 << bit, 1) != mr_digest_mix(7, 1));
    }
    unsigned char data[40] = {0};
    uint64_t of_zeroes = mr_digest_bytes(7, data, sizeof data);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = 1;
        assert_true(mr_digest_bytes(7, data, sizeof data) != of_zeroes);
        data[i] = 0;
    }
    assert_true(mr_digest_bytes(7, data, 39) != of_zeroes);
}

/* The registries. */

static void assert_registry(const struct mr_named *names, int n)
{
    for (int i = 0; i < n; i++) {
        assert_true(names[i].name[0] && names[i].about[0]);
        assert_int_equal(mr_named_find(names, n, names[i].name), i); /* so they are distinct */
        for (int j = 0; j < i; j++)
            assert_true(mr_name(names[i].name) != mr_name(names[j].name));
    }
    assert_int_equal(mr_named_find(names, n, "no such name"), -1);
    assert_int_equal(mr_named_find(names, 0, names[0].name), -1);
}

static void every_registered_name_is_found_under_its_number(void **state)
{
    (void)state;
    assert_registry(mr_points, MR_POINT_COUNT);
    assert_registry(mr_chances, MR_CHANCE_COUNT);
    assert_registry(mr_plants, MR_PLANT_COUNT);
    assert_registry(mr_sometimes, MR_SOMETIMES_COUNT);
    assert_int_equal(mr_named_find(mr_points, MR_POINT_COUNT, "sink.before_commit"),
        MR_POINT_SINK_BEFORE_COMMIT);
    assert_int_equal(mr_named_find(mr_plants, MR_PLANT_COUNT, "none"), MR_PLANT_NONE);
    for (int i = 1; i < MR_PLANT_COUNT; i++) assert_true(mr_plants[i].check[0]);
    assert_true(MR_CHANCE_COUNT <= 32); /* bits of mr_env.chances_active */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_the_same_when_type_and_bits_are),
        cmocka_unit_test(every_nan_is_the_same_nan),
        cmocka_unit_test(values_are_written_as_json),
        cmocka_unit_test(floats_are_written_with_the_fewest_digits_that_read_back),
        cmocka_unit_test(a_text_that_does_not_fit_is_cut_between_characters),
        cmocka_unit_test(type_names_read_back),
        cmocka_unit_test(fields_are_found_by_name),
        cmocka_unit_test(a_string_view_shows_short_and_long_texts),
        cmocka_unit_test(digests_and_hashes_are_the_same_on_every_machine),
        cmocka_unit_test(a_digest_depends_on_every_bit_and_on_the_order),
        cmocka_unit_test(every_registered_name_is_found_under_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
