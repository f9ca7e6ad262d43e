/* The keyed map against a plain list, with each kind of key. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "engine/state/keyed_map.h"

enum { ROWS = 500, KEYS = 90 };

struct fixture {
    struct mr_arena *arena;
    struct mr_scratch scratch;
    int64_t ints[ROWS];
    struct mr_string texts[ROWS];
    char heap[ROWS * 40];
    mr_us times[ROWS];
    struct mr_column columns[2];
    struct mr_batch batch;
    uint32_t key_of[ROWS]; /* which of KEYS */
};

static void set_text(struct fixture *fixture, uint32_t row, const char *text, uint32_t *heap_at)
{
    struct mr_string *string = &fixture->texts[row];
    memset(string, 0, sizeof *string);
    string->bytes = (uint32_t)strlen(text);
    if (string->bytes <= MR_STRING_INLINE_MAX) {
        memcpy(string->inline_text, text, string->bytes);
        return;
    }
    memcpy(string->prefix, text, 4);
    string->heap_offset = *heap_at;
    memcpy(fixture->heap + *heap_at, text, string->bytes);
    *heap_at += string->bytes;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct mr_arena_options options = {.bytes_max = 16 << 20, .fill = 0xa5};
    struct mr_err err = {0};
    if (!mr_arena_open(&options, &fixture->arena, &err)) return 1;
    mr_scratch_init(&fixture->scratch, fixture->arena);
    uint64_t random = 7;
    uint32_t heap_at = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint32_t key = fixture->key_of[row] = (uint32_t)(random >> 33) % KEYS;
        char text[40];
        snprintf(text, sizeof text, key % 2 ? "k%u" : "a rather long key number %u", key);
        fixture->ints[row] = (int64_t)key * 1000003 - 40;
        set_text(fixture, row, text, &heap_at);
    }
    fixture->columns[0] = (struct mr_column){.type = MR_TYPE_INT, .values = fixture->ints};
    fixture->columns[1] = (struct mr_column){
        .type = MR_TYPE_STRING, .values = fixture->texts, .heap = fixture->heap};
    fixture->batch = (struct mr_batch){.n_rows = ROWS,
        .n_columns = 2,
        .columns = fixture->columns,
        .times_us = fixture->times,
        .n_selected = ROWS};
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mr_arena_close(fixture->arena);
    free(fixture);
    return 0;
}

static const struct mr_field fields[] = {
    {"i", MR_TYPE_INT, false, NULL}, {"s", MR_TYPE_STRING, false, NULL}};
static const struct mr_schema schema = {2, fields};

/* Each key has one id, ids count in the order in which keys were first seen. */
static void check_ids(struct fixture *fixture, const uint32_t *ids, uint32_t n)
{
    uint32_t expected[KEYS], n_seen = 0;
    memset(expected, 0xff, sizeof expected);
    for (uint32_t row = 0; row < n; row++) {
        uint32_t key = fixture->key_of[row];
        if (expected[key] == UINT32_MAX) expected[key] = n_seen++;
        assert_int_equal(ids[row], expected[key]);
    }
}

static void fill(struct fixture *fixture, struct mr_keyed_map *map,
    const struct mr_key_layout *layout, uint32_t *ids)
{
    uint16_t rows[ROWS];
    for (uint16_t i = 0; i < ROWS; i++) rows[i] = i;
    struct mr_key_hashes hashes =
        mr_key_hashes_make(layout, &fixture->batch, &fixture->scratch);
    mr_keyed_map_init(map, fixture->arena, layout, 4);
    for (uint32_t at = 0; at < ROWS; at += 100)
        mr_keyed_map_find(map, &fixture->batch, &hashes, rows + at, 100, ids + at);
}

static void check_mode(
    struct fixture *fixture, const int *key_fields, uint32_t n_keys, enum mr_key_mode mode)
{
    struct mr_field types[2];
    struct mr_key_layout layout = mr_key_layout_make(&schema, key_fields, n_keys, types);
    assert_int_equal(layout.mode, mode);
    struct mr_keyed_map map;
    uint32_t ids[ROWS];
    fill(fixture, &map, &layout, ids);
    check_ids(fixture, ids, ROWS);
    assert_int_equal(map.n, KEYS);

    /* Written and read again it is the same map: the same ids for all rows. */
    struct mr_snapshot_writer writer;
    mr_snapshot_writer_init(&writer, fixture->arena);
    mr_keyed_map_snapshot(&map, &writer);
    struct mr_keyed_map restored;
    mr_keyed_map_init(&restored, fixture->arena, &layout, 4);
    struct mr_snapshot_reader reader = {.data = writer.data, .bytes = writer.bytes};
    mr_keyed_map_restore(&restored, &reader);
    assert_false(reader.is_broken);
    uint16_t rows[ROWS];
    uint32_t again[ROWS];
    for (uint16_t i = 0; i < ROWS; i++) rows[i] = i;
    struct mr_key_hashes hashes =
        mr_key_hashes_make(&layout, &fixture->batch, &fixture->scratch);
    mr_keyed_map_find(&restored, &fixture->batch, &hashes, rows, ROWS, again);
    assert_int_equal(restored.n, KEYS);
    assert_memory_equal(ids, again, sizeof ids);
    mr_keyed_map_deinit(&restored);
    mr_keyed_map_deinit(&map);
    mr_snapshot_writer_deinit(&writer);
}

