/* Liveness. From time to time it notes how far the rows of each partition have arrived, and how
 * far the job has got. What had arrived one span ago, and what the watermarks had passed by
 * then, must be committed by now, if nothing has disturbed the job since; or there must have
 * been some progress: what is merely slow is not stuck. */
#include <string.h>

#include "scenarios/checks/checks_internal.h"

enum { STEPS_A_SPAN = MR_LIVENESS_SAMPLES - 1 };

void mr_liveness_init(struct mr_checks *checks)
{
    struct mr_liveness *liveness = &checks->liveness;
    const struct mr_topology *topology = &checks->topology;
    mr_ns span_ns = checks->config.scenario->check.liveness_ns;
    mr_ns idle_ns = 0; /* a silent input is waited for that long, by its own declaration */
    for (uint32_t i = 0; i < topology->n_sources; i++)
        if (topology->sources[i].idle_after_ns > idle_ns)
            idle_ns = topology->sources[i].idle_after_ns;
    /* With no checkpoint but the final one, nothing is committed before the end. */
    bool has_checkpoints = checks->config.manifest->checkpoint_every_ns > 0;
    bool is_enabled = checks->config.scenario->check.enabled[MR_CHECK_LIVENESS];
    if (span_ns <= 0 || !has_checkpoints || !is_enabled) return;
    liveness->span_ns = mr_add_saturating(span_ns, idle_ns);
    size_t bytes = sizeof(int64_t) * topology->n_partitions;
    for (uint32_t i = 0; i < MR_LIVENESS_SAMPLES; i++) {
        liveness->samples[i].arrived = mr_arena_zalloc(checks->arena, bytes);
        liveness->samples[i].newest_us = mr_arena_zalloc(checks->arena, bytes);
        liveness->samples[i].committed = mr_arena_zalloc(checks->arena, bytes);
        liveness->samples[i].passed_us =
            mr_arena_zalloc(checks->arena, sizeof(mr_us) * topology->n_combines);
    }
}

/* How many rows of the partition have arrived by `now`, of which `known` had before. */
static int64_t count_arrived(
    struct mr_stream *stream, uint32_t partition, int64_t known, mr_ns now)
{
    int64_t rows = mr_stream_rows(stream, partition);
    int64_t step = 1;
    int64_t low = known; /* rows below it have arrived */
    while (
        low + step <= rows && mr_stream_arrives_at(stream, partition, low + step - 1) <= now) {
        low += step;
        step *= 2;
    }
    int64_t high = low + step <= rows ? low + step - 1 : rows; /* at most so many */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (mr_stream_arrives_at(stream, partition, middle) <= now)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct mr_liveness_sample *sample_back(
    const struct mr_liveness *liveness, uint32_t n)
{
    uint32_t at = (liveness->at + MR_LIVENESS_SAMPLES - 1 - n) % MR_LIVENESS_SAMPLES;
    return &liveness->samples[at];
}

static void take_sample(struct mr_checks *checks, mr_ns now)
{
    struct mr_liveness *liveness = &checks->liveness;
    const struct mr_liveness_sample *before =
        liveness->n_samples ? sample_back(liveness, 0) : NULL;
    const struct mr_cut *last = mr_cut_last(checks);
    struct mr_liveness_sample *sample = &liveness->samples[liveness->at];
    sample->at_ns = now;
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++) {
        const struct mr_partition_model *partition = &checks->partitions[i];
        struct mr_stream *stream = checks->topology.sources[partition->source].stream;
        int64_t known = before ? before->arrived[i] : 0;
        mr_us newest_us = before ? before->newest_us[i] : MR_US_MIN;
        int64_t arrived = count_arrived(stream, partition->id, known, now);
        if (arrived > known) {
            mr_us at_us = mr_stream_time_us(stream, partition->id, arrived - 1);
            if (at_us > newest_us) newest_us = at_us;
        }
        sample->arrived[i] = arrived;
        sample->newest_us[i] = newest_us;
        sample->committed[i] = last ? last->offsets[i] : 0;
    }
    for (uint32_t i = 0; i < checks->topology.n_combines; i++)
        sample->passed_us[i] = last ? mr_cut_watermark_us(checks, last, i) : MR_US_MIN;
    liveness->at = (liveness->at + 1) % MR_LIVENESS_SAMPLES;
    if (liveness->n_samples < MR_LIVENESS_SAMPLES) liveness->n_samples++;
}

/* Since when nothing has disturbed the job. */
static void note_calm(struct mr_checks *checks, mr_ns now)
{
    struct mr_liveness *liveness = &checks->liveness;
    const struct mr_world *world = checks->config.world;
    mr_ns since_ns = world ? mr_world_healed_at(world) : 0;
    if (world && mr_world_is_faulty(world)) since_ns = now;
    if (since_ns > liveness->calm_since_ns) liveness->calm_since_ns = since_ns;
}

void mr_liveness_resume(struct mr_checks *checks, mr_ns now)
{
    if (now > checks->liveness.calm_since_ns) checks->liveness.calm_since_ns = now;
}

