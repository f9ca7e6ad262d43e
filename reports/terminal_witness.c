/* A witness as a paragraph: the sentence first, then what a person needs to believe it. */
#include <string.h>

#include "reports/terminal_internal.h"

enum { LABEL_INDENT = 4, VALUE_INDENT = 18 };

static void add_label(
    struct mr_text *out, const struct mr_terminal_style *style, const char *label)
{
    mr_text_printf(out, "%*s", LABEL_INDENT, "");
    mr_paint_begin(out, style, MR_PAINT_QUIET);
    mr_text_printf(out, "%-*s", VALUE_INDENT - LABEL_INDENT, label);
    mr_paint_end(out, style);
}

static void add_value(struct mr_text *out, const struct mr_terminal_style *style,
    const char *label, const char *value)
{
    if (!value || !*value) return;
    add_label(out, style, label);
    mr_paragraph_add(out, style, VALUE_INDENT, value);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void add_sighting(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_sighting *sighting)
{
    struct mr_text text = {0};
    if (sighting->seeds) {
        mr_text_count(&text, sighting->seeds);
        mr_text_printf(&text, " of ");
        mr_text_count(&text, sighting->of_seeds);
        mr_text_printf(&text, " seed%s, ", plural(sighting->of_seeds));
    }
    mr_text_count(&text, sighting->count);
    mr_text_printf(&text, " time%s", plural(sighting->count));
    if (sighting->seeds)
        mr_text_printf(&text, ", first in seed %llu", (unsigned long long)sighting->first_seed);
    if (sighting->seeds || sighting->count > 1) add_value(out, style, "found in", text.data);
    mr_text_deinit(&text);
}

static void add_moment(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_witness *witness)
{
    struct mr_text text = {0};
    mr_text_span(&text, witness->at_ns);
    mr_text_printf(&text, " of virtual time, event ");
    mr_text_count(&text, witness->step);
    if (witness->transform[0]) mr_text_printf(&text, ", in %s", witness->transform);
    add_value(out, style, "noticed at", text.data);
    mr_text_deinit(&text);
}

static void add_inputs(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_witness *witness)
{
    uint32_t n = witness->n_inputs < MR_WITNESS_ROWS ? witness->n_inputs : MR_WITNESS_ROWS;
    for (uint32_t i = 0; i < n; i++)
        add_value(out, style, i == 0 ? "input" : "", witness->inputs[i]);
    if (witness->n_inputs > n) {
        add_label(out, style, "");
        mr_text_printf(out, "and %u more\n", witness->n_inputs - n);
    }
}

/* Lists of rows, a line each: what stands in one line of both belongs together. */
static size_t widest_line(const char *lines)
{
    size_t widest = 0;
    for (; *lines; lines += strcspn(lines, "\n"), lines += *lines == '\n') {
        size_t bytes = strcspn(lines, "\n");
        if (bytes > widest) widest = bytes;
    }
    return widest;
}

static void add_side(struct mr_text *out, const char **lines, size_t width)
{
    size_t bytes = strcspn(*lines, "\n");
    mr_text_printf(out, "%.*s", (int)bytes, *lines);
    for (size_t i = bytes; i < width; i++) mr_text_printf(out, " ");
    *lines += bytes + ((*lines)[bytes] == '\n');
}

static void add_both(struct mr_text *out, const struct mr_terminal_style *style,
    const char *expected, const char *actual)
{
    size_t width = widest_line(expected);
    static const char title[] = "expected";
    if (width < sizeof title - 1) width = sizeof title - 1;
    mr_text_printf(out, "%*s", LABEL_INDENT, "");
    mr_paint_begin(out, style, MR_PAINT_QUIET);
    mr_text_printf(out, "%-*s  | %s", (int)width, title, "actual");
    mr_paint_end(out, style);
    mr_text_printf(out, "\n");
    while (*expected || *actual) {
        mr_text_printf(out, "%*s", LABEL_INDENT, "");
        add_side(out, &expected, width);
        mr_text_printf(out, "  | ");
        add_side(out, &actual, 0);
        mr_text_printf(out, "\n");
    }
}

void mr_witness_add(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_witness *witness, const struct mr_sighting *sighting, const char *command)
{
    mr_text_printf(out, "  %s ", mr_check_name(witness->check));
    mr_paint_begin(out, style, MR_PAINT_BAD);
    mr_text_printf(out, "%s", mr_verdict_name(witness->verdict));
    mr_paint_end(out, style);
    mr_text_printf(out, "\n%*s", LABEL_INDENT, "");
    mr_paragraph_add(out, style, LABEL_INDENT, witness->summary);
    add_sighting(out, style, sighting);
    add_moment(out, style, witness);
    add_value(out, style, "key", witness->key);
    struct mr_text window = {0};
    mr_text_window(&window, witness->window_start_us, witness->window_end_us);
    add_value(out, style, "window", window.data);
    mr_text_deinit(&window);
    if (strchr(witness->expected, '\n') || strchr(witness->actual, '\n')) {
        add_both(out, style, witness->expected, witness->actual);
    } else {
        add_value(out, style, "expected", witness->expected);
        add_value(out, style, "actual", witness->actual);
    }
    add_inputs(out, style, witness);
    add_value(out, style, "cause", witness->cause);
    if (!command || !*command) return;
    add_label(out, style, "see it again");
    mr_text_printf(out, "%s\n", command); /* one line, to be copied: never broken */
}

void mr_terminal_witness(struct mr_text *out, const struct mr_terminal_style *style,
    const struct mr_witness *witness, uint64_t count, const char *command)
{
    mr_witness_add(out, style, witness, &(struct mr_sighting){.count = count}, command);
}
