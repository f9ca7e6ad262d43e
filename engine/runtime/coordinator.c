/* The coordinator: deploys the job to its workers, watches them, takes checkpoints, and begins
 * again when one fails.
 *
 * Invariants.
 * 1. Nothing is deployed under an attempt that the job's record does not hold: a predecessor
 * that is thought dead cannot use the same number, because the record is only replaced by
 * conditional puts.
 * 2. A checkpoint counts from the moment when the record names it, whoever learns of it first.
 * 3. While a put of the record is under way nothing else is decided: its outcome may be the
 * predecessor's. */
#include <string.h>

#include "base/wire/object.h"
#include "engine/runtime/job_record.h"
#include "engine/runtime/protocol.h"

enum phase {
    PHASE_LOADING,   /* the record is asked for */
    PHASE_WAITING,   /* for all workers to register */
    PHASE_RAISING,   /* the attempt is written into the record */
    PHASE_DEPLOYING, /* until all workers say DEPLOYED */
    PHASE_RUNNING,
    PHASE_STOPPING, /* until all workers say STOPPED */
    PHASE_BACKOFF,
    PHASE_STOPPED,
    PHASE_FINISHED,
    PHASE_FAILED,
};
enum timer {
    TIMER_CHECK = 1,
    TIMER_TRIGGER,
    TIMER_TIMEOUT,
    TIMER_BACKOFF,
    TIMER_STORE,
    TIMER_ASKED = MR_COORDINATOR_CHECKPOINT,
};
enum write { WRITE_NONE, WRITE_ATTEMPT, WRITE_CHECKPOINT, WRITE_STATE };

enum { TAG_LOAD = 1, TAG_WRITE, TAG_DELETE };
#define STORE_RETRY_NS (100 * MR_MS_NS)

struct worker_seat {
    uint32_t connection; /* 0: not registered */
    mr_ns heard_ns;
};

struct pending {
    uint64_t checkpoint; /* 0: none is being taken */
    uint32_t acked;      /* bit i: worker i */
    bool is_final;
    uint64_t bytes;
};

struct coordinator {
    const struct mr_env *env;
    const struct mr_job *job;
    enum phase phase;
    enum write write;
    uint32_t objects; /* connection; 0: none */
    uint64_t serial;  /* of timers and requests: older ones are ignored */
    uint64_t load_serial;
    uint64_t write_serial;
    uint64_t version; /* of the record in the store; 0: there is none yet */
    struct mr_job_record record;
    struct mr_job_record next; /* while a write is under way */
    uint32_t n_evicted;        /* to delete once the write is through */
    struct mr_retained evicted[MR_RETAINED_MAX];

    struct worker_seat seats[MR_WORKERS_MAX];
    uint32_t answered;         /* bit i: worker i has said what the phase waits for */
    uint32_t sources_finished; /* bit i: worker i */
    uint32_t committed;        /* bit i: worker i, of the final checkpoint */
    bool has_final;            /* the final checkpoint is complete */
    struct pending pending;
    uint64_t next_checkpoint;
    uint64_t backoff_serial;
    uint64_t timeout_serial;
    uint64_t trigger_serial;
    mr_ns backoff_ns;
    bool has_loaded;
    struct mr_retained told; /* the newest completed checkpoint that the probe was told of */

    /* Of each alignment group: how far the sources of each worker have come, and what everybody was told. */
    mr_us lowest_us[MR_ALIGNMENT_GROUPS_MAX][MR_WORKERS_MAX];
    mr_us aligned_us[MR_ALIGNMENT_GROUPS_MAX];

    uint32_t command_kind; /* 0: none waits */
    uint32_t command_connection;
    struct mr_command command;
};

static uint32_t everyone(const struct coordinator *self)
{
    return self->job->n_workers == 32 ? UINT32_MAX : (1u << self->job->n_workers) - 1;
}

static uint64_t wake_in(struct coordinator *self, mr_ns span_ns, enum timer timer)
{
    self->serial++;
    self->env->wake_at(
        self->env, self->env->now(self->env) + span_ns, self->serial << 8 | (uint64_t)timer);
    return self->serial;
}

