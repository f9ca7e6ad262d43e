/* The model of a source: what its watermark may be, from the rows that it has read, its
 * strategy and idleness alone.
 *
 * Most claims are proven by one of the last rows read, so that the times of all rows need not
 * be looked at; where the last ones do not prove it, every row is looked at once. */
#include "scenarios/checks/checks_internal.h"

enum { LOOK_BACK_ROWS = 64 };

static const struct mr_source_view *source_of(
    const struct mr_checks *checks, const struct mr_partition_model *partition)
{
    return &checks->topology.sources[partition->source];
}

void mr_sources_begin(struct mr_checks *checks, const struct mr_cut *from, mr_ns now)
{
    mr_alignment_begin(checks);
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++) {
        struct mr_partition_model *partition = &checks->partitions[i];
        mr_clock_times_begin(checks, i, from ? from->offsets[i] : 0);
        partition->read_to = from ? from->offsets[i] : 0;
        partition->exact_to = from ? from->exact_to[i] : 0;
        partition->newest_us = from ? from->newest_us[i] : MR_US_MIN;
        partition->seen_us = partition->newest_us;
        partition->quiet_since_ns = now;
        partition->was_empty = false;
        partition->is_held = false;
        partition->is_idle = false;
        partition->is_behind = false;
    }
}

static struct mr_partition_model *find_partition(
    struct mr_checks *checks, uint32_t transform, uint32_t id)
{
    const struct mr_topology *topology = &checks->topology;
    MR_ASSERT(topology->role[transform] >= 0);
    const struct mr_source_view *source = &topology->sources[topology->role[transform]];
    MR_ASSERT(id < source->n_partitions);
    return &checks->partitions[source->first_partition + id];
}

void mr_sources_read(struct mr_checks *checks, const struct mr_probe_at *at, uint32_t partition,
    int64_t offset, uint32_t n_rows)
{
    struct mr_partition_model *model = find_partition(checks, at->transform, partition);
    struct mr_source_view *source = &checks->topology.sources[model->source];
    if (source->read->alignment.is_aligned) mr_alignment_read(checks, at, model);
    if (source->has_clock) {
        source->clock_us = mr_source_date_us(source, at->at_ns);
        mr_clock_times_read(
            checks, source->first_partition + partition, offset, n_rows, source->clock_us);
    }
    model->read_to = offset + n_rows;
    model->quiet_since_ns = at->at_ns;
    model->was_empty = false;
    model->is_held = false;
    checks->counts.rows_read += n_rows;
}

void mr_sources_empty(
    struct mr_checks *checks, const struct mr_probe_at *at, uint32_t partition)
{
    struct mr_partition_model *model = find_partition(checks, at->transform, partition);
    model->was_empty = true;
    if (!model->is_held) return;
    model->is_held = false;
    model->quiet_since_ns = at->at_ns; /* nobody was looking while it was held */
}

void mr_sources_held(
    struct mr_checks *checks, const struct mr_probe_at *at, uint32_t partition)
{
    find_partition(checks, at->transform, partition)->is_held = true;
}

bool mr_partition_has_ended(
    const struct mr_checks *checks, const struct mr_partition_model *partition)
{
    const struct mr_source_view *source = source_of(checks, partition);
    return !source->is_open &&
           partition->read_to >= mr_stream_rows(source->stream, partition->id);
}

/* The watermark that a row carries, or MR_US_MIN. */
static mr_us punctuation_us(const struct mr_checks *checks, const struct mr_source_view *source,
    uint32_t partition, int64_t offset)
{
    struct mr_scratch *scratch = (struct mr_scratch *)&checks->scratch;
    struct mr_value row[MR_FIELDS_MAX], carries = {0};
    mr_us at_us;
    mr_stream_read(source->stream, partition, offset, 1, row, &at_us);
    if (!source->read->punctuation) {
        const struct mr_value *value = &row[source->read->punctuation_field];
        return value->type == MR_TYPE_NULL ? MR_US_MIN : value->i;
    }
    enum mr_owner owner = mr_arena_owner(checks->arena, MR_OWNER_CHECKS);
    enum mr_row_error error =
        mr_expression_row(source->read->punctuation, row, scratch, &carries);
    mr_scratch_reset(scratch);
    mr_arena_owner(checks->arena, owner);
    return error == MR_ROW_OK && carries.i ? at_us : MR_US_MIN;
}

