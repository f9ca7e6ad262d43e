/* Watermarks of tasks and channels, against a second reading of the rule: a task stands at the
 * least of its active, caught-up channels, never below where it stood, and at the highest when
 * all are idle. */
#include "scenarios/checks/checks_internal.h"

static const char *name_of(const struct mr_checks *checks, uint32_t transform)
{
    return checks->topology.graph->transforms[transform].name;
}

/* Whether the snapshot of a stage tells its watermark: through a source or a Combine. */
static bool shows_watermark(const struct mr_checks *checks, const struct mr_stage *stage)
{
    if (stage->has_source) return true;
    for (uint32_t i = 0; i < stage->n_transforms; i++)
        if (mr_transform_has_state(
                &checks->topology.graph->transforms[stage->transforms[i]]))
            return true;
    return false;
}

void mr_watermarks_begin(struct mr_checks *checks, const struct mr_cut *from)
{
    uint32_t parallelism = checks->topology.parallelism;
    for (uint32_t i = 0; i < checks->topology.n_tasks; i++) {
        mr_us restored_us = from ? from->task_watermarks[i] : MR_US_MIN;
        const struct mr_stage *stage = &checks->topology.plan->stages[i / parallelism];
        checks->tasks[i] = (struct mr_task_model){.said_us = restored_us,
            .said_before_us = MR_US_MIN,
            .proven_us = restored_us,
            .is_unknown = from && !shows_watermark(checks, stage)};
    }
}

static void report_channel(struct mr_checks *checks, const struct mr_probe_channel *at,
    enum mr_verdict verdict, mr_us said_us, mr_us bound_us)
{
    struct mr_witness *witness = mr_checks_find(checks, MR_CHECK_WATERMARKS, verdict, 1);
    if (!witness) return;
    mr_witness_watermark(checks, witness, at->to_transform, said_us, bound_us);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "the channel from '%s' subtask %u to '%s' subtask %u says watermark %s, %s %s",
        name_of(checks, at->from_transform), at->from_subtask,
        name_of(checks, at->to_transform), at->to_subtask, witness->actual,
        verdict == MR_VERDICT_WATERMARK_REGRESSED ? "after it had said"
                                                  : "but its sender stands at",
        witness->expected);
}

void mr_watermarks_received(struct mr_checks *checks, const struct mr_probe_channel *at,
    struct mr_channel_model *channel, mr_us watermark_us)
{
    if (watermark_us == MR_US_MIN) return;
    if (watermark_us < channel->watermark_us) {
        report_channel(
            checks, at, MR_VERDICT_WATERMARK_REGRESSED, watermark_us, channel->watermark_us);
        return;
    }
    channel->watermark_us = watermark_us;
    uint32_t sender = mr_topology_task(&checks->topology, at->from_transform, at->from_subtask);
    mr_us proven_us = checks->tasks[sender].proven_us;
    if (watermark_us > proven_us)
        report_channel(checks, at, MR_VERDICT_WATERMARK_OVERTOOK, watermark_us, proven_us);
}

void mr_watermarks_channel_idle(
    struct mr_checks *checks, const struct mr_probe_channel *at, bool is_idle)
{
    int64_t index = mr_topology_channel(&checks->topology, at);
    if (index < 0) return;
    struct mr_channel_model *channel = &checks->channels[index];
    uint32_t task = mr_topology_task(&checks->topology, at->to_transform, at->to_subtask);
    channel->is_idle = is_idle;
    channel->is_behind = !is_idle && channel->watermark_us < checks->tasks[task].said_us;
}

/* Walks over the channels of a task. */
struct walk {
    uint32_t stage_input; /* index into the stage's inputs */
    uint32_t from;
};

static bool next_channel(const struct mr_checks *checks, const struct mr_stage *stage,
    uint32_t subtask, struct walk *walk, uint32_t *index)
{
    while (walk->stage_input < stage->n_inputs) {
        const struct mr_exchange_view *view =
            &checks->topology.exchanges[stage->inputs[walk->stage_input]];
        if (walk->from < view->fan_in) {
            *index = view->first_channel + subtask * view->fan_in + walk->from++;
            return true;
        }
        walk->stage_input++;
        walk->from = 0;
    }
    return false;
}

static bool has_ambiguous_input(const struct mr_checks *checks, const struct mr_stage *stage)
{
    for (uint32_t i = 0; i < stage->n_inputs; i++)
        if (checks->topology.exchanges[stage->inputs[i]].is_ambiguous) return true;
    return false;
}

/* The most that the channels allow; what stood before counts besides. */
static mr_us allowed_us(
    struct mr_checks *checks, const struct mr_stage *stage, uint32_t subtask, mr_us stood_us)
{
    if (has_ambiguous_input(checks, stage)) return MR_US_MAX;
    mr_us lowest_us = MR_US_MAX;
    mr_us highest_us = MR_US_MIN;
    bool all_idle = true;
    bool has_active = false;
    struct walk walk = {0};
    uint32_t index;
    while (next_channel(checks, stage, subtask, &walk, &index)) {
        struct mr_channel_model *channel = &checks->channels[index];
        if (channel->watermark_us > highest_us) highest_us = channel->watermark_us;
        if (channel->is_idle) continue;
        all_idle = false;
        if (channel->is_behind && channel->watermark_us >= stood_us) channel->is_behind = false;
        if (channel->is_behind) continue;
        has_active = true;
        if (channel->watermark_us < lowest_us) lowest_us = channel->watermark_us;
    }
    if (all_idle) return highest_us;
    return has_active ? lowest_us : stood_us;
}

