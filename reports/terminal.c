#include "reports/terminal.h"

#include <string.h>

#include "base/point.h"
#include "reports/terminal_internal.h"

enum { WORD_COLUMNS = 5, NAME_COLUMNS = 36, INDENT = 4, FIELD_GAP = 2, BITS = 64 };

/* One scenario's lines, while they are written. */
struct page {
    struct mr_text *out;
    const struct mr_terminal_style *style;
    const struct mr_tally *tally;
    uint32_t column; /* of the line that is being written */
};

static uint64_t seeds_asked(const struct mr_tally *tally)
{
    return tally->seeds + tally->n_lost;
}

static uint64_t seeds_good(const struct mr_tally *tally)
{
    return tally->passed + tally->expected;
}

/* The first line. */

static void add_word(struct page *page, enum mr_tally_verdict verdict)
{
    const char *word = mr_terminal_look(verdict)->word;
    mr_paint_begin(page->out, page->style, mr_terminal_look(verdict)->paint);
    mr_text_printf(page->out, "%s", word);
    mr_paint_end(page->out, page->style);
    int blanks = WORD_COLUMNS + 1 - (int)strlen(word);
    mr_text_printf(page->out, "%*s", blanks > 0 ? blanks : 1, "");
    page->column = (uint32_t)strlen(word) + (uint32_t)(blanks > 0 ? blanks : 1);
}

static void add_name(struct page *page)
{
    mr_paint_begin(page->out, page->style, MR_PAINT_STRONG);
    uint32_t columns = mr_text_plain(page->out, page->tally->scenario->name);
    mr_paint_end(page->out, page->style);
    for (; columns < NAME_COLUMNS; columns++) mr_text_add(page->out, " ", 1);
    page->column += columns;
}

/* Takes over `field`. A field that does not fit goes to a line of its own, further in. */
static void add_field(struct page *page, uint32_t width, struct mr_text *field)
{
    uint32_t columns = mr_text_columns(field->data);
    if (columns < width) columns = width;
    uint32_t limit = page->style->columns;
    if (limit && page->column + FIELD_GAP + columns > limit) {
        mr_text_printf(page->out, "\n%*s", WORD_COLUMNS - 1, "");
        page->column = WORD_COLUMNS - 1;
    }
    uint32_t blanks = columns - mr_text_columns(field->data) + FIELD_GAP;
    mr_text_printf(page->out, "%*s%s", (int)blanks, "", field->data);
    page->column += FIELD_GAP + columns;
    mr_text_deinit(field);
    *field = (struct mr_text){0};
}

static void add_counted(struct page *page, uint32_t width, uint64_t count, const char *noun)
{
    struct mr_text field = {0};
    mr_text_short_count(&field, count);
    mr_text_printf(&field, " %s", noun);
    add_field(page, width, &field);
}

static void add_times(struct page *page, double seconds)
{
    struct mr_text field = {0};
    mr_text_span(&field, page->tally->virtual_ns);
    mr_text_printf(&field, " simulated");
    add_field(page, 18, &field);
    if (seconds <= 0) return;
    mr_rate_add(&field, (double)page->tally->virtual_ns / 1e9 / seconds);
    mr_text_printf(&field, "x real time");
    add_field(page, 16, &field);
    mr_rate_add(&field, (double)page->tally->seeds / seconds);
    mr_text_printf(&field, " seeds/s");
    add_field(page, 13, &field);
}

static void add_first_line(struct page *page, double seconds)
{
    const struct mr_tally *tally = page->tally;
    add_word(page, mr_tally_verdict(tally));
    add_name(page);
    struct mr_text field = {0};
    mr_text_count(&field, seeds_good(tally));
    mr_text_printf(&field, "/");
    mr_text_count(&field, seeds_asked(tally));
    mr_text_printf(&field, " seeds");
    add_field(page, 13, &field);
    add_times(page, seconds);
    add_counted(page, 17, tally->counts.checkpoints, "checkpoints");
    add_counted(page, 14, tally->counts.restores, "restores");
    add_counted(page, 10, tally->counts.rows_dropped, "late");
    mr_text_add(page->out, "\n", 1);
}

/* What stands below it. */

static char *command_of(const struct page *page, uint64_t seed)
{
    struct mr_text command = {0};
    mr_text_command(&command, page->tally->scenario->path, seed, page->style->options);
    return command.data;
}