static void tell(struct coordinator *self, uint32_t worker, enum mr_engine_message kind,
    uint64_t checkpoint, uint64_t value)
{
    if (!self->seats[worker].connection) return;
    struct mr_message *message =
        mr_message_new(self->env->arena, (uint16_t)kind, sizeof(struct mr_control));
    struct mr_control control = {
        .attempt = self->record.attempt, .checkpoint = checkpoint, .value = value};
    memcpy(message->body, &control, sizeof control);
    self->env->send(self->env, self->seats[worker].connection, message);
}

static void tell_all(
    struct coordinator *self, enum mr_engine_message kind, uint64_t checkpoint, uint64_t value)
{
    for (uint32_t i = 0; i < self->job->n_workers; i++) tell(self, i, kind, checkpoint, value);
}

static void probe_state(struct coordinator *self, enum mr_job_state state, const char *reason)
{
    const struct mr_probe *probe = self->job->probe;
    if (probe && probe->job_state)
        probe->job_state(
            probe->self, self->env->now(self->env), self->record.attempt, state, reason);
}

/* The record. */

static void load(struct coordinator *self)
{
    self->phase = PHASE_LOADING;
    self->write = WRITE_NONE;
    self->n_evicted = 0;
    self->load_serial = ++self->serial;
    if (!self->objects) self->objects = self->env->open(self->env, self->job->objects);
    self->env->send(self->env, self->objects,
        mr_job_record_get(self->env->arena, self->load_serial << 8 | TAG_LOAD));
}

/* Writes `next`; the outcome comes to handle_written. */
static void write_record(struct coordinator *self, enum write write)
{
    MR_ASSERT(self->write == WRITE_NONE);
    self->write = write;
    self->write_serial = ++self->serial;
    self->env->send(self->env, self->objects,
        mr_job_record_put(
            self->env->arena, self->write_serial << 8 | TAG_WRITE, &self->next, self->version));
}

static void delete_state(struct coordinator *self, struct mr_retained of)
{
    if (!self->objects) return;
    for (uint32_t i = 0; i < self->job->n_workers; i++)
        self->env->send(
            self->env, self->objects, mr_state_delete(self->env->arena, TAG_DELETE, of, i));
}

static void delete_evicted(struct coordinator *self)
{
    for (uint32_t i = 0; i < self->n_evicted; i++) delete_state(self, self->evicted[i]);
    self->n_evicted = 0;
}

/* Commands. */

static void reply_command(struct coordinator *self, bool is_ok, uint64_t checkpoint)
{
    struct mr_message *message =
        mr_message_new(self->env->arena, MR_COMMAND_REPLY, sizeof(struct mr_command_reply));
    struct mr_command_reply reply = {
        .tag = self->command.tag, .is_ok = is_ok, .checkpoint = checkpoint};
    memcpy(message->body, &reply, sizeof reply);
    self->env->send(self->env, self->command_connection, message);
    self->command_kind = 0;
}

/* Failure. */

static void abort_pending(struct coordinator *self)
{
    uint64_t checkpoint = self->pending.checkpoint;
    if (checkpoint == 0) return;
    const struct mr_probe *probe = self->job->probe;
    if (probe && probe->checkpoint_aborted)
        probe->checkpoint_aborted(
            probe->self, self->env->now(self->env), self->record.attempt, checkpoint);
    self->env->milestone(self->env, MR_SOMETIMES_CHECKPOINT_ABORTED);
    tell_all(self, MR_MSG_ABORT, checkpoint, 0);
    delete_state(
        self, (struct mr_retained){.checkpoint = checkpoint, .attempt = self->record.attempt});
    self->pending.checkpoint = 0;
}

static bool is_deployed(const struct coordinator *self)
{
    return self->phase == PHASE_DEPLOYING || self->phase == PHASE_RUNNING ||
           self->phase == PHASE_STOPPING;
}

