/* A worker: hosts the tasks of its subtasks, for one attempt of the job at a time.
 *
 * Invariants.
 * 1. Whatever carries an attempt other than the worker's own is not for it, and is dropped.
 * 2. Every attempt opens connections of its own to the log and to the other workers: nothing of an older attempt can
 *    come by them.
 * 3. One checkpoint is in the making at a time; a newer one replaces it. */
#include <stdio.h>
#include <string.h>

#include "base/wire/log.h"
#include "base/wire/lookup.h"
#include "base/wire/object.h"
#include "engine/runtime/protocol.h"
#include "engine/runtime/task.h"
#include "engine/runtime/worker_internal.h"

enum phase {
    PHASE_IDLE,
    PHASE_RESTORING,
    PHASE_PREPARING,
    PHASE_READY,
    PHASE_RUNNING,
    PHASE_STOPPING,
    PHASE_STOPPED, /* keeps its connections until it is told to cancel: others have not stopped yet */
};
enum timer {
    TIMER_HEARTBEAT = 1,
    TIMER_CONNECT,
    TIMER_ANNOUNCE,
    TIMER_FLUSH,
    TIMER_TASKS,
    TIMER_ALIGN,
    TIMER_OPERATOR,
};

struct route { /* of an exchange and a subtask: which task, and where in it */
    struct mr_task *task;
    uint32_t first_channel;
};

struct mr_worker {
    const struct mr_env *env;
    const struct mr_job *job;
    uint32_t index;
    enum phase phase;
    uint32_t attempt;
    uint32_t coordinator; /* connections; 0: none */
    uint32_t broker;
    uint32_t objects;
    uint32_t services[MR_SERVICES_MAX];
    uint32_t peers[MR_WORKERS_MAX];
    struct mr_deploy deploy;
    uint32_t topic_map[2 * MR_COMMAND_TOPICS_MAX];
    uint32_t n_tasks;
    struct mr_task **tasks;
    struct route *inputs;  /* [exchange * parallelism + to subtask] */
    struct mr_task **senders; /* [exchange * parallelism + from subtask] */
    uint32_t n_source_tasks;
    uint32_t n_ended;
    bool has_told_ready;
    bool is_flush_armed; /* both of this attempt */
    bool is_announce_armed;
    mr_ns tasks_at_ns; /* when TIMER_TASKS comes next; 0: it is not set */

    uint64_t checkpoint; /* in the making; 0: none */
    uint64_t newest_checkpoint; /* that was begun, in this attempt */
    uint32_t n_snapshots;
    uint32_t n_waiting_sinks;
    bool is_put;
    struct mr_snapshot_writer writer;
    uint64_t completed;        /* told of */
    mr_us group_lows_us[MR_ALIGNMENT_GROUPS_MAX]; /* as the coordinator says */
    mr_us own_lows_us[MR_ALIGNMENT_GROUPS_MAX];   /* as it was last told */
    uint64_t report_committed; /* say when transactions up to this checkpoint are committed; 0: no need */
};

static uint64_t timer_id(enum timer timer, uint32_t attempt)
{
    return (uint64_t)attempt << 8 | (uint64_t)timer;
}

/* Below the task and the operator that the timer is for. */
void mr_worker_wake_at(struct mr_worker *worker, uint32_t task, uint32_t operator_index, mr_ns at_ns)
{
    uint64_t id = (uint64_t)task << 48 | (uint64_t)operator_index << 40 |
        timer_id(TIMER_OPERATOR, worker->attempt);
    worker->env->wake_at(worker->env, at_ns, id);
}

static void wake_in(struct mr_worker *worker, mr_ns span_ns, enum timer timer)
{
    const struct mr_env *env = worker->env;
    env->wake_at(env, env->now(env) + span_ns, timer_id(timer, worker->attempt));
}

