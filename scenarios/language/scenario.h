/* A scenario: which pipeline, what data, what cluster, what goes wrong when, and what must
 * hold. Constant for a campaign; what is an interval or a distribution in it is drawn a seed,
 * into a manifest. */
#ifndef MR_SCENARIOS_LANGUAGE_SCENARIO_H
#define MR_SCENARIOS_LANGUAGE_SCENARIO_H

#include "engine/pipeline/plan.h"
#include "engine/runtime/job.h"
#include "scenarios/data/stream.h"
#include "sim/services/lookup.h"
#include "sim/services/objects.h"
#include "sim/world/world.h"

enum mr_verdict {
    MR_VERDICT_PASS,
    MR_VERDICT_LOSS,
    MR_VERDICT_DUPLICATE,
    MR_VERDICT_WRONG,
    MR_VERDICT_REORDERED,
    MR_VERDICT_ABORTED_VISIBLE,
    MR_VERDICT_WATERMARK_REGRESSED,
    MR_VERDICT_WATERMARK_OVERTOOK,
    MR_VERDICT_FALSE_LATE,
    MR_VERDICT_PANE_CONTRACT,
    MR_VERDICT_CUT_INCONSISTENT,
    MR_VERDICT_STATE_LEAK,
    MR_VERDICT_STUCK,
    MR_VERDICT_SLOW,
    MR_VERDICT_DIVERGED,
    MR_VERDICT_LATE,
    MR_VERDICT_LIMIT,
    MR_VERDICT_DRIFTED,
    MR_VERDICT_OVERRUN,
    MR_VERDICT_HASTY,
    MR_VERDICT_STALE,
    MR_VERDICTS,
};
const char *mr_verdict_name(enum mr_verdict verdict);
int mr_verdict_find(const char *name); /* -1: no such word */

/* The checks of DESIGN.md, 7. SOMETIMES is judged over the campaign; RUN stands for limits of
 * the run itself. */
enum mr_check {
    MR_CHECK_EXACTLY_ONCE,
    MR_CHECK_WATERMARKS,
    MR_CHECK_CONSISTENT_CUT,
    MR_CHECK_CONSERVATION,
    MR_CHECK_ORDER,
    MR_CHECK_LIVENESS,
    MR_CHECK_LATE,
    MR_CHECK_SOMETIMES,
    MR_CHECK_RUN,
    MR_CHECK_ASSERTIONS, /* AssertEqual of the pipeline; on where there is one */
    MR_CHECK_STEPS, /* of a scenario that is led step by step: what its steps expect */
    MR_CHECK_LOOKUPS, /* on where the pipeline has one */
    MR_CHECKS,
};
const char *mr_check_name(enum mr_check check);
int mr_check_find(const char *name);

/* An integer that a seed draws: a constant, one of a list, or from a distribution. `name` keys
 * the draw. */
struct mr_drawn {
    const char *name;           /* written path, e.g. "cluster.batch" or "crash-1.at" */
    const struct mr_yaml *node; /* where it stands; NULL: the default */
    uint32_t n_choices; /* `seeded: [...]`: drawn among these; 0: from the distribution */
    const int64_t *choices;
    struct mr_distribution distribution;
};

struct mr_topic {
    const char *name;
    uint32_t n_partitions;
    const struct mr_stream_config *stream; /* NULL: an output */
};

struct mr_cluster {
    uint32_t workers;
    uint32_t slots; /* of each worker; parallelism <= workers * slots */
    uint32_t parallelism;
    struct mr_drawn batch_rows;
    struct mr_drawn fetch_rows;
    uint32_t fetch_rows_min;
    mr_ns fetch_wait_ns;
    uint32_t channel_credit;
    mr_ns watermark_every_ns;
    mr_ns flush_after_ns;
    struct mr_drawn checkpoint_every_ns;
    mr_ns checkpoint_timeout_ns;
    uint32_t checkpoint_retention;
    mr_ns heartbeat_every_ns;
    mr_ns heartbeat_timeout_ns;
    mr_ns restart_backoff_ns;
    mr_ns restart_backoff_max_ns;
    uint32_t restarts_max;
    mr_ns transaction_timeout_ns;
    struct mr_costs costs;
};

/* A fault as written: the values that are drawn a seed, and the process or link that they
 * strike. */
struct mr_fault_spec {
    struct mr_fault fault;  /* what is not drawn; `name` is written or made from the content,
                               never the position */
    bool has_any_worker;    /* at a time: a worker is drawn */
    struct mr_drawn worker; /* which one: 1..workers */
    struct mr_drawn at_ns;
    struct mr_drawn
        waits_for_handler; /* CRASH at a time: 0 or 1; half of them unless it is written */
    struct mr_drawn occurrence;
    uint32_t n_points; /* `point: [a, b]`: one is drawn */
    const enum mr_point *points;
    struct mr_drawn point; /* its index in `points` */
    struct mr_drawn for_ns;
    struct mr_drawn restart_after_ns;
    struct mr_drawn factor;
    struct mr_drawn extra_ns;
    struct mr_place place;
};

