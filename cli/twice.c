#include "cli/twice.h"

#include <string.h>

enum { CHECKPOINTS = 1024 };

/* The same seed in the two surroundings. */
struct pair {
    const struct mr_campaign *campaign;
    uint64_t seed;
    struct mr_run_result *results[2];
    uint64_t *digests[2]; /* [CHECKPOINTS] */
    struct mr_err err;
};

static bool trace_both(struct pair *pair, const struct mr_trace_request *request)
{
    return mr_campaign_trace(pair->campaign, &mr_surroundings_first, request, pair->digests[0],
               pair->results[0], &pair->err) &&
           mr_campaign_trace(pair->campaign, &mr_surroundings_second, request, pair->digests[1],
               pair->results[1], &pair->err);
}

/* The first checkpoint at which the two differ, or that one of them does not have. */
static uint32_t first_difference(const struct pair *pair)
{
    uint32_t n = pair->results[0]->trace_count, other = pair->results[1]->trace_count;
    if (other < n) n = other;
    uint32_t i = 0;
    while (i < n && pair->digests[0][i] == pair->digests[1][i]) i++;
    return i;
}

static bool agree(const struct pair *pair)
{
    return pair->results[0]->steps == pair->results[1]->steps &&
           pair->results[0]->digest == pair->results[1]->digest;
}

/* The first event after which the digests differ; 0: they agree this time, or an error. `from`
 * is always an event before which they agree; the search looks at every `stride`-th from there,
 * and then more closely behind the last one that was the same. */
static uint64_t bisect(struct pair *pair, uint64_t steps)
{
    uint64_t from = 1, stride = steps / CHECKPOINTS + 1;
    while (true) {
        struct mr_trace_request request = {.seed = pair->seed,
            .from = from + stride - 1,
            .stride = stride,
            .max = CHECKPOINTS};
        if (!trace_both(pair, &request) || agree(pair)) return 0;
        uint32_t at = first_difference(pair);
        from += at * stride;
        if (at == CHECKPOINTS) continue; /* it lies further on */
        if (stride == 1) return from;
        stride = stride / CHECKPOINTS + 1;
    }
}

static const char *event_of(const struct pair *pair, int which, uint64_t step)
{
    const struct mr_run_result *result = pair->results[which];
    return result->steps < step ? "nothing: the run has ended" : result->last_step;
}

/* Often the event looks the same in both, and only what it carries or leaves behind differs. */
static void add_events(const struct pair *pair, uint64_t step, struct mr_text *text)
{
    const char *first = event_of(pair, 0, step), *second = event_of(pair, 1, step);
    mr_text_printf(text, "  first divergent event: number %llu\n", (unsigned long long)step);
    if (strcmp(first, second) == 0)
        mr_text_printf(text,
            "    in both: %s\n    but its bytes, or the state that it made, differ\n", first);
    else
        mr_text_printf(text,
            "    in the first surroundings:  %s\n    in the second surroundings: %s\n", first,
            second);
}

void mr_twice_name(
    const struct mr_campaign *campaign, uint64_t seed, uint64_t steps, struct mr_text *text)
{
    struct pair pair = {.campaign = campaign, .seed = seed};
    for (int i = 0; i < 2; i++) {
        pair.results[i] = mr_alloc(sizeof *pair.results[i]);
        pair.digests[i] = mr_alloc(sizeof *pair.digests[i] * CHECKPOINTS);
    }
    mr_text_printf(text, "seed %llu of '%s' is not the same twice\n", (unsigned long long)seed,
        campaign->scenario->name);
    uint64_t step = bisect(&pair, steps);
    struct mr_trace_request request = {
        .seed = seed, .from = 1, .stride = 1, .until_step = step};
    if (step > 0 && trace_both(&pair, &request))
        add_events(&pair, step, text);
    else if (pair.err.kind != MR_ERR_NONE)
        mr_text_printf(text, "  %s\n", pair.err.msg);
    else
        mr_text_printf(text, "  but it is when only a few seeds run before it: something "
                             "outlives a seed\n");
    for (int i = 0; i < 2; i++) {
        mr_free(pair.results[i]);
        mr_free(pair.digests[i]);
    }
}
