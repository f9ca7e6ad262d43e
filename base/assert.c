#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    const char *scenario; /* borrowed; NULL outside a run */
    uint64_t seed;
    const uint64_t *step;
} context;

void mr_assert_context(const char *scenario, uint64_t seed, const uint64_t *step)
{
    context.scenario = scenario;
    context.seed = seed;
    context.step = step;
}

_Noreturn void mr_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(
        stderr, "%s:%d: internal error: assertion '%s' does not hold\n", file, line, condition);
    if (context.scenario)
        fprintf(stderr, "repeat it: millrace run %s --seed %llu", context.scenario,
            (unsigned long long)context.seed);
    if (context.scenario && context.step && *context.step > 0)
        fprintf(stderr, " --until %llu", (unsigned long long)*context.step);
    if (context.scenario) fputs("\n", stderr);
    abort();
}

_Noreturn void mr_out_of_memory(size_t bytes)
{
    fprintf(stderr, "error: out of memory (%zu bytes)\n", bytes);
    exit(7);
}
