#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/console.h"

#define LIVE_EVERY_SECONDS 0.1
#define PLAIN_EVERY_SECONDS 10.0

void mr_progress_init(struct mr_progress *progress, const char *color, bool is_on)
{
    *progress = (struct mr_progress){.is_on = is_on,
        .is_live = mr_console_is_terminal(STDERR_FILENO),
        .style = mr_console_style(color, STDERR_FILENO)};
}

void mr_progress_begin(struct mr_progress *progress)
{
    progress->began = mr_console_now();
    progress->last = progress->began;
}

void mr_progress_clear(struct mr_progress *progress)
{
    if (!progress->has_line) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->has_line = false;
}

void mr_progress_show(
    struct mr_progress *progress, const struct mr_tally *tally, uint64_t done, uint64_t all)
{
    if (!progress->is_on) return;
    double now = mr_console_now();
    double every = progress->is_live ? LIVE_EVERY_SECONDS : PLAIN_EVERY_SECONDS;
    if (now - progress->last < every) return;
    progress->last = now;
    struct mr_text text = {0};
    mr_terminal_progress(&text, &progress->style, tally, done, all, now - progress->began);
    if (progress->is_live)
        fprintf(stderr, "\r%s\033[K", text.bytes ? text.data : "");
    else
        fprintf(stderr, "%s\n", text.bytes ? text.data : "");
    fflush(stderr);
    progress->has_line = progress->is_live;
    mr_text_deinit(&text);
}
