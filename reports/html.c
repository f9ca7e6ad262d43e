#include "reports/html.h"

#include <stdio.h>
#include <string.h>

#include "reports/html_internal.h"
#include "scenarios/language/path.h"

char *mr_html_duplicate(const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(mr_alloc(bytes), text, bytes);
}

bool mr_html_select(
    struct mr_html *page, const char *sql, int64_t argument, struct mr_store_rows **rows)
{
    uint32_t n = strstr(sql, "?1") ? 1 : 0;
    return mr_store_select(page->store, sql, &argument, n, rows, page->err);
}

/* Writing. */

void mr_html_add(struct mr_html *page, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    MR_ASSERT(n >= 0 && n < (int)sizeof text);
    mr_text_add(page->out, text, (size_t)n);
}

void mr_html_text(struct mr_html *page, const char *text)
{
    mr_text_markup(page->out, text);
}

void mr_html_count(struct mr_html *page, uint64_t count)
{
    mr_text_count(page->out, count);
}

void mr_html_badge(struct mr_html *page, const char *kind, const char *word)
{
    mr_html_add(page, "<span class=\"badge ");
    mr_html_text(page, kind);
    mr_html_add(page, "\">");
    mr_html_text(page, word);
    mr_html_add(page, "</span>");
}

void mr_html_command(
    struct mr_html *page, const struct mr_html_scenario *scenario, uint64_t seed)
{
    struct mr_text command = {0}, options = {0};
    if (strcmp(scenario->plant, "none") != 0)
        mr_text_printf(&options, "--plant %s", scenario->plant);
    mr_text_command(&command, scenario->path, seed, options.data);
    mr_html_add(page, "<pre class=\"command\"><code>");
    mr_html_text(page, command.data);
    mr_html_add(page, "</code></pre>\n");
    mr_text_deinit(&options);
    mr_text_deinit(&command);
}

/* Reading the scenarios. */

struct scenarios {
    struct mr_html_scenario *list;
    size_t n;
};

/* A record has paths as seen from its own folder; a command is typed where the report was asked
 * for. */
static char *path_from_here(const char *record_path, const char *path)
{
    struct mr_region *region = mr_region_create();
    const char *folder = mr_path_folder(region, record_path);
    char *joined = mr_html_duplicate(mr_path_join(region, folder, path));
    mr_region_destroy(region);
    return joined;
}

static const char scenarios_sql[] =
    "SELECT s.id, s.name, s.about, s.path, s.plant, s.expect_check, s.expect_verdict,"
    " s.expect_seeds, t.verdict, t.expectation_holds, t.is_whole, t.lost, t.diverged,"
    " count(r.id), total(r.is_unexpected), sum(r.steps), sum(r.checkpoints), sum(r.restores),"
    " sum(r.rows_dropped), sum(r.virtual_ns),"
    " (SELECT count(DISTINCT f.run) FROM findings f JOIN runs x ON x.id = f.run"
    "  WHERE x.scenario = s.id)"
    " FROM scenarios s LEFT JOIN tallies t ON t.scenario = s.id"
    " LEFT JOIN runs r ON r.scenario = s.id GROUP BY s.id ORDER BY s.id";

static void read_scenario(
    const struct mr_html *page, const struct mr_store_rows *rows, struct mr_html_scenario *out)
{
    *out = (struct mr_html_scenario){.id = mr_store_int(rows, 0),
        .name = mr_html_duplicate(mr_store_text(rows, 1)),
        .about = mr_html_duplicate(mr_store_text(rows, 2)),
        .path = path_from_here(mr_store_path(page->store), mr_store_text(rows, 3)),
        .plant = mr_html_duplicate(mr_store_text(rows, 4)),
        .expect_check = mr_html_duplicate(mr_store_text(rows, 5)),
        .expect_verdict = mr_html_duplicate(mr_store_text(rows, 6)),
        .expect_seeds = mr_store_int(rows, 7),
        .expectation_holds = mr_store_is_null(rows, 9) || mr_store_int(rows, 9) != 0,
        .is_whole = mr_store_int(rows, 10) != 0,
        .lost = (uint64_t)mr_store_int(rows, 11),
        .diverged = (uint64_t)mr_store_int(rows, 12),
        .seeds = (uint64_t)mr_store_int(rows, 13),
        .unexpected = (uint64_t)mr_store_int(rows, 14),
        .steps = (uint64_t)mr_store_int(rows, 15),
        .checkpoints = (uint64_t)mr_store_int(rows, 16),
        .restores = (uint64_t)mr_store_int(rows, 17),
        .rows_dropped = (uint64_t)mr_store_int(rows, 18),
        .virtual_ns = mr_store_int(rows, 19)};
    uint64_t found = (uint64_t)mr_store_int(rows, 20);
    out->passed = out->seeds - found;
    out->expected = found - out->unexpected;
    const char *verdict = out->unexpected ? "failed" : "passed";
    out->verdict =
        mr_html_duplicate(mr_store_is_null(rows, 8) ? verdict : mr_store_text(rows, 8));
}

static bool read_scenarios(struct mr_html *page, struct scenarios *out)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page, scenarios_sql, 0, &rows)) return false;
    while (mr_store_next(rows)) {
        out->list = mr_realloc(out->list, sizeof *out->list * (out->n + 1));
        read_scenario(page, rows, &out->list[out->n++]);
    }
    return mr_store_rows_close(rows, page->err);
}

static void deinit_scenarios(struct scenarios *scenarios)
{
    for (size_t i = 0; i < scenarios->n; i++) {
        struct mr_html_scenario *scenario = &scenarios->list[i];
        mr_free(scenario->name);
        mr_free(scenario->about);
        mr_free(scenario->path);
        mr_free(scenario->plant);
        mr_free(scenario->verdict);
        mr_free(scenario->expect_check);
        mr_free(scenario->expect_verdict);
    }
    mr_free(scenarios->list);
}