static void give_up(struct coordinator *self)
{
    self->next = self->record;
    self->next.state = MR_RECORD_FAILED;
    write_record(self, WRITE_STATE);
}

static void fail_attempt(struct coordinator *self, const char *reason)
{
    if (!is_deployed(self)) return;
    self->env->log(self->env, "attempt %u failed: %s", self->record.attempt, reason);
    bool is_uncertain = self->write != WRITE_NONE; /* did the put happen? the store knows */
    if (!is_uncertain) abort_pending(self);
    self->pending.checkpoint = 0;
    tell_all(self, MR_MSG_CANCEL, 0, 0);
    self->phase = PHASE_BACKOFF;
    self->write = WRITE_NONE;
    self->n_evicted = 0; /* they may be all that there is: rather one left behind than one too few */
    probe_state(self, MR_JOB_RESTARTING, reason);
    if (self->record.attempt > self->job->restarts_max && !is_uncertain) {
        give_up(self);
        return;
    }
    self->backoff_serial = wake_in(self, self->backoff_ns, TIMER_BACKOFF);
    mr_ns doubled = mr_add_saturating(self->backoff_ns, self->backoff_ns);
    self->backoff_ns = doubled < self->job->restart_backoff_max_ns
                           ? doubled
                           : self->job->restart_backoff_max_ns;
}

/* Deployment. */

static bool wants_restart(const struct coordinator *self)
{
    return self->command_kind == MR_COMMAND_RESTART && self->record.state == MR_RECORD_STOPPED;
}

static void apply_restart(struct coordinator *self)
{
    const struct mr_command *command = &self->command;
    if (!mr_job_record_rewind(&self->next, command->checkpoints_back, self->evicted))
        MR_UNREACHABLE("checked before");
    self->n_evicted = command->checkpoints_back;
    self->next.last_command = command->tag;
    self->next.state = MR_RECORD_RUNNING;
    if (command->n_topics == 0) return;
    self->next.n_topics = command->n_topics;
    memcpy(self->next.from_topics, command->from_topics, sizeof self->next.from_topics);
    memcpy(self->next.to_topics, command->to_topics, sizeof self->next.to_topics);
}

static void raise_when_all_are_here(struct coordinator *self)
{
    if (self->phase != PHASE_WAITING || self->write != WRITE_NONE) return;
    for (uint32_t i = 0; i < self->job->n_workers; i++)
        if (!self->seats[i].connection) return;
    if (self->record.state == MR_RECORD_STOPPED && !wants_restart(self)) {
        self->phase = PHASE_STOPPED; /* who wanted it restarted has gone away */
        return;
    }
    self->phase = PHASE_RAISING;
    self->next = self->record;
    self->next.attempt++;
    if (wants_restart(self)) apply_restart(self);
    write_record(self, WRITE_ATTEMPT);
}

static void wait_for_workers(struct coordinator *self)
{
    self->phase = PHASE_WAITING;
    raise_when_all_are_here(self);
}

static void send_deployments(struct coordinator *self)
{
    const struct mr_job_record *record = &self->record;
    struct mr_retained from = mr_job_record_newest(record);
    for (uint32_t i = 0; i < self->job->n_workers; i++) {
        struct mr_message *message =
            mr_message_new(self->env->arena, MR_MSG_DEPLOY, sizeof(struct mr_deploy));
        struct mr_deploy deploy = {.attempt = record->attempt,
            .checkpoint_attempt = from.attempt,
            .checkpoint = from.checkpoint,
            .is_rewind = from.checkpoint != 0 && record->rewound_to == from.checkpoint,
            .n_topics = record->n_topics};
        memcpy(deploy.from_topics, record->from_topics, sizeof deploy.from_topics);
        memcpy(deploy.to_topics, record->to_topics, sizeof deploy.to_topics);
        memcpy(message->body, &deploy, sizeof deploy);
        self->env->send(self->env, self->seats[i].connection, message);
        self->env->reach(self->env, MR_POINT_DEPLOY_SENT);
    }
}

