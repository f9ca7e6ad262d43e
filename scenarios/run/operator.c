#include <string.h>

#include "base/wire/object.h"
#include "engine/runtime/job_record.h"
#include "scenarios/run/operator.h"

enum timer { TIMER_DUE = 1, TIMER_LOOK, TIMER_RETRY };

#define LOOK_EVERY_NS (50 * MR_MS_NS)
#define RETRY_NS (200 * MR_MS_NS)

struct job_operator {
    const struct mr_env *env;
    const struct mr_operator_config *config;
    uint32_t step;        /* that waits or is under way */
    bool is_sent;         /* its command is under way */
    uint32_t coordinator; /* connections; 0: none */
    uint32_t objects;
};

static const struct mr_job_step *current(const struct job_operator *self)
{
    const struct mr_manifest *manifest = self->config->manifest;
    return self->step < manifest->n_job_steps ? &manifest->job_steps[self->step] : NULL;
}

static void wake_in(struct job_operator *self, mr_ns span_ns, enum timer timer)
{
    self->env->wake_at(self->env, self->env->now(self->env) + span_ns, (uint64_t)timer);
}

static void send_command(struct job_operator *self)
{
    const struct mr_job_step *step = current(self);
    struct mr_command command = {.tag = self->step + 1u,
        .checkpoints_back = step->checkpoints_back,
        .n_topics = step->n_topics};
    for (uint32_t i = 0; i < step->n_topics; i++) {
        command.from_topics[i] = step->from_topics[i];
        command.to_topics[i] = step->to_topics[i];
    }
    uint16_t kind = step->kind == MR_STEP_STOP ? MR_COMMAND_STOP : MR_COMMAND_RESTART;
    struct mr_message *message = mr_message_new(self->env->arena, kind, sizeof command);
    memcpy(message->body, &command, sizeof command);
    if (!self->coordinator)
        self->coordinator = self->env->open(self->env, self->config->job->coordinator);
    self->env->send(self->env, self->coordinator, message);
    self->is_sent = true;
}

/* Looks into the job's record how many checkpoints there are. */
static void look(struct job_operator *self)
{
    if (!self->objects) self->objects = self->env->open(self->env, self->config->job->objects);
    self->env->send(self->env, self->objects, mr_job_record_get(self->env->arena, self->step));
}

static void begin_step(struct job_operator *self)
{
    const struct mr_job_step *step = current(self);
    if (!step) return;
    mr_ns now = self->env->now(self->env);
    mr_ns at_ns =
        step->kind == MR_STEP_RESTART ? mr_add_saturating(now, step->at_ns) : step->at_ns;
    self->env->wake_at(self->env, at_ns > now ? at_ns : now, TIMER_DUE);
}

static bool has_enough(const struct job_operator *self, const struct mr_job_record *record)
{
    uint32_t wanted = current(self)->after_checkpoints;
    uint32_t retention = self->config->job->checkpoint_retention;
    if (mr_job_record_newest(record).checkpoint < wanted) return false;
    return record->n_retained >= (wanted < retention ? wanted : retention);
}

static void handle_record(struct job_operator *self, const struct mr_message *message)
{
    const struct mr_object_reply *reply = (const struct mr_object_reply *)message->body;
    if (self->is_sent || !current(self) || reply->tag != self->step) return;
    if (reply->status == MR_OBJECT_OK) {
        struct mr_job_record record;
        MR_ASSERT(message->attached->body_bytes == sizeof record);
        memcpy(&record, message->attached->body, sizeof record);
        if (record.state == MR_RECORD_FINISHED || record.state == MR_RECORD_FAILED) return;
        if (has_enough(self, &record)) {
            send_command(self);
            return;
        }
    }
    wake_in(self, LOOK_EVERY_NS, TIMER_LOOK);
}

static void handle_reply(struct job_operator *self, const struct mr_command_reply *reply)
{
    if (!self->is_sent || reply->tag != self->step + 1u) return;
    self->is_sent = false;
    if (!reply->is_ok) {
        self->env->log(self->env, "command %u was refused", self->step + 1u);
        self->step = UINT32_MAX;
        return;
    }
    self->step++;
    begin_step(self);
}

static void handle_closed(struct job_operator *self, uint32_t connection)
{
    if (connection == self->coordinator) self->coordinator = 0;
    if (connection == self->objects) self->objects = 0;
    if (current(self)) wake_in(self, RETRY_NS, TIMER_RETRY);
}

static void handle_timer(struct job_operator *self, enum timer timer)
{
    const struct mr_job_step *step = current(self);
    if (!step) return;
    switch (timer) {
    case TIMER_DUE:
        if (step->kind == MR_STEP_STOP && step->after_checkpoints > 0)
            look(self);
        else
            send_command(self);
        break;
    case TIMER_LOOK:
        if (!self->is_sent) look(self);
        break;
    case TIMER_RETRY: /* what was under way on the lost connection */
        if (self->is_sent && !self->coordinator) send_command(self);
        if (!self->is_sent && !self->objects && step->kind == MR_STEP_STOP) look(self);
        break;
    }
}

static void *operator_create(const struct mr_env *env, const void *config)
{
    struct job_operator *self = mr_arena_new(env->arena, struct job_operator);
    self->env = env;
    self->config = config;
    return self;
}

static void operator_handle(void *object, const struct mr_arrival *arrival)
{
    struct job_operator *self = object;
    switch (arrival->kind) {
    case MR_ARRIVAL_START:
        begin_step(self);
        break;
    case MR_ARRIVAL_TIMER:
        handle_timer(self, (enum timer)arrival->timer);
        break;
    case MR_ARRIVAL_ACCEPTED:
        break;
    case MR_ARRIVAL_MESSAGE:
        if (arrival->message->kind == MR_COMMAND_REPLY)
            handle_reply(self, (const struct mr_command_reply *)arrival->message->body);
        else
            handle_record(self, arrival->message);
        break;
    case MR_ARRIVAL_CLOSED:
        handle_closed(self, arrival->connection);
        break;
    }
}

static void operator_discard(void *object)
{
    struct job_operator *self = object;
    mr_arena_free(self->env->arena, self, sizeof *self);
}

const struct mr_process_class mr_operator_class = {.name = "operator",
    .create = operator_create,
    .handle = operator_handle,
    .discard = operator_discard};
