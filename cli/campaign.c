#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/campaign.h"
#include "cli/files.h"

enum { JOBS_MAX = 256, TICK_MS = 100, EXIT_MACHINE = 7, FRAME = 0x4d525246 };

const struct mr_surroundings mr_surroundings_usual = {.arena_fill = -1};
const struct mr_surroundings mr_surroundings_first = {.arena_fill = 0,
    .has_own_process = true,
    .malloc_perturb = "85",
    .timezone = "UTC",
    .language = "C"};
const struct mr_surroundings mr_surroundings_second = {.arena_base = MR_ARENA_BASE_SECOND,
    .arena_fill = 165,
    .is_reversed = true,
    .has_own_process = true,
    .malloc_perturb = "170",
    .timezone = "Asia/Kathmandu",
    .language = "tr_TR.UTF-8"};

struct child {
    pid_t pid;
    int fd;      /* -1: none */
    uint64_t at; /* position in the campaign of the seed that it runs now */
};

struct parent {
    const struct mr_campaign *campaign;
    const struct mr_campaign_listener *listener;
    uint64_t n_seeds;
    uint32_t jobs;
    struct child children[JOBS_MAX];
    struct mr_run_result *result;
};

struct frame {
    uint32_t magic;
    uint32_t bytes;
    uint64_t seed;
};

static uint64_t seed_at(const struct mr_campaign *campaign, uint64_t position)
{
    if (campaign->surroundings.is_reversed) return campaign->last_seed - position;
    return campaign->first_seed + position;
}

/* Pipes. */

