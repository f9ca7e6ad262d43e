#include "scenarios/run/lead.h"

#include <string.h>

#include "scenarios/run/record_tap.h"
#include "scenarios/run/run_internal.h"

struct outcomes {
    struct mr_outcome *first;
    struct mr_outcome **end; /* where the next one goes; NULL: at the front */
};

/* Of one output. What was emitted since the last checkpoint may come again after a restore:
 * then those rows that were taken before are owed, and are swallowed as they come. */
struct output {
    struct outcomes fresh;
    struct mr_outcome *committed; /* the last fresh one that a checkpoint covers; NULL: none */
    struct outcomes taken;        /* and not covered by a checkpoint */
    struct outcomes owed;
};

struct mr_lead {
    struct run *run;
    mr_ns now_ns;
    enum mr_run_end end;
    const struct mr_broker_tap *next;
    struct mr_broker_tap tap;
    struct output *outputs;           /* [n_topics] */
    const struct mr_schema **schemas; /* [n_topics] of outputs */
    struct mr_stored *stored;
    struct mr_stored **stored_end;
};

/* Outcomes. */

static void push(struct outcomes *list, struct mr_outcome *outcome)
{
    outcome->next = NULL;
    if (!list->end) list->end = &list->first;
    *list->end = outcome;
    list->end = &outcome->next;
}

static void clear(struct outcomes *list)
{
    *list = (struct outcomes){0}; /* the arena keeps them: a run of steps is short */
}

static void append_list(struct outcomes *to, struct outcomes *from)
{
    for (struct mr_outcome *one = from->first, *next; one; one = next) {
        next = one->next;
        push(to, one);
    }
    clear(from);
}

static bool is_same_row(
    const struct mr_outcome *a, const struct mr_outcome *b, const struct mr_schema *schema)
{
    if (a->time_us != b->time_us || a->has_window != b->has_window ||
        a->window_start_us != b->window_start_us || a->window_end_us != b->window_end_us ||
        a->pane.index != b->pane.index || a->pane.timing != b->pane.timing ||
        a->kind != b->kind)
        return false;
    for (uint32_t f = 0; f < schema->n_fields; f++)
        if (!mr_value_same(a->row[f], b->row[f])) return false;
    return true;
}

static bool swallow(
    struct output *output, struct mr_outcome *outcome, const struct mr_schema *schema)
{
    for (struct mr_outcome **at = &output->owed.first; *at; at = &(*at)->next) {
        if (!is_same_row(*at, outcome, schema)) continue;
        *at = (*at)->next;
        if (!*at) output->owed.end = at;
        push(&output->taken, outcome);
        return true;
    }
    return false;
}

static struct mr_outcome *outcome_new(struct mr_arena *arena, const struct mr_batch *batch,
    uint32_t row, const struct mr_schema *schema)
{
    size_t text_bytes = 0;
    for (uint32_t f = 0; f < schema->n_fields; f++)
        text_bytes += mr_column_value(&batch->columns[f], row).bytes;
    struct mr_outcome *outcome = mr_arena_zalloc(
        arena, sizeof *outcome + sizeof(struct mr_value) * schema->n_fields + text_bytes);
    char *text = (char *)&outcome->row[schema->n_fields];
    for (uint32_t f = 0; f < schema->n_fields; f++) {
        struct mr_value value = mr_column_value(&batch->columns[f], row);
        if (value.bytes > 0) {
            memcpy(text, value.text, value.bytes);
            value.text = text;
            text += value.bytes;
        }
        outcome->row[f] = value;
    }
    outcome->time_us = batch->times_us[row];
    outcome->has_window = batch->window_starts_us != NULL;
    if (outcome->has_window) {
        outcome->window_start_us = batch->window_starts_us[row];
        outcome->window_end_us = batch->window_ends_us[row];
    }
    outcome->pane = (struct mr_pane){.timing = MR_PANE_UNKNOWN};
    if (batch->panes) outcome->pane = batch->panes[row];
    outcome->kind = batch->kinds ? batch->kinds[row] : MR_ROW_INSERT;
    return outcome;
}

