#include "cli/variation.h"

bool mr_variation_apply(struct mr_region *region, const struct mr_variation *variation,
    const struct mr_scenario **scenario, struct mr_err *err)
{
    bool is_varied = variation->is_restored_between || variation->split > 0;
    if (is_varied && !(*scenario)->is_stepped)
        return mr_fail(err, MR_ERR_INPUT,
            "'%s' is for scenarios with 'steps', and '%s' has none (docs/steps.md)",
            variation->split > 0 ? "--split" : "--every-restore", (*scenario)->name);
    if (variation->is_restored_between)
        *scenario = mr_scenario_restored_between(region, *scenario);
    if (variation->split > 0)
        *scenario = mr_scenario_split(region, *scenario, (uint32_t)variation->split);
    return true;
}

const char *mr_variation_options(
    struct mr_region *region, const struct mr_variation *variation, const char *others)
{
    const char *options = others;
    if (variation->split > 0)
        options = mr_region_printf(region, "--split %llu%s%s",
            (unsigned long long)variation->split, options ? " " : "", options ? options : "");
    if (variation->is_restored_between)
        options = mr_region_printf(
            region, "--every-restore%s%s", options ? " " : "", options ? options : "");
    return options;
}

const char *mr_variation_told(struct mr_region *region, const struct mr_scenario *scenario)
{
    if (scenario->split <= 1) return "";
    if (scenario->interleavings <= MR_INTERLEAVINGS_MAX)
        return mr_region_printf(region, "%s: over %u channels, all %llu interleavings\n",
            scenario->name, scenario->split, (unsigned long long)scenario->interleavings);
    return mr_region_printf(region,
        "%s: over %u channels, %d interleavings that are drawn, since there are more\n",
        scenario->name, scenario->split, (int)MR_INTERLEAVINGS_MAX);
}
