#include "scenarios/run/outcome.h"

#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 24, LINE_BYTES = 240 };

/* Equality. */

/* Written decimals need not be the double that a sum has become. */
static bool is_close(double expected, double actual)
{
    double wide = expected < 0 ? -expected : expected, span = expected - actual;
    if (span < 0) span = -span;
    return expected == actual || span <= 1e-9 * wide;
}

static bool is_value(struct mr_value expected, struct mr_value actual)
{
    if (expected.type == MR_TYPE_FLOAT && actual.type == MR_TYPE_FLOAT &&
        is_close(expected.f, actual.f))
        return true;
    return mr_value_same(expected, actual);
}

static bool is_row(const struct mr_schema *schema, const struct mr_test_row *row,
    const struct mr_outcome *outcome)
{
    for (uint32_t f = 0; f < schema->n_fields; f++)
        if (!is_value(row->row[f], outcome->row[f])) return false;
    return true;
}

static bool matches(const struct mr_schema *schema, const struct mr_test_row *row,
    const struct mr_outcome *outcome)
{
    const struct mr_pane *pane = &outcome->pane;
    if (row->has_window &&
        (!outcome->has_window || row->window_start_us != outcome->window_start_us ||
            row->window_end_us != outcome->window_end_us))
        return false;
    if (row->has_time && row->time_us != outcome->time_us) return false;
    if (row->timing >= 0 && row->timing != pane->timing) return false;
    if (row->index >= 0 && row->index != pane->index) return false;
    if (row->nonspeculative_index >= 0 &&
        row->nonspeculative_index != pane->nonspeculative_index)
        return false;
    if (row->is_last >= 0 && row->is_last != pane->is_last) return false;
    if (row->kind >= 0 && row->kind != outcome->kind) return false;
    return is_row(schema, row, outcome);
}

/* Pairing: a maximal matching by augmenting paths. */

struct pairing {
    const struct mr_comparison *comparison;
    const struct mr_outcome **outcomes; /* [n_outcomes] */
    uint32_t n_outcomes;
    int32_t *claimed_by; /* [n_outcomes]: row; -1: nobody */
    int32_t *outcome_of; /* [n_rows] */
    bool *is_visited;    /* [n_outcomes] */
};

static bool find_outcome(struct pairing *pairing, uint32_t row)
{
    const struct mr_comparison *comparison = pairing->comparison;
    for (uint32_t o = 0; o < pairing->n_outcomes; o++) {
        if (pairing->is_visited[o] ||
            !matches(comparison->schema, &comparison->rows[row], pairing->outcomes[o]))
            continue;
        pairing->is_visited[o] = true;
        int32_t other = pairing->claimed_by[o];
        if (other >= 0 && !find_outcome(pairing, (uint32_t)other)) continue;
        pairing->claimed_by[o] = (int32_t)row;
        pairing->outcome_of[row] = (int32_t)o;
        return true;
    }
    return false;
}

static void pair(struct mr_arena *arena, struct pairing *pairing)
{
    uint32_t n_rows = pairing->comparison->n_rows, n = 0;
    for (const struct mr_outcome *one = pairing->comparison->outcomes; one; one = one->next)
        pairing->n_outcomes++;
    size_t places = pairing->n_outcomes + 1;
    pairing->outcomes = mr_arena_zalloc(arena, sizeof(struct mr_outcome *) * places);
    pairing->claimed_by = mr_arena_zalloc(arena, sizeof(int32_t) * places);
    pairing->is_visited = mr_arena_zalloc(arena, sizeof(bool) * places);
    pairing->outcome_of = mr_arena_zalloc(arena, sizeof(int32_t) * (n_rows + 1));
    for (const struct mr_outcome *one = pairing->comparison->outcomes; one; one = one->next)
        pairing->outcomes[n++] = one;
    for (uint32_t o = 0; o < n; o++) pairing->claimed_by[o] = -1;
    for (uint32_t r = 0; r < n_rows; r++) {
        pairing->outcome_of[r] = -1;
        memset(pairing->is_visited, 0, sizeof(bool) * places);
        find_outcome(pairing, r);
    }
}

/* Showing. */

