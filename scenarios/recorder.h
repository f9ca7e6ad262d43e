/* The interface through which a run is recorded; replay/ implements it. It hangs outside the arena, sees everything
 * and changes nothing. All pointers are borrowed for the call. Any function may be NULL. */
#ifndef MR_SCENARIOS_RECORDER_H
#define MR_SCENARIOS_RECORDER_H

#include "engine/batch/batch.h"
#include "scenarios/language/scenario.h"

struct mr_witness;

struct mr_recorder {
    void *self;
    /* An input row and when it arrives (written once, at the start). */
    void (*input)(void *self, uint32_t topic, uint32_t partition, int64_t offset, mr_ns arrives_at_ns,
        mr_us event_time_us);
    /* Rows appended to an output topic; they count once their transaction is committed (0: at once). */
    void (*appended)(void *self, mr_ns at_ns, uint32_t topic, uint32_t partition, int64_t offset,
        uint64_t producer_id, uint32_t producer_epoch, uint32_t attempt, uint64_t checkpoint,
        const struct mr_schema *schema, const struct mr_batch *rows);
    void (*transaction)(void *self, mr_ns at_ns, uint64_t producer_id, uint32_t producer_epoch,
        const char *what); /* "committed", "aborted", "fenced", "timed out", "precommitted", "refused" */
    void (*watermark)(void *self, mr_ns at_ns, const char *transform, uint32_t subtask,
        uint32_t attempt, mr_us watermark_us);
    /* Rows waiting at the log for the readers. */
    void (*backlog)(void *self, mr_ns at_ns, uint32_t topic, int64_t rows);
    void (*late)(void *self, mr_ns at_ns, const char *transform, uint32_t subtask,
        mr_us event_time_us, mr_us window_start_us, mr_us window_end_us, mr_us watermark_us);
    void (*checkpoint)(void *self, mr_ns at_ns, uint64_t checkpoint, uint32_t attempt,
        const char *what, uint64_t bytes); /* "triggered", "completed", "aborted", "restored" */
    void (*job)(void *self, mr_ns at_ns, uint32_t attempt, const char *state, const char *reason);
    void (*fault)(void *self, mr_ns at_ns, const char *name, const char *kind, const char *process,
        bool begins);
    void (*process)(void *self, mr_ns at_ns, const char *process, const char *what);
    void (*point)(void *self, mr_ns at_ns, const char *process, const char *point,
        uint64_t occurrence);
    void (*message)(void *self, mr_ns at_ns, const char *from, const char *to, uint32_t connection,
        uint64_t number, uint32_t kind, uint32_t bytes);
    void (*log)(void *self, mr_ns at_ns, const char *process, const char *text);
    /* LogForTesting saw a row. */
    void (*row_logged)(void *self, mr_ns at_ns, const struct mr_transform *transform, const char *row_json);
    void (*verdict)(void *self, const struct mr_witness *witness, uint64_t count);
    /* The digest after each event, `step` counting from 1: a replay that diverges can then name
     * the first that differs. */
    void (*digest)(void *self, uint64_t step, mr_ns at_ns, uint64_t digest);
};

#endif
