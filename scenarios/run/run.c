#include <setjmp.h>
#include <string.h>

#include "engine/expression/caller.h"
#include "scenarios/run/crash_points.h"
#include "scenarios/run/lead.h"
#include "scenarios/run/operator.h"
#include "scenarios/run/record_tap.h"
#include "scenarios/run/run_internal.h"
#include "scenarios/run/steps.h"

/* Building. */

static void make_streams(struct run *run)
{
    const struct mr_scenario *scenario = run->scenario;
    uint32_t n = scenario->n_topics;
    run->streams = mr_arena_zalloc(run->arena, sizeof(struct mr_stream *) * n);
    struct mr_topic_config *topics = mr_arena_zalloc(run->arena, sizeof *topics * n);
    struct mr_feed *feeds = mr_arena_zalloc(run->arena, sizeof *feeds * n);
    struct mr_job_topic *job_topics = mr_arena_zalloc(run->arena, sizeof *job_topics * n);
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_topic *topic = &scenario->topics[i];
        topics[i] =
            (struct mr_topic_config){.name = topic->name, .n_partitions = topic->n_partitions};
        job_topics[i] = (struct mr_job_topic){
            .name = topic->name, .index = i, .n_partitions = topic->n_partitions};
        if (!topic->stream) continue;
        job_topics[i].is_marked = topic->stream->is_scripted;
        run->streams[i] = mr_stream_new(run->arena, topic->stream, &run->draws);
        job_topics[i].date_origin_us = mr_stream_origin_us(run->streams[i]);
        feeds[i] = mr_stream_feed(run->streams[i]);
        topics[i].feed = &feeds[i];
    }
    run->broker = (struct mr_broker_config){
        .n_topics = n, .topics = topics, .service_ns = scenario->broker_ns};
    run->job.n_topics = n;
    run->job.topics = job_topics;
}

static void make_job(struct run *run)
{
    const struct mr_scenario *scenario = run->scenario;
    const struct mr_cluster *cluster = &scenario->cluster;
    struct mr_job *job = &run->job;
    job->name = scenario->name;
    job->graph = scenario->graph;
    job->plan = scenario->plan;
    job->n_workers = cluster->workers;
    job->coordinator = MR_PROCESS_COORDINATOR;
    for (uint32_t i = 0; i < cluster->workers; i++) job->workers[i] = MR_PROCESS_WORKER_1 + i;
    job->broker = MR_PROCESS_WORKER_1 + cluster->workers;
    job->objects = job->broker + 1;
    job->parallelism = cluster->parallelism;
    job->batch_rows = run->manifest.batch_rows;
    job->fetch_rows = run->manifest.fetch_rows;
    job->fetch_rows_min =
        cluster->fetch_rows_min < job->fetch_rows ? cluster->fetch_rows_min : job->fetch_rows;
    job->fetch_wait_ns = cluster->fetch_wait_ns;
    job->channel_credit = cluster->channel_credit;
    job->watermark_every_ns = cluster->watermark_every_ns;
    job->flush_after_ns = cluster->flush_after_ns;
    job->checkpoint_every_ns = run->manifest.checkpoint_every_ns;
    job->checkpoint_timeout_ns = cluster->checkpoint_timeout_ns;
    job->checkpoint_retention = cluster->checkpoint_retention;
    job->heartbeat_every_ns = cluster->heartbeat_every_ns;
    job->heartbeat_timeout_ns = cluster->heartbeat_timeout_ns;
    job->restart_backoff_ns = cluster->restart_backoff_ns;
    job->restart_backoff_max_ns = cluster->restart_backoff_max_ns;
    job->restarts_max = cluster->restarts_max;
    job->transaction_timeout_ns = cluster->transaction_timeout_ns;
    job->costs = cluster->costs;
}

static void make_lookups(struct run *run)
{
    const struct mr_scenario *scenario = run->scenario;
    uint32_t n = scenario->n_lookups;
    struct mr_job_service *services = mr_arena_zalloc(run->arena, sizeof *services * (n + 1));
    run->lookups = mr_arena_zalloc(run->arena, sizeof *run->lookups * (n + 1));
    for (uint32_t i = 0; i < n; i++) {
        run->lookups[i] = scenario->lookups[i];
        services[i] = (struct mr_job_service){.name = scenario->lookups[i].name,
            .process = mr_scenario_lookup_process(run->job.n_workers, i),
            .n_columns = scenario->lookups[i].n_columns,
            .columns = scenario->lookups[i].columns};
    }
    run->job.n_services = n;
    run->job.services = services;
}

