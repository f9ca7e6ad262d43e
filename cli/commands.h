/* The subcommands: each takes its arguments with its own name in argv[0] and returns the exit
 * code. */
#ifndef MR_CLI_COMMANDS_H
#define MR_CLI_COMMANDS_H

enum {
    MR_EXIT_FAILED = 1,
    MR_EXIT_USAGE = 2,
    MR_EXIT_INTERNAL = 3,
    MR_EXIT_NOTHING = 4,
    MR_EXIT_LIMIT = 5,
    MR_EXIT_DIVERGED = 6,
    MR_EXIT_MACHINE = 7,
    MR_EXIT_SIGNAL = 128, /* plus the signal's number */
};

int mr_test_main(int argc, char **argv);
int mr_run_main(int argc, char **argv);
int mr_replay_main(int argc, char **argv);
int mr_report_main(int argc, char **argv);
int mr_query_main(int argc, char **argv);
int mr_lint_main(int argc, char **argv);
int mr_schema_main(int argc, char **argv);
int mr_points_main(int argc, char **argv);
int mr_version_main(int argc, char **argv);

#endif