/* Alignment. */

static void forget_alignment(struct coordinator *self)
{
    for (uint32_t group = 0; group < MR_ALIGNMENT_GROUPS_MAX; group++) {
        self->aligned_us[group] = MR_US_MIN;
        for (uint32_t i = 0; i < MR_WORKERS_MAX; i++) self->lowest_us[group][i] = MR_US_MIN;
    }
}

static void handle_lowest(
    struct coordinator *self, uint32_t worker, const struct mr_control *control)
{
    uint64_t group = control->checkpoint;
    MR_ASSERT(group < self->job->graph->n_alignment_groups);
    self->lowest_us[group][worker] = (mr_us)control->value;
    bool takes_highest = MR_PLANTED(self->env, ALIGNED_WITH_HIGHEST);
    mr_us aligned_us = takes_highest ? MR_US_MIN : MR_US_MAX;
    for (uint32_t i = 0; i < self->job->n_workers; i++) {
        mr_us lowest_us = self->lowest_us[group][i];
        if (takes_highest ? lowest_us > aligned_us : lowest_us < aligned_us)
            aligned_us = lowest_us;
    }
    if (aligned_us == self->aligned_us[group]) return;
    self->aligned_us[group] = aligned_us;
    tell_all(self, MR_MSG_ALIGNED, group, (uint64_t)aligned_us);
}

static void deploy(struct coordinator *self)
{
    forget_alignment(self);
    const struct mr_job_record *record = &self->record;
    struct mr_retained from = mr_job_record_newest(record);
    bool is_rewind = from.checkpoint != 0 && record->rewound_to == from.checkpoint;
    self->phase = PHASE_DEPLOYING;
    self->answered = 0;
    self->sources_finished = 0;
    self->committed = 0;
    self->has_final = false;
    self->pending = (struct pending){0};
    self->next_checkpoint = from.checkpoint + 1;
    for (uint32_t i = 0; i < self->job->n_workers; i++)
        self->seats[i].heard_ns = self->env->now(self->env);
    probe_state(self, MR_JOB_STARTING, "");
    const struct mr_probe *probe = self->job->probe;
    if (probe && probe->attempt_started)
        probe->attempt_started(probe->self, self->env->now(self->env), record->attempt,
            from.checkpoint, is_rewind);
    if (record->attempt > 1)
        self->env->milestone(self->env, from.checkpoint ? MR_SOMETIMES_RECOVERED_FROM_CHECKPOINT
                                                        : MR_SOMETIMES_RECOVERED_FROM_NOTHING);
    if (is_rewind) self->env->milestone(self->env, MR_SOMETIMES_REWOUND);
    for (uint32_t i = 0; i < self->job->n_workers; i++)
        if (!self->seats[i].connection) {
            fail_attempt(self, "a worker went away before its deployment");
            return;
        }
    send_deployments(self);
}

/* Checkpoints. */

static void trigger(struct coordinator *self, bool is_final)
{
    if (self->phase != PHASE_RUNNING || self->pending.checkpoint || self->write != WRITE_NONE)
        return;
    self->pending =
        (struct pending){.checkpoint = self->next_checkpoint++, .is_final = is_final};
    const struct mr_probe *probe = self->job->probe;
    if (probe && probe->checkpoint_triggered)
        probe->checkpoint_triggered(probe->self, self->env->now(self->env),
            self->record.attempt, self->pending.checkpoint);
    tell_all(self, MR_MSG_TRIGGER, self->pending.checkpoint, 0);
    self->env->reach(self->env, MR_POINT_CHECKPOINT_TRIGGERED);
    self->timeout_serial = wake_in(self, self->job->checkpoint_timeout_ns, TIMER_TIMEOUT);
}

static void trigger_final_when_due(struct coordinator *self)
{
    if (self->sources_finished == everyone(self) && !self->has_final) trigger(self, true);
}

