#include "replay/tallies.h"

#include <string.h>

/* One scenario while it is read. */
struct reading {
    struct mr_store *store;
    struct mr_region *region;
    struct mr_scenario *scenario;
    struct mr_tally *tally;
    int64_t id;
};

static char *text_at(
    const struct reading *reading, const struct mr_store_rows *rows, int column)
{
    return mr_region_strdup(reading->region, mr_store_text(rows, column));
}

static void copy_text(char *out, size_t size, const struct mr_store_rows *rows, int column)
{
    const char *text = mr_store_text(rows, column);
    size_t bytes = strlen(text);
    if (bytes >= size) bytes = size - 1;
    memcpy(out, text, bytes);
    out[bytes] = '\0';
}

/* How many rows a table has for this scenario. */
static bool count_rows(const struct reading *reading, const char *sql, uint32_t max,
    uint32_t *n, struct mr_err *err)
{
    struct mr_store_rows *rows;
    if (!mr_store_select(reading->store, sql, &reading->id, 1, &rows, err)) return false;
    int64_t count = mr_store_next(rows) ? mr_store_int(rows, 0) : 0;
    *n = count < 0 ? 0 : count > max ? max : (uint32_t)count;
    return mr_store_rows_close(rows, err);
}

/* The scenario's parts. */

static bool read_faults(struct reading *reading, struct mr_err *err)
{
    struct mr_scenario *scenario = reading->scenario;
    uint32_t n;
    if (!count_rows(
            reading, "SELECT count(*) FROM scenario_faults WHERE scenario = ?1", 64, &n, err))
        return false;
    struct mr_fault_spec *faults =
        mr_region_array(reading->region, struct mr_fault_spec, (size_t)n + 1);
    struct mr_store_rows *rows;
    if (!mr_store_select(reading->store,
            "SELECT name, kind FROM scenario_faults WHERE scenario = ?1 ORDER BY position",
            &reading->id, 1, &rows, err))
        return false;
    while (scenario->n_faults < n && mr_store_next(rows)) {
        struct mr_fault *fault = &faults[scenario->n_faults++].fault;
        fault->name = text_at(reading, rows, 0);
        fault->kind = mr_store_fault_kind(mr_store_text(rows, 1));
    }
    scenario->faults = faults;
    return mr_store_rows_close(rows, err);
}

static bool read_topics(struct reading *reading, struct mr_err *err)
{
    static const struct mr_stream_config some_stream;
    struct mr_scenario *scenario = reading->scenario;
    uint32_t n;
    if (!count_rows(reading, "SELECT count(*) FROM topics WHERE scenario = ?1", 4096, &n, err))
        return false;
    struct mr_topic *topics = mr_region_array(reading->region, struct mr_topic, (size_t)n + 1);
    struct mr_store_rows *rows;
    if (!mr_store_select(reading->store,
            "SELECT name, partitions, is_input FROM topics WHERE scenario = ?1 ORDER BY id",
            &reading->id, 1, &rows, err))
        return false;
    while (scenario->n_topics < n && mr_store_next(rows))
        topics[scenario->n_topics++] = (struct mr_topic){.name = text_at(reading, rows, 0),
            .n_partitions = (uint32_t)mr_store_int(rows, 1),
            .stream = mr_store_int(rows, 2) ? &some_stream : NULL};
    scenario->topics = topics;
    return mr_store_rows_close(rows, err);
}

static bool read_milestones(struct reading *reading, struct mr_err *err)
{
    struct mr_scenario *scenario = reading->scenario;
    enum mr_sometimes *list =
        mr_region_array(reading->region, enum mr_sometimes, MR_SOMETIMES_COUNT);
    struct mr_store_rows *rows;
    if (!mr_store_select(reading->store,
            "SELECT name FROM milestones WHERE scenario = ?1 AND is_demanded ORDER BY name",
            &reading->id, 1, &rows, err))
        return false;
    while (mr_store_next(rows)) {
        int at = mr_named_find(mr_sometimes, MR_SOMETIMES_COUNT, mr_store_text(rows, 0));
        if (at >= 0 && scenario->n_sometimes < MR_SOMETIMES_COUNT)
            list[scenario->n_sometimes++] = (enum mr_sometimes)at;
    }
    scenario->sometimes = list;
    return mr_store_rows_close(rows, err);
}

/* Its seeds. */

static void read_counts(const struct mr_store_rows *rows, int at, struct mr_checks_counts *out)
{
    uint64_t *const counts[] = {&out->rows_read, &out->rows_folded, &out->rows_matched,
        &out->rows_dropped, &out->checkpoints, &out->restores, &out->restarts,
        &out->cut_entries, &out->messages, &out->transactions};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = (uint64_t)mr_store_int(rows, at + (int)i);
}