static bool write_all(int fd, const void *data, size_t bytes)
{
    const char *at = data;
    while (bytes > 0) {
        ssize_t n = write(fd, at, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        bytes -= (size_t)n;
    }
    return true;
}

static bool read_all(int fd, void *data, size_t bytes)
{
    char *at = data;
    while (bytes > 0) {
        ssize_t n = read(fd, at, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        bytes -= (size_t)n;
    }
    return true;
}

static size_t result_bytes(const struct mr_run_result *result)
{
    return offsetof(struct mr_run_result, findings) +
           result->n_findings * sizeof result->findings[0];
}

static bool write_result(int fd, const struct mr_run_result *result)
{
    struct frame frame = {
        .magic = FRAME, .bytes = (uint32_t)result_bytes(result), .seed = result->seed};
    return write_all(fd, &frame, sizeof frame) && write_all(fd, result, frame.bytes);
}

bool mr_campaign_write_result(
    int fd, const struct mr_run_result *result, const uint64_t *digests)
{
    return write_result(fd, result) &&
           write_all(fd, digests, sizeof *digests * result->trace_count);
}

static bool read_result(int fd, struct mr_run_result *result)
{
    struct frame frame;
    if (!read_all(fd, &frame, sizeof frame) || frame.magic != FRAME) return false;
    if (frame.bytes < offsetof(struct mr_run_result, findings) || frame.bytes > sizeof *result)
        return false;
    return read_all(fd, result, frame.bytes) && result_bytes(result) == frame.bytes;
}

/* The worker process. */

bool mr_surroundings_arena(const struct mr_surroundings *surroundings,
    const struct mr_scenario *scenario, struct mr_arena **out, struct mr_err *err)
{
    struct mr_arena_options options = {.base = surroundings->arena_base,
        .bytes_max = mr_run_arena_bytes(scenario),
        .fill = surroundings->arena_fill};
    return mr_arena_open(&options, out, err);
}

static void print_error(const struct mr_err *err)
{
    char text[2048];
    mr_err_format(err, text, sizeof text);
    fputs(text, stderr);
}

int mr_campaign_serve(
    const struct mr_campaign *campaign, uint64_t first, uint64_t stride, int fd)
{
    struct mr_err err = {0};
    struct mr_arena *arena;
    if (!mr_surroundings_arena(&campaign->surroundings, campaign->scenario, &arena, &err)) {
        print_error(&err);
        return mr_err_exit_code(&err);
    }
    struct mr_run_result *result = mr_alloc(sizeof *result);
    uint64_t n = campaign->last_seed - campaign->first_seed + 1;
    bool is_ok = true;
    for (uint64_t at = first; at < n && is_ok; at += stride) {
        struct mr_run_options options = {.seed = seed_at(campaign, at),
            .plant = campaign->plant,
            .universe_trials = campaign->universe_trials,
            .tries_crash_points = campaign->tries_crash_points,
            .crash_restart_after_ns = campaign->crash_restart_after_ns};
        mr_run(arena, campaign->scenario, &options, result);
        is_ok = write_result(fd, result);
    }
    mr_free(result);
    mr_arena_close(arena);
    return is_ok ? 0 : EXIT_MACHINE;
}

/* A fresh program: everything that the surroundings name is part of its environment from the
 * first instruction on. */
static void set_environment(const struct mr_surroundings *surroundings)
{
    setenv("MALLOC_PERTURB_", surroundings->malloc_perturb, 1);
    setenv("TZ", surroundings->timezone, 1);
    setenv("LANG", surroundings->language, 1);
    setenv("LC_ALL", surroundings->language, 1);
}

struct arguments {
    char texts[16][64];
    char *list[24];
    int n;
};

static void add_number(struct arguments *arguments, uint64_t number)
{
    char *text = arguments->texts[arguments->n];
    snprintf(text, sizeof arguments->texts[0], "%llu", (unsigned long long)number);
    arguments->list[arguments->n++] = text;
}

static _Noreturn void exec_self(const struct mr_campaign *campaign,
    const struct mr_surroundings *surroundings, const char *command, const uint64_t *numbers,
    int n_numbers, int fd)
{
    struct arguments arguments = {0};
    static char program[] = "millrace";
    char path[MR_PATH_BYTES], name[64];
    snprintf(path, sizeof path, "%s", campaign->path);
    snprintf(name, sizeof name, "%s", command);
    arguments.list[arguments.n++] = program;
    arguments.list[arguments.n++] = name;
    arguments.list[arguments.n++] = path;
    add_number(&arguments, surroundings->arena_base);
    add_number(&arguments, (uint64_t)(surroundings->arena_fill + 1));
    add_number(&arguments, surroundings->is_reversed);
    add_number(&arguments, (uint64_t)campaign->plant);
    for (int i = 0; i < n_numbers; i++) add_number(&arguments, numbers[i]);
    set_environment(surroundings);
    if (dup2(fd, STDOUT_FILENO) >= 0) execv("/proc/self/exe", arguments.list);
    _exit(EXIT_MACHINE);
}

static _Noreturn void be_child(const struct parent *parent, uint64_t at, int fd)
{
    const struct mr_campaign *campaign = parent->campaign;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    if (campaign->surroundings.has_own_process) {
        uint64_t numbers[] = {campaign->first_seed, campaign->last_seed, at, parent->jobs,
            campaign->universe_trials};
        exec_self(campaign, &campaign->surroundings, "_serve", numbers, 5, fd);
    }
    _exit(mr_campaign_serve(campaign, at, parent->jobs, fd));
}

/* The parent. */

static bool begin_child(
    struct parent *parent, struct child *child, uint64_t at, struct mr_err *err)
{
    *child = (struct child){.fd = -1, .at = at};
    if (at >= parent->n_seeds) return true;
    int ends[2];
    if (pipe(ends) != 0)
        return mr_fail(err, MR_ERR_IO, "cannot make a pipe: %s", strerror(errno));
    fflush(NULL);
    child->pid = fork();
    if (child->pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return mr_fail(err, MR_ERR_IO, "cannot make a process: %s", strerror(errno));
    }
    if (child->pid == 0) {
        close(ends[0]);
        for (uint32_t i = 0; i < parent->jobs; i++)
            if (parent->children[i].fd >= 0) close(parent->children[i].fd);
        be_child(parent, at, ends[1]);
    }
    close(ends[1]);
    child->fd = ends[0];
    return true;
}

/* The process has gone: its work is done, or the seed that it was at is lost and another
 * process takes up the rest. */
static bool end_child(struct parent *parent, struct child *child, struct mr_err *err)
{
    close(child->fd);
    child->fd = -1;
    int status = 0;
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (child->at >= parent->n_seeds) return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_MACHINE)
        return mr_fail(err, MR_ERR_IO, "a worker process could not be set up");
    struct mr_seed_outcome outcome = {.seed = seed_at(parent->campaign, child->at),
        .is_lost = true,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0};
    parent->listener->seed_done(parent->listener->self, &outcome);
    return begin_child(parent, child, child->at + parent->jobs, err);
}

static bool hear_child(struct parent *parent, struct child *child, struct mr_err *err)
{
    if (!read_result(child->fd, parent->result)) return end_child(parent, child, err);
    struct mr_seed_outcome outcome = {.seed = parent->result->seed, .result = parent->result};
    child->at += parent->jobs;
    parent->listener->seed_done(parent->listener->self, &outcome);
    return true;
}

static void kill_children(struct parent *parent)
{
    for (uint32_t i = 0; i < parent->jobs; i++) {
        struct child *child = &parent->children[i];
        if (child->fd < 0) continue;
        kill(child->pid, SIGKILL);
        close(child->fd);
        child->fd = -1;
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}

/* Hears all children that have something to say. False: none is left, or an error. */
static bool hear_children(struct parent *parent, struct mr_err *err)
{
    struct pollfd polls[JOBS_MAX];
    struct child *of[JOBS_MAX];
    nfds_t n = 0;
    for (uint32_t i = 0; i < parent->jobs; i++) {
        if (parent->children[i].fd < 0) continue;
        of[n] = &parent->children[i];
        polls[n++] = (struct pollfd){.fd = parent->children[i].fd, .events = POLLIN};
    }
    if (n == 0) return false;
    if (poll(polls, n, TICK_MS) < 0 && errno != EINTR)
        return mr_fail(err, MR_ERR_IO, "cannot wait for processes: %s", strerror(errno));
    for (nfds_t i = 0; i < n; i++)
        if (polls[i].revents && !hear_child(parent, of[i], err)) return false;
    return true;
}

bool mr_campaign_run(const struct mr_campaign *campaign,
    const struct mr_campaign_listener *listener, struct mr_err *err)
{
    uint64_t n_seeds = campaign->last_seed - campaign->first_seed + 1;
    struct parent *parent = mr_alloc(sizeof *parent);
    *parent = (struct parent){.campaign = campaign,
        .listener = listener,
        .n_seeds = n_seeds,
        .jobs = campaign->jobs < n_seeds ? campaign->jobs : (uint32_t)n_seeds,
        .result = mr_alloc(sizeof(struct mr_run_result))};
    if (parent->jobs > JOBS_MAX) parent->jobs = JOBS_MAX;
    for (uint32_t i = 0; i < parent->jobs; i++) parent->children[i].fd = -1;
    bool is_ok = true;
    for (uint32_t i = 0; i < parent->jobs && is_ok; i++)
        is_ok = begin_child(parent, &parent->children[i], i, err);
    while (is_ok && hear_children(parent, err))
        if (listener->tick && !listener->tick(listener->self)) break;
    kill_children(parent);
    mr_free(parent->result);
    mr_free(parent);
    return err->kind == MR_ERR_NONE;
}

/* Traces. */

bool mr_campaign_trace(const struct mr_campaign *campaign,
    const struct mr_surroundings *surroundings, const struct mr_trace_request *request,
    uint64_t *digests, struct mr_run_result *result, struct mr_err *err)
{
    int ends[2];
    if (pipe(ends) != 0)
        return mr_fail(err, MR_ERR_IO, "cannot make a pipe: %s", strerror(errno));
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) return mr_fail(err, MR_ERR_IO, "cannot make a process: %s", strerror(errno));
    if (pid == 0) {
        close(ends[0]);
        uint64_t numbers[] = {
            request->seed, request->from, request->stride, request->max, request->until_step};
        exec_self(campaign, surroundings, "_trace", numbers, 5, ends[1]);
    }
    close(ends[1]);
    bool is_ok = read_result(ends[0], result) && result->trace_count <= request->max &&
                 read_all(ends[0], digests, sizeof *digests * result->trace_count);
    close(ends[0]);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return is_ok ||
           mr_fail(err, MR_ERR_IO, "seed %llu could not be traced in a process of its own",
               (unsigned long long)request->seed);
}