static void finish_when_committed(struct coordinator *self)
{
    if (self->phase != PHASE_RUNNING || !self->has_final || self->committed != everyone(self))
        return;
    if (self->write != WRITE_NONE) return;
    self->next = self->record;
    self->next.state = MR_RECORD_FINISHED;
    write_record(self, WRITE_STATE);
}

static void handle_ack(struct coordinator *self, uint32_t worker, const struct mr_control *ack)
{
    struct pending *pending = &self->pending;
    if (self->phase != PHASE_RUNNING || pending->checkpoint == 0) return;
    if (ack->checkpoint != pending->checkpoint || self->write != WRITE_NONE) return;
    if (MR_PLANTED(self->env, LOSE_ACK) && worker == self->job->n_workers - 1) return;
    if (!(pending->acked & 1u << worker)) pending->bytes += ack->value;
    pending->acked |= 1u << worker;
    if (pending->acked != everyone(self)) return;
    self->env->reach(self->env, MR_POINT_CHECKPOINT_BEFORE_POINTER);
    self->next = self->record;
    struct mr_retained done = {
        .checkpoint = pending->checkpoint, .attempt = self->record.attempt};
    self->n_evicted =
        mr_job_record_add(&self->next, done, self->job->checkpoint_retention, self->evicted);
    write_record(self, WRITE_CHECKPOINT);
}

static void probe_completed(struct coordinator *self, uint64_t bytes)
{
    struct mr_retained newest = mr_job_record_newest(&self->record);
    const struct mr_probe *probe = self->job->probe;
    if (newest.checkpoint == self->told.checkpoint && newest.attempt == self->told.attempt)
        return;
    self->told = newest;
    if (newest.checkpoint && probe && probe->checkpoint_completed)
        probe->checkpoint_completed(
            probe->self, self->env->now(self->env), newest.attempt, newest.checkpoint, bytes);
}

static void serve_command(struct coordinator *self);

static void checkpoint_written(struct coordinator *self)
{
    struct pending done = self->pending;
    self->pending.checkpoint = 0;
    self->backoff_ns = self->job->restart_backoff_ns;
    probe_completed(self, done.bytes);
    self->env->reach(self->env, MR_POINT_CHECKPOINT_COMPLETED);
    self->has_final = done.is_final;
    tell_all(self, MR_MSG_COMPLETE, done.checkpoint, done.is_final);
    delete_evicted(self);
    serve_command(self);
    trigger_final_when_due(self);
}

/* What the store says. */

static void resume(struct coordinator *self)
{
    switch ((enum mr_record_state)self->record.state) {
    case MR_RECORD_RUNNING:
        if (self->record.attempt > 0 && !self->has_loaded)
            probe_state(self, MR_JOB_RESTARTING, "the coordinator restarted");
        wait_for_workers(self);
        break;
    case MR_RECORD_STOPPED:
        self->phase = PHASE_STOPPED;
        break;
    case MR_RECORD_FINISHED:
        self->phase = PHASE_FINISHED;
        probe_state(self, MR_JOB_FINISHED, "");
        break;
    case MR_RECORD_FAILED:
        self->phase = PHASE_FAILED;
        probe_state(self, MR_JOB_FAILED, "too many restarts");
        break;
    }
    self->has_loaded = true;
    serve_command(self);
}

static void handle_loaded(struct coordinator *self, const struct mr_object_reply *reply,
    const struct mr_message *contents)
{
    if (self->phase != PHASE_LOADING) return;
    self->version = reply->version;
    memset(&self->record, 0, sizeof self->record);
    if (reply->status == MR_OBJECT_OK) {
        MR_ASSERT(contents && contents->body_bytes == sizeof self->record);
        memcpy(&self->record, contents->body, sizeof self->record);
        probe_completed(self, 0); /* invariant 2: perhaps nobody has learned of it */
    }
    resume(self);
}