static void tell_coordinator(struct mr_worker *worker, enum mr_engine_message kind, uint64_t checkpoint,
    uint64_t value, const char *text)
{
    if (!worker->coordinator) return;
    uint32_t text_bytes = text ? (uint32_t)strlen(text) : 0;
    struct mr_message *message = mr_message_new(worker->env->arena, (uint16_t)kind,
        (uint32_t)sizeof(struct mr_control) + text_bytes);
    struct mr_control control = {.attempt = worker->attempt,
        .worker = worker->index,
        .checkpoint = checkpoint,
        .value = value};
    memcpy(message->body, &control, sizeof control);
    if (text_bytes) memcpy(message->body + sizeof control, text, text_bytes);
    worker->env->send(worker->env, worker->coordinator, message);
}

static void connect_coordinator(struct mr_worker *worker)
{
    worker->coordinator = worker->env->open(worker->env, worker->job->coordinator);
    tell_coordinator(worker, MR_MSG_REGISTER, 0, 0, NULL);
}

static void close_connection(struct mr_worker *worker, uint32_t *connection)
{
    if (*connection) worker->env->close(worker->env, *connection);
    *connection = 0;
}

static size_t route_count(const struct mr_worker *worker)
{
    return (size_t)worker->job->plan->n_exchanges * worker->job->parallelism + 1;
}

/* Frees the tasks; no effect goes out. */
static void forget_tasks(struct mr_worker *worker)
{
    struct mr_arena *arena = worker->env->arena;
    for (uint32_t i = 0; i < worker->n_tasks; i++) mr_task_discard(worker->tasks[i]);
    if (worker->tasks) {
        mr_arena_free(arena, worker->tasks, sizeof *worker->tasks * worker->n_tasks);
        mr_arena_free(arena, worker->inputs, sizeof *worker->inputs * route_count(worker));
        mr_arena_free(arena, worker->senders, sizeof *worker->senders * route_count(worker));
    }
    worker->tasks = NULL;
    worker->n_tasks = 0;
    mr_snapshot_writer_deinit(&worker->writer);
    worker->checkpoint = 0;
    worker->newest_checkpoint = 0;
    worker->n_waiting_sinks = 0;
    worker->report_committed = 0;
    worker->completed = 0;
    worker->is_put = false;
    worker->is_flush_armed = false;
    worker->is_announce_armed = false;
    worker->tasks_at_ns = 0;
}

static void cancel(struct mr_worker *worker)
{
    forget_tasks(worker);
    close_connection(worker, &worker->broker);
    close_connection(worker, &worker->objects);
    for (uint32_t i = 0; i < MR_SERVICES_MAX; i++) close_connection(worker, &worker->services[i]);
    for (uint32_t i = 0; i < worker->job->n_workers; i++) close_connection(worker, &worker->peers[i]);
    worker->phase = PHASE_IDLE;
}

static void fail(struct mr_worker *worker, const char *reason)
{
    if (worker->phase == PHASE_IDLE) return;
    tell_coordinator(worker, MR_MSG_FAILED, 0, 0, reason);
    worker->env->log(worker->env, "attempt %u failed: %s", worker->attempt, reason);
    cancel(worker);
}

/* Deployment. */

static uint32_t worker_of(const struct mr_worker *worker, uint32_t subtask)
{
    return subtask % worker->job->n_workers;
}

static void open_connections(struct mr_worker *worker)
{
    const struct mr_job *job = worker->job;
    worker->broker = worker->env->open(worker->env, job->broker);
    worker->objects = worker->env->open(worker->env, job->objects);
    for (uint32_t i = 0; i < job->n_services; i++)
        worker->services[i] = worker->env->open(worker->env, job->services[i].process);
    if (job->plan->n_exchanges == 0) return;
    for (uint32_t i = 0; i < job->n_workers; i++)
        worker->peers[i] = worker->env->open(worker->env, job->workers[i]);
}

static void add_routes(struct mr_worker *worker, struct mr_task *task)
{
    uint32_t parallelism = worker->job->parallelism;
    uint32_t subtask = task->context.subtask;
    for (uint32_t i = 0; i < task->n_channels; i++) {
        uint32_t exchange = task->channels[i].exchange->id;
        struct route *route = &worker->inputs[(size_t)exchange * parallelism + subtask];
        if (route->task) continue;
        *route = (struct route){.task = task, .first_channel = i};
    }
    for (uint32_t i = 0; i < task->n_gates; i++)
        worker->senders[(size_t)task->gates[i].exchange->id * parallelism + subtask] = task;
}

