#include "replay/replay.h"

#include <string.h>

#include "base/point.h"

/* Finding. */

static const char find_sql[] =
    "SELECT runs.id, runs.seed, runs.digest, runs.steps, scenarios.digest, scenarios.name,"
    " scenarios.path, scenarios.plant, runs.manifest FROM runs"
    " JOIN scenarios ON scenarios.id = runs.scenario"
    " WHERE runs.is_recorded = 1 AND (?1 = 0 OR runs.id = ?1) ORDER BY runs.id LIMIT 1";

static uint64_t parse_digest(const char *text)
{
    uint64_t digest = 0;
    for (; *text; text++) {
        unsigned digit = *text >= 'a' ? (unsigned)(*text - 'a') + 10 : (unsigned)(*text - '0');
        digest = digest << 4 | (digit & 15);
    }
    return digest;
}

static void read_run(
    const struct mr_store_rows *rows, struct mr_region *region, struct mr_recorded_run *out)
{
    *out = (struct mr_recorded_run){
        .id = mr_store_int(rows, 0),
        .seed = (uint64_t)mr_store_int(rows, 1),
        .digest = parse_digest(mr_store_text(rows, 2)),
        .steps = (uint64_t)mr_store_int(rows, 3),
        .scenario_digest = parse_digest(mr_store_text(rows, 4)),
        .scenario_name = mr_region_strdup(region, mr_store_text(rows, 5)),
        .scenario_path = mr_region_strdup(region, mr_store_text(rows, 6)),
        .plant = mr_region_strdup(region, mr_store_text(rows, 7)),
        .manifest = mr_region_strdup(region, mr_store_text(rows, 8)),
    };
}

bool mr_replay_find(struct mr_store *store, int64_t run, struct mr_region *region,
    struct mr_recorded_run *out, struct mr_err *err)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_store_select(store, find_sql, &run, 1, &rows, err)) return false;
    bool is_found = mr_store_next(rows);
    if (is_found) read_run(rows, region, out);
    if (!mr_store_rows_close(rows, err)) return false;
    if (is_found) return true;
    if (run == 0)
        return mr_fail(err, MR_ERR_INPUT, "record '%s' holds no run that was recorded in full",
            mr_store_path(store));
    return mr_fail(err, MR_ERR_INPUT, "record '%s' holds no run %lld, or only its verdict",
        mr_store_path(store), (long long)run);
}

/* Comparing. */

struct comparison {
    const struct mr_recorded_run *recorded;
    uint64_t *digests; /* [n]: of now, after each event */
    uint64_t n;
    uint64_t divergent_step; /* 0: none so far */
};

static uint64_t digest_at(const unsigned char *bytes)
{
    uint64_t digest = 0;
    for (int i = 7; i >= 0; i--) digest = digest << 8 | bytes[i];
    return digest;
}

static void compare_block(
    struct comparison *comparison, uint64_t first_step, const unsigned char *blob, size_t n)
{
    for (size_t i = 0; i < n && comparison->divergent_step == 0; i++) {
        uint64_t step = first_step + i;
        if (step > comparison->n) return;
        if (digest_at(blob + 8 * i) != comparison->digests[step - 1])
            comparison->divergent_step = step;
    }
}

/* How many digests the record has: as many are asked of the run. */
static bool count_digests(struct mr_store *store, const struct mr_recorded_run *recorded,
    uint32_t *n, struct mr_err *err)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_store_select(store,
            "SELECT coalesce(sum(length(digests)), 0) / 8 FROM digests WHERE run = ?1 ORDER BY "
            "1",
            &recorded->id, 1, &rows, err))
        return false;
    int64_t count = mr_store_next(rows) ? mr_store_int(rows, 0) : 0;
    *n = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
    return mr_store_rows_close(rows, err);
}

/* The first event whose digest is not the recorded one; among those that both have. */
static bool compare(struct mr_store *store, struct comparison *comparison, struct mr_err *err)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_store_select(store,
            "SELECT first_step, digests FROM digests WHERE run = ?1 ORDER BY first_step",
            &comparison->recorded->id, 1, &rows, err))
        return false;
    while (comparison->divergent_step == 0 && mr_store_next(rows)) {
        size_t bytes;
        const unsigned char *blob = mr_store_blob(rows, 1, &bytes);
        compare_block(comparison, (uint64_t)mr_store_int(rows, 0), blob, bytes / 8);
    }
    return mr_store_rows_close(rows, err);
}

/* Runs. */

static bool find_plant(
    const struct mr_recorded_run *recorded, enum mr_plant *out, struct mr_err *err)
{
    int plant = mr_named_find(mr_plants, MR_PLANT_COUNT, recorded->plant);
    if (plant < 0)
        return mr_fail(
            err, MR_ERR_INPUT, "this Millrace knows no planted bug '%s'", recorded->plant);
    *out = (enum mr_plant)plant;
    return true;
}

/* One more event than the record has would be a difference too: that one is named then. */
static void judge(
    struct comparison *comparison, uint64_t until_step, struct mr_replay_outcome *out)
{
    const struct mr_recorded_run *recorded = comparison->recorded;
    const struct mr_run_result *result = &out->result;
    bool is_cut = until_step > 0 && until_step < recorded->steps;
    uint64_t steps = is_cut ? until_step : recorded->steps;
    if (comparison->divergent_step == 0 && result->steps != steps)
        comparison->divergent_step = (result->steps < steps ? result->steps : steps) + 1;
    out->divergent_step = comparison->divergent_step;
    out->is_same = out->divergent_step == 0 && (is_cut || result->digest == recorded->digest);
    if (!out->is_same && out->divergent_step == 0) out->divergent_step = steps;
}

static void describe(const struct mr_scenario *scenario, struct mr_arena *arena,
    const struct mr_run_options *options, struct mr_replay_outcome *out)
{
    struct mr_run_result *result = mr_alloc(sizeof *result);
    struct mr_run_options again = {
        .seed = options->seed, .plant = options->plant, .until_step = out->divergent_step};
    mr_run(arena, scenario, &again, result);
    if (result->steps < out->divergent_step)
        memcpy(out->divergent_event, "nothing: the run has ended", 27);
    else
        memcpy(out->divergent_event, result->last_step, sizeof out->divergent_event);
    mr_free(result);
}

bool mr_replay_run(struct mr_store *store, const struct mr_recorded_run *recorded,
    const struct mr_scenario *scenario, struct mr_arena *arena, uint64_t until_step,
    struct mr_replay_outcome *out, struct mr_err *err)
{
    enum mr_plant plant = MR_PLANT_NONE;
    if (!find_plant(recorded, &plant, err)) return false;
    uint32_t n_digests = 0;
    if (!count_digests(store, recorded, &n_digests, err)) return false;
    struct comparison comparison = {.recorded = recorded,
        .digests = mr_alloc(sizeof *comparison.digests * (size_t)n_digests)};
    struct mr_run_options options = {.seed = recorded->seed,
        .plant = plant,
        .until_step = until_step,
        .trace = comparison.digests,
        .trace_from = 1,
        .trace_stride = 1,
        .trace_max = n_digests};
    out->divergent_event[0] = '\0';
    mr_run(arena, scenario, &options, &out->result);
    comparison.n = out->result.trace_count;
    bool is_ok = compare(store, &comparison, err);
    if (is_ok) judge(&comparison, until_step, out);
    if (is_ok && !out->is_same) describe(scenario, arena, &options, out);
    mr_free(comparison.digests);
    return is_ok;
}
