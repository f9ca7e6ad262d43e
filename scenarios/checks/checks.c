/* The taps: each call goes to the checks that it concerns. What an older attempt still does is
 * not looked at: the log's ledger sees whatever of it matters. */
#include "scenarios/checks/checks.h"

#include <string.h>

#include "scenarios/checks/checks_internal.h"

/* Memory that is asked for below is the checks', whoever was at work when they were called.
 * What asks for none but to report a finding does without: mr_checks_find sees to it. */
#define AS_CHECKS(checks, call)                                                                \
    do {                                                                                       \
        enum mr_owner owner_ = mr_arena_owner((checks)->arena, MR_OWNER_CHECKS);               \
        call;                                                                                  \
        mr_arena_owner((checks)->arena, owner_);                                               \
    } while (0)

static bool is_current(const struct mr_checks *checks, const struct mr_probe_at *at)
{
    return MR_LIKELY(at->attempt == checks->attempt);
}

/* The probe. */

static void source_read(void *self, const struct mr_probe_at *at, uint32_t partition,
    int64_t offset, uint32_t n_rows)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) mr_sources_read(checks, at, partition, offset, n_rows);
}

static void source_empty(void *self, const struct mr_probe_at *at, uint32_t partition)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) mr_sources_empty(checks, at, partition);
}

static void source_held(void *self, const struct mr_probe_at *at, uint32_t partition)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) mr_sources_held(checks, at, partition);
}

static void group_aligned(void *self, mr_ns at_ns, uint32_t worker, uint32_t attempt,
    uint32_t group, mr_us low_us)
{
    (void)at_ns;
    struct mr_checks *checks = self;
    if (attempt == checks->attempt) mr_alignment_told(checks, worker, group, low_us);
}

static void source_idle(
    void *self, const struct mr_probe_at *at, uint32_t partition, bool is_idle)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) mr_sources_idle(checks, at, partition, is_idle);
}

static void source_watermark(void *self, const struct mr_probe_at *at, mr_us watermark_us)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) mr_sources_watermark(checks, at, watermark_us);
}

static void received(void *self, const struct mr_probe_at *at,
    const struct mr_probe_channel *channel, uint64_t number, const struct mr_batch *rows,
    mr_us watermark_us)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at))
        mr_channels_received(checks, channel, number, rows, watermark_us);
}

static void channel_idle(void *self, const struct mr_probe_at *at,
    const struct mr_probe_channel *channel, bool is_idle)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) mr_watermarks_channel_idle(checks, channel, is_idle);
}

static void barrier(void *self, const struct mr_probe_at *at,
    const struct mr_probe_channel *channel, uint64_t checkpoint, uint64_t rows_sent)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) mr_channels_barrier(checks, channel, checkpoint, rows_sent);
}

static void operator_watermark(void *self, const struct mr_probe_at *at, mr_us watermark_us)
{
    struct mr_checks *checks = self;
    if (!is_current(checks, at)) return;
    mr_watermarks_operator(checks, at, watermark_us);
    if (checks->panes.is_needed) AS_CHECKS(checks, mr_panes_watermark(checks, at, watermark_us));
}

static void late_dropped(void *self, const struct mr_probe_at *at, const struct mr_batch *batch,
    uint32_t row, mr_us window_start_us, mr_us window_end_us, mr_us watermark_us)
{
    (void)watermark_us; /* the check has its own */
    struct mr_checks *checks = self;
    if (is_current(checks, at))
        AS_CHECKS(checks, mr_late_add(checks, at, batch, row, window_start_us, window_end_us));
}

static void lookup_taken(void *self, const struct mr_probe_at *at, uint64_t number)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) AS_CHECKS(checks, mr_lookups_taken(checks, at, number));
}

static void lookup_called(
    void *self, const struct mr_probe_at *at, uint64_t number, uint32_t call)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) mr_lookups_called(checks, at, number, call);
}

static void lookup_ended(
    void *self, const struct mr_probe_at *at, uint64_t number, uint32_t call, int status)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) mr_lookups_ended(checks, at, number, call, status);
}

static void lookup_left(void *self, const struct mr_probe_at *at, uint64_t number,
    const struct mr_batch *row, int outcome, mr_ns answered_ns)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at))
        AS_CHECKS(checks, mr_lookups_left(checks, at, number, row,
                              (enum mr_lookup_outcome)outcome, answered_ns));
}

static void lookup_snapshot(
    void *self, const struct mr_probe_at *at, uint64_t checkpoint, const struct mr_batch *row)
{
    struct mr_checks *checks = self;
    AS_CHECKS(checks, mr_lookups_snapshot(checks, at, checkpoint, row));
}

