/* What a person reads on the terminal: a live line while a campaign runs, then each scenario's
 * verdict. */
#ifndef MR_REPORTS_TERMINAL_H
#define MR_REPORTS_TERMINAL_H

#include "base/alloc.h"
#include "scenarios/run/tally.h"

struct mr_terminal_style {
    bool has_color;
    uint32_t columns;    /* width; 0: unknown */
    const char *options; /* of the campaign, to stand in the lines that repeat a run, such as
                            "--plant NAME"; NULL: none */
};

/* The verdict of one scenario, one line when it passed; under a failure each finding with its
 * witness and the line that repeats it: `build/millrace run PATH --seed N`. `seconds` of wall
 * time, for the rate. */
void mr_terminal_scenario(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_tally *tally, double seconds);
/* One witness as a paragraph, also for `millrace run`. `command` repeats the run. */
void mr_terminal_witness(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_witness *witness, uint64_t count, const char *command);
/* The last lines: scenarios, seeds, virtual time, verdicts, how long it took. */
void mr_terminal_summary(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_tally *const *tallies, size_t n_tallies, double seconds);
/* The live line, without a newline, cut to the width: scenario, seeds done of all, rate,
 * failures, time to go. */
void mr_terminal_progress(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_tally *tally, uint64_t seeds_done, uint64_t seeds_all, double seconds);

#endif