static void make_tasks(struct mr_worker *worker)
{
    const struct mr_job *job = worker->job;
    struct mr_arena *arena = worker->env->arena;
    uint32_t n = 0;
    for (uint32_t subtask = 0; subtask < job->parallelism; subtask++)
        if (worker_of(worker, subtask) == worker->index) n += job->plan->n_stages;
    worker->tasks = mr_arena_zalloc(arena, sizeof *worker->tasks * n);
    worker->inputs = mr_arena_zalloc(arena, sizeof *worker->inputs * route_count(worker));
    worker->senders = mr_arena_zalloc(arena, sizeof *worker->senders * route_count(worker));
    worker->n_tasks = n;
    worker->n_source_tasks = 0;
    worker->n_ended = 0;
    uint32_t connection_of_subtask[MR_PARALLELISM_MAX];
    for (uint32_t i = 0; i < job->parallelism; i++)
        connection_of_subtask[i] = worker->peers[worker_of(worker, i)];
    n = 0;
    for (uint32_t stage = 0; stage < job->plan->n_stages; stage++) {
        for (uint32_t subtask = worker->index; subtask < job->parallelism; subtask += job->n_workers) {
            struct mr_task_context context = {.env = worker->env,
                .job = job,
                .arena = arena,
                .stage = stage,
                .subtask = subtask,
                .attempt = worker->attempt,
                .epoch = worker->deploy.checkpoint + 1,
                .broker_connection = worker->broker,
                .task_index = n,
                .topic_map = worker->topic_map,
                .n_topic_map = worker->deploy.n_topics,
                .is_rewind = worker->deploy.is_rewind != 0,
                .service_connections = worker->services,
                .group_lows_us = worker->group_lows_us};
            struct mr_task *task =
                mr_task_new(worker, &context, &job->plan->stages[stage], connection_of_subtask);
            task->last_checkpoint = worker->deploy.checkpoint;
            worker->tasks[n++] = task;
            worker->n_source_tasks += task->n_sources > 0;
            add_routes(worker, task);
        }
    }
    MR_ASSERT(n == worker->n_tasks);
}

static struct mr_task *find_task(const struct mr_worker *worker, uint32_t stage, uint32_t subtask)
{
    for (uint32_t i = 0; i < worker->n_tasks; i++)
        if (worker->tasks[i]->context.stage == stage && worker->tasks[i]->context.subtask == subtask)
            return worker->tasks[i];
    return NULL;
}

static bool restore_tasks(struct mr_worker *worker, const struct mr_message *state)
{
    struct mr_snapshot_reader reader = {.data = state->body, .bytes = state->body_bytes};
    uint32_t n = mr_snapshot_read_u32(&reader);
    for (uint32_t i = 0; i < n && !reader.is_broken; i++) {
        uint32_t stage = mr_snapshot_read_u32(&reader);
        uint32_t subtask = mr_snapshot_read_u32(&reader);
        struct mr_task *task = find_task(worker, stage, subtask);
        if (!task) return false;
        mr_task_restore(task, &reader);
    }
    return !reader.is_broken && n == worker->n_tasks;
}

static void tell_when_ready(struct mr_worker *worker)
{
    if (worker->phase != PHASE_PREPARING) return;
    for (uint32_t i = 0; i < worker->n_tasks; i++)
        if (mr_task_is_busy(worker->tasks[i])) return;
    worker->phase = PHASE_READY;
    worker->env->reach(worker->env, MR_POINT_RESTORE_FINISHED);
    tell_coordinator(worker, MR_MSG_DEPLOYED, worker->deploy.checkpoint, 0, NULL);
}

static void prepare_tasks(struct mr_worker *worker)
{
    worker->phase = PHASE_PREPARING;
    for (uint32_t i = 0; i < worker->n_tasks; i++) mr_task_prepare(worker->tasks[i]);
    tell_when_ready(worker);
}

