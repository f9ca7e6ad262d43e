/* What steps expect, and how they fail. */
#include <stdio.h>
#include <string.h>

#include "engine/state/snapshot.h"
#include "scenarios/run/outcome.h"
#include "scenarios/run/steps_internal.h"

/* Failures. */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void mr_step_failed(struct mr_playing *playing, const char *what)
{
    const struct mr_scenario *scenario = playing->scenario;
    playing->has_failed = true;
    struct mr_witness *witness = &playing->failure;
    memset(witness, 0, sizeof *witness);
    const struct mr_place *place = &playing->step->place;
    if (place->line > 0)
        snprintf(witness->summary, sizeof witness->summary, "%s:%d: %s", base_name(place->file),
            place->line, what);
    else
        snprintf(witness->summary, sizeof witness->summary, "%s", what);
    int used = 0;
    if (scenario->is_restored_between)
        used = snprintf(witness->cause, sizeof witness->cause,
            "a checkpoint and a restore lie between each two steps");
    if (scenario->split > 1)
        snprintf(witness->cause + used, sizeof witness->cause - (size_t)used,
            "%seach input comes over %u channels, in interleaving %llu of %s%llu",
            used ? "; " : "", scenario->split, (unsigned long long)playing->run->options->seed,
            playing->is_drawn ? "the drawn " : "all ", (unsigned long long)scenario->seeds);
}

void mr_step_tell(struct mr_playing *playing)
{
    MR_ASSERT(playing->has_failed);
    struct mr_witness *witness = mr_checks_report(playing->run->checks, MR_VERDICT_WRONG);
    if (!witness) return; /* the first one of a run is kept */
    memcpy(witness->summary, playing->failure.summary, sizeof witness->summary);
    memcpy(witness->transform, playing->failure.transform, sizeof witness->transform);
    memcpy(witness->expected, playing->failure.expected, sizeof witness->expected);
    memcpy(witness->actual, playing->failure.actual, sizeof witness->actual);
    memcpy(witness->cause, playing->failure.cause, sizeof witness->cause);
}

static void fail_output(
    struct mr_playing *playing, uint32_t topic, uint32_t n_less, uint32_t n_more, bool is_end)
{
    char what[MR_WITNESS_TEXT];
    const char *name = mr_topic_name(playing->scenario, topic);
    if (is_end)
        snprintf(what, sizeof what, "at the end %u row%s of output '%s' %s claimed by no step",
            n_more, n_more == 1 ? "" : "s", name, n_more == 1 ? "is" : "are");
    else if (n_less > 0 && n_more > 0)
        snprintf(what, sizeof what,
            "output '%s' lacks %u of the rows that are expected, and has %u others", name,
            n_less, n_more);
    else if (n_less > 0)
        snprintf(what, sizeof what, "output '%s' lacks %u of the rows that are expected", name,
            n_less);
    else
        snprintf(what, sizeof what, "output '%s' has %u row%s that %s not expected", name,
            n_more, n_more == 1 ? "" : "s", n_more == 1 ? "is" : "are");
    mr_step_failed(playing, what);
    struct mr_witness *witness = &playing->failure;
    snprintf(witness->transform, sizeof witness->transform, "%s", name);
    uint32_t sink;
    const struct mr_comparison comparison = {
        .schema = mr_output_schema(playing->scenario, topic, &sink),
        .rows = is_end ? NULL : playing->step->rows,
        .n_rows = is_end ? 0 : playing->step->n_rows,
        .outcomes = mr_lead_fresh(playing->lead, topic)};
    mr_outcome_compare(playing->run->arena, &comparison, &n_more, witness);
    mr_step_tell(playing);
}

/* Expecting. */

void mr_play_expect(struct mr_playing *playing)
{
    const struct mr_test_step *step = playing->step;
    uint32_t sink, n_more;
    const struct mr_comparison comparison = {
        .schema = mr_output_schema(playing->scenario, step->topic, &sink),
        .rows = step->rows,
        .n_rows = step->n_rows,
        .outcomes = mr_lead_fresh(playing->lead, step->topic)};
    uint32_t n_less = mr_outcome_compare(playing->run->arena, &comparison, &n_more, NULL);
    if (n_less > 0 || n_more > 0) fail_output(playing, step->topic, n_less, n_more, false);
    mr_lead_take(playing->lead, step->topic);
}

