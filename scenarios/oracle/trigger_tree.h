/* The state of one window's trigger in the reference machine: a tree like the trigger itself.
 */
#ifndef MR_SCENARIOS_ORACLE_TRIGGER_TREE_H
#define MR_SCENARIOS_ORACLE_TRIGGER_TREE_H

#include "base/arena.h"
#include "engine/pipeline/graph.h"

struct mr_tree {
    const struct mr_trigger *trigger;
    bool is_finished;
    bool is_late;   /* WATERMARK: the pane on time is behind it */
    int64_t n_rows; /* COUNT */
    mr_ns due_ns;   /* DELAY: MR_NS_NEVER before the first row */
    uint32_t part;  /* EACH: whose turn it is */
    struct mr_tree *early;
    struct mr_tree *late;
    struct mr_tree **parts; /* [n_parts of the trigger] */
};
struct mr_tree_moment {
    mr_us end_us; /* of the window */
    mr_us watermark_us;
    mr_ns now_ns;
};

struct mr_tree *mr_tree_new(struct mr_arena *arena, const struct mr_trigger *trigger);
struct mr_tree *mr_tree_copy(struct mr_arena *arena, const struct mr_tree *tree);
void mr_tree_discard(struct mr_arena *arena, struct mr_tree *tree); /* accepts NULL */
void mr_tree_row(struct mr_tree *tree, mr_ns now_ns);
bool mr_tree_should_fire(const struct mr_tree *tree, const struct mr_tree_moment *moment);
void mr_tree_fire(struct mr_tree *tree, const struct mr_tree_moment *moment);
/* The trigger of a window that comes of `n` others, n >= 1. */
void mr_tree_merge(struct mr_tree *tree, const struct mr_tree *const *sources, uint32_t n,
    const struct mr_tree_moment *moment);
/* The least due time after `after_ns`; MR_NS_NEVER: none. */
mr_ns mr_tree_due_ns(const struct mr_tree *tree, mr_ns after_ns);

#endif