static void ask_for_state(struct mr_worker *worker)
{
    char key[MR_STATE_KEY_BYTES];
    uint32_t key_bytes = mr_state_key(
        key, worker->deploy.checkpoint, worker->deploy.checkpoint_attempt, worker->index);
    struct mr_message *message = mr_message_new(
        worker->env->arena, MR_OBJECT_GET, (uint32_t)sizeof(struct mr_object_get) + key_bytes);
    struct mr_object_get request = {.tag = worker->attempt, .key_bytes = key_bytes};
    memcpy(message->body, &request, sizeof request);
    memcpy(message->body + sizeof request, key, key_bytes);
    worker->env->send(worker->env, worker->objects, message);
}

static void handle_deploy(struct mr_worker *worker, const struct mr_deploy *deploy)
{
    if (deploy->attempt <= worker->attempt && worker->attempt > 0) return;
    cancel(worker);
    worker->attempt = deploy->attempt;
    worker->deploy = *deploy;
    for (uint32_t i = 0; i < deploy->n_topics; i++) {
        worker->topic_map[2 * i] = deploy->from_topics[i];
        worker->topic_map[2 * i + 1] = deploy->to_topics[i];
    }
    for (uint32_t i = 0; i < MR_ALIGNMENT_GROUPS_MAX; i++) {
        worker->group_lows_us[i] = MR_US_MIN; /* until all have spoken */
        worker->own_lows_us[i] = MR_US_MIN;
    }
    worker->env->reach(worker->env, MR_POINT_RESTORE_STARTED);
    open_connections(worker);
    make_tasks(worker);
    if (deploy->checkpoint == 0) {
        prepare_tasks(worker);
        return;
    }
    worker->phase = PHASE_RESTORING;
    ask_for_state(worker);
}

static void handle_state(struct mr_worker *worker, const struct mr_object_reply *reply,
    const struct mr_message *state)
{
    if (reply->status != MR_OBJECT_OK || !state || !restore_tasks(worker, state)) {
        fail(worker, "the state of the checkpoint cannot be restored");
        return;
    }
    worker->env->spend(worker->env,
        worker->job->costs.snapshot_kb_ns * (mr_ns)state->body_bytes / 1024);
    prepare_tasks(worker);
}

/* Alignment: from time to time the coordinator learns how far the sources here have come, and tells everybody
 * where the least of all stands. */

static void tell_lowest(struct mr_worker *worker)
{
    for (uint32_t group = 0; group < worker->job->graph->n_alignment_groups; group++) {
        mr_us lowest_us = MR_US_MAX;
        for (uint32_t i = 0; i < worker->n_tasks; i++) {
            mr_us own_us = mr_task_lowest(worker->tasks[i], group);
            if (own_us < lowest_us) lowest_us = own_us;
        }
        if (lowest_us == worker->own_lows_us[group]) continue;
        worker->own_lows_us[group] = lowest_us;
        tell_coordinator(worker, MR_MSG_LOWEST, group, (uint64_t)lowest_us, NULL);
    }
    if (worker->job->graph->n_alignment_groups > 0)
        wake_in(worker, worker->job->watermark_every_ns, TIMER_ALIGN);
}

static void handle_aligned(struct mr_worker *worker, uint64_t group, mr_us low_us)
{
    MR_ASSERT(group < worker->job->graph->n_alignment_groups);
    worker->group_lows_us[group] = low_us;
    const struct mr_probe *probe = worker->job->probe;
    if (probe && probe->group_aligned)
        probe->group_aligned(probe->self, worker->env->now(worker->env), worker->env->process,
            worker->attempt, (uint32_t)group, low_us);
    if (worker->phase != PHASE_RUNNING) return;
    for (uint32_t i = 0; i < worker->n_tasks; i++) mr_task_aligned(worker->tasks[i]);
}

static void handle_start(struct mr_worker *worker)
{
    if (worker->phase != PHASE_READY) return;
    worker->phase = PHASE_RUNNING;
    for (uint32_t i = 0; i < worker->n_tasks; i++) mr_task_start(worker->tasks[i]);
    if (worker->n_source_tasks == 0) tell_coordinator(worker, MR_MSG_SOURCES_FINISHED, 0, 0, NULL);
    tell_lowest(worker);
}

/* Checkpoints. */