/* Takes over `text`. */
static void add_remark(struct page *page, const char *paint, struct mr_text *text)
{
    mr_text_printf(page->out, "%*s", INDENT, "");
    if (paint) mr_paint_begin(page->out, page->style, paint);
    mr_paragraph_add(page->out, page->style, INDENT, text->data);
    if (paint) mr_paint_end(page->out, page->style);
    mr_text_deinit(text);
    *text = (struct mr_text){0};
}

static void add_finding(struct page *page, const struct mr_tally_finding *finding)
{
    char *command = command_of(page, finding->first_seed);
    struct mr_sighting sighting = {.count = finding->count,
        .seeds = finding->seeds,
        .of_seeds = page->tally->seeds,
        .first_seed = finding->first_seed};
    mr_witness_add(page->out, page->style, &finding->witness, &sighting, command);
    mr_free(command);
}

/* The first seed's witness, in two sentences. */
static void add_example(struct page *page, const struct mr_tally_finding *finding)
{
    const struct mr_witness *witness = &finding->witness;
    struct mr_text text = {0}, window = {0};
    mr_text_window(&window, witness->window_start_us, witness->window_end_us);
    mr_text_printf(
        &text, "seed %llu: %s", (unsigned long long)finding->first_seed, witness->summary);
    if (witness->key[0]) mr_text_printf(&text, "; key %s", witness->key);
    if (window.data) mr_text_printf(&text, "; window %s", window.data);
    add_remark(page, NULL, &text);
    if (witness->cause[0]) {
        mr_text_printf(&text, "cause: %s", witness->cause);
        add_remark(page, NULL, &text);
    }
    mr_text_deinit(&window);
}

static void add_expected_finding(struct page *page, const struct mr_tally_finding *finding)
{
    const struct mr_expectation *expect = &page->tally->scenario->expect;
    struct mr_text text = {0};
    mr_text_printf(&text, "as expected: %s %s in ", mr_check_name(finding->check),
        mr_verdict_name(finding->verdict));
    mr_text_count(&text, finding->seeds);
    mr_text_printf(&text, " of ");
    mr_text_count(&text, page->tally->seeds);
    mr_text_printf(&text, " seeds");
    if (expect->seeds_at_least)
        mr_text_printf(&text, " (at least %u asked for%s)", expect->seeds_at_least,
            page->tally->is_whole ? "" : ", not judged over a part of the seeds");
    add_remark(page, NULL, &text);
    add_example(page, finding);
    char *command = command_of(page, finding->first_seed);
    mr_text_printf(page->out, "%*s%s\n", INDENT, "", command);
    mr_free(command);
}

static void add_findings(struct page *page)
{
    const struct mr_tally *tally = page->tally;
    for (uint32_t i = 0; i < tally->n_findings; i++)
        if (!tally->findings[i].is_expected) add_finding(page, &tally->findings[i]);
    for (uint32_t i = 0; i < tally->n_findings; i++)
        if (tally->findings[i].is_expected) add_expected_finding(page, &tally->findings[i]);
}

static void add_missing_failure(struct page *page)
{
    const struct mr_tally *tally = page->tally;
    const struct mr_expectation *expect = &tally->scenario->expect;
    if (!expect->is_failure) return;
    uint64_t seeds = 0;
    for (uint32_t i = 0; i < tally->n_findings; i++)
        if (tally->findings[i].is_expected) seeds += tally->findings[i].seeds;
    struct mr_text text = {0};
    if (!mr_tally_expectation_holds(tally)) {
        mr_text_printf(&text,
            "the expected failure stayed away: %s %s in %llu of %llu seeds, at least %u "
            "asked for",
            mr_check_name(expect->check), mr_verdict_name(expect->verdict),
            (unsigned long long)seeds, (unsigned long long)tally->seeds,
            expect->seeds_at_least ? expect->seeds_at_least : 1);
        add_remark(page, MR_PAINT_BAD, &text);
    } else if (!tally->is_whole && seeds == 0) {
        mr_text_printf(&text,
            "%s %s is expected in at least %u seeds: not judged over a part of them",
            mr_check_name(expect->check), mr_verdict_name(expect->verdict),
            expect->seeds_at_least);
        add_remark(page, MR_PAINT_QUIET, &text);
    }
}

static void add_missed_milestones(struct page *page)
{
    uint64_t missed = mr_tally_missed(page->tally);
    for (int i = 0; i < MR_SOMETIMES_COUNT; i++) {
        if (!(missed >> i & 1)) continue;
        struct mr_text text = {0};
        mr_text_printf(&text, "milestone %s was reached in no seed: %s", mr_sometimes[i].name,
            mr_sometimes[i].about);
        add_remark(page, MR_PAINT_BAD, &text);
    }
}