static void note_state(
    void *self, mr_ns at_ns, uint32_t attempt, enum mr_job_state state, const char *reason)
{
    (void)at_ns;
    (void)attempt;
    (void)reason;
    ((struct run *)self)->bare_state = state;
}

static void note_milestone(void *self, mr_ns at_ns, enum mr_sometimes milestone)
{
    (void)at_ns;
    ((struct run *)self)->sometimes |= UINT64_C(1) << milestone;
}

static void note_started(void *self, mr_ns at_ns, uint32_t process, uint32_t incarnation)
{
    struct run *run = self;
    if (incarnation == 0) return;
    if (process == MR_PROCESS_COORDINATOR)
        note_milestone(self, at_ns, MR_SOMETIMES_COORDINATOR_RESTARTED);
    else if (process <= run->job.n_workers)
        note_milestone(self, at_ns, MR_SOMETIMES_WORKER_RESTARTED);
}

/* The recorder's tap of the world has a `self` of its own: both are served from here. */
#define PASS_ON(run, function, ...)                                                            \
    do {                                                                                       \
        const struct mr_world_tap *tap_ =                                                      \
            (run)->record ? mr_record_tap_world((run)->record) : NULL;                         \
        if (tap_) tap_->function(tap_->self, __VA_ARGS__);                                     \
    } while (0)

static void pass_point(
    void *self, mr_ns at_ns, uint32_t process, enum mr_point point, uint64_t occurrence)
{
    PASS_ON((struct run *)self, point, at_ns, process, point, occurrence);
}

static void pass_crashed(void *self, mr_ns at_ns, uint32_t process)
{
    PASS_ON((struct run *)self, crashed, at_ns, process);
}

static void pass_started(void *self, mr_ns at_ns, uint32_t process, uint32_t incarnation)
{
    note_started(self, at_ns, process, incarnation);
    PASS_ON((struct run *)self, started, at_ns, process, incarnation);
}

static void pass_fault(void *self, mr_ns at_ns, uint32_t index, bool begins)
{
    PASS_ON((struct run *)self, fault, at_ns, index, begins);
}

static void pass_delivered(
    void *self, mr_ns at_ns, uint32_t process, const struct mr_message *message)
{
    PASS_ON((struct run *)self, delivered, at_ns, process, message);
}

static void pass_log(void *self, mr_ns at_ns, uint32_t process, const char *text)
{
    PASS_ON((struct run *)self, log, at_ns, process, text);
}

static void hang_taps(struct run *run)
{
    run->world_tap = (struct mr_world_tap){
        .self = run, .milestone = note_milestone, .started = note_started};
    if (!run->record) return;
    run->world_tap.point = pass_point;
    run->world_tap.crashed = pass_crashed;
    run->world_tap.started = pass_started;
    run->world_tap.fault = pass_fault;
    run->world_tap.delivered = pass_delivered;
    run->world_tap.log = pass_log;
}

static void make_checks(struct run *run)
{
    if (run->options->has_no_checks) {
        run->bare_probe = (struct mr_probe){.self = run, .job_state = note_state};
        run->job.probe = &run->bare_probe;
        return;
    }
    struct mr_checks_config config = {.scenario = run->scenario,
        .manifest = &run->manifest,
        .streams = run->streams,
        .broker_process = run->job.broker,
        .keeps_output = run->options->recorder != NULL};
    if (run->lead) mr_lead_watch(run->lead, &config);
    run->checks = mr_checks_new(run->arena, &config);
    run->job.probe = mr_checks_probe(run->checks);
    run->broker.tap = mr_checks_broker_tap(run->checks);
    if (run->lead) run->broker.tap = mr_lead_tap(run->lead, run->broker.tap);
    for (uint32_t i = 0; i < run->scenario->n_lookups; i++)
        run->lookups[i].tap = mr_checks_lookup_tap(run->checks);
    if (!run->options->recorder) return;
    struct mr_record_tap_config record = {.recorder = run->options->recorder,
        .scenario = run->scenario,
        .manifest = &run->manifest,
        .streams = run->streams,
        .probe = run->job.probe,
        .broker = run->broker.tap};
    run->record = mr_record_tap_new(run->arena, &record);
    run->job.probe = mr_record_tap_probe(run->record);
    run->broker.tap = mr_record_tap_broker(run->record);
}