static void state_written(struct coordinator *self)
{
    switch ((enum mr_record_state)self->record.state) {
    case MR_RECORD_STOPPED:
        self->phase = PHASE_STOPPED;
        tell_all(self, MR_MSG_CANCEL, 0, 0);
        probe_state(self, MR_JOB_STOPPED, "");
        break;
    case MR_RECORD_FINISHED:
        self->phase = PHASE_FINISHED;
        tell_all(self, MR_MSG_CANCEL, 0, 0);
        probe_state(self, MR_JOB_FINISHED, "");
        break;
    case MR_RECORD_FAILED:
        self->phase = PHASE_FAILED;
        probe_state(self, MR_JOB_FAILED, "too many restarts");
        break;
    case MR_RECORD_RUNNING:
        MR_UNREACHABLE("written with an attempt");
        break;
    }
    serve_command(self);
}

static void handle_written(struct coordinator *self, const struct mr_object_reply *reply)
{
    enum write write = self->write;
    self->write = WRITE_NONE;
    if (reply->status !=
        MR_OBJECT_OK) { /* somebody else has written: begin from what is there */
        fail_attempt(self, "the job's record was written by another coordinator");
        load(self);
        return;
    }
    self->version = reply->version;
    self->record = self->next;
    switch (write) {
    case WRITE_ATTEMPT:
        delete_evicted(self);
        deploy(self);
        break;
    case WRITE_CHECKPOINT:
        checkpoint_written(self);
        break;
    case WRITE_STATE:
        state_written(self);
        break;
    case WRITE_NONE:
        MR_UNREACHABLE("nothing was written");
    }
}

static void handle_store(struct coordinator *self, const struct mr_message *message)
{
    const struct mr_object_reply *reply = (const struct mr_object_reply *)message->body;
    uint64_t serial = reply->tag >> 8;
    uint64_t tag = reply->tag & 0xff;
    if (tag == TAG_LOAD && serial == self->load_serial)
        handle_loaded(self, reply, message->attached);
    if (tag == TAG_WRITE && serial == self->write_serial && self->write != WRITE_NONE)
        handle_written(self, reply);
}

/* Commands of the operator. */

static void begin_stop(struct coordinator *self)
{
    abort_pending(self);
    self->phase = PHASE_STOPPING;
    self->answered = 0;
    tell_all(self, MR_MSG_STOP, 0, 0);
}

static void serve_stop(struct coordinator *self)
{
    switch (self->phase) {
    case PHASE_RUNNING:
        if (self->write == WRITE_NONE) begin_stop(self);
        break;
    case PHASE_STOPPED:
        reply_command(self, true, mr_job_record_newest(&self->record).checkpoint);
        break;
    case PHASE_FINISHED:
    case PHASE_FAILED:
        reply_command(self, false, 0);
        break;
    default:
        break; /* once it runs */
    }
}

static void serve_restart(struct coordinator *self)
{
    if (self->record.last_command == self->command.tag &&
        self->record.state != MR_RECORD_STOPPED) {
        if (self->phase == PHASE_RUNNING || self->phase == PHASE_FINISHED)
            reply_command(self, true, mr_job_record_newest(&self->record).checkpoint);
        return; /* carried out already, perhaps by a predecessor: answered once it runs */
    }
    if (self->phase == PHASE_STOPPED && self->write == WRITE_NONE) {
        bool is_retained = self->command.checkpoints_back == 0 ||
                           self->command.checkpoints_back < self->record.n_retained;
        if (is_retained)
            wait_for_workers(self);
        else
            reply_command(self, false, 0);
        return;
    }
    if (self->phase == PHASE_RUNNING || self->phase == PHASE_FINISHED ||
        self->phase == PHASE_FAILED)
        reply_command(self, false, 0);
}

/* Does what the waiting command wants, if the time has come. */
static void serve_command(struct coordinator *self)
{
    if (self->command_kind == MR_COMMAND_STOP) serve_stop(self);
    if (self->command_kind == MR_COMMAND_RESTART) serve_restart(self);
}

static void handle_command(struct coordinator *self, const struct mr_arrival *arrival)
{
    MR_ASSERT(arrival->message->body_bytes == sizeof self->command);
    memcpy(&self->command, arrival->message->body, sizeof self->command);
    self->command_kind = arrival->message->kind;
    self->command_connection = arrival->connection;
    serve_command(self);
}

