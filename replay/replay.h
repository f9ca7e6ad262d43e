/* Replay: a recorded run happens again, and its digest is compared with the recorded one, event
 * by event. */
#ifndef MR_REPLAY_REPLAY_H
#define MR_REPLAY_REPLAY_H

#include "replay/store.h"

/* A run of a record. Texts live in the region. */
struct mr_recorded_run {
    int64_t id;
    uint64_t seed;
    uint64_t digest;
    uint64_t steps;
    uint64_t scenario_digest;
    const char *scenario_name;
    const char *scenario_path; /* as it was named on the command line, relative to the record's
                                  folder where it can be */
    const char *plant;         /* name of the planted bug; "none" */
    const char *manifest;      /* a runnable scenario */
};
/* The recorded run number `run` (0: the first that was recorded in full). Errors: INPUT: no
 * such run, not recorded. */
MR_MUST_CHECK bool mr_replay_find(struct mr_store *store, int64_t run, struct mr_region *region,
    struct mr_recorded_run *out, struct mr_err *err);

struct mr_replay_outcome {
    bool is_same;              /* digest and number of events are those of the record */
    uint64_t divergent_step;   /* the first event whose digest differs; 0: none */
    char divergent_event[256]; /* what it is now */
    struct mr_run_result result;
};
/* Runs it again. `scenario` must have the recorded digest (the caller checks, and says so where
 * it differs). `until_step`: 0: to the end. */
MR_MUST_CHECK bool mr_replay_run(struct mr_store *store, const struct mr_recorded_run *recorded,
    const struct mr_scenario *scenario, struct mr_arena *arena, uint64_t until_step,
    struct mr_replay_outcome *out, struct mr_err *err);

#endif
