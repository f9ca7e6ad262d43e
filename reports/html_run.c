/* A run that was recorded in full: what was wrong, how it looked, and what makes it again. */
#include "reports/html_picture.h"

enum { TIMELINE_ROWS_MAX = 400 };

static const char runs_sql[] =
    "SELECT id, seed, virtual_ns, digest, steps, ending, manifest, checkpoints, restores,"
    " rows_read, rows_matched, rows_dropped, (SELECT group_concat(verdict, ', ') FROM"
    " (SELECT DISTINCT verdict FROM findings WHERE run = runs.id ORDER BY position))"
    " FROM runs WHERE scenario = ?1 AND is_recorded ORDER BY id";

static void add_heading(
    struct mr_html *page, const struct mr_html_run *run, const struct mr_store_rows *rows)
{
    mr_html_add(page, "<article id=\"run-%lld\">\n<h3>Seed %llu", (long long)run->id,
        (unsigned long long)run->seed);
    const char *verdicts = mr_store_text(rows, 12);
    mr_html_add(page, "%s", *verdicts ? ": " : "");
    mr_html_text(page, verdicts);
    mr_html_add(page, "</h3>\n<p class=\"quiet\">");
    mr_text_span(page->out, run->virtual_ns);
    mr_html_add(page, " of virtual time, ");
    mr_html_count(page, (uint64_t)mr_store_int(rows, 4));
    mr_html_add(page, " events, run %lld of the record, ended: ", (long long)run->id);
    mr_html_text(page, mr_store_text(rows, 5));
    static const char *const counts[] = {
        "checkpoints", "restores", "rows read", "output rows matched", "rows dropped as late"};
    for (int i = 0; i < 5; i++) {
        mr_html_add(page, ", ");
        mr_html_count(page, (uint64_t)mr_store_int(rows, 7 + i));
        mr_html_add(page, " %s", counts[i]);
    }
    mr_html_add(page, "; digest <code>");
    mr_html_text(page, mr_store_text(rows, 3));
    mr_html_add(page, "</code></p>\n");
    mr_html_command(page, run->scenario, run->seed);
}

static void add_manifest(struct mr_html *page, const struct mr_store_rows *rows)
{
    const char *manifest = mr_store_text(rows, 6);
    if (!*manifest) return;
    mr_html_add(page, "<details><summary>Manifest: what this seed drew, itself a scenario"
                      "</summary>\n<pre>");
    mr_html_text(page, manifest);
    mr_html_add(page, "</pre></details>\n");
}

/* Jobs, checkpoints, faults and processes in one list. */
static bool add_timeline(struct mr_html *page, const struct mr_html_run *run)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page,
            "SELECT at_ns, what, text FROM timeline WHERE run = ?1"
            " AND what IN ('job', 'checkpoint', 'fault', 'process') ORDER BY n",
            run->id, &rows))
        return false;
    int n = 0;
    while (n <= TIMELINE_ROWS_MAX && mr_store_next(rows)) {
        if (n++ == 0)
            mr_html_add(page, "<details><summary>What happened, in order</summary>\n"
                              "<div class=\"wide\"><table class=\"timeline\"><tbody>\n");
        if (n > TIMELINE_ROWS_MAX) {
            mr_html_add(page, "<tr><td></td><td></td><td>and so on: the record has it all"
                              "</td></tr>\n");
            break;
        }
        mr_html_add(page, "<tr><td class=\"number\">%.3f s</td><td>",
            (double)mr_store_int(rows, 0) / 1e9);
        mr_html_text(page, mr_store_text(rows, 1));
        mr_html_add(page, "</td><td>");
        mr_html_text(page, mr_store_text(rows, 2));
        mr_html_add(page, "</td></tr>\n");
    }
    if (n) mr_html_add(page, "</tbody></table></div></details>\n");
    return mr_store_rows_close(rows, page->err);
}

/* A run that took no time, as one by steps may, has nothing to show over time. */
static bool add_pictures(
    struct mr_html *page, const struct mr_html_run *run, struct mr_html_regions *regions)
{
    if (run->virtual_ns <= 0) return true;
    return mr_html_add_arrivals(page, run, regions) && mr_html_add_backlog(page, run, regions);
}

static bool add_run(
    struct mr_html *page, const struct mr_html_run *run, const struct mr_store_rows *rows)
{
    struct mr_html_regions regions = {0};
    add_heading(page, run, rows);
    bool is_ok = mr_html_add_witnesses(page, run) &&
                 mr_html_read_regions(page, run, &regions) && add_pictures(page, run, &regions);
    if (is_ok) mr_html_add_regions(page, &regions);
    mr_html_regions_deinit(&regions);
    if (!is_ok || !add_timeline(page, run)) return false;
    add_manifest(page, rows);
    mr_html_add(page, "</article>\n");
    return true;
}

bool mr_html_add_runs(struct mr_html *page, const struct mr_html_scenario *scenario)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page, runs_sql, scenario->id, &rows)) return false;
    bool is_ok = true;
    while (is_ok && mr_store_next(rows)) {
        struct mr_html_run run = {.id = mr_store_int(rows, 0),
            .seed = (uint64_t)mr_store_int(rows, 1),
            .virtual_ns = mr_store_int(rows, 2),
            .scenario = scenario};
        is_ok = add_run(page, &run, rows);
    }
    return mr_store_rows_close(rows, page->err) && is_ok;
}