/* What workers say. */

static void handle_register(struct coordinator *self, uint32_t worker, uint32_t connection)
{
    struct worker_seat *seat = &self->seats[worker];
    if (seat->connection && seat->connection != connection) {
        self->env->close(self->env, seat->connection);
        seat->connection = 0; /* its tasks are gone, or nobody can say what they have heard */
        fail_attempt(self, "a worker registered again");
    }
    seat->connection = connection;
    seat->heard_ns = self->env->now(self->env);
    raise_when_all_are_here(self);
}

static void start(struct coordinator *self)
{
    self->phase = PHASE_RUNNING;
    if (self->command_kind == MR_COMMAND_STOP) {
        begin_stop(self);
        return;
    }
    tell_all(self, MR_MSG_START, 0, 0);
    probe_state(self, MR_JOB_RUNNING, "");
    if (self->job->checkpoint_every_ns > 0)
        self->trigger_serial = wake_in(self, self->job->checkpoint_every_ns, TIMER_TRIGGER);
    serve_command(self);
}

static void stopped(struct coordinator *self)
{
    self->next = self->record;
    self->next.state = MR_RECORD_STOPPED;
    write_record(self, WRITE_STATE);
}

static void handle_answer(struct coordinator *self, uint32_t worker, enum phase phase)
{
    if (self->phase != phase) return;
    self->answered |= 1u << worker;
    if (self->answered != everyone(self)) return;
    if (phase == PHASE_DEPLOYING)
        start(self);
    else if (self->write == WRITE_NONE)
        stopped(self);
}

static void handle_failed(struct coordinator *self, const struct mr_message *message)
{
    char reason[128];
    size_t bytes = message->body_bytes - sizeof(struct mr_control);
    if (bytes > sizeof reason - 1) bytes = sizeof reason - 1;
    memcpy(reason, message->body + sizeof(struct mr_control), bytes);
    reason[bytes] = '\0';
    fail_attempt(self, reason);
}

static void handle_worker(struct coordinator *self, const struct mr_arrival *arrival)
{
    const struct mr_message *message = arrival->message;
    const struct mr_control *control = (const struct mr_control *)message->body;
    uint32_t worker = control->worker;
    MR_ASSERT(worker < self->job->n_workers);
    if (message->kind == MR_MSG_REGISTER) {
        handle_register(self, worker, arrival->connection);
        return;
    }
    if (self->seats[worker].connection != arrival->connection) return;
    self->seats[worker].heard_ns = self->env->now(self->env);
    if (control->attempt != self->record.attempt) return;
    switch (message->kind) {
    case MR_MSG_HEARTBEAT:
        break;
    case MR_MSG_DEPLOYED:
        handle_answer(self, worker, PHASE_DEPLOYING);
        break;
    case MR_MSG_STOPPED:
        handle_answer(self, worker, PHASE_STOPPING);
        break;
    case MR_MSG_ACK:
        handle_ack(self, worker, control);
        break;
    case MR_MSG_FAILED:
        handle_failed(self, message);
        break;
    case MR_MSG_SOURCES_FINISHED:
        self->sources_finished |= 1u << worker;
        trigger_final_when_due(self);
        break;
    case MR_MSG_LOWEST:
        handle_lowest(self, worker, control);
        break;
    case MR_MSG_COMMITTED:
        self->committed |= 1u << worker;
        finish_when_committed(self);
        break;
    default:
        MR_UNREACHABLE("a message that no coordinator knows");
    }
}

static void handle_message(struct coordinator *self, const struct mr_arrival *arrival)
{
    self->env->spend(self->env, self->job->costs.message_ns);
    if (arrival->connection == self->objects)
        handle_store(self, arrival->message);
    else if (arrival->message->kind >= MR_COMMAND_STOP)
        handle_command(self, arrival);
    else
        handle_worker(self, arrival);
}