static bool fault_struck(const struct mr_tally *tally, uint32_t fault)
{
    return fault >= BITS || (tally->faults_struck >> fault & 1);
}

/* A fault that never struck tests nothing, in a campaign that is whole. */
static void add_idle_faults(struct page *page)
{
    const struct mr_tally *tally = page->tally;
    if (!tally->is_whole || tally->seeds == 0) return;
    for (uint32_t i = 0; i < tally->scenario->n_faults; i++) {
        if (fault_struck(tally, i)) continue;
        struct mr_text text = {0};
        mr_text_printf(&text, "note: the fault '%s' struck in no seed",
            tally->scenario->faults[i].fault.name);
        add_remark(page, MR_PAINT_WARNING, &text);
    }
}

static void add_faults(struct page *page)
{
    const struct mr_tally *tally = page->tally;
    struct mr_text text = {0};
    for (uint32_t i = 0; i < tally->scenario->n_faults && i < BITS; i++) {
        mr_text_printf(&text, "%s%s in ",
            i ? ", " : "faults struck: ", tally->scenario->faults[i].fault.name);
        mr_text_count(&text, tally->fault_seeds[i]);
        if (i == 0) mr_text_printf(&text, " of %llu seeds", (unsigned long long)tally->seeds);
    }
    if (text.data) add_remark(page, MR_PAINT_QUIET, &text);
}

static void add_lost(struct page *page)
{
    const struct mr_tally *tally = page->tally;
    uint64_t n = tally->n_lost < MR_TALLY_LOST_MAX ? tally->n_lost : MR_TALLY_LOST_MAX;
    struct mr_text text = {0};
    for (uint64_t i = 0; i < n; i++) {
        const struct mr_lost_seed *lost = &tally->lost[i];
        mr_text_printf(
            &text, "seed %llu: Millrace itself died: ", (unsigned long long)lost->seed);
        mr_text_death(&text, lost->signal, lost->code);
        add_remark(page, MR_PAINT_BAD, &text);
        char *command = command_of(page, lost->seed);
        mr_text_printf(page->out, "%*s%s\n", INDENT, "", command);
        mr_free(command);
    }
    if (tally->n_lost > n) {
        mr_text_printf(&text, "and %llu more", (unsigned long long)(tally->n_lost - n));
        add_remark(page, NULL, &text);
    }
}

static void add_divergence(struct page *page)
{
    const struct mr_tally *tally = page->tally;
    struct mr_text text = {0};
    if (tally->diverged) {
        mr_text_printf(&text, "two runs of a seed differed, in %llu seeds",
            (unsigned long long)tally->diverged);
        add_remark(page, MR_PAINT_BAD, &text);
    }
    if (tally->universe_failures) {
        mr_text_printf(&text, "going back in time led to another future, %llu times",
            (unsigned long long)tally->universe_failures);
        add_remark(page, MR_PAINT_BAD, &text);
    }
}

/* "1,842 of 1,842 crash points held". */
static void add_crash_points(struct page *page, double seconds)
{
    const struct mr_tally *tally = page->tally;
    if (tally->crash_points == 0) return;
    struct mr_text text = {0};
    mr_text_count(&text, tally->crash_points - tally->crash_points_failed);
    mr_text_printf(&text, " of ");
    mr_text_count(&text, tally->crash_points);
    mr_text_printf(&text, " crash points held: ");
    mr_text_count(&text, tally->crash_steps);
    mr_text_printf(&text, " events");
    if (seconds > 0) mr_text_printf(&text, ", in %.2f s", seconds);
    add_remark(page, tally->crash_points_failed ? MR_PAINT_BAD : NULL, &text);
}

void mr_terminal_scenario(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_tally *tally, double seconds)
{
    MR_ASSERT(tally->n_findings <= MR_TALLY_FINDINGS_MAX);
    struct page page = {.out = out, .style = style, .tally = tally};
    add_first_line(&page, seconds);
    add_lost(&page);
    add_crash_points(&page, seconds);
    add_divergence(&page);
    add_findings(&page);
    add_missing_failure(&page);
    add_missed_milestones(&page);
    if (mr_tally_verdict(tally) != MR_TALLY_PASSED) add_faults(&page);
    add_idle_faults(&page);
}
