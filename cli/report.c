/* `millrace report`: a record as a person or a CI server reads it. */
#include <unistd.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/files.h"
#include "cli/report_files.h"
#include "replay/tallies.h"
#include "reports/junit.h"

struct options {
    const char *html;
    const char *junit;
    const char *color;
};

static const char about[] = "Writes the report of a record (`millrace test --out`, `millrace "
                            "run --record`) again: as one\n"
                            "self-contained HTML page, as JUnit XML, or, without a flag, the "
                            "verdicts on the terminal.\n"
                            "Times that were measured are not in a record.";

static const char examples[] = "  millrace report report/campaign.mrr\n"
                               "  millrace report run.mrr --html run.html\n";

static const char exits[] =
    "  0  written                  2  usage, not a record, damaged\n"
    "  7  the machine refused, or gnuplot is missing (the page has no pictures then)\n";

static bool read_options(struct mr_region *region, int argc, char **argv,
    struct options *options, struct mr_arguments *arguments, struct mr_err *err)
{
    const struct mr_flag flags[] = {
        {"--html", "FILE", "write the page there", MR_FLAG_TEXT, .out = &options->html},
        {"--junit", "FILE", "write JUnit XML there (- for standard output)", MR_FLAG_TEXT,
            .out = &options->junit},
        MR_FLAG_COLOR(&options->color),
    };
    const struct mr_usage usage = {.command = "report",
        .arguments = "FILE.mrr",
        .about = about,
        .examples = examples,
        .exits = exits,
        .flags = flags,
        .n_flags = sizeof flags / sizeof flags[0],
        .n_min = 1,
        .n_max = 1};
    return mr_console_read(region, &usage, argc, argv, arguments, err);
}

static void tell(const struct options *options, const struct mr_tally *const *tallies, size_t n)
{
    struct mr_terminal_style style = mr_console_style(options->color, STDOUT_FILENO);
    struct mr_text text = {0};
    for (size_t i = 0; i < n; i++) mr_terminal_scenario(&text, &style, tallies[i], 0);
    mr_terminal_summary(&text, &style, tallies, n, 0);
    mr_console_put(&text);
}

static bool write_junit(struct mr_region *region, const char *path,
    const struct mr_tally *const *tallies, size_t n, struct mr_err *err)
{
    struct mr_text text = {0};
    mr_junit_write(&text, tallies, mr_region_array(region, double, n + 1), n);
    bool is_ok = mr_cli_write_file(path, text.data ? text.data : "", text.bytes, err);
    mr_text_deinit(&text);
    return is_ok;
}

static bool report(struct mr_region *region, const struct options *options,
    struct mr_store *store, struct mr_err *err)
{
    const struct mr_tally *const *tallies;
    size_t n = 0;
    if (!mr_tallies_read(store, region, &tallies, &n, err)) return false;
    if (!options->html && !options->junit) tell(options, tallies, n);
    return (!options->junit || write_junit(region, options->junit, tallies, n, err)) &&
           (!options->html || mr_report_write_html(options->html, store, err));
}

int mr_report_main(int argc, char **argv)
{
    struct mr_region *region = mr_region_create();
    struct options options = {0};
    struct mr_arguments arguments;
    struct mr_store *store = NULL;
    struct mr_err err = {0};
    int code = 0;
    if (!read_options(region, argc, argv, &options, &arguments, &err) ||
        (!arguments.wants_help && (!mr_store_open(arguments.list[0], &store, &err) ||
                                      !report(region, &options, store, &err))))
        code = mr_console_error(&err);
    mr_store_close(store);
    mr_region_destroy(region);
    return code;
}
