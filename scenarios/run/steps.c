#include "scenarios/run/steps.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "engine/state/snapshot.h"
#include "scenarios/language/interleaving.h"
#include "scenarios/run/lead.h"
#include "scenarios/run/outcome.h"
#include "scenarios/run/run_internal.h"

struct playing {
    struct run *run;
    struct mr_lead *lead;
    struct mr_run_result *result;
    const struct mr_scenario *scenario;
    const struct mr_test_step *step;
    uint64_t *n_rows; /* [n_topics]: handed in: they go to the channels by turns */
    struct mr_interleaving interleaving;
    uint32_t segment; /* the next one */
    uint64_t rank;    /* of the merges of the segments to come; with is_drawn: not used */
    bool is_drawn;
    uint64_t n_draws;
    bool has_failed;
};

/* Failures. */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* `what` is the sentence behind the place. NULL when there is such a finding already. */
static struct mr_witness *fail(struct playing *playing, const char *what)
{
    const struct mr_scenario *scenario = playing->scenario;
    playing->has_failed = true;
    struct mr_witness *witness = mr_checks_report(playing->run->checks, MR_VERDICT_WRONG);
    if (!witness) return NULL;
    const struct mr_place *place = &playing->step->place;
    snprintf(witness->summary, sizeof witness->summary, "%s:%d: %s", base_name(place->file),
        place->line, what);
    int used = 0;
    if (scenario->is_restored_between)
        used = snprintf(witness->cause, sizeof witness->cause,
            "a checkpoint and a restore lie between each two steps");
    if (scenario->split > 1)
        snprintf(witness->cause + used, sizeof witness->cause - (size_t)used,
            "%seach input comes over %u channels, in interleaving %llu of %s%llu",
            used ? "; " : "", scenario->split, (unsigned long long)playing->run->options->seed,
            playing->is_drawn ? "the drawn " : "all ", (unsigned long long)scenario->seeds);
    return witness;
}

static void fail_output(
    struct playing *playing, uint32_t topic, uint32_t n_less, uint32_t n_more, bool is_end)
{
    char what[MR_WITNESS_TEXT];
    const char *name = playing->scenario->topics[topic].name;
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
    struct mr_witness *witness = fail(playing, what);
    if (!witness) return;
    snprintf(witness->transform, sizeof witness->transform, "%s", name);
    uint32_t sink;
    const struct mr_comparison comparison = {
        .schema = mr_output_schema(playing->scenario, topic, &sink),
        .rows = is_end ? NULL : playing->step->rows,
        .n_rows = is_end ? 0 : playing->step->n_rows,
        .outcomes = mr_lead_fresh(playing->lead, topic)};
    mr_outcome_compare(playing->run->arena, &comparison, &n_more, witness);
}

/* Handing in. */

static uint32_t next_channel(struct playing *playing, uint32_t topic)
{
    return (uint32_t)(playing->n_rows[topic]++ % playing->scenario->split);
}

static void add_row(
    struct playing *playing, const struct mr_test_step *step, uint32_t row, uint32_t channel)
{
    mr_lead_add(playing->lead, step->topic, channel, step->rows[row].row,
        step->rows[row].has_time, step->rows[row].time_us);
}

/* Where a channel stands in its segment: the next step of it, and the next row of that. */
struct place {
    uint32_t step;
    uint32_t row;
};

/* Brings the next event of a channel; `turns` is how many rows the input had before the
 * segment. */
static bool bring(struct playing *playing, const struct mr_segment *segment,
    struct place *place, uint32_t channel, uint64_t turns)
{
    const struct mr_test_step *steps = playing->scenario->steps;
    uint32_t split = playing->scenario->split;
    for (uint32_t i = segment->first; i < place->step; i++)
        if (steps[i].kind == MR_TEST_ROWS) turns += steps[i].n_rows;
    for (;; place->step++, place->row = 0) {
        MR_ASSERT(place->step < segment->first + segment->n);
        const struct mr_test_step *step = &steps[place->step];
        if (step->kind == MR_TEST_WATERMARK) {
            mr_lead_mark(playing->lead, step->topic, channel, step->watermark_us, false);
            place->step++;
            place->row = 0;
            return mr_lead_feed(playing->lead, playing->result);
        }
        for (; place->row < step->n_rows; place->row++) {
            if ((turns + place->row) % split != channel) continue;
            add_row(playing, step, place->row++, channel);
            return mr_lead_feed(playing->lead, playing->result);
        }
        turns += step->n_rows;
    }
}

