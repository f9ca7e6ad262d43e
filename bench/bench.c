#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "bench/bench_internal.h"

enum { REPEATS_DEFAULT = 5, REPEATS_MAX = 1000 };

static const struct mr_benchmark benchmarks[] = {
    {"small_scenario", "seeds/s", false, false, "1,000 rows, 3 workers, one crash",
        mr_bench_small, MR_SMALL_SEEDS},
    {"small_scenario_events", "events/seed", true, true, "events of such a seed",
        mr_bench_small, MR_SMALL_EVENTS},
    {"small_scenario_restored", "%", false, true, "seeds restored from a checkpoint",
        mr_bench_small, MR_SMALL_RESTORED},
    {"bulk_1k_keys_batch_100", "rows/s", false, false,
        "5 M rows, 1,000 keys, 100 rows a message", mr_bench_bulk, MR_BULK_1K_BATCH_100},
    {"bulk_1k_keys_batch_1", "rows/s", false, false, "the same, one row a message",
        mr_bench_bulk, MR_BULK_1K_BATCH_1},
    {"bulk_100k_keys_batch_100", "rows/s", false, false,
        "100,000 keys, windows of 400,000 rows", mr_bench_bulk, MR_BULK_100K_BATCH_100},
    {"bulk_1k_string_keys_batch_100", "rows/s", false, false, "keys of 12 bytes", mr_bench_bulk,
        MR_BULK_1K_STRINGS_BATCH_100},
    {"python_udf", "rows/s", false, false,
        "2 M rows, a lambda that engine and oracle each call once a row", mr_bench_udf, 0},
    {"nexmark_q0", "rows/s", false, false, "pass through", mr_bench_nexmark, 0},
    {"nexmark_q1", "rows/s", false, false, "currency conversion", mr_bench_nexmark, 1},
    {"nexmark_q2", "rows/s", false, false, "selection", mr_bench_nexmark, 2},
    {"nexmark_q3", "rows/s", false, false, "local item suggestion: a join", mr_bench_nexmark, 3},
    {"nexmark_q4", "rows/s", false, false, "average price for a category: a join, two Combines", mr_bench_nexmark, 4},
    {"nexmark_q5", "rows/s", false, false, "hot items: sliding windows, a join", mr_bench_nexmark, 5},
    {"nexmark_q7", "rows/s", false, false, "highest bid: windows, a join", mr_bench_nexmark, 7},
    {"nexmark_q8", "rows/s", false, false, "new users: windows, a join", mr_bench_nexmark, 8},
    {"nexmark_q9", "rows/s", false, false, "winning bids: a join, the best of each", mr_bench_nexmark, 9},
    {"nexmark_q11", "rows/s", false, false, "user sessions", mr_bench_nexmark, 11},
    {"nexmark_q12", "rows/s", false, false, "windows of processing time", mr_bench_nexmark, 12},
    {"nexmark_q13", "rows/s", false, false, "bounded side input: a Lookup", mr_bench_nexmark, 13},
    {"nexmark_q14", "rows/s", false, false, "calculation in Python", mr_bench_nexmark, 14},
    {"nexmark_q15", "rows/s", false, false, "statistics of a day in SQL", mr_bench_nexmark, 15},
    {"nexmark_q16", "rows/s", false, false, "the same by channel", mr_bench_nexmark, 16},
    {"nexmark_q17", "rows/s", false, false, "statistics of an auction", mr_bench_nexmark, 17},
    {"nexmark_q18", "rows/s", false, false, "last bid of each bidder and auction", mr_bench_nexmark, 18},
    {"nexmark_q19", "rows/s", false, false, "top 10 of each auction", mr_bench_nexmark, 19},
    {"nexmark_q20", "rows/s", false, false, "bids with their auction: a join", mr_bench_nexmark, 20},
    {"nexmark_q22", "rows/s", false, false, "directories of a URL in Python", mr_bench_nexmark, 22},
    {"bytes_per_key_window", "bytes", true, true, "engine's memory for a key in a window",
        mr_bench_state_bytes, 0},
    {"event_queue", "events/s", false, false, "push and pop, 1,000 pending", mr_bench_queue, 0},
    {"network_messages", "events/s", false, false,
        "messages between processes that only answer", mr_bench_network, 0},
    {"digest_overhead", "%", true, false, "small_scenario with the digest over without",
        mr_bench_digest, MR_DIGEST_SMALL},
    {"digest_overhead_batch_100", "%", true, false, "bulk_1k_keys_batch_100, likewise",
        mr_bench_digest, MR_DIGEST_BATCH_100},
    {"digest_overhead_batch_1", "%", true, false, "bulk_1k_keys_batch_1, likewise",
        mr_bench_digest, MR_DIGEST_BATCH_1},
    {"seed_reset", "us", true, false, "reset, draw the manifest, build the world",
        mr_bench_seed_reset, 0},
    {"snapshot_us_per_mb", "us/MB", true, false, "the universe saved, or put back",
        mr_bench_snapshot, 0},
    {"row_cost_growth", "%", true, false, "cost of a row at 10 M rows over 10 thousand",
        mr_bench_growth, 0},
};
enum { N_BENCHMARKS = sizeof benchmarks / sizeof benchmarks[0] };

struct options {
    bool is_json;
    bool is_list;
    int repeats;
    const char *only; /* comma-separated names; NULL: all */
};

