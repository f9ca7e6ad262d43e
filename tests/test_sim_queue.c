#include "tests/test.h"

#include <string.h>

#include "base/draw.h"
#include "sim/world/queue.h"

enum { EVENTS_MAX = 3000 };

/* The oracle: a plain binary heap over (time, number of push). */
struct heap {
    uint32_t n;
    struct heap_entry {
        mr_ns at_ns;
        uint64_t number;
    } entries[EVENTS_MAX];
};

static bool is_before(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->number < b->number;
}

static void swap(struct heap *heap, uint32_t a, uint32_t b)
{
    struct heap_entry entry = heap->entries[a];
    heap->entries[a] = heap->entries[b];
    heap->entries[b] = entry;
}

static void heap_push(struct heap *heap, mr_ns at_ns, uint64_t number)
{
    uint32_t i = heap->n++;
    heap->entries[i] = (struct heap_entry){.at_ns = at_ns, .number = number};
    for (; i > 0 && is_before(&heap->entries[i], &heap->entries[(i - 1) / 2]); i = (i - 1) / 2)
        swap(heap, i, (i - 1) / 2);
}

static struct heap_entry heap_pop(struct heap *heap)
{
    struct heap_entry first = heap->entries[0];
    heap->entries[0] = heap->entries[--heap->n];
    for (uint32_t i = 0;;) {
        uint32_t least = i;
        for (uint32_t child = 2 * i + 1; child <= 2 * i + 2; child++)
            if (child < heap->n && is_before(&heap->entries[child], &heap->entries[least]))
                least = child;
        if (least == i) return first;
        swap(heap, i, least);
        i = least;
    }
}

struct fixture {
    struct mr_arena *arena;
    struct mr_queue *queue;
    struct mr_event *events; /* [EVENTS_MAX] */
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct mr_err err = {0};
    struct mr_arena_options options = {.bytes_max = 4 << 20, .fill = 0xa5};
    if (!mr_arena_open(&options, &fixture.arena, &err)) return -1;
    fixture.queue = mr_queue_new(fixture.arena);
    fixture.events = mr_arena_zalloc(fixture.arena, sizeof(struct mr_event) * EVENTS_MAX);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    mr_arena_close(((struct fixture *)*state)->arena);
    return 0;
}

static void push(struct fixture *fixture, uint32_t index, mr_ns at_ns)
{
    fixture->events[index].at_ns = at_ns;
    fixture->events[index].tag = index;
    mr_queue_push(fixture->queue, &fixture->events[index]);
}

static void an_empty_queue_pops_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_null(mr_queue_pop(fixture->queue));
    assert_int_equal(mr_queue_count(fixture->queue), 0);
    assert_true(mr_queue_next_at(fixture->queue) == MR_NS_NEVER);
}

static void equal_times_pop_in_push_order(void **state)
{
    struct fixture *fixture = *state;
    for (uint32_t i = 0; i < 100; i++) push(fixture, i, 5000000);
    for (uint32_t i = 0; i < 100; i++) assert_int_equal(mr_queue_pop(fixture->queue)->tag, i);
    assert_null(mr_queue_pop(fixture->queue));
}

/* The later one is pushed when the earlier one has come down by some levels already. */
static void equal_times_pop_in_push_order_whenever_they_were_pushed(void **state)
{
    struct fixture *fixture = *state;
    push(fixture, 0, 1000000);
    push(fixture, 1, 999990);
    push(fixture, 2, 70);
    assert_int_equal(mr_queue_pop(fixture->queue)->tag, 2);
    push(fixture, 3, 1000000);
    assert_int_equal(mr_queue_pop(fixture->queue)->tag, 1);
    push(fixture, 4, 1000000);
    push(fixture, 5, 999990);
    assert_int_equal(mr_queue_pop(fixture->queue)->tag, 5);
    assert_int_equal(mr_queue_pop(fixture->queue)->tag, 0);
    assert_int_equal(mr_queue_pop(fixture->queue)->tag, 3);
    assert_int_equal(mr_queue_pop(fixture->queue)->tag, 4);
}

static void the_far_future_is_kept_in_order(void **state)
{
    struct fixture *fixture = *state;
    push(fixture, 0, MR_NS_NEVER - 1);
    push(fixture, 1, INT64_C(1) << 62);
    push(fixture, 2, 0);
    push(fixture, 3, MR_NS_NEVER - 2);
    push(fixture, 4, MR_NS_NEVER - 1);
    const uint64_t order[] = {2, 1, 3, 0, 4};
    for (uint32_t i = 0; i < 5; i++) {
        mr_ns next_at = mr_queue_next_at(fixture->queue);
        struct mr_event *event = mr_queue_pop(fixture->queue);
        assert_int_equal(event->tag, order[i]);
        assert_true(event->at_ns == next_at);
    }
}

static uint64_t draw(uint64_t round, uint64_t step, uint64_t bound)
{
    struct mr_draws draws = {.seed = round};
    return mr_draw_below(&draws, bound, MR_DRAW_ENGINE, 0, step);
}

/* A time that may come next: now, soon, at a pending one's time, or beyond some power of two.
 */
static mr_ns draw_time(uint64_t round, uint64_t step, mr_ns now)
{
    uint64_t bits = draw(round, 8 * step + 1, 40);
    mr_ns span = (mr_ns)draw(round, 8 * step + 2, (UINT64_C(1) << bits) + 1);
    if (draw(round, 8 * step + 3, 4) == 0) span = 0;
    if (draw(round, 8 * step + 4, 4) == 0) return (now + span) | 0xfff;
    return now + span;
}

/* Random pushes and pops, compared with a binary heap; what was popped is pushed again, as the
 * world does it. */
static void it_pops_what_a_binary_heap_pops(void **state)
{
    struct fixture *fixture = *state;
    static struct heap heap;
    for (uint64_t round = 1; round <= 60; round++) {
        fixture->queue = mr_queue_new(fixture->arena);
        heap.n = 0;
        uint32_t n_pushed = 0;
        mr_ns now = 0;
        uint64_t leaning = 1 + draw(round, 0, 7); /* of 8: pushes */
        for (uint64_t step = 1; step < 4000; step++) {
            bool pushes = draw(round, 8 * step, 8) < leaning;
            if (pushes && n_pushed < EVENTS_MAX) {
                mr_ns at_ns = draw_time(round, step, now);
                heap_push(&heap, at_ns, n_pushed);
                push(fixture, n_pushed++, at_ns);
            } else if (heap.n > 0) {
                struct heap_entry expected = heap_pop(&heap);
                assert_true(mr_queue_next_at(fixture->queue) == expected.at_ns);
                struct mr_event *event = mr_queue_pop(fixture->queue);
                assert_true(event->at_ns == expected.at_ns);
                assert_int_equal(event->tag, expected.number);
                now = event->at_ns;
            }
            assert_int_equal(mr_queue_count(fixture->queue), heap.n);
        }
        while (heap.n > 0)
            assert_int_equal(mr_queue_pop(fixture->queue)->tag, heap_pop(&heap).number);
        assert_null(mr_queue_pop(fixture->queue));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_queue_pops_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_times_pop_in_push_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            equal_times_pop_in_push_order_whenever_they_were_pushed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_far_future_is_kept_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_pops_what_a_binary_heap_pops, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