static void fired(void *self, const struct mr_probe_at *at, const struct mr_batch *rows,
    mr_us window_start_us, mr_us window_end_us, enum mr_pane_timing timing, mr_us watermark_us)
{
    (void)watermark_us;
    struct mr_checks *checks = self;
    if (is_current(checks, at))
        mr_watermarks_fired(checks, at, rows, window_start_us, window_end_us, timing);
}

static void accepted(void *self, const struct mr_probe_at *at, const struct mr_batch *batch,
    uint32_t row, mr_us window_start_us, mr_us window_end_us)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at))
        AS_CHECKS(checks,
            mr_panes_accepted(checks, at, batch, row, window_start_us, window_end_us));
}

static void batch_taken(void *self, const struct mr_probe_at *at)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) AS_CHECKS(checks, mr_panes_batch(checks, at));
}

static void time_passed(void *self, const struct mr_probe_at *at)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) AS_CHECKS(checks, mr_panes_time(checks, at));
}

static void panes_fired(void *self, const struct mr_probe_at *at, const struct mr_batch *rows)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at)) AS_CHECKS(checks, mr_panes_fired(checks, at, rows));
}

static void keyed_row(void *self, const struct mr_probe_at *at, uint32_t input,
    const struct mr_batch *batch, uint32_t row, mr_us now_us)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at))
        AS_CHECKS(checks, mr_keyed_met_row(checks, at, input, batch, row, now_us));
}

static void keyed_watermark(
    void *self, const struct mr_probe_at *at, mr_us watermark_us, mr_us now_us)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at))
        AS_CHECKS(checks,
            mr_keyed_met_time(checks, at, MR_EVENT_WATERMARK, watermark_us, now_us));
}

static void keyed_wake(void *self, const struct mr_probe_at *at, mr_us now_us)
{
    struct mr_checks *checks = self;
    if (is_current(checks, at))
        AS_CHECKS(checks, mr_keyed_met_time(checks, at, MR_EVENT_WAKE, MR_US_MIN, now_us));
}

static void row_failed(void *self, const struct mr_probe_at *at, int error)
{
    struct mr_checks *checks = self;
    if (!is_current(checks, at)) return;
    mr_witness_print(checks->job_reason, sizeof checks->job_reason, "transform '%s': %s",
        checks->topology.graph->transforms[at->transform].name,
        mr_row_error_text((enum mr_row_error)error));
}

static void checkpoint_triggered(void *self, mr_ns at_ns, uint32_t attempt, uint64_t checkpoint)
{
    (void)at_ns;
    struct mr_checks *checks = self;
    AS_CHECKS(checks, mr_cut_begin(checks, checks->taking, attempt, checkpoint));
}

static void snapshot_source(void *self, const struct mr_probe_at *at, uint64_t checkpoint,
    uint32_t partition, int64_t next_offset)
{
    mr_cut_source(self, at, checkpoint, partition, next_offset);
}

static void snapshot_operator(void *self, const struct mr_probe_at *at, uint64_t checkpoint,
    mr_us watermark_us, const void *state, uint32_t state_bytes)
{
    struct mr_checks *checks = self;
    /* State by key is judged by what comes of it (keyed checks), and is here only to be looked at. */
    if (!checks->topology.graph->transforms[at->transform].keyed) {
        if (checks->panes.is_needed && is_current(checks, at))
            AS_CHECKS(checks, mr_panes_snapshot(checks, at));
        AS_CHECKS(
            checks, mr_cut_operator(checks, at, checkpoint, watermark_us, state, state_bytes));
    }
    if (checks->config.stored)
        checks->config.stored(checks->config.watcher, at->transform, state, state_bytes);
}

static void checkpoint_completed(
    void *self, mr_ns at_ns, uint32_t attempt, uint64_t checkpoint, uint64_t state_bytes)
{
    (void)at_ns;
    (void)state_bytes;
    struct mr_checks *checks = self;
    AS_CHECKS(checks, mr_lockstep_complete(checks, attempt, checkpoint));
}

static void note_restore(struct mr_checks *checks, struct mr_restore restore)
{
    if (checks->n_restores == MR_RESTORES_KEPT) {
        memmove(checks->restores, checks->restores + 1,
            sizeof *checks->restores * (MR_RESTORES_KEPT - 1));
        checks->n_restores--;
    }
    checks->restores[checks->n_restores++] = restore;
    checks->counts.restarts += restore.attempt > 1;
    checks->counts.restores += restore.from > 0;
}