static uint32_t draw_channel(struct playing *playing, const uint32_t *counts, uint32_t n_left)
{
    uint64_t drawn = mr_draw_below(&playing->run->draws, n_left, MR_DRAW_KNOB,
        mr_name("steps.interleaving"), playing->n_draws++);
    uint32_t channel = 0;
    while (drawn >= counts[channel]) drawn -= counts[channel++];
    return channel;
}

/* The channel whose event is next in the merge of this rank among those of `counts`. */
static uint32_t ranked_channel(uint32_t *counts, uint32_t n_channels, uint64_t *rank)
{
    for (uint32_t c = 0; c < n_channels; c++) {
        if (counts[c] == 0) continue;
        counts[c]--;
        uint64_t ways = mr_merges(counts, n_channels);
        counts[c]++;
        if (*rank < ways) return c;
        *rank -= ways;
    }
    MR_UNREACHABLE("a rank beyond all merges");
    return 0;
}

static bool play_segment(struct playing *playing, const struct mr_segment *segment)
{
    uint32_t split = playing->scenario->split, counts[MR_SPLIT_MAX];
    struct place places[MR_SPLIT_MAX];
    uint32_t topic = playing->scenario->steps[segment->first].topic;
    uint64_t turns = playing->n_rows[topic], rank = 0;
    memcpy(counts, segment->counts, sizeof counts);
    if (!playing->is_drawn) {
        rank = playing->rank % segment->ways;
        playing->rank /= segment->ways;
    }
    for (uint32_t c = 0; c < split; c++) places[c] = (struct place){.step = segment->first};
    for (uint32_t left = segment->n_events; left > 0; left--) {
        uint32_t channel = playing->is_drawn ? draw_channel(playing, counts, left)
                                             : ranked_channel(counts, split, &rank);
        counts[channel]--;
        if (!bring(playing, segment, &places[channel], channel, turns)) return false;
    }
    for (uint32_t i = segment->first; i < segment->first + segment->n; i++)
        if (playing->scenario->steps[i].kind == MR_TEST_ROWS)
            playing->n_rows[topic] += playing->scenario->steps[i].n_rows;
    return true;
}

static bool play_rows(struct playing *playing)
{
    const struct mr_test_step *step = playing->step;
    for (uint32_t i = 0; i < step->n_rows; i++)
        add_row(playing, step, i, next_channel(playing, step->topic));
    return mr_lead_feed(playing->lead, playing->result);
}

static bool play_mark(struct playing *playing, mr_us watermark_us, bool is_idle)
{
    for (uint32_t c = 0; c < playing->scenario->split; c++)
        mr_lead_mark(playing->lead, playing->step->topic, c, watermark_us, is_idle);
    return mr_lead_feed(playing->lead, playing->result);
}

/* Checkpoints. */

static bool play_checkpoint(struct playing *playing)
{
    bool is_done = false;
    if (!mr_lead_checkpoint(playing->lead, &is_done, playing->result)) return false;
    if (!is_done) fail(playing, "the checkpoint has not completed");
    return true;
}

static bool play_restore(struct playing *playing)
{
    bool is_done = false;
    if (!mr_lead_restore(playing->lead, &is_done, playing->result)) return false;
    if (!is_done) fail(playing, "the job does not run again after the crash");
    return true;
}

/* Expecting. */

static void play_expect(struct playing *playing)
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

static void play_expect_none(struct playing *playing, bool is_end)
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

static bool count_entries(struct playing *playing, uint64_t *n_found)
{
    struct run *run = playing->run;
    const struct mr_graph *graph = playing->scenario->graph;
    const struct mr_transform *combine = &graph->transforms[playing->step->transform];
    const struct mr_edge *edge = &combine->inputs[0];
    const struct mr_schema *input =
        &graph->transforms[edge->transform].outputs[edge->output].schema;
    struct search search = {.step = playing->step, .n_keys = combine->combine.n_keys};
    struct mr_scratch scratch;
    mr_scratch_init(&scratch, run->arena);
    const struct mr_stored *stored = mr_lead_stored(playing->lead);
    bool is_whole = true;
    for (; stored && is_whole; stored = stored->next) {
        if (stored->transform != combine->id) continue;
        is_whole = combine->windowing.kind == MR_WINDOW_SLIDING
                       ? mr_slices_state_visit(combine, input, stored->state, stored->bytes,
                             &scratch, &search, look)
                       : mr_combine_state_visit(&combine->combine, input, stored->state,
                             stored->bytes, &scratch, &search, look);
        mr_scratch_reset(&scratch);
    }
    mr_scratch_deinit(&scratch);
    *n_found = search.n_found;
    return is_whole;
}