/* The broker's tap. */

static void appended(void *self, mr_ns at_ns, uint32_t process,
    const struct mr_log_append *request, const struct mr_message *rows, int64_t offset)
{
    struct mr_lead *lead = self;
    lead->next->appended(lead->next->self, at_ns, process, request, rows, offset);
    const struct mr_schema *schema = lead->schemas[request->topic];
    if (!schema) return;
    struct mr_arena *arena = lead->run->arena;
    enum mr_owner owner = mr_arena_owner(arena, MR_OWNER_CHECKS);
    enum mr_type types[MR_FIELDS_MAX];
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    for (uint32_t f = 0; f < schema->n_fields; f++) types[f] = schema->fields[f].type;
    mr_blob_view(rows->body, types, columns, &batch);
    struct output *output = &lead->outputs[request->topic];
    for (uint32_t i = 0; i < batch.n_selected; i++) {
        struct mr_outcome *outcome =
            outcome_new(arena, &batch, mr_batch_row(&batch, i), schema);
        outcome->topic = request->topic;
        if (!swallow(output, outcome, schema)) push(&output->fresh, outcome);
    }
    mr_arena_owner(arena, owner);
}

static void ended(void *self, mr_ns at_ns, uint64_t producer_id, uint32_t producer_epoch,
    bool is_committed, int cause)
{
    const struct mr_broker_tap *next = ((struct mr_lead *)self)->next;
    next->ended(next->self, at_ns, producer_id, producer_epoch, is_committed, cause);
}

static void refused(void *self, mr_ns at_ns, uint32_t process, uint64_t producer_id,
    uint32_t producer_epoch, enum mr_log_status status)
{
    const struct mr_broker_tap *next = ((struct mr_lead *)self)->next;
    next->refused(next->self, at_ns, process, producer_id, producer_epoch, status);
}

static void stored(void *self, uint32_t transform, const void *state, uint32_t bytes)
{
    struct mr_lead *lead = self;
    struct mr_arena *arena = lead->run->arena;
    enum mr_owner owner = mr_arena_owner(arena, MR_OWNER_CHECKS);
    struct mr_stored *one = mr_arena_zalloc(arena, sizeof *one + bytes);
    one->transform = transform;
    one->bytes = bytes;
    memcpy(one->state, state, bytes);
    *lead->stored_end = one;
    lead->stored_end = &one->next;
    mr_arena_owner(arena, owner);
}

static void forget_stored(struct mr_lead *lead)
{
    for (struct mr_stored *one = lead->stored, *next; one; one = next) {
        next = one->next;
        mr_arena_free(lead->run->arena, one, sizeof *one + one->bytes);
    }
    lead->stored = NULL;
    lead->stored_end = &lead->stored;
}

/* Making it. */

struct mr_lead *mr_lead_new(struct run *run)
{
    const struct mr_scenario *scenario = run->scenario;
    MR_ASSERT(!run->options->has_no_checks);
    struct mr_lead *lead = mr_arena_new(run->arena, struct mr_lead);
    lead->run = run;
    lead->stored_end = &lead->stored;
    lead->outputs =
        mr_arena_zalloc(run->arena, sizeof *lead->outputs * (scenario->n_topics + 1));
    lead->schemas =
        mr_arena_zalloc(run->arena, sizeof(struct mr_schema *) * (scenario->n_topics + 1));
    uint32_t sink;
    for (uint32_t t = 0; t < scenario->n_topics; t++)
        if (!scenario->topics[t].stream)
            lead->schemas[t] = mr_output_schema(scenario, t, &sink);
    mr_lead_arm(lead, &run->manifest);
    return lead;
}

const struct mr_broker_tap *mr_lead_tap(struct mr_lead *lead, const struct mr_broker_tap *next)
{
    lead->next = next;
    lead->tap = (struct mr_broker_tap){
        .self = lead, .appended = appended, .ended = ended, .refused = refused};
    return &lead->tap;
}

void mr_lead_watch(struct mr_lead *lead, struct mr_checks_config *config)
{
    config->watcher = lead;
    config->stored = stored;
}

