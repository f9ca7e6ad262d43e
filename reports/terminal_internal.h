/* What the files of the terminal's report share. */
#ifndef MR_REPORTS_TERMINAL_INTERNAL_H
#define MR_REPORTS_TERMINAL_INTERNAL_H

#include "reports/terminal.h"
#include "reports/text.h"

/* SGR parameters of ANSI terminals. */
#define MR_PAINT_GOOD "1;32"
#define MR_PAINT_BAD "1;31"
#define MR_PAINT_WARNING "1;33"
#define MR_PAINT_STRONG "1"
#define MR_PAINT_QUIET "2"

/* How a verdict is called. */
struct mr_terminal_look {
    const char *word; /* in front of a scenario */
    const char *paint;
    const char *of_many; /* "7 scenarios: 6 passed, 1 failed" */
};
enum { MR_TALLY_VERDICTS = MR_TALLY_DIVERGED + 1 };
const struct mr_terminal_look *mr_terminal_look(enum mr_tally_verdict verdict);

/* Both do nothing without colour. */
void mr_paint_begin(
    struct mr_text *out, const struct mr_terminal_style *style, const char *paint);
void mr_paint_end(struct mr_text *out, const struct mr_terminal_style *style);

/* Adds text of a user, and a line end, broken between words where the terminal ends; the lines
 * that follow stand `indent` columns in, where the first one is already. */
void mr_paragraph_add(struct mr_text *out, const struct mr_terminal_style *style,
    uint32_t indent, const char *text);

/* A rate, to two or more digits. */
void mr_rate_add(struct mr_text *out, double per_second);

/* In how many seeds of a campaign something was found. */
struct mr_sighting {
    uint64_t count; /* how often in all */
    uint64_t seeds; /* 0: it was a single run */
    uint64_t of_seeds;
    uint64_t first_seed;
};
void mr_witness_add(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_witness *witness, const struct mr_sighting *sighting, const char *command);

#endif