static void integer_keys_get_numbers_in_the_order_of_insertion(void **state)
{
    check_mode(*state, (const int[]){0}, 1, MR_KEY_INT);
}

/* Above some size keys are looked up in parts, with what they touch fetched ahead. */
static void many_integer_keys_get_numbers_in_the_order_of_insertion(void **state)
{
    enum { MANY = 40000 };
    struct fixture *fixture = *state;
    struct mr_field types[2];
    struct mr_key_layout layout = mr_key_layout_make(&schema, (const int[]){0}, 1, types);
    struct mr_keyed_map map;
    mr_keyed_map_init(&map, fixture->arena, &layout, 4);
    uint16_t rows[ROWS];
    uint32_t ids[ROWS];
    for (uint16_t i = 0; i < ROWS; i++) rows[i] = i;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t at = 0; at < MANY; at += ROWS) {
            for (uint32_t i = 0; i < ROWS; i++) fixture->ints[i] = (int64_t)(at + i) * 77 - 9;
            struct mr_key_hashes hashes =
                mr_key_hashes_make(&layout, &fixture->batch, &fixture->scratch);
            mr_keyed_map_find(&map, &fixture->batch, &hashes, rows, ROWS, ids);
            for (uint32_t i = 0; i < ROWS; i++) assert_int_equal(ids[i], at + i);
        }
        assert_int_equal(map.n, MANY);
    }
    mr_keyed_map_deinit(&map);
}

/* The group of a row is found from either. */
static void a_key_has_the_same_hash_alone_as_among_all(void **state)
{
    struct fixture *fixture = *state;
    for (int field = 0; field < 2; field++) {
        struct mr_field types[2];
        struct mr_key_layout layout = mr_key_layout_make(&schema, &field, 1, types);
        uint64_t all[ROWS];
        mr_keys_hash(&layout, &fixture->batch, all);
        struct mr_key_hashes hashes =
            mr_key_hashes_make(&layout, &fixture->batch, &fixture->scratch);
        for (uint32_t row = 0; row < ROWS; row++)
            assert_true(mr_key_hash(&hashes, row) == all[row]);
    }
}

static void text_keys_get_numbers_in_the_order_of_insertion(void **state)
{
    check_mode(*state, (const int[]){1}, 1, MR_KEY_TEXT);
}

static void keys_of_two_fields_get_numbers_in_the_order_of_insertion(void **state)
{
    check_mode(*state, (const int[]){0, 1}, 2, MR_KEY_ENCODED);
}

static void key_columns_show_the_keys_of_the_entries(void **state)
{
    struct fixture *fixture = *state;
    struct mr_field types[2];
    int key_field = 1;
    struct mr_key_layout layout = mr_key_layout_make(&schema, &key_field, 1, types);
    struct mr_keyed_map map;
    uint32_t ids[ROWS];
    fill(fixture, &map, &layout, ids);
    struct mr_column column;
    mr_keyed_map_columns(&map, 0, map.n, &fixture->scratch, &column);
    const struct mr_string *strings = column.values;
    for (uint32_t row = 0; row < ROWS; row++) {
        const struct mr_string *key = &strings[ids[row]], *expected = &fixture->texts[row];
        assert_int_equal(key->bytes, expected->bytes);
        assert_memory_equal(mr_string_text(key, column.heap),
            mr_string_text(expected, fixture->heap), key->bytes);
    }
    mr_keyed_map_deinit(&map);
}

static void a_broken_snapshot_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct mr_field types[2];
    int key_field = 0;
    struct mr_key_layout layout = mr_key_layout_make(&schema, &key_field, 1, types);
    struct mr_keyed_map map, restored;
    uint32_t ids[ROWS];
    fill(fixture, &map, &layout, ids);
    struct mr_snapshot_writer writer;
    mr_snapshot_writer_init(&writer, fixture->arena);
    mr_keyed_map_snapshot(&map, &writer);
    mr_keyed_map_init(&restored, fixture->arena, &layout, 4);
    struct mr_snapshot_reader reader = {.data = writer.data, .bytes = writer.bytes / 2};
    mr_keyed_map_restore(&restored, &reader);
    assert_true(reader.is_broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            integer_keys_get_numbers_in_the_order_of_insertion, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            many_integer_keys_get_numbers_in_the_order_of_insertion, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_key_has_the_same_hash_alone_as_among_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            text_keys_get_numbers_in_the_order_of_insertion, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            keys_of_two_fields_get_numbers_in_the_order_of_insertion, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            key_columns_show_the_keys_of_the_entries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_snapshot_is_noticed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
