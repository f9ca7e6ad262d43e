#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/message.h"

static struct mr_arena *open_arena(uintptr_t base, size_t bytes_max, int fill)
{
    struct mr_arena_options options = {.base = base, .bytes_max = bytes_max, .fill = fill};
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    if (!mr_arena_open(&options, &arena, &err)) fail_msg("%s", err.msg);
    return arena;
}

static int set_up(void **state)
{
    *state = open_arena(0, (size_t)16 << 20, -1);
    return 0;
}

static int tear_down(void **state)
{
    mr_arena_close(*state);
    return 0;
}

static void memory_is_aligned_to_sixteen_and_apart(void **state)
{
    struct mr_arena *arena = *state;
    char *last_end = NULL;
    for (size_t bytes = 0; bytes < 5000; bytes += 37) {
        char *memory = mr_arena_alloc(arena, bytes);
        assert_int_equal((uintptr_t)memory % 16, 0);
        assert_true(memory >= last_end);
        memset(memory, 0x5a, bytes);
        last_end = memory + bytes;
    }
}

/* The step between two sizes that share a class is at most a quarter of the size. */
static void a_block_wastes_at_most_a_quarter(void **state)
{
    struct mr_arena *arena = *state;
    for (size_t bytes = 1; bytes < 300000; bytes += bytes / 9 + 1) {
        mr_arena_reset(arena);
        size_t before = mr_arena_used_bytes(arena);
        mr_arena_alloc(arena, bytes);
        size_t block = mr_arena_used_bytes(arena) - before;
        assert_true(block >= bytes);
        assert_true(block < bytes + 16 || block <= bytes + bytes / 4);
        assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_WORLD), block);
    }
}

static void freed_memory_is_used_again_last_in_first_out(void **state)
{
    struct mr_arena *arena = *state;
    static const size_t sizes[] = {1, 16, 17, 100, 1024, 1025, 5000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *a = mr_arena_alloc(arena, sizes[i]);
        void *b = mr_arena_alloc(arena, sizes[i]);
        size_t used = mr_arena_used_bytes(arena);
        mr_arena_free(arena, a, sizes[i]);
        mr_arena_free(arena, b, sizes[i]);
        assert_ptr_equal(mr_arena_alloc(arena, sizes[i]), b);
        assert_ptr_equal(mr_arena_alloc(arena, sizes[i]), a);
        assert_int_equal(mr_arena_used_bytes(arena), used);
    }
}

static void memory_of_another_size_is_not_used_again(void **state)
{
    struct mr_arena *arena = *state;
    void *small = mr_arena_alloc(arena, 100);
    mr_arena_free(arena, small, 100);
    assert_ptr_not_equal(mr_arena_alloc(arena, 200), small);
    mr_arena_free(arena, NULL, 100);
    assert_ptr_equal(mr_arena_alloc(arena, 100), small);
}

static void zeroed_memory_is_zero_when_it_is_used_again(void **state)
{
    struct mr_arena *arena = *state;
    char *memory = mr_arena_alloc(arena, 300);
    memset(memory, 0x77, 300);
    mr_arena_free(arena, memory, 300);
    char *again = mr_arena_zalloc(arena, 300);
    assert_ptr_equal(again, memory);
    for (int i = 0; i < 300; i++) assert_int_equal(again[i], 0);
}

static void growing_moves_what_was_there(void **state)
{
    struct mr_arena *arena = *state;
    char *memory = mr_arena_grow(arena, NULL, 0, 10);
    memcpy(memory, "millrace", 9);
    char *moved = mr_arena_grow(arena, memory, 10, 5000);
    assert_string_equal(moved, "millrace");
    assert_ptr_equal(mr_arena_alloc(arena, 10), memory); /* the old block was freed */
}

