/* The variations of stepped scenarios that must not change what comes out (docs/steps.md). */
#ifndef MR_CLI_VARIATION_H
#define MR_CLI_VARIATION_H

#include "cli/options.h"
#include "scenarios/language/scenario.h"

struct mr_variation {
    bool is_restored_between; /* --every-restore */
    uint64_t split;           /* --split N; 0: not given */
};
#define MR_FLAGS_VARIATION(variation)                                                          \
    {"--every-restore", NULL,                                                                  \
        "steps: put a checkpoint and a restore between each two; nothing may change",          \
        MR_FLAG_SWITCH, .out = &(variation)->is_restored_between},                             \
    {                                                                                          \
        "--split", "N",                                                                        \
            "steps: each input over N channels, a seed for each legal interleaving",           \
            MR_FLAG_NUMBER, .out = &(variation)->split, .min = 2, .max = MR_SPLIT_MAX          \
    }

/* Puts the varied scenario in the place of the one that was read. Errors: INPUT when that has
 * no steps. */
MR_MUST_CHECK bool mr_variation_apply(struct mr_region *region,
    const struct mr_variation *variation, const struct mr_scenario **scenario,
    struct mr_err *err);
/* The flags as they were given, and the others of the command behind them; NULL: none. */
const char *mr_variation_options(
    struct mr_region *region, const struct mr_variation *variation, const char *others);
/* A line that says which interleavings are run; "" unless there are several channels. */
const char *mr_variation_told(struct mr_region *region, const struct mr_scenario *scenario);

#endif
