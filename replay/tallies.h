/* The tallies of a record: counted again from the rows of its seeds. */
#ifndef MR_REPLAY_TALLIES_H
#define MR_REPLAY_TALLIES_H

#include "replay/store.h"

/* One tally a scenario, in the order in which they were added. Of tally->scenario only what the
 * record has is filled: name, about, path, digest, seeds, expect, sometimes, and the names and
 * kinds of faults and topics. Everything lives in the region. */
MR_MUST_CHECK bool mr_tallies_read(struct mr_store *store, struct mr_region *region,
    const struct mr_tally *const **out, size_t *n, struct mr_err *err);

#endif