/* The guard is where the run loop goes on; what was live stays as it was. */
static void exhaustion_jumps_to_the_guard(void **state)
{
    (void)state;
    struct mr_arena *arena = open_arena(MR_ARENA_BASE_SECOND, 1 << 16, -1);
    static const size_t sizes[] = {1000, 40000, 70000, (size_t)1 << 41, SIZE_MAX / 2, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        mr_arena_reset(arena);
        jmp_buf jump;
        volatile size_t live = 0;
        volatile int n = 0;
        mr_arena_guard(arena, &jump);
        if (setjmp(jump) == 0) {
            for (; n < 1000; n++) {
                live = mr_arena_live_bytes(arena, MR_OWNER_WORLD);
                mr_arena_alloc(arena, sizes[i]);
            }
            fail_msg("an arena of 64 KB gave %zu bytes a thousand times", sizes[i]);
        }
        assert_int_equal(n, i == 0 ? 63 : i == 1 ? 1 : 0);
        assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_WORLD), live);
        assert_true(mr_arena_used_bytes(arena) <= 1 << 16);
    }
    mr_arena_close(arena);
}

static void what_was_freed_serves_after_exhaustion(void **state)
{
    (void)state;
    struct mr_arena *arena = open_arena(MR_ARENA_BASE_SECOND, 1 << 16, -1);
    jmp_buf jump;
    mr_arena_guard(arena, &jump);
    void *volatile last = NULL;
    if (setjmp(jump) == 0)
        for (;;) last = mr_arena_alloc(arena, 1000);
    assert_non_null(last);
    mr_arena_free(arena, last, 1000);
    assert_ptr_equal(mr_arena_alloc(arena, 1000), last);
    mr_arena_close(arena);
}

static void each_owner_has_an_account_of_its_own(void **state)
{
    struct mr_arena *arena = *state;
    assert_int_equal(mr_arena_owner(arena, MR_OWNER_ENGINE), MR_OWNER_WORLD);
    void *memory = mr_arena_alloc(arena, 64);
    assert_int_equal(mr_arena_owner(arena, MR_OWNER_CHECKS), MR_OWNER_ENGINE);
    mr_arena_alloc(arena, 30);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_WORLD), 0);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_ENGINE), 64);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_CHECKS), 32);
    mr_arena_owner(arena, MR_OWNER_ENGINE);
    mr_arena_free(arena, memory, 64);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_ENGINE), 0);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_CHECKS), 32);
}

static void reset_forgets_everything_and_gives_the_same_addresses(void **state)
{
    struct mr_arena *arena = *state;
    size_t empty = mr_arena_used_bytes(arena);
    void *first = mr_arena_alloc(arena, 100);
    mr_arena_free(arena, mr_arena_alloc(arena, 500), 500);
    mr_arena_owner(arena, MR_OWNER_CHECKS);
    mr_arena_alloc(arena, 5000);
    mr_arena_reset(arena);
    assert_int_equal(mr_arena_used_bytes(arena), empty);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_CHECKS), 0);
    assert_int_equal(mr_arena_owner(arena, MR_OWNER_WORLD), MR_OWNER_WORLD);
    assert_ptr_equal(mr_arena_alloc(arena, 500), first);
}

/* Pages of 4 KB in memory: what the last run did not use, a reset does not touch. */
static size_t resident_kilobytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long total = 0, resident = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &total, &resident), 2);
    fclose(file);
    return resident * 4;
}

static void reset_touches_only_what_was_used(void **state)
{
    (void)state;
    struct mr_arena *arena = open_arena(MR_ARENA_BASE_SECOND, (size_t)4 << 30, 0x55);
    mr_arena_alloc(arena, 1000);
    size_t before = resident_kilobytes();
    for (int i = 0; i < 1000; i++) {
        mr_arena_reset(arena);
        mr_arena_alloc(arena, 1000);
    }
    assert_true(resident_kilobytes() < before + 16 * 1024);
    mr_arena_close(arena);
}