double mr_bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void print_help(void)
{
    puts("usage: millrace bench [--json] [--only NAME,...] [--repeats N] [--list]\n"
         "\n"
         "Measures Millrace on one core, with all checks and the digest on, and prints one "
         "table.\n"
         "\n"
         "  --json        an array of {name, unit, best, median, runs, checked} instead\n"
         "  --only NAMES  these rows alone, separated by commas\n"
         "  --repeats N   how often each is measured (default 5)\n"
         "  --list        the names of the rows, with what they measure\n"
         "\n"
         "`checked` is what the checks counted in the best repeat, so that no work can be "
         "skipped unseen.");
}

static bool is_name(const char *word, size_t bytes)
{
    for (int i = 0; i < N_BENCHMARKS; i++)
        if (strlen(benchmarks[i].name) == bytes && memcmp(benchmarks[i].name, word, bytes) == 0)
            return true;
    return false;
}

static bool check_names(const char *only, struct mr_err *err)
{
    for (const char *word = only; word;
         word = strchr(word, ',') ? strchr(word, ',') + 1 : NULL) {
        size_t bytes = strcspn(word, ",");
        if (is_name(word, bytes)) continue;
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)bytes, word);
        const char *names[N_BENCHMARKS];
        for (int i = 0; i < N_BENCHMARKS; i++) names[i] = benchmarks[i].name;
        mr_fail(err, MR_ERR_INPUT, "no benchmark is called '%s'", name);
        mr_err_suggest(err, name, names, N_BENCHMARKS);
        return false;
    }
    return true;
}

static bool is_wanted(const struct options *options, const char *name)
{
    if (!options->only) return true;
    size_t bytes = strlen(name);
    for (const char *at = strstr(options->only, name); at; at = strstr(at + 1, name))
        if ((at == options->only || at[-1] == ',') && (at[bytes] == ',' || at[bytes] == '\0'))
            return true;
    return false;
}

static bool parse(int argc, char **argv, struct options *options, struct mr_err *err)
{
    for (int i = 1; i < argc; i++) {
        bool has_next = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0)
            options->is_json = true;
        else if (strcmp(argv[i], "--list") == 0)
            options->is_list = true;
        else if (strcmp(argv[i], "--only") == 0 && has_next)
            options->only = argv[++i];
        else if (strcmp(argv[i], "--repeats") == 0 && has_next)
            options->repeats = atoi(argv[++i]);
        else
            return mr_fail(err, MR_ERR_INPUT,
                "millrace bench does not know '%s'; see millrace bench --help", argv[i]);
    }
    if (options->repeats < 1 || options->repeats > REPEATS_MAX)
        return mr_fail(err, MR_ERR_INPUT, "--repeats must be from 1 to %d", REPEATS_MAX);
    return check_names(options->only, err);
}

static int compare(const void *a, const void *b)
{
    double left = ((const struct mr_measure *)a)->value,
           right = ((const struct mr_measure *)b)->value;
    return (left > right) - (left < right);
}

static void print_row(const struct options *options, const struct mr_benchmark *benchmark,
    const struct mr_measure *sorted, int runs, bool is_first)
{
    const struct mr_measure *best = benchmark->is_lower_better ? &sorted[0] : &sorted[runs - 1];
    double median = runs % 2 ? sorted[runs / 2].value
                             : (sorted[runs / 2 - 1].value + sorted[runs / 2].value) / 2;
    if (options->is_json)
        printf("%s\n  {\"name\": \"%s\", \"unit\": \"%s\", \"best\": %.6g, \"median\": %.6g, "
               "\"runs\": %d, "
               "\"checked\": %llu}",
            is_first ? "[" : ",", benchmark->name, benchmark->unit, best->value, median, runs,
            (unsigned long long)best->checked);
    else
        printf("%-31s %14.6g %14.6g  %-12s %4d %12llu\n", benchmark->name, best->value, median,
            benchmark->unit, runs, (unsigned long long)best->checked);
    fflush(stdout);
}

static bool measure(const struct options *options, const struct mr_benchmark *benchmark,
    bool is_first, struct mr_err *err)
{
    struct mr_measure measures[REPEATS_MAX];
    int runs = benchmark->is_share ? 1 : options->repeats;
    for (int i = 0; i < runs; i++) {
        if (benchmark->measure(benchmark->variant, &measures[i], err)) continue;
        mr_err_wrap(err, "%s", benchmark->name);
        return false;
    }
    qsort(measures, (size_t)runs, sizeof measures[0], compare);
    print_row(options, benchmark, measures, runs, is_first);
    return true;
}

static bool measure_all(const struct options *options, struct mr_err *err)
{
    if (!options->is_json)
        printf("%-31s %14s %14s  %-12s %4s %12s\n", "name", "best", "median", "unit", "runs",
            "checked");
    bool is_first = true;
    for (int i = 0; i < N_BENCHMARKS; i++) {
        if (!is_wanted(options, benchmarks[i].name)) continue;
        if (!measure(options, &benchmarks[i], is_first, err)) return false;
        is_first = false;
    }
    if (options->is_json) puts("\n]");
    return true;
}

static void list(void)
{
    for (int i = 0; i < N_BENCHMARKS; i++)
        printf("%-31s %-12s %s\n", benchmarks[i].name, benchmarks[i].unit, benchmarks[i].about);
}

int mr_bench_main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") != 0 && strcmp(argv[i], "-h") != 0) continue;
        print_help();
        return 0;
    }
    struct options options = {.repeats = REPEATS_DEFAULT};
    struct mr_err err = {0};
    if (parse(argc, argv, &options, &err)) {
        if (options.is_list)
            list();
        else
            (void)!measure_all(&options, &err);
    }
    if (err.kind == MR_ERR_NONE) return 0;
    char text[2048];
    mr_err_format(&err, text, sizeof text);
    fputs(text, stderr);
    return mr_err_exit_code(&err);
}