/* What the job's operator does: stop it, restart it from a checkpoint. In this order. */
enum mr_job_step_kind { MR_STEP_STOP, MR_STEP_RESTART };
struct mr_job_step_spec {
    enum mr_job_step_kind kind;
    struct mr_drawn at_ns; /* STOP: not before this time; RESTART: after this time has passed
                              since the stop */
    uint32_t after_checkpoints; /* STOP: and not before so many have completed */
    uint32_t checkpoints_back;  /* RESTART */
    uint32_t n_topics; /* RESTART: outputs that go elsewhere from now on; indices into topics */
    const uint32_t *from_topics;
    const uint32_t *to_topics;
};

struct mr_expectation {
    bool is_failure; /* expect: {fail: ...} */
    enum mr_check check;
    enum mr_verdict verdict;
    uint32_t seeds_at_least; /* over the whole campaign */
};

struct mr_check_options {
    bool enabled[MR_CHECKS];         /* all of exactly_once .. liveness by default */
    struct mr_ratio dropped_at_most; /* LATE: rows dropped in rows read; whole 0: not judged */
    mr_ns liveness_ns;               /* default: ten checkpoint intervals */
};

struct mr_limits {
    mr_ns virtual_time_ns;
    uint64_t events;
    uint64_t memory_bytes;
};

/* A scenario that is led step by step (docs/steps.md). A row that is handed in, or one that is expected, with what is
 * asked of its pane. */
struct mr_test_row {
    struct mr_place place;
    const struct mr_value *row; /* [n_fields] */
    bool has_time;
    mr_us time_us;
    bool has_window;
    mr_us window_start_us;
    mr_us window_end_us;
    int timing; /* enum mr_pane_timing; -1: any; so are the others */
    int64_t index;
    int64_t nonspeculative_index;
    int is_last;
    int kind; /* enum mr_row_kind */
};
enum mr_test_step_kind {
    MR_TEST_ROWS,
    MR_TEST_WATERMARK,
    MR_TEST_IDLE,
    MR_TEST_ACTIVE,
    MR_TEST_PROCESSING_TIME,
    MR_TEST_CHECKPOINT,
    MR_TEST_RESTORE,
    MR_TEST_EXPECT,
    MR_TEST_EXPECT_NONE,
    MR_TEST_EXPECT_STATE,
};
enum { MR_TEST_ALL_TOPICS = 0xffffffff };
struct mr_test_step {
    enum mr_test_step_kind kind;
    struct mr_place place;
    uint32_t topic; /* input or output; EXPECT_NONE: perhaps all outputs */
    uint32_t n_rows;
    const struct mr_test_row *rows;
    mr_us watermark_us;
    mr_ns advance_ns;
    uint32_t transform; /* EXPECT_STATE: a Combine, whose key, and perhaps window, is there or gone */
    bool is_gone;
    bool has_key;
    const struct mr_value *keys;
    bool has_window;
    mr_us window_start_us;
    mr_us window_end_us;
};

struct mr_scenario {
    const char *name;
    const char *about;
    const char *path;
    uint64_t digest; /* of the scenario, the pipeline and the data: what a record must match */
    struct mr_place place;
    const struct mr_yaml *document;

    const char *pipeline_path;
    const struct mr_graph *graph;
    const struct mr_plan *plan;
    uint32_t n_topics; /* streams first, in the order written, then outputs */
    const struct mr_topic *topics;

    struct mr_cluster cluster;
    struct mr_network_config network; /* overrides by process id, see mr_scenario_process */
    struct mr_distribution broker_ns;
    struct mr_objects_config objects;
    uint32_t n_lookups; /* key-value services; at most MR_SERVICES_MAX */
    const struct mr_lookup_config *lookups;
    struct mr_ratio chance_activation;
    struct mr_ratio chance_firing;
    uint32_t n_faults;
    const struct mr_fault_spec *faults;
    uint32_t n_job_steps;
    const struct mr_job_step_spec *job_steps;

    struct mr_check_options check;
    struct mr_expectation expect;
    uint32_t n_sometimes;
    const enum mr_sometimes *sometimes;
    uint64_t seeds;      /* how many: 1..seeds unless the command line says otherwise */
    uint64_t first_seed; /* default 1; a manifest has its own */
    mr_ns run_for_ns;    /* open streams: where the run stops, normally; 0: bounded */
    struct mr_limits limits;

