/* Many watermarks into one: of the channels of a task, or of the partitions of a source. */
#ifndef MR_ENGINE_RUNTIME_WATERMARK_H
#define MR_ENGINE_RUNTIME_WATERMARK_H

#include <stdbool.h>

#include "base/time.h"

struct mr_watermark_input {
    mr_us watermark_us; /* never falls */
    bool is_idle;       /* not waited for */
    bool is_behind;     /* active again, and not yet caught up with the merged one */
};

/* merged = max(merged before, min over the inputs that are active and have caught up). When all are idle the merge is
 * idle, at the maximum of the inputs. */
struct mr_watermark_merge {
    uint32_t n;
    struct mr_watermark_input *inputs; /* [n] */
    mr_us merged_us;
    bool is_idle;
};

/* Raises an input's watermark (a lower one is ignored) and merges. True when the merged one rose. */
bool mr_watermark_raise(struct mr_watermark_merge *merge, uint32_t input, mr_us watermark_us);
/* An input falls idle or becomes active. True when the merged one rose or the merge's own idleness changed. */
bool mr_watermark_set_idle(struct mr_watermark_merge *merge, uint32_t input, bool is_idle);
/* Merges without a change of an input, after a restore. */
bool mr_watermark_update(struct mr_watermark_merge *merge);

#endif
