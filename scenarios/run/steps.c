#include "scenarios/run/steps.h"

#include <stdio.h>

#include "scenarios/run/steps_internal.h"

static uint32_t next_channel(struct mr_playing *playing, uint32_t topic)
{
    return (uint32_t)(playing->n_rows[topic]++ % playing->scenario->split);
}

void mr_play_row(
    struct mr_playing *playing, const struct mr_test_step *step, uint32_t row, uint32_t channel)
{
    mr_lead_add(playing->lead, step->topic, channel, step->rows[row].row,
        step->rows[row].has_time, step->rows[row].time_us);
}

static bool play_rows(struct mr_playing *playing)
{
    const struct mr_test_step *step = playing->step;
    for (uint32_t i = 0; i < step->n_rows; i++)
        mr_play_row(playing, step, i, next_channel(playing, step->topic));
    return mr_lead_feed(playing->lead, playing->result);
}

static bool play_mark(struct mr_playing *playing, mr_us watermark_us, bool is_idle)
{
    for (uint32_t c = 0; c < playing->scenario->split; c++)
        mr_lead_mark(playing->lead, playing->step->topic, c, watermark_us, is_idle);
    return mr_lead_feed(playing->lead, playing->result);
}

/* A failure that has no more to show. */
static void fail(struct mr_playing *playing, const char *what)
{
    mr_step_failed(playing, what);
    mr_step_tell(playing);
}

/* Checkpoints. */

bool mr_play_checkpoint(struct mr_playing *playing)
{
    bool is_done = false;
    if (!mr_lead_checkpoint(playing->lead, &is_done, playing->result)) return false;
    if (!is_done) fail(playing, "the checkpoint has not completed");
    return true;
}

static bool play_restore(struct mr_playing *playing)
{
    bool is_done = false;
    if (!mr_lead_restore(playing->lead, &is_done, playing->result)) return false;
    if (!is_done) fail(playing, "the job does not run again after the crash");
    return true;
}

/* All of them. */

/* To the recorder, as a line of a log. */
static void tell(const struct mr_playing *playing, const struct mr_test_step *step)
{
    static const char *const words[] = {[MR_TEST_ROWS] = "rows",
        [MR_TEST_WATERMARK] = "watermark",
        [MR_TEST_IDLE] = "idle",
        [MR_TEST_ACTIVE] = "active",
        [MR_TEST_PROCESSING_TIME] = "processing_time",
        [MR_TEST_CHECKPOINT] = "checkpoint",
        [MR_TEST_RESTORE] = "restore",
        [MR_TEST_EXPECT] = "expect",
        [MR_TEST_EXPECT_NONE] = "expect_none",
        [MR_TEST_EXPECT_STATE] = "expect_state"};
    const struct mr_recorder *recorder = playing->run->options->recorder;
    if (!recorder || !recorder->log) return;
    bool has_topic = step->kind != MR_TEST_EXPECT_STATE && step->topic != MR_TEST_ALL_TOPICS;
    char text[256], detail[MR_TIME_TEXT_BYTES] = "";
    if (step->kind == MR_TEST_WATERMARK) mr_timestamp_format(step->watermark_us, detail);
    if (step->kind == MR_TEST_PROCESSING_TIME) mr_duration_format(step->advance_ns, detail);
    if (step->kind == MR_TEST_ROWS || step->kind == MR_TEST_EXPECT)
        snprintf(detail, sizeof detail, "%u", step->n_rows);
    snprintf(text, sizeof text, "line %d: %s%s%s%s%s", step->place.line, words[step->kind],
        has_topic ? " " : "", has_topic ? mr_topic_name(playing->scenario, step->topic) : "",
        detail[0] ? ": " : "", detail);
    recorder->log(recorder->self, mr_lead_now(playing->lead), "steps", text);
}

bool mr_play(struct mr_playing *playing, const struct mr_test_step *step)
{
    playing->step = step;
    tell(playing, step);
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
        return mr_play_checkpoint(playing);
    case MR_TEST_RESTORE:
        return play_restore(playing);
    case MR_TEST_EXPECT:
        mr_play_expect(playing);
        return true;
    case MR_TEST_EXPECT_NONE:
        mr_play_expect_none(playing, false);
        return true;
    case MR_TEST_EXPECT_STATE:
        return mr_play_expect_state(playing);
    }
    return false;
}

void mr_playing_begin(struct mr_playing *playing, struct run *run, struct mr_run_result *result)
{
    struct mr_arena *arena = run->arena;
    const struct mr_scenario *scenario = run->scenario;
    *playing = (struct mr_playing){
        .run = run, .lead = run->lead, .result = result, .scenario = scenario};
    playing->step = &scenario->steps[0];
    playing->n_rows = mr_arena_zalloc(arena, sizeof(uint64_t) * (scenario->n_topics + 1));
    if (scenario->split == 1) return;
    mr_interleaving_init(&playing->interleaving, scenario,
        mr_arena_zalloc(arena, sizeof(struct mr_segment) * (scenario->n_steps + 1)),
        mr_arena_zalloc(arena, mr_interleaving_state_bytes(scenario)));
    uint64_t total = playing->interleaving.total, seed = playing->run->options->seed;
    playing->is_drawn = total > MR_INTERLEAVINGS_MAX;
    if (!playing->is_drawn) playing->rank = (seed + total - 1) % total;
}

bool mr_playing_finish(struct mr_playing *playing)
{
    bool is_done;
    mr_play_expect_none(playing, true);
    return playing->has_failed || mr_lead_checkpoint(playing->lead, &is_done, playing->result);
}

/* Plays the segment that begins at step `i`, if one does: how many steps it has; 0: none. */
static bool play_at(struct mr_playing *playing, uint32_t i, uint32_t *n)
{
    const struct mr_interleaving *interleaving = &playing->interleaving;
    *n = 1;
    if (playing->segment >= interleaving->n_segments ||
        interleaving->segments[playing->segment].first != i)
        return mr_play(playing, playing->step);
    const struct mr_segment *segment = &interleaving->segments[playing->segment++];
    *n = segment->n;
    for (uint32_t k = i; k < i + segment->n; k++) tell(playing, &playing->scenario->steps[k]);
    return mr_play_segment(playing, segment);
}

static bool play_all(struct mr_playing *playing)
{
    const struct mr_scenario *scenario = playing->scenario;
    if (!mr_lead_settle(playing->lead, playing->result)) return false;
    uint32_t n;
    for (uint32_t i = 0; i < scenario->n_steps; i += n) {
        playing->step = &scenario->steps[i];
        if (!play_at(playing, i, &n)) return false;
        if (playing->has_failed) return true;
    }
    return mr_playing_finish(playing);
}

enum mr_run_end mr_steps_run(struct run *run, struct mr_run_result *result)
{
    struct mr_playing playing;
    enum mr_owner owner = mr_arena_owner(run->arena, MR_OWNER_CHECKS);
    mr_playing_begin(&playing, run, result);
    bool is_whole = play_all(&playing);
    if (!is_whole && mr_run_job_state(run) == MR_JOB_FAILED)
        fail(&playing, "the job fails at this step");
    MR_ASSERT(!playing.has_failed || mr_checks_findings(run->checks)->n > 0);
    mr_arena_owner(run->arena, owner);
    if (is_whole && mr_run_job_state(run) == MR_JOB_FINISHED) return MR_END_FINISHED;
    return is_whole ? MR_END_RUN_FOR : mr_lead_end(run->lead);
}