/* What a row says of the watermark. */
static mr_us mark_us(const struct mr_checks *checks, const struct mr_source_view *source,
    uint32_t partition, int64_t offset)
{
    if (source->read->strategy == MR_WATERMARK_PUNCTUATED)
        return punctuation_us(checks, source, partition, offset);
    return mr_stream_time_us(source->stream, partition, offset);
}

static void look_at_all(const struct mr_checks *checks, const struct mr_source_view *source,
    struct mr_partition_model *partition)
{
    for (; partition->exact_to < partition->read_to; partition->exact_to++) {
        mr_us at_us = mark_us(checks, source, partition->id, partition->exact_to);
        if (at_us > partition->newest_us) partition->newest_us = at_us;
    }
    if (partition->newest_us > partition->seen_us) partition->seen_us = partition->newest_us;
}

static mr_us marked_us(
    const struct mr_source_view *source, const struct mr_partition_model *partition)
{
    bool is_idle;
    return mr_stream_marked_us(source->stream, partition->id, partition->read_to, &is_idle);
}

/* Whether the partition's own watermark stands at `watermark_us` or above. */
static bool has_reached(
    const struct mr_checks *checks, struct mr_partition_model *partition, mr_us watermark_us)
{
    if (watermark_us == MR_US_MIN || mr_partition_has_ended(checks, partition)) return true;
    const struct mr_source_view *source = source_of(checks, partition);
    if (source->is_scripted) return marked_us(source, partition) >= watermark_us;
    if (watermark_us == MR_US_MAX) return false;
    if (source->has_clock)
        return watermark_us <= source->clock_us;
    mr_us needed_us = mr_us_add(watermark_us, source->bound_us);
    if (partition->seen_us >= needed_us) return true;
    int64_t first = partition->read_to - LOOK_BACK_ROWS;
    if (first < partition->exact_to) first = partition->exact_to;
    for (int64_t row = partition->read_to; row-- > first;) {
        mr_us at_us = mark_us(checks, source, partition->id, row);
        if (at_us < needed_us) continue;
        partition->seen_us = at_us;
        return true;
    }
    look_at_all(checks, source, partition);
    return partition->seen_us >= needed_us;
}

mr_us mr_partition_watermark_us(
    struct mr_checks *checks, struct mr_partition_model *partition)
{
    const struct mr_source_view *source = source_of(checks, partition);
    if (mr_partition_has_ended(checks, partition)) return MR_US_MAX;
    if (source->is_scripted) return marked_us(source, partition);
    if (source->has_clock) return source->clock_us;
    look_at_all(checks, source, partition);
    if (partition->newest_us == MR_US_MIN) return MR_US_MIN;
    return mr_us_add(partition->newest_us, -source->bound_us);
}

/* The partition that does not allow the watermark; NULL: all do. */
static struct mr_partition_model *find_objection(struct mr_checks *checks,
    const struct mr_source_view *source, uint32_t subtask, mr_us said_us, mr_us watermark_us)
{
    struct mr_partition_model *low = NULL;
    bool has_active = false;
    bool is_reached_by_any = false;
    for (uint32_t p = subtask; p < source->n_partitions; p += checks->topology.parallelism) {
        struct mr_partition_model *partition = &checks->partitions[source->first_partition + p];
        bool is_reached = has_reached(checks, partition, watermark_us);
        is_reached_by_any = is_reached_by_any || is_reached;
        if (!is_reached) low = partition;
        if (partition->is_idle) continue;
        if (partition->is_behind && has_reached(checks, partition, said_us))
            partition->is_behind = false;
        if (partition->is_behind) continue;
        has_active = true;
        if (!is_reached) return partition;
    }
    return has_active || is_reached_by_any ? NULL : low;
}

