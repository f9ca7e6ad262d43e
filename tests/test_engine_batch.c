/* Rows through a builder, a blob and a view come out as they went in, with every slot and type.
 */
#include "tests/test.h"

#include <string.h>

#include "engine/batch/builder.h"

enum { ROWS = 300, COLUMNS = 5 };

static const enum mr_type types[COLUMNS] = {
    MR_TYPE_INT, MR_TYPE_FLOAT, MR_TYPE_STRING, MR_TYPE_BOOL, MR_TYPE_TIMESTAMP};

struct fixture {
    struct mr_arena *arena;
    struct mr_scratch scratch;
    int64_t ints[ROWS];
    double floats[ROWS];
    struct mr_string strings[ROWS];
    uint8_t bools[ROWS];
    int64_t stamps[ROWS];
    uint64_t valid[ROWS / 64 + 1];
    char heap[ROWS * 32];
    mr_us times[ROWS];
    mr_us starts[ROWS];
    mr_us ends[ROWS];
    struct mr_pane panes[ROWS];
    uint8_t kinds[ROWS];
    uint64_t lineage[ROWS];
    struct mr_column columns[COLUMNS];
    struct mr_batch batch;
};

static void make_strings(struct fixture *fixture)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        struct mr_string *string = &fixture->strings[i];
        string->bytes = i % 30;
        char text[32];
        for (uint32_t k = 0; k < 32; k++) text[k] = (char)('a' + (i + k) % 26);
        if (string->bytes <= MR_STRING_INLINE_MAX) {
            memcpy(string->inline_text, text, string->bytes);
            continue;
        }
        memcpy(string->prefix, text, 4);
        string->heap_offset = at;
        memcpy(fixture->heap + at, text, string->bytes);
        at += string->bytes;
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct mr_arena_options options = {.bytes_max = 16 << 20, .fill = 0xa5};
    struct mr_err err = {0};
    if (!mr_arena_open(&options, &fixture->arena, &err)) return 1;
    mr_scratch_init(&fixture->scratch, fixture->arena);
    for (uint32_t i = 0; i < ROWS; i++) {
        fixture->ints[i] = (int64_t)i * i - 1000;
        fixture->floats[i] = i / 7.0;
        fixture->bools[i] = i % 3 == 0;
        fixture->stamps[i] = (int64_t)i * 1000000;
        fixture->times[i] = 5000 + i;
        fixture->starts[i] = i;
        fixture->ends[i] = i + 100;
        fixture->panes[i] = (struct mr_pane){
            .index = i, .nonspeculative_index = (uint16_t)(i / 2), .timing = i % 4};
        fixture->kinds[i] = i % 4;
        fixture->lineage[i] = (uint64_t)(i % 5) << 48 | i;
        bool is_null = i % 11 == 0;
        if (!is_null) fixture->valid[i / 64] |= UINT64_C(1) << (i % 64);
        if (is_null) fixture->ints[i] = 0;
    }
    make_strings(fixture);
    fixture->columns[0] = (struct mr_column){MR_TYPE_INT, fixture->ints, fixture->valid, NULL};
    fixture->columns[1] = (struct mr_column){MR_TYPE_FLOAT, fixture->floats, NULL, NULL};
    fixture->columns[2] =
        (struct mr_column){MR_TYPE_STRING, fixture->strings, NULL, fixture->heap};
    fixture->columns[3] = (struct mr_column){MR_TYPE_BOOL, fixture->bools, NULL, NULL};
    fixture->columns[4] = (struct mr_column){MR_TYPE_TIMESTAMP, fixture->stamps, NULL, NULL};
    fixture->batch = (struct mr_batch){.n_rows = ROWS,
        .n_columns = COLUMNS,
        .columns = fixture->columns,
        .times_us = fixture->times,
        .slots = MR_SLOT_WINDOW | MR_SLOT_PANE | MR_SLOT_KIND | MR_SLOT_LINEAGE,
        .window_starts_us = fixture->starts,
        .window_ends_us = fixture->ends,
        .panes = fixture->panes,
        .kinds = fixture->kinds,
        .lineage = fixture->lineage,
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

/* Row `row` of `batch` is row `original` of the fixture. */
static void check_row(const struct fixture *fixture, const struct mr_batch *batch, uint32_t row,
    uint32_t original)
{
    assert_int_equal(batch->times_us[row], fixture->times[original]);
    if (batch->slots & MR_SLOT_WINDOW) {
        assert_int_equal(batch->window_starts_us[row], fixture->starts[original]);
        assert_int_equal(batch->window_ends_us[row], fixture->ends[original]);
    }
    if (batch->slots & MR_SLOT_PANE) assert_int_equal(batch->panes[row].index, original);
    if (batch->slots & MR_SLOT_KIND)
        assert_int_equal(batch->kinds[row], fixture->kinds[original]);
    if (batch->slots & MR_SLOT_LINEAGE)
        assert_true(batch->lineage[row] == fixture->lineage[original]);
    assert_int_equal(mr_column_is_null(&batch->columns[0], row), original % 11 == 0);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        struct mr_value value = mr_column_value(&batch->columns[c], row);
        struct mr_value expected = mr_column_value(&fixture->columns[c], original);
        assert_int_equal(value.type, expected.type);
        assert_int_equal(value.bytes, expected.bytes);
        if (types[c] == MR_TYPE_STRING)
            assert_memory_equal(value.text, expected.text, value.bytes);
        else
            assert_true(value.i == expected.i);
    }
}

