/* A trigger at work: its nodes in a flat array, and the state of one window as one number a
 * node. */
#ifndef MR_ENGINE_OPERATORS_TRIGGER_H
#define MR_ENGINE_OPERATORS_TRIGGER_H

#include "engine/pipeline/graph.h"

/* Invariant: the root is node 0, and the nodes below a node follow it: its first part, then
 * what is below that, then its next part. `end` is the node behind all of them. */
struct mr_trigger_node {
    enum mr_trigger_kind kind;
    uint32_t count;
    mr_ns delay_ns;
    uint8_t end;
    uint8_t early; /* WATERMARK; 0: none */
    uint8_t late;
};
struct mr_trigger_program {
    uint32_t n;
    struct mr_trigger_node nodes[MR_TRIGGER_NODES_MAX];
    bool has_delay; /* a node waits for processing time */
};

/* Of a node: COUNT: rows; DELAY: when it is due, MR_NS_NEVER before the first row; WATERMARK: 0
 * early, 1 late; EACH: the part that is at work; else 0. MR_TRIGGER_FINISHED for any of them.
 */
enum { MR_TRIGGER_FINISHED = -1 };

/* What a trigger may look at: the end of its window, and how late it is in both times. */
struct mr_trigger_view {
    mr_us end_us;
    mr_us watermark_us;
    mr_ns now_ns;
};

void mr_trigger_compile(struct mr_trigger_program *program, const struct mr_trigger *trigger);
void mr_trigger_begin(const struct mr_trigger_program *program, int64_t *state);
void mr_trigger_take(
    const struct mr_trigger_program *program, int64_t *state, uint32_t n_rows, mr_ns now_ns);
bool mr_trigger_should_fire(const struct mr_trigger_program *program, const int64_t *state,
    const struct mr_trigger_view *view);
/* A pane fires. True when it was the last one. */
bool mr_trigger_fire(const struct mr_trigger_program *program, int64_t *state,
    const struct mr_trigger_view *view);
static inline bool mr_trigger_is_finished(const int64_t *state)
{
    return state[0] == MR_TRIGGER_FINISHED;
}
/* Two windows become one, which `view` shows: the state of `from` goes into `state`. */
void mr_trigger_merge(const struct mr_trigger_program *program, int64_t *state,
    const int64_t *from, const struct mr_trigger_view *view);
/* The earliest time after `now_ns` at which processing time may make it fire; MR_NS_NEVER:
 * none. */
mr_ns mr_trigger_due_ns(
    const struct mr_trigger_program *program, const int64_t *state, mr_ns now_ns);

#endif
