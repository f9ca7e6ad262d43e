/* A seed whose two runs differ: bisects them and names the first event that is not the same. */
#ifndef MR_CLI_TWICE_H
#define MR_CLI_TWICE_H

#include "cli/campaign.h"

enum { MR_TWICE_NAMED_MAX = 3 }; /* seeds of a scenario that are worth the search */

/* Adds lines that say which event it was in the first surroundings and in the second.
 * `steps`: how many events the seed had. */
void mr_twice_name(
    const struct mr_campaign *campaign, uint64_t seed, uint64_t steps, struct mr_text *text);

#endif