static void a_batch_survives_the_way_through_a_blob(void **state)
{
    struct fixture *fixture = *state;
    static const uint32_t slots[] = {0, MR_SLOT_WINDOW, MR_SLOT_PANE, MR_SLOT_KIND,
        MR_SLOT_LINEAGE, MR_SLOT_WINDOW | MR_SLOT_PANE | MR_SLOT_KIND | MR_SLOT_LINEAGE};
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        struct mr_message *message =
            mr_batch_to_message(fixture->arena, &fixture->batch, slots[i], 9, 16);
        struct mr_column columns[COLUMNS];
        struct mr_batch view;
        mr_blob_view(message->body + 16, types, columns, &view);
        assert_int_equal(view.n_rows, ROWS);
        assert_int_equal(view.slots, slots[i]);
        for (uint32_t row = 0; row < ROWS; row++) check_row(fixture, &view, row, row);
        mr_message_release(fixture->arena, message);
    }
}

static void only_selected_rows_are_written(void **state)
{
    struct fixture *fixture = *state;
    uint16_t selection[ROWS];
    uint32_t n = 0;
    for (uint16_t i = 1; i < ROWS; i += 3) selection[n++] = i;
    struct mr_batch batch = fixture->batch;
    batch.selection = selection;
    batch.n_selected = n;
    struct mr_message *message =
        mr_batch_to_message(fixture->arena, &batch, MR_SLOT_WINDOW, 9, 0);
    struct mr_column columns[COLUMNS];
    struct mr_batch view;
    mr_blob_view(message->body, types, columns, &view);
    assert_int_equal(view.n_rows, n);
    for (uint32_t row = 0; row < n; row++) check_row(fixture, &view, row, selection[row]);
}

/* The bytes of a blob depend on the rows alone, not on what the memory held before. */
static void equal_rows_make_equal_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct mr_message *first =
        mr_batch_to_message(fixture->arena, &fixture->batch, MR_SLOT_WINDOW, 9, 0);
    memset(mr_arena_alloc(fixture->arena, 1 << 16), 0x5a, 1 << 16);
    struct mr_message *second =
        mr_batch_to_message(fixture->arena, &fixture->batch, MR_SLOT_WINDOW, 9, 0);
    assert_int_equal(first->body_bytes, second->body_bytes);
    assert_memory_equal(first->body, second->body, first->body_bytes);
}