static void begin_attempt(struct mr_checks *checks, struct mr_restore restore)
{
    note_restore(checks, restore);
    checks->attempt = restore.attempt;
    mr_lockstep_restore(checks, restore.from, restore.is_rewind);
    const struct mr_cut *from = restore.from ? mr_cut_last(checks) : NULL;
    mr_sources_begin(checks, from, restore.at_ns);
    mr_watermarks_begin(checks, from);
    mr_channels_begin(checks);
    mr_panes_begin(checks, from);
    mr_lookups_begin(checks);
}

static void attempt_started(
    void *self, mr_ns at_ns, uint32_t attempt, uint64_t from_checkpoint, bool is_rewind)
{
    struct mr_checks *checks = self;
    struct mr_restore restore = {
        .attempt = attempt, .from = from_checkpoint, .at_ns = at_ns, .is_rewind = is_rewind};
    AS_CHECKS(checks, begin_attempt(checks, restore));
}

static void job_state(
    void *self, mr_ns at_ns, uint32_t attempt, enum mr_job_state state, const char *reason)
{
    (void)attempt;
    struct mr_checks *checks = self;
    if (checks->job_state == MR_JOB_STOPPED) mr_liveness_resume(checks, at_ns);
    checks->job_state = state;
    if (reason && reason[0])
        mr_witness_print(checks->job_reason, sizeof checks->job_reason, "%s", reason);
}

/* The log. */

static void take_append(struct mr_checks *checks, mr_ns at_ns,
    const struct mr_log_append *request, const struct mr_message *rows, int64_t offset)
{
    struct mr_append *append = mr_append_new(checks, at_ns, request, rows, offset);
    if (request->is_transactional) {
        mr_transactions_appended(checks, request, append);
        return;
    }
    mr_appends_add_bare(checks, append);
}

static void appended(void *self, mr_ns at_ns, uint32_t process,
    const struct mr_log_append *request, const struct mr_message *rows, int64_t offset)
{
    (void)process;
    struct mr_checks *checks = self;
    AS_CHECKS(checks, take_append(checks, at_ns, request, rows, offset));
}

static void ended(void *self, mr_ns at_ns, uint64_t producer_id, uint32_t producer_epoch,
    bool is_committed, int cause)
{
    (void)at_ns;
    struct mr_checks *checks = self;
    AS_CHECKS(checks,
        mr_transactions_ended(checks, producer_id, producer_epoch, is_committed, cause));
}

static void refused(void *self, mr_ns at_ns, uint32_t process, uint64_t producer_id,
    uint32_t producer_epoch, enum mr_log_status status)
{
    (void)at_ns;
    (void)process;
    struct mr_checks *checks = self;
    AS_CHECKS(checks, mr_transactions_refused(checks, producer_id, producer_epoch, status));
}

/* Making them. */

static void hang_taps(struct mr_checks *checks)
{
    checks->probe = (struct mr_probe){.self = checks,
        .source_read = source_read,
        .source_empty = source_empty,
        .source_held = source_held,
        .group_aligned = group_aligned,
        .source_idle = source_idle,
        .source_watermark = source_watermark,
        .received = received,
        .channel_idle = channel_idle,
        .barrier = barrier,
        .operator_watermark = operator_watermark,
        .late_dropped = late_dropped,
        .fired = fired,
        .wants_accepted = checks->panes.is_needed,
        .accepted = accepted,
        .batch_taken = batch_taken,
        .time_passed = time_passed,
        .panes_fired = panes_fired,
        .lookup_taken = lookup_taken,
        .lookup_called = lookup_called,
        .lookup_ended = lookup_ended,
        .lookup_left = lookup_left,
        .lookup_snapshot = lookup_snapshot,
        .keyed_row = keyed_row,
        .keyed_watermark = keyed_watermark,
        .keyed_wake = keyed_wake,
        .row_failed = row_failed,
        .checkpoint_triggered = checkpoint_triggered,
        .snapshot_source = snapshot_source,
        .snapshot_operator = snapshot_operator,
        .checkpoint_completed = checkpoint_completed,
        .attempt_started = attempt_started,
        .job_state = job_state};
    checks->tap = (struct mr_broker_tap){
        .self = checks, .appended = appended, .ended = ended, .refused = refused};
}

