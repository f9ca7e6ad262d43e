/* Conservation and order of channels: what came through is what was sent, once, in the order of
 * its numbers. A number that is skipped may only be late: it is order that broke if it comes,
 * and a loss if a barrier comes first. */
#include "scenarios/checks/checks_internal.h"

void mr_channels_begin(struct mr_checks *checks)
{
    for (uint32_t i = 0; i < checks->topology.n_channels; i++)
        checks->channels[i] = (struct mr_channel_model){.watermark_us = MR_US_MIN};
}

static struct mr_witness *find(struct mr_checks *checks, const struct mr_probe_channel *at,
    enum mr_check check, enum mr_verdict verdict, uint64_t n)
{
    struct mr_witness *witness = mr_checks_find(checks, check, verdict, n);
    if (!witness) return NULL;
    const struct mr_transform *transforms = checks->topology.graph->transforms;
    mr_witness_at(checks, witness, at->to_transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "on the channel from '%s' subtask %u to '%s' subtask %u ",
        transforms[at->from_transform].name, at->from_subtask,
        transforms[at->to_transform].name, at->to_subtask);
    mr_witness_cause(checks, witness, 0);
    return witness;
}

static void report_number(struct mr_checks *checks, const struct mr_probe_channel *at,
    struct mr_channel_model *channel, uint64_t number)
{
    bool was_skipped = channel->n_missing > 0;
    if (was_skipped) channel->n_missing--;
    struct mr_witness *witness =
        was_skipped ? find(checks, at, MR_CHECK_ORDER, MR_VERDICT_REORDERED, 1)
                    : find(checks, at, MR_CHECK_CONSERVATION, MR_VERDICT_DUPLICATE, 1);
    if (!witness) return;
    mr_witness_append(witness->summary, sizeof witness->summary,
        "message %llu came after message %llu", (unsigned long long)number,
        (unsigned long long)(channel->next_number - 1));
    if (!was_skipped)
        mr_witness_append(witness->summary, sizeof witness->summary, ", for the second time");
    mr_witness_print(witness->expected, sizeof witness->expected, "message %llu",
        (unsigned long long)channel->next_number);
    mr_witness_print(
        witness->actual, sizeof witness->actual, "message %llu", (unsigned long long)number);
}

void mr_channels_received(struct mr_checks *checks, const struct mr_probe_channel *at,
    uint64_t number, const struct mr_batch *rows, mr_us watermark_us)
{
    checks->counts.messages++;
    int64_t index = mr_topology_channel(&checks->topology, at);
    if (MR_UNLIKELY(index < 0)) return;
    struct mr_channel_model *channel = &checks->channels[index];
    if (MR_LIKELY(number == channel->next_number)) {
        channel->next_number++;
    } else if (number > channel->next_number) {
        channel->n_missing += number - channel->next_number;
        channel->next_number = number + 1;
    } else {
        report_number(checks, at, channel, number);
        watermark_us = channel->watermark_us; /* what it says is out of order as well */
    }
    if (rows) channel->n_rows += rows->n_selected;
    if (watermark_us != channel->watermark_us)
        mr_watermarks_received(checks, at, channel, watermark_us);
}

void mr_channels_barrier(struct mr_checks *checks, const struct mr_probe_channel *at,
    uint64_t checkpoint, uint64_t rows_sent)
{
    int64_t index = mr_topology_channel(&checks->topology, at);
    if (index < 0) return;
    struct mr_channel_model *channel = &checks->channels[index];
    if (MR_LIKELY(channel->n_rows == rows_sent && channel->n_missing == 0)) return;
    uint64_t n_rows = channel->n_rows;
    uint64_t n_missing = channel->n_missing;
    channel->n_rows = rows_sent; /* each loss is told once */
    channel->n_missing = 0;
    bool is_surplus = n_rows > rows_sent;
    uint64_t n = is_surplus ? n_rows - rows_sent : rows_sent - n_rows;
    struct mr_witness *witness = find(checks, at, MR_CHECK_CONSERVATION,
        is_surplus ? MR_VERDICT_DUPLICATE : MR_VERDICT_LOSS, n ? n : n_missing);
    if (!witness) return;
    mr_witness_append(witness->summary, sizeof witness->summary,
        "rows sent before the barrier of checkpoint %llu: %llu, received: %llu; messages that "
        "never "
        "came: %llu",
        (unsigned long long)checkpoint, (unsigned long long)rows_sent,
        (unsigned long long)n_rows, (unsigned long long)n_missing);
    mr_witness_print(witness->expected, sizeof witness->expected, "%llu rows",
        (unsigned long long)rows_sent);
    mr_witness_print(
        witness->actual, sizeof witness->actual, "%llu rows", (unsigned long long)n_rows);
}