static const char *process_name(struct run *run, uint32_t process)
{
    uint32_t workers = run->job.n_workers;
    if (process == MR_PROCESS_COORDINATOR) return "coordinator";
    if (process == run->job.broker) return "broker";
    if (process == run->job.objects) return "objects";
    uint32_t first_lookup = mr_scenario_lookup_process(workers, 0);
    if (process >= first_lookup) return run->scenario->lookups[process - first_lookup].name;
    if (process > run->job.objects) return "operator";
    MR_ASSERT(process <= workers);
    char *name = mr_arena_zalloc(run->arena, 16);
    memcpy(name, "worker-", 7);
    uint32_t digits = process >= 10 ? 2 : 1;
    if (digits == 2) name[7] = (char)('0' + process / 10);
    name[6 + digits] = (char)('0' + process % 10);
    return name;
}

static struct mr_process_config process_config(struct run *run, uint32_t process)
{
    struct mr_process_config config = {
        .name = process_name(run, process), .owner = MR_OWNER_WORLD, .is_service = true};
    if (process <= run->job.n_workers) {
        config.class =
            process == MR_PROCESS_COORDINATOR ? &mr_coordinator_class : &mr_worker_class;
        config.config = &run->job;
        config.owner = MR_OWNER_ENGINE;
        config.is_service = false;
    } else if (process == run->job.broker) {
        config.class = &mr_broker_class;
        config.config = &run->broker;
    } else if (process == run->job.objects) {
        config.class = &mr_objects_class;
        config.config = &run->scenario->objects;
    } else if (process > run->job.objects + 1) {
        config.class = &mr_lookup_service_class;
        config.config = &run->lookups[process - mr_scenario_lookup_process(run->job.n_workers, 0)];
    } else {
        config.class = &mr_operator_class;
        config.config = &run->operator_config;
    }
    return config;
}

static void make_world(struct run *run)
{
    const struct mr_scenario *scenario = run->scenario;
    uint32_t n = run->job.objects + 1 + (run->manifest.n_job_steps > 0);
    if (scenario->n_lookups > 0)
        n = mr_scenario_lookup_process(run->job.n_workers, scenario->n_lookups);
    struct mr_process_config *processes = mr_arena_zalloc(run->arena, sizeof *processes * n);
    for (uint32_t i = 0; i < n; i++) processes[i] = process_config(run, i);
    run->operator_config =
        (struct mr_operator_config){.job = &run->job, .manifest = &run->manifest};
    hang_taps(run);
    run->world_config = (struct mr_world_config){.n_processes = n,
        .processes = processes,
        .network = scenario->network,
        .n_faults = run->manifest.n_faults,
        .faults = run->manifest.faults,
        .plant = run->options->plant,
        .chance_activation = scenario->chance_activation,
        .chance_firing = scenario->chance_firing,
        .has_no_digest = run->options->has_no_digest,
        .tap = &run->world_tap};
    mr_arena_owner(run->arena, MR_OWNER_WORLD);
    run->world = mr_world_new(run->arena, &run->world_config, &run->draws);
    if (run->checks) mr_checks_set_world(run->checks, run->world);
}

struct run *mr_run_make(struct mr_arena *arena, const struct mr_scenario *scenario,
    const struct mr_run_options *options)
{
    struct run *run = mr_arena_new(arena, struct run);
    run->arena = arena;
    run->scenario = scenario;
    run->options = options;
    run->draws = (struct mr_draws){.seed = options->seed,
        .overrides = options->overrides,
        .n_overrides = options->n_overrides};
    mr_manifest_draw(arena, scenario, &run->draws, &run->manifest);
    if (options->tries_crash_points || options->crash_step > 0) mr_crash_points_add_fault(run);
    make_streams(run);
    make_job(run);
    if (scenario->is_stepped) run->lead = mr_lead_new(run);
    make_lookups(run);
    make_checks(run);
    make_world(run);
    return run;
}

/* Running. */

