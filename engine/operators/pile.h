/* The values of one group of a Combine that are folded only when a pane shows them: documents,
 * one behind the other, in the order in which they came. */
#ifndef MR_ENGINE_OPERATORS_PILE_H
#define MR_ENGINE_OPERATORS_PILE_H

#include "engine/pipeline/graph.h"
#include "engine/state/snapshot.h"

struct mr_pile {
    char *data;
    uint32_t bytes;
    uint32_t capacity;
    uint32_t n; /* documents */
    uint32_t unused;
};

void mr_pile_deinit(struct mr_pile *pile, struct mr_arena *arena);
void mr_pile_add(struct mr_pile *pile, struct mr_arena *arena, struct mr_value value);
/* Takes in the values of another, which keeps them. */
void mr_pile_merge(struct mr_pile *pile, struct mr_arena *arena, const struct mr_pile *other);
void mr_pile_snapshot(const struct mr_pile *pile, struct mr_snapshot_writer *writer);
void mr_pile_restore(
    struct mr_pile *pile, struct mr_arena *arena, struct mr_snapshot_reader *reader);
/* The values as a list in the order of mr_value_order: the order in which rows come is not one
 * that a result may depend on. */
struct mr_value mr_pile_list(const struct mr_pile *pile, struct mr_scratch *scratch);
/* What the aggregate makes of such a list. False: it failed, and the failure, of no row, hangs
 * on the scratch memory's caller. */
MR_MUST_CHECK bool mr_pile_fold(const struct mr_aggregate *aggregate, struct mr_value list,
    struct mr_scratch *scratch, struct mr_value *out);

#endif
