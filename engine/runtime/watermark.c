#include "engine/runtime/watermark.h"

#include "base/assert.h"

static bool all_are_idle(const struct mr_watermark_merge *merge, mr_us *highest)
{
    bool all = merge->n > 0;
    *highest = MR_US_MIN;
    for (uint32_t i = 0; i < merge->n; i++) {
        all = all && merge->inputs[i].is_idle;
        if (merge->inputs[i].watermark_us > *highest) *highest = merge->inputs[i].watermark_us;
    }
    return all;
}

bool mr_watermark_update(struct mr_watermark_merge *merge)
{
    mr_us before = merge->merged_us;
    mr_us highest;
    merge->is_idle = all_are_idle(merge, &highest);
    if (merge->is_idle) {
        if (highest > merge->merged_us) merge->merged_us = highest;
        return merge->merged_us > before;
    }
    mr_us lowest = MR_US_MAX;
    bool has_any = false;
    for (uint32_t i = 0; i < merge->n; i++) {
        struct mr_watermark_input *input = &merge->inputs[i];
        if (input->is_idle) continue;
        if (input->is_behind && input->watermark_us >= merge->merged_us) input->is_behind = false;
        if (input->is_behind) continue;
        has_any = true;
        if (input->watermark_us < lowest) lowest = input->watermark_us;
    }
    if (has_any && lowest > merge->merged_us) merge->merged_us = lowest;
    return merge->merged_us > before;
}

bool mr_watermark_raise(struct mr_watermark_merge *merge, uint32_t input, mr_us watermark_us)
{
    MR_ASSERT(input < merge->n);
    struct mr_watermark_input *raised = &merge->inputs[input];
    mr_us before = raised->watermark_us;
    if (watermark_us <= before) return false;
    raised->watermark_us = watermark_us;
    /* One that was ahead of the merged one is not what that waits for. */
    if (!raised->is_idle && !raised->is_behind && before > merge->merged_us) return false;
    return mr_watermark_update(merge);
}

bool mr_watermark_set_idle(struct mr_watermark_merge *merge, uint32_t input, bool is_idle)
{
    MR_ASSERT(input < merge->n);
    struct mr_watermark_input *changed = &merge->inputs[input];
    if (changed->is_idle == is_idle) return false;
    bool was_idle = merge->is_idle;
    changed->is_idle = is_idle;
    changed->is_behind = !is_idle && changed->watermark_us < merge->merged_us;
    bool rose = mr_watermark_update(merge);
    return rose || was_idle != merge->is_idle;
}