static void fresh_memory_has_the_pattern(void **state)
{
    (void)state;
    struct mr_arena *arena = open_arena(MR_ARENA_BASE_SECOND, 1 << 20, 0xa5);
    unsigned char *memory = mr_arena_alloc(arena, 100);
    for (int i = 0; i < 100; i++) assert_int_equal(memory[i], 0xa5);
    memset(memory, 1, 100);
    mr_arena_free(arena, memory, 100);
    unsigned char *again = mr_arena_alloc(arena, 100);
    assert_ptr_equal(again, memory);
    for (int i = 0; i < 100; i++) assert_int_equal(again[i], 0xa5);
    memset(memory, 1, 100);
    mr_arena_reset(arena);
    memory = mr_arena_alloc(arena, 100);
    for (int i = 0; i < 100; i++) assert_int_equal(memory[i], 0xa5);
    mr_arena_close(arena);
}

#ifndef __SANITIZE_ADDRESS__
/* Under ASan the read itself would be caught. */
static void freed_memory_has_the_other_pattern(void **state)
{
    (void)state;
    struct mr_arena *arena = open_arena(MR_ARENA_BASE_SECOND, 1 << 20, 0xa5);
    volatile unsigned char *memory = mr_arena_alloc(arena, 100);
    mr_arena_free(arena, (void *)(uintptr_t)memory, 100);
    for (int i = 8; i < 100; i++) assert_int_equal(memory[i], 0x5a); /* behind the link */
    mr_arena_close(arena);
}
#endif

/* Some work whose course depends on the addresses' order only through the allocator. */
static uint64_t work(struct mr_arena *arena, char **blocks, uint64_t *at, int steps)
{
    uint64_t sum = 0;
    for (int i = 0; i < steps; i++) {
        *at = *at * 6364136223846793005u + 1442695040888963407u;
        size_t slot = *at >> 60, bytes = 1 + (*at >> 40 & 2047);
        if (blocks[slot]) {
            size_t old;
            memcpy(&old, blocks[slot], sizeof old);
            sum = sum * 31 + (uint64_t)(unsigned char)blocks[slot][8];
            mr_arena_free(arena, blocks[slot], old);
            blocks[slot] = NULL;
            continue;
        }
        bytes += 16;
        blocks[slot] = mr_arena_alloc(arena, bytes);
        memcpy(blocks[slot], &bytes, sizeof bytes);
        blocks[slot][8] = (char)i;
        sum = sum * 31 + (uint64_t)(blocks[slot] - (char *)arena);
    }
    return sum;
}

static void a_restored_universe_goes_the_same_way_again(void **state)
{
    struct mr_arena *arena = *state;
    struct {
        char *blocks[16];
        uint64_t at;
    } *universe = mr_arena_zalloc(arena, sizeof *universe);
    universe->at = 7;
    work(arena, universe->blocks, &universe->at, 500);
    size_t bytes = mr_arena_used_bytes(arena);
    void *image = malloc(bytes);
    assert_non_null(image);
    mr_arena_save(arena, image);
    uint64_t first = work(arena, universe->blocks, &universe->at, 5000);
    size_t live = mr_arena_live_bytes(arena, MR_OWNER_WORLD);
    size_t used = mr_arena_used_bytes(arena);
    mr_arena_restore(arena, image, bytes);
    assert_int_equal(mr_arena_used_bytes(arena), bytes);
    assert_int_equal(universe->at != 7, 1);
    uint64_t second = work(arena, universe->blocks, &universe->at, 5000);
    assert_true(first == second);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_WORLD), live);
    assert_int_equal(mr_arena_used_bytes(arena), used);
    free(image);
}

/* The guard belongs to the run loop, not to the universe. */
static void a_restore_keeps_the_guard_of_now(void **state)
{
    (void)state;
    struct mr_arena *arena = open_arena(MR_ARENA_BASE_SECOND, 1 << 16, -1);
    jmp_buf old, now;
    mr_arena_guard(arena, &old);
    static char image[1 << 16];
    size_t bytes = mr_arena_used_bytes(arena);
    mr_arena_save(arena, image);
    mr_arena_guard(arena, &now);
    mr_arena_restore(arena, image, bytes);
    if (setjmp(old) != 0) fail_msg("jumped to the guard of the image");
    if (setjmp(now) == 0) {
        mr_arena_alloc(arena, 1 << 17);
        fail_msg("did not jump");
    }
    mr_arena_close(arena);
}