enum mr_job_state mr_run_job_state(const struct run *run)
{
    return run->checks ? mr_checks_job_state(run->checks) : run->bare_state;
}

static bool is_stuck(const struct run *run)
{
    if (!run->checks) return false;
    const struct mr_findings *findings = mr_checks_findings(run->checks);
    for (uint32_t i = 0; i < findings->n; i++)
        if (findings->list[i].witness.check == MR_CHECK_LIVENESS) return true;
    return false;
}

static void note_engine_bytes(struct run *run)
{
    uint64_t bytes = mr_arena_live_bytes(run->arena, MR_OWNER_ENGINE);
    if (bytes > run->engine_bytes_max) run->engine_bytes_max = bytes;
}

bool mr_run_look_up(struct run *run, enum mr_run_end *end)
{
    const struct mr_limits *limits = &run->scenario->limits;
    mr_ns now = mr_world_now(run->world);
    if (run->checks) mr_checks_poll(run->checks, now);
    if (run->record) mr_record_tap_backlog(run->record, now);
    note_engine_bytes(run);
    *end = MR_END_EVENTS;
    if (limits->events > 0 && mr_world_steps(run->world) >= limits->events) return true;
    *end = MR_END_TIME;
    if (limits->virtual_time_ns > 0 && now >= limits->virtual_time_ns) return true;
    *end = MR_END_QUIET;
    return is_stuck(run) || mr_run_job_state(run) == MR_JOB_FAILED;
}

void mr_run_trace_step(const struct run *run, uint64_t step, struct mr_run_result *out)
{
    const struct mr_run_options *options = run->options;
    if (options->trace && step >= options->trace_from &&
        (step - options->trace_from) % options->trace_stride == 0 &&
        out->trace_count < options->trace_max)
        options->trace[out->trace_count++] = mr_world_digest(run->world);
    const struct mr_recorder *recorder = options->recorder;
    if (recorder && recorder->digest)
        recorder->digest(
            recorder->self, step, mr_world_now(run->world), mr_world_digest(run->world));
}

/* The event number run->step, and whether the run ends with it. */
/* In the loop over all events it must not be a call. */
static inline bool take_step(struct run *run, enum mr_run_end *end, struct mr_run_result *out)
{
    const struct mr_run_options *options = run->options;
    mr_ns run_for_ns = run->scenario->run_for_ns;
    uint64_t step = run->step;
    *end = MR_END_QUIET;
    if (!mr_world_step(run->world)) return true;
    if (MR_UNLIKELY(options->trace || options->recorder)) mr_run_trace_step(run, step, out);
    *end = MR_END_FINISHED;
    if (mr_run_job_state(run) == MR_JOB_FINISHED) return true;
    *end = MR_END_RUN_FOR;
    if (run_for_ns > 0 && mr_world_now(run->world) >= run_for_ns) return true;
    if (step % MR_LOOK_EVERY == 0 && mr_run_look_up(run, end)) return true;
    *end = MR_END_EVENTS;
    return step == options->until_step;
}

bool mr_run_take_step(struct run *run, enum mr_run_end *end, struct mr_run_result *out)
{
    return take_step(run, end, out);
}

static bool take_step_and_crash(
    struct run *run, enum mr_run_end *end, struct mr_run_result *out)
{
    mr_crash_points_arm(run, run->options->crash_prefix);
    bool has_ended = mr_run_take_step(run, end, out);
    mr_crash_points_disarm(run);
    return has_ended;
}

enum mr_run_end mr_run_on(struct run *run, struct mr_run_result *out)
{
    enum mr_run_end end;
    for (;;) {
        uint64_t step = ++run->step;
        bool has_ended = MR_UNLIKELY(step == run->options->crash_step)
                             ? take_step_and_crash(run, &end, out)
                             : take_step(run, &end, out);
        if (has_ended) return end;
    }
}

/* The same, with trips back in time at drawn steps. */
static enum mr_run_end run_universe(struct run *run, struct mr_run_result *out)
{
    enum mr_run_end end;
    for (;;) {
        run->step++;
        if (mr_run_take_step(run, &end, out)) return end;
        mr_universe_try(run->universe, run->arena, run->world, &run->draws, run->step);
    }
}

