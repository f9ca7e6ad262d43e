#include "reports/plot.h"

#include <ctype.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports/text.h"

extern char **environ;

enum { NAME_BYTES = 64, COMPLAINT_BYTES = 200 };

/* What gnuplot reads and writes. Files without a name, not pipes: nobody waits for anybody, and
 * a gnuplot that dies early breaks no pipe. */
struct exchange {
    FILE *input;
    FILE *output;
    FILE *complaints;
};

static void close_exchange(struct exchange *exchange)
{
    if (exchange->input) fclose(exchange->input);
    if (exchange->output) fclose(exchange->output);
    if (exchange->complaints) fclose(exchange->complaints);
}

static bool open_exchange(struct exchange *exchange, const char *name, const char *script,
    size_t bytes, struct mr_err *err)
{
    exchange->input = tmpfile();
    exchange->output = tmpfile();
    exchange->complaints = tmpfile();
    bool is_ok = exchange->input && exchange->output && exchange->complaints;
    is_ok = is_ok && fprintf(exchange->input,
                         "set terminal svg dynamic noenhanced size 960,400 "
                         "font 'sans-serif,13' background '#ffffff' name '%s'\n",
                         name) > 0;
    is_ok = is_ok && fwrite(script, 1, bytes, exchange->input) == bytes &&
            fflush(exchange->input) == 0;
    if (is_ok) rewind(exchange->input);
    return is_ok || mr_fail(err, MR_ERR_IO, "cannot write a temporary file for gnuplot: %s",
                        strerror(errno));
}

static int spawn_gnuplot(const struct exchange *exchange, pid_t *pid)
{
    char program[] = "gnuplot", defaults[] = "--default-settings";
    char *arguments[] = {
        program, defaults, NULL}; /* a user's .gnuplot must not change pictures */
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code) return code;
    const FILE *files[] = {exchange->input, exchange->output, exchange->complaints};
    for (int fd = 0; fd < 3 && code == 0; fd++)
        code = posix_spawn_file_actions_adddup2(&actions, fileno((FILE *)files[fd]), fd);
    if (code == 0) code = posix_spawnp(pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* The last line that gnuplot wrote to its standard error: there it says what was wrong. */
static void last_complaint(FILE *complaints, char out[COMPLAINT_BYTES])
{
    char line[COMPLAINT_BYTES];
    out[0] = '\0';
    rewind(complaints);
    while (fgets(line, sizeof line, complaints)) {
        char *text = line + strspn(line, " \t^\"");
        text[strcspn(text, "\r\n")] = '\0';
        if (*text) snprintf(out, COMPLAINT_BYTES, "%s", text);
    }
}

static bool run_gnuplot(struct exchange *exchange, struct mr_err *err)
{
    pid_t pid;
    int code = spawn_gnuplot(exchange, &pid);
    if (code == ENOENT) return mr_fail(err, MR_ERR_IO, "gnuplot is not installed");
    if (code) return mr_fail(err, MR_ERR_IO, "cannot start gnuplot: %s", strerror(code));
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return mr_fail(err, MR_ERR_IO, "cannot wait for gnuplot: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) /* some C libraries fork first */
        return mr_fail(err, MR_ERR_IO, "gnuplot is not installed");
    char complaint[COMPLAINT_BYTES];
    last_complaint(exchange->complaints, complaint);
    return mr_fail(err, MR_ERR_IO, "gnuplot failed: %s", complaint);
}

static bool read_all(FILE *file, struct mr_text *out)
{
    char chunk[16384];
    size_t n;
    rewind(file);
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0) mr_text_add(out, chunk, n);
    return !ferror(file);
}

/* Where the value of an id, or of a reference to one, begins, right behind `at`; 0: not here.
 */
static size_t id_offset(const char *at)
{
    static const char *const leads[] = {" id='", " id=\"", "href='#", "href=\"#", "url(#"};
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++)
        if (strncmp(at, leads[i], strlen(leads[i])) == 0) return strlen(leads[i]);
    return 0;
}

/* gnuplot names the plots after `name`, yet not the marks that all pictures share: several
 * pictures in one page would have the same ids. */
static void add_with_own_ids(struct mr_text *out, const char *svg, const char *name)
{
    size_t name_bytes = strlen(name);
    bool is_in_tag = false;
    for (const char *at = svg; *at;) {
        if (*at == '<' || *at == '>') is_in_tag = *at == '<';
        size_t lead = is_in_tag ? id_offset(at) : 0;
        mr_text_add(out, at, lead ? lead : 1);
        at += lead ? lead : 1;
        if (lead && (strncmp(at, name, name_bytes) != 0 || at[name_bytes] != '_'))
            mr_text_printf(out, "%s_", name);
    }
}

static void make_name(const char *text, char name[NAME_BYTES])
{
    size_t n = 0;
    for (; text[n] && n < NAME_BYTES - 1; n++)
        name[n] = isalnum((unsigned char)text[n]) ? text[n] : '_';
    name[n] = '\0';
}

bool mr_plot_svg(
    struct mr_text *out, const char *name, const char *script, size_t bytes, struct mr_err *err)
{
    MR_ASSERT(name[0] != '\0');
    char safe_name[NAME_BYTES];
    make_name(name, safe_name);
    struct exchange exchange = {0};
    struct mr_text written = {0};
    bool ok = false;
    if (!open_exchange(&exchange, safe_name, script, bytes, err)) goto cleanup;
    if (!run_gnuplot(&exchange, err)) goto cleanup;
    if (!read_all(exchange.output, &written)) {
        mr_fail(err, MR_ERR_IO, "cannot read what gnuplot wrote: %s", strerror(errno));
        goto cleanup;
    }
    const char *svg = written.data ? strstr(written.data, "<svg") : NULL;
    if (!svg || !strstr(svg, "</svg>")) {
        mr_fail(err, MR_ERR_IO, "gnuplot drew no picture");
        goto cleanup;
    }
    add_with_own_ids(out, svg, safe_name);
    ok = true;
cleanup:
    mr_text_deinit(&written);
    close_exchange(&exchange);
    return ok;
}

void mr_plot_quote(struct mr_text *script, const char *text)
{
    struct mr_text plain = {0};
    mr_text_plain(&plain, text);
    mr_text_add(script, "'", 1);
    for (size_t i = 0; i < plain.bytes; i++) {
        if (plain.data[i] == '\'')
            mr_text_add(script, "'", 1); /* doubled, it stands for itself */
        mr_text_add(script, plain.data + i, 1);
    }
    mr_text_add(script, "'", 1);
    mr_text_deinit(&plain);
}
