/* How far a campaign is: a live line on a terminal, a plain line now and then elsewhere; on
 * standard error. */
#ifndef MR_CLI_PROGRESS_H
#define MR_CLI_PROGRESS_H

#include "reports/terminal.h"

struct mr_progress {
    bool is_on;
    bool is_live; /* standard error is a terminal */
    struct mr_terminal_style style;
    double began; /* of the scenario */
    double last;  /* line */
    bool has_line;
};

void mr_progress_init(struct mr_progress *progress, const char *color, bool is_on);
/* A scenario begins. */
void mr_progress_begin(struct mr_progress *progress);
/* Shows a line when it is time for one. */
void mr_progress_show(
    struct mr_progress *progress, const struct mr_tally *tally, uint64_t done, uint64_t all);
/* Takes the live line away: something else is to be written. */
void mr_progress_clear(struct mr_progress *progress);

#endif
