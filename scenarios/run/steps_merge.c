/* A segment of steps whose rows and marks come over several channels, in one of the legal
 * orders. */
#include <string.h>

#include "base/digest.h"
#include "scenarios/run/steps_internal.h"

/* Where a channel stands in its segment: the next step of it, and the next row of that. */
struct place {
    uint32_t step;
    uint32_t row;
};

/* Brings the next event of a channel; `turns` is how many rows the input had before the
 * segment. */
static bool bring(struct mr_playing *playing, const struct mr_segment *segment,
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
            mr_play_row(playing, step, place->row++, channel);
            return mr_lead_feed(playing->lead, playing->result);
        }
        turns += step->n_rows;
    }
}

static uint32_t draw_channel(
    struct mr_playing *playing, const uint32_t *counts, uint32_t n_left)
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

bool mr_play_segment(struct mr_playing *playing, const struct mr_segment *segment)
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
