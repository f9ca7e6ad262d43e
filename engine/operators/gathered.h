/* The values of one group of a Combine that are folded only when a pane shows them: documents,
 * one behind the other, in the order in which they came. */
#ifndef MR_ENGINE_OPERATORS_GATHERED_H
#define MR_ENGINE_OPERATORS_GATHERED_H

#include "engine/pipeline/graph.h"
#include "engine/state/snapshot.h"

struct mr_gathered {
    char *data;
    uint32_t bytes;
    uint32_t capacity;
    uint32_t n; /* documents */
    uint32_t unused;
};

void mr_gathered_deinit(struct mr_gathered *gathered, struct mr_arena *arena);
void mr_gathered_add(
    struct mr_gathered *gathered, struct mr_arena *arena, struct mr_value value);
/* Takes in the values of another, which keeps them. */
void mr_gathered_merge(
    struct mr_gathered *gathered, struct mr_arena *arena, const struct mr_gathered *other);
void mr_gathered_snapshot(
    const struct mr_gathered *gathered, struct mr_snapshot_writer *writer);
void mr_gathered_restore(
    struct mr_gathered *gathered, struct mr_arena *arena, struct mr_snapshot_reader *reader);
/* The values as a list in the order of mr_value_order: the order in which rows come is not one
 * that a result may depend on. */
struct mr_value mr_gathered_list(
    const struct mr_gathered *gathered, struct mr_scratch *scratch);
/* What the aggregate makes of such a list. False: it failed, and the failure, of no row, hangs
 * on the scratch memory's caller. */
MR_MUST_CHECK bool mr_gathered_fold(const struct mr_aggregate *aggregate, struct mr_value list,
    struct mr_scratch *scratch, struct mr_value *out);

#endif