static void a_builder_collects_rows_until_its_message_is_full(void **state)
{
    struct fixture *fixture = *state;
    struct mr_builder_layout layout = {.n_columns = COLUMNS,
        .types = types,
        .nullable_columns = 1,
        .slots = MR_SLOT_WINDOW | MR_SLOT_LINEAGE,
        .capacity_rows = 70,
        .header_bytes = 32,
        .kind = 3};
    mr_builder_layout_measure(&layout);
    struct mr_builder builder = {0};
    uint16_t rows[ROWS];
    for (uint16_t i = 0; i < ROWS; i++) rows[i] = (uint16_t)(ROWS - 1 - i);
    assert_int_equal(
        mr_builder_add(&builder, &layout, fixture->arena, &fixture->batch, rows, 50), 50);
    assert_int_equal(
        mr_builder_add(&builder, &layout, fixture->arena, &fixture->batch, rows + 50, 50), 20);
    struct mr_message *message = mr_builder_finish(&builder, &layout, fixture->arena);
    memset(message->body, 0, 32);
    struct mr_column columns[COLUMNS];
    struct mr_batch view;
    mr_blob_view(message->body + 32, types, columns, &view);
    assert_int_equal(view.n_rows, 70);
    for (uint32_t row = 0; row < 70; row++) check_row(fixture, &view, row, rows[row]);
    mr_message_release(fixture->arena, message);

    /* And a message that is not full is cut to its rows. */
    assert_int_equal(
        mr_builder_add(&builder, &layout, fixture->arena, &fixture->batch, rows, 7), 7);
    message = mr_builder_finish(&builder, &layout, fixture->arena);
    mr_blob_view(message->body + 32, types, columns, &view);
    assert_int_equal(view.n_rows, 7);
    for (uint32_t row = 0; row < 7; row++) check_row(fixture, &view, row, rows[row]);
    assert_int_equal(message->body_bytes,
        32 + mr_blob_bytes(types, COLUMNS, 7, layout.slots, 1,
                 ((const struct mr_batch_header *)(message->body + 32))->heap_bytes));
    mr_message_release(fixture->arena, message);
}

/* Times, windows, panes and numbers take the short way; it must come to the same bytes as the
 * long one, whose messages come from mr_batch_to_message. One row at a time, several, and a
 * message that is full. */
static void rows_of_plain_words_make_the_same_bytes(void **state)
{
    struct fixture *fixture = *state;
    static const enum mr_type plain_types[] = {MR_TYPE_INT, MR_TYPE_FLOAT, MR_TYPE_TIMESTAMP};
    struct mr_column columns[] = {
        fixture->columns[0], fixture->columns[1], fixture->columns[COLUMNS - 1]};
    columns[0].valid = NULL;
    struct mr_builder_layout layout = {.n_columns = 3,
        .types = plain_types,
        .slots = MR_SLOT_WINDOW | MR_SLOT_PANE,
        .capacity_rows = 40,
        .kind = 3};
    mr_builder_layout_measure(&layout);
    assert_int_equal(layout.n_words, 7);
    struct mr_batch batch = fixture->batch;
    batch.n_columns = 3;
    batch.columns = columns;
    uint16_t rows[40];
    for (uint16_t i = 0; i < 40; i++) rows[i] = (uint16_t)(2 * i + 1);
    batch.selection = rows;
    static const uint32_t counts[] = {1, 2, 19, 40};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct mr_builder builder = {0};
        uint32_t first = mr_builder_add(&builder, &layout, fixture->arena, &batch, rows, 1);
        if (counts[i] > first)
            assert_int_equal(mr_builder_add(&builder, &layout, fixture->arena, &batch, rows + 1,
                                 counts[i] - first),
                counts[i] - first);
        struct mr_message *message = mr_builder_finish(&builder, &layout, fixture->arena);
        batch.n_selected = counts[i];
        struct mr_message *expected =
            mr_batch_to_message(fixture->arena, &batch, layout.slots, 3, 0);
        assert_int_equal(message->body_bytes, expected->body_bytes);
        assert_memory_equal(message->body, expected->body, expected->body_bytes);
        /* What a log keeps is no larger than twice what it holds. */
        assert_true(message->capacity_bytes < 2 * message->body_bytes);
        mr_message_release(fixture->arena, message);
        mr_message_release(fixture->arena, expected);
    }
}

static void a_slice_shows_rows_from_the_middle(void **state)
{
    struct fixture *fixture = *state;
    struct mr_message *message = mr_batch_to_message(fixture->arena, &fixture->batch,
        MR_SLOT_WINDOW | MR_SLOT_PANE | MR_SLOT_KIND | MR_SLOT_LINEAGE, 9, 0);
    static const uint32_t firsts[] = {0, 1, 63, 64, 65, 130, 299};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        uint32_t n = ROWS - firsts[i] < 100 ? ROWS - firsts[i] : 100;
        struct mr_column columns[COLUMNS];
        struct mr_batch view;
        mr_blob_slice(message->body, types, firsts[i], n, &fixture->scratch, columns, &view);
        assert_int_equal(view.n_rows, n);
        for (uint32_t row = 0; row < n; row++) check_row(fixture, &view, row, firsts[i] + row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_batch_survives_the_way_through_a_blob, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_selected_rows_are_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_rows_make_equal_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_builder_collects_rows_until_its_message_is_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            rows_of_plain_words_make_the_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slice_shows_rows_from_the_middle, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
