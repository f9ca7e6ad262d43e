/* What came out against what a step expects. */
#ifndef MR_SCENARIOS_RUN_OUTCOME_H
#define MR_SCENARIOS_RUN_OUTCOME_H

#include "scenarios/run/lead.h"

/* Pairs each expected row with an outcome that has all that it asks for, no outcome with two.
 * Compares them side by side in the witness's way, where they differ: returns how many expected
 * rows lack an outcome, *n_more: outcomes that no expected row claims. `expected` and `actual`
 * are written when either is above 0. */
struct mr_comparison {
    const struct mr_schema *schema;
    const struct mr_test_row *rows; /* [n_rows] */
    uint32_t n_rows;
    const struct mr_outcome *outcomes;
};
uint32_t mr_outcome_compare(struct mr_arena *arena, const struct mr_comparison *comparison,
    uint32_t *n_more, struct mr_witness *witness_text);

#endif
