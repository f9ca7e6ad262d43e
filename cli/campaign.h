/* Many seeds of one scenario, over several worker processes. A crash of Millrace costs one seed
 * and names it. */
#ifndef MR_CLI_CAMPAIGN_H
#define MR_CLI_CAMPAIGN_H

#include "scenarios/run/run.h"

/* How a process that runs seeds is set up; two such set-ups must give the same digests. */
struct mr_surroundings {
    uintptr_t arena_base; /* 0: the usual one */
    int arena_fill;       /* -1: none */
    bool is_reversed;     /* seeds from the last to the first, so that others precede each */
    bool has_own_process; /* a fresh program with the environment below, not a fork */
    const char *malloc_perturb;
    const char *timezone;
    const char *language;
};
extern const struct mr_surroundings mr_surroundings_usual;
/* The two that --twice compares. */
extern const struct mr_surroundings mr_surroundings_first;
extern const struct mr_surroundings mr_surroundings_second;

struct mr_campaign {
    const char *path; /* of the scenario, for processes of their own */
    const struct mr_scenario *scenario;
    uint64_t first_seed;
    uint64_t last_seed;
    uint32_t jobs; /* >= 1 */
    enum mr_plant plant;
    uint32_t universe_trials;
    bool tries_crash_points; /* see mr_run_options */
    mr_ns crash_restart_after_ns;
    struct mr_surroundings surroundings;
};

/* What became of a seed. Results come in any order of seeds. */
struct mr_seed_outcome {
    uint64_t seed;
    bool is_lost; /* the process that ran it died: `signal` or exit code `code` */
    int signal;
    int code;
    const struct mr_run_result *result; /* NULL when lost; borrowed */
};
struct mr_campaign_listener {
    void *self;
    void (*seed_done)(void *self, const struct mr_seed_outcome *outcome);
    /* Now and then, at least ten times a second: for a live line. False stops the campaign. */
    bool (*tick)(void *self);
};

/* Errors: IO when processes cannot be made. */
MR_MUST_CHECK bool mr_campaign_run(const struct mr_campaign *campaign,
    const struct mr_campaign_listener *listener, struct mr_err *err);

/* The other end: runs seeds first, first + stride, ... up to last (or the same from the end),
 * and writes each result to `fd`. Returns the process's exit code. */
int mr_campaign_serve(
    const struct mr_campaign *campaign, uint64_t first, uint64_t stride, int fd);

/* Opens the arena that the surroundings ask for. */
MR_MUST_CHECK bool mr_surroundings_arena(const struct mr_surroundings *surroundings,
    const struct mr_scenario *scenario, struct mr_arena **out, struct mr_err *err);

/* One run of a seed in surroundings, in a process of its own, with a trace of digests: see
 * mr_run_options. `last_step` says what the event number `until_step` was (0: the last one). */
struct mr_trace_request {
    uint64_t seed;
    uint64_t from;
    uint64_t stride;
    uint32_t max;
    uint64_t until_step;
};
MR_MUST_CHECK bool mr_campaign_trace(const struct mr_campaign *campaign,
    const struct mr_surroundings *surroundings, const struct mr_trace_request *request,
    uint64_t *digests, struct mr_run_result *result, struct mr_err *err);
/* A result, and the digests of its trace behind it, as mr_campaign_trace reads them. */
bool mr_campaign_write_result(
    int fd, const struct mr_run_result *result, const uint64_t *digests);

#endif
