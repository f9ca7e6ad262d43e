/* `millrace query`: SQL on a record. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/query_format.h"

static const char about[] =
    "Asks a record (`millrace test --out`, `millrace run --record`) in SQL. Nothing can be "
    "changed.\n"
    "Without SQL it lists the views and tables with their columns; docs/record.md says what "
    "they\n"
    "mean.";

static const char examples[] = "  millrace query report/campaign.mrr\n"
                               "  millrace query report/campaign.mrr \"SELECT scenario, seed, "
                               "verdict FROM failures ORDER BY "
                               "run\"\n"
                               "  millrace query run.mrr \"SELECT row_json FROM "
                               "committed_outputs ORDER BY n\" --format csv\n";

static const char exits[] = "  0  answered   2  usage, not a record, or wrong SQL\n";

static const char *const form_words[] = {"box", "csv", "json", NULL};

static bool goes_on(void *self)
{
    (void)self;
    return mr_interrupt_signal() == 0;
}

static bool list_tables(struct mr_region *region, struct mr_store *store, struct mr_err *err)
{
    const struct mr_query_table *tables;
    size_t n;
    if (!mr_query_tables(store, region, &tables, &n, err)) return false;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || tables[i].is_view != tables[i - 1].is_view)
            printf("%s%s\n", i ? "\n" : "", tables[i].is_view ? "Views:" : "Tables:");
        printf("  %-18s %s\n", tables[i].name, tables[i].columns);
    }
    return true;
}

static bool answer(
    struct mr_store *store, const char *sql, const char *form, struct mr_err *err)
{
    struct mr_query_patience patience = {.goes_on = goes_on};
    struct mr_query *query;
    enum mr_query_form chosen = MR_QUERY_BOX;
    for (int i = 0; form && form_words[i]; i++)
        if (strcmp(form, form_words[i]) == 0) chosen = (enum mr_query_form)i;
    mr_interrupt_watch();
    if (!mr_query_open(store, sql, &patience, &query, err)) return false;
    if (!mr_query_write(query, chosen))
        fprintf(stderr, "the first %d rows; --format csv or json writes all\n",
            (int)MR_QUERY_BOX_ROWS_MAX);
    return mr_query_close(query, err);
}

int mr_query_main(int argc, char **argv)
{
    const char *form = NULL;
    const struct mr_flag flags[] = {
        {"--format", "FORM", "box (the default), csv or json", MR_FLAG_WORD, .out = &form,
            .words = form_words},
    };
    const struct mr_usage usage = {.command = "query",
        .arguments = "FILE.mrr [SQL]",
        .about = about,
        .examples = examples,
        .exits = exits,
        .flags = flags,
        .n_flags = sizeof flags / sizeof flags[0],
        .n_min = 1,
        .n_max = 2};
    struct mr_region *region = mr_region_create();
    struct mr_arguments arguments;
    struct mr_store *store = NULL;
    struct mr_err err = {0};
    int code = 0;
    if (!mr_console_read(region, &usage, argc, argv, &arguments, &err) ||
        (!arguments.wants_help &&
            (!mr_store_open(arguments.list[0], &store, &err) ||
                !(arguments.n == 1 ? list_tables(region, store, &err)
                                   : answer(store, arguments.list[1], form, &err)))))
        code = mr_interrupt_signal() ? MR_EXIT_SIGNAL + mr_interrupt_signal()
                                     : mr_console_error(&err);
    mr_store_close(store);
    mr_region_destroy(region);
    return code;
}