static bool read_inputs(const struct reading *reading, int64_t finding,
    struct mr_witness *witness, struct mr_err *err)
{
    struct mr_store_rows *rows;
    if (!mr_store_select(reading->store,
            "SELECT text FROM finding_inputs WHERE finding = ?1 ORDER BY position", &finding, 1,
            &rows, err))
        return false;
    for (int i = 0; i < MR_WITNESS_ROWS && mr_store_next(rows); i++)
        copy_text(witness->inputs[i], sizeof witness->inputs[i], rows, 0);
    return mr_store_rows_close(rows, err);
}

static bool read_witness(const struct reading *reading, const struct mr_store_rows *rows,
    struct mr_witness *witness, struct mr_err *err)
{
    int check = mr_check_find(mr_store_text(rows, 1));
    int verdict = mr_verdict_find(mr_store_text(rows, 2));
    if (check < 0 || verdict < 0)
        return mr_fail(err, MR_ERR_INPUT,
            "record '%s' is damaged: it has a verdict '%s' of '%s'",
            mr_store_path(reading->store), mr_store_text(rows, 2), mr_store_text(rows, 1));
    bool has_window = !mr_store_is_null(rows, 8);
    *witness = (struct mr_witness){.check = (enum mr_check)check,
        .verdict = (enum mr_verdict)verdict,
        .at_ns = mr_store_int(rows, 4),
        .step = (uint64_t)mr_store_int(rows, 5),
        .window_start_us = has_window ? mr_store_int(rows, 8) : MR_US_MIN,
        .window_end_us = has_window ? mr_store_int(rows, 9) : MR_US_MIN,
        .n_inputs = (uint32_t)mr_store_int(rows, 14)};
    copy_text(witness->transform, sizeof witness->transform, rows, 6);
    copy_text(witness->key, sizeof witness->key, rows, 7);
    copy_text(witness->summary, sizeof witness->summary, rows, 10);
    copy_text(witness->cause, sizeof witness->cause, rows, 11);
    copy_text(witness->expected, sizeof witness->expected, rows, 12);
    copy_text(witness->actual, sizeof witness->actual, rows, 13);
    return read_inputs(reading, mr_store_int(rows, 0), witness, err);
}

static bool read_findings(const struct reading *reading, int64_t run,
    struct mr_run_result *result, struct mr_err *err)
{
    struct mr_store_rows *rows;
    if (!mr_store_select(reading->store,
            "SELECT id, check_name, verdict, count, at_ns, step, transform, key,"
            " window_start_us, window_end_us, summary, cause, expected, actual, n_inputs"
            " FROM findings WHERE run = ?1 ORDER BY position",
            &run, 1, &rows, err))
        return false;
    bool is_ok = true;
    while (is_ok && result->n_findings < MR_FINDINGS_MAX && mr_store_next(rows)) {
        uint32_t i = result->n_findings++;
        result->finding_counts[i] = (uint64_t)mr_store_int(rows, 3);
        is_ok = read_witness(reading, rows, &result->findings[i], err);
    }
    return mr_store_rows_close(rows, err) && is_ok;
}

static bool read_runs(struct reading *reading, struct mr_err *err)
{
    struct mr_store_rows *rows;
    if (!mr_store_select(reading->store,
            "SELECT id, seed, steps, virtual_ns, milestones, faults_struck, universe_failures,"
            " rows_read, rows_folded, rows_matched, rows_dropped, checkpoints, restores,"
            " restarts, cut_entries, messages, transactions"
            " FROM runs WHERE scenario = ?1 ORDER BY id",
            &reading->id, 1, &rows, err))
        return false;
    struct mr_run_result *result = mr_alloc(sizeof *result);
    bool is_ok = true;
    while (is_ok && mr_store_next(rows)) {
        result->seed = (uint64_t)mr_store_int(rows, 1);
        result->steps = (uint64_t)mr_store_int(rows, 2);
        result->virtual_ns = mr_store_int(rows, 3);
        result->sometimes = (uint64_t)mr_store_int(rows, 4);
        result->faults_struck = (uint64_t)mr_store_int(rows, 5);
        result->universe_failures = (uint32_t)mr_store_int(rows, 6);
        read_counts(rows, 7, &result->counts);
        result->n_findings = 0;
        is_ok = read_findings(reading, mr_store_int(rows, 0), result, err);
        if (is_ok) mr_tally_add(reading->tally, result);
    }
    mr_free(result);
    return mr_store_rows_close(rows, err) && is_ok;
}

