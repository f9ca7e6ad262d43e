/* The stretches of a run in which something was broken, and the moments when the job was
 * restored: the pictures show them, numbered, and a list below says what they were. */
#include "reports/html_internal.h"

static const char regions_sql[] =
    "SELECT at_ns AS from_ns, n, (SELECT e.at_ns FROM faults e WHERE e.run = f.run"
    " AND e.name = f.name AND NOT e.begins AND e.n > f.n ORDER BY e.n LIMIT 1) AS to_ns,"
    " kind = 'reset' AS is_instant, 0 AS shade, name || ': ' || replace(kind, '_', ' ') ||"
    " ' at ' || process AS what"
    " FROM faults f WHERE run = ?1 AND begins AND kind <> 'crash'"
    " UNION ALL"
    " SELECT at_ns, n, (SELECT q.at_ns FROM processes q WHERE q.run = p.run"
    " AND q.process = p.process AND q.what = 'restarted' AND q.n > p.n ORDER BY q.n LIMIT 1),"
    " 0, 1, coalesce((SELECT c.name || ': ' FROM faults c WHERE c.run = p.run"
    " AND c.kind = 'crash' AND c.begins AND c.at_ns = p.at_ns ORDER BY c.n LIMIT 1), '') ||"
    " process || ' down' FROM processes p WHERE run = ?1 AND what = 'crashed'"
    " UNION ALL"
    " SELECT at_ns, n, (SELECT k.at_ns FROM job_states k WHERE k.run = j.run AND k.n > j.n"
    " ORDER BY k.n LIMIT 1), 0, 2, 'the job was stopped' FROM job_states j"
    " WHERE run = ?1 AND state = 'stopped'"
    " ORDER BY from_ns, n, what";

static void add_region(struct mr_html_regions *regions, const struct mr_html_run *run,
    const struct mr_store_rows *rows)
{
    mr_ns from_ns = mr_store_int(rows, 0);
    mr_ns to_ns = mr_store_is_null(rows, 2) ? run->virtual_ns : mr_store_int(rows, 2);
    if (mr_store_int(rows, 3) != 0 || to_ns < from_ns) to_ns = from_ns;
    regions->list = mr_realloc(regions->list, sizeof *regions->list * (regions->n + 1));
    regions->list[regions->n++] = (struct mr_html_region){.from_ns = from_ns,
        .to_ns = to_ns,
        .kind = (enum mr_html_region_kind)mr_store_int(rows, 4),
        .what = mr_html_duplicate(mr_store_text(rows, 5))};
}

static bool read_restores(
    struct mr_html *page, const struct mr_html_run *run, struct mr_html_regions *out)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page,
            "SELECT at_ns FROM checkpoints WHERE run = ?1 AND what = 'restored' ORDER BY n",
            run->id, &rows))
        return false;
    while (mr_store_next(rows)) {
        out->restores_ns =
            mr_realloc(out->restores_ns, sizeof *out->restores_ns * (out->n_restores + 1));
        out->restores_ns[out->n_restores++] = mr_store_int(rows, 0);
    }
    return mr_store_rows_close(rows, page->err);
}

bool mr_html_read_regions(
    struct mr_html *page, const struct mr_html_run *run, struct mr_html_regions *out)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page, regions_sql, run->id, &rows)) return false;
    while (mr_store_next(rows)) add_region(out, run, rows);
    return mr_store_rows_close(rows, page->err) && read_restores(page, run, out);
}

void mr_html_regions_deinit(struct mr_html_regions *regions)
{
    for (size_t i = 0; i < regions->n; i++) mr_free(regions->list[i].what);
    mr_free(regions->list);
    mr_free(regions->restores_ns);
}

void mr_html_add_regions(struct mr_html *page, const struct mr_html_regions *regions)
{
    static const char *const classes[MR_REGION_KINDS] = {"fault", "down", "stopped"};
    if (regions->n == 0) return;
    mr_html_add(page, "<ol class=\"regions\">\n");
    for (size_t i = 0; i < regions->n; i++) {
        const struct mr_html_region *region = &regions->list[i];
        mr_html_add(page, "<li class=\"%s\">", classes[region->kind]);
        mr_html_text(page, region->what);
        mr_html_add(page, ", at %.3f s", (double)region->from_ns / 1e9);
        if (region->to_ns > region->from_ns) {
            mr_html_add(page, " for ");
            mr_text_span(page->out, region->to_ns - region->from_ns);
        }
        mr_html_add(page, "</li>\n");
    }
    mr_html_add(page, "</ol>\n");
}