static void handle_closed(struct coordinator *self, uint32_t connection)
{
    if (connection == self->objects) {
        self->objects = 0;
        if (self->write != WRITE_NONE) fail_attempt(self, "the object store did not answer");
        wake_in(self, STORE_RETRY_NS, TIMER_STORE);
        return;
    }
    if (connection == self->command_connection) self->command_kind = 0;
    for (uint32_t i = 0; i < self->job->n_workers; i++) {
        if (self->seats[i].connection != connection) continue;
        self->seats[i].connection = 0;
        fail_attempt(self, "the connection to a worker was lost");
    }
}

/* Timers. */

static void check_heartbeats(struct coordinator *self)
{
    mr_ns now = self->env->now(self->env);
    for (uint32_t i = 0; i < self->job->n_workers; i++) {
        struct worker_seat *seat = &self->seats[i];
        if (!seat->connection || now - seat->heard_ns <= self->job->heartbeat_timeout_ns)
            continue;
        self->env->close(self->env, seat->connection);
        seat->connection = 0;
        fail_attempt(self, "a worker sent no heartbeat");
    }
    wake_in(self, self->job->heartbeat_every_ns, TIMER_CHECK);
}

/* The store can be reached again, perhaps: go on as a coordinator that has just started. */
static void reopen_store(struct coordinator *self)
{
    if (self->objects) return;
    self->objects = self->env->open(self->env, self->job->objects);
    bool is_unsure = self->phase == PHASE_LOADING || self->write != WRITE_NONE;
    if (is_unsure) load(self);
}

static void handle_timer(struct coordinator *self, uint64_t id)
{
    uint64_t serial = id >> 8;
    switch ((enum timer)(id & 0xff)) {
    case TIMER_CHECK:
        check_heartbeats(self);
        break;
    case TIMER_TRIGGER:
        if (serial != self->trigger_serial || self->phase != PHASE_RUNNING) break;
        self->trigger_serial = wake_in(self, self->job->checkpoint_every_ns, TIMER_TRIGGER);
        if (!self->has_final) trigger(self, self->sources_finished == everyone(self));
        break;
    case TIMER_TIMEOUT:
        if (serial != self->timeout_serial || self->pending.checkpoint == 0) break;
        if (self->write != WRITE_NONE) break; /* its pointer is being moved */
        abort_pending(self);
        trigger_final_when_due(self);
        break;
    case TIMER_BACKOFF:
        if (serial == self->backoff_serial && self->phase == PHASE_BACKOFF) load(self);
        break;
    case TIMER_STORE:
        reopen_store(self);
        break;
    case TIMER_ASKED:
        if (!self->has_final) trigger(self, self->sources_finished == everyone(self));
        break;
    }
}

static void *coordinator_create(const struct mr_env *env, const void *config)
{
    struct coordinator *self = mr_arena_new(env->arena, struct coordinator);
    self->env = env;
    self->job = config;
    self->backoff_ns = self->job->restart_backoff_ns;
    return self;
}

static void coordinator_handle(void *object, const struct mr_arrival *arrival)
{
    struct coordinator *self = object;
    switch (arrival->kind) {
    case MR_ARRIVAL_START:
        load(self);
        wake_in(self, self->job->heartbeat_every_ns, TIMER_CHECK);
        break;
    case MR_ARRIVAL_TIMER:
        handle_timer(self, arrival->timer);
        break;
    case MR_ARRIVAL_ACCEPTED:
        break; /* the peer's first message says who it is */
    case MR_ARRIVAL_MESSAGE:
        handle_message(self, arrival);
        break;
    case MR_ARRIVAL_CLOSED:
        handle_closed(self, arrival->connection);
        break;
    }
}

static void coordinator_discard(void *object)
{
    struct coordinator *self = object;
    mr_arena_free(self->env->arena, self, sizeof *self);
}

const struct mr_process_class mr_coordinator_class = {.name = "coordinator",
    .create = coordinator_create,
    .handle = coordinator_handle,
    .discard = coordinator_discard};