    const char *const *collected; /* [n_topics] of a stepped one: how steps call an output that no WriteToLog writes; NULL */
    bool is_stepped; /* led by these steps: the world is calm and takes no time */
    uint32_t n_steps;
    const struct mr_test_step *steps;
    bool is_restored_between; /* a checkpoint and a restore lie between each two steps */
    uint32_t split;           /* channels that each input goes over; 1: as it stands */
    uint64_t interleavings;   /* of them, all that are legal, or UINT64_MAX: more than can be counted */
};

/* Reads steps from a text of their own, a step or a list of them, for a stepped scenario; the order of watermarks is
 * not looked at. Errors: INPUT with place, as mr_scenario_read. */
MR_MUST_CHECK bool mr_scenario_read_steps(struct mr_region *region,
    const struct mr_scenario *scenario, const char *text, const struct mr_test_step **steps,
    uint32_t *n_steps, struct mr_err *err);
/* How steps call the topic. */
const char *mr_topic_name(const struct mr_scenario *scenario, uint32_t topic);
/* The rows of an output, and the sink that writes them; NULL: none does. */
const struct mr_schema *mr_output_schema(
    const struct mr_scenario *scenario, uint32_t topic, uint32_t *sink);

/* Variations of a stepped scenario that must not change what comes out: copies in the region. With `channels` the seeds
 * are the legal interleavings, at most MR_INTERLEAVINGS_MAX: all of them, or as many that are drawn. */
enum { MR_INTERLEAVINGS_MAX = 10000, MR_SPLIT_MAX = 16 };
const struct mr_scenario *mr_scenario_restored_between(
    struct mr_region *region, const struct mr_scenario *scenario);
const struct mr_scenario *mr_scenario_split(
    struct mr_region *region, const struct mr_scenario *scenario, uint32_t channels);

/* Process ids of a scenario: coordinator 0, workers 1..n, then broker, objects, operator. -1:
 * no such process. */
enum { MR_PROCESS_COORDINATOR = 0, MR_PROCESS_WORKER_1 = 1 };
int mr_scenario_process(uint32_t workers, const char *name);
/* The services that Lookups call come behind them; with such services there is always an operator. */
static inline uint32_t mr_scenario_lookup_process(uint32_t workers, uint32_t index)
{
    return MR_PROCESS_WORKER_1 + workers + 3 + index;
}
const char *mr_scenario_process_name(
    struct mr_region *region, uint32_t workers, uint32_t process);

/* Reads whole files for the language; cli implements it. `path` is relative to the scenario's
 * folder, or absolute. The text lives in the region. */
struct mr_file_reader {
    void *self;
    bool (*read)(void *self, struct mr_region *region, const char *path, const char **text,
        size_t *bytes, struct mr_err *err);
    /* As struct mr_graph_files has it; NULL: there is no data. */
    bool (*find)(void *self, struct mr_region *region, const char *pattern,
        struct mr_data_files *out, struct mr_err *err);
};

/* Reads a scenario, its pipeline and its traces. Errors: INPUT with place, quoted line, nearest
 * word. */
MR_MUST_CHECK bool mr_scenario_read(struct mr_region *region, const char *path,
    const struct mr_file_reader *reader, const struct mr_scenario **out, struct mr_err *err);

/* The calm world of a pipeline that was read with `collects`, for when it is run by itself. Errors:
 * INPUT: it reads topics. */
MR_MUST_CHECK bool mr_scenario_calm(struct mr_region *region, const char *path,
    const struct mr_graph *graph, const struct mr_scenario **out, struct mr_err *err);

/* Everything that one seed draws before it starts. Lives in the arena. */
struct mr_job_step {
    enum mr_job_step_kind kind;
    mr_ns at_ns;
    uint32_t after_checkpoints;
    uint32_t checkpoints_back;
    uint32_t n_topics;
    const uint32_t *from_topics;
    const uint32_t *to_topics;
};
struct mr_manifest {
    uint64_t seed;
    uint32_t batch_rows;
    uint32_t fetch_rows;
    mr_ns checkpoint_every_ns;
    uint32_t n_faults;
    struct mr_fault *faults;
    uint32_t n_job_steps;
    struct mr_job_step *job_steps;
};
void mr_manifest_draw(struct mr_arena *arena, const struct mr_scenario *scenario,
    const struct mr_draws *draws, struct mr_manifest *out);
/* Writes the manifest as YAML: the scenario with the drawn values in the place of intervals,
 * `seeds: [N]`; it reads back as a scenario whose seed N is the same run, digest included.
 * Paths are made to work from `folder`. */
void mr_manifest_write(struct mr_text *out, const struct mr_scenario *scenario,
    const struct mr_manifest *manifest, const char *folder);

/* The JSON Schema (draft-07) of scenario files. */
extern const char mr_scenario_schema[];

#endif
