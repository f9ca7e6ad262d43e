/* The lines about a whole campaign: the last ones, and the live one while it runs. */
#include <string.h>

#include "reports/terminal_internal.h"

enum { NAME_COLUMNS_MIN = 8 };

/* What all scenarios amount to. */
struct sums {
    uint64_t seeds;
    uint64_t steps;
    mr_ns virtual_ns;
    struct mr_checks_counts counts;
    uint64_t scenarios[MR_TALLY_VERDICTS]; /* with this verdict */
};

static struct sums add_up(const struct mr_tally *const *tallies, size_t n_tallies)
{
    struct sums sums = {0};
    for (size_t i = 0; i < n_tallies; i++) {
        const struct mr_tally *tally = tallies[i];
        sums.seeds += tally->seeds + tally->n_lost;
        sums.steps += tally->steps;
        sums.virtual_ns = mr_add_saturating(sums.virtual_ns, tally->virtual_ns);
        sums.counts.rows_read += tally->counts.rows_read;
        sums.counts.rows_matched += tally->counts.rows_matched;
        sums.counts.cut_entries += tally->counts.cut_entries;
        sums.counts.messages += tally->counts.messages;
        sums.counts.checkpoints += tally->counts.checkpoints;
        sums.counts.restores += tally->counts.restores;
        sums.scenarios[mr_tally_verdict(tally)]++;
    }
    return sums;
}

static void add_verdicts(struct mr_text *out, const struct mr_terminal_style *style,
    const struct sums *sums, size_t n_tallies)
{
    mr_text_count(out, n_tallies);
    mr_text_printf(out, " scenario%s: ", n_tallies == 1 ? "" : "s");
    bool is_first = true;
    for (int verdict = 0; verdict < MR_TALLY_VERDICTS; verdict++) {
        if (sums->scenarios[verdict] == 0) continue;
        const struct mr_terminal_look *look = mr_terminal_look((enum mr_tally_verdict)verdict);
        if (!is_first) mr_text_printf(out, ", ");
        is_first = false;
        mr_paint_begin(out, style, look->paint);
        mr_text_count(out, sums->scenarios[verdict]);
        mr_text_printf(out, " %s", look->of_many);
        mr_paint_end(out, style);
    }
    mr_text_add(out, "\n", 1);
}

static void add_times(struct mr_text *out, const struct sums *sums, double seconds)
{
    mr_text_count(out, sums->seeds);
    mr_text_printf(out, " seed%s, ", sums->seeds == 1 ? "" : "s");
    mr_text_span(out, sums->virtual_ns);
    mr_text_printf(out, " of virtual time, ");
    mr_text_short_count(out, sums->steps);
    mr_text_printf(out, " events, in ");
    mr_text_span(out, (mr_ns)(seconds * 1e9));
    if (seconds > 0) {
        mr_text_printf(out, " (");
        mr_rate_add(out, (double)sums->seeds / seconds);
        mr_text_printf(out, " seeds/s, ");
        mr_rate_add(out, (double)sums->virtual_ns / 1e9 / seconds);
        mr_text_printf(out, " times real time)");
    }
    mr_text_add(out, "\n", 1);
}

/* So that no work can be skipped unseen. */
static void add_checked(struct mr_text *out, const struct sums *sums)
{
    const struct {
        uint64_t count;
        const char *noun;
    } checked[] = {{sums->counts.rows_read, "rows read"},
        {sums->counts.rows_matched, "output rows matched"},
        {sums->counts.cut_entries, "entries of state compared"},
        {sums->counts.messages, "messages"}, {sums->counts.checkpoints, "checkpoints"},
        {sums->counts.restores, "restores"}};
    mr_text_printf(out, "checked: ");
    for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++) {
        if (i) mr_text_printf(out, ", ");
        mr_text_short_count(out, checked[i].count);
        mr_text_printf(out, " %s", checked[i].noun);
    }
    mr_text_add(out, "\n", 1);
}

/* A long list scrolls away: what did not pass is named once more. */
static void add_names(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_tally *const *tallies, size_t n_tallies)
{
    for (size_t i = 0; i < n_tallies && n_tallies > 1; i++) {
        enum mr_tally_verdict verdict = mr_tally_verdict(tallies[i]);
        if (verdict == MR_TALLY_PASSED) continue;
        const struct mr_terminal_look *look = mr_terminal_look(verdict);
        mr_paint_begin(out, style, look->paint);
        mr_text_printf(out, "%-5s ", look->word);
        mr_paint_end(out, style);
        mr_text_plain(out, tallies[i]->scenario->name);
        mr_text_printf(out, "  ");
        mr_text_plain(out, tallies[i]->scenario->path);
        mr_text_add(out, "\n", 1);
    }
}

void mr_terminal_summary(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_tally *const *tallies, size_t n_tallies, double seconds)
{
    struct sums sums = add_up(tallies, n_tallies);
    mr_text_add(out, "\n", 1);
    add_names(out, style, tallies, n_tallies);
    add_verdicts(out, style, &sums, n_tallies);
    add_times(out, &sums, seconds);
    add_checked(out, &sums);
}

/* The live line. */

static void add_progress(struct mr_text *out, const struct mr_tally *tally, uint64_t seeds_done,
    uint64_t seeds_all, double seconds)
{
    mr_text_printf(out, "  ");
    mr_text_count(out, seeds_done);
    mr_text_printf(out, "/");
    mr_text_count(out, seeds_all);
    mr_text_printf(out, " seeds");
    double rate = seconds > 0 ? (double)seeds_done / seconds : 0;
    if (rate > 0) {
        mr_text_printf(out, "  ");
        mr_rate_add(out, rate);
        mr_text_printf(out, "/s");
    }
    uint64_t failures = tally->unexpected + tally->n_lost;
    mr_text_printf(out, "  %llu failed", (unsigned long long)failures);
    if (rate <= 0 || seeds_done >= seeds_all) return;
    mr_text_printf(out, "  ");
    double left = (double)(seeds_all - seeds_done) / rate;
    mr_text_span(out, (mr_ns)(left + 0.999) * MR_SECOND_NS);
    mr_text_printf(out, " to go");
}

/* Adds the first `columns` characters of plain text. */
static void add_cut(struct mr_text *out, const char *plain, uint32_t columns)
{
    const char *end = plain;
    for (; *end; end++)
        if ((*end & 0xC0) != 0x80 && columns-- == 0) break;
    mr_text_add(out, plain, (size_t)(end - plain));
}

void mr_terminal_progress(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_tally *tally, uint64_t seeds_done, uint64_t seeds_all, double seconds)
{
    struct mr_text name = {0}, rest = {0};
    uint32_t name_columns = mr_text_plain(&name, tally->scenario->name);
    add_progress(&rest, tally, seeds_done, seeds_all, seconds);
    uint32_t limit = style->columns ? style->columns : UINT32_MAX;
    uint32_t rest_columns = (uint32_t)rest.bytes; /* ASCII */
    if (name_columns + rest_columns > limit)      /* the name gives way first */
        name_columns =
            limit > rest_columns + NAME_COLUMNS_MIN ? limit - rest_columns : NAME_COLUMNS_MIN;
    struct mr_text line = {0};
    add_cut(&line, name.data ? name.data : "", name_columns);
    mr_text_add(&line, rest.data, rest.bytes);
    add_cut(out, line.data, limit);
    mr_text_deinit(&line);
    mr_text_deinit(&rest);
    mr_text_deinit(&name);
}