static void report_overtaking(struct mr_checks *checks, const struct mr_probe_at *at,
    struct mr_partition_model *partition, mr_us watermark_us)
{
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK, 1);
    if (!witness) return;
    const struct mr_source_view *source = source_of(checks, partition);
    mr_witness_watermark(
        checks, witness, at->transform, watermark_us, mr_partition_watermark_us(checks, partition));
    mr_witness_print(witness->summary, sizeof witness->summary,
        "subtask %u says watermark %s, but the rows read from %s[%u] allow %s at most",
        at->subtask, witness->actual, checks->config.scenario->topics[source->topic].name,
        partition->id, witness->expected);
}

void mr_sources_watermark(
    struct mr_checks *checks, const struct mr_probe_at *at, mr_us watermark_us)
{
    const struct mr_topology *topology = &checks->topology;
    struct mr_task_model *task =
        &checks->tasks[mr_topology_task(topology, at->transform, at->subtask)];
    if (topology->graph->transforms[at->transform].kind == MR_READ_FROM_LOG) {
        struct mr_source_view *source =
            &checks->topology.sources[topology->role[at->transform]];
        source->clock_us = mr_source_date_us(source, at->at_ns);
    }
    task->said_before_us = task->said_us;
    if (watermark_us > task->said_us) task->said_us = watermark_us;
    struct mr_partition_model *objection = NULL;
    if (topology->graph->transforms[at->transform].kind == MR_READ_FROM_LOG &&
        watermark_us > task->proven_us)
        objection = find_objection(checks, &topology->sources[topology->role[at->transform]],
            at->subtask, task->proven_us, watermark_us);
    if (objection)
        report_overtaking(checks, at, objection, watermark_us);
    else if (watermark_us > task->proven_us)
        task->proven_us = watermark_us;
}

static void report_idle(struct mr_checks *checks, const struct mr_probe_at *at,
    const struct mr_partition_model *partition)
{
    struct mr_witness *witness =
        mr_checks_find(checks, MR_CHECK_WATERMARKS, MR_VERDICT_WATERMARK_OVERTOOK, 1);
    if (!witness) return;
    const struct mr_source_view *source = source_of(checks, partition);
    char quiet[MR_TIME_TEXT_BYTES], wanted[MR_TIME_TEXT_BYTES];
    mr_duration_format(at->at_ns - partition->quiet_since_ns, quiet);
    mr_duration_format(source->idle_after_ns, wanted);
    mr_witness_at(checks, witness, at->transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "%s[%u] was declared idle after %s%s, where idle_after is %s",
        checks->config.scenario->topics[source->topic].name, partition->id, quiet,
        partition->was_empty ? "" : " in which the log was never found empty", wanted);
    mr_witness_cause(checks, witness, 0);
}

void mr_sources_idle(
    struct mr_checks *checks, const struct mr_probe_at *at, uint32_t partition, bool is_idle)
{
    struct mr_partition_model *model = find_partition(checks, at->transform, partition);
    const struct mr_source_view *source = source_of(checks, model);
    if (!is_idle && source->read->alignment.is_aligned) mr_alignment_reactivates(checks, model);
    model->is_idle = is_idle;
    if (!is_idle) {
        const struct mr_task_model *task =
            &checks->tasks[mr_topology_task(&checks->topology, at->transform, at->subtask)];
        model->is_behind = !has_reached(checks, model, task->proven_us);
        return;
    }
    if (source->is_scripted) {
        bool may_be_idle;
        mr_stream_marked_us(source->stream, model->id, model->read_to, &may_be_idle);
        if (!may_be_idle) report_idle(checks, at, model);
        return;
    }
    bool has_waited =
        source->idle_after_ns > 0 && at->at_ns - model->quiet_since_ns >= source->idle_after_ns;
    if (!has_waited || !model->was_empty) report_idle(checks, at, model);
}
