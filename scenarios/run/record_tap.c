#include <string.h>

#include "scenarios/run/record_tap.h"

#define BACKLOG_EVERY_NS (100 * MR_MS_NS)

struct backlog {      /* of one input topic */
    int64_t *arrived; /* [n_partitions]: rows that have */
    int64_t *read;    /* [n_partitions]: next row to read */
};

struct mr_record_tap {
    struct mr_record_tap_config config;
    struct mr_arena *arena;
    struct mr_probe probe;
    struct mr_broker_tap broker;
    struct mr_world_tap world;
    struct backlog *backlogs; /* [n_topics] */
    mr_ns next_backlog_ns;
    const char **process_names; /* [n_processes] */
    uint32_t n_processes;
};

/* Calls the recorder's function if it has one. */
#define TELL(tap, function, ...)                                                               \
    do {                                                                                       \
        const struct mr_recorder *recorder_ = (tap)->config.recorder;                          \
        if (recorder_->function) recorder_->function(recorder_->self, __VA_ARGS__);            \
    } while (0)

/* Calls the same function of the checks' probe. */
#define PASS(tap, function, ...)                                                               \
    do {                                                                                       \
        const struct mr_probe *probe_ = (tap)->config.probe;                                   \
        if (probe_ && probe_->function) probe_->function(probe_->self, __VA_ARGS__);           \
    } while (0)

static const char *name_of(const struct mr_record_tap *tap, uint32_t transform)
{
    return tap->config.scenario->graph->transforms[transform].name;
}

/* The probe. */

static uint32_t topic_of(const struct mr_record_tap *tap, uint32_t transform)
{
    const struct mr_scenario *scenario = tap->config.scenario;
    const char *name = scenario->graph->transforms[transform].read.topic;
    for (uint32_t i = 0; i < scenario->n_topics; i++)
        if (strcmp(scenario->topics[i].name, name) == 0) return i;
    MR_UNREACHABLE("a source reads a topic that the scenario does not have");
}

static void source_read(void *self, const struct mr_probe_at *at, uint32_t partition,
    int64_t offset, uint32_t n_rows)
{
    struct mr_record_tap *tap = self;
    PASS(tap, source_read, at, partition, offset, n_rows);
    tap->backlogs[topic_of(tap, at->transform)].read[partition] = offset + n_rows;
}

static void source_empty(void *self, const struct mr_probe_at *at, uint32_t partition)
{
    PASS((struct mr_record_tap *)self, source_empty, at, partition);
}

static void lookup_taken(void *self, const struct mr_probe_at *at, uint64_t number)
{
    PASS((struct mr_record_tap *)self, lookup_taken, at, number);
}

static void lookup_called(
    void *self, const struct mr_probe_at *at, uint64_t number, uint32_t call)
{
    PASS((struct mr_record_tap *)self, lookup_called, at, number, call);
}

static void lookup_ended(
    void *self, const struct mr_probe_at *at, uint64_t number, uint32_t call, int status)
{
    PASS((struct mr_record_tap *)self, lookup_ended, at, number, call, status);
}

static void lookup_left(void *self, const struct mr_probe_at *at, uint64_t number,
    const struct mr_batch *row, int outcome, mr_ns answered_ns)
{
    PASS((struct mr_record_tap *)self, lookup_left, at, number, row, outcome, answered_ns);
}

static void lookup_snapshot(
    void *self, const struct mr_probe_at *at, uint64_t checkpoint, const struct mr_batch *row)
{
    PASS((struct mr_record_tap *)self, lookup_snapshot, at, checkpoint, row);
}

static void source_held(void *self, const struct mr_probe_at *at, uint32_t partition)
{
    PASS((struct mr_record_tap *)self, source_held, at, partition);
}

static void group_aligned(void *self, mr_ns at_ns, uint32_t worker, uint32_t attempt,
    uint32_t group, mr_us low_us)
{
    PASS((struct mr_record_tap *)self, group_aligned, at_ns, worker, attempt, group, low_us);
}