static bool play_expect_state(struct playing *playing)
{
    uint64_t n_found = 0;
    const struct mr_test_step *step = playing->step;
    if (!play_checkpoint(playing)) return false;
    if (playing->has_failed) return true;
    bool is_whole = count_entries(playing, &n_found);
    if (is_whole && (n_found == 0) == step->is_gone) return true;
    char what[MR_WITNESS_TEXT];
    const char *name = playing->scenario->graph->transforms[step->transform].name;
    if (step->is_gone)
        snprintf(what, sizeof what, "the state of '%s' should be gone", name);
    else
        snprintf(what, sizeof what, "the state of '%s' should be there", name);
    struct mr_witness *witness = fail(playing, what);
    if (!witness) return true;
    snprintf(witness->transform, sizeof witness->transform, "%s", name);
    snprintf(witness->expected, sizeof witness->expected, "%s",
        step->is_gone ? "no entry of this key and window" : "an entry of this key and window");
    snprintf(
        witness->actual, sizeof witness->actual, "entries: %llu", (unsigned long long)n_found);
    return true;
}

/* All of them. */

/* False: the run has ended. */
static bool play(struct playing *playing)
{
    const struct mr_test_step *step = playing->step;
    switch (step->kind) {
    case MR_TEST_ROWS:
        return play_rows(playing);
    case MR_TEST_WATERMARK:
        return play_mark(playing, step->watermark_us, false);
    case MR_TEST_IDLE:
        return play_mark(playing, MR_US_MIN, true);
    case MR_TEST_ACTIVE:
        return play_mark(playing, MR_US_MIN, false);
    case MR_TEST_PROCESSING_TIME:
        return mr_lead_advance(playing->lead, step->advance_ns, playing->result);
    case MR_TEST_CHECKPOINT:
        return play_checkpoint(playing);
    case MR_TEST_RESTORE:
        return play_restore(playing);
    case MR_TEST_EXPECT:
        play_expect(playing);
        return true;
    case MR_TEST_EXPECT_NONE:
        play_expect_none(playing, false);
        return true;
    case MR_TEST_EXPECT_STATE:
        return play_expect_state(playing);
    }
    return false;
}

static void begin(struct playing *playing)
{
    struct mr_arena *arena = playing->run->arena;
    const struct mr_scenario *scenario = playing->scenario;
    playing->n_rows = mr_arena_zalloc(arena, sizeof(uint64_t) * (scenario->n_topics + 1));
    if (scenario->split == 1) return;
    mr_interleaving_init(&playing->interleaving, scenario,
        mr_arena_zalloc(arena, sizeof(struct mr_segment) * (scenario->n_steps + 1)),
        mr_arena_zalloc(arena, mr_interleaving_state_bytes(scenario)));
    uint64_t total = playing->interleaving.total, seed = playing->run->options->seed;
    playing->is_drawn = total > MR_INTERLEAVINGS_MAX;
    if (!playing->is_drawn) playing->rank = (seed + total - 1) % total;
}

/* Plays the segment that begins at step `i`, if one does: how many steps it has; 0: none. */
static bool play_at(struct playing *playing, uint32_t i, uint32_t *n)
{
    const struct mr_interleaving *interleaving = &playing->interleaving;
    *n = 1;
    if (playing->segment >= interleaving->n_segments ||
        interleaving->segments[playing->segment].first != i)
        return play(playing);
    const struct mr_segment *segment = &interleaving->segments[playing->segment++];
    *n = segment->n;
    return play_segment(playing, segment);
}

static bool play_all(struct playing *playing)
{
    const struct mr_scenario *scenario = playing->scenario;
    playing->step = &scenario->steps[0];
    if (!mr_lead_settle(playing->lead, playing->result)) return false;
    uint32_t n;
    for (uint32_t i = 0; i < scenario->n_steps; i += n) {
        playing->step = &scenario->steps[i];
        if (!play_at(playing, i, &n)) return false;
        if (playing->has_failed) return true;
    }
    play_expect_none(playing, true);
    bool is_done;
    return playing->has_failed || mr_lead_checkpoint(playing->lead, &is_done, playing->result);
}

enum mr_run_end mr_steps_run(struct run *run, struct mr_run_result *result)
{
    struct playing playing = {
        .run = run, .lead = run->lead, .result = result, .scenario = run->scenario};
    enum mr_owner owner = mr_arena_owner(run->arena, MR_OWNER_CHECKS);
    begin(&playing);
    bool is_whole = play_all(&playing);
    if (!is_whole && mr_run_job_state(run) == MR_JOB_FAILED)
        fail(&playing, "the job fails at this step");
    mr_arena_owner(run->arena, owner);
    if (is_whole && mr_run_job_state(run) == MR_JOB_FINISHED) return MR_END_FINISHED;
    return is_whole ? MR_END_RUN_FOR : mr_lead_end(run->lead);
}
