/* Pictures by gnuplot, as SVG text to stand inside of a page. */
#ifndef MR_REPORTS_PLOT_H
#define MR_REPORTS_PLOT_H

#include "base/alloc.h"
#include "base/err.h"

/* Runs gnuplot on a script that plots, with its data in it, and appends the SVG from `<svg` on.
 * The terminal is set before the script begins: 960 by 400, growing and shrinking with the
 * page, dark on white, plain (not "enhanced") text. `name` makes the ids inside of the picture
 * differ from those of others on the page. Errors: IO: gnuplot cannot be started, failed, or
 * drew nothing; *out is then as it was. */
MR_MUST_CHECK bool mr_plot_svg(struct mr_text *out, const char *name, const char *script,
    size_t bytes, struct mr_err *err);

/* Adds text of a user as a quoted string of a script. */
void mr_plot_quote(struct mr_text *script, const char *text);

#endif