static void source_idle(
    void *self, const struct mr_probe_at *at, uint32_t partition, bool is_idle)
{
    PASS((struct mr_record_tap *)self, source_idle, at, partition, is_idle);
}

static void source_watermark(void *self, const struct mr_probe_at *at, mr_us watermark_us)
{
    struct mr_record_tap *tap = self;
    PASS(tap, source_watermark, at, watermark_us);
    TELL(tap, watermark, at->at_ns, name_of(tap, at->transform), at->subtask, at->attempt,
        watermark_us);
}

static void sent(void *self, const struct mr_probe_at *at,
    const struct mr_probe_channel *channel, uint64_t number, uint32_t n_rows,
    mr_us watermark_us)
{
    PASS((struct mr_record_tap *)self, sent, at, channel, number, n_rows, watermark_us);
}

static void received(void *self, const struct mr_probe_at *at,
    const struct mr_probe_channel *channel, uint64_t number, const struct mr_batch *rows,
    mr_us watermark_us)
{
    PASS((struct mr_record_tap *)self, received, at, channel, number, rows, watermark_us);
}

static void channel_idle(void *self, const struct mr_probe_at *at,
    const struct mr_probe_channel *channel, bool is_idle)
{
    PASS((struct mr_record_tap *)self, channel_idle, at, channel, is_idle);
}

static void barrier(void *self, const struct mr_probe_at *at,
    const struct mr_probe_channel *channel, uint64_t checkpoint, uint64_t rows_sent)
{
    PASS((struct mr_record_tap *)self, barrier, at, channel, checkpoint, rows_sent);
}

static void operator_watermark(void *self, const struct mr_probe_at *at, mr_us watermark_us)
{
    struct mr_record_tap *tap = self;
    PASS(tap, operator_watermark, at, watermark_us);
    TELL(tap, watermark, at->at_ns, name_of(tap, at->transform), at->subtask, at->attempt,
        watermark_us);
}

static void late_dropped(void *self, const struct mr_probe_at *at, const struct mr_batch *batch,
    uint32_t row, mr_us window_start_us, mr_us window_end_us, mr_us watermark_us)
{
    struct mr_record_tap *tap = self;
    PASS(tap, late_dropped, at, batch, row, window_start_us, window_end_us, watermark_us);
    TELL(tap, late, at->at_ns, name_of(tap, at->transform), at->subtask, batch->times_us[row],
        window_start_us, window_end_us, watermark_us);
}

static void accepted(void *self, const struct mr_probe_at *at, const struct mr_batch *batch,
    uint32_t row, mr_us window_start_us, mr_us window_end_us)
{
    PASS(
        (struct mr_record_tap *)self, accepted, at, batch, row, window_start_us, window_end_us);
}

static void fired(void *self, const struct mr_probe_at *at, const struct mr_batch *rows,
    mr_us window_start_us, mr_us window_end_us, enum mr_pane_timing timing, mr_us watermark_us)
{
    PASS((struct mr_record_tap *)self, fired, at, rows, window_start_us, window_end_us, timing,
        watermark_us);
}

static void batch_taken(void *self, const struct mr_probe_at *at)
{
    PASS((struct mr_record_tap *)self, batch_taken, at);
}

static void time_passed(void *self, const struct mr_probe_at *at)
{
    PASS((struct mr_record_tap *)self, time_passed, at);
}

static void panes_fired(
    void *self, const struct mr_probe_at *at, const struct mr_batch *rows)
{
    PASS((struct mr_record_tap *)self, panes_fired, at, rows);
}

static void keyed_row(void *self, const struct mr_probe_at *at, uint32_t input,
    const struct mr_batch *batch, uint32_t row, mr_us now_us)
{
    PASS((struct mr_record_tap *)self, keyed_row, at, input, batch, row, now_us);
}