static void begin_checkpoint(struct mr_worker *worker, uint64_t checkpoint)
{
    if (checkpoint <= worker->newest_checkpoint) return;
    worker->newest_checkpoint = checkpoint;
    worker->checkpoint = checkpoint;
    worker->n_snapshots = 0;
    worker->is_put = false;
    mr_snapshot_writer_deinit(&worker->writer);
    mr_snapshot_writer_init(&worker->writer, worker->env->arena);
    mr_snapshot_u32(&worker->writer, worker->n_tasks);
}

struct mr_snapshot_writer *mr_worker_snapshot_begin(struct mr_worker *worker, uint64_t checkpoint)
{
    begin_checkpoint(worker, checkpoint);
    return worker->checkpoint == checkpoint ? &worker->writer : NULL;
}

static void put_if_whole(struct mr_worker *worker)
{
    if (worker->checkpoint == 0 || worker->is_put) return;
    if (worker->n_snapshots < worker->n_tasks || worker->n_waiting_sinks > 0) return;
    worker->is_put = true;
    struct mr_arena *arena = worker->env->arena;
    char key[MR_STATE_KEY_BYTES];
    uint32_t key_bytes = mr_state_key(key, worker->checkpoint, worker->attempt, worker->index);
    struct mr_message *message =
        mr_message_new(arena, MR_OBJECT_PUT, (uint32_t)sizeof(struct mr_object_put) + key_bytes);
    struct mr_object_put put = {.tag = worker->checkpoint,
        .expected_version = MR_OBJECT_ANY_VERSION,
        .key_bytes = key_bytes};
    memcpy(message->body, &put, sizeof put);
    memcpy(message->body + sizeof put, key, key_bytes);
    message->attached = mr_message_new(arena, 0, worker->writer.bytes);
    memcpy(message->attached->body, worker->writer.data, worker->writer.bytes);
    worker->env->send(worker->env, worker->objects, message);
    worker->env->reach(worker->env, MR_POINT_CHECKPOINT_STATE_PUT);
}

void mr_worker_snapshot_end(struct mr_worker *worker)
{
    worker->n_snapshots++;
    MR_ASSERT(worker->n_snapshots <= worker->n_tasks);
    put_if_whole(worker);
}

void mr_worker_sink_waits(struct mr_worker *worker)
{
    worker->n_waiting_sinks++;
}

void mr_worker_sink_flushed(struct mr_worker *worker)
{
    MR_ASSERT(worker->n_waiting_sinks > 0);
    worker->n_waiting_sinks--;
    put_if_whole(worker);
}

static void handle_put_reply(struct mr_worker *worker, const struct mr_object_reply *reply)
{
    if (reply->tag != worker->checkpoint) return;
    uint64_t bytes = worker->writer.bytes;
    worker->checkpoint = 0;
    mr_snapshot_writer_deinit(&worker->writer);
    tell_coordinator(worker, MR_MSG_ACK, reply->tag, bytes, NULL);
    worker->env->reach(worker->env, MR_POINT_CHECKPOINT_ACK_SENT);
}

static void handle_trigger(struct mr_worker *worker, uint64_t checkpoint)
{
    if (worker->phase != PHASE_RUNNING) return;
    begin_checkpoint(worker, checkpoint);
    for (uint32_t i = 0; i < worker->n_tasks; i++)
        if (worker->tasks[i]->n_sources > 0) mr_task_trigger(worker->tasks[i], checkpoint);
    put_if_whole(worker); /* one without tasks has nothing to wait for */
}

static void handle_abort(struct mr_worker *worker, uint64_t checkpoint)
{
    for (uint32_t i = 0; i < worker->n_tasks; i++) mr_task_abort(worker->tasks[i], checkpoint);
    if (worker->newest_checkpoint < checkpoint) worker->newest_checkpoint = checkpoint;
    if (worker->checkpoint == 0 || worker->checkpoint > checkpoint) return;
    worker->checkpoint = 0;
    mr_snapshot_writer_deinit(&worker->writer);
}

static void tell_when_committed(struct mr_worker *worker)
{
    if (worker->report_committed == 0) return;
    for (uint32_t i = 0; i < worker->n_tasks; i++)
        if (mr_task_is_busy(worker->tasks[i])) return;
    tell_coordinator(worker, MR_MSG_COMMITTED, worker->report_committed, 0, NULL);
    worker->report_committed = 0;
}

