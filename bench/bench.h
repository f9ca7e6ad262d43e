/* The benchmarks: one table of what Millrace can do, with what the checks counted beside each
 * figure. */
#ifndef MR_BENCH_BENCH_H
#define MR_BENCH_BENCH_H

/* `millrace bench`: arguments after the subcommand. Returns the exit code. */
int mr_bench_main(int argc, char **argv);

#endif
