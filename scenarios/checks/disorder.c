/* How far rows come behind the largest time before them in their partition: quantiles, digit by
 * digit from the top, so that no row's distance needs to be kept. */
#include <string.h>

#include "scenarios/checks/checks_internal.h"

enum { DIGIT_BITS = 12, BUCKETS = 1 << DIGIT_BITS, DIGITS = 4 };
#define BEHIND_MAX (((uint64_t)1 << (DIGIT_BITS * DIGITS)) - 1) /* almost nine years */

/* The k-th smallest distance, of which the top digits are known. */
struct selection {
    uint64_t rank; /* k - 1, among the rows that begin with the known digits */
    uint64_t prefix;
    uint32_t *buckets; /* [BUCKETS]: rows by the next digit */
};

static void count_rows(struct mr_checks *checks, uint32_t shift, struct selection *selections)
{
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++) {
        const struct mr_partition_model *partition = &checks->partitions[i];
        struct mr_stream *stream = checks->topology.sources[partition->source].stream;
        mr_us newest_us = MR_US_MIN;
        for (int64_t row = 0; row < checks->folded[i]; row++) {
            mr_us at_us = mr_stream_time_us(stream, partition->id, row);
            if (at_us > newest_us) newest_us = at_us;
            uint64_t behind = (uint64_t)newest_us - (uint64_t)at_us;
            if (behind > BEHIND_MAX) behind = BEHIND_MAX;
            uint64_t known = behind >> (shift + DIGIT_BITS);
            uint32_t digit = (uint32_t)(behind >> shift) % BUCKETS;
            for (uint32_t k = 0; k < 2; k++)
                if (known == selections[k].prefix) selections[k].buckets[digit]++;
        }
    }
}

static void choose(struct selection *selection)
{
    uint32_t digit = 0;
    while (digit < BUCKETS - 1 && selection->rank >= selection->buckets[digit])
        selection->rank -= selection->buckets[digit++];
    selection->prefix = selection->prefix << DIGIT_BITS | digit;
}

static struct mr_disorder measure_rows(struct mr_checks *checks, uint64_t n_rows)
{
    size_t bytes = sizeof(uint32_t) * BUCKETS;
    struct selection selections[2] = {
        {.rank = (n_rows * 99 + 99) / 100 - 1, .buckets = mr_arena_alloc(checks->arena, bytes)},
        {.rank = (n_rows * 999 + 999) / 1000 - 1,
            .buckets = mr_arena_alloc(checks->arena, bytes)}};
    for (uint32_t digit = DIGITS; digit-- > 0;) {
        for (uint32_t k = 0; k < 2; k++) memset(selections[k].buckets, 0, bytes);
        count_rows(checks, digit * DIGIT_BITS, selections);
        for (uint32_t k = 0; k < 2; k++) choose(&selections[k]);
    }
    for (uint32_t k = 0; k < 2; k++) mr_arena_free(checks->arena, selections[k].buckets, bytes);
    return (struct mr_disorder){
        .most_us = (mr_us)selections[0].prefix, .nearly_all_us = (mr_us)selections[1].prefix};
}

struct mr_disorder mr_disorder_measure(struct mr_checks *checks, uint64_t n_rows)
{
    MR_ASSERT(n_rows > 0);
    const struct mr_topology *topology = &checks->topology;
    if (topology->n_sources > 1) return measure_rows(checks, n_rows);
    const struct mr_stream_config *stream =
        checks->config.scenario->topics[topology->sources[0].topic].stream;
    bool is_as_recorded = stream->trace && !stream->has_extra_delay && !stream->has_linger;
    if (!is_as_recorded) return measure_rows(checks, n_rows);
    return (struct mr_disorder){
        .most_us = mr_trace_disorder_us(stream->trace, (struct mr_ratio){99, 100}),
        .nearly_all_us = mr_trace_disorder_us(stream->trace, (struct mr_ratio){999, 1000})};
}