static void handle_complete(struct mr_worker *worker, uint64_t checkpoint, bool must_report)
{
    worker->completed = checkpoint;
    for (uint32_t i = 0; i < worker->n_tasks; i++) mr_task_complete(worker->tasks[i], checkpoint);
    if (must_report) worker->report_committed = checkpoint;
    tell_when_committed(worker);
}

static void tell_when_stopped(struct mr_worker *worker)
{
    if (worker->phase != PHASE_STOPPING) return;
    for (uint32_t i = 0; i < worker->n_tasks; i++)
        if (mr_task_is_busy(worker->tasks[i])) return;
    worker->phase = PHASE_STOPPED;
    tell_coordinator(worker, MR_MSG_STOPPED, 0, 0, NULL);
}

static void handle_stop(struct mr_worker *worker)
{
    if (worker->phase != PHASE_RUNNING && worker->phase != PHASE_READY) return;
    worker->phase = PHASE_STOPPING;
    for (uint32_t i = 0; i < worker->n_tasks; i++) mr_task_stop(worker->tasks[i]);
    tell_when_stopped(worker);
}

void mr_worker_task_ended(struct mr_worker *worker)
{
    worker->n_ended++;
    MR_ASSERT(worker->n_ended <= worker->n_source_tasks);
    if (worker->n_ended == worker->n_source_tasks)
        tell_coordinator(worker, MR_MSG_SOURCES_FINISHED, 0, 0, NULL);
}

/* Timers. */

void mr_worker_arm_flush(struct mr_worker *worker)
{
    if (worker->is_flush_armed || worker->phase != PHASE_RUNNING) return;
    worker->is_flush_armed = true;
    wake_in(worker, worker->job->flush_after_ns, TIMER_FLUSH);
}

void mr_worker_arm_timer(struct mr_worker *worker, mr_ns at_ns)
{
    const struct mr_env *env = worker->env;
    mr_ns now_ns = env->now(env);
    if (at_ns < now_ns) at_ns = now_ns;
    if (worker->tasks_at_ns && worker->tasks_at_ns <= at_ns) return;
    worker->tasks_at_ns = at_ns;
    env->wake_at(env, at_ns, timer_id(TIMER_TASKS, worker->attempt));
}

/* A watermark that no rows took along is announced when its time has come. */
static void flush(struct mr_worker *worker)
{
    bool owes_watermark = false;
    for (uint32_t i = 0; i < worker->n_tasks; i++) {
        mr_task_flush(worker->tasks[i]);
        owes_watermark = owes_watermark || mr_task_owes_watermark(worker->tasks[i]);
    }
    if (!owes_watermark || worker->is_announce_armed) return;
    worker->is_announce_armed = true;
    mr_ns left_ns = worker->job->watermark_every_ns - worker->job->flush_after_ns;
    wake_in(worker, left_ns > 0 ? left_ns : 0, TIMER_ANNOUNCE);
}

static void handle_timer(struct mr_worker *worker, uint64_t id)
{
    enum timer timer = (enum timer)(id & 0xff);
    bool is_current = (uint32_t)(id >> 8) == worker->attempt && worker->phase == PHASE_RUNNING;
    switch (timer) {
    case TIMER_HEARTBEAT:
        tell_coordinator(worker, MR_MSG_HEARTBEAT, 0, 0, NULL);
        wake_in(worker, worker->job->heartbeat_every_ns, TIMER_HEARTBEAT);
        break;
    case TIMER_CONNECT:
        if (!worker->coordinator) connect_coordinator(worker);
        break;
    case TIMER_ANNOUNCE:
        if (!is_current) break;
        worker->is_announce_armed = false;
        for (uint32_t i = 0; i < worker->n_tasks; i++) mr_task_announce(worker->tasks[i]);
        break;
    case TIMER_FLUSH:
        if (!is_current) break;
        worker->is_flush_armed = false;
        flush(worker);
        break;
    case TIMER_TASKS:
        if (!is_current || worker->tasks_at_ns > worker->env->now(worker->env)) break;
        worker->tasks_at_ns = 0;
        for (uint32_t i = 0; i < worker->n_tasks; i++) mr_task_timer(worker->tasks[i]);
        break;
    case TIMER_OPERATOR:
        if (is_current)
            mr_task_woken(worker->tasks[id >> 48], (uint32_t)(id >> 40 & 0xff));
        break;
    case TIMER_ALIGN:
        if (is_current) tell_lowest(worker);
        break;
    }
}