/* The head of the page. */

static void add_verdict(struct mr_html *page, const struct scenarios *scenarios)
{
    size_t n_failed = 0;
    for (size_t i = 0; i < scenarios->n; i++)
        n_failed += strcmp(scenarios->list[i].verdict, "passed") != 0;
    mr_html_add(page, "<h1 class=\"%s\">", n_failed ? "bad" : "good");
    if (scenarios->n == 0)
        mr_html_add(page, "No scenario was run");
    else if (n_failed)
        mr_html_add(page, "%zu of %zu scenarios failed", n_failed, scenarios->n);
    else
        mr_html_add(page, "%s%zu scenario%s passed", scenarios->n > 1 ? "All " : "",
            scenarios->n, scenarios->n == 1 ? "" : "s");
    mr_html_add(page, "</h1>\n");
}

static void add_sums(struct mr_html *page, const struct scenarios *scenarios)
{
    uint64_t seeds = 0, steps = 0;
    mr_ns virtual_ns = 0;
    for (size_t i = 0; i < scenarios->n; i++) {
        seeds += scenarios->list[i].seeds + scenarios->list[i].lost;
        steps += scenarios->list[i].steps;
        virtual_ns = mr_add_saturating(virtual_ns, scenarios->list[i].virtual_ns);
    }
    struct mr_build build = mr_store_build(page->store);
    mr_html_add(page, "<p class=\"sums\"><b>");
    mr_html_count(page, seeds);
    mr_html_add(page, "</b> seeds, <b>");
    mr_text_span(page->out, virtual_ns);
    mr_html_add(page, "</b> of virtual time, <b>");
    mr_html_count(page, steps);
    mr_html_add(page, "</b> events</p>\n<p class=\"quiet\">Millrace ");
    mr_html_text(page, build.version);
    mr_html_add(page, " at ");
    mr_html_text(page, build.commit);
    mr_html_add(page, ", ");
    mr_html_text(page, build.compiler);
    mr_html_add(page, ". A seed means the same run for this build only.</p>\n");
}

/* The table of scenarios. */

static void add_number_cell(struct mr_html *page, uint64_t count)
{
    mr_html_add(page, "<td class=\"number%s\">", count ? "" : " zero");
    mr_html_count(page, count);
    mr_html_add(page, "</td>");
}

static void add_row(struct mr_html *page, const struct mr_html_scenario *scenario)
{
    mr_html_add(page, "<tr><td>");
    mr_html_badge(page, scenario->verdict, scenario->verdict);
    mr_html_add(page, "</td><td><a href=\"#scenario-%lld\">", (long long)scenario->id);
    mr_html_text(page, scenario->name);
    mr_html_add(page, "</a></td>");
    add_number_cell(page, scenario->seeds + scenario->lost);
    add_number_cell(page, scenario->expected);
    add_number_cell(page, scenario->unexpected + scenario->lost);
    add_number_cell(page, scenario->checkpoints);
    add_number_cell(page, scenario->restores);
    add_number_cell(page, scenario->rows_dropped);
    mr_html_add(page, "<td class=\"number\">");
    mr_text_span(page->out, scenario->virtual_ns);
    mr_html_add(page, "</td></tr>\n");
}

static void add_table(struct mr_html *page, const struct scenarios *scenarios)
{
    mr_html_add(page, "<div class=\"wide\"><table class=\"scenarios\"><thead><tr>"
                      "<th>verdict</th><th>scenario</th><th class=\"number\">seeds</th>");
    static const char *const heads[][2] = {
        {"expected", "seeds that failed as the scenario expects"},
        {"unexpected", "seeds that failed, or were lost"}, {"checkpoints", "completed"},
        {"restores", "attempts that began from a checkpoint"}, {"late", "rows dropped as late"},
        {"virtual time", "simulated"}};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        mr_html_add(
            page, "<th class=\"number\" title=\"%s\">%s</th>", heads[i][1], heads[i][0]);
    mr_html_add(page, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < scenarios->n; i++) add_row(page, &scenarios->list[i]);
    mr_html_add(page, "</tbody></table></div>\n");
}

/* The page. */

static void add_head(struct mr_html *page)
{
    mr_html_add(page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
        "<title>Millrace report</title>\n<style>\n");
    mr_text_add(page->out, mr_html_css, strlen(mr_html_css));
    mr_html_add(page, "</style>\n</head>\n<body>\n<main>\n");
}

static bool add_page(struct mr_html *page, const struct scenarios *scenarios)
{
    add_head(page);
    mr_html_add(page, "<header>\n");
    add_verdict(page, scenarios);
    add_sums(page, scenarios);
    mr_html_add(page, "</header>\n");
    add_table(page, scenarios);
    for (size_t i = 0; i < scenarios->n; i++)
        if (!mr_html_add_scenario(page, &scenarios->list[i])) return false;
    mr_html_add(page, "</main>\n</body>\n</html>\n");
    return true;
}

bool mr_html_write(
    struct mr_text *out, struct mr_store *store, bool *is_without_pictures, struct mr_err *err)
{
    struct mr_html page = {.out = out, .store = store, .err = err};
    struct scenarios scenarios = {0};
    bool is_ok = read_scenarios(&page, &scenarios) && add_page(&page, &scenarios);
    deinit_scenarios(&scenarios);
    *is_without_pictures = page.picture_err.kind != MR_ERR_NONE;
    if (!is_ok || !*is_without_pictures) return is_ok;
    *err = page.picture_err;
    return false;
}
