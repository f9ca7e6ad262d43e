/* Runs of a small scenario and its pipeline, from text, with a bug planted or without: what the
 * tests of planted bugs share that have texts of their own. */
#ifndef MR_TESTS_PLANTED_RUN_H
#define MR_TESTS_PLANTED_RUN_H

#include <stdio.h>
#include <string.h>

#include "scenarios/run/run.h"

enum { SEEDS = 20, CLEAN_SEEDS = 20 };

struct subject {
    const char *pipeline;
    const char *scenario_text;
    const char *table; /* NULL: none */
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    struct mr_run_result result;
};

static bool read_text(void *self, struct mr_region *region, const char *path, const char **text,
    size_t *bytes, struct mr_err *err)
{
    (void)region;
    (void)err;
    const struct subject *subject = self;
    *text = strstr(path, "pipeline") ? subject->pipeline : subject->scenario_text;
    if (strstr(path, ".csv") && subject->table) *text = subject->table;
    *bytes = strlen(*text);
    return true;
}

static void open_subject(struct subject *subject, const char *pipeline, const char *scenario)
{
    subject->pipeline = pipeline;
    subject->scenario_text = scenario;
    struct mr_file_reader reader = {.self = subject, .read = read_text};
    struct mr_err err = {0};
    subject->region = mr_region_create();
    if (!mr_scenario_read(subject->region, "scenario.yaml", &reader, &subject->scenario, &err))
        fail_msg("%s", err.msg);
    struct mr_arena_options options = {
        .bytes_max = mr_run_arena_bytes(subject->scenario), .fill = 0xa5};
    if (!mr_arena_open(&options, &subject->arena, &err)) fail_msg("%s", err.msg);
}

static void close_subject(struct subject *subject)
{
    mr_arena_close(subject->arena);
    mr_region_destroy(subject->region);
    subject->arena = NULL;
    subject->region = NULL;
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct subject));
    return *state ? 0 : 1;
}

static int tear_down(void **state)
{
    close_subject(*state);
    free(*state);
    return 0;
}

/* The witness of the first seed in which the check says so. */
static const struct mr_witness *expect(
    struct subject *subject, enum mr_plant plant, enum mr_check check, enum mr_verdict verdict)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct mr_run_options options = {.seed = seed, .plant = plant};
        mr_run(subject->arena, subject->scenario, &options, &subject->result);
        for (uint32_t i = 0; i < subject->result.n_findings; i++) {
            const struct mr_witness *witness = &subject->result.findings[i];
            if (witness->check != check || witness->verdict != verdict) continue;
            assert_true(witness->summary[0] != '\0');
            return witness;
        }
    }
    fail_msg("%s: no %s %s in %d seeds", mr_plants[plant].name, mr_check_name(check),
        mr_verdict_name(verdict), SEEDS);
    return NULL;
}

static void assert_nothing_fires(
    struct subject *subject, const char *pipeline, const char *scenario, uint64_t milestones)
{
    uint64_t reached = 0;
    open_subject(subject, pipeline, scenario);
    for (uint64_t seed = 1; seed <= CLEAN_SEEDS; seed++) {
        struct mr_run_options options = {.seed = seed};
        mr_run(subject->arena, subject->scenario, &options, &subject->result);
        if (subject->result.n_findings > 0)
            fail_msg("seed %llu: %s: %s", (unsigned long long)seed,
                mr_verdict_name(subject->result.findings[0].verdict),
                subject->result.findings[0].summary);
        assert_int_equal(subject->result.end, MR_END_FINISHED);
        assert_true(subject->result.counts.rows_matched > 0);
        reached |= subject->result.sometimes;
    }
    assert_true((reached & milestones) == milestones);
    close_subject(subject);
}

#define PLANTED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
