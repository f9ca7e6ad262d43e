/* The section of a scenario: what it is about, what its seeds found, what they reached. */
#include <string.h>

#include "reports/html_internal.h"

/* What it is about. */

static void add_expectation(struct mr_html *page, const struct mr_html_scenario *scenario)
{
    if (!*scenario->expect_check) return;
    mr_html_add(page, "<p>Expects <b>");
    mr_html_text(page, scenario->expect_check);
    mr_html_add(page, " ");
    mr_html_text(page, scenario->expect_verdict);
    mr_html_add(page, "</b>");
    if (scenario->expect_seeds)
        mr_html_add(page, " in at least %lld seeds", (long long)scenario->expect_seeds);
    mr_html_add(page, "; every other check must pass. Found in <b>");
    mr_html_count(page, scenario->expected);
    mr_html_add(page, "</b> of ");
    mr_html_count(page, scenario->seeds);
    const char *judgement = !scenario->is_whole ? ": not judged over a part of the seeds"
                            : scenario->expectation_holds ? ": as expected"
                                                          : ": the failure stayed away";
    mr_html_add(page, "%s.</p>\n", judgement);
}

static void add_about(struct mr_html *page, const struct mr_html_scenario *scenario)
{
    mr_html_add(page, "<h2>");
    mr_html_badge(page, scenario->verdict, scenario->verdict);
    mr_html_add(page, " ");
    mr_html_text(page, scenario->name);
    mr_html_add(page, "</h2>\n<p class=\"about\">");
    mr_html_text(page, scenario->about);
    mr_html_add(page, "</p>\n<p class=\"quiet\"><code>");
    mr_html_text(page, scenario->path);
    mr_html_add(page, "</code>");
    if (strcmp(scenario->plant, "none") != 0) {
        mr_html_add(page, ", with the planted bug <b>");
        mr_html_text(page, scenario->plant);
        mr_html_add(page, "</b>");
    }
    mr_html_add(page, "</p>\n");
    add_expectation(page, scenario);
}

/* Findings over the seeds. */

static const char findings_sql[] =
    "SELECT f.check_name, f.verdict, count(DISTINCT f.run), sum(f.count),"
    " (SELECT min(r2.id) FROM findings f2 JOIN runs r2 ON r2.id = f2.run"
    "  WHERE r2.scenario = ?1 AND f2.check_name = f.check_name AND f2.verdict = f.verdict"
    "  AND r2.seed = min(r.seed)) AS first_run, min(r.seed)"
    " FROM findings f JOIN runs r ON r.id = f.run WHERE r.scenario = ?1"
    " GROUP BY f.check_name, f.verdict ORDER BY f.check_name, f.verdict";

static const char summary_sql[] =
    "SELECT summary, check_name, verdict FROM findings WHERE run = ?1 ORDER BY position";

/* The sentence of the first seed's finding of this kind. */
static bool add_summary(
    struct mr_html *page, int64_t run, const char *check, const char *verdict)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page, summary_sql, run, &rows)) return false;
    while (mr_store_next(rows)) {
        if (strcmp(mr_store_text(rows, 1), check) != 0) continue;
        if (strcmp(mr_store_text(rows, 2), verdict) != 0) continue;
        mr_html_text(page, mr_store_text(rows, 0));
        break;
    }
    return mr_store_rows_close(rows, page->err);
}

static bool add_finding(struct mr_html *page, const struct mr_html_scenario *scenario,
    const struct mr_store_rows *rows)
{
    const char *check = mr_store_text(rows, 0), *verdict = mr_store_text(rows, 1);
    bool is_expected = strcmp(check, scenario->expect_check) == 0 &&
                       strcmp(verdict, scenario->expect_verdict) == 0;
    mr_html_add(page, "<tr><td>");
    mr_html_badge(page, is_expected ? "expected" : "failed", verdict);
    mr_html_add(page, "</td><td>");
    mr_html_text(page, check);
    mr_html_add(page, "%s</td><td class=\"number\">", is_expected ? ", as expected" : "");
    mr_html_count(page, (uint64_t)mr_store_int(rows, 2));
    mr_html_add(page, "</td><td class=\"number\">");
    mr_html_count(page, (uint64_t)mr_store_int(rows, 3));
    mr_html_add(page, "</td><td><p>");
    if (!add_summary(page, mr_store_int(rows, 4), check, verdict)) return false;
    mr_html_add(page, "</p>");
    mr_html_command(page, scenario, (uint64_t)mr_store_int(rows, 5));
    mr_html_add(page, "</td></tr>\n");
    return true;
}

