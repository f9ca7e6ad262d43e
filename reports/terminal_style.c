/* How the terminal's report looks: paint, the words of verdicts, lines that end where the
 * terminal does. */
#include <string.h>

#include "reports/terminal_internal.h"

enum { WRAPPED_COLUMNS_MIN = 40 };

const struct mr_terminal_look *mr_terminal_look(enum mr_tally_verdict verdict)
{
    static const struct mr_terminal_look looks[] = {
        [MR_TALLY_PASSED] = {"PASS", MR_PAINT_GOOD, "passed"},
        [MR_TALLY_FAILED] = {"FAIL", MR_PAINT_BAD, "failed"},
        [MR_TALLY_LIMIT] = {"LIMIT", MR_PAINT_WARNING, "ran into limits"},
        [MR_TALLY_LOST] = {"LOST", MR_PAINT_BAD, "lost seeds"},
        [MR_TALLY_DIVERGED] = {"DIVERGED", MR_PAINT_BAD, "diverged"},
    };
    MR_ASSERT(verdict < sizeof looks / sizeof looks[0]);
    return &looks[verdict];
}

void mr_paint_begin(
    struct mr_text *out, const struct mr_terminal_style *style, const char *paint)
{
    if (style->has_color) mr_text_printf(out, "\033[%sm", paint);
}

void mr_paint_end(struct mr_text *out, const struct mr_terminal_style *style)
{
    if (style->has_color) mr_text_printf(out, "\033[0m");
}

static uint32_t word_columns(const char *at)
{
    uint32_t columns = 0;
    for (; *at && *at != ' '; at++)
        if ((*at & 0xC0) != 0x80) columns++;
    return columns;
}

void mr_paragraph_add(struct mr_text *out, const struct mr_terminal_style *style,
    uint32_t indent, const char *text)
{
    struct mr_text plain = {0};
    mr_text_plain(&plain, text);
    bool is_wrapped = style->columns >= indent + WRAPPED_COLUMNS_MIN;
    uint32_t column = indent;
    for (const char *at = plain.data; at && *at;) {
        size_t blanks = strspn(at, " "), bytes = strcspn(at + blanks, " ");
        uint32_t width = (uint32_t)blanks + word_columns(at + blanks);
        if (is_wrapped && column > indent && column + width > style->columns) {
            mr_text_printf(out, "\n%*s", (int)indent, "");
            at += blanks;
            width -= (uint32_t)blanks;
            blanks = 0;
            column = indent;
        }
        mr_text_add(out, at, blanks + bytes);
        at += blanks + bytes;
        column += width;
    }
    mr_text_add(out, "\n", 1);
    mr_text_deinit(&plain);
}

void mr_rate_add(struct mr_text *out, double per_second)
{
    if (per_second >= 1000)
        mr_text_short_count(out, (uint64_t)per_second);
    else
        mr_text_printf(out, "%.*f", per_second < 10 ? 1 : 0, per_second);
}