enum input_state { INPUT_LIVELY, INPUT_ENDED, INPUT_SILENT };
static enum input_state input_state(const struct mr_checks *checks, uint32_t index)
{
    const struct mr_liveness_sample *then = sample_back(&checks->liveness, STEPS_A_SPAN);
    const struct mr_liveness_sample *now = sample_back(&checks->liveness, 0);
    const struct mr_partition_model *partition = &checks->partitions[index];
    const struct mr_source_view *source = &checks->topology.sources[partition->source];
    if (!source->is_open &&
        then->arrived[index] >= mr_stream_rows(source->stream, partition->id))
        return INPUT_ENDED;
    return now->arrived[index] > then->arrived[index] ? INPUT_LIVELY : INPUT_SILENT;
}

/* What a partition's watermark was, at the least. A punctuated one may be anything. */
static mr_us promised_us(const struct mr_source_view *source,
    const struct mr_liveness_sample *then, uint32_t index)
{
    if (source->has_clock)
        return mr_source_date_us(source, then->at_ns);
    if (source->read->strategy == MR_WATERMARK_PUNCTUATED) return MR_US_MIN;
    mr_us newest_us = then->newest_us[index];
    return newest_us == MR_US_MIN ? MR_US_MIN : mr_us_add(newest_us, -source->bound_us);
}

/* Where the watermark of the inputs that deliver stood one span ago, at least. */
static mr_us passed_us(const struct mr_checks *checks)
{
    const struct mr_liveness_sample *then = sample_back(&checks->liveness, STEPS_A_SPAN);
    mr_us lowest_us = MR_US_MAX;
    bool has_any = false;
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++) {
        enum input_state state = input_state(checks, i);
        if (state == INPUT_SILENT) continue;
        has_any = true;
        if (state == INPUT_ENDED) continue;
        const struct mr_source_view *source =
            &checks->topology.sources[checks->partitions[i].source];
        mr_us own_us = promised_us(source, then, i);
        if (own_us < lowest_us) lowest_us = own_us;
    }
    return has_any ? lowest_us : MR_US_MIN;
}

/* Which inputs are silent, idle, or wait to be read. */
static void describe_inputs(struct mr_checks *checks, struct mr_witness *witness)
{
    const struct mr_liveness_sample *now = sample_back(&checks->liveness, 0);
    char span[MR_TIME_TEXT_BYTES];
    mr_duration_format(checks->liveness.span_ns, span);
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++) {
        const struct mr_partition_model *partition = &checks->partitions[i];
        const struct mr_source_view *source = &checks->topology.sources[partition->source];
        const char *topic = checks->config.scenario->topics[source->topic].name;
        if (input_state(checks, i) == INPUT_SILENT)
            mr_witness_because(witness, "%s[%u] has been silent for %s and is %s", topic,
                partition->id, span, partition->is_idle ? "idle" : "not declared idle");
        else if (partition->read_to < now->arrived[i])
            mr_witness_because(witness, "%s[%u] is blocked: rows that wait to be read: %lld",
                topic, partition->id, (long long)(now->arrived[i] - partition->read_to));
    }
    if (checks->job_state != MR_JOB_RUNNING && checks->job_reason[0])
        mr_witness_because(witness, "the job: %s", checks->job_reason);
    mr_witness_cause(checks, witness, 0);
}

static struct mr_witness *find_stuck(struct mr_checks *checks, uint32_t transform)
{
    struct mr_witness *witness = mr_checks_find(checks, MR_CHECK_LIVENESS, MR_VERDICT_STUCK, 1);
    if (!witness) return NULL;
    mr_witness_at(checks, witness, transform);
    describe_inputs(checks, witness);
    return witness;
}

static bool judge_windows(struct mr_checks *checks)
{
    mr_us bound_us = passed_us(checks);
    const struct mr_liveness_sample *then = sample_back(&checks->liveness, STEPS_A_SPAN);
    const struct mr_liveness_sample *now = sample_back(&checks->liveness, 0);
    for (uint32_t i = 0; i < checks->topology.n_combines; i++) {
        uint32_t combine = checks->topology.combines[i];
        mr_us end_us = mr_oracle_earliest_end_us(checks->oracle, combine);
        if (mr_panes_is_watched(checks, i)) end_us = mr_panes_earliest_end_us(checks, i);
        if (mr_panes_may_hold_back(checks, combine)) continue;
        if (end_us > bound_us || end_us == MR_US_MAX) continue;
        if (now->passed_us[i] > then->passed_us[i]) continue;
        struct mr_witness *witness = find_stuck(checks, combine);
        if (!witness) return true;
        char end[MR_TIME_TEXT_BYTES], span[MR_TIME_TEXT_BYTES];
        const struct mr_windowing *windowing =
            &checks->topology.graph->transforms[combine].windowing;
        mr_us start_us = windowing->size_us > 0
                             ? mr_us_add(end_us, -windowing->size_us)
                             : MR_US_MIN;
        mr_witness_window(witness, start_us, end_us);
        mr_witness_print(witness->summary, sizeof witness->summary,
            "the window that ends at %s is not committed, although every input that delivers "
            "passed "
            "it %s ago",
            mr_timestamp_format(end_us, end),
            mr_duration_format(checks->liveness.span_ns, span));
        return true;
    }
    return false;
}