static bool add_findings(struct mr_html *page, const struct mr_html_scenario *scenario)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page, findings_sql, scenario->id, &rows)) return false;
    bool is_ok = true, is_first = true;
    while (is_ok && mr_store_next(rows)) {
        if (is_first)
            mr_html_add(page,
                "<h3>Findings over all seeds</h3>\n<div class=\"wide\"><table "
                "class=\"findings\"><thead><tr><th>verdict</th><th>check</th><th "
                "class=\"number\">seeds</th><th class=\"number\">times</th><th>in the first "
                "seed</th></tr></thead><tbody>\n");
        is_first = false;
        is_ok = add_finding(page, scenario, rows);
    }
    if (!is_first) mr_html_add(page, "</tbody></table></div>\n");
    if (is_first) mr_html_add(page, "<p>No check found anything.</p>\n");
    return mr_store_rows_close(rows, page->err) && is_ok;
}

static bool add_lost(struct mr_html *page, const struct mr_html_scenario *scenario)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page,
            "SELECT seed, signal, code FROM lost WHERE scenario = ?1 ORDER BY seed",
            scenario->id, &rows))
        return false;
    while (mr_store_next(rows)) {
        uint64_t seed = (uint64_t)mr_store_int(rows, 0);
        mr_html_add(page, "<p class=\"bad\">Seed %llu is lost: Millrace itself died: ",
            (unsigned long long)seed);
        mr_text_death(page->out, (int)mr_store_int(rows, 1), (int)mr_store_int(rows, 2));
        mr_html_add(page, "</p>\n");
        mr_html_command(page, scenario, seed);
    }
    return mr_store_rows_close(rows, page->err);
}

/* What the seeds reached. */

static bool add_milestones(struct mr_html *page, const struct mr_html_scenario *scenario)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page,
            "SELECT name, about, is_demanded, is_reached FROM milestones WHERE scenario = ?1"
            " AND (is_demanded OR is_reached) ORDER BY is_demanded DESC, name",
            scenario->id, &rows))
        return false;
    bool is_first = true, is_any_demanded = false;
    while (mr_store_next(rows)) {
        if (is_first) mr_html_add(page, "<h3>Milestones</h3>\n<ul class=\"chips\">\n");
        is_first = false;
        bool is_demanded = mr_store_int(rows, 2) != 0, is_reached = mr_store_int(rows, 3) != 0;
        const char *kind = !is_demanded ? "extra" : is_reached ? "reached" : "missed";
        if (mr_store_is_null(rows, 3)) kind = "extra"; /* nobody judged it */
        mr_html_add(page, "<li class=\"%s\" title=\"", kind);
        mr_html_text(page, mr_store_text(rows, 1));
        mr_html_add(page, "\">");
        mr_html_text(page, mr_store_text(rows, 0));
        mr_html_add(page, "%s</li>\n", strcmp(kind, "missed") == 0 ? ": in no seed" : "");
        is_any_demanded = is_any_demanded || is_demanded;
    }
    if (!is_first) mr_html_add(page, "</ul>\n");
    if (is_any_demanded)
        mr_html_add(page,
            "<p class=\"quiet\">Outlined in green: the scenario demands it, and a "
            "seed reached it.</p>\n");
    return mr_store_rows_close(rows, page->err);
}

static bool add_faults(struct mr_html *page, const struct mr_html_scenario *scenario)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page,
            "SELECT name, kind, seeds_struck FROM scenario_faults WHERE scenario = ?1"
            " ORDER BY position",
            scenario->id, &rows))
        return false;
    bool is_first = true;
    while (mr_store_next(rows)) {
        if (is_first) mr_html_add(page, "<h3>Faults</h3>\n<ul class=\"chips\">\n");
        is_first = false;
        bool is_judged = !mr_store_is_null(rows, 2);
        uint64_t seeds = (uint64_t)mr_store_int(rows, 2);
        mr_html_add(
            page, "<li class=\"%s\" title=\"", is_judged && seeds == 0 ? "missed" : "extra");
        mr_html_text(page, mr_store_text(rows, 1));
        mr_html_add(page, "\">");
        mr_html_text(page, mr_store_text(rows, 0));
        if (is_judged && seeds) {
            mr_html_add(page, ": in ");
            mr_html_count(page, seeds);
            mr_html_add(page, " seeds");
        } else if (is_judged) {
            mr_html_add(page, ": struck in no seed");
        }
        mr_html_add(page, "</li>\n");
    }
    if (!is_first) mr_html_add(page, "</ul>\n");
    return mr_store_rows_close(rows, page->err);
}

bool mr_html_add_scenario(struct mr_html *page, const struct mr_html_scenario *scenario)
{
    mr_html_add(page, "<section id=\"scenario-%lld\">\n", (long long)scenario->id);
    add_about(page, scenario);
    if (scenario->diverged) {
        mr_html_add(page, "<p class=\"bad\">Two runs of a seed differed, in ");
        mr_html_count(page, scenario->diverged);
        mr_html_add(page, " seeds.</p>\n");
    }
    if (!add_lost(page, scenario) || !add_findings(page, scenario)) return false;
    if (!add_milestones(page, scenario) || !add_faults(page, scenario)) return false;
    if (!mr_html_add_runs(page, scenario)) return false;
    mr_html_add(page, "</section>\n");
    return true;
}