static bool read_lost(struct reading *reading, struct mr_err *err)
{
    struct mr_store_rows *rows;
    if (!mr_store_select(reading->store,
            "SELECT seed, signal, code FROM lost WHERE scenario = ?1 ORDER BY seed",
            &reading->id, 1, &rows, err))
        return false;
    while (mr_store_next(rows))
        mr_tally_add_lost(
            reading->tally, (struct mr_lost_seed){.seed = (uint64_t)mr_store_int(rows, 0),
                                .signal = (int)mr_store_int(rows, 1),
                                .code = (int)mr_store_int(rows, 2)});
    return mr_store_rows_close(rows, err);
}

/* What the seeds do not show. */
static bool read_rest(struct reading *reading, struct mr_err *err)
{
    struct mr_store_rows *rows;
    if (!mr_store_select(reading->store,
            "SELECT is_whole, diverged, lost FROM tallies WHERE scenario = ?1 ORDER BY "
            "scenario",
            &reading->id, 1, &rows, err))
        return false;
    if (mr_store_next(rows)) {
        reading->tally->is_whole = mr_store_int(rows, 0) != 0;
        reading->tally->diverged = (uint64_t)mr_store_int(rows, 1);
        reading->tally->n_lost = (uint64_t)mr_store_int(rows, 2);
    }
    return mr_store_rows_close(rows, err);
}

/* Scenarios. */

static void read_checks(struct mr_check_options *options, const char *names)
{
    while (*names) {
        size_t bytes = strcspn(names, " ");
        for (int i = 0; i < MR_CHECKS; i++) {
            const char *name = mr_check_name((enum mr_check)i);
            if (strlen(name) == bytes && memcmp(name, names, bytes) == 0)
                options->enabled[i] = true;
        }
        names += bytes + (names[bytes] == ' ');
    }
}

static bool read_head(
    const struct reading *reading, const struct mr_store_rows *rows, struct mr_err *err)
{
    struct mr_scenario *scenario = reading->scenario;
    scenario->name = text_at(reading, rows, 1);
    scenario->about = text_at(reading, rows, 2);
    scenario->path = text_at(reading, rows, 3);
    scenario->first_seed = (uint64_t)mr_store_int(rows, 4);
    scenario->seeds = (uint64_t)mr_store_int(rows, 5);
    read_checks(&scenario->check, mr_store_text(rows, 9));
    if (mr_store_is_null(rows, 6)) return true;
    int check = mr_check_find(mr_store_text(rows, 6));
    int verdict = mr_verdict_find(mr_store_text(rows, 7));
    if (check < 0 || verdict < 0)
        return mr_fail(err, MR_ERR_INPUT, "record '%s' is damaged: it expects '%s' of '%s'",
            mr_store_path(reading->store), mr_store_text(rows, 7), mr_store_text(rows, 6));
    scenario->expect = (struct mr_expectation){.is_failure = true,
        .check = (enum mr_check)check,
        .verdict = (enum mr_verdict)verdict,
        .seeds_at_least = (uint32_t)mr_store_int(rows, 8)};
    return true;
}

static bool read_scenario(struct mr_store *store, struct mr_region *region,
    const struct mr_store_rows *rows, const struct mr_tally **out, struct mr_err *err)
{
    struct reading reading = {.store = store,
        .region = region,
        .scenario = mr_region_new(region, struct mr_scenario),
        .tally = mr_region_new(region, struct mr_tally),
        .id = mr_store_int(rows, 0)};
    mr_tally_init(reading.tally, reading.scenario, false);
    *out = reading.tally;
    return read_head(&reading, rows, err) && read_faults(&reading, err) &&
           read_topics(&reading, err) && read_milestones(&reading, err) &&
           read_runs(&reading, err) && read_lost(&reading, err) && read_rest(&reading, err);
}

bool mr_tallies_read(struct mr_store *store, struct mr_region *region,
    const struct mr_tally *const **out, size_t *n, struct mr_err *err)
{
    enum { SCENARIOS_MAX = 4096 };
    const struct mr_tally **list =
        mr_region_array(region, const struct mr_tally *, SCENARIOS_MAX);
    struct mr_store_rows *rows;
    if (!mr_store_select(store,
            "SELECT id, name, about, path, first_seed, seeds, expect_check, expect_verdict,"
            " expect_seeds, checks FROM scenarios ORDER BY id",
            NULL, 0, &rows, err))
        return false;
    size_t count = 0;
    bool is_ok = true;
    while (is_ok && count < SCENARIOS_MAX && mr_store_next(rows))
        is_ok = read_scenario(store, region, rows, &list[count++], err);
    if (!mr_store_rows_close(rows, err) || !is_ok) return false;
    *out = list;
    *n = count;
    return true;
}