static void keyed_watermark(
    void *self, const struct mr_probe_at *at, mr_us watermark_us, mr_us now_us)
{
    PASS((struct mr_record_tap *)self, keyed_watermark, at, watermark_us, now_us);
}

static void keyed_wake(void *self, const struct mr_probe_at *at, mr_us now_us)
{
    PASS((struct mr_record_tap *)self, keyed_wake, at, now_us);
}

static void row_failed(void *self, const struct mr_probe_at *at, int error)
{
    PASS((struct mr_record_tap *)self, row_failed, at, error);
}

static void row_logged(void *self, const struct mr_probe_at *at, const char *text)
{
    struct mr_record_tap *tap = self;
    PASS(tap, row_logged, at, text);
    TELL(tap, row_logged, at->at_ns, &tap->config.scenario->graph->transforms[at->transform], text);
}

static void checkpoint_triggered(void *self, mr_ns at_ns, uint32_t attempt, uint64_t checkpoint)
{
    struct mr_record_tap *tap = self;
    PASS(tap, checkpoint_triggered, at_ns, attempt, checkpoint);
    TELL(tap, checkpoint, at_ns, checkpoint, attempt, "triggered", 0);
}

static void checkpoint_aborted(void *self, mr_ns at_ns, uint32_t attempt, uint64_t checkpoint)
{
    struct mr_record_tap *tap = self;
    PASS(tap, checkpoint_aborted, at_ns, attempt, checkpoint);
    TELL(tap, checkpoint, at_ns, checkpoint, attempt, "aborted", 0);
}

static void snapshot_source(void *self, const struct mr_probe_at *at, uint64_t checkpoint,
    uint32_t partition, int64_t next_offset)
{
    PASS((struct mr_record_tap *)self, snapshot_source, at, checkpoint, partition, next_offset);
}

static void snapshot_operator(void *self, const struct mr_probe_at *at, uint64_t checkpoint,
    mr_us watermark_us, const void *state, uint32_t state_bytes)
{
    PASS((struct mr_record_tap *)self, snapshot_operator, at, checkpoint, watermark_us, state,
        state_bytes);
}

static void precommitted(void *self, const struct mr_probe_at *at, uint64_t checkpoint,
    uint64_t producer_id, uint32_t producer_epoch, uint64_t n_rows)
{
    struct mr_record_tap *tap = self;
    PASS(tap, precommitted, at, checkpoint, producer_id, producer_epoch, n_rows);
    TELL(tap, transaction, at->at_ns, producer_id, producer_epoch, "precommitted");
}

static void checkpoint_completed(
    void *self, mr_ns at_ns, uint32_t attempt, uint64_t checkpoint, uint64_t state_bytes)
{
    struct mr_record_tap *tap = self;
    PASS(tap, checkpoint_completed, at_ns, attempt, checkpoint, state_bytes);
    TELL(tap, checkpoint, at_ns, checkpoint, attempt, "completed", state_bytes);
}

static void attempt_started(
    void *self, mr_ns at_ns, uint32_t attempt, uint64_t from_checkpoint, bool is_rewind)
{
    struct mr_record_tap *tap = self;
    PASS(tap, attempt_started, at_ns, attempt, from_checkpoint, is_rewind);
    if (from_checkpoint) TELL(tap, checkpoint, at_ns, from_checkpoint, attempt, "restored", 0);
}

static const char *state_name(enum mr_job_state state)
{
    switch (state) {
    case MR_JOB_STARTING:
        return "starting";
    case MR_JOB_RUNNING:
        return "running";
    case MR_JOB_RESTARTING:
        return "restarting";
    case MR_JOB_STOPPED:
        return "stopped";
    case MR_JOB_FAILED:
        return "failed";
    case MR_JOB_FINISHED:
        return "finished";
    }
    return "";
}

