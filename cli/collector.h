/* The rows that a run commits, topic by topic: a recorder that keeps them. */
#ifndef MR_CLI_COLLECTOR_H
#define MR_CLI_COLLECTOR_H

#include "scenarios/recorder.h"

/* The rows of one topic, in the order in which they were committed. */
struct mr_collected {
    const struct mr_schema *schema;
    size_t n;
    size_t capacity;
    struct mr_value **rows; /* [n]; the values live in the region */
};

struct mr_collector {
    struct mr_region *region;
    const struct mr_scenario *scenario;
    bool shows_debug;            /* lines of LogForTesting at the level DEBUG too */
    bool is_silent;              /* no such lines at all */
    struct mr_collected *topics; /* [n_topics of the scenario] */
    struct mr_pending *first;    /* appended, and not committed yet */
    struct mr_pending *last;
    bool has_failed;  /* the job has, for good */
    char reason[512]; /* of its last attempt to end, "" when it did not say */
};

void mr_collector_init(struct mr_collector *collector, struct mr_region *region,
    const struct mr_scenario *scenario);
void mr_collector_deinit(struct mr_collector *collector);
struct mr_recorder mr_collector_recorder(struct mr_collector *collector);
/* The rows that a sink of the graph has written. */
const struct mr_collected *mr_collector_rows(
    const struct mr_collector *collector, const struct mr_transform *sink);

#endif