/* Which parts of panes the step asks for; without any, what tells panes apart. */
enum part {
    PART_WINDOW = 1,
    PART_TIME = 2,
    PART_TIMING = 4,
    PART_INDEX = 8,
    PART_NONSPECULATIVE = 16,
    PART_LAST = 32,
    PART_KIND = 64
};

static unsigned parts_of(const struct mr_comparison *comparison)
{
    unsigned parts = 0;
    for (uint32_t i = 0; i < comparison->n_rows; i++) {
        const struct mr_test_row *row = &comparison->rows[i];
        if (row->has_window) parts |= PART_WINDOW;
        if (row->has_time) parts |= PART_TIME;
        if (row->timing >= 0) parts |= PART_TIMING;
        if (row->index >= 0) parts |= PART_INDEX;
        if (row->nonspeculative_index >= 0) parts |= PART_NONSPECULATIVE;
        if (row->is_last >= 0) parts |= PART_LAST;
        if (row->kind >= 0) parts |= PART_KIND;
    }
    return comparison->n_rows > 0 ? parts : PART_WINDOW | PART_TIMING;
}

struct line {
    char *out;
    size_t size;
    size_t used;
};

static void add_text(struct line *line, const char *text)
{
    size_t bytes = strlen(text);
    if (bytes > line->size - 1 - line->used) bytes = line->size - 1 - line->used;
    memcpy(line->out + line->used, text, bytes);
    line->used += bytes;
    line->out[line->used] = '\0';
}

static void add_row(
    struct line *line, const struct mr_schema *schema, const struct mr_value *row)
{
    char value[LINE_BYTES];
    for (uint32_t f = 0; f < schema->n_fields; f++) {
        add_text(line, f == 0 ? "{" : ", ");
        add_text(line, schema->fields[f].name);
        add_text(line, ": ");
        mr_value_format(row[f], value, sizeof value);
        add_text(line, value);
    }
    add_text(line, "}");
}

/* Small numbers of seconds are what steps are written with; dates are told as dates. */
static const char *time_text(mr_us at_us, char out[MR_TIME_TEXT_BYTES])
{
    mr_us whole = at_us / MR_SECOND_US, part = at_us % MR_SECOND_US;
    if (at_us < 0 || whole >= 100000000) return mr_timestamp_format(at_us, out);
    int used = snprintf(out, MR_TIME_TEXT_BYTES, "%lld", (long long)whole);
    if (part == 0) return out;
    used += snprintf(out + used, MR_TIME_TEXT_BYTES - (size_t)used, ".%06lld", (long long)part);
    while (out[used - 1] == '0') out[--used] = '\0';
    return out;
}

static void add_window(struct line *line, mr_us start_us, mr_us end_us)
{
    char start[MR_TIME_TEXT_BYTES], end[MR_TIME_TEXT_BYTES];
    if (start_us == MR_US_MIN) {
        add_text(line, " global");
        return;
    }
    add_text(line, " [");
    add_text(line, time_text(start_us, start));
    add_text(line, ", ");
    add_text(line, time_text(end_us, end));
    add_text(line, ")");
}

static void add_number(struct line *line, const char *what, int64_t number)
{
    char text[48];
    snprintf(text, sizeof text, " %s %lld", what, (long long)number);
    add_text(line, text);
}

static void add_pane(struct line *line, unsigned parts, const struct mr_test_row *row)
{
    static const char *const timings[] = {" early", " on time", " late", " unknown"};
    static const char *const kinds[] = {
        " insert", " update_before", " update_after", " delete"};
    char time[MR_TIME_TEXT_BYTES];
    if (parts & PART_WINDOW && row->has_window)
        add_window(line, row->window_start_us, row->window_end_us);
    if (parts & PART_TIME && row->has_time) {
        add_text(line, " at ");
        add_text(line, time_text(row->time_us, time));
    }
    if (parts & PART_TIMING && row->timing >= 0) add_text(line, timings[row->timing]);
    if (parts & PART_INDEX && row->index >= 0) add_number(line, "index", row->index);
    if (parts & PART_NONSPECULATIVE && row->nonspeculative_index >= 0)
        add_number(line, "nonspeculative",
            row->nonspeculative_index == MR_PANE_SPECULATIVE ? -1 : row->nonspeculative_index);
    if (parts & PART_LAST && row->is_last >= 0)
        add_text(line, row->is_last ? " last" : " not last");
    if (parts & PART_KIND && row->kind >= 0) add_text(line, kinds[row->kind]);
}