static void job_state(
    void *self, mr_ns at_ns, uint32_t attempt, enum mr_job_state state, const char *reason)
{
    struct mr_record_tap *tap = self;
    PASS(tap, job_state, at_ns, attempt, state, reason);
    TELL(tap, job, at_ns, attempt, state_name(state), reason);
}

/* The broker. */

static void tell_appended(struct mr_record_tap *tap, mr_ns at_ns,
    const struct mr_log_append *request, const struct mr_message *rows, int64_t offset)
{
    const struct mr_transform *sink =
        &tap->config.scenario->graph->transforms[request->operator_id];
    const struct mr_edge *edge = &sink->inputs[0];
    const struct mr_schema *schema =
        &tap->config.scenario->graph->transforms[edge->transform].outputs[edge->output].schema;
    enum mr_type types[MR_FIELDS_MAX];
    for (uint32_t i = 0; i < schema->n_fields; i++) types[i] = schema->fields[i].type;
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    mr_blob_view(rows->body, types, columns, &batch);
    TELL(tap, appended, at_ns, request->topic, request->partition, offset, request->producer_id,
        request->producer_epoch, request->attempt, request->checkpoint, schema, &batch);
}

static void appended(void *self, mr_ns at_ns, uint32_t process,
    const struct mr_log_append *request, const struct mr_message *rows, int64_t offset)
{
    struct mr_record_tap *tap = self;
    const struct mr_broker_tap *inner = tap->config.broker;
    if (inner && inner->appended)
        inner->appended(inner->self, at_ns, process, request, rows, offset);
    tell_appended(tap, at_ns, request, rows, offset);
}

static void ended(void *self, mr_ns at_ns, uint64_t producer_id, uint32_t producer_epoch,
    bool is_committed, int cause)
{
    struct mr_record_tap *tap = self;
    const struct mr_broker_tap *inner = tap->config.broker;
    if (inner && inner->ended)
        inner->ended(inner->self, at_ns, producer_id, producer_epoch, is_committed, cause);
    static const char *const aborts[] = {"aborted", "fenced", "timed out"};
    TELL(tap, transaction, at_ns, producer_id, producer_epoch,
        is_committed ? "committed" : aborts[cause]);
}

static void refused(void *self, mr_ns at_ns, uint32_t process, uint64_t producer_id,
    uint32_t producer_epoch, enum mr_log_status status)
{
    struct mr_record_tap *tap = self;
    const struct mr_broker_tap *inner = tap->config.broker;
    if (inner && inner->refused)
        inner->refused(inner->self, at_ns, process, producer_id, producer_epoch, status);
    TELL(tap, transaction, at_ns, producer_id, producer_epoch, "refused");
}

/* The world. */

static void world_point(
    void *self, mr_ns at_ns, uint32_t process, enum mr_point point, uint64_t occurrence)
{
    struct mr_record_tap *tap = self;
    TELL(tap, point, at_ns, tap->process_names[process], mr_points[point].name, occurrence);
}

static void world_crashed(void *self, mr_ns at_ns, uint32_t process)
{
    struct mr_record_tap *tap = self;
    TELL(tap, process, at_ns, tap->process_names[process], "crashed");
}

static void world_started(void *self, mr_ns at_ns, uint32_t process, uint32_t incarnation)
{
    struct mr_record_tap *tap = self;
    TELL(tap, process, at_ns, tap->process_names[process],
        incarnation ? "restarted" : "started");
}

static const char *fault_kind_name(enum mr_fault_kind kind)
{
    switch (kind) {
    case MR_FAULT_CRASH:
        return "crash";
    case MR_FAULT_PAUSE:
        return "pause";
    case MR_FAULT_SLOW_CPU:
        return "slow_cpu";
    case MR_FAULT_PARTITION:
        return "partition";
    case MR_FAULT_RESET:
        return "reset";
    case MR_FAULT_SLOW_LINK:
        return "slow_link";
    }
    return "";
}

