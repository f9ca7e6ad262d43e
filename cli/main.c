#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "bench/bench.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/serve.h"

struct command {
    const char *name;
    const char *about; /* NULL: hidden */
    int (*main)(int argc, char **argv);
};

static const struct command commands[] = {
    {"test", "run scenarios over their seeds and judge them: the main job", mr_test_main},
    {"run", "one seed of a scenario, told as it happens; or a pipeline by itself", mr_run_main},
    {"replay", "run what a record holds again and compare it event by event", mr_replay_main},
    {"report", "the report of a record: terminal, HTML, JUnit", mr_report_main},
    {"query", "ask a record in SQL, read-only: box, CSV or JSON", mr_query_main},
    {"lint", "read pipelines and scenarios and say what is wrong with them", mr_lint_main},
    {"schema", "the JSON Schema of scenarios and pipelines, for editors", mr_schema_main},
    {"points", "the names of points, chances, planted bugs and milestones", mr_points_main},
    {"bench", "how fast Millrace is", mr_bench_main},
    {"version", "version, commit and compiler", mr_version_main},
    {"_serve", NULL, mr_serve_main},
    {"_trace", NULL, mr_trace_main},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static const char exits[] =
    "\n"
    "Exit codes:\n"
    "  0  everything held\n"
    "  1  a check failed: the pipeline, or the engine that ran it, is wrong\n"
    "  2  usage or bad input\n"
    "  3  internal error: Millrace itself died\n"
    "  4  nothing was selected\n"
    "  5  limits or budget ran out\n"
    "  6  non-determinism: two runs of one seed differed\n"
    "  7  the machine refused (disk, missing tool)\n"
    "  130, 143  ended by a signal\n";

static void print_help(FILE *to)
{
    fputs("usage: millrace COMMAND [FLAGS] [ARGUMENTS]\n"
          "\n"
          "Tests streaming applications before production does: it runs a pipeline on a "
          "simulated\n"
          "cluster that breaks, over many seeds, and says whether the output was exactly-once "
          "and\n"
          "the watermarks were right.\n"
          "\n"
          "Commands (each has --help):\n",
        to);
    for (int i = 0; i < N_COMMANDS; i++)
        if (commands[i].about) fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].about);
    fputs("\n"
          "Start with:\n"
          "  millrace test scenarios/library --out report\n"
          "  millrace run scenarios/library/hourly-departures-worker-crash.yaml --seed 17\n",
        to);
    fputs(exits, to);
}

static int fail_unknown(const char *name)
{
    struct mr_err err = {0};
    const char *names[N_COMMANDS];
    size_t n = 0;
    for (int i = 0; i < N_COMMANDS; i++)
        if (commands[i].about) names[n++] = commands[i].name;
    mr_fail(&err, MR_ERR_INPUT, "millrace has no command '%s'; see millrace --help", name);
    mr_err_suggest(&err, name, names, n);
    return mr_console_error(&err);
}

static bool is_word(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int main(int argc, char **argv)
{
    static char version[] = "version";
    if (argc < 2) {
        print_help(stderr);
        return MR_EXIT_USAGE;
    }
    if (is_word(argv[1], "help", "--help", "-h")) {
        print_help(stdout);
        return mr_console_finish(0);
    }
    if (is_word(argv[1], "--version", "-V", "version")) argv[1] = version;
    signal(SIGXFSZ, SIG_IGN); /* a file that outgrows a limit is an error, as a full disk is */
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return mr_console_finish(commands[i].main(argc - 1, argv + 1));
    return fail_unknown(argv[1]);
}
