/* Variations of a stepped scenario that must not change what comes out: restores between its
 * steps, and inputs that come over several channels.
 *
 * An interleaving is a merge of what the channels of an input bring. Rows go to them by turns,
 * a watermark to each; each channel keeps its order. Consecutive steps of one input are one
 * segment, in which channels may be ahead of one another: since the watermarks of channels are
 * merged to the least of them, no row becomes late by it. A row that is behind the watermark
 * when it is handed in must stay so: it begins a segment, and so does what an idle input gets.
 */
#include <string.h>

#include "base/digest.h"
#include "scenarios/language/interleaving.h"
#include "scenarios/language/scenario_internal.h"

const struct mr_scenario *mr_scenario_restored_between(
    struct mr_region *region, const struct mr_scenario *scenario)
{
    MR_ASSERT(scenario->is_stepped);
    struct mr_scenario *out = mr_region_new(region, struct mr_scenario);
    *out = *scenario;
    if (scenario->is_restored_between) return out;
    struct mr_test_step *steps =
        mr_region_array(region, struct mr_test_step, (size_t)3 * scenario->n_steps + 1);
    out->n_steps = 0;
    for (uint32_t i = 0; i < scenario->n_steps; i++) {
        const struct mr_test_step *step = &scenario->steps[i];
        for (int k = 0; k < 2 && i > 0; k++)
            steps[out->n_steps++] =
                (struct mr_test_step){.kind = k == 0 ? MR_TEST_CHECKPOINT : MR_TEST_RESTORE,
                    .place = step->place,
                    .topic = MR_TEST_ALL_TOPICS};
        steps[out->n_steps++] = *step;
    }
    out->steps = steps;
    out->is_restored_between = true;
    out->digest = mr_digest_mix(scenario->digest, 1); /* not what a record finds in the file */
    return out;
}

/* Segments. */

struct input_state {
    mr_us watermark_us;
    bool is_idle;
    uint64_t n_rows;
};

static bool is_fed(const struct mr_test_step *step)
{
    return step->kind == MR_TEST_ROWS || step->kind == MR_TEST_WATERMARK;
}

static bool is_behind(const struct mr_scenario *scenario, const struct mr_test_step *step,
    const struct input_state *state)
{
    if (step->kind != MR_TEST_ROWS || state->watermark_us == MR_US_MIN) return false;
    int field = scenario->topics[step->topic].stream->event_time_field;
    for (uint32_t i = 0; i < step->n_rows; i++) {
        const struct mr_test_row *row = &step->rows[i];
        bool is_known = field >= 0 || row->has_time;
        mr_us at_us = field >= 0 ? row->row[field].i : row->time_us;
        if (!is_known || at_us < state->watermark_us) return true;
    }
    return false;
}

static void note(const struct mr_scenario *scenario, const struct mr_test_step *step,
    struct input_state *state, struct mr_segment *segment)
{
    uint32_t split = scenario->split;
    if (step->kind == MR_TEST_WATERMARK) {
        state->watermark_us = step->watermark_us;
        for (uint32_t c = 0; c < split; c++) segment->counts[c]++;
        segment->n_events += split;
        return;
    }
    for (uint32_t i = 0; i < step->n_rows; i++) segment->counts[state->n_rows++ % split]++;
    segment->n_events += step->n_rows;
}

/* What is more is not counted. */
#define KNOWN_MAX (UINT64_C(1) << 40)
uint64_t mr_merges(const uint32_t *counts, uint32_t n_channels)
{
    uint64_t ways = 1, total = 0;
    for (uint32_t c = 0; c < n_channels; c++) {
        uint64_t binomial = 1; /* of total + k over k, for k up to counts[c] */
        for (uint64_t k = 1; k <= counts[c]; k++) {
            binomial = binomial * (total + k) / k;
            if (binomial > KNOWN_MAX) return UINT64_MAX;
        }
        total += counts[c];
        if (binomial > 1 && ways > KNOWN_MAX / binomial) return UINT64_MAX;
        ways *= binomial;
    }
    return ways;
}

void mr_interleaving_init(struct mr_interleaving *out, const struct mr_scenario *scenario,
    struct mr_segment *segments, void *states)
{
    struct input_state *inputs = states;
    *out = (struct mr_interleaving){.segments = segments, .total = 1};
    for (uint32_t t = 0; t < scenario->n_topics; t++)
        inputs[t] = (struct input_state){.watermark_us = MR_US_MIN};
    struct mr_segment *open = NULL;
    bool was_idle = false;
    for (uint32_t i = 0; i < scenario->n_steps; i++) {
        const struct mr_test_step *step = &scenario->steps[i];
        if (!is_fed(step)) {
            if (step->kind == MR_TEST_IDLE) inputs[step->topic].is_idle = true;
            if (step->kind == MR_TEST_ACTIVE) inputs[step->topic].is_idle = false;
            open = NULL;
            continue;
        }
        struct input_state *state = &inputs[step->topic];
        bool goes_on = open && scenario->steps[open->first].topic == step->topic && !was_idle &&
                       !state->is_idle && !is_behind(scenario, step, state);
        if (!goes_on) {
            open = &segments[out->n_segments++];
            *open = (struct mr_segment){.first = i};
        }
        was_idle = state->is_idle;
        open->n = i + 1 - open->first;
        note(scenario, step, state, open);
    }
    for (uint32_t s = 0; s < out->n_segments; s++) {
        uint64_t ways = mr_merges(segments[s].counts, scenario->split);
        segments[s].ways = ways;
        bool is_known = ways <= KNOWN_MAX && out->total <= KNOWN_MAX / ways;
        out->total = is_known && out->total != UINT64_MAX ? out->total * ways : UINT64_MAX;
    }
}

size_t mr_interleaving_state_bytes(const struct mr_scenario *scenario)
{
    return sizeof(struct input_state) * (scenario->n_topics + 1);
}

/* Splitting. */

static void split_topics(struct mr_region *region, struct mr_scenario *out)
{
    struct mr_topic *topics = mr_region_array(region, struct mr_topic, out->n_topics + 1);
    memcpy(topics, out->topics, sizeof *topics * out->n_topics);
    for (uint32_t t = 0; t < out->n_topics; t++) {
        if (!topics[t].stream) continue;
        struct mr_stream_config *config = mr_region_new(region, struct mr_stream_config);
        *config = *topics[t].stream;
        config->n_partitions = out->split;
        topics[t].n_partitions = out->split;
        topics[t].stream = config;
    }
    out->topics = topics;
}

const struct mr_scenario *mr_scenario_split(
    struct mr_region *region, const struct mr_scenario *scenario, uint32_t channels)
{
    MR_ASSERT(scenario->is_stepped && channels >= 1 && channels <= MR_SPLIT_MAX);
    struct mr_scenario *out = mr_region_new(region, struct mr_scenario);
    *out = *scenario;
    out->split = channels;
    out->digest = mr_digest_mix(scenario->digest, channels);
    split_topics(region, out);
    struct mr_cluster *cluster = &out->cluster;
    if (cluster->parallelism < channels) cluster->parallelism = channels;
    cluster->slots = (cluster->parallelism + cluster->workers - 1) / cluster->workers;
    struct mr_interleaving interleaving;
    mr_interleaving_init(&interleaving, out,
        mr_region_array(region, struct mr_segment, out->n_steps + 1),
        mr_region_alloc(region, mr_interleaving_state_bytes(out)));
    out->interleavings = interleaving.total;
    out->first_seed = 1;
    out->seeds =
        out->interleavings < MR_INTERLEAVINGS_MAX ? out->interleavings : MR_INTERLEAVINGS_MAX;
    return out;
}