static void world_fault(void *self, mr_ns at_ns, uint32_t index, bool begins)
{
    struct mr_record_tap *tap = self;
    const struct mr_fault *fault = &tap->config.manifest->faults[index];
    uint32_t process = fault->kind == MR_FAULT_CRASH || fault->kind == MR_FAULT_PAUSE ||
                               fault->kind == MR_FAULT_SLOW_CPU
                           ? fault->process
                           : fault->from;
    const char *name = process < tap->n_processes ? tap->process_names[process] : "any";
    TELL(tap, fault, at_ns, fault->name, fault_kind_name(fault->kind), name, begins);
}

static void world_delivered(
    void *self, mr_ns at_ns, uint32_t process, const struct mr_message *message)
{
    struct mr_record_tap *tap = self;
    uint32_t bytes =
        message->body_bytes + (message->attached ? message->attached->body_bytes : 0);
    TELL(tap, message, at_ns, tap->process_names[message->sender], tap->process_names[process],
        message->connection, message->number, message->kind, bytes);
}

static void world_log(void *self, mr_ns at_ns, uint32_t process, const char *text)
{
    struct mr_record_tap *tap = self;
    TELL(tap, log, at_ns, tap->process_names[process], text);
}

/* The tap itself. */

static void record_inputs(struct mr_record_tap *tap)
{
    const struct mr_scenario *scenario = tap->config.scenario;
    for (uint32_t topic = 0; topic < scenario->n_topics; topic++) {
        struct mr_stream *stream = tap->config.streams[topic];
        if (!stream) continue;
        for (uint32_t p = 0; p < scenario->topics[topic].n_partitions; p++)
            for (int64_t row = 0; row < mr_stream_rows(stream, p); row++)
                TELL(tap, input, topic, p, row, mr_stream_arrives_at(stream, p, row),
                    mr_stream_time_us(stream, p, row));
    }
}

static void make_backlogs(struct mr_record_tap *tap)
{
    const struct mr_scenario *scenario = tap->config.scenario;
    tap->backlogs = mr_arena_zalloc(tap->arena, sizeof *tap->backlogs * scenario->n_topics);
    for (uint32_t i = 0; i < scenario->n_topics; i++) {
        size_t bytes = sizeof(int64_t) * scenario->topics[i].n_partitions;
        tap->backlogs[i].arrived = mr_arena_zalloc(tap->arena, bytes);
        tap->backlogs[i].read = mr_arena_zalloc(tap->arena, bytes);
    }
}

static void make_names(struct mr_record_tap *tap)
{
    uint32_t workers = tap->config.scenario->cluster.workers;
    uint32_t n_before = mr_scenario_lookup_process(workers, 0);
    tap->n_processes = n_before + tap->config.scenario->n_lookups;
    tap->process_names = mr_arena_zalloc(tap->arena, sizeof(char *) * tap->n_processes);
    struct mr_region *region = mr_region_create();
    for (uint32_t i = 0; i < tap->n_processes; i++) {
        const char *name = i < n_before ? mr_scenario_process_name(region, workers, i)
                                        : tap->config.scenario->lookups[i - n_before].name;
        size_t bytes = strlen(name) + 1;
        char *copy = mr_arena_alloc(tap->arena, bytes);
        memcpy(copy, name, bytes);
        tap->process_names[i] = copy;
    }
    mr_region_destroy(region);
}

