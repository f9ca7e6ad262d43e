#include <string.h>

#include "base/alloc.h"
#include "bench/bench_internal.h"
#include "sim/world/queue.h"
#include "sim/world/world.h"

enum { QUEUE_PENDING = 1000, PAIRS = 4 };
#define QUEUE_EVENTS UINT64_C(5000000)
#define NETWORK_EVENTS UINT64_C(3000000)
#define SNAPSHOT_BYTES (4u << 20)

static bool open_arena(size_t bytes, struct mr_arena **out, struct mr_err *err)
{
    struct mr_arena_options options = {.bytes_max = bytes, .fill = -1};
    return mr_arena_open(&options, out, err);
}

bool mr_bench_queue(int variant, struct mr_measure *out, struct mr_err *err)
{
    (void)variant;
    struct mr_arena *arena;
    if (!open_arena(16u << 20, &arena, err)) return false;
    struct mr_queue *queue = mr_queue_new(arena);
    struct mr_event *events = mr_arena_zalloc(arena, sizeof *events * QUEUE_PENDING);
    struct mr_draws draws = {.seed = 1};
    mr_ns spans[1024];
    for (uint32_t i = 0; i < 1024; i++)
        spans[i] = (mr_ns)mr_draw_below(&draws, 1000000, MR_DRAW_ENGINE, 0, i);
    for (uint32_t i = 0; i < QUEUE_PENDING; i++) {
        events[i].at_ns = spans[i % 1024];
        mr_queue_push(queue, &events[i]);
    }
    uint64_t ordered = 0;
    mr_ns last = 0;
    double start = mr_bench_now();
    for (uint64_t i = 0; i < QUEUE_EVENTS; i++) {
        struct mr_event *event = mr_queue_pop(queue);
        ordered += event->at_ns >= last;
        last = event->at_ns;
        event->at_ns += spans[i % 1024];
        mr_queue_push(queue, event);
    }
    out->value = (double)QUEUE_EVENTS / (mr_bench_now() - start);
    out->checked = ordered;
    mr_arena_close(arena);
    return ordered == QUEUE_EVENTS || mr_fail(err, MR_ERR_LIMIT, "events came out of order");
}

/* A process that answers every message with one like it. */
struct echo {
    const struct mr_env *env;
    uint64_t received;
};

static void *echo_create(const struct mr_env *env, const void *config)
{
    (void)config;
    struct echo *echo = mr_arena_new(env->arena, struct echo);
    echo->env = env;
    return echo;
}

static void echo_send(const struct echo *echo, uint32_t connection)
{
    struct mr_message *message = mr_message_new(echo->env->arena, 1, 32);
    memset(message->body, 0, 32);
    echo->env->send(echo->env, connection, message);
}

static void echo_handle(void *self, const struct mr_arrival *arrival)
{
    struct echo *echo = self;
    if (arrival->kind == MR_ARRIVAL_START && echo->env->process % 2 == 0)
        echo_send(echo, echo->env->open(echo->env, echo->env->process + 1));
    if (arrival->kind != MR_ARRIVAL_MESSAGE) return;
    echo->received++;
    echo_send(echo, arrival->connection);
}

static void echo_discard(void *self)
{
    struct echo *echo = self;
    mr_arena_free(echo->env->arena, echo, sizeof *echo);
}

static const struct mr_process_class echo_class = {
    .name = "echo", .create = echo_create, .handle = echo_handle, .discard = echo_discard};

bool mr_bench_network(int variant, struct mr_measure *out, struct mr_err *err)
{
    (void)variant;
    static const char *const names[2 * PAIRS] = {
        "a-0", "b-0", "a-1", "b-1", "a-2", "b-2", "a-3", "b-3"};
    struct mr_arena *arena;
    if (!open_arena(16u << 20, &arena, err)) return false;
    struct mr_region *region = mr_region_create();
    struct mr_process_config processes[2 * PAIRS];
    for (uint32_t i = 0; i < 2 * PAIRS; i++)
        processes[i] = (struct mr_process_config){.name = names[i], .class = &echo_class};
    struct mr_world_config config = {.n_processes = 2 * PAIRS,
        .processes = processes,
        .network = {.link = {.latency_ns = mr_distribution_lognormal(
                                 region, 200000, 2000000, 50000, 100000000),
                        .bytes_per_second = 1000000000},
            .loopback_ns = 10000,
            .send_timeout_ns = 10 * MR_SECOND_NS},
        .chance_activation = {0, 1},
        .chance_firing = {0, 1}};
    struct mr_draws draws = {.seed = 1};
    struct mr_world *world = mr_world_new(arena, &config, &draws);
    double start = mr_bench_now();
    uint64_t steps = 0;
    while (steps < NETWORK_EVENTS && mr_world_step(world)) steps++;
    out->value = (double)steps / (mr_bench_now() - start);
    out->checked = 0;
    for (uint32_t i = 0; i < 2 * PAIRS; i++)
        out->checked += ((const struct echo *)mr_world_process(world, i))->received;
    mr_arena_close(arena);
    mr_region_destroy(region);
    return out->checked > NETWORK_EVENTS / 2 ||
           mr_fail(err, MR_ERR_LIMIT, "messages were lost");
}

bool mr_bench_snapshot(int variant, struct mr_measure *out, struct mr_err *err)
{
    (void)variant;
    enum { BLOCK = 1 << 20 };
    struct mr_arena *arena;
    if (!open_arena(2 * (size_t)SNAPSHOT_BYTES, &arena, err)) return false;
    for (size_t bytes = 0; bytes < SNAPSHOT_BYTES; bytes += BLOCK)
        memset(mr_arena_alloc(arena, BLOCK), (int)(bytes / BLOCK), BLOCK);
    size_t used = mr_arena_used_bytes(arena);
    unsigned char *image = mr_alloc(used);
    unsigned char *second = mr_alloc(used);
    mr_arena_save(arena, image); /* touch both once */
    memcpy(second, image, used);
    double start = mr_bench_now();
    mr_arena_save(arena, image);
    mr_arena_restore(arena, image, used);
    double seconds = mr_bench_now() - start;
    mr_arena_save(arena, second);
    bool is_same = memcmp(image, second, used) == 0;
    out->value = seconds / 2 * 1e6 / ((double)used / (1 << 20));
    out->checked = used;
    mr_free(image);
    mr_free(second);
    mr_arena_close(arena);
    return is_same || mr_fail(err, MR_ERR_LIMIT, "the snapshot is not what was saved");
}