static void make_models(struct mr_checks *checks)
{
    struct mr_arena *arena = checks->arena;
    const struct mr_topology *topology = &checks->topology;
    checks->partitions =
        mr_arena_zalloc(arena, sizeof *checks->partitions * topology->n_partitions);
    for (uint32_t i = 0; i < topology->n_sources; i++)
        for (uint32_t p = 0; p < topology->sources[i].n_partitions; p++)
            checks->partitions[topology->sources[i].first_partition + p] =
                (struct mr_partition_model){.source = i, .id = p};
    checks->clock_times =
        mr_arena_zalloc(arena, sizeof *checks->clock_times * topology->n_partitions);
    checks->groups = mr_arena_zalloc(
        arena, sizeof *checks->groups * (topology->graph->n_alignment_groups + 1));
    checks->tasks = mr_arena_alloc(arena, sizeof *checks->tasks * topology->n_tasks);
    checks->channels =
        mr_arena_alloc(arena, sizeof *checks->channels * (topology->n_channels + 1));
    mr_sources_begin(checks, NULL, 0);
    mr_watermarks_begin(checks, NULL);
    mr_channels_begin(checks);
    const struct mr_scenario *scenario = checks->config.scenario;
    checks->closed_by = mr_arena_zalloc(arena, sizeof *checks->closed_by * scenario->n_topics);
    checks->verified = mr_arena_zalloc(arena, sizeof *checks->verified * scenario->n_topics);
    for (uint32_t i = 0; i < scenario->n_topics; i++)
        checks->verified[i] =
            mr_arena_zalloc(arena, sizeof(int64_t) * scenario->topics[i].n_partitions);
}

struct mr_checks *mr_checks_new(struct mr_arena *arena, const struct mr_checks_config *config)
{
    struct mr_checks *checks = mr_arena_new(arena, struct mr_checks);
    checks->arena = arena;
    checks->config = *config;
    mr_scratch_init(&checks->scratch, arena);
    mr_topology_init(&checks->topology, arena, config);
    make_models(checks);
    mr_late_init(checks);
    mr_panes_init(checks);
    mr_lookups_init(checks);
    mr_keyed_init(checks);
    mr_lockstep_init(checks);
    mr_liveness_init(checks);
    mr_assertions_init(checks);
    hang_taps(checks);
    return checks;
}

void mr_checks_set_world(struct mr_checks *checks, const struct mr_world *world)
{
    checks->config.world = world;
}

const struct mr_probe *mr_checks_probe(struct mr_checks *checks)
{
    return &checks->probe;
}

const struct mr_lookup_tap *mr_checks_lookup_tap(struct mr_checks *checks)
{
    return &checks->lookup_tap;
}

const struct mr_broker_tap *mr_checks_broker_tap(struct mr_checks *checks)
{
    return &checks->tap;
}

/* Lets the log forget what was compared. Not while the log itself is at work. */
static void trim(struct mr_checks *checks)
{
    checks->has_verified = false;
    if (checks->config.keeps_output) return;
    struct mr_broker *broker =
        mr_world_process(checks->config.world, checks->config.broker_process);
    if (!broker) return;
    const struct mr_scenario *scenario = checks->config.scenario;
    for (uint32_t topic = 0; topic < scenario->n_topics; topic++) {
        if (scenario->topics[topic].stream) continue;
        for (uint32_t p = 0; p < scenario->topics[topic].n_partitions; p++) {
            int64_t stable = mr_broker_stable_offset(broker, topic, p);
            int64_t verified = checks->verified[topic][p];
            mr_broker_trim(broker, topic, p, verified < stable ? verified : stable);
        }
    }
}

void mr_checks_poll(struct mr_checks *checks, mr_ns now)
{
    if (checks->has_verified && checks->config.world) {
        /* The rows were the engine's. */
        enum mr_owner owner = mr_arena_owner(checks->arena, MR_OWNER_ENGINE);
        trim(checks);
        mr_arena_owner(checks->arena, owner);
    }
    AS_CHECKS(checks, mr_liveness_poll(checks, now));
}

enum mr_job_state mr_checks_job_state(const struct mr_checks *checks)
{
    return checks->job_state;
}

void mr_checks_finish(struct mr_checks *checks, enum mr_run_end end)
{
    if (end == MR_END_FINISHED) {
        mr_lockstep_finish(checks);
        mr_assertions_finish(checks);
    }
    /* Steps that all held have brought everything that will come. */
    bool is_led = checks->config.scenario->is_stepped && end == MR_END_RUN_FOR;
    if (is_led && checks->findings.n == 0) mr_assertions_finish(checks);
    mr_keyed_finish(checks);
    mr_late_finish(checks);
    mr_liveness_finish(checks, end);
}

struct mr_witness *mr_checks_report(struct mr_checks *checks, enum mr_verdict verdict)
{
    return mr_checks_find(checks, MR_CHECK_STEPS, verdict, 1);
}

const struct mr_findings *mr_checks_findings(const struct mr_checks *checks)
{
    return &checks->findings;
}

struct mr_checks_counts mr_checks_counts(const struct mr_checks *checks)
{
    return checks->counts;
}
