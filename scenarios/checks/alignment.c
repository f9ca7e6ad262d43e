/* Alignment groups, against a second reading of the rule: no partition reads while its
 * watermark is more than the drift ahead of the least among the group's active ones, as far as
 * its worker has heard; and no worker is told more than was so.
 *
 * What is told is made of what the workers said at different moments. Until a partition becomes
 * active again, the least watermark of a worker only rises: the highest that it ever was bounds
 * what the worker can have said. */
#include "scenarios/checks/checks_internal.h"

static uint32_t worker_of(
    const struct mr_checks *checks, const struct mr_partition_model *partition)
{
    uint32_t subtask = partition->id % checks->topology.parallelism;
    return subtask % checks->config.scenario->cluster.workers;
}

static int group_of(const struct mr_checks *checks, const struct mr_partition_model *partition)
{
    const struct mr_alignment *alignment =
        &checks->topology.sources[partition->source].read->alignment;
    return alignment->is_aligned ? (int)alignment->group : -1;
}

void mr_alignment_begin(struct mr_checks *checks)
{
    for (uint32_t i = 0; i < checks->topology.graph->n_alignment_groups; i++)
        for (uint32_t k = 0; k < MR_WORKERS_MAX; k++)
            checks->groups[i].highest_us[k] = checks->groups[i].told_us[k] = MR_US_MIN;
}

/* The least watermark of the group's active partitions; on one worker, or on all. */
static mr_us least_us(struct mr_checks *checks, int group, int64_t worker)
{
    mr_us least_us = MR_US_MAX;
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++) {
        struct mr_partition_model *partition = &checks->partitions[i];
        if (group_of(checks, partition) != group || partition->is_idle) continue;
        if (worker >= 0 && worker_of(checks, partition) != worker) continue;
        mr_us own_us = mr_partition_watermark_us(checks, partition);
        if (own_us < least_us) least_us = own_us;
    }
    return least_us;
}

static void note(struct mr_checks *checks, int group, uint32_t worker)
{
    mr_us now_us = least_us(checks, group, worker);
    mr_us *highest_us = &checks->groups[group].highest_us[worker];
    if (now_us > *highest_us) *highest_us = now_us;
}

void mr_alignment_reactivates(
    struct mr_checks *checks, const struct mr_partition_model *partition)
{
    note(checks, group_of(checks, partition), worker_of(checks, partition));
}

static struct mr_witness *find(
    struct mr_checks *checks, uint32_t transform, mr_us actual_us, mr_us expected_us)
{
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_WATERMARKS, MR_VERDICT_DRIFTED, 1);
    if (witness) mr_witness_watermark(checks, witness, transform, actual_us, expected_us);
    return witness;
}

static uint32_t member_of(const struct mr_checks *checks, uint32_t group)
{
    uint32_t i = 0;
    while (!checks->topology.sources[i].read->alignment.is_aligned ||
           checks->topology.sources[i].read->alignment.group != group)
        i++;
    return checks->topology.sources[i].transform;
}

void mr_alignment_told(struct mr_checks *checks, uint32_t worker, uint32_t group, mr_us low_us)
{
    struct mr_group_model *model = &checks->groups[group];
    model->told_us[worker - MR_PROCESS_WORKER_1] = low_us;
    mr_us allowed_us = MR_US_MAX;
    for (uint32_t i = 0; i < checks->config.scenario->cluster.workers; i++) {
        note(checks, (int)group, i);
        if (model->highest_us[i] < allowed_us) allowed_us = model->highest_us[i];
    }
    if (low_us <= allowed_us) return;
    struct mr_witness *witness = find(checks, member_of(checks, group), low_us, allowed_us);
    if (!witness) return;
    mr_witness_print(witness->summary, sizeof witness->summary,
        "worker %u was told that the alignment group '%s' stands at %s, but its partitions "
        "allow %s at most",
        worker, checks->topology.graph->alignment_groups[group], witness->actual,
        witness->expected);
}

void mr_alignment_read(struct mr_checks *checks, const struct mr_probe_at *at,
    struct mr_partition_model *partition)
{
    const struct mr_source_view *source = &checks->topology.sources[partition->source];
    const struct mr_alignment *alignment = &source->read->alignment;
    mr_us told_us = checks->groups[alignment->group].told_us[at->worker - MR_PROCESS_WORKER_1];
    mr_us allowed_us = mr_us_add(told_us, alignment->max_drift_us);
    mr_us own_us = mr_partition_watermark_us(checks, partition);
    if (own_us <= allowed_us) return;
    struct mr_witness *witness = find(checks, at->transform, own_us, allowed_us);
    if (!witness) return;
    mr_witness_print(witness->summary, sizeof witness->summary,
        "subtask %u reads %s[%u] on, whose watermark %s is ahead of what the group '%s' "
        "allows, "
        "%s",
        at->subtask, checks->config.scenario->topics[source->topic].name, partition->id,
        witness->actual, checks->topology.graph->alignment_groups[alignment->group],
        witness->expected);
}

bool mr_alignment_pauses(struct mr_checks *checks, struct mr_partition_model *partition)
{
    const struct mr_alignment *alignment =
        &checks->topology.sources[partition->source].read->alignment;
    if (!alignment->is_aligned) return false;
    mr_us least = least_us(checks, (int)alignment->group, -1);
    return mr_partition_watermark_us(checks, partition) >
           mr_us_add(least, alignment->max_drift_us);
}