static void hang_up(struct mr_record_tap *tap)
{
    const struct mr_probe *inner = tap->config.probe;
    tap->probe = (struct mr_probe){.self = tap,
        .source_read = source_read,
        .source_empty = source_empty,
        .source_held = source_held,
        .lookup_taken = lookup_taken,
        .lookup_called = lookup_called,
        .lookup_ended = lookup_ended,
        .lookup_left = lookup_left,
        .lookup_snapshot = lookup_snapshot,
        .group_aligned = group_aligned,
        .source_idle = source_idle,
        .source_watermark = source_watermark,
        .sent = sent,
        .received = received,
        .channel_idle = channel_idle,
        .barrier = barrier,
        .operator_watermark = operator_watermark,
        .late_dropped = late_dropped,
        .wants_accepted = inner && inner->wants_accepted,
        .accepted = accepted,
        .fired = fired,
        .batch_taken = batch_taken,
        .time_passed = time_passed,
        .panes_fired = panes_fired,
        .keyed_row = keyed_row,
        .keyed_watermark = keyed_watermark,
        .keyed_wake = keyed_wake,
        .row_failed = row_failed,
        .row_logged = tap->config.recorder->row_logged ? row_logged : NULL,
        .checkpoint_triggered = checkpoint_triggered,
        .checkpoint_aborted = checkpoint_aborted,
        .snapshot_source = snapshot_source,
        .snapshot_operator = snapshot_operator,
        .precommitted = precommitted,
        .checkpoint_completed = checkpoint_completed,
        .attempt_started = attempt_started,
        .job_state = job_state};
    tap->broker = (struct mr_broker_tap){
        .self = tap, .appended = appended, .ended = ended, .refused = refused};
    tap->world = (struct mr_world_tap){.self = tap,
        .point = world_point,
        .crashed = world_crashed,
        .started = world_started,
        .fault = world_fault,
        .delivered = world_delivered,
        .log = world_log};
}

struct mr_record_tap *mr_record_tap_new(
    struct mr_arena *arena, const struct mr_record_tap_config *config)
{
    struct mr_record_tap *tap = mr_arena_new(arena, struct mr_record_tap);
    tap->config = *config;
    tap->arena = arena;
    hang_up(tap);
    make_backlogs(tap);
    make_names(tap);
    record_inputs(tap);
    return tap;
}

const struct mr_probe *mr_record_tap_probe(struct mr_record_tap *tap)
{
    return &tap->probe;
}

const struct mr_broker_tap *mr_record_tap_broker(struct mr_record_tap *tap)
{
    return &tap->broker;
}

const struct mr_world_tap *mr_record_tap_world(struct mr_record_tap *tap)
{
    return &tap->world;
}

static int64_t waiting_rows(struct mr_record_tap *tap, uint32_t topic, mr_ns now)
{
    struct mr_stream *stream = tap->config.streams[topic];
    struct backlog *backlog = &tap->backlogs[topic];
    int64_t waiting = 0;
    for (uint32_t p = 0; p < tap->config.scenario->topics[topic].n_partitions; p++) {
        int64_t rows = mr_stream_rows(stream, p);
        while (backlog->arrived[p] < rows &&
               mr_stream_arrives_at(stream, p, backlog->arrived[p]) <= now)
            backlog->arrived[p]++;
        waiting += backlog->arrived[p] - backlog->read[p];
    }
    return waiting;
}

void mr_record_tap_backlog(struct mr_record_tap *tap, mr_ns now)
{
    if (now < tap->next_backlog_ns) return;
    tap->next_backlog_ns = now + BACKLOG_EVERY_NS;
    for (uint32_t i = 0; i < tap->config.scenario->n_topics; i++)
        if (tap->config.streams[i]) TELL(tap, backlog, now, i, waiting_rows(tap, i, now));
}

void mr_record_tap_input(struct mr_record_tap *tap, uint32_t topic, uint32_t partition)
{
    struct mr_stream *stream = tap->config.streams[topic];
    int64_t row = mr_stream_rows(stream, partition) - 1;
    TELL(tap, input, topic, partition, row, mr_stream_arrives_at(stream, partition, row),
        mr_stream_time_us(stream, partition, row));
}

void mr_record_tap_verdicts(struct mr_record_tap *tap, const struct mr_findings *findings)
{
    for (uint32_t i = 0; i < findings->n; i++)
        TELL(tap, verdict, &findings->list[i].witness, findings->list[i].count);
}