void mr_run_add_limit(const struct run *run, struct mr_run_result *out)
{
    if (out->n_findings == MR_FINDINGS_MAX) out->n_findings--;
    struct mr_witness *witness = &out->findings[out->n_findings];
    memset(witness, 0, sizeof *witness);
    witness->check = MR_CHECK_RUN;
    witness->verdict = MR_VERDICT_LIMIT;
    witness->at_ns = run && run->world ? mr_world_now(run->world) : 0;
    witness->step = run && run->world ? mr_world_steps(run->world) : 0;
    static const char summary[] = "the run needs more memory than limits.memory allows";
    memcpy(witness->summary, summary, sizeof summary);
    out->finding_counts[out->n_findings++] = 1;
}

void mr_run_gather(struct run *run, struct mr_run_result *out)
{
    if (run->world) {
        out->digest = mr_world_digest(run->world);
        out->steps = mr_world_steps(run->world);
        out->virtual_ns = mr_world_now(run->world);
        out->faults_struck = mr_world_faults_struck(run->world);
        mr_world_describe_last(run->world, out->last_step, sizeof out->last_step);
    }
    out->sometimes = run->sometimes;
    out->arena_used_bytes = mr_arena_used_bytes(run->arena);
    out->engine_bytes = mr_arena_live_bytes(run->arena, MR_OWNER_ENGINE);
    out->engine_bytes_max = run->engine_bytes_max;
    if (!run->checks) return;
    out->counts = mr_checks_counts(run->checks);
    const struct mr_findings *findings = mr_checks_findings(run->checks);
    out->n_findings = findings->n;
    for (uint32_t i = 0; i < findings->n; i++) {
        out->findings[i] = findings->list[i].witness;
        out->finding_counts[i] = findings->list[i].count;
    }
}

void mr_run_finish(struct run *run, struct mr_run_result *out)
{
    note_engine_bytes(run);
    const struct mr_run_options *options = run->options;
    bool was_cut = options->until_step > 0 && mr_world_steps(run->world) >= options->until_step;
    if (run->checks && !was_cut) mr_checks_finish(run->checks, out->end);
    if (run->record) mr_record_tap_verdicts(run->record, mr_checks_findings(run->checks));
}

void mr_run(struct mr_arena *arena, const struct mr_scenario *scenario,
    const struct mr_run_options *options, struct mr_run_result *out)
{
    memset(out, 0, offsetof(struct mr_run_result, findings));
    out->seed = options->seed;
    mr_arena_reset(arena);
    mr_python_begin(options->seed);
    jmp_buf exhausted;
    struct run *volatile run = NULL;
    struct mr_universe *volatile universe = NULL;
    struct mr_crash_points *volatile points = NULL;
    if (setjmp(exhausted) != 0) {
        mr_arena_guard(arena, NULL);
        out->end = MR_END_MEMORY;
        if (run) mr_run_gather(run, out);
        mr_run_add_limit(run, out);
        mr_universe_discard(universe);
        mr_crash_points_discard(points);
        mr_assert_context(NULL, 0, NULL);
        return;
    }
    mr_arena_guard(arena, &exhausted);
    mr_assert_context(scenario->path, options->seed, NULL);
    mr_arena_owner(arena, MR_OWNER_CHECKS);
    run = mr_run_make(arena, scenario, options);
    mr_assert_context(scenario->path, options->seed, &run->step);
    run->universe = options->universe_trials > 0 ? mr_universe_new(options->universe_trials) : NULL;
    universe = run->universe;
    if (run->lead) {
        out->end = mr_steps_run(run, out);
    } else if (universe) {
        out->end = run_universe(run, out);
    } else if (options->tries_crash_points) {
        points = mr_crash_points_new(arena);
        out->end = mr_crash_points_run(points, run, &exhausted, out);
    } else {
        out->end = mr_run_on(run, out);
    }
    mr_arena_owner(arena, MR_OWNER_CHECKS);
    mr_run_finish(run, out);
    mr_run_gather(run, out);
    if (universe) out->universe_failures = mr_universe_failures(universe);
    mr_universe_discard(universe);
    if (points) mr_crash_points_report(points, out);
    mr_crash_points_discard(points);
    mr_arena_guard(arena, NULL);
    mr_assert_context(NULL, 0, NULL);
}

size_t mr_run_arena_bytes(const struct mr_scenario *scenario)
{
    return (size_t)scenario->limits.memory_bytes;
}
