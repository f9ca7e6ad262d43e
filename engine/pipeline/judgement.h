/* What can be said of a pipeline without running it: whether Beam would run it, whether its
 * output is a function of its input alone, and what may surprise. */
#ifndef MR_ENGINE_PIPELINE_JUDGEMENT_H
#define MR_ENGINE_PIPELINE_JUDGEMENT_H

#include "engine/pipeline/graph.h"

struct mr_remark {
    struct mr_place place;
    const char *text;
};
struct mr_remarks {
    uint32_t n;
    uint32_t capacity;
    struct mr_remark *list; /* [n] */
};

enum mr_portability {
    MR_PORTABLE,
    MR_PORTABLE_WITH_PROVIDER, /* types of Millrace, which an `include` brings to Beam */
    MR_NOT_PORTABLE,
};
/* An output is confluent where the same rows come out whatever the parallelism, the size of
 * batches, the times of checkpoints and the order in which partitions are read. */
enum mr_confluence {
    MR_CONFLUENT,
    MR_CONFLUENT_UNLESS, /* the remarks say unless what */
    MR_NOT_CONFLUENT,
};
struct mr_judgement {
    enum mr_portability portability;
    struct mr_remarks of_portability;
    enum mr_confluence confluence;
    struct mr_remarks of_confluence;
    struct mr_remarks warnings; /* those of the graph, and more */
};
void mr_pipeline_judge(
    struct mr_region *region, const struct mr_graph *graph, struct mr_judgement *out);

#endif
