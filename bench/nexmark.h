/* The queries of Nexmark. */
#ifndef MR_BENCH_NEXMARK_H
#define MR_BENCH_NEXMARK_H

#include <stddef.h>

struct mr_nexmark_query {
    int number;
    const char *pipeline; /* the file's text, without comments */
};
extern const struct mr_nexmark_query mr_nexmark_queries[]; /* up to a number of -1 */

#endif
