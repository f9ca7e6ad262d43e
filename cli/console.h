/* What goes to the terminal: colour, width, errors, and whether it could be written at all. */
#ifndef MR_CLI_CONSOLE_H
#define MR_CLI_CONSOLE_H

#include "cli/options.h"
#include "reports/terminal.h"

/* The words of --color. */
extern const char *const mr_color_words[];
#define MR_FLAG_COLOR(target)                                                                  \
    {                                                                                          \
        .name = "--color", .argument = "WHEN",                                                 \
        .about = "auto (the default), always or never; NO_COLOR, FORCE_COLOR and TERM=dumb "   \
                 "decide when it is auto",                                                     \
        .kind = MR_FLAG_WORD, .out = (target), .words = mr_color_words                         \
    }

/* How to write to `fd`. `color`: the word of --color, NULL for auto. */
struct mr_terminal_style mr_console_style(const char *color, int fd);
bool mr_console_is_terminal(int fd);

/* Writes a text to standard output and empties it. */
void mr_console_put(struct mr_text *text);
/* Prints the error as a compiler would to standard error; returns its exit code. */
int mr_console_error(const struct mr_err *err);
/* Reads the flags and arguments as mr_options_read does; prints the help page where it is
 * wanted, and then there is nothing else to do. */
MR_MUST_CHECK bool mr_console_read(struct mr_region *region, const struct mr_usage *usage,
    int argc, char **argv, struct mr_arguments *out, struct mr_err *err);
/* The line that repeats a run: see mr_text_command. `plant`: the planted bug's name, "none" for
 * none; `others`: more flags, NULL for none. */
const char *mr_console_command(struct mr_region *region, const char *path, uint64_t seed,
    const char *plant, const char *others);
/* Flushes standard output: `code`, or 7 when something could not be written and `code` is 0. */
int mr_console_finish(int code);

/* Seconds of wall time since some moment. */
double mr_console_now(void);

#endif