static const char *fault_name(struct mr_arena *arena, uint32_t worker)
{
    static const char prefix[] = "restore-worker-";
    char *name = mr_arena_zalloc(arena, sizeof prefix + 3), *end = name + sizeof prefix - 1;
    memcpy(name, prefix, sizeof prefix - 1);
    if (worker >= 10) *end++ = (char)('0' + worker / 10);
    *end = (char)('0' + worker % 10);
    return name;
}

void mr_lead_arm(struct mr_lead *lead, struct mr_manifest *manifest)
{
    uint32_t n = lead->run->scenario->cluster.workers;
    MR_ASSERT(manifest->n_faults == 0);
    manifest->n_faults = n;
    manifest->faults = mr_arena_zalloc(lead->run->arena, sizeof *manifest->faults * n);
    for (uint32_t i = 0; i < n; i++)
        manifest->faults[i] = (struct mr_fault){.name = fault_name(lead->run->arena, i + 1),
            .kind = MR_FAULT_CRASH,
            .process = MR_PROCESS_WORKER_1 + i,
            .is_at_point = true, /* the 0th time that it is reached, which never comes */
            .point = MR_POINT_DEPLOY_SENT,
            .occurrence = 0,
            .restart_after_ns = 0};
}

/* Leading. */

enum mr_run_end mr_lead_end(const struct mr_lead *lead)
{
    return lead->end;
}

mr_ns mr_lead_now(const struct mr_lead *lead)
{
    return lead->now_ns;
}

/* The number of the step is there while it runs, for an assertion that fails in it. */
static bool step(struct mr_lead *lead)
{
    lead->run->step++;
    if (mr_world_step_until(lead->run->world, lead->now_ns)) return true;
    lead->run->step--;
    return false;
}

bool mr_lead_settle(struct mr_lead *lead, struct mr_run_result *result)
{
    struct run *run = lead->run;
    const struct mr_run_options *options = run->options;
    bool is_traced = options->trace || options->recorder;
    while (step(lead)) {
        if (is_traced) mr_run_trace_step(run, run->step, result);
        if (run->step % MR_LOOK_EVERY == 0 && mr_run_look_up(run, &lead->end)) return false;
        lead->end = MR_END_EVENTS;
        if (run->step == options->until_step) return false;
        lead->end = MR_END_QUIET;
        if (mr_run_job_state(run) == MR_JOB_FAILED) return false;
        if (run->universe)
            mr_universe_try(run->universe, run->arena, run->world, &run->draws, run->step);
    }
    lead->end = MR_END_RUN_FOR;
    return true;
}

void mr_lead_add(struct mr_lead *lead, uint32_t topic, uint32_t partition,
    const struct mr_value *row, bool has_time, mr_us time_us)
{
    MR_ASSERT(lead->run->streams[topic] != NULL);
    enum mr_owner owner = mr_arena_owner(lead->run->arena, MR_OWNER_WORLD);
    mr_stream_add(lead->run->streams[topic], partition, row,
        has_time ? time_us : mr_us_from_ns(lead->now_ns), lead->now_ns);
    mr_arena_owner(lead->run->arena, owner);
    if (lead->run->record) mr_record_tap_input(lead->run->record, topic, partition);
}

void mr_lead_mark(
    struct mr_lead *lead, uint32_t topic, uint32_t partition, mr_us watermark_us, bool is_idle)
{
    MR_ASSERT(lead->run->streams[topic] != NULL);
    enum mr_owner owner = mr_arena_owner(lead->run->arena, MR_OWNER_WORLD);
    mr_stream_mark(lead->run->streams[topic], partition, watermark_us, is_idle);
    mr_arena_owner(lead->run->arena, owner);
}

static void wake(struct mr_lead *lead, uint32_t process, uint64_t timer)
{
    enum mr_owner owner = mr_arena_owner(lead->run->arena, MR_OWNER_WORLD);
    mr_world_wake(lead->run->world, process, lead->now_ns, timer);
    mr_arena_owner(lead->run->arena, owner);
}

