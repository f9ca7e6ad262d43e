#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/campaign.h"
#include "cli/files.h"
#include "cli/serve.h"

enum { EXIT_INTERNAL = 3, ARGUMENTS = 11, PREDECESSORS = 3 };

struct request {
    struct mr_region *region;
    struct mr_campaign campaign;
    uint64_t numbers[5];
};

static uint64_t number(const char *text)
{
    return strtoull(text, NULL, 10);
}

static bool read_request(int argc, char **argv, struct request *request)
{
    if (argc != ARGUMENTS) return false;
    setlocale(LC_ALL, "");
    tzset();
    request->region = mr_region_create();
    struct mr_campaign *campaign = &request->campaign;
    campaign->path = argv[1];
    campaign->surroundings.arena_base = (uintptr_t)number(argv[2]);
    campaign->surroundings.arena_fill = (int)number(argv[3]) - 1;
    campaign->surroundings.is_reversed = number(argv[4]) != 0;
    campaign->plant = (enum mr_plant)number(argv[5]);
    for (int i = 0; i < 5; i++) request->numbers[i] = number(argv[6 + i]);
    struct mr_err err = {0};
    return mr_cli_read_scenario(request->region, argv[1], &campaign->scenario, &err);
}

int mr_serve_main(int argc, char **argv)
{
    struct request request = {0};
    int code = EXIT_INTERNAL;
    if (read_request(argc, argv, &request)) {
        request.campaign.first_seed = request.numbers[0];
        request.campaign.last_seed = request.numbers[1];
        request.campaign.universe_trials = (uint32_t)request.numbers[4];
        code = mr_campaign_serve(
            &request.campaign, request.numbers[2], request.numbers[3], STDOUT_FILENO);
    }
    mr_region_destroy(request.region);
    return code;
}

/* What a seed follows must not matter: some others run before it, other ones in reversed
 * surroundings. */
static void run_predecessors(
    const struct request *request, struct mr_arena *arena, struct mr_run_result *result)
{
    for (uint64_t i = 1; i <= PREDECESSORS; i++) {
        uint64_t seed = request->numbers[0] + i;
        if (request->campaign.surroundings.is_reversed) seed += 1000;
        struct mr_run_options options = {.seed = seed, .plant = request->campaign.plant};
        mr_run(arena, request->campaign.scenario, &options, result);
    }
}

static int trace(const struct request *request)
{
    struct mr_err err = {0};
    struct mr_arena *arena;
    if (!mr_surroundings_arena(
            &request->campaign.surroundings, request->campaign.scenario, &arena, &err))
        return mr_err_exit_code(&err);
    struct mr_run_result *result = mr_alloc(sizeof *result);
    uint32_t max = (uint32_t)request->numbers[3];
    uint64_t *digests = mr_alloc(sizeof *digests * max);
    run_predecessors(request, arena, result);
    struct mr_run_options options = {.seed = request->numbers[0],
        .plant = request->campaign.plant,
        .trace = digests,
        .trace_from = request->numbers[1],
        .trace_stride = request->numbers[2],
        .trace_max = max,
        .until_step = request->numbers[4]};
    mr_run(arena, request->campaign.scenario, &options, result);
    result->n_findings = 0; /* not wanted here */
    bool is_ok = mr_campaign_write_result(STDOUT_FILENO, result, digests);
    mr_free(digests);
    mr_free(result);
    mr_arena_close(arena);
    return is_ok ? 0 : EXIT_INTERNAL;
}

int mr_trace_main(int argc, char **argv)
{
    struct request request = {0};
    int code = read_request(argc, argv, &request) ? trace(&request) : EXIT_INTERNAL;
    mr_region_destroy(request.region);
    return code;
}
