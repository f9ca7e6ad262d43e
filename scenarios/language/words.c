/* The words of the language that name verdicts, checks and processes. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

static const char *const verdicts[MR_VERDICTS] = {
    [MR_VERDICT_PASS] = "PASS",
    [MR_VERDICT_LOSS] = "LOSS",
    [MR_VERDICT_DUPLICATE] = "DUPLICATE",
    [MR_VERDICT_WRONG] = "WRONG",
    [MR_VERDICT_REORDERED] = "REORDERED",
    [MR_VERDICT_ABORTED_VISIBLE] = "ABORTED_VISIBLE",
    [MR_VERDICT_WATERMARK_REGRESSED] = "WATERMARK_REGRESSED",
    [MR_VERDICT_WATERMARK_OVERTOOK] = "WATERMARK_OVERTOOK",
    [MR_VERDICT_FALSE_LATE] = "FALSE_LATE",
    [MR_VERDICT_PANE_CONTRACT] = "PANE_CONTRACT",
    [MR_VERDICT_CUT_INCONSISTENT] = "CUT_INCONSISTENT",
    [MR_VERDICT_STATE_LEAK] = "STATE_LEAK",
    [MR_VERDICT_STUCK] = "STUCK",
    [MR_VERDICT_SLOW] = "SLOW",
    [MR_VERDICT_DIVERGED] = "DIVERGED",
    [MR_VERDICT_LATE] = "LATE",
    [MR_VERDICT_LIMIT] = "LIMIT",
    [MR_VERDICT_DRIFTED] = "DRIFTED",
    [MR_VERDICT_OVERRUN] = "OVERRUN",
    [MR_VERDICT_HASTY] = "HASTY",
    [MR_VERDICT_STALE] = "STALE",
};

static const char *const checks[MR_CHECKS] = {
    [MR_CHECK_EXACTLY_ONCE] = "exactly_once",
    [MR_CHECK_WATERMARKS] = "watermarks",
    [MR_CHECK_CONSISTENT_CUT] = "consistent_cut",
    [MR_CHECK_CONSERVATION] = "conservation",
    [MR_CHECK_ORDER] = "order",
    [MR_CHECK_LIVENESS] = "liveness",
    [MR_CHECK_LATE] = "late",
    [MR_CHECK_SOMETIMES] = "sometimes",
    [MR_CHECK_RUN] = "run",
    [MR_CHECK_ASSERTIONS] = "assertions",
    [MR_CHECK_STEPS] = "steps",
    [MR_CHECK_LOOKUPS] = "lookups",
};

static int find_word(const char *const *words, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], name) == 0) return i;
    return -1;
}

const char *mr_verdict_name(enum mr_verdict verdict)
{
    MR_ASSERT((int)verdict >= 0 && verdict < MR_VERDICTS);
    return verdicts[verdict];
}

int mr_verdict_find(const char *name)
{
    return find_word(verdicts, MR_VERDICTS, name);
}

const char *mr_check_name(enum mr_check check)
{
    MR_ASSERT((int)check >= 0 && check < MR_CHECKS);
    return checks[check];
}

int mr_check_find(const char *name)
{
    return find_word(checks, MR_CHECKS, name);
}

static const char *const services[] = {"broker", "objects", "operator"};

int mr_scenario_process(uint32_t workers, const char *name)
{
    if (strcmp(name, "coordinator") == 0) return MR_PROCESS_COORDINATOR;
    int service = find_word(services, MR_COUNT_OF(services), name);
    if (service >= 0) return (int)(MR_PROCESS_WORKER_1 + workers) + service;
    if (strncmp(name, "worker-", 7) != 0 || name[7] < '1' || name[7] > '9') return -1;
    uint32_t number = 0;
    for (const char *digit = name + 7; *digit; digit++) {
        if (*digit < '0' || *digit > '9' || number > workers) return -1;
        number = number * 10 + (uint32_t)(*digit - '0');
    }
    return number <= workers ? (int)number : -1;
}

const char *mr_scenario_process_name(
    struct mr_region *region, uint32_t workers, uint32_t process)
{
    if (process == MR_PROCESS_COORDINATOR) return "coordinator";
    if (process <= workers) return mr_region_printf(region, "worker-%u", process);
    uint32_t service = process - MR_PROCESS_WORKER_1 - workers;
    MR_ASSERT(service < MR_COUNT_OF(services));
    return services[service];
}