bool mr_lead_feed(struct mr_lead *lead, struct mr_run_result *result)
{
    wake(lead, lead->run->job.broker, MR_BROKER_FED);
    return mr_lead_settle(lead, result);
}

bool mr_lead_advance(struct mr_lead *lead, mr_ns span_ns, struct mr_run_result *result)
{
    MR_ASSERT(span_ns >= 0);
    lead->now_ns = mr_add_saturating(lead->now_ns, span_ns);
    if (lead->now_ns == MR_NS_NEVER) lead->now_ns--;
    return mr_lead_settle(lead, result);
}

bool mr_lead_checkpoint(struct mr_lead *lead, bool *is_done, struct mr_run_result *result)
{
    struct run *run = lead->run;
    uint64_t before = mr_checks_counts(run->checks).checkpoints;
    forget_stored(lead);
    wake(lead, MR_PROCESS_COORDINATOR, MR_COORDINATOR_CHECKPOINT);
    if (!mr_lead_settle(lead, result)) return false;
    *is_done = mr_checks_counts(run->checks).checkpoints > before ||
               mr_run_job_state(run) == MR_JOB_FINISHED;
    if (!*is_done) return true;
    for (uint32_t t = 0; t < run->scenario->n_topics; t++) {
        struct output *output = &lead->outputs[t];
        clear(&output->taken);
        clear(&output->owed); /* what did not come again is lost: exactly_once says so */
        output->committed = NULL;
        for (struct mr_outcome *one = output->fresh.first; one; one = one->next)
            output->committed = one;
    }
    return true;
}

/* What no checkpoint covers is undone. */
static void undo(struct output *output)
{
    struct mr_outcome **end =
        output->committed ? &output->committed->next : &output->fresh.first;
    *end = NULL;
    output->fresh.end = end;
    append_list(&output->owed, &output->taken);
}

bool mr_lead_restore(struct mr_lead *lead, bool *is_done, struct mr_run_result *result)
{
    struct run *run = lead->run;
    uint64_t before = mr_checks_counts(run->checks).restarts;
    *is_done = mr_run_job_state(run) == MR_JOB_FINISHED;
    if (*is_done) return true;
    run->job.restarts_max++;
    for (uint32_t t = 0; t < run->scenario->n_topics; t++) undo(&lead->outputs[t]);
    enum mr_owner owner = mr_arena_owner(run->arena, MR_OWNER_WORLD);
    for (uint32_t i = 0; i < run->job.n_workers; i++)
        mr_world_strike(run->world, i, lead->now_ns);
    mr_arena_owner(run->arena, owner);
    if (!mr_lead_settle(lead, result)) return false;
    *is_done = mr_checks_counts(run->checks).restarts > before &&
               mr_run_job_state(run) == MR_JOB_RUNNING;
    return true;
}

struct mr_outcome *mr_lead_fresh(const struct mr_lead *lead, uint32_t topic)
{
    return lead->outputs[topic].fresh.first;
}

void mr_lead_take(struct mr_lead *lead, uint32_t topic)
{
    struct output *output = &lead->outputs[topic];
    struct mr_outcome *one = output->fresh.first, *next;
    bool is_covered = output->committed != NULL;
    for (; one; one = next) {
        next = one->next;
        bool is_last = one == output->committed;
        if (!is_covered) push(&output->taken, one);
        if (is_last) is_covered = false;
    }
    clear(&output->fresh);
    output->committed = NULL;
}

const struct mr_outcome *mr_lead_take_one(struct mr_lead *lead, uint32_t topic)
{
    struct output *output = &lead->outputs[topic];
    struct mr_outcome *one = output->fresh.first;
    if (!one) return NULL;
    output->fresh.first = one->next;
    if (!one->next) output->fresh.end = NULL;
    bool is_covered = output->committed != NULL;
    if (one == output->committed) output->committed = NULL;
    if (!is_covered) push(&output->taken, one);
    return one;
}

const struct mr_stored *mr_lead_stored(const struct mr_lead *lead)
{
    return lead->stored;
}