/* Messages. */

static struct mr_task *task_of_tag(const struct mr_worker *worker, uint64_t tag)
{
    uint64_t index = tag >> 28 & 0xfff;
    if (tag >> 40 != worker->attempt || index >= worker->n_tasks) return NULL;
    return worker->tasks[index];
}

static void handle_broker(struct mr_worker *worker, const struct mr_message *message)
{
    uint64_t tag;
    memcpy(&tag, message->body, sizeof tag); /* every reply begins with it */
    struct mr_task *task = task_of_tag(worker, tag);
    if (!task || worker->phase == PHASE_RESTORING) return;
    mr_task_reply(task, (uint32_t)(tag >> 20 & 0xff), message, (uint32_t)(tag & 0xfffff));
    tell_when_ready(worker);
    tell_when_committed(worker);
    tell_when_stopped(worker);
}

static void handle_objects(struct mr_worker *worker, const struct mr_message *message)
{
    const struct mr_object_reply *reply = (const struct mr_object_reply *)message->body;
    if (worker->phase == PHASE_RESTORING)
        handle_state(worker, reply, message->attached);
    else
        handle_put_reply(worker, reply);
}

static void handle_rows(struct mr_worker *worker, uint32_t connection, struct mr_message *message)
{
    const struct mr_data *data = (const struct mr_data *)message->body; /* barriers begin alike */
    if (data->attempt != worker->attempt || worker->n_tasks == 0) return;
    const struct route *route =
        &worker->inputs[(size_t)data->exchange * worker->job->parallelism + data->to];
    MR_ASSERT(route->task != NULL);
    mr_task_receive(route->task, route->first_channel +
            (mr_exchange_is_wide(route->task->channels[route->first_channel].exchange) ? data->from : 0),
        connection, message);
}

static void handle_credit(struct mr_worker *worker, const struct mr_credit *credit)
{
    if (credit->attempt != worker->attempt || worker->n_tasks == 0) return;
    struct mr_task *task =
        worker->senders[(size_t)credit->exchange * worker->job->parallelism + credit->from];
    MR_ASSERT(task != NULL);
    mr_task_credit(task, credit->exchange, credit->to, credit->messages);
}

static void handle_control(struct mr_worker *worker, const struct mr_message *message)
{
    if (message->kind == MR_MSG_DEPLOY) {
        handle_deploy(worker, (const struct mr_deploy *)message->body);
        return;
    }
    const struct mr_control *control = (const struct mr_control *)message->body;
    if (control->attempt != worker->attempt) return; /* invariant 1 */
    switch (message->kind) {
    case MR_MSG_START: handle_start(worker); break;
    case MR_MSG_TRIGGER: handle_trigger(worker, control->checkpoint); break;
    case MR_MSG_COMPLETE: handle_complete(worker, control->checkpoint, control->value != 0); break;
    case MR_MSG_ABORT: handle_abort(worker, control->checkpoint); break;
    case MR_MSG_STOP: handle_stop(worker); break;
    case MR_MSG_CANCEL: cancel(worker); break;
    case MR_MSG_ALIGNED: handle_aligned(worker, control->checkpoint, (mr_us)control->value); break;
    default: MR_UNREACHABLE("a control message that no worker knows");
    }
}

/* The index of the service that the connection leads to, or -1. */
static int service_of(const struct mr_worker *worker, uint32_t connection)
{
    for (uint32_t i = 0; i < worker->job->n_services; i++)
        if (worker->services[i] == connection) return (int)i;
    return -1;
}

