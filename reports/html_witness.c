/* What a check found in a run, as a table: key, window, expected and actual, inputs and cause.
 */
#include <string.h>

#include "reports/html_internal.h"

static const char findings_sql[] =
    "SELECT id, check_name, verdict, count, at_ns, step, transform, key, window_start_us,"
    " window_end_us, summary, cause, expected, actual, n_inputs"
    " FROM findings WHERE run = ?1 ORDER BY position, id";

static void begin_line(struct mr_html *page, const char *label)
{
    mr_html_add(page, "<tr><th>%s</th><td>", label);
}

static void end_line(struct mr_html *page)
{
    mr_html_add(page, "</td></tr>\n");
}

static void add_line(struct mr_html *page, const char *label, const char *text, bool is_code)
{
    if (!*text) return;
    begin_line(page, label);
    bool has_lines = strchr(text, '\n') != NULL;
    mr_html_add(page, !is_code ? "" : has_lines ? "<code class=\"lines\">" : "<code>");
    mr_html_text(page, text);
    mr_html_add(page, is_code ? "</code>" : "");
    end_line(page);
}

static void add_moment(struct mr_html *page, const struct mr_store_rows *rows)
{
    begin_line(page, "noticed at");
    mr_html_add(page, "%.6f s of virtual time, event ", (double)mr_store_int(rows, 4) / 1e9);
    mr_html_count(page, (uint64_t)mr_store_int(rows, 5));
    const char *transform = mr_store_text(rows, 6);
    if (*transform) mr_html_add(page, ", in ");
    mr_html_text(page, transform);
    if (mr_store_int(rows, 3) > 1) {
        mr_html_add(page, "; ");
        mr_html_count(page, (uint64_t)mr_store_int(rows, 3));
        mr_html_add(page, " times in this run");
    }
    end_line(page);
}

static void add_window(struct mr_html *page, const struct mr_store_rows *rows)
{
    if (mr_store_is_null(rows, 8)) return;
    begin_line(page, "window");
    mr_text_window(page->out, mr_store_int(rows, 8), mr_store_int(rows, 9));
    end_line(page);
}

static bool add_inputs(struct mr_html *page, int64_t finding, int64_t n_inputs)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page,
            "SELECT text FROM finding_inputs WHERE finding = ?1 ORDER BY position", finding,
            &rows))
        return false;
    int64_t n = 0;
    for (; mr_store_next(rows); n++) {
        if (n == 0) begin_line(page, "input rows");
        mr_html_add(page, "<div><code>");
        mr_html_text(page, mr_store_text(rows, 0));
        mr_html_add(page, "</code></div>");
    }
    if (n && n_inputs > n)
        mr_html_add(
            page, "<div class=\"quiet\">and %lld more</div>", (long long)(n_inputs - n));
    if (n) end_line(page);
    return mr_store_rows_close(rows, page->err);
}

static bool add_witness(struct mr_html *page, const struct mr_store_rows *rows)
{
    mr_html_add(page, "<div class=\"wide\"><table class=\"witness\"><caption>");
    mr_html_text(page, mr_store_text(rows, 1));
    mr_html_add(page, " <b>");
    mr_html_text(page, mr_store_text(rows, 2));
    mr_html_add(page, "</b>: ");
    mr_html_text(page, mr_store_text(rows, 10));
    mr_html_add(page, "</caption><tbody>\n");
    add_line(page, "key", mr_store_text(rows, 7), true);
    add_window(page, rows);
    add_line(page, "expected", mr_store_text(rows, 12), true);
    add_line(page, "actual", mr_store_text(rows, 13), true);
    add_line(page, "cause", mr_store_text(rows, 11), false);
    add_moment(page, rows);
    if (!add_inputs(page, mr_store_int(rows, 0), mr_store_int(rows, 14))) return false;
    mr_html_add(page, "</tbody></table></div>\n");
    return true;
}

bool mr_html_add_witnesses(struct mr_html *page, const struct mr_html_run *run)
{
    struct mr_store_rows *rows = NULL;
    if (!mr_html_select(page, findings_sql, run->id, &rows)) return false;
    bool is_ok = true;
    while (is_ok && mr_store_next(rows)) is_ok = add_witness(page, rows);
    return mr_store_rows_close(rows, page->err) && is_ok;
}
