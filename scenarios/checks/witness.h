/* What a check found: a verdict with everything that a person needs to believe it. */
#ifndef MR_SCENARIOS_CHECKS_WITNESS_H
#define MR_SCENARIOS_CHECKS_WITNESS_H

#include "scenarios/language/scenario.h"

enum { MR_WITNESS_TEXT = 512, MR_WITNESS_ROWS = 5, MR_WITNESS_ROW_TEXT = 200, MR_WITNESS_LIST_TEXT = 1200 };

/* Plain text throughout, so that it can cross a pipe and stand in a record. "" where it does not apply. */
struct mr_witness {
    enum mr_check check;
    enum mr_verdict verdict;
    mr_ns at_ns;      /* the first moment when it was wrong */
    uint64_t step;
    char transform[128]; /* the operator or sink */
    char key[MR_WITNESS_ROW_TEXT];
    mr_us window_start_us; /* MR_US_MIN: without a window */
    mr_us window_end_us;
    char summary[MR_WITNESS_TEXT];  /* one sentence: what is wrong, with numbers */
    char cause[MR_WITNESS_TEXT];    /* the restore between two deliveries, the fault active, the silent input */
    /* A row, as JSON. Of a step: a line for each row, what stands in one line belongs together. */
    char expected[MR_WITNESS_LIST_TEXT];
    char actual[MR_WITNESS_LIST_TEXT];
    uint32_t n_inputs; /* how many input rows belong to it; the first MR_WITNESS_ROWS stand below */
    char inputs[MR_WITNESS_ROWS][MR_WITNESS_ROW_TEXT]; /* "flights[2]@1841 {...}" */
};

/* What a run's checks found so far: each (check, verdict) keeps its first witness and a count. In the arena. */
enum { MR_FINDINGS_MAX = 16 };
struct mr_findings {
    uint32_t n;
    struct mr_finding {
        struct mr_witness witness;
        uint64_t count;
    } *list; /* [n] of MR_FINDINGS_MAX */
};

#endif
