/* What remains of panes and rows that were matched and forgotten: enough to know a second one.
 */
#ifndef MR_SCENARIOS_ORACLE_MARKS_H
#define MR_SCENARIOS_ORACLE_MARKS_H

#include "base/arena.h"
#include "base/time.h"

/* Marks are kept in blocks, one a window or one a batch of rows, for the last MR_MARKS_MAX of
 * them: 4 bytes each. A mark is half a hash, so that one in four thousand millions is mistaken.
 */
enum { MR_MARKS_MAX = 1 << 18 };

struct mr_mark_block {
    struct mr_mark_block *next; /* the younger one */
    uint32_t sink;
    uint32_t n;
    mr_us window_start_us;
    mr_us window_end_us;
    uint32_t hashes[];
};
struct mr_marks {
    struct mr_arena *arena;
    struct mr_mark_block *oldest;
    struct mr_mark_block *youngest;
    uint64_t n;
};

/* A block for n marks, which the caller fills; n > 0. Forgets the oldest blocks where there are
 * too many. */
struct mr_mark_block *mr_marks_add(struct mr_marks *marks, uint32_t sink, mr_us window_start_us,
    mr_us window_end_us, uint32_t n);
bool mr_marks_hold(const struct mr_marks *marks, uint32_t sink, mr_us window_start_us,
    mr_us window_end_us, uint32_t hash);
void mr_marks_deinit(struct mr_marks *marks);

#endif
