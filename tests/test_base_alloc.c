#include "tests/test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

static void heap_memory_is_zero_and_keeps_its_contents_when_it_grows(void **state)
{
    (void)state;
    char *memory = mr_alloc(100);
    for (int i = 0; i < 100; i++) assert_int_equal(memory[i], 0);
    memset(memory, 7, 100);
    memory = mr_realloc(memory, 100000);
    for (int i = 0; i < 100; i++) assert_int_equal(memory[i], 7);
    mr_free(memory);
    mr_free(NULL);
    mr_free(mr_alloc(0));
}

/* Sizes small and large, so that chunks are filled, passed over and made to measure. */
static void region_memory_is_zero_aligned_and_apart(void **state)
{
    (void)state;
    struct mr_region *region = mr_region_create();
    enum { N = 600 };
    unsigned char *blocks[N];
    size_t sizes[N];
    for (int i = 0; i < N; i++) {
        sizes[i] = i % 50 == 0 ? 200000 : i % 7 == 0 ? 20000 : (size_t)(i * 13 % 400);
        blocks[i] = mr_region_alloc(region, sizes[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(blocks[i][k], 0);
        memset(blocks[i], i & 255, sizes[i]);
    }
    for (int i = 0; i < N; i++)
        for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(blocks[i][k], i & 255);
    mr_region_destroy(region);
    mr_region_destroy(NULL);
}

static void region_texts_are_copies(void **state)
{
    (void)state;
    struct mr_region *region = mr_region_create();
    char original[] = "millrace";
    char *copy = mr_region_strdup(region, original);
    char *start = mr_region_strndup(region, original, 4);
    char *nothing = mr_region_strndup(region, NULL, 0);
    char *printed = mr_region_printf(region, "%s-%d", original, 42);
    memset(original, '#', 8);
    assert_string_equal(copy, "millrace");
    assert_string_equal(start, "mill");
    assert_string_equal(nothing, "");
    assert_string_equal(printed, "millrace-42");
    char *large = mr_region_printf(region, "%0100000d", 7);
    assert_int_equal(strlen(large), 100000);
    mr_region_destroy(region);
}

static void a_text_grows_as_it_is_added_to(void **state)
{
    (void)state;
    struct mr_text text = {0};
    mr_text_add(&text, NULL, 0);
    assert_string_equal(text.data, "");
    for (int i = 0; i < 10000; i++) {
        mr_text_add(&text, "ab\0c", 4); /* bytes of any value */
        mr_text_printf(&text, "%d,", i % 10);
    }
    assert_int_equal(text.bytes, 60000);
    assert_int_equal(text.data[60000], '\0');
    for (int i = 0; i < 10000; i++) {
        assert_memory_equal(text.data + 6 * i, "ab\0c", 4);
        assert_int_equal(text.data[6 * i + 4], '0' + i % 10);
    }
    mr_text_deinit(&text);
    assert_null(text.data);
    mr_text_deinit(&text);
    mr_text_deinit(NULL);
}

static void assert_json(const char *data, size_t bytes, const char *expected)
{
    struct mr_text text = {0};
    mr_text_json(&text, data, bytes);
    assert_string_equal(text.data, expected);
    mr_text_deinit(&text);
}

static void texts_are_quoted_as_json(void **state)
{
    (void)state;
    assert_json("", 0, "\"\"");
    assert_json("plain", 5, "\"plain\"");
    assert_json("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    assert_json("\n\r\t\0\x1f\x7f", 6, "\"\\n\\u000d\\u0009\\u0000\\u001f\\u007f\"");
    assert_json(
        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

#define REPLACED "\xef\xbf\xbd"

static void what_is_no_utf8_is_replaced_a_byte_at_a_time(void **state)
{
    (void)state;
    assert_json("a\xff"
                "b",
        3, "\"a" REPLACED "b\"");
    assert_json("\xc3", 1, "\"" REPLACED "\"");                           /* cut short */
    assert_json("\xe2\x82x", 3, "\"" REPLACED REPLACED "x\"");            /* cut short */
    assert_json("\xc0\xaf", 2, "\"" REPLACED REPLACED "\"");              /* overlong */
    assert_json("\xed\xa0\x80", 3, "\"" REPLACED REPLACED REPLACED "\""); /* surrogate */
    assert_json(
        "\xf4\x90\x80\x80", 4, "\"" REPLACED REPLACED REPLACED REPLACED "\""); /* too large */
    assert_json("\xc3\xa9\xc3", 3, "\"\xc3\xa9" REPLACED "\"");
}

/* Every code point is one character of the length that its number says, and every shorter start
 * is none. */
static void every_character_of_unicode_is_recognised(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x110000; code++) {
        unsigned char c[4];
        size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t i = 0; i < length; i++)
            c[i] = (unsigned char)(0x80u | (code >> 6 * (length - 1 - i) & 0x3f));
        uint32_t rest = code >> 6 * (length - 1);
        c[0] = (unsigned char)(length == 1 ? code : first[length] + rest);
        bool is_character = code < 0x110000 && (code < 0xd800 || code >= 0xe000);
        assert_int_equal(mr_utf8_character((const char *)c, length), is_character ? length : 0);
        assert_int_equal(mr_utf8_character((const char *)c, length - 1), 0);
    }
}

static void the_first_bad_byte_is_named(void **state)
{
    (void)state;
    size_t bad_at = 99;
    assert_true(mr_utf8_is_valid("a\xc3\xa9", 3, &bad_at));
    assert_true(mr_utf8_is_valid("", 0, &bad_at));
    assert_int_equal(bad_at, 99);
    assert_false(mr_utf8_is_valid("a\xc3\xa9\xe2\x82", 5, &bad_at));
    assert_int_equal(bad_at, 3);
}

static void a_cut_text_ends_with_a_whole_character(void **state)
{
    (void)state;
    const char *text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (size_t bytes = 0; bytes <= 11; bytes++)
        assert_int_equal(mr_utf8_whole(text, bytes), expected[bytes]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_memory_is_zero_and_keeps_its_contents_when_it_grows),
        cmocka_unit_test(region_memory_is_zero_aligned_and_apart),
        cmocka_unit_test(region_texts_are_copies),
        cmocka_unit_test(a_text_grows_as_it_is_added_to),
        cmocka_unit_test(texts_are_quoted_as_json),
        cmocka_unit_test(what_is_no_utf8_is_replaced_a_byte_at_a_time),
        cmocka_unit_test(every_character_of_unicode_is_recognised),
        cmocka_unit_test(the_first_bad_byte_is_named),
        cmocka_unit_test(a_cut_text_ends_with_a_whole_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