static void add_expected(struct line *line, const struct mr_comparison *comparison,
    unsigned parts, const struct mr_test_row *row)
{
    add_row(line, comparison->schema, row->row);
    add_pane(line, parts, row);
}

static void add_actual(struct line *line, const struct mr_comparison *comparison,
    unsigned parts, const struct mr_outcome *outcome)
{
    const struct mr_test_row shown = {.has_time = true,
        .time_us = outcome->time_us,
        .has_window = outcome->has_window,
        .window_start_us = outcome->window_start_us,
        .window_end_us = outcome->window_end_us,
        .timing = outcome->has_window ? outcome->pane.timing : -1,
        .index = outcome->pane.index,
        .nonspeculative_index = outcome->pane.nonspeculative_index,
        .is_last = outcome->pane.is_last,
        .kind = outcome->kind};
    add_row(line, comparison->schema, outcome->row);
    add_pane(line, parts, &shown);
}

/* How much of what a row asks for an outcome has. */
static uint32_t likeness(const struct mr_schema *schema, const struct mr_test_row *row,
    const struct mr_outcome *outcome)
{
    uint32_t n = row->has_window && row->window_start_us == outcome->window_start_us;
    for (uint32_t f = 0; f < schema->n_fields; f++) n += is_value(row->row[f], outcome->row[f]);
    return n;
}

/* The unclaimed outcome to stand beside a row that has none: the one that is most like it. */
static int32_t nearest(const struct pairing *pairing, uint32_t row)
{
    const struct mr_comparison *comparison = pairing->comparison;
    int32_t best = -1;
    uint32_t most = 0;
    for (uint32_t o = 0; o < pairing->n_outcomes; o++) {
        if (pairing->claimed_by[o] != -1) continue;
        uint32_t n = likeness(comparison->schema, &comparison->rows[row], pairing->outcomes[o]);
        if (best >= 0 && n <= most) continue;
        best = (int32_t)o;
        most = n;
    }
    return best;
}

static void show(struct pairing *pairing, struct mr_witness *witness)
{
    const struct mr_comparison *comparison = pairing->comparison;
    unsigned parts = parts_of(comparison);
    struct line expected = {witness->expected, sizeof witness->expected, 0};
    struct line actual = {witness->actual, sizeof witness->actual, 0};
    uint32_t n_lines = 0;
    for (uint32_t r = 0; r < comparison->n_rows && n_lines < LINES_MAX; r++, n_lines++) {
        int32_t outcome = pairing->outcome_of[r];
        bool is_right = outcome >= 0;
        if (!is_right) outcome = nearest(pairing, r);
        add_text(&expected, is_right ? "  " : "! ");
        add_expected(&expected, comparison, parts, &comparison->rows[r]);
        add_text(&expected, "\n");
        if (outcome >= 0) {
            pairing->claimed_by[outcome] = is_right ? (int32_t)r : -2; /* shown */
            add_text(&actual, is_right ? "  " : "! ");
            add_actual(&actual, comparison, parts, pairing->outcomes[outcome]);
        } else {
            add_text(&actual, "-");
        }
        add_text(&actual, "\n");
    }
    for (uint32_t o = 0; o < pairing->n_outcomes && n_lines < LINES_MAX; o++) {
        if (pairing->claimed_by[o] != -1) continue;
        add_text(&expected, "-\n");
        add_text(&actual, "! ");
        add_actual(&actual, comparison, parts, pairing->outcomes[o]);
        add_text(&actual, "\n");
        n_lines++;
    }
}

uint32_t mr_outcome_compare(struct mr_arena *arena, const struct mr_comparison *comparison,
    uint32_t *n_more, struct mr_witness *witness)
{
    struct pairing pairing = {.comparison = comparison};
    pair(arena, &pairing);
    uint32_t n_less = 0;
    *n_more = 0;
    for (uint32_t r = 0; r < comparison->n_rows; r++) n_less += pairing.outcome_of[r] < 0;
    for (uint32_t o = 0; o < pairing.n_outcomes; o++) *n_more += pairing.claimed_by[o] < 0;
    if ((n_less > 0 || *n_more > 0) && witness) show(&pairing, witness);
    return n_less;
}
