#include "cli/console.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "reports/text.h"

const char *const mr_color_words[] = {"auto", "always", "never", NULL};

bool mr_console_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

/* The flag decides before the environment, and NO_COLOR before FORCE_COLOR. */
static bool wants_color(const char *color, int fd)
{
    if (color && strcmp(color, "always") == 0) return true;
    if (color && strcmp(color, "never") == 0) return false;
    if (is_set("NO_COLOR")) return false;
    if (is_set("FORCE_COLOR")) return strcmp(getenv("FORCE_COLOR"), "0") != 0;
    const char *terminal = getenv("TERM");
    if (!terminal || !*terminal || strcmp(terminal, "dumb") == 0) return false;
    return mr_console_is_terminal(fd);
}

static uint32_t width(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const char *columns = getenv("COLUMNS");
    long n = columns ? strtol(columns, NULL, 10) : 0;
    return n > 0 && n < 10000 ? (uint32_t)n : 0;
}

struct mr_terminal_style mr_console_style(const char *color, int fd)
{
    return (struct mr_terminal_style){
        .has_color = wants_color(color, fd), .columns = width(fd)};
}

void mr_console_put(struct mr_text *text)
{
    if (text->bytes > 0) fwrite(text->data, 1, text->bytes, stdout);
    mr_text_deinit(text);
}

int mr_console_error(const struct mr_err *err)
{
    char text[2048];
    mr_err_format(err, text, sizeof text);
    fflush(stdout);
    fputs(text, stderr);
    return mr_err_exit_code(err);
}

bool mr_console_read(struct mr_region *region, const struct mr_usage *usage, int argc,
    char **argv, struct mr_arguments *out, struct mr_err *err)
{
    if (!mr_options_read(region, usage, argc, argv, out, err)) return false;
    if (!out->wants_help) return true;
    struct mr_text text = {0};
    mr_options_help(&text, usage);
    mr_console_put(&text);
    return true;
}

const char *mr_console_command(
    struct mr_region *region, const char *path, uint64_t seed, const char *plant, const char *others)
{
    bool is_planted = strcmp(plant, mr_plants[MR_PLANT_NONE].name) != 0;
    struct mr_text text = {0};
    if (is_planted)
        others = mr_region_printf(
            region, "%s%s--plant %s", others ? others : "", others ? " " : "", plant);
    mr_text_command(&text, path, seed, others);
    const char *command = mr_region_strdup(region, text.data);
    mr_text_deinit(&text);
    return command;
}

int mr_console_finish(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    if (mr_interrupt_signal() == SIGPIPE) return 128 + SIGPIPE; /* nobody reads any more */
    fprintf(stderr, "error: cannot write to standard output: %s\n",
        errno ? strerror(errno) : "an earlier write failed");
    return code ? code : 7;
}

double mr_console_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
