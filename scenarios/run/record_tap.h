/* Stands between a run and its checks when the run is recorded: passes everything on, and tells
 * the recorder. */
#ifndef MR_SCENARIOS_RUN_RECORD_TAP_H
#define MR_SCENARIOS_RUN_RECORD_TAP_H

#include "scenarios/checks/checks.h"
#include "scenarios/recorder.h"

struct mr_record_tap_config {
    const struct mr_recorder *recorder;
    const struct mr_scenario *scenario;
    const struct mr_manifest *manifest;
    struct mr_stream *const *streams; /* [scenario->n_topics]; NULL for outputs */
    const struct mr_probe *probe;     /* of the checks */
    const struct mr_broker_tap *broker;
};

struct mr_record_tap;
/* Records the inputs at once. */
struct mr_record_tap *mr_record_tap_new(
    struct mr_arena *arena, const struct mr_record_tap_config *config);
const struct mr_probe *mr_record_tap_probe(struct mr_record_tap *tap);
const struct mr_broker_tap *mr_record_tap_broker(struct mr_record_tap *tap);
/* Faults, processes, points, messages and logs; milestones are not among them. */
const struct mr_world_tap *mr_record_tap_world(struct mr_record_tap *tap);
/* How many rows wait at the logs: call it now and then. */
void mr_record_tap_backlog(struct mr_record_tap *tap, mr_ns now);
/* A row was handed in, the last one of the partition. */
void mr_record_tap_input(struct mr_record_tap *tap, uint32_t topic, uint32_t partition);
void mr_record_tap_verdicts(struct mr_record_tap *tap, const struct mr_findings *findings);

#endif