static bool judge_offsets(struct mr_checks *checks)
{
    const struct mr_liveness_sample *then = sample_back(&checks->liveness, STEPS_A_SPAN);
    const struct mr_liveness_sample *now = sample_back(&checks->liveness, 0);
    const struct mr_cut *last = mr_cut_last(checks);
    for (uint32_t i = 0; i < checks->topology.n_partitions; i++) {
        int64_t committed = now->committed[i];
        if (committed >= then->arrived[i] || committed > then->committed[i]) continue;
        if (mr_alignment_pauses(checks, &checks->partitions[i])) continue;
        const struct mr_source_view *source =
            &checks->topology.sources[checks->partitions[i].source];
        struct mr_witness *witness = find_stuck(checks, source->transform);
        if (!witness) return true;
        char span[MR_TIME_TEXT_BYTES];
        mr_witness_print(witness->summary, sizeof witness->summary,
            "rows of %s[%u] that arrived %s ago or before and are in no completed checkpoint: "
            "%lld; the "
            "last one is %llu",
            checks->config.scenario->topics[source->topic].name, checks->partitions[i].id,
            mr_duration_format(checks->liveness.span_ns, span),
            (long long)(then->arrived[i] - committed),
            (unsigned long long)(last ? last->checkpoint : 0));
        return true;
    }
    return false;
}

static void judge_transactions(struct mr_checks *checks, mr_ns now)
{
    const struct mr_transaction_ledger *ledger = &checks->transactions;
    for (uint32_t i = 0; i < ledger->n; i++) {
        const struct mr_producer_model *producer = &ledger->producers[i];
        if (producer->state != MR_TRANSACTION_OPEN || producer->covered_ns == MR_NS_NEVER)
            continue;
        if (now - producer->covered_ns < checks->liveness.span_ns) continue;
        struct mr_witness *witness =
            find_stuck(checks, checks->topology.sinks[producer->sink].transform);
        if (!witness) return;
        char since[MR_TIME_TEXT_BYTES];
        mr_witness_print(witness->summary, sizeof witness->summary,
            "the transaction of subtask %u for checkpoint %llu has waited since %s to be "
            "committed",
            producer->subtask, (unsigned long long)producer->checkpoint,
            mr_duration_format(producer->covered_ns, since));
        return;
    }
}

void mr_liveness_poll(struct mr_checks *checks, mr_ns now)
{
    struct mr_liveness *liveness = &checks->liveness;
    if (liveness->span_ns == 0) return;
    note_calm(checks, now);
    if (MR_LIKELY(now < liveness->next_ns)) return;
    liveness->next_ns = now + liveness->span_ns / STEPS_A_SPAN + 1;
    take_sample(checks, now);
    if (liveness->n_samples < MR_LIVENESS_SAMPLES) return;
    if (now - liveness->calm_since_ns < liveness->span_ns) return;
    if (checks->job_state == MR_JOB_FINISHED || checks->job_state == MR_JOB_STOPPED) return;
    if (!judge_windows(checks) && !judge_offsets(checks)) judge_transactions(checks, now);
}

static void report_limit(struct mr_checks *checks, enum mr_run_end end)
{
    struct mr_witness *witness = mr_checks_find(checks, MR_CHECK_RUN, MR_VERDICT_LIMIT, 1);
    if (!witness) return;
    const struct mr_limits *limits = &checks->config.scenario->limits;
    char time[MR_TIME_TEXT_BYTES];
    if (end == MR_END_TIME)
        mr_witness_print(witness->summary, sizeof witness->summary,
            "the run reached limits.virtual_time, %s, before the job was finished",
            mr_duration_format(limits->virtual_time_ns, time));
    else
        mr_witness_print(witness->summary, sizeof witness->summary,
            "the run reached limits.events, %llu, before the job was finished",
            (unsigned long long)limits->events);
    if (checks->job_reason[0]) mr_witness_because(witness, "the job: %s", checks->job_reason);
    mr_witness_cause(checks, witness, 0);
}

static bool is_stuck(const struct mr_checks *checks)
{
    for (uint32_t i = 0; i < checks->findings.n; i++)
        if (checks->findings.list[i].witness.check == MR_CHECK_LIVENESS) return true;
    return false;
}

void mr_liveness_finish(struct mr_checks *checks, enum mr_run_end end)
{
    if (end == MR_END_TIME || end == MR_END_EVENTS) report_limit(checks, end);
    if (end != MR_END_QUIET || is_stuck(checks)) return;
    struct mr_witness *witness = mr_checks_find(checks, MR_CHECK_LIVENESS, MR_VERDICT_STUCK, 1);
    if (!witness) return;
    mr_witness_print(witness->summary, sizeof witness->summary, "%s",
        checks->job_state == MR_JOB_FAILED
            ? "the job has failed for good"
            : "nothing is left to happen, and the job is not finished");
    if (checks->job_reason[0]) mr_witness_because(witness, "the job: %s", checks->job_reason);
    mr_witness_cause(checks, witness, 0);
}