mr_us mr_watermarks_allowed_us(struct mr_checks *checks, const struct mr_probe_at *at)
{
    const struct mr_topology *topology = &checks->topology;
    const struct mr_stage *stage =
        &topology->plan->stages[topology->plan->stage_of[at->transform]];
    mr_us stood_us =
        checks->tasks[mr_topology_task(topology, at->transform, at->subtask)].proven_us;
    mr_us now_us = allowed_us(checks, stage, at->subtask, stood_us);
    return now_us > stood_us ? now_us : stood_us;
}

static void report_operator(struct mr_checks *checks, const struct mr_probe_at *at,
    enum mr_verdict verdict, mr_us said_us, mr_us bound_us)
{
    struct mr_witness *witness = mr_checks_find(checks, MR_CHECK_WATERMARKS, verdict, 1);
    if (!witness) return;
    mr_witness_watermark(checks, witness, at->transform, said_us, bound_us);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "subtask %u says watermark %s, %s %s", at->subtask, witness->actual,
        verdict == MR_VERDICT_WATERMARK_REGRESSED ? "after" : "but its channels allow at most",
        witness->expected);
}

void mr_watermarks_operator(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us)
{
    uint32_t index = mr_topology_task(&checks->topology, at->transform, at->subtask);
    struct mr_task_model *task = &checks->tasks[index];
    const struct mr_stage *stage =
        &checks->topology.plan->stages[checks->topology.plan->stage_of[at->transform]];
    mr_us stood_us = task->said_us;
    if (watermark_us < stood_us) {
        report_operator(checks, at, MR_VERDICT_WATERMARK_REGRESSED, watermark_us, stood_us);
        return;
    }
    task->said_before_us = task->has_spoken ? stood_us : MR_US_MIN;
    task->has_spoken = true;
    task->said_us = watermark_us;
    if (task->is_unknown) {
        task->proven_us = watermark_us;
        mr_lookups_first_watermark(checks, at, watermark_us);
    }
    mr_lookups_watermark(checks, at, watermark_us);
    task->is_unknown = false;
    if (watermark_us <= task->proven_us) return;
    mr_us bound_us = allowed_us(checks, stage, at->subtask, task->proven_us);
    if (watermark_us <= bound_us) {
        task->proven_us = watermark_us;
        return;
    }
    mr_us shown_us = bound_us > task->proven_us ? bound_us : task->proven_us;
    report_operator(checks, at, MR_VERDICT_WATERMARK_OVERTOOK, watermark_us, shown_us);
}

/* A pane is on time when the watermark has just passed its window's end, once; late from then
 * on until it expires. */
static bool is_in_contract(const struct mr_task_model *task, mr_us end_us, mr_us lateness_us,
    enum mr_pane_timing timing)
{
    switch (timing) {
    case MR_PANE_ON_TIME:
        return task->said_before_us < end_us && end_us <= task->said_us;
    case MR_PANE_LATE:
        return end_us <= task->said_us && mr_us_add(end_us, lateness_us) > task->said_us;
    case MR_PANE_EARLY:
        return end_us > task->said_us;
    case MR_PANE_UNKNOWN:
        return true;
    }
    return false;
}

void mr_watermarks_fired(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_batch *rows, mr_us window_start_us, mr_us window_end_us,
    enum mr_pane_timing timing)
{
    const struct mr_transform *transform = &checks->topology.graph->transforms[at->transform];
    const struct mr_task_model *task =
        &checks->tasks[mr_topology_task(&checks->topology, at->transform, at->subtask)];
    if (is_in_contract(task, window_end_us, transform->windowing.allowed_lateness_us, timing))
        return;
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_WATERMARKS, MR_VERDICT_PANE_CONTRACT, 1);
    if (!witness) return;
    static const char *const timings[] = {"an early", "an on-time", "a late", "a"};
    char said[MR_TIME_TEXT_BYTES], before[MR_TIME_TEXT_BYTES], end[MR_TIME_TEXT_BYTES];
    mr_timestamp_format(task->said_us, said);
    mr_timestamp_format(task->said_before_us, before);
    mr_timestamp_format(window_end_us, end);
    mr_witness_at(checks, witness, at->transform);
    mr_witness_window(witness, window_start_us, window_end_us);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "subtask %u fired %s pane of a window that ends at %s while its watermark went from %s "
        "to %s",
        at->subtask, timings[timing], end, before, said);
    struct mr_value row[MR_FIELDS_MAX];
    uint32_t first = mr_batch_row(rows, 0);
    for (uint32_t i = 0; i < rows->n_columns; i++)
        row[i] = mr_column_value(&rows->columns[i], first);
    mr_witness_row(witness->actual, sizeof witness->actual, &transform->outputs[0].schema, row);
    int keys[MR_FIELDS_MAX];
    uint32_t n_keys = transform->kind == MR_COMBINE ? transform->combine.n_keys : 0;
    for (uint32_t i = 0; i < n_keys; i++) keys[i] = (int)i;
    mr_witness_key(witness, row, keys, n_keys);
    mr_witness_cause(checks, witness, 0);
}