static void handle_message(struct mr_worker *worker, const struct mr_arrival *arrival)
{
    struct mr_message *message = arrival->message;
    worker->env->spend(worker->env, worker->job->costs.message_ns);
    if (arrival->connection == worker->coordinator)
        handle_control(worker, message);
    else if (arrival->connection == worker->broker)
        handle_broker(worker, message);
    else if (arrival->connection == worker->objects)
        handle_objects(worker, message);
    else if (service_of(worker, arrival->connection) >= 0)
        handle_broker(worker, message); /* an answer that begins with the tag of its request */
    else if (message->kind == MR_MSG_CREDIT)
        handle_credit(worker, (const struct mr_credit *)message->body);
    else
        handle_rows(worker, arrival->connection, message);
}

static bool is_in_use(const struct mr_worker *worker, uint32_t connection)
{
    for (uint32_t i = 0; i < worker->n_tasks; i++)
        for (uint32_t k = 0; k < worker->tasks[i]->n_channels; k++)
            if (worker->tasks[i]->channels[k].connection == connection) return true;
    return false;
}

static void handle_closed(struct mr_worker *worker, uint32_t connection)
{
    if (connection == worker->coordinator) {
        worker->coordinator = 0;
        wake_in(worker, 200 * MR_MS_NS, TIMER_CONNECT);
        return;
    }
    if (worker->phase == PHASE_STOPPED) return;
    int service = service_of(worker, connection);
    if (service >= 0) { /* calls under way will time out, and are made again */
        worker->services[service] = worker->env->open(worker->env, worker->job->services[service].process);
        return;
    }
    bool is_lost = connection == worker->broker || connection == worker->objects;
    for (uint32_t i = 0; i < worker->job->n_workers; i++)
        is_lost = is_lost || connection == worker->peers[i];
    if (is_lost || is_in_use(worker, connection)) fail(worker, "a connection was reset");
}

static void check_tasks(struct mr_worker *worker)
{
    for (uint32_t i = 0; i < worker->n_tasks; i++) {
        if (MR_LIKELY(!worker->tasks[i]->context.has_failed)) {
            mr_scratch_reset(&worker->tasks[i]->context.scratch);
            continue;
        }
        char reason[sizeof worker->tasks[i]->context.failure];
        memcpy(reason, worker->tasks[i]->context.failure, sizeof reason);
        fail(worker, reason);
        return;
    }
}

static void *worker_create(const struct mr_env *env, const void *config)
{
    struct mr_worker *worker = mr_arena_new(env->arena, struct mr_worker);
    worker->env = env;
    worker->job = config;
    for (uint32_t i = 0; i < worker->job->n_workers; i++)
        if (worker->job->workers[i] == env->process) worker->index = i;
    mr_snapshot_writer_init(&worker->writer, env->arena);
    return worker;
}

static void worker_handle(void *self, const struct mr_arrival *arrival)
{
    struct mr_worker *worker = self;
    switch (arrival->kind) {
    case MR_ARRIVAL_START:
        connect_coordinator(worker);
        wake_in(worker, worker->job->heartbeat_every_ns, TIMER_HEARTBEAT);
        break;
    case MR_ARRIVAL_TIMER: handle_timer(worker, arrival->timer); break;
    case MR_ARRIVAL_ACCEPTED: break; /* the peer's first message says what it is for */
    case MR_ARRIVAL_MESSAGE: handle_message(worker, arrival); break;
    case MR_ARRIVAL_CLOSED: handle_closed(worker, arrival->connection); break;
    }
    check_tasks(worker);
}

static void worker_discard(void *self)
{
    struct mr_worker *worker = self;
    forget_tasks(worker);
    mr_arena_free(worker->env->arena, worker, sizeof *worker);
}

uint32_t mr_state_key(char out[MR_STATE_KEY_BYTES], uint64_t checkpoint, uint32_t attempt, uint32_t worker)
{
    int bytes = snprintf(out, MR_STATE_KEY_BYTES, "state/%llu-%u/%u", (unsigned long long)checkpoint,
        attempt, worker);
    MR_ASSERT(bytes > 0 && bytes < MR_STATE_KEY_BYTES);
    return (uint32_t)bytes;
}

const struct mr_process_class mr_worker_class = {
    .name = "worker", .create = worker_create, .handle = worker_handle, .discard = worker_discard};
