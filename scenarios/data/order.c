/* The order in which rows arrive: sorting, and what a seed draws where a scenario asks for disorder. */
#include <string.h>

#include "scenarios/data/stream_internal.h"

void mr_ranked_sort(struct mr_ranked *items, struct mr_ranked *spare, size_t n)
{
    size_t counts[8][256] = {{0}};
    for (size_t i = 0; i < n; i++)
        for (int b = 0; b < 8; b++) counts[b][items[i].key >> (8 * b) & 255]++;
    struct mr_ranked *from = items, *to = spare;
    for (int b = 0; b < 8; b++) {
        if (n == 0 || counts[b][from[0].key >> (8 * b) & 255] == n) continue; /* all alike */
        size_t start = 0;
        for (int digit = 0; digit < 256; digit++) {
            size_t count = counts[b][digit];
            counts[b][digit] = start;
            start += count;
        }
        for (size_t i = 0; i < n; i++) to[counts[b][from[i].key >> (8 * b) & 255]++] = from[i];
        struct mr_ranked *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != items) memcpy(items, from, n * sizeof *items);
}

bool mr_order_is_drawn(const struct mr_stream_config *config)
{
    return config->trace &&
        (config->has_extra_delay || config->has_linger || config->duplicates.part > 0);
}

/* When the row arrives in this seed. Draws are keyed by the row's number in the file. */
static mr_ns drawn_arrival_ns(const struct mr_stream_config *config, const struct mr_draws *draws,
    mr_ns arrival_ns, uint32_t row)
{
    const struct mr_partitions *partitions = config->partitions;
    if (config->has_extra_delay) {
        int64_t extra_us = mr_draw_from(
            draws, &config->extra_delay_us, MR_DRAW_STREAM, partitions->extra_name, row);
        arrival_ns = mr_add_saturating(arrival_ns, mr_ns_from_us(extra_us) / config->speedup);
    }
    if (config->has_linger) {
        mr_ns linger_ns =
            mr_draw_from(draws, &config->linger_ns, MR_DRAW_STREAM, partitions->linger_name, row);
        arrival_ns = mr_add_saturating(arrival_ns, linger_ns);
    }
    return arrival_ns < 0 ? 0 : arrival_ns;
}

static bool is_duplicated(const struct mr_stream_config *config, const struct mr_draws *draws,
    uint32_t row)
{
    return config->duplicates.part > 0 &&
        mr_draw_happens(
            draws, config->duplicates, MR_DRAW_STREAM, config->partitions->duplicate_name, row);
}

static void draw_partition(struct mr_arena *arena, const struct mr_stream_config *config,
    const struct mr_draws *draws, const struct mr_partition *partition, struct mr_order *order)
{
    uint32_t n = partition->n_rows;
    size_t scratch_bytes = sizeof(struct mr_ranked) * 2 * n;
    struct mr_ranked *items = mr_arena_alloc(arena, scratch_bytes + 1);
    uint32_t n_doubled = 0;
    for (uint32_t i = 0; i < n; i++) {
        mr_ns at_ns =
            drawn_arrival_ns(config, draws, partition->arrivals_ns[i], partition->rows[i]);
        bool is_doubled = is_duplicated(config, draws, partition->rows[i]);
        n_doubled += is_doubled;
        items[i] = (struct mr_ranked){(uint64_t)at_ns, i << 1 | is_doubled};
    }
    mr_ranked_sort(items, items + n, n);
    uint32_t *indices = mr_arena_alloc(arena, sizeof *indices * (n + n_doubled) + 1);
    mr_ns *arrivals_ns = mr_arena_alloc(arena, sizeof *arrivals_ns * (n + n_doubled) + 1);
    uint32_t filled = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t copy = 0; copy <= (items[i].index & 1); copy++) {
            indices[filled] = items[i].index >> 1;
            arrivals_ns[filled++] = (mr_ns)items[i].key;
        }
    }
    MR_ASSERT(filled == n + n_doubled);
    mr_arena_free(arena, items, scratch_bytes + 1);
    *order = (struct mr_order){filled, indices, arrivals_ns};
}

void mr_order_draw(struct mr_arena *arena, const struct mr_stream_config *config,
    const struct mr_draws *draws, struct mr_order *orders)
{
    for (uint32_t p = 0; p < config->n_partitions; p++)
        draw_partition(arena, config, draws, &config->partitions->partitions[p], &orders[p]);
}