static uint32_t count(const struct mr_outcome *outcome)
{
    uint32_t n = 0;
    for (; outcome; outcome = outcome->next) n++;
    return n;
}

void mr_play_expect_none(struct mr_playing *playing, bool is_end)
{
    const struct mr_scenario *scenario = playing->scenario;
    uint32_t only = is_end ? MR_TEST_ALL_TOPICS : playing->step->topic;
    for (uint32_t t = 0; t < scenario->n_topics && !playing->has_failed; t++) {
        if (scenario->topics[t].stream || (only != MR_TEST_ALL_TOPICS && only != t)) continue;
        uint32_t n_more = count(mr_lead_fresh(playing->lead, t));
        if (n_more > 0) fail_output(playing, t, 0, n_more, is_end);
    }
}

struct search {
    const struct mr_test_step *step;
    uint32_t n_keys;
    uint64_t n_found;
};

static void look(void *self, const struct mr_combine_state_entry *entry)
{
    struct search *search = self;
    const struct mr_test_step *step = search->step;
    if (step->has_window && (entry->window_start_us != step->window_start_us ||
                                entry->window_end_us != step->window_end_us))
        return;
    for (uint32_t i = 0; step->has_key && i < search->n_keys; i++)
        if (!mr_value_same(entry->keys[i], step->keys[i])) return;
    search->n_found++;
}

static bool visit_state(const struct mr_transform *combine, const struct mr_schema *input,
    const struct mr_stored *stored, struct mr_scratch *scratch, struct search *search)
{
    if (combine->keyed)
        return mr_keyed_state_visit(combine, stored->state, stored->bytes, search, look);
    if (!mr_windowing_is_plain(&combine->windowing))
        return mr_panes_state_visit(
            combine, input, stored->state, stored->bytes, scratch, search, look);
    if (combine->windowing.kind == MR_WINDOW_SLIDING)
        return mr_slices_state_visit(
            combine, input, stored->state, stored->bytes, scratch, search, look);
    return mr_combine_state_visit(
        &combine->combine, input, stored->state, stored->bytes, scratch, search, look);
}

static bool count_entries(struct mr_playing *playing, uint64_t *n_found)
{
    struct run *run = playing->run;
    const struct mr_graph *graph = playing->scenario->graph;
    const struct mr_transform *combine = &graph->transforms[playing->step->transform];
    const struct mr_edge *edge = &combine->inputs[0];
    const struct mr_schema *input =
        &graph->transforms[edge->transform].outputs[edge->output].schema;
    uint32_t n_keys = combine->keyed ? combine->keyed->n_keys : combine->combine.n_keys;
    struct search search = {.step = playing->step, .n_keys = n_keys};
    struct mr_scratch scratch;
    mr_scratch_init(&scratch, run->arena);
    const struct mr_stored *stored = mr_lead_stored(playing->lead);
    bool is_whole = true;
    for (; stored && is_whole; stored = stored->next) {
        if (stored->transform != combine->id) continue;
        is_whole = visit_state(combine, input, stored, &scratch, &search);
        mr_scratch_reset(&scratch);
    }
    mr_scratch_deinit(&scratch);
    *n_found = search.n_found;
    return is_whole;
}

bool mr_play_expect_state(struct mr_playing *playing)
{
    uint64_t n_found = 0;
    const struct mr_test_step *step = playing->step;
    if (!mr_play_checkpoint(playing)) return false;
    if (playing->has_failed) return true;
    bool is_whole = count_entries(playing, &n_found);
    if (is_whole && (n_found == 0) == step->is_gone) return true;
    char what[MR_WITNESS_TEXT];
    const char *name = playing->scenario->graph->transforms[step->transform].name;
    if (step->is_gone)
        snprintf(what, sizeof what, "the state of '%s' should be gone", name);
    else
        snprintf(what, sizeof what, "the state of '%s' should be there", name);
    mr_step_failed(playing, what);
    struct mr_witness *witness = &playing->failure;
    snprintf(witness->transform, sizeof witness->transform, "%s", name);
    snprintf(witness->expected, sizeof witness->expected, "%s",
        step->is_gone ? "no entry of this key and window" : "an entry of this key and window");
    snprintf(
        witness->actual, sizeof witness->actual, "entries: %llu", (unsigned long long)n_found);
    mr_step_tell(playing);
    return true;
}