static void runs_at_two_addresses_differ_in_nothing_else(void **state)
{
    struct mr_arena *arena = *state;
    struct mr_arena *other = open_arena(MR_ARENA_BASE_SECOND, (size_t)16 << 20, 0x11);
    assert_int_equal((uintptr_t)arena, MR_ARENA_BASE);
    assert_int_equal((uintptr_t)other, MR_ARENA_BASE_SECOND);
    char *blocks[16] = {0}, *other_blocks[16] = {0};
    uint64_t at = 3, other_at = 3;
    uint64_t sum = work(arena, blocks, &at, 20000);
    assert_true(sum == work(other, other_blocks, &other_at, 20000));
    assert_int_equal(mr_arena_used_bytes(arena), mr_arena_used_bytes(other));
    mr_arena_close(other);
}

static void an_address_that_is_taken_is_an_error(void **state)
{
    (void)state;
    struct mr_arena_options options = {.base = MR_ARENA_BASE, .bytes_max = 1 << 16, .fill = -1};
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    assert_false(mr_arena_open(&options, &arena, &err));
    assert_null(arena);
    assert_int_equal(err.kind, MR_ERR_IO);
    assert_non_null(strstr(err.msg, "cannot reserve 65536 bytes"));
    mr_arena_close(NULL);
}

static void a_message_lives_as_long_as_its_last_reference(void **state)
{
    struct mr_arena *arena = *state;
    struct mr_message *message = mr_message_new(arena, 7, 40);
    assert_int_equal(message->kind, 7);
    assert_int_equal(message->body_bytes, 40);
    assert_int_equal((uintptr_t)message->body % 16, 0);
    size_t live = mr_arena_live_bytes(arena, MR_OWNER_WORLD);
    assert_true(live > 0);
    assert_ptr_equal(mr_message_retain(message), message);
    mr_message_release(arena, message);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_WORLD), live);
    mr_message_release(arena, message);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_WORLD), 0);
    mr_message_release(arena, NULL);
}

static void attached_messages_go_with_the_one_that_holds_them(void **state)
{
    struct mr_arena *arena = *state;
    struct mr_message *rows = mr_message_new(arena, 1, 1000);
    size_t rows_live = mr_arena_live_bytes(arena, MR_OWNER_WORLD);
    struct mr_message *a = mr_message_new(arena, 2, 8), *b = mr_message_new(arena, 3, 8);
    a->attached = rows;
    b->attached = mr_message_retain(rows);
    mr_message_release(arena, a);
    assert_int_equal(rows->references, 1);
    mr_message_release(arena, mr_message_retain(b));
    assert_int_equal(b->references, 1);
    b->body_bytes = 4; /* a shorter body is still freed as it was allocated */
    mr_message_retain(rows);
    mr_message_release(arena, b);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_WORLD), rows_live);
    mr_message_release(arena, rows);
    assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_WORLD), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_aligned_to_sixteen_and_apart),
        TEST(a_block_wastes_at_most_a_quarter),
        TEST(freed_memory_is_used_again_last_in_first_out),
        TEST(memory_of_another_size_is_not_used_again),
        TEST(zeroed_memory_is_zero_when_it_is_used_again),
        TEST(growing_moves_what_was_there),
        TEST(exhaustion_jumps_to_the_guard),
        TEST(what_was_freed_serves_after_exhaustion),
        TEST(each_owner_has_an_account_of_its_own),
        TEST(reset_forgets_everything_and_gives_the_same_addresses),
        TEST(reset_touches_only_what_was_used),
        TEST(fresh_memory_has_the_pattern),
#ifndef __SANITIZE_ADDRESS__
        TEST(freed_memory_has_the_other_pattern),
#endif
        TEST(a_restored_universe_goes_the_same_way_again),
        TEST(a_restore_keeps_the_guard_of_now),
        TEST(runs_at_two_addresses_differ_in_nothing_else),
        TEST(an_address_that_is_taken_is_an_error),
        TEST(a_message_lives_as_long_as_its_last_reference),
        TEST(attached_messages_go_with_the_one_that_holds_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
